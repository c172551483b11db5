/* SPDX-License-Identifier: Apache-2.0 */

/* What goes to the connection tracker, what ACLs learn from its answer, and
 * what is committed.  Only on switches with ACLs that need it or with load
 * balancers. */

#include "northd/flow.h"
#include "northd/topology/lb.h"

#define NOT_TRACKED \
    "nd || nd_rs || nd_ra || mldv1 || mldv2 || " \
    "(udp && udp.src == 546 && udp.dst == 547)"

/* Of the hints' flows, the one with the highest priority that matches
 * counts. */
static const struct {
    unsigned int priority;
    const char *match;
    const char *actions;
} hints[] = {
    { 7, "ct.new && !ct.est", "reg0[7] = 1; reg0[9] = 1; next;" },
    { 6, "!ct.new && ct.est && !ct.rpl && ct_mark.blocked == 1",
      "reg0[7] = 1; reg0[9] = 1; next;" },
    { 5, "!ct.trk", "reg0[8] = 1; reg0[9] = 1; next;" },
    { 4, "!ct.new && ct.est && !ct.rpl && ct_mark.blocked == 0",
      "reg0[8] = 1; reg0[10] = 1; next;" },
    { 3, "!ct.est", "reg0[9] = 1; next;" },
    { 2, "ct.est && ct_mark.blocked == 1", "reg0[9] = 1; next;" },
    { 1, "ct.est && ct_mark.blocked == 0", "reg0[10] = 1; next;" },
};

static void
put_pre(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
        enum stage in, enum stage out, const char *bit)
{
    const enum stage stages[] = { in, out };
    struct global global = get_global(ctx);

    for (int i = 0; i < 2; i++) {
        FLOW(ctx, ls, stages[i], 100, NULL, "ip",
             text(ctx, 0, "%s = 1; next;", bit));
        FLOW(ctx, ls, stages[i], 110, NULL, NOT_TRACKED, "next;");
        FLOW(ctx, ls, stages[i], 110, NULL, "eth.mcast", "next;");
        /* Load balancing may want some of it; see switch/lb.c. */
        FLOW(ctx, ls, stages[i],
             switch_balances_stateless(ctx, ls) ? 102 : 110, NULL,
             "reg0[16] == 1", "next;");
        if (*global.svc_monitor_mac) {
            FLOW(ctx, ls, stages[i], 110, NULL,
                 text(ctx, 0, "eth.%s == %s", i ? "src" : "dst",
                      global.svc_monitor_mac), "next;");
        }
    }
}

static void
put_pre_stateful(struct incr_ctx *ctx, const struct nb_logical_switch *ls)
{
    const enum stage stages[] = { LS_IN_PRE_STATEFUL, LS_OUT_PRE_STATEFUL };

    for (int i = 0; i < 2; i++) {
        FLOW(ctx, ls, stages[i], 110, NULL, "reg0[2] == 1", "ct_lb_mark;");
        FLOW(ctx, ls, stages[i], 100, NULL, "reg0[0] == 1", "ct_next;");
    }
}

static void
put_hints(struct incr_ctx *ctx, const struct nb_logical_switch *ls)
{
    const enum stage stages[] = { LS_IN_ACL_HINT, LS_OUT_ACL_HINT };

    for (int i = 0; i < 2; i++) {
        if (switch_balances_stateless(ctx, ls)) {
            FLOW(ctx, ls, stages[i], 8, NULL, "ct.inv && reg0[16] == 1",
                 "reg0[8] = 1; reg0[9] = 1; next;");
        }
        for (size_t j = 0; j < ARRAY_SIZE(hints); j++) {
            FLOW(ctx, ls, stages[i], hints[j].priority, NULL, hints[j].match,
                 hints[j].actions);
        }
    }
}

