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

/* The chassis that send to a gateway watch its group's members: those with
 * workloads on a switch of the router, or of any router that reaches it. */

static const struct nb_logical_router *
leader(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    const struct nb_logical_router *leader = get_row_by_row(
        ctx, F_ROUTER_GROUP, lr);

    return leader ? leader : lr;
}

static void
switch_port_chassis(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct incr_group *routers = LOOKUP(ctx, F_SWITCH_ROUTERS, sp->ls);
    const struct sb_port_binding *pb;
    const struct sb_chassis *chassis;

    if (!routers || lsp_is_type(ctx, sp->lsp, "router")) {
        return;
    }
    pb = get_row_by_name(ctx, F_BINDING,
                         nb_logical_switch_port_get_name(ctx, sp->lsp));
    chassis = pb ? sb_port_binding_get_chassis(ctx, pb) : NULL;
    if (chassis) {
        /* All routers of a switch are in one group. */
        const struct switch_router *sr = incr_group_value(routers, 0);
        const struct nb_logical_router *lr = leader(ctx, sr->rp.lr);

        EMIT(ctx, F_ROUTER_CHASSIS, lr, chassis);
    }
}

static void
router_port_refs(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct nb_ha_chassis_group *ha
        = nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp);
    const struct incr_group *refs;
    struct row_id id = { F_SB_HA_GROUP, NULL, 0 };
    const struct nb_logical_router *lr;
    size_t n;

    if (ha) {
        id.key = nb_ha_chassis_group_get_name(ctx, ha);
        nb_ha_chassis_group_get_ha_chassis(ctx, ha, &n);
    } else {
        id.key = nb_logical_router_port_get_name(ctx, rp->lrp);
        nb_logical_router_port_get_gateway_chassis(ctx, rp->lrp, &n);
    }
    id.size = strlen(id.key);
    lr = leader(ctx, rp->lr);
    refs = n > 1 ? LOOKUP(ctx, F_ROUTER_CHASSIS, lr) : NULL;
    for (size_t i = 0; refs && i < refs->n; i++) {
        const struct sb_chassis *chassis = *(const void *const *)
            incr_group_value(refs, i);

        cell_uuid(ctx, &id, SB_HA_CHASSIS_GROUP_COL_REF_CHASSIS,
                  &chassis->header.uuid);
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
    UNIT_GROUP(RANK_ADDRESS, F_SWITCH_PORT, switch_port_chassis),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_refs),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_ha_group));
