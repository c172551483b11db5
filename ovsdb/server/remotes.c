/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/remotes.h"

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/session.h"
#include "ovsdb/server/txn.h"

LOG_MODULE(ovsdb_server);

#define DEFAULT_PORT 6640

/* Marks connections, unless something else is said (ovs-vswitchd.conf.db(5):
 * other_config:dscp of a Manager). */
#define DEFAULT_DSCP 48

/* Clients of one passive remote. */
#define MAX_SESSIONS 20000

/* A remote that is open. */
struct remote {
    struct remotes *remotes;
    char *name;
    struct listener *listener;      /* NULL if active, or it cannot listen. */
    struct session *session;        /* NULL if passive. */
    bool is_active;
    bool is_wanted;                 /* While reconfiguring. */
    bool has_row;                   /* Configured by this row: */
    char *db, *table;
    struct uuid row;
    int probe_interval_ms, max_backoff_ms;
    bool read_only;
    char *role;
    int dscp;
    int64_t connected_ms;           /* When the state changed last. */
    bool was_connected;
};

/* The tables that a "db:..." name reads, found once for each database: every
 * commit asks for them. */
struct db_source {
    const struct db *db;            /* In which they were looked for. */
    const struct db_table *table;   /* NULL if it is not there. */
    const struct db_table *ref_table;   /* NULL if it refers to none. */
};

/* What the configuration says. */
struct configured {
    int probe_interval_ms, max_backoff_ms;
    bool read_only;
    char *role;
    int dscp;
    struct db_source source;        /* Of a "db:..." name. */
};

/* Someone who wants to know of changes. */
struct db_watch {
    const char *name;               /* "db:..." */
    struct db_source source;
    void (*changed)(void *aux);
    void *aux;
    bool is_due;
};

struct remotes {
    struct server *server;
    struct shash configured;        /* Of struct configured, by name. */
    struct shash open;              /* Of struct remote, by name. */
    VEC(struct db_watch) watches;
    bool is_changed;
};

struct remotes *
remotes_create(struct server *server)
{
    struct remotes *remotes = xzalloc(sizeof *remotes);

    remotes->server = server;
    shash_init(&remotes->configured);
    shash_init(&remotes->open);
    return remotes;
}

static void
configured_destroy(struct configured *c)
{
    free(c->role);
    free(c);
}

/* Ends the sessions that have come by 'remote'. */
static void
remote_destroy(struct remote *remote)
{
    listener_destroy(remote->listener);
    if (remote->session) {
        session_doom(remote->session);
    }
    free(remote->name);
    free(remote->db);
    free(remote->table);
    free(remote->role);
    free(remote);
}

void
remotes_destroy(struct remotes *remotes)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &remotes->open) {
        remote_destroy(node->value);
    }
    shash_uninit(&remotes->open);
    remotes_clear(remotes);
    shash_uninit(&remotes->configured);
    vec_uninit(&remotes->watches);
    free(remotes);
}

/* Splits "db:DB,TABLE,COLUMN" into copies of its words, '*copy' for free(). */
static bool
split_db_name(const char *name, char **copy, char *words[3])
{
    char *rest;
    size_t n = 0;

    *copy = NULL;
    if (!text_starts_with(name, "db:")) {
        return false;
    }
    rest = *copy = xstrdup(name + 3);
    while (n < 3 && (words[n] = text_token(&rest, ","))) {
        n++;
    }
    if (n == 3 && (!rest || !*rest)) {
        return true;
    }
    free(*copy);
    *copy = NULL;
    return false;
}

static struct error *check_db_name(const struct server *, const char *name);

struct error *
remotes_add(struct remotes *remotes, const char *name,
            const struct remote_options *options)
{
    struct configured *c;

    if (text_starts_with(name, "db:")) {
        struct error *error = check_db_name(remotes->server, name);
        char *words[3], *copy;

        if (error && options->may_miss
            && split_db_name(name, &copy, words)) {
            free(copy);
            error_free(error);
        } else if (error) {
            return error;
        }
    } else if (!stream_name_is_active(name) && !stream_name_is_passive(name)) {
        return error_create(0, "\"%s\": invalid remote", name);
    }
    c = xzalloc(sizeof *c);
    c->probe_interval_ms = options->probe_interval_ms;
    c->max_backoff_ms = options->max_backoff_ms;
    c->read_only = options->read_only;
    c->role = xstrdup_null(options->role);
    c->dscp = options->dscp;
    c = shash_set(&remotes->configured, name, c);
    if (c) {
        configured_destroy(c);
    }
    remotes->is_changed = true;
    server_wake(remotes->server);
    return NULL;
}

