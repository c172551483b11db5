/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_H
#define OPENFLOW_OFPACT_H

/* OpenFlow actions, decoded.
 *
 * A list of actions is a run of bytes: each action a struct that starts with
 * 'struct ofpact', at a multiple of 8 bytes.  There is one struct for each
 * meaning, whatever the OpenFlow version calls it; instructions are actions
 * that may stand only at the outermost level.  Nested lists (clone, ct,
 * write_actions) follow their action's struct and are part of its size.
 *
 * The translator walks the list; the codec (ofpact_codec.h) reads and writes
 * it on the wire for each version; ofpact_text.h reads and prints text.
 *
 * A list can be compared and hashed as bytes: paddings are zero. */

#include "lib/flow/field.h"
#include "lib/flow/flow.h"
#include "lib/openflow/buf.h"

/* type, struct, name as printed. */
#define OFPACTS \
    /* Output. */ \
    OFPACT(OUTPUT, ofpact_output, "output") \
    OFPACT(OUTPUT_REG, ofpact_output_reg, "output_reg") \
    OFPACT(OUTPUT_TRUNC, ofpact_output_trunc, "output_trunc") \
    OFPACT(CONTROLLER, ofpact_controller, "controller") \
    OFPACT(ENQUEUE, ofpact_enqueue, "enqueue") \
    OFPACT(BUNDLE, ofpact_bundle, "bundle") \
    OFPACT(GROUP, ofpact_group, "group") \
    /* Headers. */ \
    OFPACT(SET_FIELD, ofpact_set_field, "set_field") \
    OFPACT(SET_VLAN_VID, ofpact_vlan_vid, "set_vlan_vid") \
    OFPACT(SET_VLAN_PCP, ofpact_vlan_pcp, "set_vlan_pcp") \
    OFPACT(STRIP_VLAN, ofpact_strip_vlan, "strip_vlan") \
    OFPACT(PUSH_VLAN, ofpact_push_vlan, "push_vlan") \
    OFPACT(SET_ETH_SRC, ofpact_mac, "mod_dl_src") \
    OFPACT(SET_ETH_DST, ofpact_mac, "mod_dl_dst") \
    OFPACT(SET_IPV4_SRC, ofpact_ipv4, "mod_nw_src") \
    OFPACT(SET_IPV4_DST, ofpact_ipv4, "mod_nw_dst") \
    OFPACT(SET_IP_DSCP, ofpact_u8, "mod_nw_tos") \
    OFPACT(SET_IP_ECN, ofpact_u8, "mod_nw_ecn") \
    OFPACT(SET_IP_TTL, ofpact_u8, "mod_nw_ttl") \
    OFPACT(SET_L4_SRC_PORT, ofpact_l4_port, "mod_tp_src") \
    OFPACT(SET_L4_DST_PORT, ofpact_l4_port, "mod_tp_dst") \
    OFPACT(REG_MOVE, ofpact_reg_move, "move") \
    OFPACT(STACK_PUSH, ofpact_stack, "push") \
    OFPACT(STACK_POP, ofpact_stack, "pop") \
    OFPACT(DEC_TTL, ofpact_cnt_ids, "dec_ttl") \
    OFPACT(SET_MPLS_LABEL, ofpact_u32, "set_mpls_label") \
    OFPACT(SET_MPLS_TC, ofpact_u8, "set_mpls_tc") \
    OFPACT(SET_MPLS_TTL, ofpact_u8, "set_mpls_ttl") \
    OFPACT(DEC_MPLS_TTL, ofpact_null, "dec_mpls_ttl") \
    OFPACT(PUSH_MPLS, ofpact_push_mpls, "push_mpls") \
    OFPACT(POP_MPLS, ofpact_pop_mpls, "pop_mpls") \
    OFPACT(DEC_NSH_TTL, ofpact_null, "dec_nsh_ttl") \
    OFPACT(DELETE_FIELD, ofpact_delete_field, "delete_field") \
    OFPACT(ENCAP, ofpact_encap, "encap") \
    OFPACT(DECAP, ofpact_decap, "decap") \
    /* Metadata. */ \
    OFPACT(SET_TUNNEL, ofpact_tunnel, "set_tunnel") \
    OFPACT(SET_QUEUE, ofpact_u32, "set_queue") \
    OFPACT(POP_QUEUE, ofpact_null, "pop_queue") \
    OFPACT(FIN_TIMEOUT, ofpact_fin_timeout, "fin_timeout") \
    /* Control and state. */ \
    OFPACT(RESUBMIT, ofpact_resubmit, "resubmit") \
    OFPACT(LEARN, ofpact_learn, "learn") \
    OFPACT(CONJUNCTION, ofpact_conjunction, "conjunction") \
    OFPACT(MULTIPATH, ofpact_multipath, "multipath") \
    OFPACT(CLONE, ofpact_nest, "clone") \
    OFPACT(CT, ofpact_ct, "ct") \
    OFPACT(NAT, ofpact_nat, "nat") \
    OFPACT(CT_CLEAR, ofpact_null, "ct_clear") \
    OFPACT(CHECK_PKT_LARGER, ofpact_check_pkt_larger, "check_pkt_larger") \
    OFPACT(NOTE, ofpact_note, "note") \
    OFPACT(EXIT, ofpact_null, "exit") \
    OFPACT(SAMPLE, ofpact_sample, "sample") \
    OFPACT(DEBUG_RECIRC, ofpact_null, "debug_recirc") \
    OFPACT(DEBUG_SLOW, ofpact_null, "debug_slow") \
    /* Instructions, in the order in which they take effect. */ \
    OFPACT(METER, ofpact_u32, "meter") \
    OFPACT(CLEAR_ACTIONS, ofpact_null, "clear_actions") \
    OFPACT(WRITE_ACTIONS, ofpact_nest, "write_actions") \
    OFPACT(WRITE_METADATA, ofpact_metadata, "write_metadata") \
    OFPACT(GOTO_TABLE, ofpact_u8, "goto_table")

