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
 * computed until it is there. */

#include "controller/controller.h"

struct monitor;

/* Chooses tables and columns, and no row of conditional tables.  Before the
 * southbound replica has remotes. */
struct monitor *monitor_create(struct controller *);
void monitor_destroy(struct monitor *);

/* Notes that settings or the chassis may have changed. */
void monitor_wake(struct monitor *);

/* Asks for what is needed now, if that changed.  Cost: the local datapaths,
 * interfaces and their datapath groups, when one of those changed. */
void monitor_run(struct monitor *);

/* Every row that was asked for is there (or there is no server to ask). */
bool monitor_is_settled(const struct monitor *);

#endif /* controller/monitor.h */
