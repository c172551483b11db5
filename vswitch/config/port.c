/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/vec.h"
#include "lib/runtime/log.h"
#include "vswitch/config/model.h"
#include "vswitch/netdev/netdev.h"

LOG_MODULE(bridge);

/* ## Interfaces ## */

struct iface *
iface_find(const struct config *c, const struct uuid *uuid)
{
    struct iface *iface;

    HMAP_FOR_EACH_WITH_HASH (iface, node, uuid_hash(uuid), &c->ifaces) {
        if (uuid_equals(&iface->uuid, uuid)) {
            return iface;
        }
    }
    return NULL;
}

void
iface_mark_dirty(struct config *c, struct iface *iface)
{
    if (list_is_empty(&iface->dirty_node)) {
        list_push_back(&c->dirty_ifaces, &iface->dirty_node);
        step_wake(&c->step);
    }
}

static void
set_error(struct iface *iface, struct error *error)
{
    struct config *c = iface->port->bridge->config;
    char *text = error ? error_steal_message(error) : NULL;

    if (text && (!iface->error || strcmp(iface->error, text))) {
        log_warn("%s: %s", iface->name, text);
    }
    free(iface->error);
    iface->error = text;
    list_remove(&iface->failed_node);
    if (text) {
        list_push_back(&c->failed_ifaces, &iface->failed_node);
    }
    iface_mark_dirty(c, iface);
}

static void
set_mtu(const struct iface *iface, const struct vs_interface *row)
{
    struct netdev *netdev = netdev_find(iface->name);
    int mtu;

    if (netdev && row->has_mtu_request
        && !netdev_get_mtu(netdev, &mtu) && mtu != row->mtu_request) {
        int error = netdev_set_mtu(netdev, row->mtu_request);

        if (error) {
            log_warn("%s: cannot set MTU to %"PRId64" (%s)", iface->name,
                     row->mtu_request, strerror(-error));
        }
    }
}

/* Says of a device what scripts look for; the log has what else is known. */
static struct error *
tell_device_error(const struct iface *iface, struct error *error)
{
    struct error *said = error;

    if (error && error->code > 0) {
        log_info("%s", error_message(error));
        said = error_create(error->code, error->code == EEXIST
                            ? "could not add network device %s to ofproto (%s)"
                            : "could not open network device %s (%s)",
                            iface->name, strerror(error->code));
        error_free(error);
    }
    return said;
}

/* Gives a device that the switch made the address that its row asks for.  A
 * bridge's own device has its address by the bridge. */
static void
set_address(const struct iface *iface, const struct vs_interface *row)
{
    struct netdev *netdev = netdev_find(iface->name);
    struct eth_addr now, wanted;
    int error;

    if (!netdev || !row->mac || strcmp(iface->type, "internal")) {
        return;
    }
    if (!eth_addr_parse(row->mac, &wanted) || eth_addr_is_multicast(wanted)) {
        log_warn("%s: \"%s\" is no address of an interface", iface->name,
                 row->mac);
        return;
    }
    if (!netdev_get_etheraddr(netdev, &now) && !eth_addr_equals(now, wanted)) {
        error = netdev_set_etheraddr(netdev, wanted);
        if (error) {
            log_warn("%s: cannot set Ethernet address to %s (%s)",
                     iface->name, row->mac, strerror(-error));
        }
    }
}

/* The OpenFlow number to ask for: without a request, the one that the database
 * says the interface had, so that a restart leaves flows true. */
static ofp_port_t
wanted_number(const struct vs_interface *row)
{
    return (row->has_ofport_request ? row->ofport_request
            : row->has_ofport && row->ofport > 0 && row->ofport < OFPP_MAX
            ? row->ofport : OFPP_NONE);
}

/* Applies the settings of protocols on a port that is there. */
static void
apply_protocols(struct iface *iface, const struct vs_interface *row)
{
    if (iface->ofp_port == OFPP_NONE
        || strmap_equals_smap(&row->bfd, &iface->bfd)) {
        return;
    }
    smap_uninit(&iface->bfd);
    strmap_to_smap(&row->bfd, &iface->bfd);
    ofproto_port_set_bfd(iface->port->bridge->ofproto, iface->ofp_port,
                         &iface->uuid, &iface->bfd);
    iface_mark_dirty(iface->port->bridge->config, iface);
}

