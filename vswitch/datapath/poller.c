/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that receive.
 *
 * A poller owns some receive queues.  Those that had packets of late are "hot"
 * and are asked again directly, which costs a load for a ring in shared
 * memory; the others wait in an epoll set.  With hot queues the set is looked
 * at every few rounds, without any it is where the thread sleeps.  A busy
 * poller (pmd-cpu-mask) is pinned and never sleeps.
 *
 * Whoever sends to a thread that sleeps pays for waking it: several
 * microseconds, for an interrupt of another CPU, and more where CPUs are
 * virtual.  A poller that slept after each packet would so be slower than one
 * that has too much to do.  So it goes on looking for about as long as that
 * costs, which is never much worse than the better of both (the argument of
 * renting skis), and if that was in vain, half as long the next time.
 *
 * Queues change hands by commands: the main thread leaves one in the poller's
 * mailbox and waits until it is done, so that after dp_rxq_stop() nobody
 * touches the queue. */

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/cycles.h"
#include "lib/runtime/log.h"
#include "vswitch/datapath/datapath.h"

LOG_MODULE(dpif_netdev);

#define EPOLL_EVERY 8            /* Rounds between looks at cold queues. */
#define COOL_AFTER 32            /* Empty rounds while others have packets. */
#define MIN_PATIENCE_NS 2000
#define MAX_PATIENCE_NS 20000

enum command { COMMAND_NONE, COMMAND_ADD, COMMAND_REMOVE, COMMAND_STOP };

struct poller {
    struct dp *dp;
    pthread_t thread;
    unsigned int id;
    int cpu;                     /* To pin to; -1: none, and may sleep. */
    int epoll_fd;
    int event_fd;

    /* The thread's. */
    VEC(struct dp_rxq *) hot;
    int64_t idle_since_ns;       /* All hot queues are empty; 0: not so. */
    int64_t patience_ns;         /* How long they may be, before it sleeps. */

    size_t n_rxqs;               /* The main thread's. */

    pthread_mutex_t mutex;       /* Protects the mailbox. */
    pthread_cond_t done;
    enum command command;        /* Also read without the mutex, to see that
                                  * there is one. */
    struct dp_rxq *rxq;
};

/* Of the host, even if the program's clock stands still. */
static int64_t
now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* A queue is either hot or in the epoll set: for those in a set the kernel has
 * more to do for each packet. */
static void
watch_rxq(struct poller *poller, struct dp_rxq *rxq)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = rxq };

    epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, rxq->fd, &event);
}

static void
make_hot(struct poller *poller, struct dp_rxq *rxq)
{
    epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, rxq->fd, NULL);
    rxq->n_empty = 0;
    vec_push(&poller->hot, rxq);
}

static void
cool(struct poller *poller, size_t i)
{
    watch_rxq(poller, poller->hot.items[i]);
    vec_remove_swap(&poller->hot, i);
}

static void
unwatch_rxq(struct poller *poller, struct dp_rxq *rxq)
{
    epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, rxq->fd, NULL);
    for (size_t i = 0; i < poller->hot.n; i++) {
        if (poller->hot.items[i] == rxq) {
            vec_remove_swap(&poller->hot, i);
            break;
        }
    }
}

/* Obeys what is in the mailbox; false to end. */
static bool
obey(struct poller *poller)
{
    bool go_on = true;
    uint64_t n;

    pthread_mutex_lock(&poller->mutex);
    if (poller->command == COMMAND_ADD) {
        watch_rxq(poller, poller->rxq);
    } else if (poller->command == COMMAND_REMOVE) {
        unwatch_rxq(poller, poller->rxq);
    } else if (poller->command == COMMAND_STOP) {
        go_on = false;
    }
    if (read(poller->event_fd, &n, sizeof n) < 0) {
        /* Nobody had written yet: the next look at the set wakes for
         * nothing. */
        n = 0;
    }
    __atomic_store_n(&poller->command, COMMAND_NONE, __ATOMIC_RELAXED);
    pthread_cond_signal(&poller->done);
    pthread_mutex_unlock(&poller->mutex);
    return go_on;
}

