/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/port.h"
#include "lib/openflow/ofpact_decode.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions that send a packet out, and the queues that it waits in. */

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
nx_group(struct decoder *d, struct reader *r)
{
    reader_skip(r, 2);
    return group(d, r);
}

static enum ofperr
nx_set_queue(struct decoder *d, struct reader *r)
{
    reader_skip(r, 2);
    return set_queue(d, r);
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

        if (port == OFPP_CONTROLLER
            || (port != OFPP_NONE && !port_is_valid(d, port))) {
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

/* The length comes before the field or behind it. */
static enum ofperr
read_output_reg(struct decoder *d, struct reader *r, bool is_length_first)
{
    uint16_t ofs_nbits = reader_u16(r);
    uint16_t max_len = is_length_first ? reader_u16(r) : 0;
    struct subfield src;
    enum ofperr error = read_packed_subfield(r, ofs_nbits, false, &src);
    struct ofpact_output_reg *a;

    if (!is_length_first) {
        max_len = reader_u16(r);
    }
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
output_reg(struct decoder *d, struct reader *r)
{
    return read_output_reg(d, r, false);
}

static enum ofperr
output_reg2(struct decoder *d, struct reader *r)
{
    return read_output_reg(d, r, true);
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

NULL_ACTION(pop_queue, POP_QUEUE)

/* Rows by type. */

static const struct action_row actions10[] = {
    [OFPAT10_OUTPUT] = { 4, 4, output10 },
    [OFPAT10_ENQUEUE] = { 12, 12, enqueue },
};

static const struct action_row actions12[] = {
    [OFPAT_OUTPUT] = { 12, 12, output11 },
    [OFPAT_SET_QUEUE] = { 4, 4, set_queue },
    [OFPAT_GROUP] = { 4, 4, group },
};

static const struct action_row actions_nx[] = {
    [NXAST_SET_QUEUE] = { 6, 6, nx_set_queue },
    [NXAST_POP_QUEUE] = { 6, 6, pop_queue },
    [NXAST_BUNDLE] = { 22, ANY, bundle },
    [NXAST_BUNDLE_LOAD] = { 22, ANY, bundle_load },
    [NXAST_OUTPUT_REG] = { 14, 14, output_reg },
    [NXAST_CONTROLLER] = { 6, 6, controller },
    [NXAST_OUTPUT_REG2] = { 14, 14, output_reg2 },
    [NXAST_CONTROLLER2] = { 6, ANY, controller2 },
    [NXAST_OUTPUT_TRUNC] = { 6, 6, output_trunc },
    [NXAST_GROUP] = { 6, 6, nx_group },
};

const struct action_rows decode_output_rows[N_ACTIONS] = {
    [ACTIONS_10] = { actions10, ARRAY_SIZE(actions10) },
    [ACTIONS_12] = { actions12, ARRAY_SIZE(actions12) },
    [ACTIONS_NX] = { actions_nx, ARRAY_SIZE(actions_nx) },
};
