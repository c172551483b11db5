/* SPDX-License-Identifier: Apache-2.0 */
/* ovs-vswitchd: the switch. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/alloc.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "vswitch/config/config.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/underlay.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/commands.h"

LOG_MODULE(vswitchd);

static bool lock_memory;
static struct config *config;
static bool cleanup;
static bool ignored;

static struct error *
enable_dummy(void *target UNUSED, const char *argument)
{
    if (argument && strcmp(argument, "override")
        && strcmp(argument, "system")) {
        return error_create(0, "\"%s\" is neither \"override\" nor "
                            "\"system\"", argument);
    }
    netdev_dummy_enable(argument);
    return NULL;
}

static struct error *
disable_system_route(void *target UNUSED, const char *argument UNUSED)
{
    underlay_disable_system_routes();
    return NULL;
}

static const struct option_row switch_rows[] = {
    { "mlockall", 0, OPTION_NONE, NULL,
      "keep all memory of the switch from being paged out", option_set_true,
      &lock_memory },
    { "enable-dummy", 0, OPTION_OPTIONAL, "override|system",
      "make dummy devices known, for tests", enable_dummy, NULL },
    { "disable-system", 0, OPTION_NONE, NULL,
      "keep away from the kernel's datapath (nothing here uses it)",
      option_set_true, &ignored },
    { "disable-system-route", 0, OPTION_NONE, NULL,
      "do not read the kernel's routes", disable_system_route, NULL },
};

static void usage(void) NO_RETURN;

#define N_GROUPS 5

static void
option_groups(struct option_group groups[N_GROUPS])
{
    groups[0] = (struct option_group) { "Switch options", switch_rows,
                                        ARRAY_SIZE(switch_rows) };
    groups[1] = daemon_options();
    groups[2] = tls_options();
    groups[3] = log_options();
    groups[4] = help_options(usage);
}

static void
usage(void)
{
    struct option_group groups[N_GROUPS];

    printf("%s: an OpenFlow switch\n"
           "usage: %s [OPTIONS] [DATABASE]\n"
           "where DATABASE is a socket on which ovsdb-server listens\n"
           "(default: unix:%s/db.sock).\n",
           program_name(), program_name(), dirs_run(DIRS_OVS));
    option_groups(groups);
    options_print_help(groups, N_GROUPS);
    exit(0);
}

/* SIGTERM ends the loop first, and then has its effect.  A process that dies
 * of it leaves its packet sockets to the kernel, which closes them one by one,
 * each some ten milliseconds; who starts the switch anew waits for that.  All
 * else is as quickly gone as the process. */
static struct sigaction old_action;
static bool sigterm_came;

static void
terminated(uv_signal_t *watcher UNUSED, int signo UNUSED)
{
    sigterm_came = true;
    loop_stop();
}

static void
catch_sigterm(uv_signal_t *watcher)
{
    sigaction(SIGTERM, NULL, &old_action);
    uv_signal_init(loop_uv(), watcher);
    if (old_action.sa_handler != SIG_IGN) {
        uv_signal_start_oneshot(watcher, terminated, SIGTERM);
    }
}

static void
exit_asked(int argc, const char *argv[], void *aux UNUSED)
{
    for (int i = 0; i < argc; i++) {
        cleanup |= !strcmp(argv[i], "--cleanup");
    }
    loop_stop();
}

int
main(int argc, char *argv[])
{
    struct option_group groups[N_GROUPS];
    uv_signal_t sigterm;
    char *remote;
    int first;

    program_init(argv[0], DIRS_OVS);
    option_groups(groups);
    first = options_parse(argc, argv, groups, N_GROUPS, 0);
    if (argc - first > 1) {
        program_fatal("at most one database may be named; "
                      "use --help for usage");
    }
    remote = (first < argc ? xstrdup(argv[first])
              : xasprintf("unix:%s/db.sock", dirs_run(DIRS_OVS)));
    daemon_keep_network_capabilities();
    daemon_start();
    if (lock_memory && mlockall(MCL_CURRENT | MCL_FUTURE)) {
        log_err("mlockall failed; memory may be paged out");
    }
    daemon_set_exit(exit_asked, NULL);
    ofproto_register_commands();
    program_check(config_create(remote, &config));
    catch_sigterm(&sigterm);
    loop_run();
    if (sigterm_came) {
        dpif_finish();
        sigaction(SIGTERM, &old_action, NULL);
        raise(SIGTERM);
    }
    config_destroy(config, cleanup);
    dpif_finish();
    daemon_finish();
    free(remote);
    return 0;
}
