/* SPDX-License-Identifier: Apache-2.0 */
/* ovn-controller: one turn of its loop brings in what the databases and the
 * switch sent, runs the engine until nothing is pending, and then writes to
 * the switch and to both databases what differs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controller/binding/claim.h"
#include "controller/binding/datapaths.h"
#include "controller/chassis/bridge.h"
#include "controller/chassis/config.h"
#include "controller/connections.h"
#include "controller/chassis/encaps.h"
#include "controller/chassis/patch.h"
#include "controller/chassis/qos.h"
#include "controller/chassis/register.h"
#include "controller/commands.h"
#include "controller/controller.h"
#include "controller/ids.h"
#include "controller/install/established.h"
#include "controller/install/install.h"
#include "controller/monitor.h"
#include "controller/program.h"
#include "controller/punt/punt.h"
#include "controller/translate/options.h"
#include "lib/base/alloc.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/incr/rows.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/stopwatch.h"

LOG_MODULE(main);

/* Writing to a database that refuses what is written: it may take it later,
 * but is not asked all the time. */
struct attempts {
    unsigned int n_failed;       /* One after the other. */
    int64_t next_ms;             /* None before. */
    struct timer timer;
};

/* Parts of a turn whose time is taken, under the names that those who watch OVN
 * know. */
enum part { PART_COMPUTE, PART_INSTALL, PART_PUNT, PART_TUNNELS, PART_PATCH,
            PART_ZONES, PART_CLAIMS, PART_CLAIMS_LOCAL, N_PARTS };

static const char *const part_names[N_PARTS] = {
    [PART_COMPUTE] = "flow-generation",
    [PART_INSTALL] = "flow-installation",
    [PART_PUNT] = "pinctrl-run",
    [PART_TUNNELS] = "bfd-run",
    [PART_PATCH] = "patch-run",
    [PART_ZONES] = "ct-zone-commit",
    [PART_CLAIMS] = "if-status-mgr-run",
    [PART_CLAIMS_LOCAL] = "if-status-mgr-update",
};

struct daemon {
    struct controller controller;
    struct stopwatch *stopwatches[N_PARTS];
    struct monitor *monitor;
    struct encaps *encaps;
    struct patch *patch;
    struct qos *qos;
    struct registration *registration;
    struct claims *claims;
    struct datapaths *datapaths;
    struct ids *ids;
    struct install *install;
    struct established *established;
    struct punter *punter;
    struct step step;

    struct attempts sb_attempts, vs_attempts;
    bool sb_busy;                /* A transaction is under way... */
    bool vs_busy;
    bool sb_again;               /* ...and another look is due after it. */
    bool vs_again;
    int64_t nb_cfg_at_ms;        /* When it was seen, by both clocks. */
    int64_t nb_cfg_wall_ms;
    int64_t nb_cfg_marked;       /* What the local database was told. */
    int64_t started_wall_ms;
    int report_delay_ms;
    struct timer report_timer;
    struct timer start_timer;    /* For the next turn, at once. */
    bool is_paused;
    bool was_whole;              /* Once. */
    bool is_whole;
    bool exiting;
    bool keep_chassis;           /* exit --restart. */
    uint64_t vs_seqno, sb_seqno;
    int64_t nb_cfg_seen;         /* The newest nb_cfg whose flows were sent... */
    uint64_t nb_cfg_seq;         /* ...in this flush. */
};

static void
begin(struct daemon *d, enum part part)
{
    stopwatch_start(d->stopwatches[part]);
}

static void
end(struct daemon *d, enum part part)
{
    stopwatch_stop(d->stopwatches[part]);
}

static void
wake(void *d_)
{
    struct daemon *d = d_;

    step_wake(&d->step);
}

/* ## Transactions ## */

