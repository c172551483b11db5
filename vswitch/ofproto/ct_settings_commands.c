/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about the settings of connection tracking: limits, sweeps,
 * checks, and the reassembly of fragments (dpctl/ct-..., dpctl/ipf-...). */

#include "vswitch/ofproto/ct_commands.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "vswitch/dpif/conntrack.h"

static void
reply_number(struct control_conn *conn, int error, uint32_t x)
{
    struct str s = STR_EMPTY;

    if (error) {
        ct_reply_errno(conn, error);
    } else {
        str_printf(&s, "%u\n", x);
        control_reply_str(conn, &s);
    }
}

static void
ct_get_nconns(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    struct ct_command_args args;
    uint32_t n = 0;

    if (ct_take_datapath(conn, argc, argv, 0, &args)) {
        int error = dpif_ct_get_nconns(args.backer->dpif, &n);

        reply_number(conn, error, n);
    }
}

static void
ct_get_maxconns(struct control_conn *conn, int argc, const char *argv[],
                void *aux UNUSED)
{
    struct ct_command_args args;
    uint32_t n = 0;

    if (ct_take_datapath(conn, argc, argv, 0, &args)) {
        int error = dpif_ct_get_maxconns(args.backer->dpif, &n);

        reply_number(conn, error, n);
    }
}

static void
ct_set_maxconns(struct control_conn *conn, int argc, const char *argv[],
                void *aux UNUSED)
{
    struct ct_command_args args;
    unsigned int n;
    int error;

    if (!ct_take_datapath(conn, argc, argv, 1, &args)) {
        return;
    }
    if (!text_to_uint(args.v[0], 0, &n)) {
        control_reply_error(conn, "maxconns missing or malformed");
        return;
    }
    error = dpif_ct_set_maxconns(args.backer->dpif, n);
    if (error) {
        ct_reply_errno(conn, error);
    } else {
        control_reply(conn, "setting maxconns successful");
    }
}

/* "default=LIMIT" or "zone=ZONE,limit=LIMIT". */
static struct error *
parse_limit(const char *text, struct ct_zone_limit *limit)
{
    const char *comma = strchr(text, ',');
    struct error *error;
    char *zone;

    if (text_starts_with(text, "default=")) {
        limit->zone = -1;
        return ct_parse_u32("default limit", text + 8, &limit->limit);
    }
    if (!text_starts_with(text, "zone=") || !comma
        || !text_starts_with(comma, ",limit=")) {
        return ct_bad_argument("limit", text);
    }
    zone = xmemdup0(text + 5, comma - text - 5);
    error = ct_parse_zone(zone, &limit->zone);
    free(zone);
    return error ? error : ct_parse_u32("limit", comma + 7, &limit->limit);
}

static void
ct_set_limits(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    VEC(struct ct_zone_limit) limits = VEC_EMPTY;
    struct error *error = NULL;
    struct ct_command_args args;
    int status = 0;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    for (int i = 0; i < args.n && !error; i++) {
        struct ct_zone_limit limit;

        error = parse_limit(args.v[i], &limit);
        if (!error) {
            vec_push(&limits, limit);
        }
    }
    for (size_t i = 0; i < limits.n && !error && !status; i++) {
        status = dpif_ct_set_limit(args.backer->dpif, limits.items[i].zone,
                                   limits.items[i].limit);
    }
    vec_uninit(&limits);
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        ct_reply_errno(conn, status);
    }
}

typedef VEC(int) zone_vec;

/* "zone=1,2,3". */
static struct error *
parse_zones(const char *text, zone_vec *zones)
{
    char *copy, *rest, *item;
    struct error *error = NULL;

    if (!text_starts_with(text, "zone=")) {
        return ct_bad_argument("argument", text);
    }
    copy = rest = xstrdup(text + 5);
    while (!error && (item = text_token(&rest, ","))) {
        int zone;

        error = ct_parse_zone(item, &zone);
        if (!error) {
            vec_push(zones, zone);
        }
    }
    free(copy);
    if (!error && !zones->n) {
        error = ct_bad_argument("zone", text + 5);
    }
    return error;
}

