/* SPDX-License-Identifier: Apache-2.0 */

/* The walk.  xlate_table() finds a rule, xlate_actions() does a list; they
 * call each other through the actions that lead to tables.
 *
 * Freezing.  Some actions need the datapath's help in the middle: the state
 * of a connection, a hash of the packet, a controller's answer.  ct() forks:
 * the packet goes on here without it, and a copy comes back later to the table
 * that the action names.  The others freeze: the action sets 'freezing' and
 * 'exit', each level that is unwound leaves what it had still to do in
 * 'segments' (innermost first), and where the excursion began,
 * xlate_finish_freezing() stores them and emits what brings the packet back.
 * A level is an excursion if what follows it must not depend on it: the whole
 * translation, a clone, a patch port, a bucket. */

#include "vswitch/xlate/xlate.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/table_msg.h"
#include "lib/packet/packet.h"
#include "lib/runtime/counter.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/meter.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/xlate/ctx.h"
#include "vswitch/xlate/learn.h"

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
    [XLATE_TOO_MANY_MPLS_LABELS] = "too many MPLS labels",
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
}

void
xlate_enter_bridge(struct xlate_ctx *ctx, struct ofproto *ofproto)
{
    ctx->ofproto = ofproto;
    ctx->version = ofproto_version(ofproto);
    ctx->tlv = ofproto_tlv(ofproto);
}

/* Freezing. */

static void
start_freezing(struct xlate_ctx *ctx)
{
    if (ctx->freezing) {
        xlate_fail(ctx, XLATE_RECIRC_CONFLICT);
        return;
    }
    ctx->freezing = true;
    ctx->exit = true;
    ctx->frozen_table = RECIRC_NO_TABLE;
}

/* Leaves the actions from 'a' to 'end' for later. */
static void
freeze_actions(struct xlate_ctx *ctx, const struct ofpact *a,
               const uint8_t *end)
{
    size_t size = end - (const uint8_t *) a;

    if (end > (const uint8_t *) a) {
        buf_put(&ctx->frozen, a, size);
        vec_push(&ctx->segments, (struct frozen_segment) {
            .size = size,
            .table_id = ctx->table_id,
            .cookie = ctx->cookie,
        });
    }
}

static void
put_padded(struct buf *b, const void *data, size_t size)
{
    size_t start = b->size;

    buf_put(b, data, size);
    buf_pad(b, start, 8);
}

uint32_t
xlate_save_state(struct xlate_ctx *ctx, uint8_t table_id,
                 const void *userdata, size_t userdata_size)
{
    struct recirc_state state;
    struct buf b = BUF_EMPTY;
    uint32_t id;

    memset(&state, 0, sizeof state);
    state.bridge = ctx->ofproto->uuid;
    state.table_id = table_id;
    state.is_conntracked = ctx->is_conntracked;
    state.in_port = ctx->flow.in_port;      /* Actions may have set it. */
    state.metadata = ctx->flow.metadata;
    memcpy(state.regs, ctx->flow.regs, sizeof state.regs);
    state.tunnel = ctx->flow.tunnel;
    state.n_segments = ctx->segments.n;
    state.stack_size = ctx->stack.n;
    state.ofpacts_size = ctx->frozen.size;
    state.action_set_size = ctx->action_set.size;
    state.userdata_size = userdata_size;
    buf_put(&b, &state, offsetof(struct recirc_state, tail));
    put_padded(&b, ctx->segments.items,
               ctx->segments.n * sizeof ctx->segments.items[0]);
    put_padded(&b, ctx->frozen.data, ctx->frozen.size);
    put_padded(&b, ctx->action_set.data, ctx->action_set.size);
    put_padded(&b, ctx->stack.items, ctx->stack.n);
    put_padded(&b, userdata, userdata_size);

    id = recirc_get((const void *) b.data);
    buf_uninit(&b);
    ctx->out->recirc_ids = xreallocarray(
        ctx->out->recirc_ids, ctx->out->n_recirc_ids + 1, sizeof id);
    ctx->out->recirc_ids[ctx->out->n_recirc_ids++] = id;
    return id;
}

static void
note_recirc(struct xlate_ctx *ctx, uint32_t id, bool is_conntrack)
{
    if (ctx->trace && ctx->trace->recircs) {
        struct trace_recirc *r = xzalloc(sizeof *r);

        r->recirc_id = id;
        r->is_conntrack = is_conntrack;
        r->flow = ctx->base;
        r->flow.recirc_id = id;
        /* Any value but 0, which means that there is none. */
        r->flow.dp_hash = ctx->freeze_for_hash ? 1 : 0;
        list_push_back(ctx->trace->recircs, &r->node);
    }
}

