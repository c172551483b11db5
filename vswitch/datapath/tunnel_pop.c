/* SPDX-License-Identifier: Apache-2.0 */
/* Taking tunnel packets apart.
 *
 * Segments of one TCP connection that come together leave as one: a train is
 * put together within its own buffer, as the headers between the pieces go. */

#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/gro.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/tunnel.h"

COUNTER(tunnel_rx_bad_outer);
COUNTER(tunnel_rx_malformed);
COUNTER(tunnel_rx_ecn);

/* RFC 6040: congestion that the outer header saw goes to the inner one; a
 * packet that cannot say it is dropped. */
static bool
decapsulate_ecn(struct packet *p, uint8_t outer_tos)
{
    struct flow_key_full key;
    uint8_t *l3;

    if (LIKELY((outer_tos & IP_ECN_MASK) != IP_ECN_CE)) {
        return true;
    }
    flow_key_extract(p, &key);
    l3 = packet_l3(p);
    if (!l3 || packet_l3_size(p) < IPV4_HEADER_SIZE) {
        return true;
    }
    if (l3[0] >> 4 == 4) {
        uint8_t tos = l3[1];

        if ((tos & IP_ECN_MASK) == IP_ECN_NOT_ECT) {
            return false;
        }
        packet_set_ipv4_tos(p, tos | IP_ECN_CE);
    } else if (l3[0] >> 4 == 6) {
        if (!(l3[1] >> 4 & IP_ECN_MASK)) {
            return false;
        }
        l3[1] |= IP_ECN_CE << 4;
    }
    return true;
}

/* Makes of a tunnel packet the packet inside, with its metadata. */
static bool
decapsulate(const struct dp_port *port, const struct flow_tunnel *outer,
            struct packet *p)
{
    const struct tunnel *t = port->tunnel;

    packet_metadata_init(&p->md, port->no);
    memcpy(&p->md.tunnel, outer, offsetof(struct flow_tunnel, opts));
    if (!t->class->pop(p, &p->md.tunnel, t->gbp)) {
        counter_inc(tunnel_rx_malformed);
        return false;
    }
    if (!decapsulate_ecn(p, outer->tos)) {
        counter_inc(tunnel_rx_ecn);
        return false;
    }
    packet_reset_offsets(p);
    return true;
}

static bool
same_tunnel(const struct packet_metadata *a, const struct packet_metadata *b)
{
    const struct flow_tunnel *s = &a->tunnel, *t = &b->tunnel;

    return (a->in_port == b->in_port && !a->recirc_id
            && in6_addr_equals(&s->dst, &t->dst)
            && in6_addr_equals(&s->src, &t->src)
            && s->tun_id == t->tun_id && s->flags == t->flags
            && s->tos == t->tos && s->ttl == t->ttl
            && s->tp_src == t->tp_src && s->gbp_id == t->gbp_id
            && s->gbp_flags == t->gbp_flags && s->opts_size == t->opts_size
            && !memcmp(s->opts, t->opts, s->opts_size));
}

/* Appends 'p' to the last packet of 'out', if it goes on in the same inner
 * connection and with the same metadata. */
static bool
put_together(struct packet_queue *out, struct packet *p)
{
    return (out->n && same_tunnel(&out->items[out->n - 1]->md, &p->md)
            && packet_gro_append(&out->items[out->n - 1], p));
}

static void
add_single(const struct dp_port *port, const struct flow_tunnel *outer,
           struct packet *p, struct packet_queue *out)
{
    if (!decapsulate(port, outer, p) || put_together(out, p)) {
        packet_free(p);
    } else {
        vec_push(out, p);
    }
}

void
tunnel_decapsulate(const struct dp_port *port, const struct flow_tunnel *outer,
                   struct packet *p, size_t segment_size,
                   struct packet_queue *out)
{
    uint8_t *data = p->data;
    size_t left = p->size;
    bool is_kept = false;        /* 'p' went to 'out', as its first piece. */

    if (!segment_size || left <= segment_size) {
        add_single(port, outer, p, out);
        return;
    }
    while (left) {
        size_t n = MIN(left, segment_size);
        struct packet view;

        packet_use(&view, data, n, data, n);
        if (decapsulate(port, outer, &view) && !put_together(out, &view)) {
            if (!is_kept && data == p->data) {
                p->data = view.data;
                p->size = view.size;
                packet_copy_state(p, &view);
                vec_push(out, p);
                is_kept = true;
            } else {
                vec_push(out, packet_clone(&view));
            }
        }
        data += n;
        left -= n;
    }
    if (!is_kept) {
        packet_free(p);
    }
}

/* Packets on their way to an internal port. */

