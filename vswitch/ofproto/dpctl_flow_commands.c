/* SPDX-License-Identifier: Apache-2.0 */

/* dpctl/... on the flows of a datapath. */

#include "vswitch/ofproto/dpctl_commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/runtime/clock.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/ofproto/port_names.h"
#include "vswitch/upcall/upcall.h"
#include "vswitch/xlate/xlate.h"

/* Files of flows are small; a limit keeps a mistake from filling memory. */
#define MAX_FILE_BYTES (64 * 1024 * 1024)

/* Dumps of megaflows. */

struct flow_dump {
    struct str *s;
    const struct dump_options *o;
    const struct odp_names *names;
    struct match filter;
    bool has_filter;
};

static void
format_used(const struct dpif_flow_stats *stats, struct str *s)
{
    if (stats->used_ms) {
        int64_t ms = MAX(clock_ms() - stats->used_ms, 0);

        str_printf(s, "%lld.%03llds", (long long) ms / 1000,
                   (long long) ms % 1000);
    } else {
        str_put(s, "never");
    }
}

static void
format_ufid(struct ufid u, struct str *s)
{
    str_printf(s, "ufid:%08x-%04x-%04x-%04x-%012llx",
               (unsigned int) (u.u64[0] >> 32),
               (unsigned int) (u.u64[0] >> 16 & 0xffff),
               (unsigned int) (u.u64[0] & 0xffff),
               (unsigned int) (u.u64[1] >> 48),
               (unsigned long long) (u.u64[1] & UINT64_C(0xffffffffffff)));
}

bool
commands_parse_ufid(const char *text, struct ufid *ret)
{
    unsigned int a, b, c, d;
    unsigned long long e;
    int n = 0;

    if (sscanf(text, "ufid:%8x-%4x-%4x-%4x-%12llx%n", &a, &b, &c, &d, &e, &n)
        != 5 || (text[n] && text[n] != ',' && text[n] != ' ')) {
        return false;
    }
    ret->u64[0] = (uint64_t) a << 32 | b << 16 | c;
    ret->u64[1] = (uint64_t) d << 48 | e;
    return true;
}

/* Came the flow from a port of 'only', or through a state of it? */
static bool
is_of_bridge(const struct flow_dump *d, const struct flow *flow)
{
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct xlate_in in;

    return (!d->o->only || (!xlate_receive(d->o->only->backer, flow, &in, &wc)
                         && in.ofproto == d->o->only));
}

static bool
is_wanted(const struct flow_dump *d, const struct flow *flow)
{
    return (is_of_bridge(d, flow)
            && (!d->has_filter
                || match_covers_flow(&d->filter, flow)));
}

static void
dump_flow(const struct dpif_flow *df, void *d_)
{
    static const struct {
        uint16_t flag;
        char letter;
    } tcp_flags[] = {
        { 0x01, 'F' }, { 0x02, 'S' }, { 0x04, 'R' }, { 0x08, 'P' },
        { 0x10, '.' }, { 0x20, 'U' }, { 0x40, 'E' }, { 0x80, 'W' },
    };
    struct flow_dump *d = d_;
    struct flow_wildcards wc;
    struct flow flow;

    flow_key_expand(df->key, &flow);
    flow_key_expand(df->mask, &wc.masks);
    if (!is_wanted(d, &flow)) {
        return;
    }
    if (!d->s->length && !d->o->only) {
        /* Others have a table of flows for each thread; here all share one. */
        str_put(d->s, "flow-dump from the main thread:\n");
    }
    if (d->o->more) {
        format_ufid(df->ufid, d->s);
        str_put(d->s, ", ");
    }
    odp_flow_format(&flow, &wc, d->names, d->s);
    str_printf(d->s, ", packets:%llu, bytes:%llu, used:",
               (unsigned long long) df->stats.n_packets,
               (unsigned long long) df->stats.n_bytes);
    format_used(&df->stats, d->s);
    if (df->stats.tcp_flags) {
        str_put(d->s, ", flags:");
        for (size_t i = 0; i < ARRAY_SIZE(tcp_flags); i++) {
            if (df->stats.tcp_flags & tcp_flags[i].flag) {
                str_put_char(d->s, tcp_flags[i].letter);
            }
        }
    }
    if (d->o->more) {
        str_printf(d->s, ", dp:%s", df->dp_layer);
    }
    str_put(d->s, ", actions:");
    odp_actions_format(df->actions, df->actions_size, d->names, d->s);
    str_put_char(d->s, '\n');
}