static void
note_outcome(struct attempts *a, enum replica_txn_status status)
{
    if (status == REPLICA_TXN_ERROR) {
        int delay_ms = MIN(1 << MIN(a->n_failed, 10), 1000) - 1;

        a->n_failed++;
        a->next_ms = clock_ms() + delay_ms;
        timer_set(&a->timer, delay_ms);
    } else {
        a->n_failed = 0;
        a->next_ms = 0;
    }
}

static void
vs_done(struct replica_txn *txn, enum replica_txn_status status, void *d_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    struct daemon *d = d_;

    d->vs_busy = false;
    note_outcome(&d->vs_attempts, status);
    claims_vs_done(d->claims, status == REPLICA_TXN_SUCCESS
                   || status == REPLICA_TXN_UNCHANGED);
    if (status == REPLICA_TXN_ERROR) {
        log_warn_limited(&limit, "writing to the Open_vSwitch database "
                         "failed: %s", replica_txn_error(txn));
    }
    if (status != REPLICA_TXN_SUCCESS && status != REPLICA_TXN_UNCHANGED) {
        encaps_wake(d->encaps);
        patch_wake(d->patch);
        qos_wake(d->qos);
        ids_wake(d->ids);
        d->nb_cfg_marked = 0;
    }
    if (status != REPLICA_TXN_UNCHANGED || d->vs_again || d->exiting) {
        wake(d);
    }
}

static void
sb_done(struct replica_txn *txn, enum replica_txn_status status, void *d_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    struct daemon *d = d_;

    d->sb_busy = false;
    note_outcome(&d->sb_attempts, status);
    if (status == REPLICA_TXN_ERROR) {
        log_warn_limited(&limit, "writing to the southbound database "
                         "failed: %s", replica_txn_error(txn));
    }
    if (status != REPLICA_TXN_SUCCESS && status != REPLICA_TXN_UNCHANGED) {
        registration_wake(d->registration);
        claims_wake(d->claims);
    }
    if (status != REPLICA_TXN_UNCHANGED || d->sb_again || d->exiting) {
        wake(d);
    }
}

/* Has everything that was current when nb_cfg came reached the switch? */
static bool
nb_cfg_is_done(const struct daemon *d)
{
    return d->nb_cfg_seen && d->nb_cfg_seq <= install_done(d->install);
}

/* For agents on this host, which do not look at the southbound database: how
 * far it is, when that came, and when it was done. */
static void
mark_nb_cfg(struct daemon *d)
{
    const struct vs_bridge *bridge = controller_bridge(&d->controller);

    if (!bridge || !nb_cfg_is_done(d) || d->nb_cfg_marked == d->nb_cfg_seen) {
        return;
    }
    d->nb_cfg_marked = d->nb_cfg_seen;
    bridge_set_mark(bridge, "ovn-nb-cfg", d->nb_cfg_seen);
    bridge_set_mark(bridge, "ovn-nb-cfg-sb-ts", d->nb_cfg_wall_ms);
    bridge_set_mark(bridge, "ovn-nb-cfg-ts", clock_wall_ms());
}

static void
write_vs(struct daemon *d)
{
    struct replica_txn *txn;

    d->vs_again = d->vs_busy;
    if (d->vs_busy || d->vs_attempts.next_ms > clock_ms()
        || !replica_is_connected(d->controller.vs)) {
        return;
    }
    txn = replica_txn_create(d->controller.vs);
    bridge_run(&d->controller, txn, d->started_wall_ms);
    if (d->is_whole) {
        begin(d, PART_TUNNELS);
        encaps_run(d->encaps, txn);
        end(d, PART_TUNNELS);
        begin(d, PART_PATCH);
        patch_run(d->patch, txn);
        end(d, PART_PATCH);
        qos_run(d->qos, txn);
        begin(d, PART_ZONES);
        ids_write_zones(d->ids, txn);
        end(d, PART_ZONES);
        begin(d, PART_CLAIMS_LOCAL);
        claims_run_vs(d->claims, txn);
        end(d, PART_CLAIMS_LOCAL);
        mark_nb_cfg(d);
    }
    d->vs_busy = true;
    replica_txn_commit(txn, vs_done, d);
}

