/* SPDX-License-Identifier: Apache-2.0 */
/* A logical flow becomes the OpenFlow flows of its match, in the table of its
 * stage, for each datapath that matters here.
 *
 * Most flows say nothing that depends on the datapath: their match is compiled
 * once and emitted under each datapath's key.  Where the match names ports or
 * port groups, which mean something else on each datapath, it is compiled for
 * each.
 *
 * A flow may be cut into parts that have units of their own (parts.h): one for
 * each datapath, if port groups are in the match; and one for each bucket of a
 * large address set or port group (sets.h), which the others take as empty. */
#include "controller/translate/lflow.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/flows.h"
#include "controller/program.h"
#include "controller/translate/groups.h"
#include "controller/translate/options.h"
#include "controller/translate/parts.h"
#include "controller/translate/sets.h"
#include "lib/base/alloc.h"
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
    .get_remote_fdb = OF_TABLE_GET_REMOTE_FDB,
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
    .ct_proto = OF_TABLE_CT_PROTO,
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
    bool asked_for_datapath;     /* By what was compiled or encoded. */
    const struct sb_datapath_binding *place;  /* Only this one; or NULL. */
    const char *set;             /* Only the members... */
    struct const_set members;    /* ...that are in here; or NULL. */

    enum pipeline pipeline;
    uint8_t stage;
    uint16_t priority;
    const struct expr *match;
    const struct action *actions;

    /* The actions as encoded last: for all datapaths of the kind, if they say
     * nothing that depends on the datapath. */
    struct buf encoded;
    bool is_encoded;
    bool encoded_for_switch;
    bool encoded_is_waiting;
};

/* ## What expressions and actions ask ## */

static const struct const_set *
find_set(void *t_, const char *name)
{
    static const struct const_set none;
    struct translation *t = t_;

    if (set_is_in_parts(t->ctx, t->row, t->place, name)) {
        return &none;
    }
    return address_set_find(t->ctx, name, &t->arena);
}

static bool
is_large_group(void *t_, const char *name)
{
    struct translation *t = t_;
    struct str *set = incr_scratch(t->ctx, 5);

    str_put_char(set, '@');
    str_put(set, name);
    return set_is_in_parts(t->ctx, t->row, t->place, str_cstr(set));
}

static const char *const *
find_port_group(void *t_, const char *name, size_t *ret_n)
{
    static const char *const none[1];
    struct translation *t = t_;

    if (is_large_group(t, name)) {
        *ret_n = 0;
        return none;
    }
    return port_group_find(t->ctx, t->dp_key, name,
                           t->groups_are_here, &t->arena, ret_n);
}

static bool
find_port(void *t_, const char *name, uint32_t *ret_key)
{
    struct translation *t = t_;
    const struct port_fact *port = controller_find_port(t->ctx, name);

    t->asked_for_datapath = true;
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

static uint32_t
datapath_key(void *t_)
{
    struct translation *t = t_;

    t->asked_for_datapath = true;
    return t->dp_key;
}

static void
note_ref(void *t_, enum expr_ref_type type, const char *name UNUSED)
{
    struct translation *t = t_;

    if (type == EXPR_REF_PORT || type == EXPR_REF_PORT_GROUP) {
        t->depends_on_datapath = true;
    }
}

/* ## Reading ## */

static bool
read_stage(struct translation *t)
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

/* What a flow's texts say.  It is kept until the next one is read, since the
 * parts of one flow run one after the other; that is no state, as it follows
 * from its members. */
struct parsed {
    char *match;                 /* NULL: nothing. */
    char *actions;
    enum pipeline pipeline;
    uint8_t stage;
    struct arena arena;          /* Holds these two. */
    const struct expr *expr;
    const struct action *acts;
};

static _Thread_local struct parsed last_parsed;

static struct error *
parse_texts(const struct translation *t, const char *match,
            const char *actions, struct parsed *parsed)
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

    error = expr_parse(match, ovn_symbols(), &parsed->arena, &parsed->expr);
    if (error) {
        return error_wrap(error, "match");
    }
    error = actions_parse(actions, &env, &parsed->arena, &parsed->acts,
                          &prereqs);
    if (error) {
        return error_wrap(error, "actions");
    }
    parsed->expr = expr_and(&parsed->arena, parsed->expr, prereqs);
    return NULL;
}

static bool
is_parsed(const struct parsed *parsed, const struct translation *t,
          const char *match, const char *actions)
{
    return (parsed->match && parsed->pipeline == t->pipeline
            && parsed->stage == t->stage && !strcmp(parsed->match, match)
            && !strcmp(parsed->actions, actions));
}

static void
parsed_clear(struct parsed *parsed)
{
    free(parsed->match);
    free(parsed->actions);
    arena_uninit(&parsed->arena);
    *parsed = (struct parsed) { .arena = ARENA_EMPTY };
}