bool
remotes_remove(struct remotes *remotes, const char *name)
{
    struct configured *c = shash_steal(&remotes->configured, name);

    if (!c) {
        return false;
    }
    configured_destroy(c);
    remotes->is_changed = true;
    server_wake(remotes->server);
    return true;
}

void
remotes_clear(struct remotes *remotes)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &remotes->configured) {
        configured_destroy(node->value);
    }
    shash_clear(&remotes->configured);
    remotes->is_changed = true;
}

void
remotes_list(const struct remotes *remotes, struct str *out)
{
    struct shash_node **nodes = shash_sort(&remotes->configured);

    for (size_t i = 0; i < shash_count(&remotes->configured); i++) {
        str_printf(out, "%s\n", nodes[i]->key);
    }
    free(nodes);
}

/* Reading configuration from rows. */

static const struct ovsdb_datum *
row_field(const struct db_row *row, const char *name,
          enum ovsdb_atomic_type key, enum ovsdb_atomic_type value)
{
    const struct ovsdb_column *column;

    column = ovsdb_table_schema_find_column(row->table->schema, name);
    return (column && column->index < OVSDB_MAX_COLUMNS
            && column->type.key.type == key
            && column->type.value.type == value
            ? &row->fields[column->index] : NULL);
}

static const union ovsdb_atom *
row_atom(const struct db_row *row, const char *name,
         enum ovsdb_atomic_type type)
{
    const struct ovsdb_datum *datum = row_field(row, name, type,
                                                OVSDB_TYPE_VOID);

    return datum && datum->n ? ovsdb_datum_keys(datum) : NULL;
}

/* The table and column that "db:..." names. */
static struct error *
find_column(const struct server *server, const char *name,
            struct served **served, struct db_table **table,
            const struct ovsdb_column **column)
{
    char *words[3], *copy;
    struct error *error = NULL;

    if (!split_db_name(name, &copy, words)) {
        return error_create(0, "\"%s\": invalid syntax: \"db:\" must be "
                            "followed by database, table and column", name);
    }
    *served = server_find_db(server, words[0]);
    *table = *served ? db_get_table((*served)->db, words[1]) : NULL;
    *column = (*table ? ovsdb_table_schema_find_column((*table)->schema,
                                                       words[2]) : NULL);
    if (!*served) {
        error = error_create(0, "\"%s\": no database named %s", name,
                             words[0]);
    } else if (!*table) {
        error = error_create(0, "\"%s\": no table named %s", name, words[1]);
    } else if (!*column || (*column)->index >= OVSDB_MAX_COLUMNS) {
        error = error_create(0, "\"%s\": table \"%s\" has no column \"%s\"",
                             name, words[1], words[2]);
    }
    free(copy);
    return error;
}

struct error *
remotes_read_string(const struct server *server, const char *name, char **ret)
{
    const struct ovsdb_column *column;
    struct served *served;
    struct db_table *table;
    struct error *error = find_column(server, name, &served, &table, &column);

    *ret = NULL;
    if (error) {
        return error;
    }
    if (column->type.key.type != OVSDB_TYPE_STRING
        || ovsdb_type_is_map(&column->type)) {
        return error_create(0, "\"%s\": column must be of strings", name);
    }
    VEC_FOR_EACH (row, &table->slots) {
        const struct ovsdb_datum *datum = &(*row)->fields[column->index];

        for (uint32_t i = 0; i < datum->n; i++) {
            const struct ovsdb_string *s = ovsdb_datum_keys(datum)[i].string;

            if (s->length) {
                *ret = xstrdup(s->text);
                return NULL;
            }
        }
    }
    return NULL;
}

