/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_PORT_H
#define OFPROTO_PORT_H

/* Ports of a bridge: OpenFlow ports ('ofport': one interface each) and the
 * switch ports that they belong to ('ofbundle': what a Port row of the
 * database says of VLANs).
 *
 * Readers (translation) find ports by number and follow their pointers within
 * an RCU read section.  'struct ofport' changes in place only in members that
 * are marked atomic; its settings and its bundle are replaced whole. */

#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/smap.h"
#include "lib/flow/flow.h"
#include "lib/openflow/port_msg.h"
#include "lib/runtime/rcu.h"

struct netdev;
struct ofproto;

enum ofport_kind {
    OFPORT_NETDEV,               /* A port of the datapath of its own. */
    OFPORT_PATCH,                /* Joined to a patch port of a bridge of the
                                  * same datapath. */
    OFPORT_TUNNEL,               /* One of many on a tunnel port of the
                                  * datapath. */
};

/* Where a tunnel's parameter comes from. */
struct tunnel_config {
    char type[12];               /* "geneve", "vxlan", "gre", ... */
    be16 dst_port;
    struct in6_addr local;       /* IPv4 mapped; all zero: any. */
    struct in6_addr remote;
    bool local_flow;             /* From the flow's tun_src. */
    bool remote_flow;            /* From the flow's tun_dst. */
    be64 in_key, out_key;
    bool in_key_present, out_key_present;
    bool in_key_flow, out_key_flow;
    uint8_t ttl;                 /* 0: the default. */
    bool ttl_inherit;
    uint8_t tos;
    bool tos_inherit;
    bool dont_fragment;
    bool csum;
    bool gbp;                    /* VXLAN group policy. */
    bool has_egress_mark;
    uint32_t egress_mark;        /* pkt_mark of the tunnel's packets. */
};

/* What may be replaced while readers look: RCU. */
struct ofport_settings {
    struct rcu_head rcu;
    struct tunnel_config tunnel;     /* OFPORT_TUNNEL. */
    char *peer;                  /* OFPORT_PATCH: name of the other port. */
};

enum vlan_mode {
    VLAN_MODE_ACCESS,
    VLAN_MODE_TRUNK,
    VLAN_MODE_NATIVE_UNTAGGED,
    VLAN_MODE_NATIVE_TAGGED,
    VLAN_MODE_DOT1Q_TUNNEL,
};

enum priority_tags {
    PRIORITY_TAGS_NEVER,
    PRIORITY_TAGS_IF_NONZERO,
    PRIORITY_TAGS_ALWAYS,
};

#define N_VLANS 4096

/* What a Port says. */
struct ofbundle_settings {
    char *name;
    enum vlan_mode vlan_mode;
    uint16_t vlan;               /* Access and native VLAN; 0: none. */
    be16 qinq_ethtype;
    const uint64_t *trunks;      /* N_VLANS bits; NULL: all. */
    const uint64_t *cvlans;      /* Of a dot1q tunnel; NULL: all. */
    enum priority_tags priority_tags;
    bool is_protected;
    ofp_port_t *ports;           /* One today: bonds come later. */
    size_t n_ports;
};

/* A switch port as translation sees it: never changes; freed by RCU. */
struct ofbundle {
    struct rcu_head rcu;
    struct ofproto *ofproto;
    char *name;
    enum vlan_mode vlan_mode;
    uint16_t vlan;
    be16 qinq_ethtype;
    uint64_t *trunks;            /* Owned; NULL: all. */
    uint64_t *cvlans;            /* Owned; NULL: all. */
    enum priority_tags priority_tags;
    bool is_protected;
    size_t n_ports;
    ofp_port_t ports[];
};

struct ofport {
    struct hmap_node name_node;  /* In ofproto.ports_by_name. */
    struct ofproto *ofproto;
    char *name;
    char *type;                  /* "system", "internal", "patch", ... */
    enum ofport_kind kind;
    ofp_port_t ofp_port;
    odp_port_t odp_port;         /* ODPP_NONE for patch ports. */
    struct netdev *netdev;       /* Borrowed from the datapath; may be NULL. */

