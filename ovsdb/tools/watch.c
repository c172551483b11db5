/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/tools/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/table.h"

struct watched_table {
    const struct ovsdb_table_schema *schema;
    VEC(const struct ovsdb_column *) columns;
};

struct watch_state {
    struct rpc *rpc;
    enum watch_version version;
    VEC(struct watched_table) tables;
    bool is_exiting;
};

static void
add_column(struct watched_table *wt, const struct ovsdb_column *column)
{
    VEC_FOR_EACH (other, &wt->columns) {
        if (*other == column) {
            program_fatal("%s: column \"%s\" mentioned multiple times",
                          wt->schema->name, column->name);
        }
    }
    vec_push(&wt->columns, column);
}

/* Makes a <monitor-request> of "COLUMN,...,!initial,...". */
static json_t *
parse_request(struct watched_table *wt, const char *arg)
{
    static const char *const kinds[] = {
        "initial", "insert", "delete", "modify"
    };
    json_t *request = json_object();
    json_t *columns = json_array();
    json_t *select = json_object();
    char *copy = xstrdup(arg);
    char *rest = copy;
    char *word;

    while ((word = text_token(&rest, ","))) {
        const struct ovsdb_column *column;
        bool is_kind = false;

        for (size_t i = 0; i < ARRAY_SIZE(kinds) && *word == '!'; i++) {
            if (!strcmp(word + 1, kinds[i])) {
                json_object_set_new(select, kinds[i], json_false());
                is_kind = true;
            }
        }
        if (is_kind) {
            continue;
        }
        column = ovsdb_table_schema_find_column(wt->schema, word);
        if (!column) {
            program_fatal("table \"%s\" does not have a column named \"%s\"",
                          wt->schema->name, word);
        }
        add_column(wt, column);
        json_array_append_new(columns, json_string(word));
    }
    if (!json_array_size(columns)) {
        for (size_t i = 0; i < wt->schema->n_columns; i++) {
            add_column(wt, &wt->schema->columns[i]);
            json_array_append_new(columns, json_string(
                                      wt->schema->columns[i].name));
        }
        add_column(wt, ovsdb_column_version());
        json_array_append_new(columns, json_string("_version"));
    }
    json_object_set_new(request, "columns", columns);
    json_object_set_new(request, "select", select);
    free(copy);
    return request;
}

/* Adds the requests for one table to 'requests'. */
static void
add_table(struct watch_state *w, const struct ovsdb_table_schema *ts,
          const char *condition, int argc, char *argv[], json_t *requests)
{
    struct watched_table wt = { .schema = ts };
    json_t *array = json_array();

    for (int i = 0; i < MAX(argc, 1); i++) {
        json_t *request = parse_request(&wt, argc ? argv[i] : "");

        if (condition) {
            json_t *where = NULL;

            program_check(jtext_to_json(condition, strlen(condition),
                                        &where));
            json_object_set_new(request, "where", where);
        }
        json_array_append_new(array, request);
    }
    json_object_set_new(requests, ts->name, array);
    vec_push(&w->tables, wt);
}

/* Printing. */

static void
put_columns(struct table *t, const struct watched_table *wt, json_t *row)
{
    VEC_FOR_EACH (p, &wt->columns) {
        json_t *value = json_object_get(row, (*p)->name);
        struct ovsdb_datum datum;

        if (!value) {
            table_put_text(t, "");
            continue;
        }
        program_check(ovsdb_datum_from_json(&datum, &(*p)->type, value, NULL,
                                            OVSDB_READ_ANY_SIZE));
        table_put_datum(t, &datum, &(*p)->type);
        ovsdb_datum_uninit(&datum, &(*p)->type);
    }
}

static void
put_row(struct table *t, const struct watched_table *wt, const char *uuid,
        const char *action, json_t *row)
{
    table_put_text(t, uuid);
    table_put_text(t, action);
    put_columns(t, wt, row);
}

static void
put_v1(struct table *t, const struct watched_table *wt, const char *uuid,
       json_t *update, bool is_initial)
{
    json_t *old = json_object_get(update, "old");
    json_t *new_ = json_object_get(update, "new");

    if (is_initial) {
        put_row(t, wt, uuid, "initial", new_);
    } else if (!old) {
        put_row(t, wt, uuid, "insert", new_);
    } else if (!new_) {
        put_row(t, wt, uuid, "delete", old);
    } else {
        put_row(t, wt, uuid, "old", old);
        put_row(t, wt, "", "new", new_);
    }
}

static void
put_v2(struct table *t, const struct watched_table *wt, const char *uuid,
       json_t *update)
{
    const char *action;
    json_t *row;

    json_object_foreach (update, action, row) {
        json_t *shown = row;

        if (!strcmp(action, "initial") || !strcmp(action, "insert")) {
            /* Columns that are left out have their default values. */
            shown = json_copy(json_is_object(row) ? row : json_null());
            VEC_FOR_EACH (p, &wt->columns) {
                if (!json_object_get(shown, (*p)->name)) {
                    json_object_set_new(shown, (*p)->name,
                                        ovsdb_datum_to_json(&(*p)->def,
                                                            &(*p)->type));
                }
            }
        } else {
            json_incref(shown);
        }
        put_row(t, wt, uuid, action, shown);
        json_decref(shown);
    }
}

