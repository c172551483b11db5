/* SPDX-License-Identifier: Apache-2.0 */

/* Tuple space search (V. Srinivasan, S. Suri, G. Varghese: "Packet
 * classification using tuple space search", SIGCOMM 1999) with the refinements
 * of "The design and implementation of Open vSwitch" (B. Pfaff et al., NSDI
 * 2015), sections 5.2 to 5.5.
 *
 * Rules with the same mask form a subtable: a hash table from the masked words
 * of a flow to the rules that want these values.  A lookup hashes the flow
 * once under each mask.  Hence the cost: one hash a mask, whatever the number
 * of rules; the enemy is the number of masks, and of those it must look into.
 *
 * - Priorities.  Subtables are ordered by the highest priority in them, and a
 *   lookup stops at the first that cannot hold a better rule than it has.
 *
 * - Stages.  The words of a flow are ordered metadata, L2, L3, L4.  A subtable
 *   keeps, for each stage but its last, the set of hashes of its rules' values
 *   up to there; a flow whose hash is not in the set needs no more of its bits
 *   looked at, so that a TCP port match on one router does not make the ports
 *   of all traffic matter.  Hashes grow stage by stage; no word is hashed twice.
 *
 * - Address prefixes.  For IPv4 and IPv6 source and destination a trie holds
 *   the prefixes of all rules of the table.  Walking it once for a flow tells
 *   which lengths can match, and how many leading bits prove it.  A subtable
 *   with another length is passed over for the price of these bits instead of
 *   its whole mask.  The trie is asked where the L3 stage begins, that is after
 *   the Ethernet type has been found to be one that the subtable wants, so
 *   that frames that are not IP do not get masks on fields they have not.
 *
 * - Ports.  A subtable that matches TCP-like ports keeps a trie of them.  When
 *   the last stage misses, it tells how few bits of the ports prove the miss.
 *
 * - Conjunctions (ovs-fields(7), conj_id).  A rule that takes part in them does
 *   not end the search; it is noted, with those of lower priority in the same
 *   place, until the best rule without is known.  What was noted above its
 *   priority is then resolved from the top: if all dimensions of an id hold at
 *   one priority, the flow is looked up once more with that id in conj_id.
 *
 * The wildcards of a lookup are the union, over the subtables visited, of the
 * bits that its decision there rested on.  Soundness: each such decision
 * ("passed over", "no match", "this rule") is a function of these bits alone,
 * and so is the order of visits, which depends on earlier decisions.
 *
 * Readers see: the array of subtables (replaced whole when its order changes,
 * which is rare: a new mask, or a new highest priority), hash tables and tries
 * of lib/runtime/rcu_hash.h and trie.h, and chains of rules of equal values.
 * A rule enters the sets and tries before the hash table and leaves in reverse,
 * so that a reader may do needless work but misses no rule that is visible to
 * it.
 *
 * What was left out: range and decision tree structures (they look at all
 * fields at once and so widen nothing), a cache of lookups (the datapath has
 * one), merging of masks (it makes misses cheap and wildcards narrow). */

#include "lib/flow/classifier.h"

#include <errno.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/vec.h"
#include "lib/flow/trie.h"
#include "lib/runtime/rcu.h"

/* The fields with a table-wide trie. */
static const struct trie_field {
    uint16_t offset;            /* In struct flow, bytes. */
    uint8_t n_bits;
} trie_fields[] = {
    { offsetof(struct flow, nw_src), 32 },
    { offsetof(struct flow, nw_dst), 32 },
    { offsetof(struct flow, ipv6_src), 128 },
    { offsetof(struct flow, ipv6_dst), 128 },
};
#define N_TRIES ARRAY_SIZE(trie_fields)

#define PORTS_OFFSET offsetof(struct flow, tp_src)
#define PORTS_WORD (PORTS_OFFSET / 8)
_Static_assert(PORTS_OFFSET % 8 == 0
               && offsetof(struct flow, tp_dst) == PORTS_OFFSET + 2,
               "the ports are the first half of a word");

