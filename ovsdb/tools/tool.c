/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-tool: works on database files, without a server. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/daemon/daemon.h"
#include "ovsdb/server/execute.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/row_text.h"

static unsigned int verbosity;
static const char *rbac_role;

struct command {
    const char *name;
    const char *usage;
    int min_args;
    int max_args;
    void (*run)(int argc, char *argv[]);
    const char *help;
};

static struct error *
more(void *target, const char *argument)
{
    verbosity++;
    return NULL;
}

/* Arguments with defaults. */

static const char *
default_db(void)
{
    static char *name;

    if (!name) {
        name = dirs_path(dirs_db(DIRS_OVS), "conf.db");
    }
    return name;
}

static const char *
default_schema(void)
{
    static char *name;

    if (!name) {
        name = dirs_path(dirs_pkgdata(DIRS_OVS), "vswitch.ovsschema");
    }
    return name;
}

static const char *
db_arg(int argc, char *argv[], int i)
{
    return argc > i ? argv[i] : default_db();
}

static const char *
schema_arg(int argc, char *argv[], int i)
{
    return argc > i ? argv[i] : default_schema();
}

static struct ovsdb_schema *
read_schema(const char *path)
{
    struct ovsdb_schema *schema = NULL;

    program_check(ovsdb_schema_from_file(path, &schema));
    return schema;
}

static struct ovsdb_schema *
read_db_schema(const char *path)
{
    struct ovsdb_schema *schema = NULL;

    program_check(db_read_file_schema(path, &schema));
    return schema;
}

static struct db *
read_db(const char *path, enum dblog_mode mode, struct dblog **ret_log)
{
    struct error *warning;
    struct db *db = NULL;

    program_check(db_open_file(path, mode, &db, ret_log, &warning));
    if (warning) {
        fprintf(stderr, "%s: %s\n", program_name(), error_message(warning));
        error_free(warning);
    }
    return db;
}

/* Commands. */

static void
do_create(int argc, char *argv[])
{
    const char *path = db_arg(argc, argv, 1);
    struct ovsdb_schema *schema = read_schema(schema_arg(argc, argv, 2));
    struct db *db = db_create(schema);
    struct dblog *log = NULL;

    program_check(dblog_open(path, DBLOG_CREATE, &log));
    program_check(db_write_snapshot(db, log, NULL));
    dblog_close(log);
    db_destroy(db);
    ovsdb_schema_unref(schema);
}

/* Writes 'db' to the new file 'dst', or in the place of 'log'. */
static void
write_db(const struct db *db, struct dblog *log, const char *dst,
         const char *verb)
{
    char *comment = xasprintf("%s by ovsdb-tool", verb);
    struct dblog *new_log = NULL;

    if (dst) {
        program_check(dblog_open(dst, DBLOG_CREATE, &new_log));
        program_check(db_write_snapshot(db, new_log, comment));
        dblog_close(new_log);
    } else {
        program_check(dblog_replace_begin(log, &new_log));
        program_check(db_write_snapshot(db, new_log, comment));
        program_check(dblog_replace_commit(log, new_log));
    }
    free(comment);
}

static void
do_compact(int argc, char *argv[])
{
    struct dblog *log;
    struct db *db = read_db(db_arg(argc, argv, 1),
                            argc > 2 ? DBLOG_READ_ONLY : DBLOG_READ_WRITE,
                            &log);

    write_db(db, log, argc > 2 ? argv[2] : NULL, "compacted");
    db_destroy(db);
    dblog_close(log);
}

static void
do_convert(int argc, char *argv[])
{
    struct ovsdb_schema *schema = read_schema(schema_arg(argc, argv, 2));
    struct dblog *log;
    struct db *db = read_db(db_arg(argc, argv, 1),
                            argc > 3 ? DBLOG_READ_ONLY : DBLOG_READ_WRITE,
                            &log);
    struct db *converted = NULL;

    program_check(db_convert(db, schema, &converted));
    write_db(converted, log, argc > 3 ? argv[3] : NULL, "converted");
    db_destroy(converted);
    db_destroy(db);
    dblog_close(log);
    ovsdb_schema_unref(schema);
}

