/* SPDX-License-Identifier: Apache-2.0 */

/* DHCPv4 and DHCPv6 servers for ports with DHCP options: one stage turns a
 * request into a reply, the next sends it back. */

#include <string.h>

#include "northd/flow.h"
#include "northd/topology/address.h"

/* Where a port's requests come in: itself or, for an external port, a localnet
 * port on the chassis that stands in for it. */
struct client {
    const struct switch_port *sp;
    const struct replica_row *hint;
    const char *inport;         /* Quoted. */
    const char *resident;       /* " && is_chassis_resident(...)" or "". */
    struct ip_text mac;
};

static bool
has_stateful(struct incr_ctx *ctx, const struct nb_logical_switch *ls)
{
    return (switch_has(ctx, ls, SWITCH_HAS_STATEFUL_ACL)
            || switch_has(ctx, ls, SWITCH_HAS_LB));
}

/* Replies pass whatever ACLs say. */
static void
put_acl(struct incr_ctx *ctx, const struct client *c, const char *match)
{
    if (switch_has(ctx, c->sp->ls, SWITCH_HAS_ACL)) {
        FLOW(ctx, c->sp->ls, LS_OUT_ACL_EVAL, 34000, c->hint, match,
             has_stateful(ctx, c->sp->ls)
             ? "reg8[16] = 1; ct_commit { ct_mark.blocked = 0; }; next;"
             : "reg8[16] = 1; next;");
    }
}

static const char *
hostname_of(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    return strmap_get(nb_logical_switch_port_get_options(ctx, lsp),
                      "hostname");
}

/* Puts the options in the order of their names, as clients and tests know it:
 * those of the row, and what the port and the network say instead. */
static const char *
offer4(struct incr_ctx *ctx, unsigned int i, const struct client *c,
       const struct strmap *options, be32 ip, unsigned int plen)
{
    struct str *s = incr_scratch(ctx, i);
    const char *hostname = hostname_of(ctx, c->sp->lsp);
    struct ip_text netmask = ip4_text(ip4_mask(plen));
    struct {
        const char *name, *quote, *value;
    } own[] = {
        { "hostname", "\"", hostname }, { "netmask", "", netmask.s },
    };
    size_t n_own = 0;

    str_printf(s, "reg0[3] = put_dhcp_opts(offerip = %s", ip4_text(ip).s);
    for (size_t j = 0; j <= options->n; j++) {
        const char *name = j < options->n ? options->keys[j] : NULL;

        for (; n_own < ARRAY_SIZE(own)
             && (!name || strcmp(own[n_own].name, name) < 0); n_own++) {
            if (own[n_own].value) {
                str_printf(s, ", %s = %s%s%s", own[n_own].name,
                           own[n_own].quote, own[n_own].value,
                           own[n_own].quote);
            }
        }
        if (name && strcmp(name, "server_mac") && strcmp(name, "netmask")
            && !(hostname && !strcmp(name, "hostname"))) {
            str_printf(s, ", %s = %s", name, options->values[j]);
        }
    }
    str_put(s, "); next;");
    return str_cstr(s);
}

static void
put_dhcp4(struct incr_ctx *ctx, const struct client *c,
          const struct nb_dhcp_options *row, be32 ip)
{
    const struct strmap *options = nb_dhcp_options_get_options(ctx, row);
    const char *server = strmap_get(options, "server_id");
    const char *server_mac = strmap_get(options, "server_mac");
    struct ip_text t = ip4_text(ip);
    unsigned int plen;
    be32 network;

    if (!ip4_parse_cidr(nb_dhcp_options_get_cidr(ctx, row), &network, &plen)
        || (ip & ip4_mask(plen)) != (network & ip4_mask(plen))) {
        return;
    }
    if (!server || !server_mac || !strmap_get(options, "lease_time")) {
        warn_row(&row->header, "server_id, server_mac and lease_time are "
                 "required");
        return;
    }
    FLOW(ctx, c->sp->ls, LS_IN_DHCP_OPTIONS, 100, c->hint,
         text(ctx, 3, "inport == %s && eth.src == %s && (ip4.src == "
              "{%s, 0.0.0.0} && ip4.dst == {%s, 255.255.255.255}) && "
              "udp.src == 68 && udp.dst == 67%s", c->inport, c->mac.s, t.s,
              server, c->resident),
         offer4(ctx, 4, c, options, ip, plen));
    FLOW(ctx, c->sp->ls, LS_IN_DHCP_RESPONSE, 100, c->hint,
         text(ctx, 3, "inport == %s && eth.src == %s && ip4 && udp.src == 68 "
              "&& udp.dst == 67 && reg0[3]%s", c->inport, c->mac.s,
              c->resident),
         text(ctx, 4, "eth.dst = eth.src; eth.src = %s; ip4.src = %s; "
              "udp.src = 67; udp.dst = 68; outport = inport; "
              "flags.loopback = 1; output;", server_mac, server));
    put_acl(ctx, c, text(ctx, 3, "outport == %s && eth.src == %s && "
                         "ip4.src == %s && udp && udp.src == 67 && "
                         "udp.dst == 68", c->inport, server_mac, server));
}

