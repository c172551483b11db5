/* SPDX-License-Identifier: Apache-2.0 */

/* Flow mods: what each command selects, and that transactions are all or
 * nothing. */

#include "vswitch/ofproto/flow_mod.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lib/openflow/flow_text.h"
#include "lib/openflow/table_msg.h"
#include "vswitch/ofproto/test.h"

static int
setup(void **state)
{
    return test_setup(state, 3);
}

static size_t
n_flows(const struct ofproto *p)
{
    size_t n = 0;

    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        n += p->tables[t].n_flows;
    }
    return n;
}

static void
test_delete_selects(void **state)
{
    struct ofproto *p = *state;

    test_add_flows(p, "table=1,tcp,tp_dst=80 actions=output:1",
                   "table=1,tcp,tp_dst=81 actions=output:2",
                   "table=2,udp actions=output:1",
                   "cookie=7,priority=5,arp actions=drop", NULL);
    assert_int_equal(n_flows(p), 4);
    /* Strict: only with equal priority and match. */
    assert_int_equal(test_flow_mod(p, "delete_strict arp"), 0);
    assert_int_equal(n_flows(p), 4);
    assert_int_equal(test_flow_mod(p, "delete out_port=2"), 0);
    assert_int_equal(n_flows(p), 3);
    assert_int_equal(test_flow_mod(p, "delete table=1,tcp"), 0);
    assert_int_equal(n_flows(p), 2);
    assert_int_equal(test_flow_mod(p, "delete cookie=7/0xff"), 0);
    assert_int_equal(n_flows(p), 1);
    assert_int_equal(test_flow_mod(p, "delete"), 0);
    assert_int_equal(n_flows(p), 0);
}

static void
test_modify_changes_actions_only(void **state)
{
    struct ofproto *p = *state;

    test_add_flows(p, "priority=9,cookie=5,idle_timeout=60,tcp "
                   "actions=output:1", NULL);
    assert_int_equal(test_flow_mod(p, "modify tcp,actions=output:2"), 0);
    assert_int_equal(n_flows(p), 1);
    test_expect(p, "in_port=3,tcp", "2");

    /* Nothing to modify: it is added. */
    assert_int_equal(test_flow_mod(p, "modify cookie=3,udp,actions=output:2"), 0);
    assert_int_equal(n_flows(p), 2);
}

static void
test_overlap_is_refused_when_asked(void **state)
{
    struct ofproto *p = *state;

    test_add_flows(p, "priority=5,tcp actions=drop", NULL);
    assert_int_equal(test_flow_mod(p, "add check_overlap,priority=5,"
                                   "ip,nw_src=1.2.3.4,actions=drop"),
                     OFPFMFC_OVERLAP);
    assert_int_equal(test_flow_mod(p, "add check_overlap,priority=5,"
                                   "arp,actions=drop"), 0);
    assert_int_equal(n_flows(p), 2);
}

static void
test_full_table_refuses_or_evicts(void **state)
{
    struct ofproto *p = *state;

    ofproto_set_table(p, 0, &(struct oftable_settings) { .max_flows = 2 });
    test_add_flows(p, "tcp,idle_timeout=30 actions=drop",
                   "udp actions=drop", NULL);
    assert_int_equal(test_flow_mod(p, "add arp,actions=drop"),
                     OFPFMFC_TABLE_FULL);
    ofproto_set_table(p, 0, &(struct oftable_settings) {
        .max_flows = 2, .evicts = true,
    });
    /* Only flows that would go anyway make room. */
    assert_int_equal(test_flow_mod(p, "add arp,actions=drop"), 0);
    assert_int_equal(n_flows(p), 2);
    assert_int_equal(test_flow_mod(p, "add ipv6,actions=drop"),
                     OFPFMFC_TABLE_FULL);
    assert_int_equal(p->tables[0].n_flows, 2);
}

/* Each event is told once, and then the other one is waited for. */
static void
test_vacancy_events(void **state)
{
    struct ofproto *p = *state;
    struct oftable *table = &p->tables[0];

    ofproto_set_table(p, 0, &(struct oftable_settings) { .max_flows = 4 });
    oftable_set_vacancy(table, &(struct table_mod) {
        .vacancy = TABLE_SWITCH_ON, .vacancy_down = 30, .vacancy_up = 60,
    });
    assert_int_equal(table->vacancy_event, TABLE_VACANCY_DOWN);
    test_add_flows(p, "tcp actions=drop", "udp actions=drop", NULL);
    assert_int_equal(table->vacancy_event, TABLE_VACANCY_DOWN);
    test_add_flows(p, "arp actions=drop", NULL);
    assert_int_equal(table->vacancy_event, TABLE_VACANCY_UP);
    assert_int_equal(test_flow_mod(p, "delete arp"), 0);
    assert_int_equal(table->vacancy_event, TABLE_VACANCY_UP);
    assert_int_equal(test_flow_mod(p, "delete udp"), 0);
    assert_int_equal(table->vacancy_event, TABLE_VACANCY_DOWN);
}

