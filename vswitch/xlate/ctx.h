/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_CTX_H
#define XLATE_CTX_H

/* The state of one translation, which its parts pass along. */

#include <linux/openvswitch.h>

#include "lib/base/vec.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/xlate/cache.h"
#include "vswitch/xlate/trace.h"
#include "vswitch/xlate/xlate.h"

struct xlate_ctx {
    const struct xlate_in *in;
    struct xlate_out *out;
    struct flow_wildcards *wc;   /* &out->wc. */
    struct buf *odp;             /* &out->actions. */
    struct trace_node *trace;    /* Where notes go now; NULL: no trace. */

    /* Where the packet is. */
    struct ofproto *ofproto;
    uint64_t version;            /* Of the bridge's tables. */
    const struct tlv_table *tlv;
    struct flow flow;            /* As the packet is to be. */
    struct flow base;            /* As the datapath actions so far make it. */
    ofp_port_t in_port;          /* Where it came into this bridge. */
    struct rule *rule;           /* Whose actions are done; NULL: none. */
    uint8_t table_id;
    be64 cookie;                 /* Of 'rule'. */
    bool is_miss_entry;          /* 'rule' is a table-miss entry. */

    /* Bounds. */
    unsigned int depth;
    unsigned int n_resubmits;
    enum xlate_error error;

    /* State of the pipeline. */
    VEC(uint8_t) stack;          /* Items: value, then a length byte. */
    struct buf action_set;       /* struct ofpact's. */
    bool has_action_set;
    bool in_action_set;          /* Executing it. */
    bool in_group;
    uint32_t queue_priority;     /* To go back to; pop_queue. */
    bool is_conntracked;         /* ct_state is set by a ct() action. */
    bool had_mpls;

    /* Headers that come and go with the next commit. */
    bool push_nsh;               /* flow.nsh, with these TLVs: */
    struct buf nsh_tlvs;
    bool pop_nsh;
    bool add_mpls;               /* flow.mpls_lse[0]. */
    be16 pop_mpls;               /* To what type; 0: nothing to pop. */

    /* Ending. */
    bool exit;                   /* Stop all levels. */
    bool freezing;               /* Each level puts what is left of it here: */
    VEC(struct frozen_segment) segments;
    struct buf frozen;           /* Actions of 'segments'. */
    uint8_t frozen_table;        /* To go on with before them. */
    const struct ofpact_controller *pause;   /* Freezing for this, of a rule: */
    be64 pause_cookie;
    uint8_t pause_table;
    bool freeze_for_decap;       /* Freezing to see what was inside. */
    bool freeze_for_hash;        /* Freezing for dp_hash with: */
    uint32_t hash_algorithm;
    uint32_t hash_basis;

    ofp_port_t nf_output;        /* Where it went, for notes. */
    unsigned int n_reshaped;     /* Headers that came or went for good. */
};

/* Fails the translation; the first error stays. */
void xlate_fail(struct xlate_ctx *, enum xlate_error);

/* Adds a note to the trace. */
#define xlate_note(CTX, TYPE, ...) \
    ((CTX)->trace ? (void) trace_add((CTX)->trace, TYPE, __VA_ARGS__) \
                  : (void) 0)

/* What the ports of the bridge that the packet is in are called in notes. */
const struct port_map *xlate_port_names(const struct xlate_ctx *);

/* Notes an action that is done. */
void xlate_note_action(struct xlate_ctx *, const struct ofpact *);

/* Credits now and notes for later, as the translation asks. */
void xlate_credit(struct xlate_ctx *, const struct credit *);

/* Says whether the walk may go one deeper; fails the translation if not. */
bool xlate_check_bounds(struct xlate_ctx *);

/* Walks on: from a table; through a list of actions, which is the last thing
 * that happens to the packet if 'is_last'. */
void xlate_table(struct xlate_ctx *, ofp_port_t in_port, uint8_t table_id,
                 bool may_miss, bool honor_miss, bool is_last);

/* Like xlate_table(), but the lookup (not the actions of what it finds) sees
 * the five-tuple of the connection's original direction. */
void xlate_table_with_ct_orig(struct xlate_ctx *, ofp_port_t in_port,
                              uint8_t table_id, bool is_last);

void xlate_actions(struct xlate_ctx *, const struct ofpact *, size_t size,
                   bool is_last);
void xlate_execute_action_set(struct xlate_ctx *);

/* Zeroes what connection tracking says of a packet. */
void xlate_clear_ct_members(struct flow *);

