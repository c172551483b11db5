/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_MUTATION_H
#define OVSDB_MUTATION_H

/* Mutations: [<mutation>*] of RFC 7047 section 5.1. */

#include "lib/ovsdb/schema.h"

enum ovsdb_mutator {
    OVSDB_M_ADD,            /* += */
    OVSDB_M_SUB,            /* -= */
    OVSDB_M_MUL,            /* *= */
    OVSDB_M_DIV,            /* /= */
    OVSDB_M_MOD,            /* %= */
    OVSDB_M_INSERT,
    OVSDB_M_DELETE,
    OVSDB_N_MUTATORS
};

struct ovsdb_mutation {
    const struct ovsdb_column *column;
    enum ovsdb_mutator mutator;
    struct ovsdb_type type;         /* Of 'arg'. */
    struct ovsdb_datum arg;
};

struct ovsdb_mutations {
    struct ovsdb_mutation *items;
    size_t n;
    uint64_t columns;               /* Columns that they may change. */
};

const char *ovsdb_mutator_name(enum ovsdb_mutator);

void ovsdb_mutations_init(struct ovsdb_mutations *);
void ovsdb_mutations_uninit(struct ovsdb_mutations *);

/* Reads an array of mutations.  False, with '*m' empty, if the reader has
 * failed. */
bool ovsdb_mutations_read(struct ovsdb_mutations *,
                          const struct ovsdb_table_schema *,
                          struct jtext_reader *, struct ovsdb_symtab *);
void ovsdb_mutations_put_json(struct str *, const struct ovsdb_mutations *);

/* Changes '*datum' as the mutation says and checks the result ("domain
 * error", "range error", "constraint violation").  On error '*datum' may have
 * been changed. */
struct error *ovsdb_mutation_apply(const struct ovsdb_mutation *,
                                   struct ovsdb_datum *) MUST_USE;

/* For the mutators "insert" and "delete": changes '*diff', a difference from
 * 'old', instead, so that 'old' with '*diff' applied is the result.  Looks
 * only at what the mutation names.  '*n', the number of elements of 'old' with
 * '*diff' applied, is kept. */
void ovsdb_mutation_apply_to_diff(const struct ovsdb_mutation *,
                                  const struct ovsdb_datum *old,
                                  struct ovsdb_datum *diff, uint32_t *n);

#endif /* ovsdb/mutation.h */
