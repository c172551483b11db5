/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_GSO_H
#define PACKET_GSO_H

/* Cutting large segments (GSO) in software, for a port that cannot. */

#include "lib/packet/packet.h"

/* Number of segments that packet_gso_cut() would make: at least 1. */
unsigned int packet_gso_segments(const struct packet *);

/* Cuts 'packet' (borrowed; its gso_type is not PACKET_GSO_NONE) into segments
 * with checksums finished, IDs and sequence numbers counted on, and calls
 * 'emit' with each, which takes ownership.  Returns 0, or -EINVAL, emitting
 * nothing, if the headers contradict the offload. */
int packet_gso_cut(const struct packet *packet,
                   void (*emit)(struct packet *, void *aux), void *aux);

#endif /* packet/gso.h */
