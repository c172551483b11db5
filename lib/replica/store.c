/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/store.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/replica/column.h"
#include "lib/replica/index.h"

struct replica_row *
store_find(const struct replica_table *table, const struct uuid *uuid)
{
    struct replica_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, node, uuid_hash(uuid), &table->rows) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

struct replica_row *
row_create(struct replica_table *table, const struct uuid *uuid)
{
    struct store *store = table->store;
    struct replica_row *row = xmemdup(table->template,
                                      table->class->row_size);

    row->uuid = *uuid;
    row->table = table;
    row->state = REPLICA_ROW_LIVE;
    list_init(&row->change_node);
    hmap_insert(&table->rows, &row->node, uuid_hash(uuid));
    if (!store->is_overlay) {
        row->state |= REPLICA_ROW_INSERTED;
        row_changed(row, REPLICA_ALL_COLS);
    }
    column_attach_row(row);
    return row;
}

void
row_index(struct replica_row *row)
{
    VEC_FOR_EACH (p, &row->table->indexes) {
        index_add_row(*p, row);
    }
}

void
row_unindex(struct replica_row *row)
{
    VEC_FOR_EACH (p, &row->table->indexes) {
        index_remove_row(*p, row);
    }
}

void
row_changed(struct replica_row *row, uint64_t columns)
{
    struct replica_table *table = row->table;
    struct store *store = table->store;

    if (store->is_overlay) {
        return;
    }
    if (!(row->state & REPLICA_ROW_CHANGED)) {
        row->state |= REPLICA_ROW_CHANGED;
        list_push_back(&table->changes, &row->change_node);
    }
    row->changed |= columns;
    store->n_changes++;
    if (columns & ~table->omit_alert) {
        store->is_alerting = true;
    }
}

void
row_delete(struct replica_row *row)
{
    struct replica_table *table = row->table;

    row_changed(row, REPLICA_ALL_COLS);
    row_unindex(row);
    row_release_refs(row);
    hmap_remove(&table->rows, &row->node);
    row->state = (row->state & ~REPLICA_ROW_LIVE) | REPLICA_ROW_DELETED;
    vec_push(&table->store->gone, row);
}

void
row_free(struct replica_row *row)
{
    const struct replica_table_class *class = row->table->class;

    for (unsigned int i = 0; i < class->n_columns; i++) {
        column_free(row, i);
    }
    free(row);
}

/* Settling. */

static struct replica_index *
find_simple_index(const struct replica_table *table, unsigned int column)
{
    VEC_FOR_EACH (p, &table->indexes) {
        if (index_is_simple(*p, column)) {
            return *p;
        }
    }
    return NULL;
}

static void
refill_indexed(struct replica_index *index, unsigned int column,
               struct replica_row *const *gone, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        union replica_atom key = { .ref = gone[i] };
        struct replica_row *row;

        while (gone[i]->n_refs
               && (row = replica_index_find(index, &key)) != NULL) {
            column_refill(row, column);
        }
    }
}

static void
refill_all(struct replica_table *table, unsigned int column)
{
    struct replica_row *row;

    HMAP_FOR_EACH (row, node, &table->rows) {
        if (column_refers_to_deleted(row, column)) {
            column_refill(row, column);
        }
    }
}

/* Makes dangling the references from 'table' to the deleted rows. */
static void
settle_referrers(struct replica_table *table, uint64_t targets,
                 struct replica_row *const *gone, size_t n)
{
    uint64_t left = table->refs;

    for (; left; left &= left - 1) {
        unsigned int column = __builtin_ctzll(left);
        const struct replica_column_class *class
            = &table->class->columns[column];
        const struct replica_table_class *ref
            = class->key.ref ? class->key.ref : class->value.ref;
        struct replica_index *index;

        if (!(targets & REPLICA_COL(ref->number))) {
            continue;
        }
        index = (class->key.type == REPLICA_REF
                 ? find_simple_index(table, column) : NULL);
        if (index) {
            refill_indexed(index, column, gone, n);
        } else {
            refill_all(table, column);
        }
    }
}

