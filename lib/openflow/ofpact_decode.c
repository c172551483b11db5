/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "lib/flow/port.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions from the wire.
 *
 * Each kind has a row in a table: its number, the least and most bytes of its
 * body, and a function that reads the body and appends the decoded action.
 * The body is bounded by the action's own length; a row whose least and most
 * are equal needs no check of its length in the function. */

/* Nesting of clone and ct within each other. */
#define MAX_DEPTH 8

struct decoder {
    const struct ofp_decode *decode;
    uint8_t version;
    int depth;
    struct buf *out;
};

typedef enum ofperr decode_fn(struct decoder *, struct reader *);

struct action_row {
    uint16_t type;
    uint16_t min, max;           /* Bytes of the body. */
    decode_fn *fn;
};

#define ANY UINT16_MAX

static enum ofperr decode_list(struct decoder *, struct reader *);

/* Pieces. */

static enum ofperr
must_be_zero(struct reader *r, size_t n)
{
    const uint8_t *p = reader_pull(r, n);

    for (size_t i = 0; p && i < n; i++) {
        if (p[i]) {
            return NXBRC_MUST_BE_ZERO;
        }
    }
    return p ? 0 : OFPBAC_BAD_LEN;
}

/* A field's header without payload: 4 bytes, or 8 for experimenters. */
static enum ofperr
read_field(struct reader *r, const struct field **ret)
{
    bool has_mask;
    size_t n;
    enum ofperr error = oxm_header_decode(r, ret, &has_mask, &n);

    if (error) {
        return error == OFPBMC_BAD_FIELD ? OFPBAC_BAD_SET_TYPE
                                         : OFPBAC_BAD_LEN;
    }
    return has_mask ? OFPBAC_BAD_SET_MASK : 0;
}

static enum ofperr
make_subfield(const struct field *f, unsigned int start, unsigned int n_bits,
              bool write, struct subfield *sf)
{
    if (!n_bits || start + n_bits > f->n_bits) {
        return OFPBAC_BAD_SET_LEN;
    }
    if (write && !f->is_writable) {
        return OFPBAC_BAD_SET_ARGUMENT;
    }
    *sf = (struct subfield) { f, start, n_bits };
    return 0;
}

static enum ofperr
read_subfield(struct reader *r, unsigned int start, unsigned int n_bits,
              bool write, struct subfield *sf)
{
    const struct field *f;
    enum ofperr error = read_field(r, &f);

    return error ? error : make_subfield(f, start, n_bits, write, sf);
}

/* "ofs_nbits": start and number of bits minus 1 in one word. */
static enum ofperr
read_packed_subfield(struct reader *r, uint16_t ofs_nbits, bool write,
                     struct subfield *sf)
{
    return read_subfield(r, ofs_nbits >> 6, (ofs_nbits & 0x3f) + 1, write,
                         sf);
}

static bool
port_is_valid(const struct decoder *d, ofp_port_t port)
{
    switch (port) {
    case OFPP_IN_PORT:
    case OFPP_TABLE:
    case OFPP_NORMAL:
    case OFPP_FLOOD:
    case OFPP_ALL:
    case OFPP_CONTROLLER:
    case OFPP_LOCAL:
        return true;
    case OFPP_NONE:
        return false;
    default:
        return port < d->decode->max_port;
    }
}

static enum ofperr
put_output(struct decoder *d, ofp_port_t port, uint16_t max_len)
{
    struct ofpact_output *a;

    if (!port_is_valid(d, port)) {
        return OFPBAC_BAD_OUT_PORT;
    }
    a = ofpact_put_OUTPUT(d->out);
    a->port = port;
    a->max_len = max_len;
    return 0;
}

/* Standard actions. */

static enum ofperr
output10(struct decoder *d, struct reader *r)
{
    uint16_t port = reader_u16(r);

    return put_output(d, port, reader_u16(r));
}

static enum ofperr
output11(struct decoder *d, struct reader *r)
{
    be32 wire = htonl(reader_u32(r));
    ofp_port_t port;

    if (!port_from_oxm(wire, &port)) {
        return OFPBAC_BAD_OUT_PORT;
    }
    return put_output(d, port, reader_u16(r));
}

static enum ofperr
set_vlan_vid(struct decoder *d, struct reader *r)
{
    uint16_t vid = reader_u16(r);
    struct ofpact_vlan_vid *a;

    if (vid & ~0xfff) {
        return OFPBAC_BAD_ARGUMENT;
    }
    a = ofpact_put_SET_VLAN_VID(d->out);
    a->vid = vid;
    a->push_if_needed = true;
    return 0;
}

static enum ofperr
set_vlan_pcp(struct decoder *d, struct reader *r)
{
    uint8_t pcp = reader_u8(r);
    struct ofpact_vlan_pcp *a;

    if (pcp & ~7) {
        return OFPBAC_BAD_ARGUMENT;
    }
    a = ofpact_put_SET_VLAN_PCP(d->out);
    a->pcp = pcp;
    a->push_if_needed = true;
    return 0;
}

/* Actions that are no more than their name. */
#define NULL_ACTION(NAME, TYPE) \
    static enum ofperr \
    NAME(struct decoder *d, struct reader *r) \
    { \
        ofpact_put_##TYPE(d->out); \
        return 0; \
    }
NULL_ACTION(strip_vlan, STRIP_VLAN)
NULL_ACTION(dec_mpls_ttl, DEC_MPLS_TTL)
NULL_ACTION(pop_queue, POP_QUEUE)
NULL_ACTION(exit_, EXIT)
NULL_ACTION(ct_clear, CT_CLEAR)
NULL_ACTION(dec_nsh_ttl, DEC_NSH_TTL)
NULL_ACTION(debug_recirc, DEBUG_RECIRC)
NULL_ACTION(debug_slow, DEBUG_SLOW)

static void
put_mac(struct ofpact_mac *a, struct reader *r)
{
    memcpy(&a->mac, reader_pull(r, 6), 6);
}

static enum ofperr
set_dl_src(struct decoder *d, struct reader *r)
{
    put_mac(ofpact_put_SET_ETH_SRC(d->out), r);
    return 0;
}

