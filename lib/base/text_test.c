/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers, uuids and errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/uuid.h"

int text_tests(void);

/* Numbers come from people and from the wire: nothing but the whole number
 * counts. */
static void
test_numbers_are_read_whole_or_not(void **state)
{
    static const char *const bad[] = { "", " 1", "1 ", "x", "1x", "0x",
                                       "99999999999999999999", "--1" };
    int64_t value = 5;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_false(text_to_i64(bad[i], 0, &value));
        assert_int_equal(value, 5);
    }
    assert_true(text_to_i64("-0x10", 0, &value));
    assert_int_equal(value, -16);

    unsigned int u;
    assert_false(text_to_uint("-1", 10, &u));
    assert_false(text_to_uint("4294967296", 10, &u));
    assert_true(text_to_uint("4294967295", 10, &u));

    double d;
    assert_false(text_to_double("nan", &d));
    assert_true(text_to_double("1e3", &d));
    assert_true(d == 1000);
}

static void
test_uuid_text_round_trip(void **state)
{
    for (int i = 0; i < 100; i++) {
        struct uuid a = uuid_random(), b;
        char s[UUID_LEN + 2];

        uuid_format(&a, s);
        s[UUID_LEN] = '\0';
        assert_true(uuid_from_string(&b, s));
        assert_true(uuid_equals(&a, &b));
        assert_int_equal(uuid_compare(&a, &b), 0);
        assert_int_equal(s[14], '4');
        s[UUID_LEN] = 'x';
        s[UUID_LEN + 1] = '\0';
        assert_false(uuid_from_string(&b, s));
        assert_true(uuid_from_prefix(&b, s));
        s[7] = 'g';
        assert_false(uuid_from_prefix(&b, s));
        assert_true(uuid_is_zero(&b));
    }
    assert_int_equal(uuid_partial_length("12ab"), 4);
    assert_int_equal(uuid_partial_length("12xb"), -1);
    assert_int_equal(uuid_partial_length("12345678-9"), 10);
    assert_int_equal(uuid_partial_length("123456789"), -1);
}

static void
test_str_grows(void **state)
{
    struct str s = STR_EMPTY;

    assert_string_equal(str_cstr(&s), "");
    for (int i = 0; i < 500; i++) {
        str_printf(&s, "%d,", i);
    }
    str_chomp(&s, ',');
    assert_true(text_ends_with(str_cstr(&s), "498,499"));
    assert_int_equal(strlen(str_cstr(&s)), s.length);
    str_clear(&s);
    str_put_int(&s, INT64_MIN);
    str_put_char(&s, ' ');
    str_put_hex(&s, "\x0f\xa0", 2);
    assert_string_equal(str_cstr(&s), "-9223372036854775808 0fa0");
    assert_true(str_chomp_string(&s, "0fa0"));
    assert_false(str_chomp_string(&s, "0fa0"));

    char *stolen = str_steal(&s);
    assert_string_equal(stolen, "-9223372036854775808 ");
    assert_string_equal(str_cstr(&s), "");
    free(stolen);
}

static void
test_error_tells_the_way_down(void **state)
{
    struct error *e = error_from_errno(-ENOENT, "cannot open %s", "x");

    assert_int_equal(e->code, ENOENT);
    e = error_wrap(e, "port \"%s\"", "p1");
    assert_string_equal(error_message(e),
                        "port \"p1\": cannot open x: "
                        "No such file or directory");
    error_free(e);
    assert_null(error_wrap(NULL, "nothing"));
    assert_string_equal(error_message(NULL), "success");
}

static void
test_text_distance(void **state)
{
    assert_int_equal(text_distance("ls-add", "ls-add", 9), 0);
    assert_int_equal(text_distance("ls-ad", "ls-add", 9), 1);
    assert_int_equal(text_distance("lsp-add", "lrp-add", 9), 1);
    assert_int_equal(text_distance("abc", "xyz", 2), 2);
}

int
text_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_read_whole_or_not),
        cmocka_unit_test(test_uuid_text_round_trip),
        cmocka_unit_test(test_str_grows),
        cmocka_unit_test(test_error_tells_the_way_down),
        cmocka_unit_test(test_text_distance),
    };

    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