/* nb_cfg counts as done once the flows that were current when it came are in
 * the switch. */
static void
report_nb_cfg(struct daemon *d, struct replica_txn *txn)
{
    int64_t due = d->nb_cfg_at_ms + d->report_delay_ms;

    if (d->report_delay_ms && due > clock_ms()) {
        timer_set_at(&d->report_timer, due);
    } else if (nb_cfg_is_done(d)) {
        registration_report(d->registration, txn, d->nb_cfg_seen);
    }
}

static void
write_sb(struct daemon *d)
{
    struct replica_txn *txn;

    d->sb_again = d->sb_busy;
    if (d->sb_busy || d->sb_attempts.next_ms > clock_ms()
        || !replica_is_connected(d->controller.sb)
        || !replica_is_synced(d->controller.sb)
        || !monitor_knows_chassis(d->monitor)) {
        return;
    }
    txn = replica_txn_create(d->controller.sb);
    registration_run(d->registration, txn);
    begin(d, PART_CLAIMS);
    claims_run_sb(d->claims, txn, d->is_whole, install_current(d->install),
                  install_done(d->install));
    end(d, PART_CLAIMS);
    report_nb_cfg(d, txn);
    punter_write(d->punter, txn);
    d->sb_busy = true;
    replica_txn_commit(txn, sb_done, d);
}

/* ## The step ## */

/* Follows the settings that say which databases and bridge there are. */
static void
follow_config(struct daemon *d)
{
    static struct log_limit limit = LOG_LIMIT(1, 1);
    struct controller *c = &d->controller;
    const struct vs_bridge *bridge = controller_bridge(c);
    struct error *error;

    connections_follow_tls(c);
    error = replica_set_remotes(c->sb, controller_setting(c, "ovn-remote",
                                                          NULL), true);
    if (error) {
        log_warn_limited(&limit, "external_ids:ovn-remote: %s",
                         error_message(error));
        error_free(error);
    }
    replica_set_probe_interval(
        c->sb, atoi(controller_setting(c, "ovn-remote-probe-interval",
                                       "-1")));
    install_set_probe_interval(d->install,
                               connections_switch_probe_s(c));
    install_set_bridge(d->install, bridge ? bridge->name : NULL);
    punter_set_bridge(d->punter, bridge ? bridge->name : NULL);
    ids_set_zone_range(d->ids, controller_setting(c, "ct-zone-range", NULL));
    ids_restore_zones(d->ids);
}

static bool
vs_table_wanted(const struct replica_table_class *table)
{
    return (table == &vs_open_vswitch_table || table == &vs_bridge_table
            || table == &vs_port_table || table == &vs_interface_table);
}

/* Brings the changes of both replicas into the engine and runs it until
 * nothing is pending. */
static void
compute(struct daemon *d)
{
    struct controller *c = &d->controller;

    begin(d, PART_COMPUTE);
    incr_import(c->incr, c->vs, 0, vs_table_wanted);
    incr_import(c->incr, c->sb, VS_N_TABLES, NULL);
    do {
        incr_step(c->incr);
        datapaths_run(d->datapaths);
        ids_run(d->ids);
    } while (incr_is_pending(c->incr));
    replica_clear_changes(c->vs);
    replica_clear_changes(c->sb);
    end(d, PART_COMPUTE);
}

static void
note_nb_cfg(struct daemon *d)
{
    const struct sb_sb_global *global = sb_sb_global_first(d->controller.sb);

    if (global && global->nb_cfg != d->nb_cfg_seen) {
        d->nb_cfg_seen = global->nb_cfg;
        d->nb_cfg_seq = install_current(d->install);
        d->nb_cfg_at_ms = clock_ms();
        d->nb_cfg_wall_ms = clock_wall_ms();
    }
}

/* Says whether what bridges are made of changed, not just what is noted on
 * them, or how far the switch is: comparing all ports takes time. */
