/* SPDX-License-Identifier: Apache-2.0 */

#include "lib/flow/minimask.h"

#include <pthread.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hmap masks = HMAP_INITIALIZER(&masks);

static const uint8_t stage_starts[FLOW_N_STAGES] = {
    0, FLOW_STAGE_L2, FLOW_STAGE_L3, FLOW_STAGE_L4,
};

/* Compresses 'wc' into the arrays and returns the number of words. */
static unsigned int
compress(const struct flow_wildcards *wc, uint64_t bits[FLOW_WORDS],
         uint8_t index[FLOW_WORDS])
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < FLOW_WORDS; i++) {
        uint64_t word = flow_word(&wc->masks, i);

        if (word) {
            bits[n] = word;
            index[n++] = i;
        }
    }
    return n;
}

static struct minimask *
create(const uint64_t *bits, const uint8_t *index, unsigned int n)
{
    struct minimask *mask = xzalloc(sizeof *mask + n * sizeof bits[0] + n);

    mask->n_words = n;
    mask->index = (uint8_t *) &mask->bits[n];
    memcpy(mask->bits, bits, n * sizeof bits[0]);
    memcpy(mask->index, index, n);
    for (unsigned int i = 0; i < n; i++) {
        mask->map.bits[index[i] / 64] |= UINT64_C(1) << index[i] % 64;
    }
    for (unsigned int s = 0; s < FLOW_N_STAGES; s++) {
        unsigned int end = (s + 1 < FLOW_N_STAGES ? stage_starts[s + 1]
                            : FLOW_WORDS);
        unsigned int i = 0;

        while (i < n && index[i] < end) {
            i++;
        }
        mask->stage_end[s] = i;
    }
    return mask;
}

struct minimask *
minimask_get(const struct flow_wildcards *wc)
{
    uint64_t bits[FLOW_WORDS];
    uint8_t index[FLOW_WORDS];
    unsigned int n = compress(wc, bits, index);
    size_t hash = hash_bytes(bits, n * sizeof bits[0],
                             hash_bytes(index, n, 0));
    struct minimask *mask;

    pthread_mutex_lock(&mutex);
    HMAP_FOR_EACH_WITH_HASH (mask, node, hash, &masks) {
        if (mask->n_words == n && !memcmp(mask->index, index, n)
            && !memcmp(mask->bits, bits, n * sizeof bits[0])) {
            break;
        }
    }
    if (!mask) {
        mask = create(bits, index, n);
        hmap_insert(&masks, &mask->node, hash);
    }
    mask->n_refs++;
    pthread_mutex_unlock(&mutex);
    return mask;
}

struct minimask *
minimask_ref(const struct minimask *mask_)
{
    struct minimask *mask = (struct minimask *) mask_;

    pthread_mutex_lock(&mutex);
    mask->n_refs++;
    pthread_mutex_unlock(&mutex);
    return mask;
}

void
minimask_unref(struct minimask *mask)
{
    if (!mask) {
        return;
    }
    pthread_mutex_lock(&mutex);
    if (!--mask->n_refs) {
        hmap_remove(&masks, &mask->node);
        free(mask);
        if (hmap_is_empty(&masks)) {
            hmap_uninit(&masks);
            hmap_init(&masks);
        }
    }
    pthread_mutex_unlock(&mutex);
}

uint64_t
minimask_word(const struct minimask *mask, unsigned int i)
{
    unsigned int position;

    if (!(mask->map.bits[i / 64] >> i % 64 & 1)) {
        return 0;
    }
    position = __builtin_popcountll(mask->map.bits[i / 64]
                                    & ((UINT64_C(1) << i % 64) - 1));
    if (i >= 64) {
        position += __builtin_popcountll(mask->map.bits[0]);
    }
    return mask->bits[position];
}

bool
minimask_covers(const struct minimask *a, const struct minimask *b)
{
    for (unsigned int i = 0; i < b->n_words; i++) {
        if (b->bits[i] & ~minimask_word(a, b->index[i])) {
            return false;
        }
    }
    return true;
}
