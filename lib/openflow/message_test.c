/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/session_msg.h"

int message_tests(void);

static const uint32_t protocols[] = {
    OFP_PROTO_10_TID, OFP_PROTO_10_NXM_TID, OFP_PROTO_13, OFP_PROTO_14,
    OFP_PROTO_15,
};

static const char *const flows[] = {
    "table=3,priority=7,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=output:1",
    "in_port=2,dl_vlan=5,actions=mod_vlan_vid:7,output:3",
    "arp,arp_op=1,arp_tpa=1.2.3.4,actions=drop",
    "table=8,reg14=0x1,metadata=0x5,ct_state=+trk+est,ipv6,"
    "ipv6_dst=fe80::/10,actions=load:0x2->NXM_NX_REG15[],resubmit(,9)",
    "tun_id=5,tun_dst=1.2.3.4,xreg3=0x100000002,icmp6,icmp_type=135,"
    "nd_target=::1,nd_sll=00:00:00:00:00:01,actions=ct(commit,zone=7)",
    "cookie=0x123,idle_timeout=5,hard_timeout=9,send_flow_rem,mpls,"
    "mpls_label=7,actions=conjunction(3,1/2)",
    "tun_metadata3=0x1234,pkt_mark=7/15,conj_id=3,ip,ip_frag=later,"
    "nw_tos=32,nw_ecn=1,nw_ttl=3,actions=NORMAL",
};

static void
decode(const struct buf *b, struct ofmsg *msg)
{
    enum ofperr error = ofmsg_decode(b->data, b->size, msg);

    if (error) {
        fail_msg("%s", ofperr_name(error));
    }
}

static struct ofp_decode
decoder(uint32_t protocol)
{
    struct ofp_decode d = ofp_decode_default;

    d.protocol = protocol;
    return d;
}

/* What cookies in the text of a flow mean for each command. */
static void
test_cookies(void **state)
{
    static const struct {
        int command;
        const char *text;
        uint64_t new_cookie, cookie, mask;
        bool modify_cookie;
    } cases[] = {
        { FLOW_MOD_DELETE, "cookie=7/-1", UINT64_MAX, 7, UINT64_MAX, false },
        { FLOW_MOD_DELETE, "cookie=-1/0xff", UINT64_MAX, 0xff, 0xff, false },
        { FLOW_MOD_MODIFY, "actions=drop", 0, 0, 0, false },
        { FLOW_MOD_MODIFY_STRICT, "cookie=9,actions=drop", 9, 0, 0, true },
        { FLOW_MOD_MODIFY, "cookie=9/-1,actions=drop", UINT64_MAX, 9,
          UINT64_MAX, false },
        { FLOW_MOD_ADD, "cookie=9,actions=drop", 9, 0, 0, true },
    };
    struct buf acts = BUF_EMPTY;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct flow_mod fm;

        assert_null(flow_mod_parse(&fm, cases[i].text, cases[i].command,
                                   NULL, &acts, NULL));
        if (cases[i].command <= FLOW_MOD_MODIFY_STRICT) {
            assert_true(fm.new_cookie == htonll(cases[i].new_cookie));
        }
        assert_true(fm.cookie == htonll(cases[i].cookie));
        assert_true(fm.cookie_mask == htonll(cases[i].mask));
        assert_true(fm.modify_cookie == cases[i].modify_cookie);
    }
    buf_uninit(&acts);
}

static void
test_flow_mods_round_trip(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
        for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
            struct ofp_decode d = decoder(protocols[p]);
            struct buf acts = BUF_EMPTY, acts2 = BUF_EMPTY;
            uint32_t usable = OFP_PROTO_ANY;
            struct flow_mod a, b;
            struct ofmsg msg;
            struct buf *wire;
            enum ofperr error;

            assert_null(flow_mod_parse(&a, flows[i], FLOW_MOD_ADD, NULL,
                                       &acts, &usable));
            if (usable & protocols[p]) {
                wire = flow_mod_encode(&a, protocols[p]);
                decode(wire, &msg);
                assert_int_equal(msg.type, OFMSG_FLOW_MOD);
                error = flow_mod_decode(&b, &msg, &d, &acts2);
                if (error) {
                    fail_msg("%s: %s", flows[i], ofperr_name(error));
                }
                assert_true(match_equals(&a.match, &b.match));
                assert_int_equal(a.priority, b.priority);
                assert_int_equal(a.new_cookie, b.new_cookie);
                assert_int_equal(a.table_id, b.table_id);
                assert_int_equal(a.idle_timeout_s, b.idle_timeout_s);
                assert_int_equal(a.flags, b.flags);
                buf_destroy(wire);
            }
            buf_uninit(&acts);
            buf_uninit(&acts2);
        }
    }
}

