/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_FLOW_H
#define NORTHD_FLOW_H

/* The logical pipeline: its stages and its flows.
 *
 * A flow is a fact whose key is everything but the datapath, so that equal
 * flows of many datapaths are one group of facts, which becomes one row with a
 * datapath group (sync/flows.h).
 *
 * Registers.  Between the stages of one pipeline, and free for all stages that
 * are not named here:
 *
 *   switches
 *     reg0[0]      send to conntrack for ACLs
 *     reg0[1]      commit to conntrack
 *     reg0[2]      send to conntrack for load balancing
 *     reg0[3]      DHCP reply made
 *     reg0[4]      DNS reply made
 *     reg0[6]      hairpin; reg0[12] reply of a hairpin
 *     reg0[7..10]  ACL hints: may allow new, may allow known, may block
 *                  unknown, may block known
 *     reg0[11]     MAC is in the FDB
 *     reg0[13]     commit with the ACL's label, which is in reg3
 *     reg0[15]     port security failed
 *     reg0[16]     a stateless ACL applies
 *     reg0[20]     commit as allowed for good by the ACL whose number is in
 *                  reg2[16..31]
 *     reg0[17]     reply or related traffic of a connection that is allowed
 *     reg1, xxreg1 load balancer's VIP, reg2[0..15] its port (fixed: the
 *                  controller's hairpin flows read them)
 *     reg8[16]     verdict: allow; reg8[17] drop; reg8[18] reject
 *     reg8[30..31] tier of the ACLs being evaluated
 *   routers
 *     reg0, xxreg0 next hop (fixed: the controller buffers packets by it)
 *     reg1, xxreg1 address of the outgoing port
 *     xreg0[0..47] MAC of the incoming port, up to IP input
 *     reg7         route table
 *     reg8[0..15]  ECMP group, reg8[16..31] member
 *     reg9[0]      egress loopback; reg9[1] packet larger than the MTU
 *     reg9[2]      neighbour is known; reg9[3] may be learnt
 *     reg9[4]      comes back to be translated by this router once more
 *     reg9[5]      next hop known from conntrack (symmetric ECMP)
 *     reg9[9]      an IPv4 packet's next hop is in xxreg0
 *     reg9[16..31] chain of policies
 */

#include "northd/program.h"

enum stage {
    LS_IN_CHECK_PORT_SEC,
    LS_IN_APPLY_PORT_SEC,
    LS_IN_LOOKUP_FDB,
    LS_IN_PUT_FDB,
    LS_IN_PRE_ACL,
    LS_IN_PRE_LB,
    LS_IN_PRE_STATEFUL,
    LS_IN_ACL_HINT,
    LS_IN_ACL_EVAL,
    LS_IN_ACL_ACTION,
    LS_IN_QOS,
    LS_IN_LB,
    LS_IN_PRE_HAIRPIN,
    LS_IN_NAT_HAIRPIN,
    LS_IN_HAIRPIN,
    LS_IN_ACL_AFTER_LB_EVAL,
    LS_IN_ACL_AFTER_LB_ACTION,
    LS_IN_STATEFUL,
    LS_IN_ARP_RSP,
    LS_IN_DHCP_OPTIONS,
    LS_IN_DHCP_RESPONSE,
    LS_IN_DNS_LOOKUP,
    LS_IN_DNS_RESPONSE,
    LS_IN_EXTERNAL_PORT,
    LS_IN_L2_LKUP,
    LS_IN_L2_UNKNOWN,

    LS_OUT_PRE_ACL,
    LS_OUT_PRE_LB,
    LS_OUT_PRE_STATEFUL,
    LS_OUT_ACL_HINT,
    LS_OUT_ACL_EVAL,
    LS_OUT_ACL_ACTION,
    LS_OUT_QOS,
    LS_OUT_STATEFUL,
    LS_OUT_CHECK_PORT_SEC,
    LS_OUT_APPLY_PORT_SEC,

