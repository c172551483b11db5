/* SPDX-License-Identifier: Apache-2.0 */

/* The router as an IP host: what it refuses, what it answers, and what it says
 * of packets whose time is up. */

#include "northd/flow.h"
#include "northd/router/port.h"

static const struct {
    unsigned int priority;
    const char *match;
    const char *actions;
} common[] = {
    { 100, "ip4.src_mcast || ip4.src == 255.255.255.255 || "
           "ip4.src == 127.0.0.0/8 || ip4.dst == 127.0.0.0/8 || "
           "ip4.src == 0.0.0.0/8 || ip4.dst == 0.0.0.0/8", "drop;" },
    { 85, "arp || nd", "drop;" },
    { 84, "nd_rs || nd_ra", "next;" },
    { 83, "ip6.mcast_rsvd", "drop;" },
    { 82, "ip4.mcast || ip6.mcast", "drop;" },
    { 50, "eth.bcast", "drop;" },
    { 32, "ip.ttl == {0, 1} && !ip.later_frag && (ip4.mcast || ip6.mcast)",
      "drop;" },
    { 30, "ip.ttl == {0, 1}", "drop;" },
};

static void
router_input(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    for (size_t i = 0; i < ARRAY_SIZE(common); i++) {
        FLOW(ctx, lr, LR_IN_IP_INPUT, common[i].priority, NULL,
             common[i].match, common[i].actions);
    }
}

struct port {
    const struct router_port *rp;
    const struct replica_row *hint;
    const char *name;
    const char *resident;
    bool answers;       /* Sends errors for what is sent to its addresses. */
};

/* A router with a gateway may translate what is sent to its own addresses, so
 * only others answer for themselves. */
static bool
router_answers(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    return !router_chassis(ctx, lr) && !EXISTS(ctx, F_GATEWAY_PORT, lr);
}

static void
put_ip4_answers(struct incr_ctx *ctx, const struct port *p, const char *ip)
{
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 90, p->hint,
         text(ctx, 2, "ip4.dst == %s && icmp4.type == 8 && icmp4.code == 0",
              ip),
         "ip4.dst <-> ip4.src; ip.ttl = 255; icmp4.type = 0; "
         "flags.loopback = 1; next;");
    if (!p->answers) {
        return;
    }
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip4 && ip4.dst == %s && !ip.later_frag && udp", ip),
         "icmp4 { eth.dst <-> eth.src; ip4.dst <-> ip4.src; ip.ttl = 255; "
         "icmp4.type = 3; icmp4.code = 3; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip4 && ip4.dst == %s && !ip.later_frag && tcp", ip),
         "tcp_reset { eth.dst <-> eth.src; ip4.dst <-> ip4.src; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip4 && ip4.dst == %s && !ip.later_frag && sctp", ip),
         "sctp_abort { eth.dst <-> eth.src; ip4.dst <-> ip4.src; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 70, p->hint,
         text(ctx, 2, "ip4 && ip4.dst == %s && !ip.later_frag", ip),
         "icmp4 { eth.dst <-> eth.src; ip4.dst <-> ip4.src; ip.ttl = 255; "
         "icmp4.type = 3; icmp4.code = 2; next; };");
}

static void
put_ip6_answers(struct incr_ctx *ctx, const struct port *p, const char *ip)
{
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 90, p->hint,
         text(ctx, 2, "ip6.dst == %s && icmp6.type == 128 && icmp6.code == 0",
              ip),
         "ip6.dst <-> ip6.src; ip.ttl = 255; icmp6.type = 129; "
         "flags.loopback = 1; next;");
    if (!p->answers) {
        return;
    }
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip6 && ip6.dst == %s && !ip.later_frag && udp", ip),
         "icmp6 { eth.dst <-> eth.src; ip6.dst <-> ip6.src; ip.ttl = 255; "
         "icmp6.type = 1; icmp6.code = 4; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip6 && ip6.dst == %s && !ip.later_frag && tcp", ip),
         "tcp_reset { eth.dst <-> eth.src; ip6.dst <-> ip6.src; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 80, p->hint,
         text(ctx, 2, "ip6 && ip6.dst == %s && !ip.later_frag && sctp", ip),
         "sctp_abort { eth.dst <-> eth.src; ip6.dst <-> ip6.src; next; };");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 70, p->hint,
         text(ctx, 2, "ip6 && ip6.dst == %s && !ip.later_frag", ip),
         "icmp6 { eth.dst <-> eth.src; ip6.dst <-> ip6.src; ip.ttl = 255; "
         "icmp6.type = 1; icmp6.code = 3; next; };");
}

