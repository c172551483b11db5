/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_TXN_PRIVATE_H
#define REPLICA_TXN_PRIVATE_H

/* What a transaction consists of: shared by txn.c, which builds and ends it,
 * and compile.c, which turns it into operations. */

#include "lib/base/vec.h"
#include "lib/replica/internal.h"

/* The value of a column before it was written as a whole. */
struct txn_saved {
    unsigned int column;
    struct vbuf value;
};

/* A column of which elements were added or removed. */
struct txn_edit {
    unsigned int column;
    struct vbuf keys;           /* The elements touched. */
    struct vbuf before;         /* Those of them that were there, with their
                                 * values. */
};

struct txn_verify {
    unsigned int column;
    char *json;                 /* What the value must still be. */
};

/* What a transaction does to a row. */
struct replica_txn_row {
    struct list node;
    struct replica_row *row;
    bool is_insert;
    bool is_delete;
    bool has_own_uuid;          /* Of an insert. */
    uint64_t written;           /* Of an insert: columns written, which were at
                                 * their defaults before. */
    VEC(struct txn_saved) saved;        /* Of others. */
    VEC(struct txn_edit) edits;
    VEC(struct txn_verify) verify;
};

/* A row that the server has made, and chosen a uuid for. */
struct txn_inserted {
    struct hmap_node node;      /* By 'local'. */
    struct uuid local;
    struct uuid uuid;
    size_t op;                  /* Its operation's number. */
};

struct replica_txn {
    struct list node;           /* In replica->in_flight, once committed. */
    struct replica *replica;
    struct list rows;           /* Of replica_txn_row, by first touch. */
    struct str params;          /* Of "transact": what is compiled already. */
    bool has_insertions;        /* Some of that are replica_insertions. */
    struct str comment;
    bool is_dry_run;
    const struct replica_row *increment_row;    /* While open. */
    const char *increment_column;
    bool is_increment_forced;
    struct error *error;

    /* Once committed. */
    void (*done)(struct replica_txn *, enum replica_txn_status, void *aux);
    void *aux;
    uint64_t id;
    size_t n_ops;
    struct hmap inserted;       /* Of txn_inserted. */
    size_t increment_op;
    int64_t increment_value;
    bool is_sent;
    bool is_finished;
    enum replica_txn_status status;
};

/* Makes 'params' whole.  False if there is nothing to do. */
bool txn_compile(struct replica_txn *);

/* The first error of an open transaction is kept; 'error' may be NULL. */
void txn_take_error(struct replica_txn *, struct error *error);

/* There is a row of that uuid already. */
void txn_refuse_uuid(struct replica_txn *, const struct replica_table_class *,
                     const struct uuid *);

#endif /* replica/txn_private.h */
