/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/action_table.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/logical/addresses.h"

static struct action *parse_list(struct action_parser *);

/* ## Pieces ## */

static void
add_prereq(struct action_parser *p, const struct expr *prereq)
{
    if (prereq) {
        p->prereqs = expr_and(p->lexer->arena, p->prereqs, prereq);
    }
}

static void
add_named_prereq(struct action_parser *p, const char *name)
{
    const struct symbol *symbol = symbol_table_find(p->env->symbols, name,
                                                    strlen(name));

    add_prereq(p, symbol ? symbol->predicate : NULL);
}

static bool
fail(struct action_parser *p, const char *s, const char *message)
{
    lexer_error_at(p->lexer, s, "%s", message);
    return false;
}

/* Reads a field, whose prerequisites become those of the flow. */
static bool
parse_field(struct action_parser *p, struct symbol_bits *bits)
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

/* May 'bits' be assigned?  Errors point at 's'. */
static bool
check_writable(struct action_parser *p, const char *s,
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
static bool
parse_arg(struct action_parser *p, char type, struct symbol_bits *bits)
{
    const char *s = p->lexer->token.s;
    int width = (type == ARG_IP4 ? 32 : type == ARG_IP6 ? 128
                 : type == ARG_MAC ? 48 : 0);

    if (!parse_field(p, bits)) {
        return false;
    }
    if (bits->symbol->ovn_field) {
        return fail(p, s, "this field can only be assigned a constant");
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
static bool
parse_args(struct action_parser *p, struct action *a, const char *args)
{
    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    for (size_t i = 0; args[i]; i++) {
        if ((i && !lexer_force(p->lexer, LEX_COMMA))
            || !parse_arg(p, args[i], &a->src[i])) {
            return false;
        }
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* The actions in braces.  Their prerequisites are of the packet that they are
 * executed on: of this one only for a clone of it. */
static bool
parse_nested(struct action_parser *p, struct action *a)
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
    a->nested = parse_list(p);
    p->depth--;
    if (a->kind != ACTION_CLONE) {
        p->prereqs = prereqs;
    }
    return !p->lexer->error && lexer_force(p->lexer, LEX_RCURLY);
}

/* A whole string or number after "NAME =". */
static bool
force_assign(struct action_parser *p)
{
    lexer_next(p->lexer);
    return lexer_force(p->lexer, LEX_ASSIGN);
}

/* Reads an integer constant that is written as 'format'. */
static bool
parse_address(struct action_parser *p, enum lex_format format, u128 *ret)
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

static struct in6_addr
ip6_from_u128(u128 x)
{
    struct in6_addr ip;

    for (int i = 15; i >= 0; i--) {
        ip.s6_addr[i] = x;
        x >>= 8;
    }
    return ip;
}

/* An address of either family. */
static bool
parse_ip(struct action_parser *p, struct in6_addr *ret)
{
    bool is_ip6 = p->lexer->token.format == LEX_F_IPV6;
    u128 x;

    if (!parse_address(p, is_ip6 ? LEX_F_IPV6 : LEX_F_IPV4, &x)) {
        return false;
    }
    *ret = is_ip6 ? ip6_from_u128(x) : ip_from_v4(htonl((uint32_t) x));
    return true;
}

static bool
parse_proto(struct action_parser *p, uint8_t *ret)
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

/* "true" or "false", quoted or not. */
static bool
parse_bool(struct action_parser *p, bool *ret)
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
        return fail(p, s, "\"next\" action cannot advance beyond the last "
                    "table");
    }
    return true;
}

/* ## Connection tracking ## */

bool
action_parse_ct_zone(struct action_parser *p, struct action *a)
{
    bool is_required = a->kind == ACTION_CT_COMMIT_TO_ZONE;

    a->ct.zone = CT_ZONE_DEFAULT;
    if (!is_required && p->lexer->token.type != LEX_LPAREN) {
        return true;
    }
    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    if (lexer_match_id(p->lexer, "dnat")) {
        a->ct.zone = CT_ZONE_DNAT;
    } else if (lexer_match_id(p->lexer, "snat")) {
        a->ct.zone = CT_ZONE_SNAT;
    } else {
        lexer_expected(p->lexer, "dnat or snat");
        return false;
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

static bool parse_assignment(struct action_parser *, struct action *);

/* "(ct_mark=V, ct_label=V)", as older northds write it. */
static bool
parse_ct_commit_args(struct action_parser *p, struct action *a)
{
    struct action **end = &a->nested;

    do {
        *end = arena_new(p->lexer->arena, struct action);
        if (!parse_assignment(p, *end)) {
            return false;
        }
        end = &(*end)->next;
    } while (lexer_match(p->lexer, LEX_COMMA));
    return lexer_force(p->lexer, LEX_RPAREN);
}

bool
action_parse_ct_commit(struct action_parser *p, struct action *a)
{
    bool ok = true;

    if (p->in_ct_commit) {
        return fail(p, p->lexer->token.s, "ct_commit within ct_commit");
    }
    p->in_ct_commit = true;
    if (lexer_match(p->lexer, LEX_LPAREN)) {
        ok = parse_ct_commit_args(p, a);
    } else if (p->lexer->token.type == LEX_LCURLY) {
        ok = parse_nested(p, a);
    }
    p->in_ct_commit = false;
    return ok;
}

bool
action_parse_ct_nat(struct action_parser *p, struct action *a)
{
    uint64_t min, max;

    a->nat.family = AF_UNSPEC;
    if (!lexer_match(p->lexer, LEX_LPAREN)) {
        return true;
    }
    if (!parse_ip(p, &a->nat.ip)) {
        return false;
    }
    a->nat.family = ip_is_v4(&a->nat.ip) ? AF_INET : AF_INET6;
    add_named_prereq(p, a->nat.family == AF_INET ? "ip4" : "ip6");
    if (lexer_match(p->lexer, LEX_COMMA)) {
        if (!lexer_force_uint(p->lexer, 1, UINT16_MAX, &min)) {
            return false;
        }
        max = min;
        if (lexer_match(p->lexer, LEX_HYPHEN)
            && !lexer_force_uint(p->lexer, min, UINT16_MAX, &max)) {
            return false;
        }
        a->nat.port_min = min;
        a->nat.port_max = max;
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* IP, IP:PORT or [IP]:PORT. */
static bool
parse_backend(struct action_parser *p, struct lb_backend *b)
{
    uint64_t port;

    b->port = 0;
    if (lexer_match(p->lexer, LEX_LSQUARE)) {
        u128 x;

        if (!parse_address(p, LEX_F_IPV6, &x)
            || !lexer_force(p->lexer, LEX_RSQUARE)) {
            return false;
        }
        b->ip = ip6_from_u128(x);
    } else if (!parse_ip(p, &b->ip)) {
        return false;
    }
    if (lexer_match(p->lexer, LEX_COLON)) {
        if (!lexer_force_uint(p->lexer, 1, UINT16_MAX, &port)) {
            return false;
        }
        b->port = port;
    }
    return true;
}

static bool
parse_backends(struct action_parser *p, struct action *a)
{
    VEC(struct lb_backend) backends = VEC_EMPTY;
    struct lb_backend b = { .port = 0 };
    bool ok = true;

    while (ok && p->lexer->token.type != LEX_SEMICOLON
           && p->lexer->token.type != LEX_RPAREN) {
        const char *s;

        ok = !backends.n || lexer_force(p->lexer, LEX_COMMA);
        s = p->lexer->token.s;
        ok = ok && parse_backend(p, &b);
        if (ok && backends.n
            && ip_is_v4(&b.ip) != ip_is_v4(&backends.items[0].ip)) {
            ok = fail(p, s, "IPv4 and IPv6 backends cannot be mixed");
        }
        if (ok) {
            vec_push(&backends, b);
        }
    }
    if (ok) {
        a->lb.n_backends = backends.n;
        a->lb.backends = arena_memdup(p->lexer->arena, backends.items,
                                      backends.n * sizeof *backends.items);
        a->lb.has_backends = true;
        if (backends.n) {
            add_named_prereq(p, ip_is_v4(&b.ip) ? "ip4" : "ip6");
        }
    }
    vec_uninit(&backends);
    return ok;
}

/* hash_fields="F,F,...": characters that mean something to the text of a
 * group are refused. */
static bool
parse_hash_fields(struct action_parser *p, const char **ret)
{
    const char *s = p->lexer->token.s;

    if (!force_assign(p) || !lexer_force_string(p->lexer, ret)) {
        return false;
    }
    if (!**ret || (*ret)[strspn(*ret, "abcdefghijklmnopqrstuvwxyz0123456789_,"
                                )]) {
        return fail(p, s, "invalid hash_fields");
    }
    return true;
}

bool
action_parse_ct_lb(struct action_parser *p, struct action *a)
{
    if (!lexer_match(p->lexer, LEX_LPAREN)) {
        return true;
    }
    if (!lexer_match_id(p->lexer, "backends")) {
        lexer_expected(p->lexer, "backends");
        return false;
    }
    if (!lexer_force(p->lexer, LEX_ASSIGN) || !parse_backends(p, a)) {
        return false;
    }
    while (lexer_match(p->lexer, LEX_SEMICOLON)) {
        if (p->lexer->token.type == LEX_RPAREN) {
            break;
        } else if (lexer_is_id(p->lexer, "hash_fields")) {
            if (!parse_hash_fields(p, &a->lb.hash_fields)) {
                return false;
            }
        } else if (lexer_match_id(p->lexer, "skip_snat")) {
            a->lb.flag = LB_FLAG_SKIP_SNAT;
        } else if (lexer_match_id(p->lexer, "force_snat")) {
            a->lb.flag = LB_FLAG_FORCE_SNAT;
        } else {
            lexer_expected(p->lexer, "hash_fields, skip_snat or force_snat");
            return false;
        }
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* ## Load balancing ## */

static bool
parse_select_values(struct action_parser *p, struct action *a)
{
    VEC(struct select_value) values = VEC_EMPTY;
    uint64_t value, weight;
    bool ok;

    do {
        weight = 100;
        ok = (lexer_force_uint(p->lexer, 0, UINT16_MAX, &value)
              && (!lexer_match(p->lexer, LEX_ASSIGN)
                  || lexer_force_uint(p->lexer, 1, UINT16_MAX, &weight)));
        vec_push(&values, (struct select_value) { value, weight });
    } while (ok && lexer_match(p->lexer, LEX_COMMA));
    a->select.n_values = values.n;
    a->select.values = arena_memdup(p->lexer->arena, values.items,
                                    values.n * sizeof *values.items);
    vec_uninit(&values);
    return ok;
}

bool
action_parse_select(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    if (lexer_match_id(p->lexer, "values")) {
        if (!lexer_force(p->lexer, LEX_ASSIGN)
            || !lexer_force(p->lexer, LEX_LPAREN)
            || !parse_select_values(p, a)
            || !lexer_force(p->lexer, LEX_RPAREN)) {
            return false;
        }
        if (lexer_match(p->lexer, LEX_SEMICOLON)
            && lexer_is_id(p->lexer, "hash_fields")
            && !parse_hash_fields(p, &a->select.hash_fields)) {
            return false;
        }
        lexer_match(p->lexer, LEX_SEMICOLON);
    } else if (!parse_select_values(p, a)) {
        return false;
    }
    if (a->select.n_values < 2) {
        return fail(p, s, "select needs at least two values");
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

static bool
parse_child_ports(struct action_parser *p, struct action *a)
{
    VEC(const char *) ports = VEC_EMPTY;
    const char *port;
    bool ok;

    do {
        ok = lexer_force_string(p->lexer, &port);
        if (ok) {
            vec_push(&ports, port);
        }
    } while (ok && lexer_match(p->lexer, LEX_COMMA));
    a->fwd_group.n_ports = ports.n;
    a->fwd_group.ports = arena_memdup(p->lexer->arena, ports.items,
                                      ports.n * sizeof *ports.items);
    vec_uninit(&ports);
    return ok;
}

bool
action_parse_fwd_group(struct action_parser *p, struct action *a)
{
    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    if (lexer_is_id(p->lexer, "liveness")
        && (!force_assign(p) || !parse_bool(p, &a->fwd_group.liveness)
            || !lexer_force(p->lexer, LEX_COMMA))) {
        return false;
    }
    return (lexer_force_id(p->lexer, "childports")
            && lexer_force(p->lexer, LEX_ASSIGN)
            && parse_child_ports(p, a)
            && lexer_force(p->lexer, LEX_RPAREN));
}

/* "IP:PORT" as a string. */
static bool
parse_quoted_backend(struct action_parser *p, struct lb_backend *ret)
{
    const char *s = p->lexer->token.s;
    struct ip_port ip;
    const char *text;

    if (!force_assign(p) || !lexer_force_string(p->lexer, &text)) {
        return false;
    }
    if (!ip_port_parse(text, &ip)) {
        return fail(p, s, "expecting \"IP:PORT\"");
    }
    *ret = (struct lb_backend) { ip.ip, ip.port };
    return true;
}

static bool
parse_lb_aff_arg(struct action_parser *p, struct action *a)
{
    uint64_t timeout;

    if (lexer_is_id(p->lexer, "vip")) {
        return parse_quoted_backend(p, &a->lb_aff.vip);
    } else if (lexer_is_id(p->lexer, "backend")) {
        return parse_quoted_backend(p, &a->lb_aff.backend);
    } else if (lexer_is_id(p->lexer, "proto")) {
        return force_assign(p) && parse_proto(p, &a->lb_aff.proto);
    } else if (lexer_is_id(p->lexer, "timeout")) {
        if (!force_assign(p)
            || !lexer_force_uint(p->lexer, 1, UINT16_MAX, &timeout)) {
            return false;
        }
        a->lb_aff.timeout_s = timeout;
        return true;
    }
    lexer_expected(p->lexer, "vip, backend, proto or timeout");
    return false;
}

bool
action_parse_lb_aff(struct action_parser *p, struct action *a)
{
    static const struct in6_addr none;
    const char *s = p->lexer->token.s;

    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    do {
        if (!parse_lb_aff_arg(p, a)) {
            return false;
        }
    } while (lexer_match(p->lexer, LEX_COMMA));
    if (!memcmp(&a->lb_aff.vip.ip, &none, sizeof none)
        || !memcmp(&a->lb_aff.backend.ip, &none, sizeof none)
        || !a->lb_aff.timeout_s) {
        return fail(p, s, "commit_lb_aff needs vip, backend and timeout");
    }
    if (ip_is_v4(&a->lb_aff.vip.ip) != ip_is_v4(&a->lb_aff.backend.ip)) {
        return fail(p, s, "vip and backend have different families");
    }
    if (a->lb_aff.vip.port && !a->lb_aff.proto) {
        return fail(p, s, "a vip with a port needs proto");
    }
    add_named_prereq(p, ip_is_v4(&a->lb_aff.vip.ip) ? "ip4" : "ip6");
    return lexer_force(p->lexer, LEX_RPAREN);
}

bool
action_parse_ecmp_nh(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    do {
        if (lexer_is_id(p->lexer, "ipv6")) {
            if (!force_assign(p) || !parse_bool(p, &a->ecmp_nh.is_ip6)) {
                return false;
            }
        } else if (lexer_is_id(p->lexer, "proto")) {
            if (!force_assign(p) || !parse_proto(p, &a->ecmp_nh.proto)) {
                return false;
            }
        } else {
            lexer_expected(p->lexer, "ipv6 or proto");
            return false;
        }
    } while (lexer_match(p->lexer, LEX_COMMA));
    if (!a->ecmp_nh.proto) {
        return fail(p, s, "commit_ecmp_nh needs proto");
    }
    add_named_prereq(p, a->ecmp_nh.is_ip6 ? "ip6" : "ip4");
    add_named_prereq(p, (a->ecmp_nh.proto == IPPROTO_TCP ? "tcp"
                         : a->ecmp_nh.proto == IPPROTO_UDP ? "udp" : "sctp"));
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* ## Options ## */

/* NAME = VALUE of one option. */
static bool
parse_option(struct action_parser *p, const struct option_table *table,
             struct option_value *v)
{
    const struct lex_token *t = &p->lexer->token;
    struct symbol_bits none = { NULL, 0, 0 };
    const char *s = t->s;
    struct error *error;
    char *name;

    if (t->type != LEX_ID) {
        lexer_expected(p->lexer, "option name");
        return false;
    }
    name = xmemdup0(t->name, t->name_length);
    v->def = table ? option_table_find(table, name) : NULL;
    free(name);
    if (!v->def) {
        return fail(p, s, "unknown option");
    }
    if (!force_assign(p)
        || !expr_parse_constants(p->lexer, &none, &v->constants,
                                 &v->n_constants)) {
        return false;
    }
    error = option_value_check(v);
    if (error) {
        fail(p, s, error_message(error));
        error_free(error);
        return false;
    }
    return true;
}

static bool
parse_options(struct action_parser *p, struct action *a,
              const struct option_table *table)
{
    VEC(struct option_value) values = VEC_EMPTY;
    bool ok = lexer_force(p->lexer, LEX_LPAREN);

    while (ok && p->lexer->token.type != LEX_RPAREN) {
        struct option_value v;

        ok = ((!values.n || lexer_force(p->lexer, LEX_COMMA)
               ) && parse_option(p, table, &v));
        if (ok) {
            vec_push(&values, v);
        }
    }
    a->options.n_values = values.n;
    a->options.values = arena_memdup(p->lexer->arena, values.items,
                                     values.n * sizeof *values.items);
    vec_uninit(&values);
    return ok && lexer_force(p->lexer, LEX_RPAREN);
}

bool
action_parse_dhcpv4_opts(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!parse_options(p, a, p->env->dhcpv4)) {
        return false;
    }
    for (size_t i = 0; i < a->options.n_values; i++) {
        const struct option_value *v = &a->options.values[i];

        if (v->def->code == DHCP_OPT_OFFER_IP
            && v->def->type == OPTION_IPV4) {
            if (v->n_constants != 1) {
                return fail(p, s, "offerip must be a single IPv4 address");
            }
            return true;
        }
    }
    return fail(p, s, "put_dhcp_opts requires offerip to be specified");
}

bool
action_parse_dhcpv6_opts(struct action_parser *p, struct action *a)
{
    return parse_options(p, a, p->env->dhcpv6);
}

bool
action_parse_nd_ra_opts(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;
    struct error *error;

    if (!parse_options(p, a, p->env->nd_ra)) {
        return false;
    }
    error = nd_ra_check(a->options.values, a->options.n_values);
    if (error) {
        fail(p, s, error_message(error));
        error_free(error);
        return false;
    }
    return true;
}

bool
action_parse_relay(struct action_parser *p, struct action *a)
{
    u128 relay, server;

    if (!lexer_force(p->lexer, LEX_LPAREN)
        || !parse_address(p, LEX_F_IPV4, &relay)
        || !lexer_force(p->lexer, LEX_COMMA)
        || !parse_address(p, LEX_F_IPV4, &server)
        || !lexer_force(p->lexer, LEX_RPAREN)) {
        return false;
    }
    a->relay.relay_ip = htonl((uint32_t) relay);
    a->relay.server_ip = htonl((uint32_t) server);
    return true;
}

/* ## Things for the controller ## */

bool
action_parse_bind_vport(struct action_parser *p, struct action *a)
{
    return (lexer_force(p->lexer, LEX_LPAREN)
            && lexer_force_string(p->lexer, &a->port)
            && lexer_force(p->lexer, LEX_COMMA)
            && parse_arg(p, ARG_PORT, &a->src[0])
            && lexer_force(p->lexer, LEX_RPAREN));
}

bool
action_parse_mirror(struct action_parser *p, struct action *a)
{
    return (lexer_force(p->lexer, LEX_LPAREN)
            && lexer_force_string(p->lexer, &a->port)
            && lexer_force(p->lexer, LEX_RPAREN));
}

static bool
parse_event_arg(struct action_parser *p, struct action *a,
                struct event_option *o)
{
    if (lexer_is_id(p->lexer, "meter")) {
        return force_assign(p) && lexer_force_string(p->lexer,
                                                     &a->event.meter);
    }
    for (o->number = 1; o->number < N_EVENT_OPTIONS; o->number++) {
        if (lexer_is_id(p->lexer, event_option_names[o->number])) {
            return force_assign(p) && lexer_force_string(p->lexer, &o->value);
        }
    }
    lexer_expected(p->lexer, "meter, vip, protocol or load_balancer");
    return false;
}

static bool
check_event_options(struct action_parser *p, const char *s,
                    const struct event_option *options, size_t n)
{
    uint32_t seen = 0;

    for (size_t i = 0; i < n; i++) {
        struct ip_port unused;

        if (options[i].number == EVENT_OPTION_VIP
            && !ip_port_parse(options[i].value, &unused)) {
            return fail(p, s, "invalid load balancer VIP");
        }
        seen |= 1u << options[i].number;
    }
    return (seen == (1u << EVENT_OPTION_VIP | 1u << EVENT_OPTION_PROTOCOL
                     | 1u << EVENT_OPTION_LOAD_BALANCER)
            || fail(p, s, "event needs vip, protocol and load_balancer"));
}

bool
action_parse_event(struct action_parser *p, struct action *a)
{
    VEC(struct event_option) options = VEC_EMPTY;
    const char *s = p->lexer->token.s;
    const char *event;
    bool ok;

    if (!lexer_force(p->lexer, LEX_LPAREN)
        || !lexer_force_id(p->lexer, "event")
        || !lexer_force(p->lexer, LEX_ASSIGN)
        || !lexer_force_string(p->lexer, &event)) {
        return false;
    }
    if (strcmp(event, "empty_lb_backends")) {
        return fail(p, s, "unknown event");
    }
    for (ok = true; ok && lexer_match(p->lexer, LEX_COMMA);) {
        struct event_option o = { .value = NULL };

        ok = parse_event_arg(p, a, &o);
        if (o.value) {
            vec_push(&options, o);
        }
    }
    ok = (ok && lexer_force(p->lexer, LEX_RPAREN)
          && check_event_options(p, s, options.items, options.n));
    a->event.n_options = options.n;
    a->event.options = arena_memdup(p->lexer->arena, options.items,
                                    options.n * sizeof *options.items);
    vec_uninit(&options);
    return ok;
}

/* Finds the word at the lexer among 'n' names that 'to_string' gives; -1 with
 * an error if it is none. */
static int
parse_word(struct action_parser *p, const char *(*to_string)(unsigned int),
           unsigned int n, const char *what)
{
    for (unsigned int i = 0; i < n; i++) {
        if (lexer_match_id(p->lexer, to_string(i))) {
            return i;
        }
    }
    lexer_expected(p->lexer, what);
    return -1;
}

static const char *
severity_word(unsigned int i)
{
    return log_severity_to_string(i);
}

static const char *
verdict_word(unsigned int i)
{
    return log_verdict_to_string(i);
}

static bool
parse_log_arg(struct action_parser *p, struct action *a)
{
    int i;

    if (lexer_is_id(p->lexer, "name")) {
        const char *s = p->lexer->token.s;

        if (!force_assign(p) || !lexer_force_string(p->lexer, &a->log.name)) {
            return false;
        }
        return strlen(a->log.name) < 64 || fail(p, s, "name is too long");
    } else if (lexer_is_id(p->lexer, "meter")) {
        return force_assign(p) && lexer_force_string(p->lexer, &a->log.meter);
    } else if (lexer_is_id(p->lexer, "verdict")) {
        if (!force_assign(p)) {
            return false;
        }
        i = (lexer_match_id(p->lexer, "deny") ? LOG_VERDICT_DROP
             : parse_word(p, verdict_word, N_LOG_VERDICTS,
                          "allow, deny, drop or reject"));
        a->log.verdict = MAX(i, 0);
        return i >= 0;
    } else if (lexer_is_id(p->lexer, "severity")) {
        i = (force_assign(p) ? parse_word(p, severity_word, N_LOG_SEVERITIES,
                                          "severity") : -1);
        a->log.severity = MAX(i, 0);
        return i >= 0;
    }
    lexer_expected(p->lexer, "name, meter, verdict or severity");
    return false;
}

bool
action_parse_log(struct action_parser *p, struct action *a)
{
    a->log.severity = LOG_SEVERITY_INFO;
    a->log.verdict = LOG_VERDICT_UNKNOWN;
    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    while (p->lexer->token.type != LEX_RPAREN) {
        if (!parse_log_arg(p, a)) {
            return false;
        }
        if (!lexer_match(p->lexer, LEX_COMMA)) {
            break;
        }
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* ## The rest ## */

bool
action_parse_number(struct action_parser *p, struct action *a)
{
    /* set_queue's range is OVN's; lengths are those of a packet. */
    uint64_t max = a->kind == ACTION_SET_QUEUE ? 61440 : UINT16_MAX;
    uint64_t x;

    if (!lexer_force(p->lexer, LEX_LPAREN)
        || !lexer_force_uint(p->lexer, 0, max, &x)
        || !lexer_force(p->lexer, LEX_RPAREN)) {
        return false;
    }
    a->number = x;
    return true;
}

bool
action_parse_set_meter(struct action_parser *p, struct action *a)
{
    return (lexer_force(p->lexer, LEX_LPAREN)
            && lexer_force_uint(p->lexer, 1, UINT32_MAX, &a->meter.rate_kbps)
            && (!lexer_match(p->lexer, LEX_COMMA)
                || lexer_force_uint(p->lexer, 0, UINT32_MAX,
                                    &a->meter.burst_kbits))
            && lexer_force(p->lexer, LEX_RPAREN));
}

static bool
parse_obs_point(struct action_parser *p, struct action *a)
{
    const struct lex_token *t = &p->lexer->token;
    uint64_t x;

    if (t->type == LEX_PORT_GROUP && t->name_length == 6
        && !strncmp(t->name, "cookie", 6)) {
        a->sample.obs_point_type = OBS_POINT_COOKIE;
        lexer_next(p->lexer);
        return true;
    }
    if (!lexer_force_uint(p->lexer, 0, UINT32_MAX, &x)) {
        return false;
    }
    a->sample.obs_point = x;
    return true;
}

static bool
parse_sample_arg(struct action_parser *p, struct action *a)
{
    uint64_t x;

    if (lexer_is_id(p->lexer, "probability")) {
        if (!force_assign(p)
            || !lexer_force_uint(p->lexer, 1, UINT16_MAX, &x)) {
            return false;
        }
        a->sample.probability = x;
    } else if (lexer_is_id(p->lexer, "collector_set")) {
        if (!force_assign(p)
            || !lexer_force_uint(p->lexer, 0, UINT32_MAX, &x)) {
            return false;
        }
        a->sample.collector_set = x;
    } else if (lexer_is_id(p->lexer, "obs_domain")) {
        if (!force_assign(p)
            || !lexer_force_uint(p->lexer, 0, UINT8_MAX, &x)) {
            return false;
        }
        a->sample.obs_domain = x;
    } else if (lexer_is_id(p->lexer, "obs_point")) {
        return force_assign(p) && parse_obs_point(p, a);
    } else {
        lexer_expected(p->lexer, "probability, collector_set, obs_domain or "
                       "obs_point");
        return false;
    }
    return true;
}

bool
action_parse_sample(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!lexer_force(p->lexer, LEX_LPAREN)) {
        return false;
    }
    do {
        if (!parse_sample_arg(p, a)) {
            return false;
        }
    } while (lexer_match(p->lexer, LEX_COMMA));
    if (!a->sample.probability) {
        return fail(p, s, "probability must be greater than zero");
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}

/* ## One action ## */

/* Sets what all actions with 'info' have, and reads on after the name. */
static bool
parse_named(struct action_parser *p, struct action *a, const char *s)
{
    const struct action_info *info = &action_infos[a->kind];

    if (p->in_ct_commit) {
        return fail(p, s, "only assignments are allowed within ct_commit");
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
        add_named_prereq(p, info->prereq);
    }
    if (info->parse) {
        return info->parse(p, a);
    }
    if (info->args) {
        return parse_args(p, a, info->args);
    }
    if (info->flags & ACTION_F_NESTED
        || (info->flags & ACTION_F_NESTED_OPTIONAL
            && p->lexer->token.type == LEX_LCURLY)) {
        return parse_nested(p, a);
    }
    return true;
}

/* "R = NAME...", from the name on. */
static bool
parse_result_action(struct action_parser *p, struct action *a, const char *s)
{
    const struct action_info *info = &action_infos[a->kind];
    const char *name = p->lexer->token.s;

    if (!check_writable(p, s, &a->dst)) {
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
        return fail(p, s, "assignments require a single value");
    }
    a->constant = *constants;
    if (constants->masked && a->dst.symbol->whole) {
        return fail(p, s, "this field cannot be partially modified");
    }
    return true;
}

static bool
parse_move(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;
    const struct symbol *dst = a->dst.symbol;

    if (!parse_arg(p, '*', &a->src[0])) {
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
        return fail(p, s, "this field can only be assigned a constant");
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
        return check_writable(p, s, &a->dst) && parse_move(p, a);
    }
    return check_writable(p, s, &a->dst) && parse_load(p, a);
}

static bool
parse_dec_ttl(struct action_parser *p, struct action *a, const char *s)
{
    a->kind = ACTION_DEC_TTL;
    add_named_prereq(p, action_infos[ACTION_DEC_TTL].prereq);
    return (a->dst.symbol->base == BASE_IP_TTL
            || fail(p, s, "only ip.ttl can be decremented"));
}

/* An action that starts with a field. */
static bool
parse_assignment(struct action_parser *p, struct action *a)
{
    const char *s = p->lexer->token.s;

    if (!parse_field(p, &a->dst)) {
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
        return (check_writable(p, s, &a->dst) && parse_move(p, a)
                && check_writable(p, src, &a->src[0]));
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
        return (a->kind != ACTION_POP || check_writable(p, s, &a->src[0]));
    }
    if (a->kind != N_ACTIONS
        && !symbol_table_find(p->env->symbols, t->name, t->name_length)) {
        lexer_error(p->lexer, "\"%s\" needs a field for its result",
                    action_infos[a->kind].name);
        return false;
    }
    return parse_assignment(p, a);
}

/* Reads actions up to the end of the text or of a block. */
static struct action *
parse_list(struct action_parser *p)
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
    *ret = parse_list(&p);
    *ret_prereqs = p.prereqs;
    lexer_force_end(&lexer);
    return lexer_steal_error(&lexer);
}