static void
test_groups_that_are_not_there_are_refused(void **state)
{
    assert_int_equal(test_flow_mod(*state, "add actions=group:77"),
                     OFPBAC_BAD_OUT_GROUP);
    assert_int_equal(n_flows(*state), 0);
}

static void
in_txn(struct flow_txn *txn, const char *text)
{
    struct buf ofpacts = BUF_EMPTY;
    struct flow_mod fm;
    struct error *error = flow_mod_parse(&fm, text, -1,
                                         &(struct text_names) { 0 },
                                         &ofpacts, NULL);

    assert_null(error);
    assert_int_equal(flow_txn_flow_mod(txn, &fm), 0);
    buf_uninit(&ofpacts);
}

/* What a transaction has done shows all at once, or never. */
static void
test_transactions_are_atomic(void **state)
{
    struct ofproto *p = *state;
    struct flow_txn txn;

    test_add_flows(p, "priority=1 actions=output:1", NULL);
    for (int commits = 0; commits <= 1; commits++) {
        rcu_read_lock();
        flow_txn_begin(&txn, p, NULL, 0);
        in_txn(&txn, "delete");
        in_txn(&txn, "add priority=2,tcp,actions=output:2");
        in_txn(&txn, "add priority=2,tcp,actions=output:1,output:2");
        in_txn(&txn, "add priority=3,udp,actions=output:2");
        in_txn(&txn, "delete_strict priority=3,udp");
        in_txn(&txn, "add priority=1,actions=drop");
        rcu_read_unlock();
        test_expect(p, "in_port=3,tcp", "1");
        if (commits) {
            flow_txn_commit(&txn);
        } else {
            flow_txn_revert(&txn);
            test_expect(p, "in_port=3,tcp", "1");
            assert_int_equal(n_flows(p), 1);
        }
    }
    test_expect(p, "in_port=3,tcp", "1,2");
    test_expect(p, "in_port=3,udp", "drop");
    assert_int_equal(n_flows(p), 2);
    removals_run(p, true);
    assert_int_equal(classifier_count(p->tables[0].cls), 2);
}

/* Actions are stored once, however many flows have them. */
static void
test_equal_actions_are_shared(void **state)
{
    size_t before = rule_actions_count();

    test_add_flows(*state, "tcp actions=output:1,dec_ttl,output:2",
                   "udp actions=output:1,dec_ttl,output:2",
                   "icmp actions=output:1,dec_ttl,output:2", NULL);
    assert_int_equal(rule_actions_count(), before + 1);
}

static size_t
cookie_count(struct ofproto *p)
{
    return oftable_cookie_count(&p->tables[0], htonll(7),
                                ofproto_version(p));
}

/* The count of a cookie's flows follows whatever happens to them. */
static void
test_flows_of_a_cookie_are_counted(void **state)
{
    struct ofproto *p = *state;
    struct flow_txn txn;

    test_add_flows(p, "cookie=7,tcp actions=drop", "cookie=8,udp actions=drop",
                   NULL);
    assert_int_equal(cookie_count(p), 1);
    test_add_flows(p, "cookie=7,icmp actions=drop", NULL);
    assert_int_equal(cookie_count(p), 2);
    test_add_flows(p, "cookie=9,tcp actions=drop", NULL);
    assert_int_equal(cookie_count(p), 1);
    assert_int_equal(test_flow_mod(p, "modify cookie=7,udp,actions=drop"), 0);
    assert_int_equal(cookie_count(p), 2);
    rcu_read_lock();
    flow_txn_begin(&txn, p, NULL, 0);
    in_txn(&txn, "add cookie=7,arp,actions=drop");
    in_txn(&txn, "delete udp");
    flow_txn_revert(&txn);
    rcu_read_unlock();
    assert_int_equal(cookie_count(p), 2);
    assert_int_equal(test_flow_mod(p, "delete icmp"), 0);
    assert_int_equal(cookie_count(p), 1);
    ofproto_flush_flows(p);
    assert_int_equal(cookie_count(p), 0);
}

int
flow_mod_tests(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, test_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_delete_selects),
        TEST(test_modify_changes_actions_only),
        TEST(test_overlap_is_refused_when_asked),
        TEST(test_full_table_refuses_or_evicts),
        TEST(test_vacancy_events),
        TEST(test_groups_that_are_not_there_are_refused),
        TEST(test_transactions_are_atomic),
        TEST(test_equal_actions_are_shared),
        TEST(test_flows_of_a_cookie_are_counted),
    };

    return cmocka_run_group_tests_name("flow_mod", tests, NULL, NULL);
}
