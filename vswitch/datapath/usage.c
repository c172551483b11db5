/* SPDX-License-Identifier: Apache-2.0 */
/* What pollers and their queues took of the time lately.
 *
 * Threads only add up cycles, once a batch.  The main thread writes the sums
 * down every few seconds; the difference to those of some time ago, in
 * relation to the time itself, is the usage.  So a thread that sleeps needs not
 * wake for it. */

#include "lib/runtime/cycles.h"
#include "vswitch/datapath/datapath.h"

static void
add_sample(const struct dp *dp, struct dp_usage *usage, const uint64_t *cycles)
{
    usage->cycles[dp->n_samples % DP_N_SAMPLES]
        = __atomic_load_n(cycles, __ATOMIC_RELAXED);
}

void
dp_usage_sample(struct dp *dp)
{
    struct dp_context *ctx;
    struct dp_rxq *rxq;

    dp->sample_cycles[dp->n_samples % DP_N_SAMPLES] = cycles_now();
    LIST_FOR_EACH (rxq, node, &dp->polled) {
        add_sample(dp, &rxq->usage, &rxq->cycles);
    }
    pthread_mutex_lock(&dp->contexts_mutex);
    LIST_FOR_EACH (ctx, node, &dp->contexts) {
        add_sample(dp, &ctx->usage, &ctx->n.busy_cycles);
    }
    dp->n_samples++;
    pthread_mutex_unlock(&dp->contexts_mutex);
}

void
dp_usage_start(const struct dp *dp, struct dp_usage *usage)
{
    usage->first = dp->n_samples;
}

double
dp_usage_share(const struct dp *dp, const struct dp_usage *usage,
               uint64_t cycles, unsigned int seconds)
{
    const double second = cycles_per_second();
    uint64_t now = cycles_now(), oldest, i;
    double age_s, share;

    oldest = dp->n_samples > DP_N_SAMPLES ? dp->n_samples - DP_N_SAMPLES : 0;
    oldest = MAX(oldest, usage->first);
    /* The youngest that is old enough, or else the oldest. */
    for (i = dp->n_samples; i > oldest; i--) {
        age_s = cycles_between(dp->sample_cycles[(i - 1) % DP_N_SAMPLES], now)
                / second;
        if (i - 1 == oldest || age_s >= seconds) {
            break;
        }
    }
    if (i == oldest || age_s < DPIF_USAGE_STEP_S) {
        return -1;
    }
    share = (cycles_between(usage->cycles[(i - 1) % DP_N_SAMPLES], cycles)
             / (age_s * second));
    return MIN(share, 1);
}
