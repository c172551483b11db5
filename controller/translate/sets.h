/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_SETS_H
#define CONTROLLER_TRANSLATE_SETS_H

/* Address sets, port groups and template variables, as facts that translation
 * looks up.
 *
 * One member more of a large address set must cost little, however many flows
 * use the set.  So its members are also in buckets of a few each, by their
 * hash, and what uses the set is translated for each bucket alone.  So are the
 * ports here of a port group with many of them on one datapath; there the
 * buckets are smaller, as ports come and go one by one, and addresses often in
 * heaps. */

#include "lib/logical/expr.h"

struct incr_ctx;

/* Members of a bucket, about; a set with fewer than two such has none. */
#define SET_BUCKET_SIZE 32
#define GROUP_BUCKET_SIZE 16

/* Key of FACT_SET_BUCKET and FACT_GROUP_BUCKET; the name follows, up to the end of the key. */
struct bucket_key {
    uint32_t bucket;
    uint32_t pad;
    char name[];
};

/* Appends such a key. */
void bucket_key_put(struct str *, uint32_t bucket, const char *name);

/* Unit of Chassis_Template_Var: emits FACT_TEMPLATE_VAR. */
void template_var_unit(struct incr_ctx *, const void *chassis_template_var);

/* The text with the variables of this chassis in their places: 'text' itself,
 * or a copy in 'arena'. */
const char *templates_expand(struct incr_ctx *, const char *text,
                             struct arena *arena);

/* Units of Address_Set and Port_Group: emit FACT_ADDRESS_SET (and
 * FACT_SET_BUCKETS, FACT_SET_BUCKET), FACT_PORT_GROUP, FACT_PORT_GROUP_HERE (and
 * FACT_GROUP_BUCKETS, FACT_GROUP_BUCKET). */
void address_set_unit(struct incr_ctx *, const void *address_set);
void port_group_unit(struct incr_ctx *, const void *port_group);
void port_group_here_unit(struct incr_ctx *, const void *port_group);

/* The members of the set, in 'arena'; NULL if there is no such set. */
const struct const_set *address_set_find(struct incr_ctx *, const char *name,
                                         struct arena *arena);

/* The members in a bucket, in 'arena'. */
struct const_set address_bucket_find(struct incr_ctx *, const char *name,
                                     uint32_t bucket, struct arena *arena);

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

#endif /* controller/translate/sets.h */
