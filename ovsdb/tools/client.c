/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-client: asks a database server. */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/table.h"
#include "lib/runtime/loop.h"
#include "lib/stream/stream.h"
#include "lib/stream/tls.h"
#include "ovsdb/tools/backup.h"
#include "ovsdb/tools/rpc.h"
#include "ovsdb/tools/watch.h"

static bool force;

/* Of a clustered database, accept followers as well. */
static bool no_leader_only;

/* Whether to tell the server that we know of changes of databases: NULL if
 * the command decides. */
static const char *change_aware;

/* What a command needs before its own arguments. */
enum need {
    NEED_SERVER,
    NEED_DATABASE,
};

struct client {
    struct rpc *rpc;
    char *database;
};

struct command {
    const char *name;
    const char *usage;
    enum need need;
    int min_args;
    int max_args;
    void (*run)(struct client *, int argc, char *argv[]);
    bool is_daemon;             /* --detach means something. */
    const char *help;
};

static void
print_json(const json_t *json)
{
    struct str s = STR_EMPTY;

    if (table_style.pretty) {
        jtext_put_pretty(&s, json);
    } else {
        jtext_put_json(&s, json, true);
    }
    puts(str_cstr(&s));
    str_uninit(&s);
}

static json_t *
fetch_schema_json(struct client *c)
{
    return rpc_call(c->rpc, "get_schema", json_pack("[s]", c->database));
}

static struct ovsdb_schema *
fetch_schema(struct client *c)
{
    json_t *json = fetch_schema_json(c);
    struct ovsdb_schema *schema = NULL;

    program_check(ovsdb_schema_from_json(json, &schema));
    json_decref(json);
    return schema;
}

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Commands. */

static void
do_list_dbs(struct client *c, int argc, char *argv[])
{
    json_t *names = rpc_call(c->rpc, "list_dbs", json_array());
    VEC(const char *) sorted = VEC_EMPTY;
    json_t *name;
    size_t i;

    json_array_foreach (names, i, name) {
        vec_push(&sorted, json_string_value(name));
    }
    vec_sort(&sorted, compare_strings);
    VEC_FOR_EACH (p, &sorted) {
        puts(*p);
    }
    vec_uninit(&sorted);
    json_decref(names);
}

static void
do_get_schema(struct client *c, int argc, char *argv[])
{
    json_t *json = fetch_schema_json(c);

    print_json(json);
    json_decref(json);
}

static void
do_get_schema_version(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    puts(schema->version);
    ovsdb_schema_unref(schema);
}

static void
do_get_schema_cksum(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    puts(schema->cksum);
    ovsdb_schema_unref(schema);
}

static void
do_list_tables(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);
    struct table t;

    table_init(&t);
    table_add_heading(&t, "Table");
    for (size_t i = 0; i < schema->n_tables; i++) {
        table_put_text(&t, schema->tables[i]->name);
    }
    table_print(&t, &table_style);
    table_uninit(&t);
    ovsdb_schema_unref(schema);
}

static void
put_column_type(struct table *t, const char *table,
                const struct ovsdb_column *column)
{
    if (table) {
        table_put_text(t, table);
    }
    table_put_text(t, column->name);
    table_put_json_take(t, ovsdb_type_to_json(&column->type));
}

static void
do_list_columns(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);
    struct table t;

    table_init(&t);
    if (!argc) {
        table_add_heading(&t, "Table");
    }
    table_add_heading(&t, "Column");
    table_add_heading(&t, "Type");
    for (size_t i = 0; i < schema->n_tables; i++) {
        const struct ovsdb_table_schema *ts = schema->tables[i];
        const char *name = argc ? NULL : ts->name;

        if (argc && strcmp(argv[0], ts->name)) {
            continue;
        }
        put_column_type(&t, name, ovsdb_column_uuid());
        put_column_type(&t, name, ovsdb_column_version());
        for (size_t j = 0; j < ts->n_columns; j++) {
            put_column_type(&t, name, &ts->columns[j]);
        }
    }
    table_print(&t, &table_style);
    table_uninit(&t);
    ovsdb_schema_unref(schema);
}

