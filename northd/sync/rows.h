/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_ROWS_H
#define NORTHD_SYNC_ROWS_H

/* Makes database rows equal to cells (cells.h).
 *
 * For each table there is a sink.  It notes the groups that changed; a flush
 * writes these into the open transaction.  A row that others changed is
 * written again, one that others made is deleted, one that others deleted is
 * made again.
 *
 * State: derived.  rows_sync_adopt() finds for each group the row that it
 * already has in the database, at the start and when a transaction failed. */

#include "lib/incr/incr.h"
#include "lib/replica/txn.h"
#include "northd/sync/cells.h"

/* A table that is written. */
struct row_table_class {
    unsigned int fact;
    const struct replica_table_class *table;
    uint64_t columns;           /* Written; others are left alone. */
    uint64_t initial_columns;   /* Of these, written only while empty. */

    /* Appends the fact key of 'row'; false if it is no row of ours.  NULL: the
     * rows are others', found by uuid, and never inserted or deleted. */
    bool (*key)(const struct replica_row *row, struct str *key);

    bool uuid_is_key;           /* A row's uuid is its group's key. */

    /* Columns that are others', but ours in rows with cells for them; and how
     * to tell such a row when the cells have gone. */
    uint64_t claimed_columns;
    bool (*is_claimed)(const struct replica_row *row);
};

struct row_sync;

/* 'classes' is borrowed.  Registers the sinks. */
struct row_sync *row_sync_create(struct incr *, struct replica *,
                                 const struct row_table_class *classes,
                                 size_t n);
void row_sync_destroy(struct row_sync *);

/* 'deleting' is called for each row that a flush is about to delete. */
void row_sync_set_deleting(struct row_sync *,
                           void (*deleting)(const struct replica_row *,
                                            void *aux),
                           void *aux);

/* Finds each group's row anew, and queues everything for a flush. */
void row_sync_adopt(struct row_sync *);

/* Looks at what changed in the replica, to repair what others did. */
void row_sync_check_changes(struct row_sync *);

bool row_sync_is_pending(const struct row_sync *);

/* Writes what is pending into the open transaction. */
void row_sync_flush(struct row_sync *, struct replica_txn *);

/* The row of (fact, key), which may be one that the open transaction inserted;
 * NULL if there is none. */
struct replica_row *row_sync_find(const struct row_sync *, unsigned int fact,
                                  const void *key, size_t);

#endif /* northd/sync/rows.h */
