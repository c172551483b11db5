/* SPDX-License-Identifier: Apache-2.0 */

/* Facts and groups.
 *
 * A fact is kept once, in its group, with the number of emissions behind it.
 * While units of the ranks up to the class's own run, facts only collect
 * emissions; the group's members and readers do not see a difference before
 * store_process(), which looks at each touched fact once and keeps those whose
 * presence differs from before: the net changes.
 *
 * Most groups have one fact, so a group keeps a single member in place, then
 * an array, and above INCR_GROUP_SLOTS_MIN members a hash table beside it.
 *
 * Facts and groups are most of a program's memory, so hashes have 32 bits, and
 * the tables need no more of an element than that and, in a group, a link. */

#include "lib/incr/internal.h"

#include "lib/base/hash.h"

static size_t
group_bytes(const struct group *group)
{
    return sizeof *group + group->pub.key_size + 16;
}

static size_t
fact_bytes(const struct incr_fact *fact)
{
    return sizeof *fact + fact->value_size + 16;
}

static struct fact_store *
group_store(struct incr *incr, const struct group *group)
{
    return &incr->facts[group->pub.class_id];
}

const void *
incr_group_key(const struct incr_group *group)
{
    return group_cast(group) + 1;
}

const struct incr_fact *
incr_group_fact(const struct incr_group *group, size_t i)
{
    assert(i < group->n);
    return group_members(group_cast(group))[i];
}

const void *
incr_group_value(const struct incr_group *group, size_t i)
{
    return incr_fact_value(incr_group_fact(group, i));
}

const void *
incr_fact_value(const struct incr_fact *fact)
{
    return fact + 1;
}

/* Groups by key. */

void
fact_store_init(struct fact_store *store, const struct incr_fact_class *class)
{
    store->class = class;
    store->buckets = xcalloc(1, sizeof *store->buckets);
}

void
fact_store_uninit(struct fact_store *store)
{
    free(store->buckets);
    vec_uninit(&store->touched);
    vec_uninit(&store->dirty);
    vec_uninit(&store->sinks);
    vec_uninit(&store->units);
}

static struct group **
bucket_of(const struct fact_store *store, uint32_t hash)
{
    return &store->buckets[hash & store->bucket_mask];
}

static void
buckets_grow(struct fact_store *store)
{
    struct group **old = store->buckets;
    uint32_t n_old = store->bucket_mask + 1;

    store->buckets = xcalloc((size_t) 2 * n_old, sizeof *store->buckets);
    store->bucket_mask = 2 * n_old - 1;
    for (uint32_t i = 0; i < n_old; i++) {
        struct group *group = old[i];

        while (group) {
            struct group *next = group->next;
            struct group **bucket = bucket_of(store, group->pub.hash);

            group->next = *bucket;
            *bucket = group;
            group = next;
        }
    }
    free(old);
}

static void
bucket_insert(struct fact_store *store, struct group *group)
{
    struct group **bucket;

    if (store->n_groups++ / 2 > store->bucket_mask) {
        buckets_grow(store);
    }
    bucket = bucket_of(store, group->pub.hash);
    group->next = *bucket;
    *bucket = group;
}

static void
bucket_remove(struct fact_store *store, const struct group *group)
{
    struct group **p = bucket_of(store, group->pub.hash);

    while (*p != group) {
        p = &(*p)->next;
    }
    *p = group->next;
    store->n_groups--;
}

struct group *
group_next(const struct fact_store *store, const struct group *group)
{
    uint32_t i = group ? (group->pub.hash & store->bucket_mask) + 1 : 0;

    if (group && group->next) {
        return group->next;
    }
    while (i <= store->bucket_mask && !store->buckets[i]) {
        i++;
    }
    return i <= store->bucket_mask ? store->buckets[i] : NULL;
}

