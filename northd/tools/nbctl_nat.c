/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on NAT. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

static struct error *
check_type(const char *type)
{
    static const char *const types[] = {
        "dnat", "snat", "dnat_and_snat", NULL,
    };

    return nbctl_parse_choice("type", type, types);
}

/* An address, or a network if 'allow_network', in canonical text, for free();
 * NULL if 's' is none. */
static char *
normalize(const char *s, bool allow_network, bool *is_v4)
{
    unsigned int plen;

    return (allow_network ? nbctl_normalize_network(s, is_v4, &plen)
            : nbctl_normalize_ip(s, is_v4));
}

/* Whether 's', however it is written, is the canonical 'text'. */
static bool
address_equals(const char *s, const char *text)
{
    bool is_v4;
    char *normal = normalize(s, true, &is_v4);
    bool equal = normal && !strcmp(normal, text);

    free(normal);
    return equal;
}

/* The address that a NAT goes by. */
static const char *
nat_key(const struct nb_nat *nat)
{
    return strcmp(nat->type, "snat") ? nat->external_ip : nat->logical_ip;
}

/* What "lr-nat-add" asks for. */
struct request {
    const char *type;
    bool is_snat;
    char *external_ip;
    char *logical_ip;
    const char *logical_port;   /* Or NULL. */
    const char *external_mac;   /* Likewise. */
    const char *port_range;     /* Likewise. */
    const struct nb_logical_router_port *gateway_port;  /* Likewise. */
    const struct nb_logical_router_port *place;     /* Where it applies, among
                                                     * several gateway ports.
                                                     * NULL if of no matter. */
    const char *match;          /* Likewise. */
    int64_t priority;
};

static struct error *
parse_addresses(struct dbctl_call *call, struct request *request)
{
    bool external_v4, logical_v4;

    request->external_ip = normalize(call->argv[3], false, &external_v4);
    if (!request->external_ip) {
        return error_create(0, "%s: Not a valid IPv4 or IPv6 address.",
                            call->argv[3]);
    }
    request->logical_ip = normalize(call->argv[4], request->is_snat,
                                    &logical_v4);
    if (!request->logical_ip || logical_v4 != external_v4) {
        return error_create(0, "%s: Not a valid IPv%c address%s.",
                            call->argv[4], external_v4 ? '4' : '6',
                            request->is_snat ? " or network" : "");
    }
    return NULL;
}

/* The words after the addresses: [PORT MAC] [RANGE].  A range alone needs
 * --portrange, as it might be meant for a port. */
static struct error *
parse_rest(struct dbctl_call *call, struct request *request)
{
    bool has_range = dbctl_has_option(call, "--portrange");
    const struct nb_logical_switch_port *lsp;
    struct error *error = NULL;
    struct eth_addr mac;
    uint16_t min, max;
    int n = call->argc - 5;

    if (n == 3 || (has_range && n == 1)) {
        request->port_range = call->argv[call->argc - 1];
        n--;
        if (!port_range_parse(request->port_range, &min, &max)
            || (min == max && strchr(request->port_range, '-'))) {
            return error_create(0, "%s: invalid port range",
                                request->port_range);
        }
    }
    if (!n) {
        return NULL;
    } else if (n == 1) {
        return error_create(0, "a logical port needs an external MAC");
    } else if (strcmp(request->type, "dnat_and_snat")) {
        return error_create(0, "a logical port and an external MAC are only "
                            "for the type \"dnat_and_snat\"");
    }
    error = nbctl_find_lsp(call->dbctl, call->argv[5], true, &lsp);
    if (!error && !mac_parse(call->argv[6], &mac)) {
        error = error_create(0, "invalid mac address %s.", call->argv[6]);
    }
    if (!error) {
        request->logical_port = lsp->name;
        request->external_mac = call->argv[6];
    }
    return error;
}

