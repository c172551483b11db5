/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_ROUTER_GROUPS_H
#define NORTHD_SYNC_ROUTER_GROUPS_H

/* Which routers can reach each other, over switches that they share or
 * directly ('peer'): sets F_ROUTER_GROUP.  A router that shares no switch has
 * none, and is a group of its own.
 *
 * Cost: a change walks the links between routers, and happens only when such a
 * link changes; ports to switches with one router do not count. */

#include "lib/incr/incr.h"

struct router_groups;

struct router_groups *router_groups_create(struct incr *);
void router_groups_destroy(struct router_groups *);

#endif /* northd/sync/router_groups.h */
