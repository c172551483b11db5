/* SPDX-License-Identifier: Apache-2.0 */

/* The walk.  xlate_table() finds a rule, xlate_actions() does a list; they
 * call each other through the actions that lead to tables.  Lists of
 * actions are in actions.c, what changes headers in header_actions.c, packets
 * that go on later in freeze.c. */

#include "vswitch/xlate/xlate.h"

#include "lib/base/alloc.h"
#include "lib/openflow/table_msg.h"
#include "lib/packet/packet.h"
#include "lib/runtime/counter.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/in_band.h"
#include "vswitch/xlate/actions.h"

COUNTER(xlate_actions);
COUNTER(xlate_too_deep);
COUNTER(xlate_too_many_resubmits);
COUNTER(xlate_other_error);

static const char *const error_texts[XLATE_N_ERRORS] = {
    [XLATE_OK] = "OK",
    [XLATE_NO_PORT] = "no port has that number",
    [XLATE_NO_RECIRC_STATE] = "recirculation id is not known",
    [XLATE_NO_BRIDGE] = "bridge of the recirculated packet is gone",
    [XLATE_TOO_DEEP] = "resubmits are nested too deeply",
    [XLATE_TOO_MANY_RESUBMITS] = "too many resubmits",
    [XLATE_STACK_TOO_DEEP] = "stack is too deep",
    [XLATE_TOO_MANY_ACTIONS] = "too many datapath actions",
    [XLATE_RECIRC_CONFLICT] = "recirculation while recirculating",
    [XLATE_TOO_MANY_MPLS_LABELS] = "Too many MPLS labels",
    [XLATE_BAD_PACKET_TYPE] = "Unsupported packet type",
    [XLATE_NO_TUNNEL] = "tunnel is gone",
};

const char *
xlate_error_text(enum xlate_error error)
{
    return error < XLATE_N_ERRORS ? error_texts[error] : "unknown error";
}

void
xlate_fail(struct xlate_ctx *ctx, enum xlate_error error)
{
    if (!ctx->error) {
        ctx->error = error;
        xlate_note(ctx, TRACE_ERROR, "%s, dropping packet",
                   xlate_error_text(error));
    }
}

const struct port_map *
xlate_port_names(const struct xlate_ctx *ctx)
{
    return ctx->ofproto == ctx->in->ofproto ? ctx->in->names : NULL;
}

void
xlate_credit(struct xlate_ctx *ctx, const struct credit *credit)
{
    if (ctx->in->stats) {
        credit_apply(credit, ctx->in->stats);
    }
    if (ctx->in->cache) {
        xlate_cache_add(ctx->in->cache, credit);
    }
}

/* Excursions. */

void
xlate_save(struct xlate_ctx *ctx, struct xlate_saved *s)
{
    *s = (struct xlate_saved) {
        .flow = ctx->flow,
        .action_set = ctx->action_set,
        .has_action_set = ctx->has_action_set,
        .is_conntracked = ctx->is_conntracked,
        .had_mpls = ctx->had_mpls,
        .ofproto = ctx->ofproto,
        .version = ctx->version,
        .tlv = ctx->tlv,
        .in_port = ctx->in_port,
        .rule = ctx->rule,
        .table_id = ctx->table_id,
        .cookie = ctx->cookie,
        .exit = ctx->exit,
        .push_nsh = ctx->push_nsh,
        .pop_nsh = ctx->pop_nsh,
        .add_mpls = ctx->add_mpls,
        .pop_mpls = ctx->pop_mpls,
        .base = ctx->base,
        .n_actions = ctx->odp->size,
        .n_reshaped = ctx->n_reshaped,
    };
    memcpy(&s->stack, &ctx->stack, sizeof s->stack);

    /* Copies to work on. */
    buf_init(&ctx->action_set);
    buf_put(&ctx->action_set, s->action_set.data, s->action_set.size);
    vec_init(&ctx->stack);
    if (s->stack.n) {
        vec_reserve(&ctx->stack, s->stack.n);
        memcpy(ctx->stack.items, s->stack.items, s->stack.n);
        ctx->stack.n = s->stack.n;
    }
}

