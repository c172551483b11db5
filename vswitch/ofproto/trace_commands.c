/* SPDX-License-Identifier: Apache-2.0 */

/* ofproto/trace and ofproto/trace-packet-out: what would happen to a packet,
 * and why. */

#include "vswitch/ofproto/commands.h"

#include <limits.h>
#include <linux/openvswitch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/netlink/attr.h"
#include "lib/packet/headers.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/ofproto/packets.h"
#include "vswitch/ofproto/port_names.h"
#include "vswitch/xlate/trace.h"
#include "vswitch/xlate/xlate.h"

/* What a command asks for. */
struct trace_request {
    const char *where;           /* A bridge or a datapath; NULL: the only
                                  * datapath. */
    const char *flow;
    const char *packet;          /* Hex, or NULL. */
    const char *actions;         /* Instead of the tables, or NULL. */
    bool generate;
    bool names;
    const char *payload;         /* Of what is generated: hex, or NULL; */
    unsigned int payload_size;   /* or its length. */
    VEC(uint8_t) ct_next;
    struct buf ofpacts;          /* Of 'actions'. */
    struct port_map ports;       /* Of the bridge, for 'names'. */
    struct port_names odp_names;
};

static bool
parse_ct_state(const char *text, uint8_t *state)
{
    static const char *const names[] = {
        "new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat",
    };
    char *copy = xstrdup(text), *p = copy, *word;
    bool ok = true;

    *state = CS_TRACKED;
    while ((word = text_token(&p, "|,+")) != NULL) {
        size_t i = 0;

        while (i < ARRAY_SIZE(names) && strcmp(word, names[i])) {
            i++;
        }
        ok &= i < ARRAY_SIZE(names);
        *state |= i < ARRAY_SIZE(names) ? 1u << i : 0;
    }
    free(copy);
    return ok;
}

/* Sorts the words that are no options into their roles.  A flow of a datapath
 * has parentheses, and needs no datapath before it. */
static struct error *
assign_words(struct trace_request *r, const char *words[], size_t n,
             bool has_actions)
{
    if (has_actions && n) {
        r->actions = words[--n];
    }
    if (n && !strchr(words[0], '(') && n > 1) {
        r->where = words[0];
        words++;
        n--;
    }
    if (!n) {
        return error_create(0, "needs a flow");
    }
    r->flow = words[0];
    r->packet = n > 1 ? words[1] : NULL;
    return n > 2 ? error_create(0, "\"%s\": too many arguments", words[2])
                 : NULL;
}

/* Takes option 'name' with its value, the rest of the word or the next one;
 * leaves '*value' NULL if 'argv[*i]' is another word. */
static struct error *
take_option(const char *name, int argc, const char *argv[], int *i,
            const char **value)
{
    size_t length = strlen(name);

    *value = NULL;
    if (!text_starts_with(argv[*i], name)) {
        return NULL;
    }
    if (argv[*i][length] == '=') {
        *value = argv[*i] + length + 1;
    } else if (argv[*i][length] == '\0') {
        if (*i + 1 >= argc) {
            return error_create(0, "Missing argument for option %s", name);
        }
        *value = argv[++*i];
    }
    return NULL;
}

static struct error *
parse_ct_next(const char *value, struct trace_request *r)
{
    uint8_t state;

    if (!parse_ct_state(value, &state)) {
        return error_create(0, "%s: unknown connection tracking state flag",
                            value);
    }
    vec_push(&r->ct_next, state);
    return NULL;
}

static struct error *
parse_payload(const char *value, struct trace_request *r)
{
    if (value[strspn(value, "0123456789abcdefABCDEF")]) {
        return error_create(0, "%s: not hex digits", value);
    }
    r->payload = value;
    return NULL;
}

static struct error *
parse_payload_size(const char *value, struct trace_request *r)
{
    return (text_to_uint(value, 10, &r->payload_size)
            && r->payload_size <= UINT16_MAX
            ? NULL : error_create(0, "%s: no length of a payload", value));
}

static const struct {
    const char *name;
    struct error *(*parse)(const char *value, struct trace_request *);
} options[] = {
    { "--ct-next", parse_ct_next },
    { "--l7-len", parse_payload_size },
    { "--l7", parse_payload },
};

