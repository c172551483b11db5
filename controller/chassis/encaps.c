/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/encaps.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controller/binding/names.h"
#include "controller/chassis/config.h"
#include "controller/chassis/encap_ips.h"
#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/str.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/runtime/log.h"
#include "lib/schema/sb_tracked.h"

LOG_MODULE(encaps);

/* The setting. */
#define BY_FLOW "ovn-enable-flow-based-tunnels"

/* ## What is wanted ## */

static const char *const type_names[] = {
    [TUNNEL_GENEVE] = "geneve",
    [TUNNEL_VXLAN] = "vxlan",
};

/* Is 'word' one of the comma-separated words of 'list'? */
static bool
list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = list; *p; p += strspn(p, ", ")) {
        size_t n = strcspn(p, ", ");

        if (n == length && !memcmp(p, word, n)) {
            return true;
        }
        p += n;
    }
    return false;
}

/* Chassis in different transport zones have no tunnels; one without a zone is
 * in a zone of its own, with all others without one. */
static bool
zones_meet(struct incr_ctx *ctx, const struct sb_chassis *chassis)
{
    const char *ours = controller_config(ctx, "ovn-transport-zones", "");
    const char *const *theirs;
    size_t n;

    theirs = sb_chassis_get_transport_zones(ctx, chassis, &n);
    if (!*ours || !n) {
        return !*ours && !n;
    }
    for (size_t i = 0; i < n; i++) {
        if (list_has(ours, theirs[i])) {
            return true;
        }
    }
    return false;
}

/* A chassis that another availability zone has told us of talks only to those
 * that connect zones. */
static bool
is_out_of_reach(struct incr_ctx *ctx, const struct strmap *other_config)
{
    return (strmap_get_bool(other_config, "is-remote", false)
            && !controller_config_bool(ctx, "ovn-is-interconn", false));
}

/* The type of encapsulation to use with 'chassis', Geneve if both sides have
 * it; false if there is none.  A VTEP speaks nothing but VXLAN, which is then
 * used whether or not it is among ours. */
static bool
choose_type(struct incr_ctx *ctx, const struct sb_chassis *chassis,
            bool is_vtep, enum tunnel_type *ret_type)
{
    const char *ours = controller_config(ctx, "ovn-encap-type", "");
    struct sb_encap *const *encaps;
    size_t n;

    encaps = sb_chassis_get_encaps(ctx, chassis, &n);
    for (size_t type = 0; type < ARRAY_SIZE(type_names); type++) {
        if (!list_has(ours, type_names[type])
            && !(is_vtep && type == TUNNEL_VXLAN)) {
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            if (!strcmp(sb_encap_get_type(ctx, encaps[i]),
                        type_names[type])) {
                *ret_type = type;
                return true;
            }
        }
    }
    return false;
}

/* Names in SB_Global.options and in Interface.bfd. */
static const struct {
    const char *option;
    const char *key;
} bfd_options[N_BFD_OPTIONS] = {
    [BFD_MIN_RX] = { "bfd-min-rx", "min_rx" },
    [BFD_MIN_TX] = { "bfd-min-tx", "min_tx" },
    [BFD_DECAY_MIN_RX] = { "bfd-decay-min-rx", "decay_min_rx" },
    [BFD_MULT] = { "bfd-mult", "mult" },
};

void
tunnel_option_unit(struct incr_ctx *ctx, const void *sb_global)
{
    const struct strmap *options = sb_sb_global_get_options(ctx, sb_global);

    for (size_t i = 0; i < N_BFD_OPTIONS; i++) {
        const char *name = bfd_options[i].option;
        const char *text = strmap_get(options, name);

        if (text) {
            incr_emit(ctx, FACT_TUNNEL_OPTION, name, strlen(name) + 1,
                      text, strlen(text) + 1);
        }
    }
}

void
default_encap_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_encap *row = row_;

    if (strmap_get_bool(sb_encap_get_options(ctx, row), "is_default",
                        false)) {
        const char *chassis = sb_encap_get_chassis_name(ctx, row);
        const char *ip = sb_encap_get_ip(ctx, row);

        incr_emit(ctx, FACT_DEFAULT_ENCAP, chassis, strlen(chassis) + 1,
                  ip, strlen(ip) + 1);
    }
}

