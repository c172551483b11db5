/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_PORTS_H
#define CONTROLLER_PUNT_PORTS_H

/* Rows of the southbound database by the numbers that packets carry.  Reads
 * here are outside of the engine: an answer is made once, from what is known
 * when it is made. */

#include "controller/controller.h"

struct ports;

struct ports *ports_create(struct controller *);
void ports_destroy(struct ports *);

/* NULL if there is none. */
const struct sb_datapath_binding *ports_datapath(const struct ports *,
                                                 uint32_t dp_key);
const struct sb_port_binding *ports_find(const struct ports *,
                                         uint32_t dp_key, uint32_t port_key);

#endif /* controller/punt/ports.h */
