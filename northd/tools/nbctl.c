/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl: examines and changes the northbound database. */

#include "northd/tools/nbctl.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"

/* What to wait for after a change. */
enum wait_for { WAIT_NONE, WAIT_SB, WAIT_HV };

struct wait {
    enum wait_for wait_for;
    bool print_time;            /* --print-wait-time. */
    bool force;                 /* "sync" waits even if nothing changed. */
    int64_t start_ms;           /* When the request came, as clocks tell. */
    int64_t next_cfg;           /* The configuration number that the changes
                                 * got. */
};

/* As options say. */
static struct wait wait_options;

/* General commands. */

static struct error *
run_init(struct dbctl_call *call UNUSED)
{
    /* Every run starts with what "init" is for. */
    return NULL;
}

static struct error *
run_sync(struct dbctl_call *call)
{
    struct wait *wait = dbctl_state(call->dbctl);

    /* Without --wait there is nothing to wait for. */
    wait->force = true;
    return NULL;
}

/* show */

static void
put_strings(struct str *out, const char *const *strings, size_t n)
{
    str_put_char(out, '[');
    for (size_t i = 0; i < n; i++) {
        str_printf(out, "%s\"%s\"", i ? ", " : "", strings[i]);
    }
    str_put(out, "]\n");
}

/* The name that OpenStack's networking knows a row by, and the line's end. */
static void
put_alias(struct str *out, const struct strmap *external_ids, const char *key)
{
    const char *alias = strmap_get(external_ids, key);

    if (alias && *alias) {
        str_printf(out, " (aka %s)", alias);
    }
    str_put_char(out, '\n');
}

static void
show_switch(struct str *out, const struct nb_logical_switch *ls)
{
    str_printf(out, "switch " UUID_FMT " (%s)", UUID_ARGS(&ls->header.uuid),
               ls->name);
    put_alias(out, &ls->external_ids, "neutron:network_name");
    for (size_t i = 0; i < ls->n_ports; i++) {
        const struct nb_logical_switch_port *lsp = ls->ports[i];
        const char *router_port = strmap_get(&lsp->options, "router-port");

        str_printf(out, "    port %s", lsp->name);
        put_alias(out, &lsp->external_ids, "neutron:port_name");
        if (*lsp->type) {
            str_printf(out, "        type: %s\n", lsp->type);
        }
        if (lsp->parent_name) {
            str_printf(out, "        parent: %s\n", lsp->parent_name);
        }
        if (lsp->has_tag) {
            str_printf(out, "        tag: %lld\n", (long long) lsp->tag);
        }
        if (lsp->n_addresses && !nbctl_lsp_follows_peer(lsp)) {
            str_put(out, "        addresses: ");
            put_strings(out, lsp->addresses, lsp->n_addresses);
        }
        if (router_port) {
            str_printf(out, "        router-port: %s\n", router_port);
        }
    }
}

static int
compare_gateways(const void *a_, const void *b_)
{
    const struct nb_gateway_chassis *const *a = a_, *const *b = b_;

    return ((*a)->priority > (*b)->priority ? -1
            : (*a)->priority < (*b)->priority);
}

static void
show_router_port(struct str *out, const struct nb_logical_router_port *lrp)
{
    str_printf(out, "    port %s\n        mac: \"%s\"\n", lrp->name, lrp->mac);
    if (lrp->n_networks) {
        str_put(out, "        networks: ");
        put_strings(out, lrp->networks, lrp->n_networks);
    }
    if (lrp->n_gateway_chassis) {
        size_t n = lrp->n_gateway_chassis;
        const struct nb_gateway_chassis **sorted
            = xmemdup(lrp->gateway_chassis, n * sizeof *sorted);

        qsort(sorted, n, sizeof *sorted, compare_gateways);
        str_put(out, "        gateway chassis: [");
        for (size_t i = 0; i < n; i++) {
            str_printf(out, "%s%s", i ? " " : "", sorted[i]->chassis_name);
        }
        str_put(out, "]\n");
        free(sorted);
    }
}

static void
show_router(struct str *out, const struct nb_logical_router *lr)
{
    str_printf(out, "router " UUID_FMT " (%s)", UUID_ARGS(&lr->header.uuid),
               lr->name);
    put_alias(out, &lr->external_ids, "neutron:router_name");
    for (size_t i = 0; i < lr->n_ports; i++) {
        show_router_port(out, lr->ports[i]);
    }
    for (size_t i = 0; i < lr->n_nat; i++) {
        const struct nb_nat *nat = lr->nat[i];

        str_printf(out, "    nat " UUID_FMT "\n        external ip: \"%s\"\n",
                   UUID_ARGS(&nat->header.uuid), nat->external_ip);
        if (*nat->external_port_range) {
            str_printf(out, "        external port(s): \"%s\"\n",
                       nat->external_port_range);
        }
        str_printf(out, "        logical ip: \"%s\"\n        type: \"%s\"\n",
                   nat->logical_ip, nat->type);
    }
}

