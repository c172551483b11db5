/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about the settings of connection tracking: limits, sweeps,
 * checks, and the reassembly of fragments (dpctl/ct-..., dpctl/ipf-...). */

#include "vswitch/ofproto/dpctl_commands.h"

#include <arpa/inet.h>
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

/* ## Numbers of connections ## */

/* Prints a number that 'get' tells; 'what' is for people. */
static int
show_number(struct dpctl *d, int argc, const char *argv[], const char *what,
            int (*get)(struct dpif *, uint32_t *))
{
    struct dpif *dpif;
    uint32_t n = 0;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (error) {
        return error;
    }
    error = get(dpif, &n);
    dpif_close(dpif);
    if (error) {
        return dpctl_error(d, error, "%s could not be retrieved", what);
    }
    str_printf(&d->out, "%u\n", n);
    return 0;
}

int
dpctl_ct_get_nconns(struct dpctl *d, int argc, const char *argv[])
{
    return show_number(d, argc, argv, "nconns", dpif_ct_get_nconns);
}

int
dpctl_ct_get_maxconns(struct dpctl *d, int argc, const char *argv[])
{
    return show_number(d, argc, argv, "maxconns", dpif_ct_get_maxconns);
}

int
dpctl_ct_set_maxconns(struct dpctl *d, int argc, const char *argv[])
{
    unsigned int n;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (error) {
        return error;
    }
    if (!text_to_uint(argv[argc - 1], 0, &n)) {
        error = dpctl_error(d, EINVAL, "maxconns missing or malformed");
    } else {
        error = dpif_ct_set_maxconns(dpif, n);
        if (error) {
            error = dpctl_error(d, error, "ct set maxconns failed");
        } else {
            str_put(&d->out, "setting maxconns successful");
        }
    }
    dpif_close(dpif);
    return error;
}

/* ## Limits of zones ## */

typedef VEC(struct ct_zone_limit) limit_vec;

/* Puts the number of "NAME=VALUE" where it belongs. */
static const char *
set_limit_member(const char *name, const char *value,
                 struct ct_zone_limit *limit, bool *has_limit)
{
    unsigned int n;

    if (!strcmp(name, "zone")) {
        return (text_to_int_range(value, 0, UINT16_MAX, &limit->zone) ? NULL
                : "failed to parse field zone");
    }
    if (!strcmp(name, "limit")) {
        if (!text_to_uint(value, 0, &n)) {
            return "failed to parse field limit";
        }
        limit->limit = n;
        *has_limit = true;
        return NULL;
    }
    return "";
}

/* "zone=ZONE,limit=LIMIT". */
static int
parse_limit(struct dpctl *d, const char *text, struct ct_zone_limit *limit)
{
    char *copy = xstrdup(text), *rest = copy, *item;
    bool has_limit = false;
    int error = 0;

    *limit = (struct ct_zone_limit) { .zone = -1 };
    while (!error && (item = text_token(&rest, ", "))) {
        char *value = strchr(item, '=');
        const char *problem;

        if (!value) {
            error = dpctl_error(d, EINVAL, "field %s missing value", item);
            break;
        }
        *value++ = '\0';
        problem = set_limit_member(item, value, limit, &has_limit);
        if (problem) {
            error = (problem[0] ? dpctl_error(d, EINVAL, "%s", problem)
                     : dpctl_error(d, EINVAL, "invalid zone limit field: %s",
                                   item));
        }
    }
    free(copy);
    if (!error && (limit->zone < 0 || !has_limit)) {
        error = dpctl_error(d, EINVAL, "failed to parse zone limit");
    }
    return error;
}

/* "[default=LIMIT] [zone=ZONE,limit=LIMIT]...". */
static int
parse_limits(struct dpctl *d, int n, const char *words[], limit_vec *limits)
{
    struct ct_zone_limit limit = { .zone = -1 };
    int i = 0, error = 0;

    if (n && text_starts_with(words[0], "default=")) {
        unsigned int x;

        if (!text_to_uint(words[0] + 8, 0, &x)) {
            return dpctl_error(d, EINVAL, "invalid default limit");
        }
        limit.limit = x;
        vec_push(limits, limit);
        i++;
    }
    for (; i < n && !error; i++) {
        error = parse_limit(d, words[i], &limit);
        if (!error) {
            vec_push(limits, limit);
        }
    }
    return error;
}

