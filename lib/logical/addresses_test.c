/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

#include "lib/logical/addresses.h"

static void
check_lsp(const char *text, const char *expected, enum lsp_address_type type)
{
    struct lsp_address address;
    struct str out = STR_EMPTY;
    struct error *error = lsp_address_parse(text, &address);

    if (error) {
        fail_msg("%s: %s", text, error_message(error));
    }
    assert_int_equal(address.type, type);
    lsp_address_format(&address, &out);
    assert_string_equal(str_cstr(&out), expected ? expected : text);
    lsp_address_uninit(&address);
    str_uninit(&out);
}

static void
check_bad_lsp(const char *text)
{
    struct lsp_address address;
    struct error *error = lsp_address_parse(text, &address);

    if (!error) {
        fail_msg("%s: accepted", text);
    }
    error_free(error);
}

static void
test_lsp_addresses(void **state UNUSED)
{
    check_lsp("0a:00:00:00:00:01", NULL, LSP_ADDRESS_STATIC);
    check_lsp("a:0:0:0:0:1 10.0.0.1  10.0.0.2/24,fd00::1",
              "0a:00:00:00:00:01 10.0.0.1 10.0.0.2/24 fd00::1",
              LSP_ADDRESS_STATIC);
    check_lsp("unknown", NULL, LSP_ADDRESS_UNKNOWN);
    check_lsp(" router ", "router", LSP_ADDRESS_ROUTER);
    check_lsp("dynamic", NULL, LSP_ADDRESS_DYNAMIC);
    check_lsp("0a:00:00:00:00:01 dynamic", NULL, LSP_ADDRESS_DYNAMIC);
    check_lsp("dynamic 10.0.0.1 fd00::1", NULL, LSP_ADDRESS_DYNAMIC);
    check_bad_lsp("");
    check_bad_lsp("nonsense");
    check_bad_lsp("0a:00:00:00:00:01 10.0.0.256");
    check_bad_lsp("0a:00:00:00:00");
    check_bad_lsp("unknown 10.0.0.1");
    check_bad_lsp("dynamic 10.0.0.1 10.0.0.2");
    check_bad_lsp("dynamic x");
}

static void
test_dynamic_says_what_to_choose(void **state UNUSED)
{
    struct lsp_address a;

    assert_null(lsp_address_parse("dynamic 10.0.0.1", &a));
    assert_true(a.dynamic_mac && !a.dynamic_ip4 && a.dynamic_ip6);
    lsp_address_uninit(&a);
    assert_null(lsp_address_parse("0a:00:00:00:00:01 dynamic", &a));
    assert_true(!a.dynamic_mac && a.dynamic_ip4 && a.dynamic_ip6);
    lsp_address_uninit(&a);
}

static void
test_networks_know_their_masks(void **state UNUSED)
{
    struct port_addresses pa = PORT_ADDRESSES_EMPTY;
    const char *networks[] = { "10.0.1.1/24", "fd00::1/64" };
    struct str out = STR_EMPTY;

    assert_null(port_addresses_parse_router("00:00:00:00:01:02", networks, 2,
                                            &pa));
    assert_int_equal(ntohl(pa.ip4.items[0].bcast), 0x0a0001ff);
    assert_int_equal(ntohl(pa.ip4.items[0].network), 0x0a000100);
    port_addresses_format(&pa, &out);
    assert_string_equal(str_cstr(&out), "00:00:00:00:01:02 10.0.1.1/24 "
                        "fd00::1/64 fe80::200:ff:fe00:102/64");
    str_clear(&out);
    ip6_format(&pa.ip6.items[0].sn_addr, &out);
    assert_string_equal(str_cstr(&out), "ff02::1:ff00:1");
    port_addresses_uninit(&pa);
    str_uninit(&out);
}

