/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBCTL_DBCTL_H
#define DBCTL_DBCTL_H

/* Tools that examine and change a database by commands: ovs-vsctl, ovn-nbctl
 * and their kin.
 *
 * A tool is a table of commands and a few hooks; dbctl_main() does the rest.
 * The commands of one command line, separated by "--", run in one transaction:
 * either all of them take effect, or none.  If another client comes between,
 * all of them run anew, so that a command's 'run' may only read rows, write
 * into the open transaction, and put text into the call's output.
 *
 * Each tool offers the common database commands (get, set, list, ...) too. */

#include <limits.h>

#include "lib/base/error.h"
#include "lib/base/shash.h"
#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/daemon/options.h"
#include "lib/ovsdb/datum.h"
#include "lib/replica/replica.h"
#include "lib/replica/txn.h"
#include "lib/runtime/dirs.h"

struct dbctl;
struct dbctl_listing;
struct dbctl_tool;

/* One command of a command line. */
struct dbctl_call {
    struct dbctl *dbctl;
    const struct dbctl_command *command;
    int argc;                   /* Arguments, the command's name included. */
    char **argv;                /* argv[0] is the name. */
    struct shash options;       /* "--if-exists" -> its value, or "". */

    /* What a run leaves; emptied before each. */
    struct str output;
    struct dbctl_listing *listing;  /* Rows to print, or NULL. */
    struct uuid created;        /* For 'finish': a row that 'run' made. */

    void *state;                /* The command's, kept from run to run; NULL at
                                 * first. */
};

/* Rows that a command looks at: as few as it can, so that it stays small in a
 * large database. */
enum dbctl_which {
    DBCTL_NAMED,                /* Those that arguments name, if these are
                                 * given. */
    DBCTL_NAMED_OR_ALL,         /* Likewise; all if they are not. */
    DBCTL_ALL,
    DBCTL_TRUE,                 /* Those whose boolean 'column' is true. */
    DBCTL_REFERENCED,           /* Those that rows which are here refer to. */
    DBCTL_OWNERS,               /* The one that refers to each row here. */
};

struct dbctl_need {
    const struct replica_table_class *table;
    uint64_t columns;           /* That are read; 0: only which rows exist. */
    enum dbctl_which which;
    int argument;               /* DBCTL_NAMED*: which argument; -N: all from
                                 * N on. */
    int column;                 /* DBCTL_NAMED*: what an argument is a value
                                 * of; it may be a uuid too; -1: a uuid only.
                                 * DBCTL_TRUE: that is true.
                                 * DBCTL_OWNERS: that refers. */
};

struct dbctl_command {
    const char *name;
    int min_args, max_args;     /* Without the name; INT_MAX: any number. */
    const char *arguments;      /* For --help. */
    const char *options;        /* "--if-exists,--id=": names separated by
                                 * commas; "=" takes a value, "?" may. */

    /* What 'run' looks at: tables, with all rows and columns, ended by NULL;
     * rows and columns, ended by a table NULL.  NULL for none, or if 'prepare'
     * tells. */
    const struct replica_table_class *const *tables;
    const struct dbctl_need *needs;

    /* Does the work, within the open transaction. */
    struct error *(*run)(struct dbctl_call *);

    /* May be NULL: says with dbctl_monitor() what 'run' needs. */
    struct error *(*prepare)(struct dbctl_call *);

    /* May be NULL: after the commit, to put out what is known only then. */
    void (*finish)(struct dbctl_call *, const struct replica_txn *);

    /* May be NULL: at the end, frees the call's 'state'. */
    void (*release)(struct dbctl_call *);
};

struct dbctl_command_group {
    const char *title;
    const struct dbctl_command *commands;
    size_t n;
};

/* A way to name rows of 'table' other than by uuid: by a column of theirs
 * (ref_column < 0), or by a column of a row of another table whose
 * 'ref_column' refers to them. */
struct dbctl_record_name {
    const struct replica_table_class *table;
    const struct replica_table_class *name_table;
    unsigned int name_column;
    int ref_column;
    const char *key;            /* For a map of strings: the value under this
                                 * key is the name.  Else NULL. */
};

