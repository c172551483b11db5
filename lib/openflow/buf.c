/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/buf.h"

#include <stdlib.h>

#include "lib/base/alloc.h"

void
buf_init(struct buf *b)
{
    *b = (struct buf) BUF_EMPTY;
    list_init(&b->node);
}

void
buf_init_stack(struct buf *b, void *storage, size_t size)
{
    buf_init(b);
    b->data = storage;
    b->allocated = size;
    b->is_borrowed = true;
}

void
buf_uninit(struct buf *b)
{
    if (!b->is_borrowed) {
        free(b->data);
    }
    buf_init(b);
}

struct buf *
buf_create(size_t size)
{
    struct buf *b = xmalloc(sizeof *b);

    buf_init(b);
    if (size) {
        b->data = xmalloc(size);
        b->allocated = size;
    }
    return b;
}

struct buf *
buf_clone_bytes(const void *p, size_t size)
{
    struct buf *b = buf_create(size);

    buf_put(b, p, size);
    return b;
}

void
buf_destroy(struct buf *b)
{
    if (b) {
        buf_uninit(b);
        free(b);
    }
}

void
buf_clear(struct buf *b)
{
    b->size = 0;
}

void
buf_reserve_(struct buf *b, size_t size)
{
    size_t want = MAX(b->size + size, MAX(64, 2 * b->allocated));

    if (b->is_borrowed) {
        uint8_t *p = xmalloc(want);

        memcpy(p, b->data, b->size);
        b->data = p;
        b->is_borrowed = false;
    } else {
        b->data = xrealloc(b->data, want);
    }
    b->allocated = want;
}
