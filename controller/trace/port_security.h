/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_PORT_SECURITY_H
#define CONTROLLER_TRACE_PORT_SECURITY_H

/* Port security, as the northbound documentation of Logical_Switch_Port has
 * it: what a port may send and receive. */

#include "controller/trace/network.h"

bool port_may_send(const struct port *, const struct flow *);
bool port_may_receive(const struct port *, const struct flow *);

#endif /* controller/trace/port_security.h */
