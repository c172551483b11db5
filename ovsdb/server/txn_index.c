/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/txn_index.h"

#include "ovsdb/server/refs.h"

static bool
affects_index(const struct txn_row *tr, const struct ovsdb_index *index)
{
    return tr->is_new || tr->is_deleted || (tr->changed & index->mask);
}

/* Appends the values of the columns of 'index': those in 'fields', or, if it
 * is NULL, those that the open transaction makes. */
static void
put_index_values(struct str *out, const struct db_row *row,
                 const struct ovsdb_index *index,
                 const struct ovsdb_datum *fields)
{
    for (size_t i = 0; i < index->n_columns; i++) {
        unsigned int c = index->columns[i];

        str_put(out, i ? ", " : "");
        ovsdb_datum_put_text(out, fields ? &fields[c] : txn_field(row, c),
                             &row->table->schema->columns[c].type);
    }
}

/* Appends where 'row' comes from. */
static void
put_origin(struct str *out, const struct db_row *row,
           const struct ovsdb_index *index)
{
    str_printf(out, "row, with UUID "UUID_FMT", ", UUID_ARGS(&row->uuid));
    if (!row->txn_row) {
        str_put(out, "existed in the database before this transaction and "
                "was not modified by the transaction.");
    } else if (row->txn_row->is_new) {
        str_put(out, "was inserted by this transaction.");
    } else if (affects_index(row->txn_row, index)) {
        str_put(out, "had the following index values before the "
                "transaction: ");
        put_index_values(out, row, index, row->fields);
        str_put_char(out, '.');
    } else {
        str_put(out, "existed in the database before this transaction, "
                "which does not change these columns of it.");
    }
}

static struct error *
duplicate_error(const struct db_row *row, const struct db_row *other,
                const struct ovsdb_index *index)
{
    const struct ovsdb_table_schema *ts = row->table->schema;
    struct str s = STR_EMPTY;
    struct error *error;

    str_printf(&s, "Transaction causes multiple rows in \"%s\" table to have "
               "identical values (", ts->name);
    put_index_values(&s, row, index, NULL);
    str_printf(&s, ") for index on column%s ",
               index->n_columns > 1 ? "s" : "");
    for (size_t i = 0; i < index->n_columns; i++) {
        str_printf(&s, "%s\"%s\"", i ? ", " : "",
                   ts->columns[index->columns[i]].name);
    }
    str_put(&s, ".  First ");
    put_origin(&s, row, index);
    str_put(&s, "  Second ");
    put_origin(&s, other, index);
    error = error_create_tagged("constraint violation", "%s", str_cstr(&s));
    str_uninit(&s);
    return error;
}

/* Takes the old values of changed rows out of index 'i'. */
static void
unindex(struct db_table *table, size_t i)
{
    struct txn_row *tr;

    TXN_FOR_EACH_ROW (tr, table) {
        if (!tr->is_new && affects_index(tr, &table->schema->indexes[i])) {
            hmap_remove(&table->indexes[i],
                        &db_row_index_node(tr->row, i)->node);
        }
    }
}

/* Puts the committed values of changed rows back into index 'i'. */
static void
restore_index(struct db_table *table, size_t i)
{
    const struct ovsdb_index *index = &table->schema->indexes[i];
    struct txn_row *tr;

    TXN_FOR_EACH_ROW (tr, table) {
        if (!tr->is_new && affects_index(tr, index)) {
            /* Without its txn_row the row shows what is committed. */
            tr->row->txn_row = NULL;
            hmap_insert(&table->indexes[i],
                        &db_row_index_node(tr->row, i)->node,
                        index_hash(tr->row, index));
            tr->row->txn_row = tr;
        }
    }
}

/* Undoes what reindex() did before the row 'end' (NULL: for all rows). */
static void
undo_reindex(struct db_table *table, size_t i, const struct txn_row *end)
{
    struct txn_row *tr;

    TXN_FOR_EACH_ROW (tr, table) {
        if (tr == end) {
            break;
        }
        if (!tr->is_deleted && affects_index(tr, &table->schema->indexes[i])) {
            hmap_remove(&table->indexes[i],
                        &db_row_index_node(tr->row, i)->node);
        }
    }
    restore_index(table, i);
}

/* Puts their new values in; on a duplicate, puts things as they were. */
static struct error *
reindex(struct db_table *table, size_t i)
{
    const struct ovsdb_index *index = &table->schema->indexes[i];
    struct hmap *map = &table->indexes[i];
    struct txn_row *tr;

    TXN_FOR_EACH_ROW (tr, table) {
        struct db_row *other;

        if (tr->is_deleted || !affects_index(tr, index)) {
            continue;
        }
        other = index_find_equal(tr->row, index, map);
        if (other) {
            struct error *error = duplicate_error(tr->row, other, index);

            undo_reindex(table, i, tr);
            return error;
        }
        hmap_insert(map, &db_row_index_node(tr->row, i)->node,
                    index_hash(tr->row, index));
    }
    return NULL;
}

/* Undoes txn_index_update() for all indexes before number 'n' of 'end'. */
static void
undo_indexes(struct txn *txn, struct db_table *end, size_t n)
{
    struct db_table *table;

    TXN_FOR_EACH_TABLE (table, txn) {
        size_t n_here = table == end ? n : table->schema->n_indexes;

        for (size_t i = 0; i < n_here; i++) {
            undo_reindex(table, i, NULL);
        }
        if (table == end) {
            break;
        }
    }
}

struct error *
txn_index_update(struct txn *txn)
{
    struct db_table *table;

    TXN_FOR_EACH_TABLE (table, txn) {
        for (size_t i = 0; i < table->schema->n_indexes; i++) {
            struct error *error;

            unindex(table, i);
            error = reindex(table, i);
            if (error) {
                undo_indexes(txn, table, i);
                return error;
            }
        }
    }
    return NULL;
}

void
txn_index_undo(struct txn *txn)
{
    undo_indexes(txn, NULL, 0);
}