static void
copy_ip(char dst[ENCAP_IP_SIZE], const char *src)
{
    strncpy(dst, src, ENCAP_IP_SIZE - 1);
}

static void
read_bfd(struct incr_ctx *ctx, const char *chassis, struct tunnel_want *want)
{
    want->bfd = incr_exists(ctx, FACT_BFD_PEER, chassis, strlen(chassis) + 1);
    for (size_t i = 0; want->bfd && i < N_BFD_OPTIONS; i++) {
        const char *name = bfd_options[i].option;
        const char *text = incr_get(ctx, FACT_TUNNEL_OPTION,
                                    name, strlen(name) + 1);

        want->bfd_options[i] = text ? strtoul(text, NULL, 10) : 0;
    }
}

/* What all tunnels have in common. */
static void
read_common(struct incr_ctx *ctx, struct tunnel_want *want)
{
    const char *tos = controller_config(ctx, "ovn-encap-tos", "none");

    if (strcmp(tos, "none")) {
        strncpy(want->tos, tos, sizeof want->tos - 1);
    }
    strncpy(want->df_default, controller_config(ctx, "ovn-encap-df_default",
                                                ""),
            sizeof want->df_default - 1);
}

static bool
is_ip6(const char *ip)
{
    return strchr(ip, ':') != NULL;
}

/* Emits a tunnel to 'encap' from each of our addresses; from whichever the
 * host chooses if there is one only, unless told otherwise. */
static void
emit_tunnels(struct incr_ctx *ctx, const char *chassis,
             const struct sb_encap *encap, const struct encap_ips *ours,
             struct tunnel_want want)
{
    const struct strmap *options = sb_encap_get_options(ctx, encap);
    bool is_bound = (ours->n > 1
                     || controller_config_bool(ctx, "ovn-set-local-ip",
                                               false));

    want.csum = strmap_get_bool(options, "csum", want.type == TUNNEL_GENEVE);
    want.dst_port = strmap_get_uint(options, "dst_port", 0);
    copy_ip(want.remote_ip, sb_encap_get_ip(ctx, encap));
    for (size_t i = 0; i < ours->n; i++) {
        if (ours->n > 1 && is_ip6(ours->ips[i]) != is_ip6(want.remote_ip)) {
            continue;
        }
        if (is_bound) {
            memcpy(want.local_ip, ours->ips[i], sizeof want.local_ip);
        }
        incr_emit(ctx, FACT_TUNNEL_WANTED, chassis, strlen(chassis) + 1,
                  &want, sizeof want);
    }
}

/* Says whether there are to be tunnels to the chassis, and of which type. */
static bool
is_wanted(struct incr_ctx *ctx, const struct sb_chassis *row,
          enum tunnel_type *ret_type)
{
    const struct strmap *other_config;

    if (!strcmp(sb_chassis_get_name(ctx, row),
                controller_config(ctx, "system-id", ""))
        || !zones_meet(ctx, row)) {
        return false;
    }
    other_config = sb_chassis_get_other_config(ctx, row);
    return (!is_out_of_reach(ctx, other_config)
            && choose_type(ctx, row, strmap_get_bool(other_config, "is-vtep",
                                                     false), ret_type));
}

/* Is there one tunnel of each type, whose flows say where packets go? */
static bool
are_by_flow(struct incr_ctx *ctx)
{
    return controller_config_bool(ctx, BY_FLOW, false);
}

void
encap_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis *row = row_;
    const char *name = sb_chassis_get_name(ctx, row);
    struct sb_encap *const *encaps;
    struct tunnel_want want;
    struct encap_ips ours;
    enum tunnel_type type;
    size_t n;

    if (are_by_flow(ctx) || !is_wanted(ctx, row, &type)) {
        return;
    }
    memset(&want, 0, sizeof want);
    want.type = type;
    read_common(ctx, &want);
    read_bfd(ctx, name, &want);
    encap_ips_read(ctx, &ours);
    encaps = sb_chassis_get_encaps(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(sb_encap_get_type(ctx, encaps[i]), type_names[type])) {
            emit_tunnels(ctx, name, encaps[i], &ours, want);
        }
    }
}

