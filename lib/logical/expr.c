/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/expr.h"

/* The parser builds negations into the tree at once: it carries down whether
 * the part being read stands under an odd number of "!", so that no tree has
 * a negation and a bad one is reported where it is written.  A tree is as
 * flat as can be: no "and" directly below an "and". */

struct parser {
    struct lexer *lexer;
    const struct symbol_table *symbols;
    int depth;
};

static const struct expr *parse_expr(struct parser *, bool negate);

/* ## Building ## */

static struct expr *
new_expr(struct arena *arena, enum expr_type type)
{
    struct expr *expr = arena_new(arena, struct expr);

    expr->type = type;
    return expr;
}

static const struct expr *
make_boolean(struct arena *arena, bool value)
{
    struct expr *expr = new_expr(arena, EXPR_BOOLEAN);

    expr->boolean = value;
    return expr;
}

typedef VEC(const struct expr *) expr_vec;

static void
put_sub(expr_vec *subs, enum expr_type type, const struct expr *sub)
{
    if (sub->type != type) {
        vec_push(subs, sub);
        return;
    }
    for (size_t i = 0; i < sub->andor.n_subs; i++) {
        vec_push(subs, sub->andor.subs[i]);
    }
}

static const struct expr *
make_andor(struct arena *arena, enum expr_type type, const expr_vec *subs)
{
    struct expr *expr;

    if (subs->n == 1) {
        return subs->items[0];
    }
    expr = new_expr(arena, type);
    expr->andor.n_subs = subs->n;
    expr->andor.subs = arena_memdup(arena, subs->items,
                                    subs->n * sizeof *subs->items);
    return expr;
}

const struct expr *
expr_and(struct arena *arena, const struct expr *a, const struct expr *b)
{
    expr_vec subs = VEC_EMPTY;
    const struct expr *expr;

    if (!a || !b) {
        return a ? a : b;
    }
    put_sub(&subs, EXPR_AND, a);
    put_sub(&subs, EXPR_AND, b);
    expr = make_andor(arena, EXPR_AND, &subs);
    vec_uninit(&subs);
    return expr;
}

static bool
relop_from_token(enum lex_type type, enum expr_relop *ret)
{
    switch (type) {
    case LEX_EQ: *ret = EXPR_EQ; return true;
    case LEX_NE: *ret = EXPR_NE; return true;
    case LEX_LT: *ret = EXPR_LT; return true;
    case LEX_LE: *ret = EXPR_LE; return true;
    case LEX_GT: *ret = EXPR_GT; return true;
    case LEX_GE: *ret = EXPR_GE; return true;
    default: return false;
    }
}

static const char *const relop_names[] = {
    [EXPR_EQ] = "==", [EXPR_NE] = "!=", [EXPR_LT] = "<",
    [EXPR_LE] = "<=", [EXPR_GT] = ">", [EXPR_GE] = ">=",
};

static const enum expr_relop relop_negated[] = {
    [EXPR_EQ] = EXPR_NE, [EXPR_NE] = EXPR_EQ, [EXPR_LT] = EXPR_GE,
    [EXPR_LE] = EXPR_GT, [EXPR_GT] = EXPR_LE, [EXPR_GE] = EXPR_LT,
};

