/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/matcher.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

struct matcher_key {
    struct hmap_node node;              /* In matcher->keys. */
    const struct ovsdb_clause *clause;
};

uint64_t
ovsdb_key_of_whole(const struct ovsdb_column *column,
                   const struct ovsdb_datum *value)
{
    return ovsdb_datum_hash(value, &column->type, column->index);
}

uint64_t
ovsdb_key_of_element(const struct ovsdb_column *column,
                     const struct ovsdb_datum *value, uint32_t i)
{
    uint64_t hash = ovsdb_atom_hash(&ovsdb_datum_keys(value)[i],
                                    column->type.key.type,
                                    ~(uint64_t) column->index);

    return (ovsdb_type_is_map(&column->type)
            ? ovsdb_atom_hash(&ovsdb_datum_values(value)[i],
                              column->type.value.type, hash) : hash);
}

enum ovsdb_clause_key
ovsdb_clause_key(const struct ovsdb_clause *clause, uint64_t *ret_hash)
{
    const struct ovsdb_column *column = clause->column;

    if (!column || (clause->function != OVSDB_F_EQ
                    && clause->function != OVSDB_F_INCLUDES)) {
        return OVSDB_KEY_NONE;
    }
    if (clause->function == OVSDB_F_EQ
        || (column->type.n_max == 1 && clause->arg.n
            && !ovsdb_type_is_map(&column->type))) {
        *ret_hash = ovsdb_key_of_whole(column, &clause->arg);
        return OVSDB_KEY_WHOLE;
    }
    if (clause->arg.n) {
        *ret_hash = ovsdb_key_of_element(column, &clause->arg, 0);
        return OVSDB_KEY_ELEMENT;
    }
    return OVSDB_KEY_NONE;
}

/* Notes 'column' among those that are hashed, once. */
#define NOTE_COLUMN(COLUMNS, COLUMN) \
    do { \
        bool known_ = false; \
        VEC_FOR_EACH (p_, COLUMNS) { \
            known_ = known_ || *p_ == (COLUMN); \
        } \
        if (!known_) { \
            vec_push(COLUMNS, COLUMN); \
        } \
    } while (0)

void
ovsdb_matcher_init(struct ovsdb_matcher *m, const struct ovsdb_condition *cond)
{
    *m = (struct ovsdb_matcher) { .cond = cond };
    hmap_init(&m->keys);
    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];
        uint64_t hash;
        enum ovsdb_clause_key kind = ovsdb_clause_key(clause, &hash);

        if (kind == OVSDB_KEY_NONE) {
            vec_push(&m->others, clause);
            continue;
        } else if (kind == OVSDB_KEY_WHOLE) {
            NOTE_COLUMN(&m->wholes, clause->column);
        } else {
            NOTE_COLUMN(&m->elements, clause->column);
        }
        struct matcher_key *key = xmalloc(sizeof *key);
        key->clause = clause;
        hmap_insert(&m->keys, &key->node, hash);
    }
}

void
ovsdb_matcher_uninit(struct ovsdb_matcher *m)
{
    struct matcher_key *key;

    HMAP_FOR_EACH_SAFE (key, node, &m->keys) {
        free(key);
    }
    hmap_uninit(&m->keys);
    vec_uninit(&m->wholes);
    vec_uninit(&m->elements);
    vec_uninit(&m->others);
}

static bool
matches_key(const struct ovsdb_matcher *m, uint64_t hash,
            const struct ovsdb_column *column,
            const struct ovsdb_datum *field)
{
    struct matcher_key *key;

    HMAP_FOR_EACH_WITH_HASH (key, node, hash, &m->keys) {
        if (key->clause->column == column
            && ovsdb_clause_matches(key->clause, field)) {
            return true;
        }
    }
    return false;
}

bool
ovsdb_matcher_matches(const struct ovsdb_matcher *m, ovsdb_field_fn *field_of,
                      const void *row)
{
    VEC_FOR_EACH (p, &m->wholes) {
        const struct ovsdb_datum *field = field_of(row, *p);

        if (matches_key(m, ovsdb_key_of_whole(*p, field), *p, field)) {
            return true;
        }
    }
    VEC_FOR_EACH (p, &m->elements) {
        const struct ovsdb_datum *field = field_of(row, *p);

        for (uint32_t i = 0; i < field->n; i++) {
            if (matches_key(m, ovsdb_key_of_element(*p, field, i), *p,
                            field)) {
                return true;
            }
        }
    }
    VEC_FOR_EACH (p, &m->others) {
        if (ovsdb_clause_matches_row(*p, field_of, row)) {
            return true;
        }
    }
    return !m->cond->n_clauses;
}

bool
ovsdb_matcher_has_clause(const struct ovsdb_matcher *m,
                         const struct ovsdb_clause *clause)
{
    struct matcher_key *key;
    uint64_t hash;

    if (ovsdb_clause_key(clause, &hash) == OVSDB_KEY_NONE) {
        VEC_FOR_EACH (p, &m->others) {
            if (ovsdb_clause_equals(*p, clause)) {
                return true;
            }
        }
        return false;
    }
    HMAP_FOR_EACH_WITH_HASH (key, node, hash, &m->keys) {
        if (ovsdb_clause_equals(key->clause, clause)) {
            return true;
        }
    }
    return false;
}
