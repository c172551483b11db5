/* SPDX-License-Identifier: Apache-2.0 */
/* A logical flow becomes the OpenFlow flows of its match, in the table of its
 * stage, for each datapath that matters here.
 *
 * Most flows say nothing that depends on the datapath: their match is compiled
 * once and emitted under each datapath's key.  Where the match names ports or
 * port groups, which mean something else on each datapath, it is compiled for
 * each. */
#include "controller/translate/lflow.h"

#include <inttypes.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/flows.h"
#include "controller/program.h"
#include "controller/translate/options.h"
#include "controller/translate/sets.h"
#include "lib/logical/actions.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/schema/sb_tracked.h"

LOG_MODULE(lflow);
COUNTER(lflow_translate);
COUNTER(lflow_bad);

static const struct action_tables action_tables = {
    .ingress = OF_TABLE_LOG_INGRESS,
    .egress = OF_TABLE_LOG_EGRESS,
    .output_ingress = OF_TABLE_REMOTE_OUTPUT,
    .output_egress = OF_TABLE_SAVE_INPORT,
    .mac_bind = OF_TABLE_MAC_BINDING,
    .mac_lookup = OF_TABLE_MAC_LOOKUP,
    .mac_cache_use = OF_TABLE_MAC_CACHE_USE,
    .get_fdb = OF_TABLE_GET_FDB,
    .lookup_fdb = OF_TABLE_LOOKUP_FDB,
    .check_in_port_sec = OF_TABLE_CHK_IN_PORT_SEC,
    .check_out_port_sec = OF_TABLE_CHK_OUT_PORT_SEC,
    .chk_lb_hairpin = OF_TABLE_CHK_LB_HAIRPIN,
    .chk_lb_hairpin_reply = OF_TABLE_CHK_LB_HAIRPIN_REPLY,
    .ct_snat_hairpin = OF_TABLE_CT_SNAT_HAIRPIN,
    .chk_lb_affinity = OF_TABLE_CHK_LB_AFFINITY,
    .ecmp_nh_mac = OF_TABLE_ECMP_NH_MAC,
    .ecmp_nh = OF_TABLE_ECMP_NH,
    .ct_nw_dst = OF_TABLE_CT_NW_DST,
    .ct_ip6_dst = OF_TABLE_CT_IP6_DST,
    .ct_tp_dst = OF_TABLE_CT_TP_DST,
    .ct_state_save = OF_TABLE_CT_STATE_SAVE,
    .flood_remote = OF_TABLE_FLOOD_REMOTE,
    .mirror_output = OF_TABLE_LOCAL_OUTPUT,
};

/* One logical flow on its way. */
struct translation {
    struct incr_ctx *ctx;
    const struct sb_logical_flow *row;
    struct arena arena;
    uint32_t dp_key;             /* Of the datapath being done. */
    bool depends_on_datapath;
    bool groups_are_here;        /* Only the ports here matter of groups. */
    bool is_waiting;             /* For an id: emit nothing yet. */

    enum pipeline pipeline;
    uint8_t stage;
    uint16_t priority;
    const struct expr *match;
    const struct action *actions;
};

/* ## What expressions and actions ask ## */

static const struct const_set *
find_set(void *t_, const char *name)
{
    struct translation *t = t_;

    return address_set_find(t->ctx, name, &t->arena);
}

static const char *const *
find_port_group(void *t_, const char *name, size_t *ret_n)
{
    struct translation *t = t_;

    return port_group_find(t->ctx, t->dp_key, name,
                           t->groups_are_here, &t->arena, ret_n);
}

static bool
find_port(void *t_, const char *name, uint32_t *ret_key)
{
    struct translation *t = t_;
    const struct port_fact *port = controller_find_port(t->ctx, name);

    if (port && port->dp_key == t->dp_key) {
        *ret_key = port->port_key;
        return true;
    }
    *ret_key = group_key_find(t->ctx, t->dp_key, name);
    return *ret_key != 0;
}

static bool
is_chassis_resident(void *t_, const char *port)
{
    struct translation *t = t_;

    return incr_exists(t->ctx, FACT_RESIDENT, port, strlen(port) + 1);
}

static bool
find_tunnel(void *t_, const char *name, ofp_port_t *ret)
{
    struct translation *t = t_;
    const struct tunnel_fact *tunnel = port_tunnel(t->ctx, name);

    if (tunnel) {
        *ret = tunnel->ofport;
    }
    return tunnel != NULL;
}

static bool
find_id(struct translation *t, enum id_kind kind, const char *text,
        uint32_t *ret_id)
{
    *ret_id = controller_want_id(t->ctx, kind, text, 1);
    t->is_waiting |= !*ret_id;
    return true;
}

