/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INJECT_H
#define CONTROLLER_INJECT_H

/* A packet that an operator makes up: inject-pkt. */

#include "controller/controller.h"

struct install;

/* Sends a packet of which 'microflow', an expression as in logical flows, is
 * true, as if it had come in by its inport, a port on this host. */
struct error *inject_packet(const struct controller *, struct install *,
                            const char *microflow) MUST_USE;

#endif /* controller/inject.h */
