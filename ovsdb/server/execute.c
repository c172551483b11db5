/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/execute.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/sset.h"
#include "lib/ovsdb/condition.h"
#include "ovsdb/server/find.h"
#include "ovsdb/server/rbac.h"
#include "ovsdb/server/row_text.h"
#include "ovsdb/server/txn.h"

/* Members of operations. */
enum member {
    M_OP,
    M_TABLE,
    M_ROW,
    M_UUID_NAME,
    M_UUID,
    M_WHERE,
    M_COLUMNS,
    M_MUTATIONS,
    M_TIMEOUT,
    M_UNTIL,
    M_ROWS,
    M_DURABLE,
    M_COMMENT,
    M_LOCK,
    N_MEMBERS
};

static const struct {
    const char *name;
    enum jtext_kind kind;           /* JTEXT_TRUE stands for a boolean. */
} members[N_MEMBERS] = {
    [M_OP] = { "op", JTEXT_STRING },
    [M_TABLE] = { "table", JTEXT_STRING },
    [M_ROW] = { "row", JTEXT_OBJECT },
    [M_UUID_NAME] = { "uuid-name", JTEXT_STRING },
    [M_UUID] = { "uuid", JTEXT_STRING },
    [M_WHERE] = { "where", JTEXT_ARRAY },
    [M_COLUMNS] = { "columns", JTEXT_ARRAY },
    [M_MUTATIONS] = { "mutations", JTEXT_ARRAY },
    [M_TIMEOUT] = { "timeout", JTEXT_NUMBER },
    [M_UNTIL] = { "until", JTEXT_STRING },
    [M_ROWS] = { "rows", JTEXT_ARRAY },
    [M_DURABLE] = { "durable", JTEXT_TRUE },
    [M_COMMENT] = { "comment", JTEXT_STRING },
    [M_LOCK] = { "lock", JTEXT_STRING },
};

struct run {
    struct db *db;
    const struct execute_client *client;
    struct execute_result *result;
    struct txn *txn;
    struct ovsdb_symtab symtab;
    int64_t elapsed_ms;
    struct span op;                 /* All of the present operation. */
    struct span m[N_MEMBERS];       /* Of the present operation; SPAN_NULL
                                     * where it has none. */
    bool is_malformed;              /* The present operation, as its error
                                     * says. */
    struct db_table *table;         /* Of the present operation. */
};

typedef struct error *op_fn(struct run *);
static op_fn op_insert, op_select, op_update, op_mutate, op_delete, op_wait,
    op_commit, op_abort, op_comment, op_assert;

#define M(NAME) (1u << M_##NAME)

static const struct operation {
    const char *name;
    op_fn *run;
    unsigned int required;
    unsigned int optional;
    bool writes;
} operations[] = {
    { "insert", op_insert, M(TABLE) | M(ROW), M(UUID_NAME) | M(UUID), true },
    { "select", op_select, M(TABLE) | M(WHERE), M(COLUMNS), false },
    { "update", op_update, M(TABLE) | M(WHERE) | M(ROW), 0, true },
    { "mutate", op_mutate, M(TABLE) | M(WHERE) | M(MUTATIONS), 0, true },
    { "delete", op_delete, M(TABLE) | M(WHERE), 0, true },
    { "wait", op_wait, M(TABLE) | M(WHERE) | M(UNTIL) | M(ROWS),
      M(TIMEOUT) | M(COLUMNS), false },
    { "commit", op_commit, M(DURABLE), 0, false },
    { "abort", op_abort, 0, 0, false },
    { "comment", op_comment, M(COMMENT), 0, false },
    { "assert", op_assert, M(LOCK), 0, false },
};

static void
put(struct run *run, const char *text)
{
    str_put(&run->result->text, text);
}

/* Starts reading member 'member' of the operation. */
static void
read_member(struct run *run, enum member member, struct jtext_reader *r)
{
    jtext_reader_init(r, run->m[member].data, run->m[member].size);
}

/* The decoded string 'member', for free(). */
static char *
member_string(struct run *run, enum member member)
{
    struct jtext_reader r;
    struct span span = SPAN_LITERAL("");
    char *s;

    read_member(run, member, &r);
    jtext_get_string(&r, &span);
    s = xmemdup0(span.data, span.size);
    jtext_reader_uninit(&r);
    return s;
}

