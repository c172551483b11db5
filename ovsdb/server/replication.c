/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/replication.h"

#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/jsonrpc/session.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/server.h"

LOG_MODULE(replication);

#define MAX_MESSAGE (1u << 30)
#define DEFAULT_PROBE_MS 60000

/* A request to the active server about one of our databases. */
struct request {
    uint64_t id;
    char *db;                       /* NULL if it is about none. */
    enum { ASK_SERVER_ID, ASK_SCHEMA, ASK_MONITOR } kind;
};

struct replication {
    struct server *server;
    char *source;                   /* NULL before it is named. */
    struct sset excluded;           /* "DB:TABLE" */
    int probe_interval_ms;
    bool is_backup;
    struct jsonrpc_session *session;    /* While backup. */
    VEC(struct request) requests;   /* Not answered yet. */
    struct sset replicated;         /* Names of databases that follow. */
    char *error;                    /* Why we have given up, or NULL. */
};

struct replication *
replication_create(struct server *server)
{
    struct replication *r = xzalloc(sizeof *r);

    r->server = server;
    r->probe_interval_ms = DEFAULT_PROBE_MS;
    sset_init(&r->excluded);
    sset_init(&r->replicated);
    return r;
}

/* Forgets what belongs to a connection. */
static void
forget(struct replication *r)
{
    VEC_FOR_EACH (request, &r->requests) {
        free(request->db);
    }
    vec_clear(&r->requests);
    sset_clear(&r->replicated);
}

static void
disconnect(struct replication *r)
{
    forget(r);
    jsonrpc_session_destroy(r->session);
    r->session = NULL;
    free(r->error);
    r->error = NULL;
}

void
replication_destroy(struct replication *r)
{
    if (r) {
        disconnect(r);
        vec_uninit(&r->requests);
        sset_uninit(&r->replicated);
        sset_uninit(&r->excluded);
        free(r->source);
        free(r);
    }
}

/* Ends the attempt; it is made again only when the operator says so. */
static void
give_up(struct replication *r, const char *why)
{
    log_err("%s: replication ends: %s", r->source, why);
    forget(r);
    free(r->error);
    r->error = xstrdup(why);
}

static bool
is_excluded(const struct replication *r, const struct db_table *table)
{
    char *name = xasprintf("%s:%s", db_name(table->db), table->schema->name);
    bool found = sset_contains(&r->excluded, name);

    free(name);
    return found;
}

/* Taking over what a monitor tells. */

/* Writes the <row> that follows to 'row'. */
static void
read_row(struct txn *txn, struct db_row *row, struct jtext_reader *reader)
{
    const struct ovsdb_table_schema *ts = row->table->schema;
    struct span name;

    jtext_enter_object(reader);
    while (jtext_next_member(reader, &name)) {
        const struct ovsdb_column *column;
        struct ovsdb_datum value;

        column = ovsdb_table_schema_find_column_span(ts, &name);
        if (!column || column->index >= OVSDB_MAX_COLUMNS) {
            jtext_skip(reader, NULL);
        } else if (ovsdb_datum_read(&value, &column->type, reader, NULL,
                                    OVSDB_READ_CHECK)) {
            txn_write_take(txn, row, column->index, value);
        }
    }
}

/* Does to the row 'uuid' what the <row-update> that follows says. */
static struct db_row *
read_row_update(struct txn *txn, struct db_table *table,
                const struct uuid *uuid, struct jtext_reader *reader)
{
    struct db_row *row = db_find_row(table, uuid);
    bool is_there = false;
    struct span name;

    jtext_enter_object(reader);
    while (jtext_next_member(reader, &name)) {
        if (!span_equals_string(name, "new")) {
            jtext_skip(reader, NULL);
            continue;
        }
        is_there = true;
        if (!row) {
            row = txn_insert(txn, table, uuid);
        }
        if (!row) {
            jtext_fail(reader, "row "UUID_FMT" appears twice",
                       UUID_ARGS(uuid));
            return NULL;
        }
        read_row(txn, row, reader);
    }
    if (!is_there && row && !reader->error) {
        txn_delete(txn, row);
    }
    return row;
}

