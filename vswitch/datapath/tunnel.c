/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnel ports: Geneve (RFC 8926), VXLAN (RFC 7348) and GRE (RFC 2784, 2890).
 *
 * A tunnel port has sockets of the host's own network stack: UDP ones on its
 * port number, or raw ones for GRE.  So the host routes (policy rules
 * included), finds neighbours and queues packets for them meanwhile, sums the
 * outer checksums, reassembles fragments, and its firewall sees the tunnel;
 * and an underlay address may sit on any interface, be it the internal port of
 * one of our own bridges or a plain interface of the host.  What a raw path
 * past the stack would save for each packet, segmentation earns back: a 64 KiB
 * segment becomes one datagram train (UDP_SEGMENT) that crosses the stack
 * once, and comes out of it in one piece at the other end (UDP_GRO).
 *
 * The source port tells flows apart for the routers between (RFC 8926 3.3):
 * there are N_TX sockets to send from, chosen by the inner flow's hash. */

#include <errno.h>
#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/gro.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/tunnel_header.h"

COUNTER(tunnel_rx_malformed);
COUNTER(tunnel_rx_truncated);
COUNTER(tunnel_rx_ecn);
COUNTER(tunnel_tx_no_room);
COUNTER(tunnel_tx_failed);

#define N_TX 8
#define N_RX 16                  /* Datagrams received at once. */
#define SOCKET_BUFFER (8 << 20)
#define MAX_TRAIN_SEGMENTS 64    /* UDP_MAX_SEGMENTS of older kernels. */
#define MAX_TRAIN_SIZE 65000

/* A datagram (or a train of them) that was received. */
struct received {
    struct packet *packet;       /* At the tunnel header. */
    size_t segment_size;         /* Of a train; 0: it is one datagram. */
    bool is_begun;               /* The train's first segment was taken. */
    struct flow_tunnel tunnel;   /* Outer addresses and so on. */
};

/* One socket to receive from. */
struct tunnel_rx {
    struct dp_rxq rxq;
    struct received pending[N_RX];
    unsigned int next, n_pending;
    struct packet *small[N_RX];  /* To receive into: the first bytes, */
    struct packet *large[N_RX];  /* and the rest. */
};

struct tunnel {
    const struct tunnel_class *class;
    be16 dst_port;               /* UDP. */
    bool gbp;
    int tx_fds[2][N_TX];         /* IPv4, IPv6; -1 where there is none. */
    struct tunnel_rx *rx[2];     /* Likewise; NULL. */
};

enum { V4, V6 };

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

/* Sockets. */

static int
set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

