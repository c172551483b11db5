/* SPDX-License-Identifier: Apache-2.0 */

/* Port_Binding.nat_addresses: what a gateway announces by gratuitous ARP on
 * the physical network behind a switch port of type router.  The router's own
 * addresses, unless options:exclude-router-ips-from-garp says not to; with
 * options:nat-addresses=router those of its NAT entries (router/nat.c) and
 * load balancers; otherwise those that the option lists. */

#include <string.h>

#include "northd/router/port.h"
#include "northd/sync/cells.h"
#include "northd/topology/lb.h"

/* The switch port can be announced at. */
static bool
has_keys(struct incr_ctx *ctx, const struct switch_port *sp)
{
    return (get_datapath_key(ctx, &sp->ls->header)
            && get_port_key(ctx, &sp->ls->header,
                            nb_logical_switch_port_get_name(ctx, sp->lsp)));
}

static void
put(struct incr_ctx *ctx, const struct switch_port *sp, const char *addresses,
    const struct router_port *rp)
{
    const struct row_id id = port_row(nb_logical_switch_port_get_name(
        ctx, sp->lsp));
    const char *resident = router_port_resident(ctx, 7, rp);

    /* The condition without its leading " &&". */
    cell_string(ctx, &id, SB_PORT_BINDING_COL_NAT_ADDRESSES,
                text(ctx, 8, "%s%s", addresses, *resident ? resident + 3
                     : ""));
}

/* The router port's addresses, where there is a physical network and one
 * chassis that has the port. */
static void
put_own(struct incr_ctx *ctx, const struct switch_port *sp,
        const struct router_port *rp)
{
    struct port_addresses addresses;
    size_t n;

    if (!EXISTS(ctx, F_SWITCH_LOCALNETS, sp->ls)
        || (!router_chassis(ctx, rp->lr)
            && !*router_port_resident(ctx, 7, rp))) {
        return;
    }
    router_gateway_port(ctx, rp->lr, &n);
    if (n > 1 && !router_port_is_gateway(ctx, rp)) {
        return;         /* Which of the gateways it resides with is open. */
    }
    if (lrp_addresses(ctx, rp->lrp, &addresses) && addresses.ip4.n) {
        struct str *s = incr_scratch(ctx, 1);

        str_put(s, mac_text(addresses.mac).s);
        VEC_FOR_EACH (net, &addresses.ip4) {
            str_printf(s, " %s", ip4_text(net->addr).s);
        }
        put(ctx, sp, s->string, rp);
    }
    port_addresses_uninit(&addresses);
}

static void
put_listed(struct incr_ctx *ctx, const struct switch_port *sp,
           const struct router_port *rp, const char *list)
{
    struct port_addresses parsed = PORT_ADDRESSES_EMPTY;
    struct error *error = port_addresses_parse(list, &parsed);

    if (error || !parsed.has_mac) {
        warn_row(&sp->lsp->header, "nat-addresses \"%s\": %s", list,
                 error ? error_message(error) : "no Ethernet address");
        error_free(error);
    } else {
        put(ctx, sp, list, rp);
    }
    port_addresses_uninit(&parsed);
}

static void
switch_port_announce(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct router_port *rp = GET(ctx, F_LSP_PEER, sp->lsp);
    const char *option
        = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                     "nat-addresses");

    if (!rp || !has_keys(ctx, sp)) {
        return;
    }
    if (!lsp_excludes_router_ips(ctx, sp->lsp)) {
        put_own(ctx, sp, rp);
    }
    if (option && *option && strcmp(option, "router")) {
        put_listed(ctx, sp, rp, option);
    }
}

/* A load balancer at one port of its router. */
struct place {
    const struct switch_router *at;
    const char *mac;
};

static void
put_vip(struct incr_ctx *ctx, const struct lb_vip *vip, const char *protocol,
        void *place_)
{
    const struct place *place = place_;

    put(ctx, &place->at->sp,
        text(ctx, 1, "%s %s", place->mac, ip_text(&vip->vip.ip).s),
        &place->at->rp);
}

static void
put_vips(struct incr_ctx *ctx, const struct nb_load_balancer *lb,
         const struct switch_router *at)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, at->sp.lsp);
    struct port_addresses addresses;

    if (strcmp(strmap_get_def(options, "nat-addresses", ""), "router")
        || strmap_get_bool(options, "exclude-lb-vips-from-garp", false)
        || !has_keys(ctx, &at->sp)
        || (!router_chassis(ctx, at->rp.lr)
            && !router_port_is_gateway(ctx, &at->rp))) {
        return;
    }
    if (lrp_addresses(ctx, at->rp.lrp, &addresses)) {
        struct ip_text mac = mac_text(addresses.mac);
        struct place place = { at, mac.s };

        lb_for_each_vip(ctx, lb, put_vip, &place);
    }
    port_addresses_uninit(&addresses);
}

static void
lb_announce(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_load_balancer *lb = key->a;
    const struct incr_group *switches = LOOKUP(ctx, F_ROUTER_SWITCHES, key->b);

    for (size_t i = 0; switches && i < switches->n; i++) {
        put_vips(ctx, lb, incr_group_value(switches, i));
    }
}

UNIT_LIST(announce_units,
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, switch_port_announce),
    UNIT_GROUP(RANK_OUT, F_LB_ROUTER, lb_announce));
