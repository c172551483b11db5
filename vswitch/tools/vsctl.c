/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-vsctl: examines and changes the configuration of Open vSwitch. */

#include "vswitch/tools/vsctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"

#define BRIDGE(COLUMN) REPLICA_COL(VS_BRIDGE_COL_##COLUMN)
#define PORT(COLUMN) REPLICA_COL(VS_PORT_COL_##COLUMN)

const struct dbctl_need vsctl_needs[] = {
    { &vs_open_vswitch_table, REPLICA_COL(VS_OPEN_VSWITCH_COL_BRIDGES),
      DBCTL_ALL, 0, -1 },
    { &vs_bridge_table, BRIDGE(NAME) | BRIDGE(PORTS) | BRIDGE(CONTROLLER)
                        | BRIDGE(FAIL_MODE) | BRIDGE(EXTERNAL_IDS)
                        | BRIDGE(AUTO_ATTACH), DBCTL_ALL, 0, -1 },
    { &vs_port_table, PORT(NAME) | PORT(INTERFACES) | PORT(FAKE_BRIDGE)
                      | PORT(TAG) | PORT(EXTERNAL_IDS), DBCTL_ALL, 0, -1 },
    /* Not the statistics. */
    { &vs_interface_table, REPLICA_COL(VS_INTERFACE_COL_NAME),
      DBCTL_ALL, 0, -1 },
    { &vs_controller_table, REPLICA_COL(VS_CONTROLLER_COL_TARGET),
      DBCTL_ALL, 0, -1 },
    { &vs_autoattach_table, REPLICA_COL(VS_AUTOATTACH_COL_MAPPINGS),
      DBCTL_ALL, 0, -1 },
    { .table = NULL },
};

static bool no_wait;

/* The configuration number that this run's changes got. */
static int64_t next_cfg;

const struct vs_open_vswitch *
vsctl_root(const struct dbctl *dbctl)
{
    return vs_open_vswitch_first(dbctl_replica(dbctl));
}

/* General commands. */

static struct error *
run_init(struct dbctl_call *call UNUSED)
{
    /* Every run starts with what "init" is for. */
    return NULL;
}

/* Leaves of a map only 'key', if it is there. */
static void
reset_smap(const struct replica_row *row, unsigned int column,
           const struct strmap *old, const char *key)
{
    struct smap keep = SMAP_INITIALIZER(&keep);

    if (key && strmap_get(old, key)) {
        smap_set(&keep, key, strmap_get(old, key));
    }
    replica_write_smap(row, column, &keep);
    smap_uninit(&keep);
}

/* Empties other_config in each row of a table; 'offset' is its place. */
static void
reset_other_config(struct dbctl *dbctl,
                   const struct replica_table_class *table,
                   unsigned int column, const char *keep)
{
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl_replica(dbctl), table) {
        const char *member = (const char *) row
                             + table->columns[column].offset;

        reset_smap(row, column,
                   (const struct strmap *) (const void *) member, keep);
    }
}

static void
reset_bridge(const struct vs_bridge *br)
{
    vs_bridge_set_controller(br, NULL, 0);
    vs_bridge_clear_fail_mode(br);
    vs_bridge_set_mirrors(br, NULL, 0);
    vs_bridge_clear_netflow(br);
    vs_bridge_clear_sflow(br);
    vs_bridge_clear_ipfix(br);
    vs_bridge_set_flood_vlans(br, NULL, 0);
}

/* Deletes all rows of a table, to which nothing refers any longer. */
static void
delete_all(struct dbctl *dbctl, const struct replica_table_class *table)
{
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl_replica(dbctl), table) {
        replica_delete(row);
    }
}

static struct error *
run_emer_reset(struct dbctl_call *call)
{
    struct dbctl *dbctl = call->dbctl;
    const struct vs_open_vswitch *root = vsctl_root(dbctl);
    const struct vs_interface *iface;
    const struct vs_bridge *br;

    vs_open_vswitch_set_manager_options(root, NULL, 0);
    vs_open_vswitch_clear_ssl(root);
    VS_BRIDGE_FOR_EACH (br, dbctl_replica(dbctl)) {
        reset_bridge(br);
    }
    VS_INTERFACE_FOR_EACH (iface, dbctl_replica(dbctl)) {
        vs_interface_set_ingress_policing_rate(iface, 0);
        vs_interface_set_ingress_policing_burst(iface, 0);
    }
    reset_other_config(dbctl, &vs_bridge_table, VS_BRIDGE_COL_OTHER_CONFIG,
                       "hwaddr");
    reset_other_config(dbctl, &vs_port_table, VS_PORT_COL_OTHER_CONFIG, NULL);
    reset_other_config(dbctl, &vs_interface_table,
                       VS_INTERFACE_COL_OTHER_CONFIG, NULL);
    reset_other_config(dbctl, &vs_open_vswitch_table,
                       VS_OPEN_VSWITCH_COL_OTHER_CONFIG, NULL);
    delete_all(dbctl, &vs_manager_table);
    delete_all(dbctl, &vs_ssl_table);
    delete_all(dbctl, &vs_controller_table);
    delete_all(dbctl, &vs_mirror_table);
    delete_all(dbctl, &vs_netflow_table);
    delete_all(dbctl, &vs_sflow_table);
    delete_all(dbctl, &vs_ipfix_table);
    return NULL;
}

