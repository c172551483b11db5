/* SPDX-License-Identifier: Apache-2.0 */

/* Round trips of what is not about flows: the session, the switch as a whole,
 * and what it sends by itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/openflow/codec_test.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/ipfix_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/table_msg.h"

void
codec_test_hellos_and_errors(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        uint8_t request[96] = { version };
        size_t size = 8 + any32() % (sizeof request - 8);
        uint32_t versions = OFP_VERSION_BIT(version)
                            | (any32() & (OFP_VERSION_BIT(version) - 2));
        struct ofperr_code code;
        struct reader payload;
        struct buf *b;
        struct ofmsg msg;
        enum ofperr error;

        b = hello_encode(versions);
        take_apart(b, &msg);
        assert_int_equal(hello_decode(&msg), versions);
        expect_same(b, hello_encode(hello_decode(&msg)));

        fill(request + 4, sizeof request - 4);
        b = error_msg_reply(1 + any32() % (OFPERR_N - 1), request, size);
        take_apart(b, &msg);
        error = error_msg_decode(&msg, &code, &payload);
        assert_int_not_equal(error, 0);
        assert_int_equal(payload.left, size);
        expect_same(b, error_msg_reply(error, payload.p, payload.left));

        b = echo_request_create(version);
        buf_put(b, request, size);
        ofmsg_finish(b, 0);
        take_apart(b, &msg);
        assert_int_equal(msg.type, OFMSG_ECHO_REQUEST);
        assert_int_equal(msg.body_size, size);
        {
            struct buf *reply = echo_reply_create(&msg);

            take_apart(reply, &msg);
            expect_same(reply, echo_reply_create(&msg));
        }
        buf_destroy(b);
    }
}

void
codec_test_empty_messages(void **state UNUSED)
{
    static const uint8_t types[] = {
        OFMSG_FEATURES_REQUEST, OFMSG_GET_CONFIG_REQUEST,
        OFMSG_BARRIER_REQUEST, OFMSG_BARRIER_REPLY, OFMSG_GET_ASYNC_REQUEST,
        OFMSG_TLV_TABLE_REQUEST, OFMSG_FLOW_MONITOR_PAUSED,
        OFMSG_FLOW_MONITOR_RESUMED, OFMSG_DESC_REQUEST,
        OFMSG_TABLE_STATS_REQUEST, OFMSG_GROUP_FEATURES_REQUEST,
        OFMSG_METER_FEATURES_REQUEST, OFMSG_TABLE_DESC_REQUEST,
        OFMSG_TABLE_FEATURES_REQUEST, OFMSG_IPFIX_BRIDGE_REQUEST,
        OFMSG_IPFIX_FLOW_REQUEST,
    };

    for (size_t v = 0; v < CODEC_N_VERSIONS; v++) {
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
            uint8_t version = codec_versions[v];
            struct ofmsg msg;
            struct buf *b;

            if (!ofmsg_is_available(types[i], version)) {
                continue;
            }
            b = ofmsg_create_empty(types[i], version, any32());
            take_apart(b, &msg);
            assert_int_equal(msg.type, types[i]);
            assert_int_equal(msg.body_size, 0);
            assert_false(msg.more);
            expect_same(b, ofmsg_create_empty(msg.type, msg.version,
                                              msg.xid));
        }
    }
}

/* ## Requests ## */

/* Messages with one number: X encoded, Y decoded. */
#define EXPECT_NUMBER(TYPE, X, ENCODE, DECODE) \
    do { \
        TYPE x_ = (X), y_; \
        struct buf *a_ = ENCODE(x_); \
        struct ofmsg msg_; \
        take_apart(a_, &msg_); \
        assert_int_equal(DECODE(&msg_, &y_), 0); \
        assert_int_equal(x_, y_); \
        expect_same(a_, ENCODE(y_)); \
    } while (0)

static void
settings_of_10(void)
{
    EXPECT_NUMBER(bool, any32() % 2, set_flow_format_encode,
                  set_flow_format_decode);
    EXPECT_NUMBER(bool, any32() % 2, flow_mod_table_id_encode,
                  flow_mod_table_id_decode);
}

static uint8_t number_version;

static struct buf *
encode_controller_id(uint16_t id)
{
    return set_controller_id_encode(number_version, id);
}

static struct buf *
encode_packet_in_format(unsigned int format)
{
    return set_packet_in_format_encode(number_version, format);
}

static struct buf *
encode_zone(uint16_t zone)
{
    return ct_flush_zone_encode(zone, number_version);
}