static struct error *
parse_request(int argc, const char *argv[], bool has_actions,
              struct trace_request *r)
{
    const char *words[5];
    size_t n = 0;

    for (int i = 1; i < argc; i++) {
        struct error *error = NULL;
        const char *value = NULL;
        size_t o = 0;

        for (; o < ARRAY_SIZE(options); o++) {
            error = take_option(options[o].name, argc, argv, &i, &value);
            if (value || error) {
                break;
            }
        }
        if (value) {
            error = options[o].parse(value, r);
        }
        if (error) {
            return error;
        } else if (value) {
            continue;
        } else if (!strcmp(argv[i], "-generate")
                   || !strcmp(argv[i], "--generate")) {
            r->generate = true;
        } else if (!strcmp(argv[i], "--names")) {
            r->names = true;
        } else if (argv[i][0] == '-') {
            continue;            /* --no-names, --consistent, ... */
        } else if (n < ARRAY_SIZE(words)) {
            words[n++] = argv[i];
        }
    }
    return assign_words(r, words, n, has_actions);
}

static void
make_port_map(const struct ofproto *p, struct port_map *map)
{
    struct ofport *port;

    port_map_init(map);
    HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
        port_map_put(map, port->ofp_port, port->name);
    }
}

/* Moves the tunnel options of 'match', which has them where its text was read,
 * to where 'table' has them. */
static void
place_options(const struct tlv_table *table, const struct match *match,
              struct flow *flow)
{
    struct match placed;

    match_init_with_table(&placed, table);
    for (unsigned int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (match->flow.tunnel.opts_present & UINT64_C(1) << i) {
            const struct field *field = field_from_id(FIELD_TUN_METADATA0 + i);
            size_t n = field_n_bytes(field, &match->tlv);
            size_t n_placed = field_n_bytes(field, &placed.tlv);
            size_t n_both = MIN(n, n_placed);
            union field_value value, mask, wide = { .bytes = { 0 } };

            match_get_field(match, field, &value, &mask);
            memcpy(&wide.bytes[n_placed - n_both], &value.bytes[n - n_both],
                   n_both);
            match_set_field(&placed, field, &wide, NULL);
        }
    }
    memcpy(flow->tunnel.opts, placed.flow.tunnel.opts,
           sizeof flow->tunnel.opts);
    flow->tunnel.opts_present = placed.flow.tunnel.opts_present;
}

static struct error *
parse_trace_flow(const struct ofproto *p, const char *text,
                 struct flow *flow)
{
    struct port_map ports;
    struct match match;
    struct error *error;

    make_port_map(p, &ports);
    error = match_parse(&match, text, &ports, NULL);
    port_map_uninit(&ports);
    *flow = match.flow;
    place_options(p->tlv, &match, flow);
    if (flow->vlans[0].tci & htons(VLAN_CFI)) {
        /* A match does not tell the type of its tag. */
        flow->vlans[0].tpid = htons(ETH_TYPE_VLAN_8021Q);
    }
    return error;
}

struct packet *
packet_from_hex(const char *hex)
{
    struct packet *packet = packet_alloc(strlen(hex) / 2 + 1);
    int high = -1;

    for (; packet && *hex; hex++) {
        int digit = text_hex_digit(*hex);

        if (digit < 0) {
            continue;
        }
        if (high < 0) {
            high = digit;
        } else {
            uint8_t byte = high << 4 | digit;

            packet_put_bytes(packet, &byte, 1);
            high = -1;
        }
    }
    return packet;
}

/* Copies to 'out' those of 'size' bytes of datapath actions that send nothing
 * out and leave the datapath as it is, down to those within others. */
static void
keep_harmless(const void *actions, size_t size, struct nlbuf *out)
{
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, actions, size) {
        uint16_t type = nlattr_type(a);

        switch (type) {
        case OVS_ACTION_ATTR_CLONE: {
            size_t start = nlbuf_begin_nested(out, type);

            keep_harmless(nlattr_payload(a), nlattr_size(a), out);
            nlbuf_end_nested(out, start);
            break;
        }
        case OVS_ACTION_ATTR_OUTPUT:
        case OVS_ACTION_ATTR_RECIRC:
        case OVS_ACTION_ATTR_CT:
        case OVS_ACTION_ATTR_SAMPLE:
        case OVS_ACTION_ATTR_CHECK_PKT_LEN:
            break;
        default:
            nlbuf_put(out, type, nlattr_payload(a), nlattr_size(a));
            break;
        }
    }
}

