/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_PROGRAM_H
#define NORTHD_PROGRAM_H

/* What northd is made of: its input tables, fact classes and unit classes.
 *
 * Ranks go from indexes of the databases' rows, over who is connected to whom
 * and what was allocated, to the flows and rows that come out. */

#include "lib/base/uuid.h"
#include "lib/incr/incr.h"
#include "lib/schema/nb_tracked.h"
#include "lib/schema/sb_tracked.h"

#define T_NB(NAME) (NB_TABLE_##NAME)
#define T_SB(NAME) (NB_N_TABLES + SB_TABLE_##NAME)
#define N_INPUT_TABLES (NB_N_TABLES + SB_N_TABLES)

enum northd_rank {
    RANK_INDEX = 0,     /* Of rows by what others know them by. */
    RANK_PEER = 1,      /* Who is connected to whom; what wants a key. */
    RANK_GIVEN = 2,     /* What an allocator gave (input facts). */
    RANK_ADDRESS = 3,   /* Addresses of ports, properties of datapaths. */
    RANK_MEMBER = 4,    /* Which ACL, load balancer, route is where. */
    RANK_SET = 5,       /* Sets that are made of these. */
    RANK_OUT = 10,      /* Units that emit only output. */
    RANK_SINK = 60,     /* What goes to a database. */
};

/* Fact classes.  A comment gives the key, then the value. */
enum northd_fact {
    /* Indexes. */
    F_GLOBAL,           /* {} -> struct global */
    F_LSP_BY_NAME,      /* name -> lsp */
    F_LRP_BY_NAME,      /* name -> lrp */
    F_LSP_SWITCH,       /* lsp -> ls */
    F_LRP_ROUTER,       /* lrp -> lr */
    F_SWITCH,           /* ls -> {} */
    F_ROUTER,           /* lr (enabled) -> {} */
    F_SWITCH_PORT,      /* struct switch_port -> {} */
    F_ROUTER_PORT,      /* struct router_port -> {} */
    F_BINDING,          /* logical_port -> Port_Binding row */
    F_CHASSIS,          /* name or hostname -> Chassis row */
    F_VXLAN,            /* {} -> {}: there is a VXLAN encapsulation */
    F_FEATURE_LACKED,   /* uint32_t enum chassis_feature -> {} */

    /* Connections. */
    F_SPECIAL_PORT,     /* struct switch_port, not a plain VIF -> {} */
    F_UNKNOWN_PORT,     /* struct switch_port with "unknown" addresses -> {} */
    F_DHCP_PORT,        /* struct switch_port with DHCP options -> {} */
    F_LSP_PEER,         /* lsp -> struct router_port */
    F_LRP_SWITCH_PEER,  /* lrp -> struct switch_port */
    F_LRP_ROUTER_PEER,  /* lrp -> struct router_port */
    F_SWITCH_ROUTERS,   /* ls -> struct switch_router */
    F_ROUTER_SWITCHES,  /* lr -> struct switch_router */
    F_SWITCH_LOCALNETS, /* ls -> lsp of type localnet */
    F_METER,            /* name -> NB Meter row */
    F_ROUTER_CHASSIS,   /* lr that leads a group -> Chassis row with a port on
                         * a switch of the group */
    F_GATEWAY_PORT,     /* lr -> lrp: distributed gateway ports */
    F_KEY_WANTED,       /* struct key_id -> struct wanted_key */
    F_ADDRESS_USED,     /* struct used_address -> {} */
    F_ADDRESS_WANTED,   /* struct switch_port -> struct wanted_address */

    /* Given. */
    F_KEY,              /* struct key_id -> uint32_t */
    F_ADDRESS_GIVEN,    /* lsp -> text */
    F_ROUTER_GROUP,     /* lr -> lr that leads its group */

    /* Addresses and properties. */
    F_LSP_ADDRESSES,    /* lsp -> text of one "MAC IP..." */
    F_SWITCH_FLAG,      /* struct datapath_flag -> {} */
    F_ROUTER_FLAG,      /* struct datapath_flag -> {} */
    F_PG_PORT,          /* {port group, ls} -> lsp name */
    F_PG_SWITCHES,      /* port group -> ls */
    F_PG_ACL,           /* {port group, acl} -> {} */
    F_ACL,              /* {acl, ls} -> {} */
    F_ACL_TIER,         /* {ls, stage} -> uint32_t tier */
    F_LBG_LB,           /* {load balancer group, lb} -> {} */
    F_LBG_SWITCHES,     /* load balancer group -> ls */
    F_LBG_ROUTERS,      /* load balancer group -> lr */
    F_LB_VIP,           /* struct lb_vip_key -> backends' text */
    F_LB_LIVE,          /* lb with VIPs -> {} */
    F_LB_SWITCH,        /* {lb, ls} -> {} */
    F_LB_STATELESS,     /* {lb, ls that balances untracked packets} -> {} */
    F_LB_PLACES,        /* struct lb_places -> ls or lr */
    F_LB_ROUTER,        /* {lb, lr} -> {} */
    F_ROUTE,            /* struct route_key -> struct route_hop */
    F_NAT,              /* {nat, lr} -> {} */
    F_NAT_EXTERNAL,     /* lr + address text -> {} */
    F_POLICY,           /* {policy, lr} -> {} */
    F_POLICY_LOOP,      /* lr + chain of policies that leads into a loop
                         * -> {} */
    F_SNAT_IP,          /* lr + address text -> {} */

