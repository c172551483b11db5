/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/netdev.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "vswitch/netdev/background.h"
#include "vswitch/netdev/netdev_provider.h"

static const struct netdev_class *const classes[] = {
    &netdev_system_class,
    &netdev_internal_class,
    &netdev_tap_class,
    &netdev_dummy_class,
    &netdev_dummy_internal_class,
    &netdev_dummy_pmd_class,
};

static struct hmap netdevs = HMAP_INITIALIZER(&netdevs);
static enum { DUMMY_OFF, DUMMY_ON, DUMMY_SYSTEM, DUMMY_ALL } dummy_mode;
static void (*changed_callback)(void *aux);
static void *changed_aux;

void
netdev_dummy_enable(const char *override)
{
    dummy_mode = (!override ? DUMMY_ON
                  : !strcmp(override, "override") ? DUMMY_ALL
                  : !strcmp(override, "system") ? DUMMY_SYSTEM
                  : DUMMY_ON);
}

bool
netdev_dummy_replaces(const char *type)
{
    return (dummy_mode == DUMMY_ALL
            || (dummy_mode == DUMMY_SYSTEM && !strcmp(type, "system")));
}

static const struct netdev_class *
find_class(const char *type)
{
    if (netdev_dummy_replaces(type)
        && strcmp(type, netdev_dummy_pmd_class.type)) {
        return &netdev_dummy_class;
    }
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (!strcmp(type, classes[i]->type)
            && (classes[i]->alloc != netdev_dummy_class.alloc
                || dummy_mode != DUMMY_OFF)) {
            return classes[i];
        }
    }
    return NULL;
}

void
netdev_enumerate_types(struct sset *types)
{
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (find_class(classes[i]->type)) {
            sset_add(types, classes[i]->type);
        }
    }
}

/* The name of 'type' that lives as long as the process. */
static const char *
static_type(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (!strcmp(type, classes[i]->type)) {
            return classes[i]->type;
        }
    }
    return NULL;
}

struct netdev *
netdev_find(const char *name)
{
    struct netdev *netdev;

    HMAP_FOR_EACH_WITH_HASH (netdev, node, hash_string(name, 0), &netdevs) {
        if (!strcmp(netdev->name, name)) {
            return netdev;
        }
    }
    return NULL;
}

struct error *
netdev_open(const char *name, const char *type, struct netdev **ret)
{
    struct netdev *netdev = netdev_find(name);
    const struct netdev_class *class;
    struct error *error;

    if (!type || !type[0]) {
        type = "system";
    }
    if (netdev) {
        if (strcmp(netdev->type, type)) {
            return error_create(EEXIST, "%s: device is open as type %s", name,
                                netdev->type);
        }
        *ret = netdev_ref(netdev);
        return NULL;
    }
    class = find_class(type);
    if (!class || !static_type(type)) {
        return error_create(EAFNOSUPPORT, "%s: unknown device type %s", name,
                            type);
    }
    netdev = class->alloc();
    netdev->class = class;
    netdev->type = static_type(type);
    netdev->name = xstrdup(name);
    netdev->n_refs = 1;
    netdev->change_seq = 1;
    error = class->construct(netdev);
    if (error) {
        free(netdev->name);
        class->dealloc(netdev);
        return error;
    }
    hmap_insert(&netdevs, &netdev->node, hash_string(name, 0));
    *ret = netdev;
    return NULL;
}

struct netdev *
netdev_ref(struct netdev *netdev)
{
    __atomic_fetch_add(&netdev->n_refs, 1, __ATOMIC_RELAXED);
    return netdev;
}

void
netdev_unref(struct netdev *netdev)
{
    if (netdev && !__atomic_sub_fetch(&netdev->n_refs, 1, __ATOMIC_ACQ_REL)) {
        hmap_remove(&netdevs, &netdev->node);
        netdev->class->destruct(netdev);
        free(netdev->name);
        netdev->class->dealloc(netdev);
    }
}

const char *
netdev_name(const struct netdev *netdev)
{
    return netdev->name;
}

const char *
netdev_type(const struct netdev *netdev)
{
    return netdev->type;
}

struct error *
netdev_set_options(struct netdev *netdev, const struct smap *options)
{
    return (netdev->class->set_options
            ? netdev->class->set_options(netdev, options) : NULL);
}

int
netdev_get_etheraddr(const struct netdev *netdev, struct eth_addr *mac)
{
    return netdev->class->get_etheraddr(netdev, mac);
}

