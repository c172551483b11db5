/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/column.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

static size_t
hash_absent(const struct replica_table_class *table, const struct uuid *uuid)
{
    return hash_combine(uuid_hash(uuid), table->number);
}

static size_t
hash_dangling(const struct replica_row *row, unsigned int column,
              const struct uuid *uuid)
{
    return hash_combine(hash_pointer(row, column), uuid_hash(uuid));
}

struct absent *
absent_find(const struct store *store,
            const struct replica_table_class *table, const struct uuid *uuid)
{
    struct absent *absent;

    HMAP_FOR_EACH_WITH_HASH (absent, node, hash_absent(table, uuid),
                             &store->absents) {
        if (absent->table == table && uuid_equals(&absent->uuid, uuid)) {
            return absent;
        }
    }
    return NULL;
}

static struct absent *
get_absent(struct store *store, const struct replica_table_class *table,
           const struct uuid *uuid)
{
    struct absent *absent = absent_find(store, table, uuid);

    if (!absent) {
        absent = xmalloc(sizeof *absent);
        absent->table = table;
        absent->uuid = *uuid;
        list_init(&absent->danglings);
        hmap_insert(&store->absents, &absent->node, hash_absent(table, uuid));
    }
    return absent;
}

struct dangler *
dangler_find(const struct store *store, const struct replica_row *row)
{
    struct dangler *dangler;

    if (!(row->state & REPLICA_ROW_DANGLING)) {
        return NULL;
    }
    HMAP_FOR_EACH_WITH_HASH (dangler, node, hash_pointer(row, 0),
                             &store->danglers) {
        if (dangler->row == row) {
            return dangler;
        }
    }
    return NULL;
}

static struct dangler *
get_dangler(struct store *store, struct replica_row *row)
{
    struct dangler *dangler = dangler_find(store, row);

    if (!dangler) {
        dangler = xmalloc(sizeof *dangler);
        dangler->row = row;
        list_init(&dangler->danglings);
        hmap_insert(&store->danglers, &dangler->node, hash_pointer(row, 0));
        row->state |= REPLICA_ROW_DANGLING;
    }
    return dangler;
}

struct dangling *
dangling_find(const struct store *store, const struct replica_row *row,
              unsigned int column, const struct uuid *uuid)
{
    struct dangling *d;

    if (!(row->state & REPLICA_ROW_DANGLING)) {
        return NULL;
    }
    HMAP_FOR_EACH_WITH_HASH (d, node, hash_dangling(row, column, uuid),
                             &store->danglings) {
        if (d->dangler->row == row && d->column == column
            && uuid_equals(&d->absent->uuid, uuid)) {
            return d;
        }
    }
    return NULL;
}

void
dangling_add(struct replica_row *row, unsigned int column,
             const struct replica_table_class *table, const struct uuid *uuid,
             const union replica_atom *key)
{
    struct store *store = row->table->store;
    struct dangling *d = xzalloc(sizeof *d);

    d->absent = get_absent(store, table, uuid);
    d->dangler = get_dangler(store, row);
    d->column = column;
    if (key) {
        d->key = *key;
    }
    list_push_back(&d->absent->danglings, &d->absent_node);
    list_push_back(&d->dangler->danglings, &d->row_node);
    hmap_insert(&store->danglings, &d->node,
                hash_dangling(row, column, uuid));
}

void
dangling_destroy(struct store *store, struct dangling *d)
{
    struct absent *absent = d->absent;
    struct dangler *dangler = d->dangler;
    const struct replica_column_class *class
        = &dangler->row->table->class->columns[d->column];

    list_remove(&d->absent_node);
    list_remove(&d->row_node);
    hmap_remove(&store->danglings, &d->node);
    if (list_is_empty(&absent->danglings)) {
        hmap_remove(&store->absents, &absent->node);
        free(absent);
    }
    if (list_is_empty(&dangler->danglings)) {
        dangler->row->state &= ~REPLICA_ROW_DANGLING;
        hmap_remove(&store->danglers, &dangler->node);
        free(dangler);
    }
    if (class->shape == REPLICA_MAP) {
        vatom_uninit(class->key.type, &d->key);
    }
    free(d);
}

void
danglings_drop(struct replica_row *row, uint64_t columns)
{
    struct store *store = row->table->store;
    struct dangler *dangler = dangler_find(store, row);
    struct dangling *d;
    bool is_last;

    if (!dangler) {
        return;
    }
    LIST_FOR_EACH_SAFE (d, row_node, &dangler->danglings) {
        is_last = next_ == &dangler->danglings;
        if (columns & REPLICA_COL(d->column)) {
            dangling_destroy(store, d);
        }
        if (is_last) {
            break;      /* The list's head may be gone by now. */
        }
    }
}
