/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on logical routers and their ports. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* Ports. */

/* What "lrp-add" asks for. */
struct request {
    const char *name;
    struct eth_addr mac;
    char **networks;
    int n_networks;
    char **settings;            /* COLUMN[:KEY]=VALUE words. */
    int n_settings;
};

static bool
network_is_valid(const char *s)
{
    struct in6_addr ip6;
    unsigned int plen;
    be32 ip4;

    return ip4_parse_cidr(s, &ip4, &plen) || ip6_parse_cidr(s, &ip6, &plen);
}

static struct error *
parse_request(struct dbctl_call *call, struct request *request)
{
    request->name = call->argv[2];
    request->networks = call->argv + 4;
    request->n_networks = 0;
    if (!mac_parse(call->argv[3], &request->mac)) {
        return error_create(0, "%s: invalid mac address %s", request->name,
                            call->argv[3]);
    }
    while (4 + request->n_networks < call->argc
           && !strchr(call->argv[4 + request->n_networks], '=')) {
        const char *network = call->argv[4 + request->n_networks++];

        if (!network_is_valid(network)) {
            return error_create(0, "%s: invalid network address: %s",
                                request->name, network);
        }
    }
    request->settings = request->networks + request->n_networks;
    request->n_settings = call->argc - 4 - request->n_networks;
    return NULL;
}

static bool
has_networks(const struct nb_logical_router_port *lrp,
             const struct request *request)
{
    bool equal = lrp->n_networks == (size_t) request->n_networks;

    for (int i = 0; equal && i < request->n_networks; i++) {
        bool found = false;

        for (size_t j = 0; j < lrp->n_networks; j++) {
            found |= !strcmp(lrp->networks[j], request->networks[i]);
        }
        equal = found;
    }
    return equal;
}

/* Whether the port's peer is the one asked for, if any is. */
static bool
has_peer(const struct nb_logical_router_port *lrp,
         const struct request *request)
{
    const char *peer = NULL;

    for (int i = 0; i < request->n_settings; i++) {
        if (text_starts_with(request->settings[i], "peer=")) {
            peer = request->settings[i] + strlen("peer=");
        }
    }
    return (peer && lrp->peer ? !strcmp(peer, lrp->peer)
            : !peer && !lrp->peer);
}

/* Whether an existing port is what --may-exist wants. */
static struct error *
check_existing(const struct dbctl_call *call, const struct request *request,
               const struct nb_logical_router_port *lrp,
               const struct nb_logical_router *lr)
{
    const struct nb_logical_router *owner;
    struct eth_addr mac;

    if (!dbctl_has_option(call, "--may-exist")) {
        return error_create(0, "%s: a port with this name already exists",
                            lrp->name);
    }
    owner = nbctl_router_of(call->dbctl, lrp);
    if (owner != lr) {
        return error_create(0, "%s: port already exists but in router %s",
                            lrp->name, owner ? owner->name : "none");
    } else if (!mac_parse(lrp->mac, &mac)
               || memcmp(&mac, &request->mac, sizeof mac)) {
        return error_create(0, "%s: port already exists with mac %s",
                            lrp->name, lrp->mac);
    } else if (!has_networks(lrp, request)) {
        return error_create(0, "%s: port already exists with different "
                            "network", lrp->name);
    } else if (!has_peer(lrp, request)) {
        return error_create(0, "%s: port already exists with mismatching peer",
                            lrp->name);
    }
    return NULL;
}

static struct error *
run_lrp_add(struct dbctl_call *call)
{
    const struct nb_logical_router_port *lrp;
    const struct nb_logical_router *lr;
    struct request request;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    if (!error) {
        error = parse_request(call, &request);
    }
    if (error) {
        return error;
    }
    lrp = (const struct nb_logical_router_port *) nbctl_row_named(
        call->dbctl, &nb_logical_router_port_table,
        NB_LOGICAL_ROUTER_PORT_COL_NAME, request.name);
    if (lrp) {
        return check_existing(call, &request, lrp, lr);
    }
    lrp = nb_logical_router_port_insert(dbctl_txn(call->dbctl));
    nb_logical_router_port_set_name(lrp, request.name);
    nb_logical_router_port_set_mac(lrp, call->argv[3]);
    nb_logical_router_port_set_networks(
        lrp, (const char *const *) request.networks, request.n_networks);
    for (int i = 0; !error && i < request.n_settings; i++) {
        error = dbctl_set_column(call->dbctl, &lrp->header,
                                 request.settings[i]);
    }
    if (!error) {
        nb_logical_router_update_ports_addvalue(lr, lrp);
    }
    return error;
}

