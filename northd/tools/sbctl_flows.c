/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-sbctl's commands on logical flows. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/flow_fetch.h"
#include "lib/openflow/flow_text.h"
#include "northd/tools/sbctl.h"

/* The switch's flows. */

/* A call's state, from asking the switch until the call is over. */
struct ovs_query {
    struct dbctl *dbctl;            /* NULL: the call is over. */
    struct openflow_flows *flows;   /* NULL if the switch does not tell. */
    bool is_done;
};

static void
query_done(struct openflow_flows *flows, struct error *error, void *query_)
{
    struct ovs_query *query = query_;

    query->flows = flows;
    query->is_done = true;
    if (error) {
        dbctl_warn("%s", error_message(error));
        error_free(error);
    }
    if (query->dbctl) {
        dbctl_wake(query->dbctl);
    } else {
        openflow_flows_destroy(flows);
        free(query);
    }
}

static void
release_query(struct dbctl_call *call)
{
    struct ovs_query *query = call->state;

    if (query && query->is_done) {
        openflow_flows_destroy(query->flows);
        free(query);
    } else if (query) {
        query->dbctl = NULL;
    }
}

/* Match and actions alone. */
static void
format_brief(const struct flow_stats *stats, struct str *out)
{
    size_t start;

    str_printf(out, "table=%u ", stats->table_id);
    start = out->length;
    match_format(&stats->match, NULL, FLOW_DEFAULT_PRIORITY, out);
    str_put(out, out->length > start ? " actions=" : "actions=");
    ofpacts_format(stats->ofpacts, stats->ofpacts_size, NULL, out);
}

static void
ask_switch(struct dbctl_call *call, const char *remote)
{
    struct ovs_query *query = xzalloc(sizeof *query);
    char *target = (*remote ? xstrdup(remote)
                    : xasprintf("unix:%s/br-int.mgmt", dirs_run(DIRS_OVS)));

    query->dbctl = call->dbctl;
    call->state = query;
    openflow_fetch(target, dbctl_has_option(call, "--stats")
                   ? openflow_format : format_brief, query_done, query);
    free(target);
}

/* Whether the switch's flows, if the call wants them, are there; asks for them
 * if need be. */
static bool
have_openflow(struct dbctl_call *call, const struct openflow_flows **ret)
{
    const char *remote = dbctl_option(call, "--ovs");
    const struct ovs_query *query;

    if (remote && !call->state) {
        ask_switch(call, remote);
    }
    query = call->state;
    *ret = query ? query->flows : NULL;
    return !query || query->is_done;
}

void
sbctl_put_openflow(const struct sbctl_listing *listing,
                   const struct uuid *uuid)
{
    const struct openflow_flow *flow;
    VEC(const char *) lines = VEC_EMPTY;

    if (!listing->openflow) {
        return;
    }
    OPENFLOW_FOR_EACH (flow, uuid->parts[0], listing->openflow) {
        if (flow->cookie == uuid->parts[0]) {
            vec_push(&lines, flow->text);
        }
    }
    vec_sort(&lines, dbctl_compare_strings);
    VEC_FOR_EACH (line, &lines) {
        str_printf(&listing->call->output, "    %s\n", *line);
    }
    vec_uninit(&lines);
}

/* Which flows. */

/* A flow of a group of datapaths counts for each of them. */
struct listed_flow {
    const struct sb_logical_flow *lflow;
    const struct sb_datapath_binding *datapath;
};

typedef VEC(struct listed_flow) flow_list;

