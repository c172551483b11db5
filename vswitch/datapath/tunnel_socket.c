/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnels through sockets of the host's own network stack: UDP ones on the
 * tunnel's port number, or raw ones for GRE.
 *
 * This is how packets of underlay addresses on plain interfaces come in, and
 * fragments, which the stack reassembles.  It is how packets leave that only
 * the stack can send (underlay.c).  A 64 KiB segment becomes one datagram
 * train (UDP_SEGMENT) that crosses the stack once, and comes out of it in one
 * piece at the other end (UDP_GRO).
 *
 * The source port tells flows apart for the routers between (RFC 8926 3.3):
 * there are TUNNEL_N_TX sockets to send from, chosen by the inner flow's
 * hash. */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "vswitch/datapath/tunnel.h"

COUNTER(tunnel_rx_bad_header);
COUNTER(tunnel_rx_truncated);
COUNTER(tunnel_tx_failed);

#define N_RX 16                  /* Datagrams received at once. */
#define SOCKET_BUFFER (8 << 20)
#define MAX_TRAIN_SEGMENTS 64    /* UDP_MAX_SEGMENTS of older kernels. */
#define MAX_TRAIN_SIZE 65000

/* One socket to receive from. */
struct tunnel_rx {
    struct dp_rxq rxq;
    struct packet_queue pending; /* Packets from 'next' on are yet to go. */
    size_t next;
    struct packet *small[N_RX];  /* To receive into: the first bytes, */
    struct packet *large[N_RX];  /* and the rest. */
};

enum { V4, V6 };

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

/* Reads what the datagram's header said, and the size of the datagrams of a
 * train. */
