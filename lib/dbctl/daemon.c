/* SPDX-License-Identifier: Apache-2.0 */

/* Daemons of tools: one keeps a copy of the whole database and runs command
 * lines that come by the control command "run".  Several may be under way at
 * a time, each in a transaction of its own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/daemon/control.h"
#include "lib/daemon/control_client.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/internal.h"

/* The server. */

struct server {
    const struct dbctl_tool *tool;
    const struct option_group *groups;  /* Options of requests. */
    size_t n_groups;
    struct dbctl_link link;
    struct step step;
    struct list requests;               /* Of struct request. */
};

struct request {
    struct list node;
    struct server *server;
    struct control_conn *conn;          /* Waits for the answer. */
    struct timer timer;                 /* --timeout. */
    struct dbctl dbctl;
    int argc;
    char **argv;                        /* Options point into it. */
};

static void
request_destroy(struct request *request)
{
    timer_stop(&request->timer);
    dbctl_uninit(&request->dbctl);
    list_remove(&request->node);
    for (int i = 0; i < request->argc; i++) {
        free(request->argv[i]);
    }
    free(request->argv);
    free(request);
}

static void
request_fail(struct request *request, struct error *error)
{
    control_reply_take_error(request->conn, error);
    request_destroy(request);
}

static void
request_done(struct dbctl *dbctl, struct error *error, int status)
{
    struct request *request = CONTAINER_OF(dbctl, struct request, dbctl);

    if (error) {
        request_fail(request, error);
        return;
    }
    if (status) {
        /* The client knows two ways to end. */
        control_reply_error(request->conn, "");
    } else {
        control_reply(request->conn, str_cstr(&dbctl->output));
    }
    request_destroy(request);
}

static void
request_expired(void *request)
{
    struct dbctl *dbctl = &((struct request *) request)->dbctl;

    request_fail(request, error_create(0, "not done within %d s",
                                       dbctl->settings.timeout_s));
}

static struct request *
request_create(struct server *server, struct control_conn *conn, int argc,
               const char *argv[])
{
    struct request *request = xzalloc(sizeof *request);

    request->server = server;
    request->conn = conn;
    timer_init(&request->timer, request_expired, request);
    list_push_back(&server->requests, &request->node);
    request->argc = argc;
    request->argv = xcalloc(argc + 1, sizeof *request->argv);
    for (int i = 0; i < argc; i++) {
        request->argv[i] = xstrdup(argv[i]);
    }
    return request;
}

/* Reads the words: options, then commands. */
static struct error *
request_parse(struct request *request)
{
    struct server *server = request->server;
    options_given given = VEC_EMPTY;
    struct error *error;
    int first;

    dbctl_reset_settings(server->tool);
    error = options_read(request->argc, request->argv, server->groups,
                         server->n_groups, OPTIONS_STOP_AT_WORD, &given,
                         &first);
    if (!error) {
        error = options_apply(&given);
    }
    vec_uninit(&given);
    dbctl_init(&request->dbctl, server->tool, &server->link, &server->step);
    request->dbctl.is_shared = true;
    if (error) {
        return error;
    }
    error = dbctl_parse(&request->dbctl, request->argc - first,
                        request->argv + first);
    return error ? error : dbctl_prepare(&request->dbctl);
}

static void
run(struct control_conn *conn, int argc, const char *argv[], void *server)
{
    struct request *request = request_create(server, conn, argc, argv);
    struct error *error = request_parse(request);

    if (error) {
        request_fail(request, error);
        return;
    }
    if (request->dbctl.settings.timeout_s > 0) {
        timer_set(&request->timer, request->dbctl.settings.timeout_s * 1000LL);
    }
    dbctl_start(&request->dbctl, request_done);
}

static void
on_step(void *server_)
{
    struct server *server = server_;
    struct request *request;

    LIST_FOR_EACH_SAFE (request, node, &server->requests) {
        dbctl_advance(&request->dbctl);
    }
    replica_clear_changes(server->link.replica);
}

static void
wake(void *server_)
{
    struct server *server = server_;

    step_wake(&server->step);
}

int
dbctl_serve(const struct dbctl_tool *tool, const struct option_group *groups,
            size_t n_groups)
{
    struct server server = {
        .tool = tool,
        .groups = groups,
        .n_groups = n_groups,
    };

    list_init(&server.requests);
    daemon_start();
    step_init(&server.step, "dbctl", on_step, &server);
    server.link.replica = replica_create(tool->class, wake, &server);
    replica_monitor_all(server.link.replica);
    dbctl_open(tool, &server.link, true);
    control_register("run", "COMMAND...", 0, INT_MAX, run, &server);
    printf("%s\n", daemon_control_path());
    fflush(stdout);
    daemon_ready();
    loop_run();
    daemon_finish();
    while (!list_is_empty(&server.requests)) {
        struct request *request = LIST_ELEM(request, server.requests.next,
                                            node);

        request_destroy(request);
    }
    dbctl_disconnect(&server.link);
    replica_destroy(server.link.replica);
    vec_uninit(&server.link.indexes);
    step_uninit(&server.step);
    loop_uninit();
    return EXIT_SUCCESS;
}

/* The client. */

static bool
is_in_groups(const struct option_row *row, const struct option_group *groups,
             size_t n_groups)
{
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            if (row == &groups[i].rows[j]) {
                return true;
            }
        }
    }
    return false;
}

int
dbctl_ask(const char *socket, const options_given *given,
          const struct option_group *groups, size_t n_groups, int argc,
          char *argv[])
{
    struct control_client *client;
    VEC(char *) words = VEC_EMPTY;
    size_t n_made;
    bool has_failed;
    char *text;

    VEC_FOR_EACH (option, given) {
        const struct option_row *row = option->row;

        if (is_in_groups(row, groups, n_groups)) {
            vec_push(&words, xasprintf("--%s%s%s", row->name,
                                       option->argument ? "=" : "",
                                       option->argument ? option->argument
                                       : ""));
        }
    }
    vec_push(&words, xstrdup("--"));
    n_made = words.n;
    for (int i = 0; i < argc; i++) {
        vec_push(&words, argv[i]);
    }
    program_check(control_client_open(socket, program_family(), &client));
    program_check(control_client_call(client, "run", words.n, words.items,
                                      &text, &has_failed));
    if (has_failed) {
        if (*text) {
            fprintf(stderr, "%s: %s%s", program_name(), text,
                    text[strlen(text) - 1] == '\n' ? "" : "\n");
        }
    } else {
        fputs(text, stdout);
    }
    for (size_t i = 0; i < n_made; i++) {
        free(words.items[i]);
    }
    vec_uninit(&words);
    free(text);
    control_client_close(client);
    return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
