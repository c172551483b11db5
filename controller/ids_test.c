/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for texts.  A program of input facts alone says what is wanted. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/ids.h"
#include "controller/testing.h"
#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/replica/testing.h"

struct fixture {
    struct controller controller;
    struct ids *ids;
};

/* Changes that were told: "+zTEXT NUMBER " and "-...". */
static char told[512];

static void
note(void *aux UNUSED, enum id_kind kind, const char *text, uint32_t id,
     bool added)
{
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%c%c%s %"PRIu32" ",
             added ? '+' : '-', kind, text, id);
}

static int
setup(void **state)
{
    static struct incr_fact_class facts[N_FACTS];
    static const struct incr_program program = { .facts = facts,
                                                 .n_facts = N_FACTS };
    struct fixture *f = xzalloc(sizeof *f);

    for (size_t i = 0; i < N_FACTS; i++) {
        facts[i].name = "fact";
    }
    told[0] = '\0';
    f->controller.vs = replica_create(&vs_class, NULL, NULL);
    replica_testing_start(f->controller.vs);
    f->controller.incr = incr_create(&program, NULL);
    f->ids = ids_create(&f->controller, note, NULL);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *f = *state;

    ids_destroy(f->ids);
    incr_destroy(f->controller.incr);
    replica_destroy(f->controller.vs);
    free(f);
    return 0;
}

static void
run(struct fixture *f)
{
    do {
        incr_step(f->controller.incr);
        ids_run(f->ids);
    } while (incr_is_pending(f->controller.incr));
}

static void
want(struct fixture *f, enum id_kind kind, const char *text, uint32_t n)
{
    struct str key = STR_EMPTY;

    controller_put_id_key(&key, kind, text);
    if (n) {
        incr_set(f->controller.incr, FACT_ID_WANTED, key.string, key.length,
                 &n, sizeof n);
    } else {
        incr_unset(f->controller.incr, FACT_ID_WANTED, key.string,
                   key.length);
    }
    str_uninit(&key);
}

/* The number that the text has; 0 if none. */
static uint32_t
number(struct fixture *f, enum id_kind kind, const char *text)
{
    const struct incr_group *group;
    struct str key = STR_EMPTY;

    controller_put_id_key(&key, kind, text);
    group = incr_find(f->controller.incr, FACT_ID, key.string, key.length);
    str_uninit(&key);
    return group && group->n ? get_u32(incr_group_value(group, 0)) : 0;
}

static void
test_numbers_come_and_go(void **state)
{
    struct fixture *f = *state;

    want(f, ID_GROUP, "a", 1);
    want(f, ID_GROUP, "b", 1);
    want(f, ID_METER, "a", 1);
    run(f);
    assert_int_not_equal(number(f, ID_GROUP, "a"), 0);
    assert_int_not_equal(number(f, ID_GROUP, "a"), number(f, ID_GROUP, "b"));
    assert_int_equal(number(f, ID_METER, "a"), 1);

    told[0] = '\0';
    want(f, ID_METER, "a", 0);
    run(f);
    assert_int_equal(number(f, ID_METER, "a"), 0);
    assert_string_equal(told, "-ma 1 ");
}

/* A zone that is used again at once would find the old one's connections. */
static void
test_number_is_not_used_again_at_once(void **state)
{
    struct fixture *f = *state;

    want(f, ID_ZONE, "a", 1);
    run(f);
    want(f, ID_ZONE, "a", 0);
    run(f);
    want(f, ID_ZONE, "b", 1);
    run(f);
    assert_int_equal(number(f, ID_ZONE, "b"), 2);
}

static void
test_conjunctions_are_in_a_row(void **state)
{
    struct fixture *f = *state;
    uint32_t a, b;

    want(f, ID_CONJUNCTION, "a", 5);
    want(f, ID_CONJUNCTION, "b", 3);
    run(f);
    a = number(f, ID_CONJUNCTION, "a");
    b = number(f, ID_CONJUNCTION, "b");
    assert_true(a + 5 <= b || b + 3 <= a);
    assert_string_equal(told, "");    /* The switch has no table of these. */
}

/* Whoever finds no number gets one as soon as there is one. */
static void
test_text_waits_for_a_number(void **state)
{
    struct fixture *f = *state;

    ids_set_zone_range(f->ids, "10-12");
    want(f, ID_ZONE, "a", 1);
    want(f, ID_ZONE, "b", 1);
    want(f, ID_ZONE, "c", 1);
    run(f);
    want(f, ID_ZONE, "d", 1);
    run(f);
    want(f, ID_ZONE, "e", 1);
    run(f);
    assert_int_equal(number(f, ID_ZONE, "d"), 0);

    want(f, ID_ZONE, "d", 0);          /* Not any more. */
    want(f, ID_ZONE, "f", 1);
    run(f);
    uint32_t free_ = number(f, ID_ZONE, "b");
    want(f, ID_ZONE, "b", 0);
    run(f);
    assert_int_equal(number(f, ID_ZONE, "e"), free_);
    assert_int_equal(number(f, ID_ZONE, "f"), 0);

    ids_set_zone_range(f->ids, "10-13");
    run(f);
    assert_int_equal(number(f, ID_ZONE, "f"), 13);
    assert_int_equal(number(f, ID_ZONE, "d"), 0);
}

