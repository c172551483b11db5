/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/expr.h"

#include <errno.h>

#include "lib/base/hash.h"

/* From a tree to OpenFlow matches.
 *
 * A *cube* is a conjunction of terms, at most one for each base: what one
 * OpenFlow match can say.  A *dimension* is a disjunction of cubes.  A *clause*
 * is a conjunction of a cube and dimensions, and the normal form of an
 * expression is a disjunction of clauses.
 *
 *   - A comparison with n constants is one dimension of n one-term cubes.
 *   - "And" multiplies the clauses of its parts, which mostly are one each,
 *     and concatenates their dimensions.
 *   - "Or" of clauses with at most one dimension each is again one clause
 *     with one dimension: their sum.  So nothing multiplies unless clauses of
 *     several dimensions stand under an "or" under an "and".
 *
 * A clause without dimensions is one match; with one dimension, a match for
 * each cube.  With more, the product of the dimensions if that is small, else
 * conjunctive matches: the sum of the dimensions, plus one.
 *
 * OpenFlow requires that a match on, say, tcp_dst also fixes eth_type and
 * ip_proto.  So before a clause becomes conjunctive, dimensions that differ in
 * such bases are split by their values of them into several clauses.
 *
 * Address sets.  So that one member more is one flow more, whatever the shape
 * of a clause depends on leaves the contents of sets aside: a dimension with
 * a set in it stays one even if it has one cube or none, is never intersected
 * with another, and makes its clause conjunctive if there is another one.
 * Compiling for one member then is compiling with the other members, and all
 * other sets, empty.  Where that cannot work (a negated set; a clause split by
 * something in a set's dimension), 'is_entangled' says so. */

/* Bases whose value decides what other bases may be matched. */
#define PREREQ_BASES ((1u << BASE_ETH_TYPE) | (1u << BASE_IP_PROTO))

/* Bounds that keep normalisation from exploding before there are matches. */
#define MAX_CLAUSES 10000
/* Pairs of cubes compared while dimensions over one base are intersected. */
#define MAX_WORK (20 * 1000 * 1000)
#define MAX_CONJ_CLAUSES 64
/* Dimensions over one base are intersected up to this product. */
#define MAX_INTERSECTION 4096

struct cube {
    const struct expr_term *terms;   /* Sorted by base. */
    uint16_t n_terms;
    bool is_member;              /* Compiling for one member: from it. */
};

struct dim {
    const struct cube *cubes;
    size_t n;
    bool has_set;                /* Some cubes come from an address set. */
};

struct clause {
    struct cube cube;
    const struct dim *const *dims;
    uint32_t n_dims;
};

/* Normal form. */
struct form {
    struct clause *clauses;
    size_t n;
};

struct compiler {
    const struct expr_env *env;
    struct arena arena;          /* For what does not outlive compilation. */
    struct expr_matches *out;
    size_t max_matches;
    size_t work;                 /* Up to MAX_WORK. */

    /* Compiling for one member of one set. */
    const char *member_set;
    const struct const_set_item *member;
    bool is_entangled;

    struct error *error;         /* E2BIG: stop. */

    /* Matches by hash, once there may be duplicates. */
    uint32_t *index;             /* Item number plus 1; open addressing. */
    size_t index_mask;
};

/* ## Cubes ## */

static const struct cube empty_cube;

/* Finds the intersection of 'a' and 'b'; false if it is empty. */
static bool
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

static bool
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

static uint32_t
cube_bases(const struct cube *cube)
{
    uint32_t map = 0;

    for (size_t i = 0; i < cube->n_terms; i++) {
        map |= 1u << cube->terms[i].base;
    }
    return map;
}

static uint32_t
dim_bases(const struct dim *dim)
{
    uint32_t map = 0;

    for (size_t i = 0; i < dim->n; i++) {
        map |= cube_bases(&dim->cubes[i]);
    }
    return map;
}

/* ## Forms ## */

static struct form
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

static struct form
form_true(struct compiler *c)
{
    return form_of_cube(c, &empty_cube);
}

/* The form of one dimension; simpler if the dimension is. */
static struct form
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

static void
set_too_big(struct compiler *c, const char *what, size_t n, size_t limit)
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
static bool
reduce(struct compiler *c, struct cube cube, const struct dim *const *dims,
       size_t n, struct clause *ret)
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