static enum ofperr
set_dl_dst(struct decoder *d, struct reader *r)
{
    put_mac(ofpact_put_SET_ETH_DST(d->out), r);
    return 0;
}

static enum ofperr
set_nw_src(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_IPV4_SRC(d->out)->ipv4 = htonl(reader_u32(r));
    return 0;
}

static enum ofperr
set_nw_dst(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_IPV4_DST(d->out)->ipv4 = htonl(reader_u32(r));
    return 0;
}

static enum ofperr
set_nw_tos(struct decoder *d, struct reader *r)
{
    uint8_t tos = reader_u8(r);

    if (tos & 3) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_SET_IP_DSCP(d->out)->value = tos;
    return 0;
}

static enum ofperr
set_tp_src(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_L4_SRC_PORT(d->out)->port = reader_u16(r);
    return 0;
}

static enum ofperr
set_tp_dst(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_L4_DST_PORT(d->out)->port = reader_u16(r);
    return 0;
}

static enum ofperr
enqueue(struct decoder *d, struct reader *r)
{
    ofp_port_t port = reader_u16(r);
    struct ofpact_enqueue *a;

    if (port >= OFPP_MAX && port != OFPP_IN_PORT && port != OFPP_LOCAL) {
        return OFPBAC_BAD_OUT_PORT;
    }
    reader_skip(r, 6);
    a = ofpact_put_ENQUEUE(d->out);
    a->port = port;
    a->queue = reader_u32(r);
    return 0;
}

static enum ofperr
set_mpls_ttl(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_MPLS_TTL(d->out)->value = reader_u8(r);
    return 0;
}

static enum ofperr
push_vlan(struct decoder *d, struct reader *r)
{
    uint16_t type = reader_u16(r);

    if (type != 0x8100 && type != 0x88a8) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_PUSH_VLAN(d->out)->ethertype = htons(type);
    return 0;
}

static enum ofperr
push_mpls(struct decoder *d, struct reader *r)
{
    uint16_t type = reader_u16(r);

    if (type != 0x8847 && type != 0x8848) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_PUSH_MPLS(d->out)->ethertype = htons(type);
    return 0;
}

static enum ofperr
pop_mpls(struct decoder *d, struct reader *r)
{
    ofpact_put_POP_MPLS(d->out)->ethertype = htons(reader_u16(r));
    return 0;
}

static enum ofperr
set_queue(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_QUEUE(d->out)->value = reader_u32(r);
    return 0;
}

static enum ofperr
group(struct decoder *d, struct reader *r)
{
    ofpact_put_GROUP(d->out)->group_id = reader_u32(r);
    return 0;
}

static enum ofperr
set_nw_ttl(struct decoder *d, struct reader *r)
{
    ofpact_put_SET_IP_TTL(d->out)->value = reader_u8(r);
    return 0;
}

static enum ofperr
dec_ttl(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;

    ofpact_put_DEC_TTL(d->out)->n_controllers = 1;
    buf_put_zeros(d->out, sizeof(uint16_t));
    ofpact_finish(d->out, ofs);
    return 0;
}

static enum ofperr
meter(struct decoder *d, struct reader *r)
{
    uint32_t id = reader_u32(r);

    if (!id || id > 0xffff0000u) {
        return OFPMMFC_INVALID_METER;
    }
    ofpact_put_METER(d->out)->value = id;
    return 0;
}

/* Reads an OXM entry and its padding. */
static enum ofperr
read_set_field(struct decoder *d, struct reader *r)
{
    union field_value value, mask;
    const struct field *f;
    const uint8_t *p;
    bool has_mask;
    size_t n, room;
    enum ofperr error = oxm_header_decode(r, &f, &has_mask, &n);

    if (error) {
        return error == OFPBMC_BAD_FIELD ? OFPBAC_BAD_SET_TYPE
                                         : OFPBAC_BAD_SET_LEN;
    }
    p = reader_pull(r, n);
    n = has_mask ? n / 2 : n;
    room = (!f->is_variable ? f->n_bytes
            : d->decode->tlv ? field_n_bytes(f, &d->decode->tlv->layout)
            : ROUND_UP(n, 4));
    if (!p) {
        return OFPBAC_BAD_LEN;
    }
    if (!f->is_writable) {
        return OFPBAC_BAD_SET_ARGUMENT;
    }
    if (f->is_variable && !room) {
        return NXFMFC_INVALID_TLV_FIELD;
    }
    if (f->is_variable ? n > room || !n || room > TLV_MAX_OPTION_SIZE
        : n != room) {
        return OFPBAC_BAD_SET_LEN;
    }
    memset(&value, 0, sizeof value);
    memset(&mask, 0, sizeof mask);
    memcpy(value.bytes + room - n, p, n);
    if (has_mask) {
        memcpy(mask.bytes + room - n, p + n, n);
        for (size_t i = 0; i < n; i++) {
            if (p[i] & ~p[n + i]) {
                return OFPBAC_BAD_SET_ARGUMENT;
            }
        }
    }
    if (!f->is_variable && !field_value_is_valid(f, &value)) {
        return OFPBAC_BAD_SET_ARGUMENT;
    }
    /* OpenFlow says that setting vlan_vid sets the tag's presence, too. */
    ofpact_put_set_field(d->out, f, room, &value, has_mask ? &mask : NULL);
    for (; r->left; ) {
        if (reader_u8(r)) {
            return OFPBAC_BAD_SET_ARGUMENT;
        }
    }
    return 0;
}

static enum ofperr
set_field12(struct decoder *d, struct reader *r)
{
    if (d->version < OFP15_VERSION && r->left >= 4 && r->p[2] & 1) {
        return OFPBAC_BAD_SET_MASK;
    }
    return read_set_field(d, r);
}

static enum ofperr
read_move(struct decoder *d, struct reader *r, unsigned int n_bits,
          unsigned int src_ofs, unsigned int dst_ofs)
{
    struct subfield src, dst;
    struct ofpact_reg_move *a;
    enum ofperr error = read_subfield(r, src_ofs, n_bits, false, &src);

    if (!error) {
        error = read_subfield(r, dst_ofs, n_bits, true, &dst);
    }
    if (!error) {
        error = must_be_zero(r, r->left);
    }
    if (error) {
        return error;
    }
    a = ofpact_put_REG_MOVE(d->out);
    a->src = src;
    a->dst = dst;
    return 0;
}

