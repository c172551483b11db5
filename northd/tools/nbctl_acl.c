/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on ACLs and port groups. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "northd/tools/nbctl.h"

#define TIER_MAX 3

/* What ACLs are attached to: one of the two. */
struct holder {
    const struct nb_logical_switch *ls;
    const struct nb_port_group *pg;
};

static struct error *
find_holder(const struct dbctl_call *call, struct holder *holder)
{
    const char *type = dbctl_option(call, "--type");
    const char *id = call->argv[1];
    struct error *error = NULL;

    *holder = (struct holder) { NULL, NULL };
    if (type && strcmp(type, "switch") && strcmp(type, "port-group")) {
        return error_create(0, "Invalid value '%s' for option --type", type);
    }
    if (!type || !strcmp(type, "port-group")) {
        error = nbctl_find_group(call->dbctl, id, type != NULL, &holder->pg);
    }
    if (!error && (!type || !strcmp(type, "switch"))) {
        error = nbctl_find_switch(call->dbctl, id, type != NULL, &holder->ls);
    }
    if (!error && holder->ls && holder->pg) {
        error = error_create(0, "Same name '%s' exists in both port-groups "
                             "and logical switches. Specify --type=port-group "
                             "or switch, or use a UUID.", id);
    } else if (!error && !holder->ls && !holder->pg) {
        error = error_create(0, "'%s' is not found for port-group or switch.",
                             id);
    }
    return error;
}

static struct nb_acl *const *
holder_acls(const struct holder *holder, size_t *n)
{
    *n = holder->pg ? holder->pg->n_acls : holder->ls->n_acls;
    return holder->pg ? holder->pg->acls : holder->ls->acls;
}

static const char *const actions[] = {
    "allow", "allow-related", "allow-stateless", "drop", "reject", "pass",
    NULL,
};

static const char *const severities[] = {
    "alert", "warning", "notice", "info", "debug", NULL,
};

static struct error *
parse_tier(const char *s, int64_t *tier)
{
    return nbctl_parse_number("tier", s, 0, TIER_MAX, tier);
}

/* The sample that an option names: by its uuid, or "@NAME" if the same
 * command line creates it, as it must if nothing else refers to it. */
static struct error *
write_sample(const struct dbctl_call *call, const struct nb_acl *acl,
             const char *option, const char *column)
{
    const char *id = dbctl_option(call, option);
    const struct replica_row *sample;
    struct error *error = (id ? dbctl_find_row(call->dbctl, &nb_sample_table,
                                               id, true, &sample) : NULL);
    char *assignment;

    if (!id || error) {
        return error;
    }
    /* As text, so that the reference to a name is noted. */
    assignment = (*id == '@' ? xasprintf("%s=%s", column, id)
                  : xasprintf("%s=" UUID_FMT, column,
                              UUID_ARGS(&sample->uuid)));
    error = dbctl_set_column(call->dbctl, &acl->header, assignment);
    free(assignment);
    return error;
}

/* Sets what options ask for. */
static struct error *
write_options(const struct dbctl_call *call, const struct nb_acl *acl)
{
    const char *severity = dbctl_option(call, "--severity");
    const char *name = dbctl_option(call, "--name");
    const char *meter = dbctl_option(call, "--meter");
    const char *label = dbctl_option(call, "--label");
    const char *tier = dbctl_option(call, "--tier");
    struct error *error = NULL;
    int64_t value;

    if (severity) {
        error = nbctl_parse_choice("severity", severity, severities);
        if (error) {
            return error;
        }
        nb_acl_set_severity(acl, severity);
    }
    if (dbctl_has_option(call, "--log") || severity || name || meter) {
        nb_acl_set_log(acl, true);
    }
    if (name) {
        nb_acl_set_name(acl, name);
    }
    if (meter) {
        nb_acl_set_meter(acl, meter);
    }
    if (label) {
        if (strcmp(call->argv[5], "allow")
            && strcmp(call->argv[5], "allow-related")) {
            return error_create(0, "a label can only be set with actions "
                                "\"allow\" or \"allow-related\"");
        }
        error = nbctl_parse_number("label", label, 0, UINT32_MAX, &value);
        if (error) {
            return error;
        }
        nb_acl_set_label(acl, value);
    }
    if (tier) {
        error = parse_tier(tier, &value);
        if (error) {
            return error;
        }
        nb_acl_set_tier(acl, value);
    }
    if (dbctl_has_option(call, "--apply-after-lb")) {
        nb_acl_update_options_setkey(acl, "apply-after-lb", "true");
    }
    error = write_sample(call, acl, "--sample-new", "sample_new");
    return (error ? error
            : write_sample(call, acl, "--sample-est", "sample_est"));
}

