/* SPDX-License-Identifier: Apache-2.0 */

/* The addresses of switch ports, as the pipeline knows them: those of the
 * "addresses" column, with "router" and "dynamic" replaced by what they stand
 * for.  Emits one text for each MAC. */

#include "northd/topology/address.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/alloc.h"

static struct ip_text
take(struct str *s)
{
    struct ip_text t;

    snprintf(t.s, sizeof t.s, "%s", str_cstr(s));
    str_uninit(s);
    return t;
}

struct ip_text
ip4_text(be32 ip)
{
    struct str s = STR_EMPTY;

    ip4_format(ip, &s);
    return take(&s);
}

struct ip_text
ip6_text(const struct in6_addr *ip)
{
    struct str s = STR_EMPTY;

    ip6_format(ip, &s);
    return take(&s);
}

struct ip_text
ip_text(const struct in6_addr *ip)
{
    struct str s = STR_EMPTY;

    ip_format(ip, &s);
    return take(&s);
}

struct ip_text
ip4_cidr_text(be32 network, unsigned int plen)
{
    struct str s = STR_EMPTY;

    ip4_format(network, &s);
    str_printf(&s, "/%u", plen);
    return take(&s);
}

struct ip_text
ip6_cidr_text(const struct in6_addr *network, unsigned int plen)
{
    struct str s = STR_EMPTY;

    ip6_format(network, &s);
    str_printf(&s, "/%u", plen);
    return take(&s);
}

struct ip_text
mac_text(struct eth_addr mac)
{
    struct str s = STR_EMPTY;

    mac_format(mac, &s);
    return take(&s);
}

bool
lsp_addresses_parse(const struct incr_group *addresses, size_t i,
                    struct port_addresses *ret)
{
    struct error *error;

    port_addresses_init(ret);
    error = port_addresses_parse(incr_group_value(addresses, i), ret);
    if (error) {
        error_free(error);
        return false;
    }
    return true;
}

bool
lrp_addresses(struct incr_ctx *ctx, const struct nb_logical_router_port *lrp,
              struct port_addresses *ret)
{
    size_t n;
    const char *const *networks
        = nb_logical_router_port_get_networks(ctx, lrp, &n);
    struct error *error;

    port_addresses_init(ret);
    error = port_addresses_parse_router(
        nb_logical_router_port_get_mac(ctx, lrp), networks, n, ret);
    if (error) {
        warn_row(&lrp->header, "%s", error_message(error));
        error_free(error);
        return false;
    }
    return true;
}

bool
addresses_find_network(const struct port_addresses *addresses,
                       const struct in6_addr *ip, struct ip_text *ret)
{
    if (ip_is_v4(ip)) {
        VEC_FOR_EACH (net, &addresses->ip4) {
            if ((ip_get_v4(ip) & net->mask) == net->network) {
                *ret = ip4_text(net->addr);
                return true;
            }
        }
        return false;
    }
    VEC_FOR_EACH (net, &addresses->ip6) {
        struct in6_addr network = ip6_and(ip, &net->mask);

        if (!memcmp(&network, &net->network, sizeof network)) {
            *ret = ip6_text(&net->addr);
            return true;
        }
    }
    return false;
}

static void
emit_text(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp,
          const char *addresses)
{
    struct port_addresses parsed = PORT_ADDRESSES_EMPTY;
    struct error *error = port_addresses_parse(addresses, &parsed);

    if (error) {
        warn_row(&lsp->header, "addresses \"%s\": %s", addresses,
                 error_message(error));
        error_free(error);
    } else if (!parsed.has_mac) {
        warn_row(&lsp->header, "addresses \"%s\": no Ethernet address",
                 addresses);
    } else {
        incr_emit(ctx, F_LSP_ADDRESSES, &lsp, sizeof lsp,
                  addresses, strlen(addresses) + 1);
    }
    port_addresses_uninit(&parsed);
}

/* "router": the MAC and the networks of the peer. */
static void
emit_router(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct router_port *rp = GET(ctx, F_LSP_PEER, lsp);
    struct port_addresses addresses;

    if (rp && lrp_addresses(ctx, rp->lrp, &addresses)) {
        struct str *s = incr_scratch(ctx, 0);

        port_addresses_format(&addresses, s);
        emit_text(ctx, lsp, str_cstr(s));
    }
    if (rp) {
        port_addresses_uninit(&addresses);
    }
}

static void
switch_port_addresses(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    size_t n;
    const char *const *addresses
        = nb_logical_switch_port_get_addresses(ctx, sp->lsp, &n);

    for (size_t i = 0; i < n; i++) {
        struct lsp_address address;
        struct error *error = lsp_address_parse(addresses[i], &address);

        if (error) {
            warn_row(&sp->lsp->header, "addresses \"%s\": %s", addresses[i],
                     error_message(error));
            error_free(error);
            continue;
        }
        if (address.type == LSP_ADDRESS_STATIC) {
            emit_text(ctx, sp->lsp, addresses[i]);
        } else if (address.type == LSP_ADDRESS_ROUTER) {
            emit_router(ctx, sp->lsp);
        } else if (address.type == LSP_ADDRESS_DYNAMIC) {
            const char *given = GET(ctx, F_ADDRESS_GIVEN, sp->lsp);

            if (given) {
                emit_text(ctx, sp->lsp, given);
            }
        }
        lsp_address_uninit(&address);
    }
}

UNIT_LIST(address_units,
    UNIT_GROUP(RANK_ADDRESS, F_SWITCH_PORT, switch_port_addresses));
