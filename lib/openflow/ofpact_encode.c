/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "lib/flow/port.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions to the wire.  A table has a function for each kind. */

typedef void encode_fn(struct buf *, const struct ofpact *, uint8_t version);



/* Start an action; finish() pads it and sets its length. */
static size_t
start_std(struct buf *b, uint16_t type)
{
    size_t ofs = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    return ofs;
}

static size_t
start_nx(struct buf *b, uint16_t subtype)
{
    size_t ofs = start_std(b, OFPAT_EXPERIMENTER);

    buf_put_u32(b, OFP_VENDOR_NX);
    buf_put_u16(b, subtype);
    return ofs;
}

static void
finish(struct buf *b, size_t ofs)
{
    buf_pad(b, ofs, 8);
    buf_set_u16(b, ofs + 2, b->size - ofs);
}

static void
put_field_header(struct buf *b, const struct field *f, size_t n)
{
    if (field_oxm_id(f, 0)) {
        oxm_header_encode(b, f, 0, false, n);
    } else {
        buf_put_u32(b, 0);
    }
}

static void
put_subfield_header(struct buf *b, const struct subfield *sf)
{
    /* A variable field's length is not part of the reference. */
    put_field_header(b, sf->field, sf->field->n_bytes);
}

static uint16_t
ofs_nbits(const struct subfield *sf)
{
    return sf->start << 6 | (sf->n_bits - 1);
}

static bool
has_vendor(const struct subfield *sf)
{
    const struct oxm_id *id = field_oxm_id(sf->field, 0);

    return id && id->class_ == 0xffff;
}

static void
put_null_nx(struct buf *b, uint16_t subtype)
{
    finish(b, start_nx(b, subtype));
}

static void
put_null_std(struct buf *b, uint16_t type)
{
    finish(b, start_std(b, type));
}

/* A set-field action of OpenFlow 1.2 and later. */
static void
put_set_field12(struct buf *b, const struct field *f, const void *value,
                uint8_t version)
{
    size_t ofs = start_std(b, OFPAT_SET_FIELD);

    oxm_header_encode(b, f, version, false, f->n_bytes);
    buf_put(b, value, f->n_bytes);
    finish(b, ofs);
}

static void
put_set_u64(struct buf *b, enum field_id id, uint64_t x, uint8_t version)
{
    const struct field *f = field_from_id(id);
    be64 be = htonll(x);

    put_set_field12(b, f, (const uint8_t *) &be + 8 - f->n_bytes, version);
}

static void
put_load(struct buf *b, const struct subfield *sf, uint64_t value)
{
    size_t ofs = start_nx(b, NXAST_REG_LOAD);

    buf_put_u16(b, ofs_nbits(sf));
    put_subfield_header(b, sf);
    buf_put_u64(b, value);
    finish(b, ofs);
}

/* Output. */

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
    finish(b, ofs);
}

static void
encode_OUTPUT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_output *a = ofpact_get_OUTPUT(a_);

    put_output(b, a->port, a->max_len, version);
}

static void
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
    finish(b, ofs);
}

static void
encode_OUTPUT_TRUNC(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_output_trunc *a = ofpact_get_OUTPUT_TRUNC(a_);
    size_t ofs = start_nx(b, NXAST_OUTPUT_TRUNC);

    buf_put_u16(b, a->port);
    buf_put_u32(b, a->max_len);
    finish(b, ofs);
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
    finish(b, ofs);
}

static void
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
    finish(b, ofs);
}

static void
encode_ENQUEUE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_enqueue *a = ofpact_get_ENQUEUE(a_);
    size_t ofs;

    if (version != OFP10_VERSION) {
        ofs = start_std(b, OFPAT_SET_QUEUE);
        buf_put_u32(b, a->queue);
        finish(b, ofs);
        put_output(b, a->port, UINT16_MAX, version);
        put_null_nx(b, NXAST_POP_QUEUE);
        return;
    }
    ofs = start_std(b, OFPAT10_ENQUEUE);
    buf_put_u16(b, a->port);
    buf_put_zeros(b, 6);
    buf_put_u32(b, a->queue);
    finish(b, ofs);
}

static void
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
    finish(b, ofs);
}

static void
encode_GROUP(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    bool is_nx = version == OFP10_VERSION;
    size_t ofs = is_nx ? start_nx(b, NXAST_GROUP) : start_std(b, OFPAT_GROUP);

    buf_put_zeros(b, is_nx ? 2 : 0);
    buf_put_u32(b, ofpact_get_GROUP(a_)->group_id);
    finish(b, ofs);
}

