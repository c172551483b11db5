/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

/* Random numbers.  random_bytes() is cryptographically strong (buffered
 * getrandom(2)); 'struct rng' is fast and repeatable from its seed. */

#include "lib/base/compiler.h"

/* Fills 'n' bytes from the kernel's generator.  Threads: any. */
void random_bytes(void *, size_t n);
uint32_t random_u32(void);
uint64_t random_u64(void);

/* Uniform in [0, n); 'n' is not 0. */
uint32_t random_range(uint32_t n);

/* Repeatable generator (splitmix64), one owner. */
struct rng {
    uint64_t state;
};

static inline uint64_t
rng_u64(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

/* Uniform (to 2^-32) in [0, n); 'n' is not 0. */
static inline uint32_t
rng_range(struct rng *rng, uint32_t n)
{
    return (rng_u64(rng) >> 32) * n >> 32;
}

#endif /* base/random.h */
