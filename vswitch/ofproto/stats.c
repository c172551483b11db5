/* SPDX-License-Identifier: Apache-2.0 */

/* Multipart requests: what controllers and ovs-ofctl ask about the state of
 * the switch. */

#include <stdio.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/openflow/table_msg.h"
#include "lib/runtime/clock.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/meter.h"

/* Fills a reply to 'msg'. */
typedef enum ofperr stats_fn(struct conn *, const struct ofmsg *,
                             struct multipart *reply);

static enum ofperr
reply_desc(struct conn *conn, const struct ofmsg *msg)
{
    conn_send(conn, switch_desc_encode(&conn->ofproto->desc, msg));
    return 0;
}

/* Flows. */

static bool
is_selected(const struct rule *rule, const struct flow_stats_request *r)
{
    const struct rule_actions *a = rule->actions;

    return (!rule_is_hidden(rule)
            && !((rule->cookie ^ r->cookie) & r->cookie_mask)
            && (r->out_port == OFPP_NONE
                || ofpacts_output_to_port(a->ofpacts, a->size, r->out_port))
            && (r->out_group == OFPG_ANY
                || ofpacts_output_to_group(a->ofpacts, a->size,
                                           r->out_group)));
}

/* Calls 'each' for the rules that 'r' selects. */
static enum ofperr
for_each_rule(const struct ofproto *ofproto,
              const struct flow_stats_request *r,
              void (*each)(const struct rule *, void *aux), void *aux)
{
    unsigned int first = r->table_id == OFPTT_ALL ? 0 : r->table_id;
    unsigned int last = (r->table_id == OFPTT_ALL ? OFPROTO_N_TABLES - 1
                         : r->table_id);
    struct cls_rule target;

    if (last >= OFPROTO_N_TABLES) {
        return OFPBRC_BAD_TABLE_ID;
    }
    cls_rule_init(&target, &r->match.flow, &r->match.wc, 0);
    for (unsigned int t = first; t <= last; t++) {
        struct cls_cursor cursor;

        for (struct cls_rule *c = cls_cursor_first(
                 &cursor, ofproto->tables[t].cls, &target,
                 ofproto_version(ofproto));
             c; c = cls_cursor_next(&cursor)) {
            if (is_selected(rule_from_cls(c), r)) {
                each(rule_from_cls(c), aux);
            }
        }
    }
    cls_rule_uninit(&target);
    return 0;
}

static void
append_rule(const struct rule *rule, void *reply)
{
    const struct tlv_table *tlv = rule->ofproto->tlv;
    struct flow_stats fs;

    rule_get_stats(rule, tlv, &fs);
    flow_stats_append(reply, &fs, tlv);
}

static enum ofperr
reply_flows(struct conn *conn, const struct ofmsg *msg,
            struct multipart *reply)
{
    struct flow_stats_request request;
    struct ofp_decode decode;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = flow_stats_request_decode(&request, msg, &decode);
    return error ? error : for_each_rule(conn->ofproto, &request,
                                         append_rule, reply);
}

static void
add_rule(const struct rule *rule, void *stats_)
{
    struct aggregate_stats *stats = stats_;

    stats->n_flows++;
    stats->n_packets += __atomic_load_n(&rule->n_packets, __ATOMIC_RELAXED);
    stats->n_bytes += __atomic_load_n(&rule->n_bytes, __ATOMIC_RELAXED);
}

static enum ofperr
reply_aggregate(struct conn *conn, const struct ofmsg *msg)
{
    struct aggregate_stats stats = { .n_flows = 0 };
    struct flow_stats_request request;
    struct ofp_decode decode;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = flow_stats_request_decode(&request, msg, &decode);
    if (!error) {
        error = for_each_rule(conn->ofproto, &request, add_rule, &stats);
    }
    if (!error) {
        conn_send(conn, aggregate_stats_encode(&stats, msg));
    }
    return error;
}

/* Tables. */

static enum ofperr
reply_table_stats(struct conn *conn, const struct ofmsg *msg,
                  struct multipart *reply)
{
    const struct ofproto *ofproto = conn->ofproto;

    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        const struct oftable *table = &ofproto->tables[t];
        uint64_t n_matched = __atomic_load_n(&table->n_matched,
                                             __ATOMIC_RELAXED);
        uint64_t n_missed = __atomic_load_n(&table->n_missed,
                                            __ATOMIC_RELAXED);
        struct table_stats stats = {
            .table_id = t,
            .active_count = table->n_flows,
            .max_entries = MIN(table->max_flows, 1000000),
            .wildcards = 0x3fffff,
            .lookup_count = n_matched + n_missed,
            .matched_count = n_matched,
        };