/* Reads the <table-update> that follows.  If 'is_all', it has all rows:
 * others are deleted. */
static void
read_table_update(struct txn *txn, struct db_table *table, bool is_all,
                  struct jtext_reader *reader)
{
    size_t n_old = table->slots.n;
    uint8_t *seen = xcalloc(n_old + 1, 1);
    struct span key;

    jtext_enter_object(reader);
    while (jtext_next_member(reader, &key)) {
        char *text = jtext_span_dup(&key);
        struct db_row *row;
        struct uuid uuid;

        if (!uuid_from_string(&uuid, text)) {
            jtext_fail(reader, "\"%.*s\" is not a UUID",
                       jtext_clip(&key, 64), key.data);
        } else {
            row = read_row_update(txn, table, &uuid, reader);
            if (row && row->slot < n_old) {
                seen[row->slot] = 1;
            }
        }
        free(text);
    }
    for (size_t i = 0; i < n_old && is_all && !reader->error; i++) {
        if (!seen[i]) {
            txn_delete(txn, table->slots.items[i]);
        }
    }
    free(seen);
}

static void
read_table_updates(struct replication *r, struct txn *txn, bool is_all,
                   struct jtext_reader *reader)
{
    struct db *db = txn->db;
    uint8_t *told = xcalloc(db->schema->n_tables + 1, 1);
    struct span name;

    jtext_enter_object(reader);
    while (jtext_next_member(reader, &name)) {
        struct db_table *table = db_find_table(db, &name);

        if (!table || is_excluded(r, table)) {
            jtext_skip(reader, NULL);
        } else {
            told[table->schema->index] = 1;
            read_table_update(txn, table, is_all, reader);
        }
    }
    for (size_t i = 0; i < db->schema->n_tables && is_all; i++) {
        struct db_table *table = &db->tables[i];

        if (told[i] || reader->error || is_excluded(r, table)) {
            continue;
        }
        VEC_FOR_EACH (row, &table->slots) {
            txn_delete(txn, *row);
        }
    }
    free(told);
}

/* Makes 'served' follow the <table-updates> 'text'. */
static void
apply(struct replication *r, struct served *served, bool is_all,
      struct span text)
{
    struct txn *txn = txn_create(served->db);
    struct jtext_reader reader;
    struct error *error;

    jtext_reader_init(&reader, text.data, text.size);
    read_table_updates(r, txn, is_all, &reader);
    error = jtext_finish(&reader);
    if (!error) {
        error = txn_check(txn);
    }
    if (error) {
        char *why = xasprintf("database %s: %s", db_name(served->db),
                              error_message(error));

        txn_abort(txn);
        error_free(error);
        give_up(r, why);
        free(why);
        return;
    }
    txn_commit(txn);
}

/* Talking to the active server. */

static void
ask(struct replication *r, int kind, const char *method, const char *db,
    json_t *params)
{
    struct jsonrpc *rpc = jsonrpc_session_rpc(r->session);
    struct request request = {
        .id = jsonrpc_send_request(rpc, method, params),
        .db = xstrdup_null(db),
        .kind = kind,
    };

    vec_push(&r->requests, request);
}

static void
ask_for_monitor(struct replication *r, const struct served *served)
{
    json_t *tables = json_object();

    for (size_t i = 0; i < served->db->schema->n_tables; i++) {
        const struct db_table *table = &served->db->tables[i];
        json_t *columns = json_array();

        if (is_excluded(r, table)) {
            json_decref(columns);
            continue;
        }
        for (size_t j = 0; j < table->schema->n_columns; j++) {
            json_array_append_new(columns, json_string(
                                      table->schema->columns[j].name));
        }
        json_object_set_new(tables, table->schema->name,
                            json_pack("[{so}]", "columns", columns));
    }
    ask(r, ASK_MONITOR, "monitor", db_name(served->db),
        json_pack("[sso]", db_name(served->db), db_name(served->db), tables));
}

