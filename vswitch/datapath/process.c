/* SPDX-License-Identifier: Apache-2.0 */
/* The path of a batch through the datapath.
 *
 * 1. Each packet's key is extracted and hashed.
 * 2. The thread's cache maps the hash to a flow's index.  The flow found there
 *    is right if it matches the key, whatever was cached: megaflows do not
 *    overlap.  So the cache holds no keys (8 bytes an entry), and needs no
 *    invalidation when flows go.
 * 3. Then the megaflow classifier; what it finds goes into the cache.
 * 4. What is left becomes upcalls, all in one call, each flow once.
 * 5. Packets are grouped by flow, and each group runs through its actions
 *    together; output waits in queues by port until the batch is done. */

#include <errno.h>
#include <linux/openvswitch.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/fragment.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/cycles.h"
#include "vswitch/datapath/datapath.h"

COUNTER(datapath_drop_no_port);
COUNTER(datapath_drop_loop);
COUNTER(datapath_drop_lost);
COUNTER(datapath_drop_fragment);

#define ACTIONS_ROOM 2048

/* What upcalls need and is too large for a stack. */
struct upcall_scratch {
    struct dpif_upcall upcalls[PACKET_BATCH];
    struct dpif_upcall_reply replies[PACKET_BATCH];
    struct flow flows[PACKET_BATCH];
    uint8_t actions[PACKET_BATCH][ACTIONS_ROOM]
        __attribute__((__aligned__(8)));
};

struct keys {
    struct flow_key_full keys[PACKET_BATCH];
};

static __thread struct dp_context *thread_contexts;
static __thread struct keys thread_keys;

struct dp_context *
dp_context_get(struct dp *dp)
{
    struct dp_context *ctx;

    for (ctx = thread_contexts; ctx; ctx = ctx->next_of_thread) {
        if (ctx->dp == dp) {
            return ctx;
        }
    }
    ctx = xzalloc_cacheline(sizeof *ctx);
    ctx->dp = dp;
    ctx->cache = xzalloc_cacheline(DP_CACHE_SIZE * sizeof *ctx->cache);
    ctx->out_of_port = xcalloc(DP_MAX_PORTS, sizeof *ctx->out_of_port);
    ctx->random = random_u32() | 1;
    ctx->cpu = -1;
    ctx->since_cycles = cycles_now();
    pthread_mutex_lock(&dp->contexts_mutex);
    dp_usage_start(dp, &ctx->usage);
    list_push_back(&dp->contexts, &ctx->node);
    pthread_mutex_unlock(&dp->contexts_mutex);
    ctx->next_of_thread = thread_contexts;
    thread_contexts = ctx;
    return ctx;
}

static void
context_destroy(struct dp_context *ctx)
{
    for (size_t i = 0; i < ctx->free_outs.n; i++) {
        free(ctx->free_outs.items[i]);
    }
    for (size_t i = 0; i < ctx->outs.n; i++) {
        free(ctx->outs.items[i]);
    }
    vec_uninit(&ctx->outs);
    vec_uninit(&ctx->free_outs);
    vec_uninit(&ctx->again);
    free(ctx->out_of_port);
    free(ctx->cache);
    free(ctx->upcalls);
    free(ctx->round_log);
    free(ctx->underlay);
    free(ctx);
}

/* This thread may go on to use other datapaths. */
static void
forget_context_of(const struct dp *dp)
{
    struct dp_context **p = &thread_contexts;

    while (*p) {
        if ((*p)->dp == dp) {
            *p = (*p)->next_of_thread;
        } else {
            p = &(*p)->next_of_thread;
        }
    }
}

void
dp_context_put(struct dp_context *ctx)
{
    struct dp *dp = ctx->dp;
    uint64_t *past = (uint64_t *) &dp->past;

    forget_context_of(dp);
    pthread_mutex_lock(&dp->contexts_mutex);
    for (size_t i = 0; i < sizeof ctx->n / sizeof *past; i++) {
        past[i] += ((const uint64_t *) &ctx->n)[i];
    }
    list_remove(&ctx->node);
    pthread_mutex_unlock(&dp->contexts_mutex);
    context_destroy(ctx);
}

