/* SPDX-License-Identifier: Apache-2.0 */
/* Meters: token buckets.
 *
 * A bucket is one 64-bit number, the time at which it would be empty: a packet
 * moves it on by what it costs, unless that would put it more than a burst
 * ahead of now (the virtual scheduling form of the leaky bucket, ITU-T I.371;
 * also known as GCRA).  One compare-and-swap a packet and band, no lock, and
 * nothing to refill. */

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "vswitch/datapath/datapath.h"

struct band {
    uint64_t ns_per_unit_x1024;  /* Time that a unit (bit, packet) takes. */
    int64_t burst_ns;            /* Time's worth of the burst. */
    int64_t busy_until_ns;       /* Atomic. */
    uint64_t n_packets, n_bytes; /* Dropped; atomic. */
};

struct meter {
    struct rcu_head rcu;
    bool kbps;
    size_t n_bands;
    uint64_t n_packets, n_bytes; /* Atomic. */
    struct band bands[];
};

static struct meter *
create(const struct dpif_meter_config *config)
{
    struct meter *m = xzalloc(sizeof *m + config->n_bands
                              * sizeof m->bands[0]);

    m->kbps = config->kbps;
    m->n_bands = config->n_bands;
    for (size_t i = 0; i < config->n_bands; i++) {
        const struct dpif_meter_band *b = &config->bands[i];
        uint64_t units_per_s = (uint64_t) b->rate * (m->kbps ? 1000 : 1);
        uint64_t burst = (b->burst ? b->burst : b->rate)
                         * (uint64_t) (m->kbps ? 1000 : 1);

        m->bands[i].ns_per_unit_x1024 = UINT64_C(1024000000000) / units_per_s;
        m->bands[i].burst_ns = burst * (1e9 / units_per_s);
    }
    return m;
}

/* Takes 'units' from the band; says whether it had them. */
static bool
take(struct band *band, uint64_t units, int64_t now_ns)
{
    int64_t cost = units * band->ns_per_unit_x1024 / 1024;
    int64_t old = __atomic_load_n(&band->busy_until_ns, __ATOMIC_RELAXED);
    int64_t new_;

    do {
        new_ = MAX(old, now_ns) + cost;
        if (new_ - now_ns > band->burst_ns) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&band->busy_until_ns, &old, new_,
                                          true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

bool
dp_meter_exists(const struct dp *dp, uint32_t id)
{
    return id < DPIF_MAX_METERS && rcu_dereference(dp->meters[id]);
}

/* The band of the highest rate that is exceeded drops the packet. */
static bool
exceeds(struct meter *m, const struct packet *p, int64_t now_ns)
{
    uint64_t units = m->kbps ? p->size * UINT64_C(8) : 1;
    struct band *worst = NULL;

    for (size_t i = 0; i < m->n_bands; i++) {
        struct band *b = &m->bands[i];

        if (!take(b, units, now_ns)
            && (!worst || b->ns_per_unit_x1024 < worst->ns_per_unit_x1024)) {
            worst = b;
        }
    }
    if (worst) {
        __atomic_fetch_add(&worst->n_packets, 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&worst->n_bytes, p->size, __ATOMIC_RELAXED);
    }
    return worst != NULL;
}

void
dp_meter_run(struct dp_context *ctx, struct packet_batch *batch, uint32_t id)
{
    struct meter *m = rcu_dereference(ctx->dp->meters[id]);
    int64_t now_ns = clock_ns();
    uint64_t n_bytes = 0;
    uint32_t n = 0;

    if (!m) {
        return;
    }
    __atomic_fetch_add(&m->n_packets, batch->n, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];

        n_bytes += p->size;
        if (exceeds(m, p, now_ns)) {
            packet_free(p);
        } else {
            batch->packets[n++] = p;
        }
    }
    batch->n = n;
    __atomic_fetch_add(&m->n_bytes, n_bytes, __ATOMIC_RELAXED);
}

static void
free_rcu(struct rcu_head *rcu)
{
    free(caa_container_of(rcu, struct meter, rcu));
}

static void
replace(struct dp *dp, uint32_t id, struct meter *m)
{
    struct meter *old = dp->meters[id];

    rcu_assign_pointer(dp->meters[id], m);
    if (old) {
        call_rcu(&old->rcu, free_rcu);
    }
}

int
dp_meter_set(struct dp *dp, uint32_t id,
             const struct dpif_meter_config *config)
{
    if (id >= DPIF_MAX_METERS || config->n_bands > DPIF_MAX_METER_BANDS) {
        return -ERANGE;
    }
    for (size_t i = 0; i < config->n_bands; i++) {
        if (!config->bands[i].rate) {
            return -EINVAL;
        }
    }
    pthread_mutex_lock(&dp->meter_mutex);
    replace(dp, id, create(config));
    pthread_mutex_unlock(&dp->meter_mutex);
    return 0;
}

static void
get_stats(const struct meter *m, struct dpif_meter_stats *stats)
{
    stats->n_packets = __atomic_load_n(&m->n_packets, __ATOMIC_RELAXED);
    stats->n_bytes = __atomic_load_n(&m->n_bytes, __ATOMIC_RELAXED);
    stats->n_bands = m->n_bands;
    for (size_t i = 0; i < m->n_bands; i++) {
        const struct band *b = &m->bands[i];

        stats->bands[i].n_packets = __atomic_load_n(&b->n_packets,
                                                    __ATOMIC_RELAXED);
        stats->bands[i].n_bytes = __atomic_load_n(&b->n_bytes,
                                                  __ATOMIC_RELAXED);
    }
}

int
dp_meter_get(struct dp *dp, uint32_t id, struct dpif_meter_stats *stats)
{
    int error = -ENOENT;

    pthread_mutex_lock(&dp->meter_mutex);
    if (dp_meter_exists(dp, id)) {
        get_stats(dp->meters[id], stats);
        error = 0;
    }
    pthread_mutex_unlock(&dp->meter_mutex);
    return error;
}

int
dp_meter_del(struct dp *dp, uint32_t id, struct dpif_meter_stats *stats)
{
    int error = -ENOENT;

    pthread_mutex_lock(&dp->meter_mutex);
    if (dp_meter_exists(dp, id)) {
        if (stats) {
            get_stats(dp->meters[id], stats);
        }
        replace(dp, id, NULL);
        error = 0;
    }
    pthread_mutex_unlock(&dp->meter_mutex);
    return error;
}

void
dp_meters_destroy(struct dp *dp)
{
    for (uint32_t id = 0; id < DPIF_MAX_METERS; id++) {
        if (dp->meters[id]) {
            replace(dp, id, NULL);
        }
    }
}
