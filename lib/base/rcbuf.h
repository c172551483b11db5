/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RCBUF_H
#define BASE_RCBUF_H

/* Bytes that several holders share: made once, sent to many peers.  The bytes
 * do not change once a second holder has a reference.
 * Threads: any; the count is atomic. */

#include "lib/base/compiler.h"
#include "lib/base/str.h"

struct rcbuf {
    char *data;
    size_t size;
    unsigned int n_refs;
};

/* Each returns a new buffer with one reference, the caller's: a copy of
 * 'size' bytes at 'data'; the bytes at 'data', which malloc() made and
 * rcbuf_unref() will free; the contents of 's', which becomes empty. */
struct rcbuf *rcbuf_copy(const void *data, size_t size) MUST_USE;
struct rcbuf *rcbuf_take(void *data, size_t size) MUST_USE;
struct rcbuf *rcbuf_steal_str(struct str *s) MUST_USE;

static inline struct rcbuf *
rcbuf_ref(struct rcbuf *buf)
{
    __atomic_fetch_add(&buf->n_refs, 1, __ATOMIC_RELAXED);
    return buf;
}

/* NULL is fine. */
void rcbuf_unref(struct rcbuf *);

#endif /* base/rcbuf.h */
