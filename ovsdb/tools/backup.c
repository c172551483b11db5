/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/tools/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/daemon/daemon.h"
#include "lib/runtime/clock.h"
#include "ovsdb/server/record.h"

static void
print_record(const json_t *json)
{
    struct str text = STR_EMPTY;
    struct str record = STR_EMPTY;

    jtext_put_json(&text, json, false);
    dblog_put_record(&record, str_cstr(&text), text.length);
    fwrite(record.string, 1, record.length, stdout);
    str_uninit(&text);
    str_uninit(&record);
}

void
backup_write(struct rpc *rpc, const struct ovsdb_schema *schema)
{
    json_t *json = ovsdb_schema_to_json(schema);
    json_t *txn = json_object();
    json_t *ops = json_pack("[s]", schema->name);
    json_t *results;

    if (isatty(STDOUT_FILENO)) {
        program_fatal("not writing backup to a terminal; please redirect "
                      "stdout to a file");
    }
    print_record(json);
    json_decref(json);
    for (size_t i = 0; i < schema->n_tables; i++) {
        const struct ovsdb_table_schema *ts = schema->tables[i];
        json_t *columns = json_pack("[s]", "_uuid");

        for (size_t j = 0; j < ts->n_columns; j++) {
            if (ts->columns[j].is_persistent) {
                json_array_append_new(columns,
                                      json_string(ts->columns[j].name));
            }
        }
        json_array_append_new(ops, json_pack("{ss,ss,s[],so}", "op", "select",
                                             "table", ts->name, "where",
                                             "columns", columns));
    }
    results = rpc_call(rpc, "transact", ops);
    for (size_t i = 0; i < schema->n_tables; i++) {
        json_t *rows = json_object_get(json_array_get(results, i), "rows");
        json_t *table = json_object();
        json_t *row;
        size_t j;

        json_array_foreach (rows, j, row) {
            const char *uuid = json_string_value(
                json_array_get(json_object_get(row, "_uuid"), 1));
            json_t *copy = json_copy(row);

            json_object_del(copy, "_uuid");
            json_object_set_new(table, uuid ? uuid : "", copy);
        }
        if (json_object_size(table)) {
            json_object_set(txn, schema->tables[i]->name, table);
        }
        json_decref(table);
    }
    if (json_object_size(txn)) {
        json_object_set_new(txn, "_date", json_integer(clock_wall_ms()));
        json_object_set_new(txn, "_is_diff", json_true());
        json_object_set_new(txn, "_comment",
                            json_string("produced by \"ovsdb-client "
                                        "backup\""));
        print_record(txn);
    }
    json_decref(txn);
    json_decref(results);
}

static struct str
read_stdin(void)
{
    struct str text = STR_EMPTY;
    char chunk[65536];
    size_t n;

    if (isatty(STDIN_FILENO)) {
        program_fatal("not reading backup from a terminal; please redirect "
                      "stdin from a file");
    }
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0) {
        str_put_bytes(&text, chunk, n);
    }
    return text;
}

/* Reads a database from the text of its file. */
static struct db *
parse_snapshot(struct span text)
{
    struct ovsdb_schema *schema = NULL;
    struct span json;
    struct db *db;

    program_check(dblog_parse_record(&text, &json));
    if (!json.data) {
        program_fatal("backup is empty");
    }
    program_check(ovsdb_schema_from_text(json.data, json.size, &schema));
    db = db_create(schema);
    ovsdb_schema_unref(schema);
    for (;;) {
        program_check(dblog_parse_record(&text, &json));
        if (!json.data) {
            break;
        }
        program_check(record_replay(db, json));
    }
    program_check(db_finish_replay(db));
    return db;
}

/* The name that stands for 'uuid' in the transaction: the uuids of rows that
 * the same transaction deletes cannot be given again. */
static void
put_row_name(struct str *out, const char *uuid)
{
    str_put(out, "row");
    for (size_t i = 0; i < UUID_LEN; i++) {
        str_put_char(out, uuid[i] == '-' ? '_' : uuid[i]);
    }
}

/* Appends the wire form 'json', in which references to rows of 'db' become
 * names.  The text looked for cannot be part of a string, where quotes are
 * escaped. */
static void
put_renamed(struct str *out, const struct db *db, const char *json)
{
    static const char mark[] = "[\"uuid\",\"";
    const char *p;

    while ((p = strstr(json, mark))) {
        const char *text = p + sizeof mark - 1;
        struct uuid uuid;
        bool is_row = false;

        if (uuid_from_prefix(&uuid, text)) {
            for (size_t i = 0; i < db->schema->n_tables; i++) {
                is_row = is_row || db_find_row(&db->tables[i], &uuid);
            }
        }
        str_put_bytes(out, json, p - json);
        if (is_row) {
            str_put(out, "[\"named-uuid\",\"");
            put_row_name(out, text);
            json = text + UUID_LEN;
        } else {
            str_put(out, mark);
            json = text;
        }
    }
    str_put(out, json);
}

/* Appends an insert for each row. */
static void
put_inserts(struct str *out, const struct db_table *table)
{
    VEC_FOR_EACH (p, &table->slots) {
        char *uuid = xasprintf(UUID_FMT, UUID_ARGS(&(*p)->uuid));
        bool is_first = true;

        str_printf(out, ",{\"op\":\"insert\",\"table\":\"%s\","
                   "\"uuid-name\":\"", table->schema->name);
        put_row_name(out, uuid);
        str_put(out, "\",\"row\":{");
        for (size_t i = 0; i < table->schema->n_columns; i++) {
            const struct ovsdb_column *column = &table->schema->columns[i];
            const struct ovsdb_datum *value = &(*p)->fields[i];
            struct str json = STR_EMPTY;

            if (!column->is_persistent
                || ovsdb_datum_is_default(value, &column->type)) {
                continue;
            }
            str_printf(out, "%s\"%s\":", is_first ? "" : ",", column->name);
            ovsdb_datum_put_json(&json, value, &column->type);
            put_renamed(out, table->db, str_cstr(&json));
            str_uninit(&json);
            is_first = false;
        }
        str_put(out, "}}");
        free(uuid);
    }
}

static bool
has_error(const json_t *results)
{
    const json_t *result;
    size_t i;

    json_array_foreach (results, i, result) {
        if (json_object_get(result, "error")) {
            return true;
        }
    }
    return false;
}

void
backup_restore(struct rpc *rpc, const struct ovsdb_schema *schema, bool force)
{
    struct str text = read_stdin();
    struct db *db = parse_snapshot((struct span) { text.string,
                                                   text.length });
    struct str params = STR_EMPTY;
    json_t *transaction = NULL, *results;

    if (!force && !ovsdb_schema_equals(db->schema, schema)) {
        program_fatal("backup schema has a different schema than the "
                      "database; use --force to override");
    }
    str_printf(&params, "[\"%s\"", schema->name);
    for (size_t i = 0; i < schema->n_tables; i++) {
        str_printf(&params, ",{\"op\":\"delete\",\"table\":\"%s\","
                   "\"where\":[]}", schema->tables[i]->name);
    }
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        put_inserts(&params, &db->tables[i]);
    }
    str_put(&params, "]");
    program_check(jtext_to_json(str_cstr(&params), params.length,
                                &transaction));
    results = rpc_call(rpc, "transact", transaction);
    if (has_error(results)) {
        char *answer = json_dumps(results, JSON_COMPACT | JSON_SORT_KEYS);

        puts(answer);
        free(answer);
        program_fatal("restore failed");
    }
    json_decref(results);
    str_uninit(&params);
    str_uninit(&text);
    db_destroy(db);
}
