/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SSET_H
#define BASE_SSET_H

/* Set of strings, which it owns. */

#include "lib/base/hmap.h"

struct sset {
    struct hmap map;
};

struct sset_node {
    struct hmap_node node;
    char name[];
};

#define SSET_INITIALIZER(SSET) { HMAP_INITIALIZER(&(SSET)->map) }

void sset_init(struct sset *);
void sset_uninit(struct sset *);
void sset_clear(struct sset *);
void sset_clone(struct sset *dst, const struct sset *src);

/* False if it was there already. */
bool sset_add(struct sset *, const char *);

/* False if it was not there. */
bool sset_remove(struct sset *, const char *);
bool sset_contains(const struct sset *, const char *);
bool sset_equals(const struct sset *, const struct sset *);

/* Adds each part of 's' between any of 'delimiters'. */
void sset_add_split(struct sset *, const char *s, const char *delimiters);

static inline size_t
sset_count(const struct sset *sset)
{
    return sset->map.n;
}

static inline bool
sset_is_empty(const struct sset *sset)
{
    return !sset->map.n;
}

/* Returns the strings in order: sset_count() borrowed pointers, for free(). */
const char **sset_sort(const struct sset *);

/* Iterates with 'const struct sset_node *NODE'; NODE->name is the string. */
#define SSET_FOR_EACH(NODE, SSET) HMAP_FOR_EACH (NODE, node, &(SSET)->map)

#endif /* base/sset.h */
