/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/port.h"

#include <errno.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/netlink/rtnl.h"
#include "lib/runtime/clock.h"
#include "vswitch/dpif/underlay.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/in_band.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/protocols/mac_learning.h"

static uint32_t
hash_port(ofp_port_t port)
{
    return hash_word(port, 0);
}

struct ofport *
ofport_find(const struct ofproto *ofproto, ofp_port_t port_no)
{
    struct rcu_hash_cursor cursor;
    struct ofport *port;

    RCU_HASH_FOR_EACH_WITH_HASH (port, &cursor, hash_port(port_no),
                                 &ofproto->ports) {
        if (port->ofp_port == port_no) {
            return port;
        }
    }
    return NULL;
}

struct ofport *
ofport_find_by_name(const struct ofproto *ofproto, const char *name)
{
    struct ofport *port;

    HMAP_FOR_EACH_WITH_HASH (port, name_node, hash_string(name, 0),
                             &ofproto->ports_by_name) {
        if (!strcmp(port->name, name)) {
            return port;
        }
    }
    return NULL;
}

/* Counters and descriptions. */

void
ofport_count_rx(struct ofport *port, uint64_t n_packets, uint64_t n_bytes)
{
    __atomic_fetch_add(&port->counts.rx_packets, n_packets,
                       __ATOMIC_RELAXED);
    __atomic_fetch_add(&port->counts.rx_bytes, n_bytes, __ATOMIC_RELAXED);
}

void
ofport_count_tx(struct ofport *port, uint64_t n_packets, uint64_t n_bytes)
{
    __atomic_fetch_add(&port->counts.tx_packets, n_packets,
                       __ATOMIC_RELAXED);
    __atomic_fetch_add(&port->counts.tx_bytes, n_bytes, __ATOMIC_RELAXED);
}

