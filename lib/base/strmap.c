/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/strmap.h"

#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

size_t
strmap_find(const struct strmap *map, const char *key)
{
    size_t low = 0;
    size_t high = map->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, map->keys[middle]);

        if (!order) {
            return middle;
        } else if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return SIZE_MAX;
}

const char *
strmap_get(const struct strmap *map, const char *key)
{
    return strmap_get_def(map, key, NULL);
}

const char *
strmap_get_def(const struct strmap *map, const char *key, const char *def)
{
    size_t i = strmap_find(map, key);

    return i != SIZE_MAX ? map->values[i] : def;
}

bool
strmap_get_bool(const struct strmap *map, const char *key, bool def)
{
    const char *value = strmap_get_def(map, key, "");

    return (!strcasecmp(value, "true") ? true
            : !strcasecmp(value, "false") ? false
            : def);
}

int
strmap_get_int(const struct strmap *map, const char *key, int def)
{
    const char *value = strmap_get(map, key);
    int i;

    return value && text_to_int(value, 10, &i) ? i : def;
}

unsigned int
strmap_get_uint(const struct strmap *map, const char *key, unsigned int def)
{
    const char *value = strmap_get(map, key);
    unsigned int i;

    return value && text_to_uint(value, 10, &i) ? i : def;
}

uint64_t
strmap_get_u64(const struct strmap *map, const char *key, uint64_t def)
{
    const char *value = strmap_get(map, key);
    uint64_t i;

    return value && text_to_u64(value, 10, &i) ? i : def;
}

bool
strmap_equals(const struct strmap *a, const struct strmap *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->keys[i], b->keys[i])
            || strcmp(a->values[i], b->values[i])) {
            return false;
        }
    }
    return true;
}

bool
strmap_equals_smap(const struct strmap *a, const struct smap *b)
{
    if (a->n != smap_count(b)) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        const char *value = smap_get(b, a->keys[i]);

        if (!value || strcmp(value, a->values[i])) {
            return false;
        }
    }
    return true;
}

void
strmap_to_smap(const struct strmap *src, struct smap *dst)
{
    smap_init(dst);
    for (size_t i = 0; i < src->n; i++) {
        smap_set(dst, src->keys[i], src->values[i]);
    }
}
