/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-trace: follows a packet through the logical network that the southbound
 * database describes. */

#include <limits.h>
#include <stdio.h>

#include "controller/trace/microflow.h"
#include "controller/trace/walk.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/replica/replica.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/log.h"
#include "lib/schema/sb.h"

LOG_MODULE(ovntrace);

#define MAX_CT_STATES 4096

/* How to trace and what to print. */
struct trace_options {
    struct walk_options walk;
    uint8_t ct_states[MAX_CT_STATES];
    bool detailed;
    bool summary;
    bool minimal;
    bool json;
    const char *ovs;             /* Switch whose flows to show, or NULL. */
};

static struct trace_options cli;
static const char *db;
static bool leader_only = true;
static bool is_detached;

/* ## Options ## */

static struct error *
parse_ct(const char *flags, uint8_t *ret)
{
    static const struct {
        const char *name;
        uint8_t bit;
    } names[] = {
        { "trk", CS_TRACKED }, { "new", CS_NEW }, { "est", CS_ESTABLISHED },
        { "rel", CS_RELATED }, { "rpl", CS_REPLY_DIR },
        { "inv", CS_INVALID }, { "dnat", CS_DST_NAT },
        { "snat", CS_SRC_NAT },
    };
    char *copy = xstrdup(flags);
    char *rest = copy;
    struct error *error = NULL;
    char *word;

    *ret = CS_TRACKED;
    while (!error && (word = text_token(&rest, ", ")) != NULL) {
        size_t i;

        for (i = 0; i < ARRAY_SIZE(names) && strcmp(word, names[i].name);
             i++) {
        }
        if (i < ARRAY_SIZE(names)) {
            *ret |= names[i].bit;
        } else {
            error = error_create(0, "%s: unknown connection tracking flag",
                                 word);
        }
    }
    free(copy);
    return error;
}

static struct error *
set_ct(void *target, const char *flags)
{
    struct trace_options *o = target;

    if (o->walk.n_ct_states >= MAX_CT_STATES) {
        return error_create(0, "too many connection states");
    }
    return parse_ct(flags, &o->ct_states[o->walk.n_ct_states++]);
}

static struct error *
set_lb_dst(void *target, const char *text)
{
    struct trace_options *o = target;
    struct ip_port ip;

    if (!ip_port_parse(text, &ip)) {
        return error_create(0, "%s: bad IP address or port", text);
    }
    o->walk.lb_dst = (struct lb_backend) { ip.ip, ip.port };
    o->walk.has_lb_dst = true;
    return NULL;
}

static struct error *
set_select_id(void *target, const char *text)
{
    struct trace_options *o = target;
    int id;

    if (!text_to_int_range(text, 1, UINT16_MAX, &id)) {
        return error_create(0, "%s: not in range 1 to 65535", text);
    }
    o->walk.select_id = id;
    o->walk.has_select_id = true;
    return NULL;
}

static struct error *
set_all(void *target, const char *unused UNUSED)
{
    struct trace_options *o = target;

    o->detailed = o->summary = o->minimal = true;
    return NULL;
}

static struct error *
set_ovs(void *target, const char *remote)
{
    struct trace_options *o = target;

    o->ovs = remote ? remote : "";
    return NULL;
}

/* Options of one trace, for the command line and for the command. */
static const struct trace_row {
    const char *name;
    bool has_argument;
    bool cli_only;
    struct error *(*set)(void *target, const char *);
    size_t offset;               /* Of the target in struct trace_options. */
} trace_rows[] = {
#define FLAG(NAME, SET, MEMBER) \
    { NAME, false, false, SET, offsetof(struct trace_options, MEMBER) }
    FLAG("detailed", option_set_true, detailed),
    FLAG("summary", option_set_true, summary),
    FLAG("minimal", option_set_true, minimal),
    FLAG("json", option_set_true, json),
    FLAG("friendly-names", option_set_true, walk.friendly_names),
    FLAG("no-friendly-names", option_set_false, walk.friendly_names),
#undef FLAG
    { "all", false, false, set_all, 0 },
    { "ovs", false, false, set_ovs, 0 },
    { "ovs", true, false, set_ovs, 0 },
    { "ct", true, false, set_ct, 0 },
    { "lb-dst", true, true, set_lb_dst, 0 },
    { "select-id", true, true, set_select_id, 0 },
};

