/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_COLUMN_H
#define REPLICA_COLUMN_H

/* What store.c, column.c and dangling.c ask of each other: columns as storage,
 * and references whose rows are absent. */

#include "lib/replica/store.h"

/* column.c */

/* Frees what the column holds, leaving it undefined; references are not
 * counted down. */
void column_free(struct replica_row *, unsigned int column);

/* Resolves the references of a column again. */
void column_refill(struct replica_row *, unsigned int column);

/* Puts the row, which has just come, into the columns that refer to it. */
void column_attach_row(const struct replica_row *);

bool column_refers_to_deleted(const struct replica_row *,
                              unsigned int column);

/* dangling.c */

/* Each returns NULL if there is none. */
struct absent *absent_find(const struct store *,
                           const struct replica_table_class *,
                           const struct uuid *);
struct dangler *dangler_find(const struct store *,
                             const struct replica_row *);
struct dangling *dangling_find(const struct store *,
                               const struct replica_row *,
                               unsigned int column, const struct uuid *);

/* Notes that 'column' of 'row' refers to absent row 'uuid' (in a map: under
 * 'key', which is taken over). */
void dangling_add(struct replica_row *row, unsigned int column,
                  const struct replica_table_class *, const struct uuid *uuid,
                  const union replica_atom *key);
void dangling_destroy(struct store *, struct dangling *);

/* Drops the dangling references of the columns in the mask. */
void danglings_drop(struct replica_row *, uint64_t columns);

#endif /* replica/column.h */
