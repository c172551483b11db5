/* SPDX-License-Identifier: Apache-2.0 */

/* The control commands that every daemon has.  Their texts are read by
 * scripts. */

#include "lib/daemon/standard.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/memory.h"
#include "lib/runtime/stopwatch.h"

#define COUNTER_TICK_MS 5000

/* General. */

static void
list_commands(struct control_conn *conn, int argc UNUSED,
              const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    control_list_commands(&s);
    control_reply_str(conn, &s);
}

static void
show_version(struct control_conn *conn, int argc UNUSED,
             const char *argv[] UNUSED, void *aux UNUSED)
{
    control_reply(conn, program_version());
}

static void
show_memory(struct control_conn *conn, int argc UNUSED,
            const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    memory_show(&s);
    control_reply_str(conn, &s);
}

/* Exit. */

static void (*exit_run)(int argc, const char *argv[], void *aux);
static void *exit_aux;
static bool is_exiting;
static VEC(struct control_conn *) exit_conns = VEC_EMPTY;

void
daemon_set_exit(void (*run)(int argc, const char *argv[], void *aux),
                void *aux)
{
    exit_run = run;
    exit_aux = aux;
}

bool
daemon_is_exiting(void)
{
    return is_exiting;
}

/* The answer waits for the end, so that who asked can rely on it. */
static void
exit_daemon(struct control_conn *conn, int argc, const char *argv[],
            void *aux UNUSED)
{
    vec_push(&exit_conns, conn);
    if (is_exiting) {
        return;
    }
    is_exiting = true;
    if (exit_run) {
        exit_run(argc, argv, exit_aux);
    } else {
        loop_stop();
    }
}

void
standard_finish(void)
{
    VEC_FOR_EACH (conn, &exit_conns) {
        control_reply(*conn, NULL);
    }
    vec_uninit(&exit_conns);
}

/* Log. */

