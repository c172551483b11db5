/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_PACKET_RING_H
#define VSWITCH_NETDEV_PACKET_RING_H

/* Packet sockets with a ring of frames shared with the kernel (TPACKET_V2 of
 * packet(7)), and with virtio-net headers.
 *
 * The kernel waits for a grace period when it makes a ring and when it closes
 * one.  So both are done in the background, and some receiving rings lie ready:
 * a port that finds one receives at once, another when its ring is made.  A
 * socket is bound to its interface only with the ring, so no packet is in
 * between.
 *
 * Threads: the main thread, except where it says any. */

#include <stdint.h>

#define PACKET_RING_FRAME_SIZE 2048

/* Frames of a ring.  To receive: what arrives while a poller does not run.  To
 * send: room for what a device that tells late has not yet done with. */
#define PACKET_RING_N_RX 512
#define PACKET_RING_N_TX 128

enum packet_ring_kind { PACKET_RING_RX, PACKET_RING_TX };

struct packet_ring;

/* Opens a ring on interface 'ifindex'.  One that receives gets all that the
 * interface does, whomever it is for.  Returns 0 and stores it for
 * packet_ring_close(), or returns a negative errno value. */
int packet_ring_open(enum packet_ring_kind, int ifindex,
                     struct packet_ring **);

/* NULL is fine.  Nobody may use the ring or its frames any more. */
void packet_ring_close(struct packet_ring *);

/* Moves the ring to another interface, which has come in the place of one that
 * is gone.  NULL is fine. */
void packet_ring_bind(struct packet_ring *, int ifindex);

/* The socket, from the beginning (any thread). */
int packet_ring_fd(const struct packet_ring *);

/* The frames; NULL while the ring is not made, or if the kernel has none (any
 * thread). */
uint8_t *packet_ring_frames(const struct packet_ring *);

#endif /* vswitch/netdev/packet_ring.h */
