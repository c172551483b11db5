/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "vswitch/tools/ofctl.h"
#include "vswitch/tools/ofctl_lines.h"

/* Flows: add, change, delete, show, compare.
 *
 * OpenFlow 1.0 comes in several protocols: a flow to send in it is kept with
 * its actions until all are parsed, since the protocol must suit every one.  A
 * later version is one protocol.  There a flow becomes a message as soon as it
 * is parsed, and goes into a bundle at once, so that the switch reads while the
 * rest is parsed; if that fails, the bundle is never committed. */

struct flow_entry {
    struct hmap_node node;       /* By table, priority and match. */
    struct flow_mod fm;
    struct buf ofpacts;
    bool is_wanted;              /* Of those compared: on this side... */
    bool is_present;             /* ...and on that. */
    struct buf present_ofpacts;
    be64 present_cookie;
    uint16_t present_idle, present_hard, present_flags, present_importance;
};

static void
flow_destroy(struct flow_entry *flow)
{
    buf_uninit(&flow->ofpacts);
    buf_uninit(&flow->present_ofpacts);
    free(flow);
}

static struct error *
flow_create(const char *text, int command, const struct text_names *names,
            uint32_t *usable, struct flow_entry **ret)
{
    struct flow_entry *flow = xzalloc(sizeof *flow);
    struct error *error;

    buf_init(&flow->ofpacts);
    buf_init(&flow->present_ofpacts);
    error = flow_mod_parse(&flow->fm, text, command, names, &flow->ofpacts,
                           usable);
    if (error) {
        flow_destroy(flow);
        return error;
    }
    *ret = flow;
    return NULL;
}

typedef VEC(struct flow_entry *) flow_list;

static void
read_flows(const char *file, int command, const struct text_names *names,
           flow_list *flows, uint32_t *usable)
{
    struct ofctl_lines lines;
    char *line;

    ofctl_lines_open(&lines, file);
    while ((line = ofctl_lines_next(&lines))) {
        struct flow_entry *flow;

        ofctl_lines_check(&lines, flow_create(line, command, names, usable,
                                              &flow));
        vec_push(flows, flow);
    }
    ofctl_lines_close(&lines);
}

static void
send_bundle(struct session *s, const flow_list *flows, uint32_t protocol)
{
    struct buf *out = NULL;

    ofctl_bundle_step(s, BUNDLE_OPEN_REQUEST);
    for (size_t i = 0; i < flows->n; i++) {
        struct buf *b = flow_mod_encode(&flows->items[i]->fm, protocol);

        ofctl_bundle_add(s, &out, b->data, b->size);
        buf_destroy(b);
    }
    ofctl_bundle_flush(s, &out);
    ofctl_bundle_step(s, BUNDLE_COMMIT_REQUEST);
}

/* Sends all of them and waits until the switch has taken them. */
static void
send_flows(struct session *s, const flow_list *flows, uint32_t usable)
{
    uint32_t protocol;

    if (ofctl.bundle) {
        usable &= OFP_PROTO_OXM_ANY;
    }
    protocol = session_set_protocol(s, usable, false);
    if (ofctl.bundle) {
        send_bundle(s, flows, protocol);
        return;
    }
    for (size_t i = 0; i < flows->n; i++) {
        session_send(s, flow_mod_encode(&flows->items[i]->fm, protocol));
    }
    session_barrier(s);
}

static void
free_flows(flow_list *flows)
{
    VEC_FOR_EACH (f, flows) {
        flow_destroy(*f);
    }
    vec_uninit(flows);
}

/* A bundle needs a version that has it, whatever -O left. */
static struct session *
open_for_flows(const char *name)
{
    return session_open(name, "mgmt", ofctl.bundle
                        ? (ofctl.versions & ~OFP_VERSION_BIT(OFP10_VERSION)
                           ? ofctl.versions
                             & ~OFP_VERSION_BIT(OFP10_VERSION)
                           : OFP_VERSION_BIT(OFP14_VERSION)) : 0);
}

