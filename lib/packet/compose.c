/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/compose.h"

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"

static void *
put_zeros(struct packet *p, size_t n)
{
    void *bytes = packet_put(p, n);

    assert(bytes);
    return memset(bytes, 0, n);
}

void
compose_eth(struct packet *p, struct eth_addr dst, struct eth_addr src,
            uint16_t type)
{
    struct eth_header *eth = put_zeros(p, sizeof *eth);

    eth->dst = dst;
    eth->src = src;
    eth->type = htons(type);
    p->l3_ofs = p->size;
}

void
compose_ipv4(struct packet *p, be32 src, be32 dst, uint8_t proto, uint8_t tos,
             uint8_t ttl, uint16_t payload_size)
{
    struct ipv4_header *ip;

    p->l3_ofs = p->size;
    ip = put_zeros(p, sizeof *ip);
    *ip = (struct ipv4_header) {
        .ihl_ver = 0x45,
        .tos = tos,
        .total_size = htons(sizeof *ip + payload_size),
        .ttl = ttl,
        .proto = proto,
        .src = src,
        .dst = dst,
    };
    ip->csum = csum(ip, sizeof *ip);
    p->l4_ofs = p->size;
}

void
compose_ipv6(struct packet *p, const struct in6_addr *src,
             const struct in6_addr *dst, uint8_t proto, uint8_t tc, be32 label,
             uint8_t hop_limit, uint16_t payload_size)
{
    struct ipv6_header *ip;

    p->l3_ofs = p->size;
    ip = put_zeros(p, sizeof *ip);
    ip->ver_tc_label = htonl(6u << 28 | (uint32_t) tc << 20)
                       | (label & htonl(0xfffff));
    ip->payload_size = htons(payload_size);
    ip->next = proto;
    ip->hop_limit = hop_limit;
    ip->src = *src;
    ip->dst = *dst;
    p->l4_ofs = p->size;
}

void
compose_arp(struct packet *p, uint16_t op, struct eth_addr sha,
            struct eth_addr tha, bool broadcast, be32 spa, be32 tpa)
{
    static const struct eth_addr all = { { 255, 255, 255, 255, 255, 255 } };
    struct arp_eth_header *arp;

    compose_eth(p, broadcast ? all : tha, sha, ETH_TYPE_ARP);
    arp = put_zeros(p, sizeof *arp);
    *arp = (struct arp_eth_header) {
        .hrd = htons(1),
        .pro = htons(ETH_TYPE_IPV4),
        .hln = 6,
        .pln = 4,
        .op = htons(op),
        .sha = sha,
        .tha = tha,
        .spa = spa,
        .tpa = tpa,
    };
}

/* Finishes the ICMPv6 checksum of the packet's transport part. */
static void
finish_icmp6(struct packet *p)
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
put_nd(struct packet *p, uint8_t type, uint32_t rso_flags,
       const struct in6_addr *target, uint8_t option, struct eth_addr mac)
{
    struct nd_header *nd = put_zeros(p, sizeof *nd);
    struct nd_lla_option *lla = put_zeros(p, sizeof *lla);

    nd->type = type;
    nd->rso_flags = htonl(rso_flags);
    nd->target = *target;
    lla->type = option;
    lla->size = 1;
    lla->mac = mac;
    finish_icmp6(p);
}

#define ND_SIZE (sizeof(struct nd_header) + sizeof(struct nd_lla_option))

void
compose_nd_ns(struct packet *p, struct eth_addr eth_src,
              const struct in6_addr *src, const struct in6_addr *target)
{
    const uint8_t *t = target->s6_addr;
    struct eth_addr eth_dst = { { 0x33, 0x33, 0xff, t[13], t[14], t[15] } };
    struct in6_addr dst = { .s6_addr = { 0xff, 0x02, [11] = 1, [12] = 0xff,
                                         t[13], t[14], t[15] } };

    compose_eth(p, eth_dst, eth_src, ETH_TYPE_IPV6);
    compose_ipv6(p, src, &dst, IPPROTO_ICMPV6, 0, 0, 255, ND_SIZE);
    put_nd(p, ND_NEIGHBOR_SOLICIT_, 0, target, ND_OPT_SOURCE_LLA, eth_src);
}

