/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on static MAC bindings. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* Finds the router port and normalizes the address that argv[1] and argv[2]
 * name; '*ip' is for free(). */
static struct error *
parse_key(struct dbctl_call *call, char **ip)
{
    const struct nb_logical_router_port *lrp;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);
    bool is_v4;

    *ip = error ? NULL : nbctl_normalize_ip(call->argv[2], &is_v4);
    return (error || *ip ? error
            : error_create(0, "%s: no IPv4 or IPv6 address", call->argv[2]));
}

static const struct nb_static_mac_binding *
find_binding(const struct dbctl_call *call, const char *ip)
{
    const struct nb_static_mac_binding *binding;

    NB_STATIC_MAC_BINDING_FOR_EACH (binding, dbctl_replica(call->dbctl)) {
        if (!strcmp(binding->logical_port, call->argv[1])
            && !strcmp(binding->ip, ip)) {
            return binding;
        }
    }
    return NULL;
}

static struct error *
run_add(struct dbctl_call *call)
{
    const struct nb_static_mac_binding *binding = NULL;
    struct eth_addr mac;
    char *ip;
    struct error *error = parse_key(call, &ip);

    if (!error && !mac_parse(call->argv[3], &mac)) {
        error = error_create(0, "%s: no Ethernet address", call->argv[3]);
    }
    if (!error) {
        binding = find_binding(call, ip);
    }
    if (binding && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "a static MAC binding of %s already exists on "
                             "port %s", ip, call->argv[1]);
    }
    if (!error && !binding) {
        binding = nb_static_mac_binding_insert(dbctl_txn(call->dbctl));
        nb_static_mac_binding_set_logical_port(binding, call->argv[1]);
        nb_static_mac_binding_set_ip(binding, ip);
    }
    if (!error) {
        nb_static_mac_binding_set_mac(binding, call->argv[3]);
    }
    free(ip);
    return error;
}

static struct error *
run_del(struct dbctl_call *call)
{
    const struct nb_static_mac_binding *binding = NULL;
    char *ip;
    struct error *error = parse_key(call, &ip);

    if (!error) {
        binding = find_binding(call, ip);
    }
    if (binding) {
        nb_static_mac_binding_delete(binding);
    } else if (!error && !dbctl_has_option(call, "--if-exists")) {
        error = error_create(0, "port %s has no static MAC binding of %s",
                             call->argv[1], ip);
    }
    free(ip);
    return error;
}

static struct error *
run_list(struct dbctl_call *call)
{
    const struct nb_static_mac_binding *binding;
    VEC(char *) lines = VEC_EMPTY;

    NB_STATIC_MAC_BINDING_FOR_EACH (binding, dbctl_replica(call->dbctl)) {
        vec_push(&lines, xasprintf("%-25.25s%-25.25s%s", binding->logical_port,
                                   binding->ip, binding->mac));
    }
    vec_sort(&lines, dbctl_compare_strings);
    if (lines.n) {
        str_printf(&call->output, "%-25s%-25s%s\n", "LOGICAL_PORT", "IP",
                   "MAC");
    }
    VEC_FOR_EACH (line, &lines) {
        str_printf(&call->output, "%s\n", *line);
        free(*line);
    }
    vec_uninit(&lines);
    return NULL;
}

#define NEED_BINDINGS_OF_PORT \
    NEEDS(NEED_LRP(1, 0), \
          NEED_NAMED(nb_static_mac_binding, 1, REPLICA_ALL_COLS, \
                     NB_STATIC_MAC_BINDING_COL_LOGICAL_PORT))

static const struct dbctl_command commands[] = {
    { .name = "static-mac-binding-add", .min_args = 3, .max_args = 3,
      .arguments = "PORT IP MAC", .options = "--may-exist",
      .needs = NEED_BINDINGS_OF_PORT, .run = run_add },
    { .name = "static-mac-binding-del", .min_args = 2, .max_args = 2,
      .arguments = "PORT IP", .options = "--if-exists",
      .needs = NEED_BINDINGS_OF_PORT, .run = run_del },
    { .name = "static-mac-binding-list",
      .needs = NEEDS(NEED_ALL(nb_static_mac_binding, REPLICA_ALL_COLS)),
      .run = run_list },
};

const struct dbctl_command_group nbctl_mac_binding_commands = {
    "Static MAC binding commands", commands, ARRAY_SIZE(commands)
};
