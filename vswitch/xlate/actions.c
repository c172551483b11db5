/* SPDX-License-Identifier: Apache-2.0 */

/* Doing a list of actions: a function for each action, in one table.  Those
 * that change headers and registers are in header_actions.c. */

#include "vswitch/xlate/actions.h"

#include "lib/openflow/flow_text.h"
#include "vswitch/ofproto/meter.h"
#include "vswitch/xlate/learn.h"

static bool
do_nothing(struct xlate_ctx *ctx, const struct ofpact *a,
           const struct action_place *place)
{
    return true;
}

static bool
do_output(struct xlate_ctx *ctx, const struct ofpact *a,
          const struct action_place *place)
{
    const struct ofpact_output *o = ofpact_get_OUTPUT(a);

    xlate_output(ctx, o->port, o->max_len, 0, place->is_last);
    return true;
}

static bool
do_output_reg(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    const struct ofpact_output_reg *o = ofpact_get_OUTPUT_REG(a);
    uint64_t port = subfield_get(&o->src, &ctx->flow, &ctx->tlv->layout);

    subfield_unwildcard(&o->src, &ctx->flow, &ctx->tlv->layout, ctx->wc);
    if (port <= UINT16_MAX) {
        xlate_note(ctx, TRACE_DETAIL, "output port is %llu",
                   (unsigned long long) port);
        xlate_output(ctx, port, o->max_len, 0, place->is_last);
    } else {
        xlate_note(ctx, TRACE_WARNING, "output port %llu is out of range",
                   (unsigned long long) port);
    }
    return true;
}

static bool
do_output_trunc(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    const struct ofpact_output_trunc *o = ofpact_get_OUTPUT_TRUNC(a);

    xlate_output(ctx, o->port, UINT16_MAX, o->max_len, place->is_last);
    return true;
}

static bool
do_controller(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    const struct ofpact_controller *c = ofpact_get_CONTROLLER(a);

    if (c->pause) {
        ctx->pause = c;
        ctx->pause_cookie = ctx->cookie;
        ctx->pause_table = ctx->table_id;
        xlate_start_freezing(ctx);
    } else {
        xlate_controller(ctx, c->max_len, c->reason, c->controller_id,
                         c->meter_id, c->userdata, c->userdata_len);
    }
    return true;
}

/* The kernel's traffic control class of a queue: major 1, minor queue + 1. */
static uint32_t
queue_priority(uint32_t queue)
{
    return 1u << 16 | ((queue + 1) & 0xffff);
}

static bool
do_enqueue(struct xlate_ctx *ctx, const struct ofpact *a,
           const struct action_place *place)
{
    const struct ofpact_enqueue *e = ofpact_get_ENQUEUE(a);
    uint32_t saved = ctx->flow.skb_priority;

    ctx->flow.skb_priority = queue_priority(e->queue);
    xlate_output(ctx, e->port, 0, 0, place->is_last);
    ctx->flow.skb_priority = saved;
    return true;
}

static bool
do_set_queue(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    ctx->flow.skb_priority = queue_priority(ofpact_get_SET_QUEUE(a)->value);
    return true;
}

static bool
do_pop_queue(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    ctx->flow.skb_priority = ctx->queue_priority;
    return true;
}

static bool
do_bundle(struct xlate_ctx *ctx, const struct ofpact *a,
          const struct action_place *place)
{
    const struct ofpact_bundle *b = ofpact_get_BUNDLE(a);
    ofp_port_t port = xlate_choose_member(ctx, b);

    if (b->dst.field) {
        subfield_set(&b->dst, &ctx->flow, &ctx->tlv->layout, port);
        subfield_unwildcard(&b->dst, &ctx->flow, &ctx->tlv->layout, ctx->wc);
        xlate_note_subfield(ctx, &b->dst);
    } else {
        xlate_output(ctx, port, 0, 0, place->is_last);
    }
    return true;
}

static bool
do_group(struct xlate_ctx *ctx, const struct ofpact *a,
         const struct action_place *place)
{
    xlate_group(ctx, ofpact_get_GROUP(a), place->is_last);
    if (ctx->freezing && ctx->freeze_for_hash && !ctx->segments.n) {
        /* The group is to be looked at again, with the hash. */
        xlate_freeze_actions(ctx, a, place->end);
        return false;
    }
    return true;
}

