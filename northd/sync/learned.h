/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_LEARNED_H
#define NORTHD_SYNC_LEARNED_H

/* Rows that controllers learn: MAC_Binding (neighbours of routers) and FDB
 * (MACs behind switch ports).  They go with their datapath or port, since
 * nobody else would remove them, and a MAC_Binding would even keep its
 * datapath; and they go when they are older than their datapath's threshold
 * (external_ids of Datapath_Binding).
 *
 * State: indexes of the replica, and when to look again.
 * Cost: a look walks the rows of those datapaths that have a threshold, when
 *     the oldest is due. */

#include "lib/replica/replica.h"

struct learned;

/* Adds indexes to 'sb', which lives as long.  Calls 'wake' when learned_run()
 * has work; asks 'has_port' whether a logical port is still wanted. */
struct learned *learned_create(struct replica *sb, void (*wake)(void *aux),
                               bool (*has_port)(void *aux,
                                                const char *logical_port),
                               void *aux);
void learned_destroy(struct learned *);

/* Looks at what changed in the replica: call before changes are cleared. */
void learned_check_changes(struct learned *);

/* Looks at everything anew, as after a start. */
void learned_check_all(struct learned *);

/* Finds rows whose time is up.  At most 'limit' of each table at once (0: as
 * many as there are).  Returns whether learned_flush() has something to
 * delete. */
bool learned_run(struct learned *, unsigned int mac_limit,
                 unsigned int fdb_limit);

/* Into the open transaction: deletes what learned_run() found. */
void learned_flush(struct learned *);

/* Likewise: deletes what was learned of a row that the transaction deletes. */
void learned_forget_datapath(struct learned *, const struct replica_row *);
void learned_forget_port(struct learned *, const struct replica_row *);

#endif /* northd/sync/learned.h */
