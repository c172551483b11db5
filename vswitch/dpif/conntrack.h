/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DPIF_CONNTRACK_H
#define VSWITCH_DPIF_CONNTRACK_H

/* Control of a datapath's connection tracking: dump, flush, limits. */

#include "vswitch/dpif/dpif.h"

/* A direction of a connection. */
struct ct_tuple {
    struct in6_addr src;         /* IPv4 as ::ffff:a.b.c.d. */
    struct in6_addr dst;
    uint8_t nw_proto;
    be16 tp_src;                 /* ICMP: the id. */
    be16 tp_dst;
    uint8_t icmp_type;
    uint8_t icmp_code;
};

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

struct ct_entry {
    struct ct_tuple orig;
    struct ct_tuple reply;
    uint16_t zone;
    uint32_t mark;
    union be128 label;
    uint64_t n_packets[2];       /* Original, reply. */
    uint64_t n_bytes[2];
    enum ct_tcp_state tcp_state[2];   /* Of the originator, of the other. */
    uint32_t timeout_s;          /* Left. */
    const char *helper;          /* "ftp", ..., or NULL. */
};

/* Calls 'each' for every connection ('zone' < 0: of every zone), holding no
 * lock that packets need for longer than a bucket takes. */
int dpif_ct_dump(struct dpif *, int zone,
                 void (*each)(const struct ct_entry *, void *aux), void *aux);

/* What to flush: every connection that all given conditions fit. */
struct ct_flush {
    int zone;                    /* < 0: any. */
    bool has_orig, has_reply;    /* Members of zero match anything. */
    struct ct_tuple orig, reply;
    uint32_t mark, mark_mask;
    union be128 label, label_mask;
};

int dpif_ct_flush(struct dpif *, const struct ct_flush *,
                  uint64_t *n_flushed);

/* Connection limits; 0 is no limit. */
int dpif_ct_set_maxconns(struct dpif *, uint32_t);
int dpif_ct_get_maxconns(struct dpif *, uint32_t *);
int dpif_ct_get_nconns(struct dpif *, uint32_t *);

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

#endif /* vswitch/dpif/conntrack.h */
