/* SPDX-License-Identifier: Apache-2.0 */

/* A replica for tests to drive: takes commands on stdin, a line each, and
 * answers each with a line.
 *
 *     dump                  all rows: {TABLE: {UUID: {COLUMN: VALUE}}}
 *     changes               rows changed since the last 'changes'
 *     state                 connection, counts
 *     error                 what went wrong last
 *     check                 looks up every row in every index, references
 *     condition TABLE [CLAUSE...]   CLAUSE is COLUMN=STRING or uuid:UUID;
 *                           none: no row; "true": all rows
 *     reconnect
 *     lock [NAME]
 *     set TABLE UUID COLUMN JSON    one-column update, with verify
 *     add TABLE UUID COLUMN KEY VALUE   one pair of a string map
 *     insert TABLE COLUMN JSON
 *     insert-uuid UUID TABLE COLUMN JSON
 *     delete TABLE UUID
 *     append TABLE UUID COLUMN TEXT     to a string, again and again until no
 *                                       other client comes between
 *
 * usage: replica_tool DATABASE REMOTES [leader-only | no-retry | no-index] */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/error.h"
#include "lib/base/text.h"
#include "lib/replica/replica.h"
#include "lib/replica/txn.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/memory.h"
#include "lib/schema/nb.h"
#include "lib/schema/sb.h"
#include "lib/schema/vs.h"

static const struct replica_db_class *const databases[] = {
    &nb_class, &sb_class, &vs_class,
};

struct tool {
    struct replica *replica;
    struct watch input;
    struct str line;
    struct str changes;         /* Told since the last 'changes'. */
    struct step step;
    struct replica_index *indexes[64][64];
};

static void
answer(struct str *text)
{
    str_put_char(text, '\n');
    fwrite(text->string, 1, text->length, stdout);
    fflush(stdout);
    str_uninit(text);
}

static void
answer_text(const char *s)
{
    struct str text = STR_EMPTY;

    str_put(&text, s);
    answer(&text);
}

static void
put_row(struct str *out, const struct replica_row *row)
{
    const struct replica_table_class *class = replica_row_class(row);
    bool first = true;

    str_printf(out, "\"" UUID_FMT "\":{", UUID_ARGS(&row->uuid));
    for (unsigned int i = 0; i < class->n_columns; i++) {
        if (replica_server_has_column(replica_row_replica(row), class, i)) {
            str_printf(out, "%s\"%s\":", first ? "" : ",",
                       class->columns[i].name);
            replica_row_column_to_json(row, i, out);
            first = false;
        }
    }
    str_put_char(out, '}');
}

static void
cmd_dump(struct tool *tool, char **args)
{
    const struct replica_db_class *db = replica_class(tool->replica);
    struct str out = STR_EMPTY;

    str_put_char(&out, '{');
    for (unsigned int i = 0; i < db->n_tables; i++) {
        struct replica_row *row;
        bool first = true;

        str_printf(&out, "%s\"%s\":{", i ? "," : "", db->tables[i]->name);
        REPLICA_FOR_EACH (row, tool->replica, db->tables[i]) {
            if (!first) {
                str_put_char(&out, ',');
            }
            first = false;
            put_row(&out, row);
        }
        str_put_char(&out, '}');
    }
    str_put_char(&out, '}');
    answer(&out);
}

static void
cmd_changes(struct tool *tool, char **args)
{
    struct str out = STR_EMPTY;

    str_printf(&out, "[%s]", str_cstr(&tool->changes));
    str_clear(&tool->changes);
    answer(&out);
}

static void
cmd_state(struct tool *tool, char **args)
{
    const struct replica *replica = tool->replica;
    struct str out = STR_EMPTY;

    str_printf(&out, "connected:%d synced:%d dead:%d connections:%u "
               "settled:%d lock:%d contended:%d full-copies:%llu "
               "fast-resyncs:%llu rss:%llu ",
               replica_is_connected(replica), replica_is_synced(replica),
               replica_is_dead(replica), replica_connection_number(replica),
               replica_conditions_settled(replica),
               replica_has_lock(replica), replica_lock_is_contended(replica),
               (unsigned long long) counter_read("replica_full_copy"),
               (unsigned long long) counter_read("replica_fast_resync"),
               (unsigned long long) memory_rss_bytes());
    replica_stats(replica, &out);
    answer(&out);
}

static void
cmd_error(struct tool *tool, char **args)
{
    const char *error = replica_last_error(tool->replica);

    answer_text(error ? error : "none");
}

