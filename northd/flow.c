/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/flow.h"

#include <string.h>

/* The whole pipeline.  An older controller runs at most 29 tables in each
 * direction. */
#define LS_IN(STAGE, NAME, FALLBACK) \
    [STAGE] = { "ls_in_" NAME, false, false, STAGE - LS_IN_CHECK_PORT_SEC, \
                FALLBACK }
#define LS_OUT(STAGE, NAME, FALLBACK) \
    [STAGE] = { "ls_out_" NAME, false, true, STAGE - LS_OUT_PRE_ACL, FALLBACK }
#define LR_IN(STAGE, NAME, FALLBACK) \
    [STAGE] = { "lr_in_" NAME, true, false, STAGE - LR_IN_ADMISSION, FALLBACK }
#define LR_OUT(STAGE, NAME, FALLBACK) \
    [STAGE] = { "lr_out_" NAME, true, true, STAGE - LR_OUT_CHK_DNAT_LOCAL, \
                FALLBACK }

static const struct stage_info stages[] = {
    LS_IN(LS_IN_CHECK_PORT_SEC, "check_port_sec", NULL),
    LS_IN(LS_IN_APPLY_PORT_SEC, "apply_port_sec", "next;"),
    LS_IN(LS_IN_LOOKUP_FDB, "lookup_fdb", "next;"),
    LS_IN(LS_IN_PUT_FDB, "put_fdb", "next;"),
    LS_IN(LS_IN_PRE_ACL, "pre_acl", "next;"),
    LS_IN(LS_IN_PRE_LB, "pre_lb", "next;"),
    LS_IN(LS_IN_PRE_STATEFUL, "pre_stateful", "next;"),
    LS_IN(LS_IN_ACL_HINT, "acl_hint", "next;"),
    LS_IN(LS_IN_ACL_EVAL, "acl_eval", "next;"),
    LS_IN(LS_IN_ACL_ACTION, "acl_action", NULL),
    LS_IN(LS_IN_QOS, "qos", "next;"),
    LS_IN(LS_IN_LB, "lb", "next;"),
    LS_IN(LS_IN_PRE_HAIRPIN, "pre_hairpin", "next;"),
    LS_IN(LS_IN_NAT_HAIRPIN, "nat_hairpin", "next;"),
    LS_IN(LS_IN_HAIRPIN, "hairpin", "next;"),
    LS_IN(LS_IN_ACL_AFTER_LB_EVAL, "acl_after_lb_eval", "next;"),
    LS_IN(LS_IN_ACL_AFTER_LB_ACTION, "acl_after_lb_action", NULL),
    LS_IN(LS_IN_STATEFUL, "stateful", "next;"),
    LS_IN(LS_IN_ARP_RSP, "arp_rsp", "next;"),
    LS_IN(LS_IN_DHCP_OPTIONS, "dhcp_options", "next;"),
    LS_IN(LS_IN_DHCP_RESPONSE, "dhcp_response", "next;"),
    LS_IN(LS_IN_DNS_LOOKUP, "dns_lookup", "next;"),
    LS_IN(LS_IN_DNS_RESPONSE, "dns_response", "next;"),
    LS_IN(LS_IN_EXTERNAL_PORT, "external_port", "next;"),
    LS_IN(LS_IN_L2_LKUP, "l2_lkup", "outport = get_fdb(eth.dst); next;"),
    LS_IN(LS_IN_L2_UNKNOWN, "l2_unknown", "output;"),

    LS_OUT(LS_OUT_PRE_ACL, "pre_acl", "next;"),
    LS_OUT(LS_OUT_PRE_LB, "pre_lb", "next;"),
    LS_OUT(LS_OUT_PRE_STATEFUL, "pre_stateful", "next;"),
    LS_OUT(LS_OUT_ACL_HINT, "acl_hint", "next;"),
    LS_OUT(LS_OUT_ACL_EVAL, "acl_eval", "next;"),
    LS_OUT(LS_OUT_ACL_ACTION, "acl_action", NULL),
    LS_OUT(LS_OUT_QOS, "qos", "next;"),
    LS_OUT(LS_OUT_STATEFUL, "stateful", "next;"),
    LS_OUT(LS_OUT_CHECK_PORT_SEC, "check_port_sec",
           "reg0[15] = check_out_port_sec(); next;"),
    LS_OUT(LS_OUT_APPLY_PORT_SEC, "apply_port_sec", "output;"),

    LR_IN(LR_IN_ADMISSION, "admission", "drop;"),
    LR_IN(LR_IN_LOOKUP_NEIGHBOR, "lookup_neighbor", "reg9[2] = 1; next;"),
    LR_IN(LR_IN_LEARN_NEIGHBOR, "learn_neighbor", "drop;"),
    LR_IN(LR_IN_IP_INPUT, "ip_input", "next;"),
    LR_IN(LR_IN_UNSNAT, "unsnat", "next;"),
    LR_IN(LR_IN_POST_UNSNAT, "post_unsnat", "next;"),
    LR_IN(LR_IN_DEFRAG, "defrag", "next;"),
    LR_IN(LR_IN_DNAT, "dnat", "next;"),
    LR_IN(LR_IN_ECMP_STATEFUL, "ecmp_stateful", "next;"),
    LR_IN(LR_IN_ND_RA_OPTIONS, "nd_ra_options", "next;"),
    LR_IN(LR_IN_ND_RA_RESPONSE, "nd_ra_response", "next;"),
    LR_IN(LR_IN_IP_ROUTING_PRE, "ip_routing_pre", "reg7 = 0; next;"),
    LR_IN(LR_IN_IP_ROUTING, "ip_routing", "drop;"),
    LR_IN(LR_IN_IP_ROUTING_ECMP, "ip_routing_ecmp", "drop;"),
    LR_IN(LR_IN_POLICY, "policy", "reg8[0..15] = 0; next;"),
    LR_IN(LR_IN_POLICY_ECMP, "policy_ecmp", "drop;"),
    LR_IN(LR_IN_ARP_RESOLVE, "arp_resolve", "drop;"),
    LR_IN(LR_IN_CHK_PKT_LEN, "chk_pkt_len", "next;"),
    LR_IN(LR_IN_LARGER_PKTS, "larger_pkts", "next;"),
    LR_IN(LR_IN_GW_REDIRECT, "gw_redirect", "next;"),
    LR_IN(LR_IN_ARP_REQUEST, "arp_request", "output;"),

    LR_OUT(LR_OUT_CHK_DNAT_LOCAL, "chk_dnat_local", "reg9[4] = 0; next;"),
    LR_OUT(LR_OUT_UNDNAT, "undnat", "next;"),
    LR_OUT(LR_OUT_POST_UNDNAT, "post_undnat", "next;"),
    LR_OUT(LR_OUT_SNAT, "snat", "next;"),
    LR_OUT(LR_OUT_EGR_LOOP, "egr_loop", "next;"),
    LR_OUT(LR_OUT_DELIVERY, "delivery", "drop;"),
};
_Static_assert(ARRAY_SIZE(stages) == N_STAGES, "a row for each stage");
_Static_assert(LS_OUT_PRE_ACL - LS_IN_CHECK_PORT_SEC <= 29, "too many tables");
_Static_assert(LR_OUT_CHK_DNAT_LOCAL - LR_IN_ADMISSION <= 29,
               "too many tables");