/* With the sides exchanged. */
static const enum expr_relop relop_swapped[] = {
    [EXPR_EQ] = EXPR_EQ, [EXPR_NE] = EXPR_NE, [EXPR_LT] = EXPR_GT,
    [EXPR_LE] = EXPR_GE, [EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE,
};

/* ## Constants ## */

/* Reads one constant of whatever type. */
static bool
parse_constant(struct lexer *lexer, struct expr_constant *c)
{
    const struct lex_token *t = &lexer->token;

    *c = (struct expr_constant) { .type = EXPR_CONST_INTEGER };
    switch (t->type) {
    case LEX_INTEGER:
    case LEX_MASKED_INTEGER:
        c->format = t->format;
        c->value = t->value;
        c->masked = t->type == LEX_MASKED_INTEGER;
        c->mask = c->masked ? t->mask : U128_MAX;
        break;
    case LEX_STRING:
        c->type = EXPR_CONST_STRING;
        break;
    case LEX_SET:
        c->type = EXPR_CONST_SET;
        break;
    case LEX_PORT_GROUP:
        c->type = EXPR_CONST_PORT_GROUP;
        break;
    default:
        lexer_expected(lexer, "constant");
        return false;
    }
    if (c->type != EXPR_CONST_INTEGER) {
        c->string = arena_strdup(lexer->arena, t->name, t->name_length);
    }
    lexer_next(lexer);
    return true;
}

typedef VEC(struct expr_constant) constant_vec;

/* Reads a constant or a set in braces. */
static bool
parse_constants(struct lexer *lexer, constant_vec *constants)
{
    struct expr_constant c;

    if (!lexer_match(lexer, LEX_LCURLY)) {
        if (!parse_constant(lexer, &c)) {
            return false;
        }
        vec_push(constants, c);
        return true;
    }
    if (lexer->token.type == LEX_RCURLY) {
        lexer_expected(lexer, "constant");
        return false;
    }
    while (!lexer_match(lexer, LEX_RCURLY)) {
        if (!parse_constant(lexer, &c)) {
            return false;
        }
        vec_push(constants, c);
        lexer_match(lexer, LEX_COMMA);
    }
    return true;
}

/* Checks that 'c' can be a value of 'bits' and completes its mask.  Errors
 * point at 's'. */
static bool
check_constant(struct lexer *lexer, const char *s,
               const struct symbol_bits *bits, struct expr_constant *c)
{
    const struct symbol *symbol = bits->symbol;
    bool is_string = (c->type == EXPR_CONST_STRING
                      || c->type == EXPR_CONST_PORT_GROUP);
    u128 all = u128_low(bits->n_bits);

    if (is_string != symbol->is_string) {
        lexer_error_at(lexer, s, "%s field %s is not compatible with %s "
                       "constant", symbol->is_string ? "string" : "integer",
                       symbol->name, is_string ? "string" : "integer");
        return false;
    }
    if (c->type != EXPR_CONST_INTEGER) {
        return true;
    }
    if ((c->value & ~all) || (c->masked && (c->mask & ~all))) {
        lexer_error_at(lexer, s, "%u-bit constant is not compatible with "
                       "%u-bit field %s",
                       u128_width(c->masked ? c->mask | c->value : c->value),
                       bits->n_bits, symbol->name);
        return false;
    }
    c->mask &= all;
    return true;
}

static bool
check_constants(struct lexer *lexer, const char *s,
                const struct symbol_bits *bits, constant_vec *constants)
{
    VEC_FOR_EACH (c, constants) {
        if (!check_constant(lexer, s, bits, c)) {
            return false;
        }
    }
    return true;
}

bool
expr_parse_constants(struct lexer *lexer, const struct symbol_bits *bits,
                     const struct expr_constant **ret, size_t *ret_n)
{
    constant_vec constants = VEC_EMPTY;
    const char *s = lexer->token.s;
    bool ok = (parse_constants(lexer, &constants)
               && (!bits->symbol
                   || check_constants(lexer, s, bits, &constants)));

    if (ok) {
        *ret = arena_memdup(lexer->arena, constants.items,
                            constants.n * sizeof *constants.items);
        *ret_n = constants.n;
    }
    vec_uninit(&constants);
    return ok;
}

/* ## Comparisons ## */

/* A predicate compared with 0 is its negation. */
static bool
is_zero_predicate(const struct symbol_bits *bits, const constant_vec *c)
{
    return (bits->symbol->predicate && c->n == 1
            && c->items[0].type == EXPR_CONST_INTEGER
            && !c->items[0].value && c->items[0].mask);
}

static bool
check_relop(struct lexer *lexer, const char *s,
            const struct symbol_bits *bits, enum expr_relop relop,
            const constant_vec *constants)
{
    const struct symbol *symbol = bits->symbol;

    if (symbol->ovn_field) {
        lexer_error_at(lexer, s, "%s can be assigned but not matched",
                       symbol->name);
        return false;
    }
    if (symbol->predicate && relop != EXPR_EQ && relop != EXPR_NE) {
        lexer_error_at(lexer, s, "only == and != may be used with predicate "
                       "%s", symbol->name);
        return false;
    }
    if (symbol->level == LEVEL_NOMINAL && relop != EXPR_EQ) {
        lexer_error_at(lexer, s, symbol->predicate
                       ? "nominal predicate %s may only be tested positively, "
                       "counting enclosing `!'"
                       : "nominal field %s may only be tested for equality, "
                       "counting enclosing `!'", symbol->name);
        return false;
    }
    for (size_t i = 0; i < constants->n; i++) {
        const struct expr_constant *c = &constants->items[i];

        if (c->masked && symbol->level == LEVEL_NOMINAL) {
            lexer_error_at(lexer, s, "nominal field %s cannot be compared "
                           "with a masked constant", symbol->name);
            return false;
        }
        if (relop > EXPR_NE && (c->masked || constants->n > 1
                                || c->type != EXPR_CONST_INTEGER)) {
            lexer_error_at(lexer, s, "only == and != may be used with masked "
                           "constants and sets");
            return false;
        }
    }
    return true;
}

/* Makes the comparison, whose text starts at 's'. */
static const struct expr *
make_compare(struct parser *p, const char *s, const struct symbol_bits *bits,
             enum expr_relop relop, constant_vec *constants, bool negate)
{
    struct expr *expr;

    if (!check_constants(p->lexer, s, bits, constants)) {
        return NULL;
    }
    if (is_zero_predicate(bits, constants)) {
        constants->items[0].value = 1;
        negate = !negate;
    }
    relop = negate ? relop_negated[relop] : relop;
    if (!check_relop(p->lexer, s, bits, relop, constants)) {
        return NULL;
    }
    expr = new_expr(p->lexer->arena, EXPR_COMPARE);
    expr->cmp.bits = *bits;
    expr->cmp.relop = relop;
    expr->cmp.n_constants = constants->n;
    expr->cmp.constants = arena_memdup(p->lexer->arena, constants->items,
                                       (constants->n
                                        * sizeof *constants->items));
    return expr;
}

/* A name alone is "NAME == 1". */
static const struct expr *
make_bare(struct parser *p, const char *s, const struct symbol_bits *bits,
          bool negate)
{
    struct expr_constant one = { .value = 1, .mask = 1 };
    constant_vec constants = { &one, 1, 1 };

    if (bits->n_bits != 1 || bits->symbol->is_string) {
        lexer_error_at(p->lexer, s, "explicit `!= 0' is required for "
                       "inequality test of multibit field against 0");
        return NULL;
    }
    return make_compare(p, s, bits, EXPR_EQ, &constants, negate);
}

/* After "BITS": RELOP CONSTANTS, or nothing.  Under '!' only the latter. */
static const struct expr *
parse_field_first(struct parser *p, bool negate, bool is_bare)
{
    const char *s = p->lexer->token.s;
    constant_vec constants = VEC_EMPTY;
    const struct expr *expr = NULL;
    struct symbol_bits bits;
    enum expr_relop relop;

    if (!symbol_bits_parse(p->lexer, p->symbols, &bits)) {
        return NULL;
    }
    if (!relop_from_token(p->lexer->token.type, &relop)) {
        return make_bare(p, s, &bits, negate);
    }
    if (is_bare) {
        lexer_error_at(p->lexer, s, "`!' needs parentheses around a "
                       "comparison");
        return NULL;
    }
    lexer_next(p->lexer);
    if (parse_constants(p->lexer, &constants)) {
        expr = make_compare(p, s, &bits, relop, &constants, negate);
    }
    vec_uninit(&constants);
    return expr;
}

/* The second half of "LOW <= BITS <= HIGH". */
static const struct expr *
parse_range_end(struct parser *p, const char *s,
                const struct symbol_bits *bits, const struct expr *first,
                enum expr_relop first_relop, bool negate)
{
    constant_vec constants = VEC_EMPTY;
    const struct expr *second = NULL;
    const struct expr *expr = NULL;
    enum expr_relop relop;
    bool is_rising = first_relop == EXPR_LT || first_relop == EXPR_LE;

    relop_from_token(p->lexer->token.type, &relop);
    if (first_relop <= EXPR_NE || relop <= EXPR_NE
        || is_rising != (relop == EXPR_LT || relop == EXPR_LE)) {
        lexer_error(p->lexer, "range expressions must have the form "
                    "`x < field < y' or `x > field > y', with each `<' "
                    "optionally replaced by `<=' or `>' by `>='");
        return NULL;
    }
    lexer_next(p->lexer);
    if (parse_constants(p->lexer, &constants)) {
        second = make_compare(p, s, bits, relop, &constants, negate);
    }
    vec_uninit(&constants);
    if (second) {
        enum expr_type type = negate ? EXPR_OR : EXPR_AND;
        expr_vec subs = VEC_EMPTY;

        put_sub(&subs, type, first);
        put_sub(&subs, type, second);
        expr = make_andor(p->lexer->arena, type, &subs);
        vec_uninit(&subs);
    }
    return expr;
}

/* CONSTANTS RELOP BITS [RELOP CONSTANTS], or the literals 0 and 1. */
static const struct expr *
parse_constant_first(struct parser *p, bool negate)
{
    const char *s = p->lexer->token.s;
    constant_vec constants = VEC_EMPTY;
    const struct expr *expr = NULL;
    struct symbol_bits bits;
    enum expr_relop relop;
    enum expr_relop unused;

    if (!parse_constants(p->lexer, &constants)) {
        goto exit;
    }
    if (!relop_from_token(p->lexer->token.type, &relop)) {
        const struct expr_constant *c = constants.items;

        if (constants.n == 1 && c->type == EXPR_CONST_INTEGER && !c->masked
            && c->format == LEX_F_DECIMAL && c->value <= 1) {
            expr = make_boolean(p->lexer->arena, !!c->value != negate);
        } else {
            lexer_expected(p->lexer, "relational operator");
        }
        goto exit;
    }
    lexer_next(p->lexer);
    if (!symbol_bits_parse(p->lexer, p->symbols, &bits)) {
        goto exit;
    }
    expr = make_compare(p, s, &bits, relop_swapped[relop], &constants,
                        negate);
    if (expr && relop_from_token(p->lexer->token.type, &unused)) {
        expr = parse_range_end(p, s, &bits, expr, relop, negate);
    }

exit:
    vec_uninit(&constants);
    return expr;
}

static const struct expr *
parse_chassis_resident(struct parser *p, bool negate)
{
    struct expr *expr = new_expr(p->lexer->arena, EXPR_CHASSIS_RESIDENT);

    lexer_next(p->lexer);
    if (!lexer_force(p->lexer, LEX_LPAREN)
        || !lexer_force_string(p->lexer, &expr->resident.port)
        || !lexer_force(p->lexer, LEX_RPAREN)) {
        return NULL;
    }
    expr->resident.negated = negate;
    return expr;
}

/* ## The grammar ## */

/* 'is_bare': directly after a '!'. */
static const struct expr *
parse_primary(struct parser *p, bool negate, bool is_bare)
{
    const struct expr *expr;

    switch (p->lexer->token.type) {
    case LEX_LPAREN:
        lexer_next(p->lexer);
        expr = parse_expr(p, negate);
        return expr && lexer_force(p->lexer, LEX_RPAREN) ? expr : NULL;

    case LEX_NOT:
        if (++p->depth > EXPR_MAX_DEPTH) {
            lexer_error(p->lexer, "expression is nested too deeply");
            return NULL;
        }
        lexer_next(p->lexer);
        expr = parse_primary(p, !negate, true);
        p->depth--;
        return expr;

    case LEX_ID:
        if (lexer_is_id(p->lexer, "is_chassis_resident")) {
            return parse_chassis_resident(p, negate);
        }
        return parse_field_first(p, negate, is_bare);

    default:
        return parse_constant_first(p, negate);
    }
}

static const struct expr *
parse_expr(struct parser *p, bool negate)
{
    enum lex_type op;
    enum expr_type type;
    const struct expr *expr;
    expr_vec subs = VEC_EMPTY;

    if (++p->depth > EXPR_MAX_DEPTH) {
        lexer_error(p->lexer, "expression is nested too deeply");
        return NULL;
    }
    expr = parse_primary(p, negate, false);
    op = p->lexer->token.type;
    if (!expr || (op != LEX_AND && op != LEX_OR)) {
        p->depth--;
        return expr;
    }
    type = (op == LEX_AND) != negate ? EXPR_AND : EXPR_OR;
    put_sub(&subs, type, expr);
    while (expr && lexer_match(p->lexer, op)) {
        expr = parse_primary(p, negate, false);
        if (expr) {
            put_sub(&subs, type, expr);
        }
    }
    if (expr && (p->lexer->token.type == LEX_AND
                 || p->lexer->token.type == LEX_OR)) {
        lexer_error(p->lexer, "&& and || must be parenthesized when used "
                    "together");
        expr = NULL;
    }
    if (expr) {
        expr = make_andor(p->lexer->arena, type, &subs);
    }
    vec_uninit(&subs);
    p->depth--;
    return expr;
}

const struct expr *
expr_parse_at(struct lexer *lexer, const struct symbol_table *symbols)
{
    struct parser p = { .lexer = lexer, .symbols = symbols };

    return parse_expr(&p, false);
}

struct error *
expr_parse(const char *text, const struct symbol_table *symbols,
           struct arena *arena, const struct expr **ret)
{
    struct lexer lexer;

    lexer_init(&lexer, text, arena);
    *ret = expr_parse_at(&lexer, symbols);
    if (*ret) {
        lexer_force_end(&lexer);
    }
    return lexer_steal_error(&lexer);
}

/* ## Printing ## */

void
expr_format_constant(const struct expr_constant *c, struct str *out)
{
    switch (c->type) {
    case EXPR_CONST_INTEGER:
        lex_format_integer(c->value, c->mask, c->masked, c->format, out);
        break;
    case EXPR_CONST_STRING:
        lex_format_string(c->string, out);
        break;
    case EXPR_CONST_SET:
        str_put_char(out, '$');
        str_put(out, c->string);
        break;
    case EXPR_CONST_PORT_GROUP:
        str_put_char(out, '@');
        str_put(out, c->string);
        break;
    }
}

/* What make_bare() makes, or its negation. */
static bool
is_bare_compare(const struct expr *expr)
{
    const struct expr_constant *c = expr->cmp.constants;

    return (expr->cmp.bits.n_bits == 1 && expr->cmp.relop <= EXPR_NE
            && expr->cmp.n_constants == 1 && c->type == EXPR_CONST_INTEGER
            && c->value == 1 && !c->masked && c->format == LEX_F_DECIMAL);
}

static void
format_compare(const struct expr *expr, struct str *out)
{
    if (is_bare_compare(expr)) {
        str_put(out, expr->cmp.relop == EXPR_NE ? "!" : "");
        symbol_bits_format(&expr->cmp.bits, out);
        return;
    }
    symbol_bits_format(&expr->cmp.bits, out);
    str_printf(out, " %s ", relop_names[expr->cmp.relop]);
    if (expr->cmp.n_constants == 1) {
        expr_format_constant(expr->cmp.constants, out);
        return;
    }
    str_put_char(out, '{');
    for (size_t i = 0; i < expr->cmp.n_constants; i++) {
        str_put(out, i ? ", " : "");
        expr_format_constant(&expr->cmp.constants[i], out);
    }
    str_put_char(out, '}');
}

static void
format_andor(const struct expr *expr, struct str *out)
{
    for (size_t i = 0; i < expr->andor.n_subs; i++) {
        const struct expr *sub = expr->andor.subs[i];
        bool has_parens = sub->type == EXPR_AND || sub->type == EXPR_OR;

        if (i) {
            str_put(out, expr->type == EXPR_AND ? " && " : " || ");
        }
        if (has_parens) {
            str_put_char(out, '(');
        }
        expr_format(sub, out);
        if (has_parens) {
            str_put_char(out, ')');
        }
    }
}

void
expr_format(const struct expr *expr, struct str *out)
{
    switch (expr->type) {
    case EXPR_BOOLEAN:
        str_put_char(out, expr->boolean ? '1' : '0');
        break;
    case EXPR_COMPARE:
        format_compare(expr, out);
        break;
    case EXPR_AND:
    case EXPR_OR:
        format_andor(expr, out);
        break;
    case EXPR_CHASSIS_RESIDENT:
        str_put(out, expr->resident.negated ? "!" : "");
        str_put(out, "is_chassis_resident(");
        lex_format_string(expr->resident.port, out);
        str_put_char(out, ')');
        break;
    }
}

/* ## Comparison of trees, references ## */

static bool
constant_equals(const struct expr_constant *a, const struct expr_constant *b)
{
    if (a->type != b->type) {
        return false;
    }
    if (a->type != EXPR_CONST_INTEGER) {
        return !strcmp(a->string, b->string);
    }
    return (a->value == b->value && a->mask == b->mask
            && a->masked == b->masked && a->format == b->format);
}

static bool
compare_equals(const struct expr *a, const struct expr *b)
{
    if (a->cmp.bits.symbol != b->cmp.bits.symbol
        || a->cmp.bits.ofs != b->cmp.bits.ofs
        || a->cmp.bits.n_bits != b->cmp.bits.n_bits
        || a->cmp.relop != b->cmp.relop
        || a->cmp.n_constants != b->cmp.n_constants) {
        return false;
    }
    for (size_t i = 0; i < a->cmp.n_constants; i++) {
        if (!constant_equals(&a->cmp.constants[i], &b->cmp.constants[i])) {
            return false;
        }
    }
    return true;
}

bool
expr_equals(const struct expr *a, const struct expr *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case EXPR_BOOLEAN:
        return a->boolean == b->boolean;
    case EXPR_COMPARE:
        return compare_equals(a, b);
    case EXPR_AND:
    case EXPR_OR:
        if (a->andor.n_subs != b->andor.n_subs) {
            return false;
        }
        for (size_t i = 0; i < a->andor.n_subs; i++) {
            if (!expr_equals(a->andor.subs[i], b->andor.subs[i])) {
                return false;
            }
        }
        return true;
    case EXPR_CHASSIS_RESIDENT:
        return (a->resident.negated == b->resident.negated
                && !strcmp(a->resident.port, b->resident.port));
    }
    return false;
}

