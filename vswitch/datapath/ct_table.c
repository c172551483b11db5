/* SPDX-License-Identifier: Apache-2.0 */
/* The table of connections.
 *
 * Connections lie in chunks that stay, so that an index names one in 32 bits,
 * and a walk over all of them needs no lock: it goes through the places in
 * order, and RCU keeps what it sees.  A place that becomes free is used again
 * after a grace period.
 *
 * Their keys are found in shards, by hash: arrays with open addressing, of the
 * hash and the index alone.  So a key that is not there costs one cache line,
 * one that is there another for the connection; and to grow a shard is to copy
 * an array, which looks at no connection while packets wait for the shard's
 * mutex.  Removal moves later keys back, so that nothing is left behind. */

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "vswitch/datapath/ct_private.h"

#define MIN_SLOTS 16u

void
ct_table_init(struct conntrack *ct)
{
    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        struct ct_shard *shard = &ct->shards[i];

        pthread_mutex_init(&shard->mutex, NULL);
        shard->slots = xcalloc(MIN_SLOTS, sizeof *shard->slots);
        shard->mask = MIN_SLOTS - 1;
    }
    for (unsigned int i = 0; i < CT_N_FREE_LISTS; i++) {
        pthread_mutex_init(&ct->free_lists[i].mutex, NULL);
    }
    pthread_mutex_init(&ct->chunk_mutex, NULL);
    ct->chunks = xcalloc(CT_MAX_CHUNKS, sizeof *ct->chunks);
}

/* Places. */

static struct ct_conn *
conn_at(const struct conntrack *ct, uint32_t index)
{
    return &ct->chunks[index / CT_CHUNK_SIZE]->conns[index % CT_CHUNK_SIZE];
}

/* The free list of the places of a chunk. */
static struct ct_free_list *
free_list(struct conntrack *ct, uint32_t chunk)
{
    return &ct->free_lists[chunk % CT_N_FREE_LISTS];
}

static void
push_free(struct ct_free_list *list, struct ct_conn *conn)
{
    __atomic_store_n(&conn->life, CT_FREE, __ATOMIC_RELAXED);
    conn->next_free = list->head;
    list->head = conn;
}

