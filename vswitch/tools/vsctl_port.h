/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TOOLS_VSCTL_PORT_H
#define VSWITCH_TOOLS_VSCTL_PORT_H

/* Ports of bridges, for ovs-vsctl's commands on either. */

#include "vswitch/tools/vsctl.h"

/* Takes the port out of 'br' and deletes it with its interfaces. */
void vsctl_delete_port(const struct vs_bridge *, const struct vs_port *);

/* Refuses a name for a new 'kind' ("bridge", "port", "interface") if a bridge,
 * a port or an interface has it.  (A new port's interface may have the name of
 * the port: without 'ports', ports are not looked at.) */
struct error *vsctl_check_conflict(const struct dbctl *, const char *name,
                                   const char *kind, bool ports) MUST_USE;

#endif /* vswitch/tools/vsctl_port.h */
