/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/conn.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/table_msg.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/flow_mod.h"

LOG_MODULE(connmgr);

COUNTER(ofproto_packet_in_dropped);
COUNTER(ofproto_slow_reader_cut);
COUNTER(ofproto_bad_message);

/* A connection with this much waiting gets no more packet-ins. */
#define MAX_PACKET_IN_BACKLOG (1024 * 1024)

/* One with this much is cut off, when an event would add to it. */
#define MAX_EVENT_BACKLOG (64 * 1024 * 1024)

#define DEFAULT_MISS_SEND_LEN 128

struct listening {
    struct hmap_node node;
    struct pvconn *pvconn;
    char *target;
    struct conn_set *set;
};

static void conn_destroy(struct conn *);

void
conn_send(struct conn *conn, struct buf *b)
{
    rconn_take_send(conn->rconn, b);
}

void
conn_send_list(struct conn *conn, struct list *list)
{
    while (!list_is_empty(list)) {
        conn_send(conn, CONTAINER_OF(list_pop_front(list), struct buf, node));
    }
}

void
conn_send_error(struct conn *conn, enum ofperr error,
                const struct ofmsg *request)
{
    conn_send(conn, error_msg_reply(error, request->data, request->size));
}

void
conn_get_decode(const struct conn *conn, struct ofp_decode *d)
{
    *d = (struct ofp_decode) {
        .protocol = conn->protocol,
        .tlv = conn->ofproto->tlv,
        .max_port = OFPP_MAX,
        .max_table = OFPROTO_N_TABLES,
    };
}

/* Life of a connection. */

static void
update_wants_misses(struct conn_set *set)
{
    struct conn *conn;
    bool wants = false;

    LIST_FOR_EACH (conn, node, &set->conns) {
        wants |= ((conn->target || conn->miss_send_len) && conn->protocol
                  && ofp_protocol_version(conn->protocol) < OFP13_VERSION);
    }
    if (wants != set->ofproto->wants_misses) {
        __atomic_store_n(&set->ofproto->wants_misses, wants,
                         __ATOMIC_RELAXED);
        backer_changed(set->ofproto->backer);
    }
}

void
conn_set_miss_send_len(struct conn *conn, uint16_t miss_send_len)
{
    conn->miss_send_len = miss_send_len;
    update_wants_misses(conn->set);
}

static void
reset(struct conn *conn)
{
    conn->role = ROLE_EQUAL;
    conn->packet_in_format = PACKET_IN_FORMAT_STANDARD;
    conn->controller_id = 0;
    conn->miss_send_len = conn->target ? DEFAULT_MISS_SEND_LEN : 0;
    conn_bundles_destroy(conn);
    conn_monitors_destroy(conn);
}

static void
on_connected(struct rconn *rconn, void *conn_)
{
    struct conn *conn = conn_;
    uint8_t version = rconn_version(rconn);

    reset(conn);
    conn->protocol = ofp_protocol_from_version(version);
    async_config_default(&conn->async, version);
    update_wants_misses(conn->set);
    if (conn->target) {
        log_info("%s<->%s: connected", conn->ofproto->name, conn->target);
        conn->out_since_ms = INT64_MAX;
        fail_open_update(conn->ofproto);
    }
}

static void
on_message(struct rconn *rconn UNUSED, const void *data, size_t size,
           void *conn_)
{
    struct conn *conn = conn_;
    struct ofmsg msg;
    enum ofperr error = ofmsg_decode(data, size, &msg);

    if (error) {
        counter_inc(ofproto_bad_message);
        conn_send(conn, error_msg_reply(error, data, size));
        return;
    }
    rcu_read_lock();
    conn_handle(conn, &msg);
    rcu_read_unlock();
}

static void
on_disconnected(struct rconn *rconn UNUSED, void *conn_)
{
    struct conn *conn = conn_;

    conn->protocol = 0;
    reset(conn);
    update_wants_misses(conn->set);
    if (!conn->target) {
        conn_destroy(conn);
    } else {
        log_info("%s<->%s: connection closed", conn->ofproto->name,
                 conn->target);
        conn->out_since_ms = MIN(conn->out_since_ms, clock_ms());
        fail_open_update(conn->ofproto);
    }
}

static const struct rconn_callbacks callbacks = {
    .connected = on_connected,
    .message = on_message,
    .disconnected = on_disconnected,
};

