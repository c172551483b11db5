/* SPDX-License-Identifier: Apache-2.0 */

/* What flows have counted: statistics, and the last ones of a flow that is
 * removed. */

#include "lib/openflow/flow_mod.h"

#include <errno.h>
#include <string.h>

#include "lib/openflow/flow_wire.h"
#include "lib/openflow/ofpact_codec.h"

/* OpenFlow 1.5's statistics: entries of class 0x8002. */

enum {
    OXS_CLASS = 0x8002,
    OXS_DURATION = 0,
    OXS_IDLE_TIME = 1,
    OXS_FLOW_COUNT = 3,
    OXS_PACKET_COUNT = 4,
    OXS_BYTE_COUNT = 5
};

static void
put_oxs_header(struct buf *b, int field, size_t size)
{
    buf_put_u32(b, (uint32_t) OXS_CLASS << 16 | field << 9 | size);
}

struct oxs {
    uint32_t duration_s, duration_ns;
    int32_t idle_s;              /* -1: absent. */
    uint64_t n_packets, n_bytes; /* COUNT_UNKNOWN: absent. */
    uint32_t n_flows;
    bool has_duration, has_flows;
};

static void
put_oxs(struct buf *b, const struct oxs *oxs)
{
    size_t start = b->size;

    buf_put_u32(b, 0);
    if (oxs->has_duration) {
        put_oxs_header(b, OXS_DURATION, 8);
        buf_put_u32(b, oxs->duration_s);
        buf_put_u32(b, oxs->duration_ns);
    }
    if (oxs->idle_s >= 0) {
        put_oxs_header(b, OXS_IDLE_TIME, 8);
        buf_put_u32(b, oxs->idle_s);
        buf_put_u32(b, 0);
    }
    if (oxs->has_flows) {
        put_oxs_header(b, OXS_FLOW_COUNT, 4);
        buf_put_u32(b, oxs->n_flows);
    }
    if (oxs->n_packets != COUNT_UNKNOWN) {
        put_oxs_header(b, OXS_PACKET_COUNT, 8);
        buf_put_u64(b, oxs->n_packets);
    }
    if (oxs->n_bytes != COUNT_UNKNOWN) {
        put_oxs_header(b, OXS_BYTE_COUNT, 8);
        buf_put_u64(b, oxs->n_bytes);
    }
    buf_set_u16(b, start + 2, b->size - start);
    buf_pad(b, start, 8);
}

