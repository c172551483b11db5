/* SPDX-License-Identifier: Apache-2.0 */

/* What operators ask: statistics, verification, causes. */

#include "lib/incr/internal.h"

#include "lib/base/alloc.h"
#include <inttypes.h>

static void
put_escaped(struct str *s, const void *p, size_t size)
{
    const unsigned char *bytes = p;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] >= ' ' && bytes[i] < 127) {
            str_put_char(s, bytes[i]);
        } else if (!bytes[i] && i + 1 < size && bytes[i + 1] >= ' ') {
            str_put_char(s, ' ');
        } else if (bytes[i]) {
            str_printf(s, "\\x%02x", bytes[i]);
        }
    }
}

static void
put_key(const struct incr *incr, const struct incr_group *group, struct str *s)
{
    const struct incr_fact_class *class = incr->facts[group->class_id].class;

    if (class->format_key) {
        class->format_key(incr_group_key(group), group->key_size, s);
    } else {
        put_escaped(s, incr_group_key(group), group->key_size);
    }
}

static void
put_value(const struct incr *incr, const struct incr_fact *fact, struct str *s)
{
    const struct incr_fact_class *class
        = incr->facts[fact->group->class_id].class;

    if (class->format_value) {
        class->format_value(incr_fact_value(fact), fact->value_size, s);
    } else {
        put_escaped(s, incr_fact_value(fact), fact->value_size);
    }
}

static void
put_target(const struct incr *incr, const struct target *target, struct str *s)
{
    if (target->is_group) {
        const struct group *group = CONTAINER_OF(target, struct group, target);

        str_printf(s, "%s ", incr->facts[group->pub.class_id].class->name);
        put_key(incr, &group->pub, s);
    } else {
        const struct incr_row *row = CONTAINER_OF(target, struct incr_row,
                                                  target);
        const struct incr_table *table = incr->tables[row->table].table;

        str_put(s, table->name);
        if (table->format_row) {
            str_put_char(s, ' ');
            table->format_row(row->row, s);
        }
    }
}

static void
put_columns(const struct incr *incr, const struct target *target,
            uint64_t columns, struct str *s)
{
    if (target->is_group) {
        str_put(s, columns & READ_FACTS ? "" : " (whether any)");
        return;
    }

    const struct incr_row *row = CONTAINER_OF(target, struct incr_row, target);
    const struct incr_table *table = incr->tables[row->table].table;

    str_put(s, " (");
    if (table->format_columns) {
        table->format_columns(row->row, columns, s);
    } else {
        str_printf(s, "columns %#" PRIx64, columns);
    }
    str_put_char(s, ')');
}

/* Statistics. */

static void
put_unit_stats(const struct incr *incr, struct str *s)
{
    str_printf(s, "%-32s %4s %10s %12s %10s %8s\n", "unit class", "rank",
               "units", "evaluations", "ms", "ns/eval");
    for (size_t i = 0; i < incr->program->n_units; i++) {
        const struct incr_unit_class *class = &incr->program->units[i];
        const struct class_stats *stats = &incr->unit_stats[i];

        str_printf(s, "%-32s %4u %10zu %12" PRIu64 " %10.1f %8" PRIu64 "\n",
                   class->name, class->rank, incr->n_units[i],
                   stats->n_evaluations, stats->ns / 1e6,
                   stats->ns / MAX(stats->n_evaluations, 1));
    }
}

static void
put_fact_stats(const struct incr *incr, struct str *s)
{
    str_printf(s, "%-32s %4s %10s %10s %12s %10s\n", "fact class", "rank",
               "facts", "keys", "changes", "KiB");
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        const struct fact_store *store = &incr->facts[i];

        str_printf(s, "%-32s %4u %10zu %10zu %12" PRIu64 " %10zu\n",
                   store->class->name, store->class->rank, store->n_facts,
                   (size_t) store->n_groups, store->n_changes,
                   store->bytes / 1024);
    }
}

