/* SPDX-License-Identifier: Apache-2.0 */
/* The set actions: one row of a table for each key that can be set.  A setter
 * gets a value and a mask (all ones for a plain set) and leaves packets alone
 * that do not have the header. */

#include <linux/openvswitch.h>

#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/ipv6.h"
#include "vswitch/datapath/datapath.h"

/* (current AND NOT mask) OR value, bytewise. */
static void
merge(void *dst, const void *value_, const void *mask_, size_t n)
{
    uint8_t *d = dst;
    const uint8_t *value = value_;
    const uint8_t *mask = mask_;

    for (size_t i = 0; i < n; i++) {
        d[i] = (d[i] & ~mask[i]) | (value[i] & mask[i]);
    }
}

static void
set_priority(struct packet *p, const void *value, const void *mask)
{
    merge(&p->md.skb_priority, value, mask, 4);
}

static void
set_mark(struct packet *p, const void *value, const void *mask)
{
    merge(&p->md.pkt_mark, value, mask, 4);
}

static void
set_ethernet(struct packet *p, const void *value_, const void *mask_)
{
    const struct ovs_key_ethernet *value = value_;
    const struct ovs_key_ethernet *mask = mask_;
    struct eth_header *eth = (void *) p->data;

    if (p->packet_type == PACKET_TYPE_ETH && p->size >= sizeof *eth) {
        merge(&eth->dst, value->eth_dst, mask->eth_dst, 6);
        merge(&eth->src, value->eth_src, mask->eth_src, 6);
    }
}

static bool
has_l3(const struct packet *p, unsigned int version, size_t size)
{
    return (p->l3_ofs != PACKET_NO_OFFSET && packet_l3_size(p) >= size
            && p->data[p->l3_ofs] >> 4 == version);
}

static void
set_ipv4(struct packet *p, const void *value_, const void *mask_)
{
    const struct ovs_key_ipv4 *value = value_;
    const struct ovs_key_ipv4 *mask = mask_;
    struct ipv4_header *ip = packet_l3(p);
    be32 src, dst;
    uint8_t tos, ttl;

    if (!has_l3(p, 4, sizeof *ip)) {
        return;
    }
    src = (ip->src & ~mask->ipv4_src) | (value->ipv4_src & mask->ipv4_src);
    dst = (ip->dst & ~mask->ipv4_dst) | (value->ipv4_dst & mask->ipv4_dst);
    tos = (ip->tos & ~mask->ipv4_tos) | (value->ipv4_tos & mask->ipv4_tos);
    ttl = (ip->ttl & ~mask->ipv4_ttl) | (value->ipv4_ttl & mask->ipv4_ttl);
    if (src != ip->src) {
        packet_set_ipv4_addr(p, (uint8_t *) ip + 12, src);
    }
    if (dst != ip->dst) {
        packet_set_ipv4_addr(p, (uint8_t *) ip + 16, dst);
    }
    if (tos != ip->tos) {
        packet_set_ipv4_tos(p, tos);
    }
    if (ttl != ip->ttl) {
        packet_set_ipv4_ttl(p, ttl);
    }
}

/* Finds the transport of an IPv6 packet, whose headers are whole. */
static struct ipv6_transport
ipv6_transport(const struct packet *p)
{
    struct ipv6_transport t = { .proto = 0 };

    ipv6_find_transport(packet_l3(p), packet_l3_size(p), &t);
    return t;
}

