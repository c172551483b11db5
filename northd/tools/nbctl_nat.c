/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on NAT. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

static const struct replica_table_class *const tables[] = {
    &nb_logical_router_table, &nb_nat_table, &nb_logical_switch_port_table,
    NULL,
};

static struct error *
check_type(const char *type)
{
    return (!strcmp(type, "dnat") || !strcmp(type, "snat")
            || !strcmp(type, "dnat_and_snat") ? NULL
            : error_create(0, "%s: type must be one of \"dnat\", \"snat\" and "
                           "\"dnat_and_snat\".", type));
}

/* An address, or a network if 'allow_network', in canonical text, for free();
 * NULL if 's' is none. */
static char *
normalize(const char *s, bool allow_network, bool *is_v4)
{
    struct str out = STR_EMPTY;
    struct in6_addr ip, mask6;
    unsigned int plen;
    be32 ip4;

    if (ip_parse(s, &ip)) {
        *is_v4 = ip_is_v4(&ip);
        ip_format(&ip, &out);
    } else if (allow_network && ip4_parse_cidr(s, &ip4, &plen)) {
        *is_v4 = true;
        ip4_format_masked(ip4 & ip4_mask(plen), ip4_mask(plen), &out);
    } else if (allow_network && ip6_parse_cidr(s, &ip, &plen)) {
        *is_v4 = false;
        mask6 = ip6_mask(plen);
        ip = ip6_and(&ip, &mask6);
        ip6_format_masked(&ip, &mask6, &out);
    } else {
        return NULL;
    }
    return str_steal(&out);
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

/* What "lr-nat-add" asks for. */
struct request {
    const char *type;
    char *external_ip;
    char *logical_ip;
    const char *logical_port;   /* Or NULL. */
    const char *external_mac;   /* Likewise. */
};

static struct error *
parse_request(struct dbctl_call *call, struct request *request)
{
    const struct nb_logical_switch_port *lsp;
    bool external_v4, logical_v4;
    struct error *error;
    struct eth_addr mac;

    request->type = call->argv[2];
    error = check_type(request->type);
    if (error) {
        return error;
    }
    request->external_ip = normalize(call->argv[3], false, &external_v4);
    if (!request->external_ip) {
        return error_create(0, "%s: Not a valid IPv4 or IPv6 address.",
                            call->argv[3]);
    }
    request->logical_ip = normalize(call->argv[4],
                                    !strcmp(request->type, "snat"),
                                    &logical_v4);
    if (!request->logical_ip || logical_v4 != external_v4) {
        return error_create(0, "%s: Not a valid IPv%c address%s.",
                            call->argv[4], external_v4 ? '4' : '6',
                            strcmp(request->type, "snat") ? ""
                            : " or network");
    }
    if (call->argc == 5) {
        return NULL;
    } else if (call->argc == 6) {
        return error_create(0, "lr-nat-add with logical_port must also "
                            "specify external_mac.");
    } else if (strcmp(request->type, "dnat_and_snat")) {
        return error_create(0, "logical_port and external_mac are only valid "
                            "when type is \"dnat_and_snat\".");
    }
    error = nbctl_find_lsp(call->dbctl, call->argv[5], true, &lsp);
    if (error) {
        return error;
    }
    if (!mac_parse(call->argv[6], &mac)) {
        return error_create(0, "invalid mac address %s.", call->argv[6]);
    }
    request->logical_port = lsp->name;
    request->external_mac = call->argv[6];
    return NULL;
}

/* Whether a NAT that is there stands in the way; with --may-exist, stores in
 * '*same' that it is what is asked for. */
static struct error *
check_existing(const struct dbctl_call *call, const struct nb_nat *nat,
               const struct request *request, const struct nb_nat **same)
{
    bool is_snat = !strcmp(request->type, "snat");
    bool external = address_equals(nat->external_ip, request->external_ip);
    bool logical = address_equals(nat->logical_ip, request->logical_ip);

    if (!strcmp(nat->type, request->type)) {
        if (is_snat ? !logical : !external) {
            return NULL;
        }
        if (!(external && logical)) {
            return error_create(0, "a NAT with this type (%s), %s (%s) "
                                "already exists", request->type,
                                is_snat ? "logical_ip" : "external_ip",
                                is_snat ? request->logical_ip
                                : request->external_ip);
        }
        if (dbctl_has_option(call, "--may-exist")) {
            *same = nat;
            return NULL;
        }
        return error_create(0, "%s, %s: a NAT with this external_ip and "
                            "logical_ip already exists",
                            request->external_ip, request->logical_ip);
    }
    if (!is_snat && strcmp(nat->type, "snat") && external) {
        return error_create(0, "a NAT with type (%s), external_ip (%s) "
                            "already exists", nat->type,
                            request->external_ip);
    }
    return NULL;
}

static void
write_port(const struct nb_nat *nat, const struct request *request)
{
    if (request->logical_port) {
        nb_nat_set_logical_port(nat, request->logical_port);
        nb_nat_set_external_mac(nat, request->external_mac);
    }
}

static struct error *
add_nat(struct dbctl_call *call, const struct nb_logical_router *lr,
        const struct request *request)
{
    const struct nb_nat *nat = NULL;

    for (size_t i = 0; i < lr->n_nat; i++) {
        struct error *error = check_existing(call, lr->nat[i], request, &nat);

        if (error) {
            return error;
        }
    }
    if (!nat) {
        nat = nb_nat_insert(dbctl_txn(call->dbctl));
        nb_nat_set_type(nat, request->type);
        nb_nat_set_external_ip(nat, request->external_ip);
        nb_nat_set_logical_ip(nat, request->logical_ip);
        nb_nat_update_options_setkey(
            nat, "stateless",
            dbctl_has_option(call, "--stateless") ? "true" : "false");
        nb_logical_router_update_nat_addvalue(lr, nat);
    }
    write_port(nat, request);
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
        error = parse_request(call, &request);
    }
    if (!error && dbctl_has_option(call, "--stateless")
        && strcmp(request.type, "dnat_and_snat")) {
        error = error_create(0, "stateless is not applicable to dnat or snat "
                             "types");
    }
    if (!error) {
        error = add_nat(call, lr, &request);
    }
    free(request.external_ip);
    free(request.logical_ip);
    return error;
}

