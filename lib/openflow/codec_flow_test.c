/* SPDX-License-Identifier: Apache-2.0 */

/* Round trips of flows and packets: random matches and actions, in every
 * protocol that can carry them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/openflow/codec_test.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"

static const uint32_t protocols[] = {
    OFP_PROTO_10, OFP_PROTO_10_TID, OFP_PROTO_10_NXM, OFP_PROTO_10_NXM_TID,
    OFP_PROTO_13, OFP_PROTO_14, OFP_PROTO_15,
};

/* What a match is about, and the fields that this allows; %r is a random
 * number, %b one of 0 to 255, %m a random mask. */
static const struct {
    const char *prerequisite;
    const char *fields[7];
} kinds[] = {
    { "", { "reg0=%r", "reg15=%r/%m", "metadata=%r/%m", "tun_id=%r",
            "in_port=%b", "pkt_mark=%r/%m", "conj_id=%r" } },
    { "", { "dl_src=00:00:00:00:%x:%x", "dl_vlan=%b", "dl_vlan_pcp=3",
            "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
            "tun_src=1.2.%b.%b", "tun_metadata0=%r", "xxreg1=%r" } },
    { "ip", { "nw_src=10.%b.0.0/16", "nw_dst=10.0.0.%b", "nw_tos=32",
              "nw_ecn=2", "nw_ttl=%b", "nw_frag=first", "ct_mark=%r/%m" } },
    { "tcp", { "tp_src=%b", "tp_dst=%b/0xff", "tcp_flags=+syn-ack",
               "ct_state=+trk+est", "ct_zone=%b", "ct_nw_src=10.0.0.%b,"
               "ct_state=+trk", "nw_src=1.2.3.%b" } },
    { "icmp", { "icmp_type=%b", "icmp_code=%b", "nw_src=1.2.3.%b",
                "in_port=%b", "dl_vlan=%b", "nw_tos=4", "ct_mark=%r" } },
    { "udp6", { "tp_dst=%b", "ipv6_src=fe80::%x/64", "ipv6_dst=fe80::%x",
                "ipv6_label=%b", "ct_label=%r", "nw_ttl=%b", "tp_src=%b" } },
    { "icmp6,icmp_type=135", { "icmp_code=0", "nd_target=fe80::%x",
                               "nd_sll=00:00:00:00:00:%x", "reg4=%r",
                               "nw_ttl=255", "xreg2=%r", "tun_flags=oam" } },
    { "arp", { "arp_op=1", "arp_spa=10.0.0.%b", "arp_tpa=10.0.%b.0/24",
               "arp_sha=00:00:00:00:00:%x", "arp_tha=00:00:00:00:00:%x",
               "dl_vlan=%b", "reg2=%r" } },
    { "mpls", { "mpls_label=%b", "mpls_tc=3", "mpls_bos=1", "mpls_ttl=%b",
                "reg9=%r/%m", "metadata=%r", "tun_gbp_id=%b" } },
};

static const char *const actions[] = {
    "output:%b", "NORMAL", "CONTROLLER:%b", "enqueue:%b:%b", "group:%b",
    "output(port=%b,max_len=%b)", "output:NXM_NX_REG0[0..15]", "strip_vlan",
    "controller(reason=no_match,id=%b,userdata=01.%x,meter_id=5)",
    "push_vlan:0x8100", "mod_vlan_vid:%b", "mod_dl_src:00:00:00:00:00:%x",
    "set_field:%r/0xffffffff->reg3", "load:%r->NXM_NX_REG1[0..31]",
    "move:NXM_NX_REG0[0..3]->NXM_NX_REG1[4..7]", "push:NXM_NX_REG0[]",
    "pop:NXM_NX_REG1[]", "set_queue:%b", "pop_queue", "set_tunnel:%b",
    "resubmit(%b,7)", "resubmit(,5,ct)", "note:01.02.03.04.05.%x",
    "conjunction(%b,1/2)", "multipath(eth_src,50,modulo_n,%b,0,"
    "NXM_NX_REG0[])", "bundle(eth_src,0,hrw,ofport,members:1,2,%b)",
    "clone(output:%b,mod_dl_dst:00:00:00:00:00:%x)", "ct_clear",
    "ct(commit,zone=%b,exec(load:%b->NXM_NX_CT_MARK[]))",
    "ct(table=3,nat(src=10.0.0.%b))", "check_pkt_larger(%b)->NXM_NX_REG0[3]",
    "learn(table=1,idle_timeout=%b,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],"
    "output:NXM_OF_IN_PORT[])", "sample(probability=%b,collector_set_id=1,"
    "obs_domain_id=2,obs_point_id=3)", "fin_timeout(idle_timeout=%b)",
    "delete_field:tun_metadata0", "exit", "encap(ethernet)",
    "clone(encap(nsh(md_type=1)),decap())",
    "clone(encap(nsh(md_type=2,tlv(0x%x%x,%b,0x1%x%x)),encap(ethernet)),1)",
    "clone(decap(packet_type(ns=1,type=0x8%x)))",
};

