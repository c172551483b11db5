/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-dpctl: shows and changes datapaths.
 *
 * A userspace datapath lives in its switch; so a command is run there, as the
 * control command dpctl/COMMAND of the daemon, but for those that are about
 * text alone. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control_client.h"
#include "lib/daemon/daemon.h"
#include "lib/daemon/options.h"
#include "vswitch/dpif/dpctl.h"

/* Options that are the daemon's to understand, as given. */
static VEC(char *) passed;
static const char *target = "ovs-vswitchd";
static bool read_only;
static unsigned int verbosity;

static struct error *
pass(void *option, const char *argument UNUSED)
{
    vec_push(&passed, option);
    return NULL;
}

static struct error *
pass_more(void *option, const char *argument)
{
    verbosity++;
    return pass(option, argument);
}

static const struct option_row rows[] = {
    { "statistics", 's', OPTION_NONE, NULL, "print statistics for port or "
      "flow", pass, "--statistics" },
    { "more", 'm', OPTION_NONE, NULL, "print all fields and identifiers of "
      "flows", pass_more, "--more" },
    { "names", 0, OPTION_NONE, NULL, "use names of ports in flows", pass,
      "--names" },
    { "no-names", 0, OPTION_NONE, NULL, "use numbers of ports in flows",
      pass, "--no-names" },
    { "may-create", 0, OPTION_NONE, NULL, "with mod-flow, create the flow if "
      "it is not there", pass, "--may-create" },
    { "clear", 0, OPTION_NONE, NULL, "with mod-flow, reset statistics to "
      "zero", pass, "--clear" },
    { "read-only", 0, OPTION_NONE, NULL, "do not run commands that change "
      "something", option_set_true, &read_only },
    { "target", 0, OPTION_REQUIRED, "SOCKET", "the switch: its name or its "
      "control socket (default: ovs-vswitchd)", option_set_string, &target },
};

static void usage(void) NO_RETURN;

static size_t
option_groups(struct option_group *groups)
{
    size_t n = 0;

    groups[n++] = (struct option_group) { "Datapath options", rows,
                                          ARRAY_SIZE(rows) };
    groups[n++] = log_options();
    groups[n++] = tool_options();
    groups[n++] = help_options(usage);
    return n;
}

static void
usage(void)
{
    struct option_group groups[8];
    size_t n = option_groups(groups);

    printf("%s: shows and changes datapaths\n"
           "usage: %s [OPTIONS] COMMAND [ARG...]\n",
           program_name(), program_name());
    for (size_t i = 0; i < DPCTL_N_COMMANDS; i++) {
        printf("  %-23s %s\n", dpctl_table[i].name, dpctl_table[i].usage);
    }
    printf("A \"dp\" is [TYPE@]NAME, and may be left out if there is but one; "
           "ovs-dpctl(8) explains\nthe commands.\n");
    options_print_help(groups, n);
    exit(0);
}

/* Fails unless the command is there and takes 'n' arguments. */
static const struct dpctl_row *
get_command(const char *name, int n)
{
    const struct dpctl_row *row = dpctl_find(name);

    if (!row) {
        program_fatal("unknown command '%s'; use --help for help", name);
    }
    if (n < row->min_args) {
        program_fatal("'%s' command requires at least %d arguments", name,
                      row->min_args);
    }
    if (n > row->max_args) {
        program_fatal("'%s' command takes at most %d arguments", name,
                      row->max_args);
    }
    if (row->changes && read_only) {
        program_fatal("'%s' command does not work in read only mode", name);
    }
    return row;
}

/* Prints what a command said: lines that begin with the name of 'program' tell
 * of errors. */
static void
print(const char *text, const char *program)
{
    const size_t length = strlen(program);

    while (*text) {
        const char *end = strchrnul(text, '\n');
        bool is_error = (!strncmp(text, program, length)
                         && text_starts_with(text + length, ": "));

        end += *end == '\n';
        if (is_error) {
            fflush(stdout);
            fprintf(stderr, "%s%.*s", program_name(),
                    (int) (end - text - length), text + length);
        } else {
            fwrite(text, 1, end - text, stdout);
        }
        text = end;
    }
}

static int
list_commands(struct dpctl *d, int argc UNUSED, const char *argv[] UNUSED)
{
    dpctl_list_commands("", &d->out);
    return 0;
}

/* What this program does itself; NULL: the switch does it. */
static dpctl_fn *
local_function(const struct dpctl_row *row)
{
    static const struct {
        enum dpctl_command command;
        dpctl_fn *run;
    } local[] = {
        { DPCTL_LIST_COMMANDS, list_commands },
        { DPCTL_PARSE_ACTIONS, dpctl_parse_actions },
        { DPCTL_NORMALIZE_ACTIONS, dpctl_normalize_actions },
    };

    for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
        if (row == &dpctl_table[local[i].command]) {
            return local[i].run;
        }
    }
    return NULL;
}

static bool
run_local(dpctl_fn *run, int argc, char *argv[])
{
    struct dpctl d = { .verbosity = verbosity, .out = STR_EMPTY };
    int error = run(&d, argc, (const char **) argv);

    print(str_cstr(&d.out), program_name());
    str_uninit(&d.out);
    return !error;
}

/* The daemon has another working directory: a file is named in full. */
static char *
full_name(const struct dpctl_row *row, char *word)
{
    bool has_file = (row == &dpctl_table[DPCTL_ADD_FLOWS]
                     || row == &dpctl_table[DPCTL_MOD_FLOWS]
                     || row == &dpctl_table[DPCTL_DEL_FLOWS]);
    char *path = has_file && !strchr(word, '@') ? realpath(word, NULL) : NULL;

    return path ? path : word;
}

static bool
run_in_switch(const struct dpctl_row *row, int argc, char *argv[])
{
    struct control_client *client;
    char *name = xasprintf("dpctl/%s", row->name);
    char *text;
    bool failed;

    for (int i = 1; i < argc; i++) {
        vec_push(&passed, full_name(row, argv[i]));
    }
    program_check(control_client_open(target, DIRS_OVS, &client));
    program_check(control_client_call(client, name, passed.n, passed.items,
                                      &text, &failed));
    print(text, "ovs-vswitchd");
    free(text);
    free(name);
    control_client_close(client);
    return !failed;
}

int
main(int argc, char *argv[])
{
    struct option_group groups[8];
    const struct dpctl_row *row;
    dpctl_fn *local;
    bool ok;
    int first;

    tool_init(argv[0], DIRS_OVS);
    first = options_parse(argc, argv, groups, option_groups(groups), 0);
    tool_start();
    if (first >= argc) {
        program_fatal("missing command name; use --help for help");
    }
    if (!strcmp(argv[first], "help")) {
        usage();
    }
    row = get_command(argv[first], argc - first - 1);
    local = local_function(row);
    ok = (local ? run_local(local, argc - first, argv + first)
          : run_in_switch(row, argc - first, argv + first));
    return !ok;
}
