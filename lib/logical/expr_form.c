/* SPDX-License-Identifier: Apache-2.0 */

/* Cubes, dimensions, clauses: their simplification, "and" and "or". */

#include "lib/logical/expr_form.h"

#include <errno.h>

/* Bounds that keep normalisation from exploding before there are matches. */
#define MAX_CLAUSES 10000
/* Pairs of cubes compared while dimensions over one base are intersected. */
#define MAX_WORK (20 * 1000 * 1000)
/* Dimensions over one base are intersected up to this product. */
#define MAX_INTERSECTION 4096

/* ## Cubes ## */

static const struct cube empty_cube;

/* Finds the intersection of 'a' and 'b'; false if it is empty. */
bool
cube_and(struct compiler *c, const struct cube *a, const struct cube *b,
         struct cube *ret)
{
    struct expr_term *terms;
    size_t i = 0, j = 0, n = 0;

    ret->is_member = a->is_member || b->is_member;
    if (!a->n_terms || !b->n_terms) {
        const struct cube *x = a->n_terms ? a : b;

        ret->terms = x->terms;
        ret->n_terms = x->n_terms;
        return true;
    }
    terms = arena_array(&c->arena, struct expr_term, a->n_terms + b->n_terms);
    while (i < a->n_terms && j < b->n_terms) {
        const struct expr_term *s = &a->terms[i];
        const struct expr_term *t = &b->terms[j];

        if (s->base < t->base) {
            terms[n++] = *s;
            i++;
        } else if (t->base < s->base) {
            terms[n++] = *t;
            j++;
        } else {
            if ((s->value ^ t->value) & s->mask & t->mask) {
                return false;
            }
            terms[n].base = s->base;
            terms[n].value = s->value | t->value;
            terms[n++].mask = s->mask | t->mask;
            i++;
            j++;
        }
    }
    while (i < a->n_terms) {
        terms[n++] = a->terms[i++];
    }
    while (j < b->n_terms) {
        terms[n++] = b->terms[j++];
    }
    ret->terms = terms;
    ret->n_terms = n;
    return true;
}

bool
cube_equals(const struct cube *a, const struct cube *b)
{
    if (a->n_terms != b->n_terms) {
        return false;
    }
    for (size_t i = 0; i < a->n_terms; i++) {
        const struct expr_term *s = &a->terms[i];
        const struct expr_term *t = &b->terms[i];

        if (s->base != t->base || s->value != t->value || s->mask != t->mask) {
            return false;
        }
    }
    return true;
}

uint32_t
cube_bases(const struct cube *cube)
{
    uint32_t map = 0;

    for (size_t i = 0; i < cube->n_terms; i++) {
        map |= 1u << cube->terms[i].base;
    }
    return map;
}

uint32_t
dim_bases(const struct dim *dim)
{
    uint32_t map = 0;

    for (size_t i = 0; i < dim->n; i++) {
        map |= cube_bases(&dim->cubes[i]);
    }
    return map;
}

/* ## Forms ## */

struct form
form_false(void)
{
    return (struct form) { NULL, 0 };
}

static struct form
form_of_cube(struct compiler *c, const struct cube *cube)
{
    struct clause *clause = arena_new(&c->arena, struct clause);

    clause->cube = *cube;
    return (struct form) { clause, 1 };
}

struct form
form_true(struct compiler *c)
{
    return form_of_cube(c, &empty_cube);
}

/* The form of one dimension; simpler if the dimension is. */
struct form
form_of_dim(struct compiler *c, const struct cube *cubes, size_t n,
            bool has_set)
{
    struct clause *clause;
    const struct dim **dims;
    struct dim *dim;

    if (!has_set && n <= 1) {
        return n ? form_of_cube(c, cubes) : form_false();
    }
    dim = arena_new(&c->arena, struct dim);
    *dim = (struct dim) { cubes, n, has_set };
    dims = arena_array(&c->arena, const struct dim *, 1);
    dims[0] = dim;
    clause = arena_new(&c->arena, struct clause);
    clause->dims = dims;
    clause->n_dims = 1;
    return (struct form) { clause, 1 };
}

void
form_too_big(struct compiler *c, const char *what, size_t n, size_t limit)
{
    if (!c->error) {
        c->error = error_create(E2BIG, "match expands to %zu %s, more than "
                                "the %zu allowed", n, what, limit);
    }
}

/* ## Reduction of clauses ##
 *
 * What a clause's cube already says is taken out of its dimensions. */

/* Copies to 'ret' what 'cube' says beyond 'base' and returns true; false if
 * they contradict each other. */
