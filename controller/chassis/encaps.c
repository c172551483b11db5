/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/encaps.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/str.h"
#include "lib/base/sset.h"
#include "lib/base/vec.h"
#include "lib/schema/sb_tracked.h"

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

/* The encapsulation of 'chassis' to use: Geneve if both sides have it. */
static const struct sb_encap *
choose_encap(struct incr_ctx *ctx, const struct sb_chassis *chassis,
             uint8_t *ret_type)
{
    const char *ours = controller_config(ctx, "ovn-encap-type", "");
    struct sb_encap *const *encaps;
    size_t n;

    encaps = sb_chassis_get_encaps(ctx, chassis, &n);
    for (size_t type = 0; type < ARRAY_SIZE(type_names); type++) {
        if (!list_has(ours, type_names[type])
            && !(type == TUNNEL_VXLAN)) {
            continue;            /* A VTEP speaks nothing but VXLAN. */
        }
        for (size_t i = 0; i < n; i++) {
            if (!strcmp(sb_encap_get_type(ctx, encaps[i]),
                        type_names[type])) {
                *ret_type = type;
                return encaps[i];
            }
        }
    }
    return NULL;
}

static void
copy_ip(char dst[48], const char *src)
{
    strncpy(dst, src, 47);
}

void
encap_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis *row = row_;
    const char *name = sb_chassis_get_name(ctx, row);
    const struct strmap *options;
    const struct sb_encap *encap;
    struct tunnel_want want;
    const char *local_ip;

    memset(&want, 0, sizeof want);
    if (chassis_is_here(ctx, &row->header.uuid) || !zones_meet(ctx, row)) {
        return;
    }
    encap = choose_encap(ctx, row, &want.type);
    if (!encap) {
        return;
    }
    options = sb_encap_get_options(ctx, encap);
    want.csum = strmap_get_bool(options, "csum", want.type == TUNNEL_GENEVE);
    want.dst_port = strmap_get_uint(options, "dst_port", 0);
    want.bfd = incr_exists(ctx, FACT_BFD_PEER, name, strlen(name) + 1);
    copy_ip(want.remote_ip, sb_encap_get_ip(ctx, encap));
    if (controller_config_bool(ctx, "ovn-set-local-ip", false)
        || strchr(controller_config(ctx, "ovn-encap-ip", ""), ',')) {
        local_ip = controller_config(ctx, "ovn-encap-ip-default",
                                     controller_config(ctx, "ovn-encap-ip",
                                                       ""));
        copy_ip(want.local_ip, local_ip);
        want.local_ip[strcspn(want.local_ip, ",")] = '\0';
    }
    strncpy(want.tos, controller_config(ctx, "ovn-encap-tos", ""),
            sizeof want.tos - 1);
    strncpy(want.df_default, controller_config(ctx, "ovn-encap-df_default",
                                               ""),
            sizeof want.df_default - 1);
    incr_emit(ctx, FACT_TUNNEL_WANTED, name, strlen(name) + 1,
              &want, sizeof want);
}

/* ## What is there ## */

struct encaps {
    struct controller *controller;
    struct incr_sink sink;
    bool dirty;
};

