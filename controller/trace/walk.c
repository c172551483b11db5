/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/walk.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "controller/trace/port_security.h"
#include "lib/base/random.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"

/* A loop of logical routers ends here; so do pipelines that multiply. */
#define MAX_DEPTH 4096
#define MAX_TABLES 100000

struct walker {
    const struct walk_options *options;
    struct arena *arena;
    size_t n_ct;                 /* Connection states used. */
    int depth;
    size_t n_tables;             /* Looked up. */
    VEC(u128) stack;             /* Of push() and pop(). */
};

/* Where the packet is. */
struct place {
    struct datapath *dp;
    enum pipeline pipeline;
    uint8_t table;
    struct flow *flow;           /* Changed by actions. */
};

static void look_up(struct walker *, const struct place *, uint8_t table,
                    struct report *);
static void execute(struct walker *, const struct place *,
                    const struct action *, struct report *);

/* ## Reporting ## */

static const char *
friendly(const struct walker *w, const struct port *port)
{
    return w->options->friendly_names ? port->friendly_name : port->name;
}

static const char *
friendly_dp(const struct walker *w, const struct datapath *dp)
{
    return w->options->friendly_names ? dp->friendly_name : dp->name;
}

static void
put_text(const struct walker *w, const struct datapath *dp, const char *text,
         struct str *out)
{
    if (w->options->friendly_names) {
        network_put_friendly(dp->network, text, out);
    } else {
        str_put(out, text);
    }
}

static void
report_action(struct walker *w, const struct place *at,
              const struct action *a, struct report *report)
{
    struct action alone = *a;
    struct str text = STR_EMPTY, out = STR_EMPTY;

    alone.next = NULL;
    actions_format(&alone, &text);
    put_text(w, at->dp, str_cstr(&text), &out);
    report_add(w->arena, report, REPORT_ACTION, "%s", str_cstr(&out));
    str_uninit(&text);
    str_uninit(&out);
}

static struct report *
comment(struct walker *w, struct report *report, const char *text)
{
    return report_add(w->arena, report, REPORT_COMMENT, "/* %s */", text);
}

/* Registers and metadata are not part of the packet. */
static bool
is_header(const struct symbol_bits *bits)
{
    return (bits->symbol->base >= BASE_ETH_SRC
            && bits->symbol->base < BASE_CT_PROTO
            && !bits->symbol->ovn_field);
}

static enum lex_format
natural_format(const struct symbol *symbol)
{
    switch (symbol->base) {
    case BASE_ETH_SRC:
    case BASE_ETH_DST:
    case BASE_ARP_SHA:
    case BASE_ARP_THA:
        return LEX_F_ETHERNET;
    case BASE_NW_SRC:
    case BASE_NW_DST:
        return LEX_F_IPV4;
    case BASE_IP6_SRC:
    case BASE_IP6_DST:
    case BASE_ND_TARGET:
        return LEX_F_IPV6;
    case BASE_XXREG0:
    case BASE_XXREG1:
    case BASE_XXREG2:
        return LEX_F_HEXADECIMAL;
    default:
        return LEX_F_DECIMAL;
    }
}

static void
report_modify(struct walker *w, const struct symbol_bits *dst, u128 value,
              enum lex_format format, struct report *report)
{
    struct str out = STR_EMPTY;

    if (is_header(dst)) {
        symbol_bits_format(dst, &out);
        str_put(&out, " = ");
        lex_format_integer(value, 0, false, format, &out);
        report_add(w->arena, report, REPORT_MODIFY, "%s;", str_cstr(&out));
    }
    str_uninit(&out);
}

static struct symbol_bits
named_bits(const char *name)
{
    const struct symbol *symbol = symbol_table_find(ovn_symbols(), name,
                                                    strlen(name));

    return (struct symbol_bits) { symbol, 0, symbol->width };
}

static void
write_named(struct walker *w, const struct place *at, const char *name,
            u128 value, struct report *report)
{
    struct symbol_bits bits = named_bits(name);

    symbol_bits_write(&bits, value, at->flow);
    report_modify(w, &bits, value, natural_format(bits.symbol), report);
}

/* "ingress(dp="a", inport="b", outport="c")". */
static struct report *
report_pipeline(struct walker *w, const struct place *at,
                struct report *report)
{
    const struct port *in = datapath_find_port(
        at->dp, at->flow->regs[LOG_REG_INPORT]);
    const struct port *out = datapath_find_port(
        at->dp, at->flow->regs[LOG_REG_OUTPORT]);
    bool is_ingress = at->pipeline == PIPELINE_INGRESS;
    struct str text = STR_EMPTY;
    struct report *node;

    str_printf(&text, "%s(dp=\"%s\"", is_ingress ? "ingress" : "egress",
               friendly_dp(w, at->dp));
    if (in) {
        str_printf(&text, ", inport=\"%s\"", friendly(w, in));
    }
    if (!is_ingress && out) {
        str_printf(&text, ", outport=\"%s\"", friendly(w, out));
    }
    node = report_add(w->arena, report, REPORT_PIPELINE, "%s)",
                      str_cstr(&text));
    str_uninit(&text);
    return node;
}

