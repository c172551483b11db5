/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct worker {
    struct pool *pool;
    unsigned int number;
    pthread_t thread;
};

struct pool {
    unsigned int n_threads;
    struct worker *workers;     /* Of 'n_threads'; 0, the caller, unused. */

    pthread_mutex_t mutex;
    pthread_cond_t start;       /* 'round' or 'ending' has changed. */
    pthread_cond_t done;        /* 'n_busy' has become 0. */
    uint64_t round;
    unsigned int n_busy;        /* Workers that have not ended this round. */
    bool ending;

    /* The job of this round; constant while it lasts, but for 'next'. */
    void (*run)(void *aux, size_t begin, size_t end, unsigned int worker);
    void *aux;
    size_t n_items;
    size_t grain;
    size_t next;                /* First item that nobody has taken. */
};

static void
work(struct pool *pool, unsigned int number)
{
    for (;;) {
        size_t begin = __atomic_fetch_add(&pool->next, pool->grain,
                                          __ATOMIC_RELAXED);
        if (begin >= pool->n_items) {
            break;
        }
        size_t n = MIN(pool->grain, pool->n_items - begin);
        pool->run(pool->aux, begin, begin + n, number);
    }
}

static void *
worker_main(void *worker_)
{
    struct worker *worker = worker_;
    struct pool *pool = worker->pool;
    uint64_t round = 0;

    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (pool->round == round && !pool->ending) {
            pthread_cond_wait(&pool->start, &pool->mutex);
        }
        if (pool->ending) {
            break;
        }
        round = pool->round;
        pthread_mutex_unlock(&pool->mutex);
        work(pool, worker->number);
        pthread_mutex_lock(&pool->mutex);
        if (!--pool->n_busy) {
            pthread_cond_signal(&pool->done);
        }
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

struct pool *
pool_create(unsigned int n_threads)
{
    struct pool *pool = xzalloc(sizeof *pool);

    pool->n_threads = MAX(n_threads, 1);
    pool->workers = xcalloc(pool->n_threads, sizeof *pool->workers);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->start, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (unsigned int i = 1; i < pool->n_threads; i++) {
        struct worker *worker = &pool->workers[i];

        worker->pool = pool;
        worker->number = i;
        int error = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (error) {
            abort_msg("cannot create a thread: %s", strerror(error));
        }
    }
    return pool;
}

void
pool_destroy(struct pool *pool)
{
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->ending = true;
    pthread_cond_broadcast(&pool->start);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned int i = 1; i < pool->n_threads; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->start);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool);
}

unsigned int
pool_n_threads(const struct pool *pool)
{
    return pool->n_threads;
}

void
pool_for(struct pool *pool, size_t n_items, size_t grain,
         void (*run)(void *aux, size_t begin, size_t end,
                     unsigned int worker), void *aux)
{
    bool share;

    pool->run = run;
    pool->aux = aux;
    pool->n_items = n_items;
    pool->grain = MAX(grain, 1);
    pool->next = 0;

    /* Waking threads for a single grain costs more than it brings. */
    share = pool->n_threads > 1 && n_items > pool->grain;
    if (share) {
        pthread_mutex_lock(&pool->mutex);
        pool->n_busy = pool->n_threads - 1;
        pool->round++;
        pthread_cond_broadcast(&pool->start);
        pthread_mutex_unlock(&pool->mutex);
    }
    work(pool, 0);
    if (share) {
        pthread_mutex_lock(&pool->mutex);
        while (pool->n_busy) {
            pthread_cond_wait(&pool->done, &pool->mutex);
        }
        pthread_mutex_unlock(&pool->mutex);
    }
}