static void
put_history(const struct incr *incr, struct str *s)
{
    size_t n = MIN(incr->counts.n_steps, INCR_N_HISTORY);

    str_put(s, "last steps:\n");
    for (size_t i = 1; i <= n; i++) {
        const struct step_record *r
            = &incr->history[(incr->counts.n_steps - i) % INCR_N_HISTORY];

        str_printf(s, "%10.3f ms: %zu inputs, %zu units, %zu facts: %s%s\n",
                   r->ns / 1e6, r->n_inputs, r->n_units, r->n_facts, r->what,
                   r->n_inputs > 2 ? ", ..." : "");
    }
}

void
incr_stats(const struct incr *incr, struct str *s)
{
    struct incr_counts counts = incr_counts(incr);

    str_printf(s, "steps %" PRIu64 ", evaluations %" PRIu64 ", wakes %" PRIu64
               ", reads %" PRIu64 ", emissions %" PRIu64 "\n"
               "rows %zu, units %zu, reads kept %zu, facts %zu, keys %zu, "
               "about %zu KiB\n",
               counts.n_steps, counts.n_evaluations, counts.n_wakes,
               counts.n_reads, counts.n_emits, counts.n_rows, counts.n_units,
               counts.n_edges, counts.n_facts, counts.n_groups,
               counts.bytes / 1024);
    put_unit_stats(incr, s);
    put_fact_stats(incr, s);
    put_history(incr, s);
}

uint64_t
incr_evaluations(const struct incr *incr, const char *unit_class)
{
    for (size_t i = 0; i < incr->program->n_units; i++) {
        if (!strcmp(incr->program->units[i].name, unit_class)) {
            return incr->unit_stats[i].n_evaluations;
        }
    }
    return 0;
}

void
incr_clear_stats(struct incr *incr)
{
    memset(incr->unit_stats, 0,
           incr->program->n_units * sizeof *incr->unit_stats);
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        incr->facts[i].n_changes = 0;
    }
    incr->counts.n_evaluations = incr->counts.n_wakes = 0;
    incr->counts.n_reads = incr->counts.n_emits = incr->counts.n_shared = 0;
}

/* Verification. */

struct verification {
    struct incr *incr;
    struct incr_ctx ctx;
    struct str *s;
    size_t n, max;
};

static bool
differs(struct verification *v)
{
    return v->n++ < v->max;
}

static int
compare_pointers(const void *a_, const void *b_)
{
    uintptr_t a = *(const uintptr_t *) a_, b = *(const uintptr_t *) b_;

    return a < b ? -1 : a > b;
}

static void
report_fact(struct verification *v, const struct unit *unit,
            const struct incr_fact *fact, const char *what)
{
    if (differs(v)) {
        str_printf(v->s, "%s of ", unit_class(unit)->name);
        put_target(v->incr, unit_subject(unit), v->s);
        str_printf(v->s, " %s %s ", what,
                   v->incr->facts[fact->group->class_id].class->name);
        put_key(v->incr, fact->group, v->s);
        str_put(v->s, " = ");
        put_value(v->incr, fact, v->s);
        str_put_char(v->s, '\n');
    }
}

/* Compares what 'unit' emits now with what it holds, as multisets. */
static void
verify_facts(struct verification *v, struct unit *unit,
             const struct result *result)
{
    struct emission *emissions = (v->ctx.emissions.items
                                  + result->first_emission);
    struct incr_fact **new_ = xmalloc((result->n_emissions + 1) * sizeof *new_);
    struct incr_fact **old = xmemdup(unit_facts(unit),
                                      unit->n_facts * sizeof *old);
    size_t n_new = 0, i = 0, j = 0;

    for (size_t k = 0; k < result->n_emissions; k++) {
        if (emissions[k].fresh == NOT_FRESH) {
            new_[n_new++] = emissions[k].fact;
        } else {
            report_fact(v, unit, emissions[k].fact, "would emit");
        }
    }
    if (n_new) {
        qsort(new_, n_new, sizeof *new_, compare_pointers);
    }
    if (unit->n_facts) {
        qsort(old, unit->n_facts, sizeof *old, compare_pointers);
    }
    while (i < n_new || j < unit->n_facts) {
        if (j >= unit->n_facts || (i < n_new && new_[i] < old[j])) {
            report_fact(v, unit, new_[i++], "would emit");
        } else if (i >= n_new || new_[i] > old[j]) {
            report_fact(v, unit, old[j++], "would not emit");
        } else {
            i++;
            j++;
        }
    }
    free(new_);
    free(old);
}

