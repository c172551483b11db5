/* SPDX-License-Identifier: Apache-2.0 */

/* Network address translation, on gateway routers and at distributed gateway
 * ports.
 *
 * Destination translation uses the router's DNAT zone (ct_dnat), source
 * translation its SNAT zone (ct_snat), so that one packet may have both.  At a
 * distributed gateway port all of it happens on the gateway chassis, but for
 * dnat_and_snat entries with an external MAC and a logical port, which happen
 * where that port is.
 *
 * With NB_Global's options:use_common_zone, which some hardware needs, both
 * use one zone there.  A packet from inside to an external address of the same
 * router is translated twice, though: on its way out it uses the zone of
 * source translation (reg9[4]), when it comes back in the common one, and its
 * reply the other way round. */

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/router/routable.h"
#include "northd/sync/cells.h"
#include "northd/topology/feature.h"

/* Where priorities of entries with a match of their own start, which go before
 * all others. */
#define MATCH_PRIORITY 300

/* An entry in the form that flows take it from. */
struct nat {
    const struct nb_nat *row;
    const struct nb_logical_router *lr;
    const struct replica_row *hint;
    struct nat_addresses a;
    struct ip_text external, logical;
    const char *ip;             /* "ip4" or "ip6". */
    bool snat, dnat;
    bool stateless;
    bool common;                /* One zone for both. */
    const struct nb_logical_router_port *gateway;   /* NULL on a gateway
                                                     * router. */
    bool distributed;
    const char *mac;            /* external_mac if distributed. */
    const char *gw;             /* The gateway port's name, quoted. */
    const char *at_gw;          /* " && is_chassis_resident(cr-...)". */
    const char *here;           /* Where it happens: that, or the logical
                                 * port's chassis; "" on a gateway router. */
    const char *ports;          /* ",MIN-MAX" or "". */
    const char *match;          /* " && (MATCH)" or "". */
    unsigned int priority;      /* Instead of the usual one; 0 for that. */
};

static void
router_nats(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_nat *const *nats = nb_logical_router_get_nat(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { nats[i], lr };

        EMIT_KEY(ctx, F_NAT, pair);
    }
}

static bool
nat_parse(struct incr_ctx *ctx, const struct nb_nat *row,
          struct nat_addresses *a, bool warn)
{
    struct error *error
        = nat_addresses_parse(nb_nat_get_type(ctx, row),
                              nb_nat_get_external_ip(ctx, row),
                              nb_nat_get_logical_ip(ctx, row),
                              nb_nat_get_external_port_range(ctx, row), a);

    if (error) {
        if (warn) {
            warn_row(&row->header, "%s", error_message(error));
        }
        error_free(error);
        return false;
    }
    return true;
}

/* Whether, at a distributed gateway port, translation happens where the
 * logical port is. */
static bool
is_distributed(struct incr_ctx *ctx, const struct nb_nat *row,
               const struct nat_addresses *a)
{
    const char *mac = nb_nat_get_external_mac(ctx, row);

    return (a->type == NAT_TYPE_DNAT_AND_SNAT && mac && *mac
            && nb_nat_get_logical_port(ctx, row));
}

static void
nat_owned(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    struct nat_addresses a;

    if (!nat_parse(ctx, key->a, &a, true)) {
        return;
    }
    router_set(ctx, key->b, ROUTER_HAS_NAT);
    if (is_distributed(ctx, key->a, &a)) {
        router_set(ctx, key->b, ROUTER_HAS_DISTRIBUTED_NAT);
    }
    router_ip_set(ctx, F_NAT_EXTERNAL, key->b, ip_text(&a.external).s);
    router_ip_set(ctx, F_SNAT_IP, key->b, ip_text(&a.external).s);
}

/* The gateway port that the entry is for: the one it names, or the only one,
 * or the one in whose network its external address is. */
