/* SPDX-License-Identifier: Apache-2.0 */
/* From packet to compressed key in one pass.
 *
 * The words of a key are in the order of struct flow, which is the order in
 * which headers come in a packet but for a few members: what of L3 is only
 * known once L4 has been read (TCP flags, neighbour discovery).  So each layer
 * is first read into a few locals and then its words are written in order.
 * Nothing is zeroed but what is written. */

#include "lib/flow/extract.h"

#include <string.h>

/* Number of the word that holds MEMBER. */
#define W(MEMBER) (offsetof(struct flow, MEMBER) / 8)

_Static_assert(W(in_port) == W(dp_hash), "one word");
_Static_assert(W(recirc_id) == W(conj_id), "one word");
_Static_assert(W(skb_priority) == W(pkt_mark), "one word");
_Static_assert(W(ct_state) == W(ct_mark), "one word");
_Static_assert(W(packet_type) == W(actset_output), "one word");
_Static_assert(W(dl_type) == W(dl_dst) + 1, "two words");
_Static_assert(W(nw_src) == W(nw_dst), "one word");
_Static_assert(W(ipv6_label) == W(nw_proto), "one word");
_Static_assert(W(tcp_flags) == W(arp_sha) + 1, "two words");
_Static_assert(W(tp_src) == W(ct_tp_dst), "one word");
_Static_assert(offsetof(struct flow, nd_options_type) % 8 == 0, "at start");
_Static_assert(W(igmp_group_ip4) == W(nd_reserved), "one word");

struct builder {
    struct flow_key *key;
    uint64_t *next;
};

static inline void
put_word(struct builder *b, unsigned int word, uint64_t value)
{
    b->key->map.bits[word / 64] |= UINT64_C(1) << (word % 64);
    *b->next++ = value;
}

/* Two 32-bit members that share a word, first the one at the lower address. */
static inline void
put_halves(struct builder *b, unsigned int word, uint32_t first,
           uint32_t second)
{
    uint32_t halves[2] = { first, second };

    put_word(b, word, get_u64(halves));
}

static inline void
put_in6(struct builder *b, unsigned int word, const void *address)
{
    put_word(b, word, get_u64(address));
    put_word(b, word + 1, get_u64((const uint8_t *) address + 8));
}

/* What is left to read. */
struct cursor {
    const uint8_t *p;
    size_t left;
};

static inline void
advance(struct cursor *c, size_t n)
{
    c->p += n;
    c->left -= n;
}

static void
put_tunnel(struct builder *b, const struct flow_tunnel *tunnel)
{
    size_t size = offsetof(struct flow_tunnel, opts);
    const uint8_t *bytes = (const uint8_t *) tunnel;

    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = get_u64(bytes + i);

        if (word) {
            put_word(b, (offsetof(struct flow, tunnel) + i) / 8, word);
        }
    }
    for (size_t i = 0; i < tunnel->opts_size; i += 8) {
        size_t n = MIN(8, tunnel->opts_size - i);
        uint64_t word = 0;

        memcpy(&word, tunnel->opts + i, n);
        if (word) {
            put_word(b, W(tunnel.opts) + i / 8, word);
        }
    }
}

static inline void
put_metadata(struct builder *b, const struct packet_metadata *md,
             uint32_t packet_type)
{
    if (UNLIKELY(flow_tunnel_is_set(&md->tunnel))) {
        put_tunnel(b, &md->tunnel);
    }
    if (md->skb_priority | md->pkt_mark) {
        put_halves(b, W(skb_priority), md->skb_priority, md->pkt_mark);
    }
    put_halves(b, W(dp_hash), md->dp_hash, md->in_port);
    if (md->recirc_id) {
        put_halves(b, W(recirc_id), md->recirc_id, 0);
    }
    if (md->ct_state) {
        uint8_t bytes[8] = { md->ct_state, md->ct_nw_proto };

        memcpy(bytes + 2, &md->ct_zone, 2);
        memcpy(bytes + 4, &md->ct_mark, 4);
        put_word(b, W(ct_state), get_u64(bytes));
        if (md->ct_label.be64[0] | md->ct_label.be64[1]) {
            put_in6(b, W(ct_label), &md->ct_label);
        }
    }
    if (packet_type) {
        put_halves(b, W(packet_type), packet_type, 0);
    }
}

