/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

/* Command-line options as tables: parsing, --help and checks read the same
 * rows.
 *
 *     static const char *remote;
 *     static const struct option_row rows[] = {
 *         { "remote", 0, OPTION_REQUIRED, "REMOTE", "connect or listen to "
 *           "REMOTE", option_set_string, &remote },
 *         { "dry-run", 0, OPTION_NONE, NULL, "change nothing",
 *           option_set_true, &dry_run },
 *     };
 *     const struct option_group groups[] = {
 *         { "Database options", rows, ARRAY_SIZE(rows) },
 *         daemon_options(), tls_options(), log_options(), help_options(usage),
 *     };
 *     int first = options_parse(argc, argv, groups, ARRAY_SIZE(groups), 0);
 */

#include "lib/base/compiler.h"
#include "lib/base/error.h"
#include "lib/base/vec.h"

enum option_argument {
    OPTION_NONE,
    OPTION_REQUIRED,        /* --name=ARG or --name ARG */
    OPTION_OPTIONAL,        /* --name or --name=ARG */
};

struct option_row {
    const char *name;       /* Long name; NULL for a letter alone. */
    char letter;            /* Or 0. */
    enum option_argument argument;
    const char *argument_name;
    const char *help;       /* One line without a full stop; NULL: hidden. */

    /* Called for each occurrence, in order.  'argument' is NULL if there is
     * none; it lives as long as argv.  An error ends the program. */
    struct error *(*set)(void *target, const char *argument);
    void *target;
};

struct option_group {
    const char *title;      /* In --help; NULL for none. */
    const struct option_row *rows;
    size_t n;
};

/* Targets: bool, const char *, int, unsigned int; 'option_strings' for an
 * option that may be repeated. */
struct error *option_set_true(void *target, const char *) MUST_USE;
struct error *option_set_false(void *target, const char *) MUST_USE;
struct error *option_set_string(void *target, const char *) MUST_USE;
struct error *option_set_int(void *target, const char *) MUST_USE;
struct error *option_set_uint(void *target, const char *) MUST_USE;
struct error *option_add_string(void *target, const char *) MUST_USE;
typedef VEC(const char *) option_strings;

enum option_flags {
    /* Options end at the first other word (for tools whose commands have
     * options of their own). */
    OPTIONS_STOP_AT_WORD = 1 << 0,
};

/* Parses argv and returns the index of the first word that is no option (words
 * are moved behind options, unless OPTIONS_STOP_AT_WORD).  Ends the program
 * with a message and status 1 for an option that is unknown or malformed. */
int options_parse(int argc, char *argv[], const struct option_group *,
                  size_t n_groups, unsigned int flags);

/* One occurrence of an option. */
struct option_given {
    const struct option_row *row;
    bool by_letter;             /* "-x" instead of "--name". */
    const char *argument;       /* NULL for none; lives as long as argv. */
};
typedef VEC(struct option_given) options_given;

/* The two halves of options_parse(), for programs that go on after an error or
 * that pass options on.  The first appends to '*given' what argv has and
 * stores the index of the first other word in '*ret_first'; the second calls
 * the rows' functions. */
struct error *options_read(int argc, char *argv[], const struct option_group *,
                           size_t n_groups, unsigned int flags,
                           options_given *given, int *ret_first) MUST_USE;
struct error *options_apply(const options_given *) MUST_USE;

/* Prints the groups' options on stdout. */
void options_print_help(const struct option_group *, size_t n_groups);

/* Prints the options that options_parse() is working on, one a line, for shell
 * completion. */
void options_list(void);

/* Groups that programs share. */

/* -v, --verbose, --log-file, --syslog-method, --syslog-target. */
struct option_group log_options(void);

/* -p --private-key, -c --certificate, -C --ca-cert, --bootstrap-ca-cert,
 * --peer-ca-cert, --ssl-protocols, --ssl-ciphers, --ssl-ciphersuites,
 * --ssl-server-name. */
struct option_group tls_options(void);

/* -h --help, -o --options, -V --version.  'usage' prints the synopsis and the
 * groups.  Last among the groups, so that a program's own letters count. */
struct option_group help_options(void (*usage)(void));

/* -t --timeout, for tools: see tool_start(). */
struct option_group tool_options(void);

#endif /* daemon/options.h */
