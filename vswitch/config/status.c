/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/sset.h"
#include "lib/runtime/log.h"
#include "vswitch/config/model.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/netdev/netdev.h"

/* ## Interfaces ## */

void
status_poll(struct config *c)
{
    struct iface *iface;

    HMAP_FOR_EACH (iface, node, &c->ifaces) {
        struct netdev *netdev = netdev_find(iface->name);

        if (netdev && netdev_change_seq(netdev) != iface->netdev_seq) {
            iface_mark_dirty(c, iface);
        }
    }
}

/* Sets an optional integer column that is not as it should be. */
#define WRITE_INT(ROW, COLUMN, HAS, VALUE) \
    do { \
        bool has_ = (HAS); \
        int64_t value_ = (VALUE); \
        if (has_ && (!(ROW)->has_##COLUMN || (ROW)->COLUMN != value_)) { \
            vs_interface_set_##COLUMN(ROW, value_); \
        } else if (!has_ && (ROW)->has_##COLUMN) { \
            vs_interface_clear_##COLUMN(ROW); \
        } \
    } while (0)

/* Likewise an optional string; NULL is "absent". */
#define WRITE_STRING(ROW, COLUMN, VALUE) \
    do { \
        const char *value_ = (VALUE); \
        if (value_ && (!(ROW)->COLUMN || strcmp((ROW)->COLUMN, value_))) { \
            vs_interface_set_##COLUMN(ROW, value_); \
        } else if (!value_ && (ROW)->COLUMN) { \
            vs_interface_clear_##COLUMN(ROW); \
        } \
    } while (0)

static void
write_netdev_status(const struct vs_interface *row,
                    const struct netdev *netdev)
{
    int mtu, ifindex = netdev_get_ifindex(netdev);
    struct smap status = SMAP_INITIALIZER(&status);
    struct eth_addr ea;
    uint32_t mbps;
    bool full;

    if (!netdev_get_etheraddr(netdev, &ea)) {
        char mac[18];

        snprintf(mac, sizeof mac, ETH_ADDR_FMT, ETH_ADDR_ARGS(ea));
        WRITE_STRING(row, mac_in_use, mac);
    }
    WRITE_INT(row, ifindex, true, MAX(ifindex, 0));
    WRITE_INT(row, mtu, !netdev_get_mtu(netdev, &mtu), mtu);
    WRITE_STRING(row, admin_state, netdev_is_up(netdev) ? "up" : "down");
    WRITE_STRING(row, link_state,
                 netdev_get_carrier(netdev) ? "up" : "down");
    WRITE_INT(row, link_resets, true, netdev_carrier_resets(netdev));
    if (!netdev_get_speed(netdev, &mbps, &full) && mbps) {
        WRITE_INT(row, link_speed, true, mbps * INT64_C(1000000));
        WRITE_STRING(row, duplex, full ? "full" : "half");
    }
    netdev_get_status(netdev, &status);
    if (!strmap_equals_smap(&row->status, &status)) {
        vs_interface_set_status(row, &status);
    }
    smap_uninit(&status);
}

/* Tunnels and patches have no device: they are up if they are there. */
static void
write_virtual_status(const struct vs_interface *row, bool exists)
{
    WRITE_STRING(row, admin_state, exists ? "up" : NULL);
    WRITE_STRING(row, link_state, exists ? "up" : NULL);
}

static void
write_tunnel_status(const struct iface *iface, const struct vs_interface *row)
{
    struct smap status = SMAP_INITIALIZER(&status);

    ofproto_port_get_tunnel_status(iface->port->bridge->ofproto,
                                   iface->ofp_port, &status);
    if (!strmap_equals_smap(&row->status, &status)) {
        vs_interface_set_status(row, &status);
    }
    smap_uninit(&status);
}

static void
write_bfd_status(const struct iface *iface, const struct vs_interface *row)
{
    struct smap status = SMAP_INITIALIZER(&status);

    if (iface->ofp_port != OFPP_NONE) {
        ofproto_port_get_bfd_status(iface->port->bridge->ofproto,
                                    iface->ofp_port, &status);
    }
    if (!strmap_equals_smap(&row->bfd_status, &status)) {
        vs_interface_set_bfd_status(row, &status);
    }
    smap_uninit(&status);
}

static void
write_statistics(const struct iface *iface)
{
    const struct vs_interface *row
        = vs_interface_get_for_uuid(iface->port->bridge->config->replica,
                                    &iface->uuid);
    const struct ofport *port = ofport_find(iface->port->bridge->ofproto,
                                            iface->ofp_port);
    struct port_stats s;

    if (!row || !port || ofport_get_stats(port, &s)) {
        return;
    }
    const struct { const char *name; uint64_t value; } counts[] = {
        { "collisions", s.collisions },
        { "rx_bytes", s.rx_bytes },
        { "rx_crc_err", s.rx_crc_errors },
        { "rx_dropped", s.rx_dropped },
        { "rx_errors", s.rx_errors },
        { "rx_frame_err", s.rx_frame_errors },
        { "rx_over_err", s.rx_over_errors },
        { "rx_packets", s.rx_packets },
        { "tx_bytes", s.tx_bytes },
        { "tx_dropped", s.tx_dropped },
        { "tx_errors", s.tx_errors },
        { "tx_packets", s.tx_packets },
    };
    const char *keys[ARRAY_SIZE(counts)];
    int64_t values[ARRAY_SIZE(counts)];
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        if (counts[i].value != UINT64_MAX) {
            keys[n] = counts[i].name;
            values[n++] = counts[i].value;
        }
    }
    vs_interface_set_statistics(row, keys, values, n);
    if (!port->netdev) {
        write_tunnel_status(iface, row);
    }
}

