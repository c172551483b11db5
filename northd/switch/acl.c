/* SPDX-License-Identifier: Apache-2.0 */

/* Access control lists.
 *
 * An "eval" stage runs the ACLs of one tier, which set a verdict (reg8[16]
 * allow, [17] drop, [18] reject); the "action" stage behind it carries the
 * verdict out, or goes back for the next tier.  There are three such pairs:
 * from-lport before and after load balancing, and to-lport.
 *
 * Where connections are tracked, hints that the stage before made from the
 * connection's state (reg0[7..10], see stateful.c) tell whether an ACL that
 * allows has to commit the connection, and whether one that blocks has to mark
 * one that was allowed before. */

#include "northd/flow.h"
#include "northd/topology/lb.h"
#include "northd/topology/meter.h"
#include "northd/topology/number.h"

#include <string.h>

#define ALLOW "reg8[16] = 1; "
#define DROP "reg8[17] = 1; "
#define REJECT "reg8[18] = 1; "
#define CLEAR_VERDICT \
    "reg8[16] = 0; reg8[17] = 0; reg8[18] = 0; reg8[30..31] = 0; "

/* What becomes of replies of a connection that is allowed, and of what belongs
 * to it. */
#define REPLY "reg0[9] = 0; reg0[10] = 0; reg0[17] = 1; "ALLOW"next;"
#define RELATED "reg0[17] = 1; "ALLOW"ct_commit_nat;"

/* Where ACL priorities start; below and above are rules of our own. */
#define PRIORITY_OFFSET 1000

struct acl_stages {
    enum stage eval;
    enum stage action;
    const char *pipeline;
};

static const struct acl_stages acl_stages[] = {
    { LS_IN_ACL_EVAL, LS_IN_ACL_ACTION, "ingress" },
    { LS_IN_ACL_AFTER_LB_EVAL, LS_IN_ACL_AFTER_LB_ACTION, "ingress" },
    { LS_OUT_ACL_EVAL, LS_OUT_ACL_ACTION, "egress" },
};

struct tier_key {
    const struct nb_logical_switch *ls;
    uint64_t eval;              /* enum stage. */
};

/* Which ACLs apply to which switches. */

static void
switch_acls(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_acl *const *acls = nb_logical_switch_get_acls(ctx, ls, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { acls[i], ls };

        EMIT_KEY(ctx, F_ACL, pair);
    }
}

static void
port_group_acls(struct incr_ctx *ctx, const void *row)
{
    size_t n;
    struct nb_acl *const *acls = nb_port_group_get_acls(ctx, row, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { row, acls[i] };

        EMIT_KEY(ctx, F_PG_ACL, pair);
    }
}

static void
port_group_acl_switches(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct incr_group *switches = LOOKUP(ctx, F_PG_SWITCHES, key->a);

    for (size_t i = 0; switches && i < switches->n; i++) {
        struct row_pair pair = {
            key->b, *(const void *const *) incr_group_value(switches, i),
        };

        EMIT_KEY(ctx, F_ACL, pair);
    }
}

static const struct acl_stages *
stages_of(struct incr_ctx *ctx, const struct nb_acl *acl)
{
    if (!strcmp(nb_acl_get_direction(ctx, acl), "to-lport")) {
        return &acl_stages[2];
    }
    return &acl_stages[strmap_get_bool(nb_acl_get_options(ctx, acl),
                                       "apply-after-lb", false)];
}

static void
acl_properties(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_acl *acl = key->a;
    const struct tier_key tier_key = { key->b, stages_of(ctx, acl)->eval };
    const char *action = nb_acl_get_action(ctx, acl);
    uint32_t tier = nb_acl_get_tier(ctx, acl);

    switch_set(ctx, key->b, SWITCH_HAS_ACL);
    if (!strcmp(action, "allow-related")) {
        switch_set(ctx, key->b, SWITCH_HAS_STATEFUL_ACL);
    }
    if (acl_is_persistent(ctx, acl)) {
        switch_set(ctx, key->b, SWITCH_HAS_PERSISTENT_ACL);
    }
    EMIT(ctx, F_ACL_TIER, tier_key, tier);
}

