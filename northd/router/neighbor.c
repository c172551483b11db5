/* SPDX-License-Identifier: Apache-2.0 */

/* Learning of neighbours from ARP and neighbour discovery.  reg9[2]: the
 * binding is known; reg9[3]: it may be learnt (only looked at if not every
 * request teaches). */

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/topology/feature.h"

static bool
learns_from_requests(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    return strmap_get_bool(nb_logical_router_get_options(ctx, lr),
                           "always_learn_from_arp_request", true);
}

static void
router_lookup(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    bool always = learns_from_requests(ctx, lr);

    FLOW(ctx, lr, LR_IN_LOOKUP_NEIGHBOR, 100, NULL, "arp.op == 2",
         always ? "reg9[2] = lookup_arp(inport, arp.spa, arp.sha); next;"
         : "reg9[2] = lookup_arp(inport, arp.spa, arp.sha); reg9[3] = 1; "
           "next;");
    FLOW(ctx, lr, LR_IN_LOOKUP_NEIGHBOR, 100, NULL, "nd_na",
         always ? "reg9[2] = lookup_nd(inport, nd.target, nd.tll); next;"
         : "reg9[2] = lookup_nd(inport, nd.target, nd.tll); reg9[3] = 1; "
           "next;");
    FLOW(ctx, lr, LR_IN_LOOKUP_NEIGHBOR, 100, NULL, "nd_ns",
         always ? "reg9[2] = lookup_nd(inport, ip6.src, nd.sll); next;"
         : "reg9[2] = lookup_nd(inport, ip6.src, nd.sll); "
           "reg9[3] = lookup_nd_ip(inport, ip6.src); next;");
}

static void
router_neighbor(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    router_lookup(ctx, lr);
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 100, NULL,
         learns_from_requests(ctx, lr) ? "reg9[2] == 1"
         : "reg9[2] == 1 || reg9[3] == 0",
         all_chassis_can(ctx, FEATURE_FDB_TIMESTAMP) ? "mac_cache_use; next;"
         : "next;");
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 95, NULL,
         "nd_ns && (ip6.src == 0 || nd.sll == 0)", "next;");
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 95, NULL, "nd_na && nd.tll == 0",
         "put_nd(inport, nd.target, eth.src); next;");
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 90, NULL, "arp",
         "put_arp(inport, arp.spa, arp.sha); next;");
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 90, NULL, "nd_na",
         "put_nd(inport, nd.target, nd.tll); next;");
    FLOW(ctx, lr, LR_IN_LEARN_NEIGHBOR, 90, NULL, "nd_ns",
         "put_nd(inport, ip6.src, nd.sll); next;");
}

static void
port_lookup(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct replica_row *hint = &rp->lrp->header;
    bool always = learns_from_requests(ctx, rp->lr);
    const char *name = router_port_name(ctx, 0, rp->lrp);
    const char *resident = (router_port_is_gateway(ctx, rp)
                            ? router_port_resident(ctx, 1, rp) : "");
    struct port_addresses addresses;

    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        VEC_FOR_EACH (net, &addresses.ip4) {
            struct ip_text network = ip4_cidr_text(net->network, net->plen);

            FLOW(ctx, rp->lr, LR_IN_LOOKUP_NEIGHBOR, 100, hint,
                 text(ctx, 2, "inport == %s && arp.spa == %s && arp.op == 1%s",
                      name, network.s, resident),
                 always
                 ? "reg9[2] = lookup_arp(inport, arp.spa, arp.sha); next;"
                 : "reg9[2] = lookup_arp(inport, arp.spa, arp.sha); "
                   "reg9[3] = lookup_arp_ip(inport, arp.spa); next;");
            if (!always) {
                FLOW(ctx, rp->lr, LR_IN_LOOKUP_NEIGHBOR, 110, hint,
                     text(ctx, 2, "inport == %s && arp.spa == %s && "
                          "arp.tpa == %s && arp.op == 1%s", name, network.s,
                          ip4_text(net->addr).s, resident),
                     "reg9[2] = lookup_arp(inport, arp.spa, arp.sha); "
                     "reg9[3] = 1; next;");
            }
        }
    }
    port_addresses_uninit(&addresses);
}

UNIT_LIST(router_neighbor_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_neighbor),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_lookup));