static void
change_one(char *argv[], int argc, int command)
{
    struct session *s = open_for_flows(argv[1]);
    uint32_t usable = OFP_PROTO_ANY;
    flow_list flows = VEC_EMPTY;
    struct flow_entry *flow;

    program_check(flow_create(argc > 2 ? argv[2] : "", command,
                              session_input_names(s), &usable, &flow));
    vec_push(&flows, flow);
    send_flows(s, &flows, usable);
    free_flows(&flows);
    session_close(s);
}

/* What makes messages of a file's lines. */
struct conversion {
    struct session *s;
    int command;
    uint32_t protocol;
    uint32_t usable;             /* The protocols for all of them. */
    struct buf ofpacts;
};

static struct buf *
convert(struct conversion *c, const struct ofctl_lines *lines,
        const char *line)
{
    struct flow_mod fm;

    buf_clear(&c->ofpacts);
    ofctl_lines_check(lines, flow_mod_parse(&fm, line, c->command,
                                            session_input_names(c->s),
                                            &c->ofpacts, &c->usable));
    return flow_mod_encode(&fm, c->protocol);
}

/* Sends each flow as it is read. */
static void
bundle_from_lines(struct conversion *c, struct ofctl_lines *lines)
{
    struct buf *out = NULL;
    bool is_open = false;
    char *line;

    while ((line = ofctl_lines_next(lines))) {
        struct buf *b = convert(c, lines, line);

        if (!is_open) {
            is_open = true;
            ofctl_bundle_step(c->s, BUNDLE_OPEN_REQUEST);
        }
        ofctl_bundle_add(c->s, &out, b->data, b->size);
        buf_destroy(b);
    }
    session_set_protocol(c->s, c->usable & OFP_PROTO_OXM_ANY, false);
    ofctl_bundle_flush(c->s, &out);
    if (is_open) {
        ofctl_bundle_step(c->s, BUNDLE_COMMIT_REQUEST);
    }
}

/* Sends the flows once all are read. */
static void
send_from_lines(struct conversion *c, struct ofctl_lines *lines)
{
    VEC(struct buf *) messages = VEC_EMPTY;
    char *line;

    while ((line = ofctl_lines_next(lines))) {
        vec_push(&messages, convert(c, lines, line));
    }
    session_set_protocol(c->s, c->usable, false);
    VEC_FOR_EACH (b, &messages) {
        session_send(c->s, *b);
    }
    vec_uninit(&messages);
    session_barrier(c->s);
}

static void
change_from_file(char *argv[], int command)
{
    struct session *s = open_for_flows(argv[1]);
    struct conversion c = {
        .s = s,
        .command = command,
        .protocol = ofp_protocol_from_version(session_version(s)),
        .usable = OFP_PROTO_ANY,
        .ofpacts = BUF_EMPTY,
    };

    if (session_version(s) == OFP10_VERSION) {
        flow_list flows = VEC_EMPTY;

        read_flows(argv[2], command, session_input_names(s), &flows,
                   &c.usable);
        send_flows(s, &flows, c.usable);
        free_flows(&flows);
    } else {
        struct ofctl_lines lines;

        ofctl_lines_open(&lines, argv[2]);
        if (ofctl.bundle) {
            bundle_from_lines(&c, &lines);
        } else {
            send_from_lines(&c, &lines);
        }
        ofctl_lines_close(&lines);
    }
    buf_uninit(&c.ofpacts);
    session_close(s);
}

static void
cmd_add_flow(int argc, char *argv[])
{
    if (argc > 2 && !strcmp(argv[2], "-")) {
        change_from_file(argv, -1);
    } else {
        change_one(argv, argc, FLOW_MOD_ADD);
    }
}

static void
cmd_add_flows(int argc, char *argv[])
{
    change_from_file(argv, -1);
}

