/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VTEP_TOOLS_VTEP_CTL_H
#define VTEP_TOOLS_VTEP_CTL_H

/* What the files of vtep-ctl share. */

#include "lib/dbctl/dbctl.h"
#include "lib/schema/vtep.h"

extern const struct dbctl_command_group vtep_ctl_physical_commands;
extern const struct dbctl_command_group vtep_ctl_logical_commands;
extern const struct dbctl_command_group vtep_ctl_mac_commands;

/* The status of commands that ask whether something exists: 2 if not. */
struct error *vtep_ctl_exists(const void *row) MUST_USE;

/* The row, which 'begin' makes if it is missing. */
const struct vtep_global *vtep_ctl_root(const struct dbctl_call *);

/* By name; an error if there is none. */
struct error *vtep_ctl_find_ps(const struct dbctl_call *, const char *name,
                               const struct vtep_physical_switch **) MUST_USE;
struct error *vtep_ctl_find_port(const struct vtep_physical_switch *,
                                 const char *name,
                                 const struct vtep_physical_port **) MUST_USE;
struct error *vtep_ctl_find_ls(const struct dbctl_call *, const char *name,
                               const struct vtep_logical_switch **) MUST_USE;

/* Tables of physical and logical switches, ended by NULL. */
extern const struct replica_table_class *const vtep_ctl_switch_tables[];

/* Rows of a table, one a line by a column that is a string, in order. */
void vtep_ctl_put_names(struct dbctl_call *,
                        const struct replica_table_class *,
                        unsigned int column);

#endif /* vtep/tools/vtep_ctl.h */