/* Sends controllers what they get of a packet that is traced. */
static void
tell_controllers(const struct xlate_in *in, const struct xlate_out *out)
{
    struct nlbuf actions = NLBUF_EMPTY;

    keep_harmless(out->actions.data, out->actions.size, &actions);
    if (actions.size) {
        struct packet *copy = packet_clone(in->packet);

        ofproto_execute(in->ofproto, copy, &in->flow, actions.data,
                        actions.size);
        packet_free(copy);
    }
    nlbuf_uninit(&actions);
}

/* Masks of what no packet of the megaflow has need not be shown: its port and
 * its Ethernet type say so.  Nor is what begins at zero in each packet. */
static void
drop_implied(const struct flow *flow, struct flow *masks)
{
    memset(masks->regs, 0, sizeof masks->regs);
    masks->metadata = 0;
    masks->actset_output = 0;
    if (!flow_tunnel_is_set(&flow->tunnel)) {
        memset(&masks->tunnel, 0, sizeof masks->tunnel);
    }
    for (size_t i = 0; i < FLOW_MAX_VLAN_HEADERS; i++) {
        if (!flow->vlans[i].tci) {
            masks->vlans[i] = (struct flow_vlan) { .tpid = 0 };
        }
    }
    if (flow->dl_type != htons(ETH_TYPE_MPLS)
        && flow->dl_type != htons(ETH_TYPE_MPLS_MCAST)) {
        memset(masks->mpls_lse, 0, sizeof masks->mpls_lse);
    }
}

static void
trace_once(struct xlate_in *in, const struct trace_request *r,
           struct list *recircs, struct str *s)
{
    struct trace_node *root = trace_create_root(recircs);
    const struct port_map *ports = r->names ? &r->ports : NULL;
    const struct odp_names odp_names = port_names_odp(&r->odp_names);
    struct xlate_out out;
    struct match match;

    str_put(s, "Flow: ");
    flow_format(&in->flow, in->ofproto->tlv, ports, s);
    str_put_char(s, '\n');
    in->trace = root;
    in->names = ports;
    xlate(in, &out);
    trace_format(root, s);
    trace_destroy(root);

    str_put(s, "\nFinal flow: ");
    out.final.actset_output = in->flow.actset_output;
    if (!memcmp(&out.final, &in->flow, sizeof out.final)) {
        str_put(s, "unchanged");
    } else {
        flow_format(&out.final, in->ofproto->tlv, ports, s);
    }
    str_put(s, "\nMegaflow: ");
    match_init_with_table(&match, in->ofproto->tlv);
    match.flow = in->flow;
    match.wc = out.wc;
    drop_implied(&match.flow, &match.wc.masks);
    match_mask_flow(&match);
    match_format(&match, ports, FLOW_DEFAULT_PRIORITY, s);
    str_put(s, "\nDatapath actions: ");
    odp_actions_format(out.actions.data, out.actions.size,
                       r->names ? &odp_names : NULL, s);
    str_put_char(s, '\n');
    if (in->packet) {
        tell_controllers(in, &out);
    }
    if (out.error) {
        str_printf(s, "Translation failed (%s), packet is dropped.\n",
                   xlate_error_text(out.error));
    } else if (out.is_uncacheable) {
        str_put(s, "This flow is handled by the userspace slow path.\n");
    }
    xlate_out_uninit(&out);
}

static void
put_rule_line(struct str *s)
{
    str_put_chars(s, '=', 79);
    str_put_char(s, '\n');
}

static void
trace_recirc(const struct backer *backer, struct trace_recirc *r,
             const struct trace_request *o, size_t *ct_index,
             struct list *recircs, struct str *s)
{
    const struct recirc_state *state = recirc_find(r->recirc_id);
    struct xlate_in in;
    struct ofproto *p;

