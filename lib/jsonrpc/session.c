/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/jsonrpc/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"

#define DEFAULT_PORT 6640
#define DEFAULT_PROBE_INTERVAL_MS 5000
#define DEFAULT_MAX_BACKOFF_MS 8000
#define MIN_BACKOFF_MS 1000

struct jsonrpc_session {
    const struct jsonrpc_session_callbacks *callbacks;
    void *aux;
    struct jsonrpc_session_options options;
    VEC(char *) remotes;        /* Empty for an accepted session. */
    size_t next;                /* Remote to try next. */
    size_t n_skipped;           /* By jsonrpc_session_try_next() in a row. */
    struct reconnect reconnect;
    struct stream *opening;     /* A try under way. */
    struct jsonrpc *rpc;        /* The connection. */
};

static void connect_next(void *);
static void disconnect(const struct error *, void *);
static void probe(void *);
static int64_t last_activity_ms(void *);

static const struct reconnect_callbacks reconnect_callbacks = {
    .connect = connect_next,
    .disconnect = disconnect,
    .probe = probe,
    .last_activity_ms = last_activity_ms,
};

static void rpc_message(struct jsonrpc *, const struct jsonrpc_message *,
                        void *);
static void rpc_closed(struct jsonrpc *, const struct error *, void *);
static void rpc_drained(struct jsonrpc *, void *);

static const struct jsonrpc_callbacks rpc_callbacks = {
    .message = rpc_message,
    .closed = rpc_closed,
    .drained = rpc_drained,
};

/* The connection. */

static void
adopt_stream(struct jsonrpc_session *s, struct stream *stream)
{
    s->rpc = jsonrpc_create(stream, &rpc_callbacks, s);
    if (s->options.max_bytes) {
        jsonrpc_set_max_bytes(s->rpc, s->options.max_bytes);
    }
    if (s->options.dscp >= 0) {
        stream_set_dscp(stream, s->options.dscp);
    }
}

static void
opened(struct stream *stream, void *session)
{
    struct jsonrpc_session *s = session;

    s->opening = NULL;
    adopt_stream(s, stream);
    reconnect_connected(&s->reconnect);
    s->callbacks->connected(s, s->rpc, s->aux);
}

/* The log names the remote that is tried next. */
static void
name_next(struct jsonrpc_session *s)
{
    if (s->remotes.n) {
        reconnect_set_name(&s->reconnect, s->remotes.items[s->next]);
    }
}

static void
open_failed(struct stream *stream, const struct error *error, void *session)
{
    struct jsonrpc_session *s = session;

    stream_destroy(stream);
    s->opening = NULL;
    reconnect_connect_failed(&s->reconnect, error);
    name_next(s);
    s->callbacks->disconnected(s, error, s->aux);
}

static const struct stream_callbacks opening_callbacks = {
    .opened = opened,
    .closed = open_failed,
};

static uint16_t
default_port(const struct jsonrpc_session *s)
{
    return s->options.default_port ? s->options.default_port : DEFAULT_PORT;
}

static void
connect_next(void *session)
{
    struct jsonrpc_session *s = session;
    const char *remote = s->remotes.items[s->next];

    s->next = (s->next + 1) % s->remotes.n;
    struct error *error = stream_open(remote, default_port(s),
                                      &opening_callbacks, s, &s->opening);
    if (error) {
        s->opening = NULL;
        reconnect_connect_failed(&s->reconnect, error);
        name_next(s);
        s->callbacks->disconnected(s, error, s->aux);
        error_free(error);
    }
}

static void
close_all(struct jsonrpc_session *s)
{
    stream_destroy(s->opening);
    s->opening = NULL;
    jsonrpc_destroy(s->rpc);
    s->rpc = NULL;
}

/* The state machine has given up the connection or the try. */
static void
disconnect(const struct error *error, void *session)
{
    struct jsonrpc_session *s = session;

    close_all(s);
    name_next(s);
    s->callbacks->disconnected(s, error, s->aux);
}

static void
probe(void *session)
{
    struct jsonrpc_session *s = session;
    static const char echo[] =
        "{\"method\":\"echo\",\"params\":[],\"id\":\"echo\"}";

    jsonrpc_write(s->rpc, echo, sizeof echo - 1);
}