static void
do_needs_conversion(int argc, char *argv[])
{
    struct ovsdb_schema *a = read_db_schema(db_arg(argc, argv, 1));
    struct ovsdb_schema *b = read_schema(schema_arg(argc, argv, 2));

    puts(ovsdb_schema_equals(a, b) ? "no" : "yes");
    ovsdb_schema_unref(a);
    ovsdb_schema_unref(b);
}

/* Prints the name, version or checksum of the schema, which it unrefs. */
static void
print_about(struct ovsdb_schema *schema, const char *command)
{
    const char *dash = strrchr(command, '-');

    puts(!strcmp(dash, "-name") ? schema->name
         : !strcmp(dash, "-version") ? schema->version
         : schema->cksum);
    ovsdb_schema_unref(schema);
}

static void
do_about_schema(int argc, char *argv[])
{
    print_about(read_schema(schema_arg(argc, argv, 1)), argv[0]);
}

/* Whether the file is "standalone" or "clustered", by its first bytes. */
static const char *
kind_of(const char *path)
{
    FILE *file = fopen(path, "r");
    char magic[16] = "";

    if (!file) {
        program_fatal("%s: open failed (%s)", path, strerror(errno));
    }
    if (!fread(magic, 1, sizeof magic - 1, file)) {
        program_fatal("%s: cannot read", path);
    }
    fclose(file);
    return (!strncmp(magic, "OVSDB JSON ", 11) ? "standalone"
            : !strncmp(magic, "OVSDB CLUSTER ", 14) ? "clustered" : "");
}

static void
do_db_is(int argc, char *argv[])
{
    if (strcmp(kind_of(argv[1]), strrchr(argv[0], '-') + 1)) {
        exit(2);
    }
}

/* The longest first record of a clustered database that is believed. */
#define MAX_CLUSTER_HEADER (16 << 20)

/* Reads the first record of a clustered database (ovsdb(5)), which tells of
 * the server and its cluster, for json_decref(). */
static json_t *
read_cluster_header(const char *path)
{
    struct str text = STR_EMPTY;
    json_t *json = NULL;
    unsigned int size;
    FILE *file;

    if (strcmp(kind_of(path), "clustered")) {
        program_fatal("%s: not a clustered database", path);
    }
    file = fopen(path, "r");
    if (!file || fscanf(file, "OVSDB CLUSTER %8u %*40[0-9a-f]", &size) != 1
        || size > MAX_CLUSTER_HEADER || getc(file) != '\n'
        || fread(str_put_raw(&text, size), 1, size, file) != size) {
        program_fatal("%s: parse error in header of a clustered database",
                      path);
    }
    fclose(file);
    program_check(error_wrap(jtext_to_json(str_cstr(&text), text.length,
                                           &json), "%s", path));
    str_uninit(&text);
    if (!json_is_string(json_object_get(json, "name"))) {
        program_fatal("%s: clustered database without a name", path);
    }
    return json;
}

static void
do_about_db(int argc, char *argv[])
{
    const char *path = db_arg(argc, argv, 1);
    json_t *header;

    if (!strcmp(argv[0], "db-name") && !strcmp(kind_of(path), "clustered")) {
        header = read_cluster_header(path);
        puts(json_string_value(json_object_get(header, "name")));
        json_decref(header);
    } else {
        print_about(read_db_schema(path), argv[0]);
    }
}

/* db-cid, db-sid, db-local-address. */
static void
do_about_cluster(int argc, char *argv[])
{
    static const struct {
        const char *command, *member;
    } rows[] = {
        { "db-cid", "cluster_id" },
        { "db-sid", "server_id" },
        { "db-local-address", "local_address" },
    };
    json_t *header = read_cluster_header(argv[1]);
    size_t i = 0;

    while (strcmp(argv[0], rows[i].command)) {
        i++;
    }
    if (!json_is_string(json_object_get(header, rows[i].member))) {
        /* A server that has not joined yet knows no cluster. */
        fprintf(stderr, "%s: %s: no %s is known yet\n", program_name(),
                argv[1], rows[i].member);
        exit(2);
    }
    puts(json_string_value(json_object_get(header, rows[i].member)));
    json_decref(header);
}

