/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on DHCP options. */

#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

static struct error *
find_options(const struct dbctl_call *call, const char *id, bool must_exist,
             const struct nb_dhcp_options **ret)
{
    struct uuid uuid;

    *ret = (uuid_from_string(&uuid, id)
            ? nb_dhcp_options_get_for_uuid(dbctl_replica(call->dbctl), &uuid)
            : NULL);
    return (*ret || !must_exist ? NULL
            : error_create(0, "%s: dhcp options UUID not found", id));
}

static bool
cidr_is_valid(const char *s)
{
    struct in6_addr ip6;
    unsigned int plen;
    be32 ip4;

    return ip4_parse_cidr(s, &ip4, &plen) || ip6_parse_cidr(s, &ip6, &plen);
}

static struct error *
run_create(struct dbctl_call *call)
{
    struct smap external_ids = SMAP_INITIALIZER(&external_ids);
    const struct nb_dhcp_options *options;

    if (!cidr_is_valid(call->argv[1])) {
        return error_create(0, "Invalid cidr format '%s'", call->argv[1]);
    }
    options = nb_dhcp_options_insert(dbctl_txn(call->dbctl));
    nb_dhcp_options_set_cidr(options, call->argv[1]);
    nbctl_parse_pairs(call->argv + 2, call->argc - 2, &external_ids);
    nb_dhcp_options_set_external_ids(options, &external_ids);
    smap_uninit(&external_ids);
    return NULL;
}

static struct error *
run_del(struct dbctl_call *call)
{
    const struct nb_dhcp_options *options;
    struct error *error = find_options(
        call, call->argv[1], !dbctl_has_option(call, "--if-exists"),
        &options);

    if (!error && options) {
        nb_dhcp_options_delete(options);
    }
    return error;
}

static struct error *
run_list(struct dbctl_call *call)
{
    const struct nb_dhcp_options *options;

    NB_DHCP_OPTIONS_FOR_EACH (options, dbctl_replica(call->dbctl)) {
        str_printf(&call->output, UUID_FMT "\n",
                   UUID_ARGS(&options->header.uuid));
    }
    return NULL;
}

static struct error *
run_set_options(struct dbctl_call *call)
{
    struct smap pairs = SMAP_INITIALIZER(&pairs);
    const struct nb_dhcp_options *options;
    struct error *error = find_options(call, call->argv[1], true, &options);

    if (!error) {
        nbctl_parse_pairs(call->argv + 2, call->argc - 2, &pairs);
        nb_dhcp_options_set_options(options, &pairs);
    }
    smap_uninit(&pairs);
    return error;
}

static struct error *
run_get_options(struct dbctl_call *call)
{
    const struct nb_dhcp_options *options;
    struct error *error = find_options(call, call->argv[1], true, &options);

    if (!error) {
        nbctl_put_pairs(&call->output, &options->options);
    }
    return error;
}

/* On ports. */

static struct error *
set_port(struct dbctl_call *call, bool is_v4)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_dhcp_options *options = NULL;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);
    struct in6_addr ip6;
    unsigned int plen;

    if (!error && call->argc > 2) {
        error = find_options(call, call->argv[2], true, &options);
    }
    if (error) {
        return error;
    }
    if (options && ip6_parse_cidr(options->cidr, &ip6, &plen) == is_v4) {
        return error_create(0, "DHCP options with cidr %s are not for IPv%c",
                            options->cidr, is_v4 ? '4' : '6');
    }
    if (is_v4 && options) {
        nb_logical_switch_port_set_dhcpv4_options(lsp, options);
    } else if (is_v4) {
        nb_logical_switch_port_clear_dhcpv4_options(lsp);
    } else if (options) {
        nb_logical_switch_port_set_dhcpv6_options(lsp, options);
    } else {
        nb_logical_switch_port_clear_dhcpv6_options(lsp);
    }
    return NULL;
}

static struct error *
run_lsp_set_dhcpv4_options(struct dbctl_call *call)
{
    return set_port(call, true);
}

static struct error *
run_lsp_set_dhcpv6_options(struct dbctl_call *call)
{
    return set_port(call, false);
}

static void
put_options(struct str *out, const struct nb_dhcp_options *options)
{
    if (options) {
        str_printf(out, UUID_FMT " (%s)\n", UUID_ARGS(&options->header.uuid),
                   options->cidr);
    }
}

static struct error *
run_lsp_get_dhcpv4_options(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        put_options(&call->output, lsp->dhcpv4_options);
    }
    return error;
}

static struct error *
run_lsp_get_dhcpv6_options(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        put_options(&call->output, lsp->dhcpv6_options);
    }
    return error;
}

#define DHCP(COLUMN) REPLICA_COL(NB_DHCP_OPTIONS_COL_##COLUMN)
#define NEED_DHCP(ARG, COLUMNS) \
    NEED_NAMED(nb_dhcp_options, ARG, COLUMNS, -1)

#define DHCP_COMMAND(NAME, MIN, MAX, ARGUMENTS, OPTIONS, RUN, ...) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = OPTIONS, .run = RUN, \
      .needs = NEEDS(__VA_ARGS__) }

static const struct dbctl_command commands[] = {
    { .name = "dhcp-options-create", .min_args = 1, .max_args = INT_MAX,
      .arguments = "CIDR [KEY=VALUE]...", .run = run_create },
    DHCP_COMMAND("dhcp-options-del", 1, 1, "DHCP_OPTIONS", "--if-exists",
                 run_del, NEED_DHCP(1, 0)),
    DHCP_COMMAND("dhcp-options-list", 0, 0, NULL, NULL, run_list,
                 NEED_ALL(nb_dhcp_options, 0)),
    DHCP_COMMAND("dhcp-options-set-options", 1, INT_MAX,
                 "DHCP_OPTIONS [KEY=VALUE]...", NULL, run_set_options,
                 NEED_DHCP(1, 0)),
    DHCP_COMMAND("dhcp-options-get-options", 1, 1, "DHCP_OPTIONS", NULL,
                 run_get_options, NEED_DHCP(1, DHCP(OPTIONS))),
    DHCP_COMMAND("lsp-set-dhcpv4-options", 1, 2, "PORT [DHCP_OPTIONS]", NULL,
                 run_lsp_set_dhcpv4_options, NEED_LSP(1, 0),
                 NEED_DHCP(2, DHCP(CIDR))),
    DHCP_COMMAND("lsp-get-dhcpv4-options", 1, 1, "PORT", NULL,
                 run_lsp_get_dhcpv4_options, NEED_LSP(1, LSP(DHCPV4_OPTIONS)),
                 NEED_REFERENCED(nb_dhcp_options, DHCP(CIDR))),
    DHCP_COMMAND("lsp-set-dhcpv6-options", 1, 2, "PORT [DHCP_OPTIONS]", NULL,
                 run_lsp_set_dhcpv6_options, NEED_LSP(1, 0),
                 NEED_DHCP(2, DHCP(CIDR))),
    DHCP_COMMAND("lsp-get-dhcpv6-options", 1, 1, "PORT", NULL,
                 run_lsp_get_dhcpv6_options, NEED_LSP(1, LSP(DHCPV6_OPTIONS)),
                 NEED_REFERENCED(nb_dhcp_options, DHCP(CIDR))),
};

const struct dbctl_command_group nbctl_dhcp_commands = {
    "DHCP options commands", commands, ARRAY_SIZE(commands)
};
