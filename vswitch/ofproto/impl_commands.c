/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands that show and choose implementations: of the datapath as a
 * whole, of reading packets' headers, of looking up in a subtable, of actions.
 * Elsewhere there are some for certain processors; here one, compiled for the
 * processor at hand, does for all, and so it is the only choice. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/commands.h"

/* Priority that the lookup was given. */
static uint8_t lookup_priority = 1;

typedef VEC(int) cpu_vec;

static void
add_cpu(const struct dpif_thread *t, void *cpus_)
{
    cpu_vec *cpus = cpus_;

    if (t->kind == DPIF_THREAD_POLLER && t->cpu >= 0) {
        vec_push(cpus, t->cpu);
    }
}

static int
compare_cpus(const void *a, const void *b)
{
    return *(const int *) a - *(const int *) b;
}

/* The processors that threads are pinned to. */
static void
get_cpus(cpu_vec *cpus)
{
    struct backer *b;

    vec_init(cpus);
    HMAP_FOR_EACH (b, node, backers_all()) {
        dpif_thread_dump(b->dpif, add_cpu, cpus);
    }
    vec_sort(cpus, compare_cpus);
}

static bool
is_pinned_to(int cpu)
{
    cpu_vec cpus;
    bool found = false;

    get_cpus(&cpus);
    VEC_FOR_EACH (c, &cpus) {
        found |= *c == cpu;
    }
    vec_uninit(&cpus);
    return found;
}

/* Appends "pmds: 1,3" or "pmds: none". */
static void
put_cpus(struct str *s)
{
    const char *separator = "";
    cpu_vec cpus;

    get_cpus(&cpus);
    str_put(s, "pmds: ");
    VEC_FOR_EACH (c, &cpus) {
        str_printf(s, "%s%d", separator, *c);
        separator = ",";
    }
    if (!cpus.n) {
        str_put(s, "none");
    }
    vec_uninit(&cpus);
}

static void
dpif_impl_get(struct control_conn *conn, int argc UNUSED,
              const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    str_put(&s, "Available DPIF implementations:\n  dpif_scalar (");
    put_cpus(&s);
    str_put(&s, ")\n");
    control_reply_str(conn, &s);
}

static void
dpif_impl_set(struct control_conn *conn, int argc UNUSED, const char *argv[],
              void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    if (!strcmp(argv[1], "dpif_scalar")) {
        control_reply(conn, "DPIF implementation set to dpif_scalar.\n");
        return;
    }
    str_printf(&s, "DPIF implementation not available: Unknown DPIF "
               "implementation %s.", argv[1]);
    control_reply_error(conn, str_cstr(&s));
    str_uninit(&s);
}

static void
parser_get(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    str_put(&s, "Available MFEX implementations:\n"
            "  scalar (available: True ");
    put_cpus(&s);
    str_put(&s, ")\n");
    control_reply_str(conn, &s);
}

/* Takes "-pmd CORE" off the front: returns how many words, or -1 having said
 * what is wrong with them. */
static int
take_core(int argc, const char *argv[], int *core, struct str *problem)
{
    *core = -1;
    if (argc < 3 || strcmp(argv[1], "-pmd")) {
        return 0;
    }
    if (!text_to_int_range(argv[2], 0, INT_MAX, core)) {
        str_printf(problem, "Error: miniflow extract parser not changed, PMD "
                   "thread passed is not valid: '%s'. Pass a valid pmd "
                   "thread ID.", argv[2]);
        return -1;
    }
    return 2;
}

