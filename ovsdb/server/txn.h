/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_TXN_H
#define OVSDB_SERVER_TXN_H

/* Transactions: changes of a database that happen together or not at all.
 *
 * Only one is open at a time.  While it is, the rows keep their committed
 * values; each changed row has a txn_row beside it with what is new.  Sets and
 * maps that "mutate" changes are kept as differences, and the new value is
 * made only if somebody asks for it, so that adding a port to a switch of
 * thousands costs one port.
 *
 * Committing checks every constraint of RFC 7047, collects unreferenced rows
 * and removes weak references, by counts of what changed. */

#include "lib/ovsdb/mutation.h"
#include "ovsdb/server/db.h"

struct txn_row {
    struct list node;               /* In table->txn_rows. */
    struct db_row *row;
    bool is_new;                    /* Inserted by this transaction. */
    bool is_deleted;
    bool is_counted;                /* Its references are in 'ref_delta' of
                                     * those that it refers to. */
    bool is_candidate;              /* Waits in txn->candidates. */
    int64_t ref_delta;              /* Change of n_strong_refs. */
    uint64_t changed;               /* Columns with new values. */
    uint64_t with_diff;             /* Columns of those in 'diffs'. */
    uint64_t stale;                 /* Columns of those whose new value is not
                                     * in 'fields' yet. */
    struct ovsdb_datum *fields;     /* New values, where 'changed' and not
                                     * 'stale'; of a new row NULL: the row has
                                     * them itself. */
    struct ovsdb_datum *diffs;      /* Differences, where 'with_diff'. */
    uint32_t *sizes;                /* Of the new values, where 'with_diff'. */
};

struct txn {
    struct db *db;
    struct list tables;             /* Of struct db_table: those touched. */
    struct str comment;
    struct uuid id;                 /* Names the state after it. */
    uint64_t version;               /* Of the rows that it changes. */
    struct error *error;            /* While counting references. */
    VEC(struct db_row *) candidates;    /* Rows that may be garbage. */
};

/* Opens a transaction; none is open. */
struct txn *txn_create(struct db *);

/* Drops all changes, and 'txn'. */
void txn_abort(struct txn *);

/* Checks the changes and garbage-collects, so that txn_commit() cannot fail.
 * On error the caller aborts. */
struct error *txn_check(struct txn *) MUST_USE;

/* After txn_check(), makes txn_abort() possible again. */
void txn_undo_check(struct txn *);

/* After txn_check(): makes the changes and drops 'txn'.  Tells the observer
 * first, unless there is no change. */
void txn_commit(struct txn *);

/* After txn_check(): whether anything differs. */
bool txn_has_changes(const struct txn *);

/* The value of a column (not of an implicit one) as the open transaction has
 * it, or the committed one. */
const struct ovsdb_datum *txn_field(const struct db_row *,
                                    unsigned int column);

/* Likewise, implicit columns too; for conditions. */
const struct ovsdb_datum *txn_row_field(const void *row,
                                        const struct ovsdb_column *);

/* Whether the row is there for the open transaction. */
static inline bool
txn_row_is_live(const struct db_row *row)
{
    return !row->txn_row || !row->txn_row->is_deleted;
}

/* Adds a row of default values; NULL if the uuid is taken. */
struct db_row *txn_insert(struct txn *, struct db_table *,
                          const struct uuid *);
void txn_delete(struct txn *, struct db_row *);

/* Sets a column; owns 'value' from now on. */
void txn_write_take(struct txn *, struct db_row *, unsigned int column,
                    struct ovsdb_datum value);

/* Sets a composite column to what 'diff' makes of the committed value; owns
 * 'diff' from now on.  The column is not changed yet. */
void txn_write_diff_take(struct txn *, struct db_row *, unsigned int column,
                         struct ovsdb_datum diff);
struct error *txn_mutate(struct txn *, struct db_row *,
                         const struct ovsdb_mutation *) MUST_USE;

/* After txn_check(): iterating over what changes. */

#define TXN_FOR_EACH_TABLE(TABLE, TXN) \
    LIST_FOR_EACH (TABLE, txn_node, &(TXN)->tables)
#define TXN_FOR_EACH_ROW(TR, TABLE) \
    LIST_FOR_EACH (TR, node, &(TABLE)->txn_rows)

enum txn_change {
    TXN_NONE,               /* Only its count of references. */
    TXN_INSERT,
    TXN_DELETE,
    TXN_MODIFY              /* txn_row->changed says which columns; composite
                             * ones have their difference in 'diffs'. */
};

enum txn_change txn_row_change(const struct txn_row *);

#endif /* ovsdb/server/txn.h */
