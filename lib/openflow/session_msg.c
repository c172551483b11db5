/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts are those of the OpenFlow specifications, versions 1.0.2, 1.3.5,
 * 1.4.1 and 1.5.1, and for the NX messages those that ovs-fields(7),
 * ovs-ofctl(8) and the public protocol headers of the extension describe. */
#include "lib/openflow/session_msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"

/* Starts a message in a buffer of its own. */
static struct buf *
start(enum ofmsg_type type, uint8_t version, be32 xid)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, xid);
    return b;
}

static struct buf *
start_reply(const struct ofmsg *request)
{
    struct buf *b = buf_create(64);

    ofmsg_start_reply(b, request);
    return b;
}

static struct buf *
finish(struct buf *b)
{
    ofmsg_finish(b, 0);
    return b;
}

/* What a fixed-size decoder says after it has read everything. */
static enum ofperr
reader_result(const struct reader *r)
{
    return r->is_bad ? OFPBRC_BAD_LEN : 0;
}

/* ## Hello ## */

#define HELLO_ELEM_VERSIONBITMAP 1

struct buf *
hello_encode(uint32_t versions)
{
    uint8_t highest = 31 - __builtin_clz(versions);
    struct buf *b = start(OFMSG_HELLO, highest, ofmsg_alloc_xid());

    /* A peer of OpenFlow 1.0 alone needs no bitmap; one of several versions
     * that are not all up to the highest does. */
    buf_put_u16(b, HELLO_ELEM_VERSIONBITMAP);
    buf_put_u16(b, 8);
    buf_put_u32(b, versions);
    return finish(b);
}

uint32_t
hello_decode(const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    while (r.left >= 4) {
        uint16_t type = reader_u16(&r);
        uint16_t length = reader_u16(&r);
        uint32_t versions;

        if (length < 4) {
            break;
        }
        if (type == HELLO_ELEM_VERSIONBITMAP && length >= 8) {
            versions = reader_u32(&r);
            return r.is_bad ? 0 : versions;
        }
        reader_skip(&r, MIN(r.left, ROUND_UP(length, 8) - 4));
    }
    return (UINT32_C(2) << msg->version) - 1;
}

/* ## Errors ## */

/* Types that say "an extension's error follows". */
#define ERROR_TYPE_NX_VENDOR 0xb0c2
#define ERROR_TYPE_EXPERIMENTER 0xffff
#define ERROR_PAYLOAD_MAX 64

static void
put_error_code(struct buf *b, enum ofperr error, uint8_t version)
{
    struct ofperr_code code;

    if (!ofperr_to_code(error, version, &code)
        && !ofperr_to_code(OFPBRC_UNKNOWN, version, &code)
        && !ofperr_to_code(OFPBRC_EPERM, version, &code)) {
        code = (struct ofperr_code) { 0, 1, 0 };
    }
    if (!code.vendor) {
        buf_put_u16(b, code.type);
        buf_put_u16(b, code.code);
    } else if (code.vendor == OFP_VENDOR_NX) {
        buf_put_u16(b, ERROR_TYPE_NX_VENDOR);
        buf_put_u16(b, 0);
        buf_put_u32(b, code.vendor);
        buf_put_u16(b, code.type);
        buf_put_u16(b, code.code);
    } else {
        buf_put_u16(b, ERROR_TYPE_EXPERIMENTER);
        buf_put_u16(b, code.type);
        buf_put_u32(b, code.vendor);
    }
}

struct buf *
error_msg_reply(enum ofperr error, const void *request, size_t request_size)
{
    uint8_t version = request_size ? *(const uint8_t *) request
                      : OFP10_VERSION;
    be32 xid = (request_size >= OFP_HEADER_SIZE
                ? get_be32((const uint8_t *) request + 4) : 0);
    struct buf *b;

    if (!(OFP_VERSION_BIT(MIN(version, 31)) & OFP_SUPPORTED_VERSIONS)) {
        version = OFP10_VERSION;
    }
    b = start(OFMSG_ERROR, version, xid);
    put_error_code(b, error, version);
    buf_put(b, request, MIN(request_size, ERROR_PAYLOAD_MAX));
    return finish(b);
}

struct buf *
error_msg_hello(enum ofperr error, uint8_t version, const char *text)
{
    struct buf *b;

    if (!(OFP_VERSION_BIT(MIN(version, 31)) & OFP_SUPPORTED_VERSIONS)) {
        version = OFP10_VERSION;
    }
    b = start(OFMSG_ERROR, version, 0);
    put_error_code(b, error, version);
    buf_put(b, text, strlen(text));
    return finish(b);
}

