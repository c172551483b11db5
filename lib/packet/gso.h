/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_GSO_H
#define PACKET_GSO_H

/* Cutting large segments (GSO) in software, for a port that cannot. */

#include "lib/packet/packet.h"

/* Number of segments that packet_gso_cut() would make: at least 1. */
unsigned int packet_gso_segments(const struct packet *);

/* Size of the packet as it will be on a wire: of the largest segment, if it is
 * to be cut. */
size_t packet_gso_segment_size(const struct packet *);

/* Cuts 'packet' (borrowed; its gso_type is not PACKET_GSO_NONE) into segments
 * with checksums finished, IDs and sequence numbers counted on, and calls
 * 'emit' with each, which takes ownership.  Returns 0, or -EINVAL, emitting
 * nothing, if the headers contradict the offload. */
int packet_gso_cut(const struct packet *packet,
                   void (*emit)(struct packet *, void *aux), void *aux);

/* Likewise, with the 'prefix_size' bytes at 'prefix' in front of each segment,
 * and as many of them as fit in 'max_size' (at most PACKET_LARGE) one behind
 * the other in each packet that is emitted, without metadata or offsets: every
 * 'segment_size' bytes of it are a segment, of which only the last may be
 * shorter.  Returns 0 or -EINVAL as above. */
int packet_gso_trains(const struct packet *packet, const void *prefix,
                      size_t prefix_size, size_t max_size,
                      void (*emit)(struct packet *, size_t segment_size,
                                   void *aux),
                      void *aux);

#endif /* packet/gso.h */
