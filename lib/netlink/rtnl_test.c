/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/rtnetlink.h>

#include "lib/netlink/attr.h"
#include "lib/netlink/rtnl.h"

static void
test_attributes_round_trip(void **state UNUSED)
{
    uint8_t storage[16];
    struct nlbuf b;
    const struct nlattr *a;
    size_t left, ofs, n = 0;

    nlbuf_use(&b, storage, sizeof storage);
    nlbuf_put_u8(&b, 1, 7);
    ofs = nlbuf_begin_nested(&b, 2);
    nlbuf_put_u32(&b, 3, 0x12345678);
    nlbuf_put(&b, 4, "hello", 5);
    nlbuf_end_nested(&b, ofs);
    nlbuf_put_flag(&b, 5);
    assert_int_equal(nlattr_u8(nlattr_find(b.data, b.size, 1)), 7);
    a = nlattr_find(b.data, b.size, 2);
    assert_int_equal(nlattr_u32(nlattr_find_nested(a, 3)), 0x12345678);
    a = nlattr_find_nested(a, 4);
    assert_int_equal(nlattr_size(a), 5);
    assert_memory_equal(nlattr_payload(a), "hello", 5);
    assert_null(nlattr_find(b.data, b.size, 3));
    NLATTR_FOR_EACH (a, left, b.data, b.size) {
        n++;
    }
    assert_int_equal(n, 3);
    assert_int_equal(left, 0);
    nlbuf_uninit(&b);
}

/* Attributes that claim more than there is end the walk with bytes left. */
static void
test_walk_stops_at_malformed(void **state UNUSED)
{
    struct nlbuf b = NLBUF_EMPTY;
    const struct nlattr *a;
    size_t left, n = 0;

    nlbuf_put_u32(&b, 1, 1);
    nlbuf_put_u32(&b, 2, 2);
    ((struct nlattr *) (void *) (b.data + 8))->nla_len = 9;
    NLATTR_FOR_EACH (a, left, b.data, b.size) {
        n++;
    }
    assert_int_equal(n, 1);
    assert_int_equal(left, 8);
    ((struct nlattr *) (void *) b.data)->nla_len = 3;
    assert_null(nlattr_find(b.data, b.size, 1));
    nlbuf_uninit(&b);
}

static void
test_loopback_is_there(void **state UNUSED)
{
    struct rtnl_link lo, same;

    assert_int_equal(rtnl_link_by_name("lo", &lo), 0);
    assert_string_equal(lo.name, "lo");
    assert_true(lo.flags & IFF_LOOPBACK);
    assert_int_equal(rtnl_link_by_index(lo.ifindex, &same), 0);
    assert_string_equal(same.name, "lo");
    assert_int_equal(rtnl_link_by_name("no-such-link", &same), -ENODEV);
    assert_int_equal(rtnl_link_by_name("a-name-longer-than-any", &same),
                     -ENODEV);
}

static void
find_loopback(const struct rtnl_address *address, void *found_)
{
    bool *found = found_;

    *found |= (in6_addr_is_ipv4(&address->address)
               && in6_addr_get_ipv4(&address->address) == htonl(0x7f000001));
}

static void
test_route_to_ourselves(void **state UNUSED)
{
    const struct in6_addr dst = in6_addr_from_ipv4(htonl(0x7f000001));
    struct in6_addr v6 = IN6ADDR_LOOPBACK_INIT;
    struct rtnl_route route;
    bool found = false;

    assert_int_equal(rtnl_address_dump(0, find_loopback, &found), 0);
    assert_true(found);
    assert_int_equal(rtnl_route_get(&dst, NULL, 0, &route), 0);
    assert_true(route.is_local);
    assert_int_equal(rtnl_route_get(&dst, &v6, 0, &route), -EINVAL);
}

static void
test_neighbour_that_is_not_there(void **state UNUSED)
{
    const struct in6_addr ip = in6_addr_from_ipv4(htonl(0x7f010203));
    struct eth_addr mac;

    assert_int_equal(rtnl_neighbour_get(1, &ip, &mac), -ENOENT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attributes_round_trip),
        cmocka_unit_test(test_walk_stops_at_malformed),
        cmocka_unit_test(test_loopback_is_there),
        cmocka_unit_test(test_route_to_ourselves),
        cmocka_unit_test(test_neighbour_that_is_not_there),
    };

    return cmocka_run_group_tests_name("netlink", tests, NULL, NULL);
}
