/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_PATCH_H
#define CONTROLLER_CHASSIS_PATCH_H

/* Patch ports between the integration bridge and the bridges that
 * ovn-bridge-mappings names, a pair for each localnet (or l2gateway) port of a
 * datapath that matters here.
 *
 * A pair for port P is "patch-br-int-to-P" and "patch-P-to-br-int"; their Port
 * rows have external_ids:ovn-localnet-port (or ovn-l2gateway-port) P. */

#include "controller/controller.h"

struct patch;

/* Unit of Port_Binding: emits FACT_PATCH_WANTED. */
void patch_unit(struct incr_ctx *, const void *port_binding);

struct patch *patch_create(struct controller *);
void patch_destroy(struct patch *);

/* Notes that bridges or ports changed. */
void patch_wake(struct patch *);

/* Writes what differs to the open transaction of the Open_vSwitch database. */
void patch_run(struct patch *, struct replica_txn *);
void patch_remove_all(struct patch *, struct replica_txn *);

#endif /* controller/chassis/patch.h */
