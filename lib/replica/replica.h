/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_REPLICA_H
#define REPLICA_REPLICA_H

/* Replica: a local, typed copy of (part of) an OVSDB database.
 *
 * Life: replica_create(); choose what to monitor with replica_monitor*();
 * replica_set_remotes(); then, whenever the 'wake' callback fires, look at
 * what changed and call replica_clear_changes().  Typed access to rows is in
 * the headers that lib/schema generates; txn.h writes.
 *
 * Rows change only while the loop runs I/O callbacks, never during a step, and
 * a whole transaction of the server at a time.  The exception is an open
 * transaction (txn.h), whose writes show in the rows from the write until
 * replica_txn_commit() or replica_txn_destroy().
 *
 * Changes are collected until replica_clear_changes(): which rows came, went
 * or changed, and in which columns.  A row that went stays readable, with the
 * values that it had last and with all that these point to, until then.
 *
 * State: derived from the server; after a reconnect it is brought up to date
 *     by what changed meanwhile where the server can tell, or by comparing
 *     with a full copy, so that unchanged rows stay untouched.
 * Threads: belongs to one (the loop's); others may read rows and look up in
 *     indexes while that thread waits for them.
 * Cost: an update takes time in what it changes; an element added to a large
 *     set or map also moves the elements behind it (one memmove). */

#include "lib/base/error.h"
#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/base/strmap.h"
#include "lib/base/uuid.h"
#include "lib/replica/class.h"

struct replica;
struct replica_index;
struct replica_txn;
struct stream;

enum replica_row_state {
    REPLICA_ROW_LIVE = 1 << 0,      /* In the database. */
    REPLICA_ROW_INSERTED = 1 << 1,  /* Came since changes were cleared. */
    REPLICA_ROW_DELETED = 1 << 2,   /* Went since changes were cleared. */
    REPLICA_ROW_TXN_NEW = 1 << 3,   /* Inserted by the open transaction. */
    REPLICA_ROW_TXN_GONE = 1 << 4,  /* Deleted by the open transaction. */
    REPLICA_ROW_CHANGED = 1 << 5,   /* On the list of changes. */
    REPLICA_ROW_UNSEEN = 1 << 6,    /* Not yet met in a full copy. */
    REPLICA_ROW_DANGLING = 1 << 7,  /* Has references to absent rows. */
};

/* Starts each row's struct. */
struct replica_row {
    struct uuid uuid;
    void *aux;                      /* The change consumer's (lib/incr);
                                     * NULL at first. */
    struct replica_table *table;
    uint64_t changed;               /* Columns changed since changes were
                                     * cleared; all of them if inserted. */
    uint32_t state;                 /* REPLICA_ROW_*. */
    uint32_t n_refs;                /* References from rows to this one. */
    struct hmap_node node;          /* In the table, by uuid. */
    struct list change_node;        /* In the table's changes. */
    struct replica_txn_row *txn_row; /* What the open transaction did. */
};

static inline bool
replica_row_is_inserted(const struct replica_row *row)
{
    return row->state & REPLICA_ROW_INSERTED;
}

static inline bool
replica_row_is_deleted(const struct replica_row *row)
{
    return row->state & REPLICA_ROW_DELETED;
}

const struct replica_table_class *
replica_row_class(const struct replica_row *);
struct replica *replica_row_replica(const struct replica_row *);

/* Creation and choice of what to monitor. */

/* Returns a replica of the database that 'class' describes, idle until it has
 * remotes.  'wake(aux)' (which may be NULL) is called from I/O callbacks when
 * something changed: rows, connection, lock, schema.  It should only wake a
 * step. */
struct replica *replica_create(const struct replica_db_class *class,
                               void (*wake)(void *aux), void *aux);

/* Closes the connection, frees all rows.  Transactions in flight end with
 * REPLICA_TXN_TRY_AGAIN; none is open. */
void replica_destroy(struct replica *);

const struct replica_db_class *replica_class(const struct replica *);

/* Before replica_set_remotes(): adds 'columns' of 'table' to what is
 * monitored.  With columns 0, only the rows' existence. */
void replica_monitor(struct replica *, const struct replica_table_class *,
                     uint64_t columns);
void replica_monitor_all(struct replica *);

/* Leaves out what was added. */
void replica_unmonitor(struct replica *, const struct replica_table_class *,
                       uint64_t columns);

/* A change that is in 'columns' alone does not call 'wake', for columns that
 * the program itself writes.  It is noted as a change all the same. */
void replica_omit_alert(struct replica *, const struct replica_table_class *,
                        uint64_t columns);

/* Which columns are monitored, and which the server's schema has.  Writes to
 * columns that the server lacks are left out of transactions. */
uint64_t replica_monitored(const struct replica *,
                           const struct replica_table_class *);
bool replica_server_has_table(const struct replica *,
                              const struct replica_table_class *);
bool replica_server_has_column(const struct replica *,
                               const struct replica_table_class *,
                               unsigned int column);

