/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a chassis, and the tunnels and queues that follow. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "controller/chassis/config.h"
#include "controller/chassis/encap_ips.h"
#include "controller/chassis/mappings.h"
#include "controller/chassis/qos.h"
#include "controller/testing.h"

/* ## Texts ## */

static void
test_mappings(void **state UNUSED)
{
    static const struct {
        const char *text;
        const char *network;
        const char *value;
    } cases[] = {
        { "a:x,b:y", "a", "x" }, { "a:x,b:y", "b", "y" },
        { " a:x,, b:y ", "b", "y" }, { "a:x", "", NULL },
        { "a:x", "aa", NULL }, { "aa:x", "a", NULL }, { "", "a", NULL },
        { "a", "a", NULL }, { "a,a:x", "a", "x" }, { "a:", "a", "" },
        { "a:00:11:22", "a", "00:11:22" }, { ":x", "", "x" },
        { "a:x,a:y", "a", "x" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *value = mapping_find(cases[i].text, cases[i].network);

        if (cases[i].value) {
            assert_non_null(value);
            assert_string_equal(value, cases[i].value);
        } else {
            assert_null(value);
        }
        free(value);
    }
}

static void
test_encap_ips(void **state UNUSED)
{
    char many[ENCAP_MAX_IPS * 10 * 2] = "";
    struct encap_ips ips;

    encap_ips_parse(&ips, "", "1.1.1.1");
    assert_int_equal(ips.n, 0);
    assert_int_equal(encap_ips_number(&ips, "1.1.1.1"), 0);

    encap_ips_parse(&ips, ", 1.1.1.1,2.2.2.2 , fd00::3,2.2.2.2", "fd00::3");
    assert_int_equal(ips.n, 3);
    assert_string_equal(ips.ips[0], "fd00::3");
    assert_string_equal(ips.ips[1], "1.1.1.1");
    assert_string_equal(ips.ips[2], "2.2.2.2");
    assert_int_equal(encap_ips_number(&ips, "2.2.2.2"), 2);
    assert_int_equal(encap_ips_number(&ips, "9.9.9.9"), 0);

    encap_ips_parse(&ips, "1.1.1.1,2.2.2.2", "9.9.9.9");
    assert_string_equal(ips.ips[0], "1.1.1.1");

    for (unsigned int i = 0; i < ENCAP_MAX_IPS + 5; i++) {
        snprintf(many + strlen(many), 12, "10.0.0.%u,", i);
    }
    encap_ips_parse(&ips, many, "");
    assert_int_equal(ips.n, ENCAP_MAX_IPS);
    encap_ips_parse(&ips, "0123456789012345678901234567890123456789012345678",
                    "");
    assert_int_equal(ips.n, 0);
}

/* ## Settings ## */

static const char *
setting(struct bench *b, const char *name)
{
    const struct incr_group *group = bench_find_text(b, FACT_CONFIG, name);

    return group ? incr_group_value(group, 0) : "absent";
}

/* Each instance on a host has settings of its own. */
static void
test_keys_of_a_chassis_override(void **state)
{
    struct bench *b = *state;

    bench_settings(b, "['ovn-encap-ip','1'],['ovn-encap-ip-h1','2'],"
                   "['ovn-encap-ip-h2','3'],['ovn-bridge-h1','br-x'],"
                   "['hostname-h1','other'],");
    bench_run(b);
    assert_string_equal(setting(b, "ovn-encap-ip"), "2");
    assert_string_equal(setting(b, "ovn-bridge"), "br-x");
    assert_string_equal(setting(b, "hostname"), "other");
    assert_string_equal(setting(b, "system-id"), "h1");

    bench_settings(b, "['ovn-encap-ip','1'],");
    bench_run(b);
    assert_string_equal(setting(b, "ovn-encap-ip"), "1");
    assert_string_equal(setting(b, "ovn-bridge"), "absent");
}

static void
test_given_name_counts_more_than_system_id(void **state)
{
    struct bench *b = *state;

    incr_set_aux(b->controller.incr, (void *) "h2");
    bench_settings(b, "['ovn-encap-ip-h1','2'],['ovn-encap-ip-h2','3'],");
    bench_run(b);
    assert_string_equal(setting(b, "ovn-encap-ip"), "3");
    assert_string_equal(setting(b, "system-id"), "h2");
    assert_null(bench_find(b, FACT_CHASSIS_HERE, NULL, 0));
}

/* Outside of units the same rule holds. */
static void
test_rule_outside_of_units(void **state UNUSED)
{
    const char *room[] = { "k", "k-a", "k-b", "system-id",
                           "1", "2", "3", "a" };
    const struct strmap ids = { 4, room, room + 4 };

    assert_string_equal(config_get(&ids, NULL, "k", "0"), "2");
    assert_string_equal(config_get(&ids, "b", "k", "0"), "3");
    assert_string_equal(config_get(&ids, "c", "k", "0"), "1");
    assert_string_equal(config_get(&ids, NULL, "l", "0"), "0");
}

/* ## Tunnels ## */

/* A chassis "h2" (row 2) with an Encap (row 20) at 10.0.0.2. */
static int
setup_h2(void **state)
{
    bench_setup(state);
    bench_settings(*state, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],");
    bench_set(*state, "Encap", 20, "'type':'geneve','ip':'10.0.0.2',"
              "'chassis_name':'h2'");
    bench_set(*state, "Chassis", 2, "'name':'h2','encaps':@20");
    return 0;
}

static size_t
n_tunnels(struct bench *b)
{
    const struct incr_group *group = bench_find_text(b, FACT_TUNNEL_WANTED,
                                                     "h2");

    return group ? group->n : 0;
}

/* The only tunnel to h2. */
static const struct tunnel_want *
tunnel(struct bench *b)
{
    bench_run(b);
    assert_int_equal(n_tunnels(b), 1);
    return incr_group_value(bench_find_text(b, FACT_TUNNEL_WANTED, "h2"), 0);
}

static void
test_tunnel(void **state)
{
    struct bench *b = *state;

    assert_int_equal(tunnel(b)->type, TUNNEL_GENEVE);
    assert_true(tunnel(b)->csum);
    assert_string_equal(tunnel(b)->remote_ip, "10.0.0.2");
    assert_string_equal(tunnel(b)->local_ip, "");
    assert_false(tunnel(b)->bfd);

    bench_set(b, "Encap", 20, "'options':['map',[['csum','false'],"
              "['dst_port','6082']]]");
    bench_settings(b, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],['ovn-set-local-ip','true'],"
                   "['ovn-encap-tos','inherit'],"
                   "['ovn-encap-df_default','false'],");
    assert_false(tunnel(b)->csum);
    assert_int_equal(tunnel(b)->dst_port, 6082);
    assert_string_equal(tunnel(b)->local_ip, "10.0.0.1");
    assert_string_equal(tunnel(b)->tos, "inherit");
    assert_string_equal(tunnel(b)->df_default, "false");

    /* To ourselves there is none. */
    bench_set(b, "Chassis", ROW_CHASSIS, "'encaps':@20");
    bench_run(b);
    assert_null(bench_find_text(b, FACT_TUNNEL_WANTED, "h1"));
}

