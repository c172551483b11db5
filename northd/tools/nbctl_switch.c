/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on logical switches and their ports. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/logical/addresses.h"
#include "northd/tools/nbctl.h"

/* Ports. */

/* Whether an existing port is what --may-exist wants. */
static struct error *
check_existing(const struct dbctl_call *call,
               const struct nb_logical_switch_port *lsp,
               const struct nb_logical_switch *ls, const char *parent, int tag)
{
    const struct nb_logical_switch *owner;

    if (!dbctl_has_option(call, "--may-exist")) {
        return error_create(0, "%s: a port with this name already exists",
                            lsp->name);
    }
    owner = nbctl_switch_of(call->dbctl, lsp);
    if (owner != ls) {
        return error_create(0, "%s: port already exists but in switch %s",
                            lsp->name, owner ? owner->name : "none");
    } else if (parent && !lsp->parent_name) {
        return error_create(0, "%s: port already exists but has no parent",
                            lsp->name);
    } else if (parent && strcmp(parent, lsp->parent_name)) {
        return error_create(0, "%s: port already exists with different parent "
                            "%s", lsp->name, lsp->parent_name);
    } else if (!parent && lsp->parent_name) {
        return error_create(0, "%s: port already exists but has parent %s",
                            lsp->name, lsp->parent_name);
    } else if (parent && (!lsp->has_tag_request || lsp->tag_request != tag)) {
        return error_create(0, "%s: port already exists with different "
                            "tag_request %lld", lsp->name,
                            (long long) lsp->tag_request);
    }
    return NULL;
}

static struct error *
run_lsp_add(struct dbctl_call *call)
{
    const char *name = call->argv[2];
    const char *parent = call->argc > 3 ? call->argv[3] : NULL;
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;
    struct error *error;
    int tag = 0;

    error = nbctl_find_switch(call->dbctl, call->argv[1], true, &ls);
    if (error) {
        return error;
    }
    if (call->argc == 4) {
        return error_create(0, "lsp-add with parent must also specify a tag");
    } else if (parent && !text_to_int_range(call->argv[4], 0, 4095, &tag)) {
        return error_create(0, "%s: invalid tag (must be in range 0 to 4095)",
                            call->argv[4]);
    }
    lsp = (const struct nb_logical_switch_port *) nbctl_row_named(
        call->dbctl, &nb_logical_switch_port_table,
        NB_LOGICAL_SWITCH_PORT_COL_NAME, name);
    if (lsp) {
        return check_existing(call, lsp, ls, parent, tag);
    }
    lsp = nb_logical_switch_port_insert(dbctl_txn(call->dbctl));
    nb_logical_switch_port_set_name(lsp, name);
    if (parent) {
        nb_logical_switch_port_set_parent_name(lsp, parent);
        nb_logical_switch_port_set_tag_request(lsp, tag);
    }
    nb_logical_switch_update_ports_addvalue(ls, lsp);
    return NULL;
}

/* Ports to routers and to physical networks, all in one. */

/* Adds port argv[2] to switch argv[1]; '*ret' becomes NULL if --may-exist
 * finds it there with 'type' and the option. */
static struct error *
add_special(struct dbctl_call *call, const char *type, const char *option,
            const struct nb_logical_switch_port **ret)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;
    struct error *error = nbctl_find_switch(call->dbctl, call->argv[1], true,
                                            &ls);

    *ret = NULL;
    if (!error) {
        error = nbctl_find_lsp(call->dbctl, call->argv[2], false, &lsp);
    }
    if (error) {
        return error;
    }
    if (lsp) {
        const char *value = strmap_get_def(&lsp->options, option, "");

        error = check_existing(call, lsp, ls, NULL, 0);
        if (!error && (strcmp(lsp->type, type)
                       || strcmp(value, call->argv[3]))) {
            error = error_create(0, "%s: port already exists but with type "
                                 "\"%s\" and %s \"%s\"", lsp->name,
                                 lsp->type, option, value);
        }
        return error;
    }
    lsp = nb_logical_switch_port_insert(dbctl_txn(call->dbctl));
    nb_logical_switch_port_set_name(lsp, call->argv[2]);
    nb_logical_switch_port_set_type(lsp, type);
    nb_logical_switch_port_update_options_setkey(lsp, option, call->argv[3]);
    nb_logical_switch_update_ports_addvalue(ls, lsp);
    *ret = lsp;
    return NULL;
}

static struct error *
run_lsp_add_router_port(struct dbctl_call *call)
{
    static const char *const addresses[] = { "router" };
    const struct nb_logical_switch_port *lsp;
    struct error *error = add_special(call, "router", "router-port", &lsp);

    if (lsp) {
        nb_logical_switch_port_set_addresses(lsp, addresses, 1);
    }
    return error;
}

