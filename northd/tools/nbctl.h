/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOOLS_NBCTL_H
#define NORTHD_TOOLS_NBCTL_H

/* What the files of ovn-nbctl share. */

#include "lib/dbctl/dbctl.h"
#include "lib/schema/nb.h"

/* Finds a row by uuid or by its string column 'column'; 'what' is for the
 * message ("switch name").  '*ret_row' becomes NULL without an error if there
 * is none and 'must_exist' is false. */
struct error *nbctl_find(struct dbctl *, const struct replica_table_class *,
                         unsigned int column, const char *what,
                         const char *id, bool must_exist,
                         const struct replica_row **ret_row) MUST_USE;

struct error *nbctl_find_switch(struct dbctl *, const char *id,
                                bool must_exist,
                                const struct nb_logical_switch **) MUST_USE;
struct error *nbctl_find_lsp(struct dbctl *, const char *id, bool must_exist,
                             const struct nb_logical_switch_port **) MUST_USE;
struct error *nbctl_find_router(struct dbctl *, const char *id,
                                bool must_exist,
                                const struct nb_logical_router **) MUST_USE;
struct error *nbctl_find_lrp(struct dbctl *, const char *id, bool must_exist,
                             const struct nb_logical_router_port **) MUST_USE;

/* Adds the line "UUID (NAME)" to sort. */
typedef VEC(char *) nbctl_lines;
void nbctl_add_line(nbctl_lines *, const struct replica_row *,
                    const char *name);

/* Puts the lines out, by name, and frees them. */
void nbctl_put_lines(struct str *, nbctl_lines *);

/* "enabled" or "disabled". */
struct error *nbctl_parse_state(const char *, bool *) MUST_USE;

/* "KEY=VALUE" words into a map; others are left out. */
void nbctl_parse_pairs(char *argv[], int n, struct smap *);

/* Puts "KEY=VALUE" lines. */
void nbctl_put_pairs(struct str *, const struct strmap *);

extern const struct dbctl_command_group nbctl_general_commands;
extern const struct dbctl_command_group nbctl_switch_commands;
extern const struct dbctl_command_group nbctl_lsp_commands;
extern const struct dbctl_command_group nbctl_router_commands;
extern const struct dbctl_command_group nbctl_route_commands;
extern const struct dbctl_command_group nbctl_acl_commands;
extern const struct dbctl_command_group nbctl_nat_commands;
extern const struct dbctl_command_group nbctl_dhcp_commands;

#endif /* northd/tools/nbctl.h */
