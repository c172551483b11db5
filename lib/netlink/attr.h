/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NETLINK_ATTR_H
#define NETLINK_ATTR_H

/* Netlink attributes in plain memory: a builder, and a checked walk.
 *
 * libnl's functions want whole messages; datapath actions are attributes
 * without a message, and are built for every upcall. */

#include <linux/netlink.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/compiler.h"

/* A growing sequence of attributes.  'data' may begin in the caller's
 * storage ('is_static'), and moves to the heap if it outgrows it. */
struct nlbuf {
    uint8_t *data;
    size_t size;
    size_t allocated;
    bool is_static;
};

#define NLBUF_EMPTY { NULL, 0, 0, false }

/* Starts in 'room' bytes at 'storage'. */
static inline void
nlbuf_use(struct nlbuf *b, void *storage, size_t room)
{
    *b = (struct nlbuf) { storage, 0, room, true };
}

void nlbuf_uninit(struct nlbuf *);
void nlbuf_grow_(struct nlbuf *, size_t n);

/* Appends 'n' bytes, uninitialized, and the zero padding behind them. */
static inline void *
nlbuf_put_raw(struct nlbuf *b, size_t n)
{
    size_t padded = NLA_ALIGN(n);
    uint8_t *p;

    if (UNLIKELY(b->allocated - b->size < padded)) {
        nlbuf_grow_(b, padded);
    }
    p = b->data + b->size;
    memset(p + n, 0, padded - n);
    b->size += padded;
    return p;
}

/* Appends an attribute with 'n' bytes of uninitialized payload, which it
 * returns. */
static inline void *
nlbuf_put_unspec_uninit(struct nlbuf *b, uint16_t type, size_t n)
{
    struct nlattr *a = nlbuf_put_raw(b, NLA_HDRLEN + n);

    a->nla_len = NLA_HDRLEN + n;
    a->nla_type = type;
    return a + 1;
}

static inline void
nlbuf_put(struct nlbuf *b, uint16_t type, const void *payload, size_t n)
{
    void *p = nlbuf_put_unspec_uninit(b, type, n);

    if (n) {
        memcpy(p, payload, n);
    }
}

static inline void
nlbuf_put_flag(struct nlbuf *b, uint16_t type)
{
    nlbuf_put_unspec_uninit(b, type, 0);
}

static inline void
nlbuf_put_u8(struct nlbuf *b, uint16_t type, uint8_t x)
{
    nlbuf_put(b, type, &x, sizeof x);
}

/* Also for be16, and so on: bytes as they are. */
static inline void
nlbuf_put_u16(struct nlbuf *b, uint16_t type, uint16_t x)
{
    nlbuf_put(b, type, &x, sizeof x);
}

static inline void
nlbuf_put_u32(struct nlbuf *b, uint16_t type, uint32_t x)
{
    nlbuf_put(b, type, &x, sizeof x);
}

static inline void
nlbuf_put_u64(struct nlbuf *b, uint16_t type, uint64_t x)
{
    nlbuf_put(b, type, &x, sizeof x);
}

/* Begins a nested attribute; give what it returns to nlbuf_end_nested(). */
static inline size_t
nlbuf_begin_nested(struct nlbuf *b, uint16_t type)
{
    size_t ofs = b->size;

    nlbuf_put_unspec_uninit(b, type, 0);
    return ofs;
}

static inline void
nlbuf_end_nested(struct nlbuf *b, size_t ofs)
{
    struct nlattr *a = (void *) (b->data + ofs);

    a->nla_len = b->size - ofs;
}

static inline uint16_t
nlattr_type(const struct nlattr *a)
{
    return a->nla_type & NLA_TYPE_MASK;
}

static inline const void *
nlattr_payload(const struct nlattr *a)
{
    return a + 1;
}

static inline size_t
nlattr_size(const struct nlattr *a)
{
    return a->nla_len - NLA_HDRLEN;
}

static inline uint8_t
nlattr_u8(const struct nlattr *a)
{
    return *(const uint8_t *) nlattr_payload(a);
}

static inline uint16_t
nlattr_u16(const struct nlattr *a)
{
    uint16_t x;

    memcpy(&x, nlattr_payload(a), sizeof x);
    return x;
}

static inline uint32_t
nlattr_u32(const struct nlattr *a)
{
    uint32_t x;

    memcpy(&x, nlattr_payload(a), sizeof x);
    return x;
}

static inline uint64_t
nlattr_u64(const struct nlattr *a)
{
    uint64_t x;

    memcpy(&x, nlattr_payload(a), sizeof x);
    return x;
}

/* Whether the 'left' bytes at 'a' begin with a whole attribute. */
static inline bool
nlattr_ok(const struct nlattr *a, size_t left)
{
    return (left >= sizeof *a && a->nla_len >= sizeof *a
            && a->nla_len <= left);
}

/* Iterates over the attributes in the SIZE bytes at DATA, while they are
 * whole; LEFT, a size_t of the caller's, is 0 afterwards if all were. */
#define NLATTR_FOR_EACH(A, LEFT, DATA, SIZE) \
    for ((A) = (const void *) (DATA), (LEFT) = (SIZE); \
         nlattr_ok(A, LEFT); \
         (LEFT) -= MIN(NLA_ALIGN((A)->nla_len), (LEFT)), \
         (A) = (const void *) ((const uint8_t *) (A) \
                               + NLA_ALIGN((A)->nla_len)))

#define NLATTR_FOR_EACH_NESTED(A, LEFT, NEST) \
    NLATTR_FOR_EACH(A, LEFT, nlattr_payload(NEST), nlattr_size(NEST))

/* The attribute of 'type' in the 'size' bytes at 'data', or NULL. */
const struct nlattr *nlattr_find(const void *data, size_t size, uint16_t type);

static inline const struct nlattr *
nlattr_find_nested(const struct nlattr *nest, uint16_t type)
{
    return nlattr_find(nlattr_payload(nest), nlattr_size(nest), type);
}

#endif /* netlink/attr.h */