static json_t *
parse_transaction(const char *text)
{
    json_t *json = NULL;

    program_check(jtext_to_json(text, strlen(text), &json));
    if (!json_is_array(json)) {
        program_fatal("transaction must be a JSON array");
    }
    return json;
}

static void
do_transact(struct client *c, int argc, char *argv[])
{
    json_t *result = rpc_call(c->rpc, "transact", parse_transaction(argv[0]));

    print_json(result);
    json_decref(result);
}

static bool
is_error(const json_t *result, const char *error)
{
    const char *s = json_string_value(json_object_get(result, "error"));

    return s && !strcmp(s, error);
}

static void
do_query(struct client *c, int argc, char *argv[])
{
    json_t *transaction = parse_transaction(argv[0]);
    json_t *result;
    size_t n = json_array_size(transaction);

    if (!n) {
        program_fatal("transaction must begin with the name of a database");
    }
    json_array_append_new(transaction, json_pack("{ss}", "op", "abort"));
    result = rpc_call(c->rpc, "transact", transaction);
    /* What the abort was answered is not the user's. */
    if (json_array_size(result) > n - 1
        && is_error(json_array_get(result, n - 1), "aborted")) {
        json_array_remove(result, n - 1);
    }
    print_json(result);
    json_decref(result);
}

/* dump. */

static json_t *
select_rows(struct client *c, const char *table, json_t *columns)
{
    json_t *op = json_pack("{ss,ss,s[]}", "op", "select", "table", table,
                           "where");
    json_t *result, *rows;

    if (columns) {
        json_object_set_new(op, "columns", columns);
    }
    result = rpc_call(c->rpc, "transact",
                      json_pack("[s,o]", c->database, op));
    rows = json_object_get(json_array_get(result, 0), "rows");
    if (!rows) {
        print_json(result);
        program_fatal("select of table %s failed", table);
    }
    json_incref(rows);
    json_decref(result);
    return rows;
}

static void
dump_table(struct client *c, const struct ovsdb_table_schema *ts, int argc,
           char *argv[])
{
    VEC(const struct ovsdb_column *) columns = VEC_EMPTY;
    json_t *names = json_array();
    json_t *rows, *row;
    struct table t;
    char *caption;
    size_t i;

    vec_push(&columns, ovsdb_column_uuid());
    for (i = 0; i < ts->n_columns && !argc; i++) {
        vec_push(&columns, &ts->columns[i]);
    }
    if (argc) {
        vec_clear(&columns);
        qsort(argv, argc, sizeof *argv, compare_strings);
    }
    for (int j = 0; j < argc; j++) {
        const struct ovsdb_column *column;

        column = ovsdb_table_schema_find_column(ts, argv[j]);
        if (!column) {
            program_fatal("Table \"%s\" has no column %s.", ts->name,
                          argv[j]);
        }
        vec_push(&columns, column);
    }
    table_init(&t);
    caption = xasprintf("%s table", ts->name);
    table_set_caption(&t, caption);
    free(caption);
    VEC_FOR_EACH (p, &columns) {
        table_add_heading(&t, (*p)->name);
        json_array_append_new(names, json_string((*p)->name));
    }
    rows = select_rows(c, ts->name, names);
    json_array_foreach (rows, i, row) {
        VEC_FOR_EACH (p, &columns) {
            struct ovsdb_datum datum;

            program_check(ovsdb_datum_from_json(
                              &datum, &(*p)->type,
                              json_object_get(row, (*p)->name), NULL, 0));
            table_put_datum(&t, &datum, &(*p)->type);
            ovsdb_datum_uninit(&datum, &(*p)->type);
        }
    }
    table_sort(&t);
    table_print(&t, &table_style);
    table_uninit(&t);
    vec_uninit(&columns);
    json_decref(rows);
}

