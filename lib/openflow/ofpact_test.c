/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"

int ofpact_tests(void);

/* Actions as users write them, and as they are printed (NULL: the same). */
static const struct {
    const char *in, *out;
} texts[] = {
    { "output:1", NULL },
    { "1,2", "output:1,output:2" },
    { "LOCAL,in_port,normal,flood,all,controller",
      "LOCAL,IN_PORT,NORMAL,FLOOD,ALL,CONTROLLER:65535" },
    { "CONTROLLER:128", NULL },
    { "output:NXM_NX_REG0[0..15]", NULL },
    { "output(port=5,max_len=100)", NULL },
    { "controller(reason=no_match,max_len=44,id=3,userdata=01.02.ff,pause,"
      "meter_id=5)", NULL },
    { "enqueue:5:6", NULL },
    { "bundle(eth_src,0,hrw,ofport,members:1,2,3)", NULL },
    { "bundle_load(symmetric_l4,60,active_backup,ofport,NXM_NX_REG0[],"
      "members:2,3)", NULL },
    { "group:5", NULL },
    { "mod_vlan_vid:5,mod_vlan_pcp:3", NULL },
    { "set_vlan_vid:5,set_vlan_pcp:3", NULL },
    { "pop_vlan", NULL },
    { "push_vlan:0x8100", NULL },
    { "mod_dl_src:00:01:02:03:04:05,mod_dl_dst:0a:0b:0c:0d:0e:0f", NULL },
    { "mod_nw_src:1.2.3.4,mod_nw_dst:5.6.7.8", NULL },
    { "mod_nw_tos:16,mod_nw_ecn:2,mod_nw_ttl:7", NULL },
    { "mod_tp_src:80,mod_tp_dst:81", NULL },
    { "set_field:00:01:02:03:04:05->eth_src", NULL },
    { "set_field:0x5/0x7->reg0", NULL },
    { "set_field:1.2.3.4->tun_dst", NULL },
    { "set_field:0x1234->tun_metadata0", NULL },
    { "load:0x5->NXM_NX_REG0[3..9]", NULL },
    { "load:0x123456789abcdef0->OXM_OF_METADATA[]", NULL },
    { "move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7]", NULL },
    { "push:NXM_NX_REG0[],pop:NXM_NX_REG1[]", NULL },
    { "dec_ttl,dec_ttl(1,2)", NULL },
    { "set_mpls_label(5),set_mpls_tc(3),set_mpls_ttl(4),dec_mpls_ttl",
      NULL },
    { "push_mpls:0x8847,pop_mpls:0x0800", NULL },
    { "dec_nsh_ttl", NULL },
    { "encap(nsh),encap(ethernet),decap()", NULL },
    { "encap(nsh(md_type=1)),encap(mpls),encap(mpls_mc)", NULL },
    { "encap(nsh(md_type=2,tlv(0x1000,10,0x123456),tlv(0x2000,255,"
      "0xfedcba9876543210)))", NULL },
    { "decap(packet_type(ns=1,type=0x894f))", NULL },
    { "encap(nsh()),decap(packet_type(ns=0,type=0xfffe))",
      "encap(nsh),decap()" },
    { "delete_field:tun_metadata0", NULL },
    { "set_tunnel:0x7,set_tunnel64:0x123456789", NULL },
    { "set_queue:5,pop_queue", NULL },
    { "fin_timeout(idle_timeout=5,hard_timeout=6)", NULL },
    { "resubmit:5,resubmit(,5),resubmit(3,4),resubmit(,5,ct)", NULL },
    { "learn(table=1,idle_timeout=5,priority=7,send_flow_rem,cookie=0x9,"
      "limit=3,result_dst=NXM_NX_REG4[4],NXM_OF_VLAN_TCI[0..11],"
      "NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],eth_type=0x800,"
      "load:0x5->NXM_NX_REG1[0..3],"
      "load:NXM_NX_REG2[]->NXM_NX_REG3[],output:NXM_NX_REG2[0..15])", NULL },
    { "conjunction(7,2/3)", NULL },
    { "multipath(eth_src,50,modulo_n,12,0,NXM_NX_REG0[])", NULL },
    { "clone(mod_dl_src:00:00:00:00:00:01,output:1),output:2", NULL },
    { "ct(commit,force,zone=5)", NULL },
    { "ct(commit,table=3,zone=NXM_NX_REG13[0..15],nat(src=1.2.3.4-1.2.3.9:"
      "5-7,random),exec(load:0x1->NXM_NX_CT_MARK[0],load:0x7->"
      "NXM_NX_CT_LABEL[64..127]),alg=ftp)", NULL },
    { "ct(table=3,nat)", NULL },
    { "ct(commit,nat(dst=[fe80::1]:80))", NULL },
    { "ct(commit,nat(dst=fe80::1-fe80::9,hash))", NULL },
    { "ct_clear", NULL },
    { "check_pkt_larger(300)->NXM_NX_REG0[3]", NULL },
    { "note:01.02.03.04.05.06", NULL },
    { "exit", NULL },
    { "sample(probability=5,collector_set_id=1,obs_domain_id=2,"
      "obs_point_id=3,sampling_port=3,egress)", NULL },
    { "sample(probability=5,collector_set_id=1,obs_domain_id=0,"
      "obs_point_id=0)", NULL },
    { "drop", NULL },
    { "meter:5,output:1,clear_actions,write_actions(set_field:5->reg0,"
      "group:3),write_metadata:0x5/0x7,goto_table:9",
      "meter:5,output:1,clear_actions,write_actions(set_field:0x5->reg0,"
      "group:3),write_metadata:0x5/0x7,goto_table:9" },
};

