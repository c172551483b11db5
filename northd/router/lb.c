/* SPDX-License-Identifier: Apache-2.0 */

/* Load balancing on gateway routers and at distributed gateway ports. */

#include <string.h>

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/router/routable.h"
#include "northd/topology/lb.h"

/* A load balancer on all gateway routers of a kind, or on one router. */
struct place {
    const struct nb_load_balancer *lb;
    const struct lb_places *gateways;   /* NULL: on one router, ... */
    const struct nb_logical_router *lr;
    const struct nb_logical_router_port *gateway;   /* ... at this port; NULL
                                                     * on a gateway router. */
    const char *resident;       /* " && is_chassis_resident(...)" or "". */
    const char *snat;           /* "skip_snat", "force_snat" or NULL. */
    const char *responder;      /* options:neighbor_responder. */
    bool stateless;             /* options:use_stateless_nat. */
};

#define PLACE_FLOW(CTX, PLACE, STAGE, PRIORITY, MATCH, ACTIONS, METER) \
    place_put(CTX, PLACE, STAGE, PRIORITY, MATCH, ACTIONS, METER, FLOW_SOURCE)

static void
place_put(struct incr_ctx *ctx, const struct place *place, enum stage stage,
          unsigned int priority, const char *match, const char *actions,
          const char *meter, const char *source)
{
    if (place->gateways) {
        flow_put_lb(ctx, place->gateways, stage, priority, match, actions,
                    meter, source);
    } else {
        flow_put(ctx, &place->lr->header, stage, priority,
                 &place->lb->header, match, actions, meter, source);
    }
}

static void
put_dnat(struct incr_ctx *ctx, const struct lb_vip *vip, const char *protocol,
         const struct place *place)
{
    const char *match = lb_vip_match(ctx, 2, vip, protocol);
    const char *action = lb_action(ctx, 3, place->lb, vip, place->snat);
    const char *meter;
    const char *event = lb_event(ctx, 8, place->lb, vip, &meter);

    if (event) {
        PLACE_FLOW(ctx, place, LR_IN_DNAT, LB_EVENT_PRIORITY,
                   text(ctx, 9, "%s%s", match, place->resident), event, meter);
    }
    if (!vip->backends.n) {
        action = (lb_rejects(ctx, place->lb)
                  ? text(ctx, 3, "reject { outport <-> inport; "
                         "next(pipeline=egress,table=%u); };",
                         STAGE_TABLE(LR_OUT_DELIVERY)) : "drop;");
    } else if (place->snat) {
        action = text(ctx, 4, "flags.%s_for_lb = 1; %s", place->snat, action);
    }
    PLACE_FLOW(ctx, place, LR_IN_DNAT, vip->vip.port ? 120 : 110,
               text(ctx, 5, "ct.new && !ct.rel && %s%s", match,
                    place->resident), action, NULL);
}

/* Gives the reply the VIP as its source.  Connections' replies may leave by
 * another gateway than requests came by if no connection need be known. */
static const char *
undnat_action(struct incr_ctx *ctx, unsigned int i, const struct lb_vip *vip,
              const char *protocol, const struct place *place)
{
    struct ip_text ip = ip_text(&vip->vip.ip);

    if (!place->stateless) {
        return (get_global(ctx).use_common_zone ? "ct_dnat_in_czone;"
                : "ct_dnat;");
    }
    return (vip->vip.port
            ? text(ctx, i, "ip%d.src = %s; %s.src = %u; next;",
                   ip_is_v4(&vip->vip.ip) ? 4 : 6, ip.s, protocol,
                   vip->vip.port)
            : text(ctx, i, "ip%d.src = %s; next;",
                   ip_is_v4(&vip->vip.ip) ? 4 : 6, ip.s));
}

