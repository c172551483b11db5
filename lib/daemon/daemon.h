/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

/* What makes a process a daemon.
 *
 *     int
 *     main(int argc, char *argv[])
 *     {
 *         program_init(argv[0], DIRS_OVS);
 *         options_parse(argc, argv, groups, ARRAY_SIZE(groups), 0);
 *         daemon_start();            // forks: nothing of the loop before it
 *         ...open sockets; control_register(...)...
 *         daemon_ready();            // the parent of --detach may return
 *         loop_run();
 *         daemon_finish();
 *         return 0;
 *     }
 */

#include "lib/daemon/options.h"
#include "lib/runtime/dirs.h"

/* Every program begins with this: notes the program's name and family (whose
 * folders and version text it uses), sets up the log and signals. */
void program_init(const char *argv0, enum dirs_family);

/* Base name of argv[0]; the family; what the command "version" says, such as
 * "ovsdb-server (Open vSwitch) 3.6.0", with a second line in OVN's family. */
const char *program_name(void);
enum dirs_family program_family(void);
const char *program_version(void);

/* Prints "NAME: FORMAT" on stderr (and logs it) and exits with status 1. */
void program_fatal(const char *format, ...) PRINTF_FORMAT(1, 2) NO_RETURN;

/* The same for 'error', which is freed; nothing happens if it is NULL. */
void program_check(struct error *);

/* program_init() for a tool: the console gets WARN and above only, unless -v
 * says otherwise. */
void tool_init(const char *argv0, enum dirs_family);

/* Starts the time limit of --timeout or OVS_CTL_TIMEOUT, after which SIGALRM
 * ends the tool.  Call after options_parse(). */
void tool_start(void);

/* What tool_options() sets by --timeout; for tools that spell it otherwise.
 * 0 for none. */
void tool_set_timeout(unsigned int seconds);

/* --detach, --no-chdir, --pidfile, --overwrite-pidfile, --monitor,
 * --no-self-confinement, --user, --unixctl. */
struct option_group daemon_options(void);

/* Whether --detach was given. */
bool daemon_will_detach(void);

/* What --unixctl does, for programs that spell it otherwise.  Borrowed. */
void daemon_set_control_path(const char *);

/* Does what the options say, up to the point where the daemon can open its
 * sockets: forks for --detach and --monitor, locks and writes the pidfile,
 * drops privileges, opens the control socket with the standard commands.
 * Fatal if that fails. */
void daemon_start(void);

/* Keeps network administration (CAP_NET_ADMIN, CAP_NET_RAW, ...) when --user
 * drops the rest.  Call before daemon_start(). */
void daemon_keep_network_capabilities(void);

/* The daemon works: lets the parent of --detach end, and leaves the
 * terminal.  Call once; without --detach it does nothing. */
void daemon_ready(void);

/* Sets how the control command "exit" ends this daemon: 'run' is called once
 * with its arguments (such as "--cleanup") and ends the loop when it is done.
 * Without, "exit" calls loop_stop() at once. */
void daemon_set_exit(void (*run)(int argc, const char *argv[], void *aux),
                     void *aux);

/* Whether "exit" has been asked for. */
bool daemon_is_exiting(void);

/* Closes the control socket (replying to "exit"), removes the pidfile. */
void daemon_finish(void);

/* The control socket's path, as --unixctl has it; NULL if it is "none". */
const char *daemon_control_path(void);

#endif /* daemon/daemon.h */