void
flow_encap_unit(struct incr_ctx *ctx, const void *open_vswitch UNUSED)
{
    const char *types = controller_config(ctx, "ovn-encap-type", "");

    if (!are_by_flow(ctx)) {
        return;
    }
    for (size_t type = 0; type < ARRAY_SIZE(type_names); type++) {
        struct tunnel_want want;

        if (list_has(types, type_names[type])) {
            memset(&want, 0, sizeof want);
            want.type = type;
            want.csum = controller_config_bool(ctx, "ovn-encap-csum", true);
            read_common(ctx, &want);
            copy_ip(want.remote_ip, "flow");
            copy_ip(want.local_ip, "flow");
            incr_emit(ctx, FACT_TUNNEL_WANTED, "", 1, &want, sizeof want);
        }
    }
}

/* Emits the ways to 'encap' from each of our addresses of its family. */
static void
emit_ways(struct incr_ctx *ctx, const char *chassis,
          const struct sb_encap *encap, const struct encap_ips *ours,
          struct tunnel_fact tunnel)
{
    copy_ip(tunnel.remote_ip, sb_encap_get_ip(ctx, encap));
    for (size_t i = 0; i < ours->n; i++) {
        if (is_ip6(ours->ips[i]) == is_ip6(tunnel.remote_ip)) {
            tunnel.local = i;
            memcpy(tunnel.local_ip, ours->ips[i], sizeof tunnel.local_ip);
            incr_emit(ctx, FACT_TUNNEL, chassis, strlen(chassis) + 1,
                      &tunnel, sizeof tunnel);
        }
    }
}

void
chassis_tunnel_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis *row = row_;
    struct tunnel_fact tunnel = { .by_flow = true };
    struct sb_encap *const *encaps;
    const uint32_t *ofport;
    struct encap_ips ours;
    enum tunnel_type type;
    uint32_t key;
    size_t n;

    if (!are_by_flow(ctx) || !is_wanted(ctx, row, &type)) {
        return;
    }
    key = type;
    ofport = incr_get(ctx, FACT_FLOW_TUNNEL, &key, sizeof key);
    if (!ofport) {
        return;
    }
    tunnel.ofport = *ofport;
    tunnel.type = type;
    encap_ips_read(ctx, &ours);
    encaps = sb_chassis_get_encaps(ctx, row, &n);
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(sb_encap_get_type(ctx, encaps[i]), type_names[type])) {
            emit_ways(ctx, sb_chassis_get_name(ctx, row), encaps[i], &ours,
                      tunnel);
        }
    }
}

/* ## What is there ## */

struct encaps {
    struct controller *controller;
    struct incr_sink sink, peer_sink;
    bool dirty;
    size_t n_peers;              /* That gateway groups would watch. */
    bool is_blind;               /* warn_of_blindness() has. */
};

static void
wanted_changed(void *encaps_, struct incr_fact *fact UNUSED, bool added UNUSED)
{
    encaps_wake(encaps_);
}

static void
peer_changed(void *encaps_, struct incr_fact *fact UNUSED, bool added)
{
    struct encaps *e = encaps_;

    e->n_peers += added ? 1 : -1;
}

struct encaps *
encaps_create(struct controller *c)
{
    struct encaps *e = xzalloc(sizeof *e);

    e->controller = c;
    e->sink = (struct incr_sink) { .fact = FACT_TUNNEL_WANTED, .aux = e,
                                   .fact_changed = wanted_changed };
    e->dirty = true;
    incr_add_sink(c->incr, &e->sink);
    e->peer_sink = (struct incr_sink) { .fact = FACT_BFD_PEER, .aux = e,
                                        .fact_changed = peer_changed };
    incr_add_sink(c->incr, &e->peer_sink);
    return e;
}

void
encaps_destroy(struct encaps *e)
{
    free(e);
}

void
encaps_wake(struct encaps *e)
{
    e->dirty = true;
}

static const char *
tunnel_id(const struct vs_port *port)
{
    return strmap_get(&port->external_ids, "ovn-chassis-id");
}