static void
test_flow_stats_round_trip(void **state)
{
    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        struct flow_stats_request req = {
            .table_id = 3, .out_port = OFPP_NONE, .out_group = OFPG_ANY,
        };
        struct ofp_decode d = decoder(protocols[p]);
        struct buf acts = BUF_EMPTY, acts2 = BUF_EMPTY;
        struct list list = LIST_INITIALIZER(&list);
        struct flow_stats_request got;
        struct ofmsg request, reply;
        struct multipart mp;
        struct buf *wire, *b;
        size_t n = 0;

        match_init(&req.match);
        match_set_in_port(&req.match, 3);
        wire = flow_stats_request_encode(&req, protocols[p]);
        decode(wire, &request);
        assert_int_equal(flow_stats_request_decode(&got, &request, &d), 0);
        assert_int_equal(got.table_id, 3);
        assert_true(match_equals(&req.match, &got.match));

        multipart_init(&mp, &request, &list);
        for (size_t i = 0; i < 3000; i++) {
            struct flow_stats fs = { .n_packets = i, .table_id = 7,
                                     .priority = 9, .n_bytes = 2 * i,
                                     .duration_s = 5, .idle_age_s = 3,
                                     .hard_age_s = -1 };
            match_init(&fs.match);
            match_set_in_port(&fs.match, i);
            flow_stats_append(&mp, &fs, NULL);
        }
        multipart_finish(&mp);
        assert_true(list_size(&list) > 1);
        LIST_FOR_EACH (b, node, &list) {
            struct reader r;
            struct flow_stats fs;
            int error;

            decode(b, &reply);
            assert_int_equal(reply.type, OFMSG_FLOW_STATS_REPLY);
            assert_int_equal(reply.more, b->node.next != &list);
            r = ofmsg_reader(&reply);
            while (!(error = flow_stats_decode(&fs, &reply, &r, &d,
                                               &acts2))) {
                assert_int_equal(fs.match.flow.in_port, n);
                assert_int_equal(fs.n_packets, n);
                assert_int_equal(fs.duration_s, 5);
                n++;
            }
            assert_int_equal(error, -ENODATA);
        }
        assert_int_equal(n, 3000);
        buf_list_destroy(&list);
        buf_destroy(wire);
        buf_uninit(&acts);
        buf_uninit(&acts2);
    }
}

static void
test_errors_round_trip(void **state)
{
    static const uint8_t versions[] = {
        OFP10_VERSION, OFP13_VERSION, OFP14_VERSION, OFP15_VERSION
    };

    for (unsigned int e = 1; e < OFPERR_N; e++) {
        assert_int_equal(ofperr_from_name(ofperr_name(e)), e);
        for (size_t v = 0; v < ARRAY_SIZE(versions); v++) {
            uint8_t request[8] = { versions[v], 2, 0, 8, 1, 2, 3, 4 };
            struct buf *b = error_msg_reply(e, request, sizeof request);
            struct ofperr_code code, want;
            struct reader payload;
            struct ofmsg msg;
            enum ofperr got;

            decode(b, &msg);
            got = error_msg_decode(&msg, &code, &payload);
            assert_int_equal(payload.left, 8);
            if (ofperr_to_code(e, versions[v], &want)) {
                assert_memory_equal(&code, &want, sizeof code);
                assert_true(got != 0);
            } else {
                assert_int_equal(got, NXBRC_UNENCODABLE_ERROR);
            }
            buf_destroy(b);
        }
    }
}

