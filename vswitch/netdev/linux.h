/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_LINUX_H
#define VSWITCH_NETDEV_LINUX_H

/* What devices that are interfaces of the host have in common: state and
 * settings by rtnetlink, and counters of what the switch sent. */

#include "lib/netlink/rtnl.h"
#include "vswitch/netdev/netdev_provider.h"

struct netdev_linux {
    struct netdev up;
    struct rtnl_link link;       /* As last told; 'ifindex' 0: not there. */
    int fd;                      /* To send: packet socket, or tap device. */
    bool is_tap;
    bool sums_tx;                /* Atomic: the device sums checksums. */
    uint32_t max_frame;          /* Atomic: bytes of the MTU and Ethernet. */
    struct tx_ring *tx_ring;     /* NULL: none. */
    struct packet_ring *rx_ring; /* To receive, borrowed; NULL: none. */
    struct ingress_claim *claim; /* Keeps the host away; NULL: none. */

    /* Told when an interface of the name is there again, under another
     * index. */
    void (*reattach)(struct netdev_linux *);

    uint64_t n_tx_errors;
    uint64_t n_tx_dropped;
};

static inline struct netdev_linux *
netdev_linux_cast(const struct netdev *netdev)
{
    return CONTAINER_OF(netdev, struct netdev_linux, up);
}

struct netdev *netdev_linux_alloc(void);
void netdev_linux_dealloc(struct netdev *);

/* Asks for the link's state; starts, or stops, following it. */
int netdev_linux_attach(struct netdev_linux *);
void netdev_linux_detach(struct netdev_linux *);

int netdev_linux_get_etheraddr(const struct netdev *, struct eth_addr *);
int netdev_linux_set_etheraddr(struct netdev *, struct eth_addr);
int netdev_linux_get_mtu(const struct netdev *, int *);
int netdev_linux_set_mtu(struct netdev *, int);
int netdev_linux_get_ifindex(const struct netdev *);
bool netdev_linux_is_up(const struct netdev *);
bool netdev_linux_get_carrier(const struct netdev *);
uint64_t netdev_linux_carrier_resets(const struct netdev *);
int netdev_linux_set_up(struct netdev *, bool);
int netdev_linux_get_speed(const struct netdev *, uint32_t *, bool *);
void netdev_linux_get_status(const struct netdev *, struct smap *);
int netdev_linux_get_stats(const struct netdev *, struct netdev_stats *);
int netdev_linux_get_addresses(const struct netdev *, struct in6_addr **,
                               unsigned int **, size_t *);

#define NETDEV_LINUX_MEMBERS \
    .alloc = netdev_linux_alloc, \
    .dealloc = netdev_linux_dealloc, \
    .get_etheraddr = netdev_linux_get_etheraddr, \
    .set_etheraddr = netdev_linux_set_etheraddr, \
    .get_mtu = netdev_linux_get_mtu, \
    .set_mtu = netdev_linux_set_mtu, \
    .get_ifindex = netdev_linux_get_ifindex, \
    .is_up = netdev_linux_is_up, \
    .get_carrier = netdev_linux_get_carrier, \
    .carrier_resets = netdev_linux_carrier_resets, \
    .set_up = netdev_linux_set_up, \
    .get_speed = netdev_linux_get_speed, \
    .get_status = netdev_linux_get_status, \
    .get_stats = netdev_linux_get_stats, \
    .get_addresses = netdev_linux_get_addresses

#endif /* vswitch/netdev/linux.h */
