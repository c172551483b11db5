/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_ENGINE_NODES_H
#define CONTROLLER_ENGINE_NODES_H

/* The engine's work by the nodes that OVN's controller has, for
 * inc-engine/show-stats, which operators' scripts read.
 *
 * Nothing is ever computed as a whole here but when somebody asks for it, and
 * nothing is aborted: "recompute" counts these requests, and "compute" how often
 * units ran that do what the node does. */

#include <stdint.h>

struct incr;
struct str;

/* Appends all nodes, or that of name 'node', or just its counter 'counter';
 * nothing if there is no such node. */
void engine_nodes_show(const struct incr *, uint64_t n_recomputes,
                       const char *node, const char *counter, struct str *);

#endif /* controller/engine_nodes.h */
