/* SPDX-License-Identifier: Apache-2.0 */

/* What a server's schema has of the tables and columns that the program
 * knows: an older server lacks some, a newer one has more.  Only that is read;
 * a short-lived tool has no time for the rest. */

#include "lib/replica/internal.h"

#include "lib/ovsdb/atom.h"
#include "lib/ovsdb/jtext.h"
#include "lib/runtime/log.h"

LOG_MODULE(replica);

struct wire_type {
    enum ovsdb_atomic_type key, value;
    bool is_composite;          /* More than one element fits. */
};

static enum ovsdb_atomic_type
expected_type(enum replica_type type)
{
    static const enum ovsdb_atomic_type types[] = {
        [REPLICA_NONE] = OVSDB_TYPE_VOID,
        [REPLICA_INTEGER] = OVSDB_TYPE_INTEGER,
        [REPLICA_REAL] = OVSDB_TYPE_REAL,
        [REPLICA_BOOLEAN] = OVSDB_TYPE_BOOLEAN,
        [REPLICA_STRING] = OVSDB_TYPE_STRING,
        [REPLICA_UUID] = OVSDB_TYPE_UUID,
        [REPLICA_REF] = OVSDB_TYPE_UUID,
    };

    return types[type];
}

struct replica_table *
store_find_table(const struct store *store, struct span name)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        if (span_equals_string(name, store->tables[i].class->name)) {
            return &store->tables[i];
        }
    }
    return NULL;
}

unsigned int
class_find_column(const struct replica_table_class *class, struct span name,
                  unsigned int *hint)
{
    for (unsigned int i = 0; i < class->n_columns; i++) {
        unsigned int column = (*hint + i) % class->n_columns;

        if (span_equals_string(name, class->columns[column].name)) {
            *hint = column + 1;
            return column;
        }
    }
    return UINT_MAX;
}

/* Reading (RFC 7047 section 3.2). */

static void
read_atomic_type(struct jtext_reader *r, enum ovsdb_atomic_type *type)
{
    struct span name;

    if (jtext_get_string(r, &name)
        && !ovsdb_atomic_type_from_name(name.data, name.size, type)) {
        jtext_fail(r, "\"%.*s\" is not an atomic type",
                   jtext_clip(&name, 64), name.data);
    }
}

/* <base-type> */
static void
read_base_type(struct jtext_reader *r, enum ovsdb_atomic_type *type)
{
    struct span key;

    if (jtext_peek(r) == JTEXT_STRING) {
        read_atomic_type(r, type);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "type")) {
            read_atomic_type(r, type);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

static void
read_max(struct jtext_reader *r, struct wire_type *type)
{
    int64_t max;

    if (jtext_peek(r) == JTEXT_STRING) {
        type->is_composite = jtext_skip(r, NULL);       /* "unlimited" */
    } else {
        type->is_composite = jtext_get_integer(r, &max) && max > 1;
    }
}

/* <type> */
static void
read_type(struct jtext_reader *r, struct wire_type *type)
{
    struct span key;

    if (jtext_peek(r) == JTEXT_STRING) {
        read_atomic_type(r, &type->key);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "key")) {
            read_base_type(r, &type->key);
        } else if (span_equals_string(key, "value")) {
            read_base_type(r, &type->value);
        } else if (span_equals_string(key, "max")) {
            read_max(r, type);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

/* <column-schema> */
static void
read_column(struct jtext_reader *r, struct replica_table *table,
            unsigned int column)
{
    struct wire_type type = { OVSDB_TYPE_VOID, OVSDB_TYPE_VOID, false };
    const struct replica_column_class *class = &table->class->columns[column];
    struct span key;

    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "type")) {
            read_type(r, &type);
        } else {
            jtext_skip(r, NULL);
        }
    }
    if (r->error) {
        return;
    }
    if (type.key != expected_type(class->key.type)
        || type.value != expected_type(class->value.type)) {
        log_warn("server's column %s of table %s has another type",
                 class->name, table->class->name);
        return;
    }
    table->server_columns |= REPLICA_COL(column);
    if (type.is_composite) {
        table->composite |= REPLICA_COL(column);
    }
}

static void
read_columns(struct jtext_reader *r, struct replica_table *table)
{
    unsigned int hint = 0;
    struct span name;

    jtext_enter_object(r);
    while (jtext_next_member(r, &name)) {
        unsigned int column = class_find_column(table->class, name, &hint);

        if (column != UINT_MAX) {
            read_column(r, table, column);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

/* <table-schema> */
static void
read_table(struct jtext_reader *r, struct replica_table *table)
{
    struct span key;

    table->server_has = true;
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "columns")) {
            read_columns(r, table);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

static void
read_tables(struct jtext_reader *r, struct store *store)
{
    struct span name;

    jtext_enter_object(r);
    while (jtext_next_member(r, &name)) {
        struct replica_table *table = store_find_table(store, name);

        if (table) {
            read_table(r, table);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

/* Saying what is not there. */

static void
log_missing_columns(const struct replica_table *table)
{
    uint64_t missing = table->monitored & ~table->server_columns;
    struct str names = STR_EMPTY;

    for (; missing; missing &= missing - 1) {
        str_printf(&names, " %s",
                   table->class->columns[__builtin_ctzll(missing)].name);
    }
    if (names.length) {
        log_info("server's table %s has no column%s", table->class->name,
                 names.string);
    }
    str_uninit(&names);
}

static void
log_missing(const struct store *store)
{
    struct str names = STR_EMPTY;

    for (unsigned int i = 0; i < store->n_tables; i++) {
        const struct replica_table *table = &store->tables[i];

        if (table->server_has) {
            log_missing_columns(table);
        } else if (table->is_monitored) {
            str_printf(&names, " %s", table->class->name);
        }
    }
    if (names.length) {
        log_info("server's database %s has no table%s",
                 store->replica->class->name, names.string);
    }
    str_uninit(&names);
}

struct error *
store_learn_schema(struct store *store, struct span text)
{
    struct jtext_reader r;
    struct error *error;
    struct span key;

    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];

        table->server_has = false;
        table->server_columns = table->composite = 0;
    }
    jtext_reader_init(&r, text.data, text.size);
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &key)) {
        if (span_equals_string(key, "tables")) {
            read_tables(&r, store);
        } else {
            jtext_skip(&r, NULL);
        }
    }
    error = jtext_finish(&r);
    if (error) {
        return error_wrap(error, "server's schema");
    }
    log_missing(store);
    return NULL;
}
