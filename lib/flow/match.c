/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/match.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

/* struct flow as words. */
static const uint64_t *
words(const struct flow *flow)
{
    return (const uint64_t *) (const void *) flow;
}

void
match_init(struct match *match)
{
    memset(match, 0, sizeof *match);
}

void
match_init_with_table(struct match *match, const struct tlv_table *table)
{
    memset(match, 0, offsetof(struct match, tlv));
    if (table) {
        match->tlv = table->layout;
    } else {
        memset(&match->tlv, 0, sizeof match->tlv);
    }
}

bool
match_set_field(struct match *match, const struct field *f,
                const union field_value *value, const union field_value *mask)
{
    size_t n = field_n_bytes(f, &match->tlv);
    union field_value all, masked;

    if (f->is_variable
        && !tlv_layout_has(&match->tlv, f->id - FIELD_TUN_METADATA0)) {
        return false;
    }
    if (!mask) {
        field_exact_mask(f, &match->tlv, &all);
        mask = &all;
    }
    for (size_t i = 0; i < n; i++) {
        masked.bytes[i] = value->bytes[i] & mask->bytes[i];
    }
    if (field_is_zero(f, mask) && !f->is_variable) {
        /* Removes the field; a tag's other bits stay. */
        field_set_mask(f, &match->flow, &match->tlv, mask, &match->wc);
        match_mask_flow(match);
        return true;
    }
    field_set(f, &match->flow, &match->tlv, &masked);
    field_set_mask(f, &match->flow, &match->tlv, mask, &match->wc);
    if (f->storage == STORE_TLV) {
        uint64_t bit = UINT64_C(1) << (f->id - FIELD_TUN_METADATA0);

        /* An all-zero mask asks for the option, whatever it says. */
        match->wc.masks.tunnel.opts_present |= bit;
        match->flow.tunnel.opts_present |= bit;
    }
    return true;
}

void
match_get_field(const struct match *match, const struct field *f,
                union field_value *value, union field_value *mask)
{
    field_get(f, &match->flow, &match->tlv, value);
    field_get_mask(f, &match->flow, &match->wc, &match->tlv, mask);
}

static void
value_from_u64(const struct field *f, uint64_t x, union field_value *value)
{
    for (size_t i = f->n_bytes; i-- > 0; x >>= 8) {
        value->bytes[i] = x;
    }
}

void
match_set_u64(struct match *match, enum field_id id, uint64_t x)
{
    const struct field *f = field_from_id(id);
    union field_value value;

    value_from_u64(f, x, &value);
    match_set_field(match, f, &value, NULL);
}

void
match_set_u64_masked(struct match *match, enum field_id id, uint64_t x,
                     uint64_t m)
{
    const struct field *f = field_from_id(id);
    union field_value value, mask;

    value_from_u64(f, x, &value);
    value_from_u64(f, m, &mask);
    match_set_field(match, f, &value, &mask);
}

void
match_set_ipv6(struct match *match, enum field_id id,
               const struct in6_addr *addr)
{
    match_set_field(match, field_from_id(id),
                    &(union field_value) { .ipv6 = *addr }, NULL);
}

void
match_set_ipv6_masked(struct match *match, enum field_id id,
                      const struct in6_addr *addr,
                      const struct in6_addr *mask)
{
    match_set_field(match, field_from_id(id),
                    &(union field_value) { .ipv6 = *addr },
                    &(union field_value) { .ipv6 = *mask });
}

void
match_set_eth(struct match *match, enum field_id id, struct eth_addr addr)
{
    match_set_field(match, field_from_id(id),
                    &(union field_value) { .mac = addr }, NULL);
}

void
match_set_eth_masked(struct match *match, enum field_id id,
                     struct eth_addr addr, struct eth_addr mask)
{
    match_set_field(match, field_from_id(id),
                    &(union field_value) { .mac = addr },
                    &(union field_value) { .mac = mask });
}

void
match_mask_flow(struct match *match)
{
    uint64_t *v = (uint64_t *) (void *) &match->flow;
    const uint64_t *m = words(&match->wc.masks);

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        v[i] &= m[i];
    }
}

bool
match_covers_flow(const struct match *match, const struct flow *flow)
{
    const uint64_t *v = words(&match->flow);
    const uint64_t *m = words(&match->wc.masks);
    const uint64_t *f = words(flow);

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if ((f[i] ^ v[i]) & m[i]) {
            return false;
        }
    }
    return true;
}

bool
match_covers(const struct match *outer, const struct match *inner)
{
    const uint64_t *v = words(&outer->flow);
    const uint64_t *m = words(&outer->wc.masks);
    const uint64_t *iv = words(&inner->flow);
    const uint64_t *im = words(&inner->wc.masks);

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if (m[i] & (~im[i] | (v[i] ^ iv[i]))) {
            return false;
        }
    }
    return true;
}

bool
match_equals(const struct match *a, const struct match *b)
{
    return (!memcmp(&a->flow, &b->flow, sizeof a->flow)
            && !memcmp(&a->wc, &b->wc, sizeof a->wc));
}

