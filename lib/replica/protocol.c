/* SPDX-License-Identifier: Apache-2.0 */

/* How a replica talks to a server.
 *
 *     connected -> monitor of _Server          (is this server good for us?)
 *               -> get_schema, unless _Server has told it
 *               -> monitor_cond_since, or else monitor_cond, or else monitor
 *               -> updates
 *
 * A server without a _Server database (before OVS 2.9) is taken as it is.
 *
 * A request for the transactions since the last one seen names the conditions
 * under which the rows here were sent; conditions that have changed meanwhile
 * follow as a monitor_cond_change.  If the connection broke while such a
 * change was under way, nobody knows under which conditions the last rows
 * came, and a full copy is taken. */

#include "lib/replica/internal.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"

LOG_MODULE(replica);
COUNTER(replica_full_copy);
COUNTER(replica_fast_resync);
COUNTER(replica_bad_message);

/* A first copy of a large database is one message. */
#define MAX_MESSAGE_BYTES ((size_t) 4 << 30)

enum state {
    STATE_DISCONNECTED,
    STATE_SERVER,               /* Asked for _Server. */
    STATE_SCHEMA,
    STATE_MONITOR_COND_SINCE,
    STATE_MONITOR_COND,
    STATE_MONITOR,
    STATE_UPDATES,
};

struct protocol {
    struct replica *replica;
    struct jsonrpc_session *session;
    struct jsonrpc_session_options options;
    bool is_leader_only;
    bool is_retrying;
    bool is_dead;
    size_t n_remotes;
    size_t n_failures;          /* Since the rows were last complete. */
    char *remotes;

    enum state state;
    uint64_t request_id;        /* Of the request that 'state' waits for. */
    struct server_db server;
    bool has_server_db;         /* The server has a _Server database. */
    char *schema;               /* That was last asked to be monitored. */
    bool can_filter;            /* The server knows conditions. */
    struct uuid last_txn;       /* Zero if not known. */
    bool is_synced;
    unsigned int n_connections;
    char *last_error;
    bool is_leaving;            /* This side ends the connection, and has set
                                 * 'last_error'. */

    bool condition_change_in_flight;
    uint64_t condition_id;

    char *lock;
    bool has_lock;
    bool is_contended;
    bool lock_in_flight;
    uint64_t lock_id;
};

static struct jsonrpc *
rpc(const struct protocol *p)
{
    return p->session ? jsonrpc_session_rpc(p->session) : NULL;
}

static struct store *
store(const struct protocol *p)
{
    return &p->replica->store;
}

static uint64_t
send_request(struct protocol *p, const char *method, struct span params)
{
    return jsonrpc_send_request_text(rpc(p), method, params);
}

static void
request(struct protocol *p, enum state state, const char *method,
        struct span params)
{
    p->state = state;
    p->request_id = send_request(p, method, params);
}

static void
set_error(struct protocol *p, const char *format, ...) PRINTF_FORMAT(2, 3);

static void
set_error(struct protocol *p, const char *format, ...)
{
    va_list args;

    free(p->last_error);
    va_start(args, format);
    p->last_error = xvasprintf(format, args);
    va_end(args);
}

/* Failing. */

static void
die(struct protocol *p)
{
    p->is_dead = true;
    jsonrpc_session_destroy(p->session);
    p->session = NULL;
    p->state = STATE_DISCONNECTED;
    txn_disconnected(p->replica);
    replica_notify(p->replica);
}

void
protocol_try_next(struct protocol *p)
{
    p->n_failures++;
    if (!p->is_retrying && p->n_failures >= p->n_remotes) {
        die(p);
    } else if (p->session) {
        p->is_leaving = true;
        jsonrpc_session_try_next(p->session);
    }
}

/* The server or what it sent is no good: says so, and tries another. */
static void
reject_server(struct protocol *p)
{
    static struct log_limit limit = LOG_LIMIT(6, 3);

    log_info_limited(&limit, "%s: %s", jsonrpc_session_name(p->session),
                     p->last_error);
    protocol_try_next(p);
}

