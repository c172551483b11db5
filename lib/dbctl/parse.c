/* SPDX-License-Identifier: Apache-2.0 */

/* Command lines: which commands, with which options and arguments. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/internal.h"

/* Names farther than this from any command are not taken for misspelt. */
#define MAX_MISSPELLING 2

size_t
dbctl_n_groups(const struct dbctl_tool *tool)
{
    return tool->n_groups + 1;
}

const struct dbctl_command_group *
dbctl_group(const struct dbctl_tool *tool, size_t i)
{
    return (i < tool->n_groups ? &tool->groups[i]
            : &dbctl_database_commands);
}

const struct dbctl_command *
dbctl_find_command(const struct dbctl_tool *tool, const char *name)
{
    if (tool->show && !strcmp(name, "show")) {
        return &dbctl_show_command;
    }
    for (size_t i = 0; i < dbctl_n_groups(tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(tool, i);

        for (size_t j = 0; j < group->n; j++) {
            if (!strcmp(group->commands[j].name, name)) {
                return &group->commands[j];
            }
        }
    }
    return NULL;
}

static struct error *
unknown_command(const struct dbctl_tool *tool, const char *name)
{
    const char *nearest = NULL;
    int distance = MAX_MISSPELLING + 1;

    for (size_t i = 0; i < dbctl_n_groups(tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(tool, i);

        for (size_t j = 0; j < group->n; j++) {
            int d = text_distance(name, group->commands[j].name, distance);

            if (d < distance) {
                distance = d;
                nearest = group->commands[j].name;
            }
        }
    }
    return (nearest
            ? error_create(0, "unknown command '%s'; use --help for help "
                           "(did you mean '%s'?)", name, nearest)
            : error_create(0, "unknown command '%s'; use --help for help",
                           name));
}

/* Options of commands. */

/* The value of an option without "=". */
static const char no_value[] = "";

/* Finds option 'name' in a command's list; stores '=', '?' or 0 in
 * '*ret_kind'. */
static bool
option_is_listed(const char *list, const char *name, char *ret_kind)
{
    size_t length = strlen(name);

    for (const char *p = list; p && *p;) {
        size_t n = strcspn(p, ",");
        size_t bare = strcspn(p, ",=?");

        if (bare == length && !memcmp(p, name, length)) {
            *ret_kind = bare < n ? p[bare] : 0;
            return true;
        }
        p += n + (p[n] == ',');
    }
    return false;
}

/* Options given before the first command. */
static struct noted {
    char *name;
    const char *value;
} *noted;
static size_t n_noted;

static struct error *
note_option(void *name, const char *value)
{
    noted = xreallocarray(noted, n_noted + 1, sizeof *noted);
    noted[n_noted++] = (struct noted) { name, value ? value : no_value };
    return NULL;
}

void
dbctl_forget_options(void)
{
    n_noted = 0;
}

static void
add_option_rows(const char *list, struct shash *rows)
{
    while (list && *list) {
        size_t n = strcspn(list, ",");
        size_t bare = strcspn(list, ",=?");
        char *name = xmemdup0(list, bare);

        if (!shash_get(rows, name)) {
            struct option_row *row = xzalloc(sizeof *row);
            char kind = bare < n ? list[bare] : 0;

            row->name = xstrdup(name + 2);
            row->argument = (kind == '=' ? OPTION_REQUIRED
                             : kind == '?' ? OPTION_OPTIONAL : OPTION_NONE);
            row->set = note_option;
            row->target = xstrdup(name);
            shash_set(rows, name, row);
        }
        free(name);
        list += n + (list[n] == ',');
    }
}

struct option_group
dbctl_command_options(const struct dbctl_tool *tool)
{
    struct shash rows = SHASH_INITIALIZER(&rows);
    struct option_row *array;
    struct shash_node *node;
    size_t n = 0;

    if (tool->show) {
        add_option_rows(dbctl_show_command.options, &rows);
    }
    for (size_t i = 0; i < dbctl_n_groups(tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(tool, i);

        for (size_t j = 0; j < group->n; j++) {
            add_option_rows(group->commands[j].options, &rows);
        }
    }
    array = xcalloc(shash_count(&rows) + 1, sizeof *array);
    SHASH_FOR_EACH (node, &rows) {
        array[n++] = *(struct option_row *) node->value;
    }
    shash_uninit_free_values(&rows);
    return (struct option_group) { NULL, array, n };
}

static struct error *
add_option(struct dbctl_call *call, const char *name, const char *value)
{
    if (!shash_add_once(&call->options, name, (void *) value)) {
        return error_create(0, "'%s' option specified multiple times", name);
    }
    return NULL;
}

/* Takes the words at the front that are options. */
static struct error *
take_options(struct dbctl_call *call, int *argc, char ***argv)
{
    struct error *error = NULL;

    while (!error && *argc && (*argv)[0][0] == '-' && (*argv)[0][1]) {
        char *word = (*argv)[0];
        char *equals = strchr(word, '=');
        char *name = equals ? xmemdup0(word, equals - word) : xstrdup(word);

        error = add_option(call, name, equals ? equals + 1 : no_value);
        free(name);
        ++*argv;
        --*argc;
    }
    return error;
}

static struct error *
check_option(const struct dbctl_call *call, const char *name,
             const char *value)
{
    const char *command = call->command->name;
    char kind;

    if (!option_is_listed(call->command->options, name, &kind)) {
        return error_create(0, "'%s' command has no '%s' option", command,
                            name);
    } else if (kind == '=' && value == no_value) {
        return error_create(0, "missing argument to '%s' option on '%s' "
                            "command", name, command);
    } else if (!kind && value != no_value) {
        return error_create(0, "'%s' option on '%s' does not accept an "
                            "argument", name, command);
    }
    return NULL;
}

static struct error *
check_call(const struct dbctl_call *call)
{
    const struct dbctl_command *command = call->command;
    int n = call->argc - 1;
    struct shash_node *node;

    SHASH_FOR_EACH (node, &call->options) {
        struct error *error = check_option(call, node->key, node->value);

        if (error) {
            return error;
        }
    }
    if (n < command->min_args) {
        return error_create(0, "'%s' command requires at least %d arguments",
                            command->name, command->min_args);
    } else if (n > command->max_args) {
        for (int i = 1; i < call->argc; i++) {
            if (call->argv[i][0] == '-') {
                return error_create(
                    0, "'%s' command takes at most %d arguments (note that "
                    "options must precede command names and follow a \"--\" "
                    "argument)", command->name, command->max_args);
            }
        }
        return error_create(0, "'%s' command takes at most %d arguments",
                            command->name, command->max_args);
    }
    return NULL;
}

static struct error *
parse_call(struct dbctl *dbctl, int argc, char *argv[], bool is_first)
{
    struct dbctl_call *call = vec_push_raw(&dbctl->calls);
    struct error *error = NULL;

    *call = (struct dbctl_call) { .dbctl = dbctl, .output = STR_EMPTY };
    shash_init(&call->options);
    for (size_t i = 0; is_first && !error && i < n_noted; i++) {
        error = add_option(call, noted[i].name, noted[i].value);
    }
    if (!error) {
        error = take_options(call, &argc, &argv);
    }
    if (error) {
        return error;
    }
    if (!argc) {
        return error_create(0, "missing command name (use --help for help)");
    }
    call->argc = argc;
    call->argv = argv;
    call->command = dbctl_find_command(dbctl->tool, argv[0]);
    return (call->command ? check_call(call)
            : unknown_command(dbctl->tool, argv[0]));
}

/* What the server's log says of the request. */
static char *
make_comment(int argc, char *argv[])
{
    struct str s = STR_EMPTY;

    str_printf(&s, "%s:", program_name());
    for (int i = 0; i < argc; i++) {
        str_printf(&s, " %s", argv[i]);
    }
    return str_steal(&s);
}

struct error *
dbctl_parse(struct dbctl *dbctl, int argc, char *argv[])
{
    int start = argc && !strcmp(argv[0], "--");
    bool is_first = true;

    dbctl->comment = make_comment(argc, argv);

    /* A call must not move: its map of options points into itself. */
    vec_reserve(&dbctl->calls, argc + 1);
    for (int i = start; i <= argc; i++) {
        if (i == argc || !strcmp(argv[i], "--")) {
            if (i > start) {
                struct error *error = parse_call(dbctl, i - start,
                                                 argv + start, is_first);

                if (error) {
                    return error;
                }
                is_first = false;
            }
            start = i + 1;
        }
    }
    if (!dbctl->calls.n) {
        return error_create(0, "missing command name (use --help for help)");
    }
    return NULL;
}

void
dbctl_call_uninit(struct dbctl_call *call)
{
    if (call->command && call->command->release) {
        call->command->release(call);
    }
    shash_uninit(&call->options);
    str_uninit(&call->output);
    dbctl_listing_destroy(call->listing);
    call->listing = NULL;
}

const char *
dbctl_option(const struct dbctl_call *call, const char *name)
{
    struct shash_node *node = shash_get_node(&call->options, name);

    return node ? node->value : NULL;
}
