/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/router/routable.h"

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/router/route.h"

/* The first address of the family, which requests come from. */
static bool
first_address(const struct port_addresses *addresses, bool is_v4,
              struct ip_text *ret)
{
    if (is_v4 && addresses->ip4.n) {
        *ret = ip4_text(addresses->ip4.items[0].addr);
        return true;
    }
    if (!is_v4 && addresses->ip6.n) {
        *ret = ip6_text(&addresses->ip6.items[0].addr);
        return true;
    }
    return false;
}

static void
put_route(struct incr_ctx *ctx, const struct replica_row *hint,
          const struct router_port *rp, const struct in6_addr *ip,
          const char *mac)
{
    const char *name = router_port_name(ctx, 5, rp->lrp);
    bool v4 = ip_is_v4(ip);
    const char *xx = v4 ? "" : "xx";
    unsigned int plen = v4 ? 32 : 128;
    struct ip_text t = ip_text(ip), src;
    struct port_addresses own;

    if (lrp_addresses(ctx, rp->lrp, &own) && first_address(&own, v4, &src)) {
        FLOW(ctx, rp->lr, LR_IN_IP_ROUTING, 3 * plen + ROUTE_CONNECTED, hint,
             text(ctx, 7, "ip%d.dst == %s/%u", v4 ? 4 : 6, t.s, plen),
             text(ctx, 8, "ip.ttl--; reg8[0..15] = 0; %sreg0 = ip%d.dst; "
                  "%sreg1 = %s; eth.src = %s; outport = %s; "
                  "flags.loopback = 1; next;", xx, v4 ? 4 : 6, xx, src.s,
                  mac_text(own.mac).s, name));
        FLOW(ctx, rp->lr, LR_IN_ARP_RESOLVE, 100, hint,
             text(ctx, 7, "outport == %s && %sreg0 == %s", name, xx, t.s),
             text(ctx, 8, "eth.dst = %s; next;", mac));
    }
    port_addresses_uninit(&own);
}

void
router_put_routable(struct incr_ctx *ctx, const struct replica_row *hint,
                    const struct switch_router *at, const struct in6_addr *ip,
                    const char *mac)
{
    const struct incr_group *routers = LOOKUP(ctx, F_SWITCH_ROUTERS,
                                              at->sp.ls);

    for (size_t i = 0; routers && i < routers->n; i++) {
        const struct switch_router *other = incr_group_value(routers, i);

        if (other->rp.lr != at->rp.lr) {
            put_route(ctx, hint, &other->rp, ip, mac);
        }
    }
}
