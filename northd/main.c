/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-northd: options and control commands. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "northd/northd.h"

LOG_MODULE(ovn_northd)

#define MAX_THREADS 256

static struct northd_config config = { .n_threads = 1 };
static struct northd *northd;

static struct error *
set_threads(void *target, const char *argument)
{
    unsigned int *n = target;
    int value;

    if (!text_to_int(argument, 10, &value)) {
        return error_create(0, "%s: not a number of threads", argument);
    }
    if (value < 1 || value > MAX_THREADS) {
        log_warn("number of threads %d is out of range", value);
    }
    *n = MAX(1, MIN(value, MAX_THREADS));
    return NULL;
}

static const struct option_row rows[] = {
    { "ovnnb-db", 0, OPTION_REQUIRED, "DATABASE",
      "connect to the northbound database at DATABASE", option_set_string,
      &config.nb_remote },
    { "ovnsb-db", 0, OPTION_REQUIRED, "DATABASE",
      "connect to the southbound database at DATABASE", option_set_string,
      &config.sb_remote },
    { "dry-run", 0, OPTION_NONE, NULL, "start paused", option_set_true,
      &config.paused },
    { "n-threads", 0, OPTION_REQUIRED, "N",
      "use N threads (1 to 256) to compute", set_threads,
      &config.n_threads },
};

static size_t
get_groups(struct option_group groups[5]);

static void
usage(void)
{
    struct option_group groups[5];
    size_t n = get_groups(groups);

    printf("%s: keeps the OVN southbound database equal to what the "
           "northbound one asks for\nusage: %s [OPTIONS]\n",
           program_name(), program_name());
    options_print_help(groups, n);
}

static size_t
get_groups(struct option_group groups[5])
{
    groups[0] = (struct option_group) { "Database options", rows,
                                        ARRAY_SIZE(rows) };
    groups[1] = daemon_options();
    groups[2] = tls_options();
    groups[3] = log_options();
    groups[4] = help_options(usage);
    return 5;
}

static const char *
default_remote(const char *variable, const char *file)
{
    const char *value = getenv(variable);

    return (value && *value ? xstrdup(value)
            : xasprintf("unix:%s/%s", dirs_run(DIRS_OVN), file));
}

/* Control commands. */

static void
cmd_pause(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    northd_pause(northd);
    control_reply(conn, NULL);
}

static void
cmd_resume(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    northd_resume(northd);
    control_reply(conn, NULL);
}

static void
cmd_is_paused(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    control_reply(conn, northd_is_paused(northd) ? "true" : "false");
}

static void
cmd_status(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;

    str_printf(&s, "Status: %s\n", northd_status(northd));
    control_reply_str(conn, &s);
}

static void
cmd_connection(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    bool (*is_connected)(const struct northd *)
        = aux ? northd_sb_is_connected : northd_nb_is_connected;

    control_reply(conn, is_connected(northd) ? "connected" : "not connected");
}

static void
cmd_cluster_reset(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    aux ? northd_reset_sb(northd) : northd_reset_nb(northd);
    control_reply(conn, NULL);
}

static void
cmd_features(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    struct str s = STR_EMPTY;

    northd_list_chassis_features(northd, &s);
    control_reply_str(conn, &s);
}

static void
cmd_set_threads(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    int n;

    if (!text_to_int_range(argv[1], 1, MAX_THREADS, &n)) {
        control_reply_error(conn, "invalid n_threads: must be 1 to 256");
        return;
    }
    northd_set_n_threads(northd, n);
    control_reply(conn, NULL);
}

static void
cmd_get_threads(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct str s = STR_EMPTY;

    str_printf(&s, "%u\n", northd_n_threads(northd));
    control_reply_str(conn, &s);
}

static void
cmd_recompute(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    northd_recompute(northd);
    control_reply(conn, NULL);
}

static void
cmd_stats(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;

    northd_stats(northd, &s);
    control_reply_str(conn, &s);
}

