/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/protocols/mac_learning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "vswitch/ofproto/test.h"

static struct eth_addr
mac(unsigned int i)
{
    return (struct eth_addr) { { 0, 0, 0, 0, i >> 8, i } };
}

static void
test_learn_and_move(void **state)
{
    struct mac_table *t = mac_table_create();
    ofp_port_t port;

    assert_true(mac_table_learn(t, 1, mac(1), 7, false));
    assert_false(mac_table_learn(t, 1, mac(1), 7, false));
    assert_true(mac_table_lookup(t, 1, mac(1), &port));
    assert_int_equal(port, 7);
    assert_false(mac_table_lookup(t, 2, mac(1), &port));
    assert_true(mac_table_learn(t, 1, mac(1), 8, false));
    assert_true(mac_table_lookup(t, 1, mac(1), &port));
    assert_int_equal(port, 8);

    /* Group addresses are nobody's source. */
    assert_false(mac_table_learn(t, 1, (struct eth_addr) { { 1 } }, 7,
                                 false));
    assert_true(mac_table_flush_port(t, 8));
    assert_false(mac_table_lookup(t, 1, mac(1), &port));
    mac_table_destroy(t);
}

/* One port's flood of addresses must not push out its neighbours'. */
static void
test_flood_evicts_its_own(void **state)
{
    struct mac_table *t = mac_table_create();
    ofp_port_t port;

    mac_table_configure(t, 300, 100);
    for (unsigned int i = 0; i < 10; i++) {
        mac_table_learn(t, 0, mac(i), 1, false);
    }
    for (unsigned int i = 1000; i < 2000; i++) {
        mac_table_learn(t, 0, mac(i), 2, false);
    }
    for (unsigned int i = 0; i < 10; i++) {
        assert_true(mac_table_lookup(t, 0, mac(i), &port));
    }
    assert_true(mac_table_lookup(t, 0, mac(1999), &port));
    assert_false(mac_table_lookup(t, 0, mac(1000), &port));
    mac_table_destroy(t);
}

static void
test_static_entries_stay(void **state)
{
    struct mac_table *t = mac_table_create();
    struct mac_table_stats stats;
    ofp_port_t port;

    mac_table_add_static(t, 0, mac(1), 3);
    assert_false(mac_table_learn(t, 0, mac(1), 4, false));
    mac_table_flush(t);
    assert_true(mac_table_lookup(t, 0, mac(1), &port));
    assert_int_equal(port, 3);
    mac_table_get_stats(t, &stats);
    assert_int_equal(stats.n_static, 1);
    assert_true(mac_table_remove(t, 0, mac(1)));
    assert_false(mac_table_remove(t, 0, mac(1)));
    mac_table_destroy(t);
}

static void
test_nothing_is_learned_in_flood_vlans(void **state)
{
    struct mac_table *t = mac_table_create();
    uint64_t vlans[64] = { [0] = 1 << 5, [63] = UINT64_C(1) << 63 };
    ofp_port_t port;

    assert_true(mac_table_learn(t, 5, mac(1), 3, false));
    assert_true(mac_table_learn(t, 6, mac(1), 3, false));
    assert_true(mac_table_set_flood_vlans(t, vlans));
    assert_false(mac_table_set_flood_vlans(t, vlans));
    assert_false(mac_table_lookup(t, 5, mac(1), &port));
    assert_true(mac_table_lookup(t, 6, mac(1), &port));
    assert_false(mac_table_needs_learning(t, 4095, mac(2), 3));
    assert_false(mac_table_learn(t, 4095, mac(2), 3, false));
    assert_true(mac_table_set_flood_vlans(t, NULL));
    assert_true(mac_table_learn(t, 5, mac(1), 3, false));
    mac_table_destroy(t);
}

int
mac_learning_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learn_and_move),
        cmocka_unit_test(test_flood_evicts_its_own),
        cmocka_unit_test(test_static_entries_stay),
        cmocka_unit_test(test_nothing_is_learned_in_flood_vlans),
    };

    return cmocka_run_group_tests_name("mac_learning", tests, NULL, NULL);
}