void
compose_nd_na(struct packet *p, struct eth_addr eth_src,
              struct eth_addr eth_dst, const struct in6_addr *src,
              const struct in6_addr *dst, const struct in6_addr *target,
              uint32_t rso_flags)
{
    compose_eth(p, eth_dst, eth_src, ETH_TYPE_IPV6);
    compose_ipv6(p, src, dst, IPPROTO_ICMPV6, 0, 0, 255, ND_SIZE);
    put_nd(p, ND_NEIGHBOR_ADVERT_, rso_flags, target, ND_OPT_TARGET_LLA,
           eth_src);
}

static void
put_udp(struct packet *p, uint16_t tp_src, uint16_t tp_dst,
        const void *payload, size_t payload_size)
{
    struct udp_header *udp = put_zeros(p, sizeof *udp);

    udp->src = htons(tp_src);
    udp->dst = htons(tp_dst);
    udp->size = htons(sizeof *udp + payload_size);
    if (payload_size) {
        memcpy(put_zeros(p, payload_size), payload, payload_size);
    }
}

static void
finish_udp(struct packet *p, uint32_t pseudo)
{
    struct udp_header *udp = packet_l4(p);
    be16 sum = csum_finish(csum_continue(csum_fold(pseudo), udp,
                                         packet_l4_size(p)));

    udp->csum = sum ? sum : (be16) 0xffff;
}

void
compose_udp4(struct packet *p, struct eth_addr eth_dst,
             struct eth_addr eth_src, be32 src, be32 dst, uint8_t ttl,
             uint16_t tp_src, uint16_t tp_dst, const void *payload,
             size_t payload_size)
{
    compose_eth(p, eth_dst, eth_src, ETH_TYPE_IPV4);
    compose_ipv4(p, src, dst, IPPROTO_UDP, 0, ttl,
                 UDP_HEADER_SIZE + payload_size);
    put_udp(p, tp_src, tp_dst, payload, payload_size);
    finish_udp(p, csum_pseudo4(src, dst, IPPROTO_UDP, packet_l4_size(p)));
}

void
compose_udp6(struct packet *p, struct eth_addr eth_dst,
             struct eth_addr eth_src, const struct in6_addr *src,
             const struct in6_addr *dst, uint8_t hop_limit, uint16_t tp_src,
             uint16_t tp_dst, const void *payload, size_t payload_size)
{
    compose_eth(p, eth_dst, eth_src, ETH_TYPE_IPV6);
    compose_ipv6(p, src, dst, IPPROTO_UDP, 0, 0, hop_limit,
                 UDP_HEADER_SIZE + payload_size);
    put_udp(p, tp_src, tp_dst, payload, payload_size);
    finish_udp(p, csum_pseudo6(src, dst, IPPROTO_UDP, packet_l4_size(p)));
}

/* Where the checksum of a protocol is that sums the pseudo header or (ICMP)
 * does not, and the least header that has it. */
static const struct l4_sum {
    uint8_t proto;
    uint8_t offset;
    uint8_t min_size;
    bool has_pseudo;
} l4_sums[] = {
    { IPPROTO_TCP, offsetof(struct tcp_header, csum), TCP_HEADER_SIZE, true },
    { IPPROTO_UDP, offsetof(struct udp_header, csum), UDP_HEADER_SIZE, true },
    { IPPROTO_ICMP, offsetof(struct icmp_header, csum), 4, false },
    { IPPROTO_ICMPV6, offsetof(struct icmp_header, csum), 4, true },
};

static void
finish_l4(struct packet *p, uint8_t proto, uint32_t pseudo)
{
    uint8_t *l4 = packet_l4(p);
    size_t size = packet_l4_size(p);

    if (proto == IPPROTO_SCTP && size >= SCTP_HEADER_SIZE) {
        struct sctp_header *sctp = packet_l4(p);

        sctp->csum = 0;
        sctp->csum = crc32c(sctp, size);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(l4_sums); i++) {
        const struct l4_sum *s = &l4_sums[i];

        if (s->proto == proto && size >= s->min_size) {
            uint32_t start = s->has_pseudo ? csum_fold(pseudo) : 0;
            be16 sum;

            put_be16(l4 + s->offset, 0);
            sum = csum_finish(csum_continue(start, l4, size));
            if (proto == IPPROTO_UDP && !sum) {
                sum = 0xffff;
            }
            put_be16(l4 + s->offset, sum);
        }
    }
}

