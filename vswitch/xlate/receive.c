/* SPDX-License-Identifier: Apache-2.0 */

/* Between the datapath's flows and the bridge's. */

#include "vswitch/xlate/ctx.h"

#include "lib/packet/packet.h"

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
        xlate_clear_ct_members(m);
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