static struct error *
run_lrp_set_redirect_type(struct dbctl_call *call)
{
    static const char *const types[] = { "overlay", "bridged", NULL };
    const struct nb_logical_router_port *lrp;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);

    if (!error) {
        error = nbctl_parse_choice("redirect type", call->argv[2], types);
    }
    if (!error) {
        nb_logical_router_port_update_options_setkey(lrp, "redirect-type",
                                                     call->argv[2]);
    }
    return error;
}

static struct error *
run_lrp_get_redirect_type(struct dbctl_call *call)
{
    const struct nb_logical_router_port *lrp;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);

    if (!error) {
        str_printf(&call->output, "%s\n",
                   strmap_get_def(&lrp->options, "redirect-type",
                                  "overlay"));
    }
    return error;
}

/* Gateway chassis. */

static const struct nb_gateway_chassis *
find_gateway(const struct nb_logical_router_port *lrp, const char *chassis)
{
    for (size_t i = 0; i < lrp->n_gateway_chassis; i++) {
        if (!strcmp(lrp->gateway_chassis[i]->chassis_name, chassis)) {
            return lrp->gateway_chassis[i];
        }
    }
    return NULL;
}

static struct error *
run_lrp_set_gateway_chassis(struct dbctl_call *call)
{
    const struct nb_logical_router_port *lrp;
    const struct nb_gateway_chassis *gateway;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);
    int64_t priority = 0;
    char *name;

    if (!error && call->argc > 3) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    if (error) {
        return error;
    }
    gateway = find_gateway(lrp, call->argv[2]);
    if (!gateway) {
        gateway = nb_gateway_chassis_insert(dbctl_txn(call->dbctl));
        name = xasprintf("%s-%s", lrp->name, call->argv[2]);
        nb_gateway_chassis_set_name(gateway, name);
        free(name);
        nb_gateway_chassis_set_chassis_name(gateway, call->argv[2]);
        nb_logical_router_port_update_gateway_chassis_addvalue(lrp, gateway);
    }
    nb_gateway_chassis_set_priority(gateway, priority);
    return NULL;
}

static struct error *
run_lrp_del_gateway_chassis(struct dbctl_call *call)
{
    const struct nb_logical_router_port *lrp;
    const struct nb_gateway_chassis *gateway;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);

    if (error) {
        return error;
    }
    gateway = find_gateway(lrp, call->argv[2]);
    if (!gateway) {
        return error_create(0, "chassis %s is not added to logical port %s",
                            call->argv[2], lrp->name);
    }
    nb_logical_router_port_update_gateway_chassis_delvalue(lrp, gateway);
    nb_gateway_chassis_delete(gateway);
    return NULL;
}

static int
compare_gateways(const void *a_, const void *b_)
{
    const struct nb_gateway_chassis *const *a = a_, *const *b = b_;

    return ((*a)->priority > (*b)->priority ? -1
            : (*a)->priority < (*b)->priority ? 1
            : strcmp((*a)->name, (*b)->name));
}

static struct error *
run_lrp_get_gateway_chassis(struct dbctl_call *call)
{
    const struct nb_logical_router_port *lrp;
    struct error *error = nbctl_find_lrp(call->dbctl, call->argv[1], true,
                                         &lrp);
    VEC(const struct nb_gateway_chassis *) sorted = VEC_EMPTY;

    for (size_t i = 0; !error && i < lrp->n_gateway_chassis; i++) {
        vec_push(&sorted, lrp->gateway_chassis[i]);
    }
    vec_sort(&sorted, compare_gateways);
    VEC_FOR_EACH (gateway, &sorted) {
        str_printf(&call->output, "%s %5lld\n", (*gateway)->name,
                   (long long) (*gateway)->priority);
    }
    vec_uninit(&sorted);
    return error;
}

