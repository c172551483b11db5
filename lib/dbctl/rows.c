/* SPDX-License-Identifier: Apache-2.0 */

/* Which rows a request asks its server for.
 *
 * A small command should take as long in a large database as in a small one,
 * so that a request has conditions on the tables that it looks at: they let
 * through the rows that its arguments name, then, in further rounds, those
 * that these refer to or that refer to them, until nothing is missing.  Only
 * then do commands run.  Rows that come in between by others' doing are
 * followed likewise before the next run.
 *
 * A server that knows no conditions sends all rows, among which nothing is
 * missing. */

#include <string.h>

#include "lib/dbctl/internal.h"

/* More rows than this are not asked for one by one. */
#define MAX_CLAUSES 4096

/* The table's rows that are asked for: none, at first. */
static struct dbctl_rows *
rows_of(struct dbctl *dbctl, const struct replica_table_class *table,
        uint64_t columns)
{
    struct dbctl_rows *new;

    replica_monitor(dbctl->replica, table, columns);
    VEC_FOR_EACH (rows, &dbctl->rows) {
        if (rows->table == table) {
            return rows;
        }
    }
    new = vec_push_raw(&dbctl->rows);
    *new = (struct dbctl_rows) { .table = table };
    replica_condition_init(&new->condition);
    return new;
}

void
dbctl_monitor(struct dbctl *dbctl, const struct replica_table_class *table,
              uint64_t columns)
{
    if (!dbctl->is_shared) {
        struct dbctl_rows *rows = rows_of(dbctl, table, columns);

        replica_condition_add_true(&rows->condition);
    }
}

void
dbctl_monitor_columns(struct dbctl *dbctl,
                      const struct replica_table_class *table,
                      uint64_t columns)
{
    if (!dbctl->is_shared) {
        rows_of(dbctl, table, columns);
    }
}

void
dbctl_monitor_referenced(struct dbctl *dbctl,
                         const struct replica_table_class *table,
                         uint64_t columns)
{
    if (!dbctl->is_shared) {
        rows_of(dbctl, table, columns)->is_followed = true;
    }
}

void
dbctl_monitor_owners(struct dbctl *dbctl,
                     const struct replica_table_class *table,
                     uint64_t columns, unsigned int column)
{
    struct dbctl_owners *new;

    if (dbctl->is_shared) {
        return;
    }
    rows_of(dbctl, table, columns | REPLICA_COL(column));
    VEC_FOR_EACH (owners, &dbctl->owners) {
        if (owners->table == table && owners->column == column) {
            return;
        }
    }
    new = vec_push_raw(&dbctl->owners);
    *new = (struct dbctl_owners) { table, column };
}

/* Monitors rows whose string column, or value under a key of it, is 'name'. */
static void
monitor_column(struct dbctl *dbctl, const struct replica_table_class *table,
               uint64_t columns, unsigned int column, const char *key,
               const char *name)
{
    const struct replica_column_class *class = &table->columns[column];
    struct dbctl_rows *rows = rows_of(dbctl, table,
                                      columns | REPLICA_COL(column));

    if (key) {
        replica_condition_add_pair(&rows->condition, class, REPLICA_INCLUDES,
                                   key, name);
    } else if (class->key.type == REPLICA_STRING
               && class->shape != REPLICA_MAP) {
        replica_condition_add_string(&rows->condition, class, REPLICA_EQ,
                                     name);
    } else {
        replica_condition_add_true(&rows->condition);
    }
}

void
dbctl_monitor_named(struct dbctl *dbctl,
                    const struct replica_table_class *table, uint64_t columns,
                    int name_column, const char *id)
{
    struct uuid uuid;

    if (dbctl->is_shared) {
        return;
    }
    rows_of(dbctl, table, columns);
    if (name_column >= 0) {
        monitor_column(dbctl, table, columns, name_column, NULL, id);
    }
    if (uuid_from_string(&uuid, id)) {
        replica_condition_add_row(&rows_of(dbctl, table, 0)->condition, &uuid);
    }
}

/* The rows that one of the tool's ways to name them calls 'record'. */
static void
monitor_by_name(struct dbctl *dbctl, const struct dbctl_record_name *name,
                const char *record)
{
    if (name->ref_column < 0) {
        monitor_column(dbctl, name->table, 0, name->name_column, name->key,
                       record);
    } else {
        monitor_column(dbctl, name->name_table, REPLICA_COL(name->ref_column),
                       name->name_column, name->key, record);
        dbctl_monitor_referenced(dbctl, name->table, 0);
    }
}

void
dbctl_monitor_record(struct dbctl *dbctl,
                     const struct replica_table_class *table,
                     const char *record)
{
    if (dbctl->is_shared) {
        return;
    }
    rows_of(dbctl, table, 0);
    if (*record == '@') {
        /* A command makes it, or names it. */
        return;
    } else if (!strcmp(record, ".")) {
        dbctl_monitor(dbctl, table, 0);
        return;
    }
    dbctl_monitor_named(dbctl, table, 0, -1, record);
    for (size_t i = 0; i < dbctl->tool->n_names; i++) {
        if (dbctl->tool->names[i].table == table) {
            monitor_by_name(dbctl, &dbctl->tool->names[i], record);
        }
    }
    if (dbctl_may_be_prefix(record)) {
        vec_push(&dbctl->prefixes, (struct dbctl_prefix) { table, record });
    }
}

