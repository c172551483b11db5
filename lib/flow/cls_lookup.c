/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups, and the conjunctions that they come upon; the essay in classifier.c
 * says how. */

#include "lib/base/alloc.h"
#include "lib/flow/cls_subtable.h"

/* Lookup. */

/* What one lookup has found out from the tries. */
struct trie_cache {
    struct trie_lengths lengths[CLS_N_TRIES];
    uint8_t n_bits[CLS_N_TRIES];    /* Bits that prove it; */
    uint8_t n_in_wc[CLS_N_TRIES];   /* leading bits that are in the wildcards
                                     * anyway. */
    bool valid[CLS_N_TRIES];
};

struct lookup {
    const struct classifier *cls;
    uint64_t version;
    const struct flow *flow;
    struct flow_wildcards *wc;      /* Or NULL. */
    struct trie_cache tries;

    struct cls_rule *best;          /* Without conjunctions. */
    bool collect;                   /* Note those with? */
    VEC(const struct cls_rule *) soft;
};

/* ORs the first 'n' bits of the field of trie 'i' into 'wc'. */
static void
or_prefix(struct flow_wildcards *wc, unsigned int i, unsigned int n)
{
    uint8_t *bytes = (uint8_t *) wc + cls_trie_fields[i].offset;

    for (; n >= 8; n -= 8) {
        *bytes++ = 0xff;
    }
    if (n) {
        *bytes |= 0xff00 >> n;
    }
}

static unsigned int
leading_ones(uint8_t byte)
{
    return __builtin_clz((uint32_t) ~byte << 24 | 1);
}

/* How many leading bits of the field of trie 'i' are in 'wc'. */
static unsigned int
count_prefix(const struct flow_wildcards *wc, unsigned int i)
{
    const uint8_t *bytes = (const uint8_t *) wc + cls_trie_fields[i].offset;
    unsigned int n_bytes = cls_trie_fields[i].n_bits / 8, n = 0;

    while (n < n_bytes && bytes[n] == 0xff) {
        n++;
    }
    return 8 * n + (n < n_bytes ? leading_ones(bytes[n]) : 0);
}

static void
ask_trie(struct lookup *l, unsigned int i)
{
    if (!l->tries.valid[i]) {
        l->tries.n_bits[i] = trie_lookup(
            &l->cls->tries[i],
            (const uint8_t *) l->flow + cls_trie_fields[i].offset,
            cls_trie_fields[i].n_bits, &l->tries.lengths[i]);
        l->tries.n_in_wc[i] = l->wc ? count_prefix(l->wc, i) : 0;
        l->tries.valid[i] = true;
    }
}

/* Says whether the tries rule the subtable of 'entry' out by bits that are in
 * the wildcards already.  With wildcards only tries are asked that have been
 * before, for the reason in the essay. */
static inline bool
is_known_to_miss(struct lookup *l, const struct cls_search_entry *entry)
{
    for (unsigned int i = 0; i < CLS_N_TRIES; i++) {
        unsigned int n_bits = entry->trie_n_bits[i];

        if (!n_bits) {
            continue;
        }
        if (!l->wc) {
            ask_trie(l, i);
        } else if (!l->tries.valid[i]
                   || (MIN(n_bits, l->tries.n_bits[i])
                       > l->tries.n_in_wc[i])) {
            continue;
        }
        if (!trie_lengths_has(&l->tries.lengths[i], n_bits)) {
            return true;
        }
    }
    return false;
}

/* Says whether the tries rule 'subtable' out, and if so ORs into the wildcards
 * the bits that prove it. */
static bool
tries_exclude(struct lookup *l, const struct cls_subtable *subtable)
{
    for (unsigned int i = 0; i < CLS_N_TRIES; i++) {
        unsigned int n_bits = subtable->trie_n_bits[i];

        if (!n_bits) {
            continue;
        }
        ask_trie(l, i);
        if (!trie_lengths_has(&l->tries.lengths[i], n_bits)) {
            n_bits = MIN(n_bits, l->tries.n_bits[i]);
            if (l->wc) {
                or_prefix(l->wc, i, n_bits);
                l->tries.n_in_wc[i] = MAX(l->tries.n_in_wc[i], n_bits);
            }
            return true;
        }
    }
    return false;
}

