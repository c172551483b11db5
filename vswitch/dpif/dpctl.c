/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/dpif/dpctl.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon/daemon.h"

#define CT_FLUSH_USAGE "[dp] [zone=N] [mark=X[/M]] [labels=X[/M]] " \
                       "[ct-orig-tuple] [ct-reply-tuple]"

const struct dpctl_row dpctl_table[] = {
    [DPCTL_ADD_DP] = { "add-dp", "dp [iface...]", 1, INT_MAX, true },
    [DPCTL_DEL_DP] = { "del-dp", "dp", 1, 1, true },
    [DPCTL_ADD_IF] = { "add-if", "dp iface...", 2, INT_MAX, true },
    [DPCTL_DEL_IF] = { "del-if", "dp iface...", 2, INT_MAX, true },
    [DPCTL_SET_IF] = { "set-if", "dp iface...", 2, INT_MAX, true },
    [DPCTL_DUMP_DPS] = { "dump-dps", "", 0, 0, false },
    [DPCTL_SHOW] = { "show", "[-s] [dp...]", 0, INT_MAX, false },
    [DPCTL_DUMP_FLOWS] = { "dump-flows", "[-m] [--names] [dp] [filter=..] "
                           "[type=..] [pmd=..]", 0, 6, false },
    [DPCTL_ADD_FLOW] = { "add-flow", "[dp] flow actions", 2, 3, true },
    [DPCTL_MOD_FLOW] = { "mod-flow", "[dp] flow actions", 2, 3, true },
    [DPCTL_GET_FLOW] = { "get-flow", "[dp] ufid", 1, 2, false },
    [DPCTL_DEL_FLOW] = { "del-flow", "[dp] flow", 1, 2, true },
    [DPCTL_ADD_FLOWS] = { "add-flows", "[dp] file", 1, 2, true },
    [DPCTL_MOD_FLOWS] = { "mod-flows", "[dp] file", 1, 2, true },
    [DPCTL_DEL_FLOWS] = { "del-flows", "[dp] [file]", 0, 2, true },
    [DPCTL_OFFLOAD_STATS_SHOW] = { "offload-stats-show", "[dp]", 0, 1,
                                   false },
    [DPCTL_DUMP_CONNTRACK] = { "dump-conntrack", "[-m] [-s] [dp] [zone=N]",
                               0, 2, false },
    [DPCTL_DUMP_CONNTRACK_EXP] = { "dump-conntrack-exp", "[dp] [zone=N]",
                                   0, 2, false },
    [DPCTL_FLUSH_CONNTRACK] = { "flush-conntrack", CT_FLUSH_USAGE, 0, 6,
                                true },
    [DPCTL_CACHE_GET_SIZE] = { "cache-get-size", "[dp]", 0, 1, false },
    [DPCTL_CACHE_SET_SIZE] = { "cache-set-size", "dp cache <size>", 3, 3,
                               true },
    [DPCTL_CT_STATS_SHOW] = { "ct-stats-show", "[dp] [zone=N]", 0, 3, false },
    [DPCTL_CT_BKTS] = { "ct-bkts", "[dp] [gt=N]", 0, 2, false },
    [DPCTL_CT_SET_MAXCONNS] = { "ct-set-maxconns", "[dp] maxconns", 1, 2,
                                true },
    [DPCTL_CT_GET_MAXCONNS] = { "ct-get-maxconns", "[dp]", 0, 1, false },
    [DPCTL_CT_GET_NCONNS] = { "ct-get-nconns", "[dp]", 0, 1, false },
    [DPCTL_CT_ENABLE_TCP_SEQ_CHK] = { "ct-enable-tcp-seq-chk", "[dp]", 0, 1,
                                      true },
    [DPCTL_CT_DISABLE_TCP_SEQ_CHK] = { "ct-disable-tcp-seq-chk", "[dp]", 0, 1,
                                       true },
    [DPCTL_CT_GET_TCP_SEQ_CHK] = { "ct-get-tcp-seq-chk", "[dp]", 0, 1,
                                   false },
    [DPCTL_CT_SET_SWEEP_INTERVAL] = { "ct-set-sweep-interval", "[dp] ms",
                                      1, 2, true },
    [DPCTL_CT_GET_SWEEP_INTERVAL] = { "ct-get-sweep-interval", "[dp]", 0, 1,
                                      false },
    [DPCTL_CT_SET_LIMITS] = { "ct-set-limits",
                              "[dp] [default=L] [zone=N,limit=L]...", 1,
                              INT_MAX, true },
    [DPCTL_CT_DEL_LIMITS] = { "ct-del-limits", "[dp] zone=N1[,N2]...", 1, 2,
                              true },
    [DPCTL_CT_GET_LIMITS] = { "ct-get-limits", "[dp] [zone=N1[,N2]...]", 0, 2,
                              false },
    [DPCTL_IPF_SET_ENABLED] = { "ipf-set-enabled", "[dp] v4|v6", 1, 2, true },
    [DPCTL_IPF_SET_DISABLED] = { "ipf-set-disabled", "[dp] v4|v6", 1, 2,
                                 true },
    [DPCTL_IPF_SET_MIN_FRAG] = { "ipf-set-min-frag",
                                 "[dp] v4|v6 minfragment", 2, 3, true },
    [DPCTL_IPF_SET_MAX_NFRAGS] = { "ipf-set-max-nfrags", "[dp] maxfrags", 1,
                                   2, true },
    [DPCTL_IPF_GET_STATUS] = { "ipf-get-status", "[dp]", 0, 1, false },
    [DPCTL_LIST_COMMANDS] = { "list-commands", "", 0, INT_MAX, false },
    [DPCTL_PARSE_ACTIONS] = { "parse-actions", "actions", 1, INT_MAX, false },
    [DPCTL_NORMALIZE_ACTIONS] = { "normalize-actions", "actions", 2, INT_MAX,
                                  false },
};

const struct dpctl_row *
dpctl_find(const char *name)
{
    for (size_t i = 0; i < DPCTL_N_COMMANDS; i++) {
        if (!strcmp(dpctl_table[i].name, name)) {
            return &dpctl_table[i];
        }
    }
    return NULL;
}

int
dpctl_error(struct dpctl *d, int error, const char *format, ...)
{
    va_list args;

    str_printf(&d->out, "%s: ", program_name());
    va_start(args, format);
    str_vprintf(&d->out, format, args);
    va_end(args);
    if (error) {
        str_printf(&d->out, " (%s)", strerror(abs(error)));
    }
    str_put_char(&d->out, '\n');
    return abs(error);
}

void
dpctl_list_commands(const char *prefix, struct str *s)
{
    str_put(s, "The available commands are:\n");
    for (size_t i = 0; i < DPCTL_N_COMMANDS; i++) {
        str_printf(s, "  %s%-23s %s\n", prefix, dpctl_table[i].name,
                   dpctl_table[i].usage);
    }
}
