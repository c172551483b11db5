/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_DPCTL_COMMANDS_H
#define OFPROTO_DPCTL_COMMANDS_H

/* Inside of the dpctl/... commands (vswitch/dpif/dpctl.h has their table):
 * dpctl_commands.c runs them, those on datapaths, flows, connections and
 * settings of connection tracking are in files of their own. */

#include "vswitch/dpif/dpctl.h"
#include "vswitch/ofproto/commands.h"

struct dpif;

/* Is the datapath one that the switch has bridges on? */
bool commands_is_in_use(const struct dpif *);

/* Calls 'each' for every datapath, in order of types. */
void dpctl_for_each(void (*each)(const char *type, const char *name,
                                 void *aux),
                    void *aux);

/* Is there a datapath "[TYPE@]NAME"?  Without a type it is "system". */
bool dpctl_is_datapath(const char *);

/* Opens "[TYPE@]NAME", or makes it: EEXIST if it is there.  Stores a handle for
 * dpif_close().  Returns 0 or a positive errno value. */
int dpctl_open_named(const char *, bool create, struct dpif **);

/* Opens the datapath that argv[1] names, or, if that is something else and
 * there may be less than 'max_args' arguments, the only one there is.  Returns
 * 0, with a handle for dpif_close(), or an errno value having said it. */
int dpctl_open(struct dpctl *, int argc, const char *argv[], int max_args,
               struct dpif **) MUST_USE;

/* dpctl_datapath_commands.c */
dpctl_fn dpctl_add_dp, dpctl_del_dp, dpctl_add_if, dpctl_del_if, dpctl_set_if;
dpctl_fn dpctl_dump_dps, dpctl_show;
dpctl_fn dpctl_offload_stats_show, dpctl_cache_get_size, dpctl_cache_set_size;

/* dpctl_flow_commands.c */
dpctl_fn dpctl_dump_flows, dpctl_add_flow, dpctl_mod_flow, dpctl_get_flow;
dpctl_fn dpctl_del_flow, dpctl_add_flows, dpctl_mod_flows, dpctl_del_flows;

/* ct_commands.c */
dpctl_fn dpctl_dump_conntrack, dpctl_dump_conntrack_exp;
dpctl_fn dpctl_flush_conntrack, dpctl_ct_stats_show;

/* ct_settings_commands.c */
dpctl_fn dpctl_ct_bkts, dpctl_ct_set_maxconns, dpctl_ct_get_maxconns;
dpctl_fn dpctl_ct_get_nconns, dpctl_ct_enable_tcp_seq_chk;
dpctl_fn dpctl_ct_disable_tcp_seq_chk, dpctl_ct_get_tcp_seq_chk;
dpctl_fn dpctl_ct_set_sweep_interval, dpctl_ct_get_sweep_interval;
dpctl_fn dpctl_ct_set_limits, dpctl_ct_del_limits, dpctl_ct_get_limits;
dpctl_fn dpctl_ipf_set_enabled, dpctl_ipf_set_disabled, dpctl_ipf_set_min_frag;
dpctl_fn dpctl_ipf_set_max_nfrags, dpctl_ipf_get_status;

#endif /* ofproto/dpctl_commands.h */