/* Reading operations. */

static bool
is_kind(struct jtext_reader *r, enum jtext_kind kind)
{
    enum jtext_kind k = jtext_peek(r);

    return k == kind || (kind == JTEXT_TRUE && k == JTEXT_FALSE);
}

/* An error for which the present operation as a whole is to blame. */
static struct error *
blame_op(struct run *run, struct error *error)
{
    if (error && !error->subject) {
        error_take_subject(error, jtext_subject(run->op));
    }
    return error;
}

static struct error *malformed(struct run *, const char *format, ...)
    PRINTF_FORMAT(2, 3);

/* An error of the form of the present operation. */
static struct error *
malformed(struct run *run, const char *format, ...)
{
    struct error *error;
    va_list args;

    va_start(args, format);
    error = error_create_va(0, format, args);
    va_end(args);
    error->tag = xstrdup("syntax error");
    run->is_malformed = true;
    return blame_op(run, error);
}

/* The present operation as the error of member 'member' alone. */
static struct error *
blame_member(struct run *run, enum member member, struct error *error)
{
    error_take_subject(error, jtext_subject(run->m[member]));
    return error;
}

/* Finds the members of the operation that comes next. */
static void
find_members(struct run *run, struct jtext_reader *r)
{
    const char *start = jtext_place(r);
    struct span key;

    memset(run->m, 0, sizeof run->m);
    run->op = SPAN_NULL;
    if (jtext_peek(r) != JTEXT_OBJECT) {
        jtext_fail(r, "Object expected.");
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        size_t i = 0;

        while (i < N_MEMBERS && !span_equals_string(key, members[i].name)) {
            i++;
        }
        if (i == N_MEMBERS) {
            jtext_fail(r, "Member '%.*s' is present but not allowed here.",
                       jtext_clip(&key, 64), key.data);
        } else if (jtext_peek(r) != JTEXT_ERROR
                   && !is_kind(r, members[i].kind)) {
            jtext_fail(r, "Type mismatch for member '%s'.", members[i].name);
        } else {
            jtext_skip(r, &run->m[i]);
        }
    }
    run->op = (struct span) { start, r->p - start };
    jtext_blame(r, start);
}

static const struct operation *
find_operation(struct run *run)
{
    struct jtext_reader r;
    struct span name = SPAN_NULL;
    const struct operation *found = NULL;

    if (!run->m[M_OP].data) {
        return NULL;
    }
    read_member(run, M_OP, &r);
    if (jtext_get_string(&r, &name)) {
        for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
            if (span_equals_string(name, operations[i].name)) {
                found = &operations[i];
                break;
            }
        }
    }
    jtext_reader_uninit(&r);
    return found;
}

static struct error *
check_members(struct run *run, const struct operation *op)
{
    unsigned int allowed = M(OP) | op->required | op->optional;

    for (size_t i = 0; i < N_MEMBERS; i++) {
        bool is_present = run->m[i].data != NULL;

        if (is_present && !(allowed >> i & 1)) {
            return malformed(run, "Member '%s' is present but not allowed "
                             "here.", members[i].name);
        }
        if (!is_present && (op->required >> i & 1)) {
            return malformed(run, "Required '%s' member is missing.",
                             members[i].name);
        }
    }
    return NULL;
}

static struct error *
find_table(struct run *run)
{
    struct jtext_reader r;
    struct span name = SPAN_NULL;
    struct error *error = NULL;

    if (!run->m[M_TABLE].data) {
        return NULL;
    }
    read_member(run, M_TABLE, &r);
    run->table = (jtext_get_string(&r, &name)
                  ? db_find_table(run->db, &name) : NULL);
    if (!run->table) {
        error = malformed(run, "No table named %.*s.",
                          jtext_clip(&name, 128), name.data);
    }
    jtext_reader_uninit(&r);
    return error;
}

