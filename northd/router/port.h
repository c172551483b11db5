/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_ROUTER_PORT_H
#define NORTHD_ROUTER_PORT_H

/* What flows of a router port need to know of it. */

#include "northd/topology/address.h"

/* Whether 'rp' is a distributed gateway port. */
bool router_port_is_gateway(struct incr_ctx *, const struct router_port *);

/* " && is_chassis_resident("cr-...")" for traffic that only one chassis is to
 * handle: at a distributed gateway port, or one that resides with it.  "" for
 * others.  Built in scratch builder 'i'. */
const char *router_port_resident(struct incr_ctx *, unsigned int i,
                                 const struct router_port *);

/* The router port's name quoted, in builder 'i'. */
const char *router_port_name(struct incr_ctx *, unsigned int i,
                             const struct nb_logical_router_port *);

/* Whether other chassis reach the distributed gateway port over the physical
 * network: options:redirect-type is "bridged". */
bool router_port_is_bridged(struct incr_ctx *,
                            const struct nb_logical_router_port *);

/* options:gateway_mtu of a gateway's port; 0 if there is none. */
unsigned int router_port_mtu(struct incr_ctx *, const struct router_port *);

/* Whether the switch port 'lsp', which is connected to a router, keeps from
 * announcing that router port's own addresses
 * (options:exclude-router-ips-from-garp). */
bool lsp_excludes_router_ips(struct incr_ctx *,
                             const struct nb_logical_switch_port *lsp);

#endif /* northd/router/port.h */
