/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/dbctl/table.h"

int table_tests(void);

/* Two rows of a name, a set and a uuid. */
struct fixture {
    struct table table;
    struct ovsdb_type name, set, uuid;
};

static void
put(struct table *table, const char *text, const struct ovsdb_type *type)
{
    struct ovsdb_datum datum;

    assert_null(ovsdb_datum_from_text(&datum, type, text, NULL));
    table_put_datum(table, &datum, type);
    ovsdb_datum_uninit(&datum, type);
}

static void
fixture_init(struct fixture *f)
{
    ovsdb_type_init(&f->name, OVSDB_TYPE_STRING);
    ovsdb_type_init(&f->set, OVSDB_TYPE_STRING);
    ovsdb_type_init(&f->uuid, OVSDB_TYPE_UUID);
    f->set.n_min = 0;
    f->set.n_max = UINT_MAX;
    table_init(&f->table);
    table_add_heading(&f->table, "_uuid");
    table_add_heading(&f->table, "name");
    table_add_heading(&f->table, "set");
    put(&f->table, "00000000-0000-4000-8000-000000000002", &f->uuid);
    put(&f->table, "b", &f->name);
    put(&f->table, "x,\"a,b\"", &f->set);
    put(&f->table, "00000000-0000-4000-8000-000000000001", &f->uuid);
    put(&f->table, "\"a <\\\"&>\"", &f->name);
    put(&f->table, "[]", &f->set);
}

static void
fixture_uninit(struct fixture *f)
{
    table_uninit(&f->table);
    ovsdb_type_uninit(&f->name);
    ovsdb_type_uninit(&f->set);
    ovsdb_type_uninit(&f->uuid);
}

static void
assert_prints(const struct table *table, const struct table_style *style,
              const char *expected)
{
    struct str out = STR_EMPTY;
    bool is_later = false;

    table_put(&out, table, style, &is_later);
    assert_string_equal(str_cstr(&out), expected);
    str_uninit(&out);
}

/* Scripts cut these texts apart: every blank counts. */
static void
test_formats(void **state)
{
    static const struct {
        struct table_style style;
        const char *expected;
    } cases[] = {
        { { .format = TABLE_FORMAT_LIST },
          "_uuid               : 00000000-0000-4000-8000-000000000002\n"
          "name                : b\n"
          "set                 : [\"a,b\", x]\n"
          "\n"
          "_uuid               : 00000000-0000-4000-8000-000000000001\n"
          "name                : \"a <\\\"&>\"\n"
          "set                 : []\n" },
        { { .format = TABLE_FORMAT_LIST, .data = TABLE_DATA_BARE,
            .no_headings = true },
          "00000000-0000-4000-8000-000000000002\nb\na,b x\n"
          "\n"
          "00000000-0000-4000-8000-000000000001\na <\"&>\n\n" },
        { { .format = TABLE_FORMAT_TABLE },
          "_uuid                                name      set\n"
          "------------------------------------ --------- ----------\n"
          "00000000-0000-4000-8000-000000000002 b         "
          "[\"a,b\", x]\n"
          "00000000-0000-4000-8000-000000000001 \"a <\\\"&>\" []\n" },
        { { .format = TABLE_FORMAT_TABLE, .max_column_width = 8,
            .no_headings = true },
          "00000000 b        [\"a,b\", \n"
          "00000000 \"a <\\\"&> []\n" },
        { { .format = TABLE_FORMAT_CSV },
          "_uuid,name,set\n"
          "00000000-0000-4000-8000-000000000002,b,"
          "\"[\"\"a,b\"\", x]\"\n"
          "00000000-0000-4000-8000-000000000001,"
          "\"\"\"a <\\\"\"&>\"\"\",[]\n" },
        { { .format = TABLE_FORMAT_CSV, .data = TABLE_DATA_JSON,
            .no_headings = true },
          "\"[\"\"uuid\"\",\"\"00000000-0000-4000-8000-000000000002\"\"]\","
          "\"\"\"b\"\"\",\"[\"\"set\"\",[\"\"a,b\"\",\"\"x\"\"]]\"\n"
          "\"[\"\"uuid\"\",\"\"00000000-0000-4000-8000-000000000001\"\"]\","
          "\"\"\"a <\\\"\"&>\"\"\",\"[\"\"set\"\",[]]\"\n" },
        { { .format = TABLE_FORMAT_JSON },
          "{\"data\":["
          "[[\"uuid\",\"00000000-0000-4000-8000-000000000002\"],\"b\","
          "[\"set\",[\"a,b\",\"x\"]]],"
          "[[\"uuid\",\"00000000-0000-4000-8000-000000000001\"],"
          "\"a <\\\"&>\",[\"set\",[]]]],"
          "\"headings\":[\"_uuid\",\"name\",\"set\"]}\n" },
        { { .format = TABLE_FORMAT_HTML, .no_headings = true },
          "<table border=1>\n"
          "  <tr>\n"
          "    <td><a name=\"00000000-0000-4000-8000-000000000002\">"
          "00000000</a></td>\n"
          "    <td>b</td>\n"
          "    <td>[&quot;a,b&quot;, x]</td>\n"
          "  </tr>\n"
          "  <tr>\n"
          "    <td><a name=\"00000000-0000-4000-8000-000000000001\">"
          "00000000</a></td>\n"
          "    <td>&quot;a &lt;\\&quot;&amp;&gt;&quot;</td>\n"
          "    <td>[]</td>\n"
          "  </tr>\n"
          "</table>\n" },
    };
    struct fixture f;

    fixture_init(&f);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_prints(&f.table, &cases[i].style, cases[i].expected);
    }
    fixture_uninit(&f);
}