static bool
do_fin_timeout(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    const struct ofpact_fin_timeout *f = ofpact_get_FIN_TIMEOUT(a);

    if (!is_ip(&ctx->flow)) {
        return true;
    }
    UNWILDCARD(ctx, nw_proto);
    if (ctx->flow.nw_proto == IPPROTO_TCP && ctx->rule) {
        xlate_credit(ctx, &(struct credit) {
            .type = CREDIT_FIN_TIMEOUT,
            .rule = ctx->rule,
            .idle_s = f->idle_timeout_s,
            .hard_s = f->hard_timeout_s,
        });
    }
    return true;
}

static bool
do_resubmit(struct xlate_ctx *ctx, const struct ofpact *a,
            const struct action_place *place)
{
    const struct ofpact_resubmit *r = ofpact_get_RESUBMIT(a);
    ofp_port_t in_port = (r->in_port == OFPP_IN_PORT ? ctx->flow.in_port
                          : r->in_port);
    uint8_t table_id = r->table_id == 255 ? ctx->table_id : r->table_id;

    if (r->with_ct_orig) {
        xlate_table_with_ct_orig(ctx, in_port, table_id, place->is_last);
    } else {
        xlate_table(ctx, in_port, table_id, false, false, place->is_last);
    }
    return true;
}

static bool
do_goto_table(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    xlate_table(ctx, ctx->flow.in_port, ofpact_get_GOTO_TABLE(a)->value, true,
                true, place->is_last);
    return true;
}

static void
note_learned(struct xlate_ctx *ctx, const struct ofpact_learn *learn)
{
    struct buf ofpacts = BUF_EMPTY;
    struct str s = STR_EMPTY;
    struct flow_mod fm;

    learn_make(learn, &ctx->flow, ctx->tlv, &fm, &ofpacts);
    str_printf(&s, "table=%d ", fm.table_id);
    match_format(&fm.match, NULL, FLOW_DEFAULT_PRIORITY, &s);
    if (s.length && str_cstr(&s)[s.length - 1] != ' ') {
        str_put_char(&s, ' ');
    }
    str_printf(&s, "priority=%d", fm.priority);
    if (fm.new_cookie) {
        str_printf(&s, " cookie=%#llx",
                   (unsigned long long) ntohll(fm.new_cookie));
    }
    if (fm.idle_timeout_s) {
        str_printf(&s, " idle=%d", fm.idle_timeout_s);
    }
    if (fm.hard_timeout_s) {
        str_printf(&s, " hard=%d", fm.hard_timeout_s);
    }
    if (fm.flags & FLOW_F_SEND_FLOW_REM) {
        str_put(&s, " send_flow_rem");
    }
    str_put(&s, " actions=");
    ofpacts_format(fm.ofpacts, fm.ofpacts_size, &(struct text_names) { 0 },
                   &s);
    xlate_note(ctx, TRACE_DETAIL, "%s", str_cstr(&s));
    str_uninit(&s);
    buf_uninit(&ofpacts);
}

static bool
do_learn(struct xlate_ctx *ctx, const struct ofpact *a,
         const struct action_place *place)
{
    const struct ofpact_learn *learn = ofpact_get_LEARN(a);
    bool learned = true;

    learn_unwildcard(learn, &ctx->flow, ctx->tlv, ctx->wc);
    if (ctx->trace && ctx->in->has_side_effects) {
        note_learned(ctx, learn);
    } else {
        xlate_note(ctx, TRACE_WARNING, "suppressing side effects, so learn "
                   "action ignored");
    }
    if (ctx->in->has_side_effects) {
        enum learn_result result = learn_execute(ctx->ofproto, learn,
                                                 &ctx->flow);

        learned = result != LEARN_LIMIT_REACHED;
        if (learned) {
            /* What follows sees what was learned. */
            ctx->version = ofproto_version(ctx->ofproto);
        }
        ctx->out->needs_main_thread |= result == LEARN_NOT_HERE;
        if (!learned) {
            xlate_note(ctx, TRACE_WARNING, "Learn limit for flow %llu "
                       "reached.", (unsigned long long) ntohll(ctx->cookie));
        }
    }
    if (learned && ctx->in->cache && ctx->rule) {
        xlate_cache_add(ctx->in->cache, &(struct credit) {
            .type = CREDIT_LEARN,
            .rule = ctx->rule,
            .learn = learn,
            .flow = &ctx->flow,
        });
    }
    if (learn->flags & LEARN_F_WRITE_RESULT) {
        subfield_set(&learn->result_dst, &ctx->flow, &ctx->tlv->layout,
                     learned);
        subfield_unwildcard(&learn->result_dst, &ctx->flow,
                            &ctx->tlv->layout, ctx->wc);
        xlate_note_subfield(ctx, &learn->result_dst);
    }
    return true;
}

