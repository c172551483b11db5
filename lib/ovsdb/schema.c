/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/schema.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/alloc.h"

/* The largest schema file that is read. */
#define SCHEMA_FILE_MAX (16u << 20)

static struct error *
syntax(const char *format, ...) PRINTF_FORMAT(1, 2);

static struct error *
syntax(const char *format, ...)
{
    va_list args;
    char *message;
    struct error *error;

    va_start(args, format);
    message = xvasprintf(format, args);
    va_end(args);
    error = error_create_tagged("syntax error", "%s", message);
    free(message);
    return error;
}

bool
ovsdb_id_is_valid(const char *s)
{
    if (!isalpha((unsigned char) *s) && *s != '_') {
        return false;
    }
    for (; *s; s++) {
        if (!isalnum((unsigned char) *s) && *s != '_') {
            return false;
        }
    }
    return true;
}

bool
ovsdb_version_is_valid(const char *s)
{
    unsigned int a, b, c;
    int n = -1;

    return (isdigit((unsigned char) *s)
            && sscanf(s, "%9u.%9u.%9u%n", &a, &b, &c, &n) == 3
            && n >= 0 && !s[n]);
}

static const struct ovsdb_column *
implicit_column(unsigned int index, const char *name)
{
    static struct ovsdb_column columns[2];
    struct ovsdb_column *column = &columns[index == OVSDB_COLUMN_UUID];

    if (!column->name) {
        column->name = (char *) name;
        column->index = index;
        ovsdb_type_init(&column->type, OVSDB_TYPE_UUID);
        ovsdb_datum_init_default(&column->def, &column->type);
    }
    return column;
}

const struct ovsdb_column *
ovsdb_column_uuid(void)
{
    return implicit_column(OVSDB_COLUMN_UUID, "_uuid");
}

const struct ovsdb_column *
ovsdb_column_version(void)
{
    return implicit_column(OVSDB_COLUMN_VERSION, "_version");
}

/* Refuses members of 'json' that are not in 'allowed', which ends with NULL,
 * and values that are not of the right kind ('s'tring, 'o'bject, 'b'oolean,
 * 'i'nteger, 'a'rray, '*': any), the first letter of each. */
static struct error *
check_members(const json_t *json, const char *const allowed[],
              const char *what)
{
    const char *name;
    json_t *value;
    int64_t n;

    if (!json_is_object(json)) {
        return syntax("Parsing %s failed: object expected", what);
    }
    json_object_foreach ((json_t *) json, name, value) {
        const char *const *a = allowed;

        while (*a && strcmp(*a + 1, name)) {
            a++;
        }
        if (!*a) {
            return syntax("Parsing %s failed: Member '%s' is present but "
                          "not allowed here.", what, name);
        }
        if ((**a == 's' && !json_is_string(value))
            || (**a == 'o' && !json_is_object(value))
            || (**a == 'b' && !json_is_boolean(value))
            || (**a == 'i' && !ovsdb_read_integer(value, &n))
            || (**a == 'a' && !json_is_array(value))) {
            return syntax("Parsing %s failed: Type mismatch for member '%s'.",
                          what, name);
        }
    }
    return NULL;
}

static bool
get_bool(const json_t *json, const char *name, bool def)
{
    const json_t *value = json_object_get(json, name);

    return value ? json_is_true(value) : def;
}

/* Refuses names that are no <id>, and reserved ones. */
static struct error *
check_name(const char *name, const char *what)
{
    if (name[0] == '_') {
        return syntax("names beginning with \"_\" are reserved: %s", name);
    }
    if (!ovsdb_id_is_valid(name)) {
        return syntax("name of %s must be a valid id: %s", what, name);
    }
    return NULL;
}