static int
open_socket(const struct tunnel_class *class, int version)
{
    int family = version == V4 ? AF_INET : AF_INET6;
    int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = (class->is_udp ? socket(family, SOCK_DGRAM | flags, 0)
              : socket(family, SOCK_RAW | flags, IPPROTO_GRE));

    if (fd >= 0 && version == V6) {
        set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
    return fd >= 0 ? fd : -errno;
}

/* Asks for what a datagram's header said beside its payload. */
static void
want_ancillary(int fd, int version)
{
    if (version == V4) {
        set_int(fd, IPPROTO_IP, IP_PKTINFO, 1);
        set_int(fd, IPPROTO_IP, IP_RECVTOS, 1);
        set_int(fd, IPPROTO_IP, IP_RECVTTL, 1);
    } else {
        set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set_int(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set_int(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        set_int(fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
    }
    set_int(fd, IPPROTO_UDP, UDP_GRO, 1);
    set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER);
}

static int
open_rx_socket(const struct tunnel *t, int version)
{
    int fd = open_socket(t->class, version);
    int error = 0;

    if (fd < 0) {
        return fd;
    }
    want_ancillary(fd, version);
    if (version == V4) {
        const struct sockaddr_in sin = {
            .sin_family = AF_INET,
            .sin_port = t->dst_port,
        };

        error = bind(fd, (const struct sockaddr *) &sin, sizeof sin);
    } else {
        const struct sockaddr_in6 sin6 = {
            .sin6_family = AF_INET6,
            .sin6_port = t->dst_port,
        };

        error = bind(fd, (const struct sockaddr *) &sin6, sizeof sin6);
    }
    if (error) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

/* A socket to send from, which receives nothing. */
static int
open_tx_socket(const struct tunnel *t, int version)
{
    int fd = open_socket(t->class, version);

    if (fd >= 0) {
        set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER);
        set_int(fd, SOL_SOCKET, SO_RCVBUF, 0);
        shutdown(fd, SHUT_RD);
        if (version == V4) {
            set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT);
        } else {
            set_int(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX, 0);
        }
    }
    return fd;
}

/* Receiving. */

static void
start_receive(struct tunnel_rx *rx, unsigned int i, struct iovec iov[2])
{
    if (!rx->small[i]) {
        rx->small[i] = packet_alloc(PACKET_SMALL);
    }
    if (!rx->large[i]) {
        rx->large[i] = packet_alloc(PACKET_LARGE);
    }
    iov[0] = (struct iovec) { rx->small[i]->data, PACKET_SMALL };
    iov[1] = (struct iovec) { rx->large[i]->data + PACKET_SMALL,
                              PACKET_LARGE - PACKET_SMALL };
}

static struct packet *
take_received(struct tunnel_rx *rx, unsigned int i, size_t size)
{
    struct packet *p;

    if (size <= PACKET_SMALL) {
        p = rx->small[i];
        rx->small[i] = NULL;
    } else {
        p = rx->large[i];
        rx->large[i] = NULL;
        memcpy(p->data, rx->small[i]->data, PACKET_SMALL);
    }
    p->size = size;
    return p;
}

static int
cmsg_int(const struct cmsghdr *c)
{
    int x;

    memcpy(&x, CMSG_DATA(c), sizeof x);
    return x;
}

static void
read_ancillary(struct msghdr *msg, struct received *r)
{
    struct flow_tunnel *t = &r->tunnel;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            t->dst = in6_addr_from_ipv4(info.ipi_addr.s_addr);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
            t->tos = *CMSG_DATA(c);
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) {
            t->ttl = cmsg_int(c);
        } else if (c->cmsg_level == IPPROTO_IPV6
                   && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;

            memcpy(&info, CMSG_DATA(c), sizeof info);
            t->dst = info.ipi6_addr;
        } else if (c->cmsg_level == IPPROTO_IPV6
                   && c->cmsg_type == IPV6_TCLASS) {
            t->tos = cmsg_int(c);
        } else if (c->cmsg_level == IPPROTO_IPV6
                   && c->cmsg_type == IPV6_HOPLIMIT) {
            t->ttl = cmsg_int(c);
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            r->segment_size = cmsg_int(c);
        }
    }
}

static void
read_source(const struct tunnel *tunnel, const struct sockaddr_storage *ss,
            struct flow_tunnel *t)
{
    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *sin = (const void *) ss;

        t->src = in6_addr_from_ipv4(sin->sin_addr.s_addr);
        t->tp_src = tunnel->class->is_udp ? sin->sin_port : 0;
    } else {
        const struct sockaddr_in6 *sin6 = (const void *) ss;

        t->src = sin6->sin6_addr;
        t->tp_src = tunnel->class->is_udp ? sin6->sin6_port : 0;
    }
    t->tp_dst = tunnel->dst_port;
}

/* A raw IPv4 socket gives the header too. */
static bool
strip_raw_header(const struct tunnel *tunnel, int family, struct packet *p)
{
    size_t size;

    if (tunnel->class->is_udp || family != AF_INET) {
        return true;
    }
    size = (p->size >= IPV4_HEADER_SIZE
            ? ipv4_header_size((const void *) p->data) : 0);
    if (size < IPV4_HEADER_SIZE || size > p->size) {
        return false;
    }
    packet_pop(p, size);
    return true;
}

