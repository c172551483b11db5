/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of pollers that took suspiciously long, as the log tells them: each
 * with some rounds before and after it.  It is written when the last of these
 * is over, so that writing does not disturb what is measured. */

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/runtime/cycles.h"
#include "lib/runtime/log.h"
#include "vswitch/datapath/datapath.h"

LOG_MODULE(pmd_perf);

/* Two messages each. */
static struct log_limit limit = LOG_LIMIT(120, 20);

/* More than all that may be wanted before and after. */
#define N_ROUNDS 256
_Static_assert(N_ROUNDS > 2 * DPIF_ROUND_LOG_MAX + 1, "room for both sides");

struct round {
    uint64_t cycles;
    uint64_t n_packets, n_upcalls;
};

struct dp_round_log {
    struct round rounds[N_ROUNDS];   /* Number I is at I modulo the size. */
    uint64_t n;                  /* Rounds so far. */
    uint64_t n_received, n_missed;   /* Counters after the last round. */
    bool is_pending;             /* A suspicious one is to be told: */
    uint64_t suspect;            /* its number, */
    uint64_t begin, end;         /* and those of its neighbours. */
};

/* Read by pollers as relaxed atomics. */
static struct dpif_round_log settings = {
    .before = 5, .after = 5, .limit_us = 250,
};

void
dpif_get_round_log(struct dpif_round_log *ret)
{
    *ret = settings;
}

void
dpif_set_round_log(const struct dpif_round_log *new)
{
    __atomic_store_n(&settings.before, MIN(new->before, DPIF_ROUND_LOG_MAX),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&settings.after, MIN(new->after, DPIF_ROUND_LOG_MAX),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&settings.extend, new->extend, __ATOMIC_RELAXED);
    __atomic_store_n(&settings.limit_us, new->limit_us, __ATOMIC_RELAXED);
    __atomic_store_n(&settings.is_on, new->is_on, __ATOMIC_RELAXED);
}

bool
dp_round_log_is_on(void)
{
    return __atomic_load_n(&settings.is_on, __ATOMIC_RELAXED);
}

static const struct round *
get_round(const struct dp_round_log *log, uint64_t number)
{
    return &log->rounds[number % N_ROUNDS];
}

static void
tell_suspect(const struct dp_round_log *log)
{
    log_warn_limited(&limit, "Suspicious iteration (Excessive total "
                     "cycles): iter=%llu duration=%.0f us",
                     (unsigned long long) log->suspect,
                     get_round(log, log->suspect)->cycles
                     / cycles_per_second() * 1e6);
}

static void
tell_all(const struct dp_round_log *log)
{
    struct str s = STR_EMPTY;

    tell_suspect(log);
    str_put(&s, "Neighborhood of suspicious iteration:\n"
            "   iter         cycles     packets  cycles/pkt   upcalls");
    for (uint64_t i = log->begin; i <= log->end; i++) {
        const struct round *r = get_round(log, i);

        str_printf(&s, "\n   %-12llu %-10llu %-8llu %-12llu %llu",
                   (unsigned long long) i, (unsigned long long) r->cycles,
                   (unsigned long long) r->n_packets,
                   (unsigned long long) (r->n_packets
                                         ? r->cycles / r->n_packets : 0),
                   (unsigned long long) r->n_upcalls);
    }
    log_warn_limited(&limit, "%s", str_cstr(&s));
    str_uninit(&s);
}

static struct dp_round_log *
get_log(struct dp_context *ctx)
{
    if (!ctx->round_log) {
        ctx->round_log = xzalloc(sizeof *ctx->round_log);
        ctx->round_log->n_received = ctx->n.n_received;
        ctx->round_log->n_missed = ctx->n.n_missed;
    }
    return ctx->round_log;
}

static void
note_suspect(struct dp_round_log *log, uint64_t number)
{
    uint64_t before = __atomic_load_n(&settings.before, __ATOMIC_RELAXED);
    uint64_t after = __atomic_load_n(&settings.after, __ATOMIC_RELAXED);

    if (!log->is_pending) {
        log->is_pending = true;
        log->begin = number > before ? number - before : 0;
    } else if (__atomic_load_n(&settings.extend, __ATOMIC_RELAXED)) {
        tell_suspect(log);
    } else {
        return;
    }
    log->suspect = number;
    log->end = MIN(number + after, log->begin + N_ROUNDS - 1);
}

void
dp_round_log_add(struct dp_context *ctx, uint64_t cycles)
{
    struct dp_round_log *log = get_log(ctx);
    double most = (__atomic_load_n(&settings.limit_us, __ATOMIC_RELAXED)
                   * 1e-6 * cycles_per_second());
    uint64_t number = log->n++;

    log->rounds[number % N_ROUNDS] = (struct round) {
        .cycles = cycles,
        .n_packets = ctx->n.n_received - log->n_received,
        .n_upcalls = ctx->n.n_missed - log->n_missed,
    };
    log->n_received = ctx->n.n_received;
    log->n_missed = ctx->n.n_missed;
    if (cycles > most) {
        note_suspect(log, number);
    }
    if (log->is_pending && number >= log->end) {
        tell_all(log);
        log->is_pending = false;
    }
}
