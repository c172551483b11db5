/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_ENCAPS_H
#define CONTROLLER_CHASSIS_ENCAPS_H

/* Tunnels to other chassis, as interfaces of the integration bridge: one for
 * each pair of an address of ours (chassis/encap_ips.h) and one of theirs.
 *
 * A tunnel's Port row is known by external_ids:ovn-chassis-id,
 * "CHASSIS@REMOTE-IP%LOCAL-IP", without the last part where the host chooses
 * the address that it sends from.
 *
 * With ovn-enable-flow-based-tunnels there is instead one tunnel of each type,
 * "@TYPE%flow", and flows give each packet both addresses: many chassis cost no
 * ports then.  No BFD runs on such a tunnel, as with OVN, which has no HA
 * chassis then: here the gateway of a group is its member of the highest
 * priority, whether or not it lives, and the log tells so. */

#include "controller/controller.h"

struct encaps;

/* Units of Chassis and of Open_vSwitch: emit FACT_TUNNEL_WANTED. */
void encap_unit(struct incr_ctx *, const void *chassis);
void flow_encap_unit(struct incr_ctx *, const void *open_vswitch);

/* Unit of Chassis: emits FACT_TUNNEL for the ways that flows choose among. */
void chassis_tunnel_unit(struct incr_ctx *, const void *chassis);

/* Unit of Encap: emits FACT_DEFAULT_ENCAP. */
void default_encap_unit(struct incr_ctx *, const void *encap);

/* Unit of SB_Global: emits FACT_TUNNEL_OPTION. */
void tunnel_option_unit(struct incr_ctx *, const void *sb_global);

/* Starts to watch the facts of 'c'. */
struct encaps *encaps_create(struct controller *c);
void encaps_destroy(struct encaps *);

/* Has tunnels compared again: all of them; if a change of the local database,
 * which still shows, may concern them. */
void encaps_wake(struct encaps *);
void encaps_look(struct encaps *);

/* Writes what differs to the open transaction of the Open_vSwitch database.
 * Does nothing if nothing may differ. */
void encaps_run(struct encaps *, struct replica_txn *);

/* Removes all tunnels, for the end of the chassis. */
void encaps_remove_all(struct encaps *, struct replica_txn *);

#endif /* controller/chassis/encaps.h */
