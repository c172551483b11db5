/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/rcbuf.h"

#include <stdlib.h>

#include "lib/base/alloc.h"

struct rcbuf *
rcbuf_copy(const void *data, size_t size)
{
    return rcbuf_take(xmemdup(data, size), size);
}

struct rcbuf *
rcbuf_take(void *data, size_t size)
{
    struct rcbuf *buf = xmalloc(sizeof *buf);

    *buf = (struct rcbuf) { .data = data, .size = size, .n_refs = 1 };
    return buf;
}

struct rcbuf *
rcbuf_steal_str(struct str *s)
{
    size_t size = s->length;

    return rcbuf_take(str_steal(s), size);
}

void
rcbuf_unref(struct rcbuf *buf)
{
    if (buf
        && __atomic_fetch_sub(&buf->n_refs, 1, __ATOMIC_ACQ_REL) == 1) {
        free(buf->data);
        free(buf);
    }
}
