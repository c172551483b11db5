/* SPDX-License-Identifier: Apache-2.0 */

/* What a router looks at at all, by Ethernet header; and the end of its
 * pipelines. */

#include "northd/flow.h"
#include "northd/router/port.h"

/* Bytes of an Ethernet header with a VLAN tag, which the length that
 * check_pkt_larger() compares includes. */
#define ETH_HEADER_BYTES 18

static void
router_admission(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    FLOW(ctx, lr, LR_IN_ADMISSION, 100, NULL, "vlan.present || eth.src[40]",
         "drop;");
}

/* options:gateway_mtu_bypass: packets that are not measured. */
static void
put_bypass(struct incr_ctx *ctx, const struct router_port *rp,
           const char *name, const char *mac, const char *resident)
{
    const struct replica_row *hint = &rp->lrp->header;
    const char *bypass
        = strmap_get(nb_logical_router_port_get_options(ctx, rp->lrp),
                     "gateway_mtu_bypass");
    const char *actions = text(ctx, 4, "xreg0[0..47] = %s; next;", mac);

    if (!bypass || !*bypass) {
        return;
    }
    FLOW(ctx, rp->lr, LR_IN_ADMISSION, 55, hint,
         text(ctx, 3, "eth.mcast && inport == %s && (%s)", name, bypass),
         actions);
    FLOW(ctx, rp->lr, LR_IN_ADMISSION, 55, hint,
         text(ctx, 3, "eth.dst == %s && inport == %s%s && (%s)", mac, name,
              resident, bypass), actions);
}

static void
port_admission(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct replica_row *hint = &rp->lrp->header;
    const char *name = router_port_name(ctx, 0, rp->lrp);
    const char *resident = router_port_resident(ctx, 1, rp);
    unsigned int mtu = router_port_mtu(ctx, rp);
    struct port_addresses addresses;

    if (lrp_is_enabled(ctx, rp->lrp)
        && lrp_addresses(ctx, rp->lrp, &addresses)) {
        struct ip_text mac = mac_text(addresses.mac);
        const char *actions = text(ctx, 2, "xreg0[0..47] = %s; next;", mac.s);

        if (mtu) {
            actions = text(ctx, 2, "reg9[1] = check_pkt_larger(%u); "
                           "xreg0[0..47] = %s; next;",
                           mtu + ETH_HEADER_BYTES, mac.s);
        }
        FLOW(ctx, rp->lr, LR_IN_ADMISSION, 50, hint,
             text(ctx, 3, "eth.mcast && inport == %s", name), actions);
        FLOW(ctx, rp->lr, LR_IN_ADMISSION, 50, hint,
             text(ctx, 3, "eth.dst == %s && inport == %s%s", mac.s, name,
                  resident), actions);
        if (mtu) {
            put_bypass(ctx, rp, name, mac.s, resident);
        }
        FLOW(ctx, rp->lr, LR_OUT_DELIVERY, 100, hint,
             text(ctx, 3, "outport == %s", name), "output;");
        port_addresses_uninit(&addresses);
    }
}

UNIT_LIST(router_admission_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_admission),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_admission));
