/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_STANDARD_H
#define DAEMON_STANDARD_H

/* Between control.c and the commands that every daemon has. */

#include "lib/base/str.h"

/* The text of list-commands. */
void control_list_commands(struct str *);

/* Answers "exit" commands that wait for the daemon's end. */
void standard_finish(void);

#endif /* daemon/standard.h */
