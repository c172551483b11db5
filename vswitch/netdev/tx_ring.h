/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_TX_RING_H
#define VSWITCH_NETDEV_TX_RING_H

/* A ring of frames to send, shared with the kernel (PACKET_TX_RING of
 * packet(7)): one system call sends a batch, and the kernel neither reads a
 * message header nor an I/O vector for each packet.
 *
 * A frame is copied into the ring, and by the kernel whole out of it, so that
 * it is free again when the interface has taken it and nobody's packet points
 * into the ring.  So it is for packets that are cheap to copy; what does not
 * fit, and what finds no free frame, is for sendmsg().
 *
 * Threads: any may send; one that finds the ring in use by another is told
 * that nothing was sent. */

#include "lib/packet/packet.h"

struct tx_ring;

/* Opens a ring on the interface 'ifindex', which is of use a little later
 * (packet_ring.h).  NULL if the kernel has none. */
struct tx_ring *tx_ring_create(int ifindex);

/* NULL is fine. */
void tx_ring_destroy(struct tx_ring *);

/* Sends on another interface from now on.  NULL is fine. */
void tx_ring_bind(struct tx_ring *, int ifindex);

/* Sends the first of the 'n' packets, none longer than 'max_size' bytes, and
 * returns how many the kernel took: it ends at the first that does not fit or
 * that was refused.  'ring' may be NULL. */
unsigned int tx_ring_send(struct tx_ring *ring, struct packet *const *packets,
                          unsigned int n, uint32_t max_size);

#endif /* vswitch/netdev/tx_ring.h */
