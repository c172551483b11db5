/* SPDX-License-Identifier: Apache-2.0 */

/* Processes of a daemon with --detach and --monitor:
 *
 *     parent    waits until told that the daemon works, then ends
 *      monitor  starts the daemon, starts it again after a crash
 *       daemon
 *
 * Each tells the one above through a pipe: a byte for "works", or the end of
 * the pipe for "died", whose exit status is then passed on. */

#include "lib/daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/daemon/control.h"
#include "lib/daemon/pidfile.h"
#include "lib/daemon/user.h"
#include "lib/runtime/exit.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(daemon);

/* A daemon that crashes at once is not started again more often than this. */
#define MIN_RESTART_INTERVAL_S 10

static bool must_detach;
static bool must_monitor;
static bool stay_in_dir;
static bool overwrite_pidfile;
static bool ignore_self_confinement;
static bool keep_network;
static char *pidfile;           /* NULL for none. */
static const char *user_spec;   /* --user, or NULL. */
static const char *unixctl;     /* --unixctl, or NULL. */

static int ready_fd = -1;       /* Where to tell that we work. */

/* Signals that mean a programming error. */
static const int crash_signals[] = {
    SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGPIPE, SIGSEGV, SIGXCPU,
    SIGXFSZ,
};

static struct error *
set_pidfile(void *target UNUSED, const char *argument)
{
    char *base = (argument ? xstrdup(argument)
                  : xasprintf("%s.pid", program_name()));

    free(pidfile);
    pidfile = dirs_path(dirs_run(program_family()), base);
    free(base);
    return NULL;
}

struct option_group
daemon_options(void)
{
    static const struct option_row rows[] = {
        { "detach", 0, OPTION_NONE, NULL, "run in background as daemon",
          option_set_true, &must_detach },
        { "monitor", 0, OPTION_NONE, NULL,
          "start the daemon again after a crash", option_set_true,
          &must_monitor },
        { "user", 0, OPTION_REQUIRED, "USER[:GROUP]",
          "run as USER and GROUP", option_set_string, &user_spec },
        { "no-chdir", 0, OPTION_NONE, NULL, "do not change directory to '/'",
          option_set_true, &stay_in_dir },
        { "pidfile", 0, OPTION_OPTIONAL, "FILE",
          "create a pidfile (default: NAME.pid in the run directory)",
          set_pidfile, NULL },
        { "overwrite-pidfile", 0, OPTION_NONE, NULL,
          "with --pidfile, start even if already running", option_set_true,
          &overwrite_pidfile },
        { "no-self-confinement", 0, OPTION_NONE, NULL, NULL, option_set_true,
          &ignore_self_confinement },
        { "unixctl", 0, OPTION_REQUIRED, "SOCKET",
          "override the name of the control socket (none: no socket)",
          option_set_string, &unixctl },
    };

    return (struct option_group) { "Daemon options", rows, ARRAY_SIZE(rows) };
}

bool
daemon_will_detach(void)
{
    return must_detach;
}

void
daemon_set_control_path(const char *path)
{
    unixctl = path;
}

void
daemon_keep_network_capabilities(void)
{
    keep_network = true;
}

/* Forks.  The child gets the writing end of a pipe as 'ready_fd' and 0 is
 * returned; the parent gets the reading end. */
static pid_t
fork_with_pipe(int *ret_fd)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC)) {
        program_fatal("pipe creation failed (%s)", strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        program_fatal("fork failed (%s)", strerror(errno));
    }
    if (pid) {
        close(fds[1]);
        *ret_fd = fds[0];
    } else {
        close(fds[0]);
        if (ready_fd >= 0) {
            close(ready_fd);
        }
        ready_fd = fds[1];
    }
    return pid;
}

/* Waits until the process at the other end of 'fd' works (true) or ends. */
static bool
wait_ready(int fd)
{
    ssize_t n;
    char c;

    do {
        n = read(fd, &c, 1);
    } while (n < 0 && errno == EINTR);
    close(fd);
    return n == 1;
}

static int
wait_end(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            program_fatal("waitpid failed (%s)", strerror(errno));
        }
    }
    return status;
}

