/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DATAPATH_H
#define VSWITCH_DATAPATH_H

/* The userspace datapath, seen from inside.
 *
 * struct dp holds what all threads share: ports, megaflows, meters,
 * connections, read under RCU.  struct dp_context is one thread's: its cache,
 * its output queues, its counters.  Packets go in batches:
 *
 *   poller -> process (key, cache, megaflows, upcalls) -> actions -> output
 *                ^                                            |
 *                +---- again: recirculation, tunnels ---------+
 *
 * Whoever is given a packet owns it, and frees it with packet_free(), which
 * does nothing to one that is borrowed from a receive queue; those end before
 * the poller takes the next batch. */

#include "lib/base/hash.h"
#include "lib/base/list.h"
#include "lib/base/vec.h"
#include "lib/flow/extract.h"
#include "vswitch/datapath/flow_table.h"
#include "vswitch/netdev/netdev.h"

#define DP_MAX_PORTS 65535
#define DP_CACHE_SIZE (1u << 14)
#define DP_MAX_AGAIN 64          /* Rounds that a batch may cause. */
#define DP_MAX_DEPTH 16          /* Nested actions. */
#define DP_MAX_ACTIONS_SIZE 65536

/* Cycles that something had taken when samples were made (usage.c): that of
 * sample I is at I modulo the size. */
#define DP_N_SAMPLES (DPIF_USAGE_MAX_S / DPIF_USAGE_STEP_S + 1)
struct dp_usage {
    uint64_t first;              /* Sample that it is in. */
    uint64_t cycles[DP_N_SAMPLES];
};

struct dp_context;
struct dp_port;
struct handler;
struct upcall_queue;
struct meter;
struct poller;
struct conntrack;
struct nlattr;
struct tunnel;

/* Something to receive from. */
struct dp_rxq {
    struct dp_port *port;
    int fd;                      /* -1: polled by the main thread. */
    unsigned int n_empty;        /* The poller's: rounds without a packet
                                  * while others had some. */
    struct poller *poller;
    uint64_t cycles;             /* The poller's: what its packets took. */
    struct list node;            /* In dp->polled, if it has a poller. */
    struct dp_usage usage;       /* The main thread's. */

    /* Receives up to a batch, with metadata set; returns how many, or a
     * negative errno value.  release() takes back what is borrowed. */
    int (*recv)(struct dp_rxq *, struct packet_batch *);
    void (*release)(struct dp_rxq *);

    struct netdev_rxq *netdev_rxq;   /* Devices. */
    struct tunnel *tunnel;           /* Tunnels. */
};

struct dp_port {
    struct dp *dp;
    odp_port_t no;
    char *name;
    const char *type;
    struct netdev *netdev;       /* Devices; else NULL. */
    struct tunnel *tunnel;       /* Tunnels; else NULL. */
    bool is_internal;            /* The host's stack is behind it. */
    struct dp_rxq **rxqs;
    size_t n_rxqs;

    /* Relaxed atomics, added to once a batch. */
    uint64_t rx_packets, rx_bytes;
    uint64_t tx_packets, tx_bytes, tx_dropped;
    uint64_t upcall_packets, upcall_errors;

    /* Time that misses of this port took its poller lately (process.c). */
    int64_t window_start_ns, window_used_ns;
    struct upcall_queue *queue;
};

struct dp {
    struct list node;            /* In the list of datapaths. */
    char *name;
    const char *type;
    unsigned int n_refs;
    bool destroyed;
    bool is_dummy;               /* All work on the main thread. */

    struct dp_port *ports[DP_MAX_PORTS];   /* Read with rcu_dereference(). */
    odp_port_t first_free;       /* All ports from 1 to below it are there. */
    struct rcu_hash names;       /* All ports, by hash_string() of the name. */
    struct rcu_hash internals;   /* Ports behind which the host is. */
    struct rcu_hash tunnels;     /* Tunnel ports, by dp_tunnel_hash(). */
    struct flow_table flows;
    struct meter *meters[DPIF_MAX_METERS]; /* Read with rcu_dereference(). */
    pthread_mutex_t meter_mutex;
    struct conntrack *conntrack;
    struct dpif_upcall_handler *handler;   /* Read with rcu_dereference(). */

    struct handler *overflow;    /* NULL in a dummy datapath. */
    struct poller **pollers;
    size_t n_pollers;
    char *cpu_mask;              /* "pmd-cpu-mask"; NULL or empty: none. */
    size_t n_sleeping;           /* Pollers to have without a mask. */
    struct dp_rxq **main_rxqs;   /* Without a file descriptor. */
    size_t n_main_rxqs;
    size_t n_pollable;           /* Queues with a file descriptor. */
    struct list polled;          /* Queues that pollers have. */
    uint64_t n_samples;          /* Of usage, so far; the time of each.
                                  * Changed under 'contexts_mutex'. */
    uint64_t sample_cycles[DP_N_SAMPLES];

