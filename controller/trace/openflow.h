/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_OPENFLOW_H
#define CONTROLLER_TRACE_OPENFLOW_H

/* The OpenFlow flows of a switch, by the logical flows they come from: the
 * cookie is the first 32 bits of the logical flow's UUID. */

#include "lib/base/error.h"
#include "lib/base/hmap.h"

struct openflow_flow {
    struct hmap_node node;       /* In openflow_flows, by cookie. */
    uint32_t cookie;
    char *text;                  /* As ovs-ofctl dump-flows prints it. */
};

struct openflow_flows {
    struct hmap flows;
};

/* Connects to 'remote' and asks for all flows.  Calls 'done' once, from the
 * loop or before this returns, with the flows, which it owns, or an error,
 * which it owns. */
void openflow_fetch(const char *remote,
                    void (*done)(struct openflow_flows *, struct error *,
                                 void *aux),
                    void *aux);

void openflow_flows_destroy(struct openflow_flows *);

#define OPENFLOW_FOR_EACH(FLOW, COOKIE, FLOWS) \
    HMAP_FOR_EACH_WITH_HASH (FLOW, node, COOKIE, &(FLOWS)->flows)

#endif /* controller/trace/openflow.h */
