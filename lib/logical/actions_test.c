/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

#include <errno.h>

#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_text.h"

/* A world of tables; groups and meters are always there. */

static struct action_parse_env
test_parse_env(void)
{
    static struct option_table dhcpv4, dhcpv6, nd_ra;
    static bool is_made;

    if (!is_made) {
        option_table_init(&dhcpv4, dhcpv4_option_defs);
        option_table_init(&dhcpv6, dhcpv6_option_defs);
        option_table_init(&nd_ra, nd_ra_option_defs);
        is_made = true;
    }
    return (struct action_parse_env) {
        .symbols = ovn_symbols(),
        .dhcpv4 = &dhcpv4,
        .dhcpv6 = &dhcpv6,
        .nd_ra = &nd_ra,
        .pipeline = PIPELINE_INGRESS,
        .table = 10,
        .n_tables = 35,
    };
}

static bool
find_group(void *aux UNUSED, const char *text UNUSED, uint32_t *ret_id)
{
    static uint32_t n;

    *ret_id = ++n;
    return true;
}

static uint32_t
datapath_key(void *aux UNUSED)
{
    return 3;
}

static bool
find_meter(void *aux UNUSED, const char *name, uint32_t *ret_id)
{
    *ret_id = 7;
    return strcmp(name, "gone") != 0;
}

static bool
find_tunnel(void *aux UNUSED, const char *name UNUSED, ofp_port_t *ret)
{
    *ret = 5;
    return true;
}

static struct action_encode_env
test_encode_env(void)
{
    static const struct action_tables tables = {
        .ingress = 8,
        .egress = 45,
        .output_ingress = 40,
        .output_egress = 64,
        .mac_bind = 66,
        .mac_lookup = 67,
        .chk_lb_hairpin = 68,
        .chk_lb_hairpin_reply = 69,
        .ct_snat_hairpin = 70,
        .get_fdb = 71,
        .get_remote_fdb = 87,
        .lookup_fdb = 72,
        .check_in_port_sec = 73,
        .check_out_port_sec = 75,
        .ecmp_nh_mac = 76,
        .ecmp_nh = 77,
        .chk_lb_affinity = 78,
        .mac_cache_use = 79,
        .ct_nw_dst = 81,
        .ct_ip6_dst = 82,
        .ct_tp_dst = 83,
        .ct_proto = 86,
        .flood_remote = 84,
        .ct_state_save = 85,
        .mirror_output = 65,
    };

    return (struct action_encode_env) {
        .tables = &tables,
        .pipeline = PIPELINE_INGRESS,
        .is_switch = true,
        .cookie = 0x12345678,
        .common_nat_zone_reg = LOG_REG_DNAT_ZONE,
        .punt_meter = CONTROLLER_NO_METER,
        .find_port = test_world().find_port,
        .find_tunnel = find_tunnel,
        .find_group = find_group,
        .find_meter = find_meter,
        .datapath_key = datapath_key,
    };
}

/* Parses 'text'; its encoding as ovs-ofctl prints it, or the error. */
static char *
encode(const char *text, const struct action_encode_env *env,
       struct str *printed, struct str *prereqs_text)
{
    struct action_parse_env parse_env = test_parse_env();
    struct arena arena = ARENA_EMPTY;
    const struct action *actions;
    const struct expr *prereqs;
    struct buf ofpacts = BUF_EMPTY;
    struct str out = STR_EMPTY;
    struct error *error;

    error = actions_parse(text, &parse_env, &arena, &actions, &prereqs);
    if (!error) {
        actions_format(actions, printed);
        if (prereqs) {
            expr_format(prereqs, prereqs_text);
        }
        error = actions_encode(actions, env, &ofpacts);
    }
    if (error) {
        str_put(&out, error_message(error));
        error_free(error);
    } else {
        struct text_names names = { NULL, NULL };

        ofpacts_format((const struct ofpact *) ofpacts.data, ofpacts.size,
                       &names, &out);
    }
    buf_uninit(&ofpacts);
    arena_uninit(&arena);
    return str_steal(&out);
}

