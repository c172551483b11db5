/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/binding/names.h"

#include <stdlib.h>
#include <string.h>

#include "controller/chassis/encap_ips.h"
#include "controller/chassis/mappings.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/schema/sb_tracked.h"
#include "lib/schema/vs_tracked.h"

static uint32_t
interface_ofport(struct incr_ctx *ctx, const struct vs_interface *row)
{
    int64_t ofport;

    return (vs_interface_get_ofport(ctx, row, &ofport) && ofport > 0
            ? ofport : 0);
}

/* The number of one of our addresses.  Few chassis have more than one, and few
 * interfaces say which: the others need not know the list. */
static uint32_t
encap_number(struct incr_ctx *ctx, const char *ip)
{
    struct encap_ips ips;

    if (!ip || !*ip) {
        return 0;
    }
    encap_ips_read(ctx, &ips);
    return encap_ips_number(&ips, ip);
}

static enum tunnel_type
tunnel_type_of(struct incr_ctx *ctx, const struct vs_interface *row)
{
    return (!strcmp(vs_interface_get_type(ctx, row), "vxlan")
            ? TUNNEL_VXLAN : TUNNEL_GENEVE);
}

/* A tunnel that the encapsulation unit made carries the chassis's name. */
static void
emit_tunnel(struct incr_ctx *ctx, const struct vs_interface *row,
            const char *chassis, uint32_t ofport)
{
    const struct strmap *options = vs_interface_get_options(ctx, row);
    const struct strmap *bfd = vs_interface_get_bfd(ctx, row);
    struct tunnel_fact tunnel = {
        .ofport = ofport,
        .local = encap_number(ctx, strmap_get(options, "local_ip")),
    };

    tunnel.type = tunnel_type_of(ctx, row);
    strncpy(tunnel.remote_ip, strmap_get_def(options, "remote_ip", ""),
            sizeof tunnel.remote_ip - 1);
    if (strmap_get_bool(bfd, "enable", false)) {
        const struct strmap *status = vs_interface_get_bfd_status(ctx, row);

        /* A switch that does not run BFD says nothing. */
        tunnel.bfd_down = strcmp(strmap_get_def(status, "state", "up"),
                                 "up") != 0;
    }
    incr_emit(ctx, FACT_TUNNEL, chassis, strlen(chassis) + 1,
              &tunnel, sizeof tunnel);
}

/* Such a tunnel is to no chassis in particular. */
static bool
is_flow_tunnel(const char *tunnel_id)
{
    return *tunnel_id == '@';
}

void
flow_tunnel_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct vs_interface *row = row_;
    const char *tunnel_id = incr_get(ctx, FACT_INTEGRATION_PORT,
                                     &row->header.uuid,
                                     sizeof row->header.uuid);
    uint32_t type, ofport;

    if (tunnel_id && is_flow_tunnel(tunnel_id)) {
        ofport = interface_ofport(ctx, row);
        type = tunnel_type_of(ctx, row);
        if (ofport) {
            incr_emit(ctx, FACT_FLOW_TUNNEL, &type, sizeof type,
                      &ofport, sizeof ofport);
        }
    }
}

void
interface_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct vs_interface *row = row_;
    const struct uuid *uuid = &row->header.uuid;
    const char *name, *iface_id, *tunnel_id;
    const struct strmap *ids;
    uint32_t ofport;

    tunnel_id = incr_get(ctx, FACT_INTEGRATION_PORT, uuid, sizeof *uuid);
    if (!tunnel_id) {
        return;
    }
    ofport = interface_ofport(ctx, row);
    name = vs_interface_get_name(ctx, row);
    if (!strcmp(vs_interface_get_type(ctx, row), "patch")) {
        if (ofport) {
            incr_emit(ctx, FACT_PATCH, name, strlen(name) + 1,
                      &ofport, sizeof ofport);
        }
        return;
    }

    if (*tunnel_id) {
        if (ofport && !is_flow_tunnel(tunnel_id)) {
            struct str *chassis = incr_scratch(ctx, 0);

            str_put_bytes(chassis, tunnel_id, strcspn(tunnel_id, "@"));
            emit_tunnel(ctx, row, str_cstr(chassis), ofport);
        }
        return;
    }
    ids = vs_interface_get_external_ids(ctx, row);
    iface_id = strmap_get(ids, "iface-id");
    if (iface_id) {
        const struct interface_fact fact = {
            .uuid = *uuid,
            .ofport = ofport,
            .encap = encap_number(ctx, strmap_get(ids, "encap-ip")),
        };
        const char *version = strmap_get(ids, "iface-id-ver");
        const char *encap_ip = strmap_get(ids, "encap-ip");

        incr_emit(ctx, FACT_INTERFACE, iface_id, strlen(iface_id) + 1,
                  &fact, sizeof fact);
        if (version) {
            incr_emit(ctx, FACT_INTERFACE_VERSION, uuid, sizeof *uuid,
                      version, strlen(version) + 1);
        }
        if (encap_ip) {
            incr_emit(ctx, FACT_INTERFACE_ENCAP, uuid, sizeof *uuid,
                      encap_ip, strlen(encap_ip) + 1);
        }
    }
}

