/* SPDX-License-Identifier: Apache-2.0 */

/* Columns in memory.
 *
 * A scalar lies in the row's struct.  A set is a count and a pointer to a
 * sorted array, a map a count and two arrays in one block; an element comes or
 * goes by building the array anew from runs of the old one, so that the cost
 * beyond that of the element is one copy of pointers, which for ten thousand
 * of them is less than the parsing of the message that brought it. */

#include "lib/replica/column.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/replica/index.h"

/* A set or map in a row; a set has no 'values'.  Keys and values are in one
 * block, which 'keys' points to. */
struct cell {
    size_t n;
    char *keys;
    char *values;
};

static const size_t sizes[] = {
    [REPLICA_INTEGER] = sizeof(int64_t),
    [REPLICA_REAL] = sizeof(double),
    [REPLICA_BOOLEAN] = sizeof(bool),
    [REPLICA_STRING] = sizeof(const char *),
    [REPLICA_UUID] = sizeof(struct uuid),
    [REPLICA_REF] = sizeof(struct replica_row *),
};

static const struct replica_column_class *
column_class(const struct replica_row *row, unsigned int column)
{
    return &row->table->class->columns[column];
}

static char *
member(const struct replica_row *row, const struct replica_column_class *class)
{
    return (char *) row + class->offset;
}

static struct cell *
get_cell(const struct replica_row *row,
         const struct replica_column_class *class)
{
    return (struct cell *) (void *) member(row, class);
}

static bool
is_many(const struct replica_column_class *class)
{
    return class->shape == REPLICA_SET || class->shape == REPLICA_MAP;
}

static bool
has_ref(const struct replica_column_class *class)
{
    return (class->key.type == REPLICA_REF
            || class->value.type == REPLICA_REF);
}

/* Whether an optional column says by 'has_x', not by NULL, if it is there. */
static bool
has_flag(const struct replica_column_class *class)
{
    return (class->shape == REPLICA_OPTIONAL
            && class->key.type != REPLICA_STRING
            && class->key.type != REPLICA_REF);
}

static void
load(enum replica_type type, const char *p, union replica_atom *atom)
{
    switch (type) {
    case REPLICA_INTEGER:
        memcpy(&atom->integer, p, sizeof atom->integer);
        break;
    case REPLICA_REAL:
        memcpy(&atom->real, p, sizeof atom->real);
        break;
    case REPLICA_BOOLEAN:
        memcpy(&atom->boolean, p, sizeof atom->boolean);
        break;
    case REPLICA_STRING:
        memcpy(&atom->string, p, sizeof atom->string);
        break;
    case REPLICA_UUID:
        memcpy(&atom->uuid, p, sizeof atom->uuid);
        break;
    case REPLICA_REF:
        memcpy(&atom->ref, p, sizeof atom->ref);
        break;
    case REPLICA_NONE:
        break;
    }
}

/* A reference is stored as the pointer in 'atom'. */
static void
save(enum replica_type type, char *p, const union replica_atom *atom)
{
    memcpy(p, atom, sizes[type]);
}

/* Loads an atom as a vbuf has it: a reference as its uuid. */
static void
load_plain(enum replica_type type, const char *p, union replica_atom *atom)
{
    load(type, p, atom);
    if (type == REPLICA_REF) {
        struct uuid uuid = atom->ref->uuid;

        atom->uuid = uuid;
    }
}

static int
compare_stored(enum replica_type type, const char *p,
               const union replica_atom *key)
{
    union replica_atom stored;

    load_plain(type, p, &stored);
    return vatom_compare(type, &stored, key);
}

/* Finds the first element at or after 'low' that is not less than 'key', and
 * says whether it equals. */