static const struct nb_logical_router_port *
nat_gateway(struct incr_ctx *ctx, const struct nat *nat)
{
    const struct nb_logical_router_port *named
        = nb_nat_get_gateway_port(ctx, nat->row);
    const struct incr_group *gateways = LOOKUP(ctx, F_GATEWAY_PORT, nat->lr);
    const struct nb_logical_router_port *found = NULL;
    size_t n;

    if (named) {
        return named;
    }
    found = router_gateway_port(ctx, nat->lr, &n);
    if (n < 2) {
        return found;
    }
    for (size_t i = 0; i < n; i++) {
        const struct nb_logical_router_port *lrp
            = *(const void *const *) incr_group_value(gateways, i);
        struct port_addresses addresses;
        struct ip_text src;
        bool in = (lrp_addresses(ctx, lrp, &addresses)
                   && addresses_find_network(&addresses, &nat->a.external,
                                             &src));

        port_addresses_uninit(&addresses);
        if (in) {
            return lrp;
        }
    }
    warn_row(nat->hint, "no gateway port has the network of the external "
             "address; set gateway_port");
    return NULL;
}

static void
set_logical_text(struct nat *nat)
{
    struct str s = STR_EMPTY;

    if (nat->a.is_ip6) {
        ip6_format_masked(&nat->a.logical, &nat->a.logical_mask, &s);
    } else {
        ip4_format_masked(ip_get_v4(&nat->a.logical),
                          ip_get_v4(&nat->a.logical_mask), &s);
    }
    snprintf(nat->logical.s, sizeof nat->logical.s, "%s", str_cstr(&s));
    str_uninit(&s);
}

/* Fills '*nat'.  False if the entry does nothing. */
static bool
nat_init(struct incr_ctx *ctx, struct nat *nat, const struct row_pair *key)
{
    const char *range, *match;

    *nat = (struct nat) { .row = key->a, .lr = key->b, .at_gw = "",
                          .here = "", .ports = "", .match = "" };
    nat->hint = &nat->row->header;
    if (!nat_parse(ctx, nat->row, &nat->a, false)) {
        return false;
    }
    nat->snat = nat->a.type != NAT_TYPE_DNAT;
    nat->dnat = nat->a.type != NAT_TYPE_SNAT;
    nat->ip = nat->a.is_ip6 ? "ip6" : "ip4";
    nat->external = ip_text(&nat->a.external);
    set_logical_text(nat);
    nat->stateless = (nat->a.type == NAT_TYPE_DNAT_AND_SNAT
                      && strmap_get_bool(nb_nat_get_options(ctx, nat->row),
                                         "stateless", false));
    range = nb_nat_get_external_port_range(ctx, nat->row);
    if (*range) {
        nat->ports = text(ctx, 0, ",%s", range);
    }
    match = nb_nat_get_match(ctx, nat->row);
    if (*match) {
        nat->match = text(ctx, 10, " && (%s)", match);
        nat->priority = MATCH_PRIORITY + nb_nat_get_priority(ctx, nat->row);
    }
    if (router_chassis(ctx, nat->lr)) {
        return true;
    }
    nat->gateway = nat_gateway(ctx, nat);
    if (!nat->gateway) {
        return false;
    }
    nat->common = get_global(ctx).use_common_zone && !nat->stateless;
    nat->gw = router_port_name(ctx, 1, nat->gateway);
    nat->at_gw = text(ctx, 2, " && is_chassis_resident(%s)",
                      quoted_cr(ctx, 6, nb_logical_router_port_get_name(
                          ctx, nat->gateway)));
    nat->here = nat->at_gw;
    if (is_distributed(ctx, nat->row, &nat->a)) {
        nat->distributed = true;
        nat->mac = nb_nat_get_external_mac(ctx, nat->row);
        nat->here = text(ctx, 3, " && is_chassis_resident(%s)",
                         quoted(ctx, 6, nb_nat_get_logical_port(ctx,
                                                                nat->row)));
    }
    return true;
}

/* The address sets that limit an entry, as a match on the other side's
 * address: a condition for it, or a flow before it for exemptions. */
static const char *
allowed(struct incr_ctx *ctx, unsigned int i, const struct nat *nat,
        const char *side)
{
    const struct nb_address_set *set
        = nb_nat_get_allowed_ext_ips(ctx, nat->row);

    return set ? text(ctx, i, " && %s.%s == $%s", nat->ip, side,
                      nb_address_set_get_name(ctx, set)) : "";
}