/* Notes that 'name' is wanted, with 'c', as 'row' (if not NULL) has it. */
static void
want(struct remotes *remotes, const char *name, const struct configured *c,
     const struct served *served, const struct db_row *row)
{
    struct remote *remote = shash_get(&remotes->open, name);

    if (!remote) {
        remote = xzalloc(sizeof *remote);
        remote->remotes = remotes;
        remote->name = xstrdup(name);
        remote->is_active = stream_name_is_active(name);
        remote->connected_ms = clock_ms();
        shash_add_once(&remotes->open, name, remote);
    } else if (remote->is_wanted) {
        return;
    }
    remote->is_wanted = true;
    remote->probe_interval_ms = c->probe_interval_ms;
    remote->max_backoff_ms = c->max_backoff_ms;
    remote->read_only = c->read_only;
    free(remote->role);
    remote->role = xstrdup_null(c->role);
    remote->dscp = c->dscp;
    remote->has_row = row != NULL;
    if (row) {
        free(remote->db);
        free(remote->table);
        remote->db = xstrdup(db_name(served->db));
        remote->table = xstrdup(row->table->schema->name);
        remote->row = row->uuid;
    }
}

/* The DSCP in "other_config" of 'row', or 'otherwise'. */
static int
row_dscp(const struct db_row *row, int otherwise)
{
    const struct ovsdb_datum *map = row_field(row, "other_config",
                                              OVSDB_TYPE_STRING,
                                              OVSDB_TYPE_STRING);
    int dscp;

    for (uint32_t i = 0; map && i < map->n; i++) {
        if (!strcmp(ovsdb_datum_keys(map)[i].string->text, "dscp")
            && text_to_int_range(ovsdb_datum_values(map)[i].string->text,
                                 0, 63, &dscp)) {
            return dscp;
        }
    }
    return otherwise;
}

static void
want_row(struct remotes *remotes, const struct configured *defaults,
         const struct served *served, const struct db_row *row)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    const union ovsdb_atom *target = row_atom(row, "target",
                                              OVSDB_TYPE_STRING);
    const union ovsdb_atom *atom;
    struct configured c = *defaults;

    if (!target || (!stream_name_is_active(target->string->text)
                    && !stream_name_is_passive(target->string->text))) {
        log_info_limited(&limit, "table `%s' has a row without a usable "
                         "\"target\"", row->table->schema->name);
        return;
    }
    atom = row_atom(row, "max_backoff", OVSDB_TYPE_INTEGER);
    if (atom) {
        c.max_backoff_ms = MAX(0, MIN(atom->integer, INT_MAX));
    }
    atom = row_atom(row, "inactivity_probe", OVSDB_TYPE_INTEGER);
    if (atom) {
        c.probe_interval_ms = MAX(0, MIN(atom->integer, INT_MAX));
    }
    atom = row_atom(row, "read_only", OVSDB_TYPE_BOOLEAN);
    if (atom) {
        c.read_only = atom->boolean;
    }
    atom = row_atom(row, "role", OVSDB_TYPE_STRING);
    if (atom && atom->string->length) {
        c.role = atom->string->text;
    }
    c.dscp = row_dscp(row, c.dscp);
    want(remotes, target->string->text, &c, served, row);
}

/* Finds the column that "db:..." names, and the table of the rows that it
 * refers to: NULL if it is of strings. */
static struct error *
find_remotes(const struct server *server, const char *name,
             struct served **served, struct db_table **table,
             const struct ovsdb_column **column, struct db_table **ref_table)
{
    struct error *error = find_column(server, name, served, table, column);

    *ref_table = NULL;
    if (error) {
        return error;
    }
    if ((*column)->type.key.type == OVSDB_TYPE_UUID
        && (*column)->type.key.uuid.ref_table) {
        *ref_table = db_table_of((*served)->db,
                                 (*column)->type.key.uuid.ref_table);
    } else if ((*column)->type.key.type != OVSDB_TYPE_STRING) {
        return error_create(0, "\"%s\": column must be of strings or refer "
                            "to rows", name);
    }
    return NULL;
}

static struct error *
check_db_name(const struct server *server, const char *name)
{
    const struct ovsdb_column *column;
    struct served *served;
    struct db_table *table, *ref_table;

    return find_remotes(server, name, &served, &table, &column, &ref_table);
}

