/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/commands.h"

#include <limits.h>
#include <string.h>

#include "controller/ids.h"
#include "controller/install/install.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"

static struct commands target;

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
show_stats(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    incr_stats(target.controller->incr, &s);
    control_reply_str(conn, &s);
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
    { "inc-engine/show-stats", "", 0, 2, show_stats, 0 },
    { "incr/verify", "", 0, 0, verify, 0 },
    { "recompute", "", 0, 0, verify, 0 },
    { "inc-engine/recompute", "", 0, 0, verify, 0 },
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
