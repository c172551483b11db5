/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/hmap.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

void
hmap_init(struct hmap *hmap)
{
    *hmap = (struct hmap) HMAP_INITIALIZER(hmap);
}

void
hmap_uninit(struct hmap *hmap)
{
    if (hmap->buckets != &hmap->one) {
        free(hmap->buckets);
    }
    hmap_init(hmap);
}

/* After a struct copy, 'buckets' may point into the struct it came from. */
static void
fix_moved(struct hmap *hmap)
{
    if (!hmap->mask) {
        hmap->buckets = &hmap->one;
    }
}

void
hmap_swap(struct hmap *a, struct hmap *b)
{
    struct hmap tmp = *a;

    *a = *b;
    *b = tmp;
    fix_moved(a);
    fix_moved(b);
}

void
hmap_clear(struct hmap *hmap)
{
    if (hmap->n) {
        memset(hmap->buckets, 0, (hmap->mask + 1) * sizeof *hmap->buckets);
        hmap->n = 0;
    }
}

static void
resize(struct hmap *hmap, size_t mask)
{
    struct hmap new_ = HMAP_INITIALIZER(&new_);

    if (mask) {
        new_.buckets = xcalloc(mask + 1, sizeof *new_.buckets);
        new_.mask = mask;
    }
    for (size_t i = 0; i <= hmap->mask; i++) {
        struct hmap_node *next;

        for (struct hmap_node *node = hmap->buckets[i]; node; node = next) {
            struct hmap_node **bucket = &new_.buckets[node->hash & mask];

            next = node->next;
            node->next = *bucket;
            *bucket = node;
        }
    }
    new_.n = hmap->n;
    hmap_swap(hmap, &new_);
    hmap_uninit(&new_);
}

/* Returns the smallest mask that gives 'n' elements a bucket each. */
static size_t
mask_for(size_t n)
{
    return n <= 1 ? 0 : SIZE_MAX >> __builtin_clzl(n - 1);
}

void
hmap_reserve(struct hmap *hmap, size_t n)
{
    size_t mask = mask_for(n);

    if (mask > hmap->mask) {
        resize(hmap, mask);
    }
}

void
hmap_shrink(struct hmap *hmap)
{
    size_t mask = mask_for(hmap->n);

    if (mask < hmap->mask) {
        resize(hmap, mask);
    }
}