/* Executes the operation whose members were found. */
static struct error *
run_operation(struct run *run)
{
    const struct operation *op = find_operation(run);
    struct error *error;

    if (!op) {
        char *name = member_string(run, M_OP);

        error = (run->m[M_OP].data
                 ? malformed(run, "No operation \"%s\"", name)
                 : malformed(run, "Required 'op' member is missing."));
        free(name);
        return error;
    }
    error = check_members(run, op);
    if (!error) {
        error = find_table(run);
    }
    if (!error && op->writes && run->client->read_only) {
        error = error_create_tagged("not allowed",
                                    "%s operation not allowed when database "
                                    "server is in read only mode", op->name);
    }
    return error ? error : op->run(run);
}

/* Finding rows. */

/* Finds the rows of "where". */
static struct error *
find_where(struct run *run, db_row_vec *rows)
{
    struct ovsdb_condition cond;
    struct jtext_reader r;
    struct error *error;

    read_member(run, M_WHERE, &r);
    ovsdb_condition_read(&cond, run->table->schema, &r, &run->symtab);
    error = jtext_finish(&r);
    if (!error) {
        find_rows(run->table, &cond, rows);
    }
    ovsdb_condition_uninit(&cond);
    return error;
}

/* Reading rows and columns. */

/* The columns of a "row" with their values. */
struct row_values {
    uint64_t columns;
    struct ovsdb_datum values[OVSDB_MAX_COLUMNS];
};

static void
row_values_uninit(struct row_values *rv, const struct ovsdb_table_schema *ts)
{
    for (; rv->columns; rv->columns &= rv->columns - 1) {
        unsigned int c = __builtin_ctzll(rv->columns);

        ovsdb_datum_uninit(&rv->values[c], &ts->columns[c].type);
    }
}

/* Reads one member of a row.  Values of implicit columns are checked and
 * dropped; '*implicit' notes them. */
static bool
read_column(struct run *run, struct jtext_reader *r, const struct span *key,
            struct row_values *rv, uint64_t *implicit)
{
    const struct ovsdb_column *column;
    struct ovsdb_datum value;

    column = ovsdb_table_schema_find_column_span(run->table->schema, key);
    if (!column) {
        jtext_take_error(r, error_create_tagged(
                             "unknown column", "No column %.*s in table %s.",
                             jtext_clip(key, 128), key->data,
                             run->table->schema->name));
        return false;
    }
    if (!ovsdb_datum_read(&value, &column->type, r, &run->symtab,
                          OVSDB_READ_CHECK)) {
        return false;
    }
    if (column->index >= OVSDB_MAX_COLUMNS) {
        *implicit |= UINT64_C(1) << column->index;
        ovsdb_datum_uninit(&value, &column->type);
        return true;
    }
    if (rv->columns >> column->index & 1) {
        ovsdb_datum_uninit(&rv->values[column->index], &column->type);
    }
    rv->values[column->index] = value;
    rv->columns |= UINT64_C(1) << column->index;
    return true;
}

/* Reads a <row>. */
static void
read_row(struct run *run, struct jtext_reader *r, struct row_values *rv,
         uint64_t *implicit)
{
    const char *start = jtext_place(r);
    struct span key;

    rv->columns = *implicit = 0;
    if (jtext_peek(r) != JTEXT_OBJECT) {
        jtext_fail(r, "row must be JSON object");
        jtext_blame(r, start);
        return;
    }
    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (!read_column(run, r, &key, rv, implicit)) {
            if (r->error && !strcmp(r->error->tag, "unknown column")) {
                jtext_blame(r, start);
            }
            break;
        }
    }
}

static struct error *
read_row_member(struct run *run, struct row_values *rv, uint64_t *implicit)
{
    struct jtext_reader r;
    struct error *error;

    read_member(run, M_ROW, &r);
    read_row(run, &r, rv, implicit);
    error = jtext_finish(&r);
    if (error) {
        row_values_uninit(rv, run->table->schema);
    }
    return error;
}

