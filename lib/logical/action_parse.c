/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/action_parser.h"

/* ## Control ## */

static bool
parse_next_args(struct action_parser *p, struct action *a)
{
    uint64_t table;

    do {
        if (lexer_match_id(p->lexer, "pipeline")) {
            if (!lexer_force(p->lexer, LEX_ASSIGN)) {
                return false;
            }
            if (lexer_match_id(p->lexer, "ingress")) {
                a->jump.pipeline = PIPELINE_INGRESS;
            } else if (lexer_match_id(p->lexer, "egress")) {
                a->jump.pipeline = PIPELINE_EGRESS;
            } else {
                lexer_expected(p->lexer, "\"ingress\" or \"egress\"");
                return false;
            }
            continue;
        }
        if (lexer_match_id(p->lexer, "table")
            && !lexer_force(p->lexer, LEX_ASSIGN)) {
            return false;
        }
        if (!lexer_force_uint(p->lexer, 0, p->env->n_tables - 1, &table)) {
            return false;
        }
        a->jump.table = table;
    } while (lexer_match(p->lexer, LEX_COMMA));
    return lexer_force(p->lexer, LEX_RPAREN);
}

bool
action_parse_next(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    a->jump.pipeline = a->jump.src_pipeline = p->env->pipeline;
    a->jump.src_table = p->env->table;
    a->jump.table = p->env->table + 1;
    if (lexer_match(p->lexer, LEX_LPAREN) && !parse_next_args(p, a)) {
        return false;
    }
    if (a->jump.table >= p->env->n_tables) {
        return parser_fail(p, s, "\"next\" action cannot advance beyond the "
                           "last table");
    }
    return true;
}

/* ## One action ## */

/* Sets what all actions with 'info' have, and reads on after the name. */
static bool
parse_named(struct action_parser *p, struct action *a, const char *s)
{
    const struct action_info *info = &action_infos[a->kind];

    if (p->in_ct_commit) {
        return parser_fail(p, s, "only assignments are allowed within "
                           "ct_commit");
    }
    if (info->flags & ACTION_F_INGRESS_ONLY
        && p->env->pipeline != PIPELINE_INGRESS) {
        lexer_error_at(p->lexer, s, "\"%s\" action is only valid in the "
                       "ingress pipeline", info->name);
        return false;
    }
    if (info->flags & ACTION_F_MOVES_ON) {
        if (p->env->table + 1 >= p->env->n_tables) {
            lexer_error_at(p->lexer, s, "\"%s\" action not allowed in last "
                           "table", info->name);
            return false;
        }
        a->next_table = p->env->table + 1;
    }
    if (info->prereq) {
        parser_require(p, info->prereq);
    }
    if (info->parse) {
        return info->parse(p, a);
    }
    if (info->args) {
        return parser_args(p, a, info->args);
    }
    if (info->flags & ACTION_F_NESTED
        || (info->flags & ACTION_F_NESTED_OPTIONAL
            && p->lexer->token.type == LEX_LCURLY)) {
        return parser_nested(p, a);
    }
    return true;
}

/* "R = NAME...", from the name on. */
static bool
parse_result_action(struct action_parser *p, struct action *a, const char *s)
{
    const struct action_info *info = &action_infos[a->kind];
    const char *name = p->lexer->token.s;

    if (!parser_check_writable(p, s, &a->dst)) {
        return false;
    }
    if ((info->result == RESULT_PORT) != a->dst.symbol->is_string
        || (info->result > 0 && a->dst.n_bits != info->result)
        || a->dst.symbol->ovn_field) {
        if (info->result > 0) {
            lexer_error_at(p->lexer, s, "cannot use %u-bit field %s where "
                           "%d-bit field is required", a->dst.n_bits,
                           a->dst.symbol->name, info->result);
        } else {
            lexer_error_at(p->lexer, s, "field %s cannot take the result of "
                           "%s", a->dst.symbol->name, info->name);
        }
        return false;
    }
    lexer_next(p->lexer);
    return parse_named(p, a, name);
}

static bool
parse_load(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;
    const struct expr_constant *constants;
    size_t n;

    a->kind = ACTION_LOAD;
    if (!expr_parse_constants(p->lexer, &a->dst, &constants, &n)) {
        return false;
    }
    if (n != 1 || (constants->type != EXPR_CONST_INTEGER
                   && constants->type != EXPR_CONST_STRING)) {
        return parser_fail(p, s, "assignments require a single value");
    }
    a->constant = *constants;
    if (constants->masked && a->dst.symbol->whole) {
        return parser_fail(p, s, "this field cannot be partially modified");
    }
    return true;
}

