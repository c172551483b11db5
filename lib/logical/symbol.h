/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_SYMBOL_H
#define LOGICAL_SYMBOL_H

/* What the names of the logical flow language mean.
 *
 * A symbol is a field (or some bits of one) or a predicate.  Where a field is
 * kept in struct flow is its *base*: fields that share storage share a base
 * (reg0 and xxreg0; tcp.src, udp.src and icmp4.type), so that comparisons of
 * overlapping fields meet each other.  A symbol is some bits of a base, as
 * one integer in host order with bit 0 the least significant.
 *
 * A symbol table is read-only once made; any number of threads may use it. */

#include "lib/base/hmap.h"
#include "lib/flow/field.h"
#include "lib/logical/lexer.h"

struct expr;

/* Storage in struct flow. */
enum base {
    BASE_XXREG0,                 /* reg0..reg3, reg0 most significant. */
    BASE_XXREG1,                 /* reg4..reg7. */
    BASE_XXREG2,                 /* reg8..reg11: reg10 has the flags. */
    BASE_XXREG3,                 /* reg12..reg15: reg14 inport, reg15
                                  * outport. */
    BASE_METADATA,
    BASE_PKT_MARK,
    BASE_CT_STATE,
    BASE_CT_MARK,
    BASE_CT_LABEL,
    BASE_ETH_SRC,
    BASE_ETH_DST,
    BASE_ETH_TYPE,
    BASE_VLAN_TCI,
    BASE_IP_PROTO,               /* Also the ARP opcode. */
    BASE_IP_TOS,
    BASE_IP_TTL,
    BASE_IP_FRAG,
    BASE_NW_SRC,                 /* Also ARP sender. */
    BASE_NW_DST,                 /* Also ARP target. */
    BASE_IP6_SRC,
    BASE_IP6_DST,
    BASE_IP6_LABEL,
    BASE_ND_TARGET,
    BASE_ARP_SHA,                /* Also ND source link-layer address. */
    BASE_ARP_THA,                /* Also ND target link-layer address. */
    BASE_TCP_FLAGS,
    BASE_TP_SRC,                 /* Also the ICMP type. */
    BASE_TP_DST,                 /* Also the ICMP code. */
    BASE_CT_PROTO,
    BASE_CT_NW_DST,
    BASE_CT_IP6_DST,
    BASE_CT_TP_DST,
    N_BASES
};

/* Width of 'base' in bits. */
unsigned int base_width(enum base);

/* Reads or writes the bits of 'base'; base_write() changes only those in
 * 'mask'. */
u128 base_read(enum base, const struct flow *);
void base_write(enum base, u128 value, u128 mask, struct flow *);

enum symbol_level {
    LEVEL_NOMINAL,               /* Equality only. */
    LEVEL_BOOLEAN,               /* Predicates over ordinal fields. */
    LEVEL_ORDINAL,               /* Each bit on its own. */
};

struct symbol {
    struct hmap_node node;       /* In symbol_table, by name. */
    const char *name;
    enum symbol_level level;
    bool is_string;              /* inport, outport. */
    bool writable;
    bool whole;                  /* Assigned as a whole only. */
    uint16_t width;              /* Bits; 0 for strings, 1 for predicates. */

    enum base base;              /* Fields and subfields. */
    uint16_t base_ofs;           /* Lowest bit within the base. */

    /* Where OpenFlow has it: bits field_ofs.. of this field.  NULL for
     * predicates and for fields of OVN's own (icmp4.frag_mtu). */
    const struct field *field;
    uint16_t field_ofs;

    const char *prereqs_text;    /* Or NULL. */
    const struct expr *prereqs;  /* Parsed; NULL is "none". */
    const char *predicate_text;  /* For predicates. */
    const struct expr *predicate;

    int ovn_field;               /* OVN_FIELD_*, or 0. */
};

/* Fields that no OpenFlow field holds; only actions may name them. */
enum {
    OVN_FIELD_NONE,
    OVN_FIELD_ICMP4_FRAG_MTU,
    OVN_FIELD_ICMP6_FRAG_MTU,
    OVN_FIELD_ICMP4_INNER_SRC,
};

struct symbol_table {
    struct hmap symbols;
    struct arena arena;
};

void symbol_table_init(struct symbol_table *);
void symbol_table_uninit(struct symbol_table *);

/* Each of these adds a symbol; names are borrowed for the table's life and
 * must be new.  The text of prerequisites and predicates names symbols that
 * were added before.  A field is ordinal if OpenFlow can mask it, writable
 * if OpenFlow can set it. */
struct symbol *symbol_table_add_field(
    struct symbol_table *, const char *name, enum base, unsigned int base_ofs,
    unsigned int width, enum field_id field, unsigned int field_ofs,
    const char *prereqs);
struct symbol *symbol_table_add_string(
    struct symbol_table *, const char *name, enum base, unsigned int base_ofs,
    enum field_id field);
/* 'bits' is "PARENT[LOW..HIGH]" or "PARENT[BIT]". */
struct symbol *symbol_table_add_subfield(
    struct symbol_table *, const char *name, const char *bits,
    const char *prereqs);
struct symbol *symbol_table_add_predicate(
    struct symbol_table *, const char *name, const char *text);
struct symbol *symbol_table_add_ovn_field(
    struct symbol_table *, const char *name, int ovn_field,
    unsigned int width, const char *prereqs);

/* Borrowed from the table; NULL if there is none. */
const struct symbol *symbol_table_find(const struct symbol_table *,
                                       const char *name, size_t length);

/* Some bits of a symbol, as "ip4.src[0..7]" names them. */
struct symbol_bits {
    const struct symbol *symbol;
    uint16_t ofs;                /* Within the symbol. */
    uint16_t n_bits;             /* 0 for strings. */
};

/* The bits as a mask of the symbol's base. */
static inline u128
symbol_bits_mask(const struct symbol_bits *bits)
{
    return (u128_low(bits->symbol->is_string ? 32 : bits->n_bits)
            << (bits->symbol->base_ofs + bits->ofs));
}

u128 symbol_bits_read(const struct symbol_bits *, const struct flow *);
void symbol_bits_write(const struct symbol_bits *, u128 value, struct flow *);

/* The bits as OpenFlow's actions name them; 'symbol' has a field. */
struct subfield symbol_bits_subfield(const struct symbol_bits *);

void symbol_bits_format(const struct symbol_bits *, struct str *);

/* Parses a name with optional [..] at the lexer, or sets its error. */
bool symbol_bits_parse(struct lexer *, const struct symbol_table *,
                       struct symbol_bits *ret);

#endif /* logical/symbol.h */
