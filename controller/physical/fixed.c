/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that every host has, and those of each tunnel. */
#include "controller/physical/physical.h"

#include "lib/logical/ovn_symbols.h"

static void
emit_arrival(struct flow_builder *b, uint16_t priority)
{
    flow_set_bits(b, FIELD_REG0 + LOG_REG_FLAGS, LOG_FLAG_FROM_TUNNEL, 1, 1);
    flow_resubmit(b, OF_TABLE_LOCAL_OUTPUT);
    flow_emit(b, OF_TABLE_PHY_TO_LOG, priority);
}

/* The datapath is in the VNI; the ingress port in bits 16..30 of OVN's option
 * and the egress port in bits 0..15 (ovn-architecture(7), "Tunnel
 * Encapsulations"). */
static void
emit_geneve(struct flow_builder *b, uint32_t ofport)
{
    flow_begin(b);
    match_set_in_port(&b->match, ofport);
    flow_move(b, FIELD_TUN_ID, 0, FIELD_METADATA, 0, 24);
    flow_move(b, FIELD_TUN_METADATA0, 16, FIELD_REG0 + LOG_REG_INPORT, 0, 15);
    flow_move(b, FIELD_TUN_METADATA0, 0, FIELD_REG0 + LOG_REG_OUTPORT, 0, 16);
    emit_arrival(b, 100);
}

/* Datapath and egress port share the VNI. */
static void
emit_vxlan(struct flow_builder *b, uint32_t ofport)
{
    for (unsigned int is_group = 0; is_group < 2; is_group++) {
        flow_begin(b);
        match_set_in_port(&b->match, ofport);
        if (is_group) {
            match_set_u64_masked(&b->match, FIELD_TUN_ID, VXLAN_VNI_GROUP,
                                 VXLAN_VNI_GROUP);
            flow_set_reg(b, LOG_REG_OUTPORT, LOG_MIN_MULTICAST_KEY);
        }
        flow_move(b, FIELD_TUN_ID, 0, FIELD_METADATA, 0, 12);
        flow_move(b, FIELD_TUN_ID, 12, FIELD_REG0 + LOG_REG_OUTPORT, 0, 11);
        emit_arrival(b, is_group ? 105 : 100);
    }
}

void
physical_tunnel_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct flow_builder b;

    flow_builder_init(&b, ctx, 0);
    for (size_t i = 0; i < group->n; i++) {
        const struct tunnel_fact *tunnel = incr_group_value(group, i);

        if (tunnel->type == TUNNEL_VXLAN) {
            emit_vxlan(&b, tunnel->ofport);
        } else {
            emit_geneve(&b, tunnel->ofport);
        }
    }
    flow_builder_uninit(&b);
}

/* "Otherwise go on" from one table to another. */
static void
emit_default(struct flow_builder *b, uint8_t from, uint8_t to)
{
    flow_begin(b);
    flow_resubmit(b, to);
    flow_emit(b, from, 0);
}

/* Where ct_nw_dst() and its like read what conntrack knows of the packet's
 * connection: a table each, with a flow for each kind of packet that has it.
 * The register is that of struct action_tables. */
static void
emit_ct_loads(struct flow_builder *b)
{
    static const struct {
        uint8_t table;
        enum field_id src;
        enum field_id dst;
        uint8_t n_bits;
        uint16_t eth_types[2];   /* 0: of none. */
    } loads[] = {
        { OF_TABLE_CT_NW_DST, FIELD_CT_NW_DST, FIELD_REG0 + 4, 32,
          { 0x0800 } },
        { OF_TABLE_CT_IP6_DST, FIELD_CT_IPV6_DST, FIELD_XXREG0 + 1, 128,
          { 0x86dd } },
        { OF_TABLE_CT_TP_DST, FIELD_CT_TP_DST, FIELD_REG0 + 8, 16,
          { 0x0800, 0x86dd } },
        { OF_TABLE_CT_PROTO, FIELD_CT_NW_PROTO, FIELD_REG0 + 8, 8,
          { 0x0800, 0x86dd } },
        { OF_TABLE_CT_STATE_SAVE, FIELD_CT_STATE, FIELD_REG0 + 8, 8,
          { 0x0800, 0x86dd } },
    };

    for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(loads[i].eth_types); j++) {
            if (!loads[i].eth_types[j]) {
                continue;
            }
            flow_begin(b);
            match_set_u64(&b->match, FIELD_ETH_TYPE, loads[i].eth_types[j]);
            /* Invalid packets have no tuple, and Open vSwitch refuses to read
             * that of a packet that may be one. */
            match_set_u64_masked(&b->match, FIELD_CT_STATE, CS_TRACKED,
                                 CS_TRACKED | CS_INVALID);
            flow_move(b, loads[i].src, 0, loads[i].dst, 0, loads[i].n_bits);
            flow_emit(b, loads[i].table, 100);
        }
    }
}

/* Table 37: packets with those flags stay on this host. */
static void
emit_local_only(struct flow_builder *b, uint32_t flags, uint32_t mask,
                uint16_t priority)
{
    flow_begin(b);
    match_set_u64_masked(&b->match, FIELD_REG0 + LOG_REG_FLAGS, flags, mask);
    flow_resubmit(b, OF_TABLE_LOCAL_OUTPUT);
    flow_emit(b, OF_TABLE_REMOTE_OUTPUT, priority);
}

void
physical_fixed_unit(struct incr_ctx *ctx, const void *open_vswitch UNUSED)
{
    struct flow_builder b;

    flow_builder_init(&b, ctx, 0);
    emit_local_only(&b, 1u << LOG_FLAG_LOCAL_ONLY, 1u << LOG_FLAG_LOCAL_ONLY,
                    160);
    /* A VTEP sends a copy to each host that needs one.  What goes back to where
     * it came from, as an answer, is allowed. */
    emit_local_only(&b, 1u << LOG_FLAG_FROM_RAMP,
                    1u << LOG_FLAG_FROM_RAMP | 1u << LOG_FLAG_LOOPBACK, 150);
    emit_default(&b, OF_TABLE_REMOTE_OUTPUT, OF_TABLE_LOCAL_OUTPUT);
    emit_default(&b, OF_TABLE_SAVE_INPORT, OF_TABLE_LOG_TO_PHY);
    emit_ct_loads(&b);

    /* The egress pipeline starts with registers of its own. */
    flow_begin(&b);
    for (unsigned int reg = 0; reg < LOG_N_REGS; reg++) {
        flow_set_reg(&b, reg, 0);
    }
    flow_resubmit(&b, OF_TABLE_LOG_EGRESS);
    flow_emit(&b, OF_TABLE_CHECK_LOOPBACK, 0);
    flow_builder_uninit(&b);
}