    LR_IN_ADMISSION,
    LR_IN_LOOKUP_NEIGHBOR,
    LR_IN_LEARN_NEIGHBOR,
    LR_IN_IP_INPUT,
    LR_IN_UNSNAT,
    LR_IN_POST_UNSNAT,
    LR_IN_DEFRAG,
    LR_IN_DNAT,
    LR_IN_ECMP_STATEFUL,
    LR_IN_ND_RA_OPTIONS,
    LR_IN_ND_RA_RESPONSE,
    LR_IN_IP_ROUTING_PRE,
    LR_IN_IP_ROUTING,
    LR_IN_IP_ROUTING_ECMP,
    LR_IN_POLICY,
    LR_IN_POLICY_ECMP,
    LR_IN_ARP_RESOLVE,
    LR_IN_CHK_PKT_LEN,
    LR_IN_LARGER_PKTS,
    LR_IN_GW_REDIRECT,
    LR_IN_ARP_REQUEST,

    LR_OUT_CHK_DNAT_LOCAL,
    LR_OUT_UNDNAT,
    LR_OUT_POST_UNDNAT,
    LR_OUT_SNAT,
    LR_OUT_EGR_LOOP,
    LR_OUT_DELIVERY,
    N_STAGES
};

struct stage_info {
    const char *name;
    bool is_router;
    bool is_egress;
    uint8_t table;
    /* What a packet does here that no other flow of the stage matches, put
     * into every datapath of the kind; NULL if a feature does that. */
    const char *fallback;
};

const struct stage_info *stage_info(enum stage);

/* The table's number as a text, for "next(pipeline=..., table=N)". */
#define STAGE_TABLE(STAGE) (stage_info(STAGE)->table)

/* The key of F_FLOW; the match and the actions follow, each with its null
 * terminator. */
struct lflow_key {
    const char *source;         /* "FILE:LINE", a constant of the program. */
    uint32_t hint;              /* First word of the row's uuid, or 0. */
    uint16_t priority;
    uint8_t stage;
    uint8_t has_meter;         /* After the actions: controller_meter. */
};

#define FLOW_STRINGIFY_(X) #X
#define FLOW_STRINGIFY(X) FLOW_STRINGIFY_(X)
#define FLOW_SOURCE __FILE__ ":" FLOW_STRINGIFY(__LINE__)

/* Emits a flow of datapath 'DP' (a row of Logical_Switch or Logical_Router).
 * 'HINT' is the row that it is made for, or NULL. */
#define FLOW(CTX, DP, STAGE, PRIORITY, HINT, MATCH, ACTIONS) \
    flow_put(CTX, &(DP)->header, STAGE, PRIORITY, HINT, MATCH, ACTIONS, \
             NULL, FLOW_SOURCE)

/* Likewise with the name of a meter for what goes to the controller. */
#define FLOW_METERED(CTX, DP, STAGE, PRIORITY, HINT, MATCH, ACTIONS, METER) \
    flow_put(CTX, &(DP)->header, STAGE, PRIORITY, HINT, MATCH, ACTIONS, \
             METER, FLOW_SOURCE)

/* Likewise of all the datapaths of F_LB_PLACES under 'PLACES': one fact, however
 * many they are. */
#define FLOW_OF_LB(CTX, PLACES, STAGE, PRIORITY, MATCH, ACTIONS) \
    flow_put_lb(CTX, PLACES, STAGE, PRIORITY, MATCH, ACTIONS, NULL, \
                FLOW_SOURCE)
#define FLOW_OF_LB_METERED(CTX, PLACES, STAGE, PRIORITY, MATCH, ACTIONS, \
                           METER) \
    flow_put_lb(CTX, PLACES, STAGE, PRIORITY, MATCH, ACTIONS, METER, \
                FLOW_SOURCE)

void flow_put(struct incr_ctx *, const struct replica_row *datapath,
              enum stage, unsigned int priority,
              const struct replica_row *hint, const char *match,
              const char *actions, const char *meter,
              const char *source);

void flow_put_lb(struct incr_ctx *, const struct lb_places *, enum stage,
                 unsigned int priority, const char *match,
                 const char *actions, const char *meter, const char *source);

/* The parts of a key. */
const char *flow_match(const struct lflow_key *);
const char *flow_actions(const struct lflow_key *);
const char *flow_meter(const struct lflow_key *);

#endif /* northd/flow.h */
