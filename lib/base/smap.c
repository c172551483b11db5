/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/smap.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"

void
smap_init(struct smap *smap)
{
    hmap_init(&smap->map);
}

void
smap_uninit(struct smap *smap)
{
    smap_clear(smap);
    hmap_uninit(&smap->map);
}

static void
node_free(struct smap_node *node)
{
    free(node->key);
    free(node->value);
    free(node);
}

void
smap_clear(struct smap *smap)
{
    struct smap_node *node;

    HMAP_FOR_EACH_SAFE (node, node, &smap->map) {
        hmap_remove(&smap->map, &node->node);
        node_free(node);
    }
}

void
smap_clone(struct smap *dst, const struct smap *src)
{
    struct smap_node *node;

    smap_init(dst);
    hmap_reserve(&dst->map, smap_count(src));
    SMAP_FOR_EACH (node, src) {
        smap_set(dst, node->key, node->value);
    }
}

struct smap_node *
smap_get_node(const struct smap *smap, const char *key)
{
    struct smap_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash_string(key, 0), &smap->map) {
        if (!strcmp(node->key, key)) {
            return node;
        }
    }
    return NULL;
}

void
smap_set_take(struct smap *smap, char *key, char *value)
{
    struct smap_node *node = smap_get_node(smap, key);

    if (node) {
        free(node->value);
        free(key);
    } else {
        node = xmalloc(sizeof *node);
        node->key = key;
        hmap_insert(&smap->map, &node->node, hash_string(key, 0));
    }
    node->value = value;
}

void
smap_set(struct smap *smap, const char *key, const char *value)
{
    smap_set_take(smap, xstrdup(key), xstrdup(value));
}

void
smap_setf(struct smap *smap, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smap_set_take(smap, xstrdup(key), xvasprintf(format, args));
    va_end(args);
}

bool
smap_remove(struct smap *smap, const char *key)
{
    struct smap_node *node = smap_get_node(smap, key);

    if (!node) {
        return false;
    }
    hmap_remove(&smap->map, &node->node);
    node_free(node);
    return true;
}

const char *
smap_get(const struct smap *smap, const char *key)
{
    return smap_get_def(smap, key, NULL);
}

const char *
smap_get_def(const struct smap *smap, const char *key, const char *def)
{
    struct smap_node *node = smap_get_node(smap, key);

    return node ? node->value : def;
}

bool
smap_get_bool(const struct smap *smap, const char *key, bool def)
{
    const char *value = smap_get_def(smap, key, "");

    return def ? strcasecmp(value, "false") != 0 : !strcasecmp(value, "true");
}

int
smap_get_int(const struct smap *smap, const char *key, int def)
{
    int value;

    return text_to_int(smap_get_def(smap, key, ""), 10, &value) ? value : def;
}

unsigned int
smap_get_uint(const struct smap *smap, const char *key, unsigned int def)
{
    unsigned int value;

    return text_to_uint(smap_get_def(smap, key, ""), 10, &value) ? value : def;
}

uint64_t
smap_get_u64(const struct smap *smap, const char *key, uint64_t def)
{
    uint64_t value;

    return text_to_u64(smap_get_def(smap, key, ""), 10, &value) ? value : def;
}

bool
smap_equals(const struct smap *a, const struct smap *b)
{
    struct smap_node *node;

    if (smap_count(a) != smap_count(b)) {
        return false;
    }
    SMAP_FOR_EACH (node, a) {
        const char *value = smap_get(b, node->key);

        if (!value || strcmp(value, node->value)) {
            return false;
        }
    }
    return true;
}

static int
compare_nodes(const void *a_, const void *b_)
{
    const struct smap_node *const *a = a_;
    const struct smap_node *const *b = b_;

    return strcmp((*a)->key, (*b)->key);
}

const struct smap_node **
smap_sort(const struct smap *smap)
{
    const struct smap_node **nodes = xmalloc(smap_count(smap) * sizeof *nodes);
    struct smap_node *node;
    size_t n = 0;

    SMAP_FOR_EACH (node, smap) {
        nodes[n++] = node;
    }
    if (n > 1) {
        qsort(nodes, n, sizeof *nodes, compare_nodes);
    }
    return nodes;
}
