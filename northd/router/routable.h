/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_ROUTER_ROUTABLE_H
#define NORTHD_ROUTER_ROUTABLE_H

/* options:add_route of NAT entries and load balancers: routers beside the one
 * that has an external address know how to reach it. */

#include "northd/topology/address.h"

/* Gives each other router on the switch of '*at' a route to 'ip', which is
 * behind the router port of '*at' and has MAC address 'mac'.  Uses scratch
 * builders 5 to 8. */
void router_put_routable(struct incr_ctx *, const struct replica_row *hint,
                         const struct switch_router *at,
                         const struct in6_addr *ip, const char *mac);

#endif /* northd/router/routable.h */
