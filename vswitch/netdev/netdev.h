/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_H
#define VSWITCH_NETDEV_H

/* Network devices: what packets come from and go to, and what the switch
 * reports about them.
 *
 * Types: "system" (any interface of the host, through a packet socket),
 * "internal" and "tap" (a tap interface that the device makes and owns),
 * "dummy" (no interface at all; for tests), which as the port of a bridge is
 * "dummy-internal"; "dummy-pmd", which receives in other threads, as real
 * devices do.  Tunnels and patches are not devices but matters of the
 * datapath and of the switch.
 *
 * Threads: opening, closing, configuration and queries are the main thread's.
 * A receive queue is polled by one thread at a time; sending is for any. */

#include "lib/base/error.h"
#include "lib/base/smap.h"
#include "lib/base/sset.h"
#include "lib/base/str.h"
#include "lib/packet/packet.h"

struct netdev;
struct netdev_rxq;

/* Adds the names of the types that netdev_open() takes. */
void netdev_enumerate_types(struct sset *);

/* --enable-dummy: makes type "dummy" known.  'override' may be NULL, "system"
 * (opens dummies for type "system") or "override" (for every type). */
void netdev_dummy_enable(const char *override);

/* Says whether --enable-dummy makes what is of 'type', of devices or of
 * datapaths, a dummy. */
bool netdev_dummy_replaces(const char *type);

bool netdev_is_dummy(const struct netdev *);

/* Opens device 'name' of 'type' ("" is "system"), or takes another reference
 * if it is open as that type already.  Stores it for netdev_unref(). */
struct error *netdev_open(const char *name, const char *type,
                          struct netdev **) MUST_USE;
struct netdev *netdev_ref(struct netdev *);
void netdev_unref(struct netdev *);

/* Part of opening a device to receive, and of removing one that the switch
 * made, goes on for some milliseconds after the function for it has returned.
 * netdev_is_busy(): whether any does.  The callback of
 * netdev_set_changed_callback() is called at the end of it, too. */
bool netdev_is_busy(void);

/* Waits until all that goes on has ended, for a clean end of the program. */
void netdev_finish(void);

/* The open device of that name, borrowed; NULL if there is none. */
struct netdev *netdev_find(const char *name);

const char *netdev_name(const struct netdev *);
const char *netdev_type(const struct netdev *);

/* Applies the options of the Interface row that the type knows (dummy: "pcap",
 * "rxq_pcap", "tx_pcap", "ifindex", "stream", "pstream"; dummy-pmd: "n_rxq" and
 * "n_txq", too; others: none). */
struct error *netdev_set_options(struct netdev *, const struct smap *) MUST_USE;

/* Queries: 0 or a negative errno value (-EOPNOTSUPP if the type has no such
 * thing). */
int netdev_get_etheraddr(const struct netdev *, struct eth_addr *);
int netdev_set_etheraddr(struct netdev *, struct eth_addr);
int netdev_get_mtu(const struct netdev *, int *mtu);
int netdev_set_mtu(struct netdev *, int mtu);
int netdev_get_ifindex(const struct netdev *);   /* > 0, or negative errno. */

/* Whether the host leaves all that the device receives to the switch, so that a
 * bridge may have its address too.  False for types without such a host. */
bool netdev_is_claimed(const struct netdev *);

/* Device is administratively up; link is up. */
bool netdev_is_up(const struct netdev *);
bool netdev_get_carrier(const struct netdev *);
uint64_t netdev_carrier_resets(const struct netdev *);
int netdev_set_up(struct netdev *, bool up);

/* Speed in Mbit/s (0 unknown) and duplex. */
int netdev_get_speed(const struct netdev *, uint32_t *mbps, bool *full_duplex);

/* Driver name and the like: keys of Interface.status. */
void netdev_get_status(const struct netdev *, struct smap *);

struct netdev_stats {
    uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
    uint64_t rx_errors, tx_errors, rx_dropped, tx_dropped;
    uint64_t multicast, collisions;
    uint64_t rx_over_errors, rx_crc_errors, rx_frame_errors, rx_missed_errors;
};

/* Statistics as seen from the switch: rx is into the switch. */
int netdev_get_stats(const struct netdev *, struct netdev_stats *);

/* IP addresses of the interface and their prefix lengths (0 to 32 for IPv4,
 * which is ::ffff:a.b.c.d), each array for free(). */
int netdev_get_addresses(const struct netdev *, struct in6_addr **addrs,
                         unsigned int **plens, size_t *n);

/* A number that changes whenever an answer above (statistics apart) may. */
uint64_t netdev_change_seq(const struct netdev *);

/* Calls 'changed' on the main thread when any device's change_seq moved. */
void netdev_set_changed_callback(void (*changed)(void *aux), void *aux);

/* Receiving.
 *
 * Received packets are the receiver's, for packet_free().  Those that are
 * borrowed (packet.h) lie in memory shared with the kernel, and are valid
 * until the next netdev_rxq_recv(), netdev_rxq_release() or
 * netdev_rxq_close(). */

/* How many receive queues the device is to have; changes with options. */
unsigned int netdev_n_rxqs(const struct netdev *);

/* Appends ": NAME=VALUE, ..." of what the type's configuration is, if
 * anything. */
void netdev_format_config(const struct netdev *, struct str *);

/* Opens receive queue 'queue' of the device. */
struct error *netdev_rxq_open(struct netdev *, unsigned int queue,
                              struct netdev_rxq **) MUST_USE;
void netdev_rxq_close(struct netdev_rxq *);

/* Receives up to PACKET_BATCH packets, without waiting.  Returns how many, or
 * a negative errno value. */
int netdev_rxq_recv(struct netdev_rxq *, struct packet_batch *);

/* Takes back what was borrowed by the last netdev_rxq_recv(). */
void netdev_rxq_release(struct netdev_rxq *);

/* A file descriptor that polls readable when there is something to receive;
 * -1 if the type has none (dummy: the main thread is told otherwise). */
int netdev_rxq_fd(const struct netdev_rxq *);

/* Sends the packets of 'batch', which remain the caller's; may finish their
 * checksums, push into their headroom and so on.  Segments larger than the
 * device takes are cut.  Returns how many were sent; the rest is counted as
 * tx_dropped. */
unsigned int netdev_send(struct netdev *, struct packet_batch *batch);

/* Dummy devices. */

/* Is there a dummy device 'name'? */
bool netdev_dummy_exists(const char *name);

/* Puts 'packet' (taken) into a receive queue of dummy device 'name', as
 * netdev-dummy/receive does: -ENODEV, or -ENOBUFS for a full queue. */
int netdev_dummy_receive(const char *name, unsigned int queue,
                         struct packet *packet);

/* Called on the main thread when a dummy got something to receive. */
void netdev_dummy_set_rx_callback(void (*ready)(void *aux), void *aux);

/* netdev-dummy/set-admin-state, conn-state, ip4addr, ip6addr; 'name' NULL:
 * all of them. */
int netdev_dummy_set_admin_state(const char *name, bool up);
int netdev_dummy_conn_state(const char *name, struct str *states);
int netdev_dummy_add_address(const char *name, const struct in6_addr *,
                             unsigned int plen);

#endif /* vswitch/netdev.h */
