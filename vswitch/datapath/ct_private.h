/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_CT_PRIVATE_H
#define VSWITCH_CT_PRIVATE_H

/* Connection tracking from inside: only for conntrack.c and the ct_*.c files.
 *
 *   ct_args.c     the arguments of an action
 *   ct_key.c      packets to keys, ICMP errors to the keys inside them
 *   ct_table.c    finding connections, sweeping up expired ones
 *   ct_proto.c    states and timeouts of TCP, UDP, ICMP and others
 *   ct_sctp.c     states of SCTP
 *   ct_nat.c      choosing translations, and applying them to packets
 *   ct_alg.c      FTP and TFTP: what they announce, and rewriting it
 *   ct_expect.c   connections that were announced
 *   ct_control.c  dump, flush, limits, timeout policies */

#include <pthread.h>

#include "lib/base/list.h"
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

enum ct_life { CT_FREE, CT_LIVE, CT_DEAD };

#define CT_KEY_SIZE offsetof(struct ct_key, dir)

enum { CT_ORIG, CT_REPLY };

struct ct_node {
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

/* An SCTP association (ct_sctp.c). */
struct ct_sctp {
    uint32_t tag[2];             /* That packets of each direction bear, as in
                                  * the header; 0: not known. */
    uint8_t state;               /* enum ct_sctp_state. */
};

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
    bool seen_reply;             /* Atomic: read without the lock. */
    bool is_related;             /* Expected by another connection. */
    uint8_t nat_state;           /* CS_SRC_NAT, CS_DST_NAT. */
    uint8_t life;                /* Atomic: enum ct_life; who makes it dead
                                  * unlinks it. */
    uint16_t policy;             /* Of timeouts; 0: built in. */
    uint32_t mark;
    union be128 label;
    uint32_t n_packets[2];       /* Wrap; enough to be looked at. */
    uint64_t n_bytes[2];
    union {
        struct ct_tcp_peer tcp[2];
        struct ct_sctp sctp;
    };
    struct ct_alg_state *alg;    /* NULL unless it has a helper; set before it
                                  * is inserted. */
    uint32_t index;              /* Of its place (ct_table.c). */
    union {
        struct rcu_head rcu;     /* Dead. */
        struct ct_conn *next_free;
    };
};

/* There are millions of them. */
_Static_assert(sizeof(struct ct_conn) <= 224, "three and a half cache lines");

/* A key of a connection: its hash, and 2 * (index of the connection + 1) +
 * direction; 0 if the slot is empty. */
struct ct_slot {
    uint32_t hash;
    uint32_t ref;
};

struct ct_shard {
    pthread_mutex_t mutex;
    struct ct_slot *slots;       /* Open addressing. */
    uint32_t mask;               /* Number of slots less 1. */
    uint32_t n;                  /* Of keys. */
    uint32_t n_orig;             /* Of these, of original directions. */
} CACHE_ALIGNED;

/* Places of connections, in chunks. */
#define CT_CHUNK_SIZE 1024
#define CT_MAX_CHUNKS (1u << 18)
#define CT_N_FREE_LISTS 16

struct ct_chunk {
    struct conntrack *ct;
    struct ct_conn conns[CT_CHUNK_SIZE];
};

struct ct_free_list {
    pthread_mutex_t mutex;
    struct ct_conn *head;
} CACHE_ALIGNED;

struct conntrack {
    struct ct_shard shards[CT_N_SHARDS];
    struct ct_free_list free_lists[CT_N_FREE_LISTS];
    pthread_mutex_t chunk_mutex; /* For adding one. */
    uint32_t n_chunks;           /* Atomic. */
    struct ct_chunk **chunks;    /* CT_MAX_CHUNKS; those that are there stay. */
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

    struct ct_expectations *expectations;

    pthread_mutex_t policy_mutex;
    struct ct_policy *policies[UINT16_MAX + 1];   /* rcu_dereference(). */
};

