/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ct_msg.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/openflow/property.h"

static struct buf *
new_msg(enum ofmsg_type type, uint8_t version)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, ofmsg_alloc_xid());
    return b;
}

struct buf *
ct_flush_zone_encode(uint16_t zone, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_CT_FLUSH_ZONE, version);

    buf_put_zeros(b, 6);
    buf_put_u16(b, zone);
    ofmsg_finish(b, 0);
    return b;
}

static bool
pull_zeros(struct reader *r, unsigned int n)
{
    bool zeros = true;

    for (unsigned int i = 0; i < n; i++) {
        zeros &= !reader_u8(r);
    }
    return zeros;
}

enum ofperr
ct_flush_zone_decode(const struct ofmsg *msg, uint16_t *ret)
{
    struct reader r = ofmsg_reader(msg);

    if (!pull_zeros(&r, 6)) {
        return NXBRC_MUST_BE_ZERO;
    }
    *ret = reader_u16(&r);
    return 0;
}

/* Properties of NXT_CT_FLUSH. */
enum {
    FLUSH_ORIG,
    FLUSH_REPLY,
    FLUSH_ZONE,
    FLUSH_MARK,
    FLUSH_MARK_MASK,
    FLUSH_LABELS,
    FLUSH_LABELS_MASK,
};

/* Those of a tuple. */
enum {
    TUPLE_SRC,
    TUPLE_DST,
    TUPLE_SRC_PORT,
    TUPLE_DST_PORT,
    TUPLE_ICMP_ID,
    TUPLE_ICMP_TYPE,
    TUPLE_ICMP_CODE,
    TUPLE_N
};

