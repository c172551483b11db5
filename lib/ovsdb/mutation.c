/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/mutation.h"

#include <math.h>
#include <string.h>

#include "lib/base/alloc.h"

static const char *const names[OVSDB_N_MUTATORS] = {
    [OVSDB_M_ADD] = "+=",
    [OVSDB_M_SUB] = "-=",
    [OVSDB_M_MUL] = "*=",
    [OVSDB_M_DIV] = "/=",
    [OVSDB_M_MOD] = "%=",
    [OVSDB_M_INSERT] = "insert",
    [OVSDB_M_DELETE] = "delete",
};

const char *
ovsdb_mutator_name(enum ovsdb_mutator mutator)
{
    return names[mutator];
}

void
ovsdb_mutations_init(struct ovsdb_mutations *m)
{
    *m = (struct ovsdb_mutations) { .items = NULL };
}

void
ovsdb_mutations_uninit(struct ovsdb_mutations *m)
{
    for (size_t i = 0; i < m->n; i++) {
        ovsdb_datum_uninit(&m->items[i].arg, &m->items[i].type);
    }
    free(m->items);
    ovsdb_mutations_init(m);
}

static void
fail_type(struct jtext_reader *r, const struct ovsdb_mutation *m)
{
    struct str s = STR_EMPTY;

    ovsdb_type_put_text(&s, &m->column->type);
    jtext_fail(r, "Type mismatch: \"%s\" operator may not be applied to "
               "column %s of type %s.", names[m->mutator], m->column->name,
               str_cstr(&s));
    str_uninit(&s);
}

/* Chooses the type of the argument that comes next.  It borrows from the
 * column's, and so is never uninitialized. */
static void
arg_type(struct ovsdb_mutation *m, struct jtext_reader *r)
{
    const struct ovsdb_type *type = &m->column->type;

    if (m->mutator == OVSDB_M_INSERT || m->mutator == OVSDB_M_DELETE) {
        if (ovsdb_type_is_scalar(type)) {
            fail_type(r, m);
            return;
        }
        m->type = *type;
        m->type.n_min = 0;
        if (m->mutator == OVSDB_M_DELETE) {
            m->type.n_max = UINT_MAX;
        }
        return;
    }
    if (ovsdb_type_is_map(type)
        || (type->key.type != OVSDB_TYPE_INTEGER
            && (type->key.type != OVSDB_TYPE_REAL
                || m->mutator == OVSDB_M_MOD))) {
        fail_type(r, m);
        return;
    }
    ovsdb_type_init(&m->type, type->key.type);
}

/* What a map loses is named by pairs or by keys alone. */
static bool
read_arg(struct ovsdb_mutation *m, struct jtext_reader *r,
         struct ovsdb_symtab *symtab)
{
    if (m->mutator == OVSDB_M_DELETE && ovsdb_type_is_map(&m->type)) {
        struct jtext_reader ahead = *r;
        struct span word = { "", 0 };
        bool is_map;

        ahead.error = NULL;
        memset(&ahead.scratch, 0, sizeof ahead.scratch);
        memset(&ahead.key_scratch, 0, sizeof ahead.key_scratch);
        is_map = (jtext_enter_array(&ahead) && jtext_next_item(&ahead)
                  && jtext_get_string(&ahead, &word)
                  && span_equals_string(word, "map"));
        jtext_reader_uninit(&ahead);
        if (!is_map) {
            ovsdb_base_type_init(&m->type.value, OVSDB_TYPE_VOID);
        }
    }
    return ovsdb_datum_read(&m->arg, &m->type, r, symtab,
                            (m->mutator == OVSDB_M_INSERT
                             ? OVSDB_READ_CHECK : 0));
}

static void
read_mutation(struct ovsdb_mutations *ms, const struct ovsdb_table_schema *ts,
              struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    static const char form[] = "Parse error in mutation.";
    struct ovsdb_mutation m = { .mutator = 0 };
    struct span span;

    if (jtext_peek(r) != JTEXT_ARRAY || !jtext_enter_array(r)
        || !jtext_next_item(r) || jtext_peek(r) != JTEXT_STRING
        || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return;
    }
    m.column = ovsdb_table_schema_find_column_span(ts, &span);
    if (!m.column) {
        jtext_take_error(r, error_create_tagged(
                             "unknown column", "No column %.*s in table %s.",
                             jtext_clip(&span, 128), span.data,
                             ts->name));
        return;
    }
    if (!m.column->is_mutable) {
        jtext_take_error(r, error_create_tagged(
                             "constraint violation",
                             "Cannot mutate immutable column %s in table "
                             "%s.", m.column->name, ts->name));
        return;
    }
    if (!jtext_next_item(r) || jtext_peek(r) != JTEXT_STRING
        || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return;
    }
    while (!span_equals_string(span, names[m.mutator])) {
        if (++m.mutator == OVSDB_N_MUTATORS) {
            jtext_take_error(r, error_create_tagged(
                                 "unknown mutator", "No mutator named %.*s.",
                                 jtext_clip(&span, 128), span.data));
            return;
        }
    }
    arg_type(&m, r);
    if (!jtext_next_item(r)) {
        jtext_fail(r, form);
        return;
    }
    if (!read_arg(&m, r, symtab)) {
        return;
    }
    ms->items = xreallocarray(ms->items, ms->n + 1, sizeof *ms->items);
    ms->items[ms->n++] = m;
    ms->columns |= UINT64_C(1) << m.column->index;
    if (jtext_next_item(r)) {
        jtext_fail(r, form);
    }
}

