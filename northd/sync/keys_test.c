/* SPDX-License-Identifier: Apache-2.0 */

/* Tunnel keys: stable, unique in their scope, given to who requests them. */

#include "northd/sync/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/base/random.h"
#include "lib/incr/incr.h"

struct fixture {
    struct incr *incr;
    struct key_sync *keys;
};

static const struct uuid scope_a = { { 1, 2, 3, 4 } };
static const struct uuid scope_b = { { 5, 6, 7, 8 } };

static void
make_id(struct str *id, const struct uuid *scope, const char *name)
{
    struct key_id header = { *scope };

    str_put_bytes(id, &header, sizeof header);
    str_put(id, name);
}

static void
want(struct fixture *f, const struct uuid *scope, const char *name,
     uint32_t requested)
{
    const struct wanted_key wanted = { .requested = requested };
    struct str id = STR_EMPTY;

    make_id(&id, scope, name);
    incr_set(f->incr, F_KEY_WANTED, id.string, id.length,
             &wanted, sizeof wanted);
    str_uninit(&id);
}

static void
unwant(struct fixture *f, const struct uuid *scope, const char *name)
{
    struct str id = STR_EMPTY;

    make_id(&id, scope, name);
    incr_unset(f->incr, F_KEY_WANTED, id.string, id.length);
    str_uninit(&id);
}

static uint32_t
get(struct fixture *f, const struct uuid *scope, const char *name)
{
    struct str id = STR_EMPTY;
    struct incr_group *group;

    make_id(&id, scope, name);
    group = incr_find(f->incr, F_KEY, id.string, id.length);
    str_uninit(&id);
    return group ? *(const uint32_t *) incr_group_value(group, 0) : 0;
}

static int
setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    f->incr = incr_create(northd_program(), NULL);
    f->keys = key_sync_create(f->incr);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    key_sync_destroy(f->keys);
    incr_destroy(f->incr);
    free(f);
    return 0;
}

static void
test_keys_are_unique_in_their_scope(void **state)
{
    struct fixture *f = *state;

    want(f, &scope_a, "x", 0);
    want(f, &scope_a, "y", 0);
    want(f, &scope_b, "x", 0);
    incr_step(f->incr);
    assert_int_not_equal(get(f, &scope_a, "x"), 0);
    assert_int_not_equal(get(f, &scope_a, "x"), get(f, &scope_a, "y"));
    assert_int_equal(get(f, &scope_b, "x"), 1);
}

static void
test_key_stays_while_wanted(void **state)
{
    struct fixture *f = *state;
    uint32_t y;

    want(f, &scope_a, "x", 0);
    want(f, &scope_a, "y", 0);
    incr_step(f->incr);
    y = get(f, &scope_a, "y");
    unwant(f, &scope_a, "x");
    want(f, &scope_a, "z", 0);
    incr_step(f->incr);
    assert_int_equal(get(f, &scope_a, "x"), 0);
    assert_int_equal(get(f, &scope_a, "y"), y);
    assert_int_not_equal(get(f, &scope_a, "z"), y);
}

/* A restart must not move anybody: packets in flight carry the numbers. */
static void
test_reserved_key_is_given_again(void **state)
{
    struct fixture *f = *state;

    key_sync_reserve(f->keys, &scope_a, "x", 77, 0);
    key_sync_reserve(f->keys, &scope_a, "gone", 1, 0);
    want(f, &scope_a, "new", 0);
    want(f, &scope_a, "x", 0);
    incr_step(f->incr);
    key_sync_release(f->keys);
    assert_int_equal(get(f, &scope_a, "x"), 77);
    assert_int_not_equal(get(f, &scope_a, "new"), 77);
    assert_int_not_equal(get(f, &scope_a, "new"), 1);
}

static void
test_request_moves_a_holder_who_did_not_ask(void **state)
{
    struct fixture *f = *state;
    uint32_t x;

    want(f, &scope_a, "x", 0);
    incr_step(f->incr);
    x = get(f, &scope_a, "x");
    want(f, &scope_a, "y", x);
    incr_step(f->incr);
    assert_int_equal(get(f, &scope_a, "y"), x);
    assert_int_not_equal(get(f, &scope_a, "x"), x);
    assert_int_not_equal(get(f, &scope_a, "x"), 0);
}

/* Of two that ask for one number, the first keeps it and the other gets some
 * number. */
static void
test_second_request_for_a_key_gets_another(void **state)
{
    struct fixture *f = *state;

    want(f, &scope_a, "x", 9);
    incr_step(f->incr);
    want(f, &scope_a, "y", 9);
    want(f, &scope_a, "z", 40000);
    incr_step(f->incr);
    assert_int_equal(get(f, &scope_a, "x"), 9);
    assert_int_not_equal(get(f, &scope_a, "y"), 9);
    assert_int_not_equal(get(f, &scope_a, "y"), 0);
    assert_in_range(get(f, &scope_a, "z"), 1, 32767);
}

static void
test_vxlan_has_fewer_keys(void **state)
{
    struct fixture *f = *state;
    char name[16];

    incr_set(f->incr, F_VXLAN, NULL, 0, NULL, 0);
    for (int i = 0; i < 2048; i++) {
        snprintf(name, sizeof name, "p%d", i);
        want(f, &scope_a, name, 0);
    }
    incr_step(f->incr);

    int n = 0;

    for (int i = 0; i < 2048; i++) {
        snprintf(name, sizeof name, "p%d", i);
        assert_in_range(get(f, &scope_a, name), 0, 2047);
        n += get(f, &scope_a, name) != 0;
    }
    assert_int_equal(n, 2047);

    /* Who had none gets the first one that comes free. */
    unwant(f, &scope_a, get(f, &scope_a, "p0") ? "p0" : "p1");
    incr_step(f->incr);
    n = 0;
    for (int i = 0; i < 2048; i++) {
        snprintf(name, sizeof name, "p%d", i);
        n += get(f, &scope_a, name) != 0;
    }
    assert_int_equal(n, 2047);
}

/* Against a map: no number twice, and none moves without cause. */
static void
test_random_history(void **state)
{
    struct fixture *f = *state;
    struct rng rng = { random_u64() };
    uint32_t before[20] = { 0 };
    char name[20][16];

    print_message("seed %#llx\n", (unsigned long long) rng.state);
    for (int i = 0; i < 20; i++) {
        snprintf(name[i], sizeof name[i], "p%d", i);
    }
    for (int step = 0; step < 3000; step++) {
        uint64_t seen = 0;
        bool touched[20] = { false };

        for (int i = rng_range(&rng, 4); i >= 0; i--) {
            int j = rng_range(&rng, 20);

            touched[j] = true;
            if (rng_range(&rng, 2)) {
                want(f, &scope_a, name[j], 0);
            } else {
                unwant(f, &scope_a, name[j]);
            }
        }
        incr_step(f->incr);
        for (int i = 0; i < 20; i++) {
            uint32_t key = get(f, &scope_a, name[i]);

            assert_true(key < 64 || !(key >> 15));
            assert_true(touched[i] || key == before[i]);
            if (key && key < 64) {
                assert_false(seen >> key & 1);
                seen |= UINT64_C(1) << key;
            }
            before[i] = key;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_keys_are_unique_in_their_scope,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_key_stays_while_wanted,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_reserved_key_is_given_again,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_request_moves_a_holder_who_did_not_ask, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_second_request_for_a_key_gets_another, setup, teardown),
        cmocka_unit_test_setup_teardown(test_vxlan_has_fewer_keys,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_history,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
