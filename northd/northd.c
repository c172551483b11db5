/* SPDX-License-Identifier: Apache-2.0 */

/* One step: tell the engine what changed in the replicas, run it, and write
 * what came out, one transaction a database at a time.  While a transaction is
 * in flight the sinks only collect, since what the replica shows is then older
 * than what was sent. */

#include "northd/northd.h"

#include <inttypes.h>
#include <malloc.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/incr/rows.h"
#include "lib/replica/txn.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/memory.h"
#include "northd/origins.h"
#include "northd/program.h"
#include "northd/sync/flows.h"
#include "northd/sync/globals.h"
#include "northd/sync/ipam.h"
#include "northd/sync/keys.h"
#include "northd/sync/learned.h"
#include "northd/sync/reserve.h"
#include "northd/sync/router_groups.h"
#include "northd/sync/tables.h"
#include "northd/topology/feature.h"

LOG_MODULE(ovn_northd)

#define LOCK_NAME "ovn_northd"

/* How long nothing must have happened before memory is given back, unless
 * NB_Global says otherwise. */
#define TRIM_TIMEOUT_MS 30000

/* What is logged if computing takes longer, unless told otherwise. */
#define LOG_TIMEOUT_MS 500

/* After a transaction that the server refused for a reason other than a
 * race. */
#define ERROR_BACKOFF_MS 1000

/* What exists while this is the active instance. */
struct active {
    struct northd_env env;
    struct incr *incr;
    struct key_sync *keys;
    struct ipam *ipam;
    struct router_groups *router_groups;
    struct row_sync *sb_rows;
    struct row_sync *nb_rows;
    struct flow_sync *flows;
};

/* A database's transaction in flight. */
struct outgoing {
    struct replica_txn *txn;    /* NULL if there is none. */
    int64_t nb_cfg;             /* That it makes true. */
    int64_t not_before_ms;
};

struct northd {
    struct northd_config config;
    struct replica *nb;
    struct replica *sb;
    struct step step;
    struct timer retry;         /* After a transaction that failed. */
    struct timer burst;         /* See must_wait(). */
    struct timer trim;
    int64_t updated_ms;         /* The last update(). */
    int probe_interval_ms;      /* Negative: the default. */
    unsigned int log_timeout_ms;
    struct pool *pool;
    struct learned *learned;
    struct active *active;
    struct outgoing to_nb;
    struct outgoing to_sb;
    bool restart;               /* Start from nothing in the next step. */
    struct progress progress;
};

static void run(void *northd);

static void
wake(void *northd_)
{
    struct northd *northd = northd_;

    step_wake(&northd->step);
}

static void
trim(void *northd)
{
    malloc_trim(0);
}

static void
report_memory(struct memory_usage *usage, void *northd_)
{
    const struct northd *northd = northd_;

    if (northd->active) {
        struct incr_counts counts = incr_counts(northd->active->incr);

        memory_add(usage, "incr-facts", counts.n_facts);
        memory_add(usage, "incr-units", counts.n_units);
        memory_add(usage, "incr-reads", counts.n_edges);
        memory_add(usage, "incr-bytes", counts.bytes);
    }
}

/* Columns that northd writes and does not need to see wake nobody. */
static void
choose_monitors(struct northd *northd)
{
    static const struct replica_table_class *const unread[] = {
        &sb_igmp_group_table,
        &sb_controller_event_table, &sb_connection_table, &sb_ssl_table,
        &sb_bfd_table, &sb_ecmp_nexthop_table, &sb_learned_route_table,
        &sb_advertised_route_table, &sb_advertised_mac_binding_table,
        &sb_mirror_table, &sb_gateway_chassis_table,
        &sb_chassis_template_var_table, &sb_service_monitor_table,
        &sb_ip_multicast_table,
    };

    replica_monitor_all(northd->nb);
    replica_monitor_all(northd->sb);
    for (size_t i = 0; i < ARRAY_SIZE(unread); i++) {
        replica_unmonitor(northd->sb, unread[i], REPLICA_ALL_COLS);
    }
    replica_unmonitor(northd->sb, &sb_mac_binding_table,
                      REPLICA_COL(SB_MAC_BINDING_COL_MAC));
    replica_unmonitor(northd->sb, &sb_fdb_table,
                      REPLICA_COL(SB_FDB_COL_MAC));
    /* Flows are known by uuids that are made of these (sync/flows.c). */
    replica_unmonitor(northd->sb, &sb_logical_flow_table,
                      REPLICA_COL(SB_LOGICAL_FLOW_COL_PIPELINE)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_TABLE_ID)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_PRIORITY)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_MATCH)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_ACTIONS)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_TAGS)
                      | REPLICA_COL(SB_LOGICAL_FLOW_COL_FLOW_DESC));
}

