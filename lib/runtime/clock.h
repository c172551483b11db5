/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_CLOCK_H
#define RUNTIME_CLOCK_H

/* Time as the program sees it.
 *
 * The monotonic clock drives timers.  A test can stop it and warp it forward
 * (control commands time/stop and time/warp); wall time moves along.
 * Threads: reading is safe from any; stop and warp are the main thread's. */

#include "lib/base/compiler.h"

/* Milliseconds and nanoseconds on the monotonic clock.  A thread that calls
 * clock_refresh(), as the main loop does once for each turn, gets the time of
 * its last clock_refresh() from clock_ms() (cheap); other threads get the time
 * now.  clock_ns() asks the kernel each time unless time is stopped. */
int64_t clock_ms(void);
int64_t clock_ns(void);

/* Milliseconds since 1970. */
int64_t clock_wall_ms(void);

/* Reads the clock anew for clock_ms() in this thread.  The loop calls this. */
void clock_refresh(void);

/* Stops the clock, for the rest of the process's life: from now on it moves
 * only by clock_warp() and clock_warp_to(), which also move a clock that
 * runs. */
void clock_stop(void);
bool clock_is_stopped(void);

/* Moves the clock forward by 'ms' and runs the timers that come due, in order
 * of their deadlines, with the clock at each one's deadline, and the steps
 * that they wake.  For unit tests; no I/O happens in between. */
void clock_warp(int64_t ms);

/* Moves the clock forward to clock_ms() 'deadline_ms' (never back) and runs
 * nothing: the loop's next turn finds what has come due. */
void clock_warp_to(int64_t deadline_ms);

#endif /* runtime/clock.h */