static struct buf *
encode_port_stats_request(ofp_port_t port)
{
    return port_stats_request_encode(number_version, port);
}

static struct buf *
encode_port_desc_request(ofp_port_t port)
{
    return port_desc_request_encode(number_version, port);
}

static struct buf *
encode_group_stats_request(uint32_t id)
{
    return group_stats_request_encode(id, number_version);
}

static enum ofperr
decode_group_stats_request(const struct ofmsg *msg, uint32_t *id)
{
    return group_stats_request_decode(id, msg);
}

static struct buf *
encode_group_desc_request(uint32_t id)
{
    return group_desc_request_encode(id, number_version);
}

static enum ofperr
decode_group_desc_request(const struct ofmsg *msg, uint32_t *id)
{
    *id = group_desc_request_decode(msg);
    return 0;
}

static struct buf *
encode_meter_stats_request(uint32_t id)
{
    return meter_request_encode(OFMSG_METER_STATS_REQUEST, id,
                                number_version);
}

static struct buf *
encode_meter_config_request(uint32_t id)
{
    return meter_request_encode(OFMSG_METER_CONFIG_REQUEST, id,
                                number_version);
}

static enum ofperr
decode_meter_request(const struct ofmsg *msg, uint32_t *id)
{
    return meter_request_decode(id, msg);
}

static struct buf *
encode_cancel(uint32_t id)
{
    return flow_monitor_cancel_encode(id, number_version);
}

static enum ofperr
decode_cancel(const struct ofmsg *msg, uint32_t *id)
{
    return flow_monitor_cancel_decode(id, msg);
}

static void
random_ct_tuple(struct ct_tuple *t, uint8_t nw_proto)
{
    *t = (struct ct_tuple) { .nw_proto = nw_proto };
    FILL(t->src);
    FILL(t->dst);
    if (nw_proto == 1) {
        t->tp_src = any32();
        t->icmp_type = 8 + any32() % 5;
        t->icmp_code = any32();
    } else {
        t->tp_src = any32();
        t->tp_dst = any32();
    }
}

static void
one_ct_flush(uint8_t version)
{
    static const uint8_t protos[] = { 1, 6, 17, 132 };
    uint8_t proto = protos[any32() % 4];
    struct ct_flush f = CT_FLUSH_ALL, got;
    struct buf *b;
    struct ofmsg msg;

    f.zone = any32() % 2 ? (int) (any32() % 65536) : -1;
    f.has_orig = any32() % 2;
    f.has_reply = any32() % 2;
    if (f.has_orig) {
        random_ct_tuple(&f.orig, proto);
    }
    if (f.has_reply) {
        random_ct_tuple(&f.reply, proto);
    }
    if (any32() % 2) {
        f.mark_mask = any32() | 1;
        f.mark = any32() & f.mark_mask;
        FILL(f.label_mask);
        f.label = f.label_mask;
    }
    b = ct_flush_encode(&f, version);
    take_apart(b, &msg);
    assert_int_equal(ct_flush_decode(&msg, &got), 0);
    assert_int_equal(got.zone, f.zone);
    assert_int_equal(got.mark_mask, f.mark_mask);
    expect_same(b, ct_flush_encode(&got, version));
}

void
codec_test_session_requests(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        number_version = version;
        EXPECT_NUMBER(uint16_t, any32(), encode_controller_id,
                      set_controller_id_decode);
        EXPECT_NUMBER(unsigned int, any32() % 3, encode_packet_in_format,
                      set_packet_in_format_decode);
        EXPECT_NUMBER(uint16_t, any32(), encode_zone, ct_flush_zone_decode);
        EXPECT_NUMBER(ofp_port_t, any_port(), encode_port_stats_request,
                      port_stats_request_decode);
        EXPECT_NUMBER(ofp_port_t,
                      version == OFP15_VERSION ? any_port() : OFPP_NONE,
                      encode_port_desc_request, port_desc_request_decode);
        EXPECT_NUMBER(uint32_t, any32(), encode_group_stats_request,
                      decode_group_stats_request);
        EXPECT_NUMBER(uint32_t, version == OFP10_VERSION
                      || version == OFP15_VERSION ? any32() : OFPG_ALL,
                      encode_group_desc_request, decode_group_desc_request);
        if (version >= OFP13_VERSION) {
            EXPECT_NUMBER(uint32_t, any32(), encode_meter_stats_request,
                          decode_meter_request);
            EXPECT_NUMBER(uint32_t, any32(), encode_meter_config_request,
                          decode_meter_request);
        }
        if (ofmsg_is_available(OFMSG_FLOW_MONITOR_CANCEL, version)) {
            EXPECT_NUMBER(uint32_t, any32(), encode_cancel, decode_cancel);
        }
        one_ct_flush(version);
    }
    for (int i = 0; i < CODEC_N_ROUNDS; i++) {
        settings_of_10();
    }
}

