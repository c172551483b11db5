/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/tools/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/daemon/daemon.h"
#include "lib/jsonrpc/session.h"
#include "lib/ovsdb/jtext.h"
#include "lib/runtime/loop.h"

#define DEFAULT_PORT 6640
#define MAX_MESSAGE (1u << 30)

struct notification {
    struct list node;
    char *method;
    json_t *params;
};

struct rpc {
    struct jsonrpc_session *session;
    bool is_connected;
    bool is_leaving;                /* rpc_try_next(). */
    uint64_t id;                    /* Of the call that is waited for. */
    bool has_reply;
    json_t *result;
    struct list notifications;
};

static json_t *
parse(struct span text)
{
    json_t *json = NULL;

    program_check(jtext_to_json(text.data, text.size, &json));
    return json;
}

static void
connected(struct jsonrpc_session *session, struct jsonrpc *jsonrpc, void *rpc)
{
    ((struct rpc *) rpc)->is_connected = true;
}

static void
print_error_reply(const struct jsonrpc_message *m)
{
    program_fatal("transaction returned error: %.*s", (int) m->error.size,
                  m->error.data);
}

static void
message(struct jsonrpc_session *session, const struct jsonrpc_message *m,
        void *rpc_)
{
    struct rpc *rpc = rpc_;

    if (m->type == JSONRPC_NOTIFY) {
        struct notification *n = xmalloc(sizeof *n);

        n->method = xstrdup(m->method);
        n->params = parse(m->params);
        list_push_back(&rpc->notifications, &n->node);
    } else if ((m->type == JSONRPC_REPLY || m->type == JSONRPC_ERROR)
               && jsonrpc_id_is(m->id, rpc->id)) {
        if (m->type == JSONRPC_ERROR) {
            print_error_reply(m);
        }
        rpc->result = parse(m->result);
        rpc->has_reply = true;
    }
}

static void
disconnected(struct jsonrpc_session *session, const struct error *error,
             void *rpc_)
{
    struct rpc *rpc = rpc_;

    if (rpc->is_leaving) {
        rpc->is_leaving = rpc->is_connected = false;
    } else if (rpc->is_connected) {
        program_fatal("%s: disconnected (%s)", jsonrpc_session_name(session),
                      error ? error_message(error) : "End of file");
    } else if (!jsonrpc_session_is_alive(session)) {
        program_fatal("failed to connect to \"%s\" (%s)",
                      jsonrpc_session_name(session), error_message(error));
    }
}

static const struct jsonrpc_session_callbacks callbacks = {
    .connected = connected,
    .message = message,
    .disconnected = disconnected,
};

static void
accepted(struct listener *listener, struct stream *stream, void *ret_stream_)
{
    struct stream **ret_stream = ret_stream_;

    if (*ret_stream) {
        stream_destroy(stream);
    } else {
        *ret_stream = stream;
    }
}

/* Waits for a server to connect to us. */
static void
wait_for_server(struct rpc *rpc, const char *remote,
                const struct jsonrpc_session_options *options)
{
    static const struct listener_callbacks listening = { accepted };
    struct stream *stream = NULL;
    struct listener *listener;

    program_check(listener_open(remote, DEFAULT_PORT, &listening, &stream,
                                &listener));
    while (!stream) {
        loop_turn(true);
    }
    listener_destroy(listener);
    rpc->session = jsonrpc_session_accept(stream, options, &callbacks, rpc);
    rpc->is_connected = true;
}

static void
wait_for_connection(struct rpc *rpc)
{
    while (!rpc->is_connected) {
        if (!jsonrpc_session_is_alive(rpc->session)) {
            program_fatal("failed to connect to \"%s\"",
                          jsonrpc_session_name(rpc->session));
        }
        loop_turn(true);
    }
}

struct rpc *
rpc_connect(const char *remotes)
{
    struct jsonrpc_session_options options = JSONRPC_SESSION_DEFAULTS;
    struct rpc *rpc = xzalloc(sizeof *rpc);

    list_init(&rpc->notifications);
    options.probe_interval_ms = 0;
    options.max_tries = 1;
    for (const char *p = remotes; *p; p++) {
        options.max_tries += *p == ',';
    }
    options.max_bytes = MAX_MESSAGE;
    options.default_port = DEFAULT_PORT;
    options.is_quiet = true;
    if (stream_name_is_passive(remotes)) {
        wait_for_server(rpc, remotes, &options);
        return rpc;
    }
    program_check(jsonrpc_session_open_list(remotes, &options, &callbacks,
                                            rpc, &rpc->session));
    wait_for_connection(rpc);
    return rpc;
}

void
rpc_try_next(struct rpc *rpc)
{
    rpc->is_leaving = true;
    jsonrpc_session_try_next(rpc->session);
    while (rpc->is_leaving) {
        loop_turn(true);
    }
    wait_for_connection(rpc);
}

void
rpc_close(struct rpc *rpc)
{
    struct notification *n;

    LIST_FOR_EACH_SAFE (n, node, &rpc->notifications) {
        free(n->method);
        json_decref(n->params);
        free(n);
    }
    jsonrpc_session_destroy(rpc->session);
    free(rpc);
}

json_t *
rpc_call(struct rpc *rpc, const char *method, json_t *params)
{
    rpc->has_reply = false;
    rpc->id = jsonrpc_send_request(jsonrpc_session_rpc(rpc->session), method,
                                   params);
    while (!rpc->has_reply) {
        loop_turn(true);
    }
    return rpc->result;
}

json_t *
rpc_wait_notify(struct rpc *rpc, char **ret_method, const bool *until)
{
    struct notification *n;
    json_t *params;

    while (list_is_empty(&rpc->notifications)) {
        if (until && *until) {
            return NULL;
        }
        fflush(stdout);
        loop_turn(true);
    }
    n = LIST_ELEM(n, list_pop_front(&rpc->notifications), node);
    *ret_method = n->method;
    params = n->params;
    free(n);
    return params;
}

void
rpc_set_reading(struct rpc *rpc, bool reading)
{
    jsonrpc_set_reading(jsonrpc_session_rpc(rpc->session), reading);
}
