/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/program.h"

#include <stdatomic.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/incr/rows.h"
#include "lib/runtime/log.h"
#include "northd/sync/cells.h"

LOG_MODULE(northd)

static const struct incr_fact_class facts[] = {
    [F_GLOBAL] = { "global", RANK_INDEX },
    [F_LSP_BY_NAME] = { "lsp_by_name", RANK_INDEX },
    [F_LRP_BY_NAME] = { "lrp_by_name", RANK_INDEX },
    [F_LSP_SWITCH] = { "lsp_switch", RANK_INDEX },
    [F_LRP_ROUTER] = { "lrp_router", RANK_INDEX },
    [F_SWITCH] = { "switch", RANK_INDEX },
    [F_ROUTER] = { "router", RANK_INDEX },
    [F_SWITCH_PORT] = { "switch_port", RANK_INDEX },
    [F_ROUTER_PORT] = { "router_port", RANK_INDEX },
    [F_BINDING] = { "binding", RANK_INDEX },
    [F_CHASSIS] = { "chassis", RANK_INDEX },
    [F_VXLAN] = { "vxlan", RANK_INDEX },
    [F_FEATURE_LACKED] = { "feature_lacked", RANK_INDEX },
    [F_SPECIAL_PORT] = { "special_port", RANK_PEER },
    [F_UNKNOWN_PORT] = { "unknown_port", RANK_PEER },
    [F_DHCP_PORT] = { "dhcp_port", RANK_PEER },
    [F_LSP_PEER] = { "lsp_peer", RANK_PEER },
    [F_LRP_SWITCH_PEER] = { "lrp_switch_peer", RANK_PEER },
    [F_LRP_ROUTER_PEER] = { "lrp_router_peer", RANK_PEER },
    [F_SWITCH_ROUTERS] = { "switch_routers", RANK_PEER },
    [F_ROUTER_SWITCHES] = { "router_switches", RANK_PEER },
    [F_SWITCH_LOCALNETS] = { "switch_localnets", RANK_PEER },
    [F_METER] = { "meter", RANK_INDEX },
    [F_ROUTER_CHASSIS] = { "router_chassis", RANK_ADDRESS },
    [F_GATEWAY_PORT] = { "gateway_port", RANK_PEER },
    [F_KEY_WANTED] = { "key_wanted", RANK_PEER },
    [F_ADDRESS_USED] = { "address_used", RANK_PEER },
    [F_ADDRESS_WANTED] = { "address_wanted", RANK_PEER },
    [F_KEY] = { "key", RANK_GIVEN },
    [F_ADDRESS_GIVEN] = { "address_given", RANK_GIVEN },
    [F_ROUTER_GROUP] = { "router_group", RANK_GIVEN },
    [F_LSP_ADDRESSES] = { "lsp_addresses", RANK_ADDRESS },
    [F_SWITCH_FLAG] = { "switch_flag", RANK_SET },
    [F_ROUTER_FLAG] = { "router_flag", RANK_SET },
    [F_PG_PORT] = { "pg_port", RANK_ADDRESS },
    [F_PG_SWITCHES] = { "pg_switches", RANK_ADDRESS },
    [F_PG_ACL] = { "pg_acl", RANK_ADDRESS },
    [F_ACL] = { "acl", RANK_MEMBER },
    [F_ACL_TIER] = { "acl_tier", RANK_SET },
    [F_LBG_LB] = { "lbg_lb", RANK_ADDRESS },
    [F_LBG_SWITCHES] = { "lbg_switches", RANK_ADDRESS },
    [F_LBG_ROUTERS] = { "lbg_routers", RANK_ADDRESS },
    [F_LB_VIP] = { "lb_vip", RANK_MEMBER },
    [F_LB_LIVE] = { "lb_live", RANK_MEMBER },
    [F_LB_SWITCH] = { "lb_switch", RANK_MEMBER },
    [F_LB_STATELESS] = { "lb_stateless", RANK_SET },
    [F_LB_PLACES] = { "lb_places", RANK_SET },
    [F_LB_ROUTER] = { "lb_router", RANK_MEMBER },
    [F_ROUTE] = { "route", RANK_SET },
    [F_NAT] = { "nat", RANK_MEMBER },
    [F_NAT_EXTERNAL] = { "nat_external", RANK_SET },
    [F_POLICY] = { "policy", RANK_MEMBER },
    [F_POLICY_LOOP] = { "policy_loop", RANK_SET },
    [F_SNAT_IP] = { "snat_ip", RANK_SET },
    [F_FLOW] = { "flow", RANK_SINK },
    [F_LB_FLOW] = { "lb_flow", RANK_SINK },
    [F_SB_DATAPATH] = { "sb_datapath", RANK_SINK,
                        .format_value = cell_format },
    [F_SB_PORT] = { "sb_port", RANK_SINK, .format_value = cell_format },
    [F_SB_MULTICAST] = { "sb_multicast", RANK_SINK,
                         .format_value = cell_format },
    [F_SB_PORT_GROUP] = { "sb_port_group", RANK_SINK,
                          .format_value = cell_format },
    [F_SB_ADDRESS_SET] = { "sb_address_set", RANK_SINK,
                           .format_value = cell_format },
    [F_SB_DHCP] = { "sb_dhcp", RANK_SINK, .format_value = cell_format },
    [F_SB_DHCPV6] = { "sb_dhcpv6", RANK_SINK, .format_value = cell_format },
    [F_SB_DNS] = { "sb_dns", RANK_SINK, .format_value = cell_format },
    [F_SB_METER] = { "sb_meter", RANK_SINK, .format_value = cell_format },
    [F_SB_METER_BAND] = { "sb_meter_band", RANK_SINK,
                          .format_value = cell_format },
    [F_SB_HA_GROUP] = { "sb_ha_group", RANK_SINK,
                        .format_value = cell_format },
    [F_SB_HA_CHASSIS] = { "sb_ha_chassis", RANK_SINK,
                          .format_value = cell_format },
    [F_SB_LB] = { "sb_lb", RANK_SINK, .format_value = cell_format },
    [F_SB_ACL_ID] = { "sb_acl_id", RANK_SINK, .format_value = cell_format },
    [F_SB_STATIC_MAC] = { "sb_static_mac", RANK_SINK,
                          .format_value = cell_format },
    [F_SB_RBAC_ROLE] = { "sb_rbac_role", RANK_SINK,
                         .format_value = cell_format },
    [F_SB_RBAC_PERMISSION] = { "sb_rbac_permission", RANK_SINK,
                               .format_value = cell_format },
    [F_NB_LSP] = { "nb_lsp", RANK_SINK, .format_value = cell_format },
    [F_NB_LRP] = { "nb_lrp", RANK_SINK, .format_value = cell_format },
};
_Static_assert(ARRAY_SIZE(facts) == N_FACTS, "a row for each fact class");