/* Fields. */

/* Loads a masked value in runs of bits, 64 at most each, the lowest first. */
static void
put_loads(struct buf *b, const struct ofpact_set_field *a)
{
    const uint8_t *value = ofpact_set_field_value(a)->bytes;
    const uint8_t *mask = ofpact_set_field_mask(a)->bytes;
    size_t n = a->n_bytes, end;

    for (size_t i = 0; i < 8 * n; i = end) {
        struct subfield sf = { a->field, i, 0 };
        uint64_t x = 0;

        end = i;
        while (end < 8 * n && end < a->field->n_bits && end - i < 64
               && mask[n - 1 - end / 8] >> end % 8 & 1) {
            x |= (uint64_t) (value[n - 1 - end / 8] >> end % 8 & 1)
                 << (end - i);
            end++;
        }
        if (end == i) {
            end++;
        } else {
            sf.n_bits = end - i;
            put_load(b, &sf, x);
        }
    }
}

static void
put_set_field_oxm(struct buf *b, const struct ofpact_set_field *a,
                  uint8_t version, bool exact)
{
    oxm_header_encode(b, a->field, version, !exact, a->n_bytes);
    buf_put(b, ofpact_set_field_value(a), a->n_bytes);
    if (!exact) {
        buf_put(b, ofpact_set_field_mask(a), a->n_bytes);
    }
}

static bool
is_exact(const struct ofpact_set_field *a)
{
    const uint8_t *mask = ofpact_set_field_mask(a)->bytes;

    if (!a->field->is_variable) {
        return field_is_exact(a->field, NULL, ofpact_set_field_mask(a));
    }
    for (size_t i = 0; i < a->n_bytes; i++) {
        if (mask[i] != 0xff) {
            return false;
        }
    }
    return true;
}

/* OpenFlow 1.0's own action for setting all of a field; false if it has
 * none. */
static bool
put_set_field10(struct buf *b, const struct ofpact_set_field *a)
{
    static const struct {
        uint8_t id;
        uint8_t type;
    } actions[] = {
        { FIELD_ETH_SRC, OFPAT10_SET_DL_SRC },
        { FIELD_ETH_DST, OFPAT10_SET_DL_DST },
        { FIELD_IPV4_SRC, OFPAT10_SET_NW_SRC },
        { FIELD_IPV4_DST, OFPAT10_SET_NW_DST },
        { FIELD_IP_DSCP, OFPAT10_SET_NW_TOS },
        { FIELD_TCP_SRC, OFPAT10_SET_TP_SRC },
        { FIELD_TCP_DST, OFPAT10_SET_TP_DST },
        { FIELD_UDP_SRC, OFPAT10_SET_TP_SRC },
        { FIELD_UDP_DST, OFPAT10_SET_TP_DST },
    };

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (a->field->id == actions[i].id) {
            size_t ofs = start_std(b, actions[i].type);

            buf_put(b, ofpact_set_field_value(a), a->n_bytes);
            finish(b, ofs);
            return true;
        }
    }
    return false;
}

static void
encode_SET_FIELD(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_set_field *a = ofpact_get_SET_FIELD(a_);
    bool exact = is_exact(a);
    const struct oxm_id *id = field_oxm_id(a->field, version);
    size_t ofs;

    if (!id) {
        return;
    }
    if (version == OFP10_VERSION && exact && !a->is_load
        && put_set_field10(b, a)) {
        return;
    }
    if (a->is_load && version < OFP15_VERSION && !a->field->is_variable
        && id->class_ != 0xffff) {
        put_loads(b, a);
    } else if (version >= OFP15_VERSION
               || (version >= OFP12_VERSION && exact)) {
        ofs = start_std(b, OFPAT_SET_FIELD);
        put_set_field_oxm(b, a, version, exact);
        finish(b, ofs);
    } else if (a->field->is_variable || id->class_ == 0xffff) {
        ofs = start_nx(b, NXAST_REG_LOAD2);
        buf_put_zeros(b, 6);
        put_set_field_oxm(b, a, version, exact);
        finish(b, ofs);
    } else {
        put_loads(b, a);
    }
}

