/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on routing policies. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "northd/tools/nbctl.h"

typedef struct nb_logical_router_policy policy_row;

/* What "lr-policy-add" asks for. */
struct request {
    int64_t priority;
    const char *match;
    const char *action;
    const char *chain;          /* "" for none. */
    const char *jump_chain;     /* NULL unless the action is "jump". */
    const struct nb_logical_router_port *output_port;   /* Or NULL. */
    VEC(char *) nexthops;
    struct smap options;
};

static void
request_uninit(struct request *request)
{
    VEC_FOR_EACH (nexthop, &request->nexthops) {
        free(*nexthop);
    }
    vec_uninit(&request->nexthops);
    smap_uninit(&request->options);
}

static struct error *
parse_nexthops(const char *list, struct request *request)
{
    char *copy = xstrdup(list);
    char *p = copy, *word;
    struct error *error = NULL;
    bool first_is_v4 = false;

    while (!error && (word = text_token(&p, ",")) != NULL) {
        bool is_v4;
        char *nexthop = nbctl_normalize_ip(word, &is_v4);

        if (!nexthop) {
            error = error_create(0, "%s: next hop is no IP address", word);
            break;
        }
        first_is_v4 = request->nexthops.n ? first_is_v4 : is_v4;
        vec_push(&request->nexthops, nexthop);
        if (is_v4 != first_is_v4) {
            error = error_create(0, "%s: next hops must be of one address "
                                 "family", list);
        }
    }
    free(copy);
    if (!error && !request->nexthops.n) {
        error = error_create(0, "the action \"reroute\" needs a next hop");
    }
    return error;
}

static struct error *
parse_options(struct dbctl_call *call, int first, struct request *request)
{
    for (int i = first; i < call->argc; i++) {
        const char *equals = strchr(call->argv[i], '=');

        if (!equals || !equals[1]) {
            return error_create(0, "%s: option has no value (KEY=VALUE)",
                                call->argv[i]);
        }
    }
    if (first < call->argc) {
        nbctl_parse_pairs(call->argv + first, call->argc - first,
                          &request->options);
    }
    return NULL;
}

static struct error *
find_output_port(struct dbctl_call *call, const struct nb_logical_router *lr,
                 struct request *request)
{
    const char *name = dbctl_option(call, "--output-port");
    struct error *error = NULL;

    if (name) {
        error = nbctl_find_lrp(call->dbctl, name, true,
                               &request->output_port);
        if (!error
            && nbctl_router_of(call->dbctl, request->output_port) != lr) {
            error = error_create(0, "%s: port is not on router %s", name,
                                 call->argv[1]);
        }
    }
    return error;
}

static struct error *
parse_request(struct dbctl_call *call, const struct nb_logical_router *lr,
              struct request *request)
{
    static const char *const actions[] = {
        "allow", "drop", "reroute", "jump", NULL,
    };
    const char *chain = dbctl_option(call, "--chain");
    struct error *error = nbctl_parse_priority(call->argv[2],
                                               &request->priority);
    int first_option = 5;

    request->match = call->argv[3];
    request->action = call->argv[4];
    request->chain = chain ? chain : "";
    if (!error) {
        error = nbctl_parse_choice("action", request->action, actions);
    }
    if (!error && !strcmp(request->action, "reroute")) {
        error = parse_nexthops(call->argc > 5 ? call->argv[5] : "", request);
        first_option++;
    } else if (!error && !strcmp(request->action, "jump")) {
        if (call->argc < 6 || !*call->argv[5]) {
            return error_create(0, "the action \"jump\" needs the name of a "
                                "chain");
        }
        request->jump_chain = call->argv[5];
        first_option++;
    }
    if (!error) {
        error = parse_options(call, first_option, request);
    }
    return error ? error : find_output_port(call, lr, request);
}

static const char *
chain_of(const policy_row *policy)
{
    return policy->chain ? policy->chain : "";
}

/* The BFD session that watches a next hop. */
static struct error *
find_bfd(struct dbctl_call *call, const struct nb_logical_router *lr,
         const struct request *request, const char *nexthop,
         const struct nb_bfd **bfd)
{
    const struct nb_logical_router_port *lrp = request->output_port;

    *bfd = nbctl_find_bfd(call->dbctl, nexthop, lrp ? lrp->name : NULL);
    for (size_t i = 0; !*bfd && !lrp && i < lr->n_ports; i++) {
        if (nbctl_lrp_reaches(lr->ports[i], nexthop)) {
            lrp = lr->ports[i];
        }
    }
    if (!*bfd && !lrp) {
        return error_create(0, "%s: no BFD session to this next hop, and no "
                            "port of router %s that reaches it", nexthop,
                            call->argv[1]);
    }
    if (!*bfd) {
        *bfd = nbctl_add_bfd(call->dbctl, nexthop, lrp->name);
    }
    return NULL;
}