void
dp_contexts_destroy(struct dp *dp)
{
    struct dp_context *ctx;

    forget_context_of(dp);
    LIST_FOR_EACH_SAFE (ctx, node, &dp->contexts) {
        list_remove(&ctx->node);
        context_destroy(ctx);
    }
}

/* Output. */

static struct dp_out *
get_out(struct dp_context *ctx, struct dp_port *port)
{
    uint16_t *index = &ctx->out_of_port[port->no];
    struct dp_out *out;

    if (*index) {
        return ctx->outs.items[*index - 1];
    }
    out = (ctx->free_outs.n ? vec_pop(&ctx->free_outs)
           : xmalloc(sizeof *out));
    out->port = port;
    out->batch.n = 0;
    vec_push(&ctx->outs, out);
    *index = ctx->outs.n;
    return out;
}

static void
send_to_device(struct dp_context *ctx, struct dp_port *port,
               struct packet_batch *batch)
{
    uint64_t n_bytes = 0;
    unsigned int n_sent;

    for (uint32_t i = 0; i < batch->n; i++) {
        n_bytes += batch->packets[i]->size;
    }
    dp_bump(&ctx->n.n_sent, batch->n);
    dp_bump(&ctx->n.n_batches_sent, 1);
    n_sent = netdev_send(port->netdev, batch);
    __atomic_fetch_add(&port->tx_packets, n_sent, __ATOMIC_RELAXED);
    __atomic_fetch_add(&port->tx_bytes, n_bytes, __ATOMIC_RELAXED);
    if (n_sent < batch->n) {
        __atomic_fetch_add(&port->tx_dropped, batch->n - n_sent,
                           __ATOMIC_RELAXED);
    }
    packet_batch_free(batch);
}

static void
flush_out(struct dp_context *ctx, struct dp_out *out)
{
    if (!out->batch.n) {
        return;
    }
    if (out->port->tunnel) {
        dp_tunnel_send(ctx, out->port, &out->batch);
        return;
    }
    if (out->port->is_internal && rcu_hash_count(&ctx->dp->tunnels)) {
        dp_tunnel_intercept(ctx, out->port, &out->batch);
    }
    if (out->batch.n) {
        send_to_device(ctx, out->port, &out->batch);
    }
}

static void
flush_outs(struct dp_context *ctx)
{
    while (ctx->outs.n) {
        struct dp_out *out = ctx->outs.items[ctx->outs.n - 1];

        flush_out(ctx, out);
        ctx->out_of_port[out->port->no] = 0;
        ctx->outs.n--;
        vec_push(&ctx->free_outs, out);
    }
}

static void
queue(struct dp_context *ctx, struct dp_port *port, struct packet *p)
{
    struct dp_out *out = get_out(ctx, port);

    if (out->batch.n == PACKET_BATCH) {
        flush_out(ctx, out);
    }
    out->batch.packets[out->batch.n++] = p;
}

/* Where a packet that was put together of fragments goes. */
struct fragment_output {
    struct dp_context *ctx;
    struct dp_port *port;
};

static void
queue_fragment(struct packet *p, void *output_)
{
    struct fragment_output *output = output_;

    queue(output->ctx, output->port, p);
}

/* Cuts the packet as its sender, or a router, had: nobody has told them of
 * another limit. */
static void
output_fragments(struct dp_context *ctx, struct dp_port *port,
                 struct packet *p)
{
    struct fragment_output output = { ctx, port };

    packet_csum_finish(p);
    if (packet_fragment_cut(p, p->fragment_id, p->mru, queue_fragment,
                            &output)) {
        counter_inc(datapath_drop_fragment);
    }
    packet_free(p);
}

void
dp_output(struct dp_context *ctx, odp_port_t no, struct packet *p)
{
    struct dp_port *port = (no < DP_MAX_PORTS
                            ? rcu_dereference(ctx->dp->ports[no]) : NULL);

    if (UNLIKELY(!port)) {
        counter_inc(datapath_drop_no_port);
        packet_free(p);
        return;
    }
    if (UNLIKELY(p->max_size < p->size)) {
        packet_csum_finish(p);
        packet_reset_offloads(p);
        packet_truncate(p, p->max_size);
    } else if (UNLIKELY(p->mru && packet_exceeds(p, p->mru))) {
        output_fragments(ctx, port, p);
        return;
    }
    p->max_size = UINT32_MAX;
    queue(ctx, port, p);
}