static bool
do_multipath(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    xlate_multipath(ctx, ofpact_get_MULTIPATH(a));
    xlate_note_subfield(ctx, &ofpact_get_MULTIPATH(a)->dst);
    return true;
}

/* Can the actions be undone by setting the flow back, so that a clone needs no
 * copy of the packet?  Those that are not in this set change what cannot be
 * set again, or the packet's length. */
static bool
is_reversible(const struct ofpact *ofpacts, size_t size)
{
    static const uint64_t irreversible =
        (UINT64_C(1) << OFPACT_CT | UINT64_C(1) << OFPACT_CT_CLEAR
         | UINT64_C(1) << OFPACT_METER | UINT64_C(1) << OFPACT_NAT
         | UINT64_C(1) << OFPACT_OUTPUT_TRUNC
         | UINT64_C(1) << OFPACT_PUSH_MPLS | UINT64_C(1) << OFPACT_POP_MPLS
         | UINT64_C(1) << OFPACT_ENCAP | UINT64_C(1) << OFPACT_DECAP
         | UINT64_C(1) << OFPACT_DEC_NSH_TTL
         | UINT64_C(1) << OFPACT_CHECK_PKT_LARGER
         | UINT64_C(1) << OFPACT_DEBUG_RECIRC
         | UINT64_C(1) << OFPACT_RESUBMIT | UINT64_C(1) << OFPACT_GOTO_TABLE
         | UINT64_C(1) << OFPACT_GROUP);
    const struct ofpact *a;

    _Static_assert(OFPACT_N_TYPES <= 64, "a bit for each");
    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (irreversible >> a->type & 1) {
            return false;
        }
        if (a->type == OFPACT_CLONE) {
            size_t nested_size;
            const struct ofpact *nested = ofpact_nest_actions(a, &nested_size);

            if (!is_reversible(nested, nested_size)) {
                return false;
            }
        }
    }
    return true;
}

static void
do_clone_actions(struct xlate_ctx *ctx, const struct ofpact *ofpacts,
                 size_t size)
{
    xlate_actions(ctx, ofpacts, size, true);
    xlate_finish_freezing(ctx);
}

static bool
do_clone(struct xlate_ctx *ctx, const struct ofpact *a,
         const struct action_place *place)
{
    struct xlate_saved saved;
    size_t size;
    const struct ofpact *nested = ofpact_nest_actions(a, &size);

    xlate_save(ctx, &saved);
    ctx->depth++;
    if (!xlate_check_bounds(ctx)) {
        ctx->depth--;
        xlate_restore(ctx, &saved);
        return false;
    }
    if (place->is_last || is_reversible(nested, size)
        || !ctx->ofproto->backer->features.clone) {
        do_clone_actions(ctx, nested, size);
    } else {
        struct flow base;
        size_t start, empty;

        xlate_commit(ctx);
        base = ctx->base;
        start = odp_start(ctx->odp, OVS_ACTION_ATTR_CLONE);
        empty = ctx->odp->size;
        do_clone_actions(ctx, nested, size);
        if (ctx->odp->size == empty) {
            ctx->odp->size = start;
        } else {
            odp_end(ctx->odp, start);
        }
        ctx->base = base;
    }
    ctx->depth--;
    xlate_restore(ctx, &saved);
    return true;
}

static bool
do_ct(struct xlate_ctx *ctx, const struct ofpact *a,
      const struct action_place *place)
{
    xlate_ct(ctx, ofpact_get_CT(a));
    return true;
}

static bool
do_ct_clear(struct xlate_ctx *ctx, const struct ofpact *a,
            const struct action_place *place)
{
    xlate_ct_clear(ctx);
    return true;
}

