/* SPDX-License-Identifier: Apache-2.0 */

/* The next hop's MAC: what is known from the northbound database, else what
 * was learnt, else a question. */

#include <string.h>

#include "lib/base/text.h"
#include "northd/flow.h"
#include "northd/router/port.h"

static void
router_resolve(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    FLOW(ctx, lr, LR_IN_ARP_RESOLVE, 1, NULL, "ip4",
         "get_arp(outport, reg0); next;");
    FLOW(ctx, lr, LR_IN_ARP_RESOLVE, 1, NULL, "ip6",
         "get_nd(outport, xxreg0); next;");
    FLOW(ctx, lr, LR_IN_ARP_REQUEST, 100, NULL,
         "eth.dst == 00:00:00:00:00:00 && ip4",
         "arp { eth.dst = ff:ff:ff:ff:ff:ff; arp.spa = reg1; arp.tpa = reg0; "
         "arp.op = 1; output; };");
    FLOW(ctx, lr, LR_IN_ARP_REQUEST, 100, NULL,
         "eth.dst == 00:00:00:00:00:00 && ip6",
         "nd_ns { nd.target = xxreg0; output; };");
}

static void
port_redirect(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *name = nb_logical_router_port_get_name(ctx, rp->lrp);
    struct port_addresses addresses;

    if (router_port_is_gateway(ctx, rp)
        && router_port_is_bridged(ctx, rp->lrp)) {
        /* Elsewhere packets go to the gateway by its MAC. */
        if (lrp_addresses(ctx, rp->lrp, &addresses)) {
            FLOW(ctx, rp->lr, LR_IN_ARP_RESOLVE, 50, &rp->lrp->header,
                 text(ctx, 1, "outport == %s && !is_chassis_resident(%s)",
                      quoted(ctx, 0, name), quoted_cr(ctx, 3, name)),
                 text(ctx, 2, "eth.dst = %s; next;",
                      mac_text(addresses.mac).s));
        }
        port_addresses_uninit(&addresses);
    }
    if (router_port_is_gateway(ctx, rp)) {
        FLOW(ctx, rp->lr, LR_IN_GW_REDIRECT, 50, &rp->lrp->header,
             text(ctx, 1, "outport == %s", quoted(ctx, 0, name)),
             text(ctx, 2, "outport = %s; next;", quoted_cr(ctx, 3, name)));
    }
}

/* "'mac' has the addresses that are in networks of the router port". */
static void
put_known(struct incr_ctx *ctx, const struct router_port *rp,
          const struct replica_row *hint,
          const struct port_addresses *networks,
          const struct port_addresses *host)
{
    const char *name = router_port_name(ctx, 0, rp->lrp);
    const char *actions = text(ctx, 1, "eth.dst = %s; next;",
                               mac_text(host->mac).s);
    struct ip_text src;

    VEC_FOR_EACH (ip, &host->ip4) {
        struct in6_addr mapped = ip_from_v4(ip->addr);

        if (addresses_find_network(networks, &mapped, &src)) {
            FLOW(ctx, rp->lr, LR_IN_ARP_RESOLVE, 100, hint,
                 text(ctx, 2, "outport == %s && reg0 == %s", name,
                      ip4_text(ip->addr).s), actions);
        }
    }
    VEC_FOR_EACH (ip, &host->ip6) {
        if (addresses_find_network(networks, &ip->addr, &src)) {
            FLOW(ctx, rp->lr, LR_IN_ARP_RESOLVE, 100, hint,
                 text(ctx, 2, "outport == %s && xxreg0 == %s", name,
                      ip6_text(&ip->addr).s), actions);
        }
    }
}

/* The hosts of a switch, for each router on it. */
static void
switch_port_resolve(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct incr_group *routers = LOOKUP(ctx, F_SWITCH_ROUTERS, sp->ls);
    const struct incr_group *addresses;

    if (!routers || !lsp_is_enabled(ctx, sp->lsp)
        || lsp_is_type(ctx, sp->lsp, "router")
        || lsp_is_type(ctx, sp->lsp, "virtual")) {
        return;
    }
    addresses = LOOKUP(ctx, F_LSP_ADDRESSES, sp->lsp);
    for (size_t i = 0; i < routers->n; i++) {
        const struct switch_router *sr = incr_group_value(routers, i);
        struct port_addresses networks;

        if (lrp_addresses(ctx, sr->rp.lrp, &networks)) {
            for (size_t j = 0; addresses && j < addresses->n; j++) {
                struct port_addresses host;

                if (lsp_addresses_parse(addresses, j, &host)) {
                    put_known(ctx, &sr->rp, &sp->lsp->header, &networks,
                              &host);
                }
                port_addresses_uninit(&host);
            }
        }
        port_addresses_uninit(&networks);
    }
}

