/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_SERVER_H
#define OVSDB_SERVER_SERVER_H

/* The server: its databases, the clients' sessions, locks and remotes. */

#include "ovsdb/server/locks.h"
#include "ovsdb/server/served.h"

struct remotes;
struct replication;

/* Counters that perf-counters-show prints. */
#define SERVER_N_PERF 7

struct server {
    struct list dbs;            /* Of struct served. */
    struct served *internal;    /* "_Server", also in 'dbs'. */
    struct list sessions;       /* Of struct session. */
    struct locks locks;
    struct remotes *remotes;
    struct replication *replication;
    struct uuid id;             /* For get_server_id. */
    struct step step;           /* Flushes, ends sessions. */
    struct served_hooks hooks;
    struct timer tick;          /* Expires caches, keeps status columns. */
    bool no_monitor_cond;       /* ovsdb-server/disable-monitor-cond */
    uint64_t perf_base[SERVER_N_PERF];  /* Counters at the last clear. */
};

/* The server with only "_Server" to serve. */
struct server *server_create(void);

/* Ends all sessions and closes the databases. */
void server_destroy(struct server *);

/* Opens the file 'path' and serves it. */
struct error *server_add_db(struct server *, const char *path) MUST_USE;

/* Stops serving: cancels monitors and transactions of clients that are aware
 * of such changes, disconnects others. */
void server_remove_db(struct server *, struct served *);

/* NULL if there is none. */
struct served *server_find_db(const struct server *, const char *name);

/* Converts 'served' to 'schema'. */
struct error *server_convert(struct server *, struct served *,
                             struct ovsdb_schema *schema) MUST_USE;

/* Flushes all databases now. */
void server_flush(struct server *);

/* Makes the step run. */
void server_wake(struct server *);

/* Disconnects clients: all, or those that do not take notice of changes of
 * databases. */
void server_reconnect_clients(struct server *, bool all);

/* Rewrites the row of 'served' in "_Server"; called by those above. */
void server_describe(struct server *, struct served *);

#endif /* ovsdb/server/server.h */