static bool
cube_beyond(struct compiler *c, const struct cube *cube,
            const struct cube *base, struct cube *ret)
{
    struct expr_term *terms = NULL;
    size_t n = 0;

    for (size_t i = 0, j = 0; i < cube->n_terms; i++) {
        const struct expr_term *t = &cube->terms[i];

        while (j < base->n_terms && base->terms[j].base < t->base) {
            j++;
        }
        if (j < base->n_terms && base->terms[j].base == t->base) {
            const struct expr_term *s = &base->terms[j];

            if ((s->value ^ t->value) & s->mask & t->mask) {
                return false;
            }
            if (!(t->mask & ~s->mask)) {
                if (!terms) {
                    terms = arena_array(&c->arena, struct expr_term,
                                        cube->n_terms);
                    memcpy(terms, cube->terms, i * sizeof *terms);
                    n = i;
                }
                continue;
            }
        }
        if (terms) {
            terms[n++] = *t;
        }
    }
    *ret = *cube;
    if (terms) {
        ret->terms = terms;
        ret->n_terms = n;
    }
    return true;
}

/* Returns 'dim' without what 'base' decides.  Sets '*ret_true' if one of the
 * cubes is certain. */
static const struct dim *
dim_beyond(struct compiler *c, const struct dim *dim, const struct cube *base,
           bool *ret_true)
{
    struct cube *cubes;
    struct dim *ret;
    size_t n = 0;

    *ret_true = false;
    if (!(dim_bases(dim) & cube_bases(base))) {
        return dim;
    }
    cubes = arena_array(&c->arena, struct cube, dim->n);
    for (size_t i = 0; i < dim->n; i++) {
        if (cube_beyond(c, &dim->cubes[i], base, &cubes[n])) {
            *ret_true = *ret_true || !cubes[n].n_terms;
            n++;
        }
    }
    ret = arena_new(&c->arena, struct dim);
    *ret = (struct dim) { cubes, n, dim->has_set };
    return ret;
}

static bool
dim_equals(const struct dim *a, const struct dim *b)
{
    if (a == b) {
        return true;
    }
    if (a->n != b->n || a->n > 16 || a->has_set || b->has_set) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!cube_equals(&a->cubes[i], &b->cubes[i])) {
            return false;
        }
    }
    return true;
}

/* If 'a' and 'b' are over the same one base and small, returns their
 * intersection, else NULL. */
static const struct dim *
dim_intersect(struct compiler *c, const struct dim *a, const struct dim *b)
{
    uint32_t bases = dim_bases(a);
    struct cube *cubes;
    struct dim *ret;
    size_t n = 0;

    if (a->has_set || b->has_set || !IS_POW2(bases) || bases != dim_bases(b)
        || a->n * b->n > MAX_INTERSECTION) {
        return NULL;
    }
    cubes = arena_array(&c->arena, struct cube, a->n + b->n + 1);
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            size_t k;

            c->work += 1 + n;
            if (!cube_and(c, &a->cubes[i], &b->cubes[j], &cubes[n])) {
                continue;
            }
            for (k = 0; k < n && !cube_equals(&cubes[k], &cubes[n]); k++) {
            }
            n += k == n;
            if (n > a->n + b->n) {
                /* Worse than two dimensions. */
                return NULL;
            }
        }
    }
    ret = arena_new(&c->arena, struct dim);
    *ret = (struct dim) { cubes, n, false };
    return ret;
}

/* Puts 'dim' among the 'n' of 'dims', into another one if it can. */
static size_t
put_dim(struct compiler *c, const struct dim **dims, size_t n,
        const struct dim *dim)
{
    for (size_t i = 0; i < n; i++) {
        const struct dim *both;

        if (dim_equals(dims[i], dim)) {
            return n;
        }
        both = dim_intersect(c, dims[i], dim);
        if (both) {
            dims[i] = both;
            return n;
        }
    }
    dims[n] = dim;
    return n + 1;
}

/* Simplifies the clause of 'cube' and the 'n' 'dims' into '*ret'.  Returns
 * false if it is never true. */
bool
clause_reduce(struct compiler *c, struct cube cube,
              const struct dim *const *dims, size_t n, struct clause *ret)
{
    const struct dim **out = arena_array(&c->arena, const struct dim *,
                                         MAX(n, 1));
    bool changed;

    do {
        size_t n_out = 0;

        changed = false;
        for (size_t i = 0; i < n; i++) {
            bool is_true;
            const struct dim *dim = dim_beyond(c, dims[i], &cube, &is_true);

            if (dim->has_set) {
                n_out = put_dim(c, out, n_out, dim);
            } else if (!dim->n) {
                return false;
            } else if (is_true) {
                continue;
            } else if (dim->n == 1) {
                if (!cube_and(c, &cube, &dim->cubes[0], &cube)) {
                    return false;
                }
                changed = true;
            } else {
                n_out = put_dim(c, out, n_out, dim);
            }
        }
        for (size_t i = 0; i < n_out; i++) {
            changed = changed || (!out[i]->has_set && out[i]->n <= 1);
        }
        dims = out;
        n = n_out;
    } while (changed);
    *ret = (struct clause) { cube, dims, n };
    return true;
}

/* ## And, or ## */