static struct error *
write_bfd(struct dbctl_call *call, const struct nb_logical_router *lr,
          const struct request *request, const policy_row *policy)
{
    if (strcmp(request->action, "reroute")) {
        return error_create(0, "--bfd is only for the action \"reroute\"");
    }
    VEC_FOR_EACH (nexthop, &request->nexthops) {
        const struct nb_bfd *bfd;
        struct error *error = find_bfd(call, lr, request, *nexthop, &bfd);

        if (error) {
            return error;
        }
        nb_logical_router_policy_update_bfd_sessions_addvalue(policy, bfd);
    }
    return NULL;
}

static struct error *
insert(struct dbctl_call *call, const struct nb_logical_router *lr,
       const struct request *request)
{
    const policy_row *policy
        = nb_logical_router_policy_insert(dbctl_txn(call->dbctl));

    nb_logical_router_policy_set_priority(policy, request->priority);
    nb_logical_router_policy_set_match(policy, request->match);
    nb_logical_router_policy_set_action(policy, request->action);
    if (*request->chain) {
        nb_logical_router_policy_set_chain(policy, request->chain);
    }
    if (request->jump_chain) {
        nb_logical_router_policy_set_jump_chain(policy, request->jump_chain);
    }
    if (request->output_port) {
        nb_logical_router_policy_set_output_port(policy,
                                                 request->output_port);
    }
    nb_logical_router_policy_set_nexthops(
        policy, (const char *const *) request->nexthops.items,
        request->nexthops.n);
    nb_logical_router_policy_set_options(policy, &request->options);
    nb_logical_router_update_policies_addvalue(lr, policy);
    return (dbctl_has_option(call, "--bfd")
            ? write_bfd(call, lr, request, policy) : NULL);
}

static struct error *
add_policy(struct dbctl_call *call, const struct nb_logical_router *lr,
           const struct request *request)
{
    for (size_t i = 0; i < lr->n_policies; i++) {
        const policy_row *policy = lr->policies[i];

        if (policy->priority == request->priority
            && !strcmp(policy->match, request->match)
            && !strcmp(chain_of(policy), request->chain)) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "a policy of this priority and match "
                                   "already exists on router %s",
                                   call->argv[1]));
        }
    }
    return insert(call, lr, request);
}

static struct error *
run_lr_policy_add(struct dbctl_call *call)
{
    struct request request = { .nexthops = VEC_EMPTY };
    const struct nb_logical_router *lr;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    smap_init(&request.options);
    if (!error) {
        error = parse_request(call, lr, &request);
    }
    if (!error) {
        error = add_policy(call, lr, &request);
    }
    request_uninit(&request);
    return error;
}

static void
delete_policy(const struct nb_logical_router *lr, const policy_row *policy)
{
    nb_logical_router_update_policies_delvalue(lr, policy);
    nb_logical_router_policy_delete(policy);
}

static struct error *
delete_by_uuid(struct dbctl_call *call, const struct nb_logical_router *lr,
               const struct uuid *uuid)
{
    if (call->argc > 3) {
        return error_create(0, "a UUID must be the only argument after the "
                            "router");
    }
    for (size_t i = 0; i < lr->n_policies; i++) {
        if (uuid_equals(&lr->policies[i]->header.uuid, uuid)) {
            delete_policy(lr, lr->policies[i]);
            return NULL;
        }
    }
    return (dbctl_has_option(call, "--if-exists") ? NULL
            : error_create(0, "%s: no policy of router %s has this UUID",
                           call->argv[2], call->argv[1]));
}

static struct error *
run_lr_policy_del(struct dbctl_call *call)
{
    const char *chain = dbctl_option(call, "--chain");
    const struct nb_logical_router *lr;
    int64_t priority = 0;
    struct uuid uuid;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    if (!error && call->argc > 2 && uuid_from_string(&uuid, call->argv[2])) {
        return delete_by_uuid(call, lr, &uuid);
    }
    if (!error && call->argc > 2) {
        error = nbctl_parse_priority(call->argv[2], &priority);
    }
    for (size_t i = error ? 0 : lr->n_policies; i-- > 0;) {
        const policy_row *policy = lr->policies[i];

        if ((!chain || !strcmp(chain, chain_of(policy)))
            && (call->argc < 3 || policy->priority == priority)
            && (call->argc < 4 || !strcmp(policy->match, call->argv[3]))) {
            delete_policy(lr, policy);
        }
    }
    return error;
}

