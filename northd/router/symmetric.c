/* SPDX-License-Identifier: Apache-2.0 */

/* Routes with options:ecmp_symmetric_reply: what belongs to a connection that
 * came in by one of several next hops goes back by the same one.
 *
 * The connection keeps the MAC that its last request came from
 * (ct_label.ecmp_reply_eth) and the port that it came by
 * (ct_mark.ecmp_reply_port).  Beside that, the controller has the switch learn
 * the connection's packets for as long as there are some (commit_ecmp_nh):
 * reg9[5] tells of a request whether it still comes from the same MAC
 * (chk_ecmp_nh_mac), else the connection is committed again, and of a reply
 * whether the path is in use (chk_ecmp_nh), else any will do.  ICMP has no
 * ports to learn by, so that each of its requests is committed.
 *
 * Only gateway routers: others do not see both ways on one chassis. */

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/router/route.h"

static const char *const protocols[] = { "tcp", "udp", "sctp" };

/* The flows of a route's requests and replies at one port. */
struct path {
    const struct route_key *key;
    const struct route_hop *hop;
    const char *port;           /* Its name, quoted. */
    uint32_t port_key;
    const char *request;        /* Matches what comes in by the route. */
    const char *reply;          /* Matches what goes back by the port. */
};

/* The route's prefix as a match of what is sent by the route, or of what
 * comes by it. */
static const char *
prefix_match(struct incr_ctx *ctx, unsigned int i, const struct route_key *key,
             bool is_request)
{
    bool by_source = (key->origin == ROUTE_SOURCE) != is_request;
    struct str *s = incr_scratch(ctx, i);

    str_printf(s, "ip%d.%s == ", key->is_ip6 ? 6 : 4,
               by_source ? "src" : "dst");
    ip_format(&key->network, s);
    str_printf(s, "/%u", key->plen);
    return str_cstr(s);
}

static const char *
commit_action(struct incr_ctx *ctx, unsigned int i, const struct path *path,
              const char *protocol)
{
    return text(ctx, i, "ct_commit { ct_label.ecmp_reply_eth = eth.src; "
                "ct_mark.ecmp_reply_port = %u; }; %snext;", path->port_key,
                !protocol ? ""
                : text(ctx, 7, "commit_ecmp_nh(ipv6 = %s, proto = %s); ",
                       path->key->is_ip6 ? "true" : "false", protocol));
}

static void
put_requests(struct incr_ctx *ctx, const struct path *path)
{
    const struct nb_logical_router *lr = path->key->lr;
    const struct replica_row *hint = path->hop->hint;

    FLOW(ctx, lr, LR_IN_DEFRAG, 95, hint, path->request,
         "reg9[5] = chk_ecmp_nh_mac(); ct_next;");
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        const char *actions = commit_action(ctx, 4, path, protocols[i]);

        FLOW(ctx, lr, LR_IN_ECMP_STATEFUL, 100, hint,
             text(ctx, 5, "%s && ct.new && !ct.est && %s", path->request,
                  protocols[i]), actions);
        FLOW(ctx, lr, LR_IN_ECMP_STATEFUL, 100, hint,
             text(ctx, 5, "%s && !ct.rpl && ct.est && %s && reg9[5] == 0",
                  path->request, protocols[i]), actions);
    }
    FLOW(ctx, lr, LR_IN_ECMP_STATEFUL, 100, hint,
         text(ctx, 5, "%s && !ct.rpl && (ct.new || ct.est) && icmp%d",
              path->request, path->key->is_ip6 ? 6 : 4),
         commit_action(ctx, 4, path, NULL));
}

static void
put_replies(struct incr_ctx *ctx, const struct path *path)
{
    const struct route_key *key = path->key;
    const char *prefix = prefix_match(ctx, 3, key, false);

    FLOW(ctx, key->lr, LR_IN_DEFRAG, 90, NULL, prefix,
         "reg9[5] = chk_ecmp_nh(); ct_next;");
    FLOW(ctx, key->lr, LR_IN_IP_ROUTING, 10300, path->hop->hint,
         text(ctx, 4, "%s && reg7 == %u && %s", path->reply, key->table,
              prefix),
         text(ctx, 5, "ip.ttl--; reg8[0..15] = 0; flags.loopback = 1; "
              "eth.src = %s; %sreg1 = %s; outport = %s; next;",
              path->hop->mac, key->is_ip6 ? "xx" : "", path->hop->src,
              path->port));
    FLOW(ctx, key->lr, LR_IN_POLICY, 65535, NULL, path->reply, "next;");
    FLOW(ctx, key->lr, LR_IN_ARP_RESOLVE, 200, NULL, path->reply,
         "push(xxreg1); xxreg1 = ct_label; eth.dst = xxreg1[32..79]; "
         "pop(xxreg1); next;");
}

static void
put_path(struct incr_ctx *ctx, const struct route_key *key,
         const struct route_hop *hop)
{
    const char *name = nb_logical_router_port_get_name(ctx, hop->outport);
    struct path path = {
        .key = key,
        .hop = hop,
        .port = quoted(ctx, 0, name),
        .port_key = get_port_key(ctx, &key->lr->header, name),
    };

    if (path.port_key) {
        path.request = text(ctx, 1, "inport == %s && %s", path.port,
                            prefix_match(ctx, 3, key, true));
        path.reply = text(ctx, 2, "ct.rpl && (reg9[5] == 1 || icmp) && "
                          "ct_mark.ecmp_reply_port == %u", path.port_key);
        put_requests(ctx, &path);
        put_replies(ctx, &path);
    }
}

/* Whether an earlier next hop of the route is symmetric by the same port, too:
 * they share their flows. */
static bool
has_earlier(const struct incr_group *hops, size_t n,
            const struct nb_logical_router_port *outport)
{
    for (size_t i = 0; i < n; i++) {
        const struct route_hop *hop = incr_group_value(hops, i);

        if (hop->is_symmetric && hop->outport == outport) {
            return true;
        }
    }
    return false;
}

static void
symmetric_routes(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct route_key *key = incr_group_key(group);

    for (size_t i = 0; i < group->n; i++) {
        const struct route_hop *hop = incr_group_value(group, i);

        if (hop->is_symmetric && !has_earlier(group, i, hop->outport)
            && router_chassis(ctx, key->lr)) {
            put_path(ctx, key, hop);
        }
    }
}

UNIT_LIST(router_symmetric_units,
    UNIT_GROUP(RANK_OUT, F_ROUTE, symmetric_routes));
