/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_MULTICAST_H
#define NORTHD_TOPOLOGY_MULTICAST_H

#include "northd/program.h"

/* Names of multicast groups, for outport. */
#define MC_FLOOD "_MC_flood"            /* All enabled ports. */
#define MC_FLOOD_L2 "_MC_flood_l2"      /* Likewise without router ports. */
#define MC_UNKNOWN "_MC_unknown"        /* Ports with address "unknown". */

bool lsp_has_unknown(struct incr_ctx *, const struct nb_logical_switch_port *);

#endif /* northd/topology/multicast.h */