static const struct option_row db_rows[] = {
    { "db", 0, OPTION_REQUIRED, "DATABASE", "connect to DATABASE "
      "(default: OVN_SB_DB or unix:RUNDIR/ovnsb_db.sock)",
      option_set_string, &db },
    { "leader-only", 0, OPTION_NONE, NULL, "use only the leader of a cluster "
      "(default)", option_set_true, &leader_only },
    { "no-leader-only", 0, OPTION_NONE, NULL, "use any member of a cluster",
      option_set_false, &leader_only },
};

static const struct option_row rows[] = {
    { "detailed", 0, OPTION_NONE, NULL, "table-by-table \"backtrace\" "
      "(default)", option_set_true, &cli.detailed },
    { "summary", 0, OPTION_NONE, NULL, "less detailed, more parseable",
      option_set_true, &cli.summary },
    { "minimal", 0, OPTION_NONE, NULL, "minimum to explain externally "
      "visible behavior", option_set_true, &cli.minimal },
    { "all", 0, OPTION_NONE, NULL, "all of the above", set_all, &cli },
    { "json", 0, OPTION_NONE, NULL, "one line of JSON and nothing else",
      option_set_true, &cli.json },
    { "ovs", 0, OPTION_OPTIONAL, "REMOTE", "show OpenFlow flows of REMOTE "
      "(default: unix:RUNDIR/br-int.mgmt)", set_ovs, &cli },
    { "ct", 0, OPTION_REQUIRED, "FLAGS", "connection state of the next "
      "tracking action", set_ct, &cli },
    { "lb-dst", 0, OPTION_REQUIRED, "IP[:PORT]", "load balancer's choice",
      set_lb_dst, &cli },
    { "select-id", 0, OPTION_REQUIRED, "ID", "choice of the select action",
      set_select_id, &cli },
    { "friendly-names", 0, OPTION_NONE, NULL, "replace long names by "
      "friendly ones (default)", option_set_true, &cli.walk.friendly_names },
    { "no-friendly-names", 0, OPTION_NONE, NULL, "do not replace names",
      option_set_false, &cli.walk.friendly_names },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[6])
{
    groups[0] = (struct option_group) { "Trace options", rows,
                                        ARRAY_SIZE(rows) };
    groups[1] = (struct option_group) { "Database options", db_rows,
                                        ARRAY_SIZE(db_rows) };
    groups[2] = daemon_options();
    groups[3] = tls_options();
    groups[4] = log_options();
    groups[5] = help_options(usage);
    return 6;
}

static void
usage(void)
{
    struct option_group groups[6];
    size_t n = make_groups(groups);

    printf("%s: OVN trace utility\n"
           "usage: %s [OPTIONS] [DATAPATH] MICROFLOW\n"
           "       %s [OPTIONS] --detach\n",
           program_name(), program_name(), program_name());
    options_print_help(groups, n);
}

/* ## Tracing ## */

/* Appends the forms asked for, with banners if there are several. */
static void
print_forms(const struct trace_options *o, const struct report *root,
            struct str *out)
{
    bool is_default = !o->detailed && !o->summary && !o->minimal;
    bool several = o->detailed + o->summary + o->minimal > 1;

    if (o->detailed || is_default) {
        str_put(out, several ? "# Detailed trace.\n" : "");
        report_print_detailed(root, out);
    }
    if (o->summary) {
        str_put(out, several ? "# Summary trace.\n" : "");
        report_print_summary(root, out);
    }
    if (o->minimal) {
        str_put(out, several ? "# Minimal trace.\n" : "");
        report_print_minimal(root, out);
    }
}