static void
test_type_is_one_that_both_have(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Encap", 21, "'type':'vxlan','ip':'10.0.0.2',"
              "'chassis_name':'h2'");
    bench_set(b, "Chassis", 2, "'encaps':['set',[@20,@21]]");
    assert_int_equal(tunnel(b)->type, TUNNEL_GENEVE);

    bench_set(b, "Chassis", 2, "'encaps':@21");
    bench_run(b);
    assert_int_equal(n_tunnels(b), 0);
    bench_settings(b, "['ovn-encap-type','vxlan,geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],");
    assert_int_equal(tunnel(b)->type, TUNNEL_VXLAN);
}

static void
test_vtep_gets_vxlan(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Encap", 20, "'type':'vxlan'");
    bench_set(b, "Chassis", 2, "'other_config':['map',[['is-vtep','true']]]");
    assert_int_equal(tunnel(b)->type, TUNNEL_VXLAN);
}

static void
test_chassis_of_other_zones(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Chassis", 2,
              "'other_config':['map',[['is-remote','true']]]");
    bench_run(b);
    assert_int_equal(n_tunnels(b), 0);
    bench_settings(b, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],['ovn-is-interconn','true'],");
    tunnel(b);
}

static void
test_transport_zones(void **state)
{
    static const struct {
        const char *ours;
        const char *theirs;
        bool meet;
    } cases[] = {
        { "", "", true }, { "a", "", false }, { "", "'a'", false },
        { "a", "'a'", true }, { "a,b", "'b','c'", true },
        { "a,b", "'c'", false }, { "ab", "'a'", false },
    };
    struct bench *b = *state;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char pairs[200];

        snprintf(pairs, sizeof pairs, "['ovn-encap-type','geneve'],"
                 "['ovn-encap-ip','10.0.0.1'],['ovn-transport-zones','%s'],",
                 cases[i].ours);
        bench_settings(b, pairs);
        bench_set(b, "Chassis", 2, "'transport_zones':['set',[%s]]",
                  cases[i].theirs);
        bench_run(b);
        assert_int_equal(n_tunnels(b), cases[i].meet);
    }
}

