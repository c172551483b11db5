/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/linux.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/runtime/loop.h"

/* One monitor and one listener for all devices. */
static struct rtnl_listener listener;
static struct watch monitor_watch;
static unsigned int n_attached;

struct netdev *
netdev_linux_alloc(void)
{
    struct netdev_linux *dev = xzalloc(sizeof *dev);

    dev->fd = -1;
    return &dev->up;
}

void
netdev_linux_dealloc(struct netdev *netdev)
{
    free(netdev_linux_cast(netdev));
}

static bool
is_linux(const struct netdev *netdev)
{
    return netdev->class->alloc == netdev_linux_alloc;
}

/* Asks the driver by the ethtool ioctl 'command' in '*request'. */
static int
ethtool(const struct netdev *netdev, void *request)
{
    struct ifreq ifr = { .ifr_data = request };
    int error, fd;

    /* It is gone, to another namespace maybe.  For a name that it does not
     * know, the kernel runs modprobe first. */
    if (!netdev_linux_cast(netdev)->link.name[0]) {
        return -ENODEV;
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    memcpy(ifr.ifr_name, netdev_linux_cast(netdev)->link.name, IFNAMSIZ);
    error = ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
    close(fd);
    return error;
}

/* Learns what matters to senders: whether the device sums transport checksums,
 * and how large a frame it takes. */
static void
refresh_limits(struct netdev_linux *dev)
{
    struct ethtool_value value = { .cmd = ETHTOOL_GTXCSUM };
    bool sums = !ethtool(&dev->up, &value) && value.data;

    __atomic_store_n(&dev->sums_tx, sums, __ATOMIC_RELAXED);
    __atomic_store_n(&dev->max_frame, dev->link.mtu + ETH_HEADER_SIZE,
                     __ATOMIC_RELAXED);
}

/* Asks for the state of 'netdev' anew if a change of 'ifindex' may be its, as
 * may that of an interface of its name that comes or goes. */
static void
refresh(struct netdev *netdev, void *ifindex_)
{
    int ifindex = *(int *) ifindex_;
    struct netdev_linux *dev;
    struct rtnl_link link;

    if (!is_linux(netdev)) {
        return;
    }
    dev = netdev_linux_cast(netdev);
    if (ifindex && dev->link.ifindex && ifindex != dev->link.ifindex) {
        return;
    }
    if (rtnl_link_by_name(netdev->name, &link)) {
        link = (struct rtnl_link) { .ifindex = 0 };
    }
    if (link.ifindex != dev->link.ifindex || link.flags != dev->link.flags
        || link.mtu != dev->link.mtu || link.carrier != dev->link.carrier
        || link.carrier_changes != dev->link.carrier_changes
        || !eth_addr_equals(link.mac, dev->link.mac)) {
        bool is_other = link.ifindex && link.ifindex != dev->link.ifindex;

        dev->link = link;
        if (is_other && dev->reattach) {
            dev->reattach(dev);
        }
        netdev_changed(netdev);
    }
    refresh_limits(dev);
}

static void
address_changed(struct netdev *netdev, void *ifindex_)
{
    int ifindex = *(int *) ifindex_;

    if (is_linux(netdev)
        && netdev_linux_cast(netdev)->link.ifindex == ifindex) {
        netdev_changed(netdev);
    }
}

static void
link_changed(enum rtnl_change change, int ifindex, void *aux UNUSED)
{
    if (change == RTNL_CHANGE_LINK) {
        netdev_for_each(refresh, &ifindex);
    } else if (change == RTNL_CHANGE_ADDRESS) {
        netdev_for_each(address_changed, &ifindex);
    }
}

static void
monitor_ready(int events UNUSED, void *aux UNUSED)
{
    rtnl_monitor_run();
}

int
netdev_linux_attach(struct netdev_linux *dev)
{
    int error = rtnl_link_by_name(dev->up.name, &dev->link);

    if (error) {
        return error;
    }
    if (!n_attached) {
        error = rtnl_monitor_start();
        if (error) {
            return error;
        }
        listener.changed = link_changed;
        rtnl_monitor_listen(&listener);
        watch_init(&monitor_watch, rtnl_monitor_fd(), monitor_ready, NULL);
        watch_set(&monitor_watch, UV_READABLE);
    }
    n_attached++;
    refresh_limits(dev);
    return 0;
}

void
netdev_linux_detach(struct netdev_linux *dev UNUSED)
{
    if (!--n_attached) {
        watch_uninit(&monitor_watch);
        rtnl_monitor_unlisten(&listener);
        rtnl_monitor_stop();
    }
}

int
netdev_linux_get_etheraddr(const struct netdev *netdev, struct eth_addr *mac)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    if (!dev->link.ifindex) {
        return -ENODEV;
    }
    *mac = dev->link.mac;
    return 0;
}

/* After a change of ours: the answer must be the new one at once, not when
 * the kernel's message comes. */
static int
changed_by_us(struct netdev *netdev, int error)
{
    int ifindex = 0;

    if (!error) {
        refresh(netdev, &ifindex);
    }
    return error;
}