static void
put_exempted(struct incr_ctx *ctx, const struct nat *nat, enum stage stage,
             unsigned int priority, const char *match, const char *side)
{
    const struct nb_address_set *set
        = nb_nat_get_exempted_ext_ips(ctx, nat->row);

    if (set) {
        FLOW(ctx, nat->lr, stage, priority, nat->hint,
             text(ctx, 6, "%s && %s.%s == $%s", match, nat->ip, side,
                  nb_address_set_get_name(ctx, set)), "next;");
    }
}

/* What an action's name ends with. */
static const char *
zone(const struct nat *nat)
{
    return nat->common ? "_in_czone" : "";
}

static void
put_unsnat(struct incr_ctx *ctx, const struct nat *nat)
{
    const char *action = nat->stateless ? "next;" : "ct_snat;";
    const char *match;

    if (!nat->gateway) {
        FLOW(ctx, nat->lr, LR_IN_UNSNAT, 90, nat->hint,
             text(ctx, 4, "ip && %s.dst == %s", nat->ip, nat->external.s),
             action);
        return;
    }
    match = text(ctx, 4, "ip && %s.dst == %s && inport == %s%s", nat->ip,
                 nat->external.s, nat->gw,
                 nat->distributed ? "" : nat->at_gw);
    if (!nat->common) {
        FLOW(ctx, nat->lr, LR_IN_UNSNAT, 100, nat->hint, match, action);
        return;
    }
    FLOW(ctx, nat->lr, LR_IN_UNSNAT, 100, nat->hint,
         text(ctx, 5, "%s && flags.loopback == 0", match),
         "ct_snat_in_czone;");
    FLOW(ctx, nat->lr, LR_IN_UNSNAT, 100, nat->hint,
         text(ctx, 5, "%s && flags.loopback == 1 && flags.use_snat_zone == 1",
              match), "ct_snat;");
}

/* options:stateless_icmp_helper: an error about a packet that was too large
 * names it by its external address, which no connection tracker behind the
 * router knows: it would be dropped, and the sender never learn. */
static bool
helps_errors(struct incr_ctx *ctx, const struct nat *nat)
{
    return (nat->stateless && !nat->a.is_ip6
            && strmap_get_bool(nb_nat_get_options(ctx, nat->row),
                               "stateless_icmp_helper", true)
            && all_chassis_can(ctx, FEATURE_ICMP4_INNER_SRC));
}

static void
put_dnat(struct incr_ctx *ctx, const struct nat *nat)
{
    const char *force
        = strmap_get(nb_logical_router_get_options(ctx, nat->lr),
                     "dnat_force_snat_ip");
    unsigned int priority = nat->priority ? nat->priority : 100;
    bool helper = helps_errors(ctx, nat);
    const char *action, *match;

    match = (nat->gateway
             ? text(ctx, 4, "ip && %s.dst == %s && inport == %s%s", nat->ip,
                    nat->external.s, nat->gw,
                    nat->distributed ? "" : nat->at_gw)
             : text(ctx, 4, "ip && %s.dst == %s", nat->ip, nat->external.s));
    match = text(ctx, 9, "%s%s", match, nat->match);
    put_exempted(ctx, nat, LR_IN_DNAT, priority + 1 + helper, match, "src");
    if (helper) {
        FLOW(ctx, nat->lr, LR_IN_DNAT, priority + 1, nat->hint,
             text(ctx, 6, "%s%s && icmp4.type == 3 && icmp4.code == 4", match,
                  allowed(ctx, 7, nat, "src")),
             text(ctx, 5, "%sip4.dst = %s; icmp4.inner_ip4.src = %s; next;",
                  nat->gateway ? "" : "flags.loopback = 1; ", nat->logical.s,
                  nat->logical.s));
    }
    if (nat->stateless) {
        action = text(ctx, 5, "%s%s.dst = %s; next;",
                      nat->gateway ? "" : "flags.loopback = 1; ", nat->ip,
                      nat->logical.s);
    } else {
        action = text(ctx, 5, "%s%sct_dnat%s(%s%s);",
                      !nat->gateway && force && *force
                      ? "flags.force_snat_for_dnat = 1; " : "",
                      nat->gateway ? "" : "flags.loopback = 1; ", zone(nat),
                      nat->logical.s, nat->ports);
    }
    FLOW(ctx, nat->lr, LR_IN_DNAT, priority, nat->hint,
         text(ctx, 6, "%s%s", match, allowed(ctx, 7, nat, "src")), action);
}

