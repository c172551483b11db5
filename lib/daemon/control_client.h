/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_CONTROL_CLIENT_H
#define DAEMON_CONTROL_CLIENT_H

/* The asking side of control.h, blocking, for tools. */

#include "lib/base/error.h"
#include "lib/runtime/dirs.h"

struct control_client;

/* Connects to 'target': the path of a socket, or the name of a daemon, whose
 * pidfile in the run directory of 'family' leads to its socket. */
struct error *control_client_open(const char *target, enum dirs_family family,
                                  struct control_client **ret) MUST_USE;
void control_client_close(struct control_client *);

/* Runs 'command'.  Stores its text in '*ret_text', for free(), and in
 * '*ret_failed' whether the daemon called it an error.  Returns an error if
 * there was no answer. */
struct error *control_client_call(struct control_client *,
                                  const char *command, int argc, char *argv[],
                                  char **ret_text, bool *ret_failed) MUST_USE;

/* The whole of ovs-appctl and ovn-appctl, but for main(): options, default
 * target, help texts.  Returns the exit status. */
int control_client_main(int argc, char *argv[], enum dirs_family family,
                        const char *default_target);

#endif /* daemon/control_client.h */
