/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/session.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/replication.h"
#include "ovsdb/server/row_text.h"
#include "ovsdb/server/session_private.h"

LOG_MODULE(ovsdb_jsonrpc_server);
COUNTER(ovsdb_session_cut);
COUNTER(ovsdb_request);

/* A client may leave so much unread, beside the biggest reply that it has
 * asked for itself. */
#define MAX_BACKLOG (64u << 20)

/* The longest request. */
#define MAX_REQUEST (512u << 20)

/* Transactions of one client that may wait. */
#define MAX_WAITING 1000

/* Locks of one client. */
#define MAX_LOCKS 10000

static bool
is_read_only(const struct session *session)
{
    return (session->read_only
            || replication_is_backup(session->server->replication));
}

/* Life. */

static bool
holds_lock(const char *name, void *session_)
{
    const struct session *session = session_;
    struct lock_claim *claim;

    LIST_FOR_EACH (claim, node, &session->claims) {
        if (!strcmp(lock_claim_name(claim), name)) {
            return lock_claim_is_owner(claim);
        }
    }
    return false;
}

static void session_message(struct jsonrpc_session *,
                            const struct jsonrpc_message *, void *);
static void session_disconnected(struct jsonrpc_session *,
                                 const struct error *, void *);

static void
session_connected(struct jsonrpc_session *rpc_session, struct jsonrpc *rpc,
                  void *session)
{
}

static const struct jsonrpc_session_callbacks callbacks = {
    .connected = session_connected,
    .message = session_message,
    .disconnected = session_disconnected,
};

static struct session *
create(struct server *server, const struct session_options *options)
{
    struct session *session = xzalloc(sizeof *session);

    session->server = server;
    list_init(&session->monitors);
    list_init(&session->transactions);
    list_init(&session->claims);
    list_push_back(&server->sessions, &session->node);
    session->read_only = options->read_only;
    session->role = xstrdup_null(options->role);
    return session;
}

struct session *
session_accept(struct server *server, struct stream *stream,
               const struct session_options *options)
{
    struct session *session = create(server, options);
    struct jsonrpc_session_options rpc = options->rpc;

    rpc.max_bytes = MAX_REQUEST;
    session->rpc_session = jsonrpc_session_accept(stream, &rpc, &callbacks,
                                                  session);
    return session;
}

struct error *
session_connect(struct server *server, const char *remote,
                const struct session_options *options, struct session **ret)
{
    struct session *session = create(server, options);
    struct jsonrpc_session_options rpc = options->rpc;
    struct error *error;

    rpc.max_bytes = MAX_REQUEST;
    session->is_active = true;
    error = jsonrpc_session_open(&remote, 1, &rpc, &callbacks, session,
                                 &session->rpc_session);
    if (error) {
        session_destroy(session);
        return error;
    }
    *ret = session;
    return NULL;
}

static void
notify(struct session *session, const char *method, const char *params)
{
    if (session && session_rpc(session)) {
        jsonrpc_send_notify_text(session_rpc(session), method,
                                 span_of(params));
    }
}

static void
notify_lock(struct session *session, const char *method, const char *lock)
{
    char *params = xasprintf("[\"%s\"]", lock);

    notify(session, method, params);
    free(params);
}

static void
drop_claim(struct session *session, struct lock_claim *claim)
{
    char *name = xstrdup(lock_claim_name(claim));
    struct session *owner = lock_claim_drop(&session->server->locks, claim);

    notify_lock(owner, "locked", name);
    free(name);
}

/* Forgets all that belongs to a connection. */
static void
clear(struct session *session)
{
    struct session_monitor *sm;
    struct lock_claim *claim;
    struct transaction *t;

    LIST_FOR_EACH_SAFE (sm, node, &session->monitors) {
        session_drop_monitor(sm);
    }
    LIST_FOR_EACH_SAFE (claim, node, &session->claims) {
        drop_claim(session, claim);
    }
    LIST_FOR_EACH_SAFE (t, session_node, &session->transactions) {
        transaction_destroy(t);
    }
    session->max_reply = 0;
    session->is_change_aware = false;
}

void
session_destroy(struct session *session)
{
    clear(session);
    list_remove(&session->node);
    jsonrpc_session_destroy(session->rpc_session);
    free(session->role);
    free(session->remote);
    free(session);
}

void
session_doom(struct session *session)
{
    session->is_doomed = true;
    server_wake(session->server);
}

void
session_destroy_doomed(struct server *server)
{
    struct session *session;

    LIST_FOR_EACH_SAFE (session, node, &server->sessions) {
        if (session->is_doomed) {
            session_destroy(session);
        }
    }
}

