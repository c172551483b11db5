/* SPDX-License-Identifier: Apache-2.0 */

/* Actions that change headers, registers and the stack.  They change the
 * flow; commit.c makes datapath actions of the difference when the packet is
 * sent. */

#include "vswitch/xlate/actions.h"

void
xlate_note_subfield(struct xlate_ctx *ctx, const struct subfield *sf)
{
    union field_value value;
    struct str s = STR_EMPTY;
    size_t i = 0;

    if (!ctx->trace) {
        return;
    }
    subfield_format(sf, &s);
    str_put(&s, " is now ");
    subfield_get_wide(sf, &ctx->flow, &ctx->tlv->layout, &value);
    while (i < FIELD_MAX_BYTES && !value.bytes[i]) {
        i++;
    }
    if (i == FIELD_MAX_BYTES) {
        str_put_char(&s, '0');
    } else {
        str_printf(&s, "0x%x", value.bytes[i]);
        while (++i < FIELD_MAX_BYTES) {
            str_printf(&s, "%02x", value.bytes[i]);
        }
    }
    xlate_note(ctx, TRACE_DETAIL, "%s", str_cstr(&s));
    str_uninit(&s);
}

static bool
has_tag(const struct xlate_ctx *ctx)
{
    return (ctx->flow.vlans[0].tci & htons(VLAN_CFI)) != 0;
}

/* Gives a tag that came to be by a set of its TCI the usual type. */
static void
complete_vlan(struct xlate_ctx *ctx, bool had_tag)
{
    struct flow_vlan *vlan = &ctx->flow.vlans[0];

    if (!had_tag && has_tag(ctx)) {
        vlan->tpid = htons(ETH_TYPE_VLAN_8021Q);
    }
}

bool
xlate_do_set_field(struct xlate_ctx *ctx, const struct ofpact *a,
                   const struct action_place *place)
{
    const struct ofpact_set_field *s = ofpact_get_SET_FIELD(a);
    const struct tlv_layout *layout = &ctx->tlv->layout;
    bool had_tag = has_tag(ctx);

    if (field_prereqs_ok(s->field, &ctx->flow, ctx->wc)) {
        field_unwildcard(s->field, &ctx->flow, layout,
                         ofpact_set_field_mask(s), ctx->wc);
        field_set_masked(s->field, &ctx->flow, layout,
                         ofpact_set_field_value(s), ofpact_set_field_mask(s));
        complete_vlan(ctx, had_tag);
    } else {
        xlate_note(ctx, TRACE_WARNING,
                   "unmet prerequisites for %s, set_field ignored",
                   s->field->name);
    }
    return true;
}

bool
xlate_do_reg_move(struct xlate_ctx *ctx, const struct ofpact *a,
                  const struct action_place *place)
{
    const struct ofpact_reg_move *m = ofpact_get_REG_MOVE(a);
    const struct tlv_layout *layout = &ctx->tlv->layout;
    bool had_tag = has_tag(ctx);
    union field_value value;

    if (field_prereqs_ok(m->src.field, &ctx->flow, ctx->wc)
        && field_prereqs_ok(m->dst.field, &ctx->flow, ctx->wc)) {
        subfield_unwildcard(&m->src, &ctx->flow, layout, ctx->wc);
        subfield_unwildcard(&m->dst, &ctx->flow, layout, ctx->wc);
        subfield_get_wide(&m->src, &ctx->flow, layout, &value);
        subfield_set_wide(&m->dst, &ctx->flow, layout, &value);
        complete_vlan(ctx, had_tag);
        xlate_note_subfield(ctx, &m->dst);
    }
    return true;
}