static void
encode_SET_VLAN_VID(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_vlan_vid *a = ofpact_get_SET_VLAN_VID(a_);
    size_t ofs;

    if (version == OFP10_VERSION) {
        ofs = start_std(b, OFPAT10_SET_VLAN_VID);
        buf_put_u16(b, a->vid);
        finish(b, ofs);
        return;
    }
    if (a->push_if_needed && !a->flow_has_vlan) {
        ofs = start_std(b, OFPAT_PUSH_VLAN);
        buf_put_u16(b, 0x8100);
        finish(b, ofs);
    }
    put_set_u64(b, FIELD_VLAN_VID, 0x1000 | a->vid, version);
}

static void
encode_SET_VLAN_PCP(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_vlan_pcp *a = ofpact_get_SET_VLAN_PCP(a_);
    size_t ofs;

    if (version == OFP10_VERSION) {
        ofs = start_std(b, OFPAT10_SET_VLAN_PCP);
        buf_put_u8(b, a->pcp);
        finish(b, ofs);
        return;
    }
    if (a->push_if_needed && !a->flow_has_vlan) {
        ofs = start_std(b, OFPAT_PUSH_VLAN);
        buf_put_u16(b, 0x8100);
        finish(b, ofs);
    }
    put_set_u64(b, FIELD_VLAN_PCP, a->pcp, version);
}

static void
encode_STRIP_VLAN(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_null_std(b, version == OFP10_VERSION ? OFPAT10_STRIP_VLAN
                 : OFPAT_POP_VLAN);
}

static void
encode_PUSH_VLAN(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_push_vlan *a = ofpact_get_PUSH_VLAN(a_);
    size_t ofs;

    /* OpenFlow 1.0 cannot push; a set_vlan that follows does. */
    if (version != OFP10_VERSION) {
        ofs = start_std(b, OFPAT_PUSH_VLAN);
        buf_put_u16(b, ntohs(a->ethertype));
        finish(b, ofs);
    }
}

static void
put_mac(struct buf *b, const struct ofpact *a_, enum field_id id,
        uint16_t type10, uint8_t version)
{
    const struct ofpact_mac *a = (const void *) a_;
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_field12(b, field_from_id(id), &a->mac, version);
        return;
    }
    ofs = start_std(b, type10);
    buf_put(b, &a->mac, 6);
    finish(b, ofs);
}

static void
encode_SET_ETH_SRC(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_mac(b, a, FIELD_ETH_SRC, OFPAT10_SET_DL_SRC, version);
}

static void
encode_SET_ETH_DST(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_mac(b, a, FIELD_ETH_DST, OFPAT10_SET_DL_DST, version);
}

static void
put_ipv4(struct buf *b, const struct ofpact *a_, enum field_id id,
         uint16_t type10, uint8_t version)
{
    const struct ofpact_ipv4 *a = (const void *) a_;
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_field12(b, field_from_id(id), &a->ipv4, version);
        return;
    }
    ofs = start_std(b, type10);
    buf_put_u32(b, ntohl(a->ipv4));
    finish(b, ofs);
}

static void
encode_SET_IPV4_SRC(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_ipv4(b, a, FIELD_IPV4_SRC, OFPAT10_SET_NW_SRC, version);
}

static void
encode_SET_IPV4_DST(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_ipv4(b, a, FIELD_IPV4_DST, OFPAT10_SET_NW_DST, version);
}

static void
encode_SET_IP_DSCP(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    uint8_t tos = ofpact_get_SET_IP_DSCP(a_)->value;
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_u64(b, FIELD_IP_DSCP_SHIFTED, tos >> 2, version);
        return;
    }
    ofs = start_std(b, OFPAT10_SET_NW_TOS);
    buf_put_u8(b, tos);
    finish(b, ofs);
}

/* Fields that OpenFlow 1.0 sets by the extension's load. */
static void
set_or_load(struct buf *b, enum field_id id, uint64_t x, uint8_t version)
{
    const struct field *f = field_from_id(id);

    if (version != OFP10_VERSION) {
        put_set_u64(b, id, x, version);
    } else {
        put_load(b, &(struct subfield) { f, 0, f->n_bits }, x);
    }
}

static void
encode_SET_IP_ECN(struct buf *b, const struct ofpact *a, uint8_t version)
{
    set_or_load(b, FIELD_IP_ECN, ofpact_get_SET_IP_ECN(a)->value, version);
}

