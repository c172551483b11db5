/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/stream/provider.h"

COUNTER(stream_open);
COUNTER(stream_write);

/* One read, at most so many of them for each wake-up, so that one busy peer
 * does not starve the rest. */
#define READ_SIZE (64 * 1024)
#define MAX_READS 4

/* Likewise for writing. */
#define MAX_IOV 256
#define MAX_WRITE_BYTES (1024 * 1024)

#define LINGER_MS 1000

/* How long a peer that has shut down its side may take to read the rest. */
#define EOF_LINGER_MS 30000

static const struct stream_class *const classes[] = {
    &stream_unix_class, &stream_tcp_class, &stream_ssl_class, &stream_fd_class,
};

/* Streams that the step must look at. */
static struct list woken = LIST_INITIALIZER(&woken);
static struct step step;

static void update_watch(struct stream *);

/* Creation, destruction. */

static void run_woken(void *aux);

void
stream_init_once_(void)
{
    static bool done;

    if (!done) {
        done = true;
        step_init_late(&step, "stream", run_woken, NULL);

        /* OpenSSL and pipes have no MSG_NOSIGNAL. */
        signal(SIGPIPE, SIG_IGN);
    }
}

static void
retry_open(void *stream)
{
    stream_wake(stream);
}

struct stream *
stream_create_(const struct stream_class *class, char *name, int fd)
{
    struct stream *stream = xzalloc(sizeof *stream);

    stream_init_once_();
    stream->class = class;
    stream->name = name;
    stream->fd = -1;
    stream->is_reading = true;
    stream->open_wanted = UV_WRITABLE;
    stream->recv_wanted = UV_READABLE;
    stream->send_wanted = UV_WRITABLE;
    list_init(&stream->wake_node);
    timer_init(&stream->timer, retry_open, stream);
    if (fd >= 0) {
        stream_set_fd(stream, fd);
    }
    return stream;
}

const struct stream_class *
stream_find_class_(const char *name, bool passive, const char **ret_suffix)
{
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        const char *prefix = (passive ? classes[i]->passive_prefix
                              : classes[i]->prefix);

        if (prefix && text_starts_with(name, prefix)) {
            *ret_suffix = name + strlen(prefix);
            return classes[i];
        }
    }
    return NULL;
}

bool
stream_name_is_active(const char *s)
{
    const char *suffix;

    return stream_find_class_(s, false, &suffix) != NULL;
}

bool
stream_name_is_passive(const char *s)
{
    const char *suffix;

    return stream_find_class_(s, true, &suffix) != NULL;
}

struct error *
stream_open(const char *name, uint16_t default_port,
            const struct stream_callbacks *callbacks, void *aux,
            struct stream **ret)
{
    const char *suffix;
    const struct stream_class *class = stream_find_class_(name, false,
                                                          &suffix);

    if (!class) {
        return error_create(EAFNOSUPPORT, "\"%s\" is not the name of an "
                            "active connection", name);
    }
    struct stream *stream = stream_create_(class, xstrdup(name), -1);
    struct error *error = class->parse(stream, suffix, default_port);
    if (error) {
        stream_destroy(stream);
        return error_wrap(error, "%s", name);
    }
    stream->callbacks = callbacks;
    stream->aux = aux;
    counter_inc(stream_open);
    stream_wake(stream);
    *ret = stream;
    return NULL;
}

static void
free_queue(struct stream *stream)
{
    for (size_t i = stream->head; i < stream->queue.n; i++) {
        rcbuf_unref(stream->queue.items[i]);
    }
    vec_uninit(&stream->queue);
    stream->head = stream->head_offset = 0;
    str_uninit(&stream->tail);
    stream->backlog = 0;
}

/* Gives up everything but the memory that callers up the stack still use. */
static void
release(struct stream *stream)
{
    timer_stop(&stream->timer);
    list_remove(&stream->wake_node);
    if (stream->class->close) {
        stream->class->close(stream);
    }
    stream_close_fd(stream);
    free_queue(stream);
}

static void
free_stream(struct stream *stream)
{
    error_free(stream->error);
    free(stream->common_name);
    free(stream->path);
    free(stream->name);
    free(stream);
}

void
stream_destroy(struct stream *stream)
{
    if (!stream || stream->is_destroyed) {
        return;
    }
    release(stream);
    stream->is_destroyed = true;
    stream->state = STREAM_CLOSED;
    if (!stream->n_holds) {
        free_stream(stream);
    }
}

static void
end_linger(void *stream)
{
    stream_destroy(stream);
}