static void
do_dump(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    if (argc && !ovsdb_schema_find_table(schema, argv[0])) {
        program_fatal("No table \"%s\" found.", argv[0]);
    }
    for (size_t i = 0; i < schema->n_tables; i++) {
        if (!argc) {
            dump_table(c, schema->tables[i], 0, NULL);
        } else if (!strcmp(argv[0], schema->tables[i]->name)) {
            dump_table(c, schema->tables[i], argc - 1, argv + 1);
        }
    }
    ovsdb_schema_unref(schema);
}

/* Conversion. */

static struct ovsdb_schema *
read_schema_arg(struct client *c, const char *path)
{
    struct ovsdb_schema *schema = NULL;

    program_check(ovsdb_schema_from_file(path, &schema));
    free(c->database);
    c->database = xstrdup(schema->name);
    return schema;
}

static void
do_convert(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = read_schema_arg(c, argv[0]);

    json_decref(rpc_call(c->rpc, "convert",
                         json_pack("[s,o]", schema->name,
                                   ovsdb_schema_to_json(schema))));
    ovsdb_schema_unref(schema);
}

static void
do_needs_conversion(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *wanted = read_schema_arg(c, argv[0]);
    struct ovsdb_schema *present = fetch_schema(c);

    puts(ovsdb_schema_equals(wanted, present) ? "no" : "yes");
    ovsdb_schema_unref(wanted);
    ovsdb_schema_unref(present);
}

/* backup and restore. */

static void
do_backup(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    backup_write(c->rpc, schema);
    ovsdb_schema_unref(schema);
}

static void
do_restore(struct client *c, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    backup_restore(c->rpc, schema, force);
    ovsdb_schema_unref(schema);
}

/* wait. */

static bool
is_in_state(const json_t *rows, const char *database, const char *state)
{
    const json_t *row;
    size_t i;

    json_array_foreach (rows, i, row) {
        const char *name = json_string_value(json_object_get(row, "name"));

        if (name && !strcmp(name, database)) {
            return (!strcmp(state, "added")
                    || (!strcmp(state, "connected")
                        && json_is_true(json_object_get(row,
                                                        "connected"))));
        }
    }
    return !strcmp(state, "removed");
}

static void
do_wait(struct client *c, int argc, char *argv[])
{
    if (strcmp(argv[1], "added") && strcmp(argv[1], "connected")
        && strcmp(argv[1], "removed")) {
        program_fatal("%s: unknown state", argv[1]);
    }
    free(c->database);
    c->database = xstrdup("_Server");
    json_decref(rpc_call(c->rpc, "set_db_change_aware",
                         json_pack("[b]", true)));
    json_decref(rpc_call(c->rpc, "monitor_cond",
                         json_pack("[s,n,{s:[{s:[s,s]}]}]", "_Server",
                                   "Database", "columns", "name",
                                   "connected")));
    for (;;) {
        json_t *rows = select_rows(c, "Database", NULL);
        bool done = is_in_state(rows, argv[0], argv[1]);
        char *method;

        json_decref(rows);
        if (done) {
            break;
        }
        json_decref(rpc_wait_notify(c->rpc, &method, NULL));
        free(method);
    }
}

/* Monitors. */

static void
monitor(struct client *c, enum watch_version version, int argc, char *argv[])
{
    struct ovsdb_schema *schema = fetch_schema(c);

    watch_tables(c->rpc, schema, version, argc, argv);
    ovsdb_schema_unref(schema);
}

static void
do_monitor(struct client *c, int argc, char *argv[])
{
    monitor(c, WATCH_V1, argc, argv);
}

static void
do_monitor_cond(struct client *c, int argc, char *argv[])
{
    monitor(c, WATCH_V2, argc, argv);
}

static void
do_monitor_cond_since(struct client *c, int argc, char *argv[])
{
    monitor(c, WATCH_V3, argc, argv);
}

/* Locks. */

static void
run_lock_command(struct client *c, const char *method, const char *lock)
{
    json_t *result = rpc_call(c->rpc, method, json_pack("[s]", lock));

    print_json(result);
    fflush(stdout);
    json_decref(result);
}

static void
control_lock(struct control_conn *conn, int argc, const char *argv[],
             void *client)
{
    run_lock_command(client, argv[0], argv[1]);
    control_reply(conn, NULL);
}

