/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_BFD_MONITOR_H
#define OFPROTO_BFD_MONITOR_H

/* BFD sessions of ports: they run on a thread of their own, so that nothing
 * that keeps the main thread busy looks like a dead link (those of dummy
 * datapaths run on the main thread, where the test's clock is).
 *
 * Threads: the main thread, unless said otherwise. */

#include "lib/base/smap.h"
#include "lib/base/uuid.h"
#include "lib/flow/flow.h"
#include "lib/packet/packet.h"
#include "vswitch/ofproto/port.h"

/* Makes the port's session what the column Interface.bfd says: starts, changes
 * or ends it.  'owner' is the interface, for bfd_monitor_set_callback(). */
void bfd_monitor_set(struct ofport *, const struct uuid *owner,
                     const struct smap *column);

/* Ends the port's session, if it has one. */
void bfd_monitor_remove(struct ofport *);

/* Adds the keys of the column bfd_status, none without a session. */
void bfd_monitor_get_status(const struct ofport *, struct smap *);

/* Calls 'changed' on the main thread when an interface's status has. */
void bfd_monitor_set_callback(void (*changed)(const struct uuid *owner,
                                              void *aux), void *aux);

/* Whether a packet of 'flow' from 'port' is for its session; ORs what decided
 * it into 'wc'.  Threads: any, within an RCU read section. */
bool bfd_monitor_wants(const struct ofport *, const struct flow *flow,
                       struct flow_wildcards *wc);

/* Takes such a packet (borrowed).  Threads: any, likewise. */
void bfd_monitor_receive(struct ofport *, struct packet *);

/* bfd/show, bfd/set-forwarding. */
void bfd_register_commands(void);

#endif /* ofproto/bfd_monitor.h */
