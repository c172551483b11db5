/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/physical.h"

#include <net/ethernet.h>
#include <string.h>

#include "controller/binding/names.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

struct zones
zones_get(struct incr_ctx *ctx, const struct uuid *datapath, const char *name)
{
    struct zones zones = { .port = 0 };
    char text[UUID_LEN + 8];

    if (name) {
        zones.port = controller_want_id(ctx, ID_ZONE, name, 1);
    }
    uuid_format(datapath, text);
    strcpy(text + UUID_LEN, "_dnat");
    zones.dnat = controller_want_id(ctx, ID_ZONE, text, 1);
    strcpy(text + UUID_LEN, "_snat");
    zones.snat = controller_want_id(ctx, ID_ZONE, text, 1);
    return zones;
}

void
flow_load_zones(struct flow_builder *b, const struct zones *zones)
{
    if (zones->port) {
        flow_set_reg(b, LOG_REG_CT_ZONE, zones->port);
    }
    flow_set_reg(b, LOG_REG_DNAT_ZONE, zones->dnat);
    flow_set_reg(b, LOG_REG_SNAT_ZONE, zones->snat);
}

void
flow_match_encap(struct flow_builder *b, uint32_t local)
{
    match_set_u64_masked(&b->match, FIELD_REG0 + LOG_REG_CT_ZONE,
                         (uint64_t) local << 16, UINT64_C(0xffff0000));
}

static void
set_tunnel_ip4(struct flow_builder *b, enum field_id field, be32 ip)
{
    const union field_value value = { .be32 = ip };

    ofpact_put_set_field(&b->actions, field_from_id(field), sizeof ip, &value,
                         NULL);
}

static void
set_tunnel_ip6(struct flow_builder *b, enum field_id field,
               const struct in6_addr *ip)
{
    const union field_value value = { .ipv6 = *ip };

    ofpact_put_set_field(&b->actions, field_from_id(field), sizeof *ip,
                         &value, NULL);
}

/* Says from where to where, if the tunnel does not know.  What an output before
 * may have said of the other family must not count. */
static void
set_addresses(struct flow_builder *b, const struct tunnel_fact *tunnel)
{
    struct in6_addr src6, dst6;
    be32 src4, dst4;

    if (!tunnel->by_flow) {
        return;
    }
    if (ip4_parse(tunnel->remote_ip, &dst4)
        && ip4_parse(tunnel->local_ip, &src4)) {
        set_tunnel_ip4(b, FIELD_TUN_SRC, src4);
        set_tunnel_ip4(b, FIELD_TUN_DST, dst4);
    } else if (ip6_parse(tunnel->remote_ip, &dst6)
               && ip6_parse(tunnel->local_ip, &src6)) {
        set_tunnel_ip4(b, FIELD_TUN_SRC, 0);
        set_tunnel_ip4(b, FIELD_TUN_DST, 0);
        set_tunnel_ip6(b, FIELD_TUN_IPV6_SRC, &src6);
        set_tunnel_ip6(b, FIELD_TUN_IPV6_DST, &dst6);
    }
}

/* The VNI of a packet between hypervisors: 12 bits for the datapath, 11 for the
 * egress port, and one that tells groups from ports; the ingress port does not
 * fit. */
static uint32_t
vxlan_vni(uint32_t dp_key, uint32_t outport)
{
    uint32_t group = outport & LOG_MIN_MULTICAST_KEY ? VXLAN_VNI_GROUP : 0;

    return group | (outport & 0x7ff) << 12 | (dp_key & 0xfff);
}

void
flow_tunnel_output(struct flow_builder *b, const struct tunnel_fact *tunnel,
                   uint32_t dp_key, uint32_t outport)
{
    set_addresses(b, tunnel);
    if (tunnel->type == TUNNEL_VXLAN) {
        flow_set_bits(b, FIELD_TUN_ID, 0, 24, vxlan_vni(dp_key, outport));
    } else {
        /* The option is 4 bytes wide, which the field's table cannot know. */
        const union field_value option = { .be32 = htonl(outport) };

        flow_set_bits(b, FIELD_TUN_ID, 0, 24, dp_key);
        ofpact_put_set_field(&b->actions, field_from_id(FIELD_TUN_METADATA0),
                             sizeof option.be32, &option, NULL);
        flow_move(b, FIELD_REG0 + LOG_REG_INPORT, 0,
                  FIELD_TUN_METADATA0, 16, 15);
    }
    flow_output(b, tunnel->ofport);
}

void
flow_ramp_output(struct flow_builder *b, const struct tunnel_fact *tunnel,
                 uint32_t dp_key)
{
    set_addresses(b, tunnel);
    flow_set_bits(b, FIELD_TUN_ID, 0, 24, dp_key);
    flow_output(b, tunnel->ofport);
}

