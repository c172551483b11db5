/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/record.h"

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "ovsdb/server/row_text.h"

/* About as many bytes of a file make one distinct string. */
#define BYTES_PER_STRING 128
#define MAX_RESERVED (1u << 22)

static bool with_diffs = true;

void
record_set_diffs(bool enable)
{
    with_diffs = enable;
}

static void
put_date(struct str *out)
{
    str_put(out, "{\"_date\":");
    str_put_int(out, clock_wall_ms());
}

/* The columns of a modified row: differences of those that are composite,
 * unless whole values are wanted. */
static void
put_modified(struct str *out, const struct txn_row *tr, uint64_t columns)
{
    const struct ovsdb_table_schema *ts = tr->row->table->schema;
    bool is_first = true;

    row_put_uuid_key(out, &tr->row->uuid);
    str_put_char(out, '{');
    for (; columns; columns &= columns - 1) {
        unsigned int c = __builtin_ctzll(columns);

        row_put_member(out, &ts->columns[c],
                       (with_diffs && tr->with_diff >> c & 1
                        ? &tr->diffs[c] : txn_field(tr->row, c)), &is_first);
    }
    str_put_char(out, '}');
}

/* Appends what the transaction does to 'tr', after a comma if it is not the
 * first.  False if that is nothing. */
static bool
put_row(struct str *out, const struct txn_row *tr, bool is_first)
{
    const struct ovsdb_table_schema *ts = tr->row->table->schema;
    enum txn_change change = txn_row_change(tr);

    if (change == TXN_NONE
        || (change == TXN_MODIFY && !(tr->changed & ~ts->ephemeral))) {
        return false;
    }
    if (!is_first) {
        str_put_char(out, ',');
    }
    if (change == TXN_DELETE) {
        row_put_uuid_key(out, &tr->row->uuid);
        str_put(out, "null");
    } else if (change == TXN_MODIFY) {
        put_modified(out, tr, tr->changed & ~ts->ephemeral);
    } else {
        row_put_uuid_key(out, &tr->row->uuid);
        row_put_json(out, tr->row, (((UINT64_C(1) << ts->n_columns) - 1)
                                    & ~ts->ephemeral), db_row_field, true);
    }
    return true;
}

bool
record_put_txn(struct str *out, const struct txn *txn)
{
    size_t start = out->length;
    struct db_table *table;
    bool is_empty = true;

    put_date(out);
    if (with_diffs) {
        str_put(out, ",\"_is_diff\":true");
    }
    if (txn->comment.length) {
        str_put(out, ",\"_comment\":");
        jtext_put_string(out, str_cstr(&txn->comment), txn->comment.length);
    }
    TXN_FOR_EACH_TABLE (table, txn) {
        size_t mark = out->length;
        bool is_first = true;
        struct txn_row *tr;

        str_printf(out, ",\"%s\":{", table->schema->name);
        TXN_FOR_EACH_ROW (tr, table) {
            if (put_row(out, tr, is_first)) {
                is_first = false;
            }
        }
        if (is_first) {
            str_truncate(out, mark);
        } else {
            str_put_char(out, '}');
            is_empty = false;
        }
    }
    str_put_char(out, '}');
    if (is_empty) {
        str_truncate(out, start);
    }
    return !is_empty;
}

void
record_put_snapshot(struct str *out, const struct db *db, const char *comment)
{
    put_date(out);
    if (comment) {
        str_put(out, ",\"_comment\":");
        jtext_put_cstr(out, comment);
    }
    for (size_t i = 0; i < db->schema->n_tables; i++) {
        const struct db_table *table = &db->tables[i];
        const struct ovsdb_table_schema *ts = table->schema;
        uint64_t columns = (((UINT64_C(1) << ts->n_columns) - 1)
                            & ~ts->ephemeral);

        if (!table->slots.n) {
            continue;
        }
        str_printf(out, ",\"%s\":{", ts->name);
        for (size_t j = 0; j < table->slots.n; j++) {
            const struct db_row *row = table->slots.items[j];

            if (j) {
                str_put_char(out, ',');
            }
            row_put_uuid_key(out, &row->uuid);
            row_put_json(out, row, columns, db_row_field, true);
        }
        str_put_char(out, '}');
    }
    str_put_char(out, '}');
}

/* Replaying. */