static void
put_neighbor_router(struct incr_ctx *ctx, const struct router_port *rp,
                    const struct port_addresses *networks,
                    const struct router_port *neighbor)
{
    struct port_addresses host;

    if (lrp_addresses(ctx, neighbor->lrp, &host)) {
        put_known(ctx, rp, &rp->lrp->header, networks, &host);
    }
    port_addresses_uninit(&host);
}

static void
put_neighbor_routers(struct incr_ctx *ctx, const struct router_port *rp,
                     const struct port_addresses *networks)
{
    const struct router_port *peer = GET(ctx, F_LRP_ROUTER_PEER, rp->lrp);
    const struct switch_port *sp = GET(ctx, F_LRP_SWITCH_PEER, rp->lrp);
    const struct incr_group *routers;

    if (peer) {
        put_neighbor_router(ctx, rp, networks, peer);
    }
    if (!sp || strmap_get_bool(nb_logical_router_get_options(ctx, rp->lr),
                               "dynamic_neigh_routers", false)) {
        return;
    }
    routers = LOOKUP(ctx, F_SWITCH_ROUTERS, sp->ls);
    for (size_t i = 0; routers && i < routers->n; i++) {
        const struct switch_router *sr = incr_group_value(routers, i);

        if (sr->rp.lrp != rp->lrp) {
            put_neighbor_router(ctx, rp, networks, &sr->rp);
        }
    }
}

/* Other routers: the direct peer, and those on the same switch. */
static void
router_port_resolve(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    struct port_addresses networks;

    if (lrp_addresses(ctx, rp->lrp, &networks)) {
        put_neighbor_routers(ctx, rp, &networks);
    }
    port_addresses_uninit(&networks);
}

/* The parent that a virtual port is bound to now, or NULL. */
static const struct nb_logical_switch_port *
virtual_parent(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct sb_port_binding *pb
        = get_row_by_name(ctx, F_BINDING,
                          nb_logical_switch_port_get_name(ctx, lsp));
    const char *parent
        = pb ? sb_port_binding_get_virtual_parent(ctx, pb) : NULL;

    if (!parent || !*parent || !sb_port_binding_get_chassis(ctx, pb)) {
        return NULL;
    }
    return get_row_by_name(ctx, F_LSP_BY_NAME, parent);
}

static void
put_virtual(struct incr_ctx *ctx, const struct switch_port *sp,
            const struct router_port *rp, const char *ip, bool is_v4,
            const char *mac)
{
    FLOW(ctx, rp->lr, LR_IN_ARP_RESOLVE, 100, &sp->lsp->header,
         text(ctx, 1, "outport == %s && %sreg0 == %s",
              router_port_name(ctx, 0, rp->lrp), is_v4 ? "" : "xx", ip),
         text(ctx, 2, "eth.dst = %s; next;", mac));
}

/* While no parent holds the address, it must be asked for, and what was learnt
 * before must not count. */
static void
virtual_port_resolve(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct nb_logical_switch_port *parent;
    const struct incr_group *routers, *addresses;
    struct ip_text mac = { "00:00:00:00:00:00" };
    struct in6_addr ip;
    const char *option;

    if (!lsp_is_type(ctx, sp->lsp, "virtual")) {
        return;
    }
    option = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                        "virtual-ip");
    routers = LOOKUP(ctx, F_SWITCH_ROUTERS, sp->ls);
    if (!option || !ip_parse(option, &ip) || !routers) {
        return;
    }
    parent = virtual_parent(ctx, sp->lsp);
    addresses = parent ? LOOKUP(ctx, F_LSP_ADDRESSES, parent) : NULL;
    if (addresses) {
        struct port_addresses parsed;

        if (lsp_addresses_parse(addresses, 0, &parsed)) {
            mac = mac_text(parsed.mac);
        }
        port_addresses_uninit(&parsed);
    }
    for (size_t i = 0; i < routers->n; i++) {
        const struct switch_router *sr = incr_group_value(routers, i);
        struct port_addresses networks;
        struct ip_text src;

        if (lrp_addresses(ctx, sr->rp.lrp, &networks)
            && addresses_find_network(&networks, &ip, &src)) {
            put_virtual(ctx, sp, &sr->rp, ip_text(&ip).s, ip_is_v4(&ip),
                        mac.s);
        }
        port_addresses_uninit(&networks);
    }
}

UNIT_LIST(router_resolve_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_resolve),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_redirect),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_resolve),
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, switch_port_resolve),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, virtual_port_resolve));
