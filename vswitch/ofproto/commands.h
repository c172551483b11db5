/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_COMMANDS_H
#define OFPROTO_COMMANDS_H

struct packet;

/* Control commands about bridges: ofproto/..., fdb/..., bridge/...,
 * dpif/..., upcall/..., revalidator/..., and dpctl/show, dump-flows,
 * dump-dps, del-flows. */
void ofproto_register_commands(void);

/* Those of dummy devices: netdev-dummy/receive, ...; the first does this. */
void dummy_register_commands(void);

/* A packet from hex digits (others are skipped), for packet_free(); NULL if it
 * is too long. */
struct packet *packet_from_hex(const char *hex);

#endif /* ofproto/commands.h */