bool
compose_like(struct packet *p, const struct packet *like, uint8_t proto,
             uint8_t ttl, const void *l4, size_t size)
{
    const uint8_t *l3 = packet_l3(like);
    bool is_v4 = l3 && l3[0] >> 4 == 4;
    size_t ip_size = is_v4 ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
    uint32_t pseudo;

    if (!l3 || packet_l3_size(like) < ip_size || (!is_v4 && l3[0] >> 4 != 6)
        || size > UINT16_MAX - ip_size
        || packet_tailroom(p) < like->l3_ofs + ip_size + size) {
        return false;
    }
    packet_put_bytes(p, like->data, like->l3_ofs);
    if (is_v4) {
        const struct ipv4_header *ip = packet_l3(like);

        compose_ipv4(p, ip->src, ip->dst, proto, ip->tos, ttl ? ttl : ip->ttl,
                     size);
        pseudo = csum_pseudo4(ip->src, ip->dst, proto, size);
    } else {
        const struct ipv6_header *ip = packet_l3(like);
        struct in6_addr src = ip->src, dst = ip->dst;

        compose_ipv6(p, &src, &dst, proto, ntohl(ip->ver_tc_label) >> 20,
                     ip->ver_tc_label, ttl ? ttl : ip->hop_limit, size);
        pseudo = csum_pseudo6(&src, &dst, proto, size);
    }
    packet_put_bytes(p, l4, size);
    finish_l4(p, proto, pseudo);
    return true;
}

