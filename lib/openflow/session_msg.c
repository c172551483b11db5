/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/session_msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"

/* Builds a message with ofmsg_start...() already called. */
static struct buf *
finished(struct buf *b)
{
    ofmsg_finish(b, 0);
    return b;
}

static struct buf *
new_msg(enum ofmsg_type type, uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, ofmsg_alloc_xid());
    return b;
}

static struct buf *
new_nx(enum ofmsg_type type, uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start_nx(b, type, version, ofmsg_alloc_xid());
    return b;
}

/* A reply's type follows its request's. */
static struct buf *
new_reply(const struct ofmsg *request)
{
    struct buf *b = buf_create(64);

    ofmsg_start_reply(b, request);
    return b;
}

/* Hello. */

static int
highest_version(uint32_t versions)
{
    return versions ? 31 - __builtin_clz(versions) : OFP10_VERSION;
}

struct buf *
hello_encode(uint32_t versions)
{
    int highest = highest_version(versions);
    struct buf *b = buf_create(16);
    uint32_t all_below = (2u << highest) - 2;

    ofmsg_start(b, OFMSG_HELLO, highest, ofmsg_alloc_xid());
    if ((versions & all_below) != all_below) {
        buf_put_u16(b, 1);
        buf_put_u16(b, 8);
        buf_put_u32(b, versions);
    }
    return finished(b);
}

uint32_t
hello_decode(const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    while (r.left >= 4) {
        uint16_t type = reader_u16(&r);
        uint16_t length = reader_u16(&r);
        struct reader e;

        if (length < 4) {
            break;
        }
        e = reader_sub(&r, length - 4);
        reader_skip(&r, MIN(r.left, ROUND_UP(length, 8) - length));
        if (type == 1 && e.left >= 4) {
            return reader_u32(&e);
        }
    }
    return (msg->version >= 31 ? UINT32_MAX - 1
            : (2u << msg->version) - 2);
}

/* Errors. */

/* Bytes before the payload of an error, at most. */
#define ERROR_HEADERS 24

static struct buf *
encode_error(enum ofperr error, uint8_t version, be32 xid,
             const void *payload, size_t size)
{
    struct buf *b = buf_create(128);
    struct ofperr_code code;

    if (!ofperr_to_code(error, version, &code)) {
        ofperr_to_code(NXBRC_UNENCODABLE_ERROR, version, &code);
    }
    ofmsg_start(b, OFMSG_ERROR, version, xid);
    if (!code.vendor) {
        buf_put_u16(b, code.type);
        buf_put_u16(b, code.code);
    } else if (version < OFP12_VERSION && code.vendor == OFP_VENDOR_NX) {
        buf_put_u16(b, 0xb0c2);
        buf_put_u16(b, 0);
        buf_put_u32(b, code.vendor);
        buf_put_u16(b, code.type);
        buf_put_u16(b, code.code);
    } else {
        buf_put_u16(b, 0xffff);
        buf_put_u16(b, code.type);
        buf_put_u32(b, code.vendor);
    }
    buf_put(b, payload, size);
    return finished(b);
}

struct buf *
error_msg_reply(enum ofperr error, const void *request, size_t size)
{
    const uint8_t *p = request;
    uint8_t version = size ? p[0] : OFP10_VERSION;
    be32 xid = size >= 8 ? get_be32(p + 4) : 0;

    if (!(OFP_SUPPORTED_VERSIONS & (version < 32 ? 1u << version : 0))) {
        version = OFP10_VERSION;
    }
    return encode_error(error, version, xid, request,
                        MIN(size, UINT16_MAX - ERROR_HEADERS));
}

struct buf *
error_msg_hello(enum ofperr error, uint8_t version, const char *text)
{
    return encode_error(error, version, ofmsg_alloc_xid(), text,
                        strlen(text));
}

enum ofperr
error_msg_decode(const struct ofmsg *msg, struct ofperr_code *ret,
                 struct reader *payload)
{
    struct reader r = ofmsg_reader(msg);

    *ret = (struct ofperr_code) { 0, 0, 0 };
    ret->type = reader_u16(&r);
    ret->code = reader_u16(&r);
    if (ret->type == 0xffff) {
        ret->type = ret->code;
        ret->code = 0;
        ret->vendor = reader_u32(&r);
    } else if (ret->type == 0xb0c2) {
        ret->vendor = reader_u32(&r);
        ret->type = reader_u16(&r);
        ret->code = reader_u16(&r);
    }
    *payload = r;
    return r.is_bad ? OFPERR_OK : ofperr_from_code(msg->version, ret);
}

