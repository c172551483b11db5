/* SPDX-License-Identifier: Apache-2.0 */

/* Answers to ARP requests and IPv6 neighbour solicitations for known
 * addresses, from where the question is asked. */

#include "northd/flow.h"
#include "northd/topology/address.h"
#include "northd/topology/multicast.h"

#include <string.h>

#include "lib/base/text.h"

/* An answer to a request for 'ip', saying that it is at 'mac'. */
static const char *
arp_reply(struct incr_ctx *ctx, unsigned int i, const char *mac,
          const char *ip)
{
    return text(ctx, i, "eth.dst = eth.src; eth.src = %s; arp.op = 2; "
                "arp.tha = arp.sha; arp.sha = %s; arp.tpa = arp.spa; "
                "arp.spa = %s; outport = inport; flags.loopback = 1; output;",
                mac, mac, ip);
}

static void
put_ip4(struct incr_ctx *ctx, const struct switch_port *sp, const char *name,
        const char *mac, const char *ip)
{
    const struct replica_row *hint = &sp->lsp->header;

    FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 50, hint,
         text(ctx, 1, "arp.tpa == %s && arp.op == 1", ip),
         arp_reply(ctx, 2, mac, ip));

    /* Somebody who asks for his own address looks for a duplicate. */
    FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 100, hint,
         text(ctx, 1, "arp.tpa == %s && arp.op == 1 && inport == %s",
              ip, name), "next;");
}

static void
put_ip6(struct incr_ctx *ctx, const struct switch_port *sp, const char *name,
        const char *mac, const struct ip6_network *net)
{
    const struct replica_row *hint = &sp->lsp->header;
    const char *verb = (lsp_is_type(ctx, sp->lsp, "router") ? "nd_na_router"
                        : "nd_na");
    struct ip_text ip = ip6_text(&net->addr), sn = ip6_text(&net->sn_addr);

    FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 50, hint,
         text(ctx, 1, "nd_ns && ip6.dst == {%s, %s} && nd.target == %s",
              ip.s, sn.s, ip.s),
         text(ctx, 2, "%s { eth.src = %s; ip6.src = %s; nd.target = %s; "
              "nd.tll = %s; outport = inport; flags.loopback = 1; "
              "output; };", verb, mac, ip.s, ip.s, mac));
    FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 100, hint,
         text(ctx, 1, "nd_ns && ip6.dst == {%s, %s} && nd.target == %s "
              "&& inport == %s", ip.s, sn.s, ip.s, name), "next;");
}

static bool
is_transparent(struct incr_ctx *ctx, const struct nb_logical_switch *ls)
{
    return strmap_get_bool(nb_logical_switch_get_other_config(ctx, ls),
                           "vlan-passthru", false);
}

static bool
is_answered_for(struct incr_ctx *ctx, const struct switch_port *sp)
{
    const struct nb_logical_switch_port *lsp = sp->lsp;

    if (lsp_is_type(ctx, lsp, "virtual") || lsp_is_type(ctx, lsp, "external")
        || lsp_is_type(ctx, lsp, "localnet") || lsp_has_unknown(ctx, lsp)
        || is_transparent(ctx, sp->ls)
        || strmap_get_bool(nb_logical_switch_port_get_options(ctx, lsp),
                           "disable_arp_nd_rsp", false)) {
        return false;
    }
    if (lsp_is_type(ctx, lsp, "router") || lsp_is_type(ctx, lsp, "localport")
        || get_global(ctx).ignore_lsp_down) {
        return true;
    }
    return lsp_is_up(ctx, lsp);
}

static void
port_arp(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct incr_group *addresses;
    const char *name;

    if (!is_answered_for(ctx, sp)) {
        return;
    }
    addresses = LOOKUP(ctx, F_LSP_ADDRESSES, sp->lsp);
    name = quoted(ctx, 0, nb_logical_switch_port_get_name(ctx, sp->lsp));
    for (size_t i = 0; addresses && i < addresses->n; i++) {
        struct port_addresses parsed;

        if (lsp_addresses_parse(addresses, i, &parsed)) {
            struct ip_text mac = mac_text(parsed.mac);

            VEC_FOR_EACH (net, &parsed.ip4) {
                put_ip4(ctx, sp, name, mac.s, ip4_text(net->addr).s);
            }
            VEC_FOR_EACH (net, &parsed.ip6) {
                put_ip6(ctx, sp, name, mac.s, net);
            }
        }
        port_addresses_uninit(&parsed);
    }
}

/* Requests from a physical network are answered by who is asked, and not by
 * every host that has the localnet port. */
static void
port_arp_skip(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);

    if (lsp_is_type(ctx, sp->lsp, "localnet")) {
        FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 100, &sp->lsp->header,
             text(ctx, 1, "inport == %s",
                  quoted(ctx, 0, nb_logical_switch_port_get_name(
                      ctx, sp->lsp))), "next;");
    }
}

/* options:arp_proxy of a router port's switch port: [MAC] and addresses or
 * networks that the router answers for. */

struct proxy {
    const struct switch_port *sp;
    struct eth_addr mac;
    struct str *ip4;            /* Comma-separated. */
    struct str *ip6;
};