/* ## Tables ## */

static const struct logical_flow *
find_flow(const struct place *at, uint8_t table)
{
    struct expr_env env = datapath_expr_env(at->dp);
    __auto_type flows = &at->dp->flows[at->pipeline];
    size_t lo = 0, hi = flows->n;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (flows->items[mid].table < table) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < flows->n && flows->items[lo].table == table; lo++) {
        if (expr_evaluate(flows->items[lo].match, at->flow, &env)) {
            return &flows->items[lo];
        }
    }
    return NULL;
}

/* The flows in the switch that the logical flow became. */
static void
report_openflow(struct walker *w, uint32_t cookie, struct report *report)
{
    const struct openflow_flow *flow;
    bool found = false;

    OPENFLOW_FOR_EACH (flow, cookie, w->options->openflow) {
        report_add(w->arena, report, REPORT_ACTION, "%s", flow->text);
        found = true;
    }
    if (!found) {
        report_add(w->arena, report, REPORT_ACTION,
                   "*** no OpenFlow flows");
    }
}

/* Notes on 'node' where 'at' is and what matched there, or NULL. */
static void
note_table(struct walker *w, const struct place *at,
           const struct logical_flow *flow, struct report *node)
{
    struct report_table *table = arena_new(w->arena, struct report_table);

    table->datapath = friendly_dp(w, at->dp);
    table->is_ingress = at->pipeline == PIPELINE_INGRESS;
    table->stage = datapath_stage(at->dp, at->pipeline, at->table);
    if (flow) {
        table->uuid = flow->uuid;
        table->match = flow->match_text;
        table->source = flow->source;
        table->priority = flow->priority;
    }
    node->table = at->table;
    node->of_table = table;
}

static struct report *
report_flow(struct walker *w, const struct place *at,
            const struct logical_flow *flow, struct report *report)
{
    struct str text = STR_EMPTY;
    struct report *node;

    str_put(&text, flow->stage);
    if (flow->source) {
        str_printf(&text, " (%s)", flow->source);
    }
    str_put(&text, ": ");
    put_text(w, at->dp, flow->match_text, &text);
    str_printf(&text, ", priority %u, uuid %08x", flow->priority,
               flow->uuid.parts[0]);
    node = report_add(w->arena, report, REPORT_TABLE, "%s", str_cstr(&text));
    note_table(w, at, flow, node);
    node->is_trivial = flow->is_trivial;
    str_uninit(&text);
    if (w->options->openflow && !flow->is_trivial) {
        report_openflow(w, flow->uuid.parts[0], node);
    }
    return node;
}

static void
look_up(struct walker *w, const struct place *from, uint8_t table,
        struct report *report)
{
    const struct logical_flow *flow;
    struct place at = *from;
    struct report *node;

    if (w->depth >= MAX_DEPTH || w->n_tables >= MAX_TABLES) {
        comment(w, report, "*** recursion too deep ***");
        return;
    }
    at.table = table;
    flow = find_flow(&at, table);
    w->n_tables++;
    if (!flow) {
        node = report_add(w->arena, report, REPORT_TABLE,
                          "%s: no match (implicit drop)",
                          datapath_stage(at.dp, at.pipeline, table));
        note_table(w, &at, NULL, node);
        return;
    }
    node = report_flow(w, &at, flow, report);
    w->depth++;
    if (flow->actions) {
        execute(w, &at, flow->actions, node);
    } else {
        report_add(w->arena, node, REPORT_ACTION, "drop;");
    }
    w->depth--;
}

/* Enters a pipeline with registers that only this pipeline may use. */
static void
enter(struct walker *w, struct datapath *dp, enum pipeline pipeline,
      const struct flow *flow, uint8_t table, struct report *report)
{
    struct flow copy = *flow;
    struct place at = { .dp = dp, .pipeline = pipeline, .flow = &copy };

    look_up(w, &at, table, report);
}

static void
clear_registers(struct flow *flow)
{
    memset(flow->regs, 0, LOG_N_REGS * sizeof flow->regs[0]);
}

/* A section that is another pipeline. */
static void
enter_section(struct walker *w, struct datapath *dp, enum pipeline pipeline,
              const struct flow *flow, uint8_t table, struct report *report)
{
    struct flow copy = *flow;
    struct place at = { .dp = dp, .pipeline = pipeline, .flow = &copy };

    enter(w, dp, pipeline, flow, table, report_pipeline(w, &at, report));
}

/* ## Output ## */

static bool
is_loop(const struct flow *flow)
{
    return (flow->regs[LOG_REG_INPORT] == flow->regs[LOG_REG_OUTPORT]
            && !(flow->regs[LOG_REG_FLAGS] & (1u << LOG_FLAG_LOOPBACK)));
}