static void
cmd_mod_flows(int argc, char *argv[])
{
    int command = ofctl.strict ? FLOW_MOD_MODIFY_STRICT : FLOW_MOD_MODIFY;

    if (!strcmp(argv[2], "-")) {
        change_from_file(argv, command);
    } else {
        change_one(argv, argc, command);
    }
}

static void
cmd_del_flows(int argc, char *argv[])
{
    int command = ofctl.strict ? FLOW_MOD_DELETE_STRICT : FLOW_MOD_DELETE;

    if (argc > 2 && !strcmp(argv[2], "-")) {
        change_from_file(argv, command);
    } else {
        change_one(argv, argc, command);
    }
}

/* Showing. */

static struct buf *
make_request(struct session *s, int argc, char *argv[], bool aggregate)
{
    struct flow_stats_request req;
    uint32_t usable = OFP_PROTO_ANY;

    program_check(flow_stats_request_parse(&req, argc > 2 ? argv[2] : "",
                                           aggregate, session_input_names(s),
                                           &usable));
    return flow_stats_request_encode(&req, session_set_protocol(s, usable,
                                                                true));
}

/* A flow of a dump, to be sorted or compared. */
struct shown {
    char *text;
    struct match match;
    uint16_t priority;
};

struct collection {
    VEC(struct shown) items;
    const struct text_names *names;
};

static void
collect(const struct ofmsg *msg, void *aux)
{
    struct collection *c = aux;
    struct ofp_decode decode = ofp_decode_default;
    struct reader r = ofmsg_reader(msg);
    struct buf acts = BUF_EMPTY;
    struct flow_stats fs;

    decode.loose_unknown = true;
    if (msg->type != OFMSG_FLOW_STATS_REPLY) {
        return;
    }
    while (!flow_stats_decode(&fs, msg, &r, &decode, &acts)) {
        struct str s = STR_EMPTY;

        if (msg->version == OFP10_VERSION) {
            /* Only the extension would tell, which need not be used. */
            fs.idle_age_s = fs.hard_age_s = -1;
        }
        flow_stats_format(&fs, c->names, ofctl.show_stats, &s);
        vec_push(&c->items, (struct shown) { str_steal(&s), fs.match,
                                             fs.priority });
    }
    buf_uninit(&acts);
}

static const struct field *sort_field;

static int
compare_shown(const void *a_, const void *b_)
{
    const struct shown *a = a_, *b = b_;
    union field_value av, am, bv, bm;
    int cmp = 0;

    if (sort_field) {
        match_get_field(&a->match, sort_field, &av, &am);
        match_get_field(&b->match, sort_field, &bv, &bm);
        if (field_is_zero(sort_field, &am)
            || field_is_zero(sort_field, &bm)) {
            /* Flows that do not match the field come last. */
            cmp = (field_is_zero(sort_field, &am)
                   - field_is_zero(sort_field, &bm));
            if (cmp) {
                return cmp;
            }
        } else {
            cmp = memcmp(av.bytes, bv.bytes, sort_field->n_bytes);
        }
    } else {
        cmp = (a->priority > b->priority) - (a->priority < b->priority);
    }
    if (ofctl.sort_descending) {
        cmp = -cmp;
    }
    return cmp ? cmp : strcmp(a->text, b->text);
}

static void
cmd_dump_flows(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    struct buf *request = make_request(s, argc, argv, false);
    struct collection c = { VEC_EMPTY, session_output_names(s) };

    if (ofctl.show_stats && !ofctl.do_sort && !c.names->ports) {
        session_dump(s, request);
        session_close(s);
        return;
    }
    session_for_each_part(s, request, collect, &c);
    if (ofctl.sort && strcmp(ofctl.sort, "priority")) {
        sort_field = field_from_any_name(ofctl.sort, strlen(ofctl.sort));
        if (!sort_field) {
            program_fatal("%s: unknown field", ofctl.sort);
        }
    }
    if (ofctl.do_sort) {
        vec_sort(&c.items, compare_shown);
    }
    VEC_FOR_EACH (f, &c.items) {
        puts(f->text);
        free(f->text);
    }
    vec_uninit(&c.items);
    session_close(s);
}

