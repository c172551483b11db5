/* SPDX-License-Identifier: Apache-2.0 */

/* Megaflows and what keeps them right.
 *
 * Each installed megaflow has a ukey.  A handler makes it with the translation
 * and hands it to the datapath as the reply's cookie; the datapath tells
 * whether the flow went in before any packet can match it, and only then the
 * ukey enters the table, so that a dump never meets a flow without one that
 * should have it.  (One that has none, of an earlier life of this process, is
 * deleted.)
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

#include "vswitch/upcall/upcall.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <pthread.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/packets.h"
#include "vswitch/xlate/xlate.h"

LOG_MODULE(ofproto_dpif_upcall);

COUNTER(upcall_miss);
COUNTER(upcall_action);
COUNTER(upcall_not_installed);
COUNTER(upcall_paused);
COUNTER(upcall_flow_limit_hit);
COUNTER(revalidate_changed);
COUNTER(revalidate_deleted);
COUNTER(revalidate_unknown_flow);

#define DEFAULT_FLOW_LIMIT 200000
#define DEFAULT_MAX_IDLE_MS 10000
#define MIN_FLOW_LIMIT 1000
#define PASS_INTERVAL_MS 500
#define DUMP_BATCH 64


struct ukey {
    struct ufid ufid;
    uint32_t n_refs;             /* By the table and passes; revalidator's. */
    bool is_deleted;             /* Revalidator's: taken out of the datapath. */
    uint64_t change_seq;         /* Under which it was translated. */
    uint64_t dump_seq;           /* Last pass that met it. */
    int64_t created_ms;
    struct flow_key *key;        /* As the datapath has it. */
    struct flow_key *mask;
    void *actions;
    size_t actions_size;
    struct dpif_flow_stats stats;    /* Last seen. */
    struct xlate_cache *cache;
    uint32_t *recirc_ids;
    size_t n_recirc_ids;
    struct rcu_head rcu;
};

struct upcall {
    struct backer *backer;
    struct dpif *dpif;

    pthread_mutex_t ukeys_mutex; /* For changes of 'ukeys'. */
    struct rcu_hash ukeys;       /* By ufid. */
    unsigned int flow_limit;     /* Atomic. */

    /* The revalidator. */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakeup;       /* Under 'mutex': */
    bool is_stopping;
    bool is_woken;
    bool is_paused;
    bool flush;
    uint64_t n_passes;           /* Finished ones. */
    pthread_cond_t passed;
    struct timer timer;          /* Without a thread. */

    uint64_t dump_seq;
    int64_t last_pass_ms;        /* How long it took. */
    size_t n_flows, max_flows, total_flows;      /* Seen by passes. */
    bool megaflows_disabled;     /* Atomic. */
};

static struct upcall_config config;

void
upcall_set_config(const struct upcall_config *c)
{
    config = *c;
}

static bool is_paused;           /* Atomic. */

void
upcall_set_paused(bool paused)
{
    __atomic_store_n(&is_paused, paused, __ATOMIC_RELAXED);
}

static unsigned int
max_flow_limit(void)
{
    return config.flow_limit ? config.flow_limit : DEFAULT_FLOW_LIMIT;
}

/* Ukeys. */

static uint32_t
hash_ufid(struct ufid ufid)
{
    return ufid.u64[0];
}

static struct ukey *
find_ukey(const struct upcall *u, struct ufid ufid)
{
    struct rcu_hash_cursor cursor;
    struct ukey *ukey;

    RCU_HASH_FOR_EACH_WITH_HASH (ukey, &cursor, hash_ufid(ufid), &u->ukeys) {
        if (ufid_equals(ukey->ufid, ufid)) {
            return ukey;
        }
    }
    return NULL;
}

static void
free_ukey(struct rcu_head *head)
{
    struct ukey *ukey = CONTAINER_OF(head, struct ukey, rcu);

    xlate_cache_destroy(ukey->cache);
    for (size_t i = 0; i < ukey->n_recirc_ids; i++) {
        recirc_unref(ukey->recirc_ids[i]);
    }
    free(ukey->recirc_ids);
    free(ukey->key);
    free(ukey->mask);
    free(ukey->actions);
    free(ukey);
}

static struct flow_key *
compress(const struct flow *flow)
{
    struct flow_key_full full;

    flow_key_compress(&full.key, flow);
    return flow_key_clone(&full.key);
}

