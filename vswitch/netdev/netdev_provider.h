/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_PROVIDER_H
#define VSWITCH_NETDEV_PROVIDER_H

/* What a type of device implements.  Only for the files of this folder. */

#include "lib/base/hmap.h"
#include "vswitch/netdev/netdev.h"

struct netdev {
    struct hmap_node node;       /* In the table of open devices, by name. */
    const struct netdev_class *class;
    const char *type;            /* What it was opened as. */
    char *name;
    unsigned int n_refs;
    uint64_t change_seq;
};

struct netdev_rxq {
    struct netdev *netdev;       /* Holds a reference. */
};

struct netdev_class {
    const char *type;

    /* Life cycle: alloc() returns a zeroed device in which the caller fills in
     * the members of struct netdev; construct() opens it; destruct() undoes
     * that; free() returns the memory. */
    struct netdev *(*alloc)(void);
    struct error *(*construct)(struct netdev *);
    void (*destruct)(struct netdev *);
    void (*dealloc)(struct netdev *);

    /* As the function netdev_<name>() says.  NULL: not supported. */
    struct error *(*set_options)(struct netdev *, const struct smap *);
    int (*get_etheraddr)(const struct netdev *, struct eth_addr *);
    int (*set_etheraddr)(struct netdev *, struct eth_addr);
    int (*get_mtu)(const struct netdev *, int *);
    int (*set_mtu)(struct netdev *, int);
    int (*get_ifindex)(const struct netdev *);
    bool (*is_up)(const struct netdev *);
    bool (*get_carrier)(const struct netdev *);
    uint64_t (*carrier_resets)(const struct netdev *);
    int (*set_up)(struct netdev *, bool);
    int (*get_speed)(const struct netdev *, uint32_t *mbps, bool *full_duplex);
    bool (*is_claimed)(const struct netdev *);
    void (*get_status)(const struct netdev *, struct smap *);
    int (*get_stats)(const struct netdev *, struct netdev_stats *);
    int (*get_addresses)(const struct netdev *, struct in6_addr **,
                         unsigned int **, size_t *);

    unsigned int (*n_rxqs)(const struct netdev *);    /* NULL: one. */
    void (*format_config)(const struct netdev *, struct str *);
    struct error *(*rxq_open)(struct netdev *, unsigned int queue,
                              struct netdev_rxq **);
    void (*rxq_close)(struct netdev_rxq *);
    int (*rxq_recv)(struct netdev_rxq *, struct packet_batch *);
    void (*rxq_release)(struct netdev_rxq *);
    int (*rxq_fd)(const struct netdev_rxq *);
    unsigned int (*send)(struct netdev *, struct packet_batch *);
};

extern const struct netdev_class netdev_system_class;
extern const struct netdev_class netdev_tap_class;
extern const struct netdev_class netdev_internal_class;
extern const struct netdev_class netdev_dummy_class;
extern const struct netdev_class netdev_dummy_internal_class;
extern const struct netdev_class netdev_dummy_pmd_class;

/* Says that what 'netdev' answers may have changed. */
void netdev_changed(struct netdev *);

/* Calls 'each' for every open device. */
void netdev_for_each(void (*each)(struct netdev *, void *aux), void *aux);

#endif /* vswitch/netdev_provider.h */