static uint32_t
max_tier(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
         enum stage eval)
{
    const struct tier_key key = { ls, eval };
    const struct incr_group *tiers = LOOKUP(ctx, F_ACL_TIER, key);
    uint32_t max = 0;

    for (size_t i = 0; tiers && i < tiers->n; i++) {
        max = MAX(max, *(const uint32_t *) incr_group_value(tiers, i));
    }
    return max;
}

/* The flows of an ACL on a switch. */

struct acl {
    const struct nb_acl *row;
    const struct nb_logical_switch *ls;
    const struct acl_stages *stages;
    const char *action;
    const char *match;          /* With the tier, if tiers are in use. */
    const char *log;            /* "log(...); " or "". */
};

static const char *
log_action(struct incr_ctx *ctx, unsigned int i, const struct nb_acl *acl,
           const char *action)
{
    const char *name = nb_acl_get_name(ctx, acl);
    const char *severity = nb_acl_get_severity(ctx, acl);
    const char *meter = nb_acl_get_meter(ctx, acl);
    struct str *s = incr_scratch(ctx, i);

    if (!nb_acl_get_log(ctx, acl)) {
        return "";
    }
    str_put(s, "log(");
    if (name) {
        str_printf(s, "name=%s, ", quoted(ctx, 6, name));
    }
    if (severity) {
        str_printf(s, "severity=%s, ", severity);
    }
    str_printf(s, "verdict=%s",
               !strcmp(action, "drop") || !strcmp(action, "reject")
               || !strcmp(action, "pass") ? action : "allow");
    if (meter) {
        str_printf(s, ", meter=%s",
                   quoted(ctx, 6, acl_meter(ctx, 7, acl, meter)));
    }
    str_put(s, "); ");
    return str_cstr(s);
}

static void
put(struct incr_ctx *ctx, const struct acl *acl, const char *condition,
    const char *actions)
{
    FLOW(ctx, acl->ls, acl->stages->eval,
         nb_acl_get_priority(ctx, acl->row) + PRIORITY_OFFSET,
         &acl->row->header,
         *condition ? text(ctx, 2, "%s && (%s)", condition, acl->match)
         : acl->match,
         text(ctx, 3, "%s%snext;", acl->log, actions));
}

static void
put_allow(struct incr_ctx *ctx, const struct acl *acl, bool stateful)
{
    int64_t label = nb_acl_get_label(ctx, acl->row);
    uint32_t id = (acl_is_persistent(ctx, acl->row)
                   ? acl_id(ctx, acl->row) : 0);
    struct str *s = incr_scratch(ctx, 4);
    const char *commit;

    if (!stateful || !strcmp(acl->action, "allow-stateless")) {
        put(ctx, acl, "", ALLOW);
        return;
    }
    str_put(s, ALLOW"reg0[1] = 1; ");
    if (label) {
        str_printf(s, "reg0[13] = 1; reg3 = %u; ", (unsigned int) label);
    }
    if (id) {
        str_printf(s, "reg0[20] = 1; reg2[16..31] = %u; ", id);
    }
    commit = str_cstr(s);
    put(ctx, acl, "reg0[7] == 1", commit);
    put(ctx, acl, "reg0[8] == 1", label || id ? commit : ALLOW);
}

static void
put_block(struct incr_ctx *ctx, const struct acl *acl, const char *verdict,
          bool stateful)
{
    if (!stateful) {
        put(ctx, acl, "", verdict);
        return;
    }
    put(ctx, acl, "reg0[9] == 1", verdict);
    put(ctx, acl, "reg0[10] == 1",
        text(ctx, 5, "%sct_commit { ct_mark.blocked = 1; }; ", verdict));
}

/* A stateless ACL keeps its packets out of the connection tracker. */
static void
put_stateless(struct incr_ctx *ctx, const struct acl *acl)
{
    FLOW(ctx, acl->ls,
         acl->stages->eval == LS_OUT_ACL_EVAL ? LS_OUT_PRE_ACL
         : LS_IN_PRE_ACL,
         nb_acl_get_priority(ctx, acl->row) + PRIORITY_OFFSET,
         &acl->row->header, nb_acl_get_match(ctx, acl->row),
         "reg0[16] = 1; next;");
}

