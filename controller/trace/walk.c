/* SPDX-License-Identifier: Apache-2.0 */

/* The frame of a walk: sections, tables, and where packets go.  What the
 * actions do to a packet is in the walk_*.c, of which the table at the end
 * names the functions. */

#include "controller/trace/walk_internal.h"

#include "lib/logical/ovn_symbols.h"

/* A loop of logical routers ends here; so do pipelines that multiply. */
#define MAX_DEPTH 4096
#define MAX_TABLES 100000

/* ## Reporting ## */

const char *
walk_port_name(const struct walker *w, const struct port *port)
{
    return w->options->friendly_names ? port->friendly_name : port->name;
}

const char *
walk_dp_name(const struct walker *w, const struct datapath *dp)
{
    return w->options->friendly_names ? dp->friendly_name : dp->uuid_name;
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

void
walk_comment(struct walker *w, struct report *report, const char *text)
{
    report_add(w->arena, report, REPORT_COMMENT, "/* %s */", text);
}

/* "egress(dp="a", inport="b", outport="c")", with those ports that are asked
 * for. */
static struct report *
report_pipeline(struct walker *w, const struct datapath *dp,
                enum pipeline pipeline, bool with_inport, bool with_outport,
                const struct flow *flow, struct report *report)
{
    const struct port *in = datapath_find_port(dp, flow->regs[LOG_REG_INPORT]);
    const struct port *out = datapath_find_port(dp,
                                                flow->regs[LOG_REG_OUTPORT]);
    struct str text = STR_EMPTY;
    struct report *node;

    str_printf(&text, "%s(dp=\"%s\"",
               pipeline == PIPELINE_INGRESS ? "ingress" : "egress",
               walk_dp_name(w, dp));
    if (with_inport) {
        str_printf(&text, ", inport=\"%s\"",
                   in ? walk_port_name(w, in) : "");
    }
    if (with_outport) {
        str_printf(&text, ", outport=\"%s\"",
                   out ? walk_port_name(w, out) : "");
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
        report_add(w->arena, report, REPORT_ERROR, "*** no OpenFlow flows");
    }
}

/* Notes on 'node' where 'at' is and what matched there, or NULL. */
static void
note_table(struct walker *w, const struct place *at,
           const struct logical_flow *flow, struct report *node)
{
    struct report_table *table = arena_new(w->arena, struct report_table);

    table->datapath = walk_dp_name(w, at->dp);
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
        str_printf(&text, "%s(%s)", text.length ? " " : "", flow->source);
    }
    str_put(&text, text.length ? ": " : "");
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
        report_add(w->arena, report, REPORT_ERROR, "*** recursion too deep");
        return;
    }
    at.table = table;
    flow = find_flow(&at, table);
    w->n_tables++;
    if (!flow) {
        const char *stage = datapath_stage(at.dp, at.pipeline, table);

        node = report_add(w->arena, report, REPORT_TABLE,
                          "%s%sno match (implicit drop)", stage,
                          *stage ? ": " : "");
        note_table(w, &at, NULL, node);
        return;
    }
    node = report_flow(w, &at, flow, report);
    w->depth++;
    walk_actions(w, &at, flow->actions, node);
    w->depth--;
}

void
walk_enter(struct walker *w, struct datapath *dp, enum pipeline pipeline,
           const struct flow *flow, uint8_t table, struct report *report)
{
    struct flow copy = *flow;
    struct place at = { .dp = dp, .pipeline = pipeline, .flow = &copy };

    look_up(w, &at, table, report);
}

void
walk_next(struct walker *w, const struct place *at, const struct flow *flow,
          uint8_t table, struct report *report)
{
    walk_enter(w, at->dp, at->pipeline, flow, table, report);
}

/* Registers are a pipeline's own. */
static void
clear_registers(struct flow *flow)
{
    memset(flow->regs, 0, LOG_N_REGS * sizeof flow->regs[0]);
}

/* A section that is another datapath's ingress pipeline. */
static void
enter_ingress(struct walker *w, struct datapath *dp, const struct flow *flow,
              struct report *report)
{
    walk_enter(w, dp, PIPELINE_INGRESS, flow, 0,
               report_pipeline(w, dp, PIPELINE_INGRESS, true, false, flow,
                               report));
}

static void
execute_next(struct walker *w, const struct place *at,
             const struct action *a, struct report *report)
{
    enum pipeline pipeline = a->jump.pipeline;

    if (pipeline != at->pipeline) {
        report = report_pipeline(w, at->dp, pipeline,
                                 pipeline == PIPELINE_INGRESS,
                                 pipeline == PIPELINE_EGRESS, at->flow,
                                 report);
    }
    walk_enter(w, at->dp, pipeline, at->flow, a->jump.table, report);
}

/* ## Output ## */

static bool
is_loop(const struct flow *flow)
{
    return (flow->regs[LOG_REG_INPORT] == flow->regs[LOG_REG_OUTPORT]
            && !(flow->regs[LOG_REG_FLAGS] & (1u << LOG_FLAG_LOOPBACK)));
}