/* The tunnel port that receives IP protocol 'proto', at UDP port 'dst'. */
static struct dp_port *
find_tunnel(const struct dp *dp, uint8_t proto, be16 dst)
{
    struct rcu_hash_cursor cursor;
    struct dp_port *port;

    RCU_HASH_FOR_EACH_WITH_HASH (port, &cursor, dp_tunnel_hash(proto, dst),
                                 &dp->tunnels) {
        if (port->tunnel->class->is_udp == (proto == IPPROTO_UDP)
            && (proto != IPPROTO_UDP || port->tunnel->dst_port == dst)) {
            return port;
        }
    }
    return NULL;
}

/* What stands in front of the tunnel header. */
struct outer {
    struct dp_port *port;        /* The tunnel's. */
    struct flow_tunnel tunnel;   /* 'opts' is not set. */
    size_t size;                 /* Bytes in front of the tunnel header. */
    size_t end;                  /* Of the IP packet. */
};

static bool
read_ipv4(const struct packet *p, struct outer *o, uint8_t *proto)
{
    const struct ipv4_header *ip = (const void *) (p->data + ETH_HEADER_SIZE);
    size_t size = p->size - ETH_HEADER_SIZE;
    size_t header = size >= IPV4_HEADER_SIZE ? ipv4_header_size(ip) : 0;

    if (header < IPV4_HEADER_SIZE || header > size
        || ntohs(ip->total_size) < header || ntohs(ip->total_size) > size
        || ip->frag_off & htons(IPV4_MF | IPV4_OFFSET_MASK)) {
        return false;
    }
    *proto = ip->proto;
    o->size = ETH_HEADER_SIZE + header;
    o->end = ETH_HEADER_SIZE + ntohs(ip->total_size);
    o->tunnel.src = in6_addr_from_ipv4(ip->src);
    o->tunnel.dst = in6_addr_from_ipv4(ip->dst);
    o->tunnel.tos = ip->tos;
    o->tunnel.ttl = ip->ttl;
    return true;
}

static bool
read_ipv6(const struct packet *p, struct outer *o, uint8_t *proto)
{
    const struct ipv6_header *ip = (const void *) (p->data + ETH_HEADER_SIZE);
    size_t size = p->size - ETH_HEADER_SIZE;

    if (size < IPV6_HEADER_SIZE
        || IPV6_HEADER_SIZE + ntohs(ip->payload_size) > size) {
        return false;
    }
    *proto = ip->next;
    o->size = ETH_HEADER_SIZE + IPV6_HEADER_SIZE;
    o->end = o->size + ntohs(ip->payload_size);
    o->tunnel.src = ip->src;
    o->tunnel.dst = ip->dst;
    o->tunnel.tos = ntohl(ip->ver_tc_label) >> 20;
    o->tunnel.ttl = ip->hop_limit;
    return true;
}

/* Reads the outer headers of a packet that is for a tunnel.  False for any
 * other packet, and for what the host has to look at first: fragments, IP
 * options of IPv6. */
static bool
read_outer(const struct dp *dp, const struct packet *p, struct outer *o)
{
    const struct eth_header *eth = (const void *) p->data;
    const struct udp_header *udp;
    be16 dst = 0;
    uint8_t proto;

    if (p->size < ETH_HEADER_SIZE || p->packet_type != PACKET_TYPE_ETH) {
        return false;
    }
    memset(&o->tunnel, 0, offsetof(struct flow_tunnel, opts));
    if (!(eth->type == htons(ETH_TYPE_IPV4) ? read_ipv4(p, o, &proto)
          : eth->type == htons(ETH_TYPE_IPV6) ? read_ipv6(p, o, &proto)
          : false)) {
        return false;
    }
    if (proto == IPPROTO_UDP) {
        udp = (const void *) (p->data + o->size);
        if (o->end < o->size + UDP_HEADER_SIZE) {
            return false;
        }
        dst = udp->dst;
        o->tunnel.tp_src = udp->src;
        o->tunnel.tp_dst = dst;
        o->size += UDP_HEADER_SIZE;
    } else if (proto != IPPROTO_GRE) {
        return false;
    }
    o->port = find_tunnel(dp, proto, dst);
    return o->port != NULL;
}

/* Path MTU discovery: learns from an ICMP error about a tunnel packet of ours
 * (RFC 1191, RFC 8201) on its way to the host. */
