/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CONTROLLER_H
#define CONTROLLER_CONTROLLER_H

/* The process: its replicas, its engine, and what acts on the outside.
 *
 * Each writer keeps a list of what may differ between the facts and a database
 * and goes through that list alone when it is run; what could not be written
 * (a transaction is under way, or was refused) stays on the list. */

#include "lib/incr/incr.h"
#include "lib/replica/replica.h"
#include "lib/replica/txn.h"
#include "lib/schema/sb.h"
#include "lib/schema/vs.h"

struct controller {
    struct replica *vs;          /* Open_vSwitch of this host. */
    struct replica *sb;          /* OVN_Southbound; idle until its remote is
                                  * known. */
    struct incr *incr;
    const char *chassis_name;    /* Ours, if it does not come from
                                  * external_ids:system-id. */
};

/* The first (and only) row; NULL before the database is there. */
static inline const struct vs_open_vswitch *
controller_open_vswitch(const struct controller *c)
{
    return vs_open_vswitch_first(c->vs);
}

/* The integration bridge's row, or NULL. */
const struct vs_bridge *controller_bridge(const struct controller *);

/* Our name, or NULL while it is not set. */
const char *controller_system_id(const struct controller *);

/* Our Chassis row, or NULL. */
const struct sb_chassis *controller_chassis(const struct controller *);

/* Value of a setting, outside of units. */
const char *controller_setting(const struct controller *, const char *name,
                               const char *def);

#endif /* controller/controller.h */
