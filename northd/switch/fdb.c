/* SPDX-License-Identifier: Apache-2.0 */

/* Learning of MACs behind ports with "unknown" addresses and no port
 * security. */

#include "northd/flow.h"

static bool
port_learns(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    size_t n_security;

    if (lsp_is_type(ctx, lsp, "localnet")) {
        return strmap_get_bool(nb_logical_switch_port_get_options(ctx, lsp),
                               "localnet_learn_fdb", false);
    }
    nb_logical_switch_port_get_port_security(ctx, lsp, &n_security);
    return ((lsp_is_type(ctx, lsp, "") || lsp_is_type(ctx, lsp, "switch"))
            && !n_security
            && strmap_get_bool(nb_logical_switch_port_get_options(ctx, lsp),
                               "lsp_learn_fdb", true));
}

static void
port_fdb(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct replica_row *hint = &sp->lsp->header;
    const char *name;

    if (!lsp_is_enabled(ctx, sp->lsp) || !port_learns(ctx, sp->lsp)) {
        return;
    }
    name = quoted(ctx, 0, nb_logical_switch_port_get_name(ctx, sp->lsp));
    FLOW(ctx, sp->ls, LS_IN_LOOKUP_FDB, 100, hint,
         text(ctx, 1, "inport == %s", name),
         "reg0[11] = lookup_fdb(inport, eth.src); next;");
    FLOW(ctx, sp->ls, LS_IN_PUT_FDB, 100, hint,
         text(ctx, 1, "inport == %s && reg0[11] == 0", name),
         "put_fdb(inport, eth.src); next;");
}

UNIT_LIST(switch_fdb_units,
    UNIT_GROUP(RANK_OUT, F_UNKNOWN_PORT, port_fdb));
