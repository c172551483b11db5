/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/physical.h"

#include <string.h>

#include "controller/binding/names.h"
#include "controller/chassis/ha.h"
#include "controller/physical/activation.h"
#include "controller/physical/chassis_mac.h"
#include "lib/base/vec.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

/* A place elsewhere that has the port. */
struct remote {
    const char *chassis;         /* Its name. */
    const char *ip;              /* To send to; NULL: whichever it prefers. */
};

/* What the flows of one port are made of. */
struct context {
    struct flow_builder b;
    const struct sb_port_binding *row;
    const struct sb_datapath_binding *datapath;
    const char *name;
    struct port_fact port;
    struct zones zones;
    bool is_nested;              /* Behind its parent's interface. */
    VEC(struct remote) remotes;
};

static void
match_flag(struct context *c, unsigned int flag, bool value)
{
    match_set_u64_masked(&c->b.match, FIELD_REG0 + LOG_REG_FLAGS,
                         (uint64_t) value << flag, UINT64_C(1) << flag);
}

static void
set_flag(struct context *c, unsigned int flag)
{
    flow_set_bits(&c->b, FIELD_REG0 + LOG_REG_FLAGS, flag, 1, 1);
}

/* Begins a flow that matches packets to the port. */
static void
begin_outport(struct context *c)
{
    flow_begin(&c->b);
    flow_match_port(&c->b, c->port.dp_key, LOG_REG_OUTPORT, c->port.port_key);
}

/* Table 64: on to table 65 with no in_port. */
static void
emit_without_in_port(struct context *c)
{
    const struct subfield in_port = { field_from_id(FIELD_IN_PORT), 0, 16 };

    ofpact_put_STACK_PUSH(&c->b.actions)->subfield = in_port;
    ofpact_put_load(&c->b.actions, &in_port, OFPP_NONE);
    flow_resubmit(&c->b, OF_TABLE_LOG_TO_PHY);
    ofpact_put_STACK_POP(&c->b.actions)->subfield = in_port;
    flow_emit(&c->b, OF_TABLE_SAVE_INPORT, 100);
}

/* Tables 38, 39 and 64 of a port that is here. */
static void
deliver_here(struct context *c)
{
    bool is_patch = (c->port.type == PORT_PATCH
                     || c->port.type == PORT_L3GATEWAY);

    begin_outport(c);
    flow_load_zones(&c->b, &c->zones);
    flow_resubmit(&c->b, OF_TABLE_CHECK_LOOPBACK);
    flow_emit(&c->b, OF_TABLE_LOCAL_OUTPUT, 100);

    begin_outport(c);
    match_set_reg(&c->b.match, LOG_REG_INPORT, c->port.port_key);
    match_flag(c, LOG_FLAG_LOOPBACK, false);
    flow_emit(&c->b, OF_TABLE_CHECK_LOOPBACK, 100);

    /* OpenFlow does not send a packet to its in_port; a container's in_port
     * is its parent's, and either may send to the other. */
    static const unsigned int flags[] = { LOG_FLAG_LOOPBACK,
                                          LOG_FLAG_NESTED_CONTAINER };
    for (size_t i = 0; i < (is_patch ? 1 : c->is_nested ? 0 : 2); i++) {
        begin_outport(c);
        match_flag(c, flags[i], true);
        emit_without_in_port(c);
    }
    if (c->is_nested) {
        begin_outport(c);
        emit_without_in_port(c);
    }
}

/* Tables 0 and 65 of a port that has an OpenFlow port here. */
static void
physical_flows(struct context *c, const struct physical_port *pp)
{
    flow_begin_arrival(&c->b, pp);
    flow_enter(&c->b, &c->port, pp, &c->zones);
    flow_emit(&c->b, OF_TABLE_PHY_TO_LOG, pp->vlan ? 150 : 100);
    if (pp->is_localnet && !pp->vlan) {
        /* A tag of VLAN 0 carries a priority only. */
        flow_begin(&c->b);
        match_set_in_port(&c->b.match, pp->ofport);
        match_set_u64(&c->b.match, FIELD_DL_VLAN, 0);
        ofpact_put_STRIP_VLAN(&c->b.actions);
        flow_enter(&c->b, &c->port, pp, &c->zones);
        flow_emit(&c->b, OF_TABLE_PHY_TO_LOG, 100);
    }

    begin_outport(c);
    flow_leave(&c->b, pp);
    flow_emit(&c->b, OF_TABLE_LOG_TO_PHY, 100);
}

