/* SPDX-License-Identifier: Apache-2.0 */

/* Routing: networks of the router's ports, and static routes, from which the
 * longest prefix wins; among equal prefixes a connected one, then a static
 * one, then one by source address. */

#include "northd/router/route.h"

#include <string.h>

#include "northd/flow.h"
#include "northd/router/port.h"

struct uuid
route_table_scope(const struct nb_logical_router *lr)
{
    struct uuid uuid = lr->header.uuid;

    uuid.parts[3] ^= 0x7461626c;
    return uuid;
}

struct uuid
ecmp_scope(const struct nb_logical_router *lr)
{
    struct uuid uuid = lr->header.uuid;

    uuid.parts[3] ^= 0x65636d70;
    return uuid;
}

/* Numbers for route tables and for prefixes that may have several paths. */

static const char *
prefix_name(struct incr_ctx *ctx, unsigned int i,
            const struct nb_logical_router_static_route *route)
{
    const char *policy
        = nb_logical_router_static_route_get_policy(ctx, route);

    return text(ctx, i, "%s %s %s",
                nb_logical_router_static_route_get_ip_prefix(ctx, route),
                policy ? policy : "dst-ip",
                nb_logical_router_static_route_get_route_table(ctx, route));
}

static void
router_want_numbers(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct uuid tables = route_table_scope(lr);
    const struct uuid ecmp = ecmp_scope(lr);
    size_t n;
    struct nb_logical_router_static_route *const *routes
        = nb_logical_router_get_static_routes(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        const char *table
            = nb_logical_router_static_route_get_route_table(ctx, routes[i]);

        if (*table) {
            want_number(ctx, &tables, table, 0, MAX_NUMBER);
        }
        want_number(ctx, &ecmp, prefix_name(ctx, 0, routes[i]), 0,
                    MAX_NUMBER);
    }
}

/* Routes. */

static void
set_prefix4(struct route_key *key, be32 network, unsigned int plen)
{
    key->network = ip_from_v4(network);
    key->plen = plen;
}

/* Copies a text into zeroed storage, which stays zero behind it. */
static void
copy_text(char *dst, size_t size, const char *src)
{
    memcpy(dst, src, MIN(strlen(src), size - 1));
}

static void
fill_hop(struct incr_ctx *ctx, struct route_hop *hop,
         const struct nb_logical_router_port *lrp,
         const struct port_addresses *addresses, const char *src)
{
    hop->outport = lrp;
    copy_text(hop->src, sizeof hop->src, src);
    copy_text(hop->mac, sizeof hop->mac, mac_text(addresses->mac).s);
}

static void
port_routes(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    struct port_addresses addresses;

    if (!lrp_addresses(ctx, rp->lrp, &addresses)) {
        port_addresses_uninit(&addresses);
        return;
    }
    VEC_FOR_EACH (net, &addresses.ip4) {
        struct route_key key = { .lr = rp->lr, .origin = ROUTE_CONNECTED };
        struct route_hop hop = { .hint = &rp->lrp->header };

        set_prefix4(&key, net->network, net->plen);
        fill_hop(ctx, &hop, rp->lrp, &addresses, ip4_text(net->addr).s);
        EMIT(ctx, F_ROUTE, key, hop);
    }
    VEC_FOR_EACH (net, &addresses.ip6) {
        struct route_key key = {
            .lr = rp->lr, .origin = ROUTE_CONNECTED, .is_ip6 = true,
            .network = net->network, .plen = net->plen,
        };
        struct route_hop hop = { .hint = &rp->lrp->header };

        if (IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
            key.inport = rp->lrp;
        }
        fill_hop(ctx, &hop, rp->lrp, &addresses, ip6_text(&net->addr).s);
        EMIT(ctx, F_ROUTE, key, hop);
    }
    port_addresses_uninit(&addresses);
}

/* The address that packets to a next hop have as their source for ARP: the one
 * in the next hop's network or, on a port that was named, any. */
static bool
find_source(const struct port_addresses *addresses,
            const struct in6_addr *next_hop, bool any, struct ip_text *src)
{
    if (addresses_find_network(addresses, next_hop, src)) {
        return true;
    }
    if (any && ip_is_v4(next_hop) && addresses->ip4.n) {
        *src = ip4_text(addresses->ip4.items[0].addr);
        return true;
    }
    if (any && !ip_is_v4(next_hop) && addresses->ip6.n) {
        *src = ip6_text(&addresses->ip6.items[0].addr);
        return true;
    }
    return false;
}

