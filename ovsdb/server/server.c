/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/server.h"

#include <malloc.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/runtime/memory.h"
#include "ovsdb/server/lookup.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/replication.h"
#include "ovsdb/server/session.h"

LOG_MODULE(ovsdb_server);

/* How often caches and status columns are looked at, how long the text of rows
 * is kept for the next client, and an index that nobody uses. */
#define TICK_MS 2500
#define VIEW_KEEP_MS 60000
#define LOOKUP_KEEP_MS 600000

/* The schema of the database that describes the others (ovsdb-server(5)). */
static const char internal_schema[] =
    "{\"name\":\"_Server\",\"version\":\"1.2.0\",\"cksum\":\"3009684573 744\","
    "\"tables\":{\"Database\":{\"columns\":{"
    "\"name\":{\"type\":\"string\"},"
    "\"model\":{\"type\":{\"key\":{\"type\":\"string\",\"enum\":[\"set\","
    "[\"standalone\",\"clustered\",\"relay\"]]}}},"
    "\"connected\":{\"type\":\"boolean\"},"
    "\"leader\":{\"type\":\"boolean\"},"
    "\"schema\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":1}},"
    "\"cid\":{\"type\":{\"key\":\"uuid\",\"min\":0,\"max\":1}},"
    "\"sid\":{\"type\":{\"key\":\"uuid\",\"min\":0,\"max\":1}},"
    "\"index\":{\"type\":{\"key\":\"integer\",\"min\":0,\"max\":1}}},"
    "\"isRoot\":true}}}";

static void
wake(void *server)
{
    server_wake(server);
}

void
server_wake(struct server *server)
{
    step_wake(&server->step);
}

static void
committed(struct served *served, void *server)
{
    remotes_note_commit(((struct server *) server)->remotes, served);
}

void
server_flush(struct server *server)
{
    struct served *served;

    LIST_FOR_EACH (served, node, &server->dbs) {
        served_flush(served);
    }
}

static void
run_step(void *server_)
{
    struct server *server = server_;

    remotes_run(server->remotes);
    server_flush(server);
    session_destroy_doomed(server);
}

static void
tick(void *server_)
{
    struct server *server = server_;
    struct served *served;

    LIST_FOR_EACH (served, node, &server->dbs) {
        view_expire(served->db, clock_ms() - VIEW_KEEP_MS);
        lookup_expire(served->db, clock_ms() - LOOKUP_KEEP_MS);
        served_compact_if_due(served);
    }
    if (!replication_is_backup(server->replication)) {
        remotes_put_status(server->remotes);
    }
    timer_set(&server->tick, TICK_MS);
}

static void
report_memory(struct memory_usage *usage, void *server_)
{
    struct server *server = server_;
    struct served *served;
    struct session *session;
    size_t n_sessions = 0, n_monitors = 0, n_waiting = 0, n_bytes = 0;

    LIST_FOR_EACH (served, node, &server->dbs) {
        memory_add(usage, "atoms", db_count_atoms(served->db));
        memory_add(usage, "cells", db_count_cells(served->db));
        memory_add(usage, "n-weak-refs", hmap_count(&served->db->edges));
        memory_add(usage, "json-caches", view_count_cached(served->db));
        memory_add(usage, "txn-history", served->history.n_entries);
        memory_add(usage, "txn-history-atoms", served->history.n_datums);
    }
    for (session = session_first(server); session;
         session = session_next(session)) {
        n_sessions++;
        n_monitors += session_count_monitors(session);
        n_waiting += session_count_waiting(session);
        n_bytes += session_backlog_bytes(session);
    }
    memory_add(usage, "sessions", n_sessions);
    memory_add(usage, "monitors", n_monitors);
    memory_add(usage, "triggers", n_waiting);
    memory_add(usage, "backlog", n_bytes);
}

static void
init_internal(struct server *server)
{
    struct ovsdb_schema *schema;
    struct error *error = ovsdb_schema_from_text(internal_schema,
                                                 strlen(internal_schema),
                                                 &schema);

    if (error) {
        abort_msg("_Server schema: %s", error_message(error));
    }
    server->internal = served_create(db_create(schema), NULL, &server->hooks);
    ovsdb_schema_unref(schema);
    server->internal->is_internal = true;
    list_push_back(&server->dbs, &server->internal->node);
    server_describe(server, server->internal);
}

struct server *
server_create(void)
{
    struct server *server = xzalloc(sizeof *server);

    list_init(&server->dbs);
    list_init(&server->sessions);
    locks_init(&server->locks);
    server->id = uuid_random();
    server->hooks = (struct served_hooks) {
        .wake = wake,
        .committed = committed,
        .client = session_client,
        .reply = session_reply,
        .update = session_update,
        .aux = server,
    };
    step_init(&server->step, "ovsdb_server", run_step, server);
    timer_init(&server->tick, tick, server);
    timer_set(&server->tick, TICK_MS);
    server->remotes = remotes_create(server);
    server->replication = replication_create(server);
    init_internal(server);
    memory_register(report_memory, server);
    return server;
}