/* Reads "columns"; without it, all and, if 'implicit', the implicit ones. */
static struct error *
read_columns(struct run *run, bool implicit, uint64_t *columns)
{
    const struct ovsdb_table_schema *ts = run->table->schema;
    struct jtext_reader r;
    struct span name;

    *columns = (UINT64_C(1) << ts->n_columns) - 1;
    if (implicit) {
        *columns |= UINT64_C(3) << OVSDB_COLUMN_VERSION;
    }
    if (!run->m[M_COLUMNS].data) {
        return NULL;
    }
    *columns = 0;
    read_member(run, M_COLUMNS, &r);
    jtext_enter_array(&r);
    while (jtext_next_item(&r)) {
        const struct ovsdb_column *column;

        if (jtext_peek(&r) != JTEXT_STRING || !jtext_get_string(&r, &name)) {
            jtext_fail(&r, "array of distinct column names expected");
            break;
        }
        column = ovsdb_table_schema_find_column_span(ts, &name);
        if (!column) {
            jtext_fail(&r, "%.*s is not a valid column name",
                       jtext_clip(&name, 128), name.data);
        } else if (*columns >> column->index & 1) {
            jtext_fail(&r, "array of distinct column names expected");
        } else {
            *columns |= UINT64_C(1) << column->index;
        }
    }
    jtext_blame(&r, run->m[M_COLUMNS].data);
    return jtext_finish(&r);
}

/* Operations. */

/* The uuid of the new row: as "uuid" or "uuid-name" say, or random. */
static struct error *
choose_uuid(struct run *run, struct uuid *uuid)
{
    struct error *error = NULL;
    char *s;

    *uuid = uuid_random();
    if (run->m[M_UUID].data) {
        s = member_string(run, M_UUID);
        if (!uuid_from_string(uuid, s)) {
            error = blame_member(run, M_UUID,
                                 error_create_tagged("syntax error",
                                                     "bad uuid"));
        }
        free(s);
    }
    if (!error && run->m[M_UUID_NAME].data) {
        struct ovsdb_symbol *symbol;

        s = member_string(run, M_UUID_NAME);
        if (!ovsdb_id_is_valid(s)) {
            error = malformed(run, "Type mismatch for member 'uuid-name'.");
        } else {
            symbol = ovsdb_symtab_get(&run->symtab, s);
            if (symbol->is_created) {
                error = blame_member(run, M_UUID_NAME, error_create_tagged(
                    "duplicate uuid-name", "This \"uuid-name\" appeared on "
                    "an earlier \"insert\" operation."));
            } else if (run->m[M_UUID].data) {
                symbol->uuid = *uuid;
            } else {
                *uuid = symbol->uuid;
            }
            symbol->is_created = true;
        }
        free(s);
    }
    return error;
}

static struct error *
op_insert(struct run *run)
{
    struct row_values rv;
    struct uuid uuid;
    struct db_row *row;
    uint64_t implicit;
    struct error *error = choose_uuid(run, &uuid);

    if (!error) {
        error = read_row_member(run, &rv, &implicit);
    }
    if (error) {
        return error;
    }
    row = txn_insert(run->txn, run->table, &uuid);
    if (!row) {
        row_values_uninit(&rv, run->table->schema);
        error = error_create_tagged("duplicate uuid", "This UUID would "
                                    "duplicate a UUID already present within "
                                    "the table or deleted within the same "
                                    "transaction.");
        return run->m[M_UUID].data ? blame_member(run, M_UUID, error) : error;
    }
    for (uint64_t left = rv.columns; left; left &= left - 1) {
        unsigned int c = __builtin_ctzll(left);

        txn_write_take(run->txn, row, c, rv.values[c]);
    }
    error = rbac_check_insert(row, run->client);
    if (error) {
        return error;
    }
    put(run, "{\"uuid\":[\"uuid\",\"");
    uuid_format(&uuid, str_put_raw(&run->result->text, UUID_LEN));
    put(run, "\"]}");
    return NULL;
}

/* Appends the rows as texts, each once unless they have their uuids. */
static void
put_rows(struct run *run, const db_row_vec *rows, uint64_t columns)
{
    bool distinct = !(columns >> OVSDB_COLUMN_UUID & 1);
    struct str text = STR_EMPTY;
    struct sset seen;
    bool is_first = true;

    sset_init(&seen);
    VEC_FOR_EACH (row, rows) {
        str_clear(&text);
        row_put_json(&text, *row, columns, txn_row_field, false);
        if (distinct && !sset_add(&seen, str_cstr(&text))) {
            continue;
        }
        put(run, is_first ? "" : ",");
        str_put_str(&run->result->text, &text);
        is_first = false;
    }
    sset_uninit(&seen);
    str_uninit(&text);
}

