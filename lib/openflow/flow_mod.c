/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/flow_mod.h"

#include <errno.h>
#include <string.h>

#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/flow_wire.h"

const struct ofp_decode ofp_decode_default = {
    .protocol = OFP_PROTO_10,
    .max_port = OFPP_MAX,
    .max_table = 255,
};

void
flow_mod_init(struct flow_mod *fm)
{
    memset(fm, 0, sizeof *fm);
    fm->priority = FLOW_DEFAULT_PRIORITY;
    fm->buffer_id = OFP_NO_BUFFER;
    fm->out_port = OFPP_NONE;
    fm->out_group = OFPG_ANY;
}

/* Pieces that several messages have. */

enum ofperr
wire_get_port(struct reader *r, uint8_t version, ofp_port_t *ret)
{
    if (version == OFP10_VERSION) {
        *ret = reader_u16(r);
        return 0;
    }
    return (port_from_oxm(htonl(reader_u32(r)), ret) ? 0
            : OFPBAC_BAD_OUT_PORT);
}

void
wire_put_port(struct buf *b, uint8_t version, ofp_port_t port)
{
    if (version == OFP10_VERSION) {
        buf_put_u16(b, port);
    } else {
        buf_put_u32(b, ntohl(port_to_oxm(port)));
    }
}

enum ofperr
wire_get_nx_match(struct reader *r, size_t length,
                  const struct ofp_decode *decode, struct match *match,
                  be64 *cookie, be64 *cookie_mask)
{
    const void *p = reader_pull(r, ROUND_UP(length, 8));

    return p ? oxm_decode(p, length, decode, match, cookie, cookie_mask)
             : OFPBMC_BAD_LEN;
}

/* Puts an NXM match and its padding; returns its length without. */
size_t
wire_put_nx_match(struct buf *b, const struct match *match, be64 cookie,
                  be64 cookie_mask)
{
    size_t start = b->size;
    size_t length;

    oxm_encode(b, match, 0, cookie, cookie_mask);
    length = b->size - start;
    buf_pad(b, start, 8);
    return length;
}

/* Reads the rest of 'r' as the actions of a flow. */
enum ofperr
wire_get_ofpacts(struct reader *r, uint8_t version,
                 const struct ofp_decode *decode, struct buf *ofpacts)
{
    enum ofperr error;

    buf_clear(ofpacts);
    error = (version == OFP10_VERSION
             ? ofpacts_decode(r->p, r->left, version, decode, ofpacts)
             : ofpacts_decode_instructions(r->p, r->left, version, decode,
                                           ofpacts));
    r->left = 0;
    return error ? error
           : ofpacts_verify((const void *) ofpacts->data, ofpacts->size,
                            OFPACTS_IN_FLOW);
}

void
wire_put_ofpacts(struct buf *b, const struct ofpact *ofpacts, size_t size,
                 uint8_t version)
{
    if (version == OFP10_VERSION) {
        ofpacts_encode(b, ofpacts, size, version);
    } else {
        ofpacts_encode_instructions(b, ofpacts, size, version);
    }
}

/* Flow mod. */

/* Flags on the wire by version. */
uint16_t
wire_get_flow_flags(uint16_t raw, uint8_t version, enum ofperr *error)
{
    uint16_t allowed = (version == OFP10_VERSION ? 0x7 : 0x1f);
    uint16_t flags = 0;

    if (raw & ~allowed) {
        *error = OFPFMFC_BAD_FLAGS;
        return 0;
    }
    flags |= raw & 1 ? FLOW_F_SEND_FLOW_REM : 0;
    flags |= raw & 2 ? FLOW_F_CHECK_OVERLAP : 0;
    if (version == OFP10_VERSION) {
        return flags | (raw & 4 ? FLOW_F_EMERG : 0);
    }
    flags |= raw & 4 ? FLOW_F_RESET_COUNTS : 0;
    flags |= raw & 8 ? FLOW_F_NO_PKT_COUNTS : 0;
    return flags | (raw & 16 ? FLOW_F_NO_BYT_COUNTS : 0);
}

uint16_t
wire_put_flow_flags(uint16_t flags, uint8_t version)
{
    return ((flags & FLOW_F_SEND_FLOW_REM ? 1 : 0)
            | (flags & FLOW_F_CHECK_OVERLAP ? 2 : 0)
            | (version == OFP10_VERSION ? 0
               : ((flags & FLOW_F_RESET_COUNTS ? 4 : 0)
                  | (flags & FLOW_F_NO_PKT_COUNTS ? 8 : 0)
                  | (flags & FLOW_F_NO_BYT_COUNTS ? 16 : 0))));
}