/* Emits a controller action that sends the packet with its state. */
static void
emit_pause(struct xlate_ctx *ctx)
{
    const struct ofpact_controller *c = ctx->pause;
    struct userspace_cookie cookie = {
        .type = USERSPACE_CONTROLLER,
        .reason = c->reason,
        .is_paused = true,
        .table_id = ctx->table_id,
        .controller_id = c->controller_id,
        .meter_id = c->meter_id,
        .rule_cookie = ctx->cookie,
        .max_len = c->max_len,
        .bridge = ctx->ofproto->uuid,
    };
    size_t start;

    cookie.recirc_id = xlate_save_state(ctx, ctx->frozen_table, c->userdata,
                                        c->userdata_len);
    xlate_commit(ctx);
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_USERSPACE);
    odp_put_u32(ctx->odp, OVS_USERSPACE_ATTR_PID, 0);
    odp_put(ctx->odp, OVS_USERSPACE_ATTR_USERDATA, &cookie, sizeof cookie);
    odp_end(ctx->odp, start);
}

static void
emit_recirc(struct xlate_ctx *ctx)
{
    uint32_t id = xlate_save_state(ctx, ctx->frozen_table, NULL, 0);

    xlate_commit(ctx);
    if (ctx->freeze_for_hash) {
        struct ovs_action_hash hash = {
            .hash_alg = ctx->hash_algorithm,
            .hash_basis = ctx->hash_basis,
        };

        odp_put(ctx->odp, OVS_ACTION_ATTR_HASH, &hash, sizeof hash);
    }
    odp_put_u32(ctx->odp, OVS_ACTION_ATTR_RECIRC, id);
    note_recirc(ctx, id, false);
}

void
xlate_finish_freezing(struct xlate_ctx *ctx)
{
    if (!ctx->freezing) {
        return;
    }
    if (!ctx->error) {
        if (ctx->pause) {
            emit_pause(ctx);
        } else {
            emit_recirc(ctx);
        }
    }
    ctx->freezing = false;
    ctx->exit = false;
    ctx->pause = NULL;
    ctx->freeze_for_hash = false;
    vec_clear(&ctx->segments);
    buf_clear(&ctx->frozen);
}

/* Tables.
 *
 * Up to XLATE_MAX_RESUBMITS of these functions can be on the stack: what needs
 * much of it is kept out of the frames that stay. */
#define NO_INLINE __attribute__((__noinline__))

/* Says whether the walk may go one deeper. */
static bool
check_bounds(struct xlate_ctx *ctx)
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

        if (frag == FRAG_DROP) {
            xlate_note(ctx, TRACE_WARNING, "fragments are dropped here");
            found = NULL;
        } else {
            flow.tp_src = flow.tp_dst = 0;
            found = classifier_lookup(cls, ctx->version, &flow, ctx->wc);
        }
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
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, &s);
    if (s.length) {
        str_put(&s, ", ");
    }
    str_printf(&s, "priority %d", rule->cls.priority);
    if (rule->cookie) {
        str_printf(&s, ", cookie %#llx",
                   (unsigned long long) ntohll(rule->cookie));
    }
    if (ctx->ofproto->tables[table_id].name) {
        ctx->trace = trace_add(ctx->trace, TRACE_TABLE, "%2d(%s). %s",
                               table_id, ctx->ofproto->tables[table_id].name,
                               str_cstr(&s));
    } else {
        ctx->trace = trace_add(ctx->trace, TRACE_TABLE, "%2d. %s", table_id,
                               str_cstr(&s));
    }
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

/* No rule matches in 'table_id'. */
static void
do_miss(struct xlate_ctx *ctx, uint8_t table_id, bool honor_miss,
        bool is_last)
{
    const struct oftable *table = &ctx->ofproto->tables[table_id];
    struct trace_node *saved_trace = ctx->trace;
    bool to_controller;

    ctx->trace = trace_add(ctx->trace, TRACE_TABLE, "%2d. No match.",
                           table_id);
    if (honor_miss && table->miss == TABLE_MISS_CONTINUE
        && table_id + 1 < OFPROTO_N_TABLES) {
        xlate_table(ctx, ctx->flow.in_port, table_id + 1, true, true,
                    is_last);
        ctx->trace = saved_trace;
        return;
    }
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
    if (to_controller) {
        xlate_note(ctx, TRACE_ACTION, "controller");
        xlate_controller(ctx, UINT16_MAX, PACKET_IN_IMPLICIT_MISS, 0,
                         CONTROLLER_NO_METER, NULL, 0);
    } else {
        xlate_note(ctx, TRACE_ACTION, "drop");
    }
    ctx->trace = saved_trace;
}