/* options:log-related: replies and related packets of the connections that the
 * ACL allowed, which its label tells, are logged too.  They go the other
 * way. */
static void
put_log_related(struct incr_ctx *ctx, const struct acl *acl)
{
    struct global global = get_global(ctx);
    const char *inv = global.use_ct_inv_match ? " && !ct.inv" : "";
    enum stage stage = (acl->stages->eval == LS_OUT_ACL_EVAL ? LS_IN_ACL_EVAL
                        : LS_OUT_ACL_EVAL);
    const char *label = text(ctx, 4, " && ct_mark.blocked == 0 && "
                             "ct_label.label == %u", (unsigned int)
                             nb_acl_get_label(ctx, acl->row));

    FLOW(ctx, acl->ls, stage, 65533, &acl->row->header,
         text(ctx, 2, "ct.est && !ct.rel && !ct.new%s && ct.rpl%s", inv,
              label), text(ctx, 3, "%s"REPLY, acl->log));
    FLOW(ctx, acl->ls, stage, 65533, &acl->row->header,
         text(ctx, 2, "!ct.est && ct.rel && !ct.new%s%s", inv, label),
         text(ctx, 3, "%s"RELATED, acl->log));
}

static void
acl_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    struct acl acl = { .row = key->a, .ls = key->b };
    bool stateful = (switch_has(ctx, acl.ls, SWITCH_HAS_STATEFUL_ACL)
                     || switch_has(ctx, acl.ls, SWITCH_HAS_LB));

    acl.stages = stages_of(ctx, acl.row);
    acl.action = nb_acl_get_action(ctx, acl.row);
    acl.match = nb_acl_get_match(ctx, acl.row);
    acl.log = log_action(ctx, 0, acl.row, acl.action);
    if (max_tier(ctx, acl.ls, acl.stages->eval)) {
        acl.match = text(ctx, 1, "reg8[30..31] == %u && (%s)",
                         (unsigned int) nb_acl_get_tier(ctx, acl.row),
                         acl.match);
    }
    if (!strcmp(acl.action, "drop")) {
        put_block(ctx, &acl, DROP, stateful);
    } else if (!strcmp(acl.action, "reject")) {
        put_block(ctx, &acl, REJECT, stateful);
    } else if (!strcmp(acl.action, "pass")) {
        put(ctx, &acl, "", "");
    } else {
        put_allow(ctx, &acl, stateful);
        if (stateful && *acl.log && nb_acl_get_label(ctx, acl.row)
            && strcmp(acl.action, "allow-stateless")
            && strmap_get_bool(nb_acl_get_options(ctx, acl.row),
                               "log-related", false)) {
            put_log_related(ctx, &acl);
        }
    }
    if (!strcmp(acl.action, "allow-stateless") && stateful) {
        put_stateless(ctx, &acl);
    }
}

/* The flows of a switch. */

static void
put_tracked(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
            enum stage eval)
{
    struct global global = get_global(ctx);
    const char *inv = global.use_ct_inv_match ? " && !ct.inv" : "";

    FLOW(ctx, ls, eval, 65532, NULL,
         text(ctx, 0, "%s(ct.est && ct.rpl && ct_mark.blocked == 1)",
              !global.use_ct_inv_match ? ""
              /* Not balanced after all, so in no connection. */
              : switch_balances_stateless(ctx, ls)
              ? "(ct.inv && reg0[16] == 0) || "
              : "ct.inv || "), DROP"next;");
    FLOW(ctx, ls, eval, 65532, NULL,
         text(ctx, 0, "ct.est && !ct.rel && !ct.new%s && ct.rpl && "
              "ct_mark.blocked == 0", inv), REPLY);
    if (switch_has(ctx, ls, SWITCH_HAS_PERSISTENT_ACL)) {
        /* Requests of a connection that stays allowed; and nothing that comes
         * after load balancing may decide otherwise. */
        FLOW(ctx, ls, eval, 65532, NULL,
             text(ctx, 0, "ct.est && !ct.rel && !ct.new%s && !ct.rpl && "
                  "ct_mark.blocked == 0 && ct_mark.allow_established == 1",
                  inv), REPLY);
    }
    FLOW(ctx, ls, eval, 65532, NULL,
         text(ctx, 0, "!ct.est && ct.rel && !ct.new%s && "
              "ct_mark.blocked == 0", inv), RELATED);
    if (!global.default_acl_drop) {
        FLOW(ctx, ls, eval, 1, NULL, "ip && !ct.est",
             "reg0[1] = 1; next;");
        FLOW(ctx, ls, eval, 1, NULL, "ip && ct.est && ct_mark.blocked == 1",
             "reg0[1] = 1; next;");
    }
}

