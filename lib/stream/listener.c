/* SPDX-License-Identifier: Apache-2.0 */

/* Passive streams: accepting, and the TLS handshake before the owner hears of
 * a stream. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/exit.h"
#include "lib/runtime/log.h"
#include "lib/stream/provider.h"

LOG_MODULE(stream);

COUNTER(stream_accept);

/* Accepted at one wake-up. */
#define MAX_ACCEPTS 64

/* Streams of one listener that are in their TLS handshake, and how long one
 * may take: strangers must not hold descriptors for nothing. */
#define MAX_HANDSHAKES 1024
#define HANDSHAKE_MS 10000

/* Wait after running out of descriptors. */
#define ACCEPT_PAUSE_MS 200

COUNTER(stream_handshake_failed);
COUNTER(stream_handshake_overflow);

/* A stream that is not open yet. */
struct handshake {
    struct list node;
    struct listener *listener;
    struct stream *stream;
    struct timer timer;
};

static void
free_handshake(struct handshake *h)
{
    list_remove(&h->node);
    h->listener->n_handshakes--;
    timer_stop(&h->timer);
    free(h);
}

static void
hand_over(struct listener *listener, struct stream *stream)
{
    counter_inc(stream_accept);
    listener->callbacks->accepted(listener, stream, listener->aux);
}

static void
handshake_done(struct stream *stream, void *handshake)
{
    struct listener *listener = ((struct handshake *) handshake)->listener;

    free_handshake(handshake);
    stream_set_callbacks(stream, NULL, NULL);
    hand_over(listener, stream);
}

static void
drop_handshake(struct handshake *h, const char *why)
{
    static struct log_limit limit = LOG_LIMIT(6, 10);

    counter_inc(stream_handshake_failed);
    log_info_limited(&limit, "%s: TLS handshake failed (%s)",
                     stream_name(h->stream), why);
    stream_destroy(h->stream);
    free_handshake(h);
}

static void
handshake_failed(struct stream *stream UNUSED, const struct error *error,
                 void *handshake)
{
    drop_handshake(handshake, error ? error_message(error)
                                    : "connection closed by peer");
}

static void
handshake_late(void *handshake)
{
    drop_handshake(handshake, "it took too long");
}

static const struct stream_callbacks handshake_callbacks = {
    .opened = handshake_done,
    .closed = handshake_failed,
};

static void
begin_handshake(struct listener *listener, struct stream *stream)
{
    if (listener->n_handshakes >= MAX_HANDSHAKES) {
        counter_inc(stream_handshake_overflow);
        stream_destroy(stream);
        return;
    }

    struct handshake *h = xmalloc(sizeof *h);
    h->listener = listener;
    h->stream = stream;
    list_push_back(&listener->handshakes, &h->node);
    listener->n_handshakes++;
    timer_init(&h->timer, handshake_late, h);
    timer_set(&h->timer, HANDSHAKE_MS);
    stream_set_callbacks(stream, &handshake_callbacks, h);
    stream_wake(stream);
}

static void
accept_one(struct listener *listener, int fd,
           const struct sockaddr_storage *peer)
{
    struct stream *stream = listener->class->accept(listener, fd, peer);

    if (listener->dscp) {
        stream_set_dscp(stream, listener->dscp);
    }
    if (stream->state == STREAM_OPENING) {
        begin_handshake(listener, stream);
    } else {
        stream_wake(stream);
        hand_over(listener, stream);
    }
}

static void
pause_accepting(struct listener *listener, int error)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);

    log_warn_limited(&limit, "%s: cannot accept connections (%s)",
                     listener->name, strerror(error));
    watch_set(&listener->watch, 0);
    timer_set(&listener->timer, ACCEPT_PAUSE_MS);
}

static void
go_on_accepting(void *listener_)
{
    struct listener *listener = listener_;

    watch_set(&listener->watch, UV_READABLE);
}

static void
accept_some(int events UNUSED, void *listener_)
{
    struct listener *listener = listener_;

    listener->is_accepting = true;
    for (int i = 0; i < MAX_ACCEPTS && !listener->is_destroyed; i++) {
        struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
        socklen_t size = sizeof peer;
        int fd = accept4(listener->fd, (struct sockaddr *) &peer, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            accept_one(listener, fd, &peer);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM
                   || errno == ENOBUFS) {
            pause_accepting(listener, errno);
            break;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    listener->is_accepting = false;
    if (listener->is_destroyed) {
        free(listener);
    }
}

struct error *
listener_open(const char *name, uint16_t default_port,
              const struct listener_callbacks *callbacks, void *aux,
              struct listener **ret)
{
    const char *suffix;
    const struct stream_class *class = stream_find_class_(name, true, &suffix);

    if (!class) {
        return error_create(EAFNOSUPPORT, "\"%s\" is not the name of a "
                            "passive connection", name);
    }
    stream_init_once_();

    struct listener *listener = xzalloc(sizeof *listener);
    listener->class = class;
    listener->name = xstrdup(name);
    listener->fd = -1;
    listener->callbacks = callbacks;
    listener->aux = aux;
    list_init(&listener->handshakes);
    timer_init(&listener->timer, go_on_accepting, listener);

    struct error *error = class->listen(listener, suffix, default_port);
    if (error) {
        listener_destroy(listener);
        return error_wrap(error, "%s", name);
    }
    watch_init(&listener->watch, listener->fd, accept_some, listener);
    watch_set(&listener->watch, UV_READABLE);
    *ret = listener;
    return NULL;
}

void
listener_destroy(struct listener *listener)
{
    if (!listener) {
        return;
    }
    while (!list_is_empty(&listener->handshakes)) {
        struct handshake *h = CONTAINER_OF(listener->handshakes.next,
                                           struct handshake, node);

        stream_destroy(h->stream);
        free_handshake(h);
    }
    timer_stop(&listener->timer);
    watch_uninit(&listener->watch);
    if (listener->fd >= 0) {
        close(listener->fd);
    }
    if (listener->path) {
        exit_remove_file(listener->path);
        free(listener->path);
    }
    free(listener->name);
    listener->is_destroyed = true;
    if (!listener->is_accepting) {
        free(listener);
    }
}

const char *
listener_name(const struct listener *listener)
{
    return listener->name;
}

uint16_t
listener_port(const struct listener *listener)
{
    return listener->port;
}

void
listener_set_dscp(struct listener *listener, uint8_t dscp)
{
    listener->dscp = dscp;
}
