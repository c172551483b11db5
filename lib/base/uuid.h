/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

/* RFC 4122 identifiers, kept as four words in host order, most significant
 * word first. */

#include <string.h>

#include "lib/base/compiler.h"

struct uuid {
    uint32_t parts[4];
};

/* Length of the text form, without the null terminator. */
#define UUID_LEN 36

#define UUID_FMT "%08x-%04x-%04x-%04x-%04x%08x"
#define UUID_ARGS(UUID) \
    (UUID)->parts[0], (UUID)->parts[1] >> 16, (UUID)->parts[1] & 0xffff, \
    (UUID)->parts[2] >> 16, (UUID)->parts[2] & 0xffff, (UUID)->parts[3]

/* Returns a random (version 4) uuid. */
struct uuid uuid_random(void);

/* Parses exactly 'UUID_LEN' characters at 's'.  False, and '*uuid' zeroed, if
 * they are no uuid.  Characters after them are not looked at. */
bool uuid_from_prefix(struct uuid *, const char *s);

/* Like uuid_from_prefix(), but nothing may follow. */
bool uuid_from_string(struct uuid *, const char *s);

/* Says how many characters at the start of 's' are the start of a uuid's text
 * form; -1 if 's' as a whole is not such a start (so that "12ab" gives 4). */
int uuid_partial_length(const char *s);

/* Writes the 'UUID_LEN' characters, without a terminator, to 'out'. */
void uuid_format(const struct uuid *, char *out);

static inline bool
uuid_equals(const struct uuid *a, const struct uuid *b)
{
    return !memcmp(a, b, sizeof *a);
}

static inline bool
uuid_is_zero(const struct uuid *u)
{
    return !(u->parts[0] | u->parts[1] | u->parts[2] | u->parts[3]);
}

/* Orders as the text forms order. */
int uuid_compare(const struct uuid *, const struct uuid *);

/* Random uuids are their own hash. */
static inline size_t
uuid_hash(const struct uuid *u)
{
    return (uint64_t) u->parts[0] << 32 | u->parts[3];
}

#endif /* base/uuid.h */
