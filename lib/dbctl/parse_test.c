/* SPDX-License-Identifier: Apache-2.0 */

/* Command lines and what arguments name, without a database: the words of an
 * operator must be refused for the right reason, or all read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/daemon/daemon.h"
#include "lib/dbctl/internal.h"
#include "lib/schema/nb.h"

/* Those of the folder's other files. */
int database_tests(void);
int table_tests(void);

static struct error *
do_nothing(struct dbctl_call *call UNUSED)
{
    return NULL;
}

static const struct dbctl_command commands[] = {
    { .name = "pair", .min_args = 2, .max_args = 2,
      .options = "--flag,--value=,--maybe?", .run = do_nothing },
    { .name = "any", .max_args = INT_MAX, .options = "--flag",
      .run = do_nothing },
};

static const struct dbctl_command_group groups[] = {
    { "Commands", commands, ARRAY_SIZE(commands) },
};

static const struct dbctl_tool tool = {
    .class = &nb_class,
    .groups = groups,
    .n_groups = ARRAY_SIZE(groups),
    .state_size = 16,
};

/* There is no database. */
static struct dbctl_link no_link;

#define MAX_WORDS 16

/* A request of the words of a line, which blanks separate; "_" is an empty
 * word.  Options before the first command are read as main() reads them. */
struct line {
    struct dbctl dbctl;
    char *text;
    char *argv[MAX_WORDS + 1];
    struct error *error;
};

static void
read_line(struct line *line, const char *text)
{
    static struct option_group options;
    options_given given = VEC_EMPTY;
    int argc = 0, first = 0;
    char *save;

    if (!options.rows) {
        options = dbctl_command_options(&tool);
    }
    line->text = xasprintf("tool %s", text);
    for (char *word = strtok_r(line->text, " ", &save); word;
         word = strtok_r(NULL, " ", &save)) {
        assert_true(argc < MAX_WORDS);
        line->argv[argc++] = strcmp(word, "_") ? word : word + 1;
    }
    line->argv[argc] = NULL;
    dbctl_reset_settings(&tool);
    line->error = options_read(argc, line->argv, &options, 1,
                               OPTIONS_STOP_AT_WORD, &given, &first);
    if (!line->error) {
        line->error = options_apply(&given);
    }
    vec_uninit(&given);
    dbctl_init(&line->dbctl, &tool, &no_link, NULL);
    if (!line->error) {
        line->error = dbctl_parse(&line->dbctl, argc - first,
                                  line->argv + first);
    }
}

static void
line_uninit(struct line *line)
{
    error_free(line->error);
    dbctl_uninit(&line->dbctl);
    free(line->text);
}

static void
check_refused(const char *text, const char *why)
{
    struct line line;

    read_line(&line, text);
    assert_non_null(line.error);
    if (!strstr(error_message(line.error), why)) {
        fail_msg("\"%s\": %s", text, error_message(line.error));
    }
    line_uninit(&line);
}

static struct dbctl_call *
call_of(struct line *line, size_t i)
{
    assert_true(i < line->dbctl.calls.n);
    return &line->dbctl.calls.items[i];
}

static void
test_commands_are_cut_at_dashes(void **state UNUSED)
{
    struct line line;

    read_line(&line, "pair a b -- any -- -- --flag any x y z");
    assert_null(line.error);
    assert_int_equal(line.dbctl.calls.n, 3);
    assert_string_equal(call_of(&line, 0)->argv[2], "b");
    assert_int_equal(call_of(&line, 1)->argc, 1);
    assert_int_equal(call_of(&line, 2)->argc, 4);
    assert_true(dbctl_has_option(call_of(&line, 2), "--flag"));
    assert_false(dbctl_has_option(call_of(&line, 1), "--flag"));
    assert_string_equal(line.dbctl.comment,
                        "tool: pair a b -- any -- -- --flag any x y z");
    line_uninit(&line);
}

/* Options before the first command are its, whether "--" precedes them or
 * not. */
static void
test_first_command_takes_options_before_it(void **state UNUSED)
{
    static const char *const lines[] = {
        "--flag --value=v pair a b", "-- --flag --value=v pair a b",
        "--flag -- --value=v pair a b",
    };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct line line;

        read_line(&line, lines[i]);
        assert_null(line.error);
        assert_int_equal(line.dbctl.calls.n, 1);
        assert_true(dbctl_has_option(call_of(&line, 0), "--flag"));
        assert_string_equal(dbctl_option(call_of(&line, 0), "--value"), "v");
        line_uninit(&line);
    }
}

/* --route-table= names the table without a name. */
static void
test_an_empty_value_is_a_value(void **state UNUSED)
{
    struct line line;

    read_line(&line, "-- --value= --maybe pair a b");
    assert_null(line.error);
    assert_string_equal(dbctl_option(call_of(&line, 0), "--value"), "");
    assert_string_equal(dbctl_option(call_of(&line, 0), "--maybe"), "");
    line_uninit(&line);
    check_refused("-- --value pair a b", "missing argument");
    check_refused("-- --flag= pair a b", "does not accept an argument");
}

static void
test_wrong_lines_are_refused(void **state UNUSED)
{
    check_refused("", "missing command name");
    check_refused("--", "missing command name");
    check_refused("-- --flag", "missing command name");
    check_refused("par a b", "did you mean 'pair'");
    check_refused("quite-another", "unknown command");
    check_refused("pair a", "at least 2");
    check_refused("pair a b c", "at most 2");
    check_refused("pair a b --flag", "must precede");
    check_refused("any -- pair", "at least 2");
    check_refused("-- --flag --flag any", "multiple times");
    check_refused("--flag --flag any", "multiple times");
    check_refused("--value=x any", "no '--value' option");
    check_refused("-- --none any", "no '--none' option");
    check_refused("--none any", "unrecognized option '--none'");
    check_refused("--flag=x any", "doesn't allow an argument");
    check_refused("--value", "requires an argument");
    check_refused("-x any", "invalid option -- 'x'");
}

