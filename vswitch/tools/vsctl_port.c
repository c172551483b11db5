/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-vsctl's commands on ports, bonds and interfaces. */

#include "vswitch/tools/vsctl_port.h"

#include <string.h>

#include "lib/base/alloc.h"

static const char *
bridge_name(const struct vsctl_bridge *bridge)
{
    return bridge->fake ? bridge->fake->name : bridge->br->name;
}

struct error *
vsctl_check_conflict(const struct dbctl *dbctl, const char *name,
                     const char *kind, bool ports)
{
    const char *article = *kind == 'i' ? "an" : "a";
    struct vsctl_bridge bridge;
    struct vsctl_found found;

    if (vsctl_has_bridge(dbctl, name, &bridge)) {
        return error_create(0, "cannot create %s %s named %s because a bridge "
                            "named %s already exists", article, kind, name,
                            name);
    }
    if (ports && vsctl_find_port(dbctl, name, &found)) {
        bridge = vsctl_bridge_of(dbctl, found.br, found.port);
        return error_create(0, "cannot create %s %s named %s because a port "
                            "named %s already exists on bridge %s", article,
                            kind, name, name, bridge_name(&bridge));
    }
    if (vsctl_find_iface(dbctl, name, &found)) {
        bridge = vsctl_bridge_of(dbctl, found.br, found.port);
        return error_create(0, "cannot create %s %s named %s because an "
                            "interface named %s already exists on bridge %s",
                            article, kind, name, name, bridge_name(&bridge));
    }
    return NULL;
}

void
vsctl_delete_port(const struct vs_bridge *br, const struct vs_port *port)
{
    vs_bridge_update_ports_delvalue(br, port);
    for (size_t i = port->n_interfaces; i-- > 0;) {
        vs_interface_delete(port->interfaces[i]);
    }
    vs_port_delete(port);
}

/* add-port, add-bond */

/* What a command asks for. */
struct request {
    const char *bridge;
    const char *port;
    char **ifaces;
    int n_ifaces;
    char **settings;
    int n_settings;
    bool fake_iface;
};

