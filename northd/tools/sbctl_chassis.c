/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-sbctl's commands on chassis, the ports bound to them, and what these
 * have learnt. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "northd/tools/sbctl.h"

static const struct sb_chassis *
find_chassis(const struct dbctl_call *call, const char *name)
{
    const struct sb_chassis *chassis;

    SB_CHASSIS_FOR_EACH (chassis, dbctl_replica(call->dbctl)) {
        if (!strcmp(chassis->name, name)) {
            return chassis;
        }
    }
    return NULL;
}

static const struct sb_port_binding *
find_port(const struct dbctl_call *call, const char *name)
{
    const struct sb_port_binding *port;

    SB_PORT_BINDING_FOR_EACH (port, dbctl_replica(call->dbctl)) {
        if (!strcmp(port->logical_port, name)) {
            return port;
        }
    }
    return NULL;
}

/* Chassis. */

static struct sb_encap *
insert_encap(struct dbctl_call *call, const char *type)
{
    struct smap options = SMAP_INITIALIZER(&options);
    struct sb_encap *encap = sb_encap_insert(dbctl_txn(call->dbctl));

    smap_set(&options, "csum", "true");
    sb_encap_set_type(encap, type);
    sb_encap_set_ip(encap, call->argv[3]);
    sb_encap_set_options(encap, &options);
    sb_encap_set_chassis_name(encap, call->argv[1]);
    smap_uninit(&options);
    return encap;
}

static struct error *
run_chassis_add(struct dbctl_call *call)
{
    const char *name = call->argv[1];
    VEC(struct sb_encap *) encaps = VEC_EMPTY;
    struct sset types = SSET_INITIALIZER(&types);
    struct sb_chassis *chassis;
    const struct sset_node *type;

    if (find_chassis(call, name)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "cannot create a chassis named %s because a "
                               "chassis named %s already exists", name,
                               name));
    }
    sset_add_split(&types, call->argv[2], ",");
    SSET_FOR_EACH (type, &types) {
        vec_push(&encaps, insert_encap(call, type->name));
    }
    chassis = sb_chassis_insert(dbctl_txn(call->dbctl));
    sb_chassis_set_name(chassis, name);
    sb_chassis_set_encaps(chassis, encaps.items, encaps.n);
    vec_uninit(&encaps);
    sset_uninit(&types);
    return NULL;
}

static void
delete_chassis_private(const struct dbctl_call *call, const char *name)
{
    const struct sb_chassis_private *private;

    SB_CHASSIS_PRIVATE_FOR_EACH_SAFE (private, dbctl_replica(call->dbctl)) {
        if (!strcmp(private->name, name)) {
            sb_chassis_private_delete(private);
        }
    }
}

static struct error *
run_chassis_del(struct dbctl_call *call)
{
    const char *name = call->argv[1];
    const struct sb_chassis *chassis = find_chassis(call, name);

    if (!chassis) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "no chassis named %s", name));
    }
    for (size_t i = 0; i < chassis->n_encaps; i++) {
        sb_encap_delete(chassis->encaps[i]);
    }
    delete_chassis_private(call, name);
    sb_chassis_delete(chassis);
    return NULL;
}

/* Port bindings. */

static struct error *
run_lsp_bind(struct dbctl_call *call)
{
    const struct sb_port_binding *port = find_port(call, call->argv[1]);
    const struct sb_chassis *chassis = find_chassis(call, call->argv[2]);

    if (!port) {
        return error_create(0, "no port named %s", call->argv[1]);
    } else if (!chassis) {
        return error_create(0, "no chassis named %s", call->argv[2]);
    } else if (port->chassis) {
        return (port->chassis == chassis
                && dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "port %s is already bound to chassis %s",
                               call->argv[1], port->chassis->name));
    }
    sb_port_binding_set_chassis(port, chassis);
    sb_port_binding_set_up(port, true);
    return NULL;
}

