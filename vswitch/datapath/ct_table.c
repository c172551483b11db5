/* SPDX-License-Identifier: Apache-2.0 */
/* The table of connections: by the keys of both directions, in shards. */

#include <errno.h>
#include <stdlib.h>

#include "lib/base/hash.h"
#include "vswitch/datapath/ct_private.h"

static uint64_t
hash_key(const struct conntrack *ct, const struct ct_key *key)
{
    return hash_bytes(key, CT_KEY_SIZE, ct->seed);
}

static struct ct_shard *
shard_of(struct conntrack *ct, uint64_t hash)
{
    /* The upper bits: the lower ones choose the bucket in the shard. */
    return &ct->shards[hash >> 56];
}

_Static_assert(CT_N_SHARDS == 256, "eight bits choose the shard");

static struct ct_node *
find_in_shard(const struct ct_shard *shard, const struct ct_key *key,
              uint64_t hash)
{
    struct ct_node *node;

    HMAP_FOR_EACH_WITH_HASH (node, hmap_node, hash, &shard->nodes) {
        if (!memcmp(&node->key, key, CT_KEY_SIZE)) {
            return node;
        }
    }
    return NULL;
}

struct ct_conn *
ct_find(struct conntrack *ct, const struct ct_key *key, int64_t now_ms,
        int *dir)
{
    uint64_t hash = hash_key(ct, key);
    struct ct_shard *shard = shard_of(ct, hash);
    struct ct_conn *conn = NULL;
    struct ct_node *node;

    pthread_mutex_lock(&shard->mutex);
    node = find_in_shard(shard, key, hash);
    if (node) {
        conn = ct_node_conn(node, dir);
    }
    pthread_mutex_unlock(&shard->mutex);
    if (conn && ct_conn_expired(conn, now_ms)) {
        ct_conn_remove(ct, conn);
        return NULL;
    }
    return conn;
}

/* Locks the two shards, in the order that all do. */
static void
lock_both(struct ct_shard *a, struct ct_shard *b)
{
    pthread_mutex_lock(a < b ? &a->mutex : &b->mutex);
    if (a != b) {
        pthread_mutex_lock(a < b ? &b->mutex : &a->mutex);
    }
}

static void
unlock_both(struct ct_shard *a, struct ct_shard *b)
{
    pthread_mutex_unlock(&a->mutex);
    if (a != b) {
        pthread_mutex_unlock(&b->mutex);
    }
}

void
ct_conn_free(struct ct_conn *conn)
{
    pthread_spin_destroy(&conn->lock);
    free(conn->alg);
    free(conn);
}

static void
free_conn_rcu(struct rcu_head *rcu)
{
    ct_conn_free(caa_container_of(rcu, struct ct_conn, rcu));
}

static void
count(struct conntrack *ct, uint16_t zone, int delta)
{
    __atomic_fetch_add(&ct->n_conns, delta, __ATOMIC_RELAXED);
    __atomic_fetch_add(&ct->zone_count[zone], delta, __ATOMIC_RELAXED);
}

void
ct_conn_remove(struct conntrack *ct, struct ct_conn *conn)
{
    struct ct_shard *a = shard_of(ct, conn->nodes[0].hmap_node.hash);
    struct ct_shard *b = shard_of(ct, conn->nodes[1].hmap_node.hash);

    if (__atomic_exchange_n(&conn->dead, true, __ATOMIC_ACQ_REL)) {
        return;
    }
    lock_both(a, b);
    hmap_remove(&a->nodes, &conn->nodes[0].hmap_node);
    hmap_remove(&b->nodes, &conn->nodes[1].hmap_node);
    unlock_both(a, b);
    count(ct, conn->nodes[CT_ORIG].key.zone, -1);
    if (conn->alg) {
        ct_expect_forget(ct->expectations, conn);
    }
    call_rcu(&conn->rcu, free_conn_rcu);
}

int
ct_insert(struct conntrack *ct, struct ct_conn *conn)
{
    uint64_t hashes[2];
    struct ct_shard *shards[2];
    int error = -EEXIST;

    for (int dir = 0; dir < 2; dir++) {
        hashes[dir] = hash_key(ct, &conn->nodes[dir].key);
        shards[dir] = shard_of(ct, hashes[dir]);
    }
    lock_both(shards[0], shards[1]);
    if (!find_in_shard(shards[0], &conn->nodes[0].key, hashes[0])
        && !find_in_shard(shards[1], &conn->nodes[1].key, hashes[1])
        && memcmp(&conn->nodes[0].key, &conn->nodes[1].key, CT_KEY_SIZE)) {
        hmap_insert(&shards[0]->nodes, &conn->nodes[0].hmap_node, hashes[0]);
        hmap_insert(&shards[1]->nodes, &conn->nodes[1].hmap_node, hashes[1]);
        error = 0;
    }
    unlock_both(shards[0], shards[1]);
    if (!error) {
        count(ct, conn->nodes[CT_ORIG].key.zone, 1);
    }
    return error;
}

/* Walks go through the buckets in an order of theirs: by index with its bits
 * reversed.  A table that doubles splits a bucket into two that come next to
 * each other in it, so that a walk that lets go of the lock goes on where it
 * was, and tells nothing twice. */