void
dp_again(struct dp_context *ctx, struct packet *p)
{
    vec_push(&ctx->again, p);
}

/* Lookup. */

static inline struct dp_flow *
cache_lookup(struct dp_context *ctx, const struct flow_key *key)
{
    const struct cache_entry *e = &ctx->cache[key->hash
                                              & (DP_CACHE_SIZE - 1)];

    /* Two ways: the neighbour in the same cache line. */
    for (int way = 0; way < 2; way++) {
        const struct cache_entry *w = &ctx->cache[(e - ctx->cache) ^ way];

        if (w->hash == key->hash && w->index) {
            struct dp_flow *flow = flow_table_at(&ctx->dp->flows, w->index);

            if (flow && dp_flow_matches(flow, key)) {
                return flow;
            }
        }
    }
    return NULL;
}

static inline void
cache_insert(struct dp_context *ctx, uint32_t hash, uint32_t index)
{
    struct cache_entry *e = &ctx->cache[hash & (DP_CACHE_SIZE - 1)];

    if (e->index && e->hash != hash) {
        struct cache_entry *other = &ctx->cache[(e - ctx->cache) ^ 1];

        if (!other->index || other->hash == hash || ctx->random & 1) {
            e = other;
        }
        ctx->random = ctx->random * 1664525 + 1013904223;
    }
    e->hash = hash;
    e->index = index;
}

static inline struct dp_flow *
lookup(struct dp_context *ctx, const struct flow_key *key)
{
    struct dp_flow *flow = cache_lookup(ctx, key);
    uint64_t n_masks = 0;

    if (LIKELY(flow)) {
        dp_bump(&ctx->n.n_cache_hit, 1);
        dp_bump(&ctx->n.n_hit, 1);
        return flow;
    }
    flow = flow_table_lookup(&ctx->dp->flows, key, &n_masks);
    dp_bump(&ctx->n.n_mask_hit, n_masks);
    if (flow) {
        dp_bump(&ctx->n.n_subtable_hit, 1);
        dp_bump(&ctx->n.n_hit, 1);
        cache_insert(ctx, key->hash, flow->index);
    }
    return flow;
}

/* Packets of one flow. */
struct group {
    struct dp_flow *flow;
    struct packet_batch batch;
    uint64_t n_bytes;
    uint16_t tcp_flags;
};

static inline uint16_t
key_tcp_flags(const struct flow_key *key)
{
    uint64_t word = flow_key_word(key, offsetof(struct flow, tcp_flags) / 8);

    return ntohs(word >> (8 * (offsetof(struct flow, tcp_flags) % 8)));
}

static inline void
add_to_group(struct group *groups, unsigned int *n_groups,
             struct dp_flow *flow, struct packet *p,
             const struct flow_key *key)
{
    unsigned int i = *n_groups;
    struct group *g;

    /* The last one first: packets of a flow come in bursts. */
    while (i > 0 && groups[i - 1].flow != flow) {
        i--;
    }
    if (i) {
        g = &groups[i - 1];
    } else {
        g = &groups[(*n_groups)++];
        g->flow = flow;
        g->batch.n = 0;
        g->n_bytes = 0;
        g->tcp_flags = 0;
    }
    g->batch.packets[g->batch.n++] = p;
    g->n_bytes += p->size;
    g->tcp_flags |= key_tcp_flags(key);
}

static inline void
account(struct dp_flow *flow, unsigned int n_packets, uint64_t n_bytes,
        uint16_t tcp_flags_seen, int64_t now_ms)
{
    __atomic_fetch_add(&flow->n_packets, n_packets, __ATOMIC_RELAXED);
    __atomic_fetch_add(&flow->n_bytes, n_bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&flow->used_ms, now_ms, __ATOMIC_RELAXED);
    if (tcp_flags_seen & ~flow->tcp_flags) {
        __atomic_fetch_or(&flow->tcp_flags, tcp_flags_seen, __ATOMIC_RELAXED);
    }
}

static void
run_group(struct dp_context *ctx, struct group *g)
{
    const struct dp_actions *actions = rcu_dereference(g->flow->actions);

    account(g->flow, g->batch.n, g->n_bytes, g->tcp_flags, ctx->now_ms);
    dp_actions_run(ctx, &g->batch, actions->data, actions->size);
}

