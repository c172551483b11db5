/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_REGISTER_H
#define CONTROLLER_CHASSIS_REGISTER_H

/* This host's rows in the southbound database: Chassis, Encap and
 * Chassis_Private. */

#include "controller/controller.h"

struct registration;

struct registration *registration_create(struct controller *);
void registration_destroy(struct registration *);

/* Looks whether settings or rows such as ours are among what has changed in
 * either replica. */
void registration_look(struct registration *);

/* Notes that what was written has not come to be. */
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
