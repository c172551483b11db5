/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_DPCTL_COMMANDS_H
#define OFPROTO_DPCTL_COMMANDS_H

/* Inside of the dpctl/... commands: those on flows are in a file of their
 * own. */

#include "lib/daemon/control.h"
#include "vswitch/ofproto/commands.h"

struct dpif;

/* Opens the datapath "[TYPE@]NAME" ("system" without a type, but for names
 * that are there under another); NULL: the only one.  Returns NULL after a
 * reply, else a handle for dpif_close(). */
struct dpif *commands_open_dpif(struct control_conn *, const char *name,
                                bool create);

/* Is the datapath one that the switch has bridges on? */
bool commands_is_in_use(const struct dpif *);

/* dpctl_flow_commands.c */
void dpctl_dump_flows(struct control_conn *, int argc, const char *argv[],
                      void *aux);
void dpctl_add_flow(struct control_conn *, int argc, const char *argv[],
                    void *aux);
void dpctl_mod_flow(struct control_conn *, int argc, const char *argv[],
                    void *aux);
void dpctl_get_flow(struct control_conn *, int argc, const char *argv[],
                    void *aux);
void dpctl_del_flow(struct control_conn *, int argc, const char *argv[],
                    void *aux);
void dpctl_add_flows(struct control_conn *, int argc, const char *argv[],
                     void *aux);
void dpctl_mod_flows(struct control_conn *, int argc, const char *argv[],
                     void *aux);
void dpctl_del_flows(struct control_conn *, int argc, const char *argv[],
                     void *aux);

#endif /* ofproto/dpctl_commands.h */