static void
report_loop(struct walker *w, struct report *report)
{
    report_add(w->arena, report, REPORT_OUTPUT, "/* omitting output "
               "because inport == outport && !flags.loopback */");
}

/* A flow on its way to 'port' of this datapath. */
static struct flow
egress_flow(const struct place *at, const struct port *port)
{
    struct flow flow = *at->flow;

    flow.regs[LOG_REG_OUTPORT] = port->key;
    clear_registers(&flow);
    return flow;
}

void
walk_output_to(struct walker *w, const struct place *at,
               const struct port *port, struct report *report)
{
    struct flow flow = egress_flow(at, port);

    if (is_loop(&flow)) {
        report_loop(w, report);
        return;
    }
    walk_enter(w, at->dp, PIPELINE_EGRESS, &flow, 0,
               report_pipeline(w, at->dp, PIPELINE_EGRESS, true, true, &flow,
                               report));
}

/* The section of each port is there even if the packet came in by it. */
static void
output_to_group(struct walker *w, const struct place *at,
                const struct multicast_group *group, struct report *report)
{
    struct report *section = report_add(
        w->arena, report, REPORT_PIPELINE,
        "multicast(dp=\"%s\", mcgroup=\"%s\")", walk_dp_name(w, at->dp),
        group->name);

    for (size_t i = 0; i < group->n_ports; i++) {
        struct flow flow = egress_flow(at, group->ports[i]);
        struct report *sub = report_pipeline(w, at->dp, PIPELINE_EGRESS, true,
                                             true, &flow, section);

        if (is_loop(&flow)) {
            report_loop(w, sub);
        } else {
            walk_enter(w, at->dp, PIPELINE_EGRESS, &flow, 0, sub);
        }
    }
}

void
walk_deliver(struct walker *w, const struct place *at, struct report *report)
{
    const struct port *port = datapath_find_port(
        at->dp, at->flow->regs[LOG_REG_OUTPORT]);
    struct flow flow = *at->flow;

    if (!port) {
        report_add(w->arena, report, REPORT_ERROR,
                   "*** unknown port or multicast group %u",
                   at->flow->regs[LOG_REG_OUTPORT]);
        return;
    }
    report_add(w->arena, report, REPORT_OUTPUT,
               "/* output to \"%s\", type \"%s\" */",
               walk_port_name(w, port), port->type);
    if (!port->peer) {
        report_add(w->arena, report, REPORT_DELIVER, "output(\"%s\")",
                   walk_port_name(w, port));
        return;
    }
    clear_registers(&flow);
    flow.regs[LOG_REG_FLAGS] = 0;
    flow.regs[LOG_REG_INPORT] = port->peer->key;
    flow.regs[LOG_REG_OUTPORT] = 0;
    enter_ingress(w, port->peer->datapath, &flow, report);
}

static void
output_to_redirect(struct walker *w, const struct place *at,
                   const struct port *port, struct report *report)
{
    if (port->distributed) {
        report_add(w->arena, report, REPORT_OUTPUT,
                   "/* Replacing type \"%s\" outport \"%s\" with "
                   "distributed port \"%s\". */", port->type,
                   walk_port_name(w, port),
                   walk_port_name(w, port->distributed));
        walk_output_to(w, at, port->distributed, report);
    } else {
        report_add(w->arena, report, REPORT_ERROR,
                   "*** output to type \"%s\" port \"%s\" with no or "
                   "invalid distributed port", port->type,
                   walk_port_name(w, port));
    }
}

static void
execute_output(struct walker *w, const struct place *at,
               const struct action *a UNUSED, struct report *report)
{
    uint32_t key = at->flow->regs[LOG_REG_OUTPORT];
    const struct port *port = datapath_find_port(at->dp, key);
    const struct multicast_group *group = datapath_find_group(at->dp, key);

    if (!key) {
        report_add(w->arena, report, REPORT_ERROR,
                   "*** output to null logical port");
    } else if (at->pipeline == PIPELINE_EGRESS) {
        walk_deliver(w, at, report);
    } else if (group) {
        output_to_group(w, at, group, report);
    } else if (!port) {
        report_add(w->arena, report, REPORT_ERROR,
                   "*** unknown port or multicast group %u", key);
    } else if (!strcmp(port->type, "chassisredirect")) {
        output_to_redirect(w, at, port, report);
    } else {
        walk_output_to(w, at, port, report);
    }
}

/* ## Actions ## */

