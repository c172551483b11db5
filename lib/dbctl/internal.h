/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DBCTL_INTERNAL_H
#define DBCTL_INTERNAL_H

/* What the files of lib/dbctl ask of each other. */

#include "lib/dbctl/dbctl.h"
#include "lib/dbctl/table.h"
#include "lib/runtime/loop.h"

struct dbctl_column;

/* What options say that hold for one request. */
struct dbctl_settings {
    bool oneline;
    bool dry_run;
    int timeout_s;              /* 0: none; -1: not given. */
    struct table_style style;
};

/* An index that a command has wanted. */
struct dbctl_index {
    const struct replica_table_class *table;
    unsigned int column;
    struct replica_index *index;
};

/* A copy of the database, and the way to its server: one for a process. */
struct dbctl_link {
    struct replica *replica;
    struct listener *listener;          /* While the server is to connect. */
    char *remote;                       /* As it was given. */
    VEC(struct dbctl_index) indexes;    /* Of the replica. */
};

/* Which rows of a table a request needs. */
struct dbctl_rows {
    const struct replica_table_class *table;
    struct replica_condition condition;     /* So far. */
    bool is_followed;                       /* DBCTL_REFERENCED. */
};

/* DBCTL_OWNERS. */
struct dbctl_owners {
    const struct replica_table_class *table;
    unsigned int column;
};

/* A record that may be named by the start of its uuid. */
struct dbctl_prefix {
    const struct replica_table_class *table;
    const char *record;                     /* Borrowed. */
};

/* A request: commands, and how far they are. */
struct dbctl {
    const struct dbctl_tool *tool;
    struct dbctl_link *link;
    struct replica *replica;            /* The link's. */
    bool is_shared;                     /* The replica is a daemon's, which
                                         * has all of the database. */
    struct dbctl_settings settings;
    void *state;                        /* The tool's. */
    char *comment;                      /* For the server's log. */
    VEC(struct dbctl_call) calls;
    VEC(struct dbctl_rows) rows;
    VEC(struct dbctl_owners) owners;
    VEC(struct dbctl_prefix) prefixes;

    struct replica_job *job;            /* Until it is done. */
    struct replica_txn *txn;            /* While commands run. */
    struct ovsdb_symtab symtab;         /* "@name"s. */
    bool is_fetching;                   /* Rows are missing. */
    bool try_again;
    bool is_woken;                      /* Although nothing changed. */
    bool is_job_due;                    /* At the next change. */
    bool is_committed;                  /* Waits until it is applied. */
    struct error *error;                /* That ended the commands. */
    struct str output;

    struct step *step;                  /* That calls dbctl_advance(). */
    void (*done)(struct dbctl *, struct error *, int status);
};

/* request.c: the life of a request. */

/* Takes what the options just read say.  The link, with its replica, and the
 * step are borrowed.  Undo with dbctl_uninit(). */
void dbctl_init(struct dbctl *, const struct dbctl_tool *,
                struct dbctl_link *, struct step *);
void dbctl_uninit(struct dbctl *);

/* Checks and monitors what the calls need. */
struct error *dbctl_prepare(struct dbctl *) MUST_USE;

/* Runs the calls.  'done' is called once, with the exit status and an error
 * that it frees (NULL if all is well, or if a status says enough); it may
 * uninit the request.  'output' holds the text by then, and what is known of
 * it already after the commit. */
void dbctl_start(struct dbctl *,
                 void (*done)(struct dbctl *, struct error *, int status));

/* Goes on after a change of the replica, or dbctl_wake(). */
void dbctl_advance(struct dbctl *);

/* rows.c: which rows a request needs. */

void dbctl_monitor_need(struct dbctl_call *, const struct dbctl_need *);

/* The rows of the type's table, if it is a reference, whose uuids stand in a
 * text. */
void dbctl_monitor_uuids_in(struct dbctl *, const struct replica_base_class *,
                            const char *text);

/* The rows for which a term is true; false if these alone cannot be asked
 * for. */
struct dbctl_term;
bool dbctl_monitor_term(struct dbctl *, const struct replica_table_class *,
                        const struct dbctl_term *);

/* Tells the replica which rows are needed.  True if that is news. */
bool dbctl_set_conditions(struct dbctl *);

/* Whether all of them are here; if not, asks for more. */
bool dbctl_has_rows(struct dbctl *);

void dbctl_forget_rows(struct dbctl *);

/* connect.c */

/* The remote to use without --db, for free(). */
char *dbctl_default_remote(const struct dbctl_tool *);

/* Connects to 'remote', or, if it is a passive one, waits for a server to
 * connect. */
struct error *dbctl_connect(struct dbctl_link *, const char *remote,
                            bool shuffle) MUST_USE;
void dbctl_disconnect(struct dbctl_link *);

/* Ends the tool with a message: replica_is_dead(). */
void dbctl_connection_failed(const struct dbctl_link *) NO_RETURN;

/* run.c */

/* What the options read last say. */
extern struct dbctl_settings dbctl_settings;

/* Forgets it. */
void dbctl_reset_settings(const struct dbctl_tool *);

/* Connects as the options say; with 'keep_trying' whatever happens. */
void dbctl_open(const struct dbctl_tool *, struct dbctl_link *,
                bool keep_trying);

/* daemon.c */

/* Serves requests on the control socket; returns the exit status.  'groups'
 * are the options of a request. */
