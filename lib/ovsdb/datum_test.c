/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/ovsdb/mutation.h"

int datum_tests(void);

static struct ovsdb_type
make_type(const char *text)
{
    struct ovsdb_type type;
    json_t *json;

    assert_null(jtext_to_json(text, strlen(text), &json));
    assert_null(ovsdb_type_from_json(&type, json));
    json_decref(json);
    return type;
}

static struct error *
parse(struct ovsdb_datum *datum, const struct ovsdb_type *type,
      const char *text, enum ovsdb_read_flags flags)
{
    struct jtext_reader r;

    jtext_reader_init(&r, text, strlen(text));
    ovsdb_datum_read(datum, type, &r, NULL, flags);
    return jtext_finish(&r);
}

static void
check_json(const struct ovsdb_datum *datum, const struct ovsdb_type *type,
           const char *expected)
{
    struct str s = STR_EMPTY;

    ovsdb_datum_put_json(&s, datum, type);
    assert_string_equal(str_cstr(&s), expected);
    str_uninit(&s);
}

static const char set_of_strings[] =
    "{\"key\":\"string\",\"min\":0,\"max\":\"unlimited\"}";
static const char map_of_strings[] =
    "{\"key\":\"string\",\"value\":\"string\",\"min\":0,"
    "\"max\":\"unlimited\"}";
static const char set_of_integers[] =
    "{\"key\":\"integer\",\"min\":0,\"max\":\"unlimited\"}";
static const char map_of_integers[] =
    "{\"key\":\"integer\",\"value\":\"integer\",\"min\":0,"
    "\"max\":\"unlimited\"}";

