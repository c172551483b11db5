/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_UNDERLAY_TABLES_H
#define VSWITCH_UNDERLAY_TABLES_H

/* Routes that were added for tunnels, and neighbours; only for underlay.c.
 *
 * Threads: any, within an RCU read section, but for init and uninit. */

#include "vswitch/dpif/underlay.h"

void underlay_tables_init(void);
void underlay_tables_uninit(void);

/* Finds the most specific added route to 'dst' for packets of mark 'mark'. */
bool underlay_user_route(const struct in6_addr *dst, uint32_t mark,
                         struct underlay_route *ret);

/* Finds a neighbour; '*is_old' says whether it is time to ask for it again,
 * before it is forgotten. */
bool underlay_neighbour_get(const char *device, const struct in6_addr *,
                            struct eth_addr *ret, bool *is_old);

/* Notes a neighbour that was heard of. */
void underlay_neighbour_learn(const char *device, const struct in6_addr *,
                              struct eth_addr);

/* The host no longer has that neighbour: forgets it unless somebody set
 * it. */
void underlay_neighbour_lost(const char *device, const struct in6_addr *);

/* What underlay_pmtu_learn() noted lately for 'dst', 0 if nothing. */
uint32_t underlay_pmtu_get(const struct in6_addr *dst);

#endif /* vswitch/underlay_tables.h */