void
xlate_table(struct xlate_ctx *ctx, ofp_port_t in_port, uint8_t table_id,
            bool may_miss, bool honor_miss, bool is_last)
{
    struct rule *rule;

    if (!check_bounds(ctx)) {
        return;
    }
    if (table_id >= OFPROTO_N_TABLES) {
        xlate_note(ctx, TRACE_WARNING, "there is no table %d", table_id);
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

/* Actions. */

/* Makes all bits of a member of struct flow matter. */
#define UNWILDCARD(CTX, MEMBER) \
    memset(&(CTX)->wc->masks.MEMBER, 0xff, sizeof (CTX)->wc->masks.MEMBER)

static bool
is_ip(const struct flow *flow)
{
    return (flow->dl_type == htons(ETH_TYPE_IPV4)
            || flow->dl_type == htons(ETH_TYPE_IPV6));
}

static bool
is_mpls(const struct flow *flow)
{
    return (flow->dl_type == htons(ETH_TYPE_MPLS)
            || flow->dl_type == htons(ETH_TYPE_MPLS_MCAST));
}

/* What an action gets. */
struct action_place {
    const uint8_t *end;          /* Of the list. */
    bool is_last;                /* Nothing happens to the packet after it. */
};

/* Does action 'a'.  Returns false to leave the rest of the list out. */
typedef bool action_fn(struct xlate_ctx *, const struct ofpact *a,
                       const struct action_place *);

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
        xlate_note(ctx, TRACE_WARNING, "%llu is no port number",
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
        start_freezing(ctx);
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
        freeze_actions(ctx, a, place->end);
        return false;
    }
    return true;
}

static bool
do_set_field(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    const struct ofpact_set_field *s = ofpact_get_SET_FIELD(a);
    const struct tlv_layout *layout = &ctx->tlv->layout;

    if (field_prereqs_ok(s->field, &ctx->flow, ctx->wc)) {
        field_unwildcard(s->field, &ctx->flow, layout,
                         ofpact_set_field_mask(s), ctx->wc);
        field_set_masked(s->field, &ctx->flow, layout,
                         ofpact_set_field_value(s), ofpact_set_field_mask(s));
    }
    return true;
}

static bool
do_reg_move(struct xlate_ctx *ctx, const struct ofpact *a,
            const struct action_place *place)
{
    const struct ofpact_reg_move *m = ofpact_get_REG_MOVE(a);
    const struct tlv_layout *layout = &ctx->tlv->layout;
    union field_value value;

    if (field_prereqs_ok(m->src.field, &ctx->flow, ctx->wc)
        && field_prereqs_ok(m->dst.field, &ctx->flow, ctx->wc)) {
        subfield_unwildcard(&m->src, &ctx->flow, layout, ctx->wc);
        subfield_unwildcard(&m->dst, &ctx->flow, layout, ctx->wc);
        subfield_get_wide(&m->src, &ctx->flow, layout, &value);
        subfield_set_wide(&m->dst, &ctx->flow, layout, &value);
    }
    return true;
}

static bool
do_stack_push(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    const struct subfield *sf = &ofpact_get_STACK_PUSH(a)->subfield;
    size_t size = DIV_ROUND_UP(sf->n_bits, 8);
    union field_value value;

    if (ctx->stack.n + size + 1 > XLATE_MAX_STACK) {
        xlate_fail(ctx, XLATE_STACK_TOO_DEEP);
        return false;
    }
    subfield_unwildcard(sf, &ctx->flow, &ctx->tlv->layout, ctx->wc);
    subfield_get_wide(sf, &ctx->flow, &ctx->tlv->layout, &value);
    for (size_t i = 0; i < size; i++) {
        vec_push(&ctx->stack, value.bytes[FIELD_MAX_BYTES - size + i]);
    }
    vec_push(&ctx->stack, size);
    return true;
}

static bool
do_stack_pop(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    const struct subfield *sf = &ofpact_get_STACK_POP(a)->subfield;
    union field_value value;
    size_t size;

    if (!ctx->stack.n) {
        xlate_note(ctx, TRACE_WARNING, "the stack is empty");
        return true;
    }
    size = vec_pop(&ctx->stack);
    if (size > ctx->stack.n || size > FIELD_MAX_BYTES) {
        xlate_note(ctx, TRACE_WARNING, "the stack is malformed");
        vec_clear(&ctx->stack);
        return true;
    }
    memset(&value, 0, sizeof value);
    ctx->stack.n -= size;
    memcpy(&value.bytes[FIELD_MAX_BYTES - size],
           &ctx->stack.items[ctx->stack.n], size);
    subfield_unwildcard(sf, &ctx->flow, &ctx->tlv->layout, ctx->wc);
    subfield_set_wide(sf, &ctx->flow, &ctx->tlv->layout, &value);
    return true;
}

static bool
do_set_vlan_vid(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    const struct ofpact_vlan_vid *v = ofpact_get_SET_VLAN_VID(a);
    struct flow_vlan *vlan = &ctx->flow.vlans[0];

    UNWILDCARD(ctx, vlans[0]);
    if (vlan->tci & htons(VLAN_CFI) || v->push_if_needed) {
        if (!vlan->tpid) {
            vlan->tpid = htons(ETH_TYPE_VLAN_8021Q);
        }
        vlan->tci = (vlan->tci & ~htons(VLAN_VID_MASK))
                    | htons(v->vid | VLAN_CFI);
    }
    return true;
}

static bool
do_set_vlan_pcp(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    const struct ofpact_vlan_pcp *v = ofpact_get_SET_VLAN_PCP(a);
    struct flow_vlan *vlan = &ctx->flow.vlans[0];

    UNWILDCARD(ctx, vlans[0]);
    if (vlan->tci & htons(VLAN_CFI) || v->push_if_needed) {
        if (!vlan->tpid) {
            vlan->tpid = htons(ETH_TYPE_VLAN_8021Q);
        }
        vlan->tci = (vlan->tci & ~htons(VLAN_PCP_MASK))
                    | htons(v->pcp << 13 | VLAN_CFI);
    }
    return true;
}

static bool
do_strip_vlan(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    UNWILDCARD(ctx, vlans);
    if (ctx->flow.vlans[0].tci & htons(VLAN_CFI)) {
        ctx->flow.vlans[0] = ctx->flow.vlans[1];
        ctx->flow.vlans[1] = (struct flow_vlan) { 0 };
    }
    return true;
}

static bool
do_push_vlan(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    struct flow_vlan *vlans = ctx->flow.vlans;

    UNWILDCARD(ctx, vlans);
    vlans[1] = vlans[0];
    vlans[0].tpid = ofpact_get_PUSH_VLAN(a)->ethertype;
    vlans[0].tci = (vlans[1].tci & htons(VLAN_PCP_MASK | VLAN_VID_MASK))
                   | htons(VLAN_CFI);
    return true;
}

static bool
do_set_eth_src(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    UNWILDCARD(ctx, dl_src);
    ctx->flow.dl_src = ofpact_get_SET_ETH_SRC(a)->mac;
    return true;
}

static bool
do_set_eth_dst(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    UNWILDCARD(ctx, dl_dst);
    ctx->flow.dl_dst = ofpact_get_SET_ETH_DST(a)->mac;
    return true;
}

static bool
do_set_ipv4_src(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    if (ctx->flow.dl_type == htons(ETH_TYPE_IPV4)) {
        UNWILDCARD(ctx, nw_src);
        ctx->flow.nw_src = ofpact_get_SET_IPV4_SRC(a)->ipv4;
    }
    return true;
}

static bool
do_set_ipv4_dst(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    if (ctx->flow.dl_type == htons(ETH_TYPE_IPV4)) {
        UNWILDCARD(ctx, nw_dst);
        ctx->flow.nw_dst = ofpact_get_SET_IPV4_DST(a)->ipv4;
    }
    return true;
}

static bool
do_set_ip_dscp(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    if (is_ip(&ctx->flow)) {
        ctx->wc->masks.nw_tos |= 0xfc;
        ctx->flow.nw_tos = (ctx->flow.nw_tos & 3)
                           | (ofpact_get_SET_IP_DSCP(a)->value & 0xfc);
    }
    return true;
}

static bool
do_set_ip_ecn(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    if (is_ip(&ctx->flow)) {
        ctx->wc->masks.nw_tos |= 3;
        ctx->flow.nw_tos = (ctx->flow.nw_tos & 0xfc)
                           | (ofpact_get_SET_IP_ECN(a)->value & 3);
    }
    return true;
}

static bool
do_set_ip_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    if (is_ip(&ctx->flow)) {
        UNWILDCARD(ctx, nw_ttl);
        ctx->flow.nw_ttl = ofpact_get_SET_IP_TTL(a)->value;
    }
    return true;
}