/* Every file with units. */
extern const struct unit_list index_units, peer_units, datapath_units,
    binding_units, multicast_units, address_units, flow_units, group_units,
    ha_units, dictionary_units, up_units,
    switch_port_security_units, switch_fdb_units, switch_l2_units,
    switch_arp_units, switch_acl_units, switch_stateful_units, lb_units,
    switch_lb_units, switch_dhcp_units, switch_dns_units, switch_qos_units,
    switch_external_units,
    router_admission_units, router_neighbor_units, router_input_units,
    router_route_units, router_symmetric_units, router_resolve_units,
    router_nat_units, router_lb_units, router_policy_units, router_mtu_units,
    router_ra_units, router_commit_all_units, meter_units, static_mac_units,
    dynamic_units, later_units, announce_units, feature_units, number_units;

static const struct unit_list *const lists[] = {
    &index_units, &peer_units, &datapath_units, &binding_units,
    &multicast_units, &address_units, &flow_units, &group_units, &ha_units,
    &dictionary_units, &up_units,
    &switch_port_security_units, &switch_fdb_units, &switch_l2_units,
    &switch_arp_units, &switch_acl_units, &switch_stateful_units,
    &lb_units, &switch_lb_units, &switch_dhcp_units, &switch_dns_units,
    &switch_qos_units, &switch_external_units,
    &router_admission_units, &router_neighbor_units, &router_input_units,
    &router_route_units, &router_symmetric_units, &router_resolve_units,
    &router_nat_units, &router_lb_units, &router_policy_units,
    &router_mtu_units, &router_ra_units, &router_commit_all_units,
    &meter_units, &static_mac_units,
    &dynamic_units, &later_units, &announce_units,
    &feature_units, &number_units,
};

const struct incr_program *
northd_program(void)
{
    static struct incr_table tables[N_INPUT_TABLES];
    static struct incr_program program;
    struct incr_unit_class *units;
    size_t n = 0;

    if (program.units) {
        return &program;
    }
    incr_replica_tables(&nb_class, tables);
    incr_replica_tables(&sb_class, tables + NB_N_TABLES);
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        n += lists[i]->n;
    }
    units = xcalloc(n, sizeof *units);
    n = 0;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        memcpy(units + n, lists[i]->units, lists[i]->n * sizeof *units);
        n += lists[i]->n;
    }
    program = (struct incr_program) {
        tables, ARRAY_SIZE(tables), facts, ARRAY_SIZE(facts), units, n,
    };
    return &program;
}

