/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_BINDING_DATAPATHS_H
#define CONTROLLER_BINDING_DATAPATHS_H

/* Local datapaths: those with a port here, and those that patch ports lead to
 * from there.
 *
 * Reachability is no pure function of a bounded number of facts, so it is done
 * here, between steps: whenever a seed or an edge changed, the graph is walked
 * from the seeds and the difference set as FACT_LOCAL_DATAPATH.  Cost: the
 * local datapaths and their patch ports, for each batch of such changes. */

#include "controller/controller.h"

struct datapaths;

struct datapaths *datapaths_create(struct controller *);
void datapaths_destroy(struct datapaths *);

/* Sets FACT_LOCAL_DATAPATH if seeds or edges changed.  Between steps. */
void datapaths_run(struct datapaths *);

#endif /* controller/binding/datapaths.h */
