/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DPIF_H
#define VSWITCH_DPIF_H

/* The border between the switch and a datapath.
 *
 * A datapath has ports, a table of megaflows (key, mask, actions, statistics)
 * and, for packets that no megaflow matches, upcalls to the switch.  Its shape
 * is that of <linux/openvswitch.h>: actions are a sequence of netlink
 * attributes OVS_ACTION_ATTR_* with the layouts of that header, a tunnel port
 * is a port of type "geneve", "vxlan" or "gre" that takes its destination from
 * an OVS_KEY_ATTR_TUNNEL set action and gives its packets the tunnel members
 * of the key.  So translation need not know which provider it works for.
 *
 * Keys and masks are struct flow and struct flow_wildcards, with:
 *   - 'in_port' a datapath port number;
 *   - 'tunnel.opts' the raw Geneve options of the wire ('opts_size' bytes,
 *     FLOW_TNL_F_UDPIF set); slots of the TLV table are the caller's matter;
 *   - members that a datapath does not know (registers, metadata, actset
 *     output, conj_id) zero in both.
 * Megaflows must not overlap: a packet may match any that fits.
 *
 * Providers: "netdev" (userspace), "dummy" (the same, driven by the main
 * thread alone, for tests whose clock stands still).  "system" is the kernel's
 * where a kernel has one, else the userspace datapath under that name.
 *
 * Threads: a handle may be used from several threads, except as noted. */

#include "lib/base/error.h"
#include "lib/base/sset.h"
#include "lib/flow/flow.h"
#include "lib/packet/packet.h"

struct dpif;
struct netdev;

/* Drop for the reason in a u32.  Newer kernels' headers have the name
 * OVS_ACTION_ATTR_DROP. */
#define DPIF_ACTION_ATTR_DROP 24

/* Unique flow identifier: a hash of the key and mask, by the installer. */
struct ufid {
    uint64_t u64[2];
};

static inline bool
ufid_equals(struct ufid a, struct ufid b)
{
    return a.u64[0] == b.u64[0] && a.u64[1] == b.u64[1];
}

/* Datapaths. */

/* Adds the names of the types that dpif_open() takes. */
void dpif_enumerate_types(struct sset *types);

/* Adds the names of the existing datapaths of 'type'; 0 or -EAFNOSUPPORT. */
int dpif_enumerate_names(const char *type, struct sset *names);

/* Opens datapath 'name' of 'type'; if 'create', makes it if it is not there.
 * Stores a handle for dpif_close().  Two of a name are not possible, whatever
 * their types.  Main thread. */
struct error *dpif_open(const char *type, const char *name, bool create,
                        struct dpif **) MUST_USE;
void dpif_close(struct dpif *);

/* Destroys the datapath behind the handle, which remains to be closed. */
int dpif_destroy(struct dpif *);

/* At the end of the program, after which nothing else is asked of datapaths:
 * destroys the ports of all of them, and waits until their devices are
 * closed. */
void dpif_finish(void);

const char *dpif_name(const struct dpif *);
const char *dpif_type(const struct dpif *);

/* Says whether the main thread drives it: the provider is "dummy", or
 * --enable-dummy puts that one in its place. */
bool dpif_is_dummy(const struct dpif *);

struct dpif_stats {
    uint64_t n_hit;              /* Packets that matched a flow. */
    uint64_t n_missed;           /* Packets that became upcalls. */
    uint64_t n_lost;             /* Upcalls dropped for full queues. */
    uint64_t n_cache_hit;        /* Of n_hit, by the per-thread cache. */
    uint64_t n_mask_hit;         /* Masks visited for the other hits. */
    uint32_t n_flows;
    uint32_t n_masks;
};

void dpif_get_stats(const struct dpif *, struct dpif_stats *);

