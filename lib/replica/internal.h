/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_INTERNAL_H
#define REPLICA_INTERNAL_H

/* What the files of this folder share: the replica's parts and who calls
 * whom.  protocol.c drives the connection and hands update messages to
 * update.c, which changes rows through store.c; txn.c builds transactions and
 * hands their text to protocol.c. */

#include "lib/base/span.h"
#include "lib/replica/protocol.h"
#include "lib/replica/store.h"
#include "lib/replica/txn.h"
#include "lib/runtime/loop.h"

struct replica {
    const struct replica_db_class *class;
    struct store store;
    struct protocol *protocol;
    void (*wake)(void *aux);
    void *aux;

    unsigned int n_indexes;
    uint64_t seqno;
    struct replica_txn *open_txn;
    struct list in_flight;      /* Of replica_txn, by node. */
    struct list jobs;           /* Of replica_job, by node. */
    struct step jobs_step;      /* Looks after the jobs and the transactions
                                 * that end without having been sent. */
};

/* Something that the program should look at has happened. */
void replica_notify(struct replica *);

/* update.c */

enum update_format {
    UPDATE_OLD_NEW,             /* "update": old and new rows. */
    UPDATE_DIFF,                /* "update2", "update3": differences. */
};

/* Applies <table-updates>.  With 'is_whole' it is all of the database, and
 * other rows go.  On error the rows may be partly changed, and only a whole
 * copy makes them right again. */
struct error *update_apply(struct store *, struct span text,
                           enum update_format, bool is_whole) MUST_USE;

/* learn.c */

/* Notes in the tables what a server's schema has of them. */
struct error *store_learn_schema(struct store *, struct span schema) MUST_USE;

/* The table of that name; NULL if the program knows none. */
struct replica_table *store_find_table(const struct store *, struct span name);

/* The number of the column of that name, most likely '*hint', which becomes
 * the next; UINT_MAX if the program knows none. */
unsigned int class_find_column(const struct replica_table_class *,
                               struct span name, unsigned int *hint);

/* txn.c */

/* Handles the reply to the request of a transaction: its result, or its
 * "error" member. */
void txn_handle_result(struct replica_txn *, struct span result);
void txn_handle_error(struct replica_txn *, struct span error);

/* Ends all transactions in flight; the connection has broken. */
void txn_disconnected(struct replica *);

/* Calls 'done' of the transactions whose outcome is known, and frees them. */
void txn_tell_finished(struct replica *);

struct replica_txn *txn_find(struct replica *, struct span id);
void txn_uninit_all(struct replica *);

/* job.c */
void jobs_run(struct replica *);
void jobs_uninit(struct replica *);

#endif /* replica/internal.h */
