/* SPDX-License-Identifier: Apache-2.0 */

/* Linear probing over a power of two of slots, at most three quarters of them
 * ever used since the array was made.  Removal leaves a tombstone, which an
 * insertion may reuse; when tombstones fill the array it is copied without
 * them.
 *
 * Ordering.  An insertion writes the slot's hash before its pointer (release),
 * a reader reads the pointer (acquire) before the hash.  When a tombstone is
 * reused, a reader that still holds the slot's old pointer may see the new
 * hash and skip the old element: that one is being removed anyway. */

#include "lib/runtime/rcu_hash.h"

#include "lib/base/alloc.h"
#include "lib/base/compiler.h"
#include "lib/runtime/rcu.h"

#define MIN_SLOTS 8

struct slot {
    void *element;                  /* NULL, TOMBSTONE, or an element. */
    uint32_t hash;
};

struct rcu_hash_array {
    struct rcu_head rcu;
    size_t mask;
    size_t n_used;                  /* Elements and tombstones. */
    struct slot slots[];
};

static char tombstone;
#define TOMBSTONE ((void *) &tombstone)

static void
free_hash_array(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct rcu_hash_array, rcu));
}

void
rcu_hash_init(struct rcu_hash *h)
{
    *h = (struct rcu_hash) RCU_HASH_INITIALIZER;
}

void
rcu_hash_uninit(struct rcu_hash *h)
{
    if (h->array) {
        call_rcu(&h->array->rcu, free_hash_array);
    }
    rcu_hash_init(h);
}

static void
put(struct rcu_hash_array *a, void *element, uint32_t hash)
{
    for (size_t i = hash & a->mask; ; i = (i + 1) & a->mask) {
        struct slot *slot = &a->slots[i];

        if (!slot->element || slot->element == TOMBSTONE) {
            a->n_used += !slot->element;
            __atomic_store_n(&slot->hash, hash, __ATOMIC_RELAXED);
            __atomic_store_n(&slot->element, element, __ATOMIC_RELEASE);
            return;
        }
    }
}

static void
rebuild(struct rcu_hash *h)
{
    struct rcu_hash_array *old = h->array;
    size_t n_slots = MIN_SLOTS;
    struct rcu_hash_array *a;

    while (n_slots * 3 < (h->n + 1) * 5) {
        n_slots *= 2;
    }
    a = xzalloc(sizeof *a + n_slots * sizeof a->slots[0]);
    a->mask = n_slots - 1;
    for (size_t i = 0; old && i <= old->mask; i++) {
        if (old->slots[i].element && old->slots[i].element != TOMBSTONE) {
            put(a, old->slots[i].element, old->slots[i].hash);
        }
    }
    rcu_assign_pointer(h->array, a);
    if (old) {
        call_rcu(&old->rcu, free_hash_array);
    }
}

void
rcu_hash_insert(struct rcu_hash *h, void *element, uint32_t hash)
{
    if (!h->array || (h->array->n_used + 1) * 4 > (h->array->mask + 1) * 3) {
        rebuild(h);
    }
    put(h->array, element, hash);
    h->n++;
}

static struct slot *
find_slot(struct rcu_hash *h, const void *element, uint32_t hash)
{
    size_t i = hash & h->array->mask;

    while (h->array->slots[i].element != element) {
        assert(h->array->slots[i].element);
        i = (i + 1) & h->array->mask;
    }
    return &h->array->slots[i];
}

void
rcu_hash_remove(struct rcu_hash *h, const void *element, uint32_t hash)
{
    __atomic_store_n(&find_slot(h, element, hash)->element, TOMBSTONE,
                     __ATOMIC_RELEASE);
    h->n--;
}

void
rcu_hash_replace(struct rcu_hash *h, const void *old, void *element,
                 uint32_t hash)
{
    __atomic_store_n(&find_slot(h, old, hash)->element, element,
                     __ATOMIC_RELEASE);
}

void
rcu_hash_prefetch(const struct rcu_hash *h, uint32_t hash)
{
    if (h->array) {
        __builtin_prefetch(&h->array->slots[hash & h->array->mask]);
    }
}

static void *
advance(struct rcu_hash_cursor *c)
{
    const struct rcu_hash_array *a = c->array;

    for (;;) {
        const struct slot *slot = &a->slots[c->position & a->mask];
        void *element = __atomic_load_n(&slot->element, __ATOMIC_ACQUIRE);

        if (!element) {
            return NULL;
        }
        if (element != TOMBSTONE
            && __atomic_load_n(&slot->hash, __ATOMIC_RELAXED) == c->hash) {
            return element;
        }
        c->position++;
    }
}