/* Takes one batch from a queue through the datapath; returns its size.  One
 * look at the counter of cycles for a batch: what passed since the last queue
 * was done is this one's. */
static unsigned int
poll_rxq(struct dp_context *ctx, struct dp_rxq *rxq)
{
    struct packet_batch batch;
    int n = rxq->recv(rxq, &batch);
    uint64_t n_bytes = 0, now;

    if (n <= 0) {
        ctx->mark = cycles_now();
        return 0;
    }
    for (uint32_t i = 0; i < batch.n; i++) {
        n_bytes += batch.packets[i]->size;
    }
    clock_refresh();             /* One look at the clock for the batch. */
    dp_bump(&ctx->n.n_received, n);
    __atomic_fetch_add(&rxq->port->rx_packets, n, __ATOMIC_RELAXED);
    __atomic_fetch_add(&rxq->port->rx_bytes, n_bytes, __ATOMIC_RELAXED);
    dp_process(ctx, &batch);
    rxq->release(rxq);
    now = cycles_now();
    dp_bump(&rxq->cycles, cycles_between(ctx->mark, now));
    ctx->mark = now;
    return n;
}

/* A batch from each hot queue; true if there was a packet. */
static bool
poll_hot(struct poller *poller, struct dp_context *ctx)
{
    bool others_busy = !poller->idle_since_ns;
    bool any = false;

    rcu_read_lock();
    for (size_t i = 0; i < poller->hot.n; ) {
        struct dp_rxq *rxq = poller->hot.items[i];

        if (poll_rxq(ctx, rxq)) {
            rxq->n_empty = 0;
            any = true;
        } else if (others_busy && ++rxq->n_empty == COOL_AFTER) {
            cool(poller, i);
            continue;
        }
        i++;
    }
    rcu_read_unlock();
    return any;
}

static void
cool_all(struct poller *poller)
{
    while (poller->hot.n) {
        cool(poller, poller->hot.n - 1);
    }
    poller->idle_since_ns = 0;
}

/* After a round without a packet: has all queues cool down if it has been so
 * for long enough, or if the thread that relieves the pollers may want the
 * processor. */
static void
be_idle(struct poller *poller)
{
    int64_t now;

    if (dp_handler_is_busy(poller->dp->overflow)) {
        cool_all(poller);
        return;
    }
    now = now_ns();
    if (!poller->idle_since_ns) {
        poller->idle_since_ns = now;
    } else if (now - poller->idle_since_ns >= poller->patience_ns) {
        cool_all(poller);
        poller->patience_ns = MAX(poller->patience_ns / 2, MIN_PATIENCE_NS);
    }
}

/* Heats the queues that have something; waits for one if 'timeout_ms' is
 * negative. */
static void
look_at_cold(struct poller *poller, int timeout_ms)
{
    struct epoll_event events[64];
    int n = epoll_wait(poller->epoll_fd, events, ARRAY_SIZE(events),
                       timeout_ms);

    for (int i = 0; i < n; i++) {
        struct dp_rxq *rxq = events[i].data.ptr;

        if (!rxq) {
            continue;            /* The eventfd: there is a command. */
        }
        if (events[i].events & (EPOLLERR | EPOLLHUP)) {
            /* An interface that went down leaves an error on its socket:
             * reading it clears it.  Another kind of descriptor that is in
             * error for good would wake us for ever. */
            int error;
            socklen_t size = sizeof error;

            if (getsockopt(rxq->fd, SOL_SOCKET, SO_ERROR, &error, &size)
                || !error) {
                epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, rxq->fd, NULL);
            }
        }
        if (events[i].events & EPOLLIN) {
            make_hot(poller, rxq);
        }
    }
}

/* Waits until a queue has something; returns how many cycles that took.  If it
 * was soon, it had been better to look for longer. */
static uint64_t
sleep_until_some(struct poller *poller, struct dp_context *ctx)
{
    uint64_t before = cycles_now(), took;
    int64_t start = now_ns();

    look_at_cold(poller, -1);
    if (now_ns() - start < MAX_PATIENCE_NS) {
        poller->patience_ns = MIN(2 * poller->patience_ns, MAX_PATIENCE_NS);
    }
    took = cycles_between(before, cycles_now());
    dp_bump(&ctx->n.n_sleeps, 1);
    dp_bump(&ctx->n.sleep_cycles, took);
    return took;
}

