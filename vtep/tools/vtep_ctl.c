/* SPDX-License-Identifier: Apache-2.0 */

/* vtep-ctl: examines and changes the database of a hardware VTEP gateway. */

#include "vtep/tools/vtep_ctl.h"

#include "lib/base/alloc.h"

#define EXIT_NO_SUCH_ROW 2

const struct replica_table_class *const vtep_ctl_switch_tables[] = {
    &vtep_global_table, &vtep_physical_switch_table,
    &vtep_physical_port_table, &vtep_logical_switch_table, NULL,
};

struct error *
vtep_ctl_exists(const void *row)
{
    return row ? NULL : dbctl_exit(EXIT_NO_SUCH_ROW);
}

const struct vtep_global *
vtep_ctl_root(const struct dbctl_call *call)
{
    return vtep_global_first(dbctl_replica(call->dbctl));
}

void
vtep_ctl_put_names(struct dbctl_call *call,
                   const struct replica_table_class *table,
                   unsigned int column)
{
    VEC(const char *) names = VEC_EMPTY;
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), table) {
        vec_push(&names, *(const char *const *) dbctl_member(row, column));
    }
    dbctl_put_sorted(&call->output, names.items, names.n);
    vec_uninit(&names);
}

static const struct dbctl_record_name names[] = {
    { &vtep_manager_table, &vtep_manager_table, VTEP_MANAGER_COL_TARGET, -1 },
    { &vtep_physical_switch_table, &vtep_physical_switch_table,
      VTEP_PHYSICAL_SWITCH_COL_NAME, -1 },
    { &vtep_physical_port_table, &vtep_physical_port_table,
      VTEP_PHYSICAL_PORT_COL_NAME, -1 },
    { &vtep_logical_switch_table, &vtep_logical_switch_table,
      VTEP_LOGICAL_SWITCH_COL_NAME, -1 },
    { &vtep_logical_router_table, &vtep_logical_router_table,
      VTEP_LOGICAL_ROUTER_COL_NAME, -1 },
};

static const struct dbctl_argument arguments[] = {
    { "PSWITCH", &vtep_physical_switch_table },
    { "PORT", &vtep_physical_port_table },
    { "LSWITCH", &vtep_logical_switch_table },
    { "LROUTER", &vtep_logical_router_table },
};

static const struct dbctl_server server = {
    .root = &vtep_global_table,
    .connections = VTEP_GLOBAL_COL_MANAGERS,
    .connection = &vtep_manager_table,
};

static const struct dbctl_show show[] = {
    { .table = &vtep_global_table, .name_column = -1,
      .columns = { VTEP_GLOBAL_COL_MANAGERS, VTEP_GLOBAL_COL_SWITCHES, -1 },
      .is_root = true },
    { .table = &vtep_manager_table, .name_column = VTEP_MANAGER_COL_TARGET,
      .columns = { VTEP_MANAGER_COL_IS_CONNECTED, -1 } },
    { .table = &vtep_physical_switch_table,
      .name_column = VTEP_PHYSICAL_SWITCH_COL_NAME,
      .columns = { VTEP_PHYSICAL_SWITCH_COL_MANAGEMENT_IPS,
                   VTEP_PHYSICAL_SWITCH_COL_TUNNEL_IPS,
                   VTEP_PHYSICAL_SWITCH_COL_PORTS, -1 } },
    { .table = &vtep_physical_port_table,
      .name_column = VTEP_PHYSICAL_PORT_COL_NAME,
      .columns = { VTEP_PHYSICAL_PORT_COL_VLAN_BINDINGS, -1 } },
    { .table = &vtep_logical_switch_table,
      .name_column = VTEP_LOGICAL_SWITCH_COL_NAME, .columns = { -1 } },
    { .table = NULL },
};

int
main(int argc, char *argv[])
{
    const struct dbctl_command_group groups[] = {
        vtep_ctl_physical_commands, vtep_ctl_logical_commands,
        vtep_ctl_mac_commands, dbctl_manager_commands,
    };
    const struct dbctl_tool tool = {
        .family = DIRS_OVS,
        .class = &vtep_class,
        .groups = groups,
        .n_groups = ARRAY_SIZE(groups),
        .names = names,
        .n_names = ARRAY_SIZE(names),
        .arguments = arguments,
        .n_arguments = ARRAY_SIZE(arguments),
        .server = &server,
        .show = show,
        .description = "examines and changes the database of a hardware VTEP "
                       "gateway",
        .socket = "db.sock",
    };

    return dbctl_main(argc, argv, &tool);
}
