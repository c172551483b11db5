/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/gso.h"

#include <errno.h>

#include "lib/packet/checksum.h"

/* Bytes of all headers, or 0 if they contradict the offload. */
static size_t
header_size(const struct packet *p)
{
    size_t l4_size = packet_l4_size(p);
    size_t size;

    if (p->l3_ofs == PACKET_NO_OFFSET || p->l4_ofs == PACKET_NO_OFFSET
        || p->l4_ofs < p->l3_ofs + IPV4_HEADER_SIZE || !p->gso_size) {
        return 0;
    }
    if (p->gso_type == PACKET_GSO_UDP) {
        size = UDP_HEADER_SIZE;
    } else if (l4_size >= TCP_HEADER_SIZE) {
        size = tcp_header_size(packet_l4(p));
        if (size < TCP_HEADER_SIZE) {
            return 0;
        }
    } else {
        return 0;
    }
    return l4_size > size ? p->l4_ofs + size : 0;
}

unsigned int
packet_gso_segments(const struct packet *p)
{
    size_t headers = p->gso_type != PACKET_GSO_NONE ? header_size(p) : 0;

    return (headers
            ? DIV_ROUND_UP(p->size - p->l2_pad - headers, p->gso_size) : 1);
}

size_t
packet_gso_segment_size(const struct packet *p)
{
    size_t headers = p->gso_type != PACKET_GSO_NONE ? header_size(p) : 0;

    return headers ? MIN(p->size, headers + p->gso_size) : p->size;
}

/* Makes the network header of segment 'index' right, and returns the partial
 * sum of the pseudo header for its transport. */
static uint32_t
fix_l3(struct packet *s, unsigned int index, uint8_t proto)
{
    size_t l3_size = s->size - s->l3_ofs;
    size_t l4_size = s->size - s->l4_ofs;
    uint8_t *l3 = packet_l3(s);

    if (l3[0] >> 4 == 4) {
        struct ipv4_header *ip = (void *) l3;

        ip->total_size = htons(l3_size);
        ip->id = htons(ntohs(ip->id) + index);
        ip->csum = 0;
        ip->csum = csum(ip, ipv4_header_size(ip));
        return csum_pseudo4(ip->src, ip->dst, proto, l4_size);
    } else {
        struct ipv6_header *ip = (void *) l3;

        ip->payload_size = htons(l3_size - sizeof *ip);
        return csum_pseudo6(&ip->src, &ip->dst, proto, l4_size);
    }
}

static void
fix_tcp(struct packet *s, uint32_t pseudo, const struct packet *whole,
        unsigned int index, bool is_last)
{
    struct tcp_header *tcp = packet_l4(s);
    uint16_t clear = 0;

    tcp->seq = htonl(ntohl(tcp->seq) + index * whole->gso_size);
    if (!is_last) {
        clear |= TCP_FLAG_FIN | TCP_FLAG_PSH;
    }
    if (index) {
        clear |= TCP_FLAG_CWR;
    }
    tcp->offset_flags &= htons(~clear);
    tcp->csum = 0;
    tcp->csum = csum_finish(csum_continue(csum_fold(pseudo), tcp,
                                          s->size - s->l4_ofs));
}

static void
fix_udp(struct packet *s, uint32_t pseudo)
{
    struct udp_header *udp = packet_l4(s);
    be16 sum;

    udp->size = htons(s->size - s->l4_ofs);
    udp->csum = 0;
    sum = csum_finish(csum_continue(csum_fold(pseudo), udp,
                                    s->size - s->l4_ofs));
    udp->csum = sum ? sum : (be16) 0xffff;
}

/* Appends segment 'index' of 'whole' to 's', which has room: from its first
 * header on, which are 'headers' bytes.  Says whether it is the last. */
static bool
append_segment(struct packet *s, const struct packet *whole, size_t headers,
               unsigned int index)
{
    size_t end = whole->size - whole->l2_pad;
    size_t start = headers + (size_t) index * whole->gso_size;
    size_t n = MIN(whole->gso_size, end - start);
    size_t at = s->size;
    bool is_last = start + n >= end;
    struct packet segment;

    memcpy(packet_put(s, headers), whole->data, headers);
    memcpy(packet_put(s, n), whole->data + start, n);
    /* Only what the functions below look at. */
    segment.data = s->data + at;
    segment.size = headers + n;
    segment.l2_pad = 0;
    segment.l3_ofs = whole->l3_ofs;
    segment.l4_ofs = whole->l4_ofs;
    if (whole->gso_type == PACKET_GSO_UDP) {
        fix_udp(&segment, fix_l3(&segment, index, IPPROTO_UDP));
    } else {
        fix_tcp(&segment, fix_l3(&segment, index, IPPROTO_TCP), whole, index,
                is_last);
    }
    return is_last;
}

static struct packet *
cut_one(const struct packet *whole, size_t headers, unsigned int index,
        bool *ret_last)
{
    struct packet *s = packet_alloc(headers + whole->gso_size);

    *ret_last = append_segment(s, whole, headers, index);
    s->l2_5_ofs = whole->l2_5_ofs;
    s->l3_ofs = whole->l3_ofs;
    s->l4_ofs = whole->l4_ofs;
    s->packet_type = whole->packet_type;
    s->md.in_port = whole->md.in_port;
    s->md.pkt_mark = whole->md.pkt_mark;
    s->md.skb_priority = whole->md.skb_priority;
    s->flags = PACKET_F_CSUM_VALID;
    return s;
}

int
packet_gso_cut(const struct packet *p,
               void (*emit)(struct packet *, void *aux), void *aux)
{
    size_t headers = header_size(p);
    bool is_last = false;

    if (!headers || headers + p->gso_size > PACKET_LARGE) {
        return -EINVAL;
    }
    for (unsigned int i = 0; !is_last; i++) {
        emit(cut_one(p, headers, i, &is_last), aux);
    }
    return 0;
}

int
packet_gso_trains(const struct packet *p, const void *prefix,
                  size_t prefix_size, size_t max_size,
                  void (*emit)(struct packet *, size_t segment_size,
                               void *aux),
                  void *aux)
{
    size_t headers = header_size(p);
    size_t segment_size = prefix_size + headers + p->gso_size;
    unsigned int n_segments = packet_gso_segments(p);
    struct packet *train = NULL;

    if (!headers || segment_size > max_size) {
        return -EINVAL;
    }
    for (unsigned int i = 0; i < n_segments; i++) {
        if (!train) {
            train = packet_alloc(MIN((n_segments - i) * segment_size,
                                     max_size));
        }
        packet_put_bytes(train, prefix, prefix_size);
        append_segment(train, p, headers, i);
        if (i + 1 == n_segments || train->size + segment_size > max_size) {
            emit(train, segment_size, aux);
            train = NULL;
        }
    }
    return 0;
}
