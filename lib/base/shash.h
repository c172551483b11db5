/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SHASH_H
#define BASE_SHASH_H

/* Map from string to a pointer.  It owns its copies of the keys; the pointers
 * are the user's. */

#include "lib/base/hmap.h"

struct shash {
    struct hmap map;
};

struct shash_node {
    struct hmap_node node;
    char *key;
    void *value;
};

#define SHASH_INITIALIZER(SHASH) { HMAP_INITIALIZER(&(SHASH)->map) }

void shash_init(struct shash *);

/* Frees keys and nodes, not values. */
void shash_uninit(struct shash *);
void shash_clear(struct shash *);

/* Frees keys, nodes, and values by free(). */
void shash_uninit_free_values(struct shash *);

/* False, changing nothing, if 'key' is there already. */
bool shash_add_once(struct shash *, const char *key, void *value);

/* Sets 'key' and returns the value that was there before, or NULL. */
void *shash_set(struct shash *, const char *key, void *value);

/* Returns the value, or NULL if absent. */
void *shash_get(const struct shash *, const char *key);
struct shash_node *shash_get_node(const struct shash *, const char *key);

/* Removes 'key' and returns its value; NULL if absent. */
void *shash_steal(struct shash *, const char *key);
void shash_remove_node(struct shash *, struct shash_node *);

static inline size_t
shash_count(const struct shash *shash)
{
    return shash->map.n;
}

/* Returns the nodes sorted by key: shash_count() pointers, for free(). */
struct shash_node **shash_sort(const struct shash *);

#define SHASH_FOR_EACH(NODE, SHASH) HMAP_FOR_EACH (NODE, node, &(SHASH)->map)
#define SHASH_FOR_EACH_SAFE(NODE, SHASH) \
    HMAP_FOR_EACH_SAFE (NODE, node, &(SHASH)->map)

#endif /* base/shash.h */