enum ofperr
error_msg_decode(const struct ofmsg *msg, struct ofperr_code *ret_code,
                 struct reader *ret_payload)
{
    struct reader r = ofmsg_reader(msg);
    struct ofperr_code code = { .vendor = 0 };

    code.type = reader_u16(&r);
    code.code = reader_u16(&r);
    if (code.type == ERROR_TYPE_NX_VENDOR && !code.code && r.left >= 8) {
        code.vendor = reader_u32(&r);
        code.type = reader_u16(&r);
        code.code = reader_u16(&r);
    } else if (code.type == ERROR_TYPE_EXPERIMENTER && r.left >= 4) {
        code.type = code.code;
        code.code = 0;
        code.vendor = reader_u32(&r);
    }
    *ret_code = code;
    *ret_payload = r;
    return r.is_bad ? 0 : ofperr_from_code(msg->version, &code);
}

/* ## Echo ## */

struct buf *
echo_request_create(uint8_t version)
{
    return ofmsg_create_empty(OFMSG_ECHO_REQUEST, version, 0);
}

struct buf *
echo_reply_create(const struct ofmsg *request)
{
    struct buf *b = start(OFMSG_ECHO_REPLY, request->version, request->xid);

    buf_put(b, request->body, request->body_size);
    return finish(b);
}

/* ## Features ## */

struct buf *
switch_features_encode(const struct switch_features *f,
                       const struct ofmsg *request)
{
    bool is_10 = request->version == OFP10_VERSION;
    struct buf *b = start(OFMSG_FEATURES_REPLY, request->version,
                          request->xid);

    buf_put_u64(b, f->datapath_id);
    buf_put_u32(b, f->n_buffers);
    buf_put_u8(b, f->n_tables);
    buf_put_u8(b, is_10 ? 0 : f->auxiliary_id);
    buf_put_zeros(b, 2);
    buf_put_u32(b, f->capabilities);
    buf_put_u32(b, is_10 ? f->actions : 0);
    return finish(b);
}

enum ofperr
switch_features_decode(struct switch_features *f, const struct ofmsg *msg,
                       struct reader *ret_ports)
{
    struct reader r = ofmsg_reader(msg);

    memset(f, 0, sizeof *f);
    f->datapath_id = reader_u64(&r);
    f->n_buffers = reader_u32(&r);
    f->n_tables = reader_u8(&r);
    f->auxiliary_id = reader_u8(&r);
    reader_skip(&r, 2);
    f->capabilities = reader_u32(&r);
    f->actions = reader_u32(&r);
    *ret_ports = r;
    return reader_result(&r);
}

/* ## Configuration ## */

static const char *const frag_names[] = {
    [FRAG_NORMAL] = "normal",
    [FRAG_DROP] = "drop",
    [FRAG_REASM] = "reassemble",
    [FRAG_NX_MATCH] = "nx-match",
};

const char *
frag_handling_name(enum frag_handling frag)
{
    return frag_names[frag & FRAG_MASK];
}