/* Learned rows. */

static bool
has_port(void *northd_, const char *name)
{
    const struct northd *northd = northd_;

    return (northd->active
            && incr_find(northd->active->incr, F_SB_PORT, name, strlen(name)));
}

static void
deleting(const struct replica_row *row, void *northd_)
{
    struct northd *northd = northd_;

    if (replica_row_class(row) == &sb_datapath_binding_table) {
        learned_forget_datapath(northd->learned, row);
    } else if (replica_row_class(row) == &sb_port_binding_table) {
        learned_forget_port(northd->learned, row);
    }
}

struct error *
northd_create(const struct northd_config *config, struct northd **ret)
{
    struct northd *northd = xzalloc(sizeof *northd);
    struct error *error;

    northd->config = *config;
    northd->progress = (struct progress) PROGRESS_NONE;
    step_init(&northd->step, "northd", run, northd);
    timer_init(&northd->retry, wake, northd);
    timer_init(&northd->burst, wake, northd);
    timer_init(&northd->trim, trim, northd);
    northd->probe_interval_ms = -1;
    northd->log_timeout_ms = LOG_TIMEOUT_MS;
    northd->nb = replica_create(&nb_class, wake, northd);
    northd->sb = replica_create(&sb_class, wake, northd);
    choose_monitors(northd);
    replica_set_leader_only(northd->nb, true);
    replica_set_leader_only(northd->sb, true);
    northd->learned = learned_create(northd->sb, wake, has_port, northd);
    northd->pool = pool_create(MAX(config->n_threads, 1));
    error = replica_set_remotes(northd->nb, config->nb_remote, true);
    if (!error) {
        error = replica_set_remotes(northd->sb, config->sb_remote, true);
    }
    if (error) {
        northd_destroy(northd);
        return error;
    }
    replica_set_lock(northd->sb, config->paused ? NULL : LOCK_NAME);
    memory_register(report_memory, northd);
    *ret = northd;
    return NULL;
}

static void
forget_outgoing(struct outgoing *outgoing)
{
    if (outgoing->txn) {
        replica_txn_abandon(outgoing->txn);
        outgoing->txn = NULL;
    }
    outgoing->not_before_ms = 0;
}

static void
active_stop(struct northd *northd)
{
    struct active *active = northd->active;

    if (!active) {
        return;
    }
    forget_outgoing(&northd->to_nb);
    forget_outgoing(&northd->to_sb);
    flow_sync_destroy(active->flows);
    row_sync_destroy(active->sb_rows);
    row_sync_destroy(active->nb_rows);
    key_sync_destroy(active->keys);
    ipam_destroy(active->ipam);
    router_groups_destroy(active->router_groups);
    incr_unimport(active->incr, northd->nb, NULL);
    incr_unimport(active->incr, northd->sb, sb_table_is_input);
    incr_destroy(active->incr);
    free(active);
    northd->active = NULL;
}

void
northd_destroy(struct northd *northd)
{
    if (!northd) {
        return;
    }
    memory_unregister(report_memory, northd);
    active_stop(northd);
    learned_destroy(northd->learned);
    replica_destroy(northd->nb);
    replica_destroy(northd->sb);
    pool_destroy(northd->pool);
    timer_stop(&northd->retry);
    timer_stop(&northd->burst);
    timer_stop(&northd->trim);
    step_uninit(&northd->step);
    free(northd);
}

/* Brings the facts up to date. */
static void
compute(struct northd *northd)
{
    int64_t start_ms = clock_ms();
    int64_t took_ms;

    incr_step(northd->active->incr);
    took_ms = clock_ms() - start_ms;
    if (took_ms > northd->log_timeout_ms) {
        log_info("computing took %"PRId64" ms", took_ms);
    }
}

