/* SPDX-License-Identifier: Apache-2.0 */

/* Who is connected to whom, which router ports are gateways, and which switch
 * ports have something that most have not, so that units for it run for them
 * only. */

#include "northd/program.h"
#include "northd/topology/multicast.h"

static void
switch_port_peer(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    struct switch_router sr = { .sp = *sp };
    const char *name;

    if (!lsp_is_type(ctx, sp->lsp, "")) {
        EMIT_KEY(ctx, F_SPECIAL_PORT, *sp);
    }
    if (lsp_has_unknown(ctx, sp->lsp)) {
        EMIT_KEY(ctx, F_UNKNOWN_PORT, *sp);
    }
    if (nb_logical_switch_port_get_dhcpv4_options(ctx, sp->lsp)
        || nb_logical_switch_port_get_dhcpv6_options(ctx, sp->lsp)) {
        EMIT_KEY(ctx, F_DHCP_PORT, *sp);
    }
    if (lsp_is_type(ctx, sp->lsp, "localnet")) {
        EMIT(ctx, F_SWITCH_LOCALNETS, sp->ls, sp->lsp);
    }
    if (!lsp_is_type(ctx, sp->lsp, "router")) {
        return;
    }
    name = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                      "router-port");
    if (!name || !(sr.rp.lrp = get_row_by_name(ctx, F_LRP_BY_NAME, name))
        || !(sr.rp.lr = get_row_by_row(ctx, F_LRP_ROUTER, sr.rp.lrp))) {
        return;
    }
    EMIT(ctx, F_LSP_PEER, sp->lsp, sr.rp);
    EMIT(ctx, F_LRP_SWITCH_PEER, sr.rp.lrp, *sp);
    EMIT(ctx, F_SWITCH_ROUTERS, sp->ls, sr);
    EMIT(ctx, F_ROUTER_SWITCHES, sr.rp.lr, sr);
}

/* A router port can name another router's port as its peer. */
static void
router_port_peer(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *name = nb_logical_router_port_get_peer(ctx, rp->lrp);
    struct router_port peer;

    if (!name || !(peer.lrp = get_row_by_name(ctx, F_LRP_BY_NAME, name))
        || !(peer.lr = get_row_by_row(ctx, F_LRP_ROUTER, peer.lrp))) {
        return;
    }
    EMIT(ctx, F_LRP_ROUTER_PEER, rp->lrp, peer);
}

static void
router_port_gateway(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    size_t n;

    nb_logical_router_port_get_gateway_chassis(ctx, rp->lrp, &n);
    if (!n && !nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp)) {
        return;
    }
    if (router_chassis(ctx, rp->lr)) {
        warn_row(&rp->lrp->header, "a gateway router's port cannot be a "
                 "distributed gateway port");
        return;
    }
    EMIT(ctx, F_GATEWAY_PORT, rp->lr, rp->lrp);
}

UNIT_LIST(peer_units,
    UNIT_GROUP(RANK_PEER, F_SWITCH_PORT, switch_port_peer),
    UNIT_GROUP(RANK_PEER, F_ROUTER_PORT, router_port_peer),
    UNIT_GROUP(RANK_PEER, F_ROUTER_PORT, router_port_gateway));