static struct form
form_and(struct compiler *c, struct form a, struct form b)
{
    struct form ret;

    if (!a.n || !b.n) {
        return form_false();
    }
    if (a.n * b.n > MAX_CLAUSES) {
        set_too_big(c, "alternatives", a.n * b.n, MAX_CLAUSES);
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
                set_too_big(c, "alternatives", a.n * b.n, i * b.n + j);
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
            ret.n += reduce(c, cube, dims, n_dims, &ret.clauses[ret.n]);
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

static struct form
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
        set_too_big(c, "alternatives", n_rest, MAX_CLAUSES);
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

/* ## Comparisons ## */

struct cube_list {
    struct compiler *c;
    const struct symbol_bits *bits;
    VEC(struct expr_term) terms;
    bool has_set;
    size_t member_at;            /* Index of the term of the member, or
                                  * SIZE_MAX. */
};

/* Adds VALUE/MASK of the bits. */
static void
put_term(struct cube_list *l, u128 value, u128 mask)
{
    unsigned int ofs = l->bits->symbol->base_ofs + l->bits->ofs;
    unsigned int width = base_width(l->bits->symbol->base);
    u128 term_mask = mask << ofs;
    u128 term_value = (value & mask) << ofs;

    if (term_value & ~u128_low(width)) {
        /* arp.op has 16 bits, of which a flow keeps 8: never true. */
        return;
    }
    vec_push(&l->terms, (struct expr_term) {
        .base = l->bits->symbol->base,
        .value = term_value,
        .mask = term_mask & u128_low(width),
    });
}

static void
put_port(struct cube_list *l, const char *port)
{
    const struct expr_env *env = l->c->env;
    uint32_t key;

    if (!*port || !strcmp(port, "none")) {
        put_term(l, 0, UINT32_MAX);
    } else if (env->find_port && env->find_port(env->aux, port, &key)) {
        put_term(l, key, UINT32_MAX);
    }
}

static void
put_port_group(struct cube_list *l, const char *name)
{
    const struct expr_env *env = l->c->env;
    const char *const *ports;
    size_t n = 0;

    ports = (env->find_port_group
             ? env->find_port_group(env->aux, name, &n) : NULL);
    for (size_t i = 0; ports && i < n; i++) {
        put_port(l, ports[i]);
    }
}

static void
put_set_item(struct cube_list *l, const struct const_set_item *item)
{
    u128 all = u128_low(l->bits->n_bits);

    if (!(item->value & ~all)) {
        put_term(l, item->value, item->mask & all);
    }
}

static void
put_set(struct cube_list *l, const char *name)
{
    struct compiler *c = l->c;
    const struct const_set *set;

    l->has_set = true;
    if (c->member_set) {
        if (!strcmp(c->member_set, name)) {
            if (l->member_at != SIZE_MAX) {
                /* "{$a, $a}". */
                c->is_entangled = true;
            }
            l->member_at = l->terms.n;
            put_set_item(l, c->member);
        }
        return;
    }
    set = c->env->find_set ? c->env->find_set(c->env->aux, name) : NULL;
    if (set) {
        vec_reserve(&l->terms, l->terms.n + set->n);
        for (size_t i = 0; i < set->n; i++) {
            put_set_item(l, &set->items[i]);
        }
    }
}

static void
put_constant(struct cube_list *l, const struct expr_constant *constant)
{
    switch (constant->type) {
    case EXPR_CONST_INTEGER:
        put_term(l, constant->value, constant->mask);
        break;
    case EXPR_CONST_STRING:
        put_port(l, constant->string);
        break;
    case EXPR_CONST_SET:
        put_set(l, constant->string);
        break;
    case EXPR_CONST_PORT_GROUP:
        put_port_group(l, constant->string);
        break;
    }
}

/* Prefixes that together are LOW..HIGH, of 'width' bits. */
static void
put_range(struct cube_list *l, u128 low, u128 high, unsigned int width)
{
    for (;;) {
        unsigned int n = 0;      /* Low bits that are wild. */

        while (n < width && !(low & u128_low(n + 1))
               && (low | u128_low(n + 1)) <= high) {
            n++;
        }
        put_term(l, low, u128_low(width) & ~u128_low(n));
        if ((low | u128_low(n)) >= high) {
            return;
        }
        low = (low | u128_low(n)) + 1;
    }
}

/* Everything but VALUE/MASK: one bit of it differs. */
static void
put_not(struct cube_list *l, u128 value, u128 mask)
{
    for (int i = 0; i < l->bits->n_bits; i++) {
        u128 bit = (u128) 1 << i;

        if (mask & bit) {
            put_term(l, ~value & bit, bit);
        }
    }
}

/* Complements of sets of prefixes, by the binary trie that they are, walked
 * without building it: 'items' sorted, those within PREFIX/DEPTH. */
static void
put_complement(struct cube_list *l, const struct const_set_item *items,
               size_t n, u128 prefix, unsigned int depth)
{
    unsigned int width = l->bits->n_bits;
    u128 mask = u128_low(width) & ~u128_low(width - depth);
    size_t split;
    u128 bit;

    if (!n) {
        put_term(l, prefix, mask);
        return;
    }
    for (size_t i = 0; i < n && items[i].value == prefix; i++) {
        if (!(items[i].mask & ~mask)) {
            return;
        }
    }
    bit = (u128) 1 << (width - depth - 1);
    for (size_t lo = 0, hi = n;;) {
        split = lo + (hi - lo) / 2;
        if (lo >= hi) {
            split = lo;
            break;
        }
        if (items[split].value & bit) {
            hi = split;
        } else {
            lo = split + 1;
        }
    }
    put_complement(l, items, split, prefix, depth + 1);
    put_complement(l, items + split, n - split, prefix | bit, depth + 1);
}

typedef VEC(struct const_set_item) item_vec;

/* What EXPR_NE excludes: all constants, in the width of the bits. */
static void
gather_excluded(struct cube_list *l, const struct expr *expr, item_vec *items)
{
    const struct expr_env *env = l->c->env;
    u128 all = u128_low(l->bits->n_bits);

    for (size_t i = 0; i < expr->cmp.n_constants; i++) {
        const struct expr_constant *constant = &expr->cmp.constants[i];
        const struct const_set *set = NULL;

        if (constant->type == EXPR_CONST_INTEGER) {
            vec_push(items, (struct const_set_item) {
                constant->value, constant->mask, constant->format });
            continue;
        }
        if (constant->type != EXPR_CONST_SET) {
            continue;
        }
        l->c->is_entangled |= (l->c->member_set
                               && !strcmp(l->c->member_set,
                                          constant->string));
        set = (env->find_set ? env->find_set(env->aux, constant->string)
               : NULL);
        for (size_t j = 0; set && j < set->n; j++) {
            const struct const_set_item *item = &set->items[j];

            if (!(item->value & ~all)) {
                vec_push(items, (struct const_set_item) {
                    item->value, item->mask & all, item->format });
            }
        }
    }
}

static int
compare_items(const void *a_, const void *b_)
{
    const struct const_set_item *a = a_;
    const struct const_set_item *b = b_;

    return (a->value != b->value ? (a->value > b->value) - (a->value < b->value)
            : (a->mask > b->mask) - (a->mask < b->mask));
}

static bool
is_prefix(u128 mask, unsigned int width)
{
    u128 zeros = ~mask & u128_low(width);

    return !(zeros & (zeros + 1));
}

/* "BITS != {...}": an "and" of the complements, if not all are prefixes. */
static struct form form_of_terms(struct cube_list *);

static struct form
compile_not_equal(struct compiler *c, const struct expr *expr)
{
    struct cube_list l = { .c = c, .bits = &expr->cmp.bits,
                           .member_at = SIZE_MAX };
    item_vec items = VEC_EMPTY;
    bool all_prefixes = true;
    struct form form = form_true(c);

    gather_excluded(&l, expr, &items);
    VEC_FOR_EACH (item, &items) {
        all_prefixes &= is_prefix(item->mask, l.bits->n_bits);
    }
    if (items.n > 1 && all_prefixes) {
        vec_sort(&items, compare_items);
        put_complement(&l, items.items, items.n, 0, 0);
        form = form_of_terms(&l);
    } else {
        for (size_t i = 0; i < items.n && form.n && !c->error; i++) {
            vec_clear(&l.terms);
            put_not(&l, items.items[i].value, items.items[i].mask);
            form = form_and(c, form, form_of_terms(&l));
        }
    }
    vec_uninit(&items);
    vec_uninit(&l.terms);
    return form;
}

/* A dimension of one-term cubes, which are copied. */
static struct form
form_of_terms(struct cube_list *l)
{
    struct arena *arena = &l->c->arena;
    size_t n = l->terms.n;
    struct expr_term *terms = arena_memdup(arena, l->terms.items,
                                           n * sizeof *terms);
    struct cube *cubes = arena_array(arena, struct cube, MAX(n, 1));

    for (size_t i = 0; i < n; i++) {
        cubes[i] = (struct cube) {
            .terms = &terms[i],
            .n_terms = terms[i].mask != 0,
            .is_member = i == l->member_at,
        };
        if (!cubes[i].n_terms && !l->has_set) {
            return form_true(l->c);
        }
    }
    return form_of_dim(l->c, cubes, n, l->has_set);
}

static struct form
compile_compare(struct compiler *c, const struct expr *expr,
                enum expr_relop relop)
{
    struct cube_list l = { .c = c, .bits = &expr->cmp.bits,
                           .member_at = SIZE_MAX };
    unsigned int width = expr->cmp.bits.n_bits;
    u128 value = expr->cmp.constants[0].value;
    u128 all = u128_low(width);
    struct form form;

    switch (relop) {
    case EXPR_EQ:
        if (expr->cmp.n_constants == 1
            && expr->cmp.constants[0].type == EXPR_CONST_SET) {
            put_set(&l, expr->cmp.constants[0].string);
            break;
        }
        for (size_t i = 0; i < expr->cmp.n_constants; i++) {
            put_constant(&l, &expr->cmp.constants[i]);
        }
        break;
    case EXPR_NE:
        return compile_not_equal(c, expr);
    case EXPR_LT:
        if (!value) {
            return form_false();
        }
        put_range(&l, 0, value - 1, width);
        break;
    case EXPR_LE:
        put_range(&l, 0, value, width);
        break;
    case EXPR_GT:
        if (value == all) {
            return form_false();
        }
        put_range(&l, value + 1, all, width);
        break;
    case EXPR_GE:
        put_range(&l, value, all, width);
        break;
    }
    form = form_of_terms(&l);
    vec_uninit(&l.terms);
    return form;
}

/* ## Trees ## */

static struct form compile(struct compiler *, const struct expr *,
                           bool negate);

static struct form
compile_andor(struct compiler *c, const struct expr *expr, bool negate)
{
    size_t n = expr->andor.n_subs;
    struct form *forms;

    if ((expr->type == EXPR_AND) != negate) {
        struct form form = form_true(c);

        for (size_t i = 0; i < n && form.n && !c->error; i++) {
            form = form_and(c, form, compile(c, expr->andor.subs[i], negate));
        }
        return form;
    }
    forms = arena_array(&c->arena, struct form, n);
    for (size_t i = 0; i < n; i++) {
        forms[i] = (c->error ? form_false()
                    : compile(c, expr->andor.subs[i], negate));
    }
    return form_or(c, forms, n);
}

static enum expr_relop
negate_relop(enum expr_relop relop)
{
    static const enum expr_relop negated[] = {
        [EXPR_EQ] = EXPR_NE, [EXPR_NE] = EXPR_EQ, [EXPR_LT] = EXPR_GE,
        [EXPR_LE] = EXPR_GT, [EXPR_GT] = EXPR_LE, [EXPR_GE] = EXPR_LT,
    };

    return negated[relop];
}

static struct form
compile(struct compiler *c, const struct expr *expr, bool negate)
{
    const struct expr_env *env = c->env;
    const struct symbol *symbol;
    enum expr_relop relop;
    bool value;

    switch (expr->type) {
    case EXPR_COMPARE:
        symbol = expr->cmp.bits.symbol;
        relop = expr->cmp.relop;
        if (symbol->predicate) {
            return compile(c, symbol->predicate,
                           negate != (relop == EXPR_NE));
        }
        relop = negate ? negate_relop(relop) : relop;
        if (!symbol->prereqs) {
            return compile_compare(c, expr, relop);
        }
        return form_and(c, compile(c, symbol->prereqs, false),
                        compile_compare(c, expr, relop));

    case EXPR_AND:
    case EXPR_OR:
        return compile_andor(c, expr, negate);

    case EXPR_BOOLEAN:
        return expr->boolean != negate ? form_true(c) : form_false();

    case EXPR_CHASSIS_RESIDENT:
        value = (env->is_chassis_resident
                 && env->is_chassis_resident(env->aux, expr->resident.port));
        return (value != (expr->resident.negated != negate)
                ? form_true(c) : form_false());
    }
    return form_false();
}

/* ## Matches ## */

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
        set_too_big(c, "OpenFlow flows", c->out->items.n + 1, c->max_matches);
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
        set_too_big(c, "dimensions", clause->n_dims, MAX_CONJ_CLAUSES);
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

static void emit_clause(struct compiler *, const struct clause *);

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
            && reduce(c, cube, dims, clause->n_dims, &part)) {
            emit_clause(c, &part);
        }
    }
}

