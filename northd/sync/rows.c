/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/rows.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"

/* Beyond this many cells, single cells are written instead of whole
 * columns. */
#define MANY_CELLS 64

struct row_table;

/* The row of a group: the group's sink_data. */
struct row_owner {
    struct hmap_node node;      /* In row_table.owners, by uuid, if it has a
                                 * uuid. */
    struct uuid uuid;           /* Zero: not chosen yet. */
    struct incr_group *group;
    bool dirty;                 /* In row_table.dirty. */
    bool whole;                 /* Write all columns. */
    bool echo;                  /* The next change is our own. */
};

/* A cell that came or went in a large group since the last flush.  Kept as a
 * copy, since a fact that went does not stay. */
struct change {
    struct row_owner *owner;
    struct cell *cell;
    uint32_t size;
    bool added;
};

struct row_table {
    const struct row_table_class *class;
    struct row_sync *sync;
    struct incr_sink sink;
    struct hmap owners;
    VEC(struct row_owner *) dirty;
    VEC(struct change) changes;
    VEC(struct uuid) strays;    /* Rows to delete. */
};

struct row_sync {
    struct incr *incr;
    struct replica *replica;
    struct row_table *tables;
    size_t n_tables;
    bool adopted;
    void (*deleting)(const struct replica_row *, void *aux);
    void *aux;
};

static void
owner_set_dirty(struct row_table *table, struct row_owner *owner, bool whole)
{
    owner->whole |= whole;
    if (!owner->dirty) {
        owner->dirty = true;
        vec_push(&table->dirty, owner);
    }
}

static struct row_owner *
owner_of(struct row_table *table, struct incr_group *group)
{
    struct row_owner *owner = group->sink_data;

    if (!owner) {
        owner = xzalloc(sizeof *owner);
        owner->group = group;
        group->sink_data = owner;
        owner_set_dirty(table, owner, true);
    }
    return owner;
}

static void
owner_set_uuid(struct row_table *table, struct row_owner *owner,
               const struct uuid *uuid)
{
    if (!uuid_is_zero(&owner->uuid)) {
        hmap_remove(&table->owners, &owner->node);
    }
    owner->uuid = *uuid;
    if (!uuid_is_zero(uuid)) {
        hmap_insert(&table->owners, &owner->node, uuid_hash(uuid));
    }
}

static void
owner_destroy(struct row_table *table, struct row_owner *owner)
{
    const struct uuid zero = { { 0 } };

    owner_set_uuid(table, owner, &zero);
    owner->group->sink_data = NULL;
    free(owner);
}

static struct row_owner *
owner_find(const struct row_table *table, const struct uuid *uuid)
{
    struct row_owner *owner;

    HMAP_FOR_EACH_WITH_HASH (owner, node, uuid_hash(uuid), &table->owners) {
        if (uuid_equals(&owner->uuid, uuid)) {
            return owner;
        }
    }
    return NULL;
}

/* The sink. */

static void
fact_changed(void *table_, struct incr_fact *fact, bool added)
{
    struct row_table *table = table_;
    struct row_owner *owner = owner_of(table, fact->group);

    if (fact->group->n > MANY_CELLS && !owner->whole) {
        vec_push(&table->changes, (struct change) {
            .owner = owner,
            .cell = xmemdup(incr_fact_value(fact), fact->value_size),
            .size = fact->value_size,
            .added = added,
        });
    } else {
        owner->whole = true;
    }
    owner_set_dirty(table, owner, false);
}

struct row_sync *
row_sync_create(struct incr *incr, struct replica *replica,
                const struct row_table_class *classes, size_t n)
{
    struct row_sync *sync = xzalloc(sizeof *sync);

    sync->incr = incr;
    sync->replica = replica;
    sync->n_tables = n;
    sync->tables = xcalloc(n, sizeof *sync->tables);
    for (size_t i = 0; i < n; i++) {
        struct row_table *table = &sync->tables[i];

        table->class = &classes[i];
        table->sync = sync;
        hmap_init(&table->owners);
        table->sink = (struct incr_sink) {
            .fact = classes[i].fact,
            .aux = table,
            .fact_changed = fact_changed,
        };
        incr_add_sink(incr, &table->sink);
    }
    return sync;
}

