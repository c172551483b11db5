/* SPDX-License-Identifier: Apache-2.0 */

/* Tables, columns and values by their names. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/dbctl/internal.h"

/* Fewer hex digits than this do not name a row. */
#define MIN_UUID_PREFIX 4

/* Names. */

/* Whether 'name' is (a start of) 'full': case does not matter, '-' equals
 * '_'.  Stores whether it is the whole. */
static bool
name_matches(const char *full, const char *name, size_t length, bool *whole)
{
    for (size_t i = 0; i < length; i++) {
        int a = full[i] == '-' ? '_' : tolower((unsigned char) full[i]);
        int b = name[i] == '-' ? '_' : tolower((unsigned char) name[i]);

        if (a != b) {
            return false;
        }
    }
    *whole = !full[length];
    return true;
}

/* The 'n' names in alphabetical order, which it brings them into, with commas
 * between. */
static char *
join_sorted(const char **names, size_t n)
{
    struct str s = STR_EMPTY;

    qsort(names, n, sizeof *names, dbctl_compare_strings);
    for (size_t i = 0; i < n; i++) {
        str_printf(&s, "%s%s", i ? ", " : "", names[i]);
    }
    return str_steal(&s);
}

struct error *
dbctl_find_table(const struct dbctl *dbctl, const char *name,
                 const struct replica_table_class **ret)
{
    const struct replica_db_class *db = dbctl->tool->class;
    VEC(const char *) names = VEC_EMPTY;
    struct error *error = NULL;
    bool whole;

    for (unsigned int i = 0; i < db->n_tables; i++) {
        if (name_matches(db->tables[i]->name, name, strlen(name), &whole)) {
            *ret = db->tables[i];
            if (whole) {
                vec_uninit(&names);
                return NULL;
            }
            vec_push(&names, db->tables[i]->name);
        }
    }
    if (!names.n) {
        error = error_create(0, "unknown table \"%s\"", name);
    } else if (names.n > 1) {
        char *list = join_sorted(names.items, names.n);

        error = error_create(0, "\"%s\" matches multiple table names: %s",
                             name, list);
        free(list);
    }
    vec_uninit(&names);
    return error;
}

/* Columns. */

static enum ovsdb_atomic_type
atomic_type(enum replica_type type)
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

static void
base_type_init(struct ovsdb_base_type *base,
               const struct replica_base_class *class)
{
    ovsdb_base_type_init(base, atomic_type(class->type));
    if (class->type == REPLICA_INTEGER && (class->min || class->max)) {
        base->integer.min = class->min;
        base->integer.max = class->max;
    }
    if (class->enum_) {
        struct ovsdb_type set;

        ovsdb_type_init(&set, base->type);
        set.n_min = 0;
        set.n_max = UINT_MAX;
        base->enum_ = xzalloc(sizeof *base->enum_);
        ovsdb_datum_init_empty(base->enum_);
        for (size_t i = 0; class->enum_[i]; i++) {
            ovsdb_datum_append_string(base->enum_, class->enum_[i]);
        }
        ovsdb_datum_finish(base->enum_, &set);
        ovsdb_type_uninit(&set);
    }
}

void
dbctl_column_init(struct dbctl_column *column,
                  const struct replica_table_class *table, unsigned int number)
{
    const struct replica_column_class *class = &table->columns[number];

    column->name = class->name;
    column->is_uuid = false;
    column->number = number;
    column->class = class;
    base_type_init(&column->type.key, &class->key);
    base_type_init(&column->type.value, &class->value);
    column->type.n_min = class->n_min;
    column->type.n_max = class->n_max;
}

void
dbctl_column_init_uuid(struct dbctl_column *column)
{
    column->name = "_uuid";
    column->is_uuid = true;
    column->number = 0;
    column->class = NULL;
    ovsdb_type_init(&column->type, OVSDB_TYPE_UUID);
}

void
dbctl_column_uninit(struct dbctl_column *column)
{
    ovsdb_type_uninit(&column->type);
}

