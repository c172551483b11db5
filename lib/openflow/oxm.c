/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/text.h"
#include "lib/flow/match.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/protocol.h"

/* Matches on the wire: OXM and NXM entries, OpenFlow 1.0's struct.
 *
 * Decoding takes entries in the order in which they come; a field's
 * prerequisites must come before it.  Encoding writes fields in the order of
 * their identifiers within each layer, which has prerequisites first. */

/* NXM_NX_COOKIE is no field of a flow, and only in requests. */
#define NXM_COOKIE_CLASS 0x0001
#define NXM_COOKIE_FIELD 30

enum ofperr
oxm_header_decode(struct reader *r, const struct field **ret_field,
                  bool *ret_has_mask, size_t *ret_size)
{
    uint32_t header = reader_u32(r);
    struct oxm_id id = {
        .class_ = header >> 16, .field = header >> 9 & 0x7f
    };
    size_t size = header & 0xff;

    if (id.class_ == 0xffff) {
        id.vendor = reader_u32(r);
        if (size < 4) {
            return OFPBMC_BAD_LEN;
        }
        size -= 4;
    }
    if (r->is_bad) {
        return OFPBMC_BAD_LEN;
    }
    *ret_has_mask = header >> 8 & 1;
    *ret_size = size;
    *ret_field = field_from_oxm(&id);
    return *ret_field ? 0 : OFPBMC_BAD_FIELD;
}

static void
put_header(struct buf *b, const struct oxm_id *id, bool has_mask,
           size_t payload)
{
    uint32_t header = ((uint32_t) id->class_ << 16 | id->field << 9
                       | (has_mask ? 0x100 : 0));

    if (id->class_ == 0xffff) {
        buf_put_u32(b, header | (payload + 4));
        buf_put_u32(b, id->vendor);
    } else {
        buf_put_u32(b, header | payload);
    }
}

void
oxm_header_encode(struct buf *b, const struct field *f, uint8_t version,
                  bool has_mask, size_t value_size)
{
    const struct oxm_id *id = field_oxm_id(f, version);

    put_header(b, id, has_mask, has_mask ? 2 * value_size : value_size);
}

/* Decoding. */

struct decoder {
    const struct ofp_decode *decode;
    struct match *match;
    uint64_t seen[BITMAP_WORDS(FIELD_N_IDS)];
};

/* Reads value and mask of a tunnel option, whose width the match's layout
 * gives, or the entry itself. */
static enum ofperr
decode_option(struct decoder *d, const struct field *f, const uint8_t *p,
              size_t n, bool has_mask)
{
    union field_value value, mask;
    unsigned int slot = f->id - FIELD_TUN_METADATA0;
    size_t room;

    if (!d->decode->tlv && n) {
        tlv_layout_add(&d->match->tlv, slot, n);
    } else if (!d->decode->tlv) {
        tlv_layout_add(&d->match->tlv, slot, 4);
    }
    if (!tlv_layout_has(&d->match->tlv, slot)) {
        return NXFMFC_INVALID_TLV_FIELD;
    }
    room = field_n_bytes(f, &d->match->tlv);
    if (!field_value_fit(&value, room, p, n)
        || !field_value_fit(&mask, room, p + n, has_mask ? n : 0)) {
        return OFPBMC_BAD_LEN;
    }
    if (!has_mask) {
        memset(mask.bytes, 0xff, room);
    }
    match_set_field(d->match, f, &value, &mask);
    return 0;
}

static enum ofperr
decode_value(struct decoder *d, const struct field *f, const uint8_t *p,
             bool has_mask)
{
    union field_value value, mask;

    memcpy(value.bytes, p, f->n_bytes);
    if (has_mask) {
        memcpy(mask.bytes, p + f->n_bytes, f->n_bytes);
        if (!field_mask_is_valid(f, NULL, &mask)) {
            return OFPBMC_BAD_MASK;
        }
        for (size_t i = 0; i < f->n_bytes; i++) {
            if (value.bytes[i] & ~mask.bytes[i]) {
                return OFPBMC_BAD_WILDCARDS;
            }
        }
    }
    if (!field_value_is_valid(f, &value)) {
        return OFPBMC_BAD_VALUE;
    }
    match_set_field(d->match, f, &value, has_mask ? &mask : NULL);
    return 0;
}