static void
put_eval(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
         enum stage eval)
{
    bool stateful = (switch_has(ctx, ls, SWITCH_HAS_STATEFUL_ACL)
                     || switch_has(ctx, ls, SWITCH_HAS_LB));

    FLOW(ctx, ls, eval, 65532, NULL, "nd || nd_ra || nd_rs || mldv1 || mldv2",
         ALLOW"next;");
    if (eval == LS_IN_ACL_AFTER_LB_EVAL) {
        FLOW(ctx, ls, eval, 65532, NULL, "reg0[17] == 1", ALLOW"next;");
    } else if (stateful) {
        put_tracked(ctx, ls, eval);
    }
}

static void
put_verdicts(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
             const struct acl_stages *stages)
{
    bool egress = stages->eval == LS_OUT_ACL_EVAL;
    uint32_t tiers = max_tier(ctx, ls, stages->eval);

    FLOW(ctx, ls, stages->action, 1000, NULL, "reg8[16] == 1",
         CLEAR_VERDICT"next;");
    /* Cleared although the packet ends here, since a tracer may carry
     * registers from one copy of a multicast packet to the next. */
    FLOW(ctx, ls, stages->action, 1000, NULL, "reg8[17] == 1",
         CLEAR_VERDICT"/* drop */");
    FLOW(ctx, ls, stages->action, 1000, NULL, "reg8[18] == 1",
         text(ctx, 0, CLEAR_VERDICT"reg0 = 0; reject { outport <-> inport; "
              "next(pipeline=%s,table=%u); };",
              egress ? "ingress" : "egress",
              STAGE_TABLE(egress ? LS_IN_L2_LKUP : LS_OUT_QOS)));
    for (uint32_t tier = 0; tier < tiers; tier++) {
        FLOW(ctx, ls, stages->action, 500, NULL,
             text(ctx, 0, "reg8[30..31] == %u", tier),
             text(ctx, 1, "reg8[30..31] = %u; next(pipeline=%s,table=%u);",
                  tier + 1, stages->pipeline, STAGE_TABLE(stages->eval)));
    }
}

static void
switch_acl(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    bool has_acl = switch_has(ctx, ls, SWITCH_HAS_ACL);
    bool evaluates = has_acl || switch_has(ctx, ls, SWITCH_HAS_LB);
    bool drop = evaluates && get_global(ctx).default_acl_drop;

    for (size_t i = 0; i < ARRAY_SIZE(acl_stages); i++) {
        const struct acl_stages *stages = &acl_stages[i];
        bool own_default = drop && stages->eval != LS_IN_ACL_AFTER_LB_EVAL;

        FLOW(ctx, ls, stages->action, 0, NULL, "1",
             own_default ? "drop;" : CLEAR_VERDICT"next;");
        if (evaluates) {
            put_eval(ctx, ls, stages->eval);
            put_verdicts(ctx, ls, stages);
        }
    }
}

UNIT_LIST(switch_acl_units,
    UNIT_GROUP(RANK_MEMBER, F_SWITCH, switch_acls),
    UNIT_ROW(RANK_ADDRESS, T_NB(PORT_GROUP), port_group_acls),
    UNIT_GROUP(RANK_MEMBER, F_PG_ACL, port_group_acl_switches),
    UNIT_GROUP(RANK_SET, F_ACL, acl_properties),
    UNIT_GROUP(RANK_OUT, F_ACL, acl_flows),
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_acl));