static void
do_compare_versions(int argc, char *argv[])
{
    static const char *const ops[] = { "<", "<=", "==", ">=", ">", "!=" };
    unsigned int a[3], b[3];
    int cmp = 0;
    size_t i = 0;

    for (int j = 1; j <= 3; j += 2) {
        unsigned int *v = j == 1 ? a : b;

        if (!ovsdb_version_is_valid(argv[j])) {
            program_fatal("\"%s\" is not a valid version", argv[j]);
        }
        if (sscanf(argv[j], "%u.%u.%u", &v[0], &v[1], &v[2]) != 3) {
            program_fatal("\"%s\" is not a valid version", argv[j]);
        }
    }
    for (size_t j = 0; j < 3 && !cmp; j++) {
        cmp = (a[j] > b[j]) - (a[j] < b[j]);
    }
    while (i < ARRAY_SIZE(ops) && strcmp(argv[2], ops[i])) {
        i++;
    }
    if (i == ARRAY_SIZE(ops)) {
        program_fatal("%s: unknown operator", argv[2]);
    }
    const bool results[] = { cmp < 0, cmp <= 0, !cmp, cmp >= 0, cmp > 0,
                             cmp != 0 };
    if (!results[i]) {
        exit(2);
    }
}

/* Whether the parameters of a transaction name the database; prints an error
 * if not. */
static bool
check_transaction(const struct db *db, const char *text)
{
    json_t *json = NULL;
    struct error *error;
    const char *name;
    struct str s = STR_EMPTY;
    bool ok;

    program_check(jtext_to_json(text, strlen(text), &json));
    name = json_string_value(json_array_get(json, 0));
    ok = name && !strcmp(name, db_name(db));
    if (!ok) {
        error = error_create_tagged("syntax error", (
            json_is_array(json) ? "database name expected as first parameter"
            : "array expected"));
        error_take_subject(error, jtext_subject(span_of(text)));
        put_error_json(&s, error);
        puts(str_cstr(&s));
        str_uninit(&s);
        error_free(error);
    }
    json_decref(json);
    return ok;
}

static void
append_record(struct db *db, struct txn *txn, void *log)
{
    struct str text = STR_EMPTY;

    if (record_put_txn(&text, txn)) {
        dblog_append(log, str_cstr(&text), text.length);
    }
    str_uninit(&text);
}

static void
run_transaction(int argc, char *argv[], bool dry_run)
{
    const struct execute_client client = { .role = rbac_role };
    const char *text = argv[argc - 1];
    struct execute_result result;
    struct dblog *log;
    struct db *db = read_db(argc > 2 ? argv[1] : default_db(),
                            dry_run ? DBLOG_READ_ONLY : DBLOG_READ_WRITE,
                            &log);

    if (check_transaction(db, text)) {
        db->observer = (struct db_observer) { append_record, log };
        execute(db, span_of(text), &client, INT64_MAX, dry_run, &result);
        if (!dry_run) {
            program_check(dblog_flush(log));
            program_check(dblog_sync(log));
        }
        puts(str_cstr(&result.text));
        str_uninit(&result.text);
    }
    db_destroy(db);
    dblog_close(log);
}

static void
do_query(int argc, char *argv[])
{
    run_transaction(argc, argv, true);
}

static void
do_transact(int argc, char *argv[])
{
    run_transaction(argc, argv, false);
}

/* show-log. */

static void
print_date(json_int_t ms)
{
    time_t seconds = ms < UINT32_MAX ? ms : ms / 1000;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    printf(" %04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900,
           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (ms >= UINT32_MAX) {
        printf(".%03d", (int) (ms % 1000));
    }
}

/* What to call a row: its "name" in 'names', if it has had one, or the start
 * of its uuid. */
static void
print_row_name(json_t *names, const char *uuid)
{
    const char *name = json_string_value(json_object_get(names, uuid));

    if (name) {
        printf("\"%s\"", name);
    } else {
        printf("%.8s", uuid);
    }
}

static void
print_columns(const struct ovsdb_table_schema *ts, const json_t *row,
              bool is_diff)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *) row, name, value) {
        const struct ovsdb_column *column = NULL;
        struct str s = STR_EMPTY;
        struct ovsdb_datum datum;

        if (ts) {
            column = ovsdb_table_schema_find_column(ts, name);
        }
        if (column) {
            struct error *error = ovsdb_datum_from_json(
                &datum, &column->type, value, NULL,
                is_diff ? OVSDB_READ_ANY_SIZE : 0);

            if (error) {
                error_free(error);
                column = NULL;
            }
        }
        if (column) {
            ovsdb_datum_put_text(&s, &datum, &column->type);
            ovsdb_datum_uninit(&datum, &column->type);
        } else {
            jtext_put_json(&s, value, true);
        }
        printf("    %s=%s\n", name, str_cstr(&s));
        str_uninit(&s);
    }
}

