/* SPDX-License-Identifier: Apache-2.0 */

#include "lib/flow/trie.h"

#include <endian.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/runtime/rcu.h"

/* The first bits of a value, the first of all on top. */
struct prefix {
    uint64_t words[TRIE_MAX_BITS / 64];
};

struct trie_node {
    struct prefix prefix;
    uint8_t n_bits;                 /* Of 'prefix', from the root. */
    uint32_t n_prefixes;            /* Times that this prefix was added. */
    struct trie_node *edges[2];     /* By the bit after 'n_bits'. */
    struct rcu_head rcu;
};

static inline struct prefix
load(const void *value, unsigned int n_bits)
{
    struct prefix p = { { 0 } };

    /* Not as many bytes as are needed: these two compile to a load each. */
    if (n_bits <= 32) {
        memcpy(&p, value, 4);
    } else {
        memcpy(&p, value, sizeof p);
    }
    for (size_t i = 0; i < ARRAY_SIZE(p.words); i++) {
        p.words[i] = be64toh(p.words[i]);
    }
    return p;
}

static inline unsigned int
get_bit(const struct prefix *p, unsigned int i)
{
    return p->words[i / 64] >> (63 - i % 64) & 1;
}

/* How many leading bits, up to 'limit', 'a' and 'b' have in common. */
static inline unsigned int
common_bits(const struct prefix *a, const struct prefix *b,
            unsigned int limit)
{
    unsigned int n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(a->words) && n < limit; i++) {
        uint64_t difference = a->words[i] ^ b->words[i];

        if (difference) {
            n += __builtin_clzll(difference);
            return MIN(n, limit);
        }
        n += 64;
    }
    return limit;
}

static struct trie_node *
create_node(const struct prefix *prefix, unsigned int n_bits,
            uint32_t n_prefixes)
{
    struct trie_node *node = xzalloc(sizeof *node);

    node->prefix = *prefix;
    node->n_bits = n_bits;
    node->n_prefixes = n_prefixes;
    return node;
}

static void
free_node(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct trie_node, rcu));
}

void
trie_init(struct trie *trie)
{
    trie->root = NULL;
}

static void
destroy_subtree(struct trie_node *node)
{
    if (node) {
        destroy_subtree(node->edges[0]);
        destroy_subtree(node->edges[1]);
        call_rcu(&node->rcu, free_node);
    }
}

void
trie_uninit(struct trie *trie)
{
    destroy_subtree(trie->root);
    trie->root = NULL;
}

void
trie_insert(struct trie *trie, const void *value_, unsigned int n_bits)
{
    const struct prefix value = load(value_, n_bits);
    struct trie_node **edge = &trie->root;
    struct trie_node *node, *leaf, *fork;
    unsigned int common = 0;

    while ((node = *edge) != NULL) {
        common = common_bits(&value, &node->prefix,
                             MIN(n_bits, node->n_bits));
        if (common < node->n_bits) {
            break;
        }
        if (n_bits == node->n_bits) {
            __atomic_store_n(&node->n_prefixes, node->n_prefixes + 1,
                             __ATOMIC_RELEASE);
            return;
        }
        edge = &node->edges[get_bit(&value, node->n_bits)];
    }

    leaf = create_node(&value, n_bits, 1);
    if (!node) {
        rcu_assign_pointer(*edge, leaf);
        return;
    }

    fork = common == n_bits ? leaf : create_node(&value, common, 0);
    if (fork != leaf) {
        fork->edges[get_bit(&value, common)] = leaf;
    }
    fork->edges[get_bit(&node->prefix, common)] = node;
    rcu_assign_pointer(*edge, fork);
}

/* Takes the node at '*edge' out if it holds no prefix and does not branch. */
static void
contract(struct trie_node **edge)
{
    struct trie_node *node = *edge;

    if (node && !node->n_prefixes && !(node->edges[0] && node->edges[1])) {
        struct trie_node *child = (node->edges[0] ? node->edges[0]
                                   : node->edges[1]);

        rcu_assign_pointer(*edge, child);
        call_rcu(&node->rcu, free_node);
    }
}

void
trie_remove(struct trie *trie, const void *value_, unsigned int n_bits)
{
    const struct prefix value = load(value_, n_bits);
    struct trie_node **parent_edge = NULL, **edge = &trie->root;

    while ((*edge)->n_bits != n_bits) {
        parent_edge = edge;
        edge = &(*edge)->edges[get_bit(&value, (*edge)->n_bits)];
    }
    assert((*edge)->n_prefixes);
    __atomic_store_n(&(*edge)->n_prefixes, (*edge)->n_prefixes - 1,
                     __ATOMIC_RELEASE);
    contract(edge);
    if (parent_edge) {
        contract(parent_edge);
    }
}

unsigned int
trie_lookup(const struct trie *trie, const void *value_, unsigned int width,
            struct trie_lengths *lengths)
{
    const struct prefix value = load(value_, width);
    const struct trie_node *node = rcu_dereference(trie->root);
    unsigned int n_checked = 0;

    memset(lengths, 0, sizeof *lengths);
    while (node) {
        unsigned int common = common_bits(&value, &node->prefix,
                                          node->n_bits);

        if (common < node->n_bits) {
            return common + 1;
        }
        if (__atomic_load_n(&node->n_prefixes, __ATOMIC_ACQUIRE)) {
            lengths->bits[node->n_bits / 64]
                |= UINT64_C(1) << (node->n_bits % 64);
        }
        n_checked = node->n_bits;
        if (n_checked >= width) {
            break;
        }
        if (!node->edges[0] && !node->edges[1]) {
            break;
        }
        node = rcu_dereference(node->edges[get_bit(&value, n_checked)]);
        n_checked++;
    }
    return n_checked;
}
