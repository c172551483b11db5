/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_PHYSICAL_H
#define CONTROLLER_PHYSICAL_PHYSICAL_H

/* Flows between the physical world and the logical pipelines.
 *
 *   table 0    in_port to (datapath, inport); tunnel packets go to table 38
 *   table 37   outports elsewhere: out through tunnels
 *   table 38   outports here: conntrack zones, members of groups one by one
 *   table 39   no packet leaves by the port it came in, unless allowed
 *   table 64   for the allowed ones: in_port out of OpenFlow's way
 *   table 65   outport to an OpenFlow port, or on to the next datapath
 */

#include "controller/flows.h"
#include "controller/program.h"

/* Unit of Port_Binding. */
void physical_port_unit(struct incr_ctx *, const void *port_binding);

/* Unit of Multicast_Group. */
void physical_group_unit(struct incr_ctx *, const void *multicast_group);

/* Unit of FACT_TUNNEL: packets that come out of the tunnel. */
void physical_tunnel_unit(struct incr_ctx *, const struct incr_group *);

/* Unit of Open_vSwitch: flows that are always there. */
void physical_fixed_unit(struct incr_ctx *, const void *open_vswitch);

/* For the files of this folder. */

/* Conntrack zones of a datapath (and, in 'port', of a port); 0 if they are not
 * allocated yet. */
struct zones {
    uint32_t port;
    uint32_t dnat;
    uint32_t snat;
};

/* Says what zones port 'name' (NULL: no zone of its own) of the datapath has,
 * wanting them. */
struct zones zones_get(struct incr_ctx *, const struct uuid *datapath,
                       const char *name);
void flow_load_zones(struct flow_builder *, const struct zones *);

/* Matches packets that leave from our address of that number, which is beside
 * the port's conntrack zone. */
void flow_match_encap(struct flow_builder *, uint32_t local);

/* Appends the encapsulation of a packet for 'outport' (the key of a port or
 * group) and the output to the tunnel. */
void flow_tunnel_output(struct flow_builder *, const struct tunnel_fact *,
                        uint32_t dp_key, uint32_t outport);

/* Likewise to a VTEP, whose VNI is the datapath's key alone: such a switch has
 * no logical ports but knows where MACs are. */
void flow_ramp_output(struct flow_builder *, const struct tunnel_fact *,
                      uint32_t dp_key);

/* Keys of multicast groups have this bit.  In a VNI between hypervisors it is
 * the highest one. */
#define LOG_MIN_MULTICAST_KEY 0x8000
#define VXLAN_VNI_GROUP 0x800000

/* A way out of this host for a port of the integration bridge. */
struct physical_port {
    uint32_t ofport;         /* 0: it has none here. */
    uint16_t vlan;           /* Tag on the wire; 0: untagged. */
    uint8_t encap;           /* Number of the address that its packets leave
                              * the host from, in tunnels. */
    bool is_nested;          /* Behind its parent's interface. */
    bool is_localnet;
};

/* The OpenFlow port that 'row' has on this host. */
struct physical_port physical_port_find(struct incr_ctx *,
                                        const struct sb_port_binding *row,
                                        const struct port_fact *);

/* Begins a flow for packets that arrive by 'pp': matches the OpenFlow port and
 * the VLAN, and takes the tag off. */
void flow_begin_arrival(struct flow_builder *, const struct physical_port *);

/* Appends the way into the ingress pipeline, of packets from 'port'. */
void flow_enter(struct flow_builder *, const struct port_fact *port,
                const struct physical_port *, const struct zones *);

/* Appends the output by 'pp', with its tag, which is gone again behind it. */
void flow_leave(struct flow_builder *, const struct physical_port *);

/* Packets to the port are delivered on this host. */
bool physical_is_here(struct incr_ctx *, const struct sb_port_binding *row,
                      const struct port_fact *, const char *name);

#endif /* controller/physical/physical.h */
