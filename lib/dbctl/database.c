/* SPDX-License-Identifier: Apache-2.0 */

/* The commands on tables, records and columns that every tool has. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/dbctl/internal.h"

/* Finding what the arguments name. */

/* Monitors the column that 'text' starts with, and the rows that the value in
 * it refers to. */
struct error *
dbctl_monitor_assignment(struct dbctl *dbctl,
                         const struct replica_table_class *table,
                         const char *text)
{
    size_t length = strcspn(text, ":=!<>{}");
    struct dbctl_column column;
    struct error *error = dbctl_find_column(table, text, length, &column);

    if (error) {
        return error;
    }
    if (!column.is_uuid) {
        dbctl_monitor_columns(dbctl, table, REPLICA_COL(column.number));
        dbctl_monitor_uuids_in(dbctl, &column.class->key, text + length);
        dbctl_monitor_uuids_in(dbctl, &column.class->value, text + length);
    }
    dbctl_column_uninit(&column);
    return NULL;
}

/* For commands whose arguments from 'first' to 'last' start with columns. */
static struct error *
prepare_columns(struct dbctl_call *call, int first, int last)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);

    if (!error) {
        dbctl_monitor_columns(call->dbctl, table, 0);
    }
    for (int i = first; !error && i < call->argc && i <= last; i++) {
        error = dbctl_monitor_assignment(call->dbctl, table, call->argv[i]);
    }
    return error;
}

/* For those that name records by their arguments from 'first' to 'last'. */
static struct error *
prepare_records(struct dbctl_call *call, int first, int last)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);

    for (int i = first; !error && i < call->argc && i <= last; i++) {
        dbctl_monitor_record(call->dbctl, table, call->argv[i]);
    }
    return error;
}

/* RECORD COLUMN... */
static struct error *
prepare_record_columns(struct dbctl_call *call)
{
    struct error *error = prepare_records(call, 2, 2);

    return error ? error : prepare_columns(call, 3, INT_MAX);
}

/* RECORD COLUMN VALUE... */
static struct error *
prepare_record_values(struct dbctl_call *call)
{
    struct error *error = prepare_records(call, 2, 2);
    const struct replica_table_class *table;
    struct dbctl_column column;

    if (!error) {
        error = prepare_columns(call, 3, 3);
    }
    if (!error) {
        error = dbctl_find_table(call->dbctl, call->argv[1], &table);
    }
    if (!error) {
        error = dbctl_find_column(table, call->argv[3], strlen(call->argv[3]),
                                  &column);
    }
    if (error) {
        return error;
    }
    for (int i = 4; i < call->argc && !column.is_uuid; i++) {
        dbctl_monitor_uuids_in(call->dbctl, &column.class->key, call->argv[i]);
        dbctl_monitor_uuids_in(call->dbctl, &column.class->value,
                               call->argv[i]);
    }
    dbctl_column_uninit(&column);
    return NULL;
}

static struct error *
prepare_create(struct dbctl_call *call)
{
    return prepare_columns(call, 2, INT_MAX);
}

static struct error *
prepare_destroy(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = prepare_records(call, 2, INT_MAX);

    if (!error && dbctl_has_option(call, "--all")) {
        error = dbctl_find_table(call->dbctl, call->argv[1], &table);
        if (!error) {
            dbctl_monitor(call->dbctl, table, 0);
        }
    }
    return error;
}

/* Finds the table and the record that argv[1] and argv[2] name. */
static struct error *
find_record(struct dbctl_call *call, bool must_exist,
            const struct replica_row **row)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);

    return (error ? error
            : dbctl_find_row(call->dbctl, table, call->argv[2], must_exist,
                             row));
}

static bool
must_exist(const struct dbctl_call *call)
{
    return !dbctl_has_option(call, "--if-exists");
}

/* get */

