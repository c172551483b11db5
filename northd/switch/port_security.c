/* SPDX-License-Identifier: Apache-2.0 */

/* Admission to a switch, and port security, which the controller checks by the
 * port_security column of Port_Binding. */

#include "northd/flow.h"
#include "northd/topology/number.h"

static void
switch_port_security(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);

    if (!strmap_get_bool(nb_logical_switch_get_other_config(ctx, ls),
                         "vlan-passthru", false)) {
        FLOW(ctx, ls, LS_IN_CHECK_PORT_SEC, 100, NULL, "vlan.present",
             "drop;");
    }
    FLOW(ctx, ls, LS_IN_CHECK_PORT_SEC, 100, NULL, "eth.src[40]", "drop;");
    FLOW(ctx, ls, LS_IN_CHECK_PORT_SEC, 50, NULL, "1",
         "reg0[15] = check_in_port_sec(); next;");
    FLOW(ctx, ls, LS_IN_APPLY_PORT_SEC, 50, NULL, "reg0[15] == 1", "drop;");
    FLOW(ctx, ls, LS_OUT_CHECK_PORT_SEC, 100, NULL, "eth.mcast",
         "reg0[15] = 0; next;");
    FLOW(ctx, ls, LS_OUT_APPLY_PORT_SEC, 50, NULL, "reg0[15] == 1", "drop;");
}

static void
port_admission(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct replica_row *hint = &sp->lsp->header;
    const char *name = quoted(ctx, 0, nb_logical_switch_port_get_name(
        ctx, sp->lsp));
    uint32_t queue = lsp_queue(ctx, sp->lsp);

    if (!lsp_is_enabled(ctx, sp->lsp)) {
        FLOW(ctx, sp->ls, LS_IN_CHECK_PORT_SEC, 100, hint,
             text(ctx, 1, "inport == %s", name), "reg0[15] = 1; next;");
        FLOW(ctx, sp->ls, LS_OUT_CHECK_PORT_SEC, 150, hint,
             text(ctx, 1, "outport == %s", name), "reg0[15] = 1; next;");
        FLOW(ctx, sp->ls, LS_IN_L2_UNKNOWN, 50, hint,
             text(ctx, 1, "outport == %s", name), "drop;");
    } else if (queue) {
        FLOW(ctx, sp->ls, LS_IN_CHECK_PORT_SEC, 70, hint,
             text(ctx, 1, "inport == %s", name),
             text(ctx, 2, "set_queue(%u); reg0[15] = check_in_port_sec(); "
                  "next;", queue));
        if (lsp_is_type(ctx, sp->lsp, "localnet")) {
            FLOW(ctx, sp->ls, LS_OUT_APPLY_PORT_SEC, 100, hint,
                 text(ctx, 1, "outport == %s", name),
                 text(ctx, 2, "set_queue(%u); output;", queue));
        }
    }
}

UNIT_LIST(switch_port_security_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_port_security),
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, port_admission));