/* Echo. */

struct buf *
echo_request_create(uint8_t version)
{
    return ofmsg_create_empty(OFMSG_ECHO_REQUEST, version, ofmsg_alloc_xid());
}

struct buf *
echo_reply_create(const struct ofmsg *request)
{
    struct buf *b = buf_create(request->size);

    ofmsg_start(b, OFMSG_ECHO_REPLY, request->version, request->xid);
    buf_put(b, request->body, request->body_size);
    return finished(b);
}

/* Features. */

struct buf *
switch_features_encode(const struct switch_features *f,
                       const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    buf_put_u64(b, f->datapath_id);
    buf_put_u32(b, f->n_buffers);
    buf_put_u8(b, f->n_tables);
    buf_put_u8(b, request->version >= OFP13_VERSION ? f->auxiliary_id : 0);
    buf_put_zeros(b, 2);
    buf_put_u32(b, f->capabilities);
    buf_put_u32(b, request->version == OFP10_VERSION ? f->actions : 0);
    return finished(b);
}

enum ofperr
switch_features_decode(struct switch_features *f, const struct ofmsg *msg,
                       struct reader *ports)
{
    struct reader r = ofmsg_reader(msg);

    f->datapath_id = reader_u64(&r);
    f->n_buffers = reader_u32(&r);
    f->n_tables = reader_u8(&r);
    f->auxiliary_id = reader_u8(&r);
    reader_skip(&r, 2);
    f->capabilities = reader_u32(&r);
    f->actions = reader_u32(&r);
    *ports = r;
    return 0;
}

/* Configuration. */

static const char *const frag_names[] = {
    "normal", "drop", "reassemble", "nx-match",
};

const char *
frag_handling_name(enum frag_handling frag)
{
    return frag_names[frag & FRAG_MASK];
}