static struct error *
put_term(struct dbctl_call *call, const struct replica_row *row,
         const struct dbctl_term *term)
{
    const struct ovsdb_type *type = &term->column.type;
    struct error *error = NULL;
    struct ovsdb_datum datum;
    uint32_t i;

    if (*term->operator) {
        return error_create(0, "%s: trailing garbage \"%s%s\" in argument",
                            term->column.name, term->operator, term->value);
    }
    dbctl_read(row, &term->column, &datum);
    if (!term->has_key) {
        ovsdb_datum_put_text(&call->output, &datum, type);
        str_put_char(&call->output, '\n');
    } else {
        i = ovsdb_datum_find(&datum, &term->key, type->key.type);
        if (i != UINT32_MAX) {
            ovsdb_atom_put_text(&call->output,
                                &ovsdb_datum_values(&datum)[i],
                                type->value.type);
            str_put_char(&call->output, '\n');
        } else if (must_exist(call)) {
            struct str key = STR_EMPTY;

            ovsdb_atom_put_bare(&key, &term->key, type->key.type);
            error = error_create(0, "no key \"%s\" in %s record \"%s\" "
                                 "column %s", str_cstr(&key),
                                 replica_row_class(row)->name, call->argv[2],
                                 term->column.name);
            str_uninit(&key);
        } else {
            str_put_char(&call->output, '\n');
        }
    }
    ovsdb_datum_uninit(&datum, type);
    return error;
}

static struct error *
run_get(struct dbctl_call *call)
{
    const char *id = dbctl_option(call, "--id");
    const struct replica_row *row;
    struct error *error;

    if (id && !must_exist(call)) {
        return error_create(0, "--if-exists and --id may not be specified "
                            "together");
    }
    error = find_record(call, must_exist(call), &row);
    if (error || !row) {
        return error;
    }
    if (id) {
        error = dbctl_name_row(call->dbctl, id, row, true);
    }
    for (int i = 3; !error && i < call->argc; i++) {
        struct dbctl_term term;

        error = dbctl_term_parse(call->dbctl, replica_row_class(row),
                                 call->argv[i], "get", &term);
        if (!error) {
            if (!term.column.is_uuid
                && !(row->state & REPLICA_ROW_TXN_NEW)) {
                replica_verify(row, term.column.number);
            }
            error = put_term(call, row, &term);
            dbctl_term_uninit(&term);
        }
    }
    return error;
}

/* list, find */

static int
compare_columns(const void *a_, const void *b_)
{
    const struct dbctl_column *a = a_, *b = b_;

    return strcmp(a->name, b->name);
}

typedef VEC(struct dbctl_column) column_list;

/* The columns to list, for columns_uninit(). */
static struct error *
columns_init(const struct dbctl_call *call,
             const struct replica_table_class *table, column_list *columns)
{
    const char *list = dbctl_option(call, "--columns");
    struct error *error = NULL;

    vec_init(columns);
    if (list) {
        char *copy = xstrdup(list);
        char *p = copy;
        char *name;

        while (!error && (name = text_token(&p, ", ")) != NULL) {
            struct dbctl_column column;

            error = dbctl_find_column(table, name, strlen(name), &column);
            if (!error) {
                vec_push(columns, column);
            }
        }
        free(copy);
        if (!error && !columns->n) {
            error = error_create(0, "must specify at least one column name");
        }
    } else {
        dbctl_column_init_uuid(vec_push_raw(columns));
        for (unsigned int i = 0; i < table->n_columns; i++) {
            dbctl_column_init(vec_push_raw(columns), table, i);
        }
        qsort(columns->items + 1, columns->n - 1, sizeof *columns->items,
              compare_columns);
    }
    return error;
}

static void
columns_uninit(column_list *columns)
{
    VEC_FOR_EACH (column, columns) {
        dbctl_column_uninit(column);
    }
    vec_uninit(columns);
}