#define BUCKETS_PER_LOCK 64

static size_t
reverse_bits(size_t x)
{
    size_t r = 0;

    for (unsigned int i = 0; i < 8 * sizeof x; i++) {
        r = r << 1 | (x >> i & 1);
    }
    return r;
}

/* The bucket after 'bucket' of a table of 'mask'; 0 after the last. */
static size_t
next_bucket(size_t bucket, size_t mask)
{
    return reverse_bits(reverse_bits(bucket | ~mask) + 1);
}

/* Calls 'each' for the connections of some buckets from '*bucket' on; moves
 * it.  Stops where 'each' returns false, to begin there the next time. */
static void
walk_some(struct ct_shard *shard, size_t *bucket,
          bool (*each)(struct ct_conn *, void *aux), void *aux)
{
    bool go_on = true;

    pthread_mutex_lock(&shard->mutex);
    for (unsigned int i = 0; i < BUCKETS_PER_LOCK && go_on; i++) {
        const struct hmap *nodes = &shard->nodes;
        struct hmap_node *n = nodes->buckets[*bucket & nodes->mask];

        for (; n && go_on; n = n->next) {
            int dir;
            struct ct_conn *conn = ct_node_conn(
                CONTAINER_OF(n, struct ct_node, hmap_node), &dir);

            if (dir == CT_ORIG) {
                go_on = each(conn, aux);
            }
        }
        if (go_on) {
            *bucket = next_bucket(*bucket, nodes->mask);
            go_on = *bucket != 0;
        }
    }
    pthread_mutex_unlock(&shard->mutex);
}

struct live_walk {
    int64_t now_ms;
    void (*each)(struct ct_conn *, void *aux);
    void *aux;
};

static bool
tell_live(struct ct_conn *conn, void *walk_)
{
    struct live_walk *walk = walk_;

    if (!ct_conn_expired(conn, walk->now_ms)) {
        walk->each(conn, walk->aux);
    }
    return true;
}

void
ct_shard_for_each(struct conntrack *ct, unsigned int i, int64_t now_ms,
                  void (*each)(struct ct_conn *, void *aux), void *aux)
{
    struct live_walk walk = { now_ms, each, aux };
    size_t bucket = 0;

    do {
        walk_some(&ct->shards[i], &bucket, tell_live, &walk);
    } while (bucket);
}

static bool
count_one(struct ct_conn *conn UNUSED, void *n_)
{
    uint32_t *n = n_;

    ++*n;
    return true;
}

uint32_t
ct_shard_count(struct conntrack *ct, unsigned int i)
{
    size_t bucket = 0;
    uint32_t n = 0;

    do {
        walk_some(&ct->shards[i], &bucket, count_one, &n);
    } while (bucket);
    return n;
}

/* Connections of a shard that expired before 'now_ms'.  Since removal locks
 * both shards of a connection, they are collected first; RCU keeps them. */
struct expired {
    int64_t now_ms;
    unsigned int n;
    struct ct_conn *conns[64];
};

static bool
collect_expired(struct ct_conn *conn, void *expired_)
{
    struct expired *e = expired_;

    if (ct_conn_expired(conn, e->now_ms)) {
        if (e->n == ARRAY_SIZE(e->conns)) {
            return false;
        }
        e->conns[e->n++] = conn;
    }
    return true;
}

void
ct_sweep_shard(struct conntrack *ct, struct ct_shard *shard, int64_t now_ms)
{
    struct expired e = { .now_ms = now_ms };
    size_t bucket = 0;

    do {
        e.n = 0;
        walk_some(shard, &bucket, collect_expired, &e);
        for (unsigned int i = 0; i < e.n; i++) {
            ct_conn_remove(ct, e.conns[i]);
        }
    } while (bucket || e.n == ARRAY_SIZE(e.conns));
}

void
conntrack_sweep(struct conntrack *ct, int64_t now_ms)
{
    ipf_sweep(ct->ipf, now_ms);
    ct_expect_sweep(ct->expectations, now_ms);
    rcu_read_lock();
    for (unsigned int i = 0; i < CT_N_SHARDS / CONNTRACK_SWEEPS; i++) {
        ct_sweep_shard(ct, &ct->shards[ct->next_sweep++ % CT_N_SHARDS], now_ms);
    }
    rcu_read_unlock();
}

void
conntrack_sweep_due(struct conntrack *ct, int64_t now_ms)
{
    uint32_t interval_ms = __atomic_load_n(&ct->sweep_interval_ms,
                                           __ATOMIC_RELAXED);
    unsigned int n = 0;

    /* What was missed for long is not made up for. */
    ct->swept_ms = MAX(ct->swept_ms, now_ms - (int64_t) interval_ms);
    while (n < CONNTRACK_SWEEPS
           && now_ms - ct->swept_ms >= interval_ms / CONNTRACK_SWEEPS) {
        conntrack_sweep(ct, now_ms);
        ct->swept_ms += MAX(interval_ms / CONNTRACK_SWEEPS, 1);
        n++;
    }
}
