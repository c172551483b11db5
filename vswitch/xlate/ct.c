/* SPDX-License-Identifier: Apache-2.0 */

/* Connection tracking: ct() and ct_clear. */

#include <netinet/in.h>
#include <stdio.h>

#include "lib/base/alloc.h"
#include "vswitch/xlate/ctx.h"

/* ALGs, by the port number that names them in OpenFlow. */
static const struct {
    uint16_t alg;
    const char *helper;
} helpers[] = {
    { 21, "ftp" },
    { 69, "tftp" },
};

static void
put_nat_address(struct buf *b, uint16_t type, const struct in6_addr *addr)
{
    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        odp_put(b, type, &addr->s6_addr[12], 4);
    } else if (!IN6_IS_ADDR_UNSPECIFIED(addr)) {
        odp_put(b, type, addr, sizeof *addr);
    }
}

static void
put_nat(struct buf *b, const struct ofpact_nat *nat)
{
    static const struct {
        uint16_t flag, type;
    } flags[] = {
        { NAT_F_SRC, OVS_NAT_ATTR_SRC },
        { NAT_F_DST, OVS_NAT_ATTR_DST },
    };
    static const struct {
        uint16_t flag, type;
    } late_flags[] = {
        { NAT_F_PERSISTENT, OVS_NAT_ATTR_PERSISTENT },
        { NAT_F_HASH, OVS_NAT_ATTR_PROTO_HASH },
        { NAT_F_RANDOM, OVS_NAT_ATTR_PROTO_RANDOM },
    };
    size_t start = odp_start(b, OVS_CT_ATTR_NAT);

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (nat->flags & flags[i].flag) {
            odp_put_flag(b, flags[i].type);
        }
    }
    if (nat->flags & (NAT_F_SRC | NAT_F_DST)) {
        put_nat_address(b, OVS_NAT_ATTR_IP_MIN, &nat->addr_min);
        put_nat_address(b, OVS_NAT_ATTR_IP_MAX, &nat->addr_max);
        if (nat->proto_min) {
            odp_put_u16(b, OVS_NAT_ATTR_PROTO_MIN, nat->proto_min);
        }
        if (nat->proto_max) {
            odp_put_u16(b, OVS_NAT_ATTR_PROTO_MAX, nat->proto_max);
        }
        for (size_t i = 0; i < ARRAY_SIZE(late_flags); i++) {
            if (nat->flags & late_flags[i].flag) {
                odp_put_flag(b, late_flags[i].type);
            }
        }
    }
    odp_end(b, start);
}

/* What the nested actions of ct() set. */
struct ct_settings {
    const struct ofpact_nat *nat;
    struct { uint32_t value, mask; } mark;
    struct { union be128 value, mask; } label;
    bool has_mark, has_label;
};

/* Carries the nested actions out on the flow, so that moves from registers to
 * ct_mark and ct_label work, and finds which bits they wrote. */
static void
get_settings(struct xlate_ctx *ctx, const struct ofpact_ct *ct,
             struct ct_settings *s)
{
    struct flow_wildcards saved_wc = *ctx->wc;
    struct flow saved_flow = ctx->flow;
    struct trace_node *saved_trace = ctx->trace;
    size_t size;
    const struct ofpact *nested = ofpact_nest_actions(&ct->ofpact, &size);
    const struct ofpact *a;

    *s = (struct ct_settings) { .nat = NULL };
    OFPACT_FOR_EACH (a, nested, size) {
        if (a->type == OFPACT_NAT) {
            s->nat = ofpact_get_NAT(a);
        }
    }
    ctx->wc->masks.ct_mark = 0;
    memset(&ctx->wc->masks.ct_label, 0, sizeof ctx->wc->masks.ct_label);
    ctx->trace = NULL;
    xlate_actions(ctx, nested, size, false);
    ctx->trace = saved_trace;

    s->mark.mask = ctx->wc->masks.ct_mark;
    s->mark.value = ctx->flow.ct_mark & s->mark.mask;
    s->label.mask = ctx->wc->masks.ct_label;
    for (int i = 0; i < 2; i++) {
        s->label.value.be64[i] = (ctx->flow.ct_label.be64[i]
                                  & s->label.mask.be64[i]);
    }
    s->has_mark = s->mark.mask != 0;
    s->has_label = s->label.mask.be64[0] || s->label.mask.be64[1];

    /* The packet's own mark and label are as before, and mattered no more. */
    ctx->wc->masks.ct_mark = saved_wc.masks.ct_mark;
    ctx->wc->masks.ct_label = saved_wc.masks.ct_label;
    ctx->flow.ct_mark = saved_flow.ct_mark;
    ctx->flow.ct_label = saved_flow.ct_label;
}

