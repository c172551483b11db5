/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/physical.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "lib/base/sset.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

/* Members of a group on this host, and the chassis of the others. */
struct members {
    struct flow_builder local;   /* A part for each member here. */
    size_t n_local;
    struct sset remote;          /* Names of chassis. */
};

static void
add_local(struct members *m, const struct sb_datapath_binding *dp,
          const char *name, const struct port_fact *port)
{
    struct zones zones
        = zones_get(m->local.ctx, &dp->header.uuid,
                    port->type == PORT_PATCH ? NULL : name);

    flow_load_zones(&m->local, &zones);
    flow_set_reg(&m->local, LOG_REG_OUTPORT, port->port_key);
    flow_resubmit(&m->local, OF_TABLE_CHECK_LOOPBACK);
    m->n_local++;
}

/* Adds the chassis other than this one where the port is. */
static void
add_remote(struct incr_ctx *ctx, struct members *m,
           const struct sb_port_binding *row)
{
    const struct sb_chassis *chassis = sb_port_binding_get_chassis(ctx, row);
    struct sb_chassis *const *additional;
    size_t n;

    if (chassis && !chassis_is_here(ctx, &chassis->header.uuid)) {
        sset_add(&m->remote, sb_chassis_get_name(ctx, chassis));
    }
    additional = sb_port_binding_get_additional_chassis(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (!chassis_is_here(ctx, &additional[i]->header.uuid)) {
            sset_add(&m->remote, sb_chassis_get_name(ctx, additional[i]));
        }
    }
}

static void
collect(struct incr_ctx *ctx, const struct sb_multicast_group *row,
        const struct sb_datapath_binding *dp, bool has_localnet,
        struct members *m)
{
    struct sb_port_binding *const *ports;
    size_t n;

    ports = sb_multicast_group_get_ports(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        const char *name = sb_port_binding_get_logical_port(ctx, ports[i]);
        struct port_fact port;

        if (!port_fact_read(ctx, ports[i], &port)
            || !uuid_equals(&port.datapath, &dp->header.uuid)) {
            continue;
        }
        if (physical_is_here(ctx, ports[i], &port, name)) {
            add_local(m, dp, name, &port);
        }
        if (port.type != PORT_PATCH && port.type != PORT_LOCALNET
            && port.type != PORT_LOCALPORT
            && (!has_localnet || port.type == PORT_L3GATEWAY
                || port.type == PORT_VTEP)) {
            add_remote(ctx, m, ports[i]);
        }
    }
}

void
physical_group_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_multicast_group *row = row_;
    const struct sb_datapath_binding *dp
        = sb_multicast_group_get_datapath(ctx, row);
    struct members m = { .n_local = 0 };
    struct flow_builder remote;
    const char **chassis;
    uint32_t dp_key, key;
    bool has_localnet;
    size_t n_remote = 0;

    if (!dp) {
        return;
    }
    dp_key = sb_datapath_binding_get_tunnel_key(ctx, dp);
    if (!controller_is_local(ctx, dp_key)) {
        return;
    }
    key = sb_multicast_group_get_tunnel_key(ctx, row);
    has_localnet = incr_exists(ctx, FACT_LOCALNET, &dp_key, sizeof dp_key);

    flow_builder_init(&m.local, ctx, row->header.uuid.parts[0]);
    sset_init(&m.remote);
    collect(ctx, row, dp, has_localnet, &m);

    if (m.n_local) {
        flow_match_port(&m.local, dp_key, LOG_REG_OUTPORT, key);
        flow_emit(&m.local, OF_TABLE_LOCAL_OUTPUT, 100);
    }

    flow_builder_init(&remote, ctx, row->header.uuid.parts[0]);
    chassis = sset_sort(&m.remote);
    for (size_t i = 0; i < sset_count(&m.remote); i++) {
        const struct tunnel_fact *tunnel
            = incr_get(ctx, FACT_TUNNEL, chassis[i], strlen(chassis[i]) + 1);

        if (tunnel) {
            flow_tunnel_output(&remote, tunnel, dp_key, key);
            n_remote++;
        }
    }
    if (n_remote) {
        flow_match_port(&remote, dp_key, LOG_REG_OUTPORT, key);
        flow_resubmit(&remote, OF_TABLE_LOCAL_OUTPUT);
        flow_emit(&remote, OF_TABLE_REMOTE_OUTPUT, 100);
    }
    free(chassis);
    flow_builder_uninit(&remote);
    flow_builder_uninit(&m.local);
    sset_uninit(&m.remote);
}
