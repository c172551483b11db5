/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/shash.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

void
shash_init(struct shash *shash)
{
    hmap_init(&shash->map);
}

void
shash_uninit(struct shash *shash)
{
    shash_clear(shash);
    hmap_uninit(&shash->map);
}

void
shash_clear(struct shash *shash)
{
    struct shash_node *node;

    SHASH_FOR_EACH_SAFE (node, shash) {
        shash_remove_node(shash, node);
    }
}

void
shash_uninit_free_values(struct shash *shash)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, shash) {
        free(node->value);
    }
    shash_uninit(shash);
}

struct shash_node *
shash_get_node(const struct shash *shash, const char *key)
{
    struct shash_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash_string(key, 0), &shash->map) {
        if (!strcmp(node->key, key)) {
            return node;
        }
    }
    return NULL;
}

bool
shash_add_once(struct shash *shash, const char *key, void *value)
{
    struct shash_node *node;

    if (shash_get_node(shash, key)) {
        return false;
    }
    node = xmalloc(sizeof *node);
    node->key = xstrdup(key);
    node->value = value;
    hmap_insert(&shash->map, &node->node, hash_string(key, 0));
    return true;
}

void *
shash_set(struct shash *shash, const char *key, void *value)
{
    struct shash_node *node = shash_get_node(shash, key);
    void *old;

    if (!node) {
        shash_add_once(shash, key, value);
        return NULL;
    }
    old = node->value;
    node->value = value;
    return old;
}

void *
shash_get(const struct shash *shash, const char *key)
{
    struct shash_node *node = shash_get_node(shash, key);

    return node ? node->value : NULL;
}

void
shash_remove_node(struct shash *shash, struct shash_node *node)
{
    hmap_remove(&shash->map, &node->node);
    free(node->key);
    free(node);
}

void *
shash_steal(struct shash *shash, const char *key)
{
    struct shash_node *node = shash_get_node(shash, key);
    void *value;

    if (!node) {
        return NULL;
    }
    value = node->value;
    shash_remove_node(shash, node);
    return value;
}

static int
compare_nodes(const void *a_, const void *b_)
{
    const struct shash_node *const *a = a_;
    const struct shash_node *const *b = b_;

    return strcmp((*a)->key, (*b)->key);
}

struct shash_node **
shash_sort(const struct shash *shash)
{
    struct shash_node **nodes = xmalloc(shash_count(shash) * sizeof *nodes);
    struct shash_node *node;
    size_t n = 0;

    SHASH_FOR_EACH (node, shash) {
        nodes[n++] = node;
    }
    if (n > 1) {
        qsort(nodes, n, sizeof *nodes, compare_nodes);
    }
    return nodes;
}
