/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_SESSION_PRIVATE_H
#define OVSDB_SERVER_SESSION_PRIVATE_H

/* What a session consists of: shared by session.c and session_monitor.c, which
 * answers the requests about monitors. */

#include "ovsdb/server/session.h"

struct session_monitor {
    struct list node;               /* In session->monitors. */
    struct monitor monitor;
    struct session *session;
    struct served *served;
};

struct session {
    struct list node;               /* In server->sessions. */
    struct server *server;
    struct jsonrpc_session *rpc_session;
    struct list monitors;           /* Of struct session_monitor. */
    struct list transactions;       /* Of struct transaction. */
    struct list claims;             /* Of struct lock_claim. */
    size_t max_reply;               /* The biggest so far. */
    bool is_active;                 /* We connect, rather than the client. */
    bool is_change_aware;
    bool is_doomed;
    bool read_only;
    char *role;
    char *remote;
    struct execute_client client;
};

static inline struct jsonrpc *
session_rpc(const struct session *session)
{
    return jsonrpc_session_rpc(session->rpc_session);
}

/* session.c */

/* The parameters of a request; more than these are only counted. */
struct session_params {
    struct span items[4];
    size_t n;
};

bool session_read_params(struct span text, struct session_params *);

/* The decoded string, for free(); NULL if it is none. */
char *session_read_string(struct span text);

/* Finds the database that the first parameter names. */
struct error *session_find_db(struct session *, const struct jsonrpc_message *,
                              struct served **) MUST_USE;

/* A "syntax error" in the piece 'text' of a request. */
struct error *session_syntax_error(struct span text, const char *what)
    MUST_USE;

/* Answers request 'id'. */
void session_send_text(struct session *, struct span id, const char *result);

/* Cuts off a client that does not read: it must not fill our memory. */
void session_check_backlog(struct session *);

/* session_monitor.c */

void session_drop_monitor(struct session_monitor *);

/* Methods: each answers, or returns an error to answer with. */
struct error *session_do_monitor(struct session *,
                                 const struct jsonrpc_message *) MUST_USE;
struct error *session_do_monitor_cond(struct session *,
                                      const struct jsonrpc_message *) MUST_USE;
struct error *session_do_monitor_cond_since(struct session *,
                                            const struct jsonrpc_message *)
    MUST_USE;
struct error *session_do_monitor_cond_change(struct session *,
                                             const struct jsonrpc_message *)
    MUST_USE;
struct error *session_do_monitor_cancel(struct session *,
                                        const struct jsonrpc_message *)
    MUST_USE;

#endif /* ovsdb/server/session_private.h */