static const char *const port_types[] = {
    [PORT_VIF] = "",
    [PORT_PATCH] = "patch",
    [PORT_L3GATEWAY] = "l3gateway",
    [PORT_CHASSISREDIRECT] = "chassisredirect",
    [PORT_LOCALNET] = "localnet",
    [PORT_LOCALPORT] = "localport",
    [PORT_L2GATEWAY] = "l2gateway",
    [PORT_VTEP] = "vtep",
    [PORT_EXTERNAL] = "external",
    [PORT_VIRTUAL] = "virtual",
    [PORT_REMOTE] = "remote",
};

enum port_type
port_type_from_string(const char *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(port_types); i++) {
        if (!strcmp(s, port_types[i])) {
            return i;
        }
    }
    return PORT_UNKNOWN;
}

bool
port_fact_read(struct incr_ctx *ctx, const struct sb_port_binding *row,
               struct port_fact *ret)
{
    const struct sb_datapath_binding *dp;

    dp = sb_port_binding_get_datapath(ctx, row);
    if (!dp) {
        return false;
    }
    *ret = (struct port_fact) {
        .uuid = row->header.uuid,
        .datapath = dp->header.uuid,
        .dp_key = sb_datapath_binding_get_tunnel_key(ctx, dp),
        .port_key = sb_port_binding_get_tunnel_key(ctx, row),
        .type = port_type_from_string(sb_port_binding_get_type(ctx, row)),
    };
    return true;
}

char *
network_bridge(struct incr_ctx *ctx, const struct sb_port_binding *row)
{
    const struct strmap *options = sb_port_binding_get_options(ctx, row);
    const char *network = strmap_get(options, "network_name");
    const char *mappings = controller_config(ctx, "ovn-bridge-mappings", "");
    char *bridge = network ? mapping_find(mappings, network) : NULL;
    struct str *ret = incr_scratch(ctx, 2);

    if (!bridge) {
        return NULL;
    }
    str_put(ret, bridge);
    free(bridge);
    return ret->string;
}

void
port_name_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const struct sb_chassis *chassis;
    struct port_fact port;

    if (port_fact_read(ctx, row, &port)) {
        const char *name = sb_port_binding_get_logical_port(ctx, row);

        incr_emit(ctx, FACT_PORT, name, strlen(name) + 1, &port, sizeof port);
        chassis = sb_port_binding_get_chassis(ctx, row);
        if (chassis) {
            const char *where = sb_chassis_get_name(ctx, chassis);

            incr_emit(ctx, FACT_PORT_CHASSIS, name, strlen(name) + 1,
                      where, strlen(where) + 1);
        }
        if (port.type == PORT_LOCALNET && network_bridge(ctx, row)) {
            incr_emit(ctx, FACT_LOCALNET,
                      &port.dp_key, sizeof port.dp_key, &port, sizeof port);
        }
    }
}

/* The key under which a group of a datapath is found. */
static void
put_group_key(struct str *s, uint32_t dp_key, const char *name)
{
    str_put_bytes(s, &dp_key, sizeof dp_key);
    str_put(s, name);
}

void
group_name_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_multicast_group *row = row_;
    const struct sb_datapath_binding *dp
        = sb_multicast_group_get_datapath(ctx, row);
    struct str *key = incr_scratch(ctx, 0);
    uint32_t group;

    if (!dp) {
        return;
    }
    put_group_key(key, sb_datapath_binding_get_tunnel_key(ctx, dp),
                  sb_multicast_group_get_name(ctx, row));
    group = sb_multicast_group_get_tunnel_key(ctx, row);
    incr_emit(ctx, FACT_GROUP_KEY, key->string, key->length,
              &group, sizeof group);
}

