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

bool
uuid_from_prefix(struct uuid *uuid, const char *s)
{
    struct uuid u = { { 0 } };
    size_t digit = 0;

    memset(uuid, 0, sizeof *uuid);
    for (size_t i = 0; i < UUID_LEN; i++) {
        int value;

        if (is_dash_position(i)) {
            if (s[i] != '-') {
                return false;
            }
            continue;
        }
        value = text_hex_digit(s[i]);
        if (value < 0) {
            return false;
        }
        u.parts[digit / 8] = u.parts[digit / 8] << 4 | value;
        digit++;
    }
    *uuid = u;
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