/* Does the packet have ports that can be set? */
static bool
has_ports(struct xlate_ctx *ctx)
{
    if (!is_ip(&ctx->flow)) {
        return false;
    }
    UNWILDCARD(ctx, nw_proto);
    UNWILDCARD(ctx, nw_frag);
    return (!(ctx->flow.nw_frag & FLOW_NW_FRAG_LATER)
            && (ctx->flow.nw_proto == IPPROTO_TCP
                || ctx->flow.nw_proto == IPPROTO_UDP
                || ctx->flow.nw_proto == IPPROTO_SCTP));
}

static bool
do_set_l4_src(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    if (has_ports(ctx)) {
        UNWILDCARD(ctx, tp_src);
        ctx->flow.tp_src = htons(ofpact_get_SET_L4_SRC_PORT(a)->port);
    }
    return true;
}

static bool
do_set_l4_dst(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    if (has_ports(ctx)) {
        UNWILDCARD(ctx, tp_dst);
        ctx->flow.tp_dst = htons(ofpact_get_SET_L4_DST_PORT(a)->port);
    }
    return true;
}

static bool
do_dec_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
           const struct action_place *place)
{
    const struct ofpact_cnt_ids *ids = ofpact_get_DEC_TTL(a);

    if (!is_ip(&ctx->flow)) {
        return true;
    }
    UNWILDCARD(ctx, nw_ttl);
    if (ctx->flow.nw_ttl > 1) {
        ctx->flow.nw_ttl--;
        return true;
    }
    for (size_t i = 0; i < ids->n_controllers; i++) {
        xlate_controller(ctx, UINT16_MAX, PACKET_IN_INVALID_TTL,
                         ids->cnt_ids[i], CONTROLLER_NO_METER, NULL, 0);
    }
    xlate_note(ctx, TRACE_WARNING, "TTL has expired");
    return false;
}

