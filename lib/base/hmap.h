/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HMAP_H
#define BASE_HMAP_H

/* Hash map with chaining, embedded in its elements.  The user hashes and
 * compares keys; duplicates are allowed.  Insertion and removal take amortized
 * constant time and never move an element. */

#include "lib/base/compiler.h"

struct hmap_node {
    struct hmap_node *next;
    size_t hash;
};

struct hmap {
    struct hmap_node **buckets;  /* &one while there is one bucket. */
    struct hmap_node *one;
    size_t mask;                 /* Number of buckets minus 1. */
    size_t n;
};

#define HMAP_INITIALIZER(HMAP) { .buckets = &(HMAP)->one }

void hmap_init(struct hmap *);

/* Frees the buckets, not the elements. */
void hmap_uninit(struct hmap *);

/* Exchanges the contents of 'a' and 'b'. */
void hmap_swap(struct hmap *a, struct hmap *b);

/* Forgets all elements, keeping the buckets. */
void hmap_clear(struct hmap *);

/* Makes room for 'n' elements in one go. */
void hmap_reserve(struct hmap *, size_t n);

/* Shrinks the buckets to fit the elements. */
void hmap_shrink(struct hmap *);

static inline size_t
hmap_count(const struct hmap *hmap)
{
    return hmap->n;
}

static inline bool
hmap_is_empty(const struct hmap *hmap)
{
    return !hmap->n;
}

static inline void
hmap_insert(struct hmap *hmap, struct hmap_node *node, size_t hash)
{
    struct hmap_node **bucket = &hmap->buckets[hash & hmap->mask];

    node->hash = hash;
    node->next = *bucket;
    *bucket = node;
    if (UNLIKELY(++hmap->n > 2 * (hmap->mask + 1))) {
        hmap_reserve(hmap, 2 * hmap->n);
    }
}

/* Removes 'node', which is in 'hmap'. */
static inline void
hmap_remove(struct hmap *hmap, struct hmap_node *node)
{
    struct hmap_node **p = &hmap->buckets[node->hash & hmap->mask];

    while (*p != node) {
        p = &(*p)->next;
    }
    *p = node->next;
    hmap->n--;
}

/* Puts 'new_' in the place of 'old', which has the same hash. */
static inline void
hmap_replace(struct hmap *hmap, struct hmap_node *old, struct hmap_node *new_)
{
    struct hmap_node **p = &hmap->buckets[old->hash & hmap->mask];

    while (*p != old) {
        p = &(*p)->next;
    }
    *p = new_;
    *new_ = *old;
}

static inline struct hmap_node *
hmap_next_with_hash_(const struct hmap_node *node, size_t hash)
{
    while (node && node->hash != hash) {
        node = node->next;
    }
    return (struct hmap_node *) node;
}

static inline struct hmap_node *
hmap_first_with_hash(const struct hmap *hmap, size_t hash)
{
    return hmap_next_with_hash_(hmap->buckets[hash & hmap->mask], hash);
}

static inline struct hmap_node *
hmap_next_with_hash(const struct hmap_node *node)
{
    return hmap_next_with_hash_(node->next, node->hash);
}

static inline struct hmap_node *
hmap_next_bucket_(const struct hmap *hmap, size_t start)
{
    for (size_t i = start; i <= hmap->mask; i++) {
        if (hmap->buckets[i]) {
            return hmap->buckets[i];
        }
    }
    return NULL;
}

static inline struct hmap_node *
hmap_first(const struct hmap *hmap)
{
    return hmap->n ? hmap_next_bucket_(hmap, 0) : NULL;
}

static inline struct hmap_node *
hmap_next(const struct hmap *hmap, const struct hmap_node *node)
{
    return (node->next ? node->next
            : hmap_next_bucket_(hmap, (node->hash & hmap->mask) + 1));
}

#define HMAP_ELEM_(VAR, NODE, MEMBER) \
    ({ struct hmap_node *n_ = (NODE); \
       n_ ? CONTAINER_OF(n_, __typeof__(*(VAR)), MEMBER) : NULL; })

/* Iterates in no order.  The body must not change the map. */
#define HMAP_FOR_EACH(VAR, MEMBER, HMAP) \
    for ((VAR) = HMAP_ELEM_(VAR, hmap_first(HMAP), MEMBER); (VAR); \
         (VAR) = HMAP_ELEM_(VAR, hmap_next(HMAP, &(VAR)->MEMBER), MEMBER))

/* Iterates in no order.  The body may remove and free VAR. */
#define HMAP_FOR_EACH_SAFE(VAR, MEMBER, HMAP) \
    for (struct hmap_node *next_ = ((VAR) = HMAP_ELEM_(VAR, \
                                        hmap_first(HMAP), MEMBER), NULL); \
         (VAR) && (next_ = hmap_next(HMAP, &(VAR)->MEMBER), true); \
         (VAR) = HMAP_ELEM_(VAR, next_, MEMBER))

/* Iterates over the elements whose hash is HASH. */
#define HMAP_FOR_EACH_WITH_HASH(VAR, MEMBER, HASH, HMAP) \
    for ((VAR) = HMAP_ELEM_(VAR, hmap_first_with_hash(HMAP, HASH), MEMBER); \
         (VAR); \
         (VAR) = HMAP_ELEM_(VAR, hmap_next_with_hash(&(VAR)->MEMBER), MEMBER))

#endif /* base/hmap.h */
