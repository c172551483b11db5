/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/activation.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include "controller/program.h"
#include "lib/logical/actions.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/packet/headers.h"
#include "lib/schema/sb_tracked.h"

/* Above the flows of ports, in tables 0 and 65. */
enum { PRIORITY_SHUT = 1000, PRIORITY_ACTIVATE = 1010 };

bool
activation_list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = list; *p; p += strspn(p, ", ")) {
        size_t n = strcspn(p, ", ");

        if (n == length && !memcmp(p, word, n)) {
            return true;
        }
        p += n;
    }
    return false;
}

static void
match_rarp(struct match *match)
{
    match_set_dl_type(match, ETHERTYPE_REVARP);
}

/* A gratuitous ARP cannot be told by a match: any that asks, or answers. */
static void
match_garp(struct match *match)
{
    match_set_dl_type(match, ETHERTYPE_ARP);
}

static void
match_na(struct match *match)
{
    match_set_dl_type(match, ETHERTYPE_IPV6);
    match_set_nw_proto(match, IPPROTO_ICMPV6);
    match_set_u64(match, FIELD_IP_TTL, 255);
    match_set_u64(match, FIELD_ICMPV6_TYPE, ND_NEIGHBOR_ADVERT);
    match_set_u64(match, FIELD_ICMPV6_CODE, 0);
}

static const struct {
    const char *name;
    void (*match)(struct match *);
} strategies[] = {
    { "rarp", match_rarp },
    { "garp", match_garp },
    { "na", match_na },
};

static void
put_punt(struct flow_builder *b)
{
    const struct punt punt = { .op = PUNT_ACTIVATE };
    uint64_t storage[8];
    struct ofpact_controller *oc;
    size_t ofs = b->actions.size;
    struct buf userdata;

    buf_init_stack(&userdata, storage, sizeof storage);
    punt_encode(&punt, &userdata);
    oc = ofpact_put_CONTROLLER(&b->actions);
    oc->max_len = UINT16_MAX;
    oc->reason = 1;              /* Explicit action. */
    oc->meter_id = CONTROLLER_NO_METER;
    oc->userdata_len = userdata.size;
    buf_put(&b->actions, userdata.data, userdata.size);
    ofpact_finish(&b->actions, ofs);
    buf_uninit(&userdata);
}

/* What nobody knows would never come. */
static bool
has_strategy(const char *list)
{
    for (size_t i = 0; i < ARRAY_SIZE(strategies); i++) {
        if (activation_list_has(list, strategies[i].name)) {
            return true;
        }
    }
    return false;
}

/* Does the port wait here for a sign of life? */
static bool
is_shut(struct incr_ctx *ctx, const struct sb_port_binding *row,
        const struct strmap *options)
{
    const struct claim_fact *claim
        = incr_get(ctx, FACT_CLAIM, &row->header.uuid,
                   sizeof row->header.uuid);

    return (claim && claim->additional
            && has_strategy(strmap_get_def(options, "activation-strategy", ""))
            && !activation_list_has(
                strmap_get_def(options, "additional-chassis-activated", ""),
                controller_config(ctx, "system-id", "")));
}

void
activation_flows(struct flow_builder *b, const struct sb_port_binding *row,
                 const struct port_fact *port, uint32_t ofport)
{
    const struct strmap *options = sb_port_binding_get_options(b->ctx, row);

    if (!is_shut(b->ctx, row, options)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(strategies); i++) {
        if (activation_list_has(strmap_get(options, "activation-strategy"),
                                strategies[i].name)) {
            flow_begin(b);
            match_set_in_port(&b->match, ofport);
            strategies[i].match(&b->match);
            flow_set_bits(b, FIELD_METADATA, 0, 64, port->dp_key);
            flow_set_reg(b, LOG_REG_INPORT, port->port_key);
            put_punt(b);
            flow_emit(b, OF_TABLE_PHY_TO_LOG, PRIORITY_ACTIVATE);
        }
    }
    flow_begin(b);
    match_set_in_port(&b->match, ofport);
    flow_emit(b, OF_TABLE_PHY_TO_LOG, PRIORITY_SHUT);

    flow_begin(b);
    flow_match_port(b, port->dp_key, LOG_REG_OUTPORT, port->port_key);
    flow_emit(b, OF_TABLE_LOG_TO_PHY, PRIORITY_SHUT);
}
