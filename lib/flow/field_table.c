/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/field.h"

/* Rows are by identifier; a row says, in order: names; value bytes and bits;
 * whether maskable (M) and writable (W); text form; prerequisites; storage;
 * member of struct flow; shift within the stored integer; wire headers. */

#define M true
#define X false
#define W true
#define R false

#define FIELD(ID, NAME, ALIAS, BYTES, BITS, MASKABLE, WRITABLE, FORM, PREREQ, \
              STORAGE, MEMBER, SHIFT, ...) \
    [FIELD_##ID] = { \
        .id = FIELD_##ID, .name = NAME, .alias = ALIAS, .n_bytes = BYTES, \
        .n_bits = BITS, .is_maskable = MASKABLE, .is_writable = WRITABLE, \
        .form = FORM_##FORM, .prereq = PREREQ_##PREREQ, \
        .storage = STORE_##STORAGE, .offset = offsetof(struct flow, MEMBER), \
        .shift = SHIFT, __VA_ARGS__ \
    }

/* Wire headers: OpenFlow's class with the first version that has the field,
 * Nicira's two, and experimenters'. */
#define OXM(FIELD, NAME, VERSION) \
    .oxm = { 0, 0x8000, FIELD }, .oxm_name = "OXM_OF_" NAME, \
    .oxm_version = VERSION
#define PKT_REG(FIELD, NAME) \
    .oxm = { 0, 0x8001, FIELD }, .oxm_name = "OXM_OF_PKT_REG" NAME, \
    .oxm_version = 4
#define ONFOXM(FIELD, NAME, VERSION) \
    .oxm = { 0x4f4e4600, 0xffff, FIELD }, .oxm_name = "ONFOXM_ET_" NAME, \
    .oxm_version = VERSION
#define NXM0(FIELD, NAME) \
    .nxm = { 0, 0x0000, FIELD }, .nxm_name = "NXM_OF_" NAME
#define NXM1(FIELD, NAME) \
    .nxm = { 0, 0x0001, FIELD }, .nxm_name = "NXM_NX_" NAME
#define NXOXM_ET(FIELD, NAME) \
    .nxm = { 0x00002320, 0xffff, FIELD }, .nxm_name = "NXOXM_ET_" NAME
#define NXOXM_NSH(FIELD, NAME) \
    .nxm = { 0x005ad650, 0xffff, FIELD }, .nxm_name = "NXOXM_NSH_" NAME
#define ERICOXM(FIELD, NAME) \
    .nxm = { 0, 0x1000, FIELD }, .nxm_name = "ERICOXM_OF_" NAME
#define NO_HEADER .nxm_name = NULL

#define TUN_METADATA(N) \
    [FIELD_TUN_METADATA0 + N] = { \
        .id = FIELD_TUN_METADATA0 + N, .name = "tun_metadata" #N, \
        .n_bytes = 124, .n_bits = 992, .is_variable = true, \
        .is_maskable = true, .is_writable = true, .form = FORM_HEXADECIMAL, \
        .prereq = PREREQ_NONE, .storage = STORE_TLV, \
        .offset = offsetof(struct flow, tunnel.opts), \
        .nxm = { 0, 0x0001, 40 + N }, .nxm_name = "NXM_NX_TUN_METADATA" #N \
    }
#define TUN_METADATA8(A, B, C, D, E, F, G, H) \
    TUN_METADATA(A), TUN_METADATA(B), TUN_METADATA(C), TUN_METADATA(D), \
    TUN_METADATA(E), TUN_METADATA(F), TUN_METADATA(G), TUN_METADATA(H)

#define REG_(N, ...) \
    [FIELD_REG0 + N] = { \
        .id = FIELD_REG0 + N, .name = "reg" #N, .n_bytes = 4, .n_bits = 32, \
        .is_maskable = true, .is_writable = true, .form = FORM_HEXADECIMAL, \
        .prereq = PREREQ_NONE, .storage = STORE_U32, \
        .offset = offsetof(struct flow, regs[N]), __VA_ARGS__ \
    }
