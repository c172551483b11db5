/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/daemon/control.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/base/shash.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/daemon/standard.h"
#include "lib/jsonrpc/jsonrpc.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(unixctl);

COUNTER(unixctl_received);
COUNTER(unixctl_overflow);

/* Bounds for clients: the length of a command, the number of connections. */
#define MAX_BYTES (4 * 1024 * 1024)
#define MAX_CONNS 256

struct command {
    const char *usage;
    int min_args, max_args;
    control_fn *run;
    void *aux;
};

/* A connection, which has at most one command under way: its input is held
 * back until the answer is given. */
struct control_conn {
    struct list node;           /* In 'conns'. */
    struct jsonrpc *rpc;        /* NULL if the client has gone. */
    struct list pending_node;   /* In 'pending'. */

    /* The command under way; 'name' is NULL if there is none. */
    char *name;
    char *id;                   /* JSON text. */
    VEC(const char *) args;     /* args.items[0] is 'name'. */
    json_t *params;             /* Has the strings of 'args'. */
};

static struct shash commands = SHASH_INITIALIZER(&commands);
static struct list conns = LIST_INITIALIZER(&conns);    /* Idlest first. */
static struct list pending = LIST_INITIALIZER(&pending);
static size_t n_conns;
static struct step step;
static struct listener *listener;
static char *socket_path;

/* Commands. */

void
control_register(const char *name, const char *usage, int min_args,
                 int max_args, control_fn *run, void *aux)
{
    struct command *command = xmalloc(sizeof *command);

    *command = (struct command) { usage, min_args, max_args, run, aux };
    free(shash_set(&commands, name, command));
}

void
control_register_all(const struct control_command *rows, size_t n,
                     void *aux)
{
    for (size_t i = 0; i < n; i++) {
        const struct control_command *c = &rows[i];

        control_register(c->name, c->usage, c->min_args, c->max_args, c->run,
                         aux);
    }
}

void
control_unregister(const char *name)
{
    free(shash_steal(&commands, name));
}

void
control_list_commands(struct str *s)
{
    struct shash_node **nodes = shash_sort(&commands);

    str_put(s, "The available commands are:\n");
    for (size_t i = 0; i < shash_count(&commands); i++) {
        const struct command *command = nodes[i]->value;

        if (command->usage) {
            str_printf(s, "  %-23s %s\n", nodes[i]->key, command->usage);
        }
    }
    free(nodes);
}

/* Connections. */

static void
clear_command(struct control_conn *conn)
{
    list_remove(&conn->pending_node);
    free(conn->name);
    conn->name = NULL;
    free(conn->id);
    conn->id = NULL;
    json_decref(conn->params);
    conn->params = NULL;
    vec_uninit(&conn->args);
}

static void
destroy_conn(struct control_conn *conn)
{
    clear_command(conn);
    jsonrpc_destroy(conn->rpc);
    list_remove(&conn->node);
    n_conns--;
    free(conn);
}

static void
reply(struct control_conn *conn, const char *text, bool is_error)
{
    struct str s = STR_EMPTY;

    if (!conn->rpc) {
        /* Nobody waits for it any more. */
        destroy_conn(conn);
        return;
    }
    str_put(&s, text ? text : "");
    if (s.length && s.string[s.length - 1] != '\n') {
        str_put_char(&s, '\n');
    }
    if (is_error) {
        jsonrpc_send_error_text(conn->rpc, span_of(conn->id), str_cstr(&s),
                                NULL);
    } else {
        struct str json = STR_EMPTY;

        jsonrpc_put_string(&json, str_cstr(&s));
        jsonrpc_send_reply_text(conn->rpc, span_of(conn->id),
                                (struct span) { json.string, json.length });
        str_uninit(&json);
    }
    str_uninit(&s);
    clear_command(conn);
    list_remove(&conn->node);
    list_push_back(&conns, &conn->node);
    jsonrpc_set_reading(conn->rpc, true);
}

void
control_reply(struct control_conn *conn, const char *text)
{
    log_dbg("replying to %s with success", conn->name);
    reply(conn, text, false);
}

void
control_reply_error(struct control_conn *conn, const char *text)
{
    log_dbg("replying to %s with error: %s", conn->name, text);
    reply(conn, text, true);
}

void
control_reply_str(struct control_conn *conn, struct str *s)
{
    control_reply(conn, str_cstr(s));
    str_uninit(s);
}

void
control_reply_take_error(struct control_conn *conn, struct error *error)
{
    control_reply_error(conn, error_message(error));
    error_free(error);
}

/* Stores the strings of 'params' as arguments. */
static struct error *
parse_args(struct control_conn *conn, struct span params)
{
    struct error *error = jsonrpc_parse(params, &conn->params);
    json_t *arg;
    size_t i;

    if (error) {
        return error;
    }
    vec_push(&conn->args, conn->name);
    json_array_foreach (conn->params, i, arg) {
        if (!json_is_string(arg)) {
            return error_create(0, "\"%s\" command has non-string argument",
                                conn->name);
        }
        vec_push(&conn->args, json_string_value(arg));
    }
    return NULL;
}

