/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/ovsdb/condition.h"
#include "lib/ovsdb/mutation.h"

int schema_tests(void);

static const char schema_text[] =
    "{\"name\":\"db\",\"version\":\"1.2.3\",\"cksum\":\"1 2\",\"tables\":{"
    " \"A\":{\"isRoot\":true,\"maxRows\":5,\"indexes\":[[\"name\"]],"
    "  \"columns\":{"
    "   \"name\":{\"type\":\"string\",\"mutable\":false},"
    "   \"bs\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"B\"},"
    "           \"min\":0,\"max\":\"unlimited\"}},"
    "   \"w\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"B\","
    "          \"refType\":\"weak\"},\"min\":0,\"max\":1},"
    "          \"mutable\":false},"
    "   \"o\":{\"type\":{\"key\":\"integer\",\"min\":0}},"
    "   \"s\":{\"type\":{\"key\":\"string\",\"min\":0,\"max\":3}},"
    "   \"m\":{\"type\":{\"key\":\"string\",\"value\":\"string\","
    "          \"min\":0,\"max\":\"unlimited\"}},"
    "   \"r\":{\"type\":\"real\"},"
    "   \"i\":{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":-9,"
    "          \"maxInteger\":9}}},"
    "   \"e\":{\"type\":\"boolean\",\"ephemeral\":true}}},"
    " \"B\":{\"columns\":{\"x\":{\"type\":\"integer\"}}}}}";

static struct ovsdb_schema *
make_schema(void)
{
    struct ovsdb_schema *schema;

    assert_null(ovsdb_schema_from_text(schema_text, strlen(schema_text),
                                       &schema));
    return schema;
}

static void
test_schema_is_understood(void **state)
{
    struct ovsdb_schema *schema = make_schema();
    const struct ovsdb_table_schema *a = ovsdb_schema_find_table(schema, "A");
    const struct ovsdb_table_schema *b = ovsdb_schema_find_table(schema, "B");
    const struct ovsdb_column *w = ovsdb_table_schema_find_column(a, "w");
    const struct ovsdb_column *bs = ovsdb_table_schema_find_column(a, "bs");
    const struct ovsdb_column *e = ovsdb_table_schema_find_column(a, "e");

    assert_string_equal(schema->version, "1.2.3");
    assert_true(a->is_root);
    assert_false(b->is_root);
    assert_int_equal(a->max_rows, 5);
    assert_int_equal(a->n_indexes, 1);
    assert_true(w->is_mutable);
    assert_ptr_equal(w->type.key.uuid.ref_table, b);
    assert_true(a->weak_refs == UINT64_C(1) << w->index);
    assert_true(a->strong_refs == UINT64_C(1) << bs->index);
    assert_true(a->ephemeral == UINT64_C(1) << e->index);
    assert_false(ovsdb_table_schema_find_column(a, "name")->is_mutable);
    assert_int_equal(ovsdb_table_schema_find_column(a, "_uuid")->index,
                     OVSDB_COLUMN_UUID);
    assert_null(ovsdb_table_schema_find_column(a, "nope"));
    ovsdb_schema_unref(schema);
}

static void
test_schema_writes_what_it_read(void **state)
{
    struct ovsdb_schema *schema = make_schema();
    struct ovsdb_schema *again;
    json_t *json = ovsdb_schema_to_json(schema);

    assert_null(ovsdb_schema_from_json(json, &again));
    assert_true(ovsdb_schema_equals(schema, again));
    json_object_set_new(json, "version", json_string("1.2.4"));
    ovsdb_schema_unref(again);
    assert_null(ovsdb_schema_from_json(json, &again));
    assert_false(ovsdb_schema_equals(schema, again));
    json_decref(json);
    ovsdb_schema_unref(again);
    ovsdb_schema_unref(schema);
}

#define TABLES(TEXT) "{\"name\":\"d\",\"tables\":{" TEXT "}}"
#define COLUMN(TEXT) TABLES("\"T\":{\"columns\":{\"c\":" TEXT "}}")

