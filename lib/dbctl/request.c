/* SPDX-License-Identifier: Apache-2.0 */

/* A request: a transaction that its commands build, and what comes of it. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/dbctl/internal.h"

/* dbctl_exit() errors have this code and up. */
#define EXIT_CODE_BASE 1000000

struct replica *
dbctl_replica(const struct dbctl *dbctl)
{
    return dbctl->replica;
}

struct replica_txn *
dbctl_txn(const struct dbctl *dbctl)
{
    return dbctl->txn;
}

const struct replica_index *
dbctl_index(struct dbctl *dbctl, const struct replica_table_class *table,
            unsigned int column)
{
    struct dbctl_link *link = dbctl->link;
    struct replica_index *index;

    VEC_FOR_EACH (i, &link->indexes) {
        if (i->table == table && i->column == column) {
            return i->index;
        }
    }
    index = replica_index_create_simple(link->replica, table, column);
    vec_push(&link->indexes, (struct dbctl_index) { table, column, index });
    return index;
}

void *
dbctl_state(const struct dbctl *dbctl)
{
    return dbctl->state;
}

struct str *
dbctl_output(struct dbctl *dbctl)
{
    return &dbctl->output;
}

void
dbctl_try_again(struct dbctl *dbctl)
{
    dbctl->try_again = true;
}

void
dbctl_wake(struct dbctl *dbctl)
{
    dbctl->is_woken = true;
    step_wake(dbctl->step);
}

struct error *
dbctl_exit(int status)
{
    return error_create(EXIT_CODE_BASE + status, "exit status %d", status);
}

void
dbctl_init(struct dbctl *dbctl, const struct dbctl_tool *tool,
           struct dbctl_link *link, struct step *step)
{
    *dbctl = (struct dbctl) {
        .tool = tool,
        .link = link,
        .replica = link->replica,
        .step = step,
        .settings = dbctl_settings,
        .state = xzalloc(tool->state_size + 1),
        .output = STR_EMPTY,
    };
    dbctl->settings.style = table_style;
    ovsdb_symtab_init(&dbctl->symtab);
}

void
dbctl_uninit(struct dbctl *dbctl)
{
    replica_job_cancel(dbctl->job);
    VEC_FOR_EACH (call, &dbctl->calls) {
        dbctl_call_uninit(call);
    }
    vec_uninit(&dbctl->calls);
    dbctl_forget_rows(dbctl);
    ovsdb_symtab_uninit(&dbctl->symtab);
    error_free(dbctl->error);
    str_uninit(&dbctl->output);
    free(dbctl->comment);
    free(dbctl->state);
}

struct error *
dbctl_prepare(struct dbctl *dbctl)
{
    VEC_FOR_EACH (call, &dbctl->calls) {
        const struct dbctl_command *command = call->command;
        struct error *error = NULL;

        if (command->prepare) {
            error = command->prepare(call);
        }
        for (size_t i = 0; command->tables && command->tables[i]; i++) {
            dbctl_monitor(dbctl, command->tables[i], REPLICA_ALL_COLS);
        }
        for (const struct dbctl_need *need = command->needs;
             need && need->table; need++) {
            dbctl_monitor_need(call, need);
        }
        if (error) {
            return error;
        }
    }
    dbctl_monitor(dbctl, dbctl->tool->server->root, 0);
    if (dbctl->tool->prepare) {
        dbctl->tool->prepare(dbctl);
    }
    dbctl_set_conditions(dbctl);
    return NULL;
}

/* Output. */

/* On one line: newlines and backslashes are escaped. */
static void
put_oneline(struct str *out, struct str *text)
{
    str_chomp(text, '\n');
    for (const char *p = str_cstr(text); *p; p++) {
        if (*p == '\n') {
            str_put(out, "\\n");
        } else if (*p == '\\') {
            str_put(out, "\\\\");
        } else {
            str_put_char(out, *p);
        }
    }
    str_put_char(out, '\n');
}

static void
put_call(struct dbctl *dbctl, struct dbctl_call *call, bool *is_later)
{
    const struct dbctl_settings *settings = &dbctl->settings;

    if (call->listing) {
        /* --oneline does not affect tables. */
        dbctl_listing_put(&dbctl->output, call->listing, &settings->style,
                          is_later);
    } else if (settings->oneline) {
        put_oneline(&dbctl->output, &call->output);
    } else {
        str_put(&dbctl->output, str_cstr(&call->output));
    }
}

/* The transaction. */

static void
reset(struct dbctl *dbctl)
{
    ovsdb_symtab_uninit(&dbctl->symtab);
    ovsdb_symtab_init(&dbctl->symtab);
    VEC_FOR_EACH (call, &dbctl->calls) {
        str_clear(&call->output);
        dbctl_listing_destroy(call->listing);
        call->listing = NULL;
    }
    dbctl->try_again = false;
}

