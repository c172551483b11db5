/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SMAP_H
#define BASE_SMAP_H

/* Map from string to string, owning both. */

#include "lib/base/hmap.h"

struct smap {
    struct hmap map;
};

struct smap_node {
    struct hmap_node node;
    char *key;
    char *value;
};

#define SMAP_INITIALIZER(SMAP) { HMAP_INITIALIZER(&(SMAP)->map) }

void smap_init(struct smap *);
void smap_uninit(struct smap *);
void smap_clear(struct smap *);
void smap_clone(struct smap *dst, const struct smap *src);

/* Sets 'key' to 'value', in the place of any old value. */
void smap_set(struct smap *, const char *key, const char *value);
void smap_setf(struct smap *, const char *key, const char *format, ...)
    PRINTF_FORMAT(3, 4);

/* Like smap_set(), and owns 'key' and 'value' from now on. */
void smap_set_take(struct smap *, char *key, char *value);

/* False if 'key' was not there. */
bool smap_remove(struct smap *, const char *key);

/* Borrowed until the entry changes; NULL if absent. */
const char *smap_get(const struct smap *, const char *key);
const char *smap_get_def(const struct smap *, const char *key, const char *def);
struct smap_node *smap_get_node(const struct smap *, const char *key);

/* True for "true", false for "false" (any case), else 'def'. */
bool smap_get_bool(const struct smap *, const char *key, bool def);

/* The number that the value is in whole, else 'def'. */
int smap_get_int(const struct smap *, const char *key, int def);
unsigned int smap_get_uint(const struct smap *, const char *key,
                           unsigned int def);
uint64_t smap_get_u64(const struct smap *, const char *key, uint64_t def);

static inline size_t
smap_count(const struct smap *smap)
{
    return smap->map.n;
}

static inline bool
smap_is_empty(const struct smap *smap)
{
    return !smap->map.n;
}

bool smap_equals(const struct smap *, const struct smap *);

/* Returns the nodes sorted by key: smap_count() pointers, for free(). */
const struct smap_node **smap_sort(const struct smap *);

/* Iterates with 'const struct smap_node *NODE' in no order. */
#define SMAP_FOR_EACH(NODE, SMAP) HMAP_FOR_EACH (NODE, node, &(SMAP)->map)

#endif /* base/smap.h */
