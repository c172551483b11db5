/* SPDX-License-Identifier: Apache-2.0 */

/* Translation: what actions come out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vswitch/ofproto/group.h"
#include "vswitch/ofproto/test.h"
#include "vswitch/protocols/mac_learning.h"

/* Of the first bridge, OpenFlow port n is datapath port n. */

static int
setup(void **state)
{
    return test_setup(state, 4);
}

#define TCP "in_port=1,tcp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02," \
            "nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,tp_src=1000,tp_dst=80"

static void
test_output_and_drop(void **state)
{
    test_expect(*state, TCP, "drop");
    test_add_flows(*state, "in_port=1 actions=output:2,output:3,in_port,"
                   "output:1,output:99", NULL);
    test_expect(*state, TCP, "2,3,1");
}

/* Registers live through resubmits, header changes are emitted once, before
 * the output that needs them, and not at all if they cancel out. */
static void
test_resubmit_registers_and_sets(void **state)
{
    test_add_flows(*state,
        "table=0,in_port=1 actions=load:7->NXM_NX_REG3[],resubmit(,5),"
        "resubmit(,6)",
        "table=5,reg3=7,ip actions=dec_ttl,mod_dl_dst:00:00:00:00:00:09,"
        "output:2,mod_dl_dst:00:00:00:00:00:02",
        "table=6 actions=move:NXM_NX_REG3[0..2]->NXM_NX_REG4[4..6],"
        "resubmit(,7)",
        "table=7,reg4=0x70 actions=output:3", NULL);
    test_expect(*state, TCP,
                "set(eth(dst=00:00:00:00:00:09)),set(ipv4(ttl=63)),2,"
                "set(eth(dst=00:00:00:00:00:02)),3");
}

/* A table that resubmits to itself must end, with an error and no actions. */
static void
test_loops_are_bounded(void **state)
{
    struct flow flow;
    char *got;

    test_add_flows(*state, "table=0 actions=output:2,resubmit(,0)", NULL);
    test_flow(TCP, &flow);
    got = test_xlate(*state, &flow, NULL);
    assert_string_equal(got, "error: resubmits are nested too deeply");
    free(got);

    /* Few levels, but each twice the last. */
    ofproto_flush_flows(*state);
    for (int t = 0; t < 40; t++) {
        char text[96];

        snprintf(text, sizeof text, "table=%d actions=resubmit(,%d),"
                 "resubmit(,%d)", t, t + 1, t + 1);
        assert_int_equal(test_flow_mod(*state, text), 0);
    }
    got = test_xlate(*state, &flow, NULL);
    assert_string_equal(got, "error: too many resubmits");
    free(got);
}

static void
test_conntrack_forks(void **state)
{
    struct flow flow;
    char *got;

    test_add_flows(*state,
        "table=0,tcp actions=ct(table=1,zone=5),output:2",
        "table=1,ct_state=+trk+new,tcp actions=ct(commit,zone=5,"
        "exec(load:1->NXM_NX_CT_MARK[])),output:3", NULL);
    test_flow(TCP, &flow);
    got = test_xlate(*state, &flow, NULL);
    assert_memory_equal(got, "ct(zone=5),recirc(0x", 20);
    assert_non_null(strstr(got, "),2"));
    free(got);
}

/* The thawed packet goes on with its registers, in the bridge and table that
 * froze it, and sees the connection's state. */
static void
test_thaw_goes_on(void **state)
{
    struct ofproto *p = *state;
    struct flow_wildcards wc;
    struct xlate_in in;
    struct xlate_out out, thawed;
    struct flow flow;

    test_add_flows(p,
        "table=0,tcp actions=load:9->NXM_NX_REG1[],ct(table=1,zone=5)",
        "table=1,reg1=9,ct_state=+trk+new,tcp actions=output:3", NULL);
    test_flow(TCP, &flow);
    rcu_read_lock();
    xlate_in_init(&in, p, &flow);
    xlate(&in, &out);
    assert_int_equal(out.n_recirc_ids, 1);

    flow.in_port = 1;            /* As the datapath has it. */
    flow.recirc_id = out.recirc_ids[0];
    flow.ct_state = CS_TRACKED | CS_NEW;
    memset(&wc, 0, sizeof wc);
    assert_int_equal(xlate_receive(p->backer, &flow, &in, &wc), XLATE_OK);
    assert_ptr_equal(in.ofproto, p);
    xlate(&in, &thawed);
    assert_int_equal(thawed.error, XLATE_OK);
    assert_int_equal(thawed.actions.size, 8);
    assert_int_equal(get_u32(thawed.actions.data + 4), 3);
    assert_int_equal(thawed.wc.masks.ct_state, CS_TRACKED | CS_NEW);
    xlate_out_uninit(&thawed);
    xlate_out_uninit(&out);
    rcu_read_unlock();
}