    pthread_mutex_t handed_mutex;
    VEC(struct packet *) handed; /* To the main thread; under the mutex. */

    pthread_mutex_t contexts_mutex;
    struct list contexts;
    struct dpif_counters past;   /* Of threads that ended. */
};

/* A handle. */
struct dpif {
    struct dp *dp;
};

/* Packets in a row, of which there may be many; handled by the vec_*()
 * macros. */
struct packet_queue {
    struct packet **items;
    size_t n, allocated;
};

struct cache_entry {
    uint32_t hash;
    uint32_t index;              /* Of the flow; 0: none. */
};

/* Packets on their way to a port. */
struct dp_out {
    struct dp_port *port;
    struct packet_batch batch;
};

struct upcall_scratch;
struct underlay_cache;
struct dp_round_log;

struct dp_context {
    struct list node;            /* In dp->contexts. */
    struct dp *dp;
    struct dp_context *next_of_thread;
    struct cache_entry *cache;   /* DP_CACHE_SIZE. */
    VEC(struct dp_out *) outs;   /* With packets. */
    VEC(struct dp_out *) free_outs;
    uint16_t *out_of_port;       /* DP_MAX_PORTS: 1 + index in 'outs'. */
    struct packet_queue again;   /* To be processed in the next round. */
    unsigned int depth;
    bool is_processing;
    bool has_quota;              /* A poller: upcalls must not starve other
                                  * ports. */
    int64_t now_ms;              /* When this batch began. */
    struct upcall_scratch *upcalls;
    struct underlay_cache *underlay;
    uint32_t random;

    enum dpif_thread_kind kind;
    unsigned int id;             /* Of a poller. */
    int cpu;                     /* A pinned poller's; else -1. */
    int numa;                    /* Of 'cpu'. */
    uint64_t mark;               /* cycles_now(), when the last queue was
                                  * done. */
    struct dp_round_log *round_log;  /* NULL until it is wanted. */
    struct dp_usage usage;       /* Of all rounds with packets; the main
                                  * thread's. */
    uint64_t since_cycles;       /* cycles_now() when the counters, less what is
                                  * 'cleared', were 0; as 'cleared'. */
    struct dpif_counters n;      /* Written by this thread only. */
    struct dpif_counters cleared;    /* Not to be told any more; under
                                      * 'contexts_mutex'. */
};

/* process.c */

/* This thread's context in 'dp', made at first use. */
struct dp_context *dp_context_get(struct dp *);

/* Frees a thread's context at its end; its counts stay. */
void dp_context_put(struct dp_context *);