static enum ofperr
decode_entry(struct decoder *d, const struct field *f, struct reader *r,
             size_t size, bool has_mask)
{
    const uint8_t *p = reader_pull(r, size);
    size_t n = has_mask ? size / 2 : size;

    if (!p || (has_mask && size % 2)) {
        return OFPBMC_BAD_LEN;
    }
    if (bitmap_get(d->seen, f->id)) {
        return OFPBMC_DUP_FIELD;
    }
    bitmap_set(d->seen, f->id);
    if (f->is_variable) {
        return decode_option(d, f, p, n, has_mask);
    }
    if (n != f->n_bytes) {
        return OFPBMC_BAD_LEN;
    }
    if (f->prereq > PREREQ_ETHERNET && !match_prereqs_ok(d->match, f)) {
        return OFPBMC_BAD_PREREQ;
    }
    return decode_value(d, f, p, has_mask);
}

static bool
is_cookie(const struct reader *r)
{
    return (r->left >= 4 && get_be16(r->p) == htons(NXM_COOKIE_CLASS)
            && r->p[2] >> 1 == NXM_COOKIE_FIELD
            && (r->p[3] == 8 || r->p[3] == 16));
}

static enum ofperr
decode_cookie(struct reader *r, be64 *cookie, be64 *cookie_mask)
{
    uint32_t header = reader_u32(r);

    if (!cookie) {
        return OFPBMC_BAD_FIELD;
    }
    *cookie = htonll(reader_u64(r));
    *cookie_mask = header & 0x100 ? htonll(reader_u64(r)) : UINT64_MAX;
    return r->is_bad ? OFPBMC_BAD_LEN : 0;
}

enum ofperr
oxm_decode(const void *wire, size_t size, const struct ofp_decode *decode,
           struct match *match, be64 *cookie, be64 *cookie_mask)
{
    struct reader r = reader_from(wire, size);
    struct decoder d = { .decode = decode, .match = match };

    match_init_with_table(match, decode->tlv);
    if (cookie) {
        *cookie = *cookie_mask = 0;
    }
    while (r.left) {
        const struct field *f;
        bool has_mask;
        size_t n;
        enum ofperr error;

        if (UNLIKELY(is_cookie(&r)) && (r.p[2] & 0xfe) == 60 && cookie) {
            error = decode_cookie(&r, cookie, cookie_mask);
        } else {
            error = oxm_header_decode(&r, &f, &has_mask, &n);
            if (error == OFPBMC_BAD_FIELD && decode->loose_unknown) {
                reader_skip(&r, n);
                error = r.is_bad ? OFPBMC_BAD_LEN : 0;
            } else if (!error) {
                error = decode_entry(&d, f, &r, n, has_mask);
            }
        }
        if (error) {
            return error;
        }
    }
    return 0;
}

enum ofperr
oxm_match_decode(struct reader *r, const struct ofp_decode *decode,
                 struct match *match)
{
    uint16_t type = reader_u16(r);
    uint16_t length = reader_u16(r);
    const void *p;

    if (r->is_bad || length < 4) {
        return OFPBMC_BAD_LEN;
    }
    if (type != 1) {
        return OFPBMC_BAD_TYPE;
    }
    p = reader_pull(r, ROUND_UP(length, 8) - 4);
    if (!p) {
        return OFPBMC_BAD_LEN;
    }
    return oxm_decode(p, length - 4, decode, match, NULL, NULL);
}

/* Encoding. */

/* In_port, then prerequisites from the bottom up, then the rest. */
static const enum field_id l2_to_l4[] = {
    FIELD_ETH_DST, FIELD_ETH_SRC, FIELD_ETH_TYPE,
};

static const enum field_id ip_fields[] = {
    FIELD_IP_PROTO, FIELD_IP_ECN, FIELD_IP_TTL, FIELD_IP_FRAG,
};

static const enum field_id mpls_fields[] = {
    FIELD_MPLS_LABEL, FIELD_MPLS_TC, FIELD_MPLS_BOS, FIELD_MPLS_TTL,
};

static const enum field_id nsh_fields[] = {
    FIELD_NSH_FLAGS, FIELD_NSH_TTL, FIELD_NSH_MDTYPE, FIELD_NSH_NP,
    FIELD_NSH_SPI, FIELD_NSH_SI, FIELD_NSH_C1, FIELD_NSH_C2, FIELD_NSH_C3,
    FIELD_NSH_C4,
};