/* Counts a round that began at 'start' and had packets or not; returns when
 * the next one begins. */
static uint64_t
end_round(struct dp_context *ctx, uint64_t start, bool had_packets)
{
    uint64_t now = cycles_now(), took = cycles_between(start, now);

    dp_bump(had_packets ? &ctx->n.n_busy_rounds : &ctx->n.n_idle_rounds, 1);
    dp_bump(had_packets ? &ctx->n.busy_cycles : &ctx->n.idle_cycles, took);
    if (UNLIKELY(dp_round_log_is_on())) {
        dp_round_log_add(ctx, took);
        now = cycles_now();
    }
    return now;
}

static void
pin(const struct poller *poller, struct dp_context *ctx)
{
    unsigned int cpu, numa;
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(poller->cpu, &cpus);
    if (pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus)) {
        log_warn("cannot pin a poller to CPU %d", poller->cpu);
    } else if (!getcpu(&cpu, &numa)) {
        ctx->numa = numa;
    }
}

static void *
poller_main(void *poller_)
{
    struct poller *poller = poller_;
    struct dp_context *ctx;
    sigset_t signals;
    uint64_t start;

    sigfillset(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    rcu_register_thread();
    ctx = dp_context_get(poller->dp);
    if (poller->cpu >= 0) {
        pin(poller, ctx);
    }
    ctx->has_quota = true;
    ctx->kind = DPIF_THREAD_POLLER;
    ctx->id = poller->id;
    ctx->cpu = poller->cpu;
    start = cycles_now();
    for (unsigned int round = 0; ; round++) {
        bool looked = true;      /* At more than hot queues. */
        bool any;

        if (__atomic_load_n(&poller->command, __ATOMIC_ACQUIRE)
            != COMMAND_NONE && !obey(poller)) {
            break;
        }
        if (!poller->hot.n && poller->cpu < 0) {
            start += sleep_until_some(poller, ctx);
        } else if (!poller->hot.n || round % EPOLL_EVERY == 0) {
            look_at_cold(poller, 0);
        } else {
            looked = false;
        }
        ctx->mark = looked ? cycles_now() : start;
        any = poll_hot(poller, ctx);
        if (any) {
            poller->idle_since_ns = 0;
        } else if (poller->hot.n) {
            be_idle(poller);
        }
        start = end_round(ctx, start, any);
    }
    dp_context_put(ctx);
    rcu_unregister_thread();
    return NULL;
}

/* Leaves 'command' for the poller and waits until it is done. */
static void
tell(struct poller *poller, enum command command, struct dp_rxq *rxq)
{
    uint64_t one = 1;

    pthread_mutex_lock(&poller->mutex);
    poller->rxq = rxq;
    __atomic_store_n(&poller->command, command, __ATOMIC_RELEASE);
    if (write(poller->event_fd, &one, sizeof one) < 0) {
        abort_msg("eventfd: write failed");
    }
    while (poller->command != COMMAND_NONE) {
        pthread_cond_wait(&poller->done, &poller->mutex);
    }
    pthread_mutex_unlock(&poller->mutex);
}

static struct poller *
poller_create(struct dp *dp, unsigned int id, int cpu)
{
    struct poller *poller = xzalloc(sizeof *poller);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    poller->dp = dp;
    poller->id = id;
    poller->cpu = cpu;
    poller->patience_ns = MIN_PATIENCE_NS;
    poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    poller->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (poller->epoll_fd < 0 || poller->event_fd < 0) {
        abort_msg("cannot create a poller: out of file descriptors");
    }
    epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD, poller->event_fd, &event);
    pthread_mutex_init(&poller->mutex, NULL);
    pthread_cond_init(&poller->done, NULL);
    if (pthread_create(&poller->thread, NULL, poller_main, poller)) {
        abort_msg("cannot create a thread");
    }
    return poller;
}