    struct ofport_settings *settings;   /* RCU. */
    struct ofbundle *bundle;     /* RCU; NULL: none. */
    struct ofport *peer;         /* RCU: the patch port at the other end. */
    uint32_t config;             /* Atomic: PORT_DOWN, ... */
    uint32_t state;              /* Atomic: PORT_LINK_DOWN, ... */
    struct eth_addr hw_addr;
    bool may_enable;             /* Atomic: up, for groups that watch it. */
    bool is_forwarding;          /* Says its BFD session, if it has one. */
    struct bfd_filter *bfd_filter;   /* RCU; NULL: no session. */

    /* Of a patch port or tunnel, which the datapath does not count. */
    struct {
        uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
    } counts;                    /* Atomic. */

    int64_t created_ms;
    uint64_t netdev_seq;         /* netdev_change_seq() when last looked. */
    struct hmap_node tunnel_node;/* In backer.tunnels. */
    struct rcu_head rcu;
};

/* What the caller of ofproto_port_add() says. */
struct ofport_init {
    const char *name;
    const char *type;            /* "", "system", "internal", "tap", "patch",
                                  * "geneve", "vxlan", "gre", "dummy". */
    const struct smap *options;  /* Interface.options. */
    ofp_port_t request;          /* OFPP_NONE: any. */
};

/* Reads options of a tunnel (remote_ip, local_ip, key, in_key, out_key, tos,
 * ttl, df_default, csum, dst_port, egress_pkt_mark, exts) of 'type'. */
struct error *tunnel_config_parse(const char *type, const struct smap *options,
                                  struct tunnel_config *ret) MUST_USE;

/* Is 'type' one of a tunnel? */
bool tunnel_type_is_known(const char *type);

/* The UDP port of tunnels of 'type' that name none; 0: not over UDP. */
be16 tunnel_default_port(const char *type);

static inline struct ofport_settings *
ofport_settings(const struct ofport *port)
{
    return rcu_dereference(port->settings);
}

static inline uint32_t
ofport_config(const struct ofport *port)
{
    return __atomic_load_n(&port->config, __ATOMIC_RELAXED);
}

static inline uint32_t
ofport_state(const struct ofport *port)
{
    return __atomic_load_n(&port->state, __ATOMIC_RELAXED);
}

/* Finds a port by number; within an RCU read section. */
struct ofport *ofport_find(const struct ofproto *, ofp_port_t);
struct ofport *ofport_find_by_name(const struct ofproto *, const char *name);

/* Describes the port for OpenFlow. */
void ofport_describe(const struct ofport *, struct phy_port *ret);

/* Reads what may have changed of the device, and tells controllers. */
void ofport_refresh(struct ofport *);

/* Notes whether the port's BFD session lets it forward. */
void ofport_set_forwarding(struct ofport *, bool is_forwarding);

/* Fills the counters; 0 or a negative errno value. */
int ofport_get_stats(const struct ofport *, struct port_stats *ret);

/* Adds to the counters of a patch port or tunnel.  Threads: any. */
void ofport_count_rx(struct ofport *, uint64_t n_packets, uint64_t n_bytes);
void ofport_count_tx(struct ofport *, uint64_t n_packets, uint64_t n_bytes);

/* Deletes all ports of a bridge. */
void ofports_destroy(struct ofproto *, bool del_datapath);

/* Does a bundle carry VLAN 'vid'?  And packets that have the tag 'vid' (0:
 * none) within their VLAN?  Access ports carry none of these, dot1q tunnels
 * those that they are for. */
bool ofbundle_includes_vlan(const struct ofbundle *, uint16_t vid);
bool ofbundle_includes_cvlan(const struct ofbundle *, uint16_t vid);

#endif /* ofproto/port.h */