static bool
has_ifaces(const struct vs_port *port, const struct request *request)
{
    if (port->n_interfaces != (size_t) request->n_ifaces) {
        return false;
    }
    for (size_t i = 0; i < port->n_interfaces; i++) {
        bool found = false;

        for (int j = 0; j < request->n_ifaces; j++) {
            found |= !strcmp(port->interfaces[i]->name, request->ifaces[j]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* The command as it was given, for messages. */
static char *
command_text(const struct dbctl_call *call)
{
    struct str s = STR_EMPTY;

    str_put(&s, "--may-exist");
    for (int i = 0; i < call->argc; i++) {
        str_printf(&s, " %s", call->argv[i]);
    }
    return str_steal(&s);
}

/* Whether an existing port is what --may-exist wants. */
static struct error *
check_existing(const struct dbctl_call *call, const struct request *request,
               const struct vsctl_found *found)
{
    struct vsctl_bridge bridge = vsctl_bridge_of(call->dbctl, found->br, found->port);
    char *command = command_text(call);
    struct error *error = NULL;

    if (strcmp(bridge_name(&bridge), request->bridge)) {
        error = error_create(0, "\"%s\" but %s is actually attached to bridge "
                             "%s", command, request->port,
                             bridge_name(&bridge));
    } else if (!has_ifaces(found->port, request)) {
        VEC(const char *) names = VEC_EMPTY;
        struct str list = STR_EMPTY;

        for (size_t i = 0; i < found->port->n_interfaces; i++) {
            vec_push(&names, found->port->interfaces[i]->name);
        }
        vec_sort(&names, dbctl_compare_strings);
        VEC_FOR_EACH (name, &names) {
            str_printf(&list, "%s%s", list.length ? ", " : "", *name);
        }
        error = error_create(0, "\"%s\" but %s actually has interface(s) %s",
                             command, request->port, str_cstr(&list));
        str_uninit(&list);
        vec_uninit(&names);
    }
    free(command);
    return error;
}

static struct error *
create_port(struct dbctl *dbctl, const struct vsctl_bridge *bridge,
            const struct request *request)
{
    struct replica_txn *txn = dbctl_txn(dbctl);
    struct vs_interface **ifaces = xcalloc(request->n_ifaces, sizeof *ifaces);
    struct vs_port *port = vs_port_insert(txn);
    struct error *error = NULL;

    for (int i = 0; i < request->n_ifaces; i++) {
        ifaces[i] = vs_interface_insert(txn);
        vs_interface_set_name(ifaces[i], request->ifaces[i]);
    }
    vs_port_set_name(port, request->port);
    vs_port_set_interfaces(port, ifaces, request->n_ifaces);
    free(ifaces);
    if (request->fake_iface) {
        vs_port_set_bond_fake_iface(port, true);
    }
    if (bridge->fake) {
        vs_port_set_tag(port, bridge->fake->tag);
    }
    for (int i = 0; !error && i < request->n_settings; i++) {
        error = dbctl_set_column(dbctl, &port->header, request->settings[i]);
    }
    if (!error) {
        vs_bridge_update_ports_addvalue(bridge->br, port);
    }
    return error;
}

static struct error *
add_port(struct dbctl_call *call, const struct request *request)
{
    struct vsctl_bridge bridge;
    struct vsctl_found found;
    struct error *error;

    if (dbctl_has_option(call, "--may-exist")
        && vsctl_find_port(call->dbctl, request->port, &found)) {
        return check_existing(call, request, &found);
    }
    error = vsctl_check_conflict(call->dbctl, request->port, "port", true);
    for (int i = 0; !error && i < request->n_ifaces; i++) {
        error = vsctl_check_conflict(call->dbctl, request->ifaces[i],
                                     "interface", false);
        for (int j = 0; !error && j < i; j++) {
            if (!strcmp(request->ifaces[i], request->ifaces[j])) {
                error = error_create(0, "interface %s is given twice",
                                     request->ifaces[i]);
            }
        }
    }
    if (!error) {
        error = vsctl_find_bridge(call->dbctl, request->bridge, &bridge);
    }
    return error ? error : create_port(call->dbctl, &bridge, request);
}

/* Index of the first argument from 'i' on that is an assignment. */
static int
first_setting(const struct dbctl_call *call, int i)
{
    while (i < call->argc && !strchr(call->argv[i], '=')) {
        i++;
    }
    return i;
}

static struct error *
run_add_port(struct dbctl_call *call)
{
    return add_port(call, &(struct request) {
        .bridge = call->argv[1],
        .port = call->argv[2],
        .ifaces = &call->argv[2],
        .n_ifaces = 1,
        .settings = call->argv + 3,
        .n_settings = call->argc - 3,
    });
}

static struct error *
run_add_bond(struct dbctl_call *call)
{
    int settings = first_setting(call, 3);

    if (settings < 5) {
        return error_create(0, "add-bond requires at least 2 interfaces, but "
                            "only %d were specified", settings - 3);
    }
    return add_port(call, &(struct request) {
        .bridge = call->argv[1],
        .port = call->argv[2],
        .ifaces = call->argv + 3,
        .n_ifaces = settings - 3,
        .settings = call->argv + settings,
        .n_settings = call->argc - settings,
        .fake_iface = dbctl_has_option(call, "--fake-iface"),
    });
}

/* del-port */

/* Refuses a port that does not belong to the bridge that was named. */
static struct error *
check_bridge_of(const struct dbctl_call *call, const struct vsctl_found *found,
                const char *name)
{
    struct vsctl_bridge named, owner = vsctl_bridge_of(call->dbctl, found->br, found->port);
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &named);

    if (error || (named.br == owner.br && named.fake == owner.fake)) {
        return error;
    }
    if (named.br == owner.br && named.fake) {
        return error_create(0, "bridge %s does not have a port %s (although "
                            "its parent bridge %s does)", call->argv[1], name,
                            owner.br->name);
    } else if (named.br == owner.br) {
        return error_create(0, "bridge %s does not have a port %s (although "
                            "its child bridge %s does)", call->argv[1], name,
                            bridge_name(&owner));
    }
    return error_create(0, "bridge %s does not have a port %s", call->argv[1],
                        name);
}

static struct error *
run_del_port(struct dbctl_call *call)
{
    const char *name = call->argv[call->argc - 1];
    bool if_exists = dbctl_has_option(call, "--if-exists");
    bool with_iface = dbctl_has_option(call, "--with-iface");
    struct vsctl_bridge bridge;
    struct vsctl_found found;

    if (!vsctl_find_port(call->dbctl, name, &found)
        && !(with_iface && vsctl_find_iface(call->dbctl, name, &found))) {
        return (if_exists ? NULL
                : error_create(0, "no port %snamed %s",
                               with_iface ? "or interface " : "", name));
    }
    if (vsctl_has_bridge(call->dbctl, found.port->name, &bridge)) {
        return error_create(0, "cannot delete port %s because it is the local "
                            "port for bridge %s (deleting this port requires "
                            "deleting the entire bridge)", name, name);
    }
    if (call->argc == 3) {
        struct error *error = check_bridge_of(call, &found, name);

        if (error) {
            return error;
        }
    }
    vsctl_delete_port(found.br, found.port);
    return NULL;
}

/* Interfaces of bonds. */

static struct error *
run_add_bond_iface(struct dbctl_call *call)
{
    const char *name = call->argv[2];
    struct vsctl_found port, iface;
    struct vs_interface *new_;
    struct error *error;

    if (!vsctl_find_port(call->dbctl, call->argv[1], &port)) {
        return error_create(0, "no port named %s", call->argv[1]);
    }
    if (dbctl_has_option(call, "--may-exist")
        && vsctl_find_iface(call->dbctl, name, &iface)) {
        return (iface.port == port.port ? NULL
                : error_create(0, "\"--may-exist add-bond-iface %s %s\" but "
                               "%s is actually attached to port %s",
                               call->argv[1], name, name, iface.port->name));
    }
    error = vsctl_check_conflict(call->dbctl, name, "interface", true);
    if (error) {
        return error;
    }
    new_ = vs_interface_insert(dbctl_txn(call->dbctl));
    vs_interface_set_name(new_, name);
    vs_port_update_interfaces_addvalue(port.port, new_);
    return NULL;
}

static struct error *
run_del_bond_iface(struct dbctl_call *call)
{
    const char *name = call->argv[call->argc - 1];
    struct vsctl_found iface, port;

    if (!vsctl_find_iface(call->dbctl, name, &iface)) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "no interface named %s", name));
    }
    if (call->argc == 3) {
        if (!vsctl_find_port(call->dbctl, call->argv[1], &port)) {
            return error_create(0, "no port named %s", call->argv[1]);
        } else if (port.port != iface.port) {
            return error_create(0, "port %s does not have an interface %s",
                                call->argv[1], name);
        }
    }
    if (iface.port->n_interfaces < 2) {
        return error_create(0, "cannot delete last interface from port %s",
                            iface.port->name);
    }
    vs_port_update_interfaces_delvalue(iface.port, iface.iface);
    vs_interface_delete(iface.iface);
    return NULL;
}

