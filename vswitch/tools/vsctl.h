/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TOOLS_VSCTL_H
#define VSWITCH_TOOLS_VSCTL_H

/* What the files of ovs-vsctl share. */

#include "lib/dbctl/dbctl.h"
#include "lib/schema/vs.h"

/* A bridge as users see them: a real one, or a "fake" one, which is a port of
 * a real one and holds the ports of one VLAN there. */
struct vsctl_bridge {
    const struct vs_bridge *br;     /* The real one. */
    const struct vs_port *fake;     /* The fake one's port, or NULL. */
};

/* The row, which 'begin' makes if it is missing. */
const struct vs_open_vswitch *vsctl_root(const struct dbctl *);

/* vsctl_find.c: look-ups. */

enum vsctl_index {
    VSCTL_BRIDGE_BY_NAME,
    VSCTL_BRIDGE_BY_PORT,
    VSCTL_PORT_BY_NAME,
    VSCTL_PORT_BY_IFACE,
    VSCTL_PORT_BY_VLAN,             /* Ports that stand for fake bridges. */
    VSCTL_IFACE_BY_NAME,
    VSCTL_N_INDEXES
};

/* The tool's state. */
struct vsctl_state {
    struct replica_index *indexes[VSCTL_N_INDEXES];
};

/* What is called by a name. */
struct vsctl_found {
    const struct vs_bridge *br;
    const struct vs_port *port;
    const struct vs_interface *iface;   /* NULL if it is the port. */
};

bool vsctl_has_bridge(const struct dbctl *, const char *name,
                      struct vsctl_bridge *);
bool vsctl_find_port(const struct dbctl *, const char *name,
                     struct vsctl_found *);
bool vsctl_find_iface(const struct dbctl *, const char *name,
                      struct vsctl_found *);

/* Whether the port stands for a fake bridge. */
bool vsctl_port_is_fake_bridge(const struct vs_port *);

/* The port that stands for the fake bridge of 'vlan' in 'br', or NULL. */
const struct vs_port *vsctl_find_vlan_bridge(const struct dbctl *,
                                             const struct vs_bridge *br,
                                             int64_t vlan);

/* The bridge, of those within 'br', that the port belongs to. */
struct vsctl_bridge vsctl_bridge_of(const struct dbctl *,
                                    const struct vs_bridge *br,
                                    const struct vs_port *);

/* Whether the port, which is one of bridge->br, belongs to 'bridge' and does
 * not stand for a bridge itself. */
bool vsctl_port_is_in(const struct dbctl *, const struct vsctl_bridge *,
                      const struct vs_port *);

struct error *vsctl_find_bridge(const struct dbctl *, const char *name,
                                struct vsctl_bridge *) MUST_USE;

/* The real bridge of that name. */
struct error *vsctl_find_real_bridge(const struct dbctl *, const char *name,
                                     const struct vs_bridge **) MUST_USE;

/* What most commands look at. */
extern const struct dbctl_need vsctl_needs[];

extern const struct dbctl_command_group vsctl_bridge_commands;
extern const struct dbctl_command_group vsctl_port_commands;
extern const struct dbctl_command_group vsctl_connection_commands;
extern const struct dbctl_command_group vsctl_zone_commands;
extern const struct dbctl_command_group vsctl_general_commands;

#endif /* vswitch/tools/vsctl.h */
