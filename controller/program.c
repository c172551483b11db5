/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/program.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "controller/binding/binding.h"
#include "controller/binding/names.h"
#include "controller/chassis/config.h"
#include "controller/chassis/encaps.h"
#include "controller/chassis/ha.h"
#include "controller/chassis/patch.h"
#include "controller/chassis/qos.h"
#include "controller/flows.h"
#include "controller/install/established.h"
#include "controller/install/meters.h"
#include "controller/physical/chassis_mac.h"
#include "controller/physical/hairpin.h"
#include "controller/physical/learned.h"
#include "controller/physical/physical.h"
#include "controller/physical/port_security.h"
#include "controller/punt/ageing.h"
#include "controller/punt/announce.h"
#include "controller/punt/known.h"
#include "controller/punt/periodic_ra.h"
#include "controller/translate/groups.h"
#include "controller/translate/lflow.h"
#include "controller/translate/parts.h"
#include "controller/translate/sets.h"
#include "lib/base/str.h"
#include "lib/incr/rows.h"

static void
format_u32(const void *p, size_t size, struct str *s)
{
    for (size_t i = 0; i + sizeof(uint32_t) <= size; i += sizeof(uint32_t)) {
        str_printf(s, "%s%"PRIu32, i ? " " : "",
                   get_u32((const char *) p + i));
    }
}

static void
format_uuid(const void *p, size_t size, struct str *s)
{
    if (size >= sizeof(struct uuid)) {
        str_printf(s, UUID_FMT, UUID_ARGS((const struct uuid *) p));
    }
}

static void
format_flow_key(const void *key_, size_t size UNUSED, struct str *s)
{
    const struct flow_fact_key *key = key_;
    struct match match;

    flow_fact_key_expand(key, &match);
    str_printf(s, "table=%d, ", key->table);
    match_format(&match, NULL, key->priority, s);
}

static const struct incr_fact_class facts[N_FACTS] = {
    [FACT_LOCAL_DATAPATH] = { "local_datapath", RANK_INPUT, format_u32 },
    [FACT_ID] = { "id", RANK_INPUT, NULL, format_u32 },
    [FACT_CONFIG] = { "config", RANK_CONFIG },
    [FACT_INTEGRATION_PORT] = { "integration_port", RANK_BRIDGE,
                                format_uuid },
    [FACT_FLOW_TUNNEL] = { "flow_tunnel", RANK_FLOW_TUNNELS, format_u32,
                           format_u32 },
    [FACT_INTERFACE] = { "interface", RANK_NAMES, NULL, format_uuid },
    [FACT_INTERFACE_VERSION] = { "interface_version", RANK_NAMES,
                                 format_uuid },
    [FACT_INTERFACE_ENCAP] = { "interface_encap", RANK_NAMES, format_uuid },
    [FACT_PATCH] = { "patch", RANK_NAMES, NULL, format_u32 },
    [FACT_TUNNEL] = { "tunnel", RANK_NAMES, NULL, format_u32 },
    [FACT_DEFAULT_ENCAP] = { "default_encap", RANK_NAMES },
    [FACT_TUNNEL_OPTION] = { "tunnel_option", RANK_NAMES },
    [FACT_PORT] = { "port", RANK_NAMES, NULL, format_uuid },
    [FACT_LOCALNET] = { "localnet", RANK_NAMES, format_u32, format_uuid },
    [FACT_GROUP_KEY] = { "group_key", RANK_NAMES, NULL, format_u32 },
    [FACT_PORT_CHASSIS] = { "port_chassis", RANK_NAMES },
    [FACT_BFD_PEER] = { "bfd_peer", RANK_BINDING },
    [FACT_CHASSIS_HERE] = { "chassis_here", RANK_NAMES, NULL, format_uuid },
    [FACT_HOSTNAME_HERE] = { "hostname_here", RANK_NAMES },
    [FACT_ADDRESS_SET] = { "address_set", RANK_NAMES },
    [FACT_SET_BUCKETS] = { "set_buckets", RANK_NAMES, NULL, format_u32 },
    [FACT_SET_BUCKET] = { "set_bucket", RANK_NAMES },
    [FACT_TEMPLATE_VAR] = { "template_var", RANK_NAMES },
    [FACT_PORT_GROUP] = { "port_group", RANK_NAMES },
    [FACT_GROUP_SHARES] = { "group_shares", RANK_NAMES, NULL, format_u32 },
    [FACT_GROUP_SHARE] = { "group_share", RANK_NAMES },
    [FACT_CHASSIS_MAC] = { "chassis_mac", RANK_NAMES },
    [FACT_ROUTER_MAC] = { "router_mac", RANK_BINDING, format_u32 },
    [FACT_CLAIM] = { "claim", RANK_BINDING, format_uuid, format_uuid },
    [FACT_HELD] = { "held", RANK_BINDING, format_uuid },
    [FACT_RESIDENT] = { "resident", RANK_BINDING },
    [FACT_DATAPATH_SEED] = { "datapath_seed", RANK_BINDING, format_u32 },
    [FACT_DATAPATH_EDGE] = { "datapath_edge", RANK_BINDING, format_u32,
                             format_u32 },
    [FACT_SHARE_HERE] = { "share_here", RANK_MEMBERS },
    [FACT_PORT_GROUP_HERE] = { "port_group_here", RANK_GROUPS },
    [FACT_GROUP_BUCKETS] = { "group_buckets", RANK_GROUPS, NULL,
                             format_u32 },
    [FACT_GROUP_BUCKET] = { "group_bucket", RANK_GROUPS },
    [FACT_PLACE] = { "place", RANK_PARTS },
    [FACT_SET_USE] = { "set_use", RANK_PARTS },
    [FACT_BUCKET_USE] = { "bucket_use", RANK_PARTS },
    [FACT_FLOW] = { "flow", RANK_FLOWS, format_flow_key },
    [FACT_ID_WANTED] = { "id_wanted", RANK_FLOWS, NULL, format_u32 },
    [FACT_TUNNEL_WANTED] = { "tunnel_wanted", RANK_FLOWS },
    [FACT_PATCH_WANTED] = { "patch_wanted", RANK_FLOWS },
    [FACT_ANNOUNCE] = { "announce", RANK_FLOWS },
    [FACT_QUEUE] = { "queue", RANK_FLOWS },
    [FACT_ACL_ID] = { "acl_id", RANK_FLOWS, format_u32 },
    [FACT_AGE] = { "age", RANK_FLOWS, format_u32 },
    [FACT_DNS] = { "dns", RANK_FLOWS, format_u32, format_uuid },
    [FACT_STAND_IN] = { "stand_in", RANK_BINDING, format_u32, format_u32 },
    [FACT_PERIODIC_RA] = { "periodic_ra", RANK_FLOWS, format_uuid },
    [FACT_METER] = { "meter", RANK_FLOWS },
};

