/* SPDX-License-Identifier: Apache-2.0 */

/* A run of a tool: its options, and what they make of it: one request and no
 * more, a daemon, or a daemon's client. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/internal.h"
#include "lib/runtime/log.h"

LOG_MODULE(dbctl);

/* Options. */

struct dbctl_settings dbctl_settings;

static const struct dbctl_tool *the_tool;       /* For --help. */
static const char *db_option;
static const char *socket_option;
static bool retry;
static bool shuffle = true;
static bool leader_only = true;

void
dbctl_warn(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = xvasprintf(format, args);
    va_end(args);
    if (daemon_will_detach()) {
        log_warn("%s", text);
    } else {
        fprintf(stderr, "%s: %s\n", program_name(), text);
    }
    free(text);
}

void
dbctl_reset_settings(const struct dbctl_tool *tool)
{
    dbctl_settings = (struct dbctl_settings) { .timeout_s = -1 };
    table_style = (struct table_style) { .format = TABLE_FORMAT_LIST };
    dbctl_forget_options();
    if (tool->reset) {
        tool->reset();
    }
}

static struct error *
set_timeout(void *target UNUSED, const char *argument)
{
    /* 0 waits forever. */
    return (text_to_int_range(argument, 0, INT_MAX, &dbctl_settings.timeout_s)
            ? NULL : error_create(0, "value %s is invalid", argument));
}

static struct error *
set_no_syslog(void *target UNUSED, const char *argument UNUSED)
{
    log_set_level(LOG_DEST_SYSLOG, LOG_LEVEL_WARN);
    return NULL;
}

/* Those that hold for one request. */
static const struct option_row request_rows[] = {
    { "oneline", 0, OPTION_NONE, NULL,
      "print each command's output on one line", option_set_true,
      &dbctl_settings.oneline },
    { "dry-run", 0, OPTION_NONE, NULL, "do not change the database",
      option_set_true, &dbctl_settings.dry_run },
    { "timeout", 't', OPTION_REQUIRED, "SECS",
      "wait at most SECS seconds (0: forever)", set_timeout, NULL },
};

static struct error *
print_commands(void *target UNUSED, const char *argument UNUSED)
{
    dbctl_print_commands(the_tool);
    exit(EXIT_SUCCESS);
}

static const struct option_row connection_rows[] = {
    { "commands", 0, OPTION_NONE, NULL, "list commands for scripts",
      print_commands, NULL },
    { "db", 0, OPTION_REQUIRED, "DATABASE", "connect to DATABASE",
      option_set_string, &db_option },
    { "retry", 0, OPTION_NONE, NULL, "keep trying to connect",
      option_set_true, &retry },
    { "no-syslog", 0, OPTION_NONE, NULL, "do not log to syslog",
      set_no_syslog, NULL },
    { "leader-only", 0, OPTION_NONE, NULL,
      "use only a cluster's leader (default)", option_set_true,
      &leader_only },
    { "no-leader-only", 0, OPTION_NONE, NULL,
      "use any member of a cluster", option_set_false, &leader_only },
    { "shuffle-remotes", 0, OPTION_NONE, NULL,
      "try several remotes in random order (default)", option_set_true,
      &shuffle },
    { "no-shuffle-remotes", 0, OPTION_NONE, NULL,
      "try several remotes in the order given", option_set_false, &shuffle },
};

/* Of tools with daemons, in place of the row of daemon_options(). */
static const struct option_row socket_rows[] = {
    { "unixctl", 'u', OPTION_REQUIRED, "SOCKET",
      "let the daemon at SOCKET run the commands; with --detach, serve there",
      option_set_string, &socket_option },
};

/* The options of a tool: of requests, and all of them. */
struct all_options {
    struct option_group of_requests[4];
    struct option_group groups[12];
    size_t n_groups;
};

static struct all_options all_options;