static struct error *
check_args(const char *name, const struct command *command, int n)
{
    if (!command) {
        return error_create(0, "\"%s\" is not a valid command (use "
                            "\"list-commands\" to see a list of valid "
                            "commands)", name);
    }
    if (n < command->min_args) {
        return error_create(0, "\"%s\" command requires at least %d "
                            "arguments", name, command->min_args);
    }
    if (n > command->max_args) {
        return error_create(0, "\"%s\" command takes at most %d arguments",
                            name, command->max_args);
    }
    return NULL;
}

static void
run_command(struct control_conn *conn)
{
    const struct command *command = shash_get(&commands, conn->name);
    int n = conn->args.n - 1;
    struct error *error = check_args(conn->name, command, n);

    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    vec_push(&conn->args, NULL);
    command->run(conn, n + 1, conn->args.items, command->aux);
}

static void
run_pending(void *aux UNUSED)
{
    while (!list_is_empty(&pending)) {
        struct control_conn *conn = CONTAINER_OF(
            pending.next, struct control_conn, pending_node);

        list_remove(&conn->pending_node);
        run_command(conn);
    }
}

static void
conn_message(struct jsonrpc *rpc, const struct jsonrpc_message *message,
             void *conn_)
{
    struct control_conn *conn = conn_;

    counter_inc(unixctl_received);
    if (message->type != JSONRPC_REQUEST) {
        destroy_conn(conn);
        return;
    }
    log_dbg("received request %s%.*s, id=%.*s", message->method,
            (int) MIN(message->params.size, 1000), message->params.data,
            (int) MIN(message->id.size, 100), message->id.data);
    conn->name = xstrdup(message->method);
    conn->id = xmemdup0(message->id.data, message->id.size);
    jsonrpc_set_reading(rpc, false);
    struct error *error = parse_args(conn, message->params);
    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    list_push_back(&pending, &conn->pending_node);
    step_wake(&step);
}

static void
conn_closed(struct jsonrpc *rpc UNUSED, const struct error *error, void *conn_)
{
    struct control_conn *conn = conn_;

    if (error) {
        log_dbg("%s: %s", jsonrpc_name(conn->rpc), error_message(error));
    }
    if (conn->name && list_is_empty(&conn->pending_node)) {
        /* Its command holds on to it until the reply. */
        jsonrpc_destroy(conn->rpc);
        conn->rpc = NULL;
    } else {
        destroy_conn(conn);
    }
}

static const struct jsonrpc_callbacks conn_callbacks = {
    .message = conn_message,
    .closed = conn_closed,
};

/* Drops the connection that has been idle for longest.  Returns false if every
 * one has a command under way. */
static bool
drop_idle_conn(void)
{
    for (struct list *p = conns.next; p != &conns; p = p->next) {
        struct control_conn *conn = CONTAINER_OF(p, struct control_conn, node);

        if (!conn->name) {
            destroy_conn(conn);
            return true;
        }
    }
    return false;
}

static void
accepted(struct listener *l UNUSED, struct stream *stream, void *aux UNUSED)
{
    if (n_conns >= MAX_CONNS) {
        /* Idle strangers must not keep the operator out. */
        counter_inc(unixctl_overflow);
        if (!drop_idle_conn()) {
            stream_destroy(stream);
            return;
        }
    }

    struct control_conn *conn = xzalloc(sizeof *conn);
    list_init(&conn->pending_node);
    list_push_back(&conns, &conn->node);
    n_conns++;
    conn->rpc = jsonrpc_create(stream, &conn_callbacks, conn);
    jsonrpc_set_max_bytes(conn->rpc, MAX_BYTES);
}

static const struct listener_callbacks listener_callbacks = {
    .accepted = accepted,
};

struct error *
control_open(const char *path)
{
    const char *dir = dirs_run(program_family());
    struct error *error;
    char *base;

    if (!step.run) {
        step_init(&step, "unixctl", run_pending, NULL);
        control_register_standard();
    }
    base = (path ? xstrdup(path)
            : xasprintf("%s.%ld.ctl", program_name(), (long) getpid()));
    socket_path = dirs_path(dir, base);
    free(base);

    char *name = xasprintf("punix:%s", socket_path);
    error = listener_open(name, 0, &listener_callbacks, NULL, &listener);
    free(name);
    if (error) {
        free(socket_path);
        socket_path = NULL;
        return error_wrap(error, "could not initialize control socket");
    }
    return NULL;
}

void
control_close(void)
{
    standard_finish();
    listener_destroy(listener);
    listener = NULL;
    while (!list_is_empty(&conns)) {
        struct control_conn *conn = CONTAINER_OF(conns.next,
                                                 struct control_conn, node);

        if (conn->rpc) {
            stream_flush(jsonrpc_stream(conn->rpc));
        }
        destroy_conn(conn);
    }
    free(socket_path);
    socket_path = NULL;
}

const char *
control_path(void)
{
    return socket_path;
}
