/* SPDX-License-Identifier: Apache-2.0 */

/* Every message, in every version that has it: what random contents encode to
 * decodes to what encodes to the same bytes.  That finds whatever one side
 * forgets or puts elsewhere, but for what both forget, for which a few
 * contents are compared too.
 *
 * This file has ports, queues, groups, meters, tables and monitors, and in the
 * end checks that nothing is left out; codec_session_test.c has the session's
 * messages, codec_flow_test.c flows and packets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/openflow/codec_test.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/ipfix_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/table_msg.h"

const uint8_t codec_versions[CODEC_N_VERSIONS] = {
    OFP10_VERSION, OFP13_VERSION, OFP14_VERSION, OFP15_VERSION,
};

static struct rng rng;

/* Versions in which each type of message has been taken apart. */
static uint32_t seen[OFMSG_N_TYPES];

uint32_t
any32(void)
{
    return rng_u64(&rng);
}

uint64_t
any64(void)
{
    return rng_u64(&rng);
}

ofp_port_t
any_port(void)
{
    return 1 + rng_range(&rng, 60000);
}

void
fill(void *object, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *) object)[i] = any32() >> 8;
    }
}

void
fill_name(char *name, size_t size)
{
    snprintf(name, size, "n%u", any32() % 1000000);
}

void
fill_port(struct phy_port *port)
{
    FILL(*port);
    port->port_no = any_port();
    fill_name(port->name, 16);
    port->config &= PORT_DOWN | PORT_NO_RECV | PORT_NO_FWD
                    | PORT_NO_PACKET_IN;
    port->state &= PORT_LINK_DOWN | PORT_LIVE;
    port->curr &= 0xfff;
    port->advertised &= 0xfff;
    port->supported &= 0xfff;
    port->peer &= 0xfff;
}

void
fill_async(struct async_config *config)
{
    static const uint8_t reasons[ASYNC_N_TYPES] = {
        0x7, 0x7, 0x3f, 0x7, 0x18, 0x3
    };

    for (int i = 0; i < ASYNC_N_TYPES; i++) {
        config->primary[i] = any32() & reasons[i];
        config->secondary[i] = any32() & reasons[i];
    }
}

void
take_apart(const struct buf *b, struct ofmsg *msg)
{
    enum ofperr error = ofmsg_decode(b->data, b->size, msg);

    if (error) {
        fail_msg("%s", ofperr_name(error));
    }
    seen[msg->type] |= OFP_VERSION_BIT(msg->version);
}

void
expect_same(struct buf *a, struct buf *b)
{
    assert_int_equal(a->size, b->size);
    memcpy(b->data + 4, a->data + 4, 4);
    assert_memory_equal(a->data, b->data, a->size);
    buf_destroy(a);
    buf_destroy(b);
}

void
expect_same_lists(struct list *a, struct list *b)
{
    assert_int_equal(list_size(a), list_size(b));
    while (!list_is_empty(a)) {
        expect_same(LIST_ELEM((struct buf *) NULL, list_pop_front(a), node),
                    LIST_ELEM((struct buf *) NULL, list_pop_front(b), node));
    }
}