static void
set_ipv6(struct packet *p, const void *value_, const void *mask_)
{
    const struct ovs_key_ipv6 *value = value_;
    const struct ovs_key_ipv6 *mask = mask_;
    struct ipv6_header *ip = packet_l3(p);
    struct in6_addr src, dst;
    uint32_t vtl, tc, label;
    struct ipv6_transport t;

    if (!has_l3(p, 6, sizeof *ip)) {
        return;
    }
    t = ipv6_transport(p);
    src = ip->src;
    dst = ip->dst;
    merge(&src, value->ipv6_src, mask->ipv6_src, 16);
    merge(&dst, value->ipv6_dst, mask->ipv6_dst, 16);
    if (memcmp(&src, &ip->src, 16)) {
        packet_set_ipv6_addr(p, t.proto, (uint8_t *) ip + 8, &src, true);
    }
    if (memcmp(&dst, &ip->dst, 16)) {
        packet_set_ipv6_addr(p, t.proto, (uint8_t *) ip + 24, &dst,
                             !t.is_routed);
    }
    vtl = ntohl(ip->ver_tc_label);
    tc = vtl >> 20 & 0xff;
    label = vtl & 0xfffff;
    tc = (tc & ~mask->ipv6_tclass) | (value->ipv6_tclass & mask->ipv6_tclass);
    label = ((label & ~ntohl(mask->ipv6_label))
             | (ntohl(value->ipv6_label & mask->ipv6_label)));
    ip->ver_tc_label = htonl(6u << 28 | tc << 20 | (label & 0xfffff));
    merge(&ip->hop_limit, &value->ipv6_hlimit, &mask->ipv6_hlimit, 1);
}

/* Whether the packet's transport is 'proto', and its header is there. */
static bool
has_l4(const struct packet *p, uint8_t proto, size_t size)
{
    if (p->l4_ofs == PACKET_NO_OFFSET || packet_l4_size(p) < size) {
        return false;
    }
    if (has_l3(p, 4, IPV4_HEADER_SIZE)) {
        return ((const struct ipv4_header *) packet_l3(p))->proto == proto;
    }
    return (has_l3(p, 6, IPV6_HEADER_SIZE)
            && ipv6_transport(p).proto == proto);
}

/* The ports that the packet shall have. */
static void
merge_ports(const struct packet *p, const void *value, const void *mask,
            be16 ports[2])
{
    memcpy(ports, packet_l4(p), 4);
    merge(ports, value, mask, 4);
}

static void
set_tcp(struct packet *p, const void *value, const void *mask)
{
    be16 ports[2];

    if (has_l4(p, IPPROTO_TCP, TCP_HEADER_SIZE)) {
        merge_ports(p, value, mask, ports);
        packet_set_tcp_port(p, ports[0], ports[1]);
    }
}

static void
set_udp(struct packet *p, const void *value, const void *mask)
{
    be16 ports[2];

    if (has_l4(p, IPPROTO_UDP, UDP_HEADER_SIZE)) {
        merge_ports(p, value, mask, ports);
        packet_set_udp_port(p, ports[0], ports[1]);
    }
}

static void
set_sctp(struct packet *p, const void *value, const void *mask)
{
    be16 ports[2];

    if (has_l4(p, IPPROTO_SCTP, SCTP_HEADER_SIZE)) {
        merge_ports(p, value, mask, ports);
        packet_set_sctp_port(p, ports[0], ports[1]);
    }
}

static void
set_icmp_common(struct packet *p, const void *value, const void *mask)
{
    uint8_t type_code[2];

    memcpy(type_code, packet_l4(p), 2);
    merge(type_code, value, mask, 2);
    packet_set_icmp(p, type_code[0], type_code[1]);
}

static void
set_icmp(struct packet *p, const void *value, const void *mask)
{
    if (has_l4(p, IPPROTO_ICMP, ICMP_HEADER_SIZE)) {
        set_icmp_common(p, value, mask);
    }
}

static void
set_icmpv6(struct packet *p, const void *value, const void *mask)
{
    if (has_l4(p, IPPROTO_ICMPV6, ICMP_HEADER_SIZE)) {
        set_icmp_common(p, value, mask);
    }
}

static void
set_arp(struct packet *p, const void *value_, const void *mask_)
{
    const struct ovs_key_arp *value = value_;
    const struct ovs_key_arp *mask = mask_;
    struct arp_eth_header *arp = packet_l3(p);

    if (!arp || packet_l3_size(p) < sizeof *arp || arp->hrd != htons(1)
        || arp->pro != htons(ETH_TYPE_IPV4)) {
        return;
    }
    merge(&arp->op, &value->arp_op, &mask->arp_op, 2);
    merge(&arp->spa, &value->arp_sip, &mask->arp_sip, 4);
    merge(&arp->tpa, &value->arp_tip, &mask->arp_tip, 4);
    merge(&arp->sha, value->arp_sha, mask->arp_sha, 6);
    merge(&arp->tha, value->arp_tha, mask->arp_tha, 6);
}