/* What a word in the 'arguments' of commands stands for: the name of a row of
 * 'table'.  For completion; several may have the same word. */
struct dbctl_argument {
    const char *word;
    const struct replica_table_class *table;
};

/* Where a database has the connections and TLS files of its server. */
struct dbctl_server {
    const struct replica_table_class *root;     /* Its row, of which there is
                                                 * one, refers to the others;
                                                 * to TLS files by "ssl". */
    unsigned int connections;                   /* The column for these. */
    const struct replica_table_class *connection;
    const struct replica_table_class *ssl;      /* NULL if it has none. */
};

/* What "show" prints of rows of 'table'. */
struct dbctl_show {
    const struct replica_table_class *table;
    int name_column;            /* -1: print the uuid. */
    int columns[5];             /* Ended by -1.  References to tables that are
                                 * shown are followed. */
    const struct replica_table_class *referrers;    /* Rows of this table that
                                 * refer by 'referrer_column' follow. */
    int referrer_column;
    bool is_root;               /* Each row starts a tree. */
};

struct dbctl_tool {
    enum dirs_family family;
    const struct replica_db_class *class;
    const struct dbctl_command_group *groups;
    size_t n_groups;
    const struct dbctl_record_name *names;
    size_t n_names;
    const struct dbctl_argument *arguments;
    size_t n_arguments;
    const struct dbctl_server *server;  /* The root's row is there, or made,
                                         * when commands run. */
    const struct dbctl_show *show;      /* Ended by table NULL; NULL: the tool
                                         * has a "show" of its own. */
    struct option_group options;        /* The tool's own. */
    const char *description;            /* For --help, one line. */

    /* Environment variables: options to put before those of the command line;
     * the socket of a daemon to let run the commands.  NULL for none, and for
     * a tool without daemons. */
    const char *options_variable;
    const char *daemon_variable;

    /* For a tool with daemons, which run several requests at a time: how much
     * memory each needs (dbctl_state()); forgets the options of the last one,
     * before those of another are read.  'prepare' notes in the state what the
     * options read last say. */
    size_t state_size;
    void (*reset)(void);

    /* The remote to use without --db: what this environment variable says (NULL
     * for none), else the socket of that name in the run folder. */
    const char *remote_variable;
    const char *socket;

    /* May be NULL: what hooks need beside what commands need. */
    void (*prepare)(struct dbctl *);

    /* May be NULL: before the commands run; after they have. */
    void (*begin)(struct dbctl *);
    void (*end)(struct dbctl *);

    /* May be NULL: after a successful commit, and then after every change of
     * the database until it returns true; '*status' is the exit status. */
    bool (*is_applied)(struct dbctl *, int *status);
    void (*committed)(struct dbctl *, const struct replica_txn *);
};

/* The whole of a tool.  Returns the exit status. */
int dbctl_main(int argc, char *argv[], const struct dbctl_tool *);

/* For commands and hooks. */

struct replica *dbctl_replica(const struct dbctl *);
struct replica_txn *dbctl_txn(const struct dbctl *);

/* An index of a table by one column, made at the first call and kept for
 * others, those of a daemon's next requests too. */
const struct replica_index *
dbctl_index(struct dbctl *, const struct replica_table_class *,
            unsigned int column);

/* The tool's own memory of this request, zero at first. */
void *dbctl_state(const struct dbctl *);

/* Text after that of the commands, from 'is_applied'. */
struct str *dbctl_output(struct dbctl *);

/* Before the run, for 'prepare': ask for columns (0: only which rows exist) of
 * rows: all of a table's; none but what is asked for elsewhere; those whose
 * column 'name_column' (unless it is -1) or uuid is 'id'; those that rows
 * which are here refer to; the one that refers by 'column' to each row which
 * is here.  References to rows that nothing asks for are left out of what is
 * read. */
void dbctl_monitor(struct dbctl *, const struct replica_table_class *,
                   uint64_t columns);
void dbctl_monitor_columns(struct dbctl *, const struct replica_table_class *,
                           uint64_t columns);
