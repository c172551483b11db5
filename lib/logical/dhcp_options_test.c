/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

/* Encodes "NAME = VALUE" of one option of 'table' as hex digits. */
static void
check(const struct option_table *table, bool is_v6, const char *name,
      const char *value, const char *expected)
{
    struct symbol_bits none = { NULL, 0, 0 };
    struct arena arena = ARENA_EMPTY;
    struct option_value v;
    struct lexer lexer;
    struct buf buf = BUF_EMPTY;
    struct str out = STR_EMPTY;
    struct error *error;

    v.def = option_table_find(table, name);
    assert_non_null(v.def);
    lexer_init(&lexer, value, &arena);
    assert_true(expr_parse_constants(&lexer, &none, &v.constants,
                                     &v.n_constants));
    lexer_uninit(&lexer);
    error = option_value_check(&v);
    if (!expected) {
        assert_non_null(error);
        error_free(error);
    } else {
        assert_null(error);
        if (is_v6) {
            dhcpv6_option_put(&v, &buf);
        } else {
            dhcpv4_option_put(&v, &buf);
        }
        str_put_hex(&out, buf.data, buf.size);
        assert_string_equal(str_cstr(&out), expected);
    }
    buf_uninit(&buf);
    str_uninit(&out);
    arena_uninit(&arena);
}

static void
test_dhcpv4_values(void **state UNUSED)
{
    struct option_table t;

    option_table_init(&t, dhcpv4_option_defs);
    check(&t, false, "offerip", "10.0.0.4", "0a000004");
    check(&t, false, "dns_server", "{8.8.8.8, 8.8.4.4}",
          "06080808080808080404");
    check(&t, false, "mtu", "1450", "1a0205aa");
    check(&t, false, "mtu", "65536", NULL);
    check(&t, false, "lease_time", "86400", "330400015180");
    check(&t, false, "ip_forward_enable", "1", "130101");
    check(&t, false, "ip_forward_enable", "2", NULL);
    check(&t, false, "default_ttl", "50", "170132");
    check(&t, false, "hostname", "\"ab\"", "0c026162");
    check(&t, false, "tftp_server", "\"ab\"", "42026162");
    check(&t, false, "tftp_server", "10.0.0.1", "42040a000001");
    check(&t, false, "router", "fd00::1", NULL);
    check(&t, false, "router", "\"x\"", NULL);
    check(&t, false, "classless_static_route",
          "{30.0.0.0/24, 10.0.0.4, 0.0.0.0/0, 10.0.0.1}",
          "790d181e00000a000004000a000001");
    check(&t, false, "classless_static_route", "{30.0.0.0/24}", NULL);
    /* RFC 3397's compression: "b.com" points into "a.com". */
    check(&t, false, "domain_search_list", "\"a.com, b.com\"",
          "770b0161" "03636f6d00" "0162c002");
    check(&t, false, "domain_search_list", "\"a..com\"", NULL);
    option_table_uninit(&t);
}

/* RFC 3396. */
static void
test_long_values_are_split(void **state UNUSED)
{
    struct option_def def = { "x", 12, OPTION_STR };
    struct expr_constant c = { .type = EXPR_CONST_STRING };
    struct option_value v = { &def, &c, 1 };
    struct buf buf = BUF_EMPTY;
    char text[301];

    memset(text, 'a', 300);
    text[300] = '\0';
    c.string = text;
    dhcpv4_option_put(&v, &buf);
    assert_int_equal(buf.size, 304);
    assert_int_equal(buf.data[1], 255);
    assert_int_equal(buf.data[257], 12);
    assert_int_equal(buf.data[258], 45);
    buf_uninit(&buf);
}

static void
test_dhcpv6_values(void **state UNUSED)
{
    struct option_table t;

    option_table_init(&t, dhcpv6_option_defs);
    check(&t, true, "dns_server", "fd00::1",
          "00170010fd000000000000000000000000000001");
    check(&t, true, "server_id", "00:00:00:00:10:02",
          "0002000a00030001000000001002");
    check(&t, true, "domain_search", "\"ovn.org\"",
          "00180009036f766e036f726700");
    check(&t, true, "fqdn", "\"ab.org\"", "0027000904026162036f726700");
    check(&t, true, "server_id", "10.0.0.1", NULL);
    option_table_uninit(&t);
}

static void
test_tables_can_change(void **state UNUSED)
{
    struct option_table t;

    option_table_init(&t, NULL);
    assert_null(option_table_find(&t, "x"));
    option_table_add(&t, "x", 5, OPTION_STR);
    option_table_add(&t, "x", 6, OPTION_BOOL);
    assert_int_equal(option_table_find(&t, "x")->code, 6);
    option_table_remove(&t, "x");
    option_table_remove(&t, "x");
    assert_null(option_table_find(&t, "x"));
    option_table_uninit(&t);
}

int
dhcp_options_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dhcpv4_values),
        cmocka_unit_test(test_long_values_are_split),
        cmocka_unit_test(test_dhcpv6_values),
        cmocka_unit_test(test_tables_can_change),
    };

    return cmocka_run_group_tests_name("dhcp options", tests, NULL, NULL);
}