void
expr_for_each_ref(const struct expr *expr,
                  void (*fn)(void *aux, enum expr_ref_type, const char *name),
                  void *aux)
{
    static const enum expr_ref_type types[] = {
        [EXPR_CONST_SET] = EXPR_REF_SET,
        [EXPR_CONST_PORT_GROUP] = EXPR_REF_PORT_GROUP,
        [EXPR_CONST_STRING] = EXPR_REF_PORT,
    };

    switch (expr->type) {
    case EXPR_BOOLEAN:
        break;
    case EXPR_COMPARE:
        for (size_t i = 0; i < expr->cmp.n_constants; i++) {
            const struct expr_constant *c = &expr->cmp.constants[i];

            if (c->type != EXPR_CONST_INTEGER) {
                fn(aux, types[c->type], c->string);
            }
        }
        break;
    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            expr_for_each_ref(expr->andor.subs[i], fn, aux);
        }
        break;
    case EXPR_CHASSIS_RESIDENT:
        fn(aux, EXPR_REF_RESIDENT, expr->resident.port);
        break;
    }
}

/* ## Sets of constants ## */

static int
compare_items(const void *a_, const void *b_)
{
    const struct const_set_item *a = a_;
    const struct const_set_item *b = b_;

    return (a->value != b->value ? (a->value > b->value) - (a->value < b->value)
            : (a->mask > b->mask) - (a->mask < b->mask));
}

