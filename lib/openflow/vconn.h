/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_VCONN_H
#define OPENFLOW_VCONN_H

/* OpenFlow connections over lib/stream: framing, version negotiation, and, for
 * a switch's controllers and a controller's switch, reconnection.
 *
 * A struct vconn is one connection: it says hello, agrees on the highest
 * version that both sides have, then hands over whole messages.  A struct
 * rconn keeps a connection up: backoff, echo probes, one vconn after another.
 *
 * Targets: "unix:FILE", "tcp:HOST[:PORT]", "ssl:HOST[:PORT]"; listening ones
 * "punix:FILE", "ptcp:[PORT][:IP]", "pssl:[PORT][:IP]".  The port is 6653.
 *
 * Threads: main. */

#include "lib/base/error.h"
#include "lib/openflow/msg.h"

struct vconn;
struct stream;

struct vconn_callbacks {
    /* Versions are agreed upon; messages may be sent. */
    void (*connected)(struct vconn *, void *aux);

    /* A whole message came in: at least a header, as long as that says.  It is
     * borrowed for the call.  The vconn may be destroyed in it. */
    void (*message)(struct vconn *, const void *data, size_t size, void *aux);

    /* The connection is over: 'error' says why (owned by the vconn).  The
     * callback (or its caller, later) destroys the vconn. */
    void (*disconnected)(struct vconn *, const struct error *error, void *aux);

    /* Everything queued is sent.  May be NULL. */
    void (*drained)(struct vconn *, void *aux);
};

/* Starts connecting to 'target'.  'versions' 0 means all supported. */
struct error *vconn_connect(const char *target, uint32_t versions,
                            const struct vconn_callbacks *, void *aux,
                            struct vconn **) MUST_USE;

/* Runs OpenFlow on 'stream', which it takes (an accepted connection). */
struct vconn *vconn_take_stream(struct stream *, uint32_t versions,
                                const struct vconn_callbacks *, void *aux)
    MUST_USE;
void vconn_destroy(struct vconn *);

/* 0 until connected. */
uint8_t vconn_version(const struct vconn *);

/* "tcp:127.0.0.1:6653". */
const char *vconn_name(const struct vconn *);

/* Queues 'b', which it takes, for sending. */
void vconn_take_send(struct vconn *, struct buf *b);

/* Bytes that wait to be sent. */
size_t vconn_backlog(const struct vconn *);

/* Writes now what the kernel takes of them, from within a long piece of work
 * whose output the peer could be busy with. */
void vconn_flush(struct vconn *);

/* Stops and resumes reading, to push back on a peer that sends too much. */
void vconn_pause(struct vconn *, bool paused);

/* From the message callback: says that nobody waits for an answer to this
 * message, and that more like it are to be expected.  If it is the last of few
 * that came together, the vconn waits a millisecond before it reads on, so
 * that a peer that writes each message by itself does not cost a wake-up for
 * each. */
void vconn_expect_more(struct vconn *);

/* Does 'target' name a vconn (or, the second, a listener)? */
bool vconn_target_is_valid(const char *target);
bool pvconn_target_is_valid(const char *target);

/* Listening. */
struct pvconn;

struct error *pvconn_listen(const char *target,
                            void (*accepted)(struct stream *, void *aux),
                            void *aux, struct pvconn **) MUST_USE;
void pvconn_destroy(struct pvconn *);

/* Reconnecting connections. */
struct rconn;

struct rconn_callbacks {
    void (*connected)(struct rconn *, void *aux);
    void (*message)(struct rconn *, const void *data, size_t size, void *aux);
    void (*disconnected)(struct rconn *, void *aux);

    /* Everything queued is sent.  May be NULL. */
    void (*drained)(struct rconn *, void *aux);
};

/* 'probe_interval_s' 0: never probe.  Echo requests and replies are handled
 * within. */
struct rconn *rconn_create(uint32_t versions, unsigned int max_backoff_s,
                           unsigned int probe_interval_s,
                           const struct rconn_callbacks *, void *aux)
    MUST_USE;
void rconn_destroy(struct rconn *);

/* Starts connecting to 'target', again and again. */
struct error *rconn_connect(struct rconn *, const char *target) MUST_USE;

/* Takes an accepted stream; does not reconnect. */
void rconn_take_stream(struct rconn *, struct stream *);
void rconn_disconnect(struct rconn *);

/* Drops the connection, if there is one, and connects anew. */
void rconn_reconnect(struct rconn *);

/* How long to wait after a failure, doubled from the first to the last: 1 s at
 * first unless set. */
void rconn_set_max_backoff(struct rconn *, unsigned int seconds);
void rconn_set_backoff(struct rconn *, int min_ms, int max_ms);
void rconn_set_probe_interval(struct rconn *, unsigned int seconds);

bool rconn_is_connected(const struct rconn *);
bool rconn_is_alive(const struct rconn *);    /* Connected or will retry. */
const char *rconn_target(const struct rconn *);
uint8_t rconn_version(const struct rconn *);  /* 0 unless connected. */

/* Takes 'b'; drops it unless connected. */
void rconn_take_send(struct rconn *, struct buf *b);
size_t rconn_backlog(const struct rconn *);
void rconn_flush(struct rconn *);
void rconn_pause(struct rconn *, bool paused);
void rconn_expect_more(struct rconn *);

/* For the database's status columns. */
struct rconn_status {
    const char *state;           /* "VOID", "BACKOFF", "CONNECTING", "ACTIVE",
                                  * "IDLE". */
    int64_t last_connect_ms;     /* clock_ms(); INT64_MIN: never. */
    int64_t last_disconnect_ms;
    const char *last_error;      /* NULL: none. */
    unsigned int n_connects;
    int64_t since_ms;            /* clock_ms() of entering 'state'. */
};
void rconn_get_status(const struct rconn *, struct rconn_status *);

#endif /* openflow/vconn.h */
