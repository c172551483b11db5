/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_QUEUE_H
#define NORTHD_TOPOLOGY_QUEUE_H

/* Queues of the hosts' uplinks, by number.  A port with a rate
 * (options:qos_min_rate, qos_max_rate, qos_burst) gets one of its own, unless
 * it names one with options:qdisc_queue_id. */

#include "northd/program.h"

#define MAX_QUEUE 61440         /* Of column options:qdisc_queue_id. */

/* The scope of queues, for want_number(). */
extern const struct uuid queue_scope;

/* Emits what 'lsp' asks for. */
void lsp_want_queue(struct incr_ctx *, const struct nb_logical_switch_port *);

/* The number of the port's queue; 0 if it has none (yet). */
uint32_t lsp_queue(struct incr_ctx *, const struct nb_logical_switch_port *);

#endif /* northd/topology/queue.h */