/* NULL is for what the rest of the trace could not see. */
static walk_action *const walk_of[N_ACTIONS] = {
    [ACTION_NEXT] = execute_next,
    [ACTION_OUTPUT] = execute_output,
    [ACTION_CLONE] = walk_clone,

    [ACTION_LOAD] = walk_load,
    [ACTION_MOVE] = walk_move,
    [ACTION_EXCHANGE] = walk_exchange,
    [ACTION_PUSH] = walk_push,
    [ACTION_POP] = walk_pop,

    [ACTION_CT_NEXT] = walk_ct_next,
    [ACTION_CT_COMMIT_TO_ZONE] = walk_ct_commit_to_zone,
    [ACTION_CT_COMMIT_NAT] = walk_ct_commit_nat,
    [ACTION_CT_DNAT] = walk_ct_nat,
    [ACTION_CT_SNAT] = walk_ct_nat,
    [ACTION_CT_DNAT_IN_CZONE] = walk_ct_nat,
    [ACTION_CT_SNAT_IN_CZONE] = walk_ct_nat,
    [ACTION_CT_LB] = walk_ct_lb,
    [ACTION_CT_LB_MARK] = walk_ct_lb,
    [ACTION_CT_CLEAR] = walk_ct_clear,
    [ACTION_CT_SNAT_TO_VIP] = walk_ct_snat_to_vip,
    [ACTION_CT_NW_DST] = walk_ct_original,
    [ACTION_CT_IP6_DST] = walk_ct_original,
    [ACTION_CT_TP_DST] = walk_ct_original,
    [ACTION_CT_PROTO] = walk_ct_original,
    [ACTION_CT_STATE_SAVE] = walk_ct_state_save,

    [ACTION_ARP] = walk_arp,
    [ACTION_ND_NA] = walk_nd_na,
    [ACTION_ND_NA_ROUTER] = walk_nd_na,
    [ACTION_ND_NS] = walk_nd_ns,
    [ACTION_ICMP4] = walk_icmp,
    [ACTION_ICMP4_ERROR] = walk_icmp,
    [ACTION_ICMP6] = walk_icmp,
    [ACTION_ICMP6_ERROR] = walk_icmp,
    [ACTION_TCP_RESET] = walk_reset,
    [ACTION_SCTP_ABORT] = walk_reset,
    [ACTION_REJECT] = walk_reject,

    [ACTION_GET_ARP] = walk_get_mac,
    [ACTION_GET_ND] = walk_get_mac,
    [ACTION_LOOKUP_ARP] = walk_lookup_mac,
    [ACTION_LOOKUP_ARP_IP] = walk_lookup_mac,
    [ACTION_LOOKUP_ND] = walk_lookup_mac,
    [ACTION_LOOKUP_ND_IP] = walk_lookup_mac,
    [ACTION_GET_FDB] = walk_get_fdb,
    [ACTION_GET_REMOTE_FDB] = walk_nothing_found,
    [ACTION_LOOKUP_FDB] = walk_lookup_fdb,

    [ACTION_PUT_DHCP_OPTS] = walk_put_dhcp_opts,
    [ACTION_PUT_DHCPV6_OPTS] = walk_put_dhcp_opts,
    [ACTION_PUT_ND_RA_OPTS] = walk_put_opts,
    [ACTION_DHCP_RELAY_REQ_CHK] = walk_dhcp_relay_req_chk,
    [ACTION_DHCP_RELAY_RESP_CHK] = walk_dhcp_relay_resp_chk,
    [ACTION_DNS_LOOKUP] = walk_dns_lookup,
    [ACTION_LOG] = walk_log,

    [ACTION_SELECT] = walk_select,
    [ACTION_FWD_GROUP] = walk_fwd_group,
    [ACTION_CHK_LB_HAIRPIN] = walk_chk_lb_hairpin,
    [ACTION_CHK_LB_HAIRPIN_REPLY] = walk_chk_lb_hairpin,
    [ACTION_CHK_LB_AFF] = walk_nothing_found,
    [ACTION_CHK_ECMP_NH] = walk_nothing_found,
    [ACTION_CHK_ECMP_NH_MAC] = walk_nothing_found,

    [ACTION_CHECK_IN_PORT_SEC] = walk_check_port_sec,
    [ACTION_CHECK_OUT_PORT_SEC] = walk_check_port_sec,
    [ACTION_CHECK_PKT_LARGER] = walk_nothing_found,
    [ACTION_MIRROR] = walk_mirror,
    [ACTION_FLOOD_REMOTE] = walk_flood_remote,
};

void
walk_actions(struct walker *w, const struct place *at,
             const struct action *list, struct report *report)
{
    if (!list) {
        report_add(w->arena, report, REPORT_ACTION, "drop;");
    }
    for (const struct action *a = list; a; a = a->next) {
        report_action(w, at, a, report);
        if (a->kind == ACTION_DEC_TTL) {
            if (!walk_dec_ttl(w, at, report)) {
                return;
            }
        } else if (walk_of[a->kind]) {
            walk_of[a->kind](w, at, a, report);
        }
    }
}

void
walk(struct datapath *dp, const struct flow *flow,
     const struct walk_options *options, struct arena *arena,
     struct report *root)
{
    struct walker w = { .options = options, .arena = arena };

    enter_ingress(&w, dp, flow, root);
    vec_uninit(&w.stack);
}
