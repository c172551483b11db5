/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_PACKETS_H
#define OFPROTO_PACKETS_H

/* Packets between controllers and the datapath. */

#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/xlate/xlate.h"

/* A packet that a controller action sent up: 'flow' is what the datapath says
 * of it.  Threads: any, within an RCU read section; the controllers get it on
 * the main thread. */
void ofproto_punt(const struct packet *, const struct flow *dp_flow,
                  const struct userspace_cookie *);

/* Runs datapath actions on 'packet' (its contents are undefined afterwards),
 * whose metadata are those of 'flow', a flow of 'ofproto'. */
void ofproto_execute(struct ofproto *, struct packet *,
                     const struct flow *flow, const void *actions,
                     size_t size);

/* Sends 'packet' (borrowed; its contents are undefined afterwards) out of a
 * port, of a tunnel with the OAM flag if 'oam'.  Threads: any, within an RCU
 * read section. */
void ofproto_send(struct ofproto *, ofp_port_t, struct packet *, bool oam);

/* 'flow', of 'ofproto', as the datapath has it. */
void ofproto_flow_to_datapath(const struct ofproto *, const struct flow *flow,
                              struct flow *ret);

#endif /* ofproto/packets.h */
