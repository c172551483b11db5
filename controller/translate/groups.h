/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_GROUPS_H
#define CONTROLLER_TRANSLATE_GROUPS_H

/* Port groups, as facts that translation looks up.
 *
 * One port more must cost little here, too, however many flows use the group: if
 * many of its ports are here on one datapath, these are in buckets as well, by
 * the hash of their names (sets.h).  The buckets are smaller than those of
 * address sets: ports come and go one by one, addresses often in heaps.
 *
 * And it must cost little however many ports the group has, most of which are
 * elsewhere: which of them are here is found out for a share of them at a
 * time. */

#include "lib/base/compiler.h"

struct arena;
struct incr_ctx;
struct incr_group;

/* Ports of a share, about; a group with fewer than two such has none. */
#define GROUP_SHARE_SIZE 64

/* Ports of a bucket, about; a group with fewer than two such here has none. */
#define GROUP_BUCKET_SIZE 16

/* Unit of Port_Group: emits FACT_PORT_GROUP, and for a large one
 * FACT_GROUP_SHARES and FACT_GROUP_SHARE. */
void port_group_unit(struct incr_ctx *, const void *port_group);

/* Unit of FACT_GROUP_SHARE: emits FACT_SHARE_HERE. */
void share_here_unit(struct incr_ctx *, const struct incr_group *);

/* Unit of Port_Group: emits FACT_PORT_GROUP_HERE, and if many ports are here
 * FACT_GROUP_BUCKETS and FACT_GROUP_BUCKET. */
void port_group_here_unit(struct incr_ctx *, const void *port_group);

/* The names of the group's ports on datapath 'dp_key', in 'arena'; NULL if
 * there is no such group.  Rows are named "<datapath key>_<group>" where the
 * group has ports in several datapaths.  'only_here' leaves out the ports that
 * no packet comes from or goes to on this host. */
const char *const *port_group_find(struct incr_ctx *, uint32_t dp_key,
                                   const char *name, bool only_here,
                                   struct arena *arena, size_t *ret_n);

/* In how many buckets the ports here of that group are, of those that are named
 * "<datapath key>_<group>"; 0 if they are few, or there is no such group. */
uint32_t port_group_n_buckets(struct incr_ctx *, uint32_t dp_key,
                              const char *name);

/* The names of the ports in one of them, in 'arena'. */
const char *const *port_group_bucket_find(struct incr_ctx *, uint32_t dp_key,
                                          const char *name, uint32_t bucket,
                                          struct arena *arena, size_t *ret_n);

#endif /* controller/translate/groups.h */
