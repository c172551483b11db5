/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/action_parser.h"

#include <netinet/in.h>

#include "lib/logical/addresses.h"

static void
add_prereq(struct action_parser *p, const struct expr *prereq)
{
    if (prereq) {
        p->prereqs = expr_and(p->lexer->arena, p->prereqs, prereq);
    }
}

void
parser_require(struct action_parser *p, const char *name)
{
    const struct symbol *symbol = symbol_table_find(p->env->symbols, name,
                                                    strlen(name));

    add_prereq(p, symbol ? symbol->predicate : NULL);
}

bool
parser_fail(struct action_parser *p, const char *s, const char *message)
{
    lexer_error_at(p->lexer, s, "%s", message);
    return false;
}

bool
parser_field(struct action_parser *p, struct symbol_bits *bits)
{
    const char *s = p->lexer->token.s;

    if (!symbol_bits_parse(p->lexer, p->env->symbols, bits)) {
        return false;
    }
    if (bits->symbol->predicate) {
        lexer_error_at(p->lexer, s, "predicate symbol %s used where a field "
                       "is required", bits->symbol->name);
        return false;
    }
    add_prereq(p, bits->symbol->prereqs);
    return true;
}

bool
parser_check_writable(struct action_parser *p, const char *s,
                      const struct symbol_bits *bits)
{
    const struct symbol *symbol = bits->symbol;
    bool is_ct = symbol->base == BASE_CT_MARK || symbol->base == BASE_CT_LABEL;

    if (is_ct && !symbol->ovn_field && !p->in_ct_commit) {
        lexer_error_at(p->lexer, s, "%s can be set only within ct_commit",
                       symbol->name);
        return false;
    }
    if (p->in_ct_commit && !is_ct) {
        lexer_error_at(p->lexer, s, "ct_commit can set only ct_mark and "
                       "ct_label, not %s", symbol->name);
        return false;
    }
    if (!symbol->writable && !is_ct) {
        lexer_error_at(p->lexer, s, "field %s is not modifiable",
                       symbol->name);
        return false;
    }
    return true;
}

/* Reads a field for argument 'type' (ARG_*, or '*' for any). */
bool
parser_arg(struct action_parser *p, char type, struct symbol_bits *bits)
{
    const char *s = p->lexer->token.s;
    int width = (type == ARG_IP4 ? 32 : type == ARG_IP6 ? 128
                 : type == ARG_MAC ? 48 : 0);

    if (!parser_field(p, bits)) {
        return false;
    }
    if (bits->symbol->ovn_field) {
        return parser_fail(p, s, "this field can only be assigned a constant");
    }
    if (type == '*') {
        return true;
    }
    if ((type == ARG_PORT) != bits->symbol->is_string
        || (type != ARG_PORT && bits->n_bits != width)) {
        if (type == ARG_PORT) {
            lexer_error_at(p->lexer, s, "cannot use integer field %s where "
                           "string field is required", bits->symbol->name);
        } else {
            lexer_error_at(p->lexer, s, "cannot use %s field %s where %d-bit "
                           "field is required",
                           bits->symbol->is_string ? "string" : "this",
                           bits->symbol->name, width);
        }
        return false;
    }
    return true;
}

/* "(ARG, ...)" as 'args' says. */
bool
parser_args(struct action_parser *p, struct action *a, const char *args)
{
    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    for (size_t i = 0; args[i]; i++) {
        if ((i && !lexer_force(p->lexer, LEX_COMMA))
            || !parser_arg(p, args[i], &a->src[i])) {
            return false;
        }
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* The actions in braces.  Their prerequisites are of the packet that they are
 * executed on: of this one only for a clone of it. */
bool
parser_nested(struct action_parser *p, struct action *a)
{
    const struct expr *prereqs = p->prereqs;

    if (p->depth >= ACTION_MAX_DEPTH) {
        lexer_error(p->lexer, "actions are nested too deeply");
        return false;
    }
    if (!lexer_force(p->lexer, LEX_LCURLY)) {
        return false;
    }
    p->depth++;
    a->nested = parser_list(p);
    p->depth--;
    if (a->kind != ACTION_CLONE) {
        p->prereqs = prereqs;
    }
    return !p->lexer->error && lexer_force(p->lexer, LEX_RCURLY);
}

bool
parser_equals(struct action_parser *p)
{
    lexer_next(p->lexer);
    return lexer_force(p->lexer, LEX_ASSIGN);
}

bool
parser_address(struct action_parser *p, enum lex_format format, u128 *ret)
{
    const struct lex_token *t = &p->lexer->token;

    if (t->type != LEX_INTEGER || t->format != format) {
        lexer_expected(p->lexer, (format == LEX_F_IPV4 ? "IPv4 address"
                                  : "IPv6 address"));
        return false;
    }
    *ret = t->value;
    lexer_next(p->lexer);
    return true;
}

struct in6_addr
parser_ip6(u128 x)
{
    struct in6_addr ip;

    for (int i = 15; i >= 0; i--) {
        ip.s6_addr[i] = x;
        x >>= 8;
    }
    return ip;
}

bool
parser_ip(struct action_parser *p, struct in6_addr *ret)
{
    bool is_ip6 = p->lexer->token.format == LEX_F_IPV6;
    u128 x;

    if (!parser_address(p, is_ip6 ? LEX_F_IPV6 : LEX_F_IPV4, &x)) {
        return false;
    }
    *ret = is_ip6 ? parser_ip6(x) : ip_from_v4(htonl((uint32_t) x));
    return true;
}

bool
parser_proto(struct action_parser *p, uint8_t *ret)
{
    static const struct {
        const char *name;
        uint8_t proto;
    } protos[] = {
        { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
        { "sctp", IPPROTO_SCTP },
    };

    for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
        if (lexer_match_id(p->lexer, protos[i].name)) {
            *ret = protos[i].proto;
            return true;
        }
    }
    lexer_expected(p->lexer, "tcp, udp or sctp");
    return false;
}

bool
parser_bool(struct action_parser *p, bool *ret)
{
    const struct lex_token *t = &p->lexer->token;

    if (t->type == LEX_ID || t->type == LEX_STRING) {
        bool is_true = t->name_length == 4 && !strncmp(t->name, "true", 4);

        if (is_true || (t->name_length == 5
                        && !strncmp(t->name, "false", 5))) {
            *ret = is_true;
            lexer_next(p->lexer);
            return true;
        }
    }
    lexer_expected(p->lexer, "true or false");
    return false;
}
