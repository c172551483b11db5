/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_CLS_SUBTABLE_H
#define FLOW_CLS_SUBTABLE_H

/* What a classifier is made of: for classifier.c, which builds it and has the
 * essay, cls_rule.c and cls_lookup.c only. */

#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/flow/classifier.h"
#include "lib/flow/trie.h"
#include "lib/runtime/rcu.h"

/* The fields with a table-wide trie. */
static const struct trie_field {
    uint16_t offset;            /* In struct flow, bytes. */
    uint8_t n_bits;
} cls_trie_fields[] = {
    { offsetof(struct flow, nw_src), 32 },
    { offsetof(struct flow, nw_dst), 32 },
    { offsetof(struct flow, ipv6_src), 128 },
    { offsetof(struct flow, ipv6_dst), 128 },
};
#define CLS_N_TRIES ARRAY_SIZE(cls_trie_fields)

#define CLS_PORTS_OFFSET offsetof(struct flow, tp_src)
#define CLS_PORTS_WORD (CLS_PORTS_OFFSET / 8)
_Static_assert(CLS_PORTS_OFFSET % 8 == 0
               && offsetof(struct flow, tp_dst) == CLS_PORTS_OFFSET + 2,
               "the ports are the first half of a word");

/* How many rules of a subtable have a priority. */
struct cls_priority_count {
    uint32_t priority;
    size_t n;
};

struct cls_subtable {
    struct minimask *mask;
    struct rcu_hash heads;      /* First rule of each chain. */
    uint8_t trie_n_bits[CLS_N_TRIES];   /* Prefix length of each trie's field;
                                         * 0 if not a prefix. */
    bool uses_tries;
    uint8_t ports_n_bits;       /* Of 'ports'; 0 if ports do not matter. */
    be32 ports_mask;
    uint8_t n_indexes;          /* In use of the next two. */
    uint8_t index_end[FLOW_N_STAGES - 1];  /* Words that each covers. */
    struct rcu_count_set indexes[FLOW_N_STAGES - 1];
    struct trie ports;

    /* The writer's. */
    size_t n_rules;
    VEC(struct cls_priority_count) priorities;   /* Descending. */
    struct hmap_node node;      /* In classifier.subtables, by mask. */
    struct rcu_head rcu;
};

/* A subtable, with what a lookup asks of it first, so that it can pass over
 * most of them without a look at their memory. */
struct cls_search_entry {
    struct cls_subtable *subtable;
    uint32_t max_priority;
    uint8_t trie_n_bits[CLS_N_TRIES];   /* The subtable's. */
};

/* Subtables, by descending 'max_priority'. */
struct cls_search_order {
    struct rcu_head rcu;
    size_t n;
    struct cls_search_entry entries[];
};

struct classifier {
    struct cls_search_order *order;
    struct trie tries[CLS_N_TRIES];

    /* The writer's. */
    struct hmap subtables;
    size_t n_rules;
};

/* Hashing.  One step a word, so that a prefix of the words has its own hash
 * on the way. */
static inline uint64_t
cls_hash_add(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static inline uint32_t
cls_hash_finish(uint64_t hash)
{
    return hash_word(hash, 1);
}

static inline uint32_t
cls_hash_values(const uint64_t *values, unsigned int n)
{
    uint64_t hash = 0;

    for (unsigned int i = 0; i < n; i++) {
        hash = cls_hash_add(hash, values[i]);
    }
    return cls_hash_finish(hash);
}

/* Whether the rules match the same values of the same mask.  Masks are stored
 * once, so that equal ones are the same. */
static inline bool
cls_values_equal(const struct cls_rule *a, const struct cls_rule *b)
{
    return (a->hash == b->hash && a->mask == b->mask
            && (!a->mask->n_words
                || !memcmp(a->values, b->values, a->mask->n_words * 8)));
}

/* Word 'i' of a struct flow as 'rule' wants it, 0 where it does not care.
 * '*position' is 0 at first; then 'i' ascends from call to call. */
static inline uint64_t
cls_rule_word(const struct cls_rule *rule, unsigned int i,
              unsigned int *position)
{
    while (*position < rule->mask->n_words
           && rule->mask->index[*position] < i) {
        ++*position;
    }
    return (*position < rule->mask->n_words
            && rule->mask->index[*position] == i
            ? rule->values[*position] : 0);
}

#endif /* flow/cls_subtable.h */
