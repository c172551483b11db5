/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DUMMY_QUEUE_H
#define VSWITCH_DUMMY_QUEUE_H

/* What a dummy device is to receive: packets that one thread puts in and one,
 * perhaps another, takes out. */

#include "lib/packet/packet.h"

struct dummy_queue;

/* 'has_fd': it has a descriptor that polls readable while there are packets.
 * NULL if there is none to be had. */
struct dummy_queue *dummy_queue_create(bool has_fd);
void dummy_queue_destroy(struct dummy_queue *);

/* -1: it has none. */
int dummy_queue_fd(const struct dummy_queue *);

/* Takes 'packet': 0, or -ENOBUFS if it is full. */
int dummy_queue_put(struct dummy_queue *, struct packet *packet);

/* Moves up to PACKET_BATCH packets to 'batch'; returns how many. */
unsigned int dummy_queue_take(struct dummy_queue *, struct packet_batch *);

#endif /* vswitch/dummy_queue.h */
