/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-dpctl: shows and changes datapaths.
 *
 * A userspace datapath lives in its switch; so each command is run there, as
 * the control command dpctl/COMMAND of the daemon. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control_client.h"
#include "lib/daemon/daemon.h"
#include "lib/daemon/options.h"

/* Options that are the daemon's to understand, as given. */
static VEC(char *) passed;
static const char *target = "ovs-vswitchd";

static struct error *
pass(void *option, const char *argument UNUSED)
{
    vec_push(&passed, option);
    return NULL;
}

static const struct option_row rows[] = {
    { "statistics", 's', OPTION_NONE, NULL, "print statistics for port or "
      "flow", pass, "--statistics" },
    { "more", 'm', OPTION_NONE, NULL, "print all fields and identifiers of "
      "flows", pass, "--more" },
    { "names", 0, OPTION_NONE, NULL, "use names of ports in flows", pass,
      "--names" },
    { "no-names", 0, OPTION_NONE, NULL, "use numbers of ports in flows",
      pass, "--no-names" },
    { "may-create", 0, OPTION_NONE, NULL, "with mod-flow, create the flow if "
      "it is not there", pass, "--may-create" },
    { "clear", 0, OPTION_NONE, NULL, "with mod-flow, reset statistics to "
      "zero", pass, "--clear" },
    { "read-only", 0, OPTION_NONE, NULL, "do not run commands that change "
      "something", pass, "--read-only" },
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
           "usage: %s [OPTIONS] COMMAND [ARG...]\n"
           "\"%s list-commands\" asks the switch for its commands; "
           "ovs-dpctl(8) explains them.\n",
           program_name(), program_name(), program_name());
    options_print_help(groups, n);
    exit(0);
}

/* Does 'command' only show something? */
static bool
is_harmless(const char *command)
{
    static const char *const verbs[] = {
        "show", "dump-", "get-", "list-", "parse-", "ct-get-", "ct-stats-",
        "ct-bkts", "ipf-get-", "offload-stats-show", "cache-get-",
        "normalize-",
    };

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (text_starts_with(command, verbs[i])) {
            return true;
        }
    }
    return false;
}

static bool
is_read_only(void)
{
    for (size_t i = 0; i < passed.n; i++) {
        if (!strcmp(passed.items[i], "--read-only")) {
            vec_remove_swap(&passed, i);
            return true;
        }
    }
    return false;
}

/* The daemon has another working directory: a file is named in full. */
static char *
full_name(const char *command, char *word)
{
    char *path = (!strcmp(command, "add-flows")
                  || !strcmp(command, "mod-flows")
                  || !strcmp(command, "del-flows")) && !strchr(word, '@')
                 ? realpath(word, NULL) : NULL;

    return path ? path : word;
}

int
main(int argc, char *argv[])
{
    struct option_group groups[8];
    struct control_client *client;
    const char *command;
    char *name, *text;
    bool failed;
    int first;

    tool_init(argv[0], DIRS_OVS);
    first = options_parse(argc, argv, groups, option_groups(groups), 0);
    tool_start();
    if (first >= argc) {
        program_fatal("missing command name; use --help for help");
    }
    command = argv[first];
    if (is_read_only() && !is_harmless(command)) {
        program_fatal("%s is not allowed with --read-only", command);
    }
    for (int i = first + 1; i < argc; i++) {
        vec_push(&passed, full_name(command, argv[i]));
    }
    program_check(control_client_open(target, DIRS_OVS, &client));
    name = xasprintf("dpctl/%s", command);
    program_check(control_client_call(client, name, passed.n, passed.items,
                                      &text, &failed));
    fputs(text, failed ? stderr : stdout);
    free(text);
    free(name);
    control_client_close(client);
    return failed;
}
