/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"

/* Width of the left column of --help. */
#define HELP_COLUMN 26

struct error *
option_set_true(void *target, const char *argument UNUSED)
{
    *(bool *) target = true;
    return NULL;
}

struct error *
option_set_false(void *target, const char *argument UNUSED)
{
    *(bool *) target = false;
    return NULL;
}

struct error *
option_set_string(void *target, const char *argument)
{
    *(const char **) target = argument;
    return NULL;
}

struct error *
option_set_int(void *target, const char *argument)
{
    return (text_to_int(argument, 10, target) ? NULL
            : error_create(0, "\"%s\" is not an integer", argument));
}

struct error *
option_set_uint(void *target, const char *argument)
{
    return (text_to_uint(argument, 10, target) ? NULL
            : error_create(0, "\"%s\" is not a non-negative integer",
                           argument));
}

struct error *
option_add_string(void *target, const char *argument)
{
    option_strings *strings = target;

    vec_push(strings, argument);
    return NULL;
}

static int
has_arg(enum option_argument argument)
{
    return (argument == OPTION_NONE ? no_argument
            : argument == OPTION_REQUIRED ? required_argument
            : optional_argument);
}

/* The tables in the form that getopt_long() takes. */
struct parser {
    VEC(struct option) longs;   /* 'val' is 256 and the index in 'rows'. */
    VEC(const struct option_row *) rows;
    const struct option_row *by_letter[256];
    struct str shorts;
};

static void
add_row(struct parser *parser, const struct option_row *row)
{
    uint8_t letter = row->letter;

    if (row->name) {
        vec_push(&parser->longs, (struct option) {
            .name = row->name,
            .has_arg = has_arg(row->argument),
            .val = 256 + parser->rows.n,
        });
        vec_push(&parser->rows, row);
    }
    if (letter && !parser->by_letter[letter]) {
        parser->by_letter[letter] = row;
        str_put_char(&parser->shorts, letter);
        str_put_chars(&parser->shorts, ':', has_arg(row->argument));
    }
}

/* What options_read() has worked on last. */
static const struct option_group *current;
static size_t n_current;

static void
list_row(const struct option_row *row)
{
    static const char *const long_forms[] = {
        [OPTION_NONE] = "", [OPTION_REQUIRED] = "=ARG",
        [OPTION_OPTIONAL] = "=[ARG]",
    };
    static const char *const short_forms[] = {
        [OPTION_NONE] = "", [OPTION_REQUIRED] = " ARG",
        [OPTION_OPTIONAL] = " [ARG]",
    };

    if (row->name) {
        printf("--%s%s\n", row->name, long_forms[row->argument]);
    }
    if (row->letter) {
        printf("-%c%s\n", row->letter, short_forms[row->argument]);
    }
}

void
options_list(void)
{
    for (size_t i = 0; i < n_current; i++) {
        for (size_t j = 0; j < current[i].n; j++) {
            list_row(&current[i].rows[j]);
        }
    }
}

static void
make_parser(struct parser *parser, const struct option_group *groups,
            size_t n_groups, unsigned int flags)
{
    *parser = (struct parser) { .shorts = STR_EMPTY };
    str_put(&parser->shorts, flags & OPTIONS_STOP_AT_WORD ? "+:" : ":");
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            add_row(parser, &groups[i].rows[j]);
        }
    }
    vec_push(&parser->longs, (struct option) { .name = NULL });
}

static void
parser_uninit(struct parser *parser)
{
    vec_uninit(&parser->longs);
    vec_uninit(&parser->rows);
    str_uninit(&parser->shorts);
}

/* Whether 'word', "--NAME[=...]", is the start of several names. */
static bool
is_ambiguous(const struct parser *parser, const char *word)
{
    size_t length = strcspn(word, "=");
    size_t n = 0;

    VEC_FOR_EACH (row, &parser->rows) {
        n += length > 2 && !strncmp((*row)->name, word + 2, length - 2);
    }
    return n > 1;
}

