/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_SETS_H
#define CONTROLLER_TRANSLATE_SETS_H

/* Address sets and port groups, as facts that translation looks up. */

#include "lib/logical/expr.h"

struct incr_ctx;

/* Units of Address_Set and Port_Group: emit FACT_ADDRESS_SET, FACT_PORT_GROUP
 * and FACT_PORT_GROUP_HERE. */
void address_set_unit(struct incr_ctx *, const void *address_set);
void port_group_unit(struct incr_ctx *, const void *port_group);
void port_group_here_unit(struct incr_ctx *, const void *port_group);

/* The members of the set, in 'arena'; NULL if there is no such set. */
const struct const_set *address_set_find(struct incr_ctx *, const char *name,
                                         struct arena *arena);

/* The names of the group's ports on datapath 'dp_key', in 'arena'; NULL if
 * there is no such group.  Rows are named "<datapath key>_<group>" where the
 * group has ports in several datapaths.  'only_here' leaves out the ports that
 * no packet comes from or goes to on this host. */
const char *const *port_group_find(struct incr_ctx *, uint32_t dp_key,
                                   const char *name, bool only_here,
                                   struct arena *arena, size_t *ret_n);

#endif /* controller/translate/sets.h */