static struct error *
want_db(struct remotes *remotes, const char *name, const struct configured *c)
{
    const struct ovsdb_column *column;
    struct served *served;
    struct db_table *table, *ref_table;
    struct error *error = find_remotes(remotes->server, name, &served,
                                       &table, &column, &ref_table);

    if (error) {
        return error;
    }
    VEC_FOR_EACH (row, &table->slots) {
        const struct ovsdb_datum *datum = &(*row)->fields[column->index];
        const union ovsdb_atom *keys = ovsdb_datum_keys(datum);

        for (uint32_t i = 0; i < datum->n; i++) {
            struct db_row *target;

            if (!ref_table) {
                const char *s = keys[i].string->text;

                if (stream_name_is_active(s) || stream_name_is_passive(s)) {
                    want(remotes, s, c, NULL, NULL);
                }
            } else if ((target = db_find_row(ref_table, &keys[i].uuid))) {
                want_row(remotes, c, served, target);
            }
        }
    }
    return NULL;
}

/* Opening. */

static struct session_options
session_options(const struct remote *remote)
{
    struct session_options options = {
        .read_only = remote->read_only,
        .role = remote->role,
        .rpc = JSONRPC_SESSION_DEFAULTS,
    };

    /* A local peer that is gone is noticed without probes. */
    if (!strncmp(remote->name, "unix:", 5)
        || !strncmp(remote->name, "punix:", 6)) {
        options.rpc.probe_interval_ms = 0;
    }
    if (remote->probe_interval_ms >= 0) {
        options.rpc.probe_interval_ms = remote->probe_interval_ms;
    }
    if (remote->max_backoff_ms > 0) {
        options.rpc.max_backoff_ms = remote->max_backoff_ms;
    }
    options.rpc.default_port = DEFAULT_PORT;
    options.rpc.dscp = remote->dscp >= 0 ? remote->dscp : DEFAULT_DSCP;
    return options;
}

static void
accepted(struct listener *listener, struct stream *stream, void *remote_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    const struct remote *remote = remote_;
    struct server *server = remote->remotes->server;
    struct session_options options = session_options(remote);

    if (list_size(&server->sessions) >= MAX_SESSIONS) {
        log_warn_limited(&limit, "%s: connection exceeded the maximum of %d",
                         stream_name(stream), MAX_SESSIONS);
        stream_destroy(stream);
        return;
    }
    session_set_remote(session_accept(server, stream, &options),
                       remote->name);
}

static struct error *
open_remote(struct remote *remote)
{
    static const struct listener_callbacks callbacks = { accepted };
    struct session_options options = session_options(remote);
    struct error *error;

    if (remote->is_active) {
        return session_connect(remote->remotes->server, remote->name,
                               &options, &remote->session);
    }
    error = listener_open(remote->name, DEFAULT_PORT, &callbacks, remote,
                          &remote->listener);
    if (!error) {
        listener_set_dscp(remote->listener, options.rpc.dscp);
    }
    return error;
}

/* Lets the sessions of 'remote' have its present options. */
static void
update_sessions(struct remote *remote)
{
    struct session_options options = session_options(remote);
    struct session *session;

    if (remote->listener) {
        listener_set_dscp(remote->listener, options.rpc.dscp);
    }
    for (session = session_first(remote->remotes->server); session;
         session = session_next(session)) {
        if (session == remote->session
            || (session_remote(session)
                && !strcmp(session_remote(session), remote->name))) {
            session_set_options(session, &options);
        }
    }
}

static void
close_sessions(struct remote *remote)
{
    struct session *session;

    for (session = session_first(remote->remotes->server); session;
         session = session_next(session)) {
        if (session_remote(session)
            && !strcmp(session_remote(session), remote->name)) {
            session_doom(session);
        }
    }
}