static enum ofperr
copy_field(struct decoder *d, struct reader *r)
{
    uint16_t n_bits = reader_u16(r);
    uint16_t src = reader_u16(r);
    uint16_t dst = reader_u16(r);

    reader_skip(r, 2);
    return read_move(d, r, n_bits, src, dst);
}

/* The extension's actions. */

static enum ofperr
put_resubmit(struct decoder *d, uint16_t port, uint8_t table, bool ct)
{
    struct ofpact_resubmit *a = ofpact_put_RESUBMIT(d->out);

    a->in_port = port;
    a->table_id = table;
    a->with_ct_orig = ct;
    return 0;
}

static enum ofperr
resubmit(struct decoder *d, struct reader *r)
{
    return put_resubmit(d, reader_u16(r), 0xff, false);
}

static enum ofperr
resubmit_table(struct decoder *d, struct reader *r)
{
    uint16_t port = reader_u16(r);
    uint8_t table = reader_u8(r);
    enum ofperr error = must_be_zero(r, 3);

    return error ? error : put_resubmit(d, port, table, false);
}

static enum ofperr
resubmit_table_ct(struct decoder *d, struct reader *r)
{
    uint16_t port = reader_u16(r);
    uint8_t table = reader_u8(r);
    enum ofperr error = must_be_zero(r, 3);

    return error ? error : put_resubmit(d, port, table, true);
}

static enum ofperr
set_tunnel(struct decoder *d, struct reader *r)
{
    reader_skip(r, 2);
    ofpact_put_SET_TUNNEL(d->out)->tun_id = reader_u32(r);
    return 0;
}

static enum ofperr
set_tunnel64(struct decoder *d, struct reader *r)
{
    struct ofpact_tunnel *a = ofpact_put_SET_TUNNEL(d->out);

    reader_skip(r, 6);
    a->tun_id = reader_u64(r);
    a->is_64 = true;
    return 0;
}

static enum ofperr
nx_set_queue(struct decoder *d, struct reader *r)
{
    reader_skip(r, 2);
    return set_queue(d, r);
}

static enum ofperr
reg_move(struct decoder *d, struct reader *r)
{
    uint16_t n_bits = reader_u16(r);
    uint16_t src = reader_u16(r);
    uint16_t dst = reader_u16(r);

    return read_move(d, r, n_bits, src, dst);
}

static enum ofperr
reg_load(struct decoder *d, struct reader *r)
{
    uint16_t ofs_nbits = reader_u16(r);
    struct subfield sf;
    enum ofperr error = read_packed_subfield(r, ofs_nbits, true, &sf);
    uint64_t value = reader_u64(r);

    if (error) {
        return error;
    }
    if (sf.n_bits < 64 && value >> sf.n_bits) {
        return OFPBAC_BAD_ARGUMENT;
    }
    if (sf.field->is_variable) {
        return OFPBAC_BAD_SET_TYPE;
    }
    ofpact_put_load(d->out, &sf, value);
    return 0;
}

static enum ofperr
reg_load2(struct decoder *d, struct reader *r)
{
    enum ofperr error = must_be_zero(r, 6);

    return error ? error : read_set_field(d, r);
}

static enum ofperr
note(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;

    ofpact_put_NOTE(d->out)->length = r->left;
    buf_put(d->out, r->p, r->left);
    ofpact_finish(d->out, ofs);
    return 0;
}

static enum ofperr
multipath(struct decoder *d, struct reader *r)
{
    struct ofpact_multipath mp = { .fields = 0 };
    uint16_t fields = reader_u16(r), algorithm, ofs_nbits;
    struct ofpact_multipath *a;
    enum ofperr error;

    mp.basis = reader_u16(r);
    reader_skip(r, 2);
    algorithm = reader_u16(r);
    mp.max_link = reader_u16(r);
    mp.arg = reader_u32(r);
    reader_skip(r, 2);
    ofs_nbits = reader_u16(r);
    error = read_packed_subfield(r, ofs_nbits, true, &mp.dst);
    if (error) {
        return error;
    }
    if (fields > HASH_FIELDS_SYMMETRIC_L3
        || algorithm > MULTIPATH_ITER_HASH
        || (mp.dst.n_bits < 16 && mp.max_link >= 1 << mp.dst.n_bits)) {
        return OFPBAC_BAD_ARGUMENT;
    }
    a = ofpact_put_MULTIPATH(d->out);
    mp.ofpact = a->ofpact;
    mp.fields = fields;
    mp.algorithm = algorithm;
    *a = mp;
    return 0;
}

static enum ofperr
read_bundle(struct decoder *d, struct reader *r, bool load)
{
    uint16_t algorithm = reader_u16(r);
    uint16_t fields = reader_u16(r);
    uint16_t basis = reader_u16(r);
    uint32_t member_type = reader_u32(r);
    uint16_t n = reader_u16(r);
    uint16_t ofs_nbits = reader_u16(r);
    size_t ofs = d->out->size;
    struct subfield dst = { NULL, 0, 0 };
    struct ofpact_bundle *a;
    enum ofperr error = 0;

    if (load) {
        error = read_packed_subfield(r, ofs_nbits, true, &dst);
        if (!error && dst.n_bits < 16) {
            return OFPBAC_BAD_ARGUMENT;
        }
        if (!error) {
            error = must_be_zero(r, 4);
        }
    } else {
        error = ofs_nbits ? NXBRC_MUST_BE_ZERO : must_be_zero(r, 8);
    }
    if (error) {
        return error;
    }
    if (fields > HASH_FIELDS_SYMMETRIC_L3 || algorithm > BUNDLE_HRW
        || member_type != NX_BUNDLE_MEMBER_TYPE || n > 2048) {
        return OFPBAC_BAD_ARGUMENT;
    }
    if (r->left < 2u * n) {
        return OFPBAC_BAD_LEN;
    }
    a = ofpact_put_BUNDLE(d->out);
    a->basis = basis;
    a->fields = fields;
    a->algorithm = algorithm;
    a->n_members = n;
    a->dst = dst;
    for (unsigned int i = 0; i < n; i++) {
        ofp_port_t port = reader_u16(r);

        if (port >= OFPP_MAX && port != OFPP_NONE && port != OFPP_LOCAL) {
            return OFPBAC_BAD_OUT_PORT;
        }
        buf_put(d->out, &port, sizeof port);
    }
    ofpact_finish(d->out, ofs);
    return 0;
}

