/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_FLOWS_H
#define NORTHD_SYNC_FLOWS_H

/* Makes Logical_Flow and Logical_DP_Group rows equal to F_FLOW and F_LB_FLOW.
 *
 * A flow of one datapath names it; a flow of several names a group of
 * datapaths that all flows of that same set share.  Groups are found by an
 * incremental hash of the set (incr_group.set_hash), so nothing here walks the
 * members of a set but when a group's row is written.  When all flows that
 * share a group move together, as they do when a datapath comes or goes, the
 * group's row changes and theirs do not.
 *
 * State: derived, like that of sync/rows.h. */

#include "lib/incr/incr.h"
#include "lib/replica/txn.h"
#include "northd/sync/rows.h"

struct flow_sync;

/* 'rows' knows the datapaths' rows. */
struct flow_sync *flow_sync_create(struct incr *, struct replica *nb,
                                   struct replica *sb, struct row_sync *rows);
void flow_sync_destroy(struct flow_sync *);
void flow_sync_adopt(struct flow_sync *);
void flow_sync_check_changes(struct flow_sync *);
bool flow_sync_is_pending(const struct flow_sync *);

/* The facts of the flow whose row is 'uuid', borrowed until the next step, or
 * NULL if it is not one of ours. */
struct incr_group *flow_sync_find(const struct flow_sync *,
                                  const struct uuid *uuid);

/* After row_sync_flush(). */
void flow_sync_flush(struct flow_sync *, struct replica_txn *);

#endif /* northd/sync/flows.h */
