/* SPDX-License-Identifier: Apache-2.0 */
/* dpif.h for the userspace datapath: datapaths, ports, flows, upcalls. */

#include "vswitch/dpif/dpif.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <sched.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "vswitch/datapath/conntrack.h"
#include "vswitch/datapath/ct_private.h"
#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/underlay.h"

#define MAX_POLLERS 64
#define MAX_SLEEPING_POLLERS 4
#define SWEEP_INTERVAL_MS 100

/* A handle. */
struct dpif {
    struct dp *dp;
};

static const char *const types[] = { "system", "netdev", "dummy" };

/* Main thread only. */
static struct list dps = LIST_INITIALIZER(&dps);
static struct step main_step;
static bool main_step_started;
static struct timer sweep_timer;

struct conntrack *
dpif_conntrack(struct dpif *dpif)
{
    return dpif->dp->conntrack;
}

static const char *
find_type(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (!strcmp(types[i], type)) {
            return types[i];
        }
    }
    return NULL;
}

void
dpif_enumerate_types(struct sset *set)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        sset_add(set, types[i]);
    }
}

int
dpif_enumerate_names(const char *type, struct sset *names)
{
    struct dp *dp;

    if (!find_type(type)) {
        return -EAFNOSUPPORT;
    }
    LIST_FOR_EACH (dp, node, &dps) {
        if (!strcmp(dp->type, type)) {
            sset_add(names, dp->name);
        }
    }
    return 0;
}

static struct dp *
find_dp(const char *type, const char *name)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        if (!strcmp(dp->type, type) && !strcmp(dp->name, name)) {
            return dp;
        }
    }
    return NULL;
}

/* Devices of the main thread: they say when they have something. */
static void
wake_main(void *aux UNUSED)
{
    step_wake(&main_step);
}

static void
run_main(void *aux UNUSED)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        if (dp_poll_main(dp)) {
            step_wake(&main_step);
        }
    }
}

/* Packets that handlers left to the main thread. */
static void
run_handed_over(void *aux UNUSED)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        dp_hand_over_run(dp);
    }
}

void
dp_hand_over_wake(void)
{
    loop_post(run_handed_over, NULL);
}

/* Frees expired connections, a share of the table each time. */
static void
run_sweep(void *aux UNUSED)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        conntrack_sweep_due(dp->conntrack, clock_ms());
    }
    if (!list_is_empty(&dps)) {
        timer_set(&sweep_timer, SWEEP_INTERVAL_MS);
    }
}

static void
start_main_step(void)
{
    if (!timer_is_set(&sweep_timer)) {
        timer_init(&sweep_timer, run_sweep, NULL);
        timer_set(&sweep_timer, SWEEP_INTERVAL_MS);
    }
    if (!main_step_started) {
        step_init(&main_step, "datapath", run_main, NULL);
        netdev_dummy_set_rx_callback(wake_main, NULL);
        main_step_started = true;
    }
}

static size_t
default_n_pollers(void)
{
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof cpus, &cpus)) {
        return 1;
    }
    return MIN(CPU_COUNT(&cpus), MAX_SLEEPING_POLLERS);
}

static struct dp *
dp_create(const char *type, const char *name)
{
    struct dp *dp = xzalloc(sizeof *dp);

    dp->name = xstrdup(name);
    dp->type = type;
    dp->is_dummy = !strcmp(type, "dummy");
    flow_table_init(&dp->flows);
    pthread_mutex_init(&dp->meter_mutex, NULL);
    pthread_mutex_init(&dp->contexts_mutex, NULL);
    pthread_mutex_init(&dp->handed_mutex, NULL);
    list_init(&dp->contexts);
    dp->conntrack = conntrack_create();
    rcu_hash_init(&dp->internals);
    rcu_hash_init(&dp->tunnels);
    underlay_start();
    start_main_step();
    dp_context_get(dp);
    if (!dp->is_dummy) {
        dp->overflow = dp_handler_create(dp);
        dp_pollers_set(dp, default_n_pollers(), NULL);
    }
    list_push_back(&dps, &dp->node);
    return dp;
}

