/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on control plane protection. */

#include "northd/tools/nbctl.h"

/* Kinds of packets that go to the controller, as ovn-nb(5) names them. */
static const char *const protocols[] = {
    "arp", "arp-resolve", "dhcpv4-opts", "dhcpv6-opts", "dns", "event-elb",
    "icmp4-error", "icmp6-error", "igmp", "nd-na", "nd-ns", "nd-ns-resolve",
    "nd-ra-opts", "tcp-reset", "bfd", "reject", "svc-monitor", NULL,
};

static struct error *
find_copp(const struct dbctl_call *call, bool must_exist,
          const struct nb_copp **copp)
{
    return nbctl_find(call->dbctl, &nb_copp_table, NB_COPP_COL_NAME,
                      "copp", call->argv[1], must_exist,
                      (const struct replica_row **) copp);
}

static struct error *
run_copp_add(struct dbctl_call *call)
{
    const struct nb_copp *copp;
    struct error *error = nbctl_parse_choice("control protocol",
                                             call->argv[2], protocols);

    if (!error) {
        error = find_copp(call, false, &copp);
    }
    if (error) {
        return error;
    }
    if (!copp) {
        copp = nb_copp_insert(dbctl_txn(call->dbctl));
        nb_copp_set_name(copp, call->argv[1]);
    }
    nb_copp_update_meters_setkey(copp, call->argv[2], call->argv[3]);
    return NULL;
}

static struct error *
run_copp_del(struct dbctl_call *call)
{
    const struct nb_copp *copp;
    struct error *error = NULL;

    if (call->argc > 2) {
        error = nbctl_parse_choice("control protocol", call->argv[2],
                                   protocols);
    }
    if (!error) {
        error = find_copp(call, false, &copp);
    }
    if (error || !copp) {
        return error;
    }
    if (call->argc > 2) {
        nb_copp_update_meters_delkey(copp, call->argv[2]);
    } else {
        nb_copp_delete(copp);
    }
    return NULL;
}

static struct error *
run_copp_list(struct dbctl_call *call)
{
    const struct nb_copp *copp;
    struct error *error = find_copp(call, false, &copp);

    if (error || !copp) {
        return error;
    }
    STRMAP_FOR_EACH (i, &copp->meters) {
        str_printf(&call->output, "%s: %s\n", copp->meters.keys[i],
                   copp->meters.values[i]);
    }
    return NULL;
}

static struct error *
run_ls_copp_add(struct dbctl_call *call)
{
    const struct nb_logical_switch *ls;
    const struct nb_copp *copp;
    struct error *error = nbctl_find_switch(call->dbctl, call->argv[2], true,
                                            &ls);

    if (!error) {
        error = find_copp(call, true, &copp);
    }
    if (!error) {
        nb_logical_switch_set_copp(ls, copp);
    }
    return error;
}

static struct error *
run_lr_copp_add(struct dbctl_call *call)
{
    const struct nb_logical_router *lr;
    const struct nb_copp *copp;
    struct error *error = nbctl_find_router(call->dbctl, call->argv[2], true,
                                            &lr);

    if (!error) {
        error = find_copp(call, true, &copp);
    }
    if (!error) {
        nb_logical_router_set_copp(lr, copp);
    }
    return error;
}

#define NEED_COPP(COLUMNS) NEED_NAMED(nb_copp, 1, COLUMNS, NB_COPP_COL_NAME)
#define METERS REPLICA_COL(NB_COPP_COL_METERS)

static const struct dbctl_command commands[] = {
    { .name = "copp-add", .min_args = 3, .max_args = 3,
      .arguments = "NAME PROTOCOL METER", .needs = NEEDS(NEED_COPP(METERS)),
      .run = run_copp_add },
    { .name = "copp-del", .min_args = 1, .max_args = 2,
      .arguments = "NAME [PROTOCOL]", .needs = NEEDS(NEED_COPP(METERS)),
      .run = run_copp_del },
    { .name = "copp-list", .min_args = 1, .max_args = 1, .arguments = "NAME",
      .needs = NEEDS(NEED_COPP(METERS)), .run = run_copp_list },
    { .name = "ls-copp-add", .min_args = 2, .max_args = 2,
      .arguments = "NAME SWITCH", .needs = NEEDS(NEED_COPP(0), NEED_LS(2, 0)),
      .run = run_ls_copp_add },
    { .name = "lr-copp-add", .min_args = 2, .max_args = 2,
      .arguments = "NAME ROUTER", .needs = NEEDS(NEED_COPP(0), NEED_LR(2, 0)),
      .run = run_lr_copp_add },
};

const struct dbctl_command_group nbctl_copp_commands = {
    "Control plane protection commands", commands, ARRAY_SIZE(commands)
};