bool
router_find_outport(struct incr_ctx *ctx, const struct nb_logical_router *lr,
                    const char *named, const struct in6_addr *next_hop,
                    struct route_hop *hop)
{
    size_t n;
    struct nb_logical_router_port *const *ports
        = nb_logical_router_get_ports(ctx, lr, &n);
    bool found = false;

    for (size_t i = 0; i < n && !found; i++) {
        struct port_addresses addresses;
        struct ip_text src;

        if (named && strcmp(named, nb_logical_router_port_get_name(
                                       ctx, ports[i]))) {
            continue;
        }
        found = (lrp_addresses(ctx, ports[i], &addresses)
                 && find_source(&addresses, next_hop, named != NULL, &src));
        if (found) {
            fill_hop(ctx, hop, ports[i], &addresses, src.s);
        }
        port_addresses_uninit(&addresses);
    }
    return found;
}

static bool
parse_prefix(const char *prefix, struct route_key *key)
{
    struct in6_addr ip6;
    be32 ip4;

    if (ip4_parse_cidr(prefix, &ip4, &key->plen)) {
        set_prefix4(key, ip4 & ip4_mask(key->plen), key->plen);
        return true;
    }
    if (ip6_parse_cidr(prefix, &ip6, &key->plen)) {
        struct in6_addr mask = ip6_mask(key->plen);

        key->network = ip6_and(&ip6, &mask);
        key->is_ip6 = true;
        return true;
    }
    return false;
}

/* Whether the next hop of an IPv4 route is an IPv6 neighbour (RFC 5549). */
static bool
is_foreign(const struct route_key *key, const struct route_hop *hop)
{
    return !key->is_ip6 && strchr(hop->next_hop, ':');
}

static void
put_static_route(struct incr_ctx *ctx, const struct nb_logical_router *lr,
                 const struct nb_logical_router_static_route *route)
{
    const char *policy
        = nb_logical_router_static_route_get_policy(ctx, route);
    const char *table
        = nb_logical_router_static_route_get_route_table(ctx, route);
    const char *next_hop
        = nb_logical_router_static_route_get_nexthop(ctx, route);
    const char *port
        = nb_logical_router_static_route_get_output_port(ctx, route);
    struct route_key key = {
        .lr = lr,
        .origin = policy && !strcmp(policy, "src-ip") ? ROUTE_SOURCE
                  : ROUTE_STATIC,
    };
    struct route_hop hop = { .hint = &route->header };
    struct in6_addr ip;

    if (!parse_prefix(nb_logical_router_static_route_get_ip_prefix(ctx, route),
                      &key)) {
        warn_row(&route->header, "bad ip_prefix");
        return;
    }
    if (*table) {
        const struct uuid scope = route_table_scope(lr);

        key.table = get_number(ctx, &scope, table);
    }
    if (!strcmp(next_hop, "discard")) {
        hop.is_discard = true;
    } else if (!*next_hop && port) {
        /* The destinations themselves are behind the port. */
        if (!router_find_outport(ctx, lr, port, &key.network, &hop)) {
            warn_row(&route->header, "router has no port %s with an address "
                     "of the route's family", port);
            return;
        }
    } else if (!ip_parse(next_hop, &ip)) {
        warn_row(&route->header, "bad nexthop \"%s\"", next_hop);
        return;
    } else if (key.is_ip6 && ip_is_v4(&ip)) {
        warn_row(&route->header, "an IPv6 prefix cannot have nexthop %s",
                 next_hop);
        return;
    } else if (!router_find_outport(ctx, lr, port, &ip, &hop)) {
        warn_row(&route->header, "no port of the router reaches nexthop %s",
                 next_hop);
        return;
    } else {
        copy_text(hop.next_hop, sizeof hop.next_hop, ip_text(&ip).s);
        hop.is_symmetric = (!is_foreign(&key, &hop)
                            && strmap_get_bool(
                                nb_logical_router_static_route_get_options(
                                    ctx, route), "ecmp_symmetric_reply",
                                false));
    }
    EMIT(ctx, F_ROUTE, key, hop);
}

static void
router_static_routes(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_logical_router_static_route *const *routes
        = nb_logical_router_get_static_routes(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        if (nb_logical_router_static_route_get_bfd(ctx, routes[i])) {
            warn_row(&routes[i]->header, "BFD on routes is not supported; "
                     "the route counts as always up");
        }
        put_static_route(ctx, lr, routes[i]);
    }
}