static bool
parse_move(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;
    const struct symbol *dst = a->dst.symbol;

    if (!parser_arg(p, '*', &a->src[0])) {
        return false;
    }
    if (dst->is_string != a->src[0].symbol->is_string) {
        lexer_error_at(p->lexer, s, "cannot exchange or assign %s field %s "
                       "and %s field %s", dst->is_string ? "string"
                       : "integer", dst->name,
                       dst->is_string ? "integer" : "string",
                       a->src[0].symbol->name);
        return false;
    }
    if (a->dst.n_bits != a->src[0].n_bits) {
        lexer_error_at(p->lexer, s, "cannot assign %u-bit value to %u-bit "
                       "destination", a->src[0].n_bits, a->dst.n_bits);
        return false;
    }
    if (dst->ovn_field) {
        return parser_fail(p, s, "this field can only be assigned a constant");
    }
    return true;
}

/* After "R =". */
static bool
parse_assigned(struct action_parser *p, struct action *a, const char *s)
{
    const struct lex_token *t = &p->lexer->token;

    if (t->type == LEX_ID) {
        enum lex_type next = lexer_peek(p->lexer);

        a->kind = action_kind_from_name(t->name, t->name_length);
        if (a->kind != N_ACTIONS && next == LEX_LPAREN
            && action_infos[a->kind].result) {
            return parse_result_action(p, a, s);
        }
        a->kind = ACTION_MOVE;
        return parser_check_writable(p, s, &a->dst) && parse_move(p, a);
    }
    return parser_check_writable(p, s, &a->dst) && parse_load(p, a);
}

static bool
parse_dec_ttl(struct action_parser *p, struct action *a, const char *s)
{
    a->kind = ACTION_DEC_TTL;
    parser_require(p, action_infos[ACTION_DEC_TTL].prereq);
    return (a->dst.symbol->base == BASE_IP_TTL
            || parser_fail(p, s, "only ip.ttl can be decremented"));
}

bool
parser_assignment(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!parser_field(p, &a->dst)) {
        return false;
    }
    if (lexer_match(p->lexer, LEX_ASSIGN)) {
        return parse_assigned(p, a, s);
    }
    if (p->in_ct_commit) {
        lexer_expected(p->lexer, "`='");
        return false;
    }
    if (lexer_match(p->lexer, LEX_EXCHANGE)) {
        const char *src = p->lexer->token.s;

        a->kind = ACTION_EXCHANGE;
        return (parser_check_writable(p, s, &a->dst) && parse_move(p, a)
                && parser_check_writable(p, src, &a->src[0]));
    }
    if (lexer_match(p->lexer, LEX_DECREMENT)) {
        return parse_dec_ttl(p, a, s);
    }
    lexer_expected(p->lexer, "`=' or `<->'");
    return false;
}

static bool
parse_action(struct action_parser *p, struct action *a)
{
    const struct lex_token *t = &p->lexer->token;
    const char *s = t->s;

    if (t->type != LEX_ID) {
        lexer_expected(p->lexer, "action");
        return false;
    }
    a->kind = action_kind_from_name(t->name, t->name_length);
    if (a->kind != N_ACTIONS && !action_infos[a->kind].result) {
        lexer_next(p->lexer);
        if (!parse_named(p, a, s)) {
            return false;
        }
        return (a->kind != ACTION_POP
                || parser_check_writable(p, s, &a->src[0]));
    }
    if (a->kind != N_ACTIONS
        && !symbol_table_find(p->env->symbols, t->name, t->name_length)) {
        lexer_error(p->lexer, "\"%s\" needs a field for its result",
                    action_infos[a->kind].name);
        return false;
    }
    return parser_assignment(p, a);
}

struct action *
parser_list(struct action_parser *p)
{
    struct action *list = NULL;
    struct action **end = &list;

    while (!p->lexer->error && p->lexer->token.type != LEX_END
           && p->lexer->token.type != LEX_RCURLY) {
        struct action *a;

        /* "drop" says what happens anyway to a packet that is not sent on. */
        if (lexer_match_id(p->lexer, "drop")) {
            lexer_force(p->lexer, LEX_SEMICOLON);
            continue;
        }
        a = arena_new(p->lexer->arena, struct action);
        if (!parse_action(p, a) || !lexer_force(p->lexer, LEX_SEMICOLON)) {
            break;
        }
        *end = a;
        end = &a->next;
    }
    return list;
}

struct error *
actions_parse(const char *text, const struct action_parse_env *env,
              struct arena *arena, const struct action **ret,
              const struct expr **ret_prereqs)
{
    struct lexer lexer;
    struct action_parser p = { .lexer = &lexer, .env = env };

    lexer_init(&lexer, text, arena);
    *ret = parser_list(&p);
    *ret_prereqs = p.prereqs;
    lexer_force_end(&lexer);
    return lexer_steal_error(&lexer);
}