static void
emit_clause(struct compiler *c, const struct clause *clause)
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

/* ## Entry points ## */

void
expr_matches_init(struct expr_matches *matches)
{
    *matches = (struct expr_matches) { .arena = ARENA_EMPTY };
}

void
expr_matches_uninit(struct expr_matches *matches)
{
    arena_uninit(&matches->arena);
    arena_uninit(&matches->scratch);
    vec_uninit(&matches->items);
}

void
expr_matches_clear(struct expr_matches *matches)
{
    arena_clear(&matches->arena);
    vec_clear(&matches->items);
    matches->n_conj_ids = 0;
}

static struct error *
run(struct compiler *c, const struct expr *expr)
{
    struct form form;

    c->arena = c->out->scratch;
    form = compile(c, expr, false);
    for (size_t i = 0; i < form.n && !c->error; i++) {
        emit_clause(c, &form.clauses[i]);
    }
    arena_clear(&c->arena);
    c->out->scratch = c->arena;
    free(c->index);
    return c->error;
}

struct error *
expr_compile(const struct expr *expr, const struct expr_env *env,
             struct expr_matches *ret)
{
    struct compiler c = {
        .env = env,
        .out = ret,
        .max_matches = env->max_matches ? env->max_matches : EXPR_MAX_MATCHES,
    };
    struct error *error = run(&c, expr);

