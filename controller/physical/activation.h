/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_ACTIVATION_H
#define CONTROLLER_PHYSICAL_ACTIVATION_H

/* Ports that are on their way to another host (live migration).
 *
 * Until the workload runs here, its port on this additional chassis is shut.
 * options:activation-strategy says which packet from it ends that; it is told
 * in options:additional-chassis-activated, by the punt of PUNT_ACTIVATE. */

#include "controller/flows.h"

struct port_fact;
struct sb_port_binding;

/* Emits the flows that shut the port, whose OpenFlow port is 'ofport', if it
 * has to wait.  'b' belongs to the port's unit. */
void activation_flows(struct flow_builder *b, const struct sb_port_binding *,
                      const struct port_fact *, uint32_t ofport);

/* Is 'word' among the comma-separated words of 'list'? */
bool activation_list_has(const char *list, const char *word);

#endif /* controller/physical/activation.h */
