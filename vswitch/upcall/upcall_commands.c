/* SPDX-License-Identifier: Apache-2.0 */

/* upcall/... and revalidator/... control commands. */

#include <string.h>

#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/upcall/ukey.h"

/* Dumps of this datapath always go by ufid; who switches that off is told so
 * until it is on again, and nothing else changes. */
static bool ufid_disabled;

static void
set_ufid(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    ufid_disabled = !strcmp(argv[0], "upcall/disable-ufid");
    control_reply(conn, ufid_disabled
                  ? "Datapath dumping tersely using UFID disabled"
                  : "Datapath dumping tersely using UFID enabled");
}

static void
show(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        struct upcall *u = b->upcall;

        str_printf(&s, "%s@%s:\n", b->type, dpif_name(b->dpif));
        str_printf(&s, "  flows         : (current %zu) (avg %zu) (max %zu) "
                   "(limit %u)\n", u->n_flows,
                   u->dump_seq ? u->total_flows / u->dump_seq : 0,
                   u->max_flows, u->flow_limit);
        str_printf(&s, "  dump duration : %lldms\n",
                   (long long) u->last_pass_ms);
        str_printf(&s, "  ufid enabled : %s\n\n",
                   ufid_disabled ? "false" : "true");
        str_printf(&s, "  0: (keys %zu)\n", rcu_hash_count(&u->ukeys));
    }
    control_reply_str(conn, &s);
}

static void
for_all(void (*fn)(struct upcall *, bool), bool arg)
{
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        fn(b->upcall, arg);
    }
}

static void
set_megaflows_disabled(struct upcall *u, bool disabled)
{
    __atomic_store_n(&u->megaflows_disabled, disabled, __ATOMIC_RELAXED);
    revalidator_run(u, true);
}

static void
disable_megaflows(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    for_all(set_megaflows_disabled, true);
    control_reply(conn, "megaflows disabled");
}

static void
enable_megaflows(struct control_conn *conn, int argc, const char *argv[],
                 void *aux)
{
    for_all(set_megaflows_disabled, false);
    control_reply(conn, "megaflows enabled");
}

static void
set_flow_limit(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;
    unsigned int limit;

    if (!text_to_uint(argv[1], 10, &limit)) {
        control_reply_error(conn, "invalid limit");
        return;
    }
    HMAP_FOR_EACH (b, node, backers_all()) {
        __atomic_store_n(&b->upcall->flow_limit, limit, __ATOMIC_RELAXED);
        str_printf(&s, "set flow_limit to %u\n", limit);
    }
    control_reply_str(conn, &s);
}

static void
wait_passes(struct control_conn *conn, int argc, const char *argv[],
            void *aux)
{
    for_all(revalidator_run, false);
    control_reply(conn, NULL);
}

static void
purge(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    for_all(revalidator_run, true);
    control_reply(conn, NULL);
}

static void
pause_passes(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_all(revalidator_set_paused, true);
    control_reply(conn, NULL);
}

static void
resume_passes(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    for_all(revalidator_set_paused, false);
    control_reply(conn, NULL);
}

void
upcall_register_commands(void)
{
    static const struct control_command commands[] = {
        { "upcall/show", "", 0, 0, show },
        { "upcall/disable-megaflows", "", 0, 0, disable_megaflows },
        { "upcall/enable-megaflows", "", 0, 0, enable_megaflows },
        { "upcall/disable-ufid", "", 0, 0, set_ufid },
        { "upcall/enable-ufid", "", 0, 0, set_ufid },
        { "upcall/set-flow-limit", "flow-limit-number", 1, 1, set_flow_limit },
        { "revalidator/wait", "", 0, 0, wait_passes },
        { "revalidator/purge", "", 0, 0, purge },
        { "revalidator/pause", "", 0, 0, pause_passes },
        { "revalidator/resume", "", 0, 0, resume_passes },
    };

    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