static void
test_packet_in_and_resume_round_trip(void **state)
{
    static const uint8_t packet[60] = { 1, 2, 3 };

    for (size_t p = 1; p < ARRAY_SIZE(protocols); p++) {
        for (int format = 0; format < 3; format++) {
            struct ofp_decode d = decoder(protocols[p]);
            struct buf acts = BUF_EMPTY, set = BUF_EMPTY, out = BUF_EMPTY;
            struct packet_in pin = {
                .packet = packet, .packet_size = 60, .total_size = 60,
                .buffer_id = OFP_NO_BUFFER, .reason = PACKET_IN_ACTION,
                .table_id = 5, .cookie = 7, .userdata = packet,
                .userdata_size = 3, .max_len = UINT16_MAX,
            };
            struct continuation cont = { .table_id = 9, .cookie = 3,
                                         .conntracked = true }, cont2;
            const void *opaque;
            size_t opaque_size;
            struct packet_in got;
            struct ofmsg msg;
            struct buf *b, *resume;

            match_init(&pin.metadata);
            match_set_in_port(&pin.metadata, 3);
            assert_null(ofpacts_parse_instructions(
                            "output:1,resubmit(,3)", NULL, &acts, NULL));
            assert_null(ofpacts_parse_actions("group:5", NULL, &set, NULL));
            cont.actions = (const void *) acts.data;
            cont.actions_size = acts.size;
            cont.action_set = (const void *) set.data;
            cont.action_set_size = set.size;
            cont.bridge = uuid_random();
            b = packet_in_encode(&pin, format == 2 ? &cont : NULL,
                                 protocols[p], format, NULL);
            decode(b, &msg);
            assert_int_equal(packet_in_decode(&got, &msg, &d, &opaque,
                                              &opaque_size), 0);
            assert_int_equal(got.packet_size, 60);
            assert_memory_equal(got.packet, packet, 60);
            assert_int_equal(got.metadata.flow.in_port, 3);
            if (format == 2) {
                assert_int_equal(got.userdata_size, 3);
                resume = resume_encode(&got, opaque, opaque_size,
                                       msg.version, NULL);
                decode(resume, &msg);
                assert_int_equal(resume_decode(&got, &cont2, &msg, &d, &out),
                                 0);
                assert_true(uuid_equals(&cont.bridge, &cont2.bridge));
                assert_true(ofpacts_equal(cont.actions, cont.actions_size,
                                          cont2.actions,
                                          cont2.actions_size));
                assert_true(ofpacts_equal(cont.action_set,
                                          cont.action_set_size,
                                          cont2.action_set,
                                          cont2.action_set_size));
                assert_true(cont2.conntracked);
                buf_destroy(resume);
            }
            buf_destroy(b);
            buf_uninit(&acts);
            buf_uninit(&set);
            buf_uninit(&out);
        }
    }
}

static void
test_packet_out_round_trips(void **state)
{
    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        struct ofp_decode d = decoder(protocols[p]);
        struct buf acts = BUF_EMPTY, acts2 = BUF_EMPTY;
        struct packet_out po = {
            .packet = (const void *) "abcdefghijklmnop", .packet_size = 16,
            .buffer_id = OFP_NO_BUFFER,
        }, got;
        struct ofmsg msg;
        struct buf *b;

        assert_null(ofpacts_parse_actions("output:1,output:2", NULL, &acts,
                                          NULL));
        po.ofpacts = (const void *) acts.data;
        po.ofpacts_size = acts.size;
        match_init(&po.metadata);
        match_set_in_port(&po.metadata, OFPP_CONTROLLER);
        b = packet_out_encode(&po, protocols[p]);
        decode(b, &msg);
        assert_int_equal(packet_out_decode(&got, &msg, &d, &acts2), 0);
        assert_int_equal(got.packet_size, 16);
        assert_int_equal(got.metadata.flow.in_port, OFPP_CONTROLLER);
        assert_int_equal(got.ofpacts_size, po.ofpacts_size);
        buf_destroy(b);
        buf_uninit(&acts);
        buf_uninit(&acts2);
    }
}

static void
test_bundle_add_holds_its_message(void **state)
{
    struct buf acts = BUF_EMPTY, b = BUF_EMPTY;
    struct bundle_add add;
    struct flow_mod fm;
    struct ofmsg msg;
    struct buf *inner;

    assert_null(flow_mod_parse(&fm, flows[0], FLOW_MOD_ADD, NULL, &acts,
                               NULL));
    inner = flow_mod_encode(&fm, OFP_PROTO_14);
    bundle_add_put(&b, OFP14_VERSION, 7, BUNDLE_F_ATOMIC, inner->data,
                   inner->size);
    decode(&b, &msg);
    assert_int_equal(bundle_add_decode(&add, &msg), 0);
    assert_int_equal(add.bundle_id, 7);
    assert_int_equal(add.msg.type, OFMSG_FLOW_MOD);
    assert_int_equal(add.msg.size, inner->size);
    b.data[16 + 3]++;
    assert_int_equal(ofmsg_decode(b.data, b.size, &msg), 0);
    assert_int_not_equal(bundle_add_decode(&add, &msg), 0);
    buf_destroy(inner);
    buf_uninit(&b);
    buf_uninit(&acts);
}

