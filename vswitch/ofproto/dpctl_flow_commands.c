/* SPDX-License-Identifier: Apache-2.0 */

/* dpctl/... on the flows of a datapath. */

#include "vswitch/ofproto/dpctl_commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/extract.h"
#include "lib/flow/match.h"
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
            && (!d->o->filter || match_covers_flow(d->o->filter, flow)));
}

static void
format_stats(const struct dpif_flow_stats *stats, struct str *s)
{
    static const struct {
        uint16_t flag;
        char letter;
    } tcp_flags[] = {
        { 0x01, 'F' }, { 0x02, 'S' }, { 0x04, 'R' }, { 0x08, 'P' },
        { 0x10, '.' }, { 0x20, 'U' }, { 0x40, 'E' }, { 0x80, 'W' },
    };

    str_printf(s, "packets:%llu, bytes:%llu, used:",
               (unsigned long long) stats->n_packets,
               (unsigned long long) stats->n_bytes);
    format_used(stats, s);
    if (stats->tcp_flags) {
        str_put(s, ", flags:");
        for (size_t i = 0; i < ARRAY_SIZE(tcp_flags); i++) {
            if (stats->tcp_flags & tcp_flags[i].flag) {
                str_put_char(s, tcp_flags[i].letter);
            }
        }
    }
}

/* In how many words of a packet's key it is looked for. */
static void
format_extra(const struct flow_key *mask, struct str *s)
{
    str_printf(s, ", dp-extra-info:miniflow_bits(%d,%d)",
               __builtin_popcountll(mask->map.bits[0]),
               __builtin_popcountll(mask->map.bits[1]));
}

static void
format_flow(const struct dpif_flow *df, const struct flow *flow,
            const struct flow_wildcards *wc, const struct flow_dump *d)
{
    if (d->o->more) {
        format_ufid(df->ufid, d->s);
        str_put(d->s, d->o->only ? " " : ", ");
    }
    if (d->o->more) {
        odp_flow_format_all(flow, wc, d->names, d->s);
    } else {
        odp_flow_format(flow, wc, d->names, d->s);
    }
    str_put(d->s, ", ");
    format_stats(&df->stats, d->s);
    if (d->o->more && !d->o->only) {
        str_printf(d->s, ", dp:%s", df->dp_layer);
    }
    str_put(d->s, ", actions:");
    odp_actions_format(df->actions, df->actions_size, d->names, d->s);
    if (d->o->more && !d->o->only) {
        format_extra(df->mask, d->s);
    }
    str_put_char(d->s, '\n');
}

static void
dump_flow(const struct dpif_flow *df, void *d_)
{
    struct flow_dump *d = d_;
    struct flow_wildcards wc;
    struct flow flow;

    flow_key_expand(df->key, &flow);
    flow_key_expand(df->mask, &wc.masks);
    if (!is_wanted(d, &flow)) {
        return;
    }
    if (!d->s->length && d->o->with_title) {
        /* Others have a table of flows for each thread; here all share one. */
        str_put(d->s, "flow-dump from the main thread:\n");
    }
    format_flow(df, &flow, &wc, d);
}

void
commands_dump_flows(const struct dpif *dpif, const struct dump_options *o,
                    struct str *s)
{
    struct port_names names;
    const struct odp_names named = port_names_odp(&names);
    struct flow_dump d = {
        .s = s, .o = o, .names = o->names ? &named : NULL,
    };
    struct dpif_flow_dump *dump;

    port_names_init(&names, dpif);
    dump = dpif_flow_dump_create(dpif);
    rcu_read_lock();
    while (dpif_flow_dump_next(dump, 64, dump_flow, &d)) {
        continue;
    }
    rcu_read_unlock();
    dpif_flow_dump_destroy(dump);
    port_names_uninit(&names);
}

/* What dump-flows has behind the datapath's name; NULL: not given. */
struct dump_words {
    const char *filter, *type, *pmd;
};

