/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_ROUTER_ROUTE_H
#define NORTHD_ROUTER_ROUTE_H

/* Routes as facts: those of one router, table and prefix are one group, so
 * that equal-cost paths meet by themselves. */

#include <netinet/in.h>

#include "northd/program.h"

enum route_origin {
    ROUTE_SOURCE,               /* A static route by source address. */
    ROUTE_STATIC,
    ROUTE_CONNECTED,
};

/* Key of F_ROUTE; zero what is not used. */
struct route_key {
    const struct nb_logical_router *lr;
    const struct nb_logical_router_port *inport;  /* Only from this port, for
                                                   * link-local networks. */
    struct in6_addr network;
    uint32_t plen;              /* Of the address family's own length. */
    uint32_t table;             /* Key of the route table; 0 is main. */
    uint32_t origin;
    uint32_t is_ip6;
};

/* Value of F_ROUTE; ordered as bytes, which numbers the paths. */
struct route_hop {
    char next_hop[INET6_ADDRSTRLEN];    /* "" for the destination itself. */
    char src[INET6_ADDRSTRLEN];         /* The outgoing port's address. */
    char mac[18];
    bool is_discard;
    bool is_symmetric;
    const struct nb_logical_router_port *outport;
    const struct replica_row *hint;
};

/* Tunnel-key scopes for numbers that a router gives out itself. */
struct uuid route_table_scope(const struct nb_logical_router *);
struct uuid ecmp_scope(const struct nb_logical_router *);

/* Of numbers in these scopes: they go into 16 bits of a register. */
#define MAX_NUMBER 65535

/* Finds the port of 'lr' that reaches 'next_hop' (the one called 'named', or
 * any if that is NULL) and fills the outgoing side of '*hop'. */
bool router_find_outport(struct incr_ctx *, const struct nb_logical_router *,
                         const char *named, const struct in6_addr *next_hop,
                         struct route_hop *hop);

#endif /* northd/router/route.h */
