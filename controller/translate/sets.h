/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_SETS_H
#define CONTROLLER_TRANSLATE_SETS_H

/* Address sets and template variables, as facts that translation looks up.
 *
 * One member more of a large address set must cost little, however many flows
 * use the set.  So its members are also in buckets of a few each, by their
 * hash, and what uses the set is translated for each bucket alone. */

#include "lib/logical/expr.h"

struct incr_ctx;

/* Members of a bucket, about; a set with fewer than two such has none. */
#define SET_BUCKET_SIZE 32

/* How many buckets of 'size' a set of 'n' has: a power of two that stays for a
 * while as the set grows; 0 if the set is small. */
uint32_t sets_n_buckets(size_t n, size_t size);

/* Key of a bucket's fact; the name of the set follows, up to the end of the
 * key. */
struct bucket_key {
    uint32_t bucket;
    uint32_t pad;
    char name[];
};

/* Appends such a key. */
void bucket_key_put(struct str *, uint32_t bucket, const char *name);

/* Unit of Chassis_Template_Var: emits FACT_TEMPLATE_VAR. */
void template_var_unit(struct incr_ctx *, const void *chassis_template_var);

/* The text with the variables of this chassis in their places: 'text' itself,
 * or a copy in 'arena'. */
const char *templates_expand(struct incr_ctx *, const char *text,
                             struct arena *arena);

/* Unit of Address_Set: emits FACT_ADDRESS_SET, and for a large one
 * FACT_SET_BUCKETS and FACT_SET_BUCKET. */
void address_set_unit(struct incr_ctx *, const void *address_set);

/* The members of the set, in 'arena'; NULL if there is no such set. */
const struct const_set *address_set_find(struct incr_ctx *, const char *name,
                                         struct arena *arena);

/* The members in a bucket, in 'arena'. */
struct const_set address_bucket_find(struct incr_ctx *, const char *name,
                                     uint32_t bucket, struct arena *arena);

#endif /* controller/translate/sets.h */