void
session_reconnect(struct session *session)
{
    if (session->is_active) {
        clear(session);
        jsonrpc_session_force_reconnect(session->rpc_session);
    } else {
        session_doom(session);
    }
}

static void
session_disconnected(struct jsonrpc_session *rpc_session,
                     const struct error *error, void *session_)
{
    struct session *session = session_;

    clear(session);
    if (!session->is_active) {
        session_doom(session);
    }
}

void
session_set_options(struct session *session,
                    const struct session_options *options)
{
    session->read_only = options->read_only;
    free(session->role);
    session->role = xstrdup_null(options->role);
    if (options->rpc.probe_interval_ms >= 0) {
        jsonrpc_session_set_probe_interval(session->rpc_session,
                                           options->rpc.probe_interval_ms);
    }
    if (options->rpc.dscp >= 0) {
        jsonrpc_session_set_dscp(session->rpc_session, options->rpc.dscp);
    }
    if (session->is_active && options->rpc.max_backoff_ms) {
        jsonrpc_session_set_max_backoff(session->rpc_session,
                                        options->rpc.max_backoff_ms);
    }
}

struct jsonrpc_session *
session_rpc_session(struct session *session)
{
    return session->rpc_session;
}

void
session_set_remote(struct session *session, const char *name)
{
    free(session->remote);
    session->remote = xstrdup(name);
}

const char *
session_remote(const struct session *session)
{
    return session->remote;
}

bool
session_is_connected(const struct session *session)
{
    return session_rpc(session) != NULL;
}

bool
session_is_doomed(const struct session *session)
{
    return session->is_doomed;
}

bool
session_is_change_aware(const struct session *session)
{
    return session->is_change_aware;
}

size_t
session_count_locks(const struct session *session, bool owned)
{
    struct lock_claim *claim;
    size_t n = 0;

    LIST_FOR_EACH (claim, node, &session->claims) {
        n += lock_claim_is_owner(claim) == owned;
    }
    return n;
}

static struct session *
session_at(const struct server *server, struct list *node)
{
    return (node == &server->sessions ? NULL
            : CONTAINER_OF(node, struct session, node));
}

struct session *
session_first(const struct server *server)
{
    return session_at(server, server->sessions.next);
}

struct session *
session_next(const struct session *session)
{
    return session_at(session->server, session->node.next);
}

size_t
session_count_waiting(const struct session *session)
{
    struct transaction *t;
    size_t n = 0;

    LIST_FOR_EACH (t, session_node, &session->transactions) {
        n += t->result.must_wait;
    }
    return n;
}

size_t
session_backlog_bytes(const struct session *session)
{
    const struct jsonrpc *rpc = session_rpc(session);

    return rpc ? jsonrpc_backlog_bytes(rpc) : 0;
}

size_t
session_count_monitors(const struct session *session)
{
    return list_size(&session->monitors);
}

/* Sending. */

/* A client that does not read must not fill our memory. */
void
session_check_backlog(struct session *session)
{
    struct jsonrpc *rpc = session_rpc(session);

    if (rpc && !session->is_doomed
        && jsonrpc_backlog_bytes(rpc) > MAX_BACKLOG + session->max_reply) {
        counter_inc(ovsdb_session_cut);
        log_warn("%s: disconnecting a client that has left %zu bytes unread",
                 jsonrpc_session_name(session->rpc_session),
                 jsonrpc_backlog_bytes(rpc));
        session_reconnect(session);
    }
}

void
session_update(struct monitor *monitor, struct rcbuf *text)
{
    struct session_monitor *sm = CONTAINER_OF(monitor, struct session_monitor,
                                              monitor);
    struct jsonrpc *rpc = session_rpc(sm->session);

    if (rpc && !sm->session->is_doomed) {
        jsonrpc_write_take(rpc, rcbuf_ref(text));
        if (jsonrpc_backlog_bytes(rpc) > MAX_BACKLOG
                                         + sm->session->max_reply) {
            /* The feed is being walked over: only note it. */
            counter_inc(ovsdb_session_cut);
            log_warn("%s: disconnecting a monitor that has left %zu bytes "
                     "unread", jsonrpc_session_name(sm->session->rpc_session),
                     jsonrpc_backlog_bytes(rpc));
            session_doom(sm->session);
        }
    }
}

static void
send_result(struct session *session, struct span id, struct span result)
{
    struct jsonrpc *rpc = session_rpc(session);

    if (rpc) {
        session->max_reply = MAX(session->max_reply, result.size);
        jsonrpc_send_reply_text(rpc, id, result);
        session_check_backlog(session);
    }
}