/* MPLS label stack entries. */
enum {
    MPLS_LABEL_MASK = 0xfffff000,
    MPLS_LABEL_SHIFT = 12,
    MPLS_TC_MASK = 0x00000e00,
    MPLS_TC_SHIFT = 9,
    MPLS_BOS = 0x00000100,
    MPLS_TTL_MASK = 0x000000ff
};

static void
set_lse(struct xlate_ctx *ctx, uint32_t mask, uint32_t value)
{
    if (is_mpls(&ctx->flow)) {
        UNWILDCARD(ctx, mpls_lse[0]);
        ctx->flow.mpls_lse[0] = (ctx->flow.mpls_lse[0] & ~htonl(mask))
                                | htonl(value & mask);
    }
}

static bool
do_set_mpls_label(struct xlate_ctx *ctx, const struct ofpact *a,
                  const struct action_place *place)
{
    set_lse(ctx, MPLS_LABEL_MASK,
            ofpact_get_SET_MPLS_LABEL(a)->value << MPLS_LABEL_SHIFT);
    return true;
}

static bool
do_set_mpls_tc(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    set_lse(ctx, MPLS_TC_MASK,
            (uint32_t) ofpact_get_SET_MPLS_TC(a)->value << MPLS_TC_SHIFT);
    return true;
}

static bool
do_set_mpls_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    set_lse(ctx, MPLS_TTL_MASK, ofpact_get_SET_MPLS_TTL(a)->value);
    return true;
}

static bool
do_dec_mpls_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    uint8_t ttl = ntohl(ctx->flow.mpls_lse[0]) & MPLS_TTL_MASK;

    if (!is_mpls(&ctx->flow)) {
        return true;
    }
    UNWILDCARD(ctx, mpls_lse[0]);
    if (ttl > 1) {
        set_lse(ctx, MPLS_TTL_MASK, ttl - 1);
        return true;
    }
    xlate_controller(ctx, UINT16_MAX, PACKET_IN_INVALID_TTL, 0,
                     CONTROLLER_NO_METER, NULL, 0);
    return false;
}

