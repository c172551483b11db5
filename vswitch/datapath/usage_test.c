/* SPDX-License-Identifier: Apache-2.0 */

/* Shares of time: what was taken since some sample, of the time since then. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/runtime/cycles.h"
#include "vswitch/datapath/datapath.h"

int usage_tests(void);

#define STEP_S DPIF_USAGE_STEP_S

/* A datapath whose last of 'n' samples was made now, and what took as much as
 * 'shares' says, in percent, between a sample and the next. */
static struct dp *
make_history(struct dp_usage *usage, size_t n, const int *shares)
{
    const uint64_t step = cycles_per_second() * STEP_S;
    struct dp *dp = xzalloc(sizeof *dp);
    uint64_t start = cycles_now() - (n - 1) * step, taken = 0;

    *usage = (struct dp_usage) { .first = 0 };
    for (size_t i = 0; i < n; i++) {
        dp->sample_cycles[i % DP_N_SAMPLES] = start + i * step;
        usage->cycles[i % DP_N_SAMPLES] = taken;
        taken += i + 1 < n ? step * shares[i] / 100 : 0;
    }
    dp->n_samples = n;
    return dp;
}

static uint64_t
taken_by(const struct dp *dp, const struct dp_usage *usage)
{
    return usage->cycles[(dp->n_samples - 1) % DP_N_SAMPLES];
}

/* In percent, a little of it for the time that the test takes. */
static void
assert_share(const struct dp *dp, const struct dp_usage *usage,
             unsigned int seconds, int expected)
{
    double share = dp_usage_share(dp, usage, taken_by(dp, usage), seconds);

    assert_in_range((int) (100 * share + .5), expected ? expected - 5 : 0,
                    expected + 1);
}

static void
test_share_of_the_last_seconds(void **state UNUSED)
{
    static const int shares[] = { 10, 30, 50 };
    struct dp_usage usage;
    struct dp *dp = make_history(&usage, 4, shares);

    assert_share(dp, &usage, STEP_S, 50);
    assert_share(dp, &usage, 2 * STEP_S, 40);
    assert_share(dp, &usage, 3 * STEP_S, 30);
    assert_share(dp, &usage, DPIF_USAGE_MAX_S, 30);
    free(dp);
}

/* The oldest samples make room; what is older does not count. */
static void
test_history_is_bounded(void **state UNUSED)
{
    int shares[DP_N_SAMPLES + 10];
    struct dp_usage usage;
    struct dp *dp;

    for (size_t i = 0; i < ARRAY_SIZE(shares); i++) {
        shares[i] = i < 10 ? 100 : 20;
    }
    dp = make_history(&usage, ARRAY_SIZE(shares) + 1, shares);
    assert_share(dp, &usage, DPIF_USAGE_MAX_S, 20);
    free(dp);
}

/* Something new is not told of before it was there for a whole step. */
static void
test_nothing_is_known_of_the_new(void **state UNUSED)
{
    static const int shares[] = { 10, 30, 50 };
    struct dp_usage usage;
    struct dp *dp = make_history(&usage, 4, shares);

    usage.first = dp->n_samples;
    assert_true(dp_usage_share(dp, &usage, 0, STEP_S) < 0);
    usage.first = dp->n_samples - 1;
    assert_true(dp_usage_share(dp, &usage, taken_by(dp, &usage), STEP_S) < 0);
    usage.first = dp->n_samples - 2;
    assert_share(dp, &usage, DPIF_USAGE_MAX_S, 50);
    free(dp);
}

int
usage_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share_of_the_last_seconds),
        cmocka_unit_test(test_history_is_bounded),
        cmocka_unit_test(test_nothing_is_known_of_the_new),
    };

    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