/* Does the change of a row say more than that a port that is no tunnel came,
 * went, or was told something by the switch? */
static bool
concerns_tunnels(const struct replica_row *row)
{
    const struct replica_table_class *table = replica_row_class(row);
    bool comes_or_goes = (replica_row_is_inserted(row)
                          || replica_row_is_deleted(row));

    if (table == &vs_port_table) {
        return (tunnel_id((const struct vs_port *) row)
                || (!comes_or_goes
                    && row->changed
                    & (REPLICA_COL(VS_PORT_COL_EXTERNAL_IDS)
                       | REPLICA_COL(VS_PORT_COL_INTERFACES))));
    } else if (table == &vs_interface_table) {
        return (!comes_or_goes
                && row->changed & (REPLICA_COL(VS_INTERFACE_COL_TYPE)
                                   | REPLICA_COL(VS_INTERFACE_COL_OPTIONS)
                                   | REPLICA_COL(VS_INTERFACE_COL_BFD)));
    } else if (table == &vs_bridge_table) {
        return (comes_or_goes
                || row->changed & REPLICA_COL(VS_BRIDGE_COL_NAME));
    }
    return row->changed & (REPLICA_COL(VS_OPEN_VSWITCH_COL_BRIDGES)
                           | REPLICA_COL(VS_OPEN_VSWITCH_COL_EXTERNAL_IDS)
                           | REPLICA_COL(VS_OPEN_VSWITCH_COL_OTHER_CONFIG));
}

void
encaps_look(struct encaps *e)
{
    static const struct replica_table_class *const tables[] = {
        &vs_open_vswitch_table, &vs_bridge_table, &vs_port_table,
        &vs_interface_table,
    };
    const struct replica *vs = e->controller->vs;
    const struct replica_row *row;

    for (size_t i = 0; !e->dirty && i < ARRAY_SIZE(tables); i++) {
        REPLICA_FOR_EACH_CHANGED (row, vs, tables[i]) {
            e->dirty |= concerns_tunnels(row);
        }
    }
}

static void
fill_options(const struct tunnel_want *want, struct smap *options)
{
    smap_init(options);
    smap_set(options, "key", "flow");
    smap_set(options, "remote_ip", want->remote_ip);
    smap_set(options, "csum", want->csum ? "true" : "false");
    if (want->local_ip[0]) {
        smap_set(options, "local_ip", want->local_ip);
    }
    if (want->tos[0]) {
        smap_set(options, "tos", want->tos);
    }
    if (want->df_default[0]) {
        smap_set(options, "df_default", want->df_default);
    }
    if (want->dst_port) {
        smap_setf(options, "dst_port", "%d", want->dst_port);
    }
}

/* All or nothing: an interface without BFD has an empty column.  What a
 * workload sends is in a tunnel with a key, and BFD's own is not: nobody inside
 * may say that the other end lives (CVE-2024-2182). */
static void
write_bfd(const struct vs_interface *iface, const struct tunnel_want *want)
{
    struct smap bfd;

    smap_init(&bfd);
    if (want->bfd) {
        smap_set(&bfd, "enable", "true");
        smap_set(&bfd, "check_tnl_key", "true");
        for (size_t i = 0; i < N_BFD_OPTIONS; i++) {
            if (want->bfd_options[i]) {
                smap_setf(&bfd, bfd_options[i].key, "%"PRIu32,
                          want->bfd_options[i]);
            }
        }
    }
    if (!strmap_equals_smap(&iface->bfd, &bfd)) {
        vs_interface_set_bfd(iface, &bfd);
    }
    smap_uninit(&bfd);
}

/* Writes what differs in the interface. */
static void
write_interface(const struct vs_interface *iface,
                const struct tunnel_want *want)
{
    struct smap options;

    if (strcmp(iface->type, type_names[want->type])) {
        vs_interface_set_type(iface, type_names[want->type]);
    }
    fill_options(want, &options);
    if (!strmap_equals_smap(&iface->options, &options)) {
        vs_interface_set_options(iface, &options);
    }
    smap_uninit(&options);
    write_bfd(iface, want);
}

