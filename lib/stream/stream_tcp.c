/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/log.h"
#include "lib/stream/provider.h"

LOG_MODULE(stream_tcp);

struct error *
stream_tcp_parse(struct stream *stream, const char *suffix,
                 uint16_t default_port)
{
    return address_parse_active(suffix, default_port, &stream->address);
}

static void
set_error(struct stream *stream, struct error *error)
{
    error_free(stream->error);
    stream->error = error;
}

static void
resolved(const struct sockaddr_storage *addresses, size_t n,
         const struct error *error, void *stream_)
{
    struct stream *stream = stream_;

    stream->resolve = NULL;
    if (error) {
        set_error(stream, error_clone(error));
    }
    for (size_t i = 0; i < n; i++) {
        struct sockaddr_storage ss = addresses[i];

        sockaddr_set_port(&ss, stream->address.port);
        vec_push(&stream->candidates, ss);
    }
    stream_wake(stream);
}

/* Starts connecting to the next candidate.  Returns 0 if connected at once,
 * -EAGAIN if under way. */
static int
connect_next(struct stream *stream)
{
    int error = stream->error ? -stream->error->code : -EHOSTUNREACH;

    while (stream->candidates.n) {
        struct sockaddr_storage ss = stream->candidates.items[0];

        vec_remove(&stream->candidates, 0);
        stream_close_fd(stream);
        int fd = socket(ss.ss_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            error = -errno;
            continue;
        }
        stream_set_fd(stream, fd);
        if (!connect(fd, (struct sockaddr *) &ss, sockaddr_size(&ss))) {
            return 0;
        }
        error = -errno;
        if (error == -EINPROGRESS) {
            return -EAGAIN;
        }
        stream_close_fd(stream);
    }
    return error ? error : -EHOSTUNREACH;
}

/* Outcome of the attempt that is under way. */
static int
check_connect(struct stream *stream)
{
    struct sockaddr_storage ss;
    socklen_t size = sizeof ss;
    int error = 0;
    socklen_t error_size = sizeof error;

    if (!getpeername(stream->fd, (struct sockaddr *) &ss, &size)) {
        return 0;
    }
    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &error_size)) {
        return -errno;
    }
    return error ? -error : -EAGAIN;
}

void
stream_tcp_mark(struct stream *stream)
{
    struct sockaddr_storage ss;
    socklen_t size = sizeof ss;
    int tos = stream->dscp << 2;

    if (getsockname(stream->fd, (struct sockaddr *) &ss, &size)) {
        return;
    } else if (ss.ss_family == AF_INET) {
        setsockopt(stream->fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    } else {
        setsockopt(stream->fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
}

void
stream_tcp_connected(struct stream *stream)
{
    struct sockaddr_storage ss;
    socklen_t size = sizeof ss;
    int on = 1;

    stream->is_connected = true;
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!getsockname(stream->fd, (struct sockaddr *) &ss, &size)) {
        struct str s = STR_EMPTY;

        sockaddr_put(&s, &ss);
        snprintf(stream->local_address, sizeof stream->local_address, "%s",
                 str_cstr(&s));
        str_uninit(&s);
    }
    if (stream->dscp) {
        stream_tcp_mark(stream);
    }
}

int
stream_tcp_open(struct stream *stream)
{
    int error;

    if (stream->resolve) {
        return -EAGAIN;
    }
    if (stream->fd >= 0) {
        error = check_connect(stream);
    } else if (stream->candidates.n || stream->error) {
        error = connect_next(stream);
    } else if (stream->address.host) {
        stream->resolve = resolve_start(stream->address.host, resolved,
                                        stream);
        return -EAGAIN;
    } else {
        vec_push(&stream->candidates, stream->address.ss);
        error = connect_next(stream);
    }
    if (error && error != -EAGAIN && stream->candidates.n) {
        error = connect_next(stream);
    }
    if (!error) {
        stream_tcp_connected(stream);
    }
    return error;
}

void
stream_tcp_close(struct stream *stream)
{
    resolve_cancel(stream->resolve);
    stream->resolve = NULL;
    vec_uninit(&stream->candidates);
    address_uninit(&stream->address);
}

static struct error *
bind_and_listen(int fd, const struct sockaddr_storage *ss)
{
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *) ss, sockaddr_size(ss))) {
        return error_from_errno(errno, "bind");
    }
    if (listen(fd, SOMAXCONN)) {
        return error_from_errno(errno, "listen");
    }
    return NULL;
}

struct error *
stream_tcp_listen(struct listener *listener, const char *suffix,
                  uint16_t default_port)
{
    struct address address;
    struct error *error = address_parse_passive(
        suffix, default_port ? default_port : -1, &address);

    if (error) {
        return error;
    }
    struct sockaddr_storage ss = address.ss;
    bool chosen = !address.port;
    address_uninit(&address);

    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    0);
    if (fd < 0) {
        return error_from_errno(errno, "socket");
    }
    error = bind_and_listen(fd, &ss);
    if (error) {
        close(fd);
        return error;
    }

    socklen_t size = sizeof ss;
    getsockname(fd, (struct sockaddr *) &ss, &size);
    listener->fd = fd;
    listener->port = sockaddr_port(&ss);
    if (chosen) {
        log_info("%s: listening on port %u", listener->name, listener->port);
    }
    return NULL;
}

static struct stream *
tcp_accept(struct listener *listener UNUSED, int fd,
           const struct sockaddr_storage *peer)
{
    struct str name = STR_EMPTY;

    str_put(&name, "tcp:");
    sockaddr_put(&name, peer);

    struct stream *stream = stream_create_(&stream_tcp_class,
                                           str_steal(&name), fd);
    stream_tcp_connected(stream);
    stream->state = STREAM_OPEN;
    return stream;
}

const struct stream_class stream_tcp_class = {
    .prefix = "tcp:",
    .passive_prefix = "ptcp:",
    .parse = stream_tcp_parse,
    .open = stream_tcp_open,
    .recv = stream_socket_recv,
    .send = stream_socket_send,
    .close = stream_tcp_close,
    .listen = stream_tcp_listen,
    .accept = tcp_accept,
};
