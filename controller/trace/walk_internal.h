/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRACE_WALK_INTERNAL_H
#define CONTROLLER_TRACE_WALK_INTERNAL_H

/* What the files of a walk share, and nobody else includes. */

#include "controller/trace/walk.h"

struct walker {
    const struct walk_options *options;
    struct arena *arena;
    size_t n_ct;                 /* Connection states used. */
    int depth;
    size_t n_tables;             /* Looked up. */
    VEC(u128) stack;             /* Of push() and pop(). */
};

/* Where the packet is. */
struct place {
    struct datapath *dp;
    enum pipeline pipeline;
    uint8_t table;
    struct flow *flow;           /* Changed by actions. */
};

/* Does what an action does, and reports it below 'report', where the action's
 * text is already. */
typedef void walk_action(struct walker *, const struct place *,
                         const struct action *, struct report *report);

/* walk.c */

/* Names as the options want them. */
const char *walk_port_name(const struct walker *, const struct port *);
const char *walk_dp_name(const struct walker *, const struct datapath *);

/* Reports "TEXT" as a comment. */
void walk_comment(struct walker *, struct report *, const char *text);

/* Enters a pipeline with a copy of 'flow'. */
void walk_enter(struct walker *, struct datapath *, enum pipeline,
                const struct flow *, uint8_t table, struct report *);

/* The packet goes on as 'flow' at 'table' of the same pipeline. */
void walk_next(struct walker *, const struct place *, const struct flow *,
               uint8_t table, struct report *);

/* Executes a list of actions; an empty one is "drop;". */
void walk_actions(struct walker *, const struct place *,
                  const struct action *, struct report *);

/* Into the egress pipeline towards 'port'. */
void walk_output_to(struct walker *, const struct place *,
                    const struct port *, struct report *);

/* Out of the egress pipeline: into the peer's datapath, or away. */
void walk_deliver(struct walker *, const struct place *, struct report *);

/* walk_fields.c */
void walk_write_named(struct walker *, const struct place *,
                      const char *field, u128 value, struct report *);

/* Puts the result of 'a' where it goes, without a report. */
void walk_store(const struct place *, const struct action *a, u128 value);

/* Reports that the place of the result of 'a' became 'value', in the minimal
 * form only. */
void walk_report_result(struct walker *, const struct action *a,
                        unsigned int value, struct report *);

/* False, with a report, if decrementing the TTL ends the packet. */
bool walk_dec_ttl(struct walker *, const struct place *, struct report *);

walk_action walk_load, walk_move, walk_exchange, walk_push, walk_pop;

/* walk_ct.c */
walk_action walk_ct_next, walk_ct_nat, walk_ct_lb, walk_ct_commit_nat,
    walk_ct_commit_to_zone, walk_ct_clear, walk_ct_original,
    walk_ct_state_save, walk_ct_snat_to_vip, walk_chk_lb_hairpin;

/* walk_packets.c */
walk_action walk_clone, walk_arp, walk_nd_na, walk_nd_ns, walk_icmp,
    walk_reset, walk_reject;

/* walk_lookups.c */
walk_action walk_get_mac, walk_lookup_mac, walk_get_fdb, walk_lookup_fdb,
    walk_select, walk_fwd_group, walk_mirror, walk_flood_remote,
    walk_check_port_sec, walk_put_dhcp_opts, walk_put_opts,
    walk_dhcp_relay_req_chk, walk_dhcp_relay_resp_chk, walk_dns_lookup,
    walk_nothing_found, walk_log;

#endif /* controller/trace/walk_internal.h */