/* Monitor conditions: which rows of a table the server sends.  A replica whose
 * server cannot filter has all rows. */

enum replica_compare {
    REPLICA_EQ, REPLICA_NE, REPLICA_LT, REPLICA_LE, REPLICA_GT, REPLICA_GE,
    REPLICA_INCLUDES, REPLICA_EXCLUDES,
};

/* A list of clauses, rows being sent that satisfy any of them.  Clauses are
 * kept in order without duplicates, so that equal conditions are equal
 * texts. */
struct replica_condition {
    char **clauses;             /* JSON texts. */
    size_t n, allocated;
    bool is_true;               /* Every row; 'clauses' does not matter. */
};

#define REPLICA_CONDITION_NONE { NULL, 0, 0, false }

void replica_condition_init(struct replica_condition *);    /* No row. */
void replica_condition_uninit(struct replica_condition *);
void replica_condition_add_true(struct replica_condition *);

/* Adds "COLUMN OPERATOR VALUE". */
void replica_condition_add_string(struct replica_condition *,
                                  const struct replica_column_class *,
                                  enum replica_compare, const char *value);
void replica_condition_add_int(struct replica_condition *,
                               const struct replica_column_class *,
                               enum replica_compare, int64_t value);
void replica_condition_add_bool(struct replica_condition *,
                                const struct replica_column_class *,
                                enum replica_compare, bool value);
void replica_condition_add_uuid(struct replica_condition *,
                                const struct replica_column_class *,
                                enum replica_compare, const struct uuid *);
void replica_condition_add_pair(struct replica_condition *,
                                const struct replica_column_class *,
                                enum replica_compare, const char *key,
                                const char *value);

/* Adds "the row's uuid is 'uuid'". */
void replica_condition_add_row(struct replica_condition *,
                               const struct uuid *uuid);

/* Adds the rows of a table that rows of the replica refer to and that it does
 * not have. */
void replica_condition_add_absent(struct replica_condition *,
                                  const struct replica *,
                                  const struct replica_table_class *);

void replica_condition_clone(struct replica_condition *dst,
                             const struct replica_condition *src);

/* Sets the condition of 'table' (every row, before the first call) to
 * '*condition', which the replica empties.  Sends it if it differs from the
 * last, and returns whether it does. */
bool replica_set_condition(struct replica *,
                           const struct replica_table_class *,
                           struct replica_condition *condition);

/* True if rows of every condition set so far have arrived. */
bool replica_conditions_settled(const struct replica *);

/* Connection. */

/* Connects to one of 'remotes' (words separated by commas: "tcp:IP:PORT",
 * "unix:FILE", "ssl:IP:PORT"), tried in random order if 'shuffle', else in the
 * given one.  If a connection to one that is still listed is there, it stays.
 * NULL or "" disconnects.  Says which remote has wrong syntax. */
struct error *replica_set_remotes(struct replica *, const char *remotes,
                                  bool shuffle) MUST_USE;

/* Instead: speaks over 'stream', which a server opened and which the replica
 * takes.  When it closes, the replica gives up (replica_is_dead()). */
void replica_take_stream(struct replica *, struct stream *stream);

/* Only the leader of a clustered database will do (off at first); otherwise
 * any member that is connected to its cluster. */
void replica_set_leader_only(struct replica *, bool leader_only);

/* Milliseconds between probes of an idle connection; 0 is never, negative the
 * default. */
void replica_set_probe_interval(struct replica *, int ms);

/* Longest wait between attempts to connect, milliseconds. */
void replica_set_max_backoff(struct replica *, int ms);

/* With 'retry' false the replica gives up after the first failure to connect
 * (replica_last_error() then tells), as short-lived tools want. */
void replica_set_retry(struct replica *, bool retry);

/* Drops the connection and connects again. */
void replica_reconnect(struct replica *);

/* Forgets which transaction was seen last and takes a full copy anew, as after
 * a cluster was built anew from a backup. */
void replica_reset_min_index(struct replica *);

/* Connected to a server that is good enough, and rows kept up to date. */
bool replica_is_connected(const struct replica *);

/* The rows have been complete at least once. */
bool replica_is_synced(const struct replica *);

/* Gave up (see replica_set_retry()). */
bool replica_is_dead(const struct replica *);

/* Counts connections that got as far as complete rows. */
unsigned int replica_connection_number(const struct replica *);

/* Changes whenever anything in the replica changes: rows, lock, connection. */
uint64_t replica_seqno(const struct replica *);

/* What went wrong last: borrowed until something else does; NULL if nothing. */
const char *replica_last_error(const struct replica *);

/* The remote that is or was last tried, or NULL. */
const char *replica_remote(const struct replica *);

/* What memory it holds and what it counted, a "name:number" word for each. */
void replica_stats(const struct replica *, struct str *);

/* Lock: at most one client of a server holds a lock of one name. */