/* Both continuations of the list are translated: the datapath chooses. */
static bool
do_check_pkt_larger(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    const struct ofpact_check_pkt_larger *c = ofpact_get_CHECK_PKT_LARGER(a);
    const struct ofpact *rest = ofpact_next(a);
    size_t rest_size = place->end - (const uint8_t *) rest;
    size_t start, nested;

    if (!ctx->ofproto->backer->features.check_pkt_len) {
        xlate_note(ctx, TRACE_WARNING,
                   "the datapath cannot check packet lengths");
        return true;
    }
    xlate_commit(ctx);
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    odp_put_u16(ctx->odp, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, c->pkt_len);
    for (int larger = 1; larger >= 0; larger--) {
        struct xlate_saved saved;
        struct flow base = ctx->base;

        xlate_save(ctx, &saved);
        ctx->depth++;
        nested = odp_start(ctx->odp, larger
                           ? OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER
                           : OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL);
        subfield_set(&c->dst, &ctx->flow, &ctx->tlv->layout, larger);
        if (rest_size && xlate_check_bounds(ctx)) {
            xlate_actions(ctx, rest, rest_size, place->is_last);
        }
        xlate_finish_freezing(ctx);
        odp_end(ctx->odp, nested);
        ctx->depth--;
        xlate_restore(ctx, &saved);
        ctx->base = base;
    }
    odp_end(ctx->odp, start);
    return false;
}

static bool
do_exit(struct xlate_ctx *ctx, const struct ofpact *a,
        const struct action_place *place)
{
    ctx->exit = true;
    return true;
}

static bool
do_debug_recirc(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    xlate_start_freezing(ctx);
    return true;
}

static bool
do_debug_slow(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    ctx->out->is_uncacheable = true;
    return true;
}

static bool
do_meter(struct xlate_ctx *ctx, const struct ofpact *a,
         const struct action_place *place)
{
    const struct meter *meter = meter_find(ctx->ofproto,
                                           ofpact_get_METER(a)->value);

    if (meter) {
        odp_put_u32(ctx->odp, OVS_ACTION_ATTR_METER, meter->dp_id);
    }
    return true;
}

static bool
do_clear_actions(struct xlate_ctx *ctx, const struct ofpact *a,
                 const struct action_place *place)
{
    buf_clear(&ctx->action_set);
    ctx->has_action_set = false;
    return true;
}

static bool
do_write_actions(struct xlate_ctx *ctx, const struct ofpact *a,
                 const struct action_place *place)
{
    size_t size;
    const struct ofpact *nested = ofpact_nest_actions(a, &size);

    buf_put(&ctx->action_set, nested, size);
    buf_pad(&ctx->action_set, 0, OFPACT_ALIGN);
    ctx->has_action_set = true;
    return true;
}

static bool
do_write_metadata(struct xlate_ctx *ctx, const struct ofpact *a,
                  const struct action_place *place)
{
    const struct ofpact_metadata *m = ofpact_get_WRITE_METADATA(a);

    ctx->flow.metadata = (ctx->flow.metadata & ~m->mask)
                         | (m->metadata & m->mask);
    return true;
}