/* Reads what the socket has into 'pending'. */
static void
receive(struct tunnel_rx *rx)
{
    struct mmsghdr msgs[N_RX];
    struct iovec iov[N_RX][2];
    struct sockaddr_storage from[N_RX];
    uint8_t control[N_RX][256] __attribute__((__aligned__(8)));
    int n;

    for (unsigned int i = 0; i < N_RX; i++) {
        start_receive(rx, i, iov[i]);
        msgs[i].msg_hdr = (struct msghdr) {
            .msg_name = &from[i],
            .msg_namelen = sizeof from[i],
            .msg_iov = iov[i],
            .msg_iovlen = 2,
            .msg_control = control[i],
            .msg_controllen = sizeof control[i],
        };
    }
    n = recvmmsg(rx->rxq.fd, msgs, N_RX, MSG_DONTWAIT, NULL);
    rx->next = rx->n_pending = 0;
    for (int i = 0; i < n; i++) {
        struct received *r = &rx->pending[rx->n_pending];

        if (msgs[i].msg_hdr.msg_flags & MSG_TRUNC) {
            counter_inc(tunnel_rx_truncated);
            continue;
        }
        r->segment_size = 0;
        r->is_begun = false;
        memset(&r->tunnel, 0, offsetof(struct flow_tunnel, opts));
        read_ancillary(&msgs[i].msg_hdr, r);
        read_source(rx->rxq.tunnel, &from[i], &r->tunnel);
        r->packet = take_received(rx, i, msgs[i].msg_len);
        if (strip_raw_header(rx->rxq.tunnel, from[i].ss_family, r->packet)) {
            rx->n_pending++;
        } else {
            counter_inc(tunnel_rx_malformed);
            packet_free(r->packet);
        }
    }
}

/* The next packet of 'r', which no longer has it after the last one. */
static struct packet *
next_segment(struct received *r)
{
    struct packet *p = r->packet;
    struct packet *segment;

    if (!r->segment_size || p->size <= r->segment_size) {
        r->packet = NULL;
        return p;
    }
    /* Room for the others that may be put together with it. */
    segment = packet_alloc(r->is_begun ? r->segment_size : p->size);
    r->is_begun = true;
    packet_put_bytes(segment, p->data, r->segment_size);
    packet_pop(p, r->segment_size);
    return segment;
}

/* RFC 6040: congestion that the outer header saw goes to the inner one; a
 * packet that cannot say it is dropped. */
static bool
decapsulate_ecn(struct packet *p, uint8_t outer_tos)
{
    struct flow_key_full key;
    uint8_t *l3;

    if ((outer_tos & IP_ECN_MASK) != IP_ECN_CE) {
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
decapsulate(const struct tunnel_rx *rx, const struct received *r,
            struct packet *p)
{
    const struct tunnel *t = rx->rxq.tunnel;

    packet_metadata_init(&p->md, rx->rxq.port->no);
    memcpy(&p->md.tunnel, &r->tunnel, offsetof(struct flow_tunnel, opts));
    if (!t->class->pop(p, &p->md.tunnel, t->gbp)) {
        counter_inc(tunnel_rx_malformed);
        return false;
    }
    if (!decapsulate_ecn(p, r->tunnel.tos)) {
        counter_inc(tunnel_rx_ecn);
        return false;
    }
    packet_reset_offsets(p);
    return true;
}

/* Appends 'p' to 'to', which came before it in the same train, if it goes on
 * in the same inner connection and with the same metadata. */
static bool
put_together(struct packet *to, struct packet *p)
{
    const struct flow_tunnel *a = &to->md.tunnel, *b = &p->md.tunnel;

    return (a->tun_id == b->tun_id && a->flags == b->flags
            && a->opts_size == b->opts_size
            && !memcmp(a->opts, b->opts, a->opts_size)
            && packet_gro_append(to, p));
}

static int
tunnel_recv(struct dp_rxq *rxq, struct packet_batch *batch)
{
    struct tunnel_rx *rx = CONTAINER_OF(rxq, struct tunnel_rx, rxq);

    batch->n = 0;
    if (rx->next == rx->n_pending) {
        receive(rx);
    }
    while (rx->next < rx->n_pending && batch->n < PACKET_BATCH) {
        struct received *r = &rx->pending[rx->next];
        bool is_first = !r->is_begun;
        struct packet *p = next_segment(r);

        if (!decapsulate(rx, r, p)) {
            packet_free(p);
        } else if (!is_first && batch->n
                   && put_together(batch->packets[batch->n - 1], p)) {
            packet_free(p);
        } else {
            batch->packets[batch->n++] = p;
        }
        rx->next += !r->packet;
    }
    return batch->n;
}

static void
tunnel_release(struct dp_rxq *rxq UNUSED)
{
}

/* Sending. */

/* Messages to be sent from one socket in one call. */
struct sending {
    unsigned int n;
    struct mmsghdr msgs[PACKET_BATCH];
    struct iovec iov[PACKET_BATCH];
    struct sockaddr_storage to[PACKET_BATCH];
    uint8_t control[PACKET_BATCH][128] __attribute__((__aligned__(8)));
    struct packet *packets[PACKET_BATCH];
};

static void
put_cmsg(struct msghdr *msg, int level, int type, const void *payload,
         size_t n)
{
    struct cmsghdr *c = (void *) ((uint8_t *) msg->msg_control
                                  + msg->msg_controllen);

    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), payload, n);
    msg->msg_controllen += CMSG_SPACE(n);
}

