/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/openflow/ofpact_encode.h"
#include "lib/packet/headers.h"

/* Actions that change the packet or its metadata. */

/* A set-field action of OpenFlow 1.2 and later. */
static void
put_set_field12(struct buf *b, const struct field *f, const void *value,
                uint8_t version)
{
    size_t ofs = start_std(b, OFPAT_SET_FIELD);

    oxm_header_encode(b, f, version, false, f->n_bytes);
    buf_put(b, value, f->n_bytes);
    finish_action(b, ofs);
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
    finish_action(b, ofs);
}

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
    const union field_value *value = ofpact_set_field_value(a);
    const union field_value *mask = ofpact_set_field_mask(a);
    size_t skip = (a->field->is_variable
                   ? field_leading_zeros(value, exact ? NULL : mask,
                                         a->n_bytes) : 0);
    size_t n = a->n_bytes - skip;

    oxm_header_encode(b, a->field, version, !exact, n);
    buf_put(b, value->bytes + skip, n);
    if (!exact) {
        buf_put(b, mask->bytes + skip, n);
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
        { FIELD_IP_DSCP_SHIFTED, OFPAT10_SET_NW_TOS },
        { FIELD_TCP_SRC, OFPAT10_SET_TP_SRC },
        { FIELD_TCP_DST, OFPAT10_SET_TP_DST },
        { FIELD_UDP_SRC, OFPAT10_SET_TP_SRC },
        { FIELD_UDP_DST, OFPAT10_SET_TP_DST },
    };

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (a->field->id == actions[i].id) {
            size_t ofs = start_std(b, actions[i].type);

            if (a->field->id == FIELD_IP_DSCP_SHIFTED) {
                buf_put_u8(b, ofpact_set_field_value(a)->u8 << 2);
            } else {
                buf_put(b, ofpact_set_field_value(a), a->n_bytes);
            }
            finish_action(b, ofs);
            return true;
        }
    }
    return false;
}

void
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
        finish_action(b, ofs);
    } else if (a->field->is_variable || id->class_ == 0xffff) {
        ofs = start_nx(b, NXAST_REG_LOAD2);
        put_set_field_oxm(b, a, version, exact);
        finish_action(b, ofs);
    } else {
        put_loads(b, a);
    }
}

static void
put_push_vlan(struct buf *b, uint16_t type)
{
    size_t ofs = start_std(b, OFPAT_PUSH_VLAN);

    buf_put_u16(b, type);
    finish_action(b, ofs);
}

void
encode_SET_VLAN_VID(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_vlan_vid *a = ofpact_get_SET_VLAN_VID(a_);
    size_t ofs;

    if (version == OFP10_VERSION) {
        ofs = start_std(b, OFPAT10_SET_VLAN_VID);
        buf_put_u16(b, a->vid);
        finish_action(b, ofs);
        return;
    }
    if (a->push_if_needed && !a->flow_has_vlan) {
        put_push_vlan(b, ETH_TYPE_VLAN_8021Q);
    }
    put_set_u64(b, FIELD_VLAN_VID, 0x1000 | a->vid, version);
}

void
encode_SET_VLAN_PCP(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_vlan_pcp *a = ofpact_get_SET_VLAN_PCP(a_);
    size_t ofs;

    if (version == OFP10_VERSION) {
        ofs = start_std(b, OFPAT10_SET_VLAN_PCP);
        buf_put_u8(b, a->pcp);
        finish_action(b, ofs);
        return;
    }
    if (a->push_if_needed && !a->flow_has_vlan) {
        put_push_vlan(b, ETH_TYPE_VLAN_8021Q);
    }
    put_set_u64(b, FIELD_VLAN_PCP, a->pcp, version);
}

void
encode_STRIP_VLAN(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_null_std(b, version == OFP10_VERSION ? OFPAT10_STRIP_VLAN
                 : OFPAT_POP_VLAN);
}