void
xlate_restore(struct xlate_ctx *ctx, struct xlate_saved *s)
{
    ctx->flow = s->flow;
    buf_uninit(&ctx->action_set);
    ctx->action_set = s->action_set;
    ctx->has_action_set = s->has_action_set;
    ctx->is_conntracked = s->is_conntracked;
    ctx->had_mpls = s->had_mpls;
    vec_uninit(&ctx->stack);
    memcpy(&ctx->stack, &s->stack, sizeof s->stack);
    ctx->ofproto = s->ofproto;
    ctx->version = s->version;
    ctx->tlv = s->tlv;
    ctx->in_port = s->in_port;
    ctx->rule = s->rule;
    ctx->table_id = s->table_id;
    ctx->cookie = s->cookie;
    ctx->exit = s->exit;
    ctx->push_nsh = s->push_nsh;
    ctx->pop_nsh = s->pop_nsh;
    ctx->add_mpls = s->add_mpls;
    ctx->pop_mpls = s->pop_mpls;
}

void
xlate_contain(struct xlate_ctx *ctx, const struct xlate_saved *s)
{
    size_t size = ctx->odp->size - s->n_actions;

    if (s->n_reshaped == ctx->n_reshaped) {
        return;
    }
    ctx->base = s->base;
    if (size) {
        size_t start = odp_start(ctx->odp, OVS_ACTION_ATTR_CLONE);
        uint8_t *actions = buf_at(ctx->odp, s->n_actions);
        size_t header = ctx->odp->size - start;
        uint32_t clone;

        odp_end(ctx->odp, start);
        memcpy(&clone, actions + size, sizeof clone);
        memmove(actions + header, actions, size);
        memcpy(actions, &clone, sizeof clone);
        odp_end(ctx->odp, s->n_actions);
    }
}

void
xlate_enter_bridge(struct xlate_ctx *ctx, struct ofproto *ofproto)
{
    ctx->ofproto = ofproto;
    ctx->version = ofproto_version(ofproto);
    ctx->tlv = ofproto_tlv(ofproto);
}

/* Tables.
 *
 * Up to XLATE_MAX_RESUBMITS of these functions can be on the stack: what needs
 * much of it is kept out of the frames that stay. */
#define NO_INLINE __attribute__((__noinline__))

bool
xlate_check_bounds(struct xlate_ctx *ctx)
{
    if (ctx->depth >= XLATE_MAX_DEPTH) {
        xlate_fail(ctx, XLATE_TOO_DEEP);
    } else if (ctx->n_resubmits >= XLATE_MAX_RESUBMITS) {
        xlate_fail(ctx, XLATE_TOO_MANY_RESUBMITS);
    } else if (ctx->odp->size > XLATE_MAX_ACTIONS) {
        xlate_fail(ctx, XLATE_TOO_MANY_ACTIONS);
    }
    return !ctx->error;
}

/* Looks the flow up as it would be had it come in by 'in_port'.  Fragments
 * other than the first have no ports; unless matching on fragments was asked
 * for, no fragment has. */
static NO_INLINE struct rule *
lookup(struct xlate_ctx *ctx, ofp_port_t in_port, uint8_t table_id)
{
    const struct classifier *cls = ctx->ofproto->tables[table_id].cls;
    uint8_t frag = __atomic_load_n(&ctx->ofproto->frag, __ATOMIC_RELAXED);
    struct cls_rule *found;
    uint32_t saved_port = ctx->flow.in_port;

    ctx->flow.in_port = in_port;
    if (UNLIKELY(ctx->flow.nw_frag & FLOW_NW_FRAG_ANY
                 && frag != FRAG_NX_MATCH)) {
        struct flow flow = ctx->flow;

        flow.tp_src = flow.tp_dst = 0;
        found = classifier_lookup(cls, ctx->version, &flow, ctx->wc);
    } else {
        found = classifier_lookup(cls, ctx->version, &ctx->flow, ctx->wc);
    }
    ctx->flow.in_port = saved_port;
    return rule_from_cls(found);
}