void
dbctl_monitor_uuids_in(struct dbctl *dbctl,
                       const struct replica_base_class *base, const char *text)
{
    const struct replica_table_class *table = base->ref;
    struct uuid uuid;

    if (base->type != REPLICA_REF || dbctl->is_shared) {
        return;
    }
    for (size_t left = strlen(text); left >= UUID_LEN; left--, text++) {
        if (uuid_from_prefix(&uuid, text)) {
            replica_condition_add_row(&rows_of(dbctl, table, 0)->condition,
                                      &uuid);
        }
    }
}

/* Appends 'atom' to the condition "COLUMN == ATOM". */
static bool
add_equal(struct replica_condition *condition,
          const struct replica_column_class *class,
          const union ovsdb_atom *atom)
{
    switch (class->key.type) {
    case REPLICA_STRING:
        replica_condition_add_string(condition, class, REPLICA_EQ,
                                     atom->string->text);
        return true;
    case REPLICA_INTEGER:
        replica_condition_add_int(condition, class, REPLICA_EQ,
                                  atom->integer);
        return true;
    case REPLICA_UUID:
    case REPLICA_REF:
        replica_condition_add_uuid(condition, class, REPLICA_EQ, &atom->uuid);
        return true;
    case REPLICA_NONE:
    case REPLICA_REAL:
    case REPLICA_BOOLEAN:
        break;
    }
    return false;
}

/* "COLUMN:KEY=VALUE", of strings. */
static bool
monitor_pair(struct dbctl *dbctl, struct replica_condition *condition,
             const struct dbctl_term *term)
{
    const struct replica_column_class *class = term->column.class;
    struct ovsdb_type type = { .key = term->column.type.value,
                               .n_max = UINT_MAX };
    struct ovsdb_datum datum;
    struct error *error;
    bool ok;

    if (class->key.type != REPLICA_STRING
        || class->value.type != REPLICA_STRING) {
        return false;
    }
    ovsdb_base_type_init(&type.value, OVSDB_TYPE_VOID);
    error = ovsdb_datum_from_text(&datum, &type, term->value, &dbctl->symtab);
    if (error) {
        error_free(error);
        return false;
    }
    ok = datum.n == 1;
    if (ok) {
        replica_condition_add_pair(
            condition, class, REPLICA_INCLUDES, term->key.string->text,
            ovsdb_datum_keys(&datum)->string->text);
    }
    ovsdb_datum_uninit(&datum, &type);
    return ok;
}

/* "COLUMN=VALUE". */
static bool
monitor_value(struct dbctl *dbctl, struct replica_condition *condition,
              const struct dbctl_term *term)
{
    const struct replica_column_class *class = term->column.class;
    const struct ovsdb_type *type = &term->column.type;
    struct ovsdb_datum datum;
    struct error *error = ovsdb_datum_from_text(&datum, type, term->value,
                                                &dbctl->symtab);
    bool ok;

    if (error) {
        error_free(error);
        return false;
    }
    ok = datum.n == 1 && add_equal(condition, class,
                                   ovsdb_datum_keys(&datum));
    ovsdb_datum_uninit(&datum, type);
    return ok;
}

bool
dbctl_monitor_term(struct dbctl *dbctl,
                   const struct replica_table_class *table,
                   const struct dbctl_term *term)
{
    struct replica_condition *condition;
    struct uuid uuid;

    if (dbctl->is_shared) {
        return true;
    } else if (strcmp(term->operator, "=") || strchr(term->value, '@')) {
        return false;
    }
    condition = &rows_of(dbctl, table, 0)->condition;
    if (term->column.is_uuid) {
        if (!uuid_from_string(&uuid, term->value)) {
            return false;
        }
        replica_condition_add_row(condition, &uuid);
        return true;
    } else if (term->has_key) {
        return monitor_pair(dbctl, condition, term);
    }
    return ((term->column.class->shape == REPLICA_ONE
             || term->column.class->shape == REPLICA_OPTIONAL)
            && monitor_value(dbctl, condition, term));
}

void
dbctl_monitor_need(struct dbctl_call *call, const struct dbctl_need *need)
{
    struct dbctl *dbctl = call->dbctl;
    int first = need->argument < 0 ? -need->argument : need->argument;
    int last = need->argument < 0 ? call->argc - 1 : first;

    if (dbctl->is_shared) {
        return;
    }
    rows_of(dbctl, need->table, need->columns);
    switch (need->which) {
    case DBCTL_NAMED_OR_ALL:
        if (first >= call->argc) {
            dbctl_monitor(dbctl, need->table, need->columns);
        }
        /* Fall through. */
    case DBCTL_NAMED:
        for (int i = first; i <= last && i < call->argc; i++) {
            dbctl_monitor_named(dbctl, need->table, need->columns,
                                need->column, call->argv[i]);
        }
        break;
    case DBCTL_ALL:
        dbctl_monitor(dbctl, need->table, need->columns);
        break;
    case DBCTL_TRUE:
        replica_condition_add_bool(&rows_of(dbctl, need->table,
                                            REPLICA_COL(need->column))
                                   ->condition,
                                   &need->table->columns[need->column],
                                   REPLICA_EQ, true);
        break;
    case DBCTL_REFERENCED:
        dbctl_monitor_referenced(dbctl, need->table, need->columns);
        break;
    case DBCTL_OWNERS:
        dbctl_monitor_owners(dbctl, need->table, need->columns, need->column);
        break;
    }
}

