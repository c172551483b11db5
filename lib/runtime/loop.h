/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_LOOP_H
#define RUNTIME_LOOP_H

/* The event loop of the main thread (over libuv).
 *
 * One turn: wait for I/O or a timer; run I/O callbacks, which only read, parse
 * and queue; run due timers; then run each woken step, in the order in which
 * steps were initialised, until none is awake; then wait again.  A step does
 * the work that the input made necessary and writes the output, once for each
 * turn however much came in.
 *
 * Threads: everything here belongs to the main thread, but for loop_post(). */

#include <uv.h>

#include "lib/base/list.h"

/* The main thread's libuv loop, created at first use.  Use it for what libuv
 * has and this header does not wrap: streams, polls, processes, signals. */
uv_loop_t *loop_uv(void);

/* Whether it exists by now, after which the process must not fork() to go on
 * with it in the child. */
bool loop_is_created(void);

/* Runs turns until loop_stop(). */
void loop_run(void);

/* Ends loop_run() at the end of this turn. */
void loop_stop(void);

/* Runs one turn.  Waits for something to happen if 'wait'; otherwise handles
 * what is already there.  For short-lived tools and tests. */
void loop_turn(bool wait);

/* Closes what the loop itself holds.  For a clean end under leak checkers. */
void loop_uninit(void);

/* A piece of work at the end of a turn. */
struct step {
    struct list node;       /* In the list of all steps. */
    const char *name;
    void (*run)(void *aux);
    void *aux;
    bool awake;
    bool late;              /* Made by step_init_late(). */
    uint64_t n_runs;
};

/* Registers 'step', which the caller keeps until step_uninit().  A step may
 * uninit itself and others from within its run. */
void step_init(struct step *, const char *name, void (*run)(void *aux),
               void *aux);

/* Likewise a step that runs only when no other is awake: for output, which
 * should leave once for all that the others have to say. */
void step_init_late(struct step *, const char *name, void (*run)(void *aux),
                    void *aux);
void step_uninit(struct step *);

/* Makes 'step' run at the end of this turn (or, from within a step, of the
 * same turn again). */
void step_wake(struct step *);

/* A timer on clock_ms().  One shot; set it again from its callback to
 * repeat.  Timers run in the order of their deadlines, those of one deadline
 * in the order in which they were set. */
struct timer {
    size_t heap_index;      /* 0 if not set. */
    int64_t deadline_ms;
    uint64_t sequence;      /* Later set, greater. */
    void (*run)(void *aux);
    void *aux;
};

/* No registration: a timer that is not set needs no timer_stop(). */
void timer_init(struct timer *, void (*run)(void *aux), void *aux);

/* Runs the callback 'delay_ms' from now; replaces an earlier setting. */
void timer_set(struct timer *, int64_t delay_ms);

/* Likewise at clock_ms() 'deadline_ms'. */
void timer_set_at(struct timer *, int64_t deadline_ms);
void timer_stop(struct timer *);

static inline bool
timer_is_set(const struct timer *timer)
{
    return timer->heap_index != 0;
}

/* Waits for events on a file descriptor that is not a libuv stream, such as a
 * netlink or packet socket.  A pending error on the socket counts as both
 * events: the callback must read or write to collect it. */
struct watch {
    uv_poll_t *poll;        /* NULL if not started. */
    int fd;
    int events;             /* What watch_set() chose. */
    void (*run)(int events, void *aux);   /* UV_READABLE | UV_WRITABLE. */
    void *aux;
};

/* 'fd' is pollable (no plain file) and becomes non-blocking. */
void watch_init(struct watch *, int fd, void (*run)(int events, void *aux),
                void *aux);

/* Chooses the events; 0 pauses. */
void watch_set(struct watch *, int events);

/* Ends the watch; 'fd' is the caller's to close, after this. */
void watch_uninit(struct watch *);

/* Runs 'run(aux)' on the main thread soon, in the order of the calls.
 * Threads: any; but the main thread must have called loop_uv() before. */
void loop_post(void (*run)(void *aux), void *aux);

/* The loop's own parts, for clock.c. */

/* The earliest deadline, INT64_MAX if no timer is set. */
int64_t timer_next_deadline_ms(void);

/* Runs the timers that are due, but not those set meanwhile. */
void timer_run_due(void);

/* Runs steps until none is awake. */
void step_run_awake(void);

#endif /* runtime/loop.h */
