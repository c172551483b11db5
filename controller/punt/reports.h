/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_REPORTS_H
#define CONTROLLER_PUNT_REPORTS_H

/* What packets have us tell the southbound database beside learned addresses:
 * who has a virtual port, which ports that moved here are alive, and events
 * for the cloud platform.  Each kind is
 * bounded by REPORTS_MAX; what comes beyond is counted and dropped.
 *
 * Threads: main; any for the functions that add. */

#include "controller/controller.h"

#define REPORTS_MAX 256

struct ports;
struct reports;

/* 'ports' is borrowed. */
struct reports *reports_create(struct controller *, const struct ports *);
void reports_destroy(struct reports *);

/* The virtual port was seen behind the port with key 'parent_key'. */
void reports_bind_vport(struct reports *, uint32_t dp_key,
                        uint32_t vport_key, uint32_t parent_key);

/* The workload of a port on this additional chassis runs. */
void reports_activate(struct reports *, uint32_t dp_key, uint32_t port_key);

/* A packet came for a load balancer that has no backends. */
void reports_empty_lb_backends(struct reports *, const char *vip,
                               const char *protocol,
                               const char *load_balancer);

bool reports_are_pending(struct reports *);

/* Writes all to the open transaction. */
void reports_write(struct reports *, struct replica_txn *);

#endif /* controller/punt/reports.h */