struct error *
remotes_reconfigure(struct remotes *remotes)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    struct error *first_error = NULL;
    struct shash_node *node;

    remotes->is_changed = false;
    SHASH_FOR_EACH (node, &remotes->open) {
        ((struct remote *) node->value)->is_wanted = false;
    }
    SHASH_FOR_EACH (node, &remotes->configured) {
        if (!text_starts_with(node->key, "db:")) {
            want(remotes, node->key, node->value, NULL, NULL);
        }
    }
    SHASH_FOR_EACH (node, &remotes->configured) {
        if (text_starts_with(node->key, "db:")) {
            struct error *error = want_db(remotes, node->key, node->value);

            if (error) {
                log_info_limited(&limit, "%s", error_message(error));
                error_free(error);
            }
        }
    }
    SHASH_FOR_EACH_SAFE (node, &remotes->open) {
        struct remote *remote = node->value;

        if (!remote->is_wanted) {
            close_sessions(remote);
            remote_destroy(remote);
            shash_remove_node(&remotes->open, node);
        } else if (remote->listener || remote->session) {
            update_sessions(remote);
        } else {
            struct error *error = open_remote(remote);

            if (error && !first_error && !remote->has_row) {
                first_error = error;
            } else if (error) {
                log_warn_limited(&limit, "%s", error_message(error));
                error_free(error);
            }
        }
    }
    return first_error;
}

static void
find_source(const struct remotes *remotes, const char *name,
            const struct served *served, struct db_source *source)
{
    const struct ovsdb_column *column;
    struct served *found;
    struct db_table *table, *ref_table;
    struct error *error = find_remotes(remotes->server, name, &found, &table,
                                       &column, &ref_table);

    *source = (struct db_source) { .db = served->db };
    if (error) {
        error_free(error);
    } else {
        source->table = table;
        source->ref_table = ref_table;
    }
}

/* Whether 'name' is a "db:..." of 'served', and the open transaction, if there
 * is one, touches what it reads. */
static bool
concerns(const struct remotes *remotes, const char *name,
         struct db_source *source, const struct served *served)
{
    size_t length = strlen(db_name(served->db));

    if (!text_starts_with(name, "db:")
        || strncmp(name + 3, db_name(served->db), length)
        || name[3 + length] != ',') {
        return false;
    }
    if (!served->db->txn) {
        source->db = NULL;          /* It is another, or converted. */
        return true;
    }
    if (source->db != served->db) {
        find_source(remotes, name, served, source);
    }
    return (source->table
            && (!list_is_empty(&source->table->txn_rows)
                || (source->ref_table
                    && !list_is_empty(&source->ref_table->txn_rows))));
}

void
remotes_note_commit(struct remotes *remotes, const struct served *served)
{
    struct shash_node *node;

    if (!remotes) {
        return;
    }
    VEC_FOR_EACH (watch, &remotes->watches) {
        if (concerns(remotes, watch->name, &watch->source, served)
            && !watch->is_due) {
            watch->is_due = true;
            server_wake(remotes->server);
        }
    }
    SHASH_FOR_EACH (node, &remotes->configured) {
        struct configured *c = node->value;

        if (concerns(remotes, node->key, &c->source, served)
            && !remotes->is_changed) {
            remotes->is_changed = true;
            server_wake(remotes->server);
        }
    }
}

void
remotes_watch(struct remotes *remotes, const char *name,
              void (*changed)(void *aux), void *aux)
{
    vec_push(&remotes->watches,
             ((struct db_watch) { .name = name, .changed = changed,
                                  .aux = aux, .is_due = true }));
    server_wake(remotes->server);
}

void
remotes_run(struct remotes *remotes)
{
    struct error *error;

    VEC_FOR_EACH (watch, &remotes->watches) {
        if (watch->is_due) {
            watch->is_due = false;
            watch->changed(watch->aux);
        }
    }
    if (remotes->is_changed) {
        error = remotes_reconfigure(remotes);
        if (error) {
            log_warn("%s", error_message(error));
            error_free(error);
        }
    }
}

void
remotes_forget_db(struct remotes *remotes, const struct served *served)
{
    struct shash_node *node;

    remotes->is_changed = true;
    SHASH_FOR_EACH (node, &remotes->configured) {
        ((struct configured *) node->value)->source.db = NULL;
    }
    VEC_FOR_EACH (watch, &remotes->watches) {
        watch->source.db = NULL;
        watch->is_due = true;
    }
    server_wake(remotes->server);
}

/* Status columns. */

static bool
remote_is_connected(const struct remote *remote)
{
    struct session *session;

    if (remote->session) {
        return session_is_connected(remote->session);
    }
    for (session = session_first(remote->remotes->server); session;
         session = session_next(session)) {
        if (session_remote(session)
            && !strcmp(session_remote(session), remote->name)) {
            return true;
        }
    }
    return false;
}