static void
put_random(struct str *s, const char *form)
{
    for (; *form; form++) {
        if (*form != '%') {
            str_put_char(s, *form);
            continue;
        }
        switch (*++form) {
        case 'r':
            str_printf(s, "%#x", any32() | 1);
            break;
        case 'm':
            str_printf(s, "%#x", any32() | 1);
            break;
        case 'b':
            str_printf(s, "%u", 1 + any32() % 254);
            break;
        case 'x':
            str_printf(s, "%02x", any32() % 256);
            break;
        }
    }
}

static void
put_random_match(struct str *s)
{
    size_t kind = any32() % ARRAY_SIZE(kinds);

    str_put(s, kinds[kind].prerequisite);
    for (size_t i = 0; i < ARRAY_SIZE(kinds[kind].fields); i++) {
        if (any32() % 3 == 0) {
            str_put(s, ",");
            put_random(s, kinds[kind].fields[i]);
        }
    }
}

static void
put_random_flow(struct str *s, int command, bool has_table)
{
    put_random_match(s);
    if (command != FLOW_MOD_DELETE) {
        str_printf(s, ",priority=%u", any32() % 65536);
    }
    if (command < FLOW_MOD_DELETE) {
        str_printf(s, ",idle_timeout=%u,hard_timeout=%u", any32() % 65536,
                   any32() % 65536);
    }
    if (has_table) {
        str_printf(s, ",table=%u", any32() % 254);
    }
    if (command < FLOW_MOD_DELETE) {
        str_printf(s, ",send_flow_rem,cookie=%#x,actions=", any32());
        for (int n = 1 + any32() % 4; n > 0; n--) {
            put_random(s, actions[any32() % ARRAY_SIZE(actions)]);
            str_put(s, n > 1 ? "," : "");
        }
    }
}

/* Actions about types of packets, which OpenFlow 1.0 refuses. */
static bool
changes_packet_type(const char *flow)
{
    return strstr(flow, "encap(") || strstr(flow, "decap(");
}

/* A random flow that 'protocol' can carry.  Not every action suits every
 * match: tries until they do. */
static void
random_flow(struct flow_mod *fm, int command, uint32_t protocol,
            struct buf *ofpacts)
{
    for (int i = 0; i < 10000; i++) {
        uint32_t usable = OFP_PROTO_ANY;
        struct str s = STR_EMPTY;
        struct error *error;
        bool fits;

        put_random_flow(&s, command, protocol & OFP_PROTO_TID);
        fits = !changes_packet_type(str_cstr(&s))
               || ofp_protocol_version(protocol) > OFP10_VERSION;
        error = flow_mod_parse(fm, str_cstr(&s), command, NULL, ofpacts,
                               &usable);
        str_uninit(&s);
        if (!error && fits && usable & protocol) {
            return;
        }
        error_free(error);
    }
    fail_msg("no flow for %s", ofp_protocol_name(protocol));
}

static struct ofp_decode
decoder(uint32_t protocol)
{
    struct ofp_decode d = ofp_decode_default;

    d.protocol = protocol;
    return d;
}

static void
expect_same_match(const struct match *a, const struct match *b)
{
    struct str s = STR_EMPTY, t = STR_EMPTY;

    match_format(a, NULL, 0, &s);
    match_format(b, NULL, 0, &t);
    if (!match_equals(a, b)) {
        fail_msg("\"%s\" became \"%s\"", str_cstr(&s), str_cstr(&t));
    }
    str_uninit(&s);
    str_uninit(&t);
}