bool
frag_handling_parse(const char *s, enum frag_handling *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(frag_names); i++) {
        if (!strcmp(s, frag_names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* OpenFlow 1.1 and 1.2 only; later versions have it in set-async. */
#define CONFIG_INVALID_TTL_TO_CONTROLLER (1 << 2)

enum ofperr
switch_config_decode(struct switch_config *c, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint16_t flags = reader_u16(&r);

    c->miss_send_len = reader_u16(&r);
    c->frag = flags & FRAG_MASK;
    c->invalid_ttl_to_controller = -1;
    if (flags & ~(FRAG_MASK | CONFIG_INVALID_TTL_TO_CONTROLLER)
        && msg->type == OFMSG_SET_CONFIG) {
        return OFPSCFC_BAD_FLAGS;
    }
    return reader_result(&r);
}

static void
put_config(struct buf *b, const struct switch_config *c)
{
    buf_put_u16(b, c->frag & FRAG_MASK);
    buf_put_u16(b, c->miss_send_len);
}

struct buf *
switch_config_encode_set(const struct switch_config *c, uint8_t version)
{
    struct buf *b = start(OFMSG_SET_CONFIG, version, ofmsg_alloc_xid());

    put_config(b, c);
    return finish(b);
}

struct buf *
switch_config_encode_reply(const struct switch_config *c,
                           const struct ofmsg *request)
{
    struct buf *b = start(OFMSG_GET_CONFIG_REPLY, request->version,
                          request->xid);

    put_config(b, c);
    return finish(b);
}

/* ## Description ## */

/* Copies a field of 'size' wire bytes, which may lack a terminator. */
static void
read_text(struct reader *r, size_t size, char *out)
{
    const char *p = reader_pull(r, size);

    if (p) {
        memcpy(out, p, size);
    }
    out[p ? size : 0] = '\0';
}

static void
put_text(struct buf *b, size_t size, const char *s)
{
    char *p = buf_put_zeros(b, size);

    memcpy(p, s, MIN(strlen(s), size - 1));
}

enum ofperr
switch_desc_decode(struct switch_desc *d, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    read_text(&r, 256, d->mfr_desc);
    read_text(&r, 256, d->hw_desc);
    read_text(&r, 256, d->sw_desc);
    read_text(&r, 32, d->serial_num);
    read_text(&r, 256, d->dp_desc);
    return reader_result(&r);
}

struct buf *
switch_desc_encode(const struct switch_desc *d, const struct ofmsg *request)
{
    struct buf *b = start_reply(request);

    put_text(b, 256, d->mfr_desc);
    put_text(b, 256, d->hw_desc);
    put_text(b, 256, d->sw_desc);
    put_text(b, 32, d->serial_num);
    put_text(b, 256, d->dp_desc);
    return finish(b);
}

/* ## Roles ## */

/* The extension's numbers (0 other, 1 master, 2 slave) and OpenFlow's (0 no
 * change, 1 equal, 2 master, 3 slave) differ by one. */
const char *
controller_role_name(enum controller_role role)
{
    static const char *const names[] = {
        [ROLE_NOCHANGE] = "nochange",
        [ROLE_EQUAL] = "equal",
        [ROLE_PRIMARY] = "primary",
        [ROLE_SECONDARY] = "secondary",
    };

    return role < ARRAY_SIZE(names) ? names[role] : "unknown";
}

enum ofperr
role_decode(struct role_request *role, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t number = reader_u32(&r);

    memset(role, 0, sizeof *role);
    if (msg->is_nx) {
        number++;
    } else {
        reader_skip(&r, 4);
        role->generation_id = reader_u64(&r);
        role->has_generation_id = (number == ROLE_PRIMARY
                                   || number == ROLE_SECONDARY);
    }
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (number > ROLE_SECONDARY) {
        return OFPRRFC_BAD_ROLE;
    }
    role->role = number;
    return 0;
}

static void
put_role(struct buf *b, const struct role_request *role, bool is_nx)
{
    if (is_nx) {
        buf_put_u32(b, role->role - 1);
    } else {
        buf_put_u32(b, role->role);
        buf_put_zeros(b, 4);
        buf_put_u64(b, role->has_generation_id ? role->generation_id
                    : UINT64_MAX);
    }
}

struct buf *
role_request_encode(const struct role_request *role, uint8_t version)
{
    struct buf *b = start(OFMSG_ROLE_REQUEST, version, ofmsg_alloc_xid());

    put_role(b, role, version == OFP10_VERSION);
    return finish(b);
}

struct buf *
role_reply_encode(const struct role_request *role,
                  const struct ofmsg *request)
{
    struct buf *b = start_reply(request);

    put_role(b, role, request->is_nx);
    return finish(b);
}

struct buf *
role_status_encode(const struct role_status *status, uint8_t version)
{
    struct buf *b;

    if (!ofmsg_is_available(OFMSG_ROLE_STATUS, version)) {
        return NULL;
    }
    b = start(OFMSG_ROLE_STATUS, version, 0);
    buf_put_u32(b, status->role);
    buf_put_u8(b, status->reason);
    buf_put_zeros(b, 3);
    buf_put_u64(b, status->generation_id);
    return finish(b);
}

enum ofperr
role_status_decode(struct role_status *status, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t role = reader_u32(&r);

    status->reason = reader_u8(&r);
    reader_skip(&r, 3);
    status->generation_id = reader_u64(&r);
    status->role = role;
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    return (role == ROLE_EQUAL || role == ROLE_PRIMARY
            || role == ROLE_SECONDARY) ? 0 : OFPRRFC_BAD_ROLE;
}

/* ## Asynchronous messages ## */

/* Up to OpenFlow 1.3: two masks each, for these kinds in this order. */
#define ASYNC_N_OLD 3

void
async_config_default(struct async_config *config, uint8_t version)
{
    bool is_14 = version >= OFP14_VERSION;

    memset(config, 0, sizeof *config);
    config->primary[ASYNC_PACKET_IN] = is_14 ? 0x3b : 0x03;
    config->primary[ASYNC_PORT_STATUS] = 0x07;
    config->primary[ASYNC_FLOW_REMOVED] = is_14 ? 0x3f : 0x07;
    config->secondary[ASYNC_PORT_STATUS] = 0x07;
    if (is_14) {
        config->primary[ASYNC_ROLE_STATUS] = 0x07;
        config->secondary[ASYNC_ROLE_STATUS] = 0x07;
    }
}

/* OpenFlow 1.4's properties: type 2 * kind for secondary, + 1 for primary. */
static enum ofperr
decode_async_properties(struct async_config *config, struct reader *r)
{
    while (r->left) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);
        uint32_t mask;

        if (r->is_bad || length != 8) {
            return OFPBPC_BAD_LEN;
        }
        mask = reader_u32(r);
        if (r->is_bad) {
            return OFPBPC_BAD_LEN;
        }
        if (type >= 2 * ASYNC_N_TYPES) {
            return OFPBPC_BAD_TYPE;
        }
        (type & 1 ? config->primary : config->secondary)[type / 2] = mask;
    }
    return 0;
}

enum ofperr
async_config_decode(struct async_config *config, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    if (msg->version >= OFP14_VERSION) {
        return decode_async_properties(config, &r);
    }
    for (size_t i = 0; i < ASYNC_N_OLD; i++) {
        config->primary[i] = reader_u32(&r);
        config->secondary[i] = reader_u32(&r);
    }
    return reader_result(&r);
}

static void
put_async(struct buf *b, const struct async_config *config, uint8_t version)
{
    bool is_14 = version >= OFP14_VERSION;

    for (size_t i = 0; i < (is_14 ? ASYNC_N_TYPES : ASYNC_N_OLD); i++) {
        for (int primary = is_14 ? 0 : 1; primary >= 0 && primary <= 1;
             primary += is_14 ? 1 : -1) {
            if (is_14) {
                buf_put_u16(b, 2 * i + primary);
                buf_put_u16(b, 8);
            }
            buf_put_u32(b, (primary ? config->primary
                            : config->secondary)[i]);
        }
    }
}

struct buf *
async_config_encode_set(const struct async_config *config, uint8_t version)
{
    struct buf *b = start(OFMSG_SET_ASYNC, version, ofmsg_alloc_xid());

    put_async(b, config, version);
    return finish(b);
}

struct buf *
async_config_encode_reply(const struct async_config *config,
                          const struct ofmsg *request)
{
    struct buf *b = start_reply(request);

    put_async(b, config, request->version);
    return finish(b);
}

/* ## Bundles ## */

enum ofperr
bundle_control_decode(struct bundle_control *c, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    c->bundle_id = reader_u32(&r);
    c->type = reader_u16(&r);
    c->flags = reader_u16(&r);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (c->type > BUNDLE_DISCARD_REPLY) {
        return OFPBFC_BAD_TYPE;
    }
    return c->flags & ~(BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED)
           ? OFPBFC_BAD_FLAGS : 0;
}

static void
put_bundle_control(struct buf *b, const struct bundle_control *c)
{
    buf_put_u32(b, c->bundle_id);
    buf_put_u16(b, c->type);
    buf_put_u16(b, c->flags);
}

struct buf *
bundle_control_encode(const struct bundle_control *c, uint8_t version)
{
    struct buf *b = start(OFMSG_BUNDLE_CONTROL, version, ofmsg_alloc_xid());

    put_bundle_control(b, c);
    return finish(b);
}

struct buf *
bundle_control_encode_reply(const struct bundle_control *c,
                            const struct ofmsg *request)
{
    struct buf *b = start(OFMSG_BUNDLE_CONTROL, request->version,
                          request->xid);

    put_bundle_control(b, c);
    return finish(b);
}

/* Messages that change the switch, which is what bundles are for. */
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
    enum ofperr error;
    size_t size;

    add->bundle_id = reader_u32(&r);
    reader_skip(&r, 2);
    add->flags = reader_u16(&r);
    if (r.is_bad || r.left < OFP_HEADER_SIZE) {
        return OFPBFC_MSG_BAD_LEN;
    }
    if (add->flags & ~(BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED)) {
        return OFPBFC_BAD_FLAGS;
    }
    size = ofmsg_length(r.p);
    if (size < OFP_HEADER_SIZE || size > r.left) {
        return OFPBFC_MSG_BAD_LEN;
    }
    error = ofmsg_decode(r.p, size, &add->msg);
    if (error) {
        return error;
    }
    if (add->msg.version != msg->version) {
        return OFPBFC_BAD_VERSION;
    }
    if (add->msg.xid != msg->xid) {
        return OFPBFC_MSG_BAD_XID;
    }
    return may_be_bundled(add->msg.type) ? 0 : OFPBFC_MSG_UNSUP;
}