/* Upcalls. */

static struct upcall_scratch *
get_scratch(struct dp_context *ctx)
{
    if (!ctx->upcalls) {
        ctx->upcalls = xzalloc(sizeof *ctx->upcalls);
    }
    return ctx->upcalls;
}

static void
count_upcall(struct dp_context *ctx, const struct packet *p, bool lost)
{
    struct dp_port *port = (p->md.in_port < DP_MAX_PORTS
                            ? rcu_dereference(ctx->dp->ports[p->md.in_port])
                            : NULL);

    if (port) {
        __atomic_fetch_add(lost ? &port->upcall_errors : &port->upcall_packets,
                           1, __ATOMIC_RELAXED);
    }
}

static void
lose(struct dp_context *ctx, struct packet_batch *batch)
{
    for (uint32_t i = 0; i < batch->n; i++) {
        count_upcall(ctx, batch->packets[i], true);
    }
    dp_bump(&ctx->n.n_lost, batch->n);
    counter_add(datapath_drop_lost, batch->n);
    packet_batch_free(batch);
}

static void
begin_upcall(struct upcall_scratch *s, unsigned int i,
             enum dpif_upcall_type type, struct packet *p)
{
    s->upcalls[i] = (struct dpif_upcall) {
        .type = type,
        .packet = p,
        .key = &s->flows[i],
        .mru = p->mru,
        .reply = type == DPIF_UC_MISS ? &s->replies[i] : NULL,
    };
    if (type == DPIF_UC_MISS) {
        s->replies[i] = (struct dpif_upcall_reply) {
            .actions = s->actions[i],
            .actions_room = sizeof s->actions[i],
        };
    }
}

/* Installs the flow that a reply asks for, and returns it if there is one of
 * its ufid now. */
static struct dp_flow *
install(struct dp_context *ctx, const struct dpif_upcall *u,
        const struct dpif_upcall_handler *handler, const void *actions)
{
    const struct dpif_upcall_reply *reply = u->reply;
    struct dpif_flow_put put = {
        .flags = DPIF_FP_CREATE,
        .key = u->key,
        .mask = &reply->wc,
        .ufid = reply->ufid,
        .actions = actions,
        .actions_size = reply->actions_size,
    };
    struct dp_flow *flow = flow_table_put(&ctx->dp->flows, &put);

    if (handler->installed) {
        handler->installed(reply->cookie, put.error, handler->aux);
    }
    return flow;
}

/* Does what the reply to a miss says, for the packets of 'batch', the first of
 * which was the miss. */
static void
follow_reply(struct dp_context *ctx, const struct dpif_upcall *u,
             const struct dpif_upcall_handler *handler,
             struct packet_batch *batch, const struct flow_key *key)
{
    struct dpif_upcall_reply *reply = u->reply;
    const void *actions = (reply->big_actions ? reply->big_actions
                           : reply->actions);
    struct dp_flow *flow = NULL;

    if (reply->hand_over) {
        unsigned int lost = dp_hand_over(ctx->dp, batch);

        dp_bump(&ctx->n.n_lost, lost);
        counter_add(datapath_drop_lost, lost);
        return;
    }
    if (dp_actions_validate(actions, reply->actions_size)) {
        if (reply->install && handler->installed) {
            handler->installed(reply->cookie, -EINVAL, handler->aux);
        }
        lose(ctx, batch);
        return;
    }
    if (reply->install) {
        flow = install(ctx, u, handler, actions);
    }
    if (flow && batch->n > 1) {
        uint64_t n_bytes = 0;

        /* Who took the upcall has counted the first one. */
        for (uint32_t i = 1; i < batch->n; i++) {
            n_bytes += batch->packets[i]->size;
        }
        account(flow, batch->n - 1, n_bytes, key_tcp_flags(key), ctx->now_ms);
    }
    dp_actions_run(ctx, batch, actions, reply->actions_size);
}

/* The misses of a batch: each key once, with the packets that have it. */
struct misses {
    unsigned int n;
    struct packet_batch batches[PACKET_BATCH];
    const struct flow_key *keys[PACKET_BATCH];
};

