/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on mirrors and their rules. */

#include <string.h>

#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

static struct error *
find_mirror(const struct dbctl_call *call, const char *id, bool must_exist,
            const struct nb_mirror **mirror)
{
    return nbctl_find(call->dbctl, &nb_mirror_table, NB_MIRROR_COL_NAME,
                      "mirror", id, must_exist,
                      (const struct replica_row **) mirror);
}

/* What "mirror-add" asks for. */
struct request {
    const char *type;
    int64_t index;              /* Of tunnels. */
    const char *filter;
    const char *sink;
};

static struct error *
parse_filter(const char *s, const char **ret)
{
    struct error *error;

    if (!strcmp(s, "both")) {
        *ret = "both";
        return NULL;
    }
    error = nbctl_parse_direction(s, ret);
    if (error) {
        error_free(error);
        return error_create(0, "%s: filter must be \"to-lport\", "
                            "\"from-lport\" or \"both\"", s);
    }
    return NULL;
}

static struct error *
parse_request(struct dbctl_call *call, struct request *request)
{
    static const char *const types[] = {
        "gre", "erspan", "local", "lport", NULL,
    };
    struct error *error = nbctl_parse_choice("type", call->argv[2], types);
    bool is_tunnel = strncmp(call->argv[2], "l", 1) != 0;
    struct in6_addr ip;

    if (error) {
        return error;
    }
    if (call->argc != (is_tunnel ? 6 : 5)) {
        return error_create(0, "a mirror of type \"%s\" takes %s",
                            call->argv[2],
                            is_tunnel ? "an index, a filter and a destination"
                            : "a filter and a destination");
    }
    *request = (struct request) {
        .type = call->argv[2],
        .sink = call->argv[call->argc - 1],
    };
    if (is_tunnel) {
        error = nbctl_parse_number("index", call->argv[3], 0, INT64_MAX,
                                   &request->index);
    }
    if (!error) {
        error = parse_filter(call->argv[call->argc - 2], &request->filter);
    }
    if (!error && is_tunnel && !ip_parse(request->sink, &ip)) {
        error = error_create(0, "%s: destination is no IP address",
                             request->sink);
    }
    return error;
}

static struct error *
run_mirror_add(struct dbctl_call *call)
{
    const struct nb_mirror *mirror;
    struct request request;
    struct error *error = parse_request(call, &request);

    if (!error) {
        error = find_mirror(call, call->argv[1], false, &mirror);
    }
    if (!error && mirror && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "%s: a mirror with this name already exists",
                             call->argv[1]);
    }
    if (error || mirror) {
        return error;
    }
    mirror = nb_mirror_insert(dbctl_txn(call->dbctl));
    nb_mirror_set_name(mirror, call->argv[1]);
    nb_mirror_set_type(mirror, request.type);
    nb_mirror_set_index(mirror, request.index);
    nb_mirror_set_filter(mirror, request.filter);
    nb_mirror_set_sink(mirror, request.sink);
    return NULL;
}

static struct error *
run_mirror_del(struct dbctl_call *call)
{
    const struct nb_mirror *mirror, *next;

    for (mirror = nb_mirror_first(dbctl_replica(call->dbctl)); mirror;
         mirror = next) {
        next = nb_mirror_next(mirror);
        if (call->argc < 2 || !strcmp(mirror->name, call->argv[1])) {
            nb_mirror_delete(mirror);
        }
    }
    return NULL;
}

/* mirror-list */

