/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

/* Commands for ovs-appctl: JSON-RPC over a Unix socket, where the method is
 * the command's name, params its arguments (strings), the result a text.
 *
 *     static void
 *     fdb_show(struct control_conn *conn, int argc, const char *argv[],
 *              void *aux)
 *     {
 *         struct str s = STR_EMPTY;
 *         ...
 *         control_reply(conn, str_cstr(&s));
 *         str_uninit(&s);
 *     }
 *
 *     control_register("fdb/show", "bridge", 1, 1, fdb_show, NULL);
 *
 * Commands run in a step at the end of a turn, so they may do anything.
 * Threads: the main one. */

#include "lib/base/error.h"
#include "lib/base/str.h"

struct control_conn;

/* Runs a command.  argv[0] is its name; 'argc' counts it.  Each call must be
 * answered once by control_reply() or control_reply_error(), now or later. */
typedef void control_fn(struct control_conn *, int argc, const char *argv[],
                        void *aux);

/* Registers 'name', which takes min_args to max_args arguments (INT_MAX for
 * any number).  'usage' is what list-commands shows of them ("[BRIDGE]"); NULL
 * hides the command.  Strings are borrowed for good. */
void control_register(const char *name, const char *usage, int min_args,
                      int max_args, control_fn *, void *aux);
void control_unregister(const char *name);

/* A row of a table of commands. */
struct control_command {
    const char *name, *usage;
    int min_args, max_args;
    control_fn *run;
};

/* Registers the 'n' commands, each with 'aux'. */
void control_register_all(const struct control_command *, size_t n, void *aux);

/* Answers, after which 'conn' is gone.  A newline is added at the end if it is
 * missing and there is text.  NULL is "". */
void control_reply(struct control_conn *, const char *text);
void control_reply_error(struct control_conn *, const char *text);

/* Replies 's' or 'error' and frees it. */
void control_reply_str(struct control_conn *, struct str *s);
void control_reply_take_error(struct control_conn *, struct error *error);

/* Opens the socket 'path' (NULL for RUNDIR/NAME.PID.ctl).  daemon_start() does
 * this; a tool that serves commands calls it itself.  The path is removed at
 * exit. */
struct error *control_open(const char *path) MUST_USE;

/* Closes it, with every connection.  Commands that are not answered by then
 * must not be answered any more. */
void control_close(void);
const char *control_path(void);

/* Registers list-commands, version, vlog/..., memory/show, coverage/...,
 * stopwatch/..., time/...; the control server does so when it opens. */
void control_register_standard(void);

#endif /* daemon/control.h */