static void
swap_bytes(uint8_t *a, uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

void
packet_swap_addresses(struct packet *p)
{
    uint8_t *l3 = packet_l3(p);

    swap_bytes(p->data, p->data + 6, 6);
    if (l3[0] >> 4 == 4) {
        swap_bytes(l3 + offsetof(struct ipv4_header, src),
                   l3 + offsetof(struct ipv4_header, dst), 4);
    } else {
        swap_bytes(l3 + offsetof(struct ipv6_header, src),
                   l3 + offsetof(struct ipv6_header, dst), 16);
    }
}

/* Offset of the (outermost) Ethernet type. */
#define ETH_TYPE_OFS offsetof(struct eth_header, type)

bool
packet_push_vlan(struct packet *p, be16 tpid, be16 tci)
{
    if (p->size < ETH_HEADER_SIZE
        || !packet_insert(p, ETH_TYPE_OFS, VLAN_HEADER_SIZE)) {
        return false;
    }
    put_be16(p->data + ETH_TYPE_OFS, tpid);
    put_be16(p->data + ETH_TYPE_OFS + 2, tci & htons(~VLAN_CFI));
    return true;
}

static bool
is_vlan_type(be16 type)
{
    return (type == htons(ETH_TYPE_VLAN_8021Q)
            || type == htons(ETH_TYPE_VLAN_8021AD));
}

void
packet_pop_vlan(struct packet *p)
{
    if (p->size >= ETH_HEADER_SIZE + VLAN_HEADER_SIZE
        && is_vlan_type(get_be16(p->data + ETH_TYPE_OFS))) {
        packet_remove(p, ETH_TYPE_OFS, VLAN_HEADER_SIZE);
    }
}

bool
packet_push_mpls(struct packet *p, be16 type, be32 lse)
{
    size_t at = p->l2_5_ofs != PACKET_NO_OFFSET ? p->l2_5_ofs : p->l3_ofs;

    if (at == PACKET_NO_OFFSET || at < 2
        || !packet_insert(p, at, MPLS_HEADER_SIZE)) {
        return false;
    }
    p->l2_5_ofs = at;
    put_be16(p->data + at - 2, type);
    put_be32(p->data + at, lse);
    return true;
}

void
packet_pop_mpls(struct packet *p, be16 type)
{
    size_t at = p->l2_5_ofs;
    bool is_last;

    if (at == PACKET_NO_OFFSET || at < 2 || at + MPLS_HEADER_SIZE > p->size) {
        return;
    }
    is_last = get_be32(p->data + at) & htonl(0x100);
    packet_remove(p, at, MPLS_HEADER_SIZE);
    p->l2_5_ofs = is_last ? PACKET_NO_OFFSET : at;
    put_be16(p->data + at - 2, type);
}

/* Where the transport checksum is that covers addresses, or NULL. */
static void *
l4_csum(const struct packet *p, uint8_t proto, bool v6)
{
    uint8_t *l4 = packet_l4(p);
    size_t size = packet_l4_size(p);

    if (!l4) {
        return NULL;
    } else if (proto == IPPROTO_TCP && size >= TCP_HEADER_SIZE) {
        return l4 + offsetof(struct tcp_header, csum);
    } else if (proto == IPPROTO_UDP && size >= UDP_HEADER_SIZE) {
        return l4 + offsetof(struct udp_header, csum);
    } else if (proto == IPPROTO_ICMPV6 && v6 && size >= 4) {
        return l4 + offsetof(struct icmp_header, csum);
    }
    return NULL;
}

/* Changes the transport checksum at 'field' for a change of the pseudo header
 * (16 bytes, or 4).  A partial sum is the sum itself, not its complement. */
static void
update_pseudo(const struct packet *p, void *field, uint8_t proto,
              const void *old, const void *new_, size_t size)
{
    bool is_partial = p->flags & PACKET_F_CSUM_PARTIAL;
    be16 sum = get_be16(field);

    if (proto == IPPROTO_UDP && !sum && !is_partial) {
        return;
    }
    if (is_partial) {
        sum = ~sum;
    }
    sum = (size == 4 ? csum_update32(sum, get_be32(old), get_be32(new_))
           : csum_update128(sum, old, new_));
    if (is_partial) {
        sum = ~sum;
    } else if (proto == IPPROTO_UDP && !sum) {
        sum = 0xffff;
    }
    put_be16(field, sum);
}

void
packet_set_ipv4_addr(struct packet *p, void *addr, be32 new_)
{
    struct ipv4_header *ip = packet_l3(p);
    be32 old = get_be32(addr);
    bool is_later = ip->frag_off & htons(IPV4_OFFSET_MASK);
    void *field = is_later ? NULL : l4_csum(p, ip->proto, false);

    if (field) {
        update_pseudo(p, field, ip->proto, &old, &new_, 4);
    }
    ip->csum = csum_update32(ip->csum, old, new_);
    put_be32(addr, new_);
}

void
packet_set_ipv6_addr(struct packet *p, uint8_t proto, void *addr,
                     const void *new_, bool in_l4_checksum)
{
    void *field = in_l4_checksum ? l4_csum(p, proto, true) : NULL;

    if (field) {
        update_pseudo(p, field, proto, addr, new_, 16);
    }
    memcpy(addr, new_, 16);
}

void
packet_set_ipv4_tos(struct packet *p, uint8_t tos)
{
    struct ipv4_header *ip = packet_l3(p);

    ip->csum = csum_update16(ip->csum, htons(ip->tos), htons(tos));
    ip->tos = tos;
}

void
packet_set_ipv4_ttl(struct packet *p, uint8_t ttl)
{
    struct ipv4_header *ip = packet_l3(p);

    ip->csum = csum_update16(ip->csum, htons(ip->ttl << 8), htons(ttl << 8));
    ip->ttl = ttl;
}

/* Stores 'new_' in the port at 'port', covered by the checksum at 'field'. */
static void
set_port(struct packet *p, uint8_t *port, be16 new_, uint8_t *field,
         bool is_udp)
{
    be16 sum = get_be16(field);

    if (!(p->flags & PACKET_F_CSUM_PARTIAL) && !(is_udp && !sum)) {
        sum = csum_update16(sum, get_be16(port), new_);
        put_be16(field, sum || !is_udp ? sum : (be16) 0xffff);
    }
    put_be16(port, new_);
}

void
packet_set_tcp_port(struct packet *p, be16 src, be16 dst)
{
    uint8_t *tcp = packet_l4(p);
    uint8_t *field = tcp + offsetof(struct tcp_header, csum);

    set_port(p, tcp, src, field, false);
    set_port(p, tcp + 2, dst, field, false);
}

void
packet_set_udp_port(struct packet *p, be16 src, be16 dst)
{
    uint8_t *udp = packet_l4(p);
    uint8_t *field = udp + offsetof(struct udp_header, csum);

    set_port(p, udp, src, field, true);
    set_port(p, udp + 2, dst, field, true);
}

void
packet_set_sctp_port(struct packet *p, be16 src, be16 dst)
{
    struct sctp_header *sctp = packet_l4(p);

    sctp->src = src;
    sctp->dst = dst;
    sctp->csum = 0;
    sctp->csum = crc32c(sctp, packet_l4_size(p));
}

void
packet_set_icmp(struct packet *p, uint8_t type, uint8_t code)
{
    struct icmp_header *icmp = packet_l4(p);
    be16 old = htons(icmp->type << 8 | icmp->code);

    icmp->csum = csum_update16(icmp->csum, old, htons(type << 8 | code));
    icmp->type = type;
    icmp->code = code;
}