static uint32_t
speed_feature(uint32_t mbps, bool full_duplex)
{
    static const struct {
        uint32_t mbps, full, half;
    } speeds[] = {
        { 10, PORT_10MB_FD, PORT_10MB_HD },
        { 100, PORT_100MB_FD, PORT_100MB_HD },
        { 1000, PORT_1GB_FD, PORT_1GB_HD },
        { 10000, PORT_10GB_FD, 0 },
        { 40000, PORT_40GB_FD, 0 },
        { 100000, PORT_100GB_FD, 0 },
        { 1000000, PORT_1TB_FD, 0 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(speeds); i++) {
        if (speeds[i].mbps == mbps) {
            return full_duplex ? speeds[i].full : speeds[i].half;
        }
    }
    return mbps ? PORT_OTHER : 0;
}

void
ofport_describe(const struct ofport *port, struct phy_port *pp)
{
    uint32_t mbps = 0;
    bool full_duplex = true;

    *pp = (struct phy_port) {
        .port_no = port->ofp_port,
        .hw_addr = port->hw_addr,
        .config = ofport_config(port),
        .state = ofport_state(port),
    };
    strncpy(pp->name, port->name, sizeof pp->name - 1);
    if (port->netdev && !netdev_get_speed(port->netdev, &mbps,
                                          &full_duplex)) {
        pp->curr = speed_feature(mbps, full_duplex);
        pp->curr_speed_kbps = MIN(mbps, UINT32_MAX / 1000) * 1000;
    }
}

int
ofport_get_stats(const struct ofport *port, struct port_stats *ps)
{
    int64_t age = clock_ms() - port->created_ms;
    struct netdev_stats ns;
    int error = 0;

    memset(ps, 0xff, sizeof *ps);
    ps->custom = NULL;
    ps->n_custom = 0;
    ps->port_no = port->ofp_port;
    ps->duration_s = age / 1000;
    ps->duration_ns = age % 1000 * 1000000;
    if (port->kind != OFPORT_NETDEV) {
        ps->rx_packets = port->counts.rx_packets;
        ps->rx_bytes = port->counts.rx_bytes;
        ps->tx_packets = port->counts.tx_packets;
        ps->tx_bytes = port->counts.tx_bytes;
        return 0;
    }
    error = port->netdev ? netdev_get_stats(port->netdev, &ns) : -ENODEV;
    if (!error) {
        ps->rx_packets = ns.rx_packets;
        ps->tx_packets = ns.tx_packets;
        ps->rx_bytes = ns.rx_bytes;
        ps->tx_bytes = ns.tx_bytes;
        ps->rx_dropped = ns.rx_dropped;
        ps->tx_dropped = ns.tx_dropped;
        ps->rx_errors = ns.rx_errors;
        ps->tx_errors = ns.tx_errors;
        ps->rx_frame_errors = ns.rx_frame_errors;
        ps->rx_over_errors = ns.rx_over_errors;
        ps->rx_crc_errors = ns.rx_crc_errors;
        ps->collisions = ns.collisions;
    }
    return error;
}

/* Reads the device's state into the port; true if anything changed. */
static bool
read_netdev(struct ofport *port)
{
    uint32_t config = port->config & ~PORT_DOWN;
    uint32_t state = PORT_LIVE;
    struct eth_addr hw_addr = port->hw_addr;
    bool may_enable = port->is_forwarding;

    if (port->netdev) {
        bool carrier = netdev_get_carrier(port->netdev);

        port->netdev_seq = netdev_change_seq(port->netdev);
        config |= netdev_is_up(port->netdev) ? 0 : PORT_DOWN;
        state = carrier ? PORT_LIVE : PORT_LINK_DOWN;
        may_enable &= carrier && !(config & PORT_DOWN);
        netdev_get_etheraddr(port->netdev, &hw_addr);
    }
    if (config == port->config && state == port->state
        && may_enable == port->may_enable
        && !memcmp(&hw_addr, &port->hw_addr, sizeof hw_addr)) {
        return false;
    }
    port->hw_addr = hw_addr;
    __atomic_store_n(&port->config, config, __ATOMIC_RELAXED);
    __atomic_store_n(&port->state, state, __ATOMIC_RELAXED);
    __atomic_store_n(&port->may_enable, may_enable, __ATOMIC_RELAXED);
    return true;
}

void
ofport_refresh(struct ofport *port)
{
    if (port->netdev
        && netdev_change_seq(port->netdev) == port->netdev_seq) {
        return;
    }
    if (read_netdev(port)) {
        conn_set_port_changed(port->ofproto->conns, port, PORT_MODIFY);
        backer_changed(port->ofproto->backer);
        if (port->ofp_port == OFPP_LOCAL) {
            in_band_local_changed(port->ofproto);
        }
    }
}

void
ofport_set_forwarding(struct ofport *port, bool is_forwarding)
{
    port->is_forwarding = is_forwarding;
    if (read_netdev(port)) {
        backer_changed(port->ofproto->backer);
    }
}

/* Adding and deleting. */

static enum ofport_kind
kind_of_type(const char *type)
{
    return (!strcmp(type, "patch") ? OFPORT_PATCH
            : tunnel_type_is_known(type) ? OFPORT_TUNNEL : OFPORT_NETDEV);
}

static void
free_settings(struct rcu_head *head)
{
    struct ofport_settings *s = CONTAINER_OF(head, struct ofport_settings,
                                             rcu);

    free(s->peer);
    free(s);
}

static struct error *
make_settings(const char *name, const char *type, const struct smap *options,
              struct ofport_settings **ret)
{
    struct ofport_settings *s = xzalloc(sizeof *s);
    struct error *error = NULL;

    if (kind_of_type(type) == OFPORT_TUNNEL) {
        error = tunnel_config_parse(type, options, &s->tunnel);
    } else if (kind_of_type(type) == OFPORT_PATCH) {
        const char *peer = smap_get(options, "peer");

        if (!peer || !*peer) {
            error = error_create(0, "patch type requires valid 'peer' "
                                 "argument");
        } else if (!strcmp(peer, name)) {
            error = error_create(0, "patch peer must not be self");
        } else {
            s->peer = xstrdup(peer);
        }
    }
    if (error) {
        free_settings(&s->rcu);
        return error_wrap(error, "%s", name);
    }
    *ret = s;
    return NULL;
}

static ofp_port_t
choose_number(const struct ofproto *ofproto, const struct ofport_init *init)
{
    if (!strcmp(init->name, ofproto->name)) {
        return OFPP_LOCAL;
    }
    if (init->request && init->request < OFPP_MAX
        && !ofport_find(ofproto, init->request)) {
        return init->request;
    }
    /* One that has not been used for long, lest what was said of the port that
     * had it be taken to be of this one. */
    for (ofp_port_t i = 1; i < OFPP_MAX; i++) {
        ofp_port_t port = (ofproto->last_number + i - 1) % (OFPP_MAX - 1) + 1;

        if (!ofport_find(ofproto, port)) {
            return port;
        }
    }
    return OFPP_NONE;
}

/* Joins 'port' with the patch port of another bridge that names it and that it
 * names. */
static void
join_patch(struct ofport *port)
{
    struct ofproto *other;

    HMAP_FOR_EACH (other, node, ofproto_all()) {
        struct ofport *peer = ofport_find_by_name(other,
                                                  port->settings->peer);

        if (peer && peer != port && peer->kind == OFPORT_PATCH
            && other->backer == port->ofproto->backer
            && !strcmp(peer->settings->peer, port->name)) {
            rcu_assign_pointer(port->peer, peer);
            rcu_assign_pointer(peer->peer, port);
            return;
        }
    }
}

static void
unjoin_patch(struct ofport *port)
{
    if (port->peer) {
        rcu_assign_pointer(port->peer->peer, NULL);
        rcu_assign_pointer(port->peer, NULL);
    }
}

static void
free_port(struct rcu_head *head)
{
    struct ofport *port = CONTAINER_OF(head, struct ofport, rcu);

    if (port->settings) {
        free_settings(&port->settings->rcu);
    }
    free(port->name);
    free(port->type);
    free(port);
}

static struct ofport *
create_port(struct ofproto *ofproto, const struct ofport_init *init,
            struct ofport_settings *settings, ofp_port_t number)
{
    struct ofport *port = xzalloc(sizeof *port);

    port->ofproto = ofproto;
    port->name = xstrdup(init->name);
    port->type = xstrdup(*init->type ? init->type : "system");
    port->kind = kind_of_type(init->type);
    port->ofp_port = number;
    port->odp_port = ODPP_NONE;
    port->settings = settings;
    port->may_enable = port->is_forwarding = true;
    port->state = PORT_LIVE;
    port->created_ms = clock_ms();
    random_bytes(&port->hw_addr, sizeof port->hw_addr);
    port->hw_addr.ea[0] = (port->hw_addr.ea[0] & ~1) | 2;
    return port;
}

static struct error *
set_device_options(struct ofproto *ofproto, struct ofport *port,
                   const struct smap *options)
{
    struct error *error = netdev_set_options(port->netdev, options);

    return error ? error : dpif_port_reconfigure(ofproto->backer->dpif,
                                                 port->odp_port);
}

struct error *
ofproto_port_add(struct ofproto *ofproto, const struct ofport_init *init,
                 ofp_port_t *ret)
{
    ofp_port_t number = choose_number(ofproto, init);
    struct ofport_settings *settings;
    struct ofport *port;
    struct error *error;

    if (ofport_find_by_name(ofproto, init->name)) {
        return error_create(EEXIST, "bridge %s has a port %s already",
                            ofproto->name, init->name);
    }
    if (number == OFPP_NONE) {
        return error_create(ENOSPC, "bridge %s has no free port number",
                            ofproto->name);
    }
    error = make_settings(init->name, init->type, init->options, &settings);
    if (error) {
        return error;
    }
    port = create_port(ofproto, init, settings, number);
    error = backer_port_add(ofproto->backer, port);
    if (!error && port->netdev) {
        error = set_device_options(ofproto, port, init->options);
        if (error) {
            backer_port_del(ofproto->backer, port, true);
        }
    }
    if (error) {
        free_port(&port->rcu);
        return error;
    }
    if (port->netdev && port->ofp_port == OFPP_LOCAL) {
        netdev_set_up(port->netdev, netdev_is_up(port->netdev));
    }
    read_netdev(port);
    hmap_insert(&ofproto->ports_by_name, &port->name_node,
                hash_string(port->name, 0));
    rcu_hash_insert(&ofproto->ports, port, hash_port(number));
    if (port->kind == OFPORT_PATCH) {
        join_patch(port);
    }
    backer_changed(ofproto->backer);
    conn_set_port_changed(ofproto->conns, port, PORT_ADD);
    if (number < OFPP_MAX && number != init->request) {
        ofproto->last_number = number;
    }
    *ret = number;
    return NULL;
}

struct error *
ofproto_port_set_options(struct ofproto *ofproto, ofp_port_t number,
                         const struct smap *options)
{
    struct ofport *port = ofport_find(ofproto, number);
    struct ofport_settings *settings, *old;
    struct error *error;

    if (!port) {
        return NULL;
    }
    if (port->kind == OFPORT_NETDEV) {
        return (port->netdev ? set_device_options(ofproto, port, options)
                : NULL);
    }
    error = make_settings(port->name, port->type, options, &settings);
    if (error) {
        return error_wrap(error, "port %s", port->name);
    }
    old = port->settings;
    if (port->kind == OFPORT_TUNNEL) {
        if (!memcmp(&old->tunnel, &settings->tunnel, sizeof old->tunnel)) {
            free_settings(&settings->rcu);
            return NULL;
        }
        backer_port_del(ofproto->backer, port, true);
        rcu_assign_pointer(port->settings, settings);
        error = backer_port_add(ofproto->backer, port);
        if (error) {
            /* As it was: what was there a moment ago can be there again. */
            rcu_assign_pointer(port->settings, old);
            error_free(backer_port_add(ofproto->backer, port));
            call_rcu(&settings->rcu, free_settings);
            return error_wrap(error, "port %s", port->name);
        }
    } else if (!strcmp(old->peer, settings->peer)) {
        free_settings(&settings->rcu);
        return NULL;
    } else {
        unjoin_patch(port);
        rcu_assign_pointer(port->settings, settings);
        join_patch(port);
    }
    call_rcu(&old->rcu, free_settings);
    backer_changed(ofproto->backer);
    return NULL;
}

void
ofproto_port_set_bfd(struct ofproto *ofproto, ofp_port_t number,
                     const struct uuid *owner, const struct smap *bfd)
{
    struct ofport *port = ofport_find(ofproto, number);

    if (port) {
        bfd_monitor_set(port, owner, bfd);
    }
}

void
ofproto_port_get_tunnel_status(struct ofproto *ofproto, ofp_port_t number,
                               struct smap *status)
{
    const struct ofport *port = ofport_find(ofproto, number);
    const struct tunnel_config *config;
    struct underlay_route route;
    struct rtnl_link link;

    if (!port || port->kind != OFPORT_TUNNEL
        || port->settings->tunnel.remote_flow
        || dpif_is_dummy(ofproto->backer->dpif)) {
        return;
    }
    config = &port->settings->tunnel;
    if (!underlay_route_lookup(&config->remote, config->egress_mark, &route)
        && !rtnl_link_by_name(route.device, &link)) {
        smap_set(status, "tunnel_egress_iface", route.device);
        smap_set(status, "tunnel_egress_iface_carrier",
                 link.carrier ? "up" : "down");
    }
}

void
ofproto_port_get_bfd_status(struct ofproto *ofproto, ofp_port_t number,
                            struct smap *status)
{
    const struct ofport *port = ofport_find(ofproto, number);

    if (port) {
        bfd_monitor_get_status(port, status);
    }
}

static void
del_port(struct ofproto *ofproto, struct ofport *port, bool del_datapath)
{
    bfd_monitor_remove(port);
    conn_set_port_changed(ofproto->conns, port, PORT_DELETE);
    unjoin_patch(port);
    rcu_hash_remove(&ofproto->ports, port, hash_port(port->ofp_port));
    hmap_remove(&ofproto->ports_by_name, &port->name_node);
    backer_port_del(ofproto->backer, port, del_datapath);
    mac_table_flush_port(ofproto->macs, port->ofp_port);
    backer_changed(ofproto->backer);
    call_rcu(&port->rcu, free_port);
}

void
ofproto_port_del(struct ofproto *ofproto, ofp_port_t number)
{
    struct ofport *port = ofport_find(ofproto, number);

    if (port) {
        del_port(ofproto, port, true);
    }
}

void
ofports_destroy(struct ofproto *ofproto, bool del_datapath)
{
    struct ofport *port;

    HMAP_FOR_EACH_SAFE (port, name_node, &ofproto->ports_by_name) {
        del_port(ofproto, port, del_datapath);
    }
}

/* Bundles. */

bool
ofbundle_includes_vlan(const struct ofbundle *b, uint16_t vid)
{
    switch (b->vlan_mode) {
    case VLAN_MODE_ACCESS:
    case VLAN_MODE_DOT1Q_TUNNEL:
        return vid == b->vlan;
    case VLAN_MODE_NATIVE_TAGGED:
    case VLAN_MODE_NATIVE_UNTAGGED:
        if (vid == b->vlan) {
            return true;
        } else if (!vid) {
            /* What has no tag is in the native VLAN. */
            return false;
        }
        break;
    case VLAN_MODE_TRUNK:
        break;
    }
    return !b->trunks || bitmap_get(b->trunks, vid);
}

bool
ofbundle_includes_cvlan(const struct ofbundle *b, uint16_t vid)
{
    return (b->vlan_mode == VLAN_MODE_ACCESS ? !vid
            : b->vlan_mode != VLAN_MODE_DOT1Q_TUNNEL || !b->cvlans
              || bitmap_get(b->cvlans, vid));
}

static void
free_bundle(struct rcu_head *head)
{
    struct ofbundle *b = CONTAINER_OF(head, struct ofbundle, rcu);

    free(b->name);
    free(b->trunks);
    free(b->cvlans);
    free(b);
}

static uint64_t *
copy_vlans(const uint64_t *vlans)
{
    return vlans ? xmemdup(vlans, BITMAP_WORDS(N_VLANS) * 8) : NULL;
}

static struct ofbundle *
create_bundle(struct ofproto *ofproto, const struct ofbundle_settings *s)
{
    struct ofbundle *b = xzalloc(sizeof *b
                                 + s->n_ports * sizeof b->ports[0]);

    b->ofproto = ofproto;
    b->name = xstrdup(s->name);
    b->vlan_mode = s->vlan_mode;
    b->vlan = s->vlan;
    b->qinq_ethtype = s->qinq_ethtype;
    b->trunks = copy_vlans(s->trunks);
    b->cvlans = copy_vlans(s->cvlans);
    b->priority_tags = s->priority_tags;
    b->is_protected = s->is_protected;
    b->n_ports = s->n_ports;
    memcpy(b->ports, s->ports, s->n_ports * sizeof b->ports[0]);
    return b;
}

static void
free_array(struct rcu_head *head)
{
    free(CONTAINER_OF(head, struct bundle_array, rcu));
}

/* Publishes the bundles of 'ofproto' without 'old' (NULL: none) and with
 * 'added' (NULL: none). */
static void
publish(struct ofproto *ofproto, struct ofbundle *old,
        struct ofbundle *added)
{
    struct bundle_array *a = ofproto->bundles;
    struct bundle_array *b = xmalloc(sizeof *b
                                     + (a->n + 1) * sizeof b->bundles[0]);

    b->n = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (a->bundles[i] != old) {
            b->bundles[b->n++] = a->bundles[i];
        }
    }
    if (added) {
        b->bundles[b->n++] = added;
    }
    rcu_assign_pointer(ofproto->bundles, b);
    call_rcu(&a->rcu, free_array);
}

