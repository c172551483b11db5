/* SPDX-License-Identifier: Apache-2.0 */

/* The commands on a database server's connections, its managers and its TLS
 * files.  Tables of each database have other names, but columns of the same
 * names, so that one set of commands serves all of them; columns that a table
 * lacks (read_only, role, ssl_protocols, ...) are left out. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/dbctl/internal.h"

static const struct dbctl_server *
server_of(const struct dbctl_call *call)
{
    return call->dbctl->tool->server;
}

/* The number of a column, or -1. */
static int
column_number(const struct replica_table_class *table, const char *name)
{
    const struct replica_column_class *column
        = replica_table_class_find_column(table, name);

    return column ? (int) replica_column_number(table, column) : -1;
}

static const void *
member(const struct replica_row *row, const char *column)
{
    return dbctl_member(row, column_number(replica_row_class(row), column));
}

/* A column that holds one string. */
static const char *
get_string(const struct replica_row *row, const char *column)
{
    return *(const char *const *) member(row, column);
}

static bool
get_bool(const struct replica_row *row, const char *column)
{
    return *(const bool *) member(row, column);
}

static void
set_value(const struct replica_row *row, const char *column,
          const void *value)
{
    replica_write(row, column_number(replica_row_class(row), column),
                  &(struct replica_value) { .n = 1, .keys = value });
}

static void
verify(const struct replica_row *row, int column)
{
    if (!(row->state & REPLICA_ROW_TXN_NEW)) {
        replica_verify(row, column);
    }
}

/* The row that refers to connections and TLS files; 'begin' of each tool makes
 * it if it is missing. */
static struct replica_row *
root_row(const struct dbctl_call *call)
{
    return replica_first(dbctl_replica(call->dbctl), server_of(call)->root);
}

/* Monitors columns of a table, those that it has. */
static void
monitor_columns(struct dbctl_call *call,
                const struct replica_table_class *table,
                const char *const *names)
{
    uint64_t columns = 0;

    for (; *names; names++) {
        int number = column_number(table, *names);

        if (number >= 0) {
            columns |= REPLICA_COL(number);
        }
    }
    dbctl_monitor(call->dbctl, table, columns);
}

/* Targets. */

void
dbctl_check_target(const char *target)
{
    static const char *const prefixes[] = {
        "tcp:", "ptcp:", "ssl:", "pssl:", "unix:", "punix:",
    };

    for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
        if (text_starts_with(target, prefixes[i])) {
            return;
        }
    }
    dbctl_warn("target type \"%s\" is possibly erroneous", target);
}

struct error *
dbctl_probe_interval(const struct dbctl_call *call, int64_t *ret_ms,
                     bool *is_given)
{
    const char *text = dbctl_option(call, "--inactivity-probe");

    *is_given = text != NULL;
    return (text && (!text_to_i64(text, 10, ret_ms) || *ret_ms < 0)
            ? error_create(0, "--inactivity-probe: \"%s\" is not a number of "
                           "milliseconds", text)
            : NULL);
}

/* Connections. */

static struct error *
prepare_connections(struct dbctl_call *call)
{
    static const char *const names[] = {
        "target", "read_only", "role", "inactivity_probe", NULL,
    };
    const struct dbctl_server *server = server_of(call);

    dbctl_monitor(call->dbctl, server->root,
                  REPLICA_COL(server->connections));
    monitor_columns(call, server->connection, names);
    return NULL;
}

/* Others must not have changed what is shown or replaced. */
static void
verify_connections(const struct dbctl_call *call)
{
    const struct dbctl_server *server = server_of(call);
    int target = column_number(server->connection, "target");
    struct replica_row *row;

    verify(root_row(call), server->connections);
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), server->connection) {
        verify(row, target);
    }
}

static struct error *
run_get(struct dbctl_call *call)
{
    const struct dbctl_server *server = server_of(call);
    bool has_role = column_number(server->connection, "role") >= 0;
    struct sset lines = SSET_INITIALIZER(&lines);
    const char **sorted;
    struct replica_row *row;

    verify_connections(call);
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), server->connection) {
        struct str line = STR_EMPTY;

        if (has_role) {
            str_printf(&line, "%s role=\"%s\" ",
                       get_bool(row, "read_only") ? "read-only" : "read-write",
                       get_string(row, "role"));
        }
        str_put(&line, get_string(row, "target"));
        sset_add(&lines, str_cstr(&line));
        str_uninit(&line);
    }
    sorted = sset_sort(&lines);
    dbctl_put_sorted(&call->output, sorted, sset_count(&lines));
    free(sorted);
    sset_uninit(&lines);
    return NULL;
}

static void
delete_connections(const struct dbctl_call *call)
{
    const struct dbctl_server *server = server_of(call);
    struct replica_row *row;

    verify_connections(call);
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), server->connection) {
        replica_delete(row);
    }
    replica_write(root_row(call), server->connections,
                  &(struct replica_value) { .n = 0 });
}

static struct error *
run_del(struct dbctl_call *call)
{
    delete_connections(call);
    return NULL;
}

/* What words between the targets say of those that follow. */
struct access {
    bool has_role;
    bool read_only;
    const char *role;
};

/* Whether the word is such a one. */
static bool
parse_access(const char *word, struct access *access)
{
    if (!access->has_role) {
        return false;
    } else if (!strcmp(word, "read-only")) {
        access->read_only = true;
    } else if (!strcmp(word, "read-write")) {
        access->read_only = false;
    } else if (text_starts_with(word, "role=")) {
        access->role = word + strlen("role=");
    } else {
        return false;
    }
    return true;
}