void
stream_destroy_after_flush(struct stream *stream)
{
    if (!stream) {
        return;
    }
    if (stream->state != STREAM_OPEN || !stream->backlog) {
        stream_destroy(stream);
        return;
    }
    stream->is_lingering = true;
    stream->callbacks = NULL;
    stream->is_reading = false;
    timer_stop(&stream->timer);
    timer_init(&stream->timer, end_linger, stream);
    timer_set(&stream->timer, LINGER_MS);
    update_watch(stream);
}

static void
hold(struct stream *stream)
{
    stream->n_holds++;
}

/* Returns false if the stream is gone. */
static bool
let_go(struct stream *stream)
{
    stream->n_holds--;
    if (!stream->is_destroyed) {
        return true;
    }
    if (!stream->n_holds) {
        free_stream(stream);
    }
    return false;
}

void
stream_set_callbacks(struct stream *stream,
                     const struct stream_callbacks *callbacks, void *aux)
{
    stream->callbacks = callbacks;
    stream->aux = aux;
}

/* The descriptor. */

static void ready(int events, void *stream);

void
stream_set_fd(struct stream *stream, int fd)
{
    stream->fd = fd;
    watch_init(&stream->watch, fd, ready, stream);
}

void
stream_close_fd(struct stream *stream)
{
    if (stream->fd >= 0) {
        watch_uninit(&stream->watch);
        close(stream->fd);
        stream->fd = -1;
    }
}

static void
update_watch(struct stream *stream)
{
    int events = 0;

    if (stream->fd < 0) {
        return;
    }
    if (stream->state == STREAM_OPENING) {
        events = stream->open_wanted;
    } else if (stream->state == STREAM_OPEN) {
        if (stream->is_reading && !stream->is_eof) {
            events |= stream->recv_wanted;
        }
        if (stream->is_blocked) {
            events |= stream->send_wanted;
        }
    }
    watch_set(&stream->watch, events);
}

void
stream_wake(struct stream *stream)
{
    if (list_is_empty(&stream->wake_node)) {
        list_push_back(&woken, &stream->wake_node);
        step_wake(&step);
    }
}

/* Ends the stream for 'code', a negative errno value, or 0 for an end by the
 * peer.  The caller holds it. */
static void
close_stream(struct stream *stream, int code)
{
    struct error *error = stream->error;

    if (stream->state == STREAM_CLOSED) {
        return;
    }
    stream->error = NULL;
    if (code && !error) {
        error = error_create(-code, "%s", strerror(-code));
    }
    stream->state = STREAM_CLOSED;
    release(stream);
    if (stream->is_lingering) {
        stream_destroy(stream);
    } else if (stream->callbacks) {
        stream->callbacks->closed(stream, error, stream->aux);
    }
    error_free(error);
}

static void
go_on_opening(struct stream *stream)
{
    int error = stream->class->open(stream);

    if (error == -EAGAIN) {
        return;
    }
    if (error) {
        close_stream(stream, error);
        return;
    }
    stream->state = STREAM_OPEN;
    error_free(stream->error);
    stream->error = NULL;
    if (stream->callbacks && stream->callbacks->opened) {
        stream->callbacks->opened(stream, stream->aux);
    }
}

/* Reading. */

static void
end_eof_linger(void *stream_)
{
    struct stream *stream = stream_;

    hold(stream);
    close_stream(stream, 0);
    let_go(stream);
}

/* The peer has ended its side.  It may still want what is queued for it: a
 * script that has sent its requests and closed waits for the answers. */
static void
handle_eof(struct stream *stream)
{
    if (!stream->backlog) {
        close_stream(stream, 0);
        return;
    }
    stream->is_eof = true;
    timer_stop(&stream->timer);
    timer_init(&stream->timer, end_eof_linger, stream);
    timer_set(&stream->timer, EOF_LINGER_MS);
}

static bool
has_more(const struct stream *stream)
{
    return stream->class->has_more && stream->class->has_more(stream);
}

static void
read_input(struct stream *stream)
{
    static char buffer[READ_SIZE];

    for (int i = 0; i < MAX_READS || has_more(stream); i++) {
        if (stream->state != STREAM_OPEN || !stream->is_reading
            || stream->is_eof || !stream->callbacks) {
            return;
        }

        ssize_t n = stream->class->recv(stream, buffer, sizeof buffer);
        if (n == -EAGAIN) {
            return;
        }
        if (!n) {
            handle_eof(stream);
            return;
        }
        if (n < 0) {
            close_stream(stream, n);
            return;
        }
        stream->stats.n_bytes_in += n;
        stream->stats.last_input_ms = clock_ms();
        stream->callbacks->input(stream, buffer, n, stream->aux);
        if ((size_t) n < sizeof buffer && !has_more(stream)) {
            /* A short read has emptied the socket; asking again would only
             * cost a call. */
            return;
        }
    }
}