static void
iface_add(struct iface *iface, const struct vs_interface *row)
{
    struct ofport_init init = {
        .name = iface->name,
        .type = iface->type,
        .options = &iface->options,
        .request = wanted_number(row),
    };
    struct error *error;

    if (iface_is_local(iface)) {
        iface->ofp_port = OFPP_LOCAL;
        set_error(iface, ofproto_port_set_options(
                      iface->port->bridge->ofproto, OFPP_LOCAL,
                      &iface->options));
        apply_protocols(iface, row);
        return;
    }
    error = ofproto_port_add(iface->port->bridge->ofproto, &init,
                             &iface->ofp_port);
    if (error) {
        iface->ofp_port = OFPP_NONE;
    } else {
        set_mtu(iface, row);
        set_address(iface, row);
        apply_protocols(iface, row);
        log_info("bridge %s: added interface %s on port %u",
                 iface->port->bridge->name, iface->name, iface->ofp_port);
    }
    set_error(iface, tell_device_error(iface, error));
}

static struct iface *
iface_create(struct port *port, const struct vs_interface *row)
{
    struct iface *iface = xzalloc(sizeof *iface);
    struct config *c = port->bridge->config;

    iface->uuid = row->header.uuid;
    iface->port = port;
    iface->name = xstrdup(row->name);
    iface->type = xstrdup(row->type);
    strmap_to_smap(&row->options, &iface->options);
    smap_init(&iface->bfd);
    list_init(&iface->dirty_node);
    list_init(&iface->failed_node);
    list_push_back(&port->ifaces, &iface->port_node);
    hmap_insert(&c->ifaces, &iface->node, uuid_hash(&iface->uuid));
    iface_add(iface, row);
    return iface;
}

static void
iface_del(struct iface *iface)
{
    if (iface->ofp_port != OFPP_NONE && !iface_is_local(iface)) {
        ofproto_port_del(iface->port->bridge->ofproto, iface->ofp_port);
        log_info("bridge %s: deleted interface %s on port %u",
                 iface->port->bridge->name, iface->name, iface->ofp_port);
    }
    iface->ofp_port = OFPP_NONE;
    smap_clear(&iface->bfd);
}

static void
iface_destroy(struct iface *iface, bool del)
{
    if (del) {
        iface_del(iface);
    }
    hmap_remove(&iface->port->bridge->config->ifaces, &iface->node);
    list_remove(&iface->port_node);
    list_remove(&iface->dirty_node);
    list_remove(&iface->failed_node);
    smap_uninit(&iface->options);
    smap_uninit(&iface->bfd);
    free(iface->name);
    free(iface->type);
    free(iface->error);
    free(iface);
}

static void
apply_options(struct iface *iface, const struct vs_interface *row)
{
    struct error *error;

    if (strmap_equals_smap(&row->options, &iface->options)) {
        return;
    }
    smap_uninit(&iface->options);
    strmap_to_smap(&row->options, &iface->options);
    if (iface->ofp_port == OFPP_NONE) {
        iface_add(iface, row);
    } else {
        error = ofproto_port_set_options(iface->port->bridge->ofproto,
                                         iface->ofp_port, &iface->options);
        set_error(iface, error);
    }
}

/* Tells the bridge the new number of an interface's port. */
static void
renew_port(struct iface *iface)
{
    const struct vs_port *row
        = vs_port_get_for_uuid(iface->port->bridge->config->replica,
                               &iface->port->uuid);

    if (row && iface->ofp_port != OFPP_NONE) {
        port_apply(iface->port, row);
    }
}

/* The interface of a bridge that has an OpenFlow number, or NULL. */
static struct iface *
find_by_number(const struct bridge *bridge, ofp_port_t number)
{
    struct iface *iface;

    HMAP_FOR_EACH (iface, node, &bridge->config->ifaces) {
        if (iface->port->bridge == bridge && iface->ofp_port == number) {
            return iface;
        }
    }
    return NULL;
}

/* Gives the interface the number that it asks for, unless another has it that
 * asks for it, too. */
static void
renumber(struct iface *iface, const struct vs_interface *row)
{
    const struct bridge *bridge = iface->port->bridge;
    struct iface *other = find_by_number(bridge, row->ofport_request);
    const struct vs_interface *other_row = NULL;

    if (other) {
        other_row = vs_interface_get_for_uuid(bridge->config->replica,
                                              &other->uuid);
        if (!other_row || iface_is_local(other)
            || (other_row->has_ofport_request
                && other_row->ofport_request == row->ofport_request)) {
            return;
        }
        iface_del(other);
    }
    iface_del(iface);
    iface_add(iface, row);
    renew_port(iface);
    if (other) {
        iface_add(other, other_row);
        renew_port(other);
    }
}