static enum ofperr
get_oxs(struct reader *r, struct oxs *oxs)
{
    uint16_t length;
    struct reader s;

    *oxs = (struct oxs) { .idle_s = -1, .n_packets = COUNT_UNKNOWN,
                          .n_bytes = COUNT_UNKNOWN };
    reader_skip(r, 2);
    length = reader_u16(r);
    if (r->is_bad || length < 4) {
        return OFPBRC_BAD_LEN;
    }
    s = reader_sub(r, length - 4);
    reader_skip(r, ROUND_UP(length, 8) - length);
    if (s.is_bad || r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    while (s.left) {
        uint32_t header = reader_u32(&s);
        struct reader v = reader_sub(&s, header & 0xff);

        if (s.is_bad) {
            return OFPBRC_BAD_LEN;
        }
        if (header >> 16 != OXS_CLASS) {
            continue;
        }
        switch (header >> 9 & 0x7f) {
        case OXS_DURATION:
            oxs->duration_s = reader_u32(&v);
            oxs->duration_ns = reader_u32(&v);
            oxs->has_duration = true;
            break;
        case OXS_IDLE_TIME:
            oxs->idle_s = reader_u32(&v) & INT32_MAX;
            break;
        case OXS_FLOW_COUNT:
            oxs->n_flows = reader_u32(&v);
            oxs->has_flows = true;
            break;
        case OXS_PACKET_COUNT:
            oxs->n_packets = reader_u64(&v);
            break;
        case OXS_BYTE_COUNT:
            oxs->n_bytes = reader_u64(&v);
            break;
        default:
            break;
        }
        if (v.is_bad) {
            return OFPBRC_BAD_LEN;
        }
    }
    return 0;
}

/* Statistics. */

enum ofperr
flow_stats_request_decode(struct flow_stats_request *req,
                          const struct ofmsg *msg,
                          const struct ofp_decode *decode)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error = 0;

    req->is_aggregate = msg->type == OFMSG_AGGREGATE_REQUEST;
    req->cookie = req->cookie_mask = 0;
    req->out_group = OFPG_ANY;
    if (msg->version != OFP10_VERSION) {
        req->table_id = reader_u8(&r);
        reader_skip(&r, 3);
        error = wire_get_port(&r, msg->version, &req->out_port);
        req->out_group = reader_u32(&r);
        reader_skip(&r, 4);
        req->cookie = htonll(reader_u64(&r));
        req->cookie_mask = htonll(reader_u64(&r));
        return error ? error : oxm_match_decode(&r, decode, &req->match);
    } else if (msg->is_nx) {
        uint16_t match_len;

        req->out_port = reader_u16(&r);
        match_len = reader_u16(&r);
        req->table_id = reader_u8(&r);
        reader_skip(&r, 3);
        error = wire_get_nx_match(&r, match_len, decode, &req->match,
                                  &req->cookie, &req->cookie_mask);
        return error ? error : r.left ? OFPBRC_BAD_LEN : 0;
    }
    ofp10_match_decode(reader_pull(&r, OFP10_MATCH_SIZE), &req->match);
    req->table_id = reader_u8(&r);
    reader_skip(&r, 1);
    req->out_port = reader_u16(&r);
    return 0;
}

struct buf *
flow_stats_request_encode(const struct flow_stats_request *req,
                          uint32_t protocol)
{
    uint8_t version = ofp_protocol_version(protocol);
    bool nxm = protocol & (OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID);
    enum ofmsg_type type = (req->is_aggregate ? OFMSG_AGGREGATE_REQUEST
                            : OFMSG_FLOW_STATS_REQUEST);
    struct buf *b = buf_create(128);
    be32 xid = ofmsg_alloc_xid();

    if (version != OFP10_VERSION) {
        ofmsg_start(b, type, version, xid);
        buf_put_u8(b, req->table_id);
        buf_put_zeros(b, 3);
        wire_put_port(b, version, req->out_port);
        buf_put_u32(b, req->out_group);
        buf_put_zeros(b, 4);
        buf_put_u64(b, ntohll(req->cookie));
        buf_put_u64(b, ntohll(req->cookie_mask));
        oxm_match_encode(b, &req->match, version);
    } else if (nxm) {
        size_t ofs;

        ofmsg_start_nx(b, type, version, xid);
        buf_put_u16(b, req->out_port);
        ofs = b->size;
        buf_put_u16(b, 0);
        buf_put_u8(b, req->table_id);
        buf_put_zeros(b, 3);
        buf_set_u16(b, ofs, wire_put_nx_match(b, &req->match, req->cookie,
                                              req->cookie_mask));
    } else {
        uint8_t match[OFP10_MATCH_SIZE];

        ofmsg_start(b, type, version, xid);
        ofp10_match_encode(match, &req->match);
        buf_put(b, match, sizeof match);
        buf_put_u8(b, req->table_id);
        buf_put_u8(b, 0);
        buf_put_u16(b, req->out_port);
    }
    ofmsg_finish(b, 0);
    return b;
}

static void
append_10(struct buf *b, const struct flow_stats *fs)
{
    uint8_t match[OFP10_MATCH_SIZE];

    ofp10_match_encode(match, &fs->match);
    buf_put_u8(b, fs->table_id);
    buf_put_u8(b, 0);
    buf_put(b, match, sizeof match);
    buf_put_u32(b, fs->duration_s);
    buf_put_u32(b, fs->duration_ns);
    buf_put_u16(b, fs->priority);
    buf_put_u16(b, fs->idle_timeout_s);
    buf_put_u16(b, fs->hard_timeout_s);
    buf_put_zeros(b, 6);
    buf_put_u64(b, ntohll(fs->cookie));
    buf_put_u64(b, fs->n_packets);
    buf_put_u64(b, fs->n_bytes);
}