/* Whether index 'index' on column 'column' finds 'row' under its values. */
static bool
is_indexed(const struct replica_index *index, const struct replica_row *row,
           const struct replica_column_class *column)
{
    const char *member = (const char *) row + column->offset;
    struct replica_index_cursor cursor;
    struct replica_row *found;
    union replica_atom key;
    size_t n = 1;

    if (column->shape == REPLICA_SET) {
        n = *(const size_t *) (const void *) member;
        member = *(const char *const *) (const void *) (member
                                                        + sizeof(size_t));
    } else if (!*(const char *const *) (const void *) member) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        key.string = ((const char *const *) (const void *) member)[i];
        REPLICA_INDEX_FOR_EACH (found, &cursor, index, &key) {
            if (found == row) {
                break;
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static void
cmd_check(struct tool *tool, char **args)
{
    const struct replica_db_class *db = replica_class(tool->replica);
    struct str out = STR_EMPTY;
    struct replica_row *row;

    for (unsigned int i = 0; i < db->n_tables; i++) {
        for (unsigned int j = 0; j < db->tables[i]->n_columns; j++) {
            if (!tool->indexes[i][j]) {
                continue;
            }
            REPLICA_FOR_EACH (row, tool->replica, db->tables[i]) {
                if (!is_indexed(tool->indexes[i][j], row,
                                &db->tables[i]->columns[j])) {
                    str_printf(&out, "%s row " UUID_FMT " not found by %s; ",
                               db->tables[i]->name, UUID_ARGS(&row->uuid),
                               db->tables[i]->columns[j].name);
                }
            }
        }
    }
    if (!out.length) {
        str_put(&out, "ok");
    }
    answer(&out);
}

/* Finds what the first words name; answers if there is no such thing. */
static const struct replica_table_class *
find_table(struct tool *tool, char **args)
{
    char *word = text_token(args, " ");
    const struct replica_table_class *class
        = word ? replica_db_class_find_table(replica_class(tool->replica),
                                             word) : NULL;

    if (!class) {
        answer_text("no such table");
    }
    return class;
}

static const struct replica_column_class *
find_column(const struct replica_table_class *class, char **args)
{
    char *word = text_token(args, " ");
    const struct replica_column_class *column
        = word ? replica_table_class_find_column(class, word) : NULL;

    if (!column) {
        answer_text("no such column");
    }
    return column;
}

static struct replica_row *
find_row(struct tool *tool, const struct replica_table_class *class,
         char **args)
{
    char *word = text_token(args, " ");
    struct replica_row *row = NULL;
    struct uuid uuid;

    if (word && uuid_from_string(&uuid, word)) {
        row = replica_find(tool->replica, class, &uuid);
    }
    if (!row) {
        answer_text("no such row");
    }
    return row;
}

static void
cmd_condition(struct tool *tool, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    struct replica_condition condition = REPLICA_CONDITION_NONE;
    struct uuid uuid;
    char *word;

    if (!class) {
        return;
    }
    while ((word = text_token(args, " ")) != NULL) {
        char *name = text_token(&word, "=");
        const struct replica_column_class *column
            = replica_table_class_find_column(class, name);

        if (!strcmp(name, "true")) {
            replica_condition_add_true(&condition);
        } else if (text_starts_with(name, "uuid:")
                   && uuid_from_string(&uuid, name + 5)) {
            replica_condition_add_row(&condition, &uuid);
        } else if (column && word) {
            replica_condition_add_string(&condition, column, REPLICA_EQ,
                                         word);
        }
    }
    replica_set_condition(tool->replica, class, &condition);
    answer_text("ok");
}

static void
cmd_reconnect(struct tool *tool, char **args)
{
    replica_reconnect(tool->replica);
    answer_text("ok");
}

static void
cmd_lock(struct tool *tool, char **args)
{
    replica_set_lock(tool->replica, text_token(args, " "));
    answer_text("ok");
}

static void
txn_done(struct replica_txn *txn, enum replica_txn_status status, void *uuid_)
{
    const struct uuid *uuid = uuid_;
    struct str out = STR_EMPTY;

    str_put(&out, replica_txn_status_to_string(status));
    if (replica_txn_error(txn)) {
        str_printf(&out, " %s", replica_txn_error(txn));
    }
    if (uuid) {
        const struct uuid *real = replica_txn_inserted_uuid(txn, uuid);

        if (!real && status == REPLICA_TXN_SUCCESS) {
            real = uuid;        /* It was chosen here. */
        }
        if (real) {
            str_printf(&out, " " UUID_FMT, UUID_ARGS(real));
        }
        free(uuid_);
    }
    answer(&out);
}

static void
cmd_set(struct tool *tool, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    struct replica_row *row = class ? find_row(tool, class, args) : NULL;
    const struct replica_column_class *column
        = row ? find_column(class, args) : NULL;
    struct replica_txn *txn;
    struct error *error;

    if (!column) {
        return;
    }
    txn = replica_txn_create(tool->replica);
    replica_verify(row, replica_column_number(class, column));
    error = replica_write_json(row, replica_column_number(class, column),
                               *args, strlen(*args));
    if (error) {
        answer_text(error_message(error));
        error_free(error);
        replica_txn_destroy(txn);
        return;
    }
    replica_txn_commit(txn, txn_done, NULL);
}

static void
cmd_add(struct tool *tool, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    struct replica_row *row = class ? find_row(tool, class, args) : NULL;
    const struct replica_column_class *column
        = row ? find_column(class, args) : NULL;
    const char *key = column ? text_token(args, " ") : NULL;
    const char *value = key ? text_token(args, " ") : NULL;
    struct replica_txn *txn;

    if (!column) {
        return;
    }
    txn = replica_txn_create(tool->replica);
    if (value) {
        const struct replica_value v = { 1, &key, &value };

        replica_update_add(row, replica_column_number(class, column), &v);
    } else {
        const struct replica_value v = { 1, &key, NULL };

        replica_update_remove(row, replica_column_number(class, column), &v);
    }
    replica_txn_commit(txn, txn_done, NULL);
}

static void
insert(struct tool *tool, const struct uuid *uuid, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    const struct replica_column_class *column
        = class ? find_column(class, args) : NULL;
    struct replica_txn *txn;
    struct replica_row *row;
    struct error *error;

    if (!column) {
        return;
    }
    txn = replica_txn_create(tool->replica);
    row = uuid ? replica_insert_uuid(txn, class, uuid)
          : replica_insert(txn, class);
    error = replica_write_json(row, replica_column_number(class, column),
                               *args, strlen(*args));
    if (error) {
        answer_text(error_message(error));
        error_free(error);
        replica_txn_destroy(txn);
        return;
    }
    replica_txn_commit(txn, txn_done, xmemdup(&row->uuid, sizeof row->uuid));
}

static void
cmd_insert(struct tool *tool, char **args)
{
    insert(tool, NULL, args);
}

static void
cmd_insert_uuid(struct tool *tool, char **args)
{
    const char *word = text_token(args, " ");
    struct uuid uuid;

    if (word && uuid_from_string(&uuid, word)) {
        insert(tool, &uuid, args);
    } else {
        answer_text("no uuid");
    }
}

static void
cmd_delete(struct tool *tool, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    struct replica_row *row = class ? find_row(tool, class, args) : NULL;
    struct replica_txn *txn;

    if (row) {
        txn = replica_txn_create(tool->replica);
        replica_delete(row);
        replica_txn_commit(txn, txn_done, NULL);
    }
}

/* A job that appends to a string column. */
struct append {
    struct tool *tool;
    const struct replica_table_class *class;
    const struct replica_column_class *column;
    struct uuid uuid;
    char *text;
};

static bool
append_build(struct replica_txn *txn, void *append_)
{
    const struct append *append = append_;
    unsigned int column = replica_column_number(append->class,
                                                append->column);
    struct replica_row *row = replica_find(append->tool->replica,
                                           append->class, &append->uuid);
    const char *old;
    char *new_;

    if (!row) {
        return false;
    }
    memcpy(&old, (const char *) row + append->column->offset, sizeof old);
    new_ = xasprintf("%s%s", old, append->text);
    replica_verify(row, column);
    replica_write(row, column,
                  &(struct replica_value) { 1, &new_, NULL });
    free(new_);
    return true;
}

static void
append_done(struct replica_txn *txn, enum replica_txn_status status,
            void *append_)
{
    struct append *append = append_;

    txn_done(txn, status, NULL);
    free(append->text);
    free(append);
}

static void
cmd_append(struct tool *tool, char **args)
{
    const struct replica_table_class *class = find_table(tool, args);
    struct replica_row *row = class ? find_row(tool, class, args) : NULL;
    const struct replica_column_class *column
        = row ? find_column(class, args) : NULL;
    struct append *append;

    if (column) {
        append = xzalloc(sizeof *append);
        *append = (struct append) { tool, class, column, row->uuid,
                                    xstrdup(*args) };
        replica_job_start(tool->replica, append_build, append_done, append);
    }
}

static const struct {
    const char *name;
    void (*run)(struct tool *, char **args);
} commands[] = {
    { "dump", cmd_dump },
    { "changes", cmd_changes },
    { "state", cmd_state },
    { "error", cmd_error },
    { "check", cmd_check },
    { "condition", cmd_condition },
    { "reconnect", cmd_reconnect },
    { "lock", cmd_lock },
    { "set", cmd_set },
    { "add", cmd_add },
    { "insert", cmd_insert },
    { "insert-uuid", cmd_insert_uuid },
    { "delete", cmd_delete },
    { "append", cmd_append },
};

static void
run_command(struct tool *tool, char *line)
{
    char *name = text_token(&line, " ");

    for (size_t i = 0; name && i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name)) {
            commands[i].run(tool, &line);
            return;
        }
    }
    answer_text("no such command");
}

static void
on_input(int events, void *tool_)
{
    struct tool *tool = tool_;
    char *newline, *line;
    char chunk[4096];
    ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);

    if (n <= 0) {
        watch_set(&tool->input, 0);
        loop_stop();
        return;
    }
    str_put_bytes(&tool->line, chunk, n);
    while ((newline = strchr(str_cstr(&tool->line), '\n')) != NULL) {
        size_t length = newline - tool->line.string;
        char *rest = xstrdup(newline + 1);

        line = xmemdup0(tool->line.string, length);
        str_clear(&tool->line);
        str_put(&tool->line, rest);
        run_command(tool, line);
        free(line);
        free(rest);
    }
}