static bool
ports_changed(const struct replica *vs)
{
    const struct replica_row *row;

    if (replica_first_changed(vs, &vs_port_table)
        || replica_first_changed(vs, &vs_interface_table)) {
        return true;
    }
    REPLICA_FOR_EACH_CHANGED (row, vs, &vs_open_vswitch_table) {
        if (row->changed & (REPLICA_COL(VS_OPEN_VSWITCH_COL_BRIDGES)
                            | REPLICA_COL(VS_OPEN_VSWITCH_COL_EXTERNAL_IDS)
                            | REPLICA_COL(VS_OPEN_VSWITCH_COL_OTHER_CONFIG))) {
            return true;
        }
    }
    REPLICA_FOR_EACH_CHANGED (row, vs, &vs_bridge_table) {
        if (replica_row_is_inserted(row)
            || row->changed & ~REPLICA_COL(VS_BRIDGE_COL_EXTERNAL_IDS)) {
            return true;
        }
    }
    return false;
}

/* Says whether our own encapsulations changed, which our ports may refer
 * to. */
static bool
encaps_changed(const struct controller *c)
{
    const char *name = controller_system_id(c);
    const struct replica_row *row;

    REPLICA_FOR_EACH_CHANGED (row, c->sb, &sb_encap_table) {
        const struct sb_encap *encap = (const struct sb_encap *) row;

        if (name && !strcmp(encap->chassis_name, name)) {
            return true;
        }
    }
    return false;
}

/* Have all rows that matter come?  While rows are on their way, or if the
 * connection broke before the first ones had come, something is missing that
 * must not be taken for unwanted. */
static bool
is_whole(struct daemon *d)
{
    d->was_whole |= (replica_is_connected(d->controller.sb)
                     && !monitor_is_waiting(d->monitor));
    return d->was_whole && !monitor_is_waiting(d->monitor);
}

/* Is there something to wait for before anything is computed?  At first there
 * is not: nobody is told anything before all has come, and the sooner much of
 * the work is done, the better.  But what is asked for goes out before. */
static bool
is_held(struct daemon *d, bool has_asked)
{
    if (!d->was_whole && has_asked) {
        timer_set(&d->start_timer, 0);
        return true;
    }
    return d->was_whole && monitor_is_waiting(d->monitor);
}

static void finish(struct daemon *);

static void
run(void *d_)
{
    struct daemon *d = d_;
    struct controller *c = &d->controller;
    uint64_t vs_seqno = replica_seqno(c->vs);
    uint64_t sb_seqno = replica_seqno(c->sb);
    bool held;

    if (!replica_is_synced(c->vs) || (d->is_paused && !d->exiting)) {
        return;
    }
    if (vs_seqno != d->vs_seqno) {
        d->vs_seqno = vs_seqno;
        encaps_look(d->encaps);
        if (ports_changed(c->vs)) {
            patch_wake(d->patch);
            qos_wake(d->qos);
        }
        registration_look(d->registration);
        follow_config(d);
    }
    if (sb_seqno != d->sb_seqno) {
        d->sb_seqno = sb_seqno;
        registration_look(d->registration);
        if (encaps_changed(c)) {
            claims_wake(d->claims);
        }
    }
    held = (is_held(d, monitor_run(d->monitor))
            || !connections_northd_fits(c));
    if (!held) {
        compute(d);
        monitor_run(d->monitor);
    }
    if (d->exiting) {
        finish(d);
        return;
    }
    if (held) {
        return;
    }

    /* Ports that are claimed only now are not in the flows yet: while our own
     * chassis is not known, the wanted set is not whole. */
    d->is_whole = is_whole(d);
    if (d->is_whole && controller_chassis(c)) {
        ids_forget_unwanted(d->ids);
    }
    begin(d, PART_INSTALL);
    install_run(d->install, d->is_whole && controller_chassis(c));
    end(d, PART_INSTALL);
    begin(d, PART_PUNT);
    punter_run(d->punter);
    end(d, PART_PUNT);
    if (d->is_whole && monitor_is_settled(d->monitor)) {
        note_nb_cfg(d);
    }
    /* In this order: a port that is found to be installed is told to both
     * databases at once. */
    write_sb(d);
    write_vs(d);
}