bool
xlate_do_stack_push(struct xlate_ctx *ctx, const struct ofpact *a,
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

bool
xlate_do_stack_pop(struct xlate_ctx *ctx, const struct ofpact *a,
                   const struct action_place *place)
{
    const struct subfield *sf = &ofpact_get_STACK_POP(a)->subfield;
    bool had_tag = has_tag(ctx);
    union field_value value;
    size_t size;

    if (!ctx->stack.n) {
        xlate_note(ctx, TRACE_ERROR, "stack underflow");
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
    complete_vlan(ctx, had_tag);
    xlate_note_subfield(ctx, sf);
    return true;
}

bool
xlate_do_set_vlan_vid(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    const struct ofpact_vlan_vid *v = ofpact_get_SET_VLAN_VID(a);
    struct flow_vlan *vlan = &ctx->flow.vlans[0];
    bool had_tag = has_tag(ctx);

    UNWILDCARD(ctx, vlans[0]);
    if (had_tag || v->push_if_needed) {
        vlan->tci = (vlan->tci & ~htons(VLAN_VID_MASK))
                    | htons(v->vid | VLAN_CFI);
        complete_vlan(ctx, had_tag);
    }
    return true;
}

bool
xlate_do_set_vlan_pcp(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    const struct ofpact_vlan_pcp *v = ofpact_get_SET_VLAN_PCP(a);
    struct flow_vlan *vlan = &ctx->flow.vlans[0];
    bool had_tag = has_tag(ctx);

    UNWILDCARD(ctx, vlans[0]);
    if (had_tag || v->push_if_needed) {
        vlan->tci = (vlan->tci & ~htons(VLAN_PCP_MASK))
                    | htons(v->pcp << 13 | VLAN_CFI);
        complete_vlan(ctx, had_tag);
    }
    return true;
}

bool
xlate_do_strip_vlan(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    UNWILDCARD(ctx, vlans);
    if (ctx->flow.vlans[0].tci & htons(VLAN_CFI)) {
        ctx->flow.vlans[0] = ctx->flow.vlans[1];
        ctx->flow.vlans[1] = (struct flow_vlan) { 0 };
    }
    return true;
}

bool
xlate_do_push_vlan(struct xlate_ctx *ctx, const struct ofpact *a,
                   const struct action_place *place)
{
    struct flow_vlan *vlans = ctx->flow.vlans;

    UNWILDCARD(ctx, vlans);
    vlans[1] = vlans[0];
    vlans[0].tpid = ofpact_get_PUSH_VLAN(a)->ethertype;
    vlans[0].tci = htons(VLAN_CFI);
    return true;
}

bool
xlate_do_set_eth_src(struct xlate_ctx *ctx, const struct ofpact *a,
                     const struct action_place *place)
{
    UNWILDCARD(ctx, dl_src);
    ctx->flow.dl_src = ofpact_get_SET_ETH_SRC(a)->mac;
    return true;
}

bool
xlate_do_set_eth_dst(struct xlate_ctx *ctx, const struct ofpact *a,
                     const struct action_place *place)
{
    UNWILDCARD(ctx, dl_dst);
    ctx->flow.dl_dst = ofpact_get_SET_ETH_DST(a)->mac;
    return true;
}

bool
xlate_do_set_ipv4_src(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    if (ctx->flow.dl_type == htons(ETH_TYPE_IPV4)) {
        UNWILDCARD(ctx, nw_src);
        ctx->flow.nw_src = ofpact_get_SET_IPV4_SRC(a)->ipv4;
    }
    return true;
}

bool
xlate_do_set_ipv4_dst(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    if (ctx->flow.dl_type == htons(ETH_TYPE_IPV4)) {
        UNWILDCARD(ctx, nw_dst);
        ctx->flow.nw_dst = ofpact_get_SET_IPV4_DST(a)->ipv4;
    }
    return true;
}

bool
xlate_do_set_ip_dscp(struct xlate_ctx *ctx, const struct ofpact *a,
                     const struct action_place *place)
{
    if (is_ip(&ctx->flow)) {
        ctx->wc->masks.nw_tos |= 0xfc;
        ctx->flow.nw_tos = (ctx->flow.nw_tos & 3)
                           | (ofpact_get_SET_IP_DSCP(a)->value & 0xfc);
    }
    return true;
}

bool
xlate_do_set_ip_ecn(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    if (is_ip(&ctx->flow)) {
        ctx->wc->masks.nw_tos |= 3;
        ctx->flow.nw_tos = (ctx->flow.nw_tos & 0xfc)
                           | (ofpact_get_SET_IP_ECN(a)->value & 3);
    }
    return true;
}

bool
xlate_do_set_ip_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
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

bool
xlate_do_set_l4_src(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    if (has_ports(ctx)) {
        UNWILDCARD(ctx, tp_src);
        ctx->flow.tp_src = htons(ofpact_get_SET_L4_SRC_PORT(a)->port);
    }
    return true;
}

bool
xlate_do_set_l4_dst(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    if (has_ports(ctx)) {
        UNWILDCARD(ctx, tp_dst);
        ctx->flow.tp_dst = htons(ofpact_get_SET_L4_DST_PORT(a)->port);
    }
    return true;
}

bool
xlate_do_dec_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
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
    xlate_note(ctx, TRACE_WARNING, "IPv%d decrement TTL exception",
               ctx->flow.dl_type == htons(ETH_TYPE_IPV4) ? 4 : 6);
    return false;
}

/* MPLS label stack entries. */
enum {
    MPLS_LABEL_MASK = 0xfffff000,
    MPLS_LABEL_SHIFT = 12,
    MPLS_TC_MASK = 0x00000e00,
    MPLS_TC_SHIFT = 9,
    MPLS_TTL_MASK = 0x000000ff,
    MPLS_DEFAULT_TTL = 64
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

bool
xlate_do_set_mpls_label(struct xlate_ctx *ctx, const struct ofpact *a,
                        const struct action_place *place)
{
    set_lse(ctx, MPLS_LABEL_MASK,
            ofpact_get_SET_MPLS_LABEL(a)->value << MPLS_LABEL_SHIFT);
    return true;
}

bool
xlate_do_set_mpls_tc(struct xlate_ctx *ctx, const struct ofpact *a,
                     const struct action_place *place)
{
    set_lse(ctx, MPLS_TC_MASK,
            (uint32_t) ofpact_get_SET_MPLS_TC(a)->value << MPLS_TC_SHIFT);
    return true;
}

bool
xlate_do_set_mpls_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    set_lse(ctx, MPLS_TTL_MASK, ofpact_get_SET_MPLS_TTL(a)->value);
    return true;
}

bool
xlate_do_dec_mpls_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    uint8_t ttl = ntohl(ctx->flow.mpls_lse[0]) & MPLS_TTL_MASK;

    if (is_mpls(&ctx->flow)) {
        UNWILDCARD(ctx, mpls_lse[0]);
        if (ttl > 1) {
            set_lse(ctx, MPLS_TTL_MASK, ttl - 1);
            return true;
        }
        xlate_controller(ctx, UINT16_MAX, PACKET_IN_INVALID_TTL, 0,
                         CONTROLLER_NO_METER, NULL, 0);
    }
    xlate_note(ctx, TRACE_WARNING, "MPLS decrement TTL exception");
    return false;
}

