/* SPDX-License-Identifier: Apache-2.0 */

/* Rows by what others know them by. */

#include "northd/program.h"

#include <string.h>

static void
copy_option(char *dst, size_t size, const char *value)
{
    if (value && strlen(value) < size) {
        strcpy(dst, value);
    }
}

static void
index_global(struct incr_ctx *ctx, const void *row)
{
    const struct strmap *options = nb_nb_global_get_options(ctx, row);
    struct global global = { .use_ct_inv_match = true };

    copy_option(global.svc_monitor_mac, sizeof global.svc_monitor_mac,
                strmap_get(options, "svc_monitor_mac"));
    copy_option(global.mac_prefix, sizeof global.mac_prefix,
                strmap_get(options, "mac_prefix"));
    global.use_ct_inv_match = strmap_get_bool(options, "use_ct_inv_match",
                                              true);
    global.ignore_lsp_down = strmap_get_bool(options, "ignore_lsp_down", true);
    global.default_acl_drop = strmap_get_bool(options, "default_acl_drop",
                                              false);
    global.controller_event = strmap_get_bool(options, "controller_event",
                                              false);
    global.ignore_chassis_features
        = strmap_get_bool(options, "ignore_chassis_features", false);
    global.use_common_zone = strmap_get_bool(options, "use_common_zone",
                                             false);
    global.vxlan_mode = strmap_get_bool(options, "vxlan_mode", true);
    incr_emit(ctx, F_GLOBAL, NULL, 0, &global, sizeof global);
}

static void
index_switch(struct incr_ctx *ctx, const void *row)
{
    const struct nb_logical_switch *ls = row;
    size_t n;
    struct nb_logical_switch_port *const *ports
        = nb_logical_switch_get_ports(ctx, ls, &n);

    EMIT_KEY(ctx, F_SWITCH, ls);
    for (size_t i = 0; i < n; i++) {
        struct switch_port sp = { ls, ports[i] };

        EMIT_KEY(ctx, F_SWITCH_PORT, sp);
        EMIT(ctx, F_LSP_SWITCH, ports[i], ls);
    }
}

static void
index_router(struct incr_ctx *ctx, const void *row)
{
    const struct nb_logical_router *lr = row;
    bool enabled;
    size_t n;
    struct nb_logical_router_port *const *ports;

    if (nb_logical_router_get_enabled(ctx, lr, &enabled) && !enabled) {
        return;
    }
    EMIT_KEY(ctx, F_ROUTER, lr);
    ports = nb_logical_router_get_ports(ctx, lr, &n);
    for (size_t i = 0; i < n; i++) {
        struct router_port rp = { lr, ports[i] };

        EMIT_KEY(ctx, F_ROUTER_PORT, rp);
        EMIT(ctx, F_LRP_ROUTER, ports[i], lr);
    }
}

static void
index_switch_port(struct incr_ctx *ctx, const void *row)
{
    const struct nb_logical_switch_port *lsp = row;
    const char *name = nb_logical_switch_port_get_name(ctx, lsp);

    incr_emit(ctx, F_LSP_BY_NAME, name, strlen(name), &lsp, sizeof lsp);
}

static void
index_router_port(struct incr_ctx *ctx, const void *row)
{
    const struct nb_logical_router_port *lrp = row;
    const char *name = nb_logical_router_port_get_name(ctx, lrp);

    incr_emit(ctx, F_LRP_BY_NAME, name, strlen(name), &lrp, sizeof lrp);
}

static void
index_meter(struct incr_ctx *ctx, const void *row)
{
    const struct nb_meter *meter = row;
    const char *name = nb_meter_get_name(ctx, meter);

    incr_emit(ctx, F_METER, name, strlen(name), &meter, sizeof meter);
}

static void
index_binding(struct incr_ctx *ctx, const void *row)
{
    const struct sb_port_binding *pb = row;
    const char *name = sb_port_binding_get_logical_port(ctx, pb);

    incr_emit(ctx, F_BINDING, name, strlen(name), &pb, sizeof pb);
}

static void
index_chassis(struct incr_ctx *ctx, const void *row)
{
    const struct sb_chassis *chassis = row;
    const char *name = sb_chassis_get_name(ctx, chassis);
    const char *host = sb_chassis_get_hostname(ctx, chassis);

    incr_emit(ctx, F_CHASSIS, name, strlen(name), &chassis, sizeof chassis);
    if (*host && strcmp(host, name)) {
        incr_emit(ctx, F_CHASSIS, host, strlen(host),
                  &chassis, sizeof chassis);
    }
}

static void
index_encap(struct incr_ctx *ctx, const void *row)
{
    if (!strcmp(sb_encap_get_type(ctx, row), "vxlan")) {
        incr_emit(ctx, F_VXLAN, NULL, 0, NULL, 0);
    }
}

UNIT_LIST(index_units,
    UNIT_ROW(RANK_INDEX, T_NB(NB_GLOBAL), index_global),
    UNIT_ROW(RANK_INDEX, T_NB(LOGICAL_SWITCH), index_switch),
    UNIT_ROW(RANK_INDEX, T_NB(LOGICAL_ROUTER), index_router),
    UNIT_ROW(RANK_INDEX, T_NB(LOGICAL_SWITCH_PORT), index_switch_port),
    UNIT_ROW(RANK_INDEX, T_NB(LOGICAL_ROUTER_PORT), index_router_port),
    UNIT_ROW(RANK_INDEX, T_NB(METER), index_meter),
    UNIT_ROW(RANK_INDEX, T_SB(PORT_BINDING), index_binding),
    UNIT_ROW(RANK_INDEX, T_SB(CHASSIS), index_chassis),
    UNIT_ROW(RANK_INDEX, T_SB(ENCAP), index_encap));
