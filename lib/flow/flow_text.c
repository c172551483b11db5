/* SPDX-License-Identifier: Apache-2.0 */

/* A packet's flow as text. */

#include "lib/flow/match.h"

#include <string.h>

#include "lib/base/text.h"

void
flow_format(const struct flow *flow, const struct tlv_table *tlv,
            const struct port_map *ports, struct str *s)
{
    struct match match;
    uint64_t *masks;

    match_init_with_table(&match, tlv);
    match.flow = *flow;
    masks = (void *) &match.wc.masks;
    for (size_t i = 0; i < FLOW_STAGE_L2; i++) {
        masks[i] = 0;
    }
#define SHOW(MEMBER) \
    memset(&match.wc.masks.MEMBER, 0xff, sizeof match.wc.masks.MEMBER)
#define SHOW_SET(MEMBER) \
    do { \
        static const uint8_t zero_[sizeof flow->MEMBER]; \
        if (memcmp(&flow->MEMBER, zero_, sizeof zero_)) { \
            SHOW(MEMBER); \
        } \
    } while (0)
    SHOW_SET(recirc_id);
    SHOW_SET(metadata);
    SHOW_SET(skb_priority);
    SHOW_SET(pkt_mark);
    SHOW_SET(dp_hash);
    SHOW_SET(ct_state);
    SHOW_SET(ct_zone);
    SHOW_SET(ct_mark);
    SHOW_SET(ct_label);
    for (unsigned int i = 0; i < FLOW_N_REGS; i++) {
        SHOW_SET(regs[i]);
    }
    SHOW_SET(tunnel.src);
    SHOW_SET(tunnel.dst);
    SHOW_SET(tunnel.tun_id);
    SHOW_SET(tunnel.tos);
    SHOW_SET(tunnel.ttl);
    SHOW_SET(tunnel.opts);
    match.wc.masks.tunnel.opts_present = flow->tunnel.opts_present;
    match.flow.tunnel.flags = 0;
    match.flow.tunnel.tp_src = match.flow.tunnel.tp_dst = 0;
    match.flow.tunnel.opts_size = 0;
    match.flow.actset_output = 0;
    match.flow.conj_id = 0;
    match.flow.ct_nw_proto = 0;
    SHOW_SET(in_port);
    SHOW(packet_type);
    if (flow->packet_type == PACKET_TYPE_ETH) {
        SHOW(dl_dst);
        SHOW(dl_src);
        SHOW(dl_type);
        SHOW(vlans[0]);
        if (flow->vlans[0].tci) {
            SHOW(vlans[1]);
        }
    }
    if (flow->dl_type == htons(0x0800) || flow->dl_type == htons(0x86dd)) {
        SHOW(nw_proto);
        SHOW(nw_tos);
        SHOW(nw_ttl);
        SHOW(nw_frag);
        if (flow->dl_type == htons(0x0800)) {
            SHOW(nw_src);
            SHOW(nw_dst);
        } else {
            SHOW(ipv6_src);
            SHOW(ipv6_dst);
            SHOW(ipv6_label);
        }
        if (!(flow->nw_frag & FLOW_NW_FRAG_LATER)
            && (flow->nw_proto == 6 || flow->nw_proto == 17
                || flow->nw_proto == 132 || flow->nw_proto == 1
                || flow->nw_proto == 58)) {
            SHOW(tp_src);
            SHOW(tp_dst);
            if (flow->nw_proto == 6) {
                SHOW(tcp_flags);
            }
        }
        if (flow->dl_type == htons(0x86dd) && flow->nw_proto == 58
            && (flow->tp_src == htons(135) || flow->tp_src == htons(136))) {
            SHOW(nd_target);
            SHOW(arp_sha);
            SHOW(arp_tha);
        }
    } else if (flow->dl_type == htons(0x0806)) {
        SHOW(nw_proto);
        SHOW(nw_src);
        SHOW(nw_dst);
        SHOW(arp_sha);
        SHOW(arp_tha);
    } else if (flow->dl_type == htons(0x8847)
               || flow->dl_type == htons(0x8848)) {
        for (int i = 0; i < FLOW_MAX_MPLS_LABELS; i++) {
            SHOW(mpls_lse[i]);
            if (flow->mpls_lse[i] & htonl(0x100)) {
                break;
            }
        }
    } else if (flow->dl_type == htons(0x894f)) {
        SHOW(nsh);
        if (flow->nsh.mdtype != 1) {
            memset(match.wc.masks.nsh.context, 0,
                   sizeof match.wc.masks.nsh.context);
        }
        SHOW(nw_proto);
        SHOW(nw_tos);
        SHOW(nw_ttl);
        SHOW(nw_frag);
    }
#undef SHOW
#undef SHOW_SET
    match_mask_flow(&match);
    match_format(&match, ports, FLOW_DEFAULT_PRIORITY, s);
}
