# SPDX-License-Identifier: Apache-2.0
"""The grammar of what ovs-ofctl is told: matches, actions, flows, groups,
meters, as in ovs-fields(7), ovs-actions(7) and ovs-ofctl(8)."""

import ipaddress

from .grammar import number, of


def mac(rng):
    return ":".join("%02x" % rng.getrandbits(8) for _ in range(6))


def ipv4(rng):
    return str(ipaddress.ip_address(rng.getrandbits(32)))


def ipv6(rng):
    return rng.choice([
        "::", "::1", "fe80::1", "ff02::1:ff00:1", "::ffff:1.2.3.4", "1::2:3",
        str(ipaddress.IPv6Address(rng.getrandbits(128))),
        str(ipaddress.IPv6Address(rng.getrandbits(128))).upper()])


def hexits(rng):
    return "".join("%02x" % rng.getrandbits(8)
                   for _ in range(rng.choice([1, 2, 4, 6, 7, 8, 14, 20])))


def dotted(rng):
    return ".".join("%02x" % rng.getrandbits(8)
                    for _ in range(rng.choice([0, 1, 2, 5, 6, 7, 14, 15])))


def long_hex(rng):
    return "%#x" % rng.getrandbits(rng.choice([1, 32, 63, 64, 65, 127, 128]))


def decimal(bits):
    """A rule for numbers that Debian's tools read in decimal only."""
    return lambda rng: str(rng.getrandbits(rng.randint(1, bits)))


VALUES = {
    "u1": number(1), "u2": number(2), "u3": number(3), "u4": number(4),
    "u6": number(6), "u8": number(8), "u12": number(12), "u16": number(16),
    "u20": number(20), "u24": number(24), "u32": number(32),
    "u64": number(64), "u128": long_hex,
    "mac": mac, "ip4": ipv4, "ip6": ipv6, "hexits": hexits, "dotted": dotted,
    "mac_masked": ["<mac>", "<mac>/<mac>", "<mac>/ff:ff:ff:00:00:00",
                   "01:00:00:00:00:00/01:00:00:00:00:00",
                   "<mac>/ff:ff:ff:ff:ff:ff", "<mac>/00:00:00:00:00:00"],
    "ip4_masked": ["<ip4>", "<ip4>/<ip4>", "<ip4>/8", "<ip4>/32", "<ip4>/0",
                   "<ip4>/24", "<ip4>/255.255.0.0"],
    "ip6_masked": ["<ip6>", "<ip6>/64", "<ip6>/fe80::1", "<ip6>/128",
                   "<ip6>/0", "<ip6>/ffff::", "<ip6>/ffff:ffff:0:ff::"],
    "u8_masked": ["<u8>", "<u8>/<u8>"],
    "u16_masked": ["<u16>", "<u16>/<u16>"],
    "u32_masked": ["<u32>", "<u32>/<u32>"],
    "u64_masked": ["<u64>", "<u64>/<u64>"],
    "u128_masked": ["<u128>", "<u128>/<u128>"],
    "port": of("1 2 7 65279 LOCAL local in_port IN_PORT controller flood all "
               "normal ANY none 65534 NORMAL TABLE 0 65280 UNSET 3 4 5 "
               "6") + ["<decimal16>"],
    "decimal8": decimal(8), "decimal16": decimal(16),
    "table": of("0 1 5 254 255 10"),
    "tcp_flag": of("fin syn rst psh ack urg ece cwr ns"),
    "tcp_flags": ["+<tcp_flag>", "+<tcp_flag>-<tcp_flag>", "<tcp_flag>",
                  "<tcp_flag>|<tcp_flag>", "<u12>", "<u12>/<u12>",
                  "+<tcp_flag>+<tcp_flag>", "+", "0", "<tcp_flag>/<u12>"],
    "ct_flag": of("new est rel rpl inv trk snat dnat"),
    "ct_states": ["+trk", "+trk+<ct_flag>", "-trk", "+<ct_flag>-<ct_flag>",
                  "+trk+new-est", "<ct_flag>|<ct_flag>", "<u8>", "<u8>/<u8>",
                  "0", "<ct_flag>"],
    "frag": of("no yes first later not_later 0 1 2 3") + ["<u2>/<u2>"],
    "vid": ["<u12>", "<u16>", "0x1005/0x1fff", "0x1000/0x1000", "0x1/0x3",
            "0xffff", "<u12>/<u12>", "<u16>/<u16>"],
    "tci": of("0 0x1005 0x1005/0x1fff 0xf123 0x1000/0x1000 0/0x1000 0xf000"),
    "mdtype": of("1 2"),
    "packet_type": ["(<u2>,<u16>)", "(0,0)", "(1,0x800)", "(1,0x86dd)",
                    "(1,0x894f)"],
}