static uint16_t
age_to_wire(int32_t age)
{
    return age < 0 ? 0 : age < UINT16_MAX - 1 ? age + 1 : UINT16_MAX;
}

static void
append_nx(struct buf *b, const struct flow_stats *fs)
{
    size_t match_len;

    buf_put_u8(b, fs->table_id);
    buf_put_u8(b, 0);
    buf_put_u32(b, fs->duration_s);
    buf_put_u32(b, fs->duration_ns);
    buf_put_u16(b, fs->priority);
    buf_put_u16(b, fs->idle_timeout_s);
    buf_put_u16(b, fs->hard_timeout_s);
    match_len = b->size;
    buf_put_u16(b, 0);
    buf_put_u16(b, age_to_wire(fs->idle_age_s));
    buf_put_u16(b, age_to_wire(fs->hard_age_s));
    buf_put_u64(b, ntohll(fs->cookie));
    buf_put_u64(b, fs->n_packets);
    buf_put_u64(b, fs->n_bytes);
    buf_set_u16(b, match_len, wire_put_nx_match(b, &fs->match, 0, 0));
}

static void
append_13(struct buf *b, const struct flow_stats *fs, uint8_t version)
{
    buf_put_u8(b, fs->table_id);
    buf_put_u8(b, 0);
    buf_put_u32(b, fs->duration_s);
    buf_put_u32(b, fs->duration_ns);
    buf_put_u16(b, fs->priority);
    buf_put_u16(b, fs->idle_timeout_s);
    buf_put_u16(b, fs->hard_timeout_s);
    buf_put_u16(b, wire_put_flow_flags(fs->flags, version));
    buf_put_u16(b, version >= OFP14_VERSION ? fs->importance : 0);
    buf_put_u16(b, 0);
    buf_put_u64(b, ntohll(fs->cookie));
    buf_put_u64(b, fs->n_packets);
    buf_put_u64(b, fs->n_bytes);
    oxm_match_encode(b, &fs->match, version);
}

static void
append_15(struct buf *b, const struct flow_stats *fs)
{
    const struct oxs oxs = {
        .duration_s = fs->duration_s, .duration_ns = fs->duration_ns,
        .has_duration = true, .idle_s = fs->idle_age_s,
        .n_packets = fs->n_packets, .n_bytes = fs->n_bytes,
    };

    buf_put_u16(b, 0);
    buf_put_u8(b, fs->table_id);
    buf_put_u8(b, 0);
    buf_put_u16(b, fs->priority);
    buf_put_u16(b, fs->idle_timeout_s);
    buf_put_u16(b, fs->hard_timeout_s);
    buf_put_u16(b, wire_put_flow_flags(fs->flags, OFP15_VERSION));
    buf_put_u16(b, fs->importance);
    buf_put_u64(b, ntohll(fs->cookie));
    oxm_match_encode(b, &fs->match, OFP15_VERSION);
    put_oxs(b, &oxs);
}

void
flow_stats_append(struct multipart *mp, const struct flow_stats *fs,
                  const struct tlv_table *tlv)
{
    struct buf *b = multipart_begin(mp);
    size_t start = b->size;

    buf_put_u16(b, 0);
    if (mp->version == OFP10_VERSION) {
        if (multipart_is_nx(mp)) {
            append_nx(b, fs);
        } else {
            append_10(b, fs);
        }
    } else if (mp->version < OFP15_VERSION) {
        append_13(b, fs, mp->version);
    } else {
        append_15(b, fs);
    }
    wire_put_ofpacts(b, fs->ofpacts, fs->ofpacts_size, mp->version);
    buf_set_u16(b, start, b->size - start);
    multipart_end(mp);
}

