/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/ovn_symbols.h"

/* The vocabulary, in the order in which symbols build on each other.  What
 * ovn-sb(5) lists is here, and what ovn-northd's flows use beyond. */

enum kind {
    K_FIELD,
    K_STRING,
    K_SUBFIELD,
    K_PREDICATE,
    K_OVN_FIELD,
};

static const struct {
    enum kind kind;
    const char *name;
    const char *text;            /* Bits or predicate. */
    const char *prereqs;
    enum base base;
    uint16_t base_ofs;
    uint16_t width;
    enum field_id field;
    uint16_t field_ofs;
    int ovn_field;
} rows[] = {
#define FIELD(NAME, BASE, OFS, WIDTH, FIELD_ID, FIELD_OFS, PREREQS) \
    { .kind = K_FIELD, .name = NAME, .base = BASE, .base_ofs = OFS, \
      .width = WIDTH, .field = FIELD_ID, .field_ofs = FIELD_OFS, \
      .prereqs = PREREQS }
#define STRING(NAME, BASE, OFS, FIELD_ID) \
    { .kind = K_STRING, .name = NAME, .base = BASE, .base_ofs = OFS, \
      .field = FIELD_ID }
#define SUBFIELD(NAME, BITS, PREREQS) \
    { .kind = K_SUBFIELD, .name = NAME, .text = BITS, .prereqs = PREREQS }
#define PREDICATE(NAME, TEXT) \
    { .kind = K_PREDICATE, .name = NAME, .text = TEXT }
#define OVN_FIELD(NAME, ID, WIDTH, PREREQS) \
    { .kind = K_OVN_FIELD, .name = NAME, .ovn_field = ID, .width = WIDTH, \
      .prereqs = PREREQS }
#define REG(N) \
    FIELD("reg" #N, BASE_XXREG0 + N / 4, (3 - N % 4) * 32, 32, \
          FIELD_REG0 + N, 0, NULL)
#define XREG(N) \
    FIELD("xreg" #N, BASE_XXREG0 + N / 2, (1 - N % 2) * 64, 64, \
          FIELD_XREG0 + N, 0, NULL)

    /* Logical fields. */
    STRING("inport", BASE_XXREG3, 32, FIELD_REG0 + LOG_REG_INPORT),
    STRING("outport", BASE_XXREG3, 0, FIELD_REG0 + LOG_REG_OUTPORT),
    REG(0), REG(1), REG(2), REG(3), REG(4),
    REG(5), REG(6), REG(7), REG(8), REG(9),
    XREG(0), XREG(1), XREG(2), XREG(3), XREG(4),
    FIELD("xxreg0", BASE_XXREG0, 0, 128, FIELD_XXREG0, 0, NULL),
    FIELD("xxreg1", BASE_XXREG1, 0, 128, FIELD_XXREG0 + 1, 0, NULL),
    FIELD("flags", BASE_XXREG2, 32, 32, FIELD_REG0 + LOG_REG_FLAGS, 0, NULL),
    SUBFIELD("flags.loopback", "flags[0]", NULL),
    SUBFIELD("flags.force_snat_for_dnat", "flags[2]", NULL),
    SUBFIELD("flags.force_snat_for_lb", "flags[3]", NULL),
    SUBFIELD("flags.skip_snat_for_lb", "flags[9]", NULL),
    SUBFIELD("flags.use_snat_zone", "flags[11]", NULL),
    SUBFIELD("flags.localnet", "flags[15]", NULL),
    SUBFIELD("flags.rx_from_tunnel", "flags[16]", NULL),
    SUBFIELD("flags.tunnel_rx", "flags[16]", NULL),
    SUBFIELD("flags.icmp_snat", "flags[17]", NULL),
    SUBFIELD("flags.override_local_only", "flags[18]", NULL),
    SUBFIELD("flags.from_ctrl", "flags[19]", NULL),
    SUBFIELD("flags.unsnat_new", "flags[20]", NULL),
    SUBFIELD("flags.unsnat_not_tracked", "flags[21]", NULL),
    SUBFIELD("flags.igmp_loopback", "flags[22]", NULL),
    SUBFIELD("flags.pkt_sampled", "flags[24]", NULL),
    SUBFIELD("flags.network_id", "flags[28..31]", NULL),
    FIELD("pkt.mark", BASE_PKT_MARK, 0, 32, FIELD_PKT_MARK, 0, NULL),

    /* Connection tracking. */
    FIELD("ct_mark", BASE_CT_MARK, 0, 32, FIELD_CT_MARK, 0, NULL),
    SUBFIELD("ct_mark.blocked", "ct_mark[0]", NULL),
    SUBFIELD("ct_mark.natted", "ct_mark[1]", NULL),
    SUBFIELD("ct_mark.skip_snat", "ct_mark[2]", NULL),
    SUBFIELD("ct_mark.force_snat", "ct_mark[3]", NULL),
    SUBFIELD("ct_mark.obs_stage", "ct_mark[4..5]", NULL),
    SUBFIELD("ct_mark.allow_established", "ct_mark[6]", NULL),
    SUBFIELD("ct_mark.nf_group", "ct_mark[7]", NULL),
    SUBFIELD("ct_mark.ecmp_reply_port", "ct_mark[16..31]", NULL),
    SUBFIELD("ct_mark.obs_collector_id", "ct_mark[16..23]", NULL),
    SUBFIELD("ct_mark.nf_group_id", "ct_mark[24..31]", NULL),
    FIELD("ct_label", BASE_CT_LABEL, 0, 128, FIELD_CT_LABEL, 0, NULL),
    SUBFIELD("ct_label.blocked", "ct_label[0]", NULL),
    SUBFIELD("ct_label.natted", "ct_label[1]", NULL),
    SUBFIELD("ct_label.skip_snat", "ct_label[2]", NULL),
    SUBFIELD("ct_label.force_snat", "ct_label[3]", NULL),
    SUBFIELD("ct_label.tun_if_id", "ct_label[4..19]", NULL),
    SUBFIELD("ct_label.nf_id", "ct_label[20..27]", NULL),
    SUBFIELD("ct_label.ecmp_reply_eth", "ct_label[32..79]", NULL),
    SUBFIELD("ct_label.ecmp_reply_port", "ct_label[80..95]", NULL),
    SUBFIELD("ct_label.acl_id", "ct_label[80..95]", NULL),
    SUBFIELD("ct_label.label", "ct_label[96..127]", NULL),
    SUBFIELD("ct_label.obs_point_id", "ct_label[96..127]", NULL),
    SUBFIELD("ct_label.obs_unused", "ct_label[0..95]", NULL),
    FIELD("ct_state", BASE_CT_STATE, 0, 8, FIELD_CT_STATE, 0, NULL),
    SUBFIELD("ct.trk", "ct_state[5]", NULL),
    SUBFIELD("ct.new", "ct_state[0]", "ct.trk"),
    SUBFIELD("ct.est", "ct_state[1]", "ct.trk"),
    SUBFIELD("ct.rel", "ct_state[2]", "ct.trk"),
    SUBFIELD("ct.rpl", "ct_state[3]", "ct.trk"),
    SUBFIELD("ct.inv", "ct_state[4]", "ct.trk"),
    SUBFIELD("ct.snat", "ct_state[6]", "ct.trk"),
    SUBFIELD("ct.dnat", "ct_state[7]", "ct.trk"),

    /* Ethernet. */
    FIELD("eth.src", BASE_ETH_SRC, 0, 48, FIELD_ETH_SRC, 0, NULL),
    FIELD("eth.dst", BASE_ETH_DST, 0, 48, FIELD_ETH_DST, 0, NULL),
    FIELD("eth.type", BASE_ETH_TYPE, 0, 16, FIELD_ETH_TYPE, 0, NULL),
    PREDICATE("eth.bcast", "eth.dst == ff:ff:ff:ff:ff:ff"),
    SUBFIELD("eth.mcast", "eth.dst[40]", NULL),
    PREDICATE("eth.mcastv6", "eth.dst[32..47] == 0x3333"),
    FIELD("vlan.tci", BASE_VLAN_TCI, 0, 16, FIELD_VLAN_TCI, 0, NULL),
    PREDICATE("vlan.present", "vlan.tci[12]"),
    SUBFIELD("vlan.pcp", "vlan.tci[13..15]", "vlan.present"),
    SUBFIELD("vlan.vid", "vlan.tci[0..11]", "vlan.present"),

    /* IP. */
    PREDICATE("ip4", "eth.type == 0x800"),
    PREDICATE("ip6", "eth.type == 0x86dd"),
    PREDICATE("ip", "ip4 || ip6"),
    FIELD("ip.proto", BASE_IP_PROTO, 0, 8, FIELD_IP_PROTO, 0, "ip"),
    FIELD("ip.dscp", BASE_IP_TOS, 2, 6, FIELD_IP_DSCP_SHIFTED, 0, "ip"),
    FIELD("ip.ecn", BASE_IP_TOS, 0, 2, FIELD_IP_ECN, 0, "ip"),
    FIELD("ip.ttl", BASE_IP_TTL, 0, 8, FIELD_IP_TTL, 0, "ip"),
    FIELD("ip4.src", BASE_NW_SRC, 0, 32, FIELD_IPV4_SRC, 0, "ip4"),
    FIELD("ip4.dst", BASE_NW_DST, 0, 32, FIELD_IPV4_DST, 0, "ip4"),
    PREDICATE("ip4.src_mcast", "ip4.src[28..31] == 0xe"),
    PREDICATE("ip4.mcast", "eth.mcast && ip4.dst[28..31] == 0xe"),
    FIELD("ip6.src", BASE_IP6_SRC, 0, 128, FIELD_IPV6_SRC, 0, "ip6"),
    FIELD("ip6.dst", BASE_IP6_DST, 0, 128, FIELD_IPV6_DST, 0, "ip6"),
    FIELD("ip6.label", BASE_IP6_LABEL, 0, 20, FIELD_IPV6_LABEL, 0, "ip6"),
    PREDICATE("ip6.mcast", "eth.mcastv6 && ip6.dst[120..127] == 0xff"),
    /* RFC 4291, section 2.7.1: groups that every switch floods. */
    PREDICATE("ip6.mcast_rsvd", "ip6.dst[116..127] == 0xff0 "
              "&& ip6.dst[0..111] == 0"),
    PREDICATE("ip6.mcast_all_nodes", "ip6.dst == {ff01::1, ff02::1}"),
    PREDICATE("ip6.mcast_all_rtrs", "ip6.dst == {ff01::2, ff02::2, ff05::2}"),
    PREDICATE("ip6.mcast_sol_node", "ip6.dst == ff02::1:ff00:0/104"),
    PREDICATE("ip6.mcast_flood", "eth.mcastv6 && (ip6.mcast_rsvd "
              "|| ip6.mcast_all_nodes || ip6.mcast_all_rtrs "
              "|| ip6.mcast_sol_node)"),
    FIELD("ip.frag", BASE_IP_FRAG, 0, 2, FIELD_IP_FRAG, 0, "ip"),
    PREDICATE("ip.is_frag", "ip.frag[0]"),
    PREDICATE("ip.later_frag", "ip.frag[1]"),
    PREDICATE("ip.first_frag", "ip.is_frag && !ip.later_frag"),

    /* ARP. */
    PREDICATE("arp", "eth.type == 0x806"),
    FIELD("arp.op", BASE_IP_PROTO, 0, 16, FIELD_ARP_OP, 0, "arp"),
    FIELD("arp.spa", BASE_NW_SRC, 0, 32, FIELD_ARP_SPA, 0, "arp"),
    FIELD("arp.tpa", BASE_NW_DST, 0, 32, FIELD_ARP_TPA, 0, "arp"),
    FIELD("arp.sha", BASE_ARP_SHA, 0, 48, FIELD_ARP_SHA, 0, "arp"),
    FIELD("arp.tha", BASE_ARP_THA, 0, 48, FIELD_ARP_THA, 0, "arp"),
    PREDICATE("rarp", "eth.type == 0x8035"),
    FIELD("rarp.op", BASE_IP_PROTO, 0, 16, FIELD_ARP_OP, 0, "rarp"),
    FIELD("rarp.spa", BASE_NW_SRC, 0, 32, FIELD_ARP_SPA, 0, "rarp"),
    FIELD("rarp.tpa", BASE_NW_DST, 0, 32, FIELD_ARP_TPA, 0, "rarp"),
    FIELD("rarp.sha", BASE_ARP_SHA, 0, 48, FIELD_ARP_SHA, 0, "rarp"),
    FIELD("rarp.tha", BASE_ARP_THA, 0, 48, FIELD_ARP_THA, 0, "rarp"),

    /* ICMP and neighbour discovery. */
    PREDICATE("icmp4", "ip4 && ip.proto == 1"),
    FIELD("icmp4.type", BASE_TP_SRC, 0, 8, FIELD_ICMPV4_TYPE, 0, "icmp4"),
    FIELD("icmp4.code", BASE_TP_DST, 0, 8, FIELD_ICMPV4_CODE, 0, "icmp4"),
    PREDICATE("igmp", "ip4.mcast && ip.proto == 2"),
    PREDICATE("icmp6", "ip6 && ip.proto == 58"),
    FIELD("icmp6.type", BASE_TP_SRC, 0, 8, FIELD_ICMPV6_TYPE, 0, "icmp6"),
    FIELD("icmp6.code", BASE_TP_DST, 0, 8, FIELD_ICMPV6_CODE, 0, "icmp6"),
    PREDICATE("icmp", "icmp4 || icmp6"),
    OVN_FIELD("icmp4.frag_mtu", OVN_FIELD_ICMP4_FRAG_MTU, 16, "icmp4"),
    OVN_FIELD("icmp6.frag_mtu", OVN_FIELD_ICMP6_FRAG_MTU, 32, "icmp6"),
    OVN_FIELD("icmp4.inner_ip4.src", OVN_FIELD_ICMP4_INNER_SRC, 32, "icmp4"),
    PREDICATE("nd", "icmp6.type == {135, 136} && icmp6.code == 0 "
              "&& ip.ttl == 255"),
    PREDICATE("nd_ns", "icmp6.type == 135 && icmp6.code == 0 "
              "&& ip.ttl == 255"),
    PREDICATE("nd_ns_mcast", "ip6.mcast && icmp6.type == 135 "
              "&& icmp6.code == 0 && ip.ttl == 255"),
    PREDICATE("nd_na", "icmp6.type == 136 && icmp6.code == 0 "
              "&& ip.ttl == 255"),
    PREDICATE("nd_rs", "icmp6.type == 133 && icmp6.code == 0 "
              "&& ip.ttl == 255"),
    PREDICATE("nd_ra", "icmp6.type == 134 && icmp6.code == 0 "
              "&& ip.ttl == 255"),
    FIELD("nd.target", BASE_ND_TARGET, 0, 128, FIELD_ND_TARGET, 0, "nd"),
    FIELD("nd.sll", BASE_ARP_SHA, 0, 48, FIELD_ND_SLL, 0, "nd_ns"),
    FIELD("nd.tll", BASE_ARP_THA, 0, 48, FIELD_ND_TLL, 0, "nd_na"),
    /* RFC 2710: queries, reports and dones have link-local sources. */
    PREDICATE("mldv1", "eth.mcastv6 && ip6.src == fe80::/10 "
              "&& icmp6.type == {130, 131, 132}"),
    /* RFC 3810: reports go to all MLDv2-capable routers. */
    PREDICATE("mldv2", "eth.mcastv6 && ip6.dst == ff02::16 "
              "&& icmp6.type == 143"),

    /* Transport. */
    PREDICATE("tcp", "ip.proto == 6"),
    FIELD("tcp.src", BASE_TP_SRC, 0, 16, FIELD_TCP_SRC, 0, "tcp"),
    FIELD("tcp.dst", BASE_TP_DST, 0, 16, FIELD_TCP_DST, 0, "tcp"),
    FIELD("tcp.flags", BASE_TCP_FLAGS, 0, 12, FIELD_TCP_FLAGS, 0, "tcp"),
    PREDICATE("udp", "ip.proto == 17"),
    FIELD("udp.src", BASE_TP_SRC, 0, 16, FIELD_UDP_SRC, 0, "udp"),
    FIELD("udp.dst", BASE_TP_DST, 0, 16, FIELD_UDP_DST, 0, "udp"),
    PREDICATE("sctp", "ip.proto == 132"),
    FIELD("sctp.src", BASE_TP_SRC, 0, 16, FIELD_SCTP_SRC, 0, "sctp"),
    FIELD("sctp.dst", BASE_TP_DST, 0, 16, FIELD_SCTP_DST, 0, "sctp"),

    /* The original direction of a tracked connection. */
    FIELD("ct_proto", BASE_CT_PROTO, 0, 8, FIELD_CT_NW_PROTO, 0,
          "ct.trk && ip"),
    FIELD("ct_nw_dst", BASE_CT_NW_DST, 0, 32, FIELD_CT_NW_DST, 0,
          "ct.trk && ip4"),
    FIELD("ct_ip6_dst", BASE_CT_IP6_DST, 0, 128, FIELD_CT_IPV6_DST, 0,
          "ct.trk && ip6"),
    FIELD("ct_tp_dst", BASE_CT_TP_DST, 0, 16, FIELD_CT_TP_DST, 0,
          "ct.trk && ip"),
};

void
ovn_symbols_add(struct symbol_table *table)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        __auto_type r = &rows[i];

        switch (r->kind) {
        case K_FIELD:
            symbol_table_add_field(table, r->name, r->base, r->base_ofs,
                                   r->width, r->field, r->field_ofs,
                                   r->prereqs);
            break;
        case K_STRING:
            symbol_table_add_string(table, r->name, r->base, r->base_ofs,
                                    r->field);
            break;
        case K_SUBFIELD:
            symbol_table_add_subfield(table, r->name, r->text, r->prereqs);
            break;
        case K_PREDICATE:
            symbol_table_add_predicate(table, r->name, r->text);
            break;
        case K_OVN_FIELD:
            symbol_table_add_ovn_field(table, r->name, r->ovn_field, r->width,
                                       r->prereqs);
            break;
        }
    }
}

const struct symbol_table *
ovn_symbols(void)
{
    static struct symbol_table table;
    static bool is_made;

    if (!is_made) {
        symbol_table_init(&table);
        ovn_symbols_add(&table);
        is_made = true;
    }
    return &table;
}