/* The rows here may be wrong by now: only a full copy will do. */
static void
reject_message(struct protocol *p, struct error *error)
{
    static struct log_limit limit = LOG_LIMIT(6, 3);

    counter_inc(replica_bad_message);
    set_error(p, "%s", error_message(error));
    error_free(error);
    log_warn_limited(&limit, "%s: %s: reconnecting",
                     jsonrpc_session_name(p->session), p->last_error);
    memset(&p->last_txn, 0, sizeof p->last_txn);
    if (p->is_retrying) {
        p->is_leaving = true;
        jsonrpc_session_force_reconnect(p->session);
    } else {
        die(p);
    }
}

/* Monitoring. */

static void
put_columns(struct str *out, const struct replica_table *table)
{
    uint64_t left = table->monitored & table->server_columns;
    bool first = true;

    str_put(out, "\"columns\":[");
    for (; left; left &= left - 1) {
        str_printf(out, "%s\"%s\"", first ? "" : ",",
                   table->class->columns[__builtin_ctzll(left)].name);
        first = false;
    }
    str_put_char(out, ']');
}

/* Appends <monitor-requests>, and notes the conditions in them as sent. */
static void
put_requests(struct protocol *p, struct str *out, bool with_conditions)
{
    bool first = true;

    str_put_char(out, '{');
    for (unsigned int i = 0; i < store(p)->n_tables; i++) {
        struct replica_table *table = &store(p)->tables[i];

        if (!table->is_monitored || !table->server_has) {
            continue;
        }
        str_printf(out, "%s\"%s\":[{", first ? "" : ",", table->class->name);
        first = false;
        put_columns(out, table);
        if (with_conditions) {
            condition_put_where(table, !uuid_is_zero(&p->last_txn), out);
        }
        str_put(out, "}]");
    }
    str_put_char(out, '}');
}

static void
request_monitor(struct protocol *p, enum state state, const char *method)
{
    struct str params = STR_EMPTY;

    p->can_filter = state != STATE_MONITOR;
    if (state != STATE_MONITOR_COND_SINCE) {
        memset(&p->last_txn, 0, sizeof p->last_txn);
    }
    str_put_char(&params, '[');
    jtext_put_cstr(&params, p->replica->class->name);
    str_put(&params, ",\"db\",");
    put_requests(p, &params, p->can_filter);
    if (state == STATE_MONITOR_COND_SINCE) {
        str_printf(&params, ",\"" UUID_FMT "\"", UUID_ARGS(&p->last_txn));
    }
    str_put_char(&params, ']');
    request(p, state, method, (struct span) { params.string, params.length });
    str_uninit(&params);
}

static void
begin_monitor(struct protocol *p, struct span schema)
{
    struct error *error = store_learn_schema(store(p), schema);

    if (error) {
        set_error(p, "%s", error_message(error));
        error_free(error);
        reject_server(p);
        return;
    }
    free(p->schema);
    p->schema = xmemdup0(schema.data, schema.size);
    request_monitor(p, STATE_MONITOR_COND_SINCE, "monitor_cond_since");
}

static void
request_schema(struct protocol *p)
{
    struct str params = STR_EMPTY;

    str_put_char(&params, '[');
    jtext_put_cstr(&params, p->replica->class->name);
    str_put_char(&params, ']');
    request(p, STATE_SCHEMA, "get_schema",
            (struct span) { params.string, params.length });
    str_uninit(&params);
}

static void
request_lock(struct protocol *p, const char *method)
{
    struct str params = STR_EMPTY;

    str_put_char(&params, '[');
    jtext_put_cstr(&params, p->lock);
    str_put_char(&params, ']');
    p->lock_id = send_request(p, method,
                              (struct span) { params.string, params.length });
    p->lock_in_flight = true;
    str_uninit(&params);
}

