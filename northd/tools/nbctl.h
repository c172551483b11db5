/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOOLS_NBCTL_H
#define NORTHD_TOOLS_NBCTL_H

/* What the files of ovn-nbctl share. */

#include "lib/dbctl/dbctl.h"
#include "lib/schema/nb.h"

/* Finds a row by uuid or by its string column 'column'; 'what' is for the
 * message ("switch").  '*ret_row' becomes NULL without an error if there
 * is none and 'must_exist' is false. */
struct error *nbctl_find(struct dbctl *, const struct replica_table_class *,
                         unsigned int column, const char *what,
                         const char *id, bool must_exist,
                         const struct replica_row **ret_row) MUST_USE;

/* A row whose string column 'column' is 'name'; NULL if there is none. */
const struct replica_row *
nbctl_row_named(struct dbctl *, const struct replica_table_class *,
                unsigned int column, const char *name);

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

struct error *nbctl_find_lb(struct dbctl *, const char *id, bool must_exist,
                            const struct nb_load_balancer **) MUST_USE;
struct error *nbctl_find_group(struct dbctl *, const char *id,
                               bool must_exist,
                               const struct nb_port_group **) MUST_USE;

/* The switch or router that a port belongs to; NULL if to none. */
const struct nb_logical_switch *
nbctl_switch_of(struct dbctl *, const struct nb_logical_switch_port *);
const struct nb_logical_router *
nbctl_router_of(struct dbctl *, const struct nb_logical_router_port *);

/* Whether a port's only address is "router": those of its router port. */
bool nbctl_lsp_follows_peer(const struct nb_logical_switch_port *);