static void
test_normal_learns_and_respects_vlans(void **state)
{
    struct ofproto *p = *state;
    ofp_port_t access = 2, trunk = 3;
    struct eth_addr mac = { { 0, 0, 0, 0, 0, 2 } };

    test_add_flows(p, "actions=normal", NULL);
    ofproto_bundle_set(p, &(struct ofbundle_settings) {
        .name = "br0-p2", .vlan_mode = VLAN_MODE_ACCESS, .vlan = 10,
        .ports = &access, .n_ports = 1,
    });
    ofproto_bundle_set(p, &(struct ofbundle_settings) {
        .name = "br0-p3", .vlan_mode = VLAN_MODE_NATIVE_UNTAGGED,
        .vlan = 20, .ports = &trunk, .n_ports = 1,
    });

    /* Flooded from the access port: tagged on trunks. */
    test_expect(p, "in_port=2,dl_src=00:00:00:00:00:01,"
                "dl_dst=00:00:00:00:00:02,dl_type=0x1234",
                "push_vlan(vid=10,pcp=0),1,4,3");
    /* Known: to its port alone. */
    mac_table_add_static(p->macs, 10, mac, 4);
    test_expect(p, "in_port=2,dl_src=00:00:00:00:00:01,"
                "dl_dst=00:00:00:00:00:02,dl_type=0x1234",
                "push_vlan(vid=10,pcp=0),4");
    /* Back out of the access port without a tag. */
    mac_table_add_static(p->macs, 10, mac, 2);
    test_expect(p, "in_port=1,dl_src=00:00:00:00:00:03,dl_vlan=10,"
                "dl_vlan_pcp=0,dl_dst=00:00:00:00:00:02,dl_type=0x1234",
                "pop_vlan,2");
    /* The access port takes no tagged packets. */
    test_expect(p, "in_port=2,dl_src=00:00:00:00:00:01,dl_vlan=10,"
                "dl_dst=00:00:00:00:00:02,dl_type=0x1234", "drop");
    /* A port that is gone is as good as unknown. */
    mac_table_add_static(p->macs, 10, mac, 77);
    test_expect(p, "in_port=2,dl_src=00:00:00:00:00:01,"
                "dl_dst=00:00:00:00:00:02,dl_type=0x1234",
                "push_vlan(vid=10,pcp=0),1,4,3");
    /* Reserved addresses are not forwarded. */
    test_expect(p, "in_port=1,dl_src=00:00:00:00:00:01,"
                "dl_dst=01:80:c2:00:00:00,dl_type=0x1234", "drop");
}

static void
test_patch_port_enters_the_other_bridge(void **state)
{
    struct ofproto *p = *state;
    struct ofproto *q = test_bridge("br1", 1);

    assert_int_equal(test_add_port(p, "patch0", "patch", "peer=patch1"), 5);
    assert_int_equal(test_add_port(q, "patch1", "patch", "peer=patch0"), 2);
    ofproto_flush_flows(q);
    test_add_flows(p, "in_port=1 actions=load:1->NXM_NX_REG0[],"
                   "mod_dl_dst:00:00:00:00:00:07,output:5,output:2", NULL);
    test_add_flows(q, "in_port=2,reg0=0,dl_dst=00:00:00:00:00:07 "
                   "actions=mod_dl_src:00:00:00:00:00:08,output:1", NULL);
    test_expect(p, TCP,
                "set(eth(src=00:00:00:00:00:08,dst=00:00:00:00:00:07)),5,"
                "set(eth(src=00:00:00:00:00:01)),2");
    ofproto_destroy(q, true);

    /* Without a peer it leads nowhere. */
    test_expect(p, TCP, "set(eth(dst=00:00:00:00:00:07)),2");
}

/* Bridges that throw a packet to and fro, and groups that lead to each other,
 * end at the bounds of resubmits. */
