/* SPDX-License-Identifier: Apache-2.0 */

/* Logical_Switch_Port.up in the northbound database: what the chassis that
 * has the port says. */

#include "northd/program.h"
#include "northd/sync/cells.h"

static void
switch_port_up(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct row_id id = {
        F_NB_LSP, &sp->lsp->header.uuid, sizeof sp->lsp->header.uuid,
    };
    const struct sb_port_binding *pb
        = get_row_by_name(ctx, F_BINDING,
                          nb_logical_switch_port_get_name(ctx, sp->lsp));
    bool up = false;

    if (lsp_is_type(ctx, sp->lsp, "router")) {
        up = true;
    } else if (pb && !sb_port_binding_get_up(ctx, pb, &up)) {
        up = sb_port_binding_get_chassis(ctx, pb) != NULL;
    }
    cell_bool(ctx, &id, NB_LOGICAL_SWITCH_PORT_COL_UP, up);
}

UNIT_LIST(up_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, switch_port_up));