static void
set_true(int argc, const char *argv[], void *flag)
{
    *(bool *) flag = true;
}

/* Holds or waits for locks until it is ended. */
static void
hold_lock(struct client *c, const char *method, const char *lock)
{
    static const char *const commands[] = { "lock", "steal", "unlock" };
    bool is_exiting = false;
    int fd;

    run_lock_command(c, method, lock);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        control_register(commands[i], "LOCK", 1, 1, control_lock, c);
    }
    daemon_set_exit(set_true, &is_exiting);
    fd = dup(STDOUT_FILENO);
    daemon_ready();
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        close(fd);
    }
    for (;;) {
        char *name;
        json_t *params = rpc_wait_notify(c->rpc, &name, &is_exiting);

        if (!params) {
            break;
        }
        puts(name);
        print_json(params);
        fflush(stdout);
        json_decref(params);
        free(name);
    }
}

static void
do_lock(struct client *c, int argc, char *argv[])
{
    hold_lock(c, "lock", argv[0]);
}

static void
do_steal(struct client *c, int argc, char *argv[])
{
    hold_lock(c, "steal", argv[0]);
}

static void
do_unlock(struct client *c, int argc, char *argv[])
{
    hold_lock(c, "unlock", argv[0]);
}

static const struct command commands[] = {
    { "list-dbs", "", NEED_SERVER, 0, 0, do_list_dbs, false,
      "list the databases" },
    { "get-schema", "", NEED_DATABASE, 0, 0, do_get_schema, false,
      "print the schema" },
    { "get-schema-version", "", NEED_DATABASE, 0, 0, do_get_schema_version,
      false, "print the version of the schema" },
    { "get-schema-cksum", "", NEED_DATABASE, 0, 0, do_get_schema_cksum,
      false, "print the checksum of the schema" },
    { "list-tables", "", NEED_DATABASE, 0, 0, do_list_tables, false,
      "list the tables" },
    { "list-columns", "[TABLE]", NEED_DATABASE, 0, 1, do_list_columns,
      false, "list the columns of TABLE, or of all" },
    { "transact", "TRANSACTION", NEED_SERVER, 1, 1, do_transact, false,
      "run TRANSACTION (params of \"transact\") and print its results" },
    { "query", "TRANSACTION", NEED_SERVER, 1, 1, do_query, false,
      "likewise, but keep nothing of what it does" },
    { "dump", "[TABLE [COLUMN...]]", NEED_DATABASE, 0, INT_MAX, do_dump,
      false, "print the contents" },
    { "backup", "> SNAPSHOT", NEED_DATABASE, 0, 0, do_backup, false,
      "write the contents in the form of a database file" },
    { "restore", "< SNAPSHOT", NEED_DATABASE, 0, 0, do_restore, false,
      "replace the contents with those of a database file" },
    { "monitor", "TABLE [COLUMN,...]...", NEED_DATABASE, 1, INT_MAX,
      do_monitor, true,
      "print the rows of TABLE (\"ALL\" for all tables) as they change;"
      "\n      COLUMNs may include !initial, !insert, !delete, !modify" },
    { "monitor-cond", "CONDITIONS TABLE [COLUMN,...]...", NEED_DATABASE, 2,
      INT_MAX, do_monitor_cond, true,
      "likewise, rows that match CONDITIONS" },
    { "monitor-cond-since", "[LASTID] CONDITIONS TABLE [COLUMN,...]...",
      NEED_DATABASE, 2, INT_MAX, do_monitor_cond_since, true,
      "likewise, from the state LASTID on" },
    { "convert", "SCHEMA", NEED_SERVER, 1, 1, do_convert, false,
      "convert the database that SCHEMA names to SCHEMA" },
    { "needs-conversion", "SCHEMA", NEED_SERVER, 1, 1, do_needs_conversion,
      false, "print whether it has another schema" },
    { "wait", "DATABASE STATE", NEED_SERVER, 2, 2, do_wait, false,
      "wait until DATABASE is in STATE: added, connected or removed" },
    { "lock", "LOCK", NEED_SERVER, 1, 1, do_lock, true,
      "take LOCK, or wait for it" },
    { "steal", "LOCK", NEED_SERVER, 1, 1, do_steal, true,
      "take LOCK, from whoever has it" },
    { "unlock", "LOCK", NEED_SERVER, 1, 1, do_unlock, true,
      "give LOCK back" },
};