static void
ct_del_limits(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    zone_vec zones = VEC_EMPTY;
    struct error *error;
    struct ct_command_args args;
    int status = 0;

    if (!ct_take_datapath(conn, argc, argv, 1, &args)) {
        return;
    }
    error = parse_zones(args.v[0], &zones);
    for (size_t i = 0; i < zones.n && !error; i++) {
        int one = dpif_ct_del_limit(args.backer->dpif, zones.items[i]);

        /* That there was no limit is as good as its being gone. */
        if (one && abs(one) != ENOENT) {
            status = one;
        }
    }
    vec_uninit(&zones);
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        ct_reply_errno(conn, status);
    }
}

static void
put_limit(const struct ct_zone_limit *limit, void *s)
{
    if (limit->zone >= 0) {
        str_printf(s, "zone=%d,limit=%u,count=%u\n", limit->zone,
                   limit->limit, limit->count);
    }
}

static void
ct_get_limits(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    struct ct_zone_limit limit = { .zone = -1 };
    zone_vec zones = VEC_EMPTY;
    struct error *error = NULL;
    struct str s = STR_EMPTY;
    struct ct_command_args args;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    if (args.n) {
        error = parse_zones(args.v[0], &zones);
    }
    if (error) {
        vec_uninit(&zones);
        control_reply_take_error(conn, error);
        return;
    }
    dpif_ct_get_limit(args.backer->dpif, -1, &limit);
    str_printf(&s, "default limit=%u\n", limit.limit);
    for (size_t i = 0; i < zones.n; i++) {
        if (!dpif_ct_get_limit(args.backer->dpif, zones.items[i], &limit)) {
            put_limit(&limit, &s);
        }
    }
    if (!args.n) {
        dpif_ct_dump_limits(args.backer->dpif, put_limit, &s);
    }
    vec_uninit(&zones);
    control_reply_str(conn, &s);
}

static void
set_tcp_seq_chk(struct control_conn *conn, int argc, const char *argv[],
                bool on)
{
    struct ct_command_args args;
    int error;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    error = dpif_ct_set_tcp_seq_chk(args.backer->dpif, on);
    if (error) {
        ct_reply_errno(conn, error);
    } else {
        control_reply(conn, on ? "enabling TCP sequence checking successful"
                      : "disabling TCP sequence checking successful");
    }
}

static void
ct_enable_tcp_seq_chk(struct control_conn *conn, int argc,
                      const char *argv[], void *aux UNUSED)
{
    set_tcp_seq_chk(conn, argc, argv, true);
}

static void
ct_disable_tcp_seq_chk(struct control_conn *conn, int argc,
                       const char *argv[], void *aux UNUSED)
{
    set_tcp_seq_chk(conn, argc, argv, false);
}

static void
ct_get_tcp_seq_chk(struct control_conn *conn, int argc, const char *argv[],
                   void *aux UNUSED)
{
    struct ct_command_args args;

    if (ct_take_datapath(conn, argc, argv, 0, &args)) {
        control_reply(conn, dpif_ct_get_tcp_seq_chk(args.backer->dpif)
                      ? "TCP sequence checking: enabled"
                      : "TCP sequence checking: disabled");
    }
}

/* ## Sweeping and buckets ## */

static void
ct_set_sweep_interval(struct control_conn *conn, int argc,
                      const char *argv[], void *aux UNUSED)
{
    struct ct_command_args args;
    unsigned int ms;

    if (!ct_take_datapath(conn, argc, argv, 1, &args)) {
        return;
    }
    if (!text_to_uint(args.v[0], 0, &ms)) {
        control_reply_error(conn, "invalid sweep value");
    } else if (dpif_ct_set_sweep_interval(args.backer->dpif, ms)) {
        control_reply_error(conn, "the sweep interval must be from 100 ms "
                            "to an hour");
    } else {
        control_reply(conn, "setting sweep interval successful");
    }
}

static void
ct_get_sweep_interval(struct control_conn *conn, int argc,
                      const char *argv[], void *aux UNUSED)
{
    struct ct_command_args args;
    struct str s = STR_EMPTY;

    if (ct_take_datapath(conn, argc, argv, 0, &args)) {
        str_printf(&s, "Sweep interval: %u\n",
                   dpif_ct_get_sweep_interval(args.backer->dpif));
        control_reply_str(conn, &s);
    }
}

