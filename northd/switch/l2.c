/* SPDX-License-Identifier: Apache-2.0 */

/* Where a frame goes by its destination. */

#include <string.h>

#include "northd/flow.h"
#include "northd/topology/address.h"
#include "northd/topology/multicast.h"

static void
switch_l2(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);

    FLOW(ctx, ls, LS_IN_L2_LKUP, 70, NULL, "eth.mcast",
         "outport = \""MC_FLOOD"\"; output;");
    if (!strmap_get_bool(nb_logical_switch_get_other_config(ctx, ls),
                         "broadcast-arps-to-all-routers", true)) {
        /* Routers only get requests for addresses that they own. */
        FLOW(ctx, ls, LS_IN_L2_LKUP, 72, NULL,
             "eth.mcast && (arp.op == 1 || nd_ns)",
             "outport = \""MC_FLOOD_L2"\"; output;");
    }
    FLOW(ctx, ls, LS_IN_L2_UNKNOWN, 50, NULL, "outport == \"none\"",
         switch_has(ctx, ls, SWITCH_HAS_UNKNOWN)
         ? "outport = \""MC_UNKNOWN"\"; output;" : "drop;");
}

/* A router port's MAC is at the gateway chassis if the port is a distributed
 * gateway port, or if it resides on its router's one. */
static const char *
resident_match(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct router_port *rp = GET(ctx, F_LSP_PEER, lsp);
    const struct nb_logical_router_port *gateway;
    const struct incr_group *gateways;
    size_t n;

    if (!rp) {
        return "";
    }
    gateways = LOOKUP(ctx, F_GATEWAY_PORT, rp->lr);
    gateway = router_gateway_port(ctx, rp->lr, &n);
    for (size_t i = 0; gateways && i < gateways->n; i++) {
        if (*(const void *const *) incr_group_value(gateways, i) == rp->lrp) {
            gateway = rp->lrp;
            n = 1;
        }
    }
    if (!gateway
        || (gateway != rp->lrp
            && !strmap_get_bool(nb_logical_router_port_get_options(
                                    ctx, rp->lrp),
                                "reside-on-redirect-chassis", false))) {
        return "";
    }
    return text(ctx, 3, " && is_chassis_resident(%s)",
                quoted_cr(ctx, 4, nb_logical_router_port_get_name(ctx,
                                                                  gateway)));
}

/* What to do with packets for an address of the port; NULL if only addresses
 * that were learnt count. */
static const char *
port_actions(struct incr_ctx *ctx, const struct switch_port *sp,
             const char *name)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, sp->lsp);
    const char *clone = strmap_get_def(options, "pkt_clone_type", "");

    if (!lsp_is_enabled(ctx, sp->lsp)) {
        return "drop;";
    }
    if (strmap_get_bool(options, "force_fdb_lookup", false)
        && lsp_is_type(ctx, sp->lsp, "") && lsp_has_unknown(ctx, sp->lsp)) {
        return NULL;
    }
    if (!strcmp(clone, "mc_unknown")
        && switch_has(ctx, sp->ls, SWITCH_HAS_UNKNOWN)) {
        return text(ctx, 2, "clone { outport = \""MC_UNKNOWN"\"; output; }; "
                    "outport = %s; output;", name);
    }
    return text(ctx, 2, "outport = %s; output;", name);
}

static void
port_l2(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct replica_row *hint = &sp->lsp->header;
    const struct incr_group *addresses = LOOKUP(ctx, F_LSP_ADDRESSES, sp->lsp);
    const char *name = quoted(ctx, 0, nb_logical_switch_port_get_name(
        ctx, sp->lsp));
    const char *resident = resident_match(ctx, sp->lsp);
    const char *actions = port_actions(ctx, sp, name);

    if (!actions || lsp_is_type(ctx, sp->lsp, "external")) {
        return;
    }
    for (size_t i = 0; addresses && i < addresses->n; i++) {
        struct port_addresses parsed;

        if (lsp_addresses_parse(addresses, i, &parsed)) {
            FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 50, hint,
                 text(ctx, 1, "eth.dst == %s%s", mac_text(parsed.mac).s,
                      resident), actions);
        }
        port_addresses_uninit(&parsed);
    }
}

/* Requests for addresses that a router port owns need not reach every other
 * router; but hosts that are not known may own them too. */
static void
put_owned(struct incr_ctx *ctx, const struct switch_port *sp,
          const struct port_addresses *addresses, const char *actions)
{
    const struct replica_row *hint = &sp->lsp->header;

    VEC_FOR_EACH (net, &addresses->ip4) {
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 80, hint,
             text(ctx, 1, "flags[1] == 0 && arp.op == 1 && arp.tpa == %s",
                  ip4_text(net->addr).s), actions);
    }
    VEC_FOR_EACH (net, &addresses->ip6) {
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 80, hint,
             text(ctx, 1, "flags[1] == 0 && nd_ns && nd.target == %s",
                  ip6_text(&net->addr).s), actions);
    }
}

static void
port_router_arp(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct router_port *rp = GET(ctx, F_LSP_PEER, sp->lsp);
    struct port_addresses addresses;

    if (!rp) {
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        const char *name = quoted(ctx, 0, nb_logical_switch_port_get_name(
            ctx, sp->lsp));

        put_owned(ctx, sp, &addresses,
                  text(ctx, 2, "clone { outport = %s; output; }; "
                       "outport = \""MC_FLOOD_L2"\"; output;", name));
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 75, &sp->lsp->header,
             text(ctx, 1, "eth.src == %s && (arp.op == 1 || rarp.op == 3 || "
                  "nd_ns)", mac_text(addresses.mac).s),
             "outport = \""MC_FLOOD_L2"\"; output;");
    }
    port_addresses_uninit(&addresses);
}

UNIT_LIST(switch_l2_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_l2),
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, port_l2),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_router_arp));