/* What commands need (dbctl.h).  TABLE is a name such as nb_acl. */
#define NEED_NAMED(TABLE, ARG, COLUMNS, NAME) \
    { &TABLE##_table, COLUMNS, DBCTL_NAMED, ARG, NAME }
#define NEED_NAMED_OR_ALL(TABLE, ARG, COLUMNS, NAME) \
    { &TABLE##_table, COLUMNS, DBCTL_NAMED_OR_ALL, ARG, NAME }
#define NEED_ALL(TABLE, COLUMNS) \
    { &TABLE##_table, COLUMNS, DBCTL_ALL, 0, -1 }
#define NEED_REFERENCED(TABLE, COLUMNS) \
    { &TABLE##_table, COLUMNS, DBCTL_REFERENCED, 0, -1 }
#define NEED_OWNERS(TABLE, COLUMNS, COLUMN) \
    { &TABLE##_table, COLUMNS, DBCTL_OWNERS, 0, COLUMN }

/* Columns of rows that argument ARG names; of the ports' switches and
 * routers. */
#define NEED_LS(ARG, COLUMNS) \
    NEED_NAMED(nb_logical_switch, ARG, COLUMNS, NB_LOGICAL_SWITCH_COL_NAME)
#define NEED_LSP(ARG, COLUMNS) \
    NEED_NAMED(nb_logical_switch_port, ARG, COLUMNS, \
               NB_LOGICAL_SWITCH_PORT_COL_NAME)
#define NEED_LS_OF_LSP(COLUMNS) \
    NEED_OWNERS(nb_logical_switch, COLUMNS, NB_LOGICAL_SWITCH_COL_PORTS)
#define NEED_LR(ARG, COLUMNS) \
    NEED_NAMED(nb_logical_router, ARG, COLUMNS, NB_LOGICAL_ROUTER_COL_NAME)
#define NEED_LRP(ARG, COLUMNS) \
    NEED_NAMED(nb_logical_router_port, ARG, COLUMNS, \
               NB_LOGICAL_ROUTER_PORT_COL_NAME)
#define NEED_LR_OF_LRP(COLUMNS) \
    NEED_OWNERS(nb_logical_router, COLUMNS, NB_LOGICAL_ROUTER_COL_PORTS)
#define NEED_LB(ARG, COLUMNS) \
    NEED_NAMED(nb_load_balancer, ARG, COLUMNS, NB_LOAD_BALANCER_COL_NAME)
#define NEEDS(...) \
    (const struct dbctl_need[]) { __VA_ARGS__, { .table = NULL } }

/* REPLICA_COL() of columns of these tables. */
#define LS(COLUMN) REPLICA_COL(NB_LOGICAL_SWITCH_COL_##COLUMN)
#define LSP(COLUMN) REPLICA_COL(NB_LOGICAL_SWITCH_PORT_COL_##COLUMN)
#define LR(COLUMN) REPLICA_COL(NB_LOGICAL_ROUTER_COL_##COLUMN)
#define LRP(COLUMN) REPLICA_COL(NB_LOGICAL_ROUTER_PORT_COL_##COLUMN)
#define LB(COLUMN) REPLICA_COL(NB_LOAD_BALANCER_COL_##COLUMN)

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

/* Arguments.  'what' is for the message ("rate"). */

#define NBCTL_PRIORITY_MAX 32767

/* Refuses 's' unless it is one of 'choices', which NULL ends. */
struct error *nbctl_parse_choice(const char *what, const char *s,
                                 const char *const choices[]) MUST_USE;
struct error *nbctl_parse_number(const char *what, const char *s, int64_t min,
                                 int64_t max, int64_t *ret) MUST_USE;

/* 0 to NBCTL_PRIORITY_MAX. */
struct error *nbctl_parse_priority(const char *, int64_t *ret) MUST_USE;

/* "to-lport" or "from-lport", or a start of either. */
struct error *nbctl_parse_direction(const char *, const char **ret) MUST_USE;

/* An address, or a network ("IP/PLEN", or an IP alone) with its host bits
 * cleared, in canonical text, for free(); NULL if 's' is none. */
char *nbctl_normalize_ip(const char *s, bool *is_v4);
char *nbctl_normalize_network(const char *s, bool *is_v4, unsigned int *plen);

/* Whether a router port is bound to gateway chassis, which makes it a
 * distributed gateway port; whether IP address 'ip' is in its networks. */
bool nbctl_lrp_is_gateway(const struct nb_logical_router_port *);
bool nbctl_lrp_reaches(const struct nb_logical_router_port *, const char *ip);

/* What nbctl_find_bfd() reads. */
#define NBCTL_BFD_COLUMNS \
    (REPLICA_COL(NB_BFD_COL_DST_IP) | REPLICA_COL(NB_BFD_COL_LOGICAL_PORT))

/* A BFD session to 'dst_ip' (on 'logical_port', unless NULL); NULL if there is
 * none.  A new one. */
const struct nb_bfd *nbctl_find_bfd(const struct dbctl *, const char *dst_ip,
                                    const char *logical_port);
const struct nb_bfd *nbctl_add_bfd(struct dbctl *, const char *dst_ip,
                                   const char *logical_port);

/* nbctl_alike.c: what commands of switches and routers, or of their ports, do
 * alike. */
struct error *nbctl_run_add(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_del(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_list(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_port_del(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_port_list(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_port_set_enabled(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_port_get_enabled(struct dbctl_call *) MUST_USE;
struct error *nbctl_run_port_set_options(struct dbctl_call *) MUST_USE;

extern const struct dbctl_command_group nbctl_general_commands;
extern const struct dbctl_command_group nbctl_switch_commands;
extern const struct dbctl_command_group nbctl_lsp_commands;
extern const struct dbctl_command_group nbctl_router_commands;
extern const struct dbctl_command_group nbctl_route_commands;
extern const struct dbctl_command_group nbctl_acl_commands;
extern const struct dbctl_command_group nbctl_nat_commands;
extern const struct dbctl_command_group nbctl_dhcp_commands;
extern const struct dbctl_command_group nbctl_lb_commands;
extern const struct dbctl_command_group nbctl_qos_commands;
extern const struct dbctl_command_group nbctl_meter_commands;
extern const struct dbctl_command_group nbctl_policy_commands;
extern const struct dbctl_command_group nbctl_mirror_commands;
extern const struct dbctl_command_group nbctl_fwd_commands;
extern const struct dbctl_command_group nbctl_ha_commands;
extern const struct dbctl_command_group nbctl_copp_commands;
extern const struct dbctl_command_group nbctl_mac_binding_commands;
extern const struct dbctl_command_group nbctl_nf_commands;
extern const struct dbctl_command_group nbctl_hc_commands;

#endif /* northd/tools/nbctl.h */
