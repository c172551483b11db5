/* SPDX-License-Identifier: Apache-2.0 */

/* Actions that put a header in front of the packet or take one away.
 *
 * Both first emit what is pending for the packet as it is: its headers are out
 * of reach, or gone, afterwards.  A header that was put on can be set like any
 * other until the next commit pushes it.  What was below one that was taken
 * away is known only to who looks again, except below Ethernet. */

#include "vswitch/xlate/actions.h"

#include "lib/flow/extract.h"
#include "lib/packet/headers.h"

#define ENCAP_NSH_TTL 63
#define ENCAP_NSH_SI 255

/* The caller's note has said why. */
static void
drop_unsupported(struct xlate_ctx *ctx)
{
    if (!ctx->error) {
        ctx->error = XLATE_BAD_PACKET_TYPE;
    }
}

static bool
is_labelled(uint32_t packet_type)
{
    return (packet_type == PACKET_TYPE_MPLS
            || packet_type == PACKET_TYPE_MPLS_MC);
}

/* Takes what is behind the first header out of the flow. */
static void
forget_inner(struct xlate_ctx *ctx)
{
    struct flow *flows[] = { &ctx->flow, &ctx->base };

    for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
        struct flow *f = flows[i];

        memset(f->vlans, 0, sizeof f->vlans);
        memset(f->mpls_lse, 0, sizeof f->mpls_lse);
        memset(&f->nsh, 0, sizeof f->nsh);
        f->dl_src = f->dl_dst = (struct eth_addr) { { 0 } };
        f->nw_src = f->nw_dst = 0;
        memset(&f->ipv6_src, 0, sizeof f->ipv6_src);
        memset(&f->ipv6_dst, 0, sizeof f->ipv6_dst);
        f->ipv6_label = 0;
        f->nw_frag = f->nw_tos = f->nw_ttl = f->nw_proto = 0;
        memset(&f->nd_target, 0, sizeof f->nd_target);
        f->arp_sha = f->arp_tha = (struct eth_addr) { { 0 } };
        f->tcp_flags = 0;
        f->tp_src = f->tp_dst = 0;
        f->igmp_group_ip4 = f->nd_reserved = 0;
        f->nd_options_type = 0;
    }
}

/* The next protocol of a header in front of the packet; 0: there is none. */
static uint8_t
nsh_next_protocol(uint32_t packet_type)
{
    for (uint8_t np = NSH_NP_IPV4; np <= NSH_NP_NSH; np++) {
        if (nsh_inner_packet_type(np) == packet_type) {
            return np;
        }
    }
    return 0;
}

/* Returns false if the TLVs are too large for a header. */
static bool
put_tlvs(const struct ofpact_encap *encap, struct buf *tlvs)
{
    const struct encap_property *p;

    buf_clear(tlvs);
    ENCAP_PROPERTY_FOR_EACH (p, encap) {
        if (p->type == ENCAP_NSH_TLV) {
            const struct nsh_tlv tlv = {
                .class_ = p->tlv_class, .type = p->value, .size = p->size,
            };

            buf_put(tlvs, &tlv, sizeof tlv);
            buf_put(tlvs, p->data, p->size);
            buf_pad(tlvs, 0, 4);
        }
    }
    return tlvs->size <= NSH_MAX_SIZE - NSH_BASE_SIZE;
}

static void
encap_nsh(struct xlate_ctx *ctx, const struct ofpact_encap *encap)
{
    uint8_t np = nsh_next_protocol(ctx->flow.packet_type);
    uint8_t md_type = NSH_MD_TYPE1;
    const struct encap_property *p;
    struct flow *flow = &ctx->flow;

    UNWILDCARD(ctx, packet_type);
    if (!np) {
        xlate_note(ctx, TRACE_ACTION, "Dropping packet as encap(nsh) is not "
                   "supported for packet type (%u,0x%x)",
                   flow->packet_type >> 16, flow->packet_type & UINT16_MAX);
        drop_unsupported(ctx);
        return;
    }
    ENCAP_PROPERTY_FOR_EACH (p, encap) {
        if (p->type == ENCAP_NSH_MD_TYPE) {
            md_type = p->value;
        }
    }
    if (!put_tlvs(encap, &ctx->nsh_tlvs)) {
        xlate_note(ctx, TRACE_ACTION, "the NSH metadata are too long");
        drop_unsupported(ctx);
        return;
    }
    forget_inner(ctx);
    ctx->n_reshaped++;
    flow->packet_type = PACKET_TYPE_NSH;
    flow->dl_type = htons(ETH_TYPE_NSH);
    flow->nsh = (struct flow_nsh) {
        .ttl = ENCAP_NSH_TTL, .mdtype = md_type, .np = np,
        .path_hdr = htonl(ENCAP_NSH_SI),
    };
    ctx->push_nsh = true;
}

static void
encap_ethernet(struct xlate_ctx *ctx)
{
    struct flow *flow = &ctx->flow;

    UNWILDCARD(ctx, packet_type);
    if (flow->packet_type >> 16 != PACKET_TYPE_NS_ETHERTYPE) {
        xlate_note(ctx, TRACE_ACTION, "Dropping packet as encap(ethernet) is "
                   "not supported for packet type ethernet.");
        drop_unsupported(ctx);
        return;
    }
    flow->dl_type = htons(flow->packet_type & UINT16_MAX);
    flow->packet_type = PACKET_TYPE_ETH;
    flow->dl_src = flow->dl_dst = (struct eth_addr) { { 0 } };
}

