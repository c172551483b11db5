/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/datapath/flow_table.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"

/* Masks are few and a port cannot make many of them: each distinct mask costs
 * every miss of the cache a probe, so there is a bound, beyond which a put
 * fails and the packet goes on through upcalls. */

void
flow_table_init(struct flow_table *t)
{
    *t = (struct flow_table) {
        .by_ufid = RCU_HASH_INITIALIZER,
        .list = xzalloc(sizeof *t->list),
        .next_index = 1,
    };
    pthread_mutex_init(&t->mutex, NULL);
}

static void
free_actions_rcu(struct rcu_head *rcu)
{
    free(caa_container_of(rcu, struct dp_actions, rcu));
}

static void
free_flow_rcu(struct rcu_head *rcu)
{
    struct dp_flow *flow = caa_container_of(rcu, struct dp_flow, rcu);

    free(flow->actions);
    free(flow);
}

static void
free_subtable_rcu(struct rcu_head *rcu)
{
    free(caa_container_of(rcu, struct dp_subtable, rcu));
}

static void
free_list_rcu(struct rcu_head *rcu)
{
    free(caa_container_of(rcu, struct subtable_list, rcu));
}

static uint32_t
ufid_hash(struct ufid ufid)
{
    return ufid.u64[0] ^ ufid.u64[0] >> 32 ^ ufid.u64[1];
}

static uint32_t
masked_hash(const struct flow_key *key)
{
    return flow_key_hash_masked_words(key, 0);
}

/* Publishes a copy of the subtable list without 'remove', with 'add' (either
 * may be NULL). */
static void
change_list(struct flow_table *t, const struct dp_subtable *remove,
            struct dp_subtable *add)
{
    struct subtable_list *old = t->list;
    struct subtable_list *list = xmalloc(sizeof *list + (old->n + 1)
                                         * sizeof list->subtables[0]);

    list->n = 0;
    for (size_t i = 0; i < old->n; i++) {
        if (old->subtables[i] != remove) {
            list->subtables[list->n++] = old->subtables[i];
        }
    }
    if (add) {
        list->subtables[list->n++] = add;
    }
    rcu_assign_pointer(t->list, list);
    call_rcu(&old->rcu, free_list_rcu);
}

static struct dp_subtable *
find_subtable(const struct flow_table *t, const struct flow_key *mask)
{
    for (size_t i = 0; i < t->list->n; i++) {
        if (flow_key_equal(&t->list->subtables[i]->mask.key, mask)) {
            return t->list->subtables[i];
        }
    }
    return NULL;
}

static struct dp_subtable *
get_subtable(struct flow_table *t, const struct flow_key *mask)
{
    struct dp_subtable *s = find_subtable(t, mask);

    if (!s && t->list->n < FLOW_TABLE_MAX_MASKS) {
        s = xmalloc(offsetof(struct dp_subtable, mask)
                    + FLOW_KEY_SIZE(mask->n_words));
        s->flows = (struct rcu_hash) RCU_HASH_INITIALIZER;
        s->n_hits = 0;
        memcpy(&s->mask, mask, FLOW_KEY_SIZE(mask->n_words));
        change_list(t, NULL, s);
    }
    return s;
}

static uint32_t
alloc_index(struct flow_table *t)
{
    uint32_t index = t->n_free ? t->free_indexes[--t->n_free] : t->next_index;

    if (index == FLOW_TABLE_MAX_FLOWS) {
        return 0;
    }
    if (index == t->next_index) {
        t->next_index++;
    }
    if (!t->chunks[index / FLOW_CHUNK]) {
        rcu_assign_pointer(t->chunks[index / FLOW_CHUNK],
                           xzalloc(sizeof *t->chunks[0]));
    }
    return index;
}

static void
set_index(struct flow_table *t, uint32_t index, struct dp_flow *flow)
{
    rcu_assign_pointer(t->chunks[index / FLOW_CHUNK]->flows[index
                                                            % FLOW_CHUNK],
                       flow);
}

static void
free_index(struct flow_table *t, uint32_t index)
{
    set_index(t, index, NULL);
    if (t->n_free == t->allocated_free) {
        t->allocated_free = MAX(64, 2 * t->allocated_free);
        t->free_indexes = xreallocarray(t->free_indexes, t->allocated_free,
                                        sizeof *t->free_indexes);
    }
    t->free_indexes[t->n_free++] = index;
}

