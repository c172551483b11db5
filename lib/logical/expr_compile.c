/* SPDX-License-Identifier: Apache-2.0 */

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
 * Compiling for some members then is compiling with the other members, and all
 * other sets, empty.  A large port group is a set of ports.  Where that cannot
 * work (a negated set; a clause split by something in a set's dimension),
 * 'is_entangled' says so. */

#include "lib/logical/expr_form.h"

#include <errno.h>

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
            return form_of_compare(c, expr, relop);
        }
        return form_and(c, compile(c, symbol->prereqs, false),
                        form_of_compare(c, expr, relop));

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
        clause_emit(c, &form.clauses[i]);
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
expr_compile_members(const struct expr *expr, const struct expr_env *env,
                     const char *name, const struct const_set_item *items,
                     size_t n, struct expr_matches *ret)
{
    struct compiler c = {
        .env = env,
        .out = ret,
        .max_matches = EXPR_MAX_MATCHES,
        .member_set = name,
        .members = items,
        .n_members = n,
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
