/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/packet_io.h"

#include <errno.h>
#include <string.h>

#include "lib/openflow/flow_wire.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/property.h"

/* Properties of NXT_PACKET_IN2 and NXT_RESUME. */
enum {
    NXPINT_PACKET,
    NXPINT_FULL_LEN,
    NXPINT_BUFFER_ID,
    NXPINT_TABLE_ID,
    NXPINT_COOKIE,
    NXPINT_REASON,
    NXPINT_METADATA,
    NXPINT_USERDATA,
    NXPINT_CONTINUATION
};

/* Properties of a continuation.  Only the switch that wrote one reads it, but
 * tools print it: what has the layout that they know has its number, too.
 * Actions, which may be instructions of OpenFlow 1.5, have numbers that nobody
 * else uses. */
enum {
    CONT_BRIDGE = 0x8000,
    CONT_STACK,
    CONT_MIRRORS,
    CONT_CONNTRACKED,
    CONT_TABLE_ID,
    CONT_COOKIE,
    CONT_ODP_PORT = 0x8008,
    CONT_ACTIONS = 0x8100,
    CONT_ACTION_SET
};

const char *
packet_in_reason_name(enum packet_in_reason reason)
{
    static const char *const names[] = {
        "no_match", "action", "invalid_ttl", "action_set", "group",
        "packet_out", "explicit_miss", "implicit_miss",
    };

    return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

static const char *const formats[] = {
    "standard", "nxt_packet_in", "nxt_packet_in2",
};

const char *
packet_in_format_name(enum packet_in_format format)
{
    return format < ARRAY_SIZE(formats) ? formats[format] : "unknown";
}

struct error *
packet_in_format_parse(const char *text, enum packet_in_format *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (!strcmp(text, formats[i])) {
            *ret = i;
            return NULL;
        }
    }
    if (!strcmp(text, "openflow10")) {
        *ret = PACKET_IN_FORMAT_STANDARD;
        return NULL;
    }
    return error_create(EINVAL, "unknown packet-in format `%s'", text);
}

/* Packet-in. */

static void
init_packet_in(struct packet_in *pin, const struct ofp_decode *decode)
{
    memset(pin, 0, sizeof *pin);
    match_init_with_table(&pin->metadata, decode->tlv);
    pin->buffer_id = OFP_NO_BUFFER;
    pin->cookie = UINT64_MAX;
    pin->max_len = UINT16_MAX;
}

static enum ofperr
decode_properties(struct packet_in *pin, struct reader *r,
                  const struct ofp_decode *decode, struct reader *cont)
{
    struct ofp_decode loose = *decode;

    loose.loose_unknown = true;
    *cont = reader_from(NULL, 0);
    while (r->left) {
        struct reader p;
        uint16_t type;
        enum ofperr error = property_pull(r, &type, &p);

        if (error) {
            return error;
        }
        switch (type) {
        case NXPINT_PACKET:
            pin->packet = p.p;
            pin->packet_size = p.left;
            break;
        case NXPINT_FULL_LEN:
            pin->total_size = reader_u32(&p);
            break;
        case NXPINT_BUFFER_ID:
            pin->buffer_id = reader_u32(&p);
            break;
        case NXPINT_TABLE_ID:
            pin->table_id = reader_u8(&p);
            break;
        case NXPINT_COOKIE:
            reader_skip(&p, 4);
            pin->cookie = htonll(reader_u64(&p));
            break;
        case NXPINT_REASON:
            pin->reason = reader_u8(&p);
            break;
        case NXPINT_METADATA:
            error = oxm_decode(p.p, p.left, &loose, &pin->metadata, NULL,
                               NULL);
            break;
        case NXPINT_USERDATA:
            pin->userdata = p.p;
            pin->userdata_size = p.left;
            break;
        case NXPINT_CONTINUATION:
            *cont = p;
            break;
        default:
            error = type < 0x8000 ? OFPBPC_BAD_TYPE : 0;
            break;
        }
        if (error || p.is_bad) {
            return error ? error : OFPBPC_BAD_LEN;
        }
    }
    if (!pin->packet_size) {
        return OFPBRC_BAD_LEN;
    }
    pin->total_size = MAX(pin->total_size, pin->packet_size);
    return 0;
}