void dbctl_monitor_named(struct dbctl *, const struct replica_table_class *,
                         uint64_t columns, int name_column, const char *id);
void dbctl_monitor_referenced(struct dbctl *,
                              const struct replica_table_class *,
                              uint64_t columns);

void dbctl_monitor_owners(struct dbctl *, const struct replica_table_class *,
                          uint64_t columns, unsigned int column);

/* What dbctl_set_column() needs to set a column of a new row. */
struct error *dbctl_monitor_assignment(struct dbctl *,
                                       const struct replica_table_class *,
                                       const char *assignment) MUST_USE;

/* What dbctl_find_row() needs. */
void dbctl_monitor_record(struct dbctl *, const struct replica_table_class *,
                          const char *record);

/* While commands run: ask for rows, as only the run can tell which: those
 * whose column 'name_column' or uuid is 'id'; those whose 'column' refers to a
 * row; all.  Their columns are asked for before the run.  False if the rows must
 * come first: this run is in vain then, and another follows. */
bool dbctl_fetch_named(struct dbctl *, const struct replica_table_class *,
                       int name_column, const char *id);
bool dbctl_fetch_referrers(struct dbctl *, const struct replica_table_class *,
                           unsigned int column, const struct replica_row *);
bool dbctl_fetch_all(struct dbctl *, const struct replica_table_class *);

/* At the end of a run: asks for such rows for what comes after the commit,
 * which shows in them once replica_conditions_settled(). */
void dbctl_follow_named(struct dbctl *, const struct replica_table_class *,
                        int name_column, const char *id);

/* Makes this run end without effect and start again when something has
 * changed, or dbctl_wake() is called. */
void dbctl_try_again(struct dbctl *);

/* What a call waited for beside the database is there.  From the loop, after
 * the run. */
void dbctl_wake(struct dbctl *);

/* An option's value, "" if it has none; NULL if it was not given. */
const char *dbctl_option(const struct dbctl_call *, const char *name);

static inline bool
dbctl_has_option(const struct dbctl_call *call, const char *name)
{
    return dbctl_option(call, name) != NULL;
}

/* Ends the tool with 'status' and without a message. */
struct error *dbctl_exit(int status) MUST_USE;

/* Warns on stderr. */
void dbctl_warn(const char *format, ...) PRINTF_FORMAT(1, 2);

/* The commands get-, del- and set-connection, -manager and -ssl, for tools
 * that have a 'server'. */
extern const struct dbctl_command_group dbctl_connection_commands;
extern const struct dbctl_command_group dbctl_manager_commands;
extern const struct dbctl_command_group dbctl_ssl_commands;

/* Warns about a target that no connection method starts. */
void dbctl_check_target(const char *target);

/* Reads the option --inactivity-probe, in milliseconds, if it is given. */
struct error *dbctl_probe_interval(const struct dbctl_call *, int64_t *ret_ms,
                                   bool *is_given) MUST_USE;

/* Finds a row by uuid, by an unambiguous start of one, or by a name; "." is
 * the row of a table that has just one.  Without 'must_exist', '*ret_row' may
 * become NULL. */
struct error *dbctl_find_row(struct dbctl *,
                             const struct replica_table_class *,
                             const char *record, bool must_exist,
                             const struct replica_row **ret_row) MUST_USE;

/* The member of a row's struct for a column: a 'const char *' if that holds a
 * string, and so on, as the generated headers declare it. */
static inline const void *
dbctl_member(const struct replica_row *row, unsigned int column)
{
    return (const char *) row + replica_row_class(row)->columns[column].offset;
}

/* Sets columns of a row: "COLUMN[:KEY]=VALUE", as the command "set" does. */
struct error *dbctl_set_column(struct dbctl *, const struct replica_row *,
                               const char *assignment) MUST_USE;

/* Appends a string as values are printed: in quotes if it needs any. */
void dbctl_put_name(struct str *, const char *);

/* What an array of strings needs for being sorted. */
int dbctl_compare_strings(const void *, const void *);

/* Puts a line for each of the 'n' strings, in order. */
void dbctl_put_sorted(struct str *, const char **strings, size_t n);

#endif /* dbctl/dbctl.h */
