/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps megaflows right.
 *
 * A translation notes 'change_seq' of the backer before it reads anything.  A
 * pass of the revalidator translates anew whatever was translated under
 * another number than the one it read at its beginning; a change during the
 * pass wakes the next.  If the new translation has the same actions and its
 * wildcards look at nothing that the megaflow's did not, the megaflow stays; if
 * only the actions differ they are changed in place, else it is deleted and the
 * next packet makes a new one.
 *
 * The limit on flows follows what a pass costs: one that takes over two
 * seconds divides it by its duration in seconds, one that takes more than 1.3
 * cuts it by a quarter, and one of less than a second with many flows raises
 * it.  Beyond the limit the time that a flow may idle shrinks.
 *
 * Statistics: the difference to what the ukey saw last goes to the rules,
 * ports, groups and so on of its translation. */

#include "vswitch/upcall/ukey.h"

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/flow/extract.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "vswitch/ofproto/backer.h"

LOG_MODULE(ofproto_dpif_upcall);

COUNTER(revalidate_changed);
COUNTER(revalidate_deleted);
COUNTER(revalidate_slow_flow);
COUNTER(revalidate_unknown_flow);

#define MIN_FLOW_LIMIT 1000
#define DUMP_BATCH 64
#define MAX_REVALIDATORS 16
#define FLOWS_PER_THREAD 1000    /* Fewer are not worth another thread. */

#define SETTING(MEMBER) \
    __atomic_load_n(&upcall_config.MEMBER, __ATOMIC_RELAXED)

/* The longest time between two passes. */
static int64_t
interval_ms(void)
{
    return SETTING(max_revalidator_ms);
}

/* What a pass does with one flow. */
enum verdict {
    KEEP,
    CHANGE,                      /* Other actions. */
    DELETE,
};

/* A pass, as one thread sees it. */
struct pass {
    struct upcall *u;
    struct dpif_flow_dump *dump;
    uint64_t change_seq;
    uint64_t dump_seq;
    int64_t now;
    int64_t max_idle_ms;
    int64_t interval_ms;         /* Since the last pass began. */
    uint32_t min_pps;            /* Of a flow that is worth translating. */
    bool delete_all;
    size_t n_dumped;
    VEC(struct ufid) doomed;     /* To be deleted. */
    VEC(struct ukey *) changed;  /* To be given their new actions. */
};

static void
push_stats(struct ukey *ukey, const struct dpif_flow_stats *stats)
{
    struct xlate_stats delta = {
        .n_packets = stats->n_packets - ukey->stats.n_packets,
        .n_bytes = stats->n_bytes - ukey->stats.n_bytes,
        .used_ms = stats->used_ms,
        .tcp_flags = stats->tcp_flags,
    };

    if (stats->n_packets < ukey->stats.n_packets) {
        /* The datapath has yet to count the packet that made the flow. */
        return;
    }
    if (delta.n_packets || stats->tcp_flags != ukey->stats.tcp_flags) {
        xlate_cache_push(ukey->cache, &delta);
    }
    ukey->stats = *stats;
}

/* Does 'wc' look at a bit that 'mask' does not? */
static bool
needs_more(const struct flow_wildcards *wc, const struct flow_key *mask)
{
    for (unsigned int i = 0; i < FLOW_WORDS; i++) {
        if (flow_word(&wc->masks, i) & ~flow_key_word(mask, i)) {
            return true;
        }
    }
    return false;
}

/* When passes take long, flows of few packets are not translated anew but
 * deleted: to make one again when a packet needs it costs less. */
static bool
is_too_slow(const struct pass *pass, const struct dpif_flow_stats *before,
            const struct dpif_flow_stats *now)
{
    return (pass->min_pps
            && ((now->n_packets - before->n_packets) * 1000
                < pass->min_pps * (uint64_t) pass->interval_ms));
}

static enum verdict
compare(const struct ukey *ukey, const struct xlate_out *out,
        const struct flow_wildcards *wc)
{
    if (out->is_uncacheable || needs_more(wc, ukey->mask)) {
        return DELETE;
    }
    if (out->actions.size == ukey->actions_size
        && (!ukey->actions_size
            || !memcmp(out->actions.data, ukey->actions,
                       ukey->actions_size))) {
        return KEEP;
    }
    return CHANGE;
}

