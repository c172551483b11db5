/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

/* Allocation that never returns NULL: when memory is gone the process aborts
 * with a message.  A size that comes from outside is bounded by its caller
 * first.  What these return is freed with free(). */

#include <stdarg.h>
#include <stddef.h>

#include "lib/base/compiler.h"

void *xmalloc(size_t size) __attribute__((__malloc__, __returns_nonnull__));
void *xzalloc(size_t size) __attribute__((__malloc__, __returns_nonnull__));

/* 'n' zeroed elements of 'size' bytes each.  Aborts if the product overflows. */
void *xcalloc(size_t n, size_t size)
    __attribute__((__malloc__, __returns_nonnull__));

void *xrealloc(void *p, size_t size);

/* Like xrealloc() for 'n' elements of 'size' bytes; aborts on overflow. */
void *xreallocarray(void *p, size_t n, size_t size);

/* Returns 'size' bytes that start on a cache line, for free(). */
void *xmalloc_cacheline(size_t size);
void *xzalloc_cacheline(size_t size);

void *xmemdup(const void *p, size_t size);
char *xstrdup(const char *s);

/* Like xstrdup(), but NULL for NULL. */
char *xstrdup_null(const char *s);

/* A null-terminated copy of the 'length' bytes at 's'. */
char *xmemdup0(const char *s, size_t length);

char *xasprintf(const char *format, ...) PRINTF_FORMAT(1, 2) MUST_USE;
char *xvasprintf(const char *format, va_list) PRINTF_FORMAT(1, 0) MUST_USE;

/* Ends the process with 'format' on stderr, for a broken invariant. */
void abort_msg(const char *format, ...) PRINTF_FORMAT(1, 2) NO_RETURN;

#endif /* base/alloc.h */
