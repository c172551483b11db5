/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DPIF_UNDERLAY_H
#define VSWITCH_DPIF_UNDERLAY_H

/* Control of what carries tunnels: routes, neighbours, source ports.
 *
 * The host's own routes and neighbours count; what is added here comes before
 * them.  All of it is the process's, whatever the datapath.
 *
 * Threads: the main thread. */

#include "lib/base/error.h"
#include "lib/packet/packet.h"

/* A route; all addresses IPv6, IPv4 as ::ffff:a.b.c.d. */
struct underlay_route {
    struct in6_addr dst;
    unsigned int plen;           /* 0 to 128; of an IPv4 route 96 more than
                                  * people say. */
    uint32_t mark;               /* Only for packets of this mark; 0: any. */
    char device[16];             /* Usually a bridge. */
    struct in6_addr gateway;     /* Zero: the destination itself. */
    struct in6_addr source;      /* Address to send from. */
    bool is_local;               /* An address of this host. */
    bool is_user;                /* Added here, not the kernel's. */
};

/* Adds a route for tunnels ('is_user' and 'is_local' are ignored).  Without a
 * source address takes one of the device's. */
struct error *underlay_route_add(const struct underlay_route *) MUST_USE;

/* Deletes the route of that destination and mark: 0 or -ENOENT. */
int underlay_route_del(const struct in6_addr *dst, unsigned int plen,
                       uint32_t mark);

/* From now on there are no routes but those added here: the kernel's are not
 * looked at. */
void underlay_disable_system_routes(void);

/* Calls 'each' for every route, the most specific ones first. */
void underlay_route_dump(void (*each)(const struct underlay_route *,
                                      void *aux), void *aux);

/* How a tunnel packet to 'dst' would go: 0 or a negative errno value. */
int underlay_route_lookup(const struct in6_addr *dst, uint32_t mark,
                          struct underlay_route *ret);

/* Sets the link-layer address of a neighbour at 'device'. */
void underlay_neighbour_set(const char *device, const struct in6_addr *,
                            struct eth_addr);
void underlay_neighbour_flush(void);
void underlay_neighbour_dump(void (*each)(const char *device,
                                          const struct in6_addr *,
                                          struct eth_addr, void *aux),
                             void *aux);

/* Seconds after which a neighbour is forgotten that was not heard of: 1 to
 * 3600; 900 unless set. */
#define UNDERLAY_MAX_AGING_S 3600
unsigned int underlay_aging_s(void);
void underlay_set_aging_s(unsigned int);

/* UDP source ports of tunnel packets: from 'first' to 'last'. */
void underlay_port_range(uint16_t *first, uint16_t *last);
void underlay_set_port_range(uint16_t first, uint16_t last);

/* Whether the datapath makes and takes tunnel packets whole, as it does unless
 * told otherwise, or leaves everything outside the tunnel header to the host's
 * network stack. */
bool underlay_is_native(void);
void underlay_set_native(bool);

#endif /* vswitch/dpif/underlay.h */
