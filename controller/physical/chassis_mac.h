/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_CHASSIS_MAC_H
#define CONTROLLER_PHYSICAL_CHASSIS_MAC_H

/* MACs of chassis on physical networks (ovn-chassis-mac-mappings).
 *
 * A distributed router is on every host, with the same MAC, which physical
 * switches would see move from port to port.  So what it sends to a physical
 * network leaves with a MAC that this host has there instead of the router's;
 * what comes with the MAC of another host gets the router's back.
 *
 *   table 0    180  such a MAC as source, a localnet port's VLAN: conjunction
 *   table 65   150  a router port's MAC as source, by the localnet port */

#include "controller/flows.h"
#include "controller/physical/physical.h"

struct incr_ctx;
struct port_fact;
struct sb_port_binding;

/* Value of FACT_ROUTER_MAC. */
struct router_mac_fact {
    uint32_t port_key;           /* Of the switch port that leads to it. */
    struct eth_addr mac;
    uint8_t has_gateway;         /* Its packets to the network leave from one
                                  * host only. */
    uint8_t pad;
};

/* Unit of Chassis: emits FACT_CHASSIS_MAC for others. */
void chassis_mac_unit(struct incr_ctx *, const void *chassis);

/* Unit of FACT_CHASSIS_MAC: the flows that know such a MAC. */
void chassis_mac_flows_unit(struct incr_ctx *, const struct incr_group *);

/* Emits FACT_ROUTER_MAC for router port 'row', whose patch leads to 'peer'; for
 * the port's unit.  Nothing if that is on a router or has no physical
 * network. */
void router_mac_emit(struct incr_ctx *, const struct sb_port_binding *row,
                     const struct port_fact *peer);

/* Emits the flows of a localnet port that is here.  'b' is that of the port's
 * unit. */
void localnet_mac_flows(struct flow_builder *b,
                        const struct sb_port_binding *row,
                        const struct port_fact *,
                        const struct physical_port *, const struct zones *);

#endif /* controller/physical/chassis_mac.h */
