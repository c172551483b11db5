/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_DB_H
#define OVSDB_SERVER_DB_H

/* A database in memory: tables of rows, their indexes, and who refers to whom.
 *
 * Rows change only by transactions (txn.h), but while a file is replayed into
 * it.  References are counted as they change: the cost of a commit follows
 * what it changes, never the size of a table.
 * Threads: the main one. */

#include "lib/base/list.h"
#include "lib/base/vec.h"
#include "lib/ovsdb/schema.h"

struct db;
struct db_row;
struct txn;
struct txn_row;
struct view;

typedef VEC(struct db_row *) db_row_vec;

struct db_table {
    struct db *db;
    const struct ovsdb_table_schema *schema;
    struct hmap rows;               /* Of struct db_row, by uuid; with rows
                                     * that the open transaction has added,
                                     * and those that it has deleted. */
    db_row_vec slots;               /* The committed rows, densely: what is
                                     * said of row i is at i in other arrays,
                                     * such as those of views. */
    struct hmap *indexes;           /* One for each of the schema's, of
                                     * struct db_index_node. */
    struct list views;              /* Of struct view (view.h). */
    struct list lookups;            /* Of struct lookup (lookup.h)... */
    uint8_t *n_questions;           /* ...and, by column, how often one would
                                     * have been of use. */
    bool is_logged;                 /* ovsdb-server/tlog-set */

    /* Of the open transaction. */
    struct list txn_node;           /* In txn->tables, if touched. */
    struct list txn_rows;           /* Of struct txn_row. */
};

/* A weak reference. */
struct db_edge {
    struct hmap_node node;          /* In db->edges. */
    struct list list;               /* In dst->referrers. */
    struct db_row *src;
    struct db_row *dst;
    unsigned int column;
    unsigned int n;                 /* How often in that column. */
};

struct db_index_node {
    struct hmap_node node;          /* In the table's index. */
    struct db_row *row;
};

struct db_row {
    struct hmap_node node;          /* In table->rows. */
    struct uuid uuid;
    struct db_table *table;
    struct txn_row *txn_row;        /* What the open transaction does to it. */
    struct list referrers;          /* Of struct db_edge: weak references to
                                     * this row. */
    uint64_t version;               /* Changes with the row. */
    uint32_t n_strong_refs;         /* From committed rows. */
    uint32_t slot;                  /* In table->slots. */
    struct ovsdb_datum fields[];    /* By column; the nodes of the indexes
                                     * follow. */
};

/* Is told of each commit that changes something. */
struct db_observer {
    /* All is checked; old and new values can both be seen (txn.h).  Called
     * just before the rows change. */
    void (*committing)(struct db *, struct txn *, void *aux);
    void *aux;
};

struct db {
    struct ovsdb_schema *schema;
    struct db_table *tables;        /* By number of the schema's. */
    struct hmap edges;              /* Of struct db_edge. */
    struct txn *txn;                /* The open transaction, or NULL. */
    struct uuid version_base;       /* Makes "_version" unlike others'. */
    uint64_t n_versions;            /* Given so far. */
    struct uuid last_id;            /* Names the present state. */
    uint64_t n_commits;
    struct db_observer observer;
};

/* An empty database; takes a reference to 'schema' of its own. */
struct db *db_create(struct ovsdb_schema *schema);
void db_destroy(struct db *);

static inline const char *
db_name(const struct db *db)
{
    return db->schema->name;
}

/* NULL if there is none. */
struct db_table *db_find_table(const struct db *, const struct span *name);
struct db_table *db_get_table(const struct db *, const char *name);

static inline struct db_table *
db_table_of(const struct db *db, const struct ovsdb_table_schema *schema)
{
    return &db->tables[schema->index];
}

/* The row of that uuid, even if the open transaction has just added or deleted
 * it; NULL if there is none. */
struct db_row *db_find_row(const struct db_table *, const struct uuid *);

/* The committed value of a column, implicit ones too (those until the next
 * call). */
const struct ovsdb_datum *db_row_field(const void *row,
                                       const struct ovsdb_column *);

/* "_version" of the row in the state 'version' (row->version is the committed
 * one). */
struct uuid db_row_version(const struct db_row *, uint64_t version);

/* Replaying: without checks and counts, until db_finish_replay(). */

/* A row of default values. */
struct db_row *db_replay_insert(struct db_table *, const struct uuid *);
void db_replay_delete(struct db_row *);

/* Counts references and fills indexes, once all is replayed.  Returns an error
 * that names the first flaw (a dangling strong reference, a duplicate in an
 * index), after which the database can only be destroyed.  Dangling weak
 * references are dropped. */
struct error *db_finish_replay(struct db *) MUST_USE;

/* Numbers of atoms and of cells (a row's columns) of all rows, for
 * memory/show; the former takes time. */
uint64_t db_count_atoms(const struct db *);
uint64_t db_count_cells(const struct db *);
uint64_t db_count_rows(const struct db *);

/* For txn.c. */

struct db_row *db_row_create(struct db_table *, const struct uuid *);
void db_row_destroy(struct db_row *);
void db_row_enter(struct db_row *);     /* Becomes a committed row. */
void db_row_leave(struct db_row *);     /* No longer is one; not freed. */
struct db_index_node *db_row_index_node(const struct db_row *, size_t index);

/* Adds 'n' (or takes -'n') weak references from 'column' of 'src'. */
void db_count_edge(struct db *, struct db_row *src, unsigned int column,
                   struct db_row *dst, int n);

#endif /* ovsdb/server/db.h */