struct group *
group_create(unsigned int class_id, const void *key, size_t size,
             uint32_t hash)
{
    struct group *group = xmalloc(sizeof *group + size);

    *group = (struct group) {
        .pub = { .key_size = size, .class_id = class_id, .hash = hash },
        .target.is_group = true,
    };
    if (size) {
        memcpy(group + 1, key, size);
    }
    return group;
}

void
group_destroy(struct group *group)
{
    if (group->pub.flags & GROUP_MANY) {
        free(group->many->slots);
        free(group->many);
    }
    free(group);
}

struct group *
group_find(const struct fact_store *store, const void *key, size_t size,
           uint32_t hash)
{
    struct group *group = *bucket_of(store, hash);

    while (group && (group->pub.hash != hash || group->pub.key_size != size
                     || (size && memcmp(group + 1, key, size)))) {
        group = group->next;
    }
    return group;
}

struct group *
group_settle(struct incr *incr, struct group *group)
{
    struct fact_store *store = group_store(incr, group);
    struct group *old = group_find(store, group + 1, group->pub.key_size,
                                   group->pub.hash);

    if (old) {
        group_destroy(group);
        return old;
    }
    bucket_insert(store, group);
    store->bytes += group_bytes(group);
    incr->counts.n_groups++;
    return group;
}

void
group_maybe_garbage(struct incr *incr, struct group *group)
{
    if (!(group->pub.flags & GROUP_GARBAGE) && !group->pub.n
        && !group->target.readers) {
        group->pub.flags |= GROUP_GARBAGE;
        vec_push(&incr->garbage, group);
    }
}

static int
compare_facts(const void *a_, const void *b_)
{
    const struct incr_fact *a = *(struct incr_fact *const *) a_;
    const struct incr_fact *b = *(struct incr_fact *const *) b_;
    size_t n = MIN(a->value_size, b->value_size);
    int cmp = n ? memcmp(a + 1, b + 1, n) : 0;

    return cmp ? cmp : (a->value_size > b->value_size)
                       - (a->value_size < b->value_size);
}