void *
rcu_hash_first(const struct rcu_hash *h, uint32_t hash,
               struct rcu_hash_cursor *c)
{
    c->array = rcu_dereference(h->array);
    c->hash = hash;
    c->position = c->array ? hash & c->array->mask : 0;
    return c->array ? advance(c) : NULL;
}

void *
rcu_hash_next(struct rcu_hash_cursor *c)
{
    c->position++;
    return advance(c);
}

static void *
advance_of_all(struct rcu_hash_cursor *c)
{
    for (; c->position <= c->array->mask; c->position++) {
        void *element = __atomic_load_n(&c->array->slots[c->position].element,
                                        __ATOMIC_ACQUIRE);

        if (element && element != TOMBSTONE) {
            return element;
        }
    }
    return NULL;
}

void *
rcu_hash_first_of_all(const struct rcu_hash *h, struct rcu_hash_cursor *c)
{
    c->array = rcu_dereference(h->array);
    c->hash = 0;
    c->position = 0;
    return c->array ? advance_of_all(c) : NULL;
}

void *
rcu_hash_next_of_all(struct rcu_hash_cursor *c)
{
    c->position++;
    return advance_of_all(c);
}

/* Multisets.  A slot is the value in the upper half and its count in the
 * lower, so that a reader gets both in one load.  Zero is an empty slot; a
 * value whose count fell to zero keeps its slot until the next rebuild.  Value
 * 0 would look empty and is stored as 1; a collision costs a needless "yes". */
struct rcu_count_array {
    struct rcu_head rcu;
    size_t mask;
    size_t n_used;
    uint64_t slots[];
};

static void
free_count_array(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct rcu_count_array, rcu));
}

void
rcu_count_set_init(struct rcu_count_set *s)
{
    s->array = NULL;
}

void
rcu_count_set_uninit(struct rcu_count_set *s)
{
    if (s->array) {
        call_rcu(&s->array->rcu, free_count_array);
    }
    s->array = NULL;
}

/* The slot of 'value', or the empty one where it belongs. */
static uint64_t *
count_slot(struct rcu_count_array *a, uint32_t value)
{
    size_t i = value & a->mask;

    while (a->slots[i] && a->slots[i] >> 32 != value) {
        i = (i + 1) & a->mask;
    }
    return &a->slots[i];
}

static void
rebuild_counts(struct rcu_count_set *s)
{
    struct rcu_count_array *old = s->array;
    size_t n = 0, n_slots = MIN_SLOTS;
    struct rcu_count_array *a;

    for (size_t i = 0; old && i <= old->mask; i++) {
        n += (uint32_t) old->slots[i] != 0;
    }
    while (n_slots * 3 < (n + 1) * 5) {
        n_slots *= 2;
    }
    a = xzalloc(sizeof *a + n_slots * sizeof a->slots[0]);
    a->mask = n_slots - 1;
    a->n_used = n;
    for (size_t i = 0; old && i <= old->mask; i++) {
        if ((uint32_t) old->slots[i]) {
            *count_slot(a, old->slots[i] >> 32) = old->slots[i];
        }
    }
    rcu_assign_pointer(s->array, a);
    if (old) {
        call_rcu(&old->rcu, free_count_array);
    }
}

void
rcu_count_set_add(struct rcu_count_set *s, uint32_t value)
{
    uint64_t *slot;

    value = value ? value : 1;
    if (!s->array || (s->array->n_used + 1) * 4 > (s->array->mask + 1) * 3) {
        rebuild_counts(s);
    }
    slot = count_slot(s->array, value);
    s->array->n_used += !*slot;
    __atomic_store_n(slot, ((uint64_t) value << 32) + (uint32_t) *slot + 1,
                     __ATOMIC_RELEASE);
}

void
rcu_count_set_remove(struct rcu_count_set *s, uint32_t value)
{
    uint64_t *slot = count_slot(s->array, value ? value : 1);

    assert((uint32_t) *slot);
    __atomic_store_n(slot, *slot - 1, __ATOMIC_RELEASE);
}

void
rcu_count_set_prefetch(const struct rcu_count_set *s, uint32_t value)
{
    if (s->array) {
        __builtin_prefetch(&s->array->slots[value & s->array->mask]);
    }
}

bool
rcu_count_set_contains(const struct rcu_count_set *s, uint32_t value)
{
    const struct rcu_count_array *a = rcu_dereference(s->array);

    value = value ? value : 1;
    for (size_t i = value; a; i++) {
        uint64_t slot = __atomic_load_n(&a->slots[i & a->mask],
                                        __ATOMIC_ACQUIRE);

        if (!slot) {
            return false;
        }
        if (slot >> 32 == value) {
            return (uint32_t) slot != 0;
        }
    }
    return false;
}
