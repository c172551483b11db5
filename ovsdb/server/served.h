/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_SERVED_H
#define OVSDB_SERVER_SERVED_H

/* A database as it is served: in memory, in its file, with its monitors, and
 * the transactions that wait for an answer.
 *
 * Transactions take effect in memory as they come.  At the end of the loop's
 * turn served_flush() writes the records of all of them in one go, sends what
 * monitors are to see, and then the replies, so that what one turn has brought
 * costs one write.  Replies that were asked to be durable wait for the disk,
 * one fsync for all that came while the one before it was under way.  If
 * writing fails, the turn's transactions are taken back and answered with the
 * error.
 *
 * Compaction is done by a forked child, which has all rows as they were, while
 * clients are served on; what was written meanwhile is then added to the new
 * file. */

#include "lib/runtime/loop.h"
#include "ovsdb/server/execute.h"
#include "ovsdb/server/history.h"
#include "ovsdb/server/monitor.h"
#include "ovsdb/storage/dblog.h"

struct served;
struct session;

/* A request "transact" that has not been answered. */
struct transaction {
    struct list node;           /* In one of the lists of 'served'. */
    struct list session_node;   /* In the session's list. */
    struct session *session;    /* NULL if it is gone. */
    struct served *served;
    char *id;                   /* JSON text. */
    struct str params;          /* JSON text, of one that waits. */
    const struct db_table *wait_table;
    bool retry;                 /* 'wait_table' has changed. */
    int64_t started_ms;
    struct timer timer;         /* For the timeout of "wait". */
    struct execute_result result;
};

struct compaction;

struct served {
    struct list node;           /* In the server's list. */
    struct db *db;
    struct dblog *log;          /* NULL: only in memory. */
    bool is_internal;           /* "_Server": nobody else writes it. */
    struct feeds feeds;
    struct history history;
    struct str record;          /* Room for the text of a record. */
    unsigned int n_unwritten;   /* Transactions since the last flush. */
    struct list replies;        /* Of struct transaction: to be flushed. */
    struct list unsynced;       /* Flushed; wait for a sync to begin. */
    struct list syncing;        /* Wait for the sync under way. */
    struct list waiting;        /* "wait" does not hold. */
    struct sync_job *sync;      /* Under way, or NULL. */
    struct compaction *compaction;
    uint64_t compacted_size;    /* Of the file after the last compaction. */
    int64_t compacted_ms;       /* When that was, on clock_ms(). */
    uint64_t n_since_compacted; /* Transactions since then. */
    uint64_t n_transactions;    /* Requests, for perf-counters-show. */
    uint64_t n_failed;
    struct uuid server_row;     /* Its row in "_Server". */
    struct served_hooks *hooks;
};

/* What the server does about a database. */
struct served_hooks {
    /* There is something to flush: call served_flush() at the end of the
     * turn. */
    void (*wake)(void *aux);

    /* A transaction of 'served' has touched its tables. */
    void (*committed)(struct served *, void *aux);

    /* What the session's client may do with 'served', for now. */
    const struct execute_client *(*client)(struct session *,
                                           const struct served *);

    /* Sends to the clients, without destroying any session. */
    void (*reply)(struct transaction *, void *aux);
    void (*update)(struct monitor *, struct rcbuf *);
    void *aux;
    bool trim_memory;           /* Give memory back after a compaction. */
};

/* Serves 'db', which it owns from now on, as well as 'log'. */
struct served *served_create(struct db *db, struct dblog *log,
                             struct served_hooks *);

/* Flushes, ends what is under way, and closes.  No monitor may be left. */
void served_destroy(struct served *);

/* Executes a request from 'session'.  The reply comes with a flush, or later
 * if it waits. */
void served_transact(struct served *, struct session *,
                     const struct execute_client *, struct span id,
                     struct span params, struct transaction **ret);

/* Executes a transaction of the server's own; returns the error if one of its
 * operations failed.  Written with the next flush. */
struct error *served_transact_own(struct served *, const char *params)
    MUST_USE;

/* Ends 'transaction' without an answer. */
void transaction_destroy(struct transaction *);

/* Tries transactions again whose "wait" may hold now, or that are over. */
void served_retry(struct served *);

void served_flush(struct served *);

/* Starts to compact; 'done' is called later with the error, or NULL. */
void served_compact(struct served *, const char *comment,
                    void (*done)(struct served *, struct error *, void *aux),
                    void *aux);

/* Starts to compact if the file has grown so that it is time. */
void served_compact_if_due(struct served *);

/* Puts 'new_' in the place of the database, on the disk as well. */
struct error *served_replace(struct served *, struct db *new_) MUST_USE;

#endif /* ovsdb/server/served.h */