    /* Out. */
    F_FLOW,             /* struct lflow_key -> datapath row */
    F_LB_FLOW,          /* struct lflow_key, struct lb_places -> struct
                         * lb_places: of all of these */
    F_SB_DATAPATH,      /* nb row uuid -> cells */
    F_SB_PORT,          /* logical_port -> cells */
    F_SB_MULTICAST,     /* nb row uuid + name -> cells */
    F_SB_PORT_GROUP,    /* name -> cells */
    F_SB_ADDRESS_SET,   /* name -> cells */
    F_SB_DHCP,          /* name -> cells */
    F_SB_DHCPV6,        /* name -> cells */
    F_SB_DNS,           /* nb row uuid -> cells */
    F_SB_METER,         /* name -> cells */
    F_SB_METER_BAND,    /* meter name + number -> cells */
    F_SB_HA_GROUP,      /* name -> cells */
    F_SB_HA_CHASSIS,    /* group name + chassis name -> cells */
    F_SB_LB,            /* nb row uuid -> cells */
    F_SB_ACL_ID,        /* ACL's uuid -> cells */
    F_SB_STATIC_MAC,    /* logical_port + ip -> cells */
    F_SB_RBAC_ROLE,     /* name -> cells */
    F_SB_RBAC_PERMISSION, /* table -> cells */
    F_NB_LSP,           /* row uuid -> cells */
    F_NB_LRP,           /* row uuid -> cells */
    N_FACTS
};

/* Keys and values.  Rows are told by pointer, which is good for as long as the
 * fact is there. */

struct switch_port {
    const struct nb_logical_switch *ls;
    const struct nb_logical_switch_port *lsp;
};

struct router_port {
    const struct nb_logical_router *lr;
    const struct nb_logical_router_port *lrp;
};

/* A switch port of type router and the router port that it is for. */
struct switch_router {
    struct switch_port sp;
    struct router_port rp;
};

/* Who wants a tunnel key: a datapath ('scope' zero, 'name' its uuid's text) or
 * a port of a datapath.  The name follows, without its null terminator. */
struct key_id {
    struct uuid scope;
};

struct wanted_key {
    uint32_t requested;         /* 0 for any. */
    uint32_t max;               /* 0 for what tunnels have room for. */
};

/* Options of NB_Global that flows depend on. */
struct global {
    char svc_monitor_mac[18];   /* "" if not set. */
    char mac_prefix[9];         /* "0a:58:00"; "" if not set. */
    bool use_ct_inv_match;
    bool ignore_lsp_down;
    bool default_acl_drop;
    bool controller_event;
    bool ignore_chassis_features;
    bool vxlan_mode;
    bool use_common_zone;
};

enum datapath_flag_type {
    SWITCH_HAS_ACL,
    SWITCH_HAS_STATEFUL_ACL,
    SWITCH_HAS_PERSISTENT_ACL,
    SWITCH_HAS_LB,
    SWITCH_HAS_UNKNOWN,
    ROUTER_HAS_NAT,
    ROUTER_HAS_LB,
    ROUTER_HAS_DISTRIBUTED_NAT,
    ROUTER_HAS_CHAIN,
};

struct datapath_flag {
    const void *row;
    uint64_t flag;              /* enum datapath_flag_type. */
};

/* A VIP.  Its text follows, without its null terminator. */
struct lb_vip_key {
    const struct nb_load_balancer *lb;
};

/* Datapaths on which a load balancer that has VIPs does the same. */
enum lb_place_kind {
    LB_ON_SWITCHES,
    LB_ON_GATEWAYS,             /* Gateway routers. */
    LB_ON_SNAT_GATEWAYS,        /* Those that force SNAT on it. */
    LB_N_PLACE_KINDS
};

struct lb_places {
    const struct nb_load_balancer *lb;
    uint64_t kind;              /* enum lb_place_kind. */
};

/* Two rows as a key. */
struct row_pair {
    const void *a;
    const void *b;
};

/* The units of one file. */
struct unit_list {
    const struct incr_unit_class *units;
    size_t n;
};