/* What the datapath can do. */
struct dpif_features {
    bool recirc;
    bool ufid;
    bool trunc;
    bool clone;
    bool masked_set_action;
    bool tnl_push_pop;           /* Actions that say tunnel headers. */
    bool lb_output_action;       /* Bonds' members are the datapath's to
                                  * choose. */
    bool ct_zero_snat;           /* A source of zeros means: itself. */
    bool add_mpls;
    bool check_pkt_len;
    bool ct_state, ct_state_nat, ct_zone, ct_mark, ct_label;
    bool ct_orig_tuple, ct_orig_tuple6, ct_eventmask, ct_clear, ct_timeout;
    bool nd_extensions;
    bool explicit_drop_action;
    unsigned int sample_nesting; /* How deep. */
    unsigned int max_vlan_headers;   /* As other_config:vlan-limit allows. */
    unsigned int max_mpls_depth;
    uint32_t max_meters;
    uint32_t max_hash_alg;       /* OVS_HASH_ALG_L4, DPIF_HASH_SYM_L4. */
    unsigned int n_upcall_threads;   /* Most that run the upcall function at
                                      * the same time. */
};

void dpif_get_features(const struct dpif *, struct dpif_features *);

/* Runs what the main thread owes the datapath (dummy devices, timers of
 * tunnels and connections).  The loop's step of the userspace datapath calls
 * it; a test without a loop calls it itself. */
void dpif_run(struct dpif *);

/* other_config of the Open_vSwitch table: "pmd-cpu-mask" (hex), "n-handler-
 * threads", "pmd-sleep-max", "emc-insert-inv-prob" and so on; keys that mean
 * nothing to the datapath are ignored.  Main thread. */
struct smap;
void dpif_set_config(struct dpif *, const struct smap *other_config);

/* Ports. */

struct dpif_port {
    char *name;
    char *type;                  /* "system", "internal", "tap", "dummy",
                                  * "geneve", "vxlan", "gre", ... */
    odp_port_t port_no;
    be16 dst_port;               /* Tunnels over UDP. */
};

void dpif_port_uninit(struct dpif_port *);

/* Options of a new port beyond name and type. */
struct dpif_port_options {
    be16 dst_port;               /* Tunnels over UDP; 0 takes the type's. */
    bool gbp;                    /* VXLAN group policy extension. */
    struct netdev *netdev;       /* The device, if the caller has it open
                                  * (borrowed); NULL opens it by name. */
};

/* The algorithm after OVS_HASH_ALG_L4: addresses and ports, the same for both
 * directions of a connection. */
#define DPIF_HASH_SYM_L4 (OVS_HASH_ALG_L4 + 1)

/* Adds a port.  '*port_no' is the wanted number or ODPP_NONE, and on success
 * the number it got.  'options' may be NULL.  Main thread.  Port 0 is the
 * internal port that bears the datapath's name, and is always there. */
struct error *dpif_port_add(struct dpif *, const char *name, const char *type,
                            const struct dpif_port_options *options,
                            odp_port_t *port_no) MUST_USE;

/* Removes a port: 0, -ENOENT, or -EINVAL for port 0.  Main thread. */
int dpif_port_del(struct dpif *, odp_port_t);

/* Has the port's device receive as its options say by now, which may be by
 * another number of queues.  Main thread. */
struct error *dpif_port_reconfigure(struct dpif *, odp_port_t) MUST_USE;

/* Gives a port of a dummy datapath another number: 0, -ENODEV, -EOPNOTSUPP if
 * it is not a dummy, or -EBUSY if the number is taken.  Main thread. */
int dpif_port_renumber(struct dpif *, odp_port_t old, odp_port_t new);

/* Look up a port; '*port' is for dpif_port_uninit().  0 or -ENODEV. */
int dpif_port_by_number(const struct dpif *, odp_port_t, struct dpif_port *);
int dpif_port_by_name(const struct dpif *, const char *, struct dpif_port *);

/* Calls 'each' for every port in order of numbers. */
void dpif_port_dump(const struct dpif *,
                    void (*each)(const struct dpif_port *, void *aux),
                    void *aux);

struct dpif_port_stats {
    uint64_t rx_packets, rx_bytes, rx_errors, rx_dropped;
    uint64_t tx_packets, tx_bytes, tx_errors, tx_dropped;
    uint64_t upcall_packets, upcall_errors;
};

