/* SPDX-License-Identifier: Apache-2.0 */
/* The loop, timers against a naive model, steps, watches, posts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/random.h"
#include "lib/base/str.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"

int loop_tests(void);

static struct str trace;

static void
note(void *word)
{
    str_put(&trace, word);
}

static void
assert_trace(const char *expected)
{
    assert_string_equal(str_cstr(&trace), expected);
    str_clear(&trace);
}

static void
stop_loop(void *aux)
{
    loop_stop();
}

/* With the real clock: a timer ends the wait, and not early. */
static void
test_timer_ends_the_wait(void **state)
{
    struct timer timer;

    timer_init(&timer, stop_loop, NULL);
    clock_refresh();
    int64_t start_ms = clock_ms();
    timer_set(&timer, 20);
    loop_run();
    assert_true(clock_ms() >= start_ms + 20);
    assert_false(timer_is_set(&timer));
}

static void
add_one(void *n)
{
    ++*(int *) n;
}

static void *
post_many(void *n)
{
    for (int i = 0; i < 1000; i++) {
        loop_post(add_one, n);
    }
    loop_post(stop_loop, NULL);
    return NULL;
}

/* Worker threads report through loop_post(); none may get lost. */
static void
test_posts_of_another_thread_all_arrive(void **state)
{
    pthread_t thread;
    int n = 0;

    loop_uv();
    assert_int_equal(pthread_create(&thread, NULL, post_many, &n), 0);
    loop_run();
    pthread_join(thread, NULL);
    assert_int_equal(n, 1000);
}

struct chain {
    struct step a, b;
    int n;
};

static void
run_a(void *chain_)
{
    struct chain *chain = chain_;

    note("a");
    if (chain->n-- > 0) {
        step_wake(&chain->b);
    }
}

static void
run_b(void *chain_)
{
    struct chain *chain = chain_;

    note("b");
    step_wake(&chain->a);
}

/* Steps run in the order of their registration, however they were woken, and
 * again within the turn when they wake each other. */
static void
test_steps_run_until_none_is_awake(void **state)
{
    struct chain chain = { .n = 1 };

    step_init(&chain.a, "a", run_a, &chain);
    step_init(&chain.b, "b", run_b, &chain);
    step_wake(&chain.b);
    step_wake(&chain.a);
    loop_turn(false);
    assert_trace("aba");
    assert_int_equal(chain.a.n_runs, 2);
    step_uninit(&chain.a);
    step_uninit(&chain.b);
}

/* Output leaves once, after everything that has something to say. */
static void
test_late_step_runs_after_the_others(void **state)
{
    struct chain chain = { .n = 2 };
    struct step late;

    step_init_late(&late, "late", note, (void *) "z");
    step_init(&chain.a, "a", run_a, &chain);
    step_init(&chain.b, "b", run_b, &chain);
    step_wake(&late);
    step_wake(&chain.a);
    loop_turn(false);
    assert_trace("ababaz");
    step_uninit(&chain.a);
    step_uninit(&chain.b);
    step_wake(&late);
    step_uninit(&late);
    loop_turn(false);
    assert_trace("");
}

static void
run_forever(void *step)
{
    step_wake(step);
}

/* A step that always wakes itself must not keep the loop from I/O. */
static void
test_restless_step_lets_the_loop_turn(void **state)
{
    struct step step;

    step_init(&step, "restless", run_forever, &step);
    step_wake(&step);
    loop_turn(true);
    loop_turn(true);
    assert_true(step.n_runs >= 2);
    step_uninit(&step);
    loop_turn(false);
}

static void
uninit_other(void *other)
{
    step_uninit(other);
}

static void
test_step_may_remove_the_next(void **state)
{
    struct step first, second, third;

    step_init(&first, "first", uninit_other, &second);
    step_init(&second, "second", note, (void *) "2");
    step_init(&third, "third", note, (void *) "3");
    step_wake(&first);
    step_wake(&second);
    step_wake(&third);
    loop_turn(false);
    assert_trace("3");
    step_uninit(&first);
    step_uninit(&third);
}

struct reader {
    struct watch watch;
    char buffer[16];
    ssize_t n;
    int error;
};

static void
read_all(int events, void *reader_)
{
    struct reader *reader = reader_;

    reader->n = read(reader->watch.fd, reader->buffer, sizeof reader->buffer);
    reader->error = reader->n < 0 ? errno : 0;
    loop_stop();
}

static void
test_watch_reads_when_there_is_something(void **state)
{
    struct reader reader = { .n = -1 };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    watch_init(&reader.watch, fds[0], read_all, &reader);
    watch_set(&reader.watch, UV_READABLE);
    loop_turn(false);
    assert_int_equal(reader.n, -1);

    assert_int_equal(write(fds[1], "hello", 5), 5);
    loop_run();
    assert_int_equal(reader.n, 5);

    watch_uninit(&reader.watch);
    loop_turn(false);
    close(fds[0]);
    close(fds[1]);
}