void
bundle_add_put(struct buf *b, uint8_t version, uint32_t bundle_id,
               uint16_t flags, const void *inner, size_t inner_size)
{
    be32 xid = get_be32((const uint8_t *) inner + 4);
    size_t at = ofmsg_start(b, OFMSG_BUNDLE_ADD, version, xid);

    buf_put_u32(b, bundle_id);
    buf_put_zeros(b, 2);
    buf_put_u16(b, flags);
    buf_put(b, inner, inner_size);
    ofmsg_finish(b, at);
}

/* ## Tunnel options ## */

#define TLV_MAP_SIZE 8

/* Reads the rest of 'r' as maps, allocated for the caller. */
static enum ofperr
read_maps(struct reader *r, size_t *ret_n, struct tlv_map **ret_maps)
{
    size_t n = r->left / TLV_MAP_SIZE;
    struct tlv_map *maps;

    if (r->is_bad || r->left % TLV_MAP_SIZE || n > TLV_MAX_MAPS) {
        return OFPBRC_BAD_LEN;
    }
    maps = xcalloc(n, sizeof *maps);
    for (size_t i = 0; i < n; i++) {
        maps[i].option_class = reader_u16(r);
        maps[i].option_type = reader_u8(r);
        maps[i].option_size = reader_u8(r);
        maps[i].index = reader_u16(r);
        reader_skip(r, 2);
    }
    *ret_n = n;
    *ret_maps = maps;
    return 0;
}