static void
test_wrong_schemas_are_refused(void **state)
{
    static const char *const bad[] = {
        "[]", "{}", "{\"name\":\"d\"}", "{\"name\":\"1d\",\"tables\":{}}",
        "{\"name\":\"d\",\"tables\":{},\"extra\":1}",
        "{\"name\":\"d\",\"tables\":{},\"version\":\"1.2\"}",
        "{\"name\":\"d\",\"tables\":{},\"version\":\"1.2.3.4\"}",
        TABLES("\"_T\":{\"columns\":{\"c\":{\"type\":\"string\"}}}"),
        TABLES("\"T\":{\"columns\":{}}"), TABLES("\"T\":{}"),
        TABLES("\"T\":{\"columns\":{\"_c\":{\"type\":\"string\"}}}"),
        TABLES("\"T\":{\"columns\":{\"c\":{\"type\":\"string\"}},"
               "\"maxRows\":0}"),
        TABLES("\"T\":{\"columns\":{\"c\":{\"type\":\"string\"}},"
               "\"indexes\":[[\"d\"]]}"),
        TABLES("\"T\":{\"columns\":{\"c\":{\"type\":\"string\"}},"
               "\"indexes\":[[\"c\",\"c\"]]}"),
        TABLES("\"T\":{\"columns\":{\"c\":{\"type\":\"string\","
               "\"ephemeral\":true}},\"indexes\":[[\"c\"]]}"),
        COLUMN("{}"), COLUMN("{\"type\":\"strung\"}"),
        COLUMN("{\"type\":\"string\",\"x\":1}"),
        COLUMN("{\"type\":{\"key\":\"string\",\"min\":2}}"),
        COLUMN("{\"type\":{\"key\":\"string\",\"max\":0}}"),
        COLUMN("{\"type\":{\"key\":\"string\",\"max\":\"many\"}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"string\",\"minInteger\":1}}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"integer\",\"minInteger\":2,"
               "\"maxInteger\":1}}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"X\"}}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"uuid\","
               "\"refType\":\"weak\"}}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"string\",\"enum\":"
               "[\"set\",[]]}}}"),
        COLUMN("{\"type\":{\"key\":{\"type\":\"string\",\"enum\":1}}}"),
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ovsdb_schema *schema;
        struct error *error = ovsdb_schema_from_text(bad[i], strlen(bad[i]),
                                                     &schema);

        if (!error) {
            fail_msg("accepted %s", bad[i]);
        }
        error_free(error);
    }
    assert_int_equal(ovsdb_string_count(), 0);
}

/* A row for conditions: the datums of its columns by number. */
static const struct ovsdb_datum *
field(const void *row, const struct ovsdb_column *column)
{
    const struct ovsdb_datum *datums = row;

    return &datums[column->index];
}

static void
set_field(struct ovsdb_datum *row, const struct ovsdb_table_schema *ts,
          const char *name, const char *text)
{
    const struct ovsdb_column *column = ovsdb_table_schema_find_column(ts,
                                                                       name);

    ovsdb_datum_uninit(&row[column->index], &column->type);
    assert_null(ovsdb_datum_from_text(&row[column->index], &column->type,
                                      text, NULL));
}

static struct error *
read_condition(struct ovsdb_condition *cond,
               const struct ovsdb_table_schema *ts, const char *text)
{
    struct jtext_reader r;

    jtext_reader_init(&r, text, strlen(text));
    ovsdb_condition_read(cond, ts, &r, NULL);
    return jtext_finish(&r);
}

static void
test_conditions(void **state)
{
    static const struct {
        const char *text;
        bool matches;
    } cases[] = {
        { "[]", true }, { "[true]", true }, { "[false]", false },
        { "[[\"i\",\"==\",5]]", true }, { "[[\"i\",\"!=\",5]]", false },
        { "[[\"i\",\"<\",5]]", false }, { "[[\"i\",\"<=\",5]]", true },
        { "[[\"i\",\">\",4]]", true }, { "[[\"i\",\">=\",6]]", false },
        { "[[\"r\",\"<\",2]]", true },
        { "[[\"o\",\"<\",100]]", false }, { "[[\"o\",\">\",-100]]", false },
        { "[[\"o\",\"==\",[\"set\",[]]]]", true },
        { "[[\"s\",\"includes\",\"a\"]]", true },
        { "[[\"s\",\"includes\",[\"set\",[\"a\",\"b\"]]]]", true },
        { "[[\"s\",\"includes\",[\"set\",[\"a\",\"z\"]]]]", false },
        { "[[\"s\",\"includes\",[\"set\",[]]]]", true },
        { "[[\"s\",\"excludes\",[\"set\",[\"a\",\"z\"]]]]", false },
        { "[[\"s\",\"excludes\",\"z\"]]", true },
        { "[[\"m\",\"includes\",[\"map\",[[\"k\",\"v\"]]]]]", true },
        { "[[\"m\",\"includes\",[\"map\",[[\"k\",\"w\"]]]]]", false },
        { "[[\"m\",\"excludes\",[\"map\",[[\"k\",\"w\"]]]]]", true },
        { "[[\"name\",\"==\",\"n\"],[\"i\",\"==\",4]]", false },
    };
    static const char *const bad[] = {
        "{}", "[[]]", "[[\"i\"]]", "[[\"i\",\"==\"]]",
        "[[\"i\",\"==\",5,6]]", "[[\"nope\",\"==\",5]]",
        "[[\"i\",\"=\",5]]", "[[\"s\",\"<\",\"a\"]]", "[[\"i\",\"==\",50]]",
        "[1]", "[[\"m\",\">\",1]]",
    };
    struct ovsdb_schema *schema = make_schema();
    const struct ovsdb_table_schema *ts = ovsdb_schema_find_table(schema, "A");
    struct ovsdb_datum row[16];
    struct ovsdb_condition cond;

    for (size_t i = 0; i < ts->n_columns; i++) {
        ovsdb_datum_init_default(&row[i], &ts->columns[i].type);
    }
    set_field(row, ts, "name", "n");
    set_field(row, ts, "i", "5");
    set_field(row, ts, "r", "1.5");
    set_field(row, ts, "s", "a,b");
    set_field(row, ts, "m", "k=v");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_null(read_condition(&cond, ts, cases[i].text));
        if (ovsdb_condition_matches_all(&cond, field, row)
            != cases[i].matches) {
            fail_msg("%s", cases[i].text);
        }
        ovsdb_condition_uninit(&cond);
    }
    assert_null(read_condition(&cond, ts,
                               "[[\"i\",\"==\",4],[\"name\",\"==\",\"n\"]]"));
    assert_true(ovsdb_condition_matches_any(&cond, field, row));
    ovsdb_condition_uninit(&cond);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error *error = read_condition(&cond, ts, bad[i]);

        if (!error) {
            fail_msg("accepted %s", bad[i]);
        }
        error_free(error);
    }
    for (size_t i = 0; i < ts->n_columns; i++) {
        ovsdb_datum_uninit(&row[i], &ts->columns[i].type);
    }
    ovsdb_schema_unref(schema);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* What mutations do to the column of their first word, "tag: ..." if they
 * fail. */