/* Asks for lock 'name' and keeps asking; NULL lets go.  Transactions assert
 * the lock from then on. */
void replica_set_lock(struct replica *, const char *name);
bool replica_has_lock(const struct replica *);

/* Another holds it. */
bool replica_lock_is_contended(const struct replica *);

/* Rows.  Rows that the open transaction deleted do not show. */

struct replica_row *replica_find(const struct replica *,
                                 const struct replica_table_class *,
                                 const struct uuid *);
struct replica_row *replica_first(const struct replica *,
                                  const struct replica_table_class *);
struct replica_row *replica_next(const struct replica_row *);
size_t replica_count(const struct replica *,
                     const struct replica_table_class *);

/* ROW is a 'struct replica_row *'.  The body may not delete rows but ROW. */
#define REPLICA_FOR_EACH(ROW, REPLICA, CLASS) \
    for (struct replica_row *next_ = ((ROW) = replica_first(REPLICA, CLASS), \
                                      (ROW) ? replica_next(ROW) : NULL); \
         (ROW); \
         (ROW) = next_, next_ = (ROW) ? replica_next(ROW) : NULL)

/* Changes.  A row that came and went between two replica_clear_changes() is
 * not told.  If a row went and another came with the same uuid, both are. */

bool replica_has_changes(const struct replica *);
struct replica_row *replica_first_changed(const struct replica *,
                                          const struct replica_table_class *);
struct replica_row *replica_next_changed(const struct replica_row *);

/* Forgets changes and frees the rows that went. */
void replica_clear_changes(struct replica *);

#define REPLICA_FOR_EACH_CHANGED(ROW, REPLICA, CLASS) \
    for ((ROW) = replica_first_changed(REPLICA, CLASS); (ROW); \
         (ROW) = replica_next_changed(ROW))

/* Indexes: hash tables for equality of one or more columns. */

/* A part of an index's key. */
struct replica_index_column {
    unsigned int column;
    /* For a map: the value under this key is indexed (rows without it are not
     * in the index).  NULL: the column itself; a set then counts each of its
     * elements, and a map each of its keys, as a value. */
    const char *map_key;
};

/* One value of a key, by the column's type. */
union replica_atom {
    int64_t integer;
    double real;
    bool boolean;
    const char *string;
    struct uuid uuid;
    const struct replica_row *ref;
};

/* Adds an index of 'table' on 'n' columns (1 to 4), of which at most one is a
 * set or a map without key.  At any time; rows that are there are indexed.  An
 * empty optional column keeps a row out.  Lasts as long as the replica. */
struct replica_index *
replica_index_create(struct replica *, const struct replica_table_class *,
                     const struct replica_index_column *columns, size_t n);

/* Index on one column as a whole. */
struct replica_index *
replica_index_create_simple(struct replica *,
                            const struct replica_table_class *,
                            unsigned int column);

/* A look-up under way: fill with replica_index_first(). */
struct replica_index_cursor {
    const struct replica_index *index;
    const union replica_atom *key;      /* Borrowed while in use. */
    struct list *node;
    struct list *end;
};

/* The first row whose columns equal 'key' (one atom for each column of the
 * index), in no order, or NULL. */
struct replica_row *replica_index_first(const struct replica_index *,
                                        const union replica_atom *key,
                                        struct replica_index_cursor *);
struct replica_row *replica_index_next(struct replica_index_cursor *);

/* The only, or any, such row. */
struct replica_row *replica_index_find(const struct replica_index *,
                                       const union replica_atom *key);
struct replica_row *replica_index_find_string(const struct replica_index *,
                                              const char *);
struct replica_row *replica_index_find_int(const struct replica_index *,
                                           int64_t);
struct replica_row *replica_index_find_ref(const struct replica_index *,
                                           const struct replica_row *);

#define REPLICA_INDEX_FOR_EACH(ROW, CURSOR, INDEX, KEY) \
    for ((ROW) = replica_index_first(INDEX, KEY, CURSOR); (ROW); \
         (ROW) = replica_index_next(CURSOR))

/* For trackers of look-ups: the hash of a key, and the hashes of all keys that
 * rows entered or left since changes were cleared.  Collected once
 * replica_index_track() was called. */
uint64_t replica_index_hash(const struct replica_index *,
                            const union replica_atom *key);
void replica_index_track(struct replica_index *);
const uint64_t *replica_index_touched(const struct replica_index *,
                                      size_t *n);

/* A number for each index of the replica, counted from 0. */
unsigned int replica_index_number(const struct replica_index *);

/* Generic reads, for tools that take columns by name. */

/* Appends column 'column' of 'row' as OVSDB JSON (RFC 7047 section 5.1).
 * References to absent rows are included. */
void replica_row_column_to_json(const struct replica_row *,
                                unsigned int column, struct str *);

/* True if the two rows hold equal values there. */
bool replica_row_column_equals(const struct replica_row *,
                               const struct replica_row *,
                               unsigned int column);

#endif /* replica/replica.h */
