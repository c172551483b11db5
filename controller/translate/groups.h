/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_GROUPS_H
#define CONTROLLER_TRANSLATE_GROUPS_H

/* Port groups, as facts that translation looks up.
 *
 * One port more must cost little here, too, however many flows use the group: if
 * many of its ports are here on one datapath, these are in buckets as well, by
 * the hash of their names (sets.h).  The buckets are smaller than those of
 * address sets: ports come and go one by one, addresses often in heaps. */

#include "lib/base/compiler.h"

struct arena;
struct incr_ctx;

/* Ports of a bucket, about; a group with fewer than two such here has none. */
#define GROUP_BUCKET_SIZE 16

/* Units of Port_Group: emit FACT_PORT_GROUP; and FACT_PORT_GROUP_HERE, and if
 * many ports are here FACT_GROUP_BUCKETS and FACT_GROUP_BUCKET. */
void port_group_unit(struct incr_ctx *, const void *port_group);
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