/* Recomputes the checksum of an ICMPv6 packet, of which anything may have
 * changed. */
static void
recompute_icmp6(struct packet *p)
{
    const struct ipv6_header *ip = packet_l3(p);
    struct icmp_header *icmp = packet_l4(p);
    uint32_t pseudo = csum_pseudo6(&ip->src, &ip->dst, IPPROTO_ICMPV6,
                                   packet_l4_size(p));

    icmp->csum = 0;
    icmp->csum = csum_finish(csum_continue(csum_fold(pseudo), icmp,
                                           packet_l4_size(p)));
}

static void
set_nd_option(struct packet *p, uint8_t type, const uint8_t *value,
              const uint8_t *mask)
{
    uint8_t *o = (uint8_t *) packet_l4(p) + sizeof(struct nd_header);
    uint8_t *end = (uint8_t *) packet_l4(p) + packet_l4_size(p);

    while (end - o >= 8 && o[1] && end - o >= o[1] * 8) {
        if (o[0] == type && o[1] == 1) {
            merge(o + 2, value, mask, 6);
            return;
        }
        o += o[1] * 8;
    }
}

static void
set_nd(struct packet *p, const void *value_, const void *mask_)
{
    const struct ovs_key_nd *value = value_;
    const struct ovs_key_nd *mask = mask_;
    struct nd_header *nd = packet_l4(p);

    if (!has_l4(p, IPPROTO_ICMPV6, sizeof *nd)
        || (nd->type != ND_NEIGHBOR_SOLICIT_
            && nd->type != ND_NEIGHBOR_ADVERT_)) {
        return;
    }
    merge(&nd->target, value->nd_target, mask->nd_target, 16);
    set_nd_option(p, ND_OPT_SOURCE_LLA, value->nd_sll, mask->nd_sll);
    set_nd_option(p, ND_OPT_TARGET_LLA, value->nd_tll, mask->nd_tll);
    recompute_icmp6(p);
}

/* OVS_KEY_ATTR_ND_EXTENSIONS, of which the kernel's header has no struct. */
struct key_nd_extensions {
    be32 reserved;
    uint8_t options_type;
};

static void
set_nd_extensions(struct packet *p, const void *value_, const void *mask_)
{
    const struct key_nd_extensions *value = value_;
    const struct key_nd_extensions *mask = mask_;
    struct nd_header *nd = packet_l4(p);
    uint8_t *option;

    if (!has_l4(p, IPPROTO_ICMPV6, sizeof *nd)
        || (nd->type != ND_NEIGHBOR_SOLICIT_
            && nd->type != ND_NEIGHBOR_ADVERT_)) {
        return;
    }
    merge(&nd->rso_flags, &value->reserved, &mask->reserved, 4);
    option = (uint8_t *) (nd + 1);
    if (packet_l4_size(p) >= sizeof *nd + 8) {
        merge(option, &value->options_type, &mask->options_type, 1);
    }
    recompute_icmp6(p);
}

static void
set_mpls(struct packet *p, const void *value, const void *mask)
{
    if (p->l2_5_ofs != PACKET_NO_OFFSET
        && p->l2_5_ofs + MPLS_HEADER_SIZE <= p->size) {
        merge(p->data + p->l2_5_ofs, value, mask, MPLS_HEADER_SIZE);
    }
}