# Names of fields with a rule of their values.
FIELDS = {
    "in_port": "port", "in_port_oxm": "port", "actset_output": "port",
    "tun_id": "u64_masked", "tunnel_id": "u64_masked",
    "tun_src": "ip4_masked", "tun_dst": "ip4_masked",
    "tun_ipv6_src": "ip6_masked", "tun_ipv6_dst": "ip6_masked",
    "tun_flags": "tun_flags", "tun_gbp_id": "u16_masked",
    "tun_gbp_flags": "u8", "tun_erspan_ver": "erspan",
    "tun_metadata0": "u128_masked", "tun_metadata3": "u128_masked",
    "tun_metadata63": "tun_option",
    "metadata": "u64_masked", "pkt_mark": "u32_masked", "conj_id": "u32",
    "dp_hash": "u32_masked", "recirc_id": "u32", "skb_priority": "u32",
    "ct_state": "ct_states", "ct_zone": "u16", "ct_mark": "u32_masked",
    "ct_label": "u128_masked", "ct_nw_src": "ip4_masked",
    "ct_nw_dst": "ip4_masked", "ct_ipv6_src": "ip6_masked",
    "ct_ipv6_dst": "ip6_masked", "ct_nw_proto": "u8",
    "ct_tp_src": "u16_masked", "ct_tp_dst": "u16_masked",
    "reg0": "u32_masked", "reg7": "u32_masked", "reg15": "u32_masked",
    "xreg0": "u64_masked", "xreg3": "u64_masked", "xreg7": "u64_masked",
    "xxreg0": "u128_masked", "xxreg3": "u128_masked",
    "eth_src": "mac_masked", "eth_dst": "mac_masked", "dl_src": "mac_masked",
    "dl_dst": "mac_masked", "eth_type": "eth_types", "dl_type": "eth_types",
    "vlan_tci": "tci", "vlan_vid": "vid", "dl_vlan": "vid",
    "dl_vlan_pcp": "u3", "vlan_pcp": "u3", "vlan_tci1": "tci",
    "dl_vlan1": "vid",
    "mpls_label": "u20", "mpls_tc": "u3", "mpls_bos": "u1", "mpls_ttl": "u8",
    "nsh_flags": "u8", "nsh_ttl": "u6", "nsh_mdtype": "mdtype",
    "nsh_np": "u8", "nsh_spi": "u24", "nsp": "u24", "nsh_si": "u8",
    "nsi": "u8", "nsh_c1": "u32_masked", "nshc1": "u32_masked",
    "nsh_c4": "u32_masked",
    "nw_src": "ip4_masked", "nw_dst": "ip4_masked", "ip_src": "ip4_masked",
    "ip_dst": "ip4_masked", "ipv6_src": "ip6_masked",
    "ipv6_dst": "ip6_masked", "ipv6_label": "u20", "nw_proto": "u8",
    "ip_proto": "u8", "nw_tos": "u8", "ip_dscp": "u6", "nw_ecn": "u2",
    "ip_ecn": "u2", "nw_ttl": "u8", "ip_frag": "frag", "nw_frag": "frag",
    "arp_op": "u8", "arp_spa": "ip4_masked", "arp_tpa": "ip4_masked",
    "arp_sha": "mac_masked", "arp_tha": "mac_masked",
    "tp_src": "u16_masked", "tp_dst": "u16_masked", "tcp_src": "u16_masked",
    "tcp_dst": "u16_masked", "tcp_flags": "tcp_flags",
    "udp_src": "u16_masked", "udp_dst": "u16_masked",
    "sctp_src": "u16_masked", "sctp_dst": "u16_masked", "icmp_type": "u8",
    "icmp_code": "u8", "icmpv6_type": "u8", "icmpv6_code": "u8",
    "nd_target": "ip6_masked", "nd_sll": "mac_masked",
    "nd_tll": "mac_masked", "nd_reserved": "u32", "nd_options_type": "u8",
    "packet_type": "packet_type",
}

