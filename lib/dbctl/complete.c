/* SPDX-License-Identifier: Apache-2.0 */

/* What may stand at the end of a command line, for the shell's completion, and
 * the list of commands in the form that such scripts read.
 *
 * All of it follows from the tables of commands and options: a command's
 * argument is completed by its name in the table, such as TABLE, RECORD or
 * BRIDGE.  What only the database knows, names of rows, is asked of it, for no
 * longer than a person at a keyboard waits. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/dbctl/internal.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"

#define DATABASE_PATIENCE_MS 1000

/* A command line as far as it goes. */
struct line {
    const struct dbctl_tool *tool;
    const char *remote;         /* --db, or NULL. */
    const char *last;           /* The word to complete. */
    char **words;               /* Of the command under way, without options
                                 * and without the last. */
    int n;
    bool is_first;              /* The command is the line's first. */
    struct sset candidates;
};

/* --commands. */

/* Prints "TABLE [RECORD]..." as "!TABLE *RECORD": '!' once, '?' at most once,
 * '+' at least once, '*' any number. */
static void
put_arguments(struct str *out, const char *arguments)
{
    int depth = 0;

    for (const char *p = arguments; p && *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        bool is_whole = *p == '[' && !isalnum((unsigned char)
                                              p[strcspn(p, "]") + 1]);
        bool optional = depth > 0 || is_whole;
        bool repeated = n > 3 && !strncmp(p + n - 3, "...", 3);

        str_put_char(out, optional ? (repeated ? '*' : '?')
                     : repeated ? '+' : '!');
        for (size_t i = 0; i < n; i++) {
            depth += (p[i] == '[') - (p[i] == ']');
            if (p[i] == '[' && (i || !is_whole)) {
                str_put_char(out, '?');
            } else if (!strchr("[]", p[i]) && i < n - 3 * repeated) {
                str_put_char(out, p[i]);
            }
        }
        p += n;
        str_put(out, *p ? " " : "");
    }
}

static void
put_command(struct str *out, const struct dbctl_command *command)
{
    for (const char *p = command->options; p && *p;) {
        size_t n = strcspn(p, ",");

        str_printf(out, "[%.*s] ", (int) n, p);
        p += n + (p[n] == ',');
    }
    str_printf(out, ",%s,", command->name);
    put_arguments(out, command->arguments);
    str_put_char(out, '\n');
}

/* Calls 'each' for every command. */
static void
for_each_command(const struct dbctl_tool *tool,
                 void (*each)(const struct dbctl_command *, void *aux),
                 void *aux)
{
    if (tool->show) {
        each(&dbctl_show_command, aux);
    }
    for (size_t i = 0; i < dbctl_n_groups(tool); i++) {
        const struct dbctl_command_group *group = dbctl_group(tool, i);

        for (size_t j = 0; j < group->n; j++) {
            each(&group->commands[j], aux);
        }
    }
}

static void
print_command(const struct dbctl_command *command, void *aux UNUSED)
{
    struct str out = STR_EMPTY;

    put_command(&out, command);
    fputs(str_cstr(&out), stdout);
    str_uninit(&out);
}

void
dbctl_print_commands(const struct dbctl_tool *tool)
{
    for_each_command(tool, print_command, NULL);
}

/* Candidates. */

/* Whether 'text' starts as what has been typed does: names of tables and
 * columns may be typed in any case and with dashes. */
static bool
is_candidate(const struct line *line, const char *text)
{
    for (const char *p = line->last; *p; p++, text++) {
        int a = *p == '-' ? '_' : tolower((unsigned char) *p);
        int b = *text == '-' ? '_' : tolower((unsigned char) *text);

        if (a != b) {
            return false;
        }
    }
    return true;
}

/* Notes a candidate, if it is one. */
static void
offer(struct line *line, const char *prefix, const char *word,
      const char *suffix)
{
    char *text = xasprintf("%s%s%s", prefix, word, suffix);

    if (*text && is_candidate(line, text)) {
        sset_add(&line->candidates, text);
    }
    free(text);
}

static void
print_candidates(const struct line *line)
{
    const char **sorted = sset_sort(&line->candidates);

    for (size_t i = 0; i < sset_count(&line->candidates); i++) {
        puts(sorted[i]);
    }
    free(sorted);
}

static void
offer_command(const struct dbctl_command *command, void *line)
{
    offer(line, "", command->name, "");
}

/* The options of a list such as "--if-exists,--id=". */
static void
offer_options(const struct dbctl_command *command, void *line)
{
    for (const char *p = command->options; p && *p;) {
        size_t n = strcspn(p, ",");
        char *name = xmemdup0(p, n);

        /* What takes a value if one likes is offered without. */
        name[strcspn(name, "?")] = '\0';
        offer(line, "", name, "");
        free(name);
        p += n + (p[n] == ',');
    }
}

