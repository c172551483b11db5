/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_KEY_H
#define FLOW_KEY_H

/* Compressed flow keys: making, reading, hashing and comparing them, whole or
 * under a mask.
 *
 * A mask is a flow key whose words say which bits matter; it has no zero
 * words (flow_key_compress() leaves none), so its map says which words do.
 *
 * Cost: reading a word takes a population count; what walks a mask costs by
 * the words of the mask, whatever the key has. */

#include "lib/flow/flow.h"

/* Most bytes of a key with 'n' words. */
#define FLOW_KEY_SIZE(N) (sizeof(struct flow_key) + 8 * (N))

static inline bool
flow_map_has(const struct flow_map *map, unsigned int word)
{
    return map->bits[word / 64] >> (word % 64) & 1;
}

/* How many words of 'map' come before 'word'. */
static inline unsigned int
flow_map_rank(const struct flow_map *map, unsigned int word)
{
    uint64_t before = (UINT64_C(1) << (word % 64)) - 1;
    unsigned int rank = __builtin_popcountll(map->bits[word / 64] & before);

    return word < 64 ? rank : rank + __builtin_popcountll(map->bits[0]);
}

/* Word 'word' of the flow; 0 if the key does not have it. */
static inline uint64_t
flow_key_word(const struct flow_key *key, unsigned int word)
{
    return (flow_map_has(&key->map, word)
            ? key->words[flow_map_rank(&key->map, word)] : 0);
}

/* For each word in MAP, in order: WORD is its number. */
#define FLOW_MAP_FOR_EACH(WORD, MAP) \
    for (unsigned int unit_ = 0; unit_ < FLOW_MAP_WORDS; unit_++) \
        for (uint64_t bits_ = (MAP)->bits[unit_]; \
             bits_ && ((WORD) = unit_ * 64 + __builtin_ctzll(bits_), true); \
             bits_ &= bits_ - 1)

/* Compresses 'flow' into 'key', which has room for FLOW_WORDS words (a struct
 * flow_key_full); only words that are not zero.  Leaves 'hash' 0. */
void flow_key_compress(struct flow_key *key, const struct flow *flow);
void flow_key_expand(const struct flow_key *, struct flow *);

/* Whether both mean the same flow, whatever zero words they spell out. */
bool flow_key_equal(const struct flow_key *, const struct flow_key *);

/* Of map and words; the same for equal flows if they were made the same way
 * (both compressed, or both extracted). */
uint32_t flow_key_hash(const struct flow_key *, uint32_t basis);

/* Compresses 'flow' AND the mask: exactly the words of 'mask', zero or not. */
void flow_key_compress_masked(struct flow_key *key, const struct flow *flow,
                              const struct flow_key *mask);

/* The hash of 'key' AND 'mask': equal to flow_key_hash_masked_words() of the
 * result of flow_key_compress_masked() for the same flow and mask. */
uint32_t flow_key_hash_masked(const struct flow_key *key,
                              const struct flow_key *mask, uint32_t basis);
uint32_t flow_key_hash_masked_words(const struct flow_key *masked,
                                    uint32_t basis);

/* Whether 'key' AND 'mask' is 'masked' (from flow_key_compress_masked()). */
bool flow_key_equal_masked(const struct flow_key *masked,
                           const struct flow_key *mask,
                           const struct flow_key *key);

#endif /* flow/key.h */