static void
forget_changes(struct row_table *table)
{
    VEC_FOR_EACH (change, &table->changes) {
        free(change->cell);
    }
    vec_clear(&table->changes);
}

static void
group_forget(struct incr_group *group, void *aux)
{
    free(group->sink_data);
    group->sink_data = NULL;
}

void
row_sync_destroy(struct row_sync *sync)
{
    if (!sync) {
        return;
    }
    for (size_t i = 0; i < sync->n_tables; i++) {
        struct row_table *table = &sync->tables[i];

        forget_changes(table);
        VEC_FOR_EACH (owner, &table->dirty) {
            if (!(*owner)->group->n) {
                owner_destroy(table, *owner);
            }
        }
        incr_for_each_group(sync->incr, table->class->fact, group_forget,
                            NULL);
        hmap_uninit(&table->owners);
        vec_uninit(&table->dirty);
        vec_uninit(&table->changes);
        vec_uninit(&table->strays);
    }
    free(sync->tables);
    free(sync);
}

void
row_sync_set_deleting(struct row_sync *sync,
                      void (*deleting)(const struct replica_row *, void *aux),
                      void *aux)
{
    sync->deleting = deleting;
    sync->aux = aux;
}

static void
delete_row(struct row_sync *sync, const struct replica_row *row)
{
    if (sync->deleting) {
        sync->deleting(row, sync->aux);
    }
    replica_delete(row);
}

/* Adoption. */

static void
group_reset(struct incr_group *group, void *table_)
{
    const struct uuid zero = { { 0 } };
    struct row_table *table = table_;
    struct row_owner *owner = owner_of(table, group);

    owner_set_uuid(table, owner, &zero);
    owner->echo = false;
    owner_set_dirty(table, owner, true);
}

static void
adopt_rows(struct row_table *table)
{
    struct row_sync *sync = table->sync;
    struct str key = STR_EMPTY;
    struct replica_row *row;

    REPLICA_FOR_EACH (row, sync->replica, table->class->table) {
        struct incr_group *group = NULL;

        str_clear(&key);
        if (table->class->key(row, &key)) {
            group = incr_find(sync->incr, table->class->fact,
                              str_cstr(&key), key.length);
        }
        if (group && uuid_is_zero(&owner_of(table, group)->uuid)) {
            owner_set_uuid(table, group->sink_data, &row->uuid);
        } else {
            vec_push(&table->strays, row->uuid);
        }
    }
    str_uninit(&key);
}

static void
group_adopt_by_uuid(struct incr_group *group, void *table_)
{
    struct row_table *table = table_;

    assert(group->key_size == sizeof(struct uuid));
    owner_set_uuid(table, owner_of(table, group), incr_group_key(group));
}

/* Groups without facts whose row was to be deleted: the row is a stray now, if
 * it is still there. */
static void
drop_dead_owners(struct row_table *table)
{
    size_t n = 0;

    VEC_FOR_EACH (p, &table->dirty) {
        if ((*p)->group->n) {
            table->dirty.items[n++] = *p;
        } else {
            owner_destroy(table, *p);
        }
    }
    table->dirty.n = n;
}

void
row_sync_adopt(struct row_sync *sync)
{
    for (size_t i = 0; i < sync->n_tables; i++) {
        struct row_table *table = &sync->tables[i];

        vec_clear(&table->strays);
        forget_changes(table);
        drop_dead_owners(table);
        incr_for_each_group(sync->incr, table->class->fact, group_reset,
                            table);
        if (table->class->key) {
            adopt_rows(table);
        } else {
            incr_for_each_group(sync->incr, table->class->fact,
                                group_adopt_by_uuid, table);
        }
    }
    sync->adopted = true;
}