static unsigned int
count_labels(const struct flow *flow)
{
    unsigned int n = 0;

    while (is_mpls(flow) && n < FLOW_MAX_MPLS_LABELS
           && (!n || !(flow->mpls_lse[n - 1] & htonl(MPLS_BOS)))) {
        n++;
    }
    return n;
}

static bool
do_push_mpls(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = count_labels(flow);
    uint8_t ttl = 64, tc = 0;

    UNWILDCARD(ctx, mpls_lse);
    if (n >= FLOW_MAX_MPLS_LABELS) {
        xlate_fail(ctx, XLATE_TOO_MANY_MPLS_LABELS);
        return false;
    }
    if (n) {
        memmove(&flow->mpls_lse[1], &flow->mpls_lse[0],
                n * sizeof flow->mpls_lse[0]);
        flow->mpls_lse[0] &= ~htonl(MPLS_BOS);
    } else {
        if (is_ip(flow)) {
            UNWILDCARD(ctx, nw_tos);
            UNWILDCARD(ctx, nw_ttl);
            ttl = flow->nw_ttl;
            tc = flow->nw_tos >> 5;
        }
        /* The headers above are emitted before they are out of reach. */
        xlate_commit(ctx);
        flow->mpls_lse[0] = htonl(MPLS_BOS | (uint32_t) tc << MPLS_TC_SHIFT
                                  | ttl);
        ctx->had_mpls = true;
    }
    flow->dl_type = ofpact_get_PUSH_MPLS(a)->ethertype;
    return true;
}

static bool
do_pop_mpls(struct xlate_ctx *ctx, const struct ofpact *a,
            const struct action_place *place)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = count_labels(flow);

    if (!n) {
        return true;
    }
    UNWILDCARD(ctx, mpls_lse);
    memmove(&flow->mpls_lse[0], &flow->mpls_lse[1],
            (FLOW_MAX_MPLS_LABELS - 1) * sizeof flow->mpls_lse[0]);
    flow->mpls_lse[FLOW_MAX_MPLS_LABELS - 1] = 0;
    if (n == 1) {
        /* What is inside is known only to who looks again. */
        flow->dl_type = ofpact_get_POP_MPLS(a)->ethertype;
        if (is_ip(flow) && !ctx->had_mpls) {
            start_freezing(ctx);
        }
    }
    return true;
}

static bool
do_delete_field(struct xlate_ctx *ctx, const struct ofpact *a,
                const struct action_place *place)
{
    const struct field *field = ofpact_get_DELETE_FIELD(a)->field;

    if (field_is_tun_metadata(field->id)) {
        unsigned int slot = field->id - FIELD_TUN_METADATA0;
        const struct tlv_layout *layout = &ctx->tlv->layout;

        memset(ctx->flow.tunnel.opts + tlv_layout_offset(layout, slot), 0,
               tlv_layout_size(layout, slot));
        ctx->flow.tunnel.opts_present &= ~(UINT64_C(1) << slot);
    }
    return true;
}