static unsigned int vlan_limit = FLOW_MAX_VLAN_HEADERS;

void
flow_set_vlan_limit(unsigned int n)
{
    __atomic_store_n(&vlan_limit,
                     n ? MIN(n, FLOW_MAX_VLAN_HEADERS) : FLOW_MAX_VLAN_HEADERS,
                     __ATOMIC_RELAXED);
}

unsigned int
flow_vlan_limit(void)
{
    return __atomic_load_n(&vlan_limit, __ATOMIC_RELAXED);
}

void
flow_apply_vlan_limit(struct flow *flow)
{
    unsigned int n = __atomic_load_n(&vlan_limit, __ATOMIC_RELAXED);
    size_t behind = offsetof(struct flow, mpls_lse);

    if (n < FLOW_MAX_VLAN_HEADERS && flow->vlans[n].tci) {
        flow->dl_type = flow->vlans[n].tpid;
        memset(&flow->vlans[n], 0,
               (FLOW_MAX_VLAN_HEADERS - n) * sizeof flow->vlans[0]);
        memset((uint8_t *) flow + behind, 0, sizeof *flow - behind);
    }
}

static inline bool
is_vlan_type(be16 type)
{
    return (type == htons(ETH_TYPE_VLAN_8021Q)
            || type == htons(ETH_TYPE_VLAN_8021AD));
}

/* Reads VLAN headers while 'type' says that one comes; returns the type behind
 * them. */
static be16
read_vlans(struct cursor *c, be16 type,
           struct flow_vlan vlans[FLOW_MAX_VLAN_HEADERS])
{
    unsigned int limit = __atomic_load_n(&vlan_limit, __ATOMIC_RELAXED);

    for (unsigned int i = 0; i < limit && is_vlan_type(type); i++) {
        const struct vlan_header *vlan = (const void *) c->p;

        if (c->left < sizeof *vlan) {
            return htons(FLOW_DL_TYPE_NONE);
        }
        vlans[i].tpid = type;
        vlans[i].tci = vlan->tci | htons(VLAN_CFI);
        type = vlan->next_type;
        advance(c, sizeof *vlan);
    }
    return type;
}

/* The Ethernet type of a frame whose type field is the length 'type'. */
static be16
read_llc(struct cursor *c)
{
    const struct llc_snap_header *snap = (const void *) c->p;

    if (c->left >= sizeof *snap && snap->dsap == 0xaa && snap->ssap == 0xaa
        && snap->control == 3 && !memcmp(snap->oui, "\0\0", 3)
        && ntohs(snap->type) >= ETH_TYPE_MIN) {
        be16 type = snap->type;

        advance(c, sizeof *snap);
        return type;
    }
    return htons(FLOW_DL_TYPE_NONE);
}

static inline be16
put_l2(struct builder *b, struct cursor *c)
{
    const struct eth_header *eth = (const void *) c->p;
    struct flow_vlan vlans[FLOW_MAX_VLAN_HEADERS] = { { 0 } };
    be16 type = eth->type;
    uint8_t second[8] = { 0 };

    put_word(b, W(dl_dst), get_u64(c->p));
    memcpy(second, c->p + 8, 4);
    advance(c, sizeof *eth);
    if (UNLIKELY(is_vlan_type(type))) {
        type = read_vlans(c, type, vlans);
    }
    if (UNLIKELY(ntohs(type) < ETH_TYPE_MIN)) {
        type = read_llc(c);
    }
    memcpy(second + 4, &type, 2);
    put_word(b, W(dl_type), get_u64(second));
    if (vlans[0].tci) {
        put_word(b, W(vlans), get_u64(vlans));
    }
    return type;
}

/* Reads the label stack; true if its bottom was found. */
static bool
put_mpls(struct builder *b, struct cursor *c)
{
    be32 lse[FLOW_MAX_MPLS_LABELS + 1] = { 0 };
    bool bottom = false;

    for (int i = 0; !bottom && c->left >= MPLS_HEADER_SIZE; i++) {
        be32 x = get_be32(c->p);

        if (i < FLOW_MAX_MPLS_LABELS) {
            lse[i] = x;
        }
        bottom = x & htonl(0x100);
        advance(c, MPLS_HEADER_SIZE);
    }
    put_halves(b, W(mpls_lse), lse[0], lse[1]);
    put_halves(b, W(mpls_lse) + 1, lse[2], lse[3]);
    return bottom;
}