static void
test_pretty_json_closes_at_the_ends_of_lines(void **state)
{
    const struct table_style style = { .format = TABLE_FORMAT_JSON,
                                       .pretty = true };
    struct table table;

    table_init(&table);
    table_set_caption(&table, "t");
    table_add_heading(&table, "a");
    assert_prints(&table, &style, "{\n"
                  "  \"caption\": \"t\",\n"
                  "  \"data\": [],\n"
                  "  \"headings\": [\n"
                  "    \"a\"]}\n");
    table_put_text(&table, "x");
    assert_prints(&table, &style, "{\n"
                  "  \"caption\": \"t\",\n"
                  "  \"data\": [\n"
                  "    [\n"
                  "      \"x\"]],\n"
                  "  \"headings\": [\n"
                  "    \"a\"]}\n");
    table_uninit(&table);
}

/* What a person reads in order must not depend on the uuids. */
static void
test_sorts_by_values_before_uuids(void **state)
{
    const struct table_style style = { .format = TABLE_FORMAT_LIST,
                                       .data = TABLE_DATA_BARE,
                                       .no_headings = true };
    struct fixture f;

    fixture_init(&f);
    table_sort(&f.table);
    assert_prints(&f.table, &style,
                  "00000000-0000-4000-8000-000000000001\na <\"&>\n\n"
                  "\n"
                  "00000000-0000-4000-8000-000000000002\nb\na,b x\n");
    fixture_uninit(&f);
}

/* Tables that follow one another are apart, but JSON, which is one a line. */
static void
test_an_empty_line_between_tables(void **state)
{
    struct table_style style = { .format = TABLE_FORMAT_CSV };
    struct str out = STR_EMPTY;
    bool is_later = false;
    struct table table;

    table_init(&table);
    table_add_heading(&table, "a");
    table_put(&out, &table, &style, &is_later);
    table_put(&out, &table, &style, &is_later);
    assert_string_equal(str_cstr(&out), "a\n\na\n");
    str_clear(&out);
    style.format = TABLE_FORMAT_JSON;
    table_put(&out, &table, &style, &is_later);
    table_put(&out, &table, &style, &is_later);
    assert_string_equal(str_cstr(&out),
                        "{\"data\":[],\"headings\":[\"a\"]}\n"
                        "{\"data\":[],\"headings\":[\"a\"]}\n");
    str_uninit(&out);
    table_uninit(&table);
}

/* Columns are as wide as what stands in them, in characters. */
static void
test_width_counts_characters(void **state)
{
    const struct table_style style = { .format = TABLE_FORMAT_TABLE };
    struct table table;

    table_init(&table);
    table_add_heading(&table, "a");
    table_add_heading(&table, "b");
    table_put_text(&table, "\303\244\303\266\303\274");
    table_put_text(&table, "x");
    table_put_text(&table, "yy");
    table_put_text(&table, "");
    assert_prints(&table, &style,
                  "a   b\n"
                  "--- -\n"
                  "\303\244\303\266\303\274 x\n"
                  "yy\n");
    table_uninit(&table);
}

int
table_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_pretty_json_closes_at_the_ends_of_lines),
        cmocka_unit_test(test_sorts_by_values_before_uuids),
        cmocka_unit_test(test_an_empty_line_between_tables),
        cmocka_unit_test(test_width_counts_characters),
    };

    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