/* ## Begin and end ## */

static void
removed(struct replica_txn *txn UNUSED, enum replica_txn_status status UNUSED,
        void *d UNUSED)
{
    loop_stop();
}

static void
vs_removed(struct replica_txn *txn UNUSED,
           enum replica_txn_status status UNUSED, void *d_)
{
    struct daemon *d = d_;
    struct controller *c = &d->controller;
    struct replica_txn *sb_txn;

    if (!replica_is_connected(c->sb)) {
        loop_stop();
        return;
    }
    sb_txn = replica_txn_create(c->sb);
    claims_release_all(d->claims, sb_txn);
    registration_remove(d->registration, sb_txn);
    replica_txn_commit(sb_txn, removed, d);
}

/* Takes this chassis out of both databases, one after the other, unless it is
 * to come back soon. */
static void
finish(struct daemon *d)
{
    struct controller *c = &d->controller;
    struct replica_txn *txn;

    if (d->keep_chassis || !replica_is_connected(c->vs)
        || !bridge_cleans_up(c)) {
        loop_stop();
        return;
    }
    if (d->vs_busy || d->sb_busy) {
        return;                  /* Woken again when they are done. */
    }
    d->vs_busy = d->sb_busy = true;
    txn = replica_txn_create(c->vs);
    encaps_remove_all(d->encaps, txn);
    patch_remove_all(d->patch, txn);
    replica_txn_commit(txn, vs_removed, d);
}

static void
exit_asked(int argc, const char *argv[], void *d_)
{
    struct daemon *d = d_;

    for (int i = 0; i < argc; i++) {
        d->keep_chassis |= !strcmp(argv[i], "--restart");
    }
    d->exiting = true;
    wake(d);
}

/* ## Commands ## */

static void
set_paused(void *d_, bool paused)
{
    struct daemon *d = d_;

    d->is_paused = paused;
    wake(d);
}

static bool
is_paused(void *d_)
{
    const struct daemon *d = d_;

    return d->is_paused;
}

static void
delay_reports(void *d_, int seconds)
{
    struct daemon *d = d_;

    d->report_delay_ms = seconds * 1000;
    wake(d);
}

static void
recompute(void *d_)
{
    struct daemon *d = d_;

    install_compare(d->install);
}

static void
daemon_setup(struct daemon *d, const char *vs_remote, const char *chassis_name)
{
    struct controller *c = &d->controller;

    memset(d, 0, sizeof *d);
    d->started_wall_ms = clock_wall_ms();
    c->chassis_name = chassis_name;
    for (size_t i = 0; i < N_PARTS; i++) {
        d->stopwatches[i] = stopwatch_create(part_names[i], STOPWATCH_MS);
    }
    step_init(&d->step, "controller", run, d);
    timer_init(&d->report_timer, wake, d);
    timer_init(&d->sb_attempts.timer, wake, d);
    timer_init(&d->vs_attempts.timer, wake, d);
    timer_init(&d->start_timer, wake, d);
    (void) ovn_symbols();
    (void) options_get();

    c->vs = replica_create(&vs_class, wake, d);
    replica_monitor(c->vs, &vs_open_vswitch_table, REPLICA_ALL_COLS);
    replica_monitor(c->vs, &vs_bridge_table, REPLICA_ALL_COLS);
    replica_monitor(c->vs, &vs_port_table, REPLICA_ALL_COLS);
    replica_monitor(c->vs, &vs_interface_table,
                    ~REPLICA_COL(VS_INTERFACE_COL_STATISTICS));
    replica_monitor(c->vs, &vs_qos_table, REPLICA_ALL_COLS);
    replica_monitor(c->vs, &vs_queue_table, REPLICA_ALL_COLS);
    replica_monitor(c->vs, &vs_ssl_table, REPLICA_ALL_COLS);
    c->sb = replica_create(&sb_class, wake, d);
    c->incr = incr_create(controller_program(), NULL);
    incr_set_aux(c->incr, (void *) chassis_name);
    d->monitor = monitor_create(c);

    d->datapaths = datapaths_create(c);
    d->encaps = encaps_create(c);
    d->patch = patch_create(c);
    d->qos = qos_create(c);
    d->registration = registration_create(c);
    d->claims = claims_create(c, wake, d);
    d->install = install_create(c, wake, d);
    d->established = established_create(c, d->install);
    d->ids = ids_create(c, install_id_changed, d->install);
    d->punter = punter_create(c, d->install, wake, d);
    commands_register(&(struct commands) {
        .controller = c, .ids = d->ids, .install = d->install,
        .set_paused = set_paused, .is_paused = is_paused,
        .delay_reports = delay_reports, .recompute = recompute, .aux = d });
    program_check(replica_set_remotes(c->vs, vs_remote, false));
}