/* Replies from the backends, at the gateway port. */
static void
put_undnat(struct incr_ctx *ctx, const struct lb_vip *vip,
           const char *protocol, const struct place *place)
{
    int family = ip_is_v4(&vip->vip.ip) ? 4 : 6;
    struct str *s = incr_scratch(ctx, 2);

    str_printf(s, "ip%d && (", family);
    for (size_t i = 0; i < vip->backends.n; i++) {
        const struct ip_port *backend = &vip->backends.items[i];

        str_printf(s, "%s(ip%d.src == %s", i ? " || " : "", family,
                   ip_text(&backend->ip).s);
        if (backend->port) {
            str_printf(s, " && %s.src == %u", protocol, backend->port);
        }
        str_put_char(s, ')');
    }
    str_printf(s, ") && outport == %s%s",
               router_port_name(ctx, 6, place->gateway), place->resident);
    FLOW(ctx, place->lr, LR_OUT_UNDNAT, 120, &place->lb->header, str_cstr(s),
         !place->snat ? undnat_action(ctx, 4, vip, protocol, place)
         : text(ctx, 3, "flags.%s_for_lb = 1; %s", place->snat,
                undnat_action(ctx, 4, vip, protocol, place)));
}

static bool
network_has(const struct port_addresses *addresses, const struct in6_addr *ip)
{
    struct ip_text src;

    return addresses_find_network(addresses, ip, &src);
}

static const char *
neighbor_match(struct incr_ctx *ctx, unsigned int i, const struct in6_addr *ip)
{
    struct ip_text t = ip_text(ip);
    struct in6_addr sn;

    if (ip_is_v4(ip)) {
        return text(ctx, i, "arp.op == 1 && arp.tpa == %s", t.s);
    }
    sn = ip6_solicited_node(ip);
    return text(ctx, i, "nd_ns && ip6.dst == {%s, %s} && nd.target == %s",
                t.s, ip6_text(&sn).s, t.s);
}

static const char *
neighbor_reply(const struct in6_addr *ip)
{
    if (ip_is_v4(ip)) {
        return "eth.dst = eth.src; eth.src = xreg0[0..47]; arp.op = 2; "
               "arp.tha = arp.sha; arp.sha = xreg0[0..47]; arp.tpa <-> "
               "arp.spa; outport = inport; flags.loopback = 1; output;";
    }
    return "nd_na { eth.src = xreg0[0..47]; ip6.src = nd.target; "
           "nd.tll = xreg0[0..47]; outport = inport; flags.loopback = 1; "
           "output; };";
}

/* The switch behind a port in whose network the VIP is sends requests for it
 * to the router. */
static void
put_switch_neighbor(struct incr_ctx *ctx, const struct in6_addr *ip,
                    const struct place *place,
                    const struct nb_logical_router_port *lrp)
{
    const struct switch_port *sp = GET(ctx, F_LRP_SWITCH_PEER, lrp);

    if (sp) {
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 80, &place->lb->header,
             text(ctx, 3, "flags[1] == 0 && %s", neighbor_match(ctx, 4, ip)),
             text(ctx, 5, "clone { outport = %s; output; }; "
                  "outport = \"_MC_flood_l2\"; output;",
                  quoted(ctx, 2, nb_logical_switch_port_get_name(ctx,
                                                                 sp->lsp))));
    }
}

/* Answers for the VIP on every port, if it is in the network of any. */
static void
put_neighbor(struct incr_ctx *ctx, const struct in6_addr *ip,
             const struct place *place)
{
    bool reachable = !strcmp(place->responder, "all");
    size_t n;
    struct nb_logical_router_port *const *ports
        = nb_logical_router_get_ports(ctx, place->lr, &n);

    for (size_t i = 0; i < n; i++) {
        struct port_addresses addresses;
        bool near = (lrp_addresses(ctx, ports[i], &addresses)
                     && network_has(&addresses, ip));

        port_addresses_uninit(&addresses);
        if (near) {
            put_switch_neighbor(ctx, ip, place, ports[i]);
        }
        reachable = reachable || near;
    }
    for (size_t i = 0; reachable && i < n; i++) {
        const struct router_port rp = { place->lr, ports[i] };

        FLOW(ctx, place->lr, LR_IN_IP_INPUT, 90, &place->lb->header,
             text(ctx, 3, "inport == %s && %s%s",
                  router_port_name(ctx, 2, ports[i]),
                  neighbor_match(ctx, 4, ip),
                  router_port_resident(ctx, 5, &rp)),
             neighbor_reply(ip));
    }
}

