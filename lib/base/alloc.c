/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static NO_RETURN void
out_of_memory(size_t size)
{
    abort_msg("out of memory (%zu bytes wanted)", size);
}

void *
xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (UNLIKELY(!p)) {
        out_of_memory(size);
    }
    return p;
}

void *
xzalloc(size_t size)
{
    return xcalloc(1, size);
}

void *
xcalloc(size_t n, size_t size)
{
    void *p = n && size ? calloc(n, size) : malloc(1);

    if (UNLIKELY(!p)) {
        out_of_memory(n * size);
    }
    return p;
}

void *
xrealloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    if (UNLIKELY(!p)) {
        out_of_memory(size);
    }
    return p;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
    size_t total;

    if (UNLIKELY(__builtin_mul_overflow(n, size, &total))) {
        out_of_memory(SIZE_MAX);
    }
    return xrealloc(p, total);
}

void *
xmalloc_cacheline(size_t size)
{
    void *p;

    if (UNLIKELY(posix_memalign(&p, CACHE_LINE_SIZE,
                                ROUND_UP(size ? size : 1, CACHE_LINE_SIZE)))) {
        out_of_memory(size);
    }
    return p;
}

void *
xzalloc_cacheline(size_t size)
{
    return memset(xmalloc_cacheline(size), 0, size);
}

void *
xmemdup(const void *p, size_t size)
{
    void *copy = xmalloc(size);

    if (size) {
        memcpy(copy, p, size);
    }
    return copy;
}

char *
xstrdup(const char *s)
{
    return xmemdup0(s, strlen(s));
}

char *
xstrdup_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

char *
xmemdup0(const char *s, size_t length)
{
    char *copy = xmalloc(length + 1);

    if (length) {
        memcpy(copy, s, length);
    }
    copy[length] = '\0';
    return copy;
}

char *
xasprintf(const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = xvasprintf(format, args);
    va_end(args);
    return s;
}

char *
xvasprintf(const char *format, va_list args)
{
    char *s;

    if (vasprintf(&s, format, args) < 0) {
        out_of_memory(0);
    }
    return s;
}

void
abort_msg(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}
