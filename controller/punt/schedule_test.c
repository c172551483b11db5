/* SPDX-License-Identifier: Apache-2.0 */
/* When packets go out that nobody asked for, by a clock that the test moves. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "controller/punt/schedule.h"
#include "lib/base/compiler.h"
#include "lib/base/random.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

COUNTER(schedule_test_postponed);
COUNTER(schedule_test_refused);

enum { RATE = 20, MAX_ENTRIES = 500 };

/* What send() was told: how often, for each key. */
static unsigned int n_sent[MAX_ENTRIES];
static unsigned int n_in_all;
static int64_t pause_ms;

static int64_t
send_key(const void *key, const void *value, unsigned int n,
         const struct outlet *outlet UNUSED, void *aux)
{
    uint32_t i = *(const uint32_t *) key;

    assert_ptr_equal(aux, n_sent);
    assert_int_equal(*(const uint64_t *) value, i * UINT64_C(3));
    assert_int_equal(n, n_sent[i]);
    n_sent[i]++;
    n_in_all++;
    return pause_ms;
}

static const struct schedule_class class = {
    .send = send_key, .rate = RATE, .max = MAX_ENTRIES,
    .postponed = &counter_schedule_test_postponed,
    .refused = &counter_schedule_test_refused,
};

static int
setup(void **state)
{
    memset(n_sent, 0, sizeof n_sent);
    n_in_all = 0;
    pause_ms = 1000;
    clock_warp_to((clock_ms() / 1000 + 2) * 1000);   /* A new second. */
    *state = schedule_create(&class, n_sent);
    return 0;
}

static int
teardown(void **state)
{
    schedule_destroy(*state);
    return 0;
}

static void
put(struct schedule *s, uint32_t i)
{
    uint64_t value = i * UINT64_C(3);

    n_sent[i] = 0;
    schedule_put(s, &i, sizeof i, &value, sizeof value);
}

/* An announcement that leaves before the port's flows are in the switch is
 * lost, and the next one comes a second later. */
static void
test_nothing_goes_out_before_its_flows(void **state)
{
    struct schedule *s = *state;

    put(s, 1);
    assert_false(schedule_release(s, 7, 6));
    put(s, 2);
    assert_false(schedule_release(s, 8, 6));
    assert_true(schedule_run(s, NULL) == INT64_MAX);
    assert_int_equal(n_in_all, 0);

    assert_true(schedule_release(s, 8, 7));
    schedule_run(s, NULL);
    assert_int_equal(n_sent[1], 1);
    assert_int_equal(n_sent[2], 0);

    assert_true(schedule_release(s, 9, 9));
    schedule_run(s, NULL);
    assert_int_equal(n_sent[2], 1);
    assert_false(schedule_release(s, 9, 9));
}

static void
test_entries_come_back_until_they_end(void **state)
{
    struct schedule *s = *state;
    int64_t start = clock_ms();

    put(s, 1);
    schedule_release(s, 1, 1);
    assert_true(schedule_run(s, NULL) == start + 1000);
    clock_warp_to(start + 999);
    schedule_run(s, NULL);
    assert_int_equal(n_sent[1], 1);

    clock_warp_to(start + 1000);
    pause_ms = -1;
    assert_true(schedule_run(s, NULL) == INT64_MAX);
    assert_int_equal(n_sent[1], 2);
}

/* One that is put again starts anew, with its number and its flows. */
static void
test_put_again_starts_anew(void **state)
{
    struct schedule *s = *state;

    put(s, 1);
    schedule_release(s, 1, 1);
    schedule_run(s, NULL);
    put(s, 1);
    assert_true(schedule_run(s, NULL) == INT64_MAX);
    put(s, 1);
    schedule_release(s, 2, 2);
    schedule_run(s, NULL);
    assert_int_equal(n_sent[1], 1);
    assert_int_equal(n_in_all, 2);
}

static void
test_removed_ones_are_not_sent(void **state)
{
    const uint32_t keys[] = { 1, 2, 3 };
    struct schedule *s = *state;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        put(s, keys[i]);
    }
    schedule_remove(s, &keys[0], sizeof keys[0]);     /* While it waits. */
    schedule_release(s, 1, 1);
    schedule_remove(s, &keys[1], sizeof keys[1]);     /* While it is due. */
    schedule_remove(s, &keys[1], sizeof keys[1]);
    schedule_run(s, NULL);
    assert_int_equal(n_sent[1], 0);
    assert_int_equal(n_sent[2], 0);
    assert_int_equal(n_sent[3], 1);
}

static void
test_rate_and_bound(void **state)
{
    uint64_t refused = counter_read("schedule_test_refused");
    struct schedule *s = *state;
    int64_t start = clock_ms();

    pause_ms = -1;
    for (uint32_t i = 0; i < MAX_ENTRIES; i++) {
        put(s, i);
    }
    put(s, 7);                   /* The place of the one before. */
    n_sent[MAX_ENTRIES - 1] = 0;
    schedule_put(s, &(uint64_t) { 1 }, sizeof(uint64_t), NULL, 0);
    assert_int_equal(counter_read("schedule_test_refused"),
                     refused + 1);
    schedule_release(s, 1, 1);
    for (unsigned int second = 0; second < MAX_ENTRIES / RATE; second++) {
        int64_t next = schedule_run(s, NULL);

        assert_int_equal(n_in_all, (second + 1) * RATE);
        assert_true(next == (n_in_all < MAX_ENTRIES
                             ? start + 1000 * (second + 1) : INT64_MAX));
        clock_warp_to(start + 1000 * (second + 1));
    }
}

/* A model: for each key, when it is due. */
static void
test_random_times(void **state UNUSED)
{
    static const struct schedule_class quick = { .send = send_key,
                                                 .rate = 1000000,
                                                 .max = MAX_ENTRIES };
    enum { N_KEYS = 50 };
    struct rng rng = { random_u64() };
    uint64_t seed = rng.state;
    int64_t due[N_KEYS];
    struct schedule *s = schedule_create(&quick, n_sent);

    for (uint32_t i = 0; i < N_KEYS; i++) {
        due[i] = INT64_MAX;
    }
    for (int step = 0; step < 3000; step++) {
        uint32_t i = rng_range(&rng, N_KEYS);
        int64_t next = INT64_MAX, told;

        if (rng_range(&rng, 4)) {
            put(s, i);
            due[i] = clock_ms();
        } else {
            schedule_remove(s, &i, sizeof i);
            due[i] = INT64_MAX;
        }
        schedule_release(s, step + 1, step + 1);
        pause_ms = 1 + rng_range(&rng, 300);
        told = schedule_run(s, NULL);
        for (uint32_t j = 0; j < N_KEYS; j++) {
            due[j] = due[j] <= clock_ms() ? clock_ms() + pause_ms : due[j];
            next = MIN(next, due[j]);
        }
        if (told != next) {
            fail_msg("seed %#jx, step %d: %jd is not %jd", (uintmax_t) seed,
                     step, (intmax_t) told, (intmax_t) next);
        }
        clock_warp_to(clock_ms() + 200 + rng_range(&rng, 100));
    }
    schedule_destroy(s);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_goes_out_before_its_flows),
        TEST(test_entries_come_back_until_they_end),
        TEST(test_put_again_starts_anew),
        TEST(test_removed_ones_are_not_sent),
        TEST(test_rate_and_bound),
        TEST(test_random_times),
    };

    clock_stop();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
