/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_QOS_H
#define CONTROLLER_CHASSIS_QOS_H

/* Queues for ports that are promised or limited to a rate.
 *
 * northd numbers the queue of such a port (options:qdisc_queue_id), says by
 * which physical network its packets leave (options:qos_physical_network), and
 * has these set the queue.  The queue itself is at the uplink of this host: of
 * the bridge that is mapped to the network, the port with an interface of
 * external_ids:ovn-egress-iface=true, else the first physical one.  Queues of
 * ports without such a network are at all marked ones, which tunnels may leave
 * by.
 *
 * An uplink has a QoS row that says ovn_qos, with a Queue, which says ovn_port,
 * for each port here.  A port with another QoS row is an operator's. */

#include "controller/controller.h"

struct qos;

/* Values of FACT_QUEUE, under the name of the network, "" for none; bits a
 * second and bits, 0: none. */
struct queue_fact {
    uint64_t min_rate;
    uint64_t max_rate;
    uint64_t burst;
    uint32_t id;
    char port[];             /* Name of the logical port. */
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