/* Translates the flow of 'ukey' anew. */
static enum verdict
retranslate(struct pass *pass, struct ukey *ukey)
{
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct xlate_cache *cache;
    struct xlate_in in;
    struct xlate_out out;
    enum verdict verdict;
    struct flow flow;

    flow_key_expand(ukey->key, &flow);
    if (xlate_receive(pass->u->backer, &flow, &in, &wc)) {
        return DELETE;
    }
    cache = in.cache = xlate_cache_create();
    xlate(&in, &out);
    for (size_t i = 0; i < FLOW_WORDS; i++) {
        ((uint64_t *) (void *) &out.wc)[i] |= flow_word(&wc.masks, i);
    }
    xlate_wildcards_to_datapath(&in, &flow, &out.wc);
    verdict = compare(ukey, &out, &out.wc);
    if (verdict == DELETE) {
        xlate_cache_destroy(cache);
    } else {
        ukey_take_translation(ukey, cache, &out);
        ukey->change_seq = pass->change_seq;
    }
    if (verdict == CHANGE) {
        free(ukey->actions);
        ukey->actions_size = out.actions.size;
        ukey->actions = xmemdup(out.actions.data ? out.actions.data
                                : (uint8_t *) "", MAX(out.actions.size, 1));
    }
    xlate_out_uninit(&out);
    return verdict;
}

static bool
is_idle(const struct pass *pass, const struct ukey *ukey)
{
    int64_t used = MAX(ukey->stats.used_ms, ukey->created_ms);

    return pass->now - used >= pass->max_idle_ms;
}

static void
revalidate_flow(const struct dpif_flow *flow, void *pass_)
{
    struct pass *pass = pass_;
    struct ukey *ukey = ukey_find(pass->u, flow->ufid);
    struct dpif_flow_stats before;
    enum verdict verdict = KEEP;

    if (!ukey) {
        counter_inc(revalidate_unknown_flow);
        vec_push(&pass->doomed, flow->ufid);
        return;
    }
    ukey->dump_seq = pass->dump_seq;
    before = ukey->stats;
    push_stats(ukey, &flow->stats);
    if (pass->delete_all || is_idle(pass, ukey)) {
        verdict = DELETE;
    } else if (ukey->change_seq != pass->change_seq) {
        if (is_too_slow(pass, &before, &flow->stats)) {
            counter_inc(revalidate_slow_flow);
            verdict = DELETE;
        } else {
            verdict = retranslate(pass, ukey);
        }
    }
    if (verdict == DELETE) {
        vec_push(&pass->doomed, ukey->ufid);
    } else if (verdict == CHANGE) {
        vec_push(&pass->changed, ukey);
    }
}

static void
delete_doomed(struct pass *pass)
{
    VEC_FOR_EACH (ufid, &pass->doomed) {
        struct dpif_flow_del del = { .ufid = *ufid };
        struct ukey *ukey = ukey_find(pass->u, *ufid);

        dpif_flow_del(pass->u->dpif, &del, 1);
        counter_inc(revalidate_deleted);
        if (ukey) {
            if (!del.error) {
                push_stats(ukey, &del.stats);
            }
            ukey_remove(pass->u, ukey);
        }
    }
    vec_clear(&pass->doomed);
}

static void
apply_changed(struct pass *pass)
{
    VEC_FOR_EACH (p, &pass->changed) {
        struct ukey *ukey = *p;
        struct flow_wildcards wc;
        struct flow flow;
        struct dpif_flow_put put = {
            .flags = DPIF_FP_MODIFY,
            .key = &flow,
            .mask = &wc,
            .ufid = ukey->ufid,
            .actions = ukey->actions,
            .actions_size = ukey->actions_size,
        };

        flow_key_expand(ukey->key, &flow);
        flow_key_expand(ukey->mask, &wc.masks);
        dpif_flow_put(pass->u->dpif, &put, 1);
        counter_inc(revalidate_changed);
    }
    vec_clear(&pass->changed);
}

/* Drops ukeys whose flows the dump did not meet: they are gone from the
 * datapath.  Those that came during the pass are younger. */
