/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_INDEX_H
#define REPLICA_INDEX_H

/* Hash indexes, from the side of the rows: see replica.h for the look-ups.
 *
 * Each entry is in two tables: by the key, where the entries of one key are a
 * list, for look-ups; and by key and row, so that an entry leaves in constant
 * time, however many rows share its key (all flows of one datapath, say). */

#include "lib/replica/store.h"

struct replica_index {
    struct replica_table *table;
    struct replica_index_column *columns;
    size_t n_columns;
    size_t multi;               /* Which of 'columns' has several values, or
                                 * SIZE_MAX. */
    uint64_t mask;              /* The columns. */
    unsigned int number;
    struct hmap groups;         /* Entries of one hash value of a key. */
    struct hmap entries;        /* Entries by that hash and the row. */
    bool is_tracked;
    VEC(uint64_t) touched;
};

void index_destroy(struct replica_index *);
void index_add_row(struct replica_index *, struct replica_row *);
void index_remove_row(struct replica_index *, struct replica_row *);

/* Adds or removes one element (a reference being a row) of the column that has
 * several. */
void index_add_element(struct replica_index *, struct replica_row *,
                       const union replica_atom *);
void index_remove_element(struct replica_index *, struct replica_row *,
                          const union replica_atom *);

/* Says whether the index is on just this column. */
bool index_is_simple(const struct replica_index *, unsigned int column);

#endif /* replica/index.h */