static void
output_to_port(struct walker *w, const struct place *at,
               const struct port *port, struct report *report)
{
    struct flow flow = *at->flow;
    struct place egress = { at->dp, PIPELINE_EGRESS, 0, &flow };
    struct report *section;

    flow.regs[LOG_REG_OUTPORT] = port->key;
    clear_registers(&flow);
    section = report_pipeline(w, &egress, report);
    if (is_loop(&flow)) {
        report_add(w->arena, section, REPORT_OUTPUT, "/* omitting output "
                   "because inport == outport && !flags.loopback */");
        return;
    }
    enter(w, at->dp, PIPELINE_EGRESS, &flow, 0, section);
}

/* Out of the egress pipeline: into the peer's datapath, or away. */
static void
deliver(struct walker *w, const struct place *at, struct report *report)
{
    const struct port *port = datapath_find_port(
        at->dp, at->flow->regs[LOG_REG_OUTPORT]);
    struct flow flow = *at->flow;

    if (!port) {
        comment(w, report, "*** output port is unknown ***");
        return;
    }
    report_add(w->arena, report, REPORT_OUTPUT,
               "/* output to \"%s\", type \"%s\" */", friendly(w, port),
               port->type);
    if (!port->peer) {
        report_add(w->arena, report, REPORT_DELIVER, "output(\"%s\");",
                   friendly(w, port));
        return;
    }
    clear_registers(&flow);
    flow.regs[LOG_REG_FLAGS] = 0;
    flow.regs[LOG_REG_INPORT] = port->peer->key;
    flow.regs[LOG_REG_OUTPORT] = 0;
    enter_section(w, port->peer->datapath, PIPELINE_INGRESS, &flow, 0,
                  report);
}

static void
execute_output(struct walker *w, const struct place *at,
               struct report *report)
{
    uint32_t key = at->flow->regs[LOG_REG_OUTPORT];
    const struct port *port = datapath_find_port(at->dp, key);
    const struct multicast_group *group = datapath_find_group(at->dp, key);

    if (at->pipeline == PIPELINE_EGRESS) {
        deliver(w, at, report);
    } else if (port) {
        if (port->distributed) {
            report_add(w->arena, report, REPORT_OUTPUT,
                       "/* Replacing type \"%s\" outport \"%s\" with "
                       "distributed port \"%s\". */", port->type,
                       friendly(w, port), friendly(w, port->distributed));
            port = port->distributed;
        }
        output_to_port(w, at, port, report);
    } else if (group) {
        struct report *section;

        section = report_add(w->arena, report, REPORT_PIPELINE,
                             "multicast(dp=\"%s\", mcgroup=\"%s\")",
                             friendly_dp(w, at->dp), group->name);
        for (size_t i = 0; i < group->n_ports; i++) {
            output_to_port(w, at, group->ports[i], section);
        }
    } else if (key) {
        report_add(w->arena, report, REPORT_COMMENT,
                   "/* *** unknown port or multicast group %u *** */", key);
    } else {
        comment(w, report, "*** output to null logical port ***");
    }
}

static void
execute_next(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    if (a->jump.pipeline != at->pipeline) {
        enter_section(w, at->dp, a->jump.pipeline, at->flow, a->jump.table,
                      report);
    } else {
        enter(w, at->dp, at->pipeline, at->flow, a->jump.table, report);
    }
}

/* ## Fields ## */

static void
execute_load(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    const struct expr_constant *c = &a->constant;
    u128 value = c->value;

    if (a->dst.symbol->ovn_field) {
        struct str text = STR_EMPTY;

        symbol_bits_format(&a->dst, &text);
        str_put(&text, " = ");
        expr_format_constant(c, &text);
        report_add(w->arena, report, REPORT_MODIFY, "%s;", str_cstr(&text));
        str_uninit(&text);
        return;
    }
    if (c->type == EXPR_CONST_STRING) {
        struct expr_env env = datapath_expr_env(at->dp);
        uint32_t key;

        value = env.find_port(env.aux, c->string, &key) ? key : 0;
    } else if (c->masked) {
        value |= symbol_bits_read(&a->dst, at->flow) & ~c->mask;
    }
    symbol_bits_write(&a->dst, value, at->flow);
    report_modify(w, &a->dst, value, c->format, report);
}

static void
execute_move(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    u128 value = symbol_bits_read(&a->src[0], at->flow);

    symbol_bits_write(&a->dst, value, at->flow);
    report_modify(w, &a->dst, value, natural_format(a->src[0].symbol),
                  report);
}

static void
execute_exchange(struct walker *w, const struct place *at,
                 const struct action *a, struct report *report)
{
    u128 x = symbol_bits_read(&a->dst, at->flow);
    u128 y = symbol_bits_read(&a->src[0], at->flow);

    symbol_bits_write(&a->dst, y, at->flow);
    report_modify(w, &a->dst, y, natural_format(a->dst.symbol), report);
    symbol_bits_write(&a->src[0], x, at->flow);
    report_modify(w, &a->src[0], x, natural_format(a->src[0].symbol),
                  report);
}