const void *
get_row(struct incr_ctx *ctx, unsigned int fact, const void *key, size_t size)
{
    const void *const *row = incr_get(ctx, fact, key, size);

    return row ? *row : NULL;
}

const void *
get_row_by_name(struct incr_ctx *ctx, unsigned int fact, const char *name)
{
    return get_row(ctx, fact, name, strlen(name));
}

const void *
get_row_by_row(struct incr_ctx *ctx, unsigned int fact, const void *row)
{
    return get_row(ctx, fact, &row, sizeof row);
}

struct global
get_global(struct incr_ctx *ctx)
{
    const struct global *global = incr_get(ctx, F_GLOBAL, NULL, 0);

    return global ? *global : (struct global) {
        .use_ct_inv_match = true, .ignore_lsp_down = true,
        .vxlan_mode = true,
    };
}

bool
switch_has(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
           enum datapath_flag_type type)
{
    struct datapath_flag flag = { ls, type };

    return EXISTS(ctx, F_SWITCH_FLAG, flag);
}

void
switch_set(struct incr_ctx *ctx, const struct nb_logical_switch *ls,
           enum datapath_flag_type type)
{
    struct datapath_flag flag = { ls, type };

    EMIT_KEY(ctx, F_SWITCH_FLAG, flag);
}

bool
router_has(struct incr_ctx *ctx, const struct nb_logical_router *lr,
           enum datapath_flag_type type)
{
    struct datapath_flag flag = { lr, type };

    return EXISTS(ctx, F_ROUTER_FLAG, flag);
}

void
router_set(struct incr_ctx *ctx, const struct nb_logical_router *lr,
           enum datapath_flag_type type)
{
    struct datapath_flag flag = { lr, type };

    EMIT_KEY(ctx, F_ROUTER_FLAG, flag);
}

const struct nb_logical_router_port *
router_gateway_port(struct incr_ctx *ctx, const struct nb_logical_router *lr,
                    size_t *ret_n)
{
    const struct incr_group *group = LOOKUP(ctx, F_GATEWAY_PORT, lr);
    const struct nb_logical_router_port *first = NULL;

    *ret_n = group ? group->n : 0;
    for (size_t i = 0; i < *ret_n; i++) {
        const struct nb_logical_router_port *const *lrp
            = incr_group_value(group, i);

        if (!first || strcmp(nb_logical_router_port_get_name(ctx, *lrp),
                             nb_logical_router_port_get_name(ctx, first))
                      < 0) {
            first = *lrp;
        }
    }
    return first;
}

const char *
router_chassis(struct incr_ctx *ctx, const struct nb_logical_router *lr)
{
    const char *chassis
        = strmap_get(nb_logical_router_get_options(ctx, lr), "chassis");

    return chassis && *chassis ? chassis : NULL;
}

static const void *
key_id(struct incr_ctx *ctx, const struct uuid *scope, const char *name,
       size_t *size)
{
    struct str *key = incr_scratch(ctx, SCRATCH_KEY);
    struct key_id id = { { { 0 } } };

    if (scope) {
        id.scope = *scope;
    }
    str_put_bytes(key, &id, sizeof id);
    str_put(key, name);
    *size = key->length;
    return key->string;
}

void
want_number(struct incr_ctx *ctx, const struct uuid *scope, const char *name,
            uint32_t requested, uint32_t max)
{
    const struct wanted_key wanted = { requested, max };
    size_t size;
    const void *id = key_id(ctx, scope, name, &size);

    incr_emit(ctx, F_KEY_WANTED, id, size, &wanted, sizeof wanted);
}

void
want_key(struct incr_ctx *ctx, const struct uuid *scope, const char *name,
         uint32_t requested)
{
    want_number(ctx, scope, name, requested, 0);
}

uint32_t
get_datapath_key(struct incr_ctx *ctx, const struct replica_row *row)
{
    char name[UUID_LEN + 1];
    const uint32_t *key;
    const void *id;
    size_t size;

    uuid_format(&row->uuid, name);
    name[UUID_LEN] = '\0';
    id = key_id(ctx, NULL, name, &size);
    key = incr_get(ctx, F_KEY, id, size);
    return key ? *key : 0;
}

uint32_t
get_number(struct incr_ctx *ctx, const struct uuid *scope, const char *name)
{
    size_t size;
    const void *id = key_id(ctx, scope, name, &size);
    const uint32_t *key = incr_get(ctx, F_KEY, id, size);

    return key ? *key : 0;
}