    str_put_char(s, '\n');
    put_rule_line(s);
    str_printf(s, "recirc(%#x)", r->recirc_id);
    if (r->is_conntrack) {
        bool given = *ct_index < o->ct_next.n;

        r->flow.ct_state = (given ? o->ct_next.items[(*ct_index)++]
                            : CS_TRACKED | CS_NEW);
        str_put(s, " - resume conntrack with ");
        if (given) {
            const struct field *field = field_from_id(FIELD_CT_STATE);
            union field_value value;

            field_get(field, &r->flow, NULL, &value);
            str_put(s, "ct_state=");
            field_format(field, &value, NULL, NULL, s);
        } else {
            str_put(s, "default ct_state=trk|new (use --ct-next to "
                    "customize)");
        }
    }
    str_put_char(s, '\n');
    put_rule_line(s);
    str_put_char(s, '\n');
    p = state ? backer_find_bridge(backer, &state->bridge) : NULL;
    if (!p) {
        str_put(s, "the state of this recirculation is gone\n");
        return;
    }
    xlate_in_init(&in, p, &r->flow);
    in.flow.in_port = state->in_port;
    in.frozen = state;
    trace_once(&in, o, recircs, s);
}

/* Makes '*in' start with the flow of a datapath that the request has. */
static struct error *
start_from_datapath(struct control_conn *conn, const struct trace_request *r,
                    struct xlate_in *in, bool *replied)
{
    struct backer *backer = commands_get_backer(conn, r->where);
    struct odp_numbers numbers;
    struct port_names names;
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct flow flow;
    struct error *error;
    enum xlate_error failure;

    *replied = !backer;
    if (!backer) {
        return NULL;
    }
    port_names_init(&names, backer->dpif);
    numbers = port_names_numbers(&names);
    error = odp_flow_parse(r->flow, &numbers, &flow, NULL);
    port_names_uninit(&names);
    if (error) {
        return error;
    }
    flow_apply_vlan_limit(&flow);
    failure = xlate_receive(backer, &flow, in, &wc);
    return (failure == XLATE_NO_PORT
            ? error_create(0, "no OpenFlow port for datapath port %u",
                           flow.in_port)
            : failure ? error_create(0, "Invalid datapath flow: %s",
                                     xlate_error_text(failure)) : NULL);
}

/* Likewise with a flow of OpenFlow. */
static struct error *
start_from_bridge(const struct trace_request *r, struct ofproto *p,
                  struct xlate_in *in)
{
    struct flow flow;
    struct error *error = parse_trace_flow(p, r->flow, &flow);

    if (!error) {
        xlate_in_init(in, p, &flow);
    }
    return error_wrap(error, "Bad openflow flow syntax: %s", r->flow);
}

/* Starts with the request's actions, if the bridge may do them with the flow
 * that 'in' has. */
static struct error *
parse_actions(struct trace_request *r, struct xlate_in *in)
{
    const struct text_names names = { NULL, NULL };
    struct ofp_decode decode = ofp_decode_default;
    struct error *error = ofpacts_parse_actions(r->actions, &names,
                                                &r->ofpacts, NULL);
    struct match match;
    enum ofperr reason;

    if (error) {
        return error;
    }
    in->ofpacts = (const void *) r->ofpacts.data;
    in->ofpacts_size = r->ofpacts.size;
    match_init_with_table(&match, in->ofproto->tlv);
    match.flow = in->flow;
    memset(&match.wc, 0xff, sizeof match.wc);
    reason = ofpacts_check((void *) r->ofpacts.data, r->ofpacts.size, &match,
                           0, &decode, NULL);
    if (!reason) {
        reason = ofproto_check_actions(in->ofproto, in->ofpacts,
                                       in->ofpacts_size);
    }
    return (reason ? error_create(0, "Bad actions: %s", ofperr_name(reason))
            : NULL);
}

static struct error *
start(struct control_conn *conn, struct trace_request *r,
      struct xlate_in *in, bool *replied)
{
    struct ofproto *p = r->where ? ofproto_find(r->where) : NULL;
    struct error *error;

