/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/served.h"

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/compaction.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/row_text.h"
#include "ovsdb/server/tlog.h"

LOG_MODULE(ovsdb_server);
COUNTER(ovsdb_flush);
COUNTER(ovsdb_flush_failed);
COUNTER(ovsdb_sync);
COUNTER(ovsdb_transaction);

/* A sync that a thread does. */
struct sync_job {
    uv_work_t work;
    struct served *served;      /* NULL if it is gone. */
    struct dblog *log;          /* To be closed if it is gone. */
    struct error *error;
};

static void
note_waiters(struct served *served, const struct txn *txn)
{
    struct transaction *t;
    struct db_table *table;

    LIST_FOR_EACH (t, node, &served->waiting) {
        TXN_FOR_EACH_TABLE (table, txn) {
            t->retry = t->retry || table == t->wait_table;
        }
    }
}

/* What a transaction that is about to be committed makes necessary. */
static void
committing(struct db *db, struct txn *txn, void *served_)
{
    struct served *served = served_;

    if (served->log) {
        str_clear(&served->record);
        if (record_put_txn(&served->record, txn)) {
            dblog_append(served->log, str_cstr(&served->record),
                         served->record.length);
        }
    }
    feeds_put_txn(&served->feeds, txn);
    history_add(&served->history, txn);
    note_waiters(served, txn);
    tlog_put(txn);
    served->n_unwritten++;
    served->n_since_compacted++;
    served->hooks->committed(served, served->hooks->aux);
    served->hooks->wake(served->hooks->aux);
}

struct served *
served_create(struct db *db, struct dblog *log, struct served_hooks *hooks)
{
    struct served *served = xzalloc(sizeof *served);

    served->db = db;
    served->log = log;
    served->hooks = hooks;
    feeds_init(&served->feeds, db);
    history_init(&served->history, db);
    list_init(&served->node);
    list_init(&served->replies);
    list_init(&served->unsynced);
    list_init(&served->syncing);
    list_init(&served->waiting);
    db->observer = (struct db_observer) { committing, served };
    if (log) {
        served->compacted_size = dblog_size(log);
    }
    served->compacted_ms = clock_ms();
    return served;
}

static void
destroy_transactions(struct list *list)
{
    struct transaction *t;

    LIST_FOR_EACH_SAFE (t, node, list) {
        transaction_destroy(t);
    }
}

void
served_destroy(struct served *served)
{
    if (!served) {
        return;
    }
    served_flush(served);
    if (served->log && !served->sync) {
        error_free(dblog_sync(served->log));
    }
    compaction_cancel(served->compaction);
    destroy_transactions(&served->replies);
    destroy_transactions(&served->unsynced);
    destroy_transactions(&served->syncing);
    destroy_transactions(&served->waiting);
    if (served->sync) {
        /* The thread still uses the file. */
        served->sync->served = NULL;
    } else {
        dblog_close(served->log);
    }
    list_remove(&served->node);
    history_uninit(&served->history);
    feeds_uninit(&served->feeds);
    db_destroy(served->db);
    str_uninit(&served->record);
    free(served);
}

/* Transactions. */

static struct transaction *
transaction_create(struct served *served, struct session *session,
                   struct span id)
{
    struct transaction *t = xzalloc(sizeof *t);

    t->session = session;
    t->served = served;
    t->id = xmemdup0(id.data, id.size);
    t->started_ms = clock_ms();
    list_init(&t->node);
    list_init(&t->session_node);
    return t;
}

void
transaction_destroy(struct transaction *t)
{
    timer_stop(&t->timer);
    list_remove(&t->node);
    list_remove(&t->session_node);
    str_uninit(&t->params);
    str_uninit(&t->result.text);
    free(t->id);
    free(t);
}

static void
time_out(void *t_)
{
    struct transaction *t = t_;

    t->retry = true;
    t->served->hooks->wake(t->served->hooks->aux);
}

/* Files 't' by its result. */
static void
settle(struct transaction *t)
{
    struct served *served = t->served;

    if (!t->result.must_wait) {
        list_push_back(&served->replies, &t->node);
        served->hooks->wake(served->hooks->aux);
        return;
    }
    list_push_back(&served->waiting, &t->node);
    t->wait_table = t->result.wait_table;
    if (t->result.timeout_ms < INT64_MAX / 2) {
        timer_set_at(&t->timer, t->started_ms + t->result.timeout_ms);
    }
}

void
served_transact(struct served *served, struct session *session,
                const struct execute_client *client, struct span id,
                struct span params, struct transaction **ret)
{
    struct transaction *t = transaction_create(served, session, id);

    counter_inc(ovsdb_transaction);
    served->n_transactions++;
    timer_init(&t->timer, time_out, t);
    execute(served->db, params, client, 0, false, &t->result);
    if (t->result.must_wait) {
        str_put_bytes(&t->params, params.data, params.size);
    }
    settle(t);
    *ret = t;
}

static bool
has_error(const char *results)
{
    bool failed = false;
    json_t *json, *result;
    size_t i;
    struct error *error = jtext_to_json(results, strlen(results), &json);

    assert(!error);
    json_array_foreach (json, i, result) {
        failed = failed || json_object_get(result, "error");
    }
    json_decref(json);
    return failed;
}

