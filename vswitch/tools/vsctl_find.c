/* SPDX-License-Identifier: Apache-2.0 */

/* Looks up bridges, ports and interfaces by name, and upwards from a port to
 * its bridge, by indexes: a command line may add thousands of ports to a
 * switch that has thousands. */

#include <string.h>

#include "vswitch/tools/vsctl.h"

enum { MAX_KEY = 2 };

/* What each index is of. */
static const struct {
    const struct replica_table_class *table;
    struct replica_index_column columns[MAX_KEY];
    size_t n;
} kinds[VSCTL_N_INDEXES] = {
    [VSCTL_BRIDGE_BY_NAME] = {
        &vs_bridge_table, { { VS_BRIDGE_COL_NAME, NULL } }, 1 },
    [VSCTL_BRIDGE_BY_PORT] = {
        &vs_bridge_table, { { VS_BRIDGE_COL_PORTS, NULL } }, 1 },
    [VSCTL_PORT_BY_NAME] = {
        &vs_port_table, { { VS_PORT_COL_NAME, NULL } }, 1 },
    [VSCTL_PORT_BY_IFACE] = {
        &vs_port_table, { { VS_PORT_COL_INTERFACES, NULL } }, 1 },
    [VSCTL_PORT_BY_VLAN] = {
        &vs_port_table, { { VS_PORT_COL_FAKE_BRIDGE, NULL },
                          { VS_PORT_COL_TAG, NULL } }, 2 },
    [VSCTL_IFACE_BY_NAME] = {
        &vs_interface_table, { { VS_INTERFACE_COL_NAME, NULL } }, 1 },
};

/* The index, made at its first use. */
static const struct replica_index *
get_index(const struct dbctl *dbctl, enum vsctl_index i)
{
    struct vsctl_state *state = dbctl_state(dbctl);

    if (!state->indexes[i]) {
        state->indexes[i] = replica_index_create(
            dbctl_replica(dbctl), kinds[i].table, kinds[i].columns,
            kinds[i].n);
    }
    return state->indexes[i];
}

/* The bridge that has the port, or NULL. */
static const struct vs_bridge *
real_bridge_of(const struct dbctl *dbctl, const struct vs_port *port)
{
    return (const struct vs_bridge *) replica_index_find_ref(
        get_index(dbctl, VSCTL_BRIDGE_BY_PORT), &port->header);
}

bool
vsctl_port_is_fake_bridge(const struct vs_port *port)
{
    return (port->fake_bridge && port->has_tag && port->tag >= 0
            && port->tag <= 4095);
}

const struct vs_port *
vsctl_find_vlan_bridge(const struct dbctl *dbctl, const struct vs_bridge *br,
                       int64_t vlan)
{
    const union replica_atom key[] = { { .boolean = true },
                                       { .integer = vlan } };
    struct replica_index_cursor cursor;
    struct replica_row *row;

    REPLICA_INDEX_FOR_EACH (row, &cursor,
                            get_index(dbctl, VSCTL_PORT_BY_VLAN), key) {
        const struct vs_port *port = (const struct vs_port *) row;

        if (vsctl_port_is_fake_bridge(port)
            && real_bridge_of(dbctl, port) == br) {
            return port;
        }
    }
    return NULL;
}

struct vsctl_bridge
vsctl_bridge_of(const struct dbctl *dbctl, const struct vs_bridge *br,
                const struct vs_port *port)
{
    return (struct vsctl_bridge) {
        br, port->has_tag ? vsctl_find_vlan_bridge(dbctl, br, port->tag)
            : NULL,
    };
}

bool
vsctl_port_is_in(const struct dbctl *dbctl, const struct vsctl_bridge *bridge,
                 const struct vs_port *port)
{
    return (!vsctl_port_is_fake_bridge(port)
            && strcmp(port->name, bridge->br->name)
            && vsctl_bridge_of(dbctl, bridge->br, port).fake == bridge->fake);
}

/* Names are unique among the ports of bridges; a port that a command has taken
 * out of its bridge does not count. */
bool
vsctl_find_port(const struct dbctl *dbctl, const char *name,
                struct vsctl_found *found)
{
    const union replica_atom key = { .string = name };
    struct replica_index_cursor cursor;
    struct replica_row *row;

    REPLICA_INDEX_FOR_EACH (row, &cursor,
                            get_index(dbctl, VSCTL_PORT_BY_NAME), &key) {
        const struct vs_port *port = (const struct vs_port *) row;
        const struct vs_bridge *br = real_bridge_of(dbctl, port);

        if (br) {
            *found = (struct vsctl_found) { br, port, NULL };
            return true;
        }
    }
    return false;
}

bool
vsctl_find_iface(const struct dbctl *dbctl, const char *name,
                 struct vsctl_found *found)
{
    const union replica_atom key = { .string = name };
    struct replica_index_cursor cursor;
    struct replica_row *row;

    REPLICA_INDEX_FOR_EACH (row, &cursor,
                            get_index(dbctl, VSCTL_IFACE_BY_NAME), &key) {
        const struct vs_port *port
            = (const struct vs_port *) replica_index_find_ref(
                get_index(dbctl, VSCTL_PORT_BY_IFACE), row);
        const struct vs_bridge *br = port ? real_bridge_of(dbctl, port) : NULL;

        if (br) {
            *found = (struct vsctl_found) {
                br, port, (const struct vs_interface *) row,
            };
            return true;
        }
    }
    return false;
}

bool
vsctl_has_bridge(const struct dbctl *dbctl, const char *name,
                 struct vsctl_bridge *ret)
{
    const struct vs_bridge *br
        = (const struct vs_bridge *) replica_index_find_string(
            get_index(dbctl, VSCTL_BRIDGE_BY_NAME), name);
    struct vsctl_found found;

    if (br) {
        *ret = (struct vsctl_bridge) { br, NULL };
        return true;
    }
    if (vsctl_find_port(dbctl, name, &found)
        && vsctl_port_is_fake_bridge(found.port)) {
        *ret = (struct vsctl_bridge) { found.br, found.port };
        return true;
    }
    return false;
}

struct error *
vsctl_find_bridge(const struct dbctl *dbctl, const char *name,
                  struct vsctl_bridge *ret)
{
    return (vsctl_has_bridge(dbctl, name, ret) ? NULL
            : error_create(0, "no bridge named %s", name));
}

struct error *
vsctl_find_real_bridge(const struct dbctl *dbctl, const char *name,
                       const struct vs_bridge **ret)
{
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(dbctl, name, &bridge);

    if (!error && bridge.fake) {
        error = error_create(0, "%s is a fake bridge", name);
    }
    if (!error) {
        *ret = bridge.br;
    }
    return error;
}