static void
encode_SET_IP_TTL(struct buf *b, const struct ofpact *a, uint8_t version)
{
    uint8_t ttl = ofpact_get_SET_IP_TTL(a)->value;
    size_t ofs;

    if (version == OFP10_VERSION) {
        set_or_load(b, FIELD_IP_TTL, ttl, version);
        return;
    }
    ofs = start_std(b, OFPAT_SET_NW_TTL);
    buf_put_u8(b, ttl);
    finish(b, ofs);
}

static void
put_l4_port(struct buf *b, const struct ofpact_l4_port *a, bool dst,
            uint8_t version)
{
    enum field_id id = FIELD_TCP_SRC;
    size_t ofs;

    if (version == OFP10_VERSION) {
        ofs = start_std(b, dst ? OFPAT10_SET_TP_DST : OFPAT10_SET_TP_SRC);
        buf_put_u16(b, a->port);
        finish(b, ofs);
        return;
    }
    if (a->flow_ip_proto == IPPROTO_UDP) {
        id = FIELD_UDP_SRC;
    } else if (a->flow_ip_proto == IPPROTO_SCTP) {
        id = FIELD_SCTP_SRC;
    } else if (a->flow_ip_proto == IPPROTO_ICMP) {
        id = FIELD_ICMPV4_TYPE;
    } else if (a->flow_ip_proto == IPPROTO_ICMPV6) {
        id = FIELD_ICMPV6_TYPE;
    }
    put_set_u64(b, id + dst, a->port, version);
}

static void
encode_SET_L4_SRC_PORT(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_l4_port(b, ofpact_get_SET_L4_SRC_PORT(a), false, version);
}

static void
encode_SET_L4_DST_PORT(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_l4_port(b, ofpact_get_SET_L4_DST_PORT(a), true, version);
}

static void
encode_REG_MOVE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_reg_move *a = ofpact_get_REG_MOVE(a_);
    bool std = version >= OFP15_VERSION;
    size_t ofs = (std ? start_std(b, OFPAT_COPY_FIELD)
                  : start_nx(b, NXAST_REG_MOVE));

    buf_put_u16(b, a->dst.n_bits);
    buf_put_u16(b, a->src.start);
    buf_put_u16(b, a->dst.start);
    if (std) {
        buf_put_zeros(b, 2);
    }
    put_subfield_header(b, &a->src);
    put_subfield_header(b, &a->dst);
    finish(b, ofs);
}

static void
put_stack(struct buf *b, const struct ofpact_stack *a, uint16_t subtype)
{
    size_t ofs = start_nx(b, subtype);

    buf_put_u16(b, a->subfield.start);
    put_subfield_header(b, &a->subfield);
    buf_put_u16(b, a->subfield.n_bits);
    if (b->size - ofs < 24) {
        buf_put_zeros(b, 24 - (b->size - ofs));
    }
    finish(b, ofs);
}

static void
encode_STACK_PUSH(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_stack(b, ofpact_get_STACK_PUSH(a), NXAST_STACK_PUSH);
}

static void
encode_STACK_POP(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_stack(b, ofpact_get_STACK_POP(a), NXAST_STACK_POP);
}

static void
encode_DEC_TTL(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_cnt_ids *a = ofpact_get_DEC_TTL(a_);
    size_t ofs;

    if (!a->is_list) {
        if (version == OFP10_VERSION) {
            put_null_nx(b, NXAST_DEC_TTL);
        } else {
            put_null_std(b, OFPAT_DEC_NW_TTL);
        }
        return;
    }
    ofs = start_nx(b, NXAST_DEC_TTL_CNT_IDS);
    buf_put_u16(b, a->n_controllers);
    buf_put_zeros(b, 4);
    for (int i = 0; i < a->n_controllers; i++) {
        buf_put_u16(b, a->cnt_ids[i]);
    }
    finish(b, ofs);
}

static void
encode_SET_MPLS_LABEL(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    uint32_t label = ofpact_get_SET_MPLS_LABEL(a_)->value;
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_u64(b, FIELD_MPLS_LABEL, label, version);
        return;
    }
    ofs = start_nx(b, NXAST_SET_MPLS_LABEL);
    buf_put_zeros(b, 2);
    buf_put_u32(b, label);
    finish(b, ofs);
}

static void
encode_SET_MPLS_TC(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    uint8_t tc = ofpact_get_SET_MPLS_TC(a_)->value;
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_u64(b, FIELD_MPLS_TC, tc, version);
        return;
    }
    ofs = start_nx(b, NXAST_SET_MPLS_TC);
    buf_put_u8(b, tc);
    finish(b, ofs);
}

