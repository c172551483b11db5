/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_STREAM_H
#define STREAM_STREAM_H

/* Byte streams on the main loop, by name:
 *
 *     unix:FILE            tcp:HOST[:PORT]          ssl:HOST[:PORT]     fd:N
 *     punix:FILE           ptcp:[PORT][:ADDRESS]    pssl:[PORT][:ADDRESS]
 *
 * HOST is a name (resolved without blocking), an IPv4 address, or an IPv6
 * address in brackets, with a scope id if it is link-local: [fe80::1%eth0].
 * A relative FILE is in the run directory of OVS.  Keys and certificates for
 * ssl are the process's: tls.h.
 *
 * Writing only queues; what one turn of the loop has queued goes out together
 * at the turn's end, in one system call if the kernel takes it.  The queue has
 * no bound: who writes watches stream_backlog_bytes() and cuts a peer that
 * does not read.
 *
 * Callbacks come from the loop, never from within a call of this header.  Any
 * of them may destroy the stream.
 * Threads: the main one. */

#include "lib/base/error.h"
#include "lib/base/rcbuf.h"

struct stream;

struct stream_callbacks {
    /* An active stream is connected (and its TLS handshake is done).  May be
     * NULL. */
    void (*opened)(struct stream *, void *aux);

    /* 'size' bytes have come; they are there for the time of the call. */
    void (*input)(struct stream *, const char *data, size_t size, void *aux);

    /* The stream has ended: by its peer ('error' is NULL), or because opening,
     * reading or writing failed ('error' is borrowed).  The last callback of
     * this stream, which remains the owner's to destroy. */
    void (*closed)(struct stream *, const struct error *error, void *aux);

    /* Everything queued has been written.  May be NULL. */
    void (*drained)(struct stream *, void *aux);
};

/* Starts opening 'name' and stores in '*ret' a stream for stream_destroy();
 * 'opened' or 'closed' will tell.  Returns an error if 'name' is malformed.
 * 'default_port' is for names without a port; 0 if they must have one. */
struct error *stream_open(const char *name, uint16_t default_port,
                          const struct stream_callbacks *, void *aux,
                          struct stream **ret) MUST_USE;

/* Closes 'stream' at once; what is still queued is lost.  NULL is fine. */
void stream_destroy(struct stream *);

/* Closes 'stream' for its owner, who forgets it, as soon as the queue is
 * written, or after a second if the peer does not take it.  No callback comes
 * any more. */
void stream_destroy_after_flush(struct stream *);

/* Other callbacks from now on, as after a listener has handed it over. */
void stream_set_callbacks(struct stream *, const struct stream_callbacks *,
                          void *aux);

/* Queues: a reference to 'buf' (the caller's own goes with it); a copy. */
void stream_write_take(struct stream *, struct rcbuf *buf);
void stream_write(struct stream *, const void *data, size_t size);

/* Writes now what the kernel takes of the queue, for a program about to exit or
 * to be busy for a while.  Failure shows later, in 'closed'. */
void stream_flush(struct stream *);

/* Stops calling 'input', so that the peer is held back; goes on. */
void stream_set_reading(struct stream *, bool);

/* Bytes queued and not yet taken by the kernel. */
size_t stream_backlog_bytes(const struct stream *);

bool stream_is_open(const struct stream *);

/* The name that it was opened with; of an accepted one, the peer's
 * ("tcp:192.0.2.1:34567", "unix#4").  Borrowed. */
const char *stream_name(const struct stream *);

/* Common name in the peer's verified certificate; NULL without. */
const char *stream_peer_common_name(const struct stream *);

/* The local end's IP address and port, as text; "" if it has none. */
const char *stream_local_address(const struct stream *);

struct stream_stats {
    uint64_t n_bytes_in, n_bytes_out;
    int64_t last_input_ms;      /* On clock_ms(); 0 if none. */
    int64_t last_unblocked_ms;  /* When the kernel last took output that had
                                 * waited for it; 0 if none had. */
};

const struct stream_stats *stream_stats(const struct stream *);

/* Marks its packets with a DSCP value 0..63 (tcp and ssl; others ignore
 * it). */
void stream_set_dscp(struct stream *, uint8_t dscp);

/* The file descriptor, -1 if there is none yet; borrowed. */
int stream_fd(const struct stream *);

/* Passive streams. */

struct listener;

struct listener_callbacks {
    /* 'stream' is open (TLS included) and the callee's to destroy, after it
     * has given it callbacks. */
    void (*accepted)(struct listener *, struct stream *stream, void *aux);
};

/* Listens at 'name' and stores in '*ret' a listener for listener_destroy().
 * With PORT 0 the kernel chooses one, which is logged. */
struct error *listener_open(const char *name, uint16_t default_port,
                            const struct listener_callbacks *, void *aux,
                            struct listener **ret) MUST_USE;

/* Streams that it has accepted stay.  NULL is fine. */
void listener_destroy(struct listener *);
const char *listener_name(const struct listener *);

/* Its TCP port; 0 for a Unix socket. */
uint16_t listener_port(const struct listener *);

/* Marks packets of accepted streams. */
void listener_set_dscp(struct listener *, uint8_t dscp);

/* What kind of name 's' is, without opening it. */
bool stream_name_is_active(const char *s);
bool stream_name_is_passive(const char *s);

/* For the help text of a program: what to write for 'what', such as
 * "DATABASE" or "SERVER". */
void stream_print_usage(const char *what, bool active, bool passive);

#endif /* stream/stream.h */
