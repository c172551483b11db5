/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/extract.h"
#include "lib/runtime/log.h"
#include "vswitch/config/model.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/bfd_monitor.h"
#include "vswitch/upcall/upcall.h"

LOG_MODULE(bridge);

/* How often statistics are written unless other_config:stats-update-interval
 * says otherwise, and how often a missing device is looked for. */
#define STATS_INTERVAL_MS 5000
#define RETRY_INTERVAL_MS 1000

/* The least that ovs-vswitchd.conf.db(5) allows. */
#define MIN_MAX_IDLE_MS 500
#define MIN_MAX_REVALIDATOR_MS 100

static const struct vs_open_vswitch *
global_row(const struct config *c)
{
    return vs_open_vswitch_first(c->replica);
}

/* ## Applying ## */

static void
apply_changed_rows(struct config *c)
{
    const struct vs_bridge *bridge_row;
    const struct vs_port *port_row;
    const struct vs_interface *iface_row;

    VS_BRIDGE_FOR_EACH_CHANGED (bridge_row, c->replica) {
        struct bridge *bridge = bridge_find(c, &bridge_row->header.uuid);

        if (bridge && !replica_row_is_deleted(&bridge_row->header)) {
            bridge_apply(bridge, bridge_row);
        }
    }
    VS_PORT_FOR_EACH_CHANGED (port_row, c->replica) {
        struct port *port = port_find(c, &port_row->header.uuid);

        if (port && !replica_row_is_deleted(&port_row->header)) {
            port_apply(port, port_row);
        }
    }
    VS_INTERFACE_FOR_EACH_CHANGED (iface_row, c->replica) {
        struct iface *iface = iface_find(c, &iface_row->header.uuid);

        if (iface && !replica_row_is_deleted(&iface_row->header)) {
            iface_apply(iface, iface_row);
        }
    }
}

/* A Controller or Flow_Table row belongs to the bridges that name it. */
static void
apply_parts_of_bridges(struct config *c)
{
    bool controllers = vs_controller_first_changed(c->replica) != NULL;
    bool tables = vs_flow_table_first_changed(c->replica) != NULL;
    struct bridge *bridge;

    if (!controllers && !tables) {
        return;
    }
    HMAP_FOR_EACH (bridge, node, &c->bridges) {
        const struct vs_bridge *row
            = vs_bridge_get_for_uuid(c->replica, &bridge->uuid);

        if (row && controllers) {
            controllers_apply(bridge, row);
        }
        if (row && tables) {
            bridge_apply_tables(bridge, row);
        }
    }
}

/* What other_config of the global row says about datapaths and upcalls. */
static void
apply_other_config(const struct strmap *oc)
{
    static const struct upcall_config defaults = UPCALL_CONFIG_DEFAULT;
    struct upcall_config upcall = {
        .flow_limit = strmap_get_uint(oc, "flow-limit", defaults.flow_limit),
        .max_idle_ms = strmap_get_uint(oc, "max-idle", defaults.max_idle_ms),
        .max_revalidator_ms = strmap_get_uint(oc, "max-revalidator",
                                              defaults.max_revalidator_ms),
        .min_revalidate_pps = strmap_get_uint(oc, "min-revalidate-pps",
                                              defaults.min_revalidate_pps),
        .n_revalidators = strmap_get_uint(oc, "n-revalidator-threads",
                                          defaults.n_revalidators),
    };
    struct smap config;

    flow_set_vlan_limit(strmap_get_uint(oc, "vlan-limit", 1));
    upcall.max_revalidator_ms = MAX(upcall.max_revalidator_ms,
                                    MIN_MAX_REVALIDATOR_MS);
    upcall.max_idle_ms = MAX(upcall.max_idle_ms, MIN_MAX_IDLE_MS);
    upcall.n_revalidators = MAX(upcall.n_revalidators, 1);
    upcall_set_config(&upcall);
    strmap_to_smap(oc, &config);
    backers_set_config(&config);
    smap_uninit(&config);
}

static void
apply(struct config *c, const struct vs_open_vswitch *row)
{
    if (row->header.changed) {
        apply_other_config(&row->other_config);
        ofproto_set_restoring(strmap_get_bool(&row->other_config,
                                              "flow-restore-wait", false));
        bridges_apply(c, row);
    }
    managers_apply(c, row);
    apply_changed_rows(c);
    apply_parts_of_bridges(c);
    ct_zones_config(c, row);
    c->applied_cfg = row->next_cfg;
}