static void port_destroy(struct dp_port *);

static void
dp_unref(struct dp *dp)
{
    if (--dp->n_refs) {
        return;
    }
    if (!dp->destroyed) {
        /* Nobody has it open, but it is to go on: an unreferenced datapath is
         * kept until dpif_destroy(). */
        return;
    }
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        if (dp->ports[no]) {
            port_destroy(dp->ports[no]);
        }
    }
    dp_pollers_set(dp, 0, NULL);
    dp_handler_destroy(dp->overflow);
    free(dp->handler);
    dp_contexts_destroy(dp);
    flow_table_uninit(&dp->flows);
    dp_meters_destroy(dp);
    conntrack_destroy(dp->conntrack);
    rcu_hash_uninit(&dp->internals);
    rcu_hash_uninit(&dp->tunnels);
    underlay_stop();
    pthread_mutex_destroy(&dp->meter_mutex);
    pthread_mutex_destroy(&dp->contexts_mutex);
    dp_hand_over_uninit(dp);
    free(dp->pollers);
    free(dp->cpu_mask);
    free(dp->main_rxqs);
    free(dp->name);
    free(dp);
}

struct error *
dpif_open(const char *type, const char *name, bool create, struct dpif **ret)
{
    const char *known = find_type(type);
    struct dp *dp = known ? find_dp(type, name) : NULL;

    if (!known) {
        return error_create(EAFNOSUPPORT, "%s@%s: unknown datapath type",
                            type, name);
    }
    if (!dp) {
        odp_port_t local = 0;
        struct error *error;

        if (!create) {
            return error_create(ENODEV, "%s@%s: there is no such datapath",
                                type, name);
        }
        dp = dp_create(known, name);
        dp->n_refs++;
        *ret = xzalloc(sizeof **ret);
        (*ret)->dp = dp;
        error = dpif_port_add(*ret, name,
                              dp->is_dummy ? "dummy" : "internal", NULL,
                              &local);
        if (error) {
            dpif_destroy(*ret);
            dpif_close(*ret);
            *ret = NULL;
        }
        return error;
    }
    dp->n_refs++;
    *ret = xzalloc(sizeof **ret);
    (*ret)->dp = dp;
    return NULL;
}

void
dpif_close(struct dpif *dpif)
{
    if (dpif) {
        dp_unref(dpif->dp);
        free(dpif);
    }
}

int
dpif_destroy(struct dpif *dpif)
{
    if (dpif->dp->destroyed) {
        return -ENODEV;
    }
    dpif->dp->destroyed = true;
    list_remove(&dpif->dp->node);
    if (list_is_empty(&dps)) {
        timer_stop(&sweep_timer);
    }
    return 0;
}

void
dpif_finish(void)
{
    struct dp *dp;

    LIST_FOR_EACH_SAFE (dp, node, &dps) {
        if (!dp->n_refs) {
            struct dpif *dpif = xzalloc(sizeof *dpif);

            dp->n_refs++;
            dpif->dp = dp;
            dpif_destroy(dpif);
            dpif_close(dpif);
        }
    }
    netdev_finish();
}

const char *
dpif_name(const struct dpif *dpif)
{
    return dpif->dp->name;
}

const char *
dpif_type(const struct dpif *dpif)
{
    return dpif->dp->type;
}

/* Adds what 'ctx' has counted, all or since it was cleared. */
static void
add_counters(struct dpif_counters *sum_, const struct dp_context *ctx,
             bool all)
{
    const uint64_t *n = (const uint64_t *) &ctx->n;
    const uint64_t *cleared = (const uint64_t *) &ctx->cleared;
    uint64_t *sum = (uint64_t *) sum_;

    for (size_t i = 0; i < sizeof *sum_ / sizeof *sum; i++) {
        sum[i] += (__atomic_load_n(&n[i], __ATOMIC_RELAXED)
                   - (all ? 0 : cleared[i]));
    }
}