static struct error *
op_select(struct run *run)
{
    db_row_vec rows = VEC_EMPTY;
    uint64_t columns;
    struct error *error = read_columns(run, true, &columns);

    if (!error) {
        error = find_where(run, &rows);
    }
    if (!error) {
        put(run, "{\"rows\":[");
        put_rows(run, &rows, columns);
        put(run, "]}");
    }
    vec_uninit(&rows);
    return error;
}

static void
put_count(struct run *run, size_t n)
{
    str_printf(&run->result->text, "{\"count\":%zu}", n);
}

static struct error *
check_mutable(struct run *run, uint64_t columns)
{
    for (; columns; columns &= columns - 1) {
        const struct ovsdb_column *column;

        column = ovsdb_table_schema_column(run->table->schema,
                                           __builtin_ctzll(columns));
        if (!column->is_mutable) {
            return blame_op(run, error_create_tagged(
                "constraint violation",
                "Cannot update immutable column %s in table %s.",
                column->name, run->table->schema->name));
        }
    }
    return NULL;
}

static struct error *
op_update(struct run *run)
{
    const struct ovsdb_table_schema *ts = run->table->schema;
    db_row_vec rows = VEC_EMPTY;
    struct row_values rv;
    uint64_t implicit;
    struct error *error = read_row_member(run, &rv, &implicit);

    if (error) {
        return error;
    }
    error = check_mutable(run, rv.columns | implicit);
    if (!error) {
        error = find_where(run, &rows);
    }
    for (size_t i = 0; i < rows.n && !error; i++) {
        error = rbac_check_update(rows.items[i], rv.columns, run->client);
        for (uint64_t left = error ? 0 : rv.columns; left;
             left &= left - 1) {
            unsigned int c = __builtin_ctzll(left);
            struct ovsdb_datum value;

            ovsdb_datum_clone(&value, &rv.values[c], &ts->columns[c].type);
            txn_write_take(run->txn, rows.items[i], c, value);
        }
    }
    if (!error) {
        put_count(run, rows.n);
    }
    row_values_uninit(&rv, ts);
    vec_uninit(&rows);
    return error;
}

static struct error *
op_mutate(struct run *run)
{
    db_row_vec rows = VEC_EMPTY;
    struct ovsdb_mutations ms;
    struct jtext_reader r;
    struct error *error;

    read_member(run, M_MUTATIONS, &r);
    ovsdb_mutations_read(&ms, run->table->schema, &r, &run->symtab);
    error = jtext_finish(&r);
    if (!error) {
        error = find_where(run, &rows);
    }
    for (size_t i = 0; i < rows.n && !error; i++) {
        error = rbac_check_update(rows.items[i], ms.columns, run->client);
        for (size_t j = 0; j < ms.n && !error; j++) {
            error = txn_mutate(run->txn, rows.items[i], &ms.items[j]);
        }
    }
    if (!error) {
        put_count(run, rows.n);
    }
    ovsdb_mutations_uninit(&ms);
    vec_uninit(&rows);
    return error;
}

static struct error *
op_delete(struct run *run)
{
    db_row_vec rows = VEC_EMPTY;
    struct error *error = find_where(run, &rows);

    for (size_t i = 0; i < rows.n && !error; i++) {
        error = rbac_check_delete(rows.items[i], run->client);
        if (!error) {
            txn_delete(run->txn, rows.items[i]);
        }
    }
    if (!error) {
        put_count(run, rows.n);
    }
    vec_uninit(&rows);
    return error;
}

/* The given "rows" as the set of the texts that put_rows() would make. */
static struct error *
read_wanted_rows(struct run *run, uint64_t columns, struct sset *wanted)
{
    const struct ovsdb_table_schema *ts = run->table->schema;
    struct jtext_reader r;

    read_member(run, M_ROWS, &r);
    jtext_enter_array(&r);
    while (jtext_next_item(&r)) {
        struct row_values rv;
        struct str text = STR_EMPTY;
        uint64_t implicit;
        bool is_first = true;

        read_row(run, &r, &rv, &implicit);
        if (implicit) {
            jtext_fail(&r, "\"rows\" may not name implicit columns");
        }
        str_put_char(&text, '{');
        for (uint64_t left = r.error ? 0 : columns; left; left &= left - 1) {
            unsigned int c = __builtin_ctzll(left);

            row_put_member(&text, &ts->columns[c],
                           (rv.columns >> c & 1 ? &rv.values[c]
                            : &ts->columns[c].def), &is_first);
        }
        str_put_char(&text, '}');
        if (!r.error) {
            sset_add(wanted, str_cstr(&text));
        }
        row_values_uninit(&rv, ts);
        str_uninit(&text);
    }
    return jtext_finish(&r);
}