/* Becoming active. */

/* Hands every row that is there to a new engine. */
static void
import_all(struct incr *incr, struct replica *replica, unsigned int first,
           bool (*wanted)(const struct replica_table_class *))
{
    const struct replica_db_class *class = replica_class(replica);

    for (unsigned int i = 0; i < class->n_tables; i++) {
        const struct replica_table_class *table = class->tables[i];
        struct replica_row *row;

        if (!wanted || wanted(table)) {
            REPLICA_FOR_EACH (row, replica, table) {
                row->aux = incr_row_add(incr, first + table->number, row);
            }
        }
    }
}

static void
active_start(struct northd *northd)
{
    struct active *active = xzalloc(sizeof *active);

    northd->active = active;
    forget_warnings();
    replica_clear_changes(northd->nb);
    replica_clear_changes(northd->sb);
    active->incr = incr_create(northd_program(),
                               northd->config.n_threads > 1 ? northd->pool
                               : NULL);
    active->env.old_schema = !replica_server_has_column(
        northd->sb, &sb_datapath_binding_table,
        SB_DATAPATH_BINDING_COL_TYPE);
    active->env.no_acl_ids = !replica_server_has_column(
        northd->sb, &sb_acl_id_table, SB_ACL_ID_COL_ID);
    incr_set_aux(active->incr, &active->env);
    active->keys = key_sync_create(active->incr);
    active->ipam = ipam_create(active->incr);
    active->router_groups = router_groups_create(active->incr);
    active->sb_rows = row_sync_create(active->incr, northd->sb, sb_row_tables,
                                      n_sb_row_tables);
    row_sync_set_deleting(active->sb_rows, deleting, northd);
    active->nb_rows = row_sync_create(active->incr, northd->nb, nb_row_tables,
                                      n_nb_row_tables);
    active->flows = flow_sync_create(active->incr, northd->nb, northd->sb,
                                     active->sb_rows);
    import_all(active->incr, northd->nb, 0, NULL);
    import_all(active->incr, northd->sb, NB_N_TABLES, sb_table_is_input);
    reserve_given(northd->nb, northd->sb, active->keys, active->ipam);
    compute(northd);
    key_sync_release(active->keys);
    ipam_release(active->ipam);
    row_sync_adopt(active->sb_rows);
    row_sync_adopt(active->nb_rows);
    flow_sync_adopt(active->flows);
    learned_check_all(northd->learned);
    log_info("ovn-northd lock acquired. This ovn-northd instance is now "
             "active.");
}

/* Transactions. */

/* After a transaction that did not succeed, what the sinks believed of the
 * database may be wrong. */
static void
start_over(struct northd *northd, struct outgoing *outgoing,
           const struct replica_txn *txn, enum replica_txn_status status)
{
    if (status == REPLICA_TXN_ERROR) {
        static struct log_limit limit = LOG_LIMIT(5, 5);

        log_warn_limited(&limit, "transaction failed: %s",
                         replica_txn_error(txn));
        outgoing->not_before_ms = clock_ms() + ERROR_BACKOFF_MS;
        timer_set(&northd->retry, ERROR_BACKOFF_MS);
    }
    if (northd->active) {
        if (outgoing == &northd->to_sb) {
            row_sync_adopt(northd->active->sb_rows);
            flow_sync_adopt(northd->active->flows);
        } else {
            row_sync_adopt(northd->active->nb_rows);
        }
    }
}

static bool
is_done(enum replica_txn_status status)
{
    return status == REPLICA_TXN_SUCCESS || status == REPLICA_TXN_UNCHANGED;
}

static void
sb_done(struct replica_txn *txn, enum replica_txn_status status, void *northd_)
{
    struct northd *northd = northd_;

    northd->to_sb.txn = NULL;
    if (is_done(status)) {
        progress_set_sb(&northd->progress, northd->to_sb.nb_cfg);
    } else {
        start_over(northd, &northd->to_sb, txn, status);
    }
    step_wake(&northd->step);
}

