/* SPDX-License-Identifier: Apache-2.0 */

/* Clauses as matches, conjunctive where that is smaller; equal matches become
 * one. */

#include "lib/logical/expr_form.h"

#include "lib/base/hash.h"

/* Bases whose value decides what other bases may be matched. */
#define PREREQ_BASES ((1u << BASE_ETH_TYPE) | (1u << BASE_IP_PROTO))

/* Clauses of one conjunction. */
#define MAX_CONJ_CLAUSES 64

uint64_t
expr_match_hash(const struct expr_match *m, uint64_t basis)
{
    uint64_t hash = hash_word(m->conj_id, basis);

    for (size_t i = 0; i < m->n_terms; i++) {
        const struct expr_term *t = &m->terms[i];

        hash = hash_combine(hash, (uint64_t) t->value ^ t->base);
        hash = hash_combine(hash, ((uint64_t) (t->value >> 64)
                                   ^ (uint64_t) t->mask
                                   ^ (uint64_t) (t->mask >> 64)));
    }
    return hash;
}

bool
expr_match_equals(const struct expr_match *a, const struct expr_match *b)
{
    struct cube x = { .terms = a->terms, .n_terms = a->n_terms };
    struct cube y = { .terms = b->terms, .n_terms = b->n_terms };

    return a->conj_id == b->conj_id && cube_equals(&x, &y);
}

static void
index_item(struct compiler *c, size_t item, uint64_t hash)
{
    size_t i = hash & c->index_mask;

    while (c->index[i]) {
        i = (i + 1) & c->index_mask;
    }
    c->index[i] = item + 1;
}

static void
grow_index(struct compiler *c)
{
    size_t n = MAX(64, 4 * c->out->items.n);

    n = (size_t) 1 << (64 - __builtin_clzll(n - 1));
    free(c->index);
    c->index = xcalloc(n, sizeof *c->index);
    c->index_mask = n - 1;
    for (size_t i = 0; i < c->out->items.n; i++) {
        index_item(c, i, expr_match_hash(&c->out->items.items[i], 0));
    }
}

static struct expr_match *
find_match(struct compiler *c, const struct expr_match *m, uint64_t hash)
{
    for (size_t i = hash & c->index_mask; c->index[i];
         i = (i + 1) & c->index_mask) {
        struct expr_match *found = &c->out->items.items[c->index[i] - 1];

        if (expr_match_equals(found, m)) {
            return found;
        }
    }
    return NULL;
}

/* Adds what 'm' says to an equal match that is there. */
static void
merge_match(struct compiler *c, struct expr_match *old,
            const struct expr_match *m)
{
    struct expr_conj *conjs;

    old->n_sources++;
    if (!m->n_conjs || !old->n_conjs) {
        /* What matches as a whole need not match as a part. */
        old->n_conjs = 0;
        old->conjs = NULL;
        return;
    }
    for (size_t i = 0; i < old->n_conjs; i++) {
        if (old->conjs[i].id == m->conjs->id
            && old->conjs[i].clause == m->conjs->clause) {
            return;
        }
    }
    conjs = arena_array(&c->out->arena, struct expr_conj, old->n_conjs + 1);
    memcpy(conjs, old->conjs, old->n_conjs * sizeof *conjs);
    conjs[old->n_conjs++] = *m->conjs;
    old->conjs = conjs;
}

static void
emit(struct compiler *c, const struct cube *cube, uint32_t conj_id,
     const struct expr_conj *conj)
{
    struct expr_match m = {
        .terms = cube->terms,
        .n_terms = cube->n_terms,
        .conj_id = conj_id,
        .conjs = conj,
        .n_conjs = conj != NULL,
        .n_sources = 1,
    };
    struct expr_match *old;
    uint64_t hash;

    if (c->error || (c->member_set && !cube->is_member)) {
        return;
    }
    if (c->out->items.n >= c->max_matches) {
        form_too_big(c, "OpenFlow flows", c->out->items.n + 1, c->max_matches);
        return;
    }
    if (c->out->items.n) {
        if (!c->index || c->out->items.n * 2 > c->index_mask) {
            grow_index(c);
        }
        hash = expr_match_hash(&m, 0);
        old = find_match(c, &m, hash);
        if (old) {
            merge_match(c, old, &m);
            return;
        }
        index_item(c, c->out->items.n, hash);
    }
    m.terms = arena_memdup(&c->out->arena, cube->terms,
                           cube->n_terms * sizeof *cube->terms);
    if (conj) {
        m.conjs = arena_memdup(&c->out->arena, conj, sizeof *conj);
    }
    vec_push(&c->out->items, m);
}

/* Emits 'cube' with each combination of the cubes of 'dims'. */
static void
emit_product(struct compiler *c, const struct cube *cube,
             const struct dim *const *dims, size_t n_dims)
{
    if (!n_dims) {
        emit(c, cube, 0, NULL);
        return;
    }
    for (size_t i = 0; i < dims[0]->n && !c->error; i++) {
        struct cube both;

        if (cube_and(c, cube, &dims[0]->cubes[i], &both)) {
            emit_product(c, &both, dims + 1, n_dims - 1);
        }
    }
}