/* Notes the changes for 'changes'. */
static void
on_step(void *tool_)
{
    struct tool *tool = tool_;
    const struct replica_db_class *db = replica_class(tool->replica);

    for (unsigned int i = 0; i < db->n_tables; i++) {
        struct replica_row *row;

        REPLICA_FOR_EACH_CHANGED (row, tool->replica, db->tables[i]) {
            str_printf(&tool->changes, "%s[\"%s\",\"" UUID_FMT "\",\"%s\"",
                       tool->changes.length ? "," : "", db->tables[i]->name,
                       UUID_ARGS(&row->uuid),
                       replica_row_is_deleted(row) ? "delete"
                       : replica_row_is_inserted(row) ? "insert" : "modify");
            for (unsigned int j = 0;
                 j < db->tables[i]->n_columns
                 && !replica_row_is_inserted(row)
                 && !replica_row_is_deleted(row); j++) {
                if (row->changed & REPLICA_COL(j)) {
                    str_printf(&tool->changes, ",\"%s\"",
                               db->tables[i]->columns[j].name);
                }
            }
            str_put_char(&tool->changes, ']');
        }
    }
    replica_clear_changes(tool->replica);
}

static void
wake(void *tool_)
{
    struct tool *tool = tool_;

    step_wake(&tool->step);
}