/* 'text' prints as 'expected_text' (NULL: itself) and means 'expected'. */
static void
check(const char *text, const char *expected_text, const char *expected)
{
    struct action_encode_env env = test_encode_env();
    struct str printed = STR_EMPTY;
    struct str again = STR_EMPTY;
    struct str prereqs = STR_EMPTY;
    char *encoded = encode(text, &env, &printed, &prereqs);
    char *second;

    if (expected) {
        assert_string_equal(encoded, expected);
    }
    assert_string_equal(str_cstr(&printed),
                        expected_text ? expected_text : text);
    second = encode(str_cstr(&printed), &env, &again, &prereqs);
    assert_string_equal(str_cstr(&printed), str_cstr(&again));
    free(second);
    free(encoded);
    str_uninit(&printed);
    str_uninit(&again);
    str_uninit(&prereqs);
}

static void
check_bad(const char *text, const char *expected)
{
    struct action_encode_env env = test_encode_env();
    struct str printed = STR_EMPTY;
    struct str prereqs = STR_EMPTY;
    char *encoded = encode(text, &env, &printed, &prereqs);

    assert_string_equal(encoded, expected);
    free(encoded);
    str_uninit(&printed);
    str_uninit(&prereqs);
}

static void
check_prereqs(const char *text, const char *expected)
{
    struct action_encode_env env = test_encode_env();
    struct str printed = STR_EMPTY;
    struct str prereqs = STR_EMPTY;

    free(encode(text, &env, &printed, &prereqs));
    assert_string_equal(str_cstr(&prereqs), expected);
    str_uninit(&printed);
    str_uninit(&prereqs);
}

static void
test_control_and_fields(void **state UNUSED)
{
    check("drop;", NULL, "drop");
    check("", "drop;", "drop");
    check("reg0 = 1; drop;", "reg0 = 1;", NULL);
    check("next;", NULL, "resubmit(,19)");
    check("next(11);", "next;", "resubmit(,19)");
    check("next(0);", NULL, "resubmit(,8)");
    check("next(pipeline=egress, table=2);", NULL, "resubmit(,47)");
    check("next(pipeline=ingress, table=11);", "next;", "resubmit(,19)");
    check("output;", NULL, "resubmit(,40)");
    check("outport = \"p3\"; inport = \"\";", NULL,
          "set_field:0x3->reg15,set_field:0->reg14");
    check("reg0 = 5; next;", NULL, "set_field:0x5->reg0,resubmit(,19)");
    check("reg0[4..7] = 5;", NULL, "set_field:0x50/0xf0->reg0");
    check("ip.dscp = 10; vlan.pcp = 4/4;", NULL, NULL);
    check("eth.dst = 00:00:00:00:00:01;", NULL,
          "set_field:00:00:00:00:00:01->eth_dst");
    check("xxreg0 = fd00::1;", NULL, "set_field:0xfd000000000000000000000000000"
          "001->xxreg0");
    check("reg1 = ip4.src;", NULL, "move:NXM_OF_IP_SRC[]->NXM_NX_REG1[]");
    check("reg1[0..2] = vlan.pcp;", NULL,
          "move:NXM_OF_VLAN_TCI[13..15]->NXM_NX_REG1[0..2]");
    check("eth.src <-> eth.dst;", NULL,
          "push:NXM_OF_ETH_SRC[],push:NXM_OF_ETH_DST[],"
          "pop:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]");
    check("ip.ttl--;", NULL, "dec_ttl");
    check("push(xxreg0); pop(xxreg0);", NULL,
          "push:NXM_NX_XXREG0[],pop:NXM_NX_XXREG0[]");
    check("clone { outport = \"p1\"; output; }; next;", NULL,
          "clone(set_field:0x1->reg15,resubmit(,40)),resubmit(,19)");
}

