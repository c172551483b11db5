/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_NESTING_H
#define NORTHD_TOPOLOGY_NESTING_H

/* Ports that share the interface of another port, their parent, under VLAN
 * tags of their own. */

#include "northd/program.h"

#define MAX_TAG 4095

/* The scope of the tags of ports below 'parent', for want_number(). */
struct uuid tag_scope(const char *parent);

/* Emits what 'lsp' asks for. */
void lsp_want_tag(struct incr_ctx *, const struct nb_logical_switch_port *lsp);

/* The VLAN tag of 'lsp': what it asks for, what was chosen for it, or what its
 * "tag" column says.  0 if it has none (yet). */
int64_t lsp_tag(struct incr_ctx *, const struct nb_logical_switch_port *lsp);

#endif /* northd/topology/nesting.h */