static struct error *
run_lsp_add_localnet_port(struct dbctl_call *call)
{
    static const char *const addresses[] = { "unknown" };
    const struct nb_logical_switch_port *lsp;
    struct error *error = add_special(call, "localnet", "network_name", &lsp);

    if (lsp) {
        nb_logical_switch_port_set_addresses(lsp, addresses, 1);
    }
    return error;
}

static struct error *
run_lsp_get_ls(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    ls = error ? NULL : nbctl_switch_of(call->dbctl, lsp);
    if (ls) {
        str_printf(&call->output, UUID_FMT " (%s)\n",
                   UUID_ARGS(&ls->header.uuid), ls->name);
    }
    return error;
}

/* Addresses. */

/* Between the words of an address. */
#define SEPARATORS " ,"

/* "unknown", "dynamic [IP...]", "router [IP...]", or "MAC ...". */
static bool
address_is_valid(const char *address)
{
    static const char *const words[] = { "unknown", "dynamic", "router" };
    char *copy = xstrdup(address);
    char *p = copy;
    const char *first = text_token(&p, SEPARATORS);
    struct eth_addr mac;
    bool is_valid = first && mac_parse(first, &mac);

    for (size_t i = 0; first && i < ARRAY_SIZE(words); i++) {
        is_valid |= !strcmp(first, words[i]);
    }
    free(copy);
    return is_valid;
}

/* Whether 'ip' is among the words of an address. */
static bool
address_has_ip(const char *address, const struct in6_addr *ip)
{
    char *copy = xstrdup(address);
    char *p = copy, *word;
    struct in6_addr other;
    bool has = false;

    while (!has && (word = text_token(&p, SEPARATORS)) != NULL) {
        word[strcspn(word, "/")] = '\0';
        has = ip_parse(word, &other) && !memcmp(&other, ip, sizeof other);
    }
    free(copy);
    return has;
}

static bool
port_has_ip(const struct nb_logical_switch_port *lsp,
            const struct in6_addr *ip)
{
    bool has = false;

    for (size_t i = 0; i < lsp->n_addresses && !has; i++) {
        /* What northd has chosen for it counts too. */
        has = (address_has_ip(lsp->addresses[i], ip)
               || (strstr(lsp->addresses[i], "dynamic")
                   && lsp->dynamic_addresses
                   && address_has_ip(lsp->dynamic_addresses, ip)));
    }
    return has;
}

static struct error *
check_duplicate(const struct nb_logical_switch *ls,
                const struct nb_logical_switch_port *lsp, const char *word)
{
    struct in6_addr ip;

    for (size_t i = 0; ip_parse(word, &ip) && i < ls->n_ports; i++) {
        if (ls->ports[i] != lsp && port_has_ip(ls->ports[i], &ip)) {
            return error_create(0, "Error on switch %s: duplicate IPv%c "
                                "address '%s' found on logical switch port "
                                "'%s'", ls->name, ip_is_v4(&ip) ? '4' : '6',
                                word, ls->ports[i]->name);
        }
    }
    return NULL;
}

/* Refuses addresses that another port of the switch has. */
static struct error *
check_duplicates(const struct nb_logical_switch *ls,
                 const struct nb_logical_switch_port *lsp, const char *address)
{
    char *copy = xstrdup(address);
    char *p = copy, *word;
    struct error *error = NULL;

    while (!error && (word = text_token(&p, SEPARATORS)) != NULL) {
        word[strcspn(word, "/")] = '\0';
        error = check_duplicate(ls, lsp, word);
    }
    free(copy);
    return error;
}

static struct error *
run_lsp_set_addresses(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_switch *ls;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    ls = error ? NULL : nbctl_switch_of(call->dbctl, lsp);
    for (int i = 2; !error && i < call->argc; i++) {
        if (!address_is_valid(call->argv[i])) {
            error = error_create(0, "%s: Invalid address format. See "
                                 "ovn-nb(5). Hint: An Ethernet address must "
                                 "be listed before an IP address, together "
                                 "as a single argument.", call->argv[i]);
        } else if (ls) {
            error = check_duplicates(ls, lsp, call->argv[i]);
        }
    }
    if (!error) {
        nb_logical_switch_port_set_addresses(
            lsp, (const char *const *) call->argv + 2, call->argc - 2);
    }
    return error;
}

static void
put_sorted(struct dbctl_call *call, const char *const *strings, size_t n)
{
    /* The columns are sets, which are in order. */
    for (size_t i = 0; i < n; i++) {
        str_printf(&call->output, "%s\n", strings[i]);
    }
}