int
netdev_set_etheraddr(struct netdev *netdev, struct eth_addr mac)
{
    return netdev->class->set_etheraddr(netdev, mac);
}

int
netdev_get_mtu(const struct netdev *netdev, int *mtu)
{
    return netdev->class->get_mtu(netdev, mtu);
}

int
netdev_set_mtu(struct netdev *netdev, int mtu)
{
    return netdev->class->set_mtu(netdev, mtu);
}

int
netdev_get_ifindex(const struct netdev *netdev)
{
    return netdev->class->get_ifindex(netdev);
}

bool
netdev_is_up(const struct netdev *netdev)
{
    return netdev->class->is_up(netdev);
}

bool
netdev_is_claimed(const struct netdev *netdev)
{
    return netdev->class->is_claimed && netdev->class->is_claimed(netdev);
}

bool
netdev_get_carrier(const struct netdev *netdev)
{
    return netdev->class->get_carrier(netdev);
}

uint64_t
netdev_carrier_resets(const struct netdev *netdev)
{
    return netdev->class->carrier_resets(netdev);
}

int
netdev_set_up(struct netdev *netdev, bool up)
{
    return netdev->class->set_up(netdev, up);
}

int
netdev_get_speed(const struct netdev *netdev, uint32_t *mbps,
                 bool *full_duplex)
{
    return (netdev->class->get_speed
            ? netdev->class->get_speed(netdev, mbps, full_duplex)
            : -EOPNOTSUPP);
}

void
netdev_get_status(const struct netdev *netdev, struct smap *status)
{
    if (netdev->class->get_status) {
        netdev->class->get_status(netdev, status);
    }
}

int
netdev_get_stats(const struct netdev *netdev, struct netdev_stats *stats)
{
    return netdev->class->get_stats(netdev, stats);
}

int
netdev_get_addresses(const struct netdev *netdev, struct in6_addr **addrs,
                     unsigned int **plens, size_t *n)
{
    return netdev->class->get_addresses(netdev, addrs, plens, n);
}

uint64_t
netdev_change_seq(const struct netdev *netdev)
{
    return netdev->change_seq;
}

void
netdev_set_changed_callback(void (*changed)(void *aux), void *aux)
{
    changed_callback = changed;
    changed_aux = aux;
    background_set_idle_callback(changed, aux);
}

bool
netdev_is_busy(void)
{
    return background_is_busy();
}

void
netdev_finish(void)
{
    background_wait();
}

void
netdev_changed(struct netdev *netdev)
{
    netdev->change_seq++;
    if (changed_callback) {
        changed_callback(changed_aux);
    }
}

void
netdev_for_each(void (*each)(struct netdev *, void *aux), void *aux)
{
    struct netdev *netdev;

    HMAP_FOR_EACH (netdev, node, &netdevs) {
        each(netdev, aux);
    }
}

unsigned int
netdev_n_rxqs(const struct netdev *netdev)
{
    return netdev->class->n_rxqs ? netdev->class->n_rxqs(netdev) : 1;
}

void
netdev_format_config(const struct netdev *netdev, struct str *s)
{
    if (netdev->class->format_config) {
        netdev->class->format_config(netdev, s);
    }
}

struct error *
netdev_rxq_open(struct netdev *netdev, unsigned int queue,
                struct netdev_rxq **rxq)
{
    struct error *error = netdev->class->rxq_open(netdev, queue, rxq);

    if (!error) {
        (*rxq)->netdev = netdev_ref(netdev);
    }
    return error;
}

void
netdev_rxq_close(struct netdev_rxq *rxq)
{
    if (rxq) {
        struct netdev *netdev = rxq->netdev;

        netdev->class->rxq_close(rxq);
        netdev_unref(netdev);
    }
}

int
netdev_rxq_recv(struct netdev_rxq *rxq, struct packet_batch *batch)
{
    return rxq->netdev->class->rxq_recv(rxq, batch);
}

void
netdev_rxq_release(struct netdev_rxq *rxq)
{
    rxq->netdev->class->rxq_release(rxq);
}

int
netdev_rxq_fd(const struct netdev_rxq *rxq)
{
    return rxq->netdev->class->rxq_fd(rxq);
}

unsigned int
netdev_send(struct netdev *netdev, struct packet_batch *batch)
{
    return netdev->class->send(netdev, batch);
}