static void
put_nsh(struct builder *b, const struct cursor *c)
{
    const struct nsh_header *h = (const void *) c->p;
    struct flow_nsh nsh = { 0 };
    uint16_t vftl;
    const uint8_t *bytes = (const uint8_t *) &nsh;

    if (c->left < 8) {
        return;
    }
    vftl = ntohs(h->ver_flags_ttl_len);
    nsh.flags = vftl >> 12 & 3;
    nsh.ttl = vftl >> 6 & 0x3f;
    nsh.mdtype = h->mdtype & 0xf;
    nsh.np = h->np;
    nsh.path_hdr = h->path_hdr;
    if (nsh.mdtype == NSH_MD_TYPE1 && nsh_header_size(h) == sizeof *h
        && c->left >= sizeof *h) {
        memcpy(nsh.context, h->context, sizeof nsh.context);
    }
    put_word(b, W(nsh), get_u64(bytes));
    put_in6(b, W(nsh) + 1, bytes + 8);
}

uint32_t
nsh_inner_packet_type(uint8_t np)
{
    switch (np) {
    case NSH_NP_ETHERNET:
        return PACKET_TYPE_ETH;
    case NSH_NP_IPV4:
        return PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, ETH_TYPE_IPV4);
    case NSH_NP_IPV6:
        return PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, ETH_TYPE_IPV6);
    case NSH_NP_NSH:
        return PACKET_TYPE_NSH;
    default:
        return PACKET_TYPE_UNKNOWN;
    }
}

/* What L3 and L4 say, until it can be written in order. */
struct upper {
    uint8_t frag, tos, ttl, proto;
    be32 label;
    struct in6_addr nd_target;
    uint8_t arp[12];             /* arp_sha, arp_tha. */
    be16 tcp_flags;
    be16 tp_src, tp_dst;
    be32 igmp_group;
    be32 nd_reserved;
    uint8_t nd_options_type;
    bool has_nd;
    bool has_l4;
};

static void
read_nd_options(struct cursor c, struct upper *u)
{
    while (c.left >= 8) {
        const struct nd_lla_option *option = (const void *) c.p;
        size_t size = option->size * 8;

        if (!size || size > c.left) {
            return;
        }
        if (size == 8 && option->type == ND_OPT_SOURCE_LLA) {
            memcpy(u->arp, &option->mac, 6);
            u->nd_options_type = option->type;
        } else if (size == 8 && option->type == ND_OPT_TARGET_LLA) {
            memcpy(u->arp + 6, &option->mac, 6);
            u->nd_options_type = option->type;
        }
        advance(&c, size);
    }
}

static void
read_icmp(const struct cursor *c, struct upper *u)
{
    const struct icmp_header *icmp = (const void *) c->p;

    if (c->left < ICMP_HEADER_SIZE) {
        return;
    }
    u->tp_src = htons(icmp->type);
    u->tp_dst = htons(icmp->code);
    u->has_l4 = true;
    if (u->proto == IPPROTO_ICMPV6 && !icmp->code
        && (icmp->type == ND_NEIGHBOR_SOLICIT_
            || icmp->type == ND_NEIGHBOR_ADVERT_)
        && c->left >= sizeof(struct nd_header)) {
        const struct nd_header *nd = (const void *) c->p;
        struct cursor options = *c;

        u->has_nd = true;
        u->nd_target = nd->target;
        u->nd_reserved = nd->rso_flags;
        advance(&options, sizeof *nd);
        read_nd_options(options, u);
    }
}

static void
read_igmp(const struct cursor *c, struct upper *u)
{
    const struct igmp_header *igmp = (const void *) c->p;

    if (c->left >= sizeof *igmp) {
        u->tp_src = htons(igmp->type);
        u->tp_dst = htons(igmp->code);
        u->igmp_group = igmp->group;
        u->has_l4 = true;
    }
}