static const enum field_id tunnel_fields[] = {
    FIELD_TUN_ID, FIELD_TUN_SRC, FIELD_TUN_DST, FIELD_TUN_IPV6_SRC,
    FIELD_TUN_IPV6_DST, FIELD_TUN_GBP_ID, FIELD_TUN_GBP_FLAGS,
    FIELD_TUN_FLAGS, FIELD_TUN_ERSPAN_VER, FIELD_TUN_ERSPAN_IDX,
    FIELD_TUN_ERSPAN_DIR, FIELD_TUN_ERSPAN_HWID, FIELD_TUN_GTPU_FLAGS,
    FIELD_TUN_GTPU_MSGTYPE,
};

static const enum field_id state_fields[] = {
    FIELD_PKT_MARK, FIELD_CT_STATE, FIELD_CT_ZONE, FIELD_CT_MARK,
    FIELD_CT_LABEL,
};

static const enum field_id tuple_fields[] = {
    FIELD_CT_NW_PROTO, FIELD_CT_NW_SRC, FIELD_CT_NW_DST, FIELD_CT_IPV6_SRC,
    FIELD_CT_IPV6_DST, FIELD_CT_TP_SRC, FIELD_CT_TP_DST,
};

struct encoder {
    struct buf *out;
    const struct match *match;
    uint8_t version;
};

/* Is any byte of the field's storage in the masks not zero?  Cheaper than
 * reading the field, and most are not. */
static bool
is_stored(const struct match *match, const struct field *f)
{
    static const uint8_t zeros[16];
    const uint8_t *p = (const uint8_t *) &match->wc.masks + f->offset;

    switch (f->storage) {
    case STORE_U8:
        return *p;
    case STORE_U16:
    case STORE_BE16:
    case STORE_DL_VLAN:
        return get_u16(p);
    case STORE_U32:
    case STORE_BE32:
    case STORE_PORT_16:
    case STORE_PORT_32:
        return get_u32(p);
    case STORE_BE64:
        return get_u64(p);
    case STORE_BYTES:
        return memcmp(p, zeros, f->n_bytes);
    case STORE_MAPPED_IPV4:
    case STORE_OUTER_IPV6:
        return memcmp(p, zeros, 16);
    default:
        return true;
    }
}

static void
put_entry(struct encoder *e, const struct field *f,
          const uint8_t *value, const uint8_t *mask, size_t n)
{
    const struct oxm_id *id = field_oxm_id(f, e->version);
    bool has_mask = mask != NULL;

    if (id) {
        put_header(e->out, id, has_mask, has_mask ? 2 * n : n);
        buf_put(e->out, value, n);
        if (has_mask) {
            buf_put(e->out, mask, n);
        }
    }
}

static void
encode_field(struct encoder *e, enum field_id id)
{
    const struct field *f = field_from_id(id);
    union field_value value, mask;
    bool exact;

    if (!is_stored(e->match, f)) {
        return;
    }
    match_get_field(e->match, f, &value, &mask);
    if (field_is_zero(f, &mask)) {
        return;
    }
    /* What a version cannot mask goes whole: more than the match says, but
     * such a match cannot have come from the wire. */
    exact = field_is_exact(f, NULL, &mask) || !f->is_maskable;
    put_entry(e, f, value.bytes, exact ? NULL : mask.bytes, f->n_bytes);
}

static void
encode_fields(struct encoder *e, const enum field_id *ids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        encode_field(e, ids[i]);
    }
}

static void
encode_vlan(struct encoder *e)
{
    const struct match *m = e->match;
    uint16_t mask = ntohs(m->wc.masks.vlans[0].tci);
    uint16_t tci = ntohs(m->flow.vlans[0].tci);

    if (!mask) {
        return;
    }
    if (e->version < 3) {
        encode_field(e, FIELD_VLAN_TCI);
        return;
    }
    if (mask & 0x1fff) {
        encode_field(e, FIELD_VLAN_VID);
    }
    if (mask & 0xe000 && tci & 0x1000) {
        encode_field(e, FIELD_VLAN_PCP);
    }
}