static bool
find_group(void *t, const char *text, uint32_t *ret_id)
{
    return find_id(t, ID_GROUP, text, ret_id);
}

static bool
find_meter(void *t, const char *name, uint32_t *ret_id)
{
    return find_id(t, ID_METER, name, ret_id);
}

static void
note_ref(void *t_, enum expr_ref_type type, const char *name UNUSED)
{
    struct translation *t = t_;

    if (type == EXPR_REF_PORT || type == EXPR_REF_PORT_GROUP) {
        t->depends_on_datapath = true;
    }
}

static bool
names_group(const struct expr *expr)
{
    for (size_t i = 0; i < expr->cmp.n_constants; i++) {
        if (expr->cmp.constants[i].type == EXPR_CONST_PORT_GROUP) {
            return true;
        }
    }
    return false;
}

/* Is 'field' all that the expression compares with port groups? */
static bool
compares_groups_with(const struct expr *expr, const char *field)
{
    switch (expr->type) {
    case EXPR_COMPARE:
        return (!names_group(expr)
                || !strcmp(expr->cmp.bits.symbol->name, field));
    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            if (!compares_groups_with(expr->andor.subs[i], field)) {
                return false;
            }
        }
        return true;
    case EXPR_BOOLEAN:
    case EXPR_CHASSIS_RESIDENT:
        return true;
    }
    return false;
}

/* ## Reading ## */

static bool
read_place(struct translation *t)
{
    const char *pipeline = sb_logical_flow_get_pipeline(t->ctx, t->row);
    int64_t stage = sb_logical_flow_get_table_id(t->ctx, t->row);

    t->pipeline = (!strcmp(pipeline, "ingress") ? PIPELINE_INGRESS
                   : PIPELINE_EGRESS);
    t->stage = stage;
    t->priority = sb_logical_flow_get_priority(t->ctx, t->row);
    return stage >= 0 && stage < (t->pipeline == PIPELINE_INGRESS
                                  ? LFLOW_N_INGRESS : LFLOW_N_EGRESS);
}

static struct error *
parse(struct translation *t)
{
    const struct option_tables *options = options_get();
    const struct action_parse_env env = {
        .symbols = ovn_symbols(),
        .dhcpv4 = &options->dhcpv4,
        .dhcpv6 = &options->dhcpv6,
        .nd_ra = &options->nd_ra,
        .pipeline = t->pipeline,
        .table = t->stage,
        /* A rejection goes from the egress pipeline to the ingress one, which
         * has more tables. */
        .n_tables = LFLOW_N_INGRESS,
    };
    const struct expr *prereqs;
    struct error *error;

    error = expr_parse(sb_logical_flow_get_match(t->ctx, t->row),
                       ovn_symbols(), &t->arena, &t->match);
    if (error) {
        return error_wrap(error, "match");
    }
    error = actions_parse(sb_logical_flow_get_actions(t->ctx, t->row), &env,
                          &t->arena, &t->actions, &prereqs);
    if (error) {
        return error_wrap(error, "actions");
    }
    t->match = expr_and(&t->arena, t->match, prereqs);
    expr_for_each_ref(t->match, note_ref, t);
    /* The ingress pipeline runs where 'inport' is, the egress pipeline where
     * 'outport' is. */
    t->groups_are_here = compares_groups_with(
        t->match, t->pipeline == PIPELINE_INGRESS ? "inport" : "outport");
    return NULL;
}

/* ## Writing ## */

static struct error *
encode_actions(struct translation *t,
               const struct sb_datapath_binding *datapath, struct buf *out)
{
    const struct action_encode_env env = {
        .tables = &action_tables,
        .pipeline = t->pipeline,
        .is_switch = datapath_is_switch(t->ctx, datapath),
        .datapath_key = t->dp_key,
        .cookie = t->row->header.uuid.parts[0],
        .common_nat_zone_reg = LOG_REG_DNAT_ZONE,
        .punt_meter = CONTROLLER_NO_METER,
        .find_port = find_port,
        .find_tunnel = find_tunnel,
        .find_group = find_group,
        .find_meter = find_meter,
        .aux = t,
    };

    return actions_encode(t->actions, &env, out);
}

/* The first of as many conjunction ids in a row as the matches use, for flows
 * of this logical flow on this datapath. */
