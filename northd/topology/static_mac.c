/* SPDX-License-Identifier: Apache-2.0 */

/* Static_MAC_Binding rows. */

#include <string.h>

#include "northd/program.h"
#include "northd/sync/cells.h"

#define COL(NAME) SB_STATIC_MAC_BINDING_COL_##NAME

static void
static_mac(struct incr_ctx *ctx, const void *row)
{
    const char *port = nb_static_mac_binding_get_logical_port(ctx, row);
    const char *ip = nb_static_mac_binding_get_ip(ctx, row);
    const struct nb_logical_router_port *lrp
        = get_row_by_name(ctx, F_LRP_BY_NAME, port);
    const struct nb_logical_router *lr
        = lrp ? get_row_by_row(ctx, F_LRP_ROUTER, lrp) : NULL;
    struct str *key = incr_scratch(ctx, 0);
    struct row_id id = { F_SB_STATIC_MAC, NULL, 0 };
    struct row_id dp;

    if (!lr || !get_datapath_key(ctx, &lr->header)) {
        return;
    }
    str_put(key, port);
    str_put_char(key, '\0');
    str_put(key, ip);
    id.key = key->string;
    id.size = key->length;
    dp = datapath_row(&lr->header);
    cell_ref(ctx, &id, COL(DATAPATH), &dp);
    cell_string(ctx, &id, COL(LOGICAL_PORT), port);
    cell_string(ctx, &id, COL(IP), ip);
    cell_string(ctx, &id, COL(MAC), nb_static_mac_binding_get_mac(ctx, row));
    cell_bool(ctx, &id, COL(OVERRIDE_DYNAMIC_MAC),
              nb_static_mac_binding_get_override_dynamic_mac(ctx, row));
}

UNIT_LIST(static_mac_units,
    UNIT_ROW(RANK_OUT, T_NB(STATIC_MAC_BINDING), static_mac));