static void
encode_l4(struct encoder *e)
{
    const struct flow *flow = &e->match->flow;

    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        encode_field(e, FIELD_TCP_SRC);
        encode_field(e, FIELD_TCP_DST);
        encode_field(e, FIELD_TCP_FLAGS);
        break;
    case IPPROTO_UDP:
        encode_field(e, FIELD_UDP_SRC);
        encode_field(e, FIELD_UDP_DST);
        break;
    case IPPROTO_SCTP:
        encode_field(e, FIELD_SCTP_SRC);
        encode_field(e, FIELD_SCTP_DST);
        break;
    case IPPROTO_ICMP:
        if (flow->dl_type == htons(0x0800)) {
            encode_field(e, FIELD_ICMPV4_TYPE);
            encode_field(e, FIELD_ICMPV4_CODE);
        }
        break;
    case IPPROTO_ICMPV6:
        if (flow->dl_type != htons(0x86dd)) {
            break;
        }
        encode_field(e, FIELD_ICMPV6_TYPE);
        encode_field(e, FIELD_ICMPV6_CODE);
        if (flow->tp_src == htons(135) || flow->tp_src == htons(136)) {
            encode_field(e, FIELD_ND_TARGET);
            encode_field(e, FIELD_ND_RESERVED);
            encode_field(e, FIELD_ND_OPTIONS_TYPE);
            encode_field(e, flow->tp_src == htons(135) ? FIELD_ND_SLL
                         : FIELD_ND_TLL);
        }
        break;
    default:
        break;
    }
}

/* Does the match say anything about a service header?  Most do not. */
static bool
has_nsh(const struct flow *masks)
{
    const struct flow_nsh none = { .flags = 0 };

    return memcmp(&masks->nsh, &none, sizeof none);
}

static void
encode_l3(struct encoder *e)
{
    const struct flow *flow = &e->match->flow;
    be16 dl_type = flow->dl_type;

    if (e->match->wc.masks.packet_type && flow->packet_type >> 16 == 1) {
        dl_type = htons(flow->packet_type & 0xffff);
    }
    if (dl_type == htons(0x0800) || dl_type == htons(0x86dd)) {
        bool v4 = dl_type == htons(0x0800);

        encode_field(e, v4 ? FIELD_IPV4_SRC : FIELD_IPV6_SRC);
        encode_field(e, v4 ? FIELD_IPV4_DST : FIELD_IPV6_DST);
        if (!v4) {
            encode_field(e, FIELD_IPV6_LABEL);
        }
        encode_field(e, e->version >= 3 ? FIELD_IP_DSCP_SHIFTED
                     : FIELD_IP_DSCP);
        encode_fields(e, ip_fields, ARRAY_SIZE(ip_fields));
        encode_l4(e);
    } else if (dl_type == htons(0x0806) || dl_type == htons(0x8035)) {
        for (int id = FIELD_ARP_OP; id <= FIELD_ARP_THA; id++) {
            encode_field(e, id);
        }
    } else if (dl_type) {
        encode_fields(e, mpls_fields, ARRAY_SIZE(mpls_fields));
    }
    if (has_nsh(&e->match->wc.masks)) {
        /* Whatever the type: the switch shall refuse what makes no sense. */
        encode_fields(e, nsh_fields, ARRAY_SIZE(nsh_fields));
    }
}

/* Does the match say anything about the tunnel?  Most do not. */
static bool
has_tunnel(const struct flow *masks)
{
    const struct flow_tunnel *tunnel = &masks->tunnel;
    const uint64_t *words = (const uint64_t *) tunnel;
    uint64_t any = 0;

    _Static_assert(sizeof *tunnel % 8 == 0, "whole words");
    for (size_t i = 0; i < sizeof *tunnel / 8; i++) {
        any |= words[i];
    }
    return any != 0;
}

/* Likewise the connection's original direction? */
static bool
has_tuple(const struct flow *masks)
{
    const uint64_t *src = (const uint64_t *) &masks->ct_ipv6_src;
    const uint64_t *dst = (const uint64_t *) &masks->ct_ipv6_dst;

    return (masks->ct_nw_proto || masks->ct_nw_src || masks->ct_nw_dst
            || masks->ct_tp_src || masks->ct_tp_dst
            || (src[0] | src[1] | dst[0] | dst[1]));
}

static void
encode_regs(struct encoder *e)
{
    const uint32_t *masks = e->match->wc.masks.regs;

    for (int i = 0; i < 16; i++) {
        if (masks[i]) {
            encode_field(e, FIELD_REG0 + i);
        }
    }
    for (int i = 16; i < FLOW_N_REGS; i += 2) {
        if (masks[i] || masks[i + 1]) {
            encode_field(e, FIELD_XREG0 + i / 2);
        }
    }
}

