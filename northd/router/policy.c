/* SPDX-License-Identifier: Apache-2.0 */

/* Routing policies: after routing, what matches may be let through, dropped or
 * sent to other next hops.
 *
 * A policy may be in a chain, by name.  Packets begin with the policies that
 * are in none and go to those of a chain by a policy that jumps there, for
 * good: what none of them matches is let through.  On routers with chains
 * reg9[16..31] has the number of the packet's chain, 0 for none. */

#include <string.h>

#include "lib/base/vec.h"
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

/* Chains. */

/* The policy's chain or, if it jumps, where to; NULL for none. */
static const char *
policy_chain(struct incr_ctx *ctx, const struct nb_logical_router_policy *p)
{
    const char *chain = nb_logical_router_policy_get_chain(ctx, p);

    return chain && *chain ? chain : NULL;
}

static const char *
policy_jump(struct incr_ctx *ctx, const struct nb_logical_router_policy *p)
{
    const char *chain;

    if (strcmp(nb_logical_router_policy_get_action(ctx, p), "jump")) {
        return NULL;
    }
    chain = nb_logical_router_policy_get_jump_chain(ctx, p);
    return chain && *chain ? chain : NULL;
}

static struct uuid
chain_scope(const struct nb_logical_router *lr)
{
    struct uuid uuid = lr->header.uuid;

    uuid.parts[3] ^= 0x63686169;
    return uuid;
}

static uint32_t
chain_number(struct incr_ctx *ctx, const struct nb_logical_router *lr,
             const char *chain)
{
    const struct uuid scope = chain_scope(lr);

    return chain ? get_number(ctx, &scope, chain) : 0;
}

static void
policy_want_chains(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct uuid scope = chain_scope(lr);
    size_t n;
    struct nb_logical_router_policy *const *policies
        = nb_logical_router_get_policies(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        const char *chains[] = { policy_chain(ctx, policies[i]),
                                 policy_jump(ctx, policies[i]) };

        for (size_t j = 0; j < ARRAY_SIZE(chains); j++) {
            if (chains[j]) {
                want_number(ctx, &scope, chains[j], 0, MAX_NUMBER);
            }
        }
    }
}

static void
policy_chain_flag(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);

    if (policy_chain(ctx, key->a) || policy_jump(ctx, key->a)) {
        router_set(ctx, key->b, ROUTER_HAS_CHAIN);
    }
}

/* A jump from one chain to another. */
struct jump {
    const char *from;           /* "" for none. */
    const char *to;
    bool ends;                  /* No way from here leads into a loop. */
};
typedef VEC(struct jump) jumps_vec;

/* Whether each jump that goes on from 'chain' is known to end. */
static bool
chain_ends(const jumps_vec *jumps, const char *chain)
{
    VEC_FOR_EACH (jump, jumps) {
        if (!jump->ends && !strcmp(jump->from, chain)) {
            return false;
        }
    }
    return true;
}

/* What jumps round in circles would never leave the router: no jump is made
 * that leads there. */
static void
router_policy_loops(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_logical_router_policy *const *policies
        = nb_logical_router_get_policies(ctx, lr, &n);
    jumps_vec jumps = VEC_EMPTY;
    bool changed = true;

    for (size_t i = 0; i < n; i++) {
        const char *to = policy_jump(ctx, policies[i]);
        const char *from = policy_chain(ctx, policies[i]);

        if (to) {
            vec_push(&jumps, (struct jump) { from ? from : "", to, false });
        }
    }
    while (changed) {
        changed = false;
        VEC_FOR_EACH (jump, &jumps) {
            if (!jump->ends && chain_ends(&jumps, jump->to)) {
                jump->ends = changed = true;
            }
        }
    }
    VEC_FOR_EACH (jump, &jumps) {
        if (!jump->ends) {
            router_ip_set(ctx, F_POLICY_LOOP, lr, jump->to);
        }
    }
    vec_uninit(&jumps);
}

static void
put_policy(struct incr_ctx *ctx, const struct row_pair *key,
           const char *actions)
{
    const struct nb_logical_router_policy *policy = key->a;
    const struct nb_logical_router *lr = key->b;
    const char *match = nb_logical_router_policy_get_match(ctx, policy);
    const char *chain = policy_chain(ctx, policy);

    if (router_has(ctx, lr, ROUTER_HAS_CHAIN)) {
        match = text(ctx, 7, "reg9[16..31] == %u && (%s)",
                     chain_number(ctx, lr, chain), match);
    }
    FLOW(ctx, lr, LR_IN_POLICY,
         nb_logical_router_policy_get_priority(ctx, policy),
         &policy->header, match, actions);
}

static void
put_jump(struct incr_ctx *ctx, const struct row_pair *key, const char *mark)
{
    const struct nb_logical_router_policy *policy = key->a;
    const char *chain = policy_jump(ctx, policy);
    uint32_t number = chain_number(ctx, key->b, chain);

    if (!chain) {
        warn_row(&policy->header, "no jump_chain");
    } else if (router_ip_has(ctx, F_POLICY_LOOP, key->b, chain)) {
        warn_row(&policy->header, "jumps into a loop of chains by \"%s\"",
                 chain);
    } else if (number) {
        put_policy(ctx, key,
                   text(ctx, 3, "%sreg9[16..31] = %u; "
                        "next(pipeline=ingress,table=%u);", mark, number,
                        STAGE_TABLE(LR_IN_POLICY)));
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
    /* Whatever kind of next hop the route had. */
    return text(ctx, i, "%s%sreg0 = %s; %sreg1 = %s; eth.src = %s; "
                "outport = %s; flags.loopback = 1; ",
                *xx ? "" : "reg9[9] = 0; ", xx, next_hop, xx, hop.src, hop.mac, router_port_name(ctx, 6, hop.outport));
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
        put_policy(ctx, key,
                   text(ctx, 4, "%sreg8[0..15] = %u; reg8[16..31] = "
                        "select(%s);", mark, id, members->string));
    }
}

static void
policy_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_logical_router_policy *policy = key->a;
    const char *action = nb_logical_router_policy_get_action(ctx, policy);
    const char *mark_option
        = strmap_get(nb_logical_router_policy_get_options(ctx, policy),
                     "pkt_mark");
    const char *mark = (mark_option
                        ? text(ctx, 0, "pkt.mark = %s; ", mark_option) : "");
    const char *const *hops, *single, *actions = NULL;
    size_t n;

    if (!strcmp(action, "jump")) {
        put_jump(ctx, key, mark);
    } else if (!strcmp(action, "allow")) {
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
        put_policy(ctx, key, actions);
    }
}

UNIT_LIST(router_policy_units,
    UNIT_GROUP(RANK_PEER, F_ROUTER, router_want_policy_numbers),
    UNIT_GROUP(RANK_PEER, F_ROUTER, policy_want_chains),
    UNIT_GROUP(RANK_MEMBER, F_ROUTER, router_policies),
    UNIT_GROUP(RANK_SET, F_ROUTER, router_policy_loops),
    UNIT_GROUP(RANK_SET, F_POLICY, policy_chain_flag),
    UNIT_GROUP(RANK_OUT, F_POLICY, policy_flows));
