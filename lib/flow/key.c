/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/key.h"

#include <string.h>

#include "lib/base/alloc.h"

void
flow_key_compress(struct flow_key *key, const struct flow *flow)
{
    const uint8_t *bytes = (const uint8_t *) flow;
    uint64_t *out = key->words;

    key->hash = 0;
    key->pad = 0;
    key->map = (struct flow_map) { { 0, 0 } };
    for (unsigned int i = 0; i < FLOW_WORDS; i++) {
        uint64_t word = get_u64(bytes + 8 * i);

        if (word) {
            key->map.bits[i / 64] |= UINT64_C(1) << (i % 64);
            *out++ = word;
        }
    }
    key->n_words = out - key->words;
}

void
flow_key_expand(const struct flow_key *key, struct flow *flow)
{
    const uint64_t *in = key->words;
    uint8_t *bytes = (uint8_t *) flow;
    unsigned int word;

    memset(flow, 0, sizeof *flow);
    FLOW_MAP_FOR_EACH (word, &key->map) {
        put_u64(bytes + 8 * word, *in++);
    }
}

bool
flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    struct flow_map both;
    unsigned int word;

    if (a->map.bits[0] == b->map.bits[0] && a->map.bits[1] == b->map.bits[1]) {
        return !memcmp(a->words, b->words, 8 * a->n_words);
    }
    for (int i = 0; i < FLOW_MAP_WORDS; i++) {
        both.bits[i] = a->map.bits[i] | b->map.bits[i];
    }
    FLOW_MAP_FOR_EACH (word, &both) {
        if (flow_key_word(a, word) != flow_key_word(b, word)) {
            return false;
        }
    }
    return true;
}

/* Multiply and rotate: one multiplication a word, and an avalanche at the
 * end.  Keys are short and the attacker does not see the values; tables that
 * an attacker fills bound the length of their chains. */
static inline uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash << 23 | hash >> 41) ^ word;
    return hash * 0x9e3779b97f4a7c15ULL;
}

static inline uint32_t
finish(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93ULL;
    return hash >> 32;
}

static uint32_t
hash_words(uint64_t hash, const uint64_t *words, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        hash = mix(hash, words[i]);
    }
    return finish(hash);
}

uint32_t
flow_key_hash(const struct flow_key *key, uint32_t basis)
{
    uint64_t hash = mix(mix(basis, key->map.bits[0]), key->map.bits[1]);

    return hash_words(hash, key->words, key->n_words);
}

void
flow_key_compress_masked(struct flow_key *key, const struct flow *flow,
                         const struct flow_key *mask)
{
    const uint8_t *bytes = (const uint8_t *) flow;
    unsigned int word, i = 0;

    key->hash = 0;
    key->pad = 0;
    key->map = mask->map;
    key->n_words = mask->n_words;
    FLOW_MAP_FOR_EACH (word, &mask->map) {
        key->words[i] = get_u64(bytes + 8 * word) & mask->words[i];
        i++;
    }
}

/* For each word of mask M with its index I in the mask: VALUE is that word of
 * key K, masked.  Keeps the rank while walking, so that no word costs more
 * than one population count. */
#define FOR_EACH_MASKED(VALUE, I, K, M) \
    for (unsigned int u_ = 0, I = 0, base_ = 0; u_ < FLOW_MAP_WORDS; \
         base_ += __builtin_popcountll((K)->map.bits[u_]), u_++) \
        for (uint64_t left_ = (M)->map.bits[u_], bit_; \
             left_ && (bit_ = left_ & -left_, \
                       VALUE = ((K)->map.bits[u_] & bit_ \
                                ? (K)->words[base_ + __builtin_popcountll( \
                                      (K)->map.bits[u_] & (bit_ - 1))] \
                                  & (M)->words[I] : 0), true); \
             left_ &= left_ - 1, I++)

uint32_t
flow_key_hash_masked(const struct flow_key *key, const struct flow_key *mask,
                     uint32_t basis)
{
    uint64_t hash = basis;
    uint64_t value;

    FOR_EACH_MASKED (value, i, key, mask) {
        hash = mix(hash, value);
    }
    return finish(hash);
}

uint32_t
flow_key_hash_masked_words(const struct flow_key *masked, uint32_t basis)
{
    return hash_words(basis, masked->words, masked->n_words);
}

bool
flow_key_equal_masked(const struct flow_key *masked,
                      const struct flow_key *mask, const struct flow_key *key)
{
    uint64_t value;

    FOR_EACH_MASKED (value, i, key, mask) {
        if (value != masked->words[i]) {
            return false;
        }
    }
    return true;
}