static void
encode_options(struct encoder *e)
{
    const struct match *m = e->match;

    for (uint64_t present = m->wc.masks.tunnel.opts_present; present;
         present &= present - 1) {
        const struct field *f = field_from_id(FIELD_TUN_METADATA0
                                              + __builtin_ctzll(present));
        size_t n = field_n_bytes(f, &m->tlv);
        union field_value value, mask = { .bytes = { 0 } };
        bool exact;
        size_t skip;

        match_get_field(m, f, &value, &mask);
        if (field_is_zero(f, &mask)) {
            /* A mask of no bytes asks for the option, whatever it says. */
            put_entry(e, f, value.bytes, mask.bytes, 0);
            continue;
        }
        exact = field_is_exact(f, &m->tlv, &mask);
        skip = field_leading_zeros(&value, exact ? NULL : &mask, n);
        put_entry(e, f, value.bytes + skip, exact ? NULL : mask.bytes + skip,
                  n - skip);
    }
}

void
oxm_encode(struct buf *out, const struct match *match, uint8_t version,
           be64 cookie, be64 cookie_mask)
{
    struct encoder e = { out, match, version };
    const struct flow *masks = &match->wc.masks;

    if (masks->dp_hash || masks->recirc_id || masks->conj_id) {
        encode_field(&e, FIELD_DP_HASH);
        encode_field(&e, FIELD_RECIRC_ID);
        encode_field(&e, FIELD_CONJ_ID);
    }
    if (masks->packet_type && match->flow.packet_type != PACKET_TYPE_ETH) {
        encode_field(&e, FIELD_PACKET_TYPE);
    }
    encode_field(&e, version >= 3 ? FIELD_IN_PORT_OXM : FIELD_IN_PORT);
    encode_field(&e, FIELD_ACTSET_OUTPUT);
    encode_fields(&e, l2_to_l4, ARRAY_SIZE(l2_to_l4));
    encode_vlan(&e);
    encode_l3(&e);
    if (has_tunnel(masks)) {
        encode_fields(&e, tunnel_fields, ARRAY_SIZE(tunnel_fields));
    }
    encode_fields(&e, state_fields, ARRAY_SIZE(state_fields));
    if (has_tuple(masks)) {
        encode_fields(&e, tuple_fields, ARRAY_SIZE(tuple_fields));
    }
    encode_field(&e, FIELD_METADATA);
    encode_options(&e);
    encode_regs(&e);
    if (cookie_mask) {
        const struct oxm_id id = { 0, NXM_COOKIE_CLASS, NXM_COOKIE_FIELD };
        bool exact = cookie_mask == UINT64_MAX;

        put_header(out, &id, !exact, exact ? 8 : 16);
        buf_put(out, &cookie, 8);
        if (!exact) {
            buf_put(out, &cookie_mask, 8);
        }
    }
}

void
oxm_match_encode(struct buf *out, const struct match *match, uint8_t version)
{
    size_t start = out->size;

    buf_put_u16(out, 1);
    buf_put_u16(out, 0);
    oxm_encode(out, match, version, 0, 0);
    buf_set_u16(out, start + 2, out->size - start);
    buf_pad(out, start, 8);
}

/* OpenFlow 1.0's match. */

enum {
    W_IN_PORT = 1 << 0,
    W_DL_VLAN = 1 << 1,
    W_DL_SRC = 1 << 2,
    W_DL_DST = 1 << 3,
    W_DL_TYPE = 1 << 4,
    W_NW_PROTO = 1 << 5,
    W_TP_SRC = 1 << 6,
    W_TP_DST = 1 << 7,
    W_NW_SRC_SHIFT = 8,          /* Number of low bits that do not count. */
    W_NW_DST_SHIFT = 14,
    W_DL_VLAN_PCP = 1 << 20,
    W_NW_TOS = 1 << 21,
    W_ALL = (1 << 22) - 1
};

static be32
ofp10_nw_mask(uint32_t wildcards, int shift)
{
    unsigned int n = wildcards >> shift & 0x3f;

    return n >= 32 ? 0 : htonl(UINT32_MAX << n);
}