        snprintf(stats.name, sizeof stats.name, "%s",
                 table->name ? table->name : "");
        table_stats_append(reply, &stats);
    }
    return 0;
}

static void
fill_instructions(struct table_instructions *ti, unsigned int t,
                  uint8_t version)
{
    ti->instructions = 0x7e;     /* goto_table to meter. */
    if (t + 1 == OFPROTO_N_TABLES) {
        ti->instructions &= ~UINT32_C(0x02);     /* There is none to go to. */
    }
    if (version >= OFP15_VERSION) {
        ti->instructions &= ~UINT32_C(0x40);     /* It is an action there. */
    }
    for (unsigned int next = t + 1; next < OFPROTO_N_TABLES; next++) {
        ti->next[next / 64] |= UINT64_C(1) << next % 64;
    }
    ti->write.ofpacts = ti->apply.ofpacts
        = ((UINT64_C(1) << OFPACT_N_TYPES) - 1)
          & ~(UINT64_C(1) << OFPACT_METER
              | UINT64_C(1) << OFPACT_CLEAR_ACTIONS
              | UINT64_C(1) << OFPACT_WRITE_ACTIONS
              | UINT64_C(1) << OFPACT_WRITE_METADATA
              | UINT64_C(1) << OFPACT_GOTO_TABLE);
    for (unsigned int i = 0; i < FIELD_N_IDS; i++) {
        if (field_from_id(i)->is_writable) {
            ti->write.set_fields.bits[i / 64] |= UINT64_C(1) << i % 64;
            ti->apply.set_fields.bits[i / 64] |= UINT64_C(1) << i % 64;
        }
    }
}

static void
fill_features(const struct ofproto *ofproto, unsigned int t,
              uint8_t version, struct table_features *tf)
{
    *tf = (struct table_features) {
        .table_id = t,
        .metadata_match = UINT64_MAX,
        .metadata_write = UINT64_MAX,
        .max_entries = MIN(ofproto->tables[t].max_flows, 1000000),
        .has_any_properties = true,
    };
    if (ofproto->tables[t].name) {
        snprintf(tf->name, sizeof tf->name, "%s", ofproto->tables[t].name);
    }
    fill_instructions(&tf->hit, t, version);
    fill_instructions(&tf->miss, t, version);
    for (unsigned int i = 0; i < FIELD_N_IDS; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;

        tf->match.bits[i / 64] |= bit;
        tf->wildcard.bits[i / 64] |= bit;
        if (field_from_id(i)->is_maskable) {
            tf->mask.bits[i / 64] |= bit;
        }
    }
}

/* May the table be what 'tf' says?  All that can be changed is its name, unless
 * the configuration gives it one. */
static enum ofperr
check_table_change(const struct ofproto *ofproto,
                   const struct table_features *tf)
{
    const struct oftable *table;

    if (tf->table_id >= OFPROTO_N_TABLES) {
        return OFPTFFC_BAD_TABLE;
    }
    if (tf->command > TABLE_FEATURES_MODIFY) {
        return OFPTFFC_EPERM;
    }
    table = &ofproto->tables[tf->table_id];
    return (table->is_named_by_config && *tf->name
            && strcmp(table->name, tf->name) ? OFPTFFC_EPERM : 0);
}

static enum ofperr
change_tables(struct ofproto *ofproto, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct table_features tf;
    int error;

    while (!(error = table_features_decode(&tf, msg, &r))) {
        error = check_table_change(ofproto, &tf);
        if (error) {
            break;
        }
    }
    if (error > 0) {
        return error;
    }
    r = ofmsg_reader(msg);
    while (!table_features_decode(&tf, msg, &r)) {
        struct oftable *table = &ofproto->tables[tf.table_id];

        if (!table->is_named_by_config) {
            oftable_set_name(table, *tf.name ? tf.name : NULL, false);
        }
    }
    return 0;
}

static enum ofperr
reply_table_features(struct conn *conn, const struct ofmsg *msg,
                     struct multipart *reply)
{
    enum ofperr error = (msg->body_size
                         ? change_tables(conn->ofproto, msg) : 0);

    if (error) {
        return error;
    }
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct table_features tf;