bool
frag_handling_parse(const char *text, enum frag_handling *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(frag_names); i++) {
        if (!strcasecmp(text, frag_names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

enum ofperr
switch_config_decode(struct switch_config *c, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint16_t flags = reader_u16(&r);

    if (flags & ~(msg->version == OFP10_VERSION ? 7 : 3)
        && msg->type == OFMSG_SET_CONFIG) {
        return OFPSCFC_BAD_FLAGS;
    }
    c->frag = flags & FRAG_MASK;
    c->invalid_ttl_to_controller = (msg->version == OFP10_VERSION
                                    ? (flags & 4) != 0 : -1);
    c->miss_send_len = reader_u16(&r);
    return 0;
}

static void
put_config(struct buf *b, const struct switch_config *c, uint8_t version)
{
    buf_put_u16(b, c->frag | (version == OFP10_VERSION
                              && c->invalid_ttl_to_controller > 0 ? 4 : 0));
    buf_put_u16(b, c->miss_send_len);
}

struct buf *
switch_config_encode_set(const struct switch_config *c, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_SET_CONFIG, version);

    put_config(b, c, version);
    return finished(b);
}

struct buf *
switch_config_encode_reply(const struct switch_config *c,
                           const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    put_config(b, c, request->version);
    return finished(b);
}

/* Description. */

static void
get_string(struct reader *r, char *s, size_t size)
{
    const void *p = reader_pull(r, size);

    if (p) {
        memcpy(s, p, size);
    }
    s[size] = '\0';
}

static void
put_string(struct buf *b, const char *s, size_t size)
{
    char *p = buf_put_zeros(b, size);

    memcpy(p, s, strnlen(s, size - 1));
}

enum ofperr
switch_desc_decode(struct switch_desc *d, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    get_string(&r, d->mfr_desc, 256);
    get_string(&r, d->hw_desc, 256);
    get_string(&r, d->sw_desc, 256);
    get_string(&r, d->serial_num, 32);
    get_string(&r, d->dp_desc, 256);
    return 0;
}

struct buf *
switch_desc_encode(const struct switch_desc *d, const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    put_string(b, d->mfr_desc, 256);
    put_string(b, d->hw_desc, 256);
    put_string(b, d->sw_desc, 256);
    put_string(b, d->serial_num, 32);
    put_string(b, d->dp_desc, 256);
    return finished(b);
}

/* Roles. */

const char *
controller_role_name(enum controller_role role)
{
    static const char *const names[] = {
        "nochange", "equal", "primary", "secondary",
    };

    return role < ARRAY_SIZE(names) ? names[role] : "unknown";
}

enum ofperr
role_decode(struct role_request *rr, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t role = reader_u32(&r);

    if (msg->is_nx) {
        /* The extension counts from "equal". */
        if (role > 2) {
            return OFPRRFC_BAD_ROLE;
        }
        *rr = (struct role_request) { .role = role + 1 };
        return 0;
    }
    if (role > ROLE_SECONDARY) {
        return OFPRRFC_BAD_ROLE;
    }
    reader_skip(&r, 4);
    rr->role = role;
    rr->generation_id = reader_u64(&r);
    rr->has_generation_id = (role == ROLE_PRIMARY || role == ROLE_SECONDARY
                             ? rr->generation_id != UINT64_MAX
                               || msg->type == OFMSG_ROLE_REQUEST
                             : false);
    return 0;
}

static void
put_role(struct buf *b, const struct role_request *rr, bool nx)
{
    if (nx) {
        buf_put_u32(b, rr->role ? rr->role - 1 : 0);
        return;
    }
    buf_put_u32(b, rr->role);
    buf_put_u32(b, 0);
    buf_put_u64(b, rr->has_generation_id ? rr->generation_id : UINT64_MAX);
}

struct buf *
role_request_encode(const struct role_request *rr, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_ROLE_REQUEST, version);

    put_role(b, rr, version == OFP10_VERSION);
    return finished(b);
}

struct buf *
role_reply_encode(const struct role_request *rr, const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    put_role(b, rr, request->is_nx);
    return finished(b);
}

struct buf *
role_status_encode(const struct role_status *rs, uint8_t version)
{
    struct buf *b;

    if (!ofmsg_is_available(OFMSG_ROLE_STATUS, version)) {
        return NULL;
    }
    b = buf_create(64);
    ofmsg_start(b, OFMSG_ROLE_STATUS, version, 0);
    buf_put_u32(b, rs->role);
    buf_put_u8(b, rs->reason);
    buf_put_zeros(b, 3);
    buf_put_u64(b, rs->generation_id);
    return finished(b);
}

enum ofperr
role_status_decode(struct role_status *rs, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t role = reader_u32(&r);

    if (role > ROLE_SECONDARY) {
        return OFPRRFC_BAD_ROLE;
    }
    rs->role = role;
    rs->reason = reader_u8(&r);
    reader_skip(&r, 3);
    rs->generation_id = reader_u64(&r);
    return 0;
}

/* Asynchronous messages. */

void
async_config_default(struct async_config *c, uint8_t version)
{
    *c = (struct async_config) { .primary = { 0 } };
    c->primary[ASYNC_PACKET_IN] = (version >= OFP14_VERSION ? 0x3f : 0x3);
    c->primary[ASYNC_PORT_STATUS] = 0x7;
    c->secondary[ASYNC_PORT_STATUS] = 0x7;
    c->primary[ASYNC_FLOW_REMOVED] = (version >= OFP14_VERSION ? 0x3f
                                      : version >= OFP13_VERSION ? 0xf : 0x7);
    if (version >= OFP14_VERSION) {
        c->primary[ASYNC_ROLE_STATUS] = 0x7;
        c->secondary[ASYNC_ROLE_STATUS] = 0x7;
        c->primary[ASYNC_TABLE_STATUS] = 0x18;
        c->primary[ASYNC_REQUESTFORWARD] = 0x3;
    }
}

/* Reasons that there are, by their bits. */
static const uint32_t async_reasons[ASYNC_N_TYPES] = {
    [ASYNC_PACKET_IN] = 0x3f, [ASYNC_PORT_STATUS] = 0x7,
    [ASYNC_FLOW_REMOVED] = 0x3f, [ASYNC_ROLE_STATUS] = 0x7,
    [ASYNC_TABLE_STATUS] = 0x18, [ASYNC_REQUESTFORWARD] = 0x3,
};

/* Properties come in pairs: secondary, then primary, of each type. */
static enum ofperr
decode_async_properties(struct async_config *c, struct reader *r)
{
    while (r->left) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);
        struct reader v;
        uint32_t mask;

        if (r->is_bad || length < 8) {
            return OFPBPC_BAD_LEN;
        }
        v = reader_sub(r, length - 4);
        reader_skip(r, MIN(r->left, ROUND_UP(length, 8) - length));
        mask = reader_u32(&v);
        if (v.is_bad) {
            return OFPBPC_BAD_LEN;
        }
        if (type >= 2 * ASYNC_N_TYPES) {
            return OFPACFC_UNSUPPORTED;
        }
        if (mask & ~async_reasons[type / 2]) {
            return OFPACFC_INVALID;
        }
        if (type % 2) {
            c->primary[type / 2] = mask;
        } else {
            c->secondary[type / 2] = mask;
        }
    }
    return 0;
}