int
dpctl_ct_set_limits(struct dpctl *d, int argc, const char *argv[])
{
    int first = dpctl_is_datapath(argv[1]) ? 2 : 1;
    limit_vec limits = VEC_EMPTY;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, INT_MAX, &dpif);

    if (error) {
        return error;
    }
    error = parse_limits(d, argc - first, argv + first, &limits);
    for (size_t i = 0; i < limits.n && !error; i++) {
        error = dpif_ct_set_limit(dpif, limits.items[i].zone,
                                  limits.items[i].limit);
        if (error) {
            error = dpctl_error(d, error, "failed to set conntrack limit");
        }
    }
    vec_uninit(&limits);
    dpif_close(dpif);
    return error;
}

typedef VEC(int) zone_vec;

/* "zone=1,2,3". */
static int
parse_zones(struct dpctl *d, const char *text, zone_vec *zones)
{
    char *copy, *rest, *item;
    int error = 0;

    if (!text_starts_with(text, "zone=")) {
        return dpctl_error(d, EINVAL, "invalid argument %s", text);
    }
    copy = rest = xstrdup(text + 5);
    while (!error && (item = text_token(&rest, ","))) {
        int zone;

        if (text_to_int_range(item, 0, UINT16_MAX, &zone)) {
            vec_push(zones, zone);
        } else {
            error = dpctl_error(d, EINVAL, "invalid zone");
        }
    }
    free(copy);
    return (!error && !zones->n ? dpctl_error(d, EINVAL, "invalid zone")
            : error);
}

int
dpctl_ct_del_limits(struct dpctl *d, int argc, const char *argv[])
{
    zone_vec zones = VEC_EMPTY;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (error) {
        return error;
    }
    error = parse_zones(d, argv[argc - 1], &zones);
    for (size_t i = 0; i < zones.n && !error; i++) {
        int one = dpif_ct_del_limit(dpif, zones.items[i]);

        /* That there was no limit is as good as its being gone. */
        if (one && abs(one) != ENOENT) {
            error = dpctl_error(d, one, "failed to delete conntrack limit");
        }
    }
    vec_uninit(&zones);
    dpif_close(dpif);
    return error;
}

static void
put_limit(const struct ct_zone_limit *limit, void *s)
{
    if (limit->zone >= 0) {
        str_printf(s, "zone=%d,limit=%u,count=%u\n", limit->zone,
                   limit->limit, limit->count);
    }
}

/* 'words' has one word at most. */
static int
put_limits(struct dpctl *d, struct dpif *dpif, int n, const char *words[])
{
    struct ct_zone_limit limit = { .zone = -1 };
    zone_vec zones = VEC_EMPTY;
    int error = n ? parse_zones(d, words[0], &zones) : 0;

    if (error) {
        vec_uninit(&zones);
        return error;
    }
    dpif_ct_get_limit(dpif, -1, &limit);
    str_printf(&d->out, "default limit=%u\n", limit.limit);
    for (size_t i = 0; i < zones.n; i++) {
        if (!dpif_ct_get_limit(dpif, zones.items[i], &limit)) {
            put_limit(&limit, &d->out);
        }
    }
    if (!n) {
        dpif_ct_dump_limits(dpif, put_limit, &d->out);
    }
    vec_uninit(&zones);
    return 0;
}

int
dpctl_ct_get_limits(struct dpctl *d, int argc, const char *argv[])
{
    int first = argc > 1 && dpctl_is_datapath(argv[1]) ? 2 : 1;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (!error) {
        error = put_limits(d, dpif, argc - first, argv + first);
        dpif_close(dpif);
    }
    return error;
}

/* ## TCP sequence numbers ## */

