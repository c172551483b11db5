/* SPDX-License-Identifier: Apache-2.0 */

/* Load balancing on a switch, and the hairpin of a client that is its own
 * backend. */

#include "northd/flow.h"
#include "northd/topology/lb.h"

struct place {
    const struct nb_load_balancer *lb;
    const struct nb_logical_switch *ls;
};

/* Stateless ACLs keep packets out of the connection tracker, but for those to
 * the VIP and those from its backends, which may be replies. */
static void
put_stateless(struct incr_ctx *ctx, const struct lb_vip *vip,
              const char *protocol, const struct place *place)
{
    const struct replica_row *hint = &place->lb->header;
    int family = ip_is_v4(&vip->vip.ip) ? 4 : 6;

    FLOW(ctx, place->ls, LS_IN_PRE_LB, 105, hint,
         text(ctx, 2, "reg0[16] == 1 && %s",
              lb_vip_match(ctx, 3, vip, protocol)), "reg0[2] = 1; next;");
    VEC_FOR_EACH (backend, &vip->backends) {
        const char *match
            = text(ctx, 2, "reg0[16] == 1 && ip%d.src == %s", family,
                   ip_text(&backend->ip).s);

        FLOW(ctx, place->ls, LS_OUT_PRE_LB, 105, hint,
             backend->port ? text(ctx, 3, "%s && %s.src == %u", match,
                                  protocol, backend->port)
             : match, "reg0[2] = 1; next;");
    }
}

static void
put_vip(struct incr_ctx *ctx, const struct lb_vip *vip, const char *protocol,
        void *place_)
{
    const struct place *place = place_;
    const struct replica_row *hint = &place->lb->header;
    const char *match = lb_vip_match(ctx, 0, vip, protocol);
    const char *action = lb_action(ctx, 1, place->lb, vip, NULL);
    const char *reg = ip_is_v4(&vip->vip.ip) ? "reg1" : "xxreg1";
    struct ip_text ip = ip_text(&vip->vip.ip);
    unsigned int priority = vip->vip.port ? 120 : 110;

    lb_put_event(ctx, &place->ls->header, LS_IN_PRE_LB, place->lb, vip,
                 protocol, "");
    if (switch_balances_stateless(ctx, place->ls)) {
        put_stateless(ctx, vip, protocol, place);
    }
    /* The address and port that were asked for, for the hairpin check. */
    FLOW(ctx, place->ls, LS_IN_PRE_STATEFUL, 120, hint,
         text(ctx, 2, "reg0[2] == 1 && %s", match),
         vip->vip.port
         ? text(ctx, 3, "%s = %s; reg2[0..15] = %u; ct_lb_mark;", reg, ip.s,
                vip->vip.port)
         : text(ctx, 3, "%s = %s; ct_lb_mark;", reg, ip.s));
    if (!vip->backends.n) {
        action = (lb_rejects(ctx, place->lb)
                  ? text(ctx, 1, "reg0 = 0; reject { outport <-> inport; "
                         "next(pipeline=egress,table=%u); };",
                         STAGE_TABLE(LS_OUT_QOS)) : "drop;");
    } else {
        action = text(ctx, 3, "reg0[1] = 0; %s", action);
    }
    FLOW(ctx, place->ls, LS_IN_LB, priority, hint,
         text(ctx, 2, "ct.new && %s", match), action);
}

static void
lb_switch_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    struct place place = { key->a, key->b };

    lb_for_each_vip(ctx, place.lb, put_vip, &place);
}

static void
switch_hairpin(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);

    if (!switch_has(ctx, ls, SWITCH_HAS_LB)) {
        return;
    }
    /* Replies that a stateless ACL allows are not tracked. */
    FLOW(ctx, ls, LS_IN_PRE_HAIRPIN, 100, NULL,
         switch_balances_stateless(ctx, ls) ? "ip" : "ip && ct.trk",
         "reg0[6] = chk_lb_hairpin(); reg0[12] = chk_lb_hairpin_reply(); "
         "next;");
    FLOW(ctx, ls, LS_IN_NAT_HAIRPIN, 100, NULL,
         "ip && ct.new && ct.trk && reg0[6] == 1", "ct_snat_to_vip; next;");
    FLOW(ctx, ls, LS_IN_NAT_HAIRPIN, 100, NULL,
         "ip && ct.est && ct.trk && reg0[6] == 1", "ct_snat;");
    FLOW(ctx, ls, LS_IN_NAT_HAIRPIN, 90, NULL, "ip && reg0[12] == 1",
         "ct_snat;");
    FLOW(ctx, ls, LS_IN_HAIRPIN, 1, NULL,
         "reg0[6] == 1 || reg0[12] == 1",
         "eth.dst <-> eth.src; outport = inport; flags.loopback = 1; "
         "output;");
}

UNIT_LIST(switch_lb_units,
    UNIT_GROUP(RANK_OUT, F_LB_SWITCH, lb_switch_flows),
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_hairpin));