/* Adds to a counter of this thread's that others read. */
static inline void
dp_bump(uint64_t *counter, uint64_t n)
{
    __atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

/* Frees the contexts of all threads.  Nobody processes packets any more. */
void dp_contexts_destroy(struct dp *);

/* Takes the packets of 'batch' through the datapath, and sends what comes of
 * it.  In an RCU read section. */
void dp_process(struct dp_context *, struct packet_batch *);

/* Runs 'actions', which are valid, on 'batch', and sends what comes of it. */
void dp_execute(struct dp_context *, struct packet_batch *,
                const void *actions, size_t actions_size);

/* Queues a packet for a port (freed if there is none). */
void dp_output(struct dp_context *, odp_port_t, struct packet *);

/* Queues a packet for another round, after this batch. */
void dp_again(struct dp_context *, struct packet *);

/* Upcalls for OVS_ACTION_ATTR_USERSPACE 'action' with the packets of 'batch',
 * which remain the caller's. */
void dp_upcall_action(struct dp_context *, struct packet_batch *,
                      const struct nlattr *action, const void *flow_actions,
                      size_t flow_actions_size);

/* upcall_queue.c */

/* Starts, or ends, the thread that takes the misses of ports that have used up
 * their time in the pollers. */
struct handler *dp_handler_create(struct dp *);
void dp_handler_destroy(struct handler *);

/* Queues copies of the packets of 'batch' (consumed) for the thread; returns
 * how many were dropped because the port's queue was full. */
unsigned int dp_handler_queue(struct handler *, struct dp_port *,
                              struct packet_batch *);

/* Whether it has packets, or is at work on some.  'h' may be NULL. */
bool dp_handler_is_busy(const struct handler *h);

/* Forgets what 'port', which nobody finds any more, has queued. */
void dp_handler_forget_port(struct handler *, struct dp_port *);

/* Leaves copies of the packets of 'batch' (consumed) to the main thread, which
 * takes them through the datapath again; returns how many were dropped because
 * too many wait. */
unsigned int dp_hand_over(struct dp *, struct packet_batch *);

/* Processes what was handed over (main thread); drops it. */
void dp_hand_over_run(struct dp *);
void dp_hand_over_uninit(struct dp *);

/* dpif.c: starts the pollers that the configuration wants, or ends them. */
void dp_set_pollers(struct dp *, bool wanted);

/* dpif.c: has the main thread call dp_hand_over_run(). */
void dp_hand_over_wake(void);

/* dpif_ports.c: appends to the port's queues, which it is to own. */
void dp_port_take_rxq(struct dp_port *, struct dp_rxq *);

/* dpif_ports.c: takes the port away, waits until nobody uses it any more, and
 * frees it. */
void dp_port_destroy(struct dp_port *);

/* actions.c */

/* Whether the datapath understands every action, all bounds being kept: 0 or
 * -EINVAL. */
int dp_actions_validate(const void *actions, size_t size);

/* Runs actions on the packets of 'batch', which they consume; output is
 * queued. */
void dp_actions_run(struct dp_context *, struct packet_batch *,
                    const void *actions, size_t size);

/* set.c */

/* Whether 'key' of a set action (masked or not) is one that can be set. */
bool dp_set_valid(const struct nlattr *key, bool masked);
void dp_set_run(struct packet_batch *, const struct nlattr *key, bool masked);

/* nsh.c */

/* Whether the payload of a push_nsh action makes a header; whether 'nsh', the
 * key of a set action, is one that can be set. */
bool dp_nsh_push_valid(const struct nlattr *nsh);
bool dp_nsh_set_valid(const struct nlattr *nsh, bool masked);

/* Push and pop a header; false if the packet has no room, or no header that
 * can be popped. */
bool dp_nsh_push(struct packet *, const struct nlattr *nsh);
bool dp_nsh_pop(struct packet *);
void dp_nsh_set(struct packet *, const struct nlattr *nsh, bool masked);

/* meter.c */
bool dp_meter_exists(const struct dp *, uint32_t id);

/* Drops what exceeds the meter's rate. */
void dp_meter_run(struct dp_context *, struct packet_batch *, uint32_t id);
void dp_meters_destroy(struct dp *);
int dp_meter_set(struct dp *, uint32_t id, const struct dpif_meter_config *);
int dp_meter_get(struct dp *, uint32_t id, struct dpif_meter_stats *);
int dp_meter_del(struct dp *, uint32_t id, struct dpif_meter_stats *);

/* poller.c */

/* Gives 'rxq' to a poller, or to the main thread. */
void dp_rxq_start(struct dp *, struct dp_rxq *);

/* Takes it back: nobody receives from it any more. */
void dp_rxq_stop(struct dp *, struct dp_rxq *);

/* Replaces the pollers: 'n' threads, pinned to 'cpus' and busy if not NULL. */
void dp_pollers_set(struct dp *, size_t n, const unsigned int *cpus);

/* As dpif_rxq_dump() and dpif_rxq_rebalance(). */
void dp_rxqs_dump(struct dp *, unsigned int seconds,
                  void (*each)(const struct dpif_rxq *, void *aux),
                  void *aux);
void dp_rxqs_rebalance(struct dp *);

/* Receives from the queues of the main thread; says whether anything came. */
bool dp_poll_main(struct dp *);

/* usage.c */

/* Notes what all queues and pollers have taken until now.  Called every
 * DPIF_USAGE_STEP_S. */
void dp_usage_sample(struct dp *);

/* Starts a history; a thread that is not the main one holds
 * 'contexts_mutex'. */
void dp_usage_start(const struct dp *, struct dp_usage *);

/* What share of the last 'seconds' something took that has taken 'cycles' by
 * now: 0 to 1, or negative if that is not known yet. */
double dp_usage_share(const struct dp *, const struct dp_usage *,
                      uint64_t cycles, unsigned int seconds);

/* round_log.c */
bool dp_round_log_is_on(void);

/* Notes that a round of this thread's took 'cycles'. */
void dp_round_log_add(struct dp_context *, uint64_t cycles);

/* tunnel.c */
bool dp_tunnel_is_type(const char *type);
struct error *dp_tunnel_create(struct dp_port *,
                               const struct dpif_port_options *) MUST_USE;
void dp_tunnel_destroy(struct dp_port *);
be16 dp_tunnel_dst_port(const struct dp_port *);

/* The hash of a tunnel port that receives IP protocol 'proto' at 'dst_port' (0
 * but for UDP). */
static inline uint32_t
dp_tunnel_hash(uint8_t proto, be16 dst_port)
{
    return hash_word((uint32_t) proto << 16 | dst_port, 0);
}

uint32_t dp_tunnel_port_hash(const struct dp_port *);

/* Encapsulates and sends the packets of 'batch' (consumed). */
void dp_tunnel_send(struct dp_context *, struct dp_port *,
                    struct packet_batch *);

/* Takes out of 'batch', which is about to go to internal port 'port', the
 * packets that are for tunnels, and processes what is in them. */
void dp_tunnel_intercept(struct dp_context *, const struct dp_port *port,
                         struct packet_batch *);

#endif /* vswitch/datapath.h */
