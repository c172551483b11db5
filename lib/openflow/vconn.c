/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/vconn.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"
#include "lib/openflow/session_msg.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/stream/reconnect.h"
#include "lib/stream/stream.h"

LOG_MODULE(vconn);
COUNTER(vconn_open);
COUNTER(vconn_received);
COUNTER(vconn_sent);
COUNTER(vconn_bad_message);

#define OFP_TCP_PORT 6653

/* For vconn_expect_more(). */
#define REST_BELOW 4096          /* Bytes that came together. */
#define REST_MS 1

/* ## One connection ## */

struct vconn {
    struct stream *stream;
    uint32_t versions;           /* That we may agree on. */
    uint8_t version;             /* 0 until agreed. */
    bool closed;                 /* 'disconnected' was called. */
    bool paused;
    bool expects_more;           /* vconn_expect_more() of the last message. */
    struct buf in;               /* The start of a message, or more than one
                                  * while paused. */
    struct timer resume_timer;
    struct vconn_callbacks callbacks;
    void *aux;
    bool *destroyed;             /* Tells a function on the stack that the
                                  * vconn is gone. */
};

static void vconn_opened(struct stream *, void *);
static void vconn_input(struct stream *, const char *, size_t, void *);
static void vconn_closed(struct stream *, const struct error *, void *);
static void vconn_drained(struct stream *, void *);
static void resume(void *);

static const struct stream_callbacks stream_callbacks = {
    .opened = vconn_opened,
    .input = vconn_input,
    .closed = vconn_closed,
    .drained = vconn_drained,
};

static struct vconn *
vconn_create(uint32_t versions, const struct vconn_callbacks *callbacks,
             void *aux)
{
    struct vconn *v = xzalloc(sizeof *v);

    v->versions = versions ? versions : OFP_SUPPORTED_VERSIONS;
    v->callbacks = *callbacks;
    v->aux = aux;
    buf_init(&v->in);
    timer_init(&v->resume_timer, resume, v);
    counter_inc(vconn_open);
    return v;
}

struct error *
vconn_connect(const char *target, uint32_t versions,
              const struct vconn_callbacks *callbacks, void *aux,
              struct vconn **ret)
{
    struct vconn *v = vconn_create(versions, callbacks, aux);
    struct error *error;

    error = stream_open(target, OFP_TCP_PORT, &stream_callbacks, v,
                        &v->stream);
    if (error) {
        vconn_destroy(v);
        return error;
    }
    *ret = v;
    return NULL;
}

static void
send_hello(struct vconn *v)
{
    vconn_take_send(v, hello_encode(v->versions));
}

struct vconn *
vconn_take_stream(struct stream *stream, uint32_t versions,
                  const struct vconn_callbacks *callbacks, void *aux)
{
    struct vconn *v = vconn_create(versions, callbacks, aux);

    v->stream = stream;
    stream_set_callbacks(stream, &stream_callbacks, v);
    send_hello(v);
    return v;
}

void
vconn_destroy(struct vconn *v)
{
    if (!v) {
        return;
    }
    if (v->destroyed) {
        *v->destroyed = true;
    }
    timer_stop(&v->resume_timer);
    stream_destroy(v->stream);
    buf_uninit(&v->in);
    free(v);
}

uint8_t
vconn_version(const struct vconn *v)
{
    return v->version;
}

const char *
vconn_name(const struct vconn *v)
{
    return stream_name(v->stream);
}

size_t
vconn_backlog(const struct vconn *v)
{
    return stream_backlog_bytes(v->stream);
}

void
vconn_flush(struct vconn *v)
{
    stream_flush(v->stream);
}

void
vconn_take_send(struct vconn *v, struct buf *b)
{
    counter_inc(vconn_sent);
    if (b->is_borrowed) {
        stream_write(v->stream, b->data, b->size);
    } else {
        stream_write_take(v->stream, rcbuf_take(b->data, b->size));
        b->data = NULL;
        b->size = b->allocated = 0;
    }
    buf_destroy(b);
}

static void
vconn_opened(struct stream *stream UNUSED, void *v)
{
    send_hello(v);
}

/* Tells the owner, once, that the connection is over. */
static void
fail(struct vconn *v, const struct error *error)
{
    if (!v->closed) {
        v->closed = true;
        stream_set_reading(v->stream, false);
        v->callbacks.disconnected(v, error, v->aux);
    }
}