static NO_INLINE void
note_rule(struct xlate_ctx *ctx, const struct rule *rule, uint8_t table_id)
{
    struct str s = STR_EMPTY;
    struct match match;

    if (!ctx->trace) {
        return;
    }
    match_init_with_table(&match, ctx->tlv);
    cls_rule_get_match(&rule->cls, &match.flow, &match.wc);
    match_format(&match, xlate_port_names(ctx), FLOW_DEFAULT_PRIORITY, &s);
    if (s.length) {
        str_put(&s, ", ");
    }
    str_printf(&s, "priority %d", rule->cls.priority);
    if (rule->cookie) {
        str_printf(&s, ", cookie %#llx",
                   (unsigned long long) ntohll(rule->cookie));
    }
    ctx->trace = trace_add(ctx->trace, TRACE_TABLE, "%2d. %s", table_id,
                           str_cstr(&s));
    str_uninit(&s);
}

/* Does the actions of 'rule'. */
static void
do_rule(struct xlate_ctx *ctx, struct rule *rule, uint8_t table_id,
        bool is_last)
{
    struct rule *saved_rule = ctx->rule;
    uint8_t saved_table = ctx->table_id;
    be64 saved_cookie = ctx->cookie;
    bool saved_miss = ctx->is_miss_entry;
    struct trace_node *saved_trace = ctx->trace;
    bool deepens = table_id <= saved_table;

    note_rule(ctx, rule, table_id);
    xlate_credit(ctx, &(struct credit) { .type = CREDIT_RULE, .rule = rule });
    ctx->rule = rule;
    ctx->table_id = table_id;
    ctx->cookie = rule->cookie;
    ctx->is_miss_entry = !rule->cls.priority && !rule->cls.mask->n_words;
    ctx->depth += deepens;
    xlate_actions(ctx, rule->actions->ofpacts, rule->actions->size, is_last);
    ctx->depth -= deepens;
    ctx->rule = saved_rule;
    ctx->table_id = saved_table;
    ctx->cookie = saved_cookie;
    ctx->is_miss_entry = saved_miss;
    ctx->trace = saved_trace;
}

static void
credit_fate(struct xlate_ctx *ctx, enum fate fate)
{
    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_FATE, .ofproto = ctx->ofproto, .table_id = fate,
    });
}

/* No rule matches in 'table_id'. */
static void
do_miss(struct xlate_ctx *ctx, uint8_t table_id, bool honor_miss,
        bool is_last)
{
    const struct oftable *table = &ctx->ofproto->tables[table_id];
    struct trace_node *saved_trace = ctx->trace;
    bool to_controller;

    to_controller = (honor_miss
                     && (table->miss == TABLE_MISS_CONTROLLER
                         || (table->miss == TABLE_MISS_DEFAULT
                             && __atomic_load_n(
                                 &ctx->ofproto->wants_misses,
                                 __ATOMIC_RELAXED))));
    if (to_controller) {
        const struct ofport *port = ofport_find(ctx->ofproto, ctx->in_port);

        to_controller = !(port && ofport_config(port) & PORT_NO_PACKET_IN);
    }
    ctx->trace = trace_add(ctx->trace, TRACE_TABLE, "%2d. No match%s.",
                           table_id, to_controller
                           ? ", and a \"packet-in\" is called for" : "");
    if (honor_miss && table->miss == TABLE_MISS_CONTINUE
        && table_id + 1 < OFPROTO_N_TABLES) {
        xlate_table(ctx, ctx->flow.in_port, table_id + 1, true, true,
                    is_last);
        ctx->trace = saved_trace;
        return;
    }
    credit_fate(ctx, to_controller ? FATE_TO_CONTROLLER : FATE_MISS);
    if (to_controller) {
        be64 cookie = ctx->cookie;

        xlate_note(ctx, TRACE_ACTION, "controller(reason=)");
        ctx->cookie = 0;
        xlate_controller(ctx, UINT16_MAX, PACKET_IN_IMPLICIT_MISS, 0,
                         CONTROLLER_NO_METER, NULL, 0);
        ctx->cookie = cookie;
    } else {
        xlate_note(ctx, TRACE_ACTION, "drop");
    }
    ctx->trace = saved_trace;
}