/* Monitors the columns to list. */
static struct error *
prepare_list_columns(struct dbctl_call *call,
                     const struct replica_table_class *table)
{
    column_list columns;
    struct error *error = columns_init(call, table, &columns);

    VEC_FOR_EACH (column, &columns) {
        if (!column->is_uuid) {
            dbctl_monitor_columns(call->dbctl, table,
                                  REPLICA_COL(column->number));
        }
    }
    columns_uninit(&columns);
    return error;
}

static struct error *
prepare_list(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);

    if (!error) {
        error = prepare_list_columns(call, table);
    }
    if (!error && call->argc > 2) {
        error = prepare_records(call, 2, INT_MAX);
    } else if (!error) {
        dbctl_monitor(call->dbctl, table, 0);
    }
    return error;
}

/* Whether the rows that a term wants can be asked for; then does so. */
static bool
monitor_matching(struct dbctl *dbctl, const struct replica_table_class *table,
                 const char *text)
{
    struct dbctl_term term;
    struct error *error = dbctl_term_parse(dbctl, table, text, "check", &term);
    bool done = false;

    if (!error) {
        done = dbctl_monitor_term(dbctl, table, &term);
        dbctl_term_uninit(&term);
    }
    error_free(error);
    return done;
}

static struct error *
prepare_find(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);
    bool done = false;

    if (!error) {
        error = prepare_list_columns(call, table);
    }
    for (int i = 2; !error && i < call->argc; i++) {
        error = dbctl_monitor_assignment(call->dbctl, table, call->argv[i]);
    }
    /* All rows must match all terms: those that match one will do. */
    for (int i = 2; !error && !done && i < call->argc; i++) {
        done = monitor_matching(call->dbctl, table, call->argv[i]);
    }
    if (!error && !done) {
        dbctl_monitor(call->dbctl, table, 0);
    }
    return error;
}

/* The rows that "list" or "find" found, with the columns to print. */
struct dbctl_listing {
    struct table table;
    column_list columns;
};

void
dbctl_listing_destroy(struct dbctl_listing *listing)
{
    if (listing) {
        table_uninit(&listing->table);
        columns_uninit(&listing->columns);
        free(listing);
    }
}

void
dbctl_listing_put(struct str *out, const struct dbctl_listing *listing,
                  const struct table_style *style, bool *is_later)
{
    table_put(out, &listing->table, style, is_later);
}

static struct error *
start_listing(struct dbctl_call *call,
              const struct replica_table_class **table)
{
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1], table);

    if (error) {
        return error;
    }
    call->listing = xzalloc(sizeof *call->listing);
    table_init(&call->listing->table);
    error = columns_init(call, *table, &call->listing->columns);
    VEC_FOR_EACH (column, &call->listing->columns) {
        table_add_heading(&call->listing->table, column->name);
    }
    return error;
}

static void
add_table_row(struct dbctl_call *call, const struct replica_row *row)
{
    VEC_FOR_EACH (column, &call->listing->columns) {
        struct ovsdb_datum datum;

        dbctl_read(row, column, &datum);
        table_put_datum(&call->listing->table, &datum, &column->type);
        ovsdb_datum_uninit(&datum, &column->type);
    }
}

static struct error *
run_list(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = start_listing(call, &table);

    if (error) {
        return error;
    }
    if (call->argc > 2) {
        for (int i = 2; !error && i < call->argc; i++) {
            const struct replica_row *row;

            error = dbctl_find_row(call->dbctl, table, call->argv[i],
                                   must_exist(call), &row);
            if (!error && row) {
                add_table_row(call, row);
            }
        }
    } else {
        struct replica_row *row;

        REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), table) {
            add_table_row(call, row);
        }
    }
    return error;
}