struct const_set *
const_set_create(const char *const *texts, size_t n, size_t *ret_n_bad)
{
    struct const_set *set = xmalloc(sizeof *set);
    size_t n_bad = 0;

    set->items = xcalloc(MAX(n, 1), sizeof *set->items);
    set->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct lex_token token;

        if (!lex_parse_constant(texts[i], &token)) {
            n_bad++;
            continue;
        }
        set->items[set->n++] = (struct const_set_item) {
            .value = token.value,
            .mask = (token.type == LEX_MASKED_INTEGER ? token.mask
                     : U128_MAX),
            .format = token.format,
        };
    }
    if (set->n > 1) {
        size_t n_unique = 1;

        qsort(set->items, set->n, sizeof *set->items, compare_items);
        for (size_t i = 1; i < set->n; i++) {
            if (compare_items(&set->items[n_unique - 1], &set->items[i])) {
                set->items[n_unique++] = set->items[i];
            }
        }
        set->n = n_unique;
    }
    if (ret_n_bad) {
        *ret_n_bad = n_bad;
    }
    return set;
}

void
const_set_destroy(struct const_set *set)
{
    if (set) {
        free(set->items);
        free(set);
    }
}

/* ## Evaluation ## */

struct evaluation {
    const struct flow *flow;
    const struct expr_env *env;
};