/* Queries. */

static struct error *
list(struct dbctl_call *call, bool ifaces)
{
    VEC(const char *) strings = VEC_EMPTY;
    struct vsctl_bridge bridge;
    struct error *error = vsctl_find_bridge(call->dbctl, call->argv[1],
                                            &bridge);

    for (size_t i = 0; !error && i < bridge.br->n_ports; i++) {
        const struct vs_port *port = bridge.br->ports[i];

        if (!vsctl_port_is_in(call->dbctl, &bridge, port)) {
            continue;
        }
        if (!ifaces) {
            vec_push(&strings, port->name);
        }
        for (size_t j = 0; ifaces && j < port->n_interfaces; j++) {
            vec_push(&strings, port->interfaces[j]->name);
        }
    }
    dbctl_put_sorted(&call->output, strings.items, strings.n);
    vec_uninit(&strings);
    return error;
}

static struct error *
run_list_ports(struct dbctl_call *call)
{
    return list(call, false);
}

static struct error *
run_list_ifaces(struct dbctl_call *call)
{
    return list(call, true);
}

static void
put_bridge_of(struct dbctl_call *call, const struct vsctl_found *found)
{
    struct vsctl_bridge bridge = vsctl_bridge_of(call->dbctl, found->br, found->port);

    str_printf(&call->output, "%s\n", bridge_name(&bridge));
}

