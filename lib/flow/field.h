/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_FIELD_H
#define FLOW_FIELD_H

/* The match fields: one table that says all there is to know of each.
 *
 * A field's *value* is a 'union field_value': the field's n_bytes in network
 * order at the start of the union, right-justified when fewer bits count.
 * Whoever reads, writes, encodes, parses or prints a field goes through that
 * form; how struct flow stores it (host order, shifted, shared with another
 * field) is known here alone.
 *
 * Tunnel options (tun_metadata0..63) have no fixed place or width: a 'struct
 * tlv_layout' (tlv.h) gives them.  Functions take one where it matters; with
 * NULL those fields read as zero and ignore writes.
 *
 * Source of numbers and names: ovs-fields(7), OpenFlow 1.0 to 1.5. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/flow/flow.h"

struct port_map;
struct tlv_layout;

enum field_id {
    /* Metadata. */
    FIELD_DP_HASH,
    FIELD_RECIRC_ID,
    FIELD_PACKET_TYPE,
    FIELD_CONJ_ID,
    FIELD_TUN_ID,
    FIELD_TUN_SRC,
    FIELD_TUN_DST,
    FIELD_TUN_IPV6_SRC,
    FIELD_TUN_IPV6_DST,
    FIELD_TUN_FLAGS,
    FIELD_TUN_TTL,
    FIELD_TUN_TOS,
    FIELD_TUN_GBP_ID,
    FIELD_TUN_GBP_FLAGS,
    FIELD_TUN_ERSPAN_IDX,
    FIELD_TUN_ERSPAN_VER,
    FIELD_TUN_ERSPAN_DIR,
    FIELD_TUN_ERSPAN_HWID,
    FIELD_TUN_GTPU_FLAGS,
    FIELD_TUN_GTPU_MSGTYPE,
    FIELD_TUN_METADATA0,         /* 64 of them. */
    FIELD_METADATA = FIELD_TUN_METADATA0 + TUN_METADATA_N_FIELDS,
    FIELD_IN_PORT,               /* 16 bits. */
    FIELD_IN_PORT_OXM,           /* 32 bits. */
    FIELD_ACTSET_OUTPUT,
    FIELD_SKB_PRIORITY,
    FIELD_PKT_MARK,
    FIELD_CT_STATE,
    FIELD_CT_ZONE,
    FIELD_CT_MARK,
    FIELD_CT_LABEL,
    FIELD_CT_NW_PROTO,
    FIELD_CT_NW_SRC,
    FIELD_CT_NW_DST,
    FIELD_CT_IPV6_SRC,
    FIELD_CT_IPV6_DST,
    FIELD_CT_TP_SRC,
    FIELD_CT_TP_DST,
    FIELD_REG0,                  /* 32 of them, 16 of OpenFlow. */
    FIELD_XREG0 = FIELD_REG0 + FLOW_N_REGS,       /* reg0 << 32 | reg1, ... */
    FIELD_XXREG0 = FIELD_XREG0 + FLOW_N_XREGS,    /* reg0 most significant. */

    /* L2. */
    FIELD_ETH_SRC = FIELD_XXREG0 + FLOW_N_XXREGS,
    FIELD_ETH_DST,
    FIELD_ETH_TYPE,
    FIELD_VLAN_TCI,              /* 16 bits, 0x1000 set if tagged. */
    FIELD_DL_VLAN,               /* OpenFlow 1.0: 12 bits, 0xffff untagged. */
    FIELD_VLAN_VID,              /* 12 bits, and 0x1000 if tagged. */
    FIELD_DL_VLAN_PCP,           /* OpenFlow 1.0. */
    FIELD_VLAN_PCP,
    FIELD_MPLS_LABEL,
    FIELD_MPLS_TC,
    FIELD_MPLS_BOS,
    FIELD_MPLS_TTL,
    FIELD_NSH_FLAGS,
    FIELD_NSH_TTL,
    FIELD_NSH_MDTYPE,
    FIELD_NSH_NP,
    FIELD_NSH_SPI,
    FIELD_NSH_SI,
    FIELD_NSH_C1,
    FIELD_NSH_C2,
    FIELD_NSH_C3,
    FIELD_NSH_C4,

    /* L3. */
    FIELD_IPV4_SRC,
    FIELD_IPV4_DST,
    FIELD_IPV6_SRC,
    FIELD_IPV6_DST,
    FIELD_IPV6_LABEL,
    FIELD_IP_PROTO,
    FIELD_IP_DSCP,               /* As in the header byte: bits 2 to 7. */
    FIELD_IP_DSCP_SHIFTED,       /* As a number from 0 to 63. */
    FIELD_IP_ECN,
    FIELD_IP_TTL,
    FIELD_IP_FRAG,
    FIELD_ARP_OP,
    FIELD_ARP_SPA,
    FIELD_ARP_TPA,
    FIELD_ARP_SHA,
    FIELD_ARP_THA,

    /* L4. */
    FIELD_TCP_SRC,
    FIELD_TCP_DST,
    FIELD_TCP_FLAGS,
    FIELD_UDP_SRC,
    FIELD_UDP_DST,
    FIELD_SCTP_SRC,
    FIELD_SCTP_DST,
    FIELD_ICMPV4_TYPE,
    FIELD_ICMPV4_CODE,
    FIELD_ICMPV6_TYPE,
    FIELD_ICMPV6_CODE,
    FIELD_ND_TARGET,
    FIELD_ND_SLL,
    FIELD_ND_TLL,
    FIELD_ND_RESERVED,
    FIELD_ND_OPTIONS_TYPE,

    FIELD_N_IDS
};

