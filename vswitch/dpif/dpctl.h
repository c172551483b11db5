/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DPIF_DPCTL_H
#define DPIF_DPCTL_H

/* The commands of ovs-dpctl(8), which are also dpctl/COMMAND of the switch:
 * what the tool and the switch share of them.
 *
 * The tool has a command run by the switch, but for those about text alone.
 * What a command says goes into one text; lines that tell of an error begin
 * with the program's name and a colon, so that the tool can tell them from
 * output. */

#include "lib/base/compiler.h"
#include "lib/base/str.h"

enum dpctl_command {
    DPCTL_ADD_DP,
    DPCTL_DEL_DP,
    DPCTL_ADD_IF,
    DPCTL_DEL_IF,
    DPCTL_SET_IF,
    DPCTL_DUMP_DPS,
    DPCTL_SHOW,
    DPCTL_DUMP_FLOWS,
    DPCTL_ADD_FLOW,
    DPCTL_MOD_FLOW,
    DPCTL_GET_FLOW,
    DPCTL_DEL_FLOW,
    DPCTL_ADD_FLOWS,
    DPCTL_MOD_FLOWS,
    DPCTL_DEL_FLOWS,
    DPCTL_OFFLOAD_STATS_SHOW,
    DPCTL_DUMP_CONNTRACK,
    DPCTL_DUMP_CONNTRACK_EXP,
    DPCTL_FLUSH_CONNTRACK,
    DPCTL_CACHE_GET_SIZE,
    DPCTL_CACHE_SET_SIZE,
    DPCTL_CT_STATS_SHOW,
    DPCTL_CT_BKTS,
    DPCTL_CT_SET_MAXCONNS,
    DPCTL_CT_GET_MAXCONNS,
    DPCTL_CT_GET_NCONNS,
    DPCTL_CT_ENABLE_TCP_SEQ_CHK,
    DPCTL_CT_DISABLE_TCP_SEQ_CHK,
    DPCTL_CT_GET_TCP_SEQ_CHK,
    DPCTL_CT_SET_SWEEP_INTERVAL,
    DPCTL_CT_GET_SWEEP_INTERVAL,
    DPCTL_CT_SET_LIMITS,
    DPCTL_CT_DEL_LIMITS,
    DPCTL_CT_GET_LIMITS,
    DPCTL_IPF_SET_ENABLED,
    DPCTL_IPF_SET_DISABLED,
    DPCTL_IPF_SET_MIN_FRAG,
    DPCTL_IPF_SET_MAX_NFRAGS,
    DPCTL_IPF_GET_STATUS,
    DPCTL_LIST_COMMANDS,
    DPCTL_PARSE_ACTIONS,
    DPCTL_NORMALIZE_ACTIONS,
    DPCTL_N_COMMANDS
};

struct dpctl_row {
    const char *name;
    const char *usage;
    int min_args, max_args;      /* Options are not counted. */
    bool changes;                /* Not allowed with --read-only. */
};

/* By enum dpctl_command, which is the order in which they are listed. */
extern const struct dpctl_row dpctl_table[DPCTL_N_COMMANDS];

/* The row of the command 'name'; NULL if there is none. */
const struct dpctl_row *dpctl_find(const char *name);

/* A command that is being run. */
struct dpctl {
    unsigned int verbosity;      /* -m: how often. */
    bool names;                  /* --names; -m without --no-names. */
    bool statistics;             /* -s. */
    bool may_create;             /* --may-create */
    bool zero_statistics;        /* --clear */
    struct str out;
};

/* Runs a command, whose name is argv[0]; options have been taken.  Returns 0
 * or a positive errno value, having said the error. */
typedef int dpctl_fn(struct dpctl *, int argc, const char *argv[]);

/* Appends "PROGRAM: FORMAT (strerror)"; 'error' is an errno value of any sign,
 * 0 leaves the parentheses out.  Returns the errno value, positive. */
int dpctl_error(struct dpctl *, int error, const char *format, ...)
    PRINTF_FORMAT(3, 4);

/* Appends the list of commands, each with 'prefix'. */
void dpctl_list_commands(const char *prefix, struct str *);

/* "parse-actions ACTIONS...": as they print. */
dpctl_fn dpctl_parse_actions;

/* "normalize-actions FLOW ACTIONS [NAME=NUMBER]...": what happens to the
 * packet with each stack of VLAN headers, whatever the order of actions. */
dpctl_fn dpctl_normalize_actions;

#endif /* dpif/dpctl.h */
