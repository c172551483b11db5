/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/socket.h>

#include "lib/openflow/ofpact_decode.h"
#include "lib/openflow/ofpact_wire.h"

/* Actions that decide what comes next and keep state: resubmit, learn, ct and
 * the like. */

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

NULL_ACTION(exit_, EXIT)
NULL_ACTION(ct_clear, CT_CLEAR)
NULL_ACTION(debug_recirc, DEBUG_RECIRC)
NULL_ACTION(debug_slow, DEBUG_SLOW)

/* Rows by type. */

static const struct action_row actions12[] = {
    [OFPAT_METER] = { 4, 4, decode_meter },
};

static const struct action_row actions_nx[] = {
    [NXAST_RESUBMIT] = { 6, 6, resubmit },
    [NXAST_NOTE] = { 6, ANY, note },
    [NXAST_MULTIPATH] = { 22, 22, multipath },
    [NXAST_RESUBMIT_TABLE] = { 6, 6, resubmit_table },
    [NXAST_LEARN] = { 22, ANY, learn },
    [NXAST_EXIT] = { 6, 6, exit_ },
    [NXAST_FIN_TIMEOUT] = { 6, 6, fin_timeout },
    [NXAST_SAMPLE] = { 14, 14, sample },
    [NXAST_CONJUNCTION] = { 6, 6, conjunction },
    [NXAST_CT] = { 14, ANY, ct },
    [NXAST_NAT] = { 6, ANY, nat },
    [NXAST_SAMPLE2] = { 22, 22, read_sample2 },
    [NXAST_SAMPLE3] = { 22, 22, read_sample2 },
    [NXAST_CLONE] = { 6, ANY, clone },
    [NXAST_CT_CLEAR] = { 6, 6, ct_clear },
    [NXAST_RESUBMIT_TABLE_CT] = { 6, 6, resubmit_table_ct },
    [NXAST_LEARN2] = { 30, ANY, learn2 },
    [NXAST_CHECK_PKT_LARGER] = { 14, ANY, check_pkt_larger },
    [NXAST_DEBUG_SLOW] = { 6, 6, debug_slow },
    [NXAST_DEBUG_RECIRC] = { 6, 6, debug_recirc },
};

const struct action_rows decode_control_rows[N_ACTIONS] = {
    [ACTIONS_12] = { actions12, ARRAY_SIZE(actions12) },
    [ACTIONS_NX] = { actions_nx, ARRAY_SIZE(actions_nx) },
};
