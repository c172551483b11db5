/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/index.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/replica/internal.h"

#define MAX_COLUMNS 4

/* The rows whose keys have one hash value: those of one key, but for
 * collisions, which look-ups filter out. */
struct index_group {
    struct hmap_node node;
    struct list entries;
};

/* A row under one key; the key itself is in the row. */
struct index_entry {
    struct hmap_node node;
    struct list group_node;
    struct replica_row *row;
};

static const struct replica_column_class *
part_class(const struct replica_index *index, size_t part)
{
    return &index->table->class->columns[index->columns[part].column];
}

/* The type of the values of a part of the key. */
static enum replica_type
part_type(const struct replica_index *index, size_t part)
{
    const struct replica_column_class *class = part_class(index, part);

    return index->columns[part].map_key ? class->value.type : class->key.type;
}

static uint64_t
hash_atom(enum replica_type type, const union replica_atom *atom,
          uint64_t basis)
{
    switch (type) {
    case REPLICA_INTEGER:
        return hash_word(atom->integer, basis);
    case REPLICA_REAL:
        return hash_bytes(&atom->real, sizeof atom->real, basis);
    case REPLICA_BOOLEAN:
        return hash_word(atom->boolean, basis);
    case REPLICA_STRING:
        return hash_string(atom->string, basis);
    case REPLICA_UUID:
        return hash_bytes(&atom->uuid, sizeof atom->uuid, basis);
    case REPLICA_REF:
        return hash_bytes(&atom->ref->uuid, sizeof atom->ref->uuid, basis);
    case REPLICA_NONE:
        break;
    }
    return basis;
}

static bool
atom_equals(enum replica_type type, const union replica_atom *a,
            const union replica_atom *b)
{
    return (type == REPLICA_REF ? a->ref == b->ref
            : !vatom_compare(type, a, b));
}

uint64_t
replica_index_hash(const struct replica_index *index,
                   const union replica_atom *key)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < index->n_columns; i++) {
        hash = hash_atom(part_type(index, i), &key[i], hash + i);
    }
    return hash;
}

/* Reads a part of the row's key that has one value; false if it is empty. */
static bool
get_part(const struct replica_index *index, size_t part,
         const struct replica_row *row, union replica_atom *atom)
{
    const struct replica_index_column *c = &index->columns[part];
    union replica_atom key;
    size_t i;

    if (c->map_key) {
        key.string = c->map_key;
        i = row_find_key(row, c->column, &key);
        if (i == SIZE_MAX) {
            return false;
        }
        row_get_value(row, c->column, i, atom);
        return true;
    }
    if (!row_n_elements(row, c->column)) {
        return false;
    }
    row_get_key(row, c->column, 0, atom);
    return true;
}

/* Fills the parts of the key with one value. */
static bool
get_key(const struct replica_index *index, const struct replica_row *row,
        union replica_atom *key)
{
    for (size_t i = 0; i < index->n_columns; i++) {
        if (i != index->multi && !get_part(index, i, row, &key[i])) {
            return false;
        }
    }
    return true;
}

static void
touch(struct replica_index *index, uint64_t hash)
{
    if (index->is_tracked && !index->table->store->is_overlay) {
        vec_push(&index->touched, hash);
    }
}

static struct index_group *
find_group(const struct replica_index *index, uint64_t hash)
{
    struct hmap_node *node = hmap_first_with_hash(&index->groups, hash);

    return node ? CONTAINER_OF(node, struct index_group, node) : NULL;
}

static void
add_entry(struct replica_index *index, struct replica_row *row,
          const union replica_atom *key)
{
    struct index_entry *entry = xmalloc(sizeof *entry);
    uint64_t hash = replica_index_hash(index, key);
    struct index_group *group = find_group(index, hash);

    if (!group) {
        group = xmalloc(sizeof *group);
        list_init(&group->entries);
        hmap_insert(&index->groups, &group->node, hash);
    }
    entry->row = row;
    list_push_back(&group->entries, &entry->group_node);
    hmap_insert(&index->entries, &entry->node, hash_pointer(row, hash));
    touch(index, hash);
}

static void
remove_entry(struct replica_index *index, struct replica_row *row,
             const union replica_atom *key)
{
    uint64_t hash = replica_index_hash(index, key);
    struct index_group *group = find_group(index, hash);
    struct index_entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, node, hash_pointer(row, hash),
                             &index->entries) {
        if (entry->row == row) {
            hmap_remove(&index->entries, &entry->node);
            list_remove(&entry->group_node);
            free(entry);
            if (list_is_empty(&group->entries)) {
                hmap_remove(&index->groups, &group->node);
                free(group);
            }
            touch(index, hash);
            return;
        }
    }
}

static void
change_row(struct replica_index *index, struct replica_row *row,
           void (*change)(struct replica_index *, struct replica_row *,
                          const union replica_atom *))
{
    union replica_atom key[MAX_COLUMNS];
    size_t n;

    if (!get_key(index, row, key)) {
        return;
    }
    if (index->multi == SIZE_MAX) {
        change(index, row, key);
        return;
    }
    n = row_n_elements(row, index->columns[index->multi].column);
    for (size_t i = 0; i < n; i++) {
        row_get_key(row, index->columns[index->multi].column, i,
                    &key[index->multi]);
        change(index, row, key);
    }
}

void
index_add_row(struct replica_index *index, struct replica_row *row)
{
    change_row(index, row, add_entry);
}

void
index_remove_row(struct replica_index *index, struct replica_row *row)
{
    change_row(index, row, remove_entry);
}

void
index_add_element(struct replica_index *index, struct replica_row *row,
                  const union replica_atom *element)
{
    union replica_atom key[MAX_COLUMNS];

    if (get_key(index, row, key)) {
        key[index->multi] = *element;
        add_entry(index, row, key);
    }
}