/* The network function group that traffic goes through. */
static struct error *
write_nfg(const struct dbctl_call *call, const struct nb_acl *acl)
{
    const struct nb_network_function_group *nfg;
    struct error *error;

    if (strncmp(call->argv[5], "allow", strlen("allow"))) {
        return error_create(0, "a network function group is only for ACLs "
                            "that allow");
    }
    error = nbctl_find(call->dbctl, &nb_network_function_group_table,
                       NB_NETWORK_FUNCTION_GROUP_COL_NAME,
                       "network function group", call->argv[6], true,
                       (const struct replica_row **) &nfg);
    if (!error) {
        nb_acl_set_network_function_group(acl, nfg);
    }
    return error;
}

static bool
acl_is_same(const struct nb_acl *acl, const char *direction, int64_t priority,
            const char *match)
{
    return (acl->priority == priority && !strcmp(acl->direction, direction)
            && !strcmp(acl->match, match));
}

static struct error *
run_acl_add(struct dbctl_call *call)
{
    struct nb_acl *const *acls;
    const struct nb_acl *acl;
    struct holder holder;
    const char *direction;
    struct error *error = find_holder(call, &holder);
    int64_t priority;
    size_t n;

    if (!error) {
        error = nbctl_parse_direction(call->argv[2], &direction);
    }
    if (!error) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    if (!error) {
        error = nbctl_parse_choice("action", call->argv[5], actions);
    }
    if (error) {
        return error;
    }
    acls = holder_acls(&holder, &n);
    for (size_t i = 0; i < n; i++) {
        if (acl_is_same(acls[i], direction, priority, call->argv[4])) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "Same ACL already existed on the ls "
                                   "%s.", call->argv[1]));
        }
    }
    acl = nb_acl_insert(dbctl_txn(call->dbctl));
    nb_acl_set_direction(acl, direction);
    nb_acl_set_priority(acl, priority);
    nb_acl_set_match(acl, call->argv[4]);
    nb_acl_set_action(acl, call->argv[5]);
    error = write_options(call, acl);
    if (!error && call->argc > 6) {
        error = write_nfg(call, acl);
    }
    if (error) {
        return error;
    }
    if (holder.pg) {
        nb_port_group_update_acls_addvalue(holder.pg, acl);
    } else {
        nb_logical_switch_update_acls_addvalue(holder.ls, acl);
    }
    return NULL;
}

static struct error *
run_acl_del(struct dbctl_call *call)
{
    const char *tier = dbctl_option(call, "--tier");
    struct nb_acl *const *acls;
    const char *direction = NULL;
    struct holder holder;
    struct error *error = find_holder(call, &holder);
    int64_t tier_number = 0;
    int64_t priority = 0;
    size_t n;

    if (!error && tier) {
        error = parse_tier(tier, &tier_number);
    }
    if (!error && call->argc == 4) {
        error = error_create(0, "cannot specify priority without match");
    }
    if (!error && call->argc > 2) {
        error = nbctl_parse_direction(call->argv[2], &direction);
    }
    if (!error && call->argc > 3) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    if (error) {
        return error;
    }
    holder_acls(&holder, &n);
    for (size_t i = n; i-- > 0;) {
        /* Deleting moves the array. */
        const struct nb_acl *acl;

        acls = holder_acls(&holder, &n);
        acl = acls[i];
        if ((direction && strcmp(acl->direction, direction))
            || (call->argc > 3
                && !acl_is_same(acl, direction, priority, call->argv[4]))
            || (tier && acl->tier != tier_number)) {
            continue;
        }
        if (holder.pg) {
            nb_port_group_update_acls_delvalue(holder.pg, acl);
        } else {
            nb_logical_switch_update_acls_delvalue(holder.ls, acl);
        }
        nb_acl_delete(acl);
    }
    return NULL;
}

/* acl-list */

static bool
is_after_lb(const struct nb_acl *acl)
{
    return strmap_get_bool(&acl->options, "apply-after-lb", false);
}

/* Stage by stage, as packets meet them; highest priority first. */
static int
compare_acls(const void *a_, const void *b_)
{
    const struct nb_acl *a = *(const struct nb_acl *const *) a_;
    const struct nb_acl *b = *(const struct nb_acl *const *) b_;
    int c = strcmp(a->direction, b->direction);

    if (c) {
        return c;
    } else if (is_after_lb(a) != is_after_lb(b)) {
        return is_after_lb(a) ? 1 : -1;
    } else if (a->tier != b->tier) {
        return a->tier < b->tier ? -1 : 1;
    } else if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return strcmp(a->match, b->match);
}

static void
put_log(struct str *out, const struct nb_acl *acl)
{
    const char *comma = "";

    str_put(out, " log(");
    if (acl->name) {
        str_printf(out, "name=%s", acl->name);
        comma = ",";
    }
    if (acl->severity) {
        str_printf(out, "%sseverity=%s", comma, acl->severity);
        comma = ",";
    }
    if (acl->meter) {
        str_printf(out, "%smeter=\"%s\"", comma, acl->meter);
    }
    str_put_char(out, ')');
}

