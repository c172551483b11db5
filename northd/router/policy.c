/* SPDX-License-Identifier: Apache-2.0 */

/* Routing policies: after routing, what matches may be let through, dropped or
 * sent to other next hops. */

#include <string.h>

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/router/route.h"

static void
router_policies(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_logical_router_policy *const *policies
        = nb_logical_router_get_policies(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { policies[i], lr };

        EMIT_KEY(ctx, F_POLICY, pair);
    }
}

static const char *
policy_name(struct incr_ctx *ctx, unsigned int i,
            const struct nb_logical_router_policy *policy)
{
    return text(ctx, i, "policy "UUID_FMT, UUID_ARGS(&policy->header.uuid));
}

static void
router_want_policy_numbers(struct incr_ctx *ctx,
                           const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct uuid scope = ecmp_scope(lr);
    size_t n, n_hops;
    struct nb_logical_router_policy *const *policies
        = nb_logical_router_get_policies(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        nb_logical_router_policy_get_nexthops(ctx, policies[i], &n_hops);
        if (n_hops > 1) {
            want_number(ctx, &scope, policy_name(ctx, 0, policies[i]), 0,
                        MAX_NUMBER);
        }
    }
}

/* The next hops: the set, or the single one of older databases. */
static size_t
next_hops(struct incr_ctx *ctx, const struct nb_logical_router_policy *policy,
          const char *const **hops, const char **single)
{
    size_t n;

    *hops = nb_logical_router_policy_get_nexthops(ctx, policy, &n);
    if (!n) {
        *single = nb_logical_router_policy_get_nexthop(ctx, policy);
        *hops = single;
        n = *single && **single ? 1 : 0;
    }
    return n;
}

/* "reg0 = ...; ... next;" for a next hop, or NULL if no port reaches it. */
static const char *
hop_actions(struct incr_ctx *ctx, unsigned int i,
            const struct row_pair *key, const char *next_hop)
{
    struct route_hop hop = { .is_discard = false };
    const struct nb_logical_router_port *lrp
        = nb_logical_router_policy_get_output_port(ctx, key->a);
    struct in6_addr ip;
    const char *xx;

    if (!ip_parse(next_hop, &ip)
        || !router_find_outport(ctx, key->b,
                                lrp ? nb_logical_router_port_get_name(ctx, lrp)
                                : NULL, &ip, &hop)) {
        warn_row(&((const struct nb_logical_router_policy *) key->a)->header,
                 "no port of the router reaches nexthop %s", next_hop);
        return NULL;
    }
    xx = ip_is_v4(&ip) ? "" : "xx";
    return text(ctx, i, "%sreg0 = %s; %sreg1 = %s; eth.src = %s; "
                "outport = %s; flags.loopback = 1; ", xx, next_hop, xx,
                hop.src, hop.mac, router_port_name(ctx, 6, hop.outport));
}

static void
put_ecmp(struct incr_ctx *ctx, const struct row_pair *key, const char *mark,
         const char *const *hops, size_t n)
{
    const struct nb_logical_router_policy *policy = key->a;
    const struct nb_logical_router *lr = key->b;
    const struct uuid scope = ecmp_scope(lr);
    uint32_t id = get_number(ctx, &scope, policy_name(ctx, 1, policy));
    struct str *members = incr_scratch(ctx, 2);

    for (size_t i = 0; i < n; i++) {
        const char *actions = hop_actions(ctx, 3, key, hops[i]);

        if (!actions) {
            continue;
        }
        str_printf(members, "%s%zu", members->length ? ", " : "", i + 1);
        FLOW(ctx, lr, LR_IN_POLICY_ECMP, 100, &policy->header,
             text(ctx, 4, "reg8[0..15] == %u && reg8[16..31] == %zu", id,
                  i + 1), text(ctx, 5, "%snext;", actions));
    }
    if (members->length && id) {
        FLOW(ctx, lr, LR_IN_POLICY,
             nb_logical_router_policy_get_priority(ctx, policy),
             &policy->header, nb_logical_router_policy_get_match(ctx, policy),
             text(ctx, 4, "%sreg8[0..15] = %u; reg8[16..31] = select(%s);",
                  mark, id, members->string));
    }
}

static void
policy_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_logical_router_policy *policy = key->a;
    const struct nb_logical_router *lr = key->b;
    const char *action = nb_logical_router_policy_get_action(ctx, policy);
    const char *mark_option
        = strmap_get(nb_logical_router_policy_get_options(ctx, policy),
                     "pkt_mark");
    const char *mark = (mark_option
                        ? text(ctx, 0, "pkt.mark = %s; ", mark_option) : "");
    const char *const *hops, *single, *actions = NULL;
    size_t n;

    if (nb_logical_router_policy_get_chain(ctx, policy)
        || nb_logical_router_policy_get_jump_chain(ctx, policy)) {
        warn_row(&policy->header, "chains of policies are not supported");
        return;
    }
    if (!strcmp(action, "allow")) {
        actions = text(ctx, 3, "%sreg8[0..15] = 0; next;", mark);
    } else if (!strcmp(action, "drop")) {
        actions = "drop;";
    } else {
        n = next_hops(ctx, policy, &hops, &single);
        if (n > 1) {
            put_ecmp(ctx, key, mark, hops, n);
            return;
        }
        actions = n ? hop_actions(ctx, 3, key, hops[0]) : NULL;
        actions = (actions ? text(ctx, 4, "%s%sreg8[0..15] = 0; next;", mark,
                                  actions) : NULL);
    }
    if (actions) {
        FLOW(ctx, lr, LR_IN_POLICY,
             nb_logical_router_policy_get_priority(ctx, policy),
             &policy->header, nb_logical_router_policy_get_match(ctx, policy),
             actions);
    }
}

UNIT_LIST(router_policy_units,
    UNIT_GROUP(RANK_PEER, F_ROUTER, router_want_policy_numbers),
    UNIT_GROUP(RANK_MEMBER, F_ROUTER, router_policies),
    UNIT_GROUP(RANK_OUT, F_POLICY, policy_flows));
