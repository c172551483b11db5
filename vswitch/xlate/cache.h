/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_CACHE_H
#define XLATE_CACHE_H

/* What to do for each further packet of a translated flow, beside its
 * datapath actions. */

#include "vswitch/xlate/xlate.h"

enum credit_type {
    CREDIT_RULE,                 /* 'rule': counters. */
    CREDIT_TABLE_HIT,            /* 'ofproto', 'table_id'. */
    CREDIT_TABLE_MISS,
    CREDIT_FATE,                 /* 'ofproto', 'table_id': enum fate. */
    CREDIT_GROUP,                /* 'group', 'bucket'. */
    CREDIT_PORT_RX,              /* 'ofproto', 'port'. */
    CREDIT_PORT_TX,
    CREDIT_MAC,                  /* 'ofproto', 'port', 'vlan', 'mac'. */
    CREDIT_LEARN,                /* 'ofproto', 'rule', 'learn', 'flow'. */
    CREDIT_FIN_TIMEOUT,          /* 'rule', 'idle_s', 'hard_s'. */
};

struct credit {
    uint8_t type;                /* enum credit_type. */
    uint8_t table_id;
    uint16_t vlan;
    struct eth_addr mac;
    uint16_t idle_s;
    uint16_t hard_s;
    ofp_port_t port;
    union {
        struct rule *rule;
        struct group *group;
        struct ofproto *ofproto;
    };
    size_t bucket;
    const struct ofpact_learn *learn;    /* Of 'rule'. */
    const struct flow *flow;
};

/* Does 'credit' for 'stats' now. */
void credit_apply(const struct credit *, const struct xlate_stats *);

/* Notes 'credit', taking references to what it names. */
void xlate_cache_add(struct xlate_cache *, const struct credit *);

#endif /* xlate/cache.h */