static void
offer_global_options(struct line *line,
                     const struct option_group *groups, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            const struct option_row *row = &groups[i].rows[j];

            if (row->name && row->help) {
                offer(line, "--", row->name,
                      row->argument == OPTION_REQUIRED ? "=" : "");
            }
        }
    }
}

static void
offer_tables(struct line *line)
{
    for (unsigned int i = 0; i < line->tool->class->n_tables; i++) {
        offer(line, "", line->tool->class->tables[i]->name, "");
    }
}

/* The table that the command's first argument names, or NULL. */
static const struct replica_table_class *
table_of(const struct line *line)
{
    const struct dbctl dbctl = { .tool = line->tool };
    const struct replica_table_class *table = NULL;
    struct error *error = (line->n > 1
                           ? dbctl_find_table(&dbctl, line->words[1], &table)
                           : NULL);

    error_free(error);
    return table;
}

/* Columns, each with what comes behind it where a value does. */
static void
offer_columns(struct line *line, bool with_value)
{
    const struct replica_table_class *table = table_of(line);

    for (unsigned int i = 0; table && i < table->n_columns; i++) {
        const struct replica_column_class *column = &table->columns[i];

        offer(line, "", column->name,
              !with_value ? "" : column->shape == REPLICA_MAP ? ":" : "=");
    }
}

/* Rows of the database. */

static void
wake_up(void *aux UNUSED)
{
    /* Its turn of the loop is all that is wanted. */
}

/* Connects and waits until what is monitored is there; false if that takes too
 * long. */
static bool
fetch(const struct line *line, struct replica *replica)
{
    int64_t end_ms = clock_ms() + DATABASE_PATIENCE_MS;
    char *remote = (line->remote ? xstrdup(line->remote)
                    : dbctl_default_remote(line->tool));
    struct error *error;
    struct timer limit;

    replica_set_retry(replica, false);
    error = replica_set_remotes(replica, remote, true);
    free(remote);
    if (error) {
        error_free(error);
        return false;
    }
    timer_init(&limit, wake_up, NULL);
    timer_set_at(&limit, end_ms);
    while (!replica_is_synced(replica) && !replica_is_dead(replica)
           && clock_ms() < end_ms) {
        loop_turn(true);
    }
    timer_stop(&limit);
    return replica_is_synced(replica);
}

/* Offers what 'row' is called: its only value, or that under a key. */
static void
offer_name(struct line *line, const struct dbctl_record_name *name,
           const struct replica_row *row)
{
    struct dbctl_column column;
    struct ovsdb_datum datum;

    dbctl_column_init(&column, name->name_table, name->name_column);
    dbctl_read(row, &column, &datum);
    for (uint32_t i = 0; i < datum.n && (name->key || datum.n == 1); i++) {
        struct str key = STR_EMPTY, text = STR_EMPTY;

        ovsdb_atom_put_bare(&key, &ovsdb_datum_keys(&datum)[i],
                            column.type.key.type);
        if (!name->key) {
            offer(line, "", str_cstr(&key), "");
        } else if (!strcmp(name->key, str_cstr(&key))) {
            ovsdb_atom_put_bare(&text, &ovsdb_datum_values(&datum)[i],
                                column.type.value.type);
            offer(line, "", str_cstr(&text), "");
        }
        str_uninit(&key);
        str_uninit(&text);
    }
    ovsdb_datum_uninit(&datum, &column.type);
    dbctl_column_uninit(&column);
}

/* Offers the names of the rows of a table. */
static void
offer_records(struct line *line, const struct replica_table_class *table)
{
    const struct dbctl_tool *tool = line->tool;
    struct replica *replica = replica_create(tool->class, NULL, NULL);
    bool any = false;

    for (size_t i = 0; i < tool->n_names; i++) {
        if (tool->names[i].table == table) {
            replica_monitor(replica, tool->names[i].name_table,
                            REPLICA_COL(tool->names[i].name_column));
            any = true;
        }
    }
    if (any && fetch(line, replica)) {
        for (size_t i = 0; i < tool->n_names; i++) {
            const struct dbctl_record_name *name = &tool->names[i];
            struct replica_row *row;

            if (name->table != table) {
                continue;
            }
            REPLICA_FOR_EACH (row, replica, name->name_table) {
                offer_name(line, name, row);
            }
        }
    }
    replica_destroy(replica);
    if (table->is_singleton) {
        offer(line, "", ".", "");
    }
}

/* Arguments. */

/* The word in the command's table that stands for argument 'i' (from 0),
 * without brackets and dots around it, for free(); NULL if there is none. */
