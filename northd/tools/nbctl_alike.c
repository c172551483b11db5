/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands that are the same for switches and routers, and for
 * their ports, but for the tables; the first word of a command's name says
 * which. */

#include <string.h>

#include "northd/tools/nbctl.h"

struct kind {
    const char *word;
    const char *what;           /* For messages. */
    const struct replica_table_class *table;
    unsigned int name;          /* Columns. */

    /* Of ports. */
    unsigned int enabled;
    unsigned int options;
    const struct replica_table_class *owner;
    unsigned int ports;         /* The owner's column. */
};

static const struct kind kinds[] = {
    { "ls", "switch", &nb_logical_switch_table, NB_LOGICAL_SWITCH_COL_NAME,
      0, 0, NULL, 0 },
    { "lr", "router", &nb_logical_router_table, NB_LOGICAL_ROUTER_COL_NAME,
      0, 0, NULL, 0 },
    { "lsp", "port", &nb_logical_switch_port_table,
      NB_LOGICAL_SWITCH_PORT_COL_NAME, NB_LOGICAL_SWITCH_PORT_COL_ENABLED,
      NB_LOGICAL_SWITCH_PORT_COL_OPTIONS, &nb_logical_switch_table,
      NB_LOGICAL_SWITCH_COL_PORTS },
    { "lrp", "port", &nb_logical_router_port_table,
      NB_LOGICAL_ROUTER_PORT_COL_NAME, NB_LOGICAL_ROUTER_PORT_COL_ENABLED,
      NB_LOGICAL_ROUTER_PORT_COL_OPTIONS, &nb_logical_router_table,
      NB_LOGICAL_ROUTER_COL_PORTS },
};

static const struct kind *
kind_of(const struct dbctl_call *call)
{
    const char *name = call->command->name;
    size_t length = strcspn(name, "-");
    const struct kind *kind = kinds;

    while (strlen(kind->word) != length || memcmp(kind->word, name, length)) {
        kind++;
    }
    return kind;
}

/* The kind of what has ports of the kind. */
static const struct kind *
owner_of(const struct kind *kind)
{
    const struct kind *owner = kinds;

    while (owner->table != kind->owner) {
        owner++;
    }
    return owner;
}

static const char *
name_of(const struct replica_row *row, const struct kind *kind)
{
    return *(const char *const *) dbctl_member(row, kind->name);
}

static struct error *
find(const struct dbctl_call *call, const struct kind *kind, bool must_exist,
     const struct replica_row **row)
{
    return nbctl_find(call->dbctl, kind->table, kind->name, kind->what,
                      call->argv[1], must_exist, row);
}

/* Finds the row that argv[1] names, which need not be there with
 * --if-exists. */
static struct error *
find_if_exists(const struct dbctl_call *call, const struct kind *kind,
               const struct replica_row **row)
{
    return find(call, kind, !dbctl_has_option(call, "--if-exists"), row);
}

/* Switches and routers. */

struct error *
nbctl_run_add(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    const char *name = call->argc > 1 ? call->argv[1] : NULL;
    bool may_exist = dbctl_has_option(call, "--may-exist");
    bool duplicate = dbctl_has_option(call, "--add-duplicate");
    const struct replica_row *row;

    if (may_exist && duplicate) {
        return error_create(0, "--may-exist and --add-duplicate may not be "
                            "used together");
    }
    if (!name && (may_exist || duplicate)) {
        return error_create(0, "%s requires specifying a name",
                            may_exist ? "--may-exist" : "--add-duplicate");
    }
    if (name && !duplicate
        && nbctl_row_named(call->dbctl, kind->table, kind->name, name)) {
        return (may_exist ? NULL
                : error_create(0, "%s: a %s with this name already exists",
                               name, kind->what));
    }
    row = replica_insert(dbctl_txn(call->dbctl), kind->table);
    if (name) {
        replica_write(row, kind->name,
                      &(struct replica_value) { .n = 1, .keys = &name });
    }
    return NULL;
}

struct error *
nbctl_run_del(struct dbctl_call *call)
{
    const struct replica_row *row;
    struct error *error = find_if_exists(call, kind_of(call), &row);

    if (!error && row) {
        replica_delete(row);
    }
    return error;
}

struct error *
nbctl_run_list(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    nbctl_lines lines = VEC_EMPTY;
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), kind->table) {
        nbctl_add_line(&lines, row, name_of(row, kind));
    }
    nbctl_put_lines(&call->output, &lines);
    return NULL;
}

/* Ports. */

struct error *
nbctl_run_port_del(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    const struct replica_row *row, *owner;
    struct error *error = find_if_exists(call, kind, &row);

    if (error || !row) {
        return error;
    }
    owner = replica_index_find_ref(dbctl_index(call->dbctl, kind->owner,
                                               kind->ports), row);
    if (owner) {
        replica_update_remove(owner, kind->ports,
                              &(struct replica_value) { .n = 1,
                                                        .keys = &row });
    }
    replica_delete(row);
    return NULL;
}

/* The ports of the switch or router argv[1]. */
struct error *
nbctl_run_port_list(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    const struct replica_row *owner;
    struct error *error = find(call, owner_of(kind), true, &owner);
    nbctl_lines lines = VEC_EMPTY;

    if (!error) {
        /* As in every struct of a row with the set of references "ports". */
        const struct {
            size_t n_ports;
            const struct replica_row *const *ports;
        } *set = dbctl_member(owner, kind->ports);

        for (size_t i = 0; i < set->n_ports; i++) {
            nbctl_add_line(&lines, set->ports[i],
                           name_of(set->ports[i], kind));
        }
    }
    nbctl_put_lines(&call->output, &lines);
    return error;
}

struct error *
nbctl_run_port_set_enabled(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    const struct replica_row *row;
    struct error *error = find(call, kind, true, &row);
    bool enabled;

    if (!error) {
        error = nbctl_parse_state(call->argv[2], &enabled);
    }
    if (!error) {
        replica_write(row, kind->enabled,
                      &(struct replica_value) { .n = 1, .keys = &enabled });
    }
    return error;
}

struct error *
nbctl_run_port_get_enabled(struct dbctl_call *call)
{
    const struct kind *kind = kind_of(call);
    const struct replica_row *row;
    struct error *error = find(call, kind, true, &row);

    if (!error) {
        const struct replica_column_class *class
            = &kind->table->columns[kind->enabled];
        const bool *is_set = (const void *) ((const char *) row
                                             + class->has_offset);
        const bool *enabled = dbctl_member(row, kind->enabled);

        str_put(&call->output,
                !*is_set || *enabled ? "enabled\n" : "disabled\n");
    }
    return error;
}

struct error *
nbctl_run_port_set_options(struct dbctl_call *call)
{
    struct smap options = SMAP_INITIALIZER(&options);
    const struct kind *kind = kind_of(call);
    const struct replica_row *row;
    struct error *error = find(call, kind, true, &row);

    if (!error) {
        nbctl_parse_pairs(call->argv + 2, call->argc - 2, &options);
        replica_write_smap(row, kind->options, &options);
    }
    smap_uninit(&options);
    return error;
}