static void
poller_destroy(struct poller *poller)
{
    tell(poller, COMMAND_STOP, NULL);
    pthread_join(poller->thread, NULL);
    close(poller->epoll_fd);
    close(poller->event_fd);
    vec_uninit(&poller->hot);
    pthread_mutex_destroy(&poller->mutex);
    pthread_cond_destroy(&poller->done);
    free(poller);
}

static struct poller *
least_loaded(const struct dp *dp)
{
    struct poller *best = dp->pollers[0];

    for (size_t i = 1; i < dp->n_pollers; i++) {
        if (dp->pollers[i]->n_rxqs < best->n_rxqs) {
            best = dp->pollers[i];
        }
    }
    return best;
}

static void
give(struct dp *dp, struct dp_rxq *rxq, struct poller *poller)
{
    rxq->poller = poller;
    poller->n_rxqs++;
    list_push_back(&dp->polled, &rxq->node);
    dp_usage_start(dp, &rxq->usage);
    tell(poller, COMMAND_ADD, rxq);
}

void
dp_rxq_start(struct dp *dp, struct dp_rxq *rxq)
{
    dp->n_pollable += rxq->fd >= 0;
    if (rxq->fd < 0 || !dp->n_pollers) {
        dp->main_rxqs = xreallocarray(dp->main_rxqs, dp->n_main_rxqs + 1,
                                      sizeof *dp->main_rxqs);
        dp->main_rxqs[dp->n_main_rxqs++] = rxq;
        rxq->poller = NULL;
    } else {
        give(dp, rxq, least_loaded(dp));
    }
}

void
dp_rxq_stop(struct dp *dp, struct dp_rxq *rxq)
{
    dp->n_pollable -= rxq->fd >= 0;
    if (rxq->poller) {
        tell(rxq->poller, COMMAND_REMOVE, rxq);
        rxq->poller->n_rxqs--;
        rxq->poller = NULL;
        list_remove(&rxq->node);
        return;
    }
    for (size_t i = 0; i < dp->n_main_rxqs; i++) {
        if (dp->main_rxqs[i] == rxq) {
            dp->main_rxqs[i] = dp->main_rxqs[--dp->n_main_rxqs];
            return;
        }
    }
}

/* Calls 'what' for each queue of a port that has a descriptor. */
static void
for_each_rxq(struct dp *dp, void (*what)(struct dp *, struct dp_rxq *))
{
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        struct dp_port *port = dp->ports[no];

        for (size_t i = 0; port && i < port->n_rxqs; i++) {
            if (port->rxqs[i]->fd >= 0) {
                what(dp, port->rxqs[i]);
            }
        }
    }
}

void
dp_pollers_set(struct dp *dp, size_t n, const unsigned int *cpus)
{
    for_each_rxq(dp, dp_rxq_stop);
    for (size_t i = 0; i < dp->n_pollers; i++) {
        poller_destroy(dp->pollers[i]);
    }
    free(dp->pollers);
    dp->pollers = xcalloc(MAX(n, 1), sizeof *dp->pollers);
    dp->n_pollers = n;
    for (size_t i = 0; i < n; i++) {
        dp->pollers[i] = poller_create(dp, i, cpus ? (int) cpus[i] : -1);
    }
    for_each_rxq(dp, dp_rxq_start);
}

/* A queue and what it takes of a processor. */
struct share {
    struct dp_rxq *rxq;
    double share;
};

static int
compare_shares(const void *a_, const void *b_)
{
    const struct share *a = a_, *b = b_;

    return a->share < b->share ? 1 : a->share > b->share ? -1 : 0;
}

/* The poller with the least to do, as far as 'loads' says; among equals, the
 * one with the fewest queues. */
static size_t
least_busy(const struct dp *dp, const double *loads)
{
    size_t best = 0;

    for (size_t i = 1; i < dp->n_pollers; i++) {
        if (loads[i] < loads[best]
            || (loads[i] == loads[best]
                && dp->pollers[i]->n_rxqs < dp->pollers[best]->n_rxqs)) {
            best = i;
        }
    }
    return best;
}