void
store_settle(struct store *store)
{
    uint64_t targets = 0, referrers = 0;
    size_t n = 0;

    for (size_t i = 0; i < store->gone.n; i++) {
        struct replica_row *row = store->gone.items[i];

        if (row->n_refs) {
            store->gone.items[n++] = row;
            targets |= REPLICA_COL(row->table->class->number);
            referrers |= row->table->referrers;
        }
    }
    for (; referrers; referrers &= referrers - 1) {
        settle_referrers(&store->tables[__builtin_ctzll(referrers)], targets,
                         store->gone.items, n);
    }
    vec_clear(&store->gone);
}

static void
clear_change(struct replica_row *row)
{
    list_remove(&row->change_node);
    if (row->state & REPLICA_ROW_DELETED) {
        row_free(row);
    } else {
        row->changed = 0;
        row->state &= ~(REPLICA_ROW_INSERTED | REPLICA_ROW_CHANGED);
    }
}

void
store_clear_changes(struct store *store)
{
    assert(!store->gone.n);
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];

        while (!list_is_empty(&table->changes)) {
            clear_change(LIST_ELEM((struct replica_row *) NULL,
                                   table->changes.next, change_node));
        }
        VEC_FOR_EACH (p, &table->indexes) {
            vec_clear(&(*p)->touched);
        }
    }
    store->is_alerting = false;
}

/* Life. */

static void
init_columns(struct replica_table *table)
{
    const struct replica_table_class *class = table->class;

    assert(class->n_columns <= REPLICA_MAX_COLUMNS);
    table->template = xzalloc(class->row_size);
    for (unsigned int i = 0; i < class->n_columns; i++) {
        const struct replica_column_class *column = &class->columns[i];

        if (column->key.ref || column->value.ref) {
            table->refs |= REPLICA_COL(i);
        }
        if (column->shape == REPLICA_SET && column->n_min) {
            table->one_min |= REPLICA_COL(i);
        }
        if (column->shape == REPLICA_ONE
            && column->key.type == REPLICA_STRING) {
            const char *empty = replica_empty_string;

            memcpy((char *) table->template + column->offset, &empty,
                   sizeof empty);
        }
    }
}

static void
init_referrers(struct store *store)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        const struct replica_table_class *class = store->tables[i].class;

        for (unsigned int j = 0; j < class->n_columns; j++) {
            const struct replica_column_class *column = &class->columns[j];
            const struct replica_table_class *ref
                = column->key.ref ? column->key.ref : column->value.ref;

            if (ref) {
                store_table(store, ref)->referrers |= REPLICA_COL(i);
            }
        }
    }
}

void
store_init(struct store *store, struct replica *replica,
           const struct replica_db_class *db)
{
    assert(db->n_tables <= 64);
    *store = (struct store) { .replica = replica, .n_tables = db->n_tables };
    hmap_init(&store->absents);
    hmap_init(&store->danglers);
    hmap_init(&store->danglings);
    store->tables = xcalloc(db->n_tables, sizeof *store->tables);
    for (unsigned int i = 0; i < db->n_tables; i++) {
        struct replica_table *table = &store->tables[i];

        table->replica = replica;
        table->store = store;
        table->class = db->tables[i];
        assert(table->class->number == i);
        hmap_init(&table->rows);
        list_init(&table->changes);
        init_columns(table);
    }
    init_referrers(store);
}

void
store_uninit(struct store *store)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];
        struct replica_row *row;

        HMAP_FOR_EACH (row, node, &table->rows) {
            danglings_drop(row, REPLICA_ALL_COLS);
        }
    }
    store_clear_changes(store);
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];
        struct replica_row *row;

        VEC_FOR_EACH (p, &table->indexes) {
            index_destroy(*p);
        }
        vec_uninit(&table->indexes);
        HMAP_FOR_EACH_SAFE (row, node, &table->rows) {
            row_free(row);
        }
        hmap_uninit(&table->rows);
        free(table->template);
        free(table->condition);
        free(table->sent_condition);
        free(table->acked_condition);
    }
    free(store->tables);
    vec_uninit(&store->gone);
    hmap_uninit(&store->absents);
    hmap_uninit(&store->danglers);
    hmap_uninit(&store->danglings);
}