static int
compare_mirrors(const void *a_, const void *b_)
{
    const struct nb_mirror *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

/* Highest priority first. */
static int
compare_rules(const void *a_, const void *b_)
{
    const struct nb_mirror_rule *const *a = a_, *const *b = b_;

    return ((*a)->priority > (*b)->priority ? -1
            : (*a)->priority < (*b)->priority ? 1
            : strcmp((*a)->match, (*b)->match));
}

static void
put_rules(struct str *out, const struct nb_mirror *mirror)
{
    VEC(const struct nb_mirror_rule *) sorted = VEC_EMPTY;

    for (size_t i = 0; i < mirror->n_mirror_rules; i++) {
        vec_push(&sorted, mirror->mirror_rules[i]);
    }
    vec_sort(&sorted, compare_rules);
    str_put(out, sorted.n ? "  Rules    :\n" : "");
    VEC_FOR_EACH (p, &sorted) {
        str_printf(out, "    %5lld %s %s\n", (long long) (*p)->priority,
                   (*p)->match, (*p)->action);
    }
    vec_uninit(&sorted);
}

static void
put_mirror(struct str *out, const struct nb_mirror *mirror)
{
    str_printf(out, "%s:\n  Type     :  %s\n  Sink     :  %s\n"
               "  Filter   :  %s\n", mirror->name, mirror->type, mirror->sink,
               mirror->filter);
    if (strncmp(mirror->type, "l", 1)) {
        str_printf(out, "  Index/Key:  %lld\n", (long long) mirror->index);
    }
    put_rules(out, mirror);
    str_put_char(out, '\n');
}

static struct error *
run_mirror_list(struct dbctl_call *call)
{
    VEC(const struct nb_mirror *) sorted = VEC_EMPTY;
    const struct nb_mirror *mirror;

    NB_MIRROR_FOR_EACH (mirror, dbctl_replica(call->dbctl)) {
        vec_push(&sorted, mirror);
    }
    vec_sort(&sorted, compare_mirrors);
    VEC_FOR_EACH (p, &sorted) {
        put_mirror(&call->output, *p);
    }
    vec_uninit(&sorted);
    return NULL;
}

/* Rules, which choose what a mirror of type "lport" gets. */

static struct error *
run_mirror_rule_add(struct dbctl_call *call)
{
    static const char *const actions[] = { "mirror", "skip", NULL };
    const struct nb_mirror *mirror;
    const struct nb_mirror_rule *rule;
    int64_t priority;
    struct error *error = find_mirror(call, call->argv[1], true, &mirror);

    if (!error) {
        error = nbctl_parse_priority(call->argv[2], &priority);
    }
    if (!error) {
        error = nbctl_parse_choice("action", call->argv[4], actions);
    }
    if (error) {
        return error;
    }
    for (size_t i = 0; i < mirror->n_mirror_rules; i++) {
        rule = mirror->mirror_rules[i];
        if (rule->priority == priority
            && !strcmp(rule->match, call->argv[3])) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "a rule of this priority and match "
                                   "already exists in mirror %s",
                                   call->argv[1]));
        }
    }
    rule = nb_mirror_rule_insert(dbctl_txn(call->dbctl));
    nb_mirror_rule_set_priority(rule, priority);
    nb_mirror_rule_set_match(rule, call->argv[3]);
    nb_mirror_rule_set_action(rule, call->argv[4]);
    nb_mirror_update_mirror_rules_addvalue(mirror, rule);
    return NULL;
}

static struct error *
run_mirror_rule_del(struct dbctl_call *call)
{
    const struct nb_mirror *mirror;
    bool by_uuid = false, any = false;
    int64_t priority = 0;
    struct uuid uuid;
    struct error *error = find_mirror(call, call->argv[1], true, &mirror);

    if (!error && call->argc > 2) {
        by_uuid = uuid_from_string(&uuid, call->argv[2]);
        error = (by_uuid ? NULL
                 : nbctl_parse_priority(call->argv[2], &priority));
    }
    for (size_t i = error ? 0 : mirror->n_mirror_rules; i-- > 0;) {
        const struct nb_mirror_rule *rule = mirror->mirror_rules[i];

        if ((call->argc < 3
             || (by_uuid ? uuid_equals(&rule->header.uuid, &uuid)
                 : rule->priority == priority))
            && (call->argc < 4 || !strcmp(rule->match, call->argv[3]))) {
            nb_mirror_update_mirror_rules_delvalue(mirror, rule);
            nb_mirror_rule_delete(rule);
            any = true;
        }
    }
    if (!error && !any && call->argc > 2
        && !dbctl_has_option(call, "--if-exists")) {
        error = error_create(0, "mirror %s has no such rule", call->argv[1]);
    }
    return error;
}