/* Shows for each bucket of the table, or for those of more than "gt=N"
 * connections, how many it has. */
static void
ct_bkts(struct control_conn *conn, int argc, const char *argv[],
        void *aux UNUSED)
{
    struct str s = STR_EMPTY;
    struct ct_command_args args;
    struct error *error = NULL;
    uint32_t buckets[CT_N_BUCKETS], threshold = 0;
    uint32_t total = 0;
    bool has_threshold = false;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    for (int i = 0; i < args.n && !error; i++) {
        has_threshold = text_starts_with(args.v[i], "gt=");
        error = (has_threshold
                 ? ct_parse_u32("threshold", args.v[i] + 3, &threshold)
                 : ct_bad_argument("argument", args.v[i]));
    }
    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    dpif_ct_get_buckets(args.backer->dpif, buckets);
    for (unsigned int i = 0; i < CT_N_BUCKETS; i++) {
        total += buckets[i];
    }
    str_printf(&s, "Total Buckets: %u\nCurrent Connections: %u\n\n",
               CT_N_BUCKETS, total);
    if (has_threshold) {
        for (unsigned int i = 0; i < CT_N_BUCKETS; i++) {
            if (buckets[i] > threshold) {
                str_printf(&s, "bucket %3u: %u connections\n", i,
                           buckets[i]);
            }
        }
        control_reply_str(conn, &s);
        return;
    }
    str_put(&s, "Buckets     Connections of each\n");
    for (unsigned int i = 0; i < CT_N_BUCKETS; i += 8) {
        str_printf(&s, "%3u..%3u  ", i, i + 7);
        for (unsigned int j = i; j < i + 8; j++) {
            str_printf(&s, " %6u", buckets[j]);
        }
        str_put_char(&s, '\n');
    }
    control_reply_str(conn, &s);
}

/* ## Fragments ## */

static bool
parse_family(struct control_conn *conn, const char *text, bool *v6)
{
    if (strcmp(text, "v4") && strcmp(text, "v6")) {
        control_reply_error(conn, "parameter missing: v4 for IPv4 or v6 for "
                            "IPv6");
        return false;
    }
    *v6 = !strcmp(text, "v6");
    return true;
}

static void
set_ipf_enabled(struct control_conn *conn, int argc, const char *argv[],
                bool enabled)
{
    struct ct_command_args args;
    bool v6;

    if (ct_take_datapath(conn, argc, argv, 1, &args)
        && parse_family(conn, args.v[0], &v6)) {
        dpif_ipf_set_enabled(args.backer->dpif, v6, enabled);
        control_reply(conn, enabled
                      ? "enabling fragmentation reassembly succeeded"
                      : "disabling fragmentation reassembly succeeded");
    }
}

static void
ipf_set_enabled(struct control_conn *conn, int argc, const char *argv[],
                void *aux UNUSED)
{
    set_ipf_enabled(conn, argc, argv, true);
}

static void
ipf_set_disabled(struct control_conn *conn, int argc, const char *argv[],
                 void *aux UNUSED)
{
    set_ipf_enabled(conn, argc, argv, false);
}

static void
ipf_set_min_frag(struct control_conn *conn, int argc, const char *argv[],
                 void *aux UNUSED)
{
    struct ct_command_args args;
    unsigned int bytes;
    bool v6;

    if (!ct_take_datapath(conn, argc, argv, 2, &args)
        || !parse_family(conn, args.v[0], &v6)) {
        return;
    }
    if (!text_to_uint(args.v[1], 0, &bytes)
        || dpif_ipf_set_min_frag(args.backer->dpif, v6, bytes)) {
        control_reply_error(conn, v6 ? "the smallest fragment of IPv6 must "
                            "be from 1280 to 65535 bytes"
                            : "the smallest fragment of IPv4 must be from "
                            "400 to 65535 bytes");
        return;
    }
    control_reply(conn, "setting minimum fragment size successful");
}

