/* SPDX-License-Identifier: Apache-2.0 */

/* The monitors of a client. */

#include "ovsdb/server/session_private.h"

#include "lib/base/alloc.h"

/* Monitors of one client. */
#define MAX_MONITORS 10000

void
session_drop_monitor(struct session_monitor *sm)
{
    monitor_leave(&sm->monitor);
    list_remove(&sm->node);
    free(sm);
}

/* A name in one form, however the client has written it; for free(). */
static char *
canonical(struct span text)
{
    struct str s = STR_EMPTY;
    json_t *json;
    struct error *error = jtext_to_json(text.data, text.size, &json);

    if (error) {
        error_free(error);
        return xmemdup0(text.data, text.size);
    }
    jtext_put_json(&s, json, true);
    json_decref(json);
    return str_steal(&s);
}

static struct session_monitor *
find_monitor(struct session *session, const char *id)
{
    struct session_monitor *sm;

    LIST_FOR_EACH (sm, node, &session->monitors) {
        if (span_equals_string(monitor_id(&sm->monitor), id)) {
            return sm;
        }
    }
    return NULL;
}

static void
send_pieces(struct session *session, rcbuf_vec *pieces)
{
    struct jsonrpc *rpc = session_rpc(session);
    size_t size = 0;

    VEC_FOR_EACH (piece, pieces) {
        size += (*piece)->size;
        if (rpc) {
            jsonrpc_write_take(rpc, *piece);
        } else {
            rcbuf_unref(*piece);
        }
    }
    session->max_reply = MAX(session->max_reply, size);
    vec_uninit(pieces);
    session_check_backlog(session);
}

static void
push_text(rcbuf_vec *pieces, struct str *text)
{
    vec_push(pieces, rcbuf_steal_str(text));
}

/* Answers a request for a monitor with the contents of its tables, or, if
 * 'since' is a state that the history knows, what has changed since. */
static void
send_contents(struct session_monitor *sm, struct span id,
              const struct uuid *since)
{
    struct served *served = sm->served;
    rcbuf_vec pieces = VEC_EMPTY;
    struct str text = STR_EMPTY;
    bool found = since && history_has(&served->history, since);

    str_put(&text, "{\"id\":");
    str_put_bytes(&text, id.data, id.size);
    str_put(&text, ",\"result\":");
    if (since) {
        str_printf(&text, "[%s,\""UUID_FMT"\",", found ? "true" : "false",
                   UUID_ARGS(&served->db->last_id));
    }
    if (found) {
        monitor_put_since(&sm->monitor, &served->history, since, &text);
    } else {
        push_text(&pieces, &text);
        monitor_dump(&sm->monitor, &pieces);
    }
    str_put(&text, since ? "],\"error\":null}" : ",\"error\":null}");
    push_text(&pieces, &text);
    send_pieces(sm->session, &pieces);
}

static struct error *
start_monitor(struct session *session, const struct jsonrpc_message *m,
              enum monitor_version version)
{
    size_t n_params = version == MONITOR_V3 ? 4 : 3;
    struct session_monitor *sm;
    struct session_params params;
    struct served *served;
    struct uuid since = { { 0 } };
    char *id, *s;
    struct error *error = session_find_db(session, m, &served);

    if (error) {
        return error;
    }
    if (!session_read_params(m->params, &params) || params.n != n_params) {
        return session_syntax_error(m->params, "invalid parameters");
    }
    if (version == MONITOR_V3) {
        s = session_read_string(params.items[3]);
        if (!s || !uuid_from_string(&since, s)) {
            free(s);
            return session_syntax_error(params.items[3], "last-txn-id must be "
                                        "UUID format.");
        }
        free(s);
    }
    id = canonical(params.items[1]);
    if (find_monitor(session, id)) {
        free(id);
        return session_syntax_error(params.items[1], "duplicate monitor ID");
    }
    if (list_size(&session->monitors) >= MAX_MONITORS) {
        free(id);
        return error_create_tagged("resources exhausted",
                                   "too many monitors");
    }
    sm = xzalloc(sizeof *sm);
    sm->session = session;
    sm->served = served;
    error = monitor_join(&sm->monitor, &served->feeds, version, span_of(id),
                         params.items[2]);
    free(id);
    if (error) {
        free(sm);
        return error;
    }
    list_push_back(&session->monitors, &sm->node);
    send_contents(sm, m->id, version == MONITOR_V3 ? &since : NULL);
    return NULL;
}

struct error *
session_do_monitor(struct session *session, const struct jsonrpc_message *m)
{
    return start_monitor(session, m, MONITOR_V1);
}

static struct error *
refuse_method(struct session *session, const struct jsonrpc_message *m)
{
    jsonrpc_send_error_text(session_rpc(session), m->id, "unknown method",
                            m->method);
    return NULL;
}

struct error *
session_do_monitor_cond(struct session *session,
                        const struct jsonrpc_message *m)
{
    return (session->server->no_monitor_cond ? refuse_method(session, m)
            : start_monitor(session, m, MONITOR_V2));
}

struct error *
session_do_monitor_cond_since(struct session *session,
                      const struct jsonrpc_message *m)
{
    return (session->server->no_monitor_cond ? refuse_method(session, m)
            : start_monitor(session, m, MONITOR_V3));
}

struct error *
session_do_monitor_cond_change(struct session *session,
                       const struct jsonrpc_message *m)
{
    struct str text = STR_EMPTY;
    struct session_monitor *sm, *other;
    struct session_params params;
    struct error *error;
    char *old_id, *new_id;

    if (!session_read_params(m->params, &params) || params.n != 3) {
        return session_syntax_error(m->params, "invalid parameters");
    }
    old_id = canonical(params.items[0]);
    new_id = canonical(params.items[1]);
    sm = find_monitor(session, old_id);
    other = find_monitor(session, new_id);
    if (!sm || monitor_version(&sm->monitor) == MONITOR_V1) {
        error = session_syntax_error(params.items[0],
                                     "unknown monitor session");
    } else if (other && other != sm) {
        error = session_syntax_error(params.items[1], "duplicate monitor ID");
    } else {
        error = monitor_change(&sm->monitor, span_of(new_id),
                               params.items[2], &text);
    }
    free(old_id);
    free(new_id);
    if (!error) {
        jsonrpc_write(session_rpc(session), str_cstr(&text), text.length);
        session_send_text(session, m->id, "{}");
    }
    str_uninit(&text);
    return error;
}

struct error *
session_do_monitor_cancel(struct session *session,
                          const struct jsonrpc_message *m)
{
    struct session_monitor *sm;
    struct session_params params;
    char *id;

    if (!session_read_params(m->params, &params) || params.n != 1) {
        jsonrpc_send_error(session_rpc(session), m->id,
                           json_string("invalid parameters"));
        return NULL;
    }
    id = canonical(params.items[0]);
    sm = find_monitor(session, id);
    free(id);
    if (!sm) {
        jsonrpc_send_error(session_rpc(session), m->id,
                           json_string("unknown monitor"));
        return NULL;
    }
    session_drop_monitor(sm);
    session_send_text(session, m->id, "{}");
    return NULL;
}
