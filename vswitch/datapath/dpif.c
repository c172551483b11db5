/* SPDX-License-Identifier: Apache-2.0 */
/* dpif.h for the userspace datapath: datapaths and their threads.  Ports are in
 * dpif_ports.c, flows and packets in dpif_flows.c. */

#include "vswitch/dpif/dpif.h"

#include <errno.h>
#include <linux/openvswitch.h>
#include <sched.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/cycles.h"
#include "lib/runtime/loop.h"
#include "vswitch/datapath/conntrack.h"
#include "vswitch/datapath/ct_private.h"
#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/underlay.h"

#define MAX_POLLERS 64
#define MAX_SLEEPING_POLLERS 4
/* How often connections are swept up; and how often it is looked whether there
 * are any. */
#define SWEEP_INTERVAL_MS 100
#define IDLE_SWEEP_INTERVAL_MS 1000

static const char *const types[] = { "system", "netdev", "dummy" };

/* Main thread only. */
static struct list dps = LIST_INITIALIZER(&dps);
static struct step main_step;
static bool main_step_started;
static struct timer sweep_timer;
static struct timer usage_timer;

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

/* Names are not given twice, whatever the type. */
static bool
name_is_taken(const char *name)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        if (!strcmp(dp->name, name)) {
            return true;
        }
    }
    return false;
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
    int64_t interval_ms = IDLE_SWEEP_INTERVAL_MS;
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        conntrack_sweep_due(dp->conntrack, clock_ms());
        if (__atomic_load_n(&dp->conntrack->n_conns, __ATOMIC_RELAXED)) {
            interval_ms = SWEEP_INTERVAL_MS;
        }
    }
    if (!list_is_empty(&dps)) {
        timer_set(&sweep_timer, interval_ms);
    }
}

static void
run_usage(void *aux UNUSED)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        if (dp->n_pollers) {
            dp_usage_sample(dp);
        }
    }
    if (!list_is_empty(&dps)) {
        timer_set(&usage_timer, DPIF_USAGE_STEP_S * 1000);
    }
}

static void
start_main_step(void)
{
    if (!timer_is_set(&usage_timer)) {
        timer_init(&usage_timer, run_usage, NULL);
        timer_set(&usage_timer, DPIF_USAGE_STEP_S * 1000);
    }
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
    dp->is_dummy = !strcmp(type, "dummy") || netdev_dummy_replaces(type);
    flow_table_init(&dp->flows);
    pthread_mutex_init(&dp->meter_mutex, NULL);
    pthread_mutex_init(&dp->contexts_mutex, NULL);
    pthread_mutex_init(&dp->handed_mutex, NULL);
    list_init(&dp->contexts);
    list_init(&dp->polled);
    cycles_per_second();         /* It is measured from here on. */
    dp->conntrack = conntrack_create();
    dp->first_free = 1;
    rcu_hash_init(&dp->names);
    rcu_hash_init(&dp->internals);
    rcu_hash_init(&dp->tunnels);
    underlay_start();
    start_main_step();
    dp_context_get(dp);
    dp->n_sleeping = default_n_pollers();
    if (!dp->is_dummy) {
        dp->overflow = dp_handler_create(dp);
        dp_set_pollers(dp, true);
    }
    list_push_back(&dps, &dp->node);
    return dp;
}

static void
destroy_ports(struct dp *dp)
{
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        if (dp->ports[no]) {
            dp_port_destroy(dp->ports[no]);
        }
    }
}

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
    destroy_ports(dp);
    dp_pollers_set(dp, 0, NULL);
    dp_handler_destroy(dp->overflow);
    free(dp->handler);
    dp_contexts_destroy(dp);
    flow_table_uninit(&dp->flows);
    dp_meters_destroy(dp);
    conntrack_destroy(dp->conntrack);
    rcu_hash_uninit(&dp->names);
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
    if (!dp && name_is_taken(name)) {
        return error_create(EINVAL, "%s@%s: the datapath is of another type",
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
        error = dpif_port_add(*ret, name, "internal", NULL, &local);
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
        timer_stop(&usage_timer);
    }
    return 0;
}

void
dpif_finish(void)
{
    struct dp *dp;

    LIST_FOR_EACH (dp, node, &dps) {
        destroy_ports(dp);
    }
    netdev_finish();
}

const char *
dpif_name(const struct dpif *dpif)
{
    return dpif->dp->name;
}

bool
dpif_is_dummy(const struct dpif *dpif)
{
    return dpif->dp->is_dummy;
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
            .numa = ctx->numa,
            .cycles = cycles_between(ctx->since_cycles, cycles_now()),
        };

        add_counters(&thread.counters, ctx, false);
        each(&thread, aux);
    }
    pthread_mutex_unlock(&dp->contexts_mutex);
}

void
dpif_thread_clear(struct dpif *dpif, int cpu)
{
    struct dp_context *ctx;

    pthread_mutex_lock(&dpif->dp->contexts_mutex);
    LIST_FOR_EACH (ctx, node, &dpif->dp->contexts) {
        struct dpif_counters now = { .n_hit = 0 };

        if (cpu >= 0 && ctx->cpu != cpu) {
            continue;
        }
        add_counters(&now, ctx, true);
        ctx->cleared = now;
        ctx->since_cycles = cycles_now();
    }
    pthread_mutex_unlock(&dpif->dp->contexts_mutex);
}

void
dpif_rxq_dump(const struct dpif *dpif, unsigned int seconds,
              void (*each)(const struct dpif_rxq *, void *aux), void *aux)
{
    dp_rxqs_dump(dpif->dp, seconds, each, aux);
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
        .sample_nesting = DP_MAX_DEPTH,
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
        .add_mpls = true,
        .max_vlan_headers = flow_vlan_limit(),
        .max_mpls_depth = FLOW_MAX_MPLS_LABELS,
        .max_meters = DPIF_MAX_METERS,
        .max_hash_alg = DPIF_HASH_SYM_L4,
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
dp_set_pollers(struct dp *dp, bool wanted)
{
    unsigned int cpus[MAX_POLLERS];
    size_t n = parse_cpu_mask(dp->cpu_mask ? dp->cpu_mask : "", cpus);

    if (!wanted) {
        dp_pollers_set(dp, 0, NULL);
    } else if (n) {
        dp_pollers_set(dp, n, cpus);
    } else {
        dp_pollers_set(dp, dp->n_sleeping, NULL);
    }
}

void
dpif_set_config(struct dpif *dpif, const struct smap *config)
{
    struct dp *dp = dpif->dp;
    const char *mask = smap_get_def(config, "pmd-cpu-mask", "");
    const char *handlers = smap_get_def(config, "n-handler-threads", "");
    bool is_same = !strcmp(mask, dp->cpu_mask ? dp->cpu_mask : "");
    unsigned int cpus[MAX_POLLERS];
    int n_handlers;

    if (!text_to_int_range(handlers, 1, MAX_POLLERS, &n_handlers)) {
        n_handlers = default_n_pollers();
    }
    is_same = is_same && (dp->n_sleeping == (size_t) n_handlers
                          || parse_cpu_mask(mask, cpus));
    dp->n_sleeping = n_handlers;
    if (is_same) {
        return;
    }
    free(dp->cpu_mask);
    dp->cpu_mask = xstrdup(mask);
    if (dp->n_pollers) {
        dp_set_pollers(dp, true);
    }
}
