/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

/* Hash functions: xxHash (XXH3) for bytes, and its finalizer for words.  The
 * values are for this process only; never store or send them. */

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <string.h>

#include "lib/base/compiler.h"

static inline uint64_t
hash_bytes(const void *p, size_t size, uint64_t basis)
{
    return XXH3_64bits_withSeed(p, size, basis);
}

static inline uint64_t
hash_string(const char *s, uint64_t basis)
{
    return hash_bytes(s, strlen(s), basis);
}

/* Mixes one word; the moremur-style finalizer of XXH3's avalanche. */
static inline uint64_t
hash_word(uint64_t x, uint64_t basis)
{
    x ^= basis * 0x9e3779b97f4a7c15ULL;
    x ^= x >> 37;
    x *= 0x165667919e3779f9ULL;
    return x ^ (x >> 32);
}

/* Combines two hash values, order mattering. */
static inline uint64_t
hash_combine(uint64_t a, uint64_t b)
{
    return hash_word(a ^ (b << 27 | b >> 37), b);
}

static inline uint64_t
hash_pointer(const void *p, uint64_t basis)
{
    return hash_word((uintptr_t) p, basis);
}

#endif /* base/hash.h */
