/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool
text_to_i64(const char *s, int base, int64_t *ret)
{
    char *end;
    long long value;

    if (isspace((unsigned char) *s) || !*s) {
        return false;
    }
    errno = 0;
    value = strtoll(s, &end, base);
    if (errno || end == s || *end) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_to_u64(const char *s, int base, uint64_t *ret)
{
    char *end;
    unsigned long long value;

    if (isspace((unsigned char) *s) || *s == '-' || !*s) {
        return false;
    }
    errno = 0;
    value = strtoull(s, &end, base);
    if (errno || end == s || *end) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_to_int(const char *s, int base, int *ret)
{
    int64_t value;

    if (!text_to_i64(s, base, &value) || value < INT_MIN || value > INT_MAX) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_to_uint(const char *s, int base, unsigned int *ret)
{
    uint64_t value;

    if (!text_to_u64(s, base, &value) || value > UINT_MAX) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_to_int_range(const char *s, int min, int max, int *ret)
{
    int value;

    if (!text_to_int(s, 10, &value) || value < min || value > max) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_to_double(const char *s, double *ret)
{
    char *end;
    double value;

    if (isspace((unsigned char) *s) || !*s) {
        return false;
    }
    value = strtod(s, &end);
    if (end == s || *end || !isfinite(value)) {
        return false;
    }
    *ret = value;
    return true;
}

bool
text_starts_with(const char *s, const char *prefix)
{
    return !strncmp(s, prefix, strlen(prefix));
}

bool
text_ends_with(const char *s, const char *suffix)
{
    size_t length = strlen(s), n = strlen(suffix);

    return length >= n && !strcmp(s + length - n, suffix);
}

char *
text_token(char **sp, const char *delimiters)
{
    return strtok_r(NULL, delimiters, sp);
}

int
text_distance(const char *a, const char *b, int limit)
{
    size_t na = strlen(a), nb = strlen(b);
    int row[65];

    if (na >= ARRAY_SIZE(row) || nb >= ARRAY_SIZE(row)) {
        return limit;
    }
    for (size_t j = 0; j <= nb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= na; i++) {
        int diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            int above = row[j];
            int best = diagonal + (a[i - 1] != b[j - 1]);

            best = MIN(best, above + 1);
            row[j] = MIN(best, row[j - 1] + 1);
            diagonal = above;
        }
    }
    return MIN(row[nb], limit);
}
