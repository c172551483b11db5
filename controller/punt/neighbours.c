/* SPDX-License-Identifier: Apache-2.0 */
/* ARP and neighbour discovery: asking for, answering for, and learning
 * addresses. */
#include "controller/punt/known.h"
#include "controller/punt/learned.h"
#include "controller/punt/request.h"
#include "controller/punt/waiting.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>

#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"

/* The next hop, where the router's pipeline has it: reg0 or xxreg0. */
static struct in6_addr
next_hop(const struct flow *flow, bool is_v4)
{
    struct in6_addr ip;

    if (is_v4) {
        return ip_from_v4(htonl(flow->regs[0]));
    }
    for (size_t i = 0; i < 4; i++) {
        put_be32(&ip.s6_addr[4 * i], htonl(flow->regs[i]));
    }
    return ip;
}

/* The packet goes out once the question that it makes us ask is answered. */
static void
wait_for_next_hop(struct request *r, bool is_v4)
{
    struct in6_addr ip = next_hop(&r->flow, is_v4);
    uint32_t port_key = known_real_port(r->known, ntohll(r->flow.metadata),
                                        r->flow.regs[LOG_REG_OUTPORT]);

    waiting_add(r->waiting, r->packet, &r->flow, port_key, &ip);
}

/* A router asks who has the packet's next hop; the actions set sender and
 * target. */
void
handle_arp(struct request *r)
{
    static const struct eth_addr none = { { 0 } };
    struct packet *arp;

    if (r->flow.dl_type != htons(ETHERTYPE_IP)) {
        return;
    }
    arp = packet_alloc(PACKET_SMALL);
    compose_arp(arp, ARPOP_REQUEST, r->flow.dl_src, none, true,
                r->flow.nw_src, r->flow.nw_dst);
    wait_for_next_hop(r, true);
    request_inject(r, arp);
    packet_free(arp);
}

/* Likewise, of an IPv6 next hop; the packet may be IPv4. */
void
handle_nd_ns(struct request *r)
{
    struct packet *ns;

    if (r->flow.dl_type != htons(ETHERTYPE_IPV6)
        && r->flow.dl_type != htons(ETHERTYPE_IP)) {
        return;
    }
    ns = packet_alloc(PACKET_SMALL);
    compose_nd_ns(ns, r->flow.dl_src, &r->flow.ipv6_src, &r->flow.ipv6_dst);
    wait_for_next_hop(r, false);
    request_inject(r, ns);
    packet_free(ns);
}

/* Answers the solicitation that was punted, for the address it asks for. */
static void
answer_solicitation(struct request *r, uint32_t flags)
{
    struct packet *na;

    if (r->flow.dl_type != htons(ETHERTYPE_IPV6)
        || r->flow.nw_proto != IPPROTO_ICMPV6
        || r->flow.tp_src != htons(ND_NEIGHBOR_SOLICIT)) {
        return;
    }
    na = packet_alloc(PACKET_SMALL);
    compose_nd_na(na, r->flow.dl_dst, r->flow.dl_src, &r->flow.nd_target,
                  &r->flow.ipv6_src, &r->flow.nd_target, flags);
    request_inject(r, na);
    packet_free(na);
}

void
handle_nd_na(struct request *r)
{
    answer_solicitation(r, ND_RSO_SOLICITED | ND_RSO_OVERRIDE);
}

void
handle_nd_na_router(struct request *r)
{
    answer_solicitation(r, ND_RSO_ROUTER | ND_RSO_SOLICITED
                        | ND_RSO_OVERRIDE);
}

/* put_arp(PORT, IP, MAC), put_nd(...): the arguments' bits are in the packet
 * and its registers. */
void
handle_put_mac_binding(struct request *r)
{
    const struct punt_bits *args = r->punt.args;
    uint32_t port_key = punt_bits_read(&args[0], &r->flow);
    u128 ip_bits = punt_bits_read(&args[1], &r->flow);
    struct eth_addr mac = mac_from_u64(punt_bits_read(&args[2], &r->flow));
    struct in6_addr ip;

    if (args[1].n_bits == 32) {
        ip = ip_from_v4(htonl((uint32_t) ip_bits));
    } else {
        for (size_t i = 0; i < 16; i++) {
            ip.s6_addr[i] = ip_bits >> (120 - 8 * i);
        }
    }
    if (!mac_is_multicast(mac) && !mac_is_zero(mac)) {
        learned_mac_binding(r->learned, ntohll(r->flow.metadata), port_key,
                            &ip, mac);
        waiting_learned(r->waiting, r->outlet, ntohll(r->flow.metadata),
                        port_key, &ip, mac);
    }
}

/* put_fdb(PORT, MAC) */
void
handle_put_fdb(struct request *r)
{
    uint32_t port_key = punt_bits_read(&r->punt.args[0], &r->flow);
    struct eth_addr mac
        = mac_from_u64(punt_bits_read(&r->punt.args[1], &r->flow));

    if (!mac_is_multicast(mac) && !mac_is_zero(mac)) {
        learned_fdb(r->learned, ntohll(r->flow.metadata), port_key, mac);
    }
}