int
dump_options_parse(int argc, const char *argv[], struct dump_options *o)
{
    int i = 1;

    *o = (struct dump_options) { .names = false };
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more")) {
            o->more = true;
        } else if (!strcmp(argv[i], "--names")) {
            o->names = true;
        } else if (!strcmp(argv[i], "--no-names")) {
            o->names = false;
        }
    }
    return i;
}

/* "filter=..." is a match as of ovs-ofctl(8), but for numbers of ports. */
static struct error *
parse_filter(const struct dump_options *o, struct flow_dump *d)
{
    match_init(&d->filter);
    d->has_filter = o->filter != NULL;
    return (o->filter
            ? error_wrap(match_parse(&d->filter, o->filter, NULL, NULL),
                         "filter") : NULL);
}

/* Every flow is of the datapath itself. */
static bool
type_is_wanted(const char *type)
{
    return (!type || strstr(type, "ovs") || strstr(type, "all")
            || strstr(type, "non-offloaded"));
}

void
commands_dump_flows(struct control_conn *conn, const struct dpif *dpif,
                    const struct dump_options *o)
{
    struct port_names names;
    const struct odp_names named = port_names_odp(&names);
    struct str s = STR_EMPTY;
    struct flow_dump d = {
        .s = &s, .o = o, .names = o->names ? &named : NULL,
    };
    struct error *error = parse_filter(o, &d);
    struct dpif_flow_dump *dump;

    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    if (!type_is_wanted(o->type)) {
        control_reply(conn, NULL);
        return;
    }
    port_names_init(&names, dpif);
    dump = dpif_flow_dump_create(dpif);
    rcu_read_lock();
    while (dpif_flow_dump_next(dump, 64, dump_flow, &d)) {
        continue;
    }
    rcu_read_unlock();
    dpif_flow_dump_destroy(dump);
    port_names_uninit(&names);
    control_reply_str(conn, &s);
}

void
dpctl_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                 void *aux)
{
    struct dump_options o;
    int i = dump_options_parse(argc, argv, &o);
    const char *name = NULL;
    struct dpif *dpif;

    for (; i < argc; i++) {
        if (text_starts_with(argv[i], "filter=")) {
            o.filter = argv[i] + strlen("filter=");
        } else if (text_starts_with(argv[i], "type=")) {
            o.type = argv[i] + strlen("type=");
        } else if (!text_starts_with(argv[i], "pmd=")) {
            name = argv[i];
        }
    }
    dpif = commands_open_dpif(conn, name, false);
    if (dpif) {
        commands_dump_flows(conn, dpif, &o);
        dpif_close(dpif);
    }
}

/* Flows. */

/* What a command does with flows. */
struct flow_op {
    struct dpif *dpif;
    struct port_names names;
    enum dpif_flow_put_flags flags;  /* 0 deletes. */
    bool with_stats;
    struct str reply;
};

/* The flow that 'text' says: "ufid:..." or its key and mask. */
static struct error *
parse_flow(const struct flow_op *op, const char *text, struct flow *key,
           struct flow_wildcards *mask, struct ufid *ufid)
{
    const struct odp_numbers numbers = port_names_numbers(&op->names);
    bool has_ufid = commands_parse_ufid(text, ufid);
    struct error *error = odp_flow_parse(text, &numbers, key, mask);

    if (!error && !has_ufid) {
        *ufid = upcall_make_ufid(key, mask);
    }
    return error;
}

static void
put_final_stats(struct flow_op *op, const struct dpif_flow_stats *stats)
{
    if (op->with_stats) {
        str_printf(&op->reply, "packets:%llu, bytes:%llu, used:",
                   (unsigned long long) stats->n_packets,
                   (unsigned long long) stats->n_bytes);
        format_used(stats, &op->reply);
        str_put_char(&op->reply, '\n');
    }
}

