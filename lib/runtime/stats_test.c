/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, memory report, stopwatches, worker pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/memory.h"
#include "lib/runtime/pool.h"
#include "lib/runtime/stopwatch.h"

COUNTER(test_event);
COUNTER(test_never);

int stats_tests(void);

static void *
count(void *aux)
{
    for (int i = 0; i < 100000; i++) {
        counter_inc(test_event);
    }
    return NULL;
}

/* Counts of threads that run and of threads that have ended add up. */
static void
test_no_count_is_lost(void **state)
{
    pthread_t threads[4];

    count(NULL);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(counter_read("test_event"), 500000);
    assert_int_equal(counter_read("nosuch"), 0);
    assert_false(counter_exists("nosuch"));
    assert_true(counter_exists("test_never"));
}

static void
test_rates(void **state)
{
    struct str s = STR_EMPTY;

    counter_tick();
    counter_add(test_event, 50);
    counter_tick();
    counter_show(&s);
    assert_non_null(strstr(str_cstr(&s),
        "\ntest_event                10.0/sec  8334.167/sec      138.9028/sec"
        "   total: 500050\n"));
    assert_non_null(strstr(str_cstr(&s), "events never hit\n"));
    assert_null(strstr(str_cstr(&s), "test_never"));
    str_uninit(&s);
}

static void
report(struct memory_usage *usage, void *n)
{
    memory_add(usage, "rows", *(int *) n);
    memory_add(usage, "atoms", 1);
}

static void
test_memory_adds_up_reports(void **state)
{
    struct str s = STR_EMPTY;
    int a = 3, b = 4;

    memory_register(report, &a);
    memory_register(report, &b);
    memory_show(&s);
    assert_string_equal(str_cstr(&s), "atoms:2 rows:7");
    memory_unregister(report, &a);
    str_clear(&s);
    memory_show(&s);
    assert_string_equal(str_cstr(&s), "atoms:1 rows:4");
    memory_unregister(report, &b);
    str_uninit(&s);
    assert_true(memory_rss_bytes() > 100 * 1024);
}

static void
test_stopwatch_statistics(void **state)
{
    struct stopwatch *sw = stopwatch_create("work", STOPWATCH_US);
    struct str s = STR_EMPTY;
    double p95;

    assert_ptr_equal(sw, stopwatch_create("work", STOPWATCH_US));
    for (int i = 1; i <= 1000; i++) {
        stopwatch_add_ns(sw, i * 1000);
    }
    stopwatch_stop(sw);
    assert_null(stopwatch_show("work", &s));
    assert_non_null(strstr(str_cstr(&s), "Statistics for 'work'\n"
                                         "  Total samples: 1000\n"
                                         "  Maximum: 1000 usec\n"
                                         "  Minimum: 1 usec\n"));
    const char *p = strstr(str_cstr(&s), "95th percentile: ");
    assert_int_equal(sscanf(p, "95th percentile: %lf usec", &p95), 1);
    assert_true(p95 > 950 * 31 / 32. && p95 < 950 * 33 / 32.);

    str_clear(&s);
    assert_null(stopwatch_reset(NULL));
    assert_null(stopwatch_show(NULL, &s));
    assert_non_null(strstr(str_cstr(&s), "Total samples: 0\n"));
    str_uninit(&s);
    struct error *error = stopwatch_show("nosuch", &s);
    assert_non_null(error);
    error_free(error);
}

struct job {
    uint8_t *visits;
    unsigned int n_workers;
};

static void
visit(void *job_, size_t begin, size_t end, unsigned int worker)
{
    struct job *job = job_;

    assert_true(worker < job->n_workers);
    for (size_t i = begin; i < end; i++) {
        job->visits[i]++;
    }
}

/* Every item exactly once, for any number of threads and grain. */
static void
test_pool_covers_each_item_once(void **state)
{
    static const size_t sizes[] = { 0, 1, 7, 1000, 4096 };
    static const size_t grains[] = { 0, 1, 16, 5000 };

    for (unsigned int n_threads = 1; n_threads <= 4; n_threads++) {
        struct pool *pool = pool_create(n_threads);

        assert_int_equal(pool_n_threads(pool), n_threads);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            for (size_t j = 0; j < ARRAY_SIZE(grains); j++) {
                struct job job = { xzalloc(sizes[i] + 1), n_threads };

                pool_for(pool, sizes[i], grains[j], visit, &job);
                for (size_t k = 0; k < sizes[i]; k++) {
                    assert_int_equal(job.visits[k], 1);
                }
                free(job.visits);
            }
        }
        pool_destroy(pool);
    }
    pool_destroy(NULL);
}

int
stats_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_count_is_lost),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_memory_adds_up_reports),
        cmocka_unit_test(test_stopwatch_statistics),
        cmocka_unit_test(test_pool_covers_each_item_once),
    };

    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