/* How many rules of a subtable have a priority. */
struct priority_count {
    uint16_t priority;
    size_t n;
};

struct cls_subtable {
    struct minimask *mask;
    struct rcu_hash heads;      /* First rule of each chain. */
    uint8_t trie_n_bits[N_TRIES];   /* Prefix length of each trie's field; 0
                                     * if not a prefix. */
    bool uses_tries;
    uint8_t ports_n_bits;       /* Of 'ports'; 0 if ports do not matter. */
    be32 ports_mask;
    uint8_t n_indexes;          /* In use of the next two. */
    uint8_t index_end[FLOW_N_STAGES - 1];  /* Words that each covers. */
    struct rcu_count_set indexes[FLOW_N_STAGES - 1];
    struct trie ports;

    /* The writer's. */
    size_t n_rules;
    VEC(struct priority_count) priorities;   /* Descending. */
    struct hmap_node node;      /* In classifier.subtables, by mask. */
    struct rcu_head rcu;
};

/* Subtables, by descending 'max_priority'. */
struct search_order {
    struct rcu_head rcu;
    size_t n;
    struct {
        struct cls_subtable *subtable;
        uint16_t max_priority;
    } entries[];
};

struct classifier {
    struct search_order *order;
    struct trie tries[N_TRIES];

    /* The writer's. */
    struct hmap subtables;
    size_t n_rules;
};

/* Hashing.  One step a word, so that a prefix of the words has its own hash
 * on the way. */
static inline uint64_t
hash_add(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static inline uint32_t
hash_finish(uint64_t hash)
{
    return hash_word(hash, 1);
}

static uint32_t
hash_values(const uint64_t *values, unsigned int n)
{
    uint64_t hash = 0;

    for (unsigned int i = 0; i < n; i++) {
        hash = hash_add(hash, values[i]);
    }
    return hash_finish(hash);
}

void
cls_rule_init(struct cls_rule *rule, const struct flow *flow,
              const struct flow_wildcards *wc, uint16_t priority)
{
    struct minimask *mask = minimask_get(wc);

    *rule = (struct cls_rule) {
        .mask = mask,
        .values = mask->n_words ? xmalloc(mask->n_words * 8) : NULL,
        .priority = priority,
        .add_version = CLS_NEVER,
        .remove_version = CLS_NEVER,
    };
    for (unsigned int i = 0; i < mask->n_words; i++) {
        rule->values[i] = flow_word(flow, mask->index[i]) & mask->bits[i];
    }
    rule->hash = hash_values(rule->values, mask->n_words);
}

void
cls_rule_set_conjunctions(struct cls_rule *rule,
                          const struct cls_conjunction *conjunctions,
                          uint8_t n)
{
    assert(!rule->subtable);
    rule->conjunctions = conjunctions;
    rule->n_conjunctions = n;
}

void
cls_rule_clone(struct cls_rule *dst, const struct cls_rule *src)
{
    *dst = (struct cls_rule) {
        .mask = minimask_ref(src->mask),
        .values = (src->values ? xmemdup(src->values, src->mask->n_words * 8)
                   : NULL),
        .hash = src->hash,
        .priority = src->priority,
        .add_version = CLS_NEVER,
        .remove_version = CLS_NEVER,
    };
}

void
cls_rule_uninit(struct cls_rule *rule)
{
    assert(!rule->subtable);
    minimask_unref((struct minimask *) rule->mask);
    free(rule->values);
}

void
cls_rule_get_match(const struct cls_rule *rule, struct flow *flow,
                   struct flow_wildcards *wc)
{
    uint64_t *words = (uint64_t *) (void *) flow;

    memset(flow, 0, sizeof *flow);
    memset(wc, 0, sizeof *wc);
    minimask_or(rule->mask, rule->mask->n_words, wc);
    for (unsigned int i = 0; i < rule->mask->n_words; i++) {
        words[rule->mask->index[i]] = rule->values[i];
    }
}

/* Masks are stored once, so that equal ones are the same. */
static bool
values_equal(const struct cls_rule *a, const struct cls_rule *b)
{
    return (a->hash == b->hash && a->mask == b->mask
            && (!a->mask->n_words
                || !memcmp(a->values, b->values, a->mask->n_words * 8)));
}

bool
cls_rule_equals(const struct cls_rule *a, const struct cls_rule *b)
{
    return a->priority == b->priority && values_equal(a, b);
}

static uint64_t
rule_word(const struct cls_rule *rule, unsigned int i, unsigned int *position)
{
    while (*position < rule->mask->n_words
           && rule->mask->index[*position] < i) {
        ++*position;
    }
    return (*position < rule->mask->n_words
            && rule->mask->index[*position] == i
            ? rule->values[*position] : 0);
}

bool
cls_rule_is_within(const struct cls_rule *rule,
                   const struct cls_rule *criteria)
{
    const struct minimask *mask = criteria->mask;
    unsigned int position = 0;

    if (!minimask_covers(rule->mask, mask)) {
        return false;
    }
    for (unsigned int i = 0; i < mask->n_words; i++) {
        uint64_t value = rule_word(rule, mask->index[i], &position);

        if ((value ^ criteria->values[i]) & mask->bits[i]) {
            return false;
        }
    }
    return true;
}

bool
cls_rule_matches(const struct cls_rule *rule, const struct flow *flow)
{
    const struct minimask *mask = rule->mask;

    for (unsigned int i = 0; i < mask->n_words; i++) {
        if ((flow_word(flow, mask->index[i]) ^ rule->values[i])
            & mask->bits[i]) {
            return false;
        }
    }
    return true;
}

void
cls_rule_hide(struct cls_rule *rule, uint64_t version)
{
    __atomic_store_n(&rule->remove_version, version, __ATOMIC_RELAXED);
}

void
cls_rule_show(struct cls_rule *rule)
{
    cls_rule_hide(rule, CLS_NEVER);
}

struct classifier *
classifier_create(void)
{
    struct classifier *cls = xzalloc(sizeof *cls);

    cls->order = xzalloc(sizeof *cls->order);
    hmap_init(&cls->subtables);
    return cls;
}

static void
free_order(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct search_order, rcu));
}