#define ROW_UNIT(NAME, RANK, TABLE, RUN) \
    { .name = NAME, .rank = RANK, .table = TABLE, .fact = INCR_NONE, \
      .run_row = RUN }
#define FACT_UNIT(NAME, RANK, FACT, RUN) \
    { .name = NAME, .rank = RANK, .table = INCR_NONE, .fact = FACT, \
      .run_group = RUN }

static const struct incr_unit_class units[] = {
    ROW_UNIT("config", RANK_CONFIG, TABLE_VS(OPEN_VSWITCH), config_unit),
    ROW_UNIT("bridge", RANK_BRIDGE, TABLE_VS(BRIDGE), bridge_unit),
    ROW_UNIT("flow_tunnel", RANK_FLOW_TUNNELS, TABLE_VS(INTERFACE),
             flow_tunnel_unit),
    ROW_UNIT("chassis_tunnel", RANK_NAMES, TABLE_SB(CHASSIS),
             chassis_tunnel_unit),
    ROW_UNIT("interface", RANK_NAMES, TABLE_VS(INTERFACE), interface_unit),
    ROW_UNIT("port_name", RANK_NAMES, TABLE_SB(PORT_BINDING), port_name_unit),
    ROW_UNIT("group_name", RANK_NAMES, TABLE_SB(MULTICAST_GROUP),
             group_name_unit),
    ROW_UNIT("chassis_here", RANK_NAMES, TABLE_SB(CHASSIS),
             chassis_here_unit),
    ROW_UNIT("chassis_mac", RANK_NAMES, TABLE_SB(CHASSIS), chassis_mac_unit),
    ROW_UNIT("default_encap", RANK_NAMES, TABLE_SB(ENCAP),
             default_encap_unit),
    ROW_UNIT("tunnel_option", RANK_NAMES, TABLE_SB(SB_GLOBAL),
             tunnel_option_unit),
    ROW_UNIT("address_set", RANK_NAMES, TABLE_SB(ADDRESS_SET),
             address_set_unit),
    ROW_UNIT("template_var", RANK_NAMES, TABLE_SB(CHASSIS_TEMPLATE_VAR),
             template_var_unit),
    ROW_UNIT("port_group", RANK_NAMES, TABLE_SB(PORT_GROUP), port_group_unit),
    ROW_UNIT("binding", RANK_BINDING, TABLE_SB(PORT_BINDING), binding_unit),
    ROW_UNIT("bfd_peer", RANK_BINDING, TABLE_SB(HA_CHASSIS_GROUP),
             bfd_peer_unit),
    FACT_UNIT("share_here", RANK_MEMBERS, FACT_GROUP_SHARE, share_here_unit),
    ROW_UNIT("port_group_here", RANK_GROUPS, TABLE_SB(PORT_GROUP),
             port_group_here_unit),
    ROW_UNIT("lflow_parts", RANK_PARTS, TABLE_SB(LOGICAL_FLOW),
             lflow_parts_unit),
    ROW_UNIT("flow_encap", RANK_FLOWS, TABLE_VS(OPEN_VSWITCH),
             flow_encap_unit),
    ROW_UNIT("encap", RANK_FLOWS, TABLE_SB(CHASSIS), encap_unit),
    ROW_UNIT("patch", RANK_FLOWS, TABLE_SB(PORT_BINDING), patch_unit),
    ROW_UNIT("meter", RANK_FLOWS, TABLE_SB(METER), meter_unit),
    ROW_UNIT("acl_id", RANK_FLOWS, TABLE_SB(ACL_ID), acl_id_unit),
    ROW_UNIT("queue", RANK_FLOWS, TABLE_SB(PORT_BINDING), queue_unit),
    ROW_UNIT("physical_fixed", RANK_FLOWS, TABLE_VS(OPEN_VSWITCH),
             physical_fixed_unit),
    FACT_UNIT("physical_tunnel", RANK_FLOWS, FACT_TUNNEL,
              physical_tunnel_unit),
    ROW_UNIT("physical_port", RANK_FLOWS, TABLE_SB(PORT_BINDING),
             physical_port_unit),
    ROW_UNIT("physical_group", RANK_FLOWS, TABLE_SB(MULTICAST_GROUP),
             physical_group_unit),
    FACT_UNIT("chassis_mac_flows", RANK_FLOWS, FACT_CHASSIS_MAC,
              chassis_mac_flows_unit),
    ROW_UNIT("hairpin", RANK_FLOWS, TABLE_SB(LOAD_BALANCER), hairpin_unit),
    ROW_UNIT("port_security", RANK_FLOWS, TABLE_SB(PORT_BINDING),
             port_security_unit),
    ROW_UNIT("mac_binding", RANK_FLOWS, TABLE_SB(MAC_BINDING),
             mac_binding_unit),
    ROW_UNIT("static_mac_binding", RANK_FLOWS, TABLE_SB(STATIC_MAC_BINDING),
             static_mac_binding_unit),
    ROW_UNIT("dns", RANK_FLOWS, TABLE_SB(DNS), dns_unit),
    ROW_UNIT("age", RANK_FLOWS, TABLE_SB(DATAPATH_BINDING), age_unit),
    ROW_UNIT("announce", RANK_FLOWS, TABLE_SB(PORT_BINDING), announce_unit),
    ROW_UNIT("periodic_ra", RANK_FLOWS, TABLE_SB(PORT_BINDING),
             periodic_ra_unit),
    ROW_UNIT("fdb", RANK_FLOWS, TABLE_SB(FDB), fdb_unit),
    ROW_UNIT("logical_flow", RANK_FLOWS, TABLE_SB(LOGICAL_FLOW),
             logical_flow_unit),
    FACT_UNIT("lflow_place", RANK_FLOWS, FACT_PLACE, lflow_place_unit),
    FACT_UNIT("set_members", RANK_FLOWS, FACT_BUCKET_USE, set_members_unit),
};

