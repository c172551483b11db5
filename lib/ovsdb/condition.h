/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_CONDITION_H
#define OVSDB_CONDITION_H

/* Conditions on rows: [<condition>*] of RFC 7047 section 5.1.
 *
 * In "where" of an operation all clauses must hold.  In the condition of a
 * monitor one must (and none at all means every row). */

#include "lib/ovsdb/schema.h"

enum ovsdb_function {
    OVSDB_F_FALSE,          /* The clause "false"; no column. */
    OVSDB_F_TRUE,
    OVSDB_F_LT,
    OVSDB_F_LE,
    OVSDB_F_EQ,
    OVSDB_F_NE,
    OVSDB_F_GE,
    OVSDB_F_GT,
    OVSDB_F_INCLUDES,
    OVSDB_F_EXCLUDES,
    OVSDB_N_FUNCTIONS
};

struct ovsdb_clause {
    enum ovsdb_function function;
    const struct ovsdb_column *column;  /* NULL if there is none. */
    struct ovsdb_type type;             /* Of 'arg': the column's, with a size
                                         * that the function allows. */
    struct ovsdb_datum arg;
};

struct ovsdb_condition {
    struct ovsdb_clause *clauses;
    size_t n_clauses;
    uint64_t columns;                   /* Columns that it looks at. */
};

/* Where a condition finds the value of 'column' of the row in question. */
typedef const struct ovsdb_datum *ovsdb_field_fn(const void *row,
                                                 const struct ovsdb_column *);

const char *ovsdb_function_name(enum ovsdb_function);
bool ovsdb_function_from_span(const struct span *, enum ovsdb_function *);

void ovsdb_condition_init(struct ovsdb_condition *);
void ovsdb_condition_uninit(struct ovsdb_condition *);

/* Reads an array of conditions.  False, with '*cond' empty, if the reader has
 * failed. */
bool ovsdb_condition_read(struct ovsdb_condition *,
                          const struct ovsdb_table_schema *,
                          struct jtext_reader *, struct ovsdb_symtab *);

/* Builds a condition by hand; owns 'arg' from now on. */
void ovsdb_condition_add_take(struct ovsdb_condition *, enum ovsdb_function,
                              const struct ovsdb_column *,
                              struct ovsdb_datum arg);
void ovsdb_condition_add_bool(struct ovsdb_condition *, bool);

/* Whether both, of one table, ask the same of the same column. */
bool ovsdb_clause_equals(const struct ovsdb_clause *,
                         const struct ovsdb_clause *);

bool ovsdb_clause_matches(const struct ovsdb_clause *,
                          const struct ovsdb_datum *field);
bool ovsdb_clause_matches_row(const struct ovsdb_clause *, ovsdb_field_fn *,
                              const void *row);
bool ovsdb_condition_matches_all(const struct ovsdb_condition *,
                                 ovsdb_field_fn *, const void *row);
bool ovsdb_condition_matches_any(const struct ovsdb_condition *,
                                 ovsdb_field_fn *, const void *row);

/* If all clauses can only hold for one row, because of "_uuid ==", its uuid;
 * else NULL. */
const struct uuid *
ovsdb_condition_single_uuid(const struct ovsdb_condition *);

#endif /* ovsdb/condition.h */
