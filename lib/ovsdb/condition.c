/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/condition.h"

#include <string.h>

#include "lib/base/alloc.h"

static const char *const names[OVSDB_N_FUNCTIONS] = {
    [OVSDB_F_FALSE] = "false",
    [OVSDB_F_TRUE] = "true",
    [OVSDB_F_LT] = "<",
    [OVSDB_F_LE] = "<=",
    [OVSDB_F_EQ] = "==",
    [OVSDB_F_NE] = "!=",
    [OVSDB_F_GE] = ">=",
    [OVSDB_F_GT] = ">",
    [OVSDB_F_INCLUDES] = "includes",
    [OVSDB_F_EXCLUDES] = "excludes",
};

const char *
ovsdb_function_name(enum ovsdb_function function)
{
    return names[function];
}

bool
ovsdb_function_from_span(const struct span *span,
                         enum ovsdb_function *ret)
{
    for (int i = OVSDB_F_LT; i < OVSDB_N_FUNCTIONS; i++) {
        if (span_equals_string(*span, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

void
ovsdb_condition_init(struct ovsdb_condition *cond)
{
    *cond = (struct ovsdb_condition) { .clauses = NULL };
}

void
ovsdb_condition_uninit(struct ovsdb_condition *cond)
{
    for (size_t i = 0; i < cond->n_clauses; i++) {
        struct ovsdb_clause *clause = &cond->clauses[i];

        if (clause->column) {
            ovsdb_datum_uninit(&clause->arg, &clause->type);
        }
    }
    free(cond->clauses);
    ovsdb_condition_init(cond);
}

/* Appends an uninitialized clause. */
static struct ovsdb_clause *
append(struct ovsdb_condition *cond)
{
    if (!(cond->n_clauses & (cond->n_clauses - 1))) {
        cond->clauses = xreallocarray(cond->clauses,
                                      MAX(1, 2 * cond->n_clauses),
                                      sizeof *cond->clauses);
    }
    return &cond->clauses[cond->n_clauses++];
}

void
ovsdb_condition_add_bool(struct ovsdb_condition *cond, bool value)
{
    *append(cond) = (struct ovsdb_clause) {
        .function = value ? OVSDB_F_TRUE : OVSDB_F_FALSE,
    };
}

static bool
is_ordering(enum ovsdb_function function)
{
    return (function == OVSDB_F_LT || function == OVSDB_F_LE
            || function == OVSDB_F_GE || function == OVSDB_F_GT);
}

/* The type of what the column is compared with.  It borrows the enums and
 * names of the column's type, and so is never uninitialized. */
static void
arg_type(struct ovsdb_type *type, enum ovsdb_function function,
         const struct ovsdb_column *column)
{
    *type = column->type;
    if (is_ordering(function)) {
        type->n_min = type->n_max = 1;
    } else if (function == OVSDB_F_INCLUDES || function == OVSDB_F_EXCLUDES) {
        type->n_min = 0;
    }
}

void
ovsdb_condition_add_take(struct ovsdb_condition *cond,
                         enum ovsdb_function function,
                         const struct ovsdb_column *column,
                         struct ovsdb_datum arg)
{
    struct ovsdb_clause *clause = append(cond);

    clause->function = function;
    clause->column = column;
    clause->arg = arg;
    arg_type(&clause->type, function, column);
    cond->columns |= UINT64_C(1) << column->index;
}

static void
check_ordering(enum ovsdb_function function,
               const struct ovsdb_column *column, struct jtext_reader *r)
{
    const struct ovsdb_type *type = &column->type;

    if (is_ordering(function)
        && ((type->key.type != OVSDB_TYPE_INTEGER
             && type->key.type != OVSDB_TYPE_REAL)
            || ovsdb_type_is_map(type) || type->n_max != 1)) {
        struct str s = STR_EMPTY;

        ovsdb_type_put_text(&s, type);
        jtext_fail(r, "Type mismatch: \"%s\" operator may not be applied to "
                   "column %s of type %s.", names[function], column->name,
                   str_cstr(&s));
        str_uninit(&s);
    }
}

static void
read_clause(struct ovsdb_condition *cond, const struct ovsdb_table_schema *ts,
            struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    static const char form[] = "Parse error in condition.";
    const struct ovsdb_column *column;
    enum ovsdb_function function;
    struct span span;
    struct ovsdb_datum arg;
    struct ovsdb_type type;
    bool value;

    if (jtext_peek(r) == JTEXT_TRUE || jtext_peek(r) == JTEXT_FALSE) {
        if (jtext_get_boolean(r, &value)) {
            ovsdb_condition_add_bool(cond, value);
        }
        return;
    }
    if (jtext_peek(r) != JTEXT_ARRAY || !jtext_enter_array(r)
        || !jtext_next_item(r) || jtext_peek(r) != JTEXT_STRING
        || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return;
    }
    column = ovsdb_table_schema_find_column_span(ts, &span);
    if (!column) {
        jtext_take_error(r, error_create_tagged(
                             "unknown column", "No column %.*s in table %s.",
                             jtext_clip(&span, 128), span.data,
                             ts->name));
        return;
    }
    if (!jtext_next_item(r) || jtext_peek(r) != JTEXT_STRING
        || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return;
    }
    if (!ovsdb_function_from_span(&span, &function)) {
        jtext_take_error(r, error_create_tagged(
                             "unknown function", "No function named %.*s.",
                             jtext_clip(&span, 128), span.data));
        return;
    }
    check_ordering(function, column, r);
    arg_type(&type, function, column);
    if (!jtext_next_item(r)) {
        jtext_fail(r, form);
        return;
    }
    if (ovsdb_datum_read(&arg, &type, r, symtab, OVSDB_READ_CHECK)) {
        ovsdb_condition_add_take(cond, function, column, arg);
        if (jtext_next_item(r)) {
            jtext_fail(r, form);
        }
    }
}

bool
ovsdb_condition_read(struct ovsdb_condition *cond,
                     const struct ovsdb_table_schema *ts,
                     struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    ovsdb_condition_init(cond);
    if (jtext_enter_array(r)) {
        while (jtext_next_item(r)) {
            const char *start = jtext_place(r);

            read_clause(cond, ts, r, symtab);
            jtext_blame(r, start);
        }
    }
    if (r->error) {
        ovsdb_condition_uninit(cond);
        return false;
    }
    return true;
}

bool
ovsdb_clause_equals(const struct ovsdb_clause *a, const struct ovsdb_clause *b)
{
    return (a->function == b->function && a->column == b->column
            && (!a->column
                || ovsdb_datum_equals(&a->arg, &b->arg, &a->type)));
}

bool
ovsdb_clause_matches(const struct ovsdb_clause *clause,
                     const struct ovsdb_datum *field)
{
    const struct ovsdb_datum *arg = &clause->arg;
    const struct ovsdb_type *type = &clause->type;
    int cmp;

    switch (clause->function) {
    case OVSDB_F_FALSE:
        return false;
    case OVSDB_F_TRUE:
        return true;
    case OVSDB_F_EQ:
        return ovsdb_datum_equals(field, arg, type);
    case OVSDB_F_NE:
        return !ovsdb_datum_equals(field, arg, type);
    case OVSDB_F_INCLUDES:
        return ovsdb_datum_includes_all(arg, field, type);
    case OVSDB_F_EXCLUDES:
        return ovsdb_datum_excludes_all(arg, field, type);
    default:
        break;
    }
    if (!field->n) {
        return false;
    }
    cmp = ovsdb_atom_compare(ovsdb_datum_keys(field), ovsdb_datum_keys(arg),
                             type->key.type);
    return (clause->function == OVSDB_F_LT ? cmp < 0
            : clause->function == OVSDB_F_LE ? cmp <= 0
            : clause->function == OVSDB_F_GE ? cmp >= 0
            : cmp > 0);
}

bool
ovsdb_clause_matches_row(const struct ovsdb_clause *clause,
                         ovsdb_field_fn *field, const void *row)
{
    return (clause->column
            ? ovsdb_clause_matches(clause, field(row, clause->column))
            : clause->function == OVSDB_F_TRUE);
}

bool
ovsdb_condition_matches_all(const struct ovsdb_condition *cond,
                            ovsdb_field_fn *field, const void *row)
{
    for (size_t i = 0; i < cond->n_clauses; i++) {
        if (!ovsdb_clause_matches_row(&cond->clauses[i], field, row)) {
            return false;
        }
    }
    return true;
}

bool
ovsdb_condition_matches_any(const struct ovsdb_condition *cond,
                            ovsdb_field_fn *field, const void *row)
{
    for (size_t i = 0; i < cond->n_clauses; i++) {
        if (ovsdb_clause_matches_row(&cond->clauses[i], field, row)) {
            return true;
        }
    }
    return !cond->n_clauses;
}

const struct uuid *
ovsdb_condition_single_uuid(const struct ovsdb_condition *cond)
{
    for (size_t i = 0; i < cond->n_clauses; i++) {
        const struct ovsdb_clause *clause = &cond->clauses[i];

        if (clause->column && clause->column->index == OVSDB_COLUMN_UUID
            && (clause->function == OVSDB_F_EQ
                || (clause->function == OVSDB_F_INCLUDES && clause->arg.n))) {
            return &ovsdb_datum_keys(&clause->arg)->uuid;
        }
    }
    return NULL;
}