static enum ofperr
bundle(struct decoder *d, struct reader *r)
{
    return read_bundle(d, r, false);
}

static enum ofperr
bundle_load(struct decoder *d, struct reader *r)
{
    return read_bundle(d, r, true);
}

static enum ofperr
output_reg(struct decoder *d, struct reader *r)
{
    uint16_t ofs_nbits = reader_u16(r);
    struct subfield src;
    enum ofperr error = read_packed_subfield(r, ofs_nbits, false, &src);
    struct ofpact_output_reg *a;
    uint16_t max_len = reader_u16(r);

    if (!error) {
        error = must_be_zero(r, 6);
    }
    if (error) {
        return error;
    }
    a = ofpact_put_OUTPUT_REG(d->out);
    a->src = src;
    a->max_len = max_len;
    return 0;
}

static enum ofperr
output_reg2(struct decoder *d, struct reader *r)
{
    uint16_t ofs_nbits = reader_u16(r);
    uint16_t max_len = reader_u16(r);
    struct subfield src;
    enum ofperr error = read_packed_subfield(r, ofs_nbits, false, &src);
    struct ofpact_output_reg *a;

    if (!error) {
        error = must_be_zero(r, r->left);
    }
    if (error) {
        return error;
    }
    a = ofpact_put_OUTPUT_REG(d->out);
    a->src = src;
    a->max_len = max_len;
    return 0;
}

static enum ofperr
output_trunc(struct decoder *d, struct reader *r)
{
    uint16_t port = reader_u16(r);
    uint32_t max_len = reader_u32(r);
    struct ofpact_output_trunc *a;

    if (port >= OFPP_MAX && port != OFPP_LOCAL && port != OFPP_IN_PORT) {
        return OFPBAC_BAD_OUT_PORT;
    }
    if (max_len < 14) {
        return OFPBAC_BAD_ARGUMENT;
    }
    a = ofpact_put_OUTPUT_TRUNC(d->out);
    a->port = port;
    a->max_len = max_len;
    return 0;
}

/* A specification's subfield: 4-byte header (experimenters do not fit) and
 * start. */
static enum ofperr
read_learn_subfield(struct reader *r, unsigned int n_bits, bool write,
                    struct subfield *sf)
{
    const struct field *f;
    enum ofperr error = read_field(r, &f);
    unsigned int start = reader_u16(r);

    if (error) {
        return error;
    }
    return r->is_bad ? OFPBAC_BAD_LEN
           : make_subfield(f, start, n_bits, write, sf);
}

static enum ofperr
read_learn_spec(struct decoder *d, struct reader *r, uint16_t header)
{
    unsigned int n_bits = header & NX_LEARN_N_BITS;
    unsigned int dst = header >> NX_LEARN_DST_SHIFT & NX_LEARN_DST_MASK;
    bool is_immediate = header & NX_LEARN_SRC_IMMEDIATE;
    struct learn_spec spec = { .n_bits = n_bits, .dst_type = dst };
    const uint8_t *immediate = NULL;
    size_t n = DIV_ROUND_UP(n_bits, 8);
    enum ofperr error = 0;

    if (!n_bits || header & 0xc400 || dst > LEARN_DST_OUTPUT) {
        return OFPBAC_BAD_ARGUMENT;
    }
    if (is_immediate) {
        spec.src_type = LEARN_SRC_IMMEDIATE;
        immediate = reader_pull(r, ROUND_UP(n, 2));
        if (!immediate) {
            return OFPBAC_BAD_LEN;
        }
        immediate += ROUND_UP(n, 2) - n;
    } else {
        error = read_learn_subfield(r, n_bits, false, &spec.src);
    }
    if (!error && dst != LEARN_DST_OUTPUT) {
        error = read_learn_subfield(r, n_bits, dst == LEARN_DST_LOAD,
                                    &spec.dst);
    }
    if (error) {
        return error;
    }
    if (dst == LEARN_DST_OUTPUT && is_immediate) {
        return OFPBAC_BAD_ARGUMENT;
    }
    buf_put(d->out, &spec, sizeof spec);
    if (is_immediate) {
        buf_put_zeros(d->out, ROUND_UP(n, 8) - n);
        buf_put(d->out, immediate, n);
    }
    return 0;
}

static enum ofperr
read_learn_specs(struct decoder *d, struct reader *r, size_t ofs)
{
    while (r->left >= 2) {
        uint16_t header = reader_u16(r);
        enum ofperr error;

        if (!header) {
            break;
        }
        error = read_learn_spec(d, r, header);
        if (error) {
            return error;
        }
    }
    ofpact_finish(d->out, ofs);
    return must_be_zero(r, r->left);
}

static enum ofperr
read_learn(struct decoder *d, struct reader *r, bool is_learn2)
{
    size_t ofs = d->out->size;
    struct ofpact_learn *a = ofpact_put_LEARN(d->out);
    uint16_t flags, result_ofs;
    enum ofperr error;

    a->idle_timeout_s = reader_u16(r);
    a->hard_timeout_s = reader_u16(r);
    a->priority = reader_u16(r);
    a->cookie = htonll(reader_u64(r));
    flags = reader_u16(r);
    a->flags = flags;
    a->table_id = reader_u8(r);
    reader_skip(r, 1);
    a->fin_idle_timeout_s = reader_u16(r);
    a->fin_hard_timeout_s = reader_u16(r);
    if (a->table_id == 0xff
        || flags & ~(LEARN_F_SEND_FLOW_REM | LEARN_F_DELETE_LEARNED
                     | (is_learn2 ? LEARN_F_WRITE_RESULT : 0))) {
        return OFPBAC_BAD_ARGUMENT;
    }
    if (is_learn2) {
        a->limit = reader_u32(r);
        result_ofs = reader_u16(r);
        reader_skip(r, 2);
        if (flags & LEARN_F_WRITE_RESULT) {
            error = read_subfield(r, result_ofs, 1, true, &a->result_dst);
            if (error) {
                return error;
            }
        }
    }
    return read_learn_specs(d, r, ofs);
}

