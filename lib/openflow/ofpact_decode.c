/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofpact_decode.h"

#include "lib/openflow/ofpact_options.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions from the wire: what all decoders share, the search for an action's
 * row, and instructions. */

/* Nesting of clone and ct within each other. */
#define MAX_DEPTH 8

enum ofperr
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

enum ofperr
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

enum ofperr
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

enum ofperr
read_subfield(struct reader *r, unsigned int start, unsigned int n_bits,
              bool write, struct subfield *sf)
{
    const struct field *f;
    enum ofperr error = read_field(r, &f);

    return error ? error : make_subfield(f, start, n_bits, write, sf);
}

enum ofperr
read_packed_subfield(struct reader *r, uint16_t ofs_nbits, bool write,
                     struct subfield *sf)
{
    return read_subfield(r, ofs_nbits >> 6, (ofs_nbits & 0x3f) + 1, write,
                         sf);
}

bool
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

enum ofperr
decode_meter(struct decoder *d, struct reader *r)
{
    uint32_t id = reader_u32(r);

    if (!id || id > 0xffff0000u) {
        return OFPMMFC_INVALID_METER;
    }
    ofpact_put_METER(d->out)->value = id;
    return 0;
}

enum ofperr
put_metadata(struct decoder *d, uint64_t metadata, uint64_t mask)
{
    struct ofpact_metadata *a = ofpact_put_WRITE_METADATA(d->out);

    a->metadata = htonll(metadata);
    a->mask = htonll(mask);
    return 0;
}

enum ofperr
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

static const struct action_row *
find_row(enum actions_kind kind, uint16_t type)
{
    static const struct action_rows *const files[] = {
        decode_output_rows, decode_field_rows, decode_control_rows,
        decode_encap_rows
    };

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        const struct action_rows *rows = &files[i][kind];

        if (type < rows->n && rows->rows[type].fn) {
            return &rows->rows[type];
        }
    }
    return NULL;
}

/* Those about types of packets came with OpenFlow 1.3. */
static bool
is_too_new(uint16_t subtype, uint8_t version)
{
    return (version < OFP13_VERSION
            && (subtype == NXAST_ENCAP || subtype == NXAST_DECAP
                || subtype == NXAST_DEC_NSH_TTL));
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
        *row = find_row(ACTIONS_NX, subtype);
        return *row && !is_too_new(subtype, d->version)
               ? 0 : OFPBAC_BAD_VENDOR_TYPE;
    }
    *row = find_row(d->version == OFP10_VERSION ? ACTIONS_10 : ACTIONS_12,
                    type);
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

enum ofperr
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

/* Are the tunnel options mapped that the actions from 'ofs' on name? */
static enum ofperr
check_options(const struct decoder *d, size_t ofs)
{
    return (d->decode->tlv
            ? ofpacts_check_options((const void *) buf_at(d->out, ofs),
                                    d->out->size - ofs, d->decode->tlv) : 0);
}

enum ofperr
ofpacts_decode(const void *wire, size_t size, uint8_t version,
               const struct ofp_decode *decode, struct buf *out)
{
    struct decoder d = { decode, version, 0, out };
    struct reader r = reader_from(wire, size);
    size_t ofs = out->size;
    enum ofperr error = decode_list(&d, &r);

    return error ? error : check_options(&d, ofs);
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
    size_t ofs = out->size;
    enum ofperr error = find_instructions(&r, bodies, present);

    if (!error && present[OFPIT_METER]) {
        error = (version >= OFP15_VERSION ? OFPBIC_UNSUP_INST
                 : decode_meter(&d, &bodies[OFPIT_METER]));
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
    return error ? error : check_options(&d, ofs);
}
