/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/compaction.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/served.h"

LOG_MODULE(ovsdb_file);

/* When it is time: ovsdb-server(1), "ovsdb-server/compact". */
#define MIN_SIZE (10u << 20)
#define MIN_TRANSACTIONS 100
#define MIN_INTERVAL_MS (10 * 60 * 1000)
#define MAX_INTERVAL_MS (24 * 60 * 60 * 1000)

struct waiter {
    void (*done)(struct served *, struct error *, void *aux);
    void *aux;
};

struct compaction {
    struct served *served;
    struct dblog *new_log;
    pid_t child;
    int pipe;                   /* The child writes its error here. */
    struct watch watch;
    struct str message;
    uint64_t start_size;        /* Of the old file when the child began. */
    int64_t started_ms;
    bool is_written;            /* The child has ended well. */
    VEC(struct waiter) waiters;
};

void
compaction_done(struct served *served)
{
    if (served->log) {
        served->compacted_size = dblog_size(served->log);
    }
    served->compacted_ms = clock_ms();
    served->n_since_compacted = 0;
}

static void
destroy(struct compaction *c)
{
    watch_uninit(&c->watch);
    close(c->pipe);
    c->served->compaction = NULL;
    str_uninit(&c->message);
    vec_uninit(&c->waiters);
    free(c);
}

/* Ends 'c' with 'error', which it owns (NULL: success). */
static void
finish(struct compaction *c, struct error *error)
{
    struct served *served = c->served;
    VEC(struct waiter) waiters = { c->waiters.items, c->waiters.n, 0 };

    vec_init(&c->waiters);
    if (error) {
        log_warn("%s: compaction failed: %s", db_name(served->db),
                 error_message(error));
        dblog_replace_abort(c->new_log);
    } else {
        log_info("%s: compacted to %llu bytes in %lld ms",
                 db_name(served->db),
                 (unsigned long long) dblog_size(served->log),
                 (long long) (clock_ms() - c->started_ms));
    }
    compaction_done(served);
    destroy(c);
    if (!error && served->hooks->trim_memory) {
        malloc_trim(0);
    }
    for (size_t i = 0; i < waiters.n; i++) {
        waiters.items[i].done(served, error, waiters.items[i].aux);
    }
    free(waiters.items);
    error_free(error);
}

void
compaction_cancel(struct compaction *c)
{
    if (c) {
        if (c->child > 0) {
            kill(c->child, SIGKILL);
            waitpid(c->child, NULL, 0);
        }
        finish(c, error_create(ECANCELED, "cancelled"));
    }
}

void
compaction_continue(struct served *served)
{
    struct compaction *c = served->compaction;
    struct error *error;

    /* A thread that syncs the old file must not see it go. */
    if (!c || !c->is_written || served->sync) {
        return;
    }
    error = dblog_append_tail(c->new_log, served->log, c->start_size);
    if (!error) {
        error = dblog_replace_commit(served->log, c->new_log);
    } else {
        dblog_replace_abort(c->new_log);
    }
    c->new_log = NULL;
    finish(c, error);
}

/* The child writes nothing unless it fails; the end of the pipe is its end. */
static void
child_readable(int events, void *c_)
{
    struct compaction *c = c_;
    char chunk[512];
    ssize_t n = read(c->pipe, chunk, sizeof chunk);
    int status = 0;

    if (n > 0) {
        str_put_bytes(&c->message, chunk, n);
        return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    watch_set(&c->watch, 0);
    waitpid(c->child, &status, 0);
    c->child = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        finish(c, error_create(0, "%s", (c->message.length
                                         ? str_cstr(&c->message)
                                         : "the writing process died")));
        return;
    }
    c->is_written = true;
    dblog_reload_end(c->new_log);
    compaction_continue(c->served);
}

/* In the child: writes all rows, tells of errors, ends. */
static void NO_RETURN
write_in_child(struct compaction *c, int fd, const char *comment)
{
    struct error *error = db_write_snapshot(c->served->db, c->new_log,
                                            comment);

    if (error) {
        const char *message = error_message(error);

        if (write(fd, message, strlen(message)) < 0) {
            _exit(2);
        }
        _exit(1);
    }
    _exit(0);
}

static struct error *
start(struct served *served, const char *comment)
{
    struct compaction *c = xzalloc(sizeof *c);
    struct error *error;
    int fds[2];

    error = dblog_replace_begin(served->log, &c->new_log);
    if (error) {
        free(c);
        return error;
    }
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK)) {
        error = error_from_errno(errno, "pipe");
        goto err_abort;
    }
    c->served = served;
    c->start_size = dblog_size(served->log);
    c->started_ms = clock_ms();
    c->child = fork();
    if (c->child < 0) {
        error = error_from_errno(errno, "fork");
        close(fds[0]);
        close(fds[1]);
        goto err_abort;
    } else if (!c->child) {
        write_in_child(c, fds[1], comment);
    }
    close(fds[1]);
    c->pipe = fds[0];
    watch_init(&c->watch, c->pipe, child_readable, c);
    watch_set(&c->watch, UV_READABLE);
    served->compaction = c;
    return NULL;

err_abort:
    dblog_replace_abort(c->new_log);
    free(c);
    return error;
}

void
served_compact(struct served *served, const char *comment,
               void (*done)(struct served *, struct error *, void *aux),
               void *aux)
{
    struct error *error = NULL;

    if (!served->log) {
        if (done) {
            done(served, NULL, aux);
        }
        return;
    }
    if (served->n_unwritten) {
        served_flush(served);
    }
    if (!served->compaction) {
        error = start(served, comment);
    }
    if (error) {
        log_warn("%s: compaction failed: %s", db_name(served->db),
                 error_message(error));
        compaction_done(served);
        if (done) {
            done(served, error, aux);
        }
        error_free(error);
    } else if (done) {
        vec_push(&served->compaction->waiters, (struct waiter) { done, aux });
    }
}

void
served_compact_if_due(struct served *served)
{
    int64_t age_ms = clock_ms() - served->compacted_ms;
    uint64_t size;

    if (!served->log || served->compaction
        || served->n_since_compacted < MIN_TRANSACTIONS
        || age_ms < MIN_INTERVAL_MS) {
        return;
    }
    size = dblog_size(served->log);
    if ((size >= MIN_SIZE && size / 2 >= served->compacted_size)
        || age_ms >= MAX_INTERVAL_MS) {
        served_compact(served, "compacting database online", NULL, NULL);
    }
}
