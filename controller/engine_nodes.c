/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/engine_nodes.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/compiler.h"
#include "lib/base/str.h"
#include "lib/incr/incr.h"

enum { MAX_CLASSES = 8 };

/* What OVN's nodes are here.  Those that only hold a table have no work. */
static const struct {
    const char *name;
    const char *classes[MAX_CLASSES];    /* Of units. */
} nodes[] = {
    { "northd_options", { "tunnel_option" } },
    { "addr_sets", { "address_set" } },
    { "ovs_interface_shadow", { "bridge", "interface" } },
    { "runtime_data", { "binding", "bfd_peer", "port_name" } },
    { "port_groups", { "port_group", "share_here", "port_group_here" } },
    { "template_vars", { "template_var" } },
    { "non_vif_data", { "chassis_tunnel", "flow_tunnel", "encap",
                        "flow_encap", "patch" } },
    { "lb_data", { "hairpin" } },
    { "logical_flow_output", { "lflow_parts", "logical_flow", "lflow_place",
                               "set_members", "mac_binding",
                               "static_mac_binding", "fdb" } },
    { "physical_flow_output", { "physical_fixed", "physical_tunnel",
                                "physical_port", "physical_group",
                                "chassis_mac_flows", "port_security" } },
    { "dns_cache", { "dns" } },
    { "mac_cache", { "age" } },
};

enum counter { RECOMPUTE, COMPUTE, ABORT, N_COUNTERS };

static const char *const counter_names[N_COUNTERS] = {
    [RECOMPUTE] = "recompute", [COMPUTE] = "compute", [ABORT] = "abort",
};

static uint64_t
count(const struct incr *incr, size_t node)
{
    uint64_t n = 0;

    for (size_t i = 0; i < MAX_CLASSES && nodes[node].classes[i]; i++) {
        n += incr_evaluations(incr, nodes[node].classes[i]);
    }
    return n;
}

static void
show_counter(const uint64_t counts[N_COUNTERS], const char *name,
             struct str *s)
{
    for (size_t i = 0; i < N_COUNTERS; i++) {
        if (!strcmp(name, counter_names[i])) {
            str_printf(s, "%"PRIu64, counts[i]);
            return;
        }
    }
    str_printf(s, "Invalid stat type : %s", name);
}

static void
show_node(const char *name, const uint64_t counts[N_COUNTERS], struct str *s)
{
    str_printf(s, "Node: %s\n", name);
    for (size_t i = 0; i < N_COUNTERS; i++) {
        str_printf(s, "- %s:%*s%12"PRIu64"\n", counter_names[i],
                   (int) (10 - strlen(counter_names[i])), "", counts[i]);
    }
}

void
engine_nodes_show(const struct incr *incr, uint64_t n_recomputes,
                  const char *node, const char *counter, struct str *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
        const uint64_t counts[N_COUNTERS] = {
            [RECOMPUTE] = n_recomputes, [COMPUTE] = count(incr, i),
        };

        if (node && strcmp(node, nodes[i].name)) {
            continue;
        }
        if (counter) {
            show_counter(counts, counter, s);
        } else {
            show_node(nodes[i].name, counts, s);
        }
    }
}