/* What both of OpenFlow 1.0's encodings have after match and cookie. */
static enum ofperr
get_10_fields(struct flow_mod *fm, struct reader *r, uint32_t protocol)
{
    uint16_t command = reader_u16(r);
    enum ofperr error = 0;

    fm->idle_timeout_s = reader_u16(r);
    fm->hard_timeout_s = reader_u16(r);
    fm->priority = reader_u16(r);
    fm->buffer_id = reader_u32(r);
    fm->out_port = reader_u16(r);
    fm->flags = wire_get_flow_flags(reader_u16(r), OFP10_VERSION, &error);
    fm->out_group = OFPG_ANY;
    if (protocol & OFP_PROTO_TID) {
        fm->command = command & 0xff;
        fm->table_id = command >> 8;
    } else {
        if (command > 0xff) {
            return OFPFMFC_BAD_COMMAND;
        }
        fm->command = command;
        fm->table_id = OFPTT_ALL;
    }
    if (!error && fm->flags & FLOW_F_EMERG) {
        error = (fm->idle_timeout_s || fm->hard_timeout_s
                 ? OFPFMFC_BAD_EMERG_TIMEOUT : OFPFMFC_TABLE_FULL);
    }
    return error;
}

static enum ofperr
decode_10(struct flow_mod *fm, struct reader *r,
          const struct ofp_decode *decode)
{
    const uint8_t *match = reader_pull(r, OFP10_MATCH_SIZE);
    be64 cookie = htonll(reader_u64(r));
    enum ofperr error;

    ofp10_match_decode(match, &fm->match);
    if (decode->tlv) {
        fm->match.tlv = decode->tlv->layout;
    }
    error = get_10_fields(fm, r, decode->protocol);
    /* A match without wildcards beats all with. */
    if (!(get_be32(match) & htonl(0x3fffff))) {
        fm->priority = UINT16_MAX;
    }
    fm->cookie = fm->cookie_mask = 0;
    fm->new_cookie = cookie;
    fm->modify_cookie = cookie != UINT64_MAX;
    return error;
}

static enum ofperr
decode_nx(struct flow_mod *fm, struct reader *r,
          const struct ofp_decode *decode)
{
    be64 cookie = htonll(reader_u64(r));
    uint16_t match_len;
    enum ofperr error = get_10_fields(fm, r, decode->protocol);

    match_len = reader_u16(r);
    reader_skip(r, 6);
    if (!error) {
        error = wire_get_nx_match(r, match_len, decode, &fm->match,
                                  &fm->cookie, &fm->cookie_mask);
    }
    if (!error && fm->command == FLOW_MOD_ADD && fm->cookie_mask) {
        /* An add has no cookies to look for. */
        error = NXBRC_NXM_INVALID;
    }
    fm->new_cookie = cookie;
    fm->modify_cookie = cookie != UINT64_MAX;
    return error;
}

static bool
is_delete(const struct flow_mod *fm)
{
    return (fm->command == FLOW_MOD_DELETE
            || fm->command == FLOW_MOD_DELETE_STRICT);
}

static enum ofperr
decode_13(struct flow_mod *fm, struct reader *r, uint8_t version,
          const struct ofp_decode *decode)
{
    be64 cookie = htonll(reader_u64(r));
    be64 mask = htonll(reader_u64(r));
    enum ofperr error = 0, port_error;

    fm->table_id = reader_u8(r);
    fm->command = reader_u8(r);
    fm->idle_timeout_s = reader_u16(r);
    fm->hard_timeout_s = reader_u16(r);
    fm->priority = reader_u16(r);
    fm->buffer_id = reader_u32(r);
    port_error = wire_get_port(r, version, &fm->out_port);
    fm->out_group = reader_u32(r);
    fm->flags = wire_get_flow_flags(reader_u16(r), version, &error);
    fm->importance = reader_u16(r);
    if (version < OFP14_VERSION || fm->command != FLOW_MOD_ADD) {
        fm->importance = 0;
    }
    if (fm->command == FLOW_MOD_ADD) {
        fm->new_cookie = cookie;
        fm->cookie = fm->cookie_mask = 0;
        fm->modify_cookie = true;
    } else {
        fm->cookie = cookie;
        fm->cookie_mask = mask;
        fm->new_cookie = UINT64_MAX;
        fm->modify_cookie = false;
    }
    if (fm->table_id == OFPTT_ALL && !is_delete(fm)) {
        return OFPFMFC_BAD_TABLE_ID;
    }
    if (!error && is_delete(fm)) {
        error = port_error;
    } else {
        /* Only deletes look at these. */
        fm->out_port = OFPP_NONE;
        fm->out_group = OFPG_ANY;
    }
    return error ? error : oxm_match_decode(r, decode, &fm->match);
}

