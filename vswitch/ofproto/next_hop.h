/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_NEXT_HOP_H
#define OFPROTO_NEXT_HOP_H

/* The MAC address to which the host sends what is for an IPv4 address: that of
 * the address itself, or of the router on the way.  Followed as the host's
 * routes and neighbours change.
 *
 * Bridges that watch the same address share what is known of it.  Cost: a
 * neighbour that changes costs a look at a hash table; a burst of changes of
 * routes costs each watched address one question to the kernel.
 *
 * Threads: main. */

#include "lib/base/list.h"
#include "lib/packet/packet.h"

struct next_hop;

/* Who wants to know.  Members are this module's. */
struct next_hop_watch {
    struct next_hop *hop;        /* NULL: does not watch. */
    struct list node;            /* In the hop's. */
    void (*changed)(void *aux);
    void *aux;
};

/* Begins to watch 'ip'.  'changed' is called, from the event loop, when
 * next_hop_mac() has another answer; it must not unwatch. */
void next_hop_watch(struct next_hop_watch *, be32 ip,
                    void (*changed)(void *aux), void *aux);

/* Ends it, if it was begun. */
void next_hop_unwatch(struct next_hop_watch *);

/* Stores the address; false if there is no route, or the host has not found
 * out (yet). */
bool next_hop_mac(const struct next_hop_watch *, struct eth_addr *ret);

#endif /* ofproto/next_hop.h */