static void
put_balance(struct incr_ctx *ctx, const struct lb_vip *vip,
            const char *protocol, const struct place *place)
{
    PLACE_FLOW(ctx, place, LR_IN_DEFRAG, 100,
               text(ctx, 2, "ip && ip%d.dst == %s",
                    ip_is_v4(&vip->vip.ip) ? 4 : 6,
                    ip_text(&vip->vip.ip).s), "ct_dnat;", NULL);
    put_dnat(ctx, vip, protocol, place);
}

/* What depends on the router: whether it translates the address otherwise, or
 * is to answer for it. */
static void
put_reach(struct incr_ctx *ctx, const struct lb_vip *vip,
          const char *protocol, const struct place *place)
{
    struct ip_text ip = ip_text(&vip->vip.ip);
    int family = ip_is_v4(&vip->vip.ip) ? 4 : 6;

    if (router_ip_has(ctx, F_NAT_EXTERNAL, place->lr, ip.s)) {
        FLOW(ctx, place->lr, LR_IN_UNSNAT, 120, &place->lb->header,
             text(ctx, 2, "ip%d && %s", family,
                  lb_vip_match(ctx, 3, vip, protocol)), "next;");
    } else if (strcmp(place->responder, "none")) {
        put_neighbor(ctx, &vip->vip.ip, place);
    }
}

static void
put_vip(struct incr_ctx *ctx, const struct lb_vip *vip, const char *protocol,
        void *place_)
{
    const struct place *place = place_;

    if (place->gateway) {
        put_balance(ctx, vip, protocol, place);
        if (vip->backends.n) {
            put_undnat(ctx, vip, protocol, place);
        }
    }
    put_reach(ctx, vip, protocol, place);
}

/* options:add_route, at the ports that the VIP can be reached by. */
static void
put_routable(struct incr_ctx *ctx, const struct lb_vip *vip,
             const char *protocol, void *place_)
{
    const struct place *place = place_;
    const struct incr_group *switches = LOOKUP(ctx, F_ROUTER_SWITCHES,
                                               place->lr);

    for (size_t i = 0; switches && i < switches->n; i++) {
        const struct switch_router *at = incr_group_value(switches, i);
        struct port_addresses addresses;

        if (place->gateway && place->gateway != at->rp.lrp) {
            continue;
        }
        if (lrp_addresses(ctx, at->rp.lrp, &addresses)) {
            router_put_routable(ctx, &place->lb->header, at, &vip->vip.ip,
                                mac_text(addresses.mac).s);
        }
        port_addresses_uninit(&addresses);
    }
}

static void
put_place(struct incr_ctx *ctx, struct place *place)
{
    const struct strmap *options = nb_load_balancer_get_options(ctx,
                                                                place->lb);

    place->snat = lb_skips_snat(ctx, place->lb) ? "skip_snat" : NULL;
    place->responder = strmap_get_def(options, "neighbor_responder",
                                      "reachable");
    place->stateless = strmap_get_bool(options, "use_stateless_nat", false);
    lb_for_each_vip(ctx, place->lb, put_vip, place);
    if (strmap_get_bool(options, "add_route", false)) {
        lb_for_each_vip(ctx, place->lb, put_routable, place);
    }
}