static uint64_t
owned_columns(const struct row_table *table, const struct replica_row *row)
{
    const struct row_table_class *class = table->class;

    return class->columns | (class->claimed_columns && class->is_claimed(row)
                             ? class->claimed_columns : 0);
}

static void
check_row(struct row_table *table, const struct replica_row *row)
{
    struct row_owner *owner = owner_find(table, &row->uuid);

    if (!owner) {
        if (table->class->key && !replica_row_is_deleted(row)) {
            vec_push(&table->strays, row->uuid);
        }
    } else if (owner->echo) {
        owner->echo = false;
    } else if (replica_row_is_deleted(row)
               ? table->class->key != NULL
               : (row->changed & owned_columns(table, row)) != 0) {
        owner_set_dirty(table, owner, true);
    }
}

void
row_sync_check_changes(struct row_sync *sync)
{
    for (size_t i = 0; sync->adopted && i < sync->n_tables; i++) {
        struct row_table *table = &sync->tables[i];
        struct replica_row *row;

        REPLICA_FOR_EACH_CHANGED (row, sync->replica, table->class->table) {
            check_row(table, row);
        }
    }
}

bool
row_sync_is_pending(const struct row_sync *sync)
{
    for (size_t i = 0; i < sync->n_tables; i++) {
        if (sync->tables[i].dirty.n || sync->tables[i].strays.n) {
            return true;
        }
    }
    return false;
}

/* Writing. */

struct replica_row *
row_sync_find(const struct row_sync *sync, unsigned int fact, const void *key,
              size_t size)
{
    struct incr_group *group = incr_find(sync->incr, fact, key, size);
    const struct row_owner *owner = group ? group->sink_data : NULL;

    for (size_t i = 0; owner && i < sync->n_tables; i++) {
        if (sync->tables[i].class->fact == fact) {
            return replica_find(sync->replica, sync->tables[i].class->table,
                                &owner->uuid);
        }
    }
    return NULL;
}

/* Values of one column, collected for replica_write().  Elements are kept in
 * the form that the column's type has in an array. */
struct column_value {
    VEC(const char *) keys;
    VEC(const char *) strings;
    VEC(int64_t) integers;
    VEC(bool) booleans;
    VEC(struct uuid) uuids;
    VEC(const struct replica_row *) rows;
};

static const struct replica_row *
cell_row(const struct row_sync *sync, const struct replica_base_class *base,
         const struct cell *cell, size_t size)
{
    const char *p = cell_payload(cell);

    if (cell->kind == CELL_UUID) {
        return replica_find(sync->replica, base->ref,
                            (const struct uuid *) p);
    }
    p += cell->key_size;
    return row_sync_find(sync, cell->ref_fact, p,
                         size - sizeof *cell - cell->key_size);
}

/* Adds 'cell' to '*value'.  References to rows that do not exist (yet) are
 * left out. */
static void
collect(const struct row_sync *sync, const struct replica_column_class *column,
        const struct cell *cell, size_t size, struct column_value *value)
{
    const char *p = cell_payload(cell);
    const struct replica_row *row;

    switch (cell->kind) {
    case CELL_STRING:
        vec_push(&value->strings, p);
        break;
    case CELL_INTEGER:
        vec_push(&value->integers, *(const int64_t *) p);
        break;
    case CELL_BOOLEAN:
        vec_push(&value->booleans, *(const bool *) p);
        break;
    case CELL_PAIR:
        vec_push(&value->keys, p);
        vec_push(&value->strings, p + cell->key_size);
        break;
    case CELL_UUID:
        if (column->key.type == REPLICA_UUID) {
            vec_push(&value->uuids, *(const struct uuid *) p);
            break;
        }
        /* Fall through. */
    case CELL_REF:
        row = cell_row(sync, &column->key, cell, size);
        if (row) {
            vec_push(&value->rows, row);
        }
        break;
    case CELL_PAIR_REF:
        row = cell_row(sync, &column->value, cell, size);
        if (row) {
            vec_push(&value->keys, p);
            vec_push(&value->rows, row);
        }
        break;
    }
}