/* The largest queues first, each to the poller that has least yet. */
void
dp_rxqs_rebalance(struct dp *dp)
{
    double *loads = xcalloc(MAX(dp->n_pollers, 1), sizeof *loads);
    VEC(struct share) shares = VEC_EMPTY;
    struct dp_rxq *rxq;

    LIST_FOR_EACH (rxq, node, &dp->polled) {
        uint64_t cycles = __atomic_load_n(&rxq->cycles, __ATOMIC_RELAXED);
        double share = dp_usage_share(dp, &rxq->usage, cycles,
                                      DPIF_USAGE_MAX_S);

        vec_push(&shares, (struct share) { rxq, MAX(share, 0) });
    }
    vec_sort(&shares, compare_shares);
    VEC_FOR_EACH (s, &shares) {
        dp_rxq_stop(dp, s->rxq);
    }
    VEC_FOR_EACH (s, &shares) {
        size_t i = least_busy(dp, loads);

        loads[i] += s->share;
        dp->n_pollable++;
        give(dp, s->rxq, dp->pollers[i]);
    }
    vec_uninit(&shares);
    free(loads);
}

/* What is known of a poller's thread: its context, while the mutex is held. */
static struct dp_context *
find_context(struct dp *dp, const struct poller *poller)
{
    struct dp_context *ctx;

    LIST_FOR_EACH (ctx, node, &dp->contexts) {
        if (ctx->kind == DPIF_THREAD_POLLER && ctx->id == poller->id) {
            return ctx;
        }
    }
    return NULL;
}

/* Fills in 'thread', and returns what share of the time it had packets. */
static double
read_poller(struct dp *dp, const struct poller *poller, unsigned int seconds,
            struct dpif_thread *thread)
{
    struct dp_context *ctx;
    double share = -1;

    *thread = (struct dpif_thread) {
        .kind = DPIF_THREAD_POLLER, .id = poller->id, .cpu = poller->cpu,
    };
    pthread_mutex_lock(&dp->contexts_mutex);
    ctx = find_context(dp, poller);
    if (ctx) {
        thread->numa = ctx->numa;
        share = dp_usage_share(dp, &ctx->usage,
                               __atomic_load_n(&ctx->n.busy_cycles,
                                               __ATOMIC_RELAXED), seconds);
    }
    pthread_mutex_unlock(&dp->contexts_mutex);
    return share;
}

static int
percent(double share)
{
    return share < 0 ? -1 : (int) (100 * share + .5);
}

static void
dump_poller(struct dp *dp, const struct poller *poller, unsigned int seconds,
            void (*each)(const struct dpif_rxq *, void *aux), void *aux)
{
    struct dpif_thread thread;
    double others = read_poller(dp, poller, seconds, &thread);

    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        const struct dp_port *port = dp->ports[no];

        for (size_t i = 0; port && i < port->n_rxqs; i++) {
            const struct dp_rxq *rxq = port->rxqs[i];
            double share;

            if (rxq->poller != poller) {
                continue;
            }
            share = dp_usage_share(dp, &rxq->usage,
                                   __atomic_load_n(&rxq->cycles,
                                                   __ATOMIC_RELAXED),
                                   seconds);
            each(&(const struct dpif_rxq) {
                .thread = &thread, .port = port->name, .queue_id = i,
                .usage = percent(share),
            }, aux);
            if (others >= 0) {
                others = MAX(others - MAX(share, 0), 0);
            }
        }
    }
    each(&(const struct dpif_rxq) {
        .thread = &thread, .usage = percent(others),
    }, aux);
}

void
dp_rxqs_dump(struct dp *dp, unsigned int seconds,
             void (*each)(const struct dpif_rxq *, void *aux), void *aux)
{
    for (size_t i = 0; i < dp->n_pollers; i++) {
        dump_poller(dp, dp->pollers[i], seconds, each, aux);
    }
}

bool
dp_poll_main(struct dp *dp)
{
    struct dp_context *ctx;
    bool any = false;

    if (!dp->n_main_rxqs) {
        return false;
    }
    ctx = dp_context_get(dp);
    if (ctx->is_processing) {
        return false;
    }
    ctx->mark = cycles_now();
    rcu_read_lock();
    for (size_t i = 0; i < dp->n_main_rxqs; i++) {
        any |= poll_rxq(ctx, dp->main_rxqs[i]) > 0;
    }
    rcu_read_unlock();
    return any;
}
