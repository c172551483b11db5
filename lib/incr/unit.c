/* SPDX-License-Identifier: Apache-2.0 */

/* Units: evaluation and commit.
 *
 * Evaluation may run in several threads.  It changes nothing that others see:
 * reads and emissions are noted in the thread's context, as pointers to what
 * is there already or, where there is nothing yet, to fresh objects that the
 * commit puts in place.  So the lookups, hashing, copying and formatting run
 * in parallel, and the commit, on the engine's thread and in the order of the
 * queue, only links.
 *
 * Most evaluations repeat the reads of the one before, and most of its facts,
 * so the commit compares before it relinks: reads as a whole, facts after
 * their common start and end. */

#include "lib/incr/internal.h"

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"

#define MIN_SLOTS 64

struct unit_set *
units_create(struct incr *incr, const struct incr_unit_class *const *classes,
             size_t n, struct target *subject)
{
    struct unit_set *set;

    if (!n) {
        return NULL;
    }
    set = xzalloc(sizeof *set + n * sizeof *set->units);
    set->subject = subject;
    set->classes = classes;
    set->n = set->n_alive = n;
    for (size_t i = 0; i < n; i++) {
        set->units[i].number = i;
        incr->counts.n_units++;
        incr->n_units[classes[i] - incr->program->units]++;
    }
    units_wake(incr, set);
    return set;
}

static void
edges_unlink(struct incr *incr, struct unit *unit)
{
    for (uint32_t i = 0; i < unit->n_edges; i++) {
        struct edge *edge = &unit->edges[i];

        *edge->prev = edge->next;
        if (edge->next) {
            edge->next->prev = edge->prev;
        }
        if (!edge->target->readers && edge->target->is_group) {
            group_maybe_garbage(incr, CONTAINER_OF(edge->target,
                                                   struct group, target));
        }
    }
    incr->counts.n_edges -= unit->n_edges;
    free(unit->edges);
    unit->edges = NULL;
    unit->n_edges = 0;
}

static void
facts_free(struct unit *unit)
{
    if (unit->n_facts > 1) {
        free(unit->many);
    }
}

void
unit_destroy(struct incr *incr, struct unit *unit)
{
    struct unit_set *set = unit_set_of(unit);

    edges_unlink(incr, unit);
    facts_free(unit);
    incr->counts.n_units--;
    incr->n_units[unit_class(unit) - incr->program->units]--;
    if (!--set->n_alive) {
        free(set);
    }
}

void
units_destroy(struct incr *incr, struct unit_set *set)
{
    for (uint32_t i = 0, n = set ? set->n : 0; i < n; i++) {
        unit_destroy(incr, &set->units[i]);
    }
}

void
unit_wake(struct incr *incr, struct unit *unit)
{
    if (!unit->queued) {
        unsigned int rank = unit_class(unit)->rank;

        assert((int) rank > incr->rank);
        unit->queued = true;
        vec_push(&incr->queues[rank], unit);
        incr->counts.n_wakes++;
        incr->pending = true;
    }
}

void
units_wake(struct incr *incr, struct unit_set *set)
{
    for (uint32_t i = 0, n = set ? set->n : 0; i < n; i++) {
        unit_wake(incr, &set->units[i]);
    }
}

void
units_kill(struct incr *incr, struct unit_set *set)
{
    for (uint32_t i = 0, n = set ? set->n : 0; i < n; i++) {
        set->units[i].dead = true;
        unit_wake(incr, &set->units[i]);
    }
}

void
readers_wake(struct incr *incr, const struct target *target, uint64_t columns)
{
    for (const struct edge *edge = target->readers; edge; edge = edge->next) {
        if (edge->columns & columns) {
            unit_wake(incr, edge->unit);
        }
    }
}

void
ctx_init(struct incr_ctx *ctx, struct incr *incr)
{
    *ctx = (struct incr_ctx) {
        .incr = incr,
        .slots = xzalloc_cacheline(MIN_SLOTS * sizeof *ctx->slots),
        .slot_mask = MIN_SLOTS - 1,
        .stats = xzalloc_cacheline(incr->program->n_units
                                   * sizeof *ctx->stats),
    };
}