void
dpif_get_stats(const struct dpif *dpif, struct dpif_stats *stats)
{
    struct dp *dp = dpif->dp;
    struct dpif_counters sum;
    struct dp_context *ctx;

    pthread_mutex_lock(&dp->contexts_mutex);
    sum = dp->past;
    LIST_FOR_EACH (ctx, node, &dp->contexts) {
        add_counters(&sum, ctx, true);
    }
    pthread_mutex_unlock(&dp->contexts_mutex);
    *stats = (struct dpif_stats) {
        .n_hit = sum.n_hit,
        .n_missed = sum.n_missed,
        .n_lost = sum.n_lost,
        .n_cache_hit = sum.n_cache_hit,
        .n_mask_hit = sum.n_mask_hit,
    };
    pthread_mutex_lock(&dp->flows.mutex);
    stats->n_flows = flow_table_n_flows(&dp->flows);
    stats->n_masks = flow_table_n_masks(&dp->flows);
    pthread_mutex_unlock(&dp->flows.mutex);
}

void
dpif_thread_dump(const struct dpif *dpif,
                 void (*each)(const struct dpif_thread *, void *aux),
                 void *aux)
{
    struct dp *dp = dpif->dp;
    struct dp_context *ctx;

    pthread_mutex_lock(&dp->contexts_mutex);
    LIST_FOR_EACH (ctx, node, &dp->contexts) {
        struct dpif_thread thread = {
            .kind = ctx->kind, .id = ctx->id, .cpu = ctx->cpu,
        };

        add_counters(&thread.counters, ctx, false);
        each(&thread, aux);
    }
    pthread_mutex_unlock(&dp->contexts_mutex);
}

void
dpif_thread_clear(struct dpif *dpif)
{
    struct dp_context *ctx;

    pthread_mutex_lock(&dpif->dp->contexts_mutex);
    LIST_FOR_EACH (ctx, node, &dpif->dp->contexts) {
        struct dpif_counters now = { .n_hit = 0 };

        add_counters(&now, ctx, true);
        ctx->cleared = now;
    }
    pthread_mutex_unlock(&dpif->dp->contexts_mutex);
}

void
dpif_rxq_dump(const struct dpif *dpif,
              void (*each)(const struct dpif_rxq *, void *aux), void *aux)
{
    dp_rxqs_dump(dpif->dp, each, aux);
}

void
dpif_rxq_rebalance(struct dpif *dpif)
{
    dp_rxqs_rebalance(dpif->dp);
}

void
dpif_get_features(const struct dpif *dpif, struct dpif_features *features)
{
    *features = (struct dpif_features) {
        .recirc = true,
        .ufid = true,
        .trunc = true,
        .clone = true,
        .sample_nesting = true,
        .masked_set_action = true,
        .check_pkt_len = true,
        .ct_state = true,
        .ct_state_nat = true,
        .ct_zone = true,
        .ct_mark = true,
        .ct_label = true,
        .ct_orig_tuple = true,
        .ct_orig_tuple6 = true,
        .ct_eventmask = true,
        .ct_clear = true,
        .ct_timeout = true,
        .nd_extensions = true,
        .explicit_drop_action = true,
        .max_vlan_headers = FLOW_MAX_VLAN_HEADERS,
        .max_mpls_depth = FLOW_MAX_MPLS_LABELS,
        .max_meters = DPIF_MAX_METERS,
        .max_hash_alg = OVS_HASH_ALG_L4,
        .n_upcall_threads = MAX_POLLERS + 2,
    };
}

void
dpif_run(struct dpif *dpif)
{
    while (dp_poll_main(dpif->dp)) {
        continue;
    }
}

/* Reads "pmd-cpu-mask", hexadecimal, into CPU numbers; returns how many. */
static size_t
parse_cpu_mask(const char *mask, unsigned int cpus[MAX_POLLERS])
{
    size_t length, n = 0;

    if (mask[0] == '0' && (mask[1] == 'x' || mask[1] == 'X')) {
        mask += 2;
    }
    length = strlen(mask);
    for (size_t i = 0; i < length; i++) {
        int digit = text_hex_digit(mask[length - 1 - i]);

        for (int bit = 0; digit > 0 && bit < 4 && n < MAX_POLLERS; bit++) {
            if (digit >> bit & 1) {
                cpus[n++] = 4 * i + bit;
            }
        }
    }
    return n;
}

