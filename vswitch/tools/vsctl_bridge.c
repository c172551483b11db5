/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-vsctl's commands on bridges. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "vswitch/tools/vsctl.h"
#include "vswitch/tools/vsctl_port.h"

#define EXIT_NO_SUCH_BRIDGE 2

/* add-br */

static void
add_real_bridge(struct dbctl *dbctl, const char *name)
{
    struct replica_txn *txn = dbctl_txn(dbctl);
    struct vs_interface *iface = vs_interface_insert(txn);
    struct vs_port *port = vs_port_insert(txn);
    struct vs_bridge *br = vs_bridge_insert(txn);

    vs_interface_set_name(iface, name);
    vs_interface_set_type(iface, "internal");
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, &iface, 1);
    vs_bridge_set_name(br, name);
    vs_bridge_set_ports(br, &port, 1);
    vs_open_vswitch_update_bridges_addvalue(vsctl_root(dbctl), br);
}

static void
add_fake_bridge(struct dbctl *dbctl, const char *name,
                const struct vs_bridge *parent, int vlan)
{
    struct replica_txn *txn = dbctl_txn(dbctl);
    struct vs_interface *iface = vs_interface_insert(txn);
    struct vs_port *port = vs_port_insert(txn);

    vs_interface_set_name(iface, name);
    vs_interface_set_type(iface, "internal");
    vs_port_set_name(port, name);
    vs_port_set_interfaces(port, &iface, 1);
    vs_port_set_fake_bridge(port, true);
    vs_port_set_tag(port, vlan);
    vs_bridge_update_ports_addvalue(parent, port);
}

/* Whether an existing bridge is what --may-exist wants. */
static struct error *
check_existing(const char *name, const char *parent, int vlan,
               const struct vsctl_bridge *old)
{
    if (!parent) {
        return (old->fake
                ? error_create(0, "\"--may-exist add-br %s\" but %s is a VLAN "
                               "bridge for VLAN %d", name, name,
                               (int) old->fake->tag)
                : NULL);
    } else if (!old->fake) {
        return error_create(0, "\"--may-exist add-br %s %s %d\" but %s is not "
                            "a VLAN bridge", name, parent, vlan, name);
    } else if (strcmp(old->br->name, parent)) {
        return error_create(0, "\"--may-exist add-br %s %s %d\" but %s has "
                            "the wrong parent %s", name, parent, vlan, name,
                            old->br->name);
    } else if (old->fake->tag != vlan) {
        return error_create(0, "\"--may-exist add-br %s %s %d\" but %s is a "
                            "VLAN bridge for the wrong VLAN %d", name, parent,
                            vlan, name, (int) old->fake->tag);
    }
    return NULL;
}

static struct error *
find_parent(struct dbctl *dbctl, const char *name, int vlan,
            struct vsctl_bridge *parent)
{
    const struct vs_port *sibling;

    if (!vsctl_has_bridge(dbctl, name, parent)) {
        return error_create(0, "parent bridge %s does not exist", name);
    } else if (parent->fake) {
        return error_create(0, "cannot create bridge with fake bridge as "
                            "parent");
    }
    sibling = vsctl_find_vlan_bridge(dbctl, parent->br, vlan);
    if (sibling) {
        return error_create(0, "bridge %s already has a child VLAN bridge %s "
                            "on VLAN %d", name, sibling->name, vlan);
    }
    return NULL;
}

static struct error *
run_add_br(struct dbctl_call *call)
{
    const char *name = call->argv[1];
    const char *parent_name = call->argc > 2 ? call->argv[2] : NULL;
    struct vsctl_bridge old, parent;
    struct error *error;
    int vlan = 0;

    if (call->argc == 3) {
        return error_create(0, "'%s' command takes exactly 1 or 3 arguments",
                            call->argv[0]);
    } else if (parent_name
               && !text_to_int_range(call->argv[3], 0, 4095, &vlan)) {
        return error_create(0, "%s: vlan must be between 0 and 4095",
                            call->argv[0]);
    }
    if (dbctl_has_option(call, "--may-exist")
        && vsctl_has_bridge(call->dbctl, name, &old)) {
        return check_existing(name, parent_name, vlan, &old);
    }
    error = vsctl_check_conflict(call->dbctl, name, "bridge", true);
    if (error) {
        return error;
    }
    if (!parent_name) {
        add_real_bridge(call->dbctl, name);
        return NULL;
    }
    error = find_parent(call->dbctl, parent_name, vlan, &parent);
    if (!error) {
        add_fake_bridge(call->dbctl, name, parent.br, vlan);
    }
    return error;
}

/* del-br */