/* ORs into the wildcards what proves that the last stage of 'subtable' has no
 * match: the mask, with only as many bits of the ports as needed. */
static void
or_miss(struct lookup *l, const struct cls_subtable *subtable)
{
    const struct minimask *mask = subtable->mask;
    uint64_t *words = (uint64_t *) (void *) l->wc;
    uint64_t ports = flow_word(l->flow, CLS_PORTS_WORD);
    struct trie_lengths lengths;
    be32 value, needed;
    unsigned int n_bits;

    memcpy(&value, &ports, sizeof value);
    value &= subtable->ports_mask;
    n_bits = trie_lookup(&subtable->ports, &value, subtable->ports_n_bits,
                         &lengths);
    if (trie_lengths_has(&lengths, subtable->ports_n_bits)) {
        minimask_or(mask, mask->n_words, l->wc);
        return;
    }
    needed = n_bits >= 32 ? ~0u : ~(UINT32_MAX >> n_bits);
    needed = htonl(needed) & subtable->ports_mask;
    for (unsigned int i = 0; i < mask->n_words; i++) {
        uint64_t bits = mask->bits[i];

        if (mask->index[i] == CLS_PORTS_WORD) {
            memcpy(&bits, &needed, sizeof needed);
        }
        words[mask->index[i]] |= bits;
    }
}

/* Hashes the flow under the mask of 'subtable', stage by stage.  Returns true
 * and the masked words and their hash, or false if an earlier stage or a trie
 * shows that nothing matches; the wildcards then have what shows it. */
static bool
pass_stages(struct lookup *l, const struct cls_subtable *subtable,
            uint64_t *values, uint32_t *ret_hash)
{
    const struct minimask *mask = subtable->mask;
    bool tries_pending = subtable->uses_tries;
    unsigned int i = 0;
    uint64_t hash = 0;

    for (unsigned int s = 0; s <= subtable->n_indexes; s++) {
        unsigned int end = (s < subtable->n_indexes ? subtable->index_end[s]
                            : mask->n_words);

        if (tries_pending && end > mask->stage_end[1]) {
            tries_pending = false;
            if (tries_exclude(l, subtable)) {
                goto miss;
            }
        }
        for (; i < end; i++) {
            values[i] = flow_word(l->flow, mask->index[i]) & mask->bits[i];
            hash = cls_hash_add(hash, values[i]);
        }
        if (s < subtable->n_indexes
            && !rcu_count_set_contains(&subtable->indexes[s],
                                       cls_hash_finish(hash))) {
            goto miss;
        }
    }
    *ret_hash = cls_hash_finish(hash);
    return true;

miss:
    if (l->wc) {
        minimask_or(mask, i, l->wc);
    }
    return false;
}

/* Takes what is visible in the chain from 'rule' on: the first rule without
 * conjunctions becomes the best if it beats that, those before it are noted. */
static void
take_chain(struct lookup *l, struct cls_rule *rule)
{
    for (; rule; rule = rcu_dereference(rule->next)) {
        if (l->best && rule->priority <= l->best->priority) {
            return;
        }
        if (!cls_rule_is_visible(rule, l->version)) {
            continue;
        }
        if (!rule->n_conjunctions) {
            l->best = rule;
            return;
        }
        if (l->collect) {
            vec_push(&l->soft, rule);
        }
    }
}

static void
search_subtable(struct lookup *l, const struct cls_subtable *subtable)
{
    const struct minimask *mask = subtable->mask;
    uint64_t values[FLOW_WORDS];
    struct rcu_hash_cursor cursor;
    struct cls_rule *head;
    uint32_t hash;

    if (!pass_stages(l, subtable, values, &hash)) {
        return;
    }
    RCU_HASH_FOR_EACH_WITH_HASH (head, &cursor, hash, &subtable->heads) {
        if (!mask->n_words
            || !memcmp(head->values, values, mask->n_words * 8)) {
            break;
        }
    }
    if (l->wc) {
        if (!head && subtable->ports_n_bits) {
            or_miss(l, subtable);
        } else {
            minimask_or(mask, mask->n_words, l->wc);
        }
    }
    take_chain(l, head);
}