void
classifier_destroy(struct classifier *cls)
{
    if (!cls) {
        return;
    }
    assert(!cls->n_rules);
    synchronize_rcu();
    for (size_t i = 0; i < N_TRIES; i++) {
        trie_uninit(&cls->tries[i]);
    }
    hmap_uninit(&cls->subtables);
    free(cls->order);
    free(cls);
}

size_t
classifier_count(const struct classifier *cls)
{
    return cls->n_rules;
}

size_t
classifier_n_subtables(const struct classifier *cls)
{
    return hmap_count(&cls->subtables);
}

/* The order of search. */

static uint16_t
max_priority(const struct cls_subtable *subtable)
{
    return subtable->priorities.items[0].priority;
}

/* Publishes a copy of the order of 'cls' with 'subtable' moved to where its
 * highest priority belongs; if it has no rule, with it gone. */
static void
reorder(struct classifier *cls, struct cls_subtable *subtable)
{
    struct search_order *old = cls->order;
    struct search_order *order = xmalloc(
        sizeof *order + (old->n + 1) * sizeof order->entries[0]);
    bool pending = subtable->priorities.n > 0;

    order->n = 0;
    for (size_t i = 0; i <= old->n; i++) {
        if (pending && (i == old->n || (old->entries[i].max_priority
                                        < max_priority(subtable)))) {
            order->entries[order->n].subtable = subtable;
            order->entries[order->n++].max_priority = max_priority(subtable);
            pending = false;
        }
        if (i < old->n && old->entries[i].subtable != subtable) {
            order->entries[order->n++] = old->entries[i];
        }
    }
    rcu_assign_pointer(cls->order, order);
    call_rcu(&old->rcu, free_order);
}

