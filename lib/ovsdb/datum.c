/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/datum.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

/* Blocks. */

static struct ovsdb_block *
block_create(uint32_t capacity, bool is_map)
{
    size_t n = (size_t) capacity << is_map;
    struct ovsdb_block *block = xmalloc(sizeof *block
                                        + n * sizeof block->atoms[0]);

    block->n_refs = 1;
    block->capacity = capacity;
    return block;
}

static void
uninit_atoms(union ovsdb_atom *atoms, uint32_t n, enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_STRING) {
        for (uint32_t i = 0; i < n; i++) {
            ovsdb_string_unref(atoms[i].string);
        }
    }
}

static void
ref_atoms(const union ovsdb_atom *atoms, uint32_t n,
          enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_STRING) {
        for (uint32_t i = 0; i < n; i++) {
            ovsdb_string_ref(atoms[i].string);
        }
    }
}

static void
block_unref(struct ovsdb_block *block, uint32_t n,
            const struct ovsdb_type *type)
{
    if (!block || --block->n_refs) {
        return;
    }
    uninit_atoms(block->atoms, n, type->key.type);
    uninit_atoms(block->atoms + block->capacity, n, type->value.type);
    free(block);
}

/* Gives 'datum' a block that only it holds, with room for 'min_capacity'
 * keys.  Moves what a block of its own held, and clones what a shared one
 * holds. */
static void
own(struct ovsdb_datum *datum, uint32_t min_capacity,
    const struct ovsdb_type *type)
{
    bool is_map = ovsdb_type_is_map(type);
    struct ovsdb_block *old = datum->is_inline ? NULL : datum->block;
    struct ovsdb_block *new_;

    if (old && old->n_refs == 1 && old->capacity >= min_capacity) {
        return;
    }
    new_ = block_create(MAX(min_capacity, datum->n), is_map);
    if (datum->is_inline) {
        new_->atoms[0] = datum->one;
        datum->is_inline = false;
    } else if (old) {
        memcpy(new_->atoms, old->atoms, datum->n * sizeof *old->atoms);
        if (is_map) {
            memcpy(new_->atoms + new_->capacity, old->atoms + old->capacity,
                   datum->n * sizeof *old->atoms);
        }
        if (old->n_refs == 1) {
            free(old);
        } else {
            old->n_refs--;
            ref_atoms(new_->atoms, datum->n, type->key.type);
            ref_atoms(new_->atoms + new_->capacity, datum->n,
                      type->value.type);
        }
    }
    datum->block = new_;
}

/* Makes room for one more key. */
static void
own_for_add(struct ovsdb_datum *datum, const struct ovsdb_type *type)
{
    uint32_t n = datum->n + 1;
    uint32_t capacity = (datum->is_inline || !datum->block ? 0
                         : datum->block->capacity);

    own(datum, n <= capacity ? n : n + n / 4 + (n > 1), type);
}

/* Puts a datum whose block has become too much into its smallest form. */
static void
settle(struct ovsdb_datum *datum, const struct ovsdb_type *type)
{
    if (datum->is_inline || !datum->block) {
        return;
    }
    if (!datum->n) {
        block_unref(datum->block, 0, type);
        datum->block = NULL;
    } else if (datum->n == 1 && !ovsdb_type_is_map(type)) {
        struct ovsdb_block *block = datum->block;

        ovsdb_atom_clone(&datum->one, &block->atoms[0], type->key.type);
        datum->is_inline = true;
        block_unref(block, 1, type);
    }
}

/* Life. */

void
ovsdb_datum_init_default(struct ovsdb_datum *datum,
                         const struct ovsdb_type *type)
{
    ovsdb_datum_init_empty(datum);
    if (type->n_min) {
        union ovsdb_atom key, value;

        ovsdb_atom_init_default(&key, type->key.type);
        ovsdb_atom_init_default(&value, type->value.type);
        ovsdb_datum_append_take(datum, key, value, type);
        ovsdb_datum_finish(datum, type);
    }
}

void
ovsdb_datum_clone(struct ovsdb_datum *dst, const struct ovsdb_datum *src,
                  const struct ovsdb_type *type)
{
    *dst = *src;
    if (src->is_inline) {
        ref_atoms(&src->one, 1, type->key.type);
    } else if (src->block) {
        src->block->n_refs++;
    }
}