static void
ofp10_decode_vlan(struct match *m, uint32_t w, uint16_t vlan, uint8_t pcp)
{
    if (w & W_DL_VLAN && w & W_DL_VLAN_PCP) {
        return;
    }
    if (!(w & W_DL_VLAN) && vlan == 0xffff) {
        m->wc.masks.vlans[0].tci = UINT16_MAX;
    } else {
        uint16_t mask = 0x1000, tci = 0x1000;

        if (!(w & W_DL_VLAN)) {
            mask |= 0xfff;
            tci |= vlan & 0xfff;
        }
        if (!(w & W_DL_VLAN_PCP)) {
            mask |= 0xe000;
            tci |= (pcp & 7) << 13;
        }
        m->flow.vlans[0].tci = htons(tci);
        m->wc.masks.vlans[0].tci = htons(mask);
    }
}

void
ofp10_match_decode(const uint8_t p[OFP10_MATCH_SIZE], struct match *m)
{
    uint32_t w = ntohl(get_be32(p)) & W_ALL;
    bool is_ip, is_arp, has_tp;

    match_init(m);
    if (!(w & W_IN_PORT)) {
        match_set_in_port(m, ntohs(get_be16(p + 4)));
    }
    if (!(w & W_DL_SRC)) {
        memcpy(&m->flow.dl_src, p + 6, 6);
        memset(&m->wc.masks.dl_src, 0xff, 6);
    }
    if (!(w & W_DL_DST)) {
        memcpy(&m->flow.dl_dst, p + 12, 6);
        memset(&m->wc.masks.dl_dst, 0xff, 6);
    }
    ofp10_decode_vlan(m, w, ntohs(get_be16(p + 18)), p[20]);
    if (w & W_DL_TYPE) {
        return;
    }
    match_set_dl_type(m, ntohs(get_be16(p + 22)));
    is_ip = m->flow.dl_type == htons(0x0800);
    is_arp = (m->flow.dl_type == htons(0x0806)
              || m->flow.dl_type == htons(0x8035));
    if (!is_ip && !is_arp) {
        return;
    }
    if (is_ip && !(w & W_NW_TOS)) {
        m->flow.nw_tos = p[24] & 0xfc;
        m->wc.masks.nw_tos = 0xfc;
    }
    if (!(w & W_NW_PROTO)) {
        match_set_nw_proto(m, p[25]);
    }
    m->wc.masks.nw_src = ofp10_nw_mask(w, W_NW_SRC_SHIFT);
    m->wc.masks.nw_dst = ofp10_nw_mask(w, W_NW_DST_SHIFT);
    m->flow.nw_src = get_be32(p + 28) & m->wc.masks.nw_src;
    m->flow.nw_dst = get_be32(p + 32) & m->wc.masks.nw_dst;
    has_tp = (is_ip && !(w & W_NW_PROTO)
              && (p[25] == IPPROTO_TCP || p[25] == IPPROTO_UDP
                  || p[25] == IPPROTO_SCTP || p[25] == IPPROTO_ICMP));
    if (has_tp) {
        be16 mask = p[25] == IPPROTO_ICMP ? htons(0xff) : UINT16_MAX;

        if (!(w & W_TP_SRC)) {
            m->flow.tp_src = get_be16(p + 36) & mask;
            m->wc.masks.tp_src = mask;
        }
        if (!(w & W_TP_DST)) {
            m->flow.tp_dst = get_be16(p + 38) & mask;
            m->wc.masks.tp_dst = mask;
        }
    }
}

static uint32_t
ofp10_nw_wildcards(be32 mask)
{
    return mask ? __builtin_ctz(ntohl(mask)) : 32;
}

void
ofp10_match_encode(uint8_t p[OFP10_MATCH_SIZE], const struct match *match)
{
    const struct flow *f = &match->flow;
    const struct flow *m = &match->wc.masks;
    uint16_t tci = ntohs(f->vlans[0].tci);
    uint16_t tci_mask = ntohs(m->vlans[0].tci);
    uint32_t w = 0;

    memset(p, 0, OFP10_MATCH_SIZE);
    w |= m->in_port ? 0 : W_IN_PORT;
    put_be16(p + 4, htons(f->in_port));
    w |= m->dl_src.ea[5] ? 0 : W_DL_SRC;
    memcpy(p + 6, &f->dl_src, 6);
    w |= m->dl_dst.ea[5] ? 0 : W_DL_DST;
    memcpy(p + 12, &f->dl_dst, 6);
    if (tci_mask && !(tci & 0x1000)) {
        put_be16(p + 18, htons(0xffff));
        w |= W_DL_VLAN_PCP;
    } else {
        w |= tci_mask & 0xfff ? 0 : W_DL_VLAN;
        w |= tci_mask & 0xe000 ? 0 : W_DL_VLAN_PCP;
        put_be16(p + 18, htons(tci & 0xfff));
        p[20] = tci >> 13;
    }
    w |= m->dl_type ? 0 : W_DL_TYPE;
    put_be16(p + 22, f->dl_type);
    w |= m->nw_tos ? 0 : W_NW_TOS;
    p[24] = f->nw_tos;
    w |= m->nw_proto ? 0 : W_NW_PROTO;
    p[25] = f->nw_proto;
    w |= ofp10_nw_wildcards(m->nw_src) << W_NW_SRC_SHIFT;
    w |= ofp10_nw_wildcards(m->nw_dst) << W_NW_DST_SHIFT;
    put_be32(p + 28, f->nw_src);
    put_be32(p + 32, f->nw_dst);
    w |= m->tp_src ? 0 : W_TP_SRC;
    put_be16(p + 36, f->tp_src);
    w |= m->tp_dst ? 0 : W_TP_DST;
    put_be16(p + 38, f->tp_dst);
    put_be32(p, htonl(w));
}

