/* SPDX-License-Identifier: Apache-2.0 */

/* The smallest daemon: the pattern to begin a new one from, and what the tests
 * of lib/daemon drive. */

#include <limits.h>
#include <stdio.h>

#include "lib/base/alloc.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(exampled);

COUNTER(exampled_tick);

static unsigned int interval_ms = 1000;
static struct timer timer;

static void
tick(void *aux UNUSED)
{
    counter_inc(exampled_tick);
    timer_set(&timer, interval_ms);
}

static void
echo(struct control_conn *conn, int argc, const char *argv[],
     void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    for (int i = 1; i < argc; i++) {
        str_printf(&s, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    control_reply_str(conn, &s);
}

static void
crash(struct control_conn *conn UNUSED, int argc UNUSED,
      const char *argv[] UNUSED, void *aux UNUSED)
{
    abort_msg("asked to crash");
}

static const struct option_row rows[] = {
    { "interval", 0, OPTION_REQUIRED, "MS", "count each MS milliseconds",
      option_set_uint, &interval_ms },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[5])
{
    groups[0] = (struct option_group) { "Options", rows, ARRAY_SIZE(rows) };
    groups[1] = daemon_options();
    groups[2] = tls_options();
    groups[3] = log_options();
    groups[4] = help_options(usage);
    return 5;
}

static void
usage(void)
{
    struct option_group groups[5];
    size_t n = make_groups(groups);

    printf("%s: counts the time\nusage: %s [OPTIONS]\n", program_name(),
           program_name());
    options_print_help(groups, n);
}

int
main(int argc, char *argv[])
{
    struct option_group groups[5];

    program_init(argv[0], DIRS_OVS);
    if (options_parse(argc, argv, groups, make_groups(groups), 0) < argc) {
        program_fatal("no arguments are taken (use --help for help)");
    }
    daemon_start();
    control_register("example/echo", "[WORD...]", 0, INT_MAX, echo, NULL);
    control_register("example/crash", "", 0, 0, crash, NULL);
    timer_init(&timer, tick, NULL);
    timer_set(&timer, interval_ms);
    log_info("started");
    daemon_ready();
    loop_run();
    timer_stop(&timer);
    daemon_finish();
    return 0;
}
