/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/refs.h"

#include "ovsdb/server/txn.h"

static bool
is_ref(const struct ovsdb_base_type *base, enum ovsdb_ref_type type)
{
    return ovsdb_base_type_is_ref(base) && base->uuid.ref_type == type;
}

void
refs_of_value(const struct ovsdb_column *column,
              const struct ovsdb_datum *value, enum ovsdb_ref_type type,
              int sign, refs_fn *fn, void *aux)
{
    if (is_ref(&column->type.key, type)) {
        const union ovsdb_atom *keys = ovsdb_datum_keys(value);

        for (uint32_t i = 0; i < value->n; i++) {
            fn(column, &column->type.key, &keys[i].uuid, sign, aux);
        }
    }
    if (is_ref(&column->type.value, type)) {
        const union ovsdb_atom *values = ovsdb_datum_values(value);

        for (uint32_t i = 0; i < value->n; i++) {
            fn(column, &column->type.value, &values[i].uuid, sign, aux);
        }
    }
}

/* Element 'j' of the difference of a set or map. */
static void
refs_of_element(const struct ovsdb_column *column,
                const struct ovsdb_datum *old, const struct ovsdb_datum *diff,
                uint32_t j, enum ovsdb_ref_type type, int sign, refs_fn *fn,
                void *aux)
{
    const struct ovsdb_type *t = &column->type;
    const union ovsdb_atom *key = &ovsdb_datum_keys(diff)[j];
    uint32_t i = ovsdb_datum_find(old, key, t->key.type);
    const union ovsdb_atom *old_value = NULL, *new_value = NULL;
    bool is_removed = i != UINT32_MAX;

    if (ovsdb_type_is_map(t)) {
        new_value = &ovsdb_datum_values(diff)[j];
        if (i != UINT32_MAX) {
            old_value = &ovsdb_datum_values(old)[i];
            is_removed = ovsdb_atom_equals(old_value, new_value,
                                           t->value.type);
        }
    }
    if (is_ref(&t->key, type) && (i == UINT32_MAX || is_removed)) {
        fn(column, &t->key, &key->uuid, is_removed ? -sign : sign, aux);
    }
    if (is_ref(&t->value, type)) {
        if (old_value) {
            fn(column, &t->value, &old_value->uuid, -sign, aux);
        }
        if (!is_removed) {
            fn(column, &t->value, &new_value->uuid, sign, aux);
        }
    }
}

void
refs_of_change(const struct ovsdb_column *column,
               const struct ovsdb_datum *old, const struct ovsdb_datum *new_,
               const struct ovsdb_datum *diff, enum ovsdb_ref_type type,
               int sign, refs_fn *fn, void *aux)
{
    if (!ovsdb_type_is_composite(&column->type)) {
        refs_of_value(column, old, type, -sign, fn, aux);
        refs_of_value(column, new_, type, sign, fn, aux);
        return;
    }
    for (uint32_t j = 0; j < diff->n; j++) {
        refs_of_element(column, old, diff, j, type, sign, fn, aux);
    }
}

bool
refs_remove_weak(struct ovsdb_datum *value, const struct ovsdb_type *type,
                 const struct uuid *uuid)
{
    bool changed = false;

    for (uint32_t i = 0; i < value->n; ) {
        bool by_key = (ovsdb_base_type_is_weak_ref(&type->key)
                       && uuid_equals(&ovsdb_datum_keys(value)[i].uuid,
                                      uuid));
        bool by_value = (ovsdb_base_type_is_weak_ref(&type->value)
                         && uuid_equals(&ovsdb_datum_values(value)[i].uuid,
                                        uuid));

        if (by_key || by_value) {
            ovsdb_datum_remove_index(value, i, type);
            changed = true;
        } else {
            i++;
        }
    }
    return changed;
}

size_t
index_hash(const struct db_row *row, const struct ovsdb_index *index)
{
    const struct ovsdb_table_schema *ts = row->table->schema;
    uint64_t hash = index->n_columns;

    for (size_t i = 0; i < index->n_columns; i++) {
        const struct ovsdb_column *column = &ts->columns[index->columns[i]];

        hash = ovsdb_datum_hash(txn_field(row, column->index), &column->type,
                                hash);
    }
    return hash;
}

struct db_row *
index_find_equal(const struct db_row *row, const struct ovsdb_index *index,
                 const struct hmap *map)
{
    const struct ovsdb_table_schema *ts = row->table->schema;
    struct db_index_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, index_hash(row, index), map) {
        bool is_equal = node->row != row;

        for (size_t i = 0; i < index->n_columns && is_equal; i++) {
            unsigned int c = index->columns[i];

            is_equal = ovsdb_datum_equals(txn_field(row, c),
                                          txn_field(node->row, c),
                                          &ts->columns[c].type);
        }
        if (is_equal) {
            return node->row;
        }
    }
    return NULL;
}
