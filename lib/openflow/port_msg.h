/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PORT_MSG_H
#define OPENFLOW_PORT_MSG_H

/* Messages about ports and queues: descriptions, status, mods, statistics. */

#include "lib/flow/port.h"
#include "lib/openflow/msg.h"

/* ofp_port.config */
enum {
    PORT_DOWN = 1 << 0,
    PORT_NO_STP = 1 << 1,        /* OpenFlow 1.0. */
    PORT_NO_RECV = 1 << 2,
    PORT_NO_RECV_STP = 1 << 3,   /* OpenFlow 1.0. */
    PORT_NO_FLOOD = 1 << 4,      /* OpenFlow 1.0. */
    PORT_NO_FWD = 1 << 5,
    PORT_NO_PACKET_IN = 1 << 6
};

/* ofp_port.state; the spanning tree states are OpenFlow 1.0's. */
enum {
    PORT_LINK_DOWN = 1 << 0,
    PORT_BLOCKED = 1 << 1,
    PORT_LIVE = 1 << 2,
    PORT_STP_LISTEN = 0 << 8,
    PORT_STP_LEARN = 1 << 8,
    PORT_STP_FORWARD = 2 << 8,
    PORT_STP_BLOCK = 3 << 8,
    PORT_STP_MASK = 3 << 8
};

/* curr, advertised, supported, peer. */
enum {
    PORT_10MB_HD = 1 << 0,
    PORT_10MB_FD = 1 << 1,
    PORT_100MB_HD = 1 << 2,
    PORT_100MB_FD = 1 << 3,
    PORT_1GB_HD = 1 << 4,
    PORT_1GB_FD = 1 << 5,
    PORT_10GB_FD = 1 << 6,
    PORT_40GB_FD = 1 << 7,
    PORT_100GB_FD = 1 << 8,
    PORT_1TB_FD = 1 << 9,
    PORT_OTHER = 1 << 10,
    PORT_COPPER = 1 << 11,
    PORT_FIBER = 1 << 12,
    PORT_AUTONEG = 1 << 13,
    PORT_PAUSE = 1 << 14,
    PORT_PAUSE_ASYM = 1 << 15
};

#define OFP_PORT_NAME_SIZE 64

struct phy_port {
    ofp_port_t port_no;
    struct eth_addr hw_addr;
    char name[OFP_PORT_NAME_SIZE];
    uint32_t config;             /* PORT_DOWN, ... */
    uint32_t state;              /* PORT_LINK_DOWN, ... */
    uint32_t curr;               /* PORT_10MB_HD, ... */
    uint32_t advertised;
    uint32_t supported;
    uint32_t peer;
    uint32_t curr_speed_kbps;
    uint32_t max_speed_kbps;
};

/* In a features reply (1.0) or OFPMP_PORT_DESC: next port, 0, -ENODATA or an
 * enum ofperr. */
int phy_port_decode(struct phy_port *, uint8_t version, struct reader *)
    MUST_USE;
void phy_port_append(struct multipart *, const struct phy_port *);
void phy_port_put(struct buf *, const struct phy_port *, uint8_t version);
struct buf *port_desc_request_encode(uint8_t version, ofp_port_t) MUST_USE;
enum ofperr port_desc_request_decode(const struct ofmsg *, ofp_port_t *ret)
    MUST_USE;

enum port_reason {
    PORT_ADD,
    PORT_DELETE,
    PORT_MODIFY
};

struct port_status {
    uint8_t reason;              /* enum port_reason. */
    struct phy_port desc;
};

enum ofperr port_status_decode(struct port_status *, const struct ofmsg *)
    MUST_USE;
struct buf *port_status_encode(const struct port_status *, uint8_t version)
    MUST_USE;

struct port_mod {
    ofp_port_t port_no;
    struct eth_addr hw_addr;
    uint32_t config;
    uint32_t mask;
    uint32_t advertise;          /* 0: leave it. */
};

/* 'loose' takes a port mod of any length, as old controllers send. */
enum ofperr port_mod_decode(struct port_mod *, const struct ofmsg *) MUST_USE;
struct buf *port_mod_encode(const struct port_mod *, uint8_t version) MUST_USE;