/* Takes them off the end, each once; returns what remains of 'argc'. */
static int
take_dump_words(int argc, const char *argv[], struct dump_words *w)
{
    const struct {
        const char *prefix;
        const char **value;
    } words[] = {
        { "filter=", &w->filter }, { "type=", &w->type }, { "pmd=", &w->pmd },
    };
    bool taken = true;

    *w = (struct dump_words) { .filter = NULL };
    while (taken && argc > 1) {
        taken = false;
        for (size_t i = 0; i < ARRAY_SIZE(words) && !taken; i++) {
            if (!*words[i].value
                && text_starts_with(argv[argc - 1], words[i].prefix)) {
                *words[i].value = argv[--argc] + strlen(words[i].prefix);
                taken = true;
            }
        }
    }
    return argc;
}

/* "filter=..." is a match as of ovs-ofctl(8), but for numbers of ports. */
static int
parse_filter(struct dpctl *d, const char *text, struct match *filter)
{
    static const char unknown[] = "unknown keyword ";
    struct error *error;
    const char *message;

    match_init(filter);
    error = match_parse(filter, text, NULL, NULL);
    if (!error) {
        return 0;
    }
    message = error_message(error);
    if (text_starts_with(message, unknown)) {
        dpctl_error(d, 0, "Failed to parse filter (%s: unknown field %s)",
                    text, message + strlen(unknown));
    } else {
        dpctl_error(d, 0, "Failed to parse filter (%s)", message);
    }
    error_free(error);
    return EINVAL;
}

/* Every flow is of the datapath itself, none is offloaded: stores whether
 * 'text', a list, wants such. */
static int
parse_types(struct dpctl *d, const char *text, bool *wanted)
{
    static const struct {
        const char *name;
        bool is_ours;
    } types[] = {
        { "all", true }, { "ovs", true }, { "non-offloaded", true },
        { "tc", false }, { "dpdk", false }, { "offloaded", false },
        { "partially-offloaded", false },
    };
    char *copy = xstrdup(text), *rest = copy, *item;
    int error = 0;

    *wanted = false;
    while (!error && (item = text_token(&rest, ","))) {
        size_t i;

        for (i = 0; i < ARRAY_SIZE(types); i++) {
            if (!strcmp(item, types[i].name)) {
                *wanted |= types[i].is_ours;
                break;
            }
        }
        if (i == ARRAY_SIZE(types)) {
            error = dpctl_error(d, EINVAL, "Failed to parse type (%s)", item);
        }
    }
    free(copy);
    return error;
}

static int
dump_from(struct dpctl *d, const struct dpif *dpif,
          const struct dump_words *w)
{
    struct dump_options o = {
        .names = d->names, .more = d->verbosity > 0, .with_title = !w->pmd,
    };
    struct match filter;
    bool wanted = true;
    int error = 0, core = -1;

    if (w->filter) {
        error = parse_filter(d, w->filter, &filter);
        o.filter = &filter;
    }
    if (!error && w->type) {
        error = parse_types(d, w->type, &wanted);
    }
    /* The table that threads share is dumped as the main thread's. */
    if (!error && w->pmd
        && !text_to_int_range(w->pmd, -1, INT_MAX, &core)) {
        error = EINVAL;
    }
    if (!error && wanted && core < 0) {
        commands_dump_flows(dpif, &o, &d->out);
    }
    return error;
}

int
dpctl_dump_flows(struct dpctl *d, int argc, const char *argv[])
{
    struct dump_words w;
    struct dpif *dpif;
    int error;

    argc = take_dump_words(argc, argv, &w);
    error = dpctl_open(d, argc, argv, 1, &dpif);
    if (!error) {
        error = dump_from(d, dpif, &w);
        dpif_close(dpif);
    }
    return error;
}

/* Flows. */

/* What a command does with flows. */
struct flow_op {
    struct dpctl *d;
    struct dpif *dpif;
    struct port_names names;
    enum dpif_flow_put_flags flags;  /* 0 deletes. */
};

