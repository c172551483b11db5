/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/internal.h"

#include "lib/base/alloc.h"

struct replica_job {
    struct list node;           /* In replica->jobs. */
    struct replica *replica;
    bool (*build)(struct replica_txn *, void *aux);
    void (*done)(struct replica_txn *, enum replica_txn_status, void *aux);
    void *aux;
    struct replica_txn *txn;    /* In flight, or NULL. */
    bool was_tried;
    uint64_t tried_seqno;       /* The replica's when it was last built. */
};

struct replica_job *
replica_job_start(struct replica *replica,
                  bool (*build)(struct replica_txn *, void *aux),
                  void (*done)(struct replica_txn *, enum replica_txn_status,
                               void *aux),
                  void *aux)
{
    struct replica_job *job = xzalloc(sizeof *job);

    job->replica = replica;
    job->build = build;
    job->done = done;
    job->aux = aux;
    list_push_back(&replica->jobs, &job->node);
    step_wake(&replica->jobs_step);
    return job;
}

void
replica_job_cancel(struct replica_job *job)
{
    if (job) {
        if (job->txn) {
            replica_txn_abandon(job->txn);
        }
        list_remove(&job->node);
        free(job);
    }
}

static void
end(struct replica_job *job, struct replica_txn *txn,
    enum replica_txn_status status)
{
    list_remove(&job->node);
    if (job->done) {
        job->done(txn, status, job->aux);
    }
    free(job);
}

static void
txn_done(struct replica_txn *txn, enum replica_txn_status status, void *job_)
{
    struct replica_job *job = job_;

    job->txn = NULL;
    if (status == REPLICA_TXN_TRY_AGAIN || status == REPLICA_TXN_NOT_LOCKED) {
        step_wake(&job->replica->jobs_step);
    } else {
        end(job, txn, status);
    }
}

static void
try_job(struct replica_job *job)
{
    struct replica *replica = job->replica;
    struct replica_txn *txn = replica_txn_create(replica);

    job->was_tried = true;
    job->tried_seqno = replica->seqno;
    if (job->build(txn, job->aux)) {
        job->txn = txn;
        replica_txn_commit(txn, txn_done, job);
    } else {
        end(job, txn, REPLICA_TXN_UNCHANGED);
        replica_txn_destroy(txn);
    }
}

void
jobs_run(struct replica *replica)
{
    struct list todo;

    if (!replica_is_connected(replica) || !replica_is_synced(replica)
        || replica->open_txn
        || (protocol_wants_lock(replica->protocol)
            && !replica_has_lock(replica))) {
        return;
    }
    /* A job may cancel others: take them from a list that knows them. */
    list_init(&todo);
    list_splice_back(&todo, &replica->jobs);
    while (!list_is_empty(&todo)) {
        struct replica_job *job = LIST_ELEM(job, list_pop_front(&todo), node);

        list_push_back(&replica->jobs, &job->node);
        if (!job->txn
            && (!job->was_tried || job->tried_seqno != replica->seqno)) {
            try_job(job);
        }
    }
}

void
jobs_uninit(struct replica *replica)
{
    while (!list_is_empty(&replica->jobs)) {
        struct replica_job *job = LIST_ELEM(job, replica->jobs.next, node);

        replica_job_cancel(job);
    }
}
