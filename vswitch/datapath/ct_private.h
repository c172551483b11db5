/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_CT_PRIVATE_H
#define VSWITCH_CT_PRIVATE_H

/* Connection tracking from inside: only for conntrack.c and the ct_*.c files.
 *
 *   ct_key.c      packets to keys, ICMP errors to the keys inside them
 *   ct_proto.c    states and timeouts of TCP, UDP, ICMP and others
 *   ct_nat.c      choosing translations, and applying them to packets
 *   ct_control.c  dump, flush, limits, timeout policies */

#include <pthread.h>

#include "lib/base/hmap.h"
#include "lib/packet/headers.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/conntrack.h"
#include "vswitch/datapath/ipf.h"
#include "vswitch/dpif/conntrack.h"

#define CT_N_SHARDS 256
#define CT_DEFAULT_MAXCONNS 3000000
#define CT_DEFAULT_SWEEP_INTERVAL_MS 20000

/* A direction of a connection in a zone.  Hashed and compared as bytes, so
 * there are no holes before 'dir'. */
struct ct_key {
    struct in6_addr src;         /* IPv4: the first four bytes, else 0. */
    struct in6_addr dst;
    be16 tp_src;                 /* ICMP: the id, in both. */
    be16 tp_dst;
    uint16_t zone;
    uint8_t proto;
    uint8_t icmp_type;           /* Of this direction. */
    uint32_t is_ipv6;
    uint32_t dir;                /* In a node: which of the two it is.  Not
                                  * hashed or compared. */
};

#define CT_KEY_SIZE offsetof(struct ct_key, dir)

enum { CT_ORIG, CT_REPLY };

struct ct_node {
    struct hmap_node hmap_node;  /* In the shard of the key's hash. */
    struct ct_key key;
};

/* One end of a TCP connection (ct_proto.c). */
struct ct_tcp_peer {
    uint32_t end;                /* One after the last byte sent. */
    uint32_t max_end;            /* How far the other end lets it send. */
    uint32_t max_window;         /* The largest it advertised, scaled. */
    uint8_t state;               /* enum ct_tcp_state. */
    uint8_t wscale;              /* CT_WSCALE_UNKNOWN before a SYN. */
};

#define CT_WSCALE_UNKNOWN 0x80

enum ct_timeout {
    CT_TM_TCP_SYN_SENT,
    CT_TM_TCP_SYN_RECV,
    CT_TM_TCP_ESTABLISHED,
    CT_TM_TCP_FIN_WAIT,
    CT_TM_TCP_TIME_WAIT,
    CT_TM_TCP_CLOSE,
    CT_TM_UDP_FIRST,
    CT_TM_UDP_SINGLE,
    CT_TM_UDP_MULTIPLE,
    CT_TM_ICMP_FIRST,
    CT_TM_ICMP_REPLY,
    CT_N_TIMEOUTS
};

struct ct_policy {
    struct rcu_head rcu;
    uint32_t timeouts_s[CT_N_TIMEOUTS];
};

struct ct_conn {
    struct ct_node nodes[2];     /* CT_ORIG, CT_REPLY. */
    int64_t expires_ms;          /* Atomic. */
    pthread_spinlock_t lock;     /* What follows, up to 'rcu'. */
    bool seen_reply;
    bool is_related;             /* Expected by another connection. */
    uint8_t nat_state;           /* CS_SRC_NAT, CS_DST_NAT. */
    uint16_t policy;             /* Of timeouts; 0: built in. */
    uint32_t mark;
    union be128 label;
    uint32_t n_packets[2];       /* Wrap; enough to be looked at. */
    uint64_t n_bytes[2];
    struct ct_tcp_peer tcp[2];
    bool dead;                   /* Atomic; set by who unlinks it. */
    struct rcu_head rcu;
};

struct ct_shard {
    pthread_mutex_t mutex;
    struct hmap nodes;
} CACHE_ALIGNED;

struct conntrack {
    struct ct_shard shards[CT_N_SHARDS];
    uint64_t seed;               /* Of the hash: not to be guessed. */
    uint32_t n_conns;            /* Atomic. */
    uint32_t max_conns;          /* Atomic. */
    bool tcp_seq_chk;            /* Atomic. */
    unsigned int next_sweep;     /* The sweeper's. */
    int64_t swept_ms;            /* Likewise: until when sweeps were done. */
    uint32_t sweep_interval_ms;  /* Atomic. */
    struct ipf *ipf;

