/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_FRAGMENT_H
#define PACKET_FRAGMENT_H

/* Cutting IP packets into fragments (RFC 791, RFC 8200 section 4.5). */

#include "lib/packet/packet.h"

/* A piece of a packet that was cut, as found in its headers. */
struct packet_fragment {
    bool is_ipv6;
    bool has_more;
    uint8_t proto;               /* IPv6: what follows the fragment header. */
    uint32_t id;
    uint32_t start, end;         /* Of the payload, in the whole payload. */
    size_t header_size;          /* IP headers, without the fragment header. */
    size_t next_ofs;             /* IPv6: byte that names the fragment header,
                                  * from the network header. */
    size_t payload_ofs;          /* From the network header. */
};

enum packet_fragment_kind {
    PACKET_NO_FRAGMENT,
    PACKET_FRAGMENT,
    PACKET_BAD_FRAGMENT,         /* Malformed. */
};

/* Reads the fragment that 'packet' is; the network offset is set. */
enum packet_fragment_kind packet_fragment_read(const struct packet *,
                                               struct packet_fragment *);

/* Whether 'packet', an IP packet, is longer than 'max_size' bytes, from the
 * network header on. */
static inline bool
packet_exceeds(const struct packet *p, size_t max_size)
{
    return packet_l3_size(p) > max_size;
}

/* Cuts 'packet' (borrowed) into fragments of at most 'max_size' bytes, network
 * header included, and calls 'emit' with each, which takes ownership.  'id'
 * identifies them in IPv6; in IPv4 it is the packet's own.  A partial checksum
 * is to be finished before.  Returns 0, or -EINVAL, emitting nothing, if it is
 * no IP packet or 'max_size' leaves no room. */
int packet_fragment_cut(const struct packet *, uint32_t id, size_t max_size,
                        void (*emit)(struct packet *, void *aux), void *aux);

#endif /* packet/fragment.h */
