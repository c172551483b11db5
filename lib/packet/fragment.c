/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/fragment.h"

#include <errno.h>

#include "lib/packet/checksum.h"
#include "lib/packet/ipv6.h"

#define FRAG_HEADER_SIZE sizeof(struct ipv6_frag_header)

/* An option of which the first fragment alone has the real one becomes this. */
#define IPV4_OPT_END 0
#define IPV4_OPT_NOP 1
#define IPV4_OPT_COPIED 0x80

static enum packet_fragment_kind
read4(const uint8_t *l3, size_t size, struct packet_fragment *f)
{
    const struct ipv4_header *ip = (const void *) l3;
    uint16_t frag_off = ntohs(ip->frag_off);
    size_t total = ntohs(ip->total_size);

    if (!(frag_off & (IPV4_MF | IPV4_OFFSET_MASK))) {
        return PACKET_NO_FRAGMENT;
    }
    f->header_size = f->payload_ofs = ipv4_header_size(ip);
    if (f->header_size < IPV4_HEADER_SIZE || total > size
        || f->header_size >= total) {
        return PACKET_BAD_FRAGMENT;
    }
    f->has_more = frag_off & IPV4_MF;
    f->proto = ip->proto;
    f->id = ntohs(ip->id);
    f->start = (frag_off & IPV4_OFFSET_MASK) * 8;
    f->end = f->start + (total - f->header_size);
    return PACKET_FRAGMENT;
}

static enum packet_fragment_kind
read6(const uint8_t *l3, size_t size, struct packet_fragment *f)
{
    const struct ipv6_header *ip = (const void *) l3;
    struct ipv6_transport t;
    const struct ipv6_frag_header *frag;
    size_t total = sizeof *ip + ntohs(ip->payload_size);

    if (ip->next == IPPROTO_TCP || ip->next == IPPROTO_UDP
        || !ipv6_find_transport(l3, size, &t) || !t.is_fragment) {
        return PACKET_NO_FRAGMENT;
    }
    if (!ipv6_find_unfragmentable(l3, size, &f->header_size, &f->next_ofs)
        || l3[f->next_ofs] != IPPROTO_FRAGMENT || total > size
        || f->header_size + sizeof *frag >= total) {
        return PACKET_BAD_FRAGMENT;
    }
    frag = (const void *) (l3 + f->header_size);
    f->is_ipv6 = true;
    f->payload_ofs = f->header_size + sizeof *frag;
    f->has_more = frag->offset_more & htons(1);
    f->proto = frag->next;
    f->id = ntohl(frag->id);
    f->start = ntohs(frag->offset_more) & 0xfff8;
    f->end = f->start + (total - f->payload_ofs);
    return PACKET_FRAGMENT;
}

enum packet_fragment_kind
packet_fragment_read(const struct packet *p, struct packet_fragment *f)
{
    const uint8_t *l3 = packet_l3(p);
    size_t size = packet_l3_size(p);
    enum packet_fragment_kind kind = PACKET_NO_FRAGMENT;

    *f = (struct packet_fragment) { .is_ipv6 = false };
    if (l3 && size >= IPV4_HEADER_SIZE && l3[0] >> 4 == 4) {
        kind = read4(l3, size, f);
    } else if (l3 && size >= IPV6_HEADER_SIZE && l3[0] >> 4 == 6) {
        kind = read6(l3, size, f);
    }
    if (kind == PACKET_FRAGMENT
        && (f->header_size + f->end > UINT16_MAX
            || (f->has_more && (f->end - f->start) % 8))) {
        kind = PACKET_BAD_FRAGMENT;
    }
    return kind;
}

/* What is the same for all fragments of a packet. */
struct cutting {
    const struct packet *whole;
    uint32_t id;
    bool is_ipv6;
    size_t header_size;          /* As in struct packet_fragment. */
    size_t next_ofs;
    size_t payload_size;
    size_t piece;                /* Payload of each but the last. */
};