static void
test_mutations(void **state)
{
    static const struct {
        const char *before;
        const char *mutation;
        const char *after;
    } cases[] = {
        { "5", "[\"i\",\"+=\",3]", "8" },
        { "5", "[\"i\",\"-=\",7]", "-2" },
        { "-7", "[\"i\",\"/=\",2]", "-3" },
        { "-7", "[\"i\",\"%=\",2]", "-1" },
        { "5", "[\"i\",\"+=\",5]", "constraint violation" },
        { "5", "[\"i\",\"*=\",9223372036854775807]", "range error" },
        { "5", "[\"i\",\"/=\",0]", "domain error" },
        { "5", "[\"i\",\"%=\",0]", "domain error" },
        { "5", "[\"i\",\"insert\",1]", "syntax error" },
        { "1.5", "[\"r\",\"*=\",2]", "3" },
        { "1.5", "[\"r\",\"%=\",2]", "syntax error" },
        { "[]", "[\"o\",\"+=\",1]", "[]" },
        { "[]", "[\"o\",\"insert\",1]", "1" },
        { "1", "[\"o\",\"insert\",2]", "constraint violation" },
        { "a", "[\"s\",\"insert\",[\"set\",[\"a\",\"b\"]]]", "[a, b]" },
        { "a,b", "[\"s\",\"delete\",[\"set\",[\"a\",\"z\"]]]", "[b]" },
        { "a,b", "[\"s\",\"+=\",1]", "syntax error" },
        { "k=v", "[\"m\",\"insert\",[\"map\",[[\"k\",\"w\"],"
          "[\"l\",\"x\"]]]]", "{k=v, l=x}" },
        { "k=v", "[\"m\",\"delete\",\"k\"]", "{}" },
        { "k=v", "[\"m\",\"delete\",[\"map\",[[\"k\",\"w\"]]]]", "{k=v}" },
        { "k=v", "[\"m\",\"delete\",[\"map\",[[\"k\",\"v\"]]]]", "{}" },
        { "n", "[\"name\",\"delete\",\"n\"]", "constraint violation" },
        { "5", "[\"i\",\"^=\",3]", "unknown mutator" },
    };
    struct ovsdb_schema *schema = make_schema();
    const struct ovsdb_table_schema *ts = ovsdb_schema_find_table(schema, "A");

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *text = xasprintf("[%s]", cases[i].mutation);
        char name[8] = "";
        const struct ovsdb_column *column;
        struct ovsdb_mutations ms;
        struct ovsdb_datum datum;
        struct jtext_reader r;
        struct error *error;
        struct str s = STR_EMPTY;

        sscanf(text, "[[\"%7[a-z]\"", name);
        column = ovsdb_table_schema_find_column(ts, name);
        assert_null(ovsdb_datum_from_text(&datum, &column->type,
                                          cases[i].before, NULL));
        jtext_reader_init(&r, text, strlen(text));
        ovsdb_mutations_read(&ms, ts, &r, NULL);
        error = jtext_finish(&r);
        if (!error) {
            error = ovsdb_mutation_apply(&ms.items[0], &datum);
        }
        if (error) {
            str_put(&s, error->tag);
            error_free(error);
        } else {
            ovsdb_datum_put_text(&s, &datum, &column->type);
        }
        assert_string_equal(str_cstr(&s), cases[i].after);
        str_uninit(&s);
        ovsdb_mutations_uninit(&ms);
        ovsdb_datum_uninit(&datum, &column->type);
        free(text);
    }
    ovsdb_schema_unref(schema);
    assert_int_equal(ovsdb_string_count(), 0);
}

int
schema_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_is_understood),
        cmocka_unit_test(test_schema_writes_what_it_read),
        cmocka_unit_test(test_wrong_schemas_are_refused),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_mutations),
    };

    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