static void
cmd_dump_aggregate(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);

    session_dump(s, make_request(s, argc, argv, true));
    session_close(s);
}

/* Comparing: replace-flows and diff-flows. */

static size_t
flow_hash(const struct flow_mod *fm)
{
    return match_hash(&fm->match, hash_word(fm->priority, fm->table_id));
}

static struct flow_entry *
find_flow(struct hmap *map, const struct flow_mod *fm)
{
    struct flow_entry *flow;

    HMAP_FOR_EACH_WITH_HASH (flow, node, flow_hash(fm), map) {
        if (flow->fm.priority == fm->priority
            && flow->fm.table_id == fm->table_id
            && match_equals(&flow->fm.match, &fm->match)) {
            return flow;
        }
    }
    return NULL;
}

/* Enters flows of a file as wanted; later ones replace earlier ones. */
static void
add_wanted(struct hmap *map, flow_list *flows)
{
    VEC_FOR_EACH (p, flows) {
        struct flow_entry *flow = *p, *old;

        if (flow->fm.table_id == OFPTT_ALL) {
            flow->fm.table_id = 0;
        }
        old = find_flow(map, &flow->fm);
        if (old) {
            hmap_remove(map, &old->node);
            flow_destroy(old);
        }
        flow->is_wanted = true;
        hmap_insert(map, &flow->node, flow_hash(&flow->fm));
    }
    vec_uninit(flows);
}

static void
add_present(const struct ofmsg *msg, void *aux)
{
    struct hmap *map = aux;
    struct reader r = ofmsg_reader(msg);
    struct buf acts = BUF_EMPTY;
    struct flow_stats fs;

    if (msg->type != OFMSG_FLOW_STATS_REPLY) {
        return;
    }
    while (!flow_stats_decode(&fs, msg, &r, &ofp_decode_default, &acts)) {
        struct flow_mod fm;
        struct flow_entry *flow;

        /* Notes in the actions what the match says, as parsing does; that the
         * switch has the flow is proof enough that they agree. */
        (void) !ofpacts_check((void *) acts.data, acts.size, &fs.match,
                              fs.table_id, &ofp_decode_default, NULL);
        flow_mod_init(&fm);
        fm.match = fs.match;
        fm.priority = fs.priority;
        fm.table_id = fs.table_id;
        flow = find_flow(map, &fm);
        if (!flow) {
            flow = xzalloc(sizeof *flow);
            buf_init(&flow->ofpacts);
            buf_init(&flow->present_ofpacts);
            flow->fm = fm;
            hmap_insert(map, &flow->node, flow_hash(&fm));
        }
        flow->is_present = true;
        flow->present_cookie = fs.cookie;
        flow->present_idle = fs.idle_timeout_s;
        flow->present_hard = fs.hard_timeout_s;
        flow->present_flags = fs.flags & FLOW_F_SEND_FLOW_REM;
        flow->present_importance = fs.importance;
        buf_put(&flow->present_ofpacts, fs.ofpacts, fs.ofpacts_size);
    }
    buf_uninit(&acts);
}

static void
read_switch_flows(struct session *s, struct hmap *map)
{
    struct flow_stats_request req = {
        .table_id = OFPTT_ALL, .out_port = OFPP_NONE, .out_group = OFPG_ANY,
    };

    match_init(&req.match);
    session_for_each_part(
        s, flow_stats_request_encode(&req, session_set_protocol(
                                         s, OFP_PROTO_ANY, true)),
        add_present, map);
}

/* Do two lists mean the same?  load and set_field, say, are one action in
 * OpenFlow 1.5. */
