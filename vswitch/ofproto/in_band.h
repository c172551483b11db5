/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_IN_BAND_H
#define OFPROTO_IN_BAND_H

/* In-band control: the way to controllers that are reached through the bridge
 * itself stays open, whatever flows they install.
 *
 * While there are remotes, the bridge has hidden flows above every priority of
 * OpenFlow that forward, as a learning switch would, the local port's DHCP and
 * ARP, ARP of the remotes and of the routers on the way to them, and TCP to
 * and from the remotes.
 *
 * Threads: the main thread, but for in_band_is_dhcp_reply(). */

#include "lib/flow/flow.h"
#include "lib/packet/packet.h"

struct in_band;
struct ofproto;

/* Where a controller, or a manager, is. */
struct in_band_remote {
    be32 ip;
    be16 port;
};

/* What a bridge is to keep open. */
struct in_band_settings {
    const struct in_band_remote *remotes;
    size_t n_remotes;            /* 0: no in-band control. */
    int64_t queue;               /* Packets go to this queue; -1: to none. */
};

/* Makes the bridge's hidden flows those of '*settings', which stays the
 * caller's.  Cheap if nothing has changed. */
void in_band_configure(struct ofproto *, const struct in_band_settings *);

/* The address of the local port has changed. */
void in_band_local_changed(struct ofproto *);

/* Removes the hidden flows. */
void in_band_destroy(struct ofproto *);

/* Is a packet of 'flow' a DHCP server's answer, which a bridge with in-band
 * control hands to its local port, come what may?  Adds to '*wc' bits that
 * decide it: not more than one of a member that says no, so that packets of
 * other protocols go on sharing megaflows.  Threads: any. */
bool in_band_is_dhcp_reply(const struct flow *flow,
                           struct flow_wildcards *wc);

#endif /* ofproto/in_band.h */
