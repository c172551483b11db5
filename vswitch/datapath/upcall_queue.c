/* SPDX-License-Identifier: Apache-2.0 */
/* Misses that the pollers do not handle themselves: a thread for those that
 * they have no time for, and the main thread for those that only it can.
 *
 * Each port has a bounded ring of packets; ports with packets wait in line,
 * and the thread takes a batch from the first and puts it at the end.  So a
 * port that floods fills its own ring, and the others' misses wait for one
 * batch of it at most.  The thread simply processes the packets: those whose
 * flow was installed meanwhile do not even become upcalls. */

#include <signal.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "vswitch/datapath/datapath.h"

#define QUEUE_SIZE 256           /* Packets of a port. */
#define MAX_HANDED_OVER 1024     /* Packets for the main thread. */

struct upcall_queue {
    struct list node;            /* In handler->line, if not empty. */
    struct dp_port *port;
    unsigned int head, n;
    struct packet *packets[QUEUE_SIZE];
};

struct handler {
    struct dp *dp;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct list line;            /* Queues that are not empty. */
    bool is_busy;                /* Atomic: has not found 'line' empty since
                                  * something came in. */
    bool stop;
};

static void
take_batch(struct upcall_queue *q, struct packet_batch *batch)
{
    batch->n = 0;
    while (q->n && batch->n < PACKET_BATCH) {
        batch->packets[batch->n++] = q->packets[q->head++ % QUEUE_SIZE];
        q->n--;
    }
}

/* Waits for packets; false to end. */
static bool
next_batch(struct handler *h, struct packet_batch *batch)
{
    struct upcall_queue *q;

    pthread_mutex_lock(&h->mutex);
    while (list_is_empty(&h->line) && !h->stop) {
        __atomic_store_n(&h->is_busy, false, __ATOMIC_RELAXED);
        pthread_cond_wait(&h->wake, &h->mutex);
    }
    if (!h->stop) {
        q = LIST_ELEM(q, list_pop_front(&h->line), node);
        take_batch(q, batch);
        if (q->n) {
            list_push_back(&h->line, &q->node);
        }
    }
    pthread_mutex_unlock(&h->mutex);
    return !h->stop;
}

static void *
handler_main(void *h_)
{
    struct handler *h = h_;
    struct packet_batch batch;
    struct dp_context *ctx;
    sigset_t signals;

    sigfillset(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    rcu_register_thread();
    ctx = dp_context_get(h->dp);
    ctx->kind = DPIF_THREAD_HANDLER;
    while (next_batch(h, &batch)) {
        rcu_read_lock();
        dp_process(ctx, &batch);
        rcu_read_unlock();
    }
    rcu_unregister_thread();
    return NULL;
}

struct handler *
dp_handler_create(struct dp *dp)
{
    struct handler *h = xzalloc(sizeof *h);

    h->dp = dp;
    list_init(&h->line);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->wake, NULL);
    if (pthread_create(&h->thread, NULL, handler_main, h)) {
        abort_msg("cannot create a thread");
    }
    return h;
}

void
dp_handler_destroy(struct handler *h)
{
    if (!h) {
        return;
    }
    pthread_mutex_lock(&h->mutex);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->mutex);
    pthread_join(h->thread, NULL);
    pthread_mutex_destroy(&h->mutex);
    pthread_cond_destroy(&h->wake);
    free(h);
}

bool
dp_handler_is_busy(const struct handler *h)
{
    return h && __atomic_load_n(&h->is_busy, __ATOMIC_RELAXED);
}

static struct upcall_queue *
get_queue(struct dp_port *port)
{
    if (!port->queue) {
        port->queue = xzalloc(sizeof *port->queue);
        port->queue->port = port;
    }
    return port->queue;
}

unsigned int
dp_handler_queue(struct handler *h, struct dp_port *port,
                 struct packet_batch *batch)
{
    unsigned int n_lost = 0;
    struct upcall_queue *q;

    pthread_mutex_lock(&h->mutex);
    __atomic_store_n(&h->is_busy, true, __ATOMIC_RELAXED);
    q = get_queue(port);
    for (uint32_t i = 0; i < batch->n; i++) {
        /* A packet may lie in a receive ring: keep a copy. */
        struct packet *copy = (q->n < QUEUE_SIZE
                               ? packet_clone(batch->packets[i]) : NULL);

        if (!copy) {
            n_lost++;
            continue;
        }
        /* Its connection may be gone when it comes to it. */
        copy->conn = NULL;
        if (!q->n) {
            list_push_back(&h->line, &q->node);
            pthread_cond_signal(&h->wake);
        }
        q->packets[(q->head + q->n++) % QUEUE_SIZE] = copy;
    }
    pthread_mutex_unlock(&h->mutex);
    packet_batch_free(batch);
    return n_lost;
}

void
dp_handler_forget_port(struct handler *h, struct dp_port *port)
{
    struct upcall_queue *q;

    pthread_mutex_lock(&h->mutex);
    q = port->queue;
    if (q) {
        if (q->n) {
            list_remove(&q->node);
        }
        while (q->n) {
            packet_free(q->packets[q->head++ % QUEUE_SIZE]);
            q->n--;
        }
        free(q);
        port->queue = NULL;
    }
    pthread_mutex_unlock(&h->mutex);
}

unsigned int
dp_hand_over(struct dp *dp, struct packet_batch *batch)
{
    unsigned int n_lost = 0;
    bool was_empty;

    pthread_mutex_lock(&dp->handed_mutex);
    was_empty = !dp->handed.n;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *copy = (dp->handed.n < MAX_HANDED_OVER
                               ? packet_clone(batch->packets[i]) : NULL);

        if (copy) {
            vec_push(&dp->handed, copy);
        } else {
            n_lost++;
        }
    }
    pthread_mutex_unlock(&dp->handed_mutex);
    packet_batch_free(batch);
    if (was_empty) {
        dp_hand_over_wake();
    }
    return n_lost;
}

/* Takes up to a batch of what was handed over. */
static void
take_handed_over(struct dp *dp, struct packet_batch *batch)
{
    pthread_mutex_lock(&dp->handed_mutex);
    batch->n = MIN(dp->handed.n, PACKET_BATCH);
    for (uint32_t i = 0; i < batch->n; i++) {
        batch->packets[i] = dp->handed.items[i];
    }
    dp->handed.n -= batch->n;
    if (dp->handed.n) {
        memmove(dp->handed.items, dp->handed.items + batch->n,
                dp->handed.n * sizeof dp->handed.items[0]);
    }
    pthread_mutex_unlock(&dp->handed_mutex);
}

void
dp_hand_over_run(struct dp *dp)
{
    struct dp_context *ctx = dp_context_get(dp);
    struct packet_batch batch;

    for (;;) {
        take_handed_over(dp, &batch);
        if (!batch.n) {
            return;
        }
        rcu_read_lock();
        dp_process(ctx, &batch);
        rcu_read_unlock();
    }
}

void
dp_hand_over_uninit(struct dp *dp)
{
    VEC_FOR_EACH (p, &dp->handed) {
        packet_free(*p);
    }
    vec_uninit(&dp->handed);
    pthread_mutex_destroy(&dp->handed_mutex);
}
