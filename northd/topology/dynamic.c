/* SPDX-License-Identifier: Apache-2.0 */

/* Ports with dynamic addresses: what they want (sync/ipam.h gives it), and
 * which addresses of their switch are taken anyway. */

#include <stdio.h>
#include <string.h>

#include "northd/sync/ipam.h"
#include "northd/topology/address.h"

/* What the switch offers. */
static bool
read_switch(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
            struct wanted_address *w, const char **exclude)
{
    const struct strmap *config = nb_logical_switch_get_other_config(ctx, ls);
    const char *subnet = strmap_get(config, "subnet");
    const char *prefix = strmap_get(config, "ipv6_prefix");
    struct in6_addr mask;
    unsigned int plen;
    be32 network;

    *exclude = strmap_get_def(config, "exclude_ips", "");
    if (subnet && ip4_parse_cidr(subnet, &network, &plen)) {
        w->has_subnet = true;
        w->network = network & ip4_mask(plen);
        w->plen = plen;
    } else if (subnet) {
        warn_row(&ls->header, "bad subnet \"%s\"", subnet);
    }
    if (prefix && (ip6_parse_masked(prefix, &w->prefix, &mask)
                   || ip6_parse(prefix, &w->prefix))) {
        w->has_prefix = true;
    } else if (prefix) {
        warn_row(&ls->header, "bad ipv6_prefix \"%s\"", prefix);
    }
    return (w->has_subnet || w->has_prefix
            || strmap_get_bool(config, "mac_only", false));
}

static void
set_mac_prefix(struct incr_ctx *ctx, struct wanted_address *w)
{
    struct global global = get_global(ctx);
    unsigned int a, b, c;

    if (sscanf(global.mac_prefix, "%2x:%2x:%2x", &a, &b, &c) == 3) {
        w->mac_prefix[0] = a;
        w->mac_prefix[1] = b;
        w->mac_prefix[2] = c;
    } else {
        w->mac_prefix[0] = 0x0a;
    }
}

static void
set_fixed(struct wanted_address *w, const struct lsp_address *address)
{
    if (address->addresses.has_mac) {
        memcpy(w->mac, address->addresses.mac.ea, sizeof w->mac);
        w->has_mac = true;
    }
    if (address->addresses.ip4.n) {
        w->ip4 = address->addresses.ip4.items[0].addr;
        w->has_subnet = true;
    }
    if (address->addresses.ip6.n) {
        w->ip6 = address->addresses.ip6.items[0].addr;
        w->has_prefix = true;
    }
}

static void
want(struct incr_ctx *ctx, const struct switch_port *sp,
     const struct lsp_address *address)
{
    struct wanted_address w = { .has_mac = false };
    struct str *value = incr_scratch(ctx, 0);
    const char *exclude;

    if (read_switch(ctx, sp->ls, &w, &exclude)) {
        set_mac_prefix(ctx, &w);
        set_fixed(&w, address);
        str_put_bytes(value, &w, sizeof w);
        str_put_bytes(value, exclude, strlen(exclude) + 1);
        incr_emit(ctx, F_ADDRESS_WANTED, sp, sizeof *sp, value->string,
                  value->length);
    }
}

static void
use(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
    const struct port_addresses *addresses)
{
    VEC_FOR_EACH (net, &addresses->ip4) {
        const struct used_address key = { ls, net->addr };

        EMIT_KEY(ctx, F_ADDRESS_USED, key);
    }
}

static void
use_router(struct incr_ctx *ctx, const struct switch_port *sp)
{
    const char *name
        = strmap_get(nb_logical_switch_port_get_options(ctx, sp->lsp),
                     "router-port");
    const struct nb_logical_router_port *lrp
        = name ? get_row_by_name(ctx, F_LRP_BY_NAME, name) : NULL;
    struct port_addresses addresses;

    if (lrp) {
        if (lrp_addresses(ctx, lrp, &addresses)) {
            use(ctx, sp->ls, &addresses);
        }
        port_addresses_uninit(&addresses);
    }
}

/* Only switches that give addresses keep account of the others'. */
static void
switch_port_dynamic(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    bool has_subnet
        = strmap_get(nb_logical_switch_get_other_config(ctx, sp->ls),
                     "subnet") != NULL;
    size_t n;
    const char *const *addresses
        = nb_logical_switch_port_get_addresses(ctx, sp->lsp, &n);

    for (size_t i = 0; i < n; i++) {
        struct lsp_address address;
        struct error *error = lsp_address_parse(addresses[i], &address);

        if (error) {
            error_free(error);
            continue;
        }
        if (address.type == LSP_ADDRESS_DYNAMIC) {
            want(ctx, sp, &address);
        } else if (has_subnet && address.type == LSP_ADDRESS_STATIC) {
            use(ctx, sp->ls, &address.addresses);
        }
        lsp_address_uninit(&address);
    }
    if (has_subnet && lsp_is_type(ctx, sp->lsp, "router")) {
        use_router(ctx, sp);
    }
}

UNIT_LIST(dynamic_units,
    UNIT_GROUP(RANK_PEER, F_SWITCH_PORT, switch_port_dynamic));
