/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on health checks of switch ports. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

typedef struct nb_logical_switch_port_health_check check_row;

/* What "lsp-hc-add" asks for. */
struct request {
    const char *protocol;
    char *src_ip;
    int64_t port;               /* 0 for none. */
    char *address;              /* "": all of the port's. */
};

/* A number is the port to probe, an IP address the one to probe. */
static struct error *
parse_target(const char *word, bool src_is_v4, struct request *request)
{
    bool is_v4;
    char *ip = nbctl_normalize_ip(word, &is_v4);

    if (!ip) {
        return nbctl_parse_number("port", word, 1, UINT16_MAX,
                                  &request->port);
    }
    free(request->address);
    request->address = ip;
    return (is_v4 == src_is_v4 ? NULL
            : error_create(0, "%s: address is of another family than the "
                           "source address", word));
}

static struct error *
parse_request(struct dbctl_call *call, struct request *request)
{
    static const char *const protocols[] = { "tcp", "udp", "icmp", NULL };
    struct error *error = nbctl_parse_choice("protocol", call->argv[2],
                                             protocols);
    bool is_icmp = !strcmp(call->argv[2], "icmp");
    bool is_v4;

    request->protocol = call->argv[2];
    if (error) {
        return error;
    }
    request->src_ip = nbctl_normalize_ip(call->argv[3], &is_v4);
    if (!request->src_ip) {
        return error_create(0, "%s: source is no IP address", call->argv[3]);
    }
    for (int i = 4; !error && i < call->argc; i++) {
        error = parse_target(call->argv[i], is_v4, request);
    }
    if (!error && is_icmp && request->port) {
        error = error_create(0, "a health check by icmp takes no port");
    } else if (!error && !is_icmp && !request->port) {
        error = error_create(0, "a health check by %s needs a port",
                             request->protocol);
    }
    return error;
}

static bool
check_is_same(const check_row *check, const struct request *request)
{
    return (!strcmp(check->protocol, request->protocol)
            && !strcmp(check->src_ip, request->src_ip)
            && check->port == request->port
            && !strcmp(check->address, request->address));
}

static struct error *
add_check(struct dbctl_call *call, const struct nb_logical_switch_port *lsp,
          const struct request *request)
{
    const check_row *check;

    for (size_t i = 0; i < lsp->n_health_checks; i++) {
        if (check_is_same(lsp->health_checks[i], request)) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "such a health check already exists on "
                                   "port %s", call->argv[1]));
        }
    }
    check = nb_logical_switch_port_health_check_insert(dbctl_txn(call->dbctl));
    nb_logical_switch_port_health_check_set_protocol(check,
                                                     request->protocol);
    nb_logical_switch_port_health_check_set_src_ip(check, request->src_ip);
    nb_logical_switch_port_health_check_set_port(check, request->port);
    nb_logical_switch_port_health_check_set_address(check, request->address);
    nb_logical_switch_port_update_health_checks_addvalue(lsp, check);
    return NULL;
}

static struct error *
run_add(struct dbctl_call *call)
{
    struct request request = { .address = xstrdup("") };
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        error = parse_request(call, &request);
    }
    if (!error) {
        error = add_check(call, lsp, &request);
    }
    free(request.src_ip);
    free(request.address);
    return error;
}

static struct error *
run_del(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);
    struct uuid uuid;
    bool any = false;

    if (!error && call->argc > 2 && !uuid_from_string(&uuid, call->argv[2])) {
        error = error_create(0, "%s: no UUID of a health check",
                             call->argv[2]);
    }
    for (size_t i = error ? 0 : lsp->n_health_checks; i-- > 0;) {
        const check_row *check = lsp->health_checks[i];

        if (call->argc < 3 || uuid_equals(&check->header.uuid, &uuid)) {
            nb_logical_switch_port_update_health_checks_delvalue(lsp, check);
            nb_logical_switch_port_health_check_delete(check);
            any = true;
        }
    }
    if (!error && !any && call->argc > 2
        && !dbctl_has_option(call, "--if-exists")) {
        error = error_create(0, "%s: no health check of port %s has this "
                             "UUID", call->argv[2], call->argv[1]);
    }
    return error;
}

static int
compare_checks(const void *a_, const void *b_)
{
    const check_row *a = *(const check_row *const *) a_;
    const check_row *b = *(const check_row *const *) b_;
    int c = strcmp(a->protocol, b->protocol);

    c = c ? c : strcmp(a->src_ip, b->src_ip);
    c = c ? c : (a->port > b->port) - (a->port < b->port);
    return c ? c : strcmp(a->address, b->address);
}

static struct error *
run_list(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);
    VEC(const check_row *) sorted = VEC_EMPTY;

    for (size_t i = 0; !error && i < lsp->n_health_checks; i++) {
        vec_push(&sorted, lsp->health_checks[i]);
    }
    vec_sort(&sorted, compare_checks);
    VEC_FOR_EACH (p, &sorted) {
        const check_row *check = *p;

        str_printf(&call->output, UUID_FMT " %s src=%s",
                   UUID_ARGS(&check->header.uuid), check->protocol,
                   check->src_ip);
        if (check->port) {
            str_printf(&call->output, " port=%lld", (long long) check->port);
        }
        if (*check->address) {
            str_printf(&call->output, " address=%s", check->address);
        }
        if (check->status) {
            str_printf(&call->output, " status=%s", check->status);
        }
        str_put_char(&call->output, '\n');
    }
    vec_uninit(&sorted);
    return error;
}

#define NEED_CHECKS \
    NEEDS(NEED_LSP(1, LSP(HEALTH_CHECKS)), \
          NEED_REFERENCED(nb_logical_switch_port_health_check, \
                          REPLICA_ALL_COLS))

static const struct dbctl_command commands[] = {
    { .name = "lsp-hc-add", .min_args = 3, .max_args = 5,
      .arguments = "PORT PROTOCOL SOURCE_IP [L4_PORT] [ADDRESS]",
      .options = "--may-exist", .needs = NEED_CHECKS, .run = run_add },
    { .name = "lsp-hc-del", .min_args = 1, .max_args = 2,
      .arguments = "PORT [UUID]", .options = "--if-exists",
      .needs = NEED_CHECKS, .run = run_del },
    { .name = "lsp-hc-list", .min_args = 1, .max_args = 1,
      .arguments = "PORT", .needs = NEED_CHECKS, .run = run_list },
};

const struct dbctl_command_group nbctl_hc_commands = {
    "Switch port health check commands", commands, ARRAY_SIZE(commands)
};
