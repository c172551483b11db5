/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands.h"

#include <limits.h>
#include <string.h>

#include "controller/debug.h"
#include "controller/engine_nodes.h"
#include "controller/ids.h"
#include "controller/inject.h"
#include "controller/install/install.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"

static struct commands target;
static uint64_t n_recomputes;        /* Asked for since statistics began. */

static void
connection_status(struct control_conn *conn, int argc UNUSED,
                  const char *argv[] UNUSED, void *aux UNUSED)
{
    control_reply(conn, replica_is_connected(target.controller->sb)
                  ? "connected" : "not connected");
}

/* "ct-zone-list", "group-table-list" and "meter-table-list": 'aux' is the
 * kind. */
static void
list_ids(struct control_conn *conn, int argc UNUSED,
         const char *argv[] UNUSED, void *aux)
{
    struct str s = STR_EMPTY;

    ids_list(target.ids, (enum id_kind) (uintptr_t) aux, &s);
    control_reply_str(conn, &s);
}

static void
list_conjunctions(struct control_conn *conn, int argc UNUSED,
                  const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    ids_list_conjunctions(target.ids, &s);
    control_reply_str(conn, &s);
}

static void
show_stats(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    incr_stats(target.controller->incr, &s);
    control_reply_str(conn, &s);
}

/* "inc-engine/show-stats [NODE [COUNTER]]". */
static void
show_nodes(struct control_conn *conn, int argc, const char *argv[],
           void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    engine_nodes_show(target.controller->incr, n_recomputes,
                      argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL,
                      &s);
    control_reply_str(conn, &s);
}

static void
clear_stats(struct control_conn *conn, int argc UNUSED,
            const char *argv[] UNUSED, void *aux UNUSED)
{
    incr_clear_stats(target.controller->incr);
    n_recomputes = 0;
    control_reply(conn, "");
}

static void
verify(struct control_conn *conn, int argc UNUSED, const char *argv[] UNUSED,
       void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    size_t n = incr_verify(target.controller->incr, 20, &s);

    if (!n) {
        str_put(&s, "no difference");
    }
    control_reply_str(conn, &s);
}

/* The units run again for the comparison, of which no news is good news; what
 * the switch has is compared with what they say. */
static void
recompute(struct control_conn *conn, int argc UNUSED,
          const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    incr_verify(target.controller->incr, 20, &s);
    n_recomputes++;
    control_reply_str(conn, &s);
    target.recompute(target.aux);
}

/* No handler is slow, as there are none: the limit has nothing to do. */
static void
set_log_timeout(struct control_conn *conn, int argc UNUSED,
                const char *argv[], void *aux UNUSED)
{
    unsigned int ms;

    if (text_to_uint(argv[1], 10, &ms)) {
        control_reply(conn, "");
    } else {
        control_reply_error(conn, "unsigned integer required");
    }
}

static void
nothing(struct control_conn *conn, int argc UNUSED,
        const char *argv[] UNUSED, void *aux UNUSED)
{
    control_reply(conn, "");
}

/* There is no cache of logical flows. */
static void
cache_stats(struct control_conn *conn, int argc UNUSED,
            const char *argv[] UNUSED, void *aux UNUSED)
{
    control_reply(conn, "Enabled: false\n"
                  "high-watermark  : 0\n"
                  "total           : 0\n"
                  "cache-expr      : 0\n"
                  "cache-matches   : 0\n"
                  "trim count      : 0\n"
                  "Mem usage (KB)  : 0\n");
}

/* "debug/dump-...": 'aux' is the function. */
static void
dump(struct control_conn *conn, int argc UNUSED, const char *argv[] UNUSED,
     void *aux)
{
    debug_dump_fn *fn = (debug_dump_fn *) (uintptr_t) aux;
    struct str s = STR_EMPTY;

    fn(target.controller, &s);
    control_reply_str(conn, &s);
}

/* 'aux' is whether to pause. */
static void
pause_or_resume(struct control_conn *conn, int argc UNUSED,
                const char *argv[] UNUSED, void *aux)
{
    target.set_paused(target.aux, (uintptr_t) aux);
    control_reply(conn, "");
}

static void
status(struct control_conn *conn, int argc UNUSED, const char *argv[] UNUSED,
       void *aux UNUSED)
{
    control_reply(conn, target.is_paused(target.aux) ? "paused" : "running");
}

