/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_MATCHER_H
#define OVSDB_MATCHER_H

/* Which of many clauses holds for a row.
 *
 * The condition of a monitor may have thousands of clauses, such as a
 * "datapath == X" for each X of a host.  A matcher tells whether one holds by
 * hashing the row's values, at a cost that does not grow with the number of
 * clauses of the kinds that OVSDB_KEY_WHOLE and OVSDB_KEY_ELEMENT stand for;
 * others are tried one by one. */

#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/ovsdb/condition.h"

/* How the rows for which a clause holds can be found without trying each. */
enum ovsdb_clause_key {
    OVSDB_KEY_NONE,
    OVSDB_KEY_WHOLE,        /* By the value of the column. */
    OVSDB_KEY_ELEMENT,      /* By an element of the set, a pair of the map. */
};

/* Returns how, and for other than OVSDB_KEY_NONE stores the hash that values,
 * or one of their elements, have in all rows for which 'clause' holds. */
enum ovsdb_clause_key ovsdb_clause_key(const struct ovsdb_clause *,
                                       uint64_t *ret_hash);

/* The hashes of a value, and of element 'i' of it. */
uint64_t ovsdb_key_of_whole(const struct ovsdb_column *,
                            const struct ovsdb_datum *);
uint64_t ovsdb_key_of_element(const struct ovsdb_column *,
                              const struct ovsdb_datum *, uint32_t i);

struct ovsdb_matcher {
    const struct ovsdb_condition *cond;
    struct hmap keys;                   /* Of a clause each, by its hash. */
    VEC(const struct ovsdb_column *) wholes;    /* Columns of the kinds. */
    VEC(const struct ovsdb_column *) elements;
    VEC(const struct ovsdb_clause *) others;
};

/* Borrows 'cond', which must not change, until ovsdb_matcher_uninit(). */
void ovsdb_matcher_init(struct ovsdb_matcher *,
                        const struct ovsdb_condition *cond);
void ovsdb_matcher_uninit(struct ovsdb_matcher *);

/* As ovsdb_condition_matches_any() of the condition. */
bool ovsdb_matcher_matches(const struct ovsdb_matcher *, ovsdb_field_fn *,
                           const void *row);

/* Whether the condition has a clause equal to 'clause'. */
bool ovsdb_matcher_has_clause(const struct ovsdb_matcher *,
                              const struct ovsdb_clause *clause);

#endif /* ovsdb/matcher.h */