/* Orders by datapath name, pipeline, table, highest priority, match. */
static int
compare_flows(const void *a_, const void *b_)
{
    const struct listed_flow *a = a_, *b = b_;
    const struct sb_logical_flow *x = a->lflow, *y = b->lflow;
    int cmp = strcmp(
        strmap_get_def(&a->datapath->external_ids, "name", ""),
        strmap_get_def(&b->datapath->external_ids, "name", ""));

    cmp = cmp ? cmp : uuid_compare(&a->datapath->header.uuid,
                                   &b->datapath->header.uuid);
    /* "ingress" comes before "egress". */
    cmp = cmp ? cmp : strcmp(y->pipeline, x->pipeline);
    cmp = cmp ? cmp : (x->table_id > y->table_id) - (x->table_id
                                                     < y->table_id);
    cmp = cmp ? cmp : (x->priority < y->priority) - (x->priority
                                                     > y->priority);
    cmp = cmp ? cmp : strcmp(x->match, y->match);
    return cmp ? cmp : strcmp(x->actions, y->actions);
}

/* Adds the flow for each datapath that has it, or for 'only', if it has. */
static void
add_flow(flow_list *flows, const struct sb_logical_flow *lflow,
         const struct sb_datapath_binding *only)
{
    const struct sb_logical_dp_group *group = lflow->logical_dp_group;
    const struct sb_datapath_binding *one = lflow->logical_datapath;

    if (one && (!only || only == one)) {
        vec_push(flows, ((struct listed_flow) { lflow, one }));
        if (only) {
            return;
        }
    }
    for (size_t i = 0; group && i < group->n_datapaths; i++) {
        if (!only || only == group->datapaths[i]) {
            vec_push(flows, ((struct listed_flow) { lflow,
                                                    group->datapaths[i] }));
        }
    }
}

/* Asks for the flows of 'only', or of all datapaths.  False if they come with
 * the next run. */
static bool
have_flows(struct dbctl *dbctl, const struct sb_datapath_binding *only)
{
    const struct sb_logical_dp_group *group;
    bool ok;

    if (!only) {
        return (dbctl_fetch_all(dbctl, &sb_logical_flow_table)
                && dbctl_fetch_all(dbctl, &sb_logical_dp_group_table)
                && dbctl_fetch_all(dbctl, &sb_datapath_binding_table));
    }
    ok = dbctl_fetch_referrers(dbctl, &sb_logical_flow_table,
                               SB_LOGICAL_FLOW_COL_LOGICAL_DATAPATH,
                               &only->header);
    ok &= dbctl_fetch_referrers(dbctl, &sb_logical_dp_group_table,
                                SB_LOGICAL_DP_GROUP_COL_DATAPATHS,
                                &only->header);
    if (ok) {
        SB_LOGICAL_DP_GROUP_FOR_EACH (group, dbctl_replica(dbctl)) {
            ok &= dbctl_fetch_referrers(dbctl, &sb_logical_flow_table,
                                        SB_LOGICAL_FLOW_COL_LOGICAL_DP_GROUP,
                                        &group->header);
        }
    }
    return ok;
}

static void
collect_flows(const struct dbctl_call *call,
              const struct sb_datapath_binding *only, flow_list *flows)
{
    const struct sb_logical_flow *lflow;

    SB_LOGICAL_FLOW_FOR_EACH (lflow, dbctl_replica(call->dbctl)) {
        add_flow(flows, lflow, only);
    }
    vec_sort(flows, compare_flows);
}

/* The datapath that the first argument names, if it does name one. */
static struct error *
find_datapath(const struct dbctl_call *call,
              const struct sb_datapath_binding **ret)
{
    *ret = NULL;
    return (call->argc < 2 ? NULL
            : dbctl_find_row(call->dbctl, &sb_datapath_binding_table,
                             call->argv[1], false,
                             (const struct replica_row **) ret));
}

/* A start of a uuid, or a cookie: a number in hexadecimal, without leading
 * zeros. */
static const char *
skip_0x(const char *s)
{
    return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? s + 2 : s;
}

static struct error *
check_prefixes(const struct dbctl_call *call, int first)
{
    for (int i = first; i < call->argc; i++) {
        if (uuid_partial_length(skip_0x(call->argv[i])) < 0) {
            return error_create(0, "%s is not a UUID or the beginning of a "
                                "UUID", call->argv[i]);
        }
    }
    return NULL;
}

