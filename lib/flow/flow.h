/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

/* What a packet looks like to a rule.
 *
 * 'struct flow' is the whole key, laid out as 64-bit words so that code can
 * walk it without knowing fields; 'struct flow_wildcards' has the same layout
 * and says which bits count; 'struct flow_key' is the compressed form that
 * the datapath and the classifier hash and compare: a map of the words that
 * are not zero, and those words.
 *
 * Words are ordered in stages (metadata, L2, L3, L4): a lookup that a stage
 * decides need not look at the later ones.  A field never straddles a stage.
 *
 * A field that the packet does not have is zero, and so are paddings; whoever
 * fills a struct flow by hand starts from zero. */

#include <netinet/in.h>

#include "lib/base/byteorder.h"
#include "lib/base/compiler.h"
#include "lib/packet/metadata.h"

typedef uint32_t ofp_port_t;     /* OpenFlow port number, host order. */
typedef uint32_t odp_port_t;     /* Datapath port number, host order. */

#define ODPP_NONE UINT32_MAX

#define FLOW_N_REGS 32
#define FLOW_N_XREGS (FLOW_N_REGS / 2)
#define FLOW_N_XXREGS (FLOW_N_REGS / 4)
#define FLOW_MAX_VLAN_HEADERS 2
#define FLOW_MAX_MPLS_LABELS 3

/* flow.nw_frag. */
enum {
    FLOW_NW_FRAG_ANY = 1 << 0,
    FLOW_NW_FRAG_LATER = 1 << 1,
    FLOW_NW_FRAG_MASK = FLOW_NW_FRAG_ANY | FLOW_NW_FRAG_LATER
};

struct flow_vlan {
    be16 tpid;
    be16 tci;                    /* With 0x1000 (CFI) set where present. */
};

struct flow_nsh {
    uint8_t flags;
    uint8_t ttl;
    uint8_t mdtype;
    uint8_t np;
    be32 path_hdr;               /* SPI << 8 | SI. */
    be32 context[4];
};

/* packet_type: namespace in the upper half, type in the lower. */
#define PACKET_TYPE_ETH 0
#define PACKET_TYPE(NS, TYPE) ((uint32_t) (NS) << 16 | (TYPE))
#define PACKET_TYPE_NS_ETHERTYPE 1
#define PACKET_TYPE_NS_IPV4_OPTION 4   /* The last that is defined. */
#define PACKET_TYPE_NSH PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, 0x894f)
#define PACKET_TYPE_MPLS PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, 0x8847)
#define PACKET_TYPE_MPLS_MC PACKET_TYPE(PACKET_TYPE_NS_ETHERTYPE, 0x8848)
#define PACKET_TYPE_UNKNOWN UINT32_MAX   /* No packet has it. */

struct flow {
    /* Metadata. */
    struct flow_tunnel tunnel;
    be64 metadata;
    uint32_t regs[FLOW_N_REGS];
    uint32_t skb_priority;
    uint32_t pkt_mark;
    uint32_t dp_hash;
    uint32_t in_port;            /* OpenFlow or datapath port number, as the
                                  * context says. */
    uint32_t recirc_id;
    uint32_t conj_id;
    uint8_t ct_state;
    uint8_t ct_nw_proto;         /* Original direction tuple. */
    uint16_t ct_zone;
    uint32_t ct_mark;
    union be128 ct_label;
    uint32_t packet_type;        /* Host order. */
    uint32_t actset_output;

    /* L2. */
    struct eth_addr dl_dst;
    struct eth_addr dl_src;
    be16 dl_type;                /* Of the innermost tag; a length (802.3)
                                  * frame has 0x05ff. */
    uint8_t pad_l2[2];
    struct flow_vlan vlans[FLOW_MAX_VLAN_HEADERS];
    be32 mpls_lse[FLOW_MAX_MPLS_LABELS + 1];   /* The last is padding. */
    struct flow_nsh nsh;

    /* L3. */
    be32 nw_src;                 /* Also ARP sender and target. */
    be32 nw_dst;
    be32 ct_nw_src;
    be32 ct_nw_dst;
    struct in6_addr ipv6_src;
    struct in6_addr ipv6_dst;
    struct in6_addr ct_ipv6_src;
    struct in6_addr ct_ipv6_dst;
    be32 ipv6_label;
    uint8_t nw_frag;
    uint8_t nw_tos;              /* DSCP and ECN as in the header. */
    uint8_t nw_ttl;
    uint8_t nw_proto;            /* Also the ARP opcode, if below 256. */
    struct in6_addr nd_target;
    struct eth_addr arp_sha;     /* Also the ND source link-layer option. */
    struct eth_addr arp_tha;     /* Also the ND target link-layer option. */
    be16 tcp_flags;              /* The low 12 bits. */
    uint8_t pad_l3[2];

    /* L4. */
    be16 tp_src;                 /* Also the ICMP type, in host numbers. */
    be16 tp_dst;                 /* Also the ICMP code. */
    be16 ct_tp_src;
    be16 ct_tp_dst;
    be32 igmp_group_ip4;
    be32 nd_reserved;            /* First word after the ND ICMPv6 header:
                                  * R, S, O flags. */
    uint8_t nd_options_type;
    uint8_t pad_l4[7];
};

/* Word counts. */
#define FLOW_WORDS (sizeof(struct flow) / 8)
#define FLOW_STAGE_L2 (offsetof(struct flow, dl_dst) / 8)
#define FLOW_STAGE_L3 (offsetof(struct flow, nw_src) / 8)
#define FLOW_STAGE_L4 (offsetof(struct flow, tp_src) / 8)
#define FLOW_MAP_WORDS DIV_ROUND_UP(FLOW_WORDS, 64)

_Static_assert(sizeof(struct flow) % 8 == 0, "whole words");
_Static_assert(offsetof(struct flow, dl_dst) % 8 == 0, "stage boundary");
_Static_assert(offsetof(struct flow, nw_src) % 8 == 0, "stage boundary");
_Static_assert(offsetof(struct flow, tp_src) % 8 == 0, "stage boundary");
_Static_assert(FLOW_MAP_WORDS == 2, "the map is two words");

/* Bit for bit: 1 is "matters". */
struct flow_wildcards {
    struct flow masks;
};

/* Which words of a struct flow are there. */
struct flow_map {
    uint64_t bits[FLOW_MAP_WORDS];
};

/* A compressed flow: 'map', then the value of each word in it, in order.  A
 * word in the map may be zero; a word not in the map is zero. */
struct flow_key {
    uint32_t hash;               /* Of the owner's choice; 0 if unused. */
    uint16_t n_words;
    uint16_t pad;
    struct flow_map map;
    uint64_t words[];
};

/* A flow key with room for every word. */
struct flow_key_full {
    struct flow_key key;
    uint64_t room[FLOW_WORDS];
};

#endif /* flow/flow.h */
