/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_PROVIDER_H
#define STREAM_PROVIDER_H

/* What the kinds of stream share, inside lib/stream.
 *
 * Life of a stream: OPENING (class->open() makes steps forward whenever the
 * descriptor is ready, until it returns 0), OPEN, then CLOSED, in which it
 * only waits for its owner to destroy it. */

#include <sys/socket.h>
#include <sys/uio.h>

#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/runtime/loop.h"
#include "lib/stream/address.h"
#include "lib/stream/resolve.h"
#include "lib/stream/stream.h"

enum stream_state {
    STREAM_OPENING,
    STREAM_OPEN,
    STREAM_CLOSED,
};

struct stream_class {
    const char *prefix;         /* "tcp:" */
    const char *passive_prefix; /* "ptcp:", or NULL. */

    /* Checks and takes in the part of the name after the prefix. */
    struct error *(*parse)(struct stream *, const char *suffix,
                           uint16_t default_port);

    /* Goes on with opening.  Returns 0 when done, -EAGAIN to be called again
     * when 'fd' is ready for 'wanted', or on stream_wake(), or another
     * negative errno value, then perhaps with a better 'stream->error'. */
    int (*open)(struct stream *);

    /* Like recv(2) and sendmsg(2), with negative errno values for failures.
     * At -EAGAIN 'recv_wanted' and 'send_wanted' say what to wait for. */
    ssize_t (*recv)(struct stream *, void *, size_t);
    ssize_t (*send)(struct stream *, const struct iovec *, int n);

    /* Whether recv() has bytes that poll() does not know of.  May be NULL. */
    bool (*has_more)(const struct stream *);

    /* Frees what the class has, not 'fd'.  May be NULL. */
    void (*close)(struct stream *);

    /* Passive side: binds and listens.  Stores the descriptor. */
    struct error *(*listen)(struct listener *, const char *suffix,
                            uint16_t default_port);

    /* Makes a stream of 'fd', which it takes, accepted from 'peer'. */
    struct stream *(*accept)(struct listener *, int fd,
                             const struct sockaddr_storage *peer);
};

struct stream {
    const struct stream_class *class;
    char *name;
    enum stream_state state;
    int fd;                     /* -1 if none. */
    struct watch watch;
    const struct stream_callbacks *callbacks;
    void *aux;
    unsigned int n_holds;       /* Calls under way that use the stream. */
    bool is_destroyed;          /* Freed when 'n_holds' is 0. */
    bool is_lingering;          /* stream_destroy_after_flush(). */
    struct timer timer;         /* Retry of open; end of lingering. */

    bool is_reading;
    bool is_blocked;            /* The kernel's send buffer is full. */
    bool is_eof;                /* The peer writes no more, but may read. */
    int open_wanted, recv_wanted, send_wanted;  /* UV_READABLE, ... */
    struct list wake_node;      /* In the list that the step works off. */
    struct error *error;        /* Why it will be closed. */

    /* Output: buffers from 'head' on, of which the first lacks
     * 'head_offset' bytes, then 'tail'. */
    VEC(struct rcbuf *) queue;
    size_t head, head_offset;
    struct str tail;
    size_t backlog;             /* Bytes in all. */

    struct stream_stats stats;
    uint8_t dscp;
    char local_address[80];

    /* tcp and ssl. */
    struct address address;     /* What to connect to. */
    struct resolve *resolve;    /* Look-up under way. */
    VEC(struct sockaddr_storage) candidates;    /* Yet to be tried. */
    bool is_connected;          /* At TCP level. */
    struct tls *tls;            /* ssl only. */
    char *common_name;

    char *path;                 /* unix only. */
};

struct listener {
    const struct stream_class *class;
    char *name;
    int fd;
    uint16_t port;
    uint8_t dscp;
    struct watch watch;
    const struct listener_callbacks *callbacks;
    void *aux;
    char *path;                 /* Of a Unix socket; removed with it. */
    struct timer timer;         /* Goes on after running out of files. */
    struct list handshakes;     /* Accepted, not yet open. */
    size_t n_handshakes;
    bool is_accepting;          /* accept_some() is under way... */
    bool is_destroyed;          /* ...and will free it. */
};

extern const struct stream_class stream_unix_class;
extern const struct stream_class stream_tcp_class;
extern const struct stream_class stream_ssl_class;
extern const struct stream_class stream_fd_class;

/* The class of 'name', NULL if there is none, and what follows its prefix. */
const struct stream_class *stream_find_class_(const char *name, bool passive,
                                              const char **ret_suffix);

/* What must be done before the first stream or listener. */
void stream_init_once_(void);

/* Returns a stream in OPENING with 'fd' (-1 for none yet).  Takes 'name'. */
struct stream *stream_create_(const struct stream_class *, char *name, int fd);

/* Gives the stream a descriptor and waits on it; or takes it away, closing
 * it. */
void stream_set_fd(struct stream *, int fd);
void stream_close_fd(struct stream *);

/* Makes the step look at 'stream' in this turn. */
void stream_wake(struct stream *);

/* recv and send of a plain socket. */
ssize_t stream_socket_recv(struct stream *, void *, size_t);
ssize_t stream_socket_send(struct stream *, const struct iovec *, int n);

/* open of tcp, the first part of that of ssl. */
struct error *stream_tcp_parse(struct stream *, const char *suffix,
                               uint16_t default_port);
int stream_tcp_open(struct stream *);
void stream_tcp_close(struct stream *);
struct error *stream_tcp_listen(struct listener *, const char *suffix,
                                uint16_t default_port);

/* Notes addresses and options of the connected socket. */
void stream_tcp_connected(struct stream *);

/* Gives the connected socket the stream's DSCP. */
void stream_tcp_mark(struct stream *);

#endif /* stream/provider.h */