static void
ipf_set_max_nfrags(struct control_conn *conn, int argc, const char *argv[],
                   void *aux UNUSED)
{
    struct ct_command_args args;
    unsigned int max;

    if (!ct_take_datapath(conn, argc, argv, 1, &args)) {
        return;
    }
    if (!text_to_uint(args.v[0], 0, &max)
        || dpif_ipf_set_max_nfrags(args.backer->dpif, max)) {
        control_reply_error(conn, "the number of fragments must be from 0 to "
                            "65535");
        return;
    }
    control_reply(conn, "setting maximum fragments successful");
}

static void
put_family(const char *name, const struct ipf_family_status *f, struct str *s)
{
    const struct {
        const char *what;
        uint64_t n;
    } counts[] = {
        { "accepted", f->n_accepted }, { "completed", f->n_completed },
        { "expired", f->n_expired }, { "too small", f->n_too_small },
        { "overlapped", f->n_overlap }, { "purged", f->n_purged },
    };

    str_printf(s, "        min %s frag size: %u\n", name, f->min_size);
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        str_printf(s, "        %s frags %s: %" PRIu64 "\n", name,
                   counts[i].what, counts[i].n);
    }
}

static void
ipf_get_status(struct control_conn *conn, int argc, const char *argv[],
               void *aux UNUSED)
{
    struct ct_command_args args;
    struct ipf_status status;
    struct str s = STR_EMPTY;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    dpif_ipf_get_status(args.backer->dpif, &status);
    str_printf(&s, "        Fragmentation Module Status\n"
               "        ---------------------------\n"
               "        v4 enabled: %u\n"
               "        v6 enabled: %u\n"
               "        max num frags (v4/v6): %u\n"
               "        num frag: %u\n",
               status.v4.enabled, status.v6.enabled, status.max_fragments,
               status.n_fragments);
    put_family("v4", &status.v4, &s);
    put_family("v6", &status.v6, &s);
    control_reply_str(conn, &s);
}

void
ct_register_settings_commands(void)
{
    static const struct control_command commands[] = {
        { "dpctl/ct-get-nconns", "[dp]", 0, 1, ct_get_nconns },
        { "dpctl/ct-get-maxconns", "[dp]", 0, 1, ct_get_maxconns },
        { "dpctl/ct-set-maxconns", "[dp] maxconns", 1, 2, ct_set_maxconns },
        { "dpctl/ct-set-limits",
          "[dp] [default=L] [zone=N,limit=L]...", 1, INT_MAX,
          ct_set_limits },
        { "dpctl/ct-del-limits", "[dp] zone=N1[,N2]...", 1, 2,
          ct_del_limits },
        { "dpctl/ct-get-limits", "[dp] [zone=N1[,N2]...]", 0, 2,
          ct_get_limits },
        { "dpctl/ct-enable-tcp-seq-chk", "[dp]", 0, 1,
          ct_enable_tcp_seq_chk },
        { "dpctl/ct-disable-tcp-seq-chk", "[dp]", 0, 1,
          ct_disable_tcp_seq_chk },
        { "dpctl/ct-get-tcp-seq-chk", "[dp]", 0, 1, ct_get_tcp_seq_chk },
        { "dpctl/ct-set-sweep-interval", "[dp] ms", 1, 2,
          ct_set_sweep_interval },
        { "dpctl/ct-get-sweep-interval", "[dp]", 0, 1,
          ct_get_sweep_interval },
        { "dpctl/ct-bkts", "[dp] [gt=N]", 0, 2, ct_bkts },
        { "dpctl/ipf-set-enabled", "[dp] v4|v6", 1, 2, ipf_set_enabled },
        { "dpctl/ipf-set-disabled", "[dp] v4|v6", 1, 2, ipf_set_disabled },
        { "dpctl/ipf-set-min-frag", "[dp] v4|v6 minfragment", 2, 3,
          ipf_set_min_frag },
        { "dpctl/ipf-set-max-nfrags", "[dp] maxfrags", 1, 2,
          ipf_set_max_nfrags },
        { "dpctl/ipf-get-status", "[dp]", 0, 1, ipf_get_status },
    };

    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