static void
take_packet(struct packet_in *pin, const struct reader *r)
{
    pin->packet = r->p;
    pin->packet_size = r->left;
}

static enum ofperr
decode_nxt_packet_in(struct packet_in *pin, struct reader *r,
                     const struct ofp_decode *decode)
{
    struct ofp_decode loose = *decode;
    uint16_t match_len;
    enum ofperr error;

    loose.loose_unknown = true;
    pin->buffer_id = reader_u32(r);
    pin->total_size = reader_u16(r);
    pin->reason = reader_u8(r);
    pin->table_id = reader_u8(r);
    pin->cookie = htonll(reader_u64(r));
    match_len = reader_u16(r);
    reader_skip(r, 6);
    error = wire_get_nx_match(r, match_len, &loose, &pin->metadata, NULL,
                              NULL);
    reader_skip(r, 2);
    take_packet(pin, r);
    return error ? error : r->is_bad ? OFPBRC_BAD_LEN : 0;
}

enum ofperr
packet_in_decode(struct packet_in *pin, const struct ofmsg *msg,
                 const struct ofp_decode *decode, const void **cont,
                 size_t *cont_size)
{
    struct reader r = ofmsg_reader(msg);
    struct ofp_decode loose = *decode;
    struct reader c = reader_from(NULL, 0);
    enum ofperr error = 0;

    loose.loose_unknown = true;
    init_packet_in(pin, decode);
    if (msg->is_nx) {
        error = (strcmp(ofmsg_name(msg), "NXT_PACKET_IN")
                 ? decode_properties(pin, &r, decode, &c)
                 : decode_nxt_packet_in(pin, &r, decode));
    } else {
        pin->buffer_id = reader_u32(&r);
        pin->total_size = reader_u16(&r);
        if (msg->version == OFP10_VERSION) {
            match_set_in_port(&pin->metadata, reader_u16(&r));
            pin->reason = reader_u8(&r);
            reader_skip(&r, 1);
        } else {
            pin->reason = reader_u8(&r);
            pin->table_id = reader_u8(&r);
            pin->cookie = htonll(reader_u64(&r));
            error = oxm_match_decode(&r, &loose, &pin->metadata);
            reader_skip(&r, 2);
        }
        take_packet(pin, &r);
        if (!error && r.is_bad) {
            error = OFPBRC_BAD_LEN;
        }
    }
    if (cont) {
        *cont = c.p;
        *cont_size = c.left;
    }
    return error;
}

/* Reasons of later versions, for those that do not have them. */
static uint8_t
wire_reason(uint8_t reason, uint8_t version)
{
    switch (reason) {
    case PACKET_IN_EXPLICIT_MISS:
    case PACKET_IN_IMPLICIT_MISS:
        return (reason == PACKET_IN_EXPLICIT_MISS
                && version < OFP13_VERSION ? PACKET_IN_ACTION
                : PACKET_IN_NO_MATCH);
    case PACKET_IN_ACTION_SET:
    case PACKET_IN_GROUP:
    case PACKET_IN_PACKET_OUT:
        return version < OFP14_VERSION ? PACKET_IN_ACTION : reason;
    default:
        return reason;
    }
}