/* Is the packet a fragment, and are fragments to be dropped? */
static bool
drop_fragment(struct xlate_ctx *ctx, uint8_t table_id)
{
    if (LIKELY(!(ctx->flow.nw_frag & FLOW_NW_FRAG_ANY))
        || __atomic_load_n(&ctx->ofproto->frag, __ATOMIC_RELAXED)
           != FRAG_DROP) {
        return false;
    }
    xlate_credit(ctx, &(struct credit) {
        .type = CREDIT_TABLE_HIT, .table_id = table_id,
        .ofproto = ctx->ofproto,
    });
    credit_fate(ctx, FATE_FRAGMENT);
    trace_add(trace_add(ctx->trace, TRACE_TABLE, "%2d. Packets are IP "
                        "fragments and the fragment handling mode is "
                        "\"drop\".", table_id), TRACE_ACTION, "drop");
    return true;
}

void
xlate_table(struct xlate_ctx *ctx, ofp_port_t in_port, uint8_t table_id,
            bool may_miss, bool honor_miss, bool is_last)
{
    struct rule *rule;

    if (!xlate_check_bounds(ctx)) {
        return;
    }
    if (table_id >= OFPROTO_N_TABLES) {
        xlate_note(ctx, TRACE_WARNING, "there is no table %d", table_id);
        return;
    }
    if (drop_fragment(ctx, table_id)) {
        return;
    }
    ctx->n_resubmits++;
    rule = lookup(ctx, in_port, table_id);
    xlate_credit(ctx, &(struct credit) {
        .type = rule ? CREDIT_TABLE_HIT : CREDIT_TABLE_MISS,
        .table_id = table_id,
        .ofproto = ctx->ofproto,
    });
    if (rule) {
        do_rule(ctx, rule, table_id, is_last);
    } else {
        do_miss(ctx, table_id, may_miss && honor_miss, is_last);
    }
}

/* Exchanges the packet's five-tuple with that of the connection's original
 * direction. */
static void
swap_ct_orig(struct flow *f)
{
#define SWAP(A, B) \
    do { \
        __typeof__(A) swap_ = (A); \
        (A) = (B); \
        (B) = swap_; \
    } while (0)
    SWAP(f->nw_proto, f->ct_nw_proto);
    SWAP(f->tp_src, f->ct_tp_src);
    SWAP(f->tp_dst, f->ct_tp_dst);
    if (f->dl_type == htons(ETH_TYPE_IPV4)) {
        SWAP(f->nw_src, f->ct_nw_src);
        SWAP(f->nw_dst, f->ct_nw_dst);
    } else {
        SWAP(f->ipv6_src, f->ct_ipv6_src);
        SWAP(f->ipv6_dst, f->ct_ipv6_dst);
    }
#undef SWAP
}

/* resubmit(..., ct): the lookup, but not its actions, sees the original
 * tuple. */
void
xlate_table_with_ct_orig(struct xlate_ctx *ctx, ofp_port_t in_port,
                         uint8_t table_id, bool is_last)
{
    struct rule *rule;

    if (!xlate_check_bounds(ctx) || table_id >= OFPROTO_N_TABLES) {
        return;
    }
    if (!(ctx->flow.ct_state & CS_TRACKED) || !ctx->flow.ct_nw_proto) {
        xlate_note(ctx, TRACE_WARNING, "the packet has no original tuple");
        return;
    }
    ctx->wc->masks.ct_state |= CS_TRACKED;
    ctx->n_resubmits++;
    swap_ct_orig(&ctx->flow);
    swap_ct_orig(&ctx->wc->masks);
    rule = lookup(ctx, in_port, table_id);
    swap_ct_orig(&ctx->flow);
    swap_ct_orig(&ctx->wc->masks);
    if (rule) {
        do_rule(ctx, rule, table_id, is_last);
    }
}

/* The whole. */

void
xlate_in_init(struct xlate_in *in, struct ofproto *ofproto,
              const struct flow *flow)
{
    *in = (struct xlate_in) {
        .ofproto = ofproto,
        .flow = *flow,
        .controller_reason = PACKET_IN_ACTION,
    };
}

/* What always matters. */
static void
init_wildcards(struct xlate_ctx *ctx)
{
    memset(ctx->wc, 0, sizeof *ctx->wc);
    UNWILDCARD(ctx, in_port);
    UNWILDCARD(ctx, recirc_id);
    UNWILDCARD(ctx, packet_type);
    UNWILDCARD(ctx, dl_type);
    if (is_ip(&ctx->flow)) {
        UNWILDCARD(ctx, nw_frag);
    }
}