static const struct replica_table_class *const reset_tables[] = {
    &vs_open_vswitch_table, &vs_bridge_table, &vs_port_table,
    &vs_interface_table, &vs_controller_table, &vs_manager_table,
    &vs_ssl_table, &vs_mirror_table, &vs_netflow_table, &vs_sflow_table,
    &vs_ipfix_table, NULL,
};

static const struct dbctl_command general[] = {
    { .name = "init", .run = run_init },
    { .name = "emer-reset", .tables = reset_tables, .run = run_emer_reset },
};

const struct dbctl_command_group vsctl_general_commands = {
    "Open vSwitch commands", general, ARRAY_SIZE(general)
};

/* Names of records. */

static const struct dbctl_record_name names[] = {
    { &vs_bridge_table, &vs_bridge_table, VS_BRIDGE_COL_NAME, -1 },
    { &vs_port_table, &vs_port_table, VS_PORT_COL_NAME, -1 },
    { &vs_interface_table, &vs_interface_table, VS_INTERFACE_COL_NAME, -1 },
    { &vs_controller_table, &vs_bridge_table, VS_BRIDGE_COL_NAME,
      VS_BRIDGE_COL_CONTROLLER },
    { &vs_mirror_table, &vs_mirror_table, VS_MIRROR_COL_NAME, -1 },
    { &vs_manager_table, &vs_manager_table, VS_MANAGER_COL_TARGET, -1 },
    { &vs_netflow_table, &vs_bridge_table, VS_BRIDGE_COL_NAME,
      VS_BRIDGE_COL_NETFLOW },
    { &vs_qos_table, &vs_port_table, VS_PORT_COL_NAME, VS_PORT_COL_QOS },
    { &vs_sflow_table, &vs_bridge_table, VS_BRIDGE_COL_NAME,
      VS_BRIDGE_COL_SFLOW },
    { &vs_ipfix_table, &vs_bridge_table, VS_BRIDGE_COL_NAME,
      VS_BRIDGE_COL_IPFIX },
    { &vs_autoattach_table, &vs_bridge_table, VS_BRIDGE_COL_NAME,
      VS_BRIDGE_COL_AUTO_ATTACH },
    { &vs_flow_table_table, &vs_flow_table_table, VS_FLOW_TABLE_COL_NAME,
      -1 },
    { &vs_flow_sample_collector_set_table,
      &vs_flow_sample_collector_set_table,
      VS_FLOW_SAMPLE_COLLECTOR_SET_COL_ID, -1 },
};

static const struct dbctl_show show[] = {
    { .table = &vs_open_vswitch_table, .name_column = -1,
      .columns = { VS_OPEN_VSWITCH_COL_MANAGER_OPTIONS,
                   VS_OPEN_VSWITCH_COL_BRIDGES,
                   VS_OPEN_VSWITCH_COL_OVS_VERSION, -1 },
      .is_root = true },
    { .table = &vs_bridge_table, .name_column = VS_BRIDGE_COL_NAME,
      .columns = { VS_BRIDGE_COL_CONTROLLER, VS_BRIDGE_COL_FAIL_MODE,
                   VS_BRIDGE_COL_DATAPATH_TYPE, VS_BRIDGE_COL_PORTS, -1 } },
    { .table = &vs_port_table, .name_column = VS_PORT_COL_NAME,
      .columns = { VS_PORT_COL_TAG, VS_PORT_COL_TRUNKS,
                   VS_PORT_COL_INTERFACES, -1 } },
    { .table = &vs_interface_table, .name_column = VS_INTERFACE_COL_NAME,
      .columns = { VS_INTERFACE_COL_TYPE, VS_INTERFACE_COL_OPTIONS,
                   VS_INTERFACE_COL_ERROR, -1 } },
    { .table = &vs_controller_table, .name_column = VS_CONTROLLER_COL_TARGET,
      .columns = { VS_CONTROLLER_COL_IS_CONNECTED, -1 } },
    { .table = &vs_manager_table, .name_column = VS_MANAGER_COL_TARGET,
      .columns = { VS_MANAGER_COL_IS_CONNECTED, -1 } },
    { .table = NULL },
};

