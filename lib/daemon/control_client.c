/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/daemon/control_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/daemon/pidfile.h"
#include "lib/jsonrpc/jsonrpc.h"
#include "lib/runtime/loop.h"

/* Answers can be long: dumps of all flows. */
#define MAX_BYTES ((size_t) 1024 * 1024 * 1024)

struct control_client {
    char *target;
    struct stream *stream;      /* Until it is open. */
    struct jsonrpc *rpc;
    struct error *error;        /* Why the connection has ended. */
    bool has_ended;

    /* The call under way. */
    bool is_done;
    char *text;
    bool failed;
};

static void
client_message(struct jsonrpc *rpc UNUSED,
               const struct jsonrpc_message *message, void *client_)
{
    struct control_client *client = client_;
    struct error *error;
    json_t *json;

    if (message->type != JSONRPC_REPLY && message->type != JSONRPC_ERROR) {
        return;
    }
    client->failed = message->type == JSONRPC_ERROR;
    error = jsonrpc_parse(client->failed ? message->error : message->result,
                          &json);
    if (error) {
        error_free(error);
        return;
    }
    client->text = (json_is_string(json) ? xstrdup(json_string_value(json))
                    : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY));
    client->is_done = true;
    json_decref(json);
}

static void
note_end(struct control_client *client, const struct error *error)
{
    client->has_ended = true;
    client->error = (error ? error_clone(error)
                     : error_create(EPIPE, "End of file"));
}

static void
client_closed(struct jsonrpc *rpc UNUSED, const struct error *error,
              void *client)
{
    note_end(client, error);
}

static const struct jsonrpc_callbacks client_callbacks = {
    .message = client_message,
    .closed = client_closed,
};

static void
stream_opened(struct stream *stream, void *client_)
{
    struct control_client *client = client_;

    client->rpc = jsonrpc_create(stream, &client_callbacks, client);
    jsonrpc_set_max_bytes(client->rpc, MAX_BYTES);
    client->stream = NULL;
}

static void
stream_failed(struct stream *stream UNUSED, const struct error *error,
              void *client)
{
    note_end(client, error);
}

static const struct stream_callbacks opening_callbacks = {
    .opened = stream_opened,
    .closed = stream_failed,
};

/* The socket of the daemon 'target', for free(). */
static struct error *
find_socket(const char *target, enum dirs_family family, char **ret)
{
    if (*target == '/') {
        *ret = xstrdup(target);
        return NULL;
    }

    char *pidfile = xasprintf("%s/%s.pid", dirs_run(family), target);
    pid_t pid = pidfile_read(pidfile);
    struct error *error = NULL;
    if (pid < 0) {
        error = error_create(-pid, "cannot read pidfile \"%s\" (%s)", pidfile,
                             strerror(-pid));
    } else {
        *ret = xasprintf("%s/%s.%ld.ctl", dirs_run(family), target,
                         (long) pid);
    }
    free(pidfile);
    return error;
}

struct error *
control_client_open(const char *target, enum dirs_family family,
                    struct control_client **ret)
{
    struct error *error;
    char *path = NULL;

    error = find_socket(target, family, &path);
    if (error) {
        return error;
    }
    struct control_client *client = xzalloc(sizeof *client);
    char *name = xasprintf("unix:%s", path);

    client->target = xstrdup(target);
    error = stream_open(name, 0, &opening_callbacks, client, &client->stream);
    while (!error && !client->rpc && !client->has_ended) {
        loop_turn(true);
    }
    if (client->has_ended) {
        error = error_create(client->error->code, "cannot connect to \"%s\" "
                             "(%s)", path, error_message(client->error));
    }
    free(name);
    free(path);
    if (error) {
        control_client_close(client);
        return error;
    }
    *ret = client;
    return NULL;
}

void
control_client_close(struct control_client *client)
{
    if (client) {
        stream_destroy(client->stream);
        jsonrpc_destroy(client->rpc);
        error_free(client->error);
        free(client->text);
        free(client->target);
        free(client);
    }
}

