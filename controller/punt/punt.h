/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_PUNT_H
#define CONTROLLER_PUNT_PUNT_H

/* Packets that come up from the switch for an answer that flows cannot give.
 *
 * Each operation of enum punt_op has a handler, all on a thread of their own;
 * what a handler learns for the southbound database is kept, bounded, until
 * the main thread's next transaction.
 *
 * Threads: main, unless said otherwise. */

#include "controller/controller.h"

struct install;
struct ofmsg;
struct punter;

/* 'wake' is called, on the main thread, when there is something to write. */
struct punter *punter_create(struct controller *, struct install *,
                             void (*wake)(void *aux), void *aux);
void punter_destroy(struct punter *);

/* Takes the packets of the integration bridge 'bridge' from now on; NULL: of
 * none.  The first call starts the thread. */
void punter_set_bridge(struct punter *, const char *bridge);

/* Once a turn, after changes of the southbound database came in. */
void punter_run(struct punter *);

/* Writes what was learned to the open transaction of the southbound
 * database. */
void punter_write(struct punter *, struct replica_txn *);

/* For the handlers' thread, and for tests, which have none: puts a packet-in
 * into its queue; handles what is in the queues, up to a bound, and returns
 * when to call again. */
void punter_packet_in(struct punter *, const struct ofmsg *);
int64_t punter_serve(struct punter *);

#endif /* controller/punt/punt.h */
