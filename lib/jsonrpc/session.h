/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSONRPC_SESSION_H
#define JSONRPC_SESSION_H

/* A JSON-RPC connection that is kept up: one of several remotes, tried in
 * turn, reconnected with backoff, probed with "echo" when silent.  Requests
 * "echo" of the peer are answered here and not handed on.  Also serves the
 * accepted side, which is probed but not reconnected.
 * Threads: the main one. */

#include "lib/jsonrpc/jsonrpc.h"
#include "lib/stream/reconnect.h"

struct jsonrpc_session;

struct jsonrpc_session_callbacks {
    /* Connected.  'rpc' is borrowed until 'disconnected'. */
    void (*connected)(struct jsonrpc_session *, struct jsonrpc *rpc,
                      void *aux);

    void (*message)(struct jsonrpc_session *, const struct jsonrpc_message *,
                    void *aux);

    /* The connection is gone; queued messages with it.  'error' is NULL if
     * the peer closed it.  An accepted session is over: its owner destroys
     * it.  May be called without 'connected' before it, when a try failed. */
    void (*disconnected)(struct jsonrpc_session *, const struct error *error,
                         void *aux);

    /* Everything queued has been written.  May be NULL. */
    void (*drained)(struct jsonrpc_session *, void *aux);
};

struct jsonrpc_session_options {
    int probe_interval_ms;      /* -1 for the default, 5,000; 0 for none. */
    int max_backoff_ms;         /* 0 for the default, 8,000. */
    unsigned int max_tries;     /* 0 for no end. */
    size_t max_bytes;           /* Of a message; 0 for the default of
                                 * jsonrpc.h. */
    uint16_t default_port;      /* Of remotes; 0 for 6640. */
    int dscp;                   /* -1 to leave it alone. */
    bool shuffle;               /* Try the remotes in random order. */
    bool is_quiet;              /* Log less, as for accepted sessions. */
};

#define JSONRPC_SESSION_DEFAULTS { .probe_interval_ms = -1, .dscp = -1 }

/* Starts connecting to one of the 'n' 'remotes', active stream names. */
struct error *jsonrpc_session_open(const char *const *remotes, size_t n,
                                   const struct jsonrpc_session_options *,
                                   const struct jsonrpc_session_callbacks *,
                                   void *aux, struct jsonrpc_session **ret)
    MUST_USE;

/* The same for remotes as the --db option has them: separated by commas. */
struct error *jsonrpc_session_open_list(
    const char *remotes, const struct jsonrpc_session_options *,
    const struct jsonrpc_session_callbacks *, void *aux,
    struct jsonrpc_session **ret) MUST_USE;

/* A session over the accepted 'stream', which it owns from now on.
 * 'connected' is not called: it is. */
struct jsonrpc_session *jsonrpc_session_accept(
    struct stream *stream, const struct jsonrpc_session_options *,
    const struct jsonrpc_session_callbacks *, void *aux);

/* NULL is fine.  May be called from a callback. */
void jsonrpc_session_destroy(struct jsonrpc_session *);

/* The connection, NULL while there is none. */
struct jsonrpc *jsonrpc_session_rpc(struct jsonrpc_session *);

/* The remote that is connected or tried. */
const char *jsonrpc_session_name(const struct jsonrpc_session *);

/* Whether it may be connected now or later; not so when tries are used up, or
 * for an accepted session that has ended. */
bool jsonrpc_session_is_alive(const struct jsonrpc_session *);

/* Drops the connection, for the next remote in turn. */
void jsonrpc_session_force_reconnect(struct jsonrpc_session *);

/* Likewise, and what follows waits no backoff until all remotes had a try:
 * this server works but is not the one wanted (it is no leader). */
void jsonrpc_session_try_next(struct jsonrpc_session *);

/* Changes the remotes; stays connected if the present one is among them. */
struct error *jsonrpc_session_set_remotes(struct jsonrpc_session *,
                                          const char *const *remotes,
                                          size_t n) MUST_USE;

/* 0 turns probes off. */
void jsonrpc_session_set_probe_interval(struct jsonrpc_session *, int ms);
void jsonrpc_session_set_max_backoff(struct jsonrpc_session *, int ms);
void jsonrpc_session_set_dscp(struct jsonrpc_session *, int dscp);

/* State and times, for status columns and commands: see reconnect.h. */
const struct reconnect *jsonrpc_session_reconnect(
    const struct jsonrpc_session *);

#endif /* jsonrpc/session.h */