/* The rows are complete. */
static void
enter_updates(struct protocol *p)
{
    p->state = STATE_UPDATES;
    p->is_synced = true;
    p->n_failures = 0;
    p->n_connections++;
    free(p->last_error);
    p->last_error = NULL;
    if (p->can_filter) {
        conditions_ack(store(p));
    }
    if (p->lock) {
        request_lock(p, "lock");
    }
    protocol_send_conditions(p);
    replica_notify(p->replica);
}

/* Applies rows, and rejects the server if they are no good. */
static bool
apply(struct protocol *p, struct span text, enum update_format format,
      bool is_whole)
{
    struct error *error = update_apply(store(p), text, format, is_whole);

    if (error) {
        reject_message(p, error);
        return false;
    }
    return true;
}

/* Splits [FOUND, LAST-TXN, UPDATES] (or, without 'ret_found', an update3's
 * last two after its monitor's name).  Updates may be long: their syntax is
 * checked once, by who reads them. */
static bool
read_since(struct jtext_reader *r, bool *ret_found, struct uuid *last_txn,
           struct span *updates)
{
    struct span text;

    if (ret_found
        && (!jtext_next_item(r) || !jtext_get_boolean(r, ret_found))) {
        return false;
    }
    if (!jtext_next_item(r) || !jtext_get_string(r, &text)
        || text.size != UUID_LEN || !uuid_from_prefix(last_txn, text.data)) {
        return false;
    }
    return (jtext_next_item(r) && jtext_take_last(r, updates)
            && !jtext_next_item(r));
}

static struct error *
finish_reading(struct jtext_reader *r, bool ok)
{
    if (!ok) {
        jtext_fail(r, "message of wrong form");
    }
    return jtext_finish(r);
}

static void
handle_since_reply(struct protocol *p, struct span result)
{
    struct uuid last_txn = p->last_txn;
    bool found = false, ok;
    struct error *error;
    struct jtext_reader r;
    struct span updates;

    jtext_reader_init(&r, result.data, result.size);
    ok = (jtext_enter_array(&r)
          && read_since(&r, &found, &last_txn, &updates));
    error = finish_reading(&r, ok);
    if (error) {
        reject_message(p, error);
        return;
    }
    if (found) {
        counter_inc(replica_fast_resync);
    } else {
        counter_inc(replica_full_copy);
    }
    if (apply(p, updates, UPDATE_DIFF, !found)) {
        p->last_txn = last_txn;
        enter_updates(p);
    }
}

static void
handle_whole_reply(struct protocol *p, struct span result,
                   enum update_format format)
{
    counter_inc(replica_full_copy);
    if (apply(p, result, format, true)) {
        enter_updates(p);
    }
}

/* The server. */

/* Whether the server is good for this replica; else why not. */
static const char *
server_problem(const struct protocol *p, const struct server_db_row *row)
{
    if (!row) {
        return "has no database %s";
    } else if (!row->model || !strcmp(row->model, "standalone")) {
        return NULL;
    } else if (!row->schema || !row->is_connected) {
        return "is not connected to its cluster of database %s";
    } else if (!strcmp(row->model, "clustered") && p->is_leader_only
               && !row->is_leader) {
        return "is not the leader of database %s";
    }
    return NULL;
}

/* Looks at what _Server says, at first and when it changes. */
static void
check_server(struct protocol *p)
{
    const char *name = p->replica->class->name;
    const struct server_db_row *row = server_db_find(&p->server, name);
    const char *problem = server_problem(p, row);

    if (problem) {
        char *text = xasprintf(problem, name);

        set_error(p, "server %s", text);
        free(text);
        reject_server(p);
    } else if (!row->schema) {
        request_schema(p);
    } else if (p->state <= STATE_SCHEMA
               || (p->schema && strcmp(p->schema, row->schema))) {
        if (p->state > STATE_SCHEMA) {
            memset(&p->last_txn, 0, sizeof p->last_txn);
        }
        begin_monitor(p, span_of(row->schema));
    }
}