static inline void
read_ports(const struct cursor *c, struct upper *u, size_t header_size)
{
    if (c->left >= header_size) {
        u->tp_src = get_be16(c->p);
        u->tp_dst = get_be16(c->p + 2);
        u->has_l4 = true;
    }
}

static inline void
read_l4(const struct cursor *c, struct upper *u, bool v6)
{
    if (u->proto == IPPROTO_TCP) {
        read_ports(c, u, TCP_HEADER_SIZE);
        if (u->has_l4) {
            const struct tcp_header *tcp = (const void *) c->p;

            u->tcp_flags = tcp->offset_flags & htons(0xfff);
        }
    } else if (u->proto == IPPROTO_UDP) {
        read_ports(c, u, UDP_HEADER_SIZE);
    } else if (u->proto == IPPROTO_SCTP) {
        read_ports(c, u, SCTP_HEADER_SIZE);
    } else if (u->proto == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
        read_icmp(c, u);
    } else if (u->proto == IPPROTO_IGMP && !v6) {
        read_igmp(c, u);
    }
}

/* Writes the words of L3 and L4 behind the addresses. */
static inline void
put_upper(struct builder *b, const struct packet_metadata *md,
          const struct upper *u)
{
    uint8_t bytes[8] = { [4] = u->frag, u->tos, u->ttl, u->proto };
    bool has_ct = md->ct_state && md->ct_nw_proto;
    be16 ports[4] = { u->tp_src, u->tp_dst };

    memcpy(bytes, &u->label, 4);
    put_word(b, W(ipv6_label), get_u64(bytes));
    if (u->has_nd) {
        put_in6(b, W(nd_target), &u->nd_target);
    }
    if (u->tcp_flags || u->nd_options_type) {
        uint8_t words[16] = { 0 };

        memcpy(words, u->arp, 12);
        memcpy(words + 12, &u->tcp_flags, 2);
        put_in6(b, W(arp_sha), words);
    }
    if (has_ct) {
        ports[2] = md->ct_tp_src;
        ports[3] = md->ct_tp_dst;
    }
    if (u->has_l4 || has_ct) {
        put_word(b, W(tp_src), get_u64(ports));
    }
    if (u->igmp_group || u->nd_reserved) {
        put_halves(b, W(igmp_group_ip4), u->igmp_group, u->nd_reserved);
    }
    if (u->nd_options_type) {
        uint8_t word[8] = { u->nd_options_type };

        put_word(b, W(nd_options_type), get_u64(word));
    }
}

static inline void
put_ct_addresses(struct builder *b, const struct packet_metadata *md)
{
    if (!md->ct_state || !md->ct_nw_proto) {
        return;
    }
    if (!md->ct_is_ipv6) {
        put_halves(b, W(ct_nw_src), get_be32(&md->ct_src),
                   get_be32(&md->ct_dst));
    }
}

static inline void
put_ct_addresses6(struct builder *b, const struct packet_metadata *md)
{
    if (md->ct_state && md->ct_nw_proto && md->ct_is_ipv6) {
        put_in6(b, W(ct_ipv6_src), &md->ct_src);
        put_in6(b, W(ct_ipv6_dst), &md->ct_dst);
    }
}

static inline void
put_ipv4(struct builder *b, struct cursor *c, struct packet *p)
{
    const struct ipv4_header *ip = (const void *) c->p;
    struct upper u = { 0 };
    size_t header, total;

    if (c->left < sizeof *ip) {
        return;
    }
    header = ipv4_header_size(ip);
    total = ntohs(ip->total_size);
    if (ip->ihl_ver >> 4 != 4 || header < sizeof *ip || total < header
        || total > c->left) {
        return;
    }
    p->l3_ofs = c->p - p->data;
    p->l2_pad = MIN(c->left - total, UINT8_MAX);
    c->left = total;
    put_halves(b, W(nw_src), ip->src, ip->dst);
    put_ct_addresses(b, &p->md);
    u.tos = ip->tos;
    u.ttl = ip->ttl;
    u.proto = ip->proto;
    if (UNLIKELY(ip->frag_off & htons(IPV4_MF | IPV4_OFFSET_MASK))) {
        u.frag = FLOW_NW_FRAG_ANY;
        if (ip->frag_off & htons(IPV4_OFFSET_MASK)) {
            u.frag |= FLOW_NW_FRAG_LATER;
        }
    }
    advance(c, header);
    if (LIKELY(!(u.frag & FLOW_NW_FRAG_LATER))) {
        p->l4_ofs = c->p - p->data;
        read_l4(c, &u, false);
        if (!u.has_l4) {
            p->l4_ofs = PACKET_NO_OFFSET;
        }
    }
    put_upper(b, &p->md, &u);
}