struct error *
served_transact_own(struct served *served, const char *params)
{
    const struct execute_client client = { .read_only = false };
    struct execute_result result;
    struct error *error = NULL;

    execute(served->db, span_of(params), &client, 0, false, &result);
    if (has_error(str_cstr(&result.text))) {
        error = error_create(0, "%s", str_cstr(&result.text));
    }
    str_uninit(&result.text);
    return error;
}

static void
retry(struct transaction *t)
{
    const struct span params = { t->params.string, t->params.length };

    t->retry = false;
    timer_stop(&t->timer);
    list_remove(&t->node);
    str_uninit(&t->result.text);
    execute(t->served->db, params,
            t->served->hooks->client(t->session, t->served),
            clock_ms() - t->started_ms, false, &t->result);
    settle(t);
}

void
served_retry(struct served *served)
{
    struct transaction *t;
    bool again;

    do {
        again = false;
        LIST_FOR_EACH (t, node, &served->waiting) {
            if (t->retry) {
                retry(t);
                again = true;
                break;
            }
        }
    } while (again);
}

/* Writing. */

static void
send_replies(struct list *list, const struct served *served)
{
    struct transaction *t;

    LIST_FOR_EACH_SAFE (t, node, list) {
        served->hooks->reply(t, served->hooks->aux);
        transaction_destroy(t);
    }
}

static void start_sync(struct served *);

static void
sync_in_thread(uv_work_t *work)
{
    struct sync_job *job = work->data;

    job->error = dblog_sync(job->log);
}

static void
fail_transactions(struct list *list, const struct error *error)
{
    struct transaction *t;

    LIST_FOR_EACH (t, node, list) {
        str_clear(&t->result.text);
        str_put_char(&t->result.text, '[');
        put_error_json(&t->result.text, error);
        str_put_char(&t->result.text, ']');
    }
}

static void
sync_done(uv_work_t *work, int status)
{
    struct sync_job *job = work->data;
    struct served *served = job->served;

    if (!served) {
        dblog_close(job->log);
    } else {
        served->sync = NULL;
        if (job->error) {
            log_err("%s", error_message(job->error));
            fail_transactions(&served->syncing, job->error);
        }
        send_replies(&served->syncing, served);
        compaction_continue(served);
        start_sync(served);
    }
    error_free(job->error);
    free(job);
}

static void
start_sync(struct served *served)
{
    struct sync_job *job;

    if (served->sync || list_is_empty(&served->unsynced)) {
        return;
    }
    counter_inc(ovsdb_sync);
    list_splice_back(&served->syncing, &served->unsynced);
    job = xzalloc(sizeof *job);
    job->work.data = job;
    job->served = served;
    job->log = served->log;
    served->sync = job;
    uv_queue_work(loop_uv(), &job->work, sync_in_thread, sync_done);
}

/* Undoes what could not be written. */
static void
take_back(struct served *served, struct error *error)
{
    struct error *tagged = error_create_tagged("I/O error", "%s",
                                               error_message(error));
    struct transaction *t;

    counter_inc(ovsdb_flush_failed);
    log_err("%s; taking back %u transactions", error_message(error),
            served->n_unwritten);
    while (served->n_unwritten) {
        history_undo(&served->history, served->db);
        served->n_unwritten--;
    }
    feeds_drop(&served->feeds);
    LIST_FOR_EACH (t, node, &served->replies) {
        if (t->result.is_committed) {
            str_clear(&t->result.text);
            str_put_char(&t->result.text, '[');
            put_error_json(&t->result.text, tagged);
            str_put_char(&t->result.text, ']');
        }
    }
    error_free(tagged);
    error_free(error);
}

void
served_flush(struct served *served)
{
    struct transaction *t;
    struct error *error;

    served_retry(served);
    if (served->n_unwritten && served->log) {
        counter_inc(ovsdb_flush);
        error = dblog_flush(served->log);
        if (error) {
            take_back(served, error);
        }
    }
    served->n_unwritten = 0;
    feeds_send(&served->feeds, served->hooks->update);
    LIST_FOR_EACH_SAFE (t, node, &served->replies) {
        if (t->result.is_durable && t->result.is_committed && served->log) {
            list_remove(&t->node);
            list_push_back(&served->unsynced, &t->node);
        }
    }
    send_replies(&served->replies, served);
    start_sync(served);
    served_compact_if_due(served);
}

/* Replacing. */

struct error *
served_replace(struct served *served, struct db *new_)
{
    struct error *error = NULL;

    served_flush(served);
    compaction_cancel(served->compaction);
    if (served->log) {
        struct dblog *new_log;

        error = dblog_replace_begin(served->log, &new_log);
        if (!error) {
            error = db_write_snapshot(new_, new_log, NULL);
            if (error) {
                dblog_replace_abort(new_log);
            } else {
                error = dblog_replace_commit(served->log, new_log);
            }
        }
    }
    if (error) {
        return error;
    }
    history_uninit(&served->history);
    feeds_uninit(&served->feeds);
    db_destroy(served->db);
    served->db = new_;
    feeds_init(&served->feeds, new_);
    history_init(&served->history, new_);
    new_->observer = (struct db_observer) { committing, served };
    compaction_done(served);
    return NULL;
}
