/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces of the host, through packet sockets (packet(7)).
 *
 * Receiving: a ring of frames shared with the kernel (TPACKET_V2), which saves
 * a copy and a system call for each batch; frames leave headroom
 * (PACKET_RESERVE), so that packets go on in the ring's memory through the
 * switch.  A packet that does not fit in a frame, such as a 64 KiB segment,
 * comes whole from the socket's queue (PACKET_COPY_THRESH), in order with the
 * frames.  TPACKET_V3 would pack large packets in blocks, but hands a block
 * over when it is full or a timer ends: a millisecond of latency.
 *
 * Sending: a ring, too (tx_ring.h), and sendmmsg() for what is too large for a
 * frame of it; through the interface's queueing discipline, so that shaping
 * works and whoever captures there sees what leaves; past it
 * (PACKET_QDISC_BYPASS) was no faster in measurements.
 *
 * Both with virtio-net headers, for checksums and segmentation, and without
 * seeing what leaves (PACKET_IGNORE_OUTGOING).  What is received is the
 * switch's alone, where the kernel can keep it from the host (ingress.h). */

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "vswitch/netdev/background.h"
#include "vswitch/netdev/ingress.h"
#include "vswitch/netdev/linux.h"
#include "vswitch/netdev/packet_ring.h"
#include "vswitch/netdev/tx_ring.h"
#include "vswitch/netdev/vnet.h"

LOG_MODULE(netdev_linux);

COUNTER(netdev_rx_bad_offload);
COUNTER(netdev_rx_truncated);

#define FRAME_SIZE PACKET_RING_FRAME_SIZE
#define N_FRAMES PACKET_RING_N_RX
#define SOCKET_BUFFER (8 << 20)

struct system_rxq {
    struct netdev_rxq up;
    struct packet_ring *ring;
    unsigned int next;           /* Frame to look at next. */
    unsigned int n_borrowed;     /* Frames before 'next' that are ours. */
    struct packet frames[PACKET_BATCH];   /* Borrowed packets, in the ring. */
};

static struct system_rxq *
rxq_cast(const struct netdev_rxq *rxq)
{
    return CONTAINER_OF(rxq, struct system_rxq, up);
}

static int
set_option(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) ? -errno : 0;
}

static int
bind_packet_socket(int fd, int ifindex)
{
    struct sockaddr_ll ll = {
        .sll_family = AF_PACKET,
        .sll_ifindex = ifindex,
    };

    return bind(fd, (const struct sockaddr *) &ll, sizeof ll) ? -errno : 0;
}

/* Opens a packet socket with virtio-net headers, which receives nothing. */
static int
open_packet_socket(void)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0) {
        return -errno;
    }
    error = set_option(fd, SOL_PACKET, PACKET_VNET_HDR, 1);
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}

/* Keeps the host away from what the device receives. */
static void
claim(struct netdev_linux *dev)
{
    int error = ingress_claim(dev->link.name, dev->link.ifindex, &dev->claim);

    if (error) {
        log_info("%s: the host's network stack, too, gets what the port "
                 "receives (%s)", dev->up.name, strerror(-error));
    }
}

static void
unclaim(struct netdev_linux *dev)
{
    ingress_release(dev->claim);
    dev->claim = NULL;
}

static bool
system_is_claimed(const struct netdev *netdev)
{
    return netdev_linux_cast(netdev)->claim;
}

static void
system_reattach(struct netdev_linux *dev)
{
    bind_packet_socket(dev->fd, dev->link.ifindex);
    tx_ring_bind(dev->tx_ring, dev->link.ifindex);
    if (dev->rx_ring) {
        unclaim(dev);
        claim(dev);
        packet_ring_bind(dev->rx_ring, dev->link.ifindex);
    }
}

static struct error *
system_construct(struct netdev *netdev)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);
    int error = netdev_linux_attach(dev);

    if (error) {
        return error_from_errno(error, "%s: could not open network device",
                                netdev->name);
    }
    if (dev->link.flags & IFF_LOOPBACK) {
        netdev_linux_detach(dev);
        return error_create(EINVAL, "%s: loopback cannot be a port",
                            netdev->name);
    }
    dev->fd = open_packet_socket();
    if (dev->fd < 0) {
        error = dev->fd;
    } else {
        set_option(dev->fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER);
        error = bind_packet_socket(dev->fd, dev->link.ifindex);
        if (error) {
            close(dev->fd);
        }
    }
    if (error) {
        netdev_linux_detach(dev);
        return error_from_errno(error, "%s: could not open packet socket",
                                netdev->name);
    }
    dev->tx_ring = tx_ring_create(dev->link.ifindex);
    dev->reattach = system_reattach;
    return NULL;
}

static void
close_fd(void *fd)
{
    close((intptr_t) fd);
}