int dpif_port_get_stats(const struct dpif *, odp_port_t,
                        struct dpif_port_stats *);

/* The device of a port, borrowed until the port goes; NULL for a tunnel. */
struct netdev *dpif_port_netdev(const struct dpif *, odp_port_t);

/* Threads that receive. */

/* What threads have counted. */
struct dpif_counters {
    uint64_t n_received;         /* Packets from ports. */
    uint64_t n_again;            /* Further passes: recirculated and
                                  * decapsulated packets. */
    uint64_t n_hit, n_missed, n_lost, n_cache_hit, n_mask_hit;
                                 /* As in struct dpif_stats. */
    uint64_t n_subtable_hit;     /* Of n_hit, not by the cache. */
    uint64_t n_sent, n_batches_sent;    /* Packets, in so many batches. */

    /* Of pollers, which go round their queues: what it took, in cycles (as of
     * lib/runtime/cycles.h). */
    uint64_t n_busy_rounds, busy_cycles;    /* There were packets. */
    uint64_t n_idle_rounds, idle_cycles;
    uint64_t n_sleeps, sleep_cycles;        /* Not in those of rounds. */
    uint64_t upcall_ns;                     /* For n_missed. */
};

enum dpif_thread_kind {
    DPIF_THREAD_MAIN,
    DPIF_THREAD_POLLER,          /* Receives. */
    DPIF_THREAD_HANDLER,         /* Takes the misses of ports that have too
                                  * many. */
};

struct dpif_thread {
    enum dpif_thread_kind kind;
    unsigned int id;             /* Of a poller, from 0. */
    int cpu;                     /* Pinned to; -1: not pinned. */
    int numa;                    /* The node of that CPU. */
    struct dpif_counters counters;
    uint64_t cycles;             /* Since they were 0. */
};

/* Calls 'each' for every thread that processes packets. */
void dpif_thread_dump(const struct dpif *,
                      void (*each)(const struct dpif_thread *, void *aux),
                      void *aux);

/* Has the counters that dpif_thread_dump() tells start from 0, those of the
 * threads pinned to 'cpu' or, if it is negative, of all; dpif_stats goes
 * on. */
void dpif_thread_clear(struct dpif *, int cpu);

/* A receive queue, or what else a poller does. */
struct dpif_rxq {
    const struct dpif_thread *thread;
    const char *port;            /* Name; NULL: all that is not a queue's. */
    unsigned int queue_id;       /* Of the port. */
    int usage;                   /* Share of the thread's time, percent; -1:
                                  * not measured for long enough. */
};

/* How far back usage can be told, and how exactly. */
#define DPIF_USAGE_MAX_S 60
#define DPIF_USAGE_STEP_S 5

/* Calls 'each' for every poller's queues, in order of ports, and then for what
 * else it does.  Usage is that of the last 'seconds' (about; since they are
 * there at most). */
void dpif_rxq_dump(const struct dpif *, unsigned int seconds,
                   void (*each)(const struct dpif_rxq *, void *aux),
                   void *aux);

/* Shares the receive queues out to the threads anew, by the time that each
 * took of late. */
void dpif_rxq_rebalance(struct dpif *);

/* What is to be logged of rounds that take too long, of all datapaths. */
#define DPIF_ROUND_LOG_MAX 100
struct dpif_round_log {
    bool is_on;                  /* Off at first. */
    unsigned int limit_us;       /* A round is suspicious that takes longer. */
    unsigned int before, after;  /* Neighbours to tell; at most
                                  * DPIF_ROUND_LOG_MAX each. */
    bool extend;                 /* Another suspicious one before it is told
                                  * of the first is told of with it. */
};
void dpif_get_round_log(struct dpif_round_log *);
void dpif_set_round_log(const struct dpif_round_log *);

/* Flows. */

struct dpif_flow_stats {
    uint64_t n_packets;
    uint64_t n_bytes;
    int64_t used_ms;             /* clock_ms() of the last packet; 0: none. */
    uint16_t tcp_flags;          /* OR of those seen. */
};