/* Mirrors of ports. */

static struct error *
find_both(struct dbctl_call *call, const struct nb_logical_switch_port **lsp,
          const struct nb_mirror **mirror)
{
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         lsp);

    return error ? error : find_mirror(call, call->argv[2], true, mirror);
}

static struct error *
run_lsp_attach_mirror(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_mirror *mirror;
    struct error *error = find_both(call, &lsp, &mirror);

    for (size_t i = 0; !error && i < lsp->n_mirror_rules; i++) {
        if (lsp->mirror_rules[i] == mirror) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "mirror %s is already attached to port "
                                   "%s", call->argv[2], call->argv[1]));
        }
    }
    if (!error) {
        nb_logical_switch_port_update_mirror_rules_addvalue(lsp, mirror);
    }
    return error;
}

static struct error *
run_lsp_detach_mirror(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_mirror *mirror;
    struct error *error = find_both(call, &lsp, &mirror);

    if (!error) {
        nb_logical_switch_port_update_mirror_rules_delvalue(lsp, mirror);
    }
    return error;
}

#define NEED_BOTH \
    NEEDS(NEED_LSP(1, LSP(MIRROR_RULES)), \
          NEED_NAMED(nb_mirror, 2, 0, NB_MIRROR_COL_NAME))
#define NEED_MIRROR_RULES \
    NEEDS(NEED_NAMED(nb_mirror, 1, \
                     REPLICA_COL(NB_MIRROR_COL_MIRROR_RULES), \
                     NB_MIRROR_COL_NAME), \
          NEED_REFERENCED(nb_mirror_rule, REPLICA_ALL_COLS))

static const struct dbctl_command commands[] = {
    { .name = "mirror-add", .min_args = 4, .max_args = 5,
      .arguments = "NAME TYPE [INDEX] FILTER DESTINATION",
      .options = "--may-exist",
      .needs = NEEDS(NEED_NAMED(nb_mirror, 1, 0, NB_MIRROR_COL_NAME)),
      .run = run_mirror_add },
    { .name = "mirror-del", .max_args = 1, .arguments = "[NAME]",
      .needs = NEEDS(NEED_NAMED_OR_ALL(nb_mirror, 1,
                                       REPLICA_COL(NB_MIRROR_COL_NAME),
                                       NB_MIRROR_COL_NAME)),
      .run = run_mirror_del },
    { .name = "mirror-list",
      .needs = NEEDS(NEED_ALL(nb_mirror, REPLICA_ALL_COLS),
                     NEED_ALL(nb_mirror_rule, REPLICA_ALL_COLS)),
      .run = run_mirror_list },
    { .name = "mirror-rule-add", .min_args = 4, .max_args = 4,
      .arguments = "MIRROR PRIORITY MATCH ACTION", .options = "--may-exist",
      .needs = NEED_MIRROR_RULES, .run = run_mirror_rule_add },
    { .name = "mirror-rule-del", .min_args = 1, .max_args = 3,
      .arguments = "MIRROR [UUID | PRIORITY [MATCH]]",
      .options = "--if-exists", .needs = NEED_MIRROR_RULES,
      .run = run_mirror_rule_del },
    { .name = "lsp-attach-mirror", .min_args = 2, .max_args = 2,
      .arguments = "PORT MIRROR", .options = "--may-exist",
      .needs = NEED_BOTH, .run = run_lsp_attach_mirror },
    { .name = "lsp-detach-mirror", .min_args = 2, .max_args = 2,
      .arguments = "PORT MIRROR", .needs = NEED_BOTH,
      .run = run_lsp_detach_mirror },
};

const struct dbctl_command_group nbctl_mirror_commands = {
    "Mirror commands", commands, ARRAY_SIZE(commands)
};
