/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/group.h"

#include <errno.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/flow/classifier.h"
#include "lib/runtime/clock.h"
#include "vswitch/ofproto/ofproto.h"

static uint32_t
hash_id(uint32_t id)
{
    return hash_word(id, 0);
}

struct group *
group_find(const struct ofproto *ofproto, uint32_t id, uint64_t version)
{
    struct rcu_hash_cursor cursor;
    struct group *g;

    RCU_HASH_FOR_EACH_WITH_HASH (g, &cursor, hash_id(id), &ofproto->groups) {
        if (g->id == id && version >= g->add_version
            && version < __atomic_load_n(&g->remove_version,
                                         __ATOMIC_RELAXED)) {
            return g;
        }
    }
    return NULL;
}

static void
free_group(struct rcu_head *head)
{
    struct group *g = CONTAINER_OF(head, struct group, rcu);

    buckets_destroy(&g->buckets);
    group_props_uninit(&g->props);
    free(g->by_index);
    free(g->slots);
    free(g);
}

struct group *
group_try_ref(struct group *g)
{
    uint32_t n = __atomic_load_n(&g->n_refs, __ATOMIC_RELAXED);

    while (n) {
        if (__atomic_compare_exchange_n(&g->n_refs, &n, n + 1, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            return g;
        }
    }
    return NULL;
}

void
group_unref(struct group *g)
{
    if (g && __atomic_fetch_sub(&g->n_refs, 1, __ATOMIC_ACQ_REL) == 1) {
        call_rcu(&g->rcu, free_group);
    }
}

void
group_credit(struct group *g, size_t index, uint64_t n_packets,
             uint64_t n_bytes)
{
    /* A packet goes through the first bucket of "all" and then others. */
    if (g->type != GROUP_ALL || !index) {
        __atomic_fetch_add(&g->n_packets, n_packets, __ATOMIC_RELAXED);
        __atomic_fetch_add(&g->n_bytes, n_bytes, __ATOMIC_RELAXED);
    }
    if (index < g->n_buckets) {
        struct group_bucket *b = &g->by_index[index];

        __atomic_fetch_add(&b->n_packets, n_packets, __ATOMIC_RELAXED);
        __atomic_fetch_add(&b->n_bytes, n_bytes, __ATOMIC_RELAXED);
    }
}

/* Construction. */

static void
index_buckets(struct group *g)
{
    struct bucket *bucket;
    size_t i = 0;

    g->n_buckets = list_size(&g->buckets);
    g->by_index = xcalloc(MAX(g->n_buckets, 1), sizeof *g->by_index);
    LIST_FOR_EACH (bucket, node, &g->buckets) {
        g->by_index[i++].bucket = bucket;
    }
}

/* Shares the slots of the dp_hash out by Webster's method (largest quotient of
 * weight by odd number), which comes closest to the weights. */
static void
assign_slots(struct group *g)
{
    uint64_t total = 0, min_weight = UINT64_MAX;
    uint32_t n_slots = 16;
    uint32_t *shares;

    for (size_t i = 0; i < g->n_buckets; i++) {
        uint64_t weight = g->by_index[i].bucket->weight;

        total += weight;
        min_weight = weight ? MIN(min_weight, weight) : min_weight;
    }
    if (!total) {
        return;
    }
    while (n_slots < GROUP_MAX_HASH_SLOTS
           && (n_slots < 4 * g->n_buckets || n_slots * min_weight < total)) {
        n_slots *= 2;
    }
    g->slots = xcalloc(n_slots, sizeof *g->slots);
    shares = xcalloc(g->n_buckets, sizeof *shares);
    for (uint32_t slot = 0; slot < n_slots; slot++) {
        size_t best = SIZE_MAX;

        for (size_t i = 0; i < g->n_buckets; i++) {
            uint64_t weight = g->by_index[i].bucket->weight;

            if (weight
                && (best == SIZE_MAX
                    || (weight * (2 * shares[best] + 1)
                        > (uint64_t) g->by_index[best].bucket->weight
                          * (2 * shares[i] + 1)))) {
                best = i;
            }
        }
        g->slots[slot] = best;
        shares[best]++;
    }
    free(shares);
    g->n_slots = n_slots;
}

static struct group *
create_group(struct ofproto *ofproto, const struct group_mod *gm,
             uint64_t version)
{
    struct group *g = xzalloc(sizeof *g);
    const char *method = gm->props.selection_method;

    g->id = gm->group_id;
    g->type = gm->type;
    g->n_refs = 1;
    g->add_version = version;
    g->remove_version = CLS_NEVER;
    g->ofproto = ofproto;
    buckets_clone(&g->buckets, &gm->buckets);
    group_props_clone(&g->props, &gm->props);
    index_buckets(g);
    g->created_ms = clock_ms();
    if (g->type == GROUP_SELECT && (!*method || !strcmp(method, "dp_hash"))) {
        assign_slots(g);
    }
    return g;
}

static void
copy_counters(struct group *dst, const struct group *src)
{
    dst->created_ms = src->created_ms;
    dst->n_packets = __atomic_load_n(&src->n_packets, __ATOMIC_RELAXED);
    dst->n_bytes = __atomic_load_n(&src->n_bytes, __ATOMIC_RELAXED);
    for (size_t i = 0; i < dst->n_buckets; i++) {
        for (size_t j = 0; j < src->n_buckets; j++) {
            if (dst->by_index[i].bucket->id == src->by_index[j].bucket->id
                && dst->by_index[i].bucket->id < BUCKET_MAX) {
                dst->by_index[i].n_packets = src->by_index[j].n_packets;
                dst->by_index[i].n_bytes = src->by_index[j].n_bytes;
            }
        }
    }
}

/* Changes. */

static void
note_change(struct group_txn *txn, struct group *added, struct group *hidden)
{
    if (txn->n == txn->allocated) {
        txn->allocated = MAX(8, txn->allocated * 2);
        txn->items = xreallocarray(txn->items, txn->allocated,
                                   sizeof *txn->items);
    }
    txn->items[txn->n++] = (struct group_change) { added, hidden };
}

static void
hide(struct group *g, uint64_t version)
{
    __atomic_store_n(&g->remove_version, version, __ATOMIC_RELAXED);
}

static enum ofperr
check_group(const struct group_mod *gm)
{
    if (gm->group_id > OFPG_MAX) {
        return OFPGMFC_INVALID_GROUP;
    }
    if (gm->type > GROUP_FF) {
        return OFPGMFC_BAD_TYPE;
    }
    if (gm->type == GROUP_INDIRECT && list_size(&gm->buckets) != 1) {
        return OFPGMFC_INVALID_GROUP;
    }
    return 0;
}

static enum ofperr
replace(struct ofproto *ofproto, const struct group_mod *gm,
        uint64_t version, struct group *old, struct group_txn *txn)
{
    struct group *g = create_group(ofproto, gm, version);

    if (old) {
        copy_counters(g, old);
        hide(old, version);
    }
    rcu_hash_insert(&ofproto->groups, g, hash_id(g->id));
    note_change(txn, g, old);
    return 0;
}

static enum ofperr
delete_group(struct ofproto *ofproto, uint32_t id, uint64_t version,
             struct group_txn *txn)
{
    struct group *g;

    if (id == OFPG_ALL) {
        groups_flush(ofproto, version, txn);
        return 0;
    }
    g = group_find(ofproto, id, version);
    if (g) {
        hide(g, version);
        note_change(txn, NULL, g);
    }
    return 0;
}

/* Copies the buckets of 'gm' into 'list' where the command says. */
static enum ofperr
insert_buckets(const struct group_mod *gm, struct list *list)
{
    struct list *before = list;
    const struct bucket *bucket;

    LIST_FOR_EACH (bucket, node, &gm->buckets) {
        if (bucket_find(list, bucket->id)) {
            return OFPGMFC_BUCKET_EXISTS;
        }
    }
    if (gm->command_bucket_id == BUCKET_FIRST) {
        before = list->next;
    } else if (gm->command_bucket_id < BUCKET_MAX) {
        struct bucket *after = bucket_find(list, gm->command_bucket_id);

        if (!after) {
            return OFPGMFC_UNKNOWN_BUCKET;
        }
        before = after->node.next;
    }
    LIST_FOR_EACH (bucket, node, &gm->buckets) {
        list_insert(before, &bucket_clone(bucket)->node);
    }
    return 0;
}

static enum ofperr
remove_buckets(const struct group_mod *gm, struct list *list)
{
    struct bucket *bucket = NULL;

    if (gm->command_bucket_id == BUCKET_ALL) {
        buckets_destroy(list);
        list_init(list);
        return 0;
    }
    if (gm->command_bucket_id == BUCKET_FIRST && !list_is_empty(list)) {
        bucket = CONTAINER_OF(list->next, struct bucket, node);
    } else if (gm->command_bucket_id == BUCKET_LAST
               && !list_is_empty(list)) {
        bucket = CONTAINER_OF(list->prev, struct bucket, node);
    } else {
        bucket = bucket_find(list, gm->command_bucket_id);
    }
    if (!bucket) {
        return OFPGMFC_UNKNOWN_BUCKET;
    }
    list_remove(&bucket->node);
    bucket_destroy(bucket);
    return 0;
}

static enum ofperr
change_buckets(struct ofproto *ofproto, const struct group_mod *gm,
               uint64_t version, struct group_txn *txn)
{
    struct group *old = group_find(ofproto, gm->group_id, version);
    struct group_mod changed;
    enum ofperr error;

    if (!old) {
        return OFPGMFC_UNKNOWN_GROUP;
    }
    group_mod_init(&changed);
    changed.group_id = old->id;
    changed.type = old->type;
    buckets_clone(&changed.buckets, &old->buckets);
    group_props_clone(&changed.props, &old->props);
    error = (gm->command == GROUP_MOD_INSERT_BUCKET
             ? insert_buckets(gm, &changed.buckets)
             : remove_buckets(gm, &changed.buckets));
    if (!error) {
        error = check_group(&changed);
    }
    if (!error) {
        error = replace(ofproto, &changed, version, old, txn);
    }
    group_mod_uninit(&changed);
    return error;
}

enum ofperr
group_mod_apply(struct ofproto *ofproto, const struct group_mod *gm,
                uint64_t version, struct group_txn *txn)
{
    struct group *old;
    enum ofperr error;

    switch (gm->command) {
    case GROUP_MOD_DELETE:
        return delete_group(ofproto, gm->group_id, version, txn);
    case GROUP_MOD_INSERT_BUCKET:
    case GROUP_MOD_REMOVE_BUCKET:
        return change_buckets(ofproto, gm, version, txn);
    case GROUP_MOD_ADD:
    case GROUP_MOD_MODIFY:
    case GROUP_MOD_ADD_OR_MODIFY:
        break;
    default:
        return OFPGMFC_BAD_COMMAND;
    }
    error = check_group(gm);
    if (error) {
        return error;
    }
    old = group_find(ofproto, gm->group_id, version);
    if (old && gm->command == GROUP_MOD_ADD) {
        return OFPGMFC_GROUP_EXISTS;
    }
    if (!old && gm->command == GROUP_MOD_MODIFY) {
        return OFPGMFC_UNKNOWN_GROUP;
    }
    return replace(ofproto, gm, version, old, txn);
}

void
groups_flush(struct ofproto *ofproto, uint64_t version,
             struct group_txn *txn)
{
    struct rcu_hash_cursor cursor;
    struct group *g;

    RCU_HASH_FOR_EACH (g, &cursor, &ofproto->groups) {
        if (version >= g->add_version && version < g->remove_version) {
            hide(g, version);
            note_change(txn, NULL, g);
        }
    }
}

/* A hidden group leaves the table at once: a reader of an older version that
 * has not found it yet misses it, as it would had it been a moment later. */
static void
take_out(struct ofproto *ofproto, struct group *g)
{
    rcu_hash_remove(&ofproto->groups, g, hash_id(g->id));
    group_unref(g);
}

static void
reset(struct group_txn *txn)
{
    free(txn->items);
    *txn = (struct group_txn) { NULL, 0, 0 };
}

void
group_txn_commit(struct ofproto *ofproto, struct group_txn *txn)
{
    for (size_t i = 0; i < txn->n; i++) {
        if (txn->items[i].hidden) {
            take_out(ofproto, txn->items[i].hidden);
        }
    }
    reset(txn);
}

void
group_txn_revert(struct ofproto *ofproto, struct group_txn *txn)
{
    for (size_t i = txn->n; i-- > 0; ) {
        struct group_change *c = &txn->items[i];

        if (c->hidden) {
            hide(c->hidden, CLS_NEVER);
        }
        if (c->added) {
            take_out(ofproto, c->added);
        }
    }
    reset(txn);
}

/* Replies. */

void
group_describe(const struct group *g, struct group_desc *desc)
{
    desc->type = g->type;
    desc->group_id = g->id;
    buckets_clone(&desc->buckets, &g->buckets);
    group_props_clone(&desc->props, &g->props);
}

void
group_get_stats(const struct group *g, struct group_stats *stats)
{
    int64_t age = clock_ms() - g->created_ms;

    *stats = (struct group_stats) {
        .group_id = g->id,
        .ref_count = g->n_users,
        .n_packets = __atomic_load_n(&g->n_packets, __ATOMIC_RELAXED),
        .n_bytes = __atomic_load_n(&g->n_bytes, __ATOMIC_RELAXED),
        .duration_s = age / 1000,
        .duration_ns = age % 1000 * 1000000,
        .n_buckets = g->n_buckets,
        .buckets = xcalloc(MAX(g->n_buckets, 1), sizeof *stats->buckets),
    };
    for (size_t i = 0; i < g->n_buckets; i++) {
        const struct group_bucket *b = &g->by_index[i];

        stats->buckets[i].n_packets = __atomic_load_n(&b->n_packets,
                                                      __ATOMIC_RELAXED);
        stats->buckets[i].n_bytes = __atomic_load_n(&b->n_bytes,
                                                    __ATOMIC_RELAXED);
    }
}
