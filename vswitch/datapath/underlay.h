/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_UNDERLAY_H
#define VSWITCH_UNDERLAY_H

/* How tunnel packets leave, and which ones are for us.  Control is in
 * vswitch/dpif/underlay.h, the essay in underlay.c.
 *
 * Threads: any, within an RCU read section, but for start and stop. */

#include "vswitch/datapath/datapath.h"
#include "vswitch/dpif/underlay.h"

enum underlay_how {
    UNDERLAY_NONE,               /* There is no way (yet). */
    UNDERLAY_HOST,               /* Through a socket of the host's stack. */
    UNDERLAY_PORT,               /* As if the host had sent it at 'port', an
                                  * internal port of the datapath. */
    UNDERLAY_DEVICE,             /* Out of 'netdev'. */
};

struct underlay_path {
    enum underlay_how how;
    odp_port_t port;
    struct netdev *netdev;
    struct in6_addr src;
    struct eth_addr eth_src, eth_dst;
    unsigned int mtu;
};

/* The path to 'tunnel->dst' for packets of mark 'mark', borrowed until the end
 * of the RCU read section.  May ask the kernel, and ask for a neighbour. */
const struct underlay_path *underlay_find(struct dp_context *,
                                          const struct flow_tunnel *tunnel,
                                          uint32_t mark);

/* Whether '*ip' is an address of the host (or of dummy device 'netdev'). */
bool underlay_is_local(const struct netdev *netdev, const struct in6_addr *ip);

/* Learns from an ARP reply or neighbour advertisement on its way to internal
 * port 'port'; ignores any other packet. */
void underlay_snoop(const struct dp_port *port, const struct packet *);

/* Notes that packets to 'dst' must not be larger than 'mtu' bytes. */
void underlay_pmtu_learn(const struct in6_addr *dst, uint32_t mtu);

/* Something that paths depend on has changed: none is used any longer once
 * this has returned and an RCU grace period has passed. */
void underlay_changed(void);

/* A UDP source port for a packet of that hash. */
be16 underlay_source_port(uint32_t hash);

/* Before the first datapath, and after the last. */
void underlay_start(void);
void underlay_stop(void);

#endif /* vswitch/underlay.h */