/* Which protocols can carry a match: OpenFlow 1.0's struct takes a few fields,
 * exact but for prefixes of IPv4 addresses. */
static bool
is_prefix(be32 mask)
{
    uint32_t m = ~ntohl(mask);

    return !(m & (m + 1));
}

static bool
is_all_or_none(const void *p_, size_t n)
{
    const uint8_t *p = p_;

    for (size_t i = 0; i < n; i++) {
        if (p[i] != p[0] || (p[i] && p[i] != 0xff)) {
            return false;
        }
    }
    return true;
}

/* Is 'mask' nothing or all of a port?  ICMP's type and code are the low byte
 * of one. */
static bool
is_none_or_whole_tp(const struct match *match, be16 mask)
{
    be16 all = (match->flow.nw_proto == IPPROTO_ICMP ? htons(0xff)
                : UINT16_MAX);

    return !mask || (mask & all) == all;
}

static bool
fits_ofp10(const struct match *match)
{
    struct match rest = *match;
    struct flow *m = &rest.wc.masks;
    uint16_t tci = ntohs(m->vlans[0].tci);
    bool tagged = match->flow.vlans[0].tci & htons(0x1000);
    bool is_v4 = match->flow.dl_type == htons(0x0800);
    bool is_arp = (match->flow.dl_type == htons(0x0806)
                   || match->flow.dl_type == htons(0x8035));
    if (!is_all_or_none(&m->dl_src, 6) || !is_all_or_none(&m->dl_dst, 6)
        || !is_prefix(m->nw_src) || !is_prefix(m->nw_dst)
        || (tci && (tagged ? !(tci & 0x1000) || !(tci & ~0x1000)
                             || ((tci & 0xfff) && (tci & 0xfff) != 0xfff)
                             || ((tci & 0xe000) && (tci & 0xe000) != 0xe000)
                    : tci != 0xffff && tci != 0x1fff))
        || (m->nw_tos && m->nw_tos != 0xfc)
        || ((m->tp_src || m->tp_dst)
            && (!is_v4 || match->flow.nw_proto == IPPROTO_SCTP
                || !is_none_or_whole_tp(match, m->tp_src)
                || !is_none_or_whole_tp(match, m->tp_dst)))
        || (m->nw_proto && !is_v4 && !is_arp)) {
        return false;
    }
    m->in_port = 0;
    memset(&m->dl_src, 0, 6);
    memset(&m->dl_dst, 0, 6);
    m->vlans[0].tci = 0;
    m->dl_type = 0;
    m->nw_tos = 0;
    m->nw_proto = 0;
    m->nw_src = m->nw_dst = 0;
    m->tp_src = m->tp_dst = 0;
    if (match->flow.packet_type == PACKET_TYPE_ETH) {
        m->packet_type = 0;
    }
    return match_is_catch_all(&rest);
}

uint32_t
match_usable_protocols(const struct match *match)
{
    const struct flow *m = &match->wc.masks;

    /* What no protocol has a header for. */
    if (m->skb_priority || m->tunnel.ttl || m->tunnel.tos) {
        return 0;
    }
    return fits_ofp10(match) ? OFP_PROTO_ANY : OFP_PROTO_NXM_OXM_ANY;
}

/* Text of entries: NAME(VALUE) or NAME_W(VALUE/MASK), in hex. */