struct error *
dbctl_find_column(const struct replica_table_class *table, const char *name,
                  size_t length, struct dbctl_column *column)
{
    VEC(const char *) names = VEC_EMPTY;
    struct error *error = NULL;
    int found = -1;
    bool whole;

    if (length && name_matches("_uuid", name, length, &whole) && whole) {
        dbctl_column_init_uuid(column);
        return NULL;
    }
    for (unsigned int i = 0; i < table->n_columns; i++) {
        if (name_matches(table->columns[i].name, name, length, &whole)) {
            found = i;
            if (whole) {
                names.n = 0;
            }
            vec_push(&names, table->columns[i].name);
            if (whole) {
                break;
            }
        }
    }
    if (names.n == 1) {
        dbctl_column_init(column, table, found);
    } else if (names.n) {
        char *list = join_sorted(names.items, names.n);

        error = error_create(0, "%s contains more than one column whose name "
                             "matches \"%.*s\": %s", table->name,
                             (int) length, name, list);
        free(list);
    } else {
        error = error_create(0, "%s does not contain a column whose name "
                             "matches \"%.*s\"", table->name, (int) length,
                             name);
    }
    vec_uninit(&names);
    return error;
}

/* Values. */

void
dbctl_read(const struct replica_row *row, const struct dbctl_column *column,
           struct ovsdb_datum *datum)
{
    struct str json = STR_EMPTY;
    struct jtext_reader r;
    struct error *error;

    if (column->is_uuid) {
        ovsdb_datum_init_uuid(datum, &row->uuid);
        return;
    }
    replica_row_column_to_json(row, column->number, &json);
    jtext_reader_init(&r, str_cstr(&json), json.length);
    if (!ovsdb_datum_read(datum, &column->type, &r, NULL,
                          OVSDB_READ_ANY_SIZE)) {
        /* Cannot be: the replica checked it when it came. */
        ovsdb_datum_init_empty(datum);
    }
    error = jtext_finish(&r);
    error_free(error);
    str_uninit(&json);
}

struct error *
dbctl_write(struct dbctl *dbctl, const struct replica_row *row,
            const struct dbctl_column *column,
            const struct ovsdb_datum *datum)
{
    struct str json = STR_EMPTY;
    struct error *error;

    if (column->is_uuid
        || (!column->class->is_mutable
            && !(row->state & REPLICA_ROW_TXN_NEW))) {
        return error_create(0, "cannot modify read-only column %s in table "
                            "%s", column->name,
                            replica_row_class(row)->name);
    }
    dbctl_note_references(dbctl, column, datum);
    ovsdb_datum_put_json(&json, datum, &column->type);
    error = replica_write_json(row, column->number, str_cstr(&json),
                               json.length);
    str_uninit(&json);
    return error;
}

/* Refuses "@name"s that no command makes. */
static struct error *
check_symbols(const struct dbctl *dbctl)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &dbctl->symtab.symbols) {
        const struct ovsdb_symbol *symbol = node->value;

        if (!symbol->is_created) {
            return error_create(0, "row id \"%s\" is referenced but never "
                                "created (e.g. with \"-- --id=%s create "
                                "...\")", node->key, node->key);
        }
    }
    return NULL;
}

struct error *
dbctl_parse_datum(struct dbctl *dbctl, struct ovsdb_datum *datum,
                  const struct ovsdb_type *type, const char *text)
{
    struct error *error = ovsdb_datum_from_text(datum, type, text,
                                                &dbctl->symtab);

    if (!error) {
        error = check_symbols(dbctl);
        if (error) {
            ovsdb_datum_uninit(datum, type);
        }
    }
    return error;
}

struct error *
dbctl_parse_atom(struct dbctl *dbctl, union ovsdb_atom *atom,
                 const struct ovsdb_base_type *base, const char *text)
{
    struct error *error = ovsdb_atom_from_text(atom, base, text,
                                               &dbctl->symtab);

    if (!error) {
        error = check_symbols(dbctl);
        if (error) {
            ovsdb_atom_uninit(atom, base->type);
        }
    }
    return error;
}

/* Terms. */

static const char *const operators[] = {
    /* Longer ones before their starts. */
    "{not-in}", "{in}", "{!=}", "{<=}", "{>=}", "{=}", "{<}", "{>}",
    "!=", "<=", ">=", "=", "<", ">",
};

