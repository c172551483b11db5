/* SPDX-License-Identifier: Apache-2.0 */

/* Which load balancers are on which switches and routers, and their
 * southbound rows, which the controller makes hairpin flows from. */

#include "northd/topology/lb.h"

#include <string.h>

#include "northd/sync/cells.h"

static void
put_group_members(struct incr_ctx *ctx, unsigned int fact, const void *row,
                  struct nb_load_balancer_group *const *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        EMIT(ctx, fact, groups[i], row);
    }
}

static void
switch_lbs(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_load_balancer *const *lbs
        = nb_logical_switch_get_load_balancer(ctx, ls, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { lbs[i], ls };

        EMIT_KEY(ctx, F_LB_SWITCH, pair);
    }
}

static void
router_lbs(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_load_balancer *const *lbs
        = nb_logical_router_get_load_balancer(ctx, lr, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { lbs[i], lr };

        EMIT_KEY(ctx, F_LB_ROUTER, pair);
    }
}

static void
switch_lb_groups(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_load_balancer_group *const *groups
        = nb_logical_switch_get_load_balancer_group(ctx, ls, &n);

    put_group_members(ctx, F_LBG_SWITCHES, ls, groups, n);
}

static void
router_lb_groups(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    size_t n;
    struct nb_load_balancer_group *const *groups
        = nb_logical_router_get_load_balancer_group(ctx, lr, &n);

    put_group_members(ctx, F_LBG_ROUTERS, lr, groups, n);
}

static void
lb_group_lbs(struct incr_ctx *ctx, const void *row)
{
    size_t n;
    struct nb_load_balancer *const *lbs
        = nb_load_balancer_group_get_load_balancer(ctx, row, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair pair = { row, lbs[i] };

        EMIT_KEY(ctx, F_LBG_LB, pair);
    }
}

static void
lb_group_lb_places(struct incr_ctx *ctx, const struct incr_group *group)
{
    static const unsigned int from[] = { F_LBG_SWITCHES, F_LBG_ROUTERS };
    static const unsigned int to[] = { F_LB_SWITCH, F_LB_ROUTER };
    const struct row_pair *key = incr_group_key(group);

    for (int i = 0; i < 2; i++) {
        const struct incr_group *places = LOOKUP(ctx, from[i], key->a);

        for (size_t j = 0; places && j < places->n; j++) {
            struct row_pair pair = {
                key->b, *(const void *const *) incr_group_value(places, j),
            };

            EMIT_KEY(ctx, to[i], pair);
        }
    }
}

static struct row_id
lb_row(const struct nb_load_balancer *lb)
{
    return (struct row_id) { F_SB_LB, &lb->header.uuid,
                             sizeof lb->header.uuid };
}

static bool
is_template(struct incr_ctx *ctx, const struct nb_load_balancer *lb)
{
    return strmap_get_bool(nb_load_balancer_get_options(ctx, lb), "template",
                           false);
}

/* VIPs, each a fact of its own, so that a change of one is not one of all. */
static void
lb_vips(struct incr_ctx *ctx, const void *row)
{
    const struct nb_load_balancer *lb = row;
    const struct lb_vip_key key = { lb };
    const struct strmap *vips = nb_load_balancer_get_vips(ctx, lb);

    if (!vips->n || is_template(ctx, lb)) {
        return;
    }
    EMIT_KEY(ctx, F_LB_LIVE, lb);
    STRMAP_FOR_EACH (i, vips) {
        struct str *s = incr_scratch(ctx, SCRATCH_KEY);

        str_put_bytes(s, &key, sizeof key);
        str_put(s, vips->keys[i]);
        incr_emit(ctx, F_LB_VIP, s->string, s->length, vips->values[i],
                  strlen(vips->values[i]) + 1);
    }
}

/* All that depends on which switches a load balancer is on, but not on its
 * VIPs. */
static void
lb_on_switch(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_load_balancer *lb = key->a;
    const struct nb_logical_switch *ls = key->b;
    const struct lb_places places = { lb, LB_ON_SWITCHES };

    if (!EXISTS(ctx, F_LB_LIVE, lb)) {
        return;
    }
    switch_set(ctx, ls, SWITCH_HAS_LB);
    EMIT(ctx, F_LB_PLACES, places, ls);
    if (switch_balances_stateless(ctx, ls)) {
        EMIT_KEY(ctx, F_LB_STATELESS, *key);
    }
    if (get_datapath_key(ctx, &ls->header)) {
        const struct row_id id = lb_row(lb), dp = datapath_row(&ls->header);

        cell_ref(ctx, &id, SB_LOAD_BALANCER_COL_DATAPATHS, &dp);
    }
}