/* The identifier of a megaflow: of what its packets look like. */
static struct ufid
make_ufid(const struct flow *flow, const struct flow_key *mask)
{
    struct flow_key_full masked;
    struct ufid ufid;

    flow_key_compress_masked(&masked.key, flow, mask);
    for (int i = 0; i < 2; i++) {
        uint64_t hash = hash_bytes(mask->words, mask->n_words * 8, i);

        hash = hash_bytes(&mask->map, sizeof mask->map, hash);
        ufid.u64[i] = hash_bytes(masked.key.words, mask->n_words * 8, hash);
    }
    return ufid;
}

/* Handling. */

/* Makes the ukey of a translation, taking over what 'out' holds. */
static struct ukey *
create_ukey(const struct flow *flow, const struct flow_wildcards *wc,
            uint64_t change_seq, struct xlate_cache *cache,
            struct xlate_out *out)
{
    struct ukey *ukey = xzalloc(sizeof *ukey);

    ukey->key = compress(flow);
    ukey->mask = compress(&wc->masks);
    ukey->ufid = make_ufid(flow, ukey->mask);
    ukey->change_seq = change_seq;
    ukey->created_ms = clock_ms();
    ukey->actions = xmemdup(out->actions.data ? out->actions.data
                            : (const void *) "", MAX(out->actions.size, 1));
    ukey->actions_size = out->actions.size;
    ukey->cache = cache;
    ukey->recirc_ids = out->recirc_ids;
    ukey->n_recirc_ids = out->n_recirc_ids;
    out->recirc_ids = NULL;
    out->n_recirc_ids = 0;
    return ukey;
}

static void
reply_actions(struct dpif_upcall_reply *reply, const struct buf *actions)
{
    if (!actions->size) {
        return;
    }
    if (actions->size > reply->actions_room) {
        reply->big_actions = xmemdup(actions->data, actions->size);
    } else {
        memcpy(reply->actions, actions->data, actions->size);
    }
    reply->actions_size = actions->size;
}

/* A packet from a port that no bridge has: its kin is dropped. */
static void
reply_no_port(struct dpif_upcall_reply *reply)
{
    memset(&reply->wc.masks.in_port, 0xff, sizeof reply->wc.masks.in_port);
}

static bool
may_install(struct upcall *u)
{
    if (rcu_hash_count(&u->ukeys)
        < __atomic_load_n(&u->flow_limit, __ATOMIC_RELAXED)) {
        return true;
    }
    counter_inc(upcall_flow_limit_hit);
    return false;
}

static void
handle_miss(struct upcall *u, struct dpif_upcall *up)
{
    uint64_t change_seq = __atomic_load_n(&u->backer->change_seq,
                                          __ATOMIC_ACQUIRE);
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct dpif_upcall_reply *reply = up->reply;
    struct xlate_cache *cache = NULL;
    struct xlate_stats stats;
    struct xlate_in in;
    struct xlate_out out;
    bool install = may_install(u);

    counter_inc(upcall_miss);
    if (xlate_receive(u->backer, up->key, &in, &wc)) {
        reply_no_port(reply);
        return;
    }
    stats = (struct xlate_stats) {
        .n_packets = 1,
        .n_bytes = up->packet->size,
        .used_ms = clock_ms(),
        .tcp_flags = ntohs(up->key->tcp_flags),
    };
    in.packet = up->packet;
    in.has_side_effects = true;
    in.stats = &stats;
    if (install) {
        cache = in.cache = xlate_cache_create();
    }
    xlate(&in, &out);
    for (size_t i = 0; i < FLOW_WORDS; i++) {
        ((uint64_t *) (void *) &out.wc)[i] |= flow_word(&wc.masks, i);
    }
    xlate_wildcards_to_datapath(&in, up->key, &out.wc);
    if (__atomic_load_n(&u->megaflows_disabled, __ATOMIC_RELAXED)) {
        memset(&out.wc, 0xff, sizeof out.wc);
        xlate_wildcards_to_datapath(&in, up->key, &out.wc);
    }
    reply_actions(reply, &out.actions);
    reply->wc = out.wc;
    if (install && !out.is_uncacheable) {
        struct ukey *ukey = create_ukey(up->key, &out.wc, change_seq, cache,
                                        &out);

        /* The datapath counts this packet for the flow as well. */
        ukey->stats.n_packets = stats.n_packets;
        ukey->stats.n_bytes = stats.n_bytes;
        reply->ufid = ukey->ufid;
        reply->install = true;
        reply->cookie = ukey;
    } else {
        xlate_cache_destroy(cache);
    }
    xlate_out_uninit(&out);
}