/* False if the packet ends here. */
static bool
execute_dec_ttl(struct walker *w, const struct place *at,
                struct report *report)
{
    if (at->flow->nw_ttl <= 1) {
        comment(w, report, "TTL is zero: packet dropped");
        return false;
    }
    at->flow->nw_ttl--;
    report_add(w->arena, report, REPORT_MODIFY, "ip.ttl--;");
    return true;
}

/* push() and pop(): an empty stack leaves the field alone. */
static void
execute_stack(struct walker *w, const struct place *at,
              const struct action *a)
{
    if (a->kind == ACTION_PUSH) {
        vec_push(&w->stack, symbol_bits_read(&a->src[0], at->flow));
    } else if (w->stack.n) {
        symbol_bits_write(&a->src[0], vec_pop(&w->stack), at->flow);
    }
}

static void
store(const struct place *at, const struct action *a, u128 value)
{
    symbol_bits_write(&a->dst, value, at->flow);
}

/* ## Connection tracking ## */

#define CT_DEFAULT_STATE (CS_TRACKED | CS_ESTABLISHED)
#define CT_DEFAULT_NOTE "/* default (use --ct to customize) */"

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
    *ret_note = " " CT_DEFAULT_NOTE;
    return CT_DEFAULT_STATE;
}

/* The packet goes on at the next table as 'flow', in a section. */
static void
fork_next(struct walker *w, const struct place *at, const struct flow *flow,
          uint8_t table, struct report *section)
{
    enter(w, at->dp, at->pipeline, flow, table, section);
}

static void
execute_ct_next(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    struct flow flow = *at->flow;
    struct str text = STR_EMPTY;
    const char *note;

    flow.ct_state = next_ct_state(w, &note);
    str_printf(&text, "%s(ct_state=", action_name(a->kind));
    format_ct_state(flow.ct_state, &text);
    str_printf(&text, "%s)", note);
    fork_next(w, at, &flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s",
                         str_cstr(&text)));
    str_uninit(&text);
}

static void
execute_ct_nat(struct walker *w, const struct place *at,
               const struct action *a, struct report *report)
{
    bool is_dst = (a->kind == ACTION_CT_DNAT
                   || a->kind == ACTION_CT_DNAT_IN_CZONE);
    bool is_ip6 = a->nat.family == AF_INET6;
    struct flow flow = *at->flow;
    struct str text = STR_EMPTY;
    struct report *section;
    const char *note = "";

    if (a->kind == ACTION_CT_SNAT && a->nat.family == AF_UNSPEC
        && at->dp->is_gateway_router) {
        return;
    }
    if (!(flow.ct_state & CS_TRACKED)) {
        flow.ct_state |= next_ct_state(w, &note);
    }
    if (a->nat.family == AF_UNSPEC) {
        section = report_add(w->arena, report, REPORT_TRANSFORM,
                             "%s /* assuming no un-%s entry, so no change */"
                             "%s", action_name(a->kind),
                             is_dst ? "dnat" : "snat", note);
    } else {
        const char *field = (is_dst ? is_ip6 ? "ip6.dst" : "ip4.dst"
                             : is_ip6 ? "ip6.src" : "ip4.src");
        struct symbol_bits bits = named_bits(field);
        u128 ip = 0;

        for (int i = is_ip6 ? 0 : 12; i < 16; i++) {
            ip = ip << 8 | a->nat.ip.s6_addr[i];
        }
        str_printf(&text, "%s(%s=", action_name(a->kind), field);
        ip_format(&a->nat.ip, &text);
        section = report_add(w->arena, report, REPORT_TRANSFORM, "%s)%s",
                             str_cstr(&text), note);
        symbol_bits_write(&bits, ip, &flow);
        flow.ct_state |= is_dst ? CS_DST_NAT : CS_SRC_NAT;
    }
    fork_next(w, at, &flow, a->next_table, section);
    str_uninit(&text);
}

/* Which backend: the one asked for if it is there, or any. */
static const struct lb_backend *
choose_backend(const struct walk_options *o, const struct action *a)
{
    for (size_t i = 0; o->has_lb_dst && i < a->lb.n_backends; i++) {
        const struct lb_backend *b = &a->lb.backends[i];

        if (!memcmp(&b->ip, &o->lb_dst.ip, sizeof b->ip)
            && (!o->lb_dst.port || b->port == o->lb_dst.port)) {
            return b;
        }
    }
    if (a->lb.n_backends) {
        return &a->lb.backends[random_range(a->lb.n_backends)];
    }
    return o->has_lb_dst ? &o->lb_dst : NULL;
}

static void
set_destination(const struct lb_backend *b, struct flow *flow)
{
    bool is_ip6 = !ip_is_v4(&b->ip);
    u128 ip = 0;

    for (int i = is_ip6 ? 0 : 12; i < 16; i++) {
        ip = ip << 8 | b->ip.s6_addr[i];
    }
    base_write(is_ip6 ? BASE_IP6_DST : BASE_NW_DST, ip, U128_MAX, flow);
    if (b->port) {
        flow->tp_dst = htons(b->port);
    }
}