static char *
argument_word(const struct dbctl_command *command, int i)
{
    const char *p = command->arguments ? command->arguments : "";
    size_t n = strcspn(p, " ");
    char *word;

    for (; i > 0 && p[n]; i--) {
        p += n + 1;
        n = strcspn(p, " ");
    }
    if (!n || (i && (n < 3 || strncmp(p + n - 3, "...", 3)))) {
        return NULL;
    }
    p += *p == '[';
    word = xmemdup0(p, strcspn(p, " ."));
    if (!strchr(word, '[')) {
        word[strcspn(word, "]")] = '\0';
    }
    return word;
}

/* Offers the rows of the tables that a word such as BRIDGE stands for. */
static void
offer_rows_called(struct line *line, const char *word, size_t length)
{
    for (size_t i = 0; i < line->tool->n_arguments; i++) {
        const struct dbctl_argument *argument = &line->tool->arguments[i];

        if (strlen(argument->word) == length
            && !memcmp(argument->word, word, length)) {
            offer_records(line, argument->table);
        }
    }
}

/* Offers "standalone" and "secure" for "standalone|secure", and rows for
 * "SWITCH|ROUTER". */
static void
offer_alternatives(struct line *line, char *words)
{
    char *word;

    while ((word = text_token(&words, "|"))) {
        if (islower((unsigned char) *word)) {
            offer(line, "", word, "");
        } else {
            offer_rows_called(line, word, strlen(word));
        }
    }
}

static void
offer_argument(struct line *line, const struct dbctl_command *command)
{
    char *word = argument_word(command, line->n - 1);
    size_t length = word ? strcspn(word, "[]:=") : 0;
    const struct replica_table_class *table = table_of(line);

    if (!word) {
        return;
    } else if (!strcmp(word, "TABLE")) {
        offer_tables(line);
    } else if (text_starts_with(word, "RECORD")) {
        if (table) {
            offer_records(line, table);
        }
    } else if (text_starts_with(word, "COLUMN")) {
        offer_columns(line, strchr(word, '=') != NULL);
    } else if (strchr(word, '|')) {
        offer_alternatives(line, word);
    } else if (islower((unsigned char) *word) && word[length] == '=') {
        word[length + 1] = '\0';
        offer(line, "", word, "");
    } else {
        offer_rows_called(line, word, length);
    }
    free(word);
}

/* The line. */

/* Whether an option takes the next word for its value. */
static bool
takes_next(const char *word, const struct option_group *groups, size_t n)
{
    for (size_t i = 0; i < n && !strchr(word, '='); i++) {
        for (size_t j = 0; j < groups[i].n; j++) {
            const struct option_row *row = &groups[i].rows[j];

            if (row->argument == OPTION_REQUIRED
                && ((row->name && word[1] == '-'
                     && !strcmp(row->name, word + 2))
                    || (row->letter && word[1] == row->letter
                        && !word[2]))) {
                return true;
            }
        }
    }
    return false;
}

static void
read_line(struct line *line, int argc, char *argv[],
          const struct option_group *groups, size_t n_groups)
{
    for (int i = 0; i < argc - 1; i++) {
        char *word = argv[i];

        if (!strcmp(word, "--")) {
            line->is_first &= !line->n;
            line->n = 0;
        } else if (*word != '-' || line->n) {
            line->words[line->n++] = word;
        } else if (text_starts_with(word, "--db=")) {
            line->remote = word + strlen("--db=");
        } else if (line->is_first && takes_next(word, groups, n_groups)
                   && i + 1 < argc - 1) {
            i++;
            line->remote = strcmp(word, "--db") ? line->remote : argv[i];
        }
    }
    line->last = argc ? argv[argc - 1] : "";
}

int
dbctl_complete(const struct dbctl_tool *tool,
               const struct option_group *groups, size_t n_groups, int argc,
               char *argv[])
{
    struct line line = {
        .tool = tool,
        .words = xcalloc(argc + 1, sizeof *line.words),
        .is_first = true,
    };
    const struct dbctl_command *command;

    sset_init(&line.candidates);
    read_line(&line, argc, argv, groups, n_groups);
    if (line.n) {
        command = dbctl_find_command(tool, line.words[0]);
        if (command) {
            offer_argument(&line, command);
        }
    } else if (*line.last == '-') {
        if (line.is_first) {
            offer_global_options(&line, groups, n_groups);
        }
        for_each_command(tool, offer_options, &line);
    } else {
        for_each_command(tool, offer_command, &line);
    }
    print_candidates(&line);
    sset_uninit(&line.candidates);
    free(line.words);
    loop_uninit();
    return EXIT_SUCCESS;
}
