/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_SESSION_H
#define OVSDB_SERVER_SESSION_H

/* A client: its JSON-RPC connection, monitors, locks and transactions.
 *
 * A session that is to end is doomed first, and destroyed by the server's
 * step, so that nobody who is walking over sessions loses one. */

#include "lib/jsonrpc/session.h"
#include "ovsdb/server/server.h"

struct session_options {
    bool read_only;
    const char *role;           /* For access control; NULL for none. */
    struct jsonrpc_session_options rpc;
};

/* Serves the client at the other end of 'stream', which it owns. */
struct session *session_accept(struct server *, struct stream *stream,
                               const struct session_options *);

/* Connects to the client at 'remote', again and again. */
struct error *session_connect(struct server *, const char *remote,
                              const struct session_options *,
                              struct session **ret) MUST_USE;

/* Makes the server's step destroy the session, after what is queued is
 * written. */
void session_doom(struct session *);

/* Ends the connection: for good if the client has connected to us, to be made
 * anew otherwise. */
void session_reconnect(struct session *);

void session_set_options(struct session *, const struct session_options *);
struct jsonrpc_session *session_rpc_session(struct session *);

/* The remote by which the client has come; NULL if we have connected. */
void session_set_remote(struct session *, const char *name);
const char *session_remote(const struct session *);
bool session_is_connected(const struct session *);
bool session_is_doomed(const struct session *);
bool session_is_change_aware(const struct session *);

/* For status columns. */
size_t session_count_locks(const struct session *, bool owned);

/* For the server. */

/* Hooks of served.h. */
const struct execute_client *session_client(struct session *,
                                            const struct served *);
void session_reply(struct transaction *, void *aux);
void session_update(struct monitor *, struct rcbuf *);

/* Ends monitors and transactions of 'served', telling the client. */
void session_forget_db(struct session *, struct served *);
void session_destroy(struct session *);
void session_destroy_doomed(struct server *);

/* Walking over the sessions of a server; NULL at the end. */
struct session *session_first(const struct server *);
struct session *session_next(const struct session *);

/* For memory/show. */
size_t session_count_monitors(const struct session *);
size_t session_count_waiting(const struct session *);
size_t session_backlog_bytes(const struct session *);

#endif /* ovsdb/server/session.h */
