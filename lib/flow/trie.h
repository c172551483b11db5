/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_TRIE_H
#define FLOW_TRIE_H

/* Counted set of bit prefixes (of addresses or ports), which tells how many
 * leading bits of a value decide which of the prefixes contain it.
 *
 * A binary radix tree without one-way branches (PATRICIA; D. R. Morrison, JACM
 * 15(4), 1968).  Each node holds its whole prefix from the root, so that
 * splitting an edge adds nodes and changes none: the new node is published by
 * one store into its parent, which is all that readers need.
 *
 * Threads: many readers, each in an RCU read section; one writer at a time.
 * Cost: at most one node a bit of the value, two nodes a prefix. */

#include <stdbool.h>
#include <stdint.h>

#define TRIE_MAX_BITS 128

struct trie_node;

struct trie {
    struct trie_node *root;         /* NULL if empty. */
};

/* Which prefix lengths, from 0 to 128. */
struct trie_lengths {
    uint64_t bits[3];
};

static inline bool
trie_lengths_has(const struct trie_lengths *l, unsigned int length)
{
    return l->bits[length / 64] >> (length % 64) & 1;
}

void trie_init(struct trie *);

/* Frees the nodes after a grace period. */
void trie_uninit(struct trie *);

static inline bool
trie_is_empty(const struct trie *trie)
{
    return !trie->root;
}

/* Writer: adds the prefix of 'n_bits' bits at 'value' (network byte order,
 * the first bit is the top one of the first byte), or removes one of those
 * that were added.  Here and below 4 bytes are read for up to 32 bits, 16 for
 * more. */
void trie_insert(struct trie *, const void *value, unsigned int n_bits);
void trie_remove(struct trie *, const void *value, unsigned int n_bits);

/* Stores the lengths of the prefixes in 'trie' that contain 'value', which has
 * 'width' bits, in '*ret_lengths', and returns how many leading bits of
 * 'value' that answer depends on: any other value that has these bits in
 * common gets the same answer. */
unsigned int trie_lookup(const struct trie *, const void *value,
                         unsigned int width,
                         struct trie_lengths *ret_lengths);

#endif /* flow/trie.h */