/* What getopt_long() has found wrong; 'c' is what it returned. */
static struct error *
getopt_error(const struct parser *parser, int c, const char *word)
{
    if (c == ':' && optopt >= 256) {
        return error_create(0, "option '--%s' requires an argument",
                            parser->rows.items[optopt - 256]->name);
    } else if (c == ':') {
        return error_create(0, "option requires an argument -- '%c'", optopt);
    } else if (optopt >= 256) {
        return error_create(0, "option '--%s' doesn't allow an argument",
                            parser->rows.items[optopt - 256]->name);
    } else if (optopt) {
        return error_create(0, "invalid option -- '%c'", optopt);
    }
    return (is_ambiguous(parser, word)
            ? error_create(0, "option '%s' is ambiguous", word)
            : error_create(0, "unrecognized option '%s'", word));
}

struct error *
options_read(int argc, char *argv[], const struct option_group *groups,
             size_t n_groups, unsigned int flags, options_given *given,
             int *ret_first)
{
    struct error *error = NULL;
    struct parser parser;

    current = groups;
    n_current = n_groups;
    make_parser(&parser, groups, n_groups, flags);
    optind = 0;
    opterr = 0;
    while (!error) {
        int c = getopt_long(argc, argv, str_cstr(&parser.shorts),
                            parser.longs.items, NULL);

        if (c == -1) {
            break;
        } else if (c == '?' || c == ':') {
            error = getopt_error(&parser, c, argv[optind - 1]);
        } else {
            vec_push(given, (struct option_given) {
                .row = (c >= 256 ? parser.rows.items[c - 256]
                        : parser.by_letter[c]),
                .by_letter = c < 256,
                .argument = optarg,
            });
        }
    }
    *ret_first = optind;
    parser_uninit(&parser);
    return error;
}

struct error *
options_apply(const options_given *given)
{
    VEC_FOR_EACH (option, given) {
        const struct option_row *row = option->row;
        struct error *error = row->set(row->target, option->argument);

        if (error && option->by_letter) {
            return error_wrap(error, "-%c", row->letter);
        } else if (error) {
            return error_wrap(error, "--%s", row->name);
        }
    }
    return NULL;
}

int
options_parse(int argc, char *argv[], const struct option_group *groups,
              size_t n_groups, unsigned int flags)
{
    options_given given = VEC_EMPTY;
    int first;

    program_check(options_read(argc, argv, groups, n_groups, flags, &given,
                               &first));
    program_check(options_apply(&given));
    vec_uninit(&given);
    return first;
}

static void
print_row(const struct option_row *row)
{
    const char *argument = row->argument_name;
    struct str s = STR_EMPTY;

    str_put(&s, "  ");
    if (row->letter) {
        str_printf(&s, "-%c", row->letter);
        if (!row->name && argument) {
            str_printf(&s, " %s", argument);
        }
        str_put(&s, row->name ? ", " : "");
    }
    if (row->name) {
        str_printf(&s, "--%s", row->name);
        if (argument) {
            str_printf(&s, row->argument == OPTION_OPTIONAL ? "[=%s]" : "=%s",
                       argument);
        }
    }
    if (s.length < HELP_COLUMN - 1) {
        str_put_chars(&s, ' ', HELP_COLUMN - s.length);
    } else {
        str_put(&s, "  ");
    }
    printf("%s%s\n", str_cstr(&s), row->help);
    str_uninit(&s);
}

void
options_print_help(const struct option_group *groups, size_t n_groups)
{
    for (size_t i = 0; i < n_groups; i++) {
        if (groups[i].title) {
            printf("\n%s:\n", groups[i].title);
        }
        for (size_t j = 0; j < groups[i].n; j++) {
            if (groups[i].rows[j].help) {
                print_row(&groups[i].rows[j]);
            }
        }
    }
}
