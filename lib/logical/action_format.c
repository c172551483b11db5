/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/action_table.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/logical/addresses.h"

static const char *
proto_to_string(uint8_t proto)
{
    return (proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp"
            : "sctp");
}

void
action_format_next(const struct action *a, struct str *out)
{
    str_put(out, "next");
    if (a->jump.pipeline != a->jump.src_pipeline) {
        str_printf(out, "(pipeline=%s, table=%u)",
                   a->jump.pipeline == PIPELINE_INGRESS ? "ingress"
                   : "egress", a->jump.table);
    } else if (a->jump.table != a->jump.src_table + 1) {
        str_printf(out, "(%u)", a->jump.table);
    }
}

void
action_format_ct_zone(const struct action *a, struct str *out)
{
    str_put(out, action_name(a->kind));
    if (a->ct.zone != CT_ZONE_DEFAULT) {
        str_put(out, a->ct.zone == CT_ZONE_DNAT ? "(dnat)" : "(snat)");
    }
}

void
action_format_ct_nat(const struct action *a, struct str *out)
{
    str_put(out, action_name(a->kind));
    if (a->nat.family == AF_UNSPEC) {
        return;
    }
    str_put_char(out, '(');
    ip_format(&a->nat.ip, out);
    if (a->nat.port_min) {
        str_printf(out, ",%u", a->nat.port_min);
        if (a->nat.port_max != a->nat.port_min) {
            str_printf(out, "-%u", a->nat.port_max);
        }
    }
    str_put_char(out, ')');
}

static void
format_backend(const struct lb_backend *b, struct str *out)
{
    struct ip_port ip = { b->ip, b->port };

    ip_port_format(&ip, out);
}

void
action_format_ct_lb(const struct action *a, struct str *out)
{
    str_put(out, action_name(a->kind));
    if (!a->lb.has_backends) {
        return;
    }
    str_put(out, "(backends=");
    for (size_t i = 0; i < a->lb.n_backends; i++) {
        str_put(out, i ? "," : "");
        format_backend(&a->lb.backends[i], out);
    }
    if (a->lb.hash_fields) {
        str_put(out, "; hash_fields=");
        lex_format_string(a->lb.hash_fields, out);
    }
    if (a->lb.flag != LB_FLAG_NONE) {
        str_put(out, (a->lb.flag == LB_FLAG_SKIP_SNAT ? "; skip_snat"
                      : "; force_snat"));
    }
    str_put_char(out, ')');
}

void
action_format_select(const struct action *a, struct str *out)
{
    str_put(out, a->select.hash_fields ? "select(values=(" : "select(");
    for (size_t i = 0; i < a->select.n_values; i++) {
        str_printf(out, "%s%u=%u", i ? ", " : "", a->select.values[i].value,
                   a->select.values[i].weight);
    }
    if (a->select.hash_fields) {
        str_put(out, "); hash_fields=");
        lex_format_string(a->select.hash_fields, out);
    }
    str_put_char(out, ')');
}

static void
format_option(const struct option_value *v, struct str *out)
{
    str_printf(out, "%s = ", v->def->name);
    if (v->n_constants == 1) {
        expr_format_constant(v->constants, out);
        return;
    }
    str_put_char(out, '{');
    for (size_t i = 0; i < v->n_constants; i++) {
        str_put(out, i ? ", " : "");
        expr_format_constant(&v->constants[i], out);
    }
    str_put_char(out, '}');
}

void
action_format_options(const struct action *a, struct str *out)
{
    str_printf(out, "%s(", action_name(a->kind));
    for (size_t i = 0; i < a->options.n_values; i++) {
        str_put(out, i ? ", " : "");
        format_option(&a->options.values[i], out);
    }
    str_put_char(out, ')');
}

void
action_format_relay(const struct action *a, struct str *out)
{
    str_printf(out, "%s(", action_name(a->kind));
    ip4_format(a->relay.relay_ip, out);
    str_put(out, ", ");
    ip4_format(a->relay.server_ip, out);
    str_put_char(out, ')');
}

void
action_format_bind_vport(const struct action *a, struct str *out)
{
    str_put(out, "bind_vport(");
    lex_format_string(a->port, out);
    str_put(out, ", ");
    symbol_bits_format(&a->src[0], out);
    str_put_char(out, ')');
}

void
action_format_mirror(const struct action *a, struct str *out)
{
    str_put(out, "mirror(");
    lex_format_string(a->port, out);
    str_put_char(out, ')');
}

void
action_format_event(const struct action *a, struct str *out)
{
    str_put(out, "trigger_event(event = \"empty_lb_backends\"");
    if (a->event.meter) {
        str_put(out, ", meter = ");
        lex_format_string(a->event.meter, out);
    }
    for (size_t i = 0; i < a->event.n_options; i++) {
        const struct event_option *o = &a->event.options[i];

        str_printf(out, ", %s = ", event_option_names[o->number]);
        lex_format_string(o->value, out);
    }
    str_put_char(out, ')');
}

