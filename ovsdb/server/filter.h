/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_FILTER_H
#define OVSDB_SERVER_FILTER_H

/* Filters: which rows of a table a monitor sees.
 *
 * A filter is a condition, ready to be matched, that never changes: what wants
 * the same rows shares it.  A client that changes the condition of one table
 * then costs nothing for its other tables, whose conditions may be long.
 * NULL stands for all rows.
 * Threads: the main one. */

#include "lib/ovsdb/matcher.h"

struct filter {
    unsigned int n_refs;
    uint64_t hash;
    struct ovsdb_condition cond;    /* At least one clause, one must hold. */
    struct ovsdb_matcher matcher;   /* Of 'cond'. */
};

/* Makes a filter of '*cond', whose clauses it owns from now on; NULL if there
 * are none. */
struct filter *filter_take(struct ovsdb_condition *cond);

/* Returns its argument, to be given back; NULL is fine for both. */
struct filter *filter_ref(struct filter *);
void filter_unref(struct filter *);

/* Whether both have the same clauses in the same order: that two orders mean
 * the same rows is not looked for. */
bool filter_equals(const struct filter *, const struct filter *);

/* Equal for filters that are. */
uint64_t filter_hash(const struct filter *);

static inline bool
filter_matches(const struct filter *filter, ovsdb_field_fn *field,
               const void *row)
{
    return !filter || ovsdb_matcher_matches(&filter->matcher, field, row);
}

/* The columns that it looks at. */
static inline uint64_t
filter_columns(const struct filter *filter)
{
    return filter ? filter->cond.columns : 0;
}

#endif /* ovsdb/server/filter.h */