static void
add_miss(struct misses *m, struct packet *p, const struct flow_key *key)
{
    unsigned int i;

    for (i = 0; i < m->n; i++) {
        if (m->keys[i]->hash == key->hash
            && flow_key_equal(m->keys[i], key)) {
            break;
        }
    }
    if (i == m->n) {
        m->keys[i] = key;
        m->batches[i].n = 0;
        m->n++;
    }
    m->batches[i].packets[m->batches[i].n++] = p;
}

/* How long a port's misses may keep its poller busy of each millisecond.  What
 * is beyond goes to the overflow thread, by the port's own bounded queue. */
#define WINDOW_NS INT64_C(1000000)
#define WINDOW_SHARE_NS (WINDOW_NS / 2)

/* The port whose misses these are, if they count against its time and it has
 * used that up. */
static struct dp_port *
port_over_quota(struct dp_context *ctx, struct dp_port *port, int64_t now_ns)
{
    if (!ctx->has_quota || !port || !ctx->dp->overflow) {
        return NULL;
    }
    if (now_ns - port->window_start_ns > WINDOW_NS) {
        port->window_start_ns = now_ns;
        port->window_used_ns = 0;
    }
    return port->window_used_ns > WINDOW_SHARE_NS ? port : NULL;
}

static void
queue_misses(struct dp_context *ctx, struct misses *m, struct dp_port *port)
{
    for (unsigned int i = 0; i < m->n; i++) {
        unsigned int lost = dp_handler_queue(ctx->dp->overflow, port,
                                             &m->batches[i]);

        if (lost) {
            dp_bump(&ctx->n.n_lost, lost);
            counter_add(datapath_drop_lost, lost);
            __atomic_fetch_add(&port->upcall_errors, lost, __ATOMIC_RELAXED);
        }
    }
}

static void handle_misses(struct dp_context *, struct misses *);

static void
run_misses(struct dp_context *ctx, struct misses *m)
{
    uint32_t in_port = m->batches[0].packets[0]->md.in_port;
    struct dp_port *port = (in_port < DP_MAX_PORTS
                            ? rcu_dereference(ctx->dp->ports[in_port]) : NULL);
    int64_t start_ns = clock_ns();

    if (UNLIKELY(port_over_quota(ctx, port, start_ns) != NULL)) {
        queue_misses(ctx, m, port);
        return;
    }
    handle_misses(ctx, m);
    if (ctx->has_quota) {
        int64_t took_ns = clock_ns() - start_ns;

        dp_bump(&ctx->n.upcall_ns, took_ns);
        if (port) {
            port->window_used_ns += took_ns;
        }
    }
}

static void
handle_misses(struct dp_context *ctx, struct misses *m)
{
    const struct dpif_upcall_handler *handler
        = rcu_dereference(ctx->dp->handler);
    struct upcall_scratch *s = get_scratch(ctx);

    for (unsigned int i = 0; i < m->n; i++) {
        dp_bump(&ctx->n.n_missed, m->batches[i].n);
        if (!handler) {
            lose(ctx, &m->batches[i]);
            continue;
        }
        count_upcall(ctx, m->batches[i].packets[0], false);
        flow_key_expand(m->keys[i], &s->flows[i]);
        begin_upcall(s, i, DPIF_UC_MISS, m->batches[i].packets[0]);
    }
    if (!handler) {
        return;
    }
    handler->handle(s->upcalls, m->n, handler->aux);
    for (unsigned int i = 0; i < m->n; i++) {
        follow_reply(ctx, &s->upcalls[i], handler, &m->batches[i],
                     m->keys[i]);
        free(s->replies[i].big_actions);
    }
}

