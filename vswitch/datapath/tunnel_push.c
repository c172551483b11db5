/* SPDX-License-Identifier: Apache-2.0 */
/* Making whole tunnel packets.
 *
 * A segment of 64 KiB does not fit in a tunnel packet, and no packet socket
 * takes one with a tunnel header to be cut by the device.  Instead it is cut
 * here, and the pieces, each with its tunnel header and its checksum, become
 * the payload of one large UDP packet that the kernel (or a device) cuts into
 * datagrams of the pieces' size, which costs little: PACKET_GSO_UDP.  GRE has
 * no such thing: there each piece goes alone.
 *
 * The outer UDP checksum is left to who can sum it best, as that of any other
 * packet (PACKET_F_CSUM_PARTIAL); 0, which says that there is none, where the
 * tunnel does not ask for one over IPv4.  Inner ones are finished first: there
 * is only one partial checksum to a packet. */

#include "lib/packet/checksum.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/tunnel.h"

COUNTER(tunnel_tx_too_large);

#define MAX_TRAIN_SIZE 65000     /* Of an IP packet's 65,535 bytes. */
#define MAX_OUTER_SIZE (ETH_HEADER_SIZE + IPV6_HEADER_SIZE + UDP_HEADER_SIZE)

/* What is the same in all packets that come of one. */
struct push {
    struct dp_context *ctx;
    const struct tunnel *tunnel;
    const struct underlay_path *path;
    struct tunnel_out *out;
    struct in6_addr dst;
    uint32_t mark;
    be16 tp_src, tp_dst;
    uint16_t flags;
    uint8_t tos, ttl;
    uint8_t proto;
    size_t outer_size;           /* Ethernet, IP and UDP headers. */
};

static bool
is_ipv4(const struct push *x)
{
    return in6_addr_is_ipv4(&x->dst);
}

void
tunnel_out_flush(struct tunnel_out *out)
{
    if (out->batch.n) {
        netdev_send(out->netdev, &out->batch);
        packet_batch_free(&out->batch);
    }
}

static void
send_on(const struct push *x, struct packet *p)
{
    struct tunnel_out *out = x->out;

    if (x->path->how == UNDERLAY_PORT) {
        packet_metadata_init(&p->md, x->path->port);
        p->md.pkt_mark = x->mark;
        dp_again(x->ctx, p);
        return;
    }
    if (out->batch.n == PACKET_BATCH || out->netdev != x->path->netdev) {
        tunnel_out_flush(out);
    }
    out->netdev = x->path->netdev;
    out->batch.packets[out->batch.n++] = p;
}

static void
put_ethernet(const struct push *x, uint8_t *h)
{
    struct eth_header *eth = (void *) h;

    eth->dst = x->path->eth_dst;
    eth->src = x->path->eth_src;
    eth->type = htons(is_ipv4(x) ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);
}

/* The identification of a packet that may be fragmented has to be its own
 * (RFC 6864). */
static be16
next_id(struct dp_context *ctx)
{
    ctx->random = ctx->random * 1664525 + 1013904223;
    return htons(ctx->random >> 16);
}

/* Writes the IP header and returns the partial sum of the pseudo header. */
static uint32_t
put_ip(const struct push *x, uint8_t *h, size_t l4_size)
{
    if (is_ipv4(x)) {
        bool df = x->flags & FLOW_TNL_F_DONT_FRAGMENT;
        struct ipv4_header *ip = (void *) h;

        *ip = (struct ipv4_header) {
            .ihl_ver = 0x45,
            .tos = x->tos,
            .total_size = htons(IPV4_HEADER_SIZE + l4_size),
            .id = df ? 0 : next_id(x->ctx),
            .frag_off = htons(df ? IPV4_DF : 0),
            .ttl = x->ttl,
            .proto = x->proto,
            .src = in6_addr_get_ipv4(&x->path->src),
            .dst = in6_addr_get_ipv4(&x->dst),
        };
        ip->csum = csum(ip, sizeof *ip);
        return csum_pseudo4(ip->src, ip->dst, x->proto, l4_size);
    } else {
        struct ipv6_header *ip = (void *) h;

        ip->ver_tc_label = htonl(UINT32_C(6) << 28 | (uint32_t) x->tos << 20);
        ip->payload_size = htons(l4_size);
        ip->next = x->proto;
        ip->hop_limit = x->ttl;
        ip->src = x->path->src;
        ip->dst = x->dst;
        return csum_pseudo6(&ip->src, &ip->dst, x->proto, l4_size);
    }
}