static void
fail_text(struct vconn *v, const char *text)
{
    struct error *error = error_create(0, "%s", text);
    bool destroyed = false, *outer = v->destroyed;

    counter_inc(vconn_bad_message);
    v->destroyed = &destroyed;
    fail(v, error);
    if (!destroyed) {
        v->destroyed = outer;
    } else if (outer) {
        *outer = true;
    }
    error_free(error);
}

static void
vconn_closed(struct stream *stream UNUSED, const struct error *error,
             void *v)
{
    fail(v, error);
}

static void
vconn_drained(struct stream *stream UNUSED, void *v_)
{
    struct vconn *v = v_;

    if (v->callbacks.drained && v->version && !v->closed) {
        v->callbacks.drained(v, v->aux);
    }
}

/* Settles the version by the peer's hello: the highest that both have. */
static void
negotiate(struct vconn *v, const void *data, size_t size)
{
    struct ofmsg msg;
    uint32_t common;

    if (ofmsg_decode(data, size, &msg) || msg.type != OFMSG_HELLO) {
        fail_text(v, "the peer did not begin with a hello");
        return;
    }
    common = hello_decode(&msg) & v->versions;
    if (!common) {
        struct str ours = STR_EMPTY, text = STR_EMPTY;

        ofp_versions_format(v->versions, &ours);
        str_printf(&text, "no OpenFlow version in common: we support %s",
                   str_cstr(&ours));
        vconn_take_send(v, error_msg_hello(OFPHFC_INCOMPATIBLE,
                                           msg.version, str_cstr(&text)));
        fail_text(v, str_cstr(&text));
        str_uninit(&ours);
        str_uninit(&text);
        return;
    }
    v->version = 31 - __builtin_clz(common);
    v->callbacks.connected(v, v->aux);
}

/* Handles the messages at the start of 'size' bytes; returns how many bytes
 * they were, or SIZE_MAX if the vconn is gone or over. */
static size_t
handle_messages(struct vconn *v, const uint8_t *data, size_t size)
{
    bool destroyed = false;
    size_t done = 0;

    v->destroyed = &destroyed;
    while (size - done >= OFP_HEADER_SIZE && !v->paused) {
        size_t length = ofmsg_length(data + done);

        if (length < OFP_HEADER_SIZE) {
            fail_text(v, "the peer sent a message shorter than its header");
            return SIZE_MAX;
        }
        if (size - done < length) {
            break;
        }
        counter_inc(vconn_received);
        if (!v->version) {
            negotiate(v, data + done, length);
        } else {
            v->expects_more = false;
            v->callbacks.message(v, data + done, length, v->aux);
        }
        if (destroyed) {
            return SIZE_MAX;
        }
        if (v->closed) {
            v->destroyed = NULL;
            return SIZE_MAX;
        }
        done += length;
    }
    v->destroyed = NULL;
    return done;
}

/* Handles what was kept; false if the vconn is gone or over. */
static bool
handle_buffered(struct vconn *v)
{
    size_t done = handle_messages(v, v->in.data, v->in.size);

    if (done == SIZE_MAX) {
        return false;
    }
    if (done) {
        memmove(v->in.data, v->in.data + done, v->in.size - done);
        v->in.size -= done;
    }
    return true;
}

/* Waits before it reads on, if what came was so little that being woken costs
 * more than handling it. */
static void
rest(struct vconn *v, size_t size)
{
    if (v->expects_more && !v->paused && size < REST_BELOW
        && !clock_is_stopped()) {
        stream_set_reading(v->stream, false);
        timer_set(&v->resume_timer, REST_MS);
    }
}

static void
vconn_input(struct stream *stream UNUSED, const char *data, size_t size,
            void *v_)
{
    struct vconn *v = v_;
    size_t done;

    if (v->in.size || v->paused) {
        buf_put(&v->in, data, size);
        if (!handle_buffered(v)) {
            return;
        }
    } else {
        /* Usually there is nothing left over, and nothing to copy. */
        done = handle_messages(v, (const uint8_t *) data, size);
        if (done == SIZE_MAX) {
            return;
        }
        if (done < size) {
            buf_put(&v->in, data + done, size - done);
        }
    }
    rest(v, size);
}

static void
resume(void *v_)
{
    struct vconn *v = v_;

    if (!v->paused && !v->closed) {
        stream_set_reading(v->stream, true);
        handle_buffered(v);
    }
}

void
vconn_pause(struct vconn *v, bool paused)
{
    if (v->paused == paused) {
        return;
    }
    v->paused = paused;
    if (paused) {
        stream_set_reading(v->stream, false);
    } else {
        timer_set(&v->resume_timer, 0);     /* Not from within the caller. */
    }
}

