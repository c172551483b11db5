/* SPDX-License-Identifier: Apache-2.0 */

/* External ports: workloads beyond a localnet port.  All chassis with that
 * port see their packets; only the one that has claimed the port may route
 * them. */

#include "northd/flow.h"
#include "northd/topology/address.h"

struct external {
    const struct switch_port *sp;
    const char *condition;      /* "inport == LOCALNET && eth.src == MAC &&
                                 * !is_chassis_resident(PORT)". */
};

static void
put_router(struct incr_ctx *ctx, const struct external *e,
           const struct nb_logical_router_port *lrp)
{
    const struct replica_row *hint = &e->sp->lsp->header;
    struct port_addresses addresses;

    if (lrp_addresses(ctx, lrp, &addresses)) {
        VEC_FOR_EACH (net, &addresses.ip4) {
            FLOW(ctx, e->sp->ls, LS_IN_EXTERNAL_PORT, 100, hint,
                 text(ctx, 3, "%s && arp.tpa == %s && arp.op == 1",
                      e->condition, ip4_text(net->addr).s), "drop;");
        }
        VEC_FOR_EACH (net, &addresses.ip6) {
            struct ip_text ip = ip6_text(&net->addr);

            FLOW(ctx, e->sp->ls, LS_IN_EXTERNAL_PORT, 100, hint,
                 text(ctx, 3, "%s && nd_ns && ip6.dst == {%s, %s} && "
                      "nd.target == %s", e->condition, ip.s,
                      ip6_text(&net->sn_addr).s, ip.s), "drop;");
        }
        FLOW(ctx, e->sp->ls, LS_IN_EXTERNAL_PORT, 100, hint,
             text(ctx, 3, "%s && eth.dst == %s", e->condition,
                  mac_text(addresses.mac).s), "drop;");
    }
    port_addresses_uninit(&addresses);
}

static void
put_localnet(struct incr_ctx *ctx, struct external *e, const char *name,
             const char *mac, const struct nb_logical_switch_port *localnet)
{
    const struct incr_group *routers = LOOKUP(ctx, F_SWITCH_ROUTERS,
                                              e->sp->ls);

    e->condition = text(ctx, 2, "inport == %s && eth.src == %s && "
                        "!is_chassis_resident(%s)",
                        quoted(ctx, 1, nb_logical_switch_port_get_name(
                            ctx, localnet)), mac, name);
    for (size_t i = 0; routers && i < routers->n; i++) {
        const struct switch_router *sr = incr_group_value(routers, i);

        put_router(ctx, e, sr->rp.lrp);
    }
}

static void
port_external(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    struct external e = { .sp = sp };
    const struct incr_group *localnets, *addresses;
    const char *name;

    if (!lsp_is_type(ctx, sp->lsp, "external")) {
        return;
    }
    name = quoted(ctx, 0, nb_logical_switch_port_get_name(ctx, sp->lsp));
    localnets = LOOKUP(ctx, F_SWITCH_LOCALNETS, sp->ls);
    addresses = LOOKUP(ctx, F_LSP_ADDRESSES, sp->lsp);
    for (size_t i = 0; localnets && i < localnets->n; i++) {
        for (size_t j = 0; addresses && j < addresses->n; j++) {
            struct port_addresses parsed;

            if (lsp_addresses_parse(addresses, j, &parsed)) {
                put_localnet(ctx, &e, name, mac_text(parsed.mac).s,
                             *(const void *const *)
                             incr_group_value(localnets, i));
            }
            port_addresses_uninit(&parsed);
        }
    }
}

UNIT_LIST(switch_external_units,
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_external));
