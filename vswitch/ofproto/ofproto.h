/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_OFPROTO_H
#define OFPROTO_OFPROTO_H

/* A bridge: OpenFlow tables, groups, meters, ports and connections over a
 * datapath.
 *
 * Bridges of one datapath type share one datapath, through a 'struct backer'.
 * Whoever configures (vswitch/config) calls the functions of this header;
 * translation (vswitch/xlate) reads the members that are marked RCU or atomic.
 *
 * Changes of tables and groups are made in 'version' + 1 and become visible
 * when the number is stored: one flow mod or a bundle of half a million.
 *
 * Threads: everything here is the main thread's unless marked. */

#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/base/smap.h"
#include "lib/base/sset.h"
#include "lib/base/uuid.h"
#include "lib/flow/port.h"
#include "lib/flow/tlv.h"
#include "lib/openflow/session_msg.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/ofproto/fail_open.h"
#include "vswitch/ofproto/group.h"
#include "vswitch/ofproto/port.h"
#include "vswitch/ofproto/rule.h"

struct backer;
struct conn_set;
struct in_band;
struct mac_table;

enum fail_mode {
    FAIL_STANDALONE,             /* Without controllers: a learning switch. */
    FAIL_SECURE,
};

/* The array of all bundles, for flooding; replaced whole. */
struct bundle_array {
    struct rcu_head rcu;
    size_t n;
    struct ofbundle *bundles[];
};

/* What becomes of packets that no rule is for, in the order that others have
 * rules of table 254 for them, which controllers do not see. */
enum fate {
    FATE_LOST,                   /* Recirculated from nowhere. */
    FATE_TO_CONTROLLER,
    FATE_MISS,                   /* Dropped. */
    FATE_FRAGMENT,               /* Dropped as the frag handling says. */
    N_FATES
};

struct ofproto {
    struct hmap_node node;       /* In the set of all bridges, by name. */
    char *name;
    struct uuid uuid;            /* Names this bridge in continuations. */
    struct backer *backer;
    uint64_t datapath_id;
    struct switch_desc desc;
    enum fail_mode fail_mode;
    uint8_t frag;                /* Atomic: enum frag_handling. */
    uint16_t miss_send_len;
    bool invalid_ttl_to_controller;
    bool is_destroyed;

    /* Read by translation. */
    uint64_t version;            /* Atomic. */
    struct oftable tables[OFPROTO_N_TABLES];
    struct rcu_hash groups;      /* struct group, by id. */
    struct rcu_hash meters;      /* struct meter, by id. */
    struct rcu_hash ports;       /* struct ofport, by OpenFlow number. */
    struct bundle_array *bundles;    /* RCU; never NULL. */
    struct tlv_table *tlv;       /* RCU; never NULL; replaced whole. */
    uint32_t option_users[TUN_METADATA_N_FIELDS];    /* Flows, of each slot of
                                                      * 'tlv'. */
    struct mac_table *macs;
    bool forward_bpdu;           /* Atomic. */

    bool wants_misses;           /* Atomic: a controller of OpenFlow 1.0 is
                                  * there, which gets packets that no flow
                                  * matches. */

    bool has_in_band;            /* Atomic: 'in_band' is not NULL. */

    struct hmap ports_by_name;
    ofp_port_t last_number;      /* That a port without a wish got. */
    struct list expirable;       /* Rules with timeouts. */
    struct list removals;        /* struct removal_batch's, oldest first. */
    struct conn_set *conns;
    struct in_band *in_band;     /* NULL: no in-band control. */
    struct fail_open fail_open;
    struct timer expire_timer;
    int64_t created_ms;
    struct {
        uint64_t n_packets, n_bytes;
    } fates[N_FATES];            /* Atomic. */
};

/* Bridges. */

/* Creates bridge 'name' on the datapath of 'datapath_type' ("" is "system"),
 * with its local port.  Stores it for ofproto_destroy(). */
struct error *ofproto_create(const char *name, const char *datapath_type,
                             struct ofproto **ret) MUST_USE;

/* Destroys the bridge; removes its ports from the datapath only if
 * 'del_ports'. */
void ofproto_destroy(struct ofproto *, bool del_ports);

/* Borrowed; NULL if there is none.  Iteration: ofproto_all(). */
struct ofproto *ofproto_find(const char *name);
struct ofproto *ofproto_find_by_uuid(const struct uuid *);

/* Threads: any. */
bool ofproto_on_main_thread(void);

const struct hmap *ofproto_all(void);