static struct error *
parse(struct translation *t)
{
    struct parsed *parsed = &last_parsed;
    const char *match, *actions;
    struct error *error;

    match = templates_expand(t->ctx,
                             sb_logical_flow_get_match(t->ctx, t->row),
                             &t->arena);
    actions = templates_expand(t->ctx,
                               sb_logical_flow_get_actions(t->ctx, t->row),
                               &t->arena);
    if (!is_parsed(parsed, t, match, actions)) {
        parsed_clear(parsed);
        error = parse_texts(t, match, actions, parsed);
        if (error) {
            return error;
        }
        parsed->match = xstrdup(match);
        parsed->actions = xstrdup(actions);
        parsed->pipeline = t->pipeline;
        parsed->stage = t->stage;
    }
    t->match = parsed->expr;
    t->actions = parsed->acts;
    expr_for_each_ref(t->match, note_ref, t);
    t->groups_are_here = lflow_groups_are_here(t->ctx, t->row, t->match);
    return NULL;
}

/* ## Writing ## */

/* The meter of packets that the flow sends up (control plane protection). */
static uint32_t
punt_meter(struct translation *t)
{
    const char *name = sb_logical_flow_get_controller_meter(t->ctx, t->row);
    uint32_t id;

    return (name && *name && find_meter(t, name, &id) ? id
            : CONTROLLER_NO_METER);
}

static struct error *
encode_actions(struct translation *t, bool is_switch)
{
    const struct action_encode_env env = {
        .tables = &action_tables,
        .pipeline = t->pipeline,
        .is_switch = is_switch,
        .cookie = t->row->header.uuid.parts[0],
        .common_nat_zone_reg = LOG_REG_DNAT_ZONE,
        .punt_meter = punt_meter(t),
        .find_port = find_port,
        .find_tunnel = find_tunnel,
        .find_group = find_group,
        .find_meter = find_meter,
        .datapath_key = datapath_key,
        .aux = t,
    };

    buf_clear(&t->encoded);
    return actions_encode(t->actions, &env, &t->encoded);
}

/* Sees to it that 'encoded' holds the actions for 'datapath'. */
static struct error *
need_actions(struct translation *t, const struct sb_datapath_binding *datapath)
{
    bool is_switch = datapath_is_switch(t->ctx, datapath);
    bool was_waiting = t->is_waiting;
    struct error *error;

    if (!t->is_encoded || t->encoded_for_switch != is_switch) {
        t->is_waiting = t->asked_for_datapath = false;
        error = encode_actions(t, is_switch);
        if (error) {
            return error_wrap(error, "actions");
        }
        t->is_encoded = !t->asked_for_datapath;
        t->encoded_for_switch = is_switch;
        t->encoded_is_waiting = t->is_waiting;
    }
    t->is_waiting = was_waiting || t->encoded_is_waiting;
    return NULL;
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
    id = (t->set ? controller_find_id(t->ctx, ID_CONJUNCTION, text)
          : controller_want_id(t->ctx, ID_CONJUNCTION, text, n));
    t->is_waiting |= !id;
    return id - 1;
}

static void
emit_match(struct translation *t, struct flow_builder *b,
           const struct expr_match *m, uint32_t base)
{
    flow_begin(b);
    expr_match_to_match(m, base, &b->match);
    match_set_metadata(&b->match, t->dp_key);
    for (size_t i = 0; i < m->n_conjs; i++) {
        struct ofpact_conjunction *conj = ofpact_put_CONJUNCTION(&b->actions);

        conj->id = base + m->conjs[i].id;
        conj->clause = m->conjs[i].clause;
        conj->n_clauses = m->conjs[i].n_clauses;
    }
    if (!m->n_conjs) {
        buf_put(&b->actions, t->encoded.data, t->encoded.size);
    }
    flow_emit(b, t->stage + (t->pipeline == PIPELINE_INGRESS
                             ? OF_TABLE_LOG_INGRESS : OF_TABLE_LOG_EGRESS),
              t->priority);
}

/* Do all matches have conjunctions as their actions? */
static bool
are_conjunctive(const struct expr_matches *matches)
{
    VEC_FOR_EACH (m, &matches->items) {
        if (!m->n_conjs) {
            return false;
        }
    }
    return true;
}

static struct error *
emit_matches(struct translation *t,
             const struct sb_datapath_binding *datapath,
             const struct expr_matches *matches)
{
    uint32_t base = conjunction_base(t, matches->n_conj_ids);
    struct error *error = NULL;
    struct flow_builder b;

    if (!are_conjunctive(matches)) {
        error = need_actions(t, datapath);
    }
    if (!error && !t->is_waiting) {
        flow_builder_init(&b, t->ctx, t->row->header.uuid.parts[0]);
        VEC_FOR_EACH (m, &matches->items) {
            emit_match(t, &b, m, base);
        }
        flow_builder_uninit(&b);
    }
    return error;
}