struct error *
control_client_call(struct control_client *client, const char *command,
                    int argc, char *argv[], char **ret_text, bool *ret_failed)
{
    struct str params = STR_EMPTY;

    str_put_char(&params, '[');
    for (int i = 0; i < argc; i++) {
        str_put(&params, i ? "," : "");
        jsonrpc_put_string(&params, argv[i]);
    }
    str_put_char(&params, ']');
    jsonrpc_send_request_text(client->rpc, command,
                              (struct span) { params.string, params.length });
    str_uninit(&params);

    client->is_done = false;
    while (!client->is_done && !client->has_ended) {
        loop_turn(true);
    }
    if (!client->is_done) {
        return error_create(client->error->code, "%s: transaction error (%s)",
                            client->target, error_message(client->error));
    }
    *ret_text = client->text;
    *ret_failed = client->failed;
    client->text = NULL;
    return NULL;
}

/* The program. */

static enum dirs_family family;
static const char *target;

static struct error *
set_timeout(void *unused UNUSED, const char *argument)
{
    unsigned int seconds;

    if (!text_to_uint(argument, 10, &seconds) || !seconds) {
        return error_create(0, "value %s on -T or --timeout is invalid",
                            argument);
    }
    tool_set_timeout(seconds);
    return NULL;
}

static const struct option_row rows[] = {
    { "target", 't', OPTION_REQUIRED, "TARGET",
      "daemon (its pidfile's name) or socket to contact", option_set_string,
      &target },
    { "timeout", 'T', OPTION_REQUIRED, "SECS",
      "wait at most SECS seconds for a response", set_timeout, NULL },
};

static void usage(void);

static size_t
make_groups(struct option_group groups[3])
{
    groups[0] = (struct option_group) { "Options", rows, ARRAY_SIZE(rows) };
    groups[1] = log_options();
    groups[2] = help_options(usage);
    return 3;
}

static void
usage(void)
{
    struct option_group groups[3];
    size_t n = make_groups(groups);

    printf("%s, for asking and directing %s daemons\n"
           "usage: %s [OPTIONS] COMMAND [ARG...]\n"
           "Commands of all daemons:\n"
           "  list-commands           list the commands of the target\n"
           "  version                 print the version of the target\n"
           "  exit                    end the target\n"
           "  vlog/list               list logging modules and levels\n"
           "  vlog/list-pattern       list the formats of log lines\n"
           "  vlog/set SPEC...        set logging levels: a module, a level\n"
           "                          (off, emer, err, warn, info, dbg) and\n"
           "                          a destination (syslog, console, file)\n"
           "  vlog/reopen             open the log file anew\n"
           "  memory/show             show what memory holds\n"
           "  coverage/show           show event counters\n"
           "  stopwatch/show          show how long things take\n",
           program_name(), family == DIRS_OVN ? "OVN" : "Open vSwitch",
           program_name());
    options_print_help(groups, n);
}

/* Asks and prints.  Returns the exit status. */
static int
ask(struct control_client *client, int argc, char *argv[])
{
    struct error *error;
    char *text;
    bool failed;

    error = control_client_call(client, argv[0], argc - 1, argv + 1, &text,
                                &failed);
    program_check(error);
    fputs(text, failed ? stderr : stdout);
    if (failed) {
        fprintf(stderr, "%s: %s: server returned an error\n", program_name(),
                target);
    }
    free(text);
    return failed ? 2 : 0;
}

int
control_client_main(int argc, char *argv[], enum dirs_family family_,
                    const char *default_target)
{
    struct option_group groups[3];
    struct control_client *client;

    family = family_;
    target = default_target;
    tool_init(argv[0], family);
    int first = options_parse(argc, argv, groups, make_groups(groups),
                              OPTIONS_STOP_AT_WORD);
    if (first >= argc) {
        program_fatal("at least one non-option argument is required "
                      "(use --help for help)");
    }
    tool_start();

    program_check(control_client_open(target, family, &client));
    int status = ask(client, argc - first, argv + first);
    control_client_close(client);
    loop_uninit();
    return status;
}
