/* SPDX-License-Identifier: Apache-2.0 */

/* How the dpctl/... commands are run: their options, and the datapath that
 * they are about. */

#include "vswitch/ofproto/dpctl_commands.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/sset.h"
#include "lib/base/text.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"

/* Datapaths by name. */

struct backer *
commands_get_backer(struct control_conn *conn, const char *name)
{
    struct backer *b, *found = NULL;
    unsigned int n = 0;

    HMAP_FOR_EACH (b, node, backers_all()) {
        const char *at = name ? strchr(name, '@') : NULL;

        if (!name || !strcmp(at ? at + 1 : name, dpif_name(b->dpif))) {
            found = b;
            n++;
        }
    }
    if (n == 1) {
        return found;
    }
    control_reply_error(conn, n ? "multiple datapaths, specify one"
                        : "no such datapath");
    return NULL;
}

bool
commands_is_in_use(const struct dpif *dpif)
{
    const struct backer *b = backer_find(dpif_type(dpif));

    return b && !strcmp(dpif_name(b->dpif), dpif_name(dpif));
}

void
dpctl_for_each(void (*each)(const char *type, const char *name, void *aux),
               void *aux)
{
    struct sset types = SSET_INITIALIZER(&types);
    struct sset_node *type;

    dpif_enumerate_types(&types);
    SSET_FOR_EACH (type, &types) {
        struct sset names = SSET_INITIALIZER(&names);
        struct sset_node *name;

        dpif_enumerate_names(type->name, &names);
        SSET_FOR_EACH (name, &names) {
            each(type->name, name->name, aux);
        }
        sset_uninit(&names);
    }
    sset_uninit(&types);
}

/* Splits "[TYPE@]NAME"; '*type' is for free(). */
static const char *
split_name(const char *text, char **type)
{
    const char *at = strchr(text, '@');

    *type = at ? xmemdup0(text, at - text) : xstrdup("system");
    return at ? at + 1 : text;
}

bool
dpctl_is_datapath(const char *text)
{
    struct sset names = SSET_INITIALIZER(&names);
    char *type;
    const char *name = split_name(text, &type);
    bool found = (!dpif_enumerate_names(type, &names)
                  && sset_contains(&names, name));

    sset_uninit(&names);
    free(type);
    return found;
}

int
dpctl_open_named(const char *text, bool create, struct dpif **dpif)
{
    char *type;
    const char *name = split_name(text, &type);
    struct error *error = NULL;
    int status = 0;

    if (create && dpctl_is_datapath(text)) {
        status = EEXIST;
    } else {
        error = dpif_open(type, name, create, dpif);
        status = error ? (error->code ? error->code : EINVAL) : 0;
    }
    error_free(error);
    free(type);
    return status;
}

struct one {
    char *name;                  /* "TYPE@NAME" of the first. */
    unsigned int n;
};

static void
count_datapath(const char *type, const char *name, void *one_)
{
    struct one *one = one_;

    if (!one->n++) {
        one->name = xasprintf("%s@%s", type, name);
    }
}

/* The only datapath's name, for free(); NULL having said so if there is not
 * just one. */
static char *
only_datapath(struct dpctl *d)
{
    struct one one = { NULL, 0 };

    dpctl_for_each(count_datapath, &one);
    if (one.n == 1) {
        return one.name;
    }
    dpctl_error(d, 0, one.n ? "multiple datapaths, specify one"
                : "no datapaths exist");
    free(one.name);
    return NULL;
}

int
dpctl_open(struct dpctl *d, int argc, const char *argv[], int max_args,
           struct dpif **dpif)
{
    char *name = NULL;
    int error;

    if (argc > 1 && dpctl_is_datapath(argv[1])) {
        name = xstrdup(argv[1]);
    } else if (argc - 1 != max_args) {
        name = only_datapath(d);
    }
    if (!name) {
        return dpctl_error(d, EINVAL, "datapath not found");
    }
    error = dpctl_open_named(name, false, dpif);
    free(name);
    return error ? dpctl_error(d, error, "opening datapath") : 0;
}

/* Running. */

static int
list_commands(struct dpctl *d, int argc UNUSED, const char *argv[] UNUSED)
{
    dpctl_list_commands("dpctl/", &d->out);
    return 0;
}

