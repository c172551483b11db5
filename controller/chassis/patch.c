/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/patch.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/sset.h"
#include "lib/base/vec.h"
#include "lib/schema/sb_tracked.h"

void
patch_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    struct port_fact port;
    const char *name, *bridge;

    if (!port_fact_read(ctx, row, &port)
        || (port.type != PORT_LOCALNET && port.type != PORT_L2GATEWAY)) {
        return;
    }
    name = sb_port_binding_get_logical_port(ctx, row);
    if (port.type == PORT_LOCALNET
        ? !controller_is_local(ctx, port.dp_key)
        : !incr_exists(ctx, FACT_RESIDENT, name, strlen(name) + 1)) {
        return;
    }
    bridge = network_bridge(ctx, row);
    if (bridge) {
        incr_emit(ctx, FACT_PATCH_WANTED, name, strlen(name) + 1,
                  bridge, strlen(bridge) + 1);
    }
}

struct patch {
    struct controller *controller;
    struct incr_sink sink;
    bool dirty;
};

static void
wanted_changed(void *p, struct incr_fact *fact UNUSED, bool added UNUSED)
{
    patch_wake(p);
}

struct patch *
patch_create(struct controller *c)
{
    struct patch *p = xzalloc(sizeof *p);

    p->controller = c;
    p->sink = (struct incr_sink) { .fact = FACT_PATCH_WANTED, .aux = p,
                                   .fact_changed = wanted_changed };
    p->dirty = true;
    incr_add_sink(c->incr, &p->sink);
    return p;
}

void
patch_destroy(struct patch *p)
{
    free(p);
}

void
patch_wake(struct patch *p)
{
    p->dirty = true;
}

/* The logical port that 'port' is one end of a patch for; NULL if none. */
static const char *
patch_owner(const struct vs_port *port)
{
    const char *owner = strmap_get(&port->external_ids, "ovn-localnet-port");

    return owner ? owner
           : strmap_get(&port->external_ids, "ovn-l2gateway-port");
}

static void
add_end(struct replica_txn *txn, const struct vs_bridge *bridge,
        const char *name, const char *peer, const char *owner)
{
    struct vs_interface *iface = vs_interface_insert(txn);
    struct vs_port *port = vs_port_insert(txn);

    vs_interface_set_name(iface, name);
    vs_interface_set_type(iface, "patch");
    vs_interface_update_options_setkey(iface, "peer", peer);
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, (struct vs_interface *const *) &iface, 1);
    vs_port_update_external_ids_setkey(port, "ovn-localnet-port", owner);
    vs_bridge_update_ports_addvalue(bridge, port);
}

static const struct vs_bridge *
find_bridge(const struct controller *c, const char *name)
{
    const struct vs_open_vswitch *row = controller_open_vswitch(c);

    for (size_t i = 0; row && i < row->n_bridges; i++) {
        if (!strcmp(row->bridges[i]->name, name)) {
            return row->bridges[i];
        }
    }
    return NULL;
}

/* Names of the two ends. */
static char *
inner_name(const struct vs_bridge *integration, const char *owner)
{
    return xasprintf("patch-%s-to-%s", integration->name, owner);
}

static char *
outer_name(const struct vs_bridge *integration, const char *owner)
{
    return xasprintf("patch-%s-to-%s", owner, integration->name);
}

/* Adds to 'wanted' the end "NAME\tBRIDGE". */
static void
want_end(struct sset *wanted, const char *name, const char *bridge)
{
    char *end = xasprintf("%s\t%s", name, bridge);

    sset_add(wanted, end);
    free(end);
}

/* Removes ends of patches that are not wanted (or not on that bridge), and
 * takes those that are there out of 'wanted'. */
static void
sweep_bridge(const struct vs_bridge *bridge, struct sset *wanted)
{
    VEC(struct vs_port *) gone = VEC_EMPTY;

    for (size_t i = 0; i < bridge->n_ports; i++) {
        struct vs_port *port = bridge->ports[i];

        if (patch_owner(port)) {
            char *end = xasprintf("%s\t%s", port->name, bridge->name);

            if (!sset_remove(wanted, end)) {
                vec_push(&gone, port);
            }
            free(end);
        }
    }
    VEC_FOR_EACH (port, &gone) {
        vs_bridge_update_ports_delvalue(bridge, *port);
    }
    vec_uninit(&gone);
}

static bool
is_wanted(const struct sset *wanted, const char *name, const char *bridge)
{
    char *end = xasprintf("%s\t%s", name, bridge);
    bool found = sset_contains(wanted, end);

    free(end);
    return found;
}

static void
reconcile(struct patch *p, struct replica_txn *txn,
          const struct shash *owners)
{
    const struct vs_bridge *integration = controller_bridge(p->controller);
    const struct vs_open_vswitch *ovs = controller_open_vswitch(p->controller);
    struct sset wanted = SSET_INITIALIZER(&wanted);
    struct shash_node *node;

    if (!integration) {
        return;
    }
    SHASH_FOR_EACH (node, owners) {
        char *inner = inner_name(integration, node->key);
        char *outer = outer_name(integration, node->key);

        if (find_bridge(p->controller, node->value)) {
            want_end(&wanted, inner, integration->name);
            want_end(&wanted, outer, node->value);
        }
        free(inner);
        free(outer);
    }
    for (size_t i = 0; i < ovs->n_bridges; i++) {
        sweep_bridge(ovs->bridges[i], &wanted);
    }
    SHASH_FOR_EACH (node, owners) {
        const struct vs_bridge *bridge = find_bridge(p->controller,
                                                     node->value);
        char *inner = inner_name(integration, node->key);
        char *outer = outer_name(integration, node->key);

        if (bridge && is_wanted(&wanted, inner, integration->name)) {
            add_end(txn, integration, inner, outer, node->key);
        }
        if (bridge && is_wanted(&wanted, outer, bridge->name)) {
            add_end(txn, bridge, outer, inner, node->key);
        }
        free(inner);
        free(outer);
    }
    sset_uninit(&wanted);
}

static void
note_wanted(struct incr_group *group, void *owners_)
{
    struct shash *owners = owners_;

    shash_set(owners, incr_group_key(group),
              (void *) incr_group_value(group, 0));
}

void
patch_run(struct patch *p, struct replica_txn *txn)
{
    struct shash owners = SHASH_INITIALIZER(&owners);

    if (p->dirty) {
        p->dirty = false;
        incr_for_each_group(p->controller->incr, FACT_PATCH_WANTED,
                            note_wanted, &owners);
        reconcile(p, txn, &owners);
        shash_uninit(&owners);
    }
}

void
patch_remove_all(struct patch *p, struct replica_txn *txn)
{
    struct shash none = SHASH_INITIALIZER(&none);

    reconcile(p, txn, &none);
    shash_uninit(&none);
}