static struct error *
run_show(struct dbctl_call *call)
{
    const char *id = call->argc > 1 ? call->argv[1] : NULL;
    struct replica *replica = dbctl_replica(call->dbctl);
    const struct nb_logical_switch *ls = NULL;
    const struct nb_logical_router *lr = NULL;
    struct error *error;

    if (!id) {
        NB_LOGICAL_SWITCH_FOR_EACH (ls, replica) {
            show_switch(&call->output, ls);
        }
        NB_LOGICAL_ROUTER_FOR_EACH (lr, replica) {
            show_router(&call->output, lr);
        }
        return NULL;
    }
    error = nbctl_find_switch(call->dbctl, id, false, &ls);
    if (!error && ls) {
        show_switch(&call->output, ls);
    }
    if (!error) {
        error = nbctl_find_router(call->dbctl, id, false, &lr);
    }
    if (!error && lr) {
        show_router(&call->output, lr);
    }
    return error;
}

/* What is shown of a switch's or a router's parts: all that there are, unless
 * an argument names one of them. */
static const struct dbctl_need parts[] = {
    NEED_REFERENCED(nb_logical_switch_port,
                    LSP(NAME) | LSP(TYPE) | LSP(PARENT_NAME) | LSP(TAG)
                    | LSP(ADDRESSES) | LSP(OPTIONS) | LSP(EXTERNAL_IDS)),
    NEED_REFERENCED(nb_logical_router_port,
                    LRP(NAME) | LRP(MAC) | LRP(NETWORKS)
                    | LRP(GATEWAY_CHASSIS)),
    NEED_REFERENCED(nb_gateway_chassis, REPLICA_ALL_COLS),
    NEED_REFERENCED(nb_nat, REPLICA_ALL_COLS),
};

static struct error *
prepare_show(struct dbctl_call *call)
{
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        (call->argc > 1 ? dbctl_monitor_referenced : dbctl_monitor)(
            call->dbctl, parts[i].table, parts[i].columns);
    }
    return NULL;
}

static const struct dbctl_command general[] = {
    { .name = "init", .run = run_init },
    { .name = "show", .max_args = 1, .arguments = "[SWITCH|ROUTER]",
      .prepare = prepare_show,
      .needs = NEEDS(
          NEED_NAMED_OR_ALL(nb_logical_switch, 1,
                            LS(NAME) | LS(PORTS) | LS(EXTERNAL_IDS),
                            NB_LOGICAL_SWITCH_COL_NAME),
          NEED_NAMED_OR_ALL(nb_logical_router, 1,
                            LR(NAME) | LR(PORTS) | LR(NAT) | LR(EXTERNAL_IDS),
                            NB_LOGICAL_ROUTER_COL_NAME)),
      .run = run_show },
    { .name = "sync", .run = run_sync },
};

const struct dbctl_command_group nbctl_general_commands = {
    "General commands", general, ARRAY_SIZE(general)
};

/* Names of records. */

#define BY_NAME(TABLE, COLUMN) { &TABLE##_table, &TABLE##_table, COLUMN, -1 }

