/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/runtime/log.h"
#include "vswitch/config/model.h"
#include "vswitch/netdev/netdev.h"

LOG_MODULE(bridge);

struct bridge *
bridge_find(const struct config *c, const struct uuid *uuid)
{
    struct bridge *bridge;

    HMAP_FOR_EACH_WITH_HASH (bridge, node, uuid_hash(uuid), &c->bridges) {
        if (uuid_equals(&bridge->uuid, uuid)) {
            return bridge;
        }
    }
    return NULL;
}

/* Gives the bridge's device an address that other processes' bridges do not
 * have, as the kernel does; dummies are numbered from the same one in each
 * process. */
static void
set_first_address(const char *name)
{
    struct netdev *local = netdev_find(name);
    struct eth_addr ea;

    if (local && netdev_is_dummy(local)) {
        random_bytes(&ea, sizeof ea);
        ea.ea[0] = (ea.ea[0] & ~1) | 2;
        netdev_set_etheraddr(local, ea);
    }
}

static struct bridge *
bridge_create(struct config *c, const struct vs_bridge *row)
{
    struct bridge *bridge;
    struct ofproto *ofproto;
    struct error *error;

    error = ofproto_create(row->name, row->datapath_type, &ofproto);
    if (error) {
        log_err("failed to create bridge %s: %s", row->name,
                error_message(error));
        error_free(error);
        return NULL;
    }
    set_first_address(row->name);
    bridge = xzalloc(sizeof *bridge);
    bridge->uuid = row->header.uuid;
    bridge->config = c;
    bridge->name = xstrdup(row->name);
    bridge->datapath_type = xstrdup(row->datapath_type);
    bridge->ofproto = ofproto;
    list_init(&bridge->ports);
    hmap_insert(&c->bridges, &bridge->node, uuid_hash(&bridge->uuid));
    return bridge;
}

void
bridge_destroy(struct bridge *bridge, bool del_ports)
{
    struct port *port;

    LIST_FOR_EACH_SAFE (port, bridge_node, &bridge->ports) {
        port_destroy(port, del_ports);
    }
    hmap_remove(&bridge->config->bridges, &bridge->node);
    ofproto_destroy(bridge->ofproto, del_ports);
    free(bridge->name);
    free(bridge->datapath_type);
    free(bridge);
}

static bool
is_listed(const struct vs_open_vswitch *row, const struct bridge *bridge)
{
    for (size_t i = 0; i < row->n_bridges; i++) {
        const struct vs_bridge *b = row->bridges[i];

        if (uuid_equals(&b->header.uuid, &bridge->uuid)) {
            return (!strcmp(b->name, bridge->name)
                    && !strcmp(b->datapath_type, bridge->datapath_type));
        }
    }
    return false;
}

void
bridges_apply(struct config *c, const struct vs_open_vswitch *row)
{
    struct bridge *bridge;

    HMAP_FOR_EACH_SAFE (bridge, node, &c->bridges) {
        if (!is_listed(row, bridge)) {
            bridge_destroy(bridge, true);
        }
    }
    for (size_t i = 0; i < row->n_bridges; i++) {
        if (!bridge_find(c, &row->bridges[i]->header.uuid)) {
            bridge = bridge_create(c, row->bridges[i]);
            if (bridge) {
                bridge_apply(bridge, row->bridges[i]);
            }
        }
    }
}

static uint64_t
eth_to_u64(struct eth_addr ea)
{
    uint64_t x = 0;

    for (size_t i = 0; i < sizeof ea.ea; i++) {
        x = x << 8 | ea.ea[i];
    }
    return x;
}

/* The address that other_config:hwaddr or the Interface row of the local port
 * asks for. */
static bool
requested_address(const struct bridge *bridge, const struct vs_bridge *row,
                  struct eth_addr *ret)
{
    const char *text = strmap_get(&row->other_config, "hwaddr");
    const struct port *port;

    LIST_FOR_EACH (port, bridge_node, &bridge->ports) {
        const struct vs_port *port_row
            = vs_port_get_for_uuid(bridge->config->replica, &port->uuid);

        if (!text && port_row && !strcmp(port->name, bridge->name)
            && port_row->n_interfaces) {
            text = port_row->interfaces[0]->mac;
        }
    }
    return (text && eth_addr_parse(text, ret)
            && !eth_addr_is_multicast(*ret));
}

/* The lowest address of the bridge's ports that are interfaces of the host:
 * the networks outside know these, and it stays the same over restarts.  Those
 * that software made up ("locally administered") do not count.  An interface
 * that the host goes on listening to has none to give, as the host would take
 * what is for that address a second time. */