static const char *
set_mac(struct incr_ctx *ctx, unsigned int i, const struct nat *nat)
{
    return nat->distributed ? text(ctx, i, "eth.src = %s; ", nat->mac) : "";
}

static void
put_undnat(struct incr_ctx *ctx, const struct nat *nat)
{
    if (nat->gateway) {
        FLOW(ctx, nat->lr, LR_OUT_UNDNAT, 100, nat->hint,
             text(ctx, 4, "ip && %s.src == %s && outport == %s%s", nat->ip,
                  nat->logical.s, nat->gw,
                  nat->distributed ? "" : nat->at_gw),
             nat->stateless
             ? text(ctx, 5, "%snext;", set_mac(ctx, 6, nat))
             : text(ctx, 5, "%sct_dnat%s;", set_mac(ctx, 6, nat),
                    zone(nat)));
    }
}

/* Narrower networks first, so that an entry for a host goes before the one for
 * its network, wherever either happens. */
static unsigned int
snat_priority(const struct nat *nat)
{
    int plen = (nat->a.is_ip6 ? ip6_mask_plen(&nat->a.logical_mask)
                : ip4_mask_plen(ip_get_v4(&nat->a.logical_mask)));

    return nat->priority ? nat->priority : (unsigned int) MAX(plen, 0) + 2;
}

static void
put_snat(struct incr_ctx *ctx, const struct nat *nat)
{
    unsigned int priority = snat_priority(nat);
    const char *match
        = (nat->gateway
           ? text(ctx, 4, "ip && %s.src == %s && outport == %s%s", nat->ip,
                  nat->logical.s, nat->gw, nat->here)
           : text(ctx, 4, "ip && %s.src == %s", nat->ip, nat->logical.s));

    match = text(ctx, 9, "%s%s", match, nat->match);
    put_exempted(ctx, nat, LR_OUT_SNAT, priority + 1, match, "dst");
    FLOW(ctx, nat->lr, LR_OUT_SNAT, priority, nat->hint,
         text(ctx, 6, "%s%s%s", match, allowed(ctx, 7, nat, "dst"),
              nat->common ? " && reg9[4] == 0"
              : nat->stateless || nat->gateway ? ""
              : " && (!ct.trk || !ct.rpl)"),
         nat->stateless
         ? text(ctx, 5, "%s%s.src = %s; next;", set_mac(ctx, 7, nat),
                nat->ip, nat->external.s)
         : text(ctx, 5, "%sct_snat%s(%s%s);", set_mac(ctx, 7, nat),
                zone(nat), nat->external.s, nat->ports));
    if (nat->common) {
        FLOW(ctx, nat->lr, LR_OUT_SNAT, priority, nat->hint,
             text(ctx, 6, "%s%s && reg9[4] == 1", match,
                  allowed(ctx, 7, nat, "dst")),
             text(ctx, 5, "%sct_snat(%s%s);", set_mac(ctx, 7, nat),
                  nat->external.s, nat->ports));
    }
}

/* What comes back to this router, and so is not to be translated in the common
 * zone before. */
static void
put_local(struct incr_ctx *ctx, const struct nat *nat)
{
    if (nat->common) {
        FLOW(ctx, nat->lr, LR_OUT_CHK_DNAT_LOCAL, 50, nat->hint,
             text(ctx, 4, "ip && %s.dst == %s%s", nat->ip, nat->external.s,
                  nat->distributed ? "" : nat->at_gw),
             "reg9[4] = 1; next;");
    }
}

/* Answers to requests for the external address. */

static const char *
request_match(struct incr_ctx *ctx, unsigned int i, const struct nat *nat)
{
    struct in6_addr sn;

    if (!nat->a.is_ip6) {
        return text(ctx, i, "arp.op == 1 && arp.tpa == %s", nat->external.s);
    }
    sn = ip6_solicited_node(&nat->a.external);
    return text(ctx, i, "nd_ns && ip6.dst == {%s, %s} && nd.target == %s",
                nat->external.s, ip6_text(&sn).s, nat->external.s);
}

