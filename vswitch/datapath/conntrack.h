/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_CONNTRACK_H
#define VSWITCH_CONNTRACK_H

/* Connection tracking: what the actions do.  Control is in
 * vswitch/dpif/conntrack.h, the essay in conntrack.c.
 *
 * Threads: any, in an RCU read section, but for creation and destruction. */

#include "lib/packet/packet.h"

struct conntrack;
struct nlattr;

struct conntrack *conntrack_create(void);

/* Frees all connections.  Nobody uses it any more. */
void conntrack_destroy(struct conntrack *);

/* Whether OVS_ACTION_ATTR_CT 'action' is well formed. */
bool conntrack_action_valid(const struct nlattr *action);

/* Does OVS_ACTION_ATTR_CT 'action' for the packets of 'batch': sets their
 * connection tracking metadata, commits connections, translates addresses.
 * Fragments leave the batch; the one that completes a datagram is replaced by
 * the whole (ipf.h). */
void conntrack_run(struct conntrack *, struct packet_batch *,
                   const struct nlattr *action, int64_t now_ms);

/* OVS_ACTION_ATTR_CT_CLEAR. */
void conntrack_clear(struct packet_batch *);

/* Frees expired connections in a share of the table: called now and then, it
 * covers all in CONNTRACK_SWEEPS calls.  Lookup never finds an expired one
 * anyway. */
#define CONNTRACK_SWEEPS 64
void conntrack_sweep(struct conntrack *, int64_t now_ms);

/* Does the sweeps that are due at 'now_ms' by the sweep interval. */
void conntrack_sweep_due(struct conntrack *, int64_t now_ms);

#endif /* vswitch/conntrack.h */
