/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_RECONNECT_H
#define STREAM_RECONNECT_H

/* When to connect, to probe a silent peer, to give up and to try again.
 *
 * No I/O of its own: the owner connects and disconnects when the callbacks
 * say so, and reports what happens.
 *
 *     VOID         disabled, or out of tries
 *     BACKOFF      waiting before the next try (1 s, doubling up to 8 s)
 *     CONNECTING   a try is under way; it has the backoff's time, at least 1 s
 *     ACTIVE       connected, and heard of recently
 *     IDLE         connected, silent for the probe interval: a probe is out
 *
 * A connection that lasted resets the backoff.
 * Threads: the main one. */

#include "lib/base/error.h"
#include "lib/runtime/loop.h"

enum reconnect_state {
    RECONNECT_VOID,
    RECONNECT_BACKOFF,
    RECONNECT_CONNECTING,
    RECONNECT_ACTIVE,
    RECONNECT_IDLE,
};

/* Each may uninit the 'struct reconnect'. */
struct reconnect_callbacks {
    /* Start a try; the outcome is reported by reconnect_connected() or
     * reconnect_connect_failed(), now or later. */
    void (*connect)(void *aux);

    /* Drop the connection, or the try, without a report; 'error' says why. */
    void (*disconnect)(const struct error *error, void *aux);

    /* Send something that gets an answer. */
    void (*probe)(void *aux);

    /* When the peer last gave a sign of life, on clock_ms(), for owners that
     * would not call reconnect_activity() for each.  Asked before a verdict;
     * may be NULL. */
    int64_t (*last_activity_ms)(void *aux);
};

/* Read the members; write through the functions. */
struct reconnect {
    char *name;                 /* For log messages. */
    const struct reconnect_callbacks *callbacks;
    void *aux;
    struct timer timer;

    int min_backoff_ms, max_backoff_ms;
    int probe_interval_ms;      /* 0 for no probes. */
    unsigned int max_tries;     /* UINT_MAX for no end. */
    bool is_quiet;              /* Logs less. */

    enum reconnect_state state;
    int64_t state_entered_ms;
    int backoff_ms;
    int64_t last_activity_ms;
    int64_t connected_ms;       /* The last time; INT64_MIN if never. */
    int64_t disconnected_ms;    /* Likewise. */
    int64_t total_connected_ms; /* Not counting the present connection. */
    unsigned int n_attempts, n_connections;
    unsigned int n_tries_left;
    unsigned int n_free_tries;  /* Tries that wait no backoff. */
    char *last_error;           /* NULL if the last end was clean. */
};

/* Begins in VOID; reconnect_enable() starts. */
void reconnect_init(struct reconnect *, const char *name,
                    const struct reconnect_callbacks *, void *aux);
void reconnect_uninit(struct reconnect *);
void reconnect_set_name(struct reconnect *, const char *name);

/* Logs less: what is INFO becomes DBG, the end of a connection is no WARN.
 * For accepted connections. */
void reconnect_set_quiet(struct reconnect *, bool);
void reconnect_set_backoff(struct reconnect *, int min_ms, int max_ms);

/* 0 turns probes off. */
void reconnect_set_probe_interval(struct reconnect *, int ms);

/* Tries to connect at most 'n' times from now on, until a connection gives it
 * all of them back; then gives up for good.  0, for accepted connections,
 * never tries. */
void reconnect_set_max_tries(struct reconnect *, unsigned int n);

/* Connects at the loop's next turn. */
void reconnect_enable(struct reconnect *);

/* Ends in VOID, disconnecting if need be. */
void reconnect_disable(struct reconnect *);

/* Drops what there is and connects anew without waiting. */
void reconnect_force(struct reconnect *);

/* Reports of the owner.  'error' is borrowed; NULL is an end by the peer. */
void reconnect_connected(struct reconnect *);
void reconnect_connect_failed(struct reconnect *, const struct error *error);
void reconnect_disconnected(struct reconnect *, const struct error *error);
void reconnect_activity(struct reconnect *);

/* The next 'n' tries wait no backoff: there are as many servers, and the
 * failure of one says nothing of the next. */
void reconnect_set_free_tries(struct reconnect *, unsigned int n);

const char *reconnect_state_name(enum reconnect_state);

static inline bool
reconnect_is_connected(const struct reconnect *r)
{
    return r->state == RECONNECT_ACTIVE || r->state == RECONNECT_IDLE;
}

#endif /* stream/reconnect.h */