static int64_t
last_activity_ms(void *session)
{
    struct jsonrpc_session *s = session;

    if (!jsonrpc_is_reading(s->rpc)) {
        /* Its silence is of our own making. */
        return clock_ms();
    }
    const struct stream_stats *stats = stream_stats(jsonrpc_stream(s->rpc));
    return MAX(stats->last_input_ms, stats->last_unblocked_ms);
}

static void
rpc_message(struct jsonrpc *rpc, const struct jsonrpc_message *message,
            void *session)
{
    struct jsonrpc_session *s = session;

    reconnect_activity(&s->reconnect);
    if (message->type == JSONRPC_REQUEST && !strcmp(message->method, "echo")) {
        jsonrpc_send_reply_text(rpc, message->id, message->params);
    } else if ((message->type == JSONRPC_REPLY
                || message->type == JSONRPC_ERROR)
               && span_equals_string(message->id, "\"echo\"")) {
        /* The answer to a probe; that it came is all. */
    } else {
        s->callbacks->message(s, message, s->aux);
    }
}

static void
rpc_closed(struct jsonrpc *rpc UNUSED, const struct error *error,
           void *session)
{
    struct jsonrpc_session *s = session;

    s->n_skipped = 0;
    if (s->remotes.n > 1) {
        reconnect_set_free_tries(&s->reconnect, s->remotes.n - 1);
    }
    reconnect_disconnected(&s->reconnect, error);
    disconnect(error, s);
}

static void
rpc_drained(struct jsonrpc *rpc UNUSED, void *session)
{
    struct jsonrpc_session *s = session;

    if (s->callbacks->drained) {
        s->callbacks->drained(s, s->aux);
    }
}

/* Life. */

static struct jsonrpc_session *
create(const struct jsonrpc_session_options *options,
       const struct jsonrpc_session_callbacks *callbacks, void *aux)
{
    static const struct jsonrpc_session_options defaults =
        JSONRPC_SESSION_DEFAULTS;
    struct jsonrpc_session *s = xzalloc(sizeof *s);

    s->callbacks = callbacks;
    s->aux = aux;
    s->options = options ? *options : defaults;
    return s;
}

static void
init_reconnect(struct jsonrpc_session *s, const char *name)
{
    const struct jsonrpc_session_options *o = &s->options;

    reconnect_init(&s->reconnect, name, &reconnect_callbacks, s);
    reconnect_set_quiet(&s->reconnect, o->is_quiet);
    reconnect_set_probe_interval(&s->reconnect, o->probe_interval_ms >= 0
                                 ? o->probe_interval_ms
                                 : DEFAULT_PROBE_INTERVAL_MS);
    jsonrpc_session_set_max_backoff(s, o->max_backoff_ms);
    if (o->max_tries) {
        reconnect_set_max_tries(&s->reconnect, o->max_tries);
    }
}

static struct error *
check_remotes(const char *const *remotes, size_t n)
{
    if (!n) {
        return error_create(EINVAL, "no remote is given");
    }
    for (size_t i = 0; i < n; i++) {
        if (!stream_name_is_active(remotes[i])) {
            return error_create(EAFNOSUPPORT, "\"%s\" is not the name of an "
                                "active connection", remotes[i]);
        }
    }
    return NULL;
}

static void
fill_remotes(struct jsonrpc_session *s, const char *const *remotes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        vec_push(&s->remotes, xstrdup(remotes[i]));
    }
    for (size_t i = n; s->options.shuffle && i > 1; i--) {
        size_t j = random_range(i);
        char *tmp = s->remotes.items[i - 1];

        s->remotes.items[i - 1] = s->remotes.items[j];
        s->remotes.items[j] = tmp;
    }
    s->next = 0;
}

static void
clear_remotes(struct jsonrpc_session *s)
{
    VEC_FOR_EACH (remote, &s->remotes) {
        free(*remote);
    }
    vec_clear(&s->remotes);
}

struct error *
jsonrpc_session_open(const char *const *remotes, size_t n,
                     const struct jsonrpc_session_options *options,
                     const struct jsonrpc_session_callbacks *callbacks,
                     void *aux, struct jsonrpc_session **ret)
{
    struct error *error = check_remotes(remotes, n);

    if (error) {
        return error;
    }
    struct jsonrpc_session *s = create(options, callbacks, aux);
    fill_remotes(s, remotes, n);
    init_reconnect(s, s->remotes.items[0]);
    reconnect_set_free_tries(&s->reconnect, n - 1);
    reconnect_enable(&s->reconnect);
    *ret = s;
    return NULL;
}