static struct error *
put_flow(struct flow_op *op, const char *flow_text, const char *actions_text)
{
    const struct odp_numbers numbers = port_names_numbers(&op->names);
    struct nlbuf actions = NLBUF_EMPTY;
    struct flow_wildcards mask;
    struct flow key;
    struct dpif_flow_put put = {
        .flags = op->flags, .key = &key, .mask = &mask,
    };
    struct error *error = parse_flow(op, flow_text, &key, &mask, &put.ufid);

    if (!error) {
        error = odp_actions_parse(actions_text, &numbers, &actions);
    }
    if (!error) {
        put.actions = actions.data;
        put.actions_size = actions.size;
        dpif_flow_put(op->dpif, &put, 1);
        if (put.error) {
            error = error_from_errno(put.error, "updating flow table");
        } else {
            put_final_stats(op, &put.stats);
        }
    }
    nlbuf_uninit(&actions);
    return error;
}

static struct error *
del_flow(struct flow_op *op, const char *flow_text)
{
    struct dpif_flow_del del = { .error = 0 };
    struct flow_wildcards mask;
    struct flow key;
    struct error *error = parse_flow(op, flow_text, &key, &mask, &del.ufid);

    if (!error) {
        dpif_flow_del(op->dpif, &del, 1);
        if (del.error) {
            error = error_from_errno(del.error, "deleting flow");
        } else {
            put_final_stats(op, &del.stats);
        }
    }
    return error;
}

/* Takes options off the front; returns the index of the first other word. */
static int
parse_op_options(int argc, const char *argv[], struct flow_op *op)
{
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (!strcmp(argv[i], "--clear")) {
            op->flags |= op->flags ? DPIF_FP_ZERO_STATS : 0;
        } else if (!strcmp(argv[i], "--may-create")) {
            op->flags |= op->flags ? DPIF_FP_CREATE : 0;
        } else if (!strcmp(argv[i], "-s")
                   || !strcmp(argv[i], "--statistics")) {
            op->with_stats = true;
        }
    }
    return i;
}

/* Does the rest of a command with 'fn', which gets the words behind options
 * and datapath; 'n_words' are needed, or one less if 'may_omit'. */
static void
run_op(struct control_conn *conn, int argc, const char *argv[],
       struct flow_op *op, int n_words,
       struct error *(*fn)(struct flow_op *, const char *words[]))
{
    int i = parse_op_options(argc, argv, op);
    const char *name = argc - i > n_words ? argv[i++] : NULL;
    struct error *error;

    if (argc - i != n_words) {
        control_reply_error(conn, "wrong number of arguments");
        return;
    }
    op->dpif = commands_open_dpif(conn, name, false);
    if (!op->dpif) {
        return;
    }
    port_names_init(&op->names, op->dpif);
    error = fn(op, argv + i);
    port_names_uninit(&op->names);
    dpif_close(op->dpif);
    if (error) {
        str_uninit(&op->reply);
        control_reply_take_error(conn, error);
    } else {
        control_reply_str(conn, &op->reply);
    }
}

static struct error *
put_words(struct flow_op *op, const char *words[])
{
    return put_flow(op, words[0], words[1]);
}

static struct error *
del_words(struct flow_op *op, const char *words[])
{
    return del_flow(op, words[0]);
}

void
dpctl_add_flow(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct flow_op op = { .flags = DPIF_FP_CREATE };

    run_op(conn, argc, argv, &op, 2, put_words);
}

void
dpctl_mod_flow(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct flow_op op = { .flags = DPIF_FP_MODIFY };

    run_op(conn, argc, argv, &op, 2, put_words);
}

void
dpctl_del_flow(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct flow_op op = { .flags = 0 };

    run_op(conn, argc, argv, &op, 1, del_words);
}