static void
nb_done(struct replica_txn *txn, enum replica_txn_status status, void *northd_)
{
    struct northd *northd = northd_;

    northd->to_nb.txn = NULL;
    if (!is_done(status)) {
        start_over(northd, &northd->to_nb, txn, status);
    }
    step_wake(&northd->step);
}

static bool
is_ready(const struct outgoing *outgoing)
{
    return !outgoing->txn && clock_ms() >= outgoing->not_before_ms;
}

static void
flush_sb(struct northd *northd)
{
    struct active *active = northd->active;
    const struct nb_nb_global *nb = nb_nb_global_first(northd->nb);
    struct replica_txn *txn;
    bool aged;

    if (!nb || !is_ready(&northd->to_sb)) {
        return;
    }
    aged = learned_run(
        northd->learned,
        strmap_get_uint(&nb->options, "mac_binding_removal_limit", 0),
        strmap_get_uint(&nb->options, "fdb_removal_limit", 0));
    if (!aged && !row_sync_is_pending(active->sb_rows)
        && !flow_sync_is_pending(active->flows)
        && !sb_global_is_pending(northd->nb, northd->sb)) {
        return;
    }
    txn = replica_txn_create(northd->sb);
    sb_global_write(northd->nb, northd->sb, txn);
    learned_flush(northd->learned);
    row_sync_flush(active->sb_rows, txn);
    flow_sync_flush(active->flows, txn);
    northd->to_sb.txn = txn;
    northd->to_sb.nb_cfg = nb->nb_cfg;
    replica_txn_commit(txn, sb_done, northd);
}

static void
flush_nb(struct northd *northd)
{
    unsigned int max_tunid = key_sync_max_datapath(northd->active->keys);
    struct replica_txn *txn;

    progress_see_hosts(&northd->progress, northd->sb);
    if (!is_ready(&northd->to_nb)
        || (!row_sync_is_pending(northd->active->nb_rows)
            && !nb_global_is_pending(northd->nb, &northd->progress,
                                     max_tunid))) {
        return;
    }
    txn = replica_txn_create(northd->nb);
    nb_global_write(northd->nb, txn, &northd->progress, max_tunid);
    row_sync_flush(northd->active->nb_rows, txn);
    northd->to_nb.txn = txn;
    replica_txn_commit(txn, nb_done, northd);
}

/* The step. */

static bool
should_be_active(const struct northd *northd)
{
    return (!northd->config.paused && replica_has_lock(northd->sb)
            && replica_is_synced(northd->nb) && replica_is_synced(northd->sb));
}

/* Options of NB_Global about northd itself.  Returns those of the row, or
 * NULL. */
static const struct strmap *
apply_options(struct northd *northd)
{
    const struct nb_nb_global *nb = nb_nb_global_first(northd->nb);
    const char *option = nb ? strmap_get(&nb->options,
                                         "northd_probe_interval") : NULL;
    int probe = -1;

    if (option && text_to_int(option, 10, &probe)) {
        probe = probe > 0 ? MAX(probe, 1000) : probe ? -1 : 0;
    }
    if (probe != northd->probe_interval_ms) {
        northd->probe_interval_ms = probe;
        replica_set_probe_interval(northd->nb, probe);
        replica_set_probe_interval(northd->sb, probe);
    }
    return nb ? &nb->options : NULL;
}

/* options:northd-backoff-interval-ms: changes that come in a burst wait to be
 * handled together.  Returns whether they have to. */
static bool
must_wait(struct northd *northd, const struct strmap *options)
{
    int64_t interval = options ? strmap_get_uint(
        options, "northd-backoff-interval-ms", 0) : 0;
    int64_t left = northd->updated_ms + interval - clock_ms();

    if (interval && left > 0) {
        timer_set(&northd->burst, left);
        return true;
    }
    return false;
}

static void
update(struct northd *northd)
{
    struct active *active = northd->active;

    northd->updated_ms = clock_ms();
    learned_check_changes(northd->learned);
    row_sync_check_changes(active->sb_rows);
    row_sync_check_changes(active->nb_rows);
    flow_sync_check_changes(active->flows);
    incr_import(active->incr, northd->nb, 0, NULL);
    incr_import(active->incr, northd->sb, NB_N_TABLES, sb_table_is_input);
    compute(northd);
    replica_clear_changes(northd->nb);
    replica_clear_changes(northd->sb);
}