static uint32_t
conjunction_base(struct translation *t, uint32_t n)
{
    char text[UUID_LEN + 16];
    uint32_t id;

    if (!n) {
        return 0;
    }
    uuid_format(&t->row->header.uuid, text);
    snprintf(text + UUID_LEN, sizeof text - UUID_LEN, "/%"PRIu32,
             t->depends_on_datapath ? t->dp_key : 0);
    id = controller_want_id(t->ctx, ID_CONJUNCTION, text, n);
    t->is_waiting |= !id;
    return id - 1;
}

static void
emit_matches(struct translation *t, const struct expr_matches *matches,
             const struct buf *actions)
{
    uint8_t table = t->stage + (t->pipeline == PIPELINE_INGRESS
                                ? OF_TABLE_LOG_INGRESS : OF_TABLE_LOG_EGRESS);
    uint32_t base = conjunction_base(t, matches->n_conj_ids);
    struct flow_builder b;

    if (t->is_waiting) {
        return;
    }
    flow_builder_init(&b, t->ctx, t->row->header.uuid.parts[0]);
    VEC_FOR_EACH (m, &matches->items) {
        flow_begin(&b);
        expr_match_to_match(m, base, &b.match);
        match_set_metadata(&b.match, t->dp_key);
        for (size_t i = 0; i < m->n_conjs; i++) {
            struct ofpact_conjunction *conj
                = ofpact_put_CONJUNCTION(&b.actions);

            conj->id = base + m->conjs[i].id;
            conj->clause = m->conjs[i].clause;
            conj->n_clauses = m->conjs[i].n_clauses;
        }
        if (!m->n_conjs) {
            buf_put(&b.actions, actions->data, actions->size);
        }
        flow_emit(&b, table, t->priority);
    }
    flow_builder_uninit(&b);
}

static struct error *
translate_for(struct translation *t,
              const struct sb_datapath_binding *datapath,
              struct expr_matches *matches, bool *compiled)
{
    const struct expr_env env = {
        .find_set = find_set,
        .find_port_group = find_port_group,
        .find_port = find_port,
        .is_chassis_resident = is_chassis_resident,
        .aux = t,
    };
    uint64_t storage[128];
    struct error *error = NULL;
    struct buf actions;

    t->is_waiting = false;
    if (!*compiled || t->depends_on_datapath) {
        expr_matches_clear(matches);
        error = expr_compile(t->match, &env, matches);
        if (error) {
            return error_wrap(error, "match");
        }
        *compiled = true;
    }
    if (!matches->items.n) {
        return NULL;
    }
    buf_init_stack(&actions, storage, sizeof storage);
    error = encode_actions(t, datapath, &actions);
    if (!error) {
        emit_matches(t, matches, &actions);
    }
    buf_uninit(&actions);
    return error_wrap(error, "actions");
}

/* Does the flow for the datapath if it matters here. */
static struct error *
consider(struct translation *t, const struct sb_datapath_binding *datapath,
         struct expr_matches *matches, bool *compiled)
{
    struct error *error;

    if (!datapath) {
        return NULL;
    }
    t->dp_key = sb_datapath_binding_get_tunnel_key(t->ctx, datapath);
    if (!controller_is_local(t->ctx, t->dp_key)) {
        return NULL;
    }
    if (!t->match) {
        error = parse(t);
        if (error) {
            return error;
        }
    }
    return translate_for(t, datapath, matches, compiled);
}

static struct error *
translate(struct translation *t)
{
    const struct sb_logical_dp_group *group
        = sb_logical_flow_get_logical_dp_group(t->ctx, t->row);
    struct sb_datapath_binding *const *datapaths;
    struct expr_matches matches;
    struct error *error;
    bool compiled = false;
    size_t n;

    expr_matches_init(&matches);
    error = consider(t, sb_logical_flow_get_logical_datapath(t->ctx, t->row),
                     &matches, &compiled);
    if (group && !error) {
        datapaths = sb_logical_dp_group_get_datapaths(t->ctx, group, &n);
        for (size_t i = 0; i < n && !error; i++) {
            error = consider(t, datapaths[i], &matches, &compiled);
        }
    }
    expr_matches_uninit(&matches);
    return error;
}

void
logical_flow_unit(struct incr_ctx *ctx, const void *row_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    struct translation t = { .ctx = ctx, .row = row_, .arena = ARENA_EMPTY };
    struct error *error;

    counter_inc(lflow_translate);
    error = (read_place(&t) ? translate(&t)
             : error_create(0, "stage %d is beyond the tables there are",
                            t.stage));
    if (error) {
        counter_inc(lflow_bad);
        log_warn_limited(&limit, "logical flow "UUID_FMT" is left out: %s",
                         UUID_ARGS(&t.row->header.uuid),
                         error_message(error));
        error_free(error);
    }
    arena_uninit(&t.arena);
}