static bool
has_edge(const struct unit *unit, const struct read *read)
{
    for (uint32_t i = 0; i < unit->n_edges; i++) {
        if (unit->edges[i].target == read->target) {
            return !(read->columns & ~unit->edges[i].columns);
        }
    }
    return false;
}

/* A read without its edge would miss a wake. */
static void
verify_reads(struct verification *v, const struct unit *unit,
             const struct result *result)
{
    for (size_t i = 0; i < result->n_reads; i++) {
        const struct read *read = &v->ctx.reads.items[result->first_read + i];
        bool same = (i < unit->n_edges
                     && unit->edges[i].target == read->target
                     && !(read->columns & ~unit->edges[i].columns));

        if ((read->fresh || (!same && !has_edge(unit, read))) && differs(v)) {
            str_printf(v->s, "%s of ", unit_class(unit)->name);
            put_target(v->incr, unit_subject(unit), v->s);
            str_put(v->s, " reads without an edge ");
            put_target(v->incr, read->target, v->s);
            str_put_char(v->s, '\n');
        }
    }
}

/* Frees what an evaluation made that is not committed. */
static void
discard(struct incr_ctx *ctx)
{
    VEC_FOR_EACH (read, &ctx->reads) {
        if (read->fresh) {
            group_destroy(CONTAINER_OF(read->target, struct group, target));
        }
    }
    VEC_FOR_EACH (emission, &ctx->emissions) {
        if (emission->fresh == FRESH_GROUP) {
            group_destroy(group_cast(emission->fact->group));
        }
        if (emission->fresh != NOT_FRESH) {
            free(emission->fact);
        }
    }
    ctx_reset(ctx);
}

static void
verify_unit(struct unit *unit, void *v_)
{
    struct verification *v = v_;
    struct result result;

    unit_evaluate(&v->ctx, unit, &result);
    verify_facts(v, unit, &result);
    verify_reads(v, unit, &result);
    if (!unit_subject(unit)->is_group && result.own_columns & ~unit->own_columns
        && differs(v)) {
        str_printf(v->s, "%s does not note columns of its subject ",
                   unit_class(unit)->name);
        put_target(v->incr, unit_subject(unit), v->s);
        str_put_char(v->s, '\n');
    }
    discard(&v->ctx);
}

static void
uncount_emissions(struct unit *unit, void *aux)
{
    for (uint32_t i = 0; i < unit->n_facts; i++) {
        unit_facts(unit)[i]->n_emitters--;
    }
}

static void
recount_emissions(struct unit *unit, void *aux)
{
    for (uint32_t i = 0; i < unit->n_facts; i++) {
        unit_facts(unit)[i]->n_emitters++;
    }
}

/* With every unit's emissions taken away, facts that units emit have no
 * emitters and input facts have one, alone in their group. */
static void
verify_counts(struct verification *v)
{
    struct incr *incr = v->incr;

    for_each_unit(incr, uncount_emissions, NULL);
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct group *group;

        GROUP_FOR_EACH (group, &incr->facts[i]) {
            for (uint32_t j = 0; j < group->pub.n; j++) {
                uint32_t n = group_members(group)[j]->n_emitters;

                if (n && (n != 1 || group->pub.n != 1) && differs(v)) {
                    str_printf(v->s, "%s ", incr->facts[i].class->name);
                    put_key(incr, &group->pub, v->s);
                    str_put(v->s, " miscounts its emitters\n");
                }
            }
        }
    }
    for_each_unit(incr, recount_emissions, NULL);
}

static bool
has_units(const struct unit_set *set, size_t n)
{
    return set ? set->n == n && set->n_alive == n : n == 0;
}

