/* SPDX-License-Identifier: Apache-2.0 */

/* HA_Chassis_Group and HA_Chassis rows, from the groups of the northbound
 * database and, under the port's name, from the gateway chassis of a router
 * port. */

#include <string.h>

#include "northd/program.h"
#include "northd/sync/cells.h"

static void
put_member(struct incr_ctx *ctx, const struct row_id *group, const char *name,
           int64_t priority)
{
    struct str *s = incr_scratch(ctx, 6);
    const struct sb_chassis *chassis = get_row_by_name(ctx, F_CHASSIS, name);
    struct row_id id = { F_SB_HA_CHASSIS, NULL, 0 };

    str_put_bytes(s, group->key, group->size);
    str_put_char(s, '\0');
    str_put(s, name);
    id.key = s->string;
    id.size = s->length;

    cell_int(ctx, &id, SB_HA_CHASSIS_COL_PRIORITY, priority);
    cell_pair(ctx, &id, SB_HA_CHASSIS_COL_EXTERNAL_IDS, "chassis-name", name);
    if (chassis) {
        cell_uuid(ctx, &id, SB_HA_CHASSIS_COL_CHASSIS, &chassis->header.uuid);
    }
    cell_ref(ctx, group, SB_HA_CHASSIS_GROUP_COL_HA_CHASSIS, &id);
}

static void
ha_group(struct incr_ctx *ctx, const void *row)
{
    const char *name = nb_ha_chassis_group_get_name(ctx, row);
    const struct row_id id = { F_SB_HA_GROUP, name, strlen(name) };
    size_t n;
    struct nb_ha_chassis *const *members
        = nb_ha_chassis_group_get_ha_chassis(ctx, row, &n);

    cell_string(ctx, &id, SB_HA_CHASSIS_GROUP_COL_NAME, name);
    cell_map(ctx, &id, SB_HA_CHASSIS_GROUP_COL_EXTERNAL_IDS,
             nb_ha_chassis_group_get_external_ids(ctx, row));
    for (size_t i = 0; i < n; i++) {
        put_member(ctx, &id, nb_ha_chassis_get_chassis_name(ctx, members[i]),
                   nb_ha_chassis_get_priority(ctx, members[i]));
    }
}

static void
router_port_ha_group(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *name = nb_logical_router_port_get_name(ctx, rp->lrp);
    const struct row_id id = { F_SB_HA_GROUP, name, strlen(name) };
    size_t n;
    struct nb_gateway_chassis *const *members
        = nb_logical_router_port_get_gateway_chassis(ctx, rp->lrp, &n);

    if (!n || nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp)) {
        return;
    }
    cell_string(ctx, &id, SB_HA_CHASSIS_GROUP_COL_NAME, name);
    for (size_t i = 0; i < n; i++) {
        put_member(ctx, &id,
                   nb_gateway_chassis_get_chassis_name(ctx, members[i]),
                   nb_gateway_chassis_get_priority(ctx, members[i]));
    }
}

UNIT_LIST(ha_units,
    UNIT_ROW(RANK_OUT, T_NB(HA_CHASSIS_GROUP), ha_group),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_ha_group));
