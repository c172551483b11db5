/* SPDX-License-Identifier: Apache-2.0 */

/* In-band control: flows that no controller gets at, and which packets are a
 * DHCP server's answers. */

#include "vswitch/ofproto/in_band.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/packet/headers.h"
#include "vswitch/ofproto/test.h"

#define TO_REMOTE "in_port=1,tcp,nw_dst=10.8.0.2,tp_dst=6653"

static int
setup(void **state)
{
    return test_setup(state, 2);
}

static void
keep_open(struct ofproto *p, const char *ip, int64_t queue)
{
    struct in_band_remote remote = { inet_addr(ip), htons(6653) };

    in_band_configure(p, &(struct in_band_settings) { &remote, 1, queue });
}

static bool
is_forwarded(struct ofproto *p, const char *text)
{
    struct flow flow;
    char *actions;
    bool forwarded;

    test_flow(text, &flow);
    actions = test_xlate(p, &flow, NULL);
    forwarded = strcmp(actions, "drop") != 0;
    free(actions);
    return forwarded;
}

/* The remote is reached whatever flows there are, as long as it is one. */
static void
test_remote_is_reached(void **state)
{
    struct ofproto *p = *state;

    assert_false(is_forwarded(p, TO_REMOTE));
    keep_open(p, "10.8.0.2", -1);
    assert_true(is_forwarded(p, TO_REMOTE));
    test_add_flows(p, "priority=65535 actions=drop",
                   "priority=65535,tcp,tp_dst=6653 actions=drop", NULL);
    assert_true(is_forwarded(p, TO_REMOTE));
    assert_false(is_forwarded(p, "in_port=1,tcp,nw_dst=10.8.0.2,tp_dst=80"));
    keep_open(p, "10.8.0.3", -1);
    assert_false(is_forwarded(p, TO_REMOTE));
    keep_open(p, "10.8.0.2", -1);
    assert_true(is_forwarded(p, TO_REMOTE));
    in_band_configure(p, &(struct in_band_settings) { NULL, 0, -1 });
    assert_false(is_forwarded(p, TO_REMOTE));
}

/* Another queue changes the actions of flows that stay. */
static void
test_queue_changes(void **state)
{
    struct ofproto *p = *state;
    struct flow flow;
    char *actions[3];

    test_flow(TO_REMOTE, &flow);
    for (int i = 0; i < 3; i++) {
        keep_open(p, "10.8.0.2", i - 1);
        actions[i] = test_xlate(p, &flow, NULL);
    }
    assert_null(strstr(actions[0], "skb_priority"));
    assert_non_null(strstr(actions[1], "skb_priority"));
    assert_string_not_equal(actions[1], actions[2]);
    for (int i = 0; i < 3; i++) {
        free(actions[i]);
    }
}

/* Hidden flows survive a delete of all, and count for no limit. */
static void
test_controllers_do_not_get_at_it(void **state)
{
    const struct oftable_settings small = { .max_flows = 1 };
    struct ofproto *p = *state;

    ofproto_set_table(p, 0, &small);
    test_add_flows(p, "arp actions=drop", NULL);
    keep_open(p, "10.8.0.2", -1);
    assert_int_equal(p->tables[0].n_flows, 1);
    assert_int_equal(test_flow_mod(p, "add udp actions=drop"),
                     OFPFMFC_TABLE_FULL);
    assert_int_equal(test_flow_mod(p, "modify actions=drop"), 0);
    assert_int_equal(test_flow_mod(p, "delete"), 0);
    assert_int_equal(p->tables[0].n_flows, 0);
    assert_true(is_forwarded(p, TO_REMOTE));
}

/* What a naive reader of the header would say. */
static bool
is_dhcp_reply(const struct flow *f)
{
    return (f->dl_type == htons(ETH_TYPE_IPV4) && f->nw_proto == IPPROTO_UDP
            && f->tp_src == htons(67) && f->tp_dst == htons(68));
}

static struct flow
any_flow(struct rng *rng)
{
    static const uint8_t protos[] = { IPPROTO_UDP, IPPROTO_TCP, 1, 0 };
    static const uint16_t ports[] = { 67, 68, 66, 0, 65535 };

    return (struct flow) {
        .dl_type = htons(rng_range(rng, 8) ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6),
        .nw_proto = protos[rng_range(rng, 2) * rng_range(rng, 4)],
        .tp_src = htons(rng_range(rng, 2) ? 67 : ports[rng_range(rng, 5)]),
        .tp_dst = htons(rng_range(rng, 2) ? 68 : ports[rng_range(rng, 5)]),
    };
}

/* Packets that differ in wild bits alone have one answer, and one bit is
 * enough of those that are not DHCP. */
static void
test_few_bits_decide(void **state UNUSED)
{
    uint64_t seed = random_u64();
    struct rng rng = { .state = seed };
    unsigned int n_yes = 0;

    for (int i = 0; i < 20000; i++) {
        struct flow_wildcards wc = { .masks = { .dl_type = UINT16_MAX } };
        struct flow flow = any_flow(&rng), other = flow;
        bool yes = in_band_is_dhcp_reply(&flow, &wc);
        unsigned int last = (wc.masks.tp_dst ? wc.masks.tp_dst
                             : wc.masks.tp_src ? wc.masks.tp_src
                             : wc.masks.nw_proto);

        n_yes += yes;
        other.nw_proto ^= rng_u64(&rng) & ~wc.masks.nw_proto;
        other.tp_src ^= rng_u64(&rng) & ~wc.masks.tp_src;
        other.tp_dst ^= rng_u64(&rng) & ~wc.masks.tp_dst;
        if (yes != is_dhcp_reply(&flow) || yes != is_dhcp_reply(&other)
            || (!yes && __builtin_popcount(last) > 1)) {
            fail_msg("seed %#llx", (unsigned long long) seed);
        }
    }
    assert_in_range(n_yes, 100, 19900);
}

/* A bit that counts anyway, and tells, is not joined by another. */
static void
test_known_bits_are_enough(void **state UNUSED)
{
    const struct flow flow = {
        .dl_type = htons(ETH_TYPE_IPV4), .nw_proto = IPPROTO_UDP,
        .tp_src = htons(0x8001), .tp_dst = htons(68),
    };
    struct flow_wildcards wc = { .masks = {
        .dl_type = UINT16_MAX, .tp_src = htons(2),
    } };

    assert_false(in_band_is_dhcp_reply(&flow, &wc));
    assert_int_equal(wc.masks.tp_src, htons(2));
    assert_int_equal(wc.masks.tp_dst, 0);
}

int
in_band_tests(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, test_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_remote_is_reached),
        TEST(test_queue_changes),
        TEST(test_controllers_do_not_get_at_it),
        cmocka_unit_test(test_few_bits_decide),
        cmocka_unit_test(test_known_bits_are_enough),
    };

    return cmocka_run_group_tests_name("in_band", tests, NULL, NULL);
}