static bool
replay_column(struct db_row *row, struct jtext_reader *r,
              const struct span *name, bool is_diff)
{
    const struct ovsdb_column *column;
    struct ovsdb_datum *field;
    struct ovsdb_datum value;
    bool apply;

    column = ovsdb_table_schema_find_column_span(row->table->schema, name);
    if (!column || column->index >= OVSDB_MAX_COLUMNS) {
        jtext_fail(r, "No column %.*s in table %s.",
                   jtext_clip(name, 128), name->data,
                   row->table->schema->name);
        return false;
    }
    apply = is_diff && ovsdb_type_is_composite(&column->type);
    if (!ovsdb_datum_read(&value, &column->type, r, NULL,
                          (apply ? OVSDB_READ_ANY_SIZE : 0)
                          | OVSDB_READ_CHECK)) {
        return false;
    }
    field = &row->fields[column->index];
    if (apply) {
        ovsdb_datum_apply_diff(field, &value, &column->type);
    } else {
        ovsdb_datum_swap(field, &value);
    }
    ovsdb_datum_uninit(&value, &column->type);
    return true;
}

static void
replay_row(struct db_table *table, struct jtext_reader *r,
           const struct uuid *uuid, bool is_diff)
{
    struct db_row *row = db_find_row(table, uuid);
    struct span name;

    if (jtext_peek(r) == JTEXT_NULL) {
        jtext_get_null(r);
        if (!row) {
            jtext_fail(r, "delete of nonexistent row "UUID_FMT,
                       UUID_ARGS(uuid));
        } else {
            db_replay_delete(row);
        }
        return;
    }
    if (!row) {
        row = db_replay_insert(table, uuid);
        is_diff = false;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &name)
           && replay_column(row, r, &name, is_diff)) {
        continue;
    }
}

static void
replay_table(struct db *db, struct jtext_reader *r, const struct span *name,
             bool is_diff)
{
    struct db_table *table = db_find_table(db, name);
    struct span key;

    if (!table) {
        jtext_fail(r, "No table named %.*s.", jtext_clip(name, 128),
                   name->data);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        struct uuid uuid;

        if (key.size != UUID_LEN || !uuid_from_prefix(&uuid, key.data)) {
            jtext_fail(r, "\"%.*s\" is not a valid UUID",
                       jtext_clip(&key, 64), key.data);
            break;
        }
        replay_row(table, r, &uuid, is_diff);
    }
}

/* Whether the record says that it has differences.  It may do so behind what
 * it speaks of, but a record that does not have the word at all, such as a
 * snapshot, is not read for it: a quote within a string has a backslash. */
static bool
find_is_diff(struct span json)
{
    static const char word[] = "\"_is_diff\"";
    struct jtext_reader r;
    bool is_diff = false;
    struct span key;

    if (!memmem(json.data, json.size, word, sizeof word - 1)) {
        return false;
    }
    jtext_reader_init(&r, json.data, json.size);
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &key)) {
        if (span_equals_string(key, "_is_diff")) {
            jtext_get_boolean(&r, &is_diff);
        } else {
            jtext_skip(&r, NULL);
        }
    }
    jtext_reader_uninit(&r);
    return is_diff;
}

struct error *
record_replay(struct db *db, struct span json)
{
    bool is_diff = find_is_diff(json);
    struct jtext_reader r;
    struct span key;

    jtext_reader_init(&r, json.data, json.size);
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &key)) {
        if (key.size && key.data[0] == '_') {
            jtext_skip(&r, NULL);
        } else {
            replay_table(db, &r, &key, is_diff);
        }
    }
    return jtext_finish(&r);
}

/* Files. */

static struct error *
read_schema(struct dblog *log, struct ovsdb_schema **ret)
{
    struct span json;
    struct error *error = dblog_read(log, &json);

    if (error) {
        return error;
    }
    if (!json.data) {
        return error_create_tagged("I/O error", "%s: file contains no schema",
                                   dblog_path(log));
    }
    return error_wrap(ovsdb_schema_from_text(json.data, json.size, ret),
                      "%s: failed to parse as OVSDB schema", dblog_path(log));
}

static struct error *
replay_all(struct db *db, struct dblog *log, struct error **ret_warning)
{
    for (;;) {
        struct span json;
        struct error *error = dblog_read(log, &json);

        if (error) {
            *ret_warning = error;
            break;
        }
        if (!json.data) {
            break;
        }
        error = record_replay(db, json);
        if (error) {
            return error_wrap(error, "%s: record at offset %llu",
                              dblog_path(log), (unsigned long long)
                              dblog_record_offset(log));
        }
    }
    return error_wrap(db_finish_replay(db), "%s", dblog_path(log));
}