static void
put_acl(struct str *out, const struct nb_acl *acl)
{
    str_printf(out, "%10s %5lld (%s) %s", acl->direction,
               (long long) acl->priority, acl->match, acl->action);
    if (acl->log) {
        put_log(out, acl);
    }
    if (acl->label) {
        str_printf(out, " label=%lld", (long long) acl->label);
    }
    if (acl->tier) {
        str_printf(out, " tier=%lld", (long long) acl->tier);
    }
    str_put(out, is_after_lb(acl) ? " [after-lb]\n" : "\n");
}

static void
put_acls(struct str *out, struct nb_acl *const *acls, size_t n)
{
    VEC(const struct nb_acl *) sorted = VEC_EMPTY;

    for (size_t i = 0; i < n; i++) {
        vec_push(&sorted, acls[i]);
    }
    vec_sort(&sorted, compare_acls);
    VEC_FOR_EACH (acl, &sorted) {
        put_acl(out, *acl);
    }
    vec_uninit(&sorted);
}

static bool
group_has_port_of(const struct nb_port_group *pg,
                  const struct nb_logical_switch *ls)
{
    for (size_t i = 0; i < pg->n_ports; i++) {
        for (size_t j = 0; j < ls->n_ports; j++) {
            if (pg->ports[i] == ls->ports[j]) {
                return true;
            }
        }
    }
    return false;
}

static int
compare_groups(const void *a_, const void *b_)
{
    const struct nb_port_group *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

/* Those of the port groups that the switch's ports are in. */
static void
put_group_acls(struct dbctl_call *call, const struct nb_logical_switch *ls)
{
    VEC(const struct nb_port_group *) groups = VEC_EMPTY;
    const struct nb_port_group *pg;

    NB_PORT_GROUP_FOR_EACH (pg, dbctl_replica(call->dbctl)) {
        if (pg->n_acls && group_has_port_of(pg, ls)) {
            vec_push(&groups, pg);
        }
    }
    vec_sort(&groups, compare_groups);
    VEC_FOR_EACH (p, &groups) {
        str_printf(&call->output, "Port group %s:\n", (*p)->name);
        put_acls(&call->output, (*p)->acls, (*p)->n_acls);
    }
    vec_uninit(&groups);
}

static struct error *
run_acl_list(struct dbctl_call *call)
{
    struct nb_acl *const *acls;
    struct holder holder;
    struct error *error = find_holder(call, &holder);
    size_t n;

    if (error) {
        return error;
    }
    acls = holder_acls(&holder, &n);
    put_acls(&call->output, acls, n);
    if (holder.ls && dbctl_has_option(call, "--all")) {
        put_group_acls(call, holder.ls);
    }
    return NULL;
}

/* Port groups. */

static struct error *
set_ports(struct dbctl_call *call, const struct nb_port_group *pg)
{
    VEC(struct nb_logical_switch_port *) ports = VEC_EMPTY;
    struct error *error = NULL;

    for (int i = 2; !error && i < call->argc; i++) {
        const struct nb_logical_switch_port *lsp;

        error = nbctl_find_lsp(call->dbctl, call->argv[i], true, &lsp);
        vec_push(&ports, (struct nb_logical_switch_port *) lsp);
    }
    if (!error) {
        nb_port_group_set_ports(pg, ports.items, ports.n);
    }
    vec_uninit(&ports);
    return error;
}

static struct error *
run_pg_add(struct dbctl_call *call)
{
    const struct nb_port_group *pg;
    struct error *error = nbctl_find_group(call->dbctl, call->argv[1], false,
                                           &pg);

    if (error) {
        return error;
    } else if (pg) {
        return error_create(0, "%s: a port group with this name already "
                            "exists", call->argv[1]);
    }
    pg = nb_port_group_insert(dbctl_txn(call->dbctl));
    nb_port_group_set_name(pg, call->argv[1]);
    return set_ports(call, pg);
}

static struct error *
run_pg_set_ports(struct dbctl_call *call)
{
    const struct nb_port_group *pg;
    struct error *error = nbctl_find_group(call->dbctl, call->argv[1], true,
                                           &pg);

    return error ? error : set_ports(call, pg);
}

static struct error *
run_pg_get_ports(struct dbctl_call *call)
{
    const struct nb_port_group *pg;
    struct error *error = nbctl_find_group(call->dbctl, call->argv[1], true,
                                           &pg);
    nbctl_lines lines = VEC_EMPTY;

    for (size_t i = 0; !error && i < pg->n_ports; i++) {
        nbctl_add_line(&lines, &pg->ports[i]->header, pg->ports[i]->name);
    }
    nbctl_put_lines(&call->output, &lines);
    return error;
}

static struct error *
run_pg_del(struct dbctl_call *call)
{
    const struct nb_port_group *pg;
    struct error *error = nbctl_find_group(call->dbctl, call->argv[1], true,
                                           &pg);

    if (!error) {
        nb_port_group_delete(pg);
    }
    return error;
}

#define PG(COLUMN) REPLICA_COL(NB_PORT_GROUP_COL_##COLUMN)
#define ACL(COLUMN) REPLICA_COL(NB_ACL_COL_##COLUMN)

#define NEED_PG(ARG, COLUMNS) \
    NEED_NAMED(nb_port_group, ARG, COLUMNS, NB_PORT_GROUP_COL_NAME)
#define NEED_ACLS(COLUMNS) NEED_REFERENCED(nb_acl, COLUMNS)
#define NEED_HOLDER NEED_LS(1, LS(ACLS)), NEED_PG(1, PG(ACLS))

static struct error *
prepare_acl_add(struct dbctl_call *call)
{
    static const char *const options[] = { "--sample-new", "--sample-est" };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        const char *id = dbctl_option(call, options[i]);

        if (id) {
            dbctl_monitor_record(call->dbctl, &nb_sample_table, id);
        }
    }
    return NULL;
}