static void
encode_SET_MPLS_TTL(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_SET_MPLS_TTL)
                  : start_std(b, OFPAT_SET_MPLS_TTL));

    buf_put_u8(b, ofpact_get_SET_MPLS_TTL(a_)->value);
    finish(b, ofs);
}

static void
encode_DEC_MPLS_TTL(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version == OFP10_VERSION) {
        put_null_nx(b, NXAST_DEC_MPLS_TTL);
    } else {
        put_null_std(b, OFPAT_DEC_MPLS_TTL);
    }
}

static void
encode_PUSH_MPLS(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_PUSH_MPLS)
                  : start_std(b, OFPAT_PUSH_MPLS));

    buf_put_u16(b, ntohs(ofpact_get_PUSH_MPLS(a_)->ethertype));
    finish(b, ofs);
}

static void
encode_POP_MPLS(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_POP_MPLS)
                  : start_std(b, OFPAT_POP_MPLS));

    buf_put_u16(b, ntohs(ofpact_get_POP_MPLS(a_)->ethertype));
    finish(b, ofs);
}

static void
encode_DELETE_FIELD(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct field *f = ofpact_get_DELETE_FIELD(a_)->field;
    size_t ofs = start_nx(b, NXAST_DELETE_FIELD);

    put_field_header(b, f, f->n_bytes);
    if (b->size - ofs < 24) {
        buf_put_zeros(b, 24 - (b->size - ofs));
    }
    finish(b, ofs);
}

/* Metadata. */

static void
encode_SET_TUNNEL(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_tunnel *a = ofpact_get_SET_TUNNEL(a_);
    size_t ofs;

    if (version != OFP10_VERSION) {
        put_set_u64(b, FIELD_TUN_ID, a->tun_id, version);
    } else if (a->is_64 || a->tun_id > UINT32_MAX) {
        ofs = start_nx(b, NXAST_SET_TUNNEL64);
        buf_put_zeros(b, 6);
        buf_put_u64(b, a->tun_id);
        finish(b, ofs);
    } else {
        ofs = start_nx(b, NXAST_SET_TUNNEL);
        buf_put_zeros(b, 2);
        buf_put_u32(b, a->tun_id);
        finish(b, ofs);
    }
}

static void
encode_SET_QUEUE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    bool nx = version == OFP10_VERSION;
    size_t ofs = (nx ? start_nx(b, NXAST_SET_QUEUE)
                  : start_std(b, OFPAT_SET_QUEUE));

    if (nx) {
        buf_put_zeros(b, 2);
    }
    buf_put_u32(b, ofpact_get_SET_QUEUE(a_)->value);
    finish(b, ofs);
}

static void
encode_FIN_TIMEOUT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_fin_timeout *a = ofpact_get_FIN_TIMEOUT(a_);
    size_t ofs = start_nx(b, NXAST_FIN_TIMEOUT);

    buf_put_u16(b, a->idle_timeout_s);
    buf_put_u16(b, a->hard_timeout_s);
    finish(b, ofs);
}

/* Control and state. */

static void
encode_RESUBMIT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_resubmit *a = ofpact_get_RESUBMIT(a_);
    bool plain = a->table_id == 0xff && !a->with_ct_orig
                 && a->in_port != OFPP_IN_PORT;
    size_t ofs = start_nx(b, plain ? NXAST_RESUBMIT
                          : a->with_ct_orig ? NXAST_RESUBMIT_TABLE_CT
                          : NXAST_RESUBMIT_TABLE);

    buf_put_u16(b, a->in_port);
    buf_put_u8(b, plain ? 0 : a->table_id);
    finish(b, ofs);
}

static void
put_learn_spec(struct buf *b, const struct learn_spec *s)
{
    bool is_immediate = s->src_type == LEARN_SRC_IMMEDIATE;
    size_t n = DIV_ROUND_UP(s->n_bits, 8);

    buf_put_u16(b, s->n_bits | s->dst_type << NX_LEARN_DST_SHIFT
                | (is_immediate ? NX_LEARN_SRC_IMMEDIATE : 0));
    if (is_immediate) {
        buf_put_zeros(b, n % 2);
        buf_put(b, learn_spec_immediate(s), n);
    } else {
        put_subfield_header(b, &s->src);
        buf_put_u16(b, s->src.start);
    }
    if (s->dst_type != LEARN_DST_OUTPUT) {
        put_subfield_header(b, &s->dst);
        buf_put_u16(b, s->dst.start);
    }
}