static void
write_iface(struct iface *iface)
{
    const struct vs_interface *row
        = vs_interface_get_for_uuid(iface->port->bridge->config->replica,
                                    &iface->uuid);
    bool exists = iface->ofp_port != OFPP_NONE;
    const struct netdev *netdev = exists ? netdev_find(iface->name) : NULL;

    if (!row) {
        return;
    }
    write_bfd_status(iface, row);
    WRITE_INT(row, ofport, true, exists ? (int64_t) iface->ofp_port : -1);
    WRITE_STRING(row, error, iface->error);
    if (netdev) {
        iface->netdev_seq = netdev_change_seq(netdev);
        write_netdev_status(row, netdev);
    } else {
        write_virtual_status(row, exists);
        write_tunnel_status(iface, row);
    }
    if (!row->statistics.n) {
        /* A new one does not wait for its turn. */
        write_statistics(iface);
    }
}

/* ## Bridges ## */

static void
write_bridge(const struct bridge *bridge)
{
    const struct vs_bridge *row
        = vs_bridge_get_for_uuid(bridge->config->replica, &bridge->uuid);
    char id[17];

    if (!row) {
        return;
    }
    snprintf(id, sizeof id, "%016"PRIx64, bridge->ofproto->datapath_id);
    if (!row->datapath_id || strcmp(row->datapath_id, id)) {
        vs_bridge_set_datapath_id(row, id);
    }
    controllers_write_status(bridge, row);
}

/* ## The whole ## */

static void
write_types(const struct vs_open_vswitch *row)
{
    struct sset datapaths = SSET_INITIALIZER(&datapaths);
    struct sset ifaces = SSET_INITIALIZER(&ifaces);
    static const char *const virtual_types[] = { "patch", "geneve", "vxlan",
                                                 "gre" };
    const char **names;

    dpif_enumerate_types(&datapaths);
    netdev_enumerate_types(&ifaces);
    for (size_t i = 0; i < ARRAY_SIZE(virtual_types); i++) {
        sset_add(&ifaces, virtual_types[i]);
    }
    names = sset_sort(&datapaths);
    vs_open_vswitch_set_datapath_types(row, names, sset_count(&datapaths));
    free(names);
    names = sset_sort(&ifaces);
    vs_open_vswitch_set_iface_types(row, names, sset_count(&ifaces));
    free(names);
    sset_uninit(&datapaths);
    sset_uninit(&ifaces);
}

void
status_write(struct config *c, const struct vs_open_vswitch *row)
{
    struct bridge *bridge;

    while (!list_is_empty(&c->dirty_ifaces)) {
        write_iface(CONTAINER_OF(list_pop_front(&c->dirty_ifaces),
                                 struct iface, dirty_node));
    }
    HMAP_FOR_EACH (bridge, node, &c->bridges) {
        write_bridge(bridge);
    }
    if (!row->n_iface_types) {
        write_types(row);
    }
    if (row->cur_cfg != c->cur_cfg) {
        vs_open_vswitch_set_cur_cfg(row, c->cur_cfg);
    }
}

/* ## Statistics ## */

void
status_write_statistics(struct config *c)
{
    struct iface *iface;

    HMAP_FOR_EACH (iface, node, &c->ifaces) {
        if (iface->ofp_port != OFPP_NONE) {
            write_statistics(iface);
        }
    }
}