static struct conn *
conn_create(struct conn_set *set, const struct ofproto_controller *config)
{
    struct conn *conn = xzalloc(sizeof *conn);

    conn->set = set;
    conn->ofproto = set->ofproto;
    hmap_init(&conn->bundles);
    list_init(&conn->monitors);
    list_init(&conn->updates);
    list_push_back(&set->conns, &conn->node);
    if (config) {
        conn->target = xstrdup(config->target);
        conn->config = *config;
        conn->config.target = NULL;
        conn->out_since_ms = clock_ms();
    }
    conn->rconn = rconn_create(set->versions,
                               config ? config->max_backoff_s : 8,
                               config ? config->probe_interval_s : 0,
                               &callbacks, conn);
    reset(conn);
    return conn;
}

static void
conn_destroy(struct conn *conn)
{
    conn_bundles_destroy(conn);
    conn_monitors_destroy(conn);
    list_remove(&conn->node);
    rconn_destroy(conn->rconn);
    hmap_uninit(&conn->bundles);
    free(conn->target);
    free(conn);
}

static void
on_accepted(struct stream *stream, void *set_)
{
    struct conn_set *set = set_;

    rconn_take_stream(conn_create(set, NULL)->rconn, stream);
}

/* The set. */

struct conn_set *
conn_set_create(struct ofproto *ofproto)
{
    struct conn_set *set = xzalloc(sizeof *set);
    char *target = xasprintf("punix:%s.mgmt", ofproto->name);
    struct error *error;

    set->ofproto = ofproto;
    set->versions = OFP_SUPPORTED_VERSIONS;
    list_init(&set->conns);
    hmap_init(&set->listeners);
    error = pvconn_listen(target, on_accepted, set, &set->management);
    if (error) {
        log_err("%s: cannot listen on %s: %s", ofproto->name, target,
                error_message(error));
        error_free(error);
    }
    free(target);
    return set;
}

static void
stop_listening(struct conn_set *set, struct listening *l)
{
    hmap_remove(&set->listeners, &l->node);
    pvconn_destroy(l->pvconn);
    free(l->target);
    free(l);
}

void
conn_set_destroy(struct conn_set *set)
{
    struct listening *l;
    struct conn *conn;

    HMAP_FOR_EACH_SAFE (l, node, &set->listeners) {
        stop_listening(set, l);
    }
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        conn_destroy(conn);
    }
    pvconn_destroy(set->management);
    hmap_uninit(&set->listeners);
    free(set);
}

static struct conn *
find_controller(const struct conn_set *set, const char *target)
{
    struct conn *conn;

    LIST_FOR_EACH (conn, node, &set->conns) {
        if (conn->target && !strcmp(conn->target, target)) {
            return conn;
        }
    }
    return NULL;
}

static bool is_holding;

void
conn_hold(bool hold)
{
    is_holding = hold;
}

static void
connect_controller(struct conn *conn)
{
    struct error *error;

    conn->is_held = is_holding;
    if (conn->is_held) {
        return;
    }
    error = rconn_connect(conn->rconn, conn->target);
    if (error) {
        log_err("%s: cannot connect to controller %s: %s",
                conn->ofproto->name, conn->target, error_message(error));
        error_free(error);
    }
}

void
conn_set_connect(struct conn_set *set)
{
    struct conn *conn;

    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        if (conn->is_held) {
            connect_controller(conn);
        }
    }
}

static void
add_controller(struct conn_set *set, const struct ofproto_controller *c)
{
    struct conn *conn = conn_create(set, c);

    conn->is_wanted = true;
    connect_controller(conn);
}

static void
change_controller(struct conn *conn, const struct ofproto_controller *c)
{
    rconn_set_max_backoff(conn->rconn, c->max_backoff_s);
    rconn_set_probe_interval(conn->rconn, c->probe_interval_s);
    conn->config = *c;
    conn->config.target = NULL;
    conn->is_wanted = true;
}

void
conn_set_configure(struct conn_set *set, const struct ofproto_controller *cs,
                   size_t n, uint32_t versions)
{
    bool other_versions = versions != set->versions;
    struct conn *conn;

    set->versions = versions;
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        conn->is_wanted = !conn->target;
        if (conn->target && other_versions) {
            conn_destroy(conn);
        }
    }
    for (size_t i = 0; i < n; i++) {
        conn = find_controller(set, cs[i].target);
        if (conn) {
            change_controller(conn, &cs[i]);
        } else {
            add_controller(set, &cs[i]);
        }
    }
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        if (!conn->is_wanted) {
            conn_destroy(conn);
        }
    }
    update_wants_misses(set);
}