static void
put_pair(struct ovsdb_datum *map, const char *key, const char *format, ...)
    PRINTF_FORMAT(3, 4);

static void
put_pair(struct ovsdb_datum *map, const char *key, const char *format, ...)
{
    va_list args;
    char *value;

    va_start(args, format);
    value = xvasprintf(format, args);
    va_end(args);
    ovsdb_datum_append_pair(map, key, value);
    free(value);
}

static struct ovsdb_datum
make_status(const struct remote *remote, bool is_connected,
            const struct ovsdb_type *type)
{
    struct ovsdb_datum map = OVSDB_DATUM_EMPTY;
    int64_t seconds = (clock_ms() - remote->connected_ms) / 1000;
    size_t n_sessions = 0, n_locks = 0, n_waiting = 0;
    struct session *session;

    for (session = session_first(remote->remotes->server); session;
         session = session_next(session)) {
        if (session == remote->session
            || (session_remote(session)
                && !strcmp(session_remote(session), remote->name))) {
            n_sessions++;
            n_locks += session_count_locks(session, true);
            n_waiting += session_count_locks(session, false);
        }
    }
    if (remote->listener && listener_port(remote->listener)) {
        put_pair(&map, "bound_port", "%u", listener_port(remote->listener));
    }
    if (n_sessions > 1) {
        put_pair(&map, "n_connections", "%zu", n_sessions);
    }
    if (remote->is_active) {
        put_pair(&map, "state", is_connected ? "ACTIVE" : "BACKOFF");
    } else if (is_connected) {
        put_pair(&map, "state", "ACTIVE");
    }
    put_pair(&map, (is_connected ? "sec_since_connect"
                    : "sec_since_disconnect"), "%lld", (long long) seconds);
    if (n_locks) {
        put_pair(&map, "locks_held", "%zu", n_locks);
    }
    if (n_waiting) {
        put_pair(&map, "locks_waiting", "%zu", n_waiting);
    }
    ovsdb_datum_finish(&map, type);
    return map;
}

/* Writes the columns that the row's table has of the status. */
static void
put_row_status(struct remote *remote, struct db_row *row, bool is_connected)
{
    const struct ovsdb_table_schema *ts = row->table->schema;
    struct txn *txn = txn_create(row->table->db);
    const struct ovsdb_column *column;
    struct ovsdb_datum datum;
    struct error *error;

    column = ovsdb_table_schema_find_column(ts, "is_connected");
    if (column && column->type.key.type == OVSDB_TYPE_BOOLEAN
        && !ovsdb_type_is_map(&column->type)) {
        ovsdb_datum_init_boolean(&datum, is_connected);
        txn_write_take(txn, row, column->index, datum);
    }
    column = ovsdb_table_schema_find_column(ts, "status");
    if (column && column->type.key.type == OVSDB_TYPE_STRING
        && column->type.value.type == OVSDB_TYPE_STRING) {
        datum = make_status(remote, is_connected, &column->type);
        txn_write_take(txn, row, column->index, datum);
    }
    error = txn_check(txn);
    if (error) {
        log_warn("%s: cannot write the status: %s", remote->name,
                 error_message(error));
        error_free(error);
        txn_abort(txn);
    } else {
        txn_commit(txn);
    }
}

void
remotes_put_status(struct remotes *remotes)
{
    bool was_changed = remotes->is_changed;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &remotes->open) {
        struct remote *remote = node->value;
        struct served *served = (remote->has_row
                                 ? server_find_db(remotes->server, remote->db)
                                 : NULL);
        struct db_table *table = (served ? db_get_table(served->db,
                                                        remote->table) : NULL);
        struct db_row *row = (table ? db_find_row(table, &remote->row)
                              : NULL);
        bool is_connected = remote_is_connected(remote);

        if (is_connected != remote->was_connected) {
            remote->was_connected = is_connected;
            remote->connected_ms = clock_ms();
        }
        if (row) {
            put_row_status(remote, row, is_connected);
        }
    }
    /* What was written here configures nothing. */
    remotes->is_changed = was_changed;
}
