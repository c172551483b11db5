/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about the threads of the userspace datapath:
 * dpif-netdev/pmd-... */

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/cycles.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"

/* What the words of a command say. */
struct request {
    const struct backer *backer;
    int core;                    /* "-pmd"; negative: all threads. */
    unsigned int seconds;        /* "-secs" */
    struct str reply;
};

/* The datapath of that name, which may have its type in front. */
static const struct backer *
find_backer(const char *name)
{
    const char *at = strchr(name, '@');
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        if (!strcmp(at ? at + 1 : name, dpif_name(b->dpif))) {
            return b;
        }
    }
    return NULL;
}

/* Takes the words as they come; those that mean nothing are passed over.  Of a
 * single datapath the name does not matter. */
static bool
parse_request(struct control_conn *conn, int argc, const char *argv[],
              struct request *r)
{
    struct backer *b;

    *r = (struct request) { .core = -1, .seconds = DPIF_USAGE_MAX_S };
    for (int i = 1; i < argc; i++) {
        int value;

        if (!strcmp(argv[i], "-pmd") && i + 1 < argc) {
            if (text_to_int_range(argv[++i], 0, INT_MAX, &value)) {
                r->core = value;
            }
        } else if (!strcmp(argv[i], "-secs") && i + 1 < argc) {
            if (text_to_int_range(argv[++i], 1, DPIF_USAGE_MAX_S, &value)) {
                r->seconds = ROUND_UP(value, DPIF_USAGE_STEP_S);
            }
        } else if (!r->backer) {
            r->backer = find_backer(argv[i]);
        }
    }
    if (hmap_count(backers_all()) == 1) {
        HMAP_FOR_EACH (b, node, backers_all()) {
            r->backer = b;
        }
    }
    if (!r->backer) {
        control_reply_error(conn, "please specify an existing datapath");
    }
    return r->backer != NULL;
}

static bool
is_wanted(const struct request *r, const struct dpif_thread *t)
{
    return r->core < 0 || t->cpu == r->core;
}

static void
put_thread_name(const struct dpif_thread *t, struct str *s)
{
    if (t->kind == DPIF_THREAD_MAIN) {
        str_put(s, "main thread:\n");
    } else if (t->kind == DPIF_THREAD_HANDLER) {
        str_put(s, "handler thread:\n");
    } else if (t->cpu >= 0) {
        str_printf(s, "pmd thread numa_id %d core_id %d:\n", t->numa, t->cpu);
    } else {
        str_printf(s, "poller thread %u:\n", t->id);
    }
}

/* Threads in order: those that receive, by processor; the main one last. */

typedef VEC(struct dpif_thread) thread_vec;

static void
add_thread(const struct dpif_thread *t, void *threads_)
{
    thread_vec *threads = threads_;

    vec_push(threads, *t);
}

static int
compare_threads(const void *a_, const void *b_)
{
    static const int ranks[] = {
        [DPIF_THREAD_POLLER] = 0, [DPIF_THREAD_HANDLER] = 1,
        [DPIF_THREAD_MAIN] = 2,
    };
    const struct dpif_thread *a = a_, *b = b_;

    return (a->kind != b->kind ? ranks[a->kind] - ranks[b->kind]
            : a->cpu != b->cpu ? a->cpu - b->cpu
            : a->id < b->id ? -1 : a->id > b->id);
}

/* Appends what 'show' prints of each wanted thread. */
static void
show_threads(struct request *r,
             void (*show)(const struct dpif_thread *, struct str *))
{
    thread_vec threads = VEC_EMPTY;

    dpif_thread_dump(r->backer->dpif, add_thread, &threads);
    vec_sort(&threads, compare_threads);
    VEC_FOR_EACH (t, &threads) {
        if (is_wanted(r, t)) {
            show(t, &r->reply);
        }
    }
    vec_uninit(&threads);
}

static double
ratio(double a, double b)
{
    return b ? a / b : 0;
}

/* ## Counters ## */

static void
put_cycles(const struct dpif_counters *n, struct str *s)
{
    uint64_t idle = n->idle_cycles + n->sleep_cycles;
    uint64_t total = idle + n->busy_cycles;

    if (!total) {
        return;
    }
    str_printf(s, "  idle cycles: %llu (%.02f%%)\n"
               "  processing cycles: %llu (%.02f%%)\n",
               (unsigned long long) idle, 100 * ratio(idle, total),
               (unsigned long long) n->busy_cycles,
               100 * ratio(n->busy_cycles, total));
    if (!n->n_received) {
        return;
    }
    str_printf(s, "  avg cycles per packet: %.02f (%llu/%llu)\n",
               ratio(total, n->n_received), (unsigned long long) total,
               (unsigned long long) n->n_received);
    str_printf(s, "  avg processing cycles per packet: %.02f (%llu/%llu)\n",
               ratio(n->busy_cycles, n->n_received),
               (unsigned long long) n->busy_cycles,
               (unsigned long long) n->n_received);
}

