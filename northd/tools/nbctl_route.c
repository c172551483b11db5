/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on static routes. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

typedef struct nb_logical_router_static_route route_row;

/* A nexthop in canonical text, for free(); "discard" stays. */
static struct error *
normalize_nexthop(const char *s, bool is_v4, char **ret)
{
    struct str out = STR_EMPTY;
    struct in6_addr ip;

    if (!strcmp(s, "discard")) {
        *ret = xstrdup(s);
        return NULL;
    }
    if (!ip_parse(s, &ip) || ip_is_v4(&ip) != is_v4) {
        return error_create(0, "bad IPv%c nexthop argument: %s",
                            is_v4 ? '4' : '6', s);
    }
    ip_format(&ip, &out);
    *ret = str_steal(&out);
    return NULL;
}

static const char *
route_policy(const route_row *route)
{
    return route->policy ? route->policy : "dst-ip";
}

static struct error *
check_policy(const char *policy)
{
    return (!policy || !strcmp(policy, "src-ip") || !strcmp(policy, "dst-ip")
            ? NULL : error_create(0, "bad policy: %s", policy));
}

/* Whether the route's prefix, however it is written, is 'prefix'. */
static bool
route_has_prefix(const route_row *route, const char *prefix)
{
    unsigned int plen;
    bool is_v4;
    char *s = nbctl_normalize_network(route->ip_prefix, &is_v4, &plen);
    bool equal = s && !strcmp(s, prefix);

    free(s);
    return equal;
}

/* What "lr-route-add" asks for. */
struct request {
    char *prefix;
    char *nexthop;
    const char *port;           /* Or NULL. */
    const char *policy;         /* Likewise. */
    const char *route_table;
    const struct nb_bfd *bfd;   /* Likewise. */
};

/* The BFD session that --bfd asks for: the one named, the one to the next hop,
 * or else a new one on the output port. */
static struct error *
find_bfd(struct dbctl_call *call, struct request *request)
{
    const char *id = dbctl_option(call, "--bfd");
    struct uuid uuid;

    if (!id) {
        return NULL;
    } else if (!strcmp(request->nexthop, "discard") || !*request->nexthop) {
        return error_create(0, "--bfd needs a next hop%s",
                            *request->nexthop ? ", not \"discard\"" : "");
    } else if (*id) {
        request->bfd = (uuid_from_string(&uuid, id)
                        ? nb_bfd_get_for_uuid(dbctl_replica(call->dbctl),
                                              &uuid) : NULL);
        return (request->bfd ? NULL
                : error_create(0, "%s: no BFD session has this UUID", id));
    }
    request->bfd = nbctl_find_bfd(call->dbctl, request->nexthop,
                                  request->port);
    if (!request->bfd && !request->port) {
        return error_create(0, "no BFD session to %s; a new one needs an "
                            "output port", request->nexthop);
    } else if (!request->bfd) {
        request->bfd = nbctl_add_bfd(call->dbctl, request->nexthop,
                                     request->port);
    }
    return NULL;
}

static bool
is_ecmp(const struct dbctl_call *call)
{
    return (dbctl_has_option(call, "--ecmp")
            || dbctl_has_option(call, "--ecmp-symmetric-reply"));
}

static void
write_route(const route_row *route, const struct request *request)
{
    nb_logical_router_static_route_set_ip_prefix(route, request->prefix);
    nb_logical_router_static_route_set_nexthop(route, request->nexthop);
    if (request->port) {
        nb_logical_router_static_route_set_output_port(route, request->port);
    }
    if (request->policy) {
        nb_logical_router_static_route_set_policy(route, request->policy);
    }
    if (request->bfd) {
        nb_logical_router_static_route_set_bfd(route, request->bfd);
    }
}

/* What would make no sense besides. */
static struct error *
check_discard(const struct dbctl_call *call, const struct request *request)
{
    if (strcmp(request->nexthop, "discard")) {
        return NULL;
    } else if (is_ecmp(call)) {
        return error_create(0, "ecmp is not valid for discard routes.");
    } else if (request->port && !dbctl_has_option(call, "--bfd")) {
        return error_create(0, "an output port is not valid for discard "
                            "routes.");
    }
    return NULL;
}

