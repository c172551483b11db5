/* SPDX-License-Identifier: Apache-2.0 */

/* The engine's frame: creation, rows, and the step that goes up the ranks.
 *
 * The idea is that of self-adjusting computation: a computation that notes
 * what it reads can be repaired by running again just the parts whose reads
 * changed.  Here the parts are coarse (units), their order is fixed beforehand
 * (ranks), and what passes between them is data (facts) that is compared
 * before anyone is woken, so that a change that makes no difference stops
 * where it is. */

#include "lib/incr/internal.h"

#include <stdio.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"

static void
check_unit_class(const struct incr_program *program,
                 const struct incr_unit_class *class)
{
    bool is_row = class->table != INCR_NONE;
    bool is_group = class->fact != INCR_NONE;
    int fact_rank = (is_group && class->fact < program->n_facts
                     ? program->facts[class->fact].rank : -1);

    if (class->rank > INCR_MAX_RANK || is_row == is_group
        || is_row != !!class->run_row || is_group != !!class->run_group
        || (is_row && class->table >= program->n_tables)
        || (is_group && class->fact >= program->n_facts)
        || fact_rank >= class->rank) {
        abort_msg("incr: unit class %s is not consistent", class->name);
    }
}

static void
check_program(const struct incr_program *program)
{
    for (size_t i = 0; i < program->n_facts; i++) {
        if (!program->facts[i].name
            || program->facts[i].rank > INCR_MAX_RANK) {
            abort_msg("incr: fact class %zu is not consistent", i);
        }
    }
    for (size_t i = 0; i < program->n_units; i++) {
        check_unit_class(program, &program->units[i]);
    }
}

static void
check_siblings(const struct incr *incr)
{
    for (size_t i = 0; i < incr->program->n_tables; i++) {
        if (incr->tables[i].units.n > INCR_MAX_SIBLINGS) {
            abort_msg("incr: table %s has too many unit classes",
                      incr->program->tables[i].name);
        }
    }
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        if (incr->facts[i].units.n > INCR_MAX_SIBLINGS) {
            abort_msg("incr: fact class %s has too many unit classes",
                      incr->program->facts[i].name);
        }
    }
}

struct incr *
incr_create(const struct incr_program *program, struct pool *pool)
{
    struct incr *incr = xzalloc(sizeof *incr);

    check_program(program);
    incr->program = program;
    incr->pool = pool;
    incr->rank = -1;
    incr->tables = xcalloc(program->n_tables, sizeof *incr->tables);
    incr->facts = xcalloc(program->n_facts, sizeof *incr->facts);
    incr->unit_stats = xcalloc(program->n_units, sizeof *incr->unit_stats);
    incr->n_units = xcalloc(program->n_units, sizeof *incr->n_units);
    incr->results = xcalloc(INCR_BATCH, sizeof *incr->results);
    for (size_t i = 0; i < program->n_tables; i++) {
        incr->tables[i].table = &program->tables[i];
    }
    for (size_t i = 0; i < program->n_facts; i++) {
        fact_store_init(&incr->facts[i], &program->facts[i]);
        incr->max_rank = MAX(incr->max_rank, program->facts[i].rank);
    }
    for (size_t i = 0; i < program->n_units; i++) {
        const struct incr_unit_class *class = &program->units[i];

        incr->max_rank = MAX(incr->max_rank, class->rank);
        if (class->table != INCR_NONE) {
            vec_push(&incr->tables[class->table].units, class);
        } else {
            vec_push(&incr->facts[class->fact].units, class);
        }
    }
    check_siblings(incr);
    incr->n_ctxs = pool ? pool_n_threads(pool) : 1;
    incr->ctxs = xzalloc_cacheline(incr->n_ctxs * sizeof *incr->ctxs);
    for (unsigned int i = 0; i < incr->n_ctxs; i++) {
        ctx_init(&incr->ctxs[i], incr);
    }
    for (size_t i = 0; i < INCR_N_LOCKS; i++) {
        pthread_mutex_init(&incr->locks[i], NULL);
    }
    return incr;
}

static void
row_free(struct incr *incr, struct incr_row *row)
{
    if (row->target.readers) {
        abort_msg("incr: unit %s keeps a row of %s that is gone",
                  unit_class(row->target.readers->unit)->name,
                  incr->tables[row->table].table->name);
    }
    free(row);
}

/* Ends units that were killed and have not had their turn. */
static void
destroy_dead_units(struct incr *incr)
{
    for (size_t rank = 0; rank <= INCR_MAX_RANK; rank++) {
        VEC_FOR_EACH (unit, &incr->queues[rank]) {
            if ((*unit)->dead) {
                unit_destroy(incr, *unit);
            }
        }
        vec_uninit(&incr->queues[rank]);
    }
}

static void
destroy_rows(struct incr *incr)
{
    for (size_t i = 0; i < incr->program->n_tables; i++) {
        struct table_store *table = &incr->tables[i];

        VEC_FOR_EACH (row, &table->rows) {
            row_free(incr, *row);
        }
        vec_uninit(&table->rows);
        vec_uninit(&table->units);
    }
    VEC_FOR_EACH (row, &incr->dead_rows) {
        row_free(incr, *row);
    }
    vec_uninit(&incr->dead_rows);
}

static void
destroy_facts(struct incr *incr)
{
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct fact_store *store = &incr->facts[i];
        struct group *next = group_next(store, NULL);

        while (next) {
            struct group *group = next;
            struct incr_fact **members = group_members(group);

            for (uint32_t j = 0; j < group->pub.n; j++) {
                free(members[j]);
            }
            next = group_next(store, group);
            group_destroy(group);
        }
        fact_store_uninit(store);
    }
}

