/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/gro.h"

#include "lib/packet/checksum.h"

/* A TCP segment in Ethernet, without VLAN headers, IP options or
 * fragmentation. */
struct segment {
    struct ipv4_header *ip4;     /* One of these two. */
    struct ipv6_header *ip6;
    struct tcp_header *tcp;
    size_t headers;              /* Bytes in front of the payload. */
    size_t payload;
};

static bool
parse_ip(struct packet *p, struct segment *s, size_t *l3_size)
{
    const struct eth_header *eth = (const void *) p->data;
    uint8_t *l3 = p->data + ETH_HEADER_SIZE;
    size_t left = p->size - ETH_HEADER_SIZE;

    if (eth->type == htons(ETH_TYPE_IPV4) && left >= IPV4_HEADER_SIZE) {
        s->ip4 = (void *) l3;
        *l3_size = IPV4_HEADER_SIZE;
        return (l3[0] == 0x45 && s->ip4->proto == IPPROTO_TCP
                && ntohs(s->ip4->total_size) == left
                && !(s->ip4->frag_off & htons(IPV4_MF | IPV4_OFFSET_MASK)));
    } else if (eth->type == htons(ETH_TYPE_IPV6)
               && left >= IPV6_HEADER_SIZE) {
        s->ip6 = (void *) l3;
        *l3_size = IPV6_HEADER_SIZE;
        return (l3[0] >> 4 == 6 && s->ip6->next == IPPROTO_TCP
                && ntohs(s->ip6->payload_size) + IPV6_HEADER_SIZE == left);
    }
    return false;
}

static bool
parse(struct packet *p, struct segment *s)
{
    size_t l3_size, header;

    *s = (struct segment) { .ip4 = NULL };
    if (p->packet_type || p->size < ETH_HEADER_SIZE
        || !parse_ip(p, s, &l3_size)
        || p->size < ETH_HEADER_SIZE + l3_size + TCP_HEADER_SIZE) {
        return false;
    }
    s->tcp = (void *) (p->data + ETH_HEADER_SIZE + l3_size);
    header = tcp_header_size(s->tcp);
    s->headers = ETH_HEADER_SIZE + l3_size + header;
    if (header < TCP_HEADER_SIZE || s->headers >= p->size) {
        return false;
    }
    s->payload = p->size - s->headers;
    p->l2_pad = 0;
    p->l3_ofs = ETH_HEADER_SIZE;
    p->l4_ofs = ETH_HEADER_SIZE + l3_size;
    return true;
}

/* Whether all headers are the same but for what may differ between segments of
 * one stream. */
static bool
same_headers(const struct packet *a, const struct segment *sa,
             const struct packet *b, const struct segment *sb)
{
    size_t options = sa->headers - a->l4_ofs - TCP_HEADER_SIZE;

    if (sa->headers != sb->headers || !sa->ip4 != !sb->ip4
        || memcmp(a->data, b->data, ETH_HEADER_SIZE)
        || get_be32(&sa->tcp->src) != get_be32(&sb->tcp->src)
        || sa->tcp->ack != sb->tcp->ack || sa->tcp->window != sb->tcp->window
        || memcmp(sa->tcp + 1, sb->tcp + 1, options)) {
        return false;
    }
    if (sa->ip4) {
        return (sa->ip4->tos == sb->ip4->tos && sa->ip4->ttl == sb->ip4->ttl
                && sa->ip4->frag_off == sb->ip4->frag_off
                && !memcmp((uint8_t *) sa->ip4 + 12, (uint8_t *) sb->ip4 + 12,
                           8));
    }
    return (sa->ip6->ver_tc_label == sb->ip6->ver_tc_label
            && sa->ip6->hop_limit == sb->ip6->hop_limit
            && !memcmp((uint8_t *) sa->ip6 + 8, (uint8_t *) sb->ip6 + 8, 32));
}

static bool
continues(const struct packet *a, const struct segment *sa,
          const struct segment *sb)
{
    uint16_t flags_a = tcp_flags(sa->tcp), flags_b = tcp_flags(sb->tcp);
    size_t mss = a->gso_type ? a->gso_size : sa->payload;

    return (flags_a == TCP_FLAG_ACK
            && (flags_b & ~TCP_FLAG_PSH) == TCP_FLAG_ACK
            && ntohl(sb->tcp->seq) == (uint32_t) (ntohl(sa->tcp->seq)
                                          + sa->payload)
            && sb->payload <= mss && sa->payload % mss == 0
            && a->size + sb->payload - ETH_HEADER_SIZE <= UINT16_MAX);
}

/* Makes the headers of 'p', which has grown, say so. */
static void
fix_headers(struct packet *p, const struct segment *s, uint16_t flags)
{
    size_t l3_size = p->size - p->l3_ofs;
    size_t l4_size = p->size - p->l4_ofs;
    uint32_t pseudo;

    if (s->ip4) {
        be16 old = s->ip4->total_size;

        s->ip4->total_size = htons(l3_size);
        s->ip4->csum = csum_update16(s->ip4->csum, old, s->ip4->total_size);
        pseudo = csum_pseudo4(s->ip4->src, s->ip4->dst, IPPROTO_TCP, l4_size);
    } else {
        s->ip6->payload_size = htons(l3_size - IPV6_HEADER_SIZE);
        pseudo = csum_pseudo6(&s->ip6->src, &s->ip6->dst, IPPROTO_TCP,
                              l4_size);
    }
    s->tcp->offset_flags |= htons(flags);
    s->tcp->csum = csum_fold(pseudo);
}

/* Moves a packet into a large buffer. */
static struct packet *
enlarge(struct packet *p)
{
    struct packet *large = packet_alloc(PACKET_LARGE);

    packet_put_bytes(large, p->data, p->size);
    packet_copy_state(large, p);
    packet_free(p);
    return large;
}

bool
packet_gro_append(struct packet **packet, struct packet *next)
{
    struct packet *p = *packet;
    struct segment sp, sn;

    if (next->gso_type || !parse(p, &sp) || !parse(next, &sn)
        || !same_headers(p, &sp, next, &sn) || !continues(p, &sp, &sn)
        || !packet_l4_csum_ok(next, IPPROTO_TCP)
        || !packet_l4_csum_ok(p, IPPROTO_TCP)
        || (sn.ip4 && csum(sn.ip4, IPV4_HEADER_SIZE))
        || (sp.ip4 && csum(sp.ip4, IPV4_HEADER_SIZE))) {
        return false;
    }
    if (sn.payload > packet_tailroom(p)) {
        p = *packet = enlarge(p);
        parse(p, &sp);
    }
    if (!p->gso_type) {
        p->gso_type = sp.ip4 ? PACKET_GSO_TCP4 : PACKET_GSO_TCP6;
        p->gso_size = sp.payload;
        p->flags = PACKET_F_CSUM_PARTIAL;
        p->csum_start = p->l4_ofs;
        p->csum_offset = offsetof(struct tcp_header, csum);
    }
    /* 'next' may lie behind 'p' in the same buffer, and overlap. */
    memmove(packet_put(p, sn.payload), next->data + sn.headers, sn.payload);
    fix_headers(p, &sp, tcp_flags(sn.tcp) & TCP_FLAG_PSH);
    return true;
}
