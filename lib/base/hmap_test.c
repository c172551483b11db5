/* SPDX-License-Identifier: Apache-2.0 */
/* Containers against naive models, with random operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/bitmap.h"
#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/random.h"
#include "lib/base/shash.h"
#include "lib/base/smap.h"
#include "lib/base/sset.h"
#include "lib/base/vec.h"

#define N_KEYS 200

struct elem {
    struct hmap_node node;
    unsigned int key;
};

int hmap_tests(void);

static struct elem *
find(struct hmap *hmap, unsigned int key, size_t hash)
{
    struct elem *e;

    HMAP_FOR_EACH_WITH_HASH (e, node, hash, hmap) {
        if (e->key == key) {
            return e;
        }
    }
    return NULL;
}

/* The map holds exactly what was put in and not taken out, at any size and
 * with any quality of hash. */
static void
test_hmap_equals_model(void **state)
{
    for (size_t modulus = 1; modulus <= 1024; modulus *= 32) {
        struct hmap hmap = HMAP_INITIALIZER(&hmap);
        struct rng rng = { .state = modulus };
        bool model[N_KEYS] = { false };
        struct elem *e;
        size_t n = 0, seen = 0;

        for (int step = 0; step < 5000; step++) {
            unsigned int key = rng_range(&rng, N_KEYS);
            size_t hash = key % modulus;

            e = find(&hmap, key, hash);
            assert_int_equal(e != NULL, model[key]);
            if (e) {
                hmap_remove(&hmap, &e->node);
                free(e);
                n--;
            } else {
                e = xmalloc(sizeof *e);
                e->key = key;
                hmap_insert(&hmap, &e->node, hash);
                n++;
            }
            model[key] = !model[key];
            if (!rng_range(&rng, 100)) {
                hmap_shrink(&hmap);
            }
            assert_int_equal(hmap_count(&hmap), n);
        }
        HMAP_FOR_EACH_SAFE (e, node, &hmap) {
            assert_true(model[e->key]);
            hmap_remove(&hmap, &e->node);
            free(e);
            seen++;
        }
        assert_int_equal(seen, n);
        hmap_uninit(&hmap);
    }
}

/* A map of one element keeps it inside itself, which a swap must mend. */
static void
test_hmap_swap_of_small_maps(void **state)
{
    struct hmap a = HMAP_INITIALIZER(&a), b = HMAP_INITIALIZER(&b);
    struct elem e = { .key = 7 };

    hmap_insert(&a, &e.node, 7);
    hmap_swap(&a, &b);
    assert_int_equal(hmap_count(&a), 0);
    assert_null(find(&a, 7, 7));
    assert_ptr_equal(find(&b, 7, 7), &e);
}

static void
test_list_splice_keeps_order(void **state)
{
    struct list a = LIST_INITIALIZER(&a), b = LIST_INITIALIZER(&b);
    struct { struct list node; int id; } x[4], *p;
    int expected = 0;

    for (int i = 0; i < 4; i++) {
        x[i].id = i;
        list_push_back(i < 2 ? &a : &b, &x[i].node);
    }
    list_splice_back(&a, &b);
    assert_true(list_is_empty(&b));
    LIST_FOR_EACH (p, node, &a) {
        assert_int_equal(p->id, expected++);
    }
    assert_int_equal(expected, 4);
    LIST_FOR_EACH_SAFE (p, node, &a) {
        list_remove(&p->node);
    }
    assert_true(list_is_empty(&a));
}

static void
test_smap_set_get_and_compare(void **state)
{
    struct smap a, b;

    smap_init(&a);
    smap_set(&a, "n", "12");
    smap_set(&a, "n", "13");
    smap_set(&a, "yes", "TRUE");
    smap_set(&a, "junk", "13x");
    assert_int_equal(smap_count(&a), 3);
    assert_int_equal(smap_get_int(&a, "n", 0), 13);
    assert_int_equal(smap_get_int(&a, "junk", -1), -1);
    assert_true(smap_get_bool(&a, "yes", false));
    assert_true(smap_get_bool(&a, "absent", true));
    smap_clone(&b, &a);
    assert_true(smap_equals(&a, &b));
    assert_true(smap_remove(&b, "n"));
    assert_false(smap_remove(&b, "n"));
    assert_false(smap_equals(&a, &b));
    smap_uninit(&a);
    smap_uninit(&b);
}

static void
test_sset_sorts_and_splits(void **state)
{
    struct sset a = SSET_INITIALIZER(&a), b;
    const char **sorted;

    sset_add_split(&a, "c,a b,,a", ", ");
    assert_int_equal(sset_count(&a), 3);
    sorted = sset_sort(&a);
    assert_string_equal(sorted[0], "a");
    assert_string_equal(sorted[2], "c");
    free(sorted);
    sset_clone(&b, &a);
    assert_true(sset_equals(&a, &b));
    assert_true(sset_remove(&b, "a"));
    assert_false(sset_contains(&b, "a"));
    assert_false(sset_equals(&a, &b));
    sset_uninit(&a);
    sset_uninit(&b);
}

static void
test_shash_returns_what_it_replaces(void **state)
{
    struct shash s = SHASH_INITIALIZER(&s);
    int one, two;

    assert_null(shash_set(&s, "k", &one));
    assert_false(shash_add_once(&s, "k", &two));
    assert_ptr_equal(shash_set(&s, "k", &two), &one);
    assert_ptr_equal(shash_steal(&s, "k"), &two);
    assert_null(shash_get(&s, "k"));
    shash_uninit(&s);
}

static void
test_bitmap_scan_finds_what_was_set(void **state)
{
    struct rng rng = { .state = 3 };

    for (int round = 0; round < 200; round++) {
        size_t n = 1 + rng_range(&rng, 200), bit = rng_range(&rng, n);
        uint64_t *map = bitmap_create(n);

        assert_int_equal(bitmap_scan(map, true, 0, n), n);
        bitmap_set(map, bit);
        assert_int_equal(bitmap_scan(map, true, 0, n), bit);
        assert_int_equal(bitmap_scan(map, true, bit + 1, n), n);
        assert_int_equal(bitmap_scan(map, false, 0, n), bit ? 0 : n > 1 ? 1 : n);
        assert_int_equal(bitmap_count(map, n), 1);
        bitmap_clear(map, bit);
        assert_int_equal(bitmap_count(map, n), 0);
        free(map);
    }
}

static void
test_vec_keeps_order(void **state)
{
    VEC(int) v = VEC_EMPTY;

    for (int i = 0; i < 100; i++) {
        vec_push(&v, i);
    }
    vec_remove(&v, 10);
    assert_int_equal(v.items[10], 11);
    vec_remove_swap(&v, 0);
    assert_int_equal(v.items[0], 99);
    assert_int_equal(v.n, 98);
    vec_uninit(&v);
}

int
hmap_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hmap_equals_model),
        cmocka_unit_test(test_hmap_swap_of_small_maps),
        cmocka_unit_test(test_list_splice_keeps_order),
        cmocka_unit_test(test_smap_set_get_and_compare),
        cmocka_unit_test(test_sset_sorts_and_splits),
        cmocka_unit_test(test_shash_returns_what_it_replaces),
        cmocka_unit_test(test_bitmap_scan_finds_what_was_set),
        cmocka_unit_test(test_vec_keeps_order),
    };

    return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