static struct error *
parse_options(struct dbctl_call *call, struct request *request)
{
    const char *priority = dbctl_option(call, "--priority");
    struct error *error = NULL;

    if (dbctl_has_option(call, "--stateless")
        && strcmp(request->type, "dnat_and_snat")) {
        return error_create(0, "--stateless is only for the type "
                            "\"dnat_and_snat\"");
    } else if (dbctl_has_option(call, "--add-route") && request->is_snat) {
        return error_create(0, "--add-route is not for the type \"snat\"");
    }
    request->match = dbctl_option(call, "--match");
    if (priority) {
        error = (request->match
                 ? nbctl_parse_priority(priority, &request->priority)
                 : error_create(0, "--priority needs --match"));
    }
    return error;
}

static size_t
count_gateways(const struct nb_logical_router *lr)
{
    size_t n = 0;

    for (size_t i = 0; i < lr->n_ports; i++) {
        n += nbctl_lrp_is_gateway(lr->ports[i]);
    }
    return n;
}

/* The gateway port whose networks the address is in, or NULL. */
static const struct nb_logical_router_port *
gateway_to(const struct nb_logical_router *lr, const char *ip)
{
    for (size_t i = 0; i < lr->n_ports; i++) {
        if (nbctl_lrp_is_gateway(lr->ports[i])
            && nbctl_lrp_reaches(lr->ports[i], ip)) {
            return lr->ports[i];
        }
    }
    return NULL;
}

static struct error *
find_named_gateway(struct dbctl_call *call, const struct nb_logical_router *lr,
                   const char *name,
                   const struct nb_logical_router_port **ret)
{
    struct error *error = nbctl_find_lrp(call->dbctl, name, true, ret);

    if (!error && nbctl_router_of(call->dbctl, *ret) != lr) {
        error = error_create(0, "%s: port is not on router %s", name,
                             call->argv[1]);
    } else if (!error && !nbctl_lrp_is_gateway(*ret)) {
        error = error_create(0, "%s is not a distributed gateway router port",
                             name);
    }
    return error;
}

/* The gateway port, which may go without saying if there is but one or the
 * external address tells. */
static struct error *
find_place(struct dbctl_call *call, const struct nb_logical_router *lr,
           struct request *request)
{
    const char *name = dbctl_option(call, "--gateway-port");
    bool has_several = count_gateways(lr) > 1;

    if (name) {
        struct error *error = find_named_gateway(call, lr, name,
                                                 &request->gateway_port);

        request->place = has_several ? request->gateway_port : NULL;
        return error;
    }
    request->place = has_several ? gateway_to(lr, request->external_ip) : NULL;
    return (!has_several || request->place ? NULL
            : error_create(0, "router %s has several distributed gateway "
                           "ports, none of which reaches %s: choose one by "
                           "--gateway-port", call->argv[1],
                           request->external_ip));
}

static struct error *
parse_request(struct dbctl_call *call, const struct nb_logical_router *lr,
              struct request *request)
{
    struct error *error = check_type(call->argv[2]);

    request->type = call->argv[2];
    request->is_snat = !strcmp(request->type, "snat");
    if (!error) {
        error = parse_addresses(call, request);
    }
    if (!error) {
        error = parse_rest(call, request);
    }
    if (!error) {
        error = parse_options(call, request);
    }
    return error ? error : find_place(call, lr, request);
}

/* What is there already. */
struct existing {
    const struct nb_nat *same;  /* What is asked for, or NULL. */
    bool stands;                /* One that cannot be there beside it. */
};

/* Whether a NAT that is there stands in the way: an error without
 * --may-exist. */