static void
test_connection_tracking(void **state UNUSED)
{
    check("ct_next;", NULL, "ct(table=19,zone=NXM_NX_REG13[0..15])");
    check("ct_next(dnat);", NULL, "ct(table=19,zone=NXM_NX_REG13[0..15])");
    check("ct_commit { };", "ct_commit;",
          "ct(commit,zone=NXM_NX_REG13[0..15])");
    check("ct_commit;", NULL,
          "ct(commit,zone=NXM_NX_REG13[0..15])");
    check("ct_commit { ct_mark = 1; ct_label[0..1] = reg0[2..3]; };", NULL,
          "ct(commit,zone=NXM_NX_REG13[0..15],exec(set_field:0x1->ct_mark,"
          "move:NXM_NX_REG0[2..3]->NXM_NX_CT_LABEL[0..1]))");
    check("ct_commit(ct_mark=1/1, ct_label=2);",
          "ct_commit { ct_mark = 1/1; ct_label = 2; };",
          "ct(commit,zone=NXM_NX_REG13[0..15],exec(set_field:0x1/0x1->ct_mark,"
          "set_field:0x2->ct_label))");
    check("ct_commit_to_zone(snat);", NULL,
          "ct(commit,table=19,zone=NXM_NX_REG13[0..15])");
    check("ct_commit_nat;", NULL,
          "ct(commit,table=19,zone=NXM_NX_REG13[0..15],nat)");
    check("ct_dnat;", NULL, "ct(table=19,zone=NXM_NX_REG11[0..15],nat)");
    check("ct_snat(10.0.0.1,1024-2048);", NULL,
          "ct(commit,table=19,zone=NXM_NX_REG12[0..15],nat(src=10.0.0.1:1024-"
          "2048))");
    check("ct_dnat(fd00::1);", NULL,
          "ct(commit,table=19,zone=NXM_NX_REG11[0..15],nat(dst=fd00::1))");
    check("ct_dnat_in_czone(10.0.0.1);", NULL, NULL);
    check("ct_lb_mark;", NULL, "ct(table=19,zone=NXM_NX_REG13[0..15],nat)");
    check("ct_lb_mark(backends=10.0.0.1:80);", NULL,
          "ct(commit,table=19,zone=NXM_NX_REG13[0..15],nat(dst=10.0.0.1:80),"
          "exec(set_field:0x2/0x2->ct_mark))");
    check("ct_lb_mark(backends=10.0.0.1:80,10.0.0.2:80; "
          "hash_fields=\"ip_src,ip_dst\"; skip_snat);", NULL, NULL);
    check("ct_lb(backends=[fd00::1]:80,[fd00::2]:80);", NULL, NULL);
    check("ct_lb_mark(backends=fd00::1,fd00::2; force_snat);", NULL, NULL);
    check("ct_clear; ct_snat_to_vip;", NULL, "ct_clear,resubmit(,70)");
    check("reg4 = ct_nw_dst();", NULL,
          "set_field:0->reg4,resubmit(,81)");
    check("reg0 = ct_nw_dst();", NULL,
          "push:NXM_NX_REG4[],set_field:0->reg4,resubmit(,81),"
          "move:NXM_NX_REG4[]->NXM_NX_REG0[],pop:NXM_NX_REG4[]");
    check("reg8[0..7] = ct_proto();", NULL,
          "set_field:0/0xff->reg8,resubmit(,86)");
    check("xxreg1 = ct_ip6_dst(); reg8[0..15] = ct_tp_dst(); "
          "reg8[0..7] = ct_state_save();", NULL, NULL);
}

/* The text of groups is ovs-ofctl's. */
static struct str group_text;

static bool
note_group(void *aux UNUSED, const char *text, uint32_t *ret_id)
{
    str_clear(&group_text);
    str_put(&group_text, text);
    *ret_id = 9;
    return true;
}

static void
check_group(const char *text, bool is_switch, const char *expected)
{
    struct action_encode_env env = test_encode_env();
    struct str printed = STR_EMPTY, prereqs = STR_EMPTY;
    char *encoded;

    env.find_group = note_group;
    env.is_switch = is_switch;
    encoded = encode(text, &env, &printed, &prereqs);
    assert_string_equal(encoded, "group:9");
    assert_string_equal(str_cstr(&group_text), expected);
    free(encoded);
    str_uninit(&printed);
    str_uninit(&prereqs);
    str_uninit(&group_text);
}