static void
show_stats(const struct dpif_thread *t, struct str *s)
{
    const struct dpif_counters *n = &t->counters;

    put_thread_name(t, s);
    str_printf(s, "  packets received: %llu\n",
               (unsigned long long) n->n_received);
    str_printf(s, "  packet recirculations: %llu\n",
               (unsigned long long) n->n_again);
    str_printf(s, "  avg. datapath passes per packet: %.02f\n",
               ratio(n->n_received + n->n_again, n->n_received));
    str_printf(s, "  phwol hits: 0\n  mfex opt hits: 0\n"
               "  simple match hits: 0\n");
    str_printf(s, "  emc hits: %llu\n  smc hits: 0\n",
               (unsigned long long) n->n_cache_hit);
    str_printf(s, "  megaflow hits: %llu\n",
               (unsigned long long) n->n_subtable_hit);
    str_printf(s, "  avg. subtable lookups per megaflow hit: %.02f\n",
               ratio(n->n_mask_hit, n->n_subtable_hit));
    str_printf(s, "  miss with success upcall: %llu\n",
               (unsigned long long) (n->n_missed - MIN(n->n_lost,
                                                       n->n_missed)));
    str_printf(s, "  miss with failed upcall: %llu\n",
               (unsigned long long) n->n_lost);
    str_printf(s, "  avg. packets per output batch: %.02f\n",
               ratio(n->n_sent, n->n_batches_sent));
    put_cycles(n, s);
}

static void
pmd_stats_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux UNUSED)
{
    struct request r;

    if (parse_request(conn, argc, argv, &r)) {
        show_threads(&r, show_stats);
        control_reply_str(conn, &r.reply);
    }
}

static void
pmd_stats_clear(struct control_conn *conn, int argc, const char *argv[],
                void *aux UNUSED)
{
    struct request r;

    if (parse_request(conn, argc, argv, &r)) {
        dpif_thread_clear(r.backer->dpif, r.core);
        control_reply(conn, NULL);
    }
}

/* ## Queues ## */

/* A queue with what it points to. */
struct queue {
    struct dpif_rxq rxq;
    struct dpif_thread thread;
};

typedef VEC(struct queue) queue_vec;

static void
add_queue(const struct dpif_rxq *rxq, void *queues_)
{
    queue_vec *queues = queues_;

    vec_push(queues, (struct queue) { *rxq, *rxq->thread });
}

/* By thread; what is not a queue comes behind. */
static int
compare_queues(const void *a_, const void *b_)
{
    const struct queue *a = a_, *b = b_;
    int order = compare_threads(&a->thread, &b->thread);

    if (order || !a->rxq.port || !b->rxq.port) {
        return order ? order : !a->rxq.port - !b->rxq.port;
    }
    order = strcmp(a->rxq.port, b->rxq.port);
    return order ? order : (int) a->rxq.queue_id - (int) b->rxq.queue_id;
}

static void
put_usage(int percent, struct str *s)
{
    if (percent < 0) {
        str_put(s, "NOT AVAIL\n");
    } else {
        str_printf(s, "%2d %%\n", percent);
    }
}

static void
put_queue(const struct queue *q, struct str *s)
{
    if (q->rxq.port) {
        str_printf(s, "  port: %-16s  queue-id: %2u (enabled)   pmd usage: ",
                   q->rxq.port, q->rxq.queue_id);
    } else {
        str_put(s, "  overhead: ");
    }
    put_usage(q->rxq.usage, s);
}

static void
put_usage_title(struct request *r)
{
    str_printf(&r->reply, "Displaying last %u seconds pmd usage %%\n",
               r->seconds);
}

static void
pmd_rxq_show(struct control_conn *conn, int argc, const char *argv[],
             void *aux UNUSED)
{
    queue_vec queues = VEC_EMPTY;
    const struct queue *last = NULL;
    struct request r;

    if (!parse_request(conn, argc, argv, &r)) {
        return;
    }
    dpif_rxq_dump(r.backer->dpif, r.seconds, add_queue, &queues);
    vec_sort(&queues, compare_queues);
    if (r.core < 0) {
        put_usage_title(&r);
    }
    VEC_FOR_EACH (q, &queues) {
        if (!is_wanted(&r, &q->thread)) {
            continue;
        }
        if (!r.reply.length) {
            put_usage_title(&r);
        }
        if (!last || compare_threads(&last->thread, &q->thread)) {
            put_thread_name(&q->thread, &r.reply);
            str_put(&r.reply, "  isolated : false\n");
        }
        put_queue(q, &r.reply);
        last = q;
    }
    vec_uninit(&queues);
    control_reply_str(conn, &r.reply);
}