static enum ofperr
learn(struct decoder *d, struct reader *r)
{
    return read_learn(d, r, false);
}

static enum ofperr
learn2(struct decoder *d, struct reader *r)
{
    return read_learn(d, r, true);
}

static enum ofperr
fin_timeout(struct decoder *d, struct reader *r)
{
    struct ofpact_fin_timeout *a = ofpact_put_FIN_TIMEOUT(d->out);

    a->idle_timeout_s = reader_u16(r);
    a->hard_timeout_s = reader_u16(r);
    return 0;
}

static enum ofperr
controller(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    struct ofpact_controller *a = ofpact_put_CONTROLLER(d->out);

    a->max_len = reader_u16(r);
    a->controller_id = reader_u16(r);
    a->reason = reader_u8(r);
    a->meter_id = CONTROLLER_NO_METER;
    ofpact_finish(d->out, ofs);
    return must_be_zero(r, 1);
}

static enum ofperr
read_controller_property(struct decoder *d, struct reader *r, size_t ofs)
{
    uint16_t type = reader_u16(r);
    uint16_t length = reader_u16(r);
    size_t pad = ROUND_UP(length, 8) - length;
    struct ofpact_controller *a;
    struct reader p;

    if (r->is_bad || length < 4) {
        return OFPBPC_BAD_LEN;
    }
    p = reader_sub(r, length - 4);
    reader_skip(r, MIN(pad, r->left));
    if (p.is_bad) {
        return OFPBPC_BAD_LEN;
    }
    a = buf_at(d->out, ofs);
    switch (type) {
    case NXAC2PT_MAX_LEN:
        a->max_len = reader_u16(&p);
        break;
    case NXAC2PT_CONTROLLER_ID:
        a->controller_id = reader_u16(&p);
        break;
    case NXAC2PT_REASON:
        a->reason = reader_u8(&p);
        break;
    case NXAC2PT_USERDATA:
        if (a->userdata_len) {
            return OFPBPC_DUP_TYPE;
        }
        a->userdata_len = p.left;
        buf_put(d->out, p.p, p.left);
        break;
    case NXAC2PT_PAUSE:
        a->pause = true;
        break;
    case NXAC2PT_METER_ID:
        a->meter_id = reader_u32(&p);
        break;
    default:
        return OFPBPC_BAD_TYPE;
    }
    return p.is_bad ? OFPBPC_BAD_LEN : 0;
}

static enum ofperr
controller2(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    struct ofpact_controller *a = ofpact_put_CONTROLLER(d->out);
    enum ofperr error = must_be_zero(r, 6);

    a->max_len = UINT16_MAX;
    a->reason = 1;
    a->meter_id = CONTROLLER_NO_METER;
    while (!error && r->left) {
        error = read_controller_property(d, r, ofs);
    }
    ofpact_finish(d->out, ofs);
    return error;
}

static enum ofperr
dec_ttl_cnt_ids(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    uint16_t n = reader_u16(r);
    struct ofpact_cnt_ids *a;
    enum ofperr error = must_be_zero(r, 4);

    if (error) {
        return error;
    }
    if (r->left < 2u * n) {
        return OFPBAC_BAD_LEN;
    }
    a = ofpact_put_DEC_TTL(d->out);
    a->is_list = true;
    a->n_controllers = n;
    for (unsigned int i = 0; i < n; i++) {
        uint16_t id = reader_u16(r);

        buf_put(d->out, &id, sizeof id);
    }
    ofpact_finish(d->out, ofs);
    return 0;
}

static enum ofperr
put_metadata(struct decoder *d, uint64_t metadata, uint64_t mask)
{
    struct ofpact_metadata *a = ofpact_put_WRITE_METADATA(d->out);

    a->metadata = htonll(metadata & mask);
    a->mask = htonll(mask);
    return 0;
}

static enum ofperr
write_metadata(struct decoder *d, struct reader *r)
{
    enum ofperr error = must_be_zero(r, 6);
    uint64_t metadata = reader_u64(r);

    return error ? error : put_metadata(d, metadata, reader_u64(r));
}

static enum ofperr
read_stack(struct decoder *d, struct reader *r, bool pop)
{
    uint16_t start = reader_u16(r);
    const struct field *f;
    struct subfield sf;
    enum ofperr error = read_field(r, &f);
    uint16_t n_bits = reader_u16(r);

    if (!error) {
        error = make_subfield(f, start, n_bits, pop, &sf);
    }
    if (!error) {
        error = must_be_zero(r, r->left);
    }
    if (error) {
        return error;
    }
    if (pop) {
        ofpact_put_STACK_POP(d->out)->subfield = sf;
    } else {
        ofpact_put_STACK_PUSH(d->out)->subfield = sf;
    }
    return 0;
}

static enum ofperr
stack_push(struct decoder *d, struct reader *r)
{
    return read_stack(d, r, false);
}

static enum ofperr
stack_pop(struct decoder *d, struct reader *r)
{
    return read_stack(d, r, true);
}

static enum ofperr
sample(struct decoder *d, struct reader *r)
{
    struct ofpact_sample *a = ofpact_put_SAMPLE(d->out);

    a->probability = reader_u16(r);
    a->collector_set_id = reader_u32(r);
    a->obs_domain_id = reader_u32(r);
    a->obs_point_id = reader_u32(r);
    a->sampling_port = OFPP_NONE;
    return a->probability ? 0 : OFPBAC_BAD_ARGUMENT;
}

static enum ofperr
read_sample2(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    struct ofpact_sample *a;
    enum ofperr error = sample(d, r);

    if (error) {
        return error;
    }
    a = buf_at(d->out, ofs);
    a->sampling_port = reader_u16(r);
    a->direction = reader_u8(r);
    if (a->direction > SAMPLE_EGRESS) {
        return OFPBAC_BAD_ARGUMENT;
    }
    return must_be_zero(r, 5);
}

