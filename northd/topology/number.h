/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_NUMBER_H
#define NORTHD_TOPOLOGY_NUMBER_H

/* Numbers that are given out besides tunnel keys: VLAN tags, queues of
 * uplinks, ACLs by number.  Each kind has scopes for want_number(), the
 * greatest number, who wants one, and what one has: 0 for none (yet). */

#include "northd/program.h"

/* VLAN tags of ports that share the interface of another port, their parent.
 * A tag_request of 0 leaves the choice to us; what was chosen, or asked for,
 * is written to the "tag" column. */
#define MAX_TAG 4095

struct uuid tag_scope(const char *parent);
void lsp_want_tag(struct incr_ctx *, const struct nb_logical_switch_port *);

/* Without a parent it is the tag that the port's columns say. */
int64_t lsp_tag(struct incr_ctx *, const struct nb_logical_switch_port *);

/* Queues of the hosts' uplinks.  A port with a rate (options:qos_min_rate,
 * qos_max_rate, qos_burst) gets one of its own, unless it names one with
 * options:qdisc_queue_id. */
#define MAX_QUEUE 61440         /* Of column options:qdisc_queue_id. */

extern const struct uuid queue_scope;
void lsp_want_queue(struct incr_ctx *, const struct nb_logical_switch_port *);
uint32_t lsp_queue(struct incr_ctx *, const struct nb_logical_switch_port *);

/* ACLs with options:persist-established: a connection that one allowed stays
 * allowed, whatever ACLs there are later, for as long as that one is there.
 * The connection has the ACL's number, and hosts forget the connections of a
 * number whose ACL_ID row goes. */
#define MAX_ACL_ID 32767        /* Of column ACL_ID:id. */

extern const struct uuid acl_id_scope;
bool acl_is_persistent(struct incr_ctx *, const struct nb_acl *);
uint32_t acl_id(struct incr_ctx *, const struct nb_acl *);

#endif /* northd/topology/number.h */
