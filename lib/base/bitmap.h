/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BITMAP_H
#define BASE_BITMAP_H

/* Bit sets in arrays of uint64_t; bit i is bit i % 64 of word i / 64. */

#include "lib/base/alloc.h"
#include "lib/base/compiler.h"

#define BITMAP_WORDS(N_BITS) DIV_ROUND_UP(N_BITS, 64)

/* All zero, for free(). */
static inline uint64_t *
bitmap_create(size_t n_bits)
{
    return xcalloc(BITMAP_WORDS(n_bits), sizeof(uint64_t));
}

static inline bool
bitmap_get(const uint64_t *map, size_t i)
{
    return map[i / 64] >> (i % 64) & 1;
}

static inline void
bitmap_set(uint64_t *map, size_t i)
{
    map[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void
bitmap_clear(uint64_t *map, size_t i)
{
    map[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

static inline void
bitmap_assign(uint64_t *map, size_t i, bool value)
{
    value ? bitmap_set(map, i) : bitmap_clear(map, i);
}

/* Returns the first bit at or after 'start' that equals 'value', or 'n_bits'
 * if there is none. */
static inline size_t
bitmap_scan(const uint64_t *map, bool value, size_t start, size_t n_bits)
{
    for (size_t i = start; i < n_bits; ) {
        uint64_t word = (value ? map[i / 64] : ~map[i / 64]) >> (i % 64);

        if (word) {
            i += __builtin_ctzll(word);
            return MIN(i, n_bits);
        }
        i += 64 - i % 64;
    }
    return n_bits;
}

static inline size_t
bitmap_count(const uint64_t *map, size_t n_bits)
{
    size_t n = 0;

    for (size_t i = 0; i < n_bits / 64; i++) {
        n += __builtin_popcountll(map[i]);
    }
    if (n_bits % 64) {
        n += __builtin_popcountll(map[n_bits / 64]
                                  << (64 - n_bits % 64));
    }
    return n;
}

#endif /* base/bitmap.h */
