/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that others announced.
 *
 * One mutex: a packet comes here only when it begins a connection, and only
 * while something is expected.  It is taken inside no other lock; inside it
 * only a connection's own is, to read the mark. */

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/ct_private.h"

COUNTER(conntrack_expected);
COUNTER(conntrack_expected_came);

#define TIMEOUT_MS (5 * 60 * 1000)

/* What one connection may announce before the oldest is forgotten. */
#define MAX_PER_PARENT 8

struct expectation {
    struct hmap_node node;
    struct list age_node;        /* In by_age. */
    struct list parent_node;     /* In the parent's ct_alg_state. */
    struct ct_conn *parent;
    int64_t expires_ms;
    struct ct_key key, to;
    uint8_t nat_state;
};

struct ct_expectations {
    pthread_mutex_t mutex;
    struct hmap map;
    struct list by_age;          /* Oldest first: timeouts are the same. */
    uint32_t n;                  /* Atomic: hmap_count(). */
};

struct ct_expectations *
ct_expectations_create(void)
{
    struct ct_expectations *e = xzalloc(sizeof *e);

    pthread_mutex_init(&e->mutex, NULL);
    hmap_init(&e->map);
    list_init(&e->by_age);
    return e;
}

void
ct_expectations_destroy(struct ct_expectations *e)
{
    ct_expect_sweep(e, INT64_MAX);
    hmap_uninit(&e->map);
    pthread_mutex_destroy(&e->mutex);
    free(e);
}

static uint64_t
hash_key(const struct ct_key *key)
{
    return hash_bytes(key, CT_KEY_SIZE, 0);
}

static bool
key_equal(const struct ct_key *a, const struct ct_key *b)
{
    return !memcmp(a, b, CT_KEY_SIZE);
}

static struct expectation *
find(const struct ct_expectations *e, const struct ct_key *key)
{
    struct expectation *x;

    HMAP_FOR_EACH_WITH_HASH (x, node, hash_key(key), &e->map) {
        if (key_equal(&x->key, key)) {
            return x;
        }
    }
    return NULL;
}

static void
remove_expectation(struct ct_expectations *e, struct expectation *x)
{
    hmap_remove(&e->map, &x->node);
    list_remove(&x->age_node);
    list_remove(&x->parent_node);
    x->parent->alg->n_expectations--;
    __atomic_store_n(&e->n, hmap_count(&e->map), __ATOMIC_RELAXED);
    free(x);
}

static void
expire(struct ct_expectations *e, int64_t now_ms)
{
    while (!list_is_empty(&e->by_age)) {
        struct expectation *x = CONTAINER_OF(e->by_age.next,
                                             struct expectation, age_node);

        if (now_ms < x->expires_ms) {
            return;
        }
        remove_expectation(e, x);
    }
}

static void
add(struct ct_expectations *e, struct ct_conn *parent,
    const struct ct_expected *expected, int64_t now_ms)
{
    struct ct_alg_state *alg = parent->alg;
    struct expectation *x = xzalloc(sizeof *x);

    if (alg->n_expectations >= MAX_PER_PARENT) {
        remove_expectation(e, CONTAINER_OF(alg->expectations.next,
                                           struct expectation, parent_node));
    }
    x->parent = parent;
    x->expires_ms = now_ms + TIMEOUT_MS;
    x->key = expected->key;
    x->to = expected->to;
    x->nat_state = expected->nat_state;
    hmap_insert(&e->map, &x->node, hash_key(&x->key));
    list_push_back(&e->by_age, &x->age_node);
    list_push_back(&alg->expectations, &x->parent_node);
    alg->n_expectations++;
    __atomic_store_n(&e->n, hmap_count(&e->map), __ATOMIC_RELAXED);
    counter_inc(conntrack_expected);
}

bool
ct_expect(struct ct_expectations *e, struct ct_conn *parent,
          const struct ct_expected *expected, int64_t now_ms)
{
    struct expectation *old;
    bool ok = false;

    pthread_mutex_lock(&e->mutex);
    expire(e, now_ms);
    old = find(e, &expected->key);
    if (old && old->parent == parent) {
        remove_expectation(e, old);
        old = NULL;
    }
    /* Who removes the parent has it forgotten after it is marked dead. */
    if (!old && ct_conn_is_live(parent)) {
        add(e, parent, expected, now_ms);
        ok = true;
    }
    pthread_mutex_unlock(&e->mutex);
    return ok;
}

be16
ct_expect_find_port(struct ct_expectations *e, const struct ct_conn *parent,
                    const struct ct_key *to)
{
    struct expectation *x;
    be16 port = 0;

    pthread_mutex_lock(&e->mutex);
    LIST_FOR_EACH (x, parent_node, &parent->alg->expectations) {
        if (key_equal(&x->to, to)) {
            port = x->key.tp_dst;
            break;
        }
    }
    pthread_mutex_unlock(&e->mutex);
    return port;
}

static struct ct_key
without_source_port(const struct ct_key *key)
{
    struct ct_key k = *key;

    k.tp_src = 0;
    return k;
}

static void
copy_out(const struct expectation *x, struct ct_expected *expected)
{
    struct ct_conn *parent = x->parent;

    *expected = (struct ct_expected) {
        .key = x->key, .to = x->to, .nat_state = x->nat_state,
    };
    pthread_spin_lock(&parent->lock);
    expected->mark = parent->mark;
    expected->label = parent->label;
    pthread_spin_unlock(&parent->lock);
}

bool
ct_expect_find(struct ct_expectations *e, const struct ct_key *key,
               int64_t now_ms, struct ct_expected *expected)
{
    struct ct_key k;
    struct expectation *x;

    if (LIKELY(!__atomic_load_n(&e->n, __ATOMIC_RELAXED))) {
        return false;
    }
    k = without_source_port(key);
    pthread_mutex_lock(&e->mutex);
    expire(e, now_ms);
    x = find(e, &k);
    if (x) {
        copy_out(x, expected);
    }
    pthread_mutex_unlock(&e->mutex);
    return x != NULL;
}

void
ct_expect_fulfill(struct ct_expectations *e, const struct ct_key *key)
{
    struct ct_key k = without_source_port(key);
    struct expectation *x;

    pthread_mutex_lock(&e->mutex);
    x = find(e, &k);
    if (x) {
        remove_expectation(e, x);
        counter_inc(conntrack_expected_came);
    }
    pthread_mutex_unlock(&e->mutex);
}

void
ct_expect_forget(struct ct_expectations *e, struct ct_conn *parent)
{
    struct expectation *x;

    pthread_mutex_lock(&e->mutex);
    LIST_FOR_EACH_SAFE (x, parent_node, &parent->alg->expectations) {
        remove_expectation(e, x);
    }
    pthread_mutex_unlock(&e->mutex);
}

void
ct_expect_sweep(struct ct_expectations *e, int64_t now_ms)
{
    if (__atomic_load_n(&e->n, __ATOMIC_RELAXED)) {
        pthread_mutex_lock(&e->mutex);
        expire(e, now_ms);
        pthread_mutex_unlock(&e->mutex);
    }
}

void
ct_expect_for_each(struct ct_expectations *e, int64_t now_ms,
                   void (*each)(const struct ct_expected *,
                                const struct ct_conn *parent, void *aux),
                   void *aux)
{
    struct expectation *x;

    pthread_mutex_lock(&e->mutex);
    expire(e, now_ms);
    LIST_FOR_EACH (x, age_node, &e->by_age) {
        struct ct_expected expected;

        copy_out(x, &expected);
        each(&expected, x->parent, aux);
    }
    pthread_mutex_unlock(&e->mutex);
}