struct error *
dbctl_term_parse(struct dbctl *dbctl, const struct replica_table_class *table,
                 const char *text, const char *verb, struct dbctl_term *term)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    const char *p = text + length;
    struct error *error;

    if (!length) {
        return error_create(0, "%s: missing column name", text);
    }
    error = dbctl_find_column(table, text, length, &term->column);
    if (error) {
        return error;
    }
    term->has_key = false;
    if (*p == ':') {
        if (!ovsdb_type_is_map(&term->column.type)) {
            error = error_create(0, "cannot specify key to %s for non-map "
                                 "column %s", verb, term->column.name);
            dbctl_column_uninit(&term->column);
            return error;
        }
        p++;
        error = ovsdb_atom_from_token(&term->key, &term->column.type.key, &p,
                                      &dbctl->symtab);
        if (error) {
            dbctl_column_uninit(&term->column);
            return error_wrap(error, "%s", text);
        }
        term->has_key = true;
    }
    term->operator = "";
    term->value = p;
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        const char *value = p + strlen(operators[i]);

        /* A value must follow: an empty one is "" in quotes, or []. */
        if (text_starts_with(p, operators[i]) && *value) {
            term->operator = operators[i];
            term->value = value;
            return NULL;
        }
    }
    if (*p && strchr("=!<>{", *p)) {
        error = error_create(0, "%s: a value must follow \"%s\" (an empty one "
                             "is \"\", or [] for a set)", text, p);
        dbctl_term_uninit(term);
    } else if (*p) {
        error = error_create(0, "%s: trailing garbage \"%s\" in argument",
                             text, p);
        dbctl_term_uninit(term);
    }
    return error;
}

void
dbctl_term_uninit(struct dbctl_term *term)
{
    if (term->has_key) {
        ovsdb_atom_uninit(&term->key, term->column.type.key.type);
    }
    dbctl_column_uninit(&term->column);
}

/* Compares two values; 'a' is the row's. */
static bool
compare(const char *operator, const struct ovsdb_datum *a,
        const struct ovsdb_datum *b, const struct ovsdb_type *type)
{
    if (*operator == '{') {
        bool a_in_b = ovsdb_datum_includes_all(a, b, type);
        bool b_in_a = ovsdb_datum_includes_all(b, a, type);

        return (!strcmp(operator, "{=}") ? a_in_b && b_in_a
                : !strcmp(operator, "{!=}") ? !a_in_b || !b_in_a
                : !strcmp(operator, "{<=}") ? a_in_b
                : !strcmp(operator, "{in}") ? a_in_b
                : !strcmp(operator, "{<}") ? a_in_b && !b_in_a
                : !strcmp(operator, "{>=}") ? b_in_a
                : !strcmp(operator, "{>}") ? b_in_a && !a_in_b
                : ovsdb_datum_excludes_all(a, b, type));
    } else {
        int c = ovsdb_datum_compare(a, b, type);

        return (!strcmp(operator, "=") ? !c
                : !strcmp(operator, "!=") ? c != 0
                : !strcmp(operator, "<") ? c < 0
                : !strcmp(operator, ">") ? c > 0
                : !strcmp(operator, "<=") ? c <= 0
                : c >= 0);
    }
}

/* Compares the value under a key. */
static struct error *
key_matches(struct dbctl *dbctl, const struct dbctl_term *term,
            const struct ovsdb_datum *datum, bool *ret)
{
    const struct ovsdb_type *column_type = &term->column.type;
    struct ovsdb_type type = { .key = column_type->value, .n_min = 0,
                               .n_max = UINT_MAX };
    struct ovsdb_datum have, want;
    struct error *error;
    uint32_t i;

    i = ovsdb_datum_find(datum, &term->key, column_type->key.type);
    if (i == UINT32_MAX && *term->operator != '{') {
        *ret = false;
        return NULL;
    }
    ovsdb_base_type_init(&type.value, OVSDB_TYPE_VOID);
    error = dbctl_parse_datum(dbctl, &want, &type, term->value);
    if (error) {
        return error;
    }
    ovsdb_datum_init_empty(&have);
    if (i != UINT32_MAX) {
        ovsdb_datum_add(&have, &ovsdb_datum_values(datum)[i], NULL, &type);
    }
    *ret = compare(term->operator, &have, &want, &type);
    ovsdb_datum_uninit(&have, &type);
    ovsdb_datum_uninit(&want, &type);
    return NULL;
}

