/* SPDX-License-Identifier: Apache-2.0 */

/* ovs-vsctl's commands on datapaths and their conntrack zones. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "vswitch/tools/vsctl.h"

static const struct replica_table_class *const tables[] = {
    &vs_open_vswitch_table, &vs_datapath_table, &vs_ct_zone_table,
    &vs_ct_timeout_policy_table, NULL,
};

static const struct vs_datapath *
find_datapath(const struct dbctl_call *call)
{
    const struct vs_open_vswitch *root = vsctl_root(call->dbctl);

    for (size_t i = 0; i < root->datapaths.n; i++) {
        if (!strcmp(root->datapaths.keys[i], call->argv[1])) {
            return root->datapaths.values[i];
        }
    }
    return NULL;
}

static struct error *
get_datapath(const struct dbctl_call *call, const struct vs_datapath **ret)
{
    *ret = find_datapath(call);
    return (*ret ? NULL : error_create(0, "datapath %s does not exist",
                                       call->argv[1]));
}

static const struct vs_ct_zone *
find_zone(const struct vs_datapath *dp, int64_t zone)
{
    for (size_t i = 0; i < dp->ct_zones.n; i++) {
        if (dp->ct_zones.keys[i] == zone) {
            return dp->ct_zones.values[i];
        }
    }
    return NULL;
}

/* "zone=N". */
static struct error *
parse_zone(const char *s, int *zone)
{
    return (text_starts_with(s, "zone=")
            && text_to_int_range(s + 5, 0, UINT16_MAX, zone) ? NULL
            : error_create(0, "\"%s\" is not of the form zone=ID with an id "
                           "from 0 to 65535", s));
}

static struct error *
set_timeouts(const struct vs_ct_timeout_policy *policy, char *argv[], int n)
{
    const char **keys = xcalloc(n, sizeof *keys);
    int64_t *values = xcalloc(n, sizeof *values);
    struct error *error = NULL;

    for (int i = 0; i < n; i++) {
        char *equals = strchr(argv[i], '=');
        unsigned int value;

        if (!equals || !text_to_uint(equals + 1, 10, &value)) {
            error = error_create(0, "\"%s\" is not of the form NAME=SECONDS",
                                 argv[i]);
            n = i;
        } else {
            keys[i] = xmemdup0(argv[i], equals - argv[i]);
            values[i] = value;
        }
    }
    if (!error) {
        vs_ct_timeout_policy_set_timeouts(policy, keys, values, n);
    }
    for (int i = 0; i < n; i++) {
        free((char *) keys[i]);
    }
    free(keys);
    free(values);
    return error;
}

static struct error *
run_add_zone_tp(struct dbctl_call *call)
{
    struct replica_txn *txn = dbctl_txn(call->dbctl);
    const struct vs_ct_timeout_policy *policy;
    const struct vs_ct_zone *zone;
    const struct vs_datapath *dp;
    int id;
    struct error *error = parse_zone(call->argv[2], &id);

    if (!error) {
        error = get_datapath(call, &dp);
    }
    if (error) {
        return error;
    }
    zone = find_zone(dp, id);
    if (zone && zone->timeout_policy
        && !dbctl_has_option(call, "--may-exist")) {
        return error_create(0, "zone id %d already exists", id);
    }
    policy = vs_ct_timeout_policy_insert(txn);
    error = set_timeouts(policy, call->argv + 3, call->argc - 3);
    if (error) {
        return error;
    }
    if (!zone) {
        zone = vs_ct_zone_insert(txn);
        vs_datapath_update_ct_zones_setkey(dp, id, zone);
    }
    vs_ct_zone_set_timeout_policy(zone, policy);
    return NULL;
}

static struct error *
run_del_zone_tp(struct dbctl_call *call)
{
    const struct vs_ct_zone *zone;
    const struct vs_datapath *dp;
    int id;
    struct error *error = parse_zone(call->argv[2], &id);

    if (!error) {
        error = get_datapath(call, &dp);
    }
    if (error) {
        return error;
    }
    zone = find_zone(dp, id);
    if (!zone || !zone->timeout_policy) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "zone id %d does not exist", id));
    }
    if (zone->has_limit) {
        vs_ct_zone_clear_timeout_policy(zone);
    } else {
        vs_datapath_update_ct_zones_delkey(dp, id);
    }
    return NULL;
}

static struct error *
run_list_zone_tp(struct dbctl_call *call)
{
    const struct vs_datapath *dp;
    struct error *error = get_datapath(call, &dp);

    for (size_t i = 0; !error && i < dp->ct_zones.n; i++) {
        const struct vs_ct_timeout_policy *policy
            = dp->ct_zones.values[i]->timeout_policy;

        str_printf(&call->output, "Zone:%lld, Timeout Policies: ",
                   (long long) dp->ct_zones.keys[i]);
        for (size_t j = 0; policy && j < policy->timeouts.n; j++) {
            str_printf(&call->output, "%s%s=%lld", j ? " " : "",
                       policy->timeouts.keys[j],
                       (long long) policy->timeouts.values[j]);
        }
        str_put(&call->output, policy && policy->timeouts.n
                ? "\n" : "system default\n");
    }
    return error;
}

/* Limits of connections. */