void
group_sort(struct incr *incr, struct group *group)
{
    if (LIKELY(__atomic_load_n(&group->pub.sorted, __ATOMIC_ACQUIRE))) {
        return;
    }
    pthread_mutex_t *lock = &incr->locks[group->pub.hash % INCR_N_LOCKS];

    pthread_mutex_lock(lock);
    if (!group->pub.sorted) {
        struct incr_fact **members = group_members(group);

        if (group->pub.n > 1) {
            qsort(members, group->pub.n, sizeof *members, compare_facts);
        }
        for (uint32_t i = 0; i < group->pub.n; i++) {
            members[i]->index = i;
        }
        __atomic_store_n(&group->pub.sorted, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(lock);
}

/* Facts by value. */

struct incr_fact *
fact_create(struct group *group, const void *value, size_t size, uint32_t hash)
{
    struct incr_fact *fact = xmalloc(sizeof *fact + size);

    *fact = (struct incr_fact) {
        .group = &group->pub, .value_size = size, .hash = hash,
    };
    if (size) {
        memcpy(fact + 1, value, size);
    }
    return fact;
}

static bool
fact_is(const struct incr_fact *fact, const void *value, size_t size,
        uint32_t hash)
{
    return (fact->hash == hash && fact->value_size == size
            && (!size || !memcmp(fact + 1, value, size)));
}

static bool
has_slots(const struct group *group)
{
    return group->pub.flags & GROUP_MANY && group->many->slots;
}

struct incr_fact *
fact_find(struct group *group, const void *value, size_t size, uint32_t hash)
{
    if (has_slots(group)) {
        const struct members *m = group->many;
        uint32_t i = hash & m->slot_mask;

        while (m->slots[i] && !fact_is(m->slots[i], value, size, hash)) {
            i = (i + 1) & m->slot_mask;
        }
        return m->slots[i];
    }

    struct incr_fact **members = group_members(group);

    for (uint32_t i = 0; i < group->pub.n; i++) {
        if (fact_is(members[i], value, size, hash)) {
            return members[i];
        }
    }
    return NULL;
}

static void
slots_insert(struct members *m, struct incr_fact *fact)
{
    uint32_t i = fact->hash & m->slot_mask;

    while (m->slots[i]) {
        i = (i + 1) & m->slot_mask;
    }
    m->slots[i] = fact;
}

/* Takes 'fact' out, and moves into the gap what a search would not find behind
 * it any more. */
static void
slots_remove(struct members *m, const struct incr_fact *fact)
{
    uint32_t gap = fact->hash & m->slot_mask;

    while (m->slots[gap] != fact) {
        gap = (gap + 1) & m->slot_mask;
    }
    for (uint32_t i = (gap + 1) & m->slot_mask; m->slots[i];
         i = (i + 1) & m->slot_mask) {
        uint32_t home = m->slots[i]->hash & m->slot_mask;

        if (((i - home) & m->slot_mask) >= ((i - gap) & m->slot_mask)) {
            m->slots[gap] = m->slots[i];
            gap = i;
        }
    }
    m->slots[gap] = NULL;
}

/* Puts the 'n' members into slots, at most two thirds of them. */
static void
slots_fill(struct members *m, uint32_t n)
{
    uint32_t n_slots = 4 * INCR_GROUP_SLOTS_MIN;

    while (n > n_slots / 3 * 2) {
        n_slots *= 2;
    }
    free(m->slots);
    m->slots = xcalloc(n_slots, sizeof *m->slots);
    m->slot_mask = n_slots - 1;
    for (uint32_t i = 0; i < n; i++) {
        slots_insert(m, m->items[i]);
    }
}

/* Makes room for one more than 'n' members. */
static void
members_grow(struct group *group, uint32_t n)
{
    bool is_many = group->pub.flags & GROUP_MANY;
    struct members *m = is_many ? group->many : NULL;
    uint32_t allocated = n + n / 2 + 2;

    if (m ? n < m->allocated : n == 0) {
        return;
    }
    m = xrealloc(m, sizeof *m + (size_t) allocated * sizeof *m->items);
    if (!is_many) {
        m->slots = NULL;
        m->slot_mask = 0;
        m->items[0] = group->one;
        group->pub.flags |= GROUP_MANY;
    }
    m->allocated = allocated;
    group->many = m;
}

static void
member_add(struct group *group, struct incr_fact *fact)
{
    uint32_t n = group->pub.n;

    members_grow(group, n);
    group_members(group)[n] = fact;
    fact->index = n;
    group->pub.n = n + 1;
    group->pub.set_hash += incr_set_hash(fact + 1, fact->value_size);
    group->pub.sorted = n == 0;
    if (has_slots(group) && n < group->many->slot_mask / 3 * 2) {
        slots_insert(group->many, fact);
    } else if (n >= INCR_GROUP_SLOTS_MIN) {
        slots_fill(group->many, n + 1);
    }
}

static void
member_remove(struct group *group, struct incr_fact *fact)
{
    struct incr_fact **members = group_members(group);
    uint32_t last = --group->pub.n;

    if (fact->index != last) {
        members[fact->index] = members[last];
        members[fact->index]->index = fact->index;
        group->pub.sorted = false;
    }
    group->pub.set_hash -= incr_set_hash(fact + 1, fact->value_size);
    if (has_slots(group)) {
        slots_remove(group->many, fact);
    }
}

struct incr_fact *
fact_settle(struct incr *incr, struct incr_fact *fact)
{
    struct group *group = group_cast(fact->group);
    struct incr_fact *old = fact_find(group, fact + 1, fact->value_size,
                                      fact->hash);

    if (old) {
        free(fact);
        return old;
    }
    member_add(group, fact);
    group_store(incr, group)->bytes += fact_bytes(fact);
    return fact;
}

static void
fact_touch(struct incr *incr, struct incr_fact *fact)
{
    if (!fact->state) {
        struct fact_store *store = &incr->facts[fact->group->class_id];

        assert(store->class->rank >= incr->rank);
        fact->state = FACT_TOUCHED | (fact->n_emitters ? FACT_WAS : 0);
        vec_push(&store->touched, fact);
        incr->pending = true;
    }
}

void
fact_retain(struct incr *incr, struct incr_fact *fact)
{
    fact_touch(incr, fact);
    fact->n_emitters++;
}

void
fact_release(struct incr *incr, struct incr_fact *fact)
{
    fact_touch(incr, fact);
    fact->n_emitters--;
}

static void
group_set_dirty(struct fact_store *store, struct group *group)
{
    if (!(group->pub.flags & GROUP_DIRTY)) {
        group->pub.flags |= GROUP_DIRTY;
        vec_push(&store->dirty, group);
    }
}

/* Reduces store->touched to the facts with a net change; returns their
 * number.  What neither was nor is, goes. */
static size_t
keep_net_changes(struct incr *incr, struct fact_store *store)
{
    size_t n = 0;

    VEC_FOR_EACH (p, &store->touched) {
        struct incr_fact *fact = *p;
        struct group *group = group_cast(fact->group);
        bool was = fact->state & FACT_WAS;
        bool is = fact->n_emitters > 0;

        fact->state = 0;
        if (!is) {
            member_remove(group, fact);
            store->bytes -= fact_bytes(fact);
        }
        if (was != is) {
            store->touched.items[n++] = fact;
            group_set_dirty(store, group);
        } else if (!is) {
            free(fact);
            group_maybe_garbage(incr, group);
        }
    }
    store->touched.n = n;
    return n;
}

static void
tell_facts(struct incr *incr, struct fact_store *store)
{
    VEC_FOR_EACH (p, &store->touched) {
        struct incr_fact *fact = *p;
        bool added = fact->n_emitters > 0;

        store->n_facts += added ? 1 : -1;
        incr->counts.n_facts += added ? 1 : -1;
        VEC_FOR_EACH (sink, &store->sinks) {
            if ((*sink)->fact_changed) {
                (*sink)->fact_changed((*sink)->aux, fact, added);
            }
        }
        if (!added) {
            vec_push(&incr->dead_facts, fact);
        }
    }
}

static void
group_process(struct incr *incr, struct fact_store *store,
              struct group *group)
{
    bool was_live = group->pub.flags & GROUP_LIVE;
    bool live = group->pub.n > 0;

    group->pub.flags &= ~(GROUP_DIRTY | GROUP_LIVE);
    group->pub.flags |= live ? GROUP_LIVE : 0;
    readers_wake(incr, &group->target,
                 READ_FACTS | (live != was_live ? READ_PRESENCE : 0));
    if (!live) {
        units_kill(incr, group->units);
        group->units = NULL;
        group_maybe_garbage(incr, group);
    } else if (!was_live) {
        group->units = units_create(incr, store->units.items, store->units.n,
                                    &group->target);
    } else {
        units_wake(incr, group->units);
    }
    VEC_FOR_EACH (sink, &store->sinks) {
        if ((*sink)->group_changed) {
            (*sink)->group_changed((*sink)->aux, &group->pub);
        }
    }
}

size_t
store_process(struct incr *incr, struct fact_store *store)
{
    size_t n_changes = keep_net_changes(incr, store);

    if (n_changes) {
        tell_facts(incr, store);
        VEC_FOR_EACH (group, &store->dirty) {
            group_process(incr, store, *group);
        }
    }
    vec_clear_to(&store->touched, INCR_KEEP);
    vec_clear_to(&store->dirty, INCR_KEEP);
    if (n_changes) {
        VEC_FOR_EACH (sink, &store->sinks) {
            if ((*sink)->settled) {
                (*sink)->settled((*sink)->aux);
            }
        }
    }
    store->n_changes += n_changes;
    return n_changes;
}

static bool
wants_progress(const struct fact_store *store, unsigned int rank)
{
    VEC_FOR_EACH (sink, &store->sinks) {
        if ((*sink)->progress && store->class->rank == rank) {
            return true;
        }
    }
    return false;
}

bool
stores_want_progress(const struct incr *incr, unsigned int rank)
{
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        if (wants_progress(&incr->facts[i], rank)) {
            return true;
        }
    }
    return false;
}

void
stores_progress(struct incr *incr, unsigned int rank)
{
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct fact_store *store = &incr->facts[i];

        if (store->touched.n < INCR_PROGRESS_FACTS
            || !wants_progress(store, rank)) {
            continue;
        }
        incr->now.n_facts += store_process(incr, store);
        VEC_FOR_EACH (sink, &store->sinks) {
            if ((*sink)->progress) {
                (*sink)->progress((*sink)->aux);
            }
        }
    }
}

