/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/flows.h"

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/flow/key.h"

void
flow_builder_init(struct flow_builder *b, struct incr_ctx *ctx,
                  uint64_t cookie)
{
    b->ctx = ctx;
    b->cookie = cookie;
    buf_init_stack(&b->actions, b->storage, sizeof b->storage);
    match_init(&b->match);
}

void
flow_builder_uninit(struct flow_builder *b)
{
    buf_uninit(&b->actions);
}

void
flow_begin(struct flow_builder *b)
{
    match_init(&b->match);
    buf_clear(&b->actions);
}

/* A key with room for a match on everything. */
union flow_fact_room {
    struct flow_fact_key key;
    uint64_t room[sizeof(struct flow_fact_key) / 8 + 2 * FLOW_WORDS];
};

/* Packs 'match' behind '*key', which has room for all words. */
static size_t
pack_match(const struct match *match, struct flow_fact_key *key)
{
    const uint64_t *values = (const uint64_t *) &match->flow;
    const uint64_t *masks = (const uint64_t *) &match->wc.masks;
    uint64_t packed[FLOW_WORDS];
    size_t n = 0;

    for (size_t i = 0; i < FLOW_WORDS; i++) {
        if (masks[i]) {
            key->map.bits[i / 64] |= UINT64_C(1) << i % 64;
            key->words[n] = values[i];
            packed[n++] = masks[i];
        }
    }
    memcpy(key->words + n, packed, n * sizeof *packed);
    key->n_words = n;
    return sizeof *key + 2 * n * sizeof *key->words;
}

struct flow_fact_key *
flow_fact_key_create(const struct match *match, uint8_t table,
                     uint16_t priority, size_t *ret_size)
{
    union flow_fact_room u;

    u.key = (struct flow_fact_key) { .table = table, .priority = priority };
    *ret_size = pack_match(match, &u.key);
    return xmemdup(&u, *ret_size);
}

void
flow_emit(struct flow_builder *b, uint8_t table, uint16_t priority)
{
    union flow_fact_room u;
    struct buf value;
    uint64_t storage[128];
    size_t key_size;

    u.key = (struct flow_fact_key) { .table = table, .priority = priority };
    key_size = pack_match(&b->match, &u.key);

    buf_init_stack(&value, storage, sizeof storage);
    buf_put(&value, &b->cookie, sizeof b->cookie);
    buf_put(&value, b->actions.data, b->actions.size);
    incr_emit(b->ctx, FACT_FLOW, &u.key, key_size, value.data, value.size);
    buf_uninit(&value);
}

void
flow_match_port(struct flow_builder *b, uint32_t dp_key, unsigned int reg,
                uint32_t port_key)
{
    match_set_metadata(&b->match, dp_key);
    match_set_reg(&b->match, reg, port_key);
}

void
flow_set_reg(struct flow_builder *b, unsigned int reg, uint32_t value)
{
    ofpact_put_load_field(&b->actions, FIELD_REG0 + reg, value);
}

void
flow_set_bits(struct flow_builder *b, enum field_id field, unsigned int start,
              unsigned int n_bits, uint64_t value)
{
    struct subfield sf = { field_from_id(field), start, n_bits };

    ofpact_put_load(&b->actions, &sf, value);
}

void
flow_move(struct flow_builder *b, enum field_id src, unsigned int src_ofs,
          enum field_id dst, unsigned int dst_ofs, unsigned int n_bits)
{
    struct ofpact_reg_move *move = ofpact_put_REG_MOVE(&b->actions);

    move->src = (struct subfield) { field_from_id(src), src_ofs, n_bits };
    move->dst = (struct subfield) { field_from_id(dst), dst_ofs, n_bits };
}

void
flow_resubmit(struct flow_builder *b, uint8_t table)
{
    struct ofpact_resubmit *resubmit = ofpact_put_RESUBMIT(&b->actions);

    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = table;
}

void
flow_output(struct flow_builder *b, ofp_port_t port)
{
    ofpact_put_OUTPUT(&b->actions)->port = port;
}

void
flow_fact_key_expand(const struct flow_fact_key *key, struct match *match)
{
    uint64_t *values, *masks;
    unsigned int i;
    size_t n = 0;

    match_init(match);
    values = (uint64_t *) &match->flow;
    masks = (uint64_t *) &match->wc.masks;
    FLOW_MAP_FOR_EACH (i, &key->map) {
        values[i] = key->words[n];
        masks[i] = key->words[key->n_words + n];
        n++;
    }
}