/* By a value of a map, as OpenStack's networking writes it. */
#define BY_ID(TABLE, COLUMN, KEY) \
    { &TABLE##_table, &TABLE##_table, COLUMN, -1, KEY }

/* By a switch port that refers to the row. */
#define BY_PORT(TABLE, REFERENCE, COLUMN) \
    { &TABLE##_table, &nb_logical_switch_port_table, \
      NB_LOGICAL_SWITCH_PORT_COL_##COLUMN, \
      NB_LOGICAL_SWITCH_PORT_COL_##REFERENCE }

static const struct dbctl_record_name names[] = {
    BY_NAME(nb_logical_switch, NB_LOGICAL_SWITCH_COL_NAME),
    BY_ID(nb_logical_switch, NB_LOGICAL_SWITCH_COL_EXTERNAL_IDS,
          "neutron:network_name"),
    BY_NAME(nb_logical_switch_port, NB_LOGICAL_SWITCH_PORT_COL_NAME),
    BY_ID(nb_logical_switch_port, NB_LOGICAL_SWITCH_PORT_COL_EXTERNAL_IDS,
          "neutron:port_name"),
    BY_NAME(nb_logical_router, NB_LOGICAL_ROUTER_COL_NAME),
    BY_ID(nb_logical_router, NB_LOGICAL_ROUTER_COL_EXTERNAL_IDS,
          "neutron:router_name"),
    BY_NAME(nb_logical_router_port, NB_LOGICAL_ROUTER_PORT_COL_NAME),
    BY_PORT(nb_dhcp_options, DHCPV4_OPTIONS, NAME),
    BY_PORT(nb_dhcp_options, DHCPV6_OPTIONS, NAME),
    BY_NAME(nb_address_set, NB_ADDRESS_SET_COL_NAME),
    BY_NAME(nb_port_group, NB_PORT_GROUP_COL_NAME),
    BY_NAME(nb_load_balancer, NB_LOAD_BALANCER_COL_NAME),
    BY_NAME(nb_load_balancer_group, NB_LOAD_BALANCER_GROUP_COL_NAME),
    BY_NAME(nb_load_balancer_health_check,
            NB_LOAD_BALANCER_HEALTH_CHECK_COL_VIP),
    BY_NAME(nb_acl, NB_ACL_COL_NAME),
    BY_NAME(nb_meter, NB_METER_COL_NAME),
    BY_NAME(nb_mirror, NB_MIRROR_COL_NAME),
    BY_NAME(nb_forwarding_group, NB_FORWARDING_GROUP_COL_NAME),
    BY_NAME(nb_connection, NB_CONNECTION_COL_TARGET),
    BY_NAME(nb_gateway_chassis, NB_GATEWAY_CHASSIS_COL_NAME),
    BY_NAME(nb_ha_chassis, NB_HA_CHASSIS_COL_CHASSIS_NAME),
    BY_NAME(nb_ha_chassis_group, NB_HA_CHASSIS_GROUP_COL_NAME),
    BY_NAME(nb_copp, NB_COPP_COL_NAME),
    BY_NAME(nb_chassis_template_var, NB_CHASSIS_TEMPLATE_VAR_COL_CHASSIS),
    BY_NAME(nb_nat, NB_NAT_COL_EXTERNAL_IP),
    BY_NAME(nb_dhcp_relay, NB_DHCP_RELAY_COL_NAME),
    BY_NAME(nb_network_function, NB_NETWORK_FUNCTION_COL_NAME),
    BY_NAME(nb_network_function_group, NB_NETWORK_FUNCTION_GROUP_COL_NAME),
    BY_NAME(nb_network_function_health_check,
            NB_NETWORK_FUNCTION_HEALTH_CHECK_COL_NAME),
    BY_NAME(nb_sample_collector, NB_SAMPLE_COLLECTOR_COL_NAME),
};

static const struct dbctl_argument arguments[] = {
    { "SWITCH", &nb_logical_switch_table },
    { "ROUTER", &nb_logical_router_table },
    { "PORT", &nb_logical_switch_port_table },
    { "PORT", &nb_logical_router_port_table },
    { "PORTGROUP", &nb_port_group_table },
    { "LB", &nb_load_balancer_table },
    { "MIRROR", &nb_mirror_table },
};

static const struct dbctl_server server = {
    .root = &nb_nb_global_table,
    .connections = NB_NB_GLOBAL_COL_CONNECTIONS,
    .connection = &nb_connection_table,
    .ssl = &nb_ssl_table,
};

/* The run as a whole. */

static void
reset(void)
{
    wait_options = (struct wait) { .wait_for = WAIT_NONE };
}

static void
prepare(struct dbctl *dbctl)
{
    struct wait *wait = dbctl_state(dbctl);

    *wait = wait_options;
    wait->start_ms = clock_wall_ms();
    if (wait->wait_for != WAIT_NONE) {
        dbctl_monitor(dbctl, &nb_nb_global_table,
                      REPLICA_COL(NB_NB_GLOBAL_COL_NB_CFG)
                      | REPLICA_COL(NB_NB_GLOBAL_COL_NB_CFG_TIMESTAMP)
                      | REPLICA_COL(NB_NB_GLOBAL_COL_SB_CFG)
                      | REPLICA_COL(NB_NB_GLOBAL_COL_SB_CFG_TIMESTAMP)
                      | REPLICA_COL(NB_NB_GLOBAL_COL_HV_CFG)
                      | REPLICA_COL(NB_NB_GLOBAL_COL_HV_CFG_TIMESTAMP));
    }
}

static void
begin(struct dbctl *dbctl)
{
    struct wait *wait = dbctl_state(dbctl);

    wait->force = false;
}

static void
end(struct dbctl *dbctl)
{
    const struct nb_nb_global *global
        = nb_nb_global_first(dbctl_replica(dbctl));
    const struct wait *wait = dbctl_state(dbctl);

    if (wait->wait_for != WAIT_NONE && global) {
        replica_txn_increment(dbctl_txn(dbctl), &global->header,
                              NB_NB_GLOBAL_COL_NB_CFG, wait->force);
    }
}

static void
committed(struct dbctl *dbctl, const struct replica_txn *txn)
{
    struct wait *wait = dbctl_state(dbctl);

    if (wait->wait_for != WAIT_NONE) {
        wait->next_cfg = replica_txn_increment_value(txn);
    }
}

static void
put_time(struct dbctl *dbctl, const struct nb_nb_global *global)
{
    const struct wait *wait = dbctl_state(dbctl);
    struct str *out = dbctl_output(dbctl);

    str_printf(out, "Time spent on processing nb_cfg %lld:\n"
               "\tovn-northd delay before processing:\t%lldms\n"
               "\tovn-northd completion:\t\t\t%lldms\n",
               (long long) wait->next_cfg,
               (long long) (global->nb_cfg_timestamp - wait->start_ms),
               (long long) (global->sb_cfg_timestamp - wait->start_ms));
    if (wait->wait_for == WAIT_HV) {
        str_printf(out, "\tovn-controller(s) completion:\t\t%lldms\n",
                   (long long) (global->hv_cfg_timestamp - wait->start_ms));
    }
}

static bool
is_applied(struct dbctl *dbctl, int *status UNUSED)
{
    const struct nb_nb_global *global
        = nb_nb_global_first(dbctl_replica(dbctl));
    const struct wait *wait = dbctl_state(dbctl);

    if (wait->wait_for == WAIT_NONE || !global) {
        return true;
    }
    if ((wait->wait_for == WAIT_SB ? global->sb_cfg : global->hv_cfg)
        < wait->next_cfg) {
        return false;
    }
    if (wait->print_time) {
        put_time(dbctl, global);
    }
    return true;
}

static struct error *
set_wait(void *target UNUSED, const char *argument)
{
    if (!strcmp(argument, "none")) {
        wait_options.wait_for = WAIT_NONE;
    } else if (!strcmp(argument, "sb")) {
        wait_options.wait_for = WAIT_SB;
    } else if (!strcmp(argument, "hv")) {
        wait_options.wait_for = WAIT_HV;
    } else {
        return error_create(0, "argument to --wait must be \"none\", \"sb\", "
                            "or \"hv\"");
    }
    return NULL;
}

static struct error *
set_no_wait(void *target UNUSED, const char *argument UNUSED)
{
    wait_options.wait_for = WAIT_NONE;
    return NULL;
}

int
main(int argc, char *argv[])
{
    static const struct option_row rows[] = {
        { "wait", 0, OPTION_REQUIRED, "none|sb|hv",
          "wait for the southbound database or the hypervisors to follow",
          set_wait, NULL },
        { "no-wait", 0, OPTION_NONE, NULL, "do not wait (default)",
          set_no_wait, NULL },
        { "print-wait-time", 0, OPTION_NONE, NULL,
          "with --wait, print how long it took", option_set_true,
          &wait_options.print_time },
    };
    const struct dbctl_command_group groups[] = {
        nbctl_general_commands, nbctl_switch_commands, nbctl_lsp_commands,
        nbctl_router_commands, nbctl_route_commands, nbctl_acl_commands,
        nbctl_nat_commands, nbctl_dhcp_commands,
        nbctl_lb_commands, nbctl_qos_commands, nbctl_meter_commands,
        nbctl_policy_commands, nbctl_mirror_commands, nbctl_fwd_commands,
        nbctl_ha_commands, nbctl_copp_commands, nbctl_mac_binding_commands,
        nbctl_nf_commands, nbctl_hc_commands,
        dbctl_connection_commands, dbctl_ssl_commands,
    };
    const struct dbctl_tool tool = {
        .family = DIRS_OVN,
        .class = &nb_class,
        .groups = groups,
        .n_groups = ARRAY_SIZE(groups),
        .names = names,
        .n_names = ARRAY_SIZE(names),
        .arguments = arguments,
        .n_arguments = ARRAY_SIZE(arguments),
        .server = &server,
        .options = { NULL, rows, ARRAY_SIZE(rows) },
        .description = "examines and changes the northbound database of OVN",
        .options_variable = "OVN_NBCTL_OPTIONS",
        .daemon_variable = "OVN_NB_DAEMON",
        .state_size = sizeof(struct wait),
        .reset = reset,
        .remote_variable = "OVN_NB_DB",
        .socket = "ovnnb_db.sock",
        .prepare = prepare,
        .begin = begin,
        .end = end,
        .committed = committed,
        .is_applied = is_applied,
    };

    return dbctl_main(argc, argv, &tool);
}