uint32_t
group_key_find(struct incr_ctx *ctx, uint32_t dp_key, const char *name)
{
    struct str *key = incr_scratch(ctx, 3);
    const uint32_t *group;

    put_group_key(key, dp_key, name);
    group = incr_get(ctx, FACT_GROUP_KEY, key->string, key->length);
    return group ? *group : 0;
}

void
chassis_here_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis *row = row_;
    const char *hostname;

    if (strcmp(sb_chassis_get_name(ctx, row),
               controller_config(ctx, "system-id", ""))) {
        return;
    }
    incr_emit(ctx, FACT_CHASSIS_HERE, NULL, 0,
              &row->header.uuid, sizeof row->header.uuid);
    hostname = sb_chassis_get_hostname(ctx, row);
    incr_emit(ctx, FACT_HOSTNAME_HERE, NULL, 0,
              hostname, strlen(hostname) + 1);
}

bool
chassis_is_here(struct incr_ctx *ctx, const struct uuid *chassis)
{
    const struct uuid *here = incr_get(ctx, FACT_CHASSIS_HERE, NULL, 0);

    return here && uuid_equals(here, chassis);
}

const struct port_fact *
controller_find_port(struct incr_ctx *ctx, const char *name)
{
    return incr_get(ctx, FACT_PORT, name, strlen(name) + 1);
}

/* How well a tunnel fits: one that works before one that does not, then to the
 * right address, then from the right one. */
static unsigned int
tunnel_fitness(const struct tunnel_fact *tunnel, const char *remote_ip,
               uint32_t local)
{
    return (!tunnel->bfd_down * 4
            + !strcmp(tunnel->remote_ip, remote_ip) * 2
            + (tunnel->local == local));
}

const struct tunnel_fact *
tunnel_find(struct incr_ctx *ctx, const char *chassis, const char *remote_ip,
            uint32_t local)
{
    const struct incr_group *tunnels
        = incr_lookup(ctx, FACT_TUNNEL, chassis, strlen(chassis) + 1);
    const struct tunnel_fact *best = NULL;

    if (!tunnels || tunnels->n == 1) {
        return tunnels ? incr_group_value(tunnels, 0) : NULL;
    }
    if (!remote_ip) {
        remote_ip = incr_get(ctx, FACT_DEFAULT_ENCAP,
                             chassis, strlen(chassis) + 1) ?: "";
    }
    for (size_t i = 0; i < tunnels->n; i++) {
        const struct tunnel_fact *tunnel = incr_group_value(tunnels, i);

        if (!best || tunnel_fitness(tunnel, remote_ip, local)
            > tunnel_fitness(best, remote_ip, local)) {
            best = tunnel;
        }
    }
    return best;
}

uint32_t
tunnel_max_local(struct incr_ctx *ctx, const char *chassis)
{
    const struct incr_group *tunnels
        = incr_lookup(ctx, FACT_TUNNEL, chassis, strlen(chassis) + 1);
    uint32_t max = 0;

    for (size_t i = 0; tunnels && i < tunnels->n; i++) {
        const struct tunnel_fact *tunnel = incr_group_value(tunnels, i);

        max = MAX(max, tunnel->local);
    }
    return max;
}

bool
tunnel_is_live(struct incr_ctx *ctx, const char *chassis)
{
    const struct tunnel_fact *tunnel = tunnel_find(ctx, chassis, "", 0);

    return tunnel && !tunnel->bfd_down;
}

const struct tunnel_fact *
port_tunnel(struct incr_ctx *ctx, const char *port_name)
{
    const char *chassis = incr_get(ctx, FACT_PORT_CHASSIS,
                                   port_name, strlen(port_name) + 1);

    return chassis ? tunnel_find(ctx, chassis, NULL, 0) : NULL;
}

bool
datapath_is_switch(struct incr_ctx *ctx, const struct sb_datapath_binding *dp)
{
    const char *type = sb_datapath_binding_get_type(ctx, dp);

    /* Older northds leave 'type' empty. */
    return (type && *type
            ? !strcmp(type, "logical-switch")
            : strmap_get(sb_datapath_binding_get_external_ids(ctx, dp),
                         "logical-switch") != NULL);
}