static void
test_groups(void **state UNUSED)
{
    check_group("ct_lb_mark(backends=10.0.0.1:80,10.0.0.2; skip_snat);", true,
                "type=select,selection_method=dp_hash,"
                "bucket=bucket_id=0,weight:100,actions=ct(nat(dst=10.0.0.1:80)"
                ",commit,table=19,zone=NXM_NX_REG13[0..15],"
                "exec(set_field:0x6/0x6->ct_mark)),"
                "bucket=bucket_id=1,weight:100,actions=ct(nat(dst=10.0.0.2)"
                ",commit,table=19,zone=NXM_NX_REG13[0..15],"
                "exec(set_field:0x6/0x6->ct_mark))");
    check_group("ct_lb(backends=[fd00::1]:80; hash_fields=\"ip_src\");",
                false,
                "type=select,selection_method=hash,fields(ip_src),"
                "bucket=bucket_id=0,weight:100,actions=ct(nat(dst=[fd00::1]:80"
                "),commit,table=19,zone=NXM_NX_REG11[0..15],"
                "exec(set_field:0x2/0x2->ct_label))");
    check_group("reg8[16..31] = select(1=20, 2);", false,
                "type=select,selection_method=dp_hash,"
                "bucket=bucket_id=0,weight:20,actions=load:1->"
                "NXM_NX_REG8[16..31],resubmit(,19),"
                "bucket=bucket_id=1,weight:100,actions=load:2->"
                "NXM_NX_REG8[16..31],resubmit(,19)");
    check_group("fwd_group(liveness=true, childports=\"p1\", \"p2\");", true,
                "type=select,selection_method=dp_hash,"
                "bucket=bucket_id=0,weight:100,watch_port:5,actions=load:0x1->"
                "NXM_NX_REG15[],resubmit(,40),"
                "bucket=bucket_id=1,weight:100,watch_port:5,actions=load:0x2->"
                "NXM_NX_REG15[],resubmit(,40)");
    check("reg8[16..31] = select(values=(1=20, 2=30); "
          "hash_fields=\"ip_proto\");", NULL, NULL);
    check("fwd_group(childports=\"p1\");", NULL, NULL);
}

static void
test_lookups(void **state UNUSED)
{
    check("get_arp(outport, reg0);", NULL,
          "set_field:00:00:00:00:00:00->eth_dst,resubmit(,66)");
    check("get_arp(inport, ip4.dst);", NULL,
          "push:NXM_NX_REG15[],push:NXM_NX_REG0[],push:NXM_NX_REG14[],"
          "push:NXM_OF_IP_DST[],pop:NXM_NX_REG0[],pop:NXM_NX_REG15[],"
          "set_field:00:00:00:00:00:00->eth_dst,resubmit(,66),"
          "pop:NXM_NX_REG0[],pop:NXM_NX_REG15[]");
    check("get_nd(outport, xxreg0);", NULL,
          "set_field:00:00:00:00:00:00->eth_dst,resubmit(,66)");
    check("reg9[2] = lookup_arp(inport, reg0, eth.src);", NULL,
          "set_field:0/0x40->reg10,resubmit(,67),"
          "move:NXM_NX_REG10[6]->NXM_NX_REG9[2]");
    check("reg9[3] = lookup_arp_ip(inport, arp.spa);", NULL, NULL);
    check("reg9[2] = lookup_nd(inport, ip6.src, nd.sll);", NULL, NULL);
    check("reg9[3] = lookup_nd_ip(inport, ip6.src);", NULL, NULL);
    check("outport = get_fdb(eth.dst);", NULL,
          "set_field:0->reg15,resubmit(,71)");
    check("outport = get_remote_fdb(eth.dst);", NULL,
          "set_field:0->reg15,resubmit(,87)");
    check("reg0[11] = lookup_fdb(inport, eth.src);", NULL,
          "set_field:0/0x100->reg10,resubmit(,72),"
          "move:NXM_NX_REG10[8]->NXM_NX_REG0[11]");
    check("mac_cache_use; flood_remote;", NULL,
          "resubmit(,79),resubmit(,84)");
    check("reg0[15] = check_in_port_sec();", NULL,
          "set_field:0/0x1000->reg10,resubmit(,73),"
          "move:NXM_NX_REG10[12]->NXM_NX_REG0[15]");
    check("reg0[15] = check_out_port_sec(); reg0[6] = chk_lb_hairpin(); "
          "reg0[12] = chk_lb_hairpin_reply(); reg9[6] = chk_lb_aff(); "
          "reg9[5] = chk_ecmp_nh(); reg9[5] = chk_ecmp_nh_mac();", NULL,
          NULL);
}

