/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_AGEING_H
#define CONTROLLER_PUNT_AGEING_H

/* Learned addresses that are in use stay: northd removes MAC bindings and
 * forwarding entries whose timestamp is older than the threshold of their
 * datapath, so what packets show to be alive gets a new timestamp in time.
 *
 * The switch counts packets from each address (tables 67, 72 and 79).  A few
 * times within the shortest threshold of a local datapath it is asked; an
 * entry that was used since its timestamp was set, which is past half its
 * time, is refreshed.  One of several hosts does that for all.  AGEING_MAX
 * entries at most wait to be looked at; what comes beyond is counted, and seen
 * at the next time.
 *
 * Threads: main, unless said otherwise. */

#include "controller/controller.h"

#define AGEING_MAX 16384

struct ageing;
struct learned;
struct ofmsg;
struct outlet;
struct ports;

/* Value of FACT_AGE, under the datapath's key; 0: never. */
struct age_fact {
    uint32_t mac_binding_s;
    uint32_t fdb_s;
};

/* Unit of Datapath_Binding: emits FACT_AGE if it is local and has limits. */
void age_unit(struct incr_ctx *, const void *datapath_binding);

/* All are borrowed. */
struct ageing *ageing_create(struct controller *, const struct learned *,
                             const struct ports *);
void ageing_destroy(struct ageing *);

/* Says whether limits changed, so that ageing_run() is due. */
bool ageing_has_news(struct ageing *);

/* Handlers' thread: asks the switch, if it is time to; returns when to call
 * again.  ageing_see() gets what it answers, a flow statistics reply. */
int64_t ageing_run(struct ageing *, const struct outlet *);
void ageing_see(struct ageing *, const struct ofmsg *reply);

/* Any thread: something waits to be looked at. */
bool ageing_is_pending(struct ageing *);

/* Writes the new timestamps to the open transaction. */
void ageing_write(struct ageing *);

#endif /* controller/punt/ageing.h */
