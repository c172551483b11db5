/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_PERIODIC_RA_H
#define CONTROLLER_PUNT_PERIODIC_RA_H

/* Router advertisements that nobody asked for (RFC 4861, 6.2.4), from router
 * ports whose options:ipv6_ra_send_periodic is true.  Each host tells the ports
 * it has itself. */

#include "controller/controller.h"

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

/* 'outlet' is borrowed. */
struct periodic_ra *periodic_ra_create(struct controller *, const struct outlet *);
void periodic_ra_destroy(struct periodic_ra *);

#endif /* controller/punt/periodic_ra.h */
