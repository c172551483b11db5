/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath_Binding rows, and the tunnel keys that datapaths want. */

#include <string.h>

#include "northd/program.h"
#include "northd/sync/cells.h"

static const char *
uuid_text(struct incr_ctx *ctx, unsigned int i, const struct uuid *uuid)
{
    return text(ctx, i, UUID_FMT, UUID_ARGS(uuid));
}

static void
switch_want_key(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);

    want_key(ctx, NULL, uuid_text(ctx, 0, &ls->header.uuid),
             strmap_get_uint(nb_logical_switch_get_other_config(ctx, ls),
                             "requested-tnl-key", 0));
}

static void
router_want_key(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);

    want_key(ctx, NULL, uuid_text(ctx, 0, &lr->header.uuid),
             strmap_get_uint(nb_logical_router_get_options(ctx, lr),
                             "requested-tnl-key", 0));
}

static void
put_common(struct incr_ctx *ctx, const struct replica_row *row,
           const char *kind, const char *name, const struct strmap *ids)
{
    const unsigned int column = SB_DATAPATH_BINDING_COL_EXTERNAL_IDS;
    struct row_id id = datapath_row(row);
    const char *neutron = strmap_get(ids, strcmp(kind, "logical-switch")
                                     ? "neutron:router_name"
                                     : "neutron:network_name");

    cell_int(ctx, &id, SB_DATAPATH_BINDING_COL_TUNNEL_KEY,
             get_datapath_key(ctx, row));
    cell_pair(ctx, &id, column, kind, uuid_text(ctx, 0, &row->uuid));
    cell_pair(ctx, &id, column, "name", name);
    if (neutron && *neutron) {
        cell_pair(ctx, &id, column, "name2", neutron);
    }
    cell_string(ctx, &id, SB_DATAPATH_BINDING_COL_TYPE, kind);
    cell_uuid(ctx, &id, SB_DATAPATH_BINDING_COL_NB_UUID, &row->uuid);
}

/* Copies an option under its own name, if it is set. */
static void
put_option(struct incr_ctx *ctx, const struct row_id *id,
           const struct strmap *options, const char *name)
{
    const char *value = strmap_get(options, name);

    if (value && *value) {
        cell_pair(ctx, id, SB_DATAPATH_BINDING_COL_EXTERNAL_IDS, name, value);
    }
}

static void
switch_datapath(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    const struct strmap *config = nb_logical_switch_get_other_config(ctx, ls);
    struct row_id id = datapath_row(&ls->header);

    if (!get_datapath_key(ctx, &ls->header)) {
        return;
    }
    put_common(ctx, &ls->header, "logical-switch",
               nb_logical_switch_get_name(ctx, ls),
               nb_logical_switch_get_external_ids(ctx, ls));
    put_option(ctx, &id, config, "interconn-ts");
    put_option(ctx, &id, config, "fdb_age_threshold");
    put_option(ctx, &id, config, "ct-zone-limit");
}

static void
router_datapath(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_router *lr = *(const void *const *)
        incr_group_key(group);
    const struct strmap *options = nb_logical_router_get_options(ctx, lr);
    const unsigned int column = SB_DATAPATH_BINDING_COL_EXTERNAL_IDS;
    struct row_id id = datapath_row(&lr->header);

    if (!get_datapath_key(ctx, &lr->header)) {
        return;
    }
    put_common(ctx, &lr->header, "logical-router",
               nb_logical_router_get_name(ctx, lr),
               nb_logical_router_get_external_ids(ctx, lr));
    put_option(ctx, &id, options, "snat-ct-zone");
    put_option(ctx, &id, options, "ct-zone-limit");
    put_option(ctx, &id, options, "mac_binding_age_threshold");
    if (!strmap_get_bool(options, "always_learn_from_arp_request", true)) {
        cell_pair(ctx, &id, column, "always_learn_from_arp_request", "false");
    }
    if (strmap_get_bool(options, "dynamic_neigh_routers", false)) {
        cell_pair(ctx, &id, column, "dynamic_neigh_routers", "true");
    }
}

UNIT_LIST(datapath_units,
    UNIT_GROUP(RANK_PEER, F_SWITCH, switch_want_key),
    UNIT_GROUP(RANK_PEER, F_ROUTER, router_want_key),
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_datapath),
    UNIT_GROUP(RANK_OUT, F_ROUTER, router_datapath));