void
vconn_expect_more(struct vconn *v)
{
    v->expects_more = true;
}

bool
vconn_target_is_valid(const char *target)
{
    return stream_name_is_active(target);
}

bool
pvconn_target_is_valid(const char *target)
{
    return stream_name_is_passive(target);
}

/* ## Listening ## */

struct pvconn {
    struct listener *listener;
    void (*accepted)(struct stream *, void *aux);
    void *aux;
};

static void
pvconn_accepted(struct listener *listener UNUSED, struct stream *stream,
                void *p_)
{
    struct pvconn *p = p_;

    p->accepted(stream, p->aux);
}

struct error *
pvconn_listen(const char *target, void (*accepted)(struct stream *, void *),
              void *aux, struct pvconn **ret)
{
    static const struct listener_callbacks callbacks = {
        .accepted = pvconn_accepted,
    };
    struct pvconn *p = xzalloc(sizeof *p);
    struct error *error;

    p->accepted = accepted;
    p->aux = aux;
    error = listener_open(target, OFP_TCP_PORT, &callbacks, p, &p->listener);
    if (error) {
        free(p);
        return error;
    }
    *ret = p;
    return NULL;
}

void
pvconn_destroy(struct pvconn *p)
{
    if (p) {
        listener_destroy(p->listener);
        free(p);
    }
}

/* ## Reconnecting ## */

struct rconn {
    uint32_t versions;
    char *target;
    struct vconn *vconn;         /* NULL between connections. */
    struct reconnect fsm;
    struct rconn_callbacks callbacks;
    void *aux;
    bool is_accepted;            /* Ends with its one connection. */
};

static void rconn_vconn_connected(struct vconn *, void *);
static void rconn_vconn_message(struct vconn *, const void *, size_t, void *);
static void rconn_vconn_disconnected(struct vconn *, const struct error *,
                                     void *);
static void rconn_vconn_drained(struct vconn *, void *);

static const struct vconn_callbacks rconn_vconn_callbacks = {
    .connected = rconn_vconn_connected,
    .message = rconn_vconn_message,
    .disconnected = rconn_vconn_disconnected,
    .drained = rconn_vconn_drained,
};

static void
fsm_connect(void *r_)
{
    struct rconn *r = r_;
    struct error *error;

    error = vconn_connect(r->target, r->versions, &rconn_vconn_callbacks, r,
                          &r->vconn);
    if (error) {
        reconnect_connect_failed(&r->fsm, error);
        error_free(error);
    }
}

/* Forgets the connection and tells the owner if it was up. */
static void
drop(struct rconn *r)
{
    bool was_up = r->vconn && vconn_version(r->vconn);
    struct vconn *vconn = r->vconn;

    r->vconn = NULL;
    vconn_destroy(vconn);
    if (was_up) {
        r->callbacks.disconnected(r, r->aux);
    }
}

static void
fsm_disconnect(const struct error *error UNUSED, void *r)
{
    drop(r);
}

static void
fsm_probe(void *r_)
{
    struct rconn *r = r_;

    if (rconn_is_connected(r)) {
        vconn_take_send(r->vconn,
                        echo_request_create(vconn_version(r->vconn)));
    }
}

static const struct reconnect_callbacks fsm_callbacks = {
    .connect = fsm_connect,
    .disconnect = fsm_disconnect,
    .probe = fsm_probe,
};

static void
rconn_vconn_connected(struct vconn *vconn UNUSED, void *r_)
{
    struct rconn *r = r_;

    reconnect_connected(&r->fsm);
    r->callbacks.connected(r, r->aux);
}

static void
rconn_vconn_message(struct vconn *vconn, const void *data, size_t size,
                    void *r_)
{
    struct rconn *r = r_;
    const uint8_t *header = data;
    struct ofmsg msg;

    /* Echo is types 2 and 3 in every version. */
    reconnect_activity(&r->fsm);
    if (header[1] == 2 && !ofmsg_decode(data, size, &msg)) {
        vconn_take_send(vconn, echo_reply_create(&msg));
    } else if (header[1] != 3) {
        r->callbacks.message(r, data, size, r->aux);
    }
}

static void
rconn_vconn_disconnected(struct vconn *vconn, const struct error *error,
                         void *r_)
{
    struct rconn *r = r_;

    if (vconn_version(vconn)) {
        reconnect_disconnected(&r->fsm, error);
    } else {
        reconnect_connect_failed(&r->fsm, error);
    }
    drop(r);
}

