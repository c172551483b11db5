/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/cycles.h"

#include <pthread.h>

/* For less time than that, the rate is not known well. */
#define MIN_MEASURE_NS 1000000

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t first_cycles, first_ns;

static uint64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static void
start(void)
{
    first_ns = now_ns();
    first_cycles = cycles_now();
}

double
cycles_per_second(void)
{
    uint64_t ns, cycles;

    pthread_once(&once, start);
    do {
        ns = now_ns() - first_ns;
        cycles = cycles_now() - first_cycles;
    } while (ns < MIN_MEASURE_NS);
    return cycles * 1e9 / ns;
}