struct error *
db_open_file(const char *path, enum dblog_mode mode, struct db **ret_db,
             struct dblog **ret_log, struct error **ret_warning)
{
    struct ovsdb_schema *schema;
    struct dblog *log;
    struct db *db = NULL;
    struct error *error = dblog_open(path, mode, &log);

    *ret_warning = NULL;
    if (error) {
        return error;
    }
    error = read_schema(log, &schema);
    if (!error) {
        ovsdb_string_reserve(MIN(dblog_file_size(log) / BYTES_PER_STRING,
                                 MAX_RESERVED));
        db = db_create(schema);
        ovsdb_schema_unref(schema);
        error = replay_all(db, log, ret_warning);
    }
    dblog_end_reading(log);
    if (error) {
        error_free(*ret_warning);
        *ret_warning = NULL;
        db_destroy(db);
        dblog_close(log);
        return error;
    }
    if (ret_log) {
        *ret_log = log;
    } else {
        dblog_close(log);
    }
    *ret_db = db;
    return NULL;
}

struct error *
db_read_file_schema(const char *path, struct ovsdb_schema **ret)
{
    struct dblog *log;
    struct error *error = dblog_open(path, DBLOG_READ_ONLY, &log);

    if (!error) {
        error = read_schema(log, ret);
        dblog_close(log);
    }
    return error;
}

struct error *
db_write_snapshot(const struct db *db, struct dblog *log, const char *comment)
{
    json_t *schema = ovsdb_schema_to_json(db->schema);
    struct str text = STR_EMPTY;
    struct error *error;

    jtext_put_json(&text, schema, false);
    json_decref(schema);
    dblog_append(log, str_cstr(&text), text.length);
    if (db_count_rows(db)) {
        str_clear(&text);
        record_put_snapshot(&text, db, comment);
        dblog_append(log, str_cstr(&text), text.length);
    }
    str_uninit(&text);
    error = dblog_flush(log);
    return error ? error : dblog_sync(log);
}

/* Conversion. */

static struct error *
convert_column(struct txn *txn, struct db_row *row,
               const struct ovsdb_column *to, const struct db_row *from_row,
               const struct ovsdb_column *from)
{
    const struct ovsdb_datum *old = &from_row->fields[from->index];
    struct str text = STR_EMPTY;
    struct ovsdb_datum value;
    struct jtext_reader r;
    struct error *error;

    /* By way of the wire form, which checks the new constraints. */
    ovsdb_datum_put_json(&text, old, &from->type);
    jtext_reader_init(&r, str_cstr(&text), text.length);
    if (ovsdb_datum_read(&value, &to->type, &r, NULL, OVSDB_READ_CHECK)) {
        txn_write_take(txn, row, to->index, value);
    }
    error = jtext_finish(&r);
    str_uninit(&text);
    return error_wrap(error, "column %s of row "UUID_FMT" in table %s",
                      to->name, UUID_ARGS(&row->uuid),
                      row->table->schema->name);
}

static struct error *
convert_row(struct txn *txn, struct db_table *table,
            const struct db_row *from)
{
    struct db_row *row = txn_insert(txn, table, &from->uuid);
    struct error *error = NULL;

    for (size_t i = 0; i < table->schema->n_columns && !error; i++) {
        const struct ovsdb_column *to = &table->schema->columns[i];
        const struct ovsdb_column *column;

        column = ovsdb_table_schema_find_column(from->table->schema,
                                                to->name);
        if (column) {
            error = convert_column(txn, row, to, from, column);
        }
    }
    return error;
}

struct error *
db_convert(const struct db *old, struct ovsdb_schema *schema, struct db **ret)
{
    struct db *db = db_create(schema);
    struct txn *txn = txn_create(db);
    struct error *error = NULL;

    for (size_t i = 0; i < schema->n_tables && !error; i++) {
        struct db_table *from = db_get_table(old, schema->tables[i]->name);

        for (size_t j = 0; from && j < from->slots.n && !error; j++) {
            error = convert_row(txn, &db->tables[i], from->slots.items[j]);
        }
    }
    if (!error) {
        error = txn_check(txn);
    }
    if (error) {
        txn_abort(txn);
        db_destroy(db);
        return error;
    }
    txn_commit(txn);
    *ret = db;
    return NULL;
}