static void
system_destruct(struct netdev *netdev)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);

    tx_ring_destroy(dev->tx_ring);
    background_run(close_fd, (void *) (intptr_t) dev->fd);
    netdev_linux_detach(dev);
}

/* Receiving. */

static struct tpacket2_hdr *
frame_at(uint8_t *frames, unsigned int i)
{
    return (void *) (frames + (size_t) FRAME_SIZE * (i % N_FRAMES));
}

static void
system_rxq_release(struct netdev_rxq *rxq_)
{
    struct system_rxq *rxq = rxq_cast(rxq_);
    uint8_t *frames = packet_ring_frames(rxq->ring);
    unsigned int i = rxq->next - rxq->n_borrowed;

    for (; rxq->n_borrowed; rxq->n_borrowed--, i++) {
        __atomic_store_n(&frame_at(frames, i)->tp_status, TP_STATUS_KERNEL,
                         __ATOMIC_RELEASE);
    }
}

static void
system_rxq_close(struct netdev_rxq *rxq_)
{
    struct system_rxq *rxq = rxq_cast(rxq_);
    struct netdev_linux *dev = netdev_linux_cast(rxq_->netdev);

    packet_ring_close(rxq->ring);
    dev->rx_ring = NULL;
    unclaim(dev);
    free(rxq);
}

static struct error *
system_rxq_open(struct netdev *netdev, unsigned int queue UNUSED,
                struct netdev_rxq **ret)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);
    struct system_rxq *rxq = xzalloc(sizeof *rxq);
    int error;

    claim(dev);
    error = packet_ring_open(PACKET_RING_RX, dev->link.ifindex, &rxq->ring);
    if (error) {
        unclaim(dev);
        free(rxq);
        return error_from_errno(error, "%s: could not receive", netdev->name);
    }
    dev->rx_ring = rxq->ring;
    *ret = &rxq->up;
    return NULL;
}

/* Reads from the socket's queue the whole of a packet that did not fit. */
static struct packet *
receive_large(struct system_rxq *rxq)
{
    struct packet *p = packet_alloc(PACKET_LARGE);
    struct vnet_header vnet;
    struct iovec iov[] = {
        { &vnet, sizeof vnet },
        { p->data, PACKET_LARGE },
    };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
    ssize_t n = recvmsg(packet_ring_fd(rxq->ring), &msg,
                        MSG_DONTWAIT | MSG_TRUNC);

    if (n < (ssize_t) sizeof vnet + ETH_HEADER_SIZE
        || n - sizeof vnet > PACKET_MAX_SIZE) {
        packet_free(p);
        counter_inc(netdev_rx_truncated);
        return NULL;
    }
    p->size = n - sizeof vnet;
    if (!vnet_to_packet(&vnet, 0, p)) {
        packet_free(p);
        counter_inc(netdev_rx_bad_offload);
        return NULL;
    }
    return p;
}

/* Puts back the VLAN header that the kernel keeps beside the packet. */
static void
restore_vlan(const struct tpacket2_hdr *h, struct packet *p)
{
    if (h->tp_status & TP_STATUS_VLAN_VALID
        && packet_insert(p, 12, VLAN_HEADER_SIZE)) {
        uint16_t tpid = (h->tp_status & TP_STATUS_VLAN_TPID_VALID
                         ? h->tp_vlan_tpid : ETH_TYPE_VLAN_8021Q);

        put_be16(p->data + 12, htons(tpid));
        put_be16(p->data + 14, htons(h->tp_vlan_tci));
    }
}

/* The packet in frame 'h', or NULL for one to be dropped. */
static struct packet *
receive_frame(struct system_rxq *rxq, struct tpacket2_hdr *h,
              struct packet *storage)
{
    uint8_t *frame = (uint8_t *) h;
    uint8_t *base = frame + TPACKET_ALIGN(sizeof *h);
    struct vnet_header vnet;
    struct packet *p = storage;

    if (h->tp_status & TP_STATUS_COPY) {
        p = receive_large(rxq);
        if (p) {
            restore_vlan(h, p);
        }
        return p;
    }
    if (h->tp_snaplen < h->tp_len || h->tp_snaplen < ETH_HEADER_SIZE) {
        counter_inc(netdev_rx_truncated);
        return NULL;
    }
    memcpy(&vnet, frame + h->tp_mac - sizeof vnet, sizeof vnet);
    packet_use(p, base, frame + FRAME_SIZE - base, frame + h->tp_mac,
               h->tp_snaplen);
    if (!vnet_to_packet(&vnet, 0, p)) {
        counter_inc(netdev_rx_bad_offload);
        return NULL;
    }
    restore_vlan(h, p);
    return p;
}

