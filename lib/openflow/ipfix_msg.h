/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_IPFIX_MSG_H
#define OPENFLOW_IPFIX_MSG_H

/* Statistics of exported flow records: NXST_IPFIX_BRIDGE (of a bridge) and
 * NXST_IPFIX_FLOW (of each collector set of sample actions). */

#include "lib/openflow/msg.h"

#define IPFIX_STATS_SIZE 88      /* On the wire. */

struct ipfix_stats {
    uint64_t n_flows;
    uint64_t n_current_flows;
    uint64_t n_packets;          /* Sampled. */
    uint64_t n_ipv4;
    uint64_t n_ipv6;
    uint64_t n_errors;
    uint64_t n_ipv4_errors;
    uint64_t n_ipv6_errors;
    uint64_t n_sent;
    uint64_t n_send_errors;
    uint32_t collector_set_id;   /* Of a bridge: 0. */
};

void ipfix_stats_append(struct multipart *, const struct ipfix_stats *);

/* 0, -ENODATA or an enum ofperr. */
int ipfix_stats_decode(struct ipfix_stats *, struct reader *) MUST_USE;

#endif /* openflow/ipfix_msg.h */
