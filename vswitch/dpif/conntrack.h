/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DPIF_CONNTRACK_H
#define VSWITCH_DPIF_CONNTRACK_H

/* Control of a datapath's connection tracking: dump, flush, limits. */

#include "lib/flow/ct_match.h"
#include "vswitch/dpif/dpif.h"

enum ct_tcp_state {
    CT_TCP_NONE,
    CT_TCP_LISTEN,
    CT_TCP_SYN_SENT,
    CT_TCP_SYN_RECV,
    CT_TCP_ESTABLISHED,
    CT_TCP_CLOSE_WAIT,
    CT_TCP_FIN_WAIT_1,
    CT_TCP_CLOSING,
    CT_TCP_LAST_ACK,
    CT_TCP_FIN_WAIT_2,
    CT_TCP_TIME_WAIT,
    CT_TCP_CLOSED,
};

enum ct_sctp_state {
    CT_SCTP_CLOSED,
    CT_SCTP_COOKIE_WAIT,
    CT_SCTP_COOKIE_ECHOED,
    CT_SCTP_ESTABLISHED,
    CT_SCTP_SHUTDOWN_SENT,
    CT_SCTP_SHUTDOWN_ACK_SENT,
    CT_SCTP_N_STATES
};

struct ct_entry {
    struct ct_tuple orig;
    struct ct_tuple reply;
    uint16_t zone;
    uint32_t mark;
    union be128 label;
    uint64_t n_packets[2];       /* Original, reply. */
    uint64_t n_bytes[2];
    enum ct_tcp_state tcp_state[2];   /* Of the originator, of the other. */
    enum ct_sctp_state sctp_state;
    uint32_t sctp_tag[2];        /* Of packets of each direction. */
    uint32_t timeout_s;          /* Left. */
    const char *helper;          /* "ftp", ..., or NULL. */
};

/* Calls 'each' for every connection ('zone' < 0: of every zone), holding no
 * lock that packets need for longer than a bucket takes. */
int dpif_ct_dump(struct dpif *, int zone,
                 void (*each)(const struct ct_entry *, void *aux), void *aux);

/* A connection that another one announced. */
struct ct_expected_entry {
    struct ct_tuple orig;        /* tp_src is 0: any. */
    struct ct_tuple parent;      /* Who announced it. */
    uint16_t zone;
    uint32_t mark;
    union be128 label;
    const char *helper;
};

void dpif_ct_dump_expected(struct dpif *, int zone,
                           void (*each)(const struct ct_expected_entry *,
                                        void *aux), void *aux);

/* Removes what fits; stores how many. */
int dpif_ct_flush(struct dpif *, const struct ct_flush *,
                  uint64_t *n_flushed);

/* Connection limits; 0 is no limit. */
int dpif_ct_set_maxconns(struct dpif *, uint32_t);
int dpif_ct_get_maxconns(struct dpif *, uint32_t *);
int dpif_ct_get_nconns(struct dpif *, uint32_t *);

/* Connections in each part of the table. */
#define CT_N_BUCKETS 256
void dpif_ct_get_buckets(struct dpif *, uint32_t counts[CT_N_BUCKETS]);

/* How long it takes to go once through the table for what expired: 20 s
 * unless set.  -EINVAL if it is not from 100 ms to an hour. */
int dpif_ct_set_sweep_interval(struct dpif *, uint32_t ms);
uint32_t dpif_ct_get_sweep_interval(struct dpif *);

struct ct_zone_limit {
    int zone;                    /* -1: the default limit. */
    uint32_t limit;
    uint32_t count;
};

int dpif_ct_set_limit(struct dpif *, int zone, uint32_t limit);
int dpif_ct_get_limit(struct dpif *, int zone, struct ct_zone_limit *);
int dpif_ct_del_limit(struct dpif *, int zone);
void dpif_ct_dump_limits(struct dpif *,
                         void (*each)(const struct ct_zone_limit *, void *aux),
                         void *aux);

/* TCP sequence checking (on by default). */
int dpif_ct_set_tcp_seq_chk(struct dpif *, bool);
bool dpif_ct_get_tcp_seq_chk(struct dpif *);

/* Timeouts in seconds, by name as in the CT_Timeout_Policy table
 * ("tcp_established", "udp_single", "icmp_first", ...), as a policy that
 * OVS_CT_ATTR_TIMEOUT names by the decimal of 'id'.  Names that are not in
 * 'timeouts' have the built-in value. */
int dpif_ct_set_timeout_policy(struct dpif *, uint32_t id,
                               const struct smap *timeouts);
int dpif_ct_del_timeout_policy(struct dpif *, uint32_t id);

/* Reassembly of IP fragments before they are tracked. */

struct ipf_family_status {
    bool enabled;
    uint32_t min_size;           /* Of fragments but the last, from the network
                                  * header on. */
    uint64_t n_accepted;
    uint64_t n_completed;        /* Became part of a whole datagram. */
    uint64_t n_expired;
    uint64_t n_too_small;
    uint64_t n_overlap;
    uint64_t n_purged;           /* To make room. */
};

struct ipf_status {
    uint32_t max_fragments;
    uint32_t n_fragments;        /* That wait now. */
    struct ipf_family_status v4, v6;
};

/* -EINVAL if the value is out of bounds: at least 400 bytes (IPv4) or 1280
 * (IPv6), at most 65535 fragments. */
int dpif_ipf_set_enabled(struct dpif *, bool v6, bool enabled);
int dpif_ipf_set_min_frag(struct dpif *, bool v6, uint32_t bytes);
int dpif_ipf_set_max_nfrags(struct dpif *, uint32_t max);
void dpif_ipf_get_status(struct dpif *, struct ipf_status *);

/* A datagram of which fragments wait. */
struct ipf_datagram {
    struct in6_addr src, dst;    /* IPv4: the first four bytes. */
    uint32_t id;
    uint16_t zone;
    uint8_t proto;               /* IPv6: 0. */
    bool is_ipv6;
    bool has_first, has_last;
    bool overlaps;               /* Its fragments do: it will not be whole. */
    uint32_t n_fragments;
};

/* Calls 'each' for those that wait, oldest first; it must not take long. */
void dpif_ipf_dump(struct dpif *,
                   void (*each)(const struct ipf_datagram *, void *aux),
                   void *aux);

#endif /* vswitch/dpif/conntrack.h */