static void
column_value_clear(struct column_value *value)
{
    vec_clear(&value->keys);
    vec_clear(&value->strings);
    vec_clear(&value->integers);
    vec_clear(&value->booleans);
    vec_clear(&value->uuids);
    vec_clear(&value->rows);
}

static void
column_value_uninit(struct column_value *value)
{
    vec_uninit(&value->keys);
    vec_uninit(&value->strings);
    vec_uninit(&value->integers);
    vec_uninit(&value->booleans);
    vec_uninit(&value->uuids);
    vec_uninit(&value->rows);
}

/* What replica_write() takes, borrowed from '*value'. */
static struct replica_value
column_value_get(const struct replica_column_class *column,
                 const struct column_value *value)
{
    const struct replica_base_class *base
        = column->shape == REPLICA_MAP ? &column->value : &column->key;
    const void *array = NULL;
    size_t n = 0;

#define ARRAY(MEMBER) (n = value->MEMBER.n, array = value->MEMBER.items)
    switch (base->type) {
    case REPLICA_STRING: ARRAY(strings); break;
    case REPLICA_INTEGER: ARRAY(integers); break;
    case REPLICA_BOOLEAN: ARRAY(booleans); break;
    case REPLICA_UUID: ARRAY(uuids); break;
    case REPLICA_REF: ARRAY(rows); break;
    case REPLICA_REAL: case REPLICA_NONE: break;
    }
#undef ARRAY
    if (column->shape == REPLICA_MAP) {
        return (struct replica_value) { n, value->keys.items, array };
    }
    return (struct replica_value) { n, array, NULL };
}

static bool
column_is_empty(const struct replica_row *row,
                const struct replica_column_class *column)
{
    struct str s = STR_EMPTY;
    bool empty;

    replica_row_column_to_json(row, column - replica_row_class(row)->columns,
                               &s);
    empty = !strcmp(str_cstr(&s), "[\"set\",[]]");
    str_uninit(&s);
    return empty;
}

static void
write_column(struct row_table *table, const struct replica_row *row,
             unsigned int c, struct column_value *value)
{
    const struct replica_column_class *column
        = &table->class->table->columns[c];
    struct replica_value v = column_value_get(column, value);

    if (table->class->initial_columns & REPLICA_COL(c)
        && !column_is_empty(row, column)) {
        return;
    }
    if (column->shape == REPLICA_ONE || column->shape == REPLICA_OPTIONAL) {
        v.n = MIN(v.n, 1);
        if (!v.n && column->shape == REPLICA_ONE) {
            return;
        }
    }
    replica_write(row, c, &v);
}

static int
compare_facts(const void *a_, const void *b_)
{
    const struct incr_fact *a = *(const struct incr_fact *const *) a_;
    const struct incr_fact *b = *(const struct incr_fact *const *) b_;
    size_t n = MIN(a->value_size, b->value_size);
    int cmp = memcmp(incr_fact_value(a), incr_fact_value(b), n);

    return cmp ? cmp : (a->value_size > b->value_size)
                       - (a->value_size < b->value_size);
}

/* Writes all columns of the class from the group's cells.  A cell starts with
 * its column, so sorted cells come column by column. */
static void
write_whole(struct row_table *table, const struct replica_row *row,
            const struct incr_group *group)
{
    const struct incr_fact **facts = xmalloc(group->n * sizeof *facts);
    struct column_value value = { .keys = VEC_EMPTY };
    uint64_t owned = owned_columns(table, row);
    size_t n = 0;

    for (size_t i = 0; i < group->n; i++) {
        facts[i] = incr_group_fact(group, i);
    }
    qsort(facts, group->n, sizeof *facts, compare_facts);
    for (unsigned int c = 0; c < table->class->table->n_columns; c++) {
        column_value_clear(&value);
        for (; n < group->n; n++) {
            const struct cell *cell = incr_fact_value(facts[n]);

            if (cell->column != c) {
                break;
            }
            owned |= REPLICA_COL(c) & table->class->claimed_columns;
            collect(table->sync, &table->class->table->columns[c], cell,
                    facts[n]->value_size, &value);
        }
        if (owned & REPLICA_COL(c)) {
            write_column(table, row, c, &value);
        }
    }
    column_value_uninit(&value);
    free(facts);
}