static const char *
request_reply(struct incr_ctx *ctx, unsigned int i, const struct nat *nat,
              const char *mac)
{
    if (!nat->a.is_ip6) {
        return text(ctx, i, "eth.dst = eth.src; eth.src = %s; arp.op = 2; "
                    "arp.tha = arp.sha; arp.sha = %s; arp.tpa <-> arp.spa; "
                    "outport = inport; flags.loopback = 1; output;",
                    mac, mac);
    }
    return text(ctx, i, "nd_na { eth.src = %s; ip6.src = nd.target; "
                "nd.tll = %s; outport = inport; flags.loopback = 1; "
                "output; };", mac, mac);
}

/* At the gateway port only the chassis where translation happens answers, with
 * the external MAC if there is one; at other ports any, with the port's. */
static void
put_request(struct incr_ctx *ctx, const struct nat *nat)
{
    const char *match = request_match(ctx, 4, nat);
    const char *port_mac = "xreg0[0..47]";

    FLOW(ctx, nat->lr, LR_IN_IP_INPUT, 90, nat->hint, match,
         request_reply(ctx, 5, nat, port_mac));
    if (nat->gateway) {
        FLOW(ctx, nat->lr, LR_IN_IP_INPUT, 92, nat->hint,
             text(ctx, 6, "inport == %s && %s%s", nat->gw, match, nat->here),
             request_reply(ctx, 5, nat,
                           nat->distributed ? nat->mac : port_mac));
        FLOW(ctx, nat->lr, LR_IN_IP_INPUT, 91, nat->hint,
             text(ctx, 6, "inport == %s && %s", nat->gw, match), "drop;");
    }
}

/* What is special to a distributed gateway port. */

static bool
gateway_resolves(struct incr_ctx *ctx, const struct nat *nat,
                 struct eth_addr *mac)
{
    struct port_addresses addresses;
    struct ip_text src;
    bool in;

    if (!lrp_addresses(ctx, nat->gateway, &addresses)) {
        port_addresses_uninit(&addresses);
        return false;
    }
    *mac = addresses.mac;
    in = addresses_find_network(&addresses, &nat->a.external, &src);
    port_addresses_uninit(&addresses);
    return in || strmap_get_bool(nb_nat_get_options(ctx, nat->row),
                                 "add_route", false);
}

static void
put_resolve(struct incr_ctx *ctx, const struct nat *nat)
{
    struct eth_addr mac;

    if (!gateway_resolves(ctx, nat, &mac)) {
        return;
    }
    FLOW(ctx, nat->lr, LR_IN_ARP_RESOLVE, 100, nat->hint,
         text(ctx, 4, "outport == %s && %sreg0 == %s", nat->gw,
              nat->a.is_ip6 ? "xx" : "", nat->external.s),
         text(ctx, 5, "eth.dst = %s; next;",
              nat->distributed ? nat->mac : mac_text(mac).s));
    FLOW(ctx, nat->lr, LR_IN_ARP_RESOLVE, 150, nat->hint,
         text(ctx, 4, "inport == %s && outport == %s && %s.dst == %s",
              nat->gw, nat->gw, nat->ip, nat->external.s), "drop;");
}

/* A packet from inside to an external address of this router comes back in at
 * the gateway port. */
static void
put_loop(struct incr_ctx *ctx, const struct nat *nat)
{
    FLOW(ctx, nat->lr, LR_OUT_EGR_LOOP, 100, nat->hint,
         text(ctx, 4, "%s.dst == %s && outport == %s%s", nat->ip,
              nat->external.s, nat->gw, nat->here),
         text(ctx, 5, "clone { ct_clear; inport = outport; outport = \"\"; "
         "eth.dst <-> eth.src; flags = 0; flags.loopback = 1; %sreg0 = 0; "
         "reg1 = 0; reg2 = 0; reg3 = 0; reg4 = 0; reg5 = 0; reg6 = 0; "
         "reg7 = 0; reg8 = 0; reg9 = 0; reg9[0] = 1; "
         "next(pipeline=ingress, table=0); };",
         nat->common ? "flags.use_snat_zone = reg9[4]; " : ""));
}