# Names as in the wire's headers, for subfields.
HEADERS = of("""
    NXM_NX_REG0 NXM_NX_REG5 NXM_NX_REG15 OXM_OF_PKT_REG0 OXM_OF_PKT_REG7
    NXM_NX_XXREG0 NXM_NX_XXREG3 NXM_OF_ETH_SRC NXM_OF_ETH_DST OXM_OF_ETH_DST
    NXM_OF_VLAN_TCI OXM_OF_VLAN_VID NXM_OF_IP_SRC NXM_OF_IP_DST NXM_OF_IP_TOS
    NXM_NX_IP_ECN NXM_NX_IP_TTL NXM_OF_TCP_SRC NXM_OF_TCP_DST NXM_OF_UDP_DST
    NXM_OF_IN_PORT OXM_OF_IN_PORT NXM_NX_TUN_ID OXM_OF_METADATA
    NXM_NX_PKT_MARK NXM_NX_CT_MARK NXM_NX_CT_LABEL NXM_NX_CT_ZONE
    NXM_NX_IPV6_SRC NXM_NX_IPV6_DST NXM_OF_ARP_OP NXM_OF_ARP_SPA
    NXM_NX_ARP_SHA NXM_NX_ND_TARGET NXM_NX_ND_SLL OXM_OF_MPLS_LABEL
    NXM_NX_TUN_METADATA0 NXM_NX_TUN_IPV4_DST OXM_OF_IPV4_SRC NXM_OF_ETH_TYPE
    NXM_OF_ICMP_TYPE ERICOXM_OF_ICMPV6_ND_RESERVED NXOXM_NSH_C1""")

MATCH = {
    "tun_flags": of("oam +oam -oam 0 1 1/1 0/1"),
    "erspan": ["1", "2", "1,tun_erspan_idx=0x<erspan_digit>",
               "2,tun_erspan_dir=1", "2,tun_erspan_dir=1,tun_erspan_hwid=5"],
    "erspan_digit": of("1 7 1234 fffff"),
    "tun_option": ["<u32>", "<u32_masked>", "0x", "<u128>"],
    "eth_types": of("0x800 0x806 0x86dd 0x8847 0x8848 0x894f 0x8035 0x05ff "
                    "0x8100 0x1234 2048") + ["<u16>"],
    "protocol": of("ip ipv6 tcp udp sctp icmp tcp6 udp6 sctp6 icmp6 arp rarp "
                   "mpls mplsm icmp icmpv6 eth tcp udp ip"),
    "field": sorted("%s=<%s>" % row for row in FIELDS.items()),
    "item": ["<field>", "<field>", "<field>", "<protocol>"],
    # What goes together.
    "story": [
        "tcp,tp_dst=<u16_masked>", "udp,nw_src=<ip4_masked>",
        "tcp,tcp_flags=<tcp_flags>", "ip,nw_frag=<frag>,nw_tos=<u8>",
        "ipv6,ipv6_src=<ip6_masked>,ipv6_label=<u20>/<u20>",
        "icmp6,icmp_type=135,nd_target=<ip6_masked>,nd_sll=<mac_masked>",
        "icmp6,icmpv6_type=136,icmpv6_code=0,nd_tll=<mac>,"
        "nd_options_type=<u2>,nd_reserved=<u32>",
        "arp,arp_op=<u2>,arp_spa=<ip4_masked>,arp_sha=<mac_masked>",
        "rarp,arp_tpa=<ip4>", "mpls,mpls_label=<u20>,mpls_bos=<u1>",
        "dl_type=0x8848,mpls_tc=<u3>,mpls_ttl=<u8>",
        "icmp,icmp_type=<u8>,icmp_code=<u8>", "sctp,sctp_dst=<u16_masked>",
        "sctp6,tp_src=<u16>", "dl_vlan=<vid>,dl_vlan_pcp=<u3>",
        "vlan_vid=<vid>,vlan_pcp=<u3>", "vlan_tci=<tci>,ip",
        "dl_type=0x0800,nw_proto=<u8>,tp_src=<u16>",
        "ct_state=+trk+est,ip,ct_nw_src=<ip4_masked>,ct_nw_proto=6,"
        "ct_tp_dst=<u16_masked>",
        "ct_state=<ct_states>,ipv6,ct_ipv6_dst=<ip6_masked>",
        "dl_type=0x894f,nsh_mdtype=1,nsh_spi=<u24>,nsh_c1=<u32_masked>",
        "packet_type=<packet_type>,reg0=<u32>", "ip,nw_ecn=<u2>,nw_ttl=<u8>",
        "tun_id=<u64_masked>,tun_flags=<tun_flags>,tun_dst=<ip4_masked>",
        "udp6,udp_dst=<u16_masked>,udp_src=<u16_masked>",
        "dl_type=<eth_types>,<free>", "tun_metadata0=<u64_masked>",
        "reg0=<u32_masked>,xreg1=<u64_masked>,xxreg1=<u128_masked>",
        "in_port=<port>,dl_src=<mac_masked>", "tun_metadata0",
        "conj_id=<u32>,ip", "metadata=<u64_masked>,pkt_mark=<u32_masked>",
    ],
    # What any packet has.
    "free": ["%s=<%s>" % (name, FIELDS[name]) for name in of(
        "in_port tun_id tun_src tun_ipv6_dst metadata pkt_mark ct_mark "
        "ct_label reg0 reg15 xreg3 xxreg3 eth_src dl_dst conj_id dp_hash")],
    "match": ["<item>", "<story>", "<story>,<free>", "<story>",
              "<free>,<item>", "<item>", "<story> <free>",
              "<free>, <story>,<free>", "<free*>"],
}