void
encode_PUSH_VLAN(struct buf *b, const struct ofpact *a, uint8_t version)
{
    /* OpenFlow 1.0 cannot push; a set_vlan that follows does. */
    if (version != OFP10_VERSION) {
        put_push_vlan(b, ntohs(ofpact_get_PUSH_VLAN(a)->ethertype));
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
    finish_action(b, ofs);
}

void
encode_SET_ETH_SRC(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_mac(b, a, FIELD_ETH_SRC, OFPAT10_SET_DL_SRC, version);
}

void
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
    finish_action(b, ofs);
}

void
encode_SET_IPV4_SRC(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_ipv4(b, a, FIELD_IPV4_SRC, OFPAT10_SET_NW_SRC, version);
}

void
encode_SET_IPV4_DST(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_ipv4(b, a, FIELD_IPV4_DST, OFPAT10_SET_NW_DST, version);
}

void
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
    finish_action(b, ofs);
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

void
encode_SET_IP_ECN(struct buf *b, const struct ofpact *a, uint8_t version)
{
    set_or_load(b, FIELD_IP_ECN, ofpact_get_SET_IP_ECN(a)->value, version);
}

void
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
    finish_action(b, ofs);
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
        finish_action(b, ofs);
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

void
encode_SET_L4_SRC_PORT(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_l4_port(b, ofpact_get_SET_L4_SRC_PORT(a), false, version);
}

void
encode_SET_L4_DST_PORT(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_l4_port(b, ofpact_get_SET_L4_DST_PORT(a), true, version);
}

void
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
    finish_action(b, ofs);
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
    finish_action(b, ofs);
}

void
encode_STACK_PUSH(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_stack(b, ofpact_get_STACK_PUSH(a), NXAST_STACK_PUSH);
}

void
encode_STACK_POP(struct buf *b, const struct ofpact *a, uint8_t version)
{
    put_stack(b, ofpact_get_STACK_POP(a), NXAST_STACK_POP);
}

void
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
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
}

void
encode_SET_MPLS_TTL(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_SET_MPLS_TTL)
                  : start_std(b, OFPAT_SET_MPLS_TTL));

    buf_put_u8(b, ofpact_get_SET_MPLS_TTL(a_)->value);
    finish_action(b, ofs);
}

void
encode_DEC_MPLS_TTL(struct buf *b, const struct ofpact *a, uint8_t version)
{
    if (version == OFP10_VERSION) {
        put_null_nx(b, NXAST_DEC_MPLS_TTL);
    } else {
        put_null_std(b, OFPAT_DEC_MPLS_TTL);
    }
}

void
encode_PUSH_MPLS(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_PUSH_MPLS)
                  : start_std(b, OFPAT_PUSH_MPLS));

    buf_put_u16(b, ntohs(ofpact_get_PUSH_MPLS(a_)->ethertype));
    finish_action(b, ofs);
}

void
encode_POP_MPLS(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    size_t ofs = (version == OFP10_VERSION ? start_nx(b, NXAST_POP_MPLS)
                  : start_std(b, OFPAT_POP_MPLS));

    buf_put_u16(b, ntohs(ofpact_get_POP_MPLS(a_)->ethertype));
    finish_action(b, ofs);
}

void
encode_DELETE_FIELD(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct field *f = ofpact_get_DELETE_FIELD(a_)->field;
    size_t ofs = start_nx(b, NXAST_DELETE_FIELD);

    put_field_header(b, f, f->n_bytes);
    if (b->size - ofs < 24) {
        buf_put_zeros(b, 24 - (b->size - ofs));
    }
    finish_action(b, ofs);
}

/* Metadata. */

void
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
        finish_action(b, ofs);
    } else {
        ofs = start_nx(b, NXAST_SET_TUNNEL);
        buf_put_zeros(b, 2);
        buf_put_u32(b, a->tun_id);
        finish_action(b, ofs);
    }
}

ENCODE_NULL(DEC_NSH_TTL, NXAST_DEC_NSH_TTL)