static void
test_the_rest(void **state UNUSED)
{
    check("reg9[1] = check_pkt_larger(1500);", NULL,
          "check_pkt_larger(1500)->NXM_NX_REG9[1]");
    check("set_queue(5);", NULL, "set_queue:5");
    check("set_meter(100); set_meter(100, 200);", NULL, "meter:7,meter:7");
    check("sample(probability=100,collector_set=200,obs_domain=2,"
          "obs_point=@cookie);", NULL,
          "sample(probability=100,collector_set_id=200,obs_domain_id=33554435,"
          "obs_point_id=305419896)");
    check("mirror(\"p4\");", NULL,
          "clone(set_field:0x4->reg15,resubmit(,65))");
    check("commit_lb_aff(vip = \"10.0.0.1:80\", backend = \"10.0.0.2:8080\", "
          "proto = tcp, timeout = 30);", NULL,
          "learn(table=78,idle_timeout=30,priority=100,delete_learned,"
          "cookie=0x12345678,OXM_OF_METADATA[],eth_type=0x800,"
          "NXM_OF_IP_SRC[],ip_dst=10.0.0.1,nw_proto=6,tcp_dst=80,"
          "load:0x1->NXM_NX_REG10[14],load:0xa000002->NXM_NX_REG4[],"
          "load:0x1f90->NXM_NX_REG8[0..15])");
    check("commit_lb_aff(vip = \"[fd00::1]:80\", backend = "
          "\"[fd00::2]:8080\", proto = udp, timeout = 30);", NULL,
          "learn(table=78,idle_timeout=30,priority=100,delete_learned,"
          "cookie=0x12345678,OXM_OF_METADATA[],eth_type=0x86dd,"
          "NXM_NX_IPV6_SRC[],ipv6_dst=fd00::1,nw_proto=17,udp_dst=80,"
          "load:0x1->NXM_NX_REG10[14],"
          "load:0xfd000000000000000000000000000002->NXM_NX_XXREG0[],"
          "load:0x1f90->NXM_NX_REG8[0..15])");
    check("commit_ecmp_nh(ipv6 = false, proto = tcp);", NULL, NULL);
    check("commit_ecmp_nh(ipv6 = true, proto = sctp);", NULL, NULL);
}

/* Encodes the one punt of 'text' and says what its userdata decodes to. */
static void
check_punt(const char *text, const char *expected)
{
    struct action_parse_env parse_env = test_parse_env();
    struct action_encode_env env = test_encode_env();
    struct arena arena = ARENA_EMPTY;
    const struct action *actions;
    const struct expr *prereqs;
    const struct ofpact_controller *oc;
    struct buf ofpacts = BUF_EMPTY;
    struct buf again = BUF_EMPTY;
    struct str out = STR_EMPTY;
    struct punt punt;

    check(text, NULL, NULL);
    assert_null(actions_parse(text, &parse_env, &arena, &actions, &prereqs));
    assert_null(actions_encode(actions, &env, &ofpacts));
    oc = ofpact_get_CONTROLLER((const struct ofpact *) ofpacts.data);
    assert_int_equal(punt_decode(oc->userdata, oc->userdata_len, &punt), 0);
    assert_int_equal(punt.pause, oc->pause);
    punt_format(&punt, &out);
    if (strncmp(str_cstr(&out), expected, strlen(expected))) {
        assert_string_equal(str_cstr(&out), expected);
    }

    /* Round trip, and every shorter text is refused or shorter data. */
    punt_encode(&punt, &again);
    assert_int_equal(again.size, oc->userdata_len);
    assert_memory_equal(again.data, oc->userdata, again.size);
    for (size_t i = 0; i < oc->userdata_len; i++) {
        uint8_t *copy = xmemdup(oc->userdata, MAX(i, 1));

        punt_decode(copy, i, &punt);
        free(copy);
    }
    str_uninit(&out);
    buf_uninit(&ofpacts);
    buf_uninit(&again);
    arena_uninit(&arena);
}

