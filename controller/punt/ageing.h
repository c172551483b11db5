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
 * time, is refreshed.  One of several hosts does that for all. */

#include "controller/controller.h"

struct ageing;
struct install;
struct learned;
struct ports;

/* Value of FACT_AGE, under the datapath's key; 0: never. */
struct age_fact {
    uint32_t mac_binding_s;
    uint32_t fdb_s;
};

/* Unit of Datapath_Binding: emits FACT_AGE if it is local and has limits. */
void age_unit(struct incr_ctx *, const void *datapath_binding);

/* All are borrowed; 'wake' is called when something is to be written. */
struct ageing *ageing_create(struct controller *, struct install *,
                             const struct learned *, const struct ports *,
                             void (*wake)(void *aux), void *aux);
void ageing_destroy(struct ageing *);

/* Writes the new timestamps to the open transaction. */
void ageing_write(struct ageing *);

#endif /* controller/punt/ageing.h */