void
session_send_text(struct session *session, struct span id, const char *result)
{
    send_result(session, id, span_of(result));
}

/* Answers with the error object of 'error', which it frees. */
static void
send_error(struct session *session, struct span id, struct error *error)
{
    struct jsonrpc *rpc = session_rpc(session);

    if (rpc) {
        struct str s = STR_EMPTY;

        put_error_json(&s, error);
        jsonrpc_send_error_json(rpc, id, (struct span) { s.string,
                                                         s.length });
        str_uninit(&s);
    }
    error_free(error);
}

void
session_reply(struct transaction *t, void *aux)
{
    if (t->session) {
        send_result(t->session, span_of(t->id),
                    (struct span) { t->result.text.string,
                                    t->result.text.length });
    }
}

/* Requests. */

bool
session_read_params(struct span text, struct session_params *params)
{
    struct jtext_reader r;
    struct error *error;

    memset(params, 0, sizeof *params);
    jtext_reader_init(&r, text.data, text.size);
    jtext_enter_array(&r);
    while (jtext_next_item(&r)) {
        struct span item;

        jtext_skip(&r, &item);
        if (params->n < ARRAY_SIZE(params->items)) {
            params->items[params->n] = item;
        }
        params->n++;
    }
    error = jtext_finish(&r);
    error_free(error);
    return !error;
}

/* The decoded string, for free(); NULL if it is none. */
char *
session_read_string(struct span text)
{
    struct jtext_reader r;
    struct span span;
    char *s = NULL;

    if (!text.data) {
        return NULL;
    }
    jtext_reader_init(&r, text.data, text.size);
    if (jtext_peek(&r) == JTEXT_STRING && jtext_get_string(&r, &span)) {
        s = jtext_span_dup(&span);
    }
    jtext_reader_uninit(&r);
    return s;
}

/* Blames the piece 'text' of a request for 'error'. */
static struct error *
blame(struct error *error, struct span text)
{
    error_take_subject(error, jtext_subject(text));
    return error;
}

struct error *
session_syntax_error(struct span text, const char *what)
{
    return blame(error_create_tagged("syntax error", "%s", what), text);
}

/* Finds the database that the first parameter names. */
struct error *
session_find_db(struct session *session, const struct jsonrpc_message *m,
        struct served **ret)
{
    struct jtext_reader r;
    struct span name = SPAN_NULL;
    struct error *error = NULL;
    char *s = NULL;

    jtext_reader_init(&r, m->params.data, m->params.size);
    if (jtext_enter_array(&r) && jtext_next_item(&r)
        && jtext_peek(&r) == JTEXT_STRING && jtext_get_string(&r, &name)) {
        s = jtext_span_dup(&name);
    }
    jtext_reader_uninit(&r);
    if (!s) {
        return blame(error_create_tagged(
                         "syntax error", "%s request params must begin with "
                         "<db-name>", m->method), m->params);
    }
    *ret = server_find_db(session->server, s);
    if (!*ret) {
        error = blame(error_create_tagged(
                          "unknown database", "%s request specifies unknown "
                          "database %s", m->method, s), m->params);
    }
    free(s);
    return error;
}

typedef struct error *method_fn(struct session *,
                                const struct jsonrpc_message *);

static struct error *
do_list_dbs(struct session *session, const struct jsonrpc_message *m)
{
    struct str s = STR_EMPTY;
    struct served *served;
    bool is_first = true;

    str_put_char(&s, '[');
    LIST_FOR_EACH (served, node, &session->server->dbs) {
        str_put(&s, is_first ? "" : ",");
        jtext_put_cstr(&s, db_name(served->db));
        is_first = false;
    }
    str_put_char(&s, ']');
    session_send_text(session, m->id, str_cstr(&s));
    str_uninit(&s);
    return NULL;
}

static struct error *
do_get_schema(struct session *session, const struct jsonrpc_message *m)
{
    struct str s = STR_EMPTY;
    struct served *served;
    struct error *error = session_find_db(session, m, &served);
    json_t *json;

    if (error) {
        return error;
    }
    json = ovsdb_schema_to_json(served->db->schema);
    jtext_put_json(&s, json, false);
    json_decref(json);
    session_send_text(session, m->id, str_cstr(&s));
    str_uninit(&s);
    return NULL;
}

static struct error *
do_get_server_id(struct session *session, const struct jsonrpc_message *m)
{
    char *id = xasprintf("\""UUID_FMT"\"", UUID_ARGS(&session->server->id));

    session_send_text(session, m->id, id);
    free(id);
    return NULL;
}

