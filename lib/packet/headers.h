/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PACKET_HEADERS_H
#define PACKET_HEADERS_H

/* Protocol headers as they are on the wire.
 *
 * Members are in network byte order.  The structs are packed: a header may
 * start at any address, and no access through them is a misaligned one. */

#include <netinet/in.h>
#include <stdio.h>

#include "lib/base/byteorder.h"
#include "lib/base/compiler.h"

#define PACKED __attribute__((__packed__))

struct eth_addr {
    uint8_t ea[6];
};

#define ETH_ADDR_FMT "%02x:%02x:%02x:%02x:%02x:%02x"
#define ETH_ADDR_ARGS(EA) \
    (EA).ea[0], (EA).ea[1], (EA).ea[2], (EA).ea[3], (EA).ea[4], (EA).ea[5]

static inline bool
eth_addr_equals(struct eth_addr a, struct eth_addr b)
{
    return !memcmp(&a, &b, sizeof a);
}

static inline bool
eth_addr_is_zero(struct eth_addr a)
{
    return !(a.ea[0] | a.ea[1] | a.ea[2] | a.ea[3] | a.ea[4] | a.ea[5]);
}

static inline bool
eth_addr_is_multicast(struct eth_addr a)
{
    return a.ea[0] & 1;
}

/* Made up by software, not given by a maker. */
static inline bool
eth_addr_is_local(struct eth_addr a)
{
    return a.ea[0] & 2;
}

static inline bool
eth_addr_is_broadcast(struct eth_addr a)
{
    return (a.ea[0] & a.ea[1] & a.ea[2] & a.ea[3] & a.ea[4] & a.ea[5]) == 255;
}

/* Reads "aa:bb:cc:dd:ee:ff" and nothing behind it. */
static inline bool
eth_addr_parse(const char *text, struct eth_addr *mac)
{
    struct eth_addr m;
    int n = 0;

    if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &m.ea[0],
               &m.ea[1], &m.ea[2], &m.ea[3], &m.ea[4], &m.ea[5], &n) != 6
        || text[n]) {
        return false;
    }
    *mac = m;
    return true;
}

#define ETH_HEADER_SIZE 14
#define VLAN_HEADER_SIZE 4
#define IPV4_HEADER_SIZE 20
#define IPV6_HEADER_SIZE 40
#define TCP_HEADER_SIZE 20
#define UDP_HEADER_SIZE 8
#define SCTP_HEADER_SIZE 12
#define ICMP_HEADER_SIZE 8
#define MPLS_HEADER_SIZE 4
#define ARP_ETH_HEADER_SIZE 28

/* Ethernet types, host order. */
enum {
    ETH_TYPE_MIN = 0x0600,       /* Less than this is an 802.3 length. */
    ETH_TYPE_IPV4 = 0x0800,
    ETH_TYPE_ARP = 0x0806,
    ETH_TYPE_TEB = 0x6558,
    ETH_TYPE_RARP = 0x8035,
    ETH_TYPE_VLAN_8021Q = 0x8100,
    ETH_TYPE_IPV6 = 0x86dd,
    ETH_TYPE_MPLS = 0x8847,
    ETH_TYPE_MPLS_MCAST = 0x8848,
    ETH_TYPE_VLAN_8021AD = 0x88a8,
    ETH_TYPE_NSH = 0x894f,
    FLOW_DL_TYPE_NONE = 0x05ff,  /* What flow.dl_type holds for a frame
                                  * without an Ethernet type. */
};

struct eth_header {
    struct eth_addr dst;
    struct eth_addr src;
    be16 type;
} PACKED;

struct vlan_header {
    be16 tci;
    be16 next_type;
} PACKED;

#define VLAN_VID_MASK 0x0fff
#define VLAN_CFI 0x1000
#define VLAN_PCP_MASK 0xe000

struct llc_snap_header {
    uint8_t dsap;
    uint8_t ssap;
    uint8_t control;
    uint8_t oui[3];
    be16 type;
} PACKED;

struct mpls_header {
    be32 lse;                    /* Label 20, TC 3, bottom of stack 1, TTL 8. */
} PACKED;

struct arp_eth_header {
    be16 hrd;
    be16 pro;
    uint8_t hln;
    uint8_t pln;
    be16 op;
    struct eth_addr sha;
    be32 spa;
    struct eth_addr tha;
    be32 tpa;
} PACKED;