/* Which router a port is on matters only if it may be there. */
static struct error *
prepare_lrp_add(struct dbctl_call *call)
{
    struct error *error = NULL;

    if (dbctl_has_option(call, "--may-exist")) {
        dbctl_monitor_owners(call->dbctl, &nb_logical_router_table, LR(NAME),
                             NB_LOGICAL_ROUTER_COL_PORTS);
    }
    for (int i = 4; !error && i < call->argc; i++) {
        if (strchr(call->argv[i], '=')) {
            error = dbctl_monitor_assignment(call->dbctl,
                                             &nb_logical_router_port_table,
                                             call->argv[i]);
        }
    }
    return error;
}

#define LR_COMMAND(NAME, MIN, MAX, ARGUMENTS, OPTIONS, RUN, ...) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = OPTIONS, .run = RUN, \
      .needs = NEEDS(__VA_ARGS__) }

#define NEED_GATEWAYS NEED_REFERENCED(nb_gateway_chassis, REPLICA_ALL_COLS)

static const struct dbctl_command commands[] = {
    LR_COMMAND("lr-add", 0, 1, "[ROUTER]", "--may-exist,--add-duplicate",
               nbctl_run_add, NEED_LR(1, 0)),
    LR_COMMAND("lr-del", 1, 1, "ROUTER", "--if-exists", nbctl_run_del,
               NEED_LR(1, 0)),
    LR_COMMAND("lr-list", 0, 0, NULL, NULL, nbctl_run_list,
               NEED_ALL(nb_logical_router, LR(NAME))),
    { .name = "lrp-add", .min_args = 3, .max_args = INT_MAX,
      .arguments = "ROUTER PORT MAC [NETWORK]... [COLUMN[:KEY]=VALUE]...",
      .options = "--may-exist", .run = run_lrp_add,
      .prepare = prepare_lrp_add,
      .needs = NEEDS(NEED_LR(1, 0),
                     NEED_LRP(2, LRP(MAC) | LRP(NETWORKS) | LRP(PEER))) },
    LR_COMMAND("lrp-del", 1, 1, "PORT", "--if-exists", nbctl_run_port_del,
               NEED_LRP(1, 0), NEED_LR_OF_LRP(0)),
    LR_COMMAND("lrp-list", 1, 1, "ROUTER", NULL, nbctl_run_port_list,
               NEED_LR(1, LR(PORTS)),
               NEED_REFERENCED(nb_logical_router_port, LRP(NAME))),
    LR_COMMAND("lrp-set-enabled", 2, 2, "PORT STATE", NULL,
               nbctl_run_port_set_enabled, NEED_LRP(1, 0)),
    LR_COMMAND("lrp-get-enabled", 1, 1, "PORT", NULL,
               nbctl_run_port_get_enabled,
               NEED_LRP(1, LRP(ENABLED))),
    LR_COMMAND("lrp-set-options", 1, INT_MAX, "PORT [KEY=VALUE]...", NULL,
               nbctl_run_port_set_options, NEED_LRP(1, 0)),
    LR_COMMAND("lrp-set-redirect-type", 2, 2, "PORT TYPE", NULL,
               run_lrp_set_redirect_type, NEED_LRP(1, 0)),
    LR_COMMAND("lrp-get-redirect-type", 1, 1, "PORT", NULL,
               run_lrp_get_redirect_type, NEED_LRP(1, LRP(OPTIONS))),
    LR_COMMAND("lrp-set-gateway-chassis", 2, 3, "PORT CHASSIS [PRIORITY]",
               "--may-exist", run_lrp_set_gateway_chassis,
               NEED_LRP(1, LRP(GATEWAY_CHASSIS)), NEED_GATEWAYS),
    LR_COMMAND("lrp-del-gateway-chassis", 2, 2, "PORT CHASSIS", NULL,
               run_lrp_del_gateway_chassis,
               NEED_LRP(1, LRP(GATEWAY_CHASSIS)), NEED_GATEWAYS),
    LR_COMMAND("lrp-get-gateway-chassis", 1, 1, "PORT", NULL,
               run_lrp_get_gateway_chassis,
               NEED_LRP(1, LRP(GATEWAY_CHASSIS)), NEED_GATEWAYS),
};

const struct dbctl_command_group nbctl_router_commands = {
    "Logical router and router port commands", commands, ARRAY_SIZE(commands)
};