#define REG(N) \
    REG_(N, .nxm = { 0, 0x0001, N }, .nxm_name = "NXM_NX_REG" #N)

/* Registers from 16 on have no header of their own: they travel as halves of
 * xreg8 and up. */
#define HIGH_REG(N) REG_(N, .nxm_name = NULL)

#define XREG(N) \
    [FIELD_XREG0 + N] = { \
        .id = FIELD_XREG0 + N, .name = "xreg" #N, .n_bytes = 8, \
        .n_bits = 64, .is_maskable = true, .is_writable = true, \
        .form = FORM_HEXADECIMAL, .prereq = PREREQ_NONE, \
        .storage = STORE_XREG, .offset = offsetof(struct flow, regs[2 * N]), \
        PKT_REG(N, #N) \
    }
#define XXREG(N) \
    [FIELD_XXREG0 + N] = { \
        .id = FIELD_XXREG0 + N, .name = "xxreg" #N, .n_bytes = 16, \
        .n_bits = 128, .is_maskable = true, .is_writable = true, \
        .form = FORM_HEXADECIMAL, .prereq = PREREQ_NONE, \
        .storage = STORE_XXREG, .offset = offsetof(struct flow, regs[4 * N]), \
        NXM1(111 + N, "XXREG" #N) \
    }

const struct field field_table[FIELD_N_IDS] = {
    FIELD(DP_HASH, "dp_hash", NULL, 4, 32, M, R, HEXADECIMAL, NONE,
          U32, dp_hash, 0, NXM1(35, "DP_HASH")),
    FIELD(RECIRC_ID, "recirc_id", NULL, 4, 32, X, R, DECIMAL, NONE,
          U32, recirc_id, 0, NXM1(36, "RECIRC_ID")),
    FIELD(PACKET_TYPE, "packet_type", NULL, 4, 32, X, R, PACKET_TYPE, NONE,
          U32, packet_type, 0, OXM(44, "PACKET_TYPE", 6)),
    FIELD(CONJ_ID, "conj_id", NULL, 4, 32, X, R, DECIMAL, NONE,
          U32, conj_id, 0, NXM1(37, "CONJ_ID")),
    FIELD(TUN_ID, "tun_id", "tunnel_id", 8, 64, M, W, HEXADECIMAL, NONE,
          BE64, tunnel.tun_id, 0,
          OXM(38, "TUNNEL_ID", 4), NXM1(16, "TUN_ID")),
    FIELD(TUN_SRC, "tun_src", NULL, 4, 32, M, W, IPV4, NONE,
          MAPPED_IPV4, tunnel.src, 0, NXM1(31, "TUN_IPV4_SRC")),
    FIELD(TUN_DST, "tun_dst", NULL, 4, 32, M, W, IPV4, NONE,
          MAPPED_IPV4, tunnel.dst, 0, NXM1(32, "TUN_IPV4_DST")),
    FIELD(TUN_IPV6_SRC, "tun_ipv6_src", NULL, 16, 128, M, W, IPV6, NONE,
          OUTER_IPV6, tunnel.src, 0, NXM1(109, "TUN_IPV6_SRC")),
    FIELD(TUN_IPV6_DST, "tun_ipv6_dst", NULL, 16, 128, M, W, IPV6, NONE,
          OUTER_IPV6, tunnel.dst, 0, NXM1(110, "TUN_IPV6_DST")),
    FIELD(TUN_FLAGS, "tun_flags", NULL, 2, 1, M, W, TUNNEL_FLAGS, NONE,
          U16, tunnel.flags, 0, NXM1(104, "TUN_FLAGS")),
    FIELD(TUN_TTL, "tun_ttl", NULL, 1, 8, X, R, DECIMAL, NONE,
          U8, tunnel.ttl, 0, NO_HEADER),
    FIELD(TUN_TOS, "tun_tos", NULL, 1, 8, X, R, DECIMAL, NONE,
          U8, tunnel.tos, 0, NO_HEADER),
    FIELD(TUN_GBP_ID, "tun_gbp_id", NULL, 2, 16, M, W, DECIMAL, NONE,
          BE16, tunnel.gbp_id, 0, NXM1(38, "TUN_GBP_ID")),
    FIELD(TUN_GBP_FLAGS, "tun_gbp_flags", NULL, 1, 8, M, W, HEXADECIMAL, NONE,
          U8, tunnel.gbp_flags, 0, NXM1(39, "TUN_GBP_FLAGS")),
    FIELD(TUN_ERSPAN_IDX, "tun_erspan_idx", NULL, 4, 20, M, W, HEXADECIMAL,
          NONE, U32, tunnel.erspan_idx, 0, NXOXM_ET(11, "ERSPAN_IDX")),
    FIELD(TUN_ERSPAN_VER, "tun_erspan_ver", NULL, 1, 4, M, W, DECIMAL,
          NONE, U8, tunnel.erspan_ver, 0, NXOXM_ET(12, "ERSPAN_VER")),
    FIELD(TUN_ERSPAN_DIR, "tun_erspan_dir", NULL, 1, 1, M, W, DECIMAL,
          NONE, U8, tunnel.erspan_dir, 0, NXOXM_ET(13, "ERSPAN_DIR")),
    FIELD(TUN_ERSPAN_HWID, "tun_erspan_hwid", NULL, 1, 6, M, W, HEXADECIMAL,
          NONE, U8, tunnel.erspan_hwid, 0, NXOXM_ET(14, "ERSPAN_HWID")),
    FIELD(TUN_GTPU_FLAGS, "tun_gtpu_flags", NULL, 1, 8, M, R, HEXADECIMAL,
          NONE, U8, tunnel.gtpu_flags, 0, NXOXM_ET(15, "GTPU_FLAGS")),
    FIELD(TUN_GTPU_MSGTYPE, "tun_gtpu_msgtype", NULL, 1, 8, M, R, DECIMAL,
          NONE, U8, tunnel.gtpu_msgtype, 0, NXOXM_ET(16, "GTPU_MSGTYPE")),
    TUN_METADATA8(0, 1, 2, 3, 4, 5, 6, 7),
    TUN_METADATA8(8, 9, 10, 11, 12, 13, 14, 15),
    TUN_METADATA8(16, 17, 18, 19, 20, 21, 22, 23),
    TUN_METADATA8(24, 25, 26, 27, 28, 29, 30, 31),
    TUN_METADATA8(32, 33, 34, 35, 36, 37, 38, 39),
    TUN_METADATA8(40, 41, 42, 43, 44, 45, 46, 47),
    TUN_METADATA8(48, 49, 50, 51, 52, 53, 54, 55),
    TUN_METADATA8(56, 57, 58, 59, 60, 61, 62, 63),
    FIELD(METADATA, "metadata", NULL, 8, 64, M, W, HEXADECIMAL, NONE,
          BE64, metadata, 0, OXM(2, "METADATA", 3)),
    FIELD(IN_PORT, "in_port", NULL, 2, 16, X, W, PORT_16, NONE,
          PORT_16, in_port, 0, NXM0(0, "IN_PORT")),
    FIELD(IN_PORT_OXM, "in_port_oxm", NULL, 4, 32, X, W, PORT_32, NONE,
          PORT_32, in_port, 0, OXM(0, "IN_PORT", 3)),
    FIELD(ACTSET_OUTPUT, "actset_output", NULL, 4, 32, X, R, PORT_32, NONE,
          PORT_32, actset_output, 0, ONFOXM(43, "ACTSET_OUTPUT", 4)),
    FIELD(SKB_PRIORITY, "skb_priority", NULL, 4, 32, X, R, HEXADECIMAL, NONE,
          U32, skb_priority, 0, NO_HEADER),
    FIELD(PKT_MARK, "pkt_mark", NULL, 4, 32, M, W, HEXADECIMAL, NONE,
          U32, pkt_mark, 0, NXM1(33, "PKT_MARK")),
    FIELD(CT_STATE, "ct_state", NULL, 4, 32, M, R, CT_STATE, NONE,
          U8, ct_state, 0, NXM1(105, "CT_STATE")),
    FIELD(CT_ZONE, "ct_zone", NULL, 2, 16, X, R, HEXADECIMAL, NONE,
          U16, ct_zone, 0, NXM1(106, "CT_ZONE")),
    FIELD(CT_MARK, "ct_mark", NULL, 4, 32, M, W, HEXADECIMAL, NONE,
          U32, ct_mark, 0, NXM1(107, "CT_MARK")),
    FIELD(CT_LABEL, "ct_label", NULL, 16, 128, M, W, HEXADECIMAL, NONE,
          BYTES, ct_label, 0, NXM1(108, "CT_LABEL")),
    FIELD(CT_NW_PROTO, "ct_nw_proto", NULL, 1, 8, X, R, DECIMAL, CT_VALID,
          U8, ct_nw_proto, 0, NXM1(119, "CT_NW_PROTO")),
    FIELD(CT_NW_SRC, "ct_nw_src", NULL, 4, 32, M, R, IPV4, CT_VALID,
          BE32, ct_nw_src, 0, NXM1(120, "CT_NW_SRC")),
    FIELD(CT_NW_DST, "ct_nw_dst", NULL, 4, 32, M, R, IPV4, CT_VALID,
          BE32, ct_nw_dst, 0, NXM1(121, "CT_NW_DST")),
    FIELD(CT_IPV6_SRC, "ct_ipv6_src", NULL, 16, 128, M, R, IPV6, CT_VALID,
          BYTES, ct_ipv6_src, 0, NXM1(122, "CT_IPV6_SRC")),
    FIELD(CT_IPV6_DST, "ct_ipv6_dst", NULL, 16, 128, M, R, IPV6, CT_VALID,
          BYTES, ct_ipv6_dst, 0, NXM1(123, "CT_IPV6_DST")),
    FIELD(CT_TP_SRC, "ct_tp_src", NULL, 2, 16, M, R, DECIMAL, CT_VALID,
          BE16, ct_tp_src, 0, NXM1(124, "CT_TP_SRC")),
    FIELD(CT_TP_DST, "ct_tp_dst", NULL, 2, 16, M, R, DECIMAL, CT_VALID,
          BE16, ct_tp_dst, 0, NXM1(125, "CT_TP_DST")),
    REG(0), REG(1), REG(2), REG(3), REG(4), REG(5), REG(6), REG(7),
    REG(8), REG(9), REG(10), REG(11), REG(12), REG(13), REG(14), REG(15),
    HIGH_REG(16), HIGH_REG(17), HIGH_REG(18), HIGH_REG(19),
    HIGH_REG(20), HIGH_REG(21), HIGH_REG(22), HIGH_REG(23),
    HIGH_REG(24), HIGH_REG(25), HIGH_REG(26), HIGH_REG(27),
    HIGH_REG(28), HIGH_REG(29), HIGH_REG(30), HIGH_REG(31),
    XREG(0), XREG(1), XREG(2), XREG(3), XREG(4), XREG(5), XREG(6), XREG(7),
    XREG(8), XREG(9), XREG(10), XREG(11), XREG(12), XREG(13), XREG(14),
    XREG(15),
    XXREG(0), XXREG(1), XXREG(2), XXREG(3), XXREG(4), XXREG(5), XXREG(6),
    XXREG(7),

    FIELD(ETH_SRC, "eth_src", "dl_src", 6, 48, M, W, ETHERNET, ETHERNET,
          BYTES, dl_src, 0, OXM(4, "ETH_SRC", 3), NXM0(2, "ETH_SRC")),
    FIELD(ETH_DST, "eth_dst", "dl_dst", 6, 48, M, W, ETHERNET, ETHERNET,
          BYTES, dl_dst, 0, OXM(3, "ETH_DST", 3), NXM0(1, "ETH_DST")),
    FIELD(ETH_TYPE, "eth_type", "dl_type", 2, 16, X, R, HEXADECIMAL, ETHERNET,
          BE16, dl_type, 0, OXM(5, "ETH_TYPE", 3), NXM0(3, "ETH_TYPE")),
    FIELD(VLAN_TCI, "vlan_tci", NULL, 2, 16, M, W, HEXADECIMAL, ETHERNET,
          BE16, vlans[0].tci, 0, NXM0(4, "VLAN_TCI")),
    FIELD(DL_VLAN, "dl_vlan", NULL, 2, 12, X, W, DECIMAL, ETHERNET,
          DL_VLAN, vlans[0].tci, 0, NO_HEADER, .value_mask = 0xffff),
    FIELD(VLAN_VID, "vlan_vid", NULL, 2, 12, M, W, DECIMAL, ETHERNET,
          BE16, vlans[0].tci, 0, OXM(6, "VLAN_VID", 3), .value_mask = 0x1fff),
    FIELD(DL_VLAN_PCP, "dl_vlan_pcp", NULL, 1, 3, X, W, DECIMAL, ETHERNET,
          BE16, vlans[0].tci, 13, NO_HEADER),
    FIELD(VLAN_PCP, "vlan_pcp", NULL, 1, 3, X, W, DECIMAL, VLAN,
          BE16, vlans[0].tci, 13, OXM(7, "VLAN_PCP", 3)),
    FIELD(MPLS_LABEL, "mpls_label", NULL, 4, 20, X, W, DECIMAL, MPLS,
          BE32, mpls_lse[0], 12, OXM(34, "MPLS_LABEL", 3)),
    FIELD(MPLS_TC, "mpls_tc", NULL, 1, 3, X, W, DECIMAL, MPLS,
          BE32, mpls_lse[0], 9, OXM(35, "MPLS_TC", 3)),
    FIELD(MPLS_BOS, "mpls_bos", NULL, 1, 1, X, R, DECIMAL, MPLS,
          BE32, mpls_lse[0], 8, OXM(36, "MPLS_BOS", 4)),
    FIELD(MPLS_TTL, "mpls_ttl", NULL, 1, 8, X, W, DECIMAL, MPLS,
          BE32, mpls_lse[0], 0, NXM1(30, "MPLS_TTL")),
    FIELD(NSH_FLAGS, "nsh_flags", NULL, 1, 8, M, W, DECIMAL, NSH,
          U8, nsh.flags, 0, NXOXM_NSH(1, "FLAGS")),
    FIELD(NSH_TTL, "nsh_ttl", NULL, 1, 8, X, W, DECIMAL, NSH,
          U8, nsh.ttl, 0, NXOXM_NSH(10, "TTL")),
    FIELD(NSH_MDTYPE, "nsh_mdtype", NULL, 1, 8, X, R, DECIMAL, NSH,
          U8, nsh.mdtype, 0, NXOXM_NSH(2, "MDTYPE")),
    FIELD(NSH_NP, "nsh_np", NULL, 1, 8, X, R, DECIMAL, NSH,
          U8, nsh.np, 0, NXOXM_NSH(3, "NP")),
    FIELD(NSH_SPI, "nsh_spi", "nsp", 4, 24, X, W, HEXADECIMAL, NSH,
          BE32, nsh.path_hdr, 8, NXOXM_NSH(4, "SPI")),
    FIELD(NSH_SI, "nsh_si", "nsi", 1, 8, X, W, DECIMAL, NSH,
          BE32, nsh.path_hdr, 0, NXOXM_NSH(5, "SI")),
    FIELD(NSH_C1, "nsh_c1", "nshc1", 4, 32, M, W, HEXADECIMAL, NSH,
          BE32, nsh.context[0], 0, NXOXM_NSH(6, "C1")),
    FIELD(NSH_C2, "nsh_c2", "nshc2", 4, 32, M, W, HEXADECIMAL, NSH,
          BE32, nsh.context[1], 0, NXOXM_NSH(7, "C2")),
    FIELD(NSH_C3, "nsh_c3", "nshc3", 4, 32, M, W, HEXADECIMAL, NSH,
          BE32, nsh.context[2], 0, NXOXM_NSH(8, "C3")),
    FIELD(NSH_C4, "nsh_c4", "nshc4", 4, 32, M, W, HEXADECIMAL, NSH,
          BE32, nsh.context[3], 0, NXOXM_NSH(9, "C4")),

    FIELD(IPV4_SRC, "ip_src", "nw_src", 4, 32, M, W, IPV4, IPV4,
          BE32, nw_src, 0, OXM(11, "IPV4_SRC", 3), NXM0(7, "IP_SRC")),
    FIELD(IPV4_DST, "ip_dst", "nw_dst", 4, 32, M, W, IPV4, IPV4,
          BE32, nw_dst, 0, OXM(12, "IPV4_DST", 3), NXM0(8, "IP_DST")),
    FIELD(IPV6_SRC, "ipv6_src", NULL, 16, 128, M, W, IPV6, IPV6,
          BYTES, ipv6_src, 0, OXM(26, "IPV6_SRC", 3), NXM1(19, "IPV6_SRC")),
    FIELD(IPV6_DST, "ipv6_dst", NULL, 16, 128, M, W, IPV6, IPV6,
          BYTES, ipv6_dst, 0, OXM(27, "IPV6_DST", 3), NXM1(20, "IPV6_DST")),
    FIELD(IPV6_LABEL, "ipv6_label", NULL, 4, 20, M, W, HEXADECIMAL, IPV6,
          BE32, ipv6_label, 0,
          OXM(28, "IPV6_FLABEL", 3), NXM1(27, "IPV6_LABEL")),
    FIELD(IP_PROTO, "nw_proto", "ip_proto", 1, 8, X, R, DECIMAL, IP_ANY,
          U8, nw_proto, 0, OXM(10, "IP_PROTO", 3), NXM0(6, "IP_PROTO")),
    FIELD(IP_DSCP, "nw_tos", NULL, 1, 8, X, W, DECIMAL, IP_ANY,
          U8, nw_tos, 0, NXM0(5, "IP_TOS"), .value_mask = 0xfc),
    FIELD(IP_DSCP_SHIFTED, "ip_dscp", NULL, 1, 6, X, W, DECIMAL, IP_ANY,
          U8, nw_tos, 2, OXM(8, "IP_DSCP", 3)),
    FIELD(IP_ECN, "nw_ecn", "ip_ecn", 1, 2, X, W, DECIMAL, IP_ANY,
          U8, nw_tos, 0, OXM(9, "IP_ECN", 3), NXM1(28, "IP_ECN")),
    FIELD(IP_TTL, "nw_ttl", NULL, 1, 8, X, W, DECIMAL, IP_ANY,
          U8, nw_ttl, 0, NXM1(29, "IP_TTL")),
    FIELD(IP_FRAG, "ip_frag", "nw_frag", 1, 2, M, R, FRAG, IP_ANY,
          U8, nw_frag, 0, NXM1(26, "IP_FRAG")),
    FIELD(ARP_OP, "arp_op", NULL, 2, 16, X, W, DECIMAL, ARP,
          U8, nw_proto, 0, OXM(21, "ARP_OP", 3), NXM0(15, "ARP_OP")),
    FIELD(ARP_SPA, "arp_spa", NULL, 4, 32, M, W, IPV4, ARP,
          BE32, nw_src, 0, OXM(22, "ARP_SPA", 3), NXM0(16, "ARP_SPA")),
    FIELD(ARP_TPA, "arp_tpa", NULL, 4, 32, M, W, IPV4, ARP,
          BE32, nw_dst, 0, OXM(23, "ARP_TPA", 3), NXM0(17, "ARP_TPA")),
    FIELD(ARP_SHA, "arp_sha", NULL, 6, 48, M, W, ETHERNET, ARP,
          BYTES, arp_sha, 0, OXM(24, "ARP_SHA", 3), NXM1(17, "ARP_SHA")),
    FIELD(ARP_THA, "arp_tha", NULL, 6, 48, M, W, ETHERNET, ARP,
          BYTES, arp_tha, 0, OXM(25, "ARP_THA", 3), NXM1(18, "ARP_THA")),

    FIELD(TCP_SRC, "tcp_src", "tp_src", 2, 16, M, W, DECIMAL, TCP,
          BE16, tp_src, 0, OXM(13, "TCP_SRC", 3), NXM0(9, "TCP_SRC")),
    FIELD(TCP_DST, "tcp_dst", "tp_dst", 2, 16, M, W, DECIMAL, TCP,
          BE16, tp_dst, 0, OXM(14, "TCP_DST", 3), NXM0(10, "TCP_DST")),
    FIELD(TCP_FLAGS, "tcp_flags", NULL, 2, 12, M, R, TCP_FLAGS, TCP,
          BE16, tcp_flags, 0,
          ONFOXM(42, "TCP_FLAGS", 4), NXM1(34, "TCP_FLAGS")),
    FIELD(UDP_SRC, "udp_src", NULL, 2, 16, M, W, DECIMAL, UDP,
          BE16, tp_src, 0, OXM(15, "UDP_SRC", 3), NXM0(11, "UDP_SRC")),
    FIELD(UDP_DST, "udp_dst", NULL, 2, 16, M, W, DECIMAL, UDP,
          BE16, tp_dst, 0, OXM(16, "UDP_DST", 3), NXM0(12, "UDP_DST")),
    FIELD(SCTP_SRC, "sctp_src", NULL, 2, 16, M, W, DECIMAL, SCTP,
          BE16, tp_src, 0, OXM(17, "SCTP_SRC", 3)),
    FIELD(SCTP_DST, "sctp_dst", NULL, 2, 16, M, W, DECIMAL, SCTP,
          BE16, tp_dst, 0, OXM(18, "SCTP_DST", 3)),
    FIELD(ICMPV4_TYPE, "icmp_type", NULL, 1, 8, X, W, DECIMAL, ICMPV4,
          BE16, tp_src, 0, OXM(19, "ICMPV4_TYPE", 3), NXM0(13, "ICMP_TYPE")),
    FIELD(ICMPV4_CODE, "icmp_code", NULL, 1, 8, X, W, DECIMAL, ICMPV4,
          BE16, tp_dst, 0, OXM(20, "ICMPV4_CODE", 3), NXM0(14, "ICMP_CODE")),
    FIELD(ICMPV6_TYPE, "icmpv6_type", NULL, 1, 8, X, W, DECIMAL, ICMPV6,
          BE16, tp_src, 0,
          OXM(29, "ICMPV6_TYPE", 3), NXM1(21, "ICMPV6_TYPE")),
    FIELD(ICMPV6_CODE, "icmpv6_code", NULL, 1, 8, X, W, DECIMAL, ICMPV6,
          BE16, tp_dst, 0,
          OXM(30, "ICMPV6_CODE", 3), NXM1(22, "ICMPV6_CODE")),
    FIELD(ND_TARGET, "nd_target", NULL, 16, 128, M, W, IPV6, ND,
          BYTES, nd_target, 0,
          OXM(31, "IPV6_ND_TARGET", 3), NXM1(23, "ND_TARGET")),
    FIELD(ND_SLL, "nd_sll", NULL, 6, 48, M, W, ETHERNET, ND_SOLICIT,
          BYTES, arp_sha, 0, OXM(32, "IPV6_ND_SLL", 3), NXM1(24, "ND_SLL")),
    FIELD(ND_TLL, "nd_tll", NULL, 6, 48, M, W, ETHERNET, ND_ADVERT,
          BYTES, arp_tha, 0, OXM(33, "IPV6_ND_TLL", 3), NXM1(25, "ND_TLL")),
    FIELD(ND_RESERVED, "nd_reserved", NULL, 4, 32, X, W, DECIMAL, ND,
          BE32, nd_reserved, 0, ERICOXM(1, "ICMPV6_ND_RESERVED")),
    FIELD(ND_OPTIONS_TYPE, "nd_options_type", NULL, 1, 8, X, W, DECIMAL, ND,
          U8, nd_options_type, 0, ERICOXM(2, "ICMPV6_ND_OPTIONS_TYPE")),
};
