/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_BINDING_NAMES_H
#define CONTROLLER_BINDING_NAMES_H

/* Units that say what things are called: the interfaces of this host, the
 * ports and multicast groups of the southbound database. */

#include "controller/program.h"

struct sb_datapath_binding;
struct sb_port_binding;

/* Unit of Interface: emits FACT_FLOW_TUNNEL. */
void flow_tunnel_unit(struct incr_ctx *, const void *interface);

/* Unit of Interface: emits FACT_INTERFACE (and its version and address of
 * encapsulation), FACT_PATCH, FACT_TUNNEL for interfaces of the integration
 * bridge. */
void interface_unit(struct incr_ctx *, const void *interface);

/* Unit of Port_Binding: emits FACT_PORT, FACT_PORT_CHASSIS, FACT_LOCALNET. */
void port_name_unit(struct incr_ctx *, const void *port_binding);

/* Unit of Multicast_Group: emits FACT_GROUP_KEY. */
void group_name_unit(struct incr_ctx *, const void *multicast_group);

/* Unit of Chassis: emits FACT_CHASSIS_HERE, FACT_HOSTNAME_HERE for our own. */
void chassis_here_unit(struct incr_ctx *, const void *chassis);

enum port_type port_type_from_string(const char *);

/* Reads the port of a row, noting the columns; false if it has no datapath. */
bool port_fact_read(struct incr_ctx *, const struct sb_port_binding *,
                    struct port_fact *ret);

/* Says whether 'chassis' (a Chassis uuid of a row) is us. */
bool chassis_is_here(struct incr_ctx *, const struct uuid *chassis);

/* The bridge that ovn-bridge-mappings gives for the network of a localnet or
 * l2gateway port; NULL if none.  Borrowed while the unit runs, until the next
 * call. */
char *network_bridge(struct incr_ctx *, const struct sb_port_binding *);

/* The key of multicast group 'name' in datapath 'dp_key'; 0 if none. */
uint32_t group_key_find(struct incr_ctx *, uint32_t dp_key, const char *name);

/* The tunnel to 'chassis' that fits best: to its address 'remote_ip' (NULL: the
 * one that it prefers) from ours of number 'local', if that one works; NULL if
 * there is none at all. */
const struct tunnel_fact *tunnel_find(struct incr_ctx *, const char *chassis,
                                      const char *remote_ip, uint32_t local);

/* The greatest number of an address of ours that tunnels to 'chassis' leave
 * from. */
uint32_t tunnel_max_local(struct incr_ctx *, const char *chassis);

/* Says whether 'chassis' can be reached: there is a tunnel to it of which BFD
 * does not say that it is down. */
bool tunnel_is_live(struct incr_ctx *, const char *chassis);

/* The tunnel to where the port is, or NULL. */
const struct tunnel_fact *port_tunnel(struct incr_ctx *,
                                      const char *port_name);

/* Of a switch, not of a router. */
bool datapath_is_switch(struct incr_ctx *,
                        const struct sb_datapath_binding *);

#endif /* controller/binding/names.h */