static void
test_single_messages(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        struct port_status ps = { .reason = any32() % 3 };
        struct port_mod pm = {
            .port_no = any_port(), .config = PORT_DOWN,
            .mask = PORT_DOWN | PORT_NO_FWD, .advertise = any32() & 0x3f,
        };
        struct role_request role = {
            .generation_id = any64(),
            .has_generation_id = version > OFP10_VERSION,
        };
        struct switch_config config = {
            .frag = any32() % 2, .miss_send_len = any32(),
        };
        struct tlv_map maps[3];
        struct tlv_table_mod ttm = {
            .command = 0, .maps = maps, .n_maps = 1 + any32() % 3,
        };
        struct queue_stats_request qsr = { any_port(), any32() };
        struct async_config async;

        fill_async(&async);
        EXPECT_ROUND_TRIP(struct async_config, async, async_config_encode_set,
                          async_config_decode);
        fill_port(&ps.desc);
        EXPECT_ROUND_TRIP(struct port_status, ps, port_status_encode,
                          port_status_decode);
        FILL(pm.hw_addr);
        EXPECT_ROUND_TRIP(struct port_mod, pm, port_mod_encode,
                          port_mod_decode);
        /* The others have no generation. */
        role.role = ROLE_PRIMARY + any32() % 2;
        EXPECT_ROUND_TRIP(struct role_request, role, role_request_encode,
                          role_decode);
        EXPECT_ROUND_TRIP(struct switch_config, config,
                          switch_config_encode_set, switch_config_decode);
        EXPECT_ROUND_TRIP(struct queue_stats_request, qsr,
                          queue_stats_request_encode,
                          queue_stats_request_decode);
        for (size_t i = 0; i < 3; i++) {
            maps[i].option_class = any32();
            maps[i].option_type = any32();
            maps[i].option_size = 4 * (any32() % 32);
            maps[i].index = i;
        }
        {
            struct buf *a = tlv_table_mod_encode(&ttm, version);
            struct tlv_table_mod got;
            struct ofmsg msg;

            take_apart(a, &msg);
            assert_int_equal(tlv_table_mod_decode(&got, &msg), 0);
            assert_int_equal(got.n_maps, ttm.n_maps);
            expect_same(a, tlv_table_mod_encode(&got, version));
            free(got.maps);
        }
    }
    FOR_EACH_VERSION (version, OFP13_VERSION) {
        struct bundle_control bc = { any32(), any32() % 8, any32() % 4 };
        struct table_mod tm = {
            .table_id = any32() % 254,
            .eviction = any32() % 3,
            .eviction_flags = any32() % 2 ? any32() % 8 : UINT32_MAX,
            .vacancy = any32() % 3,
            .vacancy_down = any32() % 50,
            .vacancy_up = 50 + any32() % 51,
        };

        EXPECT_ROUND_TRIP(struct table_mod, tm, table_mod_encode,
                          table_mod_decode);
        EXPECT_ROUND_TRIP(struct bundle_control, bc, bundle_control_encode,
                          bundle_control_decode);
    }
    FOR_EACH_VERSION (version, OFP14_VERSION) {
        struct role_status rs = { 2 + any32() % 2, any32() % 3, any64() };

        EXPECT_ROUND_TRIP(struct role_status, rs, role_status_encode,
                          role_status_decode);
    }
}

/* Groups. */

static void
random_group(struct group_mod *gm, uint8_t version)
{
    static const char *const types[] = { "all", "select", "indirect", "ff" };
    unsigned int type = any32() % 4;
    unsigned int n = type == GROUP_INDIRECT ? 1 : any32() % 4;
    struct str s = STR_EMPTY;
    uint32_t usable = OFP_PROTO_ANY;

    str_printf(&s, "group_id=%u,type=%s", any32() % 0xffffff00, types[type]);
    if (type == GROUP_SELECT && version != OFP13_VERSION
        && version != OFP14_VERSION && any32() % 2) {
        str_put(&s, ",selection_method=hash,fields(ip_dst,tcp_dst=0xff00)");
    }
    for (unsigned int i = 0; i < n; i++) {
        str_put(&s, ",bucket=");
        if (type == GROUP_SELECT) {
            str_printf(&s, "weight:%u,", 1 + any32() % 1000);
        } else if (type == GROUP_FF) {
            str_printf(&s, "watch_port:%u,", any_port());
        }
        str_printf(&s, "actions=mod_dl_src:00:00:00:00:00:%02x,output:%u",
                   any32() % 256, any_port());
    }
    assert_null(group_mod_parse(gm, str_cstr(&s), any32() % 2, NULL,
                                &usable));
    str_uninit(&s);
}

static void
test_groups(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        struct ofp_decode d = ofp_decode_default;
        struct list list = LIST_INITIALIZER(&list);
        struct list again = LIST_INITIALIZER(&again);
        struct group_mod gm, got;
        struct group_desc desc, desc2;
        struct multipart mp;
        struct ofmsg msg, request;
        struct buf *wire, *req;
        struct reader r;

        d.protocol = ofp_protocol_from_version(version);
        random_group(&gm, version);
        wire = group_mod_encode(&gm, version);
        take_apart(wire, &msg);
        assert_int_equal(group_mod_decode(&got, &msg, &d), 0);
        assert_int_equal(got.group_id, gm.group_id);
        assert_int_equal(got.type, gm.type);
        assert_int_equal(list_size(&got.buckets), list_size(&gm.buckets));
        expect_same(wire, group_mod_encode(&got, version));

        /* The same buckets as a description. */
        req = group_desc_request_encode(gm.group_id, version);
        take_apart(req, &request);
        desc = (struct group_desc) {
            .type = gm.type, .group_id = gm.group_id, .props = gm.props,
        };
        list_init(&desc.buckets);
        buckets_clone(&desc.buckets, &gm.buckets);
        multipart_init(&mp, &request, &list);
        group_desc_append(&mp, &desc);
        multipart_finish(&mp);
        take_apart(LIST_ELEM((struct buf *) NULL, list.next, node), &msg);
        r = ofmsg_reader(&msg);
        assert_int_equal(group_desc_decode(&desc2, &msg, &r), 0);
        multipart_init(&mp, &request, &again);
        group_desc_append(&mp, &desc2);
        multipart_finish(&mp);
        expect_same_lists(&list, &again);
        group_desc_uninit(&desc2);
        buckets_destroy(&desc.buckets);
        group_mod_uninit(&got);
        group_mod_uninit(&gm);
        buf_destroy(req);
    }
}

