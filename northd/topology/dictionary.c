/* SPDX-License-Identifier: Apache-2.0 */

/* Tables whose rows do not depend on the northbound database: the DHCP
 * options that actions may name, and the roles that controllers have. */

#include <string.h>

#include "lib/logical/dhcp_options.h"
#include "northd/program.h"
#include "northd/sync/cells.h"

static void
put_dhcpv4_options(struct incr_ctx *ctx)
{
    for (const struct option_def *d = dhcpv4_option_defs; d->name; d++) {
        const struct row_id id = { F_SB_DHCP, d->name, strlen(d->name) };

        cell_string(ctx, &id, SB_DHCP_OPTIONS_COL_NAME, d->name);
        cell_int(ctx, &id, SB_DHCP_OPTIONS_COL_CODE, d->code);
        cell_string(ctx, &id, SB_DHCP_OPTIONS_COL_TYPE,
                    option_type_to_string(d->type));
    }
}

static void
put_dhcpv6_options(struct incr_ctx *ctx)
{
    const struct northd_env *env = incr_aux(ctx);

    for (const struct option_def *d = dhcpv6_option_defs; d->name; d++) {
        const struct row_id id = { F_SB_DHCPV6, d->name, strlen(d->name) };

        /* Older schemas do not have the type. */
        if (d->type == OPTION_DOMAIN && env->old_schema) {
            continue;
        }

        cell_string(ctx, &id, SB_DHCPV6_OPTIONS_COL_NAME, d->name);
        cell_int(ctx, &id, SB_DHCPV6_OPTIONS_COL_CODE, d->code);
        cell_string(ctx, &id, SB_DHCPV6_OPTIONS_COL_TYPE,
                    option_type_to_string(d->type));
    }
}

/* What the role "ovn-controller" may do to each table.  'authorization' names
 * the columns that tell whose row it is; "" lets every client. */
static const struct {
    const char *table;
    const char *authorization;
    bool insert_delete;
    const char *update[8];
} permissions[] = {
    { "Chassis", "name", true,
      { "nb_cfg", "external_ids", "encaps", "vtep_logical_switches",
        "other_config", "hostname", "transport_zones" } },
    { "Chassis_Private", "name", true,
      { "nb_cfg", "nb_cfg_timestamp", "chassis", "external_ids" } },
    { "Encap", "chassis_name", true, { "type", "options", "ip" } },
    { "Controller_Event", "", true,
      { "chassis", "event_info", "event_type", "seq_num" } },
    { "Port_Binding", "", false,
      { "chassis", "additional_chassis", "encap", "additional_encap", "up",
        "virtual_parent", "options" } },
    { "MAC_Binding", "", true,
      { "logical_port", "ip", "mac", "datapath", "timestamp" } },
    { "FDB", "", true, { "dp_key", "mac", "port_key", "timestamp" } },
    { "Service_Monitor", "", false, { "status" } },
    { "IGMP_Group", "", true,
      { "address", "chassis", "datapath", "ports", "protocol",
        "chassis_name" } },
    { "BFD", "chassis_name", false, { "status" } },
};

static void
put_roles(struct incr_ctx *ctx)
{
    const struct row_id role = { F_SB_RBAC_ROLE, "ovn-controller", 14 };

    cell_string(ctx, &role, SB_RBAC_ROLE_COL_NAME, "ovn-controller");
    for (size_t i = 0; i < ARRAY_SIZE(permissions); i++) {
        const char *table = permissions[i].table;
        const struct row_id id = { F_SB_RBAC_PERMISSION, table,
                                   strlen(table) };

        cell_string(ctx, &id, SB_RBAC_PERMISSION_COL_TABLE, table);
        cell_string(ctx, &id, SB_RBAC_PERMISSION_COL_AUTHORIZATION,
                    permissions[i].authorization);
        cell_bool(ctx, &id, SB_RBAC_PERMISSION_COL_INSERT_DELETE,
                  permissions[i].insert_delete);
        for (size_t j = 0; j < ARRAY_SIZE(permissions[i].update)
                           && permissions[i].update[j]; j++) {
            cell_string(ctx, &id, SB_RBAC_PERMISSION_COL_UPDATE,
                        permissions[i].update[j]);
        }
        cell_pair_ref(ctx, &role, SB_RBAC_ROLE_COL_PERMISSIONS, table, &id);
    }
}

static void
dictionary(struct incr_ctx *ctx, const void *nb_global)
{
    put_dhcpv4_options(ctx);
    put_dhcpv6_options(ctx);
    put_roles(ctx);
}

UNIT_LIST(dictionary_units,
    UNIT_ROW(RANK_OUT, T_NB(NB_GLOBAL), dictionary));