/* ## Writing back ## */

static void
written(struct replica_txn *txn, enum replica_txn_status status, void *c_)
{
    static struct log_limit limit = LOG_LIMIT(1, 5);
    struct config *c = c_;
    struct iface *iface;

    c->txn_busy = false;
    if (status == REPLICA_TXN_ERROR) {
        log_warn_limited(&limit, "writing status to the database failed: %s",
                         replica_txn_error(txn));
    }
    if (status != REPLICA_TXN_SUCCESS && status != REPLICA_TXN_UNCHANGED) {
        HMAP_FOR_EACH (iface, node, &c->ifaces) {
            iface_mark_dirty(c, iface);
        }
    }
    step_wake(&c->step);
}

static bool
has_something_to_write(const struct config *c,
                       const struct vs_open_vswitch *row)
{
    return (c->stats_due || !list_is_empty(&c->dirty_ifaces)
            || row->cur_cfg != c->cur_cfg || !row->n_iface_types);
}

static void
write_back(struct config *c)
{
    const struct vs_open_vswitch *row = global_row(c);
    struct replica_txn *txn;

    if (c->txn_busy || !replica_is_connected(c->replica) || !row
        || !has_something_to_write(c, row)) {
        return;
    }
    txn = replica_txn_create(c->replica);
    status_write(c, row);
    if (c->stats_due) {
        c->stats_due = false;
        status_write_statistics(c);
    }
    c->txn_busy = true;
    replica_txn_commit(txn, written, c);
}

/* ## The step ## */

static bool
lock_is_held(struct config *c)
{
    if (replica_has_lock(c->replica)) {
        c->has_lock = true;
    } else if (replica_lock_is_contended(c->replica) && !c->complained) {
        c->complained = true;
        log_err("another ovs-vswitchd process is running, disabling this "
                "process until it goes away");
        daemon_ready();
    }
    return c->has_lock;
}

static void
run(void *c_)
{
    struct config *c = c_;
    const struct vs_open_vswitch *row;

    if (!replica_is_synced(c->replica) || !lock_is_held(c)) {
        return;
    }
    row = global_row(c);
    if (row && replica_has_changes(c->replica)) {
        apply(c, row);
    }
    replica_clear_changes(c->replica);
    if (!netdev_is_busy()) {
        /* Who waits for cur_cfg, or started this daemon, may rely on the
         * bridges from now on. */
        c->cur_cfg = c->applied_cfg;
        daemon_ready();
    }
    if (c->netdevs_changed) {
        c->netdevs_changed = false;
        ofproto_ports_refresh();
        status_poll(c);
    }
    write_back(c);
}

static void
netdevs_changed(void *c_)
{
    struct config *c = c_;

    c->netdevs_changed = true;
    step_wake(&c->step);
}

static void
bfd_changed(const struct uuid *uuid, void *c)
{
    struct iface *iface = iface_find(c, uuid);

    if (iface) {
        iface_mark_dirty(c, iface);
    }
}

static void
wake(void *c_)
{
    struct config *c = c_;

    step_wake(&c->step);
}

static void
stats_timer_expired(void *c_)
{
    struct config *c = c_;
    const struct vs_open_vswitch *row = global_row(c);
    int interval = STATS_INTERVAL_MS;

    if (row) {
        interval = strmap_get_int(&row->other_config, "stats-update-interval",
                                  STATS_INTERVAL_MS);
    }
    c->stats_due = true;
    timer_set(&c->stats_timer, MAX(interval, STATS_INTERVAL_MS));
    step_wake(&c->step);
}

static void
retry_timer_expired(void *c_)
{
    struct config *c = c_;

    ifaces_retry(c);
    timer_set(&c->retry_timer, RETRY_INTERVAL_MS);
}

