/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_PORT_SECURITY_H
#define CONTROLLER_PHYSICAL_PORT_SECURITY_H

/* Port security: which addresses a workload may send from and receive at.
 *
 * check_in_port_sec() and check_out_port_sec() go through tables 73 to 75,
 * which set a flag for packets to drop.  Ports without port security have no
 * flows there, and so no packet dropped. */

struct incr_ctx;

/* Unit of Port_Binding. */
void port_security_unit(struct incr_ctx *, const void *port_binding);

#endif /* controller/physical/port_security.h */