enum ofperr
async_config_decode(struct async_config *c, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    if (!msg->is_nx && msg->version >= OFP14_VERSION) {
        struct async_config copy = *c;
        enum ofperr error = decode_async_properties(&copy, &r);

        if (!error) {
            *c = copy;
        }
        return error;
    }
    for (int i = 0; i <= ASYNC_FLOW_REMOVED; i++) {
        uint32_t known = (i == ASYNC_PACKET_IN ? 0x7 : async_reasons[i]);

        c->primary[i] = reader_u32(&r) & known;
        c->secondary[i] = reader_u32(&r) & known;
    }
    return 0;
}

static void
put_async(struct buf *b, const struct async_config *c, uint8_t version)
{
    if (version < OFP14_VERSION) {
        for (int i = 0; i <= ASYNC_FLOW_REMOVED; i++) {
            buf_put_u32(b, c->primary[i]);
            buf_put_u32(b, c->secondary[i]);
        }
        return;
    }
    for (int i = 0; i < 2 * ASYNC_N_TYPES; i++) {
        buf_put_u16(b, i);
        buf_put_u16(b, 8);
        buf_put_u32(b, i % 2 ? c->primary[i / 2] : c->secondary[i / 2]);
    }
}

struct buf *
async_config_encode_set(const struct async_config *c, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_SET_ASYNC, version);

    put_async(b, c, version);
    return finished(b);
}

struct buf *
async_config_encode_reply(const struct async_config *c,
                          const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    put_async(b, c, request->version);
    return finished(b);
}

/* Bundles. */

enum ofperr
bundle_control_decode(struct bundle_control *bc, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    bc->bundle_id = reader_u32(&r);
    bc->type = reader_u16(&r);
    bc->flags = reader_u16(&r);
    if (bc->flags & ~(BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED)) {
        return OFPBFC_BAD_FLAGS;
    }
    return bc->type > BUNDLE_DISCARD_REPLY ? OFPBFC_BAD_TYPE : 0;
}

static void
put_bundle_control(struct buf *b, const struct bundle_control *bc)
{
    buf_put_u32(b, bc->bundle_id);
    buf_put_u16(b, bc->type);
    buf_put_u16(b, bc->flags);
}

struct buf *
bundle_control_encode(const struct bundle_control *bc, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_BUNDLE_CONTROL, version);

    put_bundle_control(b, bc);
    return finished(b);
}

struct buf *
bundle_control_encode_reply(const struct bundle_control *bc,
                            const struct ofmsg *request)
{
    struct buf *b = buf_create(32);

    ofmsg_start(b, OFMSG_BUNDLE_CONTROL, request->version, request->xid);
    put_bundle_control(b, bc);
    return finished(b);
}

static bool
may_be_bundled(enum ofmsg_type type)
{
    return (type == OFMSG_FLOW_MOD || type == OFMSG_GROUP_MOD
            || type == OFMSG_PORT_MOD || type == OFMSG_PACKET_OUT);
}

enum ofperr
bundle_add_decode(struct bundle_add *add, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    size_t length;
    enum ofperr error;

    add->bundle_id = reader_u32(&r);
    reader_skip(&r, 2);
    add->flags = reader_u16(&r);
    if (add->flags & ~(BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED)) {
        return OFPBFC_BAD_FLAGS;
    }
    if (r.left < OFP_HEADER_SIZE) {
        return OFPBFC_MSG_BAD_LEN;
    }
    length = ofmsg_length(r.p);
    if (length < OFP_HEADER_SIZE || length > r.left) {
        return OFPBFC_MSG_BAD_LEN;
    }
    if (r.p[0] != msg->version) {
        return OFPBFC_BAD_VERSION;
    }
    if (get_be32(r.p + 4) != msg->xid) {
        return OFPBFC_MSG_BAD_XID;
    }
    error = ofmsg_decode(r.p, length, &add->msg);
    if (error) {
        return error;
    }
    return may_be_bundled(add->msg.type) ? 0 : OFPBFC_MSG_UNSUP;
}