/* Statistics; a counter of all ones is unknown. */
struct port_stats {
    ofp_port_t port_no;
    uint32_t duration_s;         /* UINT32_MAX: unknown. */
    uint32_t duration_ns;
    uint64_t rx_packets;
    uint64_t tx_packets;
    uint64_t rx_bytes;
    uint64_t tx_bytes;
    uint64_t rx_dropped;
    uint64_t tx_dropped;
    uint64_t rx_errors;
    uint64_t tx_errors;
    uint64_t rx_frame_errors;
    uint64_t rx_over_errors;
    uint64_t rx_crc_errors;
    uint64_t collisions;
    /* RFC 2819 and the like (OpenFlow 1.4+); all ones: unknown. */
    uint64_t rx_1_to_64_packets;
    uint64_t rx_65_to_127_packets;
    uint64_t rx_128_to_255_packets;
    uint64_t rx_256_to_511_packets;
    uint64_t rx_512_to_1023_packets;
    uint64_t rx_1024_to_1522_packets;
    uint64_t rx_1523_to_max_packets;
    uint64_t tx_1_to_64_packets;
    uint64_t tx_65_to_127_packets;
    uint64_t tx_128_to_255_packets;
    uint64_t tx_256_to_511_packets;
    uint64_t tx_512_to_1023_packets;
    uint64_t tx_1024_to_1522_packets;
    uint64_t tx_1523_to_max_packets;
    uint64_t tx_multicast_packets;
    uint64_t rx_broadcast_packets;
    uint64_t tx_broadcast_packets;
    uint64_t rx_undersized_errors;
    uint64_t rx_oversize_errors;
    uint64_t rx_fragmented_errors;
    uint64_t rx_jabber_errors;
    /* Interface:statistics by other names; borrowed. */
    struct { const char *name; uint64_t value; } *custom;
    size_t n_custom;
};

struct buf *port_stats_request_encode(uint8_t version, ofp_port_t) MUST_USE;
enum ofperr port_stats_request_decode(const struct ofmsg *, ofp_port_t *ret)
    MUST_USE;
void port_stats_append(struct multipart *, const struct port_stats *);

/* 'custom' of the result is allocated; free with port_stats_uninit(). */
int port_stats_decode(struct port_stats *, const struct ofmsg *,
                      struct reader *) MUST_USE;
void port_stats_uninit(struct port_stats *);

/* Queues. */

#define OFPQ_ALL 0xffffffffu
#define QUEUE_RATE_UNSET UINT16_MAX

struct queue_stats_request {
    ofp_port_t port_no;          /* OFPP_NONE: all. */
    uint32_t queue_id;           /* OFPQ_ALL. */
};

enum ofperr queue_stats_request_decode(struct queue_stats_request *,
                                       const struct ofmsg *) MUST_USE;
struct buf *queue_stats_request_encode(const struct queue_stats_request *,
                                       uint8_t version) MUST_USE;

struct queue_stats {
    ofp_port_t port_no;
    uint32_t queue_id;
    uint64_t tx_bytes;
    uint64_t tx_packets;
    uint64_t tx_errors;
    uint32_t duration_s;         /* UINT32_MAX: unknown. */
    uint32_t duration_ns;
};

void queue_stats_append(struct multipart *, const struct queue_stats *);
int queue_stats_decode(struct queue_stats *, const struct ofmsg *,
                       struct reader *) MUST_USE;

/* Configuration: OFPT_QUEUE_GET_CONFIG up to 1.3, OFPMP_QUEUE_DESC since. */
struct queue_config {
    ofp_port_t port_no;
    uint32_t queue_id;
    uint16_t min_rate;           /* 1/10 %; QUEUE_RATE_UNSET. */
    uint16_t max_rate;
};

struct buf *queue_config_request_encode(uint8_t version, ofp_port_t,
                                        uint32_t queue_id) MUST_USE;
enum ofperr queue_config_request_decode(const struct ofmsg *, ofp_port_t *,
                                        uint32_t *queue_id) MUST_USE;

/* A reply with 'n' queues, into 'list' as struct buf's. */
void queue_config_reply(const struct ofmsg *request,
                        const struct queue_config *, size_t n,
                        struct list *list);

/* 'state' is zero before the first call. */
int queue_config_decode(struct queue_config *, const struct ofmsg *,
                        struct reader *) MUST_USE;

#endif /* openflow/port_msg.h */