static void
handle_server_reply(struct protocol *p, struct span result)
{
    struct error *error = server_db_update(&p->server, result, true);

    if (error) {
        reject_message(p, error);
        return;
    }
    p->has_server_db = true;
    check_server(p);
}

/* Replies. */

static void
handle_reply(struct protocol *p, struct span result)
{
    switch (p->state) {
    case STATE_SERVER:
        handle_server_reply(p, result);
        break;
    case STATE_SCHEMA:
        begin_monitor(p, result);
        break;
    case STATE_MONITOR_COND_SINCE:
        handle_since_reply(p, result);
        break;
    case STATE_MONITOR_COND:
        handle_whole_reply(p, result, UPDATE_DIFF);
        break;
    case STATE_MONITOR:
        handle_whole_reply(p, result, UPDATE_OLD_NEW);
        break;
    case STATE_DISCONNECTED:
    case STATE_UPDATES:
        break;
    }
}

/* A request was refused: asks for less, if there is less to ask for. */
static void
handle_error_reply(struct protocol *p, struct span error)
{
    switch (p->state) {
    case STATE_SERVER:
        request_schema(p);
        return;
    case STATE_MONITOR_COND_SINCE:
        request_monitor(p, STATE_MONITOR_COND, "monitor_cond");
        return;
    case STATE_MONITOR_COND:
        request_monitor(p, STATE_MONITOR, "monitor");
        return;
    case STATE_SCHEMA:
    case STATE_MONITOR:
        set_error(p, "server refused to give database %s: %.*s",
                  p->replica->class->name, (int) error.size, error.data);
        reject_server(p);
        return;
    case STATE_DISCONNECTED:
    case STATE_UPDATES:
        return;
    }
}

static void
handle_lock_reply(struct protocol *p, struct span result)
{
    json_t *json;
    struct error *error = jsonrpc_parse(result, &json);
    const json_t *locked;

    p->lock_in_flight = false;
    if (error) {
        reject_message(p, error);
        return;
    }
    locked = json_object_get(json, "locked");
    if (p->lock && json_is_boolean(locked)) {
        p->has_lock = json_is_true(locked);
        p->is_contended = !p->has_lock;
        replica_notify(p->replica);
    }
    json_decref(json);
}

static void
handle_condition_reply(struct protocol *p, bool ok)
{
    p->condition_change_in_flight = false;
    conditions_ack(store(p));
    if (!ok) {
        /* The server cannot: the rows that it sends are those of the
         * conditions from before. */
        reject_message(p, error_create(0, "server refused conditions"));
        return;
    }
    /* The step sends conditions that were set meanwhile, with those that the
     * program sets now that it has the answer. */
    replica_notify(p->replica);
}

static void
on_reply(struct protocol *p, const struct jsonrpc_message *msg)
{
    bool ok = msg->type == JSONRPC_REPLY;
    struct replica_txn *txn;

    if (p->state != STATE_UPDATES && p->state != STATE_DISCONNECTED
        && jsonrpc_id_is(msg->id, p->request_id)) {
        if (ok) {
            handle_reply(p, msg->result);
        } else {
            handle_error_reply(p, msg->error);
        }
    } else if (p->condition_change_in_flight
               && jsonrpc_id_is(msg->id, p->condition_id)) {
        handle_condition_reply(p, ok);
    } else if (p->lock_in_flight && jsonrpc_id_is(msg->id, p->lock_id)) {
        handle_lock_reply(p, ok ? msg->result : SPAN_LITERAL("{}"));
    } else if ((txn = txn_find(p->replica, msg->id)) != NULL) {
        if (ok) {
            txn_handle_result(txn, msg->result);
        } else {
            txn_handle_error(txn, msg->error);
        }
    }
}

/* Notifications. */