/* Flows. */

static const char *
route_match(struct incr_ctx *ctx, unsigned int i, const struct route_key *key)
{
    struct str *s = incr_scratch(ctx, i);

    if (key->inport) {
        str_printf(s, "inport == %s && ",
                   router_port_name(ctx, 6, key->inport));
    }
    if (key->origin == ROUTE_STATIC || key->table) {
        str_printf(s, "reg7 == %u && ", key->table);
    }
    str_printf(s, "ip%d.%s == ", key->is_ip6 ? 6 : 4,
               key->origin == ROUTE_SOURCE ? "src" : "dst");
    ip_format(&key->network, s);
    str_printf(s, "/%u", key->plen);
    return str_cstr(s);
}

static const char *
hop_actions(struct incr_ctx *ctx, unsigned int i, const struct route_key *key,
            const struct route_hop *hop)
{
    bool foreign = is_foreign(key, hop);
    const char *xx = key->is_ip6 || foreign ? "xx" : "";
    const char *to = (*hop->next_hop ? hop->next_hop
                      : key->is_ip6 ? "ip6.dst" : "ip4.dst");

    return text(ctx, i, "%s%sreg0 = %s; %sreg1 = %s; eth.src = %s; "
                "outport = %s; flags.loopback = 1; next;",
                foreign ? "reg9[9] = 1; " : "", xx, to, xx, hop->src,
                hop->mac, router_port_name(ctx, 6, hop->outport));
}

/* The next one is free for flows of some of the route's packets. */
static unsigned int
route_priority(const struct route_key *key)
{
    return 2 * (3 * key->plen + key->origin);
}

/* A solicitation for a next hop goes to the next hop's own multicast
 * address. */
static void
put_solicitation(struct incr_ctx *ctx, const struct route_key *key,
                 const struct route_hop *hop)
{
    bool foreign = is_foreign(key, hop);
    struct in6_addr ip, sn;

    if ((key->is_ip6 || foreign) && ip_parse(hop->next_hop, &ip)) {
        sn = ip6_solicited_node(&ip);
        FLOW(ctx, key->lr, LR_IN_ARP_REQUEST, 200, hop->hint,
             text(ctx, 0, "eth.dst == 00:00:00:00:00:00 && %s && "
                  "xxreg0 == %s", foreign ? "ip4 && reg9[9] == 1" : "ip6",
                  hop->next_hop),
             text(ctx, 1, "nd_ns { eth.dst = %s; %s%s%sip6.dst = %s; "
                  "nd.target = %s; output; };",
                  mac_text(ip6_multicast_mac(&sn)).s,
                  foreign ? "ip6.src = " : "", foreign ? hop->src : "",
                  foreign ? "; " : "", ip6_text(&sn).s, hop->next_hop));
    }
    if (foreign) {
        FLOW(ctx, key->lr, LR_IN_ARP_RESOLVE, 2, NULL, "ip4 && reg9[9] == 1",
             "get_nd(outport, xxreg0); next;");
    }
}

/* Whether the route asks to choose paths by ports. */
static bool
selects_by_port(struct incr_ctx *ctx,
                const struct nb_logical_router_static_route *route)
{
    size_t n;
    const char *const *names
        = nb_logical_router_static_route_get_selection_fields(ctx, route, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strncmp(names[i], "tp_", 3)) {
            return true;
        }
    }
    return false;
}

/* "select(1, 2);", or with the fields that the route asks to choose by.  Ports
 * are those of 'protocol'; NULL for packets that may not have any. */
static const char *
select_action(struct incr_ctx *ctx, unsigned int i,
              const struct nb_logical_router_static_route *route,
              const char *protocol, const char *members)
{
    struct str *fields = incr_scratch(ctx, 4);
    size_t n;
    const char *const *names
        = nb_logical_router_static_route_get_selection_fields(ctx, route, &n);

    for (size_t j = 0; j < n; j++) {
        const char *comma = fields->length ? "," : "";

        if (strncmp(names[j], "tp_", 3)) {
            str_printf(fields, "%s%s", comma, names[j]);
        } else if (protocol) {
            str_printf(fields, "%s%s_%s", comma, protocol, names[j] + 3);
        }
    }
    return (fields->length
            ? text(ctx, i, "select(values=(%s); hash_fields=\"%s\");", members,
                   fields->string)
            : text(ctx, i, "select(%s);", members));
}