static void
put_maps(struct buf *b, const struct tlv_map *maps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_put_u16(b, maps[i].option_class);
        buf_put_u8(b, maps[i].option_type);
        buf_put_u8(b, maps[i].option_size);
        buf_put_u16(b, maps[i].index);
        buf_put_zeros(b, 2);
    }
}

enum ofperr
tlv_table_mod_decode(struct tlv_table_mod *mod, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    enum ofperr error;

    memset(mod, 0, sizeof *mod);
    mod->command = reader_u16(&r);
    reader_skip(&r, 6);
    if (mod->command > TLV_CMD_CLEAR) {
        return NXTTMFC_BAD_COMMAND;
    }
    error = read_maps(&r, &mod->n_maps, &mod->maps);
    for (size_t i = 0; !error && i < mod->n_maps; i++) {
        const struct tlv_map *map = &mod->maps[i];

        if (map->index >= TUN_METADATA_N_FIELDS) {
            error = NXTTMFC_BAD_FIELD_IDX;
        } else if (map->option_size % 4
                   || map->option_size > TLV_MAX_OPTION_SIZE
                   || (!map->option_size && mod->command == TLV_CMD_ADD)) {
            error = NXTTMFC_BAD_OPT_LEN;
        }
    }
    if (error) {
        free(mod->maps);
        mod->maps = NULL;
        mod->n_maps = 0;
    }
    return error;
}

struct buf *
tlv_table_mod_encode(const struct tlv_table_mod *mod, uint8_t version)
{
    struct buf *b = start(OFMSG_TLV_TABLE_MOD, version, ofmsg_alloc_xid());

    buf_put_u16(b, mod->command);
    buf_put_zeros(b, 6);
    put_maps(b, mod->maps, mod->n_maps);
    return finish(b);
}

enum ofperr
tlv_table_reply_decode(struct tlv_table_reply *reply,
                       const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    memset(reply, 0, sizeof *reply);
    reply->max_option_space = reader_u32(&r);
    reply->max_fields = reader_u16(&r);
    reader_skip(&r, 10);
    return read_maps(&r, &reply->n_maps, &reply->maps);
}

struct buf *
tlv_table_reply_encode(const struct tlv_table_reply *reply,
                       const struct ofmsg *request)
{
    struct buf *b = start(OFMSG_TLV_TABLE_REPLY, request->version,
                          request->xid);

    buf_put_u32(b, reply->max_option_space);
    buf_put_u16(b, reply->max_fields);
    buf_put_zeros(b, 10);
    put_maps(b, reply->maps, reply->n_maps);
    return finish(b);
}

