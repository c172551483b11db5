/* SPDX-License-Identifier: Apache-2.0 */

/* Packets that actions make in the place of the one they are given. */

#include "controller/trace/walk_internal.h"

#include <netinet/in.h>

#define TCP_RST 0x4
#define ICMP4_UNREACHABLE 3
#define ICMP6_UNREACHABLE 1

/* Executes the actions in the braces of 'a' on 'flow', as a section. */
static void
execute_on(struct walker *w, const struct place *at, const struct flow *flow,
           const struct action *a, const char *name, struct report *report)
{
    struct flow copy = *flow;
    struct place fork = *at;

    fork.flow = &copy;
    walk_actions(w, &fork, a->nested,
                 report_add(w->arena, report, REPORT_TRANSFORM, "%s", name));
}

void
walk_clone(struct walker *w, const struct place *at, const struct action *a,
           struct report *report)
{
    execute_on(w, at, at->flow, a, "clone", report);
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

void
walk_arp(struct walker *w, const struct place *at, const struct action *a,
         struct report *report)
{
    struct flow flow = make_arp(at->flow);

    execute_on(w, at, &flow, a, "arp", report);
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

/* The section of nd_na_router has the plain name: what differs is a flag that
 * no field shows. */
void
walk_nd_na(struct walker *w, const struct place *at, const struct action *a,
           struct report *report)
{
    struct flow flow = make_nd_na(at->flow);

    execute_on(w, at, &flow, a, "nd_na", report);
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

void
walk_nd_ns(struct walker *w, const struct place *at, const struct action *a,
           struct report *report)
{
    struct flow flow = make_nd_ns(at->flow);

    execute_on(w, at, &flow, a, "nd_ns", report);
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
    flow.tp_src = htons(is_ip6 ? ICMP6_UNREACHABLE
                        : ICMP4_UNREACHABLE);
    flow.tp_dst = htons(1);
    return flow;
}

static const char *
icmp_name(const struct flow *flow)
{
    return flow->dl_type == htons(0x86dd) ? "icmp6" : "icmp4";
}

/* icmp4, icmp6 and their error forms, which the sections do not tell apart. */
void
walk_icmp(struct walker *w, const struct place *at, const struct action *a,
          struct report *report)
{
    struct flow flow = make_icmp(at->flow);

    execute_on(w, at, &flow, a, icmp_name(&flow), report);
}

/* An abort of SCTP has the flag of TCP's reset too: no field else tells what
 * it is. */
static struct flow
make_reset(const struct flow *old)
{
    struct flow flow = *old;

    flow.nw_ttl = 255;
    flow.tp_src = old->tp_dst;
    flow.tp_dst = old->tp_src;
    flow.tcp_flags = htons(TCP_RST);
    return flow;
}

void
walk_reset(struct walker *w, const struct place *at, const struct action *a,
           struct report *report)
{
    struct flow flow = make_reset(at->flow);

    execute_on(w, at, &flow, a, action_name(a->kind), report);
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

/* A refusal is not refused in turn, or two ACLs would answer each other for
 * ever. */
static bool
is_refusal(const struct flow *flow)
{
    switch (flow->nw_proto) {
    case IPPROTO_TCP:
    case IPPROTO_SCTP:
        return flow->tcp_flags == htons(TCP_RST);
    case IPPROTO_ICMP:
        return flow->tp_src == htons(ICMP4_UNREACHABLE);
    case IPPROTO_ICMPV6:
        return flow->tp_src == htons(ICMP6_UNREACHABLE);
    default:
        return false;
    }
}

void
walk_reject(struct walker *w, const struct place *at, const struct action *a,
            struct report *report)
{
    const struct flow *old = at->flow;
    struct flow flow;

    if (is_refusal(old)) {
        return;
    }
    if (old->nw_proto == IPPROTO_TCP || old->nw_proto == IPPROTO_SCTP) {
        flow = make_reset(old);
        turn_around(&flow, old);
        execute_on(w, at, &flow, a, (old->nw_proto == IPPROTO_TCP
                                     ? "tcp_reset" : "sctp_abort"), report);
    } else {
        flow = make_icmp(old);
        turn_around(&flow, old);
        execute_on(w, at, &flow, a, icmp_name(&flow), report);
    }
}