/* Whether the row is as all arguments from 'first' on say. */
static struct error *
row_matches(struct dbctl_call *call, const struct replica_row *row, int first,
            bool *matches)
{
    struct error *error = NULL;

    *matches = true;
    for (int i = first; !error && *matches && i < call->argc; i++) {
        struct dbctl_term term;

        error = dbctl_term_parse(call->dbctl, replica_row_class(row),
                                 call->argv[i], "check", &term);
        if (error) {
            break;
        }
        error = (!*term.operator
                 ? error_create(0, "%s: argument does not end in \"=\", "
                                "\"!=\", \"<\", \">\", \"<=\", \">=\", "
                                "\"{=}\", \"{!=}\", \"{<}\", \"{>}\", "
                                "\"{<=}\", \"{>=}\", \"{in}\", or "
                                "\"{not-in}\" followed by a value.",
                                call->argv[i])
                 : dbctl_term_matches(call->dbctl, &term, row, matches));
        dbctl_term_uninit(&term);
    }
    return error;
}

static struct error *
run_find(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = start_listing(call, &table);
    struct replica_row *row;

    if (error) {
        return error;
    }
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), table) {
        bool matches;

        error = row_matches(call, row, 2, &matches);
        if (error) {
            break;
        } else if (matches) {
            add_table_row(call, row);
        }
    }
    return error;
}

/* set, add, remove, clear */

static struct error *
run_set(struct dbctl_call *call)
{
    const struct replica_row *row;
    struct error *error = find_record(call, must_exist(call), &row);

    for (int i = 3; !error && row && i < call->argc; i++) {
        error = dbctl_set_column(call->dbctl, row, call->argv[i]);
    }
    return error;
}

/* The row and the column of "add" and "remove". */
struct target {
    const struct replica_row *row;
    struct dbctl_column column;
    struct ovsdb_type many;     /* The column's, of any number. */
    struct ovsdb_datum old;
};

/* 'row' is NULL if there is none, which --if-exists allows. */
static struct error *
target_init(struct target *target, struct dbctl_call *call)
{
    struct error *error = find_record(call, must_exist(call), &target->row);

    if (error || !target->row) {
        return error;
    }
    error = dbctl_find_column(replica_row_class(target->row), call->argv[3],
                              strlen(call->argv[3]), &target->column);
    if (error) {
        return error;
    }
    target->many = target->column.type;
    target->many.n_min = 0;
    target->many.n_max = UINT_MAX;
    dbctl_read(target->row, &target->column, &target->old);
    return NULL;
}

/* Writes the outcome, unless 'error', and frees the target. */
static struct error *
target_finish(struct target *target, struct dbctl_call *call,
              struct error *error)
{
    const struct ovsdb_type *type = &target->column.type;
    const char *table = replica_row_class(target->row)->name;
    uint32_t n = target->old.n;
    const char *what = ovsdb_type_is_map(type) ? "pairs" : "values";

    if (!error && (n > type->n_max || n < type->n_min)) {
        error = error_create(0, "\"%s\" operation would put %u %s in column "
                             "%s of table %s but the %s number is %u",
                             call->argv[0], n, what, target->column.name,
                             table,
                             n > type->n_max ? "maximum" : "minimum",
                             n > type->n_max ? type->n_max : type->n_min);
    }
    if (!error) {
        if (!target->column.is_uuid
            && !(target->row->state & REPLICA_ROW_TXN_NEW)) {
            replica_verify(target->row, target->column.number);
        }
        error = dbctl_write(call->dbctl, target->row, &target->column,
                            &target->old);
    }
    ovsdb_datum_uninit(&target->old, type);
    dbctl_column_uninit(&target->column);
    return error;
}

static struct error *
run_add(struct dbctl_call *call)
{
    struct target target;
    struct error *error = target_init(&target, call);

    if (error || !target.row) {
        return error;
    }
    for (int i = 4; !error && i < call->argc; i++) {
        struct ovsdb_datum datum;

        error = dbctl_parse_datum(call->dbctl, &datum, &target.many,
                                  call->argv[i]);
        if (!error) {
            ovsdb_datum_union(&target.old, &datum, &target.many, false);
            ovsdb_datum_uninit(&datum, &target.many);
        }
    }
    return target_finish(&target, call, error);
}