static void
describe_status(int status, char *buffer, size_t size)
{
    if (WIFEXITED(status)) {
        snprintf(buffer, size, "exit status %d", WEXITSTATUS(status));
    } else {
        snprintf(buffer, size, "killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    }
}

static void
tell_ready(void)
{
    if (ready_fd >= 0) {
        if (write(ready_fd, "", 1) != 1) {
            log_warn("the starting process is gone (%s)", strerror(errno));
        }
        close(ready_fd);
        ready_fd = -1;
    }
}

/* The parent's part of --detach. */
static void
detach(void)
{
    char text[128];
    int fd;

    pid_t pid = fork_with_pipe(&fd);
    if (!pid) {
        setsid();
        return;
    }
    if (wait_ready(fd)) {
        _exit(EXIT_SUCCESS);
    }

    int status = wait_end(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status)) {
        /* It has said why itself. */
        _exit(WEXITSTATUS(status));
    }
    describe_status(status, text, sizeof text);
    program_fatal("the daemon died before it was ready (%s)", text);
}

static void
leave_terminal(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd >= 0) {
        dup2(fd, STDIN_FILENO);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        if (fd > STDERR_FILENO) {
            close(fd);
        }
    }
    log_set_level(LOG_DEST_CONSOLE, LOG_LEVEL_OFF);
}

static bool
is_crash(int status)
{
    for (size_t i = 0; i < ARRAY_SIZE(crash_signals); i++) {
        if (WIFSIGNALED(status) && WTERMSIG(status) == crash_signals[i]) {
            return true;
        }
    }
    return false;
}

/* Core dumps of a daemon that crashes again and again would fill the disk:
 * one is enough. */
static void
forgo_more_cores(int status)
{
    struct rlimit none = { 0, 0 };

    if (WCOREDUMP(status) && !setrlimit(RLIMIT_CORE, &none)) {
        log_warn("core dump written: disabling core dumps");
    }
}

/* Sleeps until a new start is due; 'last' is when the last one was. */
static void
throttle(time_t *last)
{
    time_t now = time(NULL);

    if (now < *last + MIN_RESTART_INTERVAL_S) {
        sleep(*last + MIN_RESTART_INTERVAL_S - now);
    }
    *last = time(NULL);
}

/* The monitor's part: returns in the daemon only. */
static void
monitor(void)
{
    int outer_fd = ready_fd;
    time_t last_start = 0;
    bool first = true;
    char text[128];
    int fd;

    log_set_thread_name("monitor");
    for (;;) {
        throttle(&last_start);
        ready_fd = -1;
        pid_t pid = fork_with_pipe(&fd);
        if (!pid) {
            if (outer_fd >= 0) {
                close(outer_fd);
            }
            log_set_thread_name(NULL);
            return;
        }

        bool ready = wait_ready(fd);
        if (first && ready) {
            ready_fd = outer_fd;
            tell_ready();
            outer_fd = -1;
            if (must_detach) {
                leave_terminal();
            }
            first = false;
        }

        int status = wait_end(pid);
        describe_status(status, text, sizeof text);
        if (!is_crash(status) || first) {
            log_info("%ld (%s), exiting", (long) pid, text);
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
        }
        log_err("%ld died (%s), restarting", (long) pid, text);
        forgo_more_cores(status);
    }
}

void
daemon_start(void)
{
    assert(!loop_is_created());
    if (user_spec) {
        program_check(user_become(user_spec, keep_network));
    }
    if (pidfile && !overwrite_pidfile) {
        /* While there is a terminal to say so. */
        program_check(pidfile_check(pidfile));
    }
    if (must_detach) {
        detach();
    }
    if (must_monitor) {
        monitor();
    }
    if (pidfile) {
        program_check(pidfile_create(pidfile, overwrite_pidfile));
    }
    if (!unixctl || strcmp(unixctl, "none")) {
        program_check(control_open(unixctl));
    }
}

void
daemon_ready(void)
{
    static bool done;

    if (done) {
        return;
    }
    done = true;
    if (must_detach && !stay_in_dir && chdir("/")) {
        log_warn("cannot change directory to / (%s)", strerror(errno));
    }
    tell_ready();
    if (must_detach) {
        leave_terminal();
    }
}

void
daemon_finish(void)
{
    control_close();
    if (pidfile) {
        exit_remove_file(pidfile);
        free(pidfile);
        pidfile = NULL;
    }
}

const char *
daemon_control_path(void)
{
    return control_path();
}
