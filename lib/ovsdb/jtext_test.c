/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/ovsdb/jtext.h"

int jtext_tests(void);

static bool
is_valid(const char *text, size_t size)
{
    char *copy = xmemdup(text, size);   /* Exact size, for the sanitizer. */
    struct jtext_reader r;
    struct error *error;

    jtext_reader_init(&r, copy, size);
    jtext_skip(&r, NULL);
    error = jtext_finish(&r);
    free(copy);
    if (error) {
        assert_string_equal(error->tag, "syntax error");
        error_free(error);
        return false;
    }
    return true;
}

static void
test_skip_takes_json_and_nothing_else(void **state)
{
    static const char *const good[] = {
        "{}", "[]", " [ 1 , 2 ] ", "{\"a\":{\"b\":[null,true,false]}}",
        "\"\\u00e9\\ud83d\\ude00\\n\"", "-0", "1.5e+10", "\"\xc3\xa9\"", "0",
        "[[],[[]],{}]", "\"\"",
    };
    static const char *const bad[] = {
        "", "{", "}", "[", "[1", "[1,", "[1,]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "1e", "+1", "-", "tru",
        "nulll", "\"", "\"\\\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"",
        "\"\\udc00x\"", "\"\\u0000\"", "\"\x01\"", "\"\x80\"", "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "[1] 2", "[1 2]",
        "{\"a\":1 \"b\":2}", "]", "\"\\", "[}", "{]", "1 1",
    };

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        if (!is_valid(good[i], strlen(good[i]))) {
            fail_msg("refused: %s", good[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        if (is_valid(bad[i], strlen(bad[i]))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

/* A document cut anywhere is an error and never a read past the end. */
/* Strings are looked through many bytes at a time. */
static void
test_every_byte_counts_wherever_it_is(void **state)
{
    for (unsigned int c = 0; c < 256; c++) {
        bool is_plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';

        for (size_t i = 0; i < 40; i++) {
            char text[42], inside[40];

            memset(text, 'a', sizeof text);
            text[0] = text[sizeof text - 1] = '"';
            text[1 + i] = c;
            assert_int_equal(is_valid(text, sizeof text), is_plain);
            memcpy(inside, text + 1, sizeof inside);
            assert_int_equal(jtext_is_plain(inside, sizeof inside),
                             is_plain || c >= 0x80);
        }
    }
}

static void
test_every_truncation_is_refused(void **state)
{
    static const char text[] =
        "{\"a\\u00e9\":[1,-2.5e3,\"x\\n\xe2\x82\xac\",true,null,{\"b\":[]}]}";

    for (size_t n = 0; n < sizeof text - 1; n++) {
        assert_false(is_valid(text, n));
    }
    assert_true(is_valid(text, sizeof text - 1));
}

/* Depth comes from outside: neither too deep a text nor a stack may hurt. */
static void
test_depth_is_bounded(void **state)
{
    struct str s = STR_EMPTY;

    for (int depth = JTEXT_MAX_DEPTH; depth <= JTEXT_MAX_DEPTH + 1; depth++) {
        str_clear(&s);
        str_put_chars(&s, '[', depth);
        str_put_chars(&s, ']', depth);
        assert_int_equal(is_valid(s.string, s.length),
                         depth <= JTEXT_MAX_DEPTH);
    }
    str_clear(&s);
    str_put_chars(&s, '[', 1000000);
    assert_false(is_valid(s.string, s.length));
    str_uninit(&s);
}

static void
test_strings_are_decoded(void **state)
{
    static const char text[] =
        "{\"k\\u0065y\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20ac"
        "\\ud83d\\ude00\"}";
    struct span key, value;
    struct jtext_reader r;

    jtext_reader_init(&r, text, sizeof text - 1);
    assert_true(jtext_enter_object(&r));
    assert_true(jtext_next_member(&r, &key));
    assert_true(jtext_get_string(&r, &value));
    assert_true(span_equals_string(key, "key"));
    assert_true(span_equals_string(value, "a\"\\/\b\f\n\r\t\xc3\xa9"
                                  "\xe2\x82\xac\xf0\x9f\x98\x80"));
    assert_false(jtext_next_member(&r, &key));
    assert_null(jtext_finish(&r));
}

static void
check_number(const char *text, bool is_integer, int64_t integer, double real)
{
    struct jtext_number number;
    struct jtext_reader r;

    jtext_reader_init(&r, text, strlen(text));
    assert_true(jtext_get_number(&r, &number));
    assert_null(jtext_finish(&r));
    assert_int_equal(number.is_integer, is_integer);
    if (is_integer) {
        assert_true(number.integer == integer);
    }
    assert_true(number.real == real);
}

static void
test_numbers_keep_their_value(void **state)
{
    struct jtext_number number;
    struct jtext_reader r;

    check_number("0", true, 0, 0);
    check_number("-9223372036854775808", true, INT64_MIN, -0x1p63);
    check_number("9223372036854775807", true, INT64_MAX, 0x1p63);
    check_number("9223372036854775808", false, 0, 0x1p63);
    check_number("1e3", true, 1000, 1000);
    check_number("2.0", true, 2, 2);
    check_number("2.5", false, 0, 2.5);
    check_number("1e300", false, 0, 1e300);
    jtext_reader_init(&r, "1e400", 5);
    assert_false(jtext_get_number(&r, &number));
    jtext_reader_uninit(&r);
}

static void
test_real_text_reads_back(void **state)
{
    static const double reals[] = { 0.1, 1.0 / 3, 1e300, -2.5, 5e-324, 1 };

    for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
        struct str s = STR_EMPTY;

        jtext_put_real(&s, reals[i]);
        assert_true(strtod(str_cstr(&s), NULL) == reals[i]);
        str_uninit(&s);
    }
}

static void
test_put_string_escapes_what_must_be(void **state)
{
    struct str s = STR_EMPTY;

    jtext_put_cstr(&s, "a\"b\\c\n\x01\xc3\xa9");
    assert_string_equal(str_cstr(&s), "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"");
    assert_true(is_valid(s.string, s.length));
    str_uninit(&s);
}

/* Quotes within a string, as of a schema, are decoded by blocks, which begin
 * and end anywhere between other escapes and characters. */
static void
test_strings_read_back(void **state)
{
    static const char *const parts[] = {
        "\"", "\"", "\"", "a", "name", "0123456789abcdef", "\\", "\n", "\x01",
        "\xc3\xa9", "\xf0\x9f\x98\x80",
    };
    struct rng rng = { random_u64() };

    print_message("seed %llu\n", (unsigned long long) rng.state);
    for (int i = 0; i < 20000; i++) {
        struct str text = STR_EMPTY, json = STR_EMPTY;
        struct jtext_reader r;
        struct span read;
        char *copy;

        for (uint32_t n = rng_range(&rng, 30); n; n--) {
            str_put(&text, parts[rng_range(&rng, ARRAY_SIZE(parts))]);
        }
        jtext_put_cstr(&json, str_cstr(&text));
        copy = xmemdup(json.string, json.length);
        jtext_reader_init(&r, copy, json.length);
        assert_true(jtext_get_string(&r, &read));
        assert_int_equal(read.size, text.length);
        assert_memory_equal(read.data, str_cstr(&text), text.length);
        assert_null(jtext_finish(&r));
        free(copy);
        str_uninit(&json);
        str_uninit(&text);
    }
}

/* The first error stays, whatever is called after it. */
static void
test_error_sticks(void **state)
{
    struct jtext_reader r;
    struct span span;
    struct error *error;

    jtext_reader_init(&r, "[1,2]", 5);
    jtext_fail(&r, "first");
    jtext_fail(&r, "second");
    assert_false(jtext_enter_array(&r));
    assert_false(jtext_next_item(&r));
    assert_false(jtext_skip(&r, &span));
    error = jtext_finish(&r);
    assert_string_equal(error_message(error), "first");
    error_free(error);
}

/* The last item is the text up to the closing bracket, whatever it is; there
 * is none without the bracket, or deeper. */
static void
test_take_last(void **state)
{
    static const struct {
        const char *text;
        const char *last;       /* NULL: refused. */
    } cases[] = {
        { "[1,{\"a\":[2]}]", "{\"a\":[2]}" },
        { "[1, 2 ] \n", "2 " },
        { "[1,2,3]", "2,3" },
        { "[1,2", NULL },
        { "[1,2}", NULL },
        { "[1,]", "" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *text = cases[i].text;
        struct jtext_reader r;
        struct error *error;
        struct span last;
        bool ok;

        jtext_reader_init(&r, text, strlen(text));
        assert_true(jtext_enter_array(&r));
        assert_true(jtext_next_item(&r));
        assert_true(jtext_skip(&r, NULL));
        assert_true(jtext_next_item(&r));
        ok = jtext_take_last(&r, &last);
        assert_int_equal(ok, cases[i].last != NULL);
        if (ok) {
            assert_true(span_equals_string(last, cases[i].last));
            assert_false(jtext_next_item(&r));
        }
        error = jtext_finish(&r);
        assert_int_equal(!error, ok);
        error_free(error);
    }
}

int
jtext_tests(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skip_takes_json_and_nothing_else),
        cmocka_unit_test(test_every_byte_counts_wherever_it_is),
        cmocka_unit_test(test_every_truncation_is_refused),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_take_last),
        cmocka_unit_test(test_strings_are_decoded),
        cmocka_unit_test(test_numbers_keep_their_value),
        cmocka_unit_test(test_real_text_reads_back),
        cmocka_unit_test(test_put_string_escapes_what_must_be),
        cmocka_unit_test(test_strings_read_back),
        cmocka_unit_test(test_error_sticks),
    };

    return cmocka_run_group_tests_name("jtext", tests, NULL, NULL);
}
