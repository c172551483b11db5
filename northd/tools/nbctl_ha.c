/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on HA chassis groups. */

#include <string.h>

#include "northd/tools/nbctl.h"

static struct error *
find_group(const struct dbctl_call *call, const char *id, bool must_exist,
           const struct nb_ha_chassis_group **group)
{
    return nbctl_find(call->dbctl, &nb_ha_chassis_group_table,
                      NB_HA_CHASSIS_GROUP_COL_NAME, "HA chassis group",
                      id, must_exist, (const struct replica_row **) group);
}

static const struct nb_ha_chassis *
find_chassis(const struct nb_ha_chassis_group *group, const char *name)
{
    for (size_t i = 0; i < group->n_ha_chassis; i++) {
        if (!strcmp(group->ha_chassis[i]->chassis_name, name)) {
            return group->ha_chassis[i];
        }
    }
    return NULL;
}

/* The group and the chassis in it that argv[1] and argv[2] name. */
static struct error *
find_member(const struct dbctl_call *call,
            const struct nb_ha_chassis_group **group,
            const struct nb_ha_chassis **chassis)
{
    struct error *error = find_group(call, call->argv[1], true, group);

    *chassis = error ? NULL : find_chassis(*group, call->argv[2]);
    if (!error && !*chassis) {
        error = error_create(0, "%s: chassis is not in HA chassis group %s",
                             call->argv[2], call->argv[1]);
    }
    return error;
}

static struct error *
run_add(struct dbctl_call *call)
{
    const struct nb_ha_chassis_group *group;
    struct error *error = find_group(call, call->argv[1], false, &group);

    if (!error && group) {
        error = error_create(0, "%s: an HA chassis group with this name "
                             "already exists", call->argv[1]);
    }
    if (!error) {
        group = nb_ha_chassis_group_insert(dbctl_txn(call->dbctl));
        nb_ha_chassis_group_set_name(group, call->argv[1]);
    }
    return error;
}

static struct error *
run_del(struct dbctl_call *call)
{
    const struct nb_ha_chassis_group *group;
    struct error *error = find_group(call, call->argv[1], true, &group);

    if (!error) {
        nb_ha_chassis_group_delete(group);
    }
    return error;
}

static struct error *
run_add_chassis(struct dbctl_call *call)
{
    const struct nb_ha_chassis_group *group;
    const struct nb_ha_chassis *chassis;
    int64_t priority;
    struct error *error = find_group(call, call->argv[1], true, &group);

    if (!error) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    if (error) {
        return error;
    }
    chassis = find_chassis(group, call->argv[2]);
    if (!chassis) {
        chassis = nb_ha_chassis_insert(dbctl_txn(call->dbctl));
        nb_ha_chassis_set_chassis_name(chassis, call->argv[2]);
        nb_ha_chassis_group_update_ha_chassis_addvalue(group, chassis);
    }
    nb_ha_chassis_set_priority(chassis, priority);
    return NULL;
}

static struct error *
run_remove_chassis(struct dbctl_call *call)
{
    const struct nb_ha_chassis_group *group;
    const struct nb_ha_chassis *chassis;
    struct error *error = find_member(call, &group, &chassis);

    if (!error) {
        nb_ha_chassis_group_update_ha_chassis_delvalue(group, chassis);
        nb_ha_chassis_delete(chassis);
    }
    return error;
}

static struct error *
run_set_chassis_prio(struct dbctl_call *call)
{
    const struct nb_ha_chassis_group *group;
    const struct nb_ha_chassis *chassis;
    int64_t priority;
    struct error *error = find_member(call, &group, &chassis);

    if (!error) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    if (!error) {
        nb_ha_chassis_set_priority(chassis, priority);
    }
    return error;
}

static int
compare_groups(const void *a_, const void *b_)
{
    const struct nb_ha_chassis_group *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static struct error *
run_list(struct dbctl_call *call)
{
    VEC(const struct nb_ha_chassis_group *) groups = VEC_EMPTY;
    const struct nb_ha_chassis_group *group;
    struct error *error = NULL;

    if (call->argc > 1) {
        error = find_group(call, call->argv[1], true, &group);
        if (error) {
            return error;
        }
        vec_push(&groups, group);
    } else {
        NB_HA_CHASSIS_GROUP_FOR_EACH (group, dbctl_replica(call->dbctl)) {
            vec_push(&groups, group);
        }
    }
    vec_sort(&groups, compare_groups);
    VEC_FOR_EACH (p, &groups) {
        group = *p;
        str_printf(&call->output, UUID_FMT " (%s)\n",
                   UUID_ARGS(&group->header.uuid), group->name);
        for (size_t i = 0; i < group->n_ha_chassis; i++) {
            const struct nb_ha_chassis *chassis = group->ha_chassis[i];

            str_printf(&call->output, "    " UUID_FMT " (%s)\n"
                       "    priority %lld\n\n",
                       UUID_ARGS(&chassis->header.uuid),
                       chassis->chassis_name, (long long) chassis->priority);
        }
        str_put_char(&call->output, '\n');
    }
    vec_uninit(&groups);
    return NULL;
}

#define GROUP(COLUMN) REPLICA_COL(NB_HA_CHASSIS_GROUP_COL_##COLUMN)
#define NEED_GROUP(COLUMNS) \
    NEED_NAMED(nb_ha_chassis_group, 1, COLUMNS, NB_HA_CHASSIS_GROUP_COL_NAME)
#define NEED_MEMBERS NEED_REFERENCED(nb_ha_chassis, REPLICA_ALL_COLS)

#define HA_COMMAND(NAME, MIN, MAX, ARGUMENTS, RUN, ...) \
    { .name = "ha-chassis-group-" NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .needs = NEEDS(__VA_ARGS__), .run = RUN }

static const struct dbctl_command commands[] = {
    HA_COMMAND("add", 1, 1, "GROUP", run_add, NEED_GROUP(0)),
    HA_COMMAND("del", 1, 1, "GROUP", run_del, NEED_GROUP(0)),
    HA_COMMAND("list", 0, 1, "[GROUP]", run_list,
               NEED_NAMED_OR_ALL(nb_ha_chassis_group, 1,
                                 GROUP(NAME) | GROUP(HA_CHASSIS),
                                 NB_HA_CHASSIS_GROUP_COL_NAME),
               NEED_MEMBERS),
    HA_COMMAND("add-chassis", 3, 3, "GROUP CHASSIS PRIORITY",
               run_add_chassis, NEED_GROUP(GROUP(HA_CHASSIS)), NEED_MEMBERS),
    HA_COMMAND("remove-chassis", 2, 2, "GROUP CHASSIS", run_remove_chassis,
               NEED_GROUP(GROUP(HA_CHASSIS)), NEED_MEMBERS),
    HA_COMMAND("set-chassis-prio", 3, 3, "GROUP CHASSIS PRIORITY",
               run_set_chassis_prio, NEED_GROUP(GROUP(HA_CHASSIS)),
               NEED_MEMBERS),
};

const struct dbctl_command_group nbctl_ha_commands = {
    "HA chassis group commands", commands, ARRAY_SIZE(commands)
};
