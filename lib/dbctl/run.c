/* SPDX-License-Identifier: Apache-2.0 */

/* A run of a tool: options, the connection, the transaction, the output. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/internal.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

/* dbctl_exit() errors have this code and up. */
#define EXIT_CODE_BASE 1000000

/* What the command line says, and how far the run is. */
struct run {
    struct dbctl dbctl;
    struct step step;
    char *comment;
    bool is_committed;
    bool is_job_due;            /* To be started at the next change. */
    int status;
};

static const struct dbctl_tool *the_tool;       /* For --help. */
static const struct option_group *the_groups;
static size_t n_the_groups;

static const char *db_option;
static bool oneline;
static bool dry_run;
static bool retry;
static bool shuffle = true;
static bool leader_only = true;

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

void
dbctl_monitor(struct dbctl *dbctl, const struct replica_table_class *table,
              uint64_t columns)
{
    replica_monitor(dbctl->replica, table, columns);
}

void
dbctl_try_again(struct dbctl *dbctl)
{
    dbctl->try_again = true;
}

void
dbctl_wake(struct dbctl *dbctl)
{
    struct run *run = CONTAINER_OF(dbctl, struct run, dbctl);

    dbctl->is_woken = true;
    step_wake(&run->step);
}

struct error *
dbctl_exit(int status)
{
    return error_create(EXIT_CODE_BASE + status, "exit status %d", status);
}

void
dbctl_warn(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program_name());
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    putc('\n', stderr);
}

/* Options. */

static struct error *
set_timeout(void *target UNUSED, const char *argument)
{
    unsigned int seconds;

    /* 0 waits forever. */
    if (!text_to_uint(argument, 10, &seconds)) {
        return error_create(0, "value %s is invalid", argument);
    }
    tool_set_timeout(seconds);
    return NULL;
}

static struct error *
set_no_syslog(void *target UNUSED, const char *argument UNUSED)
{
    log_set_level(LOG_DEST_SYSLOG, LOG_LEVEL_WARN);
    return NULL;
}

static void
print_command(const struct dbctl_command *command)
{
    struct str s = STR_EMPTY;

    str_put(&s, "  ");
    for (const char *p = command->options; p && *p;) {
        size_t n = strcspn(p, ",");
        size_t bare = strcspn(p, ",=?");
        char kind = bare < n ? p[bare] : 0;

        str_printf(&s, "[%.*s%s] ", (int) bare, p,
                   kind == '=' ? "=ARG" : kind == '?' ? "[=ARG]" : "");
        p += n + (p[n] == ',');
    }
    str_put(&s, command->name);
    if (command->arguments) {
        str_printf(&s, " %s", command->arguments);
    }
    printf("%s\n", str_cstr(&s));
    str_uninit(&s);
}