/* Only some options are for every fragment. */
static void
drop_options(struct ipv4_header *ip)
{
    uint8_t *at = (uint8_t *) (ip + 1);
    uint8_t *end = (uint8_t *) ip + ipv4_header_size(ip);

    while (at < end && *at != IPV4_OPT_END) {
        size_t size = 1;

        if (*at != IPV4_OPT_NOP) {
            if (end - at < 2 || at[1] < 2 || at[1] > end - at) {
                return;
            }
            size = at[1];
        }
        if (!(*at & IPV4_OPT_COPIED)) {
            memset(at, IPV4_OPT_NOP, size);
        }
        at += size;
    }
}

static void
fix4(struct packet *s, size_t start, bool is_last)
{
    struct ipv4_header *ip = packet_l3(s);

    ip->total_size = htons(packet_l3_size(s));
    ip->frag_off = htons((ntohs(ip->frag_off) & IPV4_DF) | start / 8
                         | (is_last ? 0 : IPV4_MF));
    if (start) {
        drop_options(ip);
    }
    ip->csum = 0;
    ip->csum = csum(ip, ipv4_header_size(ip));
}

static void
fix6(struct packet *s, const struct cutting *c, size_t start, bool is_last)
{
    uint8_t *l3 = packet_l3(s);
    struct ipv6_header *ip = (void *) l3;
    struct ipv6_frag_header *frag = (void *) (l3 + c->header_size);

    *frag = (struct ipv6_frag_header) {
        .next = l3[c->next_ofs],
        .offset_more = htons(start | !is_last),
        .id = htonl(c->id),
    };
    l3[c->next_ofs] = IPPROTO_FRAGMENT;
    ip->payload_size = htons(packet_l3_size(s) - sizeof *ip);
}

static void
cut_one(const struct cutting *c, size_t start,
        void (*emit)(struct packet *, void *aux), void *aux)
{
    const struct packet *whole = c->whole;
    size_t n = MIN(c->piece, c->payload_size - start);
    size_t headers = whole->l3_ofs + c->header_size;
    size_t extra = c->is_ipv6 ? FRAG_HEADER_SIZE : 0;
    bool is_last = start + n == c->payload_size;
    struct packet *s = packet_alloc(headers + extra + n);

    packet_put_bytes(s, whole->data, headers);
    packet_put(s, extra);
    packet_put_bytes(s, whole->data + headers + start, n);
    s->l2_5_ofs = whole->l2_5_ofs;
    s->l3_ofs = whole->l3_ofs;
    s->l4_ofs = headers + extra;
    s->packet_type = whole->packet_type;
    s->md = whole->md;
    if (c->is_ipv6) {
        fix6(s, c, start, is_last);
    } else {
        fix4(s, start, is_last);
    }
    emit(s, aux);
}

int
packet_fragment_cut(const struct packet *whole, uint32_t id, size_t max_size,
                    void (*emit)(struct packet *, void *aux), void *aux)
{
    const uint8_t *l3 = packet_l3(whole);
    size_t size = packet_l3_size(whole);
    struct cutting c = { .whole = whole, .id = id };
    size_t headers;

    if (size >= IPV4_HEADER_SIZE && l3[0] >> 4 == 4) {
        const struct ipv4_header *ip = (const void *) l3;

        if (ip->frag_off & htons(IPV4_MF | IPV4_OFFSET_MASK)) {
            return -EINVAL;
        }
        c.header_size = headers = ipv4_header_size(ip);
        if (headers < IPV4_HEADER_SIZE) {
            return -EINVAL;
        }
    } else if (size >= IPV6_HEADER_SIZE && l3[0] >> 4 == 6) {
        c.is_ipv6 = true;
        if (!ipv6_find_unfragmentable(l3, size, &c.header_size, &c.next_ofs)
            || l3[c.next_ofs] == IPPROTO_FRAGMENT) {
            return -EINVAL;
        }
        headers = c.header_size + FRAG_HEADER_SIZE;
    } else {
        return -EINVAL;
    }
    if (c.header_size >= size || max_size < headers + 8
        || whole->l3_ofs + max_size > PACKET_LARGE) {
        return -EINVAL;
    }
    c.payload_size = size - c.header_size;
    c.piece = (max_size - headers) & ~(size_t) 7;
    for (size_t start = 0; start < c.payload_size; start += c.piece) {
        cut_one(&c, start, emit, aux);
    }
    return 0;
}