/* Packets of a localport never leave the host. */
static void
keep_local(struct context *c)
{
    flow_begin(&c->b);
    flow_match_port(&c->b, c->port.dp_key, LOG_REG_INPORT, c->port.port_key);
    flow_resubmit(&c->b, OF_TABLE_LOCAL_OUTPUT);
    flow_emit(&c->b, OF_TABLE_REMOTE_OUTPUT, 150);
}

/* Nothing leaves by a localnet port that is to stay on this host: packets of
 * localports, and those that say so. */
static void
keep_out(struct context *c)
{
    static const unsigned int flags[] = { LOG_FLAG_LOCALPORT,
                                          LOG_FLAG_LOCAL_ONLY };

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        begin_outport(c);
        match_flag(c, flags[i], true);
        flow_emit(&c->b, OF_TABLE_CHECK_LOOPBACK, 160);
    }
}

/* On to the peer's datapath, with nothing left of this one's pipeline but the
 * number of the address that the packet leaves the host from. */
static void
patch_flows(struct context *c)
{
    const struct strmap *options
        = sb_port_binding_get_options(c->b.ctx, c->row);
    const char *peer_name = strmap_get(options, "peer");
    const struct port_fact *peer
        = peer_name ? controller_find_port(c->b.ctx, peer_name) : NULL;
    size_t ofs;

    if (!peer || peer->type != c->port.type) {
        return;
    }
    const struct zones zones = zones_get(c->b.ctx, &peer->datapath, NULL);

    begin_outport(c);
    ofs = c->b.actions.size;
    ofpact_put_CLONE(&c->b.actions);
    ofpact_put_CT_CLEAR(&c->b.actions);
    for (unsigned int reg = 0; reg < LOG_REG_CT_ZONE; reg++) {
        flow_set_reg(&c->b, reg, 0);
    }
    flow_set_bits(&c->b, FIELD_REG0 + LOG_REG_CT_ZONE, 0, 16, 0);
    flow_load_zones(&c->b, &zones);
    flow_set_bits(&c->b, FIELD_METADATA, 0, 64, peer->dp_key);
    flow_set_reg(&c->b, LOG_REG_INPORT, peer->port_key);
    flow_set_reg(&c->b, LOG_REG_OUTPORT, 0);
    flow_resubmit(&c->b, OF_TABLE_LOG_INGRESS);
    ofpact_finish(&c->b.actions, ofs);
    flow_emit(&c->b, OF_TABLE_LOG_TO_PHY, 100);
}

/* The port of a gateway group: packets to it become packets to the router port
 * that it stands for, on the chassis that is active. */
static void
redirect_flows(struct context *c)
{
    const struct strmap *options
        = sb_port_binding_get_options(c->b.ctx, c->row);
    const char *name = strmap_get(options, "distributed-port");
    const struct port_fact *port
        = name ? controller_find_port(c->b.ctx, name) : NULL;

    if (!port) {
        return;
    }
    begin_outport(c);
    flow_set_reg(&c->b, LOG_REG_OUTPORT, port->port_key);
    flow_load_zones(&c->b, &c->zones);
    flow_resubmit(&c->b, OF_TABLE_CHECK_LOOPBACK);
    flow_emit(&c->b, OF_TABLE_LOCAL_OUTPUT, 100);
}

static void
add_remote(struct context *c, const char *chassis,
           const struct sb_encap *encap)
{
    if (tunnel_find(c->b.ctx, chassis, "", 0)) {
        vec_push(&c->remotes, (struct remote) {
            .chassis = chassis,
            .ip = encap ? sb_encap_get_ip(c->b.ctx, encap) : NULL,
        });
    }
}

/* The encapsulation of 'chassis' among the port's additional ones, or NULL. */
static const struct sb_encap *
find_additional_encap(struct context *c, const char *chassis)
{
    struct sb_encap *const *encaps;
    size_t n;

    encaps = sb_port_binding_get_additional_encap(c->b.ctx, c->row, &n);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(sb_encap_get_chassis_name(c->b.ctx, encaps[i]),
                    chassis)) {
            return encaps[i];
        }
    }
    return NULL;
}

