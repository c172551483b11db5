/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/netlink/attr.h"

#include <stdlib.h>

void
nlbuf_uninit(struct nlbuf *b)
{
    if (!b->is_static) {
        free(b->data);
    }
    *b = (struct nlbuf) NLBUF_EMPTY;
}

void
nlbuf_grow_(struct nlbuf *b, size_t n)
{
    size_t allocated = MAX(256, 2 * (b->size + n));

    if (b->is_static) {
        uint8_t *data = xmalloc(allocated);

        if (b->size) {
            memcpy(data, b->data, b->size);
        }
        b->data = data;
        b->is_static = false;
    } else {
        b->data = xrealloc(b->data, allocated);
    }
    b->allocated = allocated;
}

const struct nlattr *
nlattr_find(const void *data, size_t size, uint16_t type)
{
    const struct nlattr *a;
    size_t left;

    NLATTR_FOR_EACH (a, left, data, size) {
        if (nlattr_type(a) == type) {
            return a;
        }
    }
    return NULL;
}