/* Skips extension headers; false if they are cut short. */
static bool
skip_ipv6_ext(struct cursor *c, struct upper *u)
{
    for (;;) {
        const struct ipv6_ext_header *ext = (const void *) c->p;
        size_t size;

        switch (u->proto) {
        case IPPROTO_HOPOPTS:
        case IPPROTO_ROUTING:
        case IPPROTO_DSTOPTS:
        case IPPROTO_AH:
            if (c->left < 8) {
                return false;
            }
            size = (u->proto == IPPROTO_AH ? (ext->size + 2) * 4
                    : (ext->size + 1) * 8);
            break;
        case IPPROTO_FRAGMENT: {
            const struct ipv6_frag_header *frag = (const void *) c->p;

            if (c->left < sizeof *frag) {
                return false;
            }
            size = sizeof *frag;
            if (frag->offset_more & htons(0xfff9)) {
                u->frag = FLOW_NW_FRAG_ANY;
                if (frag->offset_more & htons(0xfff8)) {
                    u->frag |= FLOW_NW_FRAG_LATER;
                    u->proto = frag->next;
                    advance(c, size);
                    return true;
                }
            }
            break;
        }
        default:
            return true;
        }
        if (size > c->left) {
            return false;
        }
        u->proto = ext->next;
        advance(c, size);
    }
}

static inline void
put_ipv6(struct builder *b, struct cursor *c, struct packet *p)
{
    const struct ipv6_header *ip = (const void *) c->p;
    struct upper u = { 0 };
    size_t payload;
    uint32_t vtl;

    if (c->left < sizeof *ip) {
        return;
    }
    vtl = ntohl(ip->ver_tc_label);
    payload = ntohs(ip->payload_size);
    if (vtl >> 28 != 6 || payload > c->left - sizeof *ip) {
        return;
    }
    p->l3_ofs = c->p - p->data;
    p->l2_pad = MIN(c->left - sizeof *ip - payload, UINT8_MAX);
    put_ct_addresses(b, &p->md);
    put_in6(b, W(ipv6_src), &ip->src);
    put_in6(b, W(ipv6_dst), &ip->dst);
    put_ct_addresses6(b, &p->md);
    u.label = htonl(vtl & 0xfffff);
    u.tos = vtl >> 20;
    u.ttl = ip->hop_limit;
    u.proto = ip->next;
    advance(c, sizeof *ip);
    c->left = payload;
    if (skip_ipv6_ext(c, &u) && !(u.frag & FLOW_NW_FRAG_LATER)) {
        p->l4_ofs = c->p - p->data;
        read_l4(c, &u, true);
        if (!u.has_l4) {
            p->l4_ofs = PACKET_NO_OFFSET;
        }
    }
    put_upper(b, &p->md, &u);
}

static void
put_arp(struct builder *b, struct cursor *c, struct packet *p)
{
    const struct arp_eth_header *arp = (const void *) c->p;
    uint8_t bytes[16] = { 0 };

    if (c->left < sizeof *arp || arp->hrd != htons(1)
        || arp->pro != htons(ETH_TYPE_IPV4) || arp->hln != 6
        || arp->pln != 4) {
        return;
    }
    p->l3_ofs = c->p - p->data;
    put_halves(b, W(nw_src), arp->spa, arp->tpa);
    if (ntohs(arp->op) <= 0xff) {
        uint8_t word[8] = { [7] = ntohs(arp->op) };

        put_word(b, W(nw_proto), get_u64(word));
    }
    memcpy(bytes, &arp->sha, 6);
    memcpy(bytes + 6, &arp->tha, 6);
    put_in6(b, W(arp_sha), bytes);
}

