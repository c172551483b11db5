/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_REFUSE_H
#define CONTROLLER_PUNT_REFUSE_H

/* Composing refusals.  Each returns a packet for packet_free(), from and to the
 * addresses of 'packet' (not exchanged; ports are), or NULL if 'packet' is
 * malformed or must not be refused. */

#include "lib/flow/flow.h"
#include "lib/packet/packet.h"

/* ICMP or ICMPv6 "destination unreachable" that quotes the packet: host
 * unreachable, administratively prohibited in IPv6, or the port.  Packets to
 * IPv6 multicast groups are refused only if 'to_multicast'. */
struct packet *refuse_icmp(const struct packet *, const struct flow *,
                           bool port_unreachable, bool to_multicast) MUST_USE;
struct packet *refuse_tcp(const struct packet *) MUST_USE;
struct packet *refuse_sctp(const struct packet *) MUST_USE;

#endif /* controller/punt/refuse.h */