/* Whether one of the arguments from 'first' on, if there are any, names the
 * uuid. */
static bool
is_wanted(const struct dbctl_call *call, int first, const struct uuid *uuid)
{
    char text[UUID_LEN + 1];
    const char *digits = text;

    if (first == call->argc) {
        return true;
    }
    uuid_format(uuid, text);
    text[UUID_LEN] = '\0';
    digits += strspn(digits, "0");
    for (int i = first; i < call->argc; i++) {
        const char *prefix = skip_0x(call->argv[i]);

        prefix += strspn(prefix, "0");
        if (!strncasecmp(digits, prefix, strlen(prefix))) {
            return true;
        }
    }
    return false;
}

/* Printing. */

void
sbctl_put_datapath(struct str *out, const struct sb_datapath_binding *dp)
{
    const char *name = strmap_get(&dp->external_ids, "name");
    const char *name2 = strmap_get(&dp->external_ids, "name2");

    if (name && name2) {
        str_printf(out, "\"%s\" aka \"%s\"", name, name2);
    } else if (name || name2) {
        str_printf(out, "\"%s\"", name ? name : name2);
    }
}

void
sbctl_start_line(const struct sbctl_listing *listing, const struct uuid *uuid)
{
    str_put(&listing->call->output, "  ");
    if (listing->show_uuid) {
        str_printf(&listing->call->output, "uuid=0x%08x, ", uuid->parts[0]);
    }
}

static void
put_heading(struct str *out, const struct listed_flow *flow)
{
    str_put(out, "Datapath: ");
    sbctl_put_datapath(out, flow->datapath);
    str_printf(out, " (" UUID_FMT ")  Pipeline: %s\n",
               UUID_ARGS(&flow->datapath->header.uuid),
               flow->lflow->pipeline);
}

static bool
is_new_section(const struct listed_flow *previous,
               const struct listed_flow *flow)
{
    return (!previous || previous->datapath != flow->datapath
            || strcmp(previous->lflow->pipeline, flow->lflow->pipeline));
}

static void
put_flow(const struct sbctl_listing *listing,
         const struct sb_logical_flow *lflow)
{
    sbctl_start_line(listing, &lflow->header.uuid);
    str_printf(&listing->call->output,
               "table=%-2lld(%-19s), priority=%-5lld, match=(%s), "
               "action=(%s)\n", (long long) lflow->table_id,
               strmap_get_def(&lflow->external_ids, "stage-name", ""),
               (long long) lflow->priority, lflow->match, lflow->actions);
    sbctl_put_openflow(listing, &lflow->header.uuid);
}

static struct error *
run_lflow_list(struct dbctl_call *call)
{
    struct sbctl_listing listing = {
        .call = call,
        .show_uuid = dbctl_has_option(call, "--uuid"),
    };
    const struct listed_flow *previous = NULL;
    struct error *error = find_datapath(call, &listing.datapath);
    int first = listing.datapath ? 2 : 1;
    flow_list flows = VEC_EMPTY;

    if (!error) {
        error = check_prefixes(call, MIN(first, call->argc));
    }
    if (error) {
        return error;
    }
    if (!have_openflow(call, &listing.openflow)) {
        dbctl_try_again(call->dbctl);
        return NULL;
    }
    if (!have_flows(call->dbctl, listing.datapath)) {
        return NULL;
    }
    collect_flows(call, listing.datapath, &flows);
    VEC_FOR_EACH (flow, &flows) {
        if (!is_wanted(call, first, &flow->lflow->header.uuid)) {
            continue;
        }
        if (is_new_section(previous, flow)) {
            put_heading(&call->output, flow);
        }
        put_flow(&listing, flow->lflow);
        previous = flow;
    }
    vec_uninit(&flows);
    if (dbctl_has_option(call, "--vflows")) {
        sbctl_put_vflows(&listing);
    }
    return NULL;
}