SUBFIELD = {
    "u7": number(7),
    "header": HEADERS,
    "name": sorted(set(FIELDS) - {"skb_priority", "dl_vlan1", "vlan_tci1"}),
    "bits": ["[]", "[0..15]", "[0]", "[<u4>]", "[0..<u4>]", "[<u4>..<u6>]",
             "[<u7>]", "[0..<u7>]", "[16..31]", "[32..63]", "[..]", "",
             "[0..7]", "[0..11]", "[0..31]"],
    "sub": ["<header><bits>", "<name><bits>", "NXM_NX_REG<u4>[]",
            "NXM_NX_REG<u4><bits>", "reg<u4><bits>", "xxreg<u2><bits>"],
    "reg": ["NXM_NX_REG<u4>[]", "reg<u4>", "NXM_NX_REG<u4>[0..15]",
            "reg<u4>[0..15]", "NXM_NX_REG<u4>[16..31]"],
    "sub16": ["NXM_NX_REG<u3>[0..15]", "reg<u3>[16..31]", "reg0[]",
              "NXM_OF_IN_PORT[]", "<sub>"],
    "bit": ["NXM_NX_REG<u3>[<u4>]", "reg<u3>[<u4>]", "<sub>"],
}

ACTIONS = {
    "hash_fields": of("eth_src symmetric_l4 symmetric_l3l4 symmetric_l3l4+udp "
                      "nw_src nw_dst symmetric_l3 ip_src"),
    "ports": ["<port>", "<port>,<port>", "<port>,<port>,<port>"],
    "reason": of("action no_match invalid_ttl action_set group packet_out "
                 "explicit_miss implicit_miss foo"),
    "controller_word": [
        "reason=<reason>", "max_len=<u16>", "id=<u16>", "userdata=<dotted>",
        "pause", "meter_id=<decimal16>", "reason=<reason>"],
    "learn_word": [
        "table=<table>", "priority=<decimal16>", "idle_timeout=<decimal16>",
        "hard_timeout=<decimal16>", "fin_idle_timeout=<decimal16>",
        "fin_hard_timeout=<decimal16>", "cookie=<u64>", "send_flow_rem",
        "delete_learned", "limit=<decimal8>", "result_dst=<bit>",
        "NXM_OF_VLAN_TCI[0..11]", "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]",
        "eth_type=0x800", "nw_proto=6", "in_port=<port>", "<sub>",
        "<field>", "<sub>=<u8>", "<sub>=<sub>", "reg<u3>=<u32>",
        "load:<u8>->NXM_NX_REG0[0..7]", "load:NXM_OF_IN_PORT[]->"
        "NXM_NX_REG<u2>[0..15]", "load:<sub>-><sub>",
        "output:NXM_OF_IN_PORT[]", "output:<sub>", "output:reg<u2>",
        "eth_dst=eth_src", "ip_dst=ip_src", "nw_src=<ip4>", "ipv6_src=<ip6>",
        "load:<u32>->NXM_NX_REG<u3>[]", "dl_type=0x86dd,ipv6_dst=ipv6_src"],
    "nat_range": ["<ip4>", "<ip4>-<ip4>", "<ip4>:<u16>", "<ip4>:<u8>-<u16>",
                  "<ip4>-<ip4>:<u8>-<u16>", "<ip6>", "[<ip6>]",
                  "[<ip6>]:<u16>", "<ip6>-<ip6>", "[<ip6>-<ip6>]:<u16>",
                  "[<ip6>]-[<ip6>]:<u8>-<u16>", "1.2.3.4-1.2.3.9",
                  "1.2.3.4-1.2.3.9:5-7", "[fe80::1]-[fe80::9]:5-7",
                  ":5-7", "0.0.0.0", "<ip4>:"],
    "nat_flag": of("persistent random hash random persistent"),
    "nat": ["nat", "nat(src=<nat_range>)", "nat(dst=<nat_range>)",
            "nat(src=<nat_range>,<nat_flag>)", "nat(src)", "nat(dst)",
            "nat(src=<nat_range>,<nat_flag+>)", "nat(dst=<nat_range>,random)",
            "nat()", "nat(<nat_flag>)", "nat(src=<ip4>,dst=<ip4>)"],
    "exec_action": ["set_field:<u32_masked>->ct_mark",
                    "load:<u8>->NXM_NX_CT_MARK[]",
                    "set_field:<u128>->ct_label",
                    "move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]", "<action>",
                    "load:<u8>->NXM_NX_CT_LABEL[0..31]", "load:1->ct_mark"],
    "ct_word": ["commit", "force", "table=<table>", "zone=<u16>",
                "zone=NXM_NX_REG<u3>[0..15]", "zone=reg<u3>[16..31]",
                "<nat>", "<nat>", "exec(<exec_action>)",
                "exec(<exec_action+>)", "alg=ftp", "alg=tftp", "alg=x",
                "commit", "zone=<sub>"],
    "sample_word": ["collector_set_id=<u32>", "obs_domain_id=<u32>",
                    "obs_point_id=<u32>", "sampling_port=<port>", "ingress",
                    "egress"],
    "set_field": [
        "<u32_masked>->reg<u4>", "<u64_masked>->xreg<u3>",
        "<u128_masked>->xxreg<u2>", "<mac>->eth_src",
        "<mac>->eth_dst", "<ip4_masked>->ip_src", "<ip4>->nw_dst",
        "<ip6_masked>->ipv6_src", "<u16>->tcp_dst", "<u16_masked>->udp_src",
        "<u16>->sctp_src", "<u12>->vlan_vid", "0x1005->vlan_vid",
        "<u3>->vlan_pcp", "<u20>->mpls_label", "<u3>->mpls_tc",
        "<u8>->mpls_ttl", "<u64_masked>->tun_id", "<ip4>->tun_dst",
        "<ip6>->tun_ipv6_dst", "<u16>->tun_gbp_id",
        "<u128>->tun_metadata<u3>", "<u64_masked>->metadata",
        "<u32_masked>->pkt_mark", "<u8>->nw_tos", "<u6>->ip_dscp",
        "<u2>->nw_ecn", "<u8>->nw_ttl", "<u8>->icmp_type",
        "<u8>->icmpv6_code", "<ip6>->nd_target", "<mac>->nd_sll",
        "<mac>->arp_sha", "<ip4>->arp_spa", "<u2>->arp_op", "<port>->in_port",
        "<u32>->nsh_c1", "<u24>->nsh_spi", "<u8>->nsh_si", "<u6>->nsh_ttl",
        "<u8>->nsh_flags", "<u20>->ipv6_label", "<tci>->vlan_tci",
        "<u8>-><name>", "<u32>-><sub>", "<u32>->ct_mark",
        "<u20>->tun_erspan_idx", "<u32>->nd_reserved"],
    "tlv": ["tlv(0x<u12>,<u8>,0x<hexits>)", "tlv(0x1000,10,0x12345678)"],
    "encap": ["nsh(md_type=1)", "nsh(md_type=2)", "nsh(md_type=2,<tlv>)",
              "nsh", "ethernet", "mpls", "mpls_mc", "nsh(md_type=2,<tlv>,"
              "<tlv>)", "ethernet()", "nsh(md_type=<u8>)", "mpls(x=1)",
              "0x800", "nsh()"],
    "action": [
        "output:<port>", "<port>", "<port>", "controller",
        "CONTROLLER:<decimal16>",
        "controller:<decimal16>", "controller(<controller_word+>)",
        "controller()", "output(<port>)", "output:<sub>", "output(<reg>)",
        "output(port=<port>,max_len=<u8>)", "enqueue:<port>:<u32>",
        "enqueue(<port>,<u8>)", "group:<u32>", "set_queue:<u32>", "pop_queue",
        "bundle(<hash_fields>,<decimal16>,hrw,ofport,members:<ports>)",
        "bundle(<hash_fields>,<decimal16>,active_backup,ofport,"
        "slaves:<ports>)",
        "bundle(<hash_fields>,0,hrw,ofport,members:)",
        "bundle_load(<hash_fields>,<decimal8>,hrw,ofport,<sub16>,"
        "members:<ports>)",
        "mod_vlan_vid:<u12>", "set_vlan_vid:<u12>", "mod_vlan_pcp:<u3>",
        "set_vlan_pcp:<u3>", "strip_vlan", "pop_vlan", "push_vlan:0x8100",
        "push_vlan:0x88a8", "push_vlan:<u16>", "push_mpls:0x8847",
        "push_mpls:0x8848", "push_mpls:<u16>", "pop_mpls:0x0800",
        "pop_mpls:<eth_types>", "mod_dl_src:<mac>", "mod_dl_dst:<mac>",
        "mod_nw_src:<ip4>", "mod_nw_dst:<ip4>", "mod_nw_tos:<u8>",
        "mod_nw_ecn:<u2>", "mod_nw_ttl:<u8>", "mod_tp_src:<u16>",
        "mod_tp_dst:<u16>", "set_field:<set_field>", "set_field:<set_field>",
        "set_field:<set_field>", "load:<u8>-><sub>", "load:<u64>-><sub>",
        "load:<ip4>-><reg>",
        "load:<u128>->NXM_NX_XXREG0[]", "load:<u8>->reg<u4>",
        "move:<sub>-><sub>", "move:<reg>-><reg>",
        "move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]",
        "move:reg0[0..5]->reg1[6..11]", "push:<sub>", "pop:<sub>",
        "push:<reg>", "pop(<reg>)", "dec_ttl", "dec_ttl(<decimal8>)",
        "dec_ttl(<decimal8>,<decimal16>)", "dec_ttl()", "set_mpls_label:<u20>",
        "set_mpls_tc:<u3>", "set_mpls_ttl:<u8>", "dec_mpls_ttl",
        "dec_nsh_ttl", "delete_field:tun_metadata<u6>",
        "set_tunnel:<u32>", "set_tunnel64:<u64>",
        "set_tunnel:<u64>", "fin_timeout(idle_timeout=<u16>)",
        "fin_timeout(hard_timeout=<u16>,idle_timeout=<u8>)", "fin_timeout()",
        "resubmit:<port>", "resubmit(<port>,<table>)", "resubmit(,<table>)",
        "resubmit(<port>)", "resubmit(<port>,<table>,ct)",
        "resubmit(,<table>,ct)", "resubmit()", "resubmit(,)",
        "learn(<learn_word+>)", "learn(<learn_word+>)", "learn()",
        "learn(table=<table>,<learn_word+>,<learn_word+>)",
        "conjunction(<u32>,<u3>/<u3>)", "conjunction(<u8>,1/2)",
        "multipath(<hash_fields>,<decimal16>,hrw,<decimal8>,<decimal16>,"
        "<sub>)",
        "multipath(eth_src,50,modulo_n,1,0,<reg>)",
        "multipath(<hash_fields>,0,iter_hash,4,0,reg<u2>[0..7])",
        "clone(<action+>)", "clone(<action>)", "clone()",
        "ct(<ct_word*>)", "ct(<ct_word+>)", "ct(commit,<ct_word+>)", "ct",
        "ct(commit,<nat>)", "ct_clear", "check_pkt_larger(<u16>)-><bit>",
        "note:<dotted>", "note:<dotted>", "exit", "drop", "note",
        "sample(probability=<u16>,<sample_word*>)", "encap(<encap>)",
        "decap()", "decap",
        "decap(packet_type(ns=0,type=0))", "nat", "<nat>",
        "decap(packet_type(ns=<u8>,type=<u16>))"],
    "instruction": ["write_actions(<action+>)", "clear_actions",
                    "write_metadata:<u64_masked>", "goto_table:<table>",
                    "meter:<u32>", "goto_table:200"],
    "actions": ["<action>", "<action>", "<action>", "<action>,<action>",
                "<action+>", "<action+>,<instruction>", "<instruction>",
                "meter:<u8>,<action>,write_actions(<action>),goto_table:9",
                "", "drop"],
}

