/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

/* Text that belongs to somebody else and is not null-terminated. */

#include <string.h>

#include "lib/base/compiler.h"

struct span {
    const char *data;       /* NULL for "not there". */
    size_t size;
};

#define SPAN_NULL ((struct span) { NULL, 0 })

/* The span of a string literal. */
#define SPAN_LITERAL(S) ((struct span) { (S), sizeof(S) - 1 })

static inline struct span
span_of(const char *s)
{
    return (struct span) { s, strlen(s) };
}

static inline bool
span_equals(struct span a, struct span b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

static inline bool
span_equals_string(struct span span, const char *s)
{
    return span_equals(span, span_of(s));
}

#endif /* base/span.h */