static int
set_tcp_seq_chk(struct dpctl *d, int argc, const char *argv[], bool on)
{
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (error) {
        return error;
    }
    error = dpif_ct_set_tcp_seq_chk(dpif, on);
    dpif_close(dpif);
    if (error) {
        return dpctl_error(d, error, "%s TCP sequence checking failed",
                           on ? "enabling" : "disabling");
    }
    str_printf(&d->out, "%s TCP sequence checking successful",
               on ? "enabling" : "disabling");
    return 0;
}

int
dpctl_ct_enable_tcp_seq_chk(struct dpctl *d, int argc, const char *argv[])
{
    return set_tcp_seq_chk(d, argc, argv, true);
}

int
dpctl_ct_disable_tcp_seq_chk(struct dpctl *d, int argc, const char *argv[])
{
    return set_tcp_seq_chk(d, argc, argv, false);
}

int
dpctl_ct_get_tcp_seq_chk(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (!error) {
        str_printf(&d->out, "TCP sequence checking: %s\n",
                   dpif_ct_get_tcp_seq_chk(dpif) ? "enabled" : "disabled");
        dpif_close(dpif);
    }
    return error;
}

/* ## Sweeping and buckets ## */

int
dpctl_ct_set_sweep_interval(struct dpctl *d, int argc, const char *argv[])
{
    unsigned int ms;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (error) {
        return error;
    }
    if (!text_to_uint(argv[argc - 1], 0, &ms)) {
        error = dpctl_error(d, EINVAL, "invalid sweep value");
    } else if (dpif_ct_set_sweep_interval(dpif, ms)) {
        error = dpctl_error(d, EINVAL, "the sweep interval must be from 100 "
                            "ms to an hour");
    } else {
        str_put(&d->out, "setting sweep interval successful");
    }
    dpif_close(dpif);
    return error;
}

int
dpctl_ct_get_sweep_interval(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (!error) {
        str_printf(&d->out, "Sweep interval: %u\n",
                   dpif_ct_get_sweep_interval(dpif));
        dpif_close(dpif);
    }
    return error;
}

/* A table of how many connections each bucket has, dots for those that have not
 * more than 'threshold'. */
static void
put_buckets(const uint32_t *buckets, uint32_t threshold, struct str *s)
{
    str_put(s, "+-----------+-----------------------------------------+\n"
            "|  Buckets  |         Connections per Buckets         |\n"
            "+-----------+-----------------------------------------+");
    for (unsigned int i = 0; i < CT_N_BUCKETS; i++) {
        if (i % 8 == 0) {
            str_printf(s, "\n %3u..%3u   | ", i, i + 7);
        }
        if (buckets[i] > threshold) {
            str_printf(s, "%5u", buckets[i]);
        } else {
            str_printf(s, "%5s", ".");
        }
    }
    str_put(s, "\n\n");
}

int
dpctl_ct_bkts(struct dpctl *d, int argc, const char *argv[])
{
    uint32_t buckets[CT_N_BUCKETS], total = 0;
    int threshold = 0, error;
    struct dpif *dpif;

    if (argc > 1 && text_starts_with(argv[argc - 1], "gt=")
        && text_to_int_range(argv[argc - 1] + 3, 0, UINT16_MAX, &threshold)) {
        argc--;
    }
    error = dpctl_open(d, argc, argv, 1, &dpif);
    if (error) {
        return error;
    }
    dpif_ct_get_buckets(dpif, buckets);
    dpif_close(dpif);
    for (unsigned int i = 0; i < CT_N_BUCKETS; i++) {
        total += buckets[i];
    }
    str_printf(&d->out, "Total Buckets: %u\nCurrent Connections: %u\n\n",
               CT_N_BUCKETS, total);
    if (total) {
        put_buckets(buckets, threshold, &d->out);
    }
    return 0;
}

/* ## Fragments ## */

static bool
parse_family(const char *text, bool *v6)
{
    *v6 = !strcmp(text, "v6");
    return *v6 || !strcmp(text, "v4");
}