struct error *
dbctl_term_matches(struct dbctl *dbctl, const struct dbctl_term *term,
                   const struct replica_row *row, bool *ret)
{
    struct ovsdb_type type = term->column.type;
    struct ovsdb_datum have, want;
    struct error *error;

    dbctl_read(row, &term->column, &have);
    if (term->has_key) {
        error = key_matches(dbctl, term, &have, ret);
    } else {
        /* Sets to compare with may have any number of elements. */
        if (*term->operator == '{') {
            type.n_min = 0;
            type.n_max = UINT_MAX;
        }
        error = dbctl_parse_datum(dbctl, &want, &type, term->value);
        if (!error) {
            *ret = compare(term->operator, &have, &want, &type);
            ovsdb_datum_uninit(&want, &type);
        }
    }
    ovsdb_datum_uninit(&have, &term->column.type);
    return error;
}

/* Assignments. */

static struct error *
set_key(struct dbctl *dbctl, const struct replica_row *row,
        const struct dbctl_term *term)
{
    const struct ovsdb_type *type = &term->column.type;
    struct ovsdb_datum datum;
    union ovsdb_atom value;
    struct error *error;

    error = dbctl_parse_atom(dbctl, &value, &type->value, term->value);
    if (error) {
        return error;
    }
    dbctl_read(row, &term->column, &datum);
    ovsdb_datum_set(&datum, &term->key, &value, type);
    error = dbctl_write(dbctl, row, &term->column, &datum);
    ovsdb_datum_uninit(&datum, type);
    ovsdb_atom_uninit(&value, type->value.type);
    return error;
}

struct error *
dbctl_set_column(struct dbctl *dbctl, const struct replica_row *row,
                 const char *assignment)
{
    struct dbctl_term term;
    struct ovsdb_datum datum;
    struct error *error = dbctl_term_parse(dbctl, replica_row_class(row),
                                           assignment, "set", &term);

    if (error) {
        return error;
    }
    if (strcmp(term.operator, "=")) {
        error = error_create(0, "%s: argument does not end in \"=\" followed "
                             "by a value.", assignment);
    } else if (term.has_key) {
        error = set_key(dbctl, row, &term);
    } else {
        error = dbctl_parse_datum(dbctl, &datum, &term.column.type,
                                  term.value);
        if (!error) {
            error = dbctl_write(dbctl, row, &term.column, &datum);
            ovsdb_datum_uninit(&datum, &term.column.type);
        }
    }
    dbctl_term_uninit(&term);
    return error;
}

/* Records. */

static bool
atom_is_text(const union ovsdb_atom *atom, enum ovsdb_atomic_type type,
             const char *want)
{
    struct str text = STR_EMPTY;
    bool is_equal;

    ovsdb_atom_put_bare(&text, atom, type);
    is_equal = !strcmp(str_cstr(&text), want);
    str_uninit(&text);
    return is_equal;
}

/* Whether the row's name is 'record': the only value of a column, or the one
 * under a key. */
static bool
row_is_named(const struct replica_row *row,
             const struct dbctl_record_name *name, const char *record)
{
    const struct replica_column_class *class
        = &replica_row_class(row)->columns[name->name_column];
    const void *member = dbctl_member(row, name->name_column);
    struct dbctl_column column;
    struct ovsdb_datum datum;
    bool is_named = false;

    /* Strings, of many rows, without making datums of them. */
    if (name->key) {
        const char *value = strmap_get(member, name->key);

        return value && !strcmp(value, record);
    } else if (class->key.type == REPLICA_STRING
               && class->shape == REPLICA_ONE) {
        return !strcmp(*(const char *const *) member, record);
    }
    dbctl_column_init(&column, replica_row_class(row), name->name_column);
    dbctl_read(row, &column, &datum);
    if (datum.n == 1) {
        is_named = atom_is_text(ovsdb_datum_keys(&datum),
                                column.type.key.type, record);
    }
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
    return is_named;
}

/* The row that column 'number' of 'row' refers to alone. */
static const struct replica_row *
referenced_row(const struct replica_row *row, unsigned int number,
               const struct replica_table_class *table)
{
    const struct replica_row *found = NULL;
    struct dbctl_column column;
    struct ovsdb_datum datum;

    dbctl_column_init(&column, replica_row_class(row), number);
    dbctl_read(row, &column, &datum);
    if (datum.n == 1) {
        found = replica_find(replica_row_replica(row), table,
                             &ovsdb_datum_keys(&datum)->uuid);
    }
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
    return found;
}