static void
test_punts_decode_to_what_was_meant(void **state UNUSED)
{
    check_punt("arp { eth.dst = ff:ff:ff:ff:ff:ff; output; };",
               "arp actions=");
    check_punt("nd_na { output; };", "nd_na actions=");
    check_punt("nd_na_router { output; };", "nd_na_router actions=");
    check_punt("nd_ns { nd.target = xxreg0; output; };", "nd_ns actions=");
    check_punt("icmp4 { icmp4.type = 3; output; };", "icmp actions=");
    check_punt("icmp6 { drop; };", "icmp actions=");
    check_punt("icmp4_error { icmp4.frag_mtu = 1500; output; };",
               "icmp4_error actions=");
    check_punt("icmp6_error { icmp6.frag_mtu = 1500; output; };",
               "icmp6_error actions=");
    check_punt("icmp4.frag_mtu = 1500;", "set_icmp_frag_mtu pause "
               "number=1500");
    check_punt("icmp4.inner_ip4.src = 10.0.0.1;", "set_icmp_inner_src pause "
               "number=167772161");
    check_punt("tcp_reset;", "tcp_reset actions=");
    check_punt("tcp_reset { output; };", "tcp_reset actions=");
    check_punt("sctp_abort { output; };", "sctp_abort actions=");
    check_punt("reject { outport <-> inport; next; };", "reject actions=");
    check_punt("put_arp(inport, arp.spa, arp.sha);",
               "put_mac_binding arg=xxreg3[32..63] arg=ip4.src[0..31] "
               "arg=arp.sha[0..47]");
    check_punt("put_nd(inport, nd.target, nd.tll);",
               "put_mac_binding arg=xxreg3[32..63] arg=nd.target[0..127] "
               "arg=arp.tha[0..47]");
    check_punt("put_fdb(inport, eth.src);",
               "put_fdb arg=xxreg3[32..63] arg=eth.src[0..47]");
    check_punt("reg0[3] = put_dhcp_opts(offerip = 10.0.0.4, router = "
               "10.0.0.1, netmask = 255.255.255.0);",
               "put_dhcp_opts pause result=xxreg0[99..99] "
               "options=0a00000403040a0000010104ffffff00");
    check_punt("reg0[3] = put_dhcpv6_opts(ia_addr = fd00::1, server_id = "
               "00:00:00:00:10:02);",
               "put_dhcpv6_opts pause result=xxreg0[99..99] options="
               "00050010fd0000000000000000000000000000010002000a00030001"
               "000000001002");
    check_punt("reg0[5] = put_nd_ra_opts(addr_mode = \"slaac\", slla = "
               "00:00:00:00:10:02, prefix = fd00::/64, mtu = 1450);",
               "put_nd_ra_opts pause result=xxreg0[101..101] options="
               "86000000ff00ffff00000000000000000101000000001002"
               "030440c0ffffffffffffffff00000000"
               "fd000000000000000000000000000000"
               "05010000000005aa");
    check_punt("reg9[7] = dhcp_relay_req_chk(10.0.0.1, 10.0.1.1);",
               "dhcp_relay_req_chk pause result=xxreg2[71..71] "
               "relay=10.0.0.1 server=10.0.1.1");
    check_punt("reg9[7] = dhcp_relay_resp_chk(10.0.0.1, 10.0.1.1);",
               "dhcp_relay_resp_chk pause");
    check_punt("handle_dhcpv6_reply;", "handle_dhcpv6_reply");
    check_punt("reg0[4] = dns_lookup();", "dns_lookup pause "
               "result=xxreg0[100..100]");
    check_punt("igmp;", "igmp");
    check_punt("bind_vport(\"p2\", inport);", "bind_vport "
               "arg=xxreg3[32..63] number=2 name=p2");
    check_punt("handle_svc_check(inport);", "handle_svc_check "
               "arg=xxreg3[32..63]");
    check_punt("handle_bfd_msg();", "handle_bfd_msg");
    check_punt("trigger_event(event = \"empty_lb_backends\", meter = \"m\", "
               "vip = \"10.0.0.1:80\", protocol = \"tcp\", load_balancer = "
               "\"x\");",
               "trigger_event number=0 options=0001000b31302e302e302e313a3830"
               "000200037463700003000178");
    check_punt("log(name=\"a\", verdict=drop, severity=alert, meter=\"m\");",
               "log severity=alert verdict=drop name=a");
    check_punt("log(severity=info);", "log severity=info verdict=<unknown> "
               "name=");
}

