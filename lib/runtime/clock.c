/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/clock.h"

#include <time.h>

#include "lib/runtime/loop.h"

/* What the kernel's clocks are ahead of by warps, ns; once time is stopped,
 * the whole of it.  Only the main thread writes. */
static bool stopped;
static int64_t monotonic_ns;
static int64_t wall_ns;

/* What clock_refresh() read in this thread; 0 if it never did. */
static _Thread_local int64_t cached_ms;

bool
clock_is_stopped(void)
{
    return __atomic_load_n(&stopped, __ATOMIC_ACQUIRE);
}

static int64_t
read_ns(clockid_t id, const int64_t *base_ns)
{
    int64_t ns = __atomic_load_n(base_ns, __ATOMIC_RELAXED);
    struct timespec ts;

    if (UNLIKELY(clock_is_stopped())) {
        return ns;
    }
    clock_gettime(id, &ts);
    return ns + ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

int64_t
clock_ns(void)
{
    return read_ns(CLOCK_MONOTONIC, &monotonic_ns);
}

int64_t
clock_ms(void)
{
    return LIKELY(cached_ms) ? cached_ms : clock_ns() / 1000000;
}

int64_t
clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME, &wall_ns) / 1000000;
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
        int64_t now_ns = clock_ns();
        int64_t now_wall_ns = read_ns(CLOCK_REALTIME, &wall_ns);

        __atomic_store_n(&monotonic_ns, now_ns, __ATOMIC_RELAXED);
        __atomic_store_n(&wall_ns, now_wall_ns, __ATOMIC_RELAXED);
        __atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
        clock_refresh();
    }
}

void
clock_warp_to(int64_t deadline_ms)
{
    int64_t delta_ns = deadline_ms * 1000000 - clock_ns();

    if (delta_ns > 0) {
        __atomic_fetch_add(&monotonic_ns, delta_ns, __ATOMIC_RELAXED);
        __atomic_fetch_add(&wall_ns, delta_ns, __ATOMIC_RELAXED);
        clock_refresh();
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