const struct incr_program *
controller_program(void)
{
    static struct incr_table tables[CONTROLLER_N_TABLES];
    static const struct incr_program program = {
        .tables = tables,
        .n_tables = CONTROLLER_N_TABLES,
        .facts = facts,
        .n_facts = N_FACTS,
        .units = units,
        .n_units = ARRAY_SIZE(units),
    };

    if (!tables[0].name) {
        incr_replica_tables(&vs_class, tables);
        incr_replica_tables(&sb_class, tables + VS_N_TABLES);
    }
    return &program;
}

void
controller_put_id_key(struct str *key, enum id_kind kind, const char *text)
{
    str_put_char(key, kind);
    str_put_bytes(key, text, strlen(text) + 1);
}

uint32_t
controller_want_id(struct incr_ctx *ctx, enum id_kind kind, const char *text,
                   uint32_t n)
{
    struct str *key = incr_scratch(ctx, 3);
    const uint32_t *id;

    controller_put_id_key(key, kind, text);
    incr_emit(ctx, FACT_ID_WANTED, key->string, key->length, &n, sizeof n);
    id = incr_get(ctx, FACT_ID, key->string, key->length);
    return id ? *id : 0;
}

uint32_t
controller_find_id(struct incr_ctx *ctx, enum id_kind kind, const char *text)
{
    struct str *key = incr_scratch(ctx, 3);
    const uint32_t *id;

    controller_put_id_key(key, kind, text);
    id = incr_get(ctx, FACT_ID, key->string, key->length);
    return id ? *id : 0;
}

const char *
controller_config(struct incr_ctx *ctx, const char *name, const char *def)
{
    const char *value = incr_get(ctx, FACT_CONFIG, name, strlen(name) + 1);

    return value ? value : def;
}

bool
controller_config_bool(struct incr_ctx *ctx, const char *name, bool def)
{
    const char *value = controller_config(ctx, name, "");

    return def ? strcasecmp(value, "false") != 0 : !strcasecmp(value, "true");
}