static struct error *
do_set_db_change_aware(struct session *session,
                       const struct jsonrpc_message *m)
{
    struct session_params params;

    if (!session_read_params(m->params, &params) || params.n != 1
        || (!span_equals_string(params.items[0], "true")
            && !span_equals_string(params.items[0], "false"))) {
        return session_syntax_error(m->params, "set_db_change_aware: true or "
                                    "false parameter expected");
    }
    session->is_change_aware = span_equals_string(params.items[0], "true");
    session_send_text(session, m->id, "{}");
    return NULL;
}

const struct execute_client *
session_client(struct session *session, const struct served *served)
{
    session->client = (struct execute_client) {
        .read_only = is_read_only(session) || served->is_internal,
        .role = session->role,
        .holds_lock = holds_lock,
        .aux = session,
    };
    if (session->role && session_rpc(session)) {
        session->client.id =
            stream_peer_common_name(jsonrpc_stream(session_rpc(session)));
    }
    return &session->client;
}

static struct error *
do_transact(struct session *session, const struct jsonrpc_message *m)
{
    struct served *served;
    struct transaction *t;
    struct error *error = session_find_db(session, m, &served);

    if (error) {
        return error;
    }
    served_transact(served, session, session_client(session, served), m->id,
                    m->params, &t);
    list_push_back(&session->transactions, &t->session_node);
    if (t->result.must_wait && session_count_waiting(session) > MAX_WAITING) {
        transaction_destroy(t);
        return error_create_tagged("resources exhausted",
                                   "too many transactions are waiting");
    }
    return NULL;
}

static void
cancel(struct session *session, struct transaction *t)
{
    struct jsonrpc *rpc = session_rpc(session);

    if (rpc) {
        jsonrpc_send_error(rpc, span_of(t->id), json_string("canceled"));
    }
    transaction_destroy(t);
}

/* A notification: ends a transaction that waits. */
static void
do_cancel(struct session *session, const struct jsonrpc_message *m)
{
    struct transaction *t;
    struct session_params params;

    if (!session_read_params(m->params, &params) || params.n != 1) {
        return;
    }
    LIST_FOR_EACH (t, session_node, &session->transactions) {
        if (t->result.must_wait
            && span_equals_string(params.items[0], t->id)) {
            cancel(session, t);
            return;
        }
    }
}

/* Locks. */

/* Reads the name of the lock, or answers, and stores NULL, that the client may
 * have none. */
static struct error *
read_lock_name(struct session *session, const struct jsonrpc_message *m,
               char **ret)
{
    struct session_params params;

    *ret = NULL;
    if (is_read_only(session)) {
        jsonrpc_send_error_text(session_rpc(session), m->id, "lock and unlock "
                                "methods not allowed, DB server is read "
                                "only.", NULL);
        return NULL;
    }
    if (session_read_params(m->params, &params) && params.n == 1) {
        *ret = session_read_string(params.items[0]);
    }
    if (*ret && ovsdb_id_is_valid(*ret)) {
        return NULL;
    }
    free(*ret);
    *ret = NULL;
    return blame(error_create_tagged("syntax error", "%s request params must "
                                     "be <id>", m->method), m->params);
}

static struct lock_claim *
find_claim(struct session *session, const char *name)
{
    struct lock_claim *claim;

    LIST_FOR_EACH (claim, node, &session->claims) {
        if (!strcmp(lock_claim_name(claim), name)) {
            return claim;
        }
    }
    return NULL;
}

static struct error *
claim_lock(struct session *session, const struct jsonrpc_message *m,
           bool steal)
{
    struct session *victim;
    struct lock_claim *claim;
    char *name;
    struct error *error = read_lock_name(session, m, &name);

    if (!name) {
        return error;
    }
    if (find_claim(session, name)) {
        error = blame(error_create_tagged(
                          "syntax error", "must issue \"unlock\" before new "
                          "\"%s\"", m->method), m->params);
    } else if (list_size(&session->claims) >= MAX_LOCKS) {
        error = error_create_tagged("resources exhausted", "too many locks");
    } else {
        claim = locks_claim(&session->server->locks, session, name, steal,
                            &victim);
        list_push_back(&session->claims, &claim->node);
        notify_lock(victim, "stolen", name);
        session_send_text(session, m->id, (lock_claim_is_owner(claim)
                                   ? "{\"locked\":true}"
                                   : "{\"locked\":false}"));
    }
    free(name);
    return error;
}

static struct error *
do_lock(struct session *session, const struct jsonrpc_message *m)
{
    return claim_lock(session, m, false);
}

static struct error *
do_steal(struct session *session, const struct jsonrpc_message *m)
{
    return claim_lock(session, m, true);
}