/* Finds the other chassis that have the port and that there are tunnels to. */
static void
find_remotes(struct context *c)
{
    const struct sb_chassis *chassis
        = sb_port_binding_get_chassis(c->b.ctx, c->row);
    struct sb_chassis *const *additional;
    size_t n_additional;

    if (c->port.type == PORT_CHASSISREDIRECT
        || c->port.type == PORT_EXTERNAL) {
        const struct sb_ha_chassis_group *group
            = sb_port_binding_get_ha_chassis_group(c->b.ctx, c->row);
        const char *active = (group
                              ? ha_group_remote(c->b.ctx, group) : NULL);

        if (active) {
            add_remote(c, active, NULL);
        }
    } else if (chassis
               && !chassis_is_here(c->b.ctx, &chassis->header.uuid)) {
        add_remote(c, sb_chassis_get_name(c->b.ctx, chassis),
                   sb_port_binding_get_encap(c->b.ctx, c->row));
    }

    additional = sb_port_binding_get_additional_chassis(c->b.ctx, c->row,
                                                        &n_additional);
    for (size_t i = 0; i < n_additional; i++) {
        if (!chassis_is_here(c->b.ctx, &additional[i]->header.uuid)) {
            const char *name = sb_chassis_get_name(c->b.ctx, additional[i]);

            add_remote(c, name, find_additional_encap(c, name));
        }
    }
}

/* Puts the output through 'tunnel'.  A VTEP's tunnel is that of all that it
 * connects: a packet from one may be for another one, behind a router. */
static void
put_tunnel_output(struct context *c, const struct tunnel_fact *tunnel)
{
    if (c->port.type == PORT_VTEP && tunnel->type == TUNNEL_VXLAN) {
        const struct subfield in_port = { field_from_id(FIELD_IN_PORT), 0,
                                          16 };

        ofpact_put_load(&c->b.actions, &in_port, OFPP_NONE);
        flow_ramp_output(&c->b, tunnel, c->port.dp_key);
    } else {
        flow_tunnel_output(&c->b, tunnel, c->port.dp_key, c->port.port_key);
    }
}

/* Table 37: from our address number 'local' out to the chassis that have the
 * port, and to the one here too if it is in several places. */
static void
emit_remote(struct context *c, uint32_t local, bool is_here)
{
    begin_outport(c);
    if (local) {
        flow_match_encap(&c->b, local);
    }
    VEC_FOR_EACH (remote, &c->remotes) {
        put_tunnel_output(c, tunnel_find(c->b.ctx, remote->chassis,
                                         remote->ip, local));
    }
    if (is_here) {
        flow_resubmit(&c->b, OF_TABLE_LOCAL_OUTPUT);
    }
    flow_emit(&c->b, OF_TABLE_REMOTE_OUTPUT, local ? 110 : 100);
}

/* A tunnel that all share does not say where packets come from. */
static void
match_source(struct context *c, const struct tunnel_fact *tunnel)
{
    struct in6_addr ip6;
    be32 ip4;

    if (!tunnel->by_flow) {
        return;
    }
    if (ip4_parse(tunnel->remote_ip, &ip4)) {
        match_set_u64(&c->b.match, FIELD_TUN_SRC, ntohl(ip4));
    } else if (ip6_parse(tunnel->remote_ip, &ip6)) {
        match_set_ipv6(&c->b.match, FIELD_TUN_IPV6_SRC, &ip6);
    }
}

/* Table 0: packets from a VTEP say only which datapath they are of; their way
 * through it begins here, at the port that stands for the VTEP. */
