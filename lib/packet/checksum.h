/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

/* The Internet checksum (RFC 1071), incremental updates (RFC 1624), and
 * SCTP's CRC-32c.
 *
 * Partial sums are 32-bit numbers that stand for a 16-bit ones' complement
 * sum in the order of memory; csum_finish() folds and complements. */

#include "lib/packet/packet.h"

/* Adds the 'n' bytes at 'data' to 'partial'. */
uint32_t csum_continue(uint32_t partial, const void *data, size_t n);

static inline uint32_t
csum_add16(uint32_t partial, be16 x)
{
    partial += x;
    return partial + (partial < x);
}

static inline uint32_t
csum_add32(uint32_t partial, be32 x)
{
    return csum_add16(csum_add16(partial, x & 0xffff), x >> 16);
}

static inline uint16_t
csum_fold(uint32_t partial)
{
    partial = (partial & 0xffff) + (partial >> 16);
    return (partial & 0xffff) + (partial >> 16);
}

static inline be16
csum_finish(uint32_t partial)
{
    return ~csum_fold(partial);
}

static inline be16
csum(const void *data, size_t n)
{
    return csum_finish(csum_continue(0, data, n));
}

/* Returns checksum 'old_csum' after a word it covers changed from 'old' to
 * 'new'. */
be16 csum_update16(be16 old_csum, be16 old, be16 new_);
be16 csum_update32(be16 old_csum, be32 old, be32 new_);
be16 csum_update128(be16 old_csum, const void *old, const void *new_);

/* Partial sums of the pseudo headers, for 'size' bytes of transport.  IPv6
 * addresses are 16 bytes anywhere. */
uint32_t csum_pseudo4(be32 src, be32 dst, uint8_t proto, uint16_t size);
uint32_t csum_pseudo6(const void *src, const void *dst,
                      uint8_t proto, uint32_t size);

/* CRC-32c as SCTP stores it (RFC 9260 appendix A). */
be32 crc32c(const void *, size_t n);

/* Finishes a partial checksum (PACKET_F_CSUM_PARTIAL) in software, and clears
 * the flag.  Does nothing to a packet without. */
void packet_csum_finish(struct packet *);

/* Whether the transport checksum is right: true also if somebody vouches for
 * it (PACKET_F_CSUM_*), or a UDP sum is absent where it may be.  The network
 * and transport offsets are set; 'proto' is TCP, UDP, SCTP, ICMP or ICMPv6. */
bool packet_l4_csum_ok(const struct packet *, uint8_t proto);

#endif /* packet/checksum.h */
