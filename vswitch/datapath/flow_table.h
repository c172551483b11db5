/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_FLOW_TABLE_H
#define VSWITCH_FLOW_TABLE_H

/* The megaflows of a datapath.
 *
 * Lookup is tuple space search: one hash table for each distinct mask
 * ("subtable"), tried in order of how much each was hit lately.  Megaflows do
 * not overlap, so the first hit is the answer.
 *
 * Every flow has a small number, its index, while it is there; a cache may
 * keep indexes instead of pointers and never needs to be told of a removal:
 * the index then leads to nothing, or to another flow, which the comparison
 * with the packet's key finds out.
 *
 * Threads: lookups from any, each within an RCU read section; changes take
 * the table's mutex. */

#include <pthread.h>

#include "lib/flow/key.h"
#include "lib/runtime/rcu.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/dpif/dpif.h"

#define FLOW_TABLE_MAX_FLOWS (1u << 20)
#define FLOW_TABLE_MAX_MASKS 4096

/* An action list, replaced as a whole. */
struct dp_actions {
    struct rcu_head rcu;
    size_t size;
    uint8_t data[] __attribute__((__aligned__(8)));
};

struct dp_subtable {
    struct rcu_head rcu;
    struct rcu_hash flows;
    uint64_t n_hits;             /* Relaxed; halved when sorted. */
    struct flow_key_full mask;   /* Allocated only as far as it goes. */
};

struct dp_flow {
    struct rcu_head rcu;
    struct dp_actions *actions;  /* Read with rcu_dereference(). */
    struct dp_subtable *subtable;
    uint32_t index;
    bool dead;                   /* Removed; the statistics are final. */
    struct ufid ufid;

    /* Statistics: added to once a batch, relaxed atomics. */
    uint64_t n_packets;
    uint64_t n_bytes;
    int64_t used_ms;
    uint16_t tcp_flags;

    struct flow_key key;         /* Masked. */
};

#define FLOW_CHUNK 1024
struct flow_chunk {
    struct dp_flow *flows[FLOW_CHUNK];
};

struct subtable_list {
    struct rcu_head rcu;
    size_t n;
    struct dp_subtable *subtables[];
};

struct flow_table {
    pthread_mutex_t mutex;
    struct subtable_list *list;  /* Read with rcu_dereference(). */
    struct rcu_hash by_ufid;
    struct flow_chunk *chunks[FLOW_TABLE_MAX_FLOWS / FLOW_CHUNK];
    uint32_t *free_indexes;      /* A stack. */
    size_t n_free, allocated_free;
    uint32_t next_index;         /* Never used so far; 0 means "none". */
    uint64_t n_changes;          /* Since the subtables were sorted. */
};

void flow_table_init(struct flow_table *);

/* Frees all flows.  Nobody reads any more. */
void flow_table_uninit(struct flow_table *);

/* The flow of that index, or NULL. */
static inline struct dp_flow *
flow_table_at(const struct flow_table *t, uint32_t index)
{
    struct flow_chunk *chunk = rcu_dereference(t->chunks[index / FLOW_CHUNK]);

    return chunk ? rcu_dereference(chunk->flows[index % FLOW_CHUNK]) : NULL;
}

static inline bool
dp_flow_matches(const struct dp_flow *flow, const struct flow_key *key)
{
    return flow_key_equal_masked(&flow->key, &flow->subtable->mask.key, key);
}

/* The flow that 'key' matches, or NULL.  Adds the number of masks tried to
 * '*n_masks'. */
struct dp_flow *flow_table_lookup(const struct flow_table *,
                                  const struct flow_key *key,
                                  uint64_t *n_masks);

struct dp_flow *flow_table_find(const struct flow_table *, struct ufid);

/* As dpif_flow_put(): fills in 'error' and 'stats' of 'put', whose actions are
 * valid.  Returns the flow, if there is one. */
struct dp_flow *flow_table_put(struct flow_table *, struct dpif_flow_put *);

/* As dpif_flow_del(). */
void flow_table_del(struct flow_table *, struct dpif_flow_del *);
void flow_table_flush(struct flow_table *);

void dp_flow_get_stats(const struct dp_flow *, struct dpif_flow_stats *);

size_t flow_table_n_flows(const struct flow_table *);
size_t flow_table_n_masks(const struct flow_table *);

/* Orders the subtables anew.  Called now and then. */
void flow_table_sort(struct flow_table *);

#endif /* vswitch/flow_table.h */