struct dp_flow *
flow_table_find(const struct flow_table *t, struct ufid ufid)
{
    struct rcu_hash_cursor cursor;
    struct dp_flow *flow;

    RCU_HASH_FOR_EACH_WITH_HASH (flow, &cursor, ufid_hash(ufid),
                                 &t->by_ufid) {
        if (ufid_equals(flow->ufid, ufid)) {
            return flow;
        }
    }
    return NULL;
}

static inline struct dp_flow *
find_in_subtable(const struct dp_subtable *s, const struct flow_key *key)
{
    struct rcu_hash_cursor cursor;
    struct dp_flow *flow;
    uint32_t hash = flow_key_hash_masked(key, &s->mask.key, 0);

    RCU_HASH_FOR_EACH_WITH_HASH (flow, &cursor, hash, &s->flows) {
        if (flow_key_equal_masked(&flow->key, &s->mask.key, key)) {
            return flow;
        }
    }
    return NULL;
}

struct dp_flow *
flow_table_lookup(const struct flow_table *t, const struct flow_key *key,
                  uint64_t *n_masks)
{
    const struct subtable_list *list = rcu_dereference(t->list);

    for (size_t i = 0; i < list->n; i++) {
        struct dp_subtable *s = list->subtables[i];
        struct dp_flow *flow = find_in_subtable(s, key);

        if (flow) {
            *n_masks += i + 1;
            __atomic_store_n(&s->n_hits, s->n_hits + 1, __ATOMIC_RELAXED);
            return flow;
        }
    }
    *n_masks += list->n;
    return NULL;
}

void
dp_flow_get_stats(const struct dp_flow *flow, struct dpif_flow_stats *stats)
{
    stats->n_packets = __atomic_load_n(&flow->n_packets, __ATOMIC_RELAXED);
    stats->n_bytes = __atomic_load_n(&flow->n_bytes, __ATOMIC_RELAXED);
    stats->used_ms = __atomic_load_n(&flow->used_ms, __ATOMIC_RELAXED);
    stats->tcp_flags = __atomic_load_n(&flow->tcp_flags, __ATOMIC_RELAXED);
}

static void
zero_stats(struct dp_flow *flow)
{
    __atomic_store_n(&flow->n_packets, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&flow->n_bytes, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&flow->used_ms, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&flow->tcp_flags, 0, __ATOMIC_RELAXED);
}

static struct dp_actions *
copy_actions(const struct dpif_flow_put *put)
{
    struct dp_actions *actions = xmalloc(sizeof *actions + put->actions_size);

    actions->size = put->actions_size;
    if (put->actions_size) {
        memcpy(actions->data, put->actions, put->actions_size);
    }
    return actions;
}

static void
modify(struct dp_flow *flow, struct dpif_flow_put *put)
{
    struct dp_actions *old = flow->actions;

    dp_flow_get_stats(flow, &put->stats);
    if (!(put->flags & DPIF_FP_MODIFY)) {
        put->error = -EEXIST;
        return;
    }
    rcu_assign_pointer(flow->actions, copy_actions(put));
    call_rcu(&old->rcu, free_actions_rcu);
    if (put->flags & DPIF_FP_ZERO_STATS) {
        zero_stats(flow);
    }
}

/* The mask of 'put', compressed. */
static void
compress_mask(const struct dpif_flow_put *put, struct flow_key *mask)
{
    if (put->mask) {
        flow_key_compress(mask, &put->mask->masks);
    } else {
        struct flow exact;

        memset(&exact, 0xff, sizeof exact);
        flow_key_compress(mask, &exact);
    }
}

static void
free_if_empty(struct flow_table *t, struct dp_subtable *s)
{
    if (!rcu_hash_count(&s->flows)) {
        change_list(t, s, NULL);
        rcu_hash_uninit(&s->flows);
        call_rcu(&s->rcu, free_subtable_rcu);
    }
}