/* ## Replies ## */

/* X random, Y decoded, both encoded as replies to an empty REQUEST. */
#define EXPECT_REPLY(TYPE, X, REQUEST, ENCODE, DECODE) \
    do { \
        struct buf *r_ = ofmsg_create_empty(REQUEST, version, any32()); \
        struct ofmsg request_, msg_; \
        struct buf *a_; \
        TYPE y_; \
        memset(&y_, 0, sizeof y_); \
        assert_int_equal(ofmsg_decode(r_->data, r_->size, &request_), 0); \
        a_ = ENCODE(&(X), &request_); \
        take_apart(a_, &msg_); \
        assert_int_equal(msg_.xid, request_.xid); \
        assert_int_equal(DECODE(&y_, &msg_), 0); \
        expect_same(a_, ENCODE(&y_, &request_)); \
        buf_destroy(r_); \
    } while (0)

static struct buf *
encode_features(const struct switch_features *f, const struct ofmsg *request)
{
    return switch_features_encode(f, request);
}

static enum ofperr
decode_features(struct switch_features *f, const struct ofmsg *msg)
{
    struct reader ports;

    return switch_features_decode(f, msg, &ports);
}

/* OpenFlow 1.0's features reply has the ports. */
static void
features_with_ports(void)
{
    struct buf *r = ofmsg_create_empty(OFMSG_FEATURES_REQUEST, OFP10_VERSION,
                                       0);
    struct switch_features f, got;
    struct ofmsg request, msg;
    struct phy_port port;
    struct reader ports;
    struct buf *a, *b;

    FILL(f);
    assert_int_equal(ofmsg_decode(r->data, r->size, &request), 0);
    a = switch_features_encode(&f, &request);
    for (int i = any32() % 20; i > 0; i--) {
        fill_port(&port);
        phy_port_put(a, &port, OFP10_VERSION);
    }
    ofmsg_finish(a, 0);
    take_apart(a, &msg);
    assert_int_equal(switch_features_decode(&got, &msg, &ports), 0);
    b = switch_features_encode(&got, &request);
    while (ports.left) {
        assert_int_equal(phy_port_decode(&port, OFP10_VERSION, &ports), 0);
        phy_port_put(b, &port, OFP10_VERSION);
    }
    ofmsg_finish(b, 0);
    expect_same(a, b);
    buf_destroy(r);
}

/* All but the last byte of a name may be used. */
static void
fill_string(char *s, size_t size)
{
    size_t n = any32() % (size - 1);

    memset(s, 0, size);
    for (size_t i = 0; i < n; i++) {
        s[i] = 1 + any32() % 255;
    }
}

static void
random_desc(struct switch_desc *d)
{
    fill_string(d->mfr_desc, 256);
    fill_string(d->hw_desc, 256);
    fill_string(d->sw_desc, 256);
    fill_string(d->serial_num, 32);
    fill_string(d->dp_desc, 256);
}

static void
one_tlv_reply(uint8_t version)
{
    struct buf *r = ofmsg_create_empty(OFMSG_TLV_TABLE_REQUEST, version, 0);
    struct tlv_map maps[4];
    struct tlv_table_reply reply = {
        .max_option_space = any32(), .max_fields = any32(),
        .n_maps = any32() % 5, .maps = maps,
    }, got;
    struct ofmsg request, msg;
    struct buf *b;

    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        maps[i] = (struct tlv_map) {
            any32(), any32(), any32() % 32 * 4, any32() % 64,
        };
    }
    assert_int_equal(ofmsg_decode(r->data, r->size, &request), 0);
    b = tlv_table_reply_encode(&reply, &request);
    take_apart(b, &msg);
    assert_int_equal(tlv_table_reply_decode(&got, &msg), 0);
    assert_int_equal(got.n_maps, reply.n_maps);
    expect_same(b, tlv_table_reply_encode(&got, &request));
    free(got.maps);
    buf_destroy(r);
}