void
tlv_table_reply_from_table(struct tlv_table_reply *reply,
                           const struct tlv_table *table)
{
    struct tlv_map map;

    *reply = (struct tlv_table_reply) {
        .max_option_space = TUN_METADATA_N_BYTES,
        .max_fields = TUN_METADATA_N_FIELDS,
        .maps = xcalloc(TUN_METADATA_N_FIELDS, sizeof map),
    };
    for (unsigned int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (tlv_table_get(table, i, &map)) {
            reply->maps[reply->n_maps++] = map;
        }
    }
}

/* Reads one "{class=C,type=T,len=L}->tun_metadataN" at '*sp' and moves past. */
static bool
parse_map(const char **sp, struct tlv_map *map)
{
    int class_, type, length, index, n = -1;

    if (sscanf(*sp, " {class=%i,type=%i,len=%i}->tun_metadata%d%n",
               &class_, &type, &length, &index, &n) < 4 || n < 0
        || class_ < 0 || class_ > UINT16_MAX || type < 0 || type > UINT8_MAX
        || length < 0 || length > TLV_MAX_OPTION_SIZE || length % 4
        || index < 0 || index >= TUN_METADATA_N_FIELDS) {
        return false;
    }
    *map = (struct tlv_map) { class_, type, length, index };
    *sp += n;
    return true;
}

struct error *
tlv_table_mod_parse(struct tlv_table_mod *mod, const char *text,
                    uint16_t command)
{
    VEC(struct tlv_map) maps = VEC_EMPTY;
    const char *s = text;

    while (*s && *s != '\n') {
        struct tlv_map map;

        if (maps.n >= TLV_MAX_MAPS || !parse_map(&s, &map)) {
            vec_uninit(&maps);
            return error_create(0, "\"%s\": expected "
                                "{class=C,type=T,len=L}->tun_metadataN with "
                                "a length of 4 to %d in fours", s,
                                TLV_MAX_OPTION_SIZE);
        }
        vec_push(&maps, map);
        s += strspn(s, ", ");
    }
    *mod = (struct tlv_table_mod) { .command = command, .n_maps = maps.n,
                                    .maps = maps.items };
    return NULL;
}

/* ## Connection tracking ## */

/* NXT_CT_FLUSH is made of properties: type and length (16 bits each, the
 * length without padding), a value, padding to 8 bytes. */
enum ct_flush_prop {
    CT_PROP_ORIG_TUPLE,
    CT_PROP_REPLY_TUPLE,
    CT_PROP_ZONE
};

enum ct_tuple_prop {
    CT_TUPLE_SRC,
    CT_TUPLE_DST,
    CT_TUPLE_SRC_PORT,
    CT_TUPLE_DST_PORT,
    CT_TUPLE_ICMP_ID,
    CT_TUPLE_ICMP_TYPE,
    CT_TUPLE_ICMP_CODE
};

/* Takes the next property off 'r': its type, and its value as a reader. */
static bool
next_prop(struct reader *r, uint16_t *ret_type, struct reader *ret_value)
{
    uint16_t length;

    *ret_type = reader_u16(r);
    length = reader_u16(r);
    if (r->is_bad || length < 4
        || ROUND_UP(length, 8) - 4u > r->left) {
        return false;
    }
    *ret_value = reader_sub(r, length - 4);
    reader_skip(r, ROUND_UP(length, 8) - length);
    return !r->is_bad;
}

static enum ofperr
decode_tuple_prop(struct ct_tuple *tuple, uint16_t type, struct reader *v,
                  uint8_t ip_proto)
{
    bool is_icmp = ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6;
    const void *p;

    switch (type) {
    case CT_TUPLE_SRC:
    case CT_TUPLE_DST:
        p = reader_pull(v, 16);
        if (p) {
            memcpy(type == CT_TUPLE_SRC ? &tuple->src : &tuple->dst, p, 16);
        }
        break;
    case CT_TUPLE_SRC_PORT:
        tuple->src_port = htons(reader_u16(v));
        break;
    case CT_TUPLE_DST_PORT:
        tuple->dst_port = htons(reader_u16(v));
        break;
    case CT_TUPLE_ICMP_ID:
        if (!is_icmp) {
            return OFPBPC_BAD_TYPE;
        }
        tuple->src_port = htons(reader_u16(v));
        break;
    case CT_TUPLE_ICMP_TYPE:
        tuple->icmp_type = reader_u8(v);
        tuple->has_icmp_type = true;
        break;
    case CT_TUPLE_ICMP_CODE:
        tuple->icmp_code = reader_u8(v);
        tuple->has_icmp_code = true;
        break;
    default:
        return OFPBPC_BAD_TYPE;
    }
    return v->is_bad ? OFPBPC_BAD_LEN : 0;
}

