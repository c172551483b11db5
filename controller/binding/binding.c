/* SPDX-License-Identifier: Apache-2.0 */
/* A port is claimed by the chassis that has its interface (VIFs, localports),
 * that an option names (l3gateway, l2gateway), or that is the best live member
 * of a gateway group (chassisredirect, external).
 *
 * Localports are resident wherever they have an interface but belong to no
 * chassis, so they are not claimed.  A nested container's port goes where its
 * parent is; a virtual port is first claimed when traffic shows who has it
 * (bind_vport), and kept as long as that one's interface is here. */
#include "controller/binding/binding.h"

#include <string.h>

#include "controller/binding/names.h"
#include "controller/chassis/ha.h"
#include "controller/physical/chassis_mac.h"
#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/schema/sb_tracked.h"

struct binding {
    struct incr_ctx *ctx;
    const struct sb_port_binding *row;
    struct port_fact port;
    const char *name;
};

static void
seed_datapath(const struct binding *b)
{
    incr_emit(b->ctx, FACT_DATAPATH_SEED,
              &b->port.dp_key, sizeof b->port.dp_key, NULL, 0);
}

static void
reside(const struct binding *b)
{
    incr_emit(b->ctx, FACT_RESIDENT, b->name, strlen(b->name) + 1, NULL, 0);
    seed_datapath(b);
}

/* Claims the port.  'interface', if any, is where its packets come in: it may
 * say to which address others are to send them. */
static void
claim(const struct binding *b, const struct uuid *interface,
      struct claim_fact fact)
{
    const struct uuid *uuid = &b->row->header.uuid;
    const char *encap_ip = interface ? incr_get(b->ctx, FACT_INTERFACE_ENCAP,
                                                interface, sizeof *interface)
                           : NULL;

    if (encap_ip) {
        strncpy(fact.encap_ip, encap_ip, sizeof fact.encap_ip - 1);
    }
    incr_emit(b->ctx, FACT_CLAIM, uuid, sizeof *uuid, &fact, sizeof fact);
    reside(b);
}

/* Position of this chassis in the comma-separated 'requested-chassis': 0 is
 * the main one, above it additional ones, -1 not there.  Nobody requested
 * means everybody may.  A chassis is named by its name or by the hostname in its
 * row; so if several have that hostname, each of them may. */
static int
requested_position(const struct binding *b)
{
    const struct strmap *options
        = sb_port_binding_get_options(b->ctx, b->row);
    const char *list = strmap_get_def(options, "requested-chassis", "");
    const char *name = controller_config(b->ctx, "system-id", "");
    const char *hostname = incr_get(b->ctx, FACT_HOSTNAME_HERE, NULL, 0) ?: "";
    int position = 0;

    if (!*list) {
        return 0;
    }
    for (const char *p = list; ; p += strspn(p, ",")) {
        size_t length = strcspn(p, ",");

        if ((length == strlen(name) && !memcmp(p, name, length))
            || (length == strlen(hostname) && length
                && !memcmp(p, hostname, length))) {
            return position;
        }
        p += length;
        if (!*p) {
            return -1;
        }
        position++;
    }
}

static const struct interface_fact *
find_interface(const struct binding *b, const char *iface_id)
{
    const struct interface_fact *interface
        = incr_get(b->ctx, FACT_INTERFACE, iface_id, strlen(iface_id) + 1);

    return interface && interface->ofport ? interface : NULL;
}

/* A port that names a version is only that of an interface of this version: a
 * workload that was made anew under an old name has another. */
static bool
version_fits(const struct binding *b, const struct interface_fact *interface)
{
    const struct strmap *options
        = sb_port_binding_get_options(b->ctx, b->row);
    const char *wanted = strmap_get(options, "iface-id-ver");

    return (!wanted
            || !strcmp(wanted, incr_get(b->ctx, FACT_INTERFACE_VERSION,
                                        &interface->uuid,
                                        sizeof interface->uuid) ?: ""));
}

static void
bind_vif(const struct binding *b)
{
    const char *parent = sb_port_binding_get_parent_port(b->ctx, b->row);
    bool is_nested = parent && *parent;
    const struct interface_fact *interface
        = find_interface(b, is_nested ? parent : b->name);
    struct claim_fact fact = { .additional = 0 };
    int position;

    if (!interface || !version_fits(b, interface)) {
        return;
    }
    position = requested_position(b);
    if (position >= 0) {
        if (!is_nested) {
            /* An interface tells of its own port, not of those behind it. */
            fact.interface = interface->uuid;
        }
        fact.additional = position > 0;
        claim(b, &interface->uuid, fact);
    }
}

static void
bind_localport(const struct binding *b)
{
    if (find_interface(b, b->name)) {
        reside(b);
    }
}

