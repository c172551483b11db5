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

struct error *vsctl_find_bridge(const struct dbctl *, const char *name,
                                struct vsctl_bridge *) MUST_USE;

/* The real bridge of that name. */
struct error *vsctl_find_real_bridge(const struct dbctl *, const char *name,
                                     const struct vs_bridge **) MUST_USE;

/* Tables that most commands look at. */
extern const struct replica_table_class *const vsctl_tables[];

extern const struct dbctl_command_group vsctl_bridge_commands;
extern const struct dbctl_command_group vsctl_port_commands;
extern const struct dbctl_command_group vsctl_connection_commands;
extern const struct dbctl_command_group vsctl_zone_commands;
extern const struct dbctl_command_group vsctl_general_commands;

#endif /* vswitch/tools/vsctl.h */
