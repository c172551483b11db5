/* SPDX-License-Identifier: Apache-2.0 */

/* Connection tracking and load balancing.
 *
 * The database holds no connections: their states come from the options, in
 * the order in which the packet passes the tracker.  What depends on more than
 * that is decided by the packet itself, as ovn-trace(8) says under "Stateful
 * Actions". */

#include "controller/trace/walk_internal.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/base/random.h"

#define CT_DEFAULT_STATE (CS_TRACKED | CS_ESTABLISHED)
#define CT_DEFAULT_NOTE " /* default (use --ct to customize) */"

static void
format_ct_state(uint8_t state, struct str *out)
{
    static const char *const names[] = { "new", "est", "rel", "rpl", "inv",
                                         "trk", "snat", "dnat" };
    bool first = true;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (state & (1u << i)) {
            str_printf(out, "%s%s", first ? "" : "|", names[i]);
            first = false;
        }
    }
}

/* Takes the next connection state; '*ret_note' says if it is the default. */
static uint8_t
next_ct_state(struct walker *w, const char **ret_note)
{
    if (w->n_ct < w->options->n_ct_states) {
        *ret_note = "";
        return w->options->ct_states[w->n_ct++];
    }
    *ret_note = CT_DEFAULT_NOTE;
    return CT_DEFAULT_STATE;
}

/* NAT and commits track a packet that is not tracked yet. */
static const char *
track(struct walker *w, struct flow *flow)
{
    const char *note = "";

    if (!(flow->ct_state & CS_TRACKED)) {
        flow->ct_state |= next_ct_state(w, &note);
    }
    return note;
}

void
walk_ct_next(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    struct flow flow = *at->flow;
    struct str text = STR_EMPTY;
    const char *note;

    flow.ct_state = next_ct_state(w, &note);
    str_printf(&text, "%s(ct_state=", action_name(a->kind));
    format_ct_state(flow.ct_state, &text);
    str_printf(&text, "%s)", note);
    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s",
                         str_cstr(&text)));
    str_uninit(&text);
}

/* ## NAT ## */

static void
set_ip(enum base base4, enum base base6, const struct in6_addr *ip,
       struct flow *flow)
{
    base_write(ip_is_v4(ip) ? base4 : base6, ip_to_u128(ip), U128_MAX, flow);
}

/* Appends " (ip4.dst=ADDRESS)" and translates. */
static void
translate(const struct action *a, bool is_dst, struct flow *flow,
          struct str *text)
{
    str_printf(text, "(ip%c.%s=", a->nat.family == AF_INET6 ? '6' : '4',
               is_dst ? "dst" : "src");
    ip_format(&a->nat.ip, text);
    str_put_char(text, ')');
    if (is_dst) {
        set_ip(BASE_NW_DST, BASE_IP6_DST, &a->nat.ip, flow);
        flow->ct_state |= CS_DST_NAT;
    } else {
        set_ip(BASE_NW_SRC, BASE_IP6_SRC, &a->nat.ip, flow);
        flow->ct_state |= CS_SRC_NAT;
    }
}

void
walk_ct_nat(struct walker *w, const struct place *at, const struct action *a,
            struct report *report)
{
    bool is_dst = (a->kind == ACTION_CT_DNAT
                   || a->kind == ACTION_CT_DNAT_IN_CZONE);
    struct flow flow = *at->flow;
    struct str text = STR_EMPTY;

    if (!is_dst && a->nat.family == AF_UNSPEC && at->dp->is_gateway_router) {
        return;
    }
    str_put(&text, action_name(a->kind));
    if (a->nat.family == AF_UNSPEC) {
        str_printf(&text, " /* assuming no un-%s entry, so no change */",
                   is_dst ? "dnat" : "snat");
    } else {
        translate(a, is_dst, &flow, &text);
    }
    str_put(&text, track(w, &flow));
    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s",
                         str_cstr(&text)));
    str_uninit(&text);
}

/* ## Commits ## */

void
walk_ct_commit_nat(struct walker *w, const struct place *at,
                   const struct action *a, struct report *report)
{
    struct flow flow = *at->flow;
    const char *note = track(w, &flow);

    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM,
                         "%s /* assuming no un-nat entry, so no change */%s",
                         action_name(a->kind), note));
}

void
walk_ct_commit_to_zone(struct walker *w, const struct place *at,
                       const struct action *a, struct report *report)
{
    struct flow flow = *at->flow;
    const char *note = track(w, &flow);

    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s(%s)%s",
                         action_name(a->kind),
                         a->ct.zone == CT_ZONE_DNAT ? "dnat" : "snat", note));
}

void
walk_ct_clear(struct walker *w UNUSED, const struct place *at,
              const struct action *a UNUSED, struct report *report UNUSED)
{
    struct flow *flow = at->flow;

    flow->ct_state = 0;
    flow->ct_mark = 0;
    memset(&flow->ct_label, 0, sizeof flow->ct_label);
    base_write(BASE_CT_PROTO, 0, U128_MAX, flow);
    base_write(BASE_CT_NW_DST, 0, U128_MAX, flow);
    base_write(BASE_CT_IP6_DST, 0, U128_MAX, flow);
    base_write(BASE_CT_TP_DST, 0, U128_MAX, flow);
}

/* ## What the tracker saw first ## */

/* ct_nw_dst() and its like. */
void
walk_ct_original(struct walker *w UNUSED, const struct place *at,
                 const struct action *a, struct report *report UNUSED)
{
    enum base base = (a->kind == ACTION_CT_NW_DST ? BASE_CT_NW_DST
                      : a->kind == ACTION_CT_IP6_DST ? BASE_CT_IP6_DST
                      : a->kind == ACTION_CT_TP_DST ? BASE_CT_TP_DST
                      : BASE_CT_PROTO);

    walk_store(at, a, base_read(base, at->flow));
}