/* The router port that the port's option names, or NULL. */
static const struct nb_logical_router_port *
find_peer(struct dbctl *dbctl, const struct nb_logical_switch_port *lsp)
{
    const char *name = strmap_get(&lsp->options, "router-port");

    return (name && dbctl_fetch_named(dbctl, &nb_logical_router_port_table,
                                      NB_LOGICAL_ROUTER_PORT_COL_NAME, name)
            ? (const struct nb_logical_router_port *) nbctl_row_named(
                dbctl, &nb_logical_router_port_table,
                NB_LOGICAL_ROUTER_PORT_COL_NAME, name)
            : NULL);
}

static struct error *
run_lsp_get_addresses(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    const struct nb_logical_router_port *lrp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (error) {
        return error;
    }
    lrp = (nbctl_lsp_follows_peer(lsp) ? find_peer(call->dbctl, lsp) : NULL);
    if (lrp) {
        str_put(&call->output, lrp->mac);
        for (size_t i = 0; i < lrp->n_networks; i++) {
            str_printf(&call->output, " %s", lrp->networks[i]);
        }
        str_put_char(&call->output, '\n');
    } else {
        put_sorted(call, lsp->addresses, lsp->n_addresses);
    }
    return NULL;
}

static struct error *
run_lsp_set_port_security(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        nb_logical_switch_port_set_port_security(
            lsp, (const char *const *) call->argv + 2, call->argc - 2);
    }
    return error;
}

static struct error *
run_lsp_get_port_security(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        put_sorted(call, lsp->port_security, lsp->n_port_security);
    }
    return error;
}

/* Single columns. */

static struct error *
run_lsp_get_parent(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error && lsp->parent_name) {
        str_printf(&call->output, "%s\n", lsp->parent_name);
    }
    return error;
}

static struct error *
run_lsp_get_tag(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error && lsp->has_tag) {
        str_printf(&call->output, "%lld\n", (long long) lsp->tag);
    }
    return error;
}

static struct error *
run_lsp_get_up(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        str_put(&call->output, lsp->has_up && lsp->up ? "up\n" : "down\n");
    }
    return error;
}

static struct error *
run_lsp_set_type(struct dbctl_call *call)
{
    static const char *const types[] = {
        "", "router", "switch", "localnet", "localport", "l2gateway", "vtep",
        "external", "virtual", "remote", NULL,
    };
    const char *peer = NULL;
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        error = nbctl_parse_choice("type", call->argv[2], types);
    }
    if (!error && call->argc > 3) {
        peer = call->argv[3];
        if (!text_starts_with(peer, "peer=") || !peer[strlen("peer=")]) {
            error = error_create(0, "%s: must be \"peer=PORT\"", peer);
        } else if (strcmp(call->argv[2], "switch")) {
            error = error_create(0, "\"peer=\" is only for the type "
                                 "\"switch\"");
        }
    }
    if (!error) {
        nb_logical_switch_port_set_type(lsp, call->argv[2]);
    }
    if (!error && peer) {
        nb_logical_switch_port_set_peer(lsp, peer + strlen("peer="));
    }
    return error;
}

static struct error *
run_lsp_get_type(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        str_printf(&call->output, "%s\n", lsp->type);
    }
    return error;
}

static struct error *
run_lsp_get_options(struct dbctl_call *call)
{
    const struct nb_logical_switch_port *lsp;
    struct error *error = nbctl_find_lsp(call->dbctl, call->argv[1], true,
                                         &lsp);

    if (!error) {
        nbctl_put_pairs(&call->output, &lsp->options);
    }
    return error;
}

/* Which switch a port is on matters only if it may be there. */
static struct error *
prepare_add(struct dbctl_call *call)
{
    if (dbctl_has_option(call, "--may-exist")) {
        dbctl_monitor_owners(call->dbctl, &nb_logical_switch_table, LS(NAME),
                             NB_LOGICAL_SWITCH_COL_PORTS);
    }
    return NULL;
}

#define LS_COMMAND(NAME, MIN, MAX, ARGUMENTS, OPTIONS, RUN, ...) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = OPTIONS, .run = RUN, \
      .needs = NEEDS(__VA_ARGS__) }

static const struct dbctl_command switches[] = {
    LS_COMMAND("ls-add", 0, 1, "[SWITCH]", "--may-exist,--add-duplicate",
               nbctl_run_add, NEED_LS(1, 0)),
    LS_COMMAND("ls-del", 1, 1, "SWITCH", "--if-exists", nbctl_run_del,
               NEED_LS(1, 0)),
    LS_COMMAND("ls-list", 0, 0, NULL, NULL, nbctl_run_list,
               NEED_ALL(nb_logical_switch, LS(NAME))),
};