void
conn_set_listen(struct conn_set *set, const struct sset *targets,
                uint32_t versions)
{
    const struct sset_node *node;
    struct listening *l;

    set->versions = versions;
    HMAP_FOR_EACH_SAFE (l, node, &set->listeners) {
        if (!sset_contains(targets, l->target)) {
            stop_listening(set, l);
        }
    }
    SSET_FOR_EACH (node, targets) {
        const char *target = node->name;
        size_t hash = hash_string(target, 0);
        struct error *error;
        bool found = false;

        HMAP_FOR_EACH_WITH_HASH (l, node, hash, &set->listeners) {
            found |= !strcmp(l->target, target);
        }
        if (found) {
            continue;
        }
        l = xzalloc(sizeof *l);
        error = pvconn_listen(target, on_accepted, set, &l->pvconn);
        if (error) {
            log_err("%s: cannot listen on %s: %s", set->ofproto->name,
                    target, error_message(error));
            error_free(error);
            free(l);
            continue;
        }
        l->target = xstrdup(target);
        l->set = set;
        hmap_insert(&set->listeners, &l->node, hash);
    }
}

bool
conn_set_has_controllers(const struct conn_set *set)
{
    const struct conn *conn;

    LIST_FOR_EACH (conn, node, &set->conns) {
        if (conn->target) {
            return true;
        }
    }
    return false;
}

bool
conn_set_is_out(const struct conn_set *set, struct conn_outage *outage)
{
    const struct conn *conn;
    bool is_out = false;

    *outage = (struct conn_outage) { .since_ms = 0 };
    LIST_FOR_EACH (conn, node, &set->conns) {
        if (!conn->target) {
            continue;
        }
        if (conn->out_since_ms == INT64_MAX) {
            return false;
        }
        is_out = true;
        outage->since_ms = MAX(outage->since_ms, conn->out_since_ms);
        outage->max_probe_interval_s = MAX(outage->max_probe_interval_s,
                                           conn->config.probe_interval_s);
    }
    return is_out;
}

void
conn_set_reconnect(struct conn_set *set)
{
    struct conn *conn;

    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        if (conn->target) {
            rconn_reconnect(conn->rconn);
        }
    }
}

static void
add_age(struct smap *pairs, const char *key, int64_t when_ms)
{
    if (when_ms != INT64_MIN) {
        smap_setf(pairs, key, "%lld",
                        (long long) (clock_ms() - when_ms) / 1000);
    }
}

bool
conn_set_get_status(const struct conn_set *set, const char *target,
                    struct ofproto_controller_status *status)
{
    const struct conn *conn = find_controller(set, target);
    struct rconn_status rs;

    if (!conn) {
        return false;
    }
    rconn_get_status(conn->rconn, &rs);
    status->is_connected = rconn_is_connected(conn->rconn);
    status->role = conn->role;
    smap_init(&status->pairs);
    if (rs.last_error) {
        smap_set(&status->pairs, "last_error", rs.last_error);
    }
    smap_set(&status->pairs, "state", rs.state);
    add_age(&status->pairs, "sec_since_connect", rs.last_connect_ms);
    add_age(&status->pairs, "sec_since_disconnect", rs.last_disconnect_ms);
    return true;
}

/* Asynchronous messages. */

bool
conn_wants(const struct conn *conn, enum async_type type, unsigned int reason)
{
    const uint32_t *masks = (conn->role == ROLE_SECONDARY
                             ? conn->async.secondary : conn->async.primary);

    if (!conn->protocol || !rconn_is_connected(conn->rconn)) {
        return false;
    }
    /* ovs-ofctl and the like get nothing that they did not ask for. */
    if (!conn->target && !conn->miss_send_len) {
        return false;
    }
    return masks[type] >> reason & 1;
}

static bool
cut_slow_reader(struct conn *conn)
{
    if (rconn_backlog(conn->rconn) <= MAX_EVENT_BACKLOG) {
        return false;
    }
    counter_inc(ofproto_slow_reader_cut);
    log_warn("%s: a controller does not read: disconnecting",
             conn->ofproto->name);
    rconn_reconnect(conn->rconn);
    return true;
}

void
conn_set_port_changed(struct conn_set *set, const struct ofport *port,
                      enum port_reason reason)
{
    struct port_status status = { .reason = reason };
    struct conn *conn;

    if (!set) {
        return;
    }
    ofport_describe(port, &status.desc);
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        if (conn_wants(conn, ASYNC_PORT_STATUS, reason)
            && !cut_slow_reader(conn)) {
            conn_send(conn, port_status_encode(
                          &status, ofp_protocol_version(conn->protocol)));
        }
    }
}

