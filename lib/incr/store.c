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
 * an array, and from INCR_GROUP_MAP_MIN members on a hash table beside it. */

#include "lib/incr/internal.h"

#include "lib/base/hash.h"

static size_t
group_bytes(const struct group *group)
{
    return sizeof *group + group->pub.key_size + 16;
}

static size_t
fact_bytes(const struct fact *fact)
{
    return sizeof *fact + fact->pub.value_size + 16;
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
    return &group_members(group_cast(group))[i]->pub;
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

struct group *
group_create(unsigned int class_id, const void *key, size_t size,
             uint64_t hash)
{
    struct group *group = xmalloc(sizeof *group + size);

    *group = (struct group) {
        .pub = { .key_size = size, .class_id = class_id },
        .node.hash = hash,
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
    if (group->allocated) {
        free(group->many);
    }
    if (group->map) {
        hmap_uninit(group->map);
        free(group->map);
    }
    free(group);
}

struct group *
group_find(const struct fact_store *store, const void *key, size_t size,
           uint64_t hash)
{
    struct group *group;

    HMAP_FOR_EACH_WITH_HASH (group, node, hash, &store->groups) {
        if (group->pub.key_size == size
            && (!size || !memcmp(group + 1, key, size))) {
            return group;
        }
    }
    return NULL;
}

struct group *
group_settle(struct incr *incr, struct group *group)
{
    struct fact_store *store = group_store(incr, group);
    struct group *old = group_find(store, group + 1, group->pub.key_size,
                                   group->node.hash);

    if (old) {
        group_destroy(group);
        return old;
    }
    hmap_insert(&store->groups, &group->node, group->node.hash);
    store->bytes += group_bytes(group);
    incr->counts.n_groups++;
    return group;
}

void
group_maybe_garbage(struct incr *incr, struct group *group)
{
    if (!group->garbage && !group->pub.n && !group->target.readers) {
        group->garbage = true;
        vec_push(&incr->garbage, group);
    }
}

static int
compare_facts(const void *a_, const void *b_)
{
    struct fact *a = *(struct fact *const *) a_;
    struct fact *b = *(struct fact *const *) b_;
    size_t n = MIN(a->pub.value_size, b->pub.value_size);
    int cmp = n ? memcmp(fact_value(a), fact_value(b), n) : 0;

    return cmp ? cmp : (a->pub.value_size > b->pub.value_size)
                       - (a->pub.value_size < b->pub.value_size);
}

void
group_sort(struct incr *incr, struct group *group)
{
    if (LIKELY(__atomic_load_n(&group->sorted, __ATOMIC_ACQUIRE))) {
        return;
    }
    pthread_mutex_t *lock = &incr->locks[group->node.hash % INCR_N_LOCKS];

    pthread_mutex_lock(lock);
    if (!group->sorted) {
        struct fact **members = group_members(group);

        if (group->pub.n > 1) {
            qsort(members, group->pub.n, sizeof *members, compare_facts);
        }
        for (uint32_t i = 0; i < group->pub.n; i++) {
            members[i]->pub.index = i;
        }
        __atomic_store_n(&group->sorted, true, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(lock);
}

struct fact *
fact_create(struct group *group, const void *value, size_t size, uint64_t hash)
{
    struct fact *fact = xmalloc(sizeof *fact + size);

    *fact = (struct fact) {
        .node.hash = hash,
        .pub = { .group = &group->pub, .value_size = size },
    };
    if (size) {
        memcpy(fact_value(fact), value, size);
    }
    return fact;
}

static bool
fact_is(struct fact *fact, const void *value, size_t size, uint64_t hash)
{
    return (fact->node.hash == hash && fact->pub.value_size == size
            && (!size || !memcmp(fact_value(fact), value, size)));
}

struct fact *
fact_find(struct group *group, const void *value, size_t size, uint64_t hash)
{
    if (group->map) {
        struct fact *fact;

        HMAP_FOR_EACH_WITH_HASH (fact, node, hash, group->map) {
            if (fact_is(fact, value, size, hash)) {
                return fact;
            }
        }
        return NULL;
    }

    struct fact **members = group_members(group);

    for (uint32_t i = 0; i < group->pub.n; i++) {
        if (fact_is(members[i], value, size, hash)) {
            return members[i];
        }
    }
    return NULL;
}

static void
member_add(struct group *group, struct fact *fact)
{
    uint32_t n = group->pub.n;

    if (n && n >= group->allocated) {
        struct fact *one = group->allocated ? NULL : group->one;

        group->many = xreallocarray(one ? NULL : group->many, 2 * n + 2,
                                    sizeof *group->many);
        group->allocated = 2 * n + 2;
        if (one) {
            group->many[0] = one;
        }
    }
    group_members(group)[n] = fact;
    fact->pub.index = n;
    group->pub.n = n + 1;
    group->pub.set_hash += hash_word(fact->node.hash, 1);
    group->sorted = n == 0;
    if (group->map) {
        hmap_insert(group->map, &fact->node, fact->node.hash);
    } else if (n + 1 > INCR_GROUP_MAP_MIN) {
        group->map = xmalloc(sizeof *group->map);
        hmap_init(group->map);
        for (uint32_t i = 0; i <= n; i++) {
            struct fact *f = group->many[i];

            hmap_insert(group->map, &f->node, f->node.hash);
        }
    }
}

static void
member_remove(struct group *group, struct fact *fact)
{
    struct fact **members = group_members(group);
    uint32_t last = --group->pub.n;

    if (fact->pub.index != last) {
        members[fact->pub.index] = members[last];
        members[fact->pub.index]->pub.index = fact->pub.index;
        group->sorted = false;
    }
    group->pub.set_hash -= hash_word(fact->node.hash, 1);
    if (group->map) {
        hmap_remove(group->map, &fact->node);
    }
}

struct fact *
fact_settle(struct incr *incr, struct fact *fact)
{
    struct group *group = group_cast(fact->pub.group);
    struct fact *old = fact_find(group, fact_value(fact),
                                 fact->pub.value_size, fact->node.hash);

    if (old) {
        free(fact);
        return old;
    }
    member_add(group, fact);
    group_store(incr, group)->bytes += fact_bytes(fact);
    return fact;
}

static void
fact_touch(struct incr *incr, struct fact *fact)
{
    if (!fact->pub.state) {
        struct fact_store *store = &incr->facts[fact->pub.group->class_id];

        assert(store->class->rank >= incr->rank);
        fact->pub.state = FACT_TOUCHED | (fact->pub.n_emitters ? FACT_WAS : 0);
        vec_push(&store->touched, fact);
        incr->pending = true;
    }
}

void
fact_retain(struct incr *incr, struct fact *fact)
{
    fact_touch(incr, fact);
    fact->pub.n_emitters++;
}

void
fact_release(struct incr *incr, struct fact *fact)
{
    fact_touch(incr, fact);
    fact->pub.n_emitters--;
}

static void
group_set_dirty(struct fact_store *store, struct group *group)
{
    if (!group->dirty) {
        group->dirty = true;
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
        struct fact *fact = *p;
        struct group *group = group_cast(fact->pub.group);
        bool was = fact->pub.state & FACT_WAS;
        bool is = fact->pub.n_emitters > 0;

        fact->pub.state = 0;
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
        struct fact *fact = *p;
        bool added = fact->pub.n_emitters > 0;

        store->n_facts += added ? 1 : -1;
        incr->counts.n_facts += added ? 1 : -1;
        VEC_FOR_EACH (sink, &store->sinks) {
            if ((*sink)->fact_changed) {
                (*sink)->fact_changed((*sink)->aux, &fact->pub, added);
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
    bool live = group->pub.n > 0;
    uint64_t what = READ_FACTS | (live != group->live ? READ_PRESENCE : 0);

    group->dirty = false;
    readers_wake(incr, &group->target, what);
    if (!live) {
        units_kill(incr, group->units);
        group->units = NULL;
        group_maybe_garbage(incr, group);
    } else if (!group->live) {
        VEC_FOR_EACH (class, &store->units) {
            group->units = unit_create(incr, *class, &group->target,
                                       group->units);
        }
    } else {
        for (struct unit *unit = group->units; unit; unit = unit->next) {
            unit_wake(incr, unit);
        }
    }
    group->live = live;
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
    vec_clear(&store->touched);
    vec_clear(&store->dirty);
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
            group->garbage = false;
        } else if (group->pub.sink_data) {
            incr->garbage.items[n++] = group;
        } else {
            hmap_remove(&store->groups, &group->node);
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
    vec_clear(&incr->dead_facts);
    collect_groups(incr);
}

static void
set_input(struct incr *incr, struct group *group, struct fact *new_)
{
    /* An input group has at most one fact with an emitter, but may have others
     * that this step has already taken away. */
    struct fact **members = group_members(group);

    for (uint32_t i = 0; i < group->pub.n; i++) {
        if (members[i] != new_ && members[i]->pub.n_emitters) {
            fact_release(incr, members[i]);
        }
    }
    if (new_ && !new_->pub.n_emitters) {
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
    return hash_word(key_hash(value, size), 1);
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

    HMAP_FOR_EACH (group, node, &incr->facts[class_id].groups) {
        if (group->pub.n) {
            visit(&group->pub, aux);
        }
    }
}
