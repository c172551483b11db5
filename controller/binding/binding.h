/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_BINDING_BINDING_H
#define CONTROLLER_BINDING_BINDING_H

/* Which logical ports are here, and which datapaths therefore matter. */

#include "controller/program.h"

/* Unit of Port_Binding: emits FACT_CLAIM for a port that this chassis should
 * have, FACT_HELD for one whose row names this chassis, FACT_RESIDENT for
 * what is_chassis_resident() is true of, FACT_DATAPATH_SEED,
 * FACT_DATAPATH_EDGE and FACT_ROUTER_MAC. */
void binding_unit(struct incr_ctx *, const void *port_binding);

#endif /* controller/binding/binding.h */