uint64_t
match_hash(const struct match *match, uint64_t basis)
{
    return hash_bytes(match, offsetof(struct match, tlv), basis);
}

bool
match_is_catch_all(const struct match *match)
{
    const uint64_t *m = words(&match->wc.masks);

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if (m[i]) {
            return false;
        }
    }
    return true;
}

bool
match_prereqs_ok(const struct match *match, const struct field *f)
{
    struct flow_wildcards need;
    const uint64_t *n = words(&need.masks);
    const uint64_t *m = words(&match->wc.masks);

    if (f->prereq == PREREQ_NONE) {
        return true;
    }
    if (f->prereq == PREREQ_ETHERNET) {
        /* Flows are of Ethernet unless they say otherwise. */
        return match->flow.packet_type == PACKET_TYPE_ETH;
    }
    if (f->prereq == PREREQ_CT_VALID) {
        /* The tuple is of tracked packets; ct_state need not say so. */
        struct flow flow = match->flow;

        flow.ct_state |= CS_TRACKED;
        return (match->wc.masks.dl_type == UINT16_MAX
                && field_prereqs_ok(f, &flow, NULL));
    }
    memset(&need, 0, sizeof need);
    if (match->wc.masks.packet_type
        && match->flow.packet_type >> 16 == 1) {
        /* packet_type (1,ETHERTYPE) stands for the Ethertype. */
        struct flow flow = match->flow;

        flow.dl_type = htons(flow.packet_type & 0xffff);
        if (!field_prereqs_ok(f, &flow, &need)) {
            return false;
        }
        need.masks.dl_type = 0;
    } else if (!field_prereqs_ok(f, &match->flow, &need)) {
        return false;
    }
    /* Fragments that have no L4 header read it as zero. */
    need.masks.nw_frag = 0;
    if (f->prereq == PREREQ_ND || f->prereq == PREREQ_ND_SOLICIT
        || f->prereq == PREREQ_ND_ADVERT) {
        /* No packet with another code has what the fields tell of. */
        need.masks.tp_src = htons(0xff);
        need.masks.tp_dst = 0;
    }
    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if (n[i] & ~m[i]) {
            return false;
        }
    }
    return true;
}

/* Matches to keep. */

static struct minimatch *
minimatch_alloc(size_t n_words)
{
    struct minimatch *mini;

    mini = xmalloc(sizeof *mini + 2 * n_words * sizeof mini->words[0]);
    memset(mini, 0, sizeof *mini);
    mini->n_words = n_words;
    return mini;
}

struct minimatch *
minimatch_create(const struct match *match)
{
    const uint64_t *v = words(&match->flow);
    const uint64_t *m = words(&match->wc.masks);
    uint64_t values[FLOW_WORDS], masks[FLOW_WORDS];
    struct flow_map map = { { 0 } };
    struct minimatch *mini;
    size_t n = 0;

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if (m[i]) {
            map.bits[i / 64] |= UINT64_C(1) << i % 64;
            values[n] = v[i];
            masks[n++] = m[i];
        }
    }
    mini = minimatch_alloc(n);
    mini->map = map;
    memcpy(mini->words, values, n * sizeof values[0]);
    memcpy(mini->words + n, masks, n * sizeof masks[0]);
    return mini;
}

struct minimatch *
minimatch_clone(const struct minimatch *mini)
{
    return xmemdup(mini, sizeof *mini
                   + 2 * mini->n_words * sizeof mini->words[0]);
}

/* Calls for each word I of MAP, in order. */
#define MAP_FOR_EACH(I, MAP) \
    for (size_t w_ = 0; w_ < FLOW_MAP_WORDS; w_++) \
        for (uint64_t b_ = (MAP).bits[w_]; \
             b_ && ((I) = w_ * 64 + __builtin_ctzll(b_), true); b_ &= b_ - 1)

void
minimatch_expand(const struct minimatch *mini, const struct tlv_table *table,
                 struct match *match)
{
    uint64_t *v = (uint64_t *) (void *) &match->flow;
    uint64_t *m = (uint64_t *) (void *) &match->wc.masks;
    size_t n = 0, i;

    match_init_with_table(match, table);
    MAP_FOR_EACH (i, mini->map) {
        v[i] = mini->words[n];
        m[i] = mini->words[mini->n_words + n];
        n++;
    }
}

bool
minimatch_equals(const struct minimatch *a, const struct minimatch *b)
{
    return (!memcmp(&a->map, &b->map, sizeof a->map)
            && !memcmp(a->words, b->words,
                       2 * a->n_words * sizeof a->words[0]));
}

uint64_t
minimatch_hash(const struct minimatch *mini, uint64_t basis)
{
    return hash_bytes(mini->words, 2 * mini->n_words * sizeof mini->words[0],
                      hash_bytes(&mini->map, sizeof mini->map, basis));
}

bool
minimatch_covers_flow(const struct minimatch *mini, const struct flow *flow)
{
    const uint64_t *f = words(flow);
    size_t n = 0, i;

    MAP_FOR_EACH (i, mini->map) {
        if ((f[i] ^ mini->words[n]) & mini->words[mini->n_words + n]) {
            return false;
        }
        n++;
    }
    return true;
}