    if (error) {
        expr_matches_clear(ret);
    }
    return error;
}

bool
expr_compile_member(const struct expr *expr, const struct expr_env *env,
                    const char *name, const struct const_set_item *item,
                    struct expr_matches *ret)
{
    struct compiler c = {
        .env = env,
        .out = ret,
        .max_matches = EXPR_MAX_MATCHES,
        .member_set = name,
        .member = item,
    };
    struct error *error = run(&c, expr);

    if (error || c.is_entangled) {
        error_free(error);
        expr_matches_clear(ret);
        return false;
    }
    return true;
}

void
expr_match_to_match(const struct expr_match *m, uint32_t conj_base,
                    struct match *match)
{
    for (size_t i = 0; i < m->n_terms; i++) {
        const struct expr_term *t = &m->terms[i];

        base_write(t->base, t->value, t->mask, &match->flow);
        base_write(t->base, U128_MAX, t->mask, &match->wc.masks);
    }
    if (m->conj_id) {
        match_set_conj_id(match, m->conj_id + conj_base);
    }
}

void
expr_matches_format(const struct expr_matches *matches, struct str *out)
{
    for (size_t i = 0; i < matches->items.n; i++) {
        const struct expr_match *m = &matches->items.items[i];
        size_t start = out->length;
        struct match match;

        match_init(&match);
        expr_match_to_match(m, 0, &match);
        match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, out);
        if (out->length == start) {
            str_put_char(out, ' ');
        }
        for (size_t j = 0; j < m->n_conjs; j++) {
            str_printf(out, "%sconjunction(%u,%u/%u)", j ? "," : " actions=",
                       m->conjs[j].id, m->conjs[j].clause + 1,
                       m->conjs[j].n_clauses);
        }
        str_put_char(out, '\n');
    }
}