static struct error *
column_from_json(struct ovsdb_column *column, const char *name,
                 const json_t *json)
{
    static const char *const members[] = {
        "*type", "bmutable", "bephemeral", NULL
    };
    struct error *error = check_name(name, "column");

    if (!error) {
        error = check_members(json, members, name);
    }
    if (!error && !json_object_get(json, "type")) {
        error = syntax("Parsing schema for column %s failed: Required 'type' "
                       "member is missing.", name);
    }
    if (!error) {
        error = ovsdb_type_from_json(&column->type,
                                     json_object_get(json, "type"));
    }
    if (error) {
        return error_wrap(error, "column \"%s\"", name);
    }

    /* A weak reference goes away with its row, so it cannot be immutable. */
    column->is_mutable = (get_bool(json, "mutable", true)
                          || ovsdb_base_type_is_weak_ref(&column->type.key)
                          || ovsdb_base_type_is_weak_ref(&column->type.value));
    column->is_persistent = !get_bool(json, "ephemeral", false);
    column->name = xstrdup(name);
    ovsdb_datum_init_default(&column->def, &column->type);
    return NULL;
}

static int
compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* The names of the members in order: json_object_size() of them, for free(),
 * borrowed from 'json'. */
static const char **
sorted_names(const json_t *json)
{
    const char **names = xcalloc(json_object_size(json) + 1, sizeof *names);
    const char *name;
    json_t *value;
    size_t n = 0;

    json_object_foreach ((json_t *) json, name, value) {
        names[n++] = name;
    }
    qsort(names, n, sizeof *names, compare_strings);
    return names;
}

static struct error *
columns_from_json(struct ovsdb_table_schema *ts, const json_t *json)
{
    size_t n = json_object_size(json);
    struct error *error = NULL;
    const char **names;

    if (n > OVSDB_MAX_COLUMNS) {
        return syntax("table has %zu columns, more than the maximum of %d",
                      n, OVSDB_MAX_COLUMNS);
    }
    names = sorted_names(json);
    ts->columns = xcalloc(n + 1, sizeof *ts->columns);
    for (size_t i = 0; i < n && !error; i++) {
        struct ovsdb_column *column = &ts->columns[i];

        error = column_from_json(column, names[i],
                                 json_object_get(json, names[i]));
        if (!error) {
            column->index = ts->n_columns++;
            shash_add_once(&ts->by_name, column->name, column);
            if (!column->is_persistent) {
                ts->ephemeral |= UINT64_C(1) << column->index;
            }
        }
    }
    free(names);
    return error;
}

static struct error *
index_from_json(struct ovsdb_table_schema *ts, struct ovsdb_index *index,
                const json_t *json)
{
    size_t i;
    json_t *name;

    if (!json_is_array(json) || !json_array_size(json)) {
        return syntax("index must be an array of at least one column name");
    }
    index->columns = xcalloc(json_array_size(json), sizeof *index->columns);
    json_array_foreach (json, i, name) {
        const struct ovsdb_column *column;

        column = (json_is_string(name)
                  ? ovsdb_table_schema_find_column(ts,
                                                   json_string_value(name))
                  : NULL);
        if (!column || column->index >= OVSDB_MAX_COLUMNS) {
            return syntax("index names a column that the table does not "
                          "have");
        }
        if (!column->is_persistent) {
            return syntax("ephemeral columns (such as %s) may not be "
                          "indexed", column->name);
        }
        if (index->mask >> column->index & 1) {
            return syntax("index names column %s twice", column->name);
        }
        index->mask |= UINT64_C(1) << column->index;
        index->columns[index->n_columns++] = column->index;
    }
    return NULL;
}

static struct error *
indexes_from_json(struct ovsdb_table_schema *ts, const json_t *json)
{
    size_t i;
    json_t *index;

    ts->indexes = xcalloc(json_array_size(json) + 1, sizeof *ts->indexes);
    json_array_foreach (json, i, index) {
        struct error *error = index_from_json(
            ts, &ts->indexes[ts->n_indexes++], index);

        if (error) {
            return error;
        }
    }
    return NULL;
}

static void
table_schema_destroy(struct ovsdb_table_schema *ts)
{
    if (!ts) {
        return;
    }
    for (size_t i = 0; i < ts->n_columns; i++) {
        struct ovsdb_column *column = &ts->columns[i];

        ovsdb_datum_uninit(&column->def, &column->type);
        ovsdb_type_uninit(&column->type);
        free(column->name);
    }
    for (size_t i = 0; i < ts->n_indexes; i++) {
        free(ts->indexes[i].columns);
    }
    free(ts->columns);
    free(ts->indexes);
    shash_uninit(&ts->by_name);
    free(ts->name);
    free(ts);
}

