/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_GLOBALS_H
#define NORTHD_SYNC_GLOBALS_H

/* The rows of NB_Global and SB_Global: numbers and times by which clients see
 * how far their changes have come, and options that every deployment has.
 *
 * A client raises NB_Global.nb_cfg.  SB_Global has that number from the
 * transaction on that makes the southbound database follow; hosts note in
 * Chassis_Private that they do, too; what the databases and the slowest host
 * have reached goes back to NB_Global as sb_cfg and hv_cfg. */

#include <stdint.h>

#include "lib/replica/txn.h"

/* What NB_Global should show.  Times by the wall clock. */
struct progress {
    int64_t seen_cfg;           /* Last nb_cfg seen, and when. */
    int64_t seen_cfg_ms;
    int64_t sb_cfg;             /* Last one that the southbound database has,
                                 * and when; -1 if none yet. */
    int64_t sb_cfg_ms;
    int64_t hv_cfg;             /* The least that a host has, and when the last
                                 * of those had it. */
    int64_t hv_cfg_ms;
};

#define PROGRESS_NONE { .sb_cfg = -1 }

void progress_see_nb(struct progress *, const struct replica *nb);
void progress_see_hosts(struct progress *, const struct replica *sb);
void progress_set_sb(struct progress *, int64_t sb_cfg);

/* For flushes: whether the row differs from what it should be, and writing it
 * into the open transaction.  SB_Global follows NB_Global's row, which must be
 * there; 'max_tunid' is the greatest key that a datapath may have. */
bool sb_global_is_pending(const struct replica *nb, const struct replica *sb);
void sb_global_write(const struct replica *nb, const struct replica *sb,
                     struct replica_txn *);
bool nb_global_is_pending(const struct replica *nb, const struct progress *,
                          unsigned int max_tunid);
void nb_global_write(const struct replica *nb, struct replica_txn *,
                     const struct progress *, unsigned int max_tunid);

#endif /* northd/sync/globals.h */