enum {
    ARP_OP_REQUEST = 1,
    ARP_OP_REPLY = 2,
};

struct ipv4_header {
    uint8_t ihl_ver;
    uint8_t tos;
    be16 total_size;
    be16 id;
    be16 frag_off;
    uint8_t ttl;
    uint8_t proto;
    be16 csum;
    be32 src;
    be32 dst;
} PACKED;

#define IPV4_DF 0x4000
#define IPV4_MF 0x2000
#define IPV4_OFFSET_MASK 0x1fff

static inline size_t
ipv4_header_size(const struct ipv4_header *ip)
{
    return (ip->ihl_ver & 0xf) * 4;
}

/* ECN, the low bits of the TOS. */
#define IP_ECN_MASK 0x03
#define IP_ECN_NOT_ECT 0
#define IP_ECN_ECT_1 1
#define IP_ECN_ECT_0 2
#define IP_ECN_CE 3
#define IP_DSCP_MASK 0xfc

struct ipv6_header {
    be32 ver_tc_label;
    be16 payload_size;
    uint8_t next;
    uint8_t hop_limit;
    struct in6_addr src;
    struct in6_addr dst;
} PACKED;

struct ipv6_ext_header {
    uint8_t next;
    uint8_t size;                /* In 8 octets, less the first 8. */
} PACKED;

struct ipv6_frag_header {
    uint8_t next;
    uint8_t reserved;
    be16 offset_more;            /* Offset in 8 octets << 3 | more. */
    be32 id;
} PACKED;

struct tcp_header {
    be16 src;
    be16 dst;
    be32 seq;
    be32 ack;
    be16 offset_flags;           /* Data offset in words << 12 | flags. */
    be16 window;
    be16 csum;
    be16 urgent;
} PACKED;

enum {
    TCP_FLAG_FIN = 0x001,
    TCP_FLAG_SYN = 0x002,
    TCP_FLAG_RST = 0x004,
    TCP_FLAG_PSH = 0x008,
    TCP_FLAG_ACK = 0x010,
    TCP_FLAG_URG = 0x020,
    TCP_FLAG_ECE = 0x040,
    TCP_FLAG_CWR = 0x080,
    TCP_FLAG_NS = 0x100,
};

static inline size_t
tcp_header_size(const struct tcp_header *tcp)
{
    return (ntohs(tcp->offset_flags) >> 12) * 4;
}

static inline uint16_t
tcp_flags(const struct tcp_header *tcp)
{
    return ntohs(tcp->offset_flags) & 0xfff;
}

struct udp_header {
    be16 src;
    be16 dst;
    be16 size;
    be16 csum;
} PACKED;

struct sctp_header {
    be16 src;
    be16 dst;
    be32 vtag;
    be32 csum;
} PACKED;

struct icmp_header {
    uint8_t type;
    uint8_t code;
    be16 csum;
    be32 rest;                   /* Echo: id << 16 | sequence. */
} PACKED;

enum {
    ICMP4_ECHO_REPLY = 0,
    ICMP4_DST_UNREACH = 3,
    ICMP4_SOURCE_QUENCH = 4,
    ICMP4_REDIRECT = 5,
    ICMP4_ECHO_REQUEST = 8,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAM_PROB = 12,
    ICMP4_TIMESTAMP = 13,
    ICMP4_TIMESTAMP_REPLY = 14,
    ICMP4_INFO_REQUEST = 15,
    ICMP4_INFO_REPLY = 16,

    ICMP6_DST_UNREACH_ = 1,
    ICMP6_PACKET_TOO_BIG_ = 2,
    ICMP6_TIME_EXCEEDED_ = 3,
    ICMP6_PARAM_PROB_ = 4,
    ICMP6_ECHO_REQUEST_ = 128,
    ICMP6_ECHO_REPLY_ = 129,
    ND_ROUTER_SOLICIT_ = 133,
    ND_ROUTER_ADVERT_ = 134,
    ND_NEIGHBOR_SOLICIT_ = 135,
    ND_NEIGHBOR_ADVERT_ = 136,
};