static action_fn *const action_fns[OFPACT_N_TYPES] = {
    [OFPACT_OUTPUT] = do_output,
    [OFPACT_OUTPUT_REG] = do_output_reg,
    [OFPACT_OUTPUT_TRUNC] = do_output_trunc,
    [OFPACT_CONTROLLER] = do_controller,
    [OFPACT_ENQUEUE] = do_enqueue,
    [OFPACT_BUNDLE] = do_bundle,
    [OFPACT_GROUP] = do_group,
    [OFPACT_SET_FIELD] = xlate_do_set_field,
    [OFPACT_SET_VLAN_VID] = xlate_do_set_vlan_vid,
    [OFPACT_SET_VLAN_PCP] = xlate_do_set_vlan_pcp,
    [OFPACT_STRIP_VLAN] = xlate_do_strip_vlan,
    [OFPACT_PUSH_VLAN] = xlate_do_push_vlan,
    [OFPACT_SET_ETH_SRC] = xlate_do_set_eth_src,
    [OFPACT_SET_ETH_DST] = xlate_do_set_eth_dst,
    [OFPACT_SET_IPV4_SRC] = xlate_do_set_ipv4_src,
    [OFPACT_SET_IPV4_DST] = xlate_do_set_ipv4_dst,
    [OFPACT_SET_IP_DSCP] = xlate_do_set_ip_dscp,
    [OFPACT_SET_IP_ECN] = xlate_do_set_ip_ecn,
    [OFPACT_SET_IP_TTL] = xlate_do_set_ip_ttl,
    [OFPACT_SET_L4_SRC_PORT] = xlate_do_set_l4_src,
    [OFPACT_SET_L4_DST_PORT] = xlate_do_set_l4_dst,
    [OFPACT_REG_MOVE] = xlate_do_reg_move,
    [OFPACT_STACK_PUSH] = xlate_do_stack_push,
    [OFPACT_STACK_POP] = xlate_do_stack_pop,
    [OFPACT_DEC_TTL] = xlate_do_dec_ttl,
    [OFPACT_SET_MPLS_LABEL] = xlate_do_set_mpls_label,
    [OFPACT_SET_MPLS_TC] = xlate_do_set_mpls_tc,
    [OFPACT_SET_MPLS_TTL] = xlate_do_set_mpls_ttl,
    [OFPACT_DEC_MPLS_TTL] = xlate_do_dec_mpls_ttl,
    [OFPACT_PUSH_MPLS] = xlate_do_push_mpls,
    [OFPACT_POP_MPLS] = xlate_do_pop_mpls,
    [OFPACT_DELETE_FIELD] = xlate_do_delete_field,
    [OFPACT_ENCAP] = xlate_do_encap,
    [OFPACT_DECAP] = xlate_do_decap,
    [OFPACT_DEC_NSH_TTL] = xlate_do_dec_nsh_ttl,
    [OFPACT_SET_TUNNEL] = xlate_do_set_tunnel,
    [OFPACT_SET_QUEUE] = do_set_queue,
    [OFPACT_POP_QUEUE] = do_pop_queue,
    [OFPACT_FIN_TIMEOUT] = do_fin_timeout,
    [OFPACT_RESUBMIT] = do_resubmit,
    [OFPACT_LEARN] = do_learn,
    [OFPACT_CONJUNCTION] = do_nothing,
    [OFPACT_MULTIPATH] = do_multipath,
    [OFPACT_CLONE] = do_clone,
    [OFPACT_CT] = do_ct,
    [OFPACT_NAT] = do_nothing,          /* Only within ct(). */
    [OFPACT_CT_CLEAR] = do_ct_clear,
    [OFPACT_CHECK_PKT_LARGER] = do_check_pkt_larger,
    [OFPACT_NOTE] = do_nothing,
    [OFPACT_EXIT] = do_exit,
    [OFPACT_SAMPLE] = do_nothing,       /* There are no collectors. */
    [OFPACT_DEBUG_RECIRC] = do_debug_recirc,
    [OFPACT_DEBUG_SLOW] = do_debug_slow,
    [OFPACT_METER] = do_meter,
    [OFPACT_CLEAR_ACTIONS] = do_clear_actions,
    [OFPACT_WRITE_ACTIONS] = do_write_actions,
    [OFPACT_WRITE_METADATA] = do_write_metadata,
    [OFPACT_GOTO_TABLE] = do_goto_table,
};

void
xlate_note_action(struct xlate_ctx *ctx, const struct ofpact *a)
{
    if (ctx->trace) {
        struct str s = STR_EMPTY;

        ofpacts_format(a, ROUND_UP(a->size, OFPACT_ALIGN),
                       &(struct text_names) { .ports = xlate_port_names(ctx) },
                       &s);
        xlate_note(ctx, TRACE_ACTION, "%s", str_cstr(&s));
        str_uninit(&s);
    }
}

void
xlate_actions(struct xlate_ctx *ctx, const struct ofpact *ofpacts,
              size_t size, bool is_last)
{
    const uint8_t *end = (const uint8_t *) ofpacts + size;
    const struct ofpact *a;

    if (!size) {
        xlate_note(ctx, TRACE_ACTION, "drop");
    }
    OFPACT_FOR_EACH (a, ofpacts, size) {
        struct action_place place = {
            .end = end,
            .is_last = (is_last && !ctx->has_action_set
                        && (const uint8_t *) ofpact_next(a) >= end),
        };

        if (ctx->error) {
            return;
        }
        if (ctx->exit) {
            if (ctx->freezing) {
                xlate_freeze_actions(ctx, a, end);
            }
            return;
        }
        xlate_note_action(ctx, a);
        if (action_fns[a->type] && !action_fns[a->type](ctx, a, &place)) {
            return;
        }
    }
}

void
xlate_execute_action_set(struct xlate_ctx *ctx)
{
    struct buf list = BUF_EMPTY;

    if (!ctx->has_action_set || ctx->error || ctx->exit) {
        return;
    }
    ofpacts_execute_action_set(&list, (const void *) ctx->action_set.data,
                               ctx->action_set.size);
    ctx->in_action_set = true;
    ctx->has_action_set = false;
    ctx->table_id = OFPTT_ALL;
    xlate_note(ctx, TRACE_ACTION, "--. Executing action set:");
    xlate_actions(ctx, (const void *) list.data, list.size, true);
    ctx->in_action_set = false;
    buf_uninit(&list);
}
