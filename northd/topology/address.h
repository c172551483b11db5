/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_ADDRESS_H
#define NORTHD_TOPOLOGY_ADDRESS_H

/* Addresses of ports, parsed.  What cannot be parsed was warned of once, by
 * the unit that emits F_LSP_ADDRESSES, and counts as absent. */

#include "lib/logical/addresses.h"
#include "northd/program.h"

/* An address or a network as a text. */
struct ip_text {
    char s[INET6_ADDRSTRLEN + 5];
};

struct ip_text ip4_text(be32);
struct ip_text ip6_text(const struct in6_addr *);
struct ip_text ip_text(const struct in6_addr *);        /* Either family. */
struct ip_text ip4_cidr_text(be32 network, unsigned int plen);
struct ip_text ip6_cidr_text(const struct in6_addr *, unsigned int plen);
struct ip_text mac_text(struct eth_addr);

/* Parses the 'i'th entry of what 'addresses' (the group of F_LSP_ADDRESSES)
 * holds.  '*ret' is initialized; the caller frees it. */
bool lsp_addresses_parse(const struct incr_group *addresses, size_t i,
                         struct port_addresses *ret);

/* The addresses of a router port.  False, with '*ret' empty, if they are
 * wrong.  '*ret' is initialized; the caller frees it. */
bool lrp_addresses(struct incr_ctx *, const struct nb_logical_router_port *,
                   struct port_addresses *ret);

/* The address of the router port's networks that 'ip' is in; its text in
 * '*ret'.  False if there is none. */
bool addresses_find_network(const struct port_addresses *,
                            const struct in6_addr *ip, struct ip_text *ret);

#endif /* northd/topology/address.h */
