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

static void
apply(const struct option_row *row, int c, const char *argument)
{
    struct error *error = row->set(row->target, argument);

    if (!error) {
        return;
    }
    if (c >= 256) {
        program_fatal("--%s: %s", row->name, error_message(error));
    } else {
        program_fatal("-%c: %s", c, error_message(error));
    }
}

/* What options_parse() is working on. */
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

int
options_parse(int argc, char *argv[], const struct option_group *groups,
              size_t n_groups, unsigned int flags)
{
    struct parser parser = { .shorts = STR_EMPTY };
    char *argv0 = argv[0];

    current = groups;
    n_current = n_groups;
    str_put(&parser.shorts, flags & OPTIONS_STOP_AT_WORD ? "+" : "");
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            add_row(&parser, &groups[i].rows[j]);
        }
    }
    vec_push(&parser.longs, (struct option) { .name = NULL });

    /* getopt's messages begin with argv[0]; ours have the base name. */
    argv[0] = (char *) program_name();
    optind = 0;
    for (;;) {
        int c = getopt_long(argc, argv, str_cstr(&parser.shorts),
                            parser.longs.items, NULL);

        if (c == -1) {
            break;
        } else if (c == '?') {
            exit(EXIT_FAILURE);
        } else {
            apply(c >= 256 ? parser.rows.items[c - 256]
                  : parser.by_letter[c], c, optarg);
        }
    }
    argv[0] = argv0;
    vec_uninit(&parser.longs);
    vec_uninit(&parser.rows);
    str_uninit(&parser.shorts);
    return optind;
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
