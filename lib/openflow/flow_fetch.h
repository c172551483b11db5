/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FLOW_FETCH_H
#define OPENFLOW_FLOW_FETCH_H

/* The OpenFlow flows of a switch, by the logical flows they come from: the
 * cookie is the first 32 bits of the logical flow's UUID. */

#include "lib/base/error.h"
#include "lib/base/hmap.h"
#include "lib/base/str.h"
#include "lib/openflow/flow_mod.h"

struct openflow_flow {
    struct hmap_node node;       /* In openflow_flows, by cookie. */
    uint32_t cookie;
    char *text;                  /* What 'format' made of it. */
};

struct openflow_flows {
    struct hmap flows;
};

/* Connects to 'remote' and asks for all flows, of which 'format' makes texts.
 * Calls 'done' once, from the loop or before this returns, with the flows,
 * which it owns, or an error, which it owns. */
void openflow_fetch(const char *remote,
                    void (*format)(const struct flow_stats *, struct str *),
                    void (*done)(struct openflow_flows *, struct error *,
                                 void *aux),
                    void *aux);

/* A 'format': as ovs-ofctl dump-flows prints a flow, without indentation. */
void openflow_format(const struct flow_stats *, struct str *);

void openflow_flows_destroy(struct openflow_flows *);

#define OPENFLOW_FOR_EACH(FLOW, COOKIE, FLOWS) \
    HMAP_FOR_EACH_WITH_HASH (FLOW, node, COOKIE, &(FLOWS)->flows)

#endif /* openflow/flow_fetch.h */