static void
point_ports(struct ofproto *ofproto, const struct ofbundle *b,
            struct ofbundle *to)
{
    for (size_t i = 0; i < b->n_ports; i++) {
        struct ofport *port = ofport_find(ofproto, b->ports[i]);

        if (port && (to == b || port->bundle == b)) {
            rcu_assign_pointer(port->bundle, to);
        }
    }
}

static struct ofbundle *
find_bundle(const struct ofproto *ofproto, const char *name)
{
    for (size_t i = 0; i < ofproto->bundles->n; i++) {
        if (!strcmp(ofproto->bundles->bundles[i]->name, name)) {
            return ofproto->bundles->bundles[i];
        }
    }
    return NULL;
}

static bool
vlans_equal(const uint64_t *a, const uint64_t *b)
{
    return (a == b || (a && b && !memcmp(a, b, BITMAP_WORDS(N_VLANS) * 8)));
}

static bool
is_as_wanted(const struct ofbundle *b, const struct ofbundle_settings *s)
{
    return (b->vlan_mode == s->vlan_mode && b->vlan == s->vlan
            && b->qinq_ethtype == s->qinq_ethtype
            && vlans_equal(b->trunks, s->trunks)
            && vlans_equal(b->cvlans, s->cvlans)
            && b->priority_tags == s->priority_tags
            && b->is_protected == s->is_protected
            && b->n_ports == s->n_ports
            && !memcmp(b->ports, s->ports, s->n_ports * sizeof b->ports[0]));
}

void
ofproto_bundle_set(struct ofproto *ofproto,
                   const struct ofbundle_settings *s)
{
    struct ofbundle *old = find_bundle(ofproto, s->name);
    struct ofbundle *b;

    if (old && is_as_wanted(old, s)) {
        /* A port of that number may be another one now. */
        point_ports(ofproto, old, old);
        return;
    }
    b = create_bundle(ofproto, s);
    publish(ofproto, old, b);
    if (old) {
        point_ports(ofproto, old, NULL);
        call_rcu(&old->rcu, free_bundle);
    }
    point_ports(ofproto, b, b);
    mac_table_flush(ofproto->macs);
    backer_changed(ofproto->backer);
}

void
ofproto_bundle_del(struct ofproto *ofproto, const char *name)
{
    struct ofbundle *old = find_bundle(ofproto, name);

    if (old) {
        publish(ofproto, old, NULL);
        point_ports(ofproto, old, NULL);
        for (size_t i = 0; i < old->n_ports; i++) {
            mac_table_flush_port(ofproto->macs, old->ports[i]);
        }
        call_rcu(&old->rcu, free_bundle);
        backer_changed(ofproto->backer);
    }
}