bool
ovsdb_mutations_read(struct ovsdb_mutations *ms,
                     const struct ovsdb_table_schema *ts,
                     struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    ovsdb_mutations_init(ms);
    if (jtext_enter_array(r)) {
        while (jtext_next_item(r)) {
            const char *start = jtext_place(r);

            read_mutation(ms, ts, r, symtab);
            jtext_blame(r, start);
        }
    }
    if (r->error) {
        ovsdb_mutations_uninit(ms);
        return false;
    }
    return true;
}

void
ovsdb_mutations_put_json(struct str *out, const struct ovsdb_mutations *ms)
{
    str_put_char(out, '[');
    for (size_t i = 0; i < ms->n; i++) {
        const struct ovsdb_mutation *m = &ms->items[i];

        str_put(out, i ? ",[" : "[");
        jtext_put_cstr(out, m->column->name);
        str_put_char(out, ',');
        jtext_put_cstr(out, names[m->mutator]);
        str_put_char(out, ',');
        ovsdb_datum_put_json(out, &m->arg, &m->type);
        str_put_char(out, ']');
    }
    str_put_char(out, ']');
}

static struct error *
division_by_zero(void)
{
    return error_create_tagged("domain error", "Division by zero.");
}

static struct error *
out_of_range(enum ovsdb_mutator mutator)
{
    return error_create_tagged("range error", "Result of \"%s\" operation is "
                               "out of range.", names[mutator]);
}

static struct error *
mutate_integer(int64_t *x, enum ovsdb_mutator mutator, int64_t y)
{
    bool overflows = false;

    switch (mutator) {
    case OVSDB_M_ADD:
        overflows = __builtin_add_overflow(*x, y, x);
        break;
    case OVSDB_M_SUB:
        overflows = __builtin_sub_overflow(*x, y, x);
        break;
    case OVSDB_M_MUL:
        overflows = __builtin_mul_overflow(*x, y, x);
        break;
    default:
        if (!y) {
            return division_by_zero();
        }
        if (y == -1) {
            /* The one quotient that does not fit; its remainder is 0. */
            if (mutator == OVSDB_M_DIV) {
                overflows = __builtin_sub_overflow(INT64_C(0), *x, x);
            } else {
                *x = 0;
            }
        } else {
            *x = mutator == OVSDB_M_DIV ? *x / y : *x % y;
        }
        break;
    }
    return overflows ? out_of_range(mutator) : NULL;
}

static struct error *
mutate_real(double *x, enum ovsdb_mutator mutator, double y)
{
    switch (mutator) {
    case OVSDB_M_ADD:
        *x += y;
        break;
    case OVSDB_M_SUB:
        *x -= y;
        break;
    case OVSDB_M_MUL:
        *x *= y;
        break;
    default:
        if (y == 0.0) {
            return division_by_zero();
        }
        *x /= y;
        break;
    }
    return isfinite(*x) ? NULL : out_of_range(mutator);
}

static struct error *
mutate_numbers(const struct ovsdb_mutation *m, struct ovsdb_datum *datum)
{
    const struct ovsdb_type *type = &m->column->type;
    const union ovsdb_atom *arg = ovsdb_datum_keys(&m->arg);
    union ovsdb_atom *keys = ovsdb_datum_writable_keys(datum, type);

    for (uint32_t i = 0; i < datum->n; i++) {
        struct error *error;

        error = (type->key.type == OVSDB_TYPE_INTEGER
                 ? mutate_integer(&keys[i].integer, m->mutator, arg->integer)
                 : mutate_real(&keys[i].real, m->mutator, arg->real));
        if (!error) {
            error = ovsdb_atom_check(&keys[i], &type->key);
        }
        if (error) {
            return error;
        }
    }
    if (ovsdb_datum_finish(datum, type)) {
        return error_create_tagged("constraint violation",
                                   "Result of \"%s\" operation contains "
                                   "duplicates.", names[m->mutator]);
    }
    return NULL;
}

