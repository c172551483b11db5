/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_HISTORY_H
#define OVSDB_SERVER_HISTORY_H

/* The last transactions of a database, backwards: what undoes each.  A client
 * that comes back is told what has changed since the state it knows; and a
 * transaction whose record cannot be written is taken back. */

#include "ovsdb/server/txn.h"

struct history {
    struct list entries;        /* Of struct history_entry, oldest first. */
    size_t n_entries;
    size_t n_datums;            /* Kept in all of them. */
    struct uuid first_id;       /* The state before the oldest entry. */
};

void history_init(struct history *, const struct db *);
void history_uninit(struct history *);

/* Notes what will undo 'txn', which is about to be committed. */
void history_add(struct history *, const struct txn *);

/* Takes the newest transaction back, without a record or an update. */
void history_undo(struct history *, struct db *);

/* Whether the state 'id' is known. */
bool history_has(const struct history *, const struct uuid *id);

/* A row as it was. */
struct past_row {
    struct hmap_node node;
    struct db_table *table;
    struct uuid uuid;
    struct db_row *now;         /* NULL if it is there no more. */
    bool existed;
    struct ovsdb_datum fields[];
};

/* Adds to 'past' (of struct past_row) each row that has changed since the
 * state 'id', as it was then; for history_free_past(). */
void history_get_past(const struct history *, const struct db *,
                      const struct uuid *id, struct hmap *past);
void history_free_past(struct hmap *past);

/* The value of a column in a past_row. */
const struct ovsdb_datum *past_row_field(const void *past_row,
                                         const struct ovsdb_column *);

#endif /* ovsdb/server/history.h */