/* Appends the trace of 'microflow' to 'out', or says what is wrong with it. */
static struct error *
trace(const struct network *net, const char *datapath, const char *microflow,
      struct trace_options *o, struct str *out)
{
    struct arena arena = ARENA_EMPTY;
    struct datapath *dp;
    struct report *root;
    struct error *error;
    struct flow flow;

    o->walk.ct_states = o->ct_states;
    error = microflow_parse(net, datapath, microflow, &flow, &dp);
    if (error) {
        return error;
    }
    root = report_create(&arena);
    walk(dp, &flow, &o->walk, &arena, root);
    if (o->json) {
        report_print_json(root, out);
    } else {
        str_put(out, "# ");
        microflow_format(&flow, out);
        str_put_char(out, '\n');
        print_forms(o, root, out);
    }
    arena_uninit(&arena);
    return NULL;
}

/* ## The command "trace" ## */

static struct replica *sb;
static struct network *network;
static uint64_t network_seqno;

/* The network as it is now. */
static const struct network *
current_network(void)
{
    if (!network || network_seqno != replica_seqno(sb)) {
        network_destroy(network);
        network = network_create(sb);
        network_seqno = replica_seqno(sb);
        if (network->warnings.length) {
            log_warn("%s", str_cstr(&network->warnings));
        }
    }
    return network;
}

/* Reads one "--NAME[=ARGUMENT]" of the command. */
static struct error *
parse_command_option(struct trace_options *o, const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(trace_rows); i++) {
        const struct trace_row *row = &trace_rows[i];
        size_t n = strlen(row->name);
        const char *rest = word + 2 + n;

        if (strncmp(word + 2, row->name, n) || row->cli_only
            || *rest != (row->has_argument ? '=' : '\0')) {
            continue;
        }
        return row->set((uint8_t *) o + row->offset,
                        row->has_argument ? rest + 1 : NULL);
    }
    return error_create(0, "%s: unknown option", word);
}

/* A trace asked for, which may wait for the switch's flows. */
struct request {
    struct trace_options options;
    char *datapath;              /* Or NULL. */
    char *microflow;
    void (*reply)(struct request *, struct str *out, struct error *);
    struct control_conn *conn;   /* Of the command, or NULL. */
    bool is_done;
};

static struct request *
request_create(const struct trace_options *options, const char *datapath,
               const char *microflow,
               void (*reply)(struct request *, struct str *out,
                             struct error *))
{
    struct request *request = xzalloc(sizeof *request);

    request->options = *options;
    request->datapath = xstrdup_null(datapath);
    request->microflow = xstrdup(microflow);
    request->reply = reply;
    return request;
}

static void
request_destroy(struct request *request)
{
    free(request->datapath);
    free(request->microflow);
    free(request);
}

/* Traces and replies, once the switch's flows are there or could not be had:
 * a trace without them is better than none. */
static void
request_run(struct openflow_flows *openflow, struct error *error,
            void *request_)
{
    struct request *request = request_;
    struct str out = STR_EMPTY;

    if (error) {
        log_warn("no OpenFlow flows are shown: %s", error_message(error));
        error_free(error);
    }
    request->options.walk.openflow = openflow;
    error = trace(current_network(), request->datapath, request->microflow,
                  &request->options, &out);
    openflow_flows_destroy(openflow);
    request->reply(request, &out, error);
    str_uninit(&out);
}

static void
request_start(struct request *request)
{
    const char *ovs = request->options.ovs;
    char *remote;

    if (!ovs) {
        request_run(NULL, NULL, request);
        return;
    }
    remote = (*ovs ? xstrdup(ovs)
              : xasprintf("unix:%s/br-int.mgmt", dirs_run(DIRS_OVS)));
    openflow_fetch(remote, openflow_format, request_run, request);
    free(remote);
}