/* Frees groups that hold nothing and that nobody reads.  Those of which a sink
 * still knows something wait. */
static void
collect_groups(struct incr *incr)
{
    size_t n = 0;

    VEC_FOR_EACH (p, &incr->garbage) {
        struct group *group = *p;
        struct fact_store *store = group_store(incr, group);

        if (group->pub.n || group->target.readers) {
            group->pub.flags &= ~GROUP_GARBAGE;
        } else if (group->pub.sink_data) {
            incr->garbage.items[n++] = group;
        } else {
            bucket_remove(store, group);
            store->bytes -= group_bytes(group);
            incr->counts.n_groups--;
            group_destroy(group);
        }
    }
    incr->garbage.n = n;
}

void
store_collect(struct incr *incr)
{
    VEC_FOR_EACH (fact, &incr->dead_facts) {
        free(*fact);
    }
    vec_clear_to(&incr->dead_facts, INCR_KEEP);
    collect_groups(incr);
}

static void
set_input(struct incr *incr, struct group *group, struct incr_fact *new_)
{
    /* An input group has at most one fact with an emitter, but may have others
     * that this step has already taken away. */
    struct incr_fact **members = group_members(group);

    for (uint32_t i = 0; i < group->pub.n; i++) {
        if (members[i] != new_ && members[i]->n_emitters) {
            fact_release(incr, members[i]);
        }
    }
    if (new_ && !new_->n_emitters) {
        fact_retain(incr, new_);
    }
    incr->now.n_inputs++;
}