/* Says whether 'option' names this chassis; then the port is claimed. */
static bool
bind_by_option(const struct binding *b, const char *option)
{
    const struct strmap *options
        = sb_port_binding_get_options(b->ctx, b->row);

    if (!strcmp(strmap_get_def(options, option, ""),
                controller_config(b->ctx, "system-id", ""))
        && strmap_get(options, option)) {
        claim(b, NULL, (struct claim_fact) { .additional = 0 });
        return true;
    }
    return false;
}

static void
bind_l2gateway(const struct binding *b)
{
    bind_by_option(b, "l2gateway-chassis");
}

static void
bind_ha(const struct binding *b)
{
    const struct sb_ha_chassis_group *group
        = sb_port_binding_get_ha_chassis_group(b->ctx, b->row);

    if (!group) {
        return;
    }
    if (ha_group_is_active_here(b->ctx, group)) {
        claim(b, NULL, (struct claim_fact) { .additional = 0 });
    } else if (ha_group_has_us(b->ctx, group)) {
        /* A standby keeps the flows that it would need. */
        seed_datapath(b);
    }
}

/* Packets to a chassisredirect port are to the router port that it stands
 * for. */
static void
bind_redirect(const struct binding *b)
{
    const struct strmap *options
        = sb_port_binding_get_options(b->ctx, b->row);
    const char *name = strmap_get(options, "distributed-port");
    const struct port_fact *real
        = name ? controller_find_port(b->ctx, name) : NULL;
    const uint32_t keys[] = { b->port.dp_key, b->port.port_key };

    if (real && real->dp_key == b->port.dp_key) {
        incr_emit(b->ctx, FACT_STAND_IN, keys, sizeof keys,
                  &real->port_key, sizeof real->port_key);
    }
    bind_ha(b);
}

static void
bind_virtual(const struct binding *b)
{
    const struct sb_chassis *chassis
        = sb_port_binding_get_chassis(b->ctx, b->row);
    const char *parent
        = sb_port_binding_get_virtual_parent(b->ctx, b->row);
    const struct interface_fact *interface
        = parent ? find_interface(b, parent) : NULL;

    if (interface && chassis
        && chassis_is_here(b->ctx, &chassis->header.uuid)) {
        claim(b, &interface->uuid, (struct claim_fact) { .additional = 0 });
    }
}

/* A patch port leads to the datapath of its peer, which is of its kind: others
 * may not even have been asked for. */
static void
bind_patch(const struct binding *b)
{
    const struct strmap *options
        = sb_port_binding_get_options(b->ctx, b->row);
    const char *peer_name = strmap_get(options, "peer");
    const struct port_fact *peer
        = peer_name ? controller_find_port(b->ctx, peer_name) : NULL;

    if (peer && peer->type == PORT_PATCH) {
        router_mac_emit(b->ctx, b->row, peer);
    }
    if (peer && peer->type == b->port.type
        && peer->dp_key != b->port.dp_key) {
        incr_emit(b->ctx, FACT_DATAPATH_EDGE,
                  &b->port.dp_key, sizeof b->port.dp_key,
                  &peer->dp_key, sizeof peer->dp_key);
    }
}

/* A gateway's side of a patch leads on as a plain patch does, but only on the
 * chassis of the gateway: elsewhere nothing goes through it. */
static void
bind_l3gateway(const struct binding *b)
{
    if (bind_by_option(b, "l3gateway-chassis")) {
        bind_patch(b);
    }
}

/* By type; a type that is not here is never claimed. */
static void (*const binders[])(const struct binding *) = {
    [PORT_VIF] = bind_vif,
    [PORT_PATCH] = bind_patch,
    [PORT_L3GATEWAY] = bind_l3gateway,
    [PORT_CHASSISREDIRECT] = bind_redirect,
    [PORT_LOCALPORT] = bind_localport,
    [PORT_L2GATEWAY] = bind_l2gateway,
    [PORT_EXTERNAL] = bind_ha,
    [PORT_VIRTUAL] = bind_virtual,
    [PORT_UNKNOWN] = NULL,
};

void
binding_unit(struct incr_ctx *ctx, const void *row_)
{
    struct binding b = { .ctx = ctx, .row = row_ };
    const struct sb_chassis *chassis;

    if (!port_fact_read(ctx, b.row, &b.port)) {
        return;
    }
    b.name = sb_port_binding_get_logical_port(ctx, b.row);
    if (binders[b.port.type]) {
        binders[b.port.type](&b);
    }

    chassis = sb_port_binding_get_chassis(ctx, b.row);
    if (chassis && chassis_is_here(ctx, &chassis->header.uuid)) {
        incr_emit(ctx, FACT_HELD, &b.row->header.uuid,
                  sizeof b.row->header.uuid, NULL, 0);
    }
}
