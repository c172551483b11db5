/* SPDX-License-Identifier: Apache-2.0 */

/* Port_Binding rows: of switch ports, of router ports, and of the
 * chassisredirect port of each distributed gateway port. */

#include <string.h>

#include "lib/base/text.h"
#include "northd/sync/cells.h"
#include "northd/topology/address.h"
#include "northd/topology/number.h"

#define COL(NAME) SB_PORT_BINDING_COL_##NAME

/* Types of the northbound database that the southbound one has too. */
static const char *const known_types[] = {
    "", "router", "localnet", "localport", "l2gateway", "vtep", "external",
    "virtual", "remote", "switch",
};

static bool
is_known_type(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_types); i++) {
        if (!strcmp(type, known_types[i])) {
            return true;
        }
    }
    return false;
}

static void
switch_port_want_key(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const char *name = nb_logical_switch_port_get_name(ctx, sp->lsp);
    const char *type = nb_logical_switch_port_get_type(ctx, sp->lsp);

    if (!is_known_type(type)) {
        warn_row(&sp->lsp->header, "ports of type \"%s\" are not supported",
                 type);
        return;
    }
    want_key(ctx, &sp->ls->header.uuid, name,
             strmap_get_uint(nb_logical_switch_port_get_options(ctx, sp->lsp),
                             "requested-tnl-key", 0));
    lsp_want_tag(ctx, sp->lsp);
    lsp_want_queue(ctx, sp->lsp);
}

static void
router_port_want_key(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *name = nb_logical_router_port_get_name(ctx, rp->lrp);
    uint32_t requested
        = strmap_get_uint(nb_logical_router_port_get_options(ctx, rp->lrp),
                          "requested-tnl-key", 0);
    size_t n;

    want_key(ctx, &rp->lr->header.uuid, name, requested);
    nb_logical_router_port_get_gateway_chassis(ctx, rp->lrp, &n);
    if (n && nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp)) {
        warn_row(&rp->lrp->header, "both ha_chassis_group and "
                 "gateway_chassis are set; the latter is ignored");
    }
    if (n || nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp)) {
        want_key(ctx, &rp->lr->header.uuid, text(ctx, 0, "cr-%s", name), 0);
    }
}

/* What every row has.  False if the port has no key yet. */
static bool
put_common(struct incr_ctx *ctx, const struct row_id *id,
           const struct replica_row *datapath, const char *name)
{
    const struct row_id dp = datapath_row(datapath);
    uint32_t key = get_port_key(ctx, datapath, name);

    if (!key || !get_datapath_key(ctx, datapath)) {
        return false;
    }
    cell_string(ctx, id, COL(LOGICAL_PORT), name);
    cell_int(ctx, id, COL(TUNNEL_KEY), key);
    cell_ref(ctx, id, COL(DATAPATH), &dp);
    return true;
}

static void
put_external_ids(struct incr_ctx *ctx, const struct row_id *id,
                 const struct strmap *ids)
{
    const char *name = strmap_get(ids, "neutron:port_name");

    cell_map(ctx, id, COL(EXTERNAL_IDS), ids);
    if (name && *name && !strmap_get(ids, "name")) {
        cell_pair(ctx, id, COL(EXTERNAL_IDS), "name", name);
    }
}

/* The encapsulation of 'chassis' that has address 'ip', or NULL. */
static const struct sb_encap *
find_encap(struct incr_ctx *ctx, const struct sb_chassis *chassis,
           const char *ip)
{
    size_t n;
    struct sb_encap *const *encaps = sb_chassis_get_encaps(ctx, chassis, &n);

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(sb_encap_get_ip(ctx, encaps[i]), ip)) {
            return encaps[i];
        }
    }
    return NULL;
}

/* A port of type "remote" is at the chassis of another zone that it asks for.
 * Nobody there writes into this zone's database, so that is said here; without
 * a request it is left to those who interconnect zones. */