static void
print_updates(struct watch_state *w, json_t *updates, bool is_initial)
{
    VEC_FOR_EACH (wt, &w->tables) {
        json_t *rows = json_object_get(updates, wt->schema->name);
        const char *uuid;
        struct table t;
        json_t *update;

        if (!json_object_size(rows)) {
            continue;
        }
        table_init(&t);
        if (w->tables.n > 1) {
            table_set_caption(&t, wt->schema->name);
        }
        table_add_heading(&t, "row");
        table_add_heading(&t, "action");
        VEC_FOR_EACH (p, &wt->columns) {
            table_add_heading(&t, (*p)->name);
        }
        json_object_foreach (rows, uuid, update) {
            if (w->version == WATCH_V1) {
                put_v1(&t, wt, uuid, update, is_initial);
            } else {
                put_v2(&t, wt, uuid, update);
            }
        }
        table_print(&t, &table_style);
        table_uninit(&t);
    }
    fflush(stdout);
}

/* Control commands of a monitor that runs as a daemon. */

static void
control_exit(int argc, const char *argv[], void *w)
{
    ((struct watch_state *) w)->is_exiting = true;
}

static void
control_block(struct control_conn *conn, int argc, const char *argv[],
              void *w)
{
    rpc_set_reading(((struct watch_state *) w)->rpc, false);
    control_reply(conn, NULL);
}

static void
control_unblock(struct control_conn *conn, int argc, const char *argv[],
                void *w)
{
    rpc_set_reading(((struct watch_state *) w)->rpc, true);
    control_reply(conn, NULL);
}

/* ovsdb-client/cond_change TABLE CONDITIONS */
static void
control_cond_change(struct control_conn *conn, int argc, const char *argv[],
                    void *w_)
{
    struct watch_state *w = w_;
    json_t *where = NULL;
    struct error *error = jtext_to_json(argv[2], strlen(argv[2]), &where);

    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    json_decref(rpc_call(w->rpc, "monitor_cond_change",
                         json_pack("[n,n,{s:[{s:o}]}]", argv[1], "where",
                                   where)));
    control_reply(conn, NULL);
}

/* Lets the parent of --detach go, but keeps on printing to stdout. */
static void
detach(void)
{
    int fd;

    fflush(stdout);
    fd = dup(STDOUT_FILENO);
    daemon_ready();
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        close(fd);
    }
}

static json_t *
start(struct watch_state *w, const struct ovsdb_schema *schema,
      const char *last_id, json_t *requests)
{
    static const char *const methods[] = {
        [WATCH_V1] = "monitor",
        [WATCH_V2] = "monitor_cond",
        [WATCH_V3] = "monitor_cond_since",
    };
    json_t *params = json_pack("[s,n,o]", schema->name, requests);

    if (w->version == WATCH_V3) {
        json_array_append_new(params, json_string(last_id));
    }
    return rpc_call(w->rpc, methods[w->version], params);
}

static void
run(struct watch_state *w)
{
    for (;;) {
        char *method;
        json_t *params = rpc_wait_notify(w->rpc, &method, &w->is_exiting);

        if (!params) {
            break;
        }
        if (!strcmp(method, "update3")) {
            printf("\nlast_id: %s",
                   json_string_value(json_array_get(params, 1)));
            print_updates(w, json_array_get(params, 2), false);
        } else if (!strcmp(method, "update")
                   || !strcmp(method, "update2")) {
            print_updates(w, json_array_get(params, 1), false);
        } else if (!strcmp(method, "monitor_canceled")) {
            program_fatal("database was removed");
        }
        json_decref(params);
        free(method);
    }
}

void
watch_tables(struct rpc *rpc, const struct ovsdb_schema *schema,
             enum watch_version version, int argc, char *argv[])
{
    struct watch_state w = { .rpc = rpc, .version = version };
    const char *last_id = "00000000-0000-0000-0000-000000000000";
    const char *condition = NULL;
    json_t *requests = json_object();
    json_t *result, *updates;
    struct uuid uuid;

    if (version == WATCH_V3 && argc && uuid_from_string(&uuid, argv[0])) {
        last_id = argv[0];
        argc--;
        argv++;
    }
    if (version != WATCH_V1 && argc) {
        condition = argv[0];
        argc--;
        argv++;
    }
    if (!argc) {
        program_fatal("missing name of a table");
    }
    if (!strcmp(argv[0], "ALL")) {
        for (size_t i = 0; i < schema->n_tables; i++) {
            add_table(&w, schema->tables[i], condition, 0, NULL, requests);
        }
    } else {
        const struct ovsdb_table_schema *ts;

        ts = ovsdb_schema_find_table(schema, argv[0]);
        if (!ts) {
            program_fatal("%s does not have a table named \"%s\"",
                          schema->name, argv[0]);
        }
        add_table(&w, ts, condition, argc - 1, argv + 1, requests);
    }
    result = start(&w, schema, last_id, requests);
    updates = result;
    if (version == WATCH_V3) {
        printf("found: %s, last_id: %s\n",
               json_is_true(json_array_get(result, 0)) ? "true" : "false",
               json_string_value(json_array_get(result, 1)));
        updates = json_array_get(result, 2);
    }
    print_updates(&w, updates, true);
    json_decref(result);
    daemon_set_exit(control_exit, &w);
    control_register("ovsdb-client/block", "", 0, 0, control_block, &w);
    control_register("ovsdb-client/unblock", "", 0, 0, control_unblock, &w);
    control_register("ovsdb-client/cond_change", "TABLE COND", 2, 2,
                     control_cond_change, &w);
    detach();
    run(&w);
    VEC_FOR_EACH (wt, &w.tables) {
        vec_uninit(&wt->columns);
    }
    vec_uninit(&w.tables);
}