/* The flow that 'text' says: "ufid:..." or its key and mask. */
static int
parse_flow(const struct flow_op *op, const char *text, bool is_put,
           struct flow *key, struct flow_wildcards *mask, struct ufid *ufid)
{
    const struct odp_numbers numbers = port_names_numbers(&op->names);
    bool has_ufid = text_starts_with(text, "ufid:");
    struct error *error;

    if (has_ufid && !commands_parse_ufid(text, ufid)) {
        return dpctl_error(op->d, EINVAL, "parsing flow ufid");
    }
    error = odp_flow_parse(text, &numbers, key, mask);
    if (error) {
        const char *message = error_message(error);
        int status = (is_put ? dpctl_error(op->d, EINVAL, "parsing flow key "
                                           "(%s)", message)
                      : dpctl_error(op->d, EINVAL, "%s", message));

        error_free(error);
        return status;
    }
    if (!has_ufid) {
        *ufid = upcall_make_ufid(key, mask);
    }
    return 0;
}

static void
put_final_stats(const struct flow_op *op, const struct dpif_flow_stats *stats)
{
    if (op->d->statistics) {
        format_stats(stats, &op->d->out);
        str_put_char(&op->d->out, '\n');
    }
}

static int
put_flow(struct flow_op *op, const char *flow_text, const char *actions_text)
{
    const struct odp_numbers numbers = port_names_numbers(&op->names);
    struct nlbuf actions = NLBUF_EMPTY;
    struct flow_wildcards mask;
    struct flow key;
    struct dpif_flow_put put = {
        .flags = op->flags, .key = &key, .mask = &mask,
    };
    struct error *problem;
    int error = parse_flow(op, flow_text, true, &key, &mask,
                           &put.ufid);

    if (error) {
        return error;
    }
    problem = odp_actions_parse(actions_text, &numbers, &actions);
    if (problem) {
        error_free(problem);
        nlbuf_uninit(&actions);
        return dpctl_error(op->d, EINVAL, "parsing actions");
    }
    put.actions = actions.data;
    put.actions_size = actions.size;
    dpif_flow_put(op->dpif, &put, 1);
    nlbuf_uninit(&actions);
    if (put.error) {
        return dpctl_error(op->d, put.error, "updating flow table");
    }
    put_final_stats(op, &put.stats);
    return 0;
}

static int
del_flow(struct flow_op *op, const char *flow_text)
{
    struct dpif_flow_del del = { .error = 0 };
    struct flow_wildcards mask;
    struct flow key;
    int error = parse_flow(op, flow_text, false, &key, &mask,
                           &del.ufid);

    if (error) {
        return error;
    }
    dpif_flow_del(op->dpif, &del, 1);
    if (del.error) {
        error = dpctl_error(op->d, del.error, "deleting flow");
        if (error == ENOENT) {
            str_put(&op->d->out, "Perhaps you need to specify a UFID?\n");
        }
        return error;
    }
    put_final_stats(op, &del.stats);
    return 0;
}

/* Runs 'fn' on the last 'n_words' arguments; a datapath may be in front. */
static int
run_op(struct dpctl *d, int argc, const char *argv[],
       enum dpif_flow_put_flags flags, int n_words,
       int (*fn)(struct flow_op *, const char *words[]))
{
    struct flow_op op = { .d = d, .flags = flags };
    int error = dpctl_open(d, argc, argv, n_words + 1, &op.dpif);

    if (error) {
        return error;
    }
    port_names_init(&op.names, op.dpif);
    error = fn(&op, argv + argc - n_words);
    port_names_uninit(&op.names);
    dpif_close(op.dpif);
    return error;
}

static int
put_words(struct flow_op *op, const char *words[])
{
    return put_flow(op, words[0], words[1]);
}

static int
del_words(struct flow_op *op, const char *words[])
{
    return del_flow(op, words[0]);
}

int
dpctl_add_flow(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, DPIF_FP_CREATE, 2, put_words);
}

static enum dpif_flow_put_flags
modify_flags(const struct dpctl *d)
{
    return (DPIF_FP_MODIFY | (d->may_create ? DPIF_FP_CREATE : 0)
            | (d->zero_statistics ? DPIF_FP_ZERO_STATS : 0));
}

