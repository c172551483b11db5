/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_CT_COMMANDS_H
#define OFPROTO_CT_COMMANDS_H

/* What the control commands of connection tracking share: ct_commands.c has
 * those about connections, ct_settings_commands.c those about limits and other
 * settings. */

#include "lib/base/error.h"
#include "lib/daemon/control.h"
#include "vswitch/ofproto/backer.h"

/* Arguments that remain, the datapath's name taken off. */
struct ct_command_args {
    int n;
    const char **v;
    struct backer *backer;
};

/* Finds the datapath: the first argument names it if it is there and is no
 * setting ("zone=5").  Replies with an error and returns false if there is no
 * such datapath.  'n_own' arguments are the command's own at least. */
bool ct_take_datapath(struct control_conn *, int argc, const char *argv[],
                      int n_own, struct ct_command_args *);

/* "invalid WHAT "TEXT"". */
struct error *ct_bad_argument(const char *what, const char *text) MUST_USE;

struct error *ct_parse_zone(const char *text, int *zone) MUST_USE;
struct error *ct_parse_u32(const char *what, const char *text,
                           uint32_t *ret) MUST_USE;

/* Replies with what 'error' (an errno value, negative or not) means, or that
 * all is well. */
void ct_reply_errno(struct control_conn *, int error);

/* ct_settings_commands.c */
void ct_register_settings_commands(void);

#endif /* ofproto/ct_commands.h */