enum ofpact_type {
#define OFPACT(TYPE, STRUCT, NAME) OFPACT_##TYPE,
    OFPACTS
#undef OFPACT
    OFPACT_N_TYPES
};

struct ofpact {
    uint32_t type;               /* enum ofpact_type. */
    uint32_t size;               /* Bytes with this header and what follows
                                  * (nested actions, arrays), before padding
                                  * to a multiple of OFPACT_ALIGN. */
};

#define OFPACT_ALIGN 8

static inline const struct ofpact *
ofpact_next(const struct ofpact *a)
{
    return (const void *) ((const uint8_t *) a
                           + ROUND_UP(a->size, OFPACT_ALIGN));
}

/* Walks the SIZE bytes of actions at ACTS (which may be NULL if 0). */
#define OFPACT_FOR_EACH(A, ACTS, SIZE) \
    for ((A) = (const void *) (ACTS); \
         (uintptr_t) (A) < (uintptr_t) (ACTS) + (SIZE); \
         (A) = ofpact_next(A))

/* exit, ct_clear, clear_actions, ... */
struct ofpact_null {
    struct ofpact ofpact;
};

/* output:PORT */
struct ofpact_output {
    struct ofpact ofpact;
    ofp_port_t port;
    uint16_t max_len;            /* For OFPP_CONTROLLER. */
    uint8_t pad[2];
};

/* output:FIELD[] */
struct ofpact_output_reg {
    struct ofpact ofpact;
    struct subfield src;
    uint16_t max_len;
    uint8_t pad[6];
};

/* output(port=PORT,max_len=N) */
struct ofpact_output_trunc {
    struct ofpact ofpact;
    ofp_port_t port;
    uint32_t max_len;
};

#define CONTROLLER_NO_METER UINT32_MAX

/* controller(...) */
struct ofpact_controller {
    struct ofpact ofpact;
    uint16_t max_len;
    uint16_t controller_id;
    uint8_t reason;              /* enum ofp_packet_in_reason. */
    bool pause;
    uint16_t userdata_len;
    uint32_t meter_id;           /* CONTROLLER_NO_METER: none. */
    uint32_t pad;
    uint8_t userdata[];
};