const struct stage_info *
stage_info(enum stage stage)
{
    return &stages[stage];
}

/* The key of such a flow, in SCRATCH_KEY. */
static struct str *
put_key(struct incr_ctx *ctx, enum stage stage, unsigned int priority,
        const struct replica_row *hint, const char *match,
        const char *actions, const char *meter, const char *source)
{
    struct lflow_key header = {
        .source = source,
        .hint = hint ? hint->uuid.parts[0] : 0,
        .priority = priority,
        .stage = stage,
        .has_meter = meter != NULL,
    };
    size_t match_size = strlen(match) + 1, actions_size = strlen(actions) + 1;
    size_t meter_size = meter ? strlen(meter) + 1 : 0;
    struct str *key = incr_scratch(ctx, SCRATCH_KEY);

    str_reserve(key, sizeof header + match_size + actions_size + meter_size);
    str_put_bytes(key, &header, sizeof header);
    str_put_bytes(key, match, match_size);
    str_put_bytes(key, actions, actions_size);
    if (meter) {
        str_put_bytes(key, meter, meter_size);
    }
    return key;
}

void
flow_put(struct incr_ctx *ctx, const struct replica_row *datapath,
         enum stage stage, unsigned int priority,
         const struct replica_row *hint, const char *match,
         const char *actions, const char *meter, const char *source)
{
    const struct str *key = put_key(ctx, stage, priority, hint, match,
                                    actions, meter, source);

    incr_emit(ctx, F_FLOW, key->string, key->length,
              &datapath, sizeof datapath);
}

void
flow_put_lb(struct incr_ctx *ctx, const struct lb_places *places,
            enum stage stage, unsigned int priority, const char *match,
            const char *actions, const char *meter, const char *source)
{
    struct str *key = put_key(ctx, stage, priority, &places->lb->header,
                              match, actions, meter, source);

    /* Load balancers that say the same have flows of their own, as they have
     * datapaths of their own. */
    str_put_bytes(key, places, sizeof *places);
    incr_emit(ctx, F_LB_FLOW, key->string, key->length, places,
              sizeof *places);
}

const char *
flow_match(const struct lflow_key *key)
{
    return (const char *) (key + 1);
}

const char *
flow_actions(const struct lflow_key *key)
{
    const char *match = flow_match(key);

    return match + strlen(match) + 1;
}

const char *
flow_meter(const struct lflow_key *key)
{
    const char *actions = flow_actions(key);

    return key->has_meter ? actions + strlen(actions) + 1 : NULL;
}

/* Every datapath gets each stage's fallback. */

static void
put_fallbacks(struct incr_ctx *ctx, const struct replica_row *datapath,
              bool is_router)
{
    for (enum stage stage = 0; stage < N_STAGES; stage++) {
        if (stages[stage].is_router == is_router && stages[stage].fallback) {
            flow_put(ctx, datapath, stage, 0, NULL, "1",
                     stages[stage].fallback, NULL, FLOW_SOURCE);
        }
    }
}

static void
switch_fallbacks(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *const *ls = incr_group_key(group);

    put_fallbacks(ctx, &(*ls)->header, false);
}

static void
router_fallbacks(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *const *lr = incr_group_key(group);

    put_fallbacks(ctx, &(*lr)->header, true);
}

UNIT_LIST(flow_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_fallbacks),
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_fallbacks));
