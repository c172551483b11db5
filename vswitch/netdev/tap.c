/* SPDX-License-Identifier: Apache-2.0 */
/* Tap interfaces: the host's network stack is behind them.
 *
 * With virtio-net headers and all offloads, so that the host's TCP gives and
 * takes 64 KiB segments with partial checksums. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/packet/checksum.h"
#include "lib/packet/gso.h"
#include "lib/runtime/counter.h"
#include "vswitch/netdev/background.h"
#include "vswitch/netdev/linux.h"
#include "vswitch/netdev/vnet.h"

COUNTER(netdev_tap_bad_offload);

/* Since Linux 6.2; older headers lack the names. */
#define OFFLOAD_USO4 0x20
#define OFFLOAD_USO6 0x40

struct tap_rxq {
    struct netdev_rxq up;
    int fd;
    struct packet *small;        /* To read into: the first bytes, */
    struct packet *large;        /* and the rest. */
};

static struct tap_rxq *
rxq_cast(const struct netdev_rxq *rxq)
{
    return CONTAINER_OF(rxq, struct tap_rxq, up);
}

static void
set_offloads(int fd)
{
    const unsigned int tcp = (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6
                              | TUN_F_TSO_ECN);

    if (ioctl(fd, TUNSETOFFLOAD, tcp | OFFLOAD_USO4 | OFFLOAD_USO6)) {
        ioctl(fd, TUNSETOFFLOAD, tcp);
    }
}

static int
open_tap(const char *name)
{
    struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
    int header_size = sizeof(struct vnet_header);
    int fd, error;

    if (strlen(name) >= IFNAMSIZ) {
        return -ENAMETOOLONG;
    }
    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    strcpy(ifr.ifr_name, name);
    if (ioctl(fd, TUNSETIFF, &ifr)
        || ioctl(fd, TUNSETVNETHDRSZ, &header_size)) {
        error = -errno;
        close(fd);
        return error;
    }
    set_offloads(fd);
    return fd;
}

static struct error *
tap_construct(struct netdev *netdev)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);
    int error;

    dev->is_tap = true;
    dev->fd = open_tap(netdev->name);
    if (dev->fd == -EBUSY && background_is_busy()) {
        /* Its predecessor is still being removed. */
        background_wait();
        dev->fd = open_tap(netdev->name);
    }
    if (dev->fd < 0) {
        return error_from_errno(dev->fd, "%s: could not create tap device",
                                netdev->name);
    }
    error = netdev_linux_attach(dev);
    if (error) {
        close(dev->fd);
        return error_from_errno(error, "%s: could not open network device",
                                netdev->name);
    }
    return NULL;
}

/* Removes the interface. */
static void
close_tap(void *fd)
{
    close((intptr_t) fd);
}

static void
tap_destruct(struct netdev *netdev)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);

    background_run_awaited(close_tap, (void *) (intptr_t) dev->fd);
    netdev_linux_detach(dev);
}

static struct error *
tap_rxq_open(struct netdev *netdev, unsigned int queue UNUSED,
             struct netdev_rxq **ret)
{
    struct tap_rxq *rxq = xzalloc(sizeof *rxq);

    rxq->fd = netdev_linux_cast(netdev)->fd;
    *ret = &rxq->up;
    return NULL;
}

static void
tap_rxq_release(struct netdev_rxq *rxq UNUSED)
{
}

static void
tap_rxq_close(struct netdev_rxq *rxq_)
{
    struct tap_rxq *rxq = rxq_cast(rxq_);

    packet_free(rxq->small);
    packet_free(rxq->large);
    free(rxq);
}

/* Takes the packet of 'size' bytes whose first PACKET_SMALL ones are in
 * 'small' and the others where they belong in 'large'. */
static struct packet *
take_packet(struct tap_rxq *rxq, size_t size)
{
    struct packet *p;

    if (size <= PACKET_SMALL) {
        p = rxq->small;
        rxq->small = NULL;
    } else {
        p = rxq->large;
        rxq->large = NULL;
        memcpy(p->data, rxq->small->data, PACKET_SMALL);
    }
    p->size = size;
    return p;
}

static int
tap_rxq_recv(struct netdev_rxq *rxq_, struct packet_batch *batch)
{
    struct tap_rxq *rxq = rxq_cast(rxq_);

    batch->n = 0;
    while (batch->n < PACKET_BATCH) {
        struct vnet_header vnet;
        struct iovec iov[3];
        struct packet *p;
        ssize_t n;

        if (!rxq->small) {
            rxq->small = packet_alloc(PACKET_SMALL);
        }
        if (!rxq->large) {
            rxq->large = packet_alloc(PACKET_LARGE);
        }
        iov[0] = (struct iovec) { &vnet, sizeof vnet };
        iov[1] = (struct iovec) { rxq->small->data, PACKET_SMALL };
        iov[2] = (struct iovec) { rxq->large->data + PACKET_SMALL,
                                  PACKET_LARGE - PACKET_SMALL };
        n = readv(rxq->fd, iov, ARRAY_SIZE(iov));
        if (n < (ssize_t) sizeof vnet + ETH_HEADER_SIZE) {
            break;
        }
        p = take_packet(rxq, n - sizeof vnet);
        if (p->size > PACKET_MAX_SIZE || !vnet_to_packet(&vnet, 0, p)) {
            counter_inc(netdev_tap_bad_offload);
            packet_free(p);
            continue;
        }
        batch->packets[batch->n++] = p;
    }
    return batch->n;
}

static int
tap_rxq_fd(const struct netdev_rxq *rxq)
{
    return rxq_cast(rxq)->fd;
}

static bool
send_one(int fd, const struct packet *p)
{
    struct vnet_header vnet;
    struct iovec iov[] = { { &vnet, sizeof vnet }, { p->data, p->size } };

    vnet_from_packet(p, &vnet);
    return writev(fd, iov, ARRAY_SIZE(iov)) >= 0;
}

struct cut_sending {
    int fd;
    unsigned int n_failed;
};

static void
send_cut_one(struct packet *p, void *cut_)
{
    struct cut_sending *cut = cut_;

    cut->n_failed += !send_one(cut->fd, p);
    packet_free(p);
}

static unsigned int
tap_send(struct netdev *netdev, struct packet_batch *batch)
{
    struct netdev_linux *dev = netdev_linux_cast(netdev);
    unsigned int n_sent = 0;

    for (unsigned int i = 0; i < batch->n; i++) {
        struct packet *p = batch->packets[i];
        bool sent = send_one(dev->fd, p);

        if (!sent && errno == EINVAL && p->gso_type != PACKET_GSO_NONE) {
            struct cut_sending cut = { .fd = dev->fd };

            sent = !packet_gso_cut(p, send_cut_one, &cut) && !cut.n_failed;
        }
        n_sent += sent;
    }
    if (n_sent < batch->n) {
        __atomic_fetch_add(&dev->n_tx_dropped, batch->n - n_sent,
                           __ATOMIC_RELAXED);
    }
    return n_sent;
}

#define TAP_MEMBERS \
    NETDEV_LINUX_MEMBERS, \
    .construct = tap_construct, \
    .destruct = tap_destruct, \
    .rxq_open = tap_rxq_open, \
    .rxq_close = tap_rxq_close, \
    .rxq_recv = tap_rxq_recv, \
    .rxq_release = tap_rxq_release, \
    .rxq_fd = tap_rxq_fd, \
    .send = tap_send

const struct netdev_class netdev_tap_class = { TAP_MEMBERS, .type = "tap" };

const struct netdev_class netdev_internal_class = {
    TAP_MEMBERS,
    .type = "internal",
};