static enum ofperr
stats_10(struct flow_stats *fs, struct reader *r)
{
    fs->table_id = reader_u8(r);
    reader_skip(r, 1);
    if (r->left < OFP10_MATCH_SIZE) {
        return OFPBRC_BAD_LEN;
    }
    ofp10_match_decode(reader_pull(r, OFP10_MATCH_SIZE), &fs->match);
    fs->duration_s = reader_u32(r);
    fs->duration_ns = reader_u32(r);
    fs->priority = reader_u16(r);
    fs->idle_timeout_s = reader_u16(r);
    fs->hard_timeout_s = reader_u16(r);
    reader_skip(r, 6);
    fs->cookie = htonll(reader_u64(r));
    fs->n_packets = reader_u64(r);
    fs->n_bytes = reader_u64(r);
    return 0;
}

static enum ofperr
stats_nx(struct flow_stats *fs, struct reader *r,
         const struct ofp_decode *decode)
{
    uint16_t match_len;

    fs->table_id = reader_u8(r);
    reader_skip(r, 1);
    fs->duration_s = reader_u32(r);
    fs->duration_ns = reader_u32(r);
    fs->priority = reader_u16(r);
    fs->idle_timeout_s = reader_u16(r);
    fs->hard_timeout_s = reader_u16(r);
    match_len = reader_u16(r);
    fs->idle_age_s = reader_u16(r) - 1;
    fs->hard_age_s = reader_u16(r) - 1;
    fs->cookie = htonll(reader_u64(r));
    fs->n_packets = reader_u64(r);
    fs->n_bytes = reader_u64(r);
    return r->is_bad ? OFPBRC_BAD_LEN
           : wire_get_nx_match(r, match_len, decode, &fs->match, NULL, NULL);
}

static enum ofperr
stats_13(struct flow_stats *fs, struct reader *r, uint8_t version,
         const struct ofp_decode *decode)
{
    enum ofperr error = 0;

    fs->table_id = reader_u8(r);
    reader_skip(r, 1);
    fs->duration_s = reader_u32(r);
    fs->duration_ns = reader_u32(r);
    fs->priority = reader_u16(r);
    fs->idle_timeout_s = reader_u16(r);
    fs->hard_timeout_s = reader_u16(r);
    fs->flags = wire_get_flow_flags(reader_u16(r), version, &error);
    fs->importance = reader_u16(r);
    reader_skip(r, 2);
    fs->cookie = htonll(reader_u64(r));
    fs->n_packets = reader_u64(r);
    fs->n_bytes = reader_u64(r);
    return error ? error : oxm_match_decode(r, decode, &fs->match);
}

static enum ofperr
stats_15(struct flow_stats *fs, struct reader *r,
         const struct ofp_decode *decode)
{
    enum ofperr error = 0;
    struct oxs oxs;

    reader_skip(r, 2);
    fs->table_id = reader_u8(r);
    reader_skip(r, 1);
    fs->priority = reader_u16(r);
    fs->idle_timeout_s = reader_u16(r);
    fs->hard_timeout_s = reader_u16(r);
    fs->flags = wire_get_flow_flags(reader_u16(r), OFP15_VERSION, &error);
    fs->importance = reader_u16(r);
    fs->cookie = htonll(reader_u64(r));
    if (!error) {
        error = oxm_match_decode(r, decode, &fs->match);
    }
    if (!error) {
        error = get_oxs(r, &oxs);
    }
    if (error) {
        return error;
    }
    fs->duration_s = oxs.duration_s;
    fs->duration_ns = oxs.duration_ns;
    fs->idle_age_s = oxs.idle_s;
    fs->n_packets = oxs.n_packets;
    fs->n_bytes = oxs.n_bytes;
    return 0;
}

int
flow_stats_decode(struct flow_stats *fs, const struct ofmsg *msg,
                  struct reader *r, const struct ofp_decode *decode,
                  struct buf *ofpacts)
{
    struct reader e;
    uint16_t length;
    enum ofperr error;

