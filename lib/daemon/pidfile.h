/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_PIDFILE_H
#define DAEMON_PIDFILE_H

/* Pidfiles: a process holds a lock on its own, so that a pidfile which a
 * killed process has left says so. */

#include <sys/types.h>

#include "lib/base/error.h"

/* Writes this process's pid to 'path', locks it and removes it at exit.
 * Unless 'overwrite', an error if a running process holds it. */
struct error *pidfile_create(const char *path, bool overwrite) MUST_USE;

/* An error if a running process holds 'path'. */
struct error *pidfile_check(const char *path) MUST_USE;

/* The process that holds 'path', or a negative errno value: -ESRCH if none
 * does. */
pid_t pidfile_read(const char *path);

#endif /* daemon/pidfile.h */