void
xlate_clear_ct_members(struct flow *flow)
{
    flow->ct_state = 0;
    flow->ct_zone = 0;
    flow->ct_mark = 0;
    memset(&flow->ct_label, 0, sizeof flow->ct_label);
    flow->ct_nw_proto = 0;
    flow->ct_tp_src = flow->ct_tp_dst = 0;
    if (flow->dl_type == htons(ETH_TYPE_IPV6)) {
        memset(&flow->ct_ipv6_src, 0, sizeof flow->ct_ipv6_src);
        memset(&flow->ct_ipv6_dst, 0, sizeof flow->ct_ipv6_dst);
    } else {
        flow->ct_nw_src = flow->ct_nw_dst = 0;
    }
}

/* Goes on where 'state' was frozen. */
static void
thaw(struct xlate_ctx *ctx, const struct recirc_state *state)
{
    const struct frozen_segment *segments = recirc_segments(state);
    const uint8_t *ofpacts = (const uint8_t *) recirc_ofpacts(state);
    struct trace_node *note;

    ctx->flow.metadata = state->metadata;
    memcpy(ctx->flow.regs, state->regs, sizeof ctx->flow.regs);
    ctx->flow.tunnel = state->tunnel;
    ctx->is_conntracked = state->is_conntracked;
    if (!state->is_conntracked) {
        xlate_clear_ct_members(&ctx->flow);
    }
    vec_reserve(&ctx->stack, state->stack_size);
    if (state->stack_size) {
        memcpy(ctx->stack.items, recirc_stack(state), state->stack_size);
        ctx->stack.n = state->stack_size;
    }
    buf_put(&ctx->action_set, recirc_action_set(state),
            state->action_set_size);
    ctx->has_action_set = state->action_set_size > 0;

    note = trace_add(ctx->trace, TRACE_THAW, "thaw");
    if (state->table_id != RECIRC_NO_TABLE) {
        trace_add(note, TRACE_THAW, "Resuming from table %d",
                  state->table_id);
        xlate_table(ctx, ctx->flow.in_port, state->table_id, false, false,
                    !state->n_segments);
    }
    for (uint32_t i = 0; i < state->n_segments; i++) {
        const struct ofpact *list = (const void *) ofpacts;

        ofpacts += segments[i].size;
        ctx->table_id = segments[i].table_id;
        ctx->cookie = segments[i].cookie;
        if (ctx->exit) {
            if (ctx->freezing) {
                xlate_freeze_actions(ctx, list, ofpacts);
            }
        } else {
            xlate_actions(ctx, list, segments[i].size,
                          i + 1 == state->n_segments);
        }
    }
}

/* May the bridge take packets from where this one came? */
static bool
may_receive(struct xlate_ctx *ctx)
{
    const struct ofport *port = ofport_find(ctx->ofproto, ctx->in_port);

    if (port && ofport_config(port) & PORT_NO_RECV) {
        xlate_note(ctx, TRACE_WARNING, "the port does not receive");
        return false;
    }
    return true;
}

/* Passes on what is for the switch itself, and so meets no flows: BFD. */
static bool
take_protocol(struct xlate_ctx *ctx, const struct ofport *port)
{
    const struct userspace_cookie cookie = {
        .type = USERSPACE_BFD,
        .bridge = ctx->ofproto->uuid,
    };
    size_t start;

    if (!bfd_monitor_wants(port, &ctx->flow, ctx->wc)) {
        return false;
    }
    xlate_note(ctx, TRACE_ACTION, "for the BFD session of the port");
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_USERSPACE);
    odp_put_u32(ctx->odp, OVS_USERSPACE_ATTR_PID, 0);
    odp_put(ctx->odp, OVS_USERSPACE_ATTR_USERDATA, &cookie, sizeof cookie);
    odp_end(ctx->odp, start);
    return true;
}

/* Of a bridge with in-band control: lets its local port have what DHCP servers
 * answer, whatever the flows do with it. */