void
conn_set_table_changed(struct conn_set *set, uint8_t table_id, uint8_t reason)
{
    struct table_status status = { .reason = reason };
    struct conn *conn;

    if (!set) {
        return;
    }
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        struct buf *b;

        if (!conn_wants(conn, ASYNC_TABLE_STATUS, reason)
            || cut_slow_reader(conn)) {
            continue;
        }
        oftable_describe(&conn->ofproto->tables[table_id], table_id,
                         &status.desc);
        b = table_status_encode(&status,
                                ofp_protocol_version(conn->protocol));
        if (b) {
            conn_send(conn, b);
        }
    }
}

/* Takes a token of the packet-in rate limit, if there is one. */
static bool
may_send_packet_in(struct conn *conn)
{
    int64_t now = clock_ms();
    uint64_t burst = MAX(conn->config.burst_limit, 1) * UINT64_C(1000);

    if (rconn_backlog(conn->rconn) > MAX_PACKET_IN_BACKLOG) {
        return false;
    }
    if (!conn->config.rate_limit) {
        return true;
    }
    conn->tokens_x1000 = MIN(burst, conn->tokens_x1000
                             + (uint64_t) (now - conn->token_ms)
                               * conn->config.rate_limit);
    conn->token_ms = now;
    if (conn->tokens_x1000 < 1000) {
        return false;
    }
    conn->tokens_x1000 -= 1000;
    return true;
}

/* The reason as 'conn' knows it. */
static uint8_t
wire_reason(const struct conn *conn, uint8_t reason)
{
    uint8_t version = ofp_protocol_version(conn->protocol);

    switch (reason) {
    case PACKET_IN_EXPLICIT_MISS:
        return version >= OFP13_VERSION ? PACKET_IN_NO_MATCH
            : PACKET_IN_ACTION;
    case PACKET_IN_IMPLICIT_MISS:
        return PACKET_IN_NO_MATCH;
    case PACKET_IN_ACTION_SET:
    case PACKET_IN_GROUP:
    case PACKET_IN_PACKET_OUT:
        return version >= OFP14_VERSION ? reason : PACKET_IN_ACTION;
    default:
        return reason;
    }
}

void
conn_set_packet_in(struct conn_set *set, const struct packet_in *pin_,
                   const struct continuation *cont, uint16_t controller_id)
{
    struct conn *conn;

    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        struct packet_in pin = *pin_;

        if (conn->controller_id != controller_id
            || (pin.reason == PACKET_IN_IMPLICIT_MISS
                && ofp_protocol_version(conn->protocol) >= OFP13_VERSION)) {
            continue;
        }
        pin.reason = wire_reason(conn, pin.reason);
        if (!conn_wants(conn, ASYNC_PACKET_IN, pin.reason)) {
            continue;
        }
        if (!may_send_packet_in(conn)) {
            counter_inc(ofproto_packet_in_dropped);
            conn->n_packet_ins_dropped++;
            continue;
        }
        conn->n_packet_ins++;
        conn_send(conn, packet_in_encode(&pin, cont, conn->protocol,
                                         conn->packet_in_format,
                                         set->ofproto->tlv));
    }
}

static void
send_flow_removed(struct conn_set *set, const struct rule *rule)
{
    struct flow_removed fr;
    struct flow_stats fs;
    struct conn *conn;

    rule_get_stats(rule, set->ofproto->tlv, &fs);
    fr = (struct flow_removed) {
        .match = fs.match,
        .cookie = fs.cookie,
        .priority = fs.priority,
        .reason = rule->removed_reason,
        .table_id = fs.table_id,
        .duration_s = fs.duration_s,
        .duration_ns = fs.duration_ns,
        .idle_timeout_s = fs.idle_timeout_s,
        .hard_timeout_s = fs.hard_timeout_s,
        .n_packets = fs.n_packets,
        .n_bytes = fs.n_bytes,
    };
    LIST_FOR_EACH_SAFE (conn, node, &set->conns) {
        if (conn_wants(conn, ASYNC_FLOW_REMOVED, fr.reason)
            && !cut_slow_reader(conn)) {
            conn_send(conn, flow_removed_encode(&fr, conn->protocol));
        }
    }
}

void
conn_set_rule_changed(struct conn_set *set, const struct rule_change *c,
                      struct conn *requester, be32 xid)
{
    if (!set) {
        return;
    }
    if (c->type == RULE_REMOVED && c->old->flags & FLOW_F_SEND_FLOW_REM) {
        send_flow_removed(set, c->old);
    }
    conn_monitors_rule_changed(set, c, requester, xid);
}
