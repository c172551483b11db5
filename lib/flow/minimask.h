/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_MINIMASK_H
#define FLOW_MINIMASK_H

/* Masks of rules, stored once each however many rules share one: a table of
 * 500,000 flows seldom has more than a few hundred.  Only words that are not
 * zero are kept.  A rule's values are then 'n_words' words beside the mask.
 *
 * Threads: any; the set of masks has a lock of its own.  Reading a mask that
 * one holds a reference to needs none. */

#include "lib/base/hmap.h"
#include "lib/flow/flow.h"

#define FLOW_N_STAGES 4             /* Metadata, L2, L3, L4. */

struct minimask {
    struct hmap_node node;          /* In the set of all masks. */
    uint32_t n_refs;
    uint8_t n_words;
    uint8_t stage_end[FLOW_N_STAGES];   /* Number of words up to and with
                                         * each stage. */
    struct flow_map map;
    uint8_t *index;                 /* Word numbers, ascending. */
    uint64_t bits[];                /* Those words of the mask. */
};

/* Returns a reference to the mask 'wc', for minimask_unref(). */
struct minimask *minimask_get(const struct flow_wildcards *wc);
struct minimask *minimask_ref(const struct minimask *);

/* Frees the mask with its last reference. */
void minimask_unref(struct minimask *);

/* ORs the first 'n_words' words of the mask into 'wc'. */
static inline void
minimask_or(const struct minimask *mask, unsigned int n_words,
            struct flow_wildcards *wc)
{
    uint64_t *words = (uint64_t *) (void *) wc;

    for (unsigned int i = 0; i < n_words; i++) {
        words[mask->index[i]] |= mask->bits[i];
    }
}

static inline uint64_t
flow_word(const struct flow *flow, unsigned int i)
{
    return ((const uint64_t *) (const void *) flow)[i];
}

/* The bits of word 'i' of a struct flow in 'mask'. */
uint64_t minimask_word(const struct minimask *, unsigned int i);

/* Says whether each bit of 'b' is in 'a'. */
bool minimask_covers(const struct minimask *a, const struct minimask *b);

#endif /* flow/minimask.h */
