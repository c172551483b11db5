/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/port_security.h"

#include <netinet/in.h>

static bool
mac_equals(struct eth_addr a, struct eth_addr b)
{
    return mac_to_u64(a) == mac_to_u64(b);
}

/* An address with a prefix whose host bits are zero stands for the network. */
static bool
ip4_matches(const struct ip4_network *net, be32 ip)
{
    return (net->addr == net->network && net->plen < 32
            ? (ip & net->mask) == net->network : ip == net->addr);
}

static bool
ip6_matches(const struct ip6_network *net, const struct in6_addr *ip)
{
    struct in6_addr masked = ip6_and(ip, &net->mask);

    if (net->plen < 128 && !memcmp(&net->addr, &net->network,
                                   sizeof net->addr)) {
        return !memcmp(&masked, &net->network, sizeof masked);
    }
    return !memcmp(ip, &net->addr, sizeof *ip);
}

static bool
has_ip4(const struct port_addresses *pa, be32 ip)
{
    for (size_t i = 0; i < pa->ip4.n; i++) {
        if (ip4_matches(&pa->ip4.items[i], ip)) {
            return true;
        }
    }
    return false;
}

static bool
has_ip6(const struct port_addresses *pa, const struct in6_addr *ip)
{
    struct in6_addr lla = ip6_lladdr(pa->mac);

    for (size_t i = 0; i < pa->ip6.n; i++) {
        if (ip6_matches(&pa->ip6.items[i], ip)) {
            return true;
        }
    }
    return !memcmp(&lla, ip, sizeof lla);
}

static bool
is_neighbour_discovery(const struct flow *flow)
{
    return (flow->nw_proto == IPPROTO_ICMPV6
            && ntohs(flow->tp_src) >= 133 && ntohs(flow->tp_src) <= 136);
}

/* RFC 2131, RFC 4861: what a host says before it has an address. */
static bool
is_dhcp_request(const struct flow *flow)
{
    return (!flow->nw_src && flow->nw_dst == htonl(INADDR_BROADCAST)
            && flow->nw_proto == IPPROTO_UDP && flow->tp_src == htons(68)
            && flow->tp_dst == htons(67));
}

static bool
may_send_nd(const struct port_addresses *pa, const struct flow *flow)
{
    return ((mac_is_zero(flow->arp_sha) || mac_equals(flow->arp_sha, pa->mac))
            && (mac_is_zero(flow->arp_tha)
                || mac_equals(flow->arp_tha, pa->mac)));
}

static bool
may_send_as(const struct port_addresses *pa, const struct flow *flow)
{
    bool any_ip = !pa->ip4.n && !pa->ip6.n;

    if (!mac_equals(flow->dl_src, pa->mac)) {
        return false;
    }
    switch (ntohs(flow->dl_type)) {
    case 0x800:
        return any_ip || has_ip4(pa, flow->nw_src)
               || (pa->ip4.n && is_dhcp_request(flow));
    case 0x806:
    case 0x8035:
        return (mac_equals(flow->arp_sha, pa->mac)
                && (any_ip || has_ip4(pa, flow->nw_src)));
    case 0x86dd:
        if (is_neighbour_discovery(flow) && !may_send_nd(pa, flow)) {
            return false;
        }
        return any_ip || (pa->ip6.n
                          && (has_ip6(pa, &flow->ipv6_src)
                              || IN6_IS_ADDR_UNSPECIFIED(&flow->ipv6_src)));
    default:
        return true;
    }
}

static bool
may_receive_ip4(const struct port_addresses *pa, be32 ip)
{
    for (size_t i = 0; i < pa->ip4.n; i++) {
        if (ip == pa->ip4.items[i].bcast) {
            return true;
        }
    }
    return (has_ip4(pa, ip)
            || (pa->ip4.n && (ip == htonl(INADDR_BROADCAST)
                              || IN_MULTICAST(ntohl(ip)))));
}

static bool
may_receive_as(const struct port_addresses *pa, const struct flow *flow)
{
    bool any_ip = !pa->ip4.n && !pa->ip6.n;

    if (!mac_is_multicast(flow->dl_dst)
        && !mac_equals(flow->dl_dst, pa->mac)) {
        return false;
    }
    switch (ntohs(flow->dl_type)) {
    case 0x800:
        return any_ip || may_receive_ip4(pa, flow->nw_dst);
    case 0x86dd:
        return any_ip || (pa->ip6.n
                          && (has_ip6(pa, &flow->ipv6_dst)
                              || IN6_IS_ADDR_MULTICAST(&flow->ipv6_dst)));
    default:
        return true;
    }
}

bool
port_may_send(const struct port *port, const struct flow *flow)
{
    for (size_t i = 0; i < port->security.n; i++) {
        if (may_send_as(&port->security.items[i], flow)) {
            return true;
        }
    }
    return !port->security.n;
}

bool
port_may_receive(const struct port *port, const struct flow *flow)
{
    for (size_t i = 0; i < port->security.n; i++) {
        if (may_receive_as(&port->security.items[i], flow)) {
            return true;
        }
    }
    return !port->security.n;
}
