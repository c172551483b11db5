/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_DEBUG_H
#define CONTROLLER_DEBUG_H

/* What this host takes for its own, as text for people: debug/dump-... */

#include "controller/controller.h"

typedef void debug_dump_fn(const struct controller *, struct str *);
debug_dump_fn debug_local_bindings;
debug_dump_fn debug_related_ports;
debug_dump_fn debug_local_datapaths;
debug_dump_fn debug_peer_ports;
debug_dump_fn debug_template_vars;
debug_dump_fn debug_mac_bindings;

#endif /* controller/debug.h */
