/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_FLOWS_H
#define CONTROLLER_FLOWS_H

/* OpenFlow flows as facts: what a unit emits and the installer reads. */

#include "lib/flow/match.h"
#include "lib/incr/incr.h"
#include "lib/openflow/buf.h"
#include "lib/flow/port.h"
#include "lib/openflow/ofpact.h"

/* Key of FACT_FLOW: where the flow is and what it matches.  'words' holds
 * values and then masks of the words in 'map', as in struct minimatch. */
struct flow_fact_key {
    uint8_t table;
    uint8_t pad;
    uint16_t priority;
    uint16_t n_words;
    uint16_t pad2;
    struct flow_map map;
    uint64_t words[];
};

/* Value of FACT_FLOW.  Several values under one key: if all are conjunction
 * actions, the flow has all of them; otherwise the one with the smallest bytes
 * wins, and the conflict is told. */
struct flow_fact_value {
    uint64_t cookie;
    uint64_t actions[];      /* A list of ofpacts, to the end of the fact. */
};

/* Builds flows in a unit.  Both parts stay after flow_emit(), so that flows
 * that differ in little are built in little. */
struct flow_builder {
    struct incr_ctx *ctx;
    uint64_t cookie;
    struct match match;
    struct buf actions;
    uint64_t storage[128];
};

/* 'cookie' leads back to the row whose flows these are: the first 32 bits of
 * its uuid. */
void flow_builder_init(struct flow_builder *, struct incr_ctx *,
                       uint64_t cookie);
void flow_builder_uninit(struct flow_builder *);

/* Starts an empty match and an empty list of actions. */
void flow_begin(struct flow_builder *);
void flow_emit(struct flow_builder *, uint8_t table, uint16_t priority);

/* Short forms of what physical flows do all the time. */
void flow_match_port(struct flow_builder *, uint32_t dp_key, unsigned int reg,
                     uint32_t port_key);
void flow_set_reg(struct flow_builder *, unsigned int reg, uint32_t value);
void flow_set_bits(struct flow_builder *, enum field_id, unsigned int start,
                   unsigned int n_bits, uint64_t value);
void flow_move(struct flow_builder *, enum field_id src, unsigned int src_ofs,
               enum field_id dst, unsigned int dst_ofs, unsigned int n_bits);
void flow_resubmit(struct flow_builder *, uint8_t table);
void flow_output(struct flow_builder *, ofp_port_t port);

/* Returns the key of a flow, for free(); '*ret_size' is its size. */
struct flow_fact_key *flow_fact_key_create(const struct match *,
                                           uint8_t table, uint16_t priority,
                                           size_t *ret_size) MUST_USE;

/* Reads a fact's key back. */
void flow_fact_key_expand(const struct flow_fact_key *, struct match *);

#endif /* controller/flows.h */
