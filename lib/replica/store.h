/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_STORE_H
#define REPLICA_STORE_H

/* The rows of a replica: tables, columns in memory, references between rows.
 *
 * A column is changed by one of two functions, row_assign() and row_splice(),
 * which keep three things true: each index of the table lists the row under
 * its present keys; each row counts the references to it (n_refs); each
 * reference whose row is absent is a 'struct dangling', found from the row
 * that has it, from the uuid that it wants, and by both.
 *
 * When a row comes, the references that wanted it are put into their columns
 * (row_create()).  When rows go that are still referenced, which happens only
 * where a monitor condition hides rows, the references become dangling: by
 * looking in an index on the referring column if there is one, else by one
 * pass over the tables that may refer to them for all rows that went together
 * (store_settle()). */

#include "lib/base/vec.h"
#include "lib/replica/value.h"

struct replica_table {
    struct replica *replica;
    struct store *store;
    const struct replica_table_class *class;
    struct hmap rows;               /* Of replica_row, by uuid. */
    struct list changes;            /* Of replica_row, by change_node. */
    VEC(struct replica_index *) indexes;
    void *template;                 /* A row with default values. */
    size_t n_txn_gone;              /* Rows that the open transaction
                                     * deleted. */

    /* Columns by what they are. */
    uint64_t refs;                  /* References. */
    uint64_t one_min;               /* Sets whose default is one element. */
    uint64_t referrers;             /* Tables (by number) that may refer to
                                     * rows of this one. */

    /* What the program wants. */
    bool is_monitored;
    uint64_t monitored;
    uint64_t omit_alert;
    char *condition;                /* Wanted: JSON text; NULL is [true]. */
    bool is_condition_new;          /* It may not be the one sent last. */
    char *sent_condition;           /* The server was asked for. */
    char *acked_condition;          /* The server has agreed to. */

    /* What the server has. */
    bool server_has;
    uint64_t server_columns;
    uint64_t composite;             /* Columns with more than one element
                                     * there, which come as differences. */
};

/* A reference to a row that is absent. */
struct absent {
    struct hmap_node node;          /* In store, by table and uuid. */
    const struct replica_table_class *table;
    struct uuid uuid;
    struct list danglings;          /* By absent_node. */
};

/* A row that has such references. */
struct dangler {
    struct hmap_node node;          /* In store, by row. */
    struct replica_row *row;
    struct list danglings;          /* By row_node. */
};

struct dangling {
    struct hmap_node node;          /* In store, by row, column and uuid. */
    struct list absent_node;
    struct list row_node;
    struct absent *absent;
    struct dangler *dangler;
    unsigned int column;
    union replica_atom key;         /* Of a map's pair. */
};

struct store {
    struct replica *replica;
    struct replica_table *tables;
    unsigned int n_tables;
    struct hmap absents;
    struct hmap danglers;
    struct hmap danglings;
    bool is_overlay;                /* A transaction is open: changes are not
                                     * noted. */
    uint64_t n_changes;             /* Grows with each change noted. */
    bool is_alerting;               /* One of them calls for a wake. */
    VEC(struct replica_row *) gone; /* Deleted and not settled. */
};

void store_init(struct store *, struct replica *,
                const struct replica_db_class *);
void store_uninit(struct store *);

static inline struct replica_table *
store_table(const struct store *store, const struct replica_table_class *class)
{
    return &store->tables[class->number];
}

/* Finds a row, whatever the open transaction did to it. */
struct replica_row *store_find(const struct replica_table *,
                               const struct uuid *);

/* Adds a row with default values, which no index knows yet. */
struct replica_row *row_create(struct replica_table *, const struct uuid *);

/* Adds the row to the indexes, takes it out of them. */
void row_index(struct replica_row *);
void row_unindex(struct replica_row *);

/* Notes that columns changed, unless a transaction is open. */
void row_changed(struct replica_row *, uint64_t columns);

/* Takes the row out of the table, keeping it readable until changes are
 * cleared.  store_settle() must follow. */
void row_delete(struct replica_row *);

/* Frees a row that is in no table and that nothing refers to. */
void row_free(struct replica_row *);

/* Gives up the row's references to others. */
void row_release_refs(struct replica_row *);

/* Makes dangling what refers to deleted rows. */
void store_settle(struct store *);
void store_clear_changes(struct store *);

/* Sets a column to '*value' (sorted, whose strings it takes over, leaving it
 * empty).  True if it changed.  With 'is_indexed' false the row is in no index
 * yet. */
bool row_assign(struct replica_row *, unsigned int column,
                struct vbuf *value, bool is_indexed);

enum splice {
    SPLICE_DIFF,        /* Add what is absent, remove what is there (in a map:
                         * with the same value), replace values. */
    SPLICE_ADD,         /* Add, replace. */
    SPLICE_REMOVE,      /* Remove what is there. */
};

/* Changes some elements of a set or map: '*value' as in row_assign().  True if
 * the column changed. */
bool row_splice(struct replica_row *, unsigned int column,
                struct vbuf *value, enum splice);

/* Fills '*value', which is empty, with the column, dangling references
 * included. */
void row_get(const struct replica_row *, unsigned int column,
             struct vbuf *value);

/* Element 'i' of the column as an atom, a reference being a row. */
size_t row_n_elements(const struct replica_row *, unsigned int column);
void row_get_key(const struct replica_row *, unsigned int column, size_t i,
                 union replica_atom *);
void row_get_value(const struct replica_row *, unsigned int column, size_t i,
                   union replica_atom *);

/* The index of 'key' (a reference being a uuid) in the column, or SIZE_MAX. */
size_t row_find_key(const struct replica_row *, unsigned int column,
                    const union replica_atom *key);

#endif /* replica/store.h */
