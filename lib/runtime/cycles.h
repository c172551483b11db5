/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CYCLES_H
#define RUNTIME_CYCLES_H

/* The processor's own counter of time: cheaper to read than any clock, for
 * measuring what threads do with their time.  It counts at a steady rate, also
 * while the thread does not run, and whatever clock_stop() says.
 *
 * Threads: any. */

#include <stdint.h>
#include <time.h>

static inline uint64_t
cycles_now(void)
{
#if defined __x86_64__ || defined __i386__
    return __builtin_ia32_rdtsc();
#elif defined __aarch64__
    uint64_t now;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r" (now));
    return now;
#else
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
#endif
}

/* From 'start' until 'end': 0 if processors' counters disagree so much that it
 * would be less. */
static inline uint64_t
cycles_between(uint64_t start, uint64_t end)
{
    return end > start ? end - start : 0;
}

/* How many there are a second, as measured since the first call, which the
 * main thread makes early on. */
double cycles_per_second(void);

#endif /* runtime/cycles.h */