void
server_destroy(struct server *server)
{
    struct session *session;

    replication_destroy(server->replication);
    server->replication = NULL;
    server_flush(server);
    memory_unregister(report_memory, server);
    remotes_destroy(server->remotes);
    server->remotes = NULL;
    while ((session = session_first(server))) {
        session_destroy(session);
    }
    while (!list_is_empty(&server->dbs)) {
        served_destroy(CONTAINER_OF(server->dbs.next, struct served, node));
    }
    locks_uninit(&server->locks);
    timer_stop(&server->tick);
    step_uninit(&server->step);
    free(server);
}

struct served *
server_find_db(const struct server *server, const char *name)
{
    struct served *served;

    LIST_FOR_EACH (served, node, &server->dbs) {
        if (!strcmp(db_name(served->db), name)) {
            return served;
        }
    }
    return NULL;
}

/* Runs a transaction on "_Server" that cannot fail. */
static void
write_internal(struct server *server, const char *params)
{
    struct error *error = served_transact_own(server->internal, params);

    if (error) {
        abort_msg("_Server: %s", error_message(error));
    }
}

static void
forget_description(struct server *server, struct served *served)
{
    char *params = xasprintf("[\"_Server\",{\"op\":\"delete\",\"table\":"
                             "\"Database\",\"where\":[[\"_uuid\",\"==\","
                             "[\"uuid\",\""UUID_FMT"\"]]]}]",
                             UUID_ARGS(&served->server_row));

    write_internal(server, params);
    free(params);
}

void
server_describe(struct server *server, struct served *served)
{
    json_t *json = ovsdb_schema_to_json(served->db->schema);
    struct str schema = STR_EMPTY;
    struct str params = STR_EMPTY;
    bool is_new = uuid_is_zero(&served->server_row);

    jtext_put_json(&schema, json, false);
    json_decref(json);
    if (is_new) {
        served->server_row = uuid_random();
        str_printf(&params, "[\"_Server\",{\"op\":\"insert\",\"table\":"
                   "\"Database\",\"uuid\":\""UUID_FMT"\",\"row\":{\"name\":"
                   "\"%s\",\"model\":\"standalone\",\"connected\":true,"
                   "\"leader\":true,\"schema\":",
                   UUID_ARGS(&served->server_row), db_name(served->db));
    } else {
        str_printf(&params, "[\"_Server\",{\"op\":\"update\",\"table\":"
                   "\"Database\",\"where\":[[\"_uuid\",\"==\",[\"uuid\",\""
                   UUID_FMT"\"]]],\"row\":{\"schema\":",
                   UUID_ARGS(&served->server_row));
    }
    jtext_put_string(&params, str_cstr(&schema), schema.length);
    str_put(&params, "}}]");
    write_internal(server, str_cstr(&params));
    str_uninit(&schema);
    str_uninit(&params);
}

void
server_reconnect_clients(struct server *server, bool all)
{
    struct session *session;

    for (session = session_first(server); session;
         session = session_next(session)) {
        if (all || !session_is_change_aware(session)) {
            session_reconnect(session);
        }
    }
}

static void
forget_db(struct server *server, struct served *served)
{
    struct session *session;

    for (session = session_first(server); session;
         session = session_next(session)) {
        session_forget_db(session, served);
    }
}

struct error *
server_add_db(struct server *server, const char *path)
{
    struct error *warning, *error;
    struct served *served;
    struct dblog *log;
    struct db *db;

    LIST_FOR_EACH (served, node, &server->dbs) {
        if (served->log && !strcmp(dblog_path(served->log), path)) {
            return error_create_tagged("ovsdb error", "%s: already open",
                                       path);
        }
    }
    error = db_open_file(path, DBLOG_READ_WRITE, &db, &log, &warning);
    if (error) {
        return error;
    }
    if (warning) {
        log_warn("%s; discarding what follows", error_message(warning));
        error_free(warning);
    }
    if (server_find_db(server, db_name(db))) {
        error = error_create_tagged("ovsdb error",
                                    "%s: duplicate database name", path);
        db_destroy(db);
        dblog_close(log);
        return error;
    }
    served = served_create(db, log, &server->hooks);
    list_push_back(&server->dbs, &served->node);
    server_describe(server, served);
    remotes_note_commit(server->remotes, served);
    replication_note_dbs(server->replication);
    server_reconnect_clients(server, false);
    return NULL;
}

void
server_remove_db(struct server *server, struct served *served)
{
    server_flush(server);
    forget_db(server, served);
    forget_description(server, served);
    remotes_forget_db(server->remotes, served);
    served_destroy(served);
    replication_note_dbs(server->replication);
    server_reconnect_clients(server, false);
}

struct error *
server_convert(struct server *server, struct served *served,
               struct ovsdb_schema *schema)
{
    struct error *error;
    struct db *db;

    server_flush(server);
    error = db_convert(served->db, schema, &db);
    if (error) {
        return error;
    }
    forget_db(server, served);
    error = served_replace(served, db);
    if (error) {
        db_destroy(db);
        return error;
    }
    server_describe(server, served);
    remotes_note_commit(server->remotes, served);
    server_reconnect_clients(server, false);
    return NULL;
}