void
stream_set_reading(struct stream *stream, bool on)
{
    if (stream->is_reading != on) {
        stream->is_reading = on;
        update_watch(stream);
        if (on && has_more(stream)) {
            stream_wake(stream);
        }
    }
}

/* Writing. */

static void
push_tail(struct stream *stream)
{
    if (stream->tail.length) {
        vec_push(&stream->queue, rcbuf_steal_str(&stream->tail));
    }
}

void
stream_write_take(struct stream *stream, struct rcbuf *buf)
{
    if (stream->state == STREAM_CLOSED || !buf->size) {
        rcbuf_unref(buf);
        return;
    }
    push_tail(stream);
    vec_push(&stream->queue, buf);
    stream->backlog += buf->size;
    stream_wake(stream);
}

void
stream_write(struct stream *stream, const void *data, size_t size)
{
    if (stream->state != STREAM_CLOSED && size) {
        str_put_bytes(&stream->tail, data, size);
        stream->backlog += size;
        stream_wake(stream);
    }
}

/* Describes what is queued. */
static int
fill_iov(const struct stream *stream, struct iovec *iov)
{
    size_t offset = stream->head_offset;
    int n = 0;

    for (size_t i = stream->head; i < stream->queue.n && n < MAX_IOV; i++) {
        struct rcbuf *buf = stream->queue.items[i];

        iov[n].iov_base = buf->data + offset;
        iov[n].iov_len = buf->size - offset;
        n++;
        offset = 0;
    }
    return n;
}

/* Removes 'n' bytes, which are written. */
static void
consume(struct stream *stream, size_t n)
{
    stream->backlog -= n;
    stream->stats.n_bytes_out += n;
    n += stream->head_offset;
    while (stream->head < stream->queue.n
           && n >= stream->queue.items[stream->head]->size) {
        n -= stream->queue.items[stream->head]->size;
        rcbuf_unref(stream->queue.items[stream->head++]);
    }
    stream->head_offset = n;
    if (stream->head == stream->queue.n) {
        vec_clear(&stream->queue);
        stream->head = 0;
    } else if (stream->head > stream->queue.n / 2) {
        memmove(stream->queue.items, stream->queue.items + stream->head,
                (stream->queue.n - stream->head)
                * sizeof *stream->queue.items);
        stream->queue.n -= stream->head;
        stream->head = 0;
    }
}

static void
all_written(struct stream *stream)
{
    if (stream->queue.allocated > 64) {
        vec_uninit(&stream->queue);
    }
    if (stream->is_lingering) {
        stream_destroy(stream);
    } else if (stream->is_eof) {
        close_stream(stream, 0);
    } else if (stream->callbacks && stream->callbacks->drained) {
        stream->callbacks->drained(stream, stream->aux);
    }
}

/* Writes up to 'max' bytes.  Returns 0, or a negative errno value if the
 * stream is broken. */
static int
send_queued(struct stream *stream, size_t max)
{
    size_t written = 0;

    push_tail(stream);
    while (stream->backlog && written < max) {
        struct iovec iov[MAX_IOV];
        ssize_t n = stream->class->send(stream, iov, fill_iov(stream, iov));

        counter_inc(stream_write);
        if (n < 0) {
            return n == -EAGAIN ? 0 : n;
        }
        written += n;
        consume(stream, n);
        if (stream->is_blocked) {
            stream->stats.last_unblocked_ms = clock_ms();
        }
    }
    return 0;
}

static void
write_output(struct stream *stream)
{
    if (!stream->backlog) {
        return;
    }
    int error = send_queued(stream, MAX_WRITE_BYTES);
    if (error) {
        /* After the peer's end of file, this is the rest of its closing. */
        close_stream(stream, stream->is_eof ? 0 : error);
        return;
    }
    stream->is_blocked = stream->backlog != 0;
    if (!stream->backlog) {
        all_written(stream);
    }
}

void
stream_flush(struct stream *stream)
{
    if (stream->state == STREAM_OPEN && stream->backlog
        && send_queued(stream, SIZE_MAX)) {
        /* Writing will fail again, where it can be told. */
        stream_wake(stream);
    }
}

size_t
stream_backlog_bytes(const struct stream *stream)
{
    return stream->backlog;
}

