/* SPDX-License-Identifier: Apache-2.0 */

/* "show": rows as a tree, following references.
 *
 * "--filter=TABLE(TEXT|TEXT),..." leaves out rows of TABLE of which nothing
 * printed, rows below included, contains one of the texts. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/dbctl/internal.h"

#define INDENT 4

/* Rows on the way down, so that a circle of references ends. */
#define MAX_DEPTH 8

static const struct dbctl_show *
find_show(const struct dbctl *dbctl, const struct replica_table_class *table)
{
    for (const struct dbctl_show *show = dbctl->tool->show; show->table;
         show++) {
        if (show->table == table) {
            return show;
        }
    }
    return NULL;
}

/* Filters. */

/* One rule: which rows of a table to show. */
struct filter {
    const struct replica_table_class *table;
    char *texts;                /* Separated by '|'. */
};

/* A call's state. */
struct filters {
    VEC(struct filter) rules;
};

/* Ends the rule that starts at 's': commas within parentheses are part of
 * it. */
static size_t
rule_length(const char *s)
{
    int depth = 0;
    size_t n = 0;

    for (; s[n] && (s[n] != ',' || depth > 0); n++) {
        depth += (s[n] == '(') - (s[n] == ')');
    }
    return n;
}

/* "TABLE(TEXT|TEXT)", or "TEXT|TEXT" for the table that trees start with. */
static struct error *
parse_rule(struct dbctl_call *call, char *rule, struct filter *filter)
{
    char *open = strchr(rule, '(');
    size_t length = strlen(rule);

    filter->table = call->dbctl->tool->show->table;
    if (open && open > rule) {
        struct error *error;

        *open = '\0';
        error = dbctl_find_table(call->dbctl, rule, &filter->table);
        *open = '(';
        if (error) {
            return error;
        }
    }
    if (open && (rule[length - 1] != ')' || open + 1 == rule + length - 1)) {
        return error_create(0, "--filter: \"%s\" is not of the form "
                            "TABLE(TEXT|TEXT...)", rule);
    }
    filter->texts = (open ? xmemdup0(open + 1, rule + length - 2 - open)
                     : xstrdup(rule));
    return NULL;
}

static struct error *
parse_filters(struct dbctl_call *call)
{
    const char *s = dbctl_option(call, "--filter");
    struct filters *filters = xzalloc(sizeof *filters);

    call->state = filters;
    while (s && *s) {
        size_t n = rule_length(s);
        char *rule = xmemdup0(s, n);
        struct filter filter = { .texts = NULL };
        struct error *error = n ? parse_rule(call, rule, &filter) : NULL;

        free(rule);
        if (error) {
            return error;
        }
        if (filter.texts) {
            vec_push(&filters->rules, filter);
        }
        s += n + (s[n] == ',');
    }
    return NULL;
}

static void
release_filters(struct dbctl_call *call)
{
    struct filters *filters = call->state;

    if (filters) {
        VEC_FOR_EACH (filter, &filters->rules) {
            free(filter->texts);
        }
        vec_uninit(&filters->rules);
        free(filters);
    }
}

static bool
contains_one(const char *printed, const char *texts)
{
    char *copy = xstrdup(texts);
    char *p = copy, *text;
    bool found = false;

    while (!found && (text = text_token(&p, "|"))) {
        found = strstr(printed, text) != NULL;
    }
    free(copy);
    return found;
}

/* Whether a row of 'table' that was printed so is to be shown. */
static bool
passes_filters(const struct dbctl_call *call,
               const struct replica_table_class *table, const char *printed)
{
    const struct filters *filters = call->state;

    VEC_FOR_EACH (filter, &filters->rules) {
        if (filter->table == table
            && !contains_one(printed, filter->texts)) {
            return false;
        }
    }
    return true;
}

/* Trees. */

static void show_row(struct dbctl_call *, const struct dbctl_show *,
                     const struct replica_row *, unsigned int level);

/* The shown table that 'base' refers to, or NULL. */
static const struct dbctl_show *
referenced_show(const struct dbctl_call *call,
                const struct replica_base_class *base)
{
    return (base->type == REPLICA_REF ? find_show(call->dbctl, base->ref)
            : NULL);
}

static void
put_row_name(struct str *out, const struct dbctl_show *show,
             const struct replica_row *row)
{
    struct dbctl_column column;
    struct ovsdb_datum datum;

    dbctl_column_init(&column, show->table, show->name_column);
    dbctl_read(row, &column, &datum);
    ovsdb_datum_put_text(out, &datum, &column.type);
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
}

/* Shows the rows that a column refers to; false if these are not shown. */
static bool
show_references(struct dbctl_call *call, const struct dbctl_column *column,
                const struct ovsdb_datum *datum, unsigned int level)
{
    const struct dbctl_show *show = referenced_show(call, &column->class->key);

    for (uint32_t i = 0; show && i < datum->n; i++) {
        const struct replica_row *row
            = replica_find(dbctl_replica(call->dbctl), show->table,
                           &ovsdb_datum_keys(datum)[i].uuid);

        if (row) {
            show_row(call, show, row, level + 1);
        }
    }
    return show != NULL;
}