void
ovsdb_datum_uninit(struct ovsdb_datum *datum, const struct ovsdb_type *type)
{
    if (datum->is_inline) {
        ovsdb_atom_uninit(&datum->one, type->key.type);
    } else {
        block_unref(datum->block, datum->n, type);
    }
    ovsdb_datum_init_empty(datum);
}

void
ovsdb_datum_swap(struct ovsdb_datum *a, struct ovsdb_datum *b)
{
    struct ovsdb_datum tmp = *a;

    *a = *b;
    *b = tmp;
}

static void
init_inline(struct ovsdb_datum *datum, union ovsdb_atom atom)
{
    *datum = (struct ovsdb_datum) { .n = 1, .is_inline = true, .one = atom };
}

void
ovsdb_datum_init_integer(struct ovsdb_datum *datum, int64_t i)
{
    init_inline(datum, (union ovsdb_atom) { .integer = i });
}

void
ovsdb_datum_init_real(struct ovsdb_datum *datum, double real)
{
    init_inline(datum, (union ovsdb_atom) { .real = real });
}

void
ovsdb_datum_init_boolean(struct ovsdb_datum *datum, bool b)
{
    init_inline(datum, (union ovsdb_atom) { .boolean = b });
}

void
ovsdb_datum_init_string(struct ovsdb_datum *datum, const char *s)
{
    init_inline(datum,
                (union ovsdb_atom) { .string = ovsdb_string_from_cstr(s) });
}

void
ovsdb_datum_init_uuid(struct ovsdb_datum *datum, const struct uuid *uuid)
{
    init_inline(datum, (union ovsdb_atom) { .uuid = *uuid });
}

/* Questions. */

static bool
share(const struct ovsdb_datum *a, const struct ovsdb_datum *b)
{
    return !a->is_inline && !b->is_inline && a->block == b->block;
}

bool
ovsdb_datum_equals(const struct ovsdb_datum *a, const struct ovsdb_datum *b,
                   const struct ovsdb_type *type)
{
    const union ovsdb_atom *ak = ovsdb_datum_keys(a);
    const union ovsdb_atom *bk = ovsdb_datum_keys(b);

    if (a->n != b->n) {
        return false;
    }
    if (share(a, b)) {
        return true;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        if (!ovsdb_atom_equals(&ak[i], &bk[i], type->key.type)) {
            return false;
        }
    }
    if (ovsdb_type_is_map(type)) {
        const union ovsdb_atom *av = ovsdb_datum_values(a);
        const union ovsdb_atom *bv = ovsdb_datum_values(b);

        for (uint32_t i = 0; i < a->n; i++) {
            if (!ovsdb_atom_equals(&av[i], &bv[i], type->value.type)) {
                return false;
            }
        }
    }
    return true;
}

static int
compare_atoms(const union ovsdb_atom *a, const union ovsdb_atom *b,
              uint32_t n, enum ovsdb_atomic_type type)
{
    for (uint32_t i = 0; i < n; i++) {
        int cmp = ovsdb_atom_compare(&a[i], &b[i], type);

        if (cmp) {
            return cmp;
        }
    }
    return 0;
}

int
ovsdb_datum_compare(const struct ovsdb_datum *a, const struct ovsdb_datum *b,
                    const struct ovsdb_type *type)
{
    int cmp;

    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    if (share(a, b)) {
        return 0;
    }
    cmp = compare_atoms(ovsdb_datum_keys(a), ovsdb_datum_keys(b), a->n,
                        type->key.type);
    if (!cmp && ovsdb_type_is_map(type)) {
        cmp = compare_atoms(ovsdb_datum_values(a), ovsdb_datum_values(b),
                            a->n, type->value.type);
    }
    return cmp;
}

uint64_t
ovsdb_datum_hash(const struct ovsdb_datum *datum,
                 const struct ovsdb_type *type, uint64_t basis)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);

    for (uint32_t i = 0; i < datum->n; i++) {
        basis = ovsdb_atom_hash(&keys[i], type->key.type, basis + 1);
    }
    if (ovsdb_type_is_map(type)) {
        const union ovsdb_atom *values = ovsdb_datum_values(datum);

        for (uint32_t i = 0; i < datum->n; i++) {
            basis = ovsdb_atom_hash(&values[i], type->value.type, basis + 1);
        }
    }
    return hash_word(basis, datum->n);
}

