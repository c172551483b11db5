/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_ACTIONS_H
#define XLATE_ACTIONS_H

/* Between the list of actions (actions.c) and the actions that change headers
 * and registers (header_actions.c). */

#include "lib/openflow/ofpact.h"
#include "vswitch/xlate/ctx.h"

/* Makes all bits of a member of struct flow matter. */
#define UNWILDCARD(CTX, MEMBER) \
    memset(&(CTX)->wc->masks.MEMBER, 0xff, sizeof (CTX)->wc->masks.MEMBER)

static inline bool
is_ip(const struct flow *flow)
{
    return (flow->dl_type == htons(ETH_TYPE_IPV4)
            || flow->dl_type == htons(ETH_TYPE_IPV6));
}

static inline bool
is_mpls(const struct flow *flow)
{
    return (flow->dl_type == htons(ETH_TYPE_MPLS)
            || flow->dl_type == htons(ETH_TYPE_MPLS_MCAST));
}

/* The bit of a label that says that it is the last. */
#define MPLS_BOS 0x100u

/* The entry that a first label makes: traffic class and TTL are the IP
 * packet's, and the label says of which IP it is (RFC 3032, 2.1). */
be32 xlate_first_lse(struct xlate_ctx *);

/* What an action gets. */
struct action_place {
    const uint8_t *end;          /* Of the list. */
    bool is_last;                /* Nothing happens to the packet after it. */
};

/* Does action 'a'.  Returns false to leave the rest of the list out. */
typedef bool action_fn(struct xlate_ctx *, const struct ofpact *a,
                       const struct action_place *);

/* header_actions.c */

/* Notes what value a subfield has now. */
void xlate_note_subfield(struct xlate_ctx *, const struct subfield *);

action_fn xlate_do_set_field, xlate_do_reg_move, xlate_do_stack_push,
    xlate_do_stack_pop, xlate_do_set_vlan_vid, xlate_do_set_vlan_pcp,
    xlate_do_strip_vlan, xlate_do_push_vlan, xlate_do_set_eth_src,
    xlate_do_set_eth_dst, xlate_do_set_ipv4_src, xlate_do_set_ipv4_dst,
    xlate_do_set_ip_dscp, xlate_do_set_ip_ecn, xlate_do_set_ip_ttl,
    xlate_do_set_l4_src, xlate_do_set_l4_dst, xlate_do_dec_ttl,
    xlate_do_set_mpls_label, xlate_do_set_mpls_tc, xlate_do_set_mpls_ttl,
    xlate_do_dec_mpls_ttl, xlate_do_push_mpls, xlate_do_pop_mpls,
    xlate_do_delete_field, xlate_do_set_tunnel;

/* encap.c */
action_fn xlate_do_encap, xlate_do_decap, xlate_do_dec_nsh_ttl;

#endif /* xlate/actions.h */