void
action_format_log(const struct action *a, struct str *out)
{
    str_put(out, "log(");
    if (a->log.name) {
        str_put(out, "name=");
        lex_format_string(a->log.name, out);
        str_put(out, ", ");
    }
    if (a->log.verdict != LOG_VERDICT_UNKNOWN) {
        str_printf(out, "verdict=%s, ",
                   log_verdict_to_string(a->log.verdict));
    }
    str_printf(out, "severity=%s", log_severity_to_string(a->log.severity));
    if (a->log.meter) {
        str_put(out, ", meter=");
        lex_format_string(a->log.meter, out);
    }
    str_put_char(out, ')');
}

void
action_format_fwd_group(const struct action *a, struct str *out)
{
    str_put(out, "fwd_group(");
    if (a->fwd_group.liveness) {
        str_put(out, "liveness=\"true\", ");
    }
    str_put(out, "childports=");
    for (size_t i = 0; i < a->fwd_group.n_ports; i++) {
        str_put(out, i ? ", " : "");
        lex_format_string(a->fwd_group.ports[i], out);
    }
    str_put_char(out, ')');
}

void
action_format_lb_aff(const struct action *a, struct str *out)
{
    str_put(out, "commit_lb_aff(vip = \"");
    format_backend(&a->lb_aff.vip, out);
    str_put(out, "\", backend = \"");
    format_backend(&a->lb_aff.backend, out);
    str_put_char(out, '"');
    if (a->lb_aff.proto) {
        str_printf(out, ", proto = %s", proto_to_string(a->lb_aff.proto));
    }
    str_printf(out, ", timeout = %u)", a->lb_aff.timeout_s);
}

void
action_format_ecmp_nh(const struct action *a, struct str *out)
{
    str_printf(out, "commit_ecmp_nh(ipv6 = %s, proto = %s)",
               a->ecmp_nh.is_ip6 ? "true" : "false",
               proto_to_string(a->ecmp_nh.proto));
}

void
action_format_number(const struct action *a, struct str *out)
{
    str_printf(out, "%s(%u)", action_name(a->kind), a->number);
}

void
action_format_set_meter(const struct action *a, struct str *out)
{
    str_printf(out, "set_meter(%llu",
               (unsigned long long) a->meter.rate_kbps);
    if (a->meter.burst_kbits) {
        str_printf(out, ", %llu", (unsigned long long) a->meter.burst_kbits);
    }
    str_put_char(out, ')');
}

void
action_format_sample(const struct action *a, struct str *out)
{
    str_printf(out, "sample(probability=%u,collector_set=%u,obs_domain=%u,"
               "obs_point=", a->sample.probability, a->sample.collector_set,
               a->sample.obs_domain);
    if (a->sample.obs_point_type == OBS_POINT_COOKIE) {
        str_put(out, "@cookie)");
    } else {
        str_printf(out, "%u)", a->sample.obs_point);
    }
}

/* Actions that are fields and signs. */
static void
format_fields(const struct action *a, struct str *out)
{
    symbol_bits_format(&a->dst, out);
    switch (a->kind) {
    case ACTION_LOAD:
        str_put(out, " = ");
        expr_format_constant(&a->constant, out);
        break;
    case ACTION_MOVE:
    case ACTION_EXCHANGE:
        str_put(out, a->kind == ACTION_MOVE ? " = " : " <-> ");
        symbol_bits_format(&a->src[0], out);
        break;
    default:
        str_put(out, "--");
        break;
    }
}

static void
format_plain(const struct action *a, const struct action_info *info,
             struct str *out)
{
    str_put(out, info->name);
    if (info->args) {
        str_put_char(out, '(');
        for (size_t i = 0; info->args[i]; i++) {
            str_put(out, i ? ", " : "");
            symbol_bits_format(&a->src[i], out);
        }
        str_put_char(out, ')');
    }
    /* "ct_commit;" is that without braces. */
    if (a->nested || (info->flags & ACTION_F_NESTED
                      && a->kind != ACTION_CT_COMMIT)) {
        str_put(out, " { ");
        actions_format(a->nested, out);
        str_put(out, " }");
    }
}

static void
format_action(const struct action *a, struct str *out)
{
    const struct action_info *info = &action_infos[a->kind];

    if (!info->name) {
        format_fields(a, out);
        return;
    }
    if (info->result) {
        symbol_bits_format(&a->dst, out);
        str_put(out, " = ");
    }
    if (info->format) {
        info->format(a, out);
    } else {
        format_plain(a, info, out);
    }
}

void
actions_format(const struct action *list, struct str *out)
{
    if (!list) {
        str_put(out, "drop;");
    }
    for (const struct action *a = list; a; a = a->next) {
        format_action(a, out);
        str_put(out, a->next ? "; " : ";");
    }
}