/* What changed here may call for the program. */
static void
after_update(struct protocol *p)
{
    p->replica->seqno++;
    if (store(p)->is_alerting) {
        replica_notify(p->replica);
    } else if (!list_is_empty(&p->replica->jobs)) {
        step_wake(&p->replica->jobs_step);
    }
}

/* "update", "update2": [MONITOR, UPDATES]; "update3": [MONITOR, LAST-TXN,
 * UPDATES]. */
static void
on_update(struct protocol *p, const struct jsonrpc_message *msg)
{
    bool is_3 = !strcmp(msg->method, "update3");
    enum update_format format = (!strcmp(msg->method, "update")
                                 ? UPDATE_OLD_NEW : UPDATE_DIFF);
    struct uuid last_txn = p->last_txn;
    struct span name, updates;
    struct jtext_reader r;
    struct error *error;
    bool ok;

    jtext_reader_init(&r, msg->params.data, msg->params.size);
    ok = (jtext_enter_array(&r) && jtext_next_item(&r)
          && jtext_skip(&r, &name)
          && (is_3 ? read_since(&r, NULL, &last_txn, &updates)
              : (jtext_next_item(&r) && jtext_take_last(&r, &updates)
                 && !jtext_next_item(&r))));
    error = finish_reading(&r, ok);
    if (error) {
        reject_message(p, error);
    } else if (span_equals_string(name, "\"server\"")) {
        error = server_db_update(&p->server, updates, false);
        if (error) {
            reject_message(p, error);
        } else if (p->has_server_db) {
            check_server(p);
        }
    } else if (span_equals_string(name, "\"db\"")
               && p->state == STATE_UPDATES
               && apply(p, updates, format, false)) {
        p->last_txn = last_txn;
        after_update(p);
    }
}

/* The database was converted, or has gone: _Server tells which. */
static void
on_monitor_canceled(struct protocol *p, const struct jsonrpc_message *msg)
{
    if (span_equals_string(msg->params, "[\"db\"]")) {
        memset(&p->last_txn, 0, sizeof p->last_txn);
        p->condition_change_in_flight = false;
        request_schema(p);
    }
}

static void
on_lock_notice(struct protocol *p, const struct jsonrpc_message *msg)
{
    json_t *json;
    struct error *error = jsonrpc_parse(msg->params, &json);
    const char *name;

    if (error) {
        reject_message(p, error);
        return;
    }
    name = json_string_value(json_array_get(json, 0));
    if (name && p->lock && !strcmp(name, p->lock)) {
        p->has_lock = !strcmp(msg->method, "locked");
        p->is_contended = !p->has_lock;
        replica_notify(p->replica);
    }
    json_decref(json);
}

static const struct {
    const char *method;
    void (*handle)(struct protocol *, const struct jsonrpc_message *);
} notices[] = {
    { "update3", on_update },
    { "update2", on_update },
    { "update", on_update },
    { "monitor_canceled", on_monitor_canceled },
    { "locked", on_lock_notice },
    { "stolen", on_lock_notice },
};

static void
on_message(struct jsonrpc_session *session,
           const struct jsonrpc_message *msg, void *p_)
{
    struct protocol *p = p_;

    if (msg->type == JSONRPC_REPLY || msg->type == JSONRPC_ERROR) {
        on_reply(p, msg);
    } else if (msg->type == JSONRPC_NOTIFY) {
        for (size_t i = 0; i < ARRAY_SIZE(notices); i++) {
            if (!strcmp(msg->method, notices[i].method)) {
                notices[i].handle(p, msg);
                return;
            }
        }
    } else {
        jsonrpc_send_error_text(rpc(p), msg->id, "unknown method", NULL);
    }
}

/* The connection. */

static void
on_connected(struct jsonrpc_session *session, struct jsonrpc *connection,
             void *p_)
{
    struct protocol *p = p_;

    jsonrpc_set_max_bytes(connection, MAX_MESSAGE_BYTES);
    jsonrpc_send_request_text(connection, "set_db_change_aware",
                              SPAN_LITERAL("[true]"));
    p->has_server_db = false;
    request(p, STATE_SERVER, "monitor", server_db_monitor_params());
}