static enum ofperr
set_mpls_label(struct decoder *d, struct reader *r)
{
    uint32_t label;

    reader_skip(r, 2);
    label = reader_u32(r);
    if (label >> 20) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_SET_MPLS_LABEL(d->out)->value = label;
    return 0;
}

static enum ofperr
set_mpls_tc(struct decoder *d, struct reader *r)
{
    uint8_t tc = reader_u8(r);

    if (tc & ~7) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_SET_MPLS_TC(d->out)->value = tc;
    return 0;
}

static enum ofperr
conjunction(struct decoder *d, struct reader *r)
{
    uint8_t clause = reader_u8(r);
    uint8_t n = reader_u8(r);
    struct ofpact_conjunction *a;

    if (n < 2 || n > 64 || clause >= n) {
        return NXBAC_BAD_CONJUNCTION;
    }
    a = ofpact_put_CONJUNCTION(d->out);
    a->clause = clause;
    a->n_clauses = n;
    a->id = reader_u32(r);
    return 0;
}

static enum ofperr
read_nest(struct decoder *d, struct reader *r, size_t ofs)
{
    enum ofperr error;

    if (d->depth >= MAX_DEPTH) {
        return OFPBAC_TOO_MANY;
    }
    d->depth++;
    error = decode_list(d, r);
    d->depth--;
    if (!error) {
        ofpact_finish(d->out, ofs);
    }
    return error;
}

static enum ofperr
read_ct_zone(uint32_t src, uint16_t ofs_nbits, struct ofpact_ct *a)
{
    be32 header = htonl(src);
    struct reader r = reader_from(&header, sizeof header);

    if (!src) {
        a->zone_imm = ofs_nbits;
        return 0;
    }
    if ((ofs_nbits & 0x3f) + 1 != 16) {
        return OFPBAC_BAD_SET_LEN;
    }
    return read_packed_subfield(&r, ofs_nbits, false, &a->zone_src);
}

static enum ofperr
ct(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;
    struct ofpact_ct *a = ofpact_put_CT(d->out);
    uint32_t zone_src;
    enum ofperr error;

    a->flags = reader_u16(r);
    zone_src = reader_u32(r);
    error = read_ct_zone(zone_src, reader_u16(r), a);
    a->table_id = reader_u8(r);
    if (!error) {
        error = must_be_zero(r, 3);
    }
    a->alg = reader_u16(r);
    if (error) {
        return error;
    }
    if (a->flags & ~(CT_F_COMMIT | CT_F_FORCE)
        || (a->flags & CT_F_FORCE && !(a->flags & CT_F_COMMIT))) {
        return OFPBAC_BAD_ARGUMENT;
    }
    return read_nest(d, r, ofs);
}

static void
read_nat_ipv4(struct reader *r, struct in6_addr *addr)
{
    uint8_t *p = (uint8_t *) addr;

    memset(p + 10, 0xff, 2);
    put_be32(p + 12, htonl(reader_u32(r)));
}

static void
read_nat_ipv6(struct reader *r, struct in6_addr *addr)
{
    const void *p = reader_pull(r, 16);

    if (p) {
        memcpy(addr, p, 16);
    }
}

static enum ofperr
nat(struct decoder *d, struct reader *r)
{
    struct ofpact_nat *a = ofpact_put_NAT(d->out);
    uint16_t present;

    reader_skip(r, 2);
    a->flags = reader_u16(r);
    present = reader_u16(r);
    if (a->flags & ~(NAT_F_SRC | NAT_F_DST | NAT_F_PERSISTENT | NAT_F_HASH
                     | NAT_F_RANDOM)
        || (a->flags & NAT_F_SRC && a->flags & NAT_F_DST)
        || (a->flags & NAT_F_HASH && a->flags & NAT_F_RANDOM)
        || (present && !(a->flags & (NAT_F_SRC | NAT_F_DST)))
        || ((present & NX_NAT_IPV4_MIN) && (present & NX_NAT_IPV6_MIN))
        || ((present & NX_NAT_IPV4_MAX) && !(present & NX_NAT_IPV4_MIN))
        || ((present & NX_NAT_IPV6_MAX) && !(present & NX_NAT_IPV6_MIN))
        || ((present & NX_NAT_PROTO_MAX) && !(present & NX_NAT_PROTO_MIN))
        || ((present & NX_NAT_PROTO_MIN)
            && !(present & (NX_NAT_IPV4_MIN | NX_NAT_IPV6_MIN)))) {
        return OFPBAC_BAD_ARGUMENT;
    }
    if (present & NX_NAT_IPV4_MIN) {
        a->af = AF_INET;
        read_nat_ipv4(r, &a->addr_min);
        if (present & NX_NAT_IPV4_MAX) {
            read_nat_ipv4(r, &a->addr_max);
        }
    } else if (present & NX_NAT_IPV6_MIN) {
        a->af = AF_INET6;
        read_nat_ipv6(r, &a->addr_min);
        if (present & NX_NAT_IPV6_MAX) {
            read_nat_ipv6(r, &a->addr_max);
        }
    }
    a->proto_min = present & NX_NAT_PROTO_MIN ? reader_u16(r) : 0;
    a->proto_max = present & NX_NAT_PROTO_MAX ? reader_u16(r) : 0;
    return r->is_bad ? OFPBAC_BAD_LEN : 0;
}

static enum ofperr
clone(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;

    ofpact_put_CLONE(d->out);
    reader_skip(r, 6);
    return read_nest(d, r, ofs);
}

static enum ofperr
check_pkt_larger(struct decoder *d, struct reader *r)
{
    uint16_t pkt_len = reader_u16(r);
    uint16_t start = reader_u16(r);
    struct ofpact_check_pkt_larger *a;
    struct subfield dst;
    enum ofperr error = read_subfield(r, start, 1, true, &dst);

    if (!error) {
        error = must_be_zero(r, r->left);
    }
    if (error) {
        return error;
    }
    a = ofpact_put_CHECK_PKT_LARGER(d->out);
    a->pkt_len = pkt_len;
    a->dst = dst;
    return 0;
}

