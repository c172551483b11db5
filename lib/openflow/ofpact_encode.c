/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofpact_encode.h"

#include "lib/flow/port.h"

/* Actions to the wire: what all encoders share, instructions, and lists. */

size_t
start_std(struct buf *b, uint16_t type)
{
    size_t ofs = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    return ofs;
}

size_t
start_nx(struct buf *b, uint16_t subtype)
{
    size_t ofs = start_std(b, OFPAT_EXPERIMENTER);

    buf_put_u32(b, OFP_VENDOR_NX);
    buf_put_u16(b, subtype);
    return ofs;
}

void
finish_action(struct buf *b, size_t ofs)
{
    buf_pad(b, ofs, 8);
    buf_set_u16(b, ofs + 2, b->size - ofs);
}

void
put_field_header(struct buf *b, const struct field *f, size_t n)
{
    if (field_oxm_id(f, 0)) {
        oxm_header_encode(b, f, 0, false, n);
    } else {
        buf_put_u32(b, 0);
    }
}

void
put_subfield_header(struct buf *b, const struct subfield *sf)
{
    /* A variable field's length is not part of the reference. */
    put_field_header(b, sf->field, sf->field->n_bytes);
}

uint16_t
ofs_nbits(const struct subfield *sf)
{
    return sf->start << 6 | (sf->n_bits - 1);
}

bool
has_vendor(const struct subfield *sf)
{
    const struct oxm_id *id = field_oxm_id(sf->field, 0);

    return id && id->class_ == 0xffff;
}

void
put_null_nx(struct buf *b, uint16_t subtype)
{
    finish_action(b, start_nx(b, subtype));
}

void
put_null_std(struct buf *b, uint16_t type)
{
    finish_action(b, start_std(b, type));
}

void
put_nested(struct buf *b, const struct ofpact *a, uint8_t version)
{
    size_t size;
    const struct ofpact *nest = ofpact_nest_actions(a, &size);

    ofpacts_encode(b, nest, size, version);
}

/* Instructions within a list: OpenFlow 1.0 has some as actions. */

void
encode_METER(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version >= OFP15_VERSION) {
        size_t ofs = start_std(b, OFPAT_METER);

        buf_put_u32(b, ofpact_get_METER(a)->value);
        finish_action(b, ofs);
    }
}

void
encode_CLEAR_ACTIONS(struct buf *b, const struct ofpact *a, uint8_t version)
{
    /* Only an instruction. */
}

void
encode_WRITE_ACTIONS(struct buf *b, const struct ofpact *a, uint8_t version)
{
    /* Only an instruction. */
}

void
encode_WRITE_METADATA(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_metadata *a = ofpact_get_WRITE_METADATA(a_);

    if (version == OFP10_VERSION) {
        size_t ofs = start_nx(b, NXAST_WRITE_METADATA);

        buf_put_zeros(b, 6);
        buf_put_u64(b, ntohll(a->metadata));
        buf_put_u64(b, ntohll(a->mask));
        finish_action(b, ofs);
    }
}

void
encode_GOTO_TABLE(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version == OFP10_VERSION) {
        size_t ofs = start_nx(b, NXAST_RESUBMIT_TABLE);

        buf_put_u16(b, OFPP_IN_PORT);
        buf_put_u8(b, ofpact_get_GOTO_TABLE(a)->value);
        finish_action(b, ofs);
    }
}

static encode_fn *const encoders[OFPACT_N_TYPES] = {
#define OFPACT(TYPE, STRUCT, NAME) [OFPACT_##TYPE] = encode_##TYPE,
    OFPACTS
#undef OFPACT
};

void
ofpacts_encode(struct buf *b, const struct ofpact *ofpacts, size_t size,
               uint8_t version)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        encoders[a->type](b, a, version);
    }
}

static void
put_instruction(struct buf *b, const struct ofpact *a, uint8_t version)
{
    size_t ofs;

    switch (a->type) {
    case OFPACT_METER:
        ofs = start_std(b, OFPIT_METER);
        buf_put_u32(b, ofpact_get_METER(a)->value);
        break;
    case OFPACT_CLEAR_ACTIONS:
        ofs = start_std(b, OFPIT_CLEAR_ACTIONS);
        buf_put_zeros(b, 4);
        break;
    case OFPACT_WRITE_ACTIONS:
        ofs = start_std(b, OFPIT_WRITE_ACTIONS);
        buf_put_zeros(b, 4);
        put_nested(b, a, version);
        break;
    case OFPACT_WRITE_METADATA:
        ofs = start_std(b, OFPIT_WRITE_METADATA);
        buf_put_zeros(b, 4);
        buf_put_u64(b, ntohll(ofpact_get_WRITE_METADATA(a)->metadata));
        buf_put_u64(b, ntohll(ofpact_get_WRITE_METADATA(a)->mask));
        break;
    default:
        ofs = start_std(b, OFPIT_GOTO_TABLE);
        buf_put_u8(b, ofpact_get_GOTO_TABLE(a)->value);
        break;
    }
    finish_action(b, ofs);
}

/* Is 'a' part of an apply-actions instruction in 'version'? */
static bool
is_applied(const struct ofpact *a, uint8_t version)
{
    return (!ofpact_is_instruction(a)
            || (a->type == OFPACT_METER && version >= OFP15_VERSION));
}

void
ofpacts_encode_instructions(struct buf *b, const struct ofpact *ofpacts,
                            size_t size, uint8_t version)
{
    const struct ofpact *end = (const void *) ((const uint8_t *) ofpacts
                                               + size);
    const struct ofpact *a = ofpacts;

    while (a < end) {
        size_t ofs;

        if (!is_applied(a, version)) {
            put_instruction(b, a, version);
            a = ofpact_next(a);
            continue;
        }
        ofs = start_std(b, OFPIT_APPLY_ACTIONS);
        buf_put_zeros(b, 4);
        for (; a < end && is_applied(a, version); a = ofpact_next(a)) {
            encoders[a->type](b, a, version);
        }
        finish_action(b, ofs);
    }
}