/* Reads what "remove" takes away: pairs of a map, or keys. */
static struct error *
parse_removal(struct dbctl_call *call, const struct target *target,
              const char *text, struct ovsdb_datum *datum,
              struct ovsdb_type *type)
{
    struct error *error;

    *type = target->many;
    error = dbctl_parse_datum(call->dbctl, datum, type, text);
    if (error && ovsdb_type_is_map(type)) {
        error_free(error);
        ovsdb_base_type_init(&type->value, OVSDB_TYPE_VOID);
        error = dbctl_parse_datum(call->dbctl, datum, type, text);
    }
    return error;
}

static struct error *
run_remove(struct dbctl_call *call)
{
    struct target target;
    struct error *error = target_init(&target, call);

    if (error || !target.row) {
        return error;
    }
    for (int i = 4; !error && i < call->argc; i++) {
        struct ovsdb_datum datum;
        struct ovsdb_type type;

        error = parse_removal(call, &target, call->argv[i], &datum, &type);
        if (!error) {
            ovsdb_datum_subtract(&target.old, &target.many, &datum, &type);
            ovsdb_datum_uninit(&datum, &type);
        }
    }
    return target_finish(&target, call, error);
}

static struct error *
clear_column(struct dbctl *dbctl, const struct replica_row *row,
             const char *name)
{
    const struct replica_table_class *table = replica_row_class(row);
    struct ovsdb_datum empty = OVSDB_DATUM_EMPTY;
    struct dbctl_column column;
    struct error *error = dbctl_find_column(table, name, strlen(name),
                                            &column);

    if (error) {
        return error;
    }
    error = (column.type.n_min > 0
             ? error_create(0, "\"clear\" operation cannot be applied to "
                            "column %s of table %s, which is not allowed to "
                            "be empty", column.name, table->name)
             : dbctl_write(dbctl, row, &column, &empty));
    dbctl_column_uninit(&column);
    return error;
}

static struct error *
run_clear(struct dbctl_call *call)
{
    const struct replica_row *row;
    struct error *error = find_record(call, must_exist(call), &row);

    for (int i = 3; !error && row && i < call->argc; i++) {
        error = clear_column(call->dbctl, row, call->argv[i]);
    }
    return error;
}

/* create, destroy */

static struct error *
run_create(struct dbctl_call *call)
{
    const char *id = dbctl_option(call, "--id");
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);
    struct replica_row *row;
    struct uuid uuid;

    if (error) {
        return error;
    }
    if (!id && !table->is_root) {
        dbctl_warn("applying \"create\" command to table %s without --id "
                   "option will have no effect", table->name);
    }
    if (!id) {
        row = replica_insert(dbctl_txn(call->dbctl), table);
    } else if (*id == '@') {
        row = replica_find(dbctl_replica(call->dbctl), table, &call->created);
    } else if (uuid_from_string(&uuid, id)) {
        row = replica_insert_uuid(dbctl_txn(call->dbctl), table, &uuid);
    } else {
        return error_create(0, "row id \"%s\" does not begin with \"@\" and "
                            "is not a valid UUID", id);
    }
    if (!row) {
        return error_create(0, "row id \"%s\" was destroyed before it was "
                            "created", id);
    }
    call->created = row->uuid;
    for (int i = 2; !error && i < call->argc; i++) {
        error = dbctl_set_column(call->dbctl, row, call->argv[i]);
    }
    return error;
}

/* The uuid that the server chose. */
static void
finish_create(struct dbctl_call *call, const struct replica_txn *txn)
{
    const struct uuid *uuid = replica_txn_inserted_uuid(txn, &call->created);

    if (!uuid) {
        uuid = &call->created;
    }
    str_printf(&call->output, UUID_FMT "\n", UUID_ARGS(uuid));
}

