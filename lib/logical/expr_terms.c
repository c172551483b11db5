/* SPDX-License-Identifier: Apache-2.0 */

/* Comparisons as terms: values, ranges, sets and their complements. */

#include "lib/logical/expr_form.h"

struct cube_list {
    struct compiler *c;
    const struct symbol_bits *bits;
    VEC(struct expr_term) terms;
    bool has_set;
    size_t members_start;        /* Indexes of the members' terms; SIZE_MAX: */
    size_t members_end;          /* there are none. */
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
put_set_item(struct cube_list *l, const struct const_set_item *item)
{
    u128 all = u128_low(l->bits->n_bits);

    if (!(item->value & ~all)) {
        put_term(l, item->value, item->mask & all);
    }
}

/* Adds the members that are compiled for. */
static void
put_members(struct cube_list *l, bool are_ports)
{
    struct compiler *c = l->c;

    /* "{$a, $a}". */
    c->is_entangled |= l->members_start != SIZE_MAX;
    l->members_start = l->terms.n;
    for (size_t i = 0; i < c->n_members; i++) {
        if (are_ports) {
            put_term(l, c->members[i].value, UINT32_MAX);
        } else {
            put_set_item(l, &c->members[i]);
        }
    }
    l->members_end = l->terms.n;
}

static void
put_port_group(struct cube_list *l, const char *name)
{
    const struct expr_env *env = l->c->env;
    const char *member_set = l->c->member_set;
    const char *const *ports;
    size_t n = 0;

    if (env->is_large_group && env->is_large_group(env->aux, name)) {
        l->has_set = true;
        if (member_set) {
            if (member_set[0] == '@' && !strcmp(member_set + 1, name)) {
                put_members(l, true);
            }
            return;
        }
    }
    ports = (env->find_port_group
             ? env->find_port_group(env->aux, name, &n) : NULL);
    for (size_t i = 0; ports && i < n; i++) {
        put_port(l, ports[i]);
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
            put_members(l, false);
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

static struct form form_of_terms(struct cube_list *);

/* "BITS != {...}": an "and" of the complements, if not all are prefixes. */
static struct form
compile_not_equal(struct compiler *c, const struct expr *expr)
{
    struct cube_list l = { .c = c, .bits = &expr->cmp.bits,
                           .members_start = SIZE_MAX };
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
            .is_member = i >= l->members_start && i < l->members_end,
        };
        if (!cubes[i].n_terms && !l->has_set) {
            return form_true(l->c);
        }
    }
    return form_of_dim(l->c, cubes, n, l->has_set);
}

struct form
form_of_compare(struct compiler *c, const struct expr *expr,
                enum expr_relop relop)
{
    struct cube_list l = { .c = c, .bits = &expr->cmp.bits,
                           .members_start = SIZE_MAX };
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
