/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/checksum.h"

uint32_t
csum_continue(uint32_t partial, const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t a = partial, b = 0;

    /* Two chains of 32-bit words in 64-bit sums: carries need no care for
     * 2^32 words, more than any packet has. */
    for (; n >= 16; n -= 16, p += 16) {
        a += (uint64_t) get_u32(p) + get_u32(p + 4);
        b += (uint64_t) get_u32(p + 8) + get_u32(p + 12);
    }
    for (; n >= 4; n -= 4, p += 4) {
        a += get_u32(p);
    }
    if (n >= 2) {
        a += get_u16(p);
        p += 2;
        n -= 2;
    }
    if (n) {
        uint8_t last[2] = { *p, 0 };

        a += get_u16(last);
    }
    a += b;
    a = (a & UINT32_MAX) + (a >> 32);
    a = (a & UINT32_MAX) + (a >> 32);
    return a;
}

/* RFC 1624 equation 3: ~(~HC + ~m + m'). */
be16
csum_update16(be16 old_csum, be16 old, be16 new_)
{
    return csum_finish((uint32_t) (uint16_t) ~old_csum + (uint16_t) ~old
                       + new_);
}

be16
csum_update32(be16 old_csum, be32 old, be32 new_)
{
    return csum_update16(csum_update16(old_csum, old & 0xffff, new_ & 0xffff),
                         old >> 16, new_ >> 16);
}

be16
csum_update128(be16 old_csum, const void *old, const void *new_)
{
    const uint8_t *o = old;
    const uint8_t *n = new_;
    uint32_t partial = (uint16_t) ~old_csum;

    for (int i = 0; i < 16; i += 2) {
        partial += (uint16_t) ~get_u16(o + i) + get_u16(n + i);
    }
    return csum_finish(partial);
}

uint32_t
csum_pseudo4(be32 src, be32 dst, uint8_t proto, uint16_t size)
{
    uint32_t partial = csum_add32(csum_add32(0, src), dst);

    return csum_add16(csum_add16(partial, htons(proto)), htons(size));
}

uint32_t
csum_pseudo6(const void *src, const void *dst,
             uint8_t proto, uint32_t size)
{
    uint32_t partial = csum_continue(csum_continue(0, src, 16), dst, 16);

    return csum_add32(csum_add16(csum_fold(partial), htons(proto)),
                      htonl(size));
}

static uint32_t crc32c_table[256];

static CONSTRUCTOR void
crc32c_init(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t x = i;

        for (int bit = 0; bit < 8; bit++) {
            x = x & 1 ? x >> 1 ^ 0x82f63b78 : x >> 1;
        }
        crc32c_table[i] = x;
    }
}

be32
crc32c(const void *data, size_t n)
{
    const uint8_t *p = data;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < n; i++) {
        crc = crc32c_table[(crc ^ p[i]) & 0xff] ^ crc >> 8;
    }
    return htole32(~crc);
}

void
packet_csum_finish(struct packet *p)
{
    size_t start = p->csum_start;
    size_t end = p->size - p->l2_pad;

    if (!(p->flags & PACKET_F_CSUM_PARTIAL)) {
        return;
    }
    p->flags &= ~PACKET_F_CSUM_PARTIAL;
    if (start + p->csum_offset + 2 <= end) {
        be16 sum = csum(p->data + start, end - start);

        /* 0 in UDP means "no checksum". */
        put_be16(p->data + start + p->csum_offset,
                 sum || p->csum_offset != offsetof(struct udp_header, csum)
                 ? sum : (be16) 0xffff);
    }
}

static bool
sctp_csum_ok(const struct packet *p, size_t size)
{
    const struct sctp_header *sctp = packet_l4(p);
    uint8_t zero[SCTP_HEADER_SIZE];
    uint32_t crc = UINT32_MAX;
    const uint8_t *bytes = packet_l4(p);

    if (size < SCTP_HEADER_SIZE) {
        return false;
    }
    /* As crc32c(), with zeros in the place of the checksum. */
    memcpy(zero, sctp, 8);
    memset(zero + 8, 0, 4);
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = i < sizeof zero ? zero[i] : bytes[i];

        crc = crc32c_table[(crc ^ byte) & 0xff] ^ crc >> 8;
    }
    return sctp->csum == htole32(~crc);
}

bool
packet_l4_csum_ok(const struct packet *p, uint8_t proto)
{
    const uint8_t *l3 = packet_l3(p);
    const uint8_t *l4 = packet_l4(p);
    size_t size = packet_l4_size(p);
    uint32_t partial;

    if (p->flags & (PACKET_F_CSUM_PARTIAL | PACKET_F_CSUM_VALID)) {
        return true;
    }
    if (proto == IPPROTO_SCTP) {
        return sctp_csum_ok(p, size);
    }
    if (l3[0] >> 4 == 4) {
        const struct ipv4_header *ip = (const void *) l3;

        if (proto == IPPROTO_UDP && size >= UDP_HEADER_SIZE
            && !((const struct udp_header *) l4)->csum) {
            return true;
        }
        partial = (proto == IPPROTO_ICMP ? 0
                   : csum_pseudo4(ip->src, ip->dst, proto, size));
    } else {
        const struct ipv6_header *ip = (const void *) l3;

        partial = csum_pseudo6(&ip->src, &ip->dst, proto, size);
    }
    return !csum_finish(csum_continue(csum_fold(partial), l4, size));
}