static void
encap_mpls(struct xlate_ctx *ctx, uint32_t packet_type)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = is_labelled(flow->packet_type) ? xlate_count_mpls(flow)
                     : 0;
    be32 lse;

    UNWILDCARD(ctx, packet_type);
    if (n >= FLOW_MAX_MPLS_LABELS) {
        xlate_note(ctx, TRACE_ERROR, "dropping packet on which an encap MPLS "
                   "action can't be performed as it would have more MPLS "
                   "LSEs than the %d supported.", FLOW_MAX_MPLS_LABELS);
        ctx->error = ctx->error ? ctx->error : XLATE_TOO_MANY_MPLS_LABELS;
        return;
    }
    if (n) {
        UNWILDCARD(ctx, mpls_lse);
        memmove(&flow->mpls_lse[1], &flow->mpls_lse[0],
                n * sizeof flow->mpls_lse[0]);
        flow->mpls_lse[0] &= ~htonl(MPLS_BOS);
    } else {
        lse = xlate_first_lse(ctx);
        forget_inner(ctx);
        flow->mpls_lse[0] = lse;
    }
    ctx->n_reshaped++;
    flow->packet_type = packet_type;
    flow->dl_type = htons(packet_type & UINT16_MAX);
    ctx->add_mpls = true;
}

bool
xlate_do_encap(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    const struct ofpact_encap *encap = ofpact_get_ENCAP(a);

    xlate_commit(ctx);
    switch (encap->packet_type) {
    case PACKET_TYPE_ETH:
        encap_ethernet(ctx);
        break;
    case PACKET_TYPE_NSH:
        encap_nsh(ctx, encap);
        break;
    default:
        encap_mpls(ctx, encap->packet_type);
        break;
    }
    return !ctx->error;
}

static void
decap_ethernet(struct xlate_ctx *ctx)
{
    struct flow *flow = &ctx->flow;

    UNWILDCARD(ctx, packet_type);
    UNWILDCARD(ctx, dl_type);
    if (flow->vlans[0].tci & htons(VLAN_CFI)) {
        xlate_note(ctx, TRACE_ACTION, "Dropping packet, cannot decap "
                   "Ethernet if VLAN is present.");
        drop_unsupported(ctx);
        return;
    }
    flow->packet_type = PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE,
                                    ntohs(flow->dl_type));
}

static void
decap_nsh(struct xlate_ctx *ctx)
{
    struct flow *flow = &ctx->flow;
    uint8_t np = flow->nsh.np;

    UNWILDCARD(ctx, packet_type);
    UNWILDCARD(ctx, nsh.np);
    if (nsh_inner_packet_type(np) == PACKET_TYPE_UNKNOWN) {
        xlate_note(ctx, TRACE_ACTION, "Dropping packet as NSH next protocol "
                   "%u is not supported", np);
        drop_unsupported(ctx);
        return;
    }
    flow->packet_type = nsh_inner_packet_type(np);
    ctx->pop_nsh = true;
    xlate_start_freezing(ctx);
    ctx->freeze_for_decap = true;
}

/* What is below a label is what the action says. */
static void
decap_mpls(struct xlate_ctx *ctx, uint32_t inner)
{
    struct flow *flow = &ctx->flow;
    unsigned int n = xlate_count_mpls(flow);
    be16 type = htons(inner == PACKET_TYPE_ETH ? ETH_TYPE_TEB
                      : inner & UINT16_MAX);

    UNWILDCARD(ctx, packet_type);
    if (n == 1) {
        ctx->wc->masks.mpls_lse[0] |= htonl(MPLS_BOS);
    } else {
        UNWILDCARD(ctx, mpls_lse);
    }
    memmove(&flow->mpls_lse[0], &flow->mpls_lse[1],
            (FLOW_MAX_MPLS_LABELS - 1) * sizeof flow->mpls_lse[0]);
    flow->mpls_lse[FLOW_MAX_MPLS_LABELS - 1] = 0;
    flow->packet_type = inner;
    flow->dl_type = type;
    ctx->pop_mpls = type;
    xlate_start_freezing(ctx);
    ctx->freeze_for_decap = true;
}

bool
xlate_do_decap(struct xlate_ctx *ctx, const struct ofpact *a,
               const struct action_place *place)
{
    uint32_t packet_type = ctx->flow.packet_type;

    xlate_commit(ctx);
    switch (packet_type) {
    case PACKET_TYPE_ETH:
        decap_ethernet(ctx);
        break;
    case PACKET_TYPE_NSH:
        decap_nsh(ctx);
        break;
    case PACKET_TYPE_MPLS:
    case PACKET_TYPE_MPLS_MC:
        decap_mpls(ctx, ofpact_get_DECAP(a)->packet_type);
        break;
    default:
        xlate_note(ctx, TRACE_ACTION, "Dropping packet as the decap() does "
                   "not support packet type (%u,0x%x)", packet_type >> 16,
                   packet_type & UINT16_MAX);
        drop_unsupported(ctx);
        break;
    }
    return !ctx->error;
}

bool
xlate_do_dec_nsh_ttl(struct xlate_ctx *ctx, const struct ofpact *a,
                     const struct action_place *place)
{
    if (ctx->flow.dl_type != htons(ETH_TYPE_NSH)) {
        return true;
    }
    UNWILDCARD(ctx, nsh.ttl);
    if (ctx->flow.nsh.ttl > 1) {
        ctx->flow.nsh.ttl--;
        return true;
    }
    xlate_controller(ctx, UINT16_MAX, PACKET_IN_INVALID_TTL, 0,
                     CONTROLLER_NO_METER, NULL, 0);
    xlate_note(ctx, TRACE_WARNING, "NSH decrement TTL exception");
    return false;
}