static struct error *
run_destroy(struct dbctl_call *call)
{
    const struct replica_table_class *table;
    struct error *error = dbctl_find_table(call->dbctl, call->argv[1],
                                           &table);
    bool all = dbctl_has_option(call, "--all");

    if (error) {
        return error;
    }
    if (all && call->argc > 2) {
        return error_create(0, "--all and records argument should not be "
                            "specified together");
    } else if (all && !must_exist(call)) {
        return error_create(0, "--all and --if-exists should not be specified "
                            "together");
    }
    if (all) {
        struct replica_row *row;

        REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), table) {
            replica_delete(row);
        }
    }
    for (int i = 2; !error && i < call->argc; i++) {
        const struct replica_row *row;

        error = dbctl_find_row(call->dbctl, table, call->argv[i],
                               must_exist(call), &row);
        if (!error && row) {
            replica_delete(row);
        }
    }
    return error;
}

/* wait-until, comment */

static struct error *
run_wait_until(struct dbctl_call *call)
{
    const struct replica_row *row;
    struct error *error = find_record(call, false, &row);
    bool matches = false;

    if (!error && row) {
        error = row_matches(call, row, 3, &matches);
    }
    if (!error && !matches) {
        dbctl_try_again(call->dbctl);
    }
    return error;
}

static struct error *
run_comment(struct dbctl_call *call UNUSED)
{
    /* The whole command line goes into the transaction's comment. */
    return NULL;
}

static const struct dbctl_command commands[] = {
    { .name = "comment", .max_args = INT_MAX, .arguments = "[ARG]...",
      .run = run_comment },
    { .name = "get", .min_args = 2, .max_args = INT_MAX,
      .arguments = "TABLE RECORD [COLUMN[:KEY]]...",
      .options = "--if-exists,--id=", .prepare = prepare_record_columns,
      .run = run_get },
    { .name = "list", .min_args = 1, .max_args = INT_MAX,
      .arguments = "TABLE [RECORD]...",
      .options = "--if-exists,--columns=", .prepare = prepare_list,
      .run = run_list },
    { .name = "find", .min_args = 1, .max_args = INT_MAX,
      .arguments = "TABLE [COLUMN[:KEY]=VALUE]...", .options = "--columns=",
      .prepare = prepare_find, .run = run_find },
    { .name = "set", .min_args = 3, .max_args = INT_MAX,
      .arguments = "TABLE RECORD COLUMN[:KEY]=VALUE...",
      .options = "--if-exists", .prepare = prepare_record_columns,
      .run = run_set },
    { .name = "add", .min_args = 4, .max_args = INT_MAX,
      .arguments = "TABLE RECORD COLUMN [KEY=]VALUE...",
      .options = "--if-exists", .prepare = prepare_record_values,
      .run = run_add },
    { .name = "remove", .min_args = 4, .max_args = INT_MAX,
      .arguments = "TABLE RECORD COLUMN KEY|VALUE|KEY=VALUE...",
      .options = "--if-exists", .prepare = prepare_record_values,
      .run = run_remove },
    { .name = "clear", .min_args = 3, .max_args = INT_MAX,
      .arguments = "TABLE RECORD COLUMN...", .options = "--if-exists",
      .prepare = prepare_record_columns, .run = run_clear },
    { .name = "create", .min_args = 2, .max_args = INT_MAX,
      .arguments = "TABLE COLUMN[:KEY]=VALUE...", .options = "--id=",
      .prepare = prepare_create, .run = run_create,
      .finish = finish_create },
    { .name = "destroy", .min_args = 1, .max_args = INT_MAX,
      .arguments = "TABLE [RECORD]...", .options = "--if-exists,--all",
      .prepare = prepare_destroy, .run = run_destroy },
    { .name = "wait-until", .min_args = 2, .max_args = INT_MAX,
      .arguments = "TABLE RECORD [COLUMN[:KEY]=VALUE]...",
      .prepare = prepare_record_columns, .run = run_wait_until },
};

const struct dbctl_command_group dbctl_database_commands = {
    "Database commands", commands, ARRAY_SIZE(commands)
};
