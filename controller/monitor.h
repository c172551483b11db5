/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_MONITOR_H
#define CONTROLLER_MONITOR_H

/* Which rows of the southbound database this host asks for.
 *
 * A host needs the ports that may be its own, and of the rest what belongs to
 * its local datapaths.  What is local follows from ports, and which logical
 * flows are of local datapaths from datapath groups, so the conditions grow in
 * rounds: each is sent, answered, and computed with, before the next.  With
 * external_ids:ovn-monitor-all=true every row is asked for.
 *
 * While an answer is due, rows may be missing that only moved from one
 * condition to another (a logical flow whose group was replaced): nothing is
 * computed until it is there.  But where an interface came or went, and no
 * more, the answer can only bring ports that were not here: the port is mostly
 * known already, its datapath being local, and nothing waits. */

#include "controller/controller.h"

struct monitor;

/* Chooses tables and columns, and no row of conditional tables.  Before the
 * southbound replica has remotes. */
struct monitor *monitor_create(struct controller *);
void monitor_destroy(struct monitor *);

/* Asks for what is needed now, if that changed; returns true if it did, and the
 * question leaves when the turn ends.  While changes of the southbound replica
 * show.  Cost: the local datapaths, interfaces or datapath groups, when one of
 * those changed. */
bool monitor_run(struct monitor *);

/* An answer is due without which nothing should be computed. */
bool monitor_is_waiting(const struct monitor *);

/* The rows of this chassis are there, if any are. */
bool monitor_knows_chassis(const struct monitor *);

/* Every row that was asked for is there (or there is no server to ask). */
bool monitor_is_settled(const struct monitor *);

#endif /* controller/monitor.h */