static void
read_ancillary(struct msghdr *msg, struct flow_tunnel *t,
               size_t *segment_size)
{

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
            *segment_size = cmsg_int(c);
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

/* Takes datagram 'i' of 'msg' apart into 'pending'. */
static void
take_datagram(struct tunnel_rx *rx, unsigned int i, struct msghdr *msg,
              size_t size)
{
    const struct sockaddr_storage *from = msg->msg_name;
    size_t segment_size = 0;
    struct flow_tunnel outer;
    struct packet *p;

    if (msg->msg_flags & MSG_TRUNC) {
        counter_inc(tunnel_rx_truncated);
        return;
    }
    memset(&outer, 0, offsetof(struct flow_tunnel, opts));
    read_ancillary(msg, &outer, &segment_size);
    read_source(rx->rxq.tunnel, from, &outer);
    p = take_received(rx, i, size);
    if (!strip_raw_header(rx->rxq.tunnel, from->ss_family, p)) {
        counter_inc(tunnel_rx_bad_header);
        packet_free(p);
        return;
    }
    tunnel_decapsulate(rx->rxq.port, &outer, p, segment_size, &rx->pending);
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
    rx->next = 0;
    vec_clear(&rx->pending);
    for (int i = 0; i < n; i++) {
        take_datagram(rx, i, &msgs[i].msg_hdr, msgs[i].msg_len);
    }
}

static int
tunnel_recv(struct dp_rxq *rxq, struct packet_batch *batch)
{
    struct tunnel_rx *rx = CONTAINER_OF(rxq, struct tunnel_rx, rxq);

    if (rx->next == rx->pending.n) {
        receive(rx);
    }
    batch->n = MIN(rx->pending.n - rx->next, PACKET_BATCH);
    memcpy(batch->packets, rx->pending.items + rx->next,
           batch->n * sizeof batch->packets[0]);
    rx->next += batch->n;
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
    be16 port = (tunnel->class->is_udp ? tunnel_destination(tunnel, t) : 0);

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

struct train {
    struct sending *sending;
    int fd;
    const struct tunnel *tunnel;
    const struct flow_tunnel *t;
};

static void
send_train(struct packet *p, size_t segment_size, void *train_)
{
    struct train *train = train_;

    if (train->sending->n == PACKET_BATCH) {
        flush(train->sending, train->fd);
    }
    if (train->tunnel->class->finish) {
        train->tunnel->class->finish(p->data, p->size);
    }
    add_message(train->sending, train->tunnel, train->t, p,
                p->size > segment_size ? segment_size : 0);
}

/* Sends a packet that is still to be cut (consumed). */
static bool
send_segments(struct sending *s, int fd, const struct tunnel *tunnel,
              struct packet *p, const uint8_t *header, size_t header_size)
{
    struct train train = {
        .sending = s,
        .fd = fd,
        .tunnel = tunnel,
        .t = &p->md.tunnel,
    };
    size_t segment_size = packet_gso_segment_size(p) + header_size;
    size_t max_size = (tunnel->class->is_udp
                       ? MIN(MAX_TRAIN_SEGMENTS * segment_size, MAX_TRAIN_SIZE)
                       : segment_size);
    bool ok = !packet_gso_trains(p, header, header_size, max_size, send_train,
                                 &train);

    flush(s, fd);
    packet_free(p);
    return ok;
}

/* Puts the tunnel header in front of 'p' (consumed) and adds it. */
static bool
send_single(struct sending *s, const struct tunnel *tunnel, struct packet *p,
            const uint8_t *header, size_t header_size)
{
    packet_csum_finish(p);
    if (packet_headroom(p) < header_size) {
        struct packet *bigger = packet_alloc(header_size + p->size);

        if (!bigger) {
            packet_free(p);
            return false;
        }
        packet_put_bytes(bigger, header, header_size);
        packet_put_bytes(bigger, p->data, p->size);
        bigger->md.tunnel = p->md.tunnel;
        packet_free(p);
        p = bigger;
    } else {
        memcpy(packet_push(p, header_size), header, header_size);
    }
    if (tunnel->class->finish) {
        tunnel->class->finish(p->data, p->size);
    }
    add_message(s, tunnel, &p->md.tunnel, p, 0);
    return true;
}

unsigned int
tunnel_sockets_send(const struct tunnel *tunnel, struct packet_batch *batch)
{
    unsigned int n_sent = 0;
    struct sending s;
    int fd = -1;

    s.n = 0;
    for (uint32_t i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        int version = in6_addr_is_ipv4(&p->md.tunnel.dst) ? V4 : V6;
        int its_fd = tunnel->tx_fds[version][tunnel_inner_hash(p)
                                             % TUNNEL_N_TX];
        uint8_t header[TUNNEL_MAX_HEADER];
        size_t header_size;

        if (its_fd < 0) {
            packet_free(p);
            continue;
        }
        if (its_fd != fd && s.n) {
            flush(&s, fd);
        }
        fd = its_fd;
        header_size = tunnel->class->build(p, &p->md.tunnel, tunnel->gbp,
                                           header);
        n_sent += (p->gso_type != PACKET_GSO_NONE
                   ? send_segments(&s, fd, tunnel, p, header, header_size)
                   : send_single(&s, tunnel, p, header, header_size));
    }
    if (s.n) {
        flush(&s, fd);
    }
    batch->n = 0;
    return n_sent;
}

/* Life. */

void
tunnel_sockets_close(struct tunnel *t)
{
    for (int version = V4; version <= V6; version++) {
        struct tunnel_rx *rx = t->rx[version];

        for (int i = 0; i < TUNNEL_N_TX; i++) {
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
            for (; rx->next < rx->pending.n; rx->next++) {
                packet_free(rx->pending.items[rx->next]);
            }
            vec_uninit(&rx->pending);
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
    dp_port_take_rxq(port, &rx->rxq);
    for (int i = 0; i < TUNNEL_N_TX; i++) {
        t->tx_fds[version][i] = open_tx_socket(t, version);
    }
    return 0;
}

int
tunnel_sockets_open(struct dp_port *port, struct tunnel *t)
{
    int error = open_version(port, t, V4);

    if (!error) {
        /* A host may be without IPv6. */
        error = open_version(port, t, V6);
        error = error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL ? 0 : error;
    }
    if (error) {
        port->n_rxqs = 0;
        tunnel_sockets_close(t);
    }
    return error;
}