FLOWS = {
    "flow_word": ["table=<table>", "priority=<u16>", "idle_timeout=<u16>",
                  "hard_timeout=<u16>", "importance=<u16>", "cookie=<u64>",
                  "cookie=<u64>/<u64>", "cookie=-1", "send_flow_rem",
                  "check_overlap", "reset_counts", "no_packet_counts",
                  "no_byte_counts", "duration=3.4s", "n_packets=0",
                  "n_bytes=1", "idle_age=5", "hard_age=6", "out_port=<port>",
                  "out_group=<u32>", "cookie=<u64>", "priority=<u16>"],
    "flow_words": ["", "", "<flow_word>,", "<flow_word>,<flow_word>,",
                   "<flow_word>, <flow_word> "],
    "flow": ["<flow_words><match>,actions=<actions>",
             "<flow_words><match> actions=<actions>",
             "<flow_words><match> action=<actions>",
             "<flow_words>actions=<actions>", "<flow_words><match>"],
    "command": of("add modify modify_strict delete delete_strict"),
    "flow_line": ["<command> <flow>", "<flow>", "<command>,<flow>",
                  "delete <match>", "delete <flow_words><match>",
                  "delete_strict <flow_words><match>", "# <flow>",
                  "<flow> # <flow>"],
}

GROUPS = {
    "group_type": of("all select indirect ff fast_failover all select foo"),
    "bucket_word": ["weight=<u16>", "weight:<u8>", "watch_port=<port>",
                    "watch_port:<decimal8>", "watch_group=<u32>",
                    "watch_group:<u8>",
                    "bucket_id=<u8>", "bucket_id:<u8>"],
    "bucket": ["<actions>", "actions=<actions>", "<bucket_word>,<actions>",
               "<bucket_word>,actions=<actions>", "action=<action>",
               "<bucket_word>,<bucket_word>,actions=<action+>", "drop",
               "actions=drop", "<action>,<bucket_word>", "output:<decimal8>",
               "weight:<u4>,<action>,actions=<action>", "<bucket_word>", "",
               "watch_port=<decimal8>,actions=output:<decimal8>",
               "watch_group:<u4>,output:<decimal8>",
               "weight:5,set_field:<set_field>"
               ",<port>", "actions=", "bucket_id=<u8>,weight=<u8>,<action>"],
    "method_word": ["selection_method=hash", "selection_method=dp_hash",
                    "selection_method=hash,fields=<name>",
                    "selection_method=hash,fields(<name>,<name>)",
                    "selection_method=hash,fields=eth_dst,ip_dst,tcp_dst",
                    "selection_method=hash,fields=ip_src=<ip4>",
                    "selection_method=hash,fields(ip_src=<ip4>,<field>)",
                    "selection_method=hash,selection_method_param=<u64>,"
                    "fields(ip_src)", "selection_method_param=<u64>",
                    "fields=<name>", "selection_method=foo",
                    "command_bucket_id=<u8>"],
    "group_id": ["group_id=<u16>", "group_id=<u8>", "group_id=<u32>",
                 "group_id=any", "group_id=4294967040"],
    "buckets": ["bucket=<bucket>", "bucket=<bucket>",
                "bucket=<bucket>,bucket=<bucket>",
                "bucket=<bucket>,bucket=<bucket>,bucket=<bucket>",
                "bucket(<bucket>)", "bucket=<bucket> bucket=<bucket>",
                "bucket:<bucket>", "buckets=<bucket>", "bucket"],
    "group": ["<group_id>,type=<group_type>,<buckets>",
              "<group_id>,type=<group_type>,<buckets>",
              "group_id=<u8>,type=select,<method_word>,<buckets>",
              "group_id=<u8> type=ff,<buckets>",
              "group_id=<u8>,type=<group_type>",
              "type=<group_type>,<group_id>,<buckets>",
              "<buckets>,<group_id>,type=<group_type>",
              "group_id=<u8>,<method_word>,type=select,<buckets>"],
}

