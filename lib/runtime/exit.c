/* SPDX-License-Identifier: Apache-2.0 */

/* The signal handler removes the files itself rather than leaving it to the
 * loop, so that a process that hangs still ends at once and cleanly.  unlink()
 * is safe in a handler; the list is changed only with the signals blocked. */

#include "lib/runtime/exit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"

static const int fatal_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };

static VEC(char *) files = VEC_EMPTY;
static pid_t owner;
static bool installed;

static void
remove_files(void)
{
    if (owner == getpid()) {
        VEC_FOR_EACH (file, &files) {
            unlink(*file);
        }
    }
}

static void
handle_signal(int signo)
{
    struct sigaction action = { .sa_handler = SIG_DFL };

    remove_files();
    sigaction(signo, &action, NULL);
    raise(signo);
}

static void
block(sigset_t *ret_old)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
        sigaddset(&set, fatal_signals[i]);
    }
    pthread_sigmask(SIG_BLOCK, &set, ret_old);
}

static void
unblock(const sigset_t *old)
{
    pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void
install(void)
{
    if (installed) {
        return;
    }
    installed = true;
    owner = getpid();
    atexit(remove_files);
    for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
        struct sigaction old, action = { .sa_handler = handle_signal };

        /* nohup and the like stay in force. */
        sigaction(fatal_signals[i], NULL, &old);
        if (old.sa_handler == SIG_DFL) {
            sigaction(fatal_signals[i], &action, NULL);
        }
    }
}

void
exit_add_file(const char *path)
{
    sigset_t old;

    install();
    block(&old);
    vec_push(&files, xstrdup(path));
    unblock(&old);
}

void
exit_forget_file(const char *path)
{
    sigset_t old;

    block(&old);
    for (size_t i = 0; i < files.n; i++) {
        if (!strcmp(files.items[i], path)) {
            free(files.items[i]);
            vec_remove_swap(&files, i);
            break;
        }
    }
    if (!files.n) {
        vec_uninit(&files);
    }
    unblock(&old);
}

void
exit_remove_file(const char *path)
{
    unlink(path);
    exit_forget_file(path);
}
