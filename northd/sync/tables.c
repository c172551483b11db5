/* SPDX-License-Identifier: Apache-2.0 */

/* Which columns northd owns, and how a row that is already there tells which
 * group of cells it is. */

#include "northd/sync/tables.h"

#include <string.h>

#include "lib/schema/nb.h"
#include "lib/schema/sb.h"

#define C(TABLE, COLUMN) REPLICA_COL(SB_##TABLE##_COL_##COLUMN)

/* A datapath's northbound row is told by its external_ids. */
static bool
put_datapath(const struct sb_datapath_binding *dp, struct str *key)
{
    const char *name = strmap_get(&dp->external_ids, "logical-switch");
    struct uuid uuid;

    name = name ? name : strmap_get(&dp->external_ids, "logical-router");
    if (!name || !uuid_from_string(&uuid, name)) {
        return false;
    }
    str_put_bytes(key, &uuid, sizeof uuid);
    return true;
}

static bool
datapath_key(const struct replica_row *row, struct str *key)
{
    return put_datapath((const void *) row, key);
}

static bool
port_key(const struct replica_row *row_, struct str *key)
{
    const struct sb_port_binding *row = (const void *) row_;

    str_put(key, row->logical_port);
    return true;
}

/* The chassis of a port in another zone. */
static bool
port_is_claimed(const struct replica_row *row_)
{
    const struct sb_port_binding *row = (const void *) row_;

    return (strmap_get_bool(&row->options, PORT_IS_REMOTE, false)
            || (strcmp(row->type, "remote") && row->chassis
                && strmap_get_bool(&row->chassis->other_config, "is-remote",
                                   false)));
}

static bool
multicast_key(const struct replica_row *row_, struct str *key)
{
    const struct sb_multicast_group *row = (const void *) row_;

    if (!row->datapath || !put_datapath(row->datapath, key)) {
        return false;
    }
    str_put(key, row->name);
    return true;
}

static bool
port_group_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_port_group *) row_)->name);
    return true;
}

static bool
address_set_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_address_set *) row_)->name);
    return true;
}

static bool
dhcp_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_dhcp_options *) row_)->name);
    return true;
}

static bool
dhcpv6_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_dhcpv6_options *) row_)->name);
    return true;
}

static bool
put_uuid_option(const struct strmap *ids, const char *name, struct str *key)
{
    const char *value = strmap_get(ids, name);
    struct uuid uuid;

    if (!value || !uuid_from_string(&uuid, value)) {
        return false;
    }
    str_put_bytes(key, &uuid, sizeof uuid);
    return true;
}

static bool
dns_key(const struct replica_row *row_, struct str *key)
{
    return put_uuid_option(&((const struct sb_dns *) row_)->external_ids,
                           "dns_id", key);
}

static bool
lb_key(const struct replica_row *row_, struct str *key)
{
    return put_uuid_option(
        &((const struct sb_load_balancer *) row_)->external_ids, "lb_id", key);
}

static bool
meter_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_meter *) row_)->name);
    return true;
}

static bool
ha_group_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_ha_chassis_group *) row_)->name);
    return true;
}

static bool
static_mac_key(const struct replica_row *row_, struct str *key)
{
    const struct sb_static_mac_binding *row = (const void *) row_;

    str_put(key, row->logical_port);
    str_put_char(key, '\0');
    str_put(key, row->ip);
    return true;
}

static bool
rbac_role_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_rbac_role *) row_)->name);
    return true;
}

static bool
rbac_permission_key(const struct replica_row *row_, struct str *key)
{
    str_put(key, ((const struct sb_rbac_permission *) row_)->table);
    return true;
}

static bool
acl_id_key(const struct replica_row *row, struct str *key)
{
    str_put_bytes(key, &row->uuid, sizeof row->uuid);
    return true;
}

/* A row that nothing identifies is made anew: those of tables that the
 * database itself cleans when nothing refers to them. */
static bool
no_key(const struct replica_row *row, struct str *key)
{
    return false;
}