static void
put_udp(const struct push *x, struct packet *p, uint8_t *h, size_t l4_size,
        uint32_t pseudo)
{
    struct udp_header *udp = (void *) h;
    bool sum = (x->flags & FLOW_TNL_F_CSUM || !is_ipv4(x)
                || p->gso_type != PACKET_GSO_NONE);

    udp->src = x->tp_src;
    udp->dst = x->tp_dst;
    udp->size = htons(l4_size);
    udp->csum = sum ? csum_fold(pseudo) : 0;
    if (sum) {
        p->flags = PACKET_F_CSUM_PARTIAL;
        p->csum_start = p->l4_ofs;
        p->csum_offset = offsetof(struct udp_header, csum);
    }
}

/* Puts the outer headers in front of 'p' (taken), which begins with the tunnel
 * header, and sends it on. */
static void
push_outer(const struct push *x, struct packet *p)
{
    size_t size = p->size;
    uint8_t *h = packet_push(p, x->outer_size);
    size_t ip_size = is_ipv4(x) ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE;
    bool is_udp = x->tunnel->class->is_udp;
    size_t l4_size = size + (is_udp ? UDP_HEADER_SIZE : 0);
    uint32_t pseudo;

    p->packet_type = PACKET_TYPE_ETH;
    p->flags = 0;
    p->l2_pad = 0;
    p->l2_5_ofs = PACKET_NO_OFFSET;
    p->l3_ofs = ETH_HEADER_SIZE;
    p->l4_ofs = ETH_HEADER_SIZE + ip_size;
    put_ethernet(x, h);
    pseudo = put_ip(x, h + ETH_HEADER_SIZE, l4_size);
    if (is_udp) {
        put_udp(x, p, h + ETH_HEADER_SIZE + ip_size, l4_size, pseudo);
    }
    send_on(x, p);
}

static void
push_train(struct packet *p, size_t segment_size, void *x_)
{
    const struct push *x = x_;

    if (x->tunnel->class->finish) {
        x->tunnel->class->finish(p->data, p->size);
    }
    if (p->size > segment_size) {
        p->gso_type = PACKET_GSO_UDP;
        p->gso_size = segment_size;
    }
    push_outer(x, p);
}

/* Makes room in front of 'p' (taken). */
static struct packet *
with_headroom(struct packet *p, size_t n)
{
    struct packet *bigger;

    if (packet_headroom(p) >= n) {
        return p;
    }
    bigger = packet_alloc(n + p->size);
    if (bigger) {
        packet_put(bigger, n);
        packet_pop(bigger, n);
        packet_put_bytes(bigger, p->data, p->size);
        packet_copy_state(bigger, p);
    }
    packet_free(p);
    return bigger;
}

static void
push_single(const struct push *x, struct packet *p, const uint8_t *header,
            size_t header_size)
{
    packet_csum_finish(p);
    packet_truncate(p, p->size - p->l2_pad);
    p = with_headroom(p, x->outer_size + header_size);
    if (!p) {
        counter_inc(tunnel_tx_too_large);
        return;
    }
    memcpy(packet_push(p, header_size), header, header_size);
    if (x->tunnel->class->finish) {
        x->tunnel->class->finish(p->data, p->size);
    }
    push_outer(x, p);
}

bool
tunnel_push(struct dp_context *ctx, const struct tunnel *tunnel,
            const struct underlay_path *path, struct packet *p,
            struct tunnel_out *out)
{
    const struct flow_tunnel *t = &p->md.tunnel;
    struct push x = {
        .ctx = ctx,
        .tunnel = tunnel,
        .path = path,
        .out = out,
        .dst = t->dst,
        .mark = p->md.pkt_mark,
        .tp_dst = tunnel_destination(tunnel, t),
        .flags = t->flags,
        .tos = t->tos,
        .ttl = t->ttl,
        .proto = tunnel->class->is_udp ? IPPROTO_UDP : IPPROTO_GRE,
    };
    uint8_t header[TUNNEL_MAX_HEADER];
    size_t header_size = tunnel->class->build(p, t, tunnel->gbp, header);
    size_t segment_size = packet_gso_segment_size(p) + header_size;

    x.outer_size = (ETH_HEADER_SIZE
                    + (is_ipv4(&x) ? IPV4_HEADER_SIZE : IPV6_HEADER_SIZE)
                    + (tunnel->class->is_udp ? UDP_HEADER_SIZE : 0));
    if (x.outer_size - ETH_HEADER_SIZE + segment_size > path->mtu) {
        return false;
    }
    if (tunnel->class->is_udp) {
        x.tp_src = underlay_source_port(tunnel_inner_hash(p));
    }
    if (p->gso_type == PACKET_GSO_NONE) {
        push_single(&x, p, header, header_size);
        return true;
    }
    if (packet_gso_trains(p, header, header_size,
                          tunnel->class->is_udp ? MAX_TRAIN_SIZE
                          : segment_size, push_train, &x)) {
        counter_inc(tunnel_tx_too_large);
    }
    packet_free(p);
    return true;
}