static dpctl_fn *const functions[] = {
    [DPCTL_ADD_DP] = dpctl_add_dp,
    [DPCTL_DEL_DP] = dpctl_del_dp,
    [DPCTL_ADD_IF] = dpctl_add_if,
    [DPCTL_DEL_IF] = dpctl_del_if,
    [DPCTL_SET_IF] = dpctl_set_if,
    [DPCTL_DUMP_DPS] = dpctl_dump_dps,
    [DPCTL_SHOW] = dpctl_show,
    [DPCTL_DUMP_FLOWS] = dpctl_dump_flows,
    [DPCTL_ADD_FLOW] = dpctl_add_flow,
    [DPCTL_MOD_FLOW] = dpctl_mod_flow,
    [DPCTL_GET_FLOW] = dpctl_get_flow,
    [DPCTL_DEL_FLOW] = dpctl_del_flow,
    [DPCTL_ADD_FLOWS] = dpctl_add_flows,
    [DPCTL_MOD_FLOWS] = dpctl_mod_flows,
    [DPCTL_DEL_FLOWS] = dpctl_del_flows,
    [DPCTL_OFFLOAD_STATS_SHOW] = dpctl_offload_stats_show,
    [DPCTL_DUMP_CONNTRACK] = dpctl_dump_conntrack,
    [DPCTL_DUMP_CONNTRACK_EXP] = dpctl_dump_conntrack_exp,
    [DPCTL_FLUSH_CONNTRACK] = dpctl_flush_conntrack,
    [DPCTL_CACHE_GET_SIZE] = dpctl_cache_get_size,
    [DPCTL_CACHE_SET_SIZE] = dpctl_cache_set_size,
    [DPCTL_CT_STATS_SHOW] = dpctl_ct_stats_show,
    [DPCTL_CT_BKTS] = dpctl_ct_bkts,
    [DPCTL_CT_SET_MAXCONNS] = dpctl_ct_set_maxconns,
    [DPCTL_CT_GET_MAXCONNS] = dpctl_ct_get_maxconns,
    [DPCTL_CT_GET_NCONNS] = dpctl_ct_get_nconns,
    [DPCTL_CT_ENABLE_TCP_SEQ_CHK] = dpctl_ct_enable_tcp_seq_chk,
    [DPCTL_CT_DISABLE_TCP_SEQ_CHK] = dpctl_ct_disable_tcp_seq_chk,
    [DPCTL_CT_GET_TCP_SEQ_CHK] = dpctl_ct_get_tcp_seq_chk,
    [DPCTL_CT_SET_SWEEP_INTERVAL] = dpctl_ct_set_sweep_interval,
    [DPCTL_CT_GET_SWEEP_INTERVAL] = dpctl_ct_get_sweep_interval,
    [DPCTL_CT_SET_LIMITS] = dpctl_ct_set_limits,
    [DPCTL_CT_DEL_LIMITS] = dpctl_ct_del_limits,
    [DPCTL_CT_GET_LIMITS] = dpctl_ct_get_limits,
    [DPCTL_IPF_SET_ENABLED] = dpctl_ipf_set_enabled,
    [DPCTL_IPF_SET_DISABLED] = dpctl_ipf_set_disabled,
    [DPCTL_IPF_SET_MIN_FRAG] = dpctl_ipf_set_min_frag,
    [DPCTL_IPF_SET_MAX_NFRAGS] = dpctl_ipf_set_max_nfrags,
    [DPCTL_IPF_GET_STATUS] = dpctl_ipf_get_status,
    [DPCTL_LIST_COMMANDS] = list_commands,
    [DPCTL_PARSE_ACTIONS] = dpctl_parse_actions,
    [DPCTL_NORMALIZE_ACTIONS] = dpctl_normalize_actions,
};
_Static_assert(ARRAY_SIZE(functions) == DPCTL_N_COMMANDS,
               "a function for each command");

/* What options there are: for --names and --no-names, the last one counts. */
struct options {
    struct dpctl *d;
    bool has_names;
};

static bool
take_long_option(struct options *o, const char *name)
{
    struct dpctl *d = o->d;

    if (!strcmp(name, "statistics")) {
        d->statistics = true;
    } else if (!strcmp(name, "clear")) {
        d->zero_statistics = true;
    } else if (!strcmp(name, "may-create")) {
        d->may_create = true;
    } else if (!strcmp(name, "more")) {
        d->verbosity++;
    } else if (!strcmp(name, "names") || !strcmp(name, "no-names")) {
        d->names = !strcmp(name, "names");
        o->has_names = true;
    } else {
        return false;
    }
    return true;
}

/* Takes the options in front of the arguments; returns how many words, or -1
 * having said what is wrong. */
static int
take_options(struct dpctl *d, int argc, const char *argv[])
{
    struct options o = { d, false };
    int i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        if (argv[i][1] == '-') {
            if (!take_long_option(&o, argv[i] + 2)) {
                str_printf(&d->out, "Unrecognized option %s", argv[i]);
                return -1;
            }
            continue;
        }
        for (const char *p = argv[i] + 1; *p; p++) {
            if (*p == 'm') {
                d->verbosity++;
            } else if (*p == 's') {
                d->statistics = true;
            } else {
                str_printf(&d->out, "Unrecognized option -%c", *p);
                return -1;
            }
        }
    }
    if (!o.has_names) {
        d->names = d->verbosity > 0;
    }
    return i - 1;
}

/* Checks the number of arguments; the control server, who does not know
 * options, has not. */
static bool
has_right_count(struct dpctl *d, const struct dpctl_row *row, int n)
{
    if (n < row->min_args) {
        str_printf(&d->out, "\"dpctl/%s\" command requires at least %d "
                   "arguments", row->name, row->min_args);
        return false;
    }
    if (n > row->max_args) {
        str_printf(&d->out, "\"dpctl/%s\" command takes at most %d arguments",
                   row->name, row->max_args);
        return false;
    }
    return true;
}

static void
run(struct control_conn *conn, int argc, const char *argv[],
    void *aux UNUSED)
{
    const struct dpctl_row *row = dpctl_find(argv[0] + strlen("dpctl/"));
    struct dpctl d = { .out = STR_EMPTY };
    int n = take_options(&d, argc, argv);
    bool ok = n >= 0 && has_right_count(&d, row, argc - 1 - n);

    if (ok) {
        argv[n] = argv[0];
        ok = !functions[row - dpctl_table](&d, argc - n, argv + n);
    }
    if (ok) {
        control_reply_str(conn, &d.out);
    } else {
        control_reply_error(conn, str_cstr(&d.out));
        str_uninit(&d.out);
    }
}

void
dpctl_register_commands(void)
{
    for (size_t i = 0; i < DPCTL_N_COMMANDS; i++) {
        control_register(xasprintf("dpctl/%s", dpctl_table[i].name),
                         dpctl_table[i].usage, dpctl_table[i].min_args,
                         INT_MAX, run, NULL);
    }
}