void
index_remove_element(struct replica_index *index, struct replica_row *row,
                     const union replica_atom *element)
{
    union replica_atom key[MAX_COLUMNS];

    if (get_key(index, row, key)) {
        key[index->multi] = *element;
        remove_entry(index, row, key);
    }
}

bool
index_is_simple(const struct replica_index *index, unsigned int column)
{
    return (index->n_columns == 1 && index->columns[0].column == column
            && !index->columns[0].map_key);
}

struct replica_index *
replica_index_create(struct replica *replica,
                     const struct replica_table_class *class,
                     const struct replica_index_column *columns, size_t n)
{
    struct replica_table *table = store_table(&replica->store, class);
    struct replica_index *index = xzalloc(sizeof *index);
    struct replica_row *row;

    assert(n && n <= MAX_COLUMNS);
    index->table = table;
    index->columns = xmemdup(columns, n * sizeof *columns);
    index->n_columns = n;
    index->multi = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        const struct replica_column_class *column
            = &class->columns[columns[i].column];

        index->mask |= REPLICA_COL(columns[i].column);
        if (columns[i].map_key) {
            assert(column->shape == REPLICA_MAP
                   && column->key.type == REPLICA_STRING);
            index->columns[i].map_key = xstrdup(columns[i].map_key);
        } else if (column->shape == REPLICA_SET
                   || column->shape == REPLICA_MAP) {
            assert(index->multi == SIZE_MAX);
            index->multi = i;
        }
    }
    index->number = replica->n_indexes++;
    hmap_init(&index->groups);
    hmap_init(&index->entries);
    vec_push(&table->indexes, index);
    HMAP_FOR_EACH (row, node, &table->rows) {
        index_add_row(index, row);
    }
    return index;
}

struct replica_index *
replica_index_create_simple(struct replica *replica,
                            const struct replica_table_class *class,
                            unsigned int column)
{
    const struct replica_index_column c = { column, NULL };

    return replica_index_create(replica, class, &c, 1);
}

void
index_destroy(struct replica_index *index)
{
    struct index_entry *entry;
    struct index_group *group;

    HMAP_FOR_EACH_SAFE (entry, node, &index->entries) {
        free(entry);
    }
    HMAP_FOR_EACH_SAFE (group, node, &index->groups) {
        free(group);
    }
    hmap_uninit(&index->groups);
    hmap_uninit(&index->entries);
    vec_uninit(&index->touched);
    for (size_t i = 0; i < index->n_columns; i++) {
        free((char *) index->columns[i].map_key);
    }
    free(index->columns);
    free(index);
}

/* Look-ups. */

/* Whether the row is under 'key', and not just under its hash. */
static bool
row_matches(const struct replica_index *index, const struct replica_row *row,
            const union replica_atom *key)
{
    for (size_t i = 0; i < index->n_columns; i++) {
        enum replica_type type = part_type(index, i);
        union replica_atom atom;

        if (i == index->multi) {
            unsigned int column = index->columns[i].column;
            union replica_atom wanted = key[i];
            size_t at;

            if (type == REPLICA_REF) {
                wanted.uuid = key[i].ref->uuid;
            }
            at = row_find_key(row, column, &wanted);
            if (at == SIZE_MAX) {
                return false;
            }
            row_get_key(row, column, at, &atom);
        } else if (!get_part(index, i, row, &atom)) {
            return false;
        }
        if (!atom_equals(type, &atom, &key[i])) {
            return false;
        }
    }
    return true;
}

/* Goes on from entry 'node' of the group to the next row that matches. */
static struct replica_row *
advance(struct replica_index_cursor *cursor, struct list *node)
{
    for (; node != cursor->end; node = node->next) {
        struct replica_row *row
            = CONTAINER_OF(node, struct index_entry, group_node)->row;

        if (row_matches(cursor->index, row, cursor->key)) {
            cursor->node = node;
            return row;
        }
    }
    cursor->node = cursor->end;
    return NULL;
}

struct replica_row *
replica_index_first(const struct replica_index *index,
                    const union replica_atom *key,
                    struct replica_index_cursor *cursor)
{
    struct index_group *group = find_group(index,
                                           replica_index_hash(index, key));

    cursor->index = index;
    cursor->key = key;
    cursor->node = cursor->end = group ? &group->entries : NULL;
    return group ? advance(cursor, group->entries.next) : NULL;
}

struct replica_row *
replica_index_next(struct replica_index_cursor *cursor)
{
    return (cursor->node != cursor->end
            ? advance(cursor, cursor->node->next) : NULL);
}

struct replica_row *
replica_index_find(const struct replica_index *index,
                   const union replica_atom *key)
{
    struct replica_index_cursor cursor;

    return replica_index_first(index, key, &cursor);
}

struct replica_row *
replica_index_find_string(const struct replica_index *index, const char *s)
{
    const union replica_atom key = { .string = s };

    return replica_index_find(index, &key);
}

struct replica_row *
replica_index_find_int(const struct replica_index *index, int64_t i)
{
    const union replica_atom key = { .integer = i };

    return replica_index_find(index, &key);
}

struct replica_row *
replica_index_find_ref(const struct replica_index *index,
                       const struct replica_row *row)
{
    const union replica_atom key = { .ref = row };

    return replica_index_find(index, &key);
}

void
replica_index_track(struct replica_index *index)
{
    index->is_tracked = true;
}

const uint64_t *
replica_index_touched(const struct replica_index *index, size_t *n)
{
    *n = index->touched.n;
    return index->touched.items;
}

unsigned int
replica_index_number(const struct replica_index *index)
{
    return index->number;
}
