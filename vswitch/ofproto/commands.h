/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_COMMANDS_H
#define OFPROTO_COMMANDS_H

#include "lib/base/vec.h"

struct backer;
struct control_conn;
struct dpif;
struct match;
struct ofproto;
struct packet;
struct str;

/* All control commands of the switch: ofproto/..., fdb/..., bridge/... are
 * its own, the others are registered by the functions below. */
void ofproto_register_commands(void);

/* ofproto/trace, ofproto/trace-packet-out. */
void trace_register_commands(void);

/* ofproto/detrace. */
void detrace_register_command(void);

/* dpif/...; of these, those about features; those of threads and caches, dpif-netdev/...; those of what could
 * be done in several ways, of which there is one: dpif-netdev/dpif-impl-get,
 * odp-execute/action-impl-show, ... */
void dpif_register_commands(void);
void feature_register_commands(void);
void dpif_netdev_register_commands(void);
void impl_register_commands(void);

/* dpctl/... */
void dpctl_register_commands(void);

/* Those of tunnels: ovs/route/..., tnl/..., ofproto/list-tunnels; the first
 * does this. */
void tunnel_register_commands(void);

/* Dummy devices: netdev-dummy/receive, ... */
void dummy_register_commands(void);

/* For commands. */

/* All bridges, by name; for vec_uninit(). */
typedef VEC(struct ofproto *) bridge_vec;
void commands_sorted_bridges(bridge_vec *);

/* The bridge of that name, or NULL after a reply. */
struct ofproto *commands_get_bridge(struct control_conn *, const char *name);

/* The datapath that a "[TYPE@]NAME" means; the only one if NULL.  NULL, having
 * replied with an error, if there is no such. */
struct backer *commands_get_backer(struct control_conn *, const char *name);

/* Reads "ufid:..." as dumps of megaflows print it. */
struct ufid;
bool commands_parse_ufid(const char *text, struct ufid *);

/* How megaflows are dumped. */
struct dump_options {
    bool names;                  /* Of ports. */
    bool more;                   /* With ufids and all fields. */
    bool with_title;             /* That tells whose flows they are. */
    const struct match *filter;  /* NULL: all. */
    const struct ofproto *only;  /* Of this bridge; NULL: all. */
};

/* Appends the megaflows. */
void commands_dump_flows(const struct dpif *, const struct dump_options *,
                         struct str *);

/* A packet from hex digits (others are skipped), for packet_free(); NULL if it
 * is too long. */
struct packet *packet_from_hex(const char *hex);

#endif /* ofproto/commands.h */