/* Prints what a record does to one row, and notes its name. */
static void
print_row_change(const struct ovsdb_table_schema *ts, const char *table,
                 const char *uuid, json_t *row, json_t *names, bool is_diff)
{
    const char *name = json_string_value(json_object_get(row, "name"));
    bool is_new = !json_object_get(names, uuid);

    printf("  table %s", table);
    if (is_new) {
        printf(" insert row ");
        json_object_set_new(names, uuid, name ? json_string(name)
                            : json_null());
        print_row_name(names, uuid);
        puts(name ? "" : ":");
        if (name) {
            printf("  (%.8s):\n", uuid);
        }
    } else {
        printf(" row ");
        print_row_name(names, uuid);
        printf(" (%.8s)%s:\n", uuid, is_diff ? " diff" : "");
        if (name) {
            json_object_set_new(names, uuid, json_string(name));
        }
    }
    if (json_is_null(row)) {
        puts("    delete row");
        json_object_del(names, uuid);
    } else if (verbosity > 1) {
        print_columns(ts, row, is_diff && !is_new);
    }
}

static void
print_tables(const struct ovsdb_schema *schema, json_t *json, json_t *names)
{
    bool is_diff = json_is_true(json_object_get(json, "_is_diff"));
    const char *table, *uuid;
    json_t *rows, *row;

    json_object_foreach (json, table, rows) {
        if (table[0] == '_') {
            continue;
        }
        json_object_foreach (rows, uuid, row) {
            print_row_change(ovsdb_schema_find_table(schema, table), table,
                             uuid, row, names, is_diff);
        }
    }
}

static void
print_record(const struct ovsdb_schema *schema, json_t *json, json_t *names)
{
    const json_t *date = json_object_get(json, "_date");
    const json_t *comment = json_object_get(json, "_comment");

    if (json_is_integer(date)) {
        print_date(json_integer_value(date));
    }
    if (json_is_string(comment)) {
        printf(" \"%s\"", json_string_value(comment));
    }
    putchar('\n');
    if (verbosity) {
        print_tables(schema, json, names);
        putchar('\n');
    }
}

static void
do_show_log(int argc, char *argv[])
{
    struct ovsdb_schema *schema = NULL;
    json_t *names = json_object();
    struct dblog *log = NULL;

    program_check(dblog_open(db_arg(argc, argv, 1), DBLOG_READ_ONLY, &log));
    for (unsigned int i = 0; ; i++) {
        struct span text;
        json_t *json = NULL;

        program_check(dblog_read(log, &text));
        if (!text.data) {
            break;
        }
        program_check(jtext_to_json(text.data, text.size, &json));
        printf("record %u:", i);
        if (!i) {
            program_check(ovsdb_schema_from_json(json, &schema));
            printf(" \"%s\" schema, version=\"%s\", cksum=\"%s\"\n",
                   schema->name, schema->version, schema->cksum);
            putchar('\n');
        } else {
            print_record(schema, json, names);
        }
        json_decref(json);
    }
    dblog_close(log);
    json_decref(names);
    ovsdb_schema_unref(schema);
}

static void do_list_commands(int argc, char *argv[]);
static void do_help(int argc, char *argv[]);