static void
put_distributed(struct incr_ctx *ctx, const struct nat *nat)
{
    FLOW(ctx, nat->lr, LR_IN_ADMISSION, 50, nat->hint,
         text(ctx, 4, "eth.dst == %s && inport == %s%s", nat->mac, nat->gw,
              nat->here),
         text(ctx, 5, "xreg0[0..47] = %s; next;", nat->mac));
    FLOW(ctx, nat->lr, LR_IN_GW_REDIRECT, 100, nat->hint,
         text(ctx, 4, "%s.src == %s && outport == %s%s", nat->ip,
              nat->logical.s, nat->gw, nat->here),
         text(ctx, 5, "eth.src = %s; %sreg1 = %s; next;", nat->mac,
              nat->a.is_ip6 ? "xx" : "", nat->external.s));
    if (router_port_is_bridged(ctx, nat->gateway)) {
        /* These do not go by the gateway. */
        FLOW(ctx, nat->lr, LR_IN_ARP_RESOLVE, 90, nat->hint,
             text(ctx, 4, "outport == %s && %s.src == %s%s", nat->gw, nat->ip,
                  nat->logical.s, nat->here),
             nat->a.is_ip6 ? "get_nd(outport, xxreg0); next;"
             : "get_arp(outport, reg0); next;");
    }
}

static void
put_gateway_port(struct incr_ctx *ctx, const struct nat *nat)
{
    if (nat->a.type == NAT_TYPE_SNAT) {
        FLOW(ctx, nat->lr, LR_IN_IP_INPUT, 120, nat->hint,
             text(ctx, 4, "inport == %s && %s.src == %s", nat->gw, nat->ip,
                  nat->external.s), "next;");
    }
    put_resolve(ctx, nat);
    put_local(ctx, nat);
    if (nat->dnat || nat->snat) {
        put_loop(ctx, nat);
    }
    if (nat->distributed) {
        put_distributed(ctx, nat);
    }
}

static void
nat_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct nat nat;

    if (!nat_init(ctx, &nat, incr_group_key(group))) {
        return;
    }
    if (nat.snat) {
        put_unsnat(ctx, &nat);
        put_snat(ctx, &nat);
    }
    if (nat.dnat) {
        put_dnat(ctx, &nat);
        put_undnat(ctx, &nat);
    }
    put_request(ctx, &nat);
    if (nat.gateway) {
        put_gateway_port(ctx, &nat);
    }
}

/* On the switch behind the router port: where the external MAC is, and who
 * answers for the external address. */

static void
put_switch_flows(struct incr_ctx *ctx, const struct nat *nat,
                 const struct switch_port *sp)
{
    const char *name = quoted(ctx, 4, nb_logical_switch_port_get_name(
        ctx, sp->lsp));

    FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 80, nat->hint,
         text(ctx, 5, "flags[1] == 0 && %s",
              nat->a.is_ip6
              ? text(ctx, 7, "nd_ns && nd.target == %s", nat->external.s)
              : text(ctx, 7, "arp.op == 1 && arp.tpa == %s",
                     nat->external.s)),
         text(ctx, 6, "clone { outport = %s; output; }; "
              "outport = \"_MC_flood_l2\"; output;", name));
    if (nat->distributed) {
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 50, nat->hint,
             text(ctx, 5, "eth.dst == %s%s", nat->mac, nat->here),
             text(ctx, 6, "outport = %s; output;", name));
        FLOW(ctx, sp->ls, LS_IN_L2_LKUP, 75, nat->hint,
             text(ctx, 5, "eth.src == %s && (arp.op == 1 || rarp.op == 3 || "
                  "nd_ns)", nat->mac),
             "outport = \"_MC_flood_l2\"; output;");
    }
}

static bool
owns_address(const struct port_addresses *addresses, const struct nat *nat)
{
    VEC_FOR_EACH (net, &addresses->ip4) {
        if (net->addr == ip_get_v4(&nat->a.external)) {
            return true;
        }
    }
    return false;
}

/* Gratuitous ARP for the external address, where the switch port asks for it
 * with nat-addresses=router. */
