/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_PERIODIC_RA_H
#define CONTROLLER_PUNT_PERIODIC_RA_H

/* Router advertisements that nobody asked for (RFC 4861, 6.2.4), from router
 * ports whose options:ipv6_ra_send_periodic is true.  Each host tells the ports
 * it has itself: PERIODIC_RA_MAX at most, PERIODIC_RA_RATE a second.
 *
 * Threads: main, unless said otherwise. */

#include "controller/controller.h"

#define PERIODIC_RA_RATE 500
#define PERIODIC_RA_MAX 8192

struct outlet;
struct periodic_ra;

/* Value of FACT_PERIODIC_RA: how often and by which switch port, and the
 * packet. */
struct ra_fact {
    uint32_t dp_key;
    uint32_t port_key;
    uint32_t min_interval_s;
    uint32_t max_interval_s;
    uint8_t packet[];
};

/* Unit of Port_Binding: emits FACT_PERIODIC_RA under the row's uuid. */
void periodic_ra_unit(struct incr_ctx *, const void *port_binding);

struct periodic_ra *periodic_ra_create(struct controller *);
void periodic_ra_destroy(struct periodic_ra *);

/* As schedule_release(). */
bool periodic_ra_release(struct periodic_ra *, uint64_t current,
                         uint64_t done);

/* Handlers' thread: sends what is due; returns when to call again. */
int64_t periodic_ra_run(struct periodic_ra *, const struct outlet *);

#endif /* controller/punt/periodic_ra.h */