static void
set_of_rows(const db_row_vec *rows, uint64_t columns, struct sset *set)
{
    struct str text = STR_EMPTY;

    VEC_FOR_EACH (row, rows) {
        str_clear(&text);
        row_put_json(&text, *row, columns, txn_row_field, false);
        sset_add(set, str_cstr(&text));
    }
    str_uninit(&text);
}

static struct error *
read_until(struct run *run, bool *wants_equal)
{
    char *until = member_string(run, M_UNTIL);
    struct error *error = NULL;

    *wants_equal = !strcmp(until, "==");
    if (!*wants_equal && strcmp(until, "!=")) {
        error = blame_member(run, M_UNTIL, error_create_tagged(
            "syntax error", "\"until\" must be \"==\" or \"!=\""));
    }
    free(until);
    return error;
}

static struct error *
read_timeout(struct run *run, int64_t *timeout_ms)
{
    struct jtext_reader r;
    bool ok;

    *timeout_ms = INT64_MAX;
    if (!run->m[M_TIMEOUT].data) {
        return NULL;
    }
    read_member(run, M_TIMEOUT, &r);
    ok = jtext_get_integer(&r, timeout_ms);
    jtext_reader_uninit(&r);
    if (!ok) {
        return malformed(run, "Type mismatch for member 'timeout'.");
    } else if (*timeout_ms < 0) {
        return blame_member(run, M_TIMEOUT, error_create_tagged(
            "syntax error", "timeout must be nonnegative"));
    }
    return NULL;
}

/* What to do about a "wait" that does not hold. */
static struct error *
not_yet(struct run *run, int64_t timeout_ms)
{
    if (run->elapsed_ms >= timeout_ms) {
        return (run->elapsed_ms
                ? error_create_tagged("timed out", "\"wait\" timed out after "
                                      "%lld ms", (long long) run->elapsed_ms)
                : error_create_tagged("timed out", "\"where\" clause test "
                                      "failed"));
    }
    run->result->must_wait = true;
    run->result->wait_table = run->table;
    run->result->timeout_ms = timeout_ms;
    return error_create_tagged("timed out", "\"wait\" does not hold");
}

static struct error *
op_wait(struct run *run)
{
    db_row_vec rows = VEC_EMPTY;
    struct sset wanted, present;
    uint64_t columns;
    int64_t timeout_ms;
    bool wants_equal;
    struct error *error = read_columns(run, false, &columns);

    sset_init(&wanted);
    sset_init(&present);
    columns &= ~(UINT64_C(3) << OVSDB_COLUMN_VERSION);
    if (!error) {
        error = read_until(run, &wants_equal);
    }
    if (!error) {
        error = read_timeout(run, &timeout_ms);
    }
    if (!error) {
        error = read_wanted_rows(run, columns, &wanted);
    }
    if (!error) {
        error = find_where(run, &rows);
    }
    if (!error) {
        set_of_rows(&rows, columns, &present);
        if (sset_equals(&wanted, &present) == wants_equal) {
            put(run, "{}");
        } else {
            error = not_yet(run, timeout_ms);
        }
    }
    sset_uninit(&wanted);
    sset_uninit(&present);
    vec_uninit(&rows);
    return error;
}

static struct error *
op_commit(struct run *run)
{
    struct jtext_reader r;
    bool durable = false;

    read_member(run, M_DURABLE, &r);
    jtext_get_boolean(&r, &durable);
    jtext_reader_uninit(&r);
    run->result->is_durable = run->result->is_durable || durable;
    put(run, "{}");
    return NULL;
}

static struct error *
op_abort(struct run *run)
{
    return error_create_tagged("aborted", "aborted by request");
}