    /* Limits by zone; counts are atomic. */
    uint32_t zone_count[UINT16_MAX + 1];
    uint32_t zone_limit[UINT16_MAX + 1];   /* UINT32_MAX: the default's. */
    uint32_t default_limit;      /* 0: none. */

    pthread_mutex_t policy_mutex;
    struct ct_policy *policies[UINT16_MAX + 1];   /* rcu_dereference(). */
};

/* What the packet looks like to connection tracking. */
struct ct_packet {
    struct packet *packet;
    struct ct_key key;
    uint8_t icmp_code;
    const struct tcp_header *tcp;   /* NULL if it is not TCP. */
    size_t payload_size;         /* TCP. */

    /* An ICMP error: the key of the packet that it complains of, and where its
     * headers are. */
    bool is_icmp_error;
    struct ct_key inner;
    uint8_t *inner_l3;
    uint8_t *inner_l4;
    size_t inner_l4_size;
};

/* ct_key.c */

/* Reads 'packet'.  False if it cannot belong to a connection: not IP, a
 * fragment, malformed, or with a wrong checksum. */
bool ct_packet_read(struct packet *packet, uint16_t zone, struct ct_packet *);
void ct_key_reverse(const struct ct_key *, struct ct_key *reverse);

/* Whether a packet of that key may begin a connection. */
bool ct_key_may_begin(const struct ct_key *);

/* ct_proto.c */

enum ct_update {
    CT_UPDATE_VALID,
    CT_UPDATE_INVALID,
    CT_UPDATE_REOPEN,            /* A new connection of the same key. */
};

/* Whether 'cp' may begin a connection, by its flags. */
bool ct_proto_may_begin(const struct ct_packet *cp);

/* Sets the protocol's state of a new connection from its first packet, and its
 * time. */
void ct_proto_begin(const struct conntrack *, struct ct_conn *,
                    const struct ct_packet *, int64_t now_ms);

/* Takes note of a packet in direction 'dir'.  The connection is locked. */
enum ct_update ct_proto_update(const struct conntrack *, struct ct_conn *,
                               const struct ct_packet *, int dir,
                               int64_t now_ms);

/* The name of a timeout and the one of that name: -1 if there is none. */
int ct_timeout_by_name(const char *name);
uint32_t ct_timeout_default_s(enum ct_timeout);

/* ct_nat.c */

struct ct_nat {
    bool wanted;                 /* "nat" was given. */
    uint8_t kind;                /* CS_SRC_NAT, CS_DST_NAT; 0: only apply. */
    bool has_address;
    struct in6_addr min, max;    /* As in ct_key. */
    uint16_t min_port, max_port; /* 0: none given. */
    bool random;
};

/* The keys that 'conn', still unlinked, may have for replies, one after the
 * other: stores in its reply node the 'attempt'th one.  False if there are no
 * more. */
bool ct_nat_choose(const struct ct_nat *, const struct conntrack *,
                   struct ct_conn *, unsigned int attempt);

/* Translates a packet of direction 'dir'; returns what it did (CS_*_NAT). */
uint8_t ct_nat_apply(const struct ct_conn *, struct ct_packet *, int dir);

/* Likewise an ICMP error that goes in direction 'dir', and the packet in
 * it. */
uint8_t ct_nat_apply_error(const struct ct_conn *, struct ct_packet *,
                           int dir);

/* conntrack.c */
void ct_conn_remove(struct conntrack *, struct ct_conn *);

static inline bool
ct_conn_expired(const struct ct_conn *conn, int64_t now_ms)
{
    return now_ms >= __atomic_load_n(&conn->expires_ms, __ATOMIC_RELAXED);
}

static inline struct ct_conn *
ct_node_conn(const struct ct_node *node, int *dir)
{
    *dir = node->key.dir;
    return CONTAINER_OF(node - *dir, struct ct_conn, nodes[0]);
}

/* Calls 'each' for every live connection of a shard, with the shard locked, but
 * for a few buckets at a time; a connection that comes or goes meanwhile is
 * told or not. */
void ct_shard_for_each(struct conntrack *, unsigned int shard, int64_t now_ms,
                       void (*each)(struct ct_conn *, void *aux), void *aux);

/* Connections whose original direction is in a shard. */
uint32_t ct_shard_count(struct conntrack *, unsigned int shard);

/* The connection tracking of a datapath handle, for ct_control.c. */
struct conntrack *dpif_conntrack(struct dpif *);

#endif /* vswitch/ct_private.h */