static void
on_disconnected(struct jsonrpc_session *session, const struct error *error,
                void *p_)
{
    struct protocol *p = p_;
    bool was_tried = p->state == STATE_DISCONNECTED;

    if (!p->is_leaving) {
        set_error(p, "%s: %s", jsonrpc_session_name(session),
                  error ? error_message(error) : "connection closed by peer");
    }
    p->is_leaving = false;
    if (p->condition_change_in_flight) {
        memset(&p->last_txn, 0, sizeof p->last_txn);
    }
    p->state = STATE_DISCONNECTED;
    p->condition_change_in_flight = false;
    p->lock_in_flight = false;
    p->has_lock = p->is_contended = false;
    txn_disconnected(p->replica);
    if (was_tried) {
        p->n_failures++;
    }
    if (!p->is_retrying && p->n_failures >= p->n_remotes) {
        die(p);
    } else {
        replica_notify(p->replica);
    }
}

static const struct jsonrpc_session_callbacks callbacks = {
    .connected = on_connected,
    .message = on_message,
    .disconnected = on_disconnected,
};

struct protocol *
protocol_create(struct replica *replica)
{
    struct protocol *p = xzalloc(sizeof *p);

    p->replica = replica;
    p->options = (struct jsonrpc_session_options) JSONRPC_SESSION_DEFAULTS;
    p->options.max_bytes = MAX_MESSAGE_BYTES;
    p->is_retrying = true;
    server_db_init(&p->server);
    return p;
}

void
protocol_destroy(struct protocol *p)
{
    jsonrpc_session_destroy(p->session);
    server_db_uninit(&p->server);
    free(p->schema);
    free(p->last_error);
    free(p->lock);
    free(p->remotes);
    free(p);
}

bool
protocol_transact(struct protocol *p, struct str *params, uint64_t *ret_id)
{
    if (p->state != STATE_UPDATES || !rpc(p)) {
        return false;
    }
    *ret_id = jsonrpc_send_request_take(rpc(p), "transact", params);
    return true;
}

const char *
protocol_lock(const struct protocol *p)
{
    return p->lock;
}

/* Conditions. */

void
protocol_send_conditions(struct protocol *p)
{
    struct str params = STR_EMPTY;

    if (p->state != STATE_UPDATES || !p->can_filter
        || p->condition_change_in_flight) {
        return;
    }
    str_put(&params, "[\"db\",\"db\",");
    if (conditions_put_changes(store(p), &params)) {
        str_put_char(&params, ']');
        p->condition_id = send_request(
            p, "monitor_cond_change",
            (struct span) { params.string, params.length });
        p->condition_change_in_flight = true;
    }
    str_uninit(&params);
}

bool
replica_conditions_settled(const struct replica *replica)
{
    const struct protocol *p = replica->protocol;

    return (p->state == STATE_UPDATES && !p->condition_change_in_flight
            && (!p->can_filter || conditions_are_acked(store(p))));
}

/* Remotes. */

static struct error *
open_session(struct protocol *p, const char *const *words, size_t n)
{
    p->n_failures = 0;
    p->is_dead = false;
    return jsonrpc_session_open(words, n, &p->options, &callbacks, p,
                                &p->session);
}

