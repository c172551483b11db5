/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_BUF_H
#define OPENFLOW_BUF_H

/* Growing byte buffer: a message being built, or a list of actions.
 *
 * What is put in may move as the buffer grows: keep offsets, not pointers.
 * 'data' is aligned as malloc() aligns. */

#include "lib/base/byteorder.h"
#include "lib/base/compiler.h"
#include "lib/base/list.h"

struct buf {
    struct list node;            /* For the owner's queue; not touched here. */
    uint8_t *data;
    size_t size;
    size_t allocated;
    bool is_borrowed;            /* 'data' is the caller's until it grows. */
};

#define BUF_EMPTY { .data = NULL }

void buf_init(struct buf *);

/* Starts on 'size' bytes of the caller's (usually a local array), which are
 * left for the heap when they are full. */
void buf_init_stack(struct buf *, void *storage, size_t size);
void buf_uninit(struct buf *);

/* A buffer on the heap, with room for 'size' bytes. */
struct buf *buf_create(size_t size) MUST_USE;
struct buf *buf_clone_bytes(const void *, size_t size) MUST_USE;
void buf_destroy(struct buf *);

void buf_clear(struct buf *);
void buf_reserve_(struct buf *, size_t size);

/* Makes room for 'size' bytes more. */
static inline void
buf_reserve(struct buf *b, size_t size)
{
    if (UNLIKELY(b->allocated - b->size < size)) {
        buf_reserve_(b, size);
    }
}

/* Appends 'size' bytes and returns where they are, until the next append. */
static inline void *
buf_put_raw(struct buf *b, size_t size)
{
    void *p;

    buf_reserve(b, size);
    p = b->data + b->size;
    b->size += size;
    return p;
}

static inline void *
buf_put_zeros(struct buf *b, size_t size)
{
    return memset(buf_put_raw(b, size), 0, size);
}

static inline void *
buf_put(struct buf *b, const void *p, size_t size)
{
    void *dst = buf_put_raw(b, size);

    if (size) {
        memcpy(dst, p, size);
    }
    return dst;
}

static inline void
buf_put_u8(struct buf *b, uint8_t x)
{
    *(uint8_t *) buf_put_raw(b, 1) = x;
}

/* Append a host-order number in network order. */
static inline void
buf_put_u16(struct buf *b, uint16_t x)
{
    put_be16(buf_put_raw(b, 2), htons(x));
}

static inline void
buf_put_u32(struct buf *b, uint32_t x)
{
    put_be32(buf_put_raw(b, 4), htonl(x));
}

static inline void
buf_put_u64(struct buf *b, uint64_t x)
{
    put_be64(buf_put_raw(b, 8), htonll(x));
}

/* Appends zeros until the bytes since 'start' are a multiple of 'align'. */
static inline void
buf_pad(struct buf *b, size_t start, size_t align)
{
    size_t odd = (b->size - start) % align;

    if (odd) {
        buf_put_zeros(b, align - odd);
    }
}

/* Pointer to offset 'ofs', until the next append. */
static inline void *
buf_at(const struct buf *b, size_t ofs)
{
    return b->data + ofs;
}

/* Overwrites the number at 'ofs'. */
static inline void
buf_set_u16(struct buf *b, size_t ofs, uint16_t x)
{
    put_be16(b->data + ofs, htons(x));
}

static inline void
buf_set_u32(struct buf *b, size_t ofs, uint32_t x)
{
    put_be32(b->data + ofs, htonl(x));
}

/* A bounded walk over bytes that came from outside.  A read beyond the end
 * sets 'is_bad' and gives zero, so that a decoder may read a whole struct and
 * look once. */
struct reader {
    const uint8_t *p;
    size_t left;
    bool is_bad;
};

static inline struct reader
reader_from(const void *p, size_t size)
{
    return (struct reader) { p, size, false };
}

/* Takes 'size' bytes, or returns NULL. */
static inline const void *
reader_pull(struct reader *r, size_t size)
{
    const uint8_t *p = r->p;

    if (UNLIKELY(size > r->left)) {
        r->is_bad = true;
        return NULL;
    }
    r->p += size;
    r->left -= size;
    return p;
}

static inline void
reader_skip(struct reader *r, size_t size)
{
    reader_pull(r, size);
}

static inline uint8_t
reader_u8(struct reader *r)
{
    const uint8_t *p = reader_pull(r, 1);

    return p ? *p : 0;
}

static inline uint16_t
reader_u16(struct reader *r)
{
    const void *p = reader_pull(r, 2);

    return p ? ntohs(get_be16(p)) : 0;
}

static inline uint32_t
reader_u32(struct reader *r)
{
    const void *p = reader_pull(r, 4);

    return p ? ntohl(get_be32(p)) : 0;
}

static inline uint64_t
reader_u64(struct reader *r)
{
    const void *p = reader_pull(r, 8);

    return p ? ntohll(get_be64(p)) : 0;
}

/* A reader of the next 'size' bytes; they are taken from 'r'. */
static inline struct reader
reader_sub(struct reader *r, size_t size)
{
    const void *p = reader_pull(r, size);

    return (struct reader) { p, p ? size : 0, !p };
}

#endif /* openflow/buf.h */
