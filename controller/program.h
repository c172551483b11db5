/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PROGRAM_H
#define CONTROLLER_PROGRAM_H

/* What ovn-controller computes, as the engine's program: the input tables, the
 * classes of facts between them and the switch, and the ranks.
 *
 * The way of the facts, by rank:
 *
 *   0  what the program sets: local datapaths, allocated ids, switch state
 *   1  configuration of this chassis (from the Open_vSwitch row)
 *   2  which interfaces are on the integration bridge
 *   3  tunnels whose flows say where packets go
 *   4  names: interfaces by iface-id, tunnels by chassis, ports by name
 *   5  what is here: claims, resident ports, datapaths that matter
 *   6  members of large port groups that matter here
 *   7  port groups with those that do
 *   8  parts that logical flows are translated in
 *   9  OpenFlow flows, and ids that they want
 *
 * Some facts depend on a walk over a graph (local datapaths) or on an
 * allocation (conjunction ids, group ids, conntrack zones), which no pure
 * function gives: a sink collects what is wanted and, between two steps, sets
 * the answer as an input fact.  The step is repeated until nothing is
 * pending, before anything leaves the process. */

#include "lib/base/uuid.h"
#include "lib/flow/flow.h"
#include "lib/incr/incr.h"
#include "lib/schema/sb.h"
#include "lib/schema/vs.h"

/* Input tables: those of Open_vSwitch, then those of OVN_Southbound. */
#define TABLE_VS(NAME) (VS_TABLE_##NAME)
#define TABLE_SB(NAME) (VS_N_TABLES + SB_TABLE_##NAME)
#define CONTROLLER_N_TABLES (VS_N_TABLES + SB_N_TABLES)

enum controller_fact {
    /* Set by the program. */
    FACT_LOCAL_DATAPATH,     /* uint32_t key of the datapath -> nothing. */
    FACT_ID,                 /* id_key() -> uint32_t. */

    FACT_CONFIG,             /* Name of a setting -> its text. */
    FACT_INTEGRATION_PORT,   /* Interface uuid -> ovn-chassis-id of its Port,
                              * or "": it is on br-int. */
    FACT_FLOW_TUNNEL,        /* enum tunnel_type (uint32_t) -> uint32_t ofport
                              * of the one tunnel of that type. */
    FACT_INTERFACE,          /* iface-id -> struct interface_fact. */
    FACT_INTERFACE_VERSION,  /* Interface uuid -> its iface-id-ver. */
    FACT_INTERFACE_ENCAP,    /* Interface uuid -> its encap-ip. */
    FACT_PATCH,              /* Patch interface name -> uint32_t ofport. */
    FACT_TUNNEL,             /* Chassis name -> struct tunnel_fact, one for
                              * each pair of addresses. */
    FACT_DEFAULT_ENCAP,      /* Chassis name -> address that it prefers, if it
                              * has several. */
    FACT_TUNNEL_OPTION,      /* Name in SB_Global.options -> its text, of those
                              * that are about tunnels. */
    FACT_PORT,               /* Logical port name -> struct port_fact. */
    FACT_LOCALNET,           /* Datapath key -> struct port_fact: its localnet
                              * port, if a bridge is mapped to it here. */
    FACT_GROUP_KEY,          /* Datapath key, multicast group name -> key. */
    FACT_PORT_CHASSIS,       /* Logical port name -> name of its chassis. */
    FACT_BFD_PEER,           /* Chassis name -> nothing: a gateway group needs
                              * to know whether it lives. */
    FACT_CHASSIS_HERE,       /* Nothing -> struct uuid of our Chassis row. */
    FACT_HOSTNAME_HERE,      /* Nothing -> hostname in our Chassis row. */
    FACT_ADDRESS_SET,        /* Name -> array of struct const_set_item. */
    FACT_SET_BUCKETS,        /* Name of a large address set -> uint32_t in how
                              * many buckets its members are. */
    FACT_SET_BUCKET,         /* struct bucket_key -> array of
                              * struct const_set_item. */
    FACT_TEMPLATE_VAR,       /* Name -> text, on this chassis. */
    FACT_PORT_GROUP,         /* Name -> names of ports, each ended by a 0. */
    FACT_GROUP_SHARES,       /* Name of a large port group -> uint32_t in how
                              * many shares its ports are. */
    FACT_GROUP_SHARE,        /* struct bucket_key -> names of ports, as in
                              * FACT_PORT_GROUP. */

    FACT_CHASSIS_MAC,        /* Name of a physical network -> struct eth_addr of
                              * another chassis on it. */