/* The choice of a path for packets of 'protocol', or for all if that is
 * NULL. */
static void
put_choice(struct incr_ctx *ctx, const struct route_key *key,
           const struct route_hop *first, uint32_t id, const char *protocol,
           const char *members)
{
    const char *match = route_match(ctx, 2, key);

    FLOW(ctx, key->lr, LR_IN_IP_ROUTING,
         route_priority(key) + (protocol != NULL), first->hint,
         protocol ? text(ctx, 7, "%s && %s", match, protocol) : match,
         text(ctx, 3, "ip.ttl--; flags.loopback = 1; reg8[0..15] = %u; "
              "reg8[16..31] = %s", id,
              select_action(ctx, 5, (const void *) first->hint, protocol,
                            members)));
}

static void
put_ecmp(struct incr_ctx *ctx, const struct incr_group *group)
{
    static const char *const protocols[] = { "tcp", "udp", "sctp" };
    const struct route_key *key = incr_group_key(group);
    const struct route_hop *first = incr_group_value(group, 0);
    const struct uuid scope = ecmp_scope(key->lr);
    uint32_t id = get_number(ctx, &scope, prefix_name(
        ctx, 0, (const void *) first->hint));
    struct str *members = incr_scratch(ctx, 1);

    for (size_t i = 0; i < group->n; i++) {
        const struct route_hop *hop = incr_group_value(group, i);

        str_printf(members, "%s%zu", i ? ", " : "", i + 1);
        FLOW(ctx, key->lr, LR_IN_IP_ROUTING_ECMP, 100, hop->hint,
             text(ctx, 2, "reg8[0..15] == %u && reg8[16..31] == %zu", id,
                  i + 1), hop_actions(ctx, 3, key, hop));
    }
    put_choice(ctx, key, first, id, NULL, members->string);
    if (selects_by_port(ctx, (const void *) first->hint)) {
        for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
            put_choice(ctx, key, first, id, protocols[i], members->string);
        }
    }
}

static void
route_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct route_key *key = incr_group_key(group);
    const struct route_hop *hop = incr_group_value(group, 0);

    for (size_t i = 0; i < group->n; i++) {
        put_solicitation(ctx, key, incr_group_value(group, i));
    }
    if (group->n > 1 && key->origin != ROUTE_CONNECTED
        && !hop->is_discard) {
        put_ecmp(ctx, group);
        return;
    }
    FLOW(ctx, key->lr, LR_IN_IP_ROUTING, route_priority(key), hop->hint,
         route_match(ctx, 0, key),
         hop->is_discard ? "drop;"
         : text(ctx, 1, "ip.ttl--; reg8[0..15] = 0; %s",
                hop_actions(ctx, 2, key, hop)));
}

static void
router_routing(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    FLOW(ctx, lr, LR_IN_IP_ROUTING, 10550, NULL, "nd_rs || nd_ra", "drop;");
    FLOW(ctx, lr, LR_IN_IP_ROUTING_ECMP, 150, NULL, "reg8[0..15] == 0",
         "next;");
    FLOW(ctx, lr, LR_IN_POLICY_ECMP, 150, NULL, "reg8[0..15] == 0", "next;");
}

/* What comes in by a port with a route table looks there as well. */
static void
port_route_table(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *table
        = strmap_get(nb_logical_router_port_get_options(ctx, rp->lrp),
                     "route_table");
    const struct uuid scope = route_table_scope(rp->lr);
    uint32_t id;

    if (!table || !*table
        || !(id = get_number(ctx, &scope, table))) {
        return;
    }
    FLOW(ctx, rp->lr, LR_IN_IP_ROUTING_PRE, 100, &rp->lrp->header,
         text(ctx, 0, "inport == %s", router_port_name(ctx, 6, rp->lrp)),
         text(ctx, 1, "reg7 = %u; next;", id));
}

UNIT_LIST(router_route_units,
    UNIT_GROUP(RANK_PEER, F_ROUTER, router_want_numbers),
    UNIT_GROUP(RANK_SET, F_ROUTER, router_static_routes),
    UNIT_GROUP(RANK_SET, F_ROUTER_PORT, port_routes),
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_routing),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, port_route_table),
    UNIT_GROUP(RANK_OUT, F_ROUTE, route_flows));
