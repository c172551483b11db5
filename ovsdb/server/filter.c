/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/filter.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

static uint64_t
hash_clauses(const struct ovsdb_condition *cond)
{
    uint64_t hash = cond->n_clauses;

    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];

        hash = hash_combine(hash, clause->function);
        if (clause->column) {
            hash = hash_combine(hash, clause->column->index);
            hash = ovsdb_datum_hash(&clause->arg, &clause->type, hash);
        }
    }
    return hash;
}

struct filter *
filter_take(struct ovsdb_condition *cond)
{
    struct filter *filter;

    if (!cond->n_clauses) {
        ovsdb_condition_uninit(cond);
        return NULL;
    }
    filter = xmalloc(sizeof *filter);
    filter->n_refs = 1;
    filter->hash = hash_clauses(cond);
    filter->cond = *cond;
    ovsdb_matcher_init(&filter->matcher, &filter->cond);
    ovsdb_condition_init(cond);
    return filter;
}

struct filter *
filter_ref(struct filter *filter)
{
    if (filter) {
        filter->n_refs++;
    }
    return filter;
}

void
filter_unref(struct filter *filter)
{
    if (filter && !--filter->n_refs) {
        ovsdb_matcher_uninit(&filter->matcher);
        ovsdb_condition_uninit(&filter->cond);
        free(filter);
    }
}

bool
filter_equals(const struct filter *a, const struct filter *b)
{
    if (a == b) {
        return true;
    } else if (!a || !b || a->hash != b->hash
               || a->cond.n_clauses != b->cond.n_clauses) {
        return false;
    }
    for (size_t i = 0; i < a->cond.n_clauses; i++) {
        if (!ovsdb_clause_equals(&a->cond.clauses[i], &b->cond.clauses[i])) {
            return false;
        }
    }
    return true;
}

uint64_t
filter_hash(const struct filter *filter)
{
    return filter ? filter->hash : 0;
}
