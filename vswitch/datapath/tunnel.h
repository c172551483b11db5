/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TUNNEL_H
#define VSWITCH_TUNNEL_H

/* Tunnel ports from inside: only for the tunnel*.c files.
 *
 *   tunnel.c         ports: life, and choosing how a packet leaves
 *   tunnel_header.c  the tunnel headers
 *   tunnel_push.c    whole packets for tunnels, made here
 *   tunnel_pop.c     packets inside tunnel packets
 *   tunnel_socket.c  through sockets of the host's stack */

#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/tunnel_header.h"
#include "vswitch/datapath/underlay.h"

#define TUNNEL_N_TX 8

struct tunnel_rx;

struct tunnel {
    const struct tunnel_class *class;
    be16 dst_port;               /* UDP. */
    bool gbp;
    int tx_fds[2][TUNNEL_N_TX];  /* IPv4, IPv6; -1 where there is none. */
    struct tunnel_rx *rx[2];     /* Likewise; NULL. */
};

/* A hash of the connection that 'p', still without tunnel header, belongs
 * to. */
uint32_t tunnel_inner_hash(struct packet *p);

/* The UDP port to send to. */
static inline be16
tunnel_destination(const struct tunnel *tunnel, const struct flow_tunnel *t)
{
    return t->tp_dst ? t->tp_dst : tunnel->dst_port;
}

/* tunnel_push.c */

/* Packets for devices that are no ports. */
struct tunnel_out {
    struct netdev *netdev;
    struct packet_batch batch;
};

/* Sends what is in 'out'. */
void tunnel_out_flush(struct tunnel_out *out);

/* Makes tunnel packets of 'p' (taken) for 'path', which is UNDERLAY_PORT or
 * UNDERLAY_DEVICE, and sends them on, those for devices at the latest with
 * tunnel_out_flush().  Returns false, having taken nothing, if they would be
 * too large for the path. */
bool tunnel_push(struct dp_context *, const struct tunnel *,
                 const struct underlay_path *path, struct packet *p,
                 struct tunnel_out *out);

/* tunnel_pop.c */

/* Appends to 'out' what is inside tunnel packet 'p' (taken), which begins with
 * the tunnel header; 'outer' has what was in front of that.  'segment_size'
 * not 0: 'p' is a train of tunnel packets of that size, the last one maybe
 * shorter.  Segments of a TCP connection are put together. */
void tunnel_decapsulate(const struct dp_port *,
                        const struct flow_tunnel *outer, struct packet *p,
                        size_t segment_size, struct packet_queue *out);

/* tunnel_socket.c */

/* Opens sockets, and adds what receives to the port's queues. */
int tunnel_sockets_open(struct dp_port *, struct tunnel *);
void tunnel_sockets_close(struct tunnel *);

/* Sends the packets of 'batch' (consumed); returns how many. */
unsigned int tunnel_sockets_send(const struct tunnel *,
                                 struct packet_batch *);

#endif /* vswitch/tunnel.h */