static void
one_role_reply(uint8_t version)
{
    struct role_request role = {
        .role = ROLE_EQUAL + any32() % 3, .generation_id = any64() >> 1,
    }, got;
    struct buf *r, *b;
    struct ofmsg request, msg;

    role.has_generation_id = (version >= OFP13_VERSION
                              && role.role != ROLE_EQUAL);
    r = role_request_encode(&role, version);
    assert_int_equal(ofmsg_decode(r->data, r->size, &request), 0);
    b = role_reply_encode(&role, &request);
    take_apart(b, &msg);
    assert_int_equal(role_decode(&got, &msg), 0);
    assert_int_equal(got.role, role.role);
    assert_int_equal(got.has_generation_id, role.has_generation_id);
    expect_same(b, role_reply_encode(&got, &request));
    buf_destroy(r);
}

static void
random_group_features(struct group_features *gf)
{
    FILL(*gf);
    for (int i = 0; i < 4; i++) {
        gf->actions[i] &= UINT32_MAX;
    }
}

void
codec_test_session_replies(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        struct switch_config config = {
            .frag = any32() % 4, .miss_send_len = any32(),
            .invalid_ttl_to_controller = any32() % 2,
        };
        struct switch_features features;
        struct group_features groups;
        struct switch_desc desc;

        FILL(features);
        random_desc(&desc);
        random_group_features(&groups);
        EXPECT_REPLY(struct switch_config, config, OFMSG_GET_CONFIG_REQUEST,
                     switch_config_encode_reply, switch_config_decode);
        EXPECT_REPLY(struct switch_features, features,
                     OFMSG_FEATURES_REQUEST, encode_features,
                     decode_features);
        EXPECT_REPLY(struct switch_desc, desc, OFMSG_DESC_REQUEST,
                     switch_desc_encode, switch_desc_decode);
        EXPECT_REPLY(struct group_features, groups,
                     OFMSG_GROUP_FEATURES_REQUEST, group_features_encode,
                     group_features_decode);
        one_tlv_reply(version);
        one_role_reply(version);
        features_with_ports();
    }
    FOR_EACH_VERSION (version, OFP13_VERSION) {
        struct async_config async;
        struct meter_features meters;

        fill_async(&async);
        FILL(meters);
        EXPECT_REPLY(struct async_config, async, OFMSG_GET_ASYNC_REQUEST,
                     async_config_encode_reply, async_config_decode);
        EXPECT_REPLY(struct meter_features, meters,
                     OFMSG_METER_FEATURES_REQUEST, meter_features_encode,
                     meter_features_decode);
    }
}

/* ## Table features ## */

static void
random_field_set(struct field_set *set)
{
    memset(set, 0, sizeof *set);
    for (size_t id = 0; id < FIELD_N_IDS; id++) {
        if (any32() % 3 == 0) {
            bitmap_set(set->bits, id);
        }
    }
}

/* Actions with numbers in OpenFlow, by which they are told. */
static uint64_t
random_actions(void)
{
    static const uint8_t types[] = {
        OFPACT_OUTPUT, OFPACT_PUSH_VLAN, OFPACT_STRIP_VLAN, OFPACT_GROUP,
        OFPACT_PUSH_MPLS, OFPACT_POP_MPLS, OFPACT_SET_QUEUE,
        OFPACT_SET_IP_TTL, OFPACT_DEC_TTL, OFPACT_SET_FIELD,
        OFPACT_SET_MPLS_TTL, OFPACT_DEC_MPLS_TTL,
    };
    uint64_t set = 0;

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        set |= (uint64_t) (any32() % 2) << types[i];
    }
    return set;
}

static void
random_instructions(struct table_instructions *ti)
{
    FILL(*ti);
    ti->write.ofpacts = random_actions();
    ti->apply.ofpacts = random_actions();
    random_field_set(&ti->write.set_fields);
    random_field_set(&ti->apply.set_fields);
}

static void
random_table_features(struct table_features *tf)
{
    FILL(*tf);
    fill_string(tf->name, OFP_TABLE_NAME_SIZE);
    tf->name[OFP_TABLE_NAME_SIZE] = '\0';
    random_instructions(&tf->hit);
    random_instructions(&tf->miss);
    random_field_set(&tf->match);
    random_field_set(&tf->mask);
    for (size_t i = 0; i < ARRAY_SIZE(tf->mask.bits); i++) {
        tf->mask.bits[i] &= tf->match.bits[i];
    }
    random_field_set(&tf->wildcard);
    tf->has_any_properties = any32() % 4 != 0;
}

