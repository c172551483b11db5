/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_STOPWATCH_H
#define RUNTIME_STOPWATCH_H

/* How long a named piece of work takes: number, extremes, 95th percentile and
 * moving averages, for stopwatch/show.
 *
 *     static struct stopwatch *build;            // once
 *     build = stopwatch_create("build_lflows", STOPWATCH_MS);
 *
 *     stopwatch_start(build);
 *     ...
 *     stopwatch_stop(build);
 *
 * Threads: any, but one stopwatch is started and stopped by one at a time.
 * Cost: two clock readings; 4 kB for each stopwatch. */

#include "lib/base/compiler.h"
#include "lib/base/error.h"
#include "lib/base/str.h"

enum stopwatch_unit {
    STOPWATCH_MS,
    STOPWATCH_US,
    STOPWATCH_NS,
};

struct stopwatch;

/* Returns the stopwatch of that name, which lives as long as the process;
 * creates it at the first call. */
struct stopwatch *stopwatch_create(const char *name, enum stopwatch_unit);

/* stopwatch_stop() without a start before it counts nothing. */
void stopwatch_start(struct stopwatch *);
void stopwatch_stop(struct stopwatch *);

/* Counts a sample that was measured otherwise. */
void stopwatch_add_ns(struct stopwatch *, int64_t ns);

/* Statistics of 'name', or of all in order of their names if NULL. */
struct error *stopwatch_show(const char *name, struct str *) MUST_USE;
struct error *stopwatch_reset(const char *name) MUST_USE;

#endif /* runtime/stopwatch.h */
