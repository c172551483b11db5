/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_BACKER_H
#define OFPROTO_BACKER_H

/* What the bridges of one datapath type share: the datapath, the map from its
 * ports to theirs, and the upcalls.
 *
 * Threads: the main thread changes; any looks ports up within an RCU read
 * section. */

#include "lib/base/bitmap.h"
#include "lib/base/hmap.h"
#include "lib/base/uuid.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/ct_zones.h"
#include "vswitch/ofproto/port.h"

struct upcall;

/* Which of a tunnel's parameters a port wants as they are, and not from the
 * flow. */
enum {
    TUNNEL_SHAPE_KEY = 1 << 0,
    TUNNEL_SHAPE_LOCAL = 1 << 1,
    TUNNEL_SHAPE_REMOTE = 1 << 2,
    TUNNEL_N_SHAPES = 1 << 3
};

struct backer {
    struct hmap_node node;
    char *type;
    struct dpif *dpif;
    struct dpif_features features;   /* In use; dpif/set-dp-features. */
    struct upcall *upcall;
    unsigned int n_bridges;

    struct rcu_hash odp_ports;   /* struct ofport, by datapath port. */
    struct rcu_hash tunnels;     /* struct ofport, by tunnel parameters. */
    uint32_t shape_counts[TUNNEL_N_SHAPES];     /* Atomic. */
    struct hmap tunnel_ports;    /* Tunnel ports of the datapath, by type and
                                  * UDP port. */
    struct rcu_hash bridges;     /* struct ofproto, by uuid. */
    struct ct_zones ct_zones;
    uint32_t ct_default_limit;   /* That the database had set; 0: none. */
    uint64_t meter_ids[BITMAP_WORDS(DPIF_MAX_METERS)];

    uint64_t change_seq;         /* Atomic: moves when what translation reads
                                  * has changed. */
};

/* A reference to the backer of 'type', opening its datapath if needed. */
struct error *backer_get(const char *type, struct backer **ret) MUST_USE;
void backer_put(struct backer *, bool destroy_datapath);
struct backer *backer_find(const char *type);

/* All of them, by 'node'. */
const struct hmap *backers_all(void);

/* other_config of the Open_vSwitch table, for the datapaths that there are and
 * those to come (dpif_set_config()). */
struct smap;
void backers_set_config(const struct smap *other_config);

/* Something changed that translation reads: megaflows are translated anew.
 * Threads: any. */
void backer_changed(struct backer *);

/* Creates the datapath's side of 'port', and its receive entries; removes
 * them. */
struct error *backer_port_add(struct backer *, struct ofport *) MUST_USE;
void backer_port_del(struct backer *, struct ofport *, bool del_datapath);

/* The port that a packet of 'flow' (as the datapath has it: in_port a datapath
 * port) came in by, or NULL.  ORs what decided it into 'wc' (not NULL), but
 * for in_port, which always matters. */
struct ofport *backer_find_port(const struct backer *,
                                const struct flow *flow,
                                struct flow_wildcards *wc);

/* Calls 'each' for every tunnel port of the datapath: its name, its number, and
 * how many tunnels use it. */
void backer_for_each_tunnel_port(const struct backer *,
                                 void (*each)(const char *name, odp_port_t,
                                              unsigned int n_users,
                                              void *aux), void *aux);

/* The bridge that continuations and recirculations name. */
struct ofproto *backer_find_bridge(const struct backer *,
                                   const struct uuid *);

/* Gives the datapath's port 'old' the number 'new', as dpif_port_renumber()
 * does; whoever uses it keeps it. */
int backer_port_renumber(struct backer *, odp_port_t old, odp_port_t new);

#endif /* ofproto/backer.h */