/* ## One packet ## */

/* A search that tries more combinations than this gives up: it is exponential
 * in the number of dimensions. */
#define FIND_CUBE_MAX_TRIES 100000

/* Finds a cube in 'clause' that agrees with 'cube' and all dimensions from
 * 'i' on.  '*tries' counts combinations; too many of them end as an error. */
static bool
find_cube(struct compiler *c, const struct clause *clause, size_t i,
          const struct cube *cube, size_t *tries, struct cube *ret)
{
    if (i == clause->n_dims) {
        *ret = *cube;
        return true;
    }
    for (size_t j = 0; j < clause->dims[i]->n; j++) {
        struct cube both;

        if (++*tries > FIND_CUBE_MAX_TRIES) {
            if (!c->error) {
                c->error = error_create(E2BIG, "the expression is too complex "
                                        "to find a packet for it");
            }
            return false;
        }
        if (cube_and(c, cube, &clause->dims[i]->cubes[j], &both)
            && find_cube(c, clause, i + 1, &both, tries, ret)) {
            return true;
        }
    }
    return false;
}

struct error *
expr_to_flow(const struct expr *expr, const struct expr_env *env,
             struct flow *flow)
{
    struct compiler c = { .env = env };
    struct form form = compile(&c, expr, false);
    struct cube cube;
    size_t tries = 0;
    bool found = false;

    for (size_t i = 0; i < form.n && !found && !c.error; i++) {
        found = find_cube(&c, &form.clauses[i], 0, &form.clauses[i].cube,
                          &tries, &cube);
    }
    for (size_t i = 0; found && i < cube.n_terms; i++) {
        base_write(cube.terms[i].base, cube.terms[i].value,
                   cube.terms[i].mask, flow);
    }
    arena_uninit(&c.arena);
    if (!c.error && !found) {
        return error_create(0, "no packet satisfies the expression");
    }
    return c.error;
}