static struct error *
run_lr_nat_del(struct dbctl_call *call)
{
    const char *type = call->argc > 2 ? call->argv[2] : NULL;
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);
    char *ip = NULL;
    bool is_v4;

    if (!error && type) {
        error = check_type(type);
    }
    if (!error && call->argc > 3) {
        ip = normalize(call->argv[3], true, &is_v4);
        if (!ip) {
            error = error_create(0, "%s: Invalid IP address or CIDR",
                                 call->argv[3]);
        }
    }
    for (size_t i = error ? 0 : lr->n_nat; i-- > 0;) {
        const struct nb_nat *nat = lr->nat[i];
        const char *key = strcmp(nat->type, "snat") ? nat->external_ip
                          : nat->logical_ip;

        if ((!type || !strcmp(nat->type, type))
            && (!ip || address_equals(key, ip))) {
            nb_logical_router_update_nat_delvalue(lr, nat);
            nb_nat_delete(nat);
        }
    }
    free(ip);
    return error;
}

static int
compare_nats(const void *a_, const void *b_)
{
    const struct nb_nat *const *a = a_, *const *b = b_;
    int c = strcmp((*a)->type, (*b)->type);

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

        put_nat(&call->output, nat->type,
                nat->gateway_port ? nat->gateway_port->name : "",
                nat->external_ip, nat->external_port_range, nat->logical_ip,
                nat->external_mac ? nat->external_mac : "",
                nat->logical_port ? nat->logical_port : "");
    }
    vec_uninit(&sorted);
    return error;
}

static const struct replica_table_class *const list_tables[] = {
    &nb_logical_router_table, &nb_nat_table, &nb_logical_router_port_table,
    NULL,
};

static const struct dbctl_command commands[] = {
    { .name = "lr-nat-add", .min_args = 4, .max_args = 6,
      .arguments = "ROUTER TYPE EXTERNAL_IP LOGICAL_IP "
                   "[LOGICAL_PORT EXTERNAL_MAC]",
      .options = "--may-exist,--stateless", .tables = tables,
      .run = run_lr_nat_add },
    { .name = "lr-nat-del", .min_args = 1, .max_args = 3,
      .arguments = "ROUTER [TYPE [IP]]", .options = "--if-exists",
      .tables = tables, .run = run_lr_nat_del },
    { .name = "lr-nat-list", .min_args = 1, .max_args = 1,
      .arguments = "ROUTER", .tables = list_tables, .run = run_lr_nat_list },
};

const struct dbctl_command_group nbctl_nat_commands = {
    "NAT commands", commands, ARRAY_SIZE(commands)
};
