/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnel ports: Geneve (RFC 8926), VXLAN (RFC 7348) and GRE (RFC 2784, 2890).
 *
 * A packet that goes out of a tunnel port becomes a whole packet here, which
 * then goes in by the internal port that the host would have sent it from, or
 * out of another device (tunnel_push.c); only where that cannot be is it given
 * to the host's stack (tunnel_socket.c).  underlay.c says which.
 *
 * What comes for a tunnel on its way to an internal port is taken apart there
 * (tunnel_pop.c), and what the host's stack receives, by sockets. */

#include "vswitch/datapath/tunnel.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/runtime/counter.h"

COUNTER(tunnel_tx_no_path);

bool
dp_tunnel_is_type(const char *type)
{
    return tunnel_class_find(type) != NULL;
}

be16
dp_tunnel_dst_port(const struct dp_port *port)
{
    return port->tunnel->dst_port;
}

uint32_t
dp_tunnel_port_hash(const struct dp_port *port)
{
    bool is_udp = port->tunnel->class->is_udp;

    return dp_tunnel_hash(is_udp ? IPPROTO_UDP : IPPROTO_GRE,
                          is_udp ? port->tunnel->dst_port : 0);
}

uint32_t
tunnel_inner_hash(struct packet *p)
{
    const uint8_t *l3, *l4;
    uint64_t addresses, ports = 0;
    uint8_t proto;

    if (p->l3_ofs == PACKET_NO_OFFSET) {
        struct flow_key_full key;

        flow_key_extract(p, &key);
    }
    l3 = packet_l3(p);
    l4 = packet_l4(p);
    if (l3 && packet_l3_size(p) >= IPV4_HEADER_SIZE && l3[0] >> 4 == 4) {
        const struct ipv4_header *ip = (const void *) l3;

        addresses = get_u64(&ip->src);
        proto = ip->proto;
        if (ip->frag_off & htons(IPV4_OFFSET_MASK | IPV4_MF)) {
            l4 = NULL;
        }
    } else if (l3 && packet_l3_size(p) >= IPV6_HEADER_SIZE
               && l3[0] >> 4 == 6) {
        const struct ipv6_header *ip = (const void *) l3;

        addresses = hash_bytes(&ip->src, 32, 0);
        proto = ip->next;
    } else {
        return p->size >= 12 ? hash_bytes(p->data, 12, 0) : 0;
    }
    if (l4 && packet_l4_size(p) >= 4
        && (proto == IPPROTO_TCP || proto == IPPROTO_UDP
            || proto == IPPROTO_SCTP)) {
        ports = get_u32(l4);
    }
    return hash_combine(hash_word(addresses, 0), ports << 8 | proto);
}

/* Sends those that the host's stack is to send. */
static unsigned int
send_by_host(const struct dp_port *port, struct packet_batch *batch)
{
    if (port->dp->is_dummy) {
        packet_batch_free(batch);
        return 0;
    }
    return batch->n ? tunnel_sockets_send(port->tunnel, batch) : 0;
}

void
dp_tunnel_send(struct dp_context *ctx, struct dp_port *port,
               struct packet_batch *batch)
{
    struct tunnel_out out = { .netdev = NULL, .batch.n = 0 };
    struct packet_batch by_host = { .n = 0 };
    unsigned int n_sent = 0;
    uint64_t n_bytes = 0;

    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        const struct underlay_path *path;

        if (!flow_tunnel_is_set(&p->md.tunnel)) {
            counter_inc(tunnel_tx_no_path);
            packet_free(p);
            continue;
        }
        n_bytes += p->size;
        path = underlay_find(ctx, &p->md.tunnel, p->md.pkt_mark);
        if (path->how == UNDERLAY_NONE) {
            counter_inc(tunnel_tx_no_path);
            packet_free(p);
        } else if (path->how != UNDERLAY_HOST
                   && tunnel_push(ctx, port->tunnel, path, p, &out)) {
            n_sent++;
        } else {
            by_host.packets[by_host.n++] = p;
        }
    }
    tunnel_out_flush(&out);
    n_sent += send_by_host(port, &by_host);
    __atomic_fetch_add(&port->tx_packets, n_sent, __ATOMIC_RELAXED);
    __atomic_fetch_add(&port->tx_bytes, n_bytes, __ATOMIC_RELAXED);
    if (n_sent < batch->n) {
        __atomic_fetch_add(&port->tx_dropped, batch->n - n_sent,
                           __ATOMIC_RELAXED);
    }
    batch->n = 0;
}

struct error *
dp_tunnel_create(struct dp_port *port, const struct dpif_port_options *options)
{
    struct tunnel *t = xzalloc(sizeof *t);
    struct error *error;
    int code;

    t->class = tunnel_class_find(port->type);
    t->gbp = options && options->gbp;
    t->dst_port = (options && options->dst_port ? options->dst_port
                   : htons(t->class->default_port));
    memset(t->tx_fds, 0xff, sizeof t->tx_fds);
    code = port->dp->is_dummy ? 0 : tunnel_sockets_open(port, t);
    if (code) {
        error = error_from_errno(code, "%s: cannot receive %s packets "
                                 "(UDP port %u)", port->name, port->type,
                                 ntohs(t->dst_port));
        free(t);
        return error;
    }
    port->tunnel = t;
    return NULL;
}

void
dp_tunnel_destroy(struct dp_port *port)
{
    tunnel_sockets_close(port->tunnel);
    port->n_rxqs = 0;
    free(port->tunnel);
}