static struct error *
run_port_to_br(struct dbctl_call *call)
{
    struct vsctl_found found;

    if (!vsctl_find_port(call->dbctl, call->argv[1], &found)
        || !strcmp(found.br->name, found.port->name)
        || vsctl_port_is_fake_bridge(found.port)) {
        return error_create(0, "no port named %s", call->argv[1]);
    }
    put_bridge_of(call, &found);
    return NULL;
}

static struct error *
run_iface_to_br(struct dbctl_call *call)
{
    struct vsctl_found found;

    if (!vsctl_find_iface(call->dbctl, call->argv[1], &found)
        || !strcmp(found.br->name, found.port->name)
        || vsctl_port_is_fake_bridge(found.port)) {
        return error_create(0, "no interface named %s", call->argv[1]);
    }
    put_bridge_of(call, &found);
    return NULL;
}

#define BRIDGE(COLUMN) REPLICA_COL(VS_BRIDGE_COL_##COLUMN)
#define PORT(COLUMN) REPLICA_COL(VS_PORT_COL_##COLUMN)
#define IFACE(COLUMN) REPLICA_COL(VS_INTERFACE_COL_##COLUMN)

/* What arguments name, whether bridge, port or interface, since one may be in
 * the way of another; what these are part of; and the ports that stand for
 * bridges.  A switch has few of these, and may have thousands of others. */
static const struct dbctl_need named[] = {
    { &vs_bridge_table, BRIDGE(NAME) | BRIDGE(PORTS), DBCTL_NAMED, -1,
      VS_BRIDGE_COL_NAME },
    { &vs_bridge_table, BRIDGE(PORTS), DBCTL_OWNERS, 0, VS_BRIDGE_COL_PORTS },
    { &vs_port_table, PORT(NAME) | PORT(INTERFACES) | PORT(TAG), DBCTL_NAMED,
      -1, VS_PORT_COL_NAME },
    { &vs_port_table, 0, DBCTL_TRUE, 0, VS_PORT_COL_FAKE_BRIDGE },
    { &vs_port_table, PORT(INTERFACES), DBCTL_OWNERS, 0,
      VS_PORT_COL_INTERFACES },
    { &vs_interface_table, IFACE(NAME), DBCTL_NAMED, -1,
      VS_INTERFACE_COL_NAME },
    { &vs_interface_table, IFACE(NAME), DBCTL_REFERENCED, 0, -1 },
    { .table = NULL },
};

static const struct dbctl_command commands[] = {
    { .name = "list-ports", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs, .run = run_list_ports },
    { .name = "add-port", .min_args = 2, .max_args = INT_MAX,
      .arguments = "BRIDGE NEW-PORT [COLUMN[:KEY]=VALUE]...",
      .options = "--may-exist", .needs = named,
      .run = run_add_port },
    { .name = "add-bond", .min_args = 4, .max_args = INT_MAX,
      .arguments = "BRIDGE PORT IFACE IFACE... [COLUMN[:KEY]=VALUE]...",
      .options = "--may-exist,--fake-iface", .needs = named,
      .run = run_add_bond },
    { .name = "del-port", .min_args = 1, .max_args = 2,
      .arguments = "[BRIDGE] PORT", .options = "--if-exists,--with-iface",
      .needs = named, .run = run_del_port },
    { .name = "port-to-br", .min_args = 1, .max_args = 1,
      .arguments = "PORT", .needs = named, .run = run_port_to_br },
    { .name = "add-bond-iface", .min_args = 2, .max_args = 2,
      .arguments = "BOND IFACE", .options = "--may-exist",
      .needs = named, .run = run_add_bond_iface },
    { .name = "del-bond-iface", .min_args = 1, .max_args = 2,
      .arguments = "[BOND] IFACE", .options = "--if-exists",
      .needs = named, .run = run_del_bond_iface },
    { .name = "list-ifaces", .min_args = 1, .max_args = 1,
      .arguments = "BRIDGE", .needs = vsctl_needs,
      .run = run_list_ifaces },
    { .name = "iface-to-br", .min_args = 1, .max_args = 1,
      .arguments = "IFACE", .needs = named,
      .run = run_iface_to_br },
};

const struct dbctl_command_group vsctl_port_commands = {
    "Port, bond and interface commands", commands, ARRAY_SIZE(commands)
};