int
netdev_linux_set_etheraddr(struct netdev *netdev, struct eth_addr mac)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    if (eth_addr_equals(dev->link.mac, mac)) {
        return 0;
    }
    return changed_by_us(netdev, rtnl_link_set_mac(dev->link.ifindex, mac));
}

int
netdev_linux_get_mtu(const struct netdev *netdev, int *mtu)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    if (!dev->link.ifindex) {
        return -ENODEV;
    }
    *mtu = dev->link.mtu;
    return 0;
}

int
netdev_linux_set_mtu(struct netdev *netdev, int mtu)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    if ((int) dev->link.mtu == mtu) {
        return 0;
    }
    return changed_by_us(netdev, rtnl_link_set_mtu(dev->link.ifindex, mtu));
}

int
netdev_linux_get_ifindex(const struct netdev *netdev)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    return dev->link.ifindex ? dev->link.ifindex : -ENODEV;
}

bool
netdev_linux_is_up(const struct netdev *netdev)
{
    return netdev_linux_cast(netdev)->link.flags & IFF_UP;
}

bool
netdev_linux_get_carrier(const struct netdev *netdev)
{
    return netdev_linux_cast(netdev)->link.carrier;
}

uint64_t
netdev_linux_carrier_resets(const struct netdev *netdev)
{
    return netdev_linux_cast(netdev)->link.carrier_changes;
}

int
netdev_linux_set_up(struct netdev *netdev, bool up)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);

    if (netdev_linux_is_up(netdev) == up) {
        return 0;
    }
    return changed_by_us(netdev, rtnl_link_set_up(dev->link.ifindex, up));
}

int
netdev_linux_get_speed(const struct netdev *netdev, uint32_t *mbps,
                       bool *full_duplex)
{
    struct ethtool_cmd cmd = { .cmd = ETHTOOL_GSET };
    int error = ethtool(netdev, &cmd);
    uint32_t speed;

    if (error) {
        return error;
    }
    speed = ethtool_cmd_speed(&cmd);
    *mbps = speed == (uint32_t) SPEED_UNKNOWN ? 0 : speed;
    *full_duplex = cmd.duplex == DUPLEX_FULL;
    return 0;
}

void
netdev_linux_get_status(const struct netdev *netdev, struct smap *status)
{
    struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

    if (!ethtool(netdev, &info)) {
        smap_set(status, "driver_name", info.driver);
        smap_set(status, "driver_version", info.version);
        smap_set(status, "firmware_version", info.fw_version);
    }
}

/* The host's interface of a tap receives what the switch sends: there rx and
 * tx are the other way round. */
int
netdev_linux_get_stats(const struct netdev *netdev, struct netdev_stats *s)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);
    struct rtnl_link link;
    const struct rtnl_link_stats64 *k = &link.stats;
    int error = rtnl_link_by_name(netdev->name, &link);

    if (error) {
        return error;
    }
    *s = (struct netdev_stats) {
        .rx_packets = dev->is_tap ? k->tx_packets : k->rx_packets,
        .tx_packets = dev->is_tap ? k->rx_packets : k->tx_packets,
        .rx_bytes = dev->is_tap ? k->tx_bytes : k->rx_bytes,
        .tx_bytes = dev->is_tap ? k->rx_bytes : k->tx_bytes,
        .rx_errors = dev->is_tap ? k->tx_errors : k->rx_errors,
        .tx_errors = dev->is_tap ? k->rx_errors : k->tx_errors,
        .rx_dropped = dev->is_tap ? k->tx_dropped : k->rx_dropped,
        .tx_dropped = dev->is_tap ? k->rx_dropped : k->tx_dropped,
        .multicast = dev->is_tap ? 0 : k->multicast,
        .collisions = k->collisions,
        .rx_over_errors = k->rx_over_errors,
        .rx_crc_errors = k->rx_crc_errors,
        .rx_frame_errors = k->rx_frame_errors,
        .rx_missed_errors = k->rx_missed_errors,
    };
    s->tx_errors += __atomic_load_n(&dev->n_tx_errors, __ATOMIC_RELAXED);
    s->tx_dropped += __atomic_load_n(&dev->n_tx_dropped, __ATOMIC_RELAXED);
    return 0;
}

struct addresses {
    VEC(struct in6_addr) addrs;
    VEC(unsigned int) plens;
};

static void
add_address(const struct rtnl_address *address, void *addresses_)
{
    struct addresses *addresses = addresses_;

    vec_push(&addresses->addrs, address->address);
    vec_push(&addresses->plens, address->plen);
}

int
netdev_linux_get_addresses(const struct netdev *netdev,
                           struct in6_addr **addrs, unsigned int **plens,
                           size_t *n)
{
    const struct netdev_linux *dev = netdev_linux_cast(netdev);
    struct addresses addresses = { VEC_EMPTY, VEC_EMPTY };
    int error = (dev->link.ifindex
                 ? rtnl_address_dump(dev->link.ifindex, add_address,
                                     &addresses)
                 : -ENODEV);

    if (error) {
        vec_uninit(&addresses.addrs);
        vec_uninit(&addresses.plens);
        return error;
    }
    *addrs = addresses.addrs.items;
    *plens = addresses.plens.items;
    *n = addresses.addrs.n;
    return 0;
}
