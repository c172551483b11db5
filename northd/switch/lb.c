/* SPDX-License-Identifier: Apache-2.0 */

/* Load balancing on a switch, and the hairpin of a client that is its own
 * backend. */

#include "northd/flow.h"
#include "northd/topology/lb.h"

/* Stateless ACLs keep packets out of the connection tracker, but for those to
 * the VIP and those from its backends, which may be replies. */
static void
put_stateless(struct incr_ctx *ctx, const struct lb_vip *vip,
              const char *protocol, void *place_)
{
    const struct row_pair *place = place_;
    const struct nb_load_balancer *lb = place->a;
    const struct nb_logical_switch *ls = place->b;
    int family = ip_is_v4(&vip->vip.ip) ? 4 : 6;

    FLOW(ctx, ls, LS_IN_PRE_LB, 105, &lb->header,
         text(ctx, 2, "reg0[16] == 1 && %s",
              lb_vip_match(ctx, 3, vip, protocol)), "reg0[2] = 1; next;");
    VEC_FOR_EACH (backend, &vip->backends) {
        const char *match
            = text(ctx, 2, "reg0[16] == 1 && ip%d.src == %s", family,
                   ip_text(&backend->ip).s);

        FLOW(ctx, ls, LS_OUT_PRE_LB, 105, &lb->header,
             backend->port ? text(ctx, 3, "%s && %s.src == %u", match,
                                  protocol, backend->port)
             : match, "reg0[2] = 1; next;");
    }
}

static void
lb_stateless(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct row_pair key = *(const struct row_pair *) incr_group_key(group);

    lb_for_each_vip(ctx, key.a, put_stateless, &key);
}

static const char *
balance_action(struct incr_ctx *ctx, unsigned int i,
               const struct nb_load_balancer *lb, const struct lb_vip *vip)
{
    if (vip->backends.n) {
        return text(ctx, i, "reg0[1] = 0; %s",
                    lb_action(ctx, i + 1, lb, vip, NULL));
    }
    return (lb_rejects(ctx, lb)
            ? text(ctx, i, "reg0 = 0; reject { outport <-> inport; "
                   "next(pipeline=egress,table=%u); };",
                   STAGE_TABLE(LS_OUT_QOS)) : "drop;");
}

static void
put_vip(struct incr_ctx *ctx, const struct lb_places *places,
        const struct lb_vip *vip)
{
    const struct nb_load_balancer *lb = places->lb;
    const char *match = lb_vip_match(ctx, 0, vip, lb_protocol(ctx, lb));
    const char *reg = ip_is_v4(&vip->vip.ip) ? "reg1" : "xxreg1";
    struct ip_text ip = ip_text(&vip->vip.ip);
    const char *meter;
    const char *event = lb_event(ctx, 1, lb, vip, &meter);

    if (event) {
        FLOW_OF_LB_METERED(ctx, places, LS_IN_PRE_LB, LB_EVENT_PRIORITY, match,
                           event, meter);
    }
    /* The address and port that were asked for, for the hairpin check. */
    FLOW_OF_LB(ctx, places, LS_IN_PRE_STATEFUL, 120,
               text(ctx, 2, "reg0[2] == 1 && %s", match),
               vip->vip.port
               ? text(ctx, 3, "%s = %s; reg2[0..15] = %u; ct_lb_mark;", reg,
                      ip.s, vip->vip.port)
               : text(ctx, 3, "%s = %s; ct_lb_mark;", reg, ip.s));
    FLOW_OF_LB(ctx, places, LS_IN_LB, vip->vip.port ? 120 : 110,
               text(ctx, 2, "ct.new && %s", match),
               balance_action(ctx, 3, lb, vip));
}

static void
lb_switch_flows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct lb_vip_key *key = incr_group_key(group);
    const struct lb_places places = { key->lb, LB_ON_SWITCHES };
    struct lb_vip vip;

    if (EXISTS(ctx, F_LB_PLACES, places) && lb_vip_read(ctx, group, &vip)) {
        put_vip(ctx, &places, &vip);
        lb_vip_uninit(&vip);
    }
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
    UNIT_GROUP(RANK_OUT, F_LB_VIP, lb_switch_flows),
    UNIT_GROUP(RANK_OUT, F_LB_STATELESS, lb_stateless),
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_hairpin));