static void
ramp_flows(struct context *c)
{
    const struct sb_chassis *chassis
        = sb_port_binding_get_chassis(c->b.ctx, c->row);
    const char *name = (chassis
                        ? sb_chassis_get_name(c->b.ctx, chassis) : "");
    const struct incr_group *tunnels
        = incr_lookup(c->b.ctx, FACT_TUNNEL, name, strlen(name) + 1);

    for (size_t i = 0; tunnels && i < tunnels->n; i++) {
        const struct tunnel_fact *tunnel = incr_group_value(tunnels, i);

        if (tunnel->type == TUNNEL_VXLAN) {
            flow_begin(&c->b);
            match_set_in_port(&c->b.match, tunnel->ofport);
            match_set_u64(&c->b.match, FIELD_TUN_ID, c->port.dp_key);
            match_source(c, tunnel);
            flow_load_zones(&c->b, &c->zones);
            flow_set_bits(&c->b, FIELD_METADATA, 0, 64, c->port.dp_key);
            flow_set_reg(&c->b, LOG_REG_INPORT, c->port.port_key);
            set_flag(c, LOG_FLAG_FROM_RAMP);
            flow_resubmit(&c->b, OF_TABLE_LOG_INGRESS);
            flow_emit(&c->b, OF_TABLE_PHY_TO_LOG, 110);
        }
    }
}

/* On a datapath with a localnet port, the physical network takes packets to
 * VIFs elsewhere. */
static void
emit_by_localnet(struct context *c, const struct port_fact *localnet)
{
    begin_outport(c);
    flow_set_reg(&c->b, LOG_REG_OUTPORT, localnet->port_key);
    flow_resubmit(&c->b, OF_TABLE_LOCAL_OUTPUT);
    flow_emit(&c->b, OF_TABLE_LOCAL_OUTPUT, 100);
}

/* Packets to where the port is, if it is elsewhere. */
static void
remote_flows(struct context *c, bool is_here)
{
    const struct port_fact *localnet
        = incr_get(c->b.ctx, FACT_LOCALNET,
                   &c->port.dp_key, sizeof c->port.dp_key);
    uint32_t max_local = 0;

    if (localnet && !is_here
        && (c->port.type == PORT_VIF || c->port.type == PORT_EXTERNAL
            || c->port.type == PORT_VIRTUAL)) {
        emit_by_localnet(c, localnet);
        return;
    }
    find_remotes(c);
    VEC_FOR_EACH (remote, &c->remotes) {
        max_local = MAX(max_local, tunnel_max_local(c->b.ctx,
                                                    remote->chassis));
    }
    for (uint32_t local = 0; c->remotes.n && local <= max_local; local++) {
        emit_remote(c, local, is_here);
    }
    vec_uninit(&c->remotes);
}

void
physical_port_unit(struct incr_ctx *ctx, const void *row_)
{
    struct context c = { .row = row_ };
    struct physical_port pp;
    bool is_here, is_patch;

    if (!port_fact_read(ctx, c.row, &c.port)
        || !controller_is_local(ctx, c.port.dp_key)) {
        return;
    }
    c.datapath = sb_port_binding_get_datapath(ctx, c.row);
    c.name = sb_port_binding_get_logical_port(ctx, c.row);
    is_here = physical_is_here(ctx, c.row, &c.port, c.name);
    is_patch = (c.port.type == PORT_PATCH
                || (c.port.type == PORT_L3GATEWAY && is_here));
    pp = physical_port_find(ctx, c.row, &c.port);
    c.is_nested = pp.is_nested;
    c.zones = zones_get(ctx, &c.datapath->header.uuid,
                        is_here && pp.ofport ? c.name : NULL);

    flow_builder_init(&c.b, ctx, c.row->header.uuid.parts[0]);
    if (c.port.type == PORT_CHASSISREDIRECT) {
        if (is_here) {
            redirect_flows(&c);
        }
    } else if (is_patch) {
        deliver_here(&c);
        patch_flows(&c);
    } else if (is_here && pp.ofport) {
        deliver_here(&c);
        physical_flows(&c, &pp);
        if (c.port.type == PORT_LOCALPORT) {
            keep_local(&c);
        } else if (c.port.type == PORT_LOCALNET) {
            keep_out(&c);
            localnet_mac_flows(&c.b, c.row, &c.port, &pp, &c.zones);
        } else if (c.port.type == PORT_VIF && !c.is_nested) {
            activation_flows(&c.b, c.row, &c.port, pp.ofport);
        }
    }
    if (c.port.type == PORT_VTEP) {
        ramp_flows(&c);
    }
    if (!is_patch && c.port.type != PORT_LOCALNET
        && c.port.type != PORT_LOCALPORT) {
        remote_flows(&c, is_here);
    }
    flow_builder_uninit(&c.b);
}
