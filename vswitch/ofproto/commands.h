/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_COMMANDS_H
#define OFPROTO_COMMANDS_H

struct backer;
struct control_conn;
struct packet;

/* Control commands about bridges: ofproto/..., fdb/..., bridge/...,
 * dpif/..., upcall/..., revalidator/..., and dpctl/show, dump-flows,
 * dump-dps, del-flows. */
void ofproto_register_commands(void);

/* Those of connection tracking: dpctl/dump-conntrack, dpctl/ct-...; the first
 * does this. */
void ct_register_commands(void);

/* Those of tunnels: ovs/route/..., tnl/..., ofproto/list-tunnels; the first
 * does this. */
void tunnel_register_commands(void);

/* The datapath that a "[TYPE@]NAME" means; the only one if NULL.  NULL, having
 * replied with an error, if there is no such. */
struct backer *commands_get_backer(struct control_conn *, const char *name);

/* Those of dummy devices: netdev-dummy/receive, ...; the first does this. */
void dummy_register_commands(void);

/* A packet from hex digits (others are skipped), for packet_free(); NULL if it
 * is too long. */
struct packet *packet_from_hex(const char *hex);

#endif /* ofproto/commands.h */