static const struct dbctl_argument arguments[] = {
    { "BRIDGE", &vs_bridge_table },
    { "PARENT", &vs_bridge_table },
    { "PORT", &vs_port_table },
    { "BOND", &vs_port_table },
    { "IFACE", &vs_interface_table },
};

static const struct dbctl_server server = {
    .root = &vs_open_vswitch_table,
    .connections = VS_OPEN_VSWITCH_COL_MANAGER_OPTIONS,
    .connection = &vs_manager_table,
    .ssl = &vs_ssl_table,
};

/* The run as a whole. */

static void
prepare(struct dbctl *dbctl)
{
    dbctl_monitor(dbctl, &vs_open_vswitch_table,
                  REPLICA_COL(VS_OPEN_VSWITCH_COL_CUR_CFG)
                  | REPLICA_COL(VS_OPEN_VSWITCH_COL_NEXT_CFG));
    if (!no_wait) {
        /* For errors of the interfaces that are set up. */
        dbctl_monitor_columns(dbctl, &vs_interface_table,
                              REPLICA_COL(VS_INTERFACE_COL_NAME)
                              | REPLICA_COL(VS_INTERFACE_COL_ERROR));
    }
}

/* Interfaces that the run makes, by name. */
static struct sset new_interfaces = SSET_INITIALIZER(&new_interfaces);

/* Notes them, and asks for what becomes of them. */
static void
note_new_interfaces(struct dbctl *dbctl)
{
    const struct vs_interface *iface;

    sset_clear(&new_interfaces);
    VS_INTERFACE_FOR_EACH (iface, dbctl_replica(dbctl)) {
        if (iface->header.state & REPLICA_ROW_TXN_NEW) {
            sset_add(&new_interfaces, iface->name);
            dbctl_follow_named(dbctl, &vs_interface_table,
                               VS_INTERFACE_COL_NAME, iface->name);
        }
    }
}

static void
end(struct dbctl *dbctl)
{
    const struct vs_open_vswitch *root = vsctl_root(dbctl);

    if (!no_wait) {
        note_new_interfaces(dbctl);
    }

    if (!no_wait && root) {
        replica_txn_increment(dbctl_txn(dbctl), &root->header,
                              VS_OPEN_VSWITCH_COL_NEXT_CFG, false);
    }
}

static void
committed(struct dbctl *dbctl UNUSED, const struct replica_txn *txn)
{
    next_cfg = no_wait ? 0 : replica_txn_increment_value(txn);
}

static void
report_errors(struct dbctl *dbctl)
{
    const struct vs_interface *iface;
    bool any = false;

    VS_INTERFACE_FOR_EACH (iface, dbctl_replica(dbctl)) {
        if (sset_contains(&new_interfaces, iface->name) && iface->error) {
            dbctl_warn("Error detected while setting up '%s': %s.  See "
                       "ovs-vswitchd log for details.", iface->name,
                       iface->error);
            any = true;
        }
    }
    if (any) {
        dbctl_warn("The default log directory is \"%s\".",
                   dirs_log(DIRS_OVS));
    }
}

static bool
is_applied(struct dbctl *dbctl, int *status UNUSED)
{
    const struct vs_open_vswitch *root = vsctl_root(dbctl);

    if (!no_wait && root && (root->cur_cfg < next_cfg
                             || !replica_conditions_settled(
                                 dbctl_replica(dbctl)))) {
        return false;
    }
    if (!no_wait) {
        report_errors(dbctl);
    }
    sset_uninit(&new_interfaces);
    return true;
}

int
main(int argc, char *argv[])
{
    static const struct option_row rows[] = {
        { "no-wait", 0, OPTION_NONE, NULL,
          "do not wait for ovs-vswitchd to reconfigure", option_set_true,
          &no_wait },
    };
    const struct dbctl_command_group groups[] = {
        vsctl_general_commands, vsctl_bridge_commands, vsctl_port_commands,
        vsctl_connection_commands, vsctl_zone_commands,
        dbctl_manager_commands, dbctl_ssl_commands,
    };
    const struct dbctl_tool tool = {
        .family = DIRS_OVS,
        .class = &vs_class,
        .groups = groups,
        .n_groups = ARRAY_SIZE(groups),
        .names = names,
        .n_names = ARRAY_SIZE(names),
        .arguments = arguments,
        .n_arguments = ARRAY_SIZE(arguments),
        .server = &server,
        .show = show,
        .options = { NULL, rows, ARRAY_SIZE(rows) },
        .state_size = sizeof(struct vsctl_state),
        .description = "examines and changes the configuration of "
                       "ovs-vswitchd",
        .socket = "db.sock",
        .prepare = prepare,
        .end = end,
        .committed = committed,
        .is_applied = is_applied,
    };

    return dbctl_main(argc, argv, &tool);
}