static void
print_command(const struct dbctl_command *command)
{
    struct str s = STR_EMPTY;

    str_put(&s, "  ");
    for (const char *p = command->options; p && *p;) {
        size_t n = strcspn(p, ",");
        size_t bare = strcspn(p, ",=?");
        char kind = bare < n ? p[bare] : 0;

        str_printf(&s, "[%.*s%s] ", (int) bare, p,
                   kind == '=' ? "=ARG" : kind == '?' ? "[=ARG]" : "");
        p += n + (p[n] == ',');
    }
    str_put(&s, command->name);
    if (command->arguments) {
        str_printf(&s, " %s", command->arguments);
    }
    printf("%s\n", str_cstr(&s));
    str_uninit(&s);
}

/* How rows are named, table by table. */
static void
print_names(void)
{
    printf("\nRows are named by UUID, or its first four or more digits; \".\" "
           "is the row of a\ntable that can have only one; and further:\n");
    for (size_t i = 0; i < the_tool->n_names; i++) {
        const struct dbctl_record_name *name = &the_tool->names[i];
        const struct replica_table_class *table = name->name_table;

        printf("  %s: by %s%s%s", name->table->name,
               table->columns[name->name_column].name, name->key ? ":" : "",
               name->key ? name->key : "");
        if (name->ref_column >= 0) {
            printf(" of the %s whose %s it is", table->name,
                   table->columns[name->ref_column].name);
        }
        putchar('\n');
    }
}

