/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_ENCAPS_H
#define CONTROLLER_CHASSIS_ENCAPS_H

/* Tunnels to other chassis: one interface for each on the integration bridge.
 *
 * A tunnel's Port row is known by external_ids:ovn-chassis-id,
 * "CHASSIS@REMOTE-IP". */

#include "controller/controller.h"

struct encaps;

/* Unit of Chassis: emits FACT_TUNNEL_WANTED. */
void encap_unit(struct incr_ctx *, const void *chassis);

/* Starts to watch the facts of 'c'. */
struct encaps *encaps_create(struct controller *c);
void encaps_destroy(struct encaps *);

/* Notes that ports changed, so that tunnels are compared again. */
void encaps_wake(struct encaps *);

/* Writes what differs to the open transaction of the Open_vSwitch database.
 * Does nothing if nothing may differ. */
void encaps_run(struct encaps *, struct replica_txn *);

/* Removes all tunnels, for the end of the chassis. */
void encaps_remove_all(struct encaps *, struct replica_txn *);

#endif /* controller/chassis/encaps.h */
