/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_GRO_H
#define PACKET_GRO_H

/* Putting segments together again (GRO), where many of a connection come at
 * once. */

#include "lib/packet/packet.h"

/* Appends the payload of the TCP segment 'next' to '*packet' if nothing is
 * lost by it: 'next' continues '*packet', both are plain data, their checksums
 * are right, and cutting the result gives both again (but for IPv4 ids).
 * '*packet' is then one to be segmented (gso_type), with a partial checksum;
 * it is replaced by one with a large buffer if it lacked room.  Returns
 * whether it did; 'next' remains the caller's.
 *
 * 'next' may be a borrowed view of bytes behind '*packet' in its own buffer. */
bool packet_gro_append(struct packet **packet, struct packet *next);

#endif /* packet/gro.h */