static void
vlog_set(struct control_conn *conn, int argc, const char *argv[],
         void *aux UNUSED)
{
    struct error *error = NULL;

    if (argc == 1) {
        error = log_set("dbg");
    }
    for (int i = 1; i < argc && !error; i++) {
        error = log_set(argv[i]);
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
vlog_list(struct control_conn *conn, int argc UNUSED,
          const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    log_list(&s);
    control_reply_str(conn, &s);
}

static void
vlog_list_pattern(struct control_conn *conn, int argc UNUSED,
                  const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    log_list_patterns(&s);
    control_reply_str(conn, &s);
}

static void
vlog_reopen(struct control_conn *conn, int argc UNUSED,
            const char *argv[] UNUSED, void *aux UNUSED)
{
    struct error *error;

    if (!log_file_path()) {
        control_reply_error(conn, "Logging to file not configured");
        return;
    }
    error = log_reopen_file();
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
vlog_close(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    log_close_file();
    control_reply(conn, NULL);
}

static void
vlog_rate_limit(struct control_conn *conn, int argc, const char *argv[],
                void *on)
{
    struct error *error = argc == 1 ? log_set_limits(NULL, on) : NULL;

    for (int i = 1; i < argc && !error; i++) {
        error = log_set_limits(!strcmp(argv[i], "any") ? NULL : argv[i], on);
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

/* Counters. */

static struct timer counter_timer;

static void
tick_counters(void *aux UNUSED)
{
    counter_tick();
    timer_set(&counter_timer, COUNTER_TICK_MS);
}

static void
coverage_show(struct control_conn *conn, int argc UNUSED,
              const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    counter_show(&s);
    control_reply_str(conn, &s);
}

/* Counters of other programs of this kind that scripts ask for, whether or
 * not the event exists here: it has never happened then. */
static const char *const foreign_counters[] = { "dp_packet_batch_grow" };

static bool
is_foreign_counter(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(foreign_counters); i++) {
        if (!strcmp(name, foreign_counters[i])) {
            return true;
        }
    }
    return false;
}

static void
coverage_read_counter(struct control_conn *conn, int argc UNUSED,
                      const char *argv[], void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    if (!counter_exists(argv[1]) && !is_foreign_counter(argv[1])) {
        control_reply_error(conn, "No such counter");
        return;
    }
    str_put_uint(&s, counter_read(argv[1]));
    control_reply_str(conn, &s);
}

/* Stopwatches. */

static void
show_stopwatches(struct control_conn *conn, int argc, const char *argv[],
                 void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    struct error *error = stopwatch_show(argc > 1 ? argv[1] : NULL, &s);

    if (error) {
        control_reply_take_error(conn, error);
        str_uninit(&s);
    } else {
        control_reply_str(conn, &s);
    }
}

/* Of one that is not, or not yet, there is nothing to reset. */
static void
reset_stopwatches(struct control_conn *conn, int argc, const char *argv[],
                  void *aux UNUSED)
{
    error_free(stopwatch_reset(argc > 1 ? argv[1] : NULL));
    control_reply(conn, NULL);
}

/* Time, for tests. */

/* A warp under way.  It goes from deadline to deadline, and lets the loop turn
 * at each, so that the program does in between whatever it would have. */
struct warp {
    struct control_conn *conn;
    int64_t end_ms;
    int64_t step_ms;            /* The loop turns at least so often. */
    int n_idle_turns;           /* Yet to come at the end. */
};

static void
time_stop(struct control_conn *conn, int argc UNUSED,
          const char *argv[] UNUSED, void *aux UNUSED)
{
    clock_stop();
    control_reply(conn, NULL);
}

static void
go_on_warping(void *warp_)
{
    struct warp *warp = warp_;

    if (clock_ms() < warp->end_ms) {
        int64_t next_ms = MIN(warp->end_ms, clock_ms() + warp->step_ms);

        next_ms = MIN(next_ms, MAX(timer_next_deadline_ms(), clock_ms() + 1));
        clock_warp_to(next_ms);
        loop_post(go_on_warping, warp);
    } else if (warp->n_idle_turns--) {
        loop_post(go_on_warping, warp);
    } else {
        control_reply(warp->conn, "warped");
        free(warp);
    }
}

/* time/warp MSECS, or time/warp LARGE_MSECS MSECS: LARGE_MSECS in steps of
 * MSECS. */
static void
time_warp(struct control_conn *conn, int argc, const char *argv[],
          void *aux UNUSED)
{
    int total_ms, step_ms;

    if (!text_to_int_range(argv[1], 1, INT_MAX, &total_ms)
        || !text_to_int_range(argv[argc - 1], 1, INT_MAX, &step_ms)) {
        control_reply_error(conn, "invalid MSECS");
        return;
    }
    struct warp *warp = xmalloc(sizeof *warp);
    *warp = (struct warp) {
        .conn = conn,
        .end_ms = clock_ms() + total_ms,
        .step_ms = step_ms,
        .n_idle_turns = 1,
    };
    loop_post(go_on_warping, warp);
}

/* The table. */

static const struct {
    const char *name;
    const char *usage;
    int min_args, max_args;
    control_fn *run;
    bool on;
} rows[] = {
    { "list-commands", "", 0, 0, list_commands, false },
    { "version", "", 0, 0, show_version, false },
    { "exit", "", 0, INT_MAX, exit_daemon, false },
    { "memory/show", "", 0, 0, show_memory, false },
    { "vlog/set", "{spec | PATTERN:destination:pattern}", 0, INT_MAX,
      vlog_set, false },
    { "vlog/list", "", 0, 0, vlog_list, false },
    { "vlog/list-pattern", "", 0, 0, vlog_list_pattern, false },
    { "vlog/reopen", "", 0, 0, vlog_reopen, false },
    { "vlog/close", "", 0, 0, vlog_close, false },
    { "vlog/enable-rate-limit", "[module]...", 0, INT_MAX, vlog_rate_limit,
      true },
    { "vlog/disable-rate-limit", "[module]...", 0, INT_MAX, vlog_rate_limit,
      false },
    { "coverage/show", "", 0, 0, coverage_show, false },
    { "coverage/read-counter", "COUNTER", 1, 1, coverage_read_counter,
      false },
    { "stopwatch/show", "[NAME]", 0, 1, show_stopwatches, false },
    { "stopwatch/reset", "[NAME]", 0, 1, reset_stopwatches, false },
    { "time/stop", NULL, 0, 0, time_stop, false },
    { "time/warp", NULL, 1, 2, time_warp, false },
};

void
control_register_standard(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        control_register(rows[i].name, rows[i].usage, rows[i].min_args,
                         rows[i].max_args, rows[i].run,
                         rows[i].on ? (void *) &rows[i] : NULL);
    }
    timer_init(&counter_timer, tick_counters, NULL);
    timer_set(&counter_timer, COUNTER_TICK_MS);
}