const struct dbctl_command_group nbctl_switch_commands = {
    "Logical switch commands", switches, ARRAY_SIZE(switches)
};

/* A command that adds a port, argv[2], to a switch, argv[1]. */
#define ADD_COMMAND(NAME, MIN, MAX, ARGUMENTS, RUN) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .options = "--may-exist", .run = RUN, \
      .prepare = prepare_add, \
      .needs = NEEDS(NEED_LS(1, 0), \
                     NEED_LSP(2, LSP(PARENT_NAME) | LSP(TAG_REQUEST) \
                                 | LSP(TYPE) | LSP(OPTIONS))) }

/* A command on one port, argv[1]. */
#define LSP_COMMAND(NAME, MAX, ARGUMENTS, COLUMNS, RUN) \
    LS_COMMAND(NAME, 1, MAX, "PORT" ARGUMENTS, NULL, RUN, \
               NEED_LSP(1, COLUMNS))

static const struct dbctl_command ports[] = {
    ADD_COMMAND("lsp-add", 2, 4, "SWITCH PORT [PARENT TAG]", run_lsp_add),
    ADD_COMMAND("lsp-add-router-port", 3, 3, "SWITCH PORT ROUTER_PORT",
                run_lsp_add_router_port),
    ADD_COMMAND("lsp-add-localnet-port", 3, 3, "SWITCH PORT NETWORK",
                run_lsp_add_localnet_port),
    LS_COMMAND("lsp-del", 1, 1, "PORT", "--if-exists", nbctl_run_port_del,
               NEED_LSP(1, 0), NEED_LS_OF_LSP(0)),
    LS_COMMAND("lsp-list", 1, 1, "SWITCH", NULL, nbctl_run_port_list,
               NEED_LS(1, LS(PORTS)),
               NEED_REFERENCED(nb_logical_switch_port, LSP(NAME))),
    LS_COMMAND("lsp-get-ls", 1, 1, "PORT", NULL, run_lsp_get_ls,
               NEED_LSP(1, 0), NEED_LS_OF_LSP(LS(NAME))),
    LS_COMMAND("lsp-set-addresses", 1, INT_MAX, "PORT [ADDRESS]...", NULL,
               run_lsp_set_addresses, NEED_LSP(1, 0),
               NEED_LS_OF_LSP(LS(NAME)),
               NEED_REFERENCED(nb_logical_switch_port,
                               LSP(NAME) | LSP(ADDRESSES)
                               | LSP(DYNAMIC_ADDRESSES))),
    LS_COMMAND("lsp-get-addresses", 1, 1, "PORT", NULL,
               run_lsp_get_addresses,
               NEED_LSP(1, LSP(ADDRESSES) | LSP(OPTIONS)),
               NEED_REFERENCED(nb_logical_router_port,
                               LRP(NAME) | LRP(MAC) | LRP(NETWORKS))),
    LSP_COMMAND("lsp-get-parent", 1, "", LSP(PARENT_NAME),
                run_lsp_get_parent),
    LSP_COMMAND("lsp-get-tag", 1, "", LSP(TAG), run_lsp_get_tag),
    LSP_COMMAND("lsp-set-port-security", INT_MAX, " [ADDRS]...", 0,
                run_lsp_set_port_security),
    LSP_COMMAND("lsp-get-port-security", 1, "", LSP(PORT_SECURITY),
                run_lsp_get_port_security),
    LSP_COMMAND("lsp-get-up", 1, "", LSP(UP), run_lsp_get_up),
    LS_COMMAND("lsp-set-enabled", 2, 2, "PORT STATE", NULL,
               nbctl_run_port_set_enabled, NEED_LSP(1, 0)),
    LSP_COMMAND("lsp-get-enabled", 1, "", LSP(ENABLED),
                nbctl_run_port_get_enabled),
    LS_COMMAND("lsp-set-type", 2, 3, "PORT TYPE [peer=PORT]", NULL,
               run_lsp_set_type, NEED_LSP(1, 0)),
    LSP_COMMAND("lsp-get-type", 1, "", LSP(TYPE), run_lsp_get_type),
    LSP_COMMAND("lsp-set-options", INT_MAX, " [KEY=VALUE]...", 0,
                nbctl_run_port_set_options),
    LSP_COMMAND("lsp-get-options", 1, "", LSP(OPTIONS), run_lsp_get_options),
};

const struct dbctl_command_group nbctl_lsp_commands = {
    "Logical switch port commands", ports, ARRAY_SIZE(ports)
};