/* Finds where 'priority' is, or belongs, among the counts of 'subtable'. */
static size_t
find_priority(const struct cls_subtable *subtable, uint16_t priority)
{
    size_t low = 0, high = subtable->priorities.n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (subtable->priorities.items[middle].priority > priority) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Counts a rule of 'priority' in.  The work besides the search is a move of
 * the smaller priorities when this one is new to the subtable. */
static void
count_priority(struct classifier *cls, struct cls_subtable *subtable,
               uint16_t priority)
{
    size_t i = find_priority(subtable, priority);
    struct priority_count *p;

    if (i < subtable->priorities.n
        && subtable->priorities.items[i].priority == priority) {
        subtable->priorities.items[i].n++;
        return;
    }
    vec_reserve(&subtable->priorities, subtable->priorities.n + 1);
    p = &subtable->priorities.items[i];
    memmove(p + 1, p, (subtable->priorities.n++ - i) * sizeof *p);
    *p = (struct priority_count) { .priority = priority, .n = 1 };
    if (!i) {
        reorder(cls, subtable);
    }
}

static void
uncount_priority(struct classifier *cls, struct cls_subtable *subtable,
                 uint16_t priority)
{
    size_t i = find_priority(subtable, priority);

    if (!--subtable->priorities.items[i].n) {
        vec_remove(&subtable->priorities, i);
        if (!i) {
            reorder(cls, subtable);
        }
    }
}

/* Subtables. */

/* Returns the length of the prefix that 'mask' has at 'offset', or 0 if the
 * set bits there, if any, are not a prefix. */
static unsigned int
prefix_length(const struct minimask *mask, const struct trie_field *field)
{
    uint8_t bytes[16];
    unsigned int n = 0;

    for (unsigned int i = 0; i < field->n_bits / 8; i++) {
        unsigned int offset = field->offset + i;
        uint64_t word = minimask_word(mask, offset / 8);

        bytes[i] = ((const uint8_t *) &word)[offset % 8];
    }
    while (n < field->n_bits && bytes[n / 8] >> (7 - n % 8) & 1) {
        n++;
    }
    for (unsigned int i = n; i < field->n_bits; i++) {
        if (bytes[i / 8] >> (7 - i % 8) & 1) {
            return 0;
        }
    }
    return n;
}

static void
init_indexes(struct cls_subtable *subtable)
{
    const struct minimask *mask = subtable->mask;
    unsigned int previous = 0;

    for (unsigned int s = 0; s < FLOW_N_STAGES - 1; s++) {
        unsigned int end = mask->stage_end[s];

        if (end > previous && end < mask->n_words) {
            rcu_count_set_init(&subtable->indexes[subtable->n_indexes]);
            subtable->index_end[subtable->n_indexes++] = end;
            previous = end;
        }
    }
}

static struct cls_subtable *
create_subtable(struct classifier *cls, const struct minimask *mask)
{
    struct cls_subtable *subtable = xzalloc(sizeof *subtable);
    uint64_t ports_word = minimask_word(mask, PORTS_WORD);

    subtable->mask = minimask_ref(mask);
    rcu_hash_init(&subtable->heads);
    init_indexes(subtable);
    for (size_t i = 0; i < N_TRIES; i++) {
        subtable->trie_n_bits[i] = prefix_length(mask, &trie_fields[i]);
        subtable->uses_tries |= subtable->trie_n_bits[i] != 0;
    }
    memcpy(&subtable->ports_mask, &ports_word, sizeof(be32));
    if (subtable->ports_mask) {
        subtable->ports_n_bits
            = 32 - __builtin_ctz(ntohl(subtable->ports_mask));
    }
    hmap_insert(&cls->subtables, &subtable->node, hash_pointer(mask, 0));
    return subtable;
}

static void
free_subtable(struct rcu_head *head)
{
    struct cls_subtable *subtable = CONTAINER_OF(head, struct cls_subtable,
                                                 rcu);

    minimask_unref(subtable->mask);
    vec_uninit(&subtable->priorities);
    free(subtable);
}

/* Frees 'subtable', which has no rule left and is in no order of search. */
static void
destroy_subtable(struct classifier *cls, struct cls_subtable *subtable)
{
    hmap_remove(&cls->subtables, &subtable->node);
    rcu_hash_uninit(&subtable->heads);
    for (unsigned int i = 0; i < subtable->n_indexes; i++) {
        rcu_count_set_uninit(&subtable->indexes[i]);
    }
    trie_uninit(&subtable->ports);
    call_rcu(&subtable->rcu, free_subtable);
}

static struct cls_subtable *
find_subtable(const struct classifier *cls, const struct minimask *mask)
{
    struct cls_subtable *subtable;

    HMAP_FOR_EACH_WITH_HASH (subtable, node, hash_pointer(mask, 0),
                             &cls->subtables) {
        if (subtable->mask == mask) {
            return subtable;
        }
    }
    return NULL;
}

/* Insertion and removal. */

/* Stores the bytes of the field of trie 'i' in 'rule', which matches it. */
static void
get_trie_value(const struct cls_rule *rule, unsigned int i, uint8_t *value)
{
    unsigned int position = 0;

    for (unsigned int b = 0; b < trie_fields[i].n_bits / 8; b++) {
        unsigned int offset = trie_fields[i].offset + b;
        uint64_t word = rule_word(rule, offset / 8, &position);

        value[b] = ((const uint8_t *) &word)[offset % 8];
    }
}

static void
update_indexes(struct classifier *cls, struct cls_subtable *subtable,
               const struct cls_rule *rule,
               void (*update_set)(struct rcu_count_set *, uint32_t),
               void (*update_trie)(struct trie *, const void *, unsigned int))
{
    uint8_t value[16];

    for (unsigned int i = 0; i < subtable->n_indexes; i++) {
        update_set(&subtable->indexes[i],
                   hash_values(rule->values, subtable->index_end[i]));
    }
    for (unsigned int i = 0; i < N_TRIES; i++) {
        if (subtable->trie_n_bits[i]) {
            get_trie_value(rule, i, value);
            update_trie(&cls->tries[i], value, subtable->trie_n_bits[i]);
        }
    }
    if (subtable->ports_n_bits) {
        unsigned int position = 0;
        uint64_t word = rule_word(rule, PORTS_WORD, &position);

        update_trie(&subtable->ports, &word, subtable->ports_n_bits);
    }
}

static struct cls_rule *
find_head(const struct cls_subtable *subtable, const struct cls_rule *target)
{
    struct rcu_hash_cursor cursor;
    struct cls_rule *head;

    RCU_HASH_FOR_EACH_WITH_HASH (head, &cursor, target->hash,
                                 &subtable->heads) {
        if (values_equal(head, target)) {
            return head;
        }
    }
    return NULL;
}

/* Links 'rule' into the chain of 'head': before the first of its priority or
 * less, so that of rules of one priority the newest comes first. */
static void
link_into_chain(struct cls_subtable *subtable, struct cls_rule *head,
                struct cls_rule *rule)
{
    struct cls_rule **edge = &head->next;

    if (head->priority <= rule->priority) {
        rule->next = head;
        rcu_hash_replace(&subtable->heads, head, rule, rule->hash);
        return;
    }
    while (*edge && (*edge)->priority > rule->priority) {
        edge = &(*edge)->next;
    }
    rule->next = *edge;
    rcu_assign_pointer(*edge, rule);
}

int
classifier_insert(struct classifier *cls, struct cls_rule *rule,
                  uint64_t version)
{
    struct cls_subtable *subtable = find_subtable(cls, rule->mask);
    struct cls_rule *head = subtable ? find_head(subtable, rule) : NULL;

    for (const struct cls_rule *r = head;
         r && r->priority >= rule->priority; r = r->next) {
        if (r->priority == rule->priority
            && cls_rule_is_visible(r, version)) {
            return -EEXIST;
        }
    }

    if (!subtable) {
        subtable = create_subtable(cls, rule->mask);
    }
    rule->subtable = subtable;
    rule->add_version = version;
    rule->remove_version = CLS_NEVER;
    rule->next = NULL;
    update_indexes(cls, subtable, rule, rcu_count_set_add, trie_insert);
    if (head) {
        link_into_chain(subtable, head, rule);
    } else {
        rcu_hash_insert(&subtable->heads, rule, rule->hash);
    }
    subtable->n_rules++;
    cls->n_rules++;
    count_priority(cls, subtable, rule->priority);
    return 0;
}

void
classifier_prefetch(const struct classifier *cls, const struct cls_rule *rule)
{
    const struct cls_subtable *subtable = find_subtable(cls, rule->mask);

    if (!subtable) {
        return;
    }
    rcu_hash_prefetch(&subtable->heads, rule->hash);
    for (unsigned int i = 0; i < subtable->n_indexes; i++) {
        rcu_count_set_prefetch(
            &subtable->indexes[i],
            hash_values(rule->values, subtable->index_end[i]));
    }
}

static void
unlink_from_chain(struct cls_subtable *subtable, struct cls_rule *rule)
{
    struct cls_rule *head = find_head(subtable, rule);
    struct cls_rule **edge = &head->next;

    if (head != rule) {
        while (*edge != rule) {
            edge = &(*edge)->next;
        }
        rcu_assign_pointer(*edge, rule->next);
    } else if (rule->next) {
        rcu_hash_replace(&subtable->heads, rule, rule->next, rule->hash);
    } else {
        rcu_hash_remove(&subtable->heads, rule, rule->hash);
    }
}

void
classifier_remove(struct classifier *cls, struct cls_rule *rule)
{
    struct cls_subtable *subtable = rule->subtable;

    unlink_from_chain(subtable, rule);
    update_indexes(cls, subtable, rule, rcu_count_set_remove, trie_remove);
    rule->subtable = NULL;
    subtable->n_rules--;
    cls->n_rules--;
    uncount_priority(cls, subtable, rule->priority);
    if (!subtable->n_rules) {
        destroy_subtable(cls, subtable);
    }
}

/* Lookup. */

/* What one lookup has found out from the tries. */
struct trie_cache {
    struct trie_lengths lengths[N_TRIES];
    uint8_t n_bits[N_TRIES];        /* Bits that prove it. */
    bool valid[N_TRIES];
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
    uint8_t *bytes = (uint8_t *) wc + trie_fields[i].offset;

    for (; n >= 8; n -= 8) {
        *bytes++ = 0xff;
    }
    if (n) {
        *bytes |= 0xff00 >> n;
    }
}

/* Says whether the tries rule 'subtable' out, and if so ORs into the wildcards
 * the bits that prove it. */
static bool
tries_exclude(struct lookup *l, const struct cls_subtable *subtable)
{
    for (unsigned int i = 0; i < N_TRIES; i++) {
        unsigned int n_bits = subtable->trie_n_bits[i];

        if (!n_bits) {
            continue;
        }
        if (!l->tries.valid[i]) {
            l->tries.n_bits[i] = trie_lookup(
                &l->cls->tries[i],
                (const uint8_t *) l->flow + trie_fields[i].offset,
                trie_fields[i].n_bits, &l->tries.lengths[i]);
            l->tries.valid[i] = true;
        }
        if (!trie_lengths_has(&l->tries.lengths[i], n_bits)) {
            if (l->wc) {
                or_prefix(l->wc, i, MIN(n_bits, l->tries.n_bits[i]));
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
    uint64_t ports = flow_word(l->flow, PORTS_WORD);
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

        if (mask->index[i] == PORTS_WORD) {
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
            hash = hash_add(hash, values[i]);
        }
        if (s < subtable->n_indexes
            && !rcu_count_set_contains(&subtable->indexes[s],
                                       hash_finish(hash))) {
            goto miss;
        }
    }
    *ret_hash = hash_finish(hash);
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
    const struct search_order *order = rcu_dereference(l->cls->order);

    for (size_t i = 0; i < order->n; i++) {
        if (l->best
            && order->entries[i].max_priority <= l->best->priority) {
            break;
        }
        search_subtable(l, order->entries[i].subtable);
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
        uint16_t priority = l->soft.items[start]->priority;

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

struct cls_rule *
classifier_find(const struct classifier *cls, const struct cls_rule *target,
                uint64_t version)
{
    const struct cls_subtable *subtable = find_subtable(cls, target->mask);
    struct cls_rule *rule = subtable ? find_head(subtable, target) : NULL;

    while (rule && (rule->priority > target->priority
                    || (rule->priority == target->priority
                        && !cls_rule_is_visible(rule, version)))) {
        rule = rule->next;
    }
    return rule && rule->priority == target->priority ? rule : NULL;
}

/* Says whether some packet matches both 'a' and 'b'. */
static bool
rules_overlap(const struct cls_rule *a, const struct cls_rule *b)
{
    unsigned int position = 0;

    for (unsigned int i = 0; i < a->mask->n_words; i++) {
        unsigned int word = a->mask->index[i];
        uint64_t both = a->mask->bits[i] & minimask_word(b->mask, word);

        if ((a->values[i] ^ rule_word(b, word, &position)) & both) {
            return false;
        }
    }
    return true;
}

bool
classifier_overlaps(const struct classifier *cls,
                    const struct cls_rule *target, uint64_t version)
{
    for (size_t i = 0; i < cls->order->n; i++) {
        const struct cls_subtable *s = cls->order->entries[i].subtable;
        size_t p = find_priority(s, target->priority);
        struct rcu_hash_cursor cursor;
        struct cls_rule *rule;

        if (p >= s->priorities.n
            || s->priorities.items[p].priority != target->priority) {
            continue;
        }
        RCU_HASH_FOR_EACH (rule, &cursor, &s->heads) {
            for (; rule; rule = rule->next) {
                if (rule->priority == target->priority
                    && cls_rule_is_visible(rule, version)
                    && rules_overlap(rule, target)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Walks. */

/* Starts on the next subtable that can hold rules within the target. */
static const struct cls_rule *
next_subtable(struct cls_cursor *c)
{
    const struct search_order *order = c->order;

    while (c->subtable < order->n) {
        const struct cls_subtable *s = order->entries[c->subtable++].subtable;
        const struct cls_rule *rule;

        if (!c->target || minimask_covers(s->mask, c->target->mask)) {
            if (c->target && c->target->mask == s->mask) {
                c->heads.array = NULL;
                rule = find_head(s, c->target);
            } else {
                rule = rcu_hash_first_of_all(&s->heads, &c->heads);
            }
            if (rule) {
                return rule;
            }
        }
    }
    return NULL;
}

static const struct cls_rule *
next_rule(struct cls_cursor *c, const struct cls_rule *rule)
{
    if (rule->next) {
        return rcu_dereference(rule->next);
    }
    rule = c->heads.array ? rcu_hash_next_of_all(&c->heads) : NULL;
    return rule ? rule : next_subtable(c);
}

struct cls_rule *
cls_cursor_next(struct cls_cursor *c)
{
    while (c->next) {
        const struct cls_rule *rule = c->next;

        c->next = next_rule(c, rule);
        if (cls_rule_is_visible(rule, c->version)
            && (!c->target || cls_rule_is_within(rule, c->target))) {
            return (struct cls_rule *) rule;
        }
    }
    return NULL;
}

struct cls_rule *
cls_cursor_first(struct cls_cursor *c, const struct classifier *cls,
                 const struct cls_rule *target, uint64_t version)
{
    *c = (struct cls_cursor) {
        .cls = cls,
        .target = target,
        .version = version,
        .order = rcu_dereference(cls->order),
    };
    c->next = next_subtable(c);
    return cls_cursor_next(c);
}