/* Whether this run is not the last, whatever else comes of it. */
static bool
is_in_vain(const struct dbctl *dbctl)
{
    return dbctl->try_again || dbctl->is_fetching;
}

static struct error *
run_calls(struct dbctl *dbctl)
{
    const struct replica_table_class *root = dbctl->tool->server->root;
    struct error *error = NULL;

    if (!replica_first(dbctl_replica(dbctl), root)) {
        replica_insert(dbctl_txn(dbctl), root);
    }
    if (dbctl->tool->begin) {
        dbctl->tool->begin(dbctl);
    }
    error = dbctl_reserve_rows(dbctl);
    VEC_FOR_EACH (call, &dbctl->calls) {
        if (error || is_in_vain(dbctl)) {
            break;
        }
        error = call->command->run(call);
    }
    if (!error && !is_in_vain(dbctl)) {
        dbctl_warn_of_lost_rows(dbctl);
        if (dbctl->tool->end) {
            dbctl->tool->end(dbctl);
        }
    }
    return error;
}

static bool
build(struct replica_txn *txn, void *dbctl_)
{
    struct dbctl *dbctl = dbctl_;

    reset(dbctl);
    dbctl->is_fetching = !dbctl_has_rows(dbctl);
    if (dbctl->is_fetching) {
        return false;
    }
    dbctl->txn = txn;
    dbctl->error = run_calls(dbctl);
    dbctl->txn = NULL;
    if (dbctl->is_fetching) {
        error_free(dbctl->error);
        dbctl->error = NULL;
    }
    if (dbctl->error || is_in_vain(dbctl)) {
        return false;
    }
    replica_txn_add_comment(txn, "%s", dbctl->comment);
    if (dbctl->settings.dry_run) {
        replica_txn_set_dry_run(txn);
    }
    return true;
}

/* Ends the request with an error of its commands. */
static void
fail(struct dbctl *dbctl, struct error *error)
{
    if (error->code >= EXIT_CODE_BASE) {
        int status = error->code - EXIT_CODE_BASE;

        error_free(error);
        dbctl->done(dbctl, NULL, status);
    } else {
        dbctl->done(dbctl, error, EXIT_FAILURE);
    }
}

static void
put_calls(struct dbctl *dbctl, const struct replica_txn *txn)
{
    bool is_later = false;

    VEC_FOR_EACH (call, &dbctl->calls) {
        if (call->command->finish) {
            call->command->finish(call, txn);
        }
        put_call(dbctl, call, &is_later);
    }
}

static void
txn_done(struct replica_txn *txn, enum replica_txn_status status,
         void *dbctl_)
{
    struct dbctl *dbctl = dbctl_;
    const struct dbctl_tool *tool = dbctl->tool;
    struct error *error = dbctl->error;

    dbctl->job = NULL;
    dbctl->error = NULL;
    if (error) {
        fail(dbctl, error);
        return;
    } else if (dbctl->is_fetching) {
        return;
    } else if (dbctl->try_again) {
        dbctl->is_job_due = true;
        return;
    } else if (status == REPLICA_TXN_ERROR) {
        fail(dbctl, error_create(0, "transaction error: %s",
                                 replica_txn_error(txn)));
        return;
    }
    put_calls(dbctl, txn);
    if (status == REPLICA_TXN_SUCCESS && tool->committed) {
        tool->committed(dbctl, txn);
    }
    if (status == REPLICA_TXN_SUCCESS && tool->is_applied) {
        dbctl->is_committed = true;
        step_wake(dbctl->step);
    } else {
        dbctl->done(dbctl, NULL, EXIT_SUCCESS);
    }
}

static void
start_job(struct dbctl *dbctl)
{
    dbctl->is_fetching = false;
    dbctl->is_job_due = false;
    dbctl->is_woken = false;
    dbctl->job = replica_job_start(dbctl->replica, build, txn_done, dbctl);
}

void
dbctl_start(struct dbctl *dbctl,
            void (*done)(struct dbctl *, struct error *, int status))
{
    dbctl->done = done;
    start_job(dbctl);
}

void
dbctl_advance(struct dbctl *dbctl)
{
    int status = EXIT_SUCCESS;

    if (dbctl->is_committed) {
        if (dbctl->tool->is_applied(dbctl, &status)) {
            dbctl->done(dbctl, NULL, status);
        }
    } else if (dbctl->is_fetching && dbctl_has_rows(dbctl)) {
        start_job(dbctl);
    } else if (dbctl->is_job_due
               && (dbctl->is_woken || replica_has_changes(dbctl->replica))) {
        start_job(dbctl);
    }
}
