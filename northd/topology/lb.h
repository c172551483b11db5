/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_LB_H
#define NORTHD_TOPOLOGY_LB_H

/* Load balancers, as switches and routers have them in common. */

#include "lib/logical/addresses.h"
#include "northd/flow.h"
#include "northd/topology/address.h"

/* Parses the VIP of a group of F_LB_VIP, with scratch builder 0.  False, with a
 * warning, if it cannot be parsed; else the caller must lb_vip_uninit() it. */
bool lb_vip_read(struct incr_ctx *, const struct incr_group *,
                 struct lb_vip *);

/* The protocol of VIPs with ports. */
const char *lb_protocol(struct incr_ctx *, const struct nb_load_balancer *);

/* Calls 'visit' for each VIP that can be parsed; 'protocol' is that of VIPs
 * with ports. */
void lb_for_each_vip(struct incr_ctx *, const struct nb_load_balancer *,
                     void (*visit)(struct incr_ctx *, const struct lb_vip *,
                                   const char *protocol, void *aux),
                     void *aux);

/* "ip4.dst == V", and " && tcp.dst == P" if there is a port, in builder
 * 'i'. */
const char *lb_vip_match(struct incr_ctx *, unsigned int i,
                         const struct lb_vip *, const char *protocol);

/* "ct_lb_mark(backends=...; OPTION);", or "" if there are no backends.
 * 'option' is NULL, "force_snat" or "skip_snat". */
const char *lb_action(struct incr_ctx *, unsigned int i,
                      const struct nb_load_balancer *, const struct lb_vip *,
                      const char *option);

/* Whether load balancers of the switch are for packets that a stateless ACL
 * allows, too: other_config:enable-stateless-acl-with-lb. */
bool switch_balances_stateless(struct incr_ctx *,
                               const struct nb_logical_switch *);

/* Whether its connections keep their source address where routers would change
 * it. */
bool lb_skips_snat(struct incr_ctx *, const struct nb_load_balancer *);

/* Whether packets to a VIP without backends are to be refused. */
bool lb_rejects(struct incr_ctx *, const struct nb_load_balancer *);

/* The actions, in builder 'i', that report a packet to a VIP without backends
 * to the platform, if that wants to know: by options:event of the load
 * balancer, or by NB_Global's options:controller_event.  NULL if not.  A meter
 * called "event-elb", '*meter' then, limits the reports. */
const char *lb_event(struct incr_ctx *, unsigned int i,
                     const struct nb_load_balancer *, const struct lb_vip *,
                     const char **meter);
#define LB_EVENT_PRIORITY 130

#endif /* northd/topology/lb.h */