static void
put_commit(struct incr_ctx *ctx, const struct nb_logical_switch *ls)
{
    const enum stage stages[] = { LS_IN_STATEFUL, LS_OUT_STATEFUL };
    bool persistent = switch_has(ctx, ls, SWITCH_HAS_PERSISTENT_ACL);

    for (int i = 0; i < 2; i++) {
        if (persistent) {
            FLOW(ctx, ls, stages[i], 110, NULL,
                 "reg0[1] == 1 && reg0[13] == 0 && reg0[20] == 1",
                 "ct_commit { ct_mark.blocked = 0; "
                 "ct_mark.allow_established = 1; "
                 "ct_label.acl_id = reg2[16..31]; }; next;");
            FLOW(ctx, ls, stages[i], 110, NULL,
                 "reg0[1] == 1 && reg0[13] == 1 && reg0[20] == 1",
                 "ct_commit { ct_mark.blocked = 0; "
                 "ct_mark.allow_established = 1; "
                 "ct_label.acl_id = reg2[16..31]; ct_label.label = reg3; }; "
                 "next;");
        }
        FLOW(ctx, ls, stages[i], 100, NULL, "reg0[1] == 1 && reg0[13] == 0",
             "ct_commit { ct_mark.blocked = 0; }; next;");
        FLOW(ctx, ls, stages[i], 100, NULL, "reg0[1] == 1 && reg0[13] == 1",
             "ct_commit { ct_mark.blocked = 0; ct_label.label = reg3; }; "
             "next;");
    }
}

static void
switch_stateful(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    bool acl = switch_has(ctx, ls, SWITCH_HAS_STATEFUL_ACL);
    bool lb = switch_has(ctx, ls, SWITCH_HAS_LB);

    if (acl) {
        put_pre(ctx, ls, LS_IN_PRE_ACL, LS_OUT_PRE_ACL, "reg0[0]");
    }
    if (lb) {
        put_pre(ctx, ls, LS_IN_PRE_LB, LS_OUT_PRE_LB, "reg0[2]");
    }
    if (acl || lb) {
        put_pre_stateful(ctx, ls);
        put_hints(ctx, ls);
        put_commit(ctx, ls);
    }
}

/* Packets from and to routers, other switches and physical networks are
 * tracked elsewhere: here one direction of a connection may pass and the other
 * not. */
static void
put_port_skip(struct incr_ctx *ctx, const struct switch_port *sp,
              enum stage in, enum stage out, const char *out_actions)
{
    const char *name = quoted(ctx, 0, nb_logical_switch_port_get_name(
        ctx, sp->lsp));
    const struct replica_row *hint = &sp->lsp->header;

    FLOW(ctx, sp->ls, in, 110, hint,
         text(ctx, 1, "ip && inport == %s", name), "next;");
    FLOW(ctx, sp->ls, out, 110, hint,
         text(ctx, 1, "ip && outport == %s", name), out_actions);
}

static void
port_stateful(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    bool patch = lsp_is_patch(ctx, sp->lsp);
    bool acl, lb;

    if (!patch && !lsp_is_type(ctx, sp->lsp, "localnet")) {
        return;
    }
    acl = (switch_has(ctx, sp->ls, SWITCH_HAS_STATEFUL_ACL)
           && !(patch
                && strmap_get_bool(nb_logical_switch_port_get_options(
                                       ctx, sp->lsp),
                                   "enable_router_port_acl", false)));
    lb = patch && switch_has(ctx, sp->ls, SWITCH_HAS_LB);
    if (acl) {
        put_port_skip(ctx, sp, LS_IN_PRE_ACL, LS_OUT_PRE_ACL, "next;");
    }
    if (lb) {
        put_port_skip(ctx, sp, LS_IN_PRE_LB, LS_OUT_PRE_LB,
                      acl ? "next;" : "ct_clear; next;");
    }
}

UNIT_LIST(switch_stateful_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_stateful),
    UNIT_GROUP(RANK_OUT, F_SPECIAL_PORT, port_stateful));
