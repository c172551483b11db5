/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

/* Reading numbers and words out of text, strictly: a function that returns
 * bool has read the whole of 's' or says false and leaves '*ret' alone. */

#include "lib/base/compiler.h"

/* 0..15, or -1 if 'c' is no hex digit. */
static inline int
text_hex_digit(char c)
{
    return (c >= '0' && c <= '9' ? c - '0'
            : c >= 'a' && c <= 'f' ? c - 'a' + 10
            : c >= 'A' && c <= 'F' ? c - 'A' + 10
            : -1);
}

/* Parse all of 's' in 'base' (0 takes 0x and 0 prefixes as C does).  No
 * leading blanks; out of range is false. */
bool text_to_int(const char *s, int base, int *ret);
bool text_to_uint(const char *s, int base, unsigned int *ret);
bool text_to_i64(const char *s, int base, int64_t *ret);
bool text_to_u64(const char *s, int base, uint64_t *ret);
bool text_to_double(const char *s, double *ret);

/* Like text_to_int(), but refuses what is outside [min, max]. */
bool text_to_int_range(const char *s, int min, int max, int *ret);

bool text_starts_with(const char *s, const char *prefix);
bool text_ends_with(const char *s, const char *suffix);

/* Cuts the next token off '*sp' at any of 'delimiters', in place, skipping
 * leading delimiters, as strtok_r() does.  NULL when nothing is left. */
char *text_token(char **sp, const char *delimiters);

/* Edit distance, for "did you mean"; counts at most 'limit'. */
int text_distance(const char *a, const char *b, int limit);

#endif /* base/text.h */