static void
execute_ct_lb(struct walker *w, const struct place *at,
              const struct action *a, struct report *report)
{
    const struct lb_backend *backend = choose_backend(w->options, a);
    struct flow flow = *at->flow;
    struct report *section;
    const char *note;

    flow.ct_state |= next_ct_state(w, &note);
    section = report_add(w->arena, report, REPORT_TRANSFORM, "%s%s",
                         action_name(a->kind), note);
    if (backend && (flow.dl_type == htons(0x86dd)) == !ip_is_v4(&backend->ip)
        && (flow.dl_type == htons(0x800) || flow.dl_type == htons(0x86dd))) {
        set_destination(backend, &flow);
        flow.ct_state |= CS_DST_NAT;
    }
    fork_next(w, at, &flow, a->next_table, section);
}

static void
execute_ct_commit_and_go(struct walker *w, const struct place *at,
                         const struct action *a, struct report *report)
{
    fork_next(w, at, at->flow, a->next_table,
              report_add(w->arena, report, REPORT_TRANSFORM, "%s",
                         action_name(a->kind)));
}

static void
execute_ct_clear(const struct place *at)
{
    at->flow->ct_state = 0;
    at->flow->ct_mark = 0;
    memset(&at->flow->ct_label, 0, sizeof at->flow->ct_label);
}

/* ## A new packet in the place of this one ## */

static void
execute_on(struct walker *w, const struct place *at, const struct flow *flow,
           const struct action *a, const char *name, struct report *report)
{
    struct flow copy = *flow;
    struct place fork = *at;

    fork.flow = &copy;
    execute(w, &fork, a->nested,
            report_add(w->arena, report, REPORT_TRANSFORM, "%s", name));
}

/* The same Ethernet and logical fields, and no more. */
static struct flow
new_packet(const struct flow *old)
{
    struct flow flow = *old;

    memset((uint8_t *) &flow + offsetof(struct flow, nw_src), 0,
           sizeof flow - offsetof(struct flow, nw_src));
    return flow;
}

static struct flow
make_arp(const struct flow *old)
{
    struct flow flow = new_packet(old);

    flow.dl_type = htons(0x806);
    flow.nw_proto = 1;
    flow.arp_sha = old->dl_src;
    flow.nw_src = old->nw_src;
    flow.nw_dst = old->nw_dst;
    return flow;
}

static struct flow
make_nd_na(const struct flow *old)
{
    struct flow flow = new_packet(old);

    flow.dl_src = old->dl_dst;
    flow.dl_dst = old->dl_src;
    flow.nw_proto = IPPROTO_ICMPV6;
    flow.nw_ttl = 255;
    flow.ipv6_src = old->nd_target;
    flow.ipv6_dst = old->ipv6_src;
    flow.tp_src = htons(136);
    flow.nd_target = old->nd_target;
    flow.arp_tha = old->dl_dst;
    return flow;
}

static struct flow
make_nd_ns(const struct flow *old)
{
    struct flow flow = new_packet(old);

    flow.nw_proto = IPPROTO_ICMPV6;
    flow.nw_ttl = 255;
    flow.ipv6_src = old->ipv6_src;
    flow.ipv6_dst = ip6_solicited_node(&old->ipv6_dst);
    flow.dl_dst = ip6_multicast_mac(&flow.ipv6_dst);
    flow.tp_src = htons(135);
    flow.nd_target = old->ipv6_dst;
    flow.arp_sha = old->dl_src;
    return flow;
}

static struct flow
make_icmp(const struct flow *old)
{
    bool is_ip6 = old->dl_type == htons(0x86dd);
    struct flow flow = new_packet(old);

    flow.nw_src = old->nw_src;
    flow.nw_dst = old->nw_dst;
    flow.ipv6_src = old->ipv6_src;
    flow.ipv6_dst = old->ipv6_dst;
    flow.nw_tos = old->nw_tos;
    flow.nw_ttl = 255;
    flow.nw_proto = is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    flow.tp_src = htons(is_ip6 ? 1 : 3);
    flow.tp_dst = htons(1);
    return flow;
}

/* Back to the sender: Ethernet and IP addresses exchanged. */
static void
turn_around(struct flow *flow, const struct flow *old)
{
    flow->dl_src = old->dl_dst;
    flow->dl_dst = old->dl_src;
    flow->nw_src = old->nw_dst;
    flow->nw_dst = old->nw_src;
    flow->ipv6_src = old->ipv6_dst;
    flow->ipv6_dst = old->ipv6_src;
}

static struct flow
make_reset(const struct flow *old)
{
    struct flow flow = *old;

    flow.nw_ttl = 255;
    flow.tp_src = old->tp_dst;
    flow.tp_dst = old->tp_src;
    flow.tcp_flags = old->nw_proto == IPPROTO_TCP ? htons(0x4) : 0;
    return flow;
}

