/* SPDX-License-Identifier: Apache-2.0 */

/* vtep-ctl's commands on physical switches, their ports, and which logical
 * switch each VLAN of a port belongs to. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "vtep/tools/vtep_ctl.h"

#define MAX_VLAN 4095

/* Physical switches. */

static const struct vtep_physical_switch *
find_ps(const struct dbctl_call *call, const char *name)
{
    const struct vtep_global *root = vtep_ctl_root(call);

    for (size_t i = 0; i < root->n_switches; i++) {
        if (!strcmp(root->switches[i]->name, name)) {
            return root->switches[i];
        }
    }
    return NULL;
}

struct error *
vtep_ctl_find_ps(const struct dbctl_call *call, const char *name,
                 const struct vtep_physical_switch **ret)
{
    *ret = find_ps(call, name);
    return (*ret ? NULL
            : error_create(0, "no physical switch named %s", name));
}

static struct error *
run_add_ps(struct dbctl_call *call)
{
    const char *name = call->argv[1];
    struct vtep_physical_switch *ps;

    if (find_ps(call, name)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "cannot create physical switch %s because "
                               "it already exists", name));
    }
    ps = vtep_physical_switch_insert(dbctl_txn(call->dbctl));
    vtep_physical_switch_set_name(ps, name);
    vtep_global_update_switches_addvalue(vtep_ctl_root(call), ps);
    return NULL;
}

static struct error *
run_del_ps(struct dbctl_call *call)
{
    const struct vtep_physical_switch *ps;
    struct error *error = vtep_ctl_find_ps(call, call->argv[1], &ps);

    if (error && dbctl_has_option(call, "--if-exists")) {
        error_free(error);
        return NULL;
    } else if (error) {
        return error;
    }
    for (size_t i = 0; i < ps->n_ports; i++) {
        vtep_physical_port_delete(ps->ports[i]);
    }
    vtep_global_update_switches_delvalue(vtep_ctl_root(call), ps);
    vtep_physical_switch_delete(ps);
    return NULL;
}

static struct error *
run_list_ps(struct dbctl_call *call)
{
    vtep_ctl_put_names(call, &vtep_physical_switch_table,
                       VTEP_PHYSICAL_SWITCH_COL_NAME);
    return NULL;
}

static struct error *
run_ps_exists(struct dbctl_call *call)
{
    return vtep_ctl_exists(find_ps(call, call->argv[1]));
}

/* Ports.  Their names are unique within a switch. */

static const struct vtep_physical_port *
find_port(const struct vtep_physical_switch *ps, const char *name)
{
    for (size_t i = 0; i < ps->n_ports; i++) {
        if (!strcmp(ps->ports[i]->name, name)) {
            return ps->ports[i];
        }
    }
    return NULL;
}

struct error *
vtep_ctl_find_port(const struct vtep_physical_switch *ps, const char *name,
                   const struct vtep_physical_port **ret)
{
    *ret = find_port(ps, name);
    return *ret ? NULL : error_create(0, "no port named %s", name);
}

static struct error *
run_list_ports(struct dbctl_call *call)
{
    VEC(const char *) names = VEC_EMPTY;
    const struct vtep_physical_switch *ps;
    struct error *error = vtep_ctl_find_ps(call, call->argv[1], &ps);

    for (size_t i = 0; !error && i < ps->n_ports; i++) {
        vec_push(&names, ps->ports[i]->name);
    }
    dbctl_put_sorted(&call->output, names.items, names.n);
    vec_uninit(&names);
    return error;
}

static struct error *
run_add_port(struct dbctl_call *call)
{
    const char *name = call->argv[2];
    const struct vtep_physical_switch *ps;
    struct vtep_physical_port *port;
    struct error *error = vtep_ctl_find_ps(call, call->argv[1], &ps);

    if (error) {
        return error;
    } else if (find_port(ps, name)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "cannot create a port named %s on %s "
                               "because a port with that name already exists",
                               name, ps->name));
    }
    port = vtep_physical_port_insert(dbctl_txn(call->dbctl));
    vtep_physical_port_set_name(port, name);
    vtep_physical_switch_update_ports_addvalue(ps, port);
    return NULL;
}

/* Finds the port and its switch, on whichever that is unless the command names
 * one. */
static struct error *
find_any_port(const struct dbctl_call *call, const char *name,
              const struct vtep_physical_switch **ps,
              const struct vtep_physical_port **port)
{
    const struct vtep_global *root = vtep_ctl_root(call);

    if (call->argc == 3) {
        struct error *error = vtep_ctl_find_ps(call, call->argv[1], ps);

        return error ? error : vtep_ctl_find_port(*ps, name, port);
    }
    *port = NULL;
    for (size_t i = 0; i < root->n_switches; i++) {
        const struct vtep_physical_port *found
            = find_port(root->switches[i], name);

        if (found && *port) {
            return error_create(0, "more than one switch has a port %s; say "
                                "which is meant", name);
        } else if (found) {
            *port = found;
            *ps = root->switches[i];
        }
    }
    return *port ? NULL : error_create(0, "no port named %s", name);
}