void
incr_set(struct incr *incr, unsigned int class_id, const void *key,
         size_t key_size, const void *value, size_t size)
{
    struct group *group = group_settle(
        incr, group_create(class_id, key, key_size, key_hash(key, key_size)));

    set_input(incr, group,
              fact_settle(incr, fact_create(group, value, size,
                                            key_hash(value, size))));
}

void
incr_unset(struct incr *incr, unsigned int class_id, const void *key,
           size_t key_size)
{
    struct group *group = group_find(&incr->facts[class_id], key, key_size,
                                     key_hash(key, key_size));

    if (group) {
        set_input(incr, group, NULL);
    }
}

uint64_t
incr_set_hash(const void *value, size_t size)
{
    return hash_word(hash_bytes(value, size, 0), 1);
}

struct incr_group *
incr_find(const struct incr *incr, unsigned int class_id, const void *key,
          size_t size)
{
    struct group *group = group_find(&incr->facts[class_id], key, size,
                                     key_hash(key, size));

    return group && group->pub.n ? &group->pub : NULL;
}

void
incr_for_each_group(struct incr *incr, unsigned int class_id,
                    void (*visit)(struct incr_group *, void *aux), void *aux)
{
    struct group *group;

    GROUP_FOR_EACH (group, &incr->facts[class_id]) {
        if (group->pub.n) {
            visit(&group->pub, aux);
        }
    }
}
