/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/monitor.h"

#include <stdlib.h>
#include <strings.h>

#include "controller/program.h"
#include "lib/base/alloc.h"

#define ALL REPLICA_ALL_COLS

/* The tables that are read here, without what is for people to read. */
static const struct {
    const struct replica_table_class *table;
    uint64_t columns;
} tables[] = {
    { &sb_sb_global_table, ALL },
    { &sb_chassis_table, ALL },
    { &sb_chassis_private_table, ALL },
    { &sb_encap_table, ALL },
    { &sb_address_set_table, ALL },
    { &sb_port_group_table, ALL },
    { &sb_logical_flow_table,
      ~(REPLICA_COL(SB_LOGICAL_FLOW_COL_EXTERNAL_IDS)
        | REPLICA_COL(SB_LOGICAL_FLOW_COL_TAGS)
        | REPLICA_COL(SB_LOGICAL_FLOW_COL_FLOW_DESC)) },
    { &sb_logical_dp_group_table, ALL },
    { &sb_multicast_group_table, ALL },
    { &sb_meter_table, ALL },
    { &sb_meter_band_table, ALL },
    { &sb_datapath_binding_table, ALL },
    { &sb_port_binding_table,
      ~REPLICA_COL(SB_PORT_BINDING_COL_EXTERNAL_IDS) },
    { &sb_mac_binding_table, ALL },
    { &sb_dns_table, ~REPLICA_COL(SB_DNS_COL_EXTERNAL_IDS) },
    { &sb_ha_chassis_table, ~REPLICA_COL(SB_HA_CHASSIS_COL_EXTERNAL_IDS) },
    { &sb_ha_chassis_group_table,
      ~REPLICA_COL(SB_HA_CHASSIS_GROUP_COL_EXTERNAL_IDS) },
    { &sb_controller_event_table, ALL },
    { &sb_load_balancer_table,
      ~REPLICA_COL(SB_LOAD_BALANCER_COL_EXTERNAL_IDS) },
    { &sb_fdb_table, ALL },
    { &sb_static_mac_binding_table, ALL },
    { &sb_chassis_template_var_table, ALL },
    { &sb_acl_id_table, ALL },
};

/* What a clause of a column compares with. */
enum operand {
    LOCAL_DATAPATH,              /* The column is a local datapath, */
    HAS_LOCAL_DATAPATH,          /* has it as an element, */
    LOCAL_KEY,                   /* is the key of one, */
    LOCAL_GROUP,                 /* a group that has a local datapath, */
    INTERFACE,                   /* the iface-id of an interface here, */
    THIS_CHASSIS,                /* our Chassis row, */
    HAS_THIS_CHASSIS,            /* has it as an element, */
    CHASSIS_NAME,                /* is our name, */
    OPTION,                      /* has our name under the key 'text', */
    TEXT,                        /* is 'text'. */
};