static struct error *
check_existing(const struct dbctl_call *call,
               const struct nb_logical_router *lr, const struct nb_nat *nat,
               const struct request *request, struct existing *existing)
{
    bool external = address_equals(nat->external_ip, request->external_ip);
    bool logical = address_equals(nat->logical_ip, request->logical_ip);
    const char *match = request->match ? request->match : "";

    if (strcmp(nat->match, match)
        || (request->place
            && request->place != (nat->gateway_port ? nat->gateway_port
                                  : gateway_to(lr, nat->external_ip)))) {
        return NULL;
    }
    if (!strcmp(nat->type, request->type)) {
        if (request->is_snat ? !logical : !external) {
            return NULL;
        }
        if (!(external && logical)) {
            return error_create(0, "a NAT with this type (%s) and %s (%s) "
                                "already exists", request->type,
                                request->is_snat ? "logical_ip"
                                : "external_ip",
                                request->is_snat ? request->logical_ip
                                : request->external_ip);
        }
        if (dbctl_has_option(call, "--may-exist")) {
            existing->same = nat;
            return NULL;
        }
        return error_create(0, "%s, %s: a NAT with this external_ip and "
                            "logical_ip already exists",
                            request->external_ip, request->logical_ip);
    }
    if (external && strmap_get_bool(&nat->options, "stateless", false)
                    != dbctl_has_option(call, "--stateless")) {
        existing->stands = true;
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "%s, %s: a stateless and a stateful NAT "
                               "cannot share an external_ip",
                               request->external_ip, request->logical_ip));
    }
    return NULL;
}

static void
insert(struct dbctl_call *call, const struct nb_logical_router *lr,
       const struct request *request)
{
    const struct nb_nat *nat = nb_nat_insert(dbctl_txn(call->dbctl));

    nb_nat_set_type(nat, request->type);
    nb_nat_set_external_ip(nat, request->external_ip);
    nb_nat_set_logical_ip(nat, request->logical_ip);
    nb_nat_update_options_setkey(
        nat, "stateless",
        dbctl_has_option(call, "--stateless") ? "true" : "false");
    if (dbctl_has_option(call, "--add-route")) {
        nb_nat_update_options_setkey(nat, "add_route", "true");
    }
    if (request->port_range) {
        nb_nat_set_external_port_range(nat, request->port_range);
    }
    if (request->gateway_port) {
        nb_nat_set_gateway_port(nat, request->gateway_port);
    }
    if (request->match) {
        nb_nat_set_match(nat, request->match);
        nb_nat_set_priority(nat, request->priority);
    }
    if (request->logical_port) {
        nb_nat_set_logical_port(nat, request->logical_port);
        nb_nat_set_external_mac(nat, request->external_mac);
    }
    nb_logical_router_update_nat_addvalue(lr, nat);
}

static struct error *
add_nat(struct dbctl_call *call, const struct nb_logical_router *lr,
        const struct request *request)
{
    struct existing existing = { .same = NULL };
    const struct nb_nat *same;

    for (size_t i = 0; i < lr->n_nat; i++) {
        struct error *error = check_existing(call, lr, lr->nat[i], request,
                                             &existing);

        if (error) {
            return error;
        }
    }
    same = existing.same;
    if (!same) {
        if (!existing.stands) {
            insert(call, lr, request);
        }
    } else if (request->logical_port) {
        nb_nat_set_logical_port(same, request->logical_port);
        nb_nat_set_external_mac(same, request->external_mac);
    } else {
        nb_nat_clear_logical_port(same);
        nb_nat_clear_external_mac(same);
    }
    return NULL;
}

static struct error *
run_lr_nat_add(struct dbctl_call *call)
{
    struct request request = { .external_ip = NULL };
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    if (!error) {
        error = parse_request(call, lr, &request);
    }
    if (!error) {
        error = add_nat(call, lr, &request);
    }
    free(request.external_ip);
    free(request.logical_ip);
    return error;
}

/* Which NATs "lr-nat-del" names. */
struct selection {
    const char *type;           /* NULL: any. */
    char *ip;                   /* Likewise. */
    const struct nb_logical_router_port *gateway_port;  /* Likewise. */
};