static int
system_rxq_recv(struct netdev_rxq *rxq_, struct packet_batch *batch)
{
    struct system_rxq *rxq = rxq_cast(rxq_);
    uint8_t *frames = packet_ring_frames(rxq->ring);

    system_rxq_release(rxq_);
    batch->n = 0;
    while (frames && rxq->n_borrowed < PACKET_BATCH) {
        struct tpacket2_hdr *h = frame_at(frames, rxq->next);
        struct packet *p;

        if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE)
              & TP_STATUS_USER)) {
            break;
        }
        p = receive_frame(rxq, h, &rxq->frames[batch->n]);
        if (p) {
            batch->packets[batch->n++] = p;
        }
        rxq->next++;
        rxq->n_borrowed++;
    }
    return batch->n;
}

static int
system_rxq_fd(const struct netdev_rxq *rxq)
{
    return packet_ring_fd(rxq_cast(rxq)->ring);
}

/* Sending. */

struct sending {
    struct netdev_linux *dev;
    unsigned int n;
    unsigned int n_dropped;
    struct packet *packets[PACKET_BATCH];
    struct mmsghdr msgs[PACKET_BATCH];
    struct iovec iov[PACKET_BATCH][2];
    struct vnet_header vnet[PACKET_BATCH];
};

static void
make_message(struct sending *s, unsigned int i)
{
    const struct packet *p = s->packets[i];

    vnet_from_packet(p, &s->vnet[i]);
    s->iov[i][0] = (struct iovec) { &s->vnet[i], sizeof s->vnet[i] };
    s->iov[i][1] = (struct iovec) { p->data, p->size };
    s->msgs[i].msg_hdr = (struct msghdr) {
        .msg_iov = s->iov[i],
        .msg_iovlen = 2,
    };
}

static bool send_cut(struct netdev_linux *, const struct packet *);

/* Sends the packets, which remain the caller's: by the ring, and what it does
 * not take by messages. */
static void
flush(struct sending *s)
{
    unsigned int n_by_ring = tx_ring_send(
        s->dev->tx_ring, s->packets, s->n,
        __atomic_load_n(&s->dev->max_frame, __ATOMIC_RELAXED));

    for (unsigned int i = n_by_ring; i < s->n; i++) {
        make_message(s, i);
    }
    for (unsigned int i = n_by_ring; i < s->n; ) {
        int n = sendmmsg(s->dev->fd, s->msgs + i, s->n - i, MSG_DONTWAIT);

        if (n > 0) {
            i += n;
        } else if (errno != EINTR) {
            /* EINVAL: the kernel does not know the segmentation.  ENOBUFS,
             * EMSGSIZE, ENETDOWN, ...: this one is lost. */
            s->n_dropped += !(errno == EINVAL
                              && s->packets[i]->gso_type != PACKET_GSO_NONE
                              && send_cut(s->dev, s->packets[i]));
            i++;
        }
    }
    s->n = 0;
}

static void
flush_segments(struct sending *s)
{
    unsigned int n = s->n;

    flush(s);
    for (unsigned int i = 0; i < n; i++) {
        packet_free(s->packets[i]);
    }
}

static void
add_segment(struct packet *segment, void *s_)
{
    struct sending *s = s_;

    if (s->n == PACKET_BATCH) {
        flush_segments(s);
    }
    s->packets[s->n++] = segment;
}

/* Sends a packet cut into its segments. */
static bool
send_cut(struct netdev_linux *dev, const struct packet *p)
{
    struct sending s;

    s.dev = dev;
    s.n = s.n_dropped = 0;
    if (packet_gso_cut(p, add_segment, &s)) {
        return false;
    }
    flush_segments(&s);
    return !s.n_dropped;
}

/* The kernel takes packets to be cut for any device, but silently drops them
 * at one that does not sum checksums. */
static bool
must_cut(const struct netdev_linux *dev, const struct packet *p)
{
    return (p->gso_type != PACKET_GSO_NONE
            && !__atomic_load_n(&dev->sums_tx, __ATOMIC_RELAXED));
}

static unsigned int
system_send(struct netdev *netdev, struct packet_batch *batch)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);
    struct sending s;

    s.dev = dev;
    s.n = s.n_dropped = 0;
    for (unsigned int i = 0; i < batch->n; i++) {
        if (must_cut(dev, batch->packets[i])) {
            flush(&s);
            s.n_dropped += !send_cut(dev, batch->packets[i]);
        } else {
            s.packets[s.n++] = batch->packets[i];
        }
    }
    flush(&s);
    if (s.n_dropped) {
        __atomic_fetch_add(&dev->n_tx_dropped, s.n_dropped, __ATOMIC_RELAXED);
    }
    return batch->n - s.n_dropped;
}

const struct netdev_class netdev_system_class = {
    NETDEV_LINUX_MEMBERS,
    .is_claimed = system_is_claimed,
    .type = "system",
    .construct = system_construct,
    .destruct = system_destruct,
    .rxq_open = system_rxq_open,
    .rxq_close = system_rxq_close,
    .rxq_recv = system_rxq_recv,
    .rxq_release = system_rxq_release,
    .rxq_fd = system_rxq_fd,
    .send = system_send,
};