/* Timeouts are a connection's from its beginning. */
static void
put_timeouts(const struct xlate_ctx *ctx, struct buf *b, uint16_t zone)
{
    const struct backer *backer = ctx->ofproto->backer;
    uint16_t policy = ct_zones_policy(&backer->ct_zones, zone);
    char name[8];

    if (policy && backer->features.ct_timeout) {
        int n = snprintf(name, sizeof name, "%u", policy);

        odp_put(b, OVS_CT_ATTR_TIMEOUT, name, n + 1);
    }
}

static void
put_ct(const struct xlate_ctx *ctx, const struct ofpact_ct *ct, uint16_t zone,
       const struct ct_settings *s)
{
    struct buf *b = ctx->odp;
    size_t start = odp_start(b, OVS_ACTION_ATTR_CT);

    if (ct->flags & CT_F_COMMIT) {
        odp_put_flag(b, (ct->flags & CT_F_FORCE ? OVS_CT_ATTR_FORCE_COMMIT
                         : OVS_CT_ATTR_COMMIT));
        put_timeouts(ctx, b, zone);
    }
    odp_put_u16(b, OVS_CT_ATTR_ZONE, zone);
    if (s->has_mark) {
        odp_put(b, OVS_CT_ATTR_MARK, &s->mark, sizeof s->mark);
    }
    if (s->has_label) {
        odp_put(b, OVS_CT_ATTR_LABELS, &s->label, sizeof s->label);
    }
    for (size_t i = 0; i < ARRAY_SIZE(helpers); i++) {
        if (ct->alg == helpers[i].alg) {
            odp_put(b, OVS_CT_ATTR_HELPER, helpers[i].helper,
                    strlen(helpers[i].helper) + 1);
        }
    }
    if (s->nat) {
        put_nat(b, s->nat);
    }
    odp_end(b, start);
}

/* Sends a copy of the packet back, to go on in 'table_id' with its new
 * state. */
static void
recirculate(struct xlate_ctx *ctx, uint8_t table_id, uint16_t zone)
{
    bool saved = ctx->is_conntracked;
    uint32_t id;

    ctx->is_conntracked = true;
    id = xlate_save_state(ctx, table_id, NULL, 0);
    ctx->is_conntracked = saved;
    odp_put_u32(ctx->odp, OVS_ACTION_ATTR_RECIRC, id);
    xlate_note(ctx, TRACE_DETAIL,
               "A clone of the packet is forked to recirculate. The forked "
               "pipeline will be resumed at table %d.", table_id);
    if (ctx->trace && ctx->trace->recircs) {
        struct trace_recirc *r = xzalloc(sizeof *r);

        r->recirc_id = id;
        r->is_conntrack = true;
        r->flow = ctx->base;
        r->flow.recirc_id = id;
        r->flow.ct_zone = zone;
        list_push_back(ctx->trace->recircs, &r->node);
    }
}

void
xlate_ct(struct xlate_ctx *ctx, const struct ofpact_ct *ct)
{
    const struct ofpact *nested, *a;
    struct ct_settings settings;
    uint16_t zone = ct->zone_imm;
    size_t nested_size;

    nested = ofpact_nest_actions(&ct->ofpact, &nested_size);
    if (!nested_size) {
        xlate_note(ctx, TRACE_ACTION, "drop");
    }
    OFPACT_FOR_EACH (a, nested, nested_size) {
        xlate_note_action(ctx, a);
    }
    /* The datapath tracks the packet as it is by now. */
    xlate_commit(ctx);
    if (ct->zone_src.field) {
        zone = subfield_get(&ct->zone_src, &ctx->flow, &ctx->tlv->layout);
        subfield_unwildcard(&ct->zone_src, &ctx->flow, &ctx->tlv->layout,
                            ctx->wc);
    }
    get_settings(ctx, ct, &settings);
    put_ct(ctx, ct, zone, &settings);
    if (ct->table_id != CT_TABLE_NONE) {
        recirculate(ctx, ct->table_id, zone);
    }
    /* Only who goes on in that table sees what tracking says. */
    ctx->is_conntracked = false;
    xlate_clear_ct_members(&ctx->flow);
    xlate_note(ctx, TRACE_DETAIL, "Sets the packet to an untracked state, and "
               "clears all the conntrack fields.");
}

void
xlate_ct_clear(struct xlate_ctx *ctx)
{
    if (!ctx->is_conntracked) {
        return;
    }
    ctx->is_conntracked = false;
    xlate_clear_ct_members(&ctx->flow);
    if (ctx->ofproto->backer->features.ct_clear) {
        odp_put_flag(ctx->odp, OVS_ACTION_ATTR_CT_CLEAR);
    }
}
