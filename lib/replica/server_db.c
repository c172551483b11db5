/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/protocol.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/ovsdb/jtext.h"

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
read_string(struct jtext_reader *r, char **s)
{
    struct span text;

    free(*s);
    *s = NULL;
    if (jtext_peek(r) != JTEXT_STRING) {
        jtext_skip(r, NULL);
    } else if (jtext_get_string(r, &text)) {
        *s = xmemdup0(text.data, text.size);
    }
}

static void
read_columns(struct jtext_reader *r, struct server_db_row *row)
{
    struct span key;

    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (span_equals_string(key, "name")) {
            read_string(r, &row->name);
        } else if (span_equals_string(key, "model")) {
            read_string(r, &row->model);
        } else if (span_equals_string(key, "schema")) {
            read_string(r, &row->schema);
        } else if (span_equals_string(key, "connected")) {
            jtext_get_boolean(r, &row->is_connected);
        } else if (span_equals_string(key, "leader")) {
            jtext_get_boolean(r, &row->is_leader);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

/* <row-update>: a row that has a "new" is there. */
static void
read_row(struct jtext_reader *r, struct server_db *db, const struct uuid *uuid)
{
    struct server_db_row *row = find_uuid(db, uuid);
    bool is_there = false;
    struct span key;

    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        if (!span_equals_string(key, "new")
            || jtext_peek(r) != JTEXT_OBJECT) {
            jtext_skip(r, NULL);
            continue;
        }
        is_there = true;
        if (!row) {
            row = xzalloc(sizeof *row);
            row->uuid = *uuid;
            hmap_insert(&db->rows, &row->node, uuid_hash(uuid));
        }
        read_columns(r, row);
    }
    if (row && !is_there) {
        row_free(db, row);
    }
}

static void
read_rows(struct jtext_reader *r, struct server_db *db)
{
    struct span key;

    jtext_enter_object(r);
    while (jtext_next_member(r, &key)) {
        struct uuid uuid;

        if (key.size == UUID_LEN && uuid_from_prefix(&uuid, key.data)) {
            read_row(r, db, &uuid);
        } else {
            jtext_skip(r, NULL);
        }
    }
}

struct error *
server_db_update(struct server_db *db, struct span text, bool is_whole)
{
    struct jtext_reader r;
    struct span key;

    if (is_whole) {
        clear(db);
    }
    jtext_reader_init(&r, text.data, text.size);
    jtext_enter_object(&r);
    while (jtext_next_member(&r, &key)) {
        if (span_equals_string(key, "Database")) {
            read_rows(&r, db);
        } else {
            jtext_skip(&r, NULL);
        }
    }
    return error_wrap(jtext_finish(&r), "bad update of the _Server database");
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