void
walk_ct_state_save(struct walker *w, const struct place *at,
                   const struct action *a, struct report *report)
{
    unsigned int state = (at->flow->ct_state & CS_TRACKED
                          ? at->flow->ct_state : 0);
    struct str text = STR_EMPTY;

    walk_store(at, a, state);
    symbol_bits_format(&a->dst, &text);
    str_printf(&text, " = %u;", state);
    walk_comment(w, report, str_cstr(&text));
    str_uninit(&text);
}

/* ## Load balancing ## */

static int
flow_family(const struct flow *flow)
{
    return (flow->dl_type == htons(0x800) ? AF_INET
            : flow->dl_type == htons(0x86dd) ? AF_INET6 : AF_UNSPEC);
}

static bool
is_of_family(const struct lb_backend *b, int family)
{
    return ip_is_v4(&b->ip) == (family == AF_INET);
}

/* Which backend of the packet's family: the one asked for if it is there, or
 * any; NULL if there is none. */
static const struct lb_backend *
choose_backend(const struct walk_options *o, const struct action *a,
               int family)
{
    const struct lb_backend *chosen = NULL;
    uint32_t n = 0;

    for (size_t i = 0; i < a->lb.n_backends; i++) {
        const struct lb_backend *b = &a->lb.backends[i];

        if (!is_of_family(b, family)) {
            continue;
        }
        if (o->has_lb_dst && !memcmp(&b->ip, &o->lb_dst.ip, sizeof b->ip)
            && (!o->lb_dst.port || b->port == o->lb_dst.port)) {
            return b;
        }
        if (!random_range(++n)) {
            chosen = b;
        }
    }
    if (!a->lb.n_backends && o->has_lb_dst
        && is_of_family(&o->lb_dst, family)) {
        return &o->lb_dst;
    }
    return chosen;
}

static bool
has_ports(const struct flow *flow)
{
    return (flow->nw_proto == IPPROTO_TCP || flow->nw_proto == IPPROTO_UDP
            || flow->nw_proto == IPPROTO_SCTP);
}

static void
balance(const struct lb_backend *b, struct flow *flow)
{
    base_write(BASE_CT_NW_DST, base_read(BASE_NW_DST, flow), U128_MAX, flow);
    base_write(BASE_CT_IP6_DST, base_read(BASE_IP6_DST, flow), U128_MAX,
               flow);
    base_write(BASE_CT_TP_DST, ntohs(flow->tp_dst), U128_MAX, flow);
    set_ip(BASE_NW_DST, BASE_IP6_DST, &b->ip, flow);
    if (b->port && has_ports(flow)) {
        flow->tp_dst = htons(b->port);
    }
    flow->ct_state |= CS_DST_NAT;
}

void
walk_ct_lb(struct walker *w, const struct place *at, const struct action *a,
           struct report *report)
{
    struct flow flow = *at->flow;
    int family = flow_family(&flow);
    const char *note = "";

    if (family != AF_UNSPEC) {
        const struct lb_backend *backend = choose_backend(w->options, a,
                                                          family);

        if (backend) {
            balance(backend, &flow);
        } else if (a->lb.n_backends) {
            report_add(w->arena, report, REPORT_ERROR, "*** no load balancing "
                       "destination (use --lb-dst)");
        }
        flow.ct_state |= next_ct_state(w, &note);
    }
    walk_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s%s",
                         action_name(a->kind), note));
}

/* ## Hairpins: a balanced packet that goes back to its sender ## */

/* The VIP that a packet was sent to before it was balanced, or NULL. */
static const struct ip_port *
original_vip(const struct place *at)
{
    u128 ip4 = base_read(BASE_CT_NW_DST, at->flow);
    u128 ip6 = base_read(BASE_CT_IP6_DST, at->flow);

    VEC_FOR_EACH (vip, &at->dp->network->vips) {
        if (ip_to_u128(&vip->ip) == (ip_is_v4(&vip->ip) ? ip4 : ip6)) {
            return vip;
        }
    }
    return NULL;
}

static bool
is_to_itself(const struct flow *flow)
{
    int family = flow_family(flow);

    return (family != AF_UNSPEC && flow->ct_state & CS_DST_NAT
            && (family == AF_INET ? flow->nw_src == flow->nw_dst
                : !memcmp(&flow->ipv6_src, &flow->ipv6_dst,
                          sizeof flow->ipv6_src)));
}

/* The minimal form shows the register too: test suites expect it. */
void
walk_chk_lb_hairpin(struct walker *w, const struct place *at,
                    const struct action *a, struct report *report)
{
    const struct ip_port *vip = original_vip(at);
    unsigned int port = (a->kind == ACTION_CHK_LB_HAIRPIN
                         ? base_read(BASE_CT_TP_DST, at->flow)
                         : ntohs(at->flow->tp_dst));
    bool is_hairpin = vip && vip->port == port && is_to_itself(at->flow);

    walk_store(at, a, is_hairpin);
    walk_report_result(w, a, is_hairpin, report);
}

void
walk_ct_snat_to_vip(struct walker *w, const struct place *at,
                    const struct action *a UNUSED, struct report *report)
{
    const struct ip_port *vip = original_vip(at);
    struct str text = STR_EMPTY;

    if (vip && vip->port == base_read(BASE_CT_TP_DST, at->flow)) {
        str_put(&text, "nat(src=");
        ip_format(&vip->ip, &text);
        str_put_char(&text, ')');
        walk_comment(w, report, str_cstr(&text));
    }
    str_uninit(&text);
}