void
flow_begin_arrival(struct flow_builder *b, const struct physical_port *pp)
{
    flow_begin(b);
    match_set_in_port(&b->match, pp->ofport);
    if (pp->vlan) {
        match_set_u64(&b->match, FIELD_DL_VLAN, pp->vlan);
        ofpact_put_STRIP_VLAN(&b->actions);
    } else if (pp->is_localnet) {
        match_set_u64_masked(&b->match, FIELD_VLAN_TCI, 0, 0x1fff);
    }
}

static void
set_flag(struct flow_builder *b, unsigned int flag)
{
    flow_set_bits(b, FIELD_REG0 + LOG_REG_FLAGS, flag, 1, 1);
}

void
flow_enter(struct flow_builder *b, const struct port_fact *port,
           const struct physical_port *pp, const struct zones *zones)
{
    flow_load_zones(b, zones);
    if (pp->encap) {
        flow_set_bits(b, FIELD_REG0 + LOG_REG_CT_ZONE, 16, 16, pp->encap);
    }
    flow_set_bits(b, FIELD_METADATA, 0, 64, port->dp_key);
    flow_set_reg(b, LOG_REG_INPORT, port->port_key);
    if (pp->is_nested) {
        set_flag(b, LOG_FLAG_NESTED_CONTAINER);
    } else if (pp->is_localnet) {
        set_flag(b, LOG_FLAG_LOCALNET);
    } else if (port->type == PORT_LOCALPORT) {
        set_flag(b, LOG_FLAG_LOCALPORT);
    }
    flow_resubmit(b, OF_TABLE_LOG_INGRESS);
}

void
flow_leave(struct flow_builder *b, const struct physical_port *pp)
{
    if (pp->vlan) {
        ofpact_put_PUSH_VLAN(&b->actions)->ethertype = htons(ETHERTYPE_VLAN);
        ofpact_put_SET_VLAN_VID(&b->actions)->vid = pp->vlan;
    }
    flow_output(b, pp->ofport);
    if (pp->vlan) {
        ofpact_put_STRIP_VLAN(&b->actions);
    }
}

static uint32_t
patch_ofport(struct incr_ctx *ctx, const char *port_name)
{
    struct str *name = incr_scratch(ctx, 1);
    const uint32_t *ofport;

    str_printf(name, "patch-%s-to-%s",
               controller_config(ctx, "ovn-bridge", "br-int"), port_name);
    ofport = incr_get(ctx, FACT_PATCH, name->string, name->length + 1);
    return ofport ? *ofport : 0;
}

static void
read_interface(struct incr_ctx *ctx, const char *iface_id,
               struct physical_port *pp)
{
    const struct interface_fact *interface
        = incr_get(ctx, FACT_INTERFACE, iface_id, strlen(iface_id) + 1);

    if (interface) {
        pp->ofport = interface->ofport;
        pp->encap = interface->encap;
    }
}

struct physical_port
physical_port_find(struct incr_ctx *ctx, const struct sb_port_binding *row,
                   const struct port_fact *port)
{
    struct physical_port pp = { .ofport = 0 };
    const char *name = sb_port_binding_get_logical_port(ctx, row);
    const char *parent;
    int64_t tag = 0;

    switch (port->type) {
    case PORT_LOCALNET:
    case PORT_L2GATEWAY:
        sb_port_binding_get_tag(ctx, row, &tag);
        pp.ofport = patch_ofport(ctx, name);
        pp.vlan = tag;
        pp.is_localnet = port->type == PORT_LOCALNET;
        break;
    case PORT_VIRTUAL:
        parent = sb_port_binding_get_virtual_parent(ctx, row);
        if (parent) {
            read_interface(ctx, parent, &pp);
        }
        break;
    case PORT_VIF:
        parent = sb_port_binding_get_parent_port(ctx, row);
        if (parent && *parent) {
            pp.is_nested = sb_port_binding_get_tag(ctx, row, &tag);
            pp.vlan = tag;
            name = parent;
        }
        read_interface(ctx, name, &pp);
        break;
    case PORT_LOCALPORT:
        read_interface(ctx, name, &pp);
        break;
    default:
        break;
    }
    return pp;
}

bool
physical_is_here(struct incr_ctx *ctx, const struct sb_port_binding *row,
                 const struct port_fact *port, const char *name)
{
    switch (port->type) {
    case PORT_PATCH:
        return true;
    case PORT_LOCALNET:
        return physical_port_find(ctx, row, port).ofport != 0;
    default:
        return incr_exists(ctx, FACT_RESIDENT, name, strlen(name) + 1);
    }
}