NXM = {
    "masked": ["<u8>"],
    "nxm_hex": lambda rng: "".join("%02x" % rng.getrandbits(8)
                                   for _ in range(rng.choice(
                                       [1, 2, 2, 4, 4, 6, 8, 16]))),
    "nxm_item": ["<header>(<nxm_hex>)", "<header>(<nxm_hex>/<nxm_hex>)",
                 "<header>_W(<nxm_hex>/<nxm_hex>)",
                 "NXM_OF_ETH_TYPE(0800)", "NXM_OF_IP_PROTO(06)",
                 "NXM_NX_REG<u3>(<nxm_hex>)", "OXM_OF_ETH_TYPE(86dd)",
                 "OXM_OF_IP_PROTO(11)", "NXM_NX_COOKIE(<nxm_hex>)",
                 "NXM_OF_VLAN_TCI_W(<nxm_hex>/<nxm_hex>)",
                 "NXM_NX_IP_FRAG(<nxm_hex>)", "OXM_OF_VLAN_PCP(0<u3>)",
                 "NXM_NX_TUN_FLAGS(0001)", "NXM_NX_CT_STATE_W(<nxm_hex>/"
                 "<nxm_hex>)", "0x00010004(<nxm_hex>)", "<eof?>"],
    "eof": ["NXM_NX_REG0(00000001)"],
    "nxm_line": ["<nxm_item>", "<nxm_item>, <nxm_item>",
                 "NXM_OF_ETH_TYPE(0800), <nxm_item>, <nxm_item>",
                 "OXM_OF_ETH_TYPE(0800), OXM_OF_IP_PROTO(06), <nxm_item>",
                 "<nxm_item>,<nxm_item>", "<any>"],
    "any": ["<any_text>"],
    "any_text": ["", " "],
}