static void
cmd_clear_stats(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    northd_clear_stats(northd);
    control_reply(conn, NULL);
}

static void
cmd_log_timeout(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    int ms;

    if (!text_to_int_range(argv[1], 0, INT_MAX, &ms)) {
        control_reply_error(conn, "not a number of milliseconds");
        return;
    }
    northd_set_log_timeout(northd, ms);
    control_reply(conn, NULL);
}

static void
cmd_verify(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    size_t n = northd_verify(northd, &s);

    if (n) {
        str_printf(&s, "%zu differences\n", n);
        control_reply_error(conn, str_cstr(&s));
        str_uninit(&s);
    } else {
        control_reply_str(conn, &s);
    }
}

static void
cmd_why(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;

    northd_why(northd, argc > 2 ? argv[1] : "flow", argv[argc - 1], &s);
    control_reply_str(conn, &s);
}

static void
cmd_origins(struct control_conn *conn, int argc, const char *argv[],
            void *aux)
{
    struct str s = STR_EMPTY;
    struct error *error = northd_origins(northd, argv + 1, argc - 1, &s);

    if (error) {
        control_reply_take_error(conn, error);
        str_uninit(&s);
    } else {
        control_reply_str(conn, &s);
    }
}

static const struct {
    const char *name;
    const char *arguments;
    int min, max;
    control_fn *run;
    void *aux;
} commands[] = {
    { "pause", "", 0, 0, cmd_pause, NULL },
    { "resume", "", 0, 0, cmd_resume, NULL },
    { "is-paused", "", 0, 0, cmd_is_paused, NULL },
    { "status", "", 0, 0, cmd_status, NULL },
    { "nb-connection-status", "", 0, 0, cmd_connection, NULL },
    { "sb-connection-status", "", 0, 0, cmd_connection, &northd },
    { "nb-cluster-state-reset", "", 0, 0, cmd_cluster_reset, NULL },
    { "sb-cluster-state-reset", "", 0, 0, cmd_cluster_reset, &northd },
    { "debug/chassis-features-list", "", 0, 0, cmd_features, NULL },
    { "parallel-build/set-n-threads", "N_THREADS", 1, 1, cmd_set_threads,
      NULL },
    { "parallel-build/get-n-threads", "", 0, 0, cmd_get_threads, NULL },
    { "inc-engine/recompute", "", 0, 0, cmd_recompute, NULL },
    { "inc-engine/show-stats", "", 0, 2, cmd_stats, NULL },
    { "inc-engine/clear-stats", "", 0, 0, cmd_clear_stats, NULL },
    { "inc-engine/compute-log-timeout", "MSEC", 1, 1, cmd_log_timeout, NULL },
    { "incr/stats", "", 0, 0, cmd_stats, NULL },
    { "incr/verify", "", 0, 0, cmd_verify, NULL },
    { "incr/why", "[CLASS] KEY", 1, 2, cmd_why, NULL },
    { "incr/origins", "FLOW-UUID...", 1, 4096, cmd_origins, NULL },
};

int
main(int argc, char *argv[])
{
    struct option_group groups[5];

    program_init(argv[0], DIRS_OVN);
    if (options_parse(argc, argv, groups, get_groups(groups), 0) < argc) {
        program_fatal("no arguments are accepted; use --help for usage");
    }
    if (!config.nb_remote) {
        config.nb_remote = default_remote("OVN_NB_DB", "ovnnb_db.sock");
    }
    if (!config.sb_remote) {
        config.sb_remote = default_remote("OVN_SB_DB", "ovnsb_db.sock");
    }
    daemon_start();
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        control_register(commands[i].name, commands[i].arguments,
                         commands[i].min, commands[i].max, commands[i].run,
                         commands[i].aux);
    }
    program_check(northd_create(&config, &northd));
    daemon_ready();
    loop_run();
    northd_destroy(northd);
    daemon_finish();
    loop_uninit();
    return 0;
}