static int
set_ipf_enabled(struct dpctl *d, int argc, const char *argv[], bool enabled)
{
    struct dpif *dpif;
    bool v6;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (error) {
        return error;
    }
    if (parse_family(argv[argc - 1], &v6)) {
        dpif_ipf_set_enabled(dpif, v6, enabled);
        str_printf(&d->out, "%s fragmentation reassembly successful",
                   enabled ? "enabling" : "disabling");
    } else {
        error = dpctl_error(d, EINVAL, "parameter missing: 'v4' for IPv4 or "
                            "'v6' for IPv6");
    }
    dpif_close(dpif);
    return error;
}

int
dpctl_ipf_set_enabled(struct dpctl *d, int argc, const char *argv[])
{
    return set_ipf_enabled(d, argc, argv, true);
}

int
dpctl_ipf_set_disabled(struct dpctl *d, int argc, const char *argv[])
{
    return set_ipf_enabled(d, argc, argv, false);
}

int
dpctl_ipf_set_min_frag(struct dpctl *d, int argc, const char *argv[])
{
    unsigned int bytes;
    struct dpif *dpif;
    bool v6;
    int error = dpctl_open(d, argc, argv, 3, &dpif);

    if (error) {
        return error;
    }
    if (!parse_family(argv[argc - 2], &v6)) {
        error = dpctl_error(d, EINVAL, "parameter missing: v4 for IPv4 or v6 "
                            "for IPv6");
    } else if (!text_to_uint(argv[argc - 1], 0, &bytes)) {
        error = dpctl_error(d, EINVAL, "parameter missing for minimum "
                            "fragment size");
    } else if (dpif_ipf_set_min_frag(dpif, v6, bytes)) {
        error = dpctl_error(d, EPERM, "requested minimum fragment size too "
                            "small; see documentation");
    } else {
        str_put(&d->out, "setting minimum fragment size successful");
    }
    dpif_close(dpif);
    return error;
}

int
dpctl_ipf_set_max_nfrags(struct dpctl *d, int argc, const char *argv[])
{
    unsigned int max;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 2, &dpif);

    if (error) {
        return error;
    }
    if (!text_to_uint(argv[argc - 1], 0, &max)) {
        error = dpctl_error(d, EINVAL, "parameter missing for maximum "
                            "fragments");
    } else if (dpif_ipf_set_max_nfrags(dpif, max)) {
        error = dpctl_error(d, EPERM, "setting maximum fragments failed");
    } else {
        str_put(&d->out, "setting maximum fragments successful");
    }
    dpif_close(dpif);
    return error;
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
put_datagram(const struct ipf_datagram *g, void *s)
{
    int family = g->is_ipv6 ? AF_INET6 : AF_INET;
    char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

    inet_ntop(family, &g->src, src, sizeof src);
    inet_ntop(family, &g->dst, dst, sizeof dst);
    str_printf(s, "(src=%s,dst=%s,recirc_id=0,ip_id=%u,dl_type=0x%x,zone=%u,"
               "nw_proto=%u,num_fragments=%u,state=%s)\n", src, dst, g->id,
               g->is_ipv6 ? 0x86dd : 0x800, g->zone, g->proto,
               g->n_fragments,
               g->overlaps ? "reassemble fail"
               : g->has_first && g->has_last ? "first/last frag"
               : g->has_first ? "first frag"
               : g->has_last ? "last frag" : "other frag");
}

int
dpctl_ipf_get_status(struct dpctl *d, int argc, const char *argv[])
{
    struct ipf_status status;
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (error) {
        return error;
    }
    dpif_ipf_get_status(dpif, &status);
    str_printf(&d->out, "        Fragmentation Module Status\n"
               "        ---------------------------\n"
               "        v4 enabled: %u\n"
               "        v6 enabled: %u\n"
               "        max num frags (v4/v6): %u\n"
               "        num frag: %u\n",
               status.v4.enabled, status.v6.enabled, status.max_fragments,
               status.n_fragments);
    put_family("v4", &status.v4, &d->out);
    put_family("v6", &status.v6, &d->out);
    if (d->verbosity) {
        str_put(&d->out, "\n        Fragment Lists:\n\n");
        dpif_ipf_dump(dpif, put_datagram, &d->out);
    }
    dpif_close(dpif);
    return 0;
}