    *replied = false;
    if (p) {
        error = start_from_bridge(r, p, in);
        if (error && strchr(r->flow, '(')) {
            /* Perhaps a datapath has the name of its bridge. */
            error_free(error);
            r->where = NULL;
            error = start_from_datapath(conn, r, in, replied);
        }
    } else if (strchr(r->flow, '(')) {
        error = start_from_datapath(conn, r, in, replied);
    } else {
        return (r->where
                ? error_create(0, "%s: unknown bridge", r->where)
                : error_create(0, "syntax error at %s (or the bridge name was "
                               "omitted)", r->flow));
    }
    return (!error && !*replied && r->actions ? parse_actions(r, in) : error);
}

static struct packet *
compose(const struct trace_request *r, const struct flow *flow)
{
    struct packet *payload = r->payload ? packet_from_hex(r->payload) : NULL;
    size_t size = (payload ? payload->size
                   : r->payload_size ? r->payload_size
                   : flow_default_payload(flow));
    struct packet *packet = packet_alloc(size + 256);

    flow_compose(packet, flow, size);
    if (payload) {
        memcpy(packet->data + packet->size - size, payload->data, size);
    }
    packet_free(payload);
    return packet;
}

/* The packet that the request has or wants made; its headers become those of
 * the flow. */
static struct error *
make_packet(const struct trace_request *r, struct flow *flow,
            struct packet **ret)
{
    struct flow from_packet;

    *ret = NULL;
    if (r->packet) {
        *ret = packet_from_hex(r->packet);
        if (!*ret) {
            return error_create(0, "bad packet");
        }
        flow_extract(*ret, &from_packet);
        memcpy((uint64_t *) (void *) flow + FLOW_STAGE_L2,
               (uint64_t *) (void *) &from_packet + FLOW_STAGE_L2,
               sizeof *flow - FLOW_STAGE_L2 * 8);
    } else if (r->generate) {
        *ret = compose(r, flow);
    }
    return NULL;
}

static void
run_trace(struct xlate_in *in, struct packet *packet,
          const struct trace_request *o, struct str *s)
{
    struct list recircs = LIST_INITIALIZER(&recircs);
    const struct backer *backer = in->ofproto->backer;
    size_t ct_index = 0;
    unsigned int n = 0;

    in->packet = packet;
    in->has_side_effects = packet != NULL;
    trace_once(in, o, &recircs, s);
    while (!list_is_empty(&recircs)) {
        struct trace_recirc *r = CONTAINER_OF(list_pop_front(&recircs),
                                              struct trace_recirc, node);

        if (n++ < 64) {
            trace_recirc(backer, r, o, &ct_index, &recircs, s);
        }
        free(r);
    }
}

static void
trace(struct control_conn *conn, int argc, const char *argv[],
      bool has_actions)
{
    struct trace_request r = { .where = NULL };
    struct error *error = parse_request(argc, argv, has_actions, &r);
    struct packet *packet = NULL;
    struct str s = STR_EMPTY;
    bool replied = false;
    struct xlate_in in;

    rcu_read_lock();
    if (!error) {
        error = start(conn, &r, &in, &replied);
    }
    if (!error && !replied) {
        error = make_packet(&r, &in.flow, &packet);
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else if (!replied) {
        make_port_map(in.ofproto, &r.ports);
        port_names_init(&r.odp_names, in.ofproto->backer->dpif);
        run_trace(&in, packet, &r, &s);
        port_names_uninit(&r.odp_names);
        port_map_uninit(&r.ports);
        control_reply_str(conn, &s);
    }
    rcu_read_unlock();
    vec_uninit(&r.ct_next);
    buf_uninit(&r.ofpacts);
    packet_free(packet);
}

static void
ofproto_trace(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    trace(conn, argc, argv, false);
}

static void
ofproto_trace_packet_out(struct control_conn *conn, int argc,
                         const char *argv[], void *aux)
{
    trace(conn, argc, argv, true);
}

void
trace_register_commands(void)
{
    control_register("ofproto/trace",
                     "{[dp_name] odp_flow | bridge br_flow} [OPTIONS...] "
                     "[-generate|packet]", 1, INT_MAX, ofproto_trace, NULL);
    control_register("ofproto/trace-packet-out",
                     "[-consistent] {[dp_name] odp_flow | bridge br_flow} "
                     "[OPTIONS...] [-generate|packet] actions", 2, INT_MAX,
                     ofproto_trace_packet_out, NULL);
}
