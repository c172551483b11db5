/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_NETWORK_H
#define CONTROLLER_TRACE_NETWORK_H

/* The logical network as a trace sees it: a picture of the southbound database
 * taken at one moment.  Flows are parsed when it is taken; those that do not
 * parse are left out and told of. */

#include "lib/base/hmap.h"
#include "lib/base/shash.h"
#include "lib/base/smap.h"
#include "lib/base/str.h"
#include "lib/base/uuid.h"
#include "lib/base/vec.h"
#include "lib/logical/actions.h"
#include "lib/logical/addresses.h"

struct replica;
struct datapath;

struct port {
    struct uuid uuid;            /* Of its row. */
    const char *name;
    const char *friendly_name;
    const char *type;            /* "", "patch", ... */
    uint32_t key;
    struct datapath *datapath;
    struct port *peer;           /* Of a patch or l3gateway port; or NULL. */
    struct port *distributed;    /* Of a chassisredirect port; or NULL. */
    VEC(struct port_addresses) security; /* What it may send and receive; none:
                                          * everything. */
};

struct multicast_group {
    const char *name;
    uint32_t key;
    struct port **ports;         /* Sorted by name. */
    size_t n_ports;
};

struct logical_flow {
    struct uuid uuid;
    uint8_t table;
    uint16_t priority;
    const char *stage;           /* Or "". */
    const char *source;          /* "northd.c:123", or NULL. */
    const char *match_text;      /* As the row has it. */
    const struct expr *match;    /* With the actions' prerequisites. */
    const struct action *actions;
    bool is_trivial;             /* "1" and "next;" to the next table. */
};

struct mac_binding {
    struct port *port;
    struct in6_addr ip;
    struct eth_addr mac;
};

struct fdb_entry {
    struct eth_addr mac;
    uint32_t port_key;
};

struct datapath {
    struct hmap_node node;       /* In network, by UUID. */
    struct uuid uuid;
    struct uuid nb_uuid;
    uint32_t key;
    const char *uuid_name;       /* 'nb_uuid' as text. */
    const char *name;
    const char *name2;           /* Or NULL. */
    const char *friendly_name;
    bool is_gateway_router;      /* Has an l3gateway port. */
    struct shash ports;          /* struct port, by name. */
    struct shash groups;         /* struct multicast_group, by name. */
    VEC(struct logical_flow) flows[2];   /* By pipeline: sorted by table, then
                                          * from high to low priority. */
    VEC(struct mac_binding) macs;
    VEC(struct fdb_entry) fdb;
    struct network *network;
};

struct network {
    struct hmap datapaths;
    struct shash ports;          /* All ports by name. */
    struct shash sets;           /* struct const_set. */
    struct shash port_groups;    /* struct port_names. */
    VEC(struct ip_port) vips;    /* Of load balancers. */
    struct smap templates;       /* Template variables by name. */
    struct option_table dhcpv4, dhcpv6, nd_ra;
    struct str warnings;         /* A line for each flow left out. */
    struct arena arena;
};

/* Takes the picture.  Strings are copied: the replica may change. */
struct network *network_create(const struct replica *sb);
void network_destroy(struct network *);

/* By name, either name, UUID (NB's or SB's) or the start of a UUID; NULL if
 * there is none or more than one. */
struct datapath *network_find_datapath(const struct network *,
                                       const char *name);

/* Keys of the datapath; NULL if there is none. */
const struct port *datapath_find_port(const struct datapath *, uint32_t key);
const struct multicast_group *
datapath_find_group(const struct datapath *, uint32_t key);

/* What expressions of flows of this datapath refer to. */
struct expr_env datapath_expr_env(struct datapath *);

/* The name of the stage of a table, or "". */
const char *datapath_stage(const struct datapath *, enum pipeline,
                           uint8_t table);

/* Replaces template variables in 'text': returns 'text' itself if it has none,
 * or what lives in 'arena'. */
const char *network_expand(const struct network *, const char *text,
                           struct arena *arena);

/* Finds the port that a person means by 'name': its name, its friendly name,
 * or the start of the UUID that it has as its name; NULL if there is none or
 * more than one. */
const struct port *network_find_port(const struct network *,
                                     const char *name);

/* Appends 'text', a match or actions, with ports' and datapaths' names in it
 * replaced by their friendly names. */
void network_put_friendly(const struct network *, const char *text,
                          struct str *);

#endif /* controller/trace/network.h */