static void
encode_LEARN(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_learn *a = ofpact_get_LEARN(a_);
    bool is_learn2 = a->limit || a->flags & LEARN_F_WRITE_RESULT;
    size_t ofs = start_nx(b, is_learn2 ? NXAST_LEARN2 : NXAST_LEARN);
    const struct learn_spec *s;

    buf_put_u16(b, a->idle_timeout_s);
    buf_put_u16(b, a->hard_timeout_s);
    buf_put_u16(b, a->priority);
    buf_put_u64(b, ntohll(a->cookie));
    buf_put_u16(b, a->flags);
    buf_put_u8(b, a->table_id);
    buf_put_u8(b, 0);
    buf_put_u16(b, a->fin_idle_timeout_s);
    buf_put_u16(b, a->fin_hard_timeout_s);
    if (is_learn2) {
        buf_put_u32(b, a->limit);
        buf_put_u16(b, a->result_dst.start);
        buf_put_zeros(b, 2);
        if (a->flags & LEARN_F_WRITE_RESULT) {
            put_subfield_header(b, &a->result_dst);
        }
    }
    LEARN_SPEC_FOR_EACH (s, a) {
        put_learn_spec(b, s);
    }
    finish(b, ofs);
}

static void
encode_CONJUNCTION(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_conjunction *a = ofpact_get_CONJUNCTION(a_);
    size_t ofs = start_nx(b, NXAST_CONJUNCTION);

    buf_put_u8(b, a->clause);
    buf_put_u8(b, a->n_clauses);
    buf_put_u32(b, a->id);
    finish(b, ofs);
}

static void
encode_MULTIPATH(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_multipath *a = ofpact_get_MULTIPATH(a_);
    size_t ofs = start_nx(b, NXAST_MULTIPATH);

    buf_put_u16(b, a->fields);
    buf_put_u16(b, a->basis);
    buf_put_zeros(b, 2);
    buf_put_u16(b, a->algorithm);
    buf_put_u16(b, a->max_link);
    buf_put_u32(b, a->arg);
    buf_put_zeros(b, 2);
    buf_put_u16(b, ofs_nbits(&a->dst));
    put_subfield_header(b, &a->dst);
    finish(b, ofs);
}

static void
put_nest(struct buf *b, const struct ofpact *a, uint8_t version)
{
    size_t size;
    const struct ofpact *nest = ofpact_nest_actions(a, &size);

    ofpacts_encode(b, nest, size, version);
}

static void
encode_CLONE(struct buf *b, const struct ofpact *a, uint8_t version)
{
    size_t ofs = start_nx(b, NXAST_CLONE);

    buf_put_zeros(b, 6);
    put_nest(b, a, version);
    finish(b, ofs);
}

static void
encode_CT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_ct *a = ofpact_get_CT(a_);
    size_t ofs = start_nx(b, NXAST_CT);

    buf_put_u16(b, a->flags);
    if (a->zone_src.field) {
        put_subfield_header(b, &a->zone_src);
        buf_put_u16(b, ofs_nbits(&a->zone_src));
    } else {
        buf_put_u32(b, 0);
        buf_put_u16(b, a->zone_imm);
    }
    buf_put_u8(b, a->table_id);
    buf_put_zeros(b, 3);
    buf_put_u16(b, a->alg);
    put_nest(b, a_, version);
    finish(b, ofs);
}

static bool
is_zero_addr(const struct in6_addr *addr)
{
    return IN6_IS_ADDR_UNSPECIFIED(addr);
}

static void
encode_NAT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_nat *a = ofpact_get_NAT(a_);
    size_t ofs = start_nx(b, NXAST_NAT);
    bool v4 = a->af == AF_INET;
    bool has_max = a->af && !is_zero_addr(&a->addr_max);
    size_t skip = v4 ? 12 : 0;

    buf_put_zeros(b, 2);
    buf_put_u16(b, a->flags);
    buf_put_u16(b, (a->af ? (v4 ? NX_NAT_IPV4_MIN : NX_NAT_IPV6_MIN) : 0)
                | (has_max ? (v4 ? NX_NAT_IPV4_MAX : NX_NAT_IPV6_MAX) : 0)
                | (a->proto_min ? NX_NAT_PROTO_MIN : 0)
                | (a->proto_max ? NX_NAT_PROTO_MAX : 0));
    if (a->af) {
        buf_put(b, (const uint8_t *) &a->addr_min + skip, 16 - skip);
    }
    if (has_max) {
        buf_put(b, (const uint8_t *) &a->addr_max + skip, 16 - skip);
    }
    if (a->proto_min) {
        buf_put_u16(b, a->proto_min);
    }
    if (a->proto_max) {
        buf_put_u16(b, a->proto_max);
    }
    finish(b, ofs);
}