static void
daemon_teardown(struct daemon *d)
{
    struct controller *c = &d->controller;

    commands_unregister();
    punter_destroy(d->punter);
    ids_destroy(d->ids);
    established_destroy(d->established);
    install_destroy(d->install);
    claims_destroy(d->claims);
    registration_destroy(d->registration);
    qos_destroy(d->qos);
    patch_destroy(d->patch);
    encaps_destroy(d->encaps);
    datapaths_destroy(d->datapaths);
    monitor_destroy(d->monitor);
    incr_destroy(c->incr);
    replica_destroy(c->sb);
    replica_destroy(c->vs);
    timer_stop(&d->report_timer);
    timer_stop(&d->sb_attempts.timer);
    timer_stop(&d->vs_attempts.timer);
    timer_stop(&d->start_timer);
    step_uninit(&d->step);
}

static void usage(void) NO_RETURN;

enum { N_OPTION_GROUPS = 5 };

static const char *name_option;

static size_t
option_groups(struct option_group groups[N_OPTION_GROUPS])
{
    static const struct option_row rows[] = {
        { NULL, 'n', OPTION_REQUIRED, "NAME",
          "name of this chassis, in the place of external_ids:system-id",
          option_set_string, &name_option },
    };

    groups[0] = (struct option_group) { NULL, rows, ARRAY_SIZE(rows) };
    groups[1] = daemon_options();
    groups[2] = tls_options();
    groups[3] = log_options();
    groups[4] = help_options(usage);
    return N_OPTION_GROUPS;
}

static void
usage(void)
{
    struct option_group groups[N_OPTION_GROUPS];

    printf("%s: OVN's agent on each host\n"
           "usage: %s [OPTIONS] [OVS-DATABASE]\n"
           "where OVS-DATABASE is a socket on which the Open vSwitch "
           "database listens\n(default: unix:%s/db.sock).\n",
           program_name(), program_name(), dirs_run(DIRS_OVS));
    options_print_help(groups, option_groups(groups));
    exit(0);
}

int
main(int argc, char *argv[])
{
    struct option_group groups[N_OPTION_GROUPS];
    struct daemon d;
    char *remote, *name;
    int first;

    program_init(argv[0], DIRS_OVN);
    first = options_parse(argc, argv, groups, option_groups(groups), 0);
    if (argc - first > 1) {
        program_fatal("at most one database may be named; "
                      "use --help for usage");
    }
    remote = (first < argc ? xstrdup(argv[first])
              : xasprintf("unix:%s/db.sock", dirs_run(DIRS_OVS)));
    name = name_option ? xstrdup(name_option) : connections_read_name();
    daemon_start();
    daemon_setup(&d, remote, name);
    daemon_set_exit(exit_asked, &d);
    daemon_ready();
    wake(&d);
    loop_run();
    daemon_teardown(&d);
    daemon_finish();
    free(remote);
    free(name);
    return 0;
}