static void
test_loops_of_bridges_and_groups_are_bounded(void **state)
{
    struct ofproto *p = *state;
    struct ofproto *q = test_bridge("br1", 1);
    struct flow flow;
    char *got;

    assert_int_equal(test_add_port(p, "patch0", "patch", "peer=patch1"), 5);
    assert_int_equal(test_add_port(q, "patch1", "patch", "peer=patch0"), 2);
    ofproto_flush_flows(q);
    test_add_flows(p, "in_port=1 actions=output:5",
                   "in_port=5 actions=output:2,in_port", NULL);
    test_add_flows(q, "in_port=2 actions=in_port", NULL);
    test_flow(TCP, &flow);
    got = test_xlate(p, &flow, NULL);
    assert_string_equal(got, "error: resubmits are nested too deeply");
    free(got);
    ofproto_destroy(q, true);

    for (int id = 1; id <= 2; id++) {
        char text[96];

        snprintf(text, sizeof text, "group_id=%d,type=all,"
                 "bucket=actions=output:2,bucket=actions=resubmit(,%d)", id,
                 id);
        assert_int_equal(test_group_mod(p, GROUP_MOD_ADD, text), 0);
    }
    test_add_flows(p, "table=1 actions=group:2", "table=2 actions=group:1",
                   "table=0,in_port=1 actions=group:1", NULL);
    got = test_xlate(p, &flow, NULL);
    assert_true(!strncmp(got, "error: ", 7));
    free(got);
}

static void
test_tunnel_from_flow(void **state)
{
    struct ofproto *p = *state;
    struct flow flow;
    char *got;

    assert_int_equal(test_add_port(p, "tun", "geneve", "remote_ip=flow,"
                                   "key=flow"), 5);
    test_add_flows(p, "in_port=1 actions=set_field:0x17->tun_id,"
                   "set_field:192.0.2.9->tun_dst,output:5", NULL);
    test_flow(TCP, &flow);
    got = test_xlate(p, &flow, NULL);
    assert_non_null(strstr(got, "set(tunnel(tun_id=0x17,dst=192.0.2.9,ttl=64,"
                           "tp_dst=6081,flags("));
    free(got);
}

static void
test_conjunction_chooses_its_actions(void **state)
{
    test_add_flows(*state,
        "priority=10,ip,nw_src=10.0.0.1 actions=conjunction(5,1/2)",
        "priority=10,tcp,tp_dst=80 actions=conjunction(5,2/2)",
        "priority=10,conj_id=5,ip actions=output:4",
        "priority=1 actions=output:2", NULL);
    test_expect(*state, TCP, "4");
    test_expect(*state, "in_port=1,tcp,nw_src=10.0.0.1,tp_dst=81", "2");
    test_expect(*state, "in_port=1,tcp,nw_src=10.0.0.2,tp_dst=80", "2");
}

/* The set of write_actions is done at the end, each kind once, in the order
 * of the specification. */
static void
test_action_set(void **state)
{
    test_add_flows(*state,
        "table=0 actions=write_actions(output:2,mod_dl_dst:00:00:00:00:00:05)"
        ",goto_table:1",
        "table=1 actions=write_actions(output:3),goto_table:2",
        "table=2 actions=output:4", NULL);
    test_expect(*state, TCP, "4,set(eth(dst=00:00:00:00:00:05)),3");
}

static void
test_clone_leaves_no_trace(void **state)
{
    test_add_flows(*state,
        "table=0 actions=clone(mod_dl_dst:00:00:00:00:00:05,output:2),"
        "output:3", NULL);
    test_expect(*state, TCP, "set(eth(dst=00:00:00:00:00:05)),2,"
                "set(eth(dst=00:00:00:00:00:02)),3");
}

int
xlate_tests(void)
{
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, test_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_output_and_drop),
        TEST(test_resubmit_registers_and_sets),
        TEST(test_loops_are_bounded),
        TEST(test_conntrack_forks),
        TEST(test_thaw_goes_on),
        TEST(test_normal_learns_and_respects_vlans),
        TEST(test_patch_port_enters_the_other_bridge),
        TEST(test_loops_of_bridges_and_groups_are_bounded),
        TEST(test_tunnel_from_flow),
        TEST(test_conjunction_chooses_its_actions),
        TEST(test_action_set),
        TEST(test_clone_leaves_no_trace),
    };

    return cmocka_run_group_tests_name("xlate", tests, NULL, NULL);
}