static void
usage(void)
{
    printf("%s: %s\n"
           "usage: %s [OPTIONS] COMMAND [ARG...] [-- COMMAND [ARG...]]...\n",
           program_name(), the_tool->description, program_name());
    for (size_t i = 0; i < dbctl_n_groups(the_tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(the_tool, i);

        printf("\n%s:\n", group->title);
        if (!i && the_tool->show) {
            print_command(&dbctl_show_command);
        }
        for (size_t j = 0; j < group->n; j++) {
            print_command(&group->commands[j]);
        }
    }
    print_names();
    /* Those of commands stand beside them. */
    options_print_help(all_options.groups, all_options.n_groups - 1);
}

static void
add_group(struct option_group group)
{
    all_options.groups[all_options.n_groups++] = group;
}

/* daemon_options() but for --unixctl. */
static struct option_group
other_daemon_options(void)
{
    static VEC(struct option_row) rows = VEC_EMPTY;
    struct option_group group = daemon_options();

    for (size_t i = 0; i < group.n; i++) {
        if (strcmp(group.rows[i].name, socket_rows[0].name)) {
            vec_push(&rows, group.rows[i]);
        }
    }
    group.rows = rows.items;
    group.n = rows.n;
    return group;
}

static void
make_options(const struct dbctl_tool *tool)
{
    const struct option_group of_requests[] = {
        { "Options", request_rows, ARRAY_SIZE(request_rows) },
        tool->options, table_options(), dbctl_command_options(tool),
    };

    the_tool = tool;
    memcpy(all_options.of_requests, of_requests, sizeof of_requests);
    add_group(of_requests[0]);
    add_group(of_requests[1]);
    add_group((struct option_group) { NULL, connection_rows,
                                      ARRAY_SIZE(connection_rows) });
    if (tool->daemon_variable) {
        add_group((struct option_group) { NULL, socket_rows,
                                          ARRAY_SIZE(socket_rows) });
    }
    add_group(of_requests[2]);
    if (tool->daemon_variable) {
        add_group(other_daemon_options());
    }
    add_group(tls_options());
    add_group(log_options());
    add_group(help_options(usage));
    add_group(of_requests[3]);
}

/* Puts the words of an environment variable before the others. */
static void
add_options_of_variable(const char *variable, int *argc, char ***argv)
{
    const char *value = variable ? getenv(variable) : NULL;
    VEC(char *) words = VEC_EMPTY;
    char *p, *word;

    if (!value) {
        return;
    }
    vec_push(&words, (*argv)[0]);
    p = xstrdup(value);             /* Options keep pointing into it. */
    while ((word = text_token(&p, " \t\n")) != NULL) {
        vec_push(&words, word);
    }
    for (int i = 1; i < *argc; i++) {
        vec_push(&words, (*argv)[i]);
    }
    *argc = words.n;
    vec_push(&words, NULL);
    *argv = words.items;
}

void
dbctl_open(const struct dbctl_tool *tool, struct dbctl_link *link,
           bool keep_trying)
{
    char *remote = (db_option ? xstrdup(db_option)
                    : dbctl_default_remote(tool));

    replica_set_leader_only(link->replica, leader_only);
    replica_set_retry(link->replica, keep_trying || retry);
    program_check(dbctl_connect(link, remote, shuffle));
    free(remote);
}

/* One request. */

struct run {
    struct dbctl dbctl;
    struct dbctl_link link;
    struct step step;
    int status;
};

static void
flush(struct dbctl *dbctl)
{
    fputs(str_cstr(&dbctl->output), stdout);
    fflush(stdout);
    str_clear(&dbctl->output);
}

static void
done(struct dbctl *dbctl, struct error *error, int status)
{
    struct run *run = CONTAINER_OF(dbctl, struct run, dbctl);

    program_check(error);
    flush(dbctl);
    run->status = status;
    loop_stop();
}

static void
on_step(void *run_)
{
    struct run *run = run_;
    struct replica *replica = run->link.replica;

    if (replica_is_dead(replica)) {
        dbctl_connection_failed(&run->link);
    }
    flush(&run->dbctl);
    dbctl_advance(&run->dbctl);
    replica_clear_changes(replica);
}

static void
wake(void *run_)
{
    struct run *run = run_;

    step_wake(&run->step);
}

static int
run_once(const struct dbctl_tool *tool, int argc, char *argv[])
{
    struct run run = { .status = EXIT_FAILURE };

    step_init(&run.step, "dbctl", on_step, &run);
    run.link.replica = replica_create(tool->class, wake, &run);
    dbctl_init(&run.dbctl, tool, &run.link, &run.step);
    program_check(dbctl_parse(&run.dbctl, argc, argv));
    tool_start();
    program_check(dbctl_prepare(&run.dbctl));
    dbctl_start(&run.dbctl, done);
    dbctl_open(tool, &run.link, false);
    loop_run();
    dbctl_uninit(&run.dbctl);
    dbctl_disconnect(&run.link);
    replica_destroy(run.link.replica);
    vec_uninit(&run.link.indexes);
    step_uninit(&run.step);
    loop_uninit();
    return run.status;
}

/* The daemon that is to run the commands, or NULL. */
static const char *
daemon_to_ask(const struct dbctl_tool *tool)
{
    if (!tool->daemon_variable || daemon_will_detach()) {
        return NULL;
    }
    if (!socket_option && db_option) {
        /* The daemon's database may be another. */
        return NULL;
    }
    return socket_option ? socket_option : getenv(tool->daemon_variable);
}

int
dbctl_main(int argc, char *argv[], const struct dbctl_tool *tool)
{
    options_given given = VEC_EMPTY;
    const char *socket;
    int first, status;

    tool_init(argv[0], tool->family);
    make_options(tool);
    if (argc > 1 && !strcmp(argv[1], "--complete")) {
        return dbctl_complete(tool, all_options.groups, all_options.n_groups,
                              argc - 2, argv + 2);
    }
    dbctl_reset_settings(tool);
    add_options_of_variable(tool->options_variable, &argc, &argv);
    program_check(options_read(argc, argv, all_options.groups,
                               all_options.n_groups, OPTIONS_STOP_AT_WORD,
                               &given, &first));
    program_check(options_apply(&given));
    if (dbctl_settings.timeout_s >= 0) {
        tool_set_timeout(dbctl_settings.timeout_s);
    }
    socket = daemon_to_ask(tool);
    if (tool->daemon_variable && daemon_will_detach()) {
        if (first < argc) {
            program_fatal("with --detach there are no commands (use --help "
                          "for help)");
        }
        if (socket_option) {
            daemon_set_control_path(socket_option);
        }
        status = dbctl_serve(tool, all_options.of_requests,
                             ARRAY_SIZE(all_options.of_requests));
    } else if (socket && *socket) {
        tool_start();
        status = dbctl_ask(socket, &given, all_options.of_requests,
                           ARRAY_SIZE(all_options.of_requests), argc - first,
                           argv + first);
    } else {
        status = run_once(tool, argc - first, argv + first);
    }
    vec_uninit(&given);
    return status;
}
