/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_IDS_H
#define CONTROLLER_IDS_H

/* Numbers that flows need and no database gives: conjunction ids, groups,
 * meters, conntrack zones.
 *
 * Units say what they want (FACT_ID_WANTED); between steps each text gets a
 * number, or several in a row, which comes back as FACT_ID.  A number is free
 * again once nobody wants its text; if none is left, the text waits for
 * that.
 *
 * Zones survive restarts, in external_ids:ct-zone-TEXT of the integration
 * bridge, as connections are tracked under them. */

#include "controller/controller.h"
#include "controller/program.h"

struct ids;

/* Told of groups, meters and zones that come ('added') and go, in the order in
 * which that happens.  A restored zone is not told. */
typedef void ids_changed_fn(void *aux, enum id_kind, const char *text,
                            uint32_t id, bool added);

struct ids *ids_create(struct controller *, ids_changed_fn *, void *aux);
void ids_destroy(struct ids *);

/* The range that zones are from, "MIN-MAX" as in external_ids:ct-zone-range;
 * NULL: all.  Zones outside of it are exchanged for others. */
void ids_set_zone_range(struct ids *, const char *text);

/* Takes over zones from the integration bridge's row, once, before the first
 * step that wants some. */
void ids_restore_zones(struct ids *);

/* Forgets zones that were taken over and that nobody wants, for when all is
 * known that may want some. */
void ids_forget_unwanted(struct ids *);

/* Answers what is wanted.  Between steps. */
void ids_run(struct ids *);

/* Writes zones to the open transaction of the local database, if they
 * changed; ids_wake() has them compared again. */
void ids_write_zones(struct ids *, struct replica_txn *);
void ids_wake(struct ids *);

/* Calls 'visit' for the zone whose text or number is 'which', or for all if it
 * is NULL; returns for how many. */
size_t ids_for_each_zone(const struct ids *, const char *which,
                         void (*visit)(void *aux, uint16_t zone), void *aux);

/* Appends a line "TEXT NUMBER" for each zone, or "TEXT: NUMBER" for each group
 * or meter, in order. */
void ids_list(const struct ids *, enum id_kind, struct str *);

/* Appends the same of conjunctions, with the logical flows that they are of,
 * and the tunnel keys of the datapaths, 0 for all. */
void ids_list_conjunctions(const struct ids *, struct str *);

#endif /* controller/ids.h */