static enum ofperr
decode_tuple(struct ct_tuple *tuple, struct reader *r, uint8_t ip_proto)
{
    while (r->left) {
        enum ofperr error;
        struct reader v;
        uint16_t type;

        if (!next_prop(r, &type, &v)) {
            return OFPBPC_BAD_LEN;
        }
        error = decode_tuple_prop(tuple, type, &v, ip_proto);
        if (error) {
            return error;
        }
    }
    return 0;
}

static enum ofperr
decode_flush_props(struct ct_flush *flush, struct reader *r)
{
    while (r->left) {
        enum ofperr error = 0;
        struct reader v;
        uint16_t type;

        if (!next_prop(r, &type, &v)) {
            return OFPBPC_BAD_LEN;
        }
        if (type == CT_PROP_ZONE) {
            flush->zone = reader_u16(&v);
            flush->has_zone = true;
            error = v.is_bad ? OFPBPC_BAD_LEN : 0;
        } else if (type <= CT_PROP_REPLY_TUPLE) {
            error = decode_tuple(type == CT_PROP_ORIG_TUPLE ? &flush->orig
                                 : &flush->reply, &v, flush->ip_proto);
        } else {
            error = OFPBPC_BAD_TYPE;
        }
        if (error) {
            return error;
        }
    }
    return 0;
}

enum ofperr
ct_flush_decode(struct ct_flush *flush, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    memset(flush, 0, sizeof *flush);
    if (msg->type == OFMSG_CT_FLUSH_ZONE) {
        reader_skip(&r, 6);
        flush->zone = reader_u16(&r);
        flush->has_zone = true;
        return reader_result(&r);
    }
    flush->ip_proto = reader_u8(&r);
    flush->l3_type = reader_u8(&r);
    reader_skip(&r, 6);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (flush->l3_type && flush->l3_type != AF_INET
        && flush->l3_type != AF_INET6) {
        return OFPBRC_BAD_TYPE;
    }
    return decode_flush_props(flush, &r);
}

/* Appends a property of 'size' bytes at 'value'; short ones are counted with
 * their padding, as receivers expect of numbers. */
static void
put_prop(struct buf *b, uint16_t type, const void *value, size_t size)
{
    size_t at = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, size < 4 ? 8 : 4 + size);
    buf_put(b, value, size);
    buf_pad(b, at, 8);
}

static void
put_tuple(struct buf *b, uint16_t type, const struct ct_tuple *t,
          uint8_t ip_proto)
{
    bool is_icmp = ip_proto == IPPROTO_ICMP || ip_proto == IPPROTO_ICMPV6;
    size_t at = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    if (!IN6_IS_ADDR_UNSPECIFIED(&t->src)) {
        put_prop(b, CT_TUPLE_SRC, &t->src, 16);
    }
    if (!IN6_IS_ADDR_UNSPECIFIED(&t->dst)) {
        put_prop(b, CT_TUPLE_DST, &t->dst, 16);
    }
    if (t->src_port) {
        put_prop(b, is_icmp ? CT_TUPLE_ICMP_ID : CT_TUPLE_SRC_PORT,
                 &t->src_port, 2);
    }
    if (t->dst_port && !is_icmp) {
        put_prop(b, CT_TUPLE_DST_PORT, &t->dst_port, 2);
    }
    if (t->has_icmp_type) {
        put_prop(b, CT_TUPLE_ICMP_TYPE, &t->icmp_type, 1);
    }
    if (t->has_icmp_code) {
        put_prop(b, CT_TUPLE_ICMP_CODE, &t->icmp_code, 1);
    }
    if (b->size == at + 4) {
        b->size = at;            /* An empty tuple says nothing. */
    } else {
        buf_set_u16(b, at + 2, b->size - at);
        buf_pad(b, at, 8);
    }
}

static bool
tuple_is_empty(const struct ct_tuple *t)
{
    static const struct ct_tuple none;

    return !memcmp(t, &none, sizeof none);
}