void
ctx_uninit(struct incr_ctx *ctx)
{
    vec_uninit(&ctx->reads);
    vec_uninit(&ctx->emissions);
    free(ctx->slots);
    free(ctx->stats);
    for (size_t i = 0; i < ARRAY_SIZE(ctx->scratch); i++) {
        str_uninit(&ctx->scratch[i]);
    }
}

void
ctx_reset(struct incr_ctx *ctx)
{
    vec_clear(&ctx->reads);
    vec_clear(&ctx->emissions);
}

/* Reads. */

static void
slots_grow(struct incr_ctx *ctx)
{
    uint32_t mask = 2 * ctx->slot_mask + 1;

    free(ctx->slots);
    ctx->slots = xcalloc(mask + 1, sizeof *ctx->slots);
    ctx->slot_mask = mask;
    ctx->generation = 1;
    for (size_t i = ctx->first_read; i < ctx->reads.n; i++) {
        uint32_t s = hash_pointer(ctx->reads.items[i].target, 0) & mask;

        while (ctx->slots[s].generation) {
            s = (s + 1) & mask;
        }
        ctx->slots[s] = (struct slot) { 1, i };
    }
}

static void
note_read(struct incr_ctx *ctx, struct target *target, uint64_t columns,
          bool fresh)
{
    if (2 * (ctx->reads.n - ctx->first_read) > ctx->slot_mask) {
        slots_grow(ctx);
    }
    for (uint32_t s = hash_pointer(target, 0);; s++) {
        struct slot *slot = &ctx->slots[s & ctx->slot_mask];

        if (slot->generation != ctx->generation) {
            *slot = (struct slot) { ctx->generation, ctx->reads.n };
            vec_push(&ctx->reads, (struct read) { target, columns, fresh });
            return;
        }
        if (ctx->reads.items[slot->index].target == target) {
            ctx->reads.items[slot->index].columns |= columns;
            return;
        }
    }
}

void
incr_read(struct incr_ctx *ctx, struct incr_row *row, uint64_t columns)
{
    if (!ctx) {
        return;
    }
    assert(ctx->busy && !row->removed);
    if (&row->target == unit_subject(ctx->unit)) {
        ctx->own_columns |= columns;
    } else {
        note_read(ctx, &row->target, columns, false);
    }
}

static const struct group *
read_group(struct incr_ctx *ctx, unsigned int class_id, const void *key,
           size_t size, uint64_t what)
{
    struct fact_store *store = &ctx->incr->facts[class_id];
    uint32_t hash = key_hash(key, size);
    struct group *group = group_find(store, key, size, hash);

    assert(ctx->busy && store->class->rank < unit_class(ctx->unit)->rank);
    if (!group) {
        group = group_create(class_id, key, size, hash);
        note_read(ctx, &group->target, what, true);
        return NULL;
    }
    note_read(ctx, &group->target, what, false);
    return group->pub.n ? group : NULL;
}

const struct incr_group *
incr_lookup(struct incr_ctx *ctx, unsigned int fact, const void *key,
            size_t size)
{
    const struct group *group = read_group(ctx, fact, key, size,
                                           READ_FACTS | READ_PRESENCE);

    if (!group) {
        return NULL;
    }
    group_sort(ctx->incr, group_cast(&group->pub));
    return &group->pub;
}

const void *
incr_get(struct incr_ctx *ctx, unsigned int fact, const void *key, size_t size)
{
    const struct incr_group *group = incr_lookup(ctx, fact, key, size);

    return group ? incr_group_value(group, 0) : NULL;
}

bool
incr_exists(struct incr_ctx *ctx, unsigned int fact, const void *key,
            size_t size)
{
    return read_group(ctx, fact, key, size, READ_PRESENCE) != NULL;
}

void
incr_emit(struct incr_ctx *ctx, unsigned int class_id, const void *key,
          size_t key_size, const void *value, size_t size)
{
    struct fact_store *store = &ctx->incr->facts[class_id];
    uint32_t hash = key_hash(key, key_size);
    uint32_t value_hash = key_hash(value, size);
    struct group *group = group_find(store, key, key_size, hash);
    struct incr_fact *fact = (group ? fact_find(group, value, size, value_hash)
                              : NULL);
    enum emission_fresh fresh = NOT_FRESH;

    assert(ctx->busy && store->class->rank >= unit_class(ctx->unit)->rank);
    if (!fact) {
        fresh = group ? FRESH_FACT : FRESH_GROUP;
        if (!group) {
            group = group_create(class_id, key, key_size, hash);
        }
        fact = fact_create(group, value, size, value_hash);
    }
    vec_push(&ctx->emissions, (struct emission) { fact, fresh });
}