static struct error *
prepare_acl_list(struct dbctl_call *call)
{
    if (dbctl_has_option(call, "--all")) {
        dbctl_monitor_named(call->dbctl, &nb_logical_switch_table, LS(PORTS),
                            NB_LOGICAL_SWITCH_COL_NAME, call->argv[1]);
        dbctl_monitor_referenced(call->dbctl, &nb_logical_switch_port_table,
                                 0);
        dbctl_monitor(call->dbctl, &nb_port_group_table,
                      PG(NAME) | PG(PORTS) | PG(ACLS));
    }
    return NULL;
}

static const struct dbctl_command commands[] = {
    { .name = "acl-add", .min_args = 5, .max_args = 6,
      .arguments = "SWITCH|PORTGROUP DIRECTION PRIORITY MATCH ACTION "
                   "[NETWORK_FUNCTION_GROUP]",
      .options = "--log,--may-exist,--type=,--name=,--severity=,--meter=,"
                 "--label=,--tier=,--apply-after-lb,--sample-new=,"
                 "--sample-est=",
      .prepare = prepare_acl_add,
      .needs = NEEDS(NEED_HOLDER,
                     NEED_ACLS(ACL(DIRECTION) | ACL(PRIORITY) | ACL(MATCH)),
                     NEED_NAMED(nb_network_function_group, 6, 0,
                                NB_NETWORK_FUNCTION_GROUP_COL_NAME)),
      .run = run_acl_add },
    { .name = "acl-del", .min_args = 1, .max_args = 4,
      .arguments = "SWITCH|PORTGROUP [DIRECTION [PRIORITY MATCH]]",
      .options = "--type=,--tier=",
      .needs = NEEDS(NEED_HOLDER,
                     NEED_ACLS(ACL(DIRECTION) | ACL(PRIORITY) | ACL(MATCH)
                               | ACL(TIER))),
      .run = run_acl_del },
    { .name = "acl-list", .min_args = 1, .max_args = 1,
      .arguments = "SWITCH|PORTGROUP", .options = "--type=,--all",
      .prepare = prepare_acl_list,
      .needs = NEEDS(NEED_HOLDER, NEED_ACLS(REPLICA_ALL_COLS)),
      .run = run_acl_list },
    { .name = "pg-add", .min_args = 1, .max_args = INT_MAX,
      .arguments = "GROUP [PORT]...",
      .needs = NEEDS(NEED_PG(1, 0), NEED_LSP(-2, 0)), .run = run_pg_add },
    { .name = "pg-set-ports", .min_args = 2, .max_args = INT_MAX,
      .arguments = "GROUP PORT...",
      .needs = NEEDS(NEED_PG(1, 0), NEED_LSP(-2, 0)),
      .run = run_pg_set_ports },
    { .name = "pg-get-ports", .min_args = 1, .max_args = 1,
      .arguments = "GROUP",
      .needs = NEEDS(NEED_PG(1, PG(PORTS)),
                     NEED_REFERENCED(nb_logical_switch_port, LSP(NAME))),
      .run = run_pg_get_ports },
    { .name = "pg-del", .min_args = 1, .max_args = 1, .arguments = "GROUP",
      .needs = NEEDS(NEED_PG(1, 0)), .run = run_pg_del },
};

const struct dbctl_command_group nbctl_acl_commands = {
    "ACL and port group commands", commands, ARRAY_SIZE(commands)
};
