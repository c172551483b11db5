/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-sbctl: examines and changes the southbound database. */

#include "northd/tools/sbctl.h"

#include <stdlib.h>

#include "lib/base/alloc.h"

static struct error *
run_init(struct dbctl_call *call UNUSED)
{
    /* Every run starts with what "init" is for. */
    return NULL;
}

static const struct dbctl_command general[] = {
    { .name = "init", .run = run_init },
};

static const struct dbctl_command_group general_commands = {
    "General commands", general, ARRAY_SIZE(general)
};

/* Names of records. */

#define BY_NAME(TABLE, COLUMN) { &TABLE##_table, &TABLE##_table, COLUMN, -1 }
#define BY_KEY(TABLE, COLUMN, KEY) \
    { &TABLE##_table, &TABLE##_table, COLUMN, -1, KEY }

static const struct dbctl_record_name names[] = {
    BY_NAME(sb_chassis, SB_CHASSIS_COL_NAME),
    BY_NAME(sb_chassis_private, SB_CHASSIS_PRIVATE_COL_NAME),
    BY_KEY(sb_datapath_binding, SB_DATAPATH_BINDING_COL_EXTERNAL_IDS, "name"),
    BY_KEY(sb_datapath_binding, SB_DATAPATH_BINDING_COL_EXTERNAL_IDS,
           "name2"),
    BY_KEY(sb_datapath_binding, SB_DATAPATH_BINDING_COL_EXTERNAL_IDS,
           "logical-switch"),
    BY_KEY(sb_datapath_binding, SB_DATAPATH_BINDING_COL_EXTERNAL_IDS,
           "logical-router"),
    BY_NAME(sb_port_binding, SB_PORT_BINDING_COL_LOGICAL_PORT),
    BY_KEY(sb_port_binding, SB_PORT_BINDING_COL_EXTERNAL_IDS, "name"),
    BY_NAME(sb_mac_binding, SB_MAC_BINDING_COL_LOGICAL_PORT),
    BY_NAME(sb_address_set, SB_ADDRESS_SET_COL_NAME),
    BY_NAME(sb_port_group, SB_PORT_GROUP_COL_NAME),
    BY_NAME(sb_ha_chassis_group, SB_HA_CHASSIS_GROUP_COL_NAME),
    BY_NAME(sb_meter, SB_METER_COL_NAME),
    BY_NAME(sb_mirror, SB_MIRROR_COL_NAME),
    BY_NAME(sb_service_monitor, SB_SERVICE_MONITOR_COL_LOGICAL_PORT),
    BY_NAME(sb_dhcp_options, SB_DHCP_OPTIONS_COL_NAME),
    BY_NAME(sb_dhcpv6_options, SB_DHCPV6_OPTIONS_COL_NAME),
    BY_NAME(sb_connection, SB_CONNECTION_COL_TARGET),
    BY_NAME(sb_rbac_role, SB_RBAC_ROLE_COL_NAME),
    BY_NAME(sb_rbac_permission, SB_RBAC_PERMISSION_COL_TABLE),
    BY_NAME(sb_gateway_chassis, SB_GATEWAY_CHASSIS_COL_NAME),
    BY_NAME(sb_load_balancer, SB_LOAD_BALANCER_COL_NAME),
    BY_NAME(sb_chassis_template_var, SB_CHASSIS_TEMPLATE_VAR_COL_CHASSIS),
};

static const struct dbctl_argument arguments[] = {
    { "CHASSIS", &sb_chassis_table },
    { "PORT", &sb_port_binding_table },
    { "DATAPATH", &sb_datapath_binding_table },
    { "SWITCH", &sb_datapath_binding_table },
};

static const struct dbctl_server server = {
    .root = &sb_sb_global_table,
    .connections = SB_SB_GLOBAL_COL_CONNECTIONS,
    .connection = &sb_connection_table,
    .ssl = &sb_ssl_table,
};

static const struct dbctl_show show[] = {
    { .table = &sb_chassis_table, .name_column = SB_CHASSIS_COL_NAME,
      .columns = { SB_CHASSIS_COL_HOSTNAME, SB_CHASSIS_COL_ENCAPS, -1 },
      .referrers = &sb_port_binding_table,
      .referrer_column = SB_PORT_BINDING_COL_CHASSIS, .is_root = true },
    { .table = &sb_encap_table, .name_column = SB_ENCAP_COL_TYPE,
      .columns = { SB_ENCAP_COL_IP, SB_ENCAP_COL_OPTIONS, -1 } },
    { .table = &sb_port_binding_table,
      .name_column = SB_PORT_BINDING_COL_LOGICAL_PORT, .columns = { -1 } },
    { .table = NULL },
};

int
main(int argc, char *argv[])
{
    const struct dbctl_command_group groups[] = {
        general_commands, sbctl_chassis_commands, sbctl_flow_commands,
        dbctl_connection_commands, dbctl_ssl_commands,
    };
    const struct dbctl_tool tool = {
        .family = DIRS_OVN,
        .class = &sb_class,
        .groups = groups,
        .n_groups = ARRAY_SIZE(groups),
        .names = names,
        .n_names = ARRAY_SIZE(names),
        .arguments = arguments,
        .n_arguments = ARRAY_SIZE(arguments),
        .server = &server,
        .show = show,
        .description = "examines and changes the southbound database of OVN",
        .options_variable = "OVN_SBCTL_OPTIONS",
        .daemon_variable = "OVN_SB_DAEMON",
        .remote_variable = "OVN_SB_DB",
        .socket = "ovnsb_db.sock",
    };

    return dbctl_main(argc, argv, &tool);
}