int
dpctl_mod_flow(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, modify_flags(d), 2, put_words);
}

int
dpctl_del_flow(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, 0, 1, del_words);
}

/* One line of a file: "[add|modify|delete] FLOW [ACTIONS]"; false if something
 * is missing. */
static bool
run_line(struct flow_op *op, char *line)
{
    enum dpif_flow_put_flags flags = op->flags;
    char *rest = line;
    char *flow = text_token(&rest, " \t");
    bool ok;

    if (flow && (!strcmp(flow, "add") || !strcmp(flow, "modify")
                 || !strcmp(flow, "delete"))) {
        op->flags = (flow[0] == 'a' ? DPIF_FP_CREATE
                     : flow[0] == 'm' ? DPIF_FP_MODIFY : 0);
        flow = text_token(&rest, " \t");
    }
    ok = flow && (!op->flags || (rest && *rest));
    if (ok && op->flags) {
        put_flow(op, flow, rest);
    } else if (ok) {
        del_flow(op, flow);
    }
    op->flags = flags;
    return ok;
}

/* What is wrong with a line does not keep the others from being run. */
static int
run_file(struct flow_op *op, const char *words[])
{
    FILE *f = fopen(words[0], "r");
    size_t n_bytes = 0, room = 0;
    unsigned int n = 0;
    char *line = NULL;

    if (!f) {
        return dpctl_error(op->d, errno, "Opening file \"%s\" failed",
                           words[0]);
    }
    while (getline(&line, &room, f) > 0
           && (n_bytes += strlen(line)) < MAX_FILE_BYTES) {
        n++;
        line[strcspn(line, "#\r\n")] = '\0';
        if (line[strspn(line, " \t")] && !run_line(op, line)) {
            dpctl_error(op->d, 0, "Failed parsing line number %u, skipped!",
                        n);
        }
    }
    free(line);
    fclose(f);
    return 0;
}

int
dpctl_add_flows(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, DPIF_FP_CREATE, 1, run_file);
}

int
dpctl_mod_flows(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, modify_flags(d), 1, run_file);
}

/* "[dp]" deletes all, "[dp] file" those that the file names. */
int
dpctl_del_flows(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error;

    if (argc > 2 || (argc == 2 && !dpctl_is_datapath(argv[1]))) {
        return run_op(d, argc, argv, 0, 1, run_file);
    }
    error = dpctl_open(d, argc, argv, 2, &dpif);
    if (error) {
        return error;
    }
    if (commands_is_in_use(dpif)) {
        upcall_flush(backer_find(dpif_type(dpif))->upcall);
    } else {
        dpif_flow_flush(dpif);
    }
    dpif_close(dpif);
    return 0;
}

/* A flow that is asked for by itself. */
static void
show_flow(const struct dpif_flow *df, void *d)
{
    struct flow_wildcards wc;
    struct flow flow;

    flow_key_expand(df->key, &flow);
    flow_key_expand(df->mask, &wc.masks);
    format_flow(df, &flow, &wc, d);
}

static int
get_words(struct flow_op *op, const char *words[])
{
    const struct odp_names named = port_names_odp(&op->names);
    const struct dump_options o = { .more = op->d->verbosity > 0 };
    struct flow_dump d = {
        .s = &op->d->out, .o = &o, .names = op->d->names ? &named : NULL,
    };
    struct ufid ufid;
    int error;

    if (!commands_parse_ufid(words[0], &ufid)) {
        dpctl_error(op->d, text_starts_with(words[0], "ufid:") ? EINVAL : 0,
                    "parsing flow ufid");
        return EINVAL;
    }
    error = dpif_flow_get(op->dpif, ufid, show_flow, &d);
    return error ? dpctl_error(op->d, error, "getting flow") : 0;
}

int
dpctl_get_flow(struct dpctl *d, int argc, const char *argv[])
{
    return run_op(d, argc, argv, 0, 1, get_words);
}
