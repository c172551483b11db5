/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_TXN_H
#define REPLICA_TXN_H

/* Transactions on a replica.
 *
 * A transaction is *open* from replica_txn_create() until it is committed or
 * destroyed.  A replica has at most one open transaction, and no I/O happens
 * while it is open: build it in one go.  Writes show at once in the rows (and
 * indexes) of the replica, so that what is written next can build on them; at
 * commit the rows go back to what the server has told.  The server tells the
 * result as an update before the transaction ends.
 *
 * Writes are made through the typed functions of the generated headers, which
 * call those at the end of this one.  They act on the open transaction of the
 * row's replica and abort the program if there is none.  A write that leaves a
 * monitored column as it was is not sent. */

#include "lib/base/error.h"
#include "lib/base/smap.h"
#include "lib/replica/replica.h"

struct replica_txn;

enum replica_txn_status {
    REPLICA_TXN_UNCHANGED,      /* Nothing to do, nothing sent. */
    REPLICA_TXN_SUCCESS,
    REPLICA_TXN_ABORTED,        /* Dry run: all was well, nothing kept. */
    REPLICA_TXN_TRY_AGAIN,      /* A verified value changed, or the connection
                                 * broke: build it anew from the rows. */
    REPLICA_TXN_NOT_LOCKED,     /* The lock is not, or no longer, held. */
    REPLICA_TXN_ERROR,          /* replica_txn_error() says why. */
};

const char *replica_txn_status_to_string(enum replica_txn_status);

/* Opens a transaction. */
struct replica_txn *replica_txn_create(struct replica *);

/* Ends an open transaction without sending it. */
void replica_txn_destroy(struct replica_txn *);

/* Sends the transaction and calls 'done' once, later, from the loop (also when
 * there is nothing to send); the transaction is freed after 'done' returns.
 * 'done' may be NULL.  Several transactions may be in flight at a time. */
void replica_txn_commit(struct replica_txn *,
                        void (*done)(struct replica_txn *,
                                     enum replica_txn_status, void *aux),
                        void *aux);

/* Forgets about a transaction in flight: 'done' will not be called. */
void replica_txn_abandon(struct replica_txn *);

/* The open transaction, or NULL. */
struct replica_txn *replica_open_txn(const struct replica *);

/* Number of transactions in flight. */
size_t replica_n_txns_in_flight(const struct replica *);

/* While open. */

/* The server logs 'format'; several comments are joined by newlines. */
void replica_txn_add_comment(struct replica_txn *, const char *format, ...)
    PRINTF_FORMAT(2, 3);

/* The server is to check everything and change nothing. */
void replica_txn_set_dry_run(struct replica_txn *);

/* Adds 1 to integer column 'column' of 'row' in the server, whatever it is
 * there; 'done' can ask for the outcome.  Once a transaction.  With 'force',
 * even if there is nothing else to do. */
void replica_txn_increment(struct replica_txn *, const struct replica_row *row,
                           unsigned int column, bool force);

/* In 'done', and after. */

/* The increment's outcome. */
int64_t replica_txn_increment_value(const struct replica_txn *);

/* The uuid that a row got which the transaction inserted with 'uuid' in its
 * header; NULL if there is none, as for rows whose uuid was chosen.
 * Borrowed. */
const struct uuid *replica_txn_inserted_uuid(const struct replica_txn *,
                                             const struct uuid *uuid);

/* A message for a person if it ended with REPLICA_TXN_ERROR, else NULL.  Also
 * for writes refused while open.  Borrowed. */
const char *replica_txn_error(const struct replica_txn *);

/* Jobs: transactions that are built again when they must be tried again. */

struct replica_job;

/* Once the replica is synced (and holds its lock, if it has one), opens a
 * transaction, calls 'build', and commits; after REPLICA_TXN_TRY_AGAIN, does so
 * again when something has changed.  Any other outcome goes to 'done', after
 * which the job is over.  If 'build' returns false the job ends as
 * REPLICA_TXN_UNCHANGED, the transaction being destroyed. */
struct replica_job *
replica_job_start(struct replica *,
                  bool (*build)(struct replica_txn *, void *aux),
                  void (*done)(struct replica_txn *, enum replica_txn_status,
                               void *aux),
                  void *aux);

/* Ends the job without a call of 'done'. */
void replica_job_cancel(struct replica_job *);

/* Generic writes, for the typed functions and for tools. */

/* Inserts a row with default values.  It lasts until commit or destroy. */
struct replica_row *replica_insert(struct replica_txn *,
                                   const struct replica_table_class *);

/* Likewise, under a uuid of the caller's choice, which stays.  Needs a server
 * that takes one (OVS 3.1 and later); others refuse the transaction. */
struct replica_row *replica_insert_uuid(struct replica_txn *,
                                        const struct replica_table_class *,
                                        const struct uuid *);

/* Deletes a row, which disappears from iteration and look-ups.  The server is
 * not told of rows of other than root tables: it removes them when nothing
 * refers to them any longer, and keeps them while something does. */
void replica_delete(const struct replica_row *);

/* The transaction fails with REPLICA_TXN_TRY_AGAIN if the server's value of
 * the column is another than the replica's. */
void replica_verify(const struct replica_row *, unsigned int column);

/* A value being written.  For a set: 'n' elements at 'keys', an array of the
 * column's element type (class.h).  For a map: 'values' too.  For "one" and
 * "optional": 'n' is 1 (or 0 for empty), 'keys' points to the value.  Order
 * does not matter, duplicates are dropped; strings are copied. */
struct replica_value {
    size_t n;
    const void *keys;
    const void *values;
};

/* Rows that are only written: as replica_insert_uuid() and replica_write(),
 * but no row is made before the server has told of it, so nothing can read it
 * or refer to it while the transaction is open.  For those who insert tens of
 * thousands of rows at once: it takes no memory but for the text that is sent.
 *
 * Between the beginning of an insertion and its end, nothing else may be done
 * to the transaction; each column may be put once. */
struct replica_insertion {
    struct replica_txn *txn;
    const struct replica_table *table;
    bool first;                 /* No column was put yet. */
};

void replica_insertion_begin(struct replica_insertion *, struct replica_txn *,
                             const struct replica_table_class *,
                             const struct uuid *);
void replica_insertion_put(struct replica_insertion *, unsigned int column,
                           const struct replica_value *);
void replica_insertion_end(struct replica_insertion *);

/* Sets a column.  What breaks a constraint of the schema (an element count, an
 * enum, a range) makes the transaction end with REPLICA_TXN_ERROR. */
void replica_write(const struct replica_row *, unsigned int column,
                   const struct replica_value *);

/* Sets a column to the OVSDB JSON in the 'size' bytes at 'json', in which
 * references are ["uuid", ...] of rows that are there. */
struct error *replica_write_json(const struct replica_row *,
                                 unsigned int column, const char *json,
                                 size_t size) MUST_USE;

/* Sets a string-to-string map. */
void replica_write_smap(const struct replica_row *, unsigned int column,
                        const struct smap *);

/* Adds the elements of '*value' to a set or a map, replacing the values of
 * keys that are there; removes those keys.  Only the difference is sent, so
 * that others' changes to the same column stay. */
void replica_update_add(const struct replica_row *, unsigned int column,
                        const struct replica_value *);
void replica_update_remove(const struct replica_row *, unsigned int column,
                           const struct replica_value *);

#endif /* replica/txn.h */