static void
write_change(struct row_table *table, const struct change *change)
{
    const struct replica_row *row
        = replica_find(table->sync->replica, table->class->table,
                       &change->owner->uuid);
    struct column_value value = { .keys = VEC_EMPTY };
    const struct replica_column_class *column;

    if (!row || change->cell->kind == CELL_PRESENT) {
        return;
    }
    column = &table->class->table->columns[change->cell->column];
    if (column->shape != REPLICA_SET && column->shape != REPLICA_MAP) {
        change->owner->whole = true;
        return;
    }
    collect(table->sync, column, change->cell, change->size, &value);

    struct replica_value v = column_value_get(column, &value);

    if (v.n) {
        (change->added ? replica_update_add : replica_update_remove)(
            row, change->cell->column, &v);
    } else {
        change->owner->whole = true;
    }
    column_value_uninit(&value);
}

static void
flush_presence(struct row_table *table, struct replica_txn *txn)
{
    struct row_sync *sync = table->sync;

    VEC_FOR_EACH (uuid, &table->strays) {
        struct replica_row *row = replica_find(sync->replica,
                                               table->class->table, uuid);

        if (row && !owner_find(table, uuid)) {
            delete_row(sync, row);
        }
    }
    vec_clear(&table->strays);
    VEC_FOR_EACH (p, &table->dirty) {
        struct row_owner *owner = *p;
        struct replica_row *row = replica_find(sync->replica,
                                               table->class->table,
                                               &owner->uuid);

        if (!table->class->key) {
            continue;
        }
        if (!owner->group->n) {
            if (row) {
                delete_row(sync, row);
            }
        } else if (!row) {
            struct uuid uuid = uuid_random();

            if (table->class->uuid_is_key) {
                memcpy(&uuid, incr_group_key(owner->group), sizeof uuid);
            }
            owner_set_uuid(table, owner, &uuid);
            replica_insert_uuid(txn, table->class->table, &uuid);
            owner->whole = true;
            owner->echo = true;
        }
    }
}

static void
flush_columns(struct row_table *table)
{
    VEC_FOR_EACH (change, &table->changes) {
        if (change->owner->group->n && !change->owner->whole) {
            write_change(table, change);
        }
    }
    VEC_FOR_EACH (p, &table->dirty) {
        struct row_owner *owner = *p;
        struct replica_row *row = replica_find(table->sync->replica,
                                               table->class->table,
                                               &owner->uuid);

        if (row && owner->group->n && owner->whole) {
            write_whole(table, row, owner->group);
        }
    }
}

static void
flush_done(struct row_table *table)
{
    forget_changes(table);
    VEC_FOR_EACH (p, &table->dirty) {
        struct row_owner *owner = *p;

        owner->dirty = owner->whole = false;
        if (!owner->group->n) {
            owner_destroy(table, owner);
        }
    }
    vec_clear(&table->dirty);
}

void
row_sync_flush(struct row_sync *sync, struct replica_txn *txn)
{
    for (size_t i = 0; i < sync->n_tables; i++) {
        struct row_table *table = &sync->tables[i];

        if (!table->class->key) {
            VEC_FOR_EACH (owner, &table->dirty) {
                owner_set_uuid(table, *owner, incr_group_key((*owner)->group));
            }
        }
        flush_presence(table, txn);
    }
    for (size_t i = 0; i < sync->n_tables; i++) {
        flush_columns(&sync->tables[i]);
        flush_done(&sync->tables[i]);
    }
}