/* enqueue:PORT:QUEUE */
struct ofpact_enqueue {
    struct ofpact ofpact;
    ofp_port_t port;
    uint32_t queue;
};

/* Which fields a hash looks at: bundle, multipath, groups. */
enum hash_fields {
    HASH_FIELDS_ETH_SRC,
    HASH_FIELDS_SYMMETRIC_L4,
    HASH_FIELDS_SYMMETRIC_L3L4,
    HASH_FIELDS_SYMMETRIC_L3L4_UDP,
    HASH_FIELDS_NW_SRC,
    HASH_FIELDS_NW_DST,
    HASH_FIELDS_SYMMETRIC_L3
};

enum bundle_algorithm {
    BUNDLE_ACTIVE_BACKUP,
    BUNDLE_HRW
};

/* bundle(...), bundle_load(...) */
struct ofpact_bundle {
    struct ofpact ofpact;
    uint16_t basis;
    uint8_t fields;              /* enum hash_fields. */
    uint8_t algorithm;           /* enum bundle_algorithm. */
    uint32_t n_members;
    struct subfield dst;         /* bundle_load; no field: bundle. */
    ofp_port_t members[];
};

/* group:ID */
struct ofpact_group {
    struct ofpact ofpact;
    uint32_t group_id;
    uint32_t pad;
};

/* set_field:VALUE[/MASK]->FIELD, load:VALUE->FIELD[A..B].
 *
 * The value and then the mask follow, each of 'n_bytes' as a field_value. */
struct ofpact_set_field {
    struct ofpact ofpact;
    const struct field *field;
    uint16_t n_bytes;
    bool is_load;                /* Written as load. */
    bool flow_has_vlan;          /* The match makes sure of a tag. */
    uint8_t pad[4];
    uint8_t bytes[];
};

static inline const union field_value *
ofpact_set_field_value(const struct ofpact_set_field *a)
{
    return (const void *) a->bytes;
}

static inline const union field_value *
ofpact_set_field_mask(const struct ofpact_set_field *a)
{
    return (const void *) (a->bytes + ROUND_UP(a->n_bytes, 8));
}

/* set_vlan_vid:VID, mod_vlan_vid:VID */
struct ofpact_vlan_vid {
    struct ofpact ofpact;
    uint16_t vid;
    bool push_if_needed;         /* OpenFlow 1.0 semantics: tag if untagged. */
    bool flow_has_vlan;
    uint8_t pad[4];
};

/* set_vlan_pcp:PCP, mod_vlan_pcp:PCP */
struct ofpact_vlan_pcp {
    struct ofpact ofpact;
    uint8_t pcp;
    bool push_if_needed;
    bool flow_has_vlan;
    uint8_t pad[5];
};

/* strip_vlan, pop_vlan */
struct ofpact_strip_vlan {
    struct ofpact ofpact;
    bool is_pop;                 /* Named as OpenFlow 1.1 and later do. */
    uint8_t pad[7];
};

/* push_vlan:ETHERTYPE */
struct ofpact_push_vlan {
    struct ofpact ofpact;
    be16 ethertype;
    uint8_t pad[6];
};

struct ofpact_mac {
    struct ofpact ofpact;
    struct eth_addr mac;
    uint8_t pad[2];
};

struct ofpact_ipv4 {
    struct ofpact ofpact;
    be32 ipv4;
    uint32_t pad;
};

struct ofpact_u8 {
    struct ofpact ofpact;
    uint8_t value;
    uint8_t pad[7];
};

struct ofpact_u32 {
    struct ofpact ofpact;
    uint32_t value;
    uint32_t pad;
};

/* mod_tp_src:PORT */
struct ofpact_l4_port {
    struct ofpact ofpact;
    uint16_t port;
    uint8_t flow_ip_proto;       /* That the match makes sure of, or 0. */
    uint8_t pad[5];
};

/* move:SRC->DST */
struct ofpact_reg_move {
    struct ofpact ofpact;
    struct subfield src;
    struct subfield dst;
};

/* push:FIELD[], pop:FIELD[] */
struct ofpact_stack {
    struct ofpact ofpact;
    struct subfield subfield;
};