/* Netlink and packet sockets report overruns as a pending socket error.
 * libuv stops polling then; the watch must go on. */
static void
test_watch_survives_a_socket_error(void **state)
{
    struct sockaddr_in { uint16_t family, port; uint32_t addr; char pad[8]; }
        nowhere = { AF_INET, 0x0100, 0x0100007f, { 0 } };
    struct reader reader = { .n = 0 };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(connect(fd, (void *) &nowhere, sizeof nowhere), 0);
    watch_init(&reader.watch, fd, read_all, &reader);
    watch_set(&reader.watch, UV_READABLE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(send(fd, "x", 1, 0), 1);
        loop_run();
        assert_int_equal(reader.n, -1);
        assert_int_equal(reader.error, ECONNREFUSED);
        reader.n = 0;
    }
    watch_uninit(&reader.watch);
    loop_turn(false);
    close(fd);
}

/* Stopped clock from here on. */

#define N_TIMERS 200

struct model_timer {
    struct timer timer;
    bool set;
    int64_t deadline_ms;
    uint64_t order;
};

static struct model_timer model[N_TIMERS];
static uint64_t model_order;

/* The one that must run next, by looking at all. */
static struct model_timer *
model_next(void)
{
    struct model_timer *best = NULL;

    for (size_t i = 0; i < N_TIMERS; i++) {
        struct model_timer *t = &model[i];

        if (t->set && (!best || t->deadline_ms < best->deadline_ms
                       || (t->deadline_ms == best->deadline_ms
                           && t->order < best->order))) {
            best = t;
        }
    }
    return best;
}

static void
model_run(void *timer_)
{
    struct model_timer *timer = timer_;

    assert_ptr_equal(timer, model_next());
    assert_true(clock_ms() == timer->deadline_ms);
    timer->set = false;
}

static void
test_timers_run_in_the_order_of_a_naive_model(void **state)
{
    uint64_t seed = random_u64();
    struct rng rng = { seed };

    print_message("seed %llu\n", (unsigned long long) seed);
    clock_stop();
    for (size_t i = 0; i < N_TIMERS; i++) {
        timer_init(&model[i].timer, model_run, &model[i]);
    }
    for (int i = 0; i < 20000; i++) {
        struct model_timer *t = &model[rng_range(&rng, N_TIMERS)];

        switch (rng_range(&rng, 8)) {
        case 0:
            timer_stop(&t->timer);
            t->set = false;
            break;
        case 1:
            clock_warp(rng_range(&rng, 30));
            break;
        default:
            t->set = true;
            t->deadline_ms = clock_ms() + rng_range(&rng, 200);
            t->order = model_order++;
            timer_set_at(&t->timer, t->deadline_ms);
            break;
        }
        assert_true(t->set == timer_is_set(&t->timer));
    }
    clock_warp(200);
    assert_null(model_next());
    assert_true(timer_next_deadline_ms() == INT64_MAX);
}

static void
note_and_repeat(void *timer)
{
    note((void *) "t");
    timer_set(timer, 10);
}

static void
test_warp_runs_a_repeating_timer_each_time(void **state)
{
    struct timer timer;

    clock_stop();
    int64_t wall_ms = clock_wall_ms();
    timer_init(&timer, note_and_repeat, &timer);
    timer_set(&timer, 10);
    clock_warp(35);
    assert_trace("ttt");
    assert_true(clock_wall_ms() == wall_ms + 35);
    clock_warp_to(clock_ms() + 100);
    assert_trace("");
    loop_turn(true);
    assert_trace("t");
    timer_stop(&timer);
}

static void
repeat_at_once(void *timer)
{
    note((void *) "t");
    timer_set(timer, 0);
}

static void
test_timer_without_delay_runs_once_a_turn(void **state)
{
    struct timer timer;

    timer_init(&timer, repeat_at_once, &timer);
    timer_set(&timer, 0);
    loop_turn(true);
    assert_trace("t");
    timer_stop(&timer);
}

static int
teardown(void **state)
{
    str_uninit(&trace);
    loop_uninit();
    return 0;
}

int
loop_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_ends_the_wait),
        cmocka_unit_test(test_posts_of_another_thread_all_arrive),
        cmocka_unit_test(test_steps_run_until_none_is_awake),
        cmocka_unit_test(test_late_step_runs_after_the_others),
        cmocka_unit_test(test_restless_step_lets_the_loop_turn),
        cmocka_unit_test(test_step_may_remove_the_next),
        cmocka_unit_test(test_watch_reads_when_there_is_something),
        cmocka_unit_test(test_watch_survives_a_socket_error),
        cmocka_unit_test(test_timers_run_in_the_order_of_a_naive_model),
        cmocka_unit_test(test_warp_runs_a_repeating_timer_each_time),
        cmocka_unit_test(test_timer_without_delay_runs_once_a_turn),
    };

    return cmocka_run_group_tests_name("loop", tests, NULL, teardown);
}