static bool
port_equals(const struct evaluation *e, const char *port, u128 key)
{
    uint32_t port_key;

    if (!*port || !strcmp(port, "none")) {
        return !key;
    }
    return (e->env->find_port
            && e->env->find_port(e->env->aux, port, &port_key)
            && port_key == key);
}

static bool
group_contains(const struct evaluation *e, const char *group, u128 key)
{
    const char *const *ports;
    size_t n = 0;

    ports = (e->env->find_port_group
             ? e->env->find_port_group(e->env->aux, group, &n) : NULL);
    for (size_t i = 0; ports && i < n; i++) {
        if (port_equals(e, ports[i], key)) {
            return true;
        }
    }
    return false;
}

static bool
set_contains(const struct evaluation *e, const char *name,
             const struct symbol_bits *bits, u128 x)
{
    u128 all = u128_low(bits->n_bits);
    const struct const_set *set;

    set = e->env->find_set ? e->env->find_set(e->env->aux, name) : NULL;
    for (size_t i = 0; set && i < set->n; i++) {
        const struct const_set_item *item = &set->items[i];

        if (!(item->value & ~all) && !((x ^ item->value) & item->mask & all)) {
            return true;
        }
    }
    return false;
}

static bool
constant_matches(const struct evaluation *e, const struct symbol_bits *bits,
                 const struct expr_constant *c, u128 x)
{
    switch (c->type) {
    case EXPR_CONST_INTEGER:
        return !((x ^ c->value) & c->mask);
    case EXPR_CONST_STRING:
        return port_equals(e, c->string, x);
    case EXPR_CONST_SET:
        return set_contains(e, c->string, bits, x);
    case EXPR_CONST_PORT_GROUP:
        return group_contains(e, c->string, x);
    }
    return false;
}