/* Words read for one request must not show in another. */
static void
test_requests_do_not_mix(void **state UNUSED)
{
    struct line one, two;

    read_line(&one, "--flag --value=v pair a b");
    read_line(&two, "pair c d");
    assert_null(one.error);
    assert_null(two.error);
    assert_false(dbctl_has_option(call_of(&two, 0), "--flag"));
    assert_string_equal(dbctl_option(call_of(&one, 0), "--value"), "v");
    *(char *) dbctl_state(&one.dbctl) = 'x';
    assert_int_equal(*(char *) dbctl_state(&two.dbctl), 0);
    line_uninit(&one);
    line_uninit(&two);
}

/* What arguments name. */

static void
test_tables_are_found_by_their_start(void **state UNUSED)
{
    const struct replica_table_class *table;
    struct dbctl dbctl;

    dbctl_init(&dbctl, &tool, &no_link, NULL);
    assert_null(dbctl_find_table(&dbctl, "dhcp-o", &table));
    assert_ptr_equal(table, &nb_dhcp_options_table);
    assert_null(dbctl_find_table(&dbctl, "LOGICAL_SWITCH", &table));
    assert_ptr_equal(table, &nb_logical_switch_table);
    struct error *error = dbctl_find_table(&dbctl, "logical_r", &table);
    assert_non_null(error);
    error_free(error);
    error = dbctl_find_table(&dbctl, "nothing", &table);
    assert_non_null(error);
    error_free(error);
    dbctl_uninit(&dbctl);
}

/* Parses a term on Logical_Switch_Port; NULL 'operator' expects an error. */
static void
check_term(const char *text, const char *column, bool has_key,
           const char *operator, const char *value)
{
    struct dbctl_term term;
    struct dbctl dbctl;
    struct error *error;

    dbctl_init(&dbctl, &tool, &no_link, NULL);
    error = dbctl_term_parse(&dbctl, &nb_logical_switch_port_table, text,
                             "set", &term);
    if (operator) {
        assert_null(error);
        assert_string_equal(term.column.name, column);
        assert_int_equal(term.has_key, has_key);
        assert_string_equal(term.operator, operator);
        assert_string_equal(term.value, value);
        dbctl_term_uninit(&term);
    } else {
        assert_non_null(error);
        error_free(error);
    }
    dbctl_uninit(&dbctl);
}

static void
test_terms(void **state UNUSED)
{
    check_term("name=x", "name", false, "=", "x");
    check_term("nam=x", "name", false, "=", "x");
    check_term("name", "name", false, "", "");
    check_term("options:a=b=c", "options", true, "=", "b=c");
    check_term("options:\"a=b\"!=c", "options", true, "!=", "c");
    check_term("addresses{>=}a,b", "addresses", false, "{>=}", "a,b");
    check_term("tag<=5", "tag", false, "<=", "5");
    check_term("external-ids:k{not-in}v", "external_ids", true, "{not-in}",
               "v");
    check_term("name:k=x", NULL, false, NULL, NULL);
    check_term("=x", NULL, false, NULL, NULL);
    check_term("", NULL, false, NULL, NULL);
    check_term("none=x", NULL, false, NULL, NULL);
    check_term("name~x", NULL, false, NULL, NULL);
    check_term("options:", NULL, false, NULL, NULL);
    check_term("options:\"a", NULL, false, NULL, NULL);
}

static struct error *
parse_ports(struct dbctl *dbctl, const char *text, uint32_t *n)
{
    struct dbctl_column column;
    struct ovsdb_datum datum;
    struct error *error;

    dbctl_column_init(&column, &nb_logical_switch_table,
                      NB_LOGICAL_SWITCH_COL_PORTS);
    error = dbctl_parse_datum(dbctl, &datum, &column.type, text);
    if (!error) {
        *n = datum.n;
        ovsdb_datum_uninit(&datum, &column.type);
    }
    dbctl_column_uninit(&column);
    return error;
}

/* A name stands for a row only if a command of the line makes it. */
static void
test_values_name_rows_of_the_line(void **state UNUSED)
{
    struct dbctl dbctl;
    struct error *error;
    uint32_t n;

    dbctl_init(&dbctl, &tool, &no_link, NULL);
    ovsdb_symtab_get(&dbctl.symtab, "@a")->is_created = true;
    assert_null(parse_ports(&dbctl, "@a", &n));
    assert_int_equal(n, 1);
    error = parse_ports(&dbctl, "@a,@b", &n);
    assert_non_null(error);
    assert_non_null(strstr(error_message(error), "@b"));
    error_free(error);
    error = parse_ports(&dbctl, "@a,bogus", &n);
    assert_non_null(error);
    error_free(error);
    dbctl_uninit(&dbctl);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands_are_cut_at_dashes),
        cmocka_unit_test(test_first_command_takes_options_before_it),
        cmocka_unit_test(test_an_empty_value_is_a_value),
        cmocka_unit_test(test_wrong_lines_are_refused),
        cmocka_unit_test(test_requests_do_not_mix),
        cmocka_unit_test(test_tables_are_found_by_their_start),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_values_name_rows_of_the_line),
    };

    tool_init("tool", DIRS_OVN);
    return (cmocka_run_group_tests_name("parse", tests, NULL, NULL)
            + database_tests() + table_tests());
}