static void
put_continuation(struct buf *b, const struct continuation *c)
{
    size_t ofs = property_start(b, NXPINT_CONTINUATION);
    size_t p;

    buf_put_zeros(b, 4);
    property_put(b, CONT_BRIDGE, &c->bridge, sizeof c->bridge);
    if (c->stack_size) {
        property_put(b, CONT_STACK, c->stack, c->stack_size);
    }
    if (c->mirrors) {
        property_put_u32(b, CONT_MIRRORS, c->mirrors);
    }
    if (c->conntracked) {
        property_put(b, CONT_CONNTRACKED, NULL, 0);
    }
    property_put_u8(b, CONT_TABLE_ID, c->table_id);
    property_put_u64(b, CONT_COOKIE, ntohll(c->cookie));
    if (c->actions_size) {
        p = property_start(b, CONT_ACTIONS);
        buf_put_zeros(b, 4);
        ofpacts_encode_instructions(b, c->actions, c->actions_size,
                                    OFP15_VERSION);
        property_finish(b, p);
    }
    if (c->action_set_size) {
        p = property_start(b, CONT_ACTION_SET);
        buf_put_zeros(b, 4);
        ofpacts_encode_instructions(b, c->action_set, c->action_set_size,
                                    OFP15_VERSION);
        property_finish(b, p);
    }
    if (c->has_odp_port) {
        property_put_u32(b, CONT_ODP_PORT, c->odp_port);
    }
    property_finish(b, ofs);
}

static void
put_properties(struct buf *b, const struct packet_in *pin, size_t size,
               const struct continuation *cont, uint8_t version)
{
    size_t ofs;

    property_put(b, NXPINT_PACKET, pin->packet, size);
    if (pin->total_size != size) {
        property_put_u32(b, NXPINT_FULL_LEN, pin->total_size);
    }
    if (pin->buffer_id != OFP_NO_BUFFER) {
        property_put_u32(b, NXPINT_BUFFER_ID, pin->buffer_id);
    }
    property_put_u8(b, NXPINT_TABLE_ID, pin->table_id);
    if (pin->cookie != UINT64_MAX) {
        property_put_u64(b, NXPINT_COOKIE, ntohll(pin->cookie));
    }
    property_put_u8(b, NXPINT_REASON, wire_reason(pin->reason, version));
    ofs = property_start(b, NXPINT_METADATA);
    oxm_encode(b, &pin->metadata, version < OFP12_VERSION ? 0 : version, 0,
               0);
    property_finish(b, ofs);
    if (pin->userdata_size) {
        property_put(b, NXPINT_USERDATA, pin->userdata,
                           pin->userdata_size);
    }
    if (cont) {
        put_continuation(b, cont);
    }
}

static void
put_nxt_packet_in(struct buf *b, const struct packet_in *pin, size_t size,
                  uint8_t version)
{
    size_t match_len;

    buf_put_u32(b, pin->buffer_id);
    buf_put_u16(b, pin->total_size);
    buf_put_u8(b, wire_reason(pin->reason, version));
    buf_put_u8(b, pin->table_id);
    buf_put_u64(b, ntohll(pin->cookie));
    match_len = b->size;
    buf_put_zeros(b, 8);
    buf_set_u16(b, match_len, wire_put_nx_match(b, &pin->metadata, 0, 0));
    buf_put_zeros(b, 2);
    buf_put(b, pin->packet, size);
}

static void
put_standard(struct buf *b, const struct packet_in *pin, size_t size,
             uint8_t version)
{
    buf_put_u32(b, pin->buffer_id);
    buf_put_u16(b, pin->total_size);
    if (version == OFP10_VERSION) {
        buf_put_u16(b, pin->metadata.flow.in_port);
        buf_put_u8(b, wire_reason(pin->reason, version));
        buf_put_u8(b, 0);
    } else {
        buf_put_u8(b, wire_reason(pin->reason, version));
        buf_put_u8(b, pin->table_id);
        buf_put_u64(b, ntohll(pin->cookie));
        oxm_match_encode(b, &pin->metadata, version);
        buf_put_zeros(b, 2);
    }
    buf_put(b, pin->packet, size);
}