/* What the packet looks like to connection tracking. */
struct ct_packet {
    struct packet *packet;
    struct ct_key key;
    uint8_t icmp_code;
    struct tcp_header *tcp;      /* NULL if it is not TCP. */
    uint8_t *l4;                 /* Transport header. */
    size_t l4_size;              /* From there to the end of the packet. */
    size_t payload_size;         /* TCP. */

    /* An ICMP error: the key of the packet that it complains of, and where its
     * headers are. */
    bool is_icmp_error;
    struct ct_key inner;
    uint8_t *inner_l3;
    uint8_t *inner_l4;
    size_t inner_l4_size;
};

/* ct_nat.c */

/* What an action says of translation. */
struct ct_nat {
    bool wanted;                 /* "nat" was given. */
    uint8_t kind;                /* CS_SRC_NAT, CS_DST_NAT; 0: only apply. */
    bool has_address;
    struct in6_addr min, max;    /* As in ct_key. */
    uint16_t min_port, max_port; /* 0: none given. */
    bool random;                 /* Ports by chance. */
    bool hash;                   /* Ports by hash, even if the own is free. */
    bool persistent;             /* The same after a restart. */
};

/* The keys that 'conn', still unlinked, may have for replies, one after the
 * other: stores in its reply node the 'attempt'th one.  False if there are no
 * more.  'start' is from ct_nat_start(). */
uint32_t ct_nat_start(const struct ct_nat *, const struct conntrack *,
                      const struct ct_conn *);
bool ct_nat_choose(const struct ct_nat *, const struct conntrack *,
                   struct ct_conn *, uint32_t start, unsigned int attempt);

/* Translates a packet of direction 'dir'; returns what it did (CS_*_NAT). */
uint8_t ct_nat_apply(const struct ct_conn *, struct ct_packet *, int dir);

/* Likewise an ICMP error that goes in direction 'dir', and the packet in
 * it. */
uint8_t ct_nat_apply_error(const struct ct_conn *, struct ct_packet *,
                           int dir);

/* ct_args.c */

enum ct_alg { CT_ALG_NONE, CT_ALG_FTP, CT_ALG_TFTP };

/* The arguments of an action. */
struct ct_args {
    uint16_t zone;
    bool commit, force;
    uint32_t mark, mark_mask;
    union be128 label, label_mask;
    struct ct_nat nat;
    uint16_t policy;
    enum ct_alg alg;
};

/* False if the action is malformed. */
bool ct_args_parse(const struct nlattr *action, struct ct_args *);

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

/* ct_sctp.c */

bool ct_sctp_may_begin(const struct ct_packet *);

/* As ct_proto_begin() and ct_proto_update(); return, or store, the time that
 * the association lasts without packets. */
uint32_t ct_sctp_begin(struct ct_conn *, const struct ct_packet *);
enum ct_update ct_sctp_update(struct ct_conn *, const struct ct_packet *,
                              int dir, uint32_t *timeout_s);

/* ct_alg.c */

/* Numbers that change because a text of another length was put in. */
struct ct_seq_shift {
    uint32_t position;           /* Sequence number of the last change. */
    int32_t before, after;       /* What to add, up to there and beyond. */
};

struct ct_alg_state {
    enum ct_alg alg;
    struct ct_seq_shift shifts[2];   /* By direction; conn->lock. */
    struct list expectations;    /* The expectations' mutex. */
    unsigned int n_expectations;
};

/* "ftp", "tftp"; CT_ALG_NONE for another name. */
enum ct_alg ct_alg_by_name(const char *name, size_t size);
const char *ct_alg_name(enum ct_alg);

struct ct_alg_state *ct_alg_create(enum ct_alg) MUST_USE;

/* Makes room for what ct_alg_run() may put in: the packet of 'cp' is another
 * one afterwards, if its room did not suffice. */
void ct_alg_make_room(struct ct_packet *);

