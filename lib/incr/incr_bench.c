/* SPDX-License-Identifier: Apache-2.0 */

/* What the engine costs beside the work of its units: a program of toy units
 * on N rows, timed for reads, facts and wakes, alone and with a pool.  Each
 * time is the least of some runs, as others may use the machine too.
 *
 * How much two threads bring is told twice: by the clock, and by the processor
 * time of the busier one, which holds on a busy machine, too.
 *
 *     lib/incr/bench [N [THREADS]] */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/alloc.h"
#include "lib/incr/incr.h"
#include "lib/runtime/clock.h"

#define READS 64
#define N_RUNS 7

enum { T_ROW };
enum { F_A, F_B, N_FACTS };

struct row {
    struct incr_row *incr;
    uint64_t number;
};

static struct row *rows;
static size_t n_rows = 20000;

static void
read_many(struct incr_ctx *ctx, const void *row_)
{
    const struct row *row = row_;

    for (size_t i = 1; i <= READS; i++) {
        incr_read(ctx, rows[(row->number + i) % n_rows].incr, 1);
    }
}

static void
emit_one(struct incr_ctx *ctx, const void *row_)
{
    const struct row *row = row_;

    incr_read(ctx, row->incr, 2);
    incr_emit(ctx, F_A, &row->number, sizeof row->number,
              &row->number, sizeof row->number);
}

/* Some text, as a unit that makes flows has. */
static void
format_text(struct incr_ctx *ctx, const void *row_)
{
    const struct row *row = row_;

    incr_read(ctx, row->incr, 4);
    for (int i = 0; i < 8; i++) {
        struct str *s = incr_scratch(ctx, 0);

        str_printf(s, "inport == \"port-%llu\" && eth.src == %02x:%02x && "
                   "ip4.dst == 10.%d.0.0/16",
                   (unsigned long long) row->number, i, i, i);
        incr_emit(ctx, F_B, s->string, s->length, NULL, 0);
    }
}

static const struct incr_table tables[] = { { .name = "Row" } };
static const struct incr_fact_class facts[] = {
    [F_A] = { .name = "a", .rank = 1 },
    [F_B] = { .name = "b", .rank = 1 },
};

/* Nanoseconds a unit. */
struct cost {
    double warm, cold;
    double busiest;             /* Warm: processor time of the busier of this
                                 * thread and all others. */
    size_t bytes;
};

static double
cpu_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static struct cost
run(const struct incr_unit_class *unit, struct pool *pool, uint64_t column)
{
    struct cost cost = { .warm = 0 };
    const struct incr_program program = { tables, 1, facts, N_FACTS, unit, 1 };
    struct incr *incr = incr_create(&program, pool);
    int64_t start;

    for (size_t i = 0; i < n_rows; i++) {
        rows[i].incr = incr_row_add(incr, T_ROW, &rows[i]);
    }
    start = clock_ns();
    incr_step(incr);
    cost.cold = (double) (clock_ns() - start) / n_rows;
    cost.bytes = incr_counts(incr).bytes / n_rows;
    for (int round = 0; round < N_RUNS; round++) {
        double ns, all, own;

        for (size_t i = 0; i < n_rows; i++) {
            incr_row_change(incr, rows[i].incr, column);
        }
        start = clock_ns();
        all = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
        own = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
        incr_step(incr);
        own = (cpu_ns(CLOCK_THREAD_CPUTIME_ID) - own) / n_rows;
        all = (cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - all) / n_rows;
        ns = (double) (clock_ns() - start) / n_rows;
        cost.warm = round ? MIN(cost.warm, ns) : ns;
        own = MAX(own, all - own);
        cost.busiest = round ? MIN(cost.busiest, own) : own;
    }
    incr_destroy(incr);
    return cost;
}

int
main(int argc, char *argv[])
{
    static const struct incr_unit_class read_unit = {
        "read_many", 1, T_ROW, INCR_NONE, .run_row = read_many,
    };
    static const struct incr_unit_class emit_unit = {
        "emit_one", 1, T_ROW, INCR_NONE, .run_row = emit_one,
    };
    static const struct incr_unit_class text_unit = {
        "format_text", 1, T_ROW, INCR_NONE, .run_row = format_text,
    };
    unsigned int n_threads = argc > 2 ? atoi(argv[2]) : 2;
    struct pool *pool;
    struct cost cost, pooled;

    n_rows = MAX(argc > 1 ? atoi(argv[1]) : 20000, READS + 1);
    rows = xcalloc(n_rows, sizeof *rows);
    for (size_t i = 0; i < n_rows; i++) {
        rows[i].number = i;
    }
    pool = pool_create(n_threads);
    cost = run(&read_unit, NULL, 1);
    printf("read: %.1f ns again, %.1f ns at first, %.1f bytes\n",
           cost.warm / READS, cost.cold / READS, (double) cost.bytes / READS);
    cost = run(&emit_unit, NULL, 2);
    printf("unit with a fact: %.0f ns woken again, %.0f ns at first, "
           "%zu bytes\n", cost.warm, cost.cold, cost.bytes);
    cost = run(&text_unit, NULL, 4);
    pooled = run(&text_unit, pool, 4);
    printf("unit with 8 texts: %.0f ns, %.0f ns with %u threads: %.2f times; "
           "by processor time %.2f times\n", cost.warm, pooled.warm,
           n_threads, cost.warm / pooled.warm,
           cost.busiest / pooled.busiest);
    pool_destroy(pool);
    free(rows);
    return 0;
}