static void
parse(const char *text, struct buf *out)
{
    struct error *error = ofpacts_parse_instructions(text, NULL, out, NULL);

    if (error) {
        fail_msg("%s: %s", text, error_message(error));
    }
}

static void
assert_prints(const struct buf *b, const char *text)
{
    struct str s = STR_EMPTY;

    ofpacts_format((const void *) b->data, b->size, NULL, &s);
    assert_string_equal(str_cstr(&s), text);
    str_uninit(&s);
}

static void
test_text_round_trips(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf a = BUF_EMPTY, b = BUF_EMPTY;
        const char *out = texts[i].out ? texts[i].out : texts[i].in;

        parse(texts[i].in, &a);
        assert_prints(&a, out);
        parse(out, &b);
        assert_true(ofpacts_equal((const void *) a.data, a.size,
                                  (const void *) b.data, b.size));
        buf_uninit(&a);
        buf_uninit(&b);
    }
}

/* OpenFlow 1.0 has no actions about types of packets. */
static bool
is_refused(const char *text, uint8_t version)
{
    return (version == OFP10_VERSION
            && (strstr(text, "encap(") || strstr(text, "decap(")
                || strstr(text, "dec_nsh_ttl")));
}

/* Version by version, the wire form decodes to what encodes the same; what the
 * version can say it keeps. */
static void
test_wire_round_trips(void **state)
{
    static const uint8_t versions[] = {
        OFP10_VERSION, OFP13_VERSION, OFP14_VERSION, OFP15_VERSION
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
            struct buf a = BUF_EMPTY, b = BUF_EMPTY;
            struct buf w1 = BUF_EMPTY, w2 = BUF_EMPTY;
            bool old = versions[v] == OFP10_VERSION;
            enum ofperr error;

            parse(texts[i].in, &a);
            if (old) {
                ofpacts_encode(&w1, (const void *) a.data, a.size,
                               versions[v]);
                error = ofpacts_decode(w1.data, w1.size, versions[v],
                                       &ofp_decode_default, &b);
                ofpacts_encode(&w2, (const void *) b.data, b.size,
                               versions[v]);
            } else {
                ofpacts_encode_instructions(&w1, (const void *) a.data,
                                            a.size, versions[v]);
                error = ofpacts_decode_instructions(w1.data, w1.size,
                                                    versions[v],
                                                    &ofp_decode_default, &b);
                ofpacts_encode_instructions(&w2, (const void *) b.data,
                                            b.size, versions[v]);
            }
            if (is_refused(texts[i].in, versions[v])) {
                assert_int_equal(error, OFPBAC_BAD_VENDOR_TYPE);
            } else if (error) {
                fail_msg("%s in version %d: %s", texts[i].in, versions[v],
                         ofperr_name(error));
            }
            if (!error) {
                assert_int_equal(w1.size, w2.size);
            }
            if (!error && w1.size && memcmp(w1.data, w2.data, w1.size)) {
                fail_msg("%s in version %d changes", texts[i].in,
                         versions[v]);
            }
            buf_uninit(&a);
            buf_uninit(&b);
            buf_uninit(&w1);
            buf_uninit(&w2);
        }
    }
}