static void
delete_ports(const struct dbctl *dbctl, const struct vsctl_bridge *bridge)
{
    const struct vs_bridge *br = bridge->br;
    const struct vs_port **ports = xcalloc(br->n_ports + 1, sizeof *ports);
    size_t n = 0;

    /* Deleting takes them out of the array that one walks over. */
    for (size_t i = 0; i < br->n_ports; i++) {
        if (!bridge->fake || br->ports[i] == bridge->fake
            || vsctl_port_is_in(dbctl, bridge, br->ports[i])) {
            ports[n++] = br->ports[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        vsctl_delete_port(br, ports[i]);
    }
    free(ports);
}

static struct error *
run_del_br(struct dbctl_call *call)
{
    struct vsctl_bridge bridge;

    if (!vsctl_has_bridge(call->dbctl, call->argv[1], &bridge)) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "no bridge named %s", call->argv[1]));
    }
    delete_ports(call->dbctl, &bridge);
    if (!bridge.fake) {
        vs_open_vswitch_update_bridges_delvalue(vsctl_root(call->dbctl),
                                                bridge.br);
        vs_bridge_delete(bridge.br);
    }
    return NULL;
}

/* Queries. */

static struct error *
run_list_br(struct dbctl_call *call)
{
    const struct vs_open_vswitch *root = vsctl_root(call->dbctl);
    bool real = dbctl_has_option(call, "--real");
    bool fake = dbctl_has_option(call, "--fake");
    VEC(const char *) strings = VEC_EMPTY;

    for (size_t i = 0; i < root->n_bridges; i++) {
        const struct vs_bridge *br = root->bridges[i];

        if (real || !fake) {
            vec_push(&strings, br->name);
        }
        for (size_t j = 0; j < br->n_ports && (fake || !real); j++) {
            if (vsctl_port_is_fake_bridge(br->ports[j])) {
                vec_push(&strings, br->ports[j]->name);
            }
        }
    }
    dbctl_put_sorted(&call->output, strings.items, strings.n);
    vec_uninit(&strings);
    return NULL;
}

static struct error *
run_br_exists(struct dbctl_call *call)
{
    struct vsctl_bridge bridge;

    return (vsctl_has_bridge(call->dbctl, call->argv[1], &bridge) ? NULL
            : dbctl_exit(EXIT_NO_SUCH_BRIDGE));
}

static struct error *
run_br_to_vlan(struct dbctl_call *call)
{
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);

    if (!error) {
        str_printf(&call->output, "%d\n",
                   bridge.fake ? (int) bridge.fake->tag : 0);
    }
    return error;
}

static struct error *
run_br_to_parent(struct dbctl_call *call)
{
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);

    if (!error) {
        str_printf(&call->output, "%s\n", bridge.br->name);
    }
    return error;
}

/* External ids; those of a fake bridge are kept in its port. */

#define FAKE_PREFIX "fake-bridge-"

static struct error *
run_br_set_external_id(struct dbctl_call *call)
{
    const char *value = call->argc > 3 ? call->argv[3] : NULL;
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);

    if (error) {
        return error;
    }
    if (bridge.fake) {
        char *key = xasprintf(FAKE_PREFIX "%s", call->argv[2]);

        if (value) {
            vs_port_update_external_ids_setkey(bridge.fake, key, value);
        } else {
            vs_port_update_external_ids_delkey(bridge.fake, key);
        }
        free(key);
    } else if (value) {
        vs_bridge_update_external_ids_setkey(bridge.br, call->argv[2], value);
    } else {
        vs_bridge_update_external_ids_delkey(bridge.br, call->argv[2]);
    }
    return NULL;
}

static struct error *
run_br_get_external_id(struct dbctl_call *call)
{
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);
    const char *prefix;
    const struct strmap *ids;

    if (error) {
        return error;
    }
    prefix = bridge.fake ? FAKE_PREFIX : "";
    ids = bridge.fake ? &bridge.fake->external_ids
          : &bridge.br->external_ids;
    STRMAP_FOR_EACH (i, ids) {
        const char *key = ids->keys[i];

        if (!text_starts_with(key, prefix)) {
            continue;
        }
        key += strlen(prefix);
        if (call->argc == 2) {
            str_printf(&call->output, "%s=%s\n", key, ids->values[i]);
        } else if (!strcmp(key, call->argv[2])) {
            str_printf(&call->output, "%s\n", ids->values[i]);
        }
    }
    return NULL;
}

static const struct dbctl_command commands[] = {
    { .name = "add-br", .min_args = 1, .max_args = 3,
      .arguments = "NEW-BRIDGE [PARENT VLAN]", .options = "--may-exist",
      .needs = vsctl_needs, .run = run_add_br },
    { .name = "del-br", .min_args = 1, .max_args = 1, .arguments = "BRIDGE",
      .options = "--if-exists", .needs = vsctl_needs, .run = run_del_br },
    { .name = "list-br", .options = "--real,--fake", .needs = vsctl_needs,
      .run = run_list_br },
    { .name = "br-exists", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs, .run = run_br_exists },
    { .name = "br-to-vlan", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs, .run = run_br_to_vlan },
    { .name = "br-to-parent", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_br_to_parent },
    { .name = "br-set-external-id", .min_args = 2, .max_args = 3,
      .arguments = "BRIDGE KEY [VALUE]", .needs = vsctl_needs,
      .run = run_br_set_external_id },
    { .name = "br-get-external-id", .min_args = 1, .max_args = 2,
      .arguments = "BRIDGE [KEY]", .needs = vsctl_needs,
      .run = run_br_get_external_id },
};

const struct dbctl_command_group vsctl_bridge_commands = {
    "Bridge commands", commands, ARRAY_SIZE(commands)
};