/* Adds chunks until there is one for 'list', which is locked. */
static bool
add_chunk(struct conntrack *ct, struct ct_free_list *list)
{
    uint32_t i = list - ct->free_lists;
    struct ct_chunk *chunk;

    /* The chunks of a list are every CT_N_FREE_LISTSth: the others' places
     * are NULL until they need them. */
    while (i < CT_MAX_CHUNKS && ct->chunks[i]) {
        i += CT_N_FREE_LISTS;
    }
    if (i >= CT_MAX_CHUNKS) {
        return false;
    }
    chunk = xzalloc_cacheline(sizeof *chunk);
    chunk->ct = ct;
    for (uint32_t k = CT_CHUNK_SIZE; k-- > 0; ) {
        chunk->conns[k].index = i * CT_CHUNK_SIZE + k;
        push_free(list, &chunk->conns[k]);
    }
    pthread_mutex_lock(&ct->chunk_mutex);
    __atomic_store_n(&ct->chunks[i], chunk, __ATOMIC_RELEASE);
    if (i >= ct->n_chunks) {
        __atomic_store_n(&ct->n_chunks, i + 1, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&ct->chunk_mutex);
    return true;
}

static uint64_t
hash_key(const struct conntrack *ct, const struct ct_key *key)
{
    return hash_bytes(key, CT_KEY_SIZE, ct->seed);
}

struct ct_conn *
ct_conn_alloc(struct conntrack *ct, const struct ct_key *key)
{
    struct ct_free_list *list = free_list(ct, hash_key(ct, key) >> 48);
    struct ct_conn *conn = NULL;
    uint32_t index;

    pthread_mutex_lock(&list->mutex);
    if (list->head || add_chunk(ct, list)) {
        conn = list->head;
        list->head = conn->next_free;
    }
    pthread_mutex_unlock(&list->mutex);
    if (conn) {
        index = conn->index;
        memset(conn, 0, sizeof *conn);
        conn->index = index;
        pthread_spin_init(&conn->lock, PTHREAD_PROCESS_PRIVATE);
    }
    return conn;
}

void
ct_conn_free(struct ct_conn *conn)
{
    struct ct_chunk *chunk = CONTAINER_OF(conn - conn->index % CT_CHUNK_SIZE,
                                          struct ct_chunk, conns[0]);
    struct ct_free_list *list = free_list(chunk->ct,
                                          conn->index / CT_CHUNK_SIZE);

    pthread_spin_destroy(&conn->lock);
    free(conn->alg);
    conn->alg = NULL;
    pthread_mutex_lock(&list->mutex);
    push_free(list, conn);
    pthread_mutex_unlock(&list->mutex);
}

static void
free_conn_rcu(struct rcu_head *rcu)
{
    ct_conn_free(caa_container_of(rcu, struct ct_conn, rcu));
}

/* Shards. */

static struct ct_shard *
shard_of(struct conntrack *ct, uint64_t hash)
{
    /* The upper bits: the lower ones choose the slot in the shard. */
    return &ct->shards[hash >> 56];
}

_Static_assert(CT_N_SHARDS == 256, "eight bits choose the shard");

static struct ct_conn *
find_in_shard(const struct conntrack *ct, const struct ct_shard *shard,
              const struct ct_key *key, uint32_t hash, int *dir)
{
    for (uint32_t i = hash & shard->mask; shard->slots[i].ref;
         i = (i + 1) & shard->mask) {
        if (shard->slots[i].hash == hash) {
            uint32_t ref = shard->slots[i].ref;
            struct ct_conn *conn = conn_at(ct, ref / 2 - 1);

            *dir = ref & 1;
            if (!memcmp(&conn->nodes[*dir].key, key, CT_KEY_SIZE)) {
                return conn;
            }
        }
    }
    return NULL;
}

static void
put_slot(struct ct_shard *shard, uint32_t hash, uint32_t ref)
{
    uint32_t i = hash & shard->mask;

    while (shard->slots[i].ref) {
        i = (i + 1) & shard->mask;
    }
    shard->slots[i] = (struct ct_slot) { hash, ref };
}

static void
grow(struct ct_shard *shard)
{
    struct ct_slot *old = shard->slots;
    uint32_t n_old = shard->mask + 1;

    shard->slots = xcalloc(2 * (size_t) n_old, sizeof *shard->slots);
    shard->mask = 2 * n_old - 1;
    for (uint32_t i = 0; i < n_old; i++) {
        if (old[i].ref) {
            put_slot(shard, old[i].hash, old[i].ref);
        }
    }
    free(old);
}

static void
insert_key(struct ct_shard *shard, uint32_t hash, uint32_t index, int dir)
{
    /* Four slots of five at most: walks are a few slots long. */
    if ((uint64_t) (shard->n + 1) * 5 > ((uint64_t) shard->mask + 1) * 4) {
        grow(shard);
    }
    put_slot(shard, hash, 2 * (index + 1) + dir);
    shard->n++;
    shard->n_orig += dir == CT_ORIG;
}

static void
remove_key(struct ct_shard *shard, uint32_t hash, uint32_t index, int dir)
{
    uint32_t ref = 2 * (index + 1) + dir, mask = shard->mask;
    uint32_t hole = hash & mask;

    while (shard->slots[hole].ref != ref) {
        hole = (hole + 1) & mask;
    }
    for (uint32_t i = (hole + 1) & mask; shard->slots[i].ref;
         i = (i + 1) & mask) {
        uint32_t home = shard->slots[i].hash & mask;

        /* It may move back unless its home lies after the hole. */
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            shard->slots[hole] = shard->slots[i];
            hole = i;
        }
    }
    shard->slots[hole].ref = 0;
    shard->n--;
    shard->n_orig -= dir == CT_ORIG;
}

