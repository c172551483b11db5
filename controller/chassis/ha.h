/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_HA_H
#define CONTROLLER_CHASSIS_HA_H

/* Gateway groups: which of several chassis does the work now.
 *
 * Every member decides for itself, from priorities and from BFD on its tunnels
 * to the others; members that see each other agree. */

#include "lib/base/compiler.h"

struct incr_ctx;
struct sb_ha_chassis_group;

/* Unit of HA_Chassis_Group: emits FACT_BFD_PEER. */
void bfd_peer_unit(struct incr_ctx *, const void *ha_chassis_group);

/* This chassis has the highest priority among the members that live as far as
 * it can tell. */
bool ha_group_is_active_here(struct incr_ctx *,
                             const struct sb_ha_chassis_group *);
bool ha_group_has_us(struct incr_ctx *, const struct sb_ha_chassis_group *);

/* Name of the member to send packets for the group to: the live one of highest
 * priority; NULL if there is none or it is this chassis. */
const char *ha_group_remote(struct incr_ctx *,
                            const struct sb_ha_chassis_group *);

#endif /* controller/chassis/ha.h */