    FACT_ROUTER_MAC,         /* Key of a switch with a localnet port -> struct
                              * router_mac_fact, one for each router port. */
    FACT_CLAIM,              /* Port_Binding uuid -> struct claim_fact. */
    FACT_HELD,               /* Port_Binding uuid -> nothing: the row names
                              * this chassis. */
    FACT_RESIDENT,           /* Logical port name -> nothing. */
    FACT_DATAPATH_SEED,      /* Datapath key -> nothing: it has ports here. */
    FACT_DATAPATH_EDGE,      /* Datapath key -> datapath key, by a patch. */
    FACT_SHARE_HERE,         /* As FACT_GROUP_SHARE, without those ports that are
                              * not in FACT_PORT_GROUP_HERE. */
    FACT_PORT_GROUP_HERE,    /* As FACT_PORT_GROUP, without the ports whose
                              * packets neither enter nor leave here. */

    FACT_GROUP_BUCKETS,      /* Name of a port group with many such ports ->
                              * uint32_t in how many buckets they are. */
    FACT_GROUP_BUCKET,       /* struct bucket_key -> names of ports, each ended
                              * by a 0. */

    FACT_PLACE,              /* struct part_key -> nothing: that flow is
                              * translated for that datapath alone. */
    FACT_SET_USE,            /* struct part_key -> nothing: of that flow there,
                              * the members of that set or port group are
                              * translated bucket by bucket. */
    FACT_BUCKET_USE,         /* Likewise, for each bucket. */

    FACT_FLOW,               /* struct flow_key -> struct flow_value. */
    FACT_ID_WANTED,          /* id_key() -> uint32_t how many. */
    FACT_TUNNEL_WANTED,      /* Chassis name -> struct tunnel_want, one for
                              * each tunnel. */
    FACT_PATCH_WANTED,       /* Name of a localnet or l2gateway port -> name of
                              * the bridge to join br-int with for it. */
    FACT_ANNOUNCE,           /* struct announce_key -> nothing. */
    FACT_QUEUE,              /* Name of a physical network -> struct queue_fact,
                              * one for each queue. */
    FACT_ACL_ID,             /* uint32_t number of an ACL -> nothing. */
    FACT_AGE,                /* Datapath key -> struct age_fact. */
    FACT_DNS,                /* Datapath key -> struct dns_fact, one for each
                              * DNS row that answers there. */
    FACT_STAND_IN,           /* Keys (uint32_t) of a datapath and of a
                              * chassisredirect port in it -> uint32_t key of
                              * the port that it stands for. */
    FACT_PERIODIC_RA,        /* Port_Binding uuid -> struct ra_fact. */
    FACT_METER,              /* Name -> the meter as ovs-ofctl writes it. */
    N_FACTS
};

/* Ranks of facts; a unit that emits a class has that rank. */
enum controller_rank {
    RANK_INPUT,
    RANK_CONFIG,
    RANK_BRIDGE,
    RANK_FLOW_TUNNELS,
    RANK_NAMES,
    RANK_BINDING,
    RANK_MEMBERS,
    RANK_GROUPS,
    RANK_PARTS,
    RANK_FLOWS,
};

/* OpenFlow tables.  The numbers are those that operators of OVN know from
 * ovs-ofctl dump-flows. */
enum controller_of_table {
    OF_TABLE_PHY_TO_LOG = 0,
    OF_TABLE_LOG_INGRESS = 8,
    OF_TABLE_REMOTE_OUTPUT = 37,
    OF_TABLE_LOCAL_OUTPUT = 38,
    OF_TABLE_CHECK_LOOPBACK = 39,
    OF_TABLE_LOG_EGRESS = 40,
    OF_TABLE_SAVE_INPORT = 64,
    OF_TABLE_LOG_TO_PHY = 65,
    OF_TABLE_MAC_BINDING = 66,
    OF_TABLE_MAC_LOOKUP = 67,
    OF_TABLE_CHK_LB_HAIRPIN = 68,
    OF_TABLE_CHK_LB_HAIRPIN_REPLY = 69,
    OF_TABLE_CT_SNAT_HAIRPIN = 70,
    OF_TABLE_GET_FDB = 71,
    OF_TABLE_LOOKUP_FDB = 72,
    OF_TABLE_CHK_IN_PORT_SEC = 73,
    OF_TABLE_CHK_IN_PORT_SEC_ND = 74,
    OF_TABLE_CHK_OUT_PORT_SEC = 75,
    OF_TABLE_ECMP_NH_MAC = 76,
    OF_TABLE_ECMP_NH = 77,
    OF_TABLE_CHK_LB_AFFINITY = 78,
    OF_TABLE_MAC_CACHE_USE = 79,
    OF_TABLE_CT_NW_DST = 81,
    OF_TABLE_CT_IP6_DST = 82,
    OF_TABLE_CT_TP_DST = 83,
    OF_TABLE_CT_STATE_SAVE = 84,
    OF_TABLE_FLOOD_REMOTE = 85,
    OF_TABLE_CT_PROTO = 86,
    OF_TABLE_GET_REMOTE_FDB = 87,
};