static struct error *
add_route(struct dbctl_call *call, const struct nb_logical_router *lr,
          struct request *request)
{
    bool symmetric = dbctl_has_option(call, "--ecmp-symmetric-reply");
    bool ecmp = is_ecmp(call);
    const char *policy = request->policy ? request->policy : "dst-ip";
    const route_row *route;
    struct error *error;

    for (size_t i = 0; i < lr->n_static_routes; i++) {
        route = lr->static_routes[i];
        if (strcmp(route_policy(route), policy)
            || strcmp(route->route_table, request->route_table)
            || !route_has_prefix(route, request->prefix)) {
            continue;
        }
        if (ecmp && !strcmp(route->nexthop, "discard")) {
            return error_create(0, "discard nexthop for the same ECMP route "
                                "exists.");
        }
        if (ecmp && (strcmp(route->nexthop, request->nexthop)
                     || (request->port && route->output_port
                         && strcmp(route->output_port, request->port)))) {
            continue;
        }
        if (dbctl_has_option(call, "--may-exist")) {
            error = find_bfd(call, request);
            if (!error) {
                write_route(route, request);
            }
            return error;
        }
        return (ecmp
                ? error_create(0, "duplicate nexthop for the same ECMP route")
                : error_create(0, "duplicate prefix: %s (policy: %s). Use "
                               "option --ecmp to allow this for ECMP "
                               "routing.", request->prefix, policy));
    }
    error = find_bfd(call, request);
    if (error) {
        return error;
    }
    route = nb_logical_router_static_route_insert(dbctl_txn(call->dbctl));
    write_route(route, request);
    if (*request->route_table) {
        nb_logical_router_static_route_set_route_table(route,
                                                       request->route_table);
    }
    if (symmetric) {
        nb_logical_router_static_route_update_options_setkey(
            route, "ecmp_symmetric_reply", "true");
    }
    nb_logical_router_update_static_routes_addvalue(lr, route);
    return NULL;
}

/* An address, "discard", or a router port behind which the destinations
 * themselves are. */
static struct error *
parse_nexthop(struct dbctl_call *call, bool is_v4, struct request *request)
{
    struct error *error = normalize_nexthop(call->argv[3], is_v4,
                                            &request->nexthop);
    const struct nb_logical_router_port *lrp = NULL;

    if (error) {
        error_free(nbctl_find_lrp(call->dbctl, call->argv[3], false, &lrp));
    }
    if (lrp) {
        error_free(error);
        request->nexthop = xstrdup("");
        request->port = lrp->name;
        return NULL;
    }
    return error;
}

static struct error *
run_lr_route_add(struct dbctl_call *call)
{
    const char *table = dbctl_option(call, "--route-table");
    const struct nb_logical_router_port *lrp = NULL;
    const struct nb_logical_router *lr;
    struct request request = { .policy = dbctl_option(call, "--policy"),
                               .route_table = table ? table : "" };
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);
    unsigned int plen;
    bool is_v4;

    if (!error) {
        error = check_policy(request.policy);
    }
    if (error) {
        return error;
    }
    request.prefix = nbctl_normalize_network(call->argv[2], &is_v4, &plen);
    if (!request.prefix) {
        return error_create(0, "bad prefix argument: %s", call->argv[2]);
    }
    error = parse_nexthop(call, is_v4, &request);
    if (!error && call->argc > 4) {
        error = nbctl_find_lrp(call->dbctl, call->argv[4], true, &lrp);
        request.port = lrp ? lrp->name : NULL;
    }
    if (!error) {
        error = check_discard(call, &request);
    }
    if (!error) {
        error = add_route(call, lr, &request);
    }
    free(request.prefix);
    free(request.nexthop);
    return error;
}

/* Whether the route is one of those that "lr-route-del" names. */
static bool
route_is_named(const struct dbctl_call *call, const route_row *route,
               const char *prefix, const char *nexthop)
{
    const char *policy = dbctl_option(call, "--policy");
    const char *table = dbctl_option(call, "--route-table");

    return ((!policy || !strcmp(policy, route_policy(route)))
            && (!table || !strcmp(table, route->route_table))
            && (!prefix || route_has_prefix(route, prefix))
            && (!nexthop || !strcmp(nexthop, route->nexthop))
            && (call->argc < 5
                || (route->output_port
                    && !strcmp(route->output_port, call->argv[4]))));
}