# Flows of which a packet can be made.
PACKETS = {
    "octets": ["dl_src=<mac>,dl_dst=<mac>", "dl_vlan=<decimal8>,dl_vlan_pcp="
               "<u3>,dl_src=<mac>", "dl_dst=<mac>"],
    "ends4": ["nw_src=<ip4>,nw_dst=<ip4>", "nw_dst=<ip4>,nw_ttl=<u8>",
              "nw_src=<ip4>,nw_ecn=<u2>"],
    "ends6": ["ipv6_src=fe80::1,ipv6_dst=fe80::2", "ipv6_dst=1::2:3"],
    "packet": ["<octets>,tcp,<ends4>,tp_src=<u16>,tp_dst=<u16>",
               "<octets>,udp,<ends4>,udp_src=<u16>,udp_dst=<u16>",
               "<octets>,icmp,<ends4>,icmp_type=<u8>,icmp_code=<u8>",
               "<octets>,tcp6,<ends6>,tp_src=<u16>", "<octets>,udp6,<ends6>",
               "<octets>,icmp6,<ends6>,icmpv6_type=128", "<octets>,ip,<ends4>",
               "<octets>,ipv6,<ends6>", "<octets>,ip,<ends4>,nw_proto=47",
               "<octets>,arp,arp_op=1,arp_spa=<ip4>,arp_sha=<mac>",
               "<octets>,mpls,mpls_label=<decimal8>,mpls_bos=1,mpls_ttl=<u8>",
               "udp,<ends4>,udp_src=<u16>", "tcp,<ends4>,tcp_flags=0x02",
               "tcp,<ends4>,tcp_flags=0x10", "icmp", "ip", "udp6", "arp"],
}

GRAMMAR = {}
for part in VALUES, MATCH, SUBFIELD, ACTIONS, FLOWS, GROUPS, NXM, PACKETS:
    GRAMMAR.update(part)
