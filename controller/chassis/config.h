/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_CONFIG_H
#define CONTROLLER_CHASSIS_CONFIG_H

/* Settings of this chassis: external_ids of the Open_vSwitch row.
 *
 * A key with "-<chassis>" at its end, the chassis's name, overrides the plain
 * key, so that several controllers can share a database.  The name is what the
 * engine's aux (incr_set_aux()) says, or system-id if that is NULL.  Each
 * setting is a fact of its own, so that a unit wakes only for those that it
 * reads. */

struct incr_ctx;
struct strmap;

/* Unit of Open_vSwitch: emits FACT_CONFIG. */
void config_unit(struct incr_ctx *, const void *open_vswitch);

/* Unit of Bridge: emits FACT_INTEGRATION_PORT for the integration bridge. */
void bridge_unit(struct incr_ctx *, const void *bridge);

/* The setting 'name' as the override rule says, outside of units; 'def' if
 * absent.  'chassis_name' NULL: system-id.  Borrowed from 'external_ids'. */
const char *config_get(const struct strmap *external_ids,
                       const char *chassis_name, const char *name,
                       const char *def);

/* Name of the integration bridge unless set. */
#define CONFIG_DEFAULT_BRIDGE "br-int"

#endif /* controller/chassis/config.h */