void
codec_test_flow_mods(void **state UNUSED)
{
    struct buf ofpacts = BUF_EMPTY, ofpacts2 = BUF_EMPTY;

    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        struct ofp_decode d = decoder(protocols[p]);

        for (int i = 0; i < 4 * CODEC_N_ROUNDS; i++) {
            struct flow_mod fm, got;
            struct ofmsg msg;
            struct buf *b, *add;
            enum ofperr error;

            random_flow(&fm, any32() % 5, protocols[p], &ofpacts);
            b = flow_mod_encode(&fm, protocols[p]);
            take_apart(b, &msg);
            error = flow_mod_decode(&got, &msg, &d, &ofpacts2);
            if (error) {
                fail_msg("%s", ofperr_name(error));
            }
            expect_same_match(&fm.match, &got.match);
            assert_int_equal(got.command, fm.command);

            if (ofmsg_is_available(OFMSG_BUNDLE_ADD, msg.version)) {
                struct buf again = BUF_EMPTY;
                struct bundle_add ba;

                add = buf_create(256);
                bundle_add_put(add, msg.version, any32(), BUNDLE_F_ORDERED,
                               b->data, b->size);
                take_apart(add, &msg);
                assert_int_equal(bundle_add_decode(&ba, &msg), 0);
                bundle_add_put(&again, msg.version, ba.bundle_id, ba.flags,
                               ba.msg.data, ba.msg.size);
                assert_int_equal(again.size, add->size);
                assert_memory_equal(again.data, add->data, add->size);
                buf_uninit(&again);
                buf_destroy(add);
            }
            expect_same(b, flow_mod_encode(&got, protocols[p]));
        }
    }
    buf_uninit(&ofpacts);
    buf_uninit(&ofpacts2);
}

/* ## Statistics ## */

static void
flow_stats_requests(uint32_t protocol, struct buf *ofpacts)
{
    struct ofp_decode d = decoder(protocol);
    struct flow_stats_request req, got;
    struct flow_mod fm;
    struct ofmsg msg;
    struct buf *b;

    random_flow(&fm, FLOW_MOD_DELETE, protocol, ofpacts);
    req = (struct flow_stats_request) {
        .is_aggregate = any32() % 2, .match = fm.match,
        .out_port = any_port(), .table_id = fm.table_id,
        .out_group = protocol & OFP_PROTO_OXM_ANY ? any32() : OFPG_ANY,
    };
    if (protocol & OFP_PROTO_NXM_OXM_ANY) {
        req.cookie_mask = any64();
        req.cookie = any64() & req.cookie_mask;
    }
    b = flow_stats_request_encode(&req, protocol);
    take_apart(b, &msg);
    assert_int_equal(flow_stats_request_decode(&got, &msg, &d), 0);
    assert_int_equal(got.is_aggregate, req.is_aggregate);
    assert_int_equal(got.cookie, req.cookie);
    expect_same(b, flow_stats_request_encode(&got, protocol));
}

static void
random_stats(struct flow_stats *fs, uint32_t protocol, struct buf *ofpacts)
{
    struct flow_mod fm;

    random_flow(&fm, FLOW_MOD_ADD, protocol, ofpacts);
    *fs = (struct flow_stats) {
        .match = fm.match, .cookie = fm.new_cookie, .priority = fm.priority,
        .table_id = fm.table_id, .idle_timeout_s = fm.idle_timeout_s,
        .hard_timeout_s = fm.hard_timeout_s, .flags = fm.flags,
        .importance = fm.importance,
        .duration_s = any32(), .duration_ns = any32() % 1000000000,
        .idle_age_s = (int32_t) (any32() % 1000) - 1,
        .hard_age_s = (int32_t) (any32() % 1000) - 1,
        .n_packets = any64(), .n_bytes = any64(),
        .ofpacts = fm.ofpacts, .ofpacts_size = fm.ofpacts_size,
    };
}

static void
flow_stats_replies(uint32_t protocol, struct buf *ofpacts)
{
    struct flow_stats_request req = {
        .table_id = OFPTT_ALL, .out_port = OFPP_NONE, .out_group = OFPG_ANY,
    };
    struct ofp_decode d = decoder(protocol);
    struct list list = LIST_INITIALIZER(&list);
    struct list again = LIST_INITIALIZER(&again);
    struct ofmsg request, msg;
    struct multipart mp;
    struct flow_stats fs;
    struct buf *b, *r;
    size_t n = 0;

    match_init(&req.match);
    r = flow_stats_request_encode(&req, protocol);
    take_apart(r, &request);
    multipart_init(&mp, &request, &list);
    for (int i = 0; i < 300; i++) {
        random_stats(&fs, protocol, ofpacts);
        flow_stats_append(&mp, &fs, NULL);
    }
    multipart_finish(&mp);
    multipart_init(&mp, &request, &again);
    LIST_FOR_EACH (b, node, &list) {
        struct reader reader;
        int error;

        take_apart(b, &msg);
        reader = ofmsg_reader(&msg);
        while (!(error = flow_stats_decode(&fs, &msg, &reader, &d,
                                           ofpacts))) {
            flow_stats_append(&mp, &fs, NULL);
            n++;
        }
        assert_int_equal(error, -ENODATA);
    }
    multipart_finish(&mp);
    assert_int_equal(n, 300);
    expect_same_lists(&list, &again);
    buf_destroy(r);
}