/* A row is asked for if any clause of its table holds. */
static const struct clause {
    const struct replica_table_class *table;
    unsigned int column;
    enum operand operand;
    const char *text;
} clauses[] = {
#define TABLE(NAME) &sb_##NAME##_table
    { TABLE(logical_dp_group), SB_LOGICAL_DP_GROUP_COL_DATAPATHS,
      HAS_LOCAL_DATAPATH, NULL },
    { TABLE(logical_flow), SB_LOGICAL_FLOW_COL_LOGICAL_DATAPATH,
      LOCAL_DATAPATH, NULL },
    { TABLE(logical_flow), SB_LOGICAL_FLOW_COL_LOGICAL_DP_GROUP,
      LOCAL_GROUP, NULL },
    { TABLE(load_balancer), SB_LOAD_BALANCER_COL_DATAPATHS,
      HAS_LOCAL_DATAPATH, NULL },
    { TABLE(load_balancer), SB_LOAD_BALANCER_COL_DATAPATH_GROUP,
      LOCAL_GROUP, NULL },
    { TABLE(load_balancer), SB_LOAD_BALANCER_COL_LS_DATAPATH_GROUP,
      LOCAL_GROUP, NULL },
    { TABLE(multicast_group), SB_MULTICAST_GROUP_COL_DATAPATH,
      LOCAL_DATAPATH, NULL },
    { TABLE(mac_binding), SB_MAC_BINDING_COL_DATAPATH,
      LOCAL_DATAPATH, NULL },
    { TABLE(static_mac_binding), SB_STATIC_MAC_BINDING_COL_DATAPATH,
      LOCAL_DATAPATH, NULL },
    { TABLE(fdb), SB_FDB_COL_DP_KEY, LOCAL_KEY, NULL },
    { TABLE(dns), SB_DNS_COL_DATAPATHS, HAS_LOCAL_DATAPATH, NULL },

    { TABLE(port_binding), SB_PORT_BINDING_COL_DATAPATH,
      LOCAL_DATAPATH, NULL },
    { TABLE(port_binding), SB_PORT_BINDING_COL_LOGICAL_PORT,
      INTERFACE, NULL },
    { TABLE(port_binding), SB_PORT_BINDING_COL_PARENT_PORT,
      INTERFACE, NULL },
    { TABLE(port_binding), SB_PORT_BINDING_COL_CHASSIS, THIS_CHASSIS, NULL },
    { TABLE(port_binding), SB_PORT_BINDING_COL_ADDITIONAL_CHASSIS,
      HAS_THIS_CHASSIS, NULL },
    { TABLE(port_binding), SB_PORT_BINDING_COL_OPTIONS,
      OPTION, "l3gateway-chassis" },
    { TABLE(port_binding), SB_PORT_BINDING_COL_OPTIONS,
      OPTION, "l2gateway-chassis" },
    /* Those that lead from datapath to datapath, and those whose chassis is
     * chosen by members of a group. */
    { TABLE(port_binding), SB_PORT_BINDING_COL_TYPE, TEXT, "patch" },
    { TABLE(port_binding), SB_PORT_BINDING_COL_TYPE,
      TEXT, "chassisredirect" },
    { TABLE(port_binding), SB_PORT_BINDING_COL_TYPE, TEXT, "external" },

    { TABLE(chassis_private), SB_CHASSIS_PRIVATE_COL_NAME,
      CHASSIS_NAME, NULL },
    { TABLE(controller_event), SB_CONTROLLER_EVENT_COL_CHASSIS,
      THIS_CHASSIS, NULL },
    { TABLE(chassis_template_var), SB_CHASSIS_TEMPLATE_VAR_COL_CHASSIS,
      CHASSIS_NAME, NULL },
#undef TABLE
};

struct monitor {
    struct controller *controller;
    struct replica_index *datapath_by_key;
    struct incr_sink datapath_sink;
    struct incr_sink interface_sink;
    unsigned int n_connections;
    bool dirty;
};

static void
group_changed(void *m, struct incr_group *group UNUSED)
{
    monitor_wake(m);
}

struct monitor *
monitor_create(struct controller *c)
{
    struct monitor *m = xzalloc(sizeof *m);

    m->controller = c;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        replica_monitor(c->sb, tables[i].table, tables[i].columns);
    }
    m->datapath_by_key
        = replica_index_create_simple(c->sb, &sb_datapath_binding_table,
                                      SB_DATAPATH_BINDING_COL_TUNNEL_KEY);
    m->datapath_sink = (struct incr_sink) {
        .fact = FACT_LOCAL_DATAPATH, .aux = m,
        .group_changed = group_changed };
    m->interface_sink = (struct incr_sink) {
        .fact = FACT_INTERFACE, .aux = m, .group_changed = group_changed };
    incr_add_sink(c->incr, &m->datapath_sink);
    incr_add_sink(c->incr, &m->interface_sink);
    m->dirty = true;
    return m;
}

void
monitor_destroy(struct monitor *m)
{
    free(m);
}

void
monitor_wake(struct monitor *m)
{
    m->dirty = true;
}

/* ## Building conditions ## */

/* A condition that grows by the facts of a class. */
struct growth {
    const struct monitor *monitor;
    const struct clause *clause;
    const struct replica_column_class *column;
    struct replica_condition *condition;
};

static const struct sb_datapath_binding *
find_datapath(const struct monitor *m, uint32_t key)
{
    return (const struct sb_datapath_binding *)
        replica_index_find_int(m->datapath_by_key, key);
}

static void
add_datapath(struct incr_group *group, void *growth_)
{
    struct growth *g = growth_;
    uint32_t key = get_u32(incr_group_key(group));
    const struct sb_datapath_binding *dp;

    if (g->clause->operand == LOCAL_KEY) {
        replica_condition_add_int(g->condition, g->column, REPLICA_EQ, key);
        return;
    }
    dp = find_datapath(g->monitor, key);
    if (dp) {
        replica_condition_add_uuid(g->condition, g->column,
                                   g->clause->operand == HAS_LOCAL_DATAPATH
                                   ? REPLICA_INCLUDES : REPLICA_EQ,
                                   &dp->header.uuid);
    }
}

static void
add_interface(struct incr_group *group, void *growth_)
{
    struct growth *g = growth_;

    replica_condition_add_string(g->condition, g->column, REPLICA_EQ,
                                 incr_group_key(group));
}