static bool
bfd_is_used(const struct nb_logical_router *lr, const struct nb_bfd *bfd)
{
    bool is_used = false;

    for (size_t i = 0; i < lr->n_static_routes && !is_used; i++) {
        is_used = lr->static_routes[i]->bfd == bfd;
    }
    for (size_t i = 0; i < lr->n_policies && !is_used; i++) {
        const struct nb_logical_router_policy *policy = lr->policies[i];

        for (size_t j = 0; j < policy->n_bfd_sessions; j++) {
            is_used |= policy->bfd_sessions[j] == bfd;
        }
    }
    return is_used;
}

/* Deletes a route, and with 'bfd_too' the session that watched its next hop
 * and no other's. */
static void
delete_route(const struct nb_logical_router *lr, const route_row *route,
             bool bfd_too)
{
    const struct nb_bfd *bfd = route->bfd;

    nb_logical_router_update_static_routes_delvalue(lr, route);
    nb_logical_router_static_route_delete(route);
    if (bfd && bfd_too && !bfd_is_used(lr, bfd)) {
        nb_bfd_delete(bfd);
    }
}

static struct error *
delete_routes(struct dbctl_call *call, const struct nb_logical_router *lr,
              const char *prefix, const char *nexthop)
{
    const char *policy = dbctl_option(call, "--policy");
    bool names_some = (call->argc > 2 || policy
                       || dbctl_has_option(call, "--route-table"));
    bool any = false;

    for (size_t i = lr->n_static_routes; i-- > 0;) {
        const route_row *route = lr->static_routes[i];

        if (route_is_named(call, route, prefix, nexthop)) {
            delete_route(lr, route, names_some);
            any = true;
        }
    }
    if (any || call->argc == 2 || dbctl_has_option(call, "--if-exists")) {
        return NULL;
    }
    return error_create(0, "no matching route: policy '%s', prefix '%s', "
                        "nexthop '%s', output_port '%s'.",
                        policy ? policy : "any", prefix ? prefix : "any",
                        nexthop ? nexthop : "any",
                        call->argc > 4 ? call->argv[4] : "any");
}

static struct error *
run_lr_route_del(struct dbctl_call *call)
{
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);
    char *prefix = NULL, *nexthop = NULL;
    unsigned int plen;
    bool is_v4;

    if (!error) {
        error = check_policy(dbctl_option(call, "--policy"));
    }
    if (!error && call->argc > 2) {
        prefix = nbctl_normalize_network(call->argv[2], &is_v4, &plen);
        if (!prefix) {
            error = error_create(0, "bad prefix argument: %s", call->argv[2]);
        }
    }
    if (!error && call->argc > 3) {
        error = normalize_nexthop(call->argv[3], is_v4, &nexthop);
    }
    if (!error) {
        error = delete_routes(call, lr, prefix, nexthop);
    }
    free(prefix);
    free(nexthop);
    return error;
}

/* lr-route-list */

struct listed {
    const route_row *route;
    char *prefix;
    struct in6_addr network;    /* The prefix, for order. */
    unsigned int plen;
    bool is_v4;
};

/* By table, longest prefix first, destination routes before source routes,
 * then by address. */
static int
compare_listed(const void *a_, const void *b_)
{
    const struct listed *a = a_, *b = b_;
    int c = strcmp(a->route->route_table, b->route->route_table);

    if (c) {
        return c;
    } else if (a->plen != b->plen) {
        return a->plen > b->plen ? -1 : 1;
    }
    c = strcmp(route_policy(a->route), route_policy(b->route));
    if (!c) {
        c = memcmp(&a->network, &b->network, sizeof a->network);
    }
    return c ? c : strcmp(a->route->nexthop, b->route->nexthop);
}

static bool
same_destination(const struct listed *a, const struct listed *b)
{
    return (a->is_v4 == b->is_v4 && !strcmp(a->prefix, b->prefix)
            && !strcmp(a->route->route_table, b->route->route_table)
            && !strcmp(route_policy(a->route), route_policy(b->route)));
}

static void
put_route(struct str *out, const struct listed *listed, bool is_ecmp)
{
    const route_row *route = listed->route;

    str_printf(out, "%25s %25s %s", listed->prefix, route->nexthop,
               route_policy(route));
    if (route->output_port) {
        str_printf(out, " %s", route->output_port);
    }
    if (strmap_get(&route->external_ids, "ic-learned-route")) {
        str_put(out, " (learned)");
    }
    if (is_ecmp) {
        str_put(out, " ecmp");
    }
    if (strmap_get_bool(&route->options, "ecmp_symmetric_reply", false)) {
        str_put(out, " ecmp-symmetric-reply");
    }
    str_put(out, route->bfd ? " bfd\n" : "\n");
}