enum ofperr
flow_mod_decode(struct flow_mod *fm, const struct ofmsg *msg,
                const struct ofp_decode *decode, struct buf *ofpacts)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t usable = OFP_PROTO_ANY;
    enum ofperr error;

    fm->delete_reason = FLOW_REMOVED_DELETE;
    fm->importance = 0;
    error = (msg->version != OFP10_VERSION
             ? decode_13(fm, &r, msg->version, decode)
             : msg->is_nx ? decode_nx(fm, &r, decode)
             : decode_10(fm, &r, decode));
    if (!error && r.is_bad) {
        error = OFPBRC_BAD_LEN;
    }
    if (!error && fm->command > FLOW_MOD_DELETE_STRICT) {
        error = OFPFMFC_BAD_COMMAND;
    }
    if (!error) {
        error = wire_get_ofpacts(&r, msg->version, decode, ofpacts);
    }
    if (error) {
        return error;
    }
    fm->ofpacts = (const void *) ofpacts->data;
    fm->ofpacts_size = ofpacts->size;
    error = ofpacts_check((void *) ofpacts->data, ofpacts->size, &fm->match,
                          fm->table_id, decode, &usable);
    if (!error && msg->version != OFP10_VERSION
        && !(usable & ~OFP_PROTO_10_ANY)) {
        error = OFPBAC_MATCH_INCONSISTENT;
    }
    return error;
}

static uint16_t
wire_command(const struct flow_mod *fm, uint32_t protocol)
{
    return (protocol & OFP_PROTO_TID ? fm->table_id << 8 | fm->command
            : fm->command);
}

static void
put_10_fields(struct buf *b, const struct flow_mod *fm, uint32_t protocol)
{
    buf_put_u16(b, wire_command(fm, protocol));
    buf_put_u16(b, fm->idle_timeout_s);
    buf_put_u16(b, fm->hard_timeout_s);
    buf_put_u16(b, fm->priority);
    buf_put_u32(b, fm->buffer_id);
    buf_put_u16(b, fm->out_port);
    buf_put_u16(b, wire_put_flow_flags(fm->flags, OFP10_VERSION));
}

static void
encode_13(struct buf *b, const struct flow_mod *fm, uint8_t version)
{
    bool add = fm->command == FLOW_MOD_ADD;

    buf_put_u64(b, ntohll(add ? fm->new_cookie : fm->cookie));
    buf_put_u64(b, ntohll(add ? 0 : fm->cookie_mask));
    /* Only deletes are from all tables. */
    buf_put_u8(b, (fm->table_id == OFPTT_ALL && !is_delete(fm) ? 0
                   : fm->table_id));
    buf_put_u8(b, fm->command);
    buf_put_u16(b, fm->idle_timeout_s);
    buf_put_u16(b, fm->hard_timeout_s);
    buf_put_u16(b, fm->priority);
    buf_put_u32(b, fm->buffer_id);
    wire_put_port(b, version, fm->out_port);
    buf_put_u32(b, fm->out_group);
    buf_put_u16(b, wire_put_flow_flags(fm->flags, version));
    buf_put_u16(b, version >= OFP14_VERSION ? fm->importance : 0);
    oxm_match_encode(b, &fm->match, version);
}

void
flow_mod_put(struct buf *b, const struct flow_mod *fm, uint32_t protocol,
             be32 xid)
{
    uint8_t version = ofp_protocol_version(protocol);
    bool nxm = protocol & (OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID);
    size_t start = (nxm ? ofmsg_start_nx(b, OFMSG_FLOW_MOD, version, xid)
                    : ofmsg_start(b, OFMSG_FLOW_MOD, version, xid));

    if (version != OFP10_VERSION) {
        encode_13(b, fm, version);
    } else if (nxm) {
        size_t length_ofs;

        buf_put_u64(b, ntohll(fm->new_cookie));
        put_10_fields(b, fm, protocol);
        length_ofs = b->size;
        buf_put_zeros(b, 8);
        buf_set_u16(b, length_ofs,
                    wire_put_nx_match(b, &fm->match, fm->cookie,
                                      fm->command == FLOW_MOD_ADD ? 0
                                      : fm->cookie_mask));
    } else {
        uint8_t match[OFP10_MATCH_SIZE];

        ofp10_match_encode(match, &fm->match);
        buf_put(b, match, sizeof match);
        buf_put_u64(b, ntohll(fm->new_cookie));
        put_10_fields(b, fm, protocol);
    }
    wire_put_ofpacts(b, fm->ofpacts, fm->ofpacts_size, version);
    ofmsg_finish(b, start);
}

struct buf *
flow_mod_encode(const struct flow_mod *fm, uint32_t protocol)
{
    struct buf *b = buf_create(256);

    flow_mod_put(b, fm, protocol, ofmsg_alloc_xid());
    return b;
}
