/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_METADATA_H
#define PACKET_METADATA_H

/* What a switch knows of a packet beside its bytes: where it came from, the
 * tunnel it came in (or shall leave through), what connection tracking said. */

#include "lib/packet/headers.h"

/* Tunnel options (Geneve): a TLV table maps each option (class, type, length)
 * to a slot tun_metadata0..63, and each slot to bytes of 'opts'. */
#define TUN_METADATA_N_FIELDS 64
#define TUN_METADATA_N_BYTES 256

/* flow_tunnel.flags. */
enum {
    FLOW_TNL_F_OAM = 1 << 0,
    FLOW_TNL_F_DONT_FRAGMENT = 1 << 1,
    FLOW_TNL_F_CSUM = 1 << 2,
    FLOW_TNL_F_KEY = 1 << 3,
    FLOW_TNL_PUB_F_MASK = (1 << 4) - 1,   /* Those that tun_flags can match. */
    FLOW_TNL_F_UDPIF = 1 << 4,            /* 'opts' is raw wire options of
                                           * 'opts_size' bytes, not slots. */
};

struct flow_tunnel {
    struct in6_addr src;         /* Outer addresses; IPv4 as ::ffff:a.b.c.d. */
    struct in6_addr dst;         /* All zero: not tunnelled. */
    be64 tun_id;
    uint16_t flags;              /* FLOW_TNL_F_*. */
    uint8_t tos;
    uint8_t ttl;
    be16 tp_src;
    be16 tp_dst;
    be16 gbp_id;
    uint8_t gbp_flags;
    uint8_t erspan_ver;
    uint32_t erspan_idx;
    uint8_t erspan_dir;
    uint8_t erspan_hwid;
    uint8_t gtpu_flags;
    uint8_t gtpu_msgtype;
    uint16_t opts_size;          /* With FLOW_TNL_F_UDPIF only: bytes used. */
    uint8_t pad[2];
    uint64_t opts_present;       /* Bit i: slot tun_metadata<i> is present. */
    uint8_t opts[TUN_METADATA_N_BYTES];
};

static inline bool
flow_tunnel_is_set(const struct flow_tunnel *tunnel)
{
    return !in6_addr_is_zero(&tunnel->dst);
}

/* flow.ct_state. */
enum {
    CS_NEW = 1 << 0,
    CS_ESTABLISHED = 1 << 1,
    CS_RELATED = 1 << 2,
    CS_REPLY_DIR = 1 << 3,
    CS_INVALID = 1 << 4,
    CS_TRACKED = 1 << 5,
    CS_SRC_NAT = 1 << 6,
    CS_DST_NAT = 1 << 7,
    CS_SUPPORTED_MASK = 0xff
};

struct packet_metadata {
    uint32_t in_port;            /* Datapath port number. */
    uint32_t recirc_id;
    uint32_t dp_hash;
    uint32_t skb_priority;
    uint32_t pkt_mark;

    /* Connection tracking; meaningless while 'ct_state' is 0. */
    uint8_t ct_state;            /* CS_*. */
    uint8_t ct_nw_proto;         /* Original direction tuple; 0: not there. */
    uint16_t ct_zone;
    uint32_t ct_mark;
    bool ct_is_ipv6;
    be16 ct_tp_src;
    be16 ct_tp_dst;
    union be128 ct_label;
    struct in6_addr ct_src;      /* IPv4: only the first four bytes. */
    struct in6_addr ct_dst;

    struct flow_tunnel tunnel;   /* Meaningless but for 'dst' if 'dst' is zero;
                                  * 'opts' beyond 'opts_size' likewise. */
};

/* Sets '*md' to what a packet has that was just received on 'in_port'. */
static inline void
packet_metadata_init(struct packet_metadata *md, uint32_t in_port)
{
    md->in_port = in_port;
    md->recirc_id = 0;
    md->dp_hash = 0;
    md->skb_priority = 0;
    md->pkt_mark = 0;
    md->ct_state = 0;
    md->ct_nw_proto = 0;
    md->ct_zone = 0;
    md->ct_mark = 0;
    md->ct_label = (union be128) { .be64 = { 0, 0 } };
    md->tunnel.dst = (struct in6_addr) { .s6_addr = { 0 } };
}

#endif /* packet/metadata.h */