static void
hand_to_local(struct xlate_ctx *ctx)
{
    if (ctx->in->flow.in_port != OFPP_LOCAL
        && in_band_is_dhcp_reply(&ctx->in->flow, ctx->wc)
        && !xlate_sends_to(ctx, OFPP_LOCAL)) {
        /* Beside the actions of the flow that did not. */
        ctx->trace = trace_last(ctx->trace);
        xlate_note(ctx, TRACE_DETAIL, "outputting DHCP packet to local port "
                   "for in-band control");
        xlate_output(ctx, OFPP_LOCAL, 0, 0, true);
    }
}

static void
walk(struct xlate_ctx *ctx)
{
    const struct xlate_in *in = ctx->in;
    bool is_whole;

    ctx->trace = trace_add(ctx->trace, TRACE_BRIDGE, "bridge(\"%s\")",
                           ctx->ofproto->name);
    if (in->frozen) {
        thaw(ctx, in->frozen);
    } else if (in->ofpacts) {
        xlate_actions(ctx, in->ofpacts, in->ofpacts_size, true);
    } else if (in->skip_port_checks || may_receive(ctx)) {
        struct ofport *port = ofport_find(ctx->ofproto, ctx->in_port);

        if (port && port->kind == OFPORT_TUNNEL) {
            xlate_credit(ctx, &(struct credit) {
                .type = CREDIT_PORT_RX, .ofproto = ctx->ofproto,
                .port = ctx->in_port,
            });
        }
        if (!port || !take_protocol(ctx, port)) {
            xlate_table(ctx, ctx->flow.in_port, in->table_id, true, true,
                        true);
        }
    }
    xlate_execute_action_set(ctx);
    is_whole = !ctx->freezing;
    xlate_finish_freezing(ctx);
    if (is_whole
        && __atomic_load_n(&in->ofproto->has_in_band, __ATOMIC_RELAXED)) {
        hand_to_local(ctx);
    }
}

static void
finish(struct xlate_ctx *ctx)
{
    struct xlate_out *out = ctx->out;

    if (!ctx->error && ctx->odp->size > XLATE_MAX_ACTIONS) {
        xlate_fail(ctx, XLATE_TOO_MANY_ACTIONS);
    }
    if (ctx->error) {
        buf_clear(&out->actions);
        switch ((int) ctx->error) {
        case XLATE_TOO_DEEP:
            counter_inc(xlate_too_deep);
            break;
        case XLATE_TOO_MANY_RESUBMITS:
            counter_inc(xlate_too_many_resubmits);
            break;
        default:
            counter_inc(xlate_other_error);
            break;
        }
    }
    out->error = ctx->error;
    out->final = ctx->flow;
    vec_uninit(&ctx->stack);
    vec_uninit(&ctx->segments);
    buf_uninit(&ctx->action_set);
    buf_uninit(&ctx->frozen);
    buf_uninit(&ctx->nsh_tlvs);
    if (ctx->in->flow.dl_type != htons(ETH_TYPE_NSH)) {
        /* Of a header that came to be here: no packet of the megaflow has
         * one. */
        memset(&out->wc.masks.nsh, 0, sizeof out->wc.masks.nsh);
    }
}

void
xlate(const struct xlate_in *in, struct xlate_out *out)
{
    struct xlate_ctx ctx = {
        .in = in,
        .out = out,
        .wc = &out->wc,
        .odp = &out->actions,
        .trace = in->trace,
        .flow = in->flow,
        .base = in->flow,
        .in_port = in->flow.in_port,
        .cookie = UINT64_MAX,
        .queue_priority = in->flow.skb_priority,
        .frozen_table = RECIRC_NO_TABLE,
        .nf_output = OFPP_NONE,
    };

    counter_inc(xlate_actions);
    *out = (struct xlate_out) { .error = XLATE_OK };
    buf_init(&out->actions);
    xlate_enter_bridge(&ctx, in->ofproto);
    ctx.flow.actset_output = OFPP_UNSET;
    init_wildcards(&ctx);
    walk(&ctx);
    finish(&ctx);
}

void
xlate_out_uninit(struct xlate_out *out)
{
    buf_uninit(&out->actions);
    for (size_t i = 0; i < out->n_recirc_ids; i++) {
        recirc_unref(out->recirc_ids[i]);
    }
    free(out->recirc_ids);
}