static void
put_routes(struct str *out, const struct listed *routes, size_t n, bool is_v4)
{
    const char *table = NULL;

    for (size_t i = 0; i < n; i++) {
        const struct listed *listed = &routes[i];
        bool is_ecmp = false;

        if (listed->is_v4 != is_v4) {
            continue;
        }
        if (!table) {
            str_printf(out, "%sIPv%c Routes\n", out->length ? "\n" : "",
                       is_v4 ? '4' : '6');
        }
        if (!table || strcmp(table, listed->route->route_table)) {
            str_printf(out, "%sRoute Table %s:\n", table ? "\n" : "",
                       *listed->route->route_table
                       ? listed->route->route_table : "<main>");
            table = listed->route->route_table;
        }
        for (size_t j = 0; j < n; j++) {
            is_ecmp |= j != i && same_destination(listed, &routes[j]);
        }
        put_route(out, listed, is_ecmp);
    }
}

static struct error *
run_lr_route_list(struct dbctl_call *call)
{
    const struct nb_logical_router *lr;
    const char *table = dbctl_option(call, "--route-table");
    VEC(struct listed) routes = VEC_EMPTY;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    for (size_t i = 0; !error && i < lr->n_static_routes; i++) {
        struct listed listed = { .route = lr->static_routes[i] };

        if (table && strcmp(table, listed.route->route_table)) {
            continue;
        }
        listed.prefix = nbctl_normalize_network(listed.route->ip_prefix,
                                         &listed.is_v4, &listed.plen);
        if (listed.prefix) {
            char *end = strchr(listed.prefix, '/');
            char *ip = xmemdup0(listed.prefix, end ? end - listed.prefix
                                : (ptrdiff_t) strlen(listed.prefix));

            ip_parse(ip, &listed.network);
            free(ip);
            vec_push(&routes, listed);
        }
    }
    vec_sort(&routes, compare_listed);
    put_routes(&call->output, routes.items, routes.n, true);
    put_routes(&call->output, routes.items, routes.n, false);
    VEC_FOR_EACH (listed, &routes) {
        free(listed->prefix);
    }
    vec_uninit(&routes);
    return error;
}

static struct error *
prepare_lr_route_add(struct dbctl_call *call)
{
    if (dbctl_has_option(call, "--bfd")) {
        dbctl_monitor(call->dbctl, &nb_bfd_table, NBCTL_BFD_COLUMNS);
    }
    return NULL;
}

#define NEED_ROUTES \
    NEED_LR(1, LR(STATIC_ROUTES)), \
    NEED_REFERENCED(nb_logical_router_static_route, REPLICA_ALL_COLS)

#define SESSIONS REPLICA_COL(NB_LOGICAL_ROUTER_POLICY_COL_BFD_SESSIONS)

static const struct dbctl_command commands[] = {
    { .name = "lr-route-add", .min_args = 3, .max_args = 4,
      .arguments = "ROUTER PREFIX NEXTHOP|PORT [PORT]",
      .options = "--may-exist,--ecmp,--ecmp-symmetric-reply,--policy=,"
                 "--route-table=,--bfd?",
      .prepare = prepare_lr_route_add,
      .needs = NEEDS(NEED_ROUTES, NEED_LRP(-3, 0)), .run = run_lr_route_add },
    { .name = "lr-route-del", .min_args = 1, .max_args = 4,
      .arguments = "ROUTER [PREFIX [NEXTHOP [PORT]]]",
      .options = "--if-exists,--policy=,--route-table=",
      .needs = NEEDS(NEED_ROUTES, NEED_LR(1, LR(POLICIES)),
                     NEED_REFERENCED(nb_logical_router_policy, SESSIONS),
                     NEED_REFERENCED(nb_bfd, 0)),
      .run = run_lr_route_del },
    { .name = "lr-route-list", .min_args = 1, .max_args = 1,
      .arguments = "ROUTER", .options = "--route-table=",
      .needs = NEEDS(NEED_ROUTES, NEED_REFERENCED(nb_bfd, 0)),
      .run = run_lr_route_list },
};

const struct dbctl_command_group nbctl_route_commands = {
    "Static route commands", commands, ARRAY_SIZE(commands)
};