static const struct command commands[] = {
    { "create", "[DB [SCHEMA]]", 0, 2, do_create,
      "create DB with the given SCHEMA" },
    { "compact", "[DB [DST]]", 0, 2, do_compact,
      "compact DB in-place (or to DST)" },
    { "convert", "[DB [SCHEMA [DST]]]", 0, 3, do_convert,
      "convert DB to SCHEMA (to DST)" },
    { "needs-conversion", "[DB [SCHEMA]]", 0, 2, do_needs_conversion,
      "print whether DB has another schema" },
    { "db-name", "[DB]", 0, 1, do_about_db, "print the name of DB's schema" },
    { "db-version", "[DB]", 0, 1, do_about_db,
      "print the version of DB's schema" },
    { "db-cksum", "[DB]", 0, 1, do_about_db,
      "print the checksum of DB's schema" },
    { "db-cid", "DB", 1, 1, do_about_cluster,
      "print the cluster ID of a clustered DB" },
    { "db-sid", "DB", 1, 1, do_about_cluster,
      "print the server ID of a clustered DB" },
    { "db-local-address", "DB", 1, 1, do_about_cluster,
      "print the local address of a clustered DB" },
    { "db-is-clustered", "DB", 1, 1, do_db_is,
      "exit with 0 if DB is clustered, 2 if not" },
    { "db-is-standalone", "DB", 1, 1, do_db_is,
      "exit with 0 if DB is standalone, 2 if not" },
    { "schema-name", "[SCHEMA]", 0, 1, do_about_schema,
      "print SCHEMA's name" },
    { "schema-version", "[SCHEMA]", 0, 1, do_about_schema,
      "print SCHEMA's version" },
    { "schema-cksum", "[SCHEMA]", 0, 1, do_about_schema,
      "print SCHEMA's checksum" },
    { "compare-versions", "A OP B", 3, 3, do_compare_versions,
      "exit with 0 if it holds, 2 if not" },
    { "query", "[DB] TRNS", 1, 2, do_query,
      "run transaction TRNS, but keep nothing" },
    { "transact", "[DB] TRNS", 1, 2, do_transact,
      "run transaction TRNS on DB" },
    { "show-log", "[DB]", 0, 1, do_show_log,
      "print DB's records; -m, -mm: and their rows, columns" },
    { "list-commands", "", 0, INT_MAX, do_list_commands,
      "list these commands" },
    { "help", "", 0, INT_MAX, do_help, "display this help message" },
};

static void
do_list_commands(int argc, char *argv[])
{
    puts("The available commands are:");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        printf("  %-24s%s\n", commands[i].name, commands[i].usage);
    }
}

static const struct option_row tool_rows[] = {
    { "more", 'm', OPTION_NONE, NULL, "increase show-log verbosity", more,
      NULL },
    { "rbac-role", 0, OPTION_REQUIRED, "ROLE",
      "RBAC role for transact and query commands", option_set_string,
      &rbac_role },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[3])
{
    groups[0] = (struct option_group) {
        "Tool options", tool_rows, ARRAY_SIZE(tool_rows) };
    groups[1] = log_options();
    groups[2] = help_options(usage);
    return 3;
}

static void
usage(void)
{
    struct option_group groups[3];
    size_t n = make_groups(groups);

    printf("%s: Open vSwitch database management utility\n"
           "usage: %s [OPTIONS] COMMAND [ARG...]\n", program_name(),
           program_name());
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        const struct command *c = &commands[i];

        printf("  %s %-*s  %s\n", c->name,
               (int) (33 - MIN(33, strlen(c->name))), c->usage, c->help);
    }
    printf("The default DB is %s.\nThe default SCHEMA is %s.\n",
           default_db(), default_schema());
    options_print_help(groups, n);
}

static void
do_help(int argc, char *argv[])
{
    usage();
}

int
main(int argc, char *argv[])
{
    struct option_group groups[3];
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
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(argv[0], commands[i].name)) {
            if (argc - 1 < commands[i].min_args
                || argc - 1 > commands[i].max_args) {
                program_fatal("'%s' command requires %s", argv[0],
                              commands[i].usage);
            }
            commands[i].run(argc, argv);
            if (fflush(stdout) || ferror(stdout)) {
                program_fatal("write to stdout failed");
            }
            return 0;
        }
    }
    program_fatal("unknown command '%s'; use --help for help", argv[0]);
}
