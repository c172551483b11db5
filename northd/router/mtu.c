/* SPDX-License-Identifier: Apache-2.0 */

/* options:gateway_mtu: packets that are too big for what is behind a gateway
 * port are answered with "fragmentation needed" or "packet too big". */

#include "northd/flow.h"
#include "northd/router/port.h"

#define ETH_HEADER_BYTES 18

/* Answers on behalf of the port that the packet came in by. */
static void
put_error(struct incr_ctx *ctx, const struct router_port *in,
          const char *match, enum stage stage, unsigned int mtu)
{
    const struct replica_row *hint = &in->lrp->header;
    struct port_addresses addresses;

    if (!lrp_addresses(ctx, in->lrp, &addresses)) {
        port_addresses_uninit(&addresses);
        return;
    }

    struct ip_text mac = mac_text(addresses.mac);

    if (addresses.ip4.n) {
        FLOW(ctx, in->lr, stage, 150, hint, text(ctx, 3, "%s && ip4", match),
             text(ctx, 4, "icmp4_error { reg9[0] = 1; reg9[1] = 0; "
                  "eth.dst = %s; ip4.dst = ip4.src; ip4.src = %s; "
                  "ip.ttl = 255; icmp4.type = 3; icmp4.code = 4; "
                  "icmp4.frag_mtu = %u; next(pipeline=ingress, table=0); };",
                  mac.s, ip4_text(addresses.ip4.items[0].addr).s, mtu));
    }
    if (addresses.ip6.n) {
        FLOW(ctx, in->lr, stage, 150, hint, text(ctx, 3, "%s && ip6", match),
             text(ctx, 4, "icmp6_error { reg9[0] = 1; reg9[1] = 0; "
                  "eth.dst = %s; ip6.dst = ip6.src; ip6.src = %s; "
                  "ip.ttl = 255; icmp6.type = 2; icmp6.code = 0; "
                  "icmp6.frag_mtu = %u; next(pipeline=ingress, table=0); };",
                  mac.s, ip6_text(&addresses.ip6.items[0].addr).s, mtu));
    }
    port_addresses_uninit(&addresses);
}

static void
port_mtu(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct replica_row *hint = &rp->lrp->header;
    unsigned int mtu = router_port_mtu(ctx, rp);
    const char *name, *bypass;
    size_t n;
    struct nb_logical_router_port *const *ports;

    if (!mtu) {
        return;
    }
    name = router_port_name(ctx, 0, rp->lrp);
    bypass = strmap_get(nb_logical_router_port_get_options(ctx, rp->lrp),
                        "gateway_mtu_bypass");
    FLOW(ctx, rp->lr, LR_IN_CHK_PKT_LEN, 50, hint,
         text(ctx, 1, "outport == %s", name),
         text(ctx, 2, "reg9[1] = check_pkt_larger(%u); next;",
              mtu + ETH_HEADER_BYTES));
    if (bypass && *bypass) {
        FLOW(ctx, rp->lr, LR_IN_CHK_PKT_LEN, 55, hint,
             text(ctx, 1, "outport == %s && (%s)", name, bypass), "next;");
    }
    put_error(ctx, rp, text(ctx, 1, "inport == %s && reg9[1] && "
                            "reg9[0] == 0", name), LR_IN_IP_INPUT, mtu);
    ports = nb_logical_router_get_ports(ctx, rp->lr, &n);
    for (size_t i = 0; i < n; i++) {
        const struct router_port in = { rp->lr, ports[i] };

        if (ports[i] != rp->lrp) {
            put_error(ctx, &in,
                      text(ctx, 1, "inport == %s && outport == %s && reg9[1] "
                           "&& reg9[0] == 0",
                           router_port_name(ctx, 2, ports[i]), name),
                      LR_IN_LARGER_PKTS, mtu);
        }
    }
}

UNIT_LIST(router_mtu_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_mtu));
