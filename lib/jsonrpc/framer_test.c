/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out of bytes, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/jsonrpc/framer.h"

int framer_tests(void);

/* Feeds 's' in pieces of 'piece' bytes.  Returns the messages that come out,
 * each followed by '|', and then the error, if any; for free(). */
static char *
frame(const char *s, size_t piece, size_t max_bytes)
{
    struct str out = STR_EMPTY;
    size_t left = strlen(s);
    struct error *error = NULL;
    struct framer f;

    framer_init(&f, max_bytes);
    while (left && !error) {
        size_t n = MIN(piece, left);

        /* Exactly so many bytes, for the address sanitizer to guard. */
        char *copy = xmemdup(s, n);
        const char *data = copy;
        size_t size = n;
        while (size && !error) {
            struct span text;

            error = framer_feed(&f, &data, &size, &text);
            if (!error && text.data) {
                str_put_bytes(&out, text.data, text.size);
                str_put_char(&out, '|');
            }
        }
        free(copy);
        s += n;
        left -= n;
    }
    if (error) {
        str_put(&out, error_message(error));
        error_free(error);
    }
    framer_uninit(&f);
    return out.string ? str_steal(&out) : xstrdup("");
}

static const struct {
    const char *input;
    const char *expected;
} rows[] = {
    { "", "" },
    { " \n\t", "" },
    { "{}", "{}|" },
    { "{}{} {}\n", "{}|{}|{}|" },
    { "{\"a\":1,\"b\":[{},\"]}\\\"\"]}{}",
      "{\"a\":1,\"b\":[{},\"]}\\\"\"]}|{}|" },
    { "{ \"a\" : -1.5e3 , \"b\" : \"\\\\\" }",
      "{ \"a\" : -1.5e3 , \"b\" : \"\\\\\" }|" },
    { "{\"a\":null}", "{\"a\":null}|" },
    { "[]", "JSON syntax: message is not an object" },
    { "x", "JSON syntax: message is not an object" },
    { "{}]", "{}|JSON syntax: message is not an object" },
    { "{,}", "JSON syntax: name expected" },
    { "{a:1}", "JSON syntax: name expected" },
    { "{\"a\" 1}", "JSON syntax: ':' expected" },
    { "{\"a\":}", "JSON syntax: value expected" },
    { "{\"a\":]", "JSON syntax: value expected" },
    { "{\"a\":1 2}", "JSON syntax: ',' or '}' expected" },
    { "{\"a\":1,}", "JSON syntax: name expected" },
    { "{\"a\":tr\"}", "JSON syntax: bad number or word" },
    { "{\"a\":[}]}", "JSON syntax: brackets do not match" },
    { "{\"a\":[{]}", "JSON syntax: brackets do not match" },
    { "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,"
      "\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}",
      "JSON syntax: too many members in message" },
};

/* The same comes out wherever the network cuts the bytes. */
static void
test_cuts_make_no_difference(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (size_t piece = 1; piece <= strlen(rows[i].input) + 1; piece++) {
            char *out = frame(rows[i].input, piece, SIZE_MAX);

            assert_string_equal(out, rows[i].expected);
            free(out);
        }
    }
}

/* A peer must not make us keep more than we allow it. */
static void
test_length_is_bounded(void **state)
{
    static const char text[] = "{\"a\":[1234567890]}";
    size_t length = sizeof text - 1;

    for (size_t piece = 1; piece <= length; piece++) {
        char *out = frame(text, piece, length);
        assert_int_equal(strlen(out), length + 1);
        free(out);

        out = frame(text, piece, length - 1);
        assert_non_null(strstr(out, "message is longer than 17 bytes"));
        free(out);
    }
}