static void
put_remote(struct incr_ctx *ctx, const struct row_id *id,
           const struct nb_logical_switch_port *lsp,
           const struct sb_chassis *chassis)
{
    const char *ip
        = strmap_get(nb_logical_switch_port_get_options(ctx, lsp),
                     "requested-encap-ip");
    const struct sb_encap *encap;

    if (!strmap_get_bool(sb_chassis_get_other_config(ctx, chassis),
                         "is-remote", false)) {
        return;
    }
    cell_uuid(ctx, id, COL(CHASSIS), &chassis->header.uuid);
    cell_pair(ctx, id, COL(OPTIONS), PORT_IS_REMOTE, "true");
    if (!ip) {
        return;
    }
    encap = find_encap(ctx, chassis, ip);
    if (encap) {
        cell_uuid(ctx, id, COL(ENCAP), &encap->header.uuid);
    } else {
        warn_row(&lsp->header, "requested-encap-ip: chassis %s has no "
                 "encapsulation with address %s",
                 sb_chassis_get_name(ctx, chassis), ip);
    }
}

/* options:requested-chassis lists the main chassis, then additional ones. */
static void
put_requested_chassis(struct incr_ctx *ctx, const struct row_id *id,
                      const struct nb_logical_switch_port *lsp,
                      const char *requested)
{
    struct str *s = incr_scratch(ctx, 0);
    unsigned int column = COL(REQUESTED_CHASSIS);
    char *p, *name;

    if (!requested || !*requested) {
        return;
    }
    str_put(s, requested);
    p = s->string;
    while ((name = text_token(&p, ",")) != NULL) {
        const struct sb_chassis *chassis = get_row_by_name(ctx, F_CHASSIS,
                                                           name);

        if (!chassis) {
            warn_row(&lsp->header, "Unknown chassis '%s' set in "
                     "options:requested-chassis on LSP '%s'", name,
                     nb_logical_switch_port_get_name(ctx, lsp));
            continue;
        }
        cell_uuid(ctx, id, column, &chassis->header.uuid);
        if (column == COL(REQUESTED_CHASSIS)
            && lsp_is_type(ctx, lsp, "remote")) {
            put_remote(ctx, id, lsp, chassis);
        }
        column = COL(REQUESTED_ADDITIONAL_CHASSIS);
    }
}

/* Chassis write into the options which of them a moving port has reached; that
 * stays for as long as there is a strategy. */
static void
put_activated(struct incr_ctx *ctx, const struct row_id *id,
              const struct strmap *options, const char *name)
{
    static const char key[] = "additional-chassis-activated";
    const struct sb_port_binding *pb;
    const char *activated;

    if (!strmap_get(options, "activation-strategy")) {
        return;
    }
    pb = get_row_by_name(ctx, F_BINDING, name);
    activated = (pb ? strmap_get(sb_port_binding_get_options(ctx, pb), key)
                 : NULL);
    if (activated) {
        cell_pair(ctx, id, COL(OPTIONS), key, activated);
    }
}

/* options:disable_garp_rarp of the router. */
static void
put_silence(struct incr_ctx *ctx, const struct row_id *id,
            const struct nb_logical_router *lr)
{
    if (strmap_get_bool(nb_logical_router_get_options(ctx, lr),
                        "disable_garp_rarp", false)) {
        cell_pair(ctx, id, COL(OPTIONS), "disable_garp_rarp", "true");
    }
}

/* A port of another switch that it is connected to. */
static void
put_switch_peer(struct incr_ctx *ctx, const struct row_id *id,
                const struct nb_logical_switch_port *lsp)
{
    const char *peer = nb_logical_switch_port_get_peer(ctx, lsp);

    if (peer && *peer) {
        cell_pair(ctx, id, COL(OPTIONS), "peer", peer);
    } else {
        warn_row(&lsp->header, "a port of type \"switch\" needs a peer");
    }
}

static void
put_router_type(struct incr_ctx *ctx, const struct row_id *id,
                const struct switch_port *sp, const struct strmap *options)
{
    const char *peer = strmap_get(options, "router-port");
    const struct router_port *rp = GET(ctx, F_LSP_PEER, sp->lsp);
    const char *chassis = rp ? router_chassis(ctx, rp->lr) : NULL;

    cell_string(ctx, id, COL(TYPE), chassis ? "l3gateway" : "patch");
    if (chassis) {
        cell_pair(ctx, id, COL(OPTIONS), "l3gateway-chassis", chassis);
    }
    if (peer) {
        cell_pair(ctx, id, COL(OPTIONS), "peer", peer);
    } else {
        warn_row(&sp->lsp->header, "a port of type \"router\" needs "
                 "options:router-port");
    }
    if (rp) {
        put_silence(ctx, id, rp->lr);
    }
}