static void
execute_reject(struct walker *w, const struct place *at,
               const struct action *a, struct report *report)
{
    bool is_tcp = at->flow->nw_proto == IPPROTO_TCP;
    bool is_sctp = at->flow->nw_proto == IPPROTO_SCTP;
    struct flow flow = (is_tcp || is_sctp ? make_reset(at->flow)
                        : make_icmp(at->flow));

    turn_around(&flow, at->flow);
    execute_on(w, at, &flow, a, (is_tcp ? "tcp_reset"
                                 : is_sctp ? "sctp_abort"
                                 : at->flow->dl_type == htons(0x86dd)
                                 ? "icmp6" : "icmp4"), report);
}

/* ## Look-ups ## */

static const struct eth_addr *
find_mac(const struct place *at, const struct symbol_bits *port_bits,
         const struct symbol_bits *ip_bits)
{
    uint32_t key = symbol_bits_read(port_bits, at->flow);
    u128 ip = symbol_bits_read(ip_bits, at->flow);
    bool is_ip4 = ip_bits->n_bits == 32;

    VEC_FOR_EACH (binding, &at->dp->macs) {
        u128 other = 0;

        if (binding->port->key != key || ip_is_v4(&binding->ip) != is_ip4) {
            continue;
        }
        for (int i = is_ip4 ? 12 : 0; i < 16; i++) {
            other = other << 8 | binding->ip.s6_addr[i];
        }
        if (ip == other) {
            return &binding->mac;
        }
    }
    return NULL;
}

static void
report_mac(struct walker *w, const char *format_before,
           const struct eth_addr *mac, const char *after,
           struct report *report)
{
    report_add(w->arena, report, REPORT_COMMENT,
               "/* %s" ETH_ADDR_FMT "%s */", format_before,
               ETH_ADDR_ARGS(*mac), after);
}

static void
execute_get_mac(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    const struct eth_addr *mac = find_mac(at, &a->src[0], &a->src[1]);

    if (mac) {
        report_mac(w, "MAC binding to ", mac, ".", report);
    } else {
        comment(w, report, "No MAC binding.");
    }
    write_named(w, at, "eth.dst", mac ? mac_to_u64(*mac) : 0, report);
}

static void
execute_lookup_mac(struct walker *w, const struct place *at,
                   const struct action *a, struct report *report)
{
    const struct eth_addr *mac = find_mac(at, &a->src[0], &a->src[1]);
    bool wants_mac = (a->kind == ACTION_LOOKUP_ARP
                      || a->kind == ACTION_LOOKUP_ND);
    bool found = (mac && (!wants_mac
                          || symbol_bits_read(&a->src[2], at->flow)
                          == mac_to_u64(*mac)));

    store(at, a, found);
    if (found) {
        report_mac(w, "MAC binding to ", mac, " found.", report);
    } else if (mac) {
        report_mac(w, "lookup failed - MAC binding to ", mac,
                   ", but another is asked for.", report);
    } else {
        comment(w, report, "lookup failed - No MAC binding.");
    }
}

static const struct fdb_entry *
find_fdb(const struct place *at, const struct symbol_bits *mac_bits)
{
    u128 mac = symbol_bits_read(mac_bits, at->flow);

    VEC_FOR_EACH (entry, &at->dp->fdb) {
        if (mac_to_u64(entry->mac) == mac) {
            return entry;
        }
    }
    return NULL;
}

static void
execute_get_fdb(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    const struct fdb_entry *entry = find_fdb(at, &a->src[0]);
    const struct port *port = (entry ? datapath_find_port(at->dp,
                                                          entry->port_key)
                               : NULL);

    if (port) {
        report_add(w->arena, report, REPORT_COMMENT,
                   "/* MAC learned on \"%s\". */", friendly(w, port));
    }
    store(at, a, port ? port->key : 0);
}

static void
execute_lookup_fdb(struct walker *w, const struct place *at,
                   const struct action *a, struct report *report)
{
    const struct fdb_entry *entry = find_fdb(at, &a->src[1]);
    bool found = (entry && entry->port_key
                  == symbol_bits_read(&a->src[0], at->flow));

    comment(w, report, (found ? "MAC lookup successful in mac learning table."
                        : "lookup mac failed in mac learning table."));
    store(at, a, found);
}

/* ## The rest ## */

static void
execute_select(struct walker *w, const struct place *at,
               const struct action *a, struct report *report)
{
    const struct walk_options *o = w->options;
    const struct select_value *v
        = &a->select.values[random_range(a->select.n_values)];
    struct flow flow = *at->flow;

    for (size_t i = 0; o->has_select_id && i < a->select.n_values; i++) {
        if (a->select.values[i].value == o->select_id) {
            v = &a->select.values[i];
        }
    }
    symbol_bits_write(&a->dst, v->value, &flow);
    report_add(w->arena, report, REPORT_COMMENT, "/* selected %u */",
               v->value);
    fork_next(w, at, &flow, a->next_table, report);
}

