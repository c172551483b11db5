/* SPDX-License-Identifier: Apache-2.0 */

/* What the northbound database is told of ports: "up", "tag" and
 * "dynamic_addresses" of a switch port, status:hosting-chassis of a router
 * port. */

#include "northd/program.h"
#include "northd/sync/cells.h"
#include "northd/topology/number.h"

static void
switch_port_up(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct row_id id = {
        F_NB_LSP, &sp->lsp->header.uuid, sizeof sp->lsp->header.uuid,
    };
    const char *given = GET(ctx, F_ADDRESS_GIVEN, sp->lsp);
    int64_t tag = lsp_tag(ctx, sp->lsp);

    cell_bool(ctx, &id, NB_LOGICAL_SWITCH_PORT_COL_UP,
              lsp_is_up(ctx, sp->lsp));
    if (tag) {
        cell_int(ctx, &id, NB_LOGICAL_SWITCH_PORT_COL_TAG, tag);
    }
    if (given) {
        cell_string(ctx, &id, NB_LOGICAL_SWITCH_PORT_COL_DYNAMIC_ADDRESSES,
                    given);
    }
}

/* Which chassis has a distributed gateway port now. */
static void
router_port_status(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const struct row_id id = {
        F_NB_LRP, &rp->lrp->header.uuid, sizeof rp->lrp->header.uuid,
    };
    const struct sb_port_binding *pb;
    const struct sb_chassis *chassis;

    /* For all, so that what was there before goes. */
    cell_present(ctx, &id);
    pb = get_row_by_name(ctx, F_BINDING,
                         text(ctx, 0, "cr-%s",
                              nb_logical_router_port_get_name(ctx, rp->lrp)));
    chassis = pb ? sb_port_binding_get_chassis(ctx, pb) : NULL;
    if (chassis) {
        cell_pair(ctx, &id, NB_LOGICAL_ROUTER_PORT_COL_STATUS,
                  "hosting-chassis", sb_chassis_get_name(ctx, chassis));
    }
}

UNIT_LIST(up_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, switch_port_up),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_status));