static void
test_wire_form_is_sorted_and_reads_back(void **state)
{
    static const struct {
        const char *type;
        const char *in;
        const char *out;
    } cases[] = {
        { "\"integer\"", "5", "5" },
        { "\"integer\"", "[\"set\",[5]]", "5" },
        { "\"real\"", "5", "5" },
        { "\"boolean\"", "true", "true" },
        { "\"string\"", "\"a\\u000ab\"", "\"a\\nb\"" },
        { "\"uuid\"",
          "[\"uuid\",\"01234567-89AB-cdef-0123-456789abcdef\"]",
          "[\"uuid\",\"01234567-89ab-cdef-0123-456789abcdef\"]" },
        { set_of_strings, "[\"set\",[]]", "[\"set\",[]]" },
        { set_of_strings, "\"x\"", "\"x\"" },
        { set_of_strings, "[\"set\",[\"b\",\"a\",\"c\"]]",
          "[\"set\",[\"a\",\"b\",\"c\"]]" },
        { set_of_integers, "[\"set\",[10,-3,2]]", "[\"set\",[-3,2,10]]" },
        { map_of_strings, "[\"map\",[[\"b\",\"1\"],[\"a\",\"2\"]]]",
          "[\"map\",[[\"a\",\"2\"],[\"b\",\"1\"]]]" },
        { map_of_strings, "[\"map\",[]]", "[\"map\",[]]" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ovsdb_type type = make_type(cases[i].type);
        struct ovsdb_datum datum;

        assert_null(parse(&datum, &type, cases[i].in, OVSDB_READ_CHECK));
        check_json(&datum, &type, cases[i].out);
        ovsdb_datum_uninit(&datum, &type);
        ovsdb_type_uninit(&type);
    }
    assert_int_equal(ovsdb_string_count(), 0);
}

static void
test_wrong_values_are_refused(void **state)
{
    static const struct {
        const char *type;
        const char *in;
        const char *tag;
    } cases[] = {
        { "\"integer\"", "\"x\"", "syntax error" },
        { "\"integer\"", "1.5", "syntax error" },
        { "\"integer\"", "[\"set\",[]]", "syntax error" },
        { "\"integer\"", "[\"set\",[1,2]]", "syntax error" },
        { "\"uuid\"", "\"01234567-89ab-cdef-0123-456789abcdef\"",
          "syntax error" },
        { "\"uuid\"", "[\"uuid\",\"01234567\"]", "syntax error" },
        { "\"uuid\"", "[\"named-uuid\",\"a\"]", "syntax error" },
        { "\"string\"", "null", "syntax error" },
        { set_of_strings, "[\"set\",[\"a\",\"a\"]]", "ovsdb error" },
        { set_of_strings, "[\"map\",[]]", "syntax error" },
        { set_of_strings, "[\"set\",[\"a\"],1]", "syntax error" },
        { map_of_strings, "[\"map\",[[\"a\",\"1\"],[\"a\",\"2\"]]]",
          "ovsdb error" },
        { map_of_strings, "[\"map\",[[\"a\"]]]", "syntax error" },
        { map_of_strings, "[\"map\",[[\"a\",\"b\",\"c\"]]]", "syntax error" },
        { "{\"key\":{\"type\":\"integer\",\"minInteger\":1,"
          "\"maxInteger\":9}}", "0", "constraint violation" },
        { "{\"key\":{\"type\":\"integer\",\"minInteger\":1}}", "0",
          "constraint violation" },
        { "{\"key\":{\"type\":\"real\",\"maxReal\":1.5}}", "2",
          "constraint violation" },
        { "{\"key\":{\"type\":\"string\",\"minLength\":2}}", "\"\\u00e9\"",
          "constraint violation" },
        { "{\"key\":{\"type\":\"string\",\"maxLength\":1}}", "\"ab\"",
          "constraint violation" },
        { "{\"key\":{\"type\":\"string\",\"enum\":[\"set\",[\"a\",\"b\"]]}}",
          "\"c\"", "constraint violation" },
        { "{\"key\":\"integer\",\"min\":0,\"max\":2}",
          "[\"set\",[1,2,3]]", "syntax error" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ovsdb_type type = make_type(cases[i].type);
        struct ovsdb_datum datum;
        struct error *error = parse(&datum, &type, cases[i].in,
                                    OVSDB_READ_CHECK);

        if (!error) {
            fail_msg("accepted %s", cases[i].in);
        }
        assert_string_equal(error->tag, cases[i].tag);
        error_free(error);
        ovsdb_type_uninit(&type);
    }
    assert_int_equal(ovsdb_string_count(), 0);
}

/* A clone shares what it holds; a change must not be seen through it. */
static void
test_change_of_clone_leaves_the_original(void **state)
{
    struct ovsdb_type type = make_type(map_of_strings);
    struct ovsdb_datum a, b;

    ovsdb_datum_init_empty(&a);
    ovsdb_datum_append_pair(&a, "k1", "v1");
    ovsdb_datum_append_pair(&a, "k2", "v2");
    assert_int_equal(ovsdb_datum_finish(&a, &type), 0);
    ovsdb_datum_clone(&b, &a, &type);
    assert_true(ovsdb_datum_keys(&a) == ovsdb_datum_keys(&b));
    ovsdb_datum_remove(&b, &ovsdb_datum_keys(&a)[0], &type);
    assert_string_equal(ovsdb_datum_map_get(&a, "k1"), "v1");
    assert_null(ovsdb_datum_map_get(&b, "k1"));
    assert_string_equal(ovsdb_datum_map_get(&b, "k2"), "v2");
    ovsdb_datum_uninit(&a, &type);
    assert_string_equal(ovsdb_datum_map_get(&b, "k2"), "v2");
    ovsdb_datum_uninit(&b, &type);
    ovsdb_type_uninit(&type);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* A naive model of sets and maps over small numbers: value of each key, or -1
 * if it is not there. */
#define N_KEYS 24

struct model {
    int value[N_KEYS];
};

static struct ovsdb_datum
datum_of(const struct model *m, const struct ovsdb_type *type)
{
    struct ovsdb_datum datum = OVSDB_DATUM_EMPTY;

    for (int i = N_KEYS - 1; i >= 0; i--) {
        if (m->value[i] >= 0) {
            union ovsdb_atom key = { .integer = i };
            union ovsdb_atom value = { .integer = m->value[i] };

            ovsdb_datum_append_take(&datum, key, value, type);
        }
    }
    assert_int_equal(ovsdb_datum_finish(&datum, type), 0);
    return datum;
}

static struct model
random_model(struct rng *rng, bool is_map)
{
    struct model m;
    uint32_t density = rng_range(rng, 5);

    for (int i = 0; i < N_KEYS; i++) {
        m.value[i] = (rng_range(rng, 4) < density
                      ? (int) rng_range(rng, is_map ? 3 : 1) : -1);
    }
    return m;
}

static void
check_equal(const struct ovsdb_datum *datum, const struct model *m,
            const struct ovsdb_type *type)
{
    struct ovsdb_datum expected = datum_of(m, type);

    assert_true(ovsdb_datum_equals(datum, &expected, type));
    assert_int_equal(ovsdb_datum_compare(datum, &expected, type), 0);
    assert_true(ovsdb_datum_hash(datum, type, 1)
                == ovsdb_datum_hash(&expected, type, 1));
    ovsdb_datum_uninit(&expected, type);
}

/* diff, apply and invert against each other and against the model. */
static void
test_differences_agree_with_a_model(void **state)
{
    struct rng rng = { random_u64() };

    print_message("seed %llu\n", (unsigned long long) rng.state);
    for (int round = 0; round < 4000; round++) {
        bool is_map = round & 1;
        struct ovsdb_type type = make_type(is_map ? map_of_integers
                                           : set_of_integers);
        struct model ma = random_model(&rng, is_map);
        struct model mb = random_model(&rng, is_map);
        struct ovsdb_datum a = datum_of(&ma, &type);
        struct ovsdb_datum b = datum_of(&mb, &type);
        struct ovsdb_datum diff, inverse, x;
        uint32_t n_changed = 0;

        ovsdb_datum_diff(&diff, &a, &b, &type);
        for (int i = 0; i < N_KEYS; i++) {
            n_changed += ma.value[i] != mb.value[i];
        }
        assert_int_equal(diff.n, n_changed);
        ovsdb_datum_invert_diff(&inverse, &a, &diff, &type);
        ovsdb_datum_clone(&x, &a, &type);
        ovsdb_datum_apply_diff(&x, &diff, &type);
        check_equal(&x, &mb, &type);
        ovsdb_datum_apply_diff(&x, &inverse, &type);
        check_equal(&x, &ma, &type);
        check_equal(&a, &ma, &type);

        ovsdb_datum_uninit(&x, &type);
        ovsdb_datum_uninit(&inverse, &type);
        ovsdb_datum_uninit(&diff, &type);
        ovsdb_datum_uninit(&a, &type);
        ovsdb_datum_uninit(&b, &type);
        ovsdb_type_uninit(&type);
    }
}

/* Mutations on a value and on a difference give the same. */
static void
test_mutations_agree_with_a_model(void **state)
{
    struct rng rng = { random_u64() };

    print_message("seed %llu\n", (unsigned long long) rng.state);
    for (int round = 0; round < 2000; round++) {
        bool is_map = round & 1;
        struct ovsdb_type type = make_type(is_map ? map_of_integers
                                           : set_of_integers);
        const struct ovsdb_column column = { .name = (char *) "c",
                                             .type = type };
        struct model m = random_model(&rng, is_map);
        struct ovsdb_datum old = datum_of(&m, &type);
        struct ovsdb_datum direct, diff = OVSDB_DATUM_EMPTY, via_diff;
        uint32_t n = old.n;

        ovsdb_datum_clone(&direct, &old, &type);
        for (int step = 0; step < 5; step++) {
            struct model arg = random_model(&rng, is_map);
            bool by_keys = is_map && rng_range(&rng, 2);
            struct ovsdb_mutation mutation = {
                .column = &column,
                .mutator = (rng_range(&rng, 2) ? OVSDB_M_INSERT
                            : OVSDB_M_DELETE),
                .type = type,
            };

            if (mutation.mutator == OVSDB_M_DELETE && by_keys) {
                ovsdb_base_type_init(&mutation.type.value, OVSDB_TYPE_VOID);
            }
            mutation.arg = datum_of(&arg, &mutation.type);
            for (int i = 0; i < N_KEYS; i++) {
                if (arg.value[i] < 0) {
                    continue;
                }
                if (mutation.mutator == OVSDB_M_INSERT) {
                    m.value[i] = m.value[i] < 0 ? arg.value[i] : m.value[i];
                } else if (!is_map || by_keys
                           || m.value[i] == arg.value[i]) {
                    m.value[i] = -1;
                }
            }
            assert_null(ovsdb_mutation_apply(&mutation, &direct));
            ovsdb_mutation_apply_to_diff(&mutation, &old, &diff, &n);
            check_equal(&direct, &m, &type);
            assert_int_equal(n, direct.n);
            ovsdb_datum_clone(&via_diff, &old, &type);
            ovsdb_datum_apply_diff(&via_diff, &diff, &type);
            check_equal(&via_diff, &m, &type);
            ovsdb_datum_uninit(&via_diff, &type);
            ovsdb_datum_uninit(&mutation.arg, &mutation.type);
        }
        ovsdb_datum_uninit(&diff, &type);
        ovsdb_datum_uninit(&direct, &type);
        ovsdb_datum_uninit(&old, &type);
        ovsdb_type_uninit(&type);
    }
}

static void
test_text_form_reads_back(void **state)
{
    static const struct {
        const char *type;
        const char *in;
        const char *out;
    } cases[] = {
        { "\"integer\"", "5", "5" },
        { "\"string\"", "a", "a" },
        { "\"string\"", "\"a b\"", "\"a b\"" },
        { "\"string\"", "\"true\"", "\"true\"" },
        { "\"string\"", "\"\"", "\"\"" },
        { "\"boolean\"", "true", "true" },
        { set_of_strings, "", "[]" },
        { set_of_strings, "[]", "[]" },
        { set_of_strings, "b,a", "[a, b]" },
        { set_of_strings, "[\"x y\", z]", "[\"x y\", z]" },
        { set_of_integers, "1-3,7", "[1, 2, 3, 7]" },
        { set_of_integers, "-3", "[-3]" },
        { map_of_strings, "{a=b, c=\"d e\"}", "{a=b, c=\"d e\"}" },
        { set_of_strings, "a b", "[a, b]" },
        { set_of_strings, "a, b,", "[a, b]" },
        { set_of_strings, "a\\,b", "[\"a,b\"]" },
        { "\"integer\"", "010", "10" },
        { map_of_strings, "1.2.3.4\\:80=x\\=", "{\"1.2.3.4:80\"=\"x=\"}" },
        { map_of_strings, "a=1", "{a=\"1\"}" },
        { map_of_strings, "{}", "{}" },
        { "{\"key\":\"integer\",\"min\":0}", "[]", "[]" },
        { "{\"key\":\"integer\",\"min\":0}", "7", "7" },
    };
    static const struct {
        const char *type;
        const char *in;
    } bad[] = {
        { "\"integer\"", "" }, { "\"integer\"", "1x" },
        { "\"integer\"", "[1" }, { "\"integer\"", "1,2" },
        { "\"string\"", "a:b" }, { "\"string\"", "\"a" },
        { set_of_strings, "[a]b" }, { set_of_strings, "a,a" },
        { map_of_strings, "a" }, { map_of_strings, "a=" },
        { map_of_strings, "{a=b" }, { set_of_integers, "3-1" },
        { set_of_strings, ",a" }, { set_of_strings, "a,,b" },
        { set_of_strings, "a\\" }, { "\"integer\"", "0x10" },
        { "\"uuid\"", "1234" }, { "\"boolean\"", "maybe" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ovsdb_type type = make_type(cases[i].type);
        struct str s = STR_EMPTY;
        struct ovsdb_datum datum, again;

        assert_null(ovsdb_datum_from_text(&datum, &type, cases[i].in, NULL));
        ovsdb_datum_put_text(&s, &datum, &type);
        assert_string_equal(str_cstr(&s), cases[i].out);
        assert_null(ovsdb_datum_from_text(&again, &type, str_cstr(&s), NULL));
        assert_true(ovsdb_datum_equals(&datum, &again, &type));
        ovsdb_datum_uninit(&datum, &type);
        ovsdb_datum_uninit(&again, &type);
        ovsdb_type_uninit(&type);
        str_uninit(&s);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct ovsdb_type type = make_type(bad[i].type);
        struct ovsdb_datum datum;
        struct error *error = ovsdb_datum_from_text(&datum, &type, bad[i].in,
                                                    NULL);

        if (!error) {
            fail_msg("accepted \"%s\"", bad[i].in);
        }
        error_free(error);
        ovsdb_type_uninit(&type);
    }
    assert_int_equal(ovsdb_string_count(), 0);
}

/* The table of strings must find each again after any order of removals. */
static void
test_strings_are_kept_once(void **state)
{
    enum { N = 5000 };
    struct ovsdb_string **strings = xcalloc(N, sizeof *strings);
    struct rng rng = { random_u64() };
    size_t n_live = 0;

    print_message("seed %llu\n", (unsigned long long) rng.state);
    for (int step = 0; step < 40000; step++) {
        int i = rng_range(&rng, N);
        char text[16];

        snprintf(text, sizeof text, "s%d", i);
        if (!strings[i]) {
            strings[i] = ovsdb_string_from_cstr(text);
            assert_int_equal(strings[i]->n_refs, 1);
            n_live++;
        } else if (rng_range(&rng, 2)) {
            struct ovsdb_string *again = ovsdb_string_from_cstr(text);

            assert_ptr_equal(again, strings[i]);
            ovsdb_string_unref(again);
        } else {
            ovsdb_string_unref(strings[i]);
            strings[i] = NULL;
            n_live--;
        }
        assert_int_equal(ovsdb_string_count(), n_live);
    }
    for (int i = 0; i < N; i++) {
        ovsdb_string_unref(strings[i]);
    }
    free(strings);
    assert_int_equal(ovsdb_string_count(), 0);
}

/* Cost of adding to a big set must follow what is added: no clone of the
 * whole, and no comparison with more than the way to its place. */
static void
test_adding_to_a_big_set_keeps_its_block(void **state)
{
    struct ovsdb_type type = make_type(set_of_integers);
    struct ovsdb_datum datum = OVSDB_DATUM_EMPTY;
    const union ovsdb_atom *keys = NULL;
    int n_moves = 0;

    for (int i = 0; i < 20000; i++) {
        union ovsdb_atom atom = { .integer = i * 7919 % 20011 };

        assert_true(ovsdb_datum_add(&datum, &atom, NULL, &type));
        n_moves += ovsdb_datum_keys(&datum) != keys;
        keys = ovsdb_datum_keys(&datum);
    }
    assert_true(n_moves < 100);
    ovsdb_datum_uninit(&datum, &type);
    ovsdb_type_uninit(&type);
}

int
datum_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_form_is_sorted_and_reads_back),
        cmocka_unit_test(test_wrong_values_are_refused),
        cmocka_unit_test(test_change_of_clone_leaves_the_original),
        cmocka_unit_test(test_differences_agree_with_a_model),
        cmocka_unit_test(test_mutations_agree_with_a_model),
        cmocka_unit_test(test_text_form_reads_back),
        cmocka_unit_test(test_strings_are_kept_once),
        cmocka_unit_test(test_adding_to_a_big_set_keeps_its_block),
    };

    return cmocka_run_group_tests_name("datum", tests, NULL, NULL);
}
