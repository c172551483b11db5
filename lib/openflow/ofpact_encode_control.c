/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>

#include "lib/flow/port.h"
#include "lib/openflow/ofpact_encode.h"

/* Actions that steer the walk through the tables, and those that keep
 * state. */

void
encode_FIN_TIMEOUT(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_fin_timeout *a = ofpact_get_FIN_TIMEOUT(a_);
    size_t ofs = start_nx(b, NXAST_FIN_TIMEOUT);

    buf_put_u16(b, a->idle_timeout_s);
    buf_put_u16(b, a->hard_timeout_s);
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
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

void
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
    finish_action(b, ofs);
}

void
encode_CONJUNCTION(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_conjunction *a = ofpact_get_CONJUNCTION(a_);
    size_t ofs = start_nx(b, NXAST_CONJUNCTION);

    buf_put_u8(b, a->clause);
    buf_put_u8(b, a->n_clauses);
    buf_put_u32(b, a->id);
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
}

void
encode_CLONE(struct buf *b, const struct ofpact *a, uint8_t version)
{
    size_t ofs = start_nx(b, NXAST_CLONE);

    buf_put_zeros(b, 6);
    put_nested(b, a, version);
    finish_action(b, ofs);
}

void
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
    put_nested(b, a_, version);
    finish_action(b, ofs);
}

static bool
is_zero_addr(const struct in6_addr *addr)
{
    return IN6_IS_ADDR_UNSPECIFIED(addr);
}

void
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
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
}

void
encode_NOTE(struct buf *b, const struct ofpact *a_, uint8_t version)
{
    const struct ofpact_note *a = ofpact_get_NOTE(a_);
    size_t ofs = start_nx(b, NXAST_NOTE);

    buf_put(b, a->data, a->length);
    finish_action(b, ofs);
}

void
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
    finish_action(b, ofs);
}

ENCODE_NULL(CT_CLEAR, NXAST_CT_CLEAR)
ENCODE_NULL(EXIT, NXAST_EXIT)
ENCODE_NULL(DEBUG_RECIRC, NXAST_DEBUG_RECIRC)
ENCODE_NULL(DEBUG_SLOW, NXAST_DEBUG_SLOW)