static struct expr_env
compile_env(struct translation *t)
{
    return (struct expr_env) {
        .find_set = find_set,
        .find_port_group = find_port_group,
        .is_large_group = is_large_group,
        .find_port = find_port,
        .is_chassis_resident = is_chassis_resident,
        .aux = t,
    };
}

static struct error *
translate_for(struct translation *t,
              const struct sb_datapath_binding *datapath,
              struct expr_matches *matches, bool *compiled)
{
    const struct expr_env env = compile_env(t);
    struct error *error;

    if (!*compiled || t->depends_on_datapath) {
        expr_matches_clear(matches);
        error = expr_compile(t->match, &env, matches);
        if (error) {
            return error_wrap(error, "match");
        }
        *compiled = true;
    }
    return matches->items.n ? emit_matches(t, datapath, matches) : NULL;
}

static struct error *
translate_members(struct translation *t,
                  const struct sb_datapath_binding *datapath,
                  struct expr_matches *matches)
{
    const struct expr_env env = compile_env(t);

    expr_matches_clear(matches);
    if (!expr_compile_members(t->match, &env, t->set, t->members.items,
                              t->members.n, matches)) {
        return error_create(0, "members of %s have no flows of their own",
                            t->set);
    }
    return matches->items.n ? emit_matches(t, datapath, matches) : NULL;
}

struct consideration {
    struct translation *t;
    struct expr_matches matches;
    bool compiled;
    struct error *error;
};

/* Does the flow for the datapath if it matters here. */
static void
consider(void *con_, const struct sb_datapath_binding *datapath)
{
    struct consideration *con = con_;
    struct translation *t = con->t;

    if (con->error) {
        return;
    }
    t->dp_key = sb_datapath_binding_get_tunnel_key(t->ctx, datapath);
    if (!controller_is_local(t->ctx, t->dp_key)) {
        return;
    }
    if (!t->match) {
        con->error = parse(t);
        if (con->error) {
            return;
        }
    }
    t->is_waiting = false;
    con->error = (t->set ? translate_members(t, datapath, &con->matches)
                  : translate_for(t, datapath, &con->matches,
                                  &con->compiled));
}

static struct error *
translate(struct translation *t)
{
    struct consideration con = { .t = t };

    expr_matches_init(&con.matches);
    if (t->place) {
        consider(&con, t->place);
    } else {
        lflow_for_each_datapath(t->ctx, t->row, consider, &con);
    }
    expr_matches_uninit(&con.matches);
    return con.error;
}

static void
run(struct translation *t)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    uint64_t storage[128];
    struct error *error;

    buf_init_stack(&t->encoded, storage, sizeof storage);
    counter_inc(lflow_translate);
    error = (read_stage(t) ? translate(t)
             : error_create(0, "stage %d is beyond the tables there are",
                            t->stage));
    if (error) {
        counter_inc(lflow_bad);
        log_warn_limited(&limit, "logical flow "UUID_FMT" is left out: %s",
                         UUID_ARGS(&t->row->header.uuid),
                         error_message(error));
        error_free(error);
    }
    buf_uninit(&t->encoded);
    arena_uninit(&t->arena);
}

void
logical_flow_unit(struct incr_ctx *ctx, const void *row_)
{
    struct translation t = { .ctx = ctx, .row = row_, .arena = ARENA_EMPTY };

    if (!lflow_has_places(ctx, row_)) {
        run(&t);
    }
}

void
lflow_place_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct part_key *key = incr_group_key(group);
    struct translation t = { .ctx = ctx, .row = key->row,
                             .arena = ARENA_EMPTY, .place = key->place };

    run(&t);
}

/* The ports of a bucket of a large group, as members of a set. */
static struct const_set
find_ports(struct translation *t, const struct part_key *key)
{
    const char *const *names;
    struct const_set set = { .n = 0 };
    size_t n;

    t->dp_key = sb_datapath_binding_get_tunnel_key(t->ctx, key->place);
    names = port_group_bucket_find(t->ctx, t->dp_key, key->name + 1,
                                   key->bucket, &t->arena, &n);
    set.items = arena_array(&t->arena, struct const_set_item, MAX(n, 1));
    for (size_t i = 0; i < n; i++) {
        uint32_t port;

        if (find_port(t, names[i], &port)) {
            set.items[set.n++] = (struct const_set_item) {
                .value = port, .mask = U128_MAX };
        }
    }
    return set;
}

void
set_members_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct part_key *key = incr_group_key(group);
    struct translation t = { .ctx = ctx, .row = key->row,
                             .arena = ARENA_EMPTY, .place = key->place,
                             .set = key->name };

    t.members = (key->name[0] == '@' ? find_ports(&t, key)
                 : address_bucket_find(ctx, key->name, key->bucket,
                                       &t.arena));
    run(&t);
}
