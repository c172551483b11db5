/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/clock.h"

#include <time.h>

#include "lib/runtime/loop.h"

/* Once stopped, time is these two, which only the main thread writes. */
static bool stopped;
static int64_t stopped_ns;
static int64_t stopped_wall_ms;

/* What clock_refresh() read in this thread; 0 if it never did. */
static _Thread_local int64_t cached_ms;

static int64_t
read_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

bool
clock_is_stopped(void)
{
    return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE);
}

int64_t
clock_ns(void)
{
    return (UNLIKELY(clock_is_stopped())
            ? __atomic_load_n(&stopped_ns, __ATOMIC_RELAXED)
            : read_ns(CLOCK_MONOTONIC));
}

int64_t
clock_ms(void)
{
    if (LIKELY(cached_ms) && LIKELY(!clock_is_stopped())) {
        return cached_ms;
    }
    return clock_ns() / 1000000;
}

int64_t
clock_wall_ms(void)
{
    return (UNLIKELY(clock_is_stopped())
            ? __atomic_load_n(&stopped_wall_ms, __ATOMIC_RELAXED)
            : read_ns(CLOCK_REALTIME) / 1000000);
}

void
clock_refresh(void)
{
    cached_ms = clock_ns() / 1000000;
}

void
clock_stop(void)
{
    if (!stopped) {
        /* clock_ms() must not run backward. */
        clock_refresh();
        stopped_ns = cached_ms * 1000000;
        stopped_wall_ms = clock_wall_ms();
        __atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
    }
}

void
clock_warp_to(int64_t deadline_ms)
{
    int64_t delta_ms = deadline_ms - clock_ms();

    assert(stopped);
    if (delta_ms > 0) {
        __atomic_store_n(&stopped_ns, stopped_ns + delta_ms * 1000000,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&stopped_wall_ms, stopped_wall_ms + delta_ms,
                         __ATOMIC_RELAXED);
    }
}

void
clock_warp(int64_t ms)
{
    int64_t end_ms = clock_ms() + ms;

    for (;;) {
        int64_t next_ms = timer_next_deadline_ms();
        if (next_ms > end_ms) {
            break;
        }
        clock_warp_to(next_ms);
        timer_run_due();
        step_run_awake();
    }
    clock_warp_to(end_ms);
}