/* What a match on the field requires of the rest of the match. */
enum field_prereq {
    PREREQ_NONE,
    PREREQ_ETHERNET,             /* packet_type is Ethernet. */
    PREREQ_VLAN,                 /* Tagged. */
    PREREQ_MPLS,
    PREREQ_NSH,
    PREREQ_ARP,                  /* ARP or RARP. */
    PREREQ_IPV4,
    PREREQ_IPV6,
    PREREQ_IP_ANY,
    PREREQ_CT_VALID,             /* Tracked, of the field's address family. */
    PREREQ_TCP,
    PREREQ_UDP,
    PREREQ_SCTP,
    PREREQ_ICMPV4,
    PREREQ_ICMPV6,
    PREREQ_ND,
    PREREQ_ND_SOLICIT,
    PREREQ_ND_ADVERT,
};

/* How people read and write the value. */
enum field_form {
    FORM_DECIMAL,
    FORM_HEXADECIMAL,
    FORM_ETHERNET,
    FORM_IPV4,
    FORM_IPV6,
    FORM_PORT_16,
    FORM_PORT_32,
    FORM_FRAG,
    FORM_CT_STATE,
    FORM_TUNNEL_FLAGS,
    FORM_TCP_FLAGS,
    FORM_PACKET_TYPE,
};

/* How struct flow keeps the value. */
enum field_storage {
    STORE_BYTES,                 /* As it is. */
    STORE_U8,                    /* An integer of that size, host order. */
    STORE_U16,
    STORE_U32,
    STORE_BE16,                  /* An integer of that size, network order. */
    STORE_BE32,
    STORE_BE64,
    STORE_XREG,                  /* Two words of 'regs'. */
    STORE_XXREG,                 /* Four words of 'regs'. */
    STORE_MAPPED_IPV4,           /* An IPv4 address within an in6_addr. */
    STORE_OUTER_IPV6,            /* An in6_addr, unless it holds IPv4. */
    STORE_PORT_16,               /* in_port as 16 bits. */
    STORE_PORT_32,               /* A port number as 32 bits. */
    STORE_DL_VLAN,               /* OpenFlow 1.0's idea of a VLAN. */
    STORE_TLV,                   /* As a tlv_layout says. */
};

/* An OXM or NXM header without length and mask bit: vendor, class, field.
 * 'class_' 0xffff is the experimenter class, which alone has a vendor. */
struct oxm_id {
    uint32_t vendor;
    uint16_t class_;
    uint8_t field;
};

struct field {
    enum field_id id;
    const char *name;            /* As printed: "nw_src". */
    const char *alias;           /* Also understood, or NULL: "ip_src". */
    uint16_t n_bytes;            /* Of the value; the largest if variable. */
    uint16_t n_bits;             /* Low bits of the value that may be 1. */
    bool is_variable;            /* tun_metadata<N>: width from a layout. */
    bool is_maskable;            /* False: match all bits or none. */
    bool is_writable;            /* By set_field and the like. */
    enum field_form form;
    enum field_prereq prereq;

    enum field_storage storage;
    uint16_t offset;             /* In struct flow. */
    uint8_t shift;               /* Of the value in the stored integer. */
    uint16_t value_mask;         /* Bits that a value can have, if they are not
                                  * the low n_bits; else 0. */