static void
search(struct lookup *l)
{
    const struct cls_search_order *order = rcu_dereference(l->cls->order);

    for (size_t i = 0; i < order->n; i++) {
        const struct cls_search_entry *entry = &order->entries[i];

        if (l->best && entry->max_priority <= l->best->priority) {
            break;
        }
        if (!is_known_to_miss(l, entry)) {
            search_subtable(l, entry->subtable);
        }
    }
}

static int
compare_soft(const void *a_, const void *b_)
{
    const struct cls_rule *a = *(const struct cls_rule *const *) a_;
    const struct cls_rule *b = *(const struct cls_rule *const *) b_;

    return (int) b->priority - (int) a->priority;
}

struct conjunction_state {
    uint32_t id;
    uint8_t n_clauses;
    uint64_t clauses;               /* Those that hold. */
};

static bool
is_satisfied(const struct conjunction_state *s)
{
    return s->clauses == UINT64_MAX >> (64 - s->n_clauses);
}

static int
compare_state(const void *a_, const void *b_)
{
    const struct conjunction_state *a = a_, *b = b_;

    return (a->id > b->id) - (a->id < b->id);
}

/* Looks the flow up with conjunction 'id' and returns what matches it, if that
 * is better than the best rule without. */
static struct cls_rule *
lookup_conj_id(struct lookup *l, uint32_t id)
{
    struct flow flow = *l->flow;
    struct lookup again = {
        .cls = l->cls,
        .version = l->version,
        .flow = &flow,
        .wc = l->wc,
        .tries = l->tries,
    };

    flow.conj_id = id;
    search(&again);
    return (again.best && again.best != l->best
            && (!l->best || again.best->priority > l->best->priority)
            ? again.best : NULL);
}

/* Resolves the conjunctions of the rules soft[start..end), which have the same
 * priority.  Ids are tried in ascending order. */
static struct cls_rule *
resolve_priority(struct lookup *l, size_t start, size_t end)
{
    VEC(struct conjunction_state) states = VEC_EMPTY;
    struct cls_rule *found = NULL;
    size_t n = 0;

    for (size_t i = start; i < end; i++) {
        const struct cls_rule *rule = l->soft.items[i];

        for (unsigned int j = 0; j < rule->n_conjunctions; j++) {
            const struct cls_conjunction *c = &rule->conjunctions[j];

            vec_push(&states, (struct conjunction_state) {
                .id = c->id,
                .n_clauses = c->n_clauses,
                .clauses = UINT64_C(1) << c->clause,
            });
        }
    }
    vec_sort(&states, compare_state);
    for (size_t i = 0; i < states.n && !found; i = n) {
        struct conjunction_state state = states.items[i];

        for (n = i + 1; n < states.n && states.items[n].id == state.id; n++) {
            if (states.items[n].n_clauses == state.n_clauses) {
                state.clauses |= states.items[n].clauses;
            }
        }
        if (is_satisfied(&state)) {
            found = lookup_conj_id(l, state.id);
        }
    }
    vec_uninit(&states);
    return found;
}

static struct cls_rule *
resolve_conjunctions(struct lookup *l)
{
    struct cls_rule *found = NULL;
    size_t end;

    vec_sort(&l->soft, compare_soft);
    for (size_t start = 0; start < l->soft.n && !found; start = end) {
        uint32_t priority = l->soft.items[start]->priority;

        if (l->best && priority <= l->best->priority) {
            break;
        }
        end = start + 1;
        while (end < l->soft.n && l->soft.items[end]->priority == priority) {
            end++;
        }
        found = resolve_priority(l, start, end);
    }
    vec_uninit(&l->soft);
    return found ? found : l->best;
}

struct cls_rule *
classifier_lookup(const struct classifier *cls, uint64_t version,
                  const struct flow *flow, struct flow_wildcards *wc)
{
    struct lookup l = {
        .cls = cls,
        .version = version,
        .flow = flow,
        .wc = wc,
        .collect = true,
    };
    uint32_t conj_id_mask = wc ? wc->masks.conj_id : 0;

    search(&l);
    if (UNLIKELY(l.soft.n)) {
        l.best = resolve_conjunctions(&l);
    }
    if (wc) {
        /* No property of a packet: zero but in the lookups above. */
        wc->masks.conj_id = conj_id_mask;
    }
    return l.best;
}
