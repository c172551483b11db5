/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_IPAM_H
#define NORTHD_SYNC_IPAM_H

/* Gives dynamic addresses: turns F_ADDRESS_WANTED into F_ADDRESS_GIVEN.
 *
 * An address that was given stays while it is wanted and nobody has it as a
 * static one, also over a restart.  Otherwise the lowest free address of the
 * switch's subnet is given, without the first, which is the router's; if none
 * is left, the port has the rest of what it wants.  MACs have the prefix of
 * NB_Global and are unique among those given.  Cost: a choice looks only at
 * addresses that came free since the last one, and behind the last one. */

#include <netinet/in.h>

#include "lib/incr/incr.h"
#include "northd/program.h"

/* Value of F_ADDRESS_WANTED; other_config:exclude_ips follows, with its null
 * terminator.  Addresses in network byte order; zero: to be chosen. */
struct wanted_address {
    uint8_t mac[6];
    uint8_t has_mac;
    uint8_t has_subnet;         /* An IPv4 address is wanted. */
    uint8_t has_prefix;         /* An IPv6 address is wanted. */
    uint8_t mac_prefix[3];
    uint32_t ip4;
    uint32_t network;
    uint32_t plen;
    struct in6_addr ip6;
    struct in6_addr prefix;
};

/* Key of F_ADDRESS_USED: somebody on the switch has the address anyway. */
struct used_address {
    const struct nb_logical_switch *ls;
    uint64_t ip4;               /* Network byte order. */
};

struct ipam;

struct ipam *ipam_create(struct incr *);
void ipam_destroy(struct ipam *);

/* Before the first step: 'lsp' had 'text' ("MAC [IP]..."). */
void ipam_reserve(struct ipam *, const struct nb_logical_switch_port *lsp,
                  const char *text);

/* After the first step: forgets reservations that nobody wanted. */
void ipam_release(struct ipam *);

#endif /* northd/sync/ipam.h */