void
dp_upcall_action(struct dp_context *ctx, struct packet_batch *batch,
                 const struct nlattr *action, const void *flow_actions,
                 size_t flow_actions_size)
{
    const struct dpif_upcall_handler *handler
        = rcu_dereference(ctx->dp->handler);
    const struct nlattr *userdata
        = nlattr_find_nested(action, OVS_USERSPACE_ATTR_USERDATA);
    const struct nlattr *egress
        = nlattr_find_nested(action, OVS_USERSPACE_ATTR_EGRESS_TUN_PORT);
    bool want_actions = nlattr_find_nested(action, OVS_USERSPACE_ATTR_ACTIONS);
    struct dpif_upcall upcalls[PACKET_BATCH];
    struct flow *flows;

    if (!handler) {
        dp_bump(&ctx->n.n_lost, batch->n);
        counter_add(datapath_drop_lost, batch->n);
        return;
    }
    flows = xcalloc(batch->n, sizeof *flows);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        packet_csum_finish(p);
        flow_extract(p, &flows[i]);
        upcalls[i] = (struct dpif_upcall) {
            .type = DPIF_UC_ACTION,
            .packet = p,
            .key = &flows[i],
            .mru = p->mru,
            .userdata = userdata ? nlattr_payload(userdata) : NULL,
            .userdata_size = userdata ? nlattr_size(userdata) : 0,
            .actions = want_actions ? flow_actions : NULL,
            .actions_size = want_actions ? flow_actions_size : 0,
        };
        if (egress && flow_tunnel_is_set(&p->md.tunnel)) {
            upcalls[i].has_egress_tunnel = true;
            upcalls[i].egress_tunnel = p->md.tunnel;
        }
        count_upcall(ctx, p, false);
    }
    handler->handle(upcalls, batch->n, handler->aux);
    free(flows);
}

/* One round. */
static void
process_batch(struct dp_context *ctx, struct packet_batch *batch)
{
    struct flow_key_full *keys = thread_keys.keys;
    struct group groups[PACKET_BATCH];
    unsigned int n_groups = 0;
    struct misses misses;

    for (uint32_t i = 0; i < batch->n; i++) {
        if (i + 1 < batch->n) {
            __builtin_prefetch(batch->packets[i + 1]->data);
        }
        flow_key_extract(batch->packets[i], &keys[i]);
        __builtin_prefetch(&ctx->cache[keys[i].key.hash
                                       & (DP_CACHE_SIZE - 1)]);
    }
    misses.n = 0;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        struct dp_flow *flow = lookup(ctx, &keys[i].key);

        if (LIKELY(flow)) {
            add_to_group(groups, &n_groups, flow, p, &keys[i].key);
        } else {
            add_miss(&misses, p, &keys[i].key);
        }
    }
    batch->n = 0;
    for (unsigned int i = 0; i < n_groups; i++) {
        run_group(ctx, &groups[i]);
    }
    if (UNLIKELY(misses.n)) {
        run_misses(ctx, &misses);
    }
}

/* Takes up to a batch of the packets that wait for another round. */
static void
take_again(struct dp_context *ctx, struct packet_batch *batch)
{
    batch->n = MIN(ctx->again.n, PACKET_BATCH);
    dp_bump(&ctx->n.n_again, batch->n);
    memcpy(batch->packets, ctx->again.items,
           batch->n * sizeof batch->packets[0]);
    ctx->again.n -= batch->n;
    memmove(ctx->again.items, ctx->again.items + batch->n,
            ctx->again.n * sizeof ctx->again.items[0]);
}

/* Does all that follows from what a batch did.  Something that recirculates
 * for ever ends here. */
static void
finish(struct dp_context *ctx)
{
    for (unsigned int round = 0; ; round++) {
        struct packet_batch batch;

        flush_outs(ctx);
        if (!ctx->again.n) {
            return;
        }
        if (round >= DP_MAX_AGAIN * DIV_ROUND_UP(ctx->again.n,
                                                 PACKET_BATCH)) {
            break;
        }
        take_again(ctx, &batch);
        process_batch(ctx, &batch);
    }
    counter_add(datapath_drop_loop, ctx->again.n);
    while (ctx->again.n) {
        packet_free(vec_pop(&ctx->again));
    }
}

void
dp_process(struct dp_context *ctx, struct packet_batch *batch)
{
    assert(!ctx->is_processing);
    ctx->is_processing = true;
    ctx->now_ms = clock_ms();
    process_batch(ctx, batch);
    finish(ctx);
    ctx->is_processing = false;
}

void
dp_execute(struct dp_context *ctx, struct packet_batch *batch,
           const void *actions, size_t actions_size)
{
    if (ctx->is_processing) {
        /* From within an upcall: the round under way sends it. */
        dp_actions_run(ctx, batch, actions, actions_size);
        return;
    }
    ctx->is_processing = true;
    ctx->now_ms = clock_ms();
    dp_actions_run(ctx, batch, actions, actions_size);
    finish(ctx);
    ctx->is_processing = false;
}