/* While flows are being restored (a new daemon begins without any),
 * controllers are not connected to and packets that miss are dropped, so that
 * nobody acts on half a set of flows. */
void ofproto_set_restoring(bool);

/* Ports. */

/* Adds a port and stores its number. */
struct error *ofproto_port_add(struct ofproto *, const struct ofport_init *,
                               ofp_port_t *ret) MUST_USE;

/* Applies changed Interface.options. */
struct error *ofproto_port_set_options(struct ofproto *, ofp_port_t,
                                       const struct smap *options) MUST_USE;

/* Applies the column Interface.bfd of the interface 'owner'. */
void ofproto_port_set_bfd(struct ofproto *, ofp_port_t,
                          const struct uuid *owner, const struct smap *bfd);

/* Adds the keys of the column status that a tunnel to a fixed remote has: what
 * its packets leave by. */
void ofproto_port_get_tunnel_status(struct ofproto *, ofp_port_t,
                                    struct smap *status);

/* Adds the keys of the column bfd_status. */
void ofproto_port_get_bfd_status(struct ofproto *, ofp_port_t,
                                 struct smap *status);
void ofproto_port_del(struct ofproto *, ofp_port_t);

/* Sets what a Port says; a bundle of that name is replaced. */
void ofproto_bundle_set(struct ofproto *, const struct ofbundle_settings *);
void ofproto_bundle_del(struct ofproto *, const char *name);

/* Settings. */
void ofproto_set_datapath_id(struct ofproto *, uint64_t);
void ofproto_set_fail_mode(struct ofproto *, enum fail_mode);
void ofproto_set_forward_bpdu(struct ofproto *, bool);

/* VLANs (a bitmap; NULL: none) in which no addresses are learned. */
void ofproto_set_flood_vlans(struct ofproto *, const uint64_t *vlans);
void ofproto_set_mac_table(struct ofproto *, unsigned int idle_s,
                           size_t max_entries);
void ofproto_set_desc(struct ofproto *, const struct switch_desc *);

/* Limits of a table; what the Flow_Table row says. */
struct oftable_settings {
    const char *name;            /* NULL: none, or what a controller says. */
    unsigned int max_flows;      /* UINT_MAX: no limit. */
    bool evicts;
};
void ofproto_set_table(struct ofproto *, uint8_t table_id,
                       const struct oftable_settings *);

/* Controllers. */
struct ofproto_controller {
    char *target;
    unsigned int max_backoff_s;
    unsigned int probe_interval_s;
    unsigned int rate_limit;     /* Packet-ins a second; 0: none. */
    unsigned int burst_limit;
};

/* Replaces the set of configured controllers; connections to targets that
 * stay go on.  'versions' is a set of OFP_VERSION_BIT. */
void ofproto_set_controllers(struct ofproto *,
                             const struct ofproto_controller *, size_t n,
                             uint32_t versions);

/* Replaces the set of listening targets ("ptcp:...", "punix:..."), beside the
 * management socket BRIDGE.mgmt, which is always there. */
void ofproto_set_listeners(struct ofproto *, const struct sset *targets,
                           uint32_t versions);

struct ofproto_controller_status {
    bool is_connected;
    uint8_t role;                /* enum controller_role. */
    struct smap pairs;           /* Controller.status. */
};

/* False if no controller of that target is configured; fills '*ret', whose
 * 'pairs' is the caller's to uninit. */
bool ofproto_get_controller_status(const struct ofproto *, const char *target,
                                   struct ofproto_controller_status *ret);

/* Replaces the map of tunnel options, which 'ofproto' takes. */
void ofproto_take_tlv(struct ofproto *, struct tlv_table *);

/* Looks at what may have changed of devices; call it when one has. */
void ofproto_ports_refresh(void);

/* Forgets learned addresses. */
void ofproto_flush_macs(struct ofproto *);

/* Flows. */

/* Carries out a flow mod of the switch's own or of a controller. */
struct conn;
enum ofperr ofproto_flow_mod(struct ofproto *, const struct flow_mod *,
                             struct conn *requester, be32 xid) MUST_USE;
void ofproto_flush_flows(struct ofproto *);


/* The version that lookups use.  Threads: any. */
static inline uint64_t
ofproto_version(const struct ofproto *p)
{
    return __atomic_load_n(&p->version, __ATOMIC_ACQUIRE);
}

static inline const struct tlv_table *
ofproto_tlv(const struct ofproto *p)
{
    return rcu_dereference(p->tlv);
}

#endif /* ofproto/ofproto.h */
