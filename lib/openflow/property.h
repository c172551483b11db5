/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PROPERTY_H
#define OPENFLOW_PROPERTY_H

/* Properties: a type, a length that counts these four bytes, a body, and
 * padding to a multiple of eight bytes. */

#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"

/* Begins one and returns where; ends it there. */
static inline size_t
property_start(struct buf *b, uint16_t type)
{
    size_t ofs = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    return ofs;
}

static inline void
property_finish(struct buf *b, size_t ofs)
{
    buf_set_u16(b, ofs + 2, b->size - ofs);
    buf_pad(b, ofs, 8);
}

static inline void
property_put(struct buf *b, uint16_t type, const void *p, size_t n)
{
    size_t ofs = property_start(b, type);

    buf_put(b, p, n);
    property_finish(b, ofs);
}

static inline void
property_put_u8(struct buf *b, uint16_t type, uint8_t x)
{
    property_put(b, type, &x, 1);
}

static inline void
property_put_u32(struct buf *b, uint16_t type, uint32_t x)
{
    be32 be = htonl(x);

    property_put(b, type, &be, sizeof be);
}

static inline void
property_put_u64(struct buf *b, uint16_t type, uint64_t x)
{
    size_t ofs = property_start(b, type);

    buf_put_zeros(b, 4);
    buf_put_u64(b, x);
    property_finish(b, ofs);
}

/* Takes a property off 'r'; its body is '*body'. */
static inline enum ofperr
property_pull(struct reader *r, uint16_t *type, struct reader *body)
{
    uint16_t length;

    *type = reader_u16(r);
    length = reader_u16(r);
    if (r->is_bad || length < 4) {
        return OFPBPC_BAD_LEN;
    }
    *body = reader_sub(r, length - 4);
    reader_skip(r, MIN(r->left, ROUND_UP(length, 8) - length));
    return body->is_bad ? OFPBPC_BAD_LEN : 0;
}

#endif /* openflow/property.h */