/* Meters. */

static void
random_meter(struct meter_config *m)
{
    *m = (struct meter_config) {
        .meter_id = 1 + any32() % 1000,
        .flags = METER_F_STATS | METER_F_BURST
                 | (any32() % 2 ? METER_F_KBPS : METER_F_PKTPS),
        .n_bands = 1 + any32() % 3,
    };
    m->bands = xcalloc(m->n_bands, sizeof *m->bands);
    for (size_t i = 0; i < m->n_bands; i++) {
        m->bands[i].type = 1 + any32() % 2;
        m->bands[i].prec_level = (m->bands[i].type == METER_BAND_DSCP_REMARK
                                  ? any32() % 8 : 0);
        m->bands[i].rate = any32();
        m->bands[i].burst_size = any32();
    }
}

static void
test_meters(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP13_VERSION) {
        struct meter_mod mm = { .command = any32() % 2 }, got;
        struct buf *wire;
        struct ofmsg msg;

        random_meter(&mm.meter);
        wire = meter_mod_encode(&mm, version);
        take_apart(wire, &msg);
        assert_int_equal(meter_mod_decode(&got, &msg), 0);
        assert_int_equal(got.meter.n_bands, mm.meter.n_bands);
        expect_same(wire, meter_mod_encode(&got, version));
        meter_config_uninit(&mm.meter);
        meter_config_uninit(&got.meter);
    }
}

/* Multipart replies of many elements. */

#define N_ELEMENTS 700

/* Appends a random element. */
typedef void append_fn(struct multipart *);

/* Decodes the elements of 'msg' and appends each to 'mp'. */
typedef void copy_fn(const struct ofmsg *, struct multipart *mp);

static void
expect_elements(struct buf *req, append_fn *append, copy_fn *copy, int n)
{
    struct list list = LIST_INITIALIZER(&list);
    struct list again = LIST_INITIALIZER(&again);
    struct multipart mp;
    struct ofmsg request;
    struct buf *b;

    take_apart(req, &request);
    multipart_init(&mp, &request, &list);
    for (int i = 0; i < n; i++) {
        append(&mp);
    }
    multipart_finish(&mp);
    assert_true(list_size(&list) >= 1);
    multipart_init(&mp, &request, &again);
    LIST_FOR_EACH (b, node, &list) {
        struct ofmsg msg;

        take_apart(b, &msg);
        assert_int_equal(msg.more, b->node.next != &list);
        copy(&msg, &mp);
    }
    multipart_finish(&mp);
    expect_same_lists(&list, &again);
    buf_destroy(req);
}

static void
expect_multipart(struct buf *req, append_fn *append, copy_fn *copy)
{
    expect_elements(req, append, copy, N_ELEMENTS);
}

static void
append_port(struct multipart *mp)
{
    struct phy_port port;

    fill_port(&port);
    phy_port_append(mp, &port);
}