static void
test_bad_userdata_is_refused(void **state UNUSED)
{
    static const struct {
        uint8_t bytes[8];
        size_t size;
    } bad[] = {
        { { 0 }, 0 },
        { { 0, 0, 0, 0 }, 4 },                    /* No operation. */
        { { 0xff, 0xff, 0, 0 }, 4 },
        { { 0, PUNT_IGMP, 2, 0 }, 4 },            /* Bad pause. */
        { { 0, PUNT_IGMP, 0, 0, 0 }, 5 },         /* Too long. */
        { { 0, PUNT_DNS_LOOKUP, 1, 0, 200, 0, 1 }, 7 },
        { { 0, PUNT_DNS_LOOKUP, 1, 0, 0, 127, 2 }, 7 },
        { { 0, PUNT_LOG, 0, 0, 99, 0, 0, 0 }, 8 },
        { { 0, PUNT_LOG, 0, 0, 0, 0, 0, 1 }, 8 },
    };
    struct punt punt;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        assert_int_equal(punt_decode(bad[i].bytes, bad[i].size, &punt),
                         -EPROTO);
    }
}

static void
test_errors(void **state UNUSED)
{
    check_bad("next", "syntax error: expecting `;' at the end");
    check_bad("foo;", "unknown symbol `foo' at column 1, before \"foo;\"");
    check_bad("foo();", "unknown symbol `foo' at column 1, before \"foo();\"");
    check_bad("next(35);", "syntax error: expecting integer in range 0 to 34 "
              "at column 6, before \"35);\"");
    check_bad("eth.type = 0x800;", "field eth.type is not modifiable at "
              "column 1, before \"eth.type = 0x800;\"");
    check_bad("ip4 = 1;", "predicate symbol ip4 used where a field is "
              "required at column 1, before \"ip4 = 1;\"");
    check_bad("reg0 = eth.src;", "cannot assign 48-bit value to 32-bit "
              "destination at column 8, before \"eth.src;\"");
    check_bad("reg0 = inport;", "cannot exchange or assign integer field reg0 "
              "and string field inport at column 8, before \"inport;\"");
    check_bad("ip.ttl = 1/1;", "this field cannot be partially modified at "
              "column 10, before \"1/1;\"");
    check_bad("reg0 = {1, 2};", "assignments require a single value at column "
              "8, before \"{1, 2};\"");
    check_bad("ct_mark = 1;", "ct_mark can be set only within ct_commit at "
              "column 1, before \"ct_mark = 1;\"");
    check_bad("ct_commit { reg0 = 1; };", "ct_commit can set only ct_mark and "
              "ct_label, not reg0 at column 13, before \"reg0 = 1; };\"");
    check_bad("ct_commit { next; };", "only assignments are allowed within "
              "ct_commit at column 13, before \"next; };\"");
    check_bad("reg0 = dns_lookup();", "cannot use 32-bit field reg0 where "
              "1-bit field is required at column 1, before \"reg0 = "
              "dns_lookup();\"");
    check_bad("dns_lookup();", "\"dns_lookup\" needs a field for its result "
              "at column 1, before \"dns_lookup();\"");
    check_bad("get_arp(reg0, reg0);", "cannot use integer field reg0 where "
              "string field is required at column 9, before \"reg0, reg0);\"");
    check_bad("get_arp(outport, eth.src);", "cannot use this field eth.src "
              "where 32-bit field is required at column 18, before "
              "\"eth.src);\"");
    check_bad("reg0[0] = put_dhcp_opts(router = 10.0.0.1);", "put_dhcp_opts "
              "requires offerip to be specified at column 24, before "
              "\"(router = 10.0.0.1);\"");
    check_bad("reg0[0] = put_dhcp_opts(offerip = \"x\");", "option offerip "
              "requires a value of type ipv4 at column 25, before \"offerip = "
              "\"x\");\"");
    check_bad("reg0[0] = put_dhcp_opts(nosuch = 1);", "unknown option at "
              "column 25, before \"nosuch = 1);\"");
    check_bad("ct_lb_mark(backends=10.0.0.1,fd00::1);", "IPv4 and IPv6 "
              "backends cannot be mixed at column 30, before \"fd00::1);\"");
    check_bad("ct_lb_mark(backends=10.0.0.1; hash_fields=\"a)(\");", "invalid "
              "hash_fields at column 31, before \"hash_fields=\"a)(\");\"");
    check_bad("reg0 = select(1);", "select needs at least two values at "
              "column 14, before \"(1);\"");
    check_bad("log(severity=loud);", "syntax error: expecting severity at "
              "column 14, before \"loud);\"");
    check_bad("trigger_event(event=\"x\");", "unknown event at column 14, "
              "before \"(event=\"x\");\"");
    check_bad("reg4[1..31] = 1; reg8[4..11] = ct_state_save();",
              "the result of ct_state_save overlaps the register it passes "
              "through");
}

