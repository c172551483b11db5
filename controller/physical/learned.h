/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PHYSICAL_LEARNED_H
#define CONTROLLER_PHYSICAL_LEARNED_H

/* Flows of what was learned (or set) about neighbours: MAC bindings of router
 * ports in tables 66 and 67, forwarding entries of switches in 71 and 72. */

struct incr_ctx;

/* Units of MAC_Binding, Static_MAC_Binding and FDB. */
void mac_binding_unit(struct incr_ctx *, const void *mac_binding);
void static_mac_binding_unit(struct incr_ctx *,
                             const void *static_mac_binding);
void fdb_unit(struct incr_ctx *, const void *fdb);

#endif /* controller/physical/learned.h */
