/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/bridge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "controller/chassis/config.h"
#include "lib/base/random.h"
#include "lib/logical/addresses.h"

/* No controller but ours, and an address that stays as ports come and go. */
static void
set_other_config(const struct vs_bridge *bridge)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct str text = STR_EMPTY;
    struct eth_addr mac;

    random_bytes(&mac, sizeof mac);
    mac.ea[0] = (mac.ea[0] & ~1) | 2;
    mac_format(mac, &text);
    smap_set(&config, "hwaddr", str_cstr(&text));
    smap_set(&config, "disable-in-band", "true");
    vs_bridge_set_other_config(bridge, &config);
    str_uninit(&text);
    smap_uninit(&config);
}

static void
create(const struct controller *c, struct replica_txn *txn)
{
    const char *name = controller_setting(c, "ovn-bridge",
                                          CONFIG_DEFAULT_BRIDGE);
    const char *type = controller_setting(c, "ovn-bridge-datapath-type", "");
    struct vs_interface *iface;
    struct vs_bridge *bridge;
    struct vs_port *port;

    iface = vs_interface_insert(txn);
    vs_interface_set_name(iface, name);
    vs_interface_set_type(iface, "internal");
    port = vs_port_insert(txn);
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, (struct vs_interface *const *) &iface, 1);
    bridge = vs_bridge_insert(txn);
    vs_bridge_set_name(bridge, name);
    vs_bridge_set_fail_mode(bridge, "secure");
    vs_bridge_set_datapath_type(bridge, type);
    set_other_config(bridge);
    vs_bridge_set_ports(bridge, (struct vs_port *const *) &port, 1);
    vs_open_vswitch_update_bridges_addvalue(controller_open_vswitch(c),
                                            bridge);
    replica_txn_add_comment(txn, "ovn-controller: creating integration bridge "
                            "'%s'", name);
}

void
bridge_set_mark(const struct vs_bridge *bridge, const char *key,
                int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%"PRId64, value);
    vs_bridge_update_external_ids_setkey(bridge, key, text);
}

/* A type that is not set is left as it is. */
static void
follow_datapath_type(const struct controller *c,
                     const struct vs_bridge *bridge)
{
    const char *type = controller_setting(c, "ovn-bridge-datapath-type", "");

    if (*type && strcmp(type, bridge->datapath_type)) {
        vs_bridge_set_datapath_type(bridge, type);
    }
}

static void
mark_start(const struct vs_bridge *bridge, int64_t started_wall_ms)
{
    const char *now = strmap_get(&bridge->external_ids, "ovn-startup-ts");
    char text[24];

    snprintf(text, sizeof text, "%"PRId64, started_wall_ms);
    if (!now || strcmp(now, text)) {
        vs_bridge_update_external_ids_setkey(bridge, "ovn-startup-ts", text);
    }
}

/* Packets of logical networks may have any number of VLAN tags. */
static void
lift_vlan_limit(const struct vs_open_vswitch *ovs)
{
    if (!strmap_get(&ovs->other_config, "vlan-limit")) {
        vs_open_vswitch_update_other_config_setkey(ovs, "vlan-limit", "0");
    }
}

void
bridge_run(const struct controller *c, struct replica_txn *txn,
           int64_t started_wall_ms)
{
    const struct vs_open_vswitch *ovs = controller_open_vswitch(c);
    const struct vs_bridge *bridge = controller_bridge(c);

    if (ovs) {
        lift_vlan_limit(ovs);
    }
    if (bridge) {
        follow_datapath_type(c, bridge);
        mark_start(bridge, started_wall_ms);
    } else if (ovs) {
        create(c, txn);
    }
}

bool
bridge_cleans_up(const struct controller *c)
{
    return strcasecmp(controller_setting(c, "ovn-cleanup-on-exit", "true"),
                      "false") != 0;
}
