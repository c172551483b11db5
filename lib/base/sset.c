/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/sset.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

void
sset_init(struct sset *sset)
{
    hmap_init(&sset->map);
}

void
sset_uninit(struct sset *sset)
{
    sset_clear(sset);
    hmap_uninit(&sset->map);
}

void
sset_clear(struct sset *sset)
{
    struct sset_node *node;

    HMAP_FOR_EACH_SAFE (node, node, &sset->map) {
        hmap_remove(&sset->map, &node->node);
        free(node);
    }
}

void
sset_clone(struct sset *dst, const struct sset *src)
{
    struct sset_node *node;

    sset_init(dst);
    SSET_FOR_EACH (node, src) {
        sset_add(dst, node->name);
    }
}

static struct sset_node *
find(const struct sset *sset, const char *name, size_t hash)
{
    struct sset_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, node, hash, &sset->map) {
        if (!strcmp(node->name, name)) {
            return node;
        }
    }
    return NULL;
}

bool
sset_add(struct sset *sset, const char *name)
{
    size_t size = strlen(name) + 1;
    size_t hash = hash_bytes(name, size - 1, 0);
    struct sset_node *node;

    if (find(sset, name, hash)) {
        return false;
    }
    node = xmalloc(sizeof *node + size);
    memcpy(node->name, name, size);
    hmap_insert(&sset->map, &node->node, hash);
    return true;
}

bool
sset_remove(struct sset *sset, const char *name)
{
    struct sset_node *node = find(sset, name, hash_string(name, 0));

    if (!node) {
        return false;
    }
    hmap_remove(&sset->map, &node->node);
    free(node);
    return true;
}

bool
sset_contains(const struct sset *sset, const char *name)
{
    return find(sset, name, hash_string(name, 0)) != NULL;
}

bool
sset_equals(const struct sset *a, const struct sset *b)
{
    struct sset_node *node;

    if (sset_count(a) != sset_count(b)) {
        return false;
    }
    SSET_FOR_EACH (node, a) {
        if (!sset_contains(b, node->name)) {
            return false;
        }
    }
    return true;
}

void
sset_add_split(struct sset *sset, const char *s, const char *delimiters)
{
    char *copy = xstrdup(s), *save = NULL;

    for (char *token = strtok_r(copy, delimiters, &save); token;
         token = strtok_r(NULL, delimiters, &save)) {
        sset_add(sset, token);
    }
    free(copy);
}

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

const char **
sset_sort(const struct sset *sset)
{
    const char **names = xmalloc(sset_count(sset) * sizeof *names);
    struct sset_node *node;
    size_t n = 0;

    SSET_FOR_EACH (node, sset) {
        names[n++] = node->name;
    }
    if (n > 1) {
        qsort(names, n, sizeof *names, compare_strings);
    }
    return names;
}