/* Indexes on every string, reference and set of them. */
static void
create_indexes(struct tool *tool)
{
    const struct replica_db_class *db = replica_class(tool->replica);

    for (unsigned int i = 0; i < db->n_tables; i++) {
        for (unsigned int j = 0; j < db->tables[i]->n_columns; j++) {
            const struct replica_column_class *column
                = &db->tables[i]->columns[j];

            if ((column->key.type == REPLICA_STRING
                 || column->key.type == REPLICA_REF)
                && column->shape != REPLICA_MAP) {
                tool->indexes[i][j] = replica_index_create_simple(
                    tool->replica, db->tables[i], j);
            }
        }
    }
}

int
main(int argc, char *argv[])
{
    const struct replica_db_class *db = NULL;
    struct tool tool = { .line = STR_EMPTY };
    struct error *error;

    for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(databases); i++) {
        if (!strcmp(databases[i]->name, argv[1])) {
            db = databases[i];
        }
    }
    if (argc < 3 || !db) {
        fprintf(stderr, "usage: %s DATABASE REMOTES [leader-only | no-retry | "
                "no-index]\n",
                argv[0]);
        return 2;
    }
    tool.replica = replica_create(db, wake, &tool);
    step_init(&tool.step, "tool", on_step, &tool);
    replica_monitor_all(tool.replica);
    replica_set_max_backoff(tool.replica, 1000);
    if (argc < 4 || strcmp(argv[3], "no-index")) {
        create_indexes(&tool);
    }
    replica_set_retry(tool.replica,
                      argc < 4 || strcmp(argv[3], "no-retry"));
    replica_set_leader_only(tool.replica,
                            argc > 3 && !strcmp(argv[3], "leader-only"));
    error = replica_set_remotes(tool.replica, argv[2], false);
    if (error) {
        fprintf(stderr, "%s\n", error_message(error));
        error_free(error);
        return 1;
    }
    watch_init(&tool.input, STDIN_FILENO, on_input, &tool);
    watch_set(&tool.input, UV_READABLE);
    loop_run();
    replica_destroy(tool.replica);
    watch_uninit(&tool.input);
    step_uninit(&tool.step);
    str_uninit(&tool.line);
    str_uninit(&tool.changes);
    loop_uninit();
    return 0;
}