enum dpif_flow_put_flags {
    DPIF_FP_CREATE = 1 << 0,     /* Add if it is not there. */
    DPIF_FP_MODIFY = 1 << 1,     /* Change the actions if it is there. */
    DPIF_FP_ZERO_STATS = 1 << 2, /* Zero the statistics of a changed one. */
    DPIF_FP_PROBE = 1 << 3,      /* Asking whether it could be done: checks,
                                  * changes nothing. */
};

struct dpif_flow_put {
    /* In. */
    enum dpif_flow_put_flags flags;
    const struct flow *key;
    const struct flow_wildcards *mask;   /* NULL: exact. */
    struct ufid ufid;
    const void *actions;         /* OVS_ACTION_ATTR_*; empty drops. */
    size_t actions_size;
    /* Out. */
    int error;                   /* 0, -EEXIST, -ENOENT, -EINVAL (actions or
                                  * mask not understood), -ENOSPC. */
    struct dpif_flow_stats stats;   /* Before the change. */
};

struct dpif_flow_del {
    struct ufid ufid;
    int error;                   /* Out: 0 or -ENOENT. */
    struct dpif_flow_stats stats;   /* Out: the final ones. */
};

/* Do 'n' operations in one go. */
void dpif_flow_put(struct dpif *, struct dpif_flow_put *, size_t n);
void dpif_flow_del(struct dpif *, struct dpif_flow_del *, size_t n);

/* Removes all flows. */
void dpif_flow_flush(struct dpif *);

/* A flow as the datapath tells it.  Pointers are borrowed until the callback
 * or the lookup's RCU read section ends. */
struct dpif_flow {
    const struct flow_key *key;  /* Compressed, only the words of the mask. */
    const struct flow_key *mask;
    struct ufid ufid;
    const void *actions;
    size_t actions_size;
    struct dpif_flow_stats stats;
    const char *dp_layer;        /* "ovs" in userspace. */
};

/* Finds a flow and calls 'each' with it: 0 or -ENOENT. */
int dpif_flow_get(const struct dpif *, struct ufid,
                  void (*each)(const struct dpif_flow *, void *aux),
                  void *aux);

/* A dump of all flows that several threads share: each thread calls
 * dpif_flow_dump_next() until it returns 0.  A flow that is there throughout
 * is told exactly once; one that comes or goes meanwhile, at most once. */
struct dpif_flow_dump;
struct dpif_flow_dump *dpif_flow_dump_create(const struct dpif *);
void dpif_flow_dump_destroy(struct dpif_flow_dump *);

/* Calls 'each' for up to 'max' more flows, inside an RCU read section; returns
 * how many. */
size_t dpif_flow_dump_next(struct dpif_flow_dump *, size_t max,
                           void (*each)(const struct dpif_flow *, void *aux),
                           void *aux);

/* Packets. */

/* Runs 'actions' on 'packet' (borrowed; left with undefined contents).
 * The metadata of the packet are the key's: 'flow', if not NULL, says them.
 * 0, or -EINVAL for actions that are not understood. */
int dpif_execute(struct dpif *, struct packet *packet, const struct flow *flow,
                 const void *actions, size_t actions_size);

/* Upcalls. */

enum dpif_upcall_type {
    DPIF_UC_MISS,                /* No flow matched. */
    DPIF_UC_ACTION,              /* OVS_ACTION_ATTR_USERSPACE. */
};

/* One packet for the switch.  The in-members are borrowed until the function
 * returns. */
struct dpif_upcall {
    /* In. */
    enum dpif_upcall_type type;
    struct packet *packet;       /* Read it; do not change or keep it. */
    const struct flow *key;      /* What the packet is. */
    const void *userdata;        /* DPIF_UC_ACTION: OVS_USERSPACE_ATTR_USERDATA
                                  * payload. */
    size_t userdata_size;
    const void *actions;         /* DPIF_UC_ACTION with
                                  * OVS_USERSPACE_ATTR_ACTIONS: those of the
                                  * flow. */
    size_t actions_size;
    uint32_t mru;                /* Largest fragment; 0: was not fragmented. */
    bool has_egress_tunnel;      /* 'egress_tunnel' is set. */
    struct flow_tunnel egress_tunnel;

