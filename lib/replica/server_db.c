/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/protocol.h"

#include <string.h>

#include "lib/base/alloc.h"

void
server_db_init(struct server_db *db)
{
    hmap_init(&db->rows);
}

static void
row_free(struct server_db *db, struct server_db_row *row)
{
    hmap_remove(&db->rows, &row->node);
    free(row->name);
    free(row->model);
    free(row->schema);
    free(row);
}

static void
clear(struct server_db *db)
{
    struct server_db_row *row;

    HMAP_FOR_EACH_SAFE (row, node, &db->rows) {
        row_free(db, row);
    }
}

void
server_db_uninit(struct server_db *db)
{
    clear(db);
    hmap_uninit(&db->rows);
}

struct span
server_db_monitor_params(void)
{
    return SPAN_LITERAL("[\"_Server\",\"server\",{\"Database\":{\"columns\":"
                        "[\"name\",\"model\",\"connected\",\"leader\","
                        "\"schema\"]}}]");
}

static struct server_db_row *
find_uuid(const struct server_db *db, const struct uuid *uuid)
{
    struct server_db_row *row;

    HMAP_FOR_EACH_WITH_HASH (row, node, uuid_hash(uuid), &db->rows) {
        if (uuid_equals(&row->uuid, uuid)) {
            return row;
        }
    }
    return NULL;
}

/* Reads a string; an optional one that is empty comes as a set. */
static void
set_string(char **s, const json_t *json)
{
    free(*s);
    *s = xstrdup_null(json_string_value(json));
}

static void
update_row(struct server_db *db, const struct uuid *uuid, const json_t *new_)
{
    struct server_db_row *row = find_uuid(db, uuid);

    if (!json_is_object(new_)) {
        if (row) {
            row_free(db, row);
        }
        return;
    }
    if (!row) {
        row = xzalloc(sizeof *row);
        row->uuid = *uuid;
        hmap_insert(&db->rows, &row->node, uuid_hash(uuid));
    }
    set_string(&row->name, json_object_get(new_, "name"));
    set_string(&row->model, json_object_get(new_, "model"));
    set_string(&row->schema, json_object_get(new_, "schema"));
    row->is_connected = json_is_true(json_object_get(new_, "connected"));
    row->is_leader = json_is_true(json_object_get(new_, "leader"));
}

struct error *
server_db_update(struct server_db *db, struct span text, bool is_whole)
{
    json_t *updates, *rows, *row;
    struct error *error = jsonrpc_parse(text, &updates);
    const char *key;

    if (error) {
        return error_wrap(error, "bad update of the _Server database");
    }
    if (is_whole) {
        clear(db);
    }
    rows = json_object_get(updates, "Database");
    json_object_foreach (rows, key, row) {
        struct uuid uuid;

        if (uuid_from_string(&uuid, key)) {
            update_row(db, &uuid, json_object_get(row, "new"));
        }
    }
    json_decref(updates);
    return NULL;
}

const struct server_db_row *
server_db_find(const struct server_db *db, const char *name)
{
    const struct server_db_row *row;

    HMAP_FOR_EACH (row, node, &db->rows) {
        if (row->name && !strcmp(row->name, name)) {
            return row;
        }
    }
    return NULL;
}