static void
test_masks(void **state UNUSED)
{
    for (unsigned int plen = 0; plen <= 128; plen++) {
        struct in6_addr mask = ip6_mask(plen);

        assert_int_equal(ip6_mask_plen(&mask), plen);
        if (plen <= 32) {
            assert_int_equal(ip4_mask_plen(ip4_mask(plen)), plen);
        }
    }
    assert_int_equal(ip4_mask_plen(htonl(0xff00ff00)), -1);
}

static void
check_ip_port(const char *text, const char *expected)
{
    struct ip_port ip;
    struct str out = STR_EMPTY;

    if (!expected) {
        assert_false(ip_port_parse(text, &ip));
        return;
    }
    assert_true(ip_port_parse(text, &ip));
    ip_port_format(&ip, &out);
    assert_string_equal(str_cstr(&out), expected);
    str_uninit(&out);
}

static void
test_vips_and_backends(void **state UNUSED)
{
    struct lb_vip vip;
    struct error *error;

    check_ip_port("10.0.0.1", "10.0.0.1");
    check_ip_port("10.0.0.1:80", "10.0.0.1:80");
    check_ip_port("fd00::1", "fd00::1");
    check_ip_port("[fd00::1]", "fd00::1");
    check_ip_port("[fd00::1]:80", "[fd00::1]:80");
    check_ip_port("10.0.0.1:0", NULL);
    check_ip_port("10.0.0.1:65536", NULL);
    check_ip_port("[fd00::1", NULL);
    check_ip_port("", NULL);

    assert_null(lb_vip_parse("10.0.0.1:80", "10.0.0.2:80, 10.0.0.3:81",
                             &vip));
    assert_int_equal(vip.backends.n, 2);
    assert_int_equal(vip.backends.items[1].port, 81);
    lb_vip_uninit(&vip);
    assert_null(lb_vip_parse("10.0.0.1:80", "", &vip));
    assert_true(vip.empty_backends);
    lb_vip_uninit(&vip);
    error = lb_vip_parse("10.0.0.1:80", "10.0.0.2", &vip);
    assert_non_null(error);
    error_free(error);
    error = lb_vip_parse("10.0.0.1", "fd00::1", &vip);
    assert_non_null(error);
    error_free(error);
}

static void
test_nat(void **state UNUSED)
{
    struct nat_addresses nat;
    struct error *error;

    assert_null(nat_addresses_parse("snat", "1.1.1.1", "10.0.0.0/24", "",
                                    &nat));
    assert_int_equal(ip6_mask_plen(&nat.logical_mask), 96 + 24);
    assert_null(nat_addresses_parse("dnat_and_snat", "fd00::1", "fd01::1",
                                    "1024-2048", &nat));
    assert_true(nat.is_ip6 && nat.port_max == 2048);
    error = nat_addresses_parse("dnat", "1.1.1.1", "10.0.0.0/24", "", &nat);
    assert_non_null(error);
    error_free(error);
    error = nat_addresses_parse("snat", "1.1.1.1", "fd00::1", "", &nat);
    assert_non_null(error);
    error_free(error);
    error = nat_addresses_parse("x", "1.1.1.1", "1.1.1.1", "", &nat);
    assert_non_null(error);
    error_free(error);
}

static void
test_ranges(void **state UNUSED)
{
    struct ip4_range r;
    uint16_t min, max;

    assert_true(ip4_range_parse("10.0.0.1..10.0.0.9", &r));
    assert_int_equal(r.last - r.first, 8);
    assert_true(ip4_range_parse("10.0.0.1", &r));
    assert_false(ip4_range_parse("10.0.0.9..10.0.0.1", &r));
    assert_true(port_range_parse("5", &min, &max) && min == 5 && max == 5);
    assert_false(port_range_parse("5-4", &min, &max));
    assert_false(port_range_parse("0-4", &min, &max));
}

int
addresses_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lsp_addresses),
        cmocka_unit_test(test_dynamic_says_what_to_choose),
        cmocka_unit_test(test_networks_know_their_masks),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_vips_and_backends),
        cmocka_unit_test(test_nat),
        cmocka_unit_test(test_ranges),
    };

    return cmocka_run_group_tests_name("addresses", tests, NULL, NULL);
}