static struct error *
op_comment(struct run *run)
{
    char *comment = member_string(run, M_COMMENT);

    if (run->txn->comment.length) {
        str_put_char(&run->txn->comment, '\n');
    }
    str_put(&run->txn->comment, comment);
    free(comment);
    put(run, "{}");
    return NULL;
}

static struct error *
op_assert(struct run *run)
{
    char *lock = member_string(run, M_LOCK);
    struct error *error = NULL;

    if (!ovsdb_id_is_valid(lock)) {
        error = malformed(run, "Type mismatch for member 'lock'.");
    } else if (!run->client->holds_lock
               || !run->client->holds_lock(lock, run->client->aux)) {
        error = error_create_tagged("not owner", "Asserted lock %s not held.",
                                    lock);
    } else {
        put(run, "{}");
    }
    free(lock);
    return error;
}

/* All of a transaction. */

static size_t
count_operations(struct span params)
{
    struct jtext_reader r;
    size_t n = 0;

    jtext_reader_init(&r, params.data, params.size);
    jtext_enter_array(&r);
    while (jtext_next_item(&r) && jtext_skip(&r, NULL)) {
        n++;
    }
    jtext_reader_uninit(&r);
    return n ? n - 1 : 0;
}

/* Reads and executes the operations, of which the first follows.  Returns the
 * error of the one that failed; '*n' is the number of those before it. */
static struct error *
run_operations(struct run *run, struct jtext_reader *r, struct span params,
               size_t *n)
{
    for (*n = 0; jtext_next_item(r); ++*n) {
        struct error *error;

        find_members(run, r);
        run->is_malformed = r->error != NULL;
        error = jtext_steal_error(r);
        if (!error && *n) {
            put(run, ",");
        }
        if (!error) {
            error = run_operation(run);
        }
        if (error) {
            return (run->is_malformed
                    ? error_wrap(error, "Parsing ovsdb operation %zu of %zu "
                                 "failed", *n + 1, count_operations(params))
                    : error);
        }
    }
    return jtext_steal_error(r);
}

/* Appends null for each operation behind a failed one. */
static void
put_nulls(struct run *run, struct span params, size_t n_done)
{
    size_t n = count_operations(params);

    for (size_t i = n_done + 1; i < n; i++) {
        put(run, ",null");
    }
}

/* Cuts off an unfinished last result. */
static void
put_failure(struct run *run, size_t mark, bool needs_comma,
            const struct error *error)
{
    str_truncate(&run->result->text, mark);
    if (needs_comma) {
        put(run, ",");
    }
    put_error_json(&run->result->text, error);
}

static void
finish(struct run *run, bool dry_run)
{
    struct error *error = txn_check(run->txn);

    if (error) {
        put_failure(run, run->result->text.length,
                    run->result->text.length > 1, error);
        error_free(error);
        txn_abort(run->txn);
    } else if (dry_run) {
        txn_undo_check(run->txn);
        txn_abort(run->txn);
    } else {
        run->result->is_committed = txn_has_changes(run->txn);
        txn_commit(run->txn);
    }
}

void
execute(struct db *db, struct span params, const struct execute_client *client,
        int64_t elapsed_ms, bool dry_run, struct execute_result *result)
{
    struct run run = {
        .db = db, .client = client, .result = result,
        .elapsed_ms = elapsed_ms, .txn = txn_create(db),
    };
    struct jtext_reader r;
    struct error *error;
    size_t n, mark;

    *result = (struct execute_result) { .is_refused = false };
    ovsdb_symtab_init(&run.symtab);
    jtext_reader_init(&r, params.data, params.size);
    put(&run, "[");
    if (jtext_enter_array(&r) && jtext_next_item(&r)) {
        jtext_skip(&r, NULL);
    }
    error = run_operations(&run, &r, params, &n);
    if (error) {
        mark = result->text.length;
        if (mark > 1 && result->text.string[mark - 1] == ',') {
            put_failure(&run, mark, false, error);
        } else {
            put_failure(&run, mark, mark > 1, error);
        }
        put_nulls(&run, params, n);
        error_free(error);
        txn_abort(run.txn);
    } else {
        finish(&run, dry_run);
    }
    put(&run, "]");
    jtext_reader_uninit(&r);
    ovsdb_symtab_uninit(&run.symtab);
}