/* Asking. */

bool
dbctl_set_conditions(struct dbctl *dbctl)
{
    bool any = false;

    VEC_FOR_EACH (rows, &dbctl->rows) {
        struct replica_condition copy;

        if (rows->condition.n > MAX_CLAUSES) {
            replica_condition_add_true(&rows->condition);
        }
        replica_condition_clone(&copy, &rows->condition);
        any |= replica_set_condition(dbctl->replica, rows->table, &copy);
    }
    return any;
}

/* The rows that are referred to and missing. */
static void
follow_references(struct dbctl *dbctl)
{
    VEC_FOR_EACH (rows, &dbctl->rows) {
        if (rows->is_followed && !rows->condition.is_true) {
            replica_condition_add_absent(&rows->condition, dbctl->replica,
                                         rows->table);
        }
    }
}

/* The rows that refer to those that nothing here refers to. */
static void
find_owners(struct dbctl *dbctl, const struct dbctl_owners *owners)
{
    const struct replica_column_class *class
        = &owners->table->columns[owners->column];
    struct dbctl_rows *rows = rows_of(dbctl, owners->table, 0);
    const struct replica_index *index;
    struct replica_row *row;

    if (rows->condition.is_true
        || !replica_server_has_column(dbctl->replica, owners->table,
                                      owners->column)) {
        return;
    }
    index = dbctl_index(dbctl, owners->table, owners->column);
    REPLICA_FOR_EACH (row, dbctl->replica, class->key.ref) {
        if (!replica_index_find_ref(index, row)) {
            replica_condition_add_uuid(&rows->condition, class,
                                       REPLICA_INCLUDES, &row->uuid);
        }
    }
}

/* What nothing is called may be the start of a uuid, as any row may have. */
static void
look_for_prefixes(struct dbctl *dbctl)
{
    VEC_FOR_EACH (prefix, &dbctl->prefixes) {
        if (!dbctl_is_named(dbctl, prefix->table, prefix->record)) {
            dbctl_monitor(dbctl, prefix->table, 0);
        }
    }
}

bool
dbctl_has_rows(struct dbctl *dbctl)
{
    if (dbctl->is_shared) {
        return true;
    }
    while (replica_conditions_settled(dbctl->replica)) {
        follow_references(dbctl);
        VEC_FOR_EACH (owners, &dbctl->owners) {
            find_owners(dbctl, owners);
        }
        if (!dbctl_set_conditions(dbctl)) {
            look_for_prefixes(dbctl);
            if (!dbctl_set_conditions(dbctl)) {
                return true;
            }
        }
    }
    return false;
}

/* While commands run. */

static bool
have_rows(struct dbctl *dbctl)
{
    if (!dbctl->is_shared && dbctl_set_conditions(dbctl)
        && !replica_conditions_settled(dbctl->replica)) {
        dbctl->is_fetching = true;
    }
    return !dbctl->is_fetching;
}

bool
dbctl_fetch_named(struct dbctl *dbctl,
                  const struct replica_table_class *table, int name_column,
                  const char *id)
{
    dbctl_monitor_named(dbctl, table, 0, name_column, id);
    return have_rows(dbctl);
}

void
dbctl_follow_named(struct dbctl *dbctl,
                   const struct replica_table_class *table, int name_column,
                   const char *id)
{
    dbctl_monitor_named(dbctl, table, 0, name_column, id);
    if (!dbctl->is_shared) {
        dbctl_set_conditions(dbctl);
    }
}

bool
dbctl_fetch_referrers(struct dbctl *dbctl,
                      const struct replica_table_class *table,
                      unsigned int column, const struct replica_row *row)
{
    if (!dbctl->is_shared
        && replica_server_has_column(dbctl->replica, table, column)) {
        replica_condition_add_uuid(&rows_of(dbctl, table, 0)->condition,
                                   &table->columns[column], REPLICA_INCLUDES,
                                   &row->uuid);
    }
    return have_rows(dbctl);
}

bool
dbctl_fetch_all(struct dbctl *dbctl, const struct replica_table_class *table)
{
    dbctl_monitor(dbctl, table, 0);
    return have_rows(dbctl);
}

void
dbctl_forget_rows(struct dbctl *dbctl)
{
    VEC_FOR_EACH (rows, &dbctl->rows) {
        replica_condition_uninit(&rows->condition);
    }
    vec_uninit(&dbctl->rows);
    vec_uninit(&dbctl->owners);
    vec_uninit(&dbctl->prefixes);
}