static struct error *
set_leader_only(void *target, const char *argument)
{
    no_leader_only = false;
    return NULL;
}

static struct error *
set_change_aware(void *target, const char *argument)
{
    change_aware = "true";
    return NULL;
}

static struct error *
set_no_change_aware(void *target, const char *argument)
{
    change_aware = "false";
    return NULL;
}

static const struct option_row client_rows[] = {
    { "force", 0, OPTION_NONE, NULL,
      "restore into a database of another schema", option_set_true, &force },
    { "leader-only", 0, OPTION_NONE, NULL,
      "of a clustered database, take the leader (the default)",
      set_leader_only, NULL },
    { "no-leader-only", 0, OPTION_NONE, NULL,
      "take any connected server of its cluster", option_set_true,
      &no_leader_only },
    { "db-change-aware", 0, OPTION_NONE, NULL,
      "tell the server that added and removed databases are noticed",
      set_change_aware, NULL },
    { "no-db-change-aware", 0, OPTION_NONE, NULL,
      "be disconnected when databases are added or removed",
      set_no_change_aware, NULL },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[7])
{
    groups[0] = (struct option_group) {
        "Client options", client_rows, ARRAY_SIZE(client_rows) };
    groups[1] = table_options();
    groups[2] = tool_options();
    groups[3] = daemon_options();
    groups[4] = tls_options();
    groups[5] = log_options();
    groups[6] = help_options(usage);
    return 7;
}

static void
usage(void)
{
    struct option_group groups[7];
    size_t n = make_groups(groups);

    printf("%s: Open vSwitch database JSON-RPC client\n"
           "usage: %s [OPTIONS] COMMAND [ARG...]\n\nCommands:\n",
           program_name(), program_name());
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        printf("  %s [SERVER] %s%s\n      %s\n", commands[i].name,
               commands[i].need == NEED_DATABASE ? "[DATABASE] " : "",
               commands[i].usage, commands[i].help);
    }
    printf("The default SERVER is unix:%s/db.sock.\n"
           "The default DATABASE is Open_vSwitch.\n", dirs_run(DIRS_OVS));
    stream_print_usage("SERVER", true, true);
    options_print_help(groups, n);
}

static bool
names_server(const char *arg)
{
    char *first = xmemdup0(arg, strcspn(arg, ","));
    bool ok = (stream_name_is_active(first)
               || stream_name_is_passive(first));

    free(first);
    return ok;
}

/* Chooses the database: the next argument if it names one, or the one that the
 * server has, or Open_vSwitch. */
static void
choose_database(struct client *c, int *argc, char **argv[])
{
    json_t *names = rpc_call(c->rpc, "list_dbs", json_array());
    const char *only = NULL;
    size_t i, n_others = 0;
    json_t *name;

    json_array_foreach (names, i, name) {
        const char *s = json_string_value(name);

        if (*argc && !strcmp((*argv)[0], s)) {
            c->database = xstrdup(s);
            --*argc;
            ++*argv;
            break;
        }
        if (!strcmp(s, "Open_vSwitch")) {
            only = s;
            n_others = 1;
        } else if (s[0] != '_' && (!only || strcmp(only, "Open_vSwitch"))) {
            only = s;
            n_others++;
        }
    }
    if (!c->database) {
        if (!only || n_others != 1) {
            program_fatal("could not find a default database, please "
                          "specify a database name");
        }
        c->database = xstrdup(only);
    }
    json_decref(names);
}

/* Whether the server has a connection to the cluster of the database and, if
 * that is asked for, leads it; so it is with any that is not clustered. */