struct form
form_and(struct compiler *c, struct form a, struct form b)
{
    struct form ret;

    if (!a.n || !b.n) {
        return form_false();
    }
    if (a.n * b.n > MAX_CLAUSES) {
        form_too_big(c, "alternatives", a.n * b.n, MAX_CLAUSES);
        return form_false();
    }
    ret.clauses = arena_array(&c->arena, struct clause, a.n * b.n);
    ret.n = 0;
    for (size_t i = 0; i < a.n; i++) {
        for (size_t j = 0; j < b.n; j++) {
            const struct clause *s = &a.clauses[i];
            const struct clause *t = &b.clauses[j];
            size_t n_dims = s->n_dims + t->n_dims;
            struct cube cube;
            const struct dim **dims;

            if (c->work > MAX_WORK) {
                form_too_big(c, "alternatives", a.n * b.n, i * b.n + j);
                return form_false();
            }
            if (!cube_and(c, &s->cube, &t->cube, &cube)) {
                continue;
            }
            if (!n_dims) {
                ret.clauses[ret.n++] = (struct clause) { .cube = cube };
                continue;
            }
            dims = arena_array(&c->arena, const struct dim *, n_dims);
            if (s->n_dims) {
                memcpy(dims, s->dims, s->n_dims * sizeof *dims);
            }
            if (t->n_dims) {
                memcpy(dims + s->n_dims, t->dims, t->n_dims * sizeof *dims);
            }
            ret.n += clause_reduce(c, cube, dims, n_dims, &ret.clauses[ret.n]);
        }
    }
    return ret;
}

/* Appends the cubes of 'clause', which has at most one dimension, without the
 * terms of 'common', to 'cubes' and returns how many there are. */
static size_t
put_clause_cubes(struct compiler *c, const struct clause *clause,
                 const struct cube *common, struct cube *cubes)
{
    struct cube cube;
    size_t n = 0;

    cube_beyond(c, &clause->cube, common, &cube);
    if (!clause->n_dims) {
        *cubes = cube;
        return 1;
    }
    for (size_t i = 0; i < clause->dims[0]->n; i++) {
        n += cube_and(c, &cube, &clause->dims[0]->cubes[i], &cubes[n]);
    }
    return n;
}

/* Keeps of 'common' the terms that 'cube' has too. */
static void
cube_keep_common(struct compiler *c, struct cube *common,
                 const struct cube *cube)
{
    struct expr_term *terms = arena_array(&c->arena, struct expr_term,
                                          MAX(common->n_terms, 1));
    size_t n = 0;

    for (size_t i = 0; i < common->n_terms; i++) {
        const struct expr_term *s = &common->terms[i];

        for (size_t j = 0; j < cube->n_terms; j++) {
            const struct expr_term *t = &cube->terms[j];

            if (s->base == t->base && s->value == t->value
                && s->mask == t->mask) {
                terms[n++] = *s;
            }
        }
    }
    common->terms = terms;
    common->n_terms = n;
}

struct form
form_or(struct compiler *c, const struct form *forms, size_t n_forms)
{
    size_t n_cubes = 0, n_flat = 0, n_rest = 0, n = 0;
    bool has_set = false;
    struct clause *rest;
    struct cube *cubes;
    struct cube common = empty_cube;
    struct form flat = { NULL, 0 };

    for (size_t i = 0; i < n_forms; i++) {
        for (size_t j = 0; j < forms[i].n; j++) {
            const struct clause *clause = &forms[i].clauses[j];

            if (clause->n_dims <= 1) {
                if (!n_flat) {
                    common = clause->cube;
                } else {
                    cube_keep_common(c, &common, &clause->cube);
                }
                n_flat++;
                n_cubes += clause->n_dims ? clause->dims[0]->n : 1;
                has_set |= clause->n_dims && clause->dims[0]->has_set;
            } else {
                n_rest++;
            }
        }
    }
    if (n_rest + 1 > MAX_CLAUSES) {
        form_too_big(c, "alternatives", n_rest, MAX_CLAUSES);
        return form_false();
    }
    cubes = arena_array(&c->arena, struct cube, MAX(n_cubes, 1));
    rest = arena_array(&c->arena, struct clause, n_rest + 1);
    n_rest = 0;
    for (size_t i = 0; i < n_forms; i++) {
        for (size_t j = 0; j < forms[i].n; j++) {
            const struct clause *clause = &forms[i].clauses[j];

            if (clause->n_dims > 1) {
                rest[n_rest++] = *clause;
            } else if (n_flat == 1) {
                flat = (struct form) { &forms[i].clauses[j], 1 };
            } else {
                n += put_clause_cubes(c, clause, &common, &cubes[n]);
            }
        }
    }
    if (n_flat != 1) {
        flat = form_of_dim(c, cubes, n, has_set);
        flat = common.n_terms ? form_and(c, form_of_cube(c, &common), flat)
               : flat;
    }
    if (flat.n) {
        rest[n_rest++] = flat.clauses[0];
    }
    return (struct form) { rest, n_rest };
}