/* ## What differs ## */

/* A tunnel that shall be. */
struct wanted {
    const char *chassis;
    const struct tunnel_want *want;
};

/* The comparison under way. */
struct comparison {
    const struct controller *controller;
    const struct vs_bridge *bridge;
    struct replica_txn *txn;
    struct shash wanted;         /* Of struct wanted, by id; without those that
                                  * were found. */
    struct sset names;           /* Of interfaces, once some are to be added. */
    VEC(struct vs_port *) others;    /* Tunnels that are not, or not quite,
                                      * what is wanted. */
};

static void
note_wanted(struct incr_group *group, void *wanted_)
{
    const char *chassis = incr_group_key(group);
    struct shash *wanted = wanted_;

    for (size_t i = 0; i < group->n; i++) {
        const struct tunnel_want *want = incr_group_value(group, i);
        char *id = xasprintf("%s@%s%s%s", chassis,
                             *chassis ? want->remote_ip
                             : type_names[want->type],
                             want->local_ip[0] ? "%" : "", want->local_ip);

        if (!shash_get(wanted, id)) {
            shash_set(wanted, id,
                      xmemdup(&(struct wanted) { chassis, want },
                              sizeof(struct wanted)));
        }
        free(id);
    }
}

/* The id that 'port', a tunnel, has by what it is: chassis and remote address
 * as noted, local address as set. */
static char *
present_id(const struct vs_port *port)
{
    const char *id = tunnel_id(port);
    const char *local_ip = strmap_get_def(&port->interfaces[0]->options,
                                          "local_ip", "");

    return xasprintf("%.*s%s%s", (int) strcspn(id, "%"), id,
                     *local_ip ? "%" : "", local_ip);
}

/* Makes 'port' what is wanted under 'node', which it takes out. */
static void
keep(struct comparison *c, const struct vs_port *port,
     struct shash_node *node)
{
    const struct wanted *wanted = node->value;

    write_interface(port->interfaces[0], wanted->want);
    if (strcmp(tunnel_id(port), node->key)) {
        vs_port_update_external_ids_setkey(port, "ovn-chassis-id", node->key);
    }
    free(node->value);
    shash_remove_node(&c->wanted, node);
}

/* Keeps the tunnels that are between the right addresses; notes the others. */
static void
keep_present(struct comparison *c)
{
    for (size_t i = 0; i < c->bridge->n_ports; i++) {
        struct vs_port *port = c->bridge->ports[i];
        struct shash_node *node = NULL;

        if (!tunnel_id(port)) {
            continue;
        }
        if (port->n_interfaces == 1) {
            char *id = present_id(port);

            node = shash_get_node(&c->wanted, id);
            free(id);
        }
        if (node) {
            keep(c, port, node);
        } else {
            vec_push(&c->others, port);
        }
    }
}

/* A wanted tunnel to the same address as that of 'port', from another one of
 * ours; NULL if there is none. */
static struct shash_node *
find_alike(const struct comparison *c, const struct vs_port *port)
{
    const char *id = tunnel_id(port);
    size_t length = strcspn(id, "%");
    struct shash_node *node;

    SHASH_FOR_EACH (node, &c->wanted) {
        if (strcspn(node->key, "%") == length
            && !memcmp(node->key, id, length)) {
            return node;
        }
    }
    return NULL;
}

/* Of the others, a tunnel whose local address was set, taken away or changed
 * stays the port that it is; what else there is goes. */
static void
settle_others(struct comparison *c)
{
    VEC_FOR_EACH (p, &c->others) {
        struct vs_port *port = *p;
        struct shash_node *node = (port->n_interfaces == 1
                                   ? find_alike(c, port) : NULL);

        if (node) {
            keep(c, port, node);
        } else {
            vs_bridge_update_ports_delvalue(c->bridge, port);
        }
    }
}

/* A name that no port of the switch has: "ovn-" and the start of the chassis's
 * name and a number, as long as an interface name may be. */
