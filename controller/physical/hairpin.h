/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_HAIRPIN_H
#define CONTROLLER_PHYSICAL_HAIRPIN_H

/* Tables 68 to 70: load balancers whose client is its own backend. */

struct incr_ctx;

/* Unit of Load_Balancer. */
void hairpin_unit(struct incr_ctx *, const void *load_balancer);

#endif /* controller/physical/hairpin.h */