/* Shows a map to rows as the names of these under its keys; false if the rows
 * have no names or are not shown. */
static bool
show_map(struct dbctl_call *call, const struct dbctl_column *column,
         const struct ovsdb_datum *datum, unsigned int level)
{
    const struct dbctl_show *show
        = referenced_show(call, &column->class->value);
    struct str *out = &call->output;

    if (!show || show->name_column < 0) {
        return false;
    }
    str_put_chars(out, ' ', (level + 1) * INDENT);
    str_printf(out, "%s:\n", column->name);
    for (uint32_t i = 0; i < datum->n; i++) {
        const struct replica_row *row
            = replica_find(dbctl_replica(call->dbctl), show->table,
                           &ovsdb_datum_values(datum)[i].uuid);

        str_put_chars(out, ' ', (level + 2) * INDENT);
        ovsdb_atom_put_text(out, &ovsdb_datum_keys(datum)[i],
                            column->type.key.type);
        str_put_char(out, '=');
        if (row) {
            put_row_name(out, show, row);
        }
        str_put_char(out, '\n');
    }
    return true;
}

static void
show_column(struct dbctl_call *call, const struct replica_row *row,
            unsigned int number, unsigned int level)
{
    struct str *out = &call->output;
    struct dbctl_column column;
    struct ovsdb_datum datum;

    dbctl_column_init(&column, replica_row_class(row), number);
    dbctl_read(row, &column, &datum);
    if (!show_references(call, &column, &datum, level)
        && !show_map(call, &column, &datum, level)
        && !ovsdb_datum_is_default(&datum, &column.type)) {
        str_put_chars(out, ' ', (level + 1) * INDENT);
        str_printf(out, "%s: ", column.name);
        ovsdb_datum_put_text(out, &datum, &column.type);
        str_put_char(out, '\n');
    }
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
}

static void
show_referrers(struct dbctl_call *call, const struct dbctl_show *show,
               const struct replica_row *row, unsigned int level)
{
    const struct dbctl_show *below = find_show(call->dbctl, show->referrers);
    struct dbctl_column column;
    struct replica_row *referrer;

    dbctl_column_init(&column, show->referrers, show->referrer_column);
    REPLICA_FOR_EACH (referrer, dbctl_replica(call->dbctl),
                      show->referrers) {
        union ovsdb_atom atom = { .uuid = row->uuid };
        struct ovsdb_datum datum;

        dbctl_read(referrer, &column, &datum);
        if (ovsdb_datum_find(&datum, &atom, OVSDB_TYPE_UUID) != UINT32_MAX) {
            show_row(call, below, referrer, level + 1);
        }
        ovsdb_datum_uninit(&datum, &column.type);
    }
    dbctl_column_uninit(&column);
}

static void
show_row(struct dbctl_call *call, const struct dbctl_show *show,
         const struct replica_row *row, unsigned int level)
{
    struct str *out = &call->output;
    size_t start = out->length;

    if (level >= MAX_DEPTH) {
        return;
    }
    str_put_chars(out, ' ', level * INDENT);
    if (show->name_column < 0) {
        str_printf(out, UUID_FMT "\n", UUID_ARGS(&row->uuid));
    } else {
        str_printf(out, "%s ", show->table->name);
        put_row_name(out, show, row);
        str_put_char(out, '\n');
    }
    for (size_t i = 0; i < ARRAY_SIZE(show->columns) && show->columns[i] >= 0;
         i++) {
        show_column(call, row, show->columns[i], level);
    }
    if (show->referrers) {
        show_referrers(call, show, row, level);
    }
    if (!passes_filters(call, show->table, str_cstr(out) + start)) {
        str_truncate(out, start);
    }
}

static struct error *
prepare_show(struct dbctl_call *call)
{
    for (const struct dbctl_show *show = call->dbctl->tool->show; show->table;
         show++) {
        uint64_t columns = 0;

        if (show->name_column >= 0) {
            columns |= REPLICA_COL(show->name_column);
        }
        for (size_t i = 0;
             i < ARRAY_SIZE(show->columns) && show->columns[i] >= 0; i++) {
            columns |= REPLICA_COL(show->columns[i]);
        }
        dbctl_monitor(call->dbctl, show->table, columns);
        if (show->referrers) {
            dbctl_monitor(call->dbctl, show->referrers,
                          REPLICA_COL(show->referrer_column));
        }
    }
    return NULL;
}

static struct error *
run_show(struct dbctl_call *call)
{
    struct error *error = call->state ? NULL : parse_filters(call);

    if (error) {
        return error;
    }
    for (const struct dbctl_show *show = call->dbctl->tool->show; show->table;
         show++) {
        struct replica_row *row;

        if (!show->is_root) {
            continue;
        }
        REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), show->table) {
            show_row(call, show, row, 0);
        }
    }
    return NULL;
}

const struct dbctl_command dbctl_show_command = {
    .name = "show", .options = "--filter=", .prepare = prepare_show,
    .run = run_show, .release = release_filters,
};
