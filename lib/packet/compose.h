/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_COMPOSE_H
#define PACKET_COMPOSE_H

/* Making packets, and changing headers in place.
 *
 * The compose functions append to an empty packet with room for what they
 * write (packet_alloc(PACKET_SMALL) always has), set its offsets and finish
 * every checksum. */

#include "lib/packet/packet.h"

/* Appends an Ethernet header; 'type' in host order. */
void compose_eth(struct packet *, struct eth_addr dst, struct eth_addr src,
                 uint16_t type);

/* Appends an IPv4 header for 'payload_size' bytes that follow. */
void compose_ipv4(struct packet *, be32 src, be32 dst, uint8_t proto,
                  uint8_t tos, uint8_t ttl, uint16_t payload_size);
void compose_ipv6(struct packet *, const struct in6_addr *src,
                  const struct in6_addr *dst, uint8_t proto, uint8_t tc,
                  be32 label, uint8_t hop_limit, uint16_t payload_size);

/* A whole ARP packet in Ethernet; 'broadcast' chooses the destination of a
 * request, otherwise it goes to 'tha'. */
void compose_arp(struct packet *, uint16_t op, struct eth_addr sha,
                 struct eth_addr tha, bool broadcast, be32 spa, be32 tpa);

/* A whole neighbour solicitation to the solicited-node group of 'target'. */
void compose_nd_ns(struct packet *, struct eth_addr eth_src,
                   const struct in6_addr *src, const struct in6_addr *target);

/* A whole neighbour advertisement; 'rso_flags' in host order, ND_RSO_*. */
void compose_nd_na(struct packet *, struct eth_addr eth_src,
                   struct eth_addr eth_dst, const struct in6_addr *src,
                   const struct in6_addr *dst, const struct in6_addr *target,
                   uint32_t rso_flags);

/* A whole UDP datagram in Ethernet and IPv4, or IPv6. */
void compose_udp4(struct packet *, struct eth_addr eth_dst,
                  struct eth_addr eth_src, be32 src, be32 dst, uint8_t ttl,
                  uint16_t tp_src, uint16_t tp_dst, const void *payload,
                  size_t payload_size);
void compose_udp6(struct packet *, struct eth_addr eth_dst,
                  struct eth_addr eth_src, const struct in6_addr *src,
                  const struct in6_addr *dst, uint8_t hop_limit,
                  uint16_t tp_src, uint16_t tp_dst, const void *payload,
                  size_t payload_size);

/* Appends Ethernet (with its tags) and IP headers like those of 'like', which
 * has both, and the 'size' bytes of protocol 'proto' at 'l4', whose checksum
 * is finished (TCP, UDP, SCTP, ICMP, ICMPv6).  IP options and extension headers
 * are left out; 'ttl' 0 is that of 'like'.  Returns false, with nothing
 * appended, if 'like' is no IP packet or there is no room. */
bool compose_like(struct packet *, const struct packet *like, uint8_t proto,
                  uint8_t ttl, const void *l4, size_t size);

/* Exchanges the Ethernet and the IP addresses of an IP packet. */
void packet_swap_addresses(struct packet *);

/* Pushes or pops the outermost VLAN header.  'tpid' and 'tci' as on the wire
 * (the CFI bit is cleared).  False, changing nothing, if there is no room or
 * no Ethernet header. */
bool packet_push_vlan(struct packet *, be16 tpid, be16 tci);
void packet_pop_vlan(struct packet *);

/* Pushes an MPLS label with Ethernet type 'type' in front of the others, or in
 * front of the network header; pops the first one, leaving 'type'. */
bool packet_push_mpls(struct packet *, be16 type, be32 lse);
void packet_pop_mpls(struct packet *, be16 type);

/* Change header fields and update the checksums that cover them, partial ones
 * included.  The offsets are set and the headers are complete. */
void packet_set_ipv4_addr(struct packet *, void *addr_in_header, be32 new_);
void packet_set_ipv6_addr(struct packet *, uint8_t proto,
                          void *addr_in_header, const void *new_,
                          bool in_l4_checksum);
void packet_set_ipv4_tos(struct packet *, uint8_t tos);
void packet_set_ipv4_ttl(struct packet *, uint8_t ttl);
void packet_set_tcp_port(struct packet *, be16 src, be16 dst);
void packet_set_udp_port(struct packet *, be16 src, be16 dst);
void packet_set_sctp_port(struct packet *, be16 src, be16 dst);
void packet_set_icmp(struct packet *, uint8_t type, uint8_t code);

#endif /* packet/compose.h */