static void
put_announcement(struct incr_ctx *ctx, const struct nat *nat,
                 const struct router_port *rp, const struct switch_port *sp)
{
    const char *option
        = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                     "nat-addresses");
    const char *name = nb_logical_switch_port_get_name(ctx, sp->lsp);
    const struct row_id id = port_row(name);
    struct port_addresses addresses;

    /* Gratuitous ARP is for IPv4. */
    if (!option || strcmp(option, "router") || nat->a.is_ip6
        || !get_port_key(ctx, &sp->ls->header, name)
        || !get_datapath_key(ctx, &sp->ls->header)) {
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)
        && !(owns_address(&addresses, nat)
             && lsp_excludes_router_ips(ctx, sp->lsp))) {
        /* The condition without its leading " && ". */
        cell_string(ctx, &id, SB_PORT_BINDING_COL_NAT_ADDRESSES,
                    text(ctx, 4, "%s %s%s%s",
                         nat->distributed ? nat->mac
                         : mac_text(addresses.mac).s, nat->external.s,
                         *nat->here ? " " : "",
                         *nat->here ? nat->here + 4 : ""));
    }
    port_addresses_uninit(&addresses);
}

static void
put_routable(struct incr_ctx *ctx, const struct nat *nat,
             const struct switch_router *at)
{
    struct port_addresses addresses;

    if (strmap_get_bool(nb_nat_get_options(ctx, nat->row), "add_route", false)
        && nat->dnat) {
        if (lrp_addresses(ctx, at->rp.lrp, &addresses)) {
            router_put_routable(ctx, nat->hint, at, &nat->a.external,
                                nat->distributed ? nat->mac
                                : mac_text(addresses.mac).s);
        }
        port_addresses_uninit(&addresses);
    }
}

static void
nat_switch(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct nat nat;
    const struct incr_group *switches;

    if (!nat_init(ctx, &nat, incr_group_key(group))) {
        return;
    }
    switches = LOOKUP(ctx, F_ROUTER_SWITCHES, nat.lr);
    for (size_t i = 0; switches && i < switches->n; i++) {
        const struct switch_router *sr = incr_group_value(switches, i);

        if (nat.gateway && sr->rp.lrp != nat.gateway) {
            continue;
        }
        put_switch_flows(ctx, &nat, &sr->sp);
        put_announcement(ctx, &nat, &sr->rp, &sr->sp);
        put_routable(ctx, &nat, sr);
    }
}

/* Gateway routers, once for all their entries. */

static void
put_force_snat(struct incr_ctx *ctx, const struct nb_logical_router *lr,
               const char *option, const char *flag, unsigned int priority)
{
    const char *value = strmap_get(nb_logical_router_get_options(ctx, lr),
                                   option);
    struct str *words = incr_scratch(ctx, 3);
    struct in6_addr ip;
    char *p, *word;

    if (!value || !*value || !strcmp(value, "router_ip")) {
        return;
    }
    str_put(words, value);
    p = words->string;
    while ((word = text_token(&p, " ,")) != NULL) {
        if (!ip_parse(word, &ip)) {
            warn_row(&lr->header, "%s: \"%s\" is no address", option, word);
            continue;
        }
        FLOW(ctx, lr, LR_IN_UNSNAT, priority, NULL,
             text(ctx, 0, "ip && ip%d.dst == %s", ip_is_v4(&ip) ? 4 : 6,
                  word), "ct_snat;");
        FLOW(ctx, lr, LR_OUT_SNAT, 100, NULL,
             text(ctx, 0, "%s == 1 && ip%d", flag, ip_is_v4(&ip) ? 4 : 6),
             text(ctx, 1, "ct_snat(%s);", word));
    }
}

/* options:force_snat addresses must not be dropped as the router's own. */
static void
router_force_snat_owned(struct incr_ctx *ctx, const struct incr_group *group)
{
    static const char *const names[] = { "dnat_force_snat_ip",
                                         "lb_force_snat_ip" };
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct strmap *options = nb_logical_router_get_options(ctx, lr);

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        const char *value = strmap_get(options, names[i]);
        struct str *words = incr_scratch(ctx, 3);
        char *p, *word;

        if (value && *value && strcmp(value, "router_ip")) {
            str_put(words, value);
            p = words->string;
            while ((word = text_token(&p, " ,")) != NULL) {
                router_ip_set(ctx, F_SNAT_IP, lr, word);
            }
        }
    }
}