int dbctl_serve(const struct dbctl_tool *, const struct option_group *groups,
                size_t n_groups);

/* Lets the daemon at 'socket' run a command line, of whose options it is told
 * those in 'groups'.  Returns the exit status. */
int dbctl_ask(const char *socket, const options_given *,
              const struct option_group *groups, size_t n_groups, int argc,
              char *argv[]);

/* database.c: the commands that every tool has. */
extern const struct dbctl_command_group dbctl_database_commands;

/* What "list" and "find" put out, beside text. */
void dbctl_listing_destroy(struct dbctl_listing *);
void dbctl_listing_put(struct str *, const struct dbctl_listing *,
                       const struct table_style *, bool *is_later);

/* names.c: rows called "@name" within a command line. */

/* Inserts the rows that "--id=@NAME create TABLE" commands will make, so that
 * any command may refer to them. */
struct error *dbctl_reserve_rows(struct dbctl *) MUST_USE;

/* Calls a row so.  'stays': whether or not something refers to it. */
struct error *dbctl_name_row(struct dbctl *, const char *name,
                             const struct replica_row *, bool stays) MUST_USE;

/* Notes which names the value of a column refers to. */
void dbctl_note_references(struct dbctl *, const struct dbctl_column *,
                           const struct ovsdb_datum *);

/* After all commands: warns about rows to which nothing refers, and which
 * therefore will not be there. */
void dbctl_warn_of_lost_rows(const struct dbctl *);

/* show.c */
extern const struct dbctl_command dbctl_show_command;

/* complete.c */

/* Prints each command and its arguments on a line, for --commands. */
void dbctl_print_commands(const struct dbctl_tool *);

/* Prints what the last of the words of a command line may be, one candidate a
 * line; returns the exit status.  The groups are those of all options. */
int dbctl_complete(const struct dbctl_tool *, const struct option_group *,
                   size_t n_groups, int argc, char *argv[]);

/* parse.c */

/* A command by its name; NULL if there is none.  The groups are the tool's and
 * the common ones. */
const struct dbctl_command *
dbctl_find_command(const struct dbctl_tool *, const char *name);
size_t dbctl_n_groups(const struct dbctl_tool *);
const struct dbctl_command_group *dbctl_group(const struct dbctl_tool *,
                                              size_t i);

/* Rows for the options of all commands, which note what they are given, for
 * the first command. */
struct option_group dbctl_command_options(const struct dbctl_tool *);
void dbctl_forget_options(void);

/* Makes calls of the words of a command line, the first taking the options
 * noted. */
struct error *dbctl_parse(struct dbctl *, int argc, char *argv[]) MUST_USE;
void dbctl_call_uninit(struct dbctl_call *);

/* A column with its type in the words of lib/ovsdb. */
struct dbctl_column {
    const char *name;
    bool is_uuid;               /* "_uuid", which no class lists. */
    unsigned int number;
    const struct replica_column_class *class;
    struct ovsdb_type type;
};

void dbctl_column_init(struct dbctl_column *,
                       const struct replica_table_class *,
                       unsigned int number);
void dbctl_column_init_uuid(struct dbctl_column *);
void dbctl_column_uninit(struct dbctl_column *);

/* By name, or an unambiguous start of one. */
struct error *dbctl_find_table(const struct dbctl *, const char *name,
                               const struct replica_table_class **) MUST_USE;
struct error *dbctl_find_column(const struct replica_table_class *,
                                const char *name, size_t length,
                                struct dbctl_column *) MUST_USE;

/* Whether 'record' may be the start of a uuid; whether it is a row's name or
 * whole uuid. */
bool dbctl_may_be_prefix(const char *record);
bool dbctl_is_named(struct dbctl *, const struct replica_table_class *,
                    const char *record);

/* Initializes '*datum' with the row's value. */
void dbctl_read(const struct replica_row *, const struct dbctl_column *,
                struct ovsdb_datum *);
struct error *dbctl_write(struct dbctl *, const struct replica_row *,
                          const struct dbctl_column *,
                          const struct ovsdb_datum *) MUST_USE;

/* ovsdb_datum_from_text() and ovsdb_atom_from_text() with the run's names. */
struct error *dbctl_parse_datum(struct dbctl *, struct ovsdb_datum *,
                                const struct ovsdb_type *, const char *)
    MUST_USE;
struct error *dbctl_parse_atom(struct dbctl *, union ovsdb_atom *,
                               const struct ovsdb_base_type *, const char *)
    MUST_USE;

/* "COLUMN[:KEY][OPERATOR VALUE]".  'verb' is for messages: what the command
 * does with it. */
struct dbctl_term {
    struct dbctl_column column;
    bool has_key;
    union ovsdb_atom key;
    const char *operator;       /* "=", "!=", "{<=}", ...; "" if none. */
    const char *value;          /* Borrowed from the text. */
};

struct error *dbctl_term_parse(struct dbctl *,
                               const struct replica_table_class *,
                               const char *text, const char *verb,
                               struct dbctl_term *)
    MUST_USE;
void dbctl_term_uninit(struct dbctl_term *);

/* Whether the row is as the term says. */
struct error *dbctl_term_matches(struct dbctl *, const struct dbctl_term *,
                                 const struct replica_row *, bool *) MUST_USE;

#endif /* dbctl/internal.h */