void
codec_test_table_features(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP13_VERSION) {
        struct buf *r = ofmsg_create_empty(OFMSG_TABLE_FEATURES_REQUEST,
                                           version, 0);
        struct list list = LIST_INITIALIZER(&list);
        struct list again = LIST_INITIALIZER(&again);
        struct table_features tf;
        struct ofmsg request, msg;
        struct multipart mp;
        size_t n = 0;
        struct buf *b;

        assert_int_equal(ofmsg_decode(r->data, r->size, &request), 0);
        multipart_init(&mp, &request, &list);
        for (int i = 0; i < 20; i++) {
            random_table_features(&tf);
            table_features_append(&mp, &tf);
        }
        multipart_finish(&mp);
        multipart_init(&mp, &request, &again);
        LIST_FOR_EACH (b, node, &list) {
            struct reader reader;
            int error;

            take_apart(b, &msg);
            reader = ofmsg_reader(&msg);
            while (!(error = table_features_decode(&tf, &msg, &reader))) {
                table_features_append(&mp, &tf);
                n++;
            }
            assert_int_equal(error, -ENODATA);
        }
        multipart_finish(&mp);
        assert_int_equal(n, 20);
        expect_same_lists(&list, &again);
        buf_destroy(r);
    }
}

/* ## Queues ## */

static uint16_t
any_rate(void)
{
    return any32() % 3 ? any32() % 1001 : QUEUE_RATE_UNSET;
}

void
codec_test_queue_config(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP10_VERSION) {
        struct list list = LIST_INITIALIZER(&list);
        struct list again = LIST_INITIALIZER(&again);
        ofp_port_t port = any_port(), got_port;
        uint32_t id = version >= OFP14_VERSION ? any32() : OFPQ_ALL, got_id;
        struct queue_config queues[20], got[20];
        size_t n = any32() % 20, n_got = 0;
        struct ofmsg request, msg;
        struct reader reader;
        struct buf *r;
        int error;

        r = queue_config_request_encode(version, port, id);
        take_apart(r, &request);
        assert_int_equal(queue_config_request_decode(&request, &got_port,
                                                     &got_id), 0);
        assert_int_equal(got_port, port);
        assert_int_equal(got_id, id);
        for (size_t i = 0; i < n; i++) {
            queues[i] = (struct queue_config) {
                version == OFP10_VERSION ? port : any_port(), any32(),
                any_rate(), any_rate(),
            };
        }
        queue_config_reply(&request, queues, n, &list);
        take_apart(LIST_ELEM((struct buf *) NULL, list.next, node), &msg);
        reader = ofmsg_reader(&msg);
        memset(got, 0, sizeof got);
        for (;;) {
            if (n_got && n_got < 20) {
                got[n_got].port_no = got[n_got - 1].port_no;
            }
            error = queue_config_decode(&got[MIN(n_got, 19)], &msg, &reader);
            if (error) {
                break;
            }
            n_got++;
        }
        assert_int_equal(error, -ENODATA);
        assert_int_equal(n_got, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(got[i].port_no, queues[i].port_no);
        }
        queue_config_reply(&request, got, n_got, &again);
        expect_same_lists(&list, &again);
        expect_same(r, queue_config_request_encode(version, got_port,
                                                   got_id));
    }
}

/* ## What a switch sends by itself ## */

static void
one_requestforward(uint8_t version)
{
    struct meter_mod mm = { .command = METER_MOD_DELETE,
                            .meter = { .meter_id = any32() } };
    struct buf *inner = meter_mod_encode(&mm, version), *b;
    struct ofmsg msg, got;

    take_apart(inner, &msg);
    b = requestforward_encode(&msg, version);
    take_apart(b, &msg);
    assert_int_equal(requestforward_decode(&got, &msg), 0);
    assert_int_equal(got.type, OFMSG_METER_MOD);
    assert_int_equal(got.size, inner->size);
    expect_same(b, requestforward_encode(&got, version));
    buf_destroy(inner);
}

void
codec_test_switch_events(void **state UNUSED)
{
    FOR_EACH_VERSION (version, OFP14_VERSION) {
        struct table_status ts = {
            .reason = 3 + any32() % 2,
            .desc = {
                .table_id = any32() % 255,
                .eviction = any32() % 2 ? TABLE_SWITCH_ON : TABLE_SWITCH_OFF,
                .eviction_flags = any32() % 8,
                .vacancy = any32() % 2 ? TABLE_SWITCH_ON : TABLE_SWITCH_OFF,
                .vacancy_down = any32() % 50,
                .vacancy_up = 50 + any32() % 51,
                .vacancy_now = any32() % 101,
            },
        };

        EXPECT_ROUND_TRIP(struct table_status, ts, table_status_encode,
                          table_status_decode);
        one_requestforward(version);
    }
}