static void
ask_for_schemas(struct replication *r)
{
    struct served *served;

    LIST_FOR_EACH (served, node, &r->server->dbs) {
        if (!served->is_internal) {
            ask(r, ASK_SCHEMA, "get_schema", db_name(served->db),
                json_pack("[s]", db_name(served->db)));
        }
    }
}

static void
take_server_id(struct replication *r, struct span result)
{
    char own[UUID_LEN + 3];

    snprintf(own, sizeof own, "\""UUID_FMT"\"",
             UUID_ARGS(&r->server->id));
    if (span_equals_string(result, own)) {
        give_up(r, "the active server is this server");
    } else {
        ask_for_schemas(r);
    }
}

static void
take_schema(struct replication *r, struct served *served, struct span result)
{
    struct ovsdb_schema *schema;
    struct error *error = ovsdb_schema_from_text(result.data, result.size,
                                                 &schema);

    if (error) {
        give_up(r, error_message(error));
        error_free(error);
        return;
    }
    if (ovsdb_schema_equals(schema, served->db->schema)) {
        ask_for_monitor(r, served);
    } else {
        log_warn("%s: database %s is not replicated: its schema differs from "
                 "ours", r->source, db_name(served->db));
    }
    ovsdb_schema_unref(schema);
}

static void
take_reply(struct replication *r, const struct request *request,
           const struct jsonrpc_message *m)
{
    struct served *served = (request->db
                             ? server_find_db(r->server, request->db) : NULL);

    if (request->db && !served) {
        return;                 /* It has gone meanwhile. */
    }
    if (m->type == JSONRPC_ERROR) {
        if (request->kind == ASK_SERVER_ID) {
            ask_for_schemas(r);     /* One too old to know. */
        } else if (request->kind == ASK_SCHEMA) {
            log_info("%s has no database %s to replicate", r->source,
                     request->db);
        } else {
            give_up(r, "it refuses a monitor");
        }
    } else if (request->kind == ASK_SERVER_ID) {
        take_server_id(r, m->result);
    } else if (request->kind == ASK_SCHEMA) {
        take_schema(r, served, m->result);
    } else {
        log_info("%s: replacing the contents of database %s", r->source,
                 request->db);
        sset_add(&r->replicated, request->db);
        apply(r, served, true, m->result);
    }
}

/* The notification "update": [NAME, <table-updates>]. */
static void
take_update(struct replication *r, struct span params)
{
    struct jtext_reader reader;
    struct served *served = NULL;
    struct span name, updates;

    jtext_reader_init(&reader, params.data, params.size);
    if (jtext_enter_array(&reader) && jtext_next_item(&reader)
        && jtext_get_string(&reader, &name)) {
        char *s = jtext_span_dup(&name);

        served = sset_contains(&r->replicated, s)
                 ? server_find_db(r->server, s) : NULL;
        free(s);
    }
    if (served && jtext_next_item(&reader) && jtext_skip(&reader, &updates)) {
        apply(r, served, false, updates);
    }
    jtext_reader_uninit(&reader);
}

static void
message(struct jsonrpc_session *session, const struct jsonrpc_message *m,
        void *r_)
{
    struct replication *r = r_;

    if (r->error) {
        return;
    }
    if (m->type == JSONRPC_NOTIFY && !strcmp(m->method, "update")) {
        take_update(r, m->params);
        return;
    }
    for (size_t i = 0; i < r->requests.n; i++) {
        struct request request = r->requests.items[i];

        if ((m->type == JSONRPC_REPLY || m->type == JSONRPC_ERROR)
            && jsonrpc_id_is(m->id, request.id)) {
            vec_remove(&r->requests, i);
            take_reply(r, &request, m);
            free(request.db);
            return;
        }
    }
}

static void
connected(struct jsonrpc_session *session, struct jsonrpc *rpc, void *r_)
{
    struct replication *r = r_;

    forget(r);
    r->session = session;
    if (!r->error) {
        ask(r, ASK_SERVER_ID, "get_server_id", NULL, json_array());
    }
}

static void
disconnected(struct jsonrpc_session *session, const struct error *error,
             void *r)
{
    forget(r);
}

