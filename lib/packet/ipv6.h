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

#endif /* packet/ipv6.h */
