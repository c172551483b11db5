/* SPDX-License-Identifier: Apache-2.0 */

/* Features that the northbound database can ask for and that this version does
 * not have.  The row that asks is left alone but for a warning that names the
 * feature. */

#include "northd/program.h"

static void
warn(const struct replica_row *row, const char *feature)
{
    warn_row(row, "%s: not supported by this version", feature);
}

/* Rows that ask by being there. */

static void
forwarding_group(struct incr_ctx *ctx, const void *row)
{
    warn(row, "forwarding groups");
}

static void
mirror(struct incr_ctx *ctx, const void *row)
{
    warn(row, "mirrors");
}

static void
copp(struct incr_ctx *ctx, const void *row)
{
    warn(row, "control plane protection");
}

static void
bfd(struct incr_ctx *ctx, const void *row)
{
    warn(row, "BFD of routes and policies");
}

static void
template_var(struct incr_ctx *ctx, const void *row)
{
    warn(row, "chassis template variables");
}

static void
dhcp_relay(struct incr_ctx *ctx, const void *row)
{
    warn(row, "DHCP relay");
}

static void
sample(struct incr_ctx *ctx, const void *row)
{
    warn(row, "sampling");
}

static void
network_function(struct incr_ctx *ctx, const void *row)
{
    warn(row, "network functions");
}

static void
port_health_check(struct incr_ctx *ctx, const void *row)
{
    warn(row, "health checks of ports");
}

/* Options that ask. */

struct option {
    const char *name;
    const char *feature;
};

static void
check_options(const struct replica_row *row, const struct strmap *map,
              const struct option *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = strmap_get(map, options[i].name);

        if (value && strmap_get_bool(map, options[i].name, true)) {
            warn(row, options[i].feature);
        }
    }
}

static void
global_options(struct incr_ctx *ctx, const void *row)
{
    static const struct option options[] = {
        { "debug_drop_domain_id", "sampling of drops" },
        { "acl_ct_translation", "ACLs on fields of conntrack" },
        { "ecmp_nexthop_monitor_enable", "monitoring of next hops" },
    };

    check_options(row, nb_nb_global_get_options(ctx, row), options,
                  ARRAY_SIZE(options));
}

static void
lb_options(struct incr_ctx *ctx, const void *row)
{
    static const struct option options[] = {
        { "distributed", "distributed load balancers" },
        { "template", "templates of load balancers" },
    };
    const struct nb_load_balancer *lb = row;
    const struct strmap *map = nb_load_balancer_get_options(ctx, lb);
    size_t n;

    check_options(row, map, options, ARRAY_SIZE(options));
    if (strmap_get_uint(map, "affinity_timeout", 0)) {
        warn(row, "affinity of load balancers");
    }
    nb_load_balancer_get_health_check(ctx, lb, &n);
    if (n) {
        warn(row, "health checks (every backend counts as up)");
    }
}

static void
switch_options(struct incr_ctx *ctx, const void *row)
{
    static const struct option options[] = {
        { "mcast_snoop", "multicast snooping" },
        { "mcast_querier", "the multicast querier" },
        { "dynamic-routing-vni", "EVPN" },
    };

    check_options(row, nb_logical_switch_get_other_config(ctx, row), options,
                  ARRAY_SIZE(options));
}

static void
router_options(struct incr_ctx *ctx, const void *row)
{
    static const struct option options[] = {
        { "mcast_relay", "multicast relay" },
        { "dynamic-routing", "dynamic routing" },
    };

    check_options(row, nb_logical_router_get_options(ctx, row), options,
                  ARRAY_SIZE(options));
}

static void
router_port_options(struct incr_ctx *ctx, const void *row)
{
    static const struct option options[] = {
        { "prefix_delegation", "IPv6 prefix delegation" },
        { "prefix", "IPv6 prefix delegation" },
        { "mcast_flood", "multicast relay" },
        { "routing-protocol-redirect", "redirection of routing protocols" },
    };

    check_options(row, nb_logical_router_port_get_options(ctx, row), options,
                  ARRAY_SIZE(options));
}

static void
switch_port_type(struct incr_ctx *ctx, const void *row)
{
    if (lsp_is_type(ctx, row, "vtep")) {
        warn(row, "VTEP gateways");
    }
}

UNIT_LIST(later_units,
    UNIT_ROW(RANK_OUT, T_NB(FORWARDING_GROUP), forwarding_group),
    UNIT_ROW(RANK_OUT, T_NB(MIRROR), mirror),
    UNIT_ROW(RANK_OUT, T_NB(COPP), copp),
    UNIT_ROW(RANK_OUT, T_NB(BFD), bfd),
    UNIT_ROW(RANK_OUT, T_NB(CHASSIS_TEMPLATE_VAR), template_var),
    UNIT_ROW(RANK_OUT, T_NB(DHCP_RELAY), dhcp_relay),
    UNIT_ROW(RANK_OUT, T_NB(SAMPLE), sample),
    UNIT_ROW(RANK_OUT, T_NB(NETWORK_FUNCTION), network_function),
    UNIT_ROW(RANK_OUT, T_NB(LOGICAL_SWITCH_PORT_HEALTH_CHECK),
             port_health_check),
    UNIT_ROW(RANK_OUT, T_NB(NB_GLOBAL), global_options),
    UNIT_ROW(RANK_OUT, T_NB(LOAD_BALANCER), lb_options),
    UNIT_ROW(RANK_OUT, T_NB(LOGICAL_SWITCH), switch_options),
    UNIT_ROW(RANK_OUT, T_NB(LOGICAL_ROUTER), router_options),
    UNIT_ROW(RANK_OUT, T_NB(LOGICAL_ROUTER_PORT), router_port_options),
    UNIT_ROW(RANK_OUT, T_NB(LOGICAL_SWITCH_PORT), switch_port_type));
