/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_MATCH_H
#define FLOW_MATCH_H

/* What a flow entry matches: values, and which bits of them count.
 *
 * Invariant: a bit that is 0 in 'wc' is 0 in 'flow'.
 *
 * struct match is the form to build, parse and print (two kilobytes); struct
 * minimatch is the form to keep (a few words); it does not change once made. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/flow/field.h"
#include "lib/flow/flow.h"
#include "lib/flow/tlv.h"

struct match {
    struct flow flow;
    struct flow_wildcards wc;
    struct tlv_layout tlv;       /* Where tun_metadata fields are. */
};

/* Matches everything.  The second form uses the places of 'table' for tunnel
 * options (NULL: none yet; they are added as fields are set). */
void match_init(struct match *);
void match_init_with_table(struct match *, const struct tlv_table *table);

/* Sets what 'field' must be; 'mask' NULL means all bits.  What the match said
 * of the field before is gone.  Prerequisites are not looked at.  An all-zero
 * mask wildcards the field.  False: a tunnel option without a place. */
bool match_set_field(struct match *, const struct field *,
                     const union field_value *value,
                     const union field_value *mask);

/* Reads the field's value and mask. */
void match_get_field(const struct match *, const struct field *,
                     union field_value *value, union field_value *mask);

/* For fields of up to 64 bits. */
void match_set_u64(struct match *, enum field_id, uint64_t value);
void match_set_u64_masked(struct match *, enum field_id, uint64_t value,
                          uint64_t mask);
void match_set_ipv6(struct match *, enum field_id, const struct in6_addr *);
void match_set_ipv6_masked(struct match *, enum field_id,
                           const struct in6_addr *value,
                           const struct in6_addr *mask);
void match_set_eth(struct match *, enum field_id, struct eth_addr);
void match_set_eth_masked(struct match *, enum field_id,
                          struct eth_addr value, struct eth_addr mask);

/* Short forms of common ones. */
static inline void
match_set_reg(struct match *m, unsigned int i, uint32_t value)
{
    m->flow.regs[i] = value;
    m->wc.masks.regs[i] = UINT32_MAX;
}

static inline void
match_set_reg_masked(struct match *m, unsigned int i, uint32_t value,
                     uint32_t mask)
{
    m->flow.regs[i] = value & mask;
    m->wc.masks.regs[i] = mask;
}

static inline void
match_set_metadata(struct match *m, uint64_t value)
{
    m->flow.metadata = htonll(value);
    m->wc.masks.metadata = UINT64_MAX;
}

static inline void
match_set_in_port(struct match *m, ofp_port_t port)
{
    m->flow.in_port = port;
    m->wc.masks.in_port = UINT32_MAX;
}

static inline void
match_set_conj_id(struct match *m, uint32_t id)
{
    m->flow.conj_id = id;
    m->wc.masks.conj_id = UINT32_MAX;
}

static inline void
match_set_dl_type(struct match *m, uint16_t dl_type)
{
    m->flow.dl_type = htons(dl_type);
    m->wc.masks.dl_type = UINT16_MAX;
}

static inline void
match_set_nw_proto(struct match *m, uint8_t proto)
{
    m->flow.nw_proto = proto;
    m->wc.masks.nw_proto = UINT8_MAX;
}

/* Zeroes the bits of 'flow' that 'wc' wildcards. */
void match_mask_flow(struct match *);

/* Does 'flow' match?  (Word by word: for oracles and small lists.) */
bool match_covers_flow(const struct match *, const struct flow *flow);

/* Is everything that 'inner' matches matched by 'outer'?  Of a delete that is
 * not strict: 'outer' is the request, 'inner' the rule. */
bool match_covers(const struct match *outer, const struct match *inner);

bool match_equals(const struct match *, const struct match *);
uint64_t match_hash(const struct match *, uint64_t basis);
bool match_is_catch_all(const struct match *);

/* Are the prerequisites of 'field' part of the match? */
bool match_prereqs_ok(const struct match *, const struct field *);

/* Prints as "priority=P,tcp,nw_src=10.0.0.0/8"; leaves out 'priority' if it is
 * FLOW_DEFAULT_PRIORITY.  Prints nothing for a match of everything. */
#define FLOW_DEFAULT_PRIORITY 32768
void match_format(const struct match *, const struct port_map *, int priority,
                  struct str *);

/* One "NAME" (tcp, ip6, ...) or "NAME=VALUE" of a match's text.  Knows the
 * fields, their aliases and the protocol words.  Sets '*ret_known' to false,
 * and does nothing, if 'name' is none of these. */
struct error *match_parse_item(struct match *, const char *name,
                               const char *value, const struct port_map *,
                               bool *ret_known) MUST_USE;

/* A whole match in ovs-ofctl's syntax: items separated by commas or blanks. */
struct error *match_parse(struct match *, const char *text,
                          const struct port_map *, int *ret_priority)
    MUST_USE;

/* A match to keep: the words that count, and their masks.
 *
 * 'map' says which words of struct flow have a mask that is not zero; 'words'
 * holds their values and then, in the same order, their masks. */
struct minimatch {
    struct flow_map map;
    uint16_t n_words;
    uint64_t words[];            /* n_words values, n_words masks. */
};

/* Returns a copy of 'match', for free(). */
struct minimatch *minimatch_create(const struct match *) MUST_USE;
struct minimatch *minimatch_clone(const struct minimatch *) MUST_USE;

/* Fills 'match', with the layout of 'table' (NULL: the match has no tunnel
 * options). */
void minimatch_expand(const struct minimatch *, const struct tlv_table *table,
                      struct match *);
bool minimatch_equals(const struct minimatch *, const struct minimatch *);
uint64_t minimatch_hash(const struct minimatch *, uint64_t basis);
bool minimatch_covers_flow(const struct minimatch *, const struct flow *);

static inline const uint64_t *
minimatch_values(const struct minimatch *m)
{
    return m->words;
}

static inline const uint64_t *
minimatch_masks(const struct minimatch *m)
{
    return m->words + m->n_words;
}

/* Appends 'flow' in the syntax of matches: the members that its packet has, and
 * what is not zero of the others.  'ports' NULL: numbers. */
void flow_format(const struct flow *, const struct tlv_table *,
                 const struct port_map *ports, struct str *);

#endif /* flow/match.h */