struct buf *
ct_flush_encode(const struct ct_flush *flush, uint8_t version)
{
    be16 zone = htons(flush->zone);
    struct buf *b;

    /* A whole zone goes as the older message, which every switch knows. */
    if (flush->has_zone && !flush->ip_proto && !flush->l3_type
        && tuple_is_empty(&flush->orig) && tuple_is_empty(&flush->reply)) {
        b = start(OFMSG_CT_FLUSH_ZONE, version, ofmsg_alloc_xid());
        buf_put_zeros(b, 6);
        buf_put_u16(b, flush->zone);
        return finish(b);
    }
    b = start(OFMSG_CT_FLUSH, version, ofmsg_alloc_xid());
    buf_put_u8(b, flush->ip_proto);
    buf_put_u8(b, flush->l3_type);
    buf_put_zeros(b, 6);
    put_tuple(b, CT_PROP_ORIG_TUPLE, &flush->orig, flush->ip_proto);
    put_tuple(b, CT_PROP_REPLY_TUPLE, &flush->reply, flush->ip_proto);
    if (flush->has_zone) {
        put_prop(b, CT_PROP_ZONE, &zone, 2);
    }
    return finish(b);
}

/* ## Small extensions ## */

struct buf *
set_packet_in_format_encode(uint8_t version, unsigned int format)
{
    struct buf *b = start(OFMSG_SET_PACKET_IN_FORMAT, version,
                          ofmsg_alloc_xid());

    buf_put_u32(b, format);
    return finish(b);
}

enum ofperr
set_packet_in_format_decode(const struct ofmsg *msg, unsigned int *ret)
{
    struct reader r = ofmsg_reader(msg);

    *ret = reader_u32(&r);
    return r.is_bad ? OFPBRC_BAD_LEN : *ret > 2 ? OFPBRC_EPERM : 0;
}

struct buf *
set_controller_id_encode(uint8_t version, uint16_t id)
{
    struct buf *b = start(OFMSG_SET_CONTROLLER_ID, version,
                          ofmsg_alloc_xid());

    buf_put_zeros(b, 6);
    buf_put_u16(b, id);
    return finish(b);
}

enum ofperr
set_controller_id_decode(const struct ofmsg *msg, uint16_t *ret)
{
    struct reader r = ofmsg_reader(msg);

    reader_skip(&r, 6);
    *ret = reader_u16(&r);
    return reader_result(&r);
}

struct buf *
set_flow_format_encode(bool nxm)
{
    struct buf *b = start(OFMSG_SET_FLOW_FORMAT, OFP10_VERSION,
                          ofmsg_alloc_xid());

    buf_put_u32(b, nxm ? 2 : 0);
    return finish(b);
}

enum ofperr
set_flow_format_decode(const struct ofmsg *msg, bool *ret_nxm)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t format = reader_u32(&r);

    *ret_nxm = format == 2;
    return r.is_bad ? OFPBRC_BAD_LEN
           : format != 0 && format != 2 ? OFPBRC_EPERM : 0;
}

struct buf *
flow_mod_table_id_encode(bool on)
{
    struct buf *b = start(OFMSG_FLOW_MOD_TABLE_ID, OFP10_VERSION,
                          ofmsg_alloc_xid());

    buf_put_u8(b, on);
    buf_put_zeros(b, 7);
    return finish(b);
}

enum ofperr
flow_mod_table_id_decode(const struct ofmsg *msg, bool *ret_on)
{
    struct reader r = ofmsg_reader(msg);

    *ret_on = reader_u8(&r) != 0;
    return reader_result(&r);
}

enum ofperr
requestforward_decode(struct ofmsg *ret_inner, const struct ofmsg *msg)
{
    enum ofperr error;

    if (msg->body_size < OFP_HEADER_SIZE
        || ofmsg_length(msg->body) < OFP_HEADER_SIZE
        || ofmsg_length(msg->body) > msg->body_size) {
        return OFPBRC_BAD_LEN;
    }
    error = ofmsg_decode(msg->body, ofmsg_length(msg->body), ret_inner);
    if (error) {
        return error;
    }
    return (ret_inner->type == OFMSG_GROUP_MOD
            || ret_inner->type == OFMSG_METER_MOD ? 0 : OFPBRC_BAD_TYPE);
}

struct buf *
requestforward_encode(const struct ofmsg *inner, uint8_t version)
{
    struct buf *b = start(OFMSG_REQUESTFORWARD, version, 0);

    buf_put(b, inner->data, inner->size);
    return finish(b);
}