static void
execute_fwd_group(struct walker *w, const struct place *at,
                  const struct action *a, struct report *report)
{
    const char *name
        = a->fwd_group.ports[random_range(a->fwd_group.n_ports)];
    const struct port *port = shash_get(&at->dp->ports, name);

    if (port) {
        output_to_port(w, at, port, report);
    } else {
        comment(w, report, "*** unknown child port ***");
    }
}

static void
execute_mirror(struct walker *w, const struct place *at,
               const struct action *a, struct report *report)
{
    const struct port *port = shash_get(&at->dp->ports, a->port);
    struct flow flow = *at->flow;
    struct place copy = *at;

    if (port) {
        flow.regs[LOG_REG_OUTPORT] = port->key;
        copy.flow = &flow;
        deliver(w, &copy, report_add(w->arena, report, REPORT_TRANSFORM,
                                     "mirror"));
    }
}

static void
execute_port_security(const struct place *at, const struct action *a)
{
    bool is_in = a->kind == ACTION_CHECK_IN_PORT_SEC;
    const struct port *port = datapath_find_port(
        at->dp, at->flow->regs[is_in ? LOG_REG_INPORT : LOG_REG_OUTPORT]);

    store(at, a, port && !(is_in ? port_may_send(port, at->flow)
                           : port_may_receive(port, at->flow)));
}

/* A load-balanced packet that goes back to its sender.  Its replies cannot be
 * told without the connections.  The minimal form shows the register too: test
 * suites expect it. */
static void
execute_hairpin(struct walker *w, const struct place *at,
                const struct action *a, struct report *report)
{
    const struct flow *flow = at->flow;
    bool is_ip6 = flow->dl_type == htons(0x86dd);
    bool is_hairpin = (a->kind == ACTION_CHK_LB_HAIRPIN
                       && flow->ct_state & CS_DST_NAT
                       && (is_ip6 ? !memcmp(&flow->ipv6_src, &flow->ipv6_dst,
                                            sizeof flow->ipv6_src)
                           : flow->nw_src && flow->nw_src == flow->nw_dst));
    struct str out = STR_EMPTY;

    store(at, a, is_hairpin);
    symbol_bits_format(&a->dst, &out);
    report_add(w->arena, report, REPORT_MODIFY, "%s = %d;", str_cstr(&out),
               is_hairpin);
    str_uninit(&out);
}

/* The minimal form shows the answer as well. */
static void
execute_dhcp(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    struct action alone = *a;
    struct str text = STR_EMPTY;

    report_add(w->arena, report, REPORT_OUTPUT, "/* We assume that this "
               "packet is DHCPDISCOVER or DHCPREQUEST. */");
    store(at, a, 1);
    alone.next = NULL;
    actions_format(&alone, &text);
    report_add(w->arena, report, REPORT_MODIFY, "%s",
               strchr(str_cstr(&text), '=') + 2);
    str_uninit(&text);
}

/* What ct_nw_dst() and its like read. */
static enum base
ct_orig_base(enum action_kind kind)
{
    switch (kind) {
    case ACTION_CT_NW_DST:
        return BASE_CT_NW_DST;
    case ACTION_CT_IP6_DST:
        return BASE_CT_IP6_DST;
    case ACTION_CT_TP_DST:
        return BASE_CT_TP_DST;
    case ACTION_CT_PROTO:
        return BASE_CT_PROTO;
    default:
        return BASE_CT_STATE;
    }
}

/* Executes one action; false if the packet ends there. */
static bool
execute_one(struct walker *w, const struct place *at, const struct action *a,
            struct report *report)
{
    struct flow flow;