static void
emit_conjunction(struct compiler *c, const struct clause *clause)
{
    struct expr_conj conj = {
        .id = ++c->out->n_conj_ids,
        .n_clauses = clause->n_dims,
    };

    if (clause->n_dims > MAX_CONJ_CLAUSES) {
        form_too_big(c, "dimensions", clause->n_dims, MAX_CONJ_CLAUSES);
        return;
    }
    for (size_t i = 0; i < clause->n_dims; i++) {
        const struct dim *dim = clause->dims[i];

        conj.clause = i;
        for (size_t j = 0; j < dim->n && !c->error; j++) {
            struct cube both;

            if (cube_and(c, &clause->cube, &dim->cubes[j], &both)) {
                emit(c, &both, 0, &conj);
            }
        }
    }
    emit(c, &clause->cube, conj.id, NULL);
}

/* Is the product of the dimensions at most what a conjunction would take? */
static bool
is_product_small(const struct clause *clause)
{
    size_t product = 1;
    size_t sum = 1;

    if (clause->n_dims <= 1) {
        return true;
    }
    for (size_t i = 0; i < clause->n_dims; i++) {
        const struct dim *dim = clause->dims[i];

        if (dim->has_set || dim->n > 1000) {
            return false;
        }
        sum += dim->n;
        if (product <= 1000000) {
            product *= dim->n;
        }
    }
    return product <= sum;
}

/* The bases that decide what may be matched, in a clause that matches 'all'
 * bases: those of neighbour discovery depend on the ICMPv6 type as well. */
static uint32_t
prereq_bases(uint32_t all)
{
    uint32_t nd = (1u << BASE_ND_TARGET | 1u << BASE_ARP_SHA
                   | 1u << BASE_ARP_THA);

    return (PREREQ_BASES
            | (all & nd ? 1u << BASE_TP_SRC | 1u << BASE_TP_DST : 0));
}

/* Keeps of 'cube' only the terms of 'bases'. */
static struct cube
cube_project(struct compiler *c, const struct cube *cube, uint32_t keep)
{
    struct expr_term *terms = arena_array(&c->arena, struct expr_term,
                                          MAX(cube->n_terms, 1));
    struct cube ret = { .terms = terms, .is_member = cube->is_member };

    for (size_t i = 0; i < cube->n_terms; i++) {
        if (keep & (1u << cube->terms[i].base)) {
            terms[ret.n_terms++] = cube->terms[i];
        }
    }
    return ret;
}

/* Splits 'clause' by the values that the cubes of dimension 'at' have in
 * 'bases'. */
static void
split_clause(struct compiler *c, const struct clause *clause, size_t at,
             uint32_t keep)
{
    const struct dim *dim = clause->dims[at];
    bool *done = arena_zalloc(&c->arena, MAX(dim->n, 1));

    c->is_entangled |= dim->has_set;
    for (size_t i = 0; i < dim->n && !c->error; i++) {
        const struct dim **dims;
        struct cube *cubes;
        struct clause part;
        struct dim rest = { .n = 0 };
        struct cube key, cube;

        if (done[i]) {
            continue;
        }
        key = cube_project(c, &dim->cubes[i], keep);
        cubes = arena_array(&c->arena, struct cube, dim->n - i);
        for (size_t j = i; j < dim->n; j++) {
            struct cube other = cube_project(c, &dim->cubes[j], keep);

            if (!done[j] && cube_equals(&key, &other)) {
                cubes[rest.n++] = dim->cubes[j];
                done[j] = true;
            }
        }
        rest.cubes = cubes;
        rest.has_set = dim->has_set;
        dims = arena_memdup(&c->arena, clause->dims,
                            clause->n_dims * sizeof *dims);
        dims[at] = arena_memdup(&c->arena, &rest, sizeof rest);
        key.is_member = false;
        if (cube_and(c, &clause->cube, &key, &cube)
            && clause_reduce(c, cube, dims, clause->n_dims, &part)) {
            clause_emit(c, &part);
        }
    }
}

void
clause_emit(struct compiler *c, const struct clause *clause)
{
    uint32_t all = cube_bases(&clause->cube);
    uint32_t keep;

    if (is_product_small(clause)) {
        emit_product(c, &clause->cube, clause->dims, clause->n_dims);
        return;
    }
    for (size_t i = 0; i < clause->n_dims; i++) {
        all |= dim_bases(clause->dims[i]);
    }
    keep = prereq_bases(all);
    for (int with_set = 0; with_set < 2; with_set++) {
        for (size_t i = 0; i < clause->n_dims; i++) {
            const struct dim *dim = clause->dims[i];

            if (dim->has_set == with_set && dim_bases(dim) & keep) {
                split_clause(c, clause, i, keep);
                return;
            }
        }
    }
    emit_conjunction(c, clause);
}