static void
aggregate_replies(uint32_t protocol)
{
    struct flow_stats_request req = {
        .is_aggregate = true, .table_id = OFPTT_ALL, .out_port = OFPP_NONE,
        .out_group = OFPG_ANY,
    };
    struct aggregate_stats as = { any64(), any64(), any32() }, got;
    struct ofmsg request, msg;
    struct buf *b, *r;

    match_init(&req.match);
    r = flow_stats_request_encode(&req, protocol);
    take_apart(r, &request);
    b = aggregate_stats_encode(&as, &request);
    take_apart(b, &msg);
    assert_int_equal(aggregate_stats_decode(&got, &msg), 0);
    assert_int_equal(got.n_packets, as.n_packets);
    assert_int_equal(got.n_flows, as.n_flows);
    expect_same(b, aggregate_stats_encode(&got, &request));
    buf_destroy(r);
}

void
codec_test_flow_stats(void **state UNUSED)
{
    struct buf ofpacts = BUF_EMPTY;

    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        for (int i = 0; i < CODEC_N_ROUNDS; i++) {
            flow_stats_requests(protocols[p], &ofpacts);
            aggregate_replies(protocols[p]);
        }
        flow_stats_replies(protocols[p], &ofpacts);
    }
    buf_uninit(&ofpacts);
}

/* ## Monitors ## */

static void
random_update(struct flow_update *fu, uint32_t protocol, bool initial,
              struct buf *ofpacts)
{
    struct flow_mod fm;

    random_flow(&fm, FLOW_MOD_ADD, protocol, ofpacts);
    *fu = (struct flow_update) {
        .event = FLOW_UPDATE_ADDED + any32() % 4,
        .xid = any32(), .table_id = fm.table_id, .priority = fm.priority,
        .idle_timeout_s = fm.idle_timeout_s, .cookie = fm.new_cookie,
        .hard_timeout_s = fm.hard_timeout_s, .match = fm.match,
    };
    if (initial && any32() % 4 == 0) {
        fu->event = FLOW_UPDATE_INITIAL;
    }
    if (fu->event == FLOW_UPDATE_REMOVED) {
        fu->reason = any32() % FLOW_REMOVED_N_REASONS;
    } else {
        fu->ofpacts = fm.ofpacts;
        fu->ofpacts_size = fm.ofpacts_size;
    }
}

void
codec_test_flow_updates(void **state UNUSED)
{
    struct buf ofpacts = BUF_EMPTY;

    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        uint8_t version = ofp_protocol_version(protocols[p]);
        uint32_t protocol = (version == OFP10_VERSION ? OFP_PROTO_10_NXM_TID
                             : protocols[p]);
        struct ofp_decode d = decoder(protocol);
        struct list list = LIST_INITIALIZER(&list);
        struct list again = LIST_INITIALIZER(&again);
        struct flow_update fu;
        struct multipart mp;
        struct ofmsg msg;
        size_t n = 0;
        struct buf *b;

        multipart_init_type(&mp, OFMSG_FLOW_MONITOR_REPLY, version, 0, &list);
        for (int i = 0; i < 300; i++) {
            random_update(&fu, protocol, version >= OFP14_VERSION, &ofpacts);
            flow_update_append(&mp, &fu, NULL);
        }
        if (version >= OFP14_VERSION) {
            for (int e = FLOW_UPDATE_PAUSED; e <= FLOW_UPDATE_RESUMED; e++) {
                flow_update_append(&mp, &(struct flow_update) { .event = e },
                                   NULL);
            }
        }
        multipart_finish(&mp);
        multipart_init_type(&mp, OFMSG_FLOW_MONITOR_REPLY, version, 0,
                            &again);
        LIST_FOR_EACH (b, node, &list) {
            struct reader reader;
            int error;

            take_apart(b, &msg);
            reader = ofmsg_reader(&msg);
            while (!(error = flow_update_decode(&fu, &msg, &reader, &d,
                                                &ofpacts))) {
                flow_update_append(&mp, &fu, NULL);
                n++;
            }
            assert_int_equal(error, -ENODATA);
        }
        multipart_finish(&mp);
        assert_int_equal(n, version >= OFP14_VERSION ? 302 : 300);
        expect_same_lists(&list, &again);
    }
    buf_uninit(&ofpacts);
}

/* ## Packets ## */

