/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CONNECTIONS_H
#define CONTROLLER_CONNECTIONS_H

/* Settings of whom this host talks to, and as whom. */

#include <stdbool.h>

struct controller;

/* The first line of "system-id-override" in the folder of OVN's configuration,
 * for free(); NULL if there is none. */
char *connections_read_name(void);

/* Uses the keys and certificates that the SSL row of the local database names;
 * those of the command line, if any, once there is no such row. */
void connections_follow_tls(const struct controller *);

/* How often to ask the switch whether it is there, in seconds; 0: never. */
unsigned int connections_switch_probe_s(const struct controller *);

/* Says whether the southbound database may be acted on: with
 * ovn-match-northd-version, only if the northd that wrote it is of our
 * version. */
bool connections_northd_fits(const struct controller *);

#endif /* controller/connections.h */
