/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_ACL_ID_H
#define NORTHD_TOPOLOGY_ACL_ID_H

/* ACLs with options:persist-established: a connection that one allowed stays
 * allowed, whatever ACLs there are later, for as long as that one is there.
 * The connection has the ACL's number, and hosts forget the connections of a
 * number whose ACL_ID row goes. */

#include "northd/program.h"

#define MAX_ACL_ID 32767        /* Of column ACL_ID:id. */

/* The scope of the numbers, for want_number(). */
extern const struct uuid acl_id_scope;

bool acl_is_persistent(struct incr_ctx *, const struct nb_acl *);

/* The number of an ACL that persists; 0 if it has none (yet). */
uint32_t acl_id(struct incr_ctx *, const struct nb_acl *);

#endif /* northd/topology/acl_id.h */