static size_t
lower_bound(const struct cell *cell, enum replica_type type, size_t low,
            const union replica_atom *key, bool *ret_found)
{
    size_t high = cell->n;

    *ret_found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_stored(type, cell->keys + middle * sizes[type],
                                   key);

        if (!order) {
            *ret_found = true;
            return middle;
        } else if (order > 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Allocates the block of 'n' elements. */
static void
cell_allocate(struct cell *cell, const struct replica_column_class *class,
              size_t n)
{
    size_t key_bytes = ROUND_UP(n * sizes[class->key.type], 8);

    cell->n = n;
    if (class->shape == REPLICA_MAP) {
        cell->keys = n ? xmalloc(key_bytes + n * sizes[class->value.type])
                       : NULL;
        cell->values = n ? cell->keys + key_bytes : NULL;
    } else {
        cell->keys = n ? xmalloc(key_bytes) : NULL;
    }
}

/* Reading columns. */

static size_t
n_elements(const struct replica_row *row,
           const struct replica_column_class *class)
{
    union replica_atom atom;

    if (is_many(class)) {
        return get_cell(row, class)->n;
    } else if (has_flag(class)) {
            return *(const bool *) ((const char *) row + class->has_offset);
    } else if (class->key.type == REPLICA_STRING
               || class->key.type == REPLICA_REF) {
        load(class->key.type, member(row, class), &atom);
        return atom.string != NULL;
    }
    return 1;
}

static const char *
key_at(const struct replica_row *row, const struct replica_column_class *class,
       size_t i)
{
    return (is_many(class)
            ? get_cell(row, class)->keys + i * sizes[class->key.type]
            : member(row, class));
}

static const char *
value_at(const struct replica_row *row,
         const struct replica_column_class *class, size_t i)
{
    return get_cell(row, class)->values + i * sizes[class->value.type];
}

size_t
row_n_elements(const struct replica_row *row, unsigned int column)
{
    return n_elements(row, column_class(row, column));
}

void
row_get_key(const struct replica_row *row, unsigned int column, size_t i,
            union replica_atom *atom)
{
    const struct replica_column_class *class = column_class(row, column);

    load(class->key.type, key_at(row, class, i), atom);
}

void
row_get_value(const struct replica_row *row, unsigned int column, size_t i,
              union replica_atom *atom)
{
    const struct replica_column_class *class = column_class(row, column);

    load(class->value.type, value_at(row, class, i), atom);
}

size_t
row_find_key(const struct replica_row *row, unsigned int column,
             const union replica_atom *key)
{
    const struct replica_column_class *class = column_class(row, column);
    enum replica_type type = class->key.type;
    bool found;
    size_t i;

    if (is_many(class)) {
        i = lower_bound(get_cell(row, class), type, 0, key, &found);
        return found ? i : SIZE_MAX;
    }
    return (n_elements(row, class)
            && !compare_stored(type, member(row, class), key) ? 0 : SIZE_MAX);
}

static void
push_element(struct vbuf *buf, const struct replica_column_class *class,
             const union replica_atom *key, const union replica_atom *value)
{
    size_t i = vbuf_push(buf, class);

    vatom_clone(class->key.type, &buf->keys[i], key);
    if (class->shape == REPLICA_MAP) {
        vatom_clone(class->value.type, &buf->values[i], value);
    }
}

void
row_get(const struct replica_row *row, unsigned int column, struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(row, column);
    struct dangler *dangler = dangler_find(row->table->store, row);
    union replica_atom key, value = { .integer = 0 };
    size_t n = n_elements(row, class);
    struct dangling *d;

    for (size_t i = 0; i < n; i++) {
        load_plain(class->key.type, key_at(row, class, i), &key);
        if (class->shape == REPLICA_MAP) {
            load_plain(class->value.type, value_at(row, class, i), &value);
        }
        push_element(buf, class, &key, &value);
    }
    if (dangler) {
        LIST_FOR_EACH (d, row_node, &dangler->danglings) {
            if (d->column == column) {
                union replica_atom uuid = { .uuid = d->absent->uuid };
                bool is_map = class->shape == REPLICA_MAP;

                push_element(buf, class, is_map ? &d->key : &uuid, &uuid);
            }
        }
        vbuf_sort(buf, class);
    }
}

/* Writing columns. */

static void
unref_row(const char *p)
{
    union replica_atom atom;

    load(REPLICA_REF, p, &atom);
    if (atom.ref) {
        ((struct replica_row *) atom.ref)->n_refs--;
    }
}

/* Frees what one stored atom holds.  References only if 'with_refs'. */
static void
free_stored(enum replica_type type, const char *p, bool with_refs)
{
    union replica_atom atom;

    if (type == REPLICA_STRING) {
        load(type, p, &atom);
        replica_string_unref(atom.string);
    } else if (type == REPLICA_REF && with_refs) {
        unref_row(p);
    }
}

/* Frees what a column holds, leaving it undefined. */
static void
free_column(struct replica_row *row, const struct replica_column_class *class,
            bool with_refs)
{
    size_t n = is_many(class) ? get_cell(row, class)->n : 1;

    for (size_t i = 0; i < n; i++) {
        free_stored(class->key.type, key_at(row, class, i), with_refs);
        if (class->shape == REPLICA_MAP) {
            free_stored(class->value.type, value_at(row, class, i),
                        with_refs);
        }
    }
    if (is_many(class)) {
        free(get_cell(row, class)->keys);
    }
}

/* Turns a uuid in '*atom' into the row, which counts the reference.  If there
 * is no such row, notes it as dangling and says false. */
static bool
resolve(struct replica_row *row, unsigned int column,
        const struct replica_base_class *base, union replica_atom *atom,
        const union replica_atom *map_key)
{
    const struct uuid uuid = atom->uuid;
    struct replica_row *target
        = store_find(store_table(row->table->store, base->ref), &uuid);

    if (!target) {
        if (!uuid_is_zero(&uuid)) {
            dangling_add(row, column, base->ref, &uuid, map_key);
        } else if (map_key) {
            vatom_uninit(column_class(row, column)->key.type,
                         (union replica_atom *) map_key);
        }
        return false;
    }
    target->n_refs++;
    atom->ref = target;
    return true;
}

/* Stores 'buf', of which at most the first element counts, taking it over. */
static void
fill_one(struct replica_row *row, unsigned int column, struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(row, column);
    union replica_atom atom = { .uuid = { { 0, 0, 0, 0 } } };
    bool has = buf->n > 0;

    if (has) {
        atom = buf->keys[0];
        buf->keys[0] = (union replica_atom) { .uuid = { { 0, 0, 0, 0 } } };
        if (class->key.type == REPLICA_REF
            && !resolve(row, column, &class->key, &atom, NULL)) {
            atom.ref = NULL;
        }
        if (class->key.type == REPLICA_STRING) {
            buf->keys[0].string = replica_empty_string;
        }
    } else if (class->key.type == REPLICA_STRING) {
        atom.string = (class->shape == REPLICA_ONE ? replica_empty_string
                       : NULL);
    }
    save(class->key.type, member(row, class), &atom);
    if (has_flag(class)) {
        *(bool *) ((char *) row + class->has_offset) = has;
    }
    vbuf_clear(buf, class);
}

static void
fill_many(struct replica_row *row, unsigned int column, struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(row, column);
    struct cell *cell = get_cell(row, class);
    bool is_map = class->shape == REPLICA_MAP;
    size_t n = 0;

    if (has_ref(class)) {
        for (size_t i = 0; i < buf->n; i++) {
            if (class->key.type == REPLICA_REF
                ? !resolve(row, column, &class->key, &buf->keys[i], NULL)
                : !resolve(row, column, &class->value, &buf->values[i],
                           &buf->keys[i])) {
                continue;
            }
            buf->keys[n] = buf->keys[i];
            if (is_map) {
                buf->values[n] = buf->values[i];
            }
            n++;
        }
    } else {
        n = buf->n;
    }
    cell_allocate(cell, class, n);
    for (size_t i = 0; i < n; i++) {
        save(class->key.type, cell->keys + i * sizes[class->key.type],
             &buf->keys[i]);
        if (is_map) {
            save(class->value.type,
                 cell->values + i * sizes[class->value.type],
                 &buf->values[i]);
        }
    }
    buf->n = 0;
}

static void
fill(struct replica_row *row, unsigned int column, struct vbuf *buf)
{
    (is_many(column_class(row, column)) ? fill_many : fill_one)(row, column,
                                                                buf);
}

/* Whether the column holds what 'buf' has. */
static bool
equals_stored(const struct replica_row *row, unsigned int column,
              const struct vbuf *buf)
{
    const struct replica_column_class *class = column_class(row, column);
    size_t n = n_elements(row, class);

    if (row->state & REPLICA_ROW_DANGLING && has_ref(class)) {
        struct vbuf whole = VBUF_EMPTY;
        bool equal;

        row_get(row, column, &whole);
        equal = vbuf_equals(&whole, buf, class);
        vbuf_uninit(&whole, class);
        return equal;
    }
    if (n != (is_many(class) ? buf->n : MIN(buf->n, 1))) {
        return class->shape == REPLICA_ONE && !buf->n;
    }
    for (size_t i = 0; i < n; i++) {
        if (compare_stored(class->key.type, key_at(row, class, i),
                           &buf->keys[i])
            || (class->shape == REPLICA_MAP
                && compare_stored(class->value.type, value_at(row, class, i),
                                  &buf->values[i]))) {
            return false;
        }
    }
    return true;
}

/* Takes the row out of the indexes that look at 'column' (all of them, or
 * those that do not list its elements), or puts it back. */
static void
reindex(struct replica_row *row, unsigned int column, bool all,
        void (*change)(struct replica_index *, struct replica_row *))
{
    VEC_FOR_EACH (p, &row->table->indexes) {
        struct replica_index *index = *p;

        if (index->mask & REPLICA_COL(column)
            && (all || index->multi == SIZE_MAX
                || index->columns[index->multi].column != column)) {
            change(index, row);
        }
    }
}

bool
row_assign(struct replica_row *row, unsigned int column, struct vbuf *buf,
           bool is_indexed)
{
    const struct replica_column_class *class = column_class(row, column);

    if (equals_stored(row, column, buf)) {
        vbuf_clear(buf, class);
        return false;
    }
    if (is_indexed) {
        reindex(row, column, true, index_remove_row);
    }
    free_column(row, class, true);
    danglings_drop(row, REPLICA_COL(column));
    fill(row, column, buf);
    if (is_indexed) {
        reindex(row, column, true, index_add_row);
    }
    row_changed(row, REPLICA_COL(column));
    return true;
}

void
column_refill(struct replica_row *row, unsigned int column)
{
    const struct replica_column_class *class = column_class(row, column);
    struct vbuf buf = VBUF_EMPTY;

    row_get(row, column, &buf);
    reindex(row, column, true, index_remove_row);
    free_column(row, class, true);
    danglings_drop(row, REPLICA_COL(column));
    fill(row, column, &buf);
    reindex(row, column, true, index_add_row);
    row_changed(row, REPLICA_COL(column));
    vbuf_uninit(&buf, class);
}

/* Splicing. */

enum edit_kind { EDIT_INSERT, EDIT_REMOVE, EDIT_REPLACE };

/* What happens to element 'i' of the change, at 'at' of the cell. */
struct edit {
    enum edit_kind kind;
    size_t at;
    size_t i;
};

/* Decides on element 'i'; false if nothing is to be done. */
static bool
plan_edit(const struct cell *cell, const struct replica_column_class *class,
          const struct vbuf *buf, size_t i, enum splice how, bool found,
          struct edit *edit)
{
    bool is_map = class->shape == REPLICA_MAP;
    bool same_value = found && (!is_map || how == SPLICE_REMOVE
                                || !compare_stored(
                                    class->value.type,
                                    cell->values
                                    + edit->at * sizes[class->value.type],
                                    &buf->values[i]));

    edit->i = i;
    if (!found) {
        edit->kind = EDIT_INSERT;
        return how != SPLICE_REMOVE;
    }
    edit->kind = same_value ? EDIT_REMOVE : EDIT_REPLACE;
    return how != SPLICE_ADD || !same_value;
}

/* Copies elements [from, to) of 'old' to 'at' of 'new_'. */
static void
copy_run(struct cell *new_, size_t at, const struct cell *old, size_t from,
         size_t to, const struct replica_column_class *class)
{
    size_t size = sizes[class->key.type];

    if (from == to) {
        return;
    }
    memcpy(new_->keys + at * size, old->keys + from * size,
           (to - from) * size);
    if (class->shape == REPLICA_MAP) {
        size = sizes[class->value.type];
        memcpy(new_->values + at * size, old->values + from * size,
               (to - from) * size);
    }
}

/* Moves element 'i' of 'buf' to 'at' of 'cell'. */
static void
place(struct cell *cell, size_t at, const struct replica_column_class *class,
      struct vbuf *buf, size_t i)
{
    save(class->key.type, cell->keys + at * sizes[class->key.type],
         &buf->keys[i]);
    if (class->shape == REPLICA_MAP) {
        save(class->value.type, cell->values + at * sizes[class->value.type],
             &buf->values[i]);
    }
}

static void
free_at(const struct cell *cell, size_t at,
        const struct replica_column_class *class)
{
    free_stored(class->key.type, cell->keys + at * sizes[class->key.type],
                true);
    if (class->shape == REPLICA_MAP) {
        free_stored(class->value.type,
                    cell->values + at * sizes[class->value.type], true);
    }
}

/* Tells the indexes on the elements of 'column' of one that comes or goes. */
static void
index_edit(struct replica_row *row, unsigned int column, enum edit_kind kind,
           const char *stored)
{
    VEC_FOR_EACH (p, &row->table->indexes) {
        struct replica_index *index = *p;
        union replica_atom atom;

        if (index->multi != SIZE_MAX
            && index->columns[index->multi].column == column) {
            load(column_class(row, column)->key.type, stored, &atom);
            (kind == EDIT_INSERT ? index_add_element
             : index_remove_element)(index, row, &atom);
        }
    }
}

/* Carries out the edits: builds the new block from runs of the old one. */
static void
apply_edits(struct replica_row *row, unsigned int column, struct vbuf *buf,
            const struct edit *edits, size_t n_edits, size_t n_new)
{
    const struct replica_column_class *class = column_class(row, column);
    struct cell *cell = get_cell(row, class);
    size_t size = sizes[class->key.type];
    struct cell old = { cell->n, cell->keys, NULL };
    struct cell new_ = { 0, NULL, NULL };
    size_t from = 0, to = 0;

    if (class->shape == REPLICA_MAP) {
        old.values = cell->values;
    }
    cell_allocate(&new_, class, n_new);
    for (const struct edit *e = edits; e < edits + n_edits; e++) {
        copy_run(&new_, to, &old, from, e->at, class);
        to += e->at - from;
        from = e->at;
        if (e->kind != EDIT_INSERT) {
            if (e->kind == EDIT_REMOVE) {
                index_edit(row, column, e->kind, old.keys + e->at * size);
            }
            free_at(&old, e->at, class);
            from++;
        }
        if (e->kind != EDIT_REMOVE) {
            place(&new_, to, class, buf, e->i);
            if (e->kind == EDIT_INSERT) {
                index_edit(row, column, e->kind, new_.keys + to * size);
            }
            to++;
        } else {
            vatom_uninit(class->key.type, &buf->keys[e->i]);
            if (class->shape == REPLICA_MAP) {
                vatom_uninit(class->value.type, &buf->values[e->i]);
            }
        }
    }
    copy_run(&new_, to, &old, from, old.n, class);
    free(old.keys);
    cell->n = n_new;
    cell->keys = new_.keys;
    if (class->shape == REPLICA_MAP) {
        cell->values = new_.values;
    }
}

/* Handles a reference whose row is absent; says whether it was one. */
static bool
splice_absent(struct replica_row *row, unsigned int column,
              const struct uuid *uuid, enum splice how)
{
    const struct replica_column_class *class = column_class(row, column);
    struct store *store = row->table->store;
    struct dangling *d = dangling_find(store, row, column, uuid);

    if (d) {
        if (how != SPLICE_ADD) {
            dangling_destroy(store, d);
        }
        return true;
    }
    if (store_find(store_table(store, class->key.ref), uuid)) {
        return false;
    }
    if (how != SPLICE_REMOVE) {
        dangling_add(row, column, class->key.ref, uuid, NULL);
    }
    return true;
}

/* Turns a uuid to be inserted into its row, which is there. */
static void
resolve_present(struct store *store, const struct replica_table_class *table,
                union replica_atom *atom)
{
    struct replica_row *target = store_find(store_table(store, table),
                                            &atom->uuid);

    target->n_refs++;
    atom->ref = target;
}

/* Plans the edits, dropping from 'buf' what changes nothing. */
static size_t
plan_edits(struct replica_row *row, unsigned int column, struct vbuf *buf,
           enum splice how, struct edit *edits, size_t *ret_n_new)
{
    const struct replica_column_class *class = column_class(row, column);
    const struct cell *cell = get_cell(row, class);
    size_t n_edits = 0, low = 0, n_new = cell->n;

    for (size_t i = 0; i < buf->n; i++) {
        struct edit *edit = &edits[n_edits];
        bool found;

        if (class->key.type == REPLICA_REF
            && splice_absent(row, column, &buf->keys[i].uuid, how)) {
            continue;
        }
        low = edit->at = lower_bound(cell, class->key.type, low,
                                     &buf->keys[i], &found);
        if (!plan_edit(cell, class, buf, i, how, found, edit)) {
            vatom_uninit(class->key.type, &buf->keys[i]);
            if (class->shape == REPLICA_MAP) {
                vatom_uninit(class->value.type, &buf->values[i]);
            }
            continue;
        }
        if (edit->kind == EDIT_INSERT) {
            n_new++;
            if (class->key.type == REPLICA_REF) {
                resolve_present(row->table->store, class->key.ref,
                                &buf->keys[i]);
            }
        } else if (edit->kind == EDIT_REMOVE) {
            n_new--;
        }
        n_edits++;
    }
    *ret_n_new = n_new;
    return n_edits;
}

/* The same on a copy of the whole, for the rare column whose elements do not
 * stand alone: a map of references, or one element here and several there. */
static bool
splice_copy(struct replica_row *row, unsigned int column, struct vbuf *buf,
            enum splice how)
{
    const struct replica_column_class *class = column_class(row, column);
    struct vbuf old = VBUF_EMPTY, new_ = VBUF_EMPTY;
    bool changed;

    row_get(row, column, &old);
    for (size_t i = 0; i < old.n; i++) {
        size_t j = vbuf_find(buf, &old.keys[i], class);
        bool same = j != SIZE_MAX
            && (class->shape != REPLICA_MAP || how == SPLICE_REMOVE
                || !vatom_compare(class->value.type, &old.values[i],
                                  &buf->values[j]));

        if (j == SIZE_MAX || (same && how == SPLICE_ADD)) {
            push_element(&new_, class, &old.keys[i],
                         old.values ? &old.values[i] : NULL);
        }
    }
    for (size_t j = 0; j < buf->n && how != SPLICE_REMOVE; j++) {
        size_t i = vbuf_find(&old, &buf->keys[j], class);

        if (i == SIZE_MAX
            || (class->shape == REPLICA_MAP
                && vatom_compare(class->value.type, &old.values[i],
                                 &buf->values[j]))) {
            push_element(&new_, class, &buf->keys[j],
                         buf->values ? &buf->values[j] : NULL);
        }
    }
    vbuf_sort(&new_, class);
    vbuf_clear(buf, class);
    changed = row_assign(row, column, &new_, true);
    vbuf_uninit(&new_, class);
    vbuf_uninit(&old, class);
    return changed;
}

bool
row_splice(struct replica_row *row, unsigned int column, struct vbuf *buf,
           enum splice how)
{
    const struct replica_column_class *class = column_class(row, column);
    struct edit few[8];
    struct edit *edits;
    size_t n_edits, n_new;

    if (!is_many(class) || class->value.type == REPLICA_REF) {
        return splice_copy(row, column, buf, how);
    }
    edits = buf->n <= ARRAY_SIZE(few) ? few : xcalloc(buf->n, sizeof *edits);
    n_edits = plan_edits(row, column, buf, how, edits, &n_new);
    if (n_edits) {
        reindex(row, column, false, index_remove_row);
        apply_edits(row, column, buf, edits, n_edits, n_new);
        reindex(row, column, false, index_add_row);
        row_changed(row, REPLICA_COL(column));
    }
    buf->n = 0;
    if (edits != few) {
        free(edits);
    }
    return n_edits > 0;
}

/* References. */

void
row_release_refs(struct replica_row *row)
{
    uint64_t left = row->table->refs;

    for (; left; left &= left - 1) {
        const struct replica_column_class *class
            = column_class(row, __builtin_ctzll(left));
        size_t n = n_elements(row, class);

        for (size_t i = 0; i < n; i++) {
            unref_row(class->key.type == REPLICA_REF
                      ? key_at(row, class, i) : value_at(row, class, i));
        }
    }
    danglings_drop(row, REPLICA_ALL_COLS);
}

/* Puts 'target', which has just come, into the column of 'd'. */
static void
attach(struct store *store, struct dangling *d,
       const struct replica_row *target)
{
    struct replica_row *row = d->dangler->row;
    unsigned int column = d->column;
    const struct replica_column_class *class = column_class(row, column);
    struct vbuf buf = VBUF_EMPTY;
    union replica_atom uuid = { .uuid = target->uuid };

    push_element(&buf, class, class->shape == REPLICA_MAP ? &d->key : &uuid,
                 &uuid);
    dangling_destroy(store, d);
    if (is_many(class)) {
        row_splice(row, column, &buf, SPLICE_ADD);
    } else {
        row_assign(row, column, &buf, true);
    }
    vbuf_uninit(&buf, class);
}

void
column_attach_row(const struct replica_row *row)
{
    struct store *store = row->table->store;
    struct absent *absent;

    while ((absent = absent_find(store, row->table->class, &row->uuid))) {
        attach(store, LIST_ELEM((struct dangling *) NULL,
                                absent->danglings.next, absent_node), row);
    }
}

bool
column_refers_to_deleted(const struct replica_row *row, unsigned int column)
{
    const struct replica_column_class *class = column_class(row, column);
    size_t n = n_elements(row, class);
    union replica_atom atom;

    for (size_t i = 0; i < n; i++) {
        load(REPLICA_REF, (class->key.type == REPLICA_REF
                           ? key_at(row, class, i) : value_at(row, class, i)),
             &atom);
        if (atom.ref->state & REPLICA_ROW_DELETED) {
            return true;
        }
    }
    return false;
}

void
column_free(struct replica_row *row, unsigned int column)
{
    free_column(row, column_class(row, column), false);
}
