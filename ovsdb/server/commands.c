/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/commands.h"

#include <limits.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "ovsdb/server/config.h"
#include "ovsdb/server/record.h"
#include "ovsdb/server/remotes.h"
#include "ovsdb/server/replication.h"
#include "ovsdb/server/session.h"

LOG_MODULE(ovsdb_server);

/* A command that waits for compactions. */
struct compact_command {
    struct control_conn *conn;
    struct str errors;
    unsigned int n_left;
};

static bool
refuse_with_config_file(struct control_conn *conn)
{
    if (config_file_name()) {
        control_reply_error(conn, "cannot change the configuration by command "
                            "while --config-file is in use");
        return true;
    }
    return false;
}

static void
add_remote(struct control_conn *conn, int argc, const char *argv[],
           void *server_)
{
    const struct remote_options options = REMOTE_OPTIONS_DEFAULT;
    struct server *server = server_;
    struct error *error;

    if (refuse_with_config_file(conn)) {
        return;
    }
    error = remotes_add(server->remotes, argv[1], &options);
    if (!error) {
        error = remotes_reconfigure(server->remotes);
        if (error) {
            remotes_remove(server->remotes, argv[1]);
        }
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
remove_remote(struct control_conn *conn, int argc, const char *argv[],
              void *server_)
{
    struct server *server = server_;

    if (refuse_with_config_file(conn)) {
        return;
    }
    if (remotes_remove(server->remotes, argv[1])) {
        control_reply(conn, NULL);
    } else {
        control_reply_error(conn, "no such remote");
    }
}

static void
list_remotes(struct control_conn *conn, int argc, const char *argv[],
             void *server_)
{
    struct server *server = server_;
    struct str s = STR_EMPTY;

    remotes_list(server->remotes, &s);
    control_reply_str(conn, &s);
}

static void
add_db(struct control_conn *conn, int argc, const char *argv[], void *server_)
{
    struct error *error;

    if (refuse_with_config_file(conn)) {
        return;
    }
    error = server_add_db(server_, argv[1]);
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

/* Finds the database 'name', or answers that there is none. */
static struct served *
find_db(struct server *server, const char *name, struct control_conn *conn)
{
    struct served *served = server_find_db(server, name);

    if (!served || (served->is_internal && strcmp(name, "_Server"))) {
        control_reply_error(conn, "Failed to find the database.");
        return NULL;
    }
    return served;
}

static void
remove_db(struct control_conn *conn, int argc, const char *argv[],
          void *server_)
{
    struct server *server = server_;
    struct served *served;

    if (refuse_with_config_file(conn)) {
        return;
    }
    served = find_db(server, argv[1], conn);
    if (!served) {
        return;
    }
    if (served->is_internal) {
        control_reply_error(conn, "Cannot remove reserved database.");
        return;
    }
    server_remove_db(server, served);
    control_reply(conn, NULL);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
list_dbs(struct control_conn *conn, int argc, const char *argv[],
         void *server_)
{
    struct server *server = server_;
    VEC(const char *) names = VEC_EMPTY;
    struct str s = STR_EMPTY;
    struct served *served;

    LIST_FOR_EACH (served, node, &server->dbs) {
        vec_push(&names, db_name(served->db));
    }
    vec_sort(&names, compare_names);
    VEC_FOR_EACH (name, &names) {
        str_printf(&s, "%s\n", *name);
    }
    vec_uninit(&names);
    control_reply_str(conn, &s);
}

static void
end_compact(struct compact_command *command)
{
    if (--command->n_left) {
        return;
    }
    if (command->errors.length) {
        control_reply_error(command->conn, str_cstr(&command->errors));
    } else {
        control_reply(command->conn, NULL);
    }
    str_uninit(&command->errors);
    free(command);
}

static void
compacted(struct served *served, struct error *error, void *command_)
{
    struct compact_command *command = command_;

    if (error) {
        str_printf(&command->errors, "%s: %s\n", db_name(served->db),
                   error_message(error));
    }
    end_compact(command);
}

static void
compact(struct control_conn *conn, int argc, const char *argv[],
        void *server_)
{
    struct server *server = server_;
    struct compact_command *command;
    struct served *served;

    if (argc > 1) {
        served = server_find_db(server, argv[1]);
        if (!served || served->is_internal) {
            control_reply_error(conn, (served ? "cannot compact built-in "
                                       "databases"
                                       : "no database by that name"));
            return;
        }
    }
    command = xzalloc(sizeof *command);
    command->conn = conn;
    command->n_left = 1;
    LIST_FOR_EACH (served, node, &server->dbs) {
        if (argc > 1 ? !strcmp(argv[1], db_name(served->db))
            : !served->is_internal) {
            log_info("compacting %s database by user request",
                     db_name(served->db));
            command->n_left++;
            served_compact(served, "compacting database online", compacted,
                           command);
        }
    }
    end_compact(command);
}

static void
memory_trim(struct control_conn *conn, int argc, const char *argv[],
            void *server_)
{
    struct server *server = server_;

    if (!strcmp(argv[1], "on") || !strcmp(argv[1], "off")) {
        server->hooks.trim_memory = !strcmp(argv[1], "on");
        log_info("memory trimming after compaction %s.",
                 server->hooks.trim_memory ? "enabled" : "disabled");
        control_reply(conn, NULL);
    } else {
        control_reply_error(conn, "invalid argument");
    }
}

static void
reconnect(struct control_conn *conn, int argc, const char *argv[],
          void *server)
{
    server_reconnect_clients(server, true);
    control_reply(conn, NULL);
}

static void
get_db_storage_status(struct control_conn *conn, int argc,
                      const char *argv[], void *server)
{
    if (find_db(server, argv[1], conn)) {
        control_reply(conn, "status: ok");
    }
}

static void
disable_monitor_cond(struct control_conn *conn, int argc, const char *argv[],
                     void *server_)
{
    struct server *server = server_;

    server->no_monitor_cond = true;
    server_reconnect_clients(server, true);
    control_reply(conn, NULL);
}

/* Replication. */

static void
reply_with(struct control_conn *conn, struct error *error)
{
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
set_active(struct control_conn *conn, int argc, const char *argv[],
           void *server_)
{
    struct server *server = server_;

    reply_with(conn, replication_set_source(server->replication, argv[1]));
}

static void
get_active(struct control_conn *conn, int argc, const char *argv[],
           void *server_)
{
    const struct server *server = server_;

    control_reply(conn, replication_source(server->replication));
}

static void
connect_active(struct control_conn *conn, int argc, const char *argv[],
               void *server_)
{
    struct server *server = server_;

    reply_with(conn, replication_start(server->replication));
}

static void
disconnect_active(struct control_conn *conn, int argc, const char *argv[],
                  void *server_)
{
    struct server *server = server_;

    replication_stop(server->replication);
    control_reply(conn, NULL);
}

static void
set_active_probe_interval(struct control_conn *conn, int argc,
                          const char *argv[], void *server_)
{
    struct server *server = server_;
    int ms;

    if (!text_to_int_range(argv[1], 0, INT_MAX, &ms)) {
        control_reply_error(conn, "Invalid probe interval, integer value "
                            "expected");
        return;
    }
    replication_set_probe_interval(server->replication, ms);
    control_reply(conn, NULL);
}

static void
set_excluded(struct control_conn *conn, int argc, const char *argv[],
             void *server_)
{
    struct server *server = server_;

    reply_with(conn, replication_set_excluded(server->replication, argv[1]));
}

static void
get_excluded(struct control_conn *conn, int argc, const char *argv[],
             void *server_)
{
    const struct server *server = server_;
    struct str s = STR_EMPTY;

    replication_put_excluded(server->replication, &s);
    control_reply_str(conn, &s);
}

static void
sync_status(struct control_conn *conn, int argc, const char *argv[],
            void *server_)
{
    const struct server *server = server_;
    struct str s = STR_EMPTY;

    replication_put_status(server->replication, &s);
    control_reply_str(conn, &s);
}

/* Counters of perf-counters-show. */
static const char *const perf_names[] = {
    "ovsdb_request", "ovsdb_transaction", "ovsdb_flush", "ovsdb_sync",
    "ovsdb_view_run_hit", "ovsdb_view_run_miss", "ovsdb_session_cut",
};
_Static_assert(ARRAY_SIZE(perf_names) == SERVER_N_PERF, "a base for each");

/* What has been done since the start or the last clear, by database. */
static void
perf_counters_show(struct control_conn *conn, int argc, const char *argv[],
                   void *server_)
{
    struct server *server = server_;
    struct str s = STR_EMPTY;
    struct served *served;

    for (size_t i = 0; i < ARRAY_SIZE(perf_names); i++) {
        str_printf(&s, "%-24s%12llu\n", perf_names[i],
                   (unsigned long long) (counter_read(perf_names[i])
                                         - server->perf_base[i]));
    }
    LIST_FOR_EACH (served, node, &server->dbs) {
        str_printf(&s, "%-24s%12llu\n", db_name(served->db),
                   (unsigned long long) served->n_transactions);
    }
    control_reply_str(conn, &s);
}

static void
perf_counters_clear(struct control_conn *conn, int argc, const char *argv[],
                    void *server_)
{
    struct server *server = server_;
    struct served *served;

    for (size_t i = 0; i < ARRAY_SIZE(perf_names); i++) {
        server->perf_base[i] = counter_read(perf_names[i]);
    }
    LIST_FOR_EACH (served, node, &server->dbs) {
        served->n_transactions = 0;
    }
    control_reply(conn, NULL);
}

static void
reload(struct control_conn *conn, int argc, const char *argv[], void *server)
{
    struct error *error;

    if (!config_file_name()) {
        control_reply_error(conn, "Configuration file was not specified on "
                            "command line");
        return;
    }
    error = config_file_load(server);
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
enable_diffs(struct control_conn *conn, int argc, const char *argv[],
             void *server)
{
    record_set_diffs(true);
    control_reply(conn, NULL);
}

void
commands_disable_diffs(void)
{
    record_set_diffs(false);
    control_register("ovsdb/file/column-diff-enable", "", 0, 0, enable_diffs,
                     NULL);
}

static struct db_table *
find_tlog_table(struct server *server, const char *name,
                struct control_conn *conn)
{
    const char *colon = strchr(name, ':');
    struct db_table *table;
    struct served *served;
    char *db;

    if (!colon || colon == name || !colon[1]) {
        control_reply_error(conn, "invalid DB:TABLE argument");
        return NULL;
    }
    db = xmemdup0(name, colon - name);
    served = server_find_db(server, db);
    free(db);
    table = served ? db_get_table(served->db, colon + 1) : NULL;
    if (!table) {
        control_reply_error(conn, (served ? "no such table"
                                   : "no such database"));
    }
    return table;
}

static void
tlog_set(struct control_conn *conn, int argc, const char *argv[],
         void *server)
{
    struct db_table *table;

    if (strcmp(argv[2], "on") && strcmp(argv[2], "off")) {
        control_reply_error(conn, "invalid command argument");
        return;
    }
    table = find_tlog_table(server, argv[1], conn);
    if (table) {
        table->is_logged = !strcmp(argv[2], "on");
        control_reply(conn, NULL);
    }
}

static int
compare_served(const void *a, const void *b)
{
    return strcmp(db_name((*(struct served *const *) a)->db),
                  db_name((*(struct served *const *) b)->db));
}

static void
tlog_list(struct control_conn *conn, int argc, const char *argv[],
          void *server_)
{
    struct server *server = server_;
    VEC(struct served *) sorted = VEC_EMPTY;
    struct str s = STR_EMPTY;
    struct served *served;

    LIST_FOR_EACH (served, node, &server->dbs) {
        vec_push(&sorted, served);
    }
    vec_sort(&sorted, compare_served);
    str_put(&s, "database        table                       logging\n"
                "--------        -----                       -------\n");
    VEC_FOR_EACH (p, &sorted) {
        const struct db *db = (*p)->db;

        str_printf(&s, "%-16s \n", db_name(db));
        for (size_t i = 0; i < db->schema->n_tables; i++) {
            const struct db_table *table = &db->tables[i];

            str_printf(&s, "                %-27s %s\n",
                       table->schema->name, table->is_logged ? "ON" : "OFF");
        }
    }
    vec_uninit(&sorted);
    control_reply_str(conn, &s);
}

void
commands_register(struct server *server)
{
    static const struct control_command commands[] = {
        { "ovsdb-server/add-remote", "REMOTE", 1, 1, add_remote },
        { "ovsdb-server/remove-remote", "REMOTE", 1, 1, remove_remote },
        { "ovsdb-server/list-remotes", "", 0, 0, list_remotes },
        { "ovsdb-server/add-db", "DB", 1, 1, add_db },
        { "ovsdb-server/remove-db", "DB", 1, 1, remove_db },
        { "ovsdb-server/list-dbs", "", 0, 0, list_dbs },
        { "ovsdb-server/compact", "[DB]", 0, 1, compact },
        { "ovsdb-server/memory-trim-on-compaction", "on|off", 1, 1,
          memory_trim },
        { "ovsdb-server/reconnect", "", 0, 0, reconnect },
        { "ovsdb-server/reload", "", 0, 0, reload },
        { "ovsdb-server/get-db-storage-status", "DB", 1, 1,
          get_db_storage_status },
        { "ovsdb-server/disable-monitor-cond", "", 0, 0,
          disable_monitor_cond },
        { "ovsdb-server/sync-status", "", 0, 0, sync_status },
        { "ovsdb-server/set-active-ovsdb-server", "SERVER", 1, 1,
          set_active },
        { "ovsdb-server/get-active-ovsdb-server", "", 0, 0, get_active },
        { "ovsdb-server/connect-active-ovsdb-server", "", 0, 0,
          connect_active },
        { "ovsdb-server/disconnect-active-ovsdb-server", "", 0, 0,
          disconnect_active },
        { "ovsdb-server/set-active-ovsdb-server-probe-interval", "MS", 1, 1,
          set_active_probe_interval },
        { "ovsdb-server/set-sync-exclude-tables", "DB:TABLE[,...]", 1, 1,
          set_excluded },
        { "ovsdb-server/get-sync-exclude-tables", "", 0, 0, get_excluded },
        { "ovsdb-server/perf-counters-show", "", 0, 0, perf_counters_show },
        { "ovsdb-server/perf-counters-clear", "", 0, 0,
          perf_counters_clear },
        { "ovsdb-server/tlog-set", "DB:TABLE on|off", 2, 2, tlog_set },
        { "ovsdb-server/tlog-list", "", 0, 0, tlog_list },
    };

    control_register_all(commands, ARRAY_SIZE(commands), server);
}