uint32_t
get_port_key(struct incr_ctx *ctx, const struct replica_row *datapath,
             const char *port)
{
    return get_number(ctx, &datapath->uuid, port);
}

const char *
text(struct incr_ctx *ctx, unsigned int i, const char *format, ...)
{
    struct str *s = incr_scratch(ctx, i);
    va_list args;

    va_start(args, format);
    str_vprintf(s, format, args);
    va_end(args);
    return str_cstr(s);
}

static void
put_quoted(struct str *s, const char *prefix, const char *name)
{
    str_put_char(s, '"');
    str_put(s, prefix);
    for (; *name; name++) {
        unsigned char c = *name;

        if (c == '"' || c == '\\') {
            str_put_char(s, '\\');
            str_put_char(s, c);
        } else if (c < ' ') {
            str_printf(s, "\\u%04x", c);
        } else {
            str_put_char(s, c);
        }
    }
    str_put_char(s, '"');
}

const char *
quoted(struct incr_ctx *ctx, unsigned int i, const char *name)
{
    struct str *s = incr_scratch(ctx, i);

    put_quoted(s, "", name);
    return str_cstr(s);
}

const char *
quoted_cr(struct incr_ctx *ctx, unsigned int i, const char *name)
{
    struct str *s = incr_scratch(ctx, i);

    put_quoted(s, "cr-", name);
    return str_cstr(s);
}

/* Warnings given, by hash: a unit that runs again has nothing new to say.
 * Bounded, so that an old one may be repeated.  Units run in several
 * threads. */
static _Atomic uint64_t warned[1024];

void
warn_row(const struct replica_row *row, const char *format, ...)
{
    static struct log_limit limit = LOG_LIMIT(5, 10);
    struct str s = STR_EMPTY;
    uint64_t hash;
    va_list args;

    va_start(args, format);
    str_vprintf(&s, format, args);
    va_end(args);
    hash = hash_string(str_cstr(&s), uuid_hash(&row->uuid)) | 1;
    if (atomic_exchange(&warned[hash / 2 % ARRAY_SIZE(warned)], hash)
        != hash) {
        log_warn_limited(&limit, "%s "UUID_FMT": %s",
                         replica_row_class(row)->name, UUID_ARGS(&row->uuid),
                         str_cstr(&s));
    }
    str_uninit(&s);
}

void
forget_warnings(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(warned); i++) {
        atomic_store(&warned[i], 0);
    }
}

static const struct str *
router_ip_key(struct incr_ctx *ctx, const struct nb_logical_router *lr,
              const char *ip)
{
    struct str *key = incr_scratch(ctx, SCRATCH_KEY);

    str_put_bytes(key, &lr, sizeof lr);
    str_put(key, ip);
    return key;
}

void
router_ip_set(struct incr_ctx *ctx, unsigned int fact,
              const struct nb_logical_router *lr, const char *ip)
{
    const struct str *key = router_ip_key(ctx, lr, ip);

    incr_emit(ctx, fact, key->string, key->length, NULL, 0);
}

bool
router_ip_has(struct incr_ctx *ctx, unsigned int fact,
              const struct nb_logical_router *lr, const char *ip)
{
    const struct str *key = router_ip_key(ctx, lr, ip);

    return incr_exists(ctx, fact, key->string, key->length);
}

bool
lsp_is_enabled(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    bool enabled = true;

    return (!nb_logical_switch_port_get_enabled(ctx, lsp, &enabled)
            || enabled);
}

bool
lrp_is_enabled(struct incr_ctx *ctx, const struct nb_logical_router_port *lrp)
{
    bool enabled = true;

    return (!nb_logical_router_port_get_enabled(ctx, lrp, &enabled)
            || enabled);
}

bool
lsp_is_type(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp,
            const char *type)
{
    return !strcmp(nb_logical_switch_port_get_type(ctx, lsp), type);
}

bool
lsp_is_patch(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    return lsp_is_type(ctx, lsp, "router") || lsp_is_type(ctx, lsp, "switch");
}

bool
lsp_is_up(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct sb_port_binding *pb;
    bool up;

    if (lsp_is_patch(ctx, lsp)) {
        return true;
    }
    pb = get_row_by_name(ctx, F_BINDING,
                         nb_logical_switch_port_get_name(ctx, lsp));
    if (!pb || !sb_port_binding_get_chassis(ctx, pb)) {
        return false;
    }
    /* Of a port in another zone nobody says so here.  Older hosts say
     * nothing. */
    return (lsp_is_type(ctx, lsp, "remote")
            || !sb_port_binding_get_up(ctx, pb, &up) || up);
}