/* "zone=N", "N", or "default". */
static struct error *
parse_limited_zone(const char *s, bool *is_default, int *zone)
{
    const char *number = text_starts_with(s, "zone=") ? s + 5 : s;

    *is_default = !strcmp(s, "default");
    return (*is_default || text_to_int_range(number, 0, UINT16_MAX, zone)
            ? NULL
            : error_create(0, "\"%s\" is neither \"default\" nor the id of "
                           "a zone, from 0 to 65535", s));
}

static struct error *
run_set_zone_limit(struct dbctl_call *call)
{
    const struct vs_datapath *dp;
    const struct vs_ct_zone *zone;
    unsigned int limit;
    bool is_default;
    int id;
    struct error *error = parse_limited_zone(call->argv[2], &is_default, &id);

    if (!error && !text_to_uint(call->argv[3], 10, &limit)) {
        error = error_create(0, "\"%s\" is not a number of connections",
                             call->argv[3]);
    }
    if (!error) {
        error = get_datapath(call, &dp);
    }
    if (error) {
        return error;
    }
    if (is_default) {
        vs_datapath_set_ct_zone_default_limit(dp, limit);
        return NULL;
    }
    zone = find_zone(dp, id);
    if (!zone) {
        zone = vs_ct_zone_insert(dbctl_txn(call->dbctl));
        vs_datapath_update_ct_zones_setkey(dp, id, zone);
    }
    vs_ct_zone_set_limit(zone, limit);
    return NULL;
}

static struct error *
run_del_zone_limit(struct dbctl_call *call)
{
    const struct vs_ct_zone *zone;
    const struct vs_datapath *dp;
    bool is_default;
    int id;
    struct error *error = parse_limited_zone(call->argv[2], &is_default, &id);

    if (!error) {
        error = get_datapath(call, &dp);
    }
    if (error) {
        return error;
    }
    zone = is_default ? NULL : find_zone(dp, id);
    if (is_default ? !dp->has_ct_zone_default_limit
        : !zone || !zone->has_limit) {
        return (dbctl_has_option(call, "--if-exists") ? NULL
                : error_create(0, "%s has no limit", call->argv[2]));
    }
    if (is_default) {
        vs_datapath_clear_ct_zone_default_limit(dp);
    } else if (zone->timeout_policy) {
        vs_ct_zone_clear_limit(zone);
    } else {
        vs_datapath_update_ct_zones_delkey(dp, id);
    }
    return NULL;
}

/* As dpctl/ct-get-limits prints them. */
static struct error *
run_list_zone_limits(struct dbctl_call *call)
{
    const struct vs_datapath *dp;
    struct error *error = get_datapath(call, &dp);

    if (!error && dp->has_ct_zone_default_limit) {
        str_printf(&call->output, "default limit=%lld\n",
                   (long long) dp->ct_zone_default_limit);
    }
    for (size_t i = 0; !error && i < dp->ct_zones.n; i++) {
        const struct vs_ct_zone *zone = dp->ct_zones.values[i];

        if (zone->has_limit) {
            str_printf(&call->output, "zone=%lld,limit=%lld\n",
                       (long long) dp->ct_zones.keys[i],
                       (long long) zone->limit);
        }
    }
    return error;
}

static struct error *
run_list_dp_cap(struct dbctl_call *call)
{
    const struct vs_datapath *dp = find_datapath(call);

    if (!dp) {
        return error_create(0, "datapath \"%s\" record not found",
                            call->argv[1]);
    }
    STRMAP_FOR_EACH (i, &dp->capabilities) {
        str_printf(&call->output, "%s%s=%s", i ? " " : "",
                   dp->capabilities.keys[i], dp->capabilities.values[i]);
    }
    str_put_char(&call->output, '\n');
    return NULL;
}

static const struct dbctl_command commands[] = {
    { .name = "add-zone-tp", .min_args = 3, .max_args = INT_MAX,
      .arguments = "DATAPATH zone=ZONE_ID NAME=SECONDS...",
      .options = "--may-exist", .tables = tables, .run = run_add_zone_tp },
    { .name = "del-zone-tp", .min_args = 2, .max_args = 2,
      .arguments = "DATAPATH zone=ZONE_ID", .options = "--if-exists",
      .tables = tables, .run = run_del_zone_tp },
    { .name = "list-zone-tp", .min_args = 1, .max_args = 1,
      .arguments = "DATAPATH", .tables = tables, .run = run_list_zone_tp },
    { .name = "set-zone-limit", .min_args = 3, .max_args = 3,
      .arguments = "DATAPATH ZONE_ID|default LIMIT", .tables = tables,
      .run = run_set_zone_limit },
    { .name = "del-zone-limit", .min_args = 2, .max_args = 2,
      .arguments = "DATAPATH ZONE_ID|default", .options = "--if-exists",
      .tables = tables, .run = run_del_zone_limit },
    { .name = "list-zone-limits", .min_args = 1, .max_args = 1,
      .arguments = "DATAPATH", .tables = tables,
      .run = run_list_zone_limits },
    { .name = "list-dp-cap", .min_args = 1, .max_args = 1,
      .arguments = "DATAPATH", .tables = tables, .run = run_list_dp_cap },
};

const struct dbctl_command_group vsctl_zone_commands = {
    "Conntrack zone and datapath commands", commands, ARRAY_SIZE(commands)
};
