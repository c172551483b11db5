/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-ofctl: shows and changes OpenFlow switches. */

#include "vswitch/tools/ofctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon/daemon.h"
#include "lib/daemon/options.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/protocol.h"

struct ofctl_options ofctl = {
    .versions = OFP_VERSION_BIT(OFP10_VERSION),
    .protocols = OFP_PROTO_ANY,
    .show_stats = true,
    .names = -1,
    .packet_in_format = -1,
};

static const struct command *const command_tables[] = {
    ofctl_switch_commands, ofctl_flow_commands, ofctl_bundle_commands,
    ofctl_packet_commands, ofctl_monitor_commands, ofctl_table_commands,
    ofctl_offline_commands,
};

static struct error *
set_versions(void *target, const char *argument)
{
    return ofp_versions_parse(argument, target);
}

static struct error *
set_protocols(void *target, const char *argument)
{
    return ofp_protocols_parse(argument, target);
}

static struct error *
set_packet_in_format(void *target, const char *argument)
{
    enum packet_in_format format;
    struct error *error = packet_in_format_parse(argument, &format);

    if (!error) {
        *(int *) target = format;
    }
    return error;
}

static struct error *
set_names(void *target, const char *argument)
{
    ofctl.names = target == &ofctl;
    return NULL;
}

static struct error *
set_sort(void *target, const char *argument)
{
    ofctl.do_sort = true;
    ofctl.sort = argument;
    ofctl.sort_descending = target == &ofctl.sort_descending;
    return NULL;
}

static struct error *
add_verbosity(void *target, const char *argument)
{
    ofctl.verbosity++;
    return NULL;
}

static const struct option_row rows[] = {
    { "protocols", 'O', OPTION_REQUIRED, "VERSIONS", "set allowed OpenFlow "
      "versions", set_versions, &ofctl.versions },
    { "flow-format", 'F', OPTION_REQUIRED, "FORMAT", "force particular flow "
      "format", set_protocols, &ofctl.protocols },
    { "packet-in-format", 'P', OPTION_REQUIRED, "FORMAT", "force particular "
      "packet in format", set_packet_in_format, &ofctl.packet_in_format },
    { "strict", 0, OPTION_NONE, NULL, "use strict match for flow commands",
      option_set_true, &ofctl.strict },
    { "readd", 0, OPTION_NONE, NULL, "replace flows that haven't changed",
      option_set_true, &ofctl.readd },
    { "bundle", 0, OPTION_NONE, NULL, "send flow mods as one atomic bundle",
      option_set_true, &ofctl.bundle },
    { "may-create", 0, OPTION_NONE, NULL, "mod-group may create the group",
      option_set_true, &ofctl.may_create },
    { "more", 'm', OPTION_NONE, NULL, "be more verbose printing OpenFlow",
      add_verbosity, NULL },
    { "sort", 0, OPTION_OPTIONAL, "FIELD", "sort in ascending order",
      set_sort, &ofctl.sort },
    { "rsort", 0, OPTION_OPTIONAL, "FIELD", "sort in descending order",
      set_sort, &ofctl.sort_descending },
    { "names", 0, OPTION_NONE, NULL, "show port names instead of numbers",
      set_names, &ofctl },
    { "no-names", 0, OPTION_NONE, NULL, "show port numbers, but not names",
      set_names, NULL },
    { "no-stats", 0, OPTION_NONE, NULL, "leave statistics out of flow dumps",
      option_set_false, &ofctl.show_stats },
    { "timestamp", 0, OPTION_NONE, NULL, "print the time of what monitor and "
      "snoop receive", option_set_true, &ofctl.timestamp },
    { "stats", 0, OPTION_NONE, NULL, "show statistics in flow dumps",
      option_set_true, &ofctl.show_stats },
};

static void usage(void);

static size_t
option_groups(struct option_group *groups)
{
    size_t n = 0;

    groups[n++] = (struct option_group) { "OpenFlow options", rows,
                                          ARRAY_SIZE(rows) };
    groups[n++] = daemon_options();
    groups[n++] = tls_options();
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

    printf("%s: OpenFlow switch management utility\n"
           "usage: %s [OPTIONS] COMMAND [ARG...]\n\nCommands:\n",
           program_name(), program_name());
    for (size_t i = 0; i < ARRAY_SIZE(command_tables); i++) {
        for (const struct command *c = command_tables[i]; c->name; c++) {
            printf("  %s %s\n", c->name, c->usage);
        }
    }
    options_print_help(groups, n);
    exit(0);
}

static void
list_commands(void)
{
    printf("The available commands are:\n");
    for (size_t i = 0; i < ARRAY_SIZE(command_tables); i++) {
        for (const struct command *c = command_tables[i]; c->name; c++) {
            printf("  %-22s  %s\n", c->name, c->usage);
        }
    }
    exit(0);
}

static const struct command *
find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(command_tables); i++) {
        for (const struct command *c = command_tables[i]; c->name; c++) {
            if (!strcmp(c->name, name)) {
                return c;
            }
        }
    }
    return NULL;
}

int
main(int argc, char *argv[])
{
    struct option_group groups[8];
    const struct command *command;
    size_t n;
    int first;

    tool_init(argv[0], DIRS_OVS);
    n = option_groups(groups);
    first = options_parse(argc, argv, groups, n, 0);
    tool_start();
    if (first >= argc) {
        program_fatal("missing command name; use --help for help");
    }
    if (!strcmp(argv[first], "list-commands")) {
        list_commands();
    }
    command = find_command(argv[first]);
    if (!command) {
        program_fatal("unknown command '%s'; use --help for help",
                      argv[first]);
    }
    if (argc - first - 1 < command->min_args) {
        program_fatal("'%s' command requires at least %d arguments",
                      command->name, command->min_args);
    }
    if (argc - first - 1 > command->max_args) {
        program_fatal("'%s' command takes at most %d arguments",
                      command->name, command->max_args);
    }
    command->run(argc - first, argv + first);
    return 0;
}
