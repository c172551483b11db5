/* SPDX-License-Identifier: Apache-2.0 */
/* dpif.h for the userspace datapath: ports. */

#include "vswitch/dpif/dpif.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "vswitch/datapath/datapath.h"
#include "vswitch/datapath/underlay.h"

static struct dp_port *
get_port(const struct dp *dp, odp_port_t no)
{
    return no < DP_MAX_PORTS ? rcu_dereference(dp->ports[no]) : NULL;
}

static struct dp_port *
find_port(const struct dp *dp, const char *name)
{
    struct rcu_hash_cursor cursor;
    struct dp_port *port;

    RCU_HASH_FOR_EACH_WITH_HASH (port, &cursor, hash_string(name, 0),
                                 &dp->names) {
        if (!strcmp(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

static int
recv_from_device(struct dp_rxq *rxq, struct packet_batch *batch)
{
    int n = netdev_rxq_recv(rxq->netdev_rxq, batch);

    for (int i = 0; i < n; i++) {
        packet_metadata_init(&batch->packets[i]->md, rxq->port->no);
    }
    return n;
}

static void
release_to_device(struct dp_rxq *rxq)
{
    netdev_rxq_release(rxq->netdev_rxq);
}

void
dp_port_take_rxq(struct dp_port *port, struct dp_rxq *rxq)
{
    port->rxqs = xreallocarray(port->rxqs, port->n_rxqs + 1,
                               sizeof *port->rxqs);
    port->rxqs[port->n_rxqs++] = rxq;
}

/* Closes the queues of a device, which nobody receives from any more. */
static void
close_rxqs(struct dp_port *port)
{
    for (size_t i = 0; i < port->n_rxqs; i++) {
        netdev_rxq_close(port->rxqs[i]->netdev_rxq);
        free(port->rxqs[i]);
    }
    free(port->rxqs);
    port->rxqs = NULL;
    port->n_rxqs = 0;
}

/* Opens all queues of the device. */
static struct error *
open_rxqs(struct dp_port *port)
{
    struct error *error = NULL;

    for (unsigned int i = 0; i < netdev_n_rxqs(port->netdev); i++) {
        struct dp_rxq *rxq = xzalloc(sizeof *rxq);

        rxq->port = port;
        rxq->recv = recv_from_device;
        rxq->release = release_to_device;
        error = netdev_rxq_open(port->netdev, i, &rxq->netdev_rxq);
        if (error) {
            free(rxq);
            close_rxqs(port);
            break;
        }
        rxq->fd = netdev_rxq_fd(rxq->netdev_rxq);
        dp_port_take_rxq(port, rxq);
    }
    return error;
}

static struct error *
open_device(struct dp_port *port, const struct dpif_port_options *options)
{
    struct error *error;

    if (options && options->netdev) {
        port->netdev = netdev_ref(options->netdev);
    } else {
        error = netdev_open(port->name, port->type, &port->netdev);
        if (error) {
            return error;
        }
    }
    error = open_rxqs(port);
    if (error) {
        netdev_unref(port->netdev);
        port->netdev = NULL;
    }
    return error;
}

/* Devices of a dummy datapath are mostly the main thread's; it has pollers only
 * while some are not. */
static void
update_pollers(struct dp *dp)
{
    bool wanted = dp->n_pollable > 0;

    if (dp->is_dummy && wanted != (dp->n_pollers > 0)) {
        dp_set_pollers(dp, wanted);
    }
}

static void
start_rxqs(struct dp_port *port)
{
    for (size_t i = 0; i < port->n_rxqs; i++) {
        dp_rxq_start(port->dp, port->rxqs[i]);
    }
}

static void
stop_rxqs(struct dp_port *port)
{
    for (size_t i = 0; i < port->n_rxqs; i++) {
        dp_rxq_stop(port->dp, port->rxqs[i]);
    }
}

struct error *
dpif_port_reconfigure(struct dpif *dpif, odp_port_t no)
{
    struct dp_port *port = get_port(dpif->dp, no);
    struct error *error;

    if (!port || !port->netdev
        || port->n_rxqs == netdev_n_rxqs(port->netdev)) {
        return NULL;
    }
    stop_rxqs(port);
    close_rxqs(port);
    error = open_rxqs(port);
    start_rxqs(port);
    return error;
}

static odp_port_t
choose_number(struct dp *dp, const char *name, odp_port_t wanted)
{
    if (wanted != ODPP_NONE) {
        return wanted < DP_MAX_PORTS && !dp->ports[wanted] ? wanted
               : ODPP_NONE;
    }
    /* "p7" likes to be port 7, and "br0" port 100, as people who write tests
     * expect. */
    if (dp->is_dummy) {
        odp_port_t base = text_starts_with(name, "br") ? 100 : 0;
        const char *digits = name + strcspn(name, "0123456789");
        odp_port_t n = base + strtoul(digits, NULL, 10);

        if (*digits && n && n < DP_MAX_PORTS && !dp->ports[n]) {
            return n;
        }
    }
    while (dp->first_free < DP_MAX_PORTS && dp->ports[dp->first_free]) {
        dp->first_free++;
    }
    return dp->first_free < DP_MAX_PORTS ? dp->first_free : ODPP_NONE;
}

static const char *
port_type(const char *type)
{
    static const char *const known[] = {
        "system", "internal", "tap", "dummy", "dummy-internal", "dummy-pmd",
        "geneve", "vxlan", "gre",
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (!strcmp(known[i], type)) {
            return known[i];
        }
    }
    return NULL;
}

/* Enters the port where it is looked for by other than its number. */
static void
index_port(struct dp_port *port)
{
    struct dp *dp = port->dp;

    rcu_hash_insert(&dp->names, port, hash_string(port->name, 0));
    if (port->tunnel) {
        rcu_hash_insert(&dp->tunnels, port, dp_tunnel_port_hash(port));
    }
    port->is_internal = (port->netdev && strcmp(port->type, "system"));
    if (port->is_internal) {
        rcu_hash_insert(&dp->internals, port, port->no);
        underlay_changed();
    }
}

static void
unindex_port(struct dp_port *port)
{
    struct dp *dp = port->dp;

    rcu_hash_remove(&dp->names, port, hash_string(port->name, 0));
    if (port->tunnel) {
        rcu_hash_remove(&dp->tunnels, port, dp_tunnel_port_hash(port));
    }
    if (port->is_internal) {
        rcu_hash_remove(&dp->internals, port, port->no);
        underlay_changed();
    }
}

struct error *
dpif_port_add(struct dpif *dpif, const char *name, const char *type,
              const struct dpif_port_options *options, odp_port_t *port_no)
{
    struct dp *dp = dpif->dp;
    const char *known = port_type(type && type[0] ? type : "system");
    struct dp_port *port;
    struct error *error;
    odp_port_t no;

    if (!known) {
        return error_create(EAFNOSUPPORT, "%s: unknown port type %s", name,
                            type);
    }
    if (dp->is_dummy && !strcmp(known, "internal")) {
        known = "dummy-internal";
    }
    if (find_port(dp, name)) {
        return error_create(EEXIST, "%s: port is there already", name);
    }
    no = choose_number(dp, name, *port_no);
    if (no == ODPP_NONE) {
        return error_create(*port_no == ODPP_NONE ? EFBIG : EBUSY,
                            "%s: no port number is free", name);
    }
    port = xzalloc(sizeof *port);
    port->dp = dp;
    port->no = no;
    port->name = xstrdup(name);
    port->type = known;
    error = (dp_tunnel_is_type(known) ? dp_tunnel_create(port, options)
             : open_device(port, options));
    if (error) {
        free(port->rxqs);
        free(port->name);
        free(port);
        return error;
    }
    rcu_assign_pointer(dp->ports[no], port);
    index_port(port);
    start_rxqs(port);
    update_pollers(dp);
    *port_no = no;
    return NULL;
}

void
dp_port_destroy(struct dp_port *port)
{
    struct dp *dp = port->dp;

    stop_rxqs(port);
    rcu_assign_pointer(dp->ports[port->no], NULL);
    if (port->no && port->no < dp->first_free) {
        dp->first_free = port->no;
    }
    unindex_port(port);
    synchronize_rcu();
    if (dp->overflow) {
        dp_handler_forget_port(dp->overflow, port);
    }
    if (port->tunnel) {
        dp_tunnel_destroy(port);
    }
    close_rxqs(port);
    netdev_unref(port->netdev);
    free(port->name);
    free(port);
    update_pollers(dp);
}

int
dpif_port_del(struct dpif *dpif, odp_port_t no)
{
    struct dp_port *port = get_port(dpif->dp, no);

    if (!no) {
        return -EINVAL;
    }
    if (!port) {
        return -ENOENT;
    }
    dp_port_destroy(port);
    return 0;
}

int
dpif_port_renumber(struct dpif *dpif, odp_port_t old, odp_port_t new)
{
    struct dp *dp = dpif->dp;
    struct dp_port *port = get_port(dp, old);

    if (!dp->is_dummy) {
        return -EOPNOTSUPP;
    }
    if (!port) {
        return -ENODEV;
    }
    if (new >= DP_MAX_PORTS || dp->ports[new]) {
        return -EBUSY;
    }
    stop_rxqs(port);
    unindex_port(port);
    rcu_assign_pointer(dp->ports[old], NULL);
    synchronize_rcu();
    port->no = new;
    rcu_assign_pointer(dp->ports[new], port);
    index_port(port);
    start_rxqs(port);
    return 0;
}

void
dpif_port_uninit(struct dpif_port *port)
{
    free(port->name);
    free(port->type);
}

static void
tell_port(const struct dp_port *port, struct dpif_port *out)
{
    out->name = xstrdup(port->name);
    out->type = xstrdup(port->type);
    out->port_no = port->no;
    out->dst_port = port->tunnel ? dp_tunnel_dst_port(port) : 0;
}

int
dpif_port_by_number(const struct dpif *dpif, odp_port_t no,
                    struct dpif_port *out)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = get_port(dpif->dp, no);
    if (port) {
        tell_port(port, out);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

int
dpif_port_by_name(const struct dpif *dpif, const char *name,
                  struct dpif_port *out)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = find_port(dpif->dp, name);
    if (port) {
        tell_port(port, out);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

void
dpif_port_dump(const struct dpif *dpif,
               void (*each)(const struct dpif_port *, void *aux), void *aux)
{
    for (odp_port_t no = 0; no < DP_MAX_PORTS; no++) {
        struct dpif_port port;

        if (!dpif_port_by_number(dpif, no, &port)) {
            each(&port, aux);
            dpif_port_uninit(&port);
        }
    }
}

int
dpif_port_get_stats(const struct dpif *dpif, odp_port_t no,
                    struct dpif_port_stats *stats)
{
    int error = -ENODEV;
    struct dp_port *port;

    rcu_read_lock();
    port = get_port(dpif->dp, no);
    if (port) {
        *stats = (struct dpif_port_stats) {
            .rx_packets = __atomic_load_n(&port->rx_packets,
                                          __ATOMIC_RELAXED),
            .rx_bytes = __atomic_load_n(&port->rx_bytes, __ATOMIC_RELAXED),
            .tx_packets = __atomic_load_n(&port->tx_packets,
                                          __ATOMIC_RELAXED),
            .tx_bytes = __atomic_load_n(&port->tx_bytes, __ATOMIC_RELAXED),
            .tx_dropped = __atomic_load_n(&port->tx_dropped,
                                          __ATOMIC_RELAXED),
            .upcall_packets = __atomic_load_n(&port->upcall_packets,
                                              __ATOMIC_RELAXED),
            .upcall_errors = __atomic_load_n(&port->upcall_errors,
                                             __ATOMIC_RELAXED),
        };
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

struct netdev *
dpif_port_netdev(const struct dpif *dpif, odp_port_t no)
{
    struct dp_port *port = get_port(dpif->dp, no);

    return port ? port->netdev : NULL;
}