static void
sweep(struct pass *pass)
{
    struct rcu_hash_cursor cursor;
    struct ukey *ukey;

    RCU_HASH_FOR_EACH (ukey, &cursor, &pass->u->ukeys) {
        if (ukey->dump_seq + 1 < pass->dump_seq
            && ukey->created_ms + 2 * interval_ms() < pass->now) {
            ukey_remove(pass->u, ukey);
        }
    }
}

static void
adapt_limit(struct upcall *u, size_t n_flows, int64_t duration_ms)
{
    unsigned int limit = u->flow_limit;

    if (duration_ms > 2000) {
        limit /= duration_ms / 1000;
    } else if (duration_ms > 1300) {
        limit = limit * 3 / 4;
    } else if (duration_ms < 1000 && n_flows > 2000
               && limit < n_flows * 1000 / MAX(duration_ms, 1)) {
        limit += 1000;
    }
    limit = MIN(SETTING(flow_limit), MAX(limit, MIN_FLOW_LIMIT));
    __atomic_store_n(&u->flow_limit, limit, __ATOMIC_RELAXED);
}

/* Goes through this thread's share of the dump. */
static void *
run_share(void *pass_)
{
    struct pass *pass = pass_;
    size_t n;

    do {
        rcu_read_lock();
        n = dpif_flow_dump_next(pass->dump, DUMP_BATCH, revalidate_flow,
                                pass);
        delete_doomed(pass);
        apply_changed(pass);
        rcu_read_unlock();
        pass->n_dumped += n;
    } while (n);
    vec_uninit(&pass->doomed);
    vec_uninit(&pass->changed);
    return NULL;
}

static void *
helper_main(void *pass)
{
    rcu_register_thread();
    run_share(pass);
    rcu_unregister_thread();
    return NULL;
}

/* Has the dump done by as many threads as it is worth, this one included;
 * returns the number of flows. */
static size_t
run_shares(const struct pass *pass, size_t n_flows)
{
    size_t n = MIN(SETTING(n_revalidators), 1 + n_flows / FLOWS_PER_THREAD);
    pthread_t threads[MAX_REVALIDATORS];
    struct pass shares[MAX_REVALIDATORS];
    size_t n_dumped = 0;
    size_t n_started = 1;

    if (!pass->u->has_thread) {
        n = 1;
    }
    for (size_t i = 0; i < n; i++) {
        shares[i] = *pass;
    }
    while (n_started < n
           && !pthread_create(&threads[n_started], NULL, helper_main,
                              &shares[n_started])) {
        n_started++;
    }
    run_share(&shares[0]);
    for (size_t i = 0; i < n_started; i++) {
        if (i) {
            pthread_join(threads[i], NULL);
        }
        n_dumped += shares[i].n_dumped;
    }
    return n_dumped;
}

static void
run_pass(struct upcall *u, bool delete_all)
{
    int64_t start_ns = clock_ns();
    size_t n_flows = rcu_hash_count(&u->ukeys);
    struct pass pass = {
        .u = u,
        .change_seq = __atomic_load_n(&u->backer->change_seq,
                                      __ATOMIC_ACQUIRE),
        .dump_seq = ++u->dump_seq,
        .now = clock_ms(),
        .max_idle_ms = SETTING(max_idle_ms),
        .delete_all = delete_all,
        .dump = dpif_flow_dump_create(u->dpif),
    };

    if (n_flows > u->flow_limit) {
        pass.max_idle_ms = n_flows > 2 * u->flow_limit ? 0 : 100;
    }
    if (u->last_start_ms && u->last_pass_ms * 2 > interval_ms()) {
        pass.min_pps = SETTING(min_revalidate_pps);
        pass.interval_ms = pass.now - u->last_start_ms;
    }
    u->last_start_ms = pass.now;
    u->n_flows = run_shares(&pass, n_flows);
    dpif_flow_dump_destroy(pass.dump);
    rcu_read_lock();
    sweep(&pass);
    rcu_read_unlock();

    u->last_pass_ms = (clock_ns() - start_ns) / 1000000;
    u->max_flows = MAX(u->max_flows, u->n_flows);
    u->total_flows += u->n_flows;
    adapt_limit(u, u->n_flows, u->last_pass_ms);
}

/* Waits, under 'mutex', for a reason to run; up to the interval.  A flush is
 * one even while paused: who asks for it is about to free something. */
