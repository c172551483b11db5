/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOOLS_SBCTL_H
#define NORTHD_TOOLS_SBCTL_H

/* What the files of ovn-sbctl share. */

#include "lib/dbctl/dbctl.h"
#include "lib/schema/sb.h"

struct openflow_flows;

extern const struct dbctl_command_group sbctl_chassis_commands;
extern const struct dbctl_command_group sbctl_flow_commands;

/* How lflow-list prints. */
struct sbctl_listing {
    struct dbctl_call *call;
    const struct sb_datapath_binding *datapath;     /* This one's; NULL: of
                                                     * all. */
    const struct openflow_flows *openflow;          /* To show too, or NULL. */
    bool show_uuid;
};

/* Starts a line: two blanks, and the start of the uuid if it is shown. */
void sbctl_start_line(const struct sbctl_listing *, const struct uuid *);

/* The names of a datapath, in quotes. */
void sbctl_put_datapath(struct str *, const struct sb_datapath_binding *);

/* The OpenFlow flows that come of the row of that uuid, below its line. */
void sbctl_put_openflow(const struct sbctl_listing *, const struct uuid *);

/* The rows, other than logical flows, that OpenFlow flows come of. */
void sbctl_put_vflows(const struct sbctl_listing *);

/* Tables that sbctl_put_vflows() reads, ended by NULL. */
extern const struct replica_table_class *const sbctl_vflow_tables[];

#endif /* northd/tools/sbctl.h */