static struct error *
table_from_json(struct ovsdb_table_schema *ts, const json_t *json)
{
    static const char *const members[] = {
        "ocolumns", "imaxRows", "bisRoot", "aindexes", NULL
    };
    const json_t *columns = json_object_get(json, "columns");
    const json_t *max_rows = json_object_get(json, "maxRows");
    struct error *error = check_members(json, members, "table schema");

    if (error) {
        return error;
    }
    if (!columns || !json_object_size(columns)) {
        return syntax("table must have at least one column");
    }
    ts->max_rows = UINT_MAX;
    if (max_rows) {
        int64_t n;

        if (!ovsdb_read_integer(max_rows, &n) || n <= 0) {
            return syntax("maxRows must be at least 1");
        }
        ts->max_rows = MIN(n, UINT_MAX);
    }
    ts->is_root = get_bool(json, "isRoot", false);
    error = columns_from_json(ts, columns);
    if (!error) {
        error = indexes_from_json(ts, json_object_get(json, "indexes"));
    }
    return error;
}

static struct error *
resolve_base(const struct ovsdb_schema *schema, struct ovsdb_table_schema *ts,
             const struct ovsdb_column *column, struct ovsdb_base_type *base)
{
    if (!ovsdb_base_type_is_ref(base)) {
        return NULL;
    }
    base->uuid.ref_table = ovsdb_schema_find_table(schema,
                                                   base->uuid.ref_table_name);
    if (!base->uuid.ref_table) {
        return syntax("column \"%s\" in table \"%s\" refers to undefined "
                      "table %s", column->name, ts->name,
                      base->uuid.ref_table_name);
    }
    *(base->uuid.ref_type == OVSDB_REF_WEAK
      ? &ts->weak_refs : &ts->strong_refs) |= UINT64_C(1) << column->index;
    return NULL;
}

static struct error *
resolve_refs(const struct ovsdb_schema *schema)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        struct ovsdb_table_schema *ts = schema->tables[i];

        for (size_t j = 0; j < ts->n_columns; j++) {
            struct ovsdb_column *column = &ts->columns[j];
            struct error *error = resolve_base(schema, ts, column,
                                               &column->type.key);

            if (!error) {
                error = resolve_base(schema, ts, column, &column->type.value);
            }
            if (error) {
                return error;
            }
        }
    }
    return NULL;
}

/* A schema that says of no table that it is a root means all of them. */
static void
set_default_roots(struct ovsdb_schema *schema)
{
    for (size_t i = 0; i < schema->n_tables; i++) {
        if (schema->tables[i]->is_root) {
            return;
        }
    }
    for (size_t i = 0; i < schema->n_tables; i++) {
        schema->tables[i]->is_root = true;
    }
}

static struct error *
tables_from_json(struct ovsdb_schema *schema, const json_t *json)
{
    const char **names = sorted_names(json);
    size_t n = json_object_size(json);
    struct error *error = NULL;

    schema->tables = xcalloc(n + 1, sizeof *schema->tables);
    for (size_t i = 0; i < n && !error; i++) {
        struct ovsdb_table_schema *ts;

        error = check_name(names[i], "table");
        if (error) {
            break;
        }
        ts = xzalloc(sizeof *ts);
        ts->name = xstrdup(names[i]);
        shash_init(&ts->by_name);
        ts->index = schema->n_tables;
        schema->tables[schema->n_tables++] = ts;
        shash_add_once(&schema->by_name, ts->name, ts);
        error = error_wrap(table_from_json(ts, json_object_get(json,
                                                               names[i])),
                           "table \"%s\"", names[i]);
    }
    free(names);
    return error;
}

