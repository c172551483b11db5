/* SPDX-License-Identifier: Apache-2.0 */

/* Actions with options of their own: DHCP and its like, what the controller
 * does, meters and samples. */

#include "lib/logical/action_parser.h"

#include <netinet/in.h>

#include "lib/logical/addresses.h"

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
        return parser_fail(p, s, "unknown option");
    }
    if (!parser_equals(p)
        || !expr_parse_constants(p->lexer, &none, &v->constants,
                                 &v->n_constants)) {
        return false;
    }
    error = option_value_check(v);
    if (error) {
        parser_fail(p, s, error_message(error));
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
                return parser_fail(p, s, "offerip must be a single IPv4 "
                                   "address");
            }
            return true;
        }
    }
    return parser_fail(p, s, "put_dhcp_opts requires offerip to be specified");
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
        parser_fail(p, s, error_message(error));
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
        || !parser_address(p, LEX_F_IPV4, &relay)
        || !lexer_force(p->lexer, LEX_COMMA)
        || !parser_address(p, LEX_F_IPV4, &server)
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
            && parser_arg(p, ARG_PORT, &a->src[0])
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
        return parser_equals(p) && lexer_force_string(p->lexer,
                                                      &a->event.meter);
    }
    for (o->number = 1; o->number < N_EVENT_OPTIONS; o->number++) {
        if (lexer_is_id(p->lexer, event_option_names[o->number])) {
            return parser_equals(p) && lexer_force_string(p->lexer, &o->value);
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
            return parser_fail(p, s, "invalid load balancer VIP");
        }
        seen |= 1u << options[i].number;
    }
    return (seen == (1u << EVENT_OPTION_VIP | 1u << EVENT_OPTION_PROTOCOL
                     | 1u << EVENT_OPTION_LOAD_BALANCER)
            || parser_fail(p, s, "event needs vip, protocol and "
                           "load_balancer"));
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
        return parser_fail(p, s, "unknown event");
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

        if (!parser_equals(p) || !lexer_force_string(p->lexer, &a->log.name)) {
            return false;
        }
        return (strlen(a->log.name) < 64
                || parser_fail(p, s, "name is too long"));
    } else if (lexer_is_id(p->lexer, "meter")) {
        return parser_equals(p) && lexer_force_string(p->lexer, &a->log.meter);
    } else if (lexer_is_id(p->lexer, "verdict")) {
        if (!parser_equals(p)) {
            return false;
        }
        i = (lexer_match_id(p->lexer, "deny") ? LOG_VERDICT_DROP
             : parse_word(p, verdict_word, N_LOG_VERDICTS,
                          "allow, deny, drop or reject"));
        a->log.verdict = MAX(i, 0);
        return i >= 0;
    } else if (lexer_is_id(p->lexer, "severity")) {
        i = (parser_equals(p) ? parse_word(p, severity_word, N_LOG_SEVERITIES,
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
        if (!parser_equals(p)
            || !lexer_force_uint(p->lexer, 1, UINT16_MAX, &x)) {
            return false;
        }
        a->sample.probability = x;
    } else if (lexer_is_id(p->lexer, "collector_set")) {
        if (!parser_equals(p)
            || !lexer_force_uint(p->lexer, 0, UINT32_MAX, &x)) {
            return false;
        }
        a->sample.collector_set = x;
    } else if (lexer_is_id(p->lexer, "obs_domain")) {
        if (!parser_equals(p)
            || !lexer_force_uint(p->lexer, 0, UINT8_MAX, &x)) {
            return false;
        }
        a->sample.obs_domain = x;
    } else if (lexer_is_id(p->lexer, "obs_point")) {
        return parser_equals(p) && parse_obs_point(p, a);
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
        return parser_fail(p, s, "probability must be greater than zero");
    }
    return lexer_force(p->lexer, LEX_RPAREN);
}