/* dec_ttl, dec_ttl(ID,...) */
struct ofpact_cnt_ids {
    struct ofpact ofpact;
    bool is_list;                /* Written with a list of controllers. */
    uint8_t pad;
    uint16_t n_controllers;
    uint16_t cnt_ids[];          /* Controllers to tell of an expired TTL. */
};

/* push_mpls:ETHERTYPE */
struct ofpact_push_mpls {
    struct ofpact ofpact;
    be16 ethertype;
    uint8_t pad[6];
};

/* pop_mpls:ETHERTYPE */
struct ofpact_pop_mpls {
    struct ofpact ofpact;
    be16 ethertype;
    uint8_t pad[6];
};

/* encap(HEADER(PROPERTY,...)): the properties follow. */
struct ofpact_encap {
    struct ofpact ofpact;
    uint32_t packet_type;        /* Of the packet afterwards. */
    uint16_t header_size;        /* 0: not said. */
    uint8_t pad[2];
    uint8_t properties[];        /* struct encap_property's. */
};

enum encap_property_type {
    ENCAP_NSH_MD_TYPE = 1,
    ENCAP_NSH_TLV
};

/* A property of an encapsulation, padded to 8 bytes. */
struct encap_property {
    uint8_t type;                /* enum encap_property_type. */
    uint8_t value;               /* NSH_MD_TYPE: 1 or 2; TLV: its type. */
    be16 tlv_class;
    uint8_t size;                /* Bytes of 'data'. */
    uint8_t pad[3];
    uint8_t data[];
};

#define ENCAP_PROPERTY_FOR_EACH(P, ENCAP) \
    for ((P) = (const void *) (ENCAP)->properties; \
         (const uint8_t *) (P) < ((const uint8_t *) (ENCAP) \
                                  + (ENCAP)->ofpact.size); \
         (P) = (const void *) ((const uint8_t *) (P) + sizeof *(P) \
                               + ROUND_UP((P)->size, 8)))

/* A packet type that stands for whatever is inside. */
#define PACKET_TYPE_NEXT 0xfffe

/* decap(packet_type(ns=NS,type=TYPE)) */
struct ofpact_decap {
    struct ofpact ofpact;
    uint32_t packet_type;        /* Of what is inside. */
    uint32_t pad;
};

/* delete_field:FIELD */
struct ofpact_delete_field {
    struct ofpact ofpact;
    const struct field *field;
};

/* set_tunnel:ID, set_tunnel64:ID */
struct ofpact_tunnel {
    struct ofpact ofpact;
    uint64_t tun_id;
    bool is_64;                  /* Written as set_tunnel64. */
    uint8_t pad[7];
};

/* fin_timeout(...) */
struct ofpact_fin_timeout {
    struct ofpact ofpact;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint32_t pad;
};

/* resubmit(PORT,TABLE[,ct]) */
struct ofpact_resubmit {
    struct ofpact ofpact;
    ofp_port_t in_port;          /* OFPP_IN_PORT: as it is. */
    uint8_t table_id;            /* 255: the current one. */
    bool with_ct_orig;
    uint8_t pad[2];
};

/* flow_mod.flags of learn. */
enum {
    LEARN_F_SEND_FLOW_REM = 1 << 0,
    LEARN_F_DELETE_LEARNED = 1 << 1,
    LEARN_F_WRITE_RESULT = 1 << 2
};

enum learn_src { LEARN_SRC_FIELD, LEARN_SRC_IMMEDIATE };
enum learn_dst { LEARN_DST_MATCH, LEARN_DST_LOAD, LEARN_DST_OUTPUT };

/* One part of a learned flow.  An immediate source follows, right-justified
 * in ROUND_UP(DIV_ROUND_UP(n_bits, 8), 8) bytes. */
struct learn_spec {
    struct subfield src;         /* LEARN_SRC_FIELD. */
    struct subfield dst;         /* Not for LEARN_DST_OUTPUT. */
    uint8_t src_type;            /* enum learn_src. */
    uint8_t dst_type;            /* enum learn_dst. */
    uint16_t n_bits;
    uint32_t pad;
    uint8_t immediate[];
};