struct error *
ovsdb_mutation_apply(const struct ovsdb_mutation *m, struct ovsdb_datum *datum)
{
    const struct ovsdb_type *type = &m->column->type;

    if (m->mutator == OVSDB_M_INSERT) {
        ovsdb_datum_union(datum, &m->arg, type, false);
    } else if (m->mutator == OVSDB_M_DELETE) {
        ovsdb_datum_subtract(datum, type, &m->arg, &m->type);
    } else if (datum->n) {
        return mutate_numbers(m, datum);
    } else {
        return NULL;
    }
    return error_wrap(ovsdb_datum_check_size(datum, type),
                      "column %s after operation \"%s\"", m->column->name,
                      names[m->mutator]);
}

/* How one key stands in 'old' with 'diff' applied. */
struct standing {
    uint32_t in_old;                    /* Its index there, or UINT32_MAX. */
    uint32_t in_diff;
    bool is_present;
    const union ovsdb_atom *value;      /* Of a map, if present. */
};

static struct standing
look_up(const struct ovsdb_datum *old, const struct ovsdb_datum *diff,
        const union ovsdb_atom *key, const struct ovsdb_type *type)
{
    struct standing s = {
        .in_old = ovsdb_datum_find(old, key, type->key.type),
        .in_diff = ovsdb_datum_find(diff, key, type->key.type),
    };
    bool is_map = ovsdb_type_is_map(type);

    if (s.in_diff == UINT32_MAX) {
        s.is_present = s.in_old != UINT32_MAX;
        s.value = (is_map && s.is_present
                   ? &ovsdb_datum_values(old)[s.in_old] : NULL);
        return s;
    }
    s.value = is_map ? &ovsdb_datum_values(diff)[s.in_diff] : NULL;
    s.is_present = (s.in_old == UINT32_MAX
                    || (is_map
                        && !ovsdb_atom_equals(
                            s.value, &ovsdb_datum_values(old)[s.in_old],
                            type->value.type)));
    return s;
}

static void
insert_to_diff(const struct ovsdb_datum *old, struct ovsdb_datum *diff,
               const union ovsdb_atom *key, const union ovsdb_atom *value,
               const struct ovsdb_type *type, uint32_t *n)
{
    struct standing s = look_up(old, diff, key, type);

    if (s.is_present) {
        return;
    }
    ++*n;
    if (s.in_diff == UINT32_MAX) {
        ovsdb_datum_add(diff, key, value, type);
    } else if (!ovsdb_type_is_map(type)
               || ovsdb_atom_equals(value, &ovsdb_datum_values(old)[s.in_old],
                                    type->value.type)) {
        ovsdb_datum_remove_index(diff, s.in_diff, type);
    } else {
        ovsdb_datum_set(diff, key, value, type);
    }
}

/* 'value' is NULL to delete whatever value there is. */
static void
delete_from_diff(const struct ovsdb_datum *old, struct ovsdb_datum *diff,
                 const union ovsdb_atom *key, const union ovsdb_atom *value,
                 const struct ovsdb_type *type, uint32_t *n)
{
    struct standing s = look_up(old, diff, key, type);

    if (!s.is_present
        || (value && !ovsdb_atom_equals(s.value, value, type->value.type))) {
        return;
    }
    --*n;
    if (s.in_old == UINT32_MAX) {
        ovsdb_datum_remove_index(diff, s.in_diff, type);
    } else {
        ovsdb_datum_set(diff, key,
                        (ovsdb_type_is_map(type)
                         ? &ovsdb_datum_values(old)[s.in_old] : NULL), type);
    }
}

void
ovsdb_mutation_apply_to_diff(const struct ovsdb_mutation *m,
                             const struct ovsdb_datum *old,
                             struct ovsdb_datum *diff, uint32_t *n)
{
    const struct ovsdb_type *type = &m->column->type;
    const union ovsdb_atom *keys = ovsdb_datum_keys(&m->arg);
    const union ovsdb_atom *values = (ovsdb_type_is_map(&m->type)
                                      ? ovsdb_datum_values(&m->arg) : NULL);

    for (uint32_t i = 0; i < m->arg.n; i++) {
        const union ovsdb_atom *value = values ? &values[i] : NULL;

        if (m->mutator == OVSDB_M_INSERT) {
            insert_to_diff(old, diff, &keys[i], value, type, n);
        } else {
            delete_from_diff(old, diff, &keys[i], value, type, n);
        }
    }
}