static struct error *
open_session(struct replication *r)
{
    static const struct jsonrpc_session_callbacks callbacks = {
        .connected = connected,
        .message = message,
        .disconnected = disconnected,
    };
    struct jsonrpc_session_options options = JSONRPC_SESSION_DEFAULTS;
    const char *source = r->source;

    disconnect(r);
    options.probe_interval_ms = r->probe_interval_ms;
    options.max_bytes = MAX_MESSAGE;
    return jsonrpc_session_open(&source, 1, &options, &callbacks, r,
                                &r->session);
}

/* What the operator says. */

struct error *
replication_set_source(struct replication *r, const char *remote)
{
    if (!stream_name_is_active(remote)) {
        return error_create(0, "\"%s\": not an active connection method",
                            remote);
    }
    if (!r->source || strcmp(r->source, remote)) {
        free(r->source);
        r->source = xstrdup(remote);
        return r->is_backup ? open_session(r) : NULL;
    }
    return NULL;
}

const char *
replication_source(const struct replication *r)
{
    return r->source;
}

struct error *
replication_set_excluded(struct replication *r, const char *tables)
{
    char *copy = xstrdup(tables), *rest = copy, *word;
    struct error *error = NULL;
    struct sset excluded;

    sset_init(&excluded);
    while (!error && (word = text_token(&rest, ","))) {
        const char *colon = strchr(word, ':');

        if (!colon || colon == word || !colon[1]) {
            error = error_create(0, "\"%s\": DB:TABLE expected", word);
        } else {
            sset_add(&excluded, word);
        }
    }
    free(copy);
    if (error) {
        sset_uninit(&excluded);
        return error;
    }
    sset_uninit(&r->excluded);
    sset_clone(&r->excluded, &excluded);
    sset_uninit(&excluded);
    return r->is_backup ? open_session(r) : NULL;
}

void
replication_put_excluded(const struct replication *r, struct str *out)
{
    const char **names = sset_sort(&r->excluded);

    for (size_t i = 0; i < sset_count(&r->excluded); i++) {
        str_printf(out, "%s%s", i ? "," : "", names[i]);
    }
    free(names);
}

void
replication_set_probe_interval(struct replication *r, int ms)
{
    r->probe_interval_ms = ms;
    if (r->session) {
        jsonrpc_session_set_probe_interval(r->session, ms);
    }
}

struct error *
replication_start(struct replication *r)
{
    struct error *error;

    if (!r->source) {
        return error_create(0, "Unable to connect: active server is not "
                            "specified.");
    }
    error = open_session(r);
    if (!error && !r->is_backup) {
        r->is_backup = true;
        server_reconnect_clients(r->server, true);
    }
    return error;
}

void
replication_stop(struct replication *r)
{
    if (r->is_backup) {
        disconnect(r);
        r->is_backup = false;
        server_reconnect_clients(r->server, true);
    }
}

bool
replication_is_backup(const struct replication *r)
{
    return r->is_backup;
}

void
replication_note_dbs(struct replication *r)
{
    if (r && r->is_backup && r->session) {
        jsonrpc_session_force_reconnect(r->session);
    }
}

void
replication_put_status(const struct replication *r, struct str *out)
{
    const char **names;

    str_printf(out, "state: %s\n", r->is_backup ? "backup" : "active");
    if (!r->is_backup) {
        return;
    }
    if (r->error) {
        str_printf(out, "error: %s\n", r->error);
        return;
    }
    if (sset_is_empty(&r->replicated)) {
        str_printf(out, "connecting: %s\n", r->source);
        return;
    }
    str_printf(out, "replicating: %s\n", r->source);
    names = sset_sort(&r->replicated);
    for (size_t i = 0; i < sset_count(&r->replicated); i++) {
        str_printf(out, "%s%s", i ? "," : "database: ", names[i]);
    }
    str_put_char(out, '\n');
    free(names);
    if (!sset_is_empty(&r->excluded)) {
        str_put(out, "exclude: ");
        replication_put_excluded(r, out);
        str_put_char(out, '\n');
    }
}