static void
proxy_add(struct proxy *proxy, const char *word)
{
    struct in6_addr ip6, mask6;
    be32 ip, mask;

    if (mac_parse(word, &proxy->mac)) {
        return;
    }
    if (ip4_parse_masked(word, &ip, &mask)) {
        str_printf(proxy->ip4, "%s%s", proxy->ip4->length ? ", " : "", word);
    } else if (ip6_parse_masked(word, &ip6, &mask6)) {
        str_printf(proxy->ip6, "%s%s", proxy->ip6->length ? ", " : "", word);
    } else {
        warn_row(&proxy->sp->lsp->header, "arp_proxy: \"%s\" is no address",
                 word);
    }
}

static void
put_proxy(struct incr_ctx *ctx, const struct proxy *proxy)
{
    const struct replica_row *hint = &proxy->sp->lsp->header;
    struct ip_text mac = mac_text(proxy->mac);

    if (proxy->ip4->length) {
        FLOW(ctx, proxy->sp->ls, LS_IN_ARP_RSP, 30, hint,
             text(ctx, 1, "arp.op == 1 && arp.tpa == {%s}",
                  proxy->ip4->string),
             text(ctx, 2, "eth.dst = eth.src; eth.src = %s; arp.op = 2; "
                  "arp.tha = arp.sha; arp.sha = %s; arp.tpa <-> arp.spa; "
                  "outport = inport; flags.loopback = 1; output;",
                  mac.s, mac.s));
    }
    if (proxy->ip6->length) {
        FLOW(ctx, proxy->sp->ls, LS_IN_ARP_RSP, 30, hint,
             text(ctx, 1, "nd_ns && nd.target == {%s}", proxy->ip6->string),
             text(ctx, 2, "nd_na_router { eth.src = %s; ip6.src = nd.target; "
                  "nd.tll = %s; outport = inport; flags.loopback = 1; "
                  "output; };", mac.s, mac.s));
    }
}

static void
port_arp_proxy(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct router_port *rp = GET(ctx, F_LSP_PEER, sp->lsp);
    const char *option
        = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                     "arp_proxy");
    struct port_addresses addresses;

    if (!option || !rp || is_transparent(ctx, sp->ls)) {
        return;
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses)) {
        struct proxy proxy = {
            sp, addresses.mac, incr_scratch(ctx, 4), incr_scratch(ctx, 5),
        };
        struct str *words = incr_scratch(ctx, 3);
        char *p, *word;

        str_put(words, option);
        p = words->string;
        while (p && (word = text_token(&p, " ,")) != NULL) {
            proxy_add(&proxy, word);
        }
        put_proxy(ctx, &proxy);
    }
    port_addresses_uninit(&addresses);
}

/* A port of type virtual is wherever one of its parents announces its
 * address. */
static void
put_virtual_parent(struct incr_ctx *ctx, const struct switch_port *sp,
                   const char *virtual, const struct in6_addr *ip,
                   const char *parent)
{
    struct ip_text t = ip_text(ip);
    const char *name = quoted(ctx, 5, parent);

    if (ip_is_v4(ip)) {
        FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 100, &sp->lsp->header,
             text(ctx, 1, "inport == %s && ((arp.op == 1 && arp.spa == %s && "
                  "arp.tpa == %s) || (arp.op == 2 && arp.spa == %s))",
                  name, t.s, t.s, t.s),
             text(ctx, 2, "bind_vport(%s, inport); next;", virtual));
    } else {
        struct in6_addr sn = ip6_solicited_node(ip);

        FLOW(ctx, sp->ls, LS_IN_ARP_RSP, 100, &sp->lsp->header,
             text(ctx, 1, "inport == %s && ((nd_ns && ip6.dst == {%s, %s} && "
                  "nd.target == %s) || (nd_na && nd.target == %s))", name,
                  t.s, ip6_text(&sn).s, t.s, t.s),
             text(ctx, 2, "bind_vport(%s, inport); next;", virtual));
    }
}

static void
port_virtual(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct strmap *options;
    const char *parents, *ip_option, *virtual;
    struct in6_addr ip;
    struct str *words;
    char *p, *parent;

    if (!lsp_is_type(ctx, sp->lsp, "virtual")) {
        return;
    }
    options = nb_logical_switch_port_get_options(ctx, sp->lsp);
    parents = strmap_get(options, "virtual-parents");
    ip_option = strmap_get(options, "virtual-ip");
    if (!parents || !ip_option || !ip_parse(ip_option, &ip)) {
        return;
    }
    virtual = quoted(ctx, 0, nb_logical_switch_port_get_name(ctx, sp->lsp));
    words = incr_scratch(ctx, 3);
    str_put(words, parents);
    p = words->string;
    while ((parent = text_token(&p, ",")) != NULL) {
        const struct nb_logical_switch_port *lsp
            = get_row_by_name(ctx, F_LSP_BY_NAME, parent);

        if (lsp && get_row_by_row(ctx, F_LSP_SWITCH, lsp) == sp->ls) {
            put_virtual_parent(ctx, sp, virtual, &ip, parent);
        }
    }
}

UNIT_LIST(switch_arp_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, port_arp),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_arp_skip),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_arp_proxy),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_virtual));
