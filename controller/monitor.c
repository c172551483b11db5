/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/monitor.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/sset.h"

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

/* What conditions are made of, as bits; a condition is made anew when one of
 * those in it changed. */
enum source {
    DATAPATHS = 1 << 0,
    GROUPS = 1 << 1,
    INTERFACES = 1 << 2,
    CHASSIS = 1 << 3,
    EVERYTHING = 15,
};

static const enum source sources[] = {
    [LOCAL_DATAPATH] = DATAPATHS,
    [HAS_LOCAL_DATAPATH] = DATAPATHS,
    [LOCAL_KEY] = DATAPATHS,
    [LOCAL_GROUP] = DATAPATHS | GROUPS,
    [INTERFACE] = INTERFACES,
    [THIS_CHASSIS] = CHASSIS,
    [HAS_THIS_CHASSIS] = CHASSIS,
    [CHASSIS_NAME] = CHASSIS,
    [OPTION] = CHASSIS,
    [TEXT] = 0,
};

struct monitor {
    struct controller *controller;
    struct replica_index *datapath_by_key;
    struct incr_sink datapath_sink;
    struct incr_sink interface_sink;
    struct incr_sink chassis_sink;
    unsigned int n_connections;
    struct sset interfaces;      /* iface-ids. */
    char *chassis_name;          /* Settings as last seen. */
    bool monitor_all;
    unsigned int dirty;          /* Sources that changed. */
    unsigned int asked;          /* Sources about which an answer is due. */
};

static void
datapath_changed(void *m_, struct incr_group *group UNUSED)
{
    struct monitor *m = m_;

    m->dirty |= DATAPATHS;
}

/* Only which ones there are matters, and they change while they come up. */
static void
interface_changed(void *m_, struct incr_group *group)
{
    const char *iface_id = incr_group_key(group);
    struct monitor *m = m_;

    if (group->n ? sset_add(&m->interfaces, iface_id)
        : sset_remove(&m->interfaces, iface_id)) {
        m->dirty |= INTERFACES;
    }
}

static void
chassis_changed(void *m_, struct incr_group *group UNUSED)
{
    struct monitor *m = m_;

    m->dirty |= CHASSIS;
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
        .group_changed = datapath_changed };
    m->interface_sink = (struct incr_sink) {
        .fact = FACT_INTERFACE, .aux = m,
        .group_changed = interface_changed };
    m->chassis_sink = (struct incr_sink) {
        .fact = FACT_CHASSIS_HERE, .aux = m,
        .group_changed = chassis_changed };
    incr_add_sink(c->incr, &m->datapath_sink);
    incr_add_sink(c->incr, &m->interface_sink);
    incr_add_sink(c->incr, &m->chassis_sink);
    sset_init(&m->interfaces);
    m->dirty = EVERYTHING;
    return m;
}

void
monitor_destroy(struct monitor *m)
{
    if (m) {
        sset_uninit(&m->interfaces);
        free(m->chassis_name);
        free(m);
    }
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
add_interfaces(const struct growth *g)
{
    const struct sset_node *node;

    SSET_FOR_EACH (node, &g->monitor->interfaces) {
        replica_condition_add_string(g->condition, g->column, REPLICA_EQ,
                                     node->name);
    }
}

static bool
is_local(const struct monitor *m, const struct sb_datapath_binding *row)
{
    uint32_t key = row->tunnel_key;
    const struct incr_group *group
        = incr_find(m->controller->incr, FACT_LOCAL_DATAPATH,
                    &key, sizeof key);

    return group && group->n;
}

static bool
group_is_local(const struct monitor *m, const struct sb_logical_dp_group *row)
{
    for (size_t i = 0; i < row->n_datapaths; i++) {
        if (is_local(m, row->datapaths[i])) {
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
        add_interfaces(g);
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

/* The first clause after 'first' that is of another table. */
static size_t
end_of_table(size_t first)
{
    size_t end = first;

    while (end < ARRAY_SIZE(clauses)
           && clauses[end].table == clauses[first].table) {
        end++;
    }
    return end;
}

/* Does the condition of the table of clauses 'first' to 'end' depend on what
 * changed? */
static bool
is_concerned(const struct monitor *m, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        if (sources[clauses[i].operand] & m->dirty) {
            return true;
        }
    }
    return false;
}

/* Sets the condition of the table of clauses 'first' to 'end'; says whether it
 * is another one now. */
static bool
set_condition(const struct monitor *m, size_t first, size_t end)
{
    const struct replica_table_class *table = clauses[first].table;
    struct replica_condition condition = REPLICA_CONDITION_NONE;

    for (size_t i = first; i < end; i++) {
        struct growth g = {
            .monitor = m,
            .clause = &clauses[i],
            .column = &table->columns[clauses[i].column],
            .condition = &condition,
        };

        /* A server refuses conditions on columns that it does not have, and
         * which it has is known from the first connection on. */
        if (!m->monitor_all
            && replica_server_has_column(m->controller->sb, table,
                                         clauses[i].column)) {
            add_clause(&g);
        }
    }
    if (m->monitor_all) {
        replica_condition_add_true(&condition);
    }
    return replica_set_condition(m->controller->sb, table, &condition);
}

/* Notes what changed besides the facts. */
static void
look_around(struct monitor *m)
{
    const struct controller *c = m->controller;
    unsigned int n_connections = replica_connection_number(c->sb);
    bool monitor_all = !strcasecmp(
        controller_setting(c, "ovn-monitor-all", ""), "true");
    const char *name = controller_system_id(c) ?: "";
    const struct replica_row *row;

    if (n_connections != m->n_connections || monitor_all != m->monitor_all) {
        m->n_connections = n_connections;
        m->monitor_all = monitor_all;
        m->dirty = EVERYTHING;
    }
    if (!m->chassis_name || strcmp(name, m->chassis_name)) {
        free(m->chassis_name);
        m->chassis_name = xstrdup(name);
        m->dirty |= CHASSIS;
    }
    if (replica_first_changed(c->sb, &sb_logical_dp_group_table)) {
        m->dirty |= GROUPS;
    }
    /* A datapath that was made anew under the key of another. */
    REPLICA_FOR_EACH_CHANGED (row, c->sb, &sb_datapath_binding_table) {
        if (!replica_row_is_deleted(row)
            && is_local(m, (const struct sb_datapath_binding *) row)) {
            m->dirty |= DATAPATHS;
        }
    }
}

bool
monitor_run(struct monitor *m)
{
    bool has_asked = false;

    look_around(m);
    if (replica_conditions_settled(m->controller->sb)) {
        m->asked = 0;
    }
    for (size_t i = 0, end; m->dirty && i < ARRAY_SIZE(clauses); i = end) {
        end = end_of_table(i);
        if (is_concerned(m, i, end) && set_condition(m, i, end)) {
            m->asked |= m->dirty;
            has_asked = true;
        }
    }
    m->dirty = 0;
    return has_asked;
}

bool
monitor_is_waiting(const struct monitor *m)
{
    return m->asked & ~INTERFACES && !monitor_is_settled(m);
}

bool
monitor_knows_chassis(const struct monitor *m)
{
    return !(m->asked & CHASSIS) || monitor_is_settled(m);
}

bool
monitor_is_settled(const struct monitor *m)
{
    const struct replica *sb = m->controller->sb;

    return !replica_is_connected(sb) || replica_conditions_settled(sb);
}