static void
run(void *northd_)
{
    struct northd *northd = northd_;
    const struct strmap *options = apply_options(northd);

    progress_see_nb(&northd->progress, northd->nb);
    if (northd->active && (northd->restart || !should_be_active(northd))) {
        if (!northd->restart) {
            log_info("ovn-northd lock lost. This ovn-northd instance is now "
                     "on standby.");
        }
        active_stop(northd);
    }
    northd->restart = false;
    if (!should_be_active(northd)) {
        replica_clear_changes(northd->nb);
        replica_clear_changes(northd->sb);
        return;
    }
    if (!northd->active) {
        active_start(northd);
    } else if (replica_has_changes(northd->nb)
               || replica_has_changes(northd->sb)) {
        if (must_wait(northd, options)) {
            return;
        }
        update(northd);
    }
    timer_set(&northd->trim,
              options ? strmap_get_uint(options, "northd_trim_timeout",
                                        TRIM_TIMEOUT_MS) : TRIM_TIMEOUT_MS);
    if (replica_is_connected(northd->sb)) {
        flush_sb(northd);
    }
    if (replica_is_connected(northd->nb)) {
        flush_nb(northd);
    }
}

/* Control. */

void
northd_pause(struct northd *northd)
{
    northd->config.paused = true;
    replica_set_lock(northd->sb, NULL);
    step_wake(&northd->step);
}

void
northd_resume(struct northd *northd)
{
    northd->config.paused = false;
    replica_set_lock(northd->sb, LOCK_NAME);
    step_wake(&northd->step);
}

bool
northd_is_paused(const struct northd *northd)
{
    return northd->config.paused;
}

const char *
northd_status(const struct northd *northd)
{
    return (northd->config.paused ? "paused"
            : replica_has_lock(northd->sb) ? "active" : "standby");
}

bool
northd_nb_is_connected(const struct northd *northd)
{
    return replica_is_connected(northd->nb);
}

bool
northd_sb_is_connected(const struct northd *northd)
{
    return replica_is_connected(northd->sb);
}

void
northd_reset_nb(struct northd *northd)
{
    replica_reset_min_index(northd->nb);
}

void
northd_reset_sb(struct northd *northd)
{
    replica_reset_min_index(northd->sb);
}

void
northd_set_n_threads(struct northd *northd, unsigned int n)
{
    active_stop(northd);
    pool_destroy(northd->pool);
    northd->config.n_threads = n;
    northd->pool = pool_create(n);
    step_wake(&northd->step);
}

unsigned int
northd_n_threads(const struct northd *northd)
{
    return northd->config.n_threads;
}

void
northd_recompute(struct northd *northd)
{
    northd->restart = true;
    step_wake(&northd->step);
}

void
northd_list_chassis_features(const struct northd *northd, struct str *s)
{
    list_chassis_features(northd->sb, s);
}

void
northd_stats(const struct northd *northd, struct str *s)
{
    if (northd->active) {
        incr_stats(northd->active->incr, s);
    } else {
        str_printf(s, "this instance is %s\n", northd_status(northd));
    }
}

void
northd_clear_stats(struct northd *northd)
{
    if (northd->active) {
        incr_clear_stats(northd->active->incr);
    }
}

void
northd_set_log_timeout(struct northd *northd, unsigned int ms)
{
    northd->log_timeout_ms = ms;
}

size_t
northd_verify(struct northd *northd, struct str *s)
{
    if (!northd->active) {
        str_printf(s, "this instance is %s\n", northd_status(northd));
        return 0;
    }
    return incr_verify(northd->active->incr, 50, s);
}

void
northd_why(const struct northd *northd, const char *class_name,
           const char *key, struct str *s)
{
    if (northd->active) {
        incr_why(northd->active->incr, class_name, key, 50, s);
    } else {
        str_printf(s, "this instance is %s\n", northd_status(northd));
    }
}

struct error *
northd_origins(const struct northd *northd, const char *const uuids[],
               size_t n, struct str *s)
{
    if (!northd->active) {
        return error_create(EAGAIN, "this instance is %s",
                            northd_status(northd));
    }
    return origins_format(northd->active->incr, northd->active->flows, uuids,
                          n, s);
}