static void
put_ancillary4(struct msghdr *msg, const struct flow_tunnel *t)
{
    int ttl = t->ttl, tos = t->tos;

    if (!in6_addr_is_zero(&t->src)) {
        const struct in_pktinfo info = {
            .ipi_spec_dst.s_addr = in6_addr_get_ipv4(&t->src),
        };

        put_cmsg(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
    if (ttl) {
        put_cmsg(msg, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl);
    }
    if (tos) {
        put_cmsg(msg, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    }
}

static void
put_ancillary6(struct msghdr *msg, const struct flow_tunnel *t)
{
    int ttl = t->ttl, tos = t->tos;

    if (!in6_addr_is_zero(&t->src)) {
        const struct in6_pktinfo info = { .ipi6_addr = t->src };

        put_cmsg(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    if (ttl) {
        put_cmsg(msg, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof ttl);
    }
    if (tos) {
        put_cmsg(msg, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
}

static socklen_t
put_destination(const struct tunnel *tunnel, const struct flow_tunnel *t,
                struct sockaddr_storage *ss)
{
    be16 port = (!tunnel->class->is_udp ? 0
                 : t->tp_dst ? t->tp_dst : tunnel->dst_port);

    if (in6_addr_is_ipv4(&t->dst)) {
        struct sockaddr_in *sin = (void *) ss;

        *sin = (struct sockaddr_in) {
            .sin_family = AF_INET,
            .sin_port = port,
            .sin_addr.s_addr = in6_addr_get_ipv4(&t->dst),
        };
        return sizeof *sin;
    } else {
        struct sockaddr_in6 *sin6 = (void *) ss;

        *sin6 = (struct sockaddr_in6) {
            .sin6_family = AF_INET6,
            .sin6_port = port,
            .sin6_addr = t->dst,
        };
        return sizeof *sin6;
    }
}

/* Adds 'p' (taken), which begins with the tunnel header; 'segment_size' if it
 * is a train. */
static void
add_message(struct sending *s, const struct tunnel *tunnel,
            const struct flow_tunnel *t, struct packet *p,
            uint16_t segment_size)
{
    unsigned int i = s->n++;
    struct msghdr *msg = &s->msgs[i].msg_hdr;

    s->packets[i] = p;
    s->iov[i] = (struct iovec) { p->data, p->size };
    *msg = (struct msghdr) {
        .msg_name = &s->to[i],
        .msg_namelen = put_destination(tunnel, t, &s->to[i]),
        .msg_iov = &s->iov[i],
        .msg_iovlen = 1,
        .msg_control = s->control[i],
    };
    if (in6_addr_is_ipv4(&t->dst)) {
        put_ancillary4(msg, t);
    } else {
        put_ancillary6(msg, t);
    }
    if (segment_size) {
        put_cmsg(msg, IPPROTO_UDP, UDP_SEGMENT, &segment_size,
                 sizeof segment_size);
    }
}

/* Sends a train that the stack does not take (no checksum offload in the
 * device, segments above the path's MTU) as single datagrams. */
static void
send_singly(int fd, struct msghdr *msg, size_t segment_size)
{
    uint8_t *p = msg->msg_iov->iov_base;
    size_t left = msg->msg_iov->iov_len;
    struct cmsghdr *last = NULL;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        last = c;
    }
    /* UDP_SEGMENT was put last. */
    msg->msg_controllen = (uint8_t *) last - (uint8_t *) msg->msg_control;
    while (left) {
        size_t n = MIN(left, segment_size);

        *msg->msg_iov = (struct iovec) { p, n };
        if (sendmsg(fd, msg, MSG_DONTWAIT) < 0) {
            counter_inc(tunnel_tx_failed);
        }
        p += n;
        left -= n;
    }
}

static size_t
train_segment_size(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT) {
            return get_u16(CMSG_DATA(c));
        }
    }
    return 0;
}

static void
flush(struct sending *s, int fd)
{
    for (unsigned int i = 0; i < s->n; ) {
        int n = sendmmsg(fd, s->msgs + i, s->n - i, MSG_DONTWAIT);

        if (n > 0) {
            i += n;
        } else if (errno != EINTR) {
            size_t size = train_segment_size(&s->msgs[i].msg_hdr);

            if (size && errno != EAGAIN && errno != ENETUNREACH) {
                send_singly(fd, &s->msgs[i].msg_hdr, size);
            } else {
                counter_inc(tunnel_tx_failed);
            }
            i++;
        }
    }
    for (unsigned int i = 0; i < s->n; i++) {
        packet_free(s->packets[i]);
    }
    s->n = 0;
}

/* Puts the segments of one packet, as they are cut, into trains. */
struct train {
    struct sending *sending;
    int fd;
    const struct tunnel *tunnel;
    const struct flow_tunnel *t;
    const uint8_t *header;
    size_t header_size;
    struct packet *packet;       /* The train so far; NULL: none. */
    size_t segment_size;         /* Of its first segment. */
    unsigned int n_segments;
};

static void
end_train(struct train *train)
{
    if (train->packet) {
        if (train->sending->n == PACKET_BATCH) {
            flush(train->sending, train->fd);
        }
        add_message(train->sending, train->tunnel, train->t, train->packet,
                    train->n_segments > 1 ? train->segment_size : 0);
        train->packet = NULL;
    }
}

static void
add_segment(struct packet *segment, void *train_)
{
    struct train *train = train_;
    size_t size = train->header_size + segment->size;

    if (train->packet
        && (train->n_segments >= MAX_TRAIN_SEGMENTS
            || train->packet->size + size > MAX_TRAIN_SIZE
            || size > train->segment_size
            || !train->tunnel->class->is_udp)) {
        end_train(train);
    }
    if (!train->packet) {
        train->packet = packet_alloc(train->tunnel->class->is_udp
                                     ? MAX_TRAIN_SIZE : size);
        train->segment_size = size;
        train->n_segments = 0;
    }
    packet_put_bytes(train->packet, train->header, train->header_size);
    packet_put_bytes(train->packet, segment->data, segment->size);
    train->n_segments++;
    if (size < train->segment_size) {
        end_train(train);        /* Only the last one may be shorter. */
    }
    packet_free(segment);
}

/* Sends a packet that is still to be cut (consumed). */
static void
send_train(struct sending *s, int fd, const struct tunnel *tunnel,
           struct packet *p, const uint8_t *header, size_t header_size)
{
    struct train train = {
        .sending = s,
        .fd = fd,
        .tunnel = tunnel,
        .t = &p->md.tunnel,
        .header = header,
        .header_size = header_size,
    };

    if (packet_gso_cut(p, add_segment, &train)) {
        counter_inc(tunnel_tx_failed);
    }
    end_train(&train);
    flush(s, fd);
    packet_free(p);
}

/* Puts the tunnel header in front of 'p' (consumed) and adds it. */
static void
send_single(struct sending *s, const struct tunnel *tunnel, struct packet *p,
            const uint8_t *header, size_t header_size)
{
    packet_csum_finish(p);
    if (packet_headroom(p) < header_size) {
        struct packet *bigger = packet_alloc(header_size + p->size);

        if (!bigger) {
            counter_inc(tunnel_tx_no_room);
            packet_free(p);
            return;
        }
        packet_put_bytes(bigger, header, header_size);
        packet_put_bytes(bigger, p->data, p->size);
        bigger->md.tunnel = p->md.tunnel;
        packet_free(p);
        p = bigger;
    } else {
        memcpy(packet_push(p, header_size), header, header_size);
    }
    add_message(s, tunnel, &p->md.tunnel, p, 0);
}

/* The socket for a packet. */
static int
choose_socket(const struct tunnel *tunnel, struct packet *p)
{
    int version = in6_addr_is_ipv4(&p->md.tunnel.dst) ? V4 : V6;
    struct flow_key_full key;
    uint32_t hash;

    flow_key_extract(p, &key);
    hash = flow_key_hash_l4(&key.key, 0, true);
    return tunnel->tx_fds[version][hash % N_TX];
}

void
dp_tunnel_send(struct dp_context *ctx UNUSED, struct dp_port *port,
               struct packet_batch *batch)
{
    struct tunnel *tunnel = port->tunnel;
    uint64_t n_bytes = 0;
    struct sending s;
    int fd = -1;

    s.n = 0;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        uint8_t header[TUNNEL_MAX_HEADER];
        size_t header_size;
        int its_fd;

        if (!flow_tunnel_is_set(&p->md.tunnel)
            || (its_fd = choose_socket(tunnel, p)) < 0) {
            counter_inc(tunnel_tx_failed);
            packet_free(p);
            continue;
        }
        if (its_fd != fd && s.n) {
            flush(&s, fd);
        }
        fd = its_fd;
        n_bytes += p->size;
        header_size = tunnel->class->build(p, &p->md.tunnel, tunnel->gbp,
                                           header);
        if (p->gso_type != PACKET_GSO_NONE) {
            send_train(&s, fd, tunnel, p, header, header_size);
        } else {
            send_single(&s, tunnel, p, header, header_size);
        }
    }
    if (s.n) {
        flush(&s, fd);
    }
    __atomic_fetch_add(&port->tx_packets, batch->n, __ATOMIC_RELAXED);
    __atomic_fetch_add(&port->tx_bytes, n_bytes, __ATOMIC_RELAXED);
    batch->n = 0;
}

/* Life. */

static void
close_sockets(struct tunnel *t)
{
    for (int version = V4; version <= V6; version++) {
        struct tunnel_rx *rx = t->rx[version];

        for (int i = 0; i < N_TX; i++) {
            if (t->tx_fds[version][i] >= 0) {
                close(t->tx_fds[version][i]);
            }
        }
        if (rx) {
            close(rx->rxq.fd);
            for (unsigned int i = 0; i < N_RX; i++) {
                packet_free(rx->small[i]);
                packet_free(rx->large[i]);
            }
            for (; rx->next < rx->n_pending; rx->next++) {
                packet_free(rx->pending[rx->next].packet);
            }
            free(rx);
        }
    }
}

static int
open_version(struct dp_port *port, struct tunnel *t, int version)
{
    int fd = open_rx_socket(t, version);
    struct tunnel_rx *rx;

    if (fd < 0) {
        return fd;
    }
    rx = xzalloc(sizeof *rx);
    rx->rxq = (struct dp_rxq) {
        .port = port,
        .fd = fd,
        .recv = tunnel_recv,
        .release = tunnel_release,
        .tunnel = t,
    };
    t->rx[version] = rx;
    port->rxqs[port->n_rxqs++] = &rx->rxq;
    for (int i = 0; i < N_TX; i++) {
        t->tx_fds[version][i] = open_tx_socket(t, version);
    }
    return 0;
}

struct error *
dp_tunnel_create(struct dp_port *port, const struct dpif_port_options *options)
{
    struct tunnel *t = xzalloc(sizeof *t);
    int error;

    t->class = tunnel_class_find(port->type);
    t->gbp = options && options->gbp;
    t->dst_port = (options && options->dst_port ? options->dst_port
                   : htons(t->class->default_port));
    memset(t->tx_fds, 0xff, sizeof t->tx_fds);
    error = open_version(port, t, V4);
    if (!error) {
        /* A host may be without IPv6. */
        error = open_version(port, t, V6);
        error = error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL ? 0 : error;
    }
    if (error) {
        port->n_rxqs = 0;
        close_sockets(t);
        free(t);
        return error_from_errno(error, "%s: cannot receive %s packets "
                                "(UDP port %u)", port->name, port->type,
                                options ? ntohs(options->dst_port) : 0);
    }
    port->tunnel = t;
    return NULL;
}

void
dp_tunnel_destroy(struct dp_port *port)
{
    close_sockets(port->tunnel);
    port->n_rxqs = 0;
    free(port->tunnel);
}