/* The "mac" column has the texts of the northbound database, but for
 * "dynamic". */
static void
put_addresses(struct incr_ctx *ctx, const struct row_id *id,
              const struct nb_logical_switch_port *lsp)
{
    size_t n;
    const char *const *addresses
        = nb_logical_switch_port_get_addresses(ctx, lsp, &n);

    for (size_t i = 0; i < n; i++) {
        const char *given = NULL;

        if (strstr(addresses[i], "dynamic")) {
            given = GET(ctx, F_ADDRESS_GIVEN, lsp);
        }
        cell_string(ctx, id, COL(MAC), given ? given : addresses[i]);
    }
}

static void
put_nesting(struct incr_ctx *ctx, const struct row_id *id,
            const struct nb_logical_switch_port *lsp)
{
    const char *parent = nb_logical_switch_port_get_parent_name(ctx, lsp);
    int64_t tag = lsp_tag(ctx, lsp);

    if (parent && *parent) {
        cell_string(ctx, id, COL(PARENT_PORT), parent);
    }
    if (tag) {
        cell_int(ctx, id, COL(TAG), tag);
    }
}

/* The queue that holds the port to its rates, at the uplink of the switch's
 * physical network if it has one. */
static void
put_queue(struct incr_ctx *ctx, const struct row_id *id,
          const struct switch_port *sp, const struct strmap *options)
{
    uint32_t queue = lsp_queue(ctx, sp->lsp);
    const struct nb_logical_switch_port *localnet;
    const char *network;

    if (!queue || strmap_get(options, "qdisc_queue_id")) {
        return;
    }
    cell_pair(ctx, id, COL(OPTIONS), "qdisc_queue_id",
              text(ctx, 0, "%u", queue));
    localnet = get_row_by_row(ctx, F_SWITCH_LOCALNETS, sp->ls);
    network = (localnet
               ? strmap_get(nb_logical_switch_port_get_options(ctx, localnet),
                            "network_name") : NULL);
    if (network) {
        cell_pair(ctx, id, COL(OPTIONS), "qos_physical_network", network);
    }
}

static void
switch_port_binding(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct switch_port *sp = incr_group_key(group);
    const struct nb_logical_switch_port *lsp = sp->lsp;
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);
    const char *type = nb_logical_switch_port_get_type(ctx, lsp);
    const char *name = nb_logical_switch_port_get_name(ctx, lsp);
    const struct row_id id = port_row(name);
    size_t n;

    if (!put_common(ctx, &id, &sp->ls->header, name)) {
        return;
    }
    if (!strcmp(type, "router")) {
        put_router_type(ctx, &id, sp, options);
    } else {
        const char *const *security
            = nb_logical_switch_port_get_port_security(ctx, lsp, &n);

        if (lsp_is_patch(ctx, lsp)) {
            cell_string(ctx, &id, COL(TYPE), "patch");
            put_switch_peer(ctx, &id, lsp);
        } else {
            cell_string(ctx, &id, COL(TYPE), type);
        }
        cell_map(ctx, &id, COL(OPTIONS), options);
        put_queue(ctx, &id, sp, options);
        if (strmap_get_bool(nb_logical_switch_get_other_config(ctx, sp->ls),
                            "vlan-passthru", false)) {
            cell_pair(ctx, &id, COL(OPTIONS), "vlan-passthru", "true");
        }
        put_requested_chassis(ctx, &id, lsp,
                              strmap_get(options, "requested-chassis"));
        put_activated(ctx, &id, options, name);
        for (size_t i = 0; i < n; i++) {
            cell_string(ctx, &id, COL(PORT_SECURITY), security[i]);
        }
    }
    cell_bool(ctx, &id, COL(UP), false);
    put_addresses(ctx, &id, lsp);
    put_nesting(ctx, &id, lsp);
    put_external_ids(ctx, &id,
                     nb_logical_switch_port_get_external_ids(ctx, lsp));
    if (!strcmp(type, "external")) {
        const struct nb_ha_chassis_group *ha
            = nb_logical_switch_port_get_ha_chassis_group(ctx, lsp);

        if (ha) {
            const char *ha_name = nb_ha_chassis_group_get_name(ctx, ha);
            const struct row_id ref = { F_SB_HA_GROUP, ha_name,
                                        strlen(ha_name) };

            cell_ref(ctx, &id, COL(HA_CHASSIS_GROUP), &ref);
        }
    }
}