static struct error *
run_lsp_unbind(struct dbctl_call *call)
{
    const struct sb_port_binding *port = find_port(call, call->argv[1]);

    if (!port) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "no port named %s", call->argv[1]));
    }
    sb_port_binding_clear_chassis(port);
    sb_port_binding_clear_up(port);
    return NULL;
}

/* IP multicast. */

/* ovn-controller forgets the groups that it has learnt when it sees the
 * sequence number change. */
static struct error *
run_ip_multicast_flush(struct dbctl_call *call)
{
    const struct sb_ip_multicast *multicast;
    const struct replica_row *datapath = NULL;

    if (call->argc > 1) {
        struct error *error = dbctl_find_row(call->dbctl,
                                             &sb_datapath_binding_table,
                                             call->argv[1], false, &datapath);

        if (error) {
            return error;
        } else if (!datapath) {
            return error_create(0, "%s is not a valid datapath",
                                call->argv[1]);
        }
    }
    SB_IP_MULTICAST_FOR_EACH (multicast, dbctl_replica(call->dbctl)) {
        if (!datapath || &multicast->datapath->header == datapath) {
            sb_ip_multicast_set_seq_no(multicast, multicast->seq_no + 1);
        }
    }
    return NULL;
}

#define NEED_CHASSIS(ARG, COLUMNS) \
    { &sb_chassis_table, COLUMNS, DBCTL_NAMED, ARG, SB_CHASSIS_COL_NAME }
#define NEED_PORT(COLUMNS) \
    { &sb_port_binding_table, COLUMNS, DBCTL_NAMED, 1, \
      SB_PORT_BINDING_COL_LOGICAL_PORT }
#define NEEDS(...) \
    (const struct dbctl_need[]) { __VA_ARGS__, { .table = NULL } }

static const struct replica_table_class *const multicast_tables[] = {
    &sb_datapath_binding_table, &sb_ip_multicast_table, NULL,
};

static const struct dbctl_command commands[] = {
    { .name = "chassis-add", .min_args = 3, .max_args = 3,
      .arguments = "CHASSIS ENCAP-TYPE[,ENCAP-TYPE]... ENCAP-IP",
      .options = "--may-exist", .needs = NEEDS(NEED_CHASSIS(1, 0)),
      .run = run_chassis_add },
    { .name = "chassis-del", .min_args = 1, .max_args = 1,
      .arguments = "CHASSIS", .options = "--if-exists",
      .needs = NEEDS(
          NEED_CHASSIS(1, REPLICA_COL(SB_CHASSIS_COL_ENCAPS)),
          { &sb_encap_table, 0, DBCTL_REFERENCED, 0, -1 },
          { &sb_chassis_private_table, 0, DBCTL_NAMED, 1,
            SB_CHASSIS_PRIVATE_COL_NAME }),
      .run = run_chassis_del },
    { .name = "lsp-bind", .min_args = 2, .max_args = 2,
      .arguments = "PORT CHASSIS", .options = "--may-exist",
      .needs = NEEDS(
          NEED_PORT(REPLICA_COL(SB_PORT_BINDING_COL_CHASSIS)),
          NEED_CHASSIS(2, 0),
          { &sb_chassis_table, REPLICA_COL(SB_CHASSIS_COL_NAME),
            DBCTL_REFERENCED, 0, -1 }),
      .run = run_lsp_bind },
    { .name = "lsp-unbind", .min_args = 1, .max_args = 1,
      .arguments = "PORT", .options = "--if-exists",
      .needs = NEEDS(NEED_PORT(0)), .run = run_lsp_unbind },
    { .name = "ip-multicast-flush", .max_args = 1, .arguments = "[SWITCH]",
      .tables = multicast_tables, .run = run_ip_multicast_flush },
};

const struct dbctl_command_group sbctl_chassis_commands = {
    "Chassis, port binding and multicast commands", commands,
    ARRAY_SIZE(commands)
};