bool
ovsdb_datum_is_default(const struct ovsdb_datum *datum,
                       const struct ovsdb_type *type)
{
    if (datum->n != type->n_min) {
        return false;
    }
    return (!datum->n
            || (ovsdb_atom_is_default(ovsdb_datum_keys(datum),
                                      type->key.type)
                && (!ovsdb_type_is_map(type)
                    || ovsdb_atom_is_default(ovsdb_datum_values(datum),
                                             type->value.type))));
}

/* The first index whose key is not less than 'key'; '*is_equal' says whether
 * it equals it. */
static uint32_t
lower_bound(const struct ovsdb_datum *datum, const union ovsdb_atom *key,
            enum ovsdb_atomic_type type, bool *is_equal)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);
    uint32_t low = 0;
    uint32_t high = datum->n;

    /* What is sent in order is added at the end. */
    if (high && ovsdb_atom_compare(&keys[high - 1], key, type) < 0) {
        *is_equal = false;
        return high;
    }
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int cmp = ovsdb_atom_compare(&keys[mid], key, type);

        if (!cmp) {
            *is_equal = true;
            return mid;
        } else if (cmp < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    *is_equal = false;
    return low;
}

uint32_t
ovsdb_datum_find(const struct ovsdb_datum *datum, const union ovsdb_atom *key,
                 enum ovsdb_atomic_type type)
{
    bool is_equal;
    uint32_t i = lower_bound(datum, key, type, &is_equal);

    return is_equal ? i : UINT32_MAX;
}