static bool
same_actions(const struct buf *a, const struct buf *b)
{
    struct buf wa = BUF_EMPTY, wb = BUF_EMPTY;
    bool same;

    ofpacts_encode_instructions(&wa, (const void *) a->data, a->size,
                                OFP15_VERSION);
    ofpacts_encode_instructions(&wb, (const void *) b->data, b->size,
                                OFP15_VERSION);
    same = (wa.size == wb.size
            && (!wa.size || !memcmp(wa.data, wb.data, wa.size)));
    buf_uninit(&wa);
    buf_uninit(&wb);
    return same;
}

static bool
is_unchanged(const struct flow_entry *flow)
{
    return (flow->is_wanted && flow->is_present
            && flow->fm.new_cookie == flow->present_cookie
            && flow->fm.idle_timeout_s == flow->present_idle
            && flow->fm.hard_timeout_s == flow->present_hard
            && flow->fm.importance == flow->present_importance
            && same_actions(&flow->ofpacts, &flow->present_ofpacts));
}

static void
destroy_map(struct hmap *map)
{
    struct flow_entry *flow;

    HMAP_FOR_EACH_SAFE (flow, node, map) {
        flow_destroy(flow);
    }
    hmap_uninit(map);
}

static void
cmd_replace_flows(int argc, char *argv[])
{
    struct session *s = open_for_flows(argv[1]);
    uint32_t usable = OFP_PROTO_TID | OFP_PROTO_10 | OFP_PROTO_10_NXM;
    flow_list wanted = VEC_EMPTY, changes = VEC_EMPTY;
    struct hmap map = HMAP_INITIALIZER(&map);
    struct flow_entry *flow;

    read_flows(argv[2], FLOW_MOD_ADD, session_input_names(s), &wanted,
               &usable);
    add_wanted(&map, &wanted);
    read_switch_flows(s, &map);
    HMAP_FOR_EACH (flow, node, &map) {
        if (!flow->is_wanted) {
            flow->fm.command = FLOW_MOD_DELETE_STRICT;
            vec_push(&changes, flow);
        }
    }
    HMAP_FOR_EACH (flow, node, &map) {
        if (flow->is_wanted && (ofctl.readd || !is_unchanged(flow))) {
            vec_push(&changes, flow);
        }
    }
    VEC_FOR_EACH (f, &changes) {
        usable &= match_usable_protocols(&(*f)->fm.match);
        if ((*f)->fm.table_id) {
            usable &= OFP_PROTO_TID;
        }
    }
    send_flows(s, &changes, usable);
    vec_uninit(&changes);
    destroy_map(&map);
    session_close(s);
}

static char *
diff_line(const struct flow_entry *flow, bool wanted)
{
    const struct buf *acts = (wanted ? &flow->ofpacts
                              : &flow->present_ofpacts);
    uint16_t idle = wanted ? flow->fm.idle_timeout_s : flow->present_idle;
    uint16_t hard = wanted ? flow->fm.hard_timeout_s : flow->present_hard;
    be64 cookie = wanted ? flow->fm.new_cookie : flow->present_cookie;
    struct str s = STR_EMPTY;
    size_t start;

    str_put_char(&s, wanted ? '-' : '+');
    if (flow->fm.table_id) {
        str_printf(&s, "table=%u ", flow->fm.table_id);
    }
    start = s.length;
    match_format(&flow->fm.match, NULL, flow->fm.priority, &s);
    if (s.length > start) {
        str_put_char(&s, ' ');
    }
    if (cookie) {
        str_printf(&s, "cookie=0x%llx ", (unsigned long long) ntohll(cookie));
    }
    if (idle) {
        str_printf(&s, "idle_timeout=%u ", idle);
    }
    if (hard) {
        str_printf(&s, "hard_timeout=%u ", hard);
    }
    str_put(&s, "actions=");
    ofpacts_format((const void *) acts->data, acts->size, NULL, &s);
    return str_steal(&s);
}

static int
compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *) a + 1, *(char *const *) b + 1);
}

