/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/uuid.h"

#include "lib/base/random.h"
#include "lib/base/text.h"

struct uuid
uuid_random(void)
{
    struct uuid u;

    random_bytes(&u, sizeof u);
    u.parts[1] = (u.parts[1] & ~0xf000u) | 0x4000;
    u.parts[2] = (u.parts[2] & ~0xc0000000u) | 0x80000000u;
    return u;
}

static bool
is_dash_position(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The value of each hex digit plus 1; 0 for what is none. */
static const uint8_t hex_values[256] = {
    ['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
    ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
    ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool
uuid_from_prefix(struct uuid *uuid, const char *s)
{
    static const uint8_t groups[] = { 8, 4, 4, 4, 12 };
    uint64_t halves[2] = { 0, 0 };

    memset(uuid, 0, sizeof *uuid);
    for (size_t i = 0; i < sizeof groups; i++) {
        uint64_t half = halves[i >= 3];

        if (i && *s++ != '-') {
            return false;
        }
        for (size_t j = 0; j < groups[i]; j++) {
            uint8_t value = hex_values[(unsigned char) *s++];

            if (!value) {
                return false;
            }
            half = half << 4 | (value - 1);
        }
        halves[i >= 3] = half;
    }
    *uuid = (struct uuid) { { halves[0] >> 32, halves[0],
                              halves[1] >> 32, halves[1] } };
    return true;
}

bool
uuid_from_string(struct uuid *uuid, const char *s)
{
    if (uuid_from_prefix(uuid, s) && !s[UUID_LEN]) {
        return true;
    }
    memset(uuid, 0, sizeof *uuid);
    return false;
}

int
uuid_partial_length(const char *s)
{
    size_t i;

    for (i = 0; s[i]; i++) {
        if (i >= UUID_LEN
            || (is_dash_position(i) ? s[i] != '-'
                                    : text_hex_digit(s[i]) < 0)) {
            return -1;
        }
    }
    return i;
}

void
uuid_format(const struct uuid *uuid, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t digit = 0;

    for (size_t i = 0; i < UUID_LEN; i++) {
        if (is_dash_position(i)) {
            out[i] = '-';
        } else {
            out[i] = digits[uuid->parts[digit / 8] >> (28 - digit % 8 * 4)
                            & 15];
            digit++;
        }
    }
}

int
uuid_compare(const struct uuid *a, const struct uuid *b)
{
    for (size_t i = 0; i < 4; i++) {
        if (a->parts[i] != b->parts[i]) {
            return a->parts[i] < b->parts[i] ? -1 : 1;
        }
    }
    return 0;
}