/* [TYPE [IP] [GATEWAY_PORT]] */
static struct error *
parse_selection(struct dbctl_call *call, struct selection *selection)
{
    struct error *error = NULL;
    bool is_v4;

    *selection = (struct selection) {
        .type = call->argc > 2 ? call->argv[2] : NULL,
    };
    if (selection->type) {
        error = check_type(selection->type);
    }
    if (!error && call->argc > 3) {
        selection->ip = normalize(call->argv[3], true, &is_v4);
        if (!selection->ip && call->argc > 4) {
            error = error_create(0, "%s: no IP address or network",
                                 call->argv[3]);
        } else if (!selection->ip || call->argc > 4) {
            error = nbctl_find_lrp(call->dbctl, call->argv[call->argc - 1],
                                   true, &selection->gateway_port);
        }
    }
    return error;
}

static struct error *
run_lr_nat_del(struct dbctl_call *call)
{
    struct selection selection = { .ip = NULL };
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);
    bool any = false;

    if (!error) {
        error = parse_selection(call, &selection);
    }
    for (size_t i = error ? 0 : lr->n_nat; i-- > 0;) {
        const struct nb_nat *nat = lr->nat[i];

        if ((!selection.type || !strcmp(nat->type, selection.type))
            && (!selection.ip || address_equals(nat_key(nat), selection.ip))
            && (!selection.gateway_port
                || nat->gateway_port == selection.gateway_port)) {
            nb_logical_router_update_nat_delvalue(lr, nat);
            nb_nat_delete(nat);
            any = true;
        }
    }
    if (!error && !any && selection.ip && selection.gateway_port
        && !dbctl_has_option(call, "--if-exists")) {
        error = error_create(0, "no NAT with type (%s), IP (%s) and "
                             "gateway_port (%s)", selection.type,
                             selection.ip, selection.gateway_port->name);
    }
    free(selection.ip);
    return error;
}

static struct error *
run_lr_nat_update_ext_ip(struct dbctl_call *call)
{
    const struct nb_logical_router *lr;
    const struct nb_address_set *set;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);
    char *ip = NULL;
    bool is_v4, any = false;

    if (!error) {
        error = check_type(call->argv[2]);
    }
    if (!error) {
        error = nbctl_find(call->dbctl, &nb_address_set_table,
                           NB_ADDRESS_SET_COL_NAME, "address set",
                           call->argv[4], true,
                           (const struct replica_row **) &set);
    }
    if (!error) {
        ip = normalize(call->argv[3], true, &is_v4);
        error = (ip ? NULL : error_create(0, "%s: no IP address or network",
                                          call->argv[3]));
    }
    for (size_t i = 0; !error && i < lr->n_nat; i++) {
        const struct nb_nat *nat = lr->nat[i];

        if (strcmp(nat->type, call->argv[2])
            || !address_equals(nat_key(nat), ip)) {
            continue;
        }
        any = true;
        if (dbctl_has_option(call, "--is-exempted")) {
            nb_nat_set_exempted_ext_ips(nat, set);
        } else {
            nb_nat_set_allowed_ext_ips(nat, set);
        }
    }
    if (!error && !any) {
        error = error_create(0, "router %s has no NAT of type %s and IP %s",
                             call->argv[1], call->argv[2], ip);
    }
    free(ip);
    return error;
}

static const char *
gateway_name(const struct nb_nat *nat)
{
    return nat->gateway_port ? nat->gateway_port->name : "";
}

static int
compare_nats(const void *a_, const void *b_)
{
    const struct nb_nat *const *a = a_, *const *b = b_;
    int c = strcmp((*a)->type, (*b)->type);

    c = c ? c : strcmp(gateway_name(*a), gateway_name(*b));
    c = c ? c : strcmp((*a)->external_ip, (*b)->external_ip);
    return c ? c : strcmp((*a)->logical_ip, (*b)->logical_ip);
}

static void
put_nat(struct str *out, const char *type, const char *port,
        const char *external_ip, const char *range, const char *logical_ip,
        const char *mac, const char *lsp)
{
    str_printf(out, "%-17.13s%-22.19s%-19.15s%-17.17s%-20.18s%-21.17s%s",
               type, port, external_ip, range, logical_ip, mac, lsp);
    while (out->length && out->string[out->length - 1] == ' ') {
        str_truncate(out, out->length - 1);
    }
    str_put_char(out, '\n');
}