/* From each of our addresses to each of theirs, within a family. */
static void
test_several_addresses(void **state)
{
    struct bench *b = *state;

    bench_settings(b, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1,10.0.1.1,fd00::1'],");
    bench_set(b, "Encap", 21, "'type':'geneve','ip':'10.0.1.2',"
              "'chassis_name':'h2'");
    bench_set(b, "Encap", 22, "'type':'geneve','ip':'fd00::2',"
              "'chassis_name':'h2'");
    bench_set(b, "Chassis", 2, "'encaps':['set',[@20,@21,@22]]");
    bench_run(b);
    assert_int_equal(n_tunnels(b), 5);
}

static void
test_gateways_are_watched(void **state)
{
    struct bench *b = *state;

    bench_set(b, "SB_Global", 30,
              "'options':['map',[['bfd-min-rx','200'],['bfd-mult','5']]]");
    bench_set(b, "HA_Chassis", 31, "'chassis':@%u,'priority':1",
              ROW_CHASSIS);
    bench_set(b, "HA_Chassis", 32, "'chassis':@2,'priority':2");
    bench_set(b, "HA_Chassis_Group", 33, "'name':'g',"
              "'ha_chassis':['set',[@31,@32]]");
    assert_true(tunnel(b)->bfd);
    assert_int_equal(tunnel(b)->bfd_options[BFD_MIN_RX], 200);
    assert_int_equal(tunnel(b)->bfd_options[BFD_MULT], 5);
    assert_int_equal(tunnel(b)->bfd_options[BFD_MIN_TX], 0);

    bench_delete(b, "HA_Chassis_Group", 33);
    assert_false(tunnel(b)->bfd);
    assert_int_equal(tunnel(b)->bfd_options[BFD_MULT], 0);
}

/* One tunnel of each type, and ways through it in the place of others. */
static void
test_tunnels_by_flow(void **state)
{
    const struct tunnel_want *want;
    const struct tunnel_fact *way;
    const struct incr_group *group;
    struct bench *b = *state;

    bench_settings(b, "['ovn-encap-type','geneve,vxlan'],"
                   "['ovn-encap-ip','10.0.0.1,fd00::1'],"
                   "['ovn-enable-flow-based-tunnels','true'],");
    bench_run(b);
    assert_int_equal(n_tunnels(b), 0);
    group = bench_find_text(b, FACT_TUNNEL_WANTED, "");
    assert_non_null(group);
    assert_int_equal(group->n, 2);
    want = incr_group_value(group, 0);
    assert_string_equal(want->remote_ip, "flow");
    assert_string_equal(want->local_ip, "flow");
    assert_null(bench_find_text(b, FACT_TUNNEL, "h2"));

    bench_interface(b, 7, "'name':'ovn-geneve','type':'geneve','ofport':7",
                    "['ovn-chassis-id','@geneve%flow']");
    bench_run(b);
    group = bench_find_text(b, FACT_TUNNEL, "h2");
    assert_non_null(group);
    assert_int_equal(group->n, 1);
    way = incr_group_value(group, 0);
    assert_true(way->by_flow);
    assert_int_equal(way->ofport, 7);
    assert_string_equal(way->remote_ip, "10.0.0.2");
    assert_string_equal(way->local_ip, "10.0.0.1");
    assert_null(bench_find_text(b, FACT_TUNNEL, ""));

    bench_settings(b, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],");
    assert_string_equal(tunnel(b)->remote_ip, "10.0.0.2");
    assert_null(bench_find_text(b, FACT_TUNNEL, "h2"));
}

/* Whoever has the highest priority is the gateway, and lives. */
static void
test_tunnels_by_flow_have_no_bfd(void **state)
{
    struct bench *b = *state;
    const struct tunnel_fact *way;

    bench_settings(b, "['ovn-encap-type','geneve'],"
                   "['ovn-encap-ip','10.0.0.1'],"
                   "['ovn-enable-flow-based-tunnels','true'],");
    bench_interface(b, 7, "'name':'ovn-geneve','type':'geneve','ofport':7,"
                    "'bfd_status':['map',[['state','down']]]",
                    "['ovn-chassis-id','@geneve%flow']");
    bench_set(b, "HA_Chassis", 31, "'chassis':@%u,'priority':1",
              ROW_CHASSIS);
    bench_set(b, "HA_Chassis", 32, "'chassis':@2,'priority':2");
    bench_set(b, "HA_Chassis_Group", 33, "'name':'g',"
              "'ha_chassis':['set',[@31,@32]]");
    bench_set(b, "Datapath_Binding", 40, "'tunnel_key':4");
    bench_set(b, "Port_Binding", 41, "'logical_port':'cr','tunnel_key':1,"
              "'type':'chassisredirect','datapath':@40,"
              "'ha_chassis_group':@33");
    bench_run(b);
    assert_null(bench_find_row(b, FACT_CLAIM, 41));
    way = incr_group_value(bench_find_text(b, FACT_TUNNEL, "h2"), 0);
    assert_false(way->bfd_down);
    assert_false(((const struct tunnel_want *) incr_group_value(
                      bench_find_text(b, FACT_TUNNEL_WANTED, ""), 0))->bfd);

    bench_set(b, "HA_Chassis", 31, "'priority':3");
    bench_run(b);
    assert_non_null(bench_find_row(b, FACT_CLAIM, 41));
}

/* ## Queues ## */

static const struct queue_fact *
queue(struct bench *b, const char *network)
{
    const struct incr_group *group;

    bench_run(b);
    group = bench_find_text(b, FACT_QUEUE, network);
    return group ? incr_group_value(group, 0) : NULL;
}

static void
test_queues(void **state)
{
    struct bench *b = *state;

    bench_set(b, "Datapath_Binding", 40, "'tunnel_key':4");
    bench_set(b, "Port_Binding", 41, "'logical_port':'p','tunnel_key':1,"
              "'datapath':@40,'options':['map',[['qdisc_queue_id','7'],"
              "['qos_max_rate','99'],['qos_physical_network','phys']]]");
    assert_null(queue(b, "phys"));     /* It is not here. */
    bench_interface(b, 42, "'name':'v','ofport':1,"
                    "'external_ids':['map',[['iface-id','p']]]", "");
    assert_non_null(queue(b, "phys"));
    assert_int_equal(queue(b, "phys")->id, 7);
    assert_int_equal(queue(b, "phys")->max_rate, 99);
    assert_int_equal(queue(b, "phys")->min_rate, 0);
    assert_string_equal(queue(b, "phys")->port, "p");

    bench_set(b, "Port_Binding", 41, "'options':['map',["
              "['qdisc_queue_id','7'],['qos_burst','5']]]");
    assert_null(queue(b, "phys"));
    assert_int_equal(queue(b, "")->burst, 5);

    bench_set(b, "Port_Binding", 41, "'options':['map',["
              "['qdisc_queue_id','7']]]");
    assert_null(queue(b, ""));

    /* The whole network's, at the host where the switch is. */
    bench_set(b, "Port_Binding", 43, "'logical_port':'ln','tunnel_key':2,"
              "'type':'localnet','datapath':@40,'options':['map',["
              "['qdisc_queue_id','8'],['qos_max_rate','9'],"
              "['qos_physical_network','phys']]]");
    assert_int_equal(queue(b, "phys")->id, 8);
    bench_delete(b, "Interface", 42);
    assert_null(queue(b, "phys"));
}

#define TEST(NAME) \
    cmocka_unit_test_setup_teardown(NAME, bench_setup, bench_teardown)
#define TEST_H2(NAME) \
    cmocka_unit_test_setup_teardown(NAME, setup_h2, bench_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mappings),
        cmocka_unit_test(test_encap_ips),
        TEST(test_keys_of_a_chassis_override),
        TEST(test_given_name_counts_more_than_system_id),
        cmocka_unit_test(test_rule_outside_of_units),
        TEST_H2(test_tunnel),
        TEST_H2(test_type_is_one_that_both_have),
        TEST_H2(test_vtep_gets_vxlan),
        TEST_H2(test_chassis_of_other_zones),
        TEST_H2(test_transport_zones),
        TEST_H2(test_several_addresses),
        TEST_H2(test_gateways_are_watched),
        TEST_H2(test_tunnels_by_flow),
        TEST_H2(test_tunnels_by_flow_have_no_bfd),
        TEST(test_queues),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