static void
wait_for_reason(struct upcall *u)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += interval_ms() / 1000;
    deadline.tv_nsec += interval_ms() % 1000 * 1000000;
    deadline.tv_sec += deadline.tv_nsec / 1000000000;
    deadline.tv_nsec %= 1000000000;
    while (!u->is_stopping && !u->flush && (u->is_paused || !u->is_woken)) {
        if (u->is_paused) {
            pthread_cond_wait(&u->wakeup, &u->mutex);
        } else if (pthread_cond_timedwait(&u->wakeup, &u->mutex,
                                          &deadline)) {
            return;
        }
    }
}

static void *
revalidator(void *u_)
{
    struct upcall *u = u_;

    rcu_register_thread();
    pthread_mutex_lock(&u->mutex);
    while (!u->is_stopping) {
        bool flush;

        wait_for_reason(u);
        if (u->is_stopping) {
            break;
        }
        u->is_woken = false;
        flush = u->flush;
        u->flush = false;
        pthread_mutex_unlock(&u->mutex);
        run_pass(u, flush);
        pthread_mutex_lock(&u->mutex);
        u->n_passes++;
        pthread_cond_broadcast(&u->passed);
    }
    pthread_mutex_unlock(&u->mutex);
    rcu_unregister_thread();
    return NULL;
}

static void
run_timer(void *u_)
{
    struct upcall *u = u_;

    if (!u->is_paused) {
        run_pass(u, false);
    }
    timer_set(&u->timer, interval_ms());
}

/* Without a thread: what the turn has changed is in the datapath before its
 * output, the answers to those who asked for it, leaves; no clock is read. */
static void
run_step(void *u_)
{
    struct upcall *u = u_;

    if (!u->is_paused) {
        run_pass(u, false);
    }
}

void
upcall_wake(struct upcall *u)
{
    if (u && !u->has_thread) {
        step_wake(&u->step);
    } else if (u) {
        bool was_woken;

        pthread_mutex_lock(&u->mutex);
        was_woken = u->is_woken;
        u->is_woken = true;
        pthread_mutex_unlock(&u->mutex);
        /* Not before: the thread would wake only to wait for the mutex. */
        if (!was_woken) {
            pthread_cond_signal(&u->wakeup);
        }
    }
}

void
revalidator_run(struct upcall *u, bool flush)
{
    if (!u->has_thread) {
        if (!u->is_paused || flush) {
            run_pass(u, flush);
        }
        return;
    }
    pthread_mutex_lock(&u->mutex);
    for (uint64_t until = u->n_passes + 2;
         u->n_passes < until && (!u->is_paused || flush); ) {
        u->flush |= flush;
        u->is_woken = true;
        pthread_cond_signal(&u->wakeup);
        pthread_cond_wait(&u->passed, &u->mutex);
    }
    pthread_mutex_unlock(&u->mutex);
}

void
revalidator_start(struct upcall *u)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&u->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&u->wakeup, &attr);
    pthread_cond_init(&u->passed, &attr);
    pthread_condattr_destroy(&attr);
    timer_init(&u->timer, run_timer, u);
    u->has_thread = !dpif_is_dummy(u->backer->dpif);
    if (u->has_thread) {
        if (pthread_create(&u->thread, NULL, revalidator, u)) {
            abort_msg("cannot create the revalidator thread");
        }
    } else {
        step_init(&u->step, "revalidator", run_step, u);
        timer_set(&u->timer, interval_ms());
    }
}

void
revalidator_stop(struct upcall *u)
{
    if (u->has_thread) {
        pthread_mutex_lock(&u->mutex);
        u->is_stopping = true;
        pthread_cond_broadcast(&u->wakeup);
        pthread_mutex_unlock(&u->mutex);
        pthread_join(u->thread, NULL);
    } else {
        step_uninit(&u->step);
    }
    timer_stop(&u->timer);
    pthread_cond_destroy(&u->wakeup);
    pthread_cond_destroy(&u->passed);
    pthread_mutex_destroy(&u->mutex);
}

void
revalidator_set_paused(struct upcall *u, bool paused)
{
    pthread_mutex_lock(&u->mutex);
    u->is_paused = paused;
    pthread_cond_broadcast(&u->wakeup);
    pthread_cond_broadcast(&u->passed);
    pthread_mutex_unlock(&u->mutex);
    if (!paused) {
        upcall_wake(u);
    }
}