/* Columns that only this program writes: changes of theirs are no news. */
static void
monitor(struct config *c)
{
    static const struct {
        const struct replica_table_class *table;
        uint64_t columns;
    } own[] = {
        { &vs_open_vswitch_table,
          REPLICA_COL(VS_OPEN_VSWITCH_COL_CUR_CFG)
          | REPLICA_COL(VS_OPEN_VSWITCH_COL_STATISTICS)
          | REPLICA_COL(VS_OPEN_VSWITCH_COL_DATAPATH_TYPES)
          | REPLICA_COL(VS_OPEN_VSWITCH_COL_IFACE_TYPES)
          | REPLICA_COL(VS_OPEN_VSWITCH_COL_DPDK_INITIALIZED)
          | REPLICA_COL(VS_OPEN_VSWITCH_COL_DPDK_VERSION) },
        { &vs_bridge_table,
          REPLICA_COL(VS_BRIDGE_COL_DATAPATH_VERSION)
          | REPLICA_COL(VS_BRIDGE_COL_DATAPATH_ID)
          | REPLICA_COL(VS_BRIDGE_COL_STATUS)
          | REPLICA_COL(VS_BRIDGE_COL_RSTP_STATUS) },
        { &vs_interface_table,
          REPLICA_COL(VS_INTERFACE_COL_OFPORT)
          | REPLICA_COL(VS_INTERFACE_COL_STATISTICS)
          | REPLICA_COL(VS_INTERFACE_COL_STATUS)
          | REPLICA_COL(VS_INTERFACE_COL_ADMIN_STATE)
          | REPLICA_COL(VS_INTERFACE_COL_LINK_STATE)
          | REPLICA_COL(VS_INTERFACE_COL_LINK_RESETS)
          | REPLICA_COL(VS_INTERFACE_COL_LINK_SPEED)
          | REPLICA_COL(VS_INTERFACE_COL_DUPLEX)
          | REPLICA_COL(VS_INTERFACE_COL_MAC_IN_USE)
          | REPLICA_COL(VS_INTERFACE_COL_IFINDEX)
          | REPLICA_COL(VS_INTERFACE_COL_MTU)
          | REPLICA_COL(VS_INTERFACE_COL_ERROR)
          | REPLICA_COL(VS_INTERFACE_COL_BFD_STATUS) },
        { &vs_controller_table,
          REPLICA_COL(VS_CONTROLLER_COL_IS_CONNECTED)
          | REPLICA_COL(VS_CONTROLLER_COL_ROLE)
          | REPLICA_COL(VS_CONTROLLER_COL_STATUS) },
    };

    replica_monitor_all(c->replica);
    for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
        replica_omit_alert(c->replica, own[i].table, own[i].columns);
    }
}

struct error *
config_create(const char *remote, struct config **ret)
{
    struct config *c = xzalloc(sizeof *c);
    struct error *error;

    hmap_init(&c->bridges);
    hmap_init(&c->ports);
    hmap_init(&c->ifaces);
    list_init(&c->dirty_ifaces);
    list_init(&c->failed_ifaces);
    step_init(&c->step, "config", run, c);
    timer_init(&c->stats_timer, stats_timer_expired, c);
    timer_init(&c->retry_timer, retry_timer_expired, c);
    c->replica = replica_create(&vs_class, wake, c);
    monitor(c);
    replica_set_lock(c->replica, "ovs_vswitchd");
    netdev_set_changed_callback(netdevs_changed, c);
    bfd_monitor_set_callback(bfd_changed, c);

    if (text_starts_with(remote, "unix:")) {
        /* The end of a process ends the connection: there is nothing to find
         * out by asking, and a clock that is warped makes no silence. */
        replica_set_probe_interval(c->replica, 0);
    }
    error = replica_set_remotes(c->replica, remote, false);
    if (error) {
        config_destroy(c, false);
        return error;
    }
    timer_set(&c->stats_timer, STATS_INTERVAL_MS);
    timer_set(&c->retry_timer, RETRY_INTERVAL_MS);
    *ret = c;
    return NULL;
}

void
config_destroy(struct config *c, bool del_ports)
{
    struct bridge *bridge;

    if (!c) {
        return;
    }
    netdev_set_changed_callback(NULL, NULL);
    bfd_monitor_set_callback(NULL, NULL);
    HMAP_FOR_EACH_SAFE (bridge, node, &c->bridges) {
        bridge_destroy(bridge, del_ports);
    }
    timer_stop(&c->stats_timer);
    timer_stop(&c->retry_timer);
    step_uninit(&c->step);
    replica_destroy(c->replica);
    hmap_uninit(&c->bridges);
    hmap_uninit(&c->ports);
    hmap_uninit(&c->ifaces);
    vec_uninit(&c->managers);
    free(c);
}
