/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_EXTRACT_H
#define FLOW_EXTRACT_H

/* From packets to flows and back. */

#include "lib/flow/key.h"
#include "lib/packet/packet.h"

/* Reads the headers of 'packet' and its metadata in one pass, straight into
 * 'key'; sets the packet's offsets and 'l2_pad'.  A header that is cut short
 * or malformed ends the reading: its fields and those behind it are zero
 * (so that 'key' never holds what the packet does not).  'in_port' is the
 * datapath port number.  'key->hash' is flow_key_hash(key, 0). */
void flow_key_extract(struct packet *, struct flow_key_full *key);

/* The same, expanded. */
void flow_extract(struct packet *, struct flow *);

/* Limits the VLAN tags that keys hold, of all packets from now on, to 'n' (0:
 * as many as a flow has room for, as at first).  Headers beyond are payload of
 * a packet whose 'dl_type' is that of a tag. */
void flow_set_vlan_limit(unsigned int n);

unsigned int flow_vlan_limit(void);

/* Makes 'flow' what the limit leaves of it. */
void flow_apply_vlan_limit(struct flow *);

/* Appends to 'packet', which is empty, a packet whose headers say what 'flow'
 * does, followed by 'payload_size' zero bytes of transport payload, with right
 * sizes and checksums; metadata are not touched.  flow_extract() of the result
 * gives 'flow' as far as a packet can. */
void flow_compose(struct packet *packet, const struct flow *flow,
                  size_t payload_size);

/* The packet type of what follows an NSH header with next protocol 'np';
 * PACKET_TYPE_UNKNOWN: none that the switch knows. */
uint32_t nsh_inner_packet_type(uint8_t np);

/* The size of payload that a packet made of 'flow' gets if nobody says one: 64
 * behind the headers of TCP (but for the ends of connections), UDP and ICMP
 * echoes, none elsewhere. */
size_t flow_default_payload(const struct flow *flow);

/* Hash of addresses, protocol and ports, the same in both directions if
 * 'symmetric'.  For select groups, the hash action, and the source port of
 * tunnels. */
uint32_t flow_key_hash_l4(const struct flow_key *, uint32_t basis,
                          bool symmetric);

#endif /* flow/extract.h */