static enum ofperr
delete_field(struct decoder *d, struct reader *r)
{
    const struct field *f;
    bool has_mask;
    size_t n;

    if (oxm_header_decode(r, &f, &has_mask, &n)) {
        return OFPBAC_BAD_SET_TYPE;
    }
    if (!f->is_variable || has_mask) {
        return OFPBAC_BAD_ARGUMENT;
    }
    ofpact_put_DELETE_FIELD(d->out)->field = f;
    return must_be_zero(r, r->left);
}

/* Rows, in order of type. */

static const struct action_row actions10[] = {
    { OFPAT10_OUTPUT, 4, 4, output10 },
    { OFPAT10_SET_VLAN_VID, 4, 4, set_vlan_vid },
    { OFPAT10_SET_VLAN_PCP, 4, 4, set_vlan_pcp },
    { OFPAT10_STRIP_VLAN, 4, 4, strip_vlan },
    { OFPAT10_SET_DL_SRC, 12, 12, set_dl_src },
    { OFPAT10_SET_DL_DST, 12, 12, set_dl_dst },
    { OFPAT10_SET_NW_SRC, 4, 4, set_nw_src },
    { OFPAT10_SET_NW_DST, 4, 4, set_nw_dst },
    { OFPAT10_SET_NW_TOS, 4, 4, set_nw_tos },
    { OFPAT10_SET_TP_SRC, 4, 4, set_tp_src },
    { OFPAT10_SET_TP_DST, 4, 4, set_tp_dst },
    { OFPAT10_ENQUEUE, 12, 12, enqueue },
};

static const struct action_row actions12[] = {
    { OFPAT_OUTPUT, 12, 12, output11 },
    { OFPAT_SET_MPLS_TTL, 4, 4, set_mpls_ttl },
    { OFPAT_DEC_MPLS_TTL, 4, 4, dec_mpls_ttl },
    { OFPAT_PUSH_VLAN, 4, 4, push_vlan },
    { OFPAT_POP_VLAN, 4, 4, strip_vlan },
    { OFPAT_PUSH_MPLS, 4, 4, push_mpls },
    { OFPAT_POP_MPLS, 4, 4, pop_mpls },
    { OFPAT_SET_QUEUE, 4, 4, set_queue },
    { OFPAT_GROUP, 4, 4, group },
    { OFPAT_SET_NW_TTL, 4, 4, set_nw_ttl },
    { OFPAT_DEC_NW_TTL, 4, 4, dec_ttl },
    { OFPAT_SET_FIELD, 4, ANY, set_field12 },
    { OFPAT_COPY_FIELD, 12, ANY, copy_field },
    { OFPAT_METER, 4, 4, meter },
};

static const struct action_row actions_nx[] = {
    { NXAST_RESUBMIT, 6, 6, resubmit },
    { NXAST_SET_TUNNEL, 6, 6, set_tunnel },
    { NXAST_SET_QUEUE, 6, 6, nx_set_queue },
    { NXAST_POP_QUEUE, 6, 6, pop_queue },
    { NXAST_REG_MOVE, 14, ANY, reg_move },
    { NXAST_REG_LOAD, 14, 14, reg_load },
    { NXAST_NOTE, 6, ANY, note },
    { NXAST_SET_TUNNEL64, 14, 14, set_tunnel64 },
    { NXAST_MULTIPATH, 22, 22, multipath },
    { NXAST_BUNDLE, 22, ANY, bundle },
    { NXAST_BUNDLE_LOAD, 22, ANY, bundle_load },
    { NXAST_RESUBMIT_TABLE, 6, 6, resubmit_table },
    { NXAST_OUTPUT_REG, 14, 14, output_reg },
    { NXAST_LEARN, 22, ANY, learn },
    { NXAST_EXIT, 6, 6, exit_ },
    { NXAST_DEC_TTL, 6, 6, dec_ttl },
    { NXAST_FIN_TIMEOUT, 6, 6, fin_timeout },
    { NXAST_CONTROLLER, 6, 6, controller },
    { NXAST_DEC_TTL_CNT_IDS, 6, ANY, dec_ttl_cnt_ids },
    { NXAST_WRITE_METADATA, 22, 22, write_metadata },
    { NXAST_PUSH_MPLS, 6, 6, push_mpls },
    { NXAST_POP_MPLS, 6, 6, pop_mpls },
    { NXAST_SET_MPLS_TTL, 6, 6, set_mpls_ttl },
    { NXAST_DEC_MPLS_TTL, 6, 6, dec_mpls_ttl },
    { NXAST_STACK_PUSH, 14, 14, stack_push },
    { NXAST_STACK_POP, 14, 14, stack_pop },
    { NXAST_SAMPLE, 14, 14, sample },
    { NXAST_SET_MPLS_LABEL, 6, 6, set_mpls_label },
    { NXAST_SET_MPLS_TC, 6, 6, set_mpls_tc },
    { NXAST_OUTPUT_REG2, 14, 14, output_reg2 },
    { NXAST_REG_LOAD2, 14, ANY, reg_load2 },
    { NXAST_CONJUNCTION, 6, 6, conjunction },
    { NXAST_CT, 14, ANY, ct },
    { NXAST_NAT, 6, ANY, nat },
    { NXAST_CONTROLLER2, 6, ANY, controller2 },
    { NXAST_SAMPLE2, 22, 22, read_sample2 },
    { NXAST_OUTPUT_TRUNC, 6, 6, output_trunc },
    { NXAST_GROUP, 6, 6, group },
    { NXAST_SAMPLE3, 22, 22, read_sample2 },
    { NXAST_CLONE, 6, ANY, clone },
    { NXAST_CT_CLEAR, 6, 6, ct_clear },
    { NXAST_RESUBMIT_TABLE_CT, 6, 6, resubmit_table_ct },
    { NXAST_LEARN2, 30, ANY, learn2 },
    { NXAST_DEC_NSH_TTL, 6, 6, dec_nsh_ttl },
    { NXAST_CHECK_PKT_LARGER, 14, ANY, check_pkt_larger },
    { NXAST_DELETE_FIELD, 6, ANY, delete_field },
    { NXAST_DEBUG_SLOW, 6, 6, debug_slow },
    { NXAST_DEBUG_RECIRC, 6, 6, debug_recirc },
};

