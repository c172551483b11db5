/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath flows and actions: what is printed reads back as the same, and
 * nothing that is not understood gets in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/random.h"
#include "lib/netlink/attr.h"
#include "vswitch/dpif/odp_text.h"

int odp_text_tests(void);

static const char *const flows[] = {
    "recirc_id(0),in_port(1),packet_type(ns=0,id=0)",
    "ct_state(+new-est+trk),ct_zone(0x5),ct_mark(0x1/0xff),ct_label(0x1/0x3),"
    "recirc_id(0x7),dp_hash(0x1/0xf),in_port(3),packet_type(ns=0,id=0),"
    "eth(src=00:00:00:00:00:01,dst=01:00:00:00:00:00/01:00:00:00:00:00),"
    "eth_type(0x0800),ipv4(src=10.0.0.0/255.0.0.0,dst=1.2.3.4,proto=6,"
    "tos=0x20/0xfc,ttl=64,frag=no),tcp(src=1,dst=80/0xfff0),tcp_flags(0x2)",
    "recirc_id(0),in_port(2),packet_type(ns=0,id=0),eth_type(0x8100),"
    "vlan(vid=5,pcp=3),encap(eth_type(0x86dd),ipv6(src=fe80::/ffc0::,"
    "label=0x5,proto=58,hlimit=255,frag=no),icmpv6(type=135,code=0),"
    "nd(target=::1,sll=00:00:00:00:00:01))",
    "recirc_id(0),in_port(2),packet_type(ns=0,id=0),eth_type(0x0806),"
    "arp(sip=1.2.3.4,tip=1.2.3.5,op=1,sha=00:00:00:00:00:01)",
    "skb_priority(0x1),tunnel(tun_id=0x5,src=1.1.1.1,dst=2.2.2.2,tos=0,"
    "ttl=64,geneve({class=0x102,type=0x80,len=4,0x10002})),skb_mark(0x2),"
    "recirc_id(0),in_port(4),packet_type(ns=0,id=0)",
    "recirc_id(0),in_port(4),packet_type(ns=0,id=0),eth_type(0x0800),"
    "ipv4(proto=17,frag=later)",
    "recirc_id(0),in_port(4),packet_type(ns=1,id=0x800),eth_type(0x0800),"
    "ipv4(proto=17,frag=no)",
    "recirc_id(0),in_port(4),packet_type(ns=0,id=0),eth_type(0x8847),"
    "mpls(label=60,tc=0,ttl=64,bos=1)",
    "recirc_id(0),in_port(4),packet_type(ns=0,id=0),eth_type(0x8847),"
    "mpls(label=60/0xfffff,tc=0/0,ttl=0/0x0,bos=0/1,label=50/0xfffff,tc=1/7,"
    "ttl=64/0xff,bos=1/1)",
    "recirc_id(0),in_port(4),packet_type(ns=0,id=0),eth_type(0x894f),"
    "nsh(flags=1,ttl=63,mdtype=1,np=3,spi=0x123456,si=255,c1=0x11223344,"
    "c3=0xbb00/0x0000ff00)",
};

static const char *const actions[] = {
    "drop", "1,2", "set(eth(src=00:00:00:00:00:01)),3",
    "set(ipv4(src=1.2.3.4,dst=10.0.0.0/255.0.0.0,ttl=63)),set(tcp(src=5)),1",
    "set(ipv6(dst=::1,hlimit=3)),set(arp(op=2)),set(nd(target=::2)),1",
    "set(skb_priority(0x5)),set(skb_mark(0x6)),1",
    "set(tunnel(tun_id=0x5,src=1.1.1.1,dst=2.2.2.2,ttl=64,tp_dst=6081,"
    "geneve({class=0x102,type=0x80,len=8,0x1}),flags(key|df|csum))),4",
    "push_vlan(vid=5,pcp=3),push_vlan(tpid=0x88a8,vid=1,pcp=0),pop_vlan,2",
    "push_mpls(label=5,tc=1,ttl=64,bos=1,eth_type=0x8847),"
    "set(mpls(label=6,tc=0,ttl=63,bos=1)),pop_mpls(eth_type=0x800),2",
    "add_mpls(label=5,tc=1,ttl=64,bos=1,eth_type=0x8848),1",
    "hash(l4(5)),recirc(0x9)", "hash(sym_l4(5)),recirc(0x9)", "trunc(100),3",
    "meter(7),3",
    "ct(commit,zone=5,mark=0x1/0xff,label=0x1/0x3,nat(src=1.2.3.4-1.2.3.9:"
    "80-90,random)),recirc(0x1)",
    "ct(commit,nat(dst=[fe80::1]:80)),ct(nat),ct_clear,1",
    "ct(commit,helper=ftp,nat(src)),1",
    "clone(set(eth(dst=00:00:00:00:00:02)),2),1",
    "sample(sample=50.0%,actions(2,3)),1",
    "check_pkt_len(size=1500,gt(drop),le(trunc(64),2))",
    "push_eth(src=00:00:00:00:00:01,dst=00:00:00:00:00:02),pop_eth,1",
    "userspace(pid=0,userdata(0102ff)),1",
    "push_nsh(flags=0,ttl=63,mdtype=1,np=3,spi=0x1234,si=255,c1=0x1,c2=0x0,"
    "c3=0x0,c4=0xffffffff),set(nsh(flags=2,si=254,c3=0x7700/0x0000ff00)),"
    "pop_nsh(),1",
    "push_nsh(flags=0,ttl=63,mdtype=2,np=4,spi=0x0,si=255,"
    "md2=0x10000a0412345678),1",
};

