/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/value.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/replica/internal.h"

void
replica_condition_init(struct replica_condition *condition)
{
    *condition = (struct replica_condition) REPLICA_CONDITION_NONE;
}

void
replica_condition_uninit(struct replica_condition *condition)
{
    for (size_t i = 0; i < condition->n; i++) {
        free(condition->clauses[i]);
    }
    free(condition->clauses);
    replica_condition_init(condition);
}

void
replica_condition_clone(struct replica_condition *dst,
                        const struct replica_condition *src)
{
    *dst = *src;
    dst->allocated = dst->n;
    dst->clauses = xcalloc(dst->n + 1, sizeof *dst->clauses);
    for (size_t i = 0; i < dst->n; i++) {
        dst->clauses[i] = xstrdup(src->clauses[i]);
    }
}

void
replica_condition_add_true(struct replica_condition *condition)
{
    condition->is_true = true;
}

/* Starts the text of a clause. */
static void
begin(struct str *out, const char *column, enum replica_compare compare)
{
    static const char *const operators[] = {
        [REPLICA_EQ] = "==", [REPLICA_NE] = "!=",
        [REPLICA_LT] = "<", [REPLICA_LE] = "<=",
        [REPLICA_GT] = ">", [REPLICA_GE] = ">=",
        [REPLICA_INCLUDES] = "includes", [REPLICA_EXCLUDES] = "excludes",
    };

    str_put(out, "[\"");
    str_put(out, column);
    str_put(out, "\",\"");
    str_put(out, operators[compare]);
    str_put(out, "\",");
}

static void
end(struct replica_condition *condition, struct str *out)
{
    str_put_char(out, ']');
    if (condition->n >= condition->allocated) {
        condition->clauses = vec_grow_(condition->clauses,
                                       &condition->allocated,
                                       condition->n + 1,
                                       sizeof *condition->clauses);
    }
    condition->clauses[condition->n++] = str_steal(out);
}

void
replica_condition_add_string(struct replica_condition *condition,
                             const struct replica_column_class *column,
                             enum replica_compare compare, const char *value)
{
    struct str out = STR_EMPTY;

    begin(&out, column->name, compare);
    jtext_put_cstr(&out, value);
    end(condition, &out);
}

void
replica_condition_add_int(struct replica_condition *condition,
                          const struct replica_column_class *column,
                          enum replica_compare compare, int64_t value)
{
    struct str out = STR_EMPTY;

    begin(&out, column->name, compare);
    str_put_int(&out, value);
    end(condition, &out);
}

void
replica_condition_add_bool(struct replica_condition *condition,
                           const struct replica_column_class *column,
                           enum replica_compare compare, bool value)
{
    struct str out = STR_EMPTY;

    begin(&out, column->name, compare);
    str_put(&out, value ? "true" : "false");
    end(condition, &out);
}

void
replica_condition_add_uuid(struct replica_condition *condition,
                           const struct replica_column_class *column,
                           enum replica_compare compare,
                           const struct uuid *uuid)
{
    struct str out = STR_EMPTY;

    begin(&out, column->name, compare);
    replica_put_uuid(&out, uuid);
    end(condition, &out);
}

void
replica_condition_add_pair(struct replica_condition *condition,
                           const struct replica_column_class *column,
                           enum replica_compare compare, const char *key,
                           const char *value)
{
    struct str out = STR_EMPTY;

    begin(&out, column->name, compare);
    str_put(&out, "[\"map\",[[");
    jtext_put_cstr(&out, key);
    str_put_char(&out, ',');
    jtext_put_cstr(&out, value);
    str_put(&out, "]]]");
    end(condition, &out);
}

void
replica_condition_add_row(struct replica_condition *condition,
                          const struct uuid *uuid)
{
    struct str out = STR_EMPTY;

    begin(&out, "_uuid", REPLICA_EQ);
    replica_put_uuid(&out, uuid);
    end(condition, &out);
}

void
replica_condition_add_absent(struct replica_condition *condition,
                             const struct replica *replica,
                             const struct replica_table_class *class)
{
    const struct absent *absent;

    HMAP_FOR_EACH (absent, node, &replica->store.absents) {
        if (absent->table == class) {
            replica_condition_add_row(condition, &absent->uuid);
        }
    }
}

static int
compare_clauses(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

char *
condition_to_json(const struct replica_condition *condition)
{
    struct str out = STR_EMPTY;

    if (condition->is_true) {
        return NULL;
    } else if (!condition->n) {
        return xstrdup("[false]");
    }
    qsort(condition->clauses, condition->n, sizeof *condition->clauses,
          compare_clauses);
    for (size_t i = 0; i < condition->n; i++) {
        if (!i || strcmp(condition->clauses[i], condition->clauses[i - 1])) {
            str_put_char(&out, i ? ',' : '[');
            str_put(&out, condition->clauses[i]);
        }
    }
    str_put_char(&out, ']');
    return str_steal(&out);
}

/* The conditions of tables, as JSON texts that are NULL for every row. */

static bool
is_same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static void
set(char **dst, const char *src)
{
    free(*dst);
    *dst = xstrdup_null(src);
}

static bool
is_monitored(const struct replica_table *table)
{
    return table->is_monitored && table->server_has;
}

bool
replica_set_condition(struct replica *replica,
                      const struct replica_table_class *class,
                      struct replica_condition *condition)
{
    struct replica_table *table = store_table(&replica->store, class);
    char *text = condition_to_json(condition);

    replica_condition_uninit(condition);
    if (is_same(table->condition, text)) {
        free(text);
        return false;
    }
    free(table->condition);
    table->condition = text;
    table->is_condition_new = true;
    step_wake(&replica->jobs_step);
    return true;
}

void
condition_put_where(struct replica_table *table, bool is_resumed,
                    struct str *out)
{
    set(&table->sent_condition,
        is_resumed ? table->acked_condition : table->condition);
    table->is_condition_new = true;
    if (table->sent_condition) {
        str_put(out, ",\"where\":");
        str_put(out, table->sent_condition);
    }
}

bool
conditions_put_changes(struct store *store, struct str *out)
{
    bool any = false;

    str_put_char(out, '{');
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];

        if (!is_monitored(table) || !table->is_condition_new) {
            continue;
        }
        table->is_condition_new = false;
        if (!is_same(table->condition, table->sent_condition)) {
            set(&table->sent_condition, table->condition);
            str_put(out, any ? ",\"" : "\"");
            str_put(out, table->class->name);
            str_put(out, "\":[{\"where\":");
            str_put(out, table->condition ? table->condition : "[true]");
            str_put(out, "}]");
            any = true;
        }
    }
    str_put_char(out, '}');
    return any;
}

void
conditions_ack(struct store *store)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        struct replica_table *table = &store->tables[i];

        set(&table->acked_condition, table->sent_condition);
    }
}

bool
conditions_are_acked(const struct store *store)
{
    for (unsigned int i = 0; i < store->n_tables; i++) {
        const struct replica_table *table = &store->tables[i];

        /* Texts may be long, and most are not new. */
        if (is_monitored(table) && table->is_condition_new
            && !is_same(table->condition, table->acked_condition)) {
            return false;
        }
    }
    return true;
}