struct ct_conn *
ct_find(struct conntrack *ct, const struct ct_key *key, int64_t now_ms,
        int *dir)
{
    uint64_t hash = hash_key(ct, key);
    struct ct_shard *shard = shard_of(ct, hash);
    struct ct_conn *conn;

    pthread_mutex_lock(&shard->mutex);
    conn = find_in_shard(ct, shard, key, hash, dir);
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

static void
count(struct conntrack *ct, uint16_t zone, int delta)
{
    __atomic_fetch_add(&ct->n_conns, delta, __ATOMIC_RELAXED);
    __atomic_fetch_add(&ct->zone_count[zone], delta, __ATOMIC_RELAXED);
}

/* Where the keys of a connection are. */
struct place {
    uint64_t hashes[2];
    struct ct_shard *shards[2];
};

static struct place
place_of(struct conntrack *ct, const struct ct_conn *conn)
{
    struct place p;

    for (int dir = 0; dir < 2; dir++) {
        p.hashes[dir] = hash_key(ct, &conn->nodes[dir].key);
        p.shards[dir] = shard_of(ct, p.hashes[dir]);
    }
    return p;
}

void
ct_conn_remove(struct conntrack *ct, struct ct_conn *conn)
{
    uint8_t live = CT_LIVE;
    struct place p;

    if (!__atomic_compare_exchange_n(&conn->life, &live, CT_DEAD, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return;
    }
    p = place_of(ct, conn);
    lock_both(p.shards[0], p.shards[1]);
    for (int dir = 0; dir < 2; dir++) {
        remove_key(p.shards[dir], p.hashes[dir], conn->index, dir);
    }
    unlock_both(p.shards[0], p.shards[1]);
    count(ct, conn->nodes[CT_ORIG].key.zone, -1);
    if (conn->alg) {
        ct_expect_forget(ct->expectations, conn);
    }
    call_rcu(&conn->rcu, free_conn_rcu);
}

int
ct_insert(struct conntrack *ct, struct ct_conn *conn)
{
    struct place p = place_of(ct, conn);
    int error = -EEXIST, dir;

    lock_both(p.shards[0], p.shards[1]);
    if (!find_in_shard(ct, p.shards[0], &conn->nodes[0].key, p.hashes[0],
                       &dir)
        && !find_in_shard(ct, p.shards[1], &conn->nodes[1].key, p.hashes[1],
                          &dir)
        && memcmp(&conn->nodes[0].key, &conn->nodes[1].key, CT_KEY_SIZE)) {
        for (dir = 0; dir < 2; dir++) {
            insert_key(p.shards[dir], p.hashes[dir], conn->index, dir);
        }
        __atomic_store_n(&conn->life, CT_LIVE, __ATOMIC_RELEASE);
        error = 0;
    }
    unlock_both(p.shards[0], p.shards[1]);
    if (!error) {
        count(ct, conn->nodes[CT_ORIG].key.zone, 1);
    }
    return error;
}

/* Walks. */

/* Calls 'each' for the live connections of a part: of every CT_N_PARTSth
 * chunk. */
static void
walk_part(struct conntrack *ct, unsigned int part,
          void (*each)(struct conntrack *, struct ct_conn *, void *aux),
          void *aux)
{
    uint32_t n_chunks = __atomic_load_n(&ct->n_chunks, __ATOMIC_ACQUIRE);

    for (uint32_t i = part; i < n_chunks; i += CT_N_PARTS) {
        struct ct_chunk *chunk = __atomic_load_n(&ct->chunks[i],
                                                 __ATOMIC_ACQUIRE);

        for (uint32_t k = 0; chunk && k < CT_CHUNK_SIZE; k++) {
            if (ct_conn_is_live(&chunk->conns[k])) {
                each(ct, &chunk->conns[k], aux);
            }
        }
    }
}

struct live_walk {
    int64_t now_ms;
    void (*each)(struct ct_conn *, void *aux);
    void *aux;
};

static void
tell_live(struct conntrack *ct UNUSED, struct ct_conn *conn, void *walk_)
{
    struct live_walk *walk = walk_;

    if (!ct_conn_expired(conn, walk->now_ms)) {
        walk->each(conn, walk->aux);
    }
}

void
ct_part_for_each(struct conntrack *ct, unsigned int part, int64_t now_ms,
                 void (*each)(struct ct_conn *, void *aux), void *aux)
{
    struct live_walk walk = { now_ms, each, aux };

    walk_part(ct, part, tell_live, &walk);
}

static void
remove_expired(struct conntrack *ct, struct ct_conn *conn, void *now_ms)
{
    if (ct_conn_expired(conn, *(int64_t *) now_ms)) {
        ct_conn_remove(ct, conn);
    }
}

void
conntrack_sweep(struct conntrack *ct, int64_t now_ms)
{
    ipf_sweep(ct->ipf, now_ms);
    ct_expect_sweep(ct->expectations, now_ms);
    rcu_read_lock();
    for (unsigned int i = 0; i < CT_N_PARTS / CONNTRACK_SWEEPS; i++) {
        walk_part(ct, ct->next_sweep++ % CT_N_PARTS, remove_expired, &now_ms);
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

void
ct_table_uninit(struct conntrack *ct)
{
    int64_t end_ms = INT64_MAX;

    rcu_read_lock();
    for (unsigned int part = 0; part < CT_N_PARTS; part++) {
        walk_part(ct, part, remove_expired, &end_ms);
    }
    rcu_read_unlock();
    /* What was removed gives its place back, before the places go. */
    rcu_barrier();
    for (unsigned int i = 0; i < CT_N_SHARDS; i++) {
        free(ct->shards[i].slots);
        pthread_mutex_destroy(&ct->shards[i].mutex);
    }
    for (unsigned int i = 0; i < CT_N_FREE_LISTS; i++) {
        pthread_mutex_destroy(&ct->free_lists[i].mutex);
    }
    for (uint32_t i = 0; i < ct->n_chunks; i++) {
        free(ct->chunks[i]);
    }
    free(ct->chunks);
    pthread_mutex_destroy(&ct->chunk_mutex);
}