/* Whatever bytes come, decoding ends with an answer. */
static void
test_random_messages_are_survived(void **state)
{
    struct ofp_decode d = ofp_decode_default;
    struct buf acts = BUF_EMPTY;

    for (int n = 0; n < 100000; n++) {
        uint8_t bytes[96];
        size_t size = 8 + random_range(89);
        struct flow_mod fm;
        struct ofmsg msg;

        random_bytes(bytes, sizeof bytes);
        bytes[0] = 1 + random_range(6);
        bytes[1] %= 36;
        put_be16(bytes + 2, htons(size));
        if (random_range(2)) {
            put_be32(bytes + 8, htonl(OFP_VENDOR_NX));
            put_be32(bytes + 12, htonl(random_range(40)));
        }
        if (ofmsg_decode(bytes, size, &msg)) {
            continue;
        }
        if (msg.type == OFMSG_FLOW_MOD
            && !flow_mod_decode(&fm, &msg, &d, &acts)) {
            assert_true(fm.command <= FLOW_MOD_DELETE_STRICT);
        }
    }
    buf_uninit(&acts);
}

/* What a command says is what the switch reads, and prints as a command. */
static void
test_ct_flush_round_trips(void **state UNUSED)
{
    static const char *const cases[][3] = {
        { NULL }, { "zone=5" }, { "mark=0x5/0xff", "zone=0" },
        { "labels=0x123456789abcdef0123456789abcdef/0xf" },
        { "ct_nw_src=10.0.0.1,ct_tp_src=5,ct_tp_dst=80,ct_nw_proto=6" },
        { "ct_ipv6_src=fd00::1,ct_ipv6_dst=fd00::2,ct_nw_proto=17",
          "ct_ipv6_dst=fd00::9,ct_tp_dst=7,ct_nw_proto=17" },
        { "", "ct_nw_dst=10.0.0.9,ct_nw_proto=6" },
        { "zone=9", "ct_nw_src=10.0.0.1,icmp_id=10,icmp_type=8,icmp_code=0,"
          "ct_nw_proto=1" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ct_flush f = CT_FLUSH_ALL, got;
        struct str before = STR_EMPTY, after = STR_EMPTY;
        struct buf *b;
        struct ofmsg msg;

        for (int k = 0; k < 3 && cases[i][k]; k++) {
            assert_null(ct_flush_parse(cases[i][k], &f));
        }
        b = ct_flush_encode(&f, 6);
        decode(b, &msg);
        assert_int_equal(ct_flush_decode(&msg, &got), 0);
        if (f.has_reply) {
            /* A message has one protocol. */
            f.orig.nw_proto = f.reply.nw_proto;
        }
        ct_flush_format(&f, &before);
        ct_flush_format(&got, &after);
        assert_string_equal(str_cstr(&before), str_cstr(&after));
        str_uninit(&before);
        str_uninit(&after);
        buf_destroy(b);
    }
}

static void
test_ct_flush_refusals(void **state UNUSED)
{
    static const char *const cases[] = {
        "zone=70000", "zone=", "mark=x", "mark=0x1ffffffff", "labels=0x",
        "labels=0x111111111111111111111111111111111", "ct_nw_src=fd00::1",
        "ct_tp_src=70000", "ct_foo=1", "foo", "icmp_type=256",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct ct_flush f = CT_FLUSH_ALL;
        struct error *error = ct_flush_parse(cases[i], &f);

        assert_non_null(error);
        error_free(error);
    }
}

int
message_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookies),
        cmocka_unit_test(test_flow_mods_round_trip),
        cmocka_unit_test(test_flow_stats_round_trip),
        cmocka_unit_test(test_errors_round_trip),
        cmocka_unit_test(test_packet_in_and_resume_round_trip),
        cmocka_unit_test(test_packet_out_round_trips),
        cmocka_unit_test(test_ct_flush_round_trips),
        cmocka_unit_test(test_ct_flush_refusals),
        cmocka_unit_test(test_bundle_add_holds_its_message),
        cmocka_unit_test(test_random_messages_are_survived),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