struct buf *
packet_in_encode(const struct packet_in *pin, const struct continuation *cont,
                 uint32_t protocol, enum packet_in_format format,
                 const struct tlv_table *tlv)
{
    uint8_t version = ofp_protocol_version(protocol);
    size_t size = pin->packet_size;
    struct buf *b;

    if (!cont && pin->buffer_id == OFP_NO_BUFFER) {
        size = MIN(size, pin->max_len);
    }
    size = MIN(size, 60000);     /* The message must fit in 64 kB. */
    b = buf_create(size + 256);
    if (format == PACKET_IN_FORMAT_NXT2) {
        ofmsg_start_nx(b, OFMSG_PACKET_IN, version, 0);
        put_properties(b, pin, size, cont, version);
    } else if (format == PACKET_IN_FORMAT_NXT) {
        ofmsg_start_packet_in_nxt(b, version);
        put_nxt_packet_in(b, pin, size, version);
    } else {
        ofmsg_start(b, OFMSG_PACKET_IN, version, 0);
        put_standard(b, pin, size, version);
    }
    ofmsg_finish(b, 0);
    return b;
}

/* Resume. */

static enum ofperr
decode_instructions(struct reader *p, const struct ofp_decode *decode,
                    struct buf *ofpacts)
{
    reader_skip(p, 4);
    return (p->is_bad ? OFPBPC_BAD_LEN
            : ofpacts_decode_instructions(p->p, p->left, OFP15_VERSION,
                                          decode, ofpacts));
}

static enum ofperr
decode_continuation(struct continuation *c, struct reader *r,
                    const struct ofp_decode *decode, struct buf *ofpacts)
{
    size_t set_ofs = 0;
    struct buf set = BUF_EMPTY;
    enum ofperr error = 0;

    memset(c, 0, sizeof *c);
    buf_clear(ofpacts);
    reader_skip(r, 4);
    while (!error && !r->is_bad && r->left) {
        struct reader p;
        uint16_t type;

        error = property_pull(r, &type, &p);
        if (error) {
            break;
        }
        switch (type) {
        case CONT_BRIDGE:
            if (p.left != sizeof c->bridge) {
                error = OFPBPC_BAD_LEN;
            } else {
                memcpy(&c->bridge, p.p, sizeof c->bridge);
            }
            break;
        case CONT_STACK:
            c->stack = p.p;
            c->stack_size = p.left;
            break;
        case CONT_MIRRORS:
            c->mirrors = reader_u32(&p);
            break;
        case CONT_CONNTRACKED:
            c->conntracked = true;
            break;
        case CONT_TABLE_ID:
            c->table_id = reader_u8(&p);
            break;
        case CONT_COOKIE:
            reader_skip(&p, 4);
            c->cookie = htonll(reader_u64(&p));
            break;
        case CONT_ACTIONS:
            error = decode_instructions(&p, decode, ofpacts);
            break;
        case CONT_ACTION_SET:
            error = decode_instructions(&p, decode, &set);
            break;
        case CONT_ODP_PORT:
            c->odp_port = reader_u32(&p);
            c->has_odp_port = true;
            break;
        default:
            error = OFPBPC_BAD_TYPE;
            break;
        }
        if (!error && p.is_bad) {
            error = OFPBPC_BAD_LEN;
        }
    }
    set_ofs = ofpacts->size;
    buf_put(ofpacts, set.data, set.size);
    c->actions = (const void *) ofpacts->data;
    c->actions_size = set_ofs;
    c->action_set = (const void *) (ofpacts->data + set_ofs);
    c->action_set_size = set.size;
    buf_uninit(&set);
    return error ? error : r->is_bad ? OFPBPC_BAD_LEN : 0;
}

enum ofperr
resume_decode(struct packet_in *pin, struct continuation *cont,
              const struct ofmsg *msg, const struct ofp_decode *decode,
              struct buf *ofpacts)
{
    struct reader r = ofmsg_reader(msg), c;
    enum ofperr error;

    init_packet_in(pin, decode);
    error = decode_properties(pin, &r, decode, &c);
    if (error) {
        return error;
    }
    if (!c.p) {
        return OFPBPC_BAD_LEN;
    }
    return decode_continuation(cont, &c, decode, ofpacts);
}