struct str *
incr_scratch(struct incr_ctx *ctx, unsigned int i)
{
    str_clear(&ctx->scratch[i]);
    return &ctx->scratch[i];
}

/* Evaluation. */

void
unit_evaluate(struct incr_ctx *ctx, struct unit *unit, struct result *result)
{
    struct target *subject = unit_subject(unit);

    *result = (struct result) {
        .unit = unit,
        .ctx = ctx,
        .first_read = ctx->reads.n,
        .first_emission = ctx->emissions.n,
    };
    if (unit->dead) {
        return;
    }
    ctx->unit = unit;
    ctx->own_columns = 0;
    ctx->first_read = ctx->reads.n;
    if (!++ctx->generation) {
        memset(ctx->slots, 0, (ctx->slot_mask + 1) * sizeof *ctx->slots);
        ctx->generation = 1;
    }
    ctx->busy = true;
    if (subject->is_group) {
        struct group *group = CONTAINER_OF(subject, struct group, target);

        group_sort(ctx->incr, group);
        unit_class(unit)->run_group(ctx, &group->pub);
    } else {
        unit_class(unit)->run_row(ctx, CONTAINER_OF(subject, struct incr_row,
                                                    target)->row);
    }
    ctx->busy = false;
    result->own_columns = ctx->own_columns;
    result->n_reads = ctx->reads.n - result->first_read;
    result->n_emissions = ctx->emissions.n - result->first_emission;
}

struct batch {
    struct incr *incr;
    struct unit **units;
};

/* Evaluates a range.  The clock is read where the class changes, not for each
 * unit. */
static void
evaluate_range(void *batch_, size_t begin, size_t end, unsigned int worker)
{
    struct batch *batch = batch_;
    struct incr *incr = batch->incr;
    struct incr_ctx *ctx = &incr->ctxs[worker];
    int64_t start = clock_ns();

    for (size_t i = begin; i < end; i++) {
        const struct incr_unit_class *class = unit_class(batch->units[i]);
        struct class_stats *stats = &ctx->stats[class - incr->program->units];

        unit_evaluate(ctx, batch->units[i], &incr->results[i]);
        stats->n_evaluations++;
        if (i + 1 == end || unit_class(batch->units[i + 1]) != class) {
            int64_t now = clock_ns();

            stats->ns += now - start;
            start = now;
        }
    }
}

/* Commit. */

static void
edges_replace(struct incr *incr, struct unit *unit, const struct read *reads,
              size_t n)
{
    edges_unlink(incr, unit);
    if (!n) {
        return;
    }
    if (n >= INCR_MAX_READS) {
        abort_msg("incr: unit %s reads too much", unit_class(unit)->name);
    }
    unit->edges = xmalloc(n * sizeof *unit->edges);
    unit->n_edges = n;
    incr->counts.n_edges += n;
    for (size_t i = 0; i < n; i++) {
        struct target *target = reads[i].target;

        unit->edges[i] = (struct edge) {
            .unit = unit,
            .target = target,
            .columns = reads[i].columns,
            .next = target->readers,
            .prev = &target->readers,
        };
        if (target->readers) {
            target->readers->prev = &unit->edges[i].next;
        }
        target->readers = &unit->edges[i];
    }
}