static const struct action_row *
find_row(const struct action_row *rows, size_t n, uint16_t type)
{
    size_t low = 0;

    while (low < n) {
        size_t mid = (low + n) / 2;

        if (rows[mid].type == type) {
            return &rows[mid];
        } else if (rows[mid].type < type) {
            low = mid + 1;
        } else {
            n = mid;
        }
    }
    return NULL;
}

/* Reads the header's rest and finds the row. */
static enum ofperr
find_action(const struct decoder *d, uint16_t type, struct reader *r,
            const struct action_row **row)
{
    if (type == OFPAT_EXPERIMENTER) {
        uint32_t vendor = reader_u32(r);
        uint16_t subtype = reader_u16(r);

        if (r->is_bad) {
            return OFPBAC_BAD_LEN;
        }
        if (vendor != OFP_VENDOR_NX) {
            return OFPBAC_BAD_VENDOR;
        }
        *row = find_row(actions_nx, ARRAY_SIZE(actions_nx), subtype);
        return *row ? 0 : OFPBAC_BAD_VENDOR_TYPE;
    }
    *row = (d->version == OFP10_VERSION
            ? find_row(actions10, ARRAY_SIZE(actions10), type)
            : find_row(actions12, ARRAY_SIZE(actions12), type));
    if (!*row
        || (d->version < OFP15_VERSION && d->version > OFP10_VERSION
            && type >= OFPAT_COPY_FIELD)) {
        return OFPBAC_BAD_TYPE;
    }
    return 0;
}

static enum ofperr
decode_action(struct decoder *d, struct reader *r)
{
    uint16_t type = reader_u16(r);
    uint16_t length = reader_u16(r);
    const struct action_row *row;
    struct reader body;
    enum ofperr error;

    if (r->is_bad || length < 8 || length % 8) {
        return OFPBAC_BAD_LEN;
    }
    body = reader_sub(r, length - 4);
    if (body.is_bad) {
        return OFPBAC_BAD_LEN;
    }
    error = find_action(d, type, &body, &row);
    if (error) {
        return error;
    }
    if (body.left < row->min || body.left > row->max) {
        return OFPBAC_BAD_LEN;
    }
    return row->fn(d, &body);
}

static enum ofperr
decode_list(struct decoder *d, struct reader *r)
{
    while (r->left) {
        enum ofperr error = decode_action(d, r);

        if (error) {
            return error;
        }
    }
    return 0;
}

enum ofperr
ofpacts_decode(const void *wire, size_t size, uint8_t version,
               const struct ofp_decode *decode, struct buf *out)
{
    struct decoder d = { decode, version, 0, out };
    struct reader r = reader_from(wire, size);

    return decode_list(&d, &r);
}

/* Instructions. */

/* Finds each instruction's body; they may come in any order, but once each. */
static enum ofperr
find_instructions(struct reader *r, struct reader bodies[OFPIT_N],
                  bool present[OFPIT_N])
{
    static const uint8_t sizes[OFPIT_N] = {
        [OFPIT_GOTO_TABLE] = 4, [OFPIT_WRITE_METADATA] = 20,
        [OFPIT_WRITE_ACTIONS] = 0, [OFPIT_APPLY_ACTIONS] = 0,
        [OFPIT_CLEAR_ACTIONS] = 4, [OFPIT_METER] = 4,
    };

    while (r->left) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);

        if (r->is_bad || length < 8 || length % 8 || length - 4u > r->left) {
            return OFPBIC_BAD_LEN;
        }
        if (type == 0xffff) {
            return OFPBIC_BAD_EXPERIMENTER;
        }
        if (!type || type >= OFPIT_N) {
            return OFPBIC_UNKNOWN_INST;
        }
        if (present[type]) {
            return OFPBIC_DUP_INST;
        }
        present[type] = true;
        bodies[type] = reader_sub(r, length - 4);
        if (sizes[type] && bodies[type].left != sizes[type]) {
            return OFPBIC_BAD_LEN;
        }
    }
    return 0;
}

static enum ofperr
decode_write_actions(struct decoder *d, struct reader *r)
{
    size_t ofs = d->out->size;

    ofpact_put_WRITE_ACTIONS(d->out);
    return read_nest(d, r, ofs);
}

enum ofperr
ofpacts_decode_instructions(const void *wire, size_t size, uint8_t version,
                            const struct ofp_decode *decode, struct buf *out)
{
    struct decoder d = { decode, version, 0, out };
    struct reader r = reader_from(wire, size);
    struct reader bodies[OFPIT_N];
    bool present[OFPIT_N] = { false };
    enum ofperr error = find_instructions(&r, bodies, present);

    if (!error && present[OFPIT_METER]) {
        error = (version >= OFP15_VERSION ? OFPBIC_UNSUP_INST
                 : meter(&d, &bodies[OFPIT_METER]));
    }
    if (!error && present[OFPIT_APPLY_ACTIONS]) {
        reader_skip(&bodies[OFPIT_APPLY_ACTIONS], 4);
        error = decode_list(&d, &bodies[OFPIT_APPLY_ACTIONS]);
    }
    if (!error && present[OFPIT_CLEAR_ACTIONS]) {
        ofpact_put_CLEAR_ACTIONS(out);
    }
    if (!error && present[OFPIT_WRITE_ACTIONS]) {
        reader_skip(&bodies[OFPIT_WRITE_ACTIONS], 4);
        error = decode_write_actions(&d, &bodies[OFPIT_WRITE_ACTIONS]);
    }
    if (!error && present[OFPIT_WRITE_METADATA]) {
        struct reader *b = &bodies[OFPIT_WRITE_METADATA];
        uint64_t metadata;

        reader_skip(b, 4);
        metadata = reader_u64(b);
        error = put_metadata(&d, metadata, reader_u64(b));
    }
    if (!error && present[OFPIT_GOTO_TABLE]) {
        ofpact_put_GOTO_TABLE(out)->value
            = reader_u8(&bodies[OFPIT_GOTO_TABLE]);
    }
    return error;
}