        fill_features(conn->ofproto, t, reply->version, &tf);
        table_features_append(reply, &tf);
    }
    return 0;
}

static enum ofperr
reply_table_desc(struct conn *conn, const struct ofmsg *msg,
                 struct multipart *reply)
{
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct table_mod tm;

        oftable_describe(&conn->ofproto->tables[t], t, &tm);
        table_desc_append(reply, &tm);
    }
    return 0;
}

/* Ports. */

static int
compare_ports(const void *a_, const void *b_)
{
    const struct ofport *a = *(struct ofport *const *) a_;
    const struct ofport *b = *(struct ofport *const *) b_;

    return (a->ofp_port > b->ofp_port) - (a->ofp_port < b->ofp_port);
}

/* Calls 'each' for the port of that number, or for all in order of their
 * numbers. */
static enum ofperr
for_each_port(const struct ofproto *ofproto, ofp_port_t number,
              void (*each)(const struct ofport *, struct multipart *),
              struct multipart *reply)
{
    VEC(struct ofport *) ports = VEC_EMPTY;
    struct ofport *port;

    if (number != OFPP_NONE) {
        port = ofport_find(ofproto, number);
        if (!port) {
            return OFPBRC_BAD_PORT;
        }
        each(port, reply);
        return 0;
    }
    HMAP_FOR_EACH (port, name_node, &ofproto->ports_by_name) {
        vec_push(&ports, port);
    }
    vec_sort(&ports, compare_ports);
    VEC_FOR_EACH (p, &ports) {
        each(*p, reply);
    }
    vec_uninit(&ports);
    return 0;
}

static void
append_port_stats(const struct ofport *port, struct multipart *reply)
{
    struct port_stats stats;

    ofport_get_stats(port, &stats);
    port_stats_append(reply, &stats);
}

static enum ofperr
reply_port_stats(struct conn *conn, const struct ofmsg *msg,
                 struct multipart *reply)
{
    ofp_port_t number;
    enum ofperr error = port_stats_request_decode(msg, &number);

    return error ? error : for_each_port(conn->ofproto, number,
                                         append_port_stats, reply);
}

static void
append_port_desc(const struct ofport *port, struct multipart *reply)
{
    struct phy_port pp;

    ofport_describe(port, &pp);
    phy_port_append(reply, &pp);
}

static enum ofperr
reply_port_desc(struct conn *conn, const struct ofmsg *msg,
                struct multipart *reply)
{
    ofp_port_t number;
    enum ofperr error = port_desc_request_decode(msg, &number);

    return error ? error : for_each_port(conn->ofproto, number,
                                         append_port_desc, reply);
}

static enum ofperr
reply_queue_stats(struct conn *conn, const struct ofmsg *msg,
                  struct multipart *reply)
{
    struct queue_stats_request request;
    enum ofperr error = queue_stats_request_decode(&request, msg);

    if (!error && request.port_no != OFPP_NONE
        && !ofport_find(conn->ofproto, request.port_no)) {
        error = OFPQOFC_BAD_PORT;
    } else if (!error && request.queue_id != OFPQ_ALL) {
        /* No port has queues. */
        error = OFPQOFC_BAD_QUEUE;
    }
    return error;
}

/* Groups. */

static int
compare_groups(const void *a_, const void *b_)
{
    const struct group *a = *(struct group *const *) a_;
    const struct group *b = *(struct group *const *) b_;

    return (a->id > b->id) - (a->id < b->id);
}

static void
for_each_group(const struct ofproto *ofproto, uint32_t id,
               void (*each)(const struct group *, struct multipart *),
               struct multipart *reply)
{
    uint64_t version = ofproto_version(ofproto);
    VEC(struct group *) groups = VEC_EMPTY;
    struct rcu_hash_cursor cursor;
    struct group *g;

    if (id != OFPG_ALL) {
        g = group_find(ofproto, id, version);
        if (g) {
            each(g, reply);
        }
        return;
    }
    RCU_HASH_FOR_EACH (g, &cursor, &ofproto->groups) {
        if (version >= g->add_version && version < g->remove_version) {
            vec_push(&groups, g);
        }
    }
    vec_sort(&groups, compare_groups);
    VEC_FOR_EACH (p, &groups) {
        each(*p, reply);
    }
    vec_uninit(&groups);
}

static void
append_group_desc(const struct group *g, struct multipart *reply)
{
    struct group_desc desc;

    group_describe(g, &desc);
    group_desc_append(reply, &desc);
    group_desc_uninit(&desc);
}