static void
reply_to_command(struct request *request, struct str *out,
                 struct error *error)
{
    if (error) {
        control_reply_take_error(request->conn, error);
    } else {
        control_reply_str(request->conn, out);
    }
    request_destroy(request);
}

static void
command_trace(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    struct request *request = request_create(&cli, NULL, argv[argc - 1],
                                             reply_to_command);
    struct error *error = NULL;
    int i;

    request->conn = conn;
    for (i = 1; i < argc && !error && !strncmp(argv[i], "--", 2); i++) {
        error = parse_command_option(&request->options, argv[i]);
    }
    if (!error && (argc - i < 1 || argc - i > 2)) {
        error = error_create(0, "a microflow is needed, and perhaps a "
                             "datapath before it");
    }
    if (error) {
        control_reply_take_error(conn, error);
        request_destroy(request);
        return;
    }
    request->datapath = argc - i == 2 ? xstrdup(argv[i]) : NULL;
    request_start(request);
}

/* ## Life ## */

static void
connect_to_database(void)
{
    static const struct replica_table_class *const tables[] = {
        &sb_datapath_binding_table, &sb_port_binding_table,
        &sb_multicast_group_table, &sb_address_set_table,
        &sb_port_group_table, &sb_logical_flow_table,
        &sb_logical_dp_group_table, &sb_mac_binding_table,
        &sb_static_mac_binding_table, &sb_fdb_table, &sb_dhcp_options_table,
        &sb_dhcpv6_options_table, &sb_load_balancer_table,
        &sb_chassis_template_var_table,
    };

    if (!db) {
        db = getenv("OVN_SB_DB");
    }
    if (!db) {
        db = xasprintf("unix:%s/ovnsb_db.sock", dirs_run(DIRS_OVN));
    }
    sb = replica_create(&sb_class, NULL, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        replica_monitor(sb, tables[i], UINT64_MAX);
    }
    replica_set_leader_only(sb, leader_only);
    replica_set_retry(sb, is_detached);
    program_check(replica_set_remotes(sb, db, false));
}

static void
print_reply(struct request *request, struct str *out, struct error *error)
{
    if (error) {
        printf("%s\n", error_message(error));
        error_free(error);
    } else {
        fputs(str_cstr(out), stdout);
    }
    request->is_done = true;
}

static void
run_once(int argc, char *argv[])
{
    struct request *request;

    connect_to_database();
    while (!replica_is_synced(sb)) {
        if (replica_is_dead(sb)) {
            const char *why = replica_last_error(sb);

            program_fatal("%s: database connection failed (%s)", db,
                          why ? why : "closed");
        }
        loop_turn(true);
    }
    request = request_create(&cli, argc == 2 ? argv[0] : NULL,
                             argv[argc - 1], print_reply);
    request_start(request);
    while (!request->is_done) {
        loop_turn(true);
    }
    request_destroy(request);
}

static void
run_daemon(void)
{
    daemon_start();
    connect_to_database();
    while (!replica_is_synced(sb)) {
        loop_turn(true);
    }
    control_register("trace", "[OPTIONS] [DATAPATH] MICROFLOW", 1, INT_MAX,
                     command_trace, NULL);
    daemon_ready();
    loop_run();
    daemon_finish();
}

int
main(int argc, char *argv[])
{
    struct option_group groups[6];
    int first;

    tool_init(argv[0], DIRS_OVN);
    cli.walk.friendly_names = true;
    first = options_parse(argc, argv, groups, make_groups(groups), 0);
    if (argc - first > 2) {
        program_fatal("at most a datapath and a microflow are taken (use "
                      "--help for help)");
    }
    is_detached = argc == first;
    if (is_detached) {
        run_daemon();
    } else {
        run_once(argc - first, argv + first);
    }
    network_destroy(network);
    replica_destroy(sb);
    return 0;
}