    if (!r->left) {
        return -ENODATA;
    }
    length = reader_u16(r);
    if (r->is_bad || length < 2) {
        return OFPBRC_BAD_LEN;
    }
    e = reader_sub(r, length - 2);
    if (e.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    fs->flags = 0;
    fs->importance = 0;
    fs->idle_age_s = fs->hard_age_s = -1;
    error = (msg->version >= OFP15_VERSION ? stats_15(fs, &e, decode)
             : msg->version >= OFP13_VERSION
             ? stats_13(fs, &e, msg->version, decode)
             : msg->is_nx ? stats_nx(fs, &e, decode)
             : stats_10(fs, &e));
    if (!error && e.is_bad) {
        error = OFPBRC_BAD_LEN;
    }
    if (!error) {
        error = wire_get_ofpacts(&e, msg->version, decode, ofpacts);
    }
    fs->ofpacts = (const void *) ofpacts->data;
    fs->ofpacts_size = ofpacts->size;
    return error;
}

struct buf *
aggregate_stats_encode(const struct aggregate_stats *stats,
                       const struct ofmsg *request)
{
    struct buf *b = buf_create(64);

    ofmsg_start_reply(b, request);
    if (request->version >= OFP15_VERSION) {
        put_oxs(b, &(struct oxs) {
                    .idle_s = -1, .n_packets = stats->n_packets,
                    .n_bytes = stats->n_bytes, .has_flows = true,
                    .n_flows = stats->n_flows });
    } else {
        buf_put_u64(b, stats->n_packets);
        buf_put_u64(b, stats->n_bytes);
        buf_put_u32(b, stats->n_flows);
        buf_put_zeros(b, 4);
    }
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
aggregate_stats_decode(struct aggregate_stats *stats, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    if (msg->version >= OFP15_VERSION) {
        struct oxs oxs;
        enum ofperr error = get_oxs(&r, &oxs);

        stats->n_packets = oxs.n_packets;
        stats->n_bytes = oxs.n_bytes;
        stats->n_flows = oxs.n_flows;
        return error;
    }
    stats->n_packets = reader_u64(&r);
    stats->n_bytes = reader_u64(&r);
    stats->n_flows = reader_u32(&r);
    return 0;
}

/* Flow removed. */

const char *
flow_removed_reason_name(enum flow_removed_reason reason)
{
    static const char *const names[FLOW_REMOVED_N_REASONS] = {
        "idle", "hard", "delete", "group_delete", "meter_delete", "eviction",
    };

    return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

static enum ofperr
removed_13(struct flow_removed *fr, struct reader *r,
           const struct ofp_decode *decode)
{
    fr->cookie = htonll(reader_u64(r));
    fr->priority = reader_u16(r);
    fr->reason = reader_u8(r);
    fr->table_id = reader_u8(r);
    fr->duration_s = reader_u32(r);
    fr->duration_ns = reader_u32(r);
    fr->idle_timeout_s = reader_u16(r);
    fr->hard_timeout_s = reader_u16(r);
    fr->n_packets = reader_u64(r);
    fr->n_bytes = reader_u64(r);
    return oxm_match_decode(r, decode, &fr->match);
}

static enum ofperr
removed_15(struct flow_removed *fr, struct reader *r,
           const struct ofp_decode *decode)
{
    enum ofperr error;
    struct oxs oxs;

    fr->table_id = reader_u8(r);
    fr->reason = reader_u8(r);
    fr->priority = reader_u16(r);
    fr->idle_timeout_s = reader_u16(r);
    fr->hard_timeout_s = reader_u16(r);
    fr->cookie = htonll(reader_u64(r));
    error = oxm_match_decode(r, decode, &fr->match);
    if (!error) {
        error = get_oxs(r, &oxs);
    }
    if (!error) {
        fr->duration_s = oxs.duration_s;
        fr->duration_ns = oxs.duration_ns;
        fr->n_packets = oxs.n_packets;
        fr->n_bytes = oxs.n_bytes;
    }
    return error;
}

enum ofperr
flow_removed_decode(struct flow_removed *fr, const struct ofmsg *msg,
                    const struct ofp_decode *decode)
{
    struct reader r = ofmsg_reader(msg);
    uint16_t match_len;

    if (msg->version >= OFP15_VERSION && !msg->is_nx) {
        return removed_15(fr, &r, decode);
    } else if (msg->version >= OFP13_VERSION && !msg->is_nx) {
        return removed_13(fr, &r, decode);
    }
    if (!msg->is_nx) {
        ofp10_match_decode(reader_pull(&r, OFP10_MATCH_SIZE), &fr->match);
    }
    fr->hard_timeout_s = 0;
    fr->cookie = htonll(reader_u64(&r));
    fr->priority = reader_u16(&r);
    fr->reason = reader_u8(&r);
    fr->table_id = reader_u8(&r) - 1;
    fr->duration_s = reader_u32(&r);
    fr->duration_ns = reader_u32(&r);
    fr->idle_timeout_s = reader_u16(&r);
    match_len = reader_u16(&r);
    fr->n_packets = reader_u64(&r);
    fr->n_bytes = reader_u64(&r);
    if (!msg->is_nx) {
        fr->table_id = 255;
        return 0;
    }
    return wire_get_nx_match(&r, match_len, decode, &fr->match, NULL, NULL);
}

struct buf *
flow_removed_encode(const struct flow_removed *fr, uint32_t protocol)
{
    uint8_t version = ofp_protocol_version(protocol);
    bool nxm = protocol & (OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID);
    struct buf *b = buf_create(256);
    size_t match_len;

    if (version >= OFP13_VERSION) {
        ofmsg_start(b, OFMSG_FLOW_REMOVED, version, 0);
        if (version >= OFP15_VERSION) {
            buf_put_u8(b, fr->table_id);
            buf_put_u8(b, fr->reason);
            buf_put_u16(b, fr->priority);
            buf_put_u16(b, fr->idle_timeout_s);
            buf_put_u16(b, fr->hard_timeout_s);
            buf_put_u64(b, ntohll(fr->cookie));
            oxm_match_encode(b, &fr->match, version);
            put_oxs(b, &(struct oxs) {
                        .duration_s = fr->duration_s,
                        .duration_ns = fr->duration_ns,
                        .has_duration = true, .idle_s = -1,
                        .n_packets = fr->n_packets,
                        .n_bytes = fr->n_bytes });
        } else {
            buf_put_u64(b, ntohll(fr->cookie));
            buf_put_u16(b, fr->priority);
            buf_put_u8(b, fr->reason);
            buf_put_u8(b, fr->table_id);
            buf_put_u32(b, fr->duration_s);
            buf_put_u32(b, fr->duration_ns);
            buf_put_u16(b, fr->idle_timeout_s);
            buf_put_u16(b, fr->hard_timeout_s);
            buf_put_u64(b, fr->n_packets);
            buf_put_u64(b, fr->n_bytes);
            oxm_match_encode(b, &fr->match, version);
        }
        ofmsg_finish(b, 0);
        return b;
    }
    if (nxm) {
        ofmsg_start_nx(b, OFMSG_FLOW_REMOVED, version, 0);
    } else {
        uint8_t match[OFP10_MATCH_SIZE];

        ofmsg_start(b, OFMSG_FLOW_REMOVED, version, 0);
        ofp10_match_encode(match, &fr->match);
        buf_put(b, match, sizeof match);
    }
    buf_put_u64(b, ntohll(fr->cookie));
    buf_put_u16(b, fr->priority);
    buf_put_u8(b, fr->reason);
    buf_put_u8(b, nxm ? fr->table_id + 1 : 0);
    buf_put_u32(b, fr->duration_s);
    buf_put_u32(b, fr->duration_ns);
    buf_put_u16(b, fr->idle_timeout_s);
    match_len = b->size;
    buf_put_u16(b, 0);
    buf_put_u64(b, fr->n_packets);
    buf_put_u64(b, fr->n_bytes);
    if (nxm) {
        buf_set_u16(b, match_len, wire_put_nx_match(b, &fr->match, 0, 0));
    }
    ofmsg_finish(b, 0);
    return b;
}