static void
pmd_rxq_rebalance(struct control_conn *conn, int argc, const char *argv[],
                  void *aux UNUSED)
{
    struct request r;

    if (argc > 1 && !find_backer(argv[1])) {
        control_reply_error(conn, "please specify an existing datapath");
    } else if (parse_request(conn, argc, argv, &r)) {
        dpif_rxq_rebalance(r.backer->dpif);
        control_reply(conn, "pmd rxq rebalance requested.\n");
    }
}

/* ## Performance ## */

static void
put_rounds(const struct dpif_thread *t, double us, struct str *s)
{
    const struct dpif_counters *n = &t->counters;
    uint64_t rounds = n->n_busy_rounds + n->n_idle_rounds;
    uint64_t used = n->busy_cycles + n->idle_cycles;
    double slept_us = n->sleep_cycles / cycles_per_second() * 1e6;

    str_printf(s, "  Iterations:         %12llu  (%.2f us/it)\n",
               (unsigned long long) rounds, ratio(us, rounds));
    str_printf(s, "  - Used TSC cycles:  %12llu  (%5.1f %% of total cycles)\n",
               (unsigned long long) used, 100 * ratio(used, t->cycles));
    str_printf(s, "  - idle iterations:  %12llu  (%5.1f %% of used cycles)\n",
               (unsigned long long) n->n_idle_rounds,
               100 * ratio(n->idle_cycles, used));
    str_printf(s, "  - busy iterations:  %12llu  (%5.1f %% of used cycles)\n",
               (unsigned long long) n->n_busy_rounds,
               100 * ratio(n->busy_cycles, used));
    str_printf(s, "  - sleep iterations: %12llu  (%5.1f %% of iterations)\n",
               (unsigned long long) n->n_sleeps,
               100 * ratio(n->n_sleeps, rounds));
    str_printf(s, "  Sleep time (us):    %12.0f  (%3.0f us/iteration avg.)\n",
               slept_us, ratio(slept_us, n->n_sleeps));
}

static void
put_hits(const char *what, uint64_t n, uint64_t passes, struct str *s)
{
    str_printf(s, "  - %-18s%12llu  (%5.1f %%)\n", what,
               (unsigned long long) n, 100 * ratio(n, passes));
}

static void
put_lookups(const struct dpif_counters *n, struct str *s)
{
    uint64_t passes = n->n_received + n->n_again;

    str_printf(s, "  Datapath passes:    %12llu  (%.2f passes/pkt)\n",
               (unsigned long long) passes, ratio(passes, n->n_received));
    put_hits("PHWOL hits:", 0, passes, s);
    put_hits("MFEX Opt hits:", 0, passes, s);
    put_hits("Simple Match hits:", 0, passes, s);
    put_hits("EMC hits:", n->n_cache_hit, passes, s);
    put_hits("SMC hits:", 0, passes, s);
    str_printf(s, "  - Megaflow hits:    %12llu  (%5.1f %%, %.2f subtbl "
               "lookups/hit)\n", (unsigned long long) n->n_subtable_hit,
               100 * ratio(n->n_subtable_hit, passes),
               ratio(n->n_mask_hit, n->n_subtable_hit));
    str_printf(s, "  - Upcalls:          %12llu  (%5.1f %%, %.1f us/upcall)\n",
               (unsigned long long) n->n_missed,
               100 * ratio(n->n_missed, passes),
               ratio(n->upcall_ns / 1e3, n->n_missed));
    put_hits("Lost upcalls:", n->n_lost, passes, s);
}

static void
put_packets(const struct dpif_counters *n, double us, struct str *s)
{
    if (n->n_received) {
        str_printf(s, "  Rx packets:         %12llu  (%.0f Kpps, %.0f "
                   "cycles/pkt)\n", (unsigned long long) n->n_received,
                   ratio(n->n_received * 1e3, us),
                   ratio(n->busy_cycles, n->n_received));
        put_lookups(n, s);
    } else {
        str_printf(s, "  Rx packets:         %12d\n", 0);
    }
    if (n->n_sent) {
        str_printf(s, "  Tx packets:         %12llu  (%.0f Kpps)\n",
                   (unsigned long long) n->n_sent,
                   ratio(n->n_sent * 1e3, us));
        str_printf(s, "  Tx batches:         %12llu  (%.2f pkts/batch)\n",
                   (unsigned long long) n->n_batches_sent,
                   ratio(n->n_sent, n->n_batches_sent));
    } else {
        str_printf(s, "  Tx packets:         %12d\n", 0);
    }
    str_put_char(s, '\n');
}