static void
encode_CHECK_PKT_LARGER(struct buf *b, const struct ofpact *a_,
                        uint8_t version)
{
    const struct ofpact_check_pkt_larger *a = ofpact_get_CHECK_PKT_LARGER(a_);
    size_t ofs = start_nx(b, NXAST_CHECK_PKT_LARGER);

    buf_put_u16(b, a->pkt_len);
    buf_put_u16(b, a->dst.start);
    put_subfield_header(b, &a->dst);
    if (b->size - ofs < 24) {
        buf_put_zeros(b, 24 - (b->size - ofs));
    }
    finish(b, ofs);
}

static void
encode_NOTE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_note *a = ofpact_get_NOTE(a_);
    size_t ofs = start_nx(b, NXAST_NOTE);

    buf_put(b, a->data, a->length);
    finish(b, ofs);
}

static void
encode_SAMPLE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_sample *a = ofpact_get_SAMPLE(a_);
    bool plain = (a->sampling_port == OFPP_NONE
                  && a->direction == SAMPLE_DEFAULT);
    size_t ofs = start_nx(b, plain ? NXAST_SAMPLE
                          : a->direction == SAMPLE_DEFAULT ? NXAST_SAMPLE2
                          : NXAST_SAMPLE3);

    buf_put_u16(b, a->probability);
    buf_put_u32(b, a->collector_set_id);
    buf_put_u32(b, a->obs_domain_id);
    buf_put_u32(b, a->obs_point_id);
    if (!plain) {
        buf_put_u16(b, a->sampling_port);
        buf_put_u8(b, a->direction);
        buf_put_zeros(b, 5);
    }
    finish(b, ofs);
}

#define ENCODE_NULL(TYPE, SUBTYPE) \
    static void \
    encode_##TYPE(struct buf *b, const struct ofpact *a, uint8_t version) \
    { \
        put_null_nx(b, SUBTYPE); \
    }
ENCODE_NULL(POP_QUEUE, NXAST_POP_QUEUE)
ENCODE_NULL(CT_CLEAR, NXAST_CT_CLEAR)
ENCODE_NULL(EXIT, NXAST_EXIT)
ENCODE_NULL(DEC_NSH_TTL, NXAST_DEC_NSH_TTL)
ENCODE_NULL(DEBUG_RECIRC, NXAST_DEBUG_RECIRC)
ENCODE_NULL(DEBUG_SLOW, NXAST_DEBUG_SLOW)

/* Instructions within a list: OpenFlow 1.0 has some as actions. */

static void
encode_METER(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version >= OFP15_VERSION) {
        size_t ofs = start_std(b, OFPAT_METER);

        buf_put_u32(b, ofpact_get_METER(a)->value);
        finish(b, ofs);
    }
}

static void
encode_CLEAR_ACTIONS(struct buf *b, const struct ofpact *a, uint8_t version)
{
    /* Only an instruction. */
}

static void
encode_WRITE_ACTIONS(struct buf *b, const struct ofpact *a, uint8_t version)
{
    /* Only an instruction. */
}

static void
encode_WRITE_METADATA(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_metadata *a = ofpact_get_WRITE_METADATA(a_);

    if (version == OFP10_VERSION) {
        size_t ofs = start_nx(b, NXAST_WRITE_METADATA);

        buf_put_zeros(b, 6);
        buf_put_u64(b, ntohll(a->metadata));
        buf_put_u64(b, ntohll(a->mask));
        finish(b, ofs);
    }
}

static void
encode_GOTO_TABLE(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version == OFP10_VERSION) {
        size_t ofs = start_nx(b, NXAST_RESUBMIT_TABLE);

        buf_put_u16(b, OFPP_IN_PORT);
        buf_put_u8(b, ofpact_get_GOTO_TABLE(a)->value);
        finish(b, ofs);
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
        put_nest(b, a, version);
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
    finish(b, ofs);
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
        finish(b, ofs);
    }
}
