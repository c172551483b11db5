/* SPDX-License-Identifier: Apache-2.0 */

/* Megaflows and what keeps them right.
 *
 * Each installed megaflow has a ukey.  A handler makes it with the translation
 * and hands it to the datapath as the reply's cookie; the datapath tells
 * whether the flow went in before any packet can match it, and only then the
 * ukey enters the table, so that a dump never meets a flow without one that
 * should have it.  (One that has none, of an earlier life of this process, is
 * deleted.) */

#include "vswitch/upcall/upcall.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/flow/extract.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/memory.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/packets.h"
#include "vswitch/upcall/ukey.h"

COUNTER(upcall_miss);
COUNTER(upcall_action);
COUNTER(upcall_not_installed);
COUNTER(upcall_paused);
COUNTER(upcall_flow_limit_hit);
COUNTER(upcall_handed_over);

struct upcall_config upcall_config = UPCALL_CONFIG_DEFAULT;

void
upcall_set_config(const struct upcall_config *c)
{
    bool new_limit = c->flow_limit != upcall_config.flow_limit;
    struct backer *b;

#define SET(MEMBER) \
    __atomic_store_n(&upcall_config.MEMBER, c->MEMBER, __ATOMIC_RELAXED)
    SET(flow_limit);
    SET(max_idle_ms);
    SET(max_revalidator_ms);
    SET(min_revalidate_pps);
    SET(n_revalidators);
#undef SET
    HMAP_FOR_EACH (b, node, backers_all()) {
        if (new_limit) {
            __atomic_store_n(&b->upcall->flow_limit, c->flow_limit,
                             __ATOMIC_RELAXED);
        }
        upcall_wake(b->upcall);
    }
}

static bool is_paused;           /* Atomic. */

void
upcall_set_paused(bool paused)
{
    __atomic_store_n(&is_paused, paused, __ATOMIC_RELAXED);
}

/* Ukeys. */

static uint32_t
hash_ufid(struct ufid ufid)
{
    return ufid.u64[0];
}

struct ukey *
ukey_find(const struct upcall *u, struct ufid ufid)
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

/* Gives up what a translation holds. */
static void
release_translation(struct ukey *ukey)
{
    xlate_cache_destroy(ukey->cache);
    for (size_t i = 0; i < ukey->n_recirc_ids; i++) {
        recirc_unref(ukey->recirc_ids[i]);
    }
    free(ukey->recirc_ids);
}

static void
hold_translation(struct ukey *ukey, struct xlate_cache *cache,
                 struct xlate_out *out)
{
    ukey->cache = cache;
    ukey->recirc_ids = out->recirc_ids;
    ukey->n_recirc_ids = out->n_recirc_ids;
    out->recirc_ids = NULL;
    out->n_recirc_ids = 0;
}

void
ukey_take_translation(struct ukey *ukey, struct xlate_cache *cache,
                      struct xlate_out *out)
{
    release_translation(ukey);
    hold_translation(ukey, cache, out);
}

static void
free_ukey(struct rcu_head *head)
{
    struct ukey *ukey = CONTAINER_OF(head, struct ukey, rcu);

    release_translation(ukey);
    free(ukey->actions);
    free(ukey);
}

void
ukey_remove(struct upcall *u, struct ukey *ukey)
{
    pthread_mutex_lock(&u->ukeys_mutex);
    rcu_hash_remove(&u->ukeys, ukey, hash_ufid(ukey->ufid));
    pthread_mutex_unlock(&u->ukeys_mutex);
    call_rcu(&ukey->rcu, free_ukey);
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

struct ufid
upcall_make_ufid(const struct flow *flow, const struct flow_wildcards *wc)
{
    struct flow_key_full mask;

    flow_key_compress(&mask.key, &wc->masks);
    return make_ufid(flow, &mask.key);
}

/* Handling. */

/* Makes the ukey of a translation, taking over what 'out' holds. */
static struct ukey *
create_ukey(const struct flow *flow, const struct flow_wildcards *wc,
            uint64_t change_seq, struct xlate_cache *cache,
            struct xlate_out *out)
{
    struct flow_key_full key, mask;
    size_t key_size, mask_size;
    struct ukey *ukey;

    flow_key_compress(&key.key, flow);
    flow_key_compress(&mask.key, &wc->masks);
    key_size = FLOW_KEY_SIZE(key.key.n_words);
    mask_size = FLOW_KEY_SIZE(mask.key.n_words);
    ukey = xzalloc(sizeof *ukey + key_size + mask_size);
    ukey->key = memcpy(ukey + 1, &key.key, key_size);
    ukey->mask = memcpy((uint8_t *) (ukey + 1) + key_size, &mask.key,
                        mask_size);
    ukey->ufid = make_ufid(flow, ukey->mask);
    ukey->change_seq = change_seq;
    ukey->created_ms = clock_ms();
    ukey->actions = xmemdup(out->actions.data ? out->actions.data
                            : (const void *) "", MAX(out->actions.size, 1));
    ukey->actions_size = out->actions.size;
    hold_translation(ukey, cache, out);
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
    cache = in.cache = xlate_cache_create();
    xlate(&in, &out);
    if (out.needs_main_thread) {
        counter_inc(upcall_handed_over);
        reply->hand_over = true;
        xlate_cache_destroy(cache);
        xlate_out_uninit(&out);
        return;
    }
    xlate_cache_push(cache, &stats);
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

        /* The datapath counts for the flow what comes after this packet. */
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

struct upcall *
upcall_create(struct backer *backer)
{
    struct upcall *u = xzalloc(sizeof *u);
    struct dpif_upcall_handler handler = {
        .handle = handle, .installed = installed, .aux = u,
    };

    u->backer = backer;
    u->dpif = backer->dpif;
    u->flow_limit = upcall_config.flow_limit;
    rcu_hash_init(&u->ukeys);
    pthread_mutex_init(&u->ukeys_mutex, NULL);
    dpif_flow_flush(u->dpif);
    dpif_set_upcall_handler(u->dpif, &handler);
    revalidator_start(u);
    return u;
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
    revalidator_stop(u);
    dpif_flow_flush(u->dpif);
    RCU_HASH_FOR_EACH (ukey, &cursor, &u->ukeys) {
        ukey_remove(u, ukey);
    }
    rcu_hash_uninit(&u->ukeys);
    rcu_barrier();
    pthread_mutex_destroy(&u->ukeys_mutex);
    free(u);
}

void
upcall_flush(struct upcall *u)
{
    revalidator_run(u, true);
}

static void
count_thread(const struct dpif_thread *thread UNUSED, void *n)
{
    ++*(unsigned int *) n;
}

void
upcall_report_memory(const struct upcall *u, struct memory_usage *usage)
{
    size_t n_keys = rcu_hash_count(&u->ukeys);
    unsigned int n_threads = 0;

    if (n_keys) {
        memory_add(usage, "udpif keys", n_keys);
    }
    dpif_thread_dump(u->dpif, count_thread, &n_threads);
    memory_add(usage, "handlers", n_threads);
    memory_add(usage, "revalidators", upcall_config.n_revalidators);
}
