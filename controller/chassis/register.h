/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_REGISTER_H
#define CONTROLLER_CHASSIS_REGISTER_H

/* This host's rows in the southbound database: Chassis, Encap and
 * Chassis_Private. */

#include "controller/controller.h"

struct registration;

struct registration *registration_create(struct controller *);
void registration_destroy(struct registration *);

/* Notes that settings or our rows changed. */
void registration_wake(struct registration *);

/* Writes what differs to the open transaction of the southbound database. */
void registration_run(struct registration *, struct replica_txn *);

/* Reports that the flows of northbound configuration 'nb_cfg' are in the
 * switch. */
void registration_report(struct registration *, struct replica_txn *,
                         int64_t nb_cfg);

/* Removes our rows. */
void registration_remove(struct registration *, struct replica_txn *);

/* Our Chassis_Private row, or NULL. */
const struct sb_chassis_private *
registration_private(const struct registration *);

#endif /* controller/chassis/register.h */
