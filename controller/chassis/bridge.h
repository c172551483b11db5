/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_BRIDGE_H
#define CONTROLLER_CHASSIS_BRIDGE_H

/* The integration bridge, as a row of the local database. */

#include "controller/controller.h"

/* Writes what differs to the open transaction: the bridge, if there is none;
 * its type of datapath, if ovn-bridge-datapath-type says one; when this process
 * started; other_config:vlan-limit=0, if there is none. */
void bridge_run(const struct controller *, struct replica_txn *,
                int64_t started_wall_ms);

/* Notes a number in external_ids, for agents on this host. */
void bridge_set_mark(const struct vs_bridge *, const char *key,
                     int64_t value);

/* Says whether what is there for this chassis is to go when the process ends
 * (ovn-cleanup-on-exit; true unless set to false). */
bool bridge_cleans_up(const struct controller *);

#endif /* controller/chassis/bridge.h */
