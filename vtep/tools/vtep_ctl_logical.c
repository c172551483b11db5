/* SPDX-License-Identifier: Apache-2.0 */

/* vtep-ctl's commands on logical switches and logical routers. */

#include <string.h>

#include "vtep/tools/vtep_ctl.h"

/* Logical switches. */

static const struct vtep_logical_switch *
find_ls(const struct dbctl_call *call, const char *name)
{
    const struct vtep_logical_switch *ls;

    VTEP_LOGICAL_SWITCH_FOR_EACH (ls, dbctl_replica(call->dbctl)) {
        if (!strcmp(ls->name, name)) {
            return ls;
        }
    }
    return NULL;
}

struct error *
vtep_ctl_find_ls(const struct dbctl_call *call, const char *name,
                 const struct vtep_logical_switch **ret)
{
    *ret = find_ls(call, name);
    return *ret ? NULL : error_create(0, "no logical switch named %s", name);
}

static struct error *
run_add_ls(struct dbctl_call *call)
{
    const char *name = call->argv[1];

    if (find_ls(call, name)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "cannot create logical switch %s because "
                               "it already exists", name));
    }
    vtep_logical_switch_set_name(
        vtep_logical_switch_insert(dbctl_txn(call->dbctl)), name);
    return NULL;
}

static struct error *
run_del_ls(struct dbctl_call *call)
{
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    if (!error) {
        vtep_logical_switch_delete(ls);
    } else if (dbctl_has_option(call, "--if-exists")) {
        error_free(error);
        error = NULL;
    }
    return error;
}

static struct error *
run_list_ls(struct dbctl_call *call)
{
    vtep_ctl_put_names(call, &vtep_logical_switch_table,
                       VTEP_LOGICAL_SWITCH_COL_NAME);
    return NULL;
}

static struct error *
run_ls_exists(struct dbctl_call *call)
{
    return vtep_ctl_exists(find_ls(call, call->argv[1]));
}

static struct error *
run_set_replication_mode(struct dbctl_call *call)
{
    const char *mode = call->argv[2];
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    if (!error && strcmp(mode, "service_node")
        && strcmp(mode, "source_node")) {
        error = error_create(0, "replication mode must be \"service_node\" "
                             "or \"source_node\"");
    }
    if (!error) {
        vtep_logical_switch_set_replication_mode(ls, mode);
    }
    return error;
}

static struct error *
run_get_replication_mode(struct dbctl_call *call)
{
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    if (!error) {
        /* An empty line: "service_node", the default. */
        str_printf(&call->output, "%s\n",
                   ls->replication_mode ? ls->replication_mode : "");
    }
    return error;
}

/* Logical routers. */

static const struct vtep_logical_router *
find_lr(const struct dbctl_call *call, const char *name)
{
    const struct vtep_logical_router *lr;

    VTEP_LOGICAL_ROUTER_FOR_EACH (lr, dbctl_replica(call->dbctl)) {
        if (!strcmp(lr->name, name)) {
            return lr;
        }
    }
    return NULL;
}

static struct error *
run_add_lr(struct dbctl_call *call)
{
    const char *name = call->argv[1];

    if (find_lr(call, name)) {
        return (dbctl_has_option(call, "--may-exist") ? NULL
                : error_create(0, "cannot create logical router %s because "
                               "it already exists", name));
    }
    vtep_logical_router_set_name(
        vtep_logical_router_insert(dbctl_txn(call->dbctl)), name);
    return NULL;
}

static struct error *
run_del_lr(struct dbctl_call *call)
{
    const struct vtep_logical_router *lr = find_lr(call, call->argv[1]);

    if (!lr) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "no logical router named %s",
                               call->argv[1]));
    }
    vtep_logical_router_delete(lr);
    return NULL;
}

static struct error *
run_list_lr(struct dbctl_call *call)
{
    vtep_ctl_put_names(call, &vtep_logical_router_table,
                       VTEP_LOGICAL_ROUTER_COL_NAME);
    return NULL;
}

static struct error *
run_lr_exists(struct dbctl_call *call)
{
    return vtep_ctl_exists(find_lr(call, call->argv[1]));
}

static const struct replica_table_class *const router_tables[] = {
    &vtep_logical_router_table, NULL,
};

static const struct dbctl_command commands[] = {
    { .name = "add-ls", .min_args = 1, .max_args = 1, .arguments = "LSWITCH",
      .options = "--may-exist", .tables = vtep_ctl_switch_tables,
      .run = run_add_ls },
    { .name = "del-ls", .min_args = 1, .max_args = 1, .arguments = "LSWITCH",
      .options = "--if-exists", .tables = vtep_ctl_switch_tables,
      .run = run_del_ls },
    { .name = "list-ls", .tables = vtep_ctl_switch_tables,
      .run = run_list_ls },
    { .name = "ls-exists", .min_args = 1, .max_args = 1,
      .arguments = "LSWITCH", .tables = vtep_ctl_switch_tables,
      .run = run_ls_exists },
    { .name = "set-replication-mode", .min_args = 2, .max_args = 2,
      .arguments = "LSWITCH service_node|source_node",
      .tables = vtep_ctl_switch_tables, .run = run_set_replication_mode },
    { .name = "get-replication-mode", .min_args = 1, .max_args = 1,
      .arguments = "LSWITCH", .tables = vtep_ctl_switch_tables,
      .run = run_get_replication_mode },
    { .name = "add-lr", .min_args = 1, .max_args = 1, .arguments = "LROUTER",
      .options = "--may-exist", .tables = router_tables, .run = run_add_lr },
    { .name = "del-lr", .min_args = 1, .max_args = 1, .arguments = "LROUTER",
      .options = "--if-exists", .tables = router_tables, .run = run_del_lr },
    { .name = "list-lr", .tables = router_tables, .run = run_list_lr },
    { .name = "lr-exists", .min_args = 1, .max_args = 1,
      .arguments = "LROUTER", .tables = router_tables, .run = run_lr_exists },
};

const struct dbctl_command_group vtep_ctl_logical_commands = {
    "Logical switch and logical router commands", commands,
    ARRAY_SIZE(commands)
};