struct buf *
resume_encode(const struct packet_in *pin, const void *continuation,
              size_t continuation_size, uint8_t version,
              const struct tlv_table *tlv)
{
    struct buf *b = buf_create(pin->packet_size + continuation_size + 256);

    ofmsg_start_nx(b, OFMSG_RESUME, version, ofmsg_alloc_xid());
    put_properties(b, pin, pin->packet_size, NULL, version);
    property_put(b, NXPINT_CONTINUATION, continuation,
                       continuation_size);
    ofmsg_finish(b, 0);
    return b;
}

/* Packet-out. */

enum ofperr
packet_out_decode(struct packet_out *po, const struct ofmsg *msg,
                  const struct ofp_decode *decode, struct buf *ofpacts)
{
    struct reader r = ofmsg_reader(msg);
    ofp_port_t in_port = OFPP_NONE;
    uint16_t actions_len;
    struct reader actions;
    enum ofperr error = 0;

    match_init_with_table(&po->metadata, decode->tlv);
    po->buffer_id = reader_u32(&r);
    if (msg->version >= OFP15_VERSION) {
        actions_len = reader_u16(&r);
        reader_skip(&r, 2);
        error = oxm_match_decode(&r, decode, &po->metadata);
        if (!error && !po->metadata.wc.masks.in_port) {
            error = OFPBRC_BAD_PORT;
        }
        in_port = po->metadata.flow.in_port;
    } else {
        if (wire_get_port(&r, msg->version, &in_port)) {
            return OFPBRC_BAD_PORT;
        }
        actions_len = reader_u16(&r);
        reader_skip(&r, msg->version == OFP10_VERSION ? 0 : 6);
        match_set_in_port(&po->metadata, in_port);
    }
    if (error) {
        return error;
    }
    if (in_port >= OFPP_MAX && in_port != OFPP_LOCAL && in_port != OFPP_NONE
        && in_port != OFPP_CONTROLLER) {
        return OFPBRC_BAD_PORT;
    }
    actions = reader_sub(&r, actions_len);
    if (actions.is_bad) {
        return OFPBAC_BAD_LEN;
    }
    buf_clear(ofpacts);
    error = ofpacts_decode(actions.p, actions.left, msg->version, decode,
                           ofpacts);
    if (!error) {
        error = ofpacts_verify((const void *) ofpacts->data, ofpacts->size,
                               OFPACTS_IN_ACTION_LIST);
    }
    po->packet = po->buffer_id == OFP_NO_BUFFER ? r.p : NULL;
    po->packet_size = po->buffer_id == OFP_NO_BUFFER ? r.left : 0;
    po->ofpacts = (const void *) ofpacts->data;
    po->ofpacts_size = ofpacts->size;
    return error;
}

struct buf *
packet_out_encode(const struct packet_out *po, uint32_t protocol)
{
    uint8_t version = ofp_protocol_version(protocol);
    struct buf *b = buf_create(po->packet_size + 256);
    size_t actions_len, start;

    ofmsg_start(b, OFMSG_PACKET_OUT, version, ofmsg_alloc_xid());
    buf_put_u32(b, po->buffer_id);
    if (version >= OFP15_VERSION) {
        actions_len = b->size;
        buf_put_u32(b, 0);
        oxm_match_encode(b, &po->metadata, version);
    } else {
        wire_put_port(b, version, po->metadata.flow.in_port);
        actions_len = b->size;
        buf_put_zeros(b, version == OFP10_VERSION ? 2 : 8);
    }
    start = b->size;
    ofpacts_encode(b, po->ofpacts, po->ofpacts_size, version);
    buf_set_u16(b, actions_len, b->size - start);
    if (po->buffer_id == OFP_NO_BUFFER) {
        buf_put(b, po->packet, po->packet_size);
    }
    ofmsg_finish(b, 0);
    return b;
}