    /* Out, for DPIF_UC_MISS; zero on entry.  The buffer of 'reply' is the
     * datapath's and empty on entry. */
    struct dpif_upcall_reply *reply;
};

/* What the switch answers to a miss. */
struct dpif_upcall_reply {
    struct flow_wildcards wc;    /* Zero on entry. */
    struct ufid ufid;
    void *actions;               /* Room for 'actions_room' bytes; a handler
                                  * that needs more sets 'big_actions', which
                                  * the datapath frees. */
    size_t actions_room;
    void *big_actions;
    size_t actions_size;
    bool hand_over;              /* Only the main thread can handle it: ask
                                  * again there; the rest does not matter. */
    bool install;                /* Put a flow of key, wc, ufid and actions. */
    void *cookie;                /* For 'installed' below. */
};

/* How the switch takes upcalls.
 *
 * 'handle' gets a batch of upcalls.  For each DPIF_UC_MISS it fills the reply:
 * the actions that the packet shall take now, and whether to install them.
 * The datapath then executes the actions and installs the flows.
 *
 * 'installed' (may be NULL) tells, for each reply with 'install', whether the
 * flow went in: 0, -EEXIST if one of that ufid is there, or another error.
 * It is called before any packet can match the flow.
 *
 * The userspace datapath calls 'handle' inline, in the polling thread that met
 * the miss, with what one batch of 32 packets missed: a hand-over to another
 * thread costs two context switches and a copy of the packet, more than most
 * translations.  What a port misses after it has used up its share of the
 * thread's time goes to that port's own bounded queue, which one more thread
 * drains in turns; a full queue drops and counts (dpif_stats.n_lost).
 * The kernel provider calls it from handler threads only.
 *
 * Threads: several at once, up to dpif_features.n_upcall_threads.  The caller
 * is inside an RCU read section (urcu.h, the default flavour) and registered
 * for it; the function must not wait for a grace period, nor for the main
 * thread. */
struct dpif_upcall_handler {
    void (*handle)(struct dpif_upcall *, size_t n, void *aux);
    void (*installed)(void *cookie, int error, void *aux);
    void *aux;
};

/* Sets the handler; NULL: misses are dropped and counted as lost.  Returns
 * once nobody runs the old one any more.  Main thread, outside of RCU read
 * sections. */
void dpif_set_upcall_handler(struct dpif *,
                             const struct dpif_upcall_handler *);

/* Recirculation ids: numbers for OVS_ACTION_ATTR_RECIRC are the switch's to
 * choose; 0 is the id of a packet from a port. */

/* Meters. */

struct dpif_meter_band {
    uint32_t rate;               /* kbps or packets/s. */
    uint32_t burst;              /* kbits or packets; 0: one second's worth. */
};

struct dpif_meter_config {
    bool kbps;                   /* Else packets/s. */
    size_t n_bands;              /* All drop. */
    const struct dpif_meter_band *bands;
};

struct dpif_meter_stats {
    uint64_t n_packets, n_bytes;
    size_t n_bands;
    struct {
        uint64_t n_packets, n_bytes;   /* Dropped. */
    } bands[8];
};

#define DPIF_MAX_METERS 65536
#define DPIF_MAX_METER_BANDS 8

/* Meter 'id' < DPIF_MAX_METERS.  0, -ENOENT, -ERANGE, -EINVAL. */
int dpif_meter_set(struct dpif *, uint32_t id,
                   const struct dpif_meter_config *);
int dpif_meter_get(const struct dpif *, uint32_t id,
                   struct dpif_meter_stats *);
int dpif_meter_del(struct dpif *, uint32_t id, struct dpif_meter_stats *);

#endif /* vswitch/dpif.h */