static bool
compare_holds(const struct evaluation *e, const struct expr *expr)
{
    u128 x = symbol_bits_read(&expr->cmp.bits, e->flow);
    u128 y = expr->cmp.constants[0].value;

    switch (expr->cmp.relop) {
    case EXPR_LT: return x < y;
    case EXPR_LE: return x <= y;
    case EXPR_GT: return x > y;
    case EXPR_GE: return x >= y;
    case EXPR_EQ:
    case EXPR_NE:
        break;
    }
    for (size_t i = 0; i < expr->cmp.n_constants; i++) {
        if (constant_matches(e, &expr->cmp.bits, &expr->cmp.constants[i],
                             x)) {
            return expr->cmp.relop == EXPR_EQ;
        }
    }
    return expr->cmp.relop == EXPR_NE;
}

/* Prerequisites stay positive under a negation: "!tcp.dst[0]" is of TCP
 * packets as "tcp.dst[0]" is. */
static bool
evaluate(const struct evaluation *e, const struct expr *expr, bool negate)
{
    const struct symbol *symbol;
    bool is_or;

    switch (expr->type) {
    case EXPR_BOOLEAN:
        return expr->boolean != negate;

    case EXPR_COMPARE:
        symbol = expr->cmp.bits.symbol;
        if (symbol->predicate) {
            return evaluate(e, symbol->predicate,
                            negate != (expr->cmp.relop == EXPR_NE));
        }
        return ((!symbol->prereqs || evaluate(e, symbol->prereqs, false))
                && compare_holds(e, expr) != negate);

    case EXPR_AND:
    case EXPR_OR:
        is_or = (expr->type == EXPR_OR) != negate;
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            if (evaluate(e, expr->andor.subs[i], negate) == is_or) {
                return is_or;
            }
        }
        return !is_or;

    case EXPR_CHASSIS_RESIDENT:
        return ((e->env->is_chassis_resident
                 && e->env->is_chassis_resident(e->env->aux,
                                                expr->resident.port))
                != (expr->resident.negated != negate));
    }
    return false;
}

bool
expr_evaluate(const struct expr *expr, const struct flow *flow,
              const struct expr_env *env)
{
    struct evaluation e = { flow, env };

    return evaluate(&e, expr, false);
}