size_t
bundle_add_start(struct buf *b, uint8_t version, uint32_t bundle_id,
                 uint16_t flags, be32 xid)
{
    size_t start = ofmsg_start(b, OFMSG_BUNDLE_ADD, version, xid);

    buf_put_u32(b, bundle_id);
    buf_put_u16(b, 0);
    buf_put_u16(b, flags);
    return start;
}

void
bundle_add_put(struct buf *b, uint8_t version, uint32_t bundle_id,
               uint16_t flags, const void *inner, size_t size)
{
    size_t start = bundle_add_start(b, version, bundle_id, flags,
                                    get_be32((const uint8_t *) inner + 4));

    buf_put(b, inner, size);
    ofmsg_finish(b, start);
}

/* Tunnel option tables. */

static enum ofperr
check_map(const struct tlv_map *m)
{
    return (m->option_size % 4 || m->option_size > TLV_MAX_OPTION_SIZE
            ? NXTTMFC_BAD_OPT_LEN
            : m->index >= TUN_METADATA_N_FIELDS ? NXTTMFC_BAD_FIELD_IDX : 0);
}

static enum ofperr
decode_maps(struct reader *r, struct tlv_map **maps, size_t *n)
{
    enum ofperr error = 0;

    *n = r->left / 8;
    if (*n > TLV_MAX_MAPS) {
        return OFPBRC_BAD_LEN;
    }
    *maps = xcalloc(*n, sizeof **maps);
    for (size_t i = 0; i < *n && !error; i++) {
        struct tlv_map *m = &(*maps)[i];

        m->option_class = reader_u16(r);
        m->option_type = reader_u8(r);
        m->option_size = reader_u8(r);
        m->index = reader_u16(r);
        reader_skip(r, 2);
        error = check_map(m);
    }
    if (error) {
        free(*maps);
        *maps = NULL;
    }
    return error;
}

static void
put_maps(struct buf *b, const struct tlv_map *maps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_put_u16(b, maps[i].option_class);
        buf_put_u8(b, maps[i].option_type);
        buf_put_u8(b, maps[i].option_size);
        buf_put_u16(b, maps[i].index);
        buf_put_u16(b, 0);
    }
}

enum ofperr
tlv_table_mod_decode(struct tlv_table_mod *ttm, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    *ttm = (struct tlv_table_mod) { .command = reader_u16(&r) };
    reader_skip(&r, 6);
    if (ttm->command > TLV_CMD_CLEAR) {
        return NXTTMFC_BAD_COMMAND;
    }
    return decode_maps(&r, &ttm->maps, &ttm->n_maps);
}

struct buf *
tlv_table_mod_encode(const struct tlv_table_mod *ttm, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_TLV_TABLE_MOD, version);

    buf_put_u16(b, ttm->command);
    buf_put_zeros(b, 6);
    put_maps(b, ttm->maps, ttm->n_maps);
    return finished(b);
}

enum ofperr
tlv_table_reply_decode(struct tlv_table_reply *ttr, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    *ttr = (struct tlv_table_reply) { .max_option_space = reader_u32(&r) };
    ttr->max_fields = reader_u16(&r);
    reader_skip(&r, 10);
    return decode_maps(&r, &ttr->maps, &ttr->n_maps);
}

struct buf *
tlv_table_reply_encode(const struct tlv_table_reply *ttr,
                       const struct ofmsg *request)
{
    struct buf *b = new_reply(request);

    buf_put_u32(b, ttr->max_option_space);
    buf_put_u16(b, ttr->max_fields);
    buf_put_zeros(b, 10);
    put_maps(b, ttr->maps, ttr->n_maps);
    return finished(b);
}