static void
put_router_addresses(struct incr_ctx *ctx, const struct row_id *id,
                     const struct nb_logical_router_port *lrp)
{
    struct str *s = incr_scratch(ctx, 0);
    size_t n;
    const char *const *networks
        = nb_logical_router_port_get_networks(ctx, lrp, &n);

    str_put(s, nb_logical_router_port_get_mac(ctx, lrp));
    for (size_t i = 0; i < n; i++) {
        str_printf(s, " %s", networks[i]);
    }
    cell_string(ctx, id, COL(MAC), str_cstr(s));
}

static const char *
router_port_peer_name(struct incr_ctx *ctx,
                      const struct nb_logical_router_port *lrp)
{
    const char *peer = nb_logical_router_port_get_peer(ctx, lrp);
    const struct switch_port *sp;

    if (peer) {
        return peer;
    }
    sp = GET(ctx, F_LRP_SWITCH_PEER, lrp);
    return sp ? nb_logical_switch_port_get_name(ctx, sp->lsp) : NULL;
}

/* Seconds, with the limits and defaults of RFC 4861 section 6.2.1. */
static void
put_ra_intervals(struct incr_ctx *ctx, const struct row_id *id,
                 const struct strmap *ra)
{
    unsigned int max = strmap_get_uint(ra, "max_interval", 600);
    unsigned int min, most;

    if (max < 4 || max > 1800) {
        max = 600;
    }
    most = max * 3 / 4;
    min = strmap_get_uint(ra, "min_interval", max >= 9 ? max / 3 : most);
    if (min < 3 || min > most) {
        min = max >= 9 ? max / 3 : most;
    }
    cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_max_interval",
              text(ctx, 0, "%u", max));
    cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_min_interval",
              text(ctx, 0, "%u", min));
}

/* The options of ipv6_ra_configs that tell the controller to send periodic
 * router advertisements. */
static void
put_ra_options(struct incr_ctx *ctx, const struct row_id *id,
               const struct nb_logical_router_port *lrp)
{
    const struct strmap *ra
        = nb_logical_router_port_get_ipv6_ra_configs(ctx, lrp);
    static const char *const copied[][2] = {
        { "mtu", "ipv6_ra_mtu" },
        { "address_mode", "ipv6_ra_address_mode" },
        { "rdnss", "ipv6_ra_rdnss" },
        { "dnssl", "ipv6_ra_dnssl" },
        { "route_info", "ipv6_ra_route_info" },
    };
    struct port_addresses addresses;

    if (!strmap_get_bool(ra, "send_periodic", false)) {
        return;
    }
    cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_send_periodic", "true");
    /* Older controllers do not do without it. */
    cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_prf",
              strmap_get_def(ra, "router_preference", "MEDIUM"));
    put_ra_intervals(ctx, id, ra);
    for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
        const char *value = strmap_get(ra, copied[i][0]);

        if (value) {
            cell_pair(ctx, id, COL(OPTIONS), copied[i][1], value);
        }
    }
    if (lrp_addresses(ctx, lrp, &addresses)) {
        struct in6_addr ll = ip6_lladdr(addresses.mac);
        struct str *s = incr_scratch(ctx, 0);

        cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_src_eth",
                  mac_text(addresses.mac).s);
        cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_src_addr", ip6_text(&ll).s);
        VEC_FOR_EACH (net, &addresses.ip6) {
            if (!IN6_IS_ADDR_LINKLOCAL(&net->addr)) {
                str_printf(s, "%s%s", s->length ? " " : "",
                           ip6_cidr_text(&net->network, net->plen).s);
            }
        }
        if (s->length) {
            cell_pair(ctx, id, COL(OPTIONS), "ipv6_ra_prefixes", s->string);
        }
    }
    port_addresses_uninit(&addresses);
}

