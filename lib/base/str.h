/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STR_H
#define BASE_STR_H

/* String builder.  'string' is NULL until something is put in, or
 * null-terminated 'length' characters; str_cstr() never returns NULL. */

#include <stdarg.h>

#include "lib/base/compiler.h"

struct str {
    char *string;
    size_t length;
    size_t allocated;   /* Bytes allocated, without the null terminator. */
};

#define STR_EMPTY { NULL, 0, 0 }

void str_init(struct str *);
void str_uninit(struct str *);
void str_clear(struct str *);
void str_reserve(struct str *, size_t min_length);
void str_truncate(struct str *, size_t length);

void str_put_char_grow_(struct str *, char);
static inline void
str_put_char(struct str *s, char c)
{
    if (LIKELY(s->length < s->allocated)) {
        s->string[s->length++] = c;
        s->string[s->length] = '\0';
    } else {
        str_put_char_grow_(s, c);
    }
}

void str_put_chars(struct str *, char, size_t n);
void str_put_bytes(struct str *, const void *, size_t n);
void str_put(struct str *, const char *);
void str_put_str(struct str *, const struct str *);
void str_printf(struct str *, const char *format, ...) PRINTF_FORMAT(2, 3);
void str_vprintf(struct str *, const char *format, va_list)
    PRINTF_FORMAT(2, 0);

/* Decimal digits of 'value', faster than str_printf(). */
void str_put_uint(struct str *, uint64_t value);
void str_put_int(struct str *, int64_t value);

/* Two lower-case hex digits for each of 'n' bytes. */
void str_put_hex(struct str *, const void *, size_t n);

/* The 'n' bytes as a number, the highest first: "0x12ab", "0". */
void str_put_hex_number(struct str *, const void *, size_t n);

/* Appends 'n' uninitialized characters and returns where they start. */
char *str_put_raw(struct str *, size_t n);

/* Removes 'c' from the end, if it is there. */
void str_chomp(struct str *, char c);

/* Removes 'suffix' from the end, if it is there; says whether it was. */
bool str_chomp_string(struct str *, const char *suffix);

/* Borrowed until 's' changes; "" when empty. */
const char *str_cstr(const struct str *s);

/* Returns the string, for free(), and leaves 's' empty. */
char *str_steal(struct str *s);

#endif /* base/str.h */
