/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/microflow.h"

#include <netinet/in.h>

#include "lib/logical/ovn_symbols.h"

/* ## Parsing ## */

struct port_search {
    const struct network *net;
    struct datapath *dp;         /* Of the first port that is known. */
    const char *unknown;         /* The first port that is not, or NULL. */
};

static void
note_port(void *aux, enum expr_ref_type type, const char *name)
{
    struct port_search *search = aux;
    const struct port *port;

    if (type == EXPR_REF_PORT && !search->dp) {
        port = network_find_port(search->net, name);
        if (port) {
            search->dp = port->datapath;
        } else if (!search->unknown) {
            search->unknown = name;
        }
    }
}

/* Bits of these are fields of their own, so that some may be left open. */
static bool
is_made_of_flags(enum base base)
{
    switch (base) {
    case BASE_XXREG0:
    case BASE_XXREG1:
    case BASE_XXREG2:
    case BASE_XXREG3:
    case BASE_CT_STATE:
    case BASE_CT_MARK:
    case BASE_CT_LABEL:
    case BASE_VLAN_TCI:
    case BASE_IP_TOS:
    case BASE_IP_FRAG:
    case BASE_TCP_FLAGS:
    case BASE_TP_SRC:            /* ICMP types have half of it. */
    case BASE_TP_DST:
        return true;
    default:
        return false;
    }
}

static bool
is_ambiguous(const struct expr_matches *matches)
{
    const struct expr_match *m = matches->items.items;

    if (matches->items.n > 1 || m->n_conjs) {
        return true;
    }
    for (size_t i = 0; i < m->n_terms; i++) {
        const struct expr_term *t = &m->terms[i];
        u128 all = u128_low(base_width(t->base));

        if (t->mask != all && !is_made_of_flags(t->base)) {
            return true;
        }
        /* A range leaves low bits open. */
        if ((t->base == BASE_TP_SRC || t->base == BASE_TP_DST)
            && (t->mask & 0xff) != 0xff) {
            return true;
        }
    }
    return false;
}

static struct error *
to_flow(const struct expr *expr, struct datapath *dp, struct flow *flow)
{
    struct expr_env env = datapath_expr_env(dp);
    struct expr_matches matches;
    struct error *error;

    expr_matches_init(&matches);
    error = expr_compile(expr, &env, &matches);
    if (!error && !matches.items.n) {
        error = error_create(0, "no packet satisfies the microflow: it is "
                             "contradictory, or names an unknown port");
    } else if (!error && is_ambiguous(&matches)) {
        error = error_create(0, "the microflow is ambiguous: it leaves the "
                             "value of a field open");
    }
    expr_matches_uninit(&matches);
    if (error) {
        return error;
    }
    memset(flow, 0, sizeof *flow);
    return expr_to_flow(expr, &env, flow);
}

/* Finds the datapath by its name, or by the port that 'expr' names. */
static struct error *
find_datapath(const struct network *net, const char *datapath,
              const struct expr *expr, struct datapath **ret)
{
    struct port_search search = { .net = net };

    if (datapath) {
        *ret = network_find_datapath(net, datapath);
        return (*ret ? NULL
                : error_create(0, "unknown datapath \"%s\"", datapath));
    }
    expr_for_each_ref(expr, note_port, &search);
    *ret = search.dp;
    if (!search.dp && search.unknown) {
        return error_create(0, "unknown port \"%s\"", search.unknown);
    }
    return (search.dp ? NULL
            : error_create(0, "error parsing flow: flow match expression does "
                           "not match on inport"));
}

struct error *
microflow_parse(const struct network *net, const char *datapath,
                const char *text, struct flow *flow,
                struct datapath **ret_dp)
{
    struct arena arena = ARENA_EMPTY;
    const struct expr *expr;
    struct error *error;

    text = network_expand(net, text, &arena);
    error = error_wrap(expr_parse(text, ovn_symbols(), &arena, &expr),
                       "error parsing flow");
    if (!error) {
        error = find_datapath(net, datapath, expr, ret_dp);
    }
    if (!error) {
        error = error_wrap(to_flow(expr, *ret_dp, flow),
                           "error parsing flow");
    }
    if (!error && !flow->regs[LOG_REG_INPORT]) {
        error = error_create(0, "microflow does not specify ingress port");
    }
    arena_uninit(&arena);
    return error;
}

/* ## Printing ## */

#define SHOW(MEMBER) memset(&masks->MEMBER, 0xff, sizeof masks->MEMBER)

static void
show_l4(const struct flow *flow, struct flow *masks)
{
    SHOW(tp_src);
    SHOW(tp_dst);
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
        SHOW(tcp_flags);
        break;
    case IPPROTO_ICMPV6:
        if (flow->dl_type == htons(0x86dd)
            && (flow->tp_src == htons(135) || flow->tp_src == htons(136))) {
            SHOW(nd_target);
            SHOW(arp_sha);
            SHOW(arp_tha);
        }
        break;
    case IPPROTO_UDP:
    case IPPROTO_SCTP:
    case IPPROTO_ICMP:
        break;
    default:
        masks->tp_src = masks->tp_dst = 0;
        break;
    }
}

static void
show_l3(const struct flow *flow, struct flow *masks)
{
    switch (ntohs(flow->dl_type)) {
    case 0x800:
        SHOW(nw_src);
        SHOW(nw_dst);
        break;
    case 0x86dd:
        SHOW(ipv6_src);
        SHOW(ipv6_dst);
        masks->ipv6_label = htonl(0xfffff);
        break;
    case 0x806:
    case 0x8035:
        SHOW(nw_src);
        SHOW(nw_dst);
        SHOW(nw_proto);
        SHOW(arp_sha);
        SHOW(arp_tha);
        return;
    default:
        return;
    }
    SHOW(nw_proto);
    SHOW(nw_tos);
    SHOW(nw_ttl);
    masks->nw_frag = FLOW_NW_FRAG_MASK;
    show_l4(flow, masks);
}

void
microflow_format(const struct flow *flow, struct str *out)
{
    struct match match;
    struct flow *masks = &match.wc.masks;

    match_init(&match);
    match.flow = *flow;
    /* What is not of the packet shows where it is not zero. */
    for (size_t i = 0; i < FLOW_N_REGS; i++) {
        masks->regs[i] = flow->regs[i] ? UINT32_MAX : 0;
    }
    masks->pkt_mark = flow->pkt_mark ? UINT32_MAX : 0;
    masks->ct_state = flow->ct_state ? CS_SUPPORTED_MASK : 0;
    masks->ct_mark = flow->ct_mark ? UINT32_MAX : 0;
    if (flow->ct_label.be64[0] || flow->ct_label.be64[1]) {
        SHOW(ct_label);
    }
    SHOW(dl_src);
    SHOW(dl_dst);
    SHOW(dl_type);
    SHOW(vlans[0].tci);
    show_l3(flow, masks);
    match_mask_flow(&match);
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, out);
}
