/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_RCU_HASH_H
#define RUNTIME_RCU_HASH_H

/* Hash tables that many threads read, each within an RCU read section, while
 * one at a time writes.
 *
 * 'struct rcu_hash' holds pointers; the user hashes and compares.  Duplicates
 * are allowed.  'struct rcu_count_set' is a multiset of 32-bit values.
 *
 * Both are arrays with open addressing, so an element costs 16 (8) bytes over
 * the load factor and no allocation.  Growing copies the array and publishes
 * the copy; readers go on in the old one, which they keep until the end of
 * their read section.  A reader that runs beside a writer finds every element
 * that was there all the time; one that is inserted or removed meanwhile it
 * may find or not. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rcu_hash_array;

struct rcu_hash {
    struct rcu_hash_array *array;   /* NULL while nothing was ever inserted. */
    size_t n;                       /* Elements; the writer's. */
};

#define RCU_HASH_INITIALIZER { NULL, 0 }

void rcu_hash_init(struct rcu_hash *);

/* Frees the array, after a grace period, not the elements. */
void rcu_hash_uninit(struct rcu_hash *);

static inline size_t
rcu_hash_count(const struct rcu_hash *h)
{
    return h->n;
}

/* Writer: adds 'element' (not NULL) under 'hash'. */
void rcu_hash_insert(struct rcu_hash *, void *element, uint32_t hash);

/* Writer: removes 'element', which is there.  Readers may still hold it: its
 * owner frees it only after a grace period. */
void rcu_hash_remove(struct rcu_hash *, const void *element, uint32_t hash);

/* Writer: puts 'element' in the place of 'old', in one step for readers. */
void rcu_hash_replace(struct rcu_hash *, const void *old, void *element,
                      uint32_t hash);

/* Writer: has the processor load the place of 'hash'. */
void rcu_hash_prefetch(const struct rcu_hash *, uint32_t hash);

/* A walk over the elements of one hash, or over all. */
struct rcu_hash_cursor {
    const struct rcu_hash_array *array;
    size_t position;
    uint32_t hash;
};

/* The first element under 'hash' (others may hash alike: compare), or NULL;
 * and the one after it. */
void *rcu_hash_first(const struct rcu_hash *, uint32_t hash,
                     struct rcu_hash_cursor *);
void *rcu_hash_next(struct rcu_hash_cursor *);

/* Likewise over all elements in no order.  The writer itself may remove or
 * replace elements during the walk, and insert: what it inserts may be missed. */
void *rcu_hash_first_of_all(const struct rcu_hash *,
                            struct rcu_hash_cursor *);
void *rcu_hash_next_of_all(struct rcu_hash_cursor *);

#define RCU_HASH_FOR_EACH(VAR, CURSOR, HASH_TABLE) \
    for ((VAR) = rcu_hash_first_of_all(HASH_TABLE, CURSOR); (VAR); \
         (VAR) = rcu_hash_next_of_all(CURSOR))
#define RCU_HASH_FOR_EACH_WITH_HASH(VAR, CURSOR, HASH, HASH_TABLE) \
    for ((VAR) = rcu_hash_first(HASH_TABLE, HASH, CURSOR); (VAR); \
         (VAR) = rcu_hash_next(CURSOR))

struct rcu_count_array;

struct rcu_count_set {
    struct rcu_count_array *array;
};

void rcu_count_set_init(struct rcu_count_set *);
void rcu_count_set_uninit(struct rcu_count_set *);

/* Writer: adds one 'value', or removes one that is there. */
void rcu_count_set_add(struct rcu_count_set *, uint32_t value);
void rcu_count_set_remove(struct rcu_count_set *, uint32_t value);

/* Writer: has the processor load the place of 'value'. */
void rcu_count_set_prefetch(const struct rcu_count_set *, uint32_t value);

/* Says whether there is a 'value'. */
bool rcu_count_set_contains(const struct rcu_count_set *, uint32_t value);

#endif /* runtime/rcu_hash.h */