static const struct setter {
    size_t size;
    void (*set)(struct packet *, const void *value, const void *mask);
} setters[] = {
    [OVS_KEY_ATTR_PRIORITY] = { 4, set_priority },
    [OVS_KEY_ATTR_SKB_MARK] = { 4, set_mark },
    [OVS_KEY_ATTR_ETHERNET] = { sizeof(struct ovs_key_ethernet),
                                set_ethernet },
    [OVS_KEY_ATTR_IPV4] = { sizeof(struct ovs_key_ipv4), set_ipv4 },
    [OVS_KEY_ATTR_IPV6] = { sizeof(struct ovs_key_ipv6), set_ipv6 },
    [OVS_KEY_ATTR_TCP] = { sizeof(struct ovs_key_tcp), set_tcp },
    [OVS_KEY_ATTR_UDP] = { sizeof(struct ovs_key_udp), set_udp },
    [OVS_KEY_ATTR_SCTP] = { sizeof(struct ovs_key_sctp), set_sctp },
    [OVS_KEY_ATTR_ICMP] = { sizeof(struct ovs_key_icmp), set_icmp },
    [OVS_KEY_ATTR_ICMPV6] = { sizeof(struct ovs_key_icmpv6), set_icmpv6 },
    [OVS_KEY_ATTR_ARP] = { sizeof(struct ovs_key_arp), set_arp },
    [OVS_KEY_ATTR_ND] = { sizeof(struct ovs_key_nd), set_nd },
    [OVS_KEY_ATTR_ND_EXTENSIONS] = { sizeof(struct key_nd_extensions),
                                     set_nd_extensions },
    [OVS_KEY_ATTR_MPLS] = { 4, set_mpls },
};

/* OVS_KEY_ATTR_TUNNEL: sizes of the members; SIZE_MAX: any, or nested. */
static const size_t tunnel_sizes[] = {
    [OVS_TUNNEL_KEY_ATTR_ID] = 8,
    [OVS_TUNNEL_KEY_ATTR_IPV4_SRC] = 4,
    [OVS_TUNNEL_KEY_ATTR_IPV4_DST] = 4,
    [OVS_TUNNEL_KEY_ATTR_TOS] = 1,
    [OVS_TUNNEL_KEY_ATTR_TTL] = 1,
    [OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT] = 0,
    [OVS_TUNNEL_KEY_ATTR_CSUM] = 0,
    [OVS_TUNNEL_KEY_ATTR_OAM] = 0,
    [OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS] = SIZE_MAX,
    [OVS_TUNNEL_KEY_ATTR_TP_SRC] = 2,
    [OVS_TUNNEL_KEY_ATTR_TP_DST] = 2,
    [OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS] = SIZE_MAX,
    [OVS_TUNNEL_KEY_ATTR_IPV6_SRC] = 16,
    [OVS_TUNNEL_KEY_ATTR_IPV6_DST] = 16,
    [OVS_TUNNEL_KEY_ATTR_PAD] = SIZE_MAX,
};

static bool
geneve_opts_valid(const struct nlattr *a)
{
    const uint8_t *p = nlattr_payload(a);
    size_t left = nlattr_size(a);

    if (left > GENEVE_MAX_OPTS_SIZE) {
        return false;
    }
    while (left >= sizeof(struct geneve_option)) {
        size_t size = sizeof(struct geneve_option) + (p[3] & 0x1f) * 4;

        if (size > left) {
            return false;
        }
        p += size;
        left -= size;
    }
    return !left;
}

static bool
vxlan_opts_valid(const struct nlattr *a)
{
    const struct nlattr *n;
    size_t left;

    NLATTR_FOR_EACH_NESTED (n, left, a) {
        if (nlattr_type(n) != OVS_VXLAN_EXT_GBP || nlattr_size(n) != 4) {
            return false;
        }
    }
    return !left;
}

static bool
tunnel_valid(const struct nlattr *key)
{
    const struct nlattr *a;
    size_t left;
    bool has_dst = false;

    NLATTR_FOR_EACH_NESTED (a, left, key) {
        uint16_t type = nlattr_type(a);

        if (type >= ARRAY_SIZE(tunnel_sizes)
            || (tunnel_sizes[type] != SIZE_MAX
                && tunnel_sizes[type] != nlattr_size(a))
            || (type == OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS
                && !geneve_opts_valid(a))
            || (type == OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS
                && !vxlan_opts_valid(a))) {
            return false;
        }
        has_dst |= (type == OVS_TUNNEL_KEY_ATTR_IPV4_DST
                    || type == OVS_TUNNEL_KEY_ATTR_IPV6_DST);
    }
    return !left && has_dst;
}