static const char *
offer6(struct incr_ctx *ctx, unsigned int i, const struct strmap *options,
       const char *ip)
{
    struct str *s = incr_scratch(ctx, i);
    const char *delimiter = "";

    str_put(s, "reg0[3] = put_dhcpv6_opts(");
    if (!strmap_get_bool(options, "dhcpv6_stateless", false)) {
        str_printf(s, "ia_addr = %s", ip);
        delimiter = ", ";
    }
    STRMAP_FOR_EACH (j, options) {
        if (strcmp(options->keys[j], "dhcpv6_stateless")) {
            str_printf(s, "%s%s = %s", delimiter, options->keys[j],
                       options->values[j]);
            delimiter = ", ";
        }
    }
    str_put(s, "); next;");
    return str_cstr(s);
}

static void
put_dhcp6(struct incr_ctx *ctx, const struct client *c,
          const struct nb_dhcp_options *row, const struct in6_addr *ip)
{
    const struct strmap *options = nb_dhcp_options_get_options(ctx, row);
    const char *server_mac = strmap_get(options, "server_id");
    struct in6_addr network, mask, a, b;
    struct ip_text server;
    struct eth_addr parsed;
    unsigned int plen;

    if (!ip6_parse_cidr(nb_dhcp_options_get_cidr(ctx, row), &network, &plen)) {
        return;
    }
    mask = ip6_mask(plen);
    a = ip6_and(ip, &mask);
    b = ip6_and(&network, &mask);
    if (memcmp(&a, &b, sizeof a)) {
        return;
    }
    if (!server_mac || !mac_parse(server_mac, &parsed)) {
        warn_row(&row->header, "server_id must be an Ethernet address");
        return;
    }
    a = ip6_lladdr(parsed);
    server = ip6_text(&a);
    FLOW(ctx, c->sp->ls, LS_IN_DHCP_OPTIONS, 100, c->hint,
         text(ctx, 3, "inport == %s && eth.src == %s && "
              "ip6.dst == ff02::1:2 && udp.src == 546 && udp.dst == 547%s",
              c->inport, c->mac.s, c->resident),
         offer6(ctx, 4, options, ip6_text(ip).s));
    FLOW(ctx, c->sp->ls, LS_IN_DHCP_RESPONSE, 100, c->hint,
         text(ctx, 3, "inport == %s && eth.src == %s && ip6.dst == ff02::1:2 "
              "&& udp.src == 546 && udp.dst == 547 && reg0[3]%s", c->inport,
              c->mac.s, c->resident),
         text(ctx, 4, "eth.dst = eth.src; eth.src = %s; ip6.dst = ip6.src; "
              "ip6.src = %s; udp.src = 547; udp.dst = 546; "
              "outport = inport; flags.loopback = 1; output;", server_mac,
              server.s));
    put_acl(ctx, c, text(ctx, 3, "outport == %s && eth.src == %s && "
                         "ip6.src == %s && udp && udp.src == 547 && "
                         "udp.dst == 546", c->inport, server_mac, server.s));
}

/* The first address in the options' network is the one to offer. */
static void
put_client(struct incr_ctx *ctx, struct client *c,
           const struct port_addresses *addresses)
{
    const struct nb_logical_switch_port *lsp = c->sp->lsp;
    const struct nb_dhcp_options *v4
        = nb_logical_switch_port_get_dhcpv4_options(ctx, lsp);
    const struct nb_dhcp_options *v6
        = nb_logical_switch_port_get_dhcpv6_options(ctx, lsp);

    c->mac = mac_text(addresses->mac);
    if (v4) {
        VEC_FOR_EACH (net, &addresses->ip4) {
            put_dhcp4(ctx, c, v4, net->addr);
        }
    }
    if (v6) {
        VEC_FOR_EACH (net, &addresses->ip6) {
            put_dhcp6(ctx, c, v6, &net->addr);
        }
    }
}

static void
put_clients(struct incr_ctx *ctx, struct client *c)
{
    const struct incr_group *group = LOOKUP(ctx, F_LSP_ADDRESSES, c->sp->lsp);

    for (size_t i = 0; group && i < group->n; i++) {
        struct port_addresses addresses;

        if (lsp_addresses_parse(group, i, &addresses)) {
            put_client(ctx, c, &addresses);
        }
        port_addresses_uninit(&addresses);
    }
}

static void
port_dhcp(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const char *name;
    struct client c = { .sp = sp, .hint = &sp->lsp->header, .resident = "" };

    if (!lsp_is_enabled(ctx, sp->lsp)) {
        return;
    }
    name = quoted(ctx, 0, nb_logical_switch_port_get_name(ctx, sp->lsp));
    if (lsp_is_type(ctx, sp->lsp, "external")) {
        const struct incr_group *localnets = LOOKUP(ctx, F_SWITCH_LOCALNETS,
                                                    sp->ls);

        c.resident = text(ctx, 1, " && is_chassis_resident(%s)", name);
        for (size_t i = 0; localnets && i < localnets->n; i++) {
            const struct nb_logical_switch_port *lsp
                = *(const void *const *) incr_group_value(localnets, i);

            c.inport = quoted(ctx, 2, nb_logical_switch_port_get_name(ctx,
                                                                      lsp));
            put_clients(ctx, &c);
        }
    } else if (lsp_is_type(ctx, sp->lsp, "")) {
        c.inport = name;
        put_clients(ctx, &c);
    }
}

UNIT_LIST(switch_dhcp_units,
    UNIT_GROUP(RANK_OUT, F_DHCP_PORT, port_dhcp));
