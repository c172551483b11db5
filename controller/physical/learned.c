/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/physical/learned.h"

#include <net/ethernet.h>

#include "controller/flows.h"
#include "controller/program.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

/* A static binding that overrides, one that was learned, one that gives way to
 * what is learned. */
enum {
    PRIORITY_STATIC_OVERRIDE = 150,
    PRIORITY_LEARNED = 100,
    PRIORITY_STATIC = 50,
};

/* Matches the address where get_arp and its like put it: reg0 or xxreg0. */
static void
match_ip(struct flow_builder *b, const struct in6_addr *ip)
{
    if (ip_is_v4(ip)) {
        match_set_reg(&b->match, 0, ntohl(ip_get_v4(ip)));
    } else {
        union field_value value = { .ipv6 = *ip };

        match_set_field(&b->match, field_from_id(FIELD_XXREG0), &value, NULL);
    }
}

static void
match_source(struct flow_builder *b, const struct in6_addr *ip)
{
    if (ip_is_v4(ip)) {
        match_set_dl_type(&b->match, ETHERTYPE_IP);
        match_set_u64(&b->match, FIELD_IPV4_SRC, ntohl(ip_get_v4(ip)));
    } else {
        match_set_dl_type(&b->match, ETHERTYPE_IPV6);
        match_set_ipv6(&b->match, FIELD_IPV6_SRC, ip);
    }
}

static void
set_flag(struct flow_builder *b, unsigned int flag)
{
    flow_set_bits(b, FIELD_REG0 + LOG_REG_FLAGS, flag, 1, 1);
}

static void
emit_binding(struct incr_ctx *ctx, const struct uuid *uuid,
             const char *port_name, const char *ip_text, const char *mac_text,
             uint16_t priority)
{
    const struct port_fact *port = controller_find_port(ctx, port_name);
    struct flow_builder b;
    struct in6_addr ip;
    struct eth_addr mac;

    if (!port || !controller_is_local(ctx, port->dp_key)
        || !ip_parse(ip_text, &ip) || !mac_parse(mac_text, &mac)) {
        return;
    }
    flow_builder_init(&b, ctx, uuid->parts[0]);

    flow_match_port(&b, port->dp_key, LOG_REG_OUTPORT, port->port_key);
    match_ip(&b, &ip);
    flow_set_bits(&b, FIELD_ETH_DST, 0, 48, mac_to_u64(mac));
    set_flag(&b, LOG_FLAG_LOOKUP_MAC);
    flow_emit(&b, OF_TABLE_MAC_BINDING, priority);

    /* "Is it known already?", asked of the packet's source. */
    flow_begin(&b);
    flow_match_port(&b, port->dp_key, LOG_REG_INPORT, port->port_key);
    match_ip(&b, &ip);
    match_set_eth(&b.match, FIELD_ETH_SRC, mac);
    set_flag(&b, LOG_FLAG_LOOKUP_MAC);
    flow_emit(&b, OF_TABLE_MAC_LOOKUP, priority);

    /* Counts packets from the address, for its timestamp. */
    flow_begin(&b);
    flow_match_port(&b, port->dp_key, LOG_REG_INPORT, port->port_key);
    match_set_eth(&b.match, FIELD_ETH_SRC, mac);
    match_source(&b, &ip);
    flow_emit(&b, OF_TABLE_MAC_CACHE_USE, 100);
    flow_builder_uninit(&b);
}

void
mac_binding_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_mac_binding *row = row_;

    emit_binding(ctx, &row->header.uuid,
                 sb_mac_binding_get_logical_port(ctx, row),
                 sb_mac_binding_get_ip(ctx, row),
                 sb_mac_binding_get_mac(ctx, row), PRIORITY_LEARNED);
}

void
static_mac_binding_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_static_mac_binding *row = row_;
    bool overrides
        = sb_static_mac_binding_get_override_dynamic_mac(ctx, row);

    emit_binding(ctx, &row->header.uuid,
                 sb_static_mac_binding_get_logical_port(ctx, row),
                 sb_static_mac_binding_get_ip(ctx, row),
                 sb_static_mac_binding_get_mac(ctx, row),
                 overrides ? PRIORITY_STATIC_OVERRIDE : PRIORITY_STATIC);
}

void
fdb_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_fdb *row = row_;
    uint32_t dp_key = sb_fdb_get_dp_key(ctx, row);
    uint32_t port_key = sb_fdb_get_port_key(ctx, row);
    struct flow_builder b;
    struct eth_addr mac;

    if (!controller_is_local(ctx, dp_key)
        || !mac_parse(sb_fdb_get_mac(ctx, row), &mac)) {
        return;
    }
    flow_builder_init(&b, ctx, row->header.uuid.parts[0]);
    match_set_metadata(&b.match, dp_key);
    match_set_eth(&b.match, FIELD_ETH_DST, mac);
    flow_set_reg(&b, LOG_REG_OUTPORT, port_key);
    flow_emit(&b, OF_TABLE_GET_FDB, 100);

    flow_begin(&b);
    flow_match_port(&b, dp_key, LOG_REG_INPORT, port_key);
    match_set_eth(&b.match, FIELD_ETH_SRC, mac);
    set_flag(&b, LOG_FLAG_LOOKUP_FDB);
    flow_emit(&b, OF_TABLE_LOOKUP_FDB, 100);
    flow_builder_uninit(&b);
}