static void
test_depth_is_bounded(void **state)
{
    for (unsigned int extra = 0; extra < 2; extra++) {
        struct str s = STR_EMPTY;

        str_put(&s, "{\"a\":");
        str_put_chars(&s, '[', FRAMER_MAX_DEPTH - 1 + extra);
        str_put_chars(&s, ']', FRAMER_MAX_DEPTH - 1 + extra);
        str_put_char(&s, '}');
        char *out = frame(s.string, 999, SIZE_MAX);
        if (extra) {
            assert_string_equal(out, "JSON syntax: nested too deeply");
        } else {
            assert_int_equal(strlen(out), s.length + 1);
        }
        free(out);
        str_uninit(&s);
    }
}

static json_t *
random_json(struct rng *rng, int depth)
{
    char text[16];

    switch (rng_range(rng, depth > 4 ? 5 : 7)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(rng_range(rng, 2));
    case 2:
        return json_integer((int64_t) rng_u64(rng));
    case 3:
        return json_real(rng_range(rng, 1000) / 7.);
    case 4: {
        size_t n = rng_range(rng, sizeof text);
        for (size_t i = 0; i < n; i++) {
            text[i] = " \"\\{}[]:,\n\x01" "az\x7f/"[rng_range(rng, 15)];
        }
        return json_stringn(text, n);
    }
    case 5: {
        json_t *array = json_array();
        for (uint32_t n = rng_range(rng, 5); n; n--) {
            json_array_append_new(array, random_json(rng, depth + 1));
        }
        return array;
    }
    default: {
        json_t *object = json_object();
        for (uint32_t n = rng_range(rng, 5); n; n--) {
            snprintf(text, sizeof text, "k%u", rng_range(rng, 100));
            json_object_set_new(object, text, random_json(rng, depth + 1));
        }
        return object;
    }
    }
}

static void
check_members(const struct framer *f, struct span text, json_t *json)
{
    assert_int_equal(f->n_members, json_object_size(json));
    for (size_t i = 0; i < f->n_members; i++) {
        const struct framer_member *m = &f->members[i];
        char *key = xmemdup0(text.data + m->key_start,
                             m->key_end - m->key_start);
        json_t *value = json_loadb(text.data + m->value_start,
                                   m->value_end - m->value_start,
                                   JSON_DECODE_ANY, NULL);

        assert_non_null(value);
        assert_true(json_equal(value, json_object_get(json, key)));
        json_decref(value);
        free(key);
    }
}

/* The model is jansson: what it has written is found member by member. */
static void
test_random_messages_keep_their_members(void **state)
{
    static const size_t formats[] = { JSON_COMPACT, JSON_INDENT(2), 0 };
    uint64_t seed = random_u64();
    struct rng rng = { seed };
    struct framer f;

    print_message("seed %llu\n", (unsigned long long) seed);
    framer_init(&f, SIZE_MAX);
    for (int i = 0; i < 5000; i++) {
        json_t *json = json_object();
        for (uint32_t n = rng_range(&rng, FRAMER_MAX_MEMBERS + 1); n; n--) {
            char key[8];

            snprintf(key, sizeof key, "m%u", n);
            json_object_set_new(json, key, random_json(&rng, 0));
        }
        char *text = json_dumps(json, formats[rng_range(&rng, 3)]);
        size_t length = strlen(text), ofs = 0;
        struct span span = SPAN_NULL;
        while (!span.data) {
            const char *data = text + ofs;
            size_t size = 1 + rng_range(&rng, length);

            size = MIN(size, length - ofs);
            ofs += size;
            assert_true(size > 0);
            assert_null(framer_feed(&f, &data, &size, &span));
            assert_int_equal(size, 0);
        }
        assert_int_equal(ofs, length);
        assert_int_equal(span.size, length);
        check_members(&f, span, json);
        free(text);
        json_decref(json);
    }
    framer_uninit(&f);
}

int
framer_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cuts_make_no_difference),
        cmocka_unit_test(test_length_is_bounded),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_random_messages_keep_their_members),
    };

    return cmocka_run_group_tests_name("framer", tests, NULL, NULL);
}