    switch (a->kind) {
    case ACTION_NEXT:
        execute_next(w, at, a, report);
        break;
    case ACTION_OUTPUT:
        execute_output(w, at, report);
        break;
    case ACTION_CLONE:
        execute_on(w, at, at->flow, a, "clone", report);
        break;
    case ACTION_LOAD:
        execute_load(w, at, a, report);
        break;
    case ACTION_MOVE:
        execute_move(w, at, a, report);
        break;
    case ACTION_EXCHANGE:
        execute_exchange(w, at, a, report);
        break;
    case ACTION_DEC_TTL:
        return execute_dec_ttl(w, at, report);
    case ACTION_PUSH:
    case ACTION_POP:
        execute_stack(w, at, a);
        break;
    case ACTION_CT_NEXT:
        execute_ct_next(w, at, a, report);
        break;
    case ACTION_CT_DNAT:
    case ACTION_CT_SNAT:
    case ACTION_CT_DNAT_IN_CZONE:
    case ACTION_CT_SNAT_IN_CZONE:
        execute_ct_nat(w, at, a, report);
        break;
    case ACTION_CT_LB:
    case ACTION_CT_LB_MARK:
        execute_ct_lb(w, at, a, report);
        break;
    case ACTION_CT_COMMIT_NAT:
    case ACTION_CT_COMMIT_TO_ZONE:
        execute_ct_commit_and_go(w, at, a, report);
        break;
    case ACTION_CT_CLEAR:
        execute_ct_clear(at);
        break;
    case ACTION_CT_NW_DST:
    case ACTION_CT_IP6_DST:
    case ACTION_CT_TP_DST:
    case ACTION_CT_PROTO:
    case ACTION_CT_STATE_SAVE:
        store(at, a, base_read(ct_orig_base(a->kind), at->flow));
        break;
    case ACTION_ARP:
        flow = make_arp(at->flow);
        execute_on(w, at, &flow, a, "arp", report);
        break;
    case ACTION_ND_NA:
    case ACTION_ND_NA_ROUTER:
        flow = make_nd_na(at->flow);
        execute_on(w, at, &flow, a, action_name(a->kind), report);
        break;
    case ACTION_ND_NS:
        flow = make_nd_ns(at->flow);
        execute_on(w, at, &flow, a, "nd_ns", report);
        break;
    case ACTION_ICMP4:
    case ACTION_ICMP4_ERROR:
    case ACTION_ICMP6:
    case ACTION_ICMP6_ERROR:
        flow = make_icmp(at->flow);
        execute_on(w, at, &flow, a, action_name(a->kind), report);
        break;
    case ACTION_TCP_RESET:
    case ACTION_SCTP_ABORT:
        flow = make_reset(at->flow);
        execute_on(w, at, &flow, a, action_name(a->kind), report);
        break;
    case ACTION_REJECT:
        execute_reject(w, at, a, report);
        break;
    case ACTION_GET_ARP:
    case ACTION_GET_ND:
        execute_get_mac(w, at, a, report);
        break;
    case ACTION_LOOKUP_ARP:
    case ACTION_LOOKUP_ARP_IP:
    case ACTION_LOOKUP_ND:
    case ACTION_LOOKUP_ND_IP:
        execute_lookup_mac(w, at, a, report);
        break;
    case ACTION_GET_FDB:
        execute_get_fdb(w, at, a, report);
        break;
    case ACTION_LOOKUP_FDB:
        execute_lookup_fdb(w, at, a, report);
        break;
    case ACTION_PUT_DHCP_OPTS:
        execute_dhcp(w, at, a, report);
        break;
    case ACTION_PUT_DHCPV6_OPTS:
    case ACTION_PUT_ND_RA_OPTS:
    case ACTION_DHCP_RELAY_REQ_CHK:
    case ACTION_DHCP_RELAY_RESP_CHK:
        store(at, a, 1);
        break;
    case ACTION_DNS_LOOKUP:
        comment(w, report, "We assume that this packet is a DNS query without "
                "an answer here.");
        store(at, a, 0);
        break;
    case ACTION_SELECT:
        execute_select(w, at, a, report);
        return false;
    case ACTION_FWD_GROUP:
        execute_fwd_group(w, at, a, report);
        break;
    case ACTION_CHK_LB_HAIRPIN:
    case ACTION_CHK_LB_HAIRPIN_REPLY:
        execute_hairpin(w, at, a, report);
        break;
    case ACTION_CHK_LB_AFF:
    case ACTION_CHK_ECMP_NH:
    case ACTION_CHK_ECMP_NH_MAC:
    case ACTION_CHECK_IN_PORT_SEC:
    case ACTION_CHECK_OUT_PORT_SEC:
        execute_port_security(at, a);
        break;
    case ACTION_GET_REMOTE_FDB:
    case ACTION_CHECK_PKT_LARGER:
        store(at, a, 0);
        break;
    case ACTION_MIRROR:
        execute_mirror(w, at, a, report);
        break;
    case ACTION_CT_COMMIT:
    case ACTION_CT_SNAT_TO_VIP:
    case ACTION_PUT_ARP:
    case ACTION_PUT_ND:
    case ACTION_PUT_FDB:
    case ACTION_MAC_CACHE_USE:
    case ACTION_HANDLE_DHCPV6_REPLY:
    case ACTION_IGMP:
    case ACTION_BIND_VPORT:
    case ACTION_HANDLE_SVC_CHECK:
    case ACTION_HANDLE_BFD_MSG:
    case ACTION_TRIGGER_EVENT:
    case ACTION_LOG:
    case ACTION_COMMIT_LB_AFF:
    case ACTION_COMMIT_ECMP_NH:
    case ACTION_SET_QUEUE:
    case ACTION_SET_METER:
    case ACTION_SAMPLE:
    case ACTION_FLOOD_REMOTE:
    case N_ACTIONS:
        /* Nothing that the rest of the trace could see. */
        break;
    }
    return true;
}

static void
execute(struct walker *w, const struct place *at, const struct action *list,
        struct report *report)
{
    for (const struct action *a = list; a; a = a->next) {
        report_action(w, at, a, report);
        if (!execute_one(w, at, a, report)) {
            return;
        }
    }
}

void
walk(struct datapath *dp, const struct flow *flow,
     const struct walk_options *options, struct arena *arena,
     struct report *root)
{
    struct walker w = { .options = options, .arena = arena };

    enter_section(&w, dp, PIPELINE_INGRESS, flow, 0, root);
    vec_uninit(&w.stack);
}