/* learn(...) */
struct ofpact_learn {
    struct ofpact ofpact;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t priority;
    uint8_t table_id;
    uint8_t flags;               /* LEARN_F_*. */
    be64 cookie;
    uint16_t fin_idle_timeout_s;
    uint16_t fin_hard_timeout_s;
    uint32_t limit;              /* 0: none. */
    struct subfield result_dst;  /* LEARN_F_WRITE_RESULT. */
    uint8_t specs[];             /* struct learn_spec's. */
};

static inline size_t
learn_spec_size(const struct learn_spec *s)
{
    return (sizeof *s + (s->src_type == LEARN_SRC_IMMEDIATE
                         ? ROUND_UP(DIV_ROUND_UP(s->n_bits, 8), 8) : 0));
}

/* The immediate's bytes: DIV_ROUND_UP(n_bits, 8) of them, big-endian. */
static inline const uint8_t *
learn_spec_immediate(const struct learn_spec *s)
{
    size_t n = DIV_ROUND_UP(s->n_bits, 8);

    return s->immediate + ROUND_UP(n, 8) - n;
}

#define LEARN_SPEC_FOR_EACH(S, LEARN) \
    for ((S) = (const void *) (LEARN)->specs; \
         (const uint8_t *) (S) < ((const uint8_t *) (LEARN) \
                                  + (LEARN)->ofpact.size); \
         (S) = (const void *) ((const uint8_t *) (S) + learn_spec_size(S)))

/* conjunction(ID,K/N) */
struct ofpact_conjunction {
    struct ofpact ofpact;
    uint32_t id;
    uint8_t clause;              /* From 0. */
    uint8_t n_clauses;           /* 2 to 64. */
    uint8_t pad[2];
};

enum multipath_algorithm {
    MULTIPATH_MODULO_N,
    MULTIPATH_HASH_THRESHOLD,
    MULTIPATH_HRW,
    MULTIPATH_ITER_HASH
};

/* multipath(...) */
struct ofpact_multipath {
    struct ofpact ofpact;
    uint16_t basis;
    uint8_t fields;              /* enum hash_fields. */
    uint8_t algorithm;           /* enum multipath_algorithm. */
    uint16_t max_link;           /* Number of links minus 1. */
    uint8_t pad[2];
    uint32_t arg;
    uint32_t pad2;
    struct subfield dst;
};

/* clone(...), write_actions(...) */
struct ofpact_nest {
    struct ofpact ofpact;
    struct ofpact actions[];
};

enum {
    CT_F_COMMIT = 1 << 0,
    CT_F_FORCE = 1 << 1
};

#define CT_TABLE_NONE 255

/* ct(...) */
struct ofpact_ct {
    struct ofpact ofpact;
    uint16_t flags;              /* CT_F_*. */
    uint16_t zone_imm;           /* If zone_src has no field. */
    uint16_t alg;                /* 0, 21 (ftp) or 69 (tftp). */
    uint8_t table_id;            /* CT_TABLE_NONE: do not recirculate. */
    uint8_t pad;
    struct subfield zone_src;
    struct ofpact actions[];     /* set_field of ct_mark, ct_label; nat. */
};

enum {
    NAT_F_SRC = 1 << 0,          /* Neither: undo, or apply what was set. */
    NAT_F_DST = 1 << 1,
    NAT_F_PERSISTENT = 1 << 2,
    NAT_F_HASH = 1 << 3,
    NAT_F_RANDOM = 1 << 4
};

/* nat(...), within ct(). */
struct ofpact_nat {
    struct ofpact ofpact;
    uint16_t flags;              /* NAT_F_*. */
    uint8_t af;                  /* AF_UNSPEC, AF_INET or AF_INET6. */
    uint8_t pad;
    uint16_t proto_min;          /* Ports; 0: not given. */
    uint16_t proto_max;          /* 0: not given. */
    struct in6_addr addr_min;    /* IPv4 as ::ffff:a.b.c.d. */
    struct in6_addr addr_max;    /* All zero: not given. */
};

/* check_pkt_larger(SIZE)->FIELD[BIT] */
struct ofpact_check_pkt_larger {
    struct ofpact ofpact;
    uint16_t pkt_len;
    uint8_t pad[6];
    struct subfield dst;
};

