/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/router/port.h"

#include <string.h>

bool
router_port_is_gateway(struct incr_ctx *ctx, const struct router_port *rp)
{
    const struct incr_group *gateways = LOOKUP(ctx, F_GATEWAY_PORT, rp->lr);

    for (size_t i = 0; gateways && i < gateways->n; i++) {
        if (*(const void *const *) incr_group_value(gateways, i) == rp->lrp) {
            return true;
        }
    }
    return false;
}

const char *
router_port_name(struct incr_ctx *ctx, unsigned int i,
                 const struct nb_logical_router_port *lrp)
{
    return quoted(ctx, i, nb_logical_router_port_get_name(ctx, lrp));
}

const char *
router_port_resident(struct incr_ctx *ctx, unsigned int i,
                     const struct router_port *rp)
{
    const struct nb_logical_router_port *gateway = rp->lrp;
    struct str *s = incr_scratch(ctx, i);
    size_t n;

    if (!router_port_is_gateway(ctx, rp)) {
        if (!strmap_get_bool(nb_logical_router_port_get_options(ctx, rp->lrp),
                             "reside-on-redirect-chassis", false)
            || !(gateway = router_gateway_port(ctx, rp->lr, &n))) {
            return "";
        }
    }
    str_printf(s, " && is_chassis_resident(%s)",
               quoted_cr(ctx, 6, nb_logical_router_port_get_name(ctx,
                                                                 gateway)));
    return str_cstr(s);
}

bool
router_port_is_bridged(struct incr_ctx *ctx,
                       const struct nb_logical_router_port *lrp)
{
    return !strcmp(strmap_get_def(nb_logical_router_port_get_options(ctx, lrp),
                                  "redirect-type", ""), "bridged");
}

unsigned int
router_port_mtu(struct incr_ctx *ctx, const struct router_port *rp)
{
    unsigned int mtu
        = strmap_get_uint(nb_logical_router_port_get_options(ctx, rp->lrp),
                          "gateway_mtu", 0);

    return (mtu && (router_chassis(ctx, rp->lr)
                    || router_port_is_gateway(ctx, rp))) ? mtu : 0;
}

bool
lsp_excludes_router_ips(struct incr_ctx *ctx,
                        const struct nb_logical_switch_port *lsp)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);

    return (!strcmp(strmap_get_def(options, "nat-addresses", ""), "router")
            && strmap_get_bool(options, "exclude-router-ips-from-garp",
                               false));
}