static void
commit_reads(struct incr *incr, struct unit *unit, struct read *reads,
             size_t n)
{
    bool same = n == unit->n_edges;

    for (size_t i = 0; i < n; i++) {
        if (reads[i].fresh) {
            struct group *group = CONTAINER_OF(reads[i].target, struct group,
                                               target);

            reads[i].target = &group_settle(incr, group)->target;
        }
        same = same && reads[i].target == unit->edges[i].target;
    }
    if (!same) {
        edges_replace(incr, unit, reads, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        unit->edges[i].columns = reads[i].columns;
    }
}

static struct incr_fact *
settle_emission(struct incr *incr, struct emission *emission)
{
    struct incr_fact *fact = emission->fact;

    if (emission->fresh == FRESH_GROUP) {
        fact->group = &group_settle(incr, group_cast(fact->group))->pub;
    }
    return emission->fresh == NOT_FRESH ? fact : fact_settle(incr, fact);
}

static void
commit_emissions(struct incr *incr, struct unit *unit,
                 struct emission *emissions, size_t n)
{
    size_t start = 0, old_end = unit->n_facts, end = n;
    struct incr_fact **facts = unit_facts(unit);

    for (size_t i = 0; i < n; i++) {
        emissions[i].fact = settle_emission(incr, &emissions[i]);
    }
    while (start < old_end && start < end
           && facts[start] == emissions[start].fact) {
        start++;
    }
    while (start < old_end && start < end
           && facts[old_end - 1] == emissions[end - 1].fact) {
        old_end--;
        end--;
    }
    for (size_t i = start; i < end; i++) {
        fact_retain(incr, emissions[i].fact);
    }
    for (size_t i = start; i < old_end; i++) {
        fact_release(incr, facts[i]);
    }
    if (n != unit->n_facts) {
        facts_free(unit);
        unit->n_facts = n;
        if (n > 1) {
            unit->many = xmalloc(n * sizeof *unit->many);
        }
        facts = unit_facts(unit);
    }
    for (size_t i = 0; i < n; i++) {
        facts[i] = emissions[i].fact;
    }
}

static void
commit(struct incr *incr, const struct result *result)
{
    struct unit *unit = result->unit;
    struct incr_ctx *ctx = result->ctx;

    commit_reads(incr, unit, ctx->reads.items + result->first_read,
                 result->n_reads);
    commit_emissions(incr, unit, ctx->emissions.items + result->first_emission,
                     result->n_emissions);
    unit->own_columns = result->own_columns;
    unit->queued = false;
    incr->counts.n_reads += result->n_reads;
    incr->counts.n_emits += result->n_emissions;
    if (unit->dead) {
        unit_destroy(incr, unit);
    }
}

static void
collect_stats(struct incr *incr)
{
    for (unsigned int i = 0; i < incr->n_ctxs; i++) {
        struct incr_ctx *ctx = &incr->ctxs[i];

        ctx_reset(ctx);
        for (size_t j = 0; j < incr->program->n_units; j++) {
            incr->unit_stats[j].n_evaluations += ctx->stats[j].n_evaluations;
            incr->unit_stats[j].ns += ctx->stats[j].ns;
            incr->counts.n_evaluations += ctx->stats[j].n_evaluations;
            ctx->stats[j] = (struct class_stats) { 0, 0 };
        }
    }
}

size_t
units_run(struct incr *incr, unsigned int rank)
{
    struct unit **units = incr->queues[rank].items;
    size_t n_units = incr->queues[rank].n;
    bool wants_progress = stores_want_progress(incr, rank);
    size_t max = (wants_progress ? INCR_PROGRESS * incr->n_ctxs
                  : INCR_BATCH);

    for (size_t done = 0; done < n_units; done += max) {
        struct batch batch = { incr, units + done };
        size_t n = MIN(n_units - done, max);

        if (n >= INCR_POOL_MIN && incr->n_ctxs > 1) {
            pool_for(incr->pool, n, INCR_POOL_GRAIN, evaluate_range, &batch);
            incr->counts.n_shared += n;
        } else {
            evaluate_range(&batch, 0, n, 0);
        }
        for (size_t i = 0; i < n; i++) {
            commit(incr, &incr->results[i]);
        }
        collect_stats(incr);
        if (done + n < n_units && wants_progress) {
            stores_progress(incr, rank);
        }
    }
    vec_clear_to(&incr->queues[rank], INCR_KEEP);
    return n_units;
}

static void
visit_set(struct unit_set *set, void (*visit)(struct unit *, void *aux),
          void *aux)
{
    for (uint32_t i = 0, n = set ? set->n : 0; i < n; i++) {
        visit(&set->units[i], aux);
    }
}

void
for_each_unit(const struct incr *incr,
              void (*visit)(struct unit *, void *aux), void *aux)
{
    for (size_t i = 0; i < incr->program->n_tables; i++) {
        VEC_FOR_EACH (row, &incr->tables[i].rows) {
            visit_set((*row)->units, visit, aux);
        }
    }
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct group *group;

        GROUP_FOR_EACH (group, &incr->facts[i]) {
            visit_set(group->units, visit, aux);
        }
    }
}