/* What is wrong with "[-pmd CORE] NAME [N]"; nothing: it is so already. */
static void
check_parser(int argc, const char *argv[], int *core, struct str *problem)
{
    int n = take_core(argc, argv, core, problem);

    if (n < 0) {
        return;
    }
    argc -= n;
    argv += n;
    if (argc < 2) {
        str_put(problem, "Error: no miniflow extract name provided. Output "
                "of miniflow-parser-get shows implementation list.");
    } else if (strcmp(argv[1], "scalar")) {
        str_printf(problem, "Error: unknown miniflow extract implementation "
                   "%s.", argv[1]);
    } else if (argc > 2) {
        str_printf(problem, "Error: unknown argument %s.", argv[2]);
    } else if (*core >= 0 && !is_pinned_to(*core)) {
        str_printf(problem, "Error: miniflow extract parser not changed, PMD "
                   "thread %d not in use, pass a valid pmd thread ID.",
                   *core);
    }
}

static void
parser_set(struct control_conn *conn, int argc, const char *argv[],
           void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    int core;

    check_parser(argc, argv, &core, &s);
    if (s.length) {
        control_reply_error(conn, str_cstr(&s));
        str_uninit(&s);
        return;
    }
    str_put(&s, "Miniflow extract implementation set to scalar");
    if (core >= 0) {
        str_printf(&s, ", on pmd thread %d", core);
    }
    str_put(&s, ".\n");
    control_reply_str(conn, &s);
}

static void
lookup_get(struct control_conn *conn, int argc UNUSED,
           const char *argv[] UNUSED, void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    unsigned int n_masks = 0;
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        struct dpif_stats stats;

        dpif_get_stats(b->dpif, &stats);
        n_masks += stats.n_masks;
    }
    str_printf(&s, "Available dpcls implementations:\n"
               "  generic (Use count: %u, Priority: %u)\n", n_masks,
               lookup_priority);
    control_reply_str(conn, &s);
}

/* No priority makes subtables change from the only lookup to another. */
static void
lookup_set(struct control_conn *conn, int argc UNUSED, const char *argv[],
           void *aux UNUSED)
{
    int priority;

    if (!text_to_int_range(argv[2], 0, UINT8_MAX, &priority)) {
        control_reply_error(conn, "error converting priority, use integer in "
                            "range 0-255");
    } else if (strcmp(argv[1], "generic")) {
        control_reply_error(conn, "error, subtable lookup function not "
                            "found");
    } else {
        lookup_priority = priority;
        control_reply(conn, "Lookup priority change affected 0 dpcls ports "
                      "and 0 subtables.\n");
    }
}

static void
action_impl_show(struct control_conn *conn, int argc UNUSED,
                 const char *argv[] UNUSED, void *aux UNUSED)
{
    control_reply(conn, "Available Actions implementations:\n"
                  "  scalar (available: Yes, active: Yes)\n");
}

static void
action_impl_set(struct control_conn *conn, int argc UNUSED,
                const char *argv[], void *aux UNUSED)
{
    struct str s = STR_EMPTY;

    if (!strcmp(argv[1], "scalar")) {
        control_reply(conn, "Action implementation set to scalar.\n");
        return;
    }
    str_printf(&s, "Error: unknown action implementation, %s, specified!",
               argv[1]);
    control_reply_error(conn, str_cstr(&s));
    str_uninit(&s);
}

static const struct control_command commands[] = {
    { "dpif-netdev/dpif-impl-get", "", 0, 0, dpif_impl_get },
    { "dpif-netdev/dpif-impl-set", "dpif_implementation_name", 1, 1,
      dpif_impl_set },
    { "dpif-netdev/miniflow-parser-get", "", 0, 0, parser_get },
    { "dpif-netdev/miniflow-parser-set", "[-pmd core] "
      "miniflow_implementation_name [study_pkt_cnt]", 1, 5, parser_set },
    { "dpif-netdev/subtable-lookup-info-get", "", 0, 0, lookup_get },
    /* What it was called first. */
    { "dpif-netdev/subtable-lookup-prio-get", NULL, 0, 0, lookup_get },
    { "dpif-netdev/subtable-lookup-prio-set", "[lookup_func] [prio]", 2, 2,
      lookup_set },
    { "odp-execute/action-impl-show", "", 0, 0, action_impl_show },
    { "odp-execute/action-impl-set", "name", 1, 1, action_impl_set },
};

void
impl_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