/* Reads one side of a comparison: a file, or a switch. */
static void
read_side(const char *name, struct hmap *map, bool first)
{
    FILE *f = strcmp(name, "-") ? fopen(name, "r") : stdin;

    if (f && !strchr(name, ':')) {
        flow_list flows = VEC_EMPTY;
        uint32_t usable = OFP_PROTO_ANY;

        if (f != stdin) {
            fclose(f);
        }
        read_flows(name, FLOW_MOD_ADD, NULL, &flows, &usable);
        if (first) {
            add_wanted(map, &flows);
            return;
        }
        VEC_FOR_EACH (p, &flows) {
            struct flow_entry *flow = *p, *old;

            if (flow->fm.table_id == OFPTT_ALL) {
                flow->fm.table_id = 0;
            }
            old = find_flow(map, &flow->fm);
            if (!old) {
                old = flow;
                hmap_insert(map, &flow->node, flow_hash(&flow->fm));
            }
            buf_clear(&old->present_ofpacts);
            buf_put(&old->present_ofpacts, flow->ofpacts.data,
                    flow->ofpacts.size);
            old->is_present = true;
            old->present_cookie = flow->fm.new_cookie;
            old->present_idle = flow->fm.idle_timeout_s;
            old->present_hard = flow->fm.hard_timeout_s;
            old->present_importance = flow->fm.importance;
            if (old != flow) {
                flow_destroy(flow);
            }
        }
        vec_uninit(&flows);
    } else {
        struct session *s = session_open(name, "mgmt", 0);

        read_switch_flows(s, map);
        session_close(s);
    }
}

/* What is present on one side becomes what is wanted of the other. */
static void
turn(struct hmap *map)
{
    struct flow_entry *flow;

    HMAP_FOR_EACH (flow, node, map) {
        if (flow->is_present && !flow->is_wanted) {
            flow->is_wanted = true;
            flow->is_present = false;
            buf_put(&flow->ofpacts, flow->present_ofpacts.data,
                    flow->present_ofpacts.size);
            buf_clear(&flow->present_ofpacts);
            flow->fm.new_cookie = flow->present_cookie;
            flow->fm.idle_timeout_s = flow->present_idle;
            flow->fm.hard_timeout_s = flow->present_hard;
            flow->fm.importance = flow->present_importance;
        }
    }
}

static void
cmd_diff_flows(int argc, char *argv[])
{
    struct hmap map = HMAP_INITIALIZER(&map);
    VEC(char *) lines = VEC_EMPTY;
    struct flow_entry *flow;

    read_side(argv[1], &map, true);
    turn(&map);
    read_side(argv[2], &map, false);
    HMAP_FOR_EACH (flow, node, &map) {
        if (is_unchanged(flow)) {
            continue;
        }
        if (flow->is_wanted) {
            vec_push(&lines, diff_line(flow, true));
        }
        if (flow->is_present) {
            vec_push(&lines, diff_line(flow, false));
        }
    }
    vec_sort(&lines, compare_lines);
    VEC_FOR_EACH (line, &lines) {
        puts(*line);
        free(*line);
    }
    destroy_map(&map);
    if (lines.n) {
        exit(2);
    }
    vec_uninit(&lines);
}

const struct command ofctl_flow_commands[] = {
    { "add-flow", "SWITCH FLOW", 2, 2, cmd_add_flow },
    { "add-flows", "SWITCH FILE", 2, 2, cmd_add_flows },
    { "mod-flows", "SWITCH FLOW", 2, 2, cmd_mod_flows },
    { "del-flows", "SWITCH [FLOW]", 1, 2, cmd_del_flows },
    { "dump-flows", "SWITCH [FLOW]", 1, 2, cmd_dump_flows },
    { "dump-aggregate", "SWITCH [FLOW]", 1, 2, cmd_dump_aggregate },
    { "replace-flows", "SWITCH FILE", 2, 2, cmd_replace_flows },
    { "diff-flows", "SOURCE1 SOURCE2", 2, 2, cmd_diff_flows },
    { NULL, NULL, 0, 0, NULL }
};