static void
lb_router_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    struct place place = { .lb = key->a, .lr = key->b, .resident = "" };
    const struct incr_group *gateways = LOOKUP(ctx, F_GATEWAY_PORT, place.lr);

    if (router_chassis(ctx, place.lr)) {
        put_place(ctx, &place);
        return;
    }
    for (size_t i = 0; gateways && i < gateways->n; i++) {
        place.gateway = *(const void *const *) incr_group_value(gateways, i);
        place.resident = text(ctx, 0, " && is_chassis_resident(%s)",
                              quoted_cr(ctx, 1,
                                        nb_logical_router_port_get_name(
                                            ctx, place.gateway)));
        put_place(ctx, &place);
    }
}

static void
put_gateways(struct incr_ctx *ctx, const struct lb_vip *vip,
             const struct lb_places *gateways)
{
    const struct place place = {
        .lb = gateways->lb, .gateways = gateways, .resident = "",
        .snat = (gateways->kind == LB_ON_SNAT_GATEWAYS ? "force_snat"
                 : lb_skips_snat(ctx, gateways->lb) ? "skip_snat" : NULL),
    };

    put_balance(ctx, vip, lb_protocol(ctx, gateways->lb), &place);
}

static void
lb_gateway_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct lb_vip_key *key = incr_group_key(group);
    struct lb_vip vip;

    if (!lb_vip_read(ctx, group, &vip)) {
        return;
    }
    for (int kind = LB_ON_GATEWAYS; kind < LB_N_PLACE_KINDS; kind++) {
        const struct lb_places places = { key->lb, kind };

        if (EXISTS(ctx, F_LB_PLACES, places)) {
            put_gateways(ctx, &vip, &places);
        }
    }
    lb_vip_uninit(&vip);
}

/* VIPs that are also the router's own address must not be dropped there. */
static void
put_owned(struct incr_ctx *ctx, const struct lb_vip *vip, const char *protocol,
          void *lr)
{
    router_ip_set(ctx, F_SNAT_IP, lr, ip_text(&vip->vip.ip).s);
}

static void
lb_router_owned(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);

    lb_for_each_vip(ctx, key->a, put_owned, (void *) key->b);
}

static const struct {
    const char *match;
    const char *actions;
} established[] = {
    { "ct.rel && !ct.est && !ct.new", "ct_commit_nat;" },
    { "ct.est && !ct.rel && !ct.new && ct_mark.natted", "next;" },
};

static void
router_lb(struct incr_ctx *ctx, const struct incr_group *group)
{
    static const char *const marks[] = { "skip_snat", "force_snat" };
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;

    if (!router_has(ctx, lr, ROUTER_HAS_LB)
        || (!router_chassis(ctx, lr) && !router_gateway_port(ctx, lr, &n))) {
        return;
    }
    if (router_chassis(ctx, lr)) {
        /* It may belong to a balanced connection.  Of a distributed router
         * every chassis would track all of it. */
        FLOW(ctx, lr, LR_IN_DEFRAG, 50, NULL, "icmp || icmp6", "ct_dnat;");
        FLOW(ctx, lr, LR_OUT_SNAT, 120, NULL,
             "flags.skip_snat_for_lb == 1 && ip", "next;");
    }
    for (size_t i = 0; i < ARRAY_SIZE(established); i++) {
        FLOW(ctx, lr, LR_IN_DNAT, 50, NULL, established[i].match,
             established[i].actions);
        for (size_t j = 0; j < ARRAY_SIZE(marks); j++) {
            FLOW(ctx, lr, LR_IN_DNAT, 70, NULL,
                 text(ctx, 0, "%s && ct_mark.%s == 1", established[i].match,
                      marks[j]),
                 text(ctx, 1, "flags.%s_for_lb = 1; %s", marks[j],
                      established[i].actions));
        }
    }
}

UNIT_LIST(router_lb_units,
    UNIT_GROUP(RANK_OUT, F_LB_VIP, lb_gateway_flows),
    UNIT_GROUP(RANK_OUT, F_LB_ROUTER, lb_router_flows),
    UNIT_GROUP(RANK_SET, F_LB_ROUTER, lb_router_owned),
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_lb));
