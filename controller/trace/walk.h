/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_WALK_H
#define CONTROLLER_TRACE_WALK_H

/* One packet through the logical pipelines.
 *
 * State that the southbound database does not hold (connections, random
 * choices) comes from the options, in the order of its use. */

#include "controller/trace/network.h"
#include "controller/trace/report.h"
#include "lib/openflow/flow_fetch.h"

struct walk_options {
    const uint8_t *ct_states;    /* For each ct_next and its kin. */
    size_t n_ct_states;
    bool has_lb_dst;
    struct lb_backend lb_dst;
    bool has_select_id;
    uint16_t select_id;
    bool friendly_names;
    const struct openflow_flows *openflow;   /* To show, or NULL. */
};

/* Follows a packet with 'flow' that enters logical datapath 'dp'.  Actions are
 * reported below 'root', in 'arena'. */
void walk(struct datapath *dp, const struct flow *flow,
          const struct walk_options *, struct arena *arena,
          struct report *root);

#endif /* controller/trace/walk.h */