static void
put_wall_time(struct str *s)
{
    int64_t ms = clock_wall_ms();
    time_t seconds = ms / 1000;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    str_printf(s, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
               (int) (ms % 1000));
}

/* Only who goes round queues has what this shows. */
static void
show_perf(const struct dpif_thread *t, struct str *s)
{
    double us = t->cycles / cycles_per_second() * 1e6;

    if (t->kind != DPIF_THREAD_POLLER) {
        return;
    }
    str_put(s, "\nTime: ");
    put_wall_time(s);
    str_printf(s, "\nMeasurement duration: %.3f s\n\n", us / 1e6);
    put_thread_name(t, s);
    str_put_char(s, '\n');
    put_rounds(t, us, s);
    put_packets(&t->counters, us, s);
}

static void
pmd_perf_show(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    struct request r;

    if (parse_request(conn, argc, argv, &r)) {
        show_threads(&r, show_perf);
        control_reply_str(conn, &r.reply);
    }
}

/* Takes the option argv[0] with what belongs to it; returns how many words, or
 * 0 if they are not understood. */
static int
take_log_option(int argc, const char *argv[], struct dpif_round_log *log)
{
    unsigned int queue_length;
    const struct {
        const char *name;
        unsigned int *value;
    } numbers[] = {
        { "-b", &log->before }, { "-a", &log->after },
        { "-us", &log->limit_us },
        /* Of queues that have a length to look at there are none. */
        { "-q", &queue_length },
    };

    if (!strcmp(argv[0], "-e") || !strcmp(argv[0], "-ne")) {
        log->extend = argv[0][1] == 'e';
        return 1;
    }
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        if (!strcmp(argv[0], numbers[i].name)) {
            return (argc > 1 && text_to_uint(argv[1], 10, numbers[i].value)
                    ? 2 : 0);
        }
    }
    return 0;
}

static void
pmd_perf_log_set(struct control_conn *conn, int argc, const char *argv[],
                 void *aux UNUSED)
{
    struct dpif_round_log log;
    int i = 1, n = 1;

    dpif_get_round_log(&log);
    if (argc > 1 && (!strcmp(argv[1], "on") || !strcmp(argv[1], "off"))) {
        log.is_on = !strcmp(argv[1], "on");
        i++;
    }
    for (; n && i < argc; i += n) {
        n = take_log_option(argc - i, argv + i, &log);
    }
    if (!n) {
        control_reply_error(conn, "Usage: ovs-appctl "
                            "dpif-netdev/pmd-perf-log-set [on|off] "
                            "[-b before] [-a after] [-e|-ne] [-us usec] "
                            "[-q qlen]");
        return;
    }
    dpif_set_round_log(&log);
    control_reply(conn, NULL);
}

static void
show_sleep(const struct dpif_thread *t, struct str *s)
{
    if (t->kind == DPIF_THREAD_POLLER) {
        put_thread_name(t, s);
        str_put(s, t->cpu >= 0 ? "  never sleeps\n"
                : "  sleeps while no queue has packets\n");
    }
}

static void
pmd_sleep_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux UNUSED)
{
    struct request r;

    if (parse_request(conn, argc, argv, &r)) {
        show_threads(&r, show_sleep);
        control_reply_str(conn, &r.reply);
    }
}

/* No bond leaves it to the datapath to choose a member. */
static void
bond_show(struct control_conn *conn, int argc, const char *argv[],
          void *aux UNUSED)
{
    if (argc > 1 && !find_backer(argv[1])) {
        control_reply_error(conn, "please specify an existing datapath");
    } else {
        control_reply(conn, NULL);
    }
}

static const struct control_command commands[] = {
    { "dpif-netdev/bond-show", "[dp]", 0, 1, bond_show },
    { "dpif-netdev/pmd-stats-show", "[-pmd core] [dp]", 0, 3,
      pmd_stats_show },
    { "dpif-netdev/pmd-stats-clear", "[-pmd core] [dp]", 0, 3,
      pmd_stats_clear },
    { "dpif-netdev/pmd-rxq-show", "[-pmd core] [-secs secs] [dp]", 0, 5,
      pmd_rxq_show },
    { "dpif-netdev/pmd-rxq-rebalance", "[dp]", 0, 1, pmd_rxq_rebalance },
    { "dpif-netdev/pmd-perf-log-set", "on|off [-b before] [-a after] "
      "[-e|-ne] [-us usec] [-q qlen]", 0, 10, pmd_perf_log_set },
    { "dpif-netdev/pmd-perf-show", "[-nh] [-it iter-history-len] "
      "[-ms ms-history-len] [-pmd core] [dp]", 0, 8, pmd_perf_show },
    { "dpif-netdev/pmd-sleep-show", "[dp]", 0, 1, pmd_sleep_show },
};

void
dpif_netdev_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