static void
lb_on_router(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_load_balancer *lb = key->a;
    const struct nb_logical_router *lr = key->b;
    struct lb_places places = { lb, LB_ON_GATEWAYS };

    if (!EXISTS(ctx, F_LB_LIVE, lb)) {
        return;
    }
    router_set(ctx, lr, ROUTER_HAS_LB);
    if (router_chassis(ctx, lr)) {
        if (*strmap_get_def(nb_logical_router_get_options(ctx, lr),
                            "lb_force_snat_ip", "")
            && !lb_skips_snat(ctx, lb)) {
            places.kind = LB_ON_SNAT_GATEWAYS;
        }
        EMIT(ctx, F_LB_PLACES, places, lr);
    }
}

static void
lb_sb_row(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct lb_places *places = incr_group_key(group);
    const struct nb_load_balancer *lb = places->lb;
    const struct row_id id = lb_row(lb);
    const char *protocol = nb_load_balancer_get_protocol(ctx, lb);

    if (places->kind != LB_ON_SWITCHES) {
        return;
    }
    cell_string(ctx, &id, SB_LOAD_BALANCER_COL_NAME,
                nb_load_balancer_get_name(ctx, lb));
    cell_map(ctx, &id, SB_LOAD_BALANCER_COL_VIPS,
             nb_load_balancer_get_vips(ctx, lb));
    if (protocol) {
        cell_string(ctx, &id, SB_LOAD_BALANCER_COL_PROTOCOL, protocol);
    }
    cell_map(ctx, &id, SB_LOAD_BALANCER_COL_OPTIONS,
             nb_load_balancer_get_options(ctx, lb));
    cell_pair(ctx, &id, SB_LOAD_BALANCER_COL_OPTIONS, "hairpin_orig_tuple",
              "true");
    cell_pair(ctx, &id, SB_LOAD_BALANCER_COL_EXTERNAL_IDS, "lb_id",
              text(ctx, 0, UUID_FMT, UUID_ARGS(&lb->header.uuid)));
}

/* Common to the flows of switches and routers. */

static bool
parse_vip(const struct nb_load_balancer *lb, const char *key,
          const char *backends, struct lb_vip *vip)
{
    struct error *error = lb_vip_parse(key, backends, vip);

    if (error) {
        warn_row(&lb->header, "vip %s: %s", key, error_message(error));
        error_free(error);
        return false;
    }
    return true;
}

bool
lb_vip_read(struct incr_ctx *ctx, const struct incr_group *group,
            struct lb_vip *vip)
{
    const struct lb_vip_key *key = incr_group_key(group);
    struct str *s = incr_scratch(ctx, 0);

    str_put_bytes(s, key + 1, group->key_size - sizeof *key);
    return parse_vip(key->lb, str_cstr(s), incr_group_value(group, 0), vip);
}

const char *
lb_protocol(struct incr_ctx *ctx, const struct nb_load_balancer *lb)
{
    const char *protocol = nb_load_balancer_get_protocol(ctx, lb);

    return protocol ? protocol : "tcp";
}

void
lb_for_each_vip(struct incr_ctx *ctx, const struct nb_load_balancer *lb,
                void (*visit)(struct incr_ctx *, const struct lb_vip *,
                              const char *protocol, void *aux),
                void *aux)
{
    const struct strmap *vips = nb_load_balancer_get_vips(ctx, lb);
    const char *protocol = lb_protocol(ctx, lb);

    if (is_template(ctx, lb)) {
        return;
    }
    STRMAP_FOR_EACH (i, vips) {
        struct lb_vip vip;

        if (parse_vip(lb, vips->keys[i], vips->values[i], &vip)) {
            visit(ctx, &vip, protocol, aux);
            lb_vip_uninit(&vip);
        }
    }
}

const char *
lb_vip_match(struct incr_ctx *ctx, unsigned int i, const struct lb_vip *vip,
             const char *protocol)
{
    struct str *s = incr_scratch(ctx, i);

    str_printf(s, "ip%d.dst == ", ip_is_v4(&vip->vip.ip) ? 4 : 6);
    ip_format(&vip->vip.ip, s);
    if (vip->vip.port) {
        str_printf(s, " && %s.dst == %u", protocol, vip->vip.port);
    }
    return str_cstr(s);
}