/* lb_force_snat_ip=router_ip: the outgoing port's own address. */
static bool
forces_router_ip(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    return !strcmp(strmap_get_def(nb_logical_router_get_options(ctx, lr),
                                  "lb_force_snat_ip", ""), "router_ip");
}

static void
port_force_snat_owned(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    struct port_addresses addresses;

    if (!forces_router_ip(ctx, rp->lr) || !router_chassis(ctx, rp->lr)) {
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        VEC_FOR_EACH (net, &addresses.ip4) {
            router_ip_set(ctx, F_SNAT_IP, rp->lr, ip4_text(net->addr).s);
        }
        VEC_FOR_EACH (net, &addresses.ip6) {
            router_ip_set(ctx, F_SNAT_IP, rp->lr, ip6_text(&net->addr).s);
        }
    }
    port_addresses_uninit(&addresses);
}

static void
put_port_force_snat(struct incr_ctx *ctx, const struct router_port *rp,
                    int family, const char *ip)
{
    const char *name = router_port_name(ctx, 0, rp->lrp);

    FLOW(ctx, rp->lr, LR_IN_UNSNAT, 110, &rp->lrp->header,
         text(ctx, 1, "inport == %s && ip%d.dst == %s", name, family, ip),
         "ct_snat;");
    FLOW(ctx, rp->lr, LR_OUT_SNAT, 110, &rp->lrp->header,
         text(ctx, 1, "flags.force_snat_for_lb == 1 && ip%d && outport == %s",
              family, name), text(ctx, 2, "ct_snat(%s);", ip));
}

static void
port_force_snat(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    struct port_addresses addresses;

    if (!forces_router_ip(ctx, rp->lr) || !router_chassis(ctx, rp->lr)) {
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        if (addresses.ip4.n) {
            put_port_force_snat(ctx, rp, 4,
                                ip4_text(addresses.ip4.items[0].addr).s);
        }
        VEC_FOR_EACH (net, &addresses.ip6) {
            if (!IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
                put_port_force_snat(ctx, rp, 6, ip6_text(&net->addr).s);
                break;
            }
        }
    }
    port_addresses_uninit(&addresses);
}

static void
router_nat(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;

    FLOW(ctx, lr, LR_OUT_SNAT, 120, NULL, "nd_ns", "next;");
    if (!router_chassis(ctx, lr)) {
        if (get_global(ctx).use_common_zone
            && router_gateway_port(ctx, lr, &n)) {
            /* Translated in the common zone once already. */
            FLOW(ctx, lr, LR_OUT_CHK_DNAT_LOCAL, 50, NULL,
                 "ip && ct_mark.natted == 1", "reg9[4] = 1; next;");
        }
        return;
    }
    put_force_snat(ctx, lr, "dnat_force_snat_ip",
                   "flags.force_snat_for_dnat", 110);
    put_force_snat(ctx, lr, "lb_force_snat_ip", "flags.force_snat_for_lb",
                   100);
    if (router_has(ctx, lr, ROUTER_HAS_NAT)
        || router_has(ctx, lr, ROUTER_HAS_LB)) {
        FLOW(ctx, lr, LR_OUT_UNDNAT, 100, NULL, "nd || nd_rs || nd_ra",
             "next;");
        FLOW(ctx, lr, LR_OUT_UNDNAT, 50, NULL, "ip",
             "flags.loopback = 1; ct_dnat;");
        FLOW(ctx, lr, LR_OUT_POST_UNDNAT, 50, NULL, "ip && ct.new",
             "ct_commit { }; next;");
    }
}

UNIT_LIST(router_nat_units,
    UNIT_GROUP(RANK_MEMBER, F_ROUTER, router_nats),
    UNIT_GROUP(RANK_SET, F_NAT, nat_owned),
    UNIT_GROUP(RANK_SET, F_ROUTER, router_force_snat_owned),
    UNIT_GROUP(RANK_SET, F_ROUTER_PORT, port_force_snat_owned),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_force_snat),
    UNIT_GROUP(RANK_OUT, F_NAT, nat_flows),
    UNIT_GROUP(RANK_OUT, F_NAT, nat_switch),
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_nat));