static void
learn_pmtu(const struct dp_port *port, const struct packet *p)
{
    const struct eth_header *eth = (const void *) p->data;
    const uint8_t *l4 = packet_l4(p);
    size_t size = packet_l4_size(p);
    bool is_ipv4 = eth->type == htons(ETH_TYPE_IPV4);
    const struct icmp_header *icmp = (const void *) l4;
    const uint8_t *l3 = packet_l3(p), *inner = l4 + ICMP_HEADER_SIZE;
    struct in6_addr src, dst;
    uint8_t proto;

    if (!l4 || size < ICMP_HEADER_SIZE + IPV4_HEADER_SIZE
        || (is_ipv4 ? ((const struct ipv4_header *) l3)->proto != IPPROTO_ICMP
            || icmp->type != ICMP4_DST_UNREACH || icmp->code != 4
            : eth->type != htons(ETH_TYPE_IPV6)
              || ((const struct ipv6_header *) l3)->next != IPPROTO_ICMPV6
              || icmp->type != ICMP6_PACKET_TOO_BIG_
              || size < ICMP_HEADER_SIZE + IPV6_HEADER_SIZE)) {
        return;
    }
    if (is_ipv4) {
        const struct ipv4_header *ip = (const void *) inner;

        proto = ip->proto;
        src = in6_addr_from_ipv4(ip->src);
        dst = in6_addr_from_ipv4(ip->dst);
    } else {
        const struct ipv6_header *ip = (const void *) inner;

        proto = ip->next;
        src = ip->src;
        dst = ip->dst;
    }
    if ((proto == IPPROTO_UDP || proto == IPPROTO_GRE)
        && underlay_is_local(port->netdev, &src)
        && packet_l4_csum_ok(p, is_ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
        uint32_t rest = ntohl(icmp->rest);

        underlay_pmtu_learn(&dst, is_ipv4 ? rest & 0xffff : rest);
    }
}

/* Whether the outer checksums are right.  IPv6 wants a UDP checksum, but
 * tunnels may do without (RFC 6935). */
static bool
outer_checksums_ok(struct packet *p, const struct outer *o)
{
    bool is_ipv4 = in6_addr_is_ipv4(&o->tunnel.dst);
    size_t l4 = o->size - UDP_HEADER_SIZE;

    if (is_ipv4 && csum(p->data + ETH_HEADER_SIZE,
                        ipv4_header_size((const void *)
                                         (p->data + ETH_HEADER_SIZE)))) {
        return false;
    }
    if (!o->port->tunnel->class->is_udp
        || !((const struct udp_header *) (p->data + l4))->csum) {
        return true;
    }
    p->l3_ofs = ETH_HEADER_SIZE;
    p->l4_ofs = l4;
    return packet_l4_csum_ok(p, IPPROTO_UDP);
}

/* Takes a tunnel packet apart into packets to be processed. */
static void
pop_packet(struct dp_context *ctx, struct packet *p, const struct outer *o)
{
    size_t segment_size = 0;

    packet_truncate(p, o->end);
    p->l2_pad = 0;
    if (!outer_checksums_ok(p, o)) {
        counter_inc(tunnel_rx_bad_outer);
        packet_free(p);
        return;
    }
    if (p->gso_type == PACKET_GSO_UDP
        && o->size == (size_t) p->l4_ofs + UDP_HEADER_SIZE
        && (!(p->flags & PACKET_F_CSUM_PARTIAL)
            || p->csum_start < o->size)) {
        segment_size = p->gso_size;
    }
    __atomic_fetch_add(&o->port->rx_packets, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&o->port->rx_bytes, p->size, __ATOMIC_RELAXED);
    /* What is left to be done about the outer headers needs no doing any more,
     * and an outer checksum vouches for nothing inside.  A kernel's tunnel
     * leaves the inner checksum and segmentation to be done. */
    if (!(p->flags & PACKET_F_CSUM_PARTIAL) || p->csum_start < o->size) {
        packet_reset_offloads(p);
    }
    packet_pop(p, o->size);
    tunnel_decapsulate(o->port, &o->tunnel, p, segment_size, &ctx->again);
}

void
dp_tunnel_intercept(struct dp_context *ctx, const struct dp_port *port,
                    struct packet_batch *batch)
{
    struct eth_addr mac = { { 0 } };
    uint32_t n = 0;

    netdev_get_etheraddr(port->netdev, &mac);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        struct outer o;

        if (read_outer(ctx->dp, p, &o)
            && !memcmp(p->data, &mac, sizeof mac)
            && underlay_is_local(port->netdev, &o.tunnel.dst)
            && underlay_is_native()) {
            pop_packet(ctx, p, &o);
        } else {
            underlay_snoop(port, p);
            if (p->size >= ETH_HEADER_SIZE) {
                learn_pmtu(port, p);
            }
            batch->packets[n++] = p;
        }
    }
    batch->n = n;
}