/* Damaged actions are refused or decoded, never more than read. */
static void
test_damaged_wire_is_survived(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct buf a = BUF_EMPTY, w = BUF_EMPTY, out = BUF_EMPTY;

        parse(texts[i].in, &a);
        ofpacts_encode_instructions(&w, (const void *) a.data, a.size,
                                    OFP14_VERSION);
        for (int n = 0; n < 300 && w.size; n++) {
            struct str s = STR_EMPTY;
            uint8_t *copy = xmemdup(w.data, w.size);
            size_t size = n % 3 ? w.size : random_range(w.size + 1);

            for (unsigned int k = random_range(4); k-- > 0; ) {
                copy[random_range(w.size)] = random_u32();
            }
            buf_clear(&out);
            if (!ofpacts_decode_instructions(copy, size, OFP14_VERSION,
                                             &ofp_decode_default, &out)) {
                ofpacts_format((const void *) out.data, out.size, NULL, &s);
            }
            str_uninit(&s);
            free(copy);
        }
        buf_uninit(&a);
        buf_uninit(&w);
        buf_uninit(&out);
    }
}

static void
test_bad_text_is_refused(void **state)
{
    static const char *const bad[] = {
        "output", "frob", "drop,1", "mod_vlan_vid:4096", "mod_nw_tos:3",
        "set_field:5->nosuch", "set_field:5->nw_proto", "load:16->reg0[0..3]",
        "move:reg0[0..3]->reg1[0..4]", "enqueue:5", "resubmit()",
        "conjunction(1,0/2)", "conjunction(1,1/65)", "ct(force)",
        "ct(table=300)", "ct(nat(src=9.9.9.9-1.1.1.1))", "nat",
        "check_pkt_larger(5)->reg0[0..1]", "goto_table:1,goto_table:2",
        "goto_table:1,output:1", "write_actions(learn())",
        "clone(goto_table:1)", "output(port=1,max_len=3)",
        "multipath(eth_src,0,modulo_n,5,0,reg0[0..1])", "bundle(1,2,3)",
        "learn(reg0[0..3]=reg1[0..4])", "conjunction(1,1/2),output:1",
        "sample(probability=0)", "note:0", "push_vlan:5", "load:5",
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct buf b = BUF_EMPTY;
        struct error *error = ofpacts_parse_instructions(bad[i], NULL, &b,
                                                         NULL);

        if (!error) {
            fail_msg("\"%s\" was taken", bad[i]);
        }
        error_free(error);
        buf_uninit(&b);
    }
}

/* OpenFlow's order, and the last of each kind. */
static void
test_action_set_is_in_order(void **state)
{
    struct buf in = BUF_EMPTY, out = BUF_EMPTY;

    parse("output:1,set_field:5->reg0,dec_ttl,push_vlan:0x8100,output:2,"
          "set_field:6->reg0,strip_vlan", &in);
    ofpacts_execute_action_set(&out, (const void *) in.data, in.size);
    assert_prints(&out, "strip_vlan,push_vlan:0x8100,dec_ttl,"
                  "set_field:0x5->reg0,set_field:0x6->reg0,output:2");
    buf_uninit(&in);
    buf_uninit(&out);
}

int
ofpact_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_round_trips),
        cmocka_unit_test(test_wire_round_trips),
        cmocka_unit_test(test_damaged_wire_is_survived),
        cmocka_unit_test(test_bad_text_is_refused),
        cmocka_unit_test(test_action_set_is_in_order),
    };

    return cmocka_run_group_tests_name("ofpact", tests, NULL, NULL);
}