/* freeze.c */

/* Begins to freeze: what is left to do at each level is put away. */
void xlate_start_freezing(struct xlate_ctx *);

/* Leaves the actions from 'a' to 'end' for later. */
void xlate_freeze_actions(struct xlate_ctx *, const struct ofpact *a,
                          const uint8_t *end);

/* Ends freezing, if it is on: emits what sends the packet back. */
void xlate_finish_freezing(struct xlate_ctx *);

/* Stores the present state, to go on with 'table_id' and then the segments;
 * returns its id, referenced from the result. */
uint32_t xlate_save_state(struct xlate_ctx *, uint8_t table_id,
                          const void *userdata, size_t userdata_size);

/* Saves what an excursion (a patch port, a clone, a bucket) must not change,
 * and brings it back. */
struct xlate_saved {
    struct flow flow;
    struct buf action_set;
    bool has_action_set;
    bool is_conntracked;
    bool had_mpls;
    VEC(uint8_t) stack;
    struct ofproto *ofproto;
    uint64_t version;
    const struct tlv_table *tlv;
    ofp_port_t in_port;
    struct rule *rule;
    uint8_t table_id;
    be64 cookie;
    bool exit;
    bool push_nsh, pop_nsh, add_mpls;
    be16 pop_mpls;
    struct flow base;
    size_t n_actions;            /* Bytes of datapath actions so far. */
    unsigned int n_reshaped;
};
void xlate_save(struct xlate_ctx *, struct xlate_saved *);
void xlate_restore(struct xlate_ctx *, struct xlate_saved *);

/* To be called before xlate_restore() if something else happens to the packet
 * afterwards: if the excursion changed the packet in a way that cannot be
 * undone, wraps its datapath actions so that they work on a copy. */
void xlate_contain(struct xlate_ctx *, const struct xlate_saved *);

/* Puts the packet of 'ctx' into 'ofproto'. */
void xlate_enter_bridge(struct xlate_ctx *, struct ofproto *);

/* output.c */
void xlate_output(struct xlate_ctx *, ofp_port_t, uint16_t max_len,
                  uint32_t truncate, bool is_last);
void xlate_controller(struct xlate_ctx *, uint16_t max_len,
                      enum packet_in_reason, uint16_t controller_id,
                      uint32_t meter_id, const uint8_t *userdata,
                      size_t userdata_size);
void xlate_normal(struct xlate_ctx *);
void xlate_flood(struct xlate_ctx *, bool all, uint32_t truncate);

/* Do the datapath actions so far send the packet to 'port_no'?  What is in
 * clones and the like does not count. */
bool xlate_sends_to(const struct xlate_ctx *, ofp_port_t port_no);

/* Is a port up, for whoever watches it? */
bool xlate_port_is_live(const struct xlate_ctx *, ofp_port_t);

/* group.c */
void xlate_group(struct xlate_ctx *, const struct ofpact_group *,
                 bool is_last);
uint32_t xlate_hash_fields(struct xlate_ctx *, enum hash_fields,
                           uint16_t basis);
ofp_port_t xlate_choose_member(struct xlate_ctx *,
                               const struct ofpact_bundle *);
void xlate_multipath(struct xlate_ctx *, const struct ofpact_multipath *);

/* ct.c */
void xlate_ct(struct xlate_ctx *, const struct ofpact_ct *);
void xlate_ct_clear(struct xlate_ctx *);

/* commit.c: datapath actions. */

/* Emits what makes the packet, now 'base', 'flow'. */
void xlate_commit(struct xlate_ctx *);

/* MPLS labels of the flow: up to the one that says that it is the last, or all
 * that are not zero. */
unsigned int xlate_count_mpls(const struct flow *);

/* Attributes in 'odp': one with 'size' bytes; nested ones. */
void odp_put(struct buf *, uint16_t type, const void *, size_t size);
void odp_put_u32(struct buf *, uint16_t type, uint32_t);
void odp_put_u16(struct buf *, uint16_t type, uint16_t);
void odp_put_u8(struct buf *, uint16_t type, uint8_t);
void odp_put_flag(struct buf *, uint16_t type);
size_t odp_start(struct buf *, uint16_t type);
void odp_end(struct buf *, size_t start);

/* Appends the attributes of OVS_KEY_ATTR_TUNNEL. */
void odp_put_tunnel(struct buf *, const struct flow_tunnel *,
                    const struct tlv_table *, const char *type);

#endif /* xlate/ctx.h */
