/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_QOS_H
#define CONTROLLER_CHASSIS_QOS_H

/* Queues for ports that are promised or limited to a rate.
 *
 * northd numbers the queue of such a port (options:qdisc_queue_id) and has its
 * packets set it; the queue itself is on the uplinks of this host, the ports
 * with external_ids:ovn-egress-iface=true, each of which has a QoS row with a
 * Queue for each port here.  Rows that we made say ovn-owned. */

#include "controller/controller.h"

struct qos;

/* Value of FACT_QUEUE, under the queue's number (uint32_t); bits a second and
 * bits, 0: none. */
struct queue_fact {
    uint64_t min_rate;
    uint64_t max_rate;
    uint64_t burst;
};

/* Unit of Port_Binding: emits FACT_QUEUE. */
void queue_unit(struct incr_ctx *, const void *port_binding);

struct qos *qos_create(struct controller *);
void qos_destroy(struct qos *);

/* Notes that ports changed. */
void qos_wake(struct qos *);

/* Writes what differs to the open transaction of the Open_vSwitch database. */
void qos_run(struct qos *, struct replica_txn *);

#endif /* controller/chassis/qos.h */