static void
copy_ports(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct phy_port port;
    int error;

    while (!(error = phy_port_decode(&port, msg->version, &r))) {
        phy_port_append(mp, &port);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_port_stats(struct multipart *mp)
{
    struct port_stats ps;

    FILL(ps);
    ps.port_no = any_port();
    ps.duration_ns %= 1000000000;
    ps.custom = NULL;
    ps.n_custom = 0;
    port_stats_append(mp, &ps);
}

static void
copy_port_stats(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct port_stats ps;
    int error;

    while (!(error = port_stats_decode(&ps, msg, &r))) {
        port_stats_append(mp, &ps);
        port_stats_uninit(&ps);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_queue_stats(struct multipart *mp)
{
    struct queue_stats qs;

    FILL(qs);
    qs.port_no = any_port();
    qs.duration_ns %= 1000000000;
    queue_stats_append(mp, &qs);
}

static void
copy_queue_stats(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct queue_stats qs;
    int error;

    while (!(error = queue_stats_decode(&qs, msg, &r))) {
        queue_stats_append(mp, &qs);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_group_stats(struct multipart *mp)
{
    struct bucket_stats buckets[3];
    struct group_stats gs;

    FILL(gs);
    FILL(buckets);
    gs.n_buckets %= 4;
    gs.buckets = buckets;
    group_stats_append(mp, &gs);
}

static void
copy_group_stats(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct group_stats gs;
    int error;

    while (!(error = group_stats_decode(&gs, msg, &r))) {
        group_stats_append(mp, &gs);
        free(gs.buckets);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_meter(struct multipart *mp)
{
    struct meter_config m;

    random_meter(&m);
    meter_config_append(mp, &m);
    meter_config_uninit(&m);
}

static void
copy_meters(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct meter_config m;
    int error;

    while (!(error = meter_config_decode(&m, &r))) {
        meter_config_append(mp, &m);
        meter_config_uninit(&m);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_meter_stats(struct multipart *mp)
{
    struct meter_band_stats bands[3];
    struct meter_stats ms;

    FILL(ms);
    FILL(bands);
    ms.n_bands %= 4;
    ms.bands = bands;
    meter_stats_append(mp, &ms);
}

static void
copy_meter_stats(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct meter_stats ms;
    int error;

    while (!(error = meter_stats_decode(&ms, &r))) {
        meter_stats_append(mp, &ms);
        free(ms.bands);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_table_stats(struct multipart *mp)
{
    struct table_stats ts;

    FILL(ts);
    fill_name(ts.name, sizeof ts.name);
    table_stats_append(mp, &ts);
}

static void
copy_table_stats(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct table_stats ts;
    int error;

    while (!(error = table_stats_decode(&ts, msg->version, &r))) {
        table_stats_append(mp, &ts);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_table_desc(struct multipart *mp)
{
    struct table_mod tm = {
        .table_id = any32() % 254,
        .eviction = any32() % 2 ? TABLE_SWITCH_ON : TABLE_SWITCH_OFF,
        .eviction_flags = any32() % 8,
        .vacancy = TABLE_SWITCH_OFF,
    };

    table_desc_append(mp, &tm);
}

static void
copy_table_descs(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct table_mod tm;
    int error;

    while (!(error = table_desc_decode(&tm, &r))) {
        table_desc_append(mp, &tm);
    }
    assert_int_equal(error, -ENODATA);
}

static void
append_ipfix(struct multipart *mp)
{
    struct ipfix_stats stats;

    FILL(stats);
    ipfix_stats_append(mp, &stats);
}

static void
copy_ipfix(const struct ofmsg *msg, struct multipart *mp)
{
    struct reader r = ofmsg_reader(msg);
    struct ipfix_stats stats;
    int error;

    while (!(error = ipfix_stats_decode(&stats, &r))) {
        ipfix_stats_append(mp, &stats);
    }
    assert_int_equal(error, -ENODATA);
}

static void
test_multipart_replies(void **state UNUSED)
{
    for (size_t i = 0; i < CODEC_N_VERSIONS; i++) {
        uint8_t v = codec_versions[i];
        const struct queue_stats_request all = { OFPP_NONE, OFPQ_ALL };

        expect_multipart(port_desc_request_encode(v, OFPP_NONE), append_port,
                         copy_ports);
        expect_multipart(port_stats_request_encode(v, OFPP_NONE),
                         append_port_stats, copy_port_stats);
        expect_multipart(queue_stats_request_encode(&all, v),
                         append_queue_stats, copy_queue_stats);
        expect_multipart(group_stats_request_encode(OFPG_ALL, v),
                         append_group_stats, copy_group_stats);
        expect_multipart(ofmsg_create_empty(OFMSG_TABLE_STATS_REQUEST, v, 0),
                         append_table_stats, copy_table_stats);
        expect_multipart(ofmsg_create_empty(OFMSG_IPFIX_FLOW_REQUEST, v, 0),
                         append_ipfix, copy_ipfix);
        expect_elements(ofmsg_create_empty(OFMSG_IPFIX_BRIDGE_REQUEST, v, 0),
                        append_ipfix, copy_ipfix, 1);
        if (v >= OFP13_VERSION) {
            expect_multipart(meter_request_encode(OFMSG_METER_CONFIG_REQUEST,
                                                  METER_ALL, v),
                             append_meter, copy_meters);
            expect_multipart(meter_request_encode(OFMSG_METER_STATS_REQUEST,
                                                  METER_ALL, v),
                             append_meter_stats, copy_meter_stats);
        }
        if (v >= OFP14_VERSION) {
            expect_multipart(ofmsg_create_empty(OFMSG_TABLE_DESC_REQUEST, v,
                                                0),
                             append_table_desc, copy_table_descs);
        }
    }
}

/* Flow monitors and flow removed. */

static void
random_match(struct match *match)
{
    match_init(match);
    match_set_in_port(match, any_port());
    if (any32() % 2) {
        match->flow.regs[3] = any32();
        match->wc.masks.regs[3] = UINT32_MAX;
    }
}

static void
test_flow_removed_and_monitors(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        uint32_t protocol = (version == OFP10_VERSION ? OFP_PROTO_10_NXM_TID
                             : ofp_protocol_from_version(version));
        struct ofp_decode d = ofp_decode_default;
        struct flow_removed fr, got;
        struct flow_monitor_request fmr, fmr2;
        struct ofmsg msg;
        struct reader r;
        struct buf *wire;

        d.protocol = protocol;
        FILL(fr);
        random_match(&fr.match);
        fr.reason = any32() % 3;
        fr.table_id = any32() % 254;
        fr.duration_ns %= 1000000000;
        wire = flow_removed_encode(&fr, protocol);
        take_apart(wire, &msg);
        assert_int_equal(flow_removed_decode(&got, &msg, &d), 0);
        assert_true(match_equals(&fr.match, &got.match));
        assert_int_equal(got.n_packets, fr.n_packets);
        assert_int_equal(got.cookie, fr.cookie);
        expect_same(wire, flow_removed_encode(&got, protocol));

        fmr = (struct flow_monitor_request) {
            .id = any32(), .command = FLOW_MONITOR_CMD_ADD,
            .flags = FLOW_MONITOR_INITIAL | FLOW_MONITOR_ADD
                     | FLOW_MONITOR_ACTIONS,
            .out_port = OFPP_NONE, .out_group = OFPG_ANY,
            .table_id = any32() % 254,
        };
        random_match(&fmr.match);
        wire = flow_monitor_request_encode(&fmr, version);
        take_apart(wire, &msg);
        r = ofmsg_reader(&msg);
        assert_int_equal(flow_monitor_request_decode(&fmr2, &msg, &r, &d), 0);
        assert_true(match_equals(&fmr.match, &fmr2.match));
        expect_same(wire, flow_monitor_request_encode(&fmr2, version));
    }
}

static void
test_all_messages_were_seen(void **state UNUSED)
{
    for (enum ofmsg_type type = 0; type < OFMSG_N_TYPES; type++) {
        for (size_t i = 0; i < CODEC_N_VERSIONS; i++) {
            uint8_t version = codec_versions[i];

            if (ofmsg_is_available(type, version)
                && !(seen[type] & OFP_VERSION_BIT(version))) {
                fail_msg("no round trip of %s in %s", ofmsg_type_name(type),
                         ofp_version_name(version));
            }
        }
    }
}

static int
seed(void **state UNUSED)
{
    rng.state = random_u64();
    print_message("seed %#llx\n", (unsigned long long) rng.state);
    return 0;
}

int
codec_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_messages),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_meters),
        cmocka_unit_test(test_multipart_replies),
        cmocka_unit_test(test_flow_removed_and_monitors),
        cmocka_unit_test(codec_test_hellos_and_errors),
        cmocka_unit_test(codec_test_empty_messages),
        cmocka_unit_test(codec_test_session_requests),
        cmocka_unit_test(codec_test_session_replies),
        cmocka_unit_test(codec_test_table_features),
        cmocka_unit_test(codec_test_queue_config),
        cmocka_unit_test(codec_test_switch_events),
        cmocka_unit_test(codec_test_flow_mods),
        cmocka_unit_test(codec_test_flow_stats),
        cmocka_unit_test(codec_test_flow_updates),
        cmocka_unit_test(codec_test_packets),
        cmocka_unit_test(test_all_messages_were_seen),
    };

    return cmocka_run_group_tests_name("codec", tests, seed, NULL);
}
