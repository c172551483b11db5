/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COUNTER_H
#define RUNTIME_COUNTER_H

/* Event counters, for coverage/show and coverage/read-counter.
 *
 *     COUNTER(jsonrpc_bad_message);          // once, in a .c file
 *     counter_inc(jsonrpc_bad_message);
 *
 * Threads: any; each adds to a copy of its own cache line, so that counting on
 * a fast path costs an increment. */

#include "lib/base/compiler.h"
#include "lib/base/str.h"

#define COUNTER_N_STRIPES 16

struct counter {
    const char *name;
    struct counter *next;
    uint64_t *stripes;            /* COUNTER_N_STRIPES, a cache line apart. */
    uint64_t last_total;          /* At the last counter_tick(). */
    uint32_t history[60 * 12];    /* By 5 s; a ring. */
};

void counter_register(struct counter *);
uint64_t *counter_stripe_(const struct counter *);

#define COUNTER(NAME) \
    static struct counter counter_##NAME = { .name = #NAME }; \
    static CONSTRUCTOR void \
    counter_init_##NAME(void) \
    { \
        counter_register(&counter_##NAME); \
    } \
    _Static_assert(true, "")

#define counter_add(NAME, N) \
    ((void) __atomic_fetch_add(counter_stripe_(&counter_##NAME), (N), \
                               __ATOMIC_RELAXED))
#define counter_inc(NAME) counter_add(NAME, 1)

/* Sum over all counters of that name; 0 if there is none. */
uint64_t counter_read(const char *name);

/* Called every 5 seconds by the daemon's timer; keeps the rates. */
void counter_tick(void);

/* The table of coverage/show: rates over 5 s, a minute and an hour, totals. */
void counter_show(struct str *);

#endif /* runtime/counter.h */