static void
verify_subjects(struct verification *v)
{
    struct incr *incr = v->incr;

    for (size_t i = 0; i < incr->program->n_tables; i++) {
        struct table_store *table = &incr->tables[i];

        VEC_FOR_EACH (row, &table->rows) {
            if (!has_units((*row)->units, table->units.n) && differs(v)) {
                str_printf(v->s, "a row of %s lacks units\n",
                           table->table->name);
            }
        }
    }
    for (size_t i = 0; i < incr->program->n_facts; i++) {
        struct fact_store *store = &incr->facts[i];
        struct group *group;

        GROUP_FOR_EACH (group, store) {
            size_t want = group->pub.n ? store->units.n : 0;

            if (!has_units(group->units, want) && differs(v)) {
                str_printf(v->s, "%s ", store->class->name);
                put_key(incr, &group->pub, v->s);
                str_put(v->s, " has not the units it should\n");
            }
        }
    }
}

size_t
incr_verify(struct incr *incr, size_t max, struct str *s)
{
    struct verification v = { .incr = incr, .s = s, .max = max };

    assert(!incr->pending);
    ctx_init(&v.ctx, incr);
    verify_subjects(&v);
    verify_counts(&v);
    for_each_unit(incr, verify_unit, &v);
    ctx_uninit(&v.ctx);
    return v.n;
}

/* Causes. */

struct why {
    const struct incr *incr;
    struct str *s;
};

static void
explain_unit(struct unit *unit, void *why_)
{
    const struct why *why = why_;
    const struct group *last = NULL;

    for (uint32_t i = 0; i < unit->n_facts; i++) {
        struct incr_fact *fact = unit_facts(unit)[i];
        const struct group *group = group_cast(fact->group);

        if (!(group->pub.flags & GROUP_MARKED)) {
            continue;
        }
        if (group != last) {
            put_target(why->incr, &group->target, why->s);
            str_put(why->s, "\n");
        }
        if (fact->value_size) {
            str_put(why->s, "  = ");
            put_value(why->incr, fact, why->s);
            str_put_char(why->s, '\n');
        }
        last = group;
    }
    if (last) {
        str_printf(why->s, "  by %s of ", unit_class(unit)->name);
        put_target(why->incr, unit_subject(unit), why->s);
        if (!unit_subject(unit)->is_group) {
            put_columns(why->incr, unit_subject(unit), unit->own_columns, why->s);
        }
        str_put_char(why->s, '\n');
        for (uint32_t i = 0; i < unit->n_edges; i++) {
            str_put(why->s, "    read ");
            put_target(why->incr, unit->edges[i].target, why->s);
            put_columns(why->incr, unit->edges[i].target,
                        unit->edges[i].columns, why->s);
            str_put_char(why->s, '\n');
        }
    }
}

/* Marks up to 'max' groups of 'store' whose key contains 'key'. */
static size_t
mark_groups(const struct incr *incr, const struct fact_store *store,
            const char *key, size_t max)
{
    struct str s = STR_EMPTY;
    struct group *group;
    size_t n = 0;

    GROUP_FOR_EACH (group, store) {
        if (group->pub.n && n < max) {
            str_clear(&s);
            put_key(incr, &group->pub, &s);
            if (strstr(str_cstr(&s), key)) {
                group->pub.flags |= GROUP_MARKED;
                n++;
            }
        }
    }
    str_uninit(&s);
    return n;
}

void
incr_why(const struct incr *incr, const char *class_name, const char *key,
         size_t max, struct str *s)
{
    struct why why = { incr, s };
    size_t n = 0;

    for (size_t i = 0; i < incr->program->n_facts; i++) {
        if (!strcmp(incr->facts[i].class->name, class_name)) {
            struct group *group;

            n = mark_groups(incr, &incr->facts[i], key, max);
            for_each_unit(incr, explain_unit, &why);
            GROUP_FOR_EACH (group, &incr->facts[i]) {
                group->pub.flags &= ~GROUP_MARKED;
            }
        }
    }
    if (!n) {
        str_printf(s, "no fact of class \"%s\" has \"%s\" in its key\n",
                   class_name, key);
    }
}