/* Does whatever 'stream' can do now. */
static void
run_stream(struct stream *stream, bool input)
{
    hold(stream);
    if (stream->state == STREAM_OPENING) {
        go_on_opening(stream);
    }
    if (stream->state == STREAM_OPEN && (input || has_more(stream))) {
        read_input(stream);
    }
    if (stream->state == STREAM_OPEN && !stream->is_blocked) {
        write_output(stream);
    }
    if (let_go(stream)) {
        update_watch(stream);
    }
}

static void
ready(int events, void *stream_)
{
    struct stream *stream = stream_;

    hold(stream);
    if (stream->state == STREAM_OPENING) {
        go_on_opening(stream);
    } else if (events & stream->recv_wanted) {
        read_input(stream);
    }
    if (stream->state == STREAM_OPEN && stream->is_blocked) {
        write_output(stream);
    }
    if (let_go(stream)) {
        update_watch(stream);
    }
}

static void
run_woken(void *aux UNUSED)
{
    struct list batch = LIST_INITIALIZER(&batch);

    /* Streams that wake meanwhile wait for the step's next run. */
    while (!list_is_empty(&woken)) {
        struct list *node = woken.next;

        list_remove(node);
        list_push_back(&batch, node);
    }
    while (!list_is_empty(&batch)) {
        struct stream *stream = CONTAINER_OF(batch.next, struct stream,
                                             wake_node);

        list_remove(&stream->wake_node);
        run_stream(stream, false);
    }
}

/* Questions. */

bool
stream_is_open(const struct stream *stream)
{
    return stream->state == STREAM_OPEN;
}

const char *
stream_name(const struct stream *stream)
{
    return stream->name;
}

const char *
stream_peer_common_name(const struct stream *stream)
{
    return stream->common_name;
}

const char *
stream_local_address(const struct stream *stream)
{
    return stream->local_address;
}

const struct stream_stats *
stream_stats(const struct stream *stream)
{
    return &stream->stats;
}

int
stream_fd(const struct stream *stream)
{
    return stream->fd;
}

void
stream_set_dscp(struct stream *stream, uint8_t dscp)
{
    stream->dscp = dscp;
    if (stream->is_connected) {
        stream_tcp_mark(stream);
    }
}

/* What plain sockets do. */

ssize_t
stream_socket_recv(struct stream *stream, void *buffer, size_t size)
{
    ssize_t n;

    do {
        n = recv(stream->fd, buffer, size, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

ssize_t
stream_socket_send(struct stream *stream, const struct iovec *iov, int n_iov)
{
    struct msghdr msg = {
        .msg_iov = (struct iovec *) iov,
        .msg_iovlen = n_iov,
    };
    ssize_t n;

    do {
        n = sendmsg(stream->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Descriptors that somebody opened for us. */

static struct error *
fd_parse(struct stream *stream, const char *suffix,
         uint16_t default_port UNUSED)
{
    int fd;

    if (!text_to_int_range(suffix, 0, INT_MAX, &fd)) {
        return error_create(EINVAL, "\"%s\" is no file descriptor", suffix);
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return error_from_errno(errno, "file descriptor %d", fd);
    }
    if (lseek(fd, 0, SEEK_CUR) >= 0) {
        return error_create(EINVAL, "file descriptor %d is a file", fd);
    }
    stream_set_fd(stream, fd);
    return NULL;
}

static int
fd_open(struct stream *stream UNUSED)
{
    return 0;
}

static ssize_t
fd_recv(struct stream *stream, void *buffer, size_t size)
{
    ssize_t n = read(stream->fd, buffer, size);

    return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

static ssize_t
fd_send(struct stream *stream, const struct iovec *iov, int n_iov)
{
    ssize_t n = writev(stream->fd, iov, n_iov);

    return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

const struct stream_class stream_fd_class = {
    .prefix = "fd:",
    .parse = fd_parse,
    .open = fd_open,
    .recv = fd_recv,
    .send = fd_send,
};

void
stream_print_usage(const char *what, bool active, bool passive)
{
    static const struct {
        const char *form;
        const char *meaning;
        bool passive;
    } rows[] = {
        { "tcp:HOST[:PORT]", "PORT at HOST, over TCP", false },
        { "ssl:HOST[:PORT]", "PORT at HOST, over TLS", false },
        { "unix:FILE", "the Unix domain socket FILE", false },
        { "ptcp:[PORT][:IP]", "listen to TCP PORT on IP", true },
        { "pssl:[PORT][:IP]", "listen to TLS on PORT on IP", true },
        { "punix:FILE", "listen on the Unix domain socket FILE", true },
    };

    printf("%s %s connection methods:\n", active && passive
           ? "Active and passive" : active ? "Active" : "Passive", what);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].passive ? passive : active) {
            printf("  %-26s%s\n", rows[i].form, rows[i].meaning);
        }
    }
}
