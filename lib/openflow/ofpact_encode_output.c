/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/port.h"
#include "lib/openflow/ofpact_encode.h"

/* Actions that send a packet out, and the queues that it waits in. */

static void
put_output(struct buf *b, ofp_port_t port, uint16_t max_len, uint8_t version)
{
    size_t ofs = start_std(b, OFPAT_OUTPUT);

    if (version == OFP10_VERSION) {
        buf_put_u16(b, port);
        buf_put_u16(b, max_len);
    } else {
        buf_put_u32(b, ntohl(port_to_oxm(port)));
        buf_put_u16(b, max_len);
    }
    finish_action(b, ofs);
}

void
encode_OUTPUT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_output *a = ofpact_get_OUTPUT(a_);

    put_output(b, a->port, a->max_len, version);
}

void
encode_OUTPUT_REG(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_output_reg *a = ofpact_get_OUTPUT_REG(a_);
    bool wide = has_vendor(&a->src);
    size_t ofs = start_nx(b, wide ? NXAST_OUTPUT_REG2 : NXAST_OUTPUT_REG);

    buf_put_u16(b, ofs_nbits(&a->src));
    if (wide) {
        buf_put_u16(b, a->max_len);
        put_subfield_header(b, &a->src);
    } else {
        put_subfield_header(b, &a->src);
        buf_put_u16(b, a->max_len);
        buf_put_zeros(b, 6);
    }
    finish_action(b, ofs);
}

void
encode_OUTPUT_TRUNC(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_output_trunc *a = ofpact_get_OUTPUT_TRUNC(a_);
    size_t ofs = start_nx(b, NXAST_OUTPUT_TRUNC);

    buf_put_u16(b, a->port);
    buf_put_u32(b, a->max_len);
    finish_action(b, ofs);
}

static size_t
start_property(struct buf *b, uint16_t type)
{
    size_t ofs = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    return ofs;
}

static void
finish_property(struct buf *b, size_t ofs)
{
    buf_set_u16(b, ofs + 2, b->size - ofs);
    buf_pad(b, ofs, 8);
}

static void
put_controller2(struct buf *b, const struct ofpact_controller *a)
{
    size_t ofs = start_nx(b, NXAST_CONTROLLER2);
    size_t p;

    buf_put_zeros(b, 6);
    if (a->max_len != UINT16_MAX) {
        p = start_property(b, NXAC2PT_MAX_LEN);
        buf_put_u16(b, a->max_len);
        finish_property(b, p);
    }
    if (a->controller_id) {
        p = start_property(b, NXAC2PT_CONTROLLER_ID);
        buf_put_u16(b, a->controller_id);
        finish_property(b, p);
    }
    if (a->reason != 1) {
        p = start_property(b, NXAC2PT_REASON);
        buf_put_u8(b, a->reason);
        finish_property(b, p);
    }
    if (a->userdata_len) {
        p = start_property(b, NXAC2PT_USERDATA);
        buf_put(b, a->userdata, a->userdata_len);
        finish_property(b, p);
    }
    if (a->pause) {
        finish_property(b, start_property(b, NXAC2PT_PAUSE));
    }
    if (a->meter_id != CONTROLLER_NO_METER) {
        p = start_property(b, NXAC2PT_METER_ID);
        buf_put_u32(b, a->meter_id);
        finish_property(b, p);
    }
    finish_action(b, ofs);
}

void
encode_CONTROLLER(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_controller *a = ofpact_get_CONTROLLER(a_);
    size_t ofs;

    if (a->userdata_len || a->pause || a->meter_id != CONTROLLER_NO_METER) {
        put_controller2(b, a);
        return;
    }
    ofs = start_nx(b, NXAST_CONTROLLER);
    buf_put_u16(b, a->max_len);
    buf_put_u16(b, a->controller_id);
    buf_put_u8(b, a->reason);
    finish_action(b, ofs);
}

void
encode_ENQUEUE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_enqueue *a = ofpact_get_ENQUEUE(a_);
    size_t ofs;

    if (version != OFP10_VERSION) {
        ofs = start_std(b, OFPAT_SET_QUEUE);
        buf_put_u32(b, a->queue);
        finish_action(b, ofs);
        put_output(b, a->port, UINT16_MAX, version);
        put_null_nx(b, NXAST_POP_QUEUE);
        return;
    }
    ofs = start_std(b, OFPAT10_ENQUEUE);
    buf_put_u16(b, a->port);
    buf_put_zeros(b, 6);
    buf_put_u32(b, a->queue);
    finish_action(b, ofs);
}

void
encode_BUNDLE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_bundle *a = ofpact_get_BUNDLE(a_);
    size_t ofs = start_nx(b, a->dst.field ? NXAST_BUNDLE_LOAD : NXAST_BUNDLE);

    buf_put_u16(b, a->algorithm);
    buf_put_u16(b, a->fields);
    buf_put_u16(b, a->basis);
    buf_put_u32(b, NX_BUNDLE_MEMBER_TYPE);
    buf_put_u16(b, a->n_members);
    if (a->dst.field) {
        buf_put_u16(b, ofs_nbits(&a->dst));
        put_subfield_header(b, &a->dst);
        buf_put_zeros(b, 4);
    } else {
        buf_put_zeros(b, 10);
    }
    for (uint32_t i = 0; i < a->n_members; i++) {
        buf_put_u16(b, a->members[i]);
    }
    finish_action(b, ofs);
}

void
encode_GROUP(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    bool is_nx = version == OFP10_VERSION;
    size_t ofs = is_nx ? start_nx(b, NXAST_GROUP) : start_std(b, OFPAT_GROUP);

    buf_put_zeros(b, is_nx ? 2 : 0);
    buf_put_u32(b, ofpact_get_GROUP(a_)->group_id);
    finish_action(b, ofs);
}

void
encode_SET_QUEUE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    bool nx = version == OFP10_VERSION;
    size_t ofs = (nx ? start_nx(b, NXAST_SET_QUEUE)
                  : start_std(b, OFPAT_SET_QUEUE));

    if (nx) {
        buf_put_zeros(b, 2);
    }
    buf_put_u32(b, ofpact_get_SET_QUEUE(a_)->value);
    finish_action(b, ofs);
}

ENCODE_NULL(POP_QUEUE, NXAST_POP_QUEUE)