    /* On the wire; a NULL name is none. */
    struct oxm_id oxm;
    const char *oxm_name;        /* "OXM_OF_IPV4_SRC". */
    uint8_t oxm_version;         /* First OpenFlow version that has it: 3 is
                                  * OpenFlow 1.2. */
    struct oxm_id nxm;
    const char *nxm_name;        /* "NXM_OF_IP_SRC". */
};

extern const struct field field_table[FIELD_N_IDS];

#define FIELD_MAX_BYTES 128

union field_value {
    uint8_t u8;
    be16 be16;
    be32 be32;
    be64 be64;
    union be128 be128;
    struct eth_addr mac;
    struct in6_addr ipv6;
    uint8_t bytes[FIELD_MAX_BYTES];
};

static inline const struct field *
field_from_id(enum field_id id)
{
    return &field_table[id];
}

static inline bool
field_is_register(enum field_id id)
{
    return id >= FIELD_REG0 && id < FIELD_XXREG0 + FLOW_N_XXREGS;
}

static inline bool
field_is_tun_metadata(enum field_id id)
{
    return (id >= FIELD_TUN_METADATA0
            && id < FIELD_TUN_METADATA0 + TUN_METADATA_N_FIELDS);
}

/* Finds by name or alias ("nw_src", "ip_src") or, in the second form, also by
 * its OXM or NXM name, in either case.  Borrowed for ever; NULL if unknown. */
const struct field *field_from_name(const char *name, size_t length);
const struct field *field_from_any_name(const char *name, size_t length);

/* Finds by the header on the wire; NULL if unknown. */
const struct field *field_from_oxm(const struct oxm_id *);

/* The header to write for 'field' in OpenFlow 'version' (1 for 1.0, ... 6 for
 * 1.5): the OXM one if the version has it, else the NXM one; if neither is
 * there, the OXM one of a later version; NULL if there is none at all. */
const struct oxm_id *field_oxm_id(const struct field *, uint8_t version);
const char *field_oxm_name(const struct field *, uint8_t version);

/* Bytes of the value of 'field' given 'layout' (n_bytes but for variable ones;
 * 0 for those without a place in the layout). */
size_t field_n_bytes(const struct field *, const struct tlv_layout *layout);
size_t field_n_bits(const struct field *, const struct tlv_layout *layout);

/* Reads 'field' out of 'flow'.  Fills n_bytes of '*ret'. */
void field_get(const struct field *, const struct flow *,
               const struct tlv_layout *, union field_value *ret);

/* Reads at most the low 64 bits of 'field', as a number. */
uint64_t field_get_u64(const struct field *, const struct flow *,
                       const struct tlv_layout *);

/* Writes 'value' to 'flow'.  Bits beyond n_bits are ignored.  Setting a
 * vlan_vid or vlan_pcp leaves the rest of the tag alone. */
void field_set(const struct field *, struct flow *, const struct tlv_layout *,
               const union field_value *value);

/* Writes the bits of 'value' that are 1 in 'mask'. */
void field_set_masked(const struct field *, struct flow *,
                      const struct tlv_layout *,
                      const union field_value *value,
                      const union field_value *mask);
void field_set_u64(const struct field *, struct flow *,
                   const struct tlv_layout *, uint64_t value);

/* Reads which bits of 'field' matter in 'wc'.  'flow' is the flow that they
 * are of: a tunnel's address is of one family. */
void field_get_mask(const struct field *, const struct flow *flow,
                    const struct flow_wildcards *wc,
                    const struct tlv_layout *, union field_value *ret);

/* Makes exactly the bits of 'mask' of 'field' matter in 'wc', whose other
 * fields stay. */
void field_set_mask(const struct field *, const struct flow *flow,
                    const struct tlv_layout *, const union field_value *mask,
                    struct flow_wildcards *wc);

/* Makes the bits of 'mask' (NULL: all) of 'field' matter in 'wc'.  'flow' is
 * the flow they are of, which decides how a tunnel's address is stored. */
void field_unwildcard(const struct field *, const struct flow *flow,
                      const struct tlv_layout *,
                      const union field_value *mask,
                      struct flow_wildcards *wc);

/* Makes whatever decides whether 'flow' fulfils the prerequisites of 'field'
 * matter in 'wc' (if not NULL), and says whether it does. */
bool field_prereqs_ok(const struct field *, const struct flow *flow,
                      struct flow_wildcards *wc);

/* Can 'value' be a value of 'field': no bit beyond n_bits, no unknown ct_state
 * flag, no port out of range, an arp_op below 256, ... */
