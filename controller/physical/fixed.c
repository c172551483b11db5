/* SPDX-License-Identifier: Apache-2.0 */
/* Flows that every host has, and those of each tunnel. */
#include "controller/physical/physical.h"

#include "lib/logical/ovn_symbols.h"

/* A Geneve packet has the ingress port in bits 16..30 of OVN's option and the
 * egress port in bits 0..15, the datapath in the VNI; VXLAN has datapath and
 * egress port in the VNI, 12 bits each (ovn-architecture(7), "Tunnel
 * Encapsulations"). */
void
physical_tunnel_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    struct flow_builder b;

    flow_builder_init(&b, ctx, 0);
    for (size_t i = 0; i < group->n; i++) {
        const struct tunnel_fact *tunnel = incr_group_value(group, i);

        flow_begin(&b);
        match_set_in_port(&b.match, tunnel->ofport);
        if (tunnel->type == TUNNEL_VXLAN) {
            flow_move(&b, FIELD_TUN_ID, 0, FIELD_METADATA, 0, 12);
            flow_move(&b, FIELD_TUN_ID, 12, FIELD_REG0 + LOG_REG_OUTPORT, 0,
                      12);
        } else {
            flow_move(&b, FIELD_TUN_ID, 0, FIELD_METADATA, 0, 24);
            flow_move(&b, FIELD_TUN_METADATA0, 16,
                      FIELD_REG0 + LOG_REG_INPORT, 0, 15);
            flow_move(&b, FIELD_TUN_METADATA0, 0,
                      FIELD_REG0 + LOG_REG_OUTPORT, 0, 16);
        }
        flow_set_bits(&b, FIELD_REG0 + LOG_REG_FLAGS, LOG_FLAG_FROM_TUNNEL, 1,
                      1);
        flow_resubmit(&b, OF_TABLE_LOCAL_OUTPUT);
        flow_emit(&b, OF_TABLE_PHY_TO_LOG, 100);
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

void
physical_fixed_unit(struct incr_ctx *ctx, const void *open_vswitch UNUSED)
{
    static const unsigned int local_flags[] = { LOG_FLAG_LOCAL_ONLY,
                                                LOG_FLAG_FROM_RAMP };
    struct flow_builder b;

    flow_builder_init(&b, ctx, 0);
    for (size_t i = 0; i < ARRAY_SIZE(local_flags); i++) {
        flow_begin(&b);
        match_set_u64_masked(&b.match, FIELD_REG0 + LOG_REG_FLAGS,
                             UINT64_C(1) << local_flags[i],
                             UINT64_C(1) << local_flags[i]);
        flow_resubmit(&b, OF_TABLE_LOCAL_OUTPUT);
        flow_emit(&b, OF_TABLE_REMOTE_OUTPUT, 160);
    }
    emit_default(&b, OF_TABLE_REMOTE_OUTPUT, OF_TABLE_LOCAL_OUTPUT);
    emit_default(&b, OF_TABLE_SAVE_INPORT, OF_TABLE_LOG_TO_PHY);

    /* The egress pipeline starts with registers of its own. */
    flow_begin(&b);
    for (unsigned int reg = 0; reg < LOG_N_REGS; reg++) {
        flow_set_reg(&b, reg, 0);
    }
    flow_resubmit(&b, OF_TABLE_LOG_EGRESS);
    flow_emit(&b, OF_TABLE_CHECK_LOOPBACK, 0);
    flow_builder_uninit(&b);
}