/* Counts of the flows that have the datapath and pipeline of the one at 'i';
 * returns the index of the first other one. */
static size_t
count_section(struct str *out, const flow_list *flows, size_t i)
{
    const struct listed_flow *first = &flows->items[i];
    size_t start = i;

    put_heading(out, first);
    while (i < flows->n && !is_new_section(first, &flows->items[i])) {
        const struct sb_logical_flow *lflow = flows->items[i].lflow;
        size_t n = 0;

        while (i < flows->n && !is_new_section(first, &flows->items[i])
               && flows->items[i].lflow->table_id == lflow->table_id) {
            n++;
            i++;
        }
        str_printf(out, "  table=%-2lld(%-19s) lflows=%zu\n",
                   (long long) lflow->table_id,
                   strmap_get_def(&lflow->external_ids, "stage-name", ""), n);
    }
    str_put(out, "Total number of logical flows in the datapath ");
    sbctl_put_datapath(out, first->datapath);
    str_printf(out, " (" UUID_FMT ") Pipeline: %s = %zu\n\n",
               UUID_ARGS(&first->datapath->header.uuid),
               first->lflow->pipeline, i - start);
    return i;
}

static struct error *
run_count_flows(struct dbctl_call *call)
{
    const struct sb_datapath_binding *datapath;
    struct error *error = find_datapath(call, &datapath);
    flow_list flows = VEC_EMPTY;

    if (error) {
        return error;
    }
    if ((datapath || call->argc < 2)
        && have_flows(call->dbctl, datapath)) {
        collect_flows(call, datapath, &flows);
    }
    for (size_t i = 0; i < flows.n;) {
        i = count_section(&call->output, &flows, i);
    }
    str_printf(&call->output, "Total number of logical flows = %zu\n",
               flows.n);
    vec_uninit(&flows);
    return NULL;
}

/* Rows come while the commands run, as the first argument may name a datapath
 * or a flow. */
static struct error *
prepare_flows(struct dbctl_call *call)
{
    dbctl_monitor_columns(call->dbctl, &sb_logical_flow_table,
                          REPLICA_ALL_COLS);
    dbctl_monitor_columns(call->dbctl, &sb_logical_dp_group_table,
                          REPLICA_ALL_COLS);
    dbctl_monitor_columns(call->dbctl, &sb_datapath_binding_table,
                          REPLICA_COL(SB_DATAPATH_BINDING_COL_EXTERNAL_IDS));
    if (call->argc > 1) {
        dbctl_monitor_record(call->dbctl, &sb_datapath_binding_table,
                             call->argv[1]);
    }
    return NULL;
}

static struct error *
prepare_lflow_list(struct dbctl_call *call)
{
    for (size_t i = 0; sbctl_vflow_tables[i]
                       && dbctl_has_option(call, "--vflows"); i++) {
        dbctl_monitor(call->dbctl, sbctl_vflow_tables[i], REPLICA_ALL_COLS);
    }
    return prepare_flows(call);
}

#define LFLOW_LIST(NAME) \
    { .name = NAME, .max_args = INT_MAX, \
      .arguments = "[DATAPATH] [LFLOW]...", \
      .options = "--uuid,--ovs?,--stats,--vflows?", \
      .prepare = prepare_lflow_list, .run = run_lflow_list, \
      .release = release_query }

static const struct dbctl_command commands[] = {
    LFLOW_LIST("lflow-list"),
    LFLOW_LIST("dump-flows"),
    { .name = "count-flows", .max_args = 1, .arguments = "[DATAPATH]",
      .prepare = prepare_flows, .run = run_count_flows },
};

const struct dbctl_command_group sbctl_flow_commands = {
    "Logical flow commands", commands, ARRAY_SIZE(commands)
};