static char *
new_name(struct comparison *c, const char *chassis)
{
    const struct vs_interface *iface;

    if (sset_is_empty(&c->names)) {
        VS_INTERFACE_FOR_EACH (iface, c->controller->vs) {
            sset_add(&c->names, iface->name);
        }
    }
    for (unsigned int i = 0; ; i++) {
        char *name = xasprintf("ovn-%.6s-%x", chassis, i);

        if (sset_add(&c->names, name)) {
            return name;
        }
        free(name);
    }
}

static void
add_tunnel(struct comparison *c, const char *id, const struct wanted *wanted)
{
    struct vs_interface *iface = vs_interface_insert(c->txn);
    struct vs_port *port = vs_port_insert(c->txn);
    char *name = (*wanted->chassis ? new_name(c, wanted->chassis)
                  : xasprintf("ovn-%s", type_names[wanted->want->type]));

    vs_interface_set_name(iface, name);
    write_interface(iface, wanted->want);
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, (struct vs_interface *const *) &iface, 1);
    vs_port_update_external_ids_setkey(port, "ovn-chassis-id", id);
    vs_bridge_update_ports_addvalue(c->bridge, port);
    free(name);
}

/* Says whether some setting, of ours or of another controller on this host,
 * makes 'name' an integration bridge. */
static bool
is_integration_bridge(const struct strmap *external_ids, const char *name)
{
    bool has_default = false;

    STRMAP_FOR_EACH (i, external_ids) {
        if (text_starts_with(external_ids->keys[i], "ovn-bridge")
            && !strcmp(external_ids->values[i], name)) {
            return true;
        }
        has_default |= !strcmp(external_ids->keys[i], "ovn-bridge");
    }
    return !has_default && !strcmp(name, CONFIG_DEFAULT_BRIDGE);
}

/* Removes tunnels from bridges that were integration bridges: two tunnels of
 * a switch cannot have the same ends. */
static void
clear_other_bridges(const struct comparison *c)
{
    const struct vs_open_vswitch *ovs = controller_open_vswitch(c->controller);
    const struct vs_bridge *bridge;

    VS_BRIDGE_FOR_EACH (bridge, c->controller->vs) {
        if (bridge == c->bridge || !ovs
            || is_integration_bridge(&ovs->external_ids, bridge->name)) {
            continue;
        }
        for (size_t i = 0; i < bridge->n_ports; i++) {
            if (tunnel_id(bridge->ports[i])) {
                vs_bridge_update_ports_delvalue(bridge, bridge->ports[i]);
            }
        }
    }
}

static void
reconcile(struct encaps *e, struct replica_txn *txn, bool is_end)
{
    struct comparison c = {
        .controller = e->controller,
        .bridge = controller_bridge(e->controller),
        .txn = txn,
        .others = VEC_EMPTY,
    };
    struct shash_node *node;

    if (!c.bridge) {
        return;
    }
    shash_init(&c.wanted);
    sset_init(&c.names);
    if (!is_end) {
        incr_for_each_group(e->controller->incr, FACT_TUNNEL_WANTED,
                            note_wanted, &c.wanted);
    }
    clear_other_bridges(&c);
    keep_present(&c);
    settle_others(&c);
    SHASH_FOR_EACH (node, &c.wanted) {
        add_tunnel(&c, node->key, node->value);
    }
    vec_uninit(&c.others);
    sset_uninit(&c.names);
    shash_uninit_free_values(&c.wanted);
}

/* Tells once that gateways of this host are chosen without knowing who
 * lives. */
static void
warn_of_blindness(struct encaps *e)
{
    bool is_blind = (e->n_peers
                     && !strcasecmp(controller_setting(
                            e->controller, BY_FLOW, ""), "true"));

    if (is_blind && !e->is_blind) {
        log_warn("%s: no BFD runs on these tunnels, so gateway groups go by "
                 "priorities alone: the gateway of a chassis that dies moves "
                 "to no other", BY_FLOW);
    }
    e->is_blind = is_blind;
}

void
encaps_run(struct encaps *e, struct replica_txn *txn)
{
    warn_of_blindness(e);
    if (e->dirty) {
        e->dirty = false;
        reconcile(e, txn, false);
    }
}

void
encaps_remove_all(struct encaps *e, struct replica_txn *txn)
{
    reconcile(e, txn, true);
}