static void
put_chassis_redirect(struct incr_ctx *ctx, const struct router_port *rp,
                     const char *name)
{
    const struct strmap *options
        = nb_logical_router_port_get_options(ctx, rp->lrp);
    const char *redirect_type = strmap_get(options, "redirect-type");
    const struct nb_ha_chassis_group *ha
        = nb_logical_router_port_get_ha_chassis_group(ctx, rp->lrp);
    const char *cr_name = text(ctx, 1, "cr-%s", name);
    const char *ha_name = ha ? nb_ha_chassis_group_get_name(ctx, ha) : name;
    const struct row_id id = port_row(cr_name);
    const struct row_id ref = { F_SB_HA_GROUP, ha_name, strlen(ha_name) };

    if (!put_common(ctx, &id, &rp->lr->header, cr_name)) {
        return;
    }
    cell_string(ctx, &id, COL(TYPE), "chassisredirect");
    cell_pair(ctx, &id, COL(OPTIONS), "distributed-port", name);
    if (redirect_type) {
        cell_pair(ctx, &id, COL(OPTIONS), "redirect-type", redirect_type);
    }
    if ((!redirect_type || strcmp(redirect_type, "bridged"))
        && !router_has(ctx, rp->lr, ROUTER_HAS_DISTRIBUTED_NAT)) {
        /* Other chassis need not know the network behind the port. */
        cell_pair(ctx, &id, COL(OPTIONS), "always-redirect", "true");
    }
    cell_bool(ctx, &id, COL(UP), false);
    put_router_addresses(ctx, &id, rp->lrp);
    put_external_ids(ctx, &id,
                     nb_logical_router_port_get_external_ids(ctx, rp->lrp));
    cell_ref(ctx, &id, COL(HA_CHASSIS_GROUP), &ref);
}

static bool
is_gateway_port(struct incr_ctx *ctx, const struct router_port *rp)
{
    const struct incr_group *gateways = LOOKUP(ctx, F_GATEWAY_PORT, rp->lr);

    for (size_t i = 0; gateways && i < gateways->n; i++) {
        if (*(const void *const *) incr_group_value(gateways, i) == rp->lrp) {
            return true;
        }
    }
    return false;
}

static void
router_port_binding(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct router_port *rp = incr_group_key(group);
    const char *name = nb_logical_router_port_get_name(ctx, rp->lrp);
    const char *chassis = router_chassis(ctx, rp->lr);
    const struct row_id id = port_row(name);
    const char *peer;

    if (!put_common(ctx, &id, &rp->lr->header, name)) {
        return;
    }
    cell_string(ctx, &id, COL(TYPE), chassis ? "l3gateway" : "patch");
    if (chassis) {
        cell_pair(ctx, &id, COL(OPTIONS), "l3gateway-chassis", chassis);
    }
    peer = router_port_peer_name(ctx, rp->lrp);
    if (peer) {
        cell_pair(ctx, &id, COL(OPTIONS), "peer", peer);
    }
    cell_bool(ctx, &id, COL(UP), false);
    put_router_addresses(ctx, &id, rp->lrp);
    put_external_ids(ctx, &id,
                     nb_logical_router_port_get_external_ids(ctx, rp->lrp));
    put_ra_options(ctx, &id, rp->lrp);
    put_silence(ctx, &id, rp->lr);
    if (is_gateway_port(ctx, rp)) {
        cell_pair(ctx, &id, COL(OPTIONS), "chassis-redirect-port",
                  text(ctx, 0, "cr-%s", name));
        put_chassis_redirect(ctx, rp, name);
    }
}

UNIT_LIST(binding_units,
    UNIT_GROUP(RANK_PEER, F_SWITCH_PORT, switch_port_want_key),
    UNIT_GROUP(RANK_PEER, F_ROUTER_PORT, router_port_want_key),
    UNIT_GROUP(RANK_OUT, F_SWITCH_PORT, switch_port_binding),
    UNIT_GROUP(RANK_OUT, F_ROUTER_PORT, router_port_binding));
