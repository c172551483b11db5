/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_EXPR_FORM_H
#define LOGICAL_EXPR_FORM_H

/* The normal form of expressions, between a tree and its matches: for
 * expr_*.c only.  What it is, expr_compile.c says. */

#include "lib/logical/expr.h"

struct cube {
    const struct expr_term *terms;   /* Sorted by base. */
    uint16_t n_terms;
    bool is_member;              /* Compiling for members: from one. */
};

struct dim {
    const struct cube *cubes;
    size_t n;
    bool has_set;                /* Some cubes come from an address set, or
                                  * from a large port group. */
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

    /* Compiling for some members of one set. */
    const char *member_set;      /* "@NAME" for a port group. */
    const struct const_set_item *members;
    size_t n_members;
    bool is_entangled;

    struct error *error;         /* E2BIG: stop. */

    /* Matches by hash, once there may be duplicates. */
    uint32_t *index;             /* Item number plus 1; open addressing. */
    size_t index_mask;
};

/* Finds the intersection of 'a' and 'b'; false if it is empty. */
bool cube_and(struct compiler *, const struct cube *a, const struct cube *b,
              struct cube *ret);
bool cube_equals(const struct cube *a, const struct cube *b);

/* The bases that there are terms of, as bits. */
uint32_t cube_bases(const struct cube *);
uint32_t dim_bases(const struct dim *);

/* Puts the clause of 'cube' and the 'n' 'dims' into '*ret', without what its
 * cube says already; false if the clause is empty. */
bool clause_reduce(struct compiler *, struct cube cube,
                   const struct dim *const *dims, size_t n,
                   struct clause *ret);

struct form form_false(void);
struct form form_true(struct compiler *);

/* The form of one dimension; simpler if the dimension is. */
struct form form_of_dim(struct compiler *, const struct cube *cubes, size_t n,
                        bool has_set);

struct form form_and(struct compiler *, struct form, struct form);
struct form form_or(struct compiler *, const struct form *forms, size_t n);

/* Sets the error that 'n' of 'what' are too many. */
void form_too_big(struct compiler *, const char *what, size_t n,
                  size_t limit);

/* expr_terms.c: the form of a comparison, as if with 'relop'. */
struct form form_of_compare(struct compiler *, const struct expr *,
                            enum expr_relop relop);

/* expr_emit.c: adds the matches of 'clause' to 'out'. */
void clause_emit(struct compiler *, const struct clause *);

#endif /* logical/expr_form.h */