static struct replica_row *
insert_connection(struct dbctl_call *call, const char *target,
                  const struct access *access)
{
    struct replica_row *row = replica_insert(dbctl_txn(call->dbctl),
                                             server_of(call)->connection);

    dbctl_check_target(target);
    set_value(row, "target", &target);
    if (access->has_role) {
        set_value(row, "read_only", &access->read_only);
        set_value(row, "role", &access->role);
    }
    return row;
}

static struct error *
run_set(struct dbctl_call *call)
{
    const struct dbctl_server *server = server_of(call);
    struct access access = {
        .has_role = column_number(server->connection, "role") >= 0,
        .role = "",
    };
    VEC(struct replica_row *) rows = VEC_EMPTY;
    bool has_probe;
    int64_t probe_ms;
    struct error *error = dbctl_probe_interval(call, &probe_ms, &has_probe);

    if (error) {
        return error;
    }
    delete_connections(call);
    for (int i = 1; i < call->argc; i++) {
        if (!parse_access(call->argv[i], &access)) {
            struct replica_row *row = insert_connection(call, call->argv[i],
                                                        &access);

            if (has_probe) {
                set_value(row, "inactivity_probe", &probe_ms);
            }
            vec_push(&rows, row);
        }
    }
    replica_write(root_row(call), server->connections,
                  &(struct replica_value) { rows.n, rows.items, NULL });
    vec_uninit(&rows);
    return NULL;
}

/* TLS. */

static struct error *
prepare_ssl(struct dbctl_call *call)
{
    static const char *const names[] = {
        "private_key", "certificate", "ca_cert", "bootstrap_ca_cert", NULL,
    };
    const struct dbctl_server *server = server_of(call);

    dbctl_monitor(call->dbctl, server->root,
                  REPLICA_COL(column_number(server->root, "ssl")));
    monitor_columns(call, server->ssl, names);
    return NULL;
}

static struct replica_row *
ssl_row(const struct dbctl_call *call)
{
    return replica_first(dbctl_replica(call->dbctl), server_of(call)->ssl);
}

static struct error *
run_get_ssl(struct dbctl_call *call)
{
    const struct replica_row *ssl = ssl_row(call);

    verify(root_row(call), column_number(server_of(call)->root, "ssl"));
    if (ssl) {
        str_printf(&call->output, "Private key: %s\nCertificate: %s\n"
                   "CA Certificate: %s\nBootstrap: %s\n",
                   get_string(ssl, "private_key"),
                   get_string(ssl, "certificate"), get_string(ssl, "ca_cert"),
                   get_bool(ssl, "bootstrap_ca_cert") ? "true" : "false");
    }
    return NULL;
}

static void
delete_ssl(const struct dbctl_call *call)
{
    int column = column_number(server_of(call)->root, "ssl");
    struct replica_row *ssl = ssl_row(call);

    verify(root_row(call), column);
    if (ssl) {
        replica_delete(ssl);
        replica_write(root_row(call), column,
                      &(struct replica_value) { .n = 0 });
    }
}

static struct error *
run_del_ssl(struct dbctl_call *call)
{
    delete_ssl(call);
    return NULL;
}

static struct error *
run_set_ssl(struct dbctl_call *call)
{
    /* In the order of the arguments. */
    static const char *const columns[] = {
        "private_key", "certificate", "ca_cert", "ssl_protocols",
        "ssl_ciphers", "ssl_ciphersuites",
    };
    const struct replica_table_class *table = server_of(call)->ssl;
    bool bootstrap = dbctl_has_option(call, "--bootstrap");
    struct replica_row *ssl;

    for (int i = 1; i < call->argc; i++) {
        if (column_number(table, columns[i - 1]) < 0) {
            return error_create(0, "'%s' command takes at most %d arguments",
                                call->argv[0], i - 1);
        }
    }
    delete_ssl(call);
    ssl = replica_insert(dbctl_txn(call->dbctl), table);
    for (int i = 1; i < call->argc; i++) {
        const char *argument = call->argv[i];

        set_value(ssl, columns[i - 1], &argument);
    }
    set_value(ssl, "bootstrap_ca_cert", &bootstrap);
    set_value(root_row(call), "ssl", &ssl);
    return NULL;
}

#define ON_CONNECTIONS(WHAT) \
    { .name = "get-" WHAT, .prepare = prepare_connections, .run = run_get }, \
    { .name = "del-" WHAT, .prepare = prepare_connections, .run = run_del }, \
    { .name = "set-" WHAT, .min_args = 1, .max_args = INT_MAX, \
      .arguments = "TARGET...", .options = "--inactivity-probe=", \
      .prepare = prepare_connections, .run = run_set }

static const struct dbctl_command connection_commands[] = {
    ON_CONNECTIONS("connection"),
};

static const struct dbctl_command manager_commands[] = {
    ON_CONNECTIONS("manager"),
};

static const struct dbctl_command ssl_commands[] = {
    { .name = "get-ssl", .prepare = prepare_ssl, .run = run_get_ssl },
    { .name = "del-ssl", .prepare = prepare_ssl, .run = run_del_ssl },
    { .name = "set-ssl", .min_args = 3, .max_args = 6,
      .arguments = "PRIVATE-KEY CERTIFICATE CA-CERT "
                   "[PROTOCOLS [CIPHERS [CIPHERSUITES]]]",
      .options = "--bootstrap", .prepare = prepare_ssl, .run = run_set_ssl },
};

const struct dbctl_command_group dbctl_connection_commands = {
    "Connection commands", connection_commands,
    ARRAY_SIZE(connection_commands)
};

const struct dbctl_command_group dbctl_manager_commands = {
    "Manager commands", manager_commands, ARRAY_SIZE(manager_commands)
};

const struct dbctl_command_group dbctl_ssl_commands = {
    "SSL/TLS commands", ssl_commands, ARRAY_SIZE(ssl_commands)
};