/* Makes what a packet acknowledges what its receiver has sent.  Before the
 * packet is looked at otherwise. */
void ct_alg_fix_ack(struct ct_conn *, struct ct_packet *, int dir);

/* Expects the connections that a packet announces, rewrites what it says of
 * them, and its sequence number.  After it was found valid, before it is
 * translated. */
void ct_alg_run(struct conntrack *, struct ct_conn *, struct ct_packet *,
                int dir, int64_t now_ms);

/* ct_expect.c */

/* A connection that was announced. */
struct ct_expected {
    struct ct_key key;           /* As it will come; tp_src is 0: any. */
    struct ct_key to;            /* As it shall go on, after translation. */
    uint8_t nat_state;           /* What that is (CS_*_NAT). */
    uint32_t mark;               /* Of the connection that announced it. */
    union be128 label;
};

struct ct_expectations *ct_expectations_create(void);
void ct_expectations_destroy(struct ct_expectations *);

/* Adds what 'parent' announced; an older one that is the same goes.  False if
 * somebody else expects a connection of that key. */
bool ct_expect(struct ct_expectations *, struct ct_conn *parent,
               const struct ct_expected *, int64_t now_ms);

/* The port that 'parent' said already for 'to': 0 if none. */
be16 ct_expect_find_port(struct ct_expectations *,
                         const struct ct_conn *parent,
                         const struct ct_key *to);

/* Whether a connection of 'key' is expected; stores as what. */
bool ct_expect_find(struct ct_expectations *, const struct ct_key *,
                    int64_t now_ms, struct ct_expected *);

/* It came. */
void ct_expect_fulfill(struct ct_expectations *, const struct ct_key *);

/* 'parent' is no more. */
void ct_expect_forget(struct ct_expectations *, struct ct_conn *parent);
void ct_expect_sweep(struct ct_expectations *, int64_t now_ms);

void ct_expect_for_each(struct ct_expectations *, int64_t now_ms,
                        void (*each)(const struct ct_expected *,
                                     const struct ct_conn *parent,
                                     void *aux), void *aux);

/* ct_table.c */

void ct_table_init(struct conntrack *);

/* Frees all.  Nobody uses it any more. */
void ct_table_uninit(struct conntrack *);

/* The live connection that 'key' is a direction of, and which, or NULL. */
struct ct_conn *ct_find(struct conntrack *, const struct ct_key *,
                        int64_t now_ms, int *dir);

/* A place for a connection of that original key, zeroed but for the lock; NULL
 * if all are taken. */
struct ct_conn *ct_conn_alloc(struct conntrack *, const struct ct_key *);

/* Puts 'conn' into the table: 0, or -EEXIST if one of its keys is there. */
int ct_insert(struct conntrack *, struct ct_conn *);
void ct_conn_remove(struct conntrack *, struct ct_conn *);

/* Frees one that was not inserted. */
void ct_conn_free(struct ct_conn *);

static inline bool
ct_conn_is_live(const struct ct_conn *conn)
{
    return __atomic_load_n(&conn->life, __ATOMIC_ACQUIRE) == CT_LIVE;
}

static inline bool
ct_conn_expired(const struct ct_conn *conn, int64_t now_ms)
{
    return now_ms >= __atomic_load_n(&conn->expires_ms, __ATOMIC_RELAXED);
}

/* Calls 'each' for every live connection of one of CT_N_PARTS parts of the
 * table, in an RCU read section, without a lock: a connection that comes or
 * goes meanwhile is told or not. */
#define CT_N_PARTS 256
void ct_part_for_each(struct conntrack *, unsigned int part, int64_t now_ms,
                      void (*each)(struct ct_conn *, void *aux), void *aux);

/* The connection tracking of a datapath handle, for ct_control.c. */
struct conntrack *dpif_conntrack(struct dpif *);

#endif /* vswitch/ct_private.h */
