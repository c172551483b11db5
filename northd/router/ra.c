/* SPDX-License-Identifier: Apache-2.0 */

/* Answers to IPv6 router solicitations. */

#include <string.h>

#include "northd/flow.h"
#include "northd/router/port.h"

static const char *
ra_action(struct incr_ctx *ctx, unsigned int i, const struct strmap *ra,
          const char *mode, const struct port_addresses *addresses)
{
    struct str *s = incr_scratch(ctx, i);
    const char *mtu = strmap_get(ra, "mtu");
    const char *preference = strmap_get(ra, "router_preference");
    const char *routes = strmap_get(ra, "route_info");
    const char *rdnss = strmap_get(ra, "rdnss");
    const char *dnssl = strmap_get(ra, "dnssl");

    str_printf(s, "reg0[5] = put_nd_ra_opts(addr_mode = \"%s\", slla = %s",
               mode, mac_text(addresses->mac).s);
    if (mtu) {
        str_printf(s, ", mtu = %s", mtu);
    }
    if (preference && strcmp(preference, "MEDIUM")) {
        str_printf(s, ", router_preference = \"%s\"", preference);
    }
    if (rdnss) {
        str_printf(s, ", rdnss = %s", rdnss);
    }
    if (dnssl) {
        str_printf(s, ", dnssl = %s", quoted(ctx, 5, dnssl));
    }
    if (routes) {
        str_printf(s, ", route_info = \"%s\"", routes);
    }
    VEC_FOR_EACH (net, &addresses->ip6) {
        if (!IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
            str_printf(s, ", prefix = %s",
                       ip6_cidr_text(&net->network, net->plen).s);
        }
    }
    str_put(s, "); next;");
    return str_cstr(s);
}

static bool
has_global_address(const struct port_addresses *addresses)
{
    VEC_FOR_EACH (net, &addresses->ip6) {
        if (!IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
            return true;
        }
    }
    return false;
}

static void
port_ra(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct replica_row *hint = &rp->lrp->header;
    const struct strmap *ra
        = nb_logical_router_port_get_ipv6_ra_configs(ctx, rp->lrp);
    const char *mode = strmap_get(ra, "address_mode");
    struct port_addresses addresses;

    if (!mode) {
        return;
    }
    if (strcmp(mode, "slaac") && strcmp(mode, "dhcpv6_stateful")
        && strcmp(mode, "dhcpv6_stateless")) {
        warn_row(hint, "unknown address_mode \"%s\"", mode);
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)
        && has_global_address(&addresses)) {
        const char *name = router_port_name(ctx, 0, rp->lrp);
        struct in6_addr ll = ip6_lladdr(addresses.mac);

        FLOW(ctx, rp->lr, LR_IN_ND_RA_OPTIONS, 50, hint,
             text(ctx, 1, "inport == %s && ip6.dst == ff02::2 && nd_rs",
                  name), ra_action(ctx, 2, ra, mode, &addresses));
        FLOW(ctx, rp->lr, LR_IN_ND_RA_RESPONSE, 50, hint,
             text(ctx, 1, "inport == %s && ip6.dst == ff02::2 && nd_ra && "
                  "reg0[5]", name),
             text(ctx, 2, "eth.dst = eth.src; eth.src = %s; "
                  "ip6.dst = ip6.src; ip6.src = %s; outport = inport; "
                  "flags.loopback = 1; output;", mac_text(addresses.mac).s,
                  ip6_text(&ll).s));
    }
    port_addresses_uninit(&addresses);
}

UNIT_LIST(router_ra_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_ra));
