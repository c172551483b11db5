/* SPDX-License-Identifier: Apache-2.0 */
/* The product of chassis and localnet ports would be many flows: a conjunction
 * for each physical network has their sum. */
#include "controller/physical/chassis_mac.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/chassis/mappings.h"
#include "controller/program.h"
#include "lib/base/str.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb_tracked.h"

enum { PRIORITY_IN = 180, PRIORITY_OUT = 150 };

/* ## Who has which MAC ## */

static bool
read_mac(const char *text, size_t length, struct eth_addr *ret)
{
    char mac[18] = "";

    if (length >= sizeof mac) {
        return false;
    }
    memcpy(mac, text, length);
    return eth_addr_parse(mac, ret);
}

void
chassis_mac_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_chassis *row = row_;
    const char *p = strmap_get_def(sb_chassis_get_other_config(ctx, row),
                                   "ovn-chassis-mac-mappings", "");
    struct str *network = incr_scratch(ctx, 0);
    struct eth_addr mac;
    struct mapping m;

    if (!*p || !strcmp(sb_chassis_get_name(ctx, row),
                       controller_config(ctx, "system-id", ""))) {
        return;
    }
    while (mapping_next(&p, &m)) {
        if (read_mac(m.value, m.value_length, &mac)) {
            str_clear(network);
            str_put_bytes(network, m.network, m.network_length);
            incr_emit(ctx, FACT_CHASSIS_MAC, str_cstr(network),
                      network->length + 1, &mac, sizeof mac);
        }
    }
}

/* Our own MAC on the network; false if there is none. */
static bool
own_mac(struct incr_ctx *ctx, const char *network, struct eth_addr *ret)
{
    char *text = mapping_find(controller_config(ctx,
                                                "ovn-chassis-mac-mappings",
                                                ""), network);
    bool found = text && read_mac(text, strlen(text), ret);

    free(text);
    return found;
}

void
router_mac_emit(struct incr_ctx *ctx, const struct sb_port_binding *row,
                const struct port_fact *peer)
{
    struct router_mac_fact fact = { .port_key = peer->port_key };
    const struct sb_datapath_binding *dp;
    const char *const *texts;
    size_t n;

    if (!incr_exists(ctx, FACT_LOCALNET, &peer->dp_key,
                     sizeof peer->dp_key)) {
        return;
    }
    dp = sb_port_binding_get_datapath(ctx, row);
    texts = sb_port_binding_get_mac(ctx, row, &n);
    if (!dp || datapath_is_switch(ctx, dp) || !n) {
        return;
    }
    if (read_mac(texts[0], strcspn(texts[0], " "), &fact.mac)) {
        fact.has_gateway = strmap_get(sb_port_binding_get_options(ctx, row),
                                      "chassis-redirect-port") != NULL;
        incr_emit(ctx, FACT_ROUTER_MAC, &peer->dp_key, sizeof peer->dp_key,
                  &fact, sizeof fact);
    }
}

/* ## Flows ## */

static uint32_t
want_conjunction(struct incr_ctx *ctx, const char *network)
{
    struct str *text = incr_scratch(ctx, 1);

    str_printf(text, "chassis-mac:%s", network);
    return controller_want_id(ctx, ID_CONJUNCTION, str_cstr(text), 1);
}

/* Part 'clause' of the two that the match begun in 'b' is about. */
static void
emit_part(struct flow_builder *b, uint32_t id, uint8_t clause)
{
    struct ofpact_conjunction *conj;

    buf_clear(&b->actions);
    conj = ofpact_put_CONJUNCTION(&b->actions);
    conj->id = id;
    conj->clause = clause;
    conj->n_clauses = 2;
    flow_emit(b, OF_TABLE_PHY_TO_LOG, PRIORITY_IN);
}

void
chassis_mac_flows_unit(struct incr_ctx *ctx, const struct incr_group *group)
{
    uint32_t id = want_conjunction(ctx, incr_group_key(group));
    struct flow_builder b;

    if (!id) {
        return;
    }
    flow_builder_init(&b, ctx, 0);
    for (size_t i = 0; i < group->n; i++) {
        struct eth_addr mac;

        memcpy(&mac, incr_group_value(group, i), sizeof mac);
        flow_begin(&b);
        match_set_eth(&b.match, FIELD_ETH_SRC, mac);
        emit_part(&b, id, 0);
    }
    flow_builder_uninit(&b);
}

static void
set_source(struct flow_builder *b, struct eth_addr mac)
{
    const union field_value value = { .mac = mac };

    ofpact_put_set_field(&b->actions, field_from_id(FIELD_ETH_SRC),
                         sizeof mac, &value, NULL);
}

/* Packets with the MAC of another host come from the router: that of the first
 * port, if there are several. */
static void
restore_source(struct flow_builder *b, const struct port_fact *port,
               const struct physical_port *pp, const struct zones *zones,
               const char *network, const struct incr_group *macs)
{
    const struct router_mac_fact *first = incr_group_value(macs, 0);
    uint32_t id;

    if (!incr_exists(b->ctx, FACT_CHASSIS_MAC, network,
                     strlen(network) + 1)) {
        return;
    }
    id = want_conjunction(b->ctx, network);
    if (!id) {
        return;
    }
    for (size_t i = 1; i < macs->n; i++) {
        const struct router_mac_fact *fact = incr_group_value(macs, i);

        first = fact->port_key < first->port_key ? fact : first;
    }
    flow_begin_arrival(b, pp);
    emit_part(b, id, 1);

    flow_begin_arrival(b, pp);
    match_set_conj_id(&b->match, id);
    set_source(b, first->mac);
    flow_enter(b, port, pp, zones);
    flow_emit(b, OF_TABLE_PHY_TO_LOG, PRIORITY_IN);
}

static void
replace_source(struct flow_builder *b, const struct port_fact *port,
               const struct physical_port *pp,
               const struct router_mac_fact *router, struct eth_addr ours)
{
    flow_begin(b);
    flow_match_port(b, port->dp_key, LOG_REG_OUTPORT, port->port_key);
    match_set_eth(&b->match, FIELD_ETH_SRC, router->mac);
    set_source(b, ours);
    flow_leave(b, pp);
    set_source(b, router->mac);
    flow_emit(b, OF_TABLE_LOG_TO_PHY, PRIORITY_OUT);
}

void
localnet_mac_flows(struct flow_builder *b, const struct sb_port_binding *row,
                   const struct port_fact *port,
                   const struct physical_port *pp, const struct zones *zones)
{
    const char *network
        = strmap_get(sb_port_binding_get_options(b->ctx, row),
                     "network_name");
    const struct incr_group *macs
        = incr_lookup(b->ctx, FACT_ROUTER_MAC,
                      &port->dp_key, sizeof port->dp_key);
    struct eth_addr ours;

    if (!network || !macs) {
        return;
    }
    restore_source(b, port, pp, zones, network, macs);
    if (!own_mac(b->ctx, network, &ours)) {
        return;
    }
    for (size_t i = 0; i < macs->n; i++) {
        const struct router_mac_fact *router = incr_group_value(macs, i);

        if (!router->has_gateway) {
            replace_source(b, port, pp, router, ours);
        }
    }
}
