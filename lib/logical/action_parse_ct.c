/* SPDX-License-Identifier: Apache-2.0 */

/* Actions of connection tracking and load balancing. */

#include "lib/logical/action_parser.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/logical/addresses.h"

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

/* "(ct_mark=V, ct_label=V)", as older northds write it. */
static bool
parse_ct_commit_args(struct action_parser *p, struct action *a)
{
    struct action **end = &a->nested;

    do {
        *end = arena_new(p->lexer->arena, struct action);
        if (!parser_assignment(p, *end)) {
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
        return parser_fail(p, p->lexer->token.s, "ct_commit within ct_commit");
    }
    p->in_ct_commit = true;
    if (lexer_match(p->lexer, LEX_LPAREN)) {
        ok = parse_ct_commit_args(p, a);
    } else if (p->lexer->token.type == LEX_LCURLY) {
        ok = parser_nested(p, a);
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
    if (!parser_ip(p, &a->nat.ip)) {
        return false;
    }
    a->nat.family = ip_is_v4(&a->nat.ip) ? AF_INET : AF_INET6;
    parser_require(p, a->nat.family == AF_INET ? "ip4" : "ip6");
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

        if (!parser_address(p, LEX_F_IPV6, &x)
            || !lexer_force(p->lexer, LEX_RSQUARE)) {
            return false;
        }
        b->ip = parser_ip6(x);
    } else if (!parser_ip(p, &b->ip)) {
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
            ok = parser_fail(p, s, "IPv4 and IPv6 backends cannot be mixed");
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
            parser_require(p, ip_is_v4(&b.ip) ? "ip4" : "ip6");
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

    if (!parser_equals(p) || !lexer_force_string(p->lexer, ret)) {
        return false;
    }
    if (!**ret || (*ret)[strspn(*ret, "abcdefghijklmnopqrstuvwxyz0123456789_,"
                                )]) {
        return parser_fail(p, s, "invalid hash_fields");
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
        return parser_fail(p, s, "select needs at least two values");
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
        && (!parser_equals(p) || !parser_bool(p, &a->fwd_group.liveness)
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

    if (!parser_equals(p) || !lexer_force_string(p->lexer, &text)) {
        return false;
    }
    if (!ip_port_parse(text, &ip)) {
        return parser_fail(p, s, "expecting \"IP:PORT\"");
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
        return parser_equals(p) && parser_proto(p, &a->lb_aff.proto);
    } else if (lexer_is_id(p->lexer, "timeout")) {
        if (!parser_equals(p)
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
        return parser_fail(p, s, "commit_lb_aff needs vip, backend and "
                           "timeout");
    }
    if (ip_is_v4(&a->lb_aff.vip.ip) != ip_is_v4(&a->lb_aff.backend.ip)) {
        return parser_fail(p, s, "vip and backend have different families");
    }
    if (a->lb_aff.vip.port && !a->lb_aff.proto) {
        return parser_fail(p, s, "a vip with a port needs proto");
    }
    parser_require(p, ip_is_v4(&a->lb_aff.vip.ip) ? "ip4" : "ip6");
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
            if (!parser_equals(p) || !parser_bool(p, &a->ecmp_nh.is_ip6)) {
                return false;
            }
        } else if (lexer_is_id(p->lexer, "proto")) {
            if (!parser_equals(p) || !parser_proto(p, &a->ecmp_nh.proto)) {
                return false;
            }
        } else {
            lexer_expected(p->lexer, "ipv6 or proto");
            return false;
        }
    } while (lexer_match(p->lexer, LEX_COMMA));
    if (!a->ecmp_nh.proto) {
        return parser_fail(p, s, "commit_ecmp_nh needs proto");
    }
    parser_require(p, a->ecmp_nh.is_ip6 ? "ip6" : "ip4");
    parser_require(p, (a->ecmp_nh.proto == IPPROTO_TCP ? "tcp"
                       : a->ecmp_nh.proto == IPPROTO_UDP ? "udp" : "sctp"));
    return lexer_force(p->lexer, LEX_RPAREN);
}