void
iface_apply(struct iface *iface, const struct vs_interface *row)
{
    if (strcmp(row->type, iface->type)) {
        iface_del(iface);
        free(iface->type);
        iface->type = xstrdup(row->type);
        smap_uninit(&iface->options);
        strmap_to_smap(&row->options, &iface->options);
        iface_add(iface, row);
        renew_port(iface);
        return;
    }
    if (row->has_ofport_request && iface->ofp_port != OFPP_NONE
        && !iface_is_local(iface) && row->ofport_request > 0
        && row->ofport_request < OFPP_MAX
        && row->ofport_request != iface->ofp_port) {
        renumber(iface, row);
    }
    apply_options(iface, row);
    set_mtu(iface, row);
    if (!iface_is_local(iface)) {
        set_address(iface, row);
    }
    apply_protocols(iface, row);
}

void
ifaces_retry(struct config *c)
{
    struct iface *iface;
    struct list again = LIST_INITIALIZER(&again);

    list_splice_back(&again, &c->failed_ifaces);
    while (!list_is_empty(&again)) {
        const struct vs_interface *row;

        iface = CONTAINER_OF(list_pop_front(&again), struct iface,
                             failed_node);
        row = vs_interface_get_for_uuid(c->replica, &iface->uuid);
        if (row && iface->ofp_port == OFPP_NONE) {
            iface_add(iface, row);
            renew_port(iface);
        }
    }
}

/* ## Ports ## */

struct port *
port_find(const struct config *c, const struct uuid *uuid)
{
    struct port *port;

    HMAP_FOR_EACH_WITH_HASH (port, node, uuid_hash(uuid), &c->ports) {
        if (uuid_equals(&port->uuid, uuid)) {
            return port;
        }
    }
    return NULL;
}

static struct port *
port_create(struct bridge *bridge, const struct vs_port *row)
{
    struct port *port = xzalloc(sizeof *port);

    port->uuid = row->header.uuid;
    port->bridge = bridge;
    port->name = xstrdup(row->name);
    list_init(&port->ifaces);
    list_push_back(&bridge->ports, &port->bridge_node);
    hmap_insert(&bridge->config->ports, &port->node, uuid_hash(&port->uuid));
    port_apply(port, row);
    return port;
}

void
port_destroy(struct port *port, bool del)
{
    struct iface *iface;

    if (del) {
        ofproto_bundle_del(port->bridge->ofproto, port->name);
    }
    LIST_FOR_EACH_SAFE (iface, port_node, &port->ifaces) {
        iface_destroy(iface, del);
    }
    hmap_remove(&port->bridge->config->ports, &port->node);
    list_remove(&port->bridge_node);
    free(port->name);
    free(port);
}

/* Makes the port's interfaces those of its row. */
static void
apply_ifaces(struct port *port, const struct vs_port *row)
{
    struct iface *iface;

    LIST_FOR_EACH (iface, port_node, &port->ifaces) {
        iface->seen = false;
    }
    for (size_t i = 0; i < row->n_interfaces; i++) {
        iface = iface_find(port->bridge->config,
                           &row->interfaces[i]->header.uuid);
        if (!iface) {
            iface = iface_create(port, row->interfaces[i]);
        }
        iface->seen = true;
    }
    LIST_FOR_EACH_SAFE (iface, port_node, &port->ifaces) {
        if (!iface->seen) {
            iface_destroy(iface, true);
        }
    }
}

static const struct {
    const char *name;
    enum vlan_mode mode;
} vlan_modes[] = {
    { "access", VLAN_MODE_ACCESS },
    { "trunk", VLAN_MODE_TRUNK },
    { "native-tagged", VLAN_MODE_NATIVE_TAGGED },
    { "native-untagged", VLAN_MODE_NATIVE_UNTAGGED },
    { "dot1q-tunnel", VLAN_MODE_DOT1Q_TUNNEL },
};