static struct dp_flow *
create(struct flow_table *t, struct dpif_flow_put *put)
{
    struct flow_key_full mask, key;
    struct dp_subtable *s;
    struct dp_flow *flow;
    uint32_t index;

    compress_mask(put, &mask.key);
    flow_key_compress_masked(&key.key, put->key, &mask.key);
    s = get_subtable(t, &mask.key);
    if (!s) {
        put->error = -ENOSPC;
        return NULL;
    }
    /* The same key and mask under another ufid: two flows would overlap. */
    if (find_in_subtable(s, &key.key)) {
        put->error = -EEXIST;
        return NULL;
    }
    index = alloc_index(t);
    if (!index) {
        put->error = -ENOSPC;
        free_if_empty(t, s);
        return NULL;
    }
    flow = xzalloc(offsetof(struct dp_flow, key)
                   + FLOW_KEY_SIZE(key.key.n_words));
    memcpy(&flow->key, &key.key, FLOW_KEY_SIZE(key.key.n_words));
    flow->subtable = s;
    flow->index = index;
    flow->ufid = put->ufid;
    flow->actions = copy_actions(put);
    set_index(t, index, flow);
    rcu_hash_insert(&t->by_ufid, flow, ufid_hash(flow->ufid));
    rcu_hash_insert(&s->flows, flow, masked_hash(&flow->key));
    return flow;
}

struct dp_flow *
flow_table_put(struct flow_table *t, struct dpif_flow_put *put)
{
    struct dp_flow *flow;

    put->error = 0;
    put->stats = (struct dpif_flow_stats) { .n_packets = 0 };
    pthread_mutex_lock(&t->mutex);
    flow = flow_table_find(t, put->ufid);
    if (put->flags & DPIF_FP_PROBE) {
        put->error = flow && !(put->flags & DPIF_FP_MODIFY) ? -EEXIST : 0;
    } else if (flow) {
        modify(flow, put);
    } else if (put->flags & DPIF_FP_CREATE) {
        flow = create(t, put);
    } else {
        put->error = -ENOENT;
    }
    if (++t->n_changes >= 1024) {
        t->n_changes = 0;
        flow_table_sort(t);
    }
    pthread_mutex_unlock(&t->mutex);
    return flow;
}

static void
remove_flow(struct flow_table *t, struct dp_flow *flow)
{
    struct dp_subtable *s = flow->subtable;

    flow->dead = true;
    rcu_hash_remove(&s->flows, flow, masked_hash(&flow->key));
    rcu_hash_remove(&t->by_ufid, flow, ufid_hash(flow->ufid));
    free_index(t, flow->index);
    free_if_empty(t, s);
    call_rcu(&flow->rcu, free_flow_rcu);
}

void
flow_table_del(struct flow_table *t, struct dpif_flow_del *del)
{
    struct dp_flow *flow;

    pthread_mutex_lock(&t->mutex);
    flow = flow_table_find(t, del->ufid);
    del->error = flow ? 0 : -ENOENT;
    if (flow) {
        remove_flow(t, flow);
        dp_flow_get_stats(flow, &del->stats);
    }
    pthread_mutex_unlock(&t->mutex);
}

void
flow_table_flush(struct flow_table *t)
{
    struct rcu_hash_cursor cursor;
    struct dp_flow *flow;

    pthread_mutex_lock(&t->mutex);
    RCU_HASH_FOR_EACH (flow, &cursor, &t->by_ufid) {
        remove_flow(t, flow);
    }
    pthread_mutex_unlock(&t->mutex);
}

void
flow_table_uninit(struct flow_table *t)
{
    flow_table_flush(t);
    rcu_hash_uninit(&t->by_ufid);
    for (size_t i = 0; i < ARRAY_SIZE(t->chunks); i++) {
        free(t->chunks[i]);
    }
    free(t->free_indexes);
    free(t->list);
    pthread_mutex_destroy(&t->mutex);
}

size_t
flow_table_n_flows(const struct flow_table *t)
{
    return rcu_hash_count(&t->by_ufid);
}

size_t
flow_table_n_masks(const struct flow_table *t)
{
    return rcu_dereference(t->list)->n;
}

static int
compare_hits(const void *a_, const void *b_)
{
    const struct dp_subtable *const *a = a_;
    const struct dp_subtable *const *b = b_;

    return ((*a)->n_hits < (*b)->n_hits) - ((*a)->n_hits > (*b)->n_hits);
}

void
flow_table_sort(struct flow_table *t)
{
    struct subtable_list *old = t->list;
    size_t size = sizeof *old + old->n * sizeof old->subtables[0];
    struct subtable_list *list;

    if (old->n < 2) {
        return;
    }
    list = xmemdup(old, size);
    qsort(list->subtables, list->n, sizeof list->subtables[0], compare_hits);
    for (size_t i = 0; i < list->n; i++) {
        struct dp_subtable *s = list->subtables[i];

        __atomic_store_n(&s->n_hits, s->n_hits / 2, __ATOMIC_RELAXED);
    }
    rcu_assign_pointer(t->list, list);
    call_rcu(&old->rcu, free_list_rcu);
}
