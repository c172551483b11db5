/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_TESTING_H
#define CONTROLLER_PUNT_TESTING_H

/* A punter without a switch: what it would send is kept.  For tests and fuzz
 * targets, which link this in the place of the installer. */

#include "controller/controller.h"
#include "controller/punt/punt.h"
#include "lib/logical/actions.h"
#include "lib/openflow/packet_io.h"
#include "lib/packet/packet.h"

struct punt_bench {
    struct controller controller;
    struct punter *punter;
    unsigned int n_wakes;        /* How often it had something to write. */
};

void punt_bench_init(struct punt_bench *);
void punt_bench_uninit(struct punt_bench *);

/* The message of a packet-in with that userdata, metadata and packet.  For
 * buf_destroy(). */
struct buf *punt_bench_encode(const void *userdata, size_t userdata_size,
                              const struct flow *metadata,
                              const void *packet, size_t packet_size)
    MUST_USE;

/* Brings in a packet-in with that userdata, metadata and packet. */
void punt_bench_feed_raw(struct punt_bench *, const void *userdata,
                         size_t userdata_size, const struct flow *metadata,
                         const void *packet, size_t packet_size);
void punt_bench_feed(struct punt_bench *, const struct punt *,
                     const struct flow *metadata, const struct packet *);

/* A message that was sent, decoded: a resumed packet or a packet-out. */
struct punt_sent {
    bool is_resume;
    struct packet *packet;       /* Offsets set. */
    struct flow flow;            /* Its fields; registers if resumed. */
    struct str actions;          /* Of a packet-out, as text. */
};

/* Takes the oldest message; false if there is none. */
bool punt_bench_take(struct punt_sent *);
void punt_sent_uninit(struct punt_sent *);

#endif /* controller/punt/testing.h */