be32
xlate_first_lse(struct xlate_ctx *ctx)
{
    const struct flow *flow = &ctx->flow;
    uint32_t label = 0, tc = 0, ttl = 0;

    if (is_ip(flow)) {
        ctx->wc->masks.nw_tos |= 0xfc;
        UNWILDCARD(ctx, nw_ttl);
        label = flow->dl_type == htons(ETH_TYPE_IPV6) ? 2 : 0;
        tc = flow->nw_tos >> 2 & 7;
        ttl = flow->nw_ttl;
    }
    return htonl(label << MPLS_LABEL_SHIFT | tc << MPLS_TC_SHIFT | MPLS_BOS
                 | (ttl ? ttl : MPLS_DEFAULT_TTL));
}

/* Makes all that there are 'n' labels rests on matter, with the labels below the
 * first one, and 'first' of that. */
static void
unwildcard_labels(struct xlate_ctx *ctx, unsigned int n, be32 first)
{
    be32 *masks = ctx->wc->masks.mpls_lse;

    if (n && ctx->flow.mpls_lse[n - 1] & htonl(MPLS_BOS)) {
        masks[0] |= first | htonl(MPLS_BOS);
        memset(&masks[1], 0xff, (n - 1) * sizeof masks[0]);
    } else {
        UNWILDCARD(ctx, mpls_lse);
    }
}