static void
test_flows_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
        struct str s = STR_EMPTY;
        struct flow_wildcards mask, mask2;
        struct flow key, key2;

        assert_null(odp_flow_parse(flows[i], NULL, &key, &mask));
        odp_flow_format(&key, &mask, NULL, &s);
        assert_string_equal(str_cstr(&s), flows[i]);
        assert_null(odp_flow_parse(str_cstr(&s), NULL, &key2, &mask2));
        assert_memory_equal(&key, &key2, sizeof key);
        assert_memory_equal(&mask, &mask2, sizeof mask);
        str_uninit(&s);
    }
}

/* What does not matter is printed, and read back as not mattering. */
static void
test_all_members_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
        struct str s = STR_EMPTY;
        struct flow_wildcards mask, mask2;
        struct flow key, key2;

        assert_null(odp_flow_parse(flows[i], NULL, &key, &mask));
        odp_flow_format_all(&key, &mask, NULL, &s);
        if (odp_flow_parse(str_cstr(&s), NULL, &key2, &mask2)) {
            fail_msg("%s is not understood", str_cstr(&s));
        }
        assert_memory_equal(&key, &key2, sizeof key);
        assert_memory_equal(&mask, &mask2, sizeof mask);
        assert_non_null(strstr(str_cstr(&s), "dp_hash("));
        str_uninit(&s);
    }
}

/* Without a packet type, a flow that says it is Ethernet is for any. */
static void
test_eth_without_packet_type(void **state UNUSED)
{
    static const char text[] = "recirc_id(0),in_port(1),eth(),eth_type(0x1234)";
    struct str s = STR_EMPTY;
    struct flow_wildcards mask;
    struct flow key;

    assert_null(odp_flow_parse(text, NULL, &key, &mask));
    assert_int_equal(mask.masks.packet_type, 0);
    odp_flow_format(&key, &mask, NULL, &s);
    assert_string_equal(str_cstr(&s), text);
    str_uninit(&s);
}

static void
test_actions_round_trip(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        struct nlbuf b = NLBUF_EMPTY;
        struct str s = STR_EMPTY;
        struct error *error = odp_actions_parse(actions[i], NULL, &b);

        if (error) {
            fail_msg("%s: %s", actions[i], error_message(error));
        }
        odp_actions_format(b.data, b.size, NULL, &s);
        assert_string_equal(str_cstr(&s), actions[i]);
        str_uninit(&s);
        nlbuf_uninit(&b);
    }
}

static void
test_refusals(void **state UNUSED)
{
    static const char *const bad_flows[] = {
        "frob(1)", "in_port(1", "in_port(foo)", "eth(src=1)", "ipv4(frob=1)",
        "eth_type(0x8100),vlan(vid=5000)", "ct_state(+frob)",
        "tunnel(geneve({class=1,type=1,len=3,0x1}))", "tunnel(flags(frob))",
        "vlan(vid=1),encap(vlan(vid=2),encap(vlan(vid=3),encap()))",
    };
    static const char *const bad_actions[] = {
        "frob", "set()", "set(frob(x=1))", "set(ipv4(src=1.2))", "clone(1",
        "recirc(x)", "hash(l3(0))", "push_vlan(vid=5000)", "ct(frob)",
        "ct(mark=x)", "1)", "userspace(userdata(0))", "push_mpls(label=z)",
        "push_nsh(frob=1)", "push_nsh(mdtype=2,md2=0x1)", "set(nsh(c5=1))",
        "clone(clone(clone(clone(clone(clone(clone(clone(clone(clone(clone("
        "clone(clone(clone(clone(clone(clone(clone(1)))))))))))))))))))",
    };
    struct flow_wildcards mask;
    struct flow key;

    for (size_t i = 0; i < ARRAY_SIZE(bad_flows); i++) {
        struct error *error = odp_flow_parse(bad_flows[i], NULL, &key, &mask);

        if (!error) {
            fail_msg("%s: taken", bad_flows[i]);
        }
        error_free(error);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad_actions); i++) {
        struct nlbuf b = NLBUF_EMPTY;
        struct error *error = odp_actions_parse(bad_actions[i], NULL, &b);

        if (!error) {
            fail_msg("%s: taken", bad_actions[i]);
        }
        error_free(error);
        nlbuf_uninit(&b);
    }
}

/* Texts with some of their characters changed. */
static void
test_damaged_text_is_survived(void **state UNUSED)
{
    static const char alphabet[] = "(){},=/:.|+-0159afxsrcl ";
    uint64_t seed = random_u64();
    struct rng rng = { .state = seed };

    print_message("seed %#llx\n", (unsigned long long) seed);
    for (int i = 0; i < 20000; i++) {
        bool is_flow = rng_range(&rng, 2);
        const char *text = (is_flow
                            ? flows[rng_range(&rng, ARRAY_SIZE(flows))]
                            : actions[rng_range(&rng, ARRAY_SIZE(actions))]);
        char *copy = strdup(text);
        struct nlbuf b = NLBUF_EMPTY;
        struct flow_wildcards mask;
        struct flow key;

        for (uint32_t n = 1 + rng_range(&rng, 3); n; n--) {
            copy[rng_range(&rng, strlen(text))]
                = alphabet[rng_range(&rng, sizeof alphabet - 1)];
        }
        if (is_flow) {
            error_free(odp_flow_parse(copy, NULL, &key, &mask));
        } else {
            error_free(odp_actions_parse(copy, NULL, &b));
        }
        nlbuf_uninit(&b);
        free(copy);
    }
}

int
odp_text_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flows_round_trip),
        cmocka_unit_test(test_all_members_round_trip),
        cmocka_unit_test(test_eth_without_packet_type),
        cmocka_unit_test(test_actions_round_trip),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damaged_text_is_survived),
    };

    return cmocka_run_group_tests_name("odp_text", tests, NULL, NULL);
}