bool field_value_is_valid(const struct field *, const union field_value *);

/* Likewise for 'mask': all ones, or maskable. */
bool field_mask_is_valid(const struct field *, const struct tlv_layout *,
                         const union field_value *mask);

/* Is 'value' all zeros, or all ones in the bits of 'field'? */
bool field_is_zero(const struct field *, const union field_value *value);
bool field_is_exact(const struct field *, const struct tlv_layout *,
                    const union field_value *mask);

/* Values whose width the wire says (tunnel options): how many of the 'n' bytes
 * of 'value', and of 'mask' if not NULL, may be left out in front because they
 * are zero; one byte stays. */
size_t field_leading_zeros(const union field_value *value,
                           const union field_value *mask, size_t n);

/* Makes the 'n' bytes at 'p' a value of 'room' bytes, in which they are
 * right-justified.  False if they do not fit: only zeros may go. */
bool field_value_fit(union field_value *ret, size_t room, const uint8_t *p,
                     size_t n);

/* All ones in the bits of 'field'. */
void field_exact_mask(const struct field *, const struct tlv_layout *,
                      union field_value *ret);

/* Reads "VALUE" or "VALUE/MASK" as the field's form says ("10.0.0.0/8",
 * "+trk-new", "0x10/0xf0", "00:01:02:03:04:05", ...).  Port names are looked
 * up in 'ports' (NULL: only the reserved ones).  Masks out what 'mask' wildcards
 * in 'value'. */
struct error *field_parse(const struct field *, const char *text,
                          const struct port_map *ports,
                          union field_value *value, union field_value *mask)
    MUST_USE;

/* Likewise for a value alone, as in set_field. */
struct error *field_parse_value(const struct field *, const char *text,
                                const struct port_map *ports,
                                union field_value *value) MUST_USE;

/* Prints what field_parse() reads.  'mask' NULL or all ones prints the value
 * alone, all zeros "ANY". */
void field_format(const struct field *, const union field_value *value,
                  const union field_value *mask, const struct port_map *ports,
                  struct str *);

/* A contiguous run of bits of a field; bit 0 is the least significant. */
struct subfield {
    const struct field *field;   /* NULL: none. */
    uint16_t start;
    uint16_t n_bits;
    uint32_t pad;                /* 0: actions are compared as bytes. */
};

/* Makes of part of a register that messages have no header for the part of an
 * xreg that it is.  False if the field has no header and is no register. */
bool subfield_make_named(struct subfield *) MUST_USE;

/* Reads "FIELD", "FIELD[BIT]", "FIELD[FROM..TO]" or "FIELD[]", by OXM, NXM or
 * plain name, from the start of '*textp' and moves it past.  The bare form
 * means the whole field.  Refuses what no message can name. */
struct error *subfield_parse(const char **textp, struct subfield *) MUST_USE;

/* Likewise, but all of 'text'. */
struct error *subfield_parse_all(const char *text, struct subfield *) MUST_USE;

/* Prints "NXM_OF_IP_SRC[0..15]", as in the arguments of actions. */
void subfield_format(const struct subfield *, struct str *);

/* The bits as a number; those beyond 64 are left out. */
uint64_t subfield_get(const struct subfield *, const struct flow *,
                      const struct tlv_layout *);
void subfield_set(const struct subfield *, struct flow *,
                  const struct tlv_layout *, uint64_t value);

/* The bits right-justified in a 'union field_value' of FIELD_MAX_BYTES bytes:
 * bit 0 is the lowest bit of the last byte. */
void subfield_get_wide(const struct subfield *, const struct flow *,
                       const struct tlv_layout *, union field_value *ret);
void subfield_set_wide(const struct subfield *, struct flow *,
                       const struct tlv_layout *,
                       const union field_value *value);

/* Makes the bits of 'sf' matter in 'wc'. */
void subfield_unwildcard(const struct subfield *, const struct flow *,
                         const struct tlv_layout *, struct flow_wildcards *wc);

/* Copies 'n_bits' bits from bit 'src_start' of the 'src_size' bytes at 'src' to
 * bit 'dst_start' of 'dst', both big-endian numbers of that many bytes. */
void bits_copy(const void *src, size_t src_size, size_t src_start,
               void *dst, size_t dst_size, size_t dst_start, size_t n_bits);

/* Sets of fields, by identifier: see lib/base/bitmap.h. */
struct field_set {
    uint64_t bits[DIV_ROUND_UP(FIELD_N_IDS, 64)];
};

#endif /* flow/field.h */