static void
delay_reports(struct control_conn *conn, int argc UNUSED, const char *argv[],
              void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    int seconds;

    if (!text_to_int_range(argv[1], 0, INT_MAX / 1000, &seconds)) {
        control_reply_error(conn, "unsigned integer required");
        return;
    }
    target.delay_reports(target.aux, seconds);
    if (seconds) {
        str_printf(&s, "delay nb_cfg report for %d seconds.", seconds);
    } else {
        str_put(&s, "no delay for nb_cfg report.");
    }
    control_reply_str(conn, &s);
}

static void
reset_cluster_state(struct control_conn *conn, int argc UNUSED,
                    const char *argv[] UNUSED, void *aux UNUSED)
{
    replica_reset_min_index(target.controller->sb);
    control_reply(conn, "");
}

/* All zones, or the one of that name or number. */
static void
flush_zones(struct control_conn *conn, int argc, const char *argv[],
            void *aux UNUSED)
{
    size_t n = ids_for_each_zone(target.ids, argc > 1 ? argv[1] : NULL,
                                 install_flush_zone, target.install);

    if (!n && argc > 1) {
        control_reply_error(conn, "no such zone");
    } else {
        control_reply(conn, "");
    }
}

static void
inject(struct control_conn *conn, int argc UNUSED, const char *argv[],
       void *aux UNUSED)
{
    struct error *error = inject_packet(target.controller, target.install,
                                        argv[1]);

    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, "");
    }
}

static void
why(struct control_conn *conn, int argc, const char *argv[], void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    incr_why(target.controller->incr, argv[1], argc > 2 ? argv[2] : "", 10,
             &s);
    control_reply_str(conn, &s);
}

static const struct {
    const char *name;
    const char *usage;
    int min_args, max_args;
    control_fn *run;
    uintptr_t aux;
} rows[] = {
    { "connection-status", "", 0, 0, connection_status, 0 },
    { "ct-zone-list", "", 0, 0, list_ids, ID_ZONE },
    { "group-table-list", "", 0, 0, list_ids, ID_GROUP },
    { "meter-table-list", "", 0, 0, list_ids, ID_METER },
    { "incr/stats", "", 0, 0, show_stats, 0 },
    { "inc-engine/show-stats", "", 0, 2, show_nodes, 0 },
    { "incr/verify", "", 0, 0, verify, 0 },
    { "recompute", "[deprecated]", 0, 0, recompute, 0 },
    { "inc-engine/recompute", "", 0, 0, recompute, 0 },
    { "inc-engine/clear-stats", "", 0, 0, clear_stats, 0 },
    { "inc-engine/compute-log-timeout", "", 1, 1, set_log_timeout, 0 },
    { "lflow-cache/flush", "", 0, 0, nothing, 0 },
    { "flush-lflow-cache", "[deprecated]", 0, 0, nothing, 0 },
    { "lflow-cache/show-stats", "", 0, 0, cache_stats, 0 },
    { "ct-flush", "[ZONE]", 0, 1, flush_zones, 0 },
    { "inject-pkt", "MICROFLOW", 1, 1, inject, 0 },
    { "sb-cluster-state-reset", "", 0, 0, reset_cluster_state, 0 },
    { "debug/pause", "", 0, 0, pause_or_resume, true },
    { "debug/resume", "", 0, 0, pause_or_resume, false },
    { "debug/status", "", 0, 0, status, 0 },
    { "debug/delay-nb-cfg-report", "SECONDS", 1, 1, delay_reports, 0 },
    /* Nothing waits at the start but for the rows that matter. */
    { "debug/ignore-startup-delay", "", 0, 0, nothing, 0 },
    { "debug/dump-lflow-conj-ids", "", 0, 0, list_conjunctions, 0 },
    { "debug/dump-local-bindings", "", 0, 0, dump,
      (uintptr_t) debug_local_bindings },
    { "debug/dump-related-ports", "", 0, 0, dump,
      (uintptr_t) debug_related_ports },
    { "debug/dump-local-datapaths", "", 0, 0, dump,
      (uintptr_t) debug_local_datapaths },
    { "debug/dump-peer-ports", "", 0, 0, dump,
      (uintptr_t) debug_peer_ports },
    { "debug/dump-local-template-vars", "", 0, 0, dump,
      (uintptr_t) debug_template_vars },
    { "debug/dump-mac-bindings", "", 0, 0, dump,
      (uintptr_t) debug_mac_bindings },
    { "incr/why", "CLASS [KEY]", 1, 2, why, 0 },
};

void
commands_register(const struct commands *commands)
{
    target = *commands;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        control_register(rows[i].name, rows[i].usage, rows[i].min_args,
                         rows[i].max_args, rows[i].run,
                         (void *) rows[i].aux);
    }
}

void
commands_unregister(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        control_unregister(rows[i].name);
    }
}