static bool
lowest_port_address(const struct bridge *bridge, struct eth_addr *ret)
{
    const struct port *port;
    const struct iface *iface;
    bool found = false;

    LIST_FOR_EACH (port, bridge_node, &bridge->ports) {
        LIST_FOR_EACH (iface, port_node, &port->ifaces) {
            const struct netdev *netdev = netdev_find(iface->name);
            struct eth_addr ea;

            if (netdev && !iface_is_local(iface) && netdev_is_claimed(netdev)
                && !netdev_get_etheraddr(netdev, &ea)
                && !eth_addr_is_multicast(ea) && !eth_addr_is_local(ea)
                && (!found || eth_to_u64(ea) < eth_to_u64(*ret))) {
                *ret = ea;
                found = true;
            }
        }
    }
    return found;
}

/* Gives the bridge its address, and its datapath id unless one is asked for.
 * A bridge without ports keeps the address that its device has. */
static void
apply_address(struct bridge *bridge, const struct vs_bridge *row)
{
    const char *text = strmap_get(&row->other_config, "datapath-id");
    struct netdev *local = netdev_find(bridge->name);
    struct eth_addr now, wanted;
    uint64_t id = 0;

    if (local && !netdev_get_etheraddr(local, &now)) {
        if ((requested_address(bridge, row, &wanted)
             || lowest_port_address(bridge, &wanted))
            && eth_to_u64(wanted) != eth_to_u64(now)
            && !netdev_set_etheraddr(local, wanted)) {
            now = wanted;
        }
        id = eth_to_u64(now);
    }
    if (text && !text_to_u64(text, 16, &id)) {
        log_warn("bridge %s: other_config:datapath-id \"%s\" is no "
                 "hexadecimal number", bridge->name, text);
    }
    if (id && id != bridge->ofproto->datapath_id) {
        ofproto_set_datapath_id(bridge->ofproto, id);
    }
}

static void
apply_description(struct bridge *bridge, const struct vs_bridge *row)
{
    struct switch_desc desc = bridge->ofproto->desc;

    snprintf(desc.dp_desc, sizeof desc.dp_desc, "%s",
             strmap_get_def(&row->other_config, "dp-desc", bridge->name));
    snprintf(desc.serial_num, sizeof desc.serial_num, "%s",
             strmap_get_def(&row->other_config, "dp-sn", "None"));
    ofproto_set_desc(bridge->ofproto, &desc);
}

void
bridge_apply_tables(struct bridge *bridge, const struct vs_bridge *row)
{
    struct oftable_settings settings[OFPROTO_N_TABLES];

    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        settings[t] = (struct oftable_settings) { .max_flows = UINT_MAX };
    }
    for (size_t i = 0; i < row->flow_tables.n; i++) {
        const struct vs_flow_table *table = row->flow_tables.values[i];

        if (row->flow_tables.keys[i] < OFPROTO_N_TABLES) {
            settings[row->flow_tables.keys[i]] = (struct oftable_settings) {
                .name = table->name,
                .max_flows = (table->has_flow_limit ? table->flow_limit
                              : UINT_MAX),
                .evicts = (table->overflow_policy
                           && !strcmp(table->overflow_policy, "evict")),
            };
        }
    }
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        ofproto_set_table(bridge->ofproto, t, &settings[t]);
    }
}

void
bridge_apply(struct bridge *bridge, const struct vs_bridge *row)
{
    int aging = strmap_get_int(&row->other_config, "mac-aging-time", 300);
    int size = strmap_get_int(&row->other_config, "mac-table-size", 8192);
    uint64_t *flood_vlans = vlan_bitmap(row->flood_vlans,
                                        row->n_flood_vlans);

    ports_apply(bridge, row);
    ofproto_set_fail_mode(bridge->ofproto,
                          row->fail_mode && !strcmp(row->fail_mode, "secure")
                          ? FAIL_SECURE : FAIL_STANDALONE);
    ofproto_set_forward_bpdu(bridge->ofproto,
                             strmap_get_bool(&row->other_config,
                                             "forward-bpdu", false));
    ofproto_set_flood_vlans(bridge->ofproto, flood_vlans);
    free(flood_vlans);
    ofproto_set_mac_table(bridge->ofproto, MAX(aging, 1), MAX(size, 1));
    apply_description(bridge, row);
    bridge_apply_tables(bridge, row);
    apply_address(bridge, row);
    controllers_apply(bridge, row);
}
