/* SPDX-License-Identifier: Apache-2.0 */

/* Multicast groups of switches: where broadcasts and packets for unknown
 * destinations go.  Membership is a cell for each port. */

#include <string.h>

#include "northd/sync/cells.h"
#include "northd/topology/multicast.h"

/* Numbers from 32768 up are for multicast groups. */
static const struct {
    const char *name;
    int64_t key;
} groups[] = {
    { MC_FLOOD, 32768 },
    { MC_UNKNOWN, 32769 },
    { MC_FLOOD_L2, 32772 },
};

static void
put_member(struct incr_ctx *ctx, const struct switch_port *sp, size_t i,
           const char *name)
{
    struct str *s = incr_scratch(ctx, 6);
    const struct row_id id = multicast_row(&sp->ls->header, groups[i].name, s);
    const struct row_id port = port_row(name);
    const struct row_id dp = datapath_row(&sp->ls->header);

    cell_ref(ctx, &id, SB_MULTICAST_GROUP_COL_DATAPATH, &dp);
    cell_string(ctx, &id, SB_MULTICAST_GROUP_COL_NAME, groups[i].name);
    cell_int(ctx, &id, SB_MULTICAST_GROUP_COL_TUNNEL_KEY, groups[i].key);
    cell_ref(ctx, &id, SB_MULTICAST_GROUP_COL_PORTS, &port);
}

bool
lsp_has_unknown(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    size_t n;
    const char *const *addresses
        = nb_logical_switch_port_get_addresses(ctx, lsp, &n);

    if (lsp_is_type(ctx, lsp, "switch")) {
        return true;    /* What is behind it is not told. */
    }
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(addresses[i], "unknown")) {
            return true;
        }
    }
    return false;
}

static void
switch_port_multicast(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const char *name = nb_logical_switch_port_get_name(ctx, sp->lsp);

    if (!lsp_is_enabled(ctx, sp->lsp)
        || !get_port_key(ctx, &sp->ls->header, name)
        || !get_datapath_key(ctx, &sp->ls->header)) {
        return;
    }
    if (strmap_get_bool(nb_logical_switch_port_get_options(ctx, sp->lsp),
                        "receive_multicast", true)) {
        put_member(ctx, sp, 0, name);
        if (!lsp_is_type(ctx, sp->lsp, "router")) {
            put_member(ctx, sp, 2, name);
        }
    }
    if (lsp_has_unknown(ctx, sp->lsp)) {
        put_member(ctx, sp, 1, name);
    }
}

static void
switch_port_flags(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);

    if (lsp_is_enabled(ctx, sp->lsp)) {
        switch_set(ctx, sp->ls, SWITCH_HAS_UNKNOWN);
    }
}

UNIT_LIST(multicast_units,
    UNIT_GROUP(RANK_MEMBER, F_UNKNOWN_PORT, switch_port_flags),
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, switch_port_multicast));