void
incr_destroy(struct incr *incr)
{
    if (!incr) {
        return;
    }
    destroy_dead_units(incr);
    for (size_t i = 0; i < incr->program->n_tables; i++) {
        VEC_FOR_EACH (row, &incr->tables[i].rows) {
            units_destroy(incr, (*row)->units);
        }
    }
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct group *group;

        GROUP_FOR_EACH (group, &incr->facts[i]) {
            units_destroy(incr, group->units);
        }
    }
    destroy_rows(incr);
    destroy_facts(incr);
    vec_uninit(&incr->dead_facts);
    vec_uninit(&incr->garbage);
    for (unsigned int i = 0; i < incr->n_ctxs; i++) {
        ctx_uninit(&incr->ctxs[i]);
    }
    for (size_t i = 0; i < INCR_N_LOCKS; i++) {
        pthread_mutex_destroy(&incr->locks[i]);
    }
    free(incr->ctxs);
    free(incr->tables);
    free(incr->facts);
    free(incr->unit_stats);
    free(incr->n_units);
    free(incr->results);
    free(incr);
}

void
incr_add_sink(struct incr *incr, const struct incr_sink *sink)
{
    vec_push(&incr->facts[sink->fact].sinks, sink);
}

void
incr_set_aux(struct incr *incr, void *aux)
{
    incr->aux = aux;
}

void *
incr_aux(const struct incr_ctx *ctx)
{
    return ctx->incr->aux;
}

/* Rows. */

/* Keeps the first changed rows of a step by name, for incr_stats(). */
static void
note_input(struct incr *incr, const struct incr_row *row, const char *verb)
{
    struct step_record *now = &incr->now;
    const struct incr_table *table = incr->tables[row->table].table;

    if (now->n_inputs++ < 2) {
        struct str s = STR_EMPTY;
        size_t used = strlen(now->what);

        str_printf(&s, "%s%s %s", used ? ", " : "", verb, table->name);
        if (table->format_row) {
            str_put_char(&s, ' ');
            table->format_row(row->row, &s);
        }
        snprintf(now->what + used, sizeof now->what - used, "%s",
                 str_cstr(&s));
        str_uninit(&s);
    }
    incr->pending = true;
}

struct incr_row *
incr_row_add(struct incr *incr, unsigned int table, void *row_)
{
    struct table_store *store = &incr->tables[table];
    struct incr_row *row = xmalloc(sizeof *row);

    *row = (struct incr_row) {
        .row = row_,
        .index = store->rows.n,
        .table = table,
    };
    vec_push(&store->rows, row);
    incr->counts.n_rows++;
    note_input(incr, row, "new");
    row->units = units_create(incr, store->units.items, store->units.n,
                              &row->target);
    return row;
}

void
incr_row_change(struct incr *incr, struct incr_row *row, uint64_t columns)
{
    note_input(incr, row, "changed");
    for (uint32_t i = 0, n = row->units ? row->units->n : 0; i < n; i++) {
        if (row->units->units[i].own_columns & columns) {
            unit_wake(incr, &row->units->units[i]);
        }
    }
    readers_wake(incr, &row->target, columns);
}

void
incr_row_remove(struct incr *incr, struct incr_row *row)
{
    struct table_store *store = &incr->tables[row->table];

    note_input(incr, row, "removed");
    store->rows.items[row->index] = store->rows.items[store->rows.n - 1];
    store->rows.items[row->index]->index = row->index;
    store->rows.n--;
    incr->counts.n_rows--;
    row->removed = true;
    units_kill(incr, row->units);
    row->units = NULL;
    readers_wake(incr, &row->target, UINT64_MAX);
    vec_push(&incr->dead_rows, row);
}

/* Steps. */

bool
incr_is_pending(const struct incr *incr)
{
    return incr->pending;
}

static void
record_step(struct incr *incr, int64_t start_ns)
{
    struct step_record *now = &incr->now;

    now->ns = clock_ns() - start_ns;
    now->at_wall_ms = clock_wall_ms();
    incr->history[incr->counts.n_steps++ % INCR_N_HISTORY] = *now;
    *now = (struct step_record) { .n_inputs = 0 };
}

size_t
incr_step(struct incr *incr)
{
    int64_t start_ns = clock_ns();

    if (!incr->pending) {
        return 0;
    }
    for (int rank = 0; rank <= incr->max_rank; rank++) {
        incr->rank = rank;
        incr->now.n_units += units_run(incr, rank);
        for (size_t i = 0; i < incr->program->n_facts; i++) {
            struct fact_store *store = &incr->facts[i];

            if (store->class->rank == rank && store->touched.n) {
                incr->now.n_facts += store_process(incr, store);
            }
        }
    }
    incr->rank = -1;
    incr->pending = false;
    store_collect(incr);
    VEC_FOR_EACH (row, &incr->dead_rows) {
        row_free(incr, *row);
    }
    vec_clear_to(&incr->dead_rows, INCR_KEEP);

    size_t n_facts = incr->now.n_facts;

    record_step(incr, start_ns);
    return n_facts;
}

struct incr_counts
incr_counts(const struct incr *incr)
{
    struct incr_counts counts = incr->counts;

    counts.bytes = (counts.n_edges * sizeof(struct edge)
                    + counts.n_units * (sizeof(struct unit) + 32)
                    + counts.n_rows * (sizeof(struct incr_row) + 24));
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        /* Each fact is also a pointer in its group and its emitters. */
        counts.bytes += (incr->facts[i].bytes + 16 * incr->facts[i].n_facts
                         + 8 * incr->facts[i].n_groups);
    }
    return counts;
}