struct nd_header {               /* Neighbour solicitation, advertisement. */
    uint8_t type;
    uint8_t code;
    be16 csum;
    be32 rso_flags;
    struct in6_addr target;
} PACKED;

struct nd_lla_option {
    uint8_t type;
    uint8_t size;                /* In 8 octets. */
    struct eth_addr mac;
} PACKED;

enum {
    ND_OPT_SOURCE_LLA = 1,
    ND_OPT_TARGET_LLA = 2,
};

#define ND_RSO_ROUTER 0x80000000u
#define ND_RSO_SOLICITED 0x40000000u
#define ND_RSO_OVERRIDE 0x20000000u

struct igmp_header {
    uint8_t type;
    uint8_t code;
    be16 csum;
    be32 group;
} PACKED;

struct nsh_header {
    be16 ver_flags_ttl_len;
    uint8_t mdtype;
    uint8_t np;
    be32 path_hdr;
    be32 context[4];             /* With mdtype 1. */
} PACKED;

#define NSH_BASE_SIZE 8          /* Without the context. */
#define NSH_MAX_SIZE 252         /* The length counts 4 bytes in 6 bits. */

enum {
    NSH_MD_TYPE1 = 1,            /* Four words of context. */
    NSH_MD_TYPE2 = 2             /* TLVs. */
};

/* What follows; IANA's "NSH Next Protocol" registry. */
enum {
    NSH_NP_IPV4 = 1,
    NSH_NP_IPV6 = 2,
    NSH_NP_ETHERNET = 3,
    NSH_NP_NSH = 4
};

/* Bytes of the header, or 0 if it claims fewer than it must have. */
static inline size_t
nsh_header_size(const struct nsh_header *nsh)
{
    size_t size = (ntohs(nsh->ver_flags_ttl_len) & 0x3f) * 4;

    return size >= NSH_BASE_SIZE ? size : 0;
}

/* A metadata TLV, whose 'size' bytes are padded to 4. */
struct nsh_tlv {
    be16 class_;
    uint8_t type;
    uint8_t size;
} PACKED;

/* Tunnels. */
enum {
    GENEVE_DST_PORT = 6081,
    VXLAN_DST_PORT = 4789,
};

struct vxlan_header {
    be32 flags;
    be32 vni;                    /* << 8. */
} PACKED;

#define VXLAN_FLAG_VNI 0x08000000u
#define VXLAN_FLAG_GBP 0x80000000u

struct geneve_header {
    uint8_t ver_opt_size;        /* Version << 6 | options in words. */
    uint8_t flags;               /* OAM 0x80, critical 0x40. */
    be16 protocol;
    be32 vni;                    /* << 8. */
} PACKED;

#define GENEVE_FLAG_OAM 0x80
#define GENEVE_FLAG_CRITICAL 0x40
#define GENEVE_MAX_OPTS_SIZE 252

struct geneve_option {
    be16 class;
    uint8_t type;                /* 0x80: critical. */
    uint8_t size;                /* Low 5 bits: data in words. */
} PACKED;

struct gre_header {
    be16 flags;
    be16 protocol;
} PACKED;

#define GRE_FLAG_CSUM 0x8000
#define GRE_FLAG_ROUTING 0x4000
#define GRE_FLAG_KEY 0x2000
#define GRE_FLAG_SEQ 0x1000
#define GRE_VERSION_MASK 0x0007

/* ::ffff:a.b.c.d */
static inline struct in6_addr
in6_addr_from_ipv4(be32 ip)
{
    struct in6_addr a = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

    memcpy(&a.s6_addr[12], &ip, 4);
    return a;
}

static inline bool
in6_addr_is_ipv4(const struct in6_addr *a)
{
    static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

    return !memcmp(a, prefix, sizeof prefix);
}

/* The IPv4 address inside '*a', which is of the form ::ffff:a.b.c.d. */
static inline be32
in6_addr_get_ipv4(const struct in6_addr *a)
{
    return get_be32(&a->s6_addr[12]);
}

static inline bool
in6_addr_is_zero(const struct in6_addr *a)
{
    return !(get_u64(&a->s6_addr[0]) | get_u64(&a->s6_addr[8]));
}

static inline bool
in6_addr_equals(const struct in6_addr *a, const struct in6_addr *b)
{
    return !memcmp(a, b, sizeof *a);
}

#endif /* packet/headers.h */