static void
test_last_table_and_pipelines(void **state UNUSED)
{
    struct action_parse_env env = test_parse_env();
    struct arena arena = ARENA_EMPTY;
    const struct action *actions;
    const struct expr *prereqs;
    struct error *error;

    env.table = 34;
    error = actions_parse("ct_next;", &env, &arena, &actions, &prereqs);
    assert_string_equal(error_message(error), "\"ct_next\" action not allowed "
                        "in last table at column 1, before \"ct_next;\"");
    error_free(error);
    error = actions_parse("next;", &env, &arena, &actions, &prereqs);
    assert_non_null(error);
    error_free(error);
    env.table = 1;
    env.pipeline = PIPELINE_EGRESS;
    error = actions_parse("reg0[0] = dns_lookup();", &env, &arena, &actions,
                          &prereqs);
    assert_string_equal(error_message(error), "\"dns_lookup\" action is only "
                        "valid in the ingress pipeline at column 11, before "
                        "\"dns_lookup();\"");
    error_free(error);
    arena_uninit(&arena);
}

static void
test_prerequisites(void **state UNUSED)
{
    check_prereqs("next;", "");
    check_prereqs("tcp.dst = 80;", "tcp");
    check_prereqs("reg0 = ip4.src;", "ip4");
    check_prereqs("arp { arp.op = 2; output; };", "eth.type == 0x800");
    check_prereqs("clone { ip.ttl--; };", "ip && (ip4 || ip6)");
    check_prereqs("ct_dnat(fd00::1);",
                  "(ip4 || ip6) && eth.type == 0x86dd");
}

static void
test_deep_nesting_is_refused(void **state UNUSED)
{
    struct str text = STR_EMPTY;

    for (int i = 0; i < 10000; i++) {
        str_put(&text, "clone { ");
    }
    check_bad(str_cstr(&text), "actions are nested too deeply at column 263, "
              "before \"{ clone { clone { clone { clone { clone ...\"");
    str_uninit(&text);
}

int
actions_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control_and_fields),
        cmocka_unit_test(test_connection_tracking),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_the_rest),
        cmocka_unit_test(test_punts_decode_to_what_was_meant),
        cmocka_unit_test(test_bad_userdata_is_refused),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_last_table_and_pipelines),
        cmocka_unit_test(test_prerequisites),
        cmocka_unit_test(test_deep_nesting_is_refused),
    };

    return cmocka_run_group_tests_name("actions", tests, NULL, NULL);
}