static struct error *
add_match(const struct replica_row *row, const char *record,
          const struct replica_row **found)
{
    if (row && *found && *found != row) {
        return error_create(0, "multiple rows in %s match \"%s\"",
                            replica_row_class(row)->name, record);
    }
    *found = row ? row : *found;
    return NULL;
}

static struct error *
find_by_name(struct dbctl *dbctl, const struct dbctl_record_name *name,
             const char *record, const struct replica_row **found)
{
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl->replica, name->name_table) {
        struct error *error;

        if (!row_is_named(row, name, record)) {
            continue;
        }
        error = add_match(name->ref_column < 0 ? row
                          : referenced_row(row, name->ref_column, name->table),
                          record, found);
        if (error) {
            return error;
        }
    }
    return NULL;
}

bool
dbctl_may_be_prefix(const char *record)
{
    int length = uuid_partial_length(record);

    return length >= MIN_UUID_PREFIX && length < UUID_LEN;
}

static struct error *
find_by_prefix(struct dbctl *dbctl, const struct replica_table_class *table,
               const char *record, const struct replica_row **found)
{
    struct replica_row *row;

    if (!dbctl_may_be_prefix(record)) {
        return NULL;
    }
    REPLICA_FOR_EACH (row, dbctl->replica, table) {
        char text[UUID_LEN];

        uuid_format(&row->uuid, text);
        if (!strncasecmp(text, record, strlen(record))) {
            struct error *error = add_match(row, record, found);

            if (error) {
                return error;
            }
        }
    }
    return NULL;
}

/* By its whole uuid or by a name.  What looks like a uuid may be a name after
 * all; the first way that finds any row counts. */
static struct error *
find_exactly(struct dbctl *dbctl, const struct replica_table_class *table,
             const char *record, const struct replica_row **found)
{
    struct error *error = NULL;
    struct uuid uuid;

    if (uuid_from_string(&uuid, record)) {
        *found = replica_find(dbctl->replica, table, &uuid);
    }
    for (size_t i = 0; !error && !*found && i < dbctl->tool->n_names; i++) {
        if (dbctl->tool->names[i].table == table) {
            error = find_by_name(dbctl, &dbctl->tool->names[i], record,
                                 found);
        }
    }
    return error;
}

bool
dbctl_is_named(struct dbctl *dbctl, const struct replica_table_class *table,
               const char *record)
{
    const struct replica_row *found = NULL;
    struct error *error = find_exactly(dbctl, table, record, &found);
    bool is_named = error || found;

    error_free(error);
    return is_named;
}

struct error *
dbctl_find_row(struct dbctl *dbctl, const struct replica_table_class *table,
               const char *record, bool must_exist,
               const struct replica_row **ret)
{
    const struct replica_row *found = NULL;
    struct error *error = NULL;

    *ret = NULL;
    if (*record == '@') {
        const struct ovsdb_symbol *symbol = shash_get(&dbctl->symtab.symbols,
                                                      record);

        found = symbol ? replica_find(dbctl->replica, table, &symbol->uuid)
                : NULL;
    } else if (!strcmp(record, ".")) {
        found = replica_first(dbctl->replica, table);
        if (found && replica_next(found)) {
            found = NULL;        /* Not the only one. */
        }
    } else {
        error = find_exactly(dbctl, table, record, &found);
        if (!error && !found) {
            error = find_by_prefix(dbctl, table, record, &found);
        }
    }
    if (!error && !found && must_exist) {
        error = error_create(0, "no row \"%s\" in table %s", record,
                             table->name);
    }
    if (!error) {
        *ret = found;
    }
    return error;
}

void
dbctl_put_name(struct str *out, const char *name)
{
    union ovsdb_atom atom = { .string = ovsdb_string_from_cstr(name) };

    ovsdb_atom_put_text(out, &atom, OVSDB_TYPE_STRING);
    ovsdb_atom_uninit(&atom, OVSDB_TYPE_STRING);
}

int
dbctl_compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void
dbctl_put_sorted(struct str *out, const char **strings, size_t n)
{
    if (n > 1) {
        qsort(strings, n, sizeof *strings, dbctl_compare_strings);
    }
    for (size_t i = 0; i < n; i++) {
        str_printf(out, "%s\n", strings[i]);
    }
}