static void
packet_ins(uint32_t protocol, int format, struct buf *out)
{
    static uint8_t packet[200];
    struct ofp_decode d = decoder(protocol);
    struct packet_in pin = {
        .packet = packet, .packet_size = 14 + any32() % 180,
        .buffer_id = OFP_NO_BUFFER, .reason = any32() % 3,
        .table_id = any32() % 254, .cookie = any64(),
        .max_len = UINT16_MAX,
    }, got, resumed;
    struct continuation cont = { .table_id = any32() % 254,
                                 .cookie = any64(),
                                 .bridge = { { any32() } },
                                 .conntracked = any32() % 2 }, cont2;
    bool paused = format == PACKET_IN_FORMAT_NXT2 && any32() % 2;
    struct buf ofpacts = BUF_EMPTY, ofpacts2 = BUF_EMPTY;
    struct flow_mod fm;
    const void *opaque;
    struct ofmsg msg;
    size_t size;
    struct buf *b, *resume;

    fill(packet, sizeof packet);
    random_flow(&fm, FLOW_MOD_ADD, OFP_PROTO_15, &ofpacts);
    match_init(&pin.metadata);
    match_set_in_port(&pin.metadata, any_port());
    pin.metadata.flow.regs[2] = any32() | 1;
    pin.metadata.wc.masks.regs[2] = UINT32_MAX;
    pin.total_size = pin.packet_size;
    if (format == PACKET_IN_FORMAT_NXT2) {
        pin.userdata = packet;
        pin.userdata_size = any32() % 20;
    }
    cont.actions = fm.ofpacts;
    cont.actions_size = fm.ofpacts_size;
    b = packet_in_encode(&pin, paused ? &cont : NULL, protocol, format, NULL);
    take_apart(b, &msg);
    assert_int_equal(packet_in_decode(&got, &msg, &d, &opaque, &size), 0);
    assert_int_equal(got.packet_size, pin.packet_size);
    assert_int_equal(got.metadata.flow.in_port, pin.metadata.flow.in_port);
    if (!paused) {
        got.max_len = UINT16_MAX;
        expect_same(b, packet_in_encode(&got, NULL, protocol, format, NULL));
    } else {
        resume = resume_encode(&got, opaque, size, msg.version, NULL);
        take_apart(resume, &msg);
        assert_int_equal(resume_decode(&resumed, &cont2, &msg, &d,
                                       &ofpacts2), 0);
        assert_int_equal(cont2.table_id, cont.table_id);
        assert_int_equal(cont2.conntracked, cont.conntracked);
        expect_same(resume, resume_encode(&resumed, opaque, size, msg.version,
                                          NULL));
        expect_same(b, packet_in_encode(&pin, &cont2, protocol, format,
                                        NULL));
    }
    buf_clear(out);
    buf_uninit(&ofpacts);
    buf_uninit(&ofpacts2);
}

static void
packet_outs(uint32_t protocol, struct buf *ofpacts)
{
    struct buf ofpacts2 = BUF_EMPTY;
    struct ofp_decode d = decoder(protocol);
    uint8_t packet[100];
    struct packet_out po = {
        .packet = packet, .packet_size = 14 + any32() % 80,
        .buffer_id = OFP_NO_BUFFER,
    }, got;
    struct flow_mod fm;
    struct ofmsg msg;
    enum ofperr error;
    struct buf *b;

    FILL(packet);
    random_flow(&fm, FLOW_MOD_ADD, protocol, ofpacts);
    po.ofpacts = fm.ofpacts;
    po.ofpacts_size = fm.ofpacts_size;
    match_init(&po.metadata);
    match_set_in_port(&po.metadata, any_port());
    if (protocol == OFP_PROTO_15) {
        po.metadata.flow.regs[2] = any32() | 1;
        po.metadata.wc.masks.regs[2] = UINT32_MAX;
    }
    b = packet_out_encode(&po, protocol);
    take_apart(b, &msg);
    error = packet_out_decode(&got, &msg, &d, &ofpacts2);
    if (error) {
        fail_msg("%s", ofperr_name(error));
    }
    assert_int_equal(got.packet_size, po.packet_size);
    assert_int_equal(got.metadata.flow.in_port, po.metadata.flow.in_port);
    expect_same(b, packet_out_encode(&got, protocol));
    buf_uninit(&ofpacts2);
}

void
codec_test_packets(void **state UNUSED)
{
    struct buf ofpacts = BUF_EMPTY;

    for (size_t p = 0; p < ARRAY_SIZE(protocols); p++) {
        for (int i = 0; i < CODEC_N_ROUNDS; i++) {
            for (int f = 0; f <= PACKET_IN_FORMAT_NXT2; f++) {
                packet_ins(protocols[p], f, &ofpacts);
            }
            packet_outs(protocols[p], &ofpacts);
        }
    }
    buf_uninit(&ofpacts);
}
