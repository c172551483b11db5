/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/physical.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "lib/base/sset.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

/* Members of a group on this host, and the chassis of the others.  A patch
 * port is on every host, and the packet goes through it on the one where it
 * came in only: routers must not see copies. */
struct members {
    struct flow_builder local;   /* A part for each port here. */
    size_t n_local;
    struct flow_builder once;    /* And for each patch port. */
    size_t n_once;
    struct sset remote;          /* Names of chassis... */
    struct sset ramps;           /* ...and of VTEPs. */
};

static void
add_local(struct members *m, const struct sb_datapath_binding *dp,
          const char *name, const struct port_fact *port)
{
    bool is_patch = port->type == PORT_PATCH;
    struct flow_builder *b = is_patch ? &m->once : &m->local;
    struct zones zones = zones_get(b->ctx, &dp->header.uuid,
                                   is_patch ? NULL : name);

    flow_load_zones(b, &zones);
    flow_set_reg(b, LOG_REG_OUTPORT, port->port_key);
    flow_resubmit(b, OF_TABLE_CHECK_LOOPBACK);
    m->n_local += !is_patch;
    m->n_once += is_patch;
}

/* Adds the chassis other than this one where the port is. */
static void
add_remote(struct incr_ctx *ctx, struct members *m,
           const struct sb_port_binding *row, enum port_type type)
{
    struct sset *names = type == PORT_VTEP ? &m->ramps : &m->remote;
    const struct sb_chassis *chassis = sb_port_binding_get_chassis(ctx, row);
    struct sb_chassis *const *additional;
    size_t n;

    if (chassis && !chassis_is_here(ctx, &chassis->header.uuid)) {
        sset_add(names, sb_chassis_get_name(ctx, chassis));
    }
    additional = sb_port_binding_get_additional_chassis(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (!chassis_is_here(ctx, &additional[i]->header.uuid)) {
            sset_add(names, sb_chassis_get_name(ctx, additional[i]));
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
            add_remote(ctx, m, ports[i], port.type);
        }
    }
}

/* Appends the outputs from our address number 'local' to the other chassis, in
 * order; returns their number. */
static size_t
put_remote(struct flow_builder *b, const struct sset *names, bool are_ramps,
           uint32_t local, uint32_t dp_key, uint32_t key)
{
    const char **chassis = sset_sort(names);
    size_t n = 0;

    for (size_t i = 0; i < sset_count(names); i++) {
        const struct tunnel_fact *tunnel
            = tunnel_find(b->ctx, chassis[i], NULL, local);

        if (!tunnel) {
            continue;
        }
        if (are_ramps && tunnel->type == TUNNEL_VXLAN) {
            flow_ramp_output(b, tunnel, dp_key);
        } else {
            flow_tunnel_output(b, tunnel, dp_key, key);
        }
        n++;
    }
    free(chassis);
    return n;
}

static uint32_t
max_local_of(struct incr_ctx *ctx, const struct sset *names)
{
    uint32_t max_local = 0;
    struct sset_node *node;

    SSET_FOR_EACH (node, names) {
        max_local = MAX(max_local, tunnel_max_local(ctx, node->name));
    }
    return max_local;
}

/* Table 37.  Packets that leave from another than the default address have
 * flows of their own, if there are tunnels from it. */
static void
emit_once(struct members *m, uint32_t dp_key, uint32_t key)
{
    size_t size = m->once.actions.size;
    uint32_t max_local = MAX(max_local_of(m->once.ctx, &m->remote),
                             max_local_of(m->once.ctx, &m->ramps));

    flow_match_port(&m->once, dp_key, LOG_REG_OUTPORT, key);
    for (uint32_t local = 0; local <= max_local; local++) {
        size_t n_remote;

        m->once.actions.size = size;
        n_remote = put_remote(&m->once, &m->remote, false, local, dp_key, key);
        n_remote += put_remote(&m->once, &m->ramps, true, local, dp_key, key);
        if (m->n_once || n_remote) {
            if (local) {
                flow_match_encap(&m->once, local);
            }
            flow_resubmit(&m->once, OF_TABLE_LOCAL_OUTPUT);
            flow_emit(&m->once, OF_TABLE_REMOTE_OUTPUT, local ? 110 : 100);
        }
    }
}

static void
emit_group(struct members *m, uint32_t dp_key, uint32_t key)
{
    if (m->n_local) {
        flow_match_port(&m->local, dp_key, LOG_REG_OUTPORT, key);
        flow_emit(&m->local, OF_TABLE_LOCAL_OUTPUT, 100);
    }
    if (m->n_once) {
        flow_set_reg(&m->once, LOG_REG_OUTPORT, key);
    }
    emit_once(m, dp_key, key);
}

void
physical_group_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_multicast_group *row = row_;
    const struct sb_datapath_binding *dp
        = sb_multicast_group_get_datapath(ctx, row);
    struct members m = { .n_local = 0 };
    uint32_t dp_key, key;
    bool has_localnet;

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
    flow_builder_init(&m.once, ctx, row->header.uuid.parts[0]);
    sset_init(&m.remote);
    sset_init(&m.ramps);
    collect(ctx, row, dp, has_localnet, &m);
    emit_group(&m, dp_key, key);
    sset_uninit(&m.ramps);
    sset_uninit(&m.remote);
    flow_builder_uninit(&m.once);
    flow_builder_uninit(&m.local);
}