static enum ofperr
reply_group_desc(struct conn *conn, const struct ofmsg *msg,
                 struct multipart *reply)
{
    for_each_group(conn->ofproto, group_desc_request_decode(msg),
                   append_group_desc, reply);
    return 0;
}

static void
append_group_stats(const struct group *g, struct multipart *reply)
{
    struct group_stats stats;

    group_get_stats(g, &stats);
    group_stats_append(reply, &stats);
    free(stats.buckets);
}

/* Counts the rule among the users of each group and meter that its actions
 * name. */
static void
count_users(const struct ofproto *ofproto, const struct ofpact *ofpacts,
            size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_GROUP) {
            struct group *g = group_find(ofproto,
                                         ofpact_get_GROUP(a)->group_id,
                                         ofproto_version(ofproto));

            if (g) {
                g->n_users++;
            }
        } else if (a->type == OFPACT_METER) {
            struct meter *m = meter_find(ofproto, ofpact_get_METER(a)->value);

            if (m) {
                m->n_users++;
            }
        } else if (a->type == OFPACT_CLONE
                   || a->type == OFPACT_WRITE_ACTIONS) {
            size_t nested_size;
            const struct ofpact *nested = ofpact_nest_actions(a, &nested_size);

            count_users(ofproto, nested, nested_size);
        }
    }
}

static void
count_users_of_rule(const struct rule *rule, void *aux UNUSED)
{
    count_users(rule->ofproto, rule->actions->ofpacts, rule->actions->size);
}

static void
count_all_users(const struct ofproto *ofproto)
{
    const struct flow_stats_request all = {
        .table_id = OFPTT_ALL, .out_port = OFPP_NONE, .out_group = OFPG_ANY,
    };
    struct rcu_hash_cursor cursor;
    struct meter *m;
    struct group *g;
    size_t n = 0;

    RCU_HASH_FOR_EACH (g, &cursor, &ofproto->groups) {
        g->n_users = 0;
        n++;
    }
    RCU_HASH_FOR_EACH (m, &cursor, &ofproto->meters) {
        m->n_users = 0;
        n++;
    }
    if (n) {
        (void) !for_each_rule(ofproto, &all, count_users_of_rule, NULL);
    }
}

static enum ofperr
reply_group_stats(struct conn *conn, const struct ofmsg *msg,
                  struct multipart *reply)
{
    uint32_t id;
    enum ofperr error = group_stats_request_decode(&id, msg);

    if (!error) {
        count_all_users(conn->ofproto);
        for_each_group(conn->ofproto, id, append_group_stats, reply);
    }
    return error;
}

/* Numbers of OpenFlow 1.1+ action types that a bucket can have: output,
 * copy_ttl no; set_mpls_ttl .. set_field. */
#define GROUP_ACTIONS \
    (UINT64_C(1) << 0 | UINT64_C(1) << 15 | UINT64_C(1) << 16 \
     | UINT64_C(1) << 17 | UINT64_C(1) << 18 | UINT64_C(1) << 19 \
     | UINT64_C(1) << 20 | UINT64_C(1) << 21 | UINT64_C(1) << 22 \
     | UINT64_C(1) << 23 | UINT64_C(1) << 24 | UINT64_C(1) << 25)

static enum ofperr
reply_group_features(struct conn *conn, const struct ofmsg *msg)
{
    struct group_features features = {
        .types = 0xf,
        .capabilities = 0x7,     /* Weight, liveness, chaining. */
    };

    for (int i = 0; i < 4; i++) {
        features.max_groups[i] = OFPG_MAX;
        features.actions[i] = (msg->version == OFP10_VERSION ? 0xfff
                               : GROUP_ACTIONS);
    }
    conn_send(conn, group_features_encode(&features, msg));
    return 0;
}

/* Meters. */

static int
compare_meters(const void *a_, const void *b_)
{
    const struct meter *a = *(struct meter *const *) a_;
    const struct meter *b = *(struct meter *const *) b_;

    return (a->id > b->id) - (a->id < b->id);
}

static enum ofperr
for_each_meter(const struct ofproto *ofproto, const struct ofmsg *msg,
               void (*each)(const struct ofproto *, const struct meter *,
                            struct multipart *),
               struct multipart *reply)
{
    VEC(struct meter *) meters = VEC_EMPTY;
    struct rcu_hash_cursor cursor;
    struct meter *m;
    uint32_t id;
    enum ofperr error = meter_request_decode(&id, msg);

