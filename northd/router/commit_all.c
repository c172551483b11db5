/* SPDX-License-Identifier: Apache-2.0 */

/* options:ct-commit-all: a router that translates also has its connection
 * tracker know the connections that it does not translate, so that hardware
 * can take over all of them.  On a gateway router that is all that crosses it,
 * at distributed gateway ports what crosses the port.
 *
 * A packet is looked up in the zone of destination translation, and in that of
 * source translation on its way out, unless it is a reply that was found
 * already; the first packet of a connection is committed to both.  What came
 * of the first lookup, if there was one, is kept in flags. */

#include "northd/flow.h"
#include "northd/router/port.h"
#include "northd/topology/feature.h"

/* Below whatever translates. */
#define PRIORITY 1

#define NO_REPLY "(!ct.trk || !ct.rpl)"

static const struct {
    enum stage stage;
    unsigned int priority;
    bool is_out;                /* Of packets that leave by the port. */
    const char *match;
    const char *actions;
} rows[] = {
    { LR_IN_POST_UNSNAT, 100, false, "ip && ct.new",
      "flags.unsnat_new = 1; next;" },
    { LR_IN_POST_UNSNAT, 100, false, "ip && !ct.trk",
      "flags.unsnat_not_tracked = 1; next;" },
    { LR_IN_DEFRAG, PRIORITY, false, "ip && "NO_REPLY, "ct_next(dnat);" },
    { LR_IN_DNAT, PRIORITY, false, "ip && ct.new",
      "ct_commit_to_zone(dnat);" },
    { LR_OUT_POST_UNDNAT, 60, true,
      "ip && "NO_REPLY" && flags.unsnat_not_tracked == 1",
      "ct_next(snat);" },
    { LR_OUT_POST_UNDNAT, 60, true, "ip && flags.unsnat_new == 1", "next;" },
    { LR_OUT_SNAT, PRIORITY, true,
      "ip && "NO_REPLY" && flags.unsnat_new == 1",
      "ct_commit_to_zone(snat);" },
    { LR_OUT_SNAT, PRIORITY, true,
      "ip && ct.new && flags.unsnat_not_tracked == 1",
      "ct_commit_to_zone(snat);" },
};

static void
put_rows(struct incr_ctx *ctx, const struct nb_logical_router *lr,
         const char *in, const char *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        FLOW(ctx, lr, rows[i].stage, rows[i].priority, NULL,
             text(ctx, 0, "%s%s", rows[i].match, rows[i].is_out ? out : in),
             rows[i].actions);
    }
}

static void
router_commit_all(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct incr_group *gateways = LOOKUP(ctx, F_GATEWAY_PORT, lr);

    if (!strmap_get_bool(nb_logical_router_get_options(ctx, lr),
                         "ct-commit-all", false)
        || (!router_has(ctx, lr, ROUTER_HAS_NAT)
            && !router_has(ctx, lr, ROUTER_HAS_LB))
        || !all_chassis_can(ctx, FEATURE_CT_NEXT_ZONE)) {
        return;
    }
    if (router_chassis(ctx, lr)) {
        put_rows(ctx, lr, "", "");
        return;
    }
    for (size_t i = 0; gateways && i < gateways->n; i++) {
        const struct router_port rp = {
            lr, *(const void *const *) incr_group_value(gateways, i),
        };
        const char *name = router_port_name(ctx, 1, rp.lrp);
        const char *resident = router_port_resident(ctx, 2, &rp);

        put_rows(ctx, lr,
                 text(ctx, 3, " && inport == %s%s", name, resident),
                 text(ctx, 4, " && outport == %s%s", name, resident));
    }
}

UNIT_LIST(router_commit_all_units,
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_commit_all));