/* One line of a file: "[add|modify|delete] FLOW [ACTIONS]". */
static struct error *
run_line(struct flow_op *op, char *line)
{
    enum dpif_flow_put_flags flags = op->flags;
    char *rest = line;
    char *flow = text_token(&rest, " \t");
    struct error *error;

    if (flow && (!strcmp(flow, "add") || !strcmp(flow, "modify")
                 || !strcmp(flow, "delete"))) {
        op->flags = (flow[0] == 'a' ? DPIF_FP_CREATE
                     : flow[0] == 'm' ? DPIF_FP_MODIFY : 0);
        flow = text_token(&rest, " \t");
    }
    if (!flow) {
        error = error_create(0, "a flow is missing");
    } else if (op->flags) {
        error = put_flow(op, flow, rest ? rest : "");
    } else {
        error = del_flow(op, flow);
    }
    op->flags = flags;
    return error;
}

static struct error *
run_file(struct flow_op *op, const char *words[])
{
    FILE *f = fopen(words[0], "r");
    struct error *error = NULL;
    size_t n_bytes = 0, room = 0;
    unsigned int n = 0;
    char *line = NULL;

    if (!f) {
        return error_from_errno(errno, "%s", words[0]);
    }
    while (!error && getline(&line, &room, f) > 0
           && (n_bytes += strlen(line)) < MAX_FILE_BYTES) {
        n++;
        line[strcspn(line, "#\r\n")] = '\0';
        if (line[strspn(line, " \t")]) {
            error = error_wrap(run_line(op, line), "%s:%u", words[0], n);
        }
    }
    free(line);
    fclose(f);
    return error;
}

void
dpctl_add_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct flow_op op = { .flags = DPIF_FP_CREATE };

    run_op(conn, argc, argv, &op, 1, run_file);
}

void
dpctl_mod_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct flow_op op = { .flags = DPIF_FP_MODIFY };

    run_op(conn, argc, argv, &op, 1, run_file);
}

/* Is 'name' that of a datapath? */
static bool
is_datapath(const char *name)
{
    const char *at = strchr(name, '@');
    struct sset types = SSET_INITIALIZER(&types);
    bool found = false;
    struct sset_node *type;

    dpif_enumerate_types(&types);
    SSET_FOR_EACH (type, &types) {
        struct sset names = SSET_INITIALIZER(&names);

        dpif_enumerate_names(type->name, &names);
        found |= sset_contains(&names, at ? at + 1 : name);
        sset_uninit(&names);
    }
    sset_uninit(&types);
    return found;
}

/* "[dp]" deletes all, "[dp] file" those that the file names. */
void
dpctl_del_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct flow_op op = { .flags = 0 };
    struct dpif *dpif;

    if (argc > 2 || (argc == 2 && !is_datapath(argv[1]))) {
        run_op(conn, argc, argv, &op, 1, run_file);
        return;
    }
    dpif = commands_open_dpif(conn, argc > 1 ? argv[1] : NULL, false);
    if (!dpif) {
        return;
    }
    if (commands_is_in_use(dpif)) {
        upcall_flush(backer_find(dpif_type(dpif))->upcall);
    } else {
        dpif_flow_flush(dpif);
    }
    dpif_close(dpif);
    control_reply(conn, NULL);
}

void
dpctl_get_flow(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct dump_options o;
    int i = dump_options_parse(argc, argv, &o);
    struct str s = STR_EMPTY;
    struct port_names names;
    const struct odp_names named = port_names_odp(&names);
    struct flow_dump d = {
        .s = &s, .o = &o, .names = o.names ? &named : NULL,
    };
    struct dpif *dpif;
    struct ufid ufid;
    int error;

    if (i >= argc || !commands_parse_ufid(argv[argc - 1], &ufid)) {
        control_reply_error(conn, "needs \"ufid:\" and a flow's number");
        return;
    }
    o.more = true;
    dpif = commands_open_dpif(conn, argc - i > 1 ? argv[i] : NULL, false);
    if (!dpif) {
        return;
    }
    port_names_init(&names, dpif);
    error = dpif_flow_get(dpif, ufid, dump_flow, &d);
    port_names_uninit(&names);
    dpif_close(dpif);
    if (error) {
        str_uninit(&s);
        control_reply_take_error(conn, error_from_errno(error,
                                                        "getting flow"));
    } else {
        control_reply_str(conn, &s);
    }
}
