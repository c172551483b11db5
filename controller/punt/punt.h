/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_PUNT_H
#define CONTROLLER_PUNT_PUNT_H

/* Packets that come up from the switch for an answer that flows cannot give.
 *
 * Each operation of enum punt_op has a handler; what a handler learns for the
 * southbound database is kept, bounded, until the next transaction. */

#include "controller/controller.h"

struct install;
struct ofmsg;
struct punter;

/* 'wake' is called when there is something to write. */
struct punter *punter_create(struct controller *, struct install *,
                             void (*wake)(void *aux), void *aux);
void punter_destroy(struct punter *);

/* Handles a packet-in. */
void punter_packet_in(struct punter *, const struct ofmsg *);

/* Once a turn, after changes of the southbound database came in. */
void punter_run(struct punter *);

/* Writes what was learned to the open transaction of the southbound
 * database. */
void punter_write(struct punter *, struct replica_txn *);

#endif /* controller/punt/punt.h */