static void
test_zones_move_into_a_new_range(void **state)
{
    struct fixture *f = *state;

    want(f, ID_ZONE, "a", 1);
    want(f, ID_ZONE, "b", 1);
    run(f);
    told[0] = '\0';
    ids_set_zone_range(f->ids, "2-9");
    run(f);
    assert_in_range(number(f, ID_ZONE, "a"), 2, 9);
    assert_in_range(number(f, ID_ZONE, "b"), 2, 9);
    assert_int_not_equal(number(f, ID_ZONE, "a"), number(f, ID_ZONE, "b"));
    assert_non_null(strstr(told, "-za 1") || strstr(told, "-zb 1")
                    ? told : NULL);
}

static void
test_bad_ranges_are_left_alone(void **state)
{
    static const char *const bad[] = { "", "5", "0-9", "9-5", "1-65536",
                                       "1-5x", "-5-9", "x" };
    struct fixture *f = *state;

    ids_set_zone_range(f->ids, "20-30");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ids_set_zone_range(f->ids, bad[i]);
    }
    want(f, ID_ZONE, "a", 1);
    run(f);
    assert_int_equal(number(f, ID_ZONE, "a"), 20);
}

static void
restore(struct fixture *f, const char *pairs)
{
    char *text = xasprintf(
        "{\"Open_vSwitch\":{\"00000001-0000-4000-8000-000000000001\":"
        "{\"insert\":{\"bridges\":[\"uuid\","
        "\"00000002-0000-4000-8000-000000000002\"]}}},"
        "\"Bridge\":{\"00000002-0000-4000-8000-000000000002\":"
        "{\"insert\":{\"name\":\"br-int\","
        "\"external_ids\":[\"map\",[%s]]}}}}", pairs);
    struct error *error = replica_testing_update(f->controller.vs, text);

    if (error) {
        fail_msg("%s", error_message(error));
    }
    free(text);
    ids_restore_zones(f->ids);
}

/* Connections are tracked under the zones of before a restart. */
static void
test_zones_are_restored(void **state)
{
    struct fixture *f = *state;

    restore(f, "[\"ct-zone-a\",\"700\"],[\"ct-zone-b\",\"700\"],"
            "[\"ct-zone-c\",\"0\"],[\"ct-zone-d\",\"x\"],"
            "[\"ct-zone-e\",\"701\"],[\"ct-zone-\",\"702\"]");
    want(f, ID_ZONE, "a", 1);
    want(f, ID_ZONE, "b", 1);
    want(f, ID_ZONE, "c", 1);
    run(f);
    assert_int_equal(number(f, ID_ZONE, "a"), 700);
    assert_in_range(number(f, ID_ZONE, "b"), 1, 2);
    assert_in_range(number(f, ID_ZONE, "c"), 1, 2);
    assert_null(strstr(told, "za"));   /* Its connections stay. */
}

static void
test_unwanted_zones_are_forgotten(void **state)
{
    struct fixture *f = *state;
    struct str s = STR_EMPTY;

    restore(f, "[\"ct-zone-a\",\"700\"],[\"ct-zone-e\",\"701\"]");
    want(f, ID_ZONE, "a", 1);
    run(f);
    ids_forget_unwanted(f->ids);
    ids_list(f->ids, ID_ZONE, &s);
    assert_string_equal(str_cstr(&s), "a 700\n");
    str_uninit(&s);
}

/* No number is given twice, and no one waits while one is free. */
static void
test_random_wants(void **state)
{
    enum { N_TEXTS = 40, N_ZONES = 25 };
    struct rng rng = { random_u64() };
    uint64_t seed = rng.state;
    bool wanted[N_TEXTS] = { false };
    struct fixture *f = *state;

    ids_set_zone_range(f->ids, "100-124");
    for (int step = 0; step < 2000; step++) {
        bool used[N_ZONES] = { false };
        size_t n_wanted = 0, n_used = 0;

        for (uint32_t i = 0; i <= rng_range(&rng, 4); i++) {
            unsigned int which = rng_range(&rng, N_TEXTS);
            char text[8];

            snprintf(text, sizeof text, "t%u", which);
            wanted[which] = !wanted[which];
            want(f, ID_ZONE, text, wanted[which]);
        }
        run(f);
        for (unsigned int i = 0; i < N_TEXTS; i++) {
            char text[8];
            uint32_t n;

            snprintf(text, sizeof text, "t%u", i);
            n = number(f, ID_ZONE, text);
            n_wanted += wanted[i];
            if (n && (n < 100 || n > 124 || used[n - 100] || !wanted[i])) {
                fail_msg("seed %#"PRIx64", step %d: %s has %"PRIu32, seed,
                         step, text, n);
            }
            if (n) {
                used[n - 100] = true;
                n_used++;
            }
        }
        if (n_used != MIN(n_wanted, N_ZONES)) {
            fail_msg("seed %#"PRIx64", step %d: %zu of %zu", seed, step,
                     n_used, n_wanted);
        }
    }
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_numbers_come_and_go),
        TEST(test_number_is_not_used_again_at_once),
        TEST(test_conjunctions_are_in_a_row),
        TEST(test_text_waits_for_a_number),
        TEST(test_zones_move_into_a_new_range),
        TEST(test_bad_ranges_are_left_alone),
        TEST(test_zones_are_restored),
        TEST(test_unwanted_zones_are_forgotten),
        TEST(test_random_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