static void
usage(void)
{
    printf("%s: %s\n"
           "usage: %s [OPTIONS] COMMAND [ARG...] [-- COMMAND [ARG...]]...\n",
           program_name(), the_tool->description, program_name());
    for (size_t i = 0; i < dbctl_n_groups(the_tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(the_tool, i);

        printf("\n%s:\n", group->title);
        if (!i && the_tool->show) {
            print_command(&dbctl_show_command);
        }
        for (size_t j = 0; j < group->n; j++) {
            print_command(&group->commands[j]);
        }
    }
    options_print_help(the_groups, n_the_groups);
}

static const struct option_row rows[] = {
    { "db", 0, OPTION_REQUIRED, "DATABASE", "connect to DATABASE",
      option_set_string, &db_option },
    { "oneline", 0, OPTION_NONE, NULL,
      "print each command's output on one line", option_set_true, &oneline },
    { "dry-run", 0, OPTION_NONE, NULL, "do not change the database",
      option_set_true, &dry_run },
    { "timeout", 't', OPTION_REQUIRED, "SECS",
      "wait at most SECS seconds (0: forever)", set_timeout, NULL },
    { "retry", 0, OPTION_NONE, NULL, "keep trying to connect",
      option_set_true, &retry },
    { "no-syslog", 0, OPTION_NONE, NULL, "do not log to syslog",
      set_no_syslog, NULL },
    { "leader-only", 0, OPTION_NONE, NULL,
      "use only a cluster's leader (default)", option_set_true,
      &leader_only },
    { "no-leader-only", 0, OPTION_NONE, NULL,
      "use any member of a cluster", option_set_false, &leader_only },
    { "shuffle-remotes", 0, OPTION_NONE, NULL,
      "try several remotes in random order (default)", option_set_true,
      &shuffle },
    { "no-shuffle-remotes", 0, OPTION_NONE, NULL,
      "try several remotes in the order given", option_set_false, &shuffle },
};

/* Output. */

/* On one line: newlines and backslashes are escaped. */
static void
print_oneline(struct str *text)
{
    str_chomp(text, '\n');
    for (const char *p = str_cstr(text); *p; p++) {
        if (*p == '\n') {
            fputs("\\n", stdout);
        } else if (*p == '\\') {
            fputs("\\\\", stdout);
        } else {
            putchar(*p);
        }
    }
    putchar('\n');
}

static void
print_call(struct dbctl_call *call)
{
    if (call->listing) {
        /* --oneline does not affect tables. */
        dbctl_listing_print(call->listing);
    } else if (oneline) {
        print_oneline(&call->output);
    } else {
        fputs(str_cstr(&call->output), stdout);
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

static struct error *
run_calls(struct dbctl *dbctl)
{
    struct error *error = NULL;

    if (dbctl->tool->begin) {
        dbctl->tool->begin(dbctl);
    }
    error = dbctl_reserve_rows(dbctl);
    VEC_FOR_EACH (call, &dbctl->calls) {
        if (error || dbctl->try_again) {
            break;
        }
        error = call->command->run(call);
    }
    if (!error && !dbctl->try_again && dbctl->tool->end) {
        dbctl->tool->end(dbctl);
    }
    return error;
}

static bool
build(struct replica_txn *txn, void *run_)
{
    struct run *run = run_;
    struct dbctl *dbctl = &run->dbctl;

    reset(dbctl);
    dbctl->txn = txn;
    dbctl->error = run_calls(dbctl);
    dbctl->txn = NULL;
    if (dbctl->error || dbctl->try_again) {
        return false;
    }
    replica_txn_add_comment(txn, "%s", run->comment);
    if (dry_run) {
        replica_txn_set_dry_run(txn);
    }
    return true;
}

static void
finish(struct run *run, int status)
{
    run->status = status;
    loop_stop();
}

static void
check_applied(struct run *run)
{
    int status = EXIT_SUCCESS;

    if (run->dbctl.tool->is_applied(&run->dbctl, &status)) {
        finish(run, status);
    }
}

static void
done(struct replica_txn *txn, enum replica_txn_status status, void *run_)
{
    struct run *run = run_;
    const struct dbctl_tool *tool = run->dbctl.tool;
    struct error *error = run->dbctl.error;

    if (run->dbctl.try_again) {
        run->is_job_due = true;
        return;
    }
    if (error && error->code >= EXIT_CODE_BASE) {
        finish(run, error->code - EXIT_CODE_BASE);
        return;
    }
    program_check(error);
    if (status == REPLICA_TXN_ERROR) {
        program_fatal("transaction error: %s", replica_txn_error(txn));
    }
    VEC_FOR_EACH (call, &run->dbctl.calls) {
        if (call->command->finish) {
            call->command->finish(call, txn);
        }
        print_call(call);
    }
    fflush(stdout);
    if (status == REPLICA_TXN_SUCCESS && tool->committed) {
        tool->committed(&run->dbctl, txn);
    }
    if (status == REPLICA_TXN_SUCCESS && tool->is_applied) {
        run->is_committed = true;
        step_wake(&run->step);
    } else {
        finish(run, EXIT_SUCCESS);
    }
}

static void
start_job(struct run *run)
{
    run->is_job_due = false;
    run->dbctl.is_woken = false;
    replica_job_start(run->dbctl.replica, build, done, run);
}

static void
on_step(void *run_)
{
    struct run *run = run_;
    struct replica *replica = run->dbctl.replica;

    if (replica_is_dead(replica)) {
        const char *why = replica_last_error(replica);

        program_fatal("%s: database connection failed (%s)",
                      replica_remote(replica) ? replica_remote(replica)
                      : "no remote", why ? why : "end of file");
    }
    if (run->is_committed) {
        check_applied(run);
    } else if (run->is_job_due
               && (run->dbctl.is_woken || replica_has_changes(replica))) {
        start_job(run);
    }
    replica_clear_changes(replica);
}

static void
wake(void *run_)
{
    struct run *run = run_;

    step_wake(&run->step);
}

static struct error *
prepare_calls(struct dbctl *dbctl)
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
        if (error) {
            return error;
        }
    }
    if (dbctl->tool->prepare) {
        dbctl->tool->prepare(dbctl);
    }
    return NULL;
}

static char *
command_line(int argc, char *argv[])
{
    struct str s = STR_EMPTY;

    str_printf(&s, "%s:", program_name());
    for (int i = 0; i < argc; i++) {
        str_printf(&s, " %s", argv[i]);
    }
    return str_steal(&s);
}

static void
open_database(struct run *run)
{
    struct replica *replica = run->dbctl.replica;
    char *remote = (db_option ? xstrdup(db_option)
                    : run->dbctl.tool->default_remote());

    replica_set_leader_only(replica, leader_only);
    replica_set_retry(replica, retry);
    program_check(dbctl_connect(&run->dbctl, remote, shuffle));
    free(remote);
}

static void
run_uninit(struct run *run)
{
    dbctl_disconnect(&run->dbctl);
    replica_destroy(run->dbctl.replica);
    VEC_FOR_EACH (call, &run->dbctl.calls) {
        dbctl_call_uninit(call);
    }
    vec_uninit(&run->dbctl.calls);
    ovsdb_symtab_uninit(&run->dbctl.symtab);
    error_free(run->dbctl.error);
    step_uninit(&run->step);
    free(run->comment);
    loop_uninit();
}

int
dbctl_main(int argc, char *argv[], const struct dbctl_tool *tool)
{
    struct run run = { .dbctl = { .tool = tool } };
    int first;

    tool_init(argv[0], tool->family);
    table_style.format = TABLE_FORMAT_LIST;
    {
        const struct option_group groups[] = {
            { "Options", rows, ARRAY_SIZE(rows) },
            tool->options,
            table_options(), tls_options(), log_options(), help_options(usage),
            dbctl_command_options(tool),
        };

        the_tool = tool;
        the_groups = groups;
        n_the_groups = ARRAY_SIZE(groups) - 1;
        first = options_parse(argc, argv, groups, ARRAY_SIZE(groups),
                              OPTIONS_STOP_AT_WORD);
    }
    ovsdb_symtab_init(&run.dbctl.symtab);
    program_check(dbctl_parse(&run.dbctl, argc - first, argv + first));
    run.comment = command_line(argc - first, argv + first);
    tool_start();

    step_init(&run.step, "dbctl", on_step, &run);
    run.dbctl.replica = replica_create(tool->class, wake, &run);
    program_check(prepare_calls(&run.dbctl));
    start_job(&run);
    open_database(&run);
    loop_run();
    run_uninit(&run);
    return run.status;
}