static struct error *
check_header(const json_t *json)
{
    static const char *const members[] = {
        "sname", "sversion", "scksum", "otables", NULL
    };
    const char *version = json_string_value(json_object_get(json, "version"));
    const char *name = json_string_value(json_object_get(json, "name"));
    struct error *error = check_members(json, members, "database schema");

    if (error) {
        return error;
    }
    if (!name || !json_object_get(json, "tables")) {
        return syntax("Parsing database schema failed: Required '%s' member "
                      "is missing.", name ? "tables" : "name");
    }
    if (!ovsdb_id_is_valid(name)) {
        return syntax("database name must be a valid id: %s", name);
    }
    if (version && !ovsdb_version_is_valid(version)) {
        return syntax("schema version \"%s\" not in format x.y.z", version);
    }
    return NULL;
}

struct error *
ovsdb_schema_from_json(const json_t *json, struct ovsdb_schema **ret_schema)
{
    struct error *error = check_header(json);
    struct ovsdb_schema *schema;
    const char *s;

    if (error) {
        return error;
    }
    schema = xzalloc(sizeof *schema);
    schema->n_refs = 1;
    shash_init(&schema->by_name);
    schema->name = xstrdup(json_string_value(json_object_get(json, "name")));
    s = json_string_value(json_object_get(json, "version"));
    schema->version = xstrdup(s ? s : "");
    s = json_string_value(json_object_get(json, "cksum"));
    schema->cksum = xstrdup(s ? s : "");
    error = tables_from_json(schema, json_object_get(json, "tables"));
    if (!error) {
        error = resolve_refs(schema);
    }
    if (error) {
        ovsdb_schema_unref(schema);
        return error;
    }
    set_default_roots(schema);
    *ret_schema = schema;
    return NULL;
}

struct error *
ovsdb_schema_from_text(const char *text, size_t size,
                       struct ovsdb_schema **ret_schema)
{
    json_t *json;
    struct error *error = jtext_to_json(text, size, &json);

    if (!error) {
        error = ovsdb_schema_from_json(json, ret_schema);
        json_decref(json);
    }
    return error;
}

struct error *
ovsdb_schema_from_file(const char *path, struct ovsdb_schema **ret_schema)
{
    struct str text = STR_EMPTY;
    struct error *error = NULL;
    FILE *file = fopen(path, "r");
    char chunk[4096];
    size_t n;

    if (!file) {
        return error_from_errno(errno, "%s: open failed", path);
    }
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0
           && text.length <= SCHEMA_FILE_MAX) {
        str_put_bytes(&text, chunk, n);
    }
    if (ferror(file)) {
        error = error_from_errno(errno, "%s: read failed", path);
    } else if (text.length > SCHEMA_FILE_MAX) {
        error = syntax("%s: file is too big for a schema", path);
    } else {
        error = error_wrap(ovsdb_schema_from_text(str_cstr(&text),
                                                  text.length, ret_schema),
                           "%s", path);
    }
    fclose(file);
    str_uninit(&text);
    return error;
}

struct ovsdb_schema *
ovsdb_schema_ref(struct ovsdb_schema *schema)
{
    schema->n_refs++;
    return schema;
}

void
ovsdb_schema_unref(struct ovsdb_schema *schema)
{
    if (!schema || --schema->n_refs) {
        return;
    }
    for (size_t i = 0; i < schema->n_tables; i++) {
        table_schema_destroy(schema->tables[i]);
    }
    free(schema->tables);
    shash_uninit(&schema->by_name);
    free(schema->name);
    free(schema->version);
    free(schema->cksum);
    free(schema);
}

static json_t *
columns_to_json(const struct ovsdb_table_schema *ts)
{
    json_t *columns = json_object();

    for (size_t i = 0; i < ts->n_columns; i++) {
        const struct ovsdb_column *column = &ts->columns[i];
        json_t *json = json_object();

        json_object_set_new(json, "type", ovsdb_type_to_json(&column->type));
        if (!column->is_mutable) {
            json_object_set_new(json, "mutable", json_false());
        }
        if (!column->is_persistent) {
            json_object_set_new(json, "ephemeral", json_true());
        }
        json_object_set_new(columns, column->name, json);
    }
    return columns;
}

