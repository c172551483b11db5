/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_RTNL_H
#define NETLINK_RTNL_H

/* What the kernel knows of links, addresses, routes and neighbours, and how to
 * change links (rtnetlink).
 *
 * Queries ask the kernel, each on a socket of the calling thread's (about 10
 * microseconds); the kernel decides about routes, with all its policy rules
 * and tables.  Callers that ask often keep the answers as long as rtnl_seq()
 * stays the same.
 *
 * Functions return 0 or a negative errno value.  Threads: any, but for the
 * monitor. */

#include <linux/if_link.h>
#include <net/if.h>

#include "lib/packet/headers.h"

struct rtnl_link {
    int ifindex;
    char name[IFNAMSIZ];
    char kind[32];               /* "veth", "tun", "bridge", ... or "". */
    struct eth_addr mac;
    unsigned int mtu;
    unsigned int flags;          /* IFF_*. */
    bool carrier;
    uint32_t carrier_changes;
    struct rtnl_link_stats64 stats;   /* As the interface counts. */
};

/* Look up a link: -ENODEV if there is none. */
int rtnl_link_by_name(const char *name, struct rtnl_link *);
int rtnl_link_by_index(int ifindex, struct rtnl_link *);

int rtnl_link_set_up(int ifindex, bool up);
int rtnl_link_set_mtu(int ifindex, unsigned int mtu);
int rtnl_link_set_mac(int ifindex, struct eth_addr);

struct rtnl_address {
    int ifindex;
    struct in6_addr address;     /* IPv4 as ::ffff:a.b.c.d. */
    unsigned int plen;           /* Of an IPv4 address: 0 to 32. */
};

/* Calls 'each' for every address, of one interface or (0) of all. */
int rtnl_address_dump(int ifindex,
                      void (*each)(const struct rtnl_address *, void *aux),
                      void *aux);

struct rtnl_route {
    int ifindex;
    struct in6_addr source;      /* The address to send from; zero: none. */
    struct in6_addr gateway;     /* Next hop; zero: the destination itself. */
    unsigned int mtu;            /* Of the route; 0: the link's. */
    bool is_local;               /* The destination is an address of ours. */
};

/* Asks how a packet to 'dst' (from 'src', if not NULL and not zero) with mark
 * 'mark' would go: -ENETUNREACH and the like if it would not. */
int rtnl_route_get(const struct in6_addr *dst, const struct in6_addr *src,
                   uint32_t mark, struct rtnl_route *);

/* A route as configured. */
struct rtnl_route_entry {
    struct in6_addr dst;
    unsigned int plen;           /* Of an IPv4 route: 0 to 32. */
    bool is_ipv6;
    int ifindex;
    struct in6_addr gateway, source;
    uint32_t priority, table;
    bool is_local;
};

int rtnl_route_dump(void (*each)(const struct rtnl_route_entry *, void *aux),
                    void *aux);

/* The link-layer address of neighbour 'ip' on a link: -ENOENT if the kernel
 * has none that can be used. */
int rtnl_neighbour_get(int ifindex, const struct in6_addr *ip,
                       struct eth_addr *);

/* Makes the kernel find out (or verify) the address of a neighbour, as if it
 * had a packet for it.  The answer comes later, see rtnl_seq(). */
int rtnl_neighbour_resolve(int ifindex, const struct in6_addr *ip);

/* A neighbour as the kernel tells of it. */
struct rtnl_neighbour {
    int ifindex;
    struct in6_addr ip;
    struct eth_addr mac;
    bool is_usable;              /* Else it is gone, or not (yet) found. */
};

/* Says whether the host has IPsec policies, by which what its own stack sends
 * may have to be encrypted. */
bool rtnl_has_ipsec_policies(void);

/* The monitor: told by the kernel of every change. */

enum rtnl_change {
    RTNL_CHANGE_LINK,
    RTNL_CHANGE_ADDRESS,
    RTNL_CHANGE_ROUTE,
    RTNL_CHANGE_NEIGHBOUR,
};

/* Subscribes to changes.  'fd' of rtnl_monitor_fd() polls readable when
 * rtnl_monitor_run() has something to do.  Reference counted; one monitor for
 * the process.  Main thread. */
int rtnl_monitor_start(void);
void rtnl_monitor_stop(void);
int rtnl_monitor_fd(void);

/* Reads what the kernel told, moves rtnl_seq() on, and calls the callbacks. */
void rtnl_monitor_run(void);

/* Calls 'changed' for each change; 'ifindex' 0: anything may have changed
 * (messages were lost). */
struct rtnl_listener {
    void (*changed)(enum rtnl_change, int ifindex, void *aux);

    /* NULL, or called after changed() with what is known of a neighbour. */
    void (*neighbour)(const struct rtnl_neighbour *, void *aux);
    void *aux;
    struct rtnl_listener *next;  /* Private. */
};
void rtnl_monitor_listen(struct rtnl_listener *);
void rtnl_monitor_unlisten(struct rtnl_listener *);

/* Moves on with every change that may make an answer above differ.  Without a
 * monitor it stands still. */
uint64_t rtnl_seq(void);

#endif /* netlink/rtnl.h */