void
dpif_set_config(struct dpif *dpif, const struct smap *config)
{
    struct dp *dp = dpif->dp;
    const char *mask = smap_get_def(config, "pmd-cpu-mask", "");
    const char *handlers = smap_get_def(config, "n-handler-threads", "");
    unsigned int cpus[MAX_POLLERS];
    size_t n = parse_cpu_mask(mask, cpus);
    int n_handlers;

    if (!text_to_int_range(handlers, 1, MAX_POLLERS, &n_handlers)) {
        n_handlers = default_n_pollers();
    }
    if (dp->is_dummy || (!strcmp(mask, dp->cpu_mask ? dp->cpu_mask : "")
                         && (n || dp->n_pollers == (size_t) n_handlers))) {
        return;
    }
    free(dp->cpu_mask);
    dp->cpu_mask = xstrdup(mask);
    if (n) {
        dp_pollers_set(dp, n, cpus);
    } else {
        dp_pollers_set(dp, n_handlers, NULL);
    }
}

/* Ports. */

static struct dp_port *
get_port(const struct dp *dp, odp_port_t no)
{
    return no < DP_MAX_PORTS ? rcu_dereference(dp->ports[no]) : NULL;
}

static struct dp_port *
find_port(const struct dp *dp, const char *name)
{
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        struct dp_port *port = get_port(dp, no);

        if (port && !strcmp(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

static int
recv_from_device(struct dp_rxq *rxq, struct packet_batch *batch)
{
    int n = netdev_rxq_recv(rxq->netdev_rxq, batch);

    for (int i = 0; i < n; i++) {
        packet_metadata_init(&batch->packets[i]->md, rxq->port->no);
    }
    return n;
}

static void
release_to_device(struct dp_rxq *rxq)
{
    netdev_rxq_release(rxq->netdev_rxq);
}

static struct error *
open_device(struct dp_port *port, const struct dpif_port_options *options)
{
    struct dp_rxq *rxq;
    struct error *error;

    if (options && options->netdev) {
        port->netdev = netdev_ref(options->netdev);
    } else {
        error = netdev_open(port->name, port->type, &port->netdev);
        if (error) {
            return error;
        }
    }
    rxq = xzalloc(sizeof *rxq);
    rxq->port = port;
    rxq->recv = recv_from_device;
    rxq->release = release_to_device;
    error = netdev_rxq_open(port->netdev, &rxq->netdev_rxq);
    if (error) {
        free(rxq);
        netdev_unref(port->netdev);
        port->netdev = NULL;
        return error;
    }
    rxq->fd = netdev_rxq_fd(rxq->netdev_rxq);
    port->rxqs[port->n_rxqs++] = rxq;
    return NULL;
}

static odp_port_t
choose_number(const struct dp *dp, const char *name, odp_port_t wanted)
{
    if (wanted != ODPP_NONE) {
        return wanted < DP_MAX_PORTS && !dp->ports[wanted] ? wanted
               : ODPP_NONE;
    }
    /* "p7" likes to be port 7, and "br0" port 100, as people who write tests
     * expect. */
    if (dp->is_dummy) {
        odp_port_t base = text_starts_with(name, "br") ? 100 : 0;
        const char *digits = name + strcspn(name, "0123456789");
        odp_port_t n = base + strtoul(digits, NULL, 10);

        if (*digits && n && n < DP_MAX_PORTS && !dp->ports[n]) {
            return n;
        }
    }
    for (odp_port_t no = 1; no < DP_MAX_PORTS; no++) {
        if (!dp->ports[no]) {
            return no;
        }
    }
    return ODPP_NONE;
}

static const char *
port_type(const char *type)
{
    static const char *const known[] = { "system", "internal", "tap", "dummy",
                                         "geneve", "vxlan", "gre" };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (!strcmp(known[i], type)) {
            return known[i];
        }
    }
    return NULL;
}

/* Enters the port where tunnels look for it. */
static void
index_port(struct dp_port *port)
{
    struct dp *dp = port->dp;

    if (port->tunnel) {
        rcu_hash_insert(&dp->tunnels, port, dp_tunnel_port_hash(port));
    }
    port->is_internal = (port->netdev && strcmp(port->type, "system"));
    if (port->is_internal) {
        rcu_hash_insert(&dp->internals, port, port->no);
        underlay_changed();
    }
}

static void
unindex_port(struct dp_port *port)
{
    struct dp *dp = port->dp;

    if (port->tunnel) {
        rcu_hash_remove(&dp->tunnels, port, dp_tunnel_port_hash(port));
    }
    if (port->is_internal) {
        rcu_hash_remove(&dp->internals, port, port->no);
        underlay_changed();
    }
}

struct error *
dpif_port_add(struct dpif *dpif, const char *name, const char *type,
              const struct dpif_port_options *options, odp_port_t *port_no)
{
    struct dp *dp = dpif->dp;
    const char *known = port_type(type && type[0] ? type : "system");
    struct dp_port *port;
    struct error *error;
    odp_port_t no;

    if (!known) {
        return error_create(EAFNOSUPPORT, "%s: unknown port type %s", name,
                            type);
    }
    if (find_port(dp, name)) {
        return error_create(EEXIST, "%s: port is there already", name);
    }
    no = choose_number(dp, name, *port_no);
    if (no == ODPP_NONE) {
        return error_create(*port_no == ODPP_NONE ? EFBIG : EBUSY,
                            "%s: no port number is free", name);
    }
    port = xzalloc(sizeof *port);
    port->dp = dp;
    port->no = no;
    port->name = xstrdup(name);
    port->type = known;
    error = (dp_tunnel_is_type(known) ? dp_tunnel_create(port, options)
             : open_device(port, options));
    if (error) {
        free(port->name);
        free(port);
        return error;
    }
    rcu_assign_pointer(dp->ports[no], port);
    index_port(port);
    for (size_t i = 0; i < port->n_rxqs; i++) {
        dp_rxq_start(dp, port->rxqs[i]);
    }
    *port_no = no;
    return NULL;
}

/* Takes the port away, waits until nobody uses it any more, and frees it. */
static void
port_destroy(struct dp_port *port)
{
    struct dp *dp = port->dp;

    for (size_t i = 0; i < port->n_rxqs; i++) {
        dp_rxq_stop(dp, port->rxqs[i]);
    }
    rcu_assign_pointer(dp->ports[port->no], NULL);
    unindex_port(port);
    synchronize_rcu();
    if (dp->overflow) {
        dp_handler_forget_port(dp->overflow, port);
    }
    if (port->tunnel) {
        dp_tunnel_destroy(port);
    }
    for (size_t i = 0; i < port->n_rxqs; i++) {
        netdev_rxq_close(port->rxqs[i]->netdev_rxq);
        free(port->rxqs[i]);
    }
    netdev_unref(port->netdev);
    free(port->name);
    free(port);
}

int
dpif_port_del(struct dpif *dpif, odp_port_t no)
{
    struct dp_port *port = get_port(dpif->dp, no);

    if (!no) {
        return -EINVAL;
    }
    if (!port) {
        return -ENOENT;
    }
    port_destroy(port);
    return 0;
}

void
dpif_port_uninit(struct dpif_port *port)
{
    free(port->name);
    free(port->type);
}

const char *
dpif_port_open_type(const char *datapath_type, const char *type)
{
    return (strcmp(datapath_type, "dummy") || strcmp(type, "internal") ? type
            : "dummy-internal");
}

static void
tell_port(const struct dp_port *port, struct dpif_port *out)
{
    out->name = xstrdup(port->name);
    out->type = xstrdup(port->no ? dpif_port_open_type(port->dp->type,
                                                       port->type)
                        : dpif_port_open_type(port->dp->type, "internal"));
    out->port_no = port->no;
    out->dst_port = port->tunnel ? dp_tunnel_dst_port(port) : 0;
}

int
dpif_port_by_number(const struct dpif *dpif, odp_port_t no,
                    struct dpif_port *out)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = get_port(dpif->dp, no);
    if (port) {
        tell_port(port, out);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

int
dpif_port_by_name(const struct dpif *dpif, const char *name,
                  struct dpif_port *out)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = find_port(dpif->dp, name);
    if (port) {
        tell_port(port, out);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

void
dpif_port_dump(const struct dpif *dpif,
               void (*each)(const struct dpif_port *, void *aux), void *aux)
{
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        struct dpif_port port;

        if (!dpif_port_by_number(dpif, no, &port)) {
            each(&port, aux);
            dpif_port_uninit(&port);
        }
    }
}

int
dpif_port_get_stats(const struct dpif *dpif, odp_port_t no,
                    struct dpif_port_stats *stats)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = get_port(dpif->dp, no);
    if (port) {
        *stats = (struct dpif_port_stats) {
            .rx_packets = __atomic_load_n(&port->rx_packets,
                                          __ATOMIC_RELAXED),
            .rx_bytes = __atomic_load_n(&port->rx_bytes, __ATOMIC_RELAXED),
            .tx_packets = __atomic_load_n(&port->tx_packets,
                                          __ATOMIC_RELAXED),
            .tx_bytes = __atomic_load_n(&port->tx_bytes, __ATOMIC_RELAXED),
            .tx_dropped = __atomic_load_n(&port->tx_dropped,
                                          __ATOMIC_RELAXED),
            .upcall_packets = __atomic_load_n(&port->upcall_packets,
                                              __ATOMIC_RELAXED),
            .upcall_errors = __atomic_load_n(&port->upcall_errors,
                                             __ATOMIC_RELAXED),
        };
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

struct netdev *
dpif_port_netdev(const struct dpif *dpif, odp_port_t no)
{
    struct dp_port *port = get_port(dpif->dp, no);

    return port ? port->netdev : NULL;
}

/* Flows. */

void
dpif_flow_put(struct dpif *dpif, struct dpif_flow_put *puts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        puts[i].error = dp_actions_validate(puts[i].actions,
                                            puts[i].actions_size);
        if (!puts[i].error) {
            flow_table_put(&dpif->dp->flows, &puts[i]);
        }
    }
}

void
dpif_flow_del(struct dpif *dpif, struct dpif_flow_del *dels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        flow_table_del(&dpif->dp->flows, &dels[i]);
    }
}

void
dpif_flow_flush(struct dpif *dpif)
{
    flow_table_flush(&dpif->dp->flows);
}

static void
tell_flow(const struct dp_flow *flow,
          void (*each)(const struct dpif_flow *, void *aux), void *aux)
{
    const struct dp_actions *actions = rcu_dereference(flow->actions);
    struct dpif_flow out = {
        .key = &flow->key,
        .mask = &flow->subtable->mask.key,
        .ufid = flow->ufid,
        .actions = actions->data,
        .actions_size = actions->size,
        .dp_layer = "ovs",
    };

    dp_flow_get_stats(flow, &out.stats);
    each(&out, aux);
}

int
dpif_flow_get(const struct dpif *dpif, struct ufid ufid,
              void (*each)(const struct dpif_flow *, void *aux), void *aux)
{
    struct dp_flow *flow;
    int error = -ENOENT;

    rcu_read_lock();
    flow = flow_table_find(&dpif->dp->flows, ufid);
    if (flow) {
        tell_flow(flow, each, aux);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

/* A dump walks the index numbers, which a flow keeps for life: threads take
 * stretches of them. */
struct dpif_flow_dump {
    struct dp *dp;
    uint32_t next;               /* Atomic. */
};

struct dpif_flow_dump *
dpif_flow_dump_create(const struct dpif *dpif)
{
    struct dpif_flow_dump *dump = xzalloc(sizeof *dump);

    dump->dp = dpif->dp;
    dump->next = 1;
    return dump;
}

void
dpif_flow_dump_destroy(struct dpif_flow_dump *dump)
{
    free(dump);
}

size_t
dpif_flow_dump_next(struct dpif_flow_dump *dump, size_t max,
                    void (*each)(const struct dpif_flow *, void *aux),
                    void *aux)
{
    struct flow_table *t = &dump->dp->flows;
    uint32_t end = __atomic_load_n(&t->next_index, __ATOMIC_ACQUIRE);
    size_t n = 0;

    rcu_read_lock();
    while (!n) {
        uint32_t i = __atomic_fetch_add(&dump->next, max, __ATOMIC_RELAXED);

        if (i >= end) {
            break;
        }
        for (uint32_t last = MIN(i + max, end); i < last; i++) {
            struct dp_flow *flow = flow_table_at(t, i);

            if (flow) {
                tell_flow(flow, each, aux);
                n++;
            }
        }
    }
    rcu_read_unlock();
    return n;
}

/* Packets and upcalls. */

/* Sets the metadata of 'p' to what 'flow' says. */
static void
set_metadata(struct packet *p, const struct flow *flow)
{
    struct packet_metadata *md = &p->md;

    packet_metadata_init(md, flow->in_port);
    md->recirc_id = flow->recirc_id;
    md->dp_hash = flow->dp_hash;
    md->skb_priority = flow->skb_priority;
    md->pkt_mark = flow->pkt_mark;
    md->ct_state = flow->ct_state;
    md->ct_nw_proto = flow->ct_nw_proto;
    md->ct_zone = flow->ct_zone;
    md->ct_mark = flow->ct_mark;
    md->ct_label = flow->ct_label;
    md->ct_tp_src = flow->ct_tp_src;
    md->ct_tp_dst = flow->ct_tp_dst;
    md->ct_is_ipv6 = flow->dl_type == htons(ETH_TYPE_IPV6);
    if (md->ct_is_ipv6) {
        md->ct_src = flow->ct_ipv6_src;
        md->ct_dst = flow->ct_ipv6_dst;
    } else {
        put_be32(&md->ct_src, flow->ct_nw_src);
        put_be32(&md->ct_dst, flow->ct_nw_dst);
    }
    if (flow_tunnel_is_set(&flow->tunnel)) {
        md->tunnel = flow->tunnel;
    }
    p->packet_type = flow->packet_type;
}

int
dpif_execute(struct dpif *dpif, struct packet *packet, const struct flow *flow,
             const void *actions, size_t actions_size)
{
    int error = dp_actions_validate(actions, actions_size);
    struct packet_batch batch = { .n = 1 };
    struct packet *p;
    struct flow unused;

    if (error) {
        return error;
    }
    p = packet_clone(packet);
    if (!p) {
        return -EMSGSIZE;
    }
    if (flow) {
        set_metadata(p, flow);
    }
    flow_extract(p, &unused);    /* For the offsets. */
    batch.packets[0] = p;
    rcu_read_lock();
    dp_execute(dp_context_get(dpif->dp), &batch, actions, actions_size);
    rcu_read_unlock();
    return 0;
}

void
dpif_set_upcall_handler(struct dpif *dpif,
                        const struct dpif_upcall_handler *handler)
{
    struct dpif_upcall_handler *old = dpif->dp->handler;

    rcu_assign_pointer(dpif->dp->handler,
                       handler ? xmemdup(handler, sizeof *handler) : NULL);
    synchronize_rcu();
    free(old);
}

/* Meters. */

int
dpif_meter_set(struct dpif *dpif, uint32_t id,
               const struct dpif_meter_config *config)
{
    return dp_meter_set(dpif->dp, id, config);
}

int
dpif_meter_get(const struct dpif *dpif, uint32_t id,
               struct dpif_meter_stats *stats)
{
    return dp_meter_get(dpif->dp, id, stats);
}

int
dpif_meter_del(struct dpif *dpif, uint32_t id, struct dpif_meter_stats *stats)
{
    return dp_meter_del(dpif->dp, id, stats);
}