static struct error *
run_lr_nat_list(struct dbctl_call *call)
{
    VEC(const struct nb_nat *) sorted = VEC_EMPTY;
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    for (size_t i = 0; !error && i < lr->n_nat; i++) {
        vec_push(&sorted, lr->nat[i]);
    }
    vec_sort(&sorted, compare_nats);
    if (sorted.n) {
        put_nat(&call->output, "TYPE", "GATEWAY_PORT", "EXTERNAL_IP",
                "EXTERNAL_PORT", "LOGICAL_IP", "EXTERNAL_MAC",
                "LOGICAL_PORT");
    }
    VEC_FOR_EACH (p, &sorted) {
        const struct nb_nat *nat = *p;

        put_nat(&call->output, nat->type, gateway_name(nat),
                nat->external_ip, nat->external_port_range, nat->logical_ip,
                nat->external_mac ? nat->external_mac : "",
                nat->logical_port ? nat->logical_port : "");
    }
    vec_uninit(&sorted);
    return error;
}

/* Another port than the router's own may be named. */
static struct error *
prepare_lr_nat_add(struct dbctl_call *call)
{
    const char *name = dbctl_option(call, "--gateway-port");

    if (name) {
        dbctl_monitor_named(call->dbctl, &nb_logical_router_port_table, 0,
                            NB_LOGICAL_ROUTER_PORT_COL_NAME, name);
    }
    return NULL;
}

#define NEED_NATS \
    NEED_LR(1, LR(NAT)), NEED_REFERENCED(nb_nat, REPLICA_ALL_COLS)

static const struct dbctl_command commands[] = {
    { .name = "lr-nat-add", .min_args = 4, .max_args = 7,
      .arguments = "ROUTER TYPE EXTERNAL_IP LOGICAL_IP "
                   "[LOGICAL_PORT EXTERNAL_MAC] [EXTERNAL_PORT_RANGE]",
      .options = "--may-exist,--stateless,--portrange,--add-route,"
                 "--gateway-port=,--match=,--priority=",
      .prepare = prepare_lr_nat_add,
      .needs = NEEDS(NEED_NATS, NEED_LR(1, LR(PORTS)), NEED_LSP(5, 0),
                     NEED_REFERENCED(nb_logical_router_port,
                                     LRP(NETWORKS) | LRP(GATEWAY_CHASSIS)
                                     | LRP(HA_CHASSIS_GROUP)),
                     NEED_REFERENCED(nb_gateway_chassis, 0),
                     NEED_REFERENCED(nb_ha_chassis_group, 0)),
      .run = run_lr_nat_add },
    { .name = "lr-nat-del", .min_args = 1, .max_args = 4,
      .arguments = "ROUTER [TYPE [IP] [GATEWAY_PORT]]",
      .options = "--if-exists", .needs = NEEDS(NEED_NATS, NEED_LRP(-3, 0)),
      .run = run_lr_nat_del },
    { .name = "lr-nat-list", .min_args = 1, .max_args = 1,
      .arguments = "ROUTER",
      .needs = NEEDS(NEED_NATS, NEED_REFERENCED(nb_logical_router_port,
                                                LRP(NAME))),
      .run = run_lr_nat_list },
    { .name = "lr-nat-update-ext-ip", .min_args = 4, .max_args = 4,
      .arguments = "ROUTER TYPE IP ADDRESS_SET", .options = "--is-exempted",
      .needs = NEEDS(NEED_NATS, NEED_NAMED(nb_address_set, 4, 0,
                                           NB_ADDRESS_SET_COL_NAME)),
      .run = run_lr_nat_update_ext_ip },
};

const struct dbctl_command_group nbctl_nat_commands = {
    "NAT commands", commands, ARRAY_SIZE(commands)
};