static bool
is_fit(struct client *c)
{
    json_t *result = rpc_call(
        c->rpc, "transact",
        json_pack("[s,{ss,ss,s[[s,s,s]]}]", "_Server", "op", "select",
                  "table", "Database", "where", "name", "==", c->database));
    const json_t *row = json_array_get(
        json_object_get(json_array_get(result, 0), "rows"), 0);
    const char *model = json_string_value(json_object_get(row, "model"));
    const char *flag = no_leader_only ? "connected" : "leader";
    bool ok = (!model || strcmp(model, "clustered")
               || json_is_true(json_object_get(row, flag)));

    json_decref(result);
    return ok;
}

static bool
has_server_database(struct client *c)
{
    json_t *names = rpc_call(c->rpc, "list_dbs", json_array());
    bool found = false;
    json_t *name;
    size_t i;

    json_array_foreach (names, i, name) {
        found = found || !strcmp(json_string_value(name), "_Server");
    }
    json_decref(names);
    return found;
}

/* Goes on to the next of the servers until one is fit. */
static void
find_fit_server(struct client *c, const char *servers)
{
    size_t n = 1;

    for (const char *p = servers; *p; p++) {
        n += *p == ',';
    }
    while (has_server_database(c) && !is_fit(c)) {
        if (!--n) {
            program_fatal("%s: no %s of the cluster of database %s", servers,
                          no_leader_only ? "connected server" : "leader",
                          c->database);
        }
        rpc_try_next(c->rpc);
    }
}

/* Whether an option asks for what a daemon has; without, a monitor is a tool
 * like the others, and needs no run directory. */
static bool
wants_daemon(int argc, char *argv[])
{
    static const char *const options[] = {
        "--detach", "--pidfile", "--unixctl", "--monitor",
    };

    for (int i = 1; i < argc; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(options); j++) {
            if (text_starts_with(argv[i], options[j])) {
                return true;
            }
        }
    }
    return false;
}

static void
run_command(const struct command *command, bool daemon, int argc,
            char *argv[])
{
    struct client c = { .rpc = NULL };
    char *server = NULL;

    if (argc && names_server(argv[0])) {
        server = xstrdup(argv[0]);
        argc--;
        argv++;
    } else {
        server = xasprintf("unix:%s/db.sock", dirs_run(DIRS_OVS));
    }
    if (command->is_daemon && daemon) {
        daemon_start();
    }
    /* Times are for tables that come one by one. */
    table_style.timestamp = table_style.timestamp && command->is_daemon;
    c.rpc = rpc_connect(server);
    if (change_aware) {
        json_decref(rpc_call(c.rpc, "set_db_change_aware",
                             json_pack("[b]", !strcmp(change_aware,
                                                      "true"))));
    }
    if (command->need == NEED_DATABASE) {
        choose_database(&c, &argc, &argv);
        find_fit_server(&c, server);
    }
    if (argc < command->min_args || argc > command->max_args) {
        program_fatal("'%s' command requires %s", command->name,
                      *command->usage ? command->usage : "no arguments");
    }
    command->run(&c, argc, argv);
    rpc_close(c.rpc);
    free(c.database);
    free(server);
    if (command->is_daemon && daemon) {
        daemon_finish();
    }
}

int
main(int argc, char *argv[])
{
    struct option_group groups[7];
    bool daemon = wants_daemon(argc, argv);
    size_t n_groups;
    int first;

    program_init(argv[0], DIRS_OVS);
    n_groups = make_groups(groups);
    first = options_parse(argc, argv, groups, n_groups, 0);
    tool_start();
    argc -= first;
    argv += first;
    if (!argc) {
        program_fatal("missing command name; use --help for help");
    }
    if (!strcmp(argv[0], "help")) {
        usage();
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(argv[0], commands[i].name)) {
            run_command(&commands[i], daemon, argc - 1, argv + 1);
            if (fflush(stdout) || ferror(stdout)) {
                program_fatal("write to stdout failed");
            }
            return 0;
        }
    }
    program_fatal("unknown command '%s'; use --help for help", argv[0]);
}
