/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lib/openflow/ofpact_decode.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions that change the packet or its metadata. */

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
    if (f->is_variable && d->decode->tlv
        && !tlv_layout_has(&d->decode->tlv->layout,
                           f->id - FIELD_TUN_METADATA0)) {
        return NXFMFC_INVALID_TLV_FIELD;
    }
    if (f->is_variable ? room > TLV_MAX_OPTION_SIZE : n != room) {
        return OFPBAC_BAD_SET_LEN;
    }
    if (!field_value_fit(&value, room, p, n)
        || !field_value_fit(&mask, room, p + n, has_mask ? n : 0)) {
        return OFPBAC_BAD_SET_LEN;
    }
    for (size_t i = 0; has_mask && i < room; i++) {
        if (value.bytes[i] & ~mask.bytes[i]) {
            return OFPBMC_BAD_WILDCARDS;
        }
    }
    if (!f->is_variable && !field_value_is_valid(f, &value)) {
        return OFPBAC_BAD_SET_ARGUMENT;
    }
    if (f->id == FIELD_VLAN_VID && !(value.be16 & htons(0x1000))) {
        /* A tag cannot be taken off so. */
        return OFPBAC_BAD_SET_ARGUMENT;
    }
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

NULL_ACTION(strip_vlan, STRIP_VLAN)

static enum ofperr
pop_vlan(struct decoder *d, struct reader *r UNUSED)
{
    ofpact_put_STRIP_VLAN(d->out)->is_pop = true;
    return 0;
}

NULL_ACTION(dec_mpls_ttl, DEC_MPLS_TTL)
NULL_ACTION(dec_nsh_ttl, DEC_NSH_TTL)

/* Rows by type. */

static const struct action_row actions10[] = {
    [OFPAT10_SET_VLAN_VID] = { 4, 4, set_vlan_vid },
    [OFPAT10_SET_VLAN_PCP] = { 4, 4, set_vlan_pcp },
    [OFPAT10_STRIP_VLAN] = { 4, 4, strip_vlan },
    [OFPAT10_SET_DL_SRC] = { 12, 12, set_dl_src },
    [OFPAT10_SET_DL_DST] = { 12, 12, set_dl_dst },
    [OFPAT10_SET_NW_SRC] = { 4, 4, set_nw_src },
    [OFPAT10_SET_NW_DST] = { 4, 4, set_nw_dst },
    [OFPAT10_SET_NW_TOS] = { 4, 4, set_nw_tos },
    [OFPAT10_SET_TP_SRC] = { 4, 4, set_tp_src },
    [OFPAT10_SET_TP_DST] = { 4, 4, set_tp_dst },
};

static const struct action_row actions12[] = {
    [OFPAT_SET_MPLS_TTL] = { 4, 4, set_mpls_ttl },
    [OFPAT_DEC_MPLS_TTL] = { 4, 4, dec_mpls_ttl },
    [OFPAT_PUSH_VLAN] = { 4, 4, push_vlan },
    [OFPAT_POP_VLAN] = { 4, 4, pop_vlan },
    [OFPAT_PUSH_MPLS] = { 4, 4, push_mpls },
    [OFPAT_POP_MPLS] = { 4, 4, pop_mpls },
    [OFPAT_SET_NW_TTL] = { 4, 4, set_nw_ttl },
    [OFPAT_DEC_NW_TTL] = { 4, 4, dec_ttl },
    [OFPAT_SET_FIELD] = { 4, ANY, set_field12 },
    [OFPAT_COPY_FIELD] = { 12, ANY, copy_field },
};

static const struct action_row actions_nx[] = {
    [NXAST_SET_TUNNEL] = { 6, 6, set_tunnel },
    [NXAST_REG_MOVE] = { 14, ANY, reg_move },
    [NXAST_REG_LOAD] = { 14, 14, reg_load },
    [NXAST_SET_TUNNEL64] = { 14, 14, set_tunnel64 },
    [NXAST_DEC_TTL] = { 6, 6, dec_ttl },
    [NXAST_DEC_TTL_CNT_IDS] = { 6, ANY, dec_ttl_cnt_ids },
    [NXAST_WRITE_METADATA] = { 22, 22, write_metadata },
    [NXAST_PUSH_MPLS] = { 6, 6, push_mpls },
    [NXAST_POP_MPLS] = { 6, 6, pop_mpls },
    [NXAST_SET_MPLS_TTL] = { 6, 6, set_mpls_ttl },
    [NXAST_DEC_MPLS_TTL] = { 6, 6, dec_mpls_ttl },
    [NXAST_STACK_PUSH] = { 14, 14, stack_push },
    [NXAST_STACK_POP] = { 14, 14, stack_pop },
    [NXAST_SET_MPLS_LABEL] = { 6, 6, set_mpls_label },
    [NXAST_SET_MPLS_TC] = { 6, 6, set_mpls_tc },
    [NXAST_REG_LOAD2] = { 6, ANY, read_set_field },
    [NXAST_DEC_NSH_TTL] = { 6, 6, dec_nsh_ttl },
    [NXAST_DELETE_FIELD] = { 6, ANY, delete_field },
};

const struct action_rows decode_field_rows[N_ACTIONS] = {
    [ACTIONS_10] = { actions10, ARRAY_SIZE(actions10) },
    [ACTIONS_12] = { actions12, ARRAY_SIZE(actions12) },
    [ACTIONS_NX] = { actions_nx, ARRAY_SIZE(actions_nx) },
};
