/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controller/install/messages.h"
#include "lib/base/alloc.h"
#include "lib/openflow/session_msg.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/stream/unix_socket.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_send_dropped);
COUNTER(pinctrl_bad_message);

#define RETRY_MS 100             /* A local socket: an attempt costs little. */
#define READ_SIZE 65536          /* At once; a message is no larger. */
#define OFP_HEADER_SIZE 8

struct link {
    void (*message)(const struct ofmsg *, void *aux);
    void *aux;
    char *path;
    int fd;                      /* -1: not connected. */
    int64_t retry_ms;            /* When to try again. */
    bool is_open;                /* Both have said hello. */
    struct buf in;               /* Read, not yet handled. */
    struct buf out;              /* To be sent, from 'sent' on. */
    size_t sent;
};

struct link *
link_create(void (*message)(const struct ofmsg *, void *aux), void *aux)
{
    struct link *link = xzalloc(sizeof *link);

    link->message = message;
    link->aux = aux;
    link->fd = -1;
    buf_init(&link->in);
    buf_init(&link->out);
    return link;
}

static void
disconnect(struct link *link)
{
    /* One that had worked is tried again at once. */
    link->retry_ms = clock_ms() + (link->is_open ? 0 : RETRY_MS);
    if (link->fd >= 0) {
        close(link->fd);
        link->fd = -1;
        if (link->is_open) {
            log_info("%s: disconnected", link->path);
        }
    }
    link->is_open = false;
    link->sent = 0;
    buf_clear(&link->in);
    buf_clear(&link->out);
}

void
link_destroy(struct link *link)
{
    if (link) {
        disconnect(link);
        buf_uninit(&link->in);
        buf_uninit(&link->out);
        free(link->path);
        free(link);
    }
}

void
link_set_path(struct link *link, const char *path)
{
    disconnect(link);
    free(link->path);
    link->path = xstrdup_null(path);
    link->retry_ms = 0;
}

bool
link_is_open(const struct link *link)
{
    return link->is_open;
}

static void
drop_front(struct buf *b, size_t size)
{
    memmove(b->data, b->data + size, b->size - size);
    b->size -= size;
}

/* ## Sending ## */

void
link_flush(struct link *link)
{
    while (link->fd >= 0 && link->sent < link->out.size) {
        ssize_t n = send(link->fd, link->out.data + link->sent,
                         link->out.size - link->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n < 0) {
            disconnect(link);
            return;
        }
        link->sent += n;
    }
    if (link->sent == link->out.size) {
        buf_clear(&link->out);
        link->sent = 0;
    }
}

/* Adds to what is sent next, whether or not both have said hello. */
static void
put(struct link *link, struct buf *b)
{
    if (link->fd < 0 || link->out.size - link->sent > LINK_MAX_BACKLOG) {
        counter_inc(pinctrl_send_dropped);
    } else {
        if (link->sent > LINK_MAX_BACKLOG) {
            drop_front(&link->out, link->sent);
            link->sent = 0;
        }
        buf_put(&link->out, b->data, b->size);
    }
    buf_destroy(b);
}

void
link_take(struct link *link, struct buf *b)
{
    if (link->is_open) {
        put(link, b);
    } else {
        counter_inc(pinctrl_send_dropped);
        buf_destroy(b);
    }
}

/* ## Receiving ## */

static void
connect_now(struct link *link)
{
    link->fd = unix_socket_connect(link->path);
    if (link->fd < 0) {
        link->fd = -1;
        link->retry_ms = clock_ms() + RETRY_MS;
        return;
    }
    put(link, hello_encode(OFP_VERSION_BIT(MESSAGES_OF_VERSION)));
}

/* The switch said hello: now it is told what to send. */
static void
open_up(struct link *link, const struct ofmsg *hello)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);

    if (!(hello_decode(hello) & OFP_VERSION_BIT(MESSAGES_OF_VERSION))) {
        log_warn_limited(&limit, "%s: the switch does not speak OpenFlow 1.5",
                         link->path);
        disconnect(link);
        return;
    }
    link->is_open = true;
    put(link, messages_packet_in_format());
    put(link, messages_set_config());
    log_info("%s: connected", link->path);
}

static void
handle(struct link *link, const void *data, size_t size)
{
    struct ofmsg msg;

    if (ofmsg_decode(data, size, &msg)) {
        counter_inc(pinctrl_bad_message);
        return;
    }
    switch (msg.type) {
    case OFMSG_HELLO:
        if (!link->is_open) {
            open_up(link, &msg);
        }
        break;
    case OFMSG_ECHO_REQUEST:
        put(link, echo_reply_create(&msg));
        break;
    default:
        if (link->is_open) {
            link->message(&msg, link->aux);
        }
        break;
    }
}

/* Handles the whole messages in 'in'. */
static void
handle_all(struct link *link)
{
    size_t ofs = 0;

    while (link->fd >= 0 && link->in.size - ofs >= OFP_HEADER_SIZE) {
        const uint8_t *p = link->in.data + ofs;
        size_t size = ofmsg_length(p);

        if (size < OFP_HEADER_SIZE) {
            counter_inc(pinctrl_bad_message);
            disconnect(link);
            return;
        }
        if (size > link->in.size - ofs) {
            break;
        }
        handle(link, p, size);
        ofs += size;
    }
    if (link->fd >= 0) {
        drop_front(&link->in, ofs);
    }
}

static void
receive(struct link *link)
{
    ssize_t n;

    buf_reserve(&link->in, READ_SIZE);
    do {
        n = recv(link->fd, link->in.data + link->in.size, READ_SIZE, 0);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        link->in.size += n;
        handle_all(link);
    } else if (!n || errno != EAGAIN) {
        disconnect(link);
    }
}

void
link_run(struct link *link)
{
    if (link->fd < 0 && link->path && clock_ms() >= link->retry_ms) {
        connect_now(link);
    }
    link_flush(link);
    if (link->fd >= 0) {
        receive(link);
    }
    link_flush(link);
}

void
link_poll(const struct link *link, struct pollfd *pollfd,
          int64_t *deadline_ms)
{
    *pollfd = (struct pollfd) {
        .fd = link->fd,
        .events = POLLIN | (link->sent < link->out.size ? POLLOUT : 0),
    };
    if (link->fd < 0 && link->path) {
        *deadline_ms = MIN(*deadline_ms, link->retry_ms);
    }
}
