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
 *   Once the bits are in the wildcards anyway, which they are after a few
 *   subtables, or from an earlier table, such a subtable is passed over at the
 *   first look, and costs 16 bytes of memory; so do all of them when nobody
 *   wants wildcards.
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
#include "lib/flow/cls_subtable.h"

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
    free(CONTAINER_OF(head, struct cls_search_order, rcu));
}

void
classifier_destroy(struct classifier *cls)
{
    if (!cls) {
        return;
    }
    assert(!cls->n_rules);
    synchronize_rcu();
    for (size_t i = 0; i < CLS_N_TRIES; i++) {
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

static uint32_t
max_priority(const struct cls_subtable *subtable)
{
    return subtable->priorities.items[0].priority;
}

static struct cls_search_entry
make_entry(struct cls_subtable *subtable)
{
    struct cls_search_entry entry = {
        .subtable = subtable,
        .max_priority = max_priority(subtable),
    };

    memcpy(entry.trie_n_bits, subtable->trie_n_bits,
           sizeof entry.trie_n_bits);
    return entry;
}

/* Publishes a copy of the order of 'cls' with 'subtable' moved to where its
 * highest priority belongs; if it has no rule, with it gone. */
static void
reorder(struct classifier *cls, struct cls_subtable *subtable)
{
    struct cls_search_order *old = cls->order;
    struct cls_search_order *order = xmalloc(
        sizeof *order + (old->n + 1) * sizeof order->entries[0]);
    bool pending = subtable->priorities.n > 0;

    order->n = 0;
    for (size_t i = 0; i <= old->n; i++) {
        if (pending && (i == old->n || (old->entries[i].max_priority
                                        < max_priority(subtable)))) {
            order->entries[order->n++] = make_entry(subtable);
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
find_priority(const struct cls_subtable *subtable, uint32_t priority)
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
               uint32_t priority)
{
    size_t i = find_priority(subtable, priority);
    struct cls_priority_count *p;

    if (i < subtable->priorities.n
        && subtable->priorities.items[i].priority == priority) {
        subtable->priorities.items[i].n++;
        return;
    }
    vec_reserve(&subtable->priorities, subtable->priorities.n + 1);
    p = &subtable->priorities.items[i];
    memmove(p + 1, p, (subtable->priorities.n++ - i) * sizeof *p);
    *p = (struct cls_priority_count) { .priority = priority, .n = 1 };
    if (!i) {
        reorder(cls, subtable);
    }
}

static void
uncount_priority(struct classifier *cls, struct cls_subtable *subtable,
                 uint32_t priority)
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
    uint64_t ports_word = minimask_word(mask, CLS_PORTS_WORD);

    subtable->mask = minimask_ref(mask);
    rcu_hash_init(&subtable->heads);
    init_indexes(subtable);
    for (size_t i = 0; i < CLS_N_TRIES; i++) {
        subtable->trie_n_bits[i] = prefix_length(mask, &cls_trie_fields[i]);
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

    for (unsigned int b = 0; b < cls_trie_fields[i].n_bits / 8; b++) {
        unsigned int offset = cls_trie_fields[i].offset + b;
        uint64_t word = cls_rule_word(rule, offset / 8, &position);

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
                   cls_hash_values(rule->values, subtable->index_end[i]));
    }
    for (unsigned int i = 0; i < CLS_N_TRIES; i++) {
        if (subtable->trie_n_bits[i]) {
            get_trie_value(rule, i, value);
            update_trie(&cls->tries[i], value, subtable->trie_n_bits[i]);
        }
    }
    if (subtable->ports_n_bits) {
        unsigned int position = 0;
        uint64_t word = cls_rule_word(rule, CLS_PORTS_WORD, &position);

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
        if (cls_values_equal(head, target)) {
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
            cls_hash_values(rule->values, subtable->index_end[i]));
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

        if ((a->values[i] ^ cls_rule_word(b, word, &position)) & both) {
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
    const struct cls_search_order *order = c->order;

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