static void
format_entry(struct reader *r, struct str *s)
{
    uint32_t header = r->left >= 4 ? ntohl(get_be32(r->p)) : 0;
    const struct field *f;
    bool has_mask;
    size_t n;
    enum ofperr error = oxm_header_decode(r, &f, &has_mask, &n);
    const uint8_t *p;

    if (error && error != OFPBMC_BAD_FIELD) {
        str_printf(s, "<error: %s>", ofperr_name(error));
        r->left = 0;
        return;
    }
    p = reader_pull(r, n);
    if (!p) {
        str_put(s, "<error: OFPBMC_BAD_LEN>");
        r->left = 0;
        return;
    }
    if (error) {
        str_printf(s, "%u:%u", header >> 16, header >> 9 & 0x7f);
    } else {
        struct oxm_id id = { 0, header >> 16, header >> 9 & 0x7f };
        bool is_oxm = (f->oxm_name && f->oxm.class_ == id.class_
                       && f->oxm.field == id.field);

        str_put(s, is_oxm || !f->nxm_name ? f->oxm_name : f->nxm_name);
    }
    str_put(s, has_mask ? "_W(" : "(");
    str_put_hex(s, p, has_mask ? n / 2 : n);
    if (has_mask) {
        str_put_char(s, '/');
        str_put_hex(s, p + n / 2, n - n / 2);
    }
    str_put_char(s, ')');
}

void
oxm_format(const void *wire, size_t size, struct str *s)
{
    struct reader r = reader_from(wire, size);

    if (!size) {
        str_put(s, "<any>");
    }
    while (r.left) {
        format_entry(&r, s);
        if (r.left) {
            str_put(s, ", ");
        }
    }
}

/* Reads hex digits, blanks between them ignored, up to 'end'. */
static const char *
parse_hex(const char *s, struct buf *out, size_t *n)
{
    *n = 0;
    for (;;) {
        while (*s == ' ') {
            s++;
        }
        if (text_hex_digit(s[0]) < 0 || text_hex_digit(s[1]) < 0) {
            return s;
        }
        buf_put_u8(out, text_hex_digit(s[0]) << 4 | text_hex_digit(s[1]));
        s += 2;
        ++*n;
    }
}

/* The bytes that the value of 'f' has as 'id', or 0 if that may differ. */
static size_t
value_size(const struct field *f, const struct oxm_id *id)
{
    return f->is_variable || id->class_ == 0xffff ? 0 : f->n_bytes;
}

static struct error *
parse_entry(const char **sp, struct buf *out)
{
    const char *s = *sp;
    size_t length = strcspn(s, "(");
    bool has_mask = length > 2 && !strncmp(s + length - 2, "_W", 2);
    const struct field *f;
    size_t n, n_wanted, n_mask = 0;
    struct buf value;
    bool oxm;

    f = field_from_any_name(s, has_mask ? length - 2 : length);
    if (!f || !field_oxm_id(f, 6)) {
        return error_create(EINVAL, "unknown field `%.*s'", (int) length, s);
    }
    oxm = f->oxm_name && !strncasecmp(s, f->oxm_name, strlen(f->oxm_name));
    if (s[length] != '(') {
        return error_create(EINVAL, "%s: missing ( at end of nx_match", s);
    }
    buf_init(&value);
    s = parse_hex(s + length + 1, &value, &n);
    if (has_mask && *s == '/') {
        s = parse_hex(s + 1, &value, &n_mask);
    }
    if (*s != ')' || (has_mask && n != n_mask) || value.size > 255) {
        buf_uninit(&value);
        return error_create(EINVAL, "%s: bad value", *sp);
    }
    n_wanted = value_size(f, oxm ? &f->oxm : &f->nxm);
    if (n_wanted && n != n_wanted) {
        buf_uninit(&value);
        return error_create(EINVAL, "expected to read %zu bytes but got %zu",
                            n_wanted, n);
    }
    put_header(out, oxm ? &f->oxm : &f->nxm, has_mask, value.size);
    buf_put(out, value.data, value.size);
    buf_uninit(&value);
    *sp = s + 1;
    return NULL;
}

struct error *
oxm_parse(const char *text, struct buf *out)
{
    const char *s = text;

    if (!strcmp(s, "<any>")) {
        return NULL;
    }
    for (s += strspn(s, ", "); *s; s += strspn(s, ", ")) {
        struct error *error = parse_entry(&s, out);

        if (error) {
            return error;
        }
    }
    return NULL;
}