static json_t *
indexes_to_json(const struct ovsdb_table_schema *ts)
{
    json_t *indexes = json_array();

    for (size_t i = 0; i < ts->n_indexes; i++) {
        json_t *index = json_array();

        for (size_t j = 0; j < ts->indexes[i].n_columns; j++) {
            unsigned int column = ts->indexes[i].columns[j];

            json_array_append_new(index,
                                  json_string(ts->columns[column].name));
        }
        json_array_append_new(indexes, index);
    }
    return indexes;
}

static json_t *
table_to_json(const struct ovsdb_table_schema *ts, bool put_root)
{
    json_t *json = json_object();

    json_object_set_new(json, "columns", columns_to_json(ts));
    if (put_root && ts->is_root) {
        json_object_set_new(json, "isRoot", json_true());
    }
    if (ts->max_rows != UINT_MAX) {
        json_object_set_new(json, "maxRows", json_integer(ts->max_rows));
    }
    if (ts->n_indexes) {
        json_object_set_new(json, "indexes", indexes_to_json(ts));
    }
    return json;
}

json_t *
ovsdb_schema_to_json(const struct ovsdb_schema *schema)
{
    json_t *json = json_object();
    json_t *tables = json_object();
    bool put_root = false;

    for (size_t i = 0; i < schema->n_tables; i++) {
        put_root = put_root || !schema->tables[i]->is_root;
    }
    json_object_set_new(json, "name", json_string(schema->name));
    if (*schema->version) {
        json_object_set_new(json, "version", json_string(schema->version));
    }
    if (*schema->cksum) {
        json_object_set_new(json, "cksum", json_string(schema->cksum));
    }
    for (size_t i = 0; i < schema->n_tables; i++) {
        json_object_set_new(tables, schema->tables[i]->name,
                            table_to_json(schema->tables[i], put_root));
    }
    json_object_set_new(json, "tables", tables);
    return json;
}

bool
ovsdb_schema_equals(const struct ovsdb_schema *a, const struct ovsdb_schema *b)
{
    json_t *ja = ovsdb_schema_to_json(a);
    json_t *jb = ovsdb_schema_to_json(b);
    bool equal = json_equal(ja, jb);

    json_decref(ja);
    json_decref(jb);
    return equal;
}

struct ovsdb_table_schema *
ovsdb_schema_find_table(const struct ovsdb_schema *schema, const char *name)
{
    return shash_get(&schema->by_name, name);
}

/* Names on the wire are spans; no valid name is longer than this buffer in
 * practice, and one that is gets its copy from the heap. */
static void *
find_span(const struct shash *shash, const struct span *span)
{
    char buffer[64];
    char *name;
    void *value;

    if (span->size < sizeof buffer) {
        memcpy(buffer, span->data, span->size);
        buffer[span->size] = '\0';
        return shash_get(shash, buffer);
    }
    name = jtext_span_dup(span);
    value = shash_get(shash, name);
    free(name);
    return value;
}

struct ovsdb_table_schema *
ovsdb_schema_find_table_span(const struct ovsdb_schema *schema,
                             const struct span *name)
{
    return find_span(&schema->by_name, name);
}

const struct ovsdb_column *
ovsdb_table_schema_find_column(const struct ovsdb_table_schema *ts,
                               const char *name)
{
    return (!strcmp(name, "_uuid") ? ovsdb_column_uuid()
            : !strcmp(name, "_version") ? ovsdb_column_version()
            : shash_get(&ts->by_name, name));
}

const struct ovsdb_column *
ovsdb_table_schema_find_column_span(const struct ovsdb_table_schema *ts,
                                    const struct span *name)
{
    if (name->size && name->data[0] == '_') {
        return (span_equals_string(*name, "_uuid") ? ovsdb_column_uuid()
                : span_equals_string(*name, "_version")
                ? ovsdb_column_version() : NULL);
    }
    return find_span(&ts->by_name, name);
}

const struct ovsdb_column *
ovsdb_table_schema_column(const struct ovsdb_table_schema *ts,
                          unsigned int index)
{
    return (index == OVSDB_COLUMN_UUID ? ovsdb_column_uuid()
            : index == OVSDB_COLUMN_VERSION ? ovsdb_column_version()
            : &ts->columns[index]);
}