static inline void
put_l3(struct builder *b, struct cursor *c, struct packet *p, be16 type)
{
    if (LIKELY(type == htons(ETH_TYPE_IPV4))) {
        put_ipv4(b, c, p);
    } else if (type == htons(ETH_TYPE_IPV6)) {
        put_ipv6(b, c, p);
    } else if (type == htons(ETH_TYPE_ARP) || type == htons(ETH_TYPE_RARP)) {
        put_arp(b, c, p);
    } else if (type == htons(ETH_TYPE_NSH)) {
        put_nsh(b, c);
    }
}

/* The Ethernet type that 'packet_type' stands for, of a packet without an
 * Ethernet header. */
static be16
packet_type_eth(uint32_t packet_type)
{
    return packet_type >> 16 == 1 ? htons(packet_type & 0xffff) : 0;
}

void
flow_key_extract(struct packet *p, struct flow_key_full *full)
{
    struct flow_key *key = &full->key;
    struct builder b = { .key = key, .next = key->words };
    struct cursor c = { p->data, p->size };
    be16 type;

    key->map = (struct flow_map) { { 0, 0 } };
    key->pad = 0;
    packet_reset_offsets(p);
    put_metadata(&b, &p->md, p->packet_type);
    if (p->packet_type == PACKET_TYPE_ETH) {
        type = c.left >= ETH_HEADER_SIZE ? put_l2(&b, &c) : 0;
    } else {
        uint8_t word[8] = { 0 };

        type = packet_type_eth(p->packet_type);
        memcpy(word + 4, &type, 2);
        put_word(&b, W(dl_type), get_u64(word));
    }
    if (UNLIKELY(type == htons(ETH_TYPE_MPLS)
                 || type == htons(ETH_TYPE_MPLS_MCAST))) {
        p->l2_5_ofs = c.p - p->data;
        if (put_mpls(&b, &c)) {
            p->l3_ofs = c.p - p->data;
        }
    } else {
        if (c.p - p->data <= PACKET_NO_OFFSET && type) {
            p->l3_ofs = c.p - p->data;
        }
        put_l3(&b, &c, p, type);
    }
    key->n_words = b.next - key->words;
    key->hash = flow_key_hash(key, 0);
}

void
flow_extract(struct packet *p, struct flow *flow)
{
    struct flow_key_full key;

    flow_key_extract(p, &key);
    flow_key_expand(&key.key, flow);
}

uint32_t
flow_key_hash_l4(const struct flow_key *key, uint32_t basis, bool symmetric)
{
    const uint64_t addresses = flow_key_word(key, W(nw_src));
    const uint64_t ports = flow_key_word(key, W(tp_src)) & UINT32_MAX;
    const uint8_t proto = flow_key_word(key, W(nw_proto)) >> 56;
    uint64_t src = addresses & UINT32_MAX, dst = addresses >> 32;
    uint64_t hash;

    src ^= flow_key_word(key, W(ipv6_src));
    src += flow_key_word(key, W(ipv6_src) + 1) * 31;
    dst ^= flow_key_word(key, W(ipv6_dst));
    dst += flow_key_word(key, W(ipv6_dst) + 1) * 31;
    if (!proto) {
        /* Not IP: the Ethernet addresses tell flows apart. */
        uint64_t w0 = flow_key_word(key, W(dl_dst));
        uint64_t w1 = flow_key_word(key, W(dl_dst) + 1);

        dst ^= w0 & UINT64_C(0xffffffffffff);
        src ^= w0 >> 48 | (w1 & UINT32_MAX) << 16;
    }
    src = (src ^ ((ports & 0xffff) << 40)) * 0x9e3779b97f4a7c15ULL;
    dst = (dst ^ ((ports >> 16) << 40)) * 0x9e3779b97f4a7c15ULL;
    src ^= src >> 29;
    dst ^= dst >> 29;
    hash = symmetric ? src + dst : src * 3 + dst;
    hash = (hash ^ proto ^ (uint64_t) basis << 32) * 0xd6e8feb86659fd93ULL;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93ULL;
    return hash >> 32;
}