/* Values and keys of facts.  All are compared as bytes: start from zero. */

enum port_type {
    PORT_VIF,                /* Type "", also nested containers. */
    PORT_PATCH,
    PORT_L3GATEWAY,
    PORT_CHASSISREDIRECT,
    PORT_LOCALNET,
    PORT_LOCALPORT,
    PORT_L2GATEWAY,
    PORT_VTEP,
    PORT_EXTERNAL,
    PORT_VIRTUAL,
    PORT_REMOTE,
    PORT_UNKNOWN,
};

struct interface_fact {
    struct uuid uuid;        /* Of the Interface row. */
    uint32_t ofport;         /* 0: the switch has not assigned one. */
    uint32_t encap;          /* Number of the address that its packets are to
                              * leave from, in struct encap_ips. */
};

struct port_fact {
    struct uuid uuid;        /* Of the Port_Binding row. */
    struct uuid datapath;    /* Of the Datapath_Binding row. */
    uint32_t dp_key;
    uint32_t port_key;
    uint32_t type;           /* enum port_type. */
    uint32_t pad;
};

enum tunnel_type { TUNNEL_GENEVE, TUNNEL_VXLAN };

struct tunnel_fact {
    uint32_t ofport;
    uint8_t type;            /* enum tunnel_type. */
    uint8_t bfd_down;        /* BFD runs on it and says "down". */
    uint8_t local;           /* Number of our address in struct encap_ips. */
    uint8_t by_flow;         /* Both addresses are to be told with each
                              * packet. */
    char remote_ip[48];      /* Which encapsulation of the chassis. */
    char local_ip[48];       /* Ours, if 'by_flow'. */
};

struct claim_fact {
    struct uuid interface;   /* Zero if no interface backs the port. */
    uint8_t additional;      /* Not the main chassis of the port. */
    uint8_t pad[7];
    char encap_ip[48];       /* Where others are to send its packets; "": no
                              * preference. */
};

/* What SB_Global.options may say of BFD; the names are in encaps.c. */
enum { BFD_MIN_RX, BFD_MIN_TX, BFD_DECAY_MIN_RX, BFD_MULT, N_BFD_OPTIONS };

struct tunnel_want {
    uint8_t type;            /* enum tunnel_type. */
    uint8_t csum;
    uint8_t bfd;
    uint8_t pad[5];
    char local_ip[48];
    char remote_ip[48];
    uint16_t dst_port;       /* 0: the type's usual one. */
    uint8_t pad2[6];
    char tos[8];             /* As in Interface.options; "": not set. */
    char df_default[8];
    uint32_t bfd_options[N_BFD_OPTIONS];  /* 0: the switch's own. */
};

/* Kinds of allocated ids, first byte of an id key; text follows. */
enum id_kind {
    ID_CONJUNCTION = 'c',    /* As many in a row as wanted. */
    ID_GROUP = 'g',
    ID_METER = 'm',
    ID_ZONE = 'z',           /* Conntrack zone, kept over restarts. */
};

/* Returns the engine's program, which lives as long as the process. */
const struct incr_program *controller_program(void);

/* The key of an id: its kind and text.  Appended to 'key'. */
void controller_put_id_key(struct str *key, enum id_kind, const char *text);

/* Notes that an id of 'kind' and 'text' is wanted ('n' in a row) and returns
 * it, or 0 while it is not allocated: the caller then emits nothing that needs
 * it and runs again once it is there. */
uint32_t controller_want_id(struct incr_ctx *, enum id_kind, const char *text,
                            uint32_t n);

/* The id that another unit wants, or 0. */
uint32_t controller_find_id(struct incr_ctx *, enum id_kind, const char *text);

/* Settings of FACT_CONFIG; 'def' if absent.  Borrowed while the unit runs. */
const char *controller_config(struct incr_ctx *, const char *name,
                              const char *def);
bool controller_config_bool(struct incr_ctx *, const char *name, bool def);

static inline bool
controller_is_local(struct incr_ctx *ctx, uint32_t dp_key)
{
    return incr_exists(ctx, FACT_LOCAL_DATAPATH, &dp_key, sizeof dp_key);
}

/* The port that is called 'name', or NULL. */
const struct port_fact *controller_find_port(struct incr_ctx *,
                                             const char *name);

#endif /* controller/program.h */