struct error *
replica_set_remotes(struct replica *replica, const char *remotes,
                    bool shuffle)
{
    struct protocol *p = replica->protocol;
    VEC(const char *) words = VEC_EMPTY;
    struct error *error = NULL;
    char *copy, *rest, *word;

    if (p->remotes && remotes && !strcmp(p->remotes, remotes) && p->session) {
        return NULL;
    }
    copy = rest = xstrdup(remotes ? remotes : "");
    while ((word = text_token(&rest, ",")) != NULL) {
        vec_push(&words, word);
    }
    p->options.shuffle = shuffle;
    p->n_remotes = words.n;
    if (!words.n) {
        if (p->session) {
            jsonrpc_session_destroy(p->session);
            p->session = NULL;
            p->state = STATE_DISCONNECTED;
            p->has_lock = p->is_contended = false;
            txn_disconnected(replica);
        }
    } else if (p->session) {
        error = jsonrpc_session_set_remotes(p->session, words.items, words.n);
    } else {
        error = open_session(p, words.items, words.n);
    }
    if (!error) {
        free(p->remotes);
        p->remotes = xstrdup_null(remotes);
    }
    vec_uninit(&words);
    free(copy);
    return error;
}

void
replica_take_stream(struct replica *replica, struct stream *stream)
{
    struct protocol *p = replica->protocol;

    /* Nobody could connect again but the server. */
    p->is_retrying = false;
    p->n_remotes = p->n_failures = 0;
    p->session = jsonrpc_session_accept(stream, &p->options, &callbacks, p);
    on_connected(p->session, jsonrpc_session_rpc(p->session), p);
}

void
replica_set_leader_only(struct replica *replica, bool leader_only)
{
    struct protocol *p = replica->protocol;

    p->is_leader_only = leader_only;
    if (leader_only && p->state > STATE_SERVER && p->has_server_db) {
        check_server(p);
    }
}

void
replica_set_probe_interval(struct replica *replica, int ms)
{
    struct protocol *p = replica->protocol;

    p->options.probe_interval_ms = ms < 0 ? -1 : ms;
    if (p->session) {
        jsonrpc_session_set_probe_interval(p->session, ms < 0 ? 5000 : ms);
    }
}

void
replica_set_max_backoff(struct replica *replica, int ms)
{
    struct protocol *p = replica->protocol;

    p->options.max_backoff_ms = ms;
    if (p->session) {
        jsonrpc_session_set_max_backoff(p->session, ms);
    }
}

void
replica_set_retry(struct replica *replica, bool retry)
{
    replica->protocol->is_retrying = retry;
}

void
replica_reconnect(struct replica *replica)
{
    if (replica->protocol->session) {
        jsonrpc_session_force_reconnect(replica->protocol->session);
    }
}

void
replica_reset_min_index(struct replica *replica)
{
    memset(&replica->protocol->last_txn, 0, sizeof(struct uuid));
    replica_reconnect(replica);
}

bool
replica_is_connected(const struct replica *replica)
{
    return replica->protocol->state == STATE_UPDATES;
}

bool
replica_is_synced(const struct replica *replica)
{
    return replica->protocol->is_synced;
}

bool
replica_is_dead(const struct replica *replica)
{
    return replica->protocol->is_dead;
}

unsigned int
replica_connection_number(const struct replica *replica)
{
    return replica->protocol->n_connections;
}

const char *
replica_last_error(const struct replica *replica)
{
    return replica->protocol->last_error;
}

const char *
replica_remote(const struct replica *replica)
{
    return (replica->protocol->session
            ? jsonrpc_session_name(replica->protocol->session) : NULL);
}

/* The lock. */

void
replica_set_lock(struct replica *replica, const char *name)
{
    struct protocol *p = replica->protocol;

    if (p->lock && name ? !strcmp(p->lock, name) : p->lock == name) {
        return;
    }
    if (p->lock && p->state == STATE_UPDATES) {
        request_lock(p, "unlock");
        p->lock_in_flight = false;
    }
    p->has_lock = p->is_contended = false;
    free(p->lock);
    p->lock = xstrdup_null(name);
    if (p->lock && p->state == STATE_UPDATES) {
        request_lock(p, "lock");
    }
}

bool
replica_has_lock(const struct replica *replica)
{
    return replica->protocol->has_lock;
}

bool
replica_lock_is_contended(const struct replica *replica)
{
    return replica->protocol->is_contended;
}
