/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on forwarding groups. */

#include <string.h>

#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* A group and the switch that has it; false if there is none. */
static bool
find_group(const struct dbctl_call *call, const char *name,
           const struct nb_logical_switch **ret_ls,
           const struct nb_forwarding_group **ret_group)
{
    const struct nb_logical_switch *ls;

    NB_LOGICAL_SWITCH_FOR_EACH (ls, dbctl_replica(call->dbctl)) {
        for (size_t i = 0; i < ls->n_forwarding_groups; i++) {
            if (!strcmp(ls->forwarding_groups[i]->name, name)) {
                *ret_ls = ls;
                *ret_group = ls->forwarding_groups[i];
                return true;
            }
        }
    }
    return false;
}

static struct error *
check_addresses(const char *vip, const char *vmac)
{
    struct eth_addr mac;
    be32 ip;

    if (!ip4_parse(vip, &ip)) {
        return error_create(0, "%s: virtual IP is no IPv4 address", vip);
    } else if (!mac_parse(vmac, &mac)) {
        return error_create(0, "%s: virtual MAC is no Ethernet address",
                            vmac);
    }
    return NULL;
}

static struct error *
check_port(struct dbctl_call *call, const struct nb_logical_switch *ls,
           const char *name)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, name, true, &lsp);

    if (!error && nbctl_switch_of(call->dbctl, lsp) != ls) {
        error = error_create(0, "%s: port is not on switch %s", name,
                             call->argv[2]);
    }
    return error;
}

static struct error *
run_fwd_group_add(struct dbctl_call *call)
{
    const struct nb_logical_switch *ls, *other_ls;
    const struct nb_forwarding_group *group;
    struct error *error = nbctl_find_switch(call->dbctl, call->argv[2], true,
                                            &ls);

    if (!error && find_group(call, call->argv[1], &other_ls, &group)) {
        error = error_create(0, "%s: a forwarding group with this name "
                             "already exists", call->argv[1]);
    }
    if (!error) {
        error = check_addresses(call->argv[3], call->argv[4]);
    }
    for (int i = 5; !error && i < call->argc; i++) {
        error = check_port(call, ls, call->argv[i]);
    }
    if (error) {
        return error;
    }
    group = nb_forwarding_group_insert(dbctl_txn(call->dbctl));
    nb_forwarding_group_set_name(group, call->argv[1]);
    nb_forwarding_group_set_vip(group, call->argv[3]);
    nb_forwarding_group_set_vmac(group, call->argv[4]);
    nb_forwarding_group_set_liveness(group,
                                     dbctl_has_option(call, "--liveness"));
    nb_forwarding_group_set_child_port(
        group, (const char *const *) call->argv + 5, call->argc - 5);
    nb_logical_switch_update_forwarding_groups_addvalue(ls, group);
    return NULL;
}

static struct error *
run_fwd_group_del(struct dbctl_call *call)
{
    const struct nb_forwarding_group *group;
    const struct nb_logical_switch *ls;

    if (find_group(call, call->argv[1], &ls, &group)) {
        nb_logical_switch_update_forwarding_groups_delvalue(ls, group);
        nb_forwarding_group_delete(group);
    }
    return NULL;
}

struct listed {
    const struct nb_forwarding_group *group;
    const struct nb_logical_switch *ls;
};

static int
compare_listed(const void *a_, const void *b_)
{
    const struct listed *a = a_, *b = b_;

    return strcmp(a->group->name, b->group->name);
}

static struct error *
run_fwd_group_list(struct dbctl_call *call)
{
    const struct nb_logical_switch *only = NULL, *ls;
    VEC(struct listed) sorted = VEC_EMPTY;
    struct error *error = NULL;

    if (call->argc > 1) {
        error = nbctl_find_switch(call->dbctl, call->argv[1], true, &only);
        if (error) {
            return error;
        }
    }
    NB_LOGICAL_SWITCH_FOR_EACH (ls, dbctl_replica(call->dbctl)) {
        for (size_t i = 0; (!only || ls == only)
             && i < ls->n_forwarding_groups; i++) {
            vec_push(&sorted, (struct listed) { ls->forwarding_groups[i],
                                                ls });
        }
    }
    vec_sort(&sorted, compare_listed);
    str_printf(&call->output, "%-16s%-14s%-16s%-22s%s\n", "FWD_GROUP", "LS",
               "VIP", "VMAC", "CHILD_PORTS");
    VEC_FOR_EACH (listed, &sorted) {
        const struct nb_forwarding_group *group = listed->group;

        str_printf(&call->output, "%-16.16s%-14.18s%-15.16s%-9.18s     ",
                   group->name, listed->ls->name, group->vip, group->vmac);
        for (size_t i = 0; i < group->n_child_port; i++) {
            str_printf(&call->output, " %s", group->child_port[i]);
        }
        str_put_char(&call->output, '\n');
    }
    vec_uninit(&sorted);
    return NULL;
}

/* The group and its switch. */
#define NEED_GROUP \
    NEED_NAMED(nb_forwarding_group, 1, 0, NB_FORWARDING_GROUP_COL_NAME), \
    NEED_OWNERS(nb_logical_switch, 0, NB_LOGICAL_SWITCH_COL_FORWARDING_GROUPS)

static const struct dbctl_command commands[] = {
    { .name = "fwd-group-add", .min_args = 5, .max_args = INT_MAX,
      .arguments = "GROUP SWITCH VIP VMAC PORT...", .options = "--liveness",
      .needs = NEEDS(NEED_GROUP, NEED_LS(2, 0), NEED_LSP(-5, 0),
                     NEED_LS_OF_LSP(0)),
      .run = run_fwd_group_add },
    { .name = "fwd-group-del", .min_args = 1, .max_args = 1,
      .arguments = "GROUP", .options = "--if-exists",
      .needs = NEEDS(NEED_GROUP),
      .run = run_fwd_group_del },
    { .name = "fwd-group-list", .max_args = 1, .arguments = "[SWITCH]",
      .needs = NEEDS(NEED_NAMED_OR_ALL(nb_logical_switch, 1,
                                       LS(NAME) | LS(FORWARDING_GROUPS),
                                       NB_LOGICAL_SWITCH_COL_NAME),
                     NEED_REFERENCED(nb_forwarding_group, REPLICA_ALL_COLS)),
      .run = run_fwd_group_list },
};

const struct dbctl_command_group nbctl_fwd_commands = {
    "Forwarding group commands", commands, ARRAY_SIZE(commands)
};
