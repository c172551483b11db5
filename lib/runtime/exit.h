/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_EXIT_H
#define RUNTIME_EXIT_H

/* Files that must not outlive the process (pidfiles, sockets), however it
 * ends short of SIGKILL: by exit(), or by SIGTERM, SIGINT, SIGHUP or SIGALRM,
 * whose handler removes the files and then lets the signal have its usual
 * effect.  A forked child does not remove its parent's files.
 * Threads: the main one. */

#include "lib/base/compiler.h"

/* Removes 'path' at the end of this process. */
void exit_add_file(const char *path);

/* Takes that back, without removing the file. */
void exit_forget_file(const char *path);

/* Removes 'path' now, and forgets it. */
void exit_remove_file(const char *path);

#endif /* runtime/exit.h */
