/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_COUNTER_H
#define RUNTIME_COUNTER_H

/* Event counters, for coverage/show and coverage/read-counter.
 *
 *     COUNTER(jsonrpc_bad_message);          // once, in a .c file
 *     counter_inc(jsonrpc_bad_message);
 *
 * Threads: any; each adds to cells of its own, so that counting on a fast path
 * costs an increment of thread-local memory. */

#include "lib/base/compiler.h"
#include "lib/base/str.h"

#define COUNTER_MAX 1024          /* Counters in a program. */
#define COUNTER_N_HISTORY 720     /* An hour in steps of 5 s. */

struct counter {
    const char *name;
    size_t index;                 /* In each thread's cells. */
    uint64_t last_total;          /* At the last counter_tick(). */
    uint32_t history[COUNTER_N_HISTORY]; /* By 5 s; a ring. */
};

/* Called by COUNTER() before main(). */
void counter_register(struct counter *);

/* This thread's cells; NULL before its first count. */
extern _Thread_local uint64_t *counter_cells_;
uint64_t *counter_create_cells_(void);

#define COUNTER(NAME) \
    static struct counter counter_##NAME = { .name = #NAME }; \
    static CONSTRUCTOR void \
    counter_init_##NAME(void) \
    { \
        counter_register(&counter_##NAME); \
    } \
    _Static_assert(true, "")

static inline void
counter_add_(const struct counter *counter, uint64_t n)
{
    uint64_t *cells = (LIKELY(counter_cells_) ? counter_cells_
                       : counter_create_cells_());
    uint64_t *cell = &cells[counter->index];

    /* This thread alone writes; readers need no more than a whole word. */
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n,
                     __ATOMIC_RELAXED);
}

#define counter_add(NAME, N) counter_add_(&counter_##NAME, N)
#define counter_inc(NAME) counter_add(NAME, 1)

/* Sum over all counters of that name; 0 if there is none. */
uint64_t counter_read(const char *name);

/* Whether a counter of that name exists. */
bool counter_exists(const char *name);

/* Called every 5 seconds by the daemon's timer; keeps the rates. */
void counter_tick(void);

/* The table of coverage/show: rates over 5 s, a minute and an hour, totals. */
void counter_show(struct str *);

#endif /* runtime/counter.h */