static void
parse_tunnel(const struct nlattr *key, struct flow_tunnel *t)
{
    const struct nlattr *a;
    size_t left;

    memset(t, 0, offsetof(struct flow_tunnel, opts));
    NLATTR_FOR_EACH_NESTED (a, left, key) {
        const void *payload = nlattr_payload(a);

        switch (nlattr_type(a)) {
        case OVS_TUNNEL_KEY_ATTR_ID:
            memcpy(&t->tun_id, payload, 8);
            t->flags |= FLOW_TNL_F_KEY;
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_SRC:
            t->src = in6_addr_from_ipv4(get_be32(payload));
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV4_DST:
            t->dst = in6_addr_from_ipv4(get_be32(payload));
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_SRC:
            memcpy(&t->src, payload, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_IPV6_DST:
            memcpy(&t->dst, payload, 16);
            break;
        case OVS_TUNNEL_KEY_ATTR_TOS:
            t->tos = nlattr_u8(a);
            break;
        case OVS_TUNNEL_KEY_ATTR_TTL:
            t->ttl = nlattr_u8(a);
            break;
        case OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT:
            t->flags |= FLOW_TNL_F_DONT_FRAGMENT;
            break;
        case OVS_TUNNEL_KEY_ATTR_CSUM:
            t->flags |= FLOW_TNL_F_CSUM;
            break;
        case OVS_TUNNEL_KEY_ATTR_OAM:
            t->flags |= FLOW_TNL_F_OAM;
            break;
        case OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS:
            t->flags |= FLOW_TNL_F_UDPIF;
            t->opts_size = nlattr_size(a);
            memcpy(t->opts, payload, t->opts_size);
            break;
        case OVS_TUNNEL_KEY_ATTR_TP_SRC:
            t->tp_src = nlattr_u16(a);
            break;
        case OVS_TUNNEL_KEY_ATTR_TP_DST:
            t->tp_dst = nlattr_u16(a);
            break;
        case OVS_TUNNEL_KEY_ATTR_VXLAN_OPTS: {
            const struct nlattr *gbp = nlattr_find_nested(a,
                                                          OVS_VXLAN_EXT_GBP);

            if (gbp) {
                t->gbp_id = htons(nlattr_u32(gbp));
                t->gbp_flags = nlattr_u32(gbp) >> 16;
            }
            break;
        }
        }
    }
}

static void
set_tunnel(struct packet_batch *batch, const struct nlattr *key)
{
    struct flow_tunnel tunnel;
    size_t size;

    parse_tunnel(key, &tunnel);
    size = offsetof(struct flow_tunnel, opts) + tunnel.opts_size;
    for (uint32_t i = 0; i < batch->n; i++) {
        memcpy(&batch->packets[i]->md.tunnel, &tunnel, size);
    }
}

bool
dp_set_valid(const struct nlattr *key, bool masked)
{
    uint16_t type = nlattr_type(key);

    if (type == OVS_KEY_ATTR_TUNNEL) {
        return !masked && tunnel_valid(key);
    }
    if (type == OVS_KEY_ATTR_NSH) {
        return dp_nsh_set_valid(key, masked);
    }
    return (type < ARRAY_SIZE(setters) && setters[type].set
            && nlattr_size(key) == setters[type].size * (masked ? 2 : 1));
}

void
dp_set_run(struct packet_batch *batch, const struct nlattr *key, bool masked)
{
    static const uint8_t all_ones[64] = { [0 ... 63] = 0xff };
    uint16_t type = nlattr_type(key);
    const struct setter *setter;
    const uint8_t *value = nlattr_payload(key);

    if (type == OVS_KEY_ATTR_TUNNEL) {
        set_tunnel(batch, key);
        return;
    }
    if (type == OVS_KEY_ATTR_NSH) {
        for (uint32_t i = 0; i < batch->n; i++) {
            dp_nsh_set(batch->packets[i], key, masked);
        }
        return;
    }
    setter = &setters[type];
    for (uint32_t i = 0; i < batch->n; i++) {
        setter->set(batch->packets[i], value,
                    masked ? value + setter->size : all_ones);
    }
}