/* note:HEX */
struct ofpact_note {
    struct ofpact ofpact;
    uint32_t length;
    uint8_t data[];
};

enum sample_direction {
    SAMPLE_DEFAULT,
    SAMPLE_INGRESS,
    SAMPLE_EGRESS
};

/* sample(...) */
struct ofpact_sample {
    struct ofpact ofpact;
    uint32_t collector_set_id;
    uint32_t obs_domain_id;
    uint32_t obs_point_id;
    ofp_port_t sampling_port;    /* OFPP_NONE: none. */
    uint16_t probability;        /* Out of 65535. */
    uint8_t direction;           /* enum sample_direction. */
    uint8_t pad[5];
};

/* write_metadata:VALUE[/MASK] */
struct ofpact_metadata {
    struct ofpact ofpact;
    be64 metadata;
    be64 mask;
};

/* The nested list of a clone, write_actions or ct. */
static inline const struct ofpact *
ofpact_nest_actions(const struct ofpact *a, size_t *ret_size)
{
    size_t header = (a->type == OFPACT_CT ? sizeof(struct ofpact_ct)
                     : sizeof(struct ofpact_nest));

    *ret_size = a->size - header;
    return (const void *) ((const uint8_t *) a + header);
}

/* ofpact_get_OUTPUT(a), ... cast after checking the type; ofpact_put_OUTPUT(b)
 * append a zeroed action and return it until the next append. */
void *ofpact_put(struct buf *, enum ofpact_type, size_t size);

#define OFPACT(TYPE, STRUCT, NAME) \
    _Static_assert(offsetof(struct STRUCT, ofpact) == 0, "header first"); \
    static inline const struct STRUCT * \
    ofpact_get_##TYPE(const struct ofpact *a) \
    { \
        assert(a->type == OFPACT_##TYPE); \
        return (const void *) a; \
    } \
    static inline struct STRUCT * \
    ofpact_put_##TYPE(struct buf *b) \
    { \
        return ofpact_put(b, OFPACT_##TYPE, sizeof(struct STRUCT)); \
    }
OFPACTS
#undef OFPACT

/* Ends the variable part of the action at offset 'ofs' of 'b', which is the
 * last: sets its size and pads.
 *
 *     size_t ofs = b->size;
 *     ofpact_put_CLONE(b);
 *     ... put the nested actions ...
 *     ofpact_finish(b, ofs);
 */
void ofpact_finish(struct buf *b, size_t ofs);

/* Appends set_field (or, with 'is_load', load) of 'value' under 'mask' (NULL:
 * all) to 'field', n_bytes each (field_n_bytes() of a layout if variable). */
struct ofpact_set_field *ofpact_put_set_field(struct buf *,
                                              const struct field *,
                                              size_t n_bytes,
                                              const union field_value *value,
                                              const union field_value *mask);

/* Appends load:VALUE->SUBFIELD. */
void ofpact_put_load(struct buf *, const struct subfield *, uint64_t value);
void ofpact_put_load_field(struct buf *, enum field_id, uint64_t value);

/* Name as printed; "output" ... */
const char *ofpact_name(enum ofpact_type);
bool ofpact_is_instruction(const struct ofpact *);

bool ofpacts_equal(const struct ofpact *a, size_t a_size,
                   const struct ofpact *b, size_t b_size);

/* Does the list (nested ones included) output to 'port', or use 'group_id' or
 * 'meter_id'? */
bool ofpacts_output_to_port(const struct ofpact *, size_t, ofp_port_t port);
bool ofpacts_output_to_group(const struct ofpact *, size_t,
                             uint32_t group_id);
uint32_t ofpacts_get_meter(const struct ofpact *, size_t);

/* May an action of 'type' stand in an action set? */
bool ofpact_may_be_in_set(enum ofpact_type);

/* Writes to 'out' the actions of an action set ('in', as write_actions gave
 * them) in the order in which OpenFlow executes a set, each kind once. */
void ofpacts_execute_action_set(struct buf *out, const struct ofpact *in,
                                size_t in_size);

#endif /* openflow/ofpact.h */