const struct row_table_class sb_row_tables[] = {
    { F_SB_DATAPATH, &sb_datapath_binding_table,
      C(DATAPATH_BINDING, TUNNEL_KEY) | C(DATAPATH_BINDING, EXTERNAL_IDS)
      | C(DATAPATH_BINDING, TYPE) | C(DATAPATH_BINDING, NB_UUID),
      0, datapath_key },
    { F_SB_HA_CHASSIS, &sb_ha_chassis_table,
      C(HA_CHASSIS, CHASSIS) | C(HA_CHASSIS, PRIORITY)
      | C(HA_CHASSIS, EXTERNAL_IDS), 0, no_key },
    { F_SB_HA_GROUP, &sb_ha_chassis_group_table,
      C(HA_CHASSIS_GROUP, NAME) | C(HA_CHASSIS_GROUP, HA_CHASSIS)
      | C(HA_CHASSIS_GROUP, REF_CHASSIS) | C(HA_CHASSIS_GROUP, EXTERNAL_IDS),
      0, ha_group_key },
    { F_SB_PORT, &sb_port_binding_table,
      C(PORT_BINDING, LOGICAL_PORT) | C(PORT_BINDING, TYPE)
      | C(PORT_BINDING, DATAPATH) | C(PORT_BINDING, TUNNEL_KEY)
      | C(PORT_BINDING, OPTIONS) | C(PORT_BINDING, MAC)
      | C(PORT_BINDING, PARENT_PORT) | C(PORT_BINDING, TAG)
      | C(PORT_BINDING, NAT_ADDRESSES) | C(PORT_BINDING, EXTERNAL_IDS)
      | C(PORT_BINDING, HA_CHASSIS_GROUP) | C(PORT_BINDING, PORT_SECURITY)
      | C(PORT_BINDING, REQUESTED_CHASSIS) | C(PORT_BINDING, UP)
      | C(PORT_BINDING, REQUESTED_ADDITIONAL_CHASSIS),
      C(PORT_BINDING, UP), port_key, false,
      C(PORT_BINDING, CHASSIS) | C(PORT_BINDING, ENCAP), port_is_claimed },
    { F_SB_MULTICAST, &sb_multicast_group_table,
      C(MULTICAST_GROUP, DATAPATH) | C(MULTICAST_GROUP, NAME)
      | C(MULTICAST_GROUP, TUNNEL_KEY) | C(MULTICAST_GROUP, PORTS),
      0, multicast_key },
    { F_SB_PORT_GROUP, &sb_port_group_table,
      C(PORT_GROUP, NAME) | C(PORT_GROUP, PORTS), 0, port_group_key },
    { F_SB_ADDRESS_SET, &sb_address_set_table,
      C(ADDRESS_SET, NAME) | C(ADDRESS_SET, ADDRESSES), 0, address_set_key },
    { F_SB_DHCP, &sb_dhcp_options_table,
      C(DHCP_OPTIONS, NAME) | C(DHCP_OPTIONS, CODE) | C(DHCP_OPTIONS, TYPE),
      0, dhcp_key },
    { F_SB_DHCPV6, &sb_dhcpv6_options_table,
      C(DHCPV6_OPTIONS, NAME) | C(DHCPV6_OPTIONS, CODE)
      | C(DHCPV6_OPTIONS, TYPE), 0, dhcpv6_key },
    { F_SB_DNS, &sb_dns_table,
      C(DNS, RECORDS) | C(DNS, DATAPATHS) | C(DNS, EXTERNAL_IDS)
      | C(DNS, OPTIONS), 0, dns_key },
    { F_SB_METER_BAND, &sb_meter_band_table,
      C(METER_BAND, ACTION) | C(METER_BAND, RATE)
      | C(METER_BAND, BURST_SIZE), 0, no_key },
    { F_SB_METER, &sb_meter_table,
      C(METER, NAME) | C(METER, UNIT) | C(METER, BANDS), 0, meter_key },
    { F_SB_LB, &sb_load_balancer_table,
      C(LOAD_BALANCER, NAME) | C(LOAD_BALANCER, VIPS)
      | C(LOAD_BALANCER, PROTOCOL) | C(LOAD_BALANCER, DATAPATHS)
      | C(LOAD_BALANCER, OPTIONS) | C(LOAD_BALANCER, EXTERNAL_IDS),
      0, lb_key },
    { F_SB_ACL_ID, &sb_acl_id_table, C(ACL_ID, ID), 0, acl_id_key, true },
    { F_SB_STATIC_MAC, &sb_static_mac_binding_table,
      C(STATIC_MAC_BINDING, LOGICAL_PORT) | C(STATIC_MAC_BINDING, IP)
      | C(STATIC_MAC_BINDING, MAC) | C(STATIC_MAC_BINDING, DATAPATH)
      | C(STATIC_MAC_BINDING, OVERRIDE_DYNAMIC_MAC), 0, static_mac_key },
    { F_SB_RBAC_PERMISSION, &sb_rbac_permission_table,
      C(RBAC_PERMISSION, TABLE) | C(RBAC_PERMISSION, AUTHORIZATION)
      | C(RBAC_PERMISSION, INSERT_DELETE) | C(RBAC_PERMISSION, UPDATE),
      0, rbac_permission_key },
    { F_SB_RBAC_ROLE, &sb_rbac_role_table,
      C(RBAC_ROLE, NAME) | C(RBAC_ROLE, PERMISSIONS), 0, rbac_role_key },
};
const size_t n_sb_row_tables = ARRAY_SIZE(sb_row_tables);

const struct row_table_class nb_row_tables[] = {
    { F_NB_LSP, &nb_logical_switch_port_table,
      REPLICA_COL(NB_LOGICAL_SWITCH_PORT_COL_UP)
      | REPLICA_COL(NB_LOGICAL_SWITCH_PORT_COL_DYNAMIC_ADDRESSES)
      | REPLICA_COL(NB_LOGICAL_SWITCH_PORT_COL_TAG),
      0, NULL },
    { F_NB_LRP, &nb_logical_router_port_table,
      REPLICA_COL(NB_LOGICAL_ROUTER_PORT_COL_STATUS), 0, NULL },
};
const size_t n_nb_row_tables = ARRAY_SIZE(nb_row_tables);

bool
sb_table_is_input(const struct replica_table_class *table)
{
    return (table == &sb_port_binding_table || table == &sb_chassis_table
            || table == &sb_encap_table);
}