static bool
group_is_local(const struct monitor *m, const struct sb_logical_dp_group *row)
{
    for (size_t i = 0; i < row->n_datapaths; i++) {
        uint32_t key = row->datapaths[i]->tunnel_key;
        const struct incr_group *group
            = incr_find(m->controller->incr, FACT_LOCAL_DATAPATH,
                        &key, sizeof key);

        if (group && group->n) {
            return true;
        }
    }
    return false;
}

static void
add_groups(struct growth *g)
{
    const struct sb_logical_dp_group *row;

    SB_LOGICAL_DP_GROUP_FOR_EACH (row, g->monitor->controller->sb) {
        if (group_is_local(g->monitor, row)) {
            replica_condition_add_uuid(g->condition, g->column, REPLICA_EQ,
                                       &row->header.uuid);
        }
    }
}

static void
add_chassis(struct growth *g)
{
    const struct controller *c = g->monitor->controller;
    const struct sb_chassis *chassis = controller_chassis(c);
    const char *name = controller_system_id(c);

    if (g->clause->operand == CHASSIS_NAME && name) {
        replica_condition_add_string(g->condition, g->column, REPLICA_EQ,
                                     name);
    } else if (g->clause->operand == OPTION && name) {
        replica_condition_add_pair(g->condition, g->column, REPLICA_INCLUDES,
                                   g->clause->text, name);
    } else if (g->clause->operand == THIS_CHASSIS && chassis) {
        replica_condition_add_uuid(g->condition, g->column, REPLICA_EQ,
                                   &chassis->header.uuid);
    } else if (g->clause->operand == HAS_THIS_CHASSIS && chassis) {
        replica_condition_add_uuid(g->condition, g->column, REPLICA_INCLUDES,
                                   &chassis->header.uuid);
    }
}

static void
add_clause(struct growth *g)
{
    struct incr *incr = g->monitor->controller->incr;

    switch (g->clause->operand) {
    case LOCAL_DATAPATH:
    case HAS_LOCAL_DATAPATH:
    case LOCAL_KEY:
        incr_for_each_group(incr, FACT_LOCAL_DATAPATH, add_datapath, g);
        break;
    case LOCAL_GROUP:
        add_groups(g);
        break;
    case INTERFACE:
        incr_for_each_group(incr, FACT_INTERFACE, add_interface, g);
        break;
    case THIS_CHASSIS:
    case HAS_THIS_CHASSIS:
    case CHASSIS_NAME:
    case OPTION:
        add_chassis(g);
        break;
    case TEXT:
        replica_condition_add_string(g->condition, g->column, REPLICA_EQ,
                                     g->clause->text);
        break;
    }
}

/* Sets the condition of the table of clause 'first', which the next clauses
 * may be of too; returns the first clause of the next table. */
static size_t
set_condition(const struct monitor *m, size_t first, bool monitor_all)
{
    const struct replica_table_class *table = clauses[first].table;
    struct replica_condition condition = REPLICA_CONDITION_NONE;
    size_t i;

    for (i = first; i < ARRAY_SIZE(clauses) && clauses[i].table == table;
         i++) {
        struct growth g = {
            .monitor = m,
            .clause = &clauses[i],
            .column = &table->columns[clauses[i].column],
            .condition = &condition,
        };

        /* A server refuses conditions on columns that it does not have, and
         * which it has is known from the first connection on. */
        if (!monitor_all
            && replica_server_has_column(m->controller->sb, table,
                                         clauses[i].column)) {
            add_clause(&g);
        }
    }
    if (monitor_all) {
        replica_condition_add_true(&condition);
    }
    replica_set_condition(m->controller->sb, table, &condition);
    return i;
}

void
monitor_run(struct monitor *m)
{
    const struct controller *c = m->controller;
    unsigned int n_connections = replica_connection_number(c->sb);
    bool monitor_all;

    if (!m->dirty && n_connections == m->n_connections
        && !replica_first_changed(c->sb,
                                            &sb_logical_dp_group_table)) {
        return;
    }
    m->dirty = false;
    m->n_connections = n_connections;
    monitor_all = !strcasecmp(controller_setting(c, "ovn-monitor-all", ""),
                              "true");
    for (size_t i = 0; i < ARRAY_SIZE(clauses); ) {
        i = set_condition(m, i, monitor_all);
    }
}

bool
monitor_is_settled(const struct monitor *m)
{
    const struct replica *sb = m->controller->sb;

    return !replica_is_connected(sb) || replica_conditions_settled(sb);
}