/* Without a mode, a tag makes an access port and no tag a trunk. */
static enum vlan_mode
port_vlan_mode(const struct vs_port *row)
{
    for (size_t i = 0; row->vlan_mode && i < ARRAY_SIZE(vlan_modes); i++) {
        if (!strcmp(row->vlan_mode, vlan_modes[i].name)) {
            return vlan_modes[i].mode;
        }
    }
    return row->has_tag ? VLAN_MODE_ACCESS : VLAN_MODE_TRUNK;
}

uint64_t *
vlan_bitmap(const int64_t *vlans, size_t n)
{
    uint64_t *map;

    if (!n) {
        return NULL;
    }
    map = bitmap_create(N_VLANS);
    for (size_t i = 0; i < n; i++) {
        bitmap_set(map, vlans[i] & (N_VLANS - 1));
    }
    return map;
}

static enum priority_tags
port_priority_tags(const struct vs_port *row)
{
    const char *text = strmap_get_def(&row->other_config, "priority-tags",
                                      "never");

    return (!strcmp(text, "always") ? PRIORITY_TAGS_ALWAYS
            : !strcmp(text, "if-nonzero") || !strcmp(text, "true")
            ? PRIORITY_TAGS_IF_NONZERO
            : PRIORITY_TAGS_NEVER);
}

static void
apply_bundle(struct port *port, const struct vs_port *row)
{
    const char *ethertype = strmap_get_def(&row->other_config,
                                           "qinq-ethtype", "802.1ad");
    enum vlan_mode mode = port_vlan_mode(row);
    uint64_t *trunks = vlan_bitmap(row->trunks, row->n_trunks);
    uint64_t *cvlans = vlan_bitmap(row->cvlans, row->n_cvlans);
    VEC(ofp_port_t) numbers = VEC_EMPTY;
    struct iface *iface;

    LIST_FOR_EACH (iface, port_node, &port->ifaces) {
        if (iface->ofp_port != OFPP_NONE) {
            vec_push(&numbers, iface->ofp_port);
        }
    }
    if (numbers.n) {
        const struct ofbundle_settings settings = {
            .name = port->name,
            .vlan_mode = mode,
            .vlan = row->has_tag && mode != VLAN_MODE_TRUNK ? row->tag : 0,
            .qinq_ethtype = htons(!strcmp(ethertype, "802.1q")
                                  ? 0x8100 : 0x88a8),
            .trunks = trunks,
            .cvlans = cvlans,
            .priority_tags = port_priority_tags(row),
            .is_protected = row->protected,
            .ports = numbers.items,
            .n_ports = numbers.n,
        };

        ofproto_bundle_set(port->bridge->ofproto, &settings);
    }
    vec_uninit(&numbers);
    free(trunks);
    free(cvlans);
}

void
port_apply(struct port *port, const struct vs_port *row)
{
    apply_ifaces(port, row);
    apply_bundle(port, row);
}

/* How good a port's claim to its OpenFlow number is. */
enum claim { CLAIM_REQUEST, CLAIM_OLD, CLAIM_NONE };

static enum claim
port_claim(const struct vs_port *row)
{
    enum claim best = CLAIM_NONE;

    for (size_t i = 0; i < row->n_interfaces; i++) {
        const struct vs_interface *iface = row->interfaces[i];

        if (iface->has_ofport_request) {
            return CLAIM_REQUEST;
        }
        if (wanted_number(iface) != OFPP_NONE) {
            best = CLAIM_OLD;
        }
    }
    return best;
}

void
ports_apply(struct bridge *bridge, const struct vs_bridge *row)
{
    struct port *port;

    LIST_FOR_EACH (port, bridge_node, &bridge->ports) {
        port->seen = false;
    }
    /* What goes makes room first: names and numbers may be used again. */
    for (size_t i = 0; i < row->n_ports; i++) {
        port = port_find(bridge->config, &row->ports[i]->header.uuid);
        if (port && port->bridge == bridge) {
            port->seen = true;
        }
    }
    LIST_FOR_EACH_SAFE (port, bridge_node, &bridge->ports) {
        if (!port->seen) {
            port_destroy(port, true);
        }
    }
    /* Who asks for a number, then who had one, is served first: others take
     * what is left. */
    for (int claim = CLAIM_REQUEST; claim <= CLAIM_NONE; claim++) {
        for (size_t i = 0; i < row->n_ports; i++) {
            if (port_claim(row->ports[i]) == claim
                && !port_find(bridge->config, &row->ports[i]->header.uuid)) {
                port_create(bridge, row->ports[i]);
            }
        }
    }
}