/* Names of selection_fields in the language of flows. */
static void
put_hash_fields(struct incr_ctx *ctx, const struct nb_load_balancer *lb,
                const char *protocol, struct str *s)
{
    size_t n;
    const char *const *fields
        = nb_load_balancer_get_selection_fields(ctx, lb, &n);

    if (!n) {
        return;
    }
    str_put(s, "; hash_fields=\"");
    for (size_t i = 0; i < n; i++) {
        const char *field = fields[i];

        str_put(s, i ? "," : "");
        if (!strcmp(field, "tp_src") || !strcmp(field, "tp_dst")) {
            str_printf(s, "%s_%s", protocol, field + 3);
        } else {
            str_put(s, field);
        }
    }
    str_put_char(s, '"');
}

const char *
lb_action(struct incr_ctx *ctx, unsigned int i,
          const struct nb_load_balancer *lb, const struct lb_vip *vip,
          const char *option)
{
    struct str *s = incr_scratch(ctx, i);

    if (!vip->backends.n) {
        return "";
    }
    str_put(s, "ct_lb_mark(backends=");
    for (size_t j = 0; j < vip->backends.n; j++) {
        str_put(s, j ? "," : "");
        ip_port_format(&vip->backends.items[j], s);
    }
    put_hash_fields(ctx, lb, lb_protocol(ctx, lb), s);
    if (option) {
        str_printf(s, "; %s", option);
    }
    str_put(s, ");");
    return str_cstr(s);
}

bool
switch_balances_stateless(struct incr_ctx *ctx,
                          const struct nb_logical_switch *ls)
{
    return strmap_get_bool(nb_logical_switch_get_other_config(ctx, ls),
                           "enable-stateless-acl-with-lb", false);
}

bool
lb_skips_snat(struct incr_ctx *ctx, const struct nb_load_balancer *lb)
{
    return strmap_get_bool(nb_load_balancer_get_options(ctx, lb),
                           "skip_snat", false);
}

bool
lb_rejects(struct incr_ctx *ctx, const struct nb_load_balancer *lb)
{
    return strmap_get_bool(nb_load_balancer_get_options(ctx, lb), "reject",
                           false);
}

const char *
lb_event(struct incr_ctx *ctx, unsigned int i,
         const struct nb_load_balancer *lb, const struct lb_vip *vip,
         const char **meter)
{
    static const char name[] = "event-elb";
    struct str *s = incr_scratch(ctx, i);

    if (vip->backends.n || lb_rejects(ctx, lb)
        || !(get_global(ctx).controller_event
             || strmap_get_bool(nb_load_balancer_get_options(ctx, lb),
                                "event", false))) {
        return NULL;
    }
    str_put(s, "trigger_event(event = \"empty_lb_backends\", vip = \"");
    ip_port_format(&vip->vip, s);
    str_printf(s, "\", protocol = \"%s\", load_balancer = \""UUID_FMT"\");",
               lb_protocol(ctx, lb), UUID_ARGS(&lb->header.uuid));
    *meter = get_row_by_name(ctx, F_METER, name) ? name : NULL;
    return str_cstr(s);
}

UNIT_LIST(lb_units,
    UNIT_GROUP(RANK_MEMBER, F_SWITCH, switch_lbs),
    UNIT_GROUP(RANK_MEMBER, F_ROUTER, router_lbs),
    UNIT_GROUP(RANK_ADDRESS, F_SWITCH, switch_lb_groups),
    UNIT_GROUP(RANK_ADDRESS, F_ROUTER, router_lb_groups),
    UNIT_ROW(RANK_ADDRESS, T_NB(LOAD_BALANCER_GROUP), lb_group_lbs),
    UNIT_GROUP(RANK_MEMBER, F_LBG_LB, lb_group_lb_places),
    UNIT_ROW(RANK_MEMBER, T_NB(LOAD_BALANCER), lb_vips),
    UNIT_GROUP(RANK_SET, F_LB_SWITCH, lb_on_switch),
    UNIT_GROUP(RANK_SET, F_LB_ROUTER, lb_on_router),
    UNIT_GROUP(RANK_OUT, F_LB_PLACES, lb_sb_row));
