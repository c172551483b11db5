/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_IPV6_H
#define PACKET_IPV6_H

/* The way through IPv6 extension headers. */

#include "lib/packet/headers.h"

struct ipv6_transport {
    size_t offset;               /* Of the transport, from the IPv6 header. */
    uint8_t proto;
    bool is_fragment;            /* Of more than one. */
    bool is_routed;              /* A routing header has segments left: the
                                  * checksum covers another destination. */
};

/* Walks the headers of the 'size' bytes at 'l3', which begin with an IPv6
 * header, to the transport, or to what a later fragment has in its place.
 * False if they are cut short. */
bool ipv6_find_transport(const uint8_t *l3, size_t size,
                         struct ipv6_transport *);

/* Where the headers that every fragment of the packet repeats end: after the
 * hop-by-hop options, and after a routing header with what is in front of it
 * (RFC 8200, 4.5).  Stores where the byte is that names what follows.  Both
 * count from the IPv6 header.  False if they are cut short. */
bool ipv6_find_unfragmentable(const uint8_t *l3, size_t size, size_t *end,
                              size_t *next_ofs);

#endif /* packet/ipv6.h */
