/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/xlate/recirc.h"

#include <pthread.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/list.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/rcu_hash.h"

/* How long an id outlives its last reference. */
#define LINGER_MS 5000

struct recirc_node {
    uint32_t id;
    uint32_t hash;
    uint32_t n_refs;
    int64_t unused_since_ms;
    struct list unused;          /* In 'unused', oldest first, if no refs. */
    struct rcu_head rcu;
    struct recirc_state state;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_hash by_id = RCU_HASH_INITIALIZER;
static struct rcu_hash by_content = RCU_HASH_INITIALIZER;   /* Under mutex. */
static struct list unused = LIST_INITIALIZER(&unused);
static uint32_t next_id = 1;

static uint32_t
hash_id(uint32_t id)
{
    return hash_word(id, 0);
}

static struct recirc_node *
find(uint32_t id)
{
    struct rcu_hash_cursor cursor;
    struct recirc_node *node;

    RCU_HASH_FOR_EACH_WITH_HASH (node, &cursor, hash_id(id), &by_id) {
        if (node->id == id) {
            return node;
        }
    }
    return NULL;
}

static void
take_ref(struct recirc_node *node)
{
    if (!node->n_refs++) {
        list_remove(&node->unused);
    }
}

static struct recirc_node *
create(const struct recirc_state *state, size_t size, uint32_t hash)
{
    struct recirc_node *node = xmalloc(offsetof(struct recirc_node, state)
                                       + size);

    *node = (struct recirc_node) { .hash = hash };
    memcpy(&node->state, state, size);
    list_init(&node->unused);
    while (!next_id || find(next_id)) {
        next_id++;
    }
    node->id = next_id++;
    rcu_hash_insert(&by_content, node, hash);
    rcu_hash_insert(&by_id, node, hash_id(node->id));
    return node;
}

uint32_t
recirc_get(const struct recirc_state *state)
{
    size_t size = recirc_state_size(state);
    uint32_t hash = hash_bytes(state, size, 0);
    struct rcu_hash_cursor cursor;
    struct recirc_node *node;
    uint32_t id;

    pthread_mutex_lock(&mutex);
    RCU_HASH_FOR_EACH_WITH_HASH (node, &cursor, hash, &by_content) {
        if (recirc_state_size(&node->state) == size
            && !memcmp(&node->state, state, size)) {
            break;
        }
    }
    if (!node) {
        node = create(state, size, hash);
    }
    take_ref(node);
    id = node->id;
    pthread_mutex_unlock(&mutex);
    return id;
}

const struct recirc_state *
recirc_find(uint32_t id)
{
    const struct recirc_node *node = find(id);

    return node ? &node->state : NULL;
}

void
recirc_ref(uint32_t id)
{
    struct recirc_node *node;

    pthread_mutex_lock(&mutex);
    node = find(id);
    if (node) {
        take_ref(node);
    }
    pthread_mutex_unlock(&mutex);
}

void
recirc_unref(uint32_t id)
{
    struct recirc_node *node;

    pthread_mutex_lock(&mutex);
    node = find(id);
    if (node && !--node->n_refs) {
        node->unused_since_ms = clock_ms();
        list_push_back(&unused, &node->unused);
    }
    pthread_mutex_unlock(&mutex);
}

static void
free_node(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct recirc_node, rcu));
}

static void
expire_before(int64_t deadline)
{
    pthread_mutex_lock(&mutex);
    while (!list_is_empty(&unused)) {
        struct recirc_node *node = CONTAINER_OF(unused.next,
                                                struct recirc_node, unused);

        if (node->unused_since_ms > deadline) {
            break;
        }
        list_remove(&node->unused);
        rcu_hash_remove(&by_content, node, node->hash);
        rcu_hash_remove(&by_id, node, hash_id(node->id));
        call_rcu(&node->rcu, free_node);
    }
    pthread_mutex_unlock(&mutex);
}

void
recirc_expire(void)
{
    expire_before(clock_ms() - LINGER_MS);
}

void
recirc_uninit(void)
{
    expire_before(INT64_MAX);
    if (!rcu_hash_count(&by_id)) {
        rcu_hash_uninit(&by_id);
        rcu_hash_uninit(&by_content);
    }
}

size_t
recirc_count(void)
{
    return rcu_hash_count(&by_id);
}