static void
handle_action(struct upcall *u, struct dpif_upcall *up)
{
    struct userspace_cookie cookie;

    counter_inc(upcall_action);
    if (up->userdata_size != sizeof cookie) {
        return;
    }
    memcpy(&cookie, up->userdata, sizeof cookie);
    if (cookie.type == USERSPACE_CONTROLLER) {
        ofproto_punt(up->packet, up->key, &cookie);
    } else if (cookie.type == USERSPACE_BFD) {
        struct flow_wildcards wc;
        struct ofport *port;

        memset(&wc, 0, sizeof wc);
        port = backer_find_port(u->backer, up->key, &wc);
        if (port) {
            bfd_monitor_receive(port, up->packet);
        }
    }
}

static void
handle(struct dpif_upcall *upcalls, size_t n, void *u)
{
    if (__atomic_load_n(&is_paused, __ATOMIC_RELAXED)) {
        counter_add(upcall_paused, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (upcalls[i].type == DPIF_UC_MISS) {
            handle_miss(u, &upcalls[i]);
        } else {
            handle_action(u, &upcalls[i]);
        }
    }
}

static void
installed(void *ukey_, int error, void *u_)
{
    struct upcall *u = u_;
    struct ukey *ukey = ukey_;

    if (error) {
        counter_inc(upcall_not_installed);
        call_rcu(&ukey->rcu, free_ukey);
        return;
    }
    pthread_mutex_lock(&u->ukeys_mutex);
    rcu_hash_insert(&u->ukeys, ukey, hash_ufid(ukey->ufid));
    pthread_mutex_unlock(&u->ukeys_mutex);
}

/* Revalidating. */

/* What a pass does with one flow. */
enum verdict {
    KEEP,
    CHANGE,                      /* Other actions. */
    DELETE,
};

struct pass {
    struct upcall *u;
    uint64_t change_seq;
    uint64_t dump_seq;
    int64_t now;
    int64_t max_idle_ms;
    bool delete_all;
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

static void
take_translation(struct ukey *ukey, struct xlate_cache *cache,
                 struct xlate_out *out)
{
    xlate_cache_destroy(ukey->cache);
    ukey->cache = cache;
    for (size_t i = 0; i < ukey->n_recirc_ids; i++) {
        recirc_unref(ukey->recirc_ids[i]);
    }
    free(ukey->recirc_ids);
    ukey->recirc_ids = out->recirc_ids;
    ukey->n_recirc_ids = out->n_recirc_ids;
    out->recirc_ids = NULL;
    out->n_recirc_ids = 0;
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
        take_translation(ukey, cache, &out);
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
    struct ukey *ukey = find_ukey(pass->u, flow->ufid);
    enum verdict verdict = KEEP;

    if (!ukey) {
        counter_inc(revalidate_unknown_flow);
        vec_push(&pass->doomed, flow->ufid);
        return;
    }
    ukey->dump_seq = pass->dump_seq;
    push_stats(ukey, &flow->stats);
    if (pass->delete_all || is_idle(pass, ukey)) {
        verdict = DELETE;
    } else if (ukey->change_seq != pass->change_seq) {
        verdict = retranslate(pass, ukey);
    }
    if (verdict == DELETE) {
        vec_push(&pass->doomed, ukey->ufid);
    } else if (verdict == CHANGE) {
        vec_push(&pass->changed, ukey);
    }
}

static void
remove_ukey(struct upcall *u, struct ukey *ukey)
{
    pthread_mutex_lock(&u->ukeys_mutex);
    rcu_hash_remove(&u->ukeys, ukey, hash_ufid(ukey->ufid));
    pthread_mutex_unlock(&u->ukeys_mutex);
    call_rcu(&ukey->rcu, free_ukey);
}

static void
delete_doomed(struct pass *pass)
{
    VEC_FOR_EACH (ufid, &pass->doomed) {
        struct dpif_flow_del del = { .ufid = *ufid };
        struct ukey *ukey = find_ukey(pass->u, *ufid);

        dpif_flow_del(pass->u->dpif, &del, 1);
        counter_inc(revalidate_deleted);
        if (ukey) {
            if (!del.error) {
                push_stats(ukey, &del.stats);
            }
            remove_ukey(pass->u, ukey);
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
            && ukey->created_ms + 2 * PASS_INTERVAL_MS < pass->now) {
            remove_ukey(pass->u, ukey);
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
    limit = MIN(max_flow_limit(), MAX(limit, MIN_FLOW_LIMIT));
    __atomic_store_n(&u->flow_limit, limit, __ATOMIC_RELAXED);
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
        .max_idle_ms = (config.max_idle_ms ? config.max_idle_ms
                        : DEFAULT_MAX_IDLE_MS),
        .delete_all = delete_all,
    };
    struct dpif_flow_dump *dump = dpif_flow_dump_create(u->dpif);
    size_t n_dumped = 0, n;

    if (n_flows > u->flow_limit) {
        pass.max_idle_ms = n_flows > 2 * u->flow_limit ? 0 : 100;
    }
    do {
        rcu_read_lock();
        n = dpif_flow_dump_next(dump, DUMP_BATCH, revalidate_flow, &pass);
        delete_doomed(&pass);
        apply_changed(&pass);
        rcu_read_unlock();
        n_dumped += n;
    } while (n);
    dpif_flow_dump_destroy(dump);
    rcu_read_lock();
    sweep(&pass);
    rcu_read_unlock();
    vec_uninit(&pass.doomed);
    vec_uninit(&pass.changed);

    u->last_pass_ms = (clock_ns() - start_ns) / 1000000;
    u->n_flows = n_dumped;
    u->max_flows = MAX(u->max_flows, n_dumped);
    u->total_flows += n_dumped;
    adapt_limit(u, n_dumped, u->last_pass_ms);
}

/* Waits, under 'mutex', for a reason to run; up to the interval.  A flush is
 * one even while paused: who asks for it is about to free something. */
static void
wait_for_reason(struct upcall *u)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_nsec += PASS_INTERVAL_MS * 1000000L;
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
    timer_set(&u->timer, PASS_INTERVAL_MS);
}

void
upcall_wake(struct upcall *u)
{
    if (u && u->has_thread) {
        pthread_mutex_lock(&u->mutex);
        if (!u->is_woken) {
            u->is_woken = true;
            pthread_cond_signal(&u->wakeup);
        }
        pthread_mutex_unlock(&u->mutex);
    }
}

/* Has a whole pass run that begins after this call. */
static void
run_and_wait(struct upcall *u, bool flush)
{
    if (!u->has_thread) {
        run_pass(u, flush);
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
upcall_flush(struct upcall *u)
{
    run_and_wait(u, true);
}

struct upcall *
upcall_create(struct backer *backer)
{
    struct upcall *u = xzalloc(sizeof *u);
    struct dpif_upcall_handler handler = {
        .handle = handle, .installed = installed, .aux = u,
    };
    pthread_condattr_t attr;

    u->backer = backer;
    u->dpif = backer->dpif;
    u->flow_limit = MIN(DEFAULT_FLOW_LIMIT, max_flow_limit());
    rcu_hash_init(&u->ukeys);
    pthread_mutex_init(&u->ukeys_mutex, NULL);
    pthread_mutex_init(&u->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&u->wakeup, &attr);
    pthread_cond_init(&u->passed, &attr);
    pthread_condattr_destroy(&attr);
    timer_init(&u->timer, run_timer, u);
    dpif_flow_flush(u->dpif);
    dpif_set_upcall_handler(u->dpif, &handler);
    u->has_thread = strcmp(backer->type, "dummy") != 0;
    if (u->has_thread) {
        if (pthread_create(&u->thread, NULL, revalidator, u)) {
            abort_msg("cannot create the revalidator thread");
        }
    } else {
        timer_set(&u->timer, PASS_INTERVAL_MS);
    }
    return u;
}

static void
stop_thread(struct upcall *u)
{
    if (u->has_thread) {
        pthread_mutex_lock(&u->mutex);
        u->is_stopping = true;
        pthread_cond_broadcast(&u->wakeup);
        pthread_mutex_unlock(&u->mutex);
        pthread_join(u->thread, NULL);
    }
    timer_stop(&u->timer);
}

void
upcall_destroy(struct upcall *u)
{
    struct rcu_hash_cursor cursor;
    struct ukey *ukey;

    if (!u) {
        return;
    }
    dpif_set_upcall_handler(u->dpif, NULL);
    stop_thread(u);
    dpif_flow_flush(u->dpif);
    RCU_HASH_FOR_EACH (ukey, &cursor, &u->ukeys) {
        remove_ukey(u, ukey);
    }
    rcu_hash_uninit(&u->ukeys);
    rcu_barrier();
    pthread_cond_destroy(&u->wakeup);
    pthread_cond_destroy(&u->passed);
    pthread_mutex_destroy(&u->mutex);
    pthread_mutex_destroy(&u->ukeys_mutex);
    free(u);
}

/* Control commands. */

static void
show(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        struct upcall *u = b->upcall;

        str_printf(&s, "%s@%s:\n", b->type, dpif_name(b->dpif));
        str_printf(&s, "  flows         : (current %zu) (avg %zu) (max %zu) "
                   "(limit %u)\n", u->n_flows,
                   u->dump_seq ? u->total_flows / u->dump_seq : 0,
                   u->max_flows, u->flow_limit);
        str_printf(&s, "  dump duration : %lldms\n",
                   (long long) u->last_pass_ms);
        str_printf(&s, "  ufid enabled : true\n\n");
        str_printf(&s, "  0: (keys %zu)\n", rcu_hash_count(&u->ukeys));
    }
    control_reply_str(conn, &s);
}

static void
for_all(void (*fn)(struct upcall *, bool), bool arg)
{
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        fn(b->upcall, arg);
    }
}

static void
set_megaflows_disabled(struct upcall *u, bool disabled)
{
    __atomic_store_n(&u->megaflows_disabled, disabled, __ATOMIC_RELAXED);
    run_and_wait(u, true);
}

static void
disable_megaflows(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    for_all(set_megaflows_disabled, true);
    control_reply(conn, "megaflows disabled");
}

static void
enable_megaflows(struct control_conn *conn, int argc, const char *argv[],
                 void *aux)
{
    for_all(set_megaflows_disabled, false);
    control_reply(conn, "megaflows enabled");
}

static void
set_flow_limit(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;
    unsigned int limit;

    if (!text_to_uint(argv[1], 10, &limit)) {
        control_reply_error(conn, "invalid limit");
        return;
    }
    HMAP_FOR_EACH (b, node, backers_all()) {
        __atomic_store_n(&b->upcall->flow_limit, limit, __ATOMIC_RELAXED);
        str_printf(&s, "set flow_limit to %u\n", limit);
    }
    control_reply_str(conn, &s);
}

static void
wait_passes(struct control_conn *conn, int argc, const char *argv[],
            void *aux)
{
    for_all(run_and_wait, false);
    control_reply(conn, NULL);
}

static void
purge(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    for_all(run_and_wait, true);
    control_reply(conn, NULL);
}

static void
set_paused(struct upcall *u, bool paused)
{
    pthread_mutex_lock(&u->mutex);
    u->is_paused = paused;
    pthread_cond_broadcast(&u->wakeup);
    pthread_cond_broadcast(&u->passed);
    pthread_mutex_unlock(&u->mutex);
}

static void
pause_passes(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_all(set_paused, true);
    control_reply(conn, NULL);
}

static void
resume_passes(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    for_all(set_paused, false);
    control_reply(conn, NULL);
}

void
upcall_register_commands(void)
{
    static const struct {
        const char *name;
        const char *usage;
        int n_args;
        control_fn *fn;
    } commands[] = {
        { "upcall/show", "", 0, show },
        { "upcall/disable-megaflows", "", 0, disable_megaflows },
        { "upcall/enable-megaflows", "", 0, enable_megaflows },
        { "upcall/set-flow-limit", "flow-limit-number", 1, set_flow_limit },
        { "revalidator/wait", "", 0, wait_passes },
        { "revalidator/purge", "", 0, purge },
        { "revalidator/pause", "", 0, pause_passes },
        { "revalidator/resume", "", 0, resume_passes },
    };

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        control_register(commands[i].name, commands[i].usage,
                         commands[i].n_args, commands[i].n_args,
                         commands[i].fn, NULL);
    }
}