struct error *
jsonrpc_session_open_list(const char *list,
                          const struct jsonrpc_session_options *options,
                          const struct jsonrpc_session_callbacks *callbacks,
                          void *aux, struct jsonrpc_session **ret)
{
    VEC(const char *) remotes = VEC_EMPTY;
    char *copy = xstrdup(list), *rest = copy;

    for (char *word; (word = text_token(&rest, ",")) != NULL; ) {
        while (*word == ' ') {
            word++;
        }
        vec_push(&remotes, word);
    }
    struct error *error = jsonrpc_session_open(remotes.items, remotes.n,
                                               options, callbacks, aux, ret);
    vec_uninit(&remotes);
    free(copy);
    return error;
}

struct jsonrpc_session *
jsonrpc_session_accept(struct stream *stream,
                       const struct jsonrpc_session_options *options,
                       const struct jsonrpc_session_callbacks *callbacks,
                       void *aux)
{
    struct jsonrpc_session *s = create(options, callbacks, aux);

    s->options.is_quiet = true;
    init_reconnect(s, stream_name(stream));
    reconnect_set_max_tries(&s->reconnect, 0);
    adopt_stream(s, stream);
    reconnect_connected(&s->reconnect);
    return s;
}

void
jsonrpc_session_destroy(struct jsonrpc_session *s)
{
    if (!s) {
        return;
    }
    close_all(s);
    reconnect_uninit(&s->reconnect);
    clear_remotes(s);
    vec_uninit(&s->remotes);
    free(s);
}

/* Questions and settings. */

struct jsonrpc *
jsonrpc_session_rpc(struct jsonrpc_session *s)
{
    return s->rpc;
}

const char *
jsonrpc_session_name(const struct jsonrpc_session *s)
{
    return s->reconnect.name;
}

bool
jsonrpc_session_is_alive(const struct jsonrpc_session *s)
{
    return s->reconnect.state != RECONNECT_VOID;
}

void
jsonrpc_session_force_reconnect(struct jsonrpc_session *s)
{
    reconnect_force(&s->reconnect);
}

void
jsonrpc_session_try_next(struct jsonrpc_session *s)
{
    if (++s->n_skipped < s->remotes.n) {
        reconnect_force(&s->reconnect);
        return;
    }

    /* All have been seen: asking them again at once would help nobody. */
    struct error *error = error_create(EAGAIN, "no remote is suitable");
    s->n_skipped = 0;
    reconnect_disconnected(&s->reconnect, error);
    disconnect(error, s);
    error_free(error);
}

struct error *
jsonrpc_session_set_remotes(struct jsonrpc_session *s,
                            const char *const *remotes, size_t n)
{
    struct error *error = check_remotes(remotes, n);
    bool keep = false;

    if (error) {
        return error;
    }
    for (size_t i = 0; i < n; i++) {
        keep = keep || !strcmp(remotes[i], s->reconnect.name);
    }
    clear_remotes(s);
    fill_remotes(s, remotes, n);
    if (!keep) {
        if (!reconnect_is_connected(&s->reconnect)) {
            name_next(s);
        }
        reconnect_force(&s->reconnect);
    }
    return NULL;
}

void
jsonrpc_session_set_probe_interval(struct jsonrpc_session *s, int ms)
{
    reconnect_set_probe_interval(&s->reconnect, ms);
}

void
jsonrpc_session_set_max_backoff(struct jsonrpc_session *s, int ms)
{
    ms = ms ? ms : DEFAULT_MAX_BACKOFF_MS;
    reconnect_set_backoff(&s->reconnect, MIN(ms, MIN_BACKOFF_MS), ms);
}

void
jsonrpc_session_set_dscp(struct jsonrpc_session *s, int dscp)
{
    s->options.dscp = dscp;
    if (s->rpc && dscp >= 0) {
        stream_set_dscp(jsonrpc_stream(s->rpc), dscp);
    }
}

const struct reconnect *
jsonrpc_session_reconnect(const struct jsonrpc_session *s)
{
    return &s->reconnect;
}