static void
rconn_vconn_drained(struct vconn *vconn UNUSED, void *r_)
{
    struct rconn *r = r_;

    if (r->callbacks.drained) {
        r->callbacks.drained(r, r->aux);
    }
}

struct rconn *
rconn_create(uint32_t versions, unsigned int max_backoff_s,
             unsigned int probe_interval_s,
             const struct rconn_callbacks *callbacks, void *aux)
{
    struct rconn *r = xzalloc(sizeof *r);

    r->versions = versions;
    r->callbacks = *callbacks;
    r->aux = aux;
    reconnect_init(&r->fsm, "void", &fsm_callbacks, r);
    rconn_set_max_backoff(r, max_backoff_s);
    rconn_set_probe_interval(r, probe_interval_s);
    return r;
}

void
rconn_destroy(struct rconn *r)
{
    if (r) {
        reconnect_uninit(&r->fsm);
        vconn_destroy(r->vconn);
        free(r->target);
        free(r);
    }
}

struct error *
rconn_connect(struct rconn *r, const char *target)
{
    if (!stream_name_is_active(target)) {
        return error_create(0, "\"%s\" is no OpenFlow connection; write "
                            "unix:FILE, tcp:HOST[:PORT] or ssl:HOST[:PORT]",
                            target);
    }
    rconn_disconnect(r);
    free(r->target);
    r->target = xstrdup(target);
    r->is_accepted = false;
    reconnect_set_name(&r->fsm, target);
    reconnect_set_max_tries(&r->fsm, UINT_MAX);
    reconnect_enable(&r->fsm);
    return NULL;
}

void
rconn_take_stream(struct rconn *r, struct stream *stream)
{
    rconn_disconnect(r);
    free(r->target);
    r->target = xstrdup(stream_name(stream));
    r->is_accepted = true;
    reconnect_set_name(&r->fsm, r->target);
    reconnect_set_quiet(&r->fsm, true);
    reconnect_set_max_tries(&r->fsm, 0);
    r->vconn = vconn_take_stream(stream, r->versions, &rconn_vconn_callbacks,
                                 r);
}

void
rconn_disconnect(struct rconn *r)
{
    reconnect_disable(&r->fsm);
    drop(r);
}

void
rconn_reconnect(struct rconn *r)
{
    if (r->target && !r->is_accepted) {
        reconnect_force(&r->fsm);
    }
}

void
rconn_set_max_backoff(struct rconn *r, unsigned int seconds)
{
    reconnect_set_backoff(&r->fsm, 1000, MAX(seconds, 1) * 1000);
}

void
rconn_set_backoff(struct rconn *r, int min_ms, int max_ms)
{
    reconnect_set_backoff(&r->fsm, min_ms, max_ms);
}

void
rconn_set_probe_interval(struct rconn *r, unsigned int seconds)
{
    reconnect_set_probe_interval(&r->fsm, seconds * 1000);
}

bool
rconn_is_connected(const struct rconn *r)
{
    return r->vconn && vconn_version(r->vconn);
}

bool
rconn_is_alive(const struct rconn *r)
{
    return r->vconn || r->fsm.state != RECONNECT_VOID;
}

const char *
rconn_target(const struct rconn *r)
{
    return r->target ? r->target : "void";
}

uint8_t
rconn_version(const struct rconn *r)
{
    return r->vconn ? vconn_version(r->vconn) : 0;
}

void
rconn_take_send(struct rconn *r, struct buf *b)
{
    if (rconn_is_connected(r)) {
        vconn_take_send(r->vconn, b);
    } else {
        buf_destroy(b);
    }
}

size_t
rconn_backlog(const struct rconn *r)
{
    return r->vconn ? vconn_backlog(r->vconn) : 0;
}

void
rconn_flush(struct rconn *r)
{
    if (r->vconn) {
        vconn_flush(r->vconn);
    }
}

void
rconn_pause(struct rconn *r, bool paused)
{
    if (r->vconn) {
        vconn_pause(r->vconn, paused);
    }
}

void
rconn_expect_more(struct rconn *r)
{
    if (r->vconn) {
        vconn_expect_more(r->vconn);
    }
}

void
rconn_get_status(const struct rconn *r, struct rconn_status *status)
{
    const struct reconnect *fsm = &r->fsm;

    *status = (struct rconn_status) {
        .state = reconnect_state_name(fsm->state),
        .last_connect_ms = fsm->connected_ms,
        .last_disconnect_ms = fsm->disconnected_ms,
        .last_error = fsm->last_error,
        .n_connects = fsm->n_connections,
        .since_ms = fsm->state_entered_ms,
    };
}