static void
put_ip4(struct incr_ctx *ctx, const struct port *p,
        const struct ip4_network *net)
{
    struct ip_text ip = ip4_text(net->addr);

    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 100, p->hint,
         text(ctx, 2, "ip4.src == {%s, %s} && reg9[0] == 0", ip.s,
              ip4_text(net->bcast).s), "drop;");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 90, p->hint,
         text(ctx, 2, "inport == %s && arp.op == 1 && arp.tpa == %s && "
              "arp.spa == %s%s", p->name, ip.s,
              ip4_cidr_text(net->network, net->plen).s, p->resident),
         text(ctx, 3, "eth.dst = eth.src; eth.src = xreg0[0..47]; arp.op = 2; "
              "arp.tha = arp.sha; arp.sha = xreg0[0..47]; arp.tpa <-> "
              "arp.spa; outport = inport; flags.loopback = 1; output;"));
    put_ip4_answers(ctx, p, ip.s);
    if (!router_ip_has(ctx, F_SNAT_IP, p->rp->lr, ip.s)) {
        FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 60, p->hint,
             text(ctx, 2, "ip4.dst == %s", ip.s), "drop;");
    } else {
        /* Not dropped before a translation had its chance. */
        FLOW(ctx, p->rp->lr, LR_IN_ARP_RESOLVE, 2, p->hint,
             text(ctx, 2, "ip4.dst == %s", ip.s), "drop;");
    }
}

static void
put_ip6(struct incr_ctx *ctx, const struct port *p,
        const struct ip6_network *net)
{
    struct ip_text ip = ip6_text(&net->addr), sn = ip6_text(&net->sn_addr);

    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 100, p->hint,
         text(ctx, 2, "ip6.src == %s && reg9[0] == 0", ip.s), "drop;");
    FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 90, p->hint,
         text(ctx, 2, "inport == %s && nd_ns && ip6.dst == {%s, %s} && "
              "nd.target == %s%s", p->name, ip.s, sn.s, ip.s, p->resident),
         text(ctx, 3, "nd_na_router { eth.src = xreg0[0..47]; ip6.src = %s; "
              "nd.target = %s; nd.tll = xreg0[0..47]; outport = inport; "
              "flags.loopback = 1; output; };", ip.s, ip.s));
    put_ip6_answers(ctx, p, ip.s);
    if (!router_ip_has(ctx, F_SNAT_IP, p->rp->lr, ip.s)) {
        FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 60, p->hint,
             text(ctx, 2, "ip6.dst == %s", ip.s), "drop;");
    } else {
        FLOW(ctx, p->rp->lr, LR_IN_ARP_RESOLVE, 2, p->hint,
             text(ctx, 2, "ip6.dst == %s", ip.s), "drop;");
    }
}

static void
put_time_exceeded(struct incr_ctx *ctx, const struct port *p,
                  const struct port_addresses *addresses)
{
    if (addresses->ip4.n) {
        FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 31, p->hint,
             text(ctx, 2, "inport == %s && ip4 && ip.ttl == {0, 1} && "
                  "!ip.later_frag", p->name),
             text(ctx, 3, "icmp4 { eth.dst <-> eth.src; icmp4.type = 11; "
                  "icmp4.code = 0; ip4.dst = ip4.src; ip4.src = %s; "
                  "ip.ttl = 254; outport = %s; flags.loopback = 1; "
                  "output; };", ip4_text(addresses->ip4.items[0].addr).s,
                  p->name));
    }
    VEC_FOR_EACH (net, &addresses->ip6) {
        if (!IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
            struct ip_text ip = ip6_text(&net->addr);

            FLOW(ctx, p->rp->lr, LR_IN_IP_INPUT, 31, p->hint,
                 text(ctx, 2, "inport == %s && ip6 && ip6.src == %s && "
                      "ip.ttl == {0, 1} && !ip.later_frag", p->name,
                      ip6_cidr_text(&net->network, net->plen).s),
                 text(ctx, 3, "icmp6 { eth.dst <-> eth.src; ip6.dst = "
                      "ip6.src; ip6.src = %s; ip.ttl = 254; icmp6.type = 3; "
                      "icmp6.code = 0; outport = %s; flags.loopback = 1; "
                      "output; };", ip.s, p->name));
            break;
        }
    }
}

static void
port_input(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    struct port_addresses addresses;

    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        const struct port p = {
            .rp = rp,
            .hint = &rp->lrp->header,
            .name = router_port_name(ctx, 0, rp->lrp),
            .resident = router_port_resident(ctx, 1, rp),
            .answers = router_answers(ctx, rp->lr),
        };

        VEC_FOR_EACH (net, &addresses.ip4) {
            put_ip4(ctx, &p, net);
        }
        VEC_FOR_EACH (net, &addresses.ip6) {
            put_ip6(ctx, &p, net);
        }
        put_time_exceeded(ctx, &p, &addresses);
    }
    port_addresses_uninit(&addresses);
}

UNIT_LIST(router_input_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_input),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_input));