static struct error *
do_unlock(struct session *session, const struct jsonrpc_message *m)
{
    struct lock_claim *claim;
    char *name;
    struct error *error = read_lock_name(session, m, &name);

    if (!name) {
        return error;
    }
    claim = find_claim(session, name);
    if (!claim) {
        error = session_syntax_error(m->params, "unlock: \"unlock\" without "
                                     "\"lock\" or \"steal\"");
    } else {
        drop_claim(session, claim);
        session_send_text(session, m->id, "{}");
    }
    free(name);
    return error;
}

static struct error *
do_convert(struct session *session, const struct jsonrpc_message *m)
{
    struct ovsdb_schema *schema;
    struct session_params params;
    struct served *served;
    struct error *error = session_find_db(session, m, &served);

    if (error) {
        return error;
    }
    if (!session_read_params(m->params, &params) || params.n != 2) {
        return session_syntax_error(m->params, "invalid parameters");
    }
    if (session_client(session, served)->read_only
        || (session->role && *session->role)) {
        return error_create_tagged("not allowed", "convert is not allowed "
                                   "on this connection");
    }
    error = ovsdb_schema_from_text(params.items[1].data,
                                   params.items[1].size, &schema);
    if (error) {
        return blame(error, params.items[1]);
    }
    if (strcmp(schema->name, db_name(served->db))) {
        error = error_create_tagged("invalid parameters", "new schema name "
                                    "(%s) does not match database name (%s)",
                                    schema->name, db_name(served->db));
    } else {
        /* Who asks for it knows of it, and is to have the reply. */
        bool was_aware = session->is_change_aware;

        session->is_change_aware = true;
        error = server_convert(session->server, served, schema);
        session->is_change_aware = was_aware;
    }
    ovsdb_schema_unref(schema);
    if (!error) {
        session_send_text(session, m->id, "{}");
    }
    return error;
}

void
session_forget_db(struct session *session, struct served *served)
{
    struct session_monitor *sm;
    struct transaction *t;

    LIST_FOR_EACH_SAFE (t, session_node, &session->transactions) {
        if (t->served == served) {
            cancel(session, t);
        }
    }
    LIST_FOR_EACH_SAFE (sm, node, &session->monitors) {
        if (sm->served == served) {
            struct span id = monitor_id(&sm->monitor);
            char *params = xasprintf("[%.*s]", (int) id.size, id.data);

            notify(session, "monitor_canceled", params);
            free(params);
            session_drop_monitor(sm);
        }
    }
}

static const struct {
    const char *name;
    method_fn *run;
    bool needs_flush;       /* Must see, and follow, all that came before. */
} methods[] = {
    { "transact", do_transact, false },
    { "list_dbs", do_list_dbs, true },
    { "get_schema", do_get_schema, true },
    { "get_server_id", do_get_server_id, true },
    { "set_db_change_aware", do_set_db_change_aware, true },
    { "monitor", session_do_monitor, true },
    { "monitor_cond", session_do_monitor_cond, true },
    { "monitor_cond_since", session_do_monitor_cond_since, true },
    { "monitor_cond_change", session_do_monitor_cond_change, true },
    { "monitor_cancel", session_do_monitor_cancel, true },
    { "lock", do_lock, true },
    { "steal", do_steal, true },
    { "unlock", do_unlock, true },
    { "convert", do_convert, true },
};

static void
handle_request(struct session *session, const struct jsonrpc_message *m)
{
    struct error *error;

    counter_inc(ovsdb_request);
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        if (!strcmp(m->method, methods[i].name)) {
            if (methods[i].needs_flush) {
                server_flush(session->server);
                if (!session_rpc(session)) {
                    return;
                }
            }
            error = methods[i].run(session, m);
            if (error) {
                send_error(session, m->id, error);
            }
            return;
        }
    }
    jsonrpc_send_error_text(session_rpc(session), m->id, "unknown method",
                            NULL);
}

static void
session_message(struct jsonrpc_session *rpc_session,
                const struct jsonrpc_message *m, void *session_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    struct session *session = session_;

    if (session->is_doomed) {
        return;
    }
    if (m->type == JSONRPC_REQUEST) {
        handle_request(session, m);
    } else if (m->type == JSONRPC_NOTIFY && !strcmp(m->method, "cancel")) {
        do_cancel(session, m);
    } else if (m->type == JSONRPC_NOTIFY) {
        log_warn_limited(&limit, "%s: disconnecting a client that has sent "
                         "the unexpected notification \"%s\"",
                         jsonrpc_session_name(rpc_session), m->method);
        session_reconnect(session);
    }
}
