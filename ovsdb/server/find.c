/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/find.h"

#include "ovsdb/server/lookup.h"
#include "ovsdb/server/txn.h"


/* The columns that are tested with "==", and where. */
static uint64_t
equality_columns(const struct ovsdb_condition *cond)
{
    uint64_t columns = 0;

    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];

        if (clause->function == OVSDB_F_EQ) {
            columns |= UINT64_C(1) << clause->column->index;
        }
    }
    return columns;
}

static const struct ovsdb_datum *
equality_arg(const struct ovsdb_condition *cond, unsigned int column)
{
    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];

        if (clause->function == OVSDB_F_EQ
            && clause->column->index == column) {
            return &clause->arg;
        }
    }
    return NULL;
}

static void
add_if_matching(const struct ovsdb_condition *cond, struct db_row *row,
                db_row_vec *rows)
{
    if (txn_row_is_live(row)
        && ovsdb_condition_matches_all(cond, txn_row_field, row)) {
        vec_push(rows, row);
    }
}

/* Adds the rows that index 'i' and, for what this transaction has changed, a
 * look at its own rows give. */
static void
find_by_index(const struct db_table *table, size_t i,
              const struct ovsdb_condition *cond, db_row_vec *rows)
{
    const struct ovsdb_index *index = &table->schema->indexes[i];
    uint64_t hash = index->n_columns;
    struct db_index_node *node;
    struct txn_row *tr;

    for (size_t j = 0; j < index->n_columns; j++) {
        unsigned int column = index->columns[j];

        hash = ovsdb_datum_hash(equality_arg(cond, column),
                                &table->schema->columns[column].type, hash);
    }
    HMAP_FOR_EACH_WITH_HASH (node, node, hash, &table->indexes[i]) {
        if (!node->row->txn_row) {
            add_if_matching(cond, node->row, rows);
        }
    }
    TXN_FOR_EACH_ROW (tr, table) {
        add_if_matching(cond, tr->row, rows);
    }
}

/* Likewise by an index made on demand; false if there is none. */
static bool
find_by_lookup(struct db_table *table, const struct ovsdb_condition *cond,
               db_row_vec *rows)
{
    db_row_vec candidates = VEC_EMPTY;
    bool found = lookup_all_of(table, cond, &candidates);
    struct txn_row *tr;

    VEC_FOR_EACH (row, &candidates) {
        if (!(*row)->txn_row) {
            add_if_matching(cond, *row, rows);
        }
    }
    if (found) {
        TXN_FOR_EACH_ROW (tr, table) {
            add_if_matching(cond, tr->row, rows);
        }
    }
    vec_uninit(&candidates);
    return found;
}

void
find_rows(struct db_table *table, const struct ovsdb_condition *cond,
          db_row_vec *rows)
{
    const struct uuid *uuid = ovsdb_condition_single_uuid(cond);
    struct db_row *row;

    if (uuid) {
        row = db_find_row(table, uuid);
        if (row) {
            add_if_matching(cond, row, rows);
        }
        return;
    }
    for (size_t i = 0; i < table->schema->n_indexes; i++) {
        uint64_t mask = table->schema->indexes[i].mask;

        if ((equality_columns(cond) & mask) == mask) {
            find_by_index(table, i, cond, rows);
            return;
        }
    }
    if (find_by_lookup(table, cond, rows)) {
        return;
    }
    HMAP_FOR_EACH (row, node, &table->rows) {
        add_if_matching(cond, row, rows);
    }
}