    if (error) {
        return error;
    }
    RCU_HASH_FOR_EACH (m, &cursor, &ofproto->meters) {
        if (id == METER_ALL || m->id == id) {
            vec_push(&meters, m);
        }
    }
    if (!meters.n && id != METER_ALL) {
        return OFPMMFC_UNKNOWN_METER;
    }
    vec_sort(&meters, compare_meters);
    VEC_FOR_EACH (p, &meters) {
        each(ofproto, *p, reply);
    }
    vec_uninit(&meters);
    return 0;
}

static void
append_meter_config(const struct ofproto *ofproto UNUSED,
                    const struct meter *m, struct multipart *reply)
{
    meter_config_append(reply, &m->config);
}

static enum ofperr
reply_meter_config(struct conn *conn, const struct ofmsg *msg,
                   struct multipart *reply)
{
    return for_each_meter(conn->ofproto, msg, append_meter_config, reply);
}

static void
append_meter_stats(const struct ofproto *ofproto, const struct meter *m,
                   struct multipart *reply)
{
    struct meter_stats stats;

    meter_get_stats(ofproto, m, &stats);
    meter_stats_append(reply, &stats);
    free(stats.bands);
}

static enum ofperr
reply_meter_stats(struct conn *conn, const struct ofmsg *msg,
                  struct multipart *reply)
{
    count_all_users(conn->ofproto);
    return for_each_meter(conn->ofproto, msg, append_meter_stats, reply);
}

static enum ofperr
reply_meter_features(struct conn *conn, const struct ofmsg *msg)
{
    struct meter_features features = {
        .max_meters = MIN(conn->ofproto->backer->features.max_meters,
                          METER_MAX_COUNT),
        .band_types = 1u << METER_BAND_DROP,
        .capabilities = (METER_F_KBPS | METER_F_PKTPS | METER_F_BURST
                         | METER_F_STATS),
        .max_bands = METER_MAX_BANDS,
    };

    conn_send(conn, meter_features_encode(&features, msg));
    return 0;
}

/* Dispatch. */

static const struct {
    stats_fn *fn;                                /* In parts; or */
    enum ofperr (*whole)(struct conn *, const struct ofmsg *);
} stats[OFMSG_N_TYPES] = {
    [OFMSG_DESC_REQUEST] = { NULL, reply_desc },
    [OFMSG_FLOW_STATS_REQUEST] = { reply_flows, NULL },
    [OFMSG_AGGREGATE_REQUEST] = { NULL, reply_aggregate },
    [OFMSG_TABLE_STATS_REQUEST] = { reply_table_stats, NULL },
    [OFMSG_TABLE_FEATURES_REQUEST] = { reply_table_features, NULL },
    [OFMSG_TABLE_DESC_REQUEST] = { reply_table_desc, NULL },
    [OFMSG_PORT_STATS_REQUEST] = { reply_port_stats, NULL },
    [OFMSG_PORT_DESC_REQUEST] = { reply_port_desc, NULL },
    [OFMSG_QUEUE_STATS_REQUEST] = { reply_queue_stats, NULL },
    [OFMSG_GROUP_DESC_REQUEST] = { reply_group_desc, NULL },
    [OFMSG_GROUP_STATS_REQUEST] = { reply_group_stats, NULL },
    [OFMSG_GROUP_FEATURES_REQUEST] = { NULL, reply_group_features },
    [OFMSG_METER_CONFIG_REQUEST] = { reply_meter_config, NULL },
    [OFMSG_METER_STATS_REQUEST] = { reply_meter_stats, NULL },
    [OFMSG_METER_FEATURES_REQUEST] = { NULL, reply_meter_features },
};

enum ofperr
conn_handle_stats(struct conn *conn, const struct ofmsg *msg)
{
    struct list list = LIST_INITIALIZER(&list);
    struct multipart reply;
    enum ofperr error;

    if (stats[msg->type].whole) {
        return stats[msg->type].whole(conn, msg);
    }
    if (!stats[msg->type].fn) {
        return OFPBRC_BAD_STAT;
    }
    multipart_init(&reply, msg, &list);
    error = stats[msg->type].fn(conn, msg, &reply);
    multipart_finish(&reply);
    if (error || msg->more) {
        /* What has more parts is answered after the last. */
        buf_list_destroy(&list);
    } else {
        conn_send_list(conn, &list);
    }
    return error;
}