static bool
is_icmp(uint8_t proto)
{
    return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

/* Small numbers have padding that counts. */
static void
put_small(struct buf *b, uint16_t type, const void *p, size_t size)
{
    uint8_t body[4] = { 0 };

    memcpy(body, p, size);
    property_put(b, type, body, sizeof body);
}

static void
put_tuple(struct buf *b, uint16_t type, const struct ct_tuple *t,
          uint8_t proto)
{
    size_t ofs = property_start(b, type);

    buf_put_zeros(b, 4);
    if (!in6_addr_is_zero(&t->src)) {
        property_put(b, TUPLE_SRC, &t->src, sizeof t->src);
    }
    if (!in6_addr_is_zero(&t->dst)) {
        property_put(b, TUPLE_DST, &t->dst, sizeof t->dst);
    }
    if (is_icmp(proto)) {
        put_small(b, TUPLE_ICMP_ID, &t->tp_src, sizeof t->tp_src);
        put_small(b, TUPLE_ICMP_TYPE, &t->icmp_type, 1);
        put_small(b, TUPLE_ICMP_CODE, &t->icmp_code, 1);
    } else {
        if (t->tp_src) {
            put_small(b, TUPLE_SRC_PORT, &t->tp_src, sizeof t->tp_src);
        }
        if (t->tp_dst) {
            put_small(b, TUPLE_DST_PORT, &t->tp_dst, sizeof t->tp_dst);
        }
    }
    property_finish(b, ofs);
}

struct buf *
ct_flush_encode(const struct ct_flush *f, uint8_t version)
{
    struct buf *b = new_msg(OFMSG_CT_FLUSH, version);
    uint8_t proto = f->orig.nw_proto ? f->orig.nw_proto : f->reply.nw_proto;

    buf_put_u8(b, proto);
    buf_put_zeros(b, 7);
    if (f->has_orig) {
        put_tuple(b, FLUSH_ORIG, &f->orig, proto);
    }
    if (f->has_reply) {
        put_tuple(b, FLUSH_REPLY, &f->reply, proto);
    }
    if (f->zone >= 0) {
        be16 zone = htons(f->zone);

        put_small(b, FLUSH_ZONE, &zone, sizeof zone);
    }
    if (f->mark_mask) {
        property_put_u32(b, FLUSH_MARK, f->mark);
        property_put_u32(b, FLUSH_MARK_MASK, f->mark_mask);
    }
    if (f->label_mask.be64[0] || f->label_mask.be64[1]) {
        property_put(b, FLUSH_LABELS, &f->label, sizeof f->label);
        property_put(b, FLUSH_LABELS_MASK, &f->label_mask,
                     sizeof f->label_mask);
    }
    ofmsg_finish(b, 0);
    return b;
}

/* Sizes of a tuple's properties, and where they go. */
static const struct {
    size_t size, offset;
} tuple_members[TUPLE_N] = {
    [TUPLE_SRC] = { 16, offsetof(struct ct_tuple, src) },
    [TUPLE_DST] = { 16, offsetof(struct ct_tuple, dst) },
    [TUPLE_SRC_PORT] = { 2, offsetof(struct ct_tuple, tp_src) },
    [TUPLE_DST_PORT] = { 2, offsetof(struct ct_tuple, tp_dst) },
    [TUPLE_ICMP_ID] = { 2, offsetof(struct ct_tuple, tp_src) },
    [TUPLE_ICMP_TYPE] = { 1, offsetof(struct ct_tuple, icmp_type) },
    [TUPLE_ICMP_CODE] = { 1, offsetof(struct ct_tuple, icmp_code) },
};

/* Reads the 'size' bytes that the body has to be, padding of small ones
 * aside. */
static enum ofperr
read_bytes(const struct reader *body, void *dst, size_t size)
{
    if (body->left != size && !(size < 4 && body->left == 4)) {
        return OFPBPC_BAD_LEN;
    }
    memcpy(dst, body->p, size);
    return 0;
}

static enum ofperr
read_tuple(struct reader *r, uint8_t proto, struct ct_tuple *t)
{
    *t = (struct ct_tuple) { .nw_proto = proto };
    reader_skip(r, 4);
    while (r->left && !r->is_bad) {
        struct reader body;
        uint16_t type;
        enum ofperr error = property_pull(r, &type, &body);

        if (error) {
            return error;
        }
        if (type >= TUPLE_N) {
            return OFPBPC_BAD_TYPE;
        }
        error = read_bytes(&body, (uint8_t *) t + tuple_members[type].offset,
                           tuple_members[type].size);
        if (error) {
            return error;
        }
    }
    return r->is_bad ? OFPBPC_BAD_LEN : 0;
}

static enum ofperr
read_u32(const struct reader *body, uint32_t *dst)
{
    be32 x = 0;
    enum ofperr error = read_bytes(body, &x, sizeof x);

    *dst = ntohl(x);
    return error;
}

static enum ofperr
read_property(uint16_t type, struct reader *body, uint8_t proto,
              struct ct_flush *f)
{
    be16 zone = 0;
    enum ofperr error;

    switch (type) {
    case FLUSH_ORIG:
        f->has_orig = true;
        return read_tuple(body, proto, &f->orig);
    case FLUSH_REPLY:
        f->has_reply = true;
        return read_tuple(body, proto, &f->reply);
    case FLUSH_ZONE:
        error = read_bytes(body, &zone, sizeof zone);
        f->zone = ntohs(zone);
        return error;
    case FLUSH_MARK:
        f->mark_mask = f->mark_mask ? f->mark_mask : UINT32_MAX;
        return read_u32(body, &f->mark);
    case FLUSH_MARK_MASK:
        return read_u32(body, &f->mark_mask);
    case FLUSH_LABELS:
        if (!f->label_mask.be64[0] && !f->label_mask.be64[1]) {
            memset(&f->label_mask, 0xff, sizeof f->label_mask);
        }
        return read_bytes(body, &f->label, sizeof f->label);
    case FLUSH_LABELS_MASK:
        return read_bytes(body, &f->label_mask, sizeof f->label_mask);
    }
    return OFPBPC_BAD_TYPE;
}

enum ofperr
ct_flush_decode(const struct ofmsg *msg, struct ct_flush *f)
{
    struct reader r = ofmsg_reader(msg);
    uint8_t proto = reader_u8(&r);

    *f = (struct ct_flush) CT_FLUSH_ALL;
    if (!pull_zeros(&r, 7)) {
        return NXBRC_MUST_BE_ZERO;
    }
    while (r.left) {
        struct reader body;
        uint16_t type;
        enum ofperr error = property_pull(&r, &type, &body);

        error = error ? error : read_property(type, &body, proto, f);
        if (error) {
            return error;
        }
    }
    if (proto && !f->has_orig && !f->has_reply) {
        /* The protocol alone. */
        f->has_orig = true;
        f->orig.nw_proto = proto;
    }
    return 0;
}