void
tlv_table_reply_from_table(struct tlv_table_reply *ttr,
                           const struct tlv_table *table)
{
    *ttr = (struct tlv_table_reply) {
        .max_option_space = TUN_METADATA_N_BYTES,
        .max_fields = TUN_METADATA_N_FIELDS,
        .maps = xcalloc(TUN_METADATA_N_FIELDS, sizeof *ttr->maps),
    };
    for (int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (tlv_table_get(table, i, &ttr->maps[ttr->n_maps])) {
            ttr->n_maps++;
        }
    }
}

struct error *
tlv_table_mod_parse(struct tlv_table_mod *ttm, const char *text,
                    uint16_t command)
{
    VEC(struct tlv_map) maps = VEC_EMPTY;
    const char *s = text;

    while (*s) {
        unsigned int option_class, type, length, index;
        int n = 0;

        s += *s == ',';
        if (sscanf(s, "{class=%i,type=%i,len=%i}->tun_metadata%i%n",
                   (int *) &option_class, (int *) &type, (int *) &length,
                   (int *) &index, &n) != 4
            || option_class > UINT16_MAX || type > UINT8_MAX
            || length > UINT8_MAX || index > UINT16_MAX
            || maps.n >= TLV_MAX_MAPS) {
            vec_uninit(&maps);
            return error_create(EINVAL, "invalid tlv mapping");
        }
        vec_push(&maps, (struct tlv_map) { option_class, type, length,
                                           index });
        s += n;
    }
    *ttm = (struct tlv_table_mod) { command, maps.n, maps.items };
    return NULL;
}

/* Small extensions. */

struct buf *
set_packet_in_format_encode(uint8_t version, unsigned int format)
{
    struct buf *b = new_msg(OFMSG_SET_PACKET_IN_FORMAT, version);

    buf_put_u32(b, format);
    return finished(b);
}

enum ofperr
set_packet_in_format_decode(const struct ofmsg *msg, unsigned int *ret)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t format = reader_u32(&r);

    if (format > 2) {
        return OFPBRC_EPERM;
    }
    *ret = format;
    return 0;
}

struct buf *
set_controller_id_encode(uint8_t version, uint16_t id)
{
    struct buf *b = new_msg(OFMSG_SET_CONTROLLER_ID, version);

    buf_put_zeros(b, 6);
    buf_put_u16(b, id);
    return finished(b);
}

enum ofperr
set_controller_id_decode(const struct ofmsg *msg, uint16_t *ret)
{
    struct reader r = ofmsg_reader(msg);

    for (int i = 0; i < 6; i++) {
        if (reader_u8(&r)) {
            return NXBRC_MUST_BE_ZERO;
        }
    }
    *ret = reader_u16(&r);
    return 0;
}

struct buf *
set_flow_format_encode(bool nxm)
{
    struct buf *b = new_nx(OFMSG_SET_FLOW_FORMAT, OFP10_VERSION);

    buf_put_u32(b, nxm ? 2 : 0);
    return finished(b);
}

enum ofperr
set_flow_format_decode(const struct ofmsg *msg, bool *nxm)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t format = reader_u32(&r);

    if (format != 0 && format != 2) {
        return OFPBRC_EPERM;
    }
    *nxm = format == 2;
    return 0;
}

struct buf *
flow_mod_table_id_encode(bool on)
{
    struct buf *b = new_nx(OFMSG_FLOW_MOD_TABLE_ID, OFP10_VERSION);

    buf_put_u8(b, on);
    buf_put_zeros(b, 7);
    return finished(b);
}

enum ofperr
flow_mod_table_id_decode(const struct ofmsg *msg, bool *on)
{
    *on = msg->body[0] != 0;
    return 0;
}

enum ofperr
requestforward_decode(struct ofmsg *inner, const struct ofmsg *msg)
{
    size_t length = ofmsg_length(msg->body);

    if (length < OFP_HEADER_SIZE || length > msg->body_size) {
        return OFPBFC_MSG_BAD_LEN;
    }
    return ofmsg_decode(msg->body, length, inner);
}

struct buf *
requestforward_encode(const struct ofmsg *inner, uint8_t version)
{
    struct buf *b;

    if (!ofmsg_is_available(OFMSG_REQUESTFORWARD, version)
        || inner->version != version) {
        return NULL;
    }
    b = buf_create(inner->size + 16);
    ofmsg_start(b, OFMSG_REQUESTFORWARD, version, 0);
    buf_put(b, inner->data, inner->size);
    return finished(b);
}