/* lr-policy-list */

/* Chain by chain, the one without a name first; highest priority first. */
static int
compare_policies(const void *a_, const void *b_)
{
    const policy_row *a = *(const policy_row *const *) a_;
    const policy_row *b = *(const policy_row *const *) b_;
    int c = strcmp(chain_of(a), chain_of(b));

    if (c) {
        return c;
    } else if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return strcmp(a->match, b->match);
}

static void
put_policy(struct str *out, const policy_row *policy)
{
    str_printf(out, "%10lld %50s %15s", (long long) policy->priority,
               policy->match, policy->action);
    if (policy->jump_chain) {
        str_printf(out, " %25s", policy->jump_chain);
    }
    if (policy->nexthop && !policy->n_nexthops) {
        str_printf(out, " %25s", policy->nexthop);
    }
    for (size_t i = 0; i < policy->n_nexthops; i++) {
        str_printf(out, i ? ", %s" : " %25s", policy->nexthops[i]);
    }
    if (policy->output_port) {
        str_printf(out, " %s", policy->output_port->name);
    }
    STRMAP_FOR_EACH (i, &policy->options) {
        str_printf(out, i ? ",%s%s=%s" : "%15s%s=%s", "",
                   policy->options.keys[i], policy->options.values[i]);
    }
    str_put(out, policy->n_bfd_sessions ? " bfd\n" : "\n");
}

static struct error *
run_lr_policy_list(struct dbctl_call *call)
{
    VEC(const policy_row *) sorted = VEC_EMPTY;
    const struct nb_logical_router *lr;
    const char *chain = "";
    struct error *error = nbctl_find_router(call->dbctl, call->argv[1], true,
                                            &lr);

    for (size_t i = 0; !error && i < lr->n_policies; i++) {
        vec_push(&sorted, lr->policies[i]);
    }
    vec_sort(&sorted, compare_policies);
    if (sorted.n) {
        str_put(&call->output, "Routing Policies\n");
    }
    VEC_FOR_EACH (policy, &sorted) {
        if (strcmp(chain_of(*policy), chain)) {
            chain = chain_of(*policy);
            str_printf(&call->output, "Chain %s:\n", chain);
        }
        put_policy(&call->output, *policy);
    }
    vec_uninit(&sorted);
    return error;
}

static struct error *
prepare_lr_policy_add(struct dbctl_call *call)
{
    const char *name = dbctl_option(call, "--output-port");

    if (name) {
        dbctl_monitor_named(call->dbctl, &nb_logical_router_port_table, 0,
                            NB_LOGICAL_ROUTER_PORT_COL_NAME, name);
    }
    if (dbctl_has_option(call, "--bfd")) {
        dbctl_monitor(call->dbctl, &nb_bfd_table, NBCTL_BFD_COLUMNS);
        dbctl_monitor_referenced(call->dbctl, &nb_logical_router_port_table,
                                 LRP(NAME) | LRP(NETWORKS));
    }
    return NULL;
}

#define NEED_POLICIES \
    NEED_LR(1, LR(POLICIES)), \
    NEED_REFERENCED(nb_logical_router_policy, REPLICA_ALL_COLS)

static const struct dbctl_command commands[] = {
    { .name = "lr-policy-add", .min_args = 4, .max_args = INT_MAX,
      .arguments = "ROUTER PRIORITY MATCH ACTION [NEXTHOP[,NEXTHOP]... | "
                   "CHAIN] [KEY=VALUE]...",
      .options = "--may-exist,--bfd,--chain=,--output-port=",
      .prepare = prepare_lr_policy_add,
      .needs = NEEDS(NEED_POLICIES, NEED_LR(1, LR(PORTS))),
      .run = run_lr_policy_add },
    { .name = "lr-policy-del", .min_args = 1, .max_args = 3,
      .arguments = "ROUTER [UUID | PRIORITY [MATCH]]",
      .options = "--if-exists,--chain=", .needs = NEEDS(NEED_POLICIES),
      .run = run_lr_policy_del },
    { .name = "lr-policy-list", .min_args = 1, .max_args = 1,
      .arguments = "ROUTER",
      .needs = NEEDS(NEED_POLICIES,
                     NEED_REFERENCED(nb_logical_router_port, LRP(NAME)),
                     NEED_REFERENCED(nb_bfd, 0)),
      .run = run_lr_policy_list },
};

const struct dbctl_command_group nbctl_policy_commands = {
    "Routing policy commands", commands, ARRAY_SIZE(commands)
};