#define UNIT_LIST(NAME, ...) \
    static const struct incr_unit_class NAME##_array[] = { __VA_ARGS__ }; \
    const struct unit_list NAME = { NAME##_array, ARRAY_SIZE(NAME##_array) }

#define UNIT_ROW(RANK, TABLE, RUN) \
    { .name = #RUN, .rank = (RANK), .table = (TABLE), .fact = INCR_NONE, \
      .run_row = (RUN) }
#define UNIT_GROUP(RANK, FACT, RUN) \
    { .name = #RUN, .rank = (RANK), .table = INCR_NONE, .fact = (FACT), \
      .run_group = (RUN) }

/* What units may know of the southbound server, by incr_aux(); constant for
 * the life of an engine. */
struct northd_env {
    bool old_schema;            /* Older than column Datapath_Binding.type. */
    bool no_acl_ids;            /* Older than table ACL_ID. */
};

/* The whole program, made at the first call. */
const struct incr_program *northd_program(void);

/* Shorthand for units. */

/* Emits a fact whose key and value are objects. */
#define EMIT(CTX, FACT, KEY, VALUE) \
    incr_emit(CTX, FACT, &(KEY), sizeof(KEY), &(VALUE), sizeof(VALUE))
#define EMIT_KEY(CTX, FACT, KEY) \
    incr_emit(CTX, FACT, &(KEY), sizeof(KEY), NULL, 0)
#define LOOKUP(CTX, FACT, KEY) incr_lookup(CTX, FACT, &(KEY), sizeof(KEY))
#define GET(CTX, FACT, KEY) incr_get(CTX, FACT, &(KEY), sizeof(KEY))
#define EXISTS(CTX, FACT, KEY) incr_exists(CTX, FACT, &(KEY), sizeof(KEY))

/* The row that is the value of the only fact under 'key', or NULL. */
const void *get_row(struct incr_ctx *, unsigned int fact, const void *key,
                    size_t);
const void *get_row_by_name(struct incr_ctx *, unsigned int fact,
                            const char *name);
const void *get_row_by_row(struct incr_ctx *, unsigned int fact,
                           const void *row);

/* NB_Global's options; all defaults while there is no row. */
struct global get_global(struct incr_ctx *);

bool switch_has(struct incr_ctx *, const struct nb_logical_switch *,
                enum datapath_flag_type);
void switch_set(struct incr_ctx *, const struct nb_logical_switch *,
                enum datapath_flag_type);
bool router_has(struct incr_ctx *, const struct nb_logical_router *,
                enum datapath_flag_type);
void router_set(struct incr_ctx *, const struct nb_logical_router *,
                enum datapath_flag_type);

/* The distributed gateway ports' number, and the first by name or NULL. */
const struct nb_logical_router_port *
router_gateway_port(struct incr_ctx *, const struct nb_logical_router *,
                    size_t *ret_n);

/* options:chassis of a gateway router, else NULL. */
const char *router_chassis(struct incr_ctx *,
                           const struct nb_logical_router *);

/* The tunnel key of a datapath or a port; 0 if it has none (yet). */
uint32_t get_datapath_key(struct incr_ctx *, const struct replica_row *);
uint32_t get_port_key(struct incr_ctx *, const struct replica_row *datapath,
                      const char *port);
void want_key(struct incr_ctx *, const struct uuid *scope, const char *name,
              uint32_t requested);

/* Likewise with a number of at most 'max' in a scope that has nothing to do
 * with tunnels. */
void want_number(struct incr_ctx *, const struct uuid *scope,
                 const char *name, uint32_t requested, uint32_t max);
uint32_t get_number(struct incr_ctx *, const struct uuid *scope,
                    const char *name);

/* The builder that emitting uses itself. */
#define SCRATCH_KEY 11

/* Builds a text in scratch builder 'i', 0 to 10.  It lasts until the builder
 * is used again: texts that are arguments of one call need builders of their
 * own. */
const char *text(struct incr_ctx *, unsigned int i, const char *format, ...)
    PRINTF_FORMAT(3, 4);

/* 'name' as a string constant of the logical flow language, in builder 'i'. */
const char *quoted(struct incr_ctx *, unsigned int i, const char *name);
const char *quoted_cr(struct incr_ctx *, unsigned int i, const char *name);

/* For bad northbound rows: one rate-limited warning, not repeated while
 * units run again, until all are forgotten. */
void forget_warnings(void);
void warn_row(const struct replica_row *, const char *format, ...)
    PRINTF_FORMAT(2, 3);

/* Whether an optional boolean is absent or true. */
bool lsp_is_enabled(struct incr_ctx *, const struct nb_logical_switch_port *);
bool lrp_is_enabled(struct incr_ctx *, const struct nb_logical_router_port *);

/* Emits, or looks for, a fact of "router + text" (F_SNAT_IP and the like). */
void router_ip_set(struct incr_ctx *, unsigned int fact,
                   const struct nb_logical_router *, const char *ip);
bool router_ip_has(struct incr_ctx *, unsigned int fact,
                   const struct nb_logical_router *, const char *ip);

/* The port's type; "" for a VIF. */
bool lsp_is_type(struct incr_ctx *, const struct nb_logical_switch_port *,
                 const char *type);

/* Whether it is a patch to another datapath: a router or a switch. */
bool lsp_is_patch(struct incr_ctx *, const struct nb_logical_switch_port *);

/* Whether it is up, as its "up" column will say.  What a host said stays in
 * the southbound row when the host is deleted; the reference to it does not. */
bool lsp_is_up(struct incr_ctx *, const struct nb_logical_switch_port *);

#endif /* northd/program.h */
