/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

/* From here on strings grow by a quarter, before that by their own length. */
#define LARGE_BYTES (1u << 20)

void
str_init(struct str *s)
{
    *s = (struct str) STR_EMPTY;
}

void
str_uninit(struct str *s)
{
    free(s->string);
    str_init(s);
}

void
str_clear(struct str *s)
{
    str_truncate(s, 0);
}

void
str_reserve(struct str *s, size_t min_length)
{
    if (min_length > s->allocated || !s->string) {
        /* Large ones grow more slowly: moving them costs little (mremap), and
         * twice a whole database's text would be wasted. */
        size_t more = s->allocated < LARGE_BYTES ? s->allocated
                      : s->allocated / 4;

        s->allocated = MAX(min_length, MAX(31, s->allocated + more));
        s->string = xrealloc(s->string, s->allocated + 1);
        s->string[s->length] = '\0';
    }
}

void
str_truncate(struct str *s, size_t length)
{
    if (length < s->length) {
        s->length = length;
        s->string[length] = '\0';
    }
}

char *
str_put_raw(struct str *s, size_t n)
{
    char *p;

    str_reserve(s, s->length + n);
    p = s->string + s->length;
    s->length += n;
    s->string[s->length] = '\0';
    return p;
}

void
str_put_char_grow_(struct str *s, char c)
{
    *str_put_raw(s, 1) = c;
}

void
str_put_chars(struct str *s, char c, size_t n)
{
    memset(str_put_raw(s, n), c, n);
}

void
str_put_bytes(struct str *s, const void *p, size_t n)
{
    if (n) {
        memcpy(str_put_raw(s, n), p, n);
    }
}

void
str_put(struct str *s, const char *string)
{
    str_put_bytes(s, string, strlen(string));
}

void
str_put_str(struct str *s, const struct str *other)
{
    str_put_bytes(s, other->string, other->length);
}

void
str_printf(struct str *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    str_vprintf(s, format, args);
    va_end(args);
}

void
str_vprintf(struct str *s, const char *format, va_list args)
{
    size_t room = s->string ? s->allocated - s->length + 1 : 0;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(room ? s->string + s->length : NULL, room, format, args);
    if (n >= room) {
        str_reserve(s, s->length + n);
        vsnprintf(s->string + s->length, n + 1, format, again);
    }
    va_end(again);
    s->length += n;
}

void
str_put_uint(struct str *s, uint64_t value)
{
    char buf[20];
    size_t i = sizeof buf;

    do {
        buf[--i] = '0' + value % 10;
        value /= 10;
    } while (value);
    str_put_bytes(s, buf + i, sizeof buf - i);
}

void
str_put_int(struct str *s, int64_t value)
{
    if (value < 0) {
        str_put_char(s, '-');
    }
    str_put_uint(s, value < 0 ? -(uint64_t) value : (uint64_t) value);
}

void
str_put_hex(struct str *s, const void *p_, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = p_;
    char *out = str_put_raw(s, 2 * n);

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[p[i] >> 4];
        *out++ = digits[p[i] & 15];
    }
}

void
str_put_hex_number(struct str *s, const void *p_, size_t n)
{
    const uint8_t *p = p_;

    while (n && !*p) {
        p++;
        n--;
    }
    if (!n) {
        str_put_char(s, '0');
        return;
    }
    str_printf(s, "0x%x", *p);
    str_put_hex(s, p + 1, n - 1);
}

void
str_chomp(struct str *s, char c)
{
    if (s->length && s->string[s->length - 1] == c) {
        str_truncate(s, s->length - 1);
    }
}

bool
str_chomp_string(struct str *s, const char *suffix)
{
    size_t n = strlen(suffix);

    if (s->length < n || memcmp(s->string + s->length - n, suffix, n)) {
        return false;
    }
    str_truncate(s, s->length - n);
    return true;
}

const char *
str_cstr(const struct str *s)
{
    return s->string ? s->string : "";
}

char *
str_steal(struct str *s)
{
    char *string = s->string ? s->string : xstrdup("");

    str_init(s);
    return string;
}