static bool
do_set_tunnel(struct xlate_ctx *ctx, const struct ofpact *a,
              const struct action_place *place)
{
    ctx->flow.tunnel.tun_id = htonll(ofpact_get_SET_TUNNEL(a)->tun_id);
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
static void
resubmit_with_ct_orig(struct xlate_ctx *ctx, ofp_port_t in_port,
                      uint8_t table_id, bool is_last)
{
    struct rule *rule;

    if (!check_bounds(ctx) || table_id >= OFPROTO_N_TABLES) {
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

static bool
do_resubmit(struct xlate_ctx *ctx, const struct ofpact *a,
            const struct action_place *place)
{
    const struct ofpact_resubmit *r = ofpact_get_RESUBMIT(a);
    ofp_port_t in_port = (r->in_port == OFPP_IN_PORT ? ctx->flow.in_port
                          : r->in_port);
    uint8_t table_id = r->table_id == 255 ? ctx->table_id : r->table_id;

    if (r->with_ct_orig) {
        resubmit_with_ct_orig(ctx, in_port, table_id, place->is_last);
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
    match_format(&fm.match, NULL, fm.priority, &s);
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
    if (ctx->trace) {
        note_learned(ctx, learn);
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
            xlate_note(ctx, TRACE_WARNING, "the limit of learned flows is "
                       "reached");
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
    }
    return true;
}

static bool
do_multipath(struct xlate_ctx *ctx, const struct ofpact *a,
             const struct action_place *place)
{
    xlate_multipath(ctx, ofpact_get_MULTIPATH(a));
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
    if (!check_bounds(ctx)) {
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
    xlate_ct(ctx, ofpact_get_CT(a), place->is_last);
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
        if (rest_size && check_bounds(ctx)) {
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
    start_freezing(ctx);
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
    [OFPACT_SET_FIELD] = do_set_field,
    [OFPACT_SET_VLAN_VID] = do_set_vlan_vid,
    [OFPACT_SET_VLAN_PCP] = do_set_vlan_pcp,
    [OFPACT_STRIP_VLAN] = do_strip_vlan,
    [OFPACT_PUSH_VLAN] = do_push_vlan,
    [OFPACT_SET_ETH_SRC] = do_set_eth_src,
    [OFPACT_SET_ETH_DST] = do_set_eth_dst,
    [OFPACT_SET_IPV4_SRC] = do_set_ipv4_src,
    [OFPACT_SET_IPV4_DST] = do_set_ipv4_dst,
    [OFPACT_SET_IP_DSCP] = do_set_ip_dscp,
    [OFPACT_SET_IP_ECN] = do_set_ip_ecn,
    [OFPACT_SET_IP_TTL] = do_set_ip_ttl,
    [OFPACT_SET_L4_SRC_PORT] = do_set_l4_src,
    [OFPACT_SET_L4_DST_PORT] = do_set_l4_dst,
    [OFPACT_REG_MOVE] = do_reg_move,
    [OFPACT_STACK_PUSH] = do_stack_push,
    [OFPACT_STACK_POP] = do_stack_pop,
    [OFPACT_DEC_TTL] = do_dec_ttl,
    [OFPACT_SET_MPLS_LABEL] = do_set_mpls_label,
    [OFPACT_SET_MPLS_TC] = do_set_mpls_tc,
    [OFPACT_SET_MPLS_TTL] = do_set_mpls_ttl,
    [OFPACT_DEC_MPLS_TTL] = do_dec_mpls_ttl,
    [OFPACT_PUSH_MPLS] = do_push_mpls,
    [OFPACT_POP_MPLS] = do_pop_mpls,
    [OFPACT_DELETE_FIELD] = do_delete_field,
    [OFPACT_SET_TUNNEL] = do_set_tunnel,
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

static void
note_action(struct xlate_ctx *ctx, const struct ofpact *a)
{
    if (ctx->trace) {
        struct str s = STR_EMPTY;

        ofpacts_format(a, ROUND_UP(a->size, OFPACT_ALIGN),
                       &(struct text_names) { 0 }, &s);
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
                freeze_actions(ctx, a, end);
            }
            return;
        }
        note_action(ctx, a);
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

static void
clear_ct(struct flow *flow)
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
        clear_ct(&ctx->flow);
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
                freeze_actions(ctx, list, ofpacts);
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

static void
walk(struct xlate_ctx *ctx)
{
    const struct xlate_in *in = ctx->in;

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
    xlate_finish_freezing(ctx);
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

/* Between the datapath's flows and the bridge's. */

enum xlate_error
xlate_receive(const struct backer *backer, const struct flow *dp_flow,
              struct xlate_in *in, struct flow_wildcards *wc)
{
    struct ofport *port;
    struct flow flow = *dp_flow;

    if (dp_flow->recirc_id) {
        const struct recirc_state *state = recirc_find(dp_flow->recirc_id);
        struct ofproto *ofproto;

        if (!state) {
            return XLATE_NO_RECIRC_STATE;
        }
        ofproto = backer_find_bridge(backer, &state->bridge);
        if (!ofproto) {
            return XLATE_NO_BRIDGE;
        }
        flow.in_port = state->in_port;
        xlate_in_init(in, ofproto, &flow);
        in->frozen = state;
    } else {
        port = backer_find_port(backer, dp_flow, wc);
        if (!port) {
            return XLATE_NO_PORT;
        }
        flow.in_port = port->ofp_port;
        xlate_in_init(in, port->ofproto, &flow);
    }
    if (dp_flow->tunnel.flags & FLOW_TNL_F_UDPIF
        && dp_flow->tunnel.opts_size) {
        if (tlv_from_wire(ofproto_tlv(in->ofproto), &dp_flow->tunnel,
                          &in->flow.tunnel)) {
            memset(in->flow.tunnel.opts, 0, sizeof in->flow.tunnel.opts);
            in->flow.tunnel.opts_present = 0;
        }
    }
    in->flow.tunnel.flags &= ~FLOW_TNL_F_UDPIF;
    in->flow.tunnel.opts_size = 0;
    return XLATE_OK;
}

/* Turns the mask of option slots into one of the options on the wire: their
 * headers all matter, since what comes before an option moves it, and of the
 * bodies the bits of the slots. */
static void
options_to_datapath(const struct tlv_table *tlv,
                    const struct flow_tunnel *raw, struct flow_tunnel *mask)
{
    uint8_t slots[TUN_METADATA_N_BYTES];

    memcpy(slots, mask->opts, sizeof slots);
    memset(mask->opts, 0, sizeof mask->opts);
    mask->opts_size = UINT16_MAX;
    for (size_t ofs = 0; ofs + 4 <= raw->opts_size; ) {
        size_t size = (raw->opts[ofs + 3] & 0x1f) * 4;

        memset(mask->opts + ofs, 0xff, 4);
        for (unsigned int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
            struct tlv_map map;

            if (tlv_table_get(tlv, i, &map)
                && map.option_class == (raw->opts[ofs] << 8
                                        | raw->opts[ofs + 1])
                && map.option_type == raw->opts[ofs + 2]
                && ofs + 4 + size <= raw->opts_size
                && map.option_size == size) {
                memcpy(mask->opts + ofs + 4,
                       slots + tlv_layout_offset(&tlv->layout, i), size);
            }
        }
        ofs += 4 + size;
    }
}

/* Members that only neighbour discovery and ARP have may matter for another
 * packet, as "not there".  A datapath wants no mask on what is not there: what
 * shows that it is not matters instead. */
static void
drop_absent_nd(const struct flow *dp_flow, struct flow *m)
{
    static const struct flow none;
    bool is_icmp6 = dp_flow->nw_proto == IPPROTO_ICMPV6;

    if (dp_flow->dl_type == htons(ETH_TYPE_ARP)
        || (!memcmp(&m->nd_target, &none.nd_target, sizeof none.nd_target)
            && !memcmp(&m->arp_sha, &none.arp_sha, sizeof none.arp_sha)
            && !memcmp(&m->arp_tha, &none.arp_tha, sizeof none.arp_tha))) {
        return;
    }
    if (dp_flow->dl_type == htons(ETH_TYPE_IPV6)) {
        m->nw_proto = UINT8_MAX;
        if (is_icmp6) {
            m->tp_src = UINT16_MAX;
            if (dp_flow->tp_src == htons(135)
                || dp_flow->tp_src == htons(136)) {
                return;
            }
        }
    }
    memset(&m->nd_target, 0, sizeof m->nd_target);
    memset(&m->arp_sha, 0, sizeof m->arp_sha);
    memset(&m->arp_tha, 0, sizeof m->arp_tha);
}

void
xlate_wildcards_to_datapath(const struct xlate_in *in,
                            const struct flow *dp_flow,
                            struct flow_wildcards *wc)
{
    struct flow *m = &wc->masks;

    if (flow_tunnel_is_set(&dp_flow->tunnel)) {
        static const uint8_t zeros[TUN_METADATA_N_BYTES];
        bool any_options = (m->tunnel.opts_present
                            || memcmp(m->tunnel.opts, zeros, sizeof zeros));

        m->tunnel.flags &= ~FLOW_TNL_F_UDPIF;
        m->tunnel.opts_present = 0;
        if (any_options) {
            options_to_datapath(ofproto_tlv(in->ofproto), &dp_flow->tunnel,
                                &m->tunnel);
        }
    } else {
        memset(&m->tunnel, 0, sizeof m->tunnel);
    }
    if (in->frozen && !in->frozen->is_conntracked) {
        clear_ct(m);
    }
    m->metadata = 0;
    memset(m->regs, 0, sizeof m->regs);
    m->actset_output = 0;
    m->conj_id = 0;

    drop_absent_nd(dp_flow, m);

    /* A fragment that is not the first has no ports. */
    if (dp_flow->nw_frag & FLOW_NW_FRAG_LATER) {
        m->tp_src = m->tp_dst = 0;
        m->tcp_flags = 0;
    }
}