const char *
ovsdb_datum_map_get(const struct ovsdb_datum *datum, const char *key)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);

    /* By hand: 'key' need not become a counted string for a question. */
    for (uint32_t low = 0, high = datum->n; low < high; ) {
        uint32_t mid = low + (high - low) / 2;
        int cmp = strcmp(keys[mid].string->text, key);

        if (!cmp) {
            return ovsdb_datum_values(datum)[mid].string->text;
        } else if (cmp < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

/* Whether element 'i' of 'a' is in 'b'. */
static bool
contains(const struct ovsdb_datum *b, const struct ovsdb_datum *a, uint32_t i,
         const struct ovsdb_type *type)
{
    uint32_t j = ovsdb_datum_find(b, &ovsdb_datum_keys(a)[i], type->key.type);

    return (j != UINT32_MAX
            && (!ovsdb_type_is_map(type)
                || ovsdb_atom_equals(&ovsdb_datum_values(a)[i],
                                     &ovsdb_datum_values(b)[j],
                                     type->value.type)));
}

bool
ovsdb_datum_includes_all(const struct ovsdb_datum *a,
                         const struct ovsdb_datum *b,
                         const struct ovsdb_type *type)
{
    if (a->n > b->n) {
        return false;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        if (!contains(b, a, i, type)) {
            return false;
        }
    }
    return true;
}

bool
ovsdb_datum_excludes_all(const struct ovsdb_datum *a,
                         const struct ovsdb_datum *b,
                         const struct ovsdb_type *type)
{
    for (uint32_t i = 0; i < a->n; i++) {
        if (contains(b, a, i, type)) {
            return false;
        }
    }
    return true;
}

struct error *
ovsdb_datum_check_size(const struct ovsdb_datum *datum,
                       const struct ovsdb_type *type)
{
    struct str s = STR_EMPTY;
    struct error *error;

    if (datum->n >= type->n_min && datum->n <= type->n_max) {
        return NULL;
    }
    str_printf(&s, "%u %s, but ", datum->n,
               datum->n == 1 ? "value" : "values");
    if (datum->n < type->n_min) {
        str_printf(&s, "at least %u required", type->n_min);
    } else {
        str_printf(&s, "at most %u allowed", type->n_max);
    }
    error = error_create_tagged("constraint violation", "%s", str_cstr(&s));
    str_uninit(&s);
    return error;
}

struct error *
ovsdb_datum_check(const struct ovsdb_datum *datum,
                  const struct ovsdb_type *type)
{
    struct error *error = ovsdb_datum_check_size(datum, type);
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);

    if (error) {
        return error;
    }
    if (ovsdb_base_type_has_constraints(&type->key)) {
        for (uint32_t i = 0; i < datum->n && !error; i++) {
            error = ovsdb_atom_check(&keys[i], &type->key);
        }
    }
    if (ovsdb_base_type_has_constraints(&type->value)) {
        const union ovsdb_atom *values = ovsdb_datum_values(datum);

        for (uint32_t i = 0; i < datum->n && !error; i++) {
            error = ovsdb_atom_check(&values[i], &type->value);
        }
    }
    return error;
}

/* Changes. */

/* Inserts clones at index 'i'. */
static void
insert_at(struct ovsdb_datum *datum, uint32_t i, const union ovsdb_atom *key,
          const union ovsdb_atom *value, const struct ovsdb_type *type)
{
    if (!datum->n && !ovsdb_type_is_map(type)) {
        ovsdb_datum_uninit(datum, type);
        datum->n = 1;
        datum->is_inline = true;
        ovsdb_atom_clone(&datum->one, key, type->key.type);
        return;
    }
    own_for_add(datum, type);

    union ovsdb_atom *keys = datum->block->atoms;
    memmove(keys + i + 1, keys + i, (datum->n - i) * sizeof *keys);
    ovsdb_atom_clone(&keys[i], key, type->key.type);
    if (ovsdb_type_is_map(type)) {
        union ovsdb_atom *values = keys + datum->block->capacity;

        memmove(values + i + 1, values + i, (datum->n - i) * sizeof *values);
        ovsdb_atom_clone(&values[i], value, type->value.type);
    }
    datum->n++;
}

bool
ovsdb_datum_add(struct ovsdb_datum *datum, const union ovsdb_atom *key,
                const union ovsdb_atom *value, const struct ovsdb_type *type)
{
    bool is_equal;
    uint32_t i = lower_bound(datum, key, type->key.type, &is_equal);

    if (is_equal) {
        return false;
    }
    insert_at(datum, i, key, value, type);
    return true;
}

/* Puts a clone of 'value' in the place of that of index 'i'. */
static void
replace_value(struct ovsdb_datum *datum, uint32_t i,
              const union ovsdb_atom *value, const struct ovsdb_type *type)
{
    union ovsdb_atom copy;

    ovsdb_atom_clone(&copy, value, type->value.type);
    own(datum, datum->n, type);

    union ovsdb_atom *values = datum->block->atoms + datum->block->capacity;
    ovsdb_atom_uninit(&values[i], type->value.type);
    values[i] = copy;
}

void
ovsdb_datum_set(struct ovsdb_datum *datum, const union ovsdb_atom *key,
                const union ovsdb_atom *value, const struct ovsdb_type *type)
{
    bool is_equal;
    uint32_t i = lower_bound(datum, key, type->key.type, &is_equal);

    if (!is_equal) {
        insert_at(datum, i, key, value, type);
    } else if (ovsdb_type_is_map(type)) {
        replace_value(datum, i, value, type);
    }
}

void
ovsdb_datum_remove_index(struct ovsdb_datum *datum, uint32_t i,
                         const struct ovsdb_type *type)
{
    if (datum->n == 1) {
        ovsdb_datum_uninit(datum, type);
        return;
    }
    own(datum, datum->n, type);

    union ovsdb_atom *keys = datum->block->atoms;
    ovsdb_atom_uninit(&keys[i], type->key.type);
    memmove(keys + i, keys + i + 1, (datum->n - i - 1) * sizeof *keys);
    if (ovsdb_type_is_map(type)) {
        union ovsdb_atom *values = keys + datum->block->capacity;

        ovsdb_atom_uninit(&values[i], type->value.type);
        memmove(values + i, values + i + 1,
                (datum->n - i - 1) * sizeof *values);
    }
    datum->n--;
    settle(datum, type);
}

bool
ovsdb_datum_remove(struct ovsdb_datum *datum, const union ovsdb_atom *key,
                   const struct ovsdb_type *type)
{
    uint32_t i = ovsdb_datum_find(datum, key, type->key.type);

    if (i == UINT32_MAX) {
        return false;
    }
    ovsdb_datum_remove_index(datum, i, type);
    return true;
}

void
ovsdb_datum_append_take(struct ovsdb_datum *datum, union ovsdb_atom key,
                        union ovsdb_atom value, const struct ovsdb_type *type)
{
    if (!datum->n && !ovsdb_type_is_map(type)) {
        ovsdb_datum_uninit(datum, type);
        init_inline(datum, key);
        return;
    }

    uint32_t n = datum->n + 1;
    uint32_t capacity = (datum->is_inline || !datum->block ? 0
                         : datum->block->capacity);
    own(datum, n <= capacity ? n : MAX(n, 2 * capacity), type);
    datum->block->atoms[datum->n] = key;
    if (ovsdb_type_is_map(type)) {
        datum->block->atoms[datum->block->capacity + datum->n] = value;
    }
    datum->n = n;
}

static const struct ovsdb_type *
string_set_type(void)
{
    static struct ovsdb_type type;

    if (type.key.type == OVSDB_TYPE_VOID) {
        ovsdb_type_init(&type, OVSDB_TYPE_STRING);
        type.n_min = 0;
        type.n_max = UINT_MAX;
    }
    return &type;
}

static const struct ovsdb_type *
string_map_type(void)
{
    static struct ovsdb_type type;

    if (type.key.type == OVSDB_TYPE_VOID) {
        type = *string_set_type();
        ovsdb_base_type_init(&type.value, OVSDB_TYPE_STRING);
    }
    return &type;
}

void
ovsdb_datum_append_string(struct ovsdb_datum *datum, const char *s)
{
    union ovsdb_atom key = { .string = ovsdb_string_from_cstr(s) };

    ovsdb_datum_append_take(datum, key, (union ovsdb_atom) { 0 },
                            string_set_type());
}

void
ovsdb_datum_append_pair(struct ovsdb_datum *datum, const char *key,
                        const char *value)
{
    union ovsdb_atom k = { .string = ovsdb_string_from_cstr(key) };
    union ovsdb_atom v = { .string = ovsdb_string_from_cstr(value) };

    ovsdb_datum_append_take(datum, k, v, string_map_type());
}

/* Sorting.  Sets are sorted in place; the pairs of a map side by side. */

struct pair {
    union ovsdb_atom key;
    union ovsdb_atom value;
    uint32_t place;             /* For a stable order. */
};

static int
compare_keys(const void *a, const void *b, void *type)
{
    return ovsdb_atom_compare(a, b, *(enum ovsdb_atomic_type *) type);
}

static int
compare_pairs(const void *a_, const void *b_, void *type)
{
    const struct pair *a = a_;
    const struct pair *b = b_;
    int cmp = ovsdb_atom_compare(&a->key, &b->key,
                                 *(enum ovsdb_atomic_type *) type);

    return cmp ? cmp : a->place < b->place ? -1 : 1;
}

static void
sort_pairs(union ovsdb_atom *keys, union ovsdb_atom *values, uint32_t n,
           enum ovsdb_atomic_type type)
{
    struct pair *pairs = xmalloc(n * sizeof *pairs);

    for (uint32_t i = 0; i < n; i++) {
        pairs[i] = (struct pair) { keys[i], values[i], i };
    }
    qsort_r(pairs, n, sizeof *pairs, compare_pairs, &type);
    for (uint32_t i = 0; i < n; i++) {
        keys[i] = pairs[i].key;
        values[i] = pairs[i].value;
    }
    free(pairs);
}

static bool
is_strictly_sorted(const union ovsdb_atom *keys, uint32_t n,
                   enum ovsdb_atomic_type type)
{
    for (uint32_t i = 1; i < n; i++) {
        if (ovsdb_atom_compare(&keys[i - 1], &keys[i], type) >= 0) {
            return false;
        }
    }
    return true;
}

/* Gives back what a block of its own has allocated in excess. */
static void
trim(struct ovsdb_datum *datum, const struct ovsdb_type *type)
{
    struct ovsdb_block *block = datum->is_inline ? NULL : datum->block;
    bool is_map = ovsdb_type_is_map(type);

    if (!block || block->n_refs > 1
        || block->capacity <= datum->n + datum->n / 8) {
        return;
    }
    if (is_map) {
        memmove(block->atoms + datum->n, block->atoms + block->capacity,
                datum->n * sizeof block->atoms[0]);
    }
    block->capacity = datum->n;
    datum->block = xrealloc(block, sizeof *block
                            + ((size_t) datum->n << is_map)
                              * sizeof block->atoms[0]);
}

uint32_t
ovsdb_datum_finish(struct ovsdb_datum *datum, const struct ovsdb_type *type)
{
    enum ovsdb_atomic_type key_type = type->key.type;
    bool is_map = ovsdb_type_is_map(type);
    uint32_t n = 0, n_dropped;

    if (datum->n < 2
        || is_strictly_sorted(datum->block->atoms, datum->n, key_type)) {
        trim(datum, type);
        return 0;
    }

    union ovsdb_atom *keys = datum->block->atoms;
    union ovsdb_atom *values = keys + datum->block->capacity;
    if (is_map) {
        sort_pairs(keys, values, datum->n, key_type);
    } else {
        qsort_r(keys, datum->n, sizeof *keys, compare_keys, &key_type);
    }
    for (uint32_t i = 0; i < datum->n; i++) {
        if (n && ovsdb_atom_equals(&keys[n - 1], &keys[i], key_type)) {
            ovsdb_atom_uninit(&keys[i], key_type);
            if (is_map) {
                ovsdb_atom_uninit(&values[i], type->value.type);
            }
            continue;
        }
        keys[n] = keys[i];
        if (is_map) {
            values[n] = values[i];
        }
        n++;
    }
    n_dropped = datum->n - n;
    datum->n = n;
    trim(datum, type);
    settle(datum, type);
    return n_dropped;
}

union ovsdb_atom *
ovsdb_datum_writable_keys(struct ovsdb_datum *datum,
                          const struct ovsdb_type *type)
{
    if (datum->is_inline) {
        return &datum->one;
    }
    own(datum, datum->n, type);
    return datum->block->atoms;
}

union ovsdb_atom *
ovsdb_datum_writable_values(struct ovsdb_datum *datum,
                            const struct ovsdb_type *type)
{
    own(datum, datum->n, type);
    return datum->block->atoms + datum->block->capacity;
}

/* Appends clones of element 'i' of 'src'. */
static void
append_clone(struct ovsdb_datum *dst, const struct ovsdb_datum *src,
             uint32_t i, const struct ovsdb_type *type)
{
    union ovsdb_atom key, value = { 0 };

    ovsdb_atom_clone(&key, &ovsdb_datum_keys(src)[i], type->key.type);
    if (ovsdb_type_is_map(type)) {
        ovsdb_atom_clone(&value, &ovsdb_datum_values(src)[i],
                         type->value.type);
    }
    ovsdb_datum_append_take(dst, key, value, type);
}

/* Changes of so many elements are done one by one; more are merged in. */
#define FEW 16

void
ovsdb_datum_union(struct ovsdb_datum *a, const struct ovsdb_datum *b,
                  const struct ovsdb_type *type, bool replace)
{
    const union ovsdb_atom *bk = ovsdb_datum_keys(b);
    const union ovsdb_atom *bv = ovsdb_datum_values(b);
    struct ovsdb_datum merged = OVSDB_DATUM_EMPTY;
    uint32_t i = 0, j = 0;

    if (b->n <= FEW) {
        for (j = 0; j < b->n; j++) {
            const union ovsdb_atom *value = b->is_inline ? NULL : &bv[j];

            if (replace) {
                ovsdb_datum_set(a, &bk[j], value, type);
            } else {
                ovsdb_datum_add(a, &bk[j], value, type);
            }
        }
        return;
    }
    while (i < a->n || j < b->n) {
        int cmp = (i >= a->n ? 1 : j >= b->n ? -1
                   : ovsdb_atom_compare(&ovsdb_datum_keys(a)[i], &bk[j],
                                        type->key.type));

        if (cmp < 0 || (!cmp && !replace)) {
            append_clone(&merged, a, i, type);
        } else {
            append_clone(&merged, b, j, type);
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    ovsdb_datum_uninit(a, type);
    *a = merged;
}

/* Whether 'a' and 'b' agree on values, if both have any. */
static bool
values_agree(const struct ovsdb_datum *a, uint32_t i,
             const struct ovsdb_type *a_type, const struct ovsdb_datum *b,
             uint32_t j, const struct ovsdb_type *b_type)
{
    return (!ovsdb_type_is_map(a_type) || !ovsdb_type_is_map(b_type)
            || ovsdb_atom_equals(&ovsdb_datum_values(a)[i],
                                 &ovsdb_datum_values(b)[j],
                                 a_type->value.type));
}

void
ovsdb_datum_subtract(struct ovsdb_datum *a, const struct ovsdb_type *a_type,
                     const struct ovsdb_datum *b,
                     const struct ovsdb_type *b_type)
{
    enum ovsdb_atomic_type key_type = a_type->key.type;
    const union ovsdb_atom *bk = ovsdb_datum_keys(b);
    struct ovsdb_datum rest = OVSDB_DATUM_EMPTY;

    if (b->n <= FEW) {
        for (uint32_t j = 0; j < b->n; j++) {
            uint32_t i = ovsdb_datum_find(a, &bk[j], key_type);

            if (i != UINT32_MAX && values_agree(a, i, a_type, b, j, b_type)) {
                ovsdb_datum_remove_index(a, i, a_type);
            }
        }
        return;
    }
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t j = ovsdb_datum_find(b, &ovsdb_datum_keys(a)[i], key_type);

        if (j == UINT32_MAX || !values_agree(a, i, a_type, b, j, b_type)) {
            append_clone(&rest, a, i, a_type);
        }
    }
    ovsdb_datum_uninit(a, a_type);
    *a = rest;
    settle(a, a_type);
}

/* Differences. */

void
ovsdb_datum_diff(struct ovsdb_datum *diff, const struct ovsdb_datum *old,
                 const struct ovsdb_datum *new_, const struct ovsdb_type *type)
{
    uint32_t i = 0, j = 0;

    if (!ovsdb_type_is_composite(type) || !old->n) {
        ovsdb_datum_clone(diff, new_, type);
        return;
    }
    ovsdb_datum_init_empty(diff);
    if (share(old, new_)) {
        return;
    }
    while (i < old->n || j < new_->n) {
        int cmp = (i >= old->n ? 1 : j >= new_->n ? -1
                   : ovsdb_atom_compare(&ovsdb_datum_keys(old)[i],
                                        &ovsdb_datum_keys(new_)[j],
                                        type->key.type));

        if (cmp < 0) {
            append_clone(diff, old, i, type);
        } else if (cmp > 0 || !values_agree(old, i, type, new_, j, type)) {
            append_clone(diff, new_, j, type);
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    settle(diff, type);
}

/* Applies element 'j' of 'diff'. */
static void
toggle(struct ovsdb_datum *datum, const struct ovsdb_datum *diff, uint32_t j,
       const struct ovsdb_type *type)
{
    const union ovsdb_atom *key = &ovsdb_datum_keys(diff)[j];
    bool is_equal;
    uint32_t i = lower_bound(datum, key, type->key.type, &is_equal);

    if (!is_equal) {
        insert_at(datum, i, key,
                  (ovsdb_type_is_map(type) ? &ovsdb_datum_values(diff)[j]
                   : NULL), type);
    } else if (values_agree(datum, i, type, diff, j, type)) {
        ovsdb_datum_remove_index(datum, i, type);
    } else {
        replace_value(datum, i, &ovsdb_datum_values(diff)[j], type);
    }
}

void
ovsdb_datum_apply_diff(struct ovsdb_datum *datum,
                       const struct ovsdb_datum *diff,
                       const struct ovsdb_type *type)
{
    struct ovsdb_datum result = OVSDB_DATUM_EMPTY;
    uint32_t i = 0, j = 0;

    if (!ovsdb_type_is_composite(type) || !datum->n) {
        ovsdb_datum_uninit(datum, type);
        ovsdb_datum_clone(datum, diff, type);
        return;
    }
    if (diff->n <= FEW) {
        for (j = 0; j < diff->n; j++) {
            toggle(datum, diff, j, type);
        }
        return;
    }
    while (i < datum->n || j < diff->n) {
        int cmp = (i >= datum->n ? 1 : j >= diff->n ? -1
                   : ovsdb_atom_compare(&ovsdb_datum_keys(datum)[i],
                                        &ovsdb_datum_keys(diff)[j],
                                        type->key.type));

        if (cmp < 0) {
            append_clone(&result, datum, i, type);
        } else if (cmp > 0 || !values_agree(datum, i, type, diff, j, type)) {
            append_clone(&result, diff, j, type);
        }
        i += cmp <= 0;
        j += cmp >= 0;
    }
    ovsdb_datum_uninit(datum, type);
    *datum = result;
    settle(datum, type);
}

void
ovsdb_datum_invert_diff(struct ovsdb_datum *inverse,
                        const struct ovsdb_datum *old,
                        const struct ovsdb_datum *diff,
                        const struct ovsdb_type *type)
{
    if (!ovsdb_type_is_composite(type)) {
        ovsdb_datum_clone(inverse, old, type);
        return;
    }
    ovsdb_datum_clone(inverse, diff, type);
    if (!ovsdb_type_is_map(type)) {
        return;
    }
    for (uint32_t j = 0; j < inverse->n; j++) {
        uint32_t i = ovsdb_datum_find(old, &ovsdb_datum_keys(inverse)[j],
                                      type->key.type);

        if (i != UINT32_MAX) {
            replace_value(inverse, j, &ovsdb_datum_values(old)[i], type);
        }
    }
}