static void
wanted_changed(void *encaps_, struct incr_fact *fact UNUSED, bool added UNUSED)
{
    encaps_wake(encaps_);
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

/* Writes what differs in the interface. */
static void
write_interface(const struct vs_interface *iface,
                const struct tunnel_want *want)
{
    struct smap options;
    bool bfd = strmap_get_bool(&iface->bfd, "enable", false);

    if (strcmp(iface->type, type_names[want->type])) {
        vs_interface_set_type(iface, type_names[want->type]);
    }
    fill_options(want, &options);
    if (!strmap_equals_smap(&iface->options, &options)) {
        vs_interface_set_options(iface, &options);
    }
    smap_uninit(&options);
    if (bfd != want->bfd) {
        vs_interface_update_bfd_setkey(iface, "enable",
                                       want->bfd ? "true" : "false");
    }
}

/* A name that no port of the switch has: "ovn-" and the start of the chassis's
 * name and a number, as long as an interface name may be. */
static char *
new_name(const struct controller *c, const char *chassis)
{
    for (unsigned int i = 0; ; i++) {
        char *name = xasprintf("ovn-%.6s-%x", chassis, i);
        const struct vs_interface *iface;
        bool taken = false;

        VS_INTERFACE_FOR_EACH (iface, c->vs) {
            taken |= !strcmp(iface->name, name);
        }
        if (!taken) {
            return name;
        }
        free(name);
    }
}

static void
add_tunnel(struct encaps *e, struct replica_txn *txn,
           const struct vs_bridge *bridge, const char *chassis,
           const struct tunnel_want *want)
{
    struct vs_interface *iface = vs_interface_insert(txn);
    struct vs_port *port = vs_port_insert(txn);
    char *name = new_name(e->controller, chassis);
    char *id = xasprintf("%s@%s", chassis, want->remote_ip);

    vs_interface_set_name(iface, name);
    write_interface(iface, want);
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, (struct vs_interface *const *) &iface, 1);
    vs_port_update_external_ids_setkey(port, "ovn-chassis-id", id);
    vs_bridge_update_ports_addvalue(bridge, port);
    free(id);
    free(name);
}

static void
note_wanted(struct incr_group *group, void *wanted_)
{
    struct shash *wanted = wanted_;

    shash_set(wanted, incr_group_key(group),
              (void *) incr_group_value(group, 0));
}

/* Returns what 'port', a tunnel, should be, taking it out of 'wanted'; NULL if
 * it should go.  Its id must name chassis and remote address. */
static const struct tunnel_want *
take_wanted(const struct vs_port *port, struct shash *wanted)
{
    char *chassis = xstrdup(tunnel_id(port));
    char *ip = strchr(chassis, '@');
    const struct tunnel_want *want = NULL;

    if (ip) {
        *ip++ = '\0';
        ip[strcspn(ip, "%")] = '\0';
        want = shash_get(wanted, chassis);
        if (want && (port->n_interfaces != 1 || strcmp(want->remote_ip, ip))) {
            want = NULL;
        }
        if (want) {
            shash_steal(wanted, chassis);
        }
    }
    free(chassis);
    return want;
}

static void
reconcile(struct encaps *e, struct replica_txn *txn, struct shash *wanted)
{
    const struct vs_bridge *bridge = controller_bridge(e->controller);
    struct shash_node *node;
    VEC(struct vs_port *) gone = VEC_EMPTY;

    if (!bridge) {
        return;
    }
    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct vs_port *port = bridge->ports[i];
        const struct tunnel_want *want;

        if (!tunnel_id(port)) {
            continue;
        }
        want = take_wanted(port, wanted);
        if (want) {
            write_interface(port->interfaces[0], want);
        } else {
            vec_push(&gone, port);
        }
    }
    VEC_FOR_EACH (port, &gone) {
        vs_bridge_update_ports_delvalue(bridge, *port);
    }
    vec_uninit(&gone);
    SHASH_FOR_EACH (node, wanted) {
        add_tunnel(e, txn, bridge, node->key, node->value);
    }
}

void
encaps_run(struct encaps *e, struct replica_txn *txn)
{
    struct shash wanted = SHASH_INITIALIZER(&wanted);

    if (e->dirty) {
        e->dirty = false;
        incr_for_each_group(e->controller->incr, FACT_TUNNEL_WANTED,
                            note_wanted, &wanted);
        reconcile(e, txn, &wanted);
        shash_uninit(&wanted);
    }
}

void
encaps_remove_all(struct encaps *e, struct replica_txn *txn)
{
    struct shash none = SHASH_INITIALIZER(&none);

    reconcile(e, txn, &none);
    shash_uninit(&none);
}