bool
xlate_do_push_mpls(struct xlate_ctx *ctx, const struct ofpact *a,
                   const struct action_place *place)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = xlate_count_mpls(flow);

    if (is_mpls(flow)) {
        unwildcard_labels(ctx, n, UINT32_MAX);
    }
    if (n >= FLOW_MAX_MPLS_LABELS) {
        ctx->error = ctx->error ? ctx->error : XLATE_TOO_MANY_MPLS_LABELS;
        return false;
    }
    if (n) {
        memmove(&flow->mpls_lse[1], &flow->mpls_lse[0],
                n * sizeof flow->mpls_lse[0]);
        flow->mpls_lse[0] &= ~htonl(MPLS_BOS);
    } else {
        be32 lse = xlate_first_lse(ctx);

        /* The headers above are emitted before they are out of reach. */
        xlate_commit(ctx);
        flow->mpls_lse[0] = lse;
        ctx->had_mpls = true;
    }
    flow->dl_type = ofpact_get_PUSH_MPLS(a)->ethertype;
    return true;
}

bool
xlate_do_pop_mpls(struct xlate_ctx *ctx, const struct ofpact *a,
                  const struct action_place *place)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = xlate_count_mpls(flow);

    if (!n) {
        if (is_mpls(flow)) {
            UNWILDCARD(ctx, mpls_lse);
        }
        return true;
    }
    if (n == FLOW_MAX_MPLS_LABELS
        && !(flow->mpls_lse[n - 1] & htonl(MPLS_BOS))) {
        /* What would come up as the last one is not known. */
        for (int i = 0; i < FLOW_MAX_MPLS_LABELS; i++) {
            ctx->wc->masks.mpls_lse[i] |= htonl(MPLS_BOS);
        }
        xlate_note(ctx, TRACE_ERROR, "dropping packet on which an MPLS pop "
                   "action can't be performed as it has more MPLS LSEs than "
                   "the %d supported.", FLOW_MAX_MPLS_LABELS);
        ctx->error = ctx->error ? ctx->error : XLATE_TOO_MANY_MPLS_LABELS;
        return false;
    }
    unwildcard_labels(ctx, n, 0);
    memmove(&flow->mpls_lse[0], &flow->mpls_lse[1],
            (n - 1) * sizeof flow->mpls_lse[0]);
    flow->mpls_lse[n - 1] = 0;
    /* What is below the last label is known only to who looks again. */
    flow->dl_type = ofpact_get_POP_MPLS(a)->ethertype;
    if (n == 1 && is_ip(flow) && !ctx->had_mpls) {
        xlate_start_freezing(ctx);
        ctx->freeze_for_decap = true;
    }
    return true;
}

bool
xlate_do_delete_field(struct xlate_ctx *ctx, const struct ofpact *a,
                      const struct action_place *place)
{
    const struct field *field = ofpact_get_DELETE_FIELD(a)->field;

    if (field_is_tun_metadata(field->id)) {
        unsigned int slot = field->id - FIELD_TUN_METADATA0;
        const struct tlv_layout *layout = &ctx->tlv->layout;

        memset(ctx->flow.tunnel.opts + tlv_layout_offset(layout, slot), 0,
               tlv_layout_size(layout, slot));
        ctx->flow.tunnel.opts_present &= ~(UINT64_C(1) << slot);
        xlate_note(ctx, TRACE_DETAIL, "delete %s", field->name);
    }
    return true;
}

bool
xlate_do_set_tunnel(struct xlate_ctx *ctx, const struct ofpact *a,
                    const struct action_place *place)
{
    ctx->flow.tunnel.tun_id = htonll(ofpact_get_SET_TUNNEL(a)->tun_id);
    return true;
}