static struct error *
run_del_port(struct dbctl_call *call)
{
    const struct vtep_physical_switch *ps = NULL;
    const struct vtep_physical_port *port = NULL;
    struct error *error = find_any_port(call, call->argv[call->argc - 1], &ps,
                                        &port);

    if (error && !port && dbctl_has_option(call, "--if-exists")) {
        error_free(error);
        return NULL;
    } else if (error) {
        return error;
    }
    vtep_physical_switch_update_ports_delvalue(ps, port);
    vtep_physical_port_delete(port);
    return NULL;
}

/* Bindings. */

struct binding {
    const struct vtep_physical_port *port;
    int vlan;
};

static struct error *
find_binding(const struct dbctl_call *call, struct binding *binding)
{
    const struct vtep_physical_switch *ps;
    struct error *error = vtep_ctl_find_ps(call, call->argv[1], &ps);

    if (!error) {
        error = vtep_ctl_find_port(ps, call->argv[2], &binding->port);
    }
    if (!error && call->argc > 3
        && !text_to_int_range(call->argv[3], 0, MAX_VLAN, &binding->vlan)) {
        error = error_create(0, "\"%s\" is not a VLAN from 0 to %d",
                             call->argv[3], MAX_VLAN);
    }
    return error;
}

static bool
is_bound(const struct binding *binding)
{
    for (size_t i = 0; i < binding->port->vlan_bindings.n; i++) {
        if (binding->port->vlan_bindings.keys[i] == binding->vlan) {
            return true;
        }
    }
    return false;
}

static struct error *
run_bind_ls(struct dbctl_call *call)
{
    const struct vtep_logical_switch *ls;
    struct binding binding;
    struct error *error = find_binding(call, &binding);

    if (!error) {
        error = vtep_ctl_find_ls(call, call->argv[4], &ls);
    }
    if (!error && is_bound(&binding)) {
        error = error_create(0, "multiple bindings for vlan %d",
                             binding.vlan);
    }
    if (!error) {
        vtep_physical_port_update_vlan_bindings_setkey(binding.port,
                                                       binding.vlan, ls);
    }
    return error;
}

static struct error *
run_unbind_ls(struct dbctl_call *call)
{
    struct binding binding;
    struct error *error = find_binding(call, &binding);

    if (!error && !is_bound(&binding)) {
        error = error_create(0, "no binding for vlan %d", binding.vlan);
    }
    if (!error) {
        vtep_physical_port_update_vlan_bindings_delkey(binding.port,
                                                       binding.vlan);
    }
    return error;
}

static struct error *
run_list_bindings(struct dbctl_call *call)
{
    struct binding binding;
    struct error *error = find_binding(call, &binding);

    /* A map's keys are in order. */
    for (size_t i = 0; !error && i < binding.port->vlan_bindings.n; i++) {
        str_printf(&call->output, "%04lld %s\n",
                   (long long) binding.port->vlan_bindings.keys[i],
                   binding.port->vlan_bindings.values[i]->name);
    }
    return error;
}

static const struct dbctl_command commands[] = {
    { .name = "add-ps", .min_args = 1, .max_args = 1, .arguments = "PSWITCH",
      .options = "--may-exist", .tables = vtep_ctl_switch_tables,
      .run = run_add_ps },
    { .name = "del-ps", .min_args = 1, .max_args = 1, .arguments = "PSWITCH",
      .options = "--if-exists", .tables = vtep_ctl_switch_tables,
      .run = run_del_ps },
    { .name = "list-ps", .tables = vtep_ctl_switch_tables,
      .run = run_list_ps },
    { .name = "ps-exists", .min_args = 1, .max_args = 1,
      .arguments = "PSWITCH", .tables = vtep_ctl_switch_tables,
      .run = run_ps_exists },
    { .name = "list-ports", .min_args = 1, .max_args = 1,
      .arguments = "PSWITCH", .tables = vtep_ctl_switch_tables,
      .run = run_list_ports },
    { .name = "add-port", .min_args = 2, .max_args = 2,
      .arguments = "PSWITCH PORT", .options = "--may-exist",
      .tables = vtep_ctl_switch_tables, .run = run_add_port },
    { .name = "del-port", .min_args = 1, .max_args = 2,
      .arguments = "[PSWITCH] PORT", .options = "--if-exists",
      .tables = vtep_ctl_switch_tables, .run = run_del_port },
    { .name = "bind-ls", .min_args = 4, .max_args = 4,
      .arguments = "PSWITCH PORT VLAN LSWITCH",
      .tables = vtep_ctl_switch_tables, .run = run_bind_ls },
    { .name = "unbind-ls", .min_args = 3, .max_args = 3,
      .arguments = "PSWITCH PORT VLAN", .tables = vtep_ctl_switch_tables,
      .run = run_unbind_ls },
    { .name = "list-bindings", .min_args = 2, .max_args = 2,
      .arguments = "PSWITCH PORT", .tables = vtep_ctl_switch_tables,
      .run = run_list_bindings },
};

const struct dbctl_command_group vtep_ctl_physical_commands = {
    "Physical switch, port and binding commands", commands,
    ARRAY_SIZE(commands)
};
